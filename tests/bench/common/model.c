/* Networks under training, through the public interface alone. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

dni_matrix bench_view(const float *data, size_t rows, size_t columns) {
  dni_matrix matrix;
  dni_matrix_init_f32(&matrix, data, rows, columns);
  return matrix;
}

dni_sg *bench_sg(dni_network *network, size_t after) {
  dni_sg *sg;
  bench_must(dni_network_sg(network, after, &sg), "SG");
  return sg;
}

/* Some CBLAS have no known way to set their threads: they then keep the threads they start with. */
static dni_status create_cblas(const dni_backend_options *options, dni_backend **out) {
  dni_status status = dni_backend_create_cblas(options, out);
  return status == DNI_ERROR_UNSUPPORTED ? dni_backend_create_cblas(NULL, out) : status;
}

dni_backend *bench_backend(const char *name, size_t threads) {
  dni_backend *backend;
  const dni_backend_options options = {.struct_size = sizeof options, .threads = threads};
  if (strcmp(name, "cblas") == 0)
    bench_must(create_cblas(&options, &backend), name);
  else if (strcmp(name, "builtin") == 0)
    bench_must(dni_backend_create_builtin(&options, &backend), name);
  else
    bench_fail(name, "no such backend; there are builtin and cblas");
  return backend;
}

int bench_has_cblas(void) {
  dni_backend *backend;
  int found = dni_backend_create_cblas(NULL, &backend) == DNI_OK;
  if (found) dni_backend_release(backend);
  return found;
}

const char *bench_method(size_t sg) {
  return sg == 0 ? "backprop" : sg == BENCH_EVERYWHERE ? "sg-all" : "sg";
}

/* Building. ------------------------------------------------------------------------------------ */

static void add_layer(bench_model *m, dni_layer *layer) {
  bench_must(dni_network_add(m->network, layer), "layer");
  dni_layer_release(layer);
}

static dni_sg *create_local(const bench_model *m) {
  dni_loss *loss;
  dni_sg *sg;
  bench_must(dni_loss_create_softmax_cross_entropy(m->context, NULL, &loss), "loss");
  bench_must(dni_sg_create_local(m->context, m->plan.width, BENCH_CLASSES, loss, NULL, &sg),
             "local loss");
  dni_loss_release(loss);
  return sg;
}

/* "least squares", "least squares / 4" (solved for every 4 lessons), "least squares r" (from the residual
 * alone). */
static dni_sg *create_least_squares(const bench_model *m, const char *kind) {
  dni_least_squares_options options = {.struct_size = sizeof options};
  dni_loss *loss;
  dni_sg *sg;
  bench_must(dni_loss_create_softmax_cross_entropy(m->context, NULL, &loss), "loss");
  if (strstr(kind, "/ 4")) options.solve_every = 4;
  if (strstr(kind, " r")) options.loss = loss;
  if (strstr(kind, " r")) options.condition = DNI_CONDITION_RESIDUAL;
  bench_must(dni_sg_create_least_squares(m->context, m->plan.width, BENCH_CLASSES, &options, &sg),
             kind);
  dni_loss_release(loss);
  return sg;
}

static dni_sg *create_sg(const bench_model *m) {
  const char *kind = m->plan.estimator ? m->plan.estimator : "sg";
  if (strncmp(kind, "least squares", 13) == 0) return create_least_squares(m, kind);
  size_t width = m->plan.width;
  dni_sg *sg = NULL;
  if (strcmp(kind, "sg") == 0)
    bench_must(dni_sg_create_synthetic(m->context, width, BENCH_CLASSES, NULL, &sg), kind);
  else if (strcmp(kind, "delayed") == 0)
    bench_must(dni_sg_create_delayed(m->context, width, 1, &sg), kind);
  else if (strcmp(kind, "zero") == 0)
    bench_must(dni_sg_create_zero(m->context, width, &sg), kind);
  else if (strcmp(kind, "local") == 0)
    sg = create_local(m);
  else
    bench_fail(kind, "no such SG");
  return sg;
}

static void add_sg(bench_model *m) {
  dni_sg *sg = create_sg(m);
  bench_must(dni_network_set_sg(m->network, dni_network_layer_count(m->network) - 1, sg), "SG");
  dni_sg_release(sg);
}

static bool has_sg(const bench_plan *plan, size_t hidden) {
  return plan->sg == BENCH_EVERYWHERE || plan->sg == hidden || (plan->sg_at && plan->sg_at[hidden]);
}

static void add_hidden(bench_model *m, size_t inputs, size_t number) {
  const bench_plan *plan = &m->plan;
  const dni_activation activation = plan->sigmoid ? DNI_ACTIVATION_SIGMOID : DNI_ACTIVATION_RELU;
  dni_layer *layer;
  bench_must(dni_layer_create_dense(m->context, inputs, plan->width, activation, &layer),
             "dense layer");
  add_layer(m, layer);
  if (!plan->plain) {
    bench_must(dni_layer_create_batch_norm(m->context, plan->width, &layer), "batch norm");
    add_layer(m, layer);
  }
  if (has_sg(plan, number)) add_sg(m);
}

