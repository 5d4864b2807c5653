/* What losses do beside their formulas: labels in place of one-hot rows, label smoothing and class
 * weights against their formula in double, weights of examples, losses of the caller's own. */
#include "support/support.h"

enum { SOFTMAX, SIGMOID, SQUARED, ABSOLUTE, OWN, LOSSES };

static const char *const names[LOSSES] = {"softmax_cross_entropy", "sigmoid_cross_entropy",
                                          "squared_error", "absolute_error", "callback"};

/* A loss of the caller's own: L = sum_c (c + 1) (h_c - y_c)^2, right if h_0 > y_0. */
typedef struct own_loss {
  dni_status answer;
  size_t evaluations, destroyed;
  bool had_delta;
} own_loss;

static double target(const dni_matrix *y, size_t row, size_t column) {
  if (y->dtype == DNI_I32) return ((const int32_t *)y->data)[row * y->stride] == (int32_t)column;
  return matrix_get(y, row, column);
}

static dni_status own_evaluate(void *user, const dni_loss_call *call) {
  own_loss *own = user;
  const dni_matrix *h = call->h;
  EXPECT(call->struct_size >= sizeof *call && call->per_example, "bad call");
  own->evaluations++;
  own->had_delta = call->delta != NULL;
  if (own->answer != DNI_OK) return own->answer;
  for (size_t r = 0; r < h->rows; r++) {
    double sum = 0;
    for (size_t c = 0; c < h->columns; c++) {
      double difference = matrix_get(h, r, c) - target(call->y, r, c), factor = (double)c + 1;
      sum += factor * difference * difference;
      if (call->delta) matrix_set(call->delta, r, c, 2 * factor * difference);
    }
    matrix_set(call->per_example, r, 0, sum);
  }
  return DNI_OK;
}

static dni_status own_correct(void *user, const dni_loss_call *call) {
  own_loss *own = user;
  EXPECT(!call->delta && call->per_example, "bad call");
  for (size_t r = 0; r < call->h->rows; r++)
    matrix_set(call->per_example, r, 0, matrix_get(call->h, r, 0) > target(call->y, r, 0));
  return own->answer;
}

static void own_destroy(void *user) {
  ((own_loss *)user)->destroyed++;
}

static dni_loss *make_own(dni_context *context, own_loss *own, bool classifies) {
  dni_loss_callbacks callbacks = {.struct_size = sizeof callbacks,
                                  .user = own,
                                  .evaluate = own_evaluate,
                                  .correct = classifies ? own_correct : NULL,
                                  .destroy = own_destroy};
  dni_loss *loss = NULL;
  EXPECT_OK(dni_loss_create_callback(context, &callbacks, &loss));
  return loss;
}

static dni_loss *make(int kind, dni_context *context, const dni_loss_options *options,
                      own_loss *own) {
  dni_loss *loss = NULL;
  switch (kind) {
  case SOFTMAX:
    EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, options, &loss));
    break;
  case SIGMOID:
    EXPECT_OK(dni_loss_create_sigmoid_cross_entropy(context, options, &loss));
    break;
  case SQUARED:
    EXPECT_OK(dni_loss_create_squared_error(context, &loss));
    break;
  case ABSOLUTE:
    EXPECT_OK(dni_loss_create_absolute_error(context, &loss));
    break;
  default:
    loss = make_own(context, own, true);
  }
  return loss;
}

static bool classifies(int kind) {
  return kind == SOFTMAX || kind == SIGMOID || kind == OWN;
}

typedef struct evaluation {
  dni_matrix delta, per_example;
  double mean, correct; /* correct -1: the loss does not classify */
} evaluation;

static evaluation evaluate(const dni_loss *loss, const dni_matrix *h, const dni_matrix *y,
                           const dni_matrix *weights) {
  evaluation got = {matrix_make(h->dtype, h->rows, h->columns), matrix_make(h->dtype, h->rows, 1),
                    (double)NAN, -1};
  dni_batch batch = {.struct_size = sizeof batch, .x = h, .y = y, .weights = weights};
  EXPECT_OK(dni_loss_evaluate(loss, &batch, &got.delta, &got.per_example, &got.mean));
  if (dni_loss_classifies(loss)) EXPECT_OK(dni_loss_count_correct(loss, &batch, &got.correct));
  return got;
}

