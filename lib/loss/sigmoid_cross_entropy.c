/* Sigmoid cross-entropy on logits, a sum of independent binary ones:
 *
 *   L = sum_c log(1 + exp(h_c)) - y_c h_c = sum_c max(h_c, 0) - y_c h_c + log(1 + exp(-|h_c|)),
 *
 * the second form not overflowing; dL/dh = sigmoid(h) - y. */
#include <math.h>

#include "loss/loss.h"

#define REAL     float
#define FN(name) name##_f32
#include "loss/sigmoid_cross_entropy_template.h"
#undef REAL
#undef FN
#define REAL     double
#define FN(name) name##_f64
#include "loss/sigmoid_cross_entropy_template.h"

static const dni__loss_kind kind = {
    "sigmoid_cross_entropy",
    row_f32,
    row_f64,
    dni__correct_sign,
};

dni_status dni_loss_create_sigmoid_cross_entropy(dni_context *context, dni_loss **out) {
  return dni__loss_create(context, &kind, out);
}
