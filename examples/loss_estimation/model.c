/* The network of the experiment with its data, losses, SGs and trainer. */
#include "loss_estimation.h"

static dni_status add_dense(training *work, size_t inputs, size_t outputs,
                            dni_activation activation) {
  dni_layer *layer;
  dni_status status = dni_layer_create_dense(work->context, inputs, outputs, activation, &layer);
  if (status != DNI_OK) return status;
  status = dni_network_add(work->network, layer);
  dni_layer_release(layer);
  return status;
}

static dni_status add_layers(training *work) {
  size_t inputs = dni_dataset_features(work->data);
  dni_status status = dni_network_create(work->context, &work->network);
  for (uint64_t i = 0; i < work->of->depth && status == DNI_OK; i++) {
    status = add_dense(work, inputs, (size_t)work->of->width,
                       work->of->activation == 0 ? DNI_ACTIVATION_IDENTITY : DNI_ACTIVATION_RELU);
    inputs = (size_t)work->of->width;
  }
  if (status != DNI_OK) return status;
  return add_dense(work, inputs, dni_dataset_targets(work->data), DNI_ACTIVATION_IDENTITY);
}

static dni_status add_sgs(training *work) {
  dni_sg_options options = {.struct_size = sizeof options};
  options.condition = work->in->condition;
  for (size_t i = 0; i < work->of->depth; i++) {
    if (work->in->place == 0 && i != work->middle_after) continue;
    dni_sg *sg;
    dni_status status = dni_sg_create_synthetic(work->context, (size_t)work->of->width,
                                                dni_dataset_targets(work->data), &options, &sg);
    if (status == DNI_OK) status = dni_network_set_sg(work->network, i, sg);
    if (status == DNI_OK && i == work->middle_after) work->middle = sg;
    dni_sg_release(sg);
    if (status != DNI_OK) return status;
  }
  return DNI_OK;
}

dni_status open_training(training *work, bool with_sg) {
  dni_context_options wanted = {.struct_size = sizeof wanted, .seed = work->in->seed};
  dni_trainer_options plan = {.struct_size = sizeof plan, .max_batch = EXAMPLES};
  int32_t kind = work->in->problem == 0 ? DNI_ARTIFICIAL_LINEAR : DNI_ARTIFICIAL_NOISY;
  work->middle_after = (size_t)(work->of->depth - 1) / 2;
  dni_status status = dni_context_create(&wanted, &work->context);
  if (status == DNI_OK)
    status = dni_dataset_create_artificial(work->context, kind, 2, EXAMPLES, 2, NULL, &work->data);
  if (status == DNI_OK) status = add_layers(work);
  if (status == DNI_OK && with_sg) status = add_sgs(work);
  if (status == DNI_OK)
    status = work->in->loss == 0
                 ? dni_loss_create_squared_error(work->context, &work->loss)
                 : dni_loss_create_softmax_cross_entropy(work->context, NULL, &work->loss);
  if (status == DNI_OK)
    status = dni_loss_create_softmax_cross_entropy(work->context, NULL, &work->classifier);
  if (status == DNI_OK)
    status = dni_optimiser_create_adam(work->context, work->of->rate, &work->adam);
  plan.optimiser = work->adam;
  if (status == DNI_OK)
    status = dni_trainer_create(work->network, work->loss, &plan, &work->trainer);
  return status;
}

void close_training(training *work) {
  dni_trainer_release(work->trainer);
  dni_optimiser_release(work->adam);
  dni_loss_release(work->classifier);
  dni_loss_release(work->loss);
  dni_network_release(work->network);
  dni_dataset_release(work->data);
  dni_context_release(work->context);
}