static void expect_same(const evaluation *got, const evaluation *expected, const char *what) {
  matrix_expect_same(&got->delta, &expected->delta, what);
  matrix_expect_same(&got->per_example, &expected->per_example, what);
  EXPECT(got->mean == expected->mean, "%s: mean %.17g, %.17g", what, got->mean, expected->mean);
  EXPECT(got->correct == expected->correct, "%s: %g right, %g", what, got->correct,
         expected->correct);
}

/* Labels. ------------------------------------------------------------------------------------- */

typedef struct labels {
  int32_t data[1200];
  dni_matrix view;
} labels;

/* The columns in which rows of y are 1, as labels with a stride of 2; rubbish in between. */
static void labels_of(const dni_matrix *y, labels *out) {
  ck_assert_uint_le(2 * y->rows, 1200);
  for (size_t r = 0; r < y->rows; r++) {
    out->data[2 * r + 1] = -77;
    for (size_t c = 0; c < y->columns; c++)
      if (matrix_get(y, r, c) == 1) out->data[2 * r] = (int32_t)c;
  }
  out->view = (dni_matrix){out->data, y->rows, 1, 2, DNI_I32, 0};
}

static const dni_loss_options *options_of(size_t which, size_t columns, double *class_weights,
                                          dni_loss_options *options) {
  for (size_t c = 0; c < columns; c++)
    class_weights[c] = c % 3 == 1 ? 0 : support_uniform(0.2, 3);
  *options = (dni_loss_options){.struct_size = sizeof *options};
  if (which & 1) options->label_smoothing = 0.15;
  if (which & 2) options->class_weights = class_weights, options->class_count = columns;
  return which ? options : NULL;
}

static const size_t sizes[][2] = {{1, 1}, {3, 2}, {7, 10}, {33, 17}, {5, 131}, {600, 3}};
enum { SIZES = 6 };

/* Every output has the bits that one-hot rows give, whatever the options and weights. */
START_TEST(labels_are_one_hot_rows) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  for (int kind = 0; kind < LOSSES; kind++)
    for (size_t i = 0; i < 4 * SIZES; i++) {
      size_t rows = sizes[i / 4][0], columns = sizes[i / 4][1];
      if (columns == 1) continue; /* refused */
      double class_weights[131];
      dni_loss_options options;
      own_loss own = {0};
      dni_loss *loss =
          make(kind, context, options_of(i % 4, columns, class_weights, &options), &own);
      dni_matrix h = matrix_random(dtype, rows, columns), y = matrix_one_hot(dtype, rows, columns);
      dni_matrix weights = matrix_make(dtype, rows, 1);
      for (size_t r = 0; r < rows; r++)
        matrix_set(&weights, r, 0, r % 5 == 2 ? 0 : support_uniform(0, 2));
      labels classes;
      labels_of(&y, &classes);
      for (int weighted = 0; weighted < 2; weighted++) {
        const dni_matrix *given = weighted ? &weights : NULL;
        evaluation expected = evaluate(loss, &h, &y, given);
        evaluation got = evaluate(loss, &h, &classes.view, given);
        expect_same(&got, &expected, names[kind]);
        /* Delta in place of h. */
        dni_matrix both = matrix_convert(&h, dtype);
        dni_batch batch = {
            .struct_size = sizeof batch, .x = &both, .y = &classes.view, .weights = given};
        EXPECT_OK(dni_loss_evaluate(loss, &batch, &both, NULL, NULL));
        matrix_expect_same(&both, &expected.delta, "delta in place of h");
      }
      dni_loss_release(loss);
    }
  dni_context_release(context);
}
END_TEST

/* Labels allocate nothing, of the library's own losses. */
START_TEST(labels_allocate_nothing) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix h = matrix_random(dtype, 40, 7), y = matrix_one_hot(dtype, 40, 7);
  dni_matrix weights = matrix_filled(dtype, 40, 1, 0.5), delta = matrix_make(dtype, 40, 7);
  labels classes;
  labels_of(&y, &classes);
  dni_batch batch = {.struct_size = sizeof batch, .x = &h, .y = &classes.view, .weights = &weights};
  for (int kind = 0; kind < OWN; kind++) {
    dni_loss *loss = make(kind, context, NULL, NULL);
    double mean = -1, correct = -1;
    size_t calls = support_watched.calls;
    EXPECT_OK(dni_loss_evaluate(loss, &batch, &delta, NULL, &mean));
    if (classifies(kind)) EXPECT_OK(dni_loss_count_correct(loss, &batch, &correct));
    EXPECT(support_watched.calls == calls, "%s allocates", names[kind]);
    dni_loss_release(loss);
  }
  dni_context_release(context);
}
END_TEST

