/* One training, and the probes on its way. */
#include <math.h>
#include <stdlib.h>

#include "proposition2.h"

const sg_plan kind_plans[KINDS] = {
    {.kind = SG_ADAM, .condition = DNI_CONDITION_HY},
    {.kind = SG_LEAST_SQUARES, .condition = DNI_CONDITION_HY},
    {.kind = SG_LEAST_SQUARES, .condition = DNI_CONDITION_RESIDUAL, .residual = true},
};

typedef struct training {
  const settings *of;
  run *out;
  dni_context *context;
  dni_dataset *train, *test;
  dni_network *network;
  dni_loss *loss;
  dni_optimiser *adam;
  dni_trainer *trainer;
  float *pixels, *targets;
  dni_batch batch; /* what all probes look at */
  dni_matrix x, y;
  twin *doubles;
} training;

static void open_network(training *work) {
  const settings *of = work->of;
  deep_plan plan = {.depth = (size_t)of->depth, .width = (size_t)of->width};
  size_t classes = dni_dataset_classes(work->train);
  plan.which = METHOD_SG_ALL;
  plan.sg = kind_plans[work->out->kind];
  must(deep_build(work->context, &plan, work->x.columns, classes, &work->network));
  work->doubles = twin_create(&plan, &work->x, classes);
}

static void open_batch(training *work) {
  size_t rows = (size_t)work->of->batch, features = dni_dataset_features(work->train);
  size_t targets = dni_dataset_targets(work->train);
  work->pixels = calloc(rows * features, sizeof *work->pixels);
  work->targets = calloc(rows * targets, sizeof *work->targets);
  if (!work->pixels || !work->targets) exit(fail("out of memory"));
  dni_matrix_init_f32(&work->x, work->pixels, rows, features);
  dni_matrix_init_f32(&work->y, work->targets, rows, targets);
  must(dni_dataset_batch(work->train, 0, &work->x, &work->y));
  work->batch = (dni_batch){.struct_size = sizeof work->batch, .x = &work->x, .y = &work->y};
}

static int open_training(training *work, const data_source *source) {
  dni_context_options options = {.struct_size = sizeof options, .seed = work->out->seed};
  dni_trainer_options training_options = {.struct_size = sizeof training_options};
  must(dni_context_create(&options, &work->context));
  int status = data_load(work->context, source, 0, &work->train, &work->test);
  if (status != 0) return status;
  if (work->of->batch > dni_dataset_examples(work->train))
    return fail("--batch: %s has only %zu examples", source->name,
                dni_dataset_examples(work->train));
  open_batch(work);
  open_network(work);
  must(dni_loss_create_softmax_cross_entropy(work->context, NULL, &work->loss));
  must(dni_optimiser_create_adam(work->context, work->of->rate, &work->adam));
  training_options.max_batch = (size_t)work->of->batch;
  training_options.optimiser = work->adam;
  must(dni_trainer_create(work->network, work->loss, &training_options, &work->trainer));
  return 0;
}

static void close_training(training *work) {
  if (work->doubles) twin_free(work->doubles);
  free(work->targets);
  free(work->pixels);
  dni_trainer_release(work->trainer);
  dni_optimiser_release(work->adam);
  dni_loss_release(work->loss);
  dni_network_release(work->network);
  dni_dataset_release(work->test);
  dni_dataset_release(work->train);
  dni_context_release(work->context);
}

/* |a - b| of vectors with these norms and this cosine. */
static double distance(double a, double b, double cosine) {
  return sqrt(fmax(0, a * a + b * b - 2 * a * b * cosine));
}

static void look(training *work, uint64_t step, size_t layer) {
  dni_interface_report found = {.struct_size = sizeof found};
  size_t after = 2 * layer - 1;
  probe *at = &work->out->probes[work->out->count++];
  must(dni_analysis_interface(work->context, work->network, work->loss, after, &work->batch, 0,
                              work->out->seed, &found));
  at->step = step;
  at->layer = layer;
  at->error = found.error_norm;
  at->jacobian = twin_jacobian(work->doubles, work->network, after);
  at->jacobian_estimate = found.jacobian_norm;
  at->gradient = found.gradient_norm;
  at->ratio = at->error * at->jacobian / at->gradient;
  at->cosine = found.gradient_cosine;
  at->deviation = distance(found.synthetic_gradient_norm, at->gradient, at->cosine) / at->gradient;
}

/* 1, 2, 5, 10, 20, 50, ... and the last. */
static bool is_probed(uint64_t step, uint64_t last) {
  uint64_t digit = step;
  while (digit % 10 == 0)
    digit /= 10;
  return step == last || digit == 1 || digit == 2 || digit == 5;
}

static dni_status after_step(void *user, const dni_step_report *at) {
  training *work = user;
  if (!is_probed(at->step, work->of->steps)) return 0;
  progress("%s, seed %llu: step %llu of %llu, loss %.4f", kind_names[work->out->kind],
           (unsigned long long)work->out->seed, (unsigned long long)at->step,
           (unsigned long long)work->of->steps, at->loss);
  for (size_t layer = 1; layer <= work->of->depth; layer++)
    look(work, at->step, layer);
  return 0;
}

int train(const settings *with, const data_source *source, run *out) {
  training work = {.of = with, .out = out};
  dni_fit_options options = {.struct_size = sizeof options};
  dni_evaluation evaluation = {.struct_size = sizeof evaluation};
  int status = open_training(&work, source);
  if (status == 0) {
    options.steps = with->steps;
    options.callback = after_step;
    options.callback_user = &work;
    must(dni_trainer_fit(work.trainer, work.train, &options));
    must(dni_network_evaluate(work.network, work.loss, work.test, NULL, &evaluation));
    out->accuracy = evaluation.accuracy;
  }
  close_training(&work);
  return status;
}
