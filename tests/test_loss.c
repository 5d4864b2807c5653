/* Losses against their definitions in double precision and against central differences, on every
 * element type and instruction set; extreme logits, NaN, soft targets, counting. */
#include "support/support.h"

enum { SOFTMAX, SIGMOID, SQUARED, ABSOLUTE, LOSSES };

static const char *const names[LOSSES] = {"softmax_cross_entropy", "sigmoid_cross_entropy",
                                          "squared_error", "absolute_error"};

static dni_status create(int kind, dni_context *context, dni_loss **out) {
  switch (kind) {
  case SOFTMAX:
    return dni_loss_create_softmax_cross_entropy(context, NULL, out);
  case SIGMOID:
    return dni_loss_create_sigmoid_cross_entropy(context, NULL, out);
  case SQUARED:
    return dni_loss_create_squared_error(context, out);
  default:
    return dni_loss_create_absolute_error(context, out);
  }
}

static dni_loss *make(int kind, dni_context *context) {
  dni_loss *loss = NULL;
  EXPECT_OK(create(kind, context, &loss));
  return loss;
}

/* Targets as the loss wants them: rows that sum to 1 (soft or one-hot), [0, 1], or anything. */
static dni_matrix make_targets(int kind, dni_dtype dtype, size_t rows, size_t columns, bool soft) {
  dni_matrix y = kind == SOFTMAX && !soft ? matrix_one_hot(dtype, rows, columns)
                                          : matrix_random(dtype, rows, columns);
  for (size_t r = 0; soft && kind == SOFTMAX && r < rows; r++) {
    double sum = 0;
    for (size_t c = 0; c < columns; c++)
      sum += exp(matrix_get(&y, r, c));
    for (size_t c = 0; c < columns; c++)
      matrix_set(&y, r, c, exp(matrix_get(&y, r, c)) / sum);
  }
  for (size_t r = 0; kind == SIGMOID && r < rows; r++)
    for (size_t c = 0; c < columns; c++)
      matrix_set(&y, r, c, soft ? support_uniform(0, 1) : (double)(support_random() % 2));
  return y;
}

/* The largest h of a row, and log sum_c exp(h_c - that). */
static double largest(const dni_matrix *h, size_t row) {
  double most = -INFINITY;
  for (size_t c = 0; c < h->columns; c++)
    most = fmax(most, matrix_get(h, row, c));
  return most;
}

static double log_sum_exp(const dni_matrix *h, size_t row) {
  double sum = 0;
  for (size_t c = 0; c < h->columns; c++)
    sum += exp(matrix_get(h, row, c) - largest(h, row));
  return log(sum);
}

/* One element's share of L_s and its slope. For softmax h and log_sum are relative to the row's
 * largest: taken apart from it, so that large logits cost no digits. */
static double element(int kind, double h, double y, double log_sum, double *slope) {
  switch (kind) {
  case SOFTMAX: /* the targets of a row sum to 1 */
    *slope = exp(h - log_sum) - y;
    return y == 0 ? 0 : -y * (h - log_sum);
  case SIGMOID:
    *slope = 1 / (1 + exp(-h)) - y;
    return (h > 0 ? h : 0) + log1p(exp(-fabs(h))) - y * h;
  case SQUARED:
    *slope = h - y;
    return (h - y) * (h - y) / 2;
  default:
    *slope = (h > y) - (h < y);
    return fabs(h - y);
  }
}

typedef struct evaluation {
  dni_matrix delta, per_example;
  double mean;
} evaluation;

static evaluation reference(int kind, const dni_matrix *h, const dni_matrix *y) {
  evaluation expected = {matrix_make(DNI_F64, h->rows, h->columns),
                         matrix_make(DNI_F64, h->rows, 1), 0};
  for (size_t r = 0; r < h->rows; r++) {
    double sum = 0, log_sum = kind == SOFTMAX ? log_sum_exp(h, r) : 0;
    double origin = kind == SOFTMAX ? largest(h, r) : 0;
    for (size_t c = 0; c < h->columns; c++) {
      double slope;
      sum += element(kind, matrix_get(h, r, c) - origin, matrix_get(y, r, c), log_sum, &slope);
      matrix_set(&expected.delta, r, c, slope);
    }
    matrix_set(&expected.per_example, r, 0, sum);
    expected.mean += sum / (double)h->rows;
  }
  return expected;
}

