/* Softmax cross-entropy on logits: L = -sum_c y_c log p_c, p = softmax(h).
 *
 * Computed as (sum_c y_c) lse(h) - sum_c y_c h_c with lse shifted by the largest logit, so that
 * nothing overflows; dL/dh = (sum_c y_c) p - y, which is p - y when y is a distribution. Sums are
 * kept in double: a row is short, and the reported loss is then as good for float. */
#include <math.h>

#include "loss/loss.h"

#define REAL     float
#define FN(name) name##_f32
#include "loss/softmax_cross_entropy_template.h"
#undef REAL
#undef FN
#define REAL     double
#define FN(name) name##_f64
#include "loss/softmax_cross_entropy_template.h"

static const dni__loss_kind kind = {
    "softmax_cross_entropy",
    row_f32,
    row_f64,
    dni__correct_largest,
};

dni_status dni_loss_create_softmax_cross_entropy(dni_context *context, dni_loss **out) {
  return dni__loss_create(context, &kind, out);
}
