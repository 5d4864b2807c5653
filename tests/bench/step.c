/* How close is a training step to what it cannot do without?
 *
 * For 20 hidden layers of 512 ReLU units with batch normalisation (784 inputs, 10 classes, Adam),
 * batch 256 and 32, one thread, for backpropagation and for a linear synthetic gradient after every
 * hidden layer:
 *
 *   step      a whole dni_trainer_step
 *   products  that step's matrix products alone: same backend, same shapes, in the same weights
 *   traffic   what has to be read or written besides, at the speed at which memcpy copies blocks
 * larger than the caches in the same run, read and written bytes counted: parameters and moments,
 *             both read and written; the batch, read; each layer's output, once written and once
 * read. Gradients are not counted: they could be used where they arise. (Outputs that stay in the
 *             caches are counted all the same, and products read parameters too, which is in their
 * time: the roofline is no strict bound, and where all fits in the caches a step can be below it.)
 *   roofline  products + traffic
 *
 * Step and products are measured in turn, so that a drift of the machine's speed meets both.
 * Medians; a ratio is the median of the ratios of neighbours in time.
 *
 * With products of bf16 (dni_context_options.compute) the products of the roofline are not measured
 * one by one but worked out: the step's multiplications and additions at the speed of the fastest
 * product, a forward pass of PEAK_ROWS rows through one dense layer of the width.
 *
 * With a CBLAS also: how far its products are from the builtin backend's at these shapes.
 *
 *   build/bench/step [--depth N] [--width N] [--batch N] [--rounds N] [--json] [--json-file FILE]
 * 30 s */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/bench.h"

#define ROUNDS_MOST 1000
#define COPIES      5
#define COPY_BYTES  ((size_t)128 << 20)
#define PEAK_ROWS   2048

typedef struct settings {
  size_t depth, width, batch, rounds; /* batch 0: 256 and 32 */
} settings;

/* A network under training, with buffers of the sizes its products need. */
typedef struct subject {
  bench_model model;
  float *h, *delta, *below; /* [batch][widest], for the products alone */
} subject;

static void build(subject *s, const bench_plan *plan) {
  size_t widest = plan->width > BENCH_INPUTS ? plan->width : BENCH_INPUTS;
  bench_model_build(&s->model, plan);
  s->h = bench_numbers(plan->batch * widest);
  s->delta = bench_numbers(plan->batch * widest);
  s->below = bench_numbers(plan->batch * widest);
}

static void drop(subject *s) {
  bench_model_drop(&s->model);
  free(s->h);
  free(s->delta);
  free(s->below);
}

/* What is timed. ------------------------------------------------------------------------------- */

static void whole_step(subject *s) {
  bench_model_step(&s->model, NULL);
}

static void multiply(subject *s, int32_t ta, int32_t tb, const dni_matrix *a, const dni_matrix *b,
                     double beta, dni_matrix *c) {
  dni_backend *backend = dni_context_backend(s->model.context);
  bench_must(dni_backend_gemm(backend, ta, tb, 1, a, b, beta, c), "product");
}

/* The products of one dense layer: forward, weight gradient and, unless it is the first, input
 * gradient. */
static void layer_products(subject *s, dni_layer *layer, int input_gradient) {
  size_t batch = s->model.plan.batch;
  dni_matrix weight, gradient;
  bench_must(dni_layer_parameter(layer, 0, &weight, &gradient), "parameter");
  dni_matrix x = bench_view(s->h, batch, weight.columns);
  dni_matrix y = bench_view(s->delta, batch, weight.rows);
  dni_matrix dy = bench_view(s->below, batch, weight.rows);
  dni_matrix dx = bench_view(s->delta, batch, weight.columns);
  multiply(s, 0, 1, &x, &weight, 0, &y);
  multiply(s, 1, 0, &dy, &x, 0, &gradient);
  if (input_gradient) multiply(s, 0, 0, &dy, &weight, 0, &dx);
}

/* The products of one linear SG: estimate and weight gradient, each in a part for h and one for y.
 */
