/* The loss that an SG implies (Figure 9): its integral along straight lines, and whether it is the
 * gradient of anything at all. */
#include <math.h>

#include "analysis/numbers.h"
#include "dni/research.h"
#include "sg/sg.h"

#define NODES_MOST     64
#define NODES_DEFAULT  16
#define ROWS_AT_A_TIME 256

/* Gauss-Legendre. ---------------------------------------------------------------------------- */

/* Legendre polynomial P_n(x) and its derivative, by the three-term recurrence. */
static double legendre(size_t n, double x, double *derivative) {
  double before = 1, value = x;
  for (size_t k = 2; k <= n; k++) {
    double next = ((double)(2 * k - 1) * x * value - (double)(k - 1) * before) / (double)k;
    before = value;
    value = next;
  }
  *derivative = (double)n * (x * value - before) / (x * x - 1);
  return value;
}

/* Nodes and weights for the integral from 0 to 1: roots x of P_n by Newton's method from Tricomi's
 * guess, weights 2 / ((1 - x^2) P_n'(x)^2), both moved from [-1, 1]. */
static void quadrature(size_t n, double *nodes, double *weights) {
  for (size_t i = 0; i < n; i++) {
    double x = cos(3.14159265358979323846 * ((double)i + 0.75) / ((double)n + 0.5)), slope;
    for (int iteration = 0; iteration < 8; iteration++)
      x -= legendre(n, x, &slope) / slope;
    (void)legendre(n, x, &slope);
    nodes[i] = 0.5 + 0.5 * x;
    weights[i] = 1 / ((1 - x * x) * slope * slope);
  }
}

/* Extraction. -------------------------------------------------------------------------------- */

/* The call, and room for a part of its rows. */
typedef struct extraction {
  dni_sg *sg;
  const dni_matrix *h, *y, *origin; /* y, origin may be NULL */
  size_t nodes;
  double node[NODES_MOST], weight[NODES_MOST];
  void *points, *answers; /* [ROWS_AT_A_TIME][units] */
  double *sums;           /* [rows] */
} extraction;

static double origin_at(const extraction *e, size_t column) {
  return e->origin ? dni__matrix_get(e->origin, 0, column) : 0;
}

static void fill_points(const extraction *e, const dni_matrix *h, double t,
                        const dni_matrix *points) {
  for (size_t r = 0; r < h->rows; r++)
    for (size_t c = 0; c < h->columns; c++)
      dni__matrix_set(points, r, c, (1 - t) * origin_at(e, c) + t * dni__matrix_get(h, r, c));
}

/* weight * SG . (h - o) onto each row's sum. */
static void add_products(const extraction *e, const dni_matrix *h, const dni_matrix *answers,
                         double weight, double *sums) {
  for (size_t r = 0; r < h->rows; r++) {
    double product = 0;
    for (size_t c = 0; c < h->columns; c++)
      product += dni__matrix_get(answers, r, c) * (dni__matrix_get(h, r, c) - origin_at(e, c));
    sums[r] += weight * product;
  }
}

static dni_status extract_rows(const extraction *e, size_t first, size_t rows) {
  dni_dtype dtype = e->sg->context->dtype;
  dni_matrix h = dni__matrix_rows(e->h, first, rows), y = {0};
  if (e->y) y = dni__matrix_rows(e->y, first, rows);
  dni_matrix points = dni__matrix_make(e->points, rows, h.columns, dtype);
  dni_matrix answers = dni__matrix_make(e->answers, rows, h.columns, dtype);
  for (size_t i = 0; i < e->nodes; i++) {
    fill_points(e, &h, e->node[i], &points);
    dni_query query = {.struct_size = sizeof query, .h = &points, .y = e->y ? &y : NULL};
    DNI_TRY(dni_sg_estimate(e->sg, &query, &answers));
    add_products(e, &h, &answers, e->weight[i], e->sums + first);
  }
  return DNI_OK;
}

/* Local losses. ------------------------------------------------------------------------------ */

