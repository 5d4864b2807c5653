/* Data sets: what they hand out, and what they refuse. Most tests run in float and double. */
#include <math.h>

#include "test_files.h"

static test_memory memory;
static dni_context *context;

static void tear_down(void) {
  dni_context_release(context);
  context = NULL;
  ck_assert_uint_eq(memory.live, 0);
}

static void use(int index) {
  context = test_context(test_dtypes[index], 7, &memory);
}

/* A matrix of the context's element type in memory of the test's own. */
typedef struct cells {
  dni_matrix view;
  union {
    float f32[1024];
    double f64[1024];
  } data;
} cells;

static dni_matrix *shape(cells *block, size_t rows, size_t columns) {
  ck_assert_uint_le(rows * columns, 1024);
  if (dni_context_dtype(context) == DNI_F32)
    dni_matrix_init_f32(&block->view, block->data.f32, rows, columns);
  else
    dni_matrix_init_f64(&block->view, block->data.f64, rows, columns);
  return &block->view;
}

static double get(const cells *block, size_t row, size_t column) {
  size_t at = row * block->view.stride + column;
  return block->view.dtype == DNI_F32 ? (double)block->data.f32[at] : block->data.f64[at];
}

static void set(cells *block, size_t row, size_t column, double value) {
  size_t at = row * block->view.stride + column;
  if (block->view.dtype == DNI_F32)
    block->data.f32[at] = (float)value;
  else
    block->data.f64[at] = value;
}

/* Element (r, c) is 10 r + c + start: every row can be told from every other. */
static dni_matrix *fill(cells *block, size_t rows, size_t columns, double start) {
  shape(block, rows, columns);
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++)
      set(block, r, c, 10.0 * (double)r + (double)c + start);
  return &block->view;
}

static void expect_sizes(const dni_dataset *dataset, size_t examples, size_t features,
                         size_t targets, size_t classes) {
  ck_assert_uint_eq(dni_dataset_examples(dataset), examples);
  ck_assert_uint_eq(dni_dataset_features(dataset), features);
  ck_assert_uint_eq(dni_dataset_targets(dataset), targets);
  ck_assert_uint_eq(dni_dataset_classes(dataset), classes);
}

/* Ten examples whose row r is 10 r .. 10 r + 2, with targets 10 r + 0.5, 10 r + 1.5. */
static dni_dataset *numbers(int32_t mode, cells *x, cells *y) {
  dni_dataset *dataset;
  fill(x, 10, 3, 0);
  fill(y, 10, 2, 0.5);
  expect_ok(dni_dataset_create_memory(context, &x->view, &y->view, mode, &dataset));
  return dataset;
}

/* The row of the ten that stands at `place` now. */
static size_t row_at(const dni_dataset *dataset, size_t place) {
  cells x;
  expect_ok(dni_dataset_batch(dataset, place, shape(&x, 1, 3), NULL));
  return (size_t)(get(&x, 0, 0) / 10);
}

/* The caller's memory. ------------------------------------------------------------------------- */

START_TEST(test_memory_batches) {
  use(_i);
  cells x, y, batch_x, batch_y;
  dni_dataset *dataset = numbers(DNI_DATA_COPY, &x, &y);
  expect_sizes(dataset, 10, 3, 2, 0);
  expect_ok(dni_dataset_batch(dataset, 4, shape(&batch_x, 3, 3), shape(&batch_y, 3, 2)));
  for (size_t r = 0; r < 3; r++) {
    for (size_t c = 0; c < 3; c++)
      ck_assert_double_eq(get(&batch_x, r, c), get(&x, r + 4, c));
    for (size_t c = 0; c < 2; c++)
      ck_assert_double_eq(get(&batch_y, r, c), get(&y, r + 4, c));
  }
  expect_ok(dni_dataset_batch(dataset, 9, NULL, shape(&batch_y, 1, 2)));
  ck_assert_double_eq(get(&batch_y, 0, 1), 91.5);
  expect_ok(dni_dataset_batch(dataset, 10, shape(&batch_x, 0, 3), NULL));
  dni_dataset_release(dataset);
}
END_TEST