static void sg_products(subject *s, dni_sg *sg) {
  size_t batch = s->model.plan.batch, width = s->model.plan.width;
  dni_matrix weight, gradient;
  bench_must(dni_sg_parameter(sg, 0, &weight, &gradient), "parameter");
  dni_matrix h = bench_view(s->h, batch, width), y = bench_view(s->model.y, batch, BENCH_CLASSES);
  dni_matrix out = bench_view(s->delta, batch, width);
  dni_matrix of_h = weight, of_y = weight, gradient_h = gradient, gradient_y = gradient;
  of_h.columns = gradient_h.columns = width;
  of_y.columns = gradient_y.columns = BENCH_CLASSES;
  of_y.data = (float *)weight.data + width;
  gradient_y.data = (float *)gradient.data + width;
  multiply(s, 0, 1, &h, &of_h, 0, &out);
  multiply(s, 0, 1, &y, &of_y, 1, &out);
  multiply(s, 1, 0, &out, &h, 0, &gradient_h);
  multiply(s, 1, 0, &out, &y, 0, &gradient_y);
}

static void products(subject *s) {
  dni_network *network = s->model.network;
  for (size_t i = 0; i < dni_network_layer_count(network); i++) {
    dni_layer *layer = dni_network_layer(network, i);
    if (dni_layer_kind(layer) == DNI_LAYER_DENSE) layer_products(s, layer, i > 0);
    dni_sg *sg = bench_sg(network, i);
    if (sg) sg_products(s, sg);
  }
}

/* Seconds of the products of a step at the speed of the fastest one. */
static double products_at_peak(const subject *s) {
  const size_t width = s->model.plan.width;
  double seconds[9];
  dni_layer *layer;
  bench_must(
      dni_layer_create_dense(s->model.context, width, width, DNI_ACTIVATION_IDENTITY, &layer),
      "layer");
  float *numbers = bench_numbers(2 * PEAK_ROWS * width);
  dni_matrix x = bench_view(numbers, PEAK_ROWS, width);
  dni_matrix y = bench_view(numbers + PEAK_ROWS * width, PEAK_ROWS, width);
  for (int i = 0; i < 9; i++) {
    double start = bench_now();
    bench_must(dni_layer_forward(layer, DNI_MODE_INFERENCE, NULL, &x, &y), "forward");
    seconds[i] = bench_now() - start;
  }
  dni_layer_release(layer);
  free(numbers);
  double operations = 2.0 * PEAK_ROWS * (double)width * (double)width;
  return bench_model_operations(&s->model) * bench_median(seconds, 9) / operations;
}

static double seconds_of(void (*work)(subject *), subject *s) {
  double start = bench_now();
  work(s);
  return bench_now() - start;
}

/* The unavoidable traffic. --------------------------------------------------------------------- */

/* Of all values. What is kept of them rounded to bf16 is not counted. */
static double value_bytes(const bench_model *model) {
  double bytes = 0;
  dni_matrix value;
  for (size_t i = 0; i < dni_network_layer_count(model->network); i++) {
    dni_layer *layer = dni_network_layer(model->network, i);
    for (size_t p = 0; p < dni_layer_parameter_count(layer); p++) {
      bench_must(dni_layer_parameter(layer, p, &value, NULL), "parameter");
      bytes += (double)(value.rows * value.columns * sizeof(float));
    }
    dni_sg *sg = bench_sg(model->network, i);
    for (size_t p = 0; p < dni_sg_parameter_count(sg); p++) {
      bench_must(dni_sg_parameter(sg, p, &value, NULL), "parameter");
      bytes += (double)(value.rows * value.columns * sizeof(float));
    }
  }
  return bytes;
}

static double traffic_bytes(const bench_model *model) {
  dni_memory_report memory = bench_model_memory(model);
  size_t batch = model->plan.batch, outputs = 0;
  for (size_t i = 0; i < dni_network_layer_count(model->network); i++)
    outputs += dni_layer_outputs(dni_network_layer(model->network, i));
  return 2 * (value_bytes(model) + (double)memory.optimiser_bytes) +
         (double)(batch * (BENCH_INPUTS + 2 * outputs) * sizeof(float));
}

