/* Sigmoid cross-entropy on logits, a sum of independent binary ones:
 *
 *   L = sum_c w_c (log(1 + exp(h_c)) - y'_c h_c)
 *     = sum_c w_c (max(h_c, 0) - y'_c h_c + log(1 + exp(-|h_c|))),
 *
 * the second form not overflowing; dL/dh_c = w_c (sigmoid(h_c) - y'_c). */
#include <math.h>

#include "loss/loss.h"

#define REAL     float
#define FN(name) name##_f32
#include "loss/target_template.h"
#include "loss/sigmoid_cross_entropy_template.h"
#include "loss/row_template.h"
#undef REAL
#undef FN
#define REAL     double
#define FN(name) name##_f64
#include "loss/target_template.h"
#include "loss/sigmoid_cross_entropy_template.h"
#include "loss/row_template.h"

static const dni__loss_kind kind = {
    .kind = DNI_LOSS_SIGMOID_CROSS_ENTROPY,
    .name = "sigmoid_cross_entropy",
    .f32 = {dense_f32, labelled_f32, general_f32},
    .f64 = {dense_f64, labelled_f64, general_f64},
    .correct = dni__correct_sign,
};

dni_status dni_loss_create_sigmoid_cross_entropy(dni_context *context,
                                                 const dni_loss_options *options, dni_loss **out) {
  return dni__loss_create_with(context, &kind, options, out);
}