static evaluation evaluate(dni_loss *loss, const dni_matrix *h, const dni_matrix *y) {
  evaluation got = {matrix_make(h->dtype, h->rows, h->columns), matrix_make(h->dtype, h->rows, 1),
                    (double)NAN};
  EXPECT_OK(support_evaluate(loss, h, y, &got.delta, &got.per_example, &got.mean));
  return got;
}

static void compare(const evaluation *got, const evaluation *expected, double tolerance,
                    const char *name) {
  matrix_expect_close(&got->delta, &expected->delta, tolerance, name);
  matrix_expect_close(&got->per_example, &expected->per_example, tolerance, name);
  expect_close(got->mean, expected->mean, tolerance, name);
}

static const size_t sizes[][2] = {{1, 1}, {3, 2}, {7, 10}, {33, 17}, {5, 131}};
enum { SIZES = 5 };

START_TEST(values_and_gradients) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  for (int kind = 0; kind < LOSSES; kind++) {
    dni_loss *loss = make(kind, context);
    for (size_t i = 0; i < 2 * SIZES; i++) {
      size_t rows = sizes[i / 2][0], columns = sizes[i / 2][1];
      if (kind == SOFTMAX && columns == 1) continue; /* refused */
      dni_matrix h = matrix_random(dtype, rows, columns), before = matrix_convert(&h, dtype);
      dni_matrix y = make_targets(kind, dtype, rows, columns, i % 2);
      if (kind == ABSOLUTE) matrix_set(&y, 0, 0, matrix_get(&h, 0, 0)); /* slope 0 at 0 */
      evaluation expected = reference(kind, &h, &y), got = evaluate(loss, &h, &y);
      compare(&got, &expected, support_tolerance(dtype, 2e-6, 1e-14), names[kind]);
      matrix_expect_same(&h, &before, "h");
    }
    dni_loss_release(loss);
  }
  dni_context_release(context);
}
END_TEST

/* Each output may be left out, and delta may be h itself, without changing the others. */
START_TEST(outputs_are_optional) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  for (int kind = 0; kind < LOSSES; kind++) {
    dni_loss *loss = make(kind, context);
    dni_matrix h = matrix_random(dtype, 9, 21), y = make_targets(kind, dtype, 9, 21, true);
    evaluation all = evaluate(loss, &h, &y);
    dni_matrix delta = matrix_make(dtype, 9, 21), per_example = matrix_make(dtype, 9, 1);
    double mean = -1;
    EXPECT_OK(support_evaluate(loss, &h, &y, NULL, NULL, NULL));
    EXPECT_OK(support_evaluate(loss, &h, &y, &delta, NULL, NULL));
    matrix_expect_same(&delta, &all.delta, "delta alone");
    EXPECT_OK(support_evaluate(loss, &h, &y, NULL, &per_example, NULL));
    matrix_expect_same(&per_example, &all.per_example, "per_example alone");
    EXPECT_OK(support_evaluate(loss, &h, &y, NULL, NULL, &mean));
    EXPECT(mean == all.mean, "mean alone: %.17g, %.17g", mean, all.mean);
    size_t calls = support_watched.calls;
    EXPECT_OK(support_evaluate(loss, &h, &y, &h, &per_example, &mean));
    EXPECT(support_watched.calls == calls, "%s allocates", names[kind]);
    matrix_expect_same(&h, &all.delta, "delta in place of h");
    matrix_expect_same(&per_example, &all.per_example, "per_example, delta in place of h");
    EXPECT(mean == all.mean, "mean, delta in place of h");
    dni_loss_release(loss);
  }
  dni_context_release(context);
}
END_TEST

