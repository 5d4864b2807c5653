/* Every backend against a triple loop in double precision, and what must be the same on all of
 * them: empty products, beta = 0, NaN, refusals. */
#include <check.h>
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dni.h"

/* As ck_assert_msg, for inner loops: that one reports to the parent process even when it holds. */
#define EXPECT(condition, ...)                                                                     \
  do {                                                                                             \
    if (!(condition)) ck_abort_msg(__VA_ARGS__);                                                   \
  } while (0)

/* The kinds under test. --------------------------------------------------------------------- */

typedef struct kind {
  const char *name;
  dni_instructions instructions;
  int32_t source; /* one of the below */
  const char *path;
} kind;

enum { BUILTIN, CBLAS, DYNAMIC, CALLBACK };

static const kind kinds[] = {
    {"builtin baseline", DNI_INSTRUCTIONS_BASELINE, BUILTIN, NULL},
    {"builtin avx2", DNI_INSTRUCTIONS_AVX2, BUILTIN, NULL},
    {"builtin avx512", DNI_INSTRUCTIONS_AVX512, BUILTIN, NULL},
    {"cblas", 0, CBLAS, NULL},
    {"dynamic OpenBLAS", 0, DYNAMIC, "libopenblas.so.0"},
    {"dynamic OpenBLAS, 64-bit integers", 0, DYNAMIC, "libopenblas64.so.0"},
    {"dynamic BLIS", 0, DYNAMIC, "libblis.so.4"},
    {"dynamic BLIS, 64-bit integers", 0, DYNAMIC, "libblis64.so.4"},
    {"dynamic reference BLAS", 0, DYNAMIC, "/usr/lib/x86_64-linux-gnu/blas/libblas.so.3"},
    {"dynamic reference BLAS, 64-bit integers", 0, DYNAMIC, "libblas64.so.3"},
    {"callback", 0, CALLBACK, NULL},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static double element(const dni_product *p, const void *data, size_t at) {
  return p->dtype == DNI_F32 ? (double)((const float *)data)[at] : ((const double *)data)[at];
}

/* C[i][j] = alpha sum_p op(A)[i][p] op(B)[p][j] + beta C[i][j]. */
static dni_status own_product(void *user, const dni_product *p) {
  (void)user;
  for (size_t i = 0; i < p->m; i++)
    for (size_t j = 0; j < p->n; j++) {
      double sum = 0;
      for (size_t q = 0; q < p->k; q++)
        sum += element(p, p->a, p->transpose_a ? q * p->lda + i : i * p->lda + q) *
               element(p, p->b, p->transpose_b ? j * p->ldb + q : q * p->ldb + j);
      size_t at = i * p->ldc + j;
      double value = p->alpha * sum + (p->beta == 0 ? 0 : p->beta * element(p, p->c, at));
      if (p->dtype == DNI_F32)
        ((float *)p->c)[at] = (float)value;
      else
        ((double *)p->c)[at] = value;
    }
  return DNI_OK;
}

static const dni_backend_callbacks own = {
    .struct_size = sizeof own, .product = own_product, .f32 = 1, .f64 = 1};

/* NULL if this machine or build does not have it. */
static dni_backend *make(const kind *which) {
  dni_backend_options options = {.struct_size = sizeof options,
                                 .instructions = which->instructions};
  dni_backend *backend = NULL;
  dni_status status, absent = DNI_ERROR_UNSUPPORTED;
  switch (which->source) {
  case BUILTIN:
    status = dni_backend_create_builtin(&options, &backend);
    break;
  case CBLAS:
    status = dni_backend_create_cblas(NULL, &backend);
    break;
  case DYNAMIC:
    status = dni_backend_create_dynamic(&options, which->path, &backend);
    absent = DNI_ERROR_IO;
    break;
  default:
    status = dni_backend_create_callback(&options, &own, &backend);
    absent = DNI_OK;
  }
  ck_assert_msg(status == DNI_OK || status == absent, "%s: %s", which->name, dni_last_message());
  ck_assert((status == DNI_OK) == (backend != NULL));
  if (backend) (void)!dni_backend_set_threads(backend, 1); /* callback: unsupported */
  return backend;
}

/* Guarded matrices. -------------------------------------------------------------------------- */

enum { GUARD = 16 }; /* elements before and after */

typedef struct block {
  dni_matrix view;
  unsigned char *memory;
  size_t elements; /* all of them */
} block;

static double get(const block *x, size_t i, size_t j) {
  size_t at = i * x->view.stride + j;
  return x->view.dtype == DNI_F32 ? (double)((const float *)x->view.data)[at]
                                  : ((const double *)x->view.data)[at];
}

static void set(const block *x, size_t i, size_t j, double value) {
  size_t at = i * x->view.stride + j;
  if (x->view.dtype == DNI_F32)
    ((float *)x->view.data)[at] = (float)value;
  else
    ((double *)x->view.data)[at] = value;
}

/* Multiples of 1/64 in [-1, 1), from a small generator of our own. */
static double next_value(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return (double)(*state >> 25) / 64 - 1;
}

static block block_make(dni_dtype dtype, size_t rows, size_t columns, size_t padding,
                        uint32_t *state) {
  size_t size = dtype == DNI_F32 ? sizeof(float) : sizeof(double);
  block x = {{NULL, rows, columns, columns + padding, dtype, 0}, NULL, 0};
  x.elements = rows * x.view.stride + 2 * GUARD;
  x.memory = malloc(x.elements * size);
  ck_assert_ptr_nonnull(x.memory);
  memset(x.memory, 0xa5, x.elements * size);
  x.view.data = x.memory + GUARD * size;
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++)
      set(&x, i, j, next_value(state));
  return x;
}

