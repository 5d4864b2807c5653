/* Exact line search (Czarnecki et al. 2017, Theorem 1). Along w - rate g, an M that is linear in w
 * answers M - rate J g, so
 *
 *   E(rate) = mean || M - target ||^2 - rate g.g + rate^2 mean || J g ||^2
 *
 * because g = 2 mean J^T (M - target). Its minimum is at rate = 1/2 g.g / mean || J g ||^2. */
#include <math.h>

#include "core/real.h"
#include "dni/research.h"
#include "sg/sg.h"

static double squares(const dni_sg *sg, const dni_matrix *view, double scale) {
  double sum = 0;
  for (size_t r = 0; r < view->rows; r++)
    sum +=
        sg->context->kernels->sum_squares(view->columns, dni__matrix_row(view, r), scale, INFINITY);
  return sum;
}

static double norm_of(const dni_sg *sg, const dni_matrix *view) {
  double sum = squares(sg, view, 1), range = dni__squares_range(sum);
  if (range != 1) sum = squares(sg, view, range);
  return sqrt(sum) / range;
}

static double gradient_norm(const dni_sg *sg) {
  double norm = 0;
  for (size_t i = 0; i < sg->parameter_count; i++)
    norm = hypot(norm, norm_of(sg, &sg->parameters[i].gradient));
  return norm;
}

static dni_status search(dni_sg *sg, const dni_matrix *h, const dni_matrix *y, double *rate) {
  if (!sg->vtable->change)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "it is not linear in its parameters");
  size_t rows = dni__sg_rows(sg, h, y);
  dni_matrix change;
  DNI_TRY(dni__sg_check_inputs(sg, h, y, rows));
  if (rows == 0) return dni__fail(DNI_ERROR_ARGUMENT, "no rows");
  DNI_TRY(dni__sg_prediction(sg, rows, &change));
  DNI_TRY(sg->vtable->change(sg, h, y, &change));
  double changed = norm_of(sg, &change), gradient = gradient_norm(sg);
  double ratio = gradient == 0 || changed == 0 ? 0 : gradient / changed;
  *rate = dni__real_limit(DNI_F64, 0.5 * ratio * ratio * (double)rows);
  return DNI_OK;
}

dni_status dni_sg_line_search(dni_sg *sg, const dni_matrix *h, const dni_matrix *y, double *rate) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(sg);
  DNI_REQUIRE(rate);
  dni_status status = search(sg, h, y, rate);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: ", sg->vtable->name);
}
