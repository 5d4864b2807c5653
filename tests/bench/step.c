/* How close is a training step to the matrix products it cannot do without?
 *
 * For 20 hidden layers of 512 ReLU units with batch normalisation (784 inputs, 10 classes, Adam), batch 256,
 * one thread: the time of a whole dni_trainer_step over the time of that step's products alone, same
 * backend, same shapes, in the same weights, measured in turn so that a drift of the machine's speed meets
 * both. For backpropagation and for a linear synthetic gradient after every hidden layer. Medians.
 *
 *   build/bench/step [--json] [--depth N] [--width N] [--batch N] [--rounds N]        about 20 s */
#include <dni.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PIXELS      784
#define CLASSES     10
#define ROUNDS_MOST 1000

typedef struct settings {
  size_t depth, width, batch, rounds;
  int json;
} settings;

/* A network under training, with buffers of the sizes its products need. */
typedef struct subject {
  const settings *set;
  int sg;
  dni_context *context;
  dni_network *network;
  dni_trainer *trainer;
  float *x, *y;             /* [batch][PIXELS], [batch][CLASSES] */
  float *h, *delta, *below; /* [batch][widest], for the products alone */
} subject;

static void must(dni_status status, const char *what) {
  if (status == DNI_OK) return;
  fprintf(stderr, "step: %s: %s\n", what, dni_last_message());
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, size_t count) {
  qsort(values, count, sizeof *values, ascending);
  return count % 2 ? values[count / 2] : 0.5 * (values[count / 2 - 1] + values[count / 2]);
}

static float *numbers(size_t count) {
  float *values = malloc(count * sizeof *values);
  if (!values) {
    fprintf(stderr, "step: out of memory\n");
    exit(1);
  }
  uint32_t state = 1;
  for (size_t i = 0; i < count; i++) {
    state = state * 1664525u + 1013904223u;
    values[i] = (float)(state >> 8) / 16777216.0f;
  }
  return values;
}

/* Building. ---------------------------------------------------------------------------------- */

static void add_layer(subject *s, dni_layer *layer) {
  must(dni_network_add(s->network, layer), "add");
  dni_layer_release(layer);
}

static void add_hidden(subject *s, size_t inputs) {
  dni_layer *dense, *norm;
  dni_sg *sg;
  must(dni_layer_create_dense(s->context, inputs, s->set->width, DNI_ACTIVATION_RELU, &dense),
       "dense");
  add_layer(s, dense);
  must(dni_layer_create_batch_norm(s->context, s->set->width, &norm), "batch norm");
  add_layer(s, norm);
  if (!s->sg) return;
  must(dni_sg_create_synthetic(s->context, s->set->width, CLASSES, NULL, &sg), "sg");
  must(dni_network_set_sg(s->network, dni_network_layer_count(s->network) - 1, sg), "set sg");
  dni_sg_release(sg);
}

static void build_network(subject *s) {
  must(dni_network_create(s->context, &s->network), "network");
  for (size_t i = 0; i < s->set->depth; i++)
    add_hidden(s, i == 0 ? PIXELS : s->set->width);
  dni_layer *top;
  must(dni_layer_create_dense(s->context, s->set->width, CLASSES, DNI_ACTIVATION_IDENTITY, &top),
       "dense");
  add_layer(s, top);
}

static void build_trainer(subject *s) {
  dni_loss *loss;
  dni_optimiser *adam;
  dni_trainer_options options = {.struct_size = sizeof options, .max_batch = s->set->batch};
  must(dni_loss_create_softmax_cross_entropy(s->context, &loss), "loss");
  must(dni_optimiser_create_adam(s->context, 3e-5, &adam), "adam");
  must(dni_trainer_create(s->context, s->network, loss, adam, adam, &options, &s->trainer),
       "trainer");
  dni_loss_release(loss);
  dni_optimiser_release(adam);
}

static void build_buffers(subject *s) {
  size_t batch = s->set->batch, widest = s->set->width > PIXELS ? s->set->width : PIXELS;
  s->x = numbers(batch * PIXELS);
  s->y = numbers(batch * CLASSES);
  for (size_t i = 0; i < batch * CLASSES; i++)
    s->y[i] = i % CLASSES == i / CLASSES % CLASSES;
  s->h = numbers(batch * widest);
  s->delta = numbers(batch * widest);
  s->below = numbers(batch * widest);
}

