/* C = alpha op(A) op(B) + beta C for one element type. Included with REAL, VECTOR, UNALIGNED,
 * BROADCAST, MULTIPLY_ADD, FN(name) and KERNEL defined; no include guard.
 *
 * k is cut into runs of at most DEPTH, m into blocks of BLOCK_ROWS, n into panels of two vectors. A
 * block of op(A) and one panel of op(B) are copied to the stack, where they stay in the caches
 * whatever the strides; nothing is allocated. A tile of TILE_ROWS x 2 vectors of C is then summed
 * in registers over the whole run:
 *
 *   for each run of k:                      (the first applies beta, later ones add to C)
 *     for each block of rows:               copy the block of A as it is stored
 *       for each panel of columns:          copy the panel of B so that k runs along its rows
 *         for each tile of the panel:       C tile = alpha sum_p A[i][p] B[p][j] + beta C tile
 *
 * Every element of C is summed in the order of k, in runs that depend on k alone, with the same
 * operations in every kind of tile: cutting C into parts for threads changes no bit.
 *
 * Narrow products go through gemm_narrow_template.h, to the same bits; products of very few rows
 * through gemm_dots_template.h, if builtin.c says so of the whole product. */

#define LANES   (DNI_VECTOR_BYTES / sizeof(REAL))
#define COLUMNS (2 * LANES)
#define SQUARE  (16 / sizeof(REAL))
#define WORK    FN(work)
#define NARROW  FN(narrow_work)
/* On the stack are a panel of B, at most 16 KB, so that it stays in the first-level cache, and a
 * block of A, at most 70 KB: nothing else in the library needs as much, and dni.h says how much
 * stack a call needs. Blocks of half the size cost up to a quarter of the speed. */
#define DEPTH      128
#define BLOCK_ROWS (71680 / (DEPTH * sizeof(REAL)) / TILE_ROWS * TILE_ROWS)

/* One product being worked on. */
typedef struct WORK {
  const dni_product *call;
  REAL *a;     /* the block of op(A), see copy_a */
  REAL *panel; /* [DEPTH][COLUMNS] */
  size_t first_depth, depth;
  size_t first_row, rows;
  REAL alpha, beta; /* of this run */
} WORK;

/* C [rows][vectors] = alpha A B + beta C in registers. Element (i, p) of A is
 * a[i * row_step + p * depth_step]. What is read of B is also put into the panel `keep` unless that
 * is NULL. Always inlined, with rows, vectors and whether to keep constant. */
static inline __attribute__((always_inline)) void
FN(tile)(size_t rows, size_t vectors, size_t row_step, size_t depth_step, size_t depth,
         const REAL *a, const REAL *b, size_t ldb, REAL *keep, REAL alpha, REAL beta, REAL *c,
         size_t ldc) {
  VECTOR sums[TILE_ROWS][2] = {0};
  for (size_t p = 0; p < depth; p++, a += depth_step, b += ldb) {
    VECTOR b_row[2];
#pragma GCC unroll 2
    for (size_t v = 0; v < vectors; v++) {
      b_row[v] = *(const UNALIGNED *)(b + v * LANES);
      if (keep) *(VECTOR *)(keep + p * COLUMNS + v * LANES) = b_row[v];
    }
#pragma GCC unroll 14
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 2
      for (size_t v = 0; v < vectors; v++)
        sums[i][v] = MULTIPLY_ADD(a[i * row_step], b_row[v], sums[i][v]);
  }
#pragma GCC unroll 14
  for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (size_t v = 0; v < vectors; v++) {
      UNALIGNED *to = (UNALIGNED *)(c + i * ldc + v * LANES);
      VECTOR sum = BROADCAST(alpha) * sums[i][v];
      *to = beta == 0 ? sum : MULTIPLY_ADD(beta, *to, sum);
    }
}

/* The kinds of tile: 14 (6), 4 or 1 rows, two vectors or one, A as stored or transposed. */
#define TILE(rows, vectors, row_step, depth_step)                                                  \
  FN(tile)                                                                                         \
  (rows, vectors, row_step, depth_step, w->depth, a, b, ldb, NULL, w->alpha, w->beta, c, ldc)
#define TILES(rows)                                                                                \
  if (w->call->transpose_a) {                                                                      \
    if (vectors == 2)                                                                              \
      TILE(rows, 2, 1, BLOCK_ROWS);                                                                \
    else                                                                                           \
      TILE(rows, 1, 1, BLOCK_ROWS);                                                                \
  } else {                                                                                         \
    if (vectors == 2)                                                                              \
      TILE(rows, 2, DEPTH, 1);                                                                     \
    else                                                                                           \
      TILE(rows, 1, DEPTH, 1);                                                                     \
  }