START_TEST(test_memory_strides) {
  use(_i);
  cells wide, tall;
  fill(&wide, 6, 8, 0);
  dni_matrix x = wide.view, y = wide.view;
  x.columns = 5; /* columns 0 .. 4 */
  y.columns = 3; /* columns 5 .. 7 */
  y.data = _i == 0 ? (void *)&wide.data.f32[5] : (void *)&wide.data.f64[5];
  for (int32_t mode = DNI_DATA_COPY; mode <= DNI_DATA_BORROW; mode++) {
    dni_dataset *dataset;
    expect_ok(dni_dataset_create_memory(context, &x, &y, mode, &dataset));
    fill(&tall, 4, 8, -1);
    dni_matrix part = tall.view;
    part.columns = 3;
    expect_ok(dni_dataset_batch(dataset, 2, NULL, &part));
    ck_assert_double_eq(get(&tall, 0, 0), 25);
    ck_assert_double_eq(get(&tall, 3, 2), 57);
    ck_assert_double_eq(get(&tall, 3, 3), 32); /* beyond the columns: untouched */
    dni_dataset_release(dataset);
  }
}
END_TEST

START_TEST(test_copy_and_borrow) {
  use(_i);
  cells x, y, x_borrowed, y_borrowed;
  dni_dataset *copied = numbers(DNI_DATA_COPY, &x, &y);
  dni_dataset *borrowed = numbers(DNI_DATA_BORROW, &x_borrowed, &y_borrowed);
  set(&x, 3, 0, 70);
  set(&x_borrowed, 3, 0, 70);
  ck_assert_uint_eq(row_at(copied, 3), 3);
  ck_assert_uint_eq(row_at(borrowed, 3), 7);
  expect_failure(dni_dataset_scale(borrowed, 2, 0), DNI_ERROR_STATE, "borrowed", "");
  dni_dataset_release(copied);
  dni_dataset_release(borrowed);
}
END_TEST

START_TEST(test_labels) {
  use(_i);
  cells x, y;
  int32_t labels[] = {2, 0, 1, 2, 3}, back[5];
  dni_dataset *dataset;
  expect_ok(dni_dataset_create_labels(context, fill(&x, 5, 3, 0), labels, 4, 0, &dataset));
  labels[0] = 0; /* labels are copied */
  expect_sizes(dataset, 5, 3, 4, 4);
  fill(&y, 5, 4, 1);
  expect_ok(dni_dataset_batch(dataset, 0, NULL, &y.view));
  expect_ok(dni_dataset_labels(dataset, 0, 5, back));
  labels[0] = 2;
  for (size_t r = 0; r < 5; r++) {
    ck_assert_int_eq(back[r], labels[r]);
    for (size_t c = 0; c < 4; c++)
      ck_assert_double_eq(get(&y, r, c), (size_t)labels[r] == c ? 1 : 0);
  }
  expect_failure(dni_dataset_labels(dataset, 3, 3, back), DNI_ERROR_ARGUMENT, "5", "");
  dni_dataset_release(dataset);
}
END_TEST

START_TEST(test_memory_refused) {
  use(_i);
  cells x, y, other;
  dni_dataset *dataset = NULL;
  fill(&x, 4, 3, 0);
  fill(&y, 4, 2, 0);
  fill(&other, 3, 2, 0);
#define CREATE(x, y, mode) dni_dataset_create_memory(context, x, y, mode, &dataset)
  expect_failure(CREATE(NULL, &y.view, 0), DNI_ERROR_ARGUMENT, "x is NULL", "");
  expect_failure(CREATE(&x.view, NULL, 0), DNI_ERROR_ARGUMENT, "y is NULL", "");
  expect_failure(CREATE(&x.view, &y.view, 2), DNI_ERROR_ARGUMENT, "mode 2", "");
  expect_failure(CREATE(&x.view, &other.view, 0), DNI_ERROR_ARGUMENT, "3 rows", "4");
  expect_failure(dni_dataset_create_memory(NULL, &x.view, &y.view, 0, &dataset), DNI_ERROR_ARGUMENT,
                 "context", "NULL");
  expect_failure(dni_dataset_create_memory(context, &x.view, &y.view, 0, NULL), DNI_ERROR_ARGUMENT,
                 "out", "NULL");
  dni_matrix wrong = x.view;
  wrong.dtype = test_dtypes[1 - _i];
  expect_failure(CREATE(&wrong, &y.view, 0), DNI_ERROR_ARGUMENT, "x holds", "");
  wrong = x.view;
  wrong.rows = 0;
  expect_failure(CREATE(&wrong, &y.view, 0), DNI_ERROR_ARGUMENT, "x has 0 rows", "");
  wrong = x.view;
  wrong.columns = 0;
  expect_failure(CREATE(&wrong, &y.view, 0), DNI_ERROR_ARGUMENT, "0 columns", "");
  set(&x, 2, 1, (double)NAN);
  expect_failure(CREATE(&x.view, &y.view, 0), DNI_ERROR_DATA, "x: row 2", "column 1");
  set(&x, 2, 1, 0);
  set(&y, 3, 0, (double)INFINITY);
  expect_failure(CREATE(&x.view, &y.view, 1), DNI_ERROR_DATA, "y: row 3", "column 0");
#undef CREATE
  ck_assert_ptr_null(dataset);
}
END_TEST

