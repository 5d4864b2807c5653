/* The product of bf16 operands by AMX, for x86-64 processors that have it: C = alpha op(A) op(B) + beta C.
 *
 * A tile of sums is 16 x 16 floats; four of them, 32 x 32 of C, are summed together, from two tiles of A
 * (16 rows x 16 pairs) and two of B (16 pairs x 16 columns). Tiles are read from where operands lie rounded: a
 * block of A on the stack, [rows][pairs], and panels of B as the other instruction sets have them, 16 pairs
 * at a time. All ends are filled up with zeros: a NaN in what is not there would show.
 *
 *   for each run of k:                      at most RUN_PACKED or RUN pairs
 *     for each block of rows:               round the block of A
 *       for each panel of 32 columns:       round the panel of B, unless it is a packed weight's
 *         for 32 rows at a time:            sums = A B; C = alpha sums + beta C
 *
 * Of 32 neighbours in k the instruction sums the products of the first of each pair and those of the
 * second apart, one after the other, then adds the two sums, and adds that to what it had. So the bits are
 * not those of the other instruction sets. They depend on k alone. */
#include <string.h>

#include "backend/gemm.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define DNI_VECTOR_SET 5
#include "math/vector.h"

#include "backend/amx_tiles.h"
#include "backend/gemm_vector.h"

#ifndef KERNEL
#define KERNEL dni__gemm_amx_bf16
#endif
#define FN(name)  name##_amx
#define PAIR_UNIT 16
#include "backend/gemm_bf16_vector.h"

#include "backend/bf16_round_template.h"

#define TILE       16    /* rows, and columns or pairs, of a tile */
#define SQUARE     32    /* rows and columns of C that are summed together */
#define RUN        128   /* pairs, of which a panel of B is rounded on the stack */
#define RUN_PACKED 512   /* pairs */
#define BLOCK      16384 /* pairs of a block of A: with a panel, the stack of gemm_template.h */

/* One product being worked on. Depths are in pairs, multiples of PAIR_UNIT but for what k ends with. */
typedef struct work {
  const dni_product *call;
  const uint32_t *panels; /* of op(B), panel_pairs long; NULL: B is rounded here */
  size_t panel_pairs;
  uint32_t *a;     /* [rows to a multiple of SQUARE][depth] */
  uint32_t *panel; /* [RUN][COLUMNS] */
  size_t first_depth, depth;
  size_t first_row, rows;
  float alpha, beta; /* of this run */
} work;

/* Rounding. ------------------------------------------------------------------------------------ */

/* How many elements of k there are in this run. */
static size_t elements_of(const work *w) {
  size_t first = 2 * w->first_depth, left = w->call->k - first;
  return left < 2 * w->depth ? left : 2 * w->depth;
}

/* to[c][p] = (from[2p][c], from[2p + 1][c]), c and p in 0 .. 15. */
static void pairs_upright_block(const float *from, size_t from_ld, uint32_t *to, size_t to_ld) {
  uint32_t across[TILE * TILE] __attribute__((aligned(64)));
  __m512i rows[TILE];
  for (size_t p = 0; p < TILE; p++)
    pairs_across_vector(from + 2 * p * from_ld, from + (2 * p + 1) * from_ld, across + p * TILE);
  memcpy(rows, across, sizeof rows);
  transpose_16(rows, to, to_ld);
}

/* The same for any number of columns, and of rows `count`. */
static void pairs_upright(size_t count, size_t columns, const float *from, size_t from_ld,
                          uint32_t *to, size_t to_ld) {
  const size_t whole_rows = count / (2 * TILE) * (2 * TILE), whole = columns / TILE * TILE;
  for (size_t r = 0; r < whole_rows; r += 2 * TILE)
    for (size_t c = 0; c < whole; c += TILE)
      pairs_upright_block(from + r * from_ld + c, from_ld, to + c * to_ld + r / 2, to_ld);
  for (size_t r = 0; r < count; r += 2)
    for (size_t c = r < whole_rows ? whole : 0; c < columns; c++)
      to[c * to_ld + r / 2] =
          pair_of(from[r * from_ld + c], r + 1 < count ? from[(r + 1) * from_ld + c] : 0);
}

static void round_a(const work *w) {
  const size_t lda = w->call->lda, elements = elements_of(w), first = 2 * w->first_depth;
  const size_t rows = (w->rows + SQUARE - 1) / SQUARE * SQUARE;
  const float *a = w->call->a;
  if (rows > w->rows || elements < 2 * w->depth) memset(w->a, 0, rows * w->depth * sizeof *w->a);
  if (w->call->transpose_a)
    pairs_upright(elements, w->rows, a + first * lda + w->first_row, lda, w->a, w->depth);
  else
    pairs_along_amx(w->rows, elements, a + w->first_row * lda + first, lda, w->a, w->depth);
}

static void round_b(const work *w, size_t first_column, size_t width) {
  const size_t ldb = w->call->ldb, elements = elements_of(w), first = 2 * w->first_depth;
  const float *b = w->call->b;
  if (width < COLUMNS || elements < 2 * w->depth)
    memset(w->panel, 0, w->depth * COLUMNS * sizeof *w->panel);
  if (w->call->transpose_b)
    pairs_transposed_amx(width, elements, b + first_column * ldb + first, ldb, w->panel, COLUMNS);
  else
    pairs_across_amx(elements, width, b + first * ldb + first_column, ldb, w->panel, COLUMNS);
}

/* Tiles. --------------------------------------------------------------------------------------- */

