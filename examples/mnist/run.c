/* Trains one method and measures it. Each run has a context of its own, so its random numbers
 * depend on the seed alone and not on which methods were run before. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mnist.h"

enum { EVALUATIONS = 16 }; /* in a run, unless --eval-every says otherwise */

/* The latest LOSS_WINDOW finite values of something. */
typedef struct window {
  double values[LOSS_WINDOW];
  size_t count; /* of all values ever */
} window;

static void window_add(window *recent, double value) {
  if (!isnan(value)) recent->values[recent->count++ % LOSS_WINDOW] = value;
}

static double window_mean(const window *recent) {
  size_t held = recent->count < LOSS_WINDOW ? recent->count : LOSS_WINDOW;
  double sum = 0;
  for (size_t i = 0; i < held; i++)
    sum += recent->values[i];
  return held > 0 ? sum / (double)held : NAN;
}

/* The objects of a run, in the order in which they are made. */
typedef struct session {
  dni_context *context;
  dni_dataset *train, *test;
  dni_network *network;
  dni_loss *loss;
  dni_optimiser *optimiser, *sg_optimiser;
  dni_trainer *trainer;
} session;

/* What the step callback works on. */
typedef struct training {
  const options *settings;
  const session *objects;
  run_result *result;
  uint64_t total_steps, eval_every;
  window loss, sg_error, sg_cosine;
  double started, paused, shown; /* seconds; paused: spent outside training since started */
  int problem;                   /* exit status of a failed evaluation, 0 if none */
} training;

static dni_status create_backend(dni_context *context, const char *name, dni_backend **out) {
  if (strcmp(name, "builtin") == 0) return dni_backend_create_builtin(context, out);
  if (strcmp(name, "cblas") == 0) return dni_backend_create_cblas(context, out);
  return dni_backend_create_dynamic(context, name, out);
}

static dni_status set_backend(const options *settings, dni_context *context) {
  dni_backend *backend;
  dni_status status = create_backend(context, settings->backend, &backend);
  if (status != DNI_OK) return status;
  status = dni_context_set_backend(context, backend);
  dni_backend_release(backend);
  return status;
}

/* Not every CBLAS lets its threads be set; that matters only to a user who asked for some. */
static dni_status set_threads(const options *settings, dni_context *context, run_result *result) {
  dni_backend *backend = dni_context_backend(context);
  dni_status status = dni_backend_set_threads(backend, settings->threads);
  bool insisted = settings->threads_asked && settings->threads > 1;
  (void)snprintf(result->backend, sizeof result->backend, "%s", dni_backend_name(backend));
  if (status == DNI_ERROR_UNSUPPORTED && !insisted) return DNI_OK;
  if (status == DNI_OK) result->threads = settings->threads;
  return status;
}

static dni_status create_context(const options *settings, run_result *result, dni_context **out) {
  dni_context_options wanted = {.struct_size = sizeof wanted};
  wanted.seed = settings->seed;
  wanted.dtype = settings->dtype;
  dni_status status = dni_context_create(&wanted, out);
  if (status == DNI_OK) status = set_backend(settings, *out);
  if (status == DNI_OK) status = set_threads(settings, *out, result);
  return status;
}

static dni_status create_trainer(const options *settings, session *objects) {
  dni_trainer_options plan = {.struct_size = sizeof plan};
  plan.max_batch = settings->batch;
  if (settings->update_probability > 0) {
    plan.schedule = DNI_SCHEDULE_RANDOM;
    plan.update_probability = settings->update_probability;
  }
  return dni_trainer_create(objects->context, objects->network, objects->loss, objects->optimiser,
                            objects->sg_optimiser, &plan, &objects->trainer);
}

