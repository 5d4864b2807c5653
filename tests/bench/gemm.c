/* Speed of the builtin product beside the CBLAS of the build, one thread each: GFLOP/s at the shapes
 * of a training step, NN, NT (forward) and TN (weight gradients). The two take turns, so what
 * disturbs the machine disturbs both; medians are printed, and the median of the ratios of
 * neighbours in time. */
#include <stdlib.h>

#include "common/bench.h"

enum { ROUNDS = 31, LARGEST = 512 * 512 };

/* One of the shapes with its matrices. */
typedef struct product {
  int32_t ta, tb;
  dni_matrix a, b, c;
  int repeats; /* products per measurement: about 20 million operations */
} product;

/* Seconds for one product. */
static double measure(dni_backend *backend, const product *p) {
  dni_matrix c = p->c;
  double start = bench_now();
  for (int i = 0; i < p->repeats; i++)
    bench_must(dni_backend_gemm(backend, p->ta, p->tb, 1, &p->a, &p->b, 0, &c), "product");
  return (bench_now() - start) / p->repeats;
}

static void print(const product *p, double own, double other, double ratio) {
  const char *dtype = p->c.dtype == DNI_F32 ? "float" : "double";
  char a = p->ta ? 'T' : 'N', b = p->tb ? 'T' : 'N';
  size_t m = p->c.rows, n = p->c.columns, k = p->ta ? p->a.rows : p->a.columns;
  double work = 2e-9 * (double)m * (double)n * (double)k;
  bench_text("%-6s %c%c %4zu x %4zu x %4zu   builtin %6.1f", dtype, a, b, m, n, k, work / own);
  if (other > 0) bench_text("   cblas %6.1f   ratio %.2f", work / other, ratio);
  bench_text("   GFLOP/s\n");
  if (other > 0)
    bench_record("\"dtype\": \"%s\", \"kind\": \"%c%c\", \"m\": %zu, \"n\": %zu, \"k\": %zu, "
                 "\"builtin_gflops\": %.2f, \"cblas_gflops\": %.2f, \"ratio\": %.4f",
                 dtype, a, b, m, n, k, work / own, work / other, ratio);
  else
    bench_record("\"dtype\": \"%s\", \"kind\": \"%c%c\", \"m\": %zu, \"n\": %zu, \"k\": %zu, "
                 "\"builtin_gflops\": %.2f",
                 dtype, a, b, m, n, k, work / own);
}

static void compare(dni_backend *builtin, dni_backend *cblas, const product *p) {
  double own[ROUNDS], other[ROUNDS] = {0}, ratio[ROUNDS];
  for (int round = 0; round < ROUNDS; round++) {
    own[round] = measure(builtin, p);
    if (cblas) other[round] = measure(cblas, p);
    ratio[round] = other[round] / own[round];
  }
  print(p, bench_median(own, ROUNDS), bench_median(other, ROUNDS), bench_median(ratio, ROUNDS));
}

static dni_matrix view(void *memory, size_t rows, size_t columns, dni_dtype dtype) {
  dni_matrix matrix;
  if (dtype == DNI_F32)
    dni_matrix_init_f32(&matrix, memory, rows, columns);
  else
    dni_matrix_init_f64(&matrix, memory, rows, columns);
  return matrix;
}

/* Room for any of the matrices, filled with small numbers. */
static void *block_make(dni_dtype dtype) {
  void *memory = bench_memory(LARGEST * sizeof(double));
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
      product p = {.ta = ta,
                   .tb = tb,
                   .a = view(a, ta ? k : m, ta ? m : k, dtype),
                   .b = view(b, tb ? n : k, tb ? k : n, dtype),
                   .c = view(c, m, n, dtype),
                   .repeats = 1 + (int)(1e7 / ((double)m * (double)n * (double)k))};
      compare(builtin, cblas, &p);
    }
  free(a), free(b), free(c);
}

int main(int count, char **words) {
  const bench_option options[] = {{0}};
  dni_context *context;
  bench_begin(count, words, "gemm", "the builtin product beside the CBLAS of the build", options);
  bench_must(dni_context_create(NULL, &context), "context");
  dni_backend *builtin = bench_backend("builtin", 1);
  dni_backend *cblas = bench_has_cblas() ? bench_backend("cblas", 1) : NULL;
  bench_text("%s; kernels in use: %s\n", dni_build_info(),
             dni_instructions_name(dni_context_instructions(context)));
  compare_all(builtin, cblas, DNI_F32);
  compare_all(builtin, cblas, DNI_F64);
  dni_backend_release(cblas);
  dni_backend_release(builtin);
  dni_context_release(context);
  bench_end();
  return 0;
}