/* Everything that is not an element still has its first content. */
static void check_guard(const block *x, const char *name) {
  size_t size = x->view.dtype == DNI_F32 ? sizeof(float) : sizeof(double);
  for (size_t e = 0; e < x->elements; e++) {
    size_t at = e - GUARD;
    if (e >= GUARD && at < x->view.rows * x->view.stride && at % x->view.stride < x->view.columns)
      continue;
    for (size_t byte = 0; byte < size; byte++)
      EXPECT(x->memory[e * size + byte] == 0xa5, "%s wrote beside c", name);
  }
}

/* The oracle. -------------------------------------------------------------------------------- */

typedef struct product {
  dni_dtype dtype;
  int32_t ta, tb;
  size_t m, n, k, padding;
  double alpha, beta;
} product;

/* c = alpha op(a) op(b) + beta c, in a matrix of doubles; and the sum of absolute terms, by which
 * rounding errors are bounded. */
static void oracle(const product *p, const block *a, const block *b, const block *c, double *value,
                   double *bound) {
  for (size_t i = 0; i < p->m; i++)
    for (size_t j = 0; j < p->n; j++) {
      double sum = 0, magnitude = 0;
      for (size_t q = 0; q < p->k; q++) {
        double term = (p->ta ? get(a, q, i) : get(a, i, q)) * (p->tb ? get(b, j, q) : get(b, q, j));
        sum += term;
        magnitude += fabs(term);
      }
      double old = p->beta == 0 ? 0 : p->beta * get(c, i, j);
      value[i * p->n + j] = p->alpha * sum + old;
      bound[i * p->n + j] = fabs(p->alpha) * magnitude + fabs(old);
    }
}

static void check_product(const char *name, dni_backend *backend, const product *p) {
  uint32_t state = (uint32_t)(p->m * 31 + p->n * 17 + p->k);
  block a = block_make(p->dtype, p->ta ? p->k : p->m, p->ta ? p->m : p->k, p->padding, &state);
  block b = block_make(p->dtype, p->tb ? p->n : p->k, p->tb ? p->k : p->n, p->padding, &state);
  block c = block_make(p->dtype, p->m, p->n, p->padding, &state);
  double *value = malloc((p->m * p->n + 1) * sizeof *value);
  double *bound = malloc((p->m * p->n + 1) * sizeof *bound);
  ck_assert(value && bound);
  oracle(p, &a, &b, &c, value, bound);
  if (p->beta == 0) /* must not be read */
    for (size_t i = 0; i < p->m; i++)
      for (size_t j = 0; j < p->n; j++)
        set(&c, i, j, NAN);
  dni_status status =
      dni_backend_gemm(backend, p->ta, p->tb, p->alpha, &a.view, &b.view, p->beta, &c.view);
  ck_assert_msg(status == DNI_OK, "%s: %s", name, dni_last_message());
  double unit = (p->dtype == DNI_F32 ? 0x1p-24 : 0x1p-53) * (double)(p->k + 4);
  for (size_t i = 0; i < p->m; i++)
    for (size_t j = 0; j < p->n; j++)
      EXPECT(fabs(get(&c, i, j) - value[i * p->n + j]) <= unit * bound[i * p->n + j],
             "%s, type %d, transposed %d %d, %zu x %zu x %zu, alpha %g, beta %g: "
             "c[%zu][%zu] is %.17g, expected %.17g",
             name, p->dtype, p->ta, p->tb, p->m, p->n, p->k, p->alpha, p->beta, i, j, get(&c, i, j),
             value[i * p->n + j]);
  check_guard(&c, name);
  free(a.memory), free(b.memory), free(c.memory), free(value), free(bound);
}

/* Products. ---------------------------------------------------------------------------------- */

static const double factors[] = {1, 0, -0.5};

/* Every small shape with every transposition. */
START_TEST(small_shapes) {
  static const size_t sizes[] = {0, 1, 2, 3, 7, 17};
  enum { COUNT = sizeof sizes / sizeof sizes[0] };
  dni_backend *backend = make(&kinds[_i]);
  if (!backend) return;
  for (size_t which = 0; which < COUNT * COUNT * COUNT * 8; which++) {
    size_t shape = which / 8;
    product p = {which & 1 ? DNI_F64 : DNI_F32,
                 which >> 1 & 1,
                 which >> 2 & 1,
                 sizes[shape % COUNT],
                 sizes[shape / COUNT % COUNT],
                 sizes[shape / COUNT / COUNT],
                 which % 3,
                 factors[which / 3 % 3],
                 factors[which / 9 % 3]};
    check_product(kinds[_i].name, backend, &p);
  }
  dni_backend_release(backend);
}
END_TEST

