/* C = alpha op(A) op(B) + beta C of floats, A and B rounded to bf16. Included once for each instruction
 * set, after gemm_table.h's products, with FN(name) and KERNEL defined.
 *
 * It is the way of gemm_template.h, with a pair of neighbours in k in place of one element: k is cut into
 * runs of at most DEPTH pairs, m into blocks of BLOCK_ROWS, n into panels of two vectors. Rounding is
 * part of the copying:
 *
 *   for each run of k:                      (the first applies beta, later ones add to C)
 *     for each block of rows:               round the block of A
 *       for each panel of columns:          round the panel of B
 *         for each tile of the panel:       C tile = alpha sum_p A[i][p] B[p][j] + beta C tile
 *
 * Every element of C is summed in the order of k, of each pair the second product first, in runs that
 * depend on k alone: neither threads nor the instruction set change a bit of the sum. */

#define LANES      PAIR_LANES
#define COLUMNS    (2 * LANES)
#define WORK       FN(work)
#define DEPTH      128 /* pairs; with BLOCK_ROWS the stack of gemm_template.h */
#define BLOCK_ROWS (71680 / (DEPTH * 4) / BF16_TILE_ROWS * BF16_TILE_ROWS)

/* One product being worked on. Depths are in pairs. */
typedef struct WORK {
  const dni_product *call;
  uint32_t *a;     /* [rows][DEPTH], or [depth][BLOCK_ROWS] if A is stored transposed */
  uint32_t *panel; /* [DEPTH][COLUMNS] */
  size_t first_depth, depth;
  size_t first_row, rows;
  float alpha, beta; /* of this run */
} WORK;

/* Rounding. ------------------------------------------------------------------------------------ */

/* to[r][p] = (from[r][2p], from[r][2p + 1]); beside an odd last column is 0. */
static void FN(pairs_along)(size_t rows, size_t columns, const float *from, size_t from_ld,
                            uint32_t *to, size_t to_ld) {
  for (size_t r = 0; r < rows; r++, from += from_ld, to += to_ld) {
    size_t c = 0;
    for (; c + 2 * LANES <= columns; c += 2 * LANES)
      pairs_along_vector(from + c, to + c / 2);
    for (; c + 2 <= columns; c += 2)
      to[c / 2] = pair_of(from[c], from[c + 1]);
    if (c < columns) to[c / 2] = pair_of(from[c], 0);
  }
}

/* to[p][c] = (from[2p][c], from[2p + 1][c]); below an odd last row is 0. */
static void FN(pairs_across)(size_t rows, size_t columns, const float *from, size_t from_ld,
                             uint32_t *to, size_t to_ld) {
  size_t r = 0;
  for (; r + 2 <= rows; r += 2, from += 2 * from_ld, to += to_ld) {
    size_t c = 0;
    for (; c + LANES <= columns; c += LANES)
      pairs_across_vector(from + c, from + from_ld + c, to + c);
    for (; c < columns; c++)
      to[c] = pair_of(from[c], from[from_ld + c]);
  }
  if (r < rows)
    for (size_t c = 0; c < columns; c++)
      to[c] = pair_of(from[c], 0);
}

/* to[p][r] = (from[r][2p], from[r][2p + 1]); beside an odd last column is 0. */
static void FN(pairs_transposed)(size_t rows, size_t columns, const float *from, size_t from_ld,
                                 uint32_t *to, size_t to_ld) {
  uint32_t strip[4 * LANES];
  for (size_t r = 0, count; r < rows; r += count, from += count * from_ld, to += count) {
    count = rows - r < 4 ? rows - r : 4;
    for (size_t c = 0, width; c < columns; c += width) {
      width = columns - c < 2 * LANES ? columns - c : 2 * LANES;
      size_t pair_count = (width + 1) / 2, p = 0;
      FN(pairs_along)(count, width, from + c, from_ld, strip, LANES);
      for (; count == 4 && p + 4 <= pair_count; p += 4)
        transpose_pairs(strip + p, LANES, to + (c / 2 + p) * to_ld, to_ld);
      for (; p < pair_count; p++)
        for (size_t i = 0; i < count; i++)
          to[(c / 2 + p) * to_ld + i] = strip[i * LANES + p];
    }
  }
}