START_TEST(test_labels_refused) {
  use(_i);
  cells x;
  int32_t labels[] = {0, 1, 2, 1};
  dni_dataset *dataset = NULL;
  fill(&x, 4, 3, 0);
#define CREATE(labels, classes)                                                                    \
  dni_dataset_create_labels(context, &x.view, labels, classes, 0, &dataset)
  expect_failure(CREATE(NULL, 3), DNI_ERROR_ARGUMENT, "labels is NULL", "");
  expect_failure(CREATE(labels, 0), DNI_ERROR_ARGUMENT, "classes", "0");
  expect_failure(CREATE(labels, 2), DNI_ERROR_DATA, "row 2", "0 to 1");
  labels[1] = -1;
  expect_failure(CREATE(labels, 3), DNI_ERROR_DATA, "row 1", "-1");
  set(&x, 0, 0, (double)NAN);
  expect_failure(CREATE(labels, 3), DNI_ERROR_DATA, "x: row 0", "column 0");
#undef CREATE
  ck_assert_ptr_null(dataset);
}
END_TEST

/* Order, split, scale, batch. ------------------------------------------------------------------ */

START_TEST(test_shuffle_is_a_seeded_permutation) {
  size_t orders[3][10];
  uint64_t seeds[] = {7, 7, 8};
  for (int run = 0; run < 3; run++) {
    dni_context *own = test_context(test_dtypes[_i], seeds[run], NULL);
    context = own;
    cells x, y;
    dni_dataset *dataset = numbers(DNI_DATA_COPY, &x, &y);
    bool seen[10] = {false};
    for (int times = 0; times < 5; times++)
      expect_ok(dni_dataset_shuffle(dataset));
    for (size_t i = 0; i < 10; i++) {
      orders[run][i] = row_at(dataset, i);
      ck_assert(!seen[orders[run][i]]);
      seen[orders[run][i]] = true;
    }
    expect_ok(dni_dataset_unshuffle(dataset));
    for (size_t i = 0; i < 10; i++)
      ck_assert_uint_eq(row_at(dataset, i), i);
    dni_dataset_release(dataset);
    context = NULL;
    dni_context_release(own);
  }
  ck_assert_mem_eq(orders[0], orders[1], sizeof orders[0]);
  ck_assert_mem_ne(orders[0], orders[2], sizeof orders[0]);
}
END_TEST

/* Each of 3! orders of three examples, about equally often: 6000 shuffles, 1000 +- 5 sigma. */
START_TEST(test_shuffle_is_fair) {
  use(0);
  cells x;
  int32_t labels[] = {0, 1, 2};
  size_t counts[9] = {0};
  dni_dataset *dataset;
  expect_ok(dni_dataset_create_labels(context, fill(&x, 3, 1, 0), labels, 3, 0, &dataset));
  for (int i = 0; i < 6000; i++) {
    expect_ok(dni_dataset_shuffle(dataset));
    expect_ok(dni_dataset_labels(dataset, 0, 3, labels));
    counts[3 * labels[0] + labels[1]]++;
  }
  for (size_t i = 0; i < 9; i++)
    if (i % 4 != 0) ck_assert_uint_le(counts[i] > 1000 ? counts[i] - 1000 : 1000 - counts[i], 145);
  dni_dataset_release(dataset);
}
END_TEST