/* loss(g(h), y) of one row: the mean loss of a lesson of that row alone, which changes nothing. */
static dni_status local_loss(dni_sg *local, const dni_matrix *h, const dni_matrix *y,
                             double *loss) {
  dni_lesson lesson = {.struct_size = sizeof lesson, .h = h, .y = y, .flags = DNI_GRADIENT_SKIP};
  dni_lesson_report report = {.struct_size = sizeof report};
  DNI_TRY(dni_sg_learn(local, &lesson, &report));
  *loss = report.own_loss;
  return DNI_OK;
}

/* sums_s = loss(g(h_s), y_s) - loss(g(o), y_s). */
static dni_status subtract_losses(const extraction *e, dni_sg *local) {
  dni_matrix origin = dni__matrix_make(e->points, 1, e->h->columns, e->sg->context->dtype);
  for (size_t c = 0; c < origin.columns; c++)
    dni__matrix_set(&origin, 0, c, origin_at(e, c));
  for (size_t r = 0; r < e->h->rows; r++) {
    dni_matrix h = dni__matrix_rows(e->h, r, 1), y = dni__matrix_rows(e->y, r, 1);
    double here, there;
    DNI_TRY(local_loss(local, &h, &y, &here));
    DNI_TRY(local_loss(local, &origin, &y, &there));
    e->sums[r] = here - there;
  }
  return DNI_OK;
}

/* All. --------------------------------------------------------------------------------------- */

/* A local loss, perhaps frozen; else NULL. */
static dni_sg *local_of(const extraction *e) {
  const dni_sg *root = dni__sg_root(e->sg);
  return root->vtable->kind == DNI_SG_LOCAL ? (dni_sg *)(uintptr_t)root : NULL;
}

static dni_status integrate(const extraction *e) {
  for (size_t first = 0; first < e->h->rows; first += ROWS_AT_A_TIME) {
    size_t left = e->h->rows - first;
    DNI_TRY(extract_rows(e, first, left < ROWS_AT_A_TIME ? left : ROWS_AT_A_TIME));
  }
  return DNI_OK;
}

static dni_status extract_all(const extraction *e, const dni_matrix *loss) {
  dni_sg *local = local_of(e);
  DNI_TRY(local ? subtract_losses(e, local) : integrate(e));
  for (size_t r = 0; r < e->h->rows; r++)
    dni__matrix_set(loss, r, 0, e->sums[r]);
  return DNI_OK;
}

static dni_status allocate(extraction *e, dni__memory *memory) {
  size_t rows = e->h->rows < ROWS_AT_A_TIME ? e->h->rows : ROWS_AT_A_TIME;
  size_t elements = (rows > 0 ? rows : 1) * e->h->columns; /* fits: no more than h has, or a row */
  size_t size = dni__dtype_size(e->sg->context->dtype);
  e->points = dni__allocate(memory, elements, size);
  e->answers = dni__allocate(memory, elements, size);
  e->sums = dni__allocate(memory, e->h->rows, sizeof *e->sums);
  return e->points && e->answers && e->sums ? DNI_OK : DNI_ERROR_MEMORY;
}

/* Whether it learns to predict dL/dh. */
static bool regresses(const dni_sg *sg) {
  return sg->vtable->kind == DNI_SG_SYNTHETIC || sg->vtable->kind == DNI_SG_LEAST_SQUARES;
}

/* Whether that is M = [A, ...] [h, ...], with A first in its first parameter: it has nothing but its
 * weight and bias, or W and its two sums. Hidden layers and guesses are more parameters. */
static bool linear(const dni_sg *sg) {
  size_t least = sg->vtable->kind == DNI_SG_SYNTHETIC ? 2 : 3;
  return regresses(sg) && sg->parameter_count == least;
}

/* Whether dSG/dh is the same everywhere: a linear synthetic gradient, one that does not see h, the
 * demonstrations, and the constant gradient of a linear critic. */