static void set_backend(subject *s, const char *name) {
  dni_backend *backend;
  must(strcmp(name, "cblas") == 0 ? dni_backend_create_cblas(s->context, &backend)
                                  : dni_backend_create_builtin(s->context, &backend),
       name);
  dni_status status = dni_backend_set_threads(backend, 1);
  if (status != DNI_ERROR_UNSUPPORTED) must(status, "threads");
  must(dni_context_set_backend(s->context, backend), "backend");
  dni_backend_release(backend);
}

static void build(subject *s, const settings *set, const char *backend, int sg) {
  *s = (subject){.set = set, .sg = sg};
  must(dni_context_create(NULL, &s->context), "context");
  set_backend(s, backend);
  build_network(s);
  build_trainer(s);
  build_buffers(s);
}

static void drop(subject *s) {
  dni_trainer_release(s->trainer);
  dni_network_release(s->network);
  dni_context_release(s->context);
  free(s->x);
  free(s->y);
  free(s->h);
  free(s->delta);
  free(s->below);
}

/* The two things that are timed. --------------------------------------------------------------- */

static void whole_step(subject *s) {
  dni_matrix x, y;
  dni_matrix_init_f32(&x, s->x, s->set->batch, PIXELS);
  dni_matrix_init_f32(&y, s->y, s->set->batch, CLASSES);
  must(dni_trainer_step(s->trainer, &x, &y, NULL), "step");
}

/* The products of one dense layer: forward, weight gradient and, unless it is the first, input gradient. */
static void layer_products(subject *s, dni_layer *layer, int input_gradient) {
  dni_backend *backend = dni_context_backend(s->context);
  size_t batch = s->set->batch;
  dni_matrix weight, gradient, x, y, dy, dx;
  must(dni_layer_parameter(layer, 0, &weight, &gradient), "parameter");
  dni_matrix_init_f32(&x, s->h, batch, weight.columns);
  dni_matrix_init_f32(&y, s->delta, batch, weight.rows);
  dni_matrix_init_f32(&dy, s->below, batch, weight.rows);
  dni_matrix_init_f32(&dx, s->delta, batch, weight.columns);
  must(dni_backend_gemm(backend, 0, 1, 1, &x, &weight, 0, &y), "forward");
  must(dni_backend_gemm(backend, 1, 0, 1.0 / (double)batch, &dy, &x, 0, &gradient), "gradient");
  if (input_gradient) must(dni_backend_gemm(backend, 0, 0, 1, &dy, &weight, 0, &dx), "input");
}

/* The products of one linear SG: estimate and weight gradient, each in a part for h and one for y. */
static void sg_products(subject *s, dni_sg *sg) {
  dni_backend *backend = dni_context_backend(s->context);
  size_t batch = s->set->batch, width = s->set->width, size = sizeof(float);
  dni_matrix weight, gradient, h, y, out;
  must(dni_sg_parameter(sg, 0, &weight, &gradient), "parameter");
  dni_matrix_init_f32(&h, s->h, batch, width);
  dni_matrix_init_f32(&y, s->y, batch, CLASSES);
  dni_matrix_init_f32(&out, s->delta, batch, width);
  dni_matrix of_h = weight, of_y = weight, gradient_h = gradient, gradient_y = gradient;
  of_h.columns = gradient_h.columns = width;
  of_y.columns = gradient_y.columns = CLASSES;
  of_y.data = (char *)weight.data + width * size;
  gradient_y.data = (char *)gradient.data + width * size;
  must(dni_backend_gemm(backend, 0, 1, 1, &h, &of_h, 0, &out), "estimate from h");
  must(dni_backend_gemm(backend, 0, 1, 1, &y, &of_y, 1, &out), "estimate from y");
  must(dni_backend_gemm(backend, 1, 0, 1, &out, &h, 0, &gradient_h), "gradient of h");
  must(dni_backend_gemm(backend, 1, 0, 1, &out, &y, 0, &gradient_y), "gradient of y");
}

