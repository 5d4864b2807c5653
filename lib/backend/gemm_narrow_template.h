/* Products in which one operand is narrow, for one element type; included by gemm_template.h.
 *
 * The narrow operand S (few outputs' weights, or a small batch) is cut into panels of two vectors
 * and copied, all of a panel's k at once; the long one L, whose rows run along k, is read where it
 * is, once for each panel. C comes out as L S or, if S is A and L is B, as (L S)^T: then each tile
 * is transposed on its way to C, which costs less than copying all of a transposed B.
 *
 *   for each panel of S:
 *     for each stretch of k that the panel holds:
 *       for each tile of rows of L:           one run of k after the other, as in
 *                                             gemm_template.h, to the same bits */
#define NARROW_DEPTH 512 /* a panel of 64 KB */

typedef struct NARROW {
  const REAL *l; /* [rows][k] */
  size_t ldl, rows;
  bool transposed_c;              /* S is A and L is B */
  size_t first, width;            /* columns of this panel */
  size_t first_depth, depth, run; /* stretch of k, and the length of a run */
  REAL alpha, beta;               /* of this stretch */
  REAL *panel;                    /* [NARROW_DEPTH][COLUMNS] */
} NARROW;

/* Whether the product is done here: a narrow C, or a small batch times transposed weights. */
static bool FN(is_narrow)(const dni_product *call) {
  return !call->transpose_a && (call->n <= COLUMNS || (call->transpose_b && call->m <= COLUMNS));
}

#define TILE(rows, vectors)                                                                        \
  FN(tile)(rows, vectors, w->ldl, 1, depth, l, panel, COLUMNS, NULL, w->alpha, beta, edge, COLUMNS)
#define TILES(rows)                                                                                \
  if (vectors == 2)                                                                                \
    TILE(rows, 2);                                                                                 \
  else                                                                                             \
    TILE(rows, 1);

static void FN(narrow_full)(const NARROW *w, size_t vectors, size_t depth, const REAL *l,
                            const REAL *panel, REAL beta, REAL *edge) {
  TILES(TILE_ROWS)
}

static void FN(narrow_4)(const NARROW *w, size_t vectors, size_t depth, const REAL *l,
                         const REAL *panel, REAL beta, REAL *edge) {
  TILES(4)
}

static void FN(narrow_1)(const NARROW *w, size_t vectors, size_t depth, const REAL *l,
                         const REAL *panel, REAL beta, REAL *edge) {
  TILES(1)
}

#undef TILES
#undef TILE

/* All runs of a tile into `edge` [rows][COLUMNS]. */
static void FN(narrow_runs)(const NARROW *w, size_t first, size_t rows, REAL *edge) {
  size_t vectors = w->width <= LANES ? 1 : 2;
  REAL beta = w->beta;
  for (size_t p = 0; p < w->depth; p += w->run, beta = 1) {
    size_t depth = w->depth - p < w->run ? w->depth - p : w->run;
    const REAL *l = w->l + first * w->ldl + w->first_depth + p, *panel = w->panel + p * COLUMNS;
    if (rows == TILE_ROWS)
      FN(narrow_full)(w, vectors, depth, l, panel, beta, edge);
    else if (rows == 4)
      FN(narrow_4)(w, vectors, depth, l, panel, beta, edge);
    else
      FN(narrow_1)(w, vectors, depth, l, panel, beta, edge);
  }
}

static void FN(narrow_panel)(const NARROW *w, REAL *c, size_t ldc) {
  REAL edge[TILE_ROWS * COLUMNS] __attribute__((aligned(DNI_VECTOR_BYTES)));
  for (size_t i = 0, rows; i < w->rows; i += rows) {
    size_t left = w->rows - i;
    rows = left >= TILE_ROWS ? TILE_ROWS : left >= 4 ? 4 : 1;
    REAL *to = w->transposed_c ? c + w->first * ldc + i : c + i * ldc + w->first;
    if (w->beta != 0 && w->transposed_c)
      FN(copy_transposed)(w->width, rows, to, ldc, edge, COLUMNS);
    else if (w->beta != 0)
      FN(copy)(rows, w->width, to, ldc, edge, COLUMNS);
    FN(narrow_runs)(w, i, rows, edge);
    if (w->transposed_c)
      FN(copy_transposed)(rows, w->width, edge, COLUMNS, to, ldc);
    else
      FN(copy)(rows, w->width, edge, COLUMNS, to, ldc);
  }
}

/* This stretch of S into the panel, zeros beside it. */
static void FN(narrow_copy)(const NARROW *w, const dni_product *call) {
  const REAL *a = call->a, *b = call->b;
  if (w->width < COLUMNS) memset(w->panel, 0, w->depth * COLUMNS * sizeof(REAL));
  if (w->transposed_c) FN(copy_transposed)
  (w->width, w->depth, a + w->first * call->lda + w->first_depth, call->lda, w->panel, COLUMNS);
  else if (call->transpose_b) FN(copy_transposed)(
      w->width, w->depth, b + w->first * call->ldb + w->first_depth, call->ldb, w->panel, COLUMNS);
  else FN(copy)(w->depth, w->width, b + w->first_depth * call->ldb + w->first, call->ldb, w->panel,
                COLUMNS);
}

static void FN(narrow)(const dni_product *call) {
  REAL panel[NARROW_DEPTH * COLUMNS] __attribute__((aligned(64)));
  bool long_b = call->n > COLUMNS;
  size_t columns = long_b ? call->m : call->n;
  NARROW w = {.l = long_b ? call->b : call->a,
              .ldl = long_b ? call->ldb : call->lda,
              .rows = long_b ? call->n : call->m,
              .transposed_c = long_b,
              .run = dni__gemm_share(call->k, DEPTH, 1),
              .alpha = (REAL)call->alpha,
              .panel = panel};
  size_t stretch = NARROW_DEPTH / w.run * w.run;
  for (w.first = 0; w.first < columns; w.first += COLUMNS) {
    w.width = columns - w.first < COLUMNS ? columns - w.first : COLUMNS;
    w.beta = (REAL)call->beta;
    for (w.first_depth = 0; w.first_depth < call->k; w.first_depth += stretch, w.beta = 1) {
      w.depth = call->k - w.first_depth < stretch ? call->k - w.first_depth : stretch;
      FN(narrow_copy)(&w, call);
      FN(narrow_panel)(&w, call->c, call->ldc);
    }
  }
}

#undef NARROW_DEPTH
