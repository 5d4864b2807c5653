/* What is said of a training: lines on standard output, and --json-file. */
#include <math.h>
#include <string.h>

#include "train.h"

/* Text. -------------------------------------------------------------------------------------------- */

static void print_widths(dni_network *network) {
  (void)printf("network %zu", dni_network_inputs(network));
  for (size_t i = 0; i < dni_network_layer_count(network); i++) {
    const dni_layer *layer = dni_network_layer(network, i);
    if (dni_layer_kind(layer) == DNI_LAYER_DENSE) (void)printf("-%zu", dni_layer_outputs(layer));
  }
}

static void print_training(const session *s) {
  char word[NAME_SIZE];
  (void)printf(", batch %zu, %llu steps, %s", s->batch, (unsigned long long)s->total_steps,
               choice_word(WORDS_OPTIMISER, s->set->optimiser, word));
  (void)printf(" with rate %g", s->rate);
  if (s->set->sg != SGS_NONE)
    (void)printf(", SGs %s, %zu modules", choice_word(WORDS_SG, s->set->sg, word),
                 dni_trainer_module_count(s->trainer));
  if (dni_trainer_thread_count(s->trainer) > 1)
    (void)printf(" on %zu threads", dni_trainer_thread_count(s->trainer));
}

void report_heading(const session *s) {
  const data *d = &s->d;
  print_visible(stdout, s->set->data, SIZE_MAX);
  (void)printf(": %s, %zu examples", d->format, dni_dataset_examples(d->train));
  if (d->validation) (void)printf(" and %zu for validation", dni_dataset_examples(d->validation));
  (void)printf(", %zu features, ", d->features);
  if (!d->unlabelled)
    (void)printf("%zu %s\n", d->targets,
                 d->classes > 0   ? "classes"
                 : d->targets > 1 ? "targets"
                                  : "target");
  if (d->unlabelled) (void)puts("no targets");
  print_widths(s->network);
  if (s->trainer) print_training(s);
  (void)putchar('\n');
  (void)fflush(stdout);
}

static void print_accuracy(double accuracy) {
  if (!isnan(accuracy)) (void)printf(", %.2f %% right", 100 * accuracy);
}

void report_epoch(const session *s, const point *p) {
  (void)printf("epoch %llu, step %llu: loss %.4g", (unsigned long long)p->epoch,
               (unsigned long long)p->step, p->loss);
  print_accuracy(p->accuracy);
  if (s->d.validation) {
    (void)printf("; validation: loss %.4g", p->validation_loss);
    print_accuracy(p->validation_accuracy);
  }
  (void)putchar('\n');
  (void)fflush(stdout);
}

/* The squared error is 1/2 of the sum over the targets. NaN of other losses. */
static double rms_error(const session *s, const dni_evaluation *found) {
  return s->loss_kind == LOSS_SQUARED && s->d.classes == 0
             ? sqrt(2 * found->loss / (double)s->d.targets)
             : NAN;
}

static void print_evaluation(const session *s, const char *of, const dni_evaluation *found) {
  if (isnan(found->loss)) return;
  (void)printf("%s: loss %.4g", of, found->loss);
  print_accuracy(found->accuracy);
  const double error = rms_error(s, found);
  if (!isnan(error)) (void)printf(", root of the mean squared error %.4g", error);
  (void)putchar('\n');
}

void report_end(const run *r) {
  print_evaluation(r->s, r->s->trainer ? "training examples" : "examples", &r->train);
  print_evaluation(r->s, "validation examples", &r->validation);
}

/* JSON. -------------------------------------------------------------------------------------------- */

static void put_choice(json_t *into, const char *key, choice which, int index) {
  char word[NAME_SIZE];
  put_text(into, key, choice_word(which, index, word));
}

static void put_maybe_text(json_t *into, const char *key, const char *text) {
  put(into, key, text ? text_json(text) : json_null());
}

static json_t *data_json(const session *s) {
  const data *d = &s->d;
  json_t *into = json_object();
  put_text(into, "path", s->set->data);
  put_text(into, "format", d->format);
  put_maybe_text(into, "validation", s->set->validation);
  put_count(into, "examples", dni_dataset_examples(d->train));
  put_count(into, "validation_examples", dni_dataset_examples(d->validation));
  put_count(into, "features", d->features);
  put_count(into, "targets", d->targets);
  put_count(into, "classes", d->classes);
  return into;
}

