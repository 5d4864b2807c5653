/* The inner SG's answers, but nothing is learned any more: parameters without gradients, so
 * that no optimiser takes them. */
#include "sg/wrapper.h"

static dni_status frozen_estimate(dni_sg *sg, const dni_sg_call *call) {
  return dni__wrapper_predict((const dni__wrapper *)sg, call);
}

static const dni__sg_vtable frozen_vtable = {
    .kind = DNI_SG_FROZEN,
    .name = "frozen",
    .wraps = true,
    .estimate = frozen_estimate,
    .reserve = dni__wrapper_reserve,
    .destroy = dni__wrapper_destroy,
};

dni_status dni_sg_create_frozen(dni_context *context, dni_sg *inner, dni_sg **out) {
  return dni__wrapper_create(context, sizeof(dni__wrapper), &frozen_vtable, inner, out);
}
