/* libdni's worker of bench-peers (peers.py): trains a network as it is told, line by line, and says
 * how long that took. The lines on stdin, each answered by one on stdout:
 *
 *   case KEY=VALUE ...  make this network anew: "ready"
 *   dump FILE           its batch and its dense layers' weights, raw floats in this order: "ready"
 *   go N                train N steps: their seconds, and the loss of the last one that is complete
 *   free                forget the network: "ready"
 *   backends            the backends there are
 *
 * Keys: depth, width, batch; plain 1 for no batch normalisation; bf16 1 for products of bf16,
 * bf16-activations 1 and bf16-moments 1 for what is kept so; sg 0 (none), all, or the number of the hidden layer it is after; backend; backend-threads; schedule sequential or pipelined;
 * threads, in-flight; rate, of Adam, in millionths; mnist, a folder: each step has a batch of its
 * own. A case can also be given on the command line,
 * as --depth 20 --sg 10 --schedule pipelined and so on. Pipelined steps are timed up to
 * dni_trainer_flush; the loss is read before that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/bench.h"

static bench_model model;
static int built;
static size_t trained; /* steps of the present case */
static int on_mnist;   /* else on the model's own batch */

/* Cases. --------------------------------------------------------------------------------------- */

static size_t number(const char *key, const char *value) {
  char *end;
  long result = strtol(value, &end, 10);
  if (result < 0 || end == value || *end) bench_fail(key, "not a number");
  return (size_t)result;
}

static int32_t schedule(const char *value) {
  if (strcmp(value, "sequential") == 0) return DNI_SCHEDULE_SEQUENTIAL;
  if (strcmp(value, "pipelined") == 0) return DNI_SCHEDULE_PIPELINED;
  bench_fail(value, "no such schedule");
}

static void set_number(bench_plan *plan, const char *key, size_t value) {
  size_t *place = strcmp(key, "depth") == 0             ? &plan->depth
                  : strcmp(key, "width") == 0           ? &plan->width
                  : strcmp(key, "batch") == 0           ? &plan->batch
                  : strcmp(key, "sg") == 0              ? &plan->sg
                  : strcmp(key, "backend-threads") == 0 ? &plan->backend_threads
                  : strcmp(key, "threads") == 0         ? &plan->threads
                  : strcmp(key, "in-flight") == 0       ? &plan->in_flight
                                                        : NULL;
  if (place)
    *place = value;
  else if (strcmp(key, "plain") == 0)
    plan->plain = value != 0;
  else if (strcmp(key, "bf16") == 0)
    plan->bf16 = value != 0;
  else if (strcmp(key, "bf16-activations") == 0)
    plan->bf16_activations = value != 0;
  else if (strcmp(key, "bf16-moments") == 0)
    plan->bf16_moments = value != 0;
  else if (strcmp(key, "rate") == 0)
    plan->rate = 1e-6 * (double)value;
  else
    bench_fail(key, "no such key");
}

static void set(bench_plan *plan, const char *key, const char *value) {
  if (strcmp(key, "backend") == 0)
    plan->backend = strcmp(value, "cblas") == 0 ? "cblas" : "builtin";
  else if (strcmp(key, "schedule") == 0)
    plan->schedule = schedule(value);
  else if (strcmp(key, "sg") == 0 && strcmp(value, "all") == 0)
    plan->sg = BENCH_EVERYWHERE;
  else if (strcmp(key, "mnist") == 0)
    bench_mnist_open(value), on_mnist = 1;
  else
    set_number(plan, key, number(key, value));
}

static bench_plan usual(void) {
  on_mnist = 0;
  return (bench_plan){.depth = 20, .width = 512, .batch = 256, .backend = "builtin"};
}

static void drop(void) {
  if (built) bench_model_drop(&model);
  built = 0;
  trained = 0;
}

static void build(const bench_plan *plan) {
  drop();
  bench_model_build(&model, plan);
  built = 1;
}

static void build_from_line(char *words) {
  bench_plan plan = usual();
  for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
    char *equals = strchr(word, '=');
    if (!equals) bench_fail(word, "not KEY=VALUE");
    *equals = 0;
    set(&plan, word, equals + 1);
  }
  build(&plan);
  puts("ready");
}

static void build_from_arguments(int count, char **words) {
  bench_plan plan = usual();
  for (int i = 1; i < count; i += 2) {
    if (strncmp(words[i], "--", 2) != 0 || i + 1 == count) bench_fail(words[i], "not --KEY VALUE");
    set(&plan, words[i] + 2, words[i + 1]);
  }
  build(&plan);
}

/* Work. ---------------------------------------------------------------------------------------- */

static double train(size_t steps, dni_step_report *report) {
  if (on_mnist) return bench_mnist_train(&model, trained, steps, report);
  double start = bench_now();
  for (size_t i = 0; i < steps; i++)
    bench_model_step(&model, report);
  if (model.plan.schedule == DNI_SCHEDULE_PIPELINED)
    bench_must(dni_trainer_flush(model.trainer), "flush");
  return bench_now() - start;
}

static void go(size_t steps) {
  dni_step_report report = {.struct_size = sizeof report};
  if (!built) bench_fail("go", "there is no case yet");
  double seconds = train(steps, &report);
  trained += steps;
  printf("%.9f %.9g\n", seconds, report.loss);
}

static void put(FILE *file, const float *values, size_t count) {
  if (fwrite(values, sizeof *values, count, file) != count) bench_fail("dump", "cannot be written");
}

/* Matrices of parameters have no gaps between rows. */
static void put_layer(FILE *file, dni_layer *layer) {
  dni_matrix value, gradient;
  if (dni_layer_kind(layer) != DNI_LAYER_DENSE) return;
  for (size_t i = 0; i < dni_layer_parameter_count(layer); i++) {
    bench_must(dni_layer_parameter(layer, i, &value, &gradient), "parameter");
    put(file, value.data, value.rows * value.columns);
  }
}

static void dump(const char *path) {
  FILE *file = fopen(path, "wb");
  if (!file || !built) bench_fail("dump", "cannot be written, or there is no case yet");
  put(file, model.x, model.plan.batch * BENCH_INPUTS);
  put(file, model.y, model.plan.batch * BENCH_CLASSES);
  for (size_t i = 0; i < dni_network_layer_count(model.network); i++)
    put_layer(file, dni_network_layer(model.network, i));
  if (fclose(file) != 0) bench_fail("dump", "cannot be written");
  puts("ready");
}

static void obey(char *line) {
  line[strcspn(line, "\n")] = 0;
  if (strncmp(line, "case ", 5) == 0)
    build_from_line(line + 5);
  else if (strncmp(line, "dump ", 5) == 0)
    dump(line + 5);
  else if (strncmp(line, "go ", 3) == 0)
    go(number("go", line + 3));
  else if (strcmp(line, "free") == 0)
    drop(), puts("ready");
  else if (strcmp(line, "backends") == 0)
    puts(bench_has_cblas() ? "builtin cblas" : "builtin");
  else
    bench_fail(line, "not understood");
}

int main(int count, char **words) {
  char line[1024];
  if (count > 1) build_from_arguments(count, words);
  while (fgets(line, sizeof line, stdin)) {
    obey(line);
    if (fflush(stdout) != 0) bench_fail("standard output", "cannot be written");
  }
  drop();
  return 0;
}