/* Out of range: the message names the row, and nothing is written. Other bad views. */
START_TEST(bad_labels) {
  static const int32_t bad[] = {-1, 5, INT32_MAX, INT32_MIN};
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix h = matrix_random(dtype, 6, 5), delta = matrix_make(dtype, 6, 5);
  dni_matrix per_example = matrix_make(dtype, 6, 1);
  for (int kind = 0; kind < LOSSES; kind++) {
    own_loss own = {0};
    dni_loss *loss = make(kind, context, NULL, &own);
    for (size_t i = 0; i < 4; i++) {
      int32_t data[6] = {0, 4, 2, 1, bad[i], 3};
      double mean = 7, correct = 7;
      dni_matrix y;
      dni_matrix_init_labels(&y, data, 6);
      EXPECT_STATUS(DNI_ERROR_DATA, support_evaluate(loss, &h, &y, &delta, &per_example, &mean));
      EXPECT(strstr(dni_last_message(), "row 4"), "message \"%s\"", dni_last_message());
      if (classifies(kind)) EXPECT_STATUS(DNI_ERROR_DATA, support_correct(loss, &h, &y, &correct));
      data[4] = 4;
      dni_matrix views[4] = {y, y, y, y};
      views[0].columns = views[0].stride = 2;
      views[1].rows = 5;
      views[2].dtype = DNI_U8;
      views[3].data = NULL;
      for (size_t v = 0; v < 4; v++)
        EXPECT_ARGUMENT(support_evaluate(loss, &h, &views[v], &delta, &per_example, &mean));
      EXPECT(mean == 7 && correct == 7, "an output was written");
    }
    EXPECT(own.evaluations == 0, "the caller's loss saw a bad label");
    dni_loss_release(loss);
  }
  matrix_expect_untouched(&delta, "delta");
  matrix_expect_untouched(&per_example, "per_example");
  dni_context_release(context);
}
END_TEST

/* Smoothing and class weights. ---------------------------------------------------------------- */

/* L_s of a row and its gradient, in double, by the header's formulas. */
static double row_loss(int kind, const dni_loss_options *options, const dni_matrix *h,
                       const dni_matrix *y, size_t row, double *gradient) {
  double a = options->label_smoothing, most = -INFINITY, sum = 0, loss = 0, mass = 0;
  size_t columns = h->columns;
  for (size_t c = 0; c < columns; c++)
    most = fmax(most, matrix_get(h, row, c));
  for (size_t c = 0; c < columns; c++)
    sum += exp(matrix_get(h, row, c) - most);
  for (size_t c = 0; c < columns; c++) {
    double logit = matrix_get(h, row, c), w = options->class_count ? options->class_weights[c] : 1;
    double smooth = (1 - a) * matrix_get(y, row, c) + a / (kind == SOFTMAX ? (double)columns : 2);
    if (kind == SIGMOID) {
      loss += w * (fmax(logit, 0) + log1p(exp(-fabs(logit))) - smooth * logit);
      gradient[c] = w * (1 / (1 + exp(-logit)) - smooth);
    } else {
      loss -= w * smooth * (logit - most - log(sum));
      mass += w * smooth;
    }
  }
  for (size_t c = 0; kind == SOFTMAX && c < columns; c++) {
    double w = options->class_count ? options->class_weights[c] : 1;
    gradient[c] = mass * exp(matrix_get(h, row, c) - most) / sum -
                  w * ((1 - a) * matrix_get(y, row, c) + a / (double)columns);
  }
  return loss;
}

