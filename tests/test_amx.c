/* The product by AMX, with its tiles in plain C: against sums in its own order, one by one. On a processor
 * that has the tiles, the library's product gives the same bits. */
#include "support/support.h"

#include "backend/gemm.h"
#include "core/bf16.h"
#include "math/kernels.h"

#if defined(__x86_64__)
/* The file that is tested, with tiles of the tests'. It is compiled for one instruction set. */
#include <immintrin.h>

#include "amx_emulated.h"

#define KERNEL emulated
extern const dni__bf16_kernel emulated;
#if !defined(__clang__)
#pragma GCC push_options
#endif
#include "../lib/backend/gemm_amx.c"
#if !defined(__clang__)
#pragma GCC pop_options
#endif

enum { BLOCK_OF_K = 32, RUN_OF_K = 2 * RUN, RUN_OF_PACKED = 2 * RUN_PACKED };

static bool can_run(void) {
  return dni__instructions_supported(DNI_INSTRUCTIONS_AVX512_BF16);
}

static float element(const dni_matrix *view, bool transpose, size_t i, size_t p) {
  float number = (float)(transpose ? matrix_get(view, p, i) : matrix_get(view, i, p));
  return dni__float_of(dni__bf16_round(number) << 16);
}

/* Of 32 neighbours those with an even place and those with an odd one apart. */
static float block_sum(const dni_matrix *a, bool ta, const dni_matrix *b, bool tb, size_t first,
                       size_t end, size_t i, size_t j) {
  volatile float even = 0, odd = 0;
  for (size_t p = first; p < end && p < first + BLOCK_OF_K; p++)
    if (p % 2 == 0)
      even = even + element(a, ta, i, p) * element(b, !tb, j, p);
    else
      odd = odd + element(a, ta, i, p) * element(b, !tb, j, p);
  return even + odd;
}

static float sum_in_order(const dni_matrix *a, bool ta, const dni_matrix *b, bool tb, size_t k,
                          size_t most, size_t i, size_t j, float alpha, float beta, float c) {
  const size_t padded = (k + BLOCK_OF_K - 1) / BLOCK_OF_K * BLOCK_OF_K;
  const size_t runs = (padded - 1) / most + 1, each = (padded - 1) / runs + 1;
  const size_t run = (each + BLOCK_OF_K - 1) / BLOCK_OF_K * BLOCK_OF_K;
  float total = beta == 0 ? 0 : beta * c;
  for (size_t first = 0; first < k; first += run) {
    const size_t end = first + run < k ? first + run : k;
    volatile float sum = 0;
    for (size_t p = first; p < end; p += BLOCK_OF_K)
      sum = sum + block_sum(a, ta, b, tb, p, end, i, j);
    volatile float scaled = alpha * sum;
    total = first == 0 && beta == 0 ? scaled : total + scaled;
  }
  return total;
}

static const struct {
  size_t m, n, k;
} shapes[] = {{1, 1, 1},     {32, 32, 32},  {33, 31, 33},   {5, 70, 17},
              {64, 64, 300}, {40, 9, 64},   {200, 33, 100}, {31, 40, 530},
              {3, 5, 1100},  {96, 64, 256}, {600, 33, 256}};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static dni__bf16_product describe(const dni_matrix *a, bool ta, const dni_matrix *b, bool tb,
                                  float alpha, float beta, const dni_matrix *c) {
  return (dni__bf16_product){{.struct_size = sizeof(dni_product),
                              .dtype = DNI_F32,
                              .transpose_a = ta,
                              .transpose_b = tb,
                              .m = c->rows,
                              .n = c->columns,
                              .k = ta ? a->rows : a->columns,
                              .alpha = (double)alpha,
                              .a = a->data,
                              .lda = a->stride,
                              .b = b->data,
                              .ldb = b->stride,
                              .beta = (double)beta,
                              .c = c->data,
                              .ldc = c->stride},
                             NULL,
                             NULL};
}

/* The product, emulated and, where there are tiles, by the library's. A is rounded in the kernel's own memory and in
 * a block in which there were NaNs. */