/* Shapes around the edges of tiles, panels and blocks. */
START_TEST(odd_shapes) {
  static const size_t sizes[] = {1,  2,  3,  7,  13, 14,  15,  16,  17,
                                 29, 31, 33, 64, 97, 100, 129, 141, 257};
  enum { COUNT = sizeof sizes / sizeof sizes[0] };
  dni_backend *backend = make(&kinds[_i]);
  if (!backend) return;
  uint32_t state = 1;
  for (uint32_t which = 0; which < 96; which++) {
    size_t m = sizes[(size_t)((next_value(&state) + 1) / 2 * COUNT)];
    size_t n = sizes[(size_t)((next_value(&state) + 1) / 2 * COUNT)];
    size_t k = sizes[(size_t)((next_value(&state) + 1) / 2 * COUNT)];
    product p = {which & 1 ? DNI_F64 : DNI_F32,
                 which >> 1 & 1,
                 which >> 2 & 1,
                 m,
                 n,
                 k,
                 which % 5 * 3,
                 which % 7 == 3 ? 0 : factors[which / 8 % 2 * 2],
                 factors[which / 16 % 3]};
    check_product(kinds[_i].name, backend, &p);
  }
  static const size_t large[][3] = {{257, 129, 300}, {150, 10, 513}, {5, 257, 257}, {257, 65, 1}};
  for (uint32_t which = 0; which < 4 * 8; which++) {
    const size_t *shape = large[which / 8];
    product p = {which & 1 ? DNI_F64 : DNI_F32,
                 which >> 1 & 1,
                 which >> 2 & 1,
                 shape[0],
                 shape[1],
                 shape[2],
                 which % 2,
                 -0.5,
                 which % 3 ? 1 : 0};
    check_product(kinds[_i].name, backend, &p);
  }
  dni_backend_release(backend);
}
END_TEST

/* 0 * NaN and 0 * infinity are NaN, and stay in their row or column. */
START_TEST(nan_propagates) {
  dni_backend *backend = make(&kinds[_i]);
  if (!backend) return;
  for (uint32_t which = 0; which < 16; which++) {
    dni_dtype dtype = which & 1 ? DNI_F64 : DNI_F32;
    int32_t ta = which >> 1 & 1, tb = which >> 2 & 1;
    size_t m = 19, n = 37, k = 21;
    uint32_t state = 5;
    block a = block_make(dtype, ta ? k : m, ta ? m : k, 0, &state);
    block b = block_make(dtype, tb ? n : k, tb ? k : n, 0, &state);
    block c = block_make(dtype, m, n, 0, &state);
    set(&a, ta ? 20 : 17, ta ? 17 : 20, which >> 3 ? NAN : INFINITY); /* row 17 of op(a) */
    for (size_t j = 0; j < n; j++)
      set(&b, tb ? j : 20, tb ? 20 : j, 0);
    set(&b, tb ? 36 : 3, tb ? 3 : 36, NAN); /* column 36 of op(b) */
    ck_assert_int_eq(dni_backend_gemm(backend, ta, tb, 1, &a.view, &b.view, 0, &c.view), DNI_OK);
    for (size_t i = 0; i < m; i++)
      for (size_t j = 0; j < n; j++)
        EXPECT(!isnan(get(&c, i, j)) == !(i == 17 || j == 36), "%s: c[%zu][%zu] is %g",
               kinds[_i].name, i, j, get(&c, i, j));
    free(a.memory), free(b.memory), free(c.memory);
  }
  dni_backend_release(backend);
}
END_TEST

/* With nothing to add, C is scaled; with beta = 0 it becomes 0 whatever was in it, and with alpha =
 * 0 A and B are not read. */
START_TEST(nothing_to_add) {
  dni_backend *backend = make(&kinds[_i]);
  if (!backend) return;
  uint32_t state = 9;
  for (int which = 0; which < 4; which++) {
    dni_dtype dtype = which & 1 ? DNI_F64 : DNI_F32;
    size_t k = which & 2 ? 4 : 0;
    block a = block_make(dtype, 3, k, 0, &state), b = block_make(dtype, k, 5, 0, &state);
    block c = block_make(dtype, 3, 5, 2, &state);
    if (k > 0) set(&a, 0, 0, NAN);
    double alpha = k > 0 ? 0 : 1, old = get(&c, 2, 4);
    ck_assert_int_eq(dni_backend_gemm(backend, 0, 0, alpha, &a.view, &b.view, -0.5, &c.view), 0);
    ck_assert(get(&c, 2, 4) == -0.5 * old);
    set(&c, 0, 0, NAN);
    ck_assert_int_eq(dni_backend_gemm(backend, 0, 0, alpha, &a.view, &b.view, 0, &c.view), 0);
    for (size_t i = 0; i < 15; i++)
      ck_assert(get(&c, i / 5, i % 5) == 0);
    check_guard(&c, kinds[_i].name);
    free(a.memory), free(b.memory), free(c.memory);
  }
  dni_matrix none = {NULL, 0, 5, 5, DNI_F32, 0}, left = {NULL, 0, 4, 4, DNI_F32, 0};
  float values[20] = {0};
  dni_matrix right;
  dni_matrix_init_f32(&right, values, 4, 5);
  ck_assert_int_eq(dni_backend_gemm(backend, 0, 0, 1, &left, &right, 0, &none), DNI_OK);
  dni_backend_release(backend);
}
END_TEST

