/* Trains one method and measures it. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mnist.h"

enum { EVALUATIONS = 16 }; /* in a run, unless --eval-every says otherwise */

static const double milestone = 0.975; /* seconds_to_975 */

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

/* What the step callback works on. */
typedef struct training {
  const options *settings;
  const session *objects;
  run_result *result;
  uint64_t eval_every;
  window loss, sg_error, sg_cosine;
  double lag_sum; /* of lag_count interfaces between modules in steps */
  uint64_t lag_count;
  uint64_t resumed_at;           /* step; 0: it began anew */
  double started, paused, shown; /* seconds; paused: spent outside training since started */
  bool reached;                  /* what --until asks for */
  int problem;                   /* exit status of a failed evaluation, 0 if none */
} training;

/* Share of `dataset` classified right. `step` is for the message of a failure. */
static int measure_accuracy(const session *objects, const dni_dataset *dataset, uint64_t step,
                            double *accuracy) {
  dni_evaluation answer = {.struct_size = sizeof answer};
  dni_status status = dni_network_evaluate(objects->network, objects->loss, dataset, NULL, &answer);
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
  run_result *result = state->result;
  curve_point point = {step, seconds, 0, window_mean(&state->loss)};
  int problem = measure_accuracy(state->objects, state->objects->test, step, &point.test_accuracy);
  if (problem != 0) return problem;
  if (isnan(result->seconds_to_975) && point.test_accuracy >= milestone)
    result->seconds_to_975 = seconds;
  double until = state->settings->until;
  state->reached = until > 0 && point.test_accuracy >= until;
  return add_curve_point(result, &point);
}

static void show_progress(training *state, uint64_t step, double seconds) {
  const run_result *result = state->result;
  double time = seconds_now();
  if (time - state->shown < 0.1 || !isatty(STDERR_FILENO)) return;
  state->shown = time;
  (void)fprintf(stderr, "\r%-8s  step %llu of %llu  loss %.4f  %.1f ms/step",
                method_name(result->which), (unsigned long long)step,
                (unsigned long long)result->total_steps, window_mean(&state->loss),
                1000 * seconds / (double)(step - state->resumed_at));
  if (result->curve_count > 0)
    (void)fprintf(stderr, "  test %.2f %%",
                  100 * result->curve[result->curve_count - 1].test_accuracy);
  (void)fputs("\033[K", stderr);
}

/* Mean of `values` over the interfaces that have one in this step. */
static double interface_mean(const double *values, size_t count) {
  double sum = 0;
  size_t known = 0;
  for (size_t i = 0; values && i < count; i++) {
    if (isnan(values[i])) continue;
    sum += values[i];
    known++;
  }
  return known > 0 ? sum / (double)known : NAN;
}

/* Between modules; inside a module nothing is ever late. */
static void add_lags(training *state, const dni_step_report *report) {
  size_t below, above;
  for (size_t i = 0; report->target_lag && i + 1 < report->layer_count; i++) {
    if (dni_trainer_layer_module(state->objects->trainer, i, &below) != DNI_OK ||
        dni_trainer_layer_module(state->objects->trainer, i + 1, &above) != DNI_OK)
      return;
    if (below == above || report->target_lag[i] == DNI_NONE) continue;
    state->lag_sum += (double)report->target_lag[i];
    state->lag_count++;
  }
}

static void add_report(training *state, const dni_step_report *report) {
  window_add(&state->loss, report->loss);
  window_add(&state->sg_error, interface_mean(report->sg_mse, report->layer_count));
  window_add(&state->sg_cosine, interface_mean(report->sg_cosine, report->layer_count));
  if (state->settings->schedule == DNI_SCHEDULE_PIPELINED) add_lags(state, report);
  state->result->steps = report->step;
}

/* With modules on threads the network may be looked at only when they rest, and until then training
 * goes on whatever this does: only a rest is a pause. */
static dni_status after_step(void *user, const dni_step_report *report) {
  training *state = user;
  double arrived = seconds_now();
  double seconds = arrived - state->started - state->paused;
  bool due = report->step % state->eval_every == 0 || report->step == state->result->total_steps;
  add_report(state, report);
  state->result->seconds = seconds;
  if (report->settled && due) state->problem = evaluate(state, report->step, seconds);
  if (state->problem == 0) show_progress(state, report->step, seconds);
  if (report->settled) state->paused += seconds_now() - arrived;
  return state->problem != 0 || state->reached;
}

