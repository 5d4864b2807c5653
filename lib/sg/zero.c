/* No gradient: delta = 0. The layers below stay as they were drawn. */
#include "sg/blend.h"
#include "sg/sg.h"

static dni_status zero_estimate(dni_sg *sg, const dni_sg_call *call) {
  (void)sg;
  dni__sg_clear(call->delta);
  return DNI_OK;
}

static const dni__sg_vtable zero_vtable = {
    .kind = DNI_SG_ZERO, .name = "zero", .estimate = zero_estimate};

dni_status dni_sg_create_zero(dni_context *context, size_t units, dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  if (units == 0) return dni__fail(DNI_ERROR_ARGUMENT, "zero: 0 units");
  dni_sg *sg = dni__sg_allocate(context, sizeof *sg, &zero_vtable, units, 0, 0);
  if (!sg) return DNI_ERROR_MEMORY;
  *out = sg;
  return DNI_OK;
}
