/* Products of operands rounded to bf16: every instruction set gives the bits of the order of additions
 * that docs/ARCHITECTURE.md states, worked out here one by one; and what of a training is in bf16 and
 * what is not. */
#include "backend/backend.h"
#include "core/bf16.h"
#include "dni/research.h"
#include "math/kernels.h"
#include "support/support.h"

enum { RUN = 256, SETS = DNI_INSTRUCTIONS_AVX512_BF16 };

/* A context with compute bf16; NULL if this processor lacks the instructions. */
static dni_context *make_bf16(dni_instructions instructions, dni_backend *backend) {
  dni_context_options options = {.struct_size = sizeof options,
                                 .allocator = &support_allocator,
                                 .compute = DNI_BF16,
                                 .instructions = instructions,
                                 .backend = backend};
  dni_context *context = NULL;
  dni_status status = dni_context_create(&options, &context);
  EXPECT(status == DNI_OK || status == DNI_ERROR_UNSUPPORTED, "%s", dni_last_message());
  return context;
}

/* The reference. ------------------------------------------------------------------------------- */

/* To nearest, ties to even, by comparing distances: not as the library does it. */
static float nearest_bf16(float number) {
  uint32_t bits, low;
  memcpy(&bits, &number, sizeof bits);
  if (number != number) return number;
  if (fabsf(number) < 0x1p-126f) return copysignf(0, number);
  low = bits & 0xffff0000;
  float below, above;
  memcpy(&below, &low, sizeof below);
  low += 0x10000;
  memcpy(&above, &low, sizeof above);
  if (isinf(number)) return number;
  /* The step between the two in a wider type, where infinity is the next power of 2. */
  double size = fabs((double)number), from = fabs((double)below);
  double to = isinf(above) ? 0x1p128 : fabs((double)above), middle = from + (to - from) / 2;
  if (size != middle) return size < middle ? below : above;
  return (low >> 16 & 1) ? below : above;
}

static float element(const dni_matrix *view, bool transpose, size_t i, size_t p) {
  return nearest_bf16((float)(transpose ? matrix_get(view, p, i) : matrix_get(view, i, p)));
}

static size_t run_of(size_t k) {
  size_t pairs = (k + 1) / 2, runs = (pairs + RUN / 2 - 1) / (RUN / 2);
  return 2 * ((pairs + runs - 1) / runs);
}

/* Of each pair the second product first, each sum a float; runs of at most 256 one after the other. */
static float sum_in_order(const dni_matrix *a, bool ta, const dni_matrix *b, bool tb, size_t k,
                          size_t i, size_t j, float alpha, float c) {
  const size_t run = run_of(k);
  for (size_t first = 0; first < k; first += run) {
    volatile float sum = 0;
    for (size_t p = first; p < k && p < first + run; p += 2)
      for (size_t q = p + 2; q-- > p;)
        if (q < k) sum = sum + element(a, ta, i, q) * element(b, !tb, j, q);
    volatile float scaled = alpha * sum;
    c = c + scaled;
  }
  return c;
}

/* Products. ------------------------------------------------------------------------------------ */

static const struct {
  size_t m, n, k;
} shapes[] = {{1, 1, 1},     {1, 5, 2},    {3, 17, 3},    {4, 32, 8},    {14, 32, 256},
              {15, 33, 257}, {29, 64, 31}, {150, 40, 9},  {6, 100, 300}, {31, 7, 515},
              {2, 10, 1025}, {40, 96, 64}, {600, 20, 300}};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

typedef struct product {
  dni_matrix a, b, c, expected;
  bool ta, tb;
  double alpha, beta;
} product;

static product make_product(size_t shape, bool ta, bool tb) {
  const size_t m = shapes[shape].m, n = shapes[shape].n, k = shapes[shape].k;
  product p = {.a = ta ? matrix_random(DNI_F32, k, m) : matrix_random(DNI_F32, m, k),
               .b = tb ? matrix_random(DNI_F32, n, k) : matrix_random(DNI_F32, k, n),
               .c = matrix_random(DNI_F32, m, n),
               .expected = matrix_make(DNI_F32, m, n),
               .ta = ta,
               .tb = tb,
               .alpha = support_below(2) ? 1 : 0.3,
               .beta = (double)support_below(2)};
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) {
      float c = p.beta == 0 ? 0 : (float)matrix_get(&p.c, i, j);
      matrix_set(&p.expected, i, j,
                 (double)sum_in_order(&p.a, ta, &p.b, tb, k, i, j, (float)p.alpha, c));
    }
  return p;
}

