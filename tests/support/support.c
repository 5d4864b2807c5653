/* Watched memory, watched matrices, comparisons: see support.h. */
#include "support.h"

/* Memory. ------------------------------------------------------------------------------------ */

enum { BLOCK_GUARD = 32, BLOCK_FILL = 0xCD, GUARD_FILL = 0xA5 };

support_memory support_watched;

/* What lies in front of each block. */
typedef struct block_header {
  void *base;
  size_t size;
} block_header;

static bool take_permission(void) {
  size_t left = atomic_load(&support_watched.fail_after);
  do {
    if (left == 0) {
      if (atomic_load(&support_watched.fail_once)) atomic_store(&support_watched.fail_after, SIZE_MAX);
      return false;
    }
    if (left == SIZE_MAX) return true;
  } while (!atomic_compare_exchange_weak(&support_watched.fail_after, &left, left - 1));
  return true;
}

/* What no test needs: malloc refuses more by itself, sanitizers would end the process. */
#define BLOCK_MOST ((size_t)1 << (sizeof(size_t) > 4 ? 32 : 30))

/* Exactly as aligned as asked for and no more, filled with rubbish, a guard behind. */
static void *watched_alloc(void *user, size_t alignment, size_t size) {
  support_memory *memory = user;
  memory->calls++;
  if (size == 0 || alignment == 0 || alignment > 64 || (alignment & (alignment - 1)) != 0)
    memory->faults++;
  if (!take_permission() || size > BLOCK_MOST) return NULL;
  size_t offset = alignment < 64 ? 64 + alignment : 64;
  void *base = NULL;
  if (posix_memalign(&base, 64, offset + size + BLOCK_GUARD) != 0) return NULL;
  unsigned char *block = (unsigned char *)base + offset;
  block_header header = {base, size};
  memcpy(block - sizeof header, &header, sizeof header);
  memset(block, BLOCK_FILL, size);
  memset(block + size, GUARD_FILL, BLOCK_GUARD);
  memory->bytes += size;
  memory->blocks++;
  return block;
}

static void watched_free(void *user, void *block, size_t size) {
  support_memory *memory = user;
  memory->calls++;
  block_header header;
  memcpy(&header, (unsigned char *)block - sizeof header, sizeof header);
  if (header.size != size) memory->faults++;
  const unsigned char *guard = (unsigned char *)block + header.size;
  for (size_t i = 0; i < BLOCK_GUARD; i++)
    if (guard[i] != GUARD_FILL) memory->faults++;
  memory->bytes -= header.size;
  memory->blocks--;
  free(header.base);
}

const dni_allocator support_allocator = {sizeof support_allocator, &support_watched, watched_alloc,
                                         watched_free, NULL};

/* Random numbers. ---------------------------------------------------------------------------- */

static uint64_t random_state;

