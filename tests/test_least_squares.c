/* Least-squares SGs alone, against the recursion in long double (least_squares_reference.h): what they
 * see, lessons in any form, weights and parts of lessons, dependent columns, very large and small
 * numbers, and lessons that are refused. Trainers are in test_least_squares_training.c. */
#include "least_squares_reference.h"
#include "training.h"

#include "estimators.h"

enum { ROWS = 13 };

/* Making. ------------------------------------------------------------------------------------ */

typedef enum target_form { ONE_HOT, LABELS, DENSE } target_form;

/* What is odd about the columns of h. */
typedef enum columns_of_h { INDEPENDENT, DEPENDENT, CONSTANT, ZERO } columns_of_h;

typedef struct problem {
  dni_condition condition;
  dni_kind loss; /* 0: none */
  size_t units, targets;
  target_form form;
  columns_of_h columns;
  double forgetting, ridge;
  uint64_t solve_every;
} problem;

enum {
  NONE = 0,
  SOFTMAX = DNI_LOSS_SOFTMAX_CROSS_ENTROPY,
  SIGMOID = DNI_LOSS_SIGMOID_CROSS_ENTROPY
};

static const problem problems[] = {
    {DNI_CONDITION_HY, NONE, 7, 3, ONE_HOT, INDEPENDENT, 0.05, 1e-3, 1},
    {DNI_CONDITION_HY, NONE, 7, 3, LABELS, INDEPENDENT, 0.05, 1e-3, 1},
    {DNI_CONDITION_HY, NONE, 17, 5, DENSE, INDEPENDENT, 0.2, 1e-2, 1},
    {DNI_CONDITION_HY, NONE, 1, 1, DENSE, INDEPENDENT, 0.05, 1e-3, 1},
    {DNI_CONDITION_H, NONE, 23, 2, DENSE, INDEPENDENT, 0.05, 1e-3, 1},
    {DNI_CONDITION_Y, NONE, 5, 7, LABELS, INDEPENDENT, 0.05, 1e-3, 1},
    {DNI_CONDITION_Y, NONE, 5, 3, DENSE, INDEPENDENT, 1, 1e-3, 1},
    {DNI_CONDITION_HY, NONE, 11, 3, ONE_HOT, DEPENDENT, 0.05, 1e-3, 1},
    {DNI_CONDITION_HY, NONE, 11, 3, DENSE, CONSTANT, 0.05, 1e-3, 1},
    {DNI_CONDITION_HY, NONE, 9, 2, LABELS, ZERO, 0.05, 1e-3, 1},
    {DNI_CONDITION_HY, NONE, 7, 3, ONE_HOT, INDEPENDENT, 0.05, 1e-3, 3},
    {DNI_CONDITION_HY, NONE, 7, 3, DENSE, INDEPENDENT, 1, 0.5, 2},
    {DNI_CONDITION_HY, SOFTMAX, 9, 4, LABELS, INDEPENDENT, 0.05, 1e-3, 1},
    {DNI_CONDITION_HY, SIGMOID, 9, 4, DENSE, DEPENDENT, 0.05, 1e-3, 1},
    {DNI_CONDITION_H, SOFTMAX, 8, 3, ONE_HOT, CONSTANT, 0.1, 1e-3, 2},
    {DNI_CONDITION_Y, SIGMOID, 6, 3, LABELS, INDEPENDENT, 0.05, 1e-3, 1},
    {DNI_CONDITION_RESIDUAL, SOFTMAX, 13, 8, LABELS, INDEPENDENT, 0.05, 1e-3, 1},
    {DNI_CONDITION_RESIDUAL, SIGMOID, 13, 1, DENSE, INDEPENDENT, 0.05, 1e-3, 1},
    {DNI_CONDITION_RESIDUAL, SOFTMAX, 5, 3, ONE_HOT, ZERO, 0.3, 1e-3, 3},
};
enum { PROBLEMS = sizeof problems / sizeof problems[0] };

/* NULL for NONE; kept by the SG alone afterwards, if the caller releases it. */
static dni_loss *make_loss(dni_context *context, dni_kind kind) {
  dni_loss *loss = NULL;
  if (kind == SOFTMAX) EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  if (kind == SIGMOID) EXPECT_OK(dni_loss_create_sigmoid_cross_entropy(context, NULL, &loss));
  return loss ? keep(LOSS, loss) : NULL;
}

static dni_least_squares_options options_of(dni_context *context, const problem *how) {
  return (dni_least_squares_options){
      .struct_size = sizeof(dni_least_squares_options),
      .condition = how->condition,
      .loss = make_loss(context, how->loss),
      .forgetting = how->forgetting,
      .ridge = how->ridge,
      .solve_every = how->solve_every,
      .guess_rate = 0.01,
  };
}

static dni_sg *make(dni_context *context, size_t units, size_t targets,
                    const dni_least_squares_options *options) {
  dni_sg *sg;
  EXPECT_OK(dni_sg_create_least_squares(context, units, targets, options, &sg));
  return keep(ESTIMATOR, sg);
}