static json_t *network_json(const session *s) {
  json_t *list = json_array();
  for (size_t i = 0; i < dni_network_layer_count(s->network); i++) {
    const dni_layer *layer = dni_network_layer(s->network, i);
    json_t *into = json_object();
    dni_sg *sg = NULL;
    append(list, into);
    put_text(into, "kind", dni_layer_kind_name(layer));
    put_count(into, "inputs", dni_layer_inputs(layer));
    put_count(into, "outputs", dni_layer_outputs(layer));
    if (dni_layer_activation(layer) >= 0)
      put_text(into, "activation", dni_activation_name(dni_layer_activation(layer)));
    if (dni_network_sg(s->network, i, &sg) == DNI_OK && sg)
      put_text(into, "sg", dni_sg_kind_name(sg));
  }
  return list;
}

static json_t *settings_json(const session *s) {
  const settings *set = s->set;
  json_t *into = json_object();
  put_choice(into, "sg", WORDS_SG, set->sg);
  put_choice(into, "loss", WORDS_LOSS, (int)s->loss_kind);
  put_choice(into, "optimiser", WORDS_OPTIMISER, set->optimiser);
  put_choice(into, "schedule", WORDS_SCHEDULE, set->schedule);
  put_choice(into, "decay", WORDS_DECAY, set->decay);
  put_choice(into, "dtype", WORDS_DTYPE, set->dtype);
  put_real(into, "rate", s->rate);
  put_real(into, "sg_rate", s->sg_rate);
  put_count(into, "warm_up", s->warm_up);
  put_real(into, "dropout", set->dropout);
  put_real(into, "clip_norm", set->clip_norm);
  put_count(into, "batch", s->batch);
  put_count(into, "steps", s->total_steps);
  put_count(into, "steps_of_epoch", s->steps_of_epoch);
  put_count(into, "seed", set->seed);
  put_count(into, "modules", dni_trainer_module_count(s->trainer));
  put_count(into, "threads", dni_trainer_thread_count(s->trainer));
  put_maybe_text(into, "load", set->load);
  put_maybe_text(into, "save", set->save);
  put_maybe_text(into, "checkpoint", set->checkpoint);
  return into;
}

static json_t *evaluations_json(const run *r) {
  json_t *list = json_array();
  for (size_t i = 0; i < r->epochs.count; i++) {
    const point *p = &r->epochs.points[i];
    json_t *into = json_object();
    append(list, into);
    put_count(into, "epoch", p->epoch);
    put_count(into, "step", p->step);
    put_real(into, "seconds", p->seconds);
    put_real(into, "rate", p->rate);
    put_real(into, "loss", p->loss);
    put_real(into, "accuracy", p->accuracy);
    put_real(into, "validation_loss", p->validation_loss);
    put_real(into, "validation_accuracy", p->validation_accuracy);
  }
  return list;
}

static json_t *evaluation_json(const session *s, const dni_evaluation *found) {
  json_t *into = json_object();
  put_real(into, "loss", found->loss);
  put_real(into, "accuracy", found->accuracy);
  put_real(into, "root_mean_squared_error", rms_error(s, found));
  return into;
}

static json_t *results_json(const run *r) {
  const session *s = r->s;
  json_t *into = json_object();
  put_count(into, "resumed_at_step", r->resumed_at);
  put_count(into, "steps", dni_trainer_step_count(s->trainer));
  put_real(into, "seconds", r->seconds);
  put(into, "training", evaluation_json(s, &r->train));
  put(into, "validation", evaluation_json(s, &r->validation));
  return into;
}

int report_json(const run *r) {
  const session *s = r->s;
  replacement to;
  int status = replacement_begin(&to, "--json-file", s->set->json_file);
  if (status != 0) return status;
  json_t *all = json_object();
  put_text(all, "program", "dni-train");
  put_text(all, "version", dni_version_string());
  put_text(all, "build", dni_build_info());
  put(all, "data", data_json(s));
  put(all, "network", network_json(s));
  put(all, "settings", settings_json(s));
  put(all, "evaluations", evaluations_json(r));
  put(all, "results", results_json(r));
  status = json_print(to.file, all);
  json_decref(all);
  return replacement_end(&to, status);
}
