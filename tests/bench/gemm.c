/* Speed of the builtin product beside the linked CBLAS, one thread each: GFLOP/s at the shapes of a
 * training step, NN, NT (forward) and TN (weight gradients). The two take turns, so what disturbs
 * the machine disturbs both; medians are printed, and their ratio. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "dni.h"

enum { ROUNDS = 31, LARGEST = 512 * 512 };

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int ascending(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

static double median(double *times) {
  qsort(times, ROUNDS, sizeof *times, ascending);
  return times[ROUNDS / 2];
}

static void fail(const char *what) {
  fprintf(stderr, "gemm: %s: %s\n", what, dni_last_message());
  exit(1);
}

/* One of the shapes with its matrices. */
typedef struct product {
  int32_t ta, tb;
  dni_matrix a, b, c;
  int repeats; /* products per measurement: about 20 million operations */
} product;

/* Seconds for one product. */
static double measure(dni_backend *backend, const product *p) {
  double start = seconds();
  for (int i = 0; i < p->repeats; i++)
    if (dni_backend_gemm(backend, p->ta, p->tb, 1, &p->a, &p->b, 0, &p->c) != DNI_OK) fail("gemm");
  return (seconds() - start) / p->repeats;
}

static void compare(dni_backend *builtin, dni_backend *cblas, const product *p) {
  double own[ROUNDS], other[ROUNDS];
  for (int round = 0; round < ROUNDS; round++) {
    own[round] = measure(builtin, p);
    other[round] = cblas ? measure(cblas, p) : 0;
  }
  size_t m = p->c.rows, n = p->c.columns, k = p->ta ? p->a.rows : p->a.columns;
  double work = 2e-9 * (double)m * (double)n * (double)k;
  double own_speed = work / median(own);
  printf("%s %c%c %4zu x %4zu x %4zu   builtin %6.1f", p->c.dtype == DNI_F32 ? "float " : "double",
         p->ta ? 'T' : 'N', p->tb ? 'T' : 'N', m, n, k, own_speed);
  if (cblas) {
    double speed = work / median(other);
    printf("   cblas %6.1f   ratio %.2f", speed, own_speed / speed);
  }
  printf("   GFLOP/s\n");
}

static dni_matrix view(void *memory, size_t rows, size_t columns, dni_dtype dtype) {
  dni_matrix matrix;
  if (dtype == DNI_F32)
    dni_matrix_init_f32(&matrix, memory, rows, columns);
  else
    dni_matrix_init_f64(&matrix, memory, rows, columns);
  return matrix;
}

/* Three blocks with room for any of the matrices, the first two filled with small numbers. */
static void *block_make(dni_dtype dtype) {
  void *memory = aligned_alloc(64, LARGEST * sizeof(double));
  if (!memory) {
    fputs("gemm: out of memory\n", stderr);
    exit(1);
  }
  for (size_t i = 0; i < LARGEST; i++) {
    double value = (double)(i * 7 % 31) / 31 - 0.5;
    if (dtype == DNI_F32)
      ((float *)memory)[i] = (float)value;
    else
      ((double *)memory)[i] = value;
  }
  return memory;
}

static void compare_all(dni_backend *builtin, dni_backend *cblas, dni_dtype dtype) {
  static const size_t shapes[][3] = {
      {512, 512, 512}, {256, 512, 512}, {32, 512, 512}, {256, 10, 512}};
  void *a = block_make(dtype), *b = block_make(dtype), *c = block_make(dtype);
  for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
    for (int32_t kind = 0; kind < 3; kind++) {
      size_t m = shapes[s][0], n = shapes[s][1], k = shapes[s][2];
      int32_t ta = kind == 2, tb = kind == 1;
      int repeats = 1 + (int)(1e7 / ((double)m * (double)n * (double)k));
      product p = {ta,
                   tb,
                   view(a, ta ? k : m, ta ? m : k, dtype),
                   view(b, tb ? n : k, tb ? k : n, dtype),
                   view(c, m, n, dtype),
                   repeats};
      compare(builtin, cblas, &p);
    }
  free(a), free(b), free(c);
}

int main(void) {
  dni_context *context;
  dni_backend *builtin, *cblas = NULL;
  if (dni_context_create(NULL, &context) != DNI_OK) fail("context");
  if (dni_backend_create_builtin(context, &builtin) != DNI_OK) fail("builtin");
  if (dni_backend_create_cblas(context, &cblas) == DNI_OK &&
      dni_backend_set_threads(cblas, 1) != DNI_OK)
    fail("cblas: one thread");
  printf("%s; kernels in use: %s\n", dni_build_info(), dni_context_instructions(context));
  compare_all(builtin, cblas, DNI_F32);
  compare_all(builtin, cblas, DNI_F64);
  dni_backend_release(cblas);
  dni_backend_release(builtin);
  dni_context_release(context);
  return 0;
}