/* Threads. ----------------------------------------------------------------------------------- */

typedef struct caller {
  dni_backend *backend;
  const block *a, *b;
  block *c;
  int32_t ta, tb;
} caller;

static void *call_product(void *argument) {
  const caller *mine = argument;
  for (int i = 0; i < 4; i++)
    if (dni_backend_gemm(mine->backend, mine->ta, mine->tb, 1, &mine->a->view, &mine->b->view, 0,
                         &mine->c->view) != DNI_OK)
      return argument;
  return NULL;
}

static void check_same(const block *x, const block *y) {
  for (size_t i = 0; i < x->view.rows; i++)
    for (size_t j = 0; j < x->view.columns; j++)
      EXPECT(get(x, i, j) == get(y, i, j), "c[%zu][%zu] differs", i, j);
}

/* One, two, three threads, and two callers at once of which one finds the others busy. */
START_TEST(threads_same_bits) {
  /* general, narrow C, general; a small batch, dot products cut by columns and by rows, which NT is
   * made of */
  static const size_t shapes[][3] = {{130, 257, 140}, {513, 10, 260}, {64, 300, 129},
                                     {14, 257, 600},  {3, 513, 700},  {6, 100, 1800}};
  enum { SHAPES = sizeof shapes / sizeof shapes[0] };
  dni_backend *backend = make(&kinds[_i]);
  if (!backend) return;
  uint32_t state = 3;
  for (uint32_t which = 0; which < SHAPES * 8; which++) {
    const size_t *s = shapes[which / 8];
    dni_dtype dtype = which & 1 ? DNI_F64 : DNI_F32;
    int32_t ta = which >> 1 & 1, tb = which >> 2 & 1;
    block a = block_make(dtype, ta ? s[2] : s[0], ta ? s[0] : s[2], 1, &state);
    block b = block_make(dtype, tb ? s[1] : s[2], tb ? s[2] : s[1], 0, &state);
    block one = block_make(dtype, s[0], s[1], 3, &state);
    block many = block_make(dtype, s[0], s[1], 3, &state);
    block other = block_make(dtype, s[0], s[1], 3, &state);
    caller callers[] = {{backend, &a, &b, &many, ta, tb}, {backend, &a, &b, &other, ta, tb}};
    ck_assert_int_eq(dni_backend_set_threads(backend, 1), DNI_OK);
    ck_assert_int_eq(dni_backend_gemm(backend, ta, tb, 1, &a.view, &b.view, 0, &one.view), DNI_OK);
    for (size_t threads = 2; threads <= 3; threads++) {
      ck_assert_int_eq(dni_backend_set_threads(backend, threads), DNI_OK);
      pthread_t second;
      ck_assert_int_eq(pthread_create(&second, NULL, call_product, &callers[1]), 0);
      void *failed;
      ck_assert_ptr_null(call_product(&callers[0]));
      ck_assert_int_eq(pthread_join(second, &failed), 0);
      ck_assert_ptr_null(failed);
      check_same(&one, &many);
      check_same(&one, &other);
      check_guard(&many, kinds[_i].name);
    }
    free(a.memory), free(b.memory), free(one.memory), free(many.memory), free(other.memory);
  }
  dni_backend_release(backend);
}
END_TEST

/* Rows 5 .. 5+rows-1 of C as a product of their own, which goes another way through the builtin
 * product than the whole, are the same bits. */
static void check_rows(dni_backend *backend, dni_dtype dtype, size_t k, size_t rows) {
  uint32_t state = 5;
  block a = block_make(dtype, 70, k, 1, &state), b = block_make(dtype, 83, k, 2, &state);
  block whole = block_make(dtype, 70, 83, 3, &state);
  block part = block_make(dtype, rows, 83, 3, &state);
  dni_matrix some = a.view;
  some.rows = rows;
  some.data = (char *)a.view.data + 5 * a.view.stride * (dtype == DNI_F32 ? 4 : 8);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < 83; j++)
      set(&part, i, j, get(&whole, i + 5, j));
  for (int time = 0; time < 2; time++) {
    double beta = time == 0 ? 0.75 : 0;
    ck_assert_int_eq(dni_backend_gemm(backend, 0, 1, 0.5, &a.view, &b.view, beta, &whole.view), 0);
    ck_assert_int_eq(dni_backend_gemm(backend, 0, 1, 0.5, &some, &b.view, beta, &part.view), 0);
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < 83; j++)
        EXPECT(get(&part, i, j) == get(&whole, i + 5, j), "%zu rows, k %zu: c[%zu][%zu] differs",
               rows, k, i, j);
  }
  check_guard(&part, "rows");
  free(a.memory), free(b.memory), free(whole.memory), free(part.memory);
}

