/* Least-squares SGs alone, against the recursion in long double: what they see, lessons in any form,
 * weights and parts of lessons, dependent columns, and products that fail. */
#include "least_squares.h"

/* The recursion. ----------------------------------------------------------------------------- */

START_TEST(equals_the_recursion) {
  dni_context *context = support_machine_context(_i % SUPPORT_MACHINES);
  const problem *how = &problems[_i / SUPPORT_MACHINES];
  if (!context) return;
  keep(CONTEXT, context);
  dni_least_squares_options options = options_of(context, how);
  dni_sg *sg = make(context, how->units, how->targets, &options);
  reference *ref = reference_make(how->units, how->targets, &options);
  double tolerance = support_tolerance(dni_context_dtype(context), 1e-3, 1e-10);
  examples of;
  make_examples(dni_context_dtype(context), how, &of);
  fill(how, &of);
  expect_answer(sg, ref, &of, 0); /* exactly 0 at first */
  for (size_t i = 0; i < 50; i++) {
    fill(how, &of);
    dni_lesson lesson = lesson_of(&of, i == 7 ? 1 : 1 + support_below(ROWS)); /* few rows, too */
    EXPECT_OK(learn(sg, &lesson));
    reference_learn(ref, &lesson);
    expect_answer(sg, ref, &of, 5 * tolerance); /* before W is looked at: it may not be there */
    expect_state(sg, ref, tolerance);
    expect_answer(sg, ref, &of, 5 * tolerance);
    of.h.rows = of.y.rows = ROWS;
  }
  free(ref);
}
END_TEST

static bool same_numbers(const dni_matrix *a, const dni_matrix *b) {
  for (size_t r = 0; r < a->rows; r++)
    for (size_t c = 0; c < a->columns; c++)
      if (matrix_get(a, r, c) != matrix_get(b, r, c)) return false;
  return true;
}

/* What changes from one lesson to the next: W only where it is due. */
START_TEST(solves_when_it_is_due) {
  dni_context *context = make_context(support_dtypes[_i], 3);
  problem how = *usual;
  how.solve_every = 3;
  dni_least_squares_options options = options_of(context, &how);
  dni_sg *sg = make(context, how.units, how.targets, &options);
  examples of;
  make_examples(support_dtypes[_i], &how, &of);
  for (size_t i = 0; i < 10; i++) {
    dni_matrix weight = value_of(sg, WEIGHT), before = matrix_convert(&weight, weight.dtype);
    fill(&how, &of);
    dni_lesson lesson = lesson_of(&of, ROWS);
    EXPECT_OK(learn(sg, &lesson));
    weight = value_of(sg, WEIGHT);
    EXPECT(same_numbers(&weight, &before) == (i % 3 != 0), "lesson %zu", i);
  }
}
END_TEST

/* With a given answer, without, with a report and without: the same W. */
START_TEST(answers_change_no_bit) {
  dni_context *context = make_context(support_dtypes[_i], 3);
  dni_sg *sgs[3];
  examples of;
  for (size_t k = 0; k < 3; k++)
    sgs[k] = make_usual(context);
  make_examples(support_dtypes[_i], usual, &of);
  for (size_t i = 0; i < 20; i++) {
    fill(usual, &of);
    dni_lesson lesson = lesson_of(&of, 1 + support_below(ROWS)), given = lesson;
    dni_lesson_report reports[2] = {{.struct_size = sizeof reports[0]},
                                    {.struct_size = sizeof reports[1]}};
    EXPECT_OK(support_estimate(sgs[2], &of.h, &of.y, NULL, &of.prediction));
    double mse = error_of(&of.prediction, &of.target), tolerance = tolerance_on(context);
    double cosine = cosine_of(&of.prediction, &of.target);
    given.prediction = &of.prediction;
    EXPECT_OK(learn(sgs[0], &lesson));
    EXPECT_OK(dni_sg_learn(sgs[1], &lesson, &reports[0]));
    EXPECT_OK(dni_sg_learn(sgs[2], &given, &reports[1]));
    for (size_t k = 0; k < 2; k++) {
      expect_close(reports[k].mse, mse, tolerance, "mse");
      expect_close(reports[k].cosine, cosine, tolerance, "cosine");
      EXPECT(isnan(reports[k].own_loss), "own loss");
      expect_same_state(sgs[0], sgs[k + 1]);
    }
    of.h.rows = of.y.rows = of.target.rows = of.prediction.rows = ROWS;
  }
}
END_TEST