static dni_status create_learners(const options *settings, method which, session *objects) {
  dni_context *context = objects->context;
  deep_plan plan = {settings->depth, settings->width,     which,
                    {false},         settings->sg_hidden, settings->condition};
  memcpy(plan.sg_at, settings->sg_at, sizeof plan.sg_at);
  dni_status status = deep_build(context, &plan, dni_dataset_features(objects->train),
                                 dni_dataset_classes(objects->train), &objects->network);
  if (status == DNI_OK) status = dni_loss_create_softmax_cross_entropy(context, &objects->loss);
  if (status == DNI_OK)
    status = dni_optimiser_create_adam(context, settings->learning_rate, &objects->optimiser);
  if (status == DNI_OK)
    status = dni_optimiser_create_adam(context, settings->sg_learning_rate, &objects->sg_optimiser);
  if (status == DNI_OK) status = create_trainer(settings, objects);
  return status;
}

static int session_open(const options *settings, const data_source *source, session *objects,
                        run_result *result) {
  if (create_context(settings, result, &objects->context) != DNI_OK) return library_failure();
  int problem =
      data_load(objects->context, source, settings->train_limit, &objects->train, &objects->test);
  if (problem != 0) return problem;
  result->train_examples = dni_dataset_examples(objects->train);
  result->test_examples = dni_dataset_examples(objects->test);
  result->features = dni_dataset_features(objects->train);
  result->classes = dni_dataset_classes(objects->train);
  return create_learners(settings, result->which, objects) == DNI_OK ? 0 : library_failure();
}

static void session_close(session *objects) {
  dni_trainer_release(objects->trainer);
  dni_optimiser_release(objects->sg_optimiser);
  dni_optimiser_release(objects->optimiser);
  dni_loss_release(objects->loss);
  dni_network_release(objects->network);
  dni_dataset_release(objects->test);
  dni_dataset_release(objects->train);
  dni_context_release(objects->context);
}

static uint64_t count_steps(const options *settings, size_t examples) {
  uint64_t per_epoch = examples / settings->batch;
  uint64_t limit = settings->epochs * (per_epoch > 0 ? per_epoch : 1);
  if (settings->epochs == 0) return settings->steps;
  return settings->steps == 0 || limit < settings->steps ? limit : settings->steps;
}

/* Share of `dataset` classified right. `step` is for the message of a failure. */
static int measure_accuracy(const session *objects, const dni_dataset *dataset, uint64_t step,
                            double *accuracy) {
  dni_evaluation answer = {.struct_size = sizeof answer};
  dni_status status = dni_network_evaluate(objects->network, objects->loss, dataset, &answer);
  if (status != DNI_OK)
    return fail("evaluation after step %llu: %s", (unsigned long long)step, dni_last_message());
  *accuracy = answer.accuracy;
  return 0;
}

static int add_curve_point(run_result *result, const curve_point *point) {
  if (result->curve_count == result->curve_capacity) {
    size_t capacity = result->curve_capacity > 0 ? 2 * result->curve_capacity : 2 * EVALUATIONS;
    curve_point *larger = realloc(result->curve, capacity * sizeof *larger);
    if (!larger) return fail("out of memory for %zu evaluations", capacity);
    result->curve = larger;
    result->curve_capacity = capacity;
  }
  result->curve[result->curve_count++] = *point;
  return 0;
}

static int evaluate(training *state, uint64_t step, double seconds) {
  curve_point point = {step, seconds, 0, window_mean(&state->loss)};
  int problem = measure_accuracy(state->objects, state->objects->test, step, &point.test_accuracy);
  return problem == 0 ? add_curve_point(state->result, &point) : problem;
}

static void show_progress(training *state, uint64_t step, double seconds) {
  const run_result *result = state->result;
  double time = seconds_now();
  if (time - state->shown < 0.1 || !isatty(STDERR_FILENO)) return;
  state->shown = time;
  (void)fprintf(stderr, "\r%-8s  step %llu of %llu  loss %.4f  %.1f ms/step",
                method_name(result->which), (unsigned long long)step,
                (unsigned long long)state->total_steps, window_mean(&state->loss),
                1000 * seconds / (double)step);
  if (result->curve_count > 0)
    (void)fprintf(stderr, "  test %.2f %%",
                  100 * result->curve[result->curve_count - 1].test_accuracy);
  (void)fputs("\033[K", stderr);
}