START_TEST(rows_same_bits) {
  static const size_t depths[] = {1, 3, 128, 129, 512, 513, 700, 1030};
  dni_backend *backend = make(&kinds[_i]);
  if (!backend) return;
  for (size_t d = 0; d < sizeof depths / sizeof depths[0]; d++)
    for (size_t rows = 7; rows < 36; rows++)
      for (int dtype = 0; dtype < 2; dtype++)
        check_rows(backend, dtype ? DNI_F64 : DNI_F32, depths[d], rows);
  dni_backend_release(backend);
}
END_TEST

START_TEST(set_threads) {
  dni_backend *backend = make(&kinds[_i]);
  if (!backend) return;
  ck_assert_int_eq(dni_backend_set_threads(backend, 0), DNI_ERROR_ARGUMENT);
  dni_status status = dni_backend_set_threads(backend, 1);
  ck_assert(status == DNI_OK || status == DNI_ERROR_UNSUPPORTED);
  if (kinds[_i].source == BUILTIN) ck_assert_int_eq(status, DNI_OK);
  if (kinds[_i].source == CALLBACK) ck_assert_int_eq(status, DNI_ERROR_UNSUPPORTED);
  dni_backend_release(backend);
}
END_TEST

/* Refusals. ---------------------------------------------------------------------------------- */

#define REFUSED(call, status_, words)                                                              \
  do {                                                                                             \
    ck_assert_int_eq((call), (status_));                                                           \
    ck_assert_msg(strstr(dni_last_message(), words) != NULL, "message: %s", dni_last_message());   \
  } while (0)

START_TEST(bad_arguments) {
  dni_backend *backend = make(&kinds[_i]);
  if (!backend) return;
  float memory[64] = {0}, result[64] = {7};
  dni_matrix a, b, c;
  dni_matrix_init_f32(&a, memory, 3, 4);
  dni_matrix_init_f32(&b, memory, 4, 5);
  dni_matrix_init_f32(&c, result, 3, 5);
  REFUSED(dni_backend_gemm(NULL, 0, 0, 1, &a, &b, 0, &c), DNI_ERROR_ARGUMENT, "backend");
  REFUSED(dni_backend_gemm(backend, 0, 0, 1, NULL, &b, 0, &c), DNI_ERROR_ARGUMENT, "a is NULL");
  REFUSED(dni_backend_gemm(backend, 0, 0, 1, &a, NULL, 0, &c), DNI_ERROR_ARGUMENT, "b is NULL");
  REFUSED(dni_backend_gemm(backend, 0, 0, 1, &a, &b, 0, NULL), DNI_ERROR_ARGUMENT, "c is NULL");
  REFUSED(dni_backend_gemm(backend, 2, 0, 1, &a, &b, 0, &c), DNI_ERROR_ARGUMENT, "transpose_a");
  REFUSED(dni_backend_gemm(backend, 0, -1, 1, &a, &b, 0, &c), DNI_ERROR_ARGUMENT, "transpose_b");
  REFUSED(dni_backend_gemm(backend, 1, 0, 1, &a, &b, 0, &c), DNI_ERROR_ARGUMENT, "a has");
  REFUSED(dni_backend_gemm(backend, 0, 1, 1, &a, &b, 0, &c), DNI_ERROR_ARGUMENT, "b has");
  dni_matrix bad = a;
  bad.stride = 3;
  REFUSED(dni_backend_gemm(backend, 0, 0, 1, &bad, &b, 0, &c), DNI_ERROR_ARGUMENT, "stride");
  bad = b;
  bad.dtype = DNI_F64;
  REFUSED(dni_backend_gemm(backend, 0, 0, 1, &a, &bad, 0, &c), DNI_ERROR_ARGUMENT, "double");
  bad = c;
  bad.dtype = 77;
  REFUSED(dni_backend_gemm(backend, 0, 0, 1, &a, &b, 0, &bad), DNI_ERROR_ARGUMENT, "77");
  bad = c;
  bad.data = NULL;
  REFUSED(dni_backend_gemm(backend, 0, 0, 1, &a, &b, 0, &bad), DNI_ERROR_ARGUMENT, "c: data");
  ck_assert(result[0] == 7);
  dni_backend_release(backend);
}
END_TEST

/* Dimensions and strides beyond 32 bits: refused before the memory, which does not exist, is
 * touched. Backends with wider integers would take them, so they are only given to those that say
 * they cannot. */