START_TEST(skipped_and_frozen_lessons_change_nothing) {
  dni_context *context = make_context(support_dtypes[_i], 3);
  dni_sg *sg = make_usual(context), *twin = make_usual(context);
  examples of;
  make_examples(support_dtypes[_i], usual, &of);
  fill(usual, &of);
  dni_lesson lesson = lesson_of(&of, ROWS), skipped = lesson;
  skipped.flags = DNI_GRADIENT_SKIP;
  EXPECT_OK(learn(sg, &lesson));
  EXPECT_OK(learn(twin, &lesson));
  EXPECT_OK(learn(sg, &skipped));
  EXPECT_OK(dni_sg_set_f64(sg, DNI_SETTING_RATE_SCALE, 0));
  EXPECT_OK(learn(sg, &lesson));
  expect_same_state(sg, twin);
  EXPECT_OK(dni_sg_set_f64(sg, DNI_SETTING_RATE_SCALE, 1));
  EXPECT_OK(learn(sg, &lesson));
  EXPECT_OK(learn(twin, &lesson));
  expect_same_state(sg, twin);
}
END_TEST

/* Floats over a long time. */
START_TEST(floats_follow_doubles) {
  const problem *how = &problems[_i];
  dni_context *contexts[2] = {make_context(DNI_F32, 3), make_context(DNI_F64, 3)};
  examples of[2];
  dni_sg *sgs[2];
  for (size_t k = 0; k < 2; k++) {
    dni_least_squares_options options = options_of(contexts[k], how);
    sgs[k] = make(contexts[k], how->units, how->targets, &options);
    make_examples(support_dtypes[k], how, &of[k]);
  }
  for (size_t i = 0; i < 2000; i++) {
    fill(how, &of[0]);
    memcpy(of[1].labels, of[0].labels, sizeof of[0].labels);
    matrix_copy(&of[0].h, &of[1].h);
    matrix_copy(&of[0].target, &of[1].target);
    if (how->form != LABELS) matrix_copy(&of[0].y, &of[1].y);
    for (size_t k = 0; k < 2; k++) {
      dni_lesson lesson = lesson_of(&of[k], ROWS);
      EXPECT_OK(learn(sgs[k], &lesson));
    }
    /* Without fused multiply-adds (i386) a weight was off by 1.3e-3. */
    if (i % 100 == 99 || i < 10) expect_close_state(sgs[0], sgs[1], 2e-3);
  }
}
END_TEST

/* Weights and parts. ------------------------------------------------------------------------- */

/* Row r copies[r] times, or with weight copies[r]. */
static const size_t copies[ROWS] = {1, 2, 0, 1, 3, 0, 0, 1, 1, 0, 2, 1, 0};
enum { REPEATED = 12 };

/* What the rows of weight 0 have in the target does not count, whatever it is. */
START_TEST(weights_are_repetitions) {
  dni_context *context = make_context(support_dtypes[_i % 2], 3);
  problem how = problems[_i / 2 % 2 ? 12 : 0];
  dni_least_squares_options options = options_of(context, &how);
  dni_sg *sg = make(context, how.units, how.targets, &options);
  reference *ref = reference_make(how.units, how.targets, &options);
  examples of, again;
  how.form = ONE_HOT;
  make_examples(dni_context_dtype(context), &how, &of);
  make_examples(dni_context_dtype(context), &how, &again);
  dni_matrix weights = matrix_make(dni_context_dtype(context), ROWS, 1);
  double factor = _i / 4 ? 1e25 : 1; /* only their ratios count */
  for (size_t i = 0; i < 20; i++) {
    fill(&how, &of);
    size_t at = 0;
    for (size_t r = 0; r < ROWS; r++) {
      matrix_set(&weights, r, 0, factor * (double)copies[r]);
      for (size_t k = 0; k < copies[r]; k++, at++) {
        dni_matrix from[] = {some_rows(of.h, r, 1), some_rows(of.y, r, 1),
                             some_rows(of.target, r, 1)};
        dni_matrix to[] = {some_rows(again.h, at, 1), some_rows(again.y, at, 1),
                           some_rows(again.target, at, 1)};
        for (size_t m = 0; m < 3; m++)
          matrix_copy(&from[m], &to[m]);
      }
      for (size_t c = 0; c < how.units; c++) {
        double value = matrix_get(&of.target, r, c) * matrix_get(&weights, r, 0);
        matrix_set(&of.target, r, c, copies[r] > 0 ? value : i % 2 ? NAN : 1e37);
        if (copies[r] == 0) matrix_set(&of.h, r, c, i % 3 ? 1e30 : -5);
      }
    }
    dni_lesson lesson = lesson_of(&of, ROWS), repeated = lesson_of(&again, REPEATED);
    lesson.weights = &weights;
    EXPECT_OK(learn(sg, &lesson));
    reference_learn(ref, &repeated);
    expect_state(sg, ref, support_tolerance(dni_context_dtype(context), 1e-3, 1e-10));
  }
  free(ref);
}
END_TEST