/* Rows that sum to 1, or numbers between 0 and 1. */
static dni_matrix soft_targets(int kind, dni_dtype dtype, size_t rows, size_t columns) {
  dni_matrix y = matrix_make(dtype, rows, columns);
  for (size_t r = 0; r < rows; r++) {
    double sum = 0;
    for (size_t c = 0; c < columns; c++) {
      matrix_set(&y, r, c, support_uniform(0, 1));
      sum += matrix_get(&y, r, c);
    }
    for (size_t c = 0; kind == SOFTMAX && c < columns; c++)
      matrix_set(&y, r, c, matrix_get(&y, r, c) / sum);
  }
  return y;
}

START_TEST(options_follow_their_formulas) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  double tolerance = support_tolerance(dtype, 3e-6, 1e-13);
  for (int kind = SOFTMAX; kind <= SIGMOID; kind++)
    for (size_t i = 0; i < 4 * SIZES; i++) {
      size_t rows = sizes[i / 4][0], columns = sizes[i / 4][1];
      if (kind == SOFTMAX && columns == 1) continue; /* refused */
      double class_weights[131], gradient[131], mean = 0;
      dni_loss_options options;
      dni_loss *loss =
          make(kind, context, options_of(i % 4, columns, class_weights, &options), NULL);
      double kept_weights[131];
      memcpy(kept_weights, class_weights, sizeof kept_weights);
      memset(class_weights, 0xFF, sizeof class_weights); /* it has a copy */
      if (options.class_count) options.class_weights = kept_weights;
      dni_matrix h = matrix_random(dtype, rows, columns);
      dni_matrix y =
          i % 2 ? soft_targets(kind, dtype, rows, columns) : matrix_one_hot(dtype, rows, columns);
      evaluation got = evaluate(loss, &h, &y, NULL);
      for (size_t r = 0; r < rows; r++) {
        double expected = row_loss(kind, &options, &h, &y, r, gradient);
        expect_close(matrix_get(&got.per_example, r, 0), expected, tolerance, names[kind]);
        for (size_t c = 0; c < columns; c++)
          expect_close(matrix_get(&got.delta, r, c), gradient[c], tolerance, names[kind]);
        mean += expected / (double)rows; /* not divided by class weights */
      }
      expect_close(got.mean, mean, tolerance, "mean");
      dni_loss_release(loss);
    }
  dni_context_release(context);
}
END_TEST

typedef struct probe {
  const dni_loss *loss;
  dni_matrix h, y;
} probe;

static double sum_of_losses(void *argument) {
  probe *p = argument;
  double mean = 0;
  EXPECT_OK(support_evaluate(p->loss, &p->h, &p->y, NULL, NULL, &mean));
  return mean * (double)p->h.rows;
}

START_TEST(gradients_equal_central_differences) {
  dni_context *context = support_context(DNI_F64);
  for (int kind = SOFTMAX; kind <= SIGMOID; kind++)
    for (size_t which = 0; which < 4; which++) {
      double class_weights[4];
      dni_loss_options options;
      dni_loss *loss = make(kind, context, options_of(which, 4, class_weights, &options), NULL);
      probe p = {loss, matrix_random(DNI_F64, 5, 4), soft_targets(kind, DNI_F64, 5, 4)};
      evaluation got = evaluate(loss, &p.h, &p.y, NULL);
      for (size_t r = 0; r < 5; r++)
        for (size_t c = 0; c < 4; c++)
          expect_close(matrix_get(&got.delta, r, c),
                       matrix_difference(&p.h, r, c, 1e-5, sum_of_losses, &p), 1e-8, names[kind]);
      dni_loss_release(loss);
    }
  dni_context_release(context);
}
END_TEST

/* Options that say nothing leave every bit as without options. */
START_TEST(empty_options_change_no_bit) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_loss_options options = {.struct_size = sizeof options};
  for (int kind = SOFTMAX; kind <= SIGMOID; kind++) {
    dni_loss *plain = make(kind, context, NULL, NULL), *empty = make(kind, context, &options, NULL);
    dni_matrix h = matrix_random(dtype, 9, 21), y = soft_targets(kind, dtype, 9, 21);
    evaluation expected = evaluate(plain, &h, &y, NULL), got = evaluate(empty, &h, &y, NULL);
    expect_same(&got, &expected, names[kind]);
    dni_loss_release(plain);
    dni_loss_release(empty);
  }
  dni_context_release(context);
}
END_TEST