START_TEST(sizes_over_32_bits) {
  const kind *which = &kinds[_i];
  bool narrow = which->source == CBLAS || (which->source == DYNAMIC && !strstr(which->path, "64."));
  dni_backend *backend = narrow ? make(which) : NULL;
  if (!backend) return;
  size_t many = (size_t)1 << 31;
  double memory[8] = {0};
  dni_matrix one = {memory, 1, 1, 1, DNI_F64, 0}, tall = {memory, many, 1, 1, DNI_F64, 0};
  dni_matrix wide = {memory, 1, many, many, DNI_F64, 0}, strided = {memory, 1, 1, many, DNI_F64, 0};
  REFUSED(dni_backend_gemm(backend, 0, 0, 1, &tall, &one, 0, &tall), DNI_ERROR_UNSUPPORTED,
          "m of the product is 2147483648");
  REFUSED(dni_backend_gemm(backend, 0, 0, 1, &one, &wide, 0, &wide), DNI_ERROR_UNSUPPORTED,
          "n of the product is 2147483648");
  REFUSED(dni_backend_gemm(backend, 0, 0, 1, &wide, &tall, 0, &one), DNI_ERROR_UNSUPPORTED,
          "k of the product is 2147483648");
  REFUSED(dni_backend_gemm(backend, 0, 0, 1, &one, &strided, 0, &one), DNI_ERROR_UNSUPPORTED,
          "ldb of the product is 2147483648");
  dni_backend_release(backend);
}
END_TEST

START_TEST(libraries_refused) {
  dni_backend *backend = NULL;
  /* A static program may not load at all. */
  const dni_status no_blas = dlopen(NULL, RTLD_LAZY) ? DNI_ERROR_BACKEND : DNI_ERROR_IO;
  REFUSED(dni_backend_create_dynamic(NULL, "/missing/libblas.so", &backend), DNI_ERROR_IO,
          "/missing/libblas.so");
  REFUSED(dni_backend_create_dynamic(NULL, "", &backend), DNI_ERROR_IO, "empty");
  REFUSED(dni_backend_create_dynamic(NULL, __FILE__, &backend), DNI_ERROR_IO, __FILE__);
  REFUSED(dni_backend_create_dynamic(NULL, "libm.so.6", &backend), no_blas, "libm.so.6");
  REFUSED(dni_backend_create_dynamic(NULL, NULL, &backend), DNI_ERROR_ARGUMENT, "path");
  REFUSED(dni_backend_create_dynamic(NULL, "libm.so.6", NULL), DNI_ERROR_ARGUMENT, "out");
  REFUSED(dni_backend_create_builtin(NULL, NULL), DNI_ERROR_ARGUMENT, "out");
  REFUSED(dni_backend_create_cblas(NULL, NULL), DNI_ERROR_ARGUMENT, "out");
  REFUSED(dni_backend_create_callback(NULL, &own, NULL), DNI_ERROR_ARGUMENT, "out");
  ck_assert_ptr_null(backend);
}
END_TEST

/* Options. ----------------------------------------------------------------------------------- */

START_TEST(options_refused) {
  dni_backend_options good = {.struct_size = sizeof good}, bad = good;
  dni_backend *backend = NULL;
  bad.struct_size = 8;
  REFUSED(dni_backend_create_builtin(&bad, &backend), DNI_ERROR_ARGUMENT, "struct_size");
  REFUSED(dni_backend_create_callback(&bad, &own, &backend), DNI_ERROR_ARGUMENT, "struct_size");
  bad = good, bad.instructions = 6;
  REFUSED(dni_backend_create_builtin(&bad, &backend), DNI_ERROR_ARGUMENT, "6");
  bad = good, bad.instructions = -1;
  REFUSED(dni_backend_create_builtin(&bad, &backend), DNI_ERROR_ARGUMENT, "-1");
  bad = good, bad.reserved = 1;
  REFUSED(dni_backend_create_builtin(&bad, &backend), DNI_ERROR_UNSUPPORTED, "reserved");
  dni_allocator broken = {.struct_size = sizeof broken};
  bad = good, bad.allocator = &broken;
  REFUSED(dni_backend_create_builtin(&bad, &backend), DNI_ERROR_ARGUMENT, "alloc");
  bad = good, bad.threads = 2; /* without set_threads */
  REFUSED(dni_backend_create_callback(&bad, &own, &backend), DNI_ERROR_UNSUPPORTED, "threads");
  ck_assert_ptr_null(backend);
}
END_TEST

/* What an allocator of our own has given and not got back, in blocks. */
static void *count_alloc(void *user, size_t alignment, size_t size) {
  void *memory = NULL;
  if (posix_memalign(&memory, alignment < sizeof(void *) ? sizeof(void *) : alignment, size) != 0)
    return NULL;
  ++*(size_t *)user;
  return memory;
}

static void count_free(void *user, void *memory, size_t size) {
  (void)size;
  --*(size_t *)user;
  free(memory);
}

static void end_memory(void *user) {
  *(size_t *)user += 1000;
}

/* A backend's memory comes from its own allocator, whose end is after the last free; the number of
 * threads of the options is that of the first product. */
