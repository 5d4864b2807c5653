/* The true gradient, later (Huo et al. 2018): delta = shrink * e. When e comes is the schedule's
 * affair: it says DNI_SG_NEEDS_DELTA_LATER, and no more. */
#include "core/setting.h"
#include "sg/blend.h"
#include "sg/sg.h"

typedef struct delayed {
  dni_sg base;
  double shrink;
} delayed;

static dni_status delayed_estimate(dni_sg *sg, const dni_sg_call *call) {
  dni__sg_blend(((const delayed *)sg)->shrink, call->signal, 0, call->delta);
  return DNI_OK;
}

static double *delayed_setting(dni_sg *sg, dni_setting setting) {
  return setting == DNI_SETTING_SHRINK ? &((delayed *)sg)->shrink : NULL;
}

static const dni__sg_vtable delayed_vtable = {
    .kind = DNI_SG_DELAYED,
    .name = "delayed",
    .estimate = delayed_estimate,
    .setting = delayed_setting,
};

dni_status dni_sg_create_delayed(dni_context *context, size_t units, double shrink, dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  if (units == 0) return dni__fail(DNI_ERROR_ARGUMENT, "delayed: 0 units");
  double checked;
  DNI_TRY(
      dni__setting_set(&checked, delayed_vtable.name, context->dtype, DNI_SETTING_SHRINK, shrink));
  dni_sg *sg = dni__sg_allocate(context, sizeof(delayed), &delayed_vtable, units, 0, 0);
  if (!sg) return DNI_ERROR_MEMORY;
  sg->signal_units = units;
  sg->needs = DNI_SG_NEEDS_DELTA_LATER;
  ((delayed *)sg)->shrink = checked;
  *out = sg;
  return DNI_OK;
}
