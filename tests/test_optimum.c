/* What the example `artificial` computes without training, against independent numbers: entropies of
 * groups, a long gradient descent, formulas of simple regression, and a search. */
#include "../examples/artificial/optimum.c"

#include "support/support.h"

enum { ROWS = 60, COLUMNS = 4 };

/* Numbers between -1 and 1 without a pattern. */
static double noise(size_t index) {
  return sin(12.9898 * (double)(index + 1)) * cos(78.233 * (double)(index + 2));
}

typedef struct example_data {
  double x[ROWS * COLUMNS], y[ROWS];
  design of;
} example_data;

/* Labels follow a plane, but for every `swapped`-th one; 0: none. */
static void make_data(example_data *data, size_t columns, size_t swapped) {
  data->of = (design){.x = data->x, .y = data->y, .rows = ROWS, .columns = columns};
  for (size_t s = 0; s < ROWS; s++) {
    double side = 0;
    for (size_t i = 0; i < columns; i++) {
      data->x[s * columns + i] = i + 1 < columns ? noise(s * columns + i) : 1;
      side += data->x[s * columns + i] * (i % 2 == 0 ? 1.0 : -0.5);
    }
    bool label = side > 0;
    if (swapped > 0 && s % swapped == 0) label = !label;
    data->y[s] = label;
  }
}

static double entropy(double ones, double count) {
  double p = ones / count;
  return -(ones * log(p) + (count - ones) * log(1 - p));
}

/* With a feature of 0 and 1 the best logits give each group its share of ones. */
START_TEST(logistic_of_two_groups) {
  enum { FIRST = 10, SECOND = 15 };
  double x[2 * (FIRST + SECOND)], y[FIRST + SECOND], loss;
  bool separable;
  design of = {.x = x, .y = y, .rows = FIRST + SECOND, .columns = 2};
  for (size_t s = 0; s < of.rows; s++) {
    x[2 * s] = s < FIRST;
    x[2 * s + 1] = 1;
    y[s] = s < 3 || s >= of.rows - 11;
  }
  ck_assert(fit_logistic(&of, &loss, &separable));
  ck_assert(!separable);
  ck_assert_double_eq_tol(loss, (entropy(3, FIRST) + entropy(11, SECOND)) / (double)of.rows, 1e-12);
}
END_TEST

static double descend_slowly(const design *of) {
  double w[COLUMNS] = {0}, loss = 0;
  for (int step = 0; step < 100000; step++) {
    double gradient[COLUMNS] = {0};
    loss = 0;
    for (size_t s = 0; s < of->rows; s++) {
      double z = 0;
      for (size_t i = 0; i < of->columns; i++)
        z += w[i] * of->x[s * of->columns + i];
      loss += (log1p(exp(z)) - of->y[s] * z) / (double)of->rows;
      for (size_t i = 0; i < of->columns; i++)
        gradient[i] += (1 / (1 + exp(-z)) - of->y[s]) * of->x[s * of->columns + i];
    }
    for (size_t i = 0; i < of->columns; i++)
      w[i] -= 2 * gradient[i] / (double)of->rows;
  }
  return loss;
}

START_TEST(logistic_against_gradient_descent) {
  example_data data;
  double loss;
  bool separable;
  make_data(&data, COLUMNS, 7);
  ck_assert(fit_logistic(&data.of, &loss, &separable));
  ck_assert(!separable);
  ck_assert_double_eq_tol(loss, descend_slowly(&data.of), 1e-9);
}
END_TEST

START_TEST(separable_data_have_loss_0) {
  example_data data;
  double loss = 1;
  bool separable = false;
  make_data(&data, COLUMNS, 0);
  ck_assert(fit_logistic(&data.of, &loss, &separable));
  ck_assert(separable);
  ck_assert_double_eq(loss, 0);
}
END_TEST

/* Slope and intercept of y on one column, by the formulas of simple regression. */
static void regress(const example_data *data, double *fitted) {
  double x = 0, y = 0, xx = 0, xy = 0;
  for (size_t s = 0; s < ROWS; s++) {
    x += data->x[2 * s] / ROWS;
    y += data->y[s] / ROWS;
  }
  for (size_t s = 0; s < ROWS; s++) {
    xx += (data->x[2 * s] - x) * (data->x[2 * s] - x);
    xy += (data->x[2 * s] - x) * (data->y[s] - y);
  }
  for (size_t s = 0; s < ROWS; s++)
    fitted[s] = y + xy / xx * (data->x[2 * s] - x);
}

START_TEST(squares_against_simple_regression) {
  example_data data;
  double expected[ROWS], fitted[ROWS], mean_square, square = 0;
  make_data(&data, 2, 5);
  regress(&data, expected);
  ck_assert(fit_squares(&data.of, fitted, &mean_square));
  for (size_t s = 0; s < ROWS; s++) {
    ck_assert_double_eq_tol(fitted[s], expected[s], 1e-10);
    square += (expected[s] - data.y[s]) * (expected[s] - data.y[s]) / ROWS;
  }
  ck_assert_double_eq_tol(mean_square, square, 1e-10);
}
END_TEST

/* With several features the end is above the optimum; it is the optimum of logits a f + c, which a
 * descent in a and c finds too. */
START_TEST(synthetic_end_is_the_best_of_its_family) {
  example_data data;
  double fitted[ROWS], pairs[2 * ROWS], mean_square, best, end;
  bool separable;
  make_data(&data, COLUMNS, 7);
  ck_assert(fit_squares(&data.of, fitted, &mean_square));
  for (size_t s = 0; s < ROWS; s++) {
    pairs[2 * s] = 4 * fitted[s] - 2; /* another scale of the same family: the descent is fast */
    pairs[2 * s + 1] = 1;
  }
  design family = {.x = pairs, .y = data.y, .rows = ROWS, .columns = 2};
  ck_assert(fit_logistic(&data.of, &best, &separable));
  ck_assert(fit_synthetic(&data.of, &end, &separable));
  ck_assert(!separable);
  ck_assert_double_gt(end, best + 1e-6);
  ck_assert_double_eq_tol(end, descend_slowly(&family), 1e-9);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("optimum");
  TCase *group = tcase_create("optimum");
  suite_add_tcase(suite, group);
  tcase_add_test(group, logistic_of_two_groups);
  tcase_add_test(group, logistic_against_gradient_descent);
  tcase_add_test(group, separable_data_have_loss_0);
  tcase_add_test(group, squares_against_simple_regression);
  tcase_add_test(group, synthetic_end_is_the_best_of_its_family);
  return support_run(suite);
}
