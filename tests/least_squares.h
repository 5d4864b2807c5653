/* Least-squares SGs under test: problems, lessons for them, and comparisons with the recursion in long
 * double (least_squares_reference.h) and with each other. */
#ifndef TEST_LEAST_SQUARES_H
#define TEST_LEAST_SQUARES_H

#include "least_squares_reference.h"
#include "training.h"

#include "estimators.h"

enum { ROWS = 13 }; /* the most in a lesson */

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
static inline dni_loss *make_loss(dni_context *context, dni_kind kind) {
  dni_loss *loss = NULL;
  if (kind == SOFTMAX) EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  if (kind == SIGMOID) EXPECT_OK(dni_loss_create_sigmoid_cross_entropy(context, NULL, &loss));
  return loss ? keep(LOSS, loss) : NULL;
}

static inline dni_least_squares_options options_of(dni_context *context, const problem *how) {
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

static inline dni_sg *make(dni_context *context, size_t units, size_t targets,
                           const dni_least_squares_options *options) {
  dni_sg *sg;
  EXPECT_OK(dni_sg_create_least_squares(context, units, targets, options, &sg));
  return keep(ESTIMATOR, sg);
}

static const problem *usual = &problems[0];

/* One like `usual`. */
static inline dni_sg *make_usual(dni_context *context) {
  dni_least_squares_options options = options_of(context, usual);
  return make(context, usual->units, usual->targets, &options);
}

/* What a lesson is made of, in room for ROWS of them. */
typedef struct examples {
  dni_matrix h, y, target, prediction;
  int32_t labels[2 * ROWS];
} examples;

static inline void make_examples(dni_dtype dtype, const problem *how, examples *made) {
  made->h = matrix_make(dtype, ROWS, how->units);
  made->target = matrix_make(dtype, ROWS, how->units);
  made->prediction = matrix_make(dtype, ROWS, how->units);
  made->y = matrix_make(dtype, ROWS, how->targets);
  dni_matrix labels = {made->labels, ROWS, 1, 2, DNI_I32, 0}; /* every second number */
  if (how->form == LABELS) made->y = labels;
}

static inline void fill_y(const problem *how, examples *made) {
  for (size_t r = 0; r < made->y.rows; r++) {
    size_t class = support_below(how->targets);
    made->labels[2 * r] = (int32_t) class;
    for (size_t c = 0; c < how->targets && how->form != LABELS; c++)
      matrix_set(&made->y, r, c, how->form == DENSE ? support_uniform(0, 1) : c == class);
  }
}

/* New numbers. The target has much to do with h and y, and something of its own. */
static inline void fill(const problem *how, examples *made) {
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

static inline dni_lesson lesson_of(examples *of, size_t rows) {
  of->h.rows = of->y.rows = of->target.rows = of->prediction.rows = rows;
  return (dni_lesson){
      .struct_size = sizeof(dni_lesson), .h = &of->h, .y = &of->y, .target = &of->target};
}

static inline dni_status learn(dni_sg *sg, const dni_lesson *lesson) {
  return dni_sg_learn(sg, lesson, NULL);
}

/* Comparing. --------------------------------------------------------------------------------- */

enum { WEIGHT, GRAM, MOMENT, GUESS_WEIGHT, GUESS_BIAS }; /* parameters */

static inline void expect_number(double got, long double expected, double tolerance,
                                 const char *what, size_t row, size_t column) {
  EXPECT(fabsl(got - expected) <= tolerance * (1 + fabsl(expected)),
         "%s (%zu, %zu): %.17g, expected %.17Lg", what, row, column, got, expected);
}

static inline void expect_state(dni_sg *sg, const reference *ref, double tolerance) {
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

static inline void expect_answer(dni_sg *sg, const reference *ref, examples *of, double tolerance) {
  EXPECT_OK(support_estimate(sg, &of->h, &of->y, NULL, &of->prediction));
  for (size_t r = 0; r < of->h.rows; r++)
    for (size_t u = 0; u < ref->units; u++)
      expect_number(matrix_get(&of->prediction, r, u), reference_answer(ref, &of->h, &of->y, r, u),
                    tolerance, "answer", r, u);
}

/* All parameters, bit for bit; the upper triangle of the Gram matrix is nobody's. */
static inline void expect_same_state(dni_sg *sg, dni_sg *other) {
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

static inline void expect_close_state(dni_sg *sg, dni_sg *other, double tolerance) {
  for (size_t p = 0; p < dni_sg_parameter_count(sg); p++) {
    dni_matrix a = value_of(sg, p), b = value_of(other, p);
    for (size_t r = 0; r < a.rows; r++)
      for (size_t c = 0; c < (p == GRAM ? r + 1 : a.columns); c++)
        expect_number(matrix_get(&a, r, c), matrix_get(&b, r, c), tolerance,
                      dni_sg_parameter_name(sg, p), r, c);
  }
}

static inline void expect_finite(dni_sg *sg) {
  for (size_t p = 0; p < dni_sg_parameter_count(sg); p++) {
    dni_matrix a = value_of(sg, p);
    for (size_t r = 0; r < a.rows; r++)
      for (size_t c = 0; c < (p == GRAM ? r + 1 : a.columns); c++)
        EXPECT(isfinite(matrix_get(&a, r, c)), "%s (%zu, %zu): %g", dni_sg_parameter_name(sg, p), r,
               c, matrix_get(&a, r, c));
  }
}

#endif