static void run_product(const product *p, dni_context *context, const char *what) {
  dni_matrix c = matrix_make(DNI_F32, p->c.rows, p->c.columns);
  if (p->beta != 0) matrix_copy(&p->c, &c);
  EXPECT_OK(dni__gemm_bf16(dni_context_backend(context), p->ta, p->tb, p->alpha, &p->a, &p->b,
                           p->beta, &c));
  matrix_expect_same(&c, &p->expected, what);
}

/* _i: shape */
START_TEST(test_products) {
  for (int form = 0; form < 4; form++) {
    product p = make_product((size_t)_i, form & 1, form & 2);
    for (dni_instructions set = DNI_INSTRUCTIONS_BASELINE; set <= SETS; set++) {
      dni_context *context = make_bf16(set, NULL);
      if (context) run_product(&p, context, dni_instructions_name(set));
      dni_context_release(context);
    }
  }
}
END_TEST

/* Large enough to be shared. */
START_TEST(test_threads) {
  dni_context *alone = make_bf16(0, NULL);
  for (int form = 0; form < 4; form++) {
    const bool ta = form & 1, tb = form & 2, narrow = support_below(2);
    const size_t m = narrow ? 4000 : 200, n = narrow ? 30 : 300, k = 150;
    dni_matrix a = ta ? matrix_random(DNI_F32, k, m) : matrix_random(DNI_F32, m, k);
    dni_matrix b = tb ? matrix_random(DNI_F32, n, k) : matrix_random(DNI_F32, k, n);
    dni_matrix one = matrix_make(DNI_F32, m, n), many = matrix_make(DNI_F32, m, n);
    EXPECT_OK(dni__gemm_bf16(dni_context_backend(alone), ta, tb, 1, &a, &b, 0, &one));
    for (size_t threads = 2; threads <= 4; threads++) {
      dni_backend *backend = support_builtin();
      EXPECT_OK(dni_backend_set_threads(backend, threads));
      dni_context *context = make_bf16(0, backend);
      EXPECT_OK(dni__gemm_bf16(backend, ta, tb, 1, &a, &b, 0, &many));
      matrix_expect_same(&one, &many, "threads");
      dni_context_release(context);
      dni_backend_release(backend);
    }
  }
  dni_context_release(alone);
}
END_TEST

/* Rounding. ------------------------------------------------------------------------------------ */

static float product_of(dni_context *context, float a, float b) {
  float c = 5;
  dni_matrix left, right, to;
  dni_matrix_init_f32(&left, &a, 1, 1);
  dni_matrix_init_f32(&right, &b, 1, 1);
  dni_matrix_init_f32(&to, &c, 1, 1);
  EXPECT_OK(dni__gemm_bf16(dni_context_backend(context), 0, 0, 1, &left, &right, 0, &to));
  return c;
}

static void expect_rounded(dni_context *context, float number) {
  const float expected = nearest_bf16(number), found = product_of(context, number, 1);
  const float once = dni__float_of(dni__bf16_round(number) << 16);
  const char *name = dni_instructions_name(dni_context_instructions(context));
  if (expected != expected) {
    EXPECT(found != found && once != once, "%s: NaN becomes %a, %a", name, (double)found,
           (double)once);
    return;
  }
  EXPECT(found == expected && once == expected, "%s: %a becomes %a, %a, not %a", name,
         (double)number, (double)found, (double)once, (double)expected);
}

/* Ties, the largest numbers, infinity, NaN of any payload, denormals, and a step around each. */
START_TEST(test_rounding) {
  static const uint32_t places[] = {0,          1,          0x7f8000,   0x800000,   0x807fff,
                                    0x808000,   0x818000,   0x3f800000, 0x3f808000, 0x3f818000,
                                    0x7f7f0000, 0x7f7f7fff, 0x7f7f8000, 0x7f7fffff, 0x7f800000,
                                    0x7f800001, 0x7fbfffff, 0x7fc00000, 0x7fffffff};
  for (dni_instructions set = DNI_INSTRUCTIONS_BASELINE; set <= SETS; set++) {
    dni_context *context = make_bf16(set, NULL);
    if (!context) continue;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
      for (uint32_t step = 0; step < 3; step++)
        for (uint32_t sign = 0; sign < 2; sign++)
          expect_rounded(context, dni__float_of((places[i] + step - 1) ^ sign << 31));
    for (int i = 0; i < 20000; i++)
      expect_rounded(context, dni__float_of((uint32_t)support_random()));
    dni_context_release(context);
  }
}
END_TEST

