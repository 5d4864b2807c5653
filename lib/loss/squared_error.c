/* Squared error: L = 1/2 sum_c (h_c - y_c)^2, dL/dh = h - y. The half makes delta the plain
 * difference, as in Theorem 1 of Czarnecki et al. (2017). */
#include <math.h>

#include "loss/loss.h"

#define REAL     float
#define FN(name) name##_f32
#include "loss/target_template.h"
#include "loss/squared_error_template.h"
#include "loss/row_template.h"
#undef REAL
#undef FN
#define REAL     double
#define FN(name) name##_f64
#include "loss/target_template.h"
#include "loss/squared_error_template.h"
#include "loss/row_template.h"

static const dni__loss_kind kind = {
    .kind = DNI_LOSS_SQUARED_ERROR,
    .name = "squared_error",
    .f32 = {dense_f32, labelled_f32, general_f32},
    .f64 = {dense_f64, labelled_f64, general_f64},
};

dni_status dni_loss_create_squared_error(dni_context *context, dni_loss **out) {
  return dni__loss_create(context, &kind, out);
}
