/* The training. SIGINT and SIGTERM stop it between two steps; its state is then saved if there is a file for
 * it. A second signal ends the program at once. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "train.h"

enum { CURVE_POINTS = 300 };
static const double progress_every = 0.1; /* seconds */

/* Means of batches since the last point. */
typedef struct window {
  double loss, accuracy;
  uint64_t steps;
} window;

typedef struct training {
  run *r;
  session *s;
  window epoch, curve;
  uint64_t curve_every, evaluate_every;
  double started, shown;
  bool out_of_memory;
} training;

/* Signals. ----------------------------------------------------------------------------------------- */

static dni_trainer *volatile stopped;
static volatile sig_atomic_t signal_seen;

static void forget_signals(void) {
  (void)signal(SIGINT, SIG_DFL);
  (void)signal(SIGTERM, SIG_DFL);
}

/* The next one, whichever it is, ends the program. */
static void stop(int number) {
  signal_seen = number;
  forget_signals();
  dni_trainer_cancel(stopped);
}

static void listen_to_signals(dni_trainer *trainer) {
  struct sigaction action = {.sa_handler = stop};
  stopped = trainer;
  (void)sigemptyset(&action.sa_mask);
  (void)sigaction(SIGINT, &action, NULL);
  (void)sigaction(SIGTERM, &action, NULL);
}

/* Points. ------------------------------------------------------------------------------------------ */

static bool add_point(point_list *list, const point *added) {
  if (list->count == list->room) {
    const size_t room = list->room > 0 ? 2 * list->room : 64;
    point *larger = realloc(list->points, room * sizeof *larger);
    if (!larger) return false;
    list->points = larger;
    list->room = room;
  }
  list->points[list->count++] = *added;
  return true;
}

static void window_add(window *w, const dni_step_report *report) {
  w->loss += report->loss;
  w->accuracy += report->accuracy;
  w->steps++;
}

/* A point of the window, which begins anew. */
static point window_point(const training *t, window *w, const dni_step_report *report) {
  const double factor = t->s->loss_factor, steps = (double)w->steps;
  point p = {.step = report->step, .epoch = report->epoch, .rate = report->rate};
  p.seconds = seconds_now() - t->started;
  p.loss = factor * w->loss / steps;
  p.accuracy = w->accuracy / steps;
  p.validation_loss = report->validated ? factor * report->validation_loss : NAN;
  p.validation_accuracy = report->validated ? report->validation_accuracy : NAN;
  *w = (window){0};
  return p;
}

static void show_progress(training *t, const dni_step_report *report) {
  const double now = seconds_now();
  const uint64_t made = report->step - t->r->resumed_at;
  if (now - t->shown < progress_every) return;
  t->shown = now;
  progress("epoch %llu, step %llu of %llu, loss %.4g, %.1f ms/step",
           (unsigned long long)report->epoch, (unsigned long long)report->step,
           (unsigned long long)t->s->total_steps, t->s->loss_factor * report->loss,
           1000 * (now - t->started) / (double)made);
}

static bool is_evaluation(const training *t, const dni_step_report *report) {
  if (t->s->d.validation) return report->validated;
  return report->step % t->evaluate_every == 0 || report->step == t->s->total_steps;
}

static dni_status after_step(void *user, const dni_step_report *report) {
  training *t = user;
  window_add(&t->epoch, report);
  window_add(&t->curve, report);
  if (report->step % t->curve_every == 0) {
    const point p = window_point(t, &t->curve, report);
    t->out_of_memory |= !add_point(&t->r->curve, &p);
  }
  if (is_evaluation(t, report)) {
    const point p = window_point(t, &t->epoch, report);
    t->out_of_memory |= !add_point(&t->r->epochs, &p);
    progress(NULL);
    report_epoch(t->s, &p);
  }
  show_progress(t, report);
  return t->out_of_memory;
}

/* Checkpoints. ------------------------------------------------------------------------------------- */

/* Settings of optimisers are in the file, and what was asked for here would not be used. */
static const struct {
  dni_setting setting;
  const char *module_option, *sg_option;
} kept_settings[] = {{DNI_SETTING_LEARNING_RATE, "--rate", "--sg-rate"},
                     {DNI_SETTING_MOMENTUM, "--momentum", "--momentum"},
                     {DNI_SETTING_WEIGHT_DECAY, "--weight-decay", "--weight-decay"},
                     {DNI_SETTING_CLIP_NORM, "--clip-norm", "--clip-norm"}};
enum { KEPT = sizeof kept_settings / sizeof kept_settings[0] };

/* Of one optimiser; 0 where it has no such setting. */
static void read_settings(const dni_optimiser *optimiser, double values[KEPT]) {
  for (size_t i = 0; i < KEPT; i++)
    if (!optimiser ||
        dni_optimiser_get_f64(optimiser, kept_settings[i].setting, &values[i]) != DNI_OK)
      values[i] = 0;
}

