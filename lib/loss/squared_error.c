/* Squared error: L = 1/2 sum_c (h_c - y_c)^2, dL/dh = h - y. The half makes delta the plain
 * difference, as in Theorem 1 of Czarnecki et al. (2017). */
#include <math.h>

#include "loss/loss.h"

#define REAL     float
#define FN(name) name##_f32
#include "loss/squared_error_template.h"
#undef REAL
#undef FN
#define REAL     double
#define FN(name) name##_f64
#include "loss/squared_error_template.h"

static const dni__loss_kind kind = {
    "squared_error",
    row_f32,
    row_f64,
    dni__correct_largest,
};

dni_status dni_loss_create_squared_error(dni_context *context, dni_loss **out) {
  return dni__loss_create(context, &kind, out);
}
