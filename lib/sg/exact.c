/* Backpropagation as an estimator: the answer is the error signal itself. */
#include "sg/sg.h"

static dni_status exact_estimate(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                 const dni_matrix *error, const dni_matrix *delta) {
  (void)sg;
  (void)h;
  (void)y;
  dni__matrix_copy(error, delta);
  return DNI_OK;
}

static const dni__sg_vtable exact_vtable = {
    .kind = DNI_SG_EXACT, .name = "exact", .estimate = exact_estimate};

dni_status dni_sg_create_exact(dni_context *context, size_t units, dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  if (units == 0) return dni__fail(DNI_ERROR_ARGUMENT, "exact: 0 units");
  dni_sg *sg = dni__sg_allocate(context, sizeof *sg, &exact_vtable, units, 0, 0);
  if (!sg) return DNI_ERROR_MEMORY;
  sg->error_units = units;
  sg->needs = DNI_SG_NEEDS_DELTA;
  *out = sg;
  return DNI_OK;
}
