/* Data sets: what they hand out, and what they refuse. Most tests run in float and double. */
#include <dni/research.h>
#include <math.h>

#include "core/core.h"
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

static dni_memory_options with_flags(dni_data_flags flags) {
  dni_memory_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.flags = flags;
  return options;
}

/* Ten examples whose row r is 10 r .. 10 r + 2, with targets 10 r + 0.5, 10 r + 1.5. */
static dni_dataset *numbers(dni_data_flags flags, cells *x, cells *y) {
  dni_dataset *dataset;
  dni_memory_options options = with_flags(flags);
  fill(x, 10, 3, 0);
  fill(y, 10, 2, 0.5);
  expect_ok(dni_dataset_create_memory(context, &x->view, &y->view, &options, &dataset));
  return dataset;
}

/* Which of the ten stands at `place`. */
static size_t row_at(const dni_dataset *dataset, size_t place) {
  cells x;
  expect_ok(dni_dataset_batch(dataset, place, shape(&x, 1, 3), NULL));
  return (size_t)(get(&x, 0, 0) / 10);
}

static dni_matrix *label_view(dni_matrix *view, const int32_t *labels, size_t count) {
  dni_matrix_init_labels(view, labels, count);
  return view;
}

/* Labels first .. first + count - 1. */
static dni_status read_labels(const dni_dataset *dataset, size_t first, size_t count,
                              int32_t *labels) {
  dni_matrix view;
  return dni_dataset_batch(dataset, first, NULL, label_view(&view, labels, count));
}

