/* The objects of a run. What was not asked for is decided here. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "train.h"

enum { BATCH_LEAST = 16, BATCH_MOST = 128, BATCHES_WANTED = 20 };
enum { EPOCHS_LEAST = 10, STEPS_WANTED = 2000, WARM_UP_MOST = 200, THREADS_USED = 4 };

static bool has_threads(const settings *set) {
  return set->schedule == DNI_SCHEDULE_PIPELINED || set->schedule == DNI_SCHEDULE_MICRO_BATCHES;
}

static size_t threads_of(const settings *set) {
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  if (set->threads != COUNT_UNSET) return (size_t)set->threads;
  return processors < 1 ? 1 : processors < THREADS_USED ? (size_t)processors : THREADS_USED;
}

/* Where threads run modules, a product has one. */
static dni_status create_context(const settings *set, dni_context **out) {
  dni_backend_options products = {.struct_size = sizeof products};
  dni_context_options options = {.struct_size = sizeof options, .seed = set->seed};
  dni_backend *backend;
  products.threads = has_threads(set) ? 1 : threads_of(set);
  dni_status status = dni_backend_create_builtin(&products, &backend);
  if (status != DNI_OK) return status;
  options.dtype = set->dtype == DTYPE_F64 ? DNI_F64 : DNI_F32;
  if (set->dtype == DTYPE_BF16) options.compute = DNI_BF16;
  options.backend = backend;
  status = dni_context_create(&options, out);
  dni_backend_release(backend);
  return status;
}

/* The loss. ---------------------------------------------------------------------------------------- */

static dni_status create_loss(session *s) {
  const bool labels = s->d.classes > 0;
  s->loss_kind = labels ? LOSS_SOFTMAX : LOSS_SQUARED;
  if (s->set->loss != CHOICE_UNSET) s->loss_kind = (loss_choice)s->set->loss;
  switch (s->loss_kind) {
  case LOSS_SOFTMAX:
    return dni_loss_create_softmax_cross_entropy(s->context, NULL, &s->loss);
  case LOSS_SIGMOID:
    return dni_loss_create_sigmoid_cross_entropy(s->context, NULL, &s->loss);
  case LOSS_SQUARED:
    return dni_loss_create_squared_error(s->context, &s->loss);
  default:
    return dni_loss_create_absolute_error(s->context, &s->loss);
  }
}

static double loss_factor_of(const session *s) {
  const double factor = s->d.scale.targets > 0 ? s->d.scale.target_factor : 1;
  return s->loss_kind == LOSS_SQUARED ? 1 / (factor * factor) : 1 / factor;
}

/* How long. ---------------------------------------------------------------------------------------- */

/* A power of two, so that an epoch of a small file has some steps. */
static size_t batch_of(const settings *set, size_t examples) {
  if (set->batch != COUNT_UNSET) return (size_t)set->batch;
  size_t batch = BATCH_MOST;
  while (batch > BATCH_LEAST && examples / batch < BATCHES_WANTED)
    batch /= 2;
  return batch;
}

static uint64_t epochs_of(const settings *set, uint64_t steps_of_epoch) {
  const uint64_t epochs = (STEPS_WANTED + steps_of_epoch - 1) / steps_of_epoch;
  if (set->epochs != COUNT_UNSET) return set->epochs;
  return epochs > EPOCHS_LEAST ? epochs : EPOCHS_LEAST;
}

static void plan_steps(session *s) {
  const settings *set = s->set;
  const size_t examples = dni_dataset_examples(s->d.train);
  s->batch = batch_of(set, examples);
  s->steps_of_epoch = examples > s->batch ? examples / s->batch : 1;
  s->total_steps = set->steps;
  if (set->steps == COUNT_UNSET || set->epochs != COUNT_UNSET) {
    const uint64_t epochs = epochs_of(set, s->steps_of_epoch);
    const uint64_t steps =
        epochs > COUNT_UNSET / s->steps_of_epoch ? COUNT_UNSET : epochs * s->steps_of_epoch;
    if (steps < s->total_steps) s->total_steps = steps;
  }
  const uint64_t tenth = s->total_steps / 10;
  s->warm_up = set->warm_up != COUNT_UNSET ? set->warm_up
               : tenth < WARM_UP_MOST      ? tenth
                                           : WARM_UP_MOST;
  if (s->warm_up >= s->total_steps) s->warm_up = s->total_steps > 0 ? s->total_steps - 1 : 0;
}

/* Optimisers. -------------------------------------------------------------------------------------- */

/* A network must not move faster than its synthetic gradients can follow, and they follow the more slowly the
 * deeper it is. */
static double default_rate(const session *s) {
  const size_t hidden = network_hidden_layers(s->network);
  const bool slow = s->set->sg == SGS_SYNTHETIC || s->set->sg == SGS_LEAST_SQUARES;
  if (s->set->optimiser == OPTIMISER_SGD) return 0.05;
  if (!slow || hidden <= 4) return 1e-3;
  return hidden <= 8 ? 3e-4 : 1e-4;
}

static dni_status set_schedule(const session *s, dni_optimiser *optimiser) {
  dni_schedule schedule = {.struct_size = sizeof schedule, .kind = DNI_RATE_COSINE};
  schedule.warm_up = s->warm_up;
  schedule.steps = s->total_steps - s->warm_up;
  if (s->set->decay == 1) {
    schedule.kind = DNI_RATE_CONSTANT;
    schedule.steps = 0;
  }
  return dni_optimiser_set_schedule(optimiser, &schedule);
}

