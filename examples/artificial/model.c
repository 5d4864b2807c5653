/* The linear models of Table 2 with their data, loss, SGs and trainer. They are made in one order, so
 * that data and first weights of a seed are the same with and without SG. */
#include <math.h>

#include "artificial.h"

/* Rows (or columns, if there are fewer) of a random orthogonal matrix: Gram-Schmidt on normal
 * numbers, which the layer was created with. */
static dni_status make_orthogonal(dni_layer *layer) {
  dni_matrix weight;
  dni_status status = dni_layer_parameter(layer, 0, &weight, NULL);
  if (status != DNI_OK) return status;
  bool by_rows = weight.rows <= weight.columns;
  size_t count = by_rows ? weight.rows : weight.columns;
  size_t length = by_rows ? weight.columns : weight.rows;
  size_t next = by_rows ? weight.stride : 1, along = by_rows ? 1 : weight.stride;
  float *data = weight.data;
  for (size_t i = 0; i < count; i++) {
    float *v = data + i * next;
    double square = 0;
    for (size_t j = 0; j < i; j++) {
      double dot = 0;
      for (size_t k = 0; k < length; k++)
        dot += (double)v[k * along] * (double)data[j * next + k * along];
      for (size_t k = 0; k < length; k++)
        v[k * along] -= (float)dot * data[j * next + k * along];
    }
    for (size_t k = 0; k < length; k++)
      square += (double)v[k * along] * (double)v[k * along];
    for (size_t k = 0; k < length; k++)
      v[k * along] /= (float)sqrt(square);
  }
  return dni_layer_changed(layer);
}

static dni_status add_dense(training *work, size_t inputs, size_t outputs, bool last) {
  dni_initialiser_options zeros = {.struct_size = sizeof zeros, .has_value = 1};
  zeros.kind = DNI_INITIALISER_CONSTANT;
  dni_layer *layer;
  dni_status status =
      dni_layer_create_dense(work->context, inputs, outputs, DNI_ACTIVATION_IDENTITY, &layer);
  if (status != DNI_OK) return status;
  status = last ? dni_layer_initialise(layer, &zeros) : make_orthogonal(layer);
  if (status == DNI_OK) status = dni_network_add(work->network, layer);
  dni_layer_release(layer);
  return status;
}

/* Nothing, as a layer: the SG at the output needs a module above it, which has only the loss. */
static dni_status add_identity(training *work, size_t units) {
  dni_layer *layer;
  dni_status status =
      dni_layer_create_activation(work->context, units, DNI_ACTIVATION_IDENTITY, &layer);
  if (status != DNI_OK) return status;
  status = dni_network_add(work->network, layer);
  dni_layer_release(layer);
  return status;
}

static dni_status add_sg(training *work, size_t after) {
  size_t units = dni_layer_outputs(dni_network_layer(work->network, after));
  dni_sg *sg;
  dni_status status =
      dni_sg_create_synthetic(work->context, units, dni_network_outputs(work->network), NULL, &sg);
  if (status != DNI_OK) return status;
  status = dni_network_set_sg(work->network, after, sg);
  dni_sg_release(sg);
  return status;
}

static dni_status add_layers(training *work) {
  size_t inputs = dni_dataset_features(work->data), outputs = dni_dataset_targets(work->data);
  dni_status status = dni_network_create(work->context, &work->network);
  for (uint64_t i = 0; work->as.model == DEEP && i < work->of->depth && status == DNI_OK; i++) {
    status = add_dense(work, inputs, (size_t)work->of->width, false);
    inputs = (size_t)work->of->width;
  }
  if (status == DNI_OK) status = add_dense(work, inputs, outputs, true);
  if (status == DNI_OK && work->as.model == SHALLOW) status = add_identity(work, outputs);
  return status;
}

static dni_status add_sgs(training *work) {
  if (work->as.model == SHALLOW) return add_sg(work, 0);
  for (size_t i = 0; i < work->of->sg_at.count; i++) {
    dni_status status = add_sg(work, (size_t)work->of->sg_at.values[i] - 1);
    if (status != DNI_OK) return status;
  }
  return DNI_OK;
}

static dni_status create_loss(training *work) {
  if (work->as.loss == SQUARED) return dni_loss_create_squared_error(work->context, &work->loss);
  if (work->of->sigmoid)
    return dni_loss_create_sigmoid_cross_entropy(work->context, NULL, &work->loss);
  return dni_loss_create_softmax_cross_entropy(work->context, NULL, &work->loss);
}

dni_status open_training(training *work) {
  dni_context_options wanted = {.struct_size = sizeof wanted, .seed = work->as.seed};
  dni_trainer_options with = {.struct_size = sizeof with};
  with.max_batch = problems[work->as.problem].examples;
  dni_status status = dni_context_create(&wanted, &work->context);
  if (status == DNI_OK)
    status = create_data(work->context, work->as.problem, work->of->sigmoid ? 1 : 2, &work->data);
  if (status == DNI_OK) status = add_layers(work);
  if (status == DNI_OK && work->as.with_sg) status = add_sgs(work);
  if (status == DNI_OK) status = create_loss(work);
  if (status == DNI_OK)
    status = dni_optimiser_create_adam(work->context, work->as.rate, &work->adam);
  with.optimiser = work->adam;
  if (status == DNI_OK)
    status = dni_trainer_create(work->network, work->loss, &with, &work->trainer);
  return status;
}

void close_training(training *work) {
  dni_trainer_release(work->trainer);
  dni_optimiser_release(work->adam);
  dni_loss_release(work->loss);
  dni_network_release(work->network);
  dni_dataset_release(work->data);
  dni_context_release(work->context);
}