/* sums [32][32] with a stride in bytes = A B. `ahead`: what is fetched meanwhile, a panel's pairs. */
static void multiply(const work *w, const uint32_t *a, const uint32_t *b, const uint32_t *ahead,
                     float *sums, size_t stride) {
  const size_t a_stride = w->depth * sizeof *a, b_stride = COLUMNS * sizeof *b;
  TILES_FENCE();
  TILE_ZERO(0);
  TILE_ZERO(1);
  TILE_ZERO(2);
  TILE_ZERO(3);
  for (size_t p = 0; p < w->depth; p += TILE, a += TILE, b += TILE * COLUMNS) {
    TILE_LOAD(4, a, a_stride);
    TILE_LOAD(6, b, b_stride);
    TILE_MULTIPLY(0, 4, 6);
    TILE_LOAD(7, b + TILE, b_stride);
    TILE_MULTIPLY(1, 4, 7);
    TILE_LOAD(5, a + TILE * w->depth, a_stride);
    TILE_MULTIPLY(2, 5, 6);
    TILE_MULTIPLY(3, 5, 7);
    for (size_t i = 0; ahead && i < TILE * COLUMNS; i += 16)
      __builtin_prefetch((const void *)((uintptr_t)ahead + (p * COLUMNS + i) * sizeof *ahead));
  }
  TILE_STORE(0, sums, stride);
  TILE_STORE(1, sums + TILE, stride);
  TILE_STORE(2, sums + TILE * stride / sizeof *sums, stride);
  TILE_STORE(3, sums + TILE * stride / sizeof *sums + TILE, stride);
  TILES_FENCE();
}

/* C [rows][columns] = alpha sums + beta C. */
static void combine(const work *w, size_t rows, size_t columns, const float *sums, float *c) {
  for (size_t i = 0; i < rows; i++, sums += SQUARE, c += w->call->ldc)
    if (w->beta == 0)
      for (size_t j = 0; j < columns; j++)
        c[j] = w->alpha * sums[j];
    else
      for (size_t j = 0; j < columns; j++)
        c[j] = __builtin_fmaf(w->beta, c[j], w->alpha * sums[j]);
}

/* All rows of the block by one panel, `width` columns of it. */
static void panel_rows(const work *w, size_t width, const uint32_t *b, float *c) {
  float sums[SQUARE * SQUARE] __attribute__((aligned(64)));
  const size_t ldc = w->call->ldc;
  const uint32_t *next = w->panels ? b + w->panel_pairs * COLUMNS : NULL;
  for (size_t i = 0; i < w->rows; i += SQUARE, c += SQUARE * ldc) {
    const uint32_t *a = w->a + i * w->depth, *ahead = i == 0 ? next : NULL;
    const size_t rows = w->rows - i < SQUARE ? w->rows - i : SQUARE;
    const bool as_it_is = w->alpha == 1 && w->beta == 0 && rows == SQUARE && width == SQUARE;
    multiply(w, a, b, ahead, as_it_is ? c : sums, (as_it_is ? ldc : SQUARE) * sizeof *c);
    if (!as_it_is) combine(w, rows, width, sums, c);
  }
}

/* All of it. ----------------------------------------------------------------------------------- */

static void block_rows(const work *w) {
  const dni_product *call = w->call;
  float *c = (float *)call->c + w->first_row * call->ldc;
  round_a(w);
  for (size_t j = 0; j < call->n; j += COLUMNS) {
    const size_t width = call->n - j < COLUMNS ? call->n - j : COLUMNS;
    const uint32_t *b = w->panel;
    if (w->panels)
      b = w->panels + j * w->panel_pairs + w->first_depth * COLUMNS;
    else
      round_b(w, j, width);
    panel_rows(w, width, b, c + j);
  }
}

static void run_product(const dni__bf16_product *given) {
  const dni_product *call = &given->product;
  uint32_t a[BLOCK] __attribute__((aligned(64))), panel[RUN * COLUMNS] __attribute__((aligned(64)));
  const size_t pair_count = dni__padded_pairs(call->k, PAIR_UNIT);
  const size_t depth = dni__gemm_share(pair_count, given->panels ? RUN_PACKED : RUN, PAIR_UNIT);
  const size_t room = given->block ? DNI__BLOCK_PAIRS : BLOCK;
  const size_t rows = dni__gemm_share(call->m, room / depth / SQUARE * SQUARE, SQUARE);
  work w = {.call = call,
            .panels = given->panels,
            .panel_pairs = pair_count,
            .a = given->block ? given->block : a,
            .panel = panel,
            .alpha = (float)call->alpha,
            .beta = (float)call->beta};
  for (w.first_depth = 0; w.first_depth < pair_count; w.first_depth += depth, w.beta = 1) {
    w.depth = pair_count - w.first_depth < depth ? pair_count - w.first_depth : depth;
    for (w.first_row = 0; w.first_row < call->m; w.first_row += rows) {
      w.rows = call->m - w.first_row < rows ? call->m - w.first_row : rows;
      block_rows(&w);
    }
  }
}

/* The tiles' shapes are the thread's own, and are given back: a thread that keeps them costs more to
 * switch to. */
static void run(const dni__bf16_product *call) {
  tile_shapes shapes = {.palette = 1};
  for (size_t t = 0; t < 8; t++)
    shapes.rows[t] = TILE, shapes.row_bytes[t] = 4 * TILE;
  TILES_FENCE();
  TILES_BEGIN(&shapes);
  run_product(call);
  TILES_END();
}

const dni__bf16_kernel KERNEL = {run, pack_amx, SQUARE, SQUARE, PAIR_UNIT};

#include "math/vector_end.h"
#endif