START_TEST(options_taken) {
  size_t blocks = 0;
  dni_allocator allocator = {sizeof allocator, &blocks, count_alloc, count_free, end_memory};
  dni_backend_options options = {
      .struct_size = sizeof options, .allocator = &allocator, .threads = 3};
  dni_backend *backend = NULL;
  ck_assert_int_eq(dni_backend_create_builtin(&options, &backend), DNI_OK);
  ck_assert_uint_gt(blocks, 0);
  ck_assert_uint_lt(blocks, 1000);
  product p = {DNI_F32, 0, 1, 130, 140, 257, 1, 1, 0};
  check_product("builtin, three threads", backend, &p);
  dni_backend_release(backend);
  ck_assert_uint_eq(blocks, 1000);
}
END_TEST

/* Callbacks. --------------------------------------------------------------------------------- */

/* What the functions below were called with, and what they answer. */
typedef struct seen {
  dni_product product;
  size_t threads;
  int products, ends;
  dni_status answer;
  const char *message; /* NULL: none */
} seen;

static dni_status answer_of(const seen *what) {
  if (what->message) return dni_fail(what->answer, what->message);
  return what->answer;
}

static dni_status see_product(void *user, const dni_product *call) {
  seen *what = user;
  what->product = *call;
  what->products++;
  return answer_of(what);
}

static dni_status see_threads(void *user, size_t threads) {
  seen *what = user;
  what->threads = threads;
  return answer_of(what);
}

static void see_end(void *user) {
  ((seen *)user)->ends++;
}

START_TEST(callbacks_refused) {
  seen what = {.products = 0};
  const dni_backend_callbacks good = {.struct_size = sizeof good,
                                      .user = &what,
                                      .product = see_product,
                                      .f32 = 1,
                                      .destroy = see_end};
  dni_backend_callbacks bad = good;
  dni_backend *backend = NULL;
  REFUSED(dni_backend_create_callback(NULL, NULL, &backend), DNI_ERROR_ARGUMENT, "callbacks");
  bad.product = NULL;
  REFUSED(dni_backend_create_callback(NULL, &bad, &backend), DNI_ERROR_ARGUMENT, "product");
  bad = good, bad.f32 = 0;
  REFUSED(dni_backend_create_callback(NULL, &bad, &backend), DNI_ERROR_ARGUMENT, "f32");
  bad = good, bad.struct_size = 8;
  REFUSED(dni_backend_create_callback(NULL, &bad, &backend), DNI_ERROR_ARGUMENT, "struct_size");
  ck_assert_ptr_null(backend);
  ck_assert_int_eq(what.ends + what.products, 0);
}
END_TEST

/* A product as the callback sees it. */
START_TEST(callback_sees_the_product) {
  seen what = {.answer = DNI_OK};
  dni_backend_callbacks callbacks = {
      .struct_size = sizeof callbacks, .user = &what, .product = see_product, .f32 = 1, .f64 = 1};
  dni_backend *backend = NULL;
  ck_assert_int_eq(dni_backend_create_callback(NULL, &callbacks, &backend), DNI_OK);
  memset(&callbacks, 0xFF, sizeof callbacks); /* it was copied */
  double memory[60] = {0};
  dni_matrix a, b, c;
  dni_matrix_init_strided_f64(&a, memory, 4, 2, 5); /* op(a) is [2][4] */
  dni_matrix_init_strided_f64(&b, memory + 20, 4, 3, 6);
  dni_matrix_init_strided_f64(&c, memory + 45, 2, 3, 7);
  ck_assert_int_eq(dni_backend_gemm(backend, 1, 0, 0.5, &a, &b, 2, &c), DNI_OK);
  const dni_product *p = &what.product;
  ck_assert_uint_eq(p->struct_size, sizeof *p);
  ck_assert(p->dtype == DNI_F64 && p->transpose_a == 1 && p->transpose_b == 0);
  ck_assert(p->m == 2 && p->n == 3 && p->k == 4 && p->alpha == 0.5 && p->beta == 2);
  ck_assert(p->a == a.data && p->b == b.data && p->c == c.data);
  ck_assert(p->lda == 5 && p->ldb == 6 && p->ldc == 7 && p->reserved == 0);
  a.columns = c.rows = 0; /* nothing to do: it is not asked */
  ck_assert_int_eq(dni_backend_gemm(backend, 1, 0, 0.5, &a, &b, 2, &c), DNI_OK);
  ck_assert_int_eq(what.products, 1);
  dni_backend_release(backend);
}
END_TEST

/* The callback's answers: its own numbers pass, the library's become DNI_ERROR_CALLBACK, messages
 * stay. */