/* 0 if it has no such setting. */
static double rate_of(dni_trainer *trainer) {
  double rate;
  const dni_optimiser *optimiser = dni_trainer_module_optimiser(trainer, 0);
  return dni_optimiser_get_f64(optimiser, DNI_SETTING_LEARNING_RATE, &rate) == DNI_OK ? rate : 0;
}

/* Go on from the checkpoint; where there is none yet, from the beginning. Its rate is loaded, too, so that
 * another one that was asked for would be shown and not be used. */
static int resume(const training *state, const char *path) {
  dni_trainer *trainer = state->objects->trainer;
  const double asked = rate_of(trainer);
  if (access(path, F_OK) != 0 && errno == ENOENT) return 0;
  if (dni_trainer_load(trainer, path, NULL) != DNI_OK) return library_failure();
  const double found = rate_of(trainer);
  if (found < asked || found > asked)
    return fail("--resume: %s is of a training with rate %g, not %g", path, found, asked);
  return 0;
}

static int prepare_checkpoint(const training *state, dni_fit_options *plan, char path[PATH_SIZE]) {
  const options *settings = state->settings;
  if (!settings->checkpoint) return 0;
  int problem =
      method_path(settings, "--checkpoint", settings->checkpoint, state->result->which, path);
  if (problem != 0) return problem;
  plan->checkpoint = path;
  plan->checkpoint_every = settings->checkpoint_every;
  return settings->resume ? resume(state, path) : 0;
}

/* One that was resumed at its end is only measured. */
static int measure_end(training *state) {
  run_result *result = state->result;
  if (result->curve_count > 0) return 0;
  result->steps = dni_trainer_step_count(state->objects->trainer);
  return evaluate(state, result->steps, 0);
}

static int train(training *state) {
  char path[PATH_SIZE];
  dni_fit_options plan = {.struct_size = sizeof plan};
  int problem = prepare_checkpoint(state, &plan, path);
  if (problem != 0) return problem;
  state->resumed_at = dni_trainer_step_count(state->objects->trainer);
  plan.batch = state->settings->batch;
  plan.steps = state->result->total_steps;
  plan.callback = after_step;
  plan.callback_user = state;
  plan.settle_every = state->eval_every;
  state->started = seconds_now();
  dni_status status = dni_trainer_fit(state->objects->trainer, state->objects->train, &plan);
  if (state->problem != 0) return state->problem; /* its line has been printed */
  if (status != DNI_OK) return library_failure();
  if (isatty(STDERR_FILENO)) (void)fputs("\r\033[K", stderr);
  return measure_end(state);
}

static int summarise(const training *state) {
  run_result *result = state->result;
  const uint64_t made = result->steps - state->resumed_at;
  result->ms_per_step = made > 0 ? 1000 * result->seconds / (double)made : NAN;
  result->final_loss = window_mean(&state->loss);
  result->sg_error = window_mean(&state->sg_error);
  result->sg_cosine = window_mean(&state->sg_cosine);
  result->target_lag = state->lag_count > 0 ? state->lag_sum / (double)state->lag_count : NAN;
  result->test_accuracy = result->curve[result->curve_count - 1].test_accuracy;
  return measure_accuracy(state->objects, state->objects->train, result->steps,
                          &result->train_accuracy);
}

int method_path(const options *settings, const char *option, const char *file, method which,
                char path[PATH_SIZE]) {
  bool one = settings->method_count == 1;
  int length =
      snprintf(path, PATH_SIZE, "%s%s%s", file, one ? "" : "-", one ? "" : method_name(which));
  return length < PATH_SIZE ? 0 : fail("%s %s: too long", option, file);
}

static int save(const options *settings, const session *objects, method which) {
  char path[PATH_SIZE];
  if (!settings->save) return 0;
  int problem = method_path(settings, "--save", settings->save, which, path);
  if (problem != 0) return problem;
  return dni_network_save(objects->network, path) == DNI_OK ? 0 : library_failure();
}

int run_method(const options *settings, const data_source *source, method which,
               run_result *result) {
  session objects = {0};
  memset(result, 0, sizeof *result);
  result->which = which;
  result->seconds_to_975 = NAN;
  int problem = session_open(settings, source, &objects, result);
  if (problem == 0) {
    training state = {.settings = settings, .objects = &objects, .result = result};
    uint64_t sixteenth = (result->total_steps + EVALUATIONS - 1) / EVALUATIONS;
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