typedef struct probe {
  dni_loss *loss;
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
  for (int kind = 0; kind < LOSSES; kind++) {
    probe p = {make(kind, context), matrix_random(DNI_F64, 5, 4),
               make_targets(kind, DNI_F64, 5, 4, true)};
    evaluation got = evaluate(p.loss, &p.h, &p.y);
    for (size_t r = 0; r < 5; r++)
      for (size_t c = 0; c < 4; c++)
        expect_close(matrix_get(&got.delta, r, c),
                     matrix_difference(&p.h, r, c, 1e-5, sum_of_losses, &p), 1e-8, names[kind]);
    dni_loss_release(p.loss);
  }
  dni_context_release(context);
}
END_TEST

/* Logits of +-1e4, mixed with ordinary ones, and confident right and wrong answers. */
START_TEST(extreme_logits) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  for (int kind = 0; kind < LOSSES; kind++) {
    dni_loss *loss = make(kind, context);
    for (size_t trial = 0; trial < 4; trial++) {
      dni_matrix h = matrix_random(dtype, 12, 19);
      dni_matrix y = make_targets(kind, dtype, 12, 19, trial % 2);
      for (size_t r = 0; r < 12; r++)
        for (size_t c = 0; c < 19; c++)
          if (trial < 2 || support_random() % 3 == 0)
            matrix_set(&h, r, c, support_random() % 2 ? 1e4 : -1e4);
      evaluation expected = reference(kind, &h, &y), got = evaluate(loss, &h, &y);
      compare(&got, &expected, support_tolerance(dtype, 2e-6, 1e-14), names[kind]);
    }
    dni_loss_release(loss);
  }
  dni_context_release(context);
}
END_TEST

/* A small loss is not lost beside large logits: with a margin m the softmax loss is about
 * exp(-m). */
START_TEST(confident_answers) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  double tolerance = support_tolerance(dtype, 3e-6, 1e-13);
  for (int kind = SOFTMAX; kind <= SIGMOID; kind++) {
    dni_loss *loss = make(kind, context);
    dni_matrix h = matrix_filled(dtype, 1, 1 + (kind == SOFTMAX), 0);
    dni_matrix y = matrix_filled(dtype, 1, h.columns, 0);
    matrix_set(&y, 0, 0, 1);
    for (double margin = 1; margin < 12; margin += 0.75) {
      matrix_set(&h, 0, 0, margin);
      evaluation got = evaluate(loss, &h, &y);
      double wrong = 1 / (1 + exp(margin));
      expect_close(matrix_get(&got.delta, 0, 0) / -wrong, 1, support_tolerance(dtype, 2e-2, 1e-10),
                   "slope of a confident answer");
      expect_close(got.mean, log1p(exp(-margin)), tolerance, "loss of a confident answer");
    }
    dni_loss_release(loss);
  }
  dni_context_release(context);
}
END_TEST

/* Not an error; the row, its loss and the mean say so. Infinite logits also give NaN or
 * infinity. */
START_TEST(non_finite_input) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  static const double bad[] = {NAN, INFINITY, -INFINITY};
  for (int kind = 0; kind < LOSSES; kind++) {
    dni_loss *loss = make(kind, context);
    for (size_t b = 0; b < 3; b++)
      for (size_t at = 0; at < 21; at += 5) {
        dni_matrix h = matrix_random(dtype, 3, 21), y = make_targets(kind, dtype, 3, 21, true);
        matrix_set(&h, 1, at, bad[b]);
        evaluation got = evaluate(loss, &h, &y);
        double there = matrix_get(&got.per_example, 1, 0);
        EXPECT(!isfinite(there), "%s of %g: %g", names[kind], bad[b], there);
        EXPECT(b || isnan(there), "%s of NaN: %g", names[kind], there);
        EXPECT(!isfinite(got.mean), "%s of %g: mean %g", names[kind], bad[b], got.mean);
        EXPECT(b || isnan(matrix_get(&got.delta, 1, at)), "%s: slope at NaN", names[kind]);
        for (size_t r = 0; r < 3; r += 2)
          EXPECT(isfinite(matrix_get(&got.per_example, r, 0)), "%s: row %zu", names[kind], r);
      }
    dni_matrix h = matrix_random(dtype, 3, 21), y = make_targets(kind, dtype, 3, 21, true);
    matrix_set(&y, 2, 20, (double)NAN);
    evaluation got = evaluate(loss, &h, &y);
    EXPECT(isnan(got.mean) && isnan(matrix_get(&got.per_example, 2, 0)), "%s: NaN in y",
           names[kind]);
    dni_loss_release(loss);
  }
  dni_context_release(context);
}
END_TEST

