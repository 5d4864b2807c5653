/* Softmax cross-entropy on logits: L = -sum_c t_c log p_c, p = softmax(h), t_c = w_c y'_c.
 *
 * Computed as (sum_c t_c) lse(h) - sum_c t_c h_c with lse shifted by the largest logit, so that
 * nothing overflows; dL/dh = (sum_c t_c) p - t, which is p - y where y is a distribution and there
 * are no options. Sums are kept in double: a row is short, and the reported loss is then as good
 * for float. */
#include <math.h>

#include "loss/loss.h"

#define REAL     float
#define FN(name) name##_f32
#include "loss/target_template.h"
#include "loss/softmax_cross_entropy_template.h"
#include "loss/row_template.h"
#undef REAL
#undef FN
#define REAL     double
#define FN(name) name##_f64
#include "loss/target_template.h"
#include "loss/softmax_cross_entropy_template.h"
#include "loss/row_template.h"

static const dni__loss_kind kind = {
    .kind = DNI_LOSS_SOFTMAX_CROSS_ENTROPY,
    .name = "softmax_cross_entropy",
    .f32 = {dense_f32, labelled_f32, general_f32},
    .f64 = {dense_f64, labelled_f64, general_f64},
    .correct = dni__correct_largest,
};

dni_status dni_loss_create_softmax_cross_entropy(dni_context *context,
                                                 const dni_loss_options *options, dni_loss **out) {
  return dni__loss_create_with(context, &kind, options, out);
}