static dni_random_options with_seed(uint64_t seed) {
  dni_random_options options = {.struct_size = sizeof options, .has_seed = 1, .seed = seed};
  return options;
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
  for (dni_data_flags flags = DNI_DATA_COPY; flags <= DNI_DATA_BORROW; flags++) {
    dni_dataset *dataset;
    dni_memory_options options = with_flags(flags);
    expect_ok(dni_dataset_create_memory(context, &x, &y, &options, &dataset));
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
  dni_dataset_release(copied);
  dni_dataset_release(borrowed);
}
END_TEST

static void count_call(void *user) {
  ++*(size_t *)user;
}

/* destroy: once, when nothing uses the memory any more; never after a failure. */
START_TEST(test_borrowed_memory_is_given_back) {
  use(_i);
  cells x, y;
  size_t calls = 0;
  dni_dataset *whole, *first, *second, *none = NULL;
  dni_memory_options options = with_flags(DNI_DATA_BORROW);
  options.destroy = count_call;
  options.user = &calls;
  fill(&x, 10, 3, 0);
  fill(&y, 10, 2, 0);
  set(&y, 4, 1, (double)NAN);
  expect_failure(dni_dataset_create_memory(context, &x.view, &y.view, &options, &none),
                 DNI_ERROR_DATA, "y: row 4", "column 1");
  ck_assert_uint_eq(calls, 0);
  set(&y, 4, 1, 0);
  expect_ok(dni_dataset_create_memory(context, &x.view, &y.view, &options, &whole));
  expect_ok(dni_dataset_split(whole, 3, 0, NULL, &first, &second));
  ck_assert_ptr_eq(dni_dataset_retain(whole), whole);
  dni_dataset_release(whole);
  dni_dataset_release(whole);
  dni_dataset_release(first);
  ck_assert_uint_eq(calls, 0);
  ck_assert_uint_eq(row_at(second, 2), 5);
  dni_dataset_release(second);
  ck_assert_uint_eq(calls, 1);
}
END_TEST

START_TEST(test_labels) {
  use(_i);
  cells x, y;
  int32_t labels[] = {2, 0, 1, 2, 3}, back[5];
  dni_matrix view;
  dni_dataset *dataset;
  for (size_t classes = 0; classes <= 4; classes += 4) { /* 0: one more than the largest */
    dni_memory_options options = with_flags(classes ? DNI_DATA_BORROW : DNI_DATA_COPY);
    options.classes = classes;
    expect_ok(dni_dataset_create_memory(context, fill(&x, 5, 3, 0), label_view(&view, labels, 5),
                                        &options, &dataset));
    labels[0] = 0; /* labels are copied */
    expect_sizes(dataset, 5, 3, 4, 4);
    fill(&y, 5, 4, 1);
    expect_ok(dni_dataset_batch(dataset, 0, NULL, &y.view));
    expect_ok(read_labels(dataset, 0, 5, back));
    labels[0] = 2;
    for (size_t r = 0; r < 5; r++) {
      ck_assert_int_eq(back[r], labels[r]);
      for (size_t c = 0; c < 4; c++)
        ck_assert_double_eq(get(&y, r, c), (size_t)labels[r] == c ? 1 : 0);
    }
    expect_failure(read_labels(dataset, 3, 3, back), DNI_ERROR_ARGUMENT, "5", "");
    dni_dataset_release(dataset);
  }
}
END_TEST

START_TEST(test_memory_refused) {
  use(_i);
  cells x, y, other;
  dni_dataset *dataset = NULL;
  dni_memory_options options = with_flags(4);
  fill(&x, 4, 3, 0);
  fill(&y, 4, 2, 0);
  fill(&other, 3, 2, 0);
#define CREATE(x, y, options) dni_dataset_create_memory(context, x, y, options, &dataset)
  expect_failure(CREATE(NULL, &y.view, NULL), DNI_ERROR_ARGUMENT, "x is NULL", "");
  expect_failure(CREATE(&x.view, NULL, NULL), DNI_ERROR_ARGUMENT, "y is NULL", "");
  expect_failure(CREATE(&x.view, &y.view, &options), DNI_ERROR_ARGUMENT, "flags", "4");
  expect_failure(CREATE(&x.view, &other.view, NULL), DNI_ERROR_ARGUMENT, "3 rows", "4");
  expect_failure(dni_dataset_create_memory(NULL, &x.view, &y.view, NULL, &dataset),
                 DNI_ERROR_ARGUMENT, "context", "NULL");
  expect_failure(dni_dataset_create_memory(context, &x.view, &y.view, NULL, NULL),
                 DNI_ERROR_ARGUMENT, "out", "NULL");
  options = with_flags(DNI_DATA_COPY);
  options.struct_size = 4;
  expect_failure(CREATE(&x.view, &y.view, &options), DNI_ERROR_ARGUMENT, "struct_size", "4");
  dni_matrix wrong = x.view;
  wrong.dtype = test_dtypes[1 - _i];
  expect_failure(CREATE(&wrong, &y.view, NULL), DNI_ERROR_ARGUMENT, "x ", "");
  wrong.dtype = DNI_I32;
  expect_failure(CREATE(&wrong, &y.view, NULL), DNI_ERROR_ARGUMENT, "x ", "");
  wrong = y.view;
  wrong.dtype = DNI_U8;
  expect_failure(CREATE(&x.view, &wrong, NULL), DNI_ERROR_ARGUMENT, "y ", "");
  wrong.dtype = DNI_I32; /* labels have one column */
  expect_failure(CREATE(&x.view, &wrong, NULL), DNI_ERROR_ARGUMENT, "y ", "");
  wrong = x.view;
  wrong.rows = 0;
  expect_failure(CREATE(&wrong, &y.view, NULL), DNI_ERROR_ARGUMENT, "x has 0 rows", "");
  wrong = x.view;
  wrong.columns = 0;
  expect_failure(CREATE(&wrong, &y.view, NULL), DNI_ERROR_ARGUMENT, "0 columns", "");
  set(&x, 2, 1, (double)NAN);
  expect_failure(CREATE(&x.view, &y.view, NULL), DNI_ERROR_DATA, "x: row 2", "column 1");
  set(&x, 2, 1, 0);
  set(&y, 3, 0, (double)INFINITY);
  options = with_flags(DNI_DATA_BORROW);
  expect_failure(CREATE(&x.view, &y.view, &options), DNI_ERROR_DATA, "y: row 3", "column 0");
#undef CREATE
  ck_assert_ptr_null(dataset);
}
END_TEST

START_TEST(test_labels_refused) {
  use(_i);
  cells x;
  int32_t labels[] = {0, 1, 2, 1};
  dni_matrix y;
  dni_dataset *dataset = NULL;
  dni_memory_options options = with_flags(DNI_DATA_COPY);
  fill(&x, 4, 3, 0);
  label_view(&y, labels, 4);
#define CREATE() dni_dataset_create_memory(context, &x.view, &y, &options, &dataset)
  options.classes = 2;
  expect_failure(CREATE(), DNI_ERROR_DATA, "row 2", "0 to 1");
  labels[1] = -1;
  for (options.classes = 0; options.classes <= 3; options.classes += 3)
    expect_failure(CREATE(), DNI_ERROR_DATA, "row 1", "-1");
  labels[1] = 1;
  options.classes = 3;
  set(&x, 0, 0, (double)NAN);
  expect_failure(CREATE(), DNI_ERROR_DATA, "x: row 0", "column 0");
  set(&x, 0, 0, 0);
  y.rows = 3;
  expect_failure(CREATE(), DNI_ERROR_ARGUMENT, "3", "4");
#undef CREATE
  ck_assert_ptr_null(dataset);
}
END_TEST

/* Without a look at the elements, whatever they are. */
START_TEST(test_unchecked) {
  use(_i);
  cells x, y, batch;
  dni_dataset *dataset;
  fill(&x, 4, 3, 0);
  fill(&y, 4, 2, 0);
  set(&x, 2, 1, (double)NAN);
  set(&y, 3, 0, (double)INFINITY);
  for (dni_data_flags flags = DNI_DATA_COPY; flags <= DNI_DATA_BORROW; flags++) {
    dni_memory_options options = with_flags(flags | DNI_DATA_UNCHECKED);
    expect_ok(dni_dataset_create_memory(context, &x.view, &y.view, &options, &dataset));
    expect_ok(dni_dataset_batch(dataset, 2, shape(&batch, 1, 3), NULL));
    ck_assert(isnan(get(&batch, 0, 1)));
    expect_ok(dni_dataset_batch(dataset, 3, NULL, shape(&batch, 1, 2)));
    ck_assert_double_eq(get(&batch, 0, 0), (double)INFINITY);
    dni_dataset_release(dataset);
  }
}
END_TEST

/* Scaling. ------------------------------------------------------------------------------------- */

static double rounded(double value) {
  return dni_context_dtype(context) == DNI_F32 ? (double)(float)value : value;
}

/* x becomes factor * x + offset on its way out, rounded once; y does not. */
START_TEST(test_scaled_numbers) {
  use(_i);
  cells x, y, batch_x, batch_y;
  dni_dataset *dataset;
  fill(&x, 10, 3, 0);
  fill(&y, 10, 2, 0.5);
  for (dni_data_flags flags = DNI_DATA_COPY; flags <= DNI_DATA_BORROW; flags++) {
    dni_memory_options options = with_flags(flags);
    options.scaled = 1;
    options.factor = 1.0 / 3;
    options.offset = -0.7;
    expect_ok(dni_dataset_create_memory(context, &x.view, &y.view, &options, &dataset));
    expect_ok(dni_dataset_batch(dataset, 0, shape(&batch_x, 10, 3), shape(&batch_y, 10, 2)));
    for (size_t r = 0; r < 10; r++)
      for (size_t c = 0; c < 3; c++) {
        double value = get(&x, r, c) * options.factor + options.offset;
        ck_assert_double_eq(get(&batch_x, r, c), rounded(value));
        if (c < 2) ck_assert_double_eq(get(&batch_y, r, c), get(&y, r, c));
      }
    ck_assert_double_eq(get(&x, 9, 2), 92); /* the caller's memory is as it was */
    dni_dataset_release(dataset);
  }
}
END_TEST

/* Every byte value, as a number and scaled. */
START_TEST(test_bytes) {
  use(_i);
  uint8_t bytes[256];
  int32_t labels[256];
  dni_matrix x, y;
  cells batch;
  for (size_t i = 0; i < 256; i++)
    bytes[i] = (uint8_t)(255 - i), labels[i] = (int32_t)i % 7;
  dni_matrix_init_u8(&x, bytes, 128, 2);
  label_view(&y, labels, 128);
  for (int scaled = 0; scaled < 2; scaled++)
    for (dni_data_flags flags = DNI_DATA_COPY; flags <= DNI_DATA_BORROW; flags++) {
      dni_dataset *dataset;
      dni_memory_options options = with_flags(flags);
      options.scaled = scaled;
      options.factor = 1.0 / 255;
      options.offset = -0.25;
      expect_ok(dni_dataset_create_memory(context, &x, &y, scaled ? &options : NULL, &dataset));
      expect_sizes(dataset, 128, 2, 7, 7);
      expect_ok(dni_dataset_batch(dataset, 0, shape(&batch, 128, 2), NULL));
      for (size_t i = 0; i < 256; i++) {
        double value = scaled ? bytes[i] * options.factor + options.offset : bytes[i];
        ck_assert_double_eq(get(&batch, i / 2, i % 2), rounded(value));
      }
      dni_dataset_release(dataset);
    }
}
END_TEST

/* 20,000 bytes are not kept as 80,000 or 160,000. */
START_TEST(test_bytes_stay_bytes) {
  use(_i);
  static uint8_t bytes[20000];
  int32_t labels[200] = {0};
  dni_matrix x, y;
  dni_dataset *dataset;
  dni_matrix_init_u8(&x, bytes, 200, 100);
  size_t before = memory.live;
  expect_ok(dni_dataset_create_memory(context, &x, label_view(&y, labels, 200), NULL, &dataset));
  ck_assert_uint_ge(memory.live - before, 20000);
  ck_assert_uint_le(memory.live - before, 20000 + 200 * sizeof(size_t) + 4096);
  dni_dataset_release(dataset);
}
END_TEST

START_TEST(test_scale_refused) {
  use(_i);
  cells x, y;
  dni_dataset *dataset = NULL;
  static const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
  fill(&x, 4, 3, 0);
  fill(&y, 4, 2, 0);
  for (size_t i = 0; i < 3; i++) {
    dni_memory_options options = with_flags(DNI_DATA_COPY);
    options.scaled = 1;
    options.factor = bad[i];
    expect_failure(dni_dataset_create_memory(context, &x.view, &y.view, &options, &dataset),
                   DNI_ERROR_ARGUMENT, "factor", "finite");
    options.factor = 1;
    options.offset = bad[i];
    expect_failure(dni_dataset_create_memory(context, &x.view, &y.view, &options, &dataset),
                   DNI_ERROR_ARGUMENT, "offset", "finite");
  }
  ck_assert_ptr_null(dataset);
}
END_TEST

/* Orders. -------------------------------------------------------------------------------------- */

/* Fisher-Yates of 0 .. count-1. */
static void shuffle_by_hand(dni__random *random, size_t *order, size_t count) {
  for (size_t i = 0; i < count; i++)
    order[i] = i;
  for (size_t i = count; i > 1; i--) {
    size_t j = dni__random_below(random, i), moved = order[i - 1];
    order[i - 1] = order[j];
    order[j] = moved;
  }
}

static void expect_order(const dni_order *order, const size_t *expected, size_t count) {
  ck_assert_mem_eq(dni_order_indices(order), expected, count * sizeof *expected);
}

/* With a seed of its own an order is what is written here; without one it is the data set's, the
 * same for every order made of it. */
START_TEST(test_order_is_fisher_yates) {
  use(_i);
  cells x, y;
  size_t expected[10];
  dni_dataset *dataset = numbers(DNI_DATA_COPY, &x, &y);
  dni_order *seeded, *first, *second;
  dni_random_options options = with_seed(99);
  dni__random random;
  dni__random_init(&random, 99, 0);
  expect_ok(dni_order_create(dataset, &options, &seeded));
  expect_ok(dni_order_create(dataset, NULL, &first));
  expect_ok(dni_order_create(dataset, NULL, &second));
  for (size_t i = 0; i < 10; i++)
    expected[i] = i;
  expect_order(seeded, expected, 10);
  expect_order(first, expected, 10);
  bool differs = false;
  for (int times = 0; times < 5; times++) {
    shuffle_by_hand(&random, expected, 10);
    expect_ok(dni_order_shuffle(seeded));
    expect_order(seeded, expected, 10);
    expect_ok(dni_order_shuffle(first));
    expect_ok(dni_order_shuffle(second));
    expect_order(first, dni_order_indices(second), 10);
    differs = differs || memcmp(dni_order_indices(first), expected, sizeof expected) != 0;
  }
  ck_assert(differs);
  dni_dataset_release(dataset); /* an order does not need it any more */
  ck_assert_ptr_eq(dni_order_retain(first), first);
  dni_order_release(first);
  expect_ok(dni_order_shuffle(first));
  dni_order_release(first);
  dni_order_release(second);
  dni_order_release(seeded);
}
END_TEST

START_TEST(test_shuffle_is_a_seeded_permutation) {
  size_t orders[3][10];
  uint64_t seeds[] = {7, 7, 8};
  for (int run = 0; run < 3; run++) {
    dni_context *own = test_context(test_dtypes[_i], seeds[run], NULL);
    context = own;
    cells x, y;
    dni_dataset *dataset = numbers(DNI_DATA_COPY, &x, &y);
    dni_order *order;
    bool seen[10] = {false};
    expect_ok(dni_order_create(dataset, NULL, &order));
    for (int times = 0; times < 5; times++)
      expect_ok(dni_order_shuffle(order));
    for (size_t i = 0; i < 10; i++) {
      orders[run][i] = dni_order_indices(order)[i];
      ck_assert(!seen[orders[run][i]]);
      seen[orders[run][i]] = true;
      ck_assert_uint_eq(row_at(dataset, i), i); /* the data set does not change */
    }
    dni_order_release(order);
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
  cells x, y;
  size_t counts[9] = {0};
  dni_dataset *dataset;
  dni_order *order;
  expect_ok(
      dni_dataset_create_memory(context, fill(&x, 3, 1, 0), fill(&y, 3, 1, 0), NULL, &dataset));
  expect_ok(dni_order_create(dataset, NULL, &order));
  const size_t *indices = dni_order_indices(order);
  for (int i = 0; i < 6000; i++) {
    expect_ok(dni_order_shuffle(order));
    counts[3 * indices[0] + indices[1]]++;
  }
  for (size_t i = 0; i < 9; i++)
    if (i % 4 != 0) ck_assert_uint_le(counts[i] > 1000 ? counts[i] - 1000 : 1000 - counts[i], 145);
  dni_order_release(order);
  dni_dataset_release(dataset);
}
END_TEST

/* Parts. --------------------------------------------------------------------------------------- */

START_TEST(test_split) {
  use(_i);
  cells x, y;
  dni_dataset *whole = numbers(DNI_DATA_COPY, &x, &y), *first, *second, *third, *fourth;
  expect_ok(dni_dataset_split(whole, 7, 0, NULL, &first, &second));
  expect_sizes(first, 7, 3, 2, 0);
  expect_sizes(second, 3, 3, 2, 0);
  for (size_t i = 0; i < 10; i++)
    ck_assert_uint_eq(i < 7 ? row_at(first, i) : row_at(second, i - 7), i);
  expect_ok(dni_dataset_split(first, 1, 0, NULL, &third, &fourth));
  ck_assert_uint_eq(row_at(third, 0), 0);
  ck_assert_uint_eq(row_at(fourth, 5), 6);
#define SPLIT(dataset, count) dni_dataset_split(dataset, count, 0, NULL, &first, &second)
  expect_failure(SPLIT(third, 1), DNI_ERROR_ARGUMENT, "1 of 1", "");
  expect_failure(SPLIT(whole, 0), DNI_ERROR_ARGUMENT, "0 of 10", "");
  expect_failure(SPLIT(whole, 10), DNI_ERROR_ARGUMENT, "10 of 10", "");
#undef SPLIT
  dni_dataset_release(whole); /* in any order */
  dni_dataset_release(first);
  dni_dataset_release(fourth);
  ck_assert_uint_eq(row_at(second, 2), 9);
  dni_dataset_release(second);
  dni_dataset_release(third);
}
END_TEST

/* Both parts together have every example once. With a seed the choice is one shuffle from it;
 * without one it is the first shuffle of the data set's own stream. */
START_TEST(test_shuffled_split) {
  use(_i);
  cells x, y;
  dni_dataset *whole = numbers(DNI_DATA_COPY, &x, &y), *first, *second;
  dni_random_options options = with_seed(5);
  for (int seeded = 0; seeded < 2; seeded++) {
    dni_order *order;
    expect_ok(dni_order_create(whole, seeded ? &options : NULL, &order));
    expect_ok(dni_order_shuffle(order));
    expect_ok(dni_dataset_split(whole, 4, 1, seeded ? &options : NULL, &first, &second));
    for (size_t i = 0; i < 10; i++)
      ck_assert_uint_eq(i < 4 ? row_at(first, i) : row_at(second, i - 4),
                        dni_order_indices(order)[i]);
    dni_order_release(order);
    dni_dataset_release(first);
    dni_dataset_release(second);
  }
  options.struct_size = 3;
  expect_failure(dni_dataset_split(whole, 4, 1, &options, &first, &second), DNI_ERROR_ARGUMENT,
                 "struct_size", "3");
  dni_dataset_release(whole);
}
END_TEST

START_TEST(test_subset) {
  use(_i);
  static const size_t indices[] = {7, 0, 7, 9}, again[] = {3, 0}, wrong[] = {0, 10};
  cells x, y, batch;
  dni_dataset *whole = numbers(DNI_DATA_COPY, &x, &y), *part, *of_part, *none = NULL;
  size_t order[4];
  memcpy(order, indices, sizeof order);
  expect_ok(dni_dataset_subset(whole, order, 4, &part));
  memset(order, 0, sizeof order); /* they are copied */
  expect_sizes(part, 4, 3, 2, 0);
  for (size_t i = 0; i < 4; i++)
    ck_assert_uint_eq(row_at(part, i), indices[i]);
  expect_ok(dni_dataset_subset(part, again, 2, &of_part));
  ck_assert_uint_eq(row_at(of_part, 0), 9);
  ck_assert_uint_eq(row_at(of_part, 1), 7);
  expect_failure(dni_dataset_subset(whole, wrong, 2, &none), DNI_ERROR_ARGUMENT, "10", "");
  expect_failure(dni_dataset_subset(whole, indices, 0, &none), DNI_ERROR_ARGUMENT, "", "");
  expect_failure(dni_dataset_subset(whole, NULL, 2, &none), DNI_ERROR_ARGUMENT, "indices", "NULL");
  expect_failure(dni_dataset_subset(NULL, indices, 2, &none), DNI_ERROR_ARGUMENT, "dataset",
                 "NULL");
  ck_assert_ptr_null(none);
  dni_dataset_release(whole);
  dni_dataset_release(part);
  expect_ok(dni_dataset_gather(of_part, (size_t[]){1, 1, 0}, 3, shape(&batch, 3, 3), NULL));
  ck_assert_double_eq(get(&batch, 1, 2), 72);
  ck_assert_double_eq(get(&batch, 2, 2), 92);
  dni_dataset_release(of_part);
}
END_TEST

/* gather: the rows that batch gives, one by one. */
START_TEST(test_gather) {
  use(_i);
  static const size_t indices[] = {9, 2, 2, 0, 5};
  cells x, y, batch_x, batch_y;
  dni_dataset *dataset = numbers(DNI_DATA_COPY, &x, &y);
  expect_ok(dni_dataset_gather(dataset, indices, 5, shape(&batch_x, 5, 3), shape(&batch_y, 5, 2)));
  for (size_t r = 0; r < 5; r++) {
    for (size_t c = 0; c < 3; c++)
      ck_assert_double_eq(get(&batch_x, r, c), get(&x, indices[r], c));
    for (size_t c = 0; c < 2; c++)
      ck_assert_double_eq(get(&batch_y, r, c), get(&y, indices[r], c));
  }
#define GATHER(indices, count, x, y) dni_dataset_gather(dataset, indices, count, x, y)
  expect_failure(GATHER(NULL, 5, &batch_x.view, NULL), DNI_ERROR_ARGUMENT, "indices", "NULL");
  expect_failure(GATHER(indices, 5, NULL, NULL), DNI_ERROR_ARGUMENT, "both NULL", "");
  expect_failure(GATHER(indices, 4, &batch_x.view, NULL), DNI_ERROR_ARGUMENT, "x has 5 rows", "4");
  expect_failure(GATHER(((size_t[]){0, 1, 2, 3, 10}), 5, &batch_x.view, NULL), DNI_ERROR_ARGUMENT,
                 "10", "");
#undef GATHER
  dni_dataset_release(dataset);
}
END_TEST

/* The caller's own examples. ------------------------------------------------------------------- */

/* Example i has x = (i, i + 0.5) and the target i / 4, or the label i mod 3. */
typedef struct source {
  size_t calls, destroyed;
  dni_status answer;
  int32_t label_offset;
} source;

static void put(dni_matrix *view, size_t row, size_t column, double value) {
  size_t at = row * view->stride + column;
  if (view->dtype == DNI_I32)
    ((int32_t *)view->data)[at] = (int32_t)value;
  else if (view->dtype == DNI_F32)
    ((float *)view->data)[at] = (float)value;
  else
    ((double *)view->data)[at] = value;
}

static dni_status fetch(void *user, const size_t *indices, size_t count, dni_matrix *x,
                        dni_matrix *y) {
  source *from = user;
  from->calls++;
  if (from->answer != DNI_OK) return dni_fail(from->answer, "the tape is torn");
  for (size_t i = 0; i < count; i++) {
    double number = (double)indices[i];
    if (x) put(x, i, 0, number), put(x, i, 1, number + 0.5);
    bool labels = y && y->dtype == DNI_I32;
    if (y) put(y, i, 0, labels ? (double)(indices[i] % 3) + from->label_offset : number / 4);
  }
  return DNI_OK;
}

static void source_destroy(void *user) {
  ((source *)user)->destroyed++;
}

static dni_dataset_callbacks fetching(source *from, size_t classes) {
  dni_dataset_callbacks callbacks;
  memset(&callbacks, 0, sizeof callbacks);
  callbacks.struct_size = sizeof callbacks;
  callbacks.user = from;
  callbacks.examples = 20;
  callbacks.features = 2;
  callbacks.targets = 1;
  callbacks.classes = classes;
  callbacks.fetch = fetch;
  callbacks.destroy = source_destroy;
  return callbacks;
}

START_TEST(test_fetched_numbers) {
  use(_i);
  source from = {.answer = DNI_OK};
  dni_dataset_callbacks callbacks = fetching(&from, 0);
  cells x, y;
  dni_dataset *dataset, *part;
  expect_ok(dni_dataset_create_callback(context, &callbacks, &dataset));
  expect_sizes(dataset, 20, 2, 1, 0);
  expect_ok(dni_dataset_batch(dataset, 17, shape(&x, 3, 2), shape(&y, 3, 1)));
  ck_assert_double_eq(get(&x, 2, 1), 19.5);
  ck_assert_double_eq(get(&y, 0, 0), 4.25);
  expect_ok(dni_dataset_subset(dataset, (size_t[]){4, 8, 12}, 3, &part));
  dni_dataset_release(dataset);
  expect_ok(dni_dataset_gather(part, (size_t[]){2, 0}, 2, shape(&x, 2, 2), NULL));
  ck_assert_double_eq(get(&x, 0, 0), 12);
  ck_assert_double_eq(get(&x, 1, 0), 4);
  expect_ok(dni_dataset_batch(part, 1, NULL, shape(&y, 2, 1)));
  ck_assert_double_eq(get(&y, 0, 0), 2);
  ck_assert_uint_eq(from.destroyed, 0);
  dni_dataset_release(part);
  ck_assert_uint_eq(from.destroyed, 1);
}
END_TEST

START_TEST(test_fetched_labels) {
  use(_i);
  source from = {.answer = DNI_OK};
  dni_dataset_callbacks callbacks = fetching(&from, 3);
  cells y;
  int32_t labels[4];
  dni_dataset *dataset;
  expect_ok(dni_dataset_create_callback(context, &callbacks, &dataset));
  expect_sizes(dataset, 20, 2, 3, 3);
  expect_ok(read_labels(dataset, 5, 4, labels));
  expect_ok(dni_dataset_batch(dataset, 5, NULL, shape(&y, 4, 3)));
  for (size_t r = 0; r < 4; r++) {
    ck_assert_int_eq(labels[r], (int32_t)((5 + r) % 3));
    for (size_t c = 0; c < 3; c++)
      ck_assert_double_eq(get(&y, r, c), (5 + r) % 3 == c);
  }
  for (from.label_offset = -1; from.label_offset <= 1; from.label_offset += 2) {
    expect_failure(read_labels(dataset, 0, 4, labels), DNI_ERROR_DATA, "label", "");
    expect_failure(dni_dataset_batch(dataset, 0, NULL, &y.view), DNI_ERROR_DATA, "label", "");
  }
  dni_dataset_release(dataset);
}
END_TEST

/* A status of the caller's own comes through with its message; others become DNI_ERROR_CALLBACK. */
START_TEST(test_fetch_fails) {
  use(_i);
  source from = {.answer = 1234};
  dni_dataset_callbacks callbacks = fetching(&from, 0);
  cells x;
  dni_dataset *dataset;
  expect_ok(dni_dataset_create_callback(context, &callbacks, &dataset));
  expect_failure(dni_dataset_batch(dataset, 0, shape(&x, 2, 2), NULL), (dni_status)1234,
                 "the tape is torn", "");
  from.answer = DNI_ERROR_IO;
  expect_failure(dni_dataset_batch(dataset, 0, &x.view, NULL), DNI_ERROR_CALLBACK,
                 "the tape is torn", "");
  from.answer = DNI_OK;
  expect_ok(dni_dataset_batch(dataset, 0, &x.view, NULL));
  dni_dataset_release(dataset);
}
END_TEST

START_TEST(test_fetch_refused) {
  use(_i);
  source from = {.answer = DNI_OK};
  dni_dataset *dataset = NULL;
  dni_dataset_callbacks bad;
#define REFUSE(change, word)                                                                       \
  do {                                                                                             \
    bad = fetching(&from, 0);                                                                      \
    bad.change;                                                                                    \
    expect_failure(dni_dataset_create_callback(context, &bad, &dataset), DNI_ERROR_ARGUMENT, word, \
                   "");                                                                            \
  } while (0)
  REFUSE(examples = 0, "examples");
  REFUSE(features = 0, "features");
  REFUSE(targets = 0, "targets");
  REFUSE(fetch = NULL, "fetch");
  REFUSE(struct_size = 8, "struct_size");
#undef REFUSE
  bad = fetching(&from, 0);
  expect_failure(dni_dataset_create_callback(NULL, &bad, &dataset), DNI_ERROR_ARGUMENT, "context",
                 "NULL");
  expect_failure(dni_dataset_create_callback(context, NULL, &dataset), DNI_ERROR_ARGUMENT,
                 "callbacks", "NULL");
  expect_failure(dni_dataset_create_callback(context, &bad, NULL), DNI_ERROR_ARGUMENT, "out",
                 "NULL");
  ck_assert_ptr_null(dataset);
  ck_assert_uint_eq(from.destroyed, 0);
  ck_assert_uint_eq(from.calls, 0);
}
END_TEST

/* Refusals. ------------------------------------------------------------------------------------ */

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
  expect_failure(BATCH(0, &batch_x.view, NULL), DNI_ERROR_ARGUMENT, "x ", "");
#undef BATCH
  expect_failure(read_labels(dataset, 0, 1, labels), DNI_ERROR_ARGUMENT, "", "");
  dni_dataset_release(dataset);
}
END_TEST

START_TEST(test_null) {
  cells x;
  use(0);
  dni_dataset *dataset;
  dni_order *order;
  dni_dataset_release(NULL);
  ck_assert_ptr_null(dni_dataset_retain(NULL));
  dni_order_release(NULL);
  ck_assert_ptr_null(dni_order_retain(NULL));
  ck_assert_ptr_null(dni_order_indices(NULL));
  expect_sizes(NULL, 0, 0, 0, 0);
  expect_failure(dni_order_create(NULL, NULL, &order), DNI_ERROR_ARGUMENT, "dataset is NULL", "");
  expect_failure(dni_order_shuffle(NULL), DNI_ERROR_ARGUMENT, "order is NULL", "");
  expect_failure(dni_dataset_batch(NULL, 0, shape(&x, 1, 1), NULL), DNI_ERROR_ARGUMENT,
                 "dataset is NULL", "");
  expect_failure(dni_dataset_gather(NULL, (size_t[]){0}, 1, shape(&x, 1, 1), NULL),
                 DNI_ERROR_ARGUMENT, "dataset is NULL", "");
  expect_failure(dni_dataset_split(NULL, 1, 0, NULL, &dataset, &dataset), DNI_ERROR_ARGUMENT,
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
  expect_ok(dni_dataset_create_artificial(own, kind, dimensions, examples, 2, NULL, &dataset));
  expect_sizes(dataset, examples, dimensions, 2, 2);
  expect_ok(read_labels(dataset, 0, examples, labels));
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
  expect_ok(
      dni_dataset_create_artificial(context, DNI_ARTIFICIAL_LINEAR, 2, 100, 2, NULL, &dataset));
  expect_ok(dni_dataset_batch(dataset, 0, shape(&x, 100, 2), NULL));
  expect_ok(read_labels(dataset, 0, 100, labels));
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
  expect_ok(dni_dataset_create_artificial(own, DNI_ARTIFICIAL_NOISY, 5, 200, 2, NULL, &two));
  expect_ok(dni_dataset_create_artificial(context, DNI_ARTIFICIAL_NOISY, 5, 200, 1, NULL, &one));
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

/* A seed of its own: the same whatever else the context has made. */
START_TEST(test_artificial_seed) {
  use(_i);
  dni_random_options options = with_seed(11);
  int32_t labels[2][50];
  cells x[2];
  for (size_t i = 0; i < 2; i++) {
    dni_dataset *dataset;
    expect_ok(
        dni_dataset_create_artificial(context, DNI_ARTIFICIAL_NOISY, 3, 50, 2, &options, &dataset));
    expect_ok(dni_dataset_batch(dataset, 0, shape(&x[i], 50, 3), NULL));
    expect_ok(read_labels(dataset, 0, 50, labels[i]));
    dni_dataset_release(dataset);
  }
  ck_assert_mem_eq(labels[0], labels[1], sizeof labels[0]);
  for (size_t r = 0; r < 50; r++)
    for (size_t c = 0; c < 3; c++)
      ck_assert_double_eq(get(&x[0], r, c), get(&x[1], r, c));
}
END_TEST

START_TEST(test_artificial_refused) {
  use(0);
  dni_dataset *dataset = NULL;
#define CREATE(kind, k, n, classes)                                                                \
  dni_dataset_create_artificial(context, kind, k, n, classes, NULL, &dataset)
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
  tcase_add_loop_test(group, test_borrowed_memory_is_given_back, 0, 2);
  tcase_add_loop_test(group, test_labels, 0, 2);
  tcase_add_loop_test(group, test_memory_refused, 0, 2);
  tcase_add_loop_test(group, test_labels_refused, 0, 2);
  tcase_add_loop_test(group, test_unchecked, 0, 2);
  tcase_add_loop_test(group, test_scaled_numbers, 0, 2);
  tcase_add_loop_test(group, test_bytes, 0, 2);
  tcase_add_loop_test(group, test_bytes_stay_bytes, 0, 2);
  tcase_add_loop_test(group, test_scale_refused, 0, 2);
  tcase_add_loop_test(group, test_order_is_fisher_yates, 0, 2);
  tcase_add_loop_test(group, test_shuffle_is_a_seeded_permutation, 0, 2);
  tcase_add_test(group, test_shuffle_is_fair);
  tcase_add_loop_test(group, test_split, 0, 2);
  tcase_add_loop_test(group, test_shuffled_split, 0, 2);
  tcase_add_loop_test(group, test_subset, 0, 2);
  tcase_add_loop_test(group, test_gather, 0, 2);
  tcase_add_loop_test(group, test_fetched_numbers, 0, 2);
  tcase_add_loop_test(group, test_fetched_labels, 0, 2);
  tcase_add_loop_test(group, test_fetch_fails, 0, 2);
  tcase_add_loop_test(group, test_fetch_refused, 0, 2);
  tcase_add_loop_test(group, test_batch_refused, 0, 2);
  tcase_add_test(group, test_null);
  tcase_add_loop_test(group, test_noise_swaps_exactly_a_tenth, 0, 2);
  tcase_add_loop_test(group, test_linear_is_separable, 0, 2);
  tcase_add_loop_test(group, test_artificial_shares, 0, 2);
  tcase_add_loop_test(group, test_artificial_column, 0, 2);
  tcase_add_loop_test(group, test_artificial_seed, 0, 2);
  tcase_add_test(group, test_artificial_refused);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed > 0;
}