START_TEST(test_split) {
  use(_i);
  cells x, y;
  dni_dataset *whole = numbers(DNI_DATA_COPY, &x, &y), *first, *second, *third, *fourth;
  expect_ok(dni_dataset_shuffle(whole));
  size_t order[10];
  for (size_t i = 0; i < 10; i++)
    order[i] = row_at(whole, i);
  expect_ok(dni_dataset_split(whole, 7, &first, &second));
  expect_ok(dni_dataset_shuffle(whole)); /* the parts keep their own orders */
  expect_sizes(first, 7, 3, 2, 0);
  expect_sizes(second, 3, 3, 2, 0);
  expect_ok(dni_dataset_shuffle(first));
  expect_ok(dni_dataset_unshuffle(first));
  for (size_t i = 0; i < 10; i++)
    ck_assert_uint_eq(i < 7 ? row_at(first, i) : row_at(second, i - 7), order[i]);
  expect_ok(dni_dataset_split(first, 1, &third, &fourth));
  ck_assert_uint_eq(row_at(third, 0), order[0]);
  ck_assert_uint_eq(row_at(fourth, 5), order[6]);
  expect_failure(dni_dataset_scale(first, 2, 0), DNI_ERROR_STATE, "split", "");
  expect_failure(dni_dataset_split(third, 1, &first, &second), DNI_ERROR_ARGUMENT, "1 of 1", "");
  expect_failure(dni_dataset_split(whole, 0, &first, &second), DNI_ERROR_ARGUMENT, "0 of 10", "");
  expect_failure(dni_dataset_split(whole, 10, &first, &second), DNI_ERROR_ARGUMENT, "10 of 10", "");
  dni_dataset_release(whole); /* in any order */
  dni_dataset_release(first);
  dni_dataset_release(fourth);
  ck_assert_uint_eq(row_at(second, 2), order[9]);
  dni_dataset_release(second);
  dni_dataset_release(third);
}
END_TEST

START_TEST(test_scale) {
  use(_i);
  cells x, y, batch;
  dni_dataset *whole = numbers(DNI_DATA_COPY, &x, &y), *first, *second;
  expect_ok(dni_dataset_split(whole, 5, &first, &second));
  expect_ok(dni_dataset_scale(whole, 0.5, 1));
  expect_ok(dni_dataset_batch(second, 4, shape(&batch, 1, 3), NULL));
  ck_assert_double_eq(get(&batch, 0, 2), 47);
  double too_much = _i == 0 ? 1e37 : 1e307;
  expect_failure(dni_dataset_scale(whole, too_much, 0), DNI_ERROR_DATA, "overflow", "");
  expect_failure(dni_dataset_scale(whole, -too_much, 0), DNI_ERROR_DATA, "overflow", "");
  expect_failure(dni_dataset_scale(whole, (double)NAN, 0), DNI_ERROR_ARGUMENT, "finite", "");
  expect_failure(dni_dataset_scale(whole, 1, (double)INFINITY), DNI_ERROR_ARGUMENT, "finite", "");
  expect_ok(dni_dataset_batch(whole, 9, &batch.view, NULL));
  ck_assert_double_eq(get(&batch, 0, 2), 47); /* nothing changed */
  dni_dataset_release(whole);
  dni_dataset_release(first);
  dni_dataset_release(second);
}
END_TEST

START_TEST(test_batch_refused) {
  use(_i);
  cells x, y, batch_x, batch_y;
  int32_t labels[10];
  dni_dataset *dataset = numbers(DNI_DATA_COPY, &x, &y);
  shape(&batch_x, 3, 3);
  shape(&batch_y, 3, 2);
#define BATCH(first, x, y) dni_dataset_batch(dataset, first, x, y)
  expect_failure(BATCH(0, NULL, NULL), DNI_ERROR_ARGUMENT, "both NULL", "");
  expect_failure(BATCH(8, &batch_x.view, NULL), DNI_ERROR_ARGUMENT, "3 examples from 8", "10");
  expect_failure(BATCH(SIZE_MAX, NULL, &batch_y.view), DNI_ERROR_ARGUMENT, "there are 10", "");
  expect_failure(BATCH(0, &batch_y.view, NULL), DNI_ERROR_ARGUMENT, "x has 2 columns", "3");
  expect_failure(BATCH(0, NULL, &batch_x.view), DNI_ERROR_ARGUMENT, "y has 3 columns", "2");
  shape(&batch_y, 2, 2);
  expect_failure(BATCH(0, &batch_x.view, &batch_y.view), DNI_ERROR_ARGUMENT, "y has 2 rows", "3");
  batch_x.view.dtype = test_dtypes[1 - _i];
  expect_failure(BATCH(0, &batch_x.view, NULL), DNI_ERROR_ARGUMENT, "x holds", "");
#undef BATCH
  expect_failure(dni_dataset_labels(dataset, 0, 1, labels), DNI_ERROR_STATE, "not classes", "");
  dni_dataset_release(dataset);
}
END_TEST