static void run_all(dni__bf16_product *call, const dni_matrix *c, const dni_matrix *before,
                    const dni_matrix *expected, const char *what) {
  static uint32_t block[DNI__BLOCK_PAIRS] __attribute__((aligned(64)));
  for (int with_block = 0; with_block < 2; with_block++) {
    memset(block, 0xff, sizeof block);
    call->block = with_block ? block : NULL;
    matrix_copy(before, c);
    emulated.run(call);
    matrix_expect_same(c, expected, what);
    if (!dni__instructions_supported(DNI_INSTRUCTIONS_AMX)) continue;
    matrix_copy(before, c);
    dni__gemm_amx_bf16.run(call);
    matrix_expect_same(c, expected, "by the processor's tiles");
  }
}

/* _i: shape and form */
START_TEST(test_products) {
  if (!can_run()) return;
  const size_t m = shapes[_i / 4].m, n = shapes[_i / 4].n, k = shapes[_i / 4].k;
  const bool ta = _i & 1, tb = _i & 2;
  dni_matrix a = ta ? matrix_random(DNI_F32, k, m) : matrix_random(DNI_F32, m, k);
  dni_matrix b = tb ? matrix_random(DNI_F32, n, k) : matrix_random(DNI_F32, k, n);
  dni_matrix before = matrix_random(DNI_F32, m, n), c = matrix_make(DNI_F32, m, n);
  dni_matrix expected = matrix_make(DNI_F32, m, n);
  static const float factors[][2] = {{1, 0}, {0.25f, 0}, {0.3f, 1}, {1, 1}};
  for (size_t f = 0; f < 4; f++) {
    for (size_t i = 0; i < m; i++)
      for (size_t j = 0; j < n; j++)
        matrix_set(&expected, i, j,
                   (double)sum_in_order(&a, ta, &b, tb, k, RUN_OF_K, i, j, factors[f][0],
                                        factors[f][1], (float)matrix_get(&before, i, j)));
    dni__bf16_product call = describe(&a, ta, &b, tb, factors[f][0], factors[f][1], &c);
    run_all(&call, &c, &before, &expected, "product");
  }
}
END_TEST

/* Packed weights: W [rows][columns], x W^T and dz W. */
START_TEST(test_packed) {
  if (!can_run()) return;
  static const size_t sizes[][3] = {
      {40, 33, 70}, {1, 1, 1}, {32, 64, 96}, {7, 1050, 65}, {33, 65, 2}};
  const size_t batch = sizes[_i][0], rows = sizes[_i][1], columns = sizes[_i][2];
  dni_matrix w = matrix_random(DNI_F32, rows, columns);
  dni_matrix x = matrix_random(DNI_F32, batch, columns), dz = matrix_random(DNI_F32, batch, rows);
  const size_t in_pairs = dni__padded_pairs(columns, 16), out_pairs = dni__padded_pairs(rows, 16);
  const size_t in_panels = (columns + 31) / 32, out_panels = (rows + 31) / 32;
  dni__packed packed = {.rows = rows,
                        .columns = columns,
                        .forward = calloc(out_panels * in_pairs * 32, 4),
                        .backward = calloc(in_panels * out_pairs * 32, 4)};
  emulated.pack(&w, 0, rows, &packed);
  for (int forward = 0; forward < 2; forward++) {
    const dni_matrix *a = forward ? &x : &dz;
    const size_t n = forward ? rows : columns, k = forward ? columns : rows;
    dni_matrix c = matrix_make(DNI_F32, batch, n), expected = matrix_make(DNI_F32, batch, n);
    for (size_t i = 0; i < batch; i++)
      for (size_t j = 0; j < n; j++)
        matrix_set(&expected, i, j,
                   (double)sum_in_order(a, false, &w, forward, k, RUN_OF_PACKED, i, j, 1, 0, 0));
    dni__bf16_product call = describe(a, false, &w, forward, 1, 0, &c);
    call.panels = forward ? packed.forward : packed.backward;
    dni_matrix nothing = matrix_filled(DNI_F32, batch, n, 7);
    run_all(&call, &c, &nothing, &expected, forward ? "forward" : "backward");
  }
  free(packed.forward);
  free(packed.backward);
}
END_TEST

static void add_tests(TCase *group) {
  tcase_add_loop_test(group, test_products, 0, 4 * SHAPES);
  tcase_add_loop_test(group, test_packed, 0, 5);
}
#else
static void add_tests(TCase *group) {
  (void)group;
}
#endif

int main(void) {
  Suite *suite = suite_create("amx");
  TCase *group = tcase_create("products");
  tcase_add_checked_fixture(group, support_setup, support_teardown);
  tcase_set_timeout(group, 60);
  suite_add_tcase(suite, group);
  add_tests(group);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? 0 : 1;
}