/* Nothing but weights of 0 is no lesson. Where it should have begun one, what is added to it does. */
START_TEST(no_examples_are_no_lesson) {
  dni_context *context = make_context(support_dtypes[_i % 2], 3);
  dni_gradient_flags sum = _i / 2 ? DNI_GRADIENT_SUM : 0;
  dni_sg *sg = make_usual(context), *twin = make_usual(context);
  examples of;
  make_examples(support_dtypes[_i % 2], usual, &of);
  dni_matrix zeros = matrix_filled(support_dtypes[_i % 2], ROWS, 1, 0);
  for (size_t i = 0; i < 5; i++) {
    fill(usual, &of);
    dni_lesson lesson = lesson_of(&of, ROWS), empty = lesson, added = lesson;
    empty.weights = &zeros;
    empty.flags = DNI_GRADIENT_REPLACE | sum;
    added.flags = DNI_GRADIENT_ADD | sum;
    lesson.flags = DNI_GRADIENT_REPLACE | sum;
    dni_lesson_report report = {.struct_size = sizeof report};
    EXPECT_OK(dni_sg_learn(sg, &empty, &report));
    expect_close(report.mse, 0, 0, "mse");
    expect_same_state(sg, twin);
    EXPECT_OK(learn(sg, &added));
    EXPECT_OK(learn(twin, &lesson));
    expect_same_state(sg, twin);
  }
}
END_TEST

/* Unequal parts with sums, an empty one among them, are the whole lesson with a sum. */
START_TEST(parts_make_one_lesson) {
  static const size_t ends[] = {3, 4, 4, 11, ROWS};
  dni_context *context = make_context(support_dtypes[_i % 2], 3);
  problem how = *usual;
  how.solve_every = _i / 2 ? 2 : 1;
  dni_least_squares_options options = options_of(context, &how);
  dni_sg *sg = make(context, how.units, how.targets, &options);
  dni_sg *whole = make(context, how.units, how.targets, &options);
  examples of;
  make_examples(support_dtypes[_i % 2], &how, &of);
  for (size_t i = 0; i < 10; i++) {
    fill(&how, &of);
    dni_lesson lesson = lesson_of(&of, ROWS);
    lesson.flags = DNI_GRADIENT_SUM;
    EXPECT_OK(learn(whole, &lesson));
    for (size_t part = 0, first = 0; part < 5; first = ends[part++]) {
      dni_matrix h = some_rows(of.h, first, ends[part] - first);
      dni_matrix y = some_rows(of.y, first, ends[part] - first);
      dni_matrix target = some_rows(of.target, first, ends[part] - first);
      dni_lesson some = {.struct_size = sizeof some, .h = &h, .y = &y, .target = &target};
      /* the very first is one to add to nothing, which begins a lesson as well */
      some.flags =
          (part == 0 && i > 0 ? DNI_GRADIENT_REPLACE : DNI_GRADIENT_ADD) | DNI_GRADIENT_SUM;
      EXPECT_OK(learn(sg, &some));
    }
    expect_close_state(sg, whole, support_tolerance(support_dtypes[_i % 2], 1e-3, 1e-11));
  }
}
END_TEST

