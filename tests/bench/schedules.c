/* What do two cores give? Ways of training the same network (20 hidden layers of 512, ReLU, batch
 * normalisation, Adam, float) with two threads, each beside the sequential schedule with one
 * synthetic gradient on one thread, at batch 32, 64 and 256:
 *
 *   locked     backpropagation with the products on two threads (builtin, CBLAS), micro-batches in
 * 2, 4 and 8 parts through two threads decoupled  two modules on two threads with a synthetic
 * gradient, a local loss, delayed gradients or nothing between them; synthetic gradients
 * everywhere, dealt to two threads
 *
 * The two modules take equally long by measurement (dni_network_measure, dni_costs_balance). All
 * ways take turns, some steps each; of each the median time of a step is printed, and the median of
 * its speed over that of the reference in the same turn. Losses of speed are printed like gains.
 * --modules N: instead, speed against the number of modules, 1 to N, on as many threads.
 *
 *   build/bench/schedules [--depth N] [--width N] [--rounds N] [--modules N] [--bf16 1] [--json]
 *   2 minutes */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dni/research.h>

#include "common/bench.h"

enum { FILL = 3, WAYS_MOST = 16, ROUNDS_MOST = 200, DEPTH_MOST = 1000 };

typedef struct settings {
  size_t depth, width, rounds, modules, batch, bf16;
} settings;

typedef struct way {
  const char *name;
  bench_plan plan;
  bench_model model;
  double times[ROUNDS_MOST], speeds[ROUNDS_MOST];
} way;

static way ways[WAYS_MOST];
static size_t way_count;

/* Where `modules` - 1 SGs go so that the modules take equally long: hidden layers, from 1, as marks
 * in `at`. */
static void place(const bench_plan *plan, size_t modules, unsigned char *at) {
  static double seconds[2 * DEPTH_MOST + 1], sg_seconds[2 * DEPTH_MOST + 1], costs[DEPTH_MOST + 1];
  static size_t counts[DEPTH_MOST + 1];
  bench_model probe;
  dni_optimiser *adam;
  bench_plan one = *plan;
  one.schedule = DNI_SCHEDULE_SEQUENTIAL;
  one.threads = 0;
  one.sg = plan->depth / 2;
  one.sg_at = NULL;
  bench_model_build(&probe, &one);
  bench_must(dni_optimiser_create_adam(probe.context, 1e-5, &adam), "Adam");
  bench_must(dni_network_measure(probe.network, plan->batch, adam, seconds, sg_seconds,
                                 dni_network_layer_count(probe.network)),
             "measure");
  for (size_t i = 0; i < plan->depth; i++)
    costs[i] = seconds[2 * i] + seconds[2 * i + 1];
  costs[plan->depth] = seconds[2 * plan->depth];
  bench_must(dni_costs_balance(costs, plan->depth + 1, modules, sg_seconds[2 * one.sg - 1], counts),
             "balance");
  dni_optimiser_release(adam);
  bench_model_drop(&probe);
  for (size_t m = 0, layer = 0; m + 1 < modules; m++) {
    layer += counts[m];
    at[layer] = 1;
  }
}

static void add_way(const char *name, bench_plan plan) {
  if (way_count == WAYS_MOST) bench_fail(name, "too many ways");
  ways[way_count++] = (way){.name = name, .plan = plan};
}

static bench_plan base(const settings *set) {
  return (bench_plan){.depth = set->depth,
                      .width = set->width,
                      .batch = set->batch,
                      .bf16 = set->bf16 > 0,
                      .backend = "builtin"};
}

/* Two modules with this between them. */
static bench_plan two_modules(const settings *set, const char *estimator, const unsigned char *at,
                              int32_t schedule) {
  bench_plan plan = base(set);
  plan.estimator = estimator;
  plan.sg_at = at;
  plan.schedule = schedule;
  plan.threads = schedule == DNI_SCHEDULE_PIPELINED ? 2 : 0;
  return plan;
}

static void add_locked(const settings *set) {
  bench_plan plan = base(set);
  add_way("backprop, 1 thread", plan);
  plan.backend_threads = 2;
  add_way("backprop, products on 2 threads (builtin)", plan);
  if (bench_has_cblas()) {
    plan.backend = "cblas";
    add_way("backprop, products on 2 threads (CBLAS)", plan);
  }
  plan = base(set);
  plan.schedule = DNI_SCHEDULE_MICRO_BATCHES;
  plan.threads = 2;
  static const char *const names[] = {"micro-batches, 2 parts", "micro-batches, 4 parts",
                                      "micro-batches, 8 parts"};
  for (size_t i = 0; i < 3; i++) {
    plan.micro_batches = (size_t)2 << i;
    add_way(names[i], plan);
  }
}

