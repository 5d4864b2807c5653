/* Least-squares SGs and unusual numbers: very large and very small ones, also in turns; settings at
 * their ends; and lessons that are refused, which leave no trace. */
#include "least_squares.h"

/* Sizes of numbers. -------------------------------------------------------------------------- */

/* h of a size that changes from lesson to lesson, a target of another: finite in any case, and right
 * where the weights that are asked for are numbers of the element type. */
typedef struct sizes {
  double h[4], target; /* h of lessons 4 k, 4 k + 1, ... */
} sizes;

static const sizes scales[] = {
    {{1e-30, 1e-30, 1e-30, 1e-30}, 1},
    {{1e-10, 1e-10, 1e-10, 1e-10}, 1e25},
    {{1e5, 1e5, 1e5, 1e5}, 1},
    {{1e8, 1e8, 1e8, 1e8}, 1e-3},
    {{1e19, 1e19, 1e19, 1e19}, 1},
    {{1e30, 1e30, 1e30, 1e30}, 1e25},
    {{1e30, 1e30, 1e30, 1e30}, 1},
    {{1e30, 1e30, 1e30, 1e30}, 1e-30},
    {{1, 1e12, 1, 1}, 1},
    {{1e-30, 1, 1e30, 1e-5}, 1},
    {{1e30, 1e-30, 1e30, 1e-30}, 1e10},
    {{1e6, 1e7, 1e6, 1e5}, 1e25},
};
enum { SCALES = sizeof scales / sizeof scales[0] };

static void fill_sizes(const sizes *of_what, size_t lesson, examples *of) {
  fill(usual, of);
  for (size_t r = 0; r < ROWS; r++)
    for (size_t c = 0; c < usual->units; c++) {
      matrix_set(&of->h, r, c, of_what->h[lesson % 4] * matrix_get(&of->h, r, c));
      matrix_set(&of->target, r, c, of_what->target * matrix_get(&of->target, r, c));
    }
}

/* The answer is as far from the long double's as the largest answer allows. */
static void expect_near_answer(dni_sg *sg, const reference *ref, examples *of, double tolerance) {
  long double largest = 0;
  EXPECT_OK(support_estimate(sg, &of->h, &of->y, NULL, &of->prediction));
  for (size_t r = 0; r < ROWS; r++)
    for (size_t u = 0; u < ref->units; u++)
      largest = fmaxl(largest, fabsl(reference_answer(ref, &of->h, &of->y, r, u)));
  for (size_t r = 0; r < ROWS; r++)
    for (size_t u = 0; u < ref->units; u++) {
      long double expected = reference_answer(ref, &of->h, &of->y, r, u);
      double got = matrix_get(&of->prediction, r, u);
      EXPECT(fabsl(got - expected) <= tolerance * largest, "answer (%zu, %zu): %g, expected %Lg", r,
             u, got, expected);
    }
}

/* Whether the weights of h, and of 1, are far above the least numbers of the element type. */
static bool holds_weights(const reference *ref, dni_dtype dtype) {
  for (size_t u = 0; u < ref->units; u++)
    for (size_t i = 0; i <= ref->units; i++)
      if (ref->weight[u][i] != 0 && fabsl(ref->weight[u][i]) < 1e6 * support_least(dtype))
        return false;
  return true;
}

START_TEST(any_size_of_h) {
  dni_dtype dtype = support_dtypes[_i % 2];
  dni_context *context = make_context(dtype, 3);
  const sizes *of_what = &scales[_i / 2 % SCALES];
  dni_least_squares_options options = options_of(context, usual);
  if (_i / 2 >= SCALES) options.forgetting = 1; /* at once */
  dni_sg *sg = make(context, usual->units, usual->targets, &options);
  reference *ref = reference_make(usual->units, usual->targets, &options);
  examples of;
  make_examples(dtype, usual, &of);
  for (size_t i = 0; i < 30; i++) {
    fill_sizes(of_what, i, &of);
    dni_lesson lesson = lesson_of(&of, ROWS);
    EXPECT_OK(learn(sg, &lesson));
    reference_learn(ref, &lesson);
    expect_finite(sg);
    if (holds_weights(ref, dtype))
      expect_near_answer(sg, ref, &of, support_tolerance(dtype, 2e-3, 1e-9));
  }
  free(ref);
}
END_TEST