static void FN(tile_full)(const WORK *w, size_t vectors, const REAL *a, const REAL *b, size_t ldb,
                          REAL *c, size_t ldc) {
  TILES(TILE_ROWS)
}

static void FN(tile_4)(const WORK *w, size_t vectors, const REAL *a, const REAL *b, size_t ldb,
                       REAL *c, size_t ldc) {
  TILES(4)
}

static void FN(tile_1)(const WORK *w, size_t vectors, const REAL *a, const REAL *b, size_t ldb,
                       REAL *c, size_t ldc) {
  TILES(1)
}

#undef TILES
#undef TILE

/* A full tile of a panel of B that is still in its place; copies it to the panel on the way, where
 * the waiting for B hides behind the arithmetic. */
static void FN(tile_first)(const WORK *w, const REAL *a, const REAL *b, REAL *c) {
  size_t ldb = w->call->ldb, ldc = w->call->ldc;
  if (w->call->transpose_a) FN(tile)
  (TILE_ROWS, 2, 1, BLOCK_ROWS, w->depth, a, b, ldb, w->panel, w->alpha, w->beta, c, ldc);
  else FN(tile)(TILE_ROWS, 2, DEPTH, 1, w->depth, a, b, ldb, w->panel, w->alpha, w->beta, c, ldc);
}

/* Copy `rows` rows of `columns` elements, few enough that calling memcpy for each would cost
 * more. */
static void FN(copy)(size_t rows, size_t columns, const REAL *from, size_t from_ld, REAL *to,
                     size_t to_ld) {
  for (size_t r = 0; r < rows; r++, from += from_ld, to += to_ld) {
    size_t c = 0;
    for (; c + LANES <= columns; c += LANES)
      *(UNALIGNED *)(to + c) = *(const UNALIGNED *)(from + c);
    for (; c + SQUARE <= columns; c += SQUARE)
      *(QUAD *)(to + c) = *(const QUAD *)(from + c);
    for (; c < columns; c++)
      to[c] = from[c];
  }
}

/* to[p][j] = from[j][p] for from [rows][columns]. */
static void FN(copy_transposed)(size_t rows, size_t columns, const REAL *from, size_t from_ld,
                                REAL *to, size_t to_ld) {
  size_t j = 0, squares = columns / SQUARE * SQUARE;
  for (; j + SQUARE <= rows; j += SQUARE) {
    const REAL *row = from + j * from_ld;
    for (size_t p = 0; p < squares; p += SQUARE)
      TRANSPOSE_SQUARE(row + p, from_ld, to + p * to_ld + j, to_ld);
    for (size_t p = squares; p < columns; p++)
      for (size_t i = 0; i < SQUARE; i++)
        to[p * to_ld + j + i] = row[i * from_ld + p];
  }
  for (; j < rows; j++)
    for (size_t p = 0; p < columns; p++)
      to[p * to_ld + j] = from[j * from_ld + p];
}

/* The tiles of one panel `width` columns wide, of which b has whole vectors, from row `first` of
 * the block on. Tiles that hang over the edge of C are worked on in a copy. */
static void FN(panel)(const WORK *w, size_t first, size_t width, const REAL *b, size_t ldb,
                      REAL *c) {
  size_t vectors = width <= LANES ? 1 : 2, ldc = w->call->ldc, rows;
  REAL edge[TILE_ROWS * COLUMNS] __attribute__((aligned(DNI_VECTOR_BYTES)));
  c += first * ldc;
  for (size_t i = first; i < w->rows; i += rows, c += rows * ldc) {
    size_t left = w->rows - i;
    const REAL *a = w->a + i * (w->call->transpose_a ? 1 : DEPTH);
    rows = left >= TILE_ROWS ? TILE_ROWS : left >= 4 ? 4 : 1;
    bool whole = width == vectors * LANES;
    REAL *to = whole ? c : edge;
    size_t to_ld = whole ? ldc : COLUMNS;
    if (!whole && w->beta != 0) FN(copy)(rows, width, c, ldc, edge, COLUMNS);
    if (rows == TILE_ROWS)
      FN(tile_full)(w, vectors, a, b, ldb, to, to_ld);
    else if (rows == 4)
      FN(tile_4)(w, vectors, a, b, ldb, to, to_ld);
    else
      FN(tile_1)(w, vectors, a, b, ldb, to, to_ld);
    if (!whole) FN(copy)(rows, width, edge, COLUMNS, c, ldc);
  }
}