/* Without a ridge. --------------------------------------------------------------------------- */

/* Columns of h that are combinations of those before get weights of 0, and the answers are those of
 * the rest, which is told exactly here. */
START_TEST(dependent_columns_are_left_out) {
  static const size_t sizes[] = {8, 40, 130, 260};
  dni_dtype dtype = support_dtypes[_i % 2];
  dni_context *context = make_context(dtype, 3);
  size_t n = sizes[_i / 2], half = n / 2, rows = 4 * n;
  dni_least_squares_options options = {.struct_size = sizeof options, .condition = DNI_CONDITION_H};
  dni_sg *sg = make(context, n, 1, &options);
  EXPECT_OK(dni_sg_set_f64(sg, DNI_SETTING_RIDGE, 0));
  dni_matrix h = matrix_make(dtype, rows, n), target = matrix_make(dtype, rows, n);
  dni_lesson lesson = {.struct_size = sizeof lesson, .h = &h, .target = &target};
  for (size_t i = 0; i < 3; i++) {
    matrix_fill_random(&h, 1);
    for (size_t r = 0; r < rows; r++)
      for (size_t c = 0; c < n; c++) {
        double one = matrix_get(&h, r, c % half), two = matrix_get(&h, r, (c + 1) % half);
        if (c >= half) matrix_set(&h, r, c, c % 3 ? one + two : c % 2 ? one : 4);
        matrix_set(&target, r, c, one - two / 2 + 1);
      }
    EXPECT_OK(learn(sg, &lesson));
    dni_matrix weight = value_of(sg, WEIGHT), answer = matrix_make(dtype, rows, n);
    for (size_t u = 0; u < n; u++)
      for (size_t c = 0; c < n; c++) {
        double expected = c == u % half ? 1 : c == (u + 1) % half ? -0.5 : 0;
        bool left_out = c >= half && (c % 3 || c % 2);
        if (c % 3 == 0 && c % 2 == 0 && c >= half) continue; /* constant: shares with 1 */
        expect_number(matrix_get(&weight, u, c), expected,
                      left_out ? 0 : support_tolerance(dtype, 1e-3, 1e-10), "weight", u, c);
      }
    EXPECT_OK(support_estimate(sg, &h, NULL, NULL, &answer));
    matrix_expect_close(&answer, &target, support_tolerance(dtype, 1e-3, 1e-10), "answer");
  }
}
END_TEST

START_TEST(nothing_to_divide_by_is_finite) {
  dni_context *context = make_context(support_dtypes[_i], 3);
  problem how = problems[9]; /* h is 0 */
  dni_least_squares_options options = options_of(context, &how);
  dni_sg *sg = make(context, how.units, how.targets, &options);
  examples of;
  make_examples(support_dtypes[_i], &how, &of);
  EXPECT_OK(dni_sg_set_f64(sg, DNI_SETTING_RIDGE, 0));
  for (size_t i = 0; i < 5; i++) {
    fill(&how, &of);
    dni_lesson lesson = lesson_of(&of, i == 0 ? 1 : ROWS);
    EXPECT_OK(learn(sg, &lesson));
    expect_finite(sg);
    dni_matrix weight = value_of(sg, WEIGHT);
    for (size_t u = 0; u < how.units; u++)
      for (size_t c = 0; c < how.units; c++)
        expect_close(matrix_get(&weight, u, c), 0, 0, "weight of a column of zeros");
    of.h.rows = of.y.rows = of.target.rows = ROWS;
  }
}
END_TEST

/* Backends. ---------------------------------------------------------------------------------- */

/* A backend that counts products and lets one fail. */
static struct { size_t products, fail_at; /* SIZE_MAX: none */ } counted;

static dni_status count_product(void *user, const dni_product *p) {
  (void)user;
  if (counted.products++ == counted.fail_at) return DNI_ERROR_CALLBACK;
  const double *a = p->a, *b = p->b;
  double *c = p->c;
  for (size_t i = 0; i < p->m; i++)
    for (size_t j = 0; j < p->n; j++) {
      double sum = 0;
      for (size_t k = 0; k < p->k; k++)
        sum += a[p->transpose_a ? k * p->lda + i : i * p->lda + k] *
               b[p->transpose_b ? j * p->ldb + k : k * p->ldb + j];
      c[i * p->ldc + j] = p->alpha * sum + (p->beta == 0 ? 0 : p->beta * c[i * p->ldc + j]);
    }
  return DNI_OK;
}