/* How many elements of k there are in this run. */
static size_t FN(elements)(const WORK *w) {
  size_t first = 2 * w->first_depth, left = w->call->k - first;
  return left < 2 * w->depth ? left : 2 * w->depth;
}

static void FN(round_a)(const WORK *w) {
  size_t lda = w->call->lda, elements = FN(elements)(w), first = 2 * w->first_depth;
  const float *a = w->call->a;
  if (w->call->transpose_a)
    FN(pairs_across)(elements, w->rows, a + first * lda + w->first_row, lda, w->a, BLOCK_ROWS);
  else
    FN(pairs_along)(w->rows, elements, a + w->first_row * lda + first, lda, w->a, DEPTH);
}

/* Columns first_column .. first_column+width-1 of this run of op(B) into the panel, zeros beside them. */
static void FN(round_b)(const WORK *w, size_t first_column, size_t width) {
  size_t ldb = w->call->ldb, elements = FN(elements)(w), first = 2 * w->first_depth;
  const float *b = w->call->b;
  if (width < COLUMNS) memset(w->panel, 0, w->depth * COLUMNS * sizeof *w->panel);
  if (w->call->transpose_b)
    FN(pairs_transposed)(width, elements, b + first_column * ldb + first, ldb, w->panel, COLUMNS);
  else
    FN(pairs_across)(elements, width, b + first * ldb + first_column, ldb, w->panel, COLUMNS);
}

/* Tiles. --------------------------------------------------------------------------------------- */

/* C [rows][vectors] = alpha A B + beta C in registers. Element (i, p) of A is
 * a[i * row_step + p * depth_step]. Always inlined, with rows, vectors and steps constant. */
static inline __attribute__((always_inline)) void FN(tile)(size_t rows, size_t vectors,
                                                           size_t row_step, size_t depth_step,
                                                           const WORK *w, const uint32_t *a,
                                                           float *c, size_t ldc) {
  vector_f32 sums[BF16_TILE_ROWS][2] = {0};
  const uint32_t *b = w->panel;
  for (size_t p = w->depth; p > 0; p--, a += depth_step, b += COLUMNS) {
    pairs b_row[2];
#pragma GCC unroll 2
    for (size_t v = 0; v < vectors; v++)
      b_row[v] = *(const pairs *)(b + v * LANES);
#pragma GCC unroll 14
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 2
      for (size_t v = 0; v < vectors; v++)
        sums[i][v] = add_products(a[i * row_step], b_row[v], sums[i][v]);
  }
#pragma GCC unroll 14
  for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (size_t v = 0; v < vectors; v++) {
      unaligned_f32 *to = (unaligned_f32 *)(c + i * ldc + v * LANES);
      vector_f32 sum = broadcast_f32(w->alpha) * sums[i][v];
      *to = w->beta == 0 ? sum : multiply_add_f32(w->beta, *to, sum);
    }
}

#define TILES(rows)                                                                                \
  if (w->call->transpose_a) {                                                                      \
    if (vectors == 2)                                                                              \
      FN(tile)(rows, 2, 1, BLOCK_ROWS, w, a, c, ldc);                                              \
    else                                                                                           \
      FN(tile)(rows, 1, 1, BLOCK_ROWS, w, a, c, ldc);                                              \
  } else {                                                                                         \
    if (vectors == 2)                                                                              \
      FN(tile)(rows, 2, DEPTH, 1, w, a, c, ldc);                                                   \
    else                                                                                           \
      FN(tile)(rows, 1, DEPTH, 1, w, a, c, ldc);                                                   \
  }

static void FN(tile_full)(const WORK *w, size_t vectors, const uint32_t *a, float *c, size_t ldc) {
  TILES(BF16_TILE_ROWS)
}

