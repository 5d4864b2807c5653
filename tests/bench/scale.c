/* What does a step cost as a network grows? Backpropagation beside a linear synthetic gradient
 * after every hidden layer (dense, ReLU, batch normalisation); one thread, Adam, float; three
 * series:
 *
 *   depth  5 .. 1000 hidden layers of 128, batch 128 (so narrow that the deepest fits in time and
 * memory), without batch normalisation (through which the gradients of a network of that depth
 * overflow) and at a rate so small that none of them leaves its initial state width  32 .. 2048
 * units in 4 hidden layers, batch 256 batch  1 .. 512 examples, 20 hidden layers of 512
 *
 * Of each point: time of a step, GFLOP/s of its products over the whole step, bytes of activations
 * as dni_trainer_memory reports them, and the largest memory the process has occupied (all of it:
 * with synthetic gradients also their parameters, gradients and moments, about as many as the
 * layers have). Each point is a child process of its own, so the last is of that point alone; the
 * two methods train in turn, and medians are printed. After the first series: whether activations
 * grow with depth as they should, in proportion for backpropagation, not at all otherwise.
 *
 *   build/bench/scale [--backend NAME] [--milliseconds N] [--json] [--json-file FILE]          90 s
 */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/bench.h"

enum { ROUNDS = 5, STEPS_MOST = 1000 };

typedef struct settings {
  const char *backend;
  size_t milliseconds;
} settings;

typedef struct point {
  double seconds, gflops; /* of a step; of its products over all of it */
  dni_memory_report memory;
  size_t peak_bytes; /* resident */
} point;

/* A point in a child process. ------------------------------------------------------------------ */

/* The child is sent a number of seconds, trains for about as long and answers with the time of a
 * step; sent 0, it answers with the point's other facts and ends. */
typedef struct worker {
  pid_t process;
  int to, from;
} worker;

static double time_steps(bench_model *model, double seconds) {
  static double times[STEPS_MOST];
  size_t count = 0;
  for (double spent = 0; count < STEPS_MOST && (count == 0 || spent < seconds); count++) {
    double start = bench_now();
    bench_model_step(model, NULL);
    times[count] = bench_now() - start;
    spent += times[count];
  }
  return bench_median(times, count);
}

static size_t peak_bytes(void) {
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) bench_fail("getrusage", "fails");
  return (size_t)usage.ru_maxrss * 1024;
}

/* Reads or writes the whole of it: what is passed is smaller than a pipe's buffer. */
static void receive(int from, void *data, size_t size) {
  if (read(from, data, size) != (ssize_t)size) bench_fail("a process", "the other one has ended");
}

static void send(int to, const void *data, size_t size) {
  if (write(to, data, size) != (ssize_t)size) bench_fail("a process", "the other one has ended");
}

static void serve(const bench_plan *plan, int from, int to) {
  bench_model model;
  double seconds, step;
  bench_model_build(&model, plan);
  bench_model_step(&model, NULL);
  for (receive(from, &seconds, sizeof seconds); seconds > 0;
       receive(from, &seconds, sizeof seconds)) {
    step = time_steps(&model, seconds);
    send(to, &step, sizeof step);
  }
  point p = {.gflops = 1e-9 * bench_model_operations(&model),
             .memory = bench_model_memory(&model),
             .peak_bytes = peak_bytes()};
  send(to, &p, sizeof p);
  bench_model_drop(&model);
}

static worker start(const bench_plan *plan) {
  int down[2], up[2];
  if (pipe(down) != 0 || pipe(up) != 0) bench_fail("pipe", "cannot be made");
  pid_t process = fork();
  if (process < 0) bench_fail("fork", "fails");
  if (process == 0) {
    close(down[1]);
    close(up[0]);
    serve(plan, down[0], up[1]);
    _exit(0);
  }
  close(down[0]);
  close(up[1]);
  return (worker){process, down[1], up[0]};
}

static double ask(const worker *w, double seconds) {
  double step;
  send(w->to, &seconds, sizeof seconds);
  receive(w->from, &step, sizeof step);
  return step;
}

/* Ends the child. `seconds` is the median of its answers. */
static point finish(const worker *w, double seconds) {
  const double end = 0;
  int status;
  point p;
  send(w->to, &end, sizeof end);
  receive(w->from, &p, sizeof p);
  close(w->to);
  close(w->from);
  if (waitpid(w->process, &status, 0) != w->process || status != 0)
    bench_fail("a child process", "has failed");
  p.seconds = seconds;
  p.gflops /= seconds;
  return p;
}

/* Both in turn. Returns the median ratio of the second's time to the first's. */
static double measure(const bench_plan plans[2], double seconds, point points[2]) {
  double steps[2][ROUNDS], ratios[ROUNDS];
  const worker workers[2] = {start(&plans[0]), start(&plans[1])};
  for (int round = 0; round < ROUNDS; round++) {
    for (int k = 0; k < 2; k++)
      steps[k][round] = ask(&workers[k], seconds / ROUNDS);
    ratios[round] = steps[1][round] / steps[0][round];
  }
  for (int k = 0; k < 2; k++)
    points[k] = finish(&workers[k], bench_median(steps[k], ROUNDS));
  return bench_median(ratios, ROUNDS);
}

/* Series. -------------------------------------------------------------------------------------- */