START_TEST(test_null) {
  cells x;
  use(0);
  dni_dataset *dataset;
  int32_t label;
  dni_dataset_release(NULL);
  dni_dataset_retain(NULL);
  expect_sizes(NULL, 0, 0, 0, 0);
  expect_failure(dni_dataset_shuffle(NULL), DNI_ERROR_ARGUMENT, "dataset is NULL", "");
  expect_failure(dni_dataset_unshuffle(NULL), DNI_ERROR_ARGUMENT, "dataset is NULL", "");
  expect_failure(dni_dataset_scale(NULL, 1, 1), DNI_ERROR_ARGUMENT, "dataset is NULL", "");
  expect_failure(dni_dataset_labels(NULL, 0, 1, &label), DNI_ERROR_ARGUMENT, "dataset is NULL", "");
  expect_failure(dni_dataset_batch(NULL, 0, shape(&x, 1, 1), NULL), DNI_ERROR_ARGUMENT,
                 "dataset is NULL", "");
  expect_failure(dni_dataset_split(NULL, 1, &dataset, &dataset), DNI_ERROR_ARGUMENT,
                 "dataset is NULL", "");
}
END_TEST

/* The paper's artificial problems. ------------------------------------------------------------- */

#define ARTIFICIAL_MOST 1000

/* The labels of a problem made on a context of its own with this seed. */
static void artificial_labels(dni_dtype dtype, uint64_t seed, int32_t kind, size_t dimensions,
                              size_t examples, int32_t *labels) {
  dni_context *own = test_context(dtype, seed, NULL);
  dni_dataset *dataset;
  expect_ok(dni_dataset_create_artificial(own, kind, dimensions, examples, 2, &dataset));
  expect_sizes(dataset, examples, dimensions, 2, 2);
  expect_ok(dni_dataset_labels(dataset, 0, examples, labels));
  dni_dataset_release(dataset);
  dni_context_release(own);
}

START_TEST(test_noise_swaps_exactly_a_tenth) {
  static const size_t examples[] = {1, 9, 10, 19, 100, 999, 1000};
  int32_t linear[ARTIFICIAL_MOST], noisy[ARTIFICIAL_MOST];
  for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
    for (uint64_t seed = 0; seed < 3; seed++) {
      size_t differ = 0, n = examples[i];
      artificial_labels(test_dtypes[_i], seed, DNI_ARTIFICIAL_LINEAR, 5, n, linear);
      artificial_labels(test_dtypes[_i], seed, DNI_ARTIFICIAL_NOISY, 5, n, noisy);
      for (size_t s = 0; s < n; s++)
        differ += linear[s] != noisy[s];
      ck_assert_uint_eq(differ, n / 10);
    }
}
END_TEST

/* With a linear problem the perceptron converges; its mistakes end. */
START_TEST(test_linear_is_separable) {
  use(_i);
  dni_dataset *dataset;
  int32_t labels[100];
  cells x;
  double weight[2] = {0, 0};
  expect_ok(dni_dataset_create_artificial(context, DNI_ARTIFICIAL_LINEAR, 2, 100, 2, &dataset));
  expect_ok(dni_dataset_batch(dataset, 0, shape(&x, 100, 2), NULL));
  expect_ok(dni_dataset_labels(dataset, 0, 100, labels));
  size_t mistakes = 1;
  for (int pass = 0; pass < 100000 && mistakes > 0; pass++) {
    mistakes = 0;
    for (size_t s = 0; s < 100; s++) {
      double side = weight[0] * get(&x, s, 0) + weight[1] * get(&x, s, 1);
      if ((side > 0) == labels[s]) continue;
      mistakes++;
      for (size_t c = 0; c < 2; c++)
        weight[c] += (labels[s] ? 1 : -1) * get(&x, s, c);
    }
  }
  ck_assert_uint_eq(mistakes, 0);
  dni_dataset_release(dataset);
}
END_TEST

START_TEST(test_artificial_shares) {
  int32_t labels[ARTIFICIAL_MOST];
  size_t ones = 0; /* of 1000 fair coins: 500 +- 5 sigma */
  artificial_labels(test_dtypes[_i], 3, DNI_ARTIFICIAL_RANDOM, 100, 1000, labels);
  for (size_t s = 0; s < 1000; s++)
    ones += (size_t)labels[s];
  ck_assert_uint_ge(ones, 420);
  ck_assert_uint_le(ones, 580);
}
END_TEST