/* The mean is summed in double: 1/2 of a million equal float losses does not drift. */
START_TEST(mean_is_summed_in_double) {
  dni_context *context = support_context(DNI_F32);
  dni_loss *loss = make(SQUARED, context);
  enum { ROWS = 300000 };
  float *data = malloc(2 * ROWS * sizeof *data);
  ck_assert_ptr_nonnull(data);
  for (size_t r = 0; r < ROWS; r++)
    data[r] = 0.1f, data[ROWS + r] = 0;
  dni_matrix h, y;
  dni_matrix_init_f32(&h, data, ROWS, 1);
  dni_matrix_init_f32(&y, data + ROWS, ROWS, 1);
  double mean = 0, one = (double)0.1f * (double)0.1f / 2;
  EXPECT_OK(support_evaluate(loss, &h, &y, NULL, NULL, &mean));
  EXPECT(fabs(mean / one - 1) < 2e-7, "%.17g, expected %.17g", mean, one);
  free(data);
  dni_loss_release(loss);
  dni_context_release(context);
}
END_TEST

START_TEST(empty_batches) {
  dni_context *context = support_context(support_dtypes[_i]);
  for (int kind = 0; kind < LOSSES; kind++) {
    dni_loss *loss = make(kind, context);
    dni_matrix empty = {NULL, 0, 3, 3, dni_context_dtype(context), 0}, one = empty;
    one.columns = one.stride = 1;
    double mean = 7, correct = 0;
    EXPECT_OK(support_evaluate(loss, &empty, &empty, &empty, &one, &mean));
    EXPECT(mean == 0, "mean of nothing: %g", mean);
    if (kind <= SIGMOID) {
      correct = 7;
      EXPECT_OK(support_correct(loss, &empty, &empty, &correct));
    }
    EXPECT(correct == 0, "%g of nothing right", correct);
    dni_loss_release(loss);
  }
  dni_context_release(context);
}
END_TEST

/* Counting. ---------------------------------------------------------------------------------- */

static double count_rows(int kind, dni_context *context, const double *h, const double *y,
                         size_t rows, size_t columns) {
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix h_view = matrix_make(dtype, rows, columns), y_view = matrix_make(dtype, rows, columns);
  for (size_t i = 0; i < rows * columns; i++) {
    matrix_set(&h_view, i / columns, i % columns, h[i]);
    matrix_set(&y_view, i / columns, i % columns, y[i]);
  }
  dni_loss *loss = make(kind, context);
  double correct = -1;
  EXPECT_OK(support_correct(loss, &h_view, &y_view, &correct));
  dni_loss_release(loss);
  return correct;
}

