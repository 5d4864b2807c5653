/* What an SG after every hidden layer adds to a training step, by kind: whole steps on one thread, all
 * kinds in turns, so that they see the same machine. */
#include <stdlib.h>

#include "common/bench.h"

enum { ROUNDS_MOST = 100 };

/* NULL: backpropagation. */
static const char *const kinds[] = {
    NULL, "sg", "least squares", "least squares / 4", "least squares r", "local"};
enum { KINDS = sizeof kinds / sizeof kinds[0], ADAM = 1 };

static void build(bench_model *model, size_t depth, size_t width, size_t batch, int kind) {
  bench_plan plan = {.depth = depth, .width = width, .batch = batch, .backend = "builtin"};
  plan.sg = kinds[kind] ? BENCH_EVERYWHERE : 0;
  plan.estimator = kinds[kind];
  bench_model_build(model, &plan);
  bench_model_step(model, NULL); /* caches and working space */
}

static double time_step(bench_model *model) {
  double start = bench_now();
  bench_model_step(model, NULL);
  return bench_now() - start;
}

static void report(size_t depth, size_t batch, const double *medians) {
  for (int k = 0; k < KINDS; k++) {
    double layer = (medians[k] - medians[0]) / (double)depth;
    const char *name = kinds[k] ? kinds[k] : "backpropagation";
    bench_text("%5zu  %-18s %8.2f ms  %6.3f ms a layer  %6.2f\n", batch, name, 1e3 * medians[k],
               1e3 * layer, medians[k] / medians[ADAM]);
    bench_record("\"batch\": %zu, \"kind\": \"%s\", \"step_ms\": %.4f, \"layer_ms\": %.4f, "
                 "\"to_adam\": %.4f",
                 batch, name, 1e3 * medians[k], 1e3 * layer, medians[k] / medians[ADAM]);
  }
}

static void measure(size_t depth, size_t width, size_t batch, size_t rounds) {
  bench_model models[KINDS];
  double times[KINDS][ROUNDS_MOST], medians[KINDS];
  for (int k = 0; k < KINDS; k++)
    build(&models[k], depth, width, batch, k);
  for (size_t r = 0; r < rounds; r++)
    for (int k = 0; k < KINDS; k++)
      times[k][r] = time_step(&models[k]);
  for (int k = 0; k < KINDS; k++) {
    medians[k] = bench_median(times[k], rounds);
    bench_model_drop(&models[k]);
  }
  report(depth, batch, medians);
}

int main(int count, char **words) {
  size_t depth = 20, width = 512, batch = 0, rounds = 15;
  const bench_option options[] = {{"--depth", &depth, NULL, "hidden layers [20]"},
                                  {"--width", &width, NULL, "their units [512]"},
                                  {"--batch", &batch, NULL, "one batch size [256 and 32]"},
                                  {"--rounds", &rounds, NULL, "measurements of each [15]"},
                                  {0}};
  bench_begin(count, words, "sg_kinds", "steps with an SG after every layer, by kind", options);
  if (rounds > ROUNDS_MOST) rounds = ROUNDS_MOST;
  const size_t both[] = {256, 32}, *batches = batch ? &batch : both;
  bench_text("%zu x %zu, one thread, float, medians of %zu\n"
             "batch  SGs                    step       what they add     step / step of sg\n",
             depth, width, rounds);
  for (size_t i = 0; i < (batch ? 1u : 2u); i++)
    measure(depth, width, batches[i], rounds);
  bench_end();
  return 0;
}