/* As the layers' products meet them: in every place of a vector and beside it. */
START_TEST(test_special_numbers) {
  static const float specials[] = {INFINITY, -INFINITY, NAN, 0x1p-130f, -0x1.fffffep127f};
  enum { K = 70, N = 37 };
  for (dni_instructions set = DNI_INSTRUCTIONS_BASELINE; set <= SETS; set++) {
    dni_context *context = make_bf16(set, NULL);
    if (!context) continue;
    for (int form = 0; form < 4; form++)
      for (size_t s = 0; s < sizeof specials / sizeof specials[0]; s++) {
        const bool ta = form & 1, tb = form & 2;
        const size_t at = support_below(K), of = support_below(N);
        dni_matrix a = ta ? matrix_filled(DNI_F32, K, 3, 1) : matrix_filled(DNI_F32, 3, K, 1);
        dni_matrix b = tb ? matrix_filled(DNI_F32, N, K, 1) : matrix_filled(DNI_F32, K, N, 1);
        dni_matrix c = matrix_make(DNI_F32, 3, N);
        matrix_set(&b, tb ? of : at, tb ? at : of, (double)specials[s]);
        EXPECT_OK(dni__gemm_bf16(dni_context_backend(context), ta, tb, 1, &a, &b, 0, &c));
        for (size_t j = 0; j < N; j++)
          expect_close(matrix_get(&c, 1, j),
                       j == of ? (double)(nearest_bf16(specials[s]) + (K - 1)) : K, 0, "a sum");
      }
    dni_context_release(context);
  }
}
END_TEST

/* A bf16 of a power of 2 in [least, least + 60). */
static float any_size(int least) {
  const float number = ldexpf(1 + (float)support_below(128) / 128, least + (int)support_below(60));
  return support_below(2) ? number : -number;
}

/* Products that are too large or too small for a float count as they are: each is added, and then
 * rounded. Denormals are 0 where the processor has a mode for that, as in all public calls. */
START_TEST(test_any_size) {
  enum { MOST = 6 };
  DNI_FLUSH_DENORMALS;
  for (dni_instructions set = DNI_INSTRUCTIONS_BASELINE; set <= SETS; set++) {
    dni_context *context = make_bf16(set, NULL);
    for (int i = 0; context && i < 5000; i++) {
      const size_t k = 1 + support_below(MOST);
      float left[MOST + 1] = {0}, right[MOST + 1] = {0}, sum = 0, found = 0;
      for (size_t p = 0; p < k; p++)
        left[p] = any_size(i % 2 ? -100 : 40), right[p] = any_size(i % 2 ? -80 : 30);
      for (size_t p = 0; p < k; p += 2)
        sum = fmaf(left[p], right[p], fmaf(left[p + 1], right[p + 1], sum));
      dni_matrix a, b, c;
      dni_matrix_init_f32(&a, left, 1, k);
      dni_matrix_init_f32(&b, right, k, 1);
      dni_matrix_init_f32(&c, &found, 1, 1);
      EXPECT_OK(dni__gemm_bf16(dni_context_backend(context), 0, 0, 1, &a, &b, 0, &c));
      EXPECT(found == sum || (found != found && sum != sum), "%s: %a, not %a",
             dni_instructions_name(set), (double)found, (double)sum);
    }
    dni_context_release(context);
  }
}
END_TEST

/* A backend of the caller's. ------------------------------------------------------------------- */

typedef struct own_backend {
  size_t floats, bf16s; /* products so far */
  dni_status answer;
} own_backend;

static float factor(const dni_product *p, const void *data, size_t at) {
  return p->dtype == DNI_BF16 ? dni__float_of((uint32_t)((const uint16_t *)data)[at] << 16)
                              : ((const float *)data)[at];
}