static const problem *usual = &problems[0];

/* One like `usual`. */
static dni_sg *make_usual(dni_context *context) {
  dni_least_squares_options options = options_of(context, usual);
  return make(context, usual->units, usual->targets, &options);
}

/* What a lesson is made of, in room for ROWS of them. */
typedef struct examples {
  dni_matrix h, y, target, prediction;
  int32_t labels[2 * ROWS];
} examples;

static void make_examples(dni_dtype dtype, const problem *how, examples *made) {
  made->h = matrix_make(dtype, ROWS, how->units);
  made->target = matrix_make(dtype, ROWS, how->units);
  made->prediction = matrix_make(dtype, ROWS, how->units);
  made->y = matrix_make(dtype, ROWS, how->targets);
  dni_matrix labels = {made->labels, ROWS, 1, 2, DNI_I32, 0}; /* every second number */
  if (how->form == LABELS) made->y = labels;
}

static void fill_y(const problem *how, examples *made) {
  for (size_t r = 0; r < made->y.rows; r++) {
    size_t class = support_below(how->targets);
    made->labels[2 * r] = (int32_t) class;
    for (size_t c = 0; c < how->targets && how->form != LABELS; c++)
      matrix_set(&made->y, r, c, how->form == DENSE ? support_uniform(0, 1) : c == class);
  }
}

/* New numbers. The target has much to do with h and y, and something of its own. */
static void fill(const problem *how, examples *made) {
  matrix_fill_random(&made->h, 1);
  fill_y(how, made);
  for (size_t r = 0; r < made->h.rows; r++) {
    if (how->columns == DEPENDENT) {
      matrix_set(&made->h, r, 0, matrix_get(&made->h, r, 3) - matrix_get(&made->h, r, 1));
      matrix_set(&made->h, r, 2, matrix_get(&made->h, r, 3));
    }
    if (how->columns == CONSTANT) matrix_set(&made->h, r, 4, 3);
    for (size_t c = 0; how->columns == ZERO && c < how->units; c++)
      matrix_set(&made->h, r, c, 0);
    for (size_t c = 0; c < how->units; c++)
      matrix_set(&made->target, r, c,
                 0.5 * matrix_get(&made->h, r, (c + 1) % how->units) + 0.2 * support_normal() +
                     (double)reference_y(&made->y, r, c % how->targets));
  }
}

static dni_lesson lesson_of(examples *of, size_t rows) {
  of->h.rows = of->y.rows = of->target.rows = of->prediction.rows = rows;
  return (dni_lesson){
      .struct_size = sizeof(dni_lesson), .h = &of->h, .y = &of->y, .target = &of->target};
}

static dni_status learn(dni_sg *sg, const dni_lesson *lesson) {
  return dni_sg_learn(sg, lesson, NULL);
}

/* Comparing. --------------------------------------------------------------------------------- */

enum { WEIGHT, GRAM, MOMENT, GUESS_WEIGHT, GUESS_BIAS }; /* parameters */

static void expect_number(double got, long double expected, double tolerance, const char *what,
                          size_t row, size_t column) {
  EXPECT(fabsl(got - expected) <= tolerance * (1 + fabsl(expected)),
         "%s (%zu, %zu): %.17g, expected %.17Lg", what, row, column, got, expected);
}

static void expect_state(dni_sg *sg, const reference *ref, double tolerance) {
  dni_matrix weight = value_of(sg, WEIGHT), gram = value_of(sg, GRAM),
             moment = value_of(sg, MOMENT);
  ck_assert_uint_eq(weight.columns, ref->inputs);
  for (size_t i = 0; i < ref->inputs; i++) {
    for (size_t u = 0; u < ref->units; u++) {
      expect_number(matrix_get(&moment, u, i), ref->moment[u][i], tolerance, "moment", u, i);
      expect_number(matrix_get(&weight, u, i), ref->weight[u][i], tolerance, "weight", u, i);
    }
    for (size_t j = 0; j <= i; j++)
      expect_number(matrix_get(&gram, i, j), ref->gram[i][j], tolerance, "gram", i, j);
  }
  for (size_t t = 0; ref->options.loss && t < ref->targets; t++) {
    dni_matrix map = value_of(sg, GUESS_WEIGHT), bias = value_of(sg, GUESS_BIAS);
    for (size_t u = 0; u < ref->units; u++)
      expect_number(matrix_get(&map, t, u), ref->guess[t][u], tolerance, "guess", t, u);
    expect_number(matrix_get(&bias, 0, t), ref->guess[t][ref->units], tolerance, "guess", t,
                  ref->units);
  }
}

