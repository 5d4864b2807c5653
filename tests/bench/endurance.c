/* Does a step take as long after 40,000 steps as after 10?
 *
 * Where a gradient becomes 0 for good (a dead unit, a pixel that is always 0), the optimiser's
 * moments decay until they are denormal, and a processor that computes with denormals is slow. So
 * for each case several copies of one network are trained on MNIST, each for another number of
 * steps, and then timed in turns: the machine's speed may drift, the ratio to the youngest copy does
 * not. MNIST is read from --data, where `make mnist` puts it. */

#include "common/bench.h"

enum { AGES = 4, TURNS = 11 };

static const size_t ages[AGES] = {10, 1000, 10000, 40000};
static size_t most = 40000;
static size_t only; /* the number of a case, from 1; 0: all */
static const char *data = "data/mnist";

/* A case; `dead` is the share of each hidden layer's units that never answer, in percent. */
typedef struct endurance {
  const char *name;
  bench_plan plan;
  size_t dead;
} endurance;

static const endurance cases[] = {
    {"batch 1, 1 x 128", {.depth = 1, .width = 128, .batch = 1, .plain = 1}, 0},
    {"batch 32, 1 x 128", {.depth = 1, .width = 128, .batch = 32, .plain = 1}, 0},
    {"batch 32, 2 x 512", {.depth = 2, .width = 512, .batch = 32}, 0},
    {"batch 256, 1 x 128", {.depth = 1, .width = 128, .batch = 256, .plain = 1}, 0},
    {"batch 32, 2 x 128, 20 % dead", {.depth = 2, .width = 128, .batch = 32, .plain = 1}, 20},
    {"batch 32, 2 x 128, 20 % dead, SGD with momentum",
     {.depth = 2, .width = 128, .batch = 32, .plain = 1, .momentum = 1, .rate = 0.01},
     20},
    {"batch 32, 70 x 128 sigmoid",
     {.depth = 70, .width = 128, .batch = 32, .plain = 1, .sigmoid = 1},
     0},
    {"batch 32, 2 x 128, SG everywhere",
     {.depth = 2, .width = 128, .batch = 32, .plain = 1, .sg = BENCH_EVERYWHERE},
     20},
    {"batch 32, 4 x 256, one SG, 2 threads",
     {.depth = 4,
      .width = 256,
      .batch = 32,
      .sg = 2,
      .schedule = DNI_SCHEDULE_PIPELINED,
      .threads = 2},
     20},
    {"batch 256, 2 x 512, products on 2 threads",
     {.depth = 2, .width = 512, .batch = 256, .plain = 1, .backend_threads = 2},
     20},
    {"batch 32, 2 x 128, 20 % dead, CBLAS",
     {.depth = 2, .width = 128, .batch = 32, .plain = 1, .backend = "cblas"},
     20},
};

/* Training. ------------------------------------------------------------------------------------ */

typedef struct trained {
  bench_model model;
  size_t steps;
} trained;

/* The bias of a unit that shall never answer. */
static void kill_units(const bench_model *model, size_t percent) {
  for (size_t i = 0; i + 1 < dni_network_layer_count(model->network); i++) {
    dni_matrix bias, gradient;
    dni_layer *layer = dni_network_layer(model->network, i);
    if (dni_layer_kind(layer) != DNI_LAYER_DENSE) continue;
    bench_must(dni_layer_parameter(layer, 1, &bias, &gradient), "bias");
    for (size_t unit = 0; unit < bias.columns * percent / 100; unit++)
      ((float *)bias.data)[unit] = -1e4f;
  }
}

/* Train for some steps; the seconds of the steps alone. */
static double train(trained *t, size_t steps) {
  double seconds = bench_mnist_train(&t->model, t->steps, steps, NULL);
  t->steps += steps;
  return seconds;
}

static void make(trained *t, const endurance *c, size_t age) {
  bench_plan plan = c->plan;
  if (plan.rate <= 0) plan.rate = 1e-3;
  if (!plan.backend) plan.backend = "builtin";
  bench_model_build(&t->model, &plan);
  kill_units(&t->model, c->dead);
  t->steps = 0;
  (void)train(t, age);
}

/* Steps of a turn. The youngest copy stays young: it makes TURNS of them. */
enum { STEPS = 40 };

/* Microseconds of a step in one turn of each copy. A turn begins with another copy each time: the
 * first may find threads asleep. */
static void take_turns(trained *copies, size_t count, size_t turn, double times[AGES][TURNS]) {
  for (size_t i = 0; i < count; i++) {
    size_t next = (i + turn) % count;
    times[next][turn] = 1e6 * train(&copies[next], STEPS) / STEPS;
  }
}

static void measure(const endurance *c) {
  trained copies[AGES];
  double times[AGES][TURNS], ratios[AGES][TURNS];
  size_t count = 0;
  while (count < AGES && ages[count] <= most) {
    make(&copies[count], c, ages[count]);
    count++;
  }
  for (size_t turn = 0; turn < TURNS; turn++) {
    take_turns(copies, count, turn, times);
    for (size_t i = 0; i < count; i++)
      ratios[i][turn] = times[i][turn] / times[0][turn];
  }
  bench_text("%-50s", c->name);
  for (size_t i = 0; i < count; i++) {
    double step = bench_median(times[i], TURNS), ratio = bench_median(ratios[i], TURNS);
    bench_text(" %10.1f %5.2f", step, ratio);
    bench_record("\"case\": \"%s\", \"steps\": %zu, \"us\": %.2f, \"ratio\": %.4f", c->name,
                 ages[i], step, ratio);
    bench_model_drop(&copies[i].model);
  }
  bench_text("\n");
}

int main(int count, char **words) {
  const bench_option options[] = {
      {"--steps", &most, NULL, "the oldest copy's steps: 10, 1000, 10000 or 40000"},
      {"--case", &only, NULL, "one case alone, counted from 1"},
      {"--data", NULL, &data, "the folder of MNIST's IDX files [data/mnist]"},
      {0}};
  bench_begin(count, words, "endurance", "is a step as fast after 40,000 steps as after 10?",
              options);
  bench_mnist_open(data);
  bench_text("microseconds a step, and relative to the first; float, MNIST\n\n%-50s",
             "steps so far");
  for (size_t i = 0; i < AGES && ages[i] <= most; i++)
    bench_text(" %10zu      ", ages[i]);
  bench_text("\n");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (only > 0 && only != i + 1) continue;
    if (cases[i].plan.backend && !bench_has_cblas()) continue;
    measure(&cases[i]);
  }
  bench_mnist_close();
  bench_end();
  return 0;
}
