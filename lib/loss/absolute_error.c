/* Absolute error: L = sum_c |h_c - y_c|, dL/dh = sign(h - y), 0 where they are equal (the loss of
 * the paper's Appendix B). */
#include <math.h>

#include "loss/loss.h"

#define REAL     float
#define FN(name) name##_f32
#include "loss/absolute_error_template.h"
#undef REAL
#undef FN
#define REAL     double
#define FN(name) name##_f64
#include "loss/absolute_error_template.h"

static const dni__loss_kind kind = {
    "absolute_error",
    row_f32,
    row_f64,
    dni__correct_largest,
};

dni_status dni_loss_create_absolute_error(dni_context *context, dni_loss **out) {
  return dni__loss_create(context, &kind, out);
}