static void build_network(bench_model *m) {
  const bench_plan *plan = &m->plan;
  dni_layer *top;
  bench_must(dni_network_create(m->context, &m->network), "network");
  for (size_t i = 0; i < plan->depth; i++)
    add_hidden(m, i == 0 ? BENCH_INPUTS : plan->width, i + 1);
  bench_must(
      dni_layer_create_dense(m->context, plan->width, BENCH_CLASSES, DNI_ACTIVATION_IDENTITY, &top),
      "dense layer");
  add_layer(m, top);
}

static dni_optimiser *create_optimiser(const bench_model *m) {
  dni_optimiser *optimiser;
  if (!m->plan.momentum) {
    bench_must(dni_optimiser_create_adam(m->context, m->plan.rate, &optimiser), "Adam");
    return optimiser;
  }
  bench_must(dni_optimiser_create_sgd(m->context, m->plan.rate, &optimiser), "SGD");
  bench_must(dni_optimiser_set_f64(optimiser, DNI_SETTING_MOMENTUM, 0.9), "momentum");
  return optimiser;
}

static void build_trainer(bench_model *m) {
  const bench_plan *plan = &m->plan;
  dni_loss *loss;
  dni_optimiser *optimiser = create_optimiser(m);
  if (m->plan.bf16_moments)
    bench_must(dni_optimiser_set_moment_dtype(optimiser, DNI_BF16), "moments");
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .max_batch = plan->batch,
                                 .schedule = plan->schedule,
                                 .balance = DNI_BALANCE_MEASURED,
                                 .threads = plan->threads,
                                 .in_flight = plan->in_flight,
                                 .micro_batches = plan->micro_batches,
                                 .activations = plan->bf16_activations ? DNI_BF16 : 0};
  bench_must(dni_loss_create_softmax_cross_entropy(m->context, NULL, &loss), "loss");
  options.optimiser = options.sg_optimiser = optimiser;
  bench_must(dni_trainer_create(m->network, loss, &options, &m->trainer), "trainer");
  dni_loss_release(loss);
  dni_optimiser_release(optimiser);
}

/* Example i is of class i mod BENCH_CLASSES. */
static void build_batch(bench_model *m) {
  size_t batch = m->plan.batch;
  m->x = bench_numbers(batch * BENCH_INPUTS);
  m->y = bench_memory(batch * BENCH_CLASSES * sizeof *m->y);
  for (size_t i = 0; i < batch * BENCH_CLASSES; i++)
    m->y[i] = i % BENCH_CLASSES == i / BENCH_CLASSES % BENCH_CLASSES;
}

void bench_model_build(bench_model *model, const bench_plan *plan) {
  *model = (bench_model){.plan = *plan};
  if (model->plan.backend_threads == 0) model->plan.backend_threads = 1;
  if (model->plan.rate <= 0) model->plan.rate = 3e-5;
  dni_backend *backend = bench_backend(model->plan.backend, model->plan.backend_threads);
  const dni_context_options options = {
      .struct_size = sizeof options, .compute = plan->bf16 ? DNI_BF16 : 0, .backend = backend};
  bench_must(dni_context_create(&options, &model->context), "context");
  dni_backend_release(backend);
  build_network(model);
  build_trainer(model);
  build_batch(model);
}

void bench_model_drop(bench_model *model) {
  dni_trainer_release(model->trainer);
  dni_network_release(model->network);
  dni_context_release(model->context);
  free(model->x);
  free(model->y);
  *model = (bench_model){0};
}

/* Use. ----------------------------------------------------------------------------------------- */

void bench_model_step(bench_model *model, dni_step_report *report) {
  dni_matrix x = bench_view(model->x, model->plan.batch, BENCH_INPUTS);
  dni_matrix y = bench_view(model->y, model->plan.batch, BENCH_CLASSES);
  const dni_batch batch = {.struct_size = sizeof batch, .x = &x, .y = &y};
  bench_must(dni_trainer_step(model->trainer, &batch, report), "step");
}

dni_memory_report bench_model_memory(const bench_model *model) {
  dni_memory_report report = {.struct_size = sizeof report};
  bench_must(dni_trainer_memory(model->trainer, &report), "memory");
  return report;
}

/* A dense layer has three products (forward, gradient of the weights, gradient of the input; the
 * first layer has no use for the last), a linear SG two (answer, gradient of its weights). */
double bench_model_operations(const bench_model *model) {
  double batch = (double)model->plan.batch, operations = 0;
  for (size_t i = 0; i < dni_network_layer_count(model->network); i++) {
    dni_layer *layer = dni_network_layer(model->network, i);
    double inputs = (double)dni_layer_inputs(layer), outputs = (double)dni_layer_outputs(layer);
    if (dni_layer_kind(layer) == DNI_LAYER_DENSE)
      operations += (i == 0 ? 2 : 3) * 2 * batch * inputs * outputs;
    if (bench_sg(model->network, i))
      operations += 2 * 2 * batch * outputs * (outputs + BENCH_CLASSES);
  }
  return operations;
}