static void expect_answer(dni_sg *sg, const reference *ref, examples *of, double tolerance) {
  EXPECT_OK(support_estimate(sg, &of->h, &of->y, NULL, &of->prediction));
  for (size_t r = 0; r < of->h.rows; r++)
    for (size_t u = 0; u < ref->units; u++)
      expect_number(matrix_get(&of->prediction, r, u), reference_answer(ref, &of->h, &of->y, r, u),
                    tolerance, "answer", r, u);
}

/* All parameters, bit for bit; the upper triangle of the Gram matrix is nobody's. */
static void expect_same_state(dni_sg *sg, dni_sg *other) {
  for (size_t p = 0; p < dni_sg_parameter_count(sg); p++) {
    dni_matrix a = value_of(sg, p), b = value_of(other, p);
    for (size_t r = 0; r < a.rows; r++)
      for (size_t c = 0; c < (p == GRAM ? r + 1 : a.columns); c++) {
        double x = matrix_get(&a, r, c), y = matrix_get(&b, r, c);
        EXPECT(memcmp(&x, &y, sizeof x) == 0, "%s (%zu, %zu): %.17g and %.17g",
               dni_sg_parameter_name(sg, p), r, c, x, y);
      }
  }
}

static void expect_close_state(dni_sg *sg, dni_sg *other, double tolerance) {
  for (size_t p = 0; p < dni_sg_parameter_count(sg); p++) {
    dni_matrix a = value_of(sg, p), b = value_of(other, p);
    for (size_t r = 0; r < a.rows; r++)
      for (size_t c = 0; c < (p == GRAM ? r + 1 : a.columns); c++)
        expect_number(matrix_get(&a, r, c), matrix_get(&b, r, c), tolerance,
                      dni_sg_parameter_name(sg, p), r, c);
  }
}

static void expect_finite(dni_sg *sg) {
  for (size_t p = 0; p < dni_sg_parameter_count(sg); p++) {
    dni_matrix a = value_of(sg, p);
    for (size_t r = 0; r < a.rows; r++)
      for (size_t c = 0; c < (p == GRAM ? r + 1 : a.columns); c++)
        EXPECT(isfinite(matrix_get(&a, r, c)), "%s (%zu, %zu): %g", dni_sg_parameter_name(sg, p), r,
               c, matrix_get(&a, r, c));
  }
}

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
    expect_state(sg, ref, tolerance);
    expect_answer(sg, ref, &of, 5 * tolerance);
    of.h.rows = of.y.rows = ROWS;
  }
  free(ref);
}
END_TEST

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
    bool changed = false;
    for (size_t r = 0; r < weight.rows; r++)
      for (size_t c = 0; c < weight.columns; c++)
        changed |= matrix_get(&weight, r, c) != matrix_get(&before, r, c);
    EXPECT(changed == (i % 3 == 0), "lesson %zu", i);
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
    if (i % 100 == 99 || i < 10) expect_close_state(sgs[0], sgs[1], 1e-3);
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
  const sizes *of_what = &scales[_i / 2];
  dni_least_squares_options options = options_of(context, usual);
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

/* Whichever product fails, the failure is told, numbers stay finite, and it is soon forgotten. */
START_TEST(failing_products) {
  dni_context *context = make_counted_context();
  const problem *how = &problems[12];
  dni_least_squares_options options = options_of(context, how);
  options.forgetting = 0.5;
  dni_sg *sg = make(context, how->units, how->targets, &options);
  examples of;
  make_examples(DNI_F64, how, &of);
  fill(how, &of);
  dni_lesson lesson = lesson_of(&of, ROWS);
  size_t products = products_of(sg, &lesson, NULL);
  for (size_t i = 0; i < products; i++) {
    counted.products = 0;
    counted.fail_at = i;
    EXPECT_STATUS(DNI_ERROR_CALLBACK, learn(sg, &lesson));
    counted.fail_at = SIZE_MAX;
    expect_finite(sg);
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
  TCase *sizes_of = add_group(suite, "sizes of numbers");
  tcase_add_loop_test(sizes_of, any_size_of_h, 0, SCALES * SUPPORT_DTYPES);
  tcase_add_loop_test(sizes_of, forgets_a_huge_h, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(sizes_of, any_size_of_y, 0, 4 * SUPPORT_DTYPES);
  tcase_add_loop_test(sizes_of, extreme_settings_are_finite, 0, 6 * SUPPORT_DTYPES);
  TCase *refused = add_group(suite, "refused lessons");
  tcase_add_loop_test(refused, refused_lessons_leave_no_trace, 0, 3 * BAD * SUPPORT_DTYPES);
  tcase_add_loop_test(refused, residuals_that_are_too_large_are_refused, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(refused, guesses_at_any_h_are_finite, 0, 6 * SUPPORT_DTYPES);
  TCase *backends = add_group(suite, "backends");
  tcase_add_test(backends, lessons_without_a_report_make_no_answer);
  tcase_add_test(backends, failing_products);
  tcase_add_loop_test(backends, threads_change_no_bit, 0, SUPPORT_DTYPES);
  return suite;
}

int main(void) {
  return support_run(make_suite());
}