/* One column of 0 and 1 says the same as two one-hot ones. x has mean 0 and variance 1. */
START_TEST(test_artificial_column) {
  dni_context *own = test_context(test_dtypes[_i], 7, NULL);
  use(_i);
  dni_dataset *two, *one;
  cells x, x_one, y, y_one;
  expect_ok(dni_dataset_create_artificial(own, DNI_ARTIFICIAL_NOISY, 5, 200, 2, &two));
  expect_ok(dni_dataset_create_artificial(context, DNI_ARTIFICIAL_NOISY, 5, 200, 1, &one));
  expect_sizes(one, 200, 5, 1, 0);
  expect_ok(dni_dataset_batch(two, 0, shape(&x, 200, 5), shape(&y, 200, 2)));
  expect_ok(dni_dataset_batch(one, 0, shape(&x_one, 200, 5), shape(&y_one, 200, 1)));
  double sum = 0, squares = 0;
  for (size_t s = 0; s < 200; s++) {
    ck_assert_double_eq(get(&y, s, 1), get(&y_one, s, 0));
    ck_assert_double_eq(get(&y, s, 0), 1 - get(&y_one, s, 0));
    for (size_t c = 0; c < 5; c++) {
      ck_assert_double_eq(get(&x, s, c), get(&x_one, s, c));
      sum += get(&x, s, c);
      squares += get(&x, s, c) * get(&x, s, c);
    }
  }
  ck_assert_double_le(fabs(sum / 1000), 5 / sqrt(1000));
  ck_assert_double_le(fabs(squares / 1000 - 1), 5 * sqrt(2.0 / 1000));
  dni_dataset_release(two);
  dni_dataset_release(one);
  dni_context_release(own);
}
END_TEST

START_TEST(test_artificial_refused) {
  use(0);
  dni_dataset *dataset = NULL;
#define CREATE(kind, k, n, classes)                                                                \
  dni_dataset_create_artificial(context, kind, k, n, classes, &dataset)
  expect_failure(CREATE(0, 2, 10, 2), DNI_ERROR_ARGUMENT, "kind 0", "");
  expect_failure(CREATE(4, 2, 10, 2), DNI_ERROR_ARGUMENT, "kind 4", "");
  expect_failure(CREATE(1, 0, 10, 2), DNI_ERROR_ARGUMENT, "0 dimensions", "");
  expect_failure(CREATE(1, 2, 0, 2), DNI_ERROR_ARGUMENT, "0 examples", "");
  expect_failure(CREATE(1, 2, 10, 0), DNI_ERROR_ARGUMENT, "0 classes", "");
  expect_failure(CREATE(1, 2, 10, 3), DNI_ERROR_ARGUMENT, "3 classes", "");
  expect_failure(CREATE(1, SIZE_MAX / 2, 10, 2), DNI_ERROR_MEMORY, "memory", "");
  expect_failure(CREATE(1, SIZE_MAX / 8, 1, 2), DNI_ERROR_MEMORY, "memory", "");
#undef CREATE
  ck_assert_ptr_null(dataset);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("dataset");
  TCase *group = tcase_create("dataset");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, NULL, tear_down);
  tcase_set_timeout(group, 60);
  tcase_add_loop_test(group, test_memory_batches, 0, 2);
  tcase_add_loop_test(group, test_memory_strides, 0, 2);
  tcase_add_loop_test(group, test_copy_and_borrow, 0, 2);
  tcase_add_loop_test(group, test_labels, 0, 2);
  tcase_add_loop_test(group, test_memory_refused, 0, 2);
  tcase_add_loop_test(group, test_labels_refused, 0, 2);
  tcase_add_loop_test(group, test_shuffle_is_a_seeded_permutation, 0, 2);
  tcase_add_test(group, test_shuffle_is_fair);
  tcase_add_loop_test(group, test_split, 0, 2);
  tcase_add_loop_test(group, test_scale, 0, 2);
  tcase_add_loop_test(group, test_batch_refused, 0, 2);
  tcase_add_test(group, test_null);
  tcase_add_loop_test(group, test_noise_swaps_exactly_a_tenth, 0, 2);
  tcase_add_loop_test(group, test_linear_is_separable, 0, 2);
  tcase_add_loop_test(group, test_artificial_shares, 0, 2);
  tcase_add_loop_test(group, test_artificial_column, 0, 2);
  tcase_add_test(group, test_artificial_refused);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed > 0;
}