/* In the library's order. */
static dni_status own_product(void *user, const dni_product *p) {
  own_backend *own = user;
  if (own->answer != DNI_OK) return own->answer;
  *(p->dtype == DNI_BF16 ? &own->bf16s : &own->floats) += 1;
  const size_t run = run_of(p->k);
  for (size_t i = 0; i < p->m; i++)
    for (size_t j = 0; j < p->n; j++) {
      float *c = (float *)p->c + i * p->ldc + j;
      if (p->beta == 0) *c = 0;
      for (size_t first = 0; first < p->k; first += run) {
        volatile float sum = 0;
        for (size_t q = first; q < p->k && q < first + run; q += 2)
          for (size_t r = q + 2; r-- > q;)
            if (r < p->k)
              sum = sum + factor(p, p->a, p->transpose_a ? r * p->lda + i : i * p->lda + r) *
                              factor(p, p->b, p->transpose_b ? j * p->ldb + r : r * p->ldb + j);
        volatile float scaled = (float)p->alpha * sum;
        *c = *c + scaled;
      }
    }
  return DNI_OK;
}

/* A context with compute bf16 on such a backend. */
static dni_context *make_own(own_backend *own, int32_t bf16) {
  const dni_backend_options how = {.struct_size = sizeof how, .allocator = &support_allocator};
  const dni_backend_callbacks callbacks = {
      .struct_size = sizeof callbacks, .user = own, .product = own_product, .f32 = 1, .bf16 = bf16};
  dni_backend *backend;
  EXPECT_OK(dni_backend_create_callback(&how, &callbacks, &backend));
  dni_context *context = make_bf16(0, backend);
  dni_backend_release(backend);
  return context;
}

enum { INPUTS = 37, OUTPUTS = 21, ROWS = 9 };

/* Three steps of one layer with a linear SG's lesson; the weights of both. */
static void train(dni_context *context, const dni_matrix *x, const dni_matrix *dy,
                  dni_matrix *weights) {
  dni_layer *layer;
  dni_sg *sg;
  dni_optimiser *adam;
  dni_matrix y = matrix_make(DNI_F32, ROWS, OUTPUTS), dx = matrix_make(DNI_F32, ROWS, INPUTS), view;
  EXPECT_OK(dni_layer_create_dense(context, INPUTS, OUTPUTS, DNI_ACTIVATION_TANH, &layer));
  EXPECT_OK(dni_sg_create_synthetic(context, INPUTS, OUTPUTS, NULL, &sg));
  EXPECT_OK(dni_optimiser_create_adam(context, 0.01, &adam));
  EXPECT_OK(dni_optimiser_add_layer(adam, layer));
  EXPECT_OK(dni_optimiser_add_sg(adam, sg));
  for (int step = 0; step < 3; step++) {
    dni_matrix given = matrix_convert(dy, DNI_F32), delta = matrix_make(DNI_F32, ROWS, INPUTS);
    const dni_query query = {.struct_size = sizeof query, .h = x, .y = dy};
    EXPECT_OK(dni_layer_forward(layer, DNI_MODE_TRAINING, NULL, x, &y));
    EXPECT_OK(dni_layer_backward(layer, DNI_GRADIENT_REPLACE, NULL, x, &y, &given, &dx));
    EXPECT_OK(dni_sg_estimate(sg, &query, &delta));
    const dni_lesson lesson = {.struct_size = sizeof lesson, .h = x, .y = dy, .target = &dx};
    EXPECT_OK(dni_sg_learn(sg, &lesson, NULL));
    EXPECT_OK(dni_optimiser_step(adam));
  }
  EXPECT_OK(dni_layer_parameter(layer, 0, &view, NULL));
  weights[0] = matrix_convert(&view, DNI_F32);
  EXPECT_OK(dni_sg_parameter(sg, 0, &view, NULL));
  weights[1] = matrix_convert(&view, DNI_F32);
  dni_optimiser_release(adam);
  dni_sg_release(sg);
  dni_layer_release(layer);
}

/* Asked for bf16 it gets all products of a training rounded, and trains to the builtin backend's bits, but
 * for those of AMX, which adds in another order. */