static bool affine(const dni_sg *sg) {
  switch (sg->vtable->kind) {
  case DNI_SG_SCALAR:
  case DNI_SG_THEOREM:
    return true;
  case DNI_SG_CRITIC:
    return sg->parameter_count == 2;
  default:
    return linear(sg) || (regresses(sg) && !sg->looks_at_h);
  }
}

static dni_status check_call(const dni_context *context, const extraction *e,
                             const dni_matrix *loss) {
  dni_dtype dtype = context->dtype;
  if (e->sg->context->dtype != dtype)
    return dni__fail(DNI_ERROR_ARGUMENT, "the element type of %s differs from the context's",
                     e->sg->vtable->name);
  if (e->nodes > NODES_MOST)
    return dni__fail(DNI_ERROR_ARGUMENT, "%zu nodes, at most %d", e->nodes, NODES_MOST);
  DNI_TRY(dni__matrix_check(e->h, dtype, e->sg->units, "h"));
  DNI_TRY(dni__matrix_check_rows(loss, dtype, e->h->rows, 1, "loss"));
  if (e->sg->looks_at_y) DNI_TRY(dni__targets_check(e->y, dtype, e->h->rows, e->sg->targets, "y"));
  if (e->origin) DNI_TRY(dni__matrix_check_rows(e->origin, dtype, 1, e->sg->units, "origin"));
  if (e->sg->needs != DNI_SG_NEEDS_NOTHING)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "%s needs an error signal and implies no loss",
                     e->sg->vtable->name);
  return DNI_OK;
}

dni_status dni_analysis_extract_loss(dni_context *context, dni_sg *sg, const dni_matrix *h,
                                     const dni_matrix *y, const dni_matrix *origin, size_t nodes,
                                     dni_matrix *loss) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(sg);
  extraction e = {.sg = sg, .h = h, .y = sg->looks_at_y ? y : NULL, .origin = origin};
  e.nodes = nodes > 0 ? nodes : affine(sg) ? 1 : NODES_DEFAULT;
  dni_status status = check_call(context, &e, loss);
  if (status != DNI_OK) return dni__fail_prefix(status, "extracted loss: ");
  quadrature(e.nodes, e.node, e.weight);
  status = allocate(&e, context->memory);
  if (status == DNI_OK) status = extract_all(&e, loss);
  dni__free(context->memory, e.points);
  dni__free(context->memory, e.answers);
  dni__free(context->memory, e.sums);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "extracted loss: ");
}

/* Integrability. ----------------------------------------------------------------------------- */

/* |A - A^T| / |A| of square A. */
static double asymmetry(const dni_matrix *a) {
  dni__norm whole = {0, 0}, difference = {0, 0};
  for (size_t i = 0; i < a->rows; i++)
    for (size_t j = 0; j < a->rows; j++) {
      double half = dni__matrix_get(a, i, j) / 2; /* so that the difference does not overflow */
      dni__norm_add(&whole, half);
      dni__norm_add(&difference, half - dni__matrix_get(a, j, i) / 2);
    }
  double ratio = dni__norm_ratio(&difference, &whole);
  return ratio > 2 ? 2 : ratio;
}

dni_status dni_analysis_integrability(dni_sg *sg, double *defect) {
  DNI_REQUIRE(sg);
  DNI_REQUIRE(defect);
  dni_kind kind = sg->vtable->kind;
  bool gradient = kind == DNI_SG_SCALAR || kind == DNI_SG_THEOREM || kind == DNI_SG_CRITIC ||
                  (regresses(sg) && !sg->looks_at_h);
  if (gradient) {
    *defect = 0;
    return DNI_OK;
  }
  if (!linear(sg))
    return dni__fail(DNI_ERROR_UNSUPPORTED, "integrability: %s%s has no matrix dSG/dh to look at",
                     sg->vtable->name,
                     regresses(sg) ? " with hidden layers or the residual of a guess" : "");
  dni_matrix weight;
  DNI_TRY(dni_sg_parameter(sg, 0, &weight, NULL));
  dni_matrix a = dni__matrix_columns(&weight, 0, sg->units);
  *defect = asymmetry(&a);
  return DNI_OK;
}