static void FN(tile_4)(const WORK *w, size_t vectors, const uint32_t *a, float *c, size_t ldc) {
  TILES(4)
}

static void FN(tile_1)(const WORK *w, size_t vectors, const uint32_t *a, float *c, size_t ldc) {
  TILES(1)
}

#undef TILES

static void FN(copy)(size_t rows, size_t columns, const float *from, size_t from_ld, float *to,
                     size_t to_ld) {
  for (size_t r = 0; r < rows; r++)
    memcpy(to + r * to_ld, from + r * from_ld, columns * sizeof *to);
}

/* The tiles of the panel, `width` columns of it. Tiles that hang over the edge of C are worked on in a
 * copy. */
static void FN(panel)(const WORK *w, size_t width, float *c) {
  size_t vectors = width <= LANES ? 1 : 2, ldc = w->call->ldc, rows;
  float edge[BF16_TILE_ROWS * COLUMNS] __attribute__((aligned(DNI_VECTOR_BYTES)));
  bool whole = width == vectors * LANES;
  for (size_t i = 0; i < w->rows; i += rows, c += rows * ldc) {
    size_t left = w->rows - i;
    const uint32_t *a = w->a + i * (w->call->transpose_a ? 1 : DEPTH);
    rows = left >= BF16_TILE_ROWS ? BF16_TILE_ROWS : left >= 4 ? 4 : 1;
    float *to = whole ? c : edge;
    size_t to_ld = whole ? ldc : COLUMNS;
    if (!whole && w->beta != 0) FN(copy)(rows, width, c, ldc, edge, COLUMNS);
    if (rows == BF16_TILE_ROWS)
      FN(tile_full)(w, vectors, a, to, to_ld);
    else if (rows == 4)
      FN(tile_4)(w, vectors, a, to, to_ld);
    else
      FN(tile_1)(w, vectors, a, to, to_ld);
    if (!whole) FN(copy)(rows, width, edge, COLUMNS, c, ldc);
  }
}

/* All of it. ----------------------------------------------------------------------------------- */

/* The largest part when `size` is cut into as few parts of at most `most` as can be, all of about
 * the same size, a multiple of `unit`. */
static size_t FN(share)(size_t size, size_t most, size_t unit) {
  size_t parts = (size - 1) / most + 1, share = (size - 1) / parts + 1;
  return (share + unit - 1) / unit * unit;
}

static void FN(block)(const WORK *w) {
  const dni_product *call = w->call;
  float *c = (float *)call->c + w->first_row * call->ldc;
  FN(round_a)(w);
  for (size_t j = 0; j < call->n; j += COLUMNS) {
    size_t width = call->n - j < COLUMNS ? call->n - j : COLUMNS;
    FN(round_b)(w, j, width);
    FN(panel)(w, width, c + j);
  }
}

static void FN(gemm)(const dni_product *call) {
  uint32_t a[BLOCK_ROWS * DEPTH] __attribute__((aligned(64)));
  uint32_t panel[DEPTH * COLUMNS] __attribute__((aligned(64)));
  WORK w = {call, a, panel, 0, 0, 0, 0, (float)call->alpha, (float)call->beta};
  size_t pair_count = (call->k - 1) / 2 + 1, depth = FN(share)(pair_count, DEPTH, 1);
  size_t rows = FN(share)(call->m, BLOCK_ROWS, BF16_TILE_ROWS);
  for (w.first_depth = 0; w.first_depth < pair_count; w.first_depth += depth, w.beta = 1) {
    w.depth = pair_count - w.first_depth < depth ? pair_count - w.first_depth : depth;
    for (w.first_row = 0; w.first_row < call->m; w.first_row += rows) {
      w.rows = call->m - w.first_row < rows ? call->m - w.first_row : rows;
      FN(block)(&w);
    }
  }
}

const dni__gemm_kernel KERNEL = {FN(gemm), NULL, 0, BF16_TILE_ROWS, COLUMNS};

#undef LANES
#undef COLUMNS
#undef WORK
#undef DEPTH
#undef BLOCK_ROWS