/* Mean of `values` over the interfaces that have one in this step. */
static double interface_mean(const double *values, size_t count) {
  double sum = 0;
  size_t known = 0;
  for (size_t i = 0; i < count; i++) {
    if (isnan(values[i])) continue;
    sum += values[i];
    known++;
  }
  return known > 0 ? sum / (double)known : NAN;
}

static int32_t after_step(void *user, const dni_step_report *report) {
  training *state = user;
  double arrived = seconds_now();
  double seconds = arrived - state->started - state->paused;
  window_add(&state->loss, report->loss);
  window_add(&state->sg_error, interface_mean(report->sg_error, report->interface_count));
  window_add(&state->sg_cosine, interface_mean(report->sg_cosine, report->interface_count));
  state->result->seconds = seconds;
  if (report->step % state->eval_every == 0 || report->step == state->total_steps)
    state->problem = evaluate(state, report->step, seconds);
  if (state->problem == 0) show_progress(state, report->step, seconds);
  state->paused += seconds_now() - arrived;
  return state->problem;
}

static int train(training *state) {
  dni_fit_options plan = {.struct_size = sizeof plan};
  plan.batch = state->settings->batch;
  plan.steps = state->total_steps;
  plan.callback = after_step;
  plan.callback_user = state;
  state->started = seconds_now();
  dni_status status = dni_trainer_fit(state->objects->trainer, state->objects->train, &plan);
  if (state->problem != 0) return state->problem; /* its line has been printed */
  if (status != DNI_OK) return library_failure();
  if (isatty(STDERR_FILENO)) (void)fputs("\r\033[K", stderr);
  return 0;
}

static int summarise(const training *state) {
  run_result *result = state->result;
  result->steps = state->total_steps;
  result->ms_per_step = 1000 * result->seconds / (double)result->steps;
  result->final_loss = window_mean(&state->loss);
  result->sg_error = window_mean(&state->sg_error);
  result->sg_cosine = window_mean(&state->sg_cosine);
  result->test_accuracy = result->curve[result->curve_count - 1].test_accuracy;
  return measure_accuracy(state->objects, state->objects->train, result->steps,
                          &result->train_accuracy);
}

int save_path(const options *settings, method which, char path[PATH_SIZE]) {
  bool one = settings->method_count == 1;
  int length = snprintf(path, PATH_SIZE, "%s%s%s", settings->save, one ? "" : "-",
                        one ? "" : method_name(which));
  return length < PATH_SIZE ? 0 : fail("--save %s: too long", settings->save);
}

static int save(const options *settings, const session *objects, method which) {
  char path[PATH_SIZE];
  if (!settings->save) return 0;
  int problem = save_path(settings, which, path);
  if (problem != 0) return problem;
  return dni_network_save(objects->network, path) == DNI_OK ? 0 : library_failure();
}

int run_method(const options *settings, const data_source *source, method which,
               run_result *result) {
  session objects = {0};
  memset(result, 0, sizeof *result);
  result->which = which;
  int problem = session_open(settings, source, &objects, result);
  if (problem == 0) {
    training state = {.settings = settings, .objects = &objects, .result = result};
    state.total_steps = count_steps(settings, result->train_examples);
    uint64_t sixteenth = (state.total_steps + EVALUATIONS - 1) / EVALUATIONS;
    state.eval_every = settings->eval_every > 0 ? settings->eval_every : sixteenth;
    problem = train(&state);
    if (problem == 0) problem = summarise(&state);
  }
  if (problem == 0) problem = save(settings, &objects, which);
  session_close(&objects);
  return problem;
}

void run_release(run_result *result) {
  free(result->curve);
  result->curve = NULL;
}