static unsigned char *copy_from, *copy_to;

/* Bytes read and written in a second, COPIES times. */
static void copy_speeds(double *speeds) {
  if (!copy_from) {
    copy_from = bench_memory(COPY_BYTES);
    copy_to = bench_memory(COPY_BYTES);
    memset(copy_from, 1, COPY_BYTES);
    memset(copy_to, 2, COPY_BYTES);
  }
  for (int i = 0; i < COPIES; i++) {
    double start = bench_now();
    memcpy(copy_to, copy_from, COPY_BYTES);
    speeds[i] = 2 * (double)COPY_BYTES / (bench_now() - start);
    copy_from[(size_t)copy_to[i]] ^= 1; /* the copy is used, so the compiler keeps it */
  }
}

/* Measuring. ----------------------------------------------------------------------------------- */

typedef struct result {
  double step, products, traffic, roofline, of_products, of_roofline; /* seconds; ratios */
  double megabytes, copy_speed;
} result;

static void print_result(const bench_plan *plan, const result *r) {
  const char *compute = plan->bf16 ? "bf16" : "float";
  bench_text("%-8s %-5s %5zu  %-9s %8.2f ms %8.2f ms %7.2f ms %8.2f ms %8.2f %9.2f\n",
             plan->backend, compute, plan->batch, bench_method(plan->sg), 1e3 * r->step,
             1e3 * r->products, 1e3 * r->traffic, 1e3 * r->roofline, r->of_products,
             r->of_roofline);
  bench_record("\"backend\": \"%s\", \"compute\": \"%s\", \"method\": \"%s\", \"depth\": %zu, "
               "\"width\": %zu, "
               "\"batch\": %zu, \"step_ms\": %.4f, \"gemm_ms\": %.4f, \"traffic_ms\": %.4f, "
               "\"roofline_ms\": %.4f, \"traffic_mb\": %.1f, \"copy_gb_s\": %.2f, "
               "\"ratio\": %.4f, \"roofline_ratio\": %.4f",
               plan->backend, compute, bench_method(plan->sg), plan->depth, plan->width,
               plan->batch, 1e3 * r->step, 1e3 * r->products, 1e3 * r->traffic, 1e3 * r->roofline,
               r->megabytes, 1e-9 * r->copy_speed, r->of_products, r->of_roofline);
}

/* The copies come before and after the rounds, not between: they would leave the caches empty. */
static void measure(const bench_plan *plan, size_t rounds) {
  static double step[ROUNDS_MOST], gemm[ROUNDS_MOST], first[ROUNDS_MOST], second[ROUNDS_MOST];
  double speeds[2 * COPIES];
  subject s;
  result r;
  build(&s, plan);
  copy_speeds(speeds);
  for (int warm = 0; warm < 2; warm++) {
    whole_step(&s);
    products(&s);
  }
  for (size_t i = 0; i < rounds; i++) {
    step[i] = seconds_of(whole_step, &s);
    gemm[i] = plan->bf16 ? products_at_peak(&s) : seconds_of(products, &s);
  }
  copy_speeds(speeds + COPIES);
  r.copy_speed = bench_median(speeds, 2 * COPIES);
  r.megabytes = 1e-6 * traffic_bytes(&s.model);
  r.traffic = 1e6 * r.megabytes / r.copy_speed;
  for (size_t i = 0; i < rounds; i++) {
    first[i] = step[i] / gemm[i];
    second[i] = step[i] / (gemm[i] + r.traffic);
  }
  r.of_products = bench_median(first, rounds);
  r.of_roofline = bench_median(second, rounds);
  r.step = bench_median(step, rounds);
  r.products = bench_median(gemm, rounds);
  r.roofline = r.products + r.traffic;
  print_result(plan, &r);
  drop(&s);
}

/* Do the two backends calculate the same? --------------------------------------------------------
 */