/* Up to a huge h and down again: in the end it has learned what is there now. */
START_TEST(forgets_a_huge_h) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = make_context(dtype, 3);
  dni_least_squares_options options = options_of(context, usual);
  dni_sg *sg = make(context, usual->units, usual->targets, &options);
  reference *ref = reference_make(usual->units, usual->targets, &options);
  examples of;
  make_examples(dtype, usual, &of);
  EXPECT_OK(dni_sg_set_f64(sg, DNI_SETTING_FORGETTING, 0.2));
  ref->options.forgetting = 0.2;
  for (size_t i = 0; i < 900; i++) {
    fill_sizes(&(sizes){{1, 1, 1, 1}, 1}, i, &of);
    for (size_t r = 0; i == 5 && r < ROWS; r++)
      for (size_t c = 0; c < usual->units; c++)
        matrix_set(&of.h, r, c, 1e30 * matrix_get(&of.h, r, c));
    dni_lesson lesson = lesson_of(&of, ROWS);
    EXPECT_OK(learn(sg, &lesson));
    reference_learn(ref, &lesson);
    expect_finite(sg);
    if (i > 880 || i < 5) expect_near_answer(sg, ref, &of, support_tolerance(dtype, 2e-3, 1e-9));
  }
  free(ref);
}
END_TEST

/* A dense y is as free as h. */
START_TEST(any_size_of_y) {
  static const double of_y[] = {1e-30, 1e12, 1e25, 1e37};
  dni_dtype dtype = support_dtypes[_i % 2];
  dni_context *context = make_context(dtype, 3);
  problem how = *usual;
  how.form = DENSE;
  dni_least_squares_options options = options_of(context, &how);
  dni_sg *sg = make(context, how.units, how.targets, &options);
  examples of;
  make_examples(dtype, &how, &of);
  for (size_t i = 0; i < 10; i++) {
    fill(&how, &of);
    for (size_t r = 0; r < ROWS; r++)
      for (size_t c = 0; c < how.targets; c++)
        matrix_set(&of.y, r, c, of_y[_i / 2] * matrix_get(&of.y, r, c));
    dni_lesson lesson = lesson_of(&of, ROWS);
    EXPECT_OK(learn(sg, &lesson));
    expect_finite(sg);
    EXPECT_OK(support_estimate(sg, &of.h, &of.y, NULL, &of.prediction));
    for (size_t r = 0; r < ROWS; r++)
      for (size_t c = 0; c < how.units; c++)
        EXPECT(isfinite(matrix_get(&of.prediction, r, c)), "answer");
  }
}
END_TEST

/* Settings at their ends. */
START_TEST(extreme_settings_are_finite) {
  static const struct {
    double forgetting, ridge;
  } extremes[] = {{1, 0}, {1e-30, 1e-3}, {1e-7, 1e-7}, {0.05, 1e38}, {0.05, 1e-37}, {1, 1e30}};
  dni_dtype dtype = support_dtypes[_i % 2];
  dni_context *context = make_context(dtype, 3);
  dni_sg *sg = make_usual(context);
  examples of;
  make_examples(dtype, usual, &of);
  EXPECT_OK(dni_sg_set_f64(sg, DNI_SETTING_FORGETTING, extremes[_i / 2].forgetting));
  EXPECT_OK(dni_sg_set_f64(sg, DNI_SETTING_RIDGE, extremes[_i / 2].ridge));
  for (size_t i = 0; i < 20; i++) {
    fill_sizes(&(sizes){{1, 1e6, 1, 1e10}, 1}, i, &of);
    dni_lesson lesson = lesson_of(&of, i == 0 ? 1 : ROWS);
    EXPECT_OK(learn(sg, &lesson));
    expect_finite(sg);
    of.h.rows = of.y.rows = of.target.rows = ROWS;
  }
}
END_TEST

/* Refused lessons. --------------------------------------------------------------------------- */

static const struct {
  const char *where, *words;
  double value;
} bad[] = {
    {"h", "h is not finite in row 3, column 2", NAN},
    {"h", "h is not finite in row 3, column 2", INFINITY},
    {"target", "target is not finite in row 3, column 2", NAN},
    {"target", "target is not finite in row 3, column 2", -INFINITY},
    {"y", "y is not finite in row 3, column 2", NAN},
    {"y", "y is not finite in row 3, column 2", INFINITY},
    {"target", "target reaches 2^", 0}, /* 0: too large */
};
enum { BAD = sizeof bad / sizeof bad[0] };

/* Nothing has changed, and what follows is as if it had not been. With a loss, what is not finite in h
 * or y is so in the residual as well. */