/* Counting looks at y as it is given, without smoothing and class weights. */
START_TEST(options_do_not_change_counts) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  for (int kind = SOFTMAX; kind <= SIGMOID; kind++) {
    double class_weights[6];
    dni_loss_options options;
    (void)options_of(3, 6, class_weights, &options);
    options.label_smoothing = 0.9;
    dni_loss *plain = make(kind, context, NULL, NULL), *other = make(kind, context, &options, NULL);
    dni_matrix h = matrix_random(dtype, 200, 6), y = matrix_one_hot(dtype, 200, 6);
    for (size_t r = 0; r < 100; r++)
      for (size_t c = 0; c < 6; c++)
        matrix_set(&h, r, c, matrix_get(&h, r, c) + 8 * matrix_get(&y, r, c) - 4);
    double expected = -1, correct = -1;
    EXPECT_OK(support_correct(plain, &h, &y, &expected));
    EXPECT_OK(support_correct(other, &h, &y, &correct));
    EXPECT(correct == expected && correct > 50, "%g right, expected %g", correct, expected);
    dni_loss_release(plain);
    dni_loss_release(other);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(option_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  static const double smoothings[] = {-1e-9, 1, NAN, INFINITY},
                      bad_weights[] = {-1e-9, NAN, INFINITY};
  for (int kind = SOFTMAX; kind <= SIGMOID; kind++) {
    dni_status (*create)(dni_context *, const dni_loss_options *, dni_loss **) =
        kind == SOFTMAX ? dni_loss_create_softmax_cross_entropy
                        : dni_loss_create_sigmoid_cross_entropy;
    double class_weights[3] = {1, 0, 2};
    const dni_loss_options good = {
        .struct_size = sizeof good, .class_weights = class_weights, .class_count = 3};
    dni_loss_options bad = good;
    dni_loss *loss = NULL;
    for (size_t i = 0; i < 4; i++) {
      bad.label_smoothing = smoothings[i];
      EXPECT_ARGUMENT(create(context, &bad, &loss));
    }
    for (size_t i = 0; i < 3; i++) {
      class_weights[2] = bad_weights[i];
      EXPECT_ARGUMENT(create(context, &good, &loss));
    }
    class_weights[2] = 2;
    bad = good, bad.class_weights = NULL;
    EXPECT_ARGUMENT(create(context, &bad, &loss));
    bad = good, bad.class_count = 0;
    EXPECT_ARGUMENT(create(context, &bad, &loss));
    bad = good, bad.struct_size = 8;
    EXPECT_ARGUMENT(create(context, &bad, &loss));
    struct {
      dni_loss_options known;
      uint64_t newer;
    } longer = {good, 1};
    longer.known.struct_size = sizeof longer;
    EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, create(context, &longer.known, &loss));
    EXPECT_ARGUMENT(create(NULL, &good, &loss));
    EXPECT_ARGUMENT(create(context, &good, NULL));
    size_t bytes = support_watched.bytes;
    for (size_t allowed = 0;; allowed++) {
      support_watched.fail_after = allowed;
      dni_status status = create(context, &good, &loss);
      support_watched.fail_after = SIZE_MAX;
      if (status == DNI_OK) break;
      EXPECT(status == DNI_ERROR_MEMORY && !loss && support_watched.bytes == bytes,
             "allocation %zu", allowed);
    }
    /* Class weights that do not fit the columns. */
    dni_matrix h = matrix_random(dtype, 4, 5), y = matrix_one_hot(dtype, 4, 5);
    dni_matrix delta = matrix_make(dtype, 4, 5);
    double mean = 7;
    EXPECT_ARGUMENT(support_evaluate(loss, &h, &y, &delta, NULL, &mean));
    EXPECT(mean == 7, "an output was written");
    matrix_expect_untouched(&delta, "delta");
    dni_loss_release(loss);
  }
  dni_context_release(context);
}
END_TEST

/* Weights of examples. ------------------------------------------------------------------------ */

/* Rows of h and y `copies` times each: weights 2, 1 and 0 written out. */
static dni_matrix repeat(const dni_matrix *from, const size_t *copies, size_t total) {
  dni_matrix made = matrix_make(from->dtype, total, from->columns);
  for (size_t r = 0, at = 0; r < from->rows; r++)
    for (size_t n = 0; n < copies[r]; n++, at++)
      for (size_t c = 0; c < from->columns; c++)
        matrix_set(&made, at, c, matrix_get(from, r, c));
  return made;
}