START_TEST(callback_answers) {
  seen what = {.answer = DNI_OK};
  dni_backend_callbacks callbacks = {.struct_size = sizeof callbacks,
                                     .user = &what,
                                     .product = see_product,
                                     .f32 = 1,
                                     .set_threads = see_threads,
                                     .destroy = see_end};
  dni_backend *backend = NULL;
  ck_assert_int_eq(dni_backend_create_callback(NULL, &callbacks, &backend), DNI_OK);
  ck_assert_str_eq(dni_backend_name(backend), "callback");
  ck_assert_str_eq(dni_backend_kind_name(backend), "callback");
  ck_assert_int_eq(dni_backend_kind(backend), DNI_BACKEND_CALLBACK);
  float memory[4] = {0};
  double memory_f64[4] = {0};
  dni_matrix x, y;
  dni_matrix_init_f32(&x, memory, 2, 2);
  dni_matrix_init_f64(&y, memory_f64, 2, 2);
  static const dni_status answers[] = {1234, 42, DNI_ERROR_CALLBACK, -1, 1000};
  for (size_t i = 0; i < 5; i++) {
    char number[16];
    (void)snprintf(number, sizeof number, "%d", (int)answers[i]);
    dni_status expected = answers[i] >= 1000 ? answers[i] : DNI_ERROR_CALLBACK;
    what.answer = answers[i], what.message = NULL;
    REFUSED(dni_backend_gemm(backend, 0, 0, 1, &x, &x, 0, &x), expected, number);
    REFUSED(dni_backend_set_threads(backend, 3), expected, number);
    what.message = "the accelerator is gone";
    REFUSED(dni_backend_gemm(backend, 0, 0, 1, &x, &x, 0, &x), expected, what.message);
    REFUSED(dni_backend_set_threads(backend, 3), expected, what.message);
  }
  REFUSED(dni_backend_gemm(backend, 0, 0, 1, &y, &y, 0, &y), DNI_ERROR_UNSUPPORTED, "double");
  what.answer = DNI_OK, what.message = NULL;
  ck_assert_int_eq(dni_backend_set_threads(backend, 5), DNI_OK);
  ck_assert_uint_eq(what.threads, 5);
  dni_context_options options = {.struct_size = sizeof options, .backend = backend};
  dni_context *context = NULL;
  ck_assert_int_eq(dni_context_create(&options, &context), DNI_OK);
  dni_backend_release(backend);
  ck_assert_int_eq(what.ends, 0); /* the context has it */
  dni_context_release(context);
  ck_assert_int_eq(what.ends, 1);
}
END_TEST

/* A backend outlives its context, counts references, and gives all memory back. */
START_TEST(life_time) {
  size_t blocks = 0;
  dni_allocator allocator = {sizeof allocator, &blocks, count_alloc, count_free, NULL};
  dni_backend_options options = {.struct_size = sizeof options, .allocator = &allocator};
  dni_backend *backend = NULL;
  ck_assert_int_eq(dni_backend_create_builtin(&options, &backend), DNI_OK);
  ck_assert_int_eq(dni_backend_set_threads(backend, 3), DNI_OK);
  ck_assert_str_eq(dni_backend_name(backend), "builtin");
  ck_assert_str_eq(dni_backend_kind_name(backend), "builtin");
  ck_assert_int_eq(dni_backend_kind(backend), DNI_BACKEND_BUILTIN);
  ck_assert_ptr_eq(dni_backend_retain(backend), backend);
  dni_backend_release(backend);
  dni_context_options plan = {.struct_size = sizeof plan, .backend = backend};
  dni_context *context = NULL;
  ck_assert_int_eq(dni_context_create(&plan, &context), DNI_OK);
  ck_assert_ptr_eq(dni_context_backend(context), backend);
  dni_context_release(context);
  ck_assert_uint_gt(blocks, 0);
  dni_backend_release(backend);
  ck_assert_uint_eq(blocks, 0);
  dni_backend_release(NULL);
  ck_assert_ptr_null(dni_backend_retain(NULL));
  ck_assert_str_eq(dni_backend_name(NULL), "");
  ck_assert_str_eq(dni_backend_kind_name(NULL), "");
  ck_assert_int_eq(dni_backend_kind(NULL), 0);
  REFUSED(dni_backend_set_threads(NULL, 1), DNI_ERROR_ARGUMENT, "backend");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("backend");
  TCase *all = tcase_create("every backend"), *each = tcase_create("kinds");
  tcase_set_timeout(all, 60);
  tcase_add_loop_test(all, small_shapes, 0, KINDS);
  tcase_add_loop_test(all, odd_shapes, 0, KINDS);
  tcase_add_loop_test(all, nan_propagates, 0, KINDS);
  tcase_add_loop_test(all, nothing_to_add, 0, KINDS);
  tcase_add_loop_test(all, set_threads, 0, KINDS);
  tcase_add_loop_test(all, bad_arguments, 0, KINDS);
  tcase_add_loop_test(all, sizes_over_32_bits, 0, KINDS);
  tcase_add_loop_test(all, threads_same_bits, 0, 3); /* builtin */
  tcase_add_loop_test(all, rows_same_bits, 0, 3);
  tcase_add_test(each, libraries_refused);
  tcase_add_test(each, options_refused);
  tcase_add_test(each, options_taken);
  tcase_add_test(each, callbacks_refused);
  tcase_add_test(each, callback_sees_the_product);
  tcase_add_test(each, callback_answers);
  tcase_add_test(each, life_time);
  suite_add_tcase(suite, all);
  suite_add_tcase(suite, each);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? 1 : 0;
}