/* Largest difference of the same product by two backends, over its largest element. */
static double difference(dni_backend *const *backends, int32_t ta, int32_t tb, const dni_matrix *a,
                         const dni_matrix *b, size_t m, size_t n) {
  float *of[2];
  double apart = 0, largest = 0;
  for (int k = 0; k < 2; k++) {
    of[k] = bench_memory(m * n * sizeof *of[k]);
    dni_matrix c = bench_view(of[k], m, n);
    bench_must(dni_backend_gemm(backends[k], ta, tb, 1, a, b, 0, &c), "product");
  }
  for (size_t i = 0; i < m * n; i++) {
    apart = fmax(apart, fabs((double)of[0][i] - (double)of[1][i]));
    largest = fmax(largest, fabs((double)of[1][i]));
  }
  free(of[0]);
  free(of[1]);
  return apart / largest;
}

/* Numbers of both signs: sums in which much cancels. */
static float *centred(size_t count) {
  float *values = bench_numbers(count);
  for (size_t i = 0; i < count; i++)
    values[i] -= 0.5f;
  return values;
}

static void compare_backends(size_t batch, size_t width) {
  dni_backend *backends[2] = {bench_backend("builtin", 1), bench_backend("cblas", 1)};
  float *values = centred(2 * batch * width + width * width);
  dni_matrix x = bench_view(values, batch, width);
  dni_matrix dy = bench_view(values + batch * width, batch, width);
  dni_matrix weight = bench_view(values + 2 * batch * width, width, width);
  double forward = difference(backends, 0, 1, &x, &weight, batch, width);
  double of_weight = difference(backends, 1, 0, &dy, &x, width, width);
  double of_input = difference(backends, 0, 0, &dy, &weight, batch, width);
  bench_text(
      "cblas and builtin, batch %3zu: largest difference over largest element: forward %.1e, "
      "weight gradient %.1e, input gradient %.1e\n",
      batch, forward, of_weight, of_input);
  bench_record("\"agreement\": {\"batch\": %zu, \"width\": %zu, \"forward\": %.3e, "
               "\"weight_gradient\": %.3e, \"input_gradient\": %.3e}",
               batch, width, forward, of_weight, of_input);
  free(values);
  dni_backend_release(backends[0]);
  dni_backend_release(backends[1]);
}

/* All of it. ----------------------------------------------------------------------------------- */

static void measure_all(const settings *set, size_t batch) {
  static const char *const names[] = {"builtin", "builtin", "cblas"};
  static const size_t sgs[] = {0, BENCH_EVERYWHERE};
  for (int b = 0; b < 2 + bench_has_cblas(); b++)
    for (int k = 0; k < 2; k++) {
      bench_plan plan = {.depth = set->depth,
                         .width = set->width,
                         .batch = batch,
                         .sg = sgs[k],
                         .bf16 = b == 1,
                         .backend = names[b]};
      measure(&plan, set->rounds);
    }
}

int main(int count, char **words) {
  settings set = {.depth = 20, .width = 512, .rounds = 15};
  const bench_option options[] = {{"--depth", &set.depth, NULL, "hidden layers [20]"},
                                  {"--width", &set.width, NULL, "their units [512]"},
                                  {"--batch", &set.batch, NULL, "one batch size [256 and 32]"},
                                  {"--rounds", &set.rounds, NULL, "measurements of each [15]"},
                                  {0}};
  bench_begin(count, words, "step", "a training step over its products and its traffic", options);
  if (set.rounds > ROUNDS_MOST) set.rounds = ROUNDS_MOST;
  const size_t both[] = {256, 32}, *batches = set.batch ? &set.batch : both;
  size_t batch_count = set.batch ? 1 : 2;
  bench_text("%zu x %zu, one thread, medians of %zu\n"
             "backend  compute batch  method         step     products     traffic     roofline  "
             "s/prod.  s/roofl.\n",
             set.depth, set.width, set.rounds);
  for (size_t i = 0; i < batch_count; i++)
    measure_all(&set, batches[i]);
  for (size_t i = 0; i < batch_count && bench_has_cblas(); i++)
    compare_backends(batches[i], set.width);
  free(copy_from);
  free(copy_to);
  bench_end();
  return 0;
}