/* delta is weights[s] times the gradient, losses have no weight, the mean is weighted. Weight 2
 * is the row twice, weight 0 its absence. */
START_TEST(weights_are_repetitions) {
  enum { ROWS = 12, COLUMNS = 7 };
  static const size_t copies[ROWS] = {1, 2, 0, 1, 3, 0, 2, 1, 1, 0, 2, 1};
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  double tolerance = support_tolerance(dtype, 1e-6, 1e-14);
  size_t total = 0;
  for (size_t r = 0; r < ROWS; r++)
    total += copies[r];
  for (int kind = 0; kind < LOSSES; kind++) {
    own_loss own = {0};
    double class_weights[COLUMNS];
    dni_loss_options options;
    dni_loss *loss = make(kind, context, options_of(3, COLUMNS, class_weights, &options), &own);
    dni_matrix h = matrix_random(dtype, ROWS, COLUMNS), y = matrix_one_hot(dtype, ROWS, COLUMNS);
    dni_matrix weights = matrix_make(dtype, ROWS, 1);
    for (size_t r = 0; r < ROWS; r++)
      matrix_set(&weights, r, 0, (double)copies[r]);
    for (size_t c = 0; c < COLUMNS; c++)
      matrix_set(&h, 2, c, 1e3 * (double)c); /* what is absent does not matter */
    evaluation plain = evaluate(loss, &h, &y, NULL), got = evaluate(loss, &h, &y, &weights);
    dni_matrix more_h = repeat(&h, copies, total), more_y = repeat(&y, copies, total);
    evaluation repeated = evaluate(loss, &more_h, &more_y, NULL);
    matrix_expect_same(&got.per_example, &plain.per_example, "losses have no weight");
    for (size_t r = 0; r < ROWS; r++)
      for (size_t c = 0; c < COLUMNS; c++) {
        double expected = (double)copies[r] * matrix_get(&plain.delta, r, c);
        expect_close(matrix_get(&got.delta, r, c), expected, copies[r] < 2 ? 0 : tolerance,
                     "delta");
      }
    expect_close(got.mean, repeated.mean, tolerance, names[kind]);
    EXPECT(got.correct == repeated.correct, "%s: %g right, repeated %g", names[kind], got.correct,
           repeated.correct);
    /* Weights of 1 are no weights. */
    matrix_fill(&weights, 1);
    evaluation ones = evaluate(loss, &h, &y, &weights);
    expect_same(&ones, &plain, "weights of 1");
    dni_loss_release(loss);
  }
  dni_context_release(context);
}
END_TEST