static void products(subject *s) {
  for (size_t i = 0; i < dni_network_layer_count(s->network); i++) {
    dni_layer *layer = dni_network_layer(s->network, i);
    if (dni_layer_kind(layer) == DNI_LAYER_DENSE) layer_products(s, layer, i > 0);
    dni_sg *sg = dni_network_sg(s->network, i);
    if (sg) sg_products(s, sg);
  }
}

/* Measuring. ----------------------------------------------------------------------------------- */

static double seconds_of(void (*work)(subject *), subject *s) {
  double start = now();
  work(s);
  return now() - start;
}

static void print_result(const settings *set, const char *backend, const char *method, double step,
                         double gemm, double ratio) {
  if (set->json)
    printf("{\"backend\":\"%s\",\"method\":\"%s\",\"depth\":%zu,\"width\":%zu,\"batch\":%zu,"
           "\"step_ms\":%.3f,\"gemm_ms\":%.3f,\"ratio\":%.3f}",
           backend, method, set->depth, set->width, set->batch, 1e3 * step, 1e3 * gemm, ratio);
  else
    printf("%-9s %-9s %9.2f ms %9.2f ms %8.2f\n", backend, method, 1e3 * step, 1e3 * gemm, ratio);
  fflush(stdout);
}

/* The ratio is the median of the ratios of neighbours in time. */
static void measure(const settings *set, const char *backend, int sg) {
  static double step[ROUNDS_MOST], gemm[ROUNDS_MOST], ratio[ROUNDS_MOST];
  subject s;
  build(&s, set, backend, sg);
  for (int warm = 0; warm < 2; warm++) {
    whole_step(&s);
    products(&s);
  }
  for (size_t i = 0; i < set->rounds; i++) {
    step[i] = seconds_of(whole_step, &s);
    gemm[i] = seconds_of(products, &s);
    ratio[i] = step[i] / gemm[i];
  }
  print_result(set, backend, sg ? "sg-all" : "backprop", median(step, set->rounds),
               median(gemm, set->rounds), median(ratio, set->rounds));
  drop(&s);
}

static int has_cblas(void) {
  dni_context *context;
  dni_backend *backend;
  must(dni_context_create(NULL, &context), "context");
  int found = dni_backend_create_cblas(context, &backend) == DNI_OK;
  if (found) dni_backend_release(backend);
  dni_context_release(context);
  return found;
}

static void read_options(int count, char **words, settings *set) {
  for (int i = 1; i < count; i++) {
    size_t *place = strcmp(words[i], "--depth") == 0    ? &set->depth
                    : strcmp(words[i], "--width") == 0  ? &set->width
                    : strcmp(words[i], "--batch") == 0  ? &set->batch
                    : strcmp(words[i], "--rounds") == 0 ? &set->rounds
                                                        : NULL;
    if (strcmp(words[i], "--json") == 0) {
      set->json = 1;
    } else if (place && i + 1 < count && atoi(words[i + 1]) > 0) {
      *place = (size_t)atoi(words[++i]);
    } else {
      fprintf(stderr, "step: %s: unknown option, or not a positive number after it\n", words[i]);
      exit(2);
    }
  }
  if (set->rounds > ROUNDS_MOST) set->rounds = ROUNDS_MOST;
}

int main(int count, char **words) {
  settings set = {.depth = 20, .width = 512, .batch = 256, .rounds = 15};
  read_options(count, words, &set);
  static const char *const backends[] = {"builtin", "cblas"};
  if (!set.json)
    printf("%zu x %zu, batch %zu, one thread, float, medians of %zu\n"
           "backend   method         step     its GEMMs    ratio\n",
           set.depth, set.width, set.batch, set.rounds);
  if (set.json) printf("{\"runs\":[");
  for (int b = 0; b < 1 + has_cblas(); b++)
    for (int sg = 0; sg < 2; sg++) {
      if (set.json && b + sg > 0) printf(",");
      measure(&set, backends[b], sg);
    }
  if (set.json) printf("]}\n");
  return 0;
}