typedef struct kept {
  double module[KEPT], sg[KEPT]; /* of the lowest optimisers: all are alike */
} kept;

static kept kept_of(dni_trainer *trainer, dni_network *network) {
  kept found;
  dni_optimiser *module = NULL, *sg = NULL;
  for (size_t i = 0; !module && i < dni_trainer_module_count(trainer); i++)
    module = dni_trainer_module_optimiser(trainer, i);
  for (size_t i = 0; !sg && i < dni_network_layer_count(network); i++)
    sg = dni_trainer_sg_optimiser(trainer, i);
  read_settings(module, found.module);
  read_settings(sg, found.sg);
  return found;
}

static int check_settings(const char *path, const double asked[KEPT], const double found[KEPT],
                          bool of_sgs) {
  for (size_t i = 0; i < KEPT; i++)
    if (found[i] < asked[i] || found[i] > asked[i])
      return fail("--resume: %s is of a training with %s %g, not %g", path,
                  of_sgs ? kept_settings[i].sg_option : kept_settings[i].module_option, found[i],
                  asked[i]);
  return 0;
}

/* Where there is no file yet, from the beginning. */
static int resume(const session *s) {
  const char *path = s->set->checkpoint;
  const kept asked = kept_of(s->trainer, s->network);
  if (access(path, F_OK) != 0 && errno == ENOENT) return 0;
  if (dni_trainer_load(s->trainer, path, NULL) != DNI_OK) return library_failure();
  const kept found = kept_of(s->trainer, s->network);
  int status = check_settings(path, asked.module, found.module, false);
  return status == 0 ? check_settings(path, asked.sg, found.sg, true) : status;
}

static int end_interrupted(run *r) {
  const session *s = r->s;
  const unsigned long long step = dni_trainer_step_count(s->trainer);
  const char *path = s->set->checkpoint;
  r->signal = signal_seen;
  if (!path) {
    (void)fail("stopped after step %llu, and without --checkpoint nothing is saved", step);
    return INTERRUPTED;
  }
  if (dni_trainer_save(s->trainer, path) != DNI_OK) return library_failure();
  (void)fail("stopped after step %llu, --resume goes on from %s", step, path);
  return INTERRUPTED;
}

/* All. --------------------------------------------------------------------------------------------- */

static uint64_t asked_or(uint64_t count, uint64_t otherwise) {
  return count == COUNT_UNSET ? otherwise : count;
}

static dni_status fit(training *t) {
  const session *s = t->s;
  dni_fit_options plan = {.struct_size = sizeof plan, .batch = s->batch, .steps = s->total_steps};
  plan.callback = after_step;
  plan.callback_user = t;
  plan.settle_every = s->total_steps; /* the callback looks at nothing but its report */
  plan.validation = s->d.validation;
  plan.validate_every = asked_or(s->set->evaluate_every, 0);
  plan.checkpoint = s->set->checkpoint;
  plan.checkpoint_every = asked_or(s->set->checkpoint_every, 0);
  return dni_trainer_fit(s->trainer, s->d.train, &plan);
}

int run_training(session *s, run *r) {
  training t = {.r = r, .s = s};
  int status = s->set->resume ? resume(s) : 0;
  if (status != 0) return status;
  r->resumed_at = dni_trainer_step_count(s->trainer);
  t.curve_every = (s->total_steps + CURVE_POINTS - 1) / CURVE_POINTS;
  t.evaluate_every = asked_or(s->set->evaluate_every, s->steps_of_epoch);
  t.started = seconds_now();
  listen_to_signals(s->trainer);
  dni_status answer = fit(&t);
  forget_signals();
  progress(NULL);
  r->seconds = seconds_now() - t.started;
  if (t.out_of_memory) return fail("out of memory");
  if (answer == DNI_ERROR_CANCELLED) return end_interrupted(r);
  return answer == DNI_OK ? 0 : library_failure();
}

static dni_status evaluate(const session *s, const dni_dataset *examples, dni_evaluation *out) {
  *out = (dni_evaluation){.struct_size = sizeof *out, .loss = NAN, .accuracy = NAN, .metric = NAN};
  if (!examples || s->d.unlabelled) return DNI_OK;
  dni_status status = dni_network_evaluate(s->network, s->loss, examples, NULL, out);
  out->loss *= s->loss_factor;
  return status;
}

int run_evaluate(session *s, run *r) {
  const int status = evaluate(s, s->d.train, &r->train) == DNI_OK ? 0 : library_failure();
  return evaluate(s, s->d.validation, &r->validation) == DNI_OK ? status : library_failure();
}

void run_release(run *r) {
  free(r->epochs.points);
  free(r->curve.points);
}