static dni_context *make_counted_context(void) {
  dni_backend_callbacks callbacks = {
      .struct_size = sizeof callbacks, .product = count_product, .f64 = 1};
  dni_backend_options options = {.struct_size = sizeof options, .allocator = &support_allocator};
  dni_backend *backend;
  EXPECT_OK(dni_backend_create_callback(&options, &callbacks, &backend));
  counted.fail_at = SIZE_MAX;
  return make_backend_context(DNI_F64, 3, keep(BACKEND, backend));
}

static size_t products_of(dni_sg *sg, const dni_lesson *lesson, dni_lesson_report *report) {
  counted.products = 0;
  EXPECT_OK(dni_sg_learn(sg, lesson, report));
  return counted.products;
}

/* An answer costs products; a lesson without a report makes none. */
START_TEST(lessons_without_a_report_make_no_answer) {
  dni_context *context = make_counted_context();
  dni_sg *sg = make_usual(context), *outer[2];
  examples of;
  make_examples(DNI_F64, usual, &of);
  fill(usual, &of);
  dni_lesson lesson = lesson_of(&of, ROWS), given = lesson;
  given.prediction = &of.prediction;
  dni_lesson_report report = {.struct_size = sizeof report};
  size_t alone = products_of(sg, &lesson, NULL), all = products_of(sg, &lesson, &report);
  counted.products = 0;
  EXPECT_OK(support_estimate(sg, &of.h, &of.y, NULL, &of.prediction));
  ck_assert_uint_gt(counted.products, 0);
  ck_assert_uint_eq(all, alone + counted.products);
  ck_assert_uint_eq(products_of(sg, &given, &report), alone);
  EXPECT_OK(dni_sg_create_warm_up(context, sg, 3, &outer[0]));
  EXPECT_OK(dni_sg_create_mixture(context, keep(ESTIMATOR, outer[0]), 0.5, &outer[1]));
  keep(ESTIMATOR, outer[1]);
  ck_assert_uint_eq(products_of(outer[1], &lesson, NULL), alone);
}
END_TEST

/* W is as it was, or solves the equations that the sums stand for, whatever these are. */
static void expect_solution(dni_sg *sg, const dni_matrix *before, double ridge) {
  dni_matrix w = value_of(sg, WEIGHT), c = value_of(sg, GRAM), r = value_of(sg, MOMENT);
  double mean = 0;
  if (same_numbers(&w, before)) return;
  for (size_t i = 0; i < c.rows; i++)
    mean += matrix_get(&c, i, i) / (double)c.rows;
  for (size_t u = 0; u < w.rows; u++)
    for (size_t j = 0; j < c.rows; j++) {
      double sum = ridge * mean * matrix_get(&w, u, j);
      for (size_t i = 0; i < c.rows; i++)
        sum += matrix_get(&w, u, i) * matrix_get(&c, i > j ? i : j, i > j ? j : i);
      expect_number(sum, matrix_get(&r, u, j), 1e-11, "W C", u, j);
    }
}