static void print_head(const char *series, const char *what) {
  bench_text("\n%s\n%6s  %-31s    %-31s    %-23s  %-17s\n", what, "", "step, ms",
             "products, GFLOP/s", "activations, KB", "peak memory, MB");
  bench_text("%6s %10s %10s %9s %11s %10s %9s %14s %12s %9s %9s\n", series, "backprop", "sg-all",
             "ratio", "backprop", "sg-all", "", "backprop", "sg-all", "backprop", "sg-all");
}

static void print_points(size_t value, const point *backprop, const point *sg, double ratio) {
  bench_text("%6zu %10.3f %10.3f %9.2f %11.1f %10.1f %9s %14.1f %12.1f %9.1f %9.1f\n", value,
             1e3 * backprop->seconds, 1e3 * sg->seconds, ratio, backprop->gflops, sg->gflops, "",
             (double)backprop->memory.activation_bytes / 1024,
             (double)sg->memory.activation_bytes / 1024, (double)backprop->peak_bytes / 1048576,
             (double)sg->peak_bytes / 1048576);
}

static void record(const char *series, const bench_plan *plan, const point *p) {
  bench_record("\"series\": \"%s\", \"method\": \"%s\", \"backend\": \"%s\", \"depth\": %zu, "
               "\"width\": %zu, \"batch\": %zu, \"step_ms\": %.5f, \"gflops\": %.3f, "
               "\"activation_bytes\": %zu, \"workspace_bytes\": %zu, \"parameter_bytes\": %zu, "
               "\"gradient_bytes\": %zu, \"optimiser_bytes\": %zu, \"peak_rss_bytes\": %zu",
               series, bench_method(plan->sg), plan->backend, plan->depth, plan->width, plan->batch,
               1e3 * p->seconds, p->gflops, p->memory.activation_bytes, p->memory.workspace_bytes,
               p->memory.parameter_bytes, p->memory.gradient_bytes, p->memory.optimiser_bytes,
               p->peak_bytes);
}

/* Both methods at one point of a series. */
static void measure_both(const settings *set, const char *series, size_t value, bench_plan plan,
                         point points[2]) {
  plan.backend = set->backend;
  bench_plan plans[2] = {plan, plan};
  plans[1].sg = BENCH_EVERYWHERE;
  double ratio = measure(plans, 1e-3 * (double)set->milliseconds, points);
  for (int k = 0; k < 2; k++)
    record(series, &plans[k], &points[k]);
  print_points(value, &points[0], &points[1], ratio);
}

/* Activations over depth: a line through the first two points, or a constant, must meet all others.
 */
static void judge(const size_t *depths, point (*points)[2], size_t count) {
  int constant = 1, linear = 1;
  size_t each = (points[1][0].memory.activation_bytes - points[0][0].memory.activation_bytes) /
                (depths[1] - depths[0]);
  for (size_t i = 0; i < count; i++) {
    constant &= points[i][1].memory.activation_bytes == points[0][1].memory.activation_bytes;
    linear &= points[i][0].memory.activation_bytes ==
              points[0][0].memory.activation_bytes + each * (depths[i] - depths[0]);
  }
  bench_text("activations with backpropagation: %.1f KB for each hidden layer, %s\n"
             "activations with synthetic gradients everywhere: %.1f KB, %s\n",
             (double)each / 1024, linear ? "exactly linear" : "NOT LINEAR",
             (double)points[0][1].memory.activation_bytes / 1024,
             constant ? "the same at every depth" : "NOT CONSTANT");
  bench_record("\"verdict\": {\"backprop_linear\": %s, \"sg_constant\": %s}",
               linear ? "true" : "false", constant ? "true" : "false");
}

static void depth_series(const settings *set) {
  static const size_t depths[] = {5, 10, 20, 50, 100, 300, 1000};
  enum { COUNT = sizeof depths / sizeof depths[0] };
  point points[COUNT][2];
  print_head("depth", "hidden layers of 128 units without batch normalisation, batch 128");
  for (size_t i = 0; i < COUNT; i++)
    measure_both(
        set, "depth", depths[i],
        (bench_plan){.depth = depths[i], .width = 128, .batch = 128, .plain = 1, .rate = 1e-9},
        points[i]);
  judge(depths, points, COUNT);
}

static void width_series(const settings *set) {
  point points[2];
  print_head("width", "4 hidden layers, batch 256");
  for (size_t width = 32; width <= 2048; width *= 2)
    measure_both(set, "width", width, (bench_plan){.depth = 4, .width = width, .batch = 256},
                 points);
}

static void batch_series(const settings *set) {
  point points[2];
  print_head("batch", "20 hidden layers of 512 units");
  for (size_t batch = 1; batch <= 512; batch *= 2)
    measure_both(set, "batch", batch, (bench_plan){.depth = 20, .width = 512, .batch = batch},
                 points);
}

int main(int count, char **words) {
  settings set = {.backend = "builtin", .milliseconds = 500};
  const bench_option options[] = {
      {"--backend", NULL, &set.backend, "builtin or cblas [builtin]"},
      {"--milliseconds", &set.milliseconds, NULL, "of steps at each point, at least [500]"},
      {0}};
  bench_begin(count, words, "scale", "the cost of a step over depth, width and batch", options);
  bench_text("%s backend, one thread, float, Adam\n", set.backend);
  depth_series(&set);
  width_series(&set);
  batch_series(&set);
  bench_end();
  return 0;
}