START_TEST(refused_lessons_leave_no_trace) {
  static const problem how_to[] = {
      {DNI_CONDITION_HY, NONE, 7, 3, DENSE, INDEPENDENT, 0.05, 1e-3, 1},
      {DNI_CONDITION_HY, SOFTMAX, 7, 3, DENSE, INDEPENDENT, 0.05, 1e-3, 1},
      {DNI_CONDITION_RESIDUAL, SIGMOID, 7, 3, DENSE, INDEPENDENT, 0.05, 1e-3, 2}};
  dni_dtype dtype = support_dtypes[_i % 2];
  dni_context *context = make_context(dtype, 3);
  const problem *how = &how_to[_i / 2 / BAD];
  size_t which = (size_t)_i / 2 % BAD;
  dni_least_squares_options options = options_of(context, how);
  dni_sg *sg = make(context, how->units, how->targets, &options);
  dni_sg *twin = make(context, how->units, how->targets, &options);
  examples of;
  make_examples(dtype, how, &of);
  double too_large = dtype == DNI_F32 ? 0x1p90 : 0x1p600;
  for (size_t i = 0; i < 6; i++) {
    fill(how, &of);
    dni_lesson lesson = lesson_of(&of, ROWS);
    dni_matrix view = *bad[which].where == 'h' ? of.h : *bad[which].where == 'y' ? of.y : of.target;
    double before = matrix_get(&view, 3, 2);
    matrix_set(&view, 3, 2, bad[which].value == 0 ? too_large : bad[which].value);
    bool sees_y = how->condition == DNI_CONDITION_HY;
    EXPECT_MESSAGE(DNI_ERROR_NON_FINITE,
                   *bad[which].where == 'y' && !sees_y ? "the residual of the guess is not finite"
                                                       : bad[which].words,
                   learn(sg, &lesson));
    EXPECT(strstr(dni_last_message(), "least_squares: "), "\"%s\"", dni_last_message());
    expect_same_state(sg, twin);
    matrix_set(&view, 3, 2, before);
    EXPECT_OK(learn(sg, &lesson));
    EXPECT_OK(learn(twin, &lesson));
    expect_same_state(sg, twin);
  }
}
END_TEST

/* What the guess would learn from is beyond the element type: refused, not NaN for good. */
START_TEST(residuals_that_are_too_large_are_refused) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = make_context(dtype, 3);
  dni_loss *loss;
  EXPECT_OK(dni_loss_create_squared_error(context, &loss));
  keep(LOSS, loss);
  dni_least_squares_options options = {
      .struct_size = sizeof options, .loss = loss, .condition = DNI_CONDITION_RESIDUAL};
  problem how = *usual;
  how.form = DENSE;
  dni_sg *sg = make(context, how.units, how.targets, &options);
  examples of;
  make_examples(dtype, &how, &of);
  fill(&how, &of);
  matrix_fill(&of.h, dtype == DNI_F32 ? 1e20 : 1e200);
  matrix_fill(&of.y, dtype == DNI_F32 ? 1e20 : 1e200);
  dni_lesson lesson = lesson_of(&of, ROWS);
  EXPECT_MESSAGE(DNI_ERROR_NON_FINITE, "their product must be below", learn(sg, &lesson));
  for (size_t i = 0; i < 5; i++) {
    fill(&how, &of);
    EXPECT_OK(learn(sg, &lesson));
    expect_finite(sg);
  }
}
END_TEST

/* A guess at huge h: it may learn little, but everything stays finite. */
START_TEST(guesses_at_any_h_are_finite) {
  dni_dtype dtype = support_dtypes[_i % 2];
  dni_context *context = make_context(dtype, 3);
  const problem *how = &problems[_i / 2 % 2 ? 16 : 12];
  double scale = _i / 4 == 0 ? 1e30 : _i / 4 == 1 ? 1e15 : 1e-30;
  dni_least_squares_options options = options_of(context, how);
  dni_sg *sg = make(context, how->units, how->targets, &options);
  examples of;
  make_examples(dtype, how, &of);
  for (size_t i = 0; i < 300; i++) {
    fill(how, &of);
    for (size_t r = 0; i % 50 < 25 && r < ROWS; r++)
      for (size_t c = 0; c < how->units; c++)
        matrix_set(&of.h, r, c, scale / 16 * matrix_get(&of.h, r, c));
    dni_lesson lesson = lesson_of(&of, ROWS);
    EXPECT_OK(learn(sg, &lesson));
    expect_finite(sg);
  }
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("least squares: numbers");
  TCase *sizes_of = add_group(suite, "sizes of numbers");
  tcase_add_loop_test(sizes_of, any_size_of_h, 0, 2 * SCALES * SUPPORT_DTYPES);
  tcase_add_loop_test(sizes_of, forgets_a_huge_h, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(sizes_of, any_size_of_y, 0, 4 * SUPPORT_DTYPES);
  tcase_add_loop_test(sizes_of, extreme_settings_are_finite, 0, 6 * SUPPORT_DTYPES);
  TCase *refused = add_group(suite, "refused lessons");
  tcase_add_loop_test(refused, refused_lessons_leave_no_trace, 0, 3 * BAD * SUPPORT_DTYPES);
  tcase_add_loop_test(refused, residuals_that_are_too_large_are_refused, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(refused, guesses_at_any_h_are_finite, 0, 6 * SUPPORT_DTYPES);
  return suite;
}

int main(void) {
  return support_run(make_suite());
}