uint64_t support_random(void) {
  uint64_t z = random_state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

size_t support_below(size_t end) {
  return (size_t)(support_random() % end);
}

double support_uniform(double least, double most) {
  return least + (most - least) * ((double)(support_random() >> 11) * 0x1p-53);
}

double support_normal(void) {
  double radius = sqrt(-2 * log(1 - support_uniform(0, 1)));
  return radius * cos(support_uniform(0, 2 * acos(-1)));
}

/* Matrices. ---------------------------------------------------------------------------------- */

enum { MATRIX_GAP = 3, MATRIX_GUARD = 17 }; /* elements between rows; before and after */

typedef struct table {
  struct table *next;
  unsigned char *memory;
  dni_matrix view;
  size_t bytes;
} table;

static table *tables;

static size_t element_size(dni_dtype dtype) {
  return dtype == DNI_F32 ? sizeof(float) : sizeof(double);
}

dni_matrix matrix_make(dni_dtype dtype, size_t rows, size_t columns) {
  size_t stride = columns + MATRIX_GAP, size = element_size(dtype);
  table *made = malloc(sizeof *made);
  ck_assert_ptr_nonnull(made);
  made->bytes = (rows * stride + 2 * MATRIX_GUARD) * size;
  made->memory = malloc(made->bytes);
  ck_assert_ptr_nonnull(made->memory);
  memset(made->memory, 0xFF, made->bytes);
  made->view = (dni_matrix){made->memory + MATRIX_GUARD * size, rows, columns, stride, dtype, 0};
  made->next = tables;
  tables = made;
  return made->view;
}

static bool surroundings_untouched(const table *made) {
  size_t size = element_size(made->view.dtype), first = MATRIX_GUARD * size;
  size_t row_bytes = made->view.stride * size, used = made->view.columns * size;
  for (size_t i = 0; i < made->bytes; i++) {
    bool inside =
        i >= first && (i - first) / row_bytes < made->view.rows && (i - first) % row_bytes < used;
    if (!inside && made->memory[i] != 0xFF) return false;
  }
  return true;
}

double matrix_get(const dni_matrix *view, size_t row, size_t column) {
  size_t at = row * view->stride + column;
  return view->dtype == DNI_F32 ? (double)((const float *)view->data)[at]
                                : ((const double *)view->data)[at];
}

void matrix_set(const dni_matrix *view, size_t row, size_t column, double value) {
  size_t at = row * view->stride + column;
  if (view->dtype == DNI_F32)
    ((float *)view->data)[at] = (float)value;
  else
    ((double *)view->data)[at] = value;
}

void matrix_fill(const dni_matrix *view, double value) {
  for (size_t r = 0; r < view->rows; r++)
    for (size_t c = 0; c < view->columns; c++)
      matrix_set(view, r, c, value);
}

void matrix_fill_random(const dni_matrix *view, double deviation) {
  for (size_t r = 0; r < view->rows; r++)
    for (size_t c = 0; c < view->columns; c++)
      matrix_set(view, r, c, deviation * support_normal());
}

void matrix_copy(const dni_matrix *from, const dni_matrix *to) {
  EXPECT(from->rows == to->rows && from->columns == to->columns, "matrix_copy: other shape");
  for (size_t r = 0; r < from->rows; r++)
    for (size_t c = 0; c < from->columns; c++)
      matrix_set(to, r, c, matrix_get(from, r, c));
}

dni_matrix matrix_random(dni_dtype dtype, size_t rows, size_t columns) {
  dni_matrix made = matrix_make(dtype, rows, columns);
  matrix_fill_random(&made, 1);
  return made;
}

dni_matrix matrix_filled(dni_dtype dtype, size_t rows, size_t columns, double value) {
  dni_matrix made = matrix_make(dtype, rows, columns);
  matrix_fill(&made, value);
  return made;
}

dni_matrix matrix_one_hot(dni_dtype dtype, size_t rows, size_t columns) {
  dni_matrix made = matrix_filled(dtype, rows, columns, 0);
  for (size_t r = 0; r < rows; r++)
    matrix_set(&made, r, support_below(columns), 1);
  return made;
}

dni_matrix matrix_convert(const dni_matrix *from, dni_dtype dtype) {
  dni_matrix made = matrix_make(dtype, from->rows, from->columns);
  matrix_copy(from, &made);
  return made;
}

/* Comparisons. ------------------------------------------------------------------------------- */

/* NaN equals NaN, and an infinity itself. */
static bool is_close(double actual, double expected, double tolerance) {
  if (isnan(expected)) return isnan(actual);
  if (isinf(expected)) return actual == expected;
  return fabs(actual - expected) <= tolerance * (1 + fabs(expected));
}

void expect_close(double actual, double expected, double tolerance, const char *what) {
  EXPECT(is_close(actual, expected, tolerance), "%s: %.17g, expected %.17g", what, actual,
         expected);
}

static void expect_same_shape(const dni_matrix *actual, const dni_matrix *expected,
                              const char *what) {
  EXPECT(actual->rows == expected->rows && actual->columns == expected->columns,
         "%s: %zu x %zu, expected %zu x %zu", what, actual->rows, actual->columns, expected->rows,
         expected->columns);
}

void matrix_expect_close(const dni_matrix *actual, const dni_matrix *expected, double tolerance,
                         const char *what) {
  expect_same_shape(actual, expected, what);
  for (size_t r = 0; r < actual->rows; r++)
    for (size_t c = 0; c < actual->columns; c++) {
      double a = matrix_get(actual, r, c), e = matrix_get(expected, r, c);
      EXPECT(is_close(a, e, tolerance), "%s (%zu, %zu): %.17g, expected %.17g", what, r, c, a, e);
    }
}

static const void *row_bytes_of(const dni_matrix *view, size_t row) {
  return (const unsigned char *)view->data + row * view->stride * element_size(view->dtype);
}

void matrix_expect_same(const dni_matrix *actual, const dni_matrix *expected, const char *what) {
  expect_same_shape(actual, expected, what);
  size_t bytes = actual->columns * element_size(actual->dtype);
  for (size_t r = 0; r < actual->rows; r++)
    EXPECT(!memcmp(row_bytes_of(actual, r), row_bytes_of(expected, r), bytes),
           "%s: row %zu differs", what, r);
}

void matrix_expect_written(const dni_matrix *view, const char *what) {
  for (size_t r = 0; r < view->rows; r++)
    for (size_t c = 0; c < view->columns; c++)
      EXPECT(!isnan(matrix_get(view, r, c)), "%s (%zu, %zu) is NaN", what, r, c);
}

void matrix_expect_untouched(const dni_matrix *view, const char *what) {
  size_t bytes = view->columns * element_size(view->dtype);
  for (size_t r = 0; r < view->rows; r++) {
    const unsigned char *row = row_bytes_of(view, r);
    for (size_t i = 0; i < bytes; i++)
      EXPECT(row[i] == 0xFF, "%s: row %zu was written", what, r);
  }
}

double matrix_difference(const dni_matrix *view, size_t row, size_t column, double step,
                         double (*f)(void *), void *argument) {
  double value = matrix_get(view, row, column);
  matrix_set(view, row, column, value + step);
  double more = f(argument);
  matrix_set(view, row, column, value - step);
  double less = f(argument);
  matrix_set(view, row, column, value);
  return (more - less) / (2 * step);
}

/* Contexts. ---------------------------------------------------------------------------------- */

const dni_dtype support_dtypes[SUPPORT_DTYPES] = {DNI_F32, DNI_F64};

const support_machine support_machines[SUPPORT_MACHINES] = {
    {"float, baseline", DNI_F32, DNI_INSTRUCTIONS_BASELINE, true},
    {"float, AVX2", DNI_F32, DNI_INSTRUCTIONS_AVX2, true},
    {"float, AVX-512", DNI_F32, DNI_INSTRUCTIONS_AVX512, true},
    {"float, CBLAS", DNI_F32, DNI_INSTRUCTIONS_BEST, false},
    {"double, baseline", DNI_F64, DNI_INSTRUCTIONS_BASELINE, true},
    {"double, AVX2", DNI_F64, DNI_INSTRUCTIONS_AVX2, true},
    {"double, AVX-512", DNI_F64, DNI_INSTRUCTIONS_AVX512, true},
    {"double, CBLAS", DNI_F64, DNI_INSTRUCTIONS_BEST, false},
};

dni_backend *support_builtin(void) {
  dni_backend_options options = {.struct_size = sizeof options, .allocator = &support_allocator};
  dni_backend *backend = NULL;
  EXPECT_OK(dni_backend_create_builtin(&options, &backend));
  return backend;
}

dni_backend *support_cblas(void) {
  dni_backend_options options = {.struct_size = sizeof options, .allocator = &support_allocator};
  dni_backend *backend = NULL;
  dni_status status = dni_backend_create_cblas(&options, &backend);
  EXPECT(status == DNI_OK || status == DNI_ERROR_UNSUPPORTED, "%s", dni_last_message());
  return backend;
}

dni_dtype support_compute(dni_dtype dtype) {
  const char *compute = getenv("DNI_TEST_COMPUTE");
  if (!compute || !*compute) return 0;
  EXPECT(!strcmp(compute, "bf16"), "DNI_TEST_COMPUTE is %s, expected bf16", compute);
  return dtype == DNI_F32 ? DNI_BF16 : 0;
}

/* NULL if this processor lacks the instructions. */
static dni_context *make_context(dni_dtype dtype, dni_instructions instructions,
                                 dni_backend *backend) {
  dni_context_options options = {.struct_size = sizeof options,
                                 .allocator = &support_allocator,
                                 .seed = 20170617,
                                 .dtype = dtype,
                                 .compute = support_compute(dtype),
                                 .instructions = instructions,
                                 .backend = backend};
  dni_context *context = NULL;
  dni_status status = dni_context_create(&options, &context);
  EXPECT(status == DNI_OK || (status == DNI_ERROR_UNSUPPORTED && instructions), "context: %s",
         dni_last_message());
  return context;
}

dni_context *support_machine_context(int index) {
  const support_machine *machine = &support_machines[index];
  dni_backend *backend = machine->builtin ? NULL : support_cblas();
  dni_context *context = make_context(machine->dtype, machine->instructions, backend);
  dni_backend_release(backend);
  return context;
}

dni_context *support_context(dni_dtype dtype) {
  return make_context(dtype, DNI_INSTRUCTIONS_BEST, NULL);
}

dni_context *support_backend_context(dni_dtype dtype, dni_backend *backend) {
  return make_context(dtype, DNI_INSTRUCTIONS_BEST, backend);
}

/* A factor of a product is off by 2^-9 at most; sums of a few of them, and what follows from them, by a few
 * times that. */
#define BF16_TOLERANCE 0x1p-5

double support_tolerance(dni_dtype dtype, double f32, double f64) {
  double least = support_compute(dtype) == DNI_BF16 ? BF16_TOLERANCE : 0;
  return dtype == DNI_F32 ? fmax(f32, least) : f64;
}

double support_least(dni_dtype dtype) {
  return dtype == DNI_F32 ? 0x1p-126 : 0x1p-1022;
}

double support_most(dni_dtype dtype) {
  return dtype == DNI_F32 ? 0x1.fffffep127 : 0x1.fffffffffffffp1023;
}

double support_below_one(dni_dtype dtype) {
  return dtype == DNI_F32 ? 0x1.fffffep-1 : 0x1.fffffffffffffp-1;
}

/* Calls. -------------------------------------------------------------------------------------- */

dni_batch support_batch(const dni_matrix *x, const dni_matrix *y) {
  return (dni_batch){.struct_size = sizeof(dni_batch), .x = x, .y = y};
}

dni_status support_forward(dni_layer *layer, dni_mode mode, const dni_matrix *x, dni_matrix *y) {
  return dni_layer_forward(layer, mode, NULL, x, y);
}

dni_status support_backward(dni_layer *layer, dni_gradient_flags flags, const dni_matrix *x,
                            const dni_matrix *y, dni_matrix *dy, dni_matrix *dx) {
  return dni_layer_backward(layer, flags, NULL, x, y, dy, dx);
}

dni_status support_evaluate(const dni_loss *loss, const dni_matrix *h, const dni_matrix *y,
                            dni_matrix *delta, dni_matrix *per_example, double *mean) {
  dni_batch batch = support_batch(h, y);
  return dni_loss_evaluate(loss, &batch, delta, per_example, mean);
}

dni_status support_correct(const dni_loss *loss, const dni_matrix *h, const dni_matrix *y,
                           double *count) {
  dni_batch batch = support_batch(h, y);
  return dni_loss_count_correct(loss, &batch, count);
}

dni_status support_estimate(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                            const dni_matrix *error, dni_matrix *delta) {
  dni_query query = {.struct_size = sizeof query, .h = h, .y = y, .signal = error};
  return dni_sg_estimate(sg, &query, delta);
}

dni_status support_learn(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                         const dni_matrix *target, dni_matrix *prediction, double *mse,
                         double *cosine) {
  dni_lesson lesson = {
      .struct_size = sizeof lesson, .h = h, .y = y, .target = target, .prediction = prediction};
  dni_lesson_report report = {.struct_size = sizeof report};
  dni_status status = dni_sg_learn(sg, &lesson, &report);
  if (status != DNI_OK) return status;
  if (mse) *mse = target ? report.mse : report.own_loss;
  if (cosine) *cosine = report.cosine;
  return DNI_OK;
}

dni_status support_learn_loss(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                              const dni_matrix *losses, double *mse) {
  dni_lesson lesson = {.struct_size = sizeof lesson, .h = h, .y = y, .losses = losses};
  dni_lesson_report report = {.struct_size = sizeof report};
  dni_status status = dni_sg_learn(sg, &lesson, &report);
  if (status == DNI_OK && mse) *mse = report.mse;
  return status;
}

dni_status support_step(dni_trainer *trainer, const dni_matrix *x, const dni_matrix *y,
                        dni_step_report *report) {
  dni_batch batch = support_batch(x, y);
  return dni_trainer_step(trainer, &batch, report);
}

bool support_has_files(void) {
  dni_context *context;
  dni_network *network;
  EXPECT_OK(dni_context_create(NULL, &context));
  const dni_status status = dni_network_load(context, "/", &network);
  dni_context_release(context);
  return status != DNI_ERROR_UNSUPPORTED;
}

/* Fixture and main. -------------------------------------------------------------------------- */

void support_setup(void) {
  random_state = 20260101;
  atomic_store(&support_watched.bytes, 0);
  atomic_store(&support_watched.blocks, 0);
  atomic_store(&support_watched.calls, 0);
  atomic_store(&support_watched.faults, 0);
  atomic_store(&support_watched.fail_after, SIZE_MAX);
  atomic_store(&support_watched.fail_once, false);
}

void support_teardown(void) {
  bool untouched = true;
  while (tables) {
    table *first = tables;
    tables = first->next;
    untouched = untouched && surroundings_untouched(first);
    free(first->memory);
    free(first);
  }
  EXPECT(untouched, "memory around a matrix was written");
  EXPECT(support_watched.faults == 0, "%zu faults in the use of the allocator",
         (size_t)support_watched.faults);
  EXPECT(support_watched.blocks == 0, "%zu blocks, %zu bytes were not given back",
         (size_t)support_watched.blocks, (size_t)support_watched.bytes);
}

int support_run(Suite *suite) {
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? 1 : 0;
}