/* Any weights: against the formula. */
START_TEST(weighted_means_and_counts) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  for (int kind = 0; kind < LOSSES; kind++) {
    own_loss own = {0};
    dni_loss *loss = make(kind, context, NULL, &own);
    dni_matrix h = matrix_random(dtype, 40, 3), y = matrix_one_hot(dtype, 40, 3);
    dni_matrix weights = matrix_make(dtype, 40, 1);
    double sum = 0, weight_sum = 0, count = 0;
    for (size_t r = 0; r < 40; r++)
      matrix_set(&weights, r, 0, support_uniform(0, 3));
    evaluation plain = evaluate(loss, &h, &y, NULL), got = evaluate(loss, &h, &y, &weights);
    for (size_t r = 0; r < 40; r++) {
      double w = matrix_get(&weights, r, 0), right = -1;
      dni_matrix one_h = h, one_y = y;
      one_h.rows = one_y.rows = 1;
      one_h.data = (char *)h.data + r * h.stride * (dtype == DNI_F32 ? 4 : 8);
      one_y.data = (char *)y.data + r * y.stride * (dtype == DNI_F32 ? 4 : 8);
      if (classifies(kind)) EXPECT_OK(support_correct(loss, &one_h, &one_y, &right));
      sum += w * matrix_get(&plain.per_example, r, 0), weight_sum += w;
      count += w * right;
    }
    expect_close(got.mean, sum / weight_sum, support_tolerance(dtype, 1e-6, 1e-14), names[kind]);
    if (classifies(kind)) expect_close(got.correct, count, 1e-12, "right, weighted");
    dni_loss_release(loss);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(weight_refusals) {
  static const double bad[] = {-1e-9, NAN, INFINITY};
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_dtype other = dtype == DNI_F32 ? DNI_F64 : DNI_F32;
  dni_matrix h = matrix_random(dtype, 4, 3), y = matrix_one_hot(dtype, 4, 3);
  dni_matrix delta = matrix_make(dtype, 4, 3), per_example = matrix_make(dtype, 4, 1);
  dni_matrix weights = matrix_filled(dtype, 4, 1, 1);
  dni_matrix views[] = {matrix_filled(dtype, 3, 1, 1), matrix_filled(dtype, 4, 2, 1),
                        matrix_filled(other, 4, 1, 1), weights};
  views[3].data = NULL;
  for (int kind = 0; kind < LOSSES; kind++) {
    own_loss own = {0};
    dni_loss *loss = make(kind, context, NULL, &own);
    double mean = 7, correct = 7;
    for (size_t i = 0; i < 7; i++) {
      dni_batch batch = {.struct_size = sizeof batch, .x = &h, .y = &y, .weights = &weights};
      if (i < 3) matrix_set(&weights, 2, 0, bad[i]);
      if (i >= 3) batch.weights = &views[i - 3];
      EXPECT_ARGUMENT(dni_loss_evaluate(loss, &batch, &delta, &per_example, &mean));
      if (classifies(kind)) EXPECT_ARGUMENT(dni_loss_count_correct(loss, &batch, &correct));
      matrix_set(&weights, 2, 0, 1);
    }
    dni_batch batch = {.struct_size = 8, .x = &h, .y = &y};
    EXPECT_ARGUMENT(dni_loss_evaluate(loss, &batch, &delta, &per_example, &mean));
    EXPECT_ARGUMENT(dni_loss_evaluate(loss, NULL, &delta, &per_example, &mean));
    if (classifies(kind)) EXPECT_ARGUMENT(dni_loss_count_correct(loss, NULL, &correct));
    EXPECT(mean == 7 && correct == 7 && own.evaluations == 0, "something was done");
    /* No weight at all: nothing to average. */
    matrix_fill(&weights, 0);
    batch = (dni_batch){.struct_size = sizeof batch, .x = &h, .y = &y, .weights = &weights};
    EXPECT_OK(dni_loss_evaluate(loss, &batch, NULL, NULL, &mean));
    EXPECT(mean == 0, "mean of no weight: %g", mean);
    matrix_fill(&weights, 1);
    dni_loss_release(loss);
  }
  matrix_expect_untouched(&delta, "delta");
  matrix_expect_untouched(&per_example, "per_example");
  dni_context_release(context);
}
END_TEST

/* The caller's own. --------------------------------------------------------------------------- */

START_TEST(own_losses) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  own_loss own = {0};
  dni_loss *loss = make_own(context, &own, true);
  EXPECT(dni_loss_kind(loss) == DNI_LOSS_CALLBACK && dni_loss_classifies(loss) == 1, "description");
  EXPECT_TEXT(dni_loss_kind_name(loss), "callback");
  dni_matrix h = matrix_random(dtype, 5, 3), y = matrix_random(dtype, 5, 3);
  evaluation got = evaluate(loss, &h, &y, NULL);
  double mean = 0, right = 0, expected_mean = 0;
  for (size_t r = 0; r < 5; r++) {
    double sum = 0;
    for (size_t c = 0; c < 3; c++) {
      double difference = matrix_get(&h, r, c) - matrix_get(&y, r, c);
      sum += (double)(c + 1) * difference * difference;
      expect_close(matrix_get(&got.delta, r, c), 2 * (double)(c + 1) * difference, 1e-6, "delta");
    }
    expect_close(matrix_get(&got.per_example, r, 0), sum, 1e-6, "loss");
    expected_mean += sum / 5, right += matrix_get(&h, r, 0) > matrix_get(&y, r, 0);
  }
  expect_close(got.mean, expected_mean, 1e-6, "mean");
  EXPECT(got.correct == right, "%g right, expected %g", got.correct, right);
  /* Without per_example it gets working space, which is given back. */
  size_t bytes = support_watched.bytes;
  EXPECT_OK(support_evaluate(loss, &h, &y, NULL, NULL, &mean));
  EXPECT(mean == got.mean && !own.had_delta, "mean alone");
  EXPECT(support_watched.bytes == bytes, "working space is kept");
  support_watched.fail_after = 0;
  EXPECT_STATUS(DNI_ERROR_MEMORY, support_evaluate(loss, &h, &y, NULL, NULL, &mean));
  EXPECT_OK(support_evaluate(loss, &h, &y, &got.delta, &got.per_example, &mean));
  EXPECT_STATUS(DNI_ERROR_MEMORY, support_correct(loss, &h, &y, &right));
  support_watched.fail_after = SIZE_MAX;
  /* What it answers. */
  own.answer = 1234;
  mean = right = 7;
  EXPECT_STATUS(1234, support_evaluate(loss, &h, &y, NULL, NULL, &mean));
  EXPECT_STATUS(1234, support_correct(loss, &h, &y, &right));
  own.answer = DNI_ERROR_DATA;
  EXPECT_STATUS(DNI_ERROR_CALLBACK, support_evaluate(loss, &h, &y, NULL, NULL, &mean));
  EXPECT(mean == 7 && right == 7 && support_watched.bytes == bytes, "after failures");
  own.answer = DNI_OK;
  EXPECT(dni_loss_retain(loss) == loss, "another handle");
  dni_loss_release(loss);
  EXPECT(own.destroyed == 0, "destroyed while in use");
  dni_loss_release(loss);
  EXPECT(own.destroyed == 1, "destroyed %zu times", own.destroyed);
  loss = make_own(context, &own, false);
  EXPECT(dni_loss_classifies(loss) == 0, "classifies without correct");
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, support_correct(loss, &h, &y, &right));
  dni_loss_release(loss);
  dni_context_release(context);
}
END_TEST

