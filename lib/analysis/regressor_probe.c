/* Linear regressor probe (Figure 8, right): least squares from h to x by normal equations. Columns
 * of both are standardised first, Z and T, which takes the constant out and makes one tolerance fit
 * all of h; then
 *
 *   G = Z^T Z / rows,   C = Z^T T / rows,   G_PP W_P = C_P,
 *
 * P being the columns that a pivoted Cholesky factorisation G_PP = U^T U takes. With U^T V = C_P, of
 * column c of T the share 1 - sum_k V_kc^2 is left. Where hardly anything is left that difference has
 * no digits, and the error is that of the residual T - Z W itself, added up in a second pass over the
 * rows: an error in W then counts by its square, and exactly linear data leave next to nothing. */
#include <float.h>
#include <math.h>

#include "analysis/columns.h"
#include "analysis/numbers.h"
#include "backend/backend.h"
#include "dni/research.h"

#define ROWS_AT_A_TIME    256
#define COLUMNS_AT_A_TIME 128 /* of G, which is symmetric: the part below them is not computed */

/* V is good enough if this share of x's variance is left. */
#define SHARE_LEFT 1e-3

/* A column is left out if less than this share of its variance, times rows + units, is its own. G's
 * rounding errors grow with both. */
#define TOLERANCE (16 * DBL_EPSILON)

typedef struct regression {
  dni__memory *memory;
  dni_backend *builtin; /* the context's own may be for float alone */
  const dni_matrix *h, *x;
  dni__columns h_columns, x_columns;
  double *z, *t;  /* [ROWS_AT_A_TIME][units], [ROWS_AT_A_TIME][inputs] */
  double *gram;   /* G [units][units]; row pivots[k] becomes row k of U */
  double *cross;  /* C [units][inputs], becomes W */
  size_t *pivots; /* [units], P in the order taken, then 0 */
  bool *taken;    /* [units] */
  size_t rank;
} regression;