/* Whichever product fails, the failure is told, numbers stay finite, and it is soon forgotten. */
START_TEST(failing_products) {
  dni_context *context = make_counted_context();
  problem larger = problems[12], *how = &larger;
  larger.units = 70; /* more than a block, so that factorising takes products */
  dni_least_squares_options options = options_of(context, how);
  options.forgetting = 0.5;
  dni_sg *sg = make(context, how->units, how->targets, &options);
  examples of;
  make_examples(DNI_F64, how, &of);
  fill(how, &of);
  dni_lesson lesson = lesson_of(&of, ROWS);
  size_t products = products_of(sg, &lesson, NULL);
  for (size_t i = 0; i < products; i++) {
    sg = make(context, how->units, how->targets, &options);
    EXPECT_OK(learn(sg, &lesson));
    dni_matrix weight = value_of(sg, WEIGHT), before = matrix_convert(&weight, DNI_F64);
    counted.products = 0;
    counted.fail_at = i;
    EXPECT_STATUS(DNI_ERROR_CALLBACK, learn(sg, &lesson));
    counted.fail_at = SIZE_MAX;
    expect_finite(sg); /* W of whatever the sums are now */
    expect_solution(sg, &before, how->ridge);
    fill(how, &of);
    EXPECT_OK(learn(sg, &lesson));
    expect_finite(sg);
  }
  dni_sg *twin = make(context, how->units, how->targets, &options);
  for (size_t p = GUESS_WEIGHT; p <= GUESS_BIAS; p++) {
    dni_matrix guess = value_of(sg, p);
    EXPECT_OK(dni_sg_set_parameter(twin, p, &guess));
  }
  EXPECT_OK(dni_sg_set_f64(sg, DNI_SETTING_LEARNING_RATE, 0));
  EXPECT_OK(dni_sg_set_f64(twin, DNI_SETTING_LEARNING_RATE, 0));
  for (size_t i = 0; i < 60; i++) {
    fill(how, &of);
    EXPECT_OK(learn(sg, &lesson));
    EXPECT_OK(learn(twin, &lesson));
  }
  expect_close_state(sg, twin, 1e-10);
}
END_TEST

/* More threads of the builtin backend change no bit. */
START_TEST(threads_change_no_bit) {
  enum { UNITS = 150, TARGETS = 10, MANY = 64 };
  dni_sg *sgs[2];
  for (size_t k = 0; k < 2; k++) {
    dni_backend_options how = {
        .struct_size = sizeof how, .allocator = &support_allocator, .threads = 1 + 2 * k};
    dni_backend *backend;
    EXPECT_OK(dni_backend_create_builtin(&how, &backend));
    dni_context *context = make_backend_context(support_dtypes[_i], 3, keep(BACKEND, backend));
    sgs[k] = make(context, UNITS, TARGETS, NULL);
  }
  for (size_t i = 0; i < 4; i++) {
    dni_matrix h = matrix_random(support_dtypes[_i], MANY, UNITS);
    dni_matrix y = matrix_one_hot(support_dtypes[_i], MANY, TARGETS);
    dni_matrix target = matrix_random(support_dtypes[_i], MANY, UNITS);
    dni_lesson lesson = {.struct_size = sizeof lesson, .h = &h, .y = &y, .target = &target};
    EXPECT_OK(learn(sgs[0], &lesson));
    EXPECT_OK(learn(sgs[1], &lesson));
    expect_same_state(sgs[0], sgs[1]);
  }
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("least squares");
  TCase *recursion = add_group(suite, "recursion");
  tcase_add_loop_test(recursion, equals_the_recursion, 0, PROBLEMS * SUPPORT_MACHINES);
  tcase_add_loop_test(recursion, solves_when_it_is_due, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(recursion, answers_change_no_bit, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(recursion, skipped_and_frozen_lessons_change_nothing, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(recursion, floats_follow_doubles, 0, PROBLEMS);
  TCase *weights = add_group(suite, "weights and parts");
  tcase_add_loop_test(weights, weights_are_repetitions, 0, 4 * SUPPORT_DTYPES);
  tcase_add_loop_test(weights, no_examples_are_no_lesson, 0, 2 * SUPPORT_DTYPES);
  tcase_add_loop_test(weights, parts_make_one_lesson, 0, 2 * SUPPORT_DTYPES);
  TCase *no_ridge = add_group(suite, "without a ridge");
  tcase_add_loop_test(no_ridge, dependent_columns_are_left_out, 0, 4 * SUPPORT_DTYPES);
  tcase_add_loop_test(no_ridge, nothing_to_divide_by_is_finite, 0, SUPPORT_DTYPES);
  TCase *backends = add_group(suite, "backends");
  tcase_add_test(backends, lessons_without_a_report_make_no_answer);
  tcase_add_test(backends, failing_products);
  tcase_add_loop_test(backends, threads_change_no_bit, 0, SUPPORT_DTYPES);
  return suite;
}

int main(void) {
  return support_run(make_suite());
}
