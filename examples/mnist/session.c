/* The objects of a run. Each run has a context of its own, so its random numbers depend on the seed
 * alone and not on which methods were run before. */
#include <string.h>

#include "mnist.h"

static dni_status create_backend(const char *name, dni_backend **out) {
  if (strcmp(name, "builtin") == 0) return dni_backend_create_builtin(NULL, out);
  if (strcmp(name, "cblas") == 0) return dni_backend_create_cblas(NULL, out);
  return dni_backend_create_dynamic(NULL, name, out);
}

/* Where threads run modules, a product has one. Not every CBLAS lets its threads be set; that
 * matters only to a user who asked for some. */
static dni_status set_threads(const options *settings, dni_backend *backend,
                              size_t *backend_threads) {
  size_t threads = has_threads(settings->schedule) ? 1 : settings->threads;
  dni_status status = dni_backend_set_threads(backend, threads);
  bool insisted = settings->threads_asked && threads > 1;
  *backend_threads = status == DNI_OK ? threads : 0;
  return status == DNI_ERROR_UNSUPPORTED && !insisted ? DNI_OK : status;
}

dni_status context_open(const options *settings, size_t *backend_threads, dni_context **out) {
  dni_context_options wanted = {.struct_size = sizeof wanted};
  dni_backend *backend;
  dni_status status = create_backend(settings->backend, &backend);
  if (status != DNI_OK) return status;
  status = set_threads(settings, backend, backend_threads);
  wanted.seed = settings->seed;
  wanted.dtype = settings->dtype == DNI_BF16 ? DNI_F32 : settings->dtype;
  wanted.compute = settings->dtype;
  wanted.backend = backend;
  if (status == DNI_OK) status = dni_context_create(&wanted, out);
  dni_backend_release(backend);
  return status;
}

static dni_status create_network(const options *settings, session *objects, run_result *result) {
  deep_plan plan = {.depth = settings->depth,
                    .width = settings->width,
                    .which = result->which,
                    .sg = settings->sg,
                    .shrink = settings->shrink};
  if (settings->sg_learning_rate > 0) plan.sg.guess_rate = settings->sg_learning_rate;
  memcpy(plan.sg_at, settings->sg_at, sizeof plan.sg_at);
  dni_status status = DNI_OK;
  if (settings->modules > 0 && method_is_placed(result->which))
    status = balance_modules(settings, result->features, result->classes, &plan);
  if (status != DNI_OK) return status;
  for (size_t i = 1; i <= settings->depth; i++)
    result->sg_at[i] = deep_has_estimator(&plan, i);
  return deep_build(objects->context, &plan, result->features, result->classes, &objects->network);
}

/* Adam, its rate rising from 0 over the first steps and falling to 0 along a cosine over the others,
 * or constant after them. The whole run is planned: rates that have fallen are what makes the last
 * percents. */
static dni_status create_adam(const options *settings, dni_context *context, double rate,
                              const run_result *result, dni_optimiser **out) {
  dni_schedule schedule = {.struct_size = sizeof schedule, .warm_up = result->warm_up};
  dni_status status = dni_optimiser_create_adam(context, rate, out);
  if (status == DNI_OK && settings->bf16_moments)
    status = dni_optimiser_set_moment_dtype(*out, DNI_BF16);
  if (status != DNI_OK) return status;
  schedule.kind = settings->cosine ? DNI_RATE_COSINE : DNI_RATE_CONSTANT;
  if (settings->cosine) schedule.steps = result->total_steps - result->warm_up;
  return dni_optimiser_set_schedule(*out, &schedule);
}

static uint64_t count_steps(const options *settings, size_t examples) {
  uint64_t per_epoch = examples / settings->batch;
  uint64_t limit = settings->epochs * (per_epoch > 0 ? per_epoch : 1);
  if (settings->epochs == 0) return settings->steps;
  return settings->steps == 0 || limit < settings->steps ? limit : settings->steps;
}

static dni_status create_optimisers(const options *settings, session *objects, run_result *result) {
  dni_context *context = objects->context;
  result->learning_rates = rates_of(settings, result->which);
  result->total_steps = count_steps(settings, result->train_examples);
  result->warm_up = warm_up_of(settings, result->total_steps);
  dni_status status =
      create_adam(settings, context, result->learning_rates.network, result, &objects->optimiser);
  return status == DNI_OK ? create_adam(settings, context, result->learning_rates.sg, result,
                                        &objects->sg_optimiser)
                          : status;
}

static dni_status create_trainer(const options *settings, session *objects) {
  dni_trainer_options plan = {.struct_size = sizeof plan, .schedule = settings->schedule};
  plan.optimiser = objects->optimiser;
  plan.sg_optimiser = objects->sg_optimiser;
  plan.max_batch = settings->batch;
  if (settings->update_probability > 0) {
    plan.schedule = DNI_SCHEDULE_RANDOM;
    plan.update_probability = settings->update_probability;
  }
  if (has_threads(settings->schedule)) plan.threads = settings->threads;
  plan.in_flight = settings->in_flight;
  plan.micro_batches = settings->micro_batches;
  plan.activations = settings->bf16_activations ? DNI_BF16 : 0;
  return dni_trainer_create(objects->network, objects->loss, &plan, &objects->trainer);
}

static dni_status describe_trainer(const dni_trainer *trainer, run_result *result) {
  result->modules = dni_trainer_module_count(trainer);
  result->threads = dni_trainer_thread_count(trainer);
  result->memory.struct_size = sizeof result->memory;
  return dni_trainer_memory(trainer, &result->memory);
}

static dni_status create_learners(const options *settings, session *objects, run_result *result) {
  dni_context *context = objects->context;
  dni_status status = create_network(settings, objects, result);
  if (status == DNI_OK)
    status = dni_loss_create_softmax_cross_entropy(context, NULL, &objects->loss);
  if (status == DNI_OK) status = create_optimisers(settings, objects, result);
  if (status == DNI_OK) status = create_trainer(settings, objects);
  if (status == DNI_OK) status = describe_trainer(objects->trainer, result);
  return status;
}

int session_open(const options *settings, const data_source *source, session *objects,
                 run_result *result) {
  if (context_open(settings, &result->backend_threads, &objects->context) != DNI_OK)
    return library_failure();
  (void)snprintf(result->backend, sizeof result->backend, "%s",
                 dni_backend_name(dni_context_backend(objects->context)));
  int problem =
      data_load(objects->context, source, settings->train_limit, &objects->train, &objects->test);
  if (problem != 0) return problem;
  result->train_examples = dni_dataset_examples(objects->train);
  result->test_examples = dni_dataset_examples(objects->test);
  result->features = dni_dataset_features(objects->train);
  result->classes = dni_dataset_classes(objects->train);
  return create_learners(settings, objects, result) == DNI_OK ? 0 : library_failure();
}

void session_close(session *objects) {
  dni_trainer_release(objects->trainer);
  dni_optimiser_release(objects->sg_optimiser);
  dni_optimiser_release(objects->optimiser);
  dni_loss_release(objects->loss);
  dni_network_release(objects->network);
  dni_dataset_release(objects->test);
  dni_dataset_release(objects->train);
  dni_context_release(objects->context);
}