static dni_status allocate(dni__memory *memory, size_t rows, size_t columns, double **out) {
  size_t elements;
  if (!dni__multiply(rows, columns, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu rows of %zu do not fit", rows, columns);
  *out = dni__allocate(memory, elements, sizeof **out);
  return *out ? DNI_OK : DNI_ERROR_MEMORY;
}

static dni_status make_parts(regression *g, dni_context *context) {
  size_t units = g->h->columns, inputs = g->x->columns;
  DNI_TRY(dni__backend_create_default(context->memory, context->instructions, &g->builtin));
  DNI_TRY(dni__columns_create(g->memory, g->h, &g->h_columns));
  DNI_TRY(dni__columns_create(g->memory, g->x, &g->x_columns));
  DNI_TRY(allocate(g->memory, ROWS_AT_A_TIME, units, &g->z));
  DNI_TRY(allocate(g->memory, ROWS_AT_A_TIME, inputs, &g->t));
  DNI_TRY(allocate(g->memory, units, units, &g->gram));
  DNI_TRY(allocate(g->memory, units, inputs, &g->cross));
  g->pivots = dni__allocate(g->memory, units, sizeof *g->pivots);
  g->taken = dni__allocate(g->memory, units, sizeof *g->taken);
  return g->pivots && g->taken ? DNI_OK : DNI_ERROR_MEMORY;
}

static void free_parts(regression *g) {
  dni__free(g->memory, g->taken);
  dni__free(g->memory, g->pivots);
  dni__free(g->memory, g->cross);
  dni__free(g->memory, g->gram);
  dni__free(g->memory, g->t);
  dni__free(g->memory, g->z);
  dni__columns_destroy(g->memory, &g->x_columns);
  dni__columns_destroy(g->memory, &g->h_columns);
  dni_backend_release(g->builtin);
}

static dni_matrix matrix(double *data, size_t rows, size_t columns) {
  return dni__matrix_make(data, rows, columns, DNI_F64);
}

/* Standardised rows first .. first+rows-1 of a view. */
static void load(const dni_matrix *view, const dni__columns *columns, size_t first, size_t rows,
                 double *out) {
  for (size_t r = 0; r < rows; r++) {
    dni__numbers_row(view, first + r, out + r * view->columns);
    dni__columns_standardise(columns, out + r * view->columns);
  }
}

/* Rows from `first` on, as many as there are and fit: Z and T. */
static void load_block(const regression *g, size_t first, dni_matrix *z, dni_matrix *t) {
  size_t left = g->h->rows - first, rows = left < ROWS_AT_A_TIME ? left : ROWS_AT_A_TIME;
  load(g->h, &g->h_columns, first, rows, g->z);
  load(g->x, &g->x_columns, first, rows, g->t);
  *z = matrix(g->z, rows, g->h->columns);
  *t = matrix(g->t, rows, g->x->columns);
}

/* Columns `first` to the end of a view, or `count` of them. */
static dni_matrix columns_of(const dni_matrix *view, size_t first, size_t count) {
  dni_matrix part = *view;
  part.data = (double *)view->data + first;
  part.columns = count;
  return part;
}

/* G += share Z^T Z, on and above the diagonal, and some way below it. */
static dni_status add_gram(const regression *g, double share, const dni_matrix *z) {
  size_t units = z->columns;
  for (size_t first = 0; first < units; first += COLUMNS_AT_A_TIME) {
    size_t left = units - first, count = left < COLUMNS_AT_A_TIME ? left : COLUMNS_AT_A_TIME;
    dni_matrix rows = columns_of(z, first, count), columns = columns_of(z, first, left);
    dni_matrix gram = matrix(g->gram + first * units, count, units);
    dni_matrix part = columns_of(&gram, first, left);
    DNI_TRY(dni__gemm(g->builtin, 1, 0, share, &rows, &columns, 1, &part));
  }
  return DNI_OK;
}

static void mirror_gram(const regression *g) {
  size_t units = g->h->columns;
  for (size_t i = 0; i < units; i++)
    for (size_t j = 0; j < i; j++)
      g->gram[i * units + j] = g->gram[j * units + i];
}

static dni_status add_up_products(const regression *g) {
  dni_matrix cross = matrix(g->cross, g->h->columns, g->x->columns), z, t;
  double share = 1 / (double)g->h->rows;
  for (size_t first = 0; first < g->h->rows; first += ROWS_AT_A_TIME) {
    load_block(g, first, &z, &t);
    DNI_TRY(add_gram(g, share, &z));
    DNI_TRY(dni__gemm(g->builtin, 1, 0, share, &z, &t, 1, &cross));
  }
  mirror_gram(g);
  return DNI_OK;
}

/* The column not taken with the most variance of its own, if that is enough. */
static bool find_pivot(const regression *g, size_t *pivot) {
  size_t units = g->h->columns;
  double most = TOLERANCE * ((double)g->h->rows + (double)units);
  bool found = false;
  for (size_t i = 0; i < units; i++)
    if (!g->taken[i] && g->gram[i * units + i] > most) {
      most = g->gram[i * units + i];
      *pivot = i;
      found = true;
    }
  return found;
}

/* Row `pivot` of what is left of G becomes a row of U, and its product with itself is taken off the
 * rest, which is kept whole (both triangles) so that all loops run along rows. */
static void eliminate(regression *g, size_t pivot) {
  size_t units = g->h->columns;
  double *row = g->gram + pivot * units, root = sqrt(row[pivot]);
  g->taken[pivot] = true;
  g->pivots[g->rank++] = pivot;
  for (size_t j = 0; j < units; j++)
    row[j] /= root;
  for (size_t i = 0; i < units; i++) {
    if (g->taken[i]) continue;
    double *rest = g->gram + i * units, factor = row[i];
    for (size_t j = 0; j < units; j++)
      rest[j] -= factor * row[j];
  }
}

static void factorise(regression *g) {
  size_t pivot;
  while (find_pivot(g, &pivot))
    eliminate(g, pivot);
}

/* Row k of W -= factor * row m. */
static void take_off(const regression *g, size_t k, size_t m, double factor) {
  size_t inputs = g->x->columns;
  double *to = g->cross + g->pivots[k] * inputs;
  const double *from = g->cross + g->pivots[m] * inputs;
  for (size_t c = 0; c < inputs; c++)
    to[c] -= factor * from[c];
}

static void divide(const regression *g, size_t k, double divisor) {
  double *row = g->cross + g->pivots[k] * g->x->columns;
  for (size_t c = 0; c < g->x->columns; c++)
    row[c] /= divisor;
}

/* U_km, k <= m < rank. */
static double factor_at(const regression *g, size_t k, size_t m) {
  return g->gram[g->pivots[k] * g->h->columns + g->pivots[m]];
}

/* U^T V = C_P, in C's place. */
static void solve_lower(const regression *g) {
  for (size_t k = 0; k < g->rank; k++) {
    for (size_t m = 0; m < k; m++)
      take_off(g, k, m, factor_at(g, m, k));
    divide(g, k, factor_at(g, k, k));
  }
}

/* U W_P = V, in V's place; W is 0 for columns left out. */
static void solve_upper(const regression *g) {
  for (size_t k = g->rank; k-- > 0;) {
    for (size_t m = k + 1; m < g->rank; m++)
      take_off(g, k, m, factor_at(g, k, m));
    divide(g, k, factor_at(g, k, k));
  }
  for (size_t i = 0; i < g->h->columns; i++)
    for (size_t c = 0; c < g->x->columns && !g->taken[i]; c++)
      g->cross[i * g->x->columns + c] = 0;
}

/* Of column c of T, what V leaves; of a constant column nothing. */
static double share_left(const regression *g, size_t c) {
  double left = g->x_columns.inverse[c] > 0;
  for (size_t k = 0; k < g->rank; k++) {
    double v = g->cross[g->pivots[k] * g->x->columns + c];
    left -= v * v;
  }
  return left > 0 ? left : 0;
}

/* Whether the residual's norm can be had from V, and that norm, in the scale of x itself. */
static bool measure_from_v(const regression *g, dni__norm *norm) {
  dni__norm left = {0, 0}, whole = {0, 0};
  double root = sqrt((double)g->x->rows);
  for (size_t c = 0; c < g->x->columns; c++) {
    double deviation = dni__numbers_clamp(root * dni__columns_deviation(&g->x_columns, c));
    dni__norm_add(&whole, deviation);
    dni__norm_add(&left, deviation * sqrt(share_left(g, c)));
  }
  *norm = left;
  return dni__norm_ratio(&left, &whole) > sqrt(SHARE_LEFT);
}

/* Norm of the residual in the scale of x itself. */
static dni_status measure(const regression *g, dni__norm *norm) {
  dni_matrix weight = matrix(g->cross, g->h->columns, g->x->columns), z, t;
  for (size_t first = 0; first < g->h->rows; first += ROWS_AT_A_TIME) {
    load_block(g, first, &z, &t);
    DNI_TRY(dni__gemm(g->builtin, 0, 0, -1, &z, &weight, 1, &t));
    for (size_t r = 0; r < t.rows; r++)
      for (size_t c = 0; c < t.columns; c++)
        dni__norm_add(norm, dni__numbers_clamp(g->t[r * t.columns + c] *
                                               dni__columns_deviation(&g->x_columns, c)));
  }
  return DNI_OK;
}

static dni_status regress(regression *g, double *mse) {
  dni__norm norm = {0, 0};
  DNI_TRY(add_up_products(g));
  factorise(g);
  solve_lower(g);
  if (!measure_from_v(g, &norm)) {
    solve_upper(g);
    norm = (dni__norm){0, 0};
    DNI_TRY(measure(g, &norm));
  }
  double root = dni__norm_value(&norm) / sqrt((double)g->x->rows) / sqrt((double)g->x->columns);
  *mse = dni__numbers_clamp(root * root);
  return DNI_OK;
}

static dni_status check_inputs(const dni_context *context, const dni_matrix *h,
                               const dni_matrix *x) {
  DNI_TRY(dni__numbers_check(h, context->dtype, "h"));
  DNI_TRY(dni__numbers_check(x, context->dtype, "x"));
  DNI_TRY(dni__matrix_check_rows(x, context->dtype, h->rows, x->columns, "x"));
  DNI_TRY(dni__numbers_finite(h, "h"));
  return dni__numbers_finite(x, "x");
}

dni_status dni_analysis_regressor_probe(dni_context *context, const dni_matrix *h,
                                        const dni_matrix *x, double *mse, size_t *rank) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(mse);
  dni_status status = check_inputs(context, h, x);
  if (status != DNI_OK) return dni__fail_prefix(status, "regressor probe: ");
  regression g = {.memory = context->memory, .h = h, .x = x};
  double error = 0;
  status = make_parts(&g, context);
  if (status == DNI_OK) status = regress(&g, &error);
  free_parts(&g);
  if (status != DNI_OK) return dni__fail_prefix(status, "regressor probe: ");
  *mse = error;
  if (rank) *rank = g.rank;
  return DNI_OK;
}