START_TEST(counting_the_largest) {
  dni_context *context = support_context(support_dtypes[_i]);
  static const struct {
    double h[3], y[3];
    bool right;
  } cases[] = {
      {{0.1, 0.9, 0.2}, {0, 1, 0}, true},
      {{0.1, 0.9, 0.2}, {0, 0, 1}, false},
      {{-5, -7, -6}, {1, 0, 0}, true},
      {{0.2, 0.1, 0.7}, {0.3, 0.3, 0.4}, true},
      {{2, 2, 1}, {1, 0, 0}, true}, /* first of equals */
      {{2, 2, 1}, {0, 1, 0}, false},
      {{1, 2, 3}, {0, 0.5, 0.5}, false}, /* first of equal targets */
      {{1, 3, 2}, {0, 0.5, 0.5}, true},
      {{(double)NAN, 2, 1}, {0, 1, 0}, false},
      {{1, 2, (double)NAN}, {0, 1, 0}, false},
      {{(double)INFINITY, 2, 1}, {1, 0, 0}, true},
      {{-(double)INFINITY, -(double)INFINITY, -(double)INFINITY}, {1, 0, 0}, true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    EXPECT(count_rows(SOFTMAX, context, cases[i].h, cases[i].y, 1, 3) == cases[i].right,
           "softmax, case %zu", i);
  dni_context_release(context);
}
END_TEST

START_TEST(counting_sides) {
  dni_context *context = support_context(support_dtypes[_i]);
  static const struct {
    double h[2], y[2];
    bool right;
  } cases[] = {
      {{3, -2}, {1, 0}, true},
      {{3, 2}, {1, 0}, false},
      {{-3, -2}, {1, 0}, false},
      {{0.001, -0.001}, {0.51, 0.49}, true},
      {{3, 2}, {1, 1}, true},
      {{-1, -1}, {0, 0}, true},
      {{(double)NAN, -2}, {1, 0}, false},
      {{3, (double)NAN}, {1, 0}, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    EXPECT(count_rows(SIGMOID, context, cases[i].h, cases[i].y, 1, 2) == cases[i].right,
           "sigmoid, case %zu", i);
  /* One column: logits about 0. */
  const double logits[] = {2, -1, 0.3, -0.2, (double)NAN}, labels[] = {1, 0, 0, 1, 1};
  ck_assert_double_eq(count_rows(SIGMOID, context, logits, labels, 5, 1), 2);
  dni_context_release(context);
}
END_TEST

START_TEST(counting_many) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_loss *loss = make(SOFTMAX, context);
  dni_matrix h = matrix_random(dtype, 501, 10), y = matrix_one_hot(dtype, 501, 10);
  double expected = 0, correct = -1;
  for (size_t r = 0; r < 501; r++) {
    size_t best = 0;
    for (size_t c = 1; c < 10; c++)
      if (matrix_get(&h, r, c) > matrix_get(&h, r, best)) best = c;
    expected += matrix_get(&y, r, best) == 1;
  }
  EXPECT_OK(support_correct(loss, &h, &y, &correct));
  ck_assert_double_eq(correct, expected);
  dni_loss_release(loss);
  dni_context_release(context);
}
END_TEST

/* Errors of numbers do not classify. */
START_TEST(who_classifies) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  for (int kind = 0; kind < LOSSES; kind++) {
    dni_loss *loss = make(kind, context);
    dni_matrix h = matrix_random(dtype, 4, 3), y = make_targets(kind, dtype, 4, 3, false);
    double correct = 7;
    EXPECT(dni_loss_classifies(loss) == (kind <= SIGMOID), "%s", names[kind]);
    if (kind > SIGMOID) {
      EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, support_correct(loss, &h, &y, &correct));
      EXPECT(correct == 7, "an output was written");
    }
    dni_loss_release(loss);
  }
  EXPECT(dni_loss_classifies(NULL) == 0, "NULL classifies");
  dni_context_release(context);
}
END_TEST

/* Refusals. ---------------------------------------------------------------------------------- */

START_TEST(refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context), other = dtype == DNI_F32 ? DNI_F64 : DNI_F32;
  for (int kind = 0; kind < LOSSES; kind++) {
    dni_loss *loss = NULL;
    EXPECT_ARGUMENT(create(kind, NULL, &loss));
    EXPECT_ARGUMENT(create(kind, context, NULL));
    loss = make(kind, context);
    EXPECT_TEXT(dni_loss_kind_name(loss), names[kind]);
    static const dni_kind kinds[] = {DNI_LOSS_SOFTMAX_CROSS_ENTROPY, DNI_LOSS_SIGMOID_CROSS_ENTROPY,
                                     DNI_LOSS_SQUARED_ERROR, DNI_LOSS_ABSOLUTE_ERROR};
    EXPECT(dni_loss_kind(loss) == kinds[kind], "kind %d", (int)dni_loss_kind(loss));
    dni_matrix h = matrix_random(dtype, 4, 3), y = make_targets(kind, dtype, 4, 3, false);
    dni_matrix delta = matrix_make(dtype, 4, 3), per_example = matrix_make(dtype, 4, 1);
    dni_matrix bad[] = {matrix_random(dtype, 4, 2), matrix_random(dtype, 5, 3),
                        matrix_random(other, 4, 3), h, h};
    bad[3].stride = 2;
    bad[4].data = NULL;
    double mean = 7, correct = 7;
    for (size_t b = 0; b < 5; b++) {
      EXPECT_ARGUMENT(support_evaluate(loss, &bad[b], &y, &delta, &per_example, &mean));
      EXPECT_ARGUMENT(support_evaluate(loss, &h, &bad[b], &delta, &per_example, &mean));
      EXPECT_ARGUMENT(support_evaluate(loss, &h, &y, &bad[b], &per_example, &mean));
      EXPECT_ARGUMENT(support_evaluate(loss, &h, &y, &delta, &bad[b], &mean));
      if (kind > SIGMOID) continue;
      EXPECT_ARGUMENT(support_correct(loss, &bad[b], &y, &correct));
      EXPECT_ARGUMENT(support_correct(loss, &h, &bad[b], &correct));
    }
    EXPECT_ARGUMENT(support_evaluate(loss, NULL, &y, &delta, &per_example, &mean));
    EXPECT_ARGUMENT(support_evaluate(loss, &h, NULL, &delta, &per_example, &mean));
    EXPECT_ARGUMENT(support_evaluate(NULL, &h, &y, &delta, &per_example, &mean));
    EXPECT_ARGUMENT(support_correct(NULL, &h, &y, &correct));
    if (kind <= SIGMOID) EXPECT_ARGUMENT(support_correct(loss, &h, &y, NULL));
    matrix_expect_untouched(&delta, "delta");
    matrix_expect_untouched(&per_example, "per_example");
    EXPECT(mean == 7 && correct == 7, "an output was written");
    EXPECT(dni_loss_retain(loss) == loss, "another handle");
    dni_loss_release(loss);
    dni_loss_release(loss);
  }
  EXPECT(!dni_loss_retain(NULL) && dni_loss_kind(NULL) == 0, "NULL has something");
  dni_loss_release(NULL);
  EXPECT_TEXT(dni_loss_kind_name(NULL), "");
  dni_context_release(context);
}
END_TEST

static Suite *loss_suite(void) {
  Suite *suite = suite_create("loss");
  TCase *values = tcase_create("values");
  tcase_add_checked_fixture(values, support_setup, support_teardown);
  tcase_add_loop_test(values, values_and_gradients, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(values, outputs_are_optional, 0, SUPPORT_MACHINES);
  tcase_add_test(values, gradients_equal_central_differences);
  tcase_add_loop_test(values, extreme_logits, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(values, confident_answers, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(values, non_finite_input, 0, SUPPORT_MACHINES);
  tcase_add_test(values, mean_is_summed_in_double);
  tcase_add_loop_test(values, empty_batches, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, values);
  TCase *counting = tcase_create("counting and refusals");
  tcase_add_checked_fixture(counting, support_setup, support_teardown);
  tcase_add_loop_test(counting, counting_the_largest, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(counting, counting_sides, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(counting, counting_many, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(counting, who_classifies, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(counting, refusals, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, counting);
  return suite;
}

int main(void) {
  return support_run(loss_suite());
}
