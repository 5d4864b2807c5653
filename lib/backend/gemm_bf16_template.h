/* C = alpha op(A) op(B) + beta C of floats, A and B rounded to bf16. Included once for each instruction
 * set, after bf16_round_template.h, with FN(name) and KERNEL defined.
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

#define WORK       FN(work)
#define DEPTH      128 /* pairs; with BLOCK_ROWS the stack of gemm_template.h */
#define BLOCK_ROWS (71680 / (DEPTH * 4))

/* One product being worked on. Depths are in pairs. */
typedef struct WORK {
  const dni_product *call;
  const uint32_t *panels; /* of op(B), panel_pairs long; NULL: B is rounded here */
  size_t panel_pairs;
  uint32_t *a;     /* [rows][DEPTH], or [depth][rows] if A is stored transposed */
  uint32_t *panel; /* [DEPTH][COLUMNS] */
  size_t first_depth, depth;
  size_t first_row, rows;
  float alpha, beta; /* of this run */
} WORK;

/* Rounding. ------------------------------------------------------------------------------------ */

/* How many elements of k there are in this run. */
static size_t FN(elements)(const WORK *w) {
  size_t first = 2 * w->first_depth, left = w->call->k - first;
  return left < 2 * w->depth ? left : 2 * w->depth;
}