START_TEST(own_loss_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  own_loss own = {0};
  const dni_loss_callbacks good = {
      .struct_size = sizeof good, .user = &own, .evaluate = own_evaluate, .destroy = own_destroy};
  dni_loss_callbacks bad = good;
  dni_loss *loss = NULL;
  EXPECT_ARGUMENT(dni_loss_create_callback(NULL, &good, &loss));
  EXPECT_ARGUMENT(dni_loss_create_callback(context, NULL, &loss));
  EXPECT_ARGUMENT(dni_loss_create_callback(context, &good, NULL));
  bad.evaluate = NULL;
  EXPECT_ARGUMENT(dni_loss_create_callback(context, &bad, &loss));
  bad = good, bad.struct_size = 8;
  EXPECT_ARGUMENT(dni_loss_create_callback(context, &bad, &loss));
  struct {
    dni_loss_callbacks known;
    void *newer;
  } longer = {good, &own};
  longer.known.struct_size = sizeof longer;
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_loss_create_callback(context, &longer.known, &loss));
  support_watched.fail_after = 0;
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_loss_create_callback(context, &good, &loss));
  support_watched.fail_after = SIZE_MAX;
  EXPECT(!loss && own.destroyed == 0, "something was made or destroyed");
  dni_context_release(context);
}
END_TEST

static TCase *add_group(Suite *suite, const char *name) {
  TCase *group = tcase_create(name);
  tcase_add_checked_fixture(group, support_setup, support_teardown);
  suite_add_tcase(suite, group);
  return group;
}

int main(void) {
  Suite *suite = suite_create("loss options");
  TCase *group = add_group(suite, "labels");
  tcase_add_loop_test(group, labels_are_one_hot_rows, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, labels_allocate_nothing, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, bad_labels, 0, SUPPORT_DTYPES);
  group = add_group(suite, "smoothing and class weights");
  tcase_add_loop_test(group, options_follow_their_formulas, 0, SUPPORT_MACHINES);
  tcase_add_test(group, gradients_equal_central_differences);
  tcase_add_loop_test(group, empty_options_change_no_bit, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, options_do_not_change_counts, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, option_refusals, 0, SUPPORT_DTYPES);
  group = add_group(suite, "weights");
  tcase_add_loop_test(group, weights_are_repetitions, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, weighted_means_and_counts, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, weight_refusals, 0, SUPPORT_DTYPES);
  group = add_group(suite, "the caller's own");
  tcase_add_loop_test(group, own_losses, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, own_loss_refusals, 0, SUPPORT_DTYPES);
  return support_run(suite);
}