/* Put columns first .. first+width-1 of this run of op(B) into the panel, zeros beside them. */
static void FN(copy_b)(const WORK *w, size_t first, size_t width) {
  size_t ldb = w->call->ldb, depth = w->depth;
  const REAL *b = w->call->b;
  if (width < COLUMNS) memset(w->panel, 0, depth * COLUMNS * sizeof(REAL));
  if (w->call->transpose_b) {
    FN(copy_transposed)(width, depth, b + first * ldb + w->first_depth, ldb, w->panel, COLUMNS);
    return;
  }
  b += w->first_depth * ldb + first;
  if (width == COLUMNS) { /* for a loop of constant length */
    FN(copy)(depth, COLUMNS, b, ldb, w->panel, COLUMNS);
  } else {
    FN(copy)(depth, width, b, ldb, w->panel, COLUMNS);
  }
}

/* The block of A as it is stored: [rows][DEPTH], or [depth][BLOCK_ROWS] if transposed. */
static void FN(copy_a)(const WORK *w) {
  size_t lda = w->call->lda;
  const REAL *a = w->call->a;
  if (w->call->transpose_a) {
    a += w->first_depth * lda + w->first_row;
    FN(copy)(w->depth, w->rows, a, lda, w->a, BLOCK_ROWS);
  } else {
    a += w->first_row * lda + w->first_depth;
    FN(copy)(w->rows, w->depth, a, lda, w->a, DEPTH);
  }
}

/* The tiles of a whole panel of B as it is stored. The first tile copies it for the others; if
 * there are none it is not worth copying. */
static void FN(panel_in_place)(const WORK *w, size_t first, REAL *c) {
  size_t ldb = w->call->ldb;
  const REAL *b = (const REAL *)w->call->b + w->first_depth * ldb + first;
  if (w->rows <= TILE_ROWS) {
    FN(panel)(w, 0, COLUMNS, b, ldb, c);
    return;
  }
  FN(tile_first)(w, w->a, b, c);
  FN(panel)(w, TILE_ROWS, COLUMNS, w->panel, COLUMNS, c);
}

static void FN(block)(const WORK *w) {
  const dni_product *call = w->call;
  REAL *c = (REAL *)call->c + w->first_row * call->ldc;
  FN(copy_a)(w);
  for (size_t j = 0; j < call->n; j += COLUMNS) {
    size_t width = call->n - j < COLUMNS ? call->n - j : COLUMNS;
    if (!call->transpose_b && width == COLUMNS) {
      FN(panel_in_place)(w, j, c + j);
      continue;
    }
    FN(copy_b)(w, j, width);
    FN(panel)(w, 0, width, w->panel, COLUMNS, c + j);
  }
}

#include "backend/gemm_dots_template.h"
#include "backend/gemm_narrow_template.h"

static void FN(general)(const dni_product *call) {
  REAL a[BLOCK_ROWS * DEPTH] __attribute__((aligned(64)));
  REAL panel[DEPTH * COLUMNS] __attribute__((aligned(64)));
  WORK w = {call, a, panel, 0, 0, 0, 0, (REAL)call->alpha, (REAL)call->beta};
  size_t depth = dni__gemm_share(call->k, DEPTH, 1);
  size_t rows = dni__gemm_share(call->m, BLOCK_ROWS, TILE_ROWS);
  for (w.first_depth = 0; w.first_depth < call->k; w.first_depth += depth, w.beta = 1) {
    w.depth = call->k - w.first_depth < depth ? call->k - w.first_depth : depth;
    for (w.first_row = 0; w.first_row < call->m; w.first_row += rows) {
      w.rows = call->m - w.first_row < rows ? call->m - w.first_row : rows;
      FN(block)(&w);
    }
  }
}

static void FN(gemm)(const dni_product *call) {
  if (FN(is_narrow)(call))
    FN(narrow)(call);
  else
    FN(general)(call);
}

const dni__gemm_kernel KERNEL = {FN(gemm), FN(dots), DOTS_ROWS, TILE_ROWS, COLUMNS};

#undef LANES
#undef COLUMNS
#undef SQUARE
#undef WORK
#undef NARROW
#undef DEPTH
#undef BLOCK_ROWS