static void FN(round_a)(const WORK *w) {
  size_t lda = w->call->lda, elements = FN(elements)(w), first = 2 * w->first_depth;
  const float *a = w->call->a;
  if (w->call->transpose_a)
    FN(pairs_across)(elements, w->rows, a + first * lda + w->first_row, lda, w->a, w->rows);
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
 * a[i * row_step + p * depth_step]. Always inlined, with rows, vectors and steps constant.
 *
 * Packed weights come from memory. While the first tile of a panel is summed (`first`), the next panel
 * is fetched: that takes a third off the product of a small batch. For other tiles the two fetches are
 * of what is there, which costs less than code without them. */
static inline __attribute__((always_inline)) void
FN(tile)(size_t rows, size_t vectors, size_t row_step, size_t depth_step, const WORK *w, bool first,
         const uint32_t *a, const uint32_t *b, float *c, size_t ldc) {
  vector_f32 sums[BF16_TILE_ROWS][2] = {0};
  const bool fetches = first && w->panels;
  uintptr_t ahead = (uintptr_t)b + (fetches ? w->panel_pairs * COLUMNS * sizeof *b : 0);
  const size_t ahead_step = fetches ? COLUMNS * sizeof *b : 0;
  for (size_t p = w->depth; p > 0; p--, a += depth_step, b += COLUMNS) {
    pairs b_row[2];
    if (row_step == DEPTH) {
      __builtin_prefetch((const void *)ahead);
      __builtin_prefetch((const void *)(ahead + 64));
      ahead += ahead_step;
    }
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

#define TILES(height)                                                                              \
  if (w->call->transpose_a) {                                                                      \
    if (vectors == 2)                                                                              \
      FN(tile)(height, 2, 1, w->rows, w, first, a, b, c, ldc);                                     \
    else                                                                                           \
      FN(tile)(height, 1, 1, w->rows, w, first, a, b, c, ldc);                                     \
  } else {                                                                                         \
    if (vectors == 2)                                                                              \
      FN(tile)(height, 2, DEPTH, 1, w, first, a, b, c, ldc);                                       \
    else                                                                                           \
      FN(tile)(height, 1, DEPTH, 1, w, first, a, b, c, ldc);                                       \
  }
#define DEFINE_TILES(height)                                                                       \
  static void FN(tile_##height)(const WORK *w, size_t vectors, bool first, const uint32_t *a,      \
                                const uint32_t *b, float *c, size_t ldc) {                         \
    TILES(height)                                                                                  \
  }

DEFINE_TILES(1)
DEFINE_TILES(4)
#if BF16_TILE_ROWS > 4
DEFINE_TILES(6)
DEFINE_TILES(8)
DEFINE_TILES(14)

/* How high the next tile is: sums of 14, 8 and 6 rows come as close to the rows that are left as can
 * be, because a tile of fewer waits for its own sums. */
static size_t FN(height)(size_t left) {
  static const unsigned char heights[] = {0,  1,  1, 1, 4, 4, 6,  6,  8,  8,  6, 6, 6,  6,
                                          14, 14, 8, 8, 6, 6, 14, 14, 14, 14, 8, 8, 14, 14};
  return left < sizeof heights ? heights[left] : 14;
}
#else
static size_t FN(height)(size_t left) {
  return left < 4 ? 1 : 4;
}
#endif

static void FN(tiles)(size_t rows, const WORK *w, size_t vectors, bool first, const uint32_t *a,
                      const uint32_t *b, float *c, size_t ldc) {
  switch (rows) {
#if BF16_TILE_ROWS > 4
  case 14:
    FN(tile_14)(w, vectors, first, a, b, c, ldc);
    break;
  case 8:
    FN(tile_8)(w, vectors, first, a, b, c, ldc);
    break;
  case 6:
    FN(tile_6)(w, vectors, first, a, b, c, ldc);
    break;
#endif
  case 4:
    FN(tile_4)(w, vectors, first, a, b, c, ldc);
    break;
  default:
    FN(tile_1)(w, vectors, first, a, b, c, ldc);
  }
}

#undef DEFINE_TILES
#undef TILES

static void FN(copy)(size_t rows, size_t columns, const float *from, size_t from_ld, float *to,
                     size_t to_ld) {
  for (size_t r = 0; r < rows; r++)
    memcpy(to + r * to_ld, from + r * from_ld, columns * sizeof *to);
}

/* The tiles of a panel, `width` columns of it. Tiles that hang over the edge of C are worked on in a
 * copy. */
static void FN(panel)(const WORK *w, size_t width, const uint32_t *b, float *c) {
  size_t vectors = width <= LANES ? 1 : 2, ldc = w->call->ldc, rows;
  float edge[BF16_TILE_ROWS * COLUMNS] __attribute__((aligned(DNI_VECTOR_BYTES)));
  bool whole = width == vectors * LANES;
  for (size_t i = 0; i < w->rows; i += rows, c += rows * ldc) {
    const uint32_t *a = w->a + i * (w->call->transpose_a ? 1 : DEPTH);
    float *to = whole ? c : edge;
    size_t to_ld = whole ? ldc : COLUMNS;
    rows = FN(height)(w->rows - i);
    if (!whole && w->beta != 0) FN(copy)(rows, width, c, ldc, edge, COLUMNS);
    FN(tiles)(rows, w, vectors, i == 0, a, b, to, to_ld);
    if (!whole) FN(copy)(rows, width, edge, COLUMNS, c, ldc);
  }
}

/* All of it. ----------------------------------------------------------------------------------- */

/* This run of the panel that begins with column j. */
static const uint32_t *FN(panel_of)(const WORK *w, size_t j, size_t width) {
  if (w->panels) return w->panels + j * w->panel_pairs + w->first_depth * COLUMNS;
  FN(round_b)(w, j, width);
  return w->panel;
}

static void FN(block)(const WORK *w) {
  const dni_product *call = w->call;
  float *c = (float *)call->c + w->first_row * call->ldc;
  FN(round_a)(w);
  for (size_t j = 0; j < call->n; j += COLUMNS) {
    size_t width = call->n - j < COLUMNS ? call->n - j : COLUMNS;
    FN(panel)(w, width, FN(panel_of)(w, j, width), c + j);
  }
}

static void FN(gemm)(const dni__bf16_product *given) {
  const dni_product *call = &given->product;
  uint32_t a[BLOCK_ROWS * DEPTH] __attribute__((aligned(64)));
  uint32_t panel[DEPTH * COLUMNS] __attribute__((aligned(64)));
  size_t pair_count = dni__pairs(call->k), depth = dni__gemm_share(pair_count, DEPTH, 1);
  const size_t room = given->block ? DNI__BLOCK_PAIRS : BLOCK_ROWS * DEPTH;
  size_t most = room / (call->transpose_a ? depth : DEPTH);
  size_t rows = dni__gemm_share(call->m, most, 1);
  WORK w = {.call = call,
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
      FN(block)(&w);
    }
  }
}

const dni__bf16_kernel KERNEL = {FN(gemm), FN(pack), BF16_TILE_ROWS, COLUMNS, 1};

#undef LANES
#undef COLUMNS
#undef WORK
#undef DEPTH
#undef BLOCK_ROWS