START_TEST(test_own_backend) {
  own_backend own = {0};
  dni_matrix x = matrix_random(DNI_F32, ROWS, INPUTS), dy = matrix_random(DNI_F32, ROWS, OUTPUTS);
  dni_matrix weights[2][2];
  dni_context *contexts[] = {make_own(&own, 1), make_bf16(dni__instructions_best(0), NULL)};
  for (size_t k = 0; k < 2; k++) {
    ck_assert_int_eq(dni_context_compute(contexts[k]), DNI_BF16);
    train(contexts[k], &x, &dy, weights[k]);
    dni_context_release(contexts[k]);
  }
  for (size_t w = 0; w < 2; w++)
    matrix_expect_same(&weights[0][w], &weights[1][w], w == 0 ? "layer" : "SG");
  EXPECT(own.bf16s > 0 && own.floats == 0, "%zu of bf16, %zu of floats", own.bf16s, own.floats);
}
END_TEST

/* One that cannot computes in float, and the context says so. */
START_TEST(test_own_backend_without) {
  own_backend own = {0};
  dni_matrix x = matrix_random(DNI_F32, ROWS, INPUTS), dy = matrix_random(DNI_F32, ROWS, OUTPUTS);
  dni_matrix weights[2];
  dni_context *context = make_own(&own, 0);
  ck_assert_int_eq(dni_context_compute(context), DNI_F32);
  train(context, &x, &dy, weights);
  EXPECT(own.floats > 0 && own.bf16s == 0, "%zu of bf16, %zu of floats", own.bf16s, own.floats);
  dni_context_release(context);
}
END_TEST

/* Its failure and a lack of memory for the operands come out; nothing is lost. */
START_TEST(test_own_backend_fails) {
  own_backend own = {0};
  dni_context *context = make_own(&own, 1);
  dni_layer *layer;
  dni_matrix x = matrix_random(DNI_F32, ROWS, INPUTS), y = matrix_make(DNI_F32, ROWS, OUTPUTS);
  EXPECT_OK(dni_layer_create_dense(context, INPUTS, OUTPUTS, DNI_ACTIVATION_TANH, &layer));
  own.answer = 4321;
  EXPECT_STATUS(4321, dni_layer_forward(layer, DNI_MODE_INFERENCE, NULL, &x, &y));
  own.answer = DNI_OK;
  support_watched.fail_after = 0;
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_layer_forward(layer, DNI_MODE_INFERENCE, NULL, &x, &y));
  support_watched.fail_after = SIZE_MAX;
  EXPECT_OK(dni_layer_forward(layer, DNI_MODE_INFERENCE, NULL, &x, &y));
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

START_TEST(test_own_backend_refusals) {
  dni_backend *backend = NULL;
  dni_backend_callbacks callbacks = {
      .struct_size = sizeof callbacks, .product = own_product, .f32 = 1, .bf16 = 2};
  EXPECT_ARGUMENT(dni_backend_create_callback(NULL, &callbacks, &backend));
  callbacks.bf16 = 0, callbacks.reserved = 1;
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_backend_create_callback(NULL, &callbacks, &backend));
  EXPECT(!backend, "written");
}
END_TEST

/* Weights that are rounded once. --------------------------------------------------------------- */

