/* Feedback alignment and direct feedback alignment: delta = e B with a fixed random B. They differ
 * in e: for FA (Lillicrap et al. 2016) dL/dz of the dense layer above, B standing in for its W; for
 * DFA (Nokland 2016) dL/dh_N of the whole network. */
#include <math.h>

#include "sg/sg.h"

static dni_status feedback_estimate(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                    const dni_matrix *error, const dni_matrix *delta) {
  (void)h;
  (void)y;
  return dni__gemm(sg->backend, 0, 0, 1, error, &sg->parameters[0].value, 0, delta);
}

static const dni__sg_vtable dfa_vtable = {
    .kind = DNI_SG_DFA, .name = "dfa", .estimate = feedback_estimate};
static const dni__sg_vtable fa_vtable = {
    .kind = DNI_SG_FA, .name = "fa", .estimate = feedback_estimate};

static dni_status create(dni_context *context, const dni__sg_vtable *vtable, int32_t needs,
                         size_t units, size_t error_units, double variance, dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  if (units == 0 || error_units == 0)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "%s: %zu units and %zu error units; both must be 1 or more", vtable->name,
                     units, error_units);
  dni_sg *sg = dni__sg_allocate(context, sizeof *sg, vtable, units, 0, 1);
  if (!sg) return DNI_ERROR_MEMORY;
  sg->error_units = error_units;
  sg->needs = needs;
  dni_status status =
      dni__parameter_create(context, "feedback", error_units, units, false, &sg->parameters[0]);
  if (status != DNI_OK) {
    dni_sg_release(sg);
    return status;
  }
  dni__random random;
  dni__context_random(context, &random);
  dni__random_fill_normal(&random, context->dtype, sg->parameters[0].value.data,
                          error_units * units, sqrt(variance));
  *out = sg;
  return DNI_OK;
}

dni_status dni_sg_create_dfa(dni_context *context, size_t units, size_t error_units, dni_sg **out) {
  return create(context, &dfa_vtable, DNI_SG_NEEDS_OUTPUT_ERROR, units, error_units,
                1.0 / (double)error_units, out);
}

dni_status dni_sg_create_fa(dni_context *context, size_t units, size_t error_units, dni_sg **out) {
  return create(context, &fa_vtable, DNI_SG_NEEDS_DELTA_ABOVE, units, error_units,
                2.0 / (double)units, out);
}