static void add_decoupled(const settings *set, const unsigned char *at) {
  const int32_t pipelined = DNI_SCHEDULE_PIPELINED;
  add_way("one SG, 2 modules on 2 threads", two_modules(set, "sg", at, pipelined));
  add_way("local loss, 2 modules on 2 threads", two_modules(set, "local", at, pipelined));
  add_way("delayed, 2 modules on 2 threads", two_modules(set, "delayed", at, pipelined));
  add_way("no gradient below, 2 modules on 2 threads", two_modules(set, "zero", at, pipelined));
  bench_plan plan = base(set);
  plan.sg = BENCH_EVERYWHERE;
  add_way("SG everywhere, 1 thread", plan);
  plan.schedule = pipelined;
  plan.threads = 2;
  add_way("SG everywhere, 2 threads", plan);
}

/* Running. ------------------------------------------------------------------------------------ */

/* Of a pipeline that is full before and after: its throughput. */
static double time_steps(way *one, size_t steps) {
  for (size_t i = 0; i < FILL; i++)
    bench_model_step(&one->model, NULL);
  double start = bench_now();
  for (size_t i = 0; i < steps; i++)
    bench_model_step(&one->model, NULL);
  double seconds = bench_now() - start;
  bench_must(dni_trainer_flush(one->model.trainer), "flush");
  return seconds / (double)steps;
}

static void run(const settings *set) {
  size_t steps = set->batch >= 128 ? 8 : 24;
  for (size_t w = 0; w < way_count; w++) {
    bench_model_build(&ways[w].model, &ways[w].plan);
    (void)time_steps(&ways[w], 2);
  }
  for (size_t round = 0; round < set->rounds; round++)
    for (size_t w = 0; w < way_count; w++) {
      ways[w].times[round] = time_steps(&ways[w], steps);
      ways[w].speeds[round] = ways[0].times[round] / ways[w].times[round];
    }
  for (size_t w = 0; w < way_count; w++)
    bench_model_drop(&ways[w].model);
}

static void print(const settings *set) {
  bench_text("\nbatch %zu\n%-44s %10s   speed, first line = 1\n", set->batch, "", "step");
  for (size_t w = 0; w < way_count; w++) {
    double step = bench_median(ways[w].times, set->rounds);
    double speed = bench_median(ways[w].speeds, set->rounds);
    bench_text("%-44s %7.2f ms   %5.2f\n", ways[w].name, 1e3 * step, speed);
    bench_record("\"way\":\"%s\",\"batch\":%zu,\"depth\":%zu,\"width\":%zu,\"step_ms\":%.4f,"
                 "\"speed\":%.4f",
                 ways[w].name, set->batch, set->depth, set->width, 1e3 * step, speed);
  }
}

static void compare_ways(settings set) {
  static const size_t batches[] = {32, 64, 256};
  for (size_t b = 0; b < sizeof batches / sizeof batches[0]; b++) {
    unsigned char at[DEPTH_MOST + 2] = {0};
    set.batch = batches[b];
    way_count = 0;
    bench_plan plan = two_modules(&set, "sg", NULL, DNI_SCHEDULE_SEQUENTIAL);
    place(&plan, 2, at);
    plan.sg_at = at;
    add_way("one SG, 1 thread", plan);
    add_decoupled(&set, at);
    add_locked(&set);
    run(&set);
    print(&set);
  }
}

static void compare_modules(settings set) {
  static unsigned char at[WAYS_MOST][DEPTH_MOST + 2];
  static char names[WAYS_MOST][48];
  static const size_t batches[] = {32, 256};
  if (set.modules > WAYS_MOST) set.modules = WAYS_MOST;
  for (size_t b = 0; b < 2; b++) {
    set.batch = batches[b];
    way_count = 0;
    for (size_t m = 1; m <= set.modules; m++) {
      bench_plan plan = two_modules(&set, "sg", at[m - 1], DNI_SCHEDULE_PIPELINED);
      memset(at[m - 1], 0, sizeof at[m - 1]);
      plan.threads = m;
      if (m > 1) place(&plan, m, at[m - 1]);
      (void)snprintf(names[m - 1], sizeof names[m - 1], "%zu module%s, as many threads", m,
                     m > 1 ? "s" : "");
      add_way(names[m - 1], plan);
    }
    run(&set);
    print(&set);
  }
}

int main(int count, char **words) {
  settings set = {.depth = 20, .width = 512, .rounds = 9};
  const bench_option options[] = {{"--depth", &set.depth, NULL, "hidden layers"},
                                  {"--width", &set.width, NULL, "units in each"},
                                  {"--rounds", &set.rounds, NULL, "turns"},
                                  {"--modules", &set.modules, NULL, "1 to N modules instead"},
                                  {"--bf16", &set.bf16, NULL, "1: products of bf16"},
                                  {0}};
  bench_begin(count, words, "schedules", "Ways of using two cores.", options);
  if (set.rounds > ROUNDS_MOST) set.rounds = ROUNDS_MOST;
  if (set.depth < 2 || set.depth > DEPTH_MOST) bench_fail("--depth", "2 to 1000");
  bench_text("%zu x %zu, %s, medians of %zu turns\n", set.depth, set.width,
             set.bf16 ? "products of bf16" : "float", set.rounds);
  if (set.modules > 0)
    compare_modules(set);
  else
    compare_ways(set);
  bench_end();
  return 0;
}