/* What writes a weight is followed by what products read: the view, set, copy, a frozen layer. */
START_TEST(test_written_weights) {
  dni_context *context = make_bf16(0, NULL);
  dni_layer *layer, *copy;
  dni_matrix x = matrix_random(DNI_F32, ROWS, INPUTS), y = matrix_make(DNI_F32, ROWS, OUTPUTS);
  dni_matrix again = matrix_make(DNI_F32, ROWS, OUTPUTS), view;
  dni_matrix other = matrix_random(DNI_F32, OUTPUTS, INPUTS);
  EXPECT_OK(dni_layer_create_dense(context, INPUTS, OUTPUTS, DNI_ACTIVATION_IDENTITY, &layer));
  EXPECT_OK(dni_layer_set_parameter(layer, 0, &other));
  EXPECT_OK(dni_layer_forward(layer, DNI_MODE_INFERENCE, NULL, &x, &y));
  EXPECT_OK(dni_layer_copy(layer, &copy));
  EXPECT_OK(dni_layer_forward(copy, DNI_MODE_INFERENCE, NULL, &x, &again));
  matrix_expect_same(&y, &again, "copy");
  EXPECT_OK(dni_layer_parameter(copy, 0, &view, NULL));
  matrix_fill(&view, 1);
  EXPECT_OK(dni_layer_changed(copy));
  EXPECT_OK(dni_layer_forward(copy, DNI_MODE_INFERENCE, NULL, &x, &again));
  for (size_t r = 0; r < ROWS; r++) {
    double sum = 0;
    for (size_t c = 0; c < INPUTS; c++)
      sum += (double)nearest_bf16((float)matrix_get(&x, r, c));
    expect_close(matrix_get(&again, r, 3), sum, 1e-5, "a weight written through its view");
  }
  dni_layer_release(copy);
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* Packed weights are cut among threads, and made by several, to the same bits. */
START_TEST(test_threads_of_layers) {
  enum { WIDE = 300, TALL = 310, BATCH = 130 };
  dni_matrix x = matrix_random(DNI_F32, BATCH, WIDE), dy = matrix_random(DNI_F32, BATCH, TALL);
  dni_matrix y[2], dx[2], weights[2];
  for (size_t k = 0; k < 2; k++) {
    dni_backend *backend = support_builtin();
    dni_layer *layer;
    dni_optimiser *sgd;
    dni_matrix given = matrix_convert(&dy, DNI_F32), view;
    EXPECT_OK(dni_backend_set_threads(backend, k == 0 ? 1 : 3));
    dni_context *context = make_bf16(0, backend);
    y[k] = matrix_make(DNI_F32, BATCH, TALL), dx[k] = matrix_make(DNI_F32, BATCH, WIDE);
    EXPECT_OK(dni_layer_create_dense(context, WIDE, TALL, DNI_ACTIVATION_TANH, &layer));
    EXPECT_OK(dni_optimiser_create_sgd(context, 0.1, &sgd));
    EXPECT_OK(dni_optimiser_add_layer(sgd, layer));
    for (int step = 0; step < 2; step++) {
      EXPECT_OK(dni_layer_forward(layer, DNI_MODE_TRAINING, NULL, &x, &y[k]));
      EXPECT_OK(dni_layer_backward(layer, DNI_GRADIENT_REPLACE, NULL, &x, &y[k], &given, &dx[k]));
      EXPECT_OK(dni_optimiser_step(sgd));
    }
    EXPECT_OK(dni_layer_parameter(layer, 0, &view, NULL));
    weights[k] = matrix_convert(&view, DNI_F32);
    dni_optimiser_release(sgd);
    dni_layer_release(layer);
    dni_context_release(context);
    dni_backend_release(backend);
  }
  matrix_expect_same(&y[0], &y[1], "y");
  matrix_expect_same(&dx[0], &dx[1], "dx");
  matrix_expect_same(&weights[0], &weights[1], "weights");
}
END_TEST

/* An SG's answers to one-hot rows or, with labels, to the numbers of their classes. */
static dni_matrix answers(dni_context *context, dni_condition condition, size_t hidden,
                          const dni_matrix *h, const dni_matrix *y) {
  const dni_sg_options options = {.struct_size = sizeof options,
                                  .condition = condition,
                                  .hidden_layers = hidden,
                                  .has_seed = 1};
  dni_matrix weight, random, delta = matrix_make(DNI_F32, ROWS, INPUTS);
  const dni_query query = {.struct_size = sizeof query, .h = h, .y = y};
  dni_sg *sg;
  EXPECT_OK(dni_sg_create_synthetic(context, INPUTS, OUTPUTS, &options, &sg));
  EXPECT_OK(dni_sg_parameter(sg, 2 * hidden, &weight, NULL));
  random = matrix_filled(DNI_F32, weight.rows, weight.columns, 0);
  for (size_t r = 0; r < weight.rows; r++)
    for (size_t c = 0; c < weight.columns; c++)
      matrix_set(&random, r, c, sin((double)(r * weight.columns + c)));
  EXPECT_OK(dni_sg_set_parameter(sg, 2 * hidden, &random));
  EXPECT_OK(dni_sg_estimate(sg, &query, &delta));
  dni_sg_release(sg);
  return delta;
}

/* Both pick columns of a weight as they are. _i: hidden layers */
START_TEST(test_labels) {
  dni_context *context = make_bf16(0, NULL);
  static const dni_condition conditions[] = {DNI_CONDITION_HY, DNI_CONDITION_Y};
  dni_matrix h = matrix_random(DNI_F32, ROWS, INPUTS), labels;
  dni_matrix one_hot = matrix_filled(DNI_F32, ROWS, OUTPUTS, 0);
  int32_t classes[ROWS];
  for (size_t r = 0; r < ROWS; r++) {
    classes[r] = (int32_t)support_below(OUTPUTS);
    matrix_set(&one_hot, r, (size_t)classes[r], 1);
  }
  dni_matrix_init_labels(&labels, classes, ROWS);
  for (size_t i = 0; i < 2; i++) {
    dni_matrix rows = answers(context, conditions[i], (size_t)_i, &h, &one_hot);
    dni_matrix numbers = answers(context, conditions[i], (size_t)_i, &h, &labels);
    matrix_expect_same(&rows, &numbers, i == 0 ? "h and y" : "y");
  }
  dni_context_release(context);
}
END_TEST

/* The line search multiplies with the gradient, which is never packed: the rate is that of a float SG. */
START_TEST(test_line_search) {
  dni_context *contexts[] = {support_context(DNI_F64), make_bf16(0, NULL)};
  dni_matrix h = matrix_random(DNI_F64, ROWS, INPUTS), y = matrix_random(DNI_F64, ROWS, OUTPUTS);
  dni_matrix target = matrix_random(DNI_F64, ROWS, INPUTS);
  double rates[2];
  for (size_t k = 0; k < 2; k++) {
    const dni_dtype dtype = dni_context_dtype(contexts[k]);
    dni_matrix own_h = matrix_convert(&h, dtype), own_y = matrix_convert(&y, dtype);
    dni_matrix own_target = matrix_convert(&target, dtype);
    const dni_lesson lesson = {
        .struct_size = sizeof lesson, .h = &own_h, .y = &own_y, .target = &own_target};
    dni_sg *sg;
    EXPECT_OK(dni_sg_create_synthetic(contexts[k], INPUTS, OUTPUTS, NULL, &sg));
    EXPECT_OK(dni_sg_learn(sg, &lesson, NULL));
    EXPECT_OK(dni_sg_line_search(sg, &own_h, &own_y, &rates[k]));
    dni_sg_release(sg);
    dni_context_release(contexts[k]);
  }
  EXPECT(rates[0] > 0 && fabs(rates[1] / rates[0] - 1) < 0.02, "rates %g and %g", rates[0],
         rates[1]);
}
END_TEST

/* Blocks for products are memory that one can do without: where there is none, a call that succeeds leaves the message
 * of an earlier failure as it is. */
START_TEST(test_without_blocks) {
  const dni_context_options options = {
      .struct_size = sizeof options, .compute = DNI_BF16, .allocator = &support_allocator};
  size_t spared = 0;
  for (size_t allowed = 0; allowed < 20; allowed++) {
    dni_context *context = NULL;
    EXPECT_ARGUMENT(dni_context_create(&options, NULL));
    support_watched.fail_once = true;
    support_watched.fail_after = allowed;
    const dni_status status = dni_context_create(&options, &context);
    const bool failed = support_watched.fail_after == SIZE_MAX;
    support_watched.fail_after = SIZE_MAX;
    support_watched.fail_once = false;
    dni_context_release(context);
    if (status != DNI_OK) continue;
    spared += failed;
    ck_assert_int_eq(dni_last_status(), DNI_ERROR_ARGUMENT);
  }
  ck_assert_uint_eq(spared, 1);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("bf16");
  TCase *group = tcase_create("products");
  tcase_add_checked_fixture(group, support_setup, support_teardown);
  tcase_set_timeout(group, 60);
  suite_add_tcase(suite, group);
  tcase_add_loop_test(group, test_products, 0, SHAPES);
  tcase_add_test(group, test_threads);
  tcase_add_test(group, test_rounding);
  tcase_add_test(group, test_special_numbers);
  tcase_add_test(group, test_any_size);
  tcase_add_test(group, test_own_backend);
  tcase_add_test(group, test_own_backend_without);
  tcase_add_test(group, test_own_backend_fails);
  tcase_add_test(group, test_own_backend_refusals);
  tcase_add_test(group, test_written_weights);
  tcase_add_test(group, test_threads_of_layers);
  tcase_add_loop_test(group, test_labels, 0, 2);
  tcase_add_test(group, test_line_search);
  tcase_add_test(group, test_without_blocks);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? 0 : 1;
}