static dni_status create_optimiser(const session *s, double rate, dni_optimiser **out) {
  dni_status (*const create[])(dni_context *, double, dni_optimiser **) = {
      dni_optimiser_create_sgd, dni_optimiser_create_adam, dni_optimiser_create_adamw};
  const settings *set = s->set;
  const double momentum = isnan(set->momentum) ? 0.9 : set->momentum;
  dni_status status = create[set->optimiser](s->context, rate, out);
  if (status == DNI_OK && set->optimiser == OPTIMISER_SGD)
    status = dni_optimiser_set_f64(*out, DNI_SETTING_MOMENTUM, momentum);
  if (status == DNI_OK && !isnan(set->weight_decay))
    status = dni_optimiser_set_f64(*out, DNI_SETTING_WEIGHT_DECAY, set->weight_decay);
  if (status == DNI_OK) status = dni_optimiser_set_f64(*out, DNI_SETTING_CLIP_NORM, set->clip_norm);
  return status == DNI_OK ? set_schedule(s, *out) : status;
}

static dni_status create_optimisers(session *s) {
  const settings *set = s->set;
  s->rate = isnan(set->rate) ? default_rate(s) : set->rate;
  s->sg_rate = isnan(set->sg_rate) ? s->rate : set->sg_rate;
  dni_status status = create_optimiser(s, s->rate, &s->optimiser);
  return status == DNI_OK ? create_optimiser(s, s->sg_rate, &s->sg_optimiser) : status;
}

static dni_status create_trainer(session *s) {
  const settings *set = s->set;
  const size_t layers = dni_network_layer_count(s->network);
  dni_trainer_options plan = {.struct_size = sizeof plan, .schedule = set->schedule};
  plan.optimiser = s->optimiser;
  plan.sg_optimiser = s->sg_optimiser;
  plan.max_batch = s->batch;
  if (has_threads(set)) plan.threads = threads_of(set);
  if (set->threads == COUNT_UNSET && plan.threads > layers) plan.threads = layers;
  if (set->schedule == DNI_SCHEDULE_RANDOM)
    plan.update_probability = isnan(set->update_probability) ? 0.5 : set->update_probability;
  if (set->in_flight != COUNT_UNSET) plan.in_flight = (size_t)set->in_flight;
  if (set->micro_batches != COUNT_UNSET) plan.micro_batches = (size_t)set->micro_batches;
  return dni_trainer_create(s->network, s->loss, &plan, &s->trainer);
}

/* All. --------------------------------------------------------------------------------------------- */

/* The data is for the network if that is loaded, and the network for the data if it is new. */
static int open_network(session *s) {
  const settings *set = s->set;
  int status = set->load ? network_load(set, s->context, &s->network) : 0;
  if (status == 0) status = data_open(set, s->context, s->network, &s->d);
  if (status != 0) return status;
  if (!set->load) return network_build(set, s->context, &s->d, &s->network);
  status = network_check(set, s->network, &s->d);
  if (status != 0) return status;
  return network_scale(s->network, &s->d.scale) == DNI_OK ? 0 : library_failure();
}

static bool has_batch_norm(dni_network *network) {
  for (size_t i = 0; i < dni_network_layer_count(network); i++)
    if (dni_layer_kind(dni_network_layer(network, i)) == DNI_LAYER_BATCH_NORM) return true;
  return false;
}

/* Batch normalisation takes statistics of 2 examples or more, in each part of a batch. */
static int check_batch(const session *s) {
  const settings *set = s->set;
  const size_t least = has_batch_norm(s->network) ? 2 : 1;
  if (s->batch < least)
    return fail("--batch 1: batch normalisation takes statistics of 2 examples or more");
  if (set->micro_batches == COUNT_UNSET) return 0; /* as many as the batch allows */
  const size_t parts = (size_t)set->micro_batches;
  if (s->batch / parts >= least) return 0;
  return fail("--micro-batches %zu: a batch of %zu is too small, expected %zu examples or more",
              parts, s->batch, least * parts);
}

static int open_training(session *s) {
  plan_steps(s);
  int status = s->total_steps > 0 ? check_batch(s) : 0;
  if (status == 0) status = network_add_sgs(s->set, s->context, &s->d, s->loss, s->network);
  if (status != 0 || s->total_steps == 0) return status;
  if (create_optimisers(s) != DNI_OK || create_trainer(s) != DNI_OK) return library_failure();
  return 0;
}

int session_open(const settings *set, session *s) {
  if (create_context(set, &s->context) != DNI_OK) return library_failure();
  int status = open_network(s);
  if (status != 0) return status;
  if (create_loss(s) != DNI_OK) return library_failure();
  s->loss_factor = loss_factor_of(s);
  return open_training(s);
}

void session_close(session *s) {
  dni_trainer_release(s->trainer);
  dni_optimiser_release(s->sg_optimiser);
  dni_optimiser_release(s->optimiser);
  dni_loss_release(s->loss);
  dni_network_release(s->network);
  data_close(&s->d);
  dni_context_release(s->context);
}
