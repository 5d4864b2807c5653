/* Feedback alignment and direct feedback alignment: delta = e B with a fixed random B. They differ
 * in e: for FA (Lillicrap et al. 2016) dL/dz of the dense layer above, B standing in for its W; for
 * DFA (Nokland 2016) dL/dh_N of the whole network. */
#include <math.h>

#include "sg/sg.h"

static dni_status feedback_estimate(dni_sg *sg, const dni_sg_call *call) {
  const dni__parameter *b = &sg->parameters[0];
  return dni__gemm_backward(sg->backend, call->signal, &b->value, b->packed, call->delta);
}

static const dni__sg_vtable dfa_vtable = {
    .kind = DNI_SG_DFA, .name = "dfa", .estimate = feedback_estimate};
static const dni__sg_vtable fa_vtable = {
    .kind = DNI_SG_FA, .name = "fa", .estimate = feedback_estimate};

/* What sets the two apart from each other. */
typedef struct feedback_kind {
  const dni__sg_vtable *vtable;
  dni_needs needs;
} feedback_kind;

static const feedback_kind dfa = {&dfa_vtable, DNI_SG_NEEDS_OUTPUT_ERROR};
static const feedback_kind fa = {&fa_vtable, DNI_SG_NEEDS_DELTA_ABOVE};

/* B [signal_units][units], normal with this variance. */
static dni_status draw(dni_sg *sg, double variance, const dni_random_options *options) {
  dni__parameter *b = &sg->parameters[0];
  dni__random random;
  DNI_TRY(dni__parameter_create(sg->context, "feedback", sg->signal_units, sg->units, false, b));
  DNI_TRY(dni__packed_create(sg->context, sg->backend, sg->signal_units, sg->units, DNI__BACKWARD,
                             &b->packed));
  DNI_TRY(dni__context_random_options(sg->context, options, &random));
  dni__random_fill_normal(&random, sg->context->dtype, b->value.data, sg->signal_units * sg->units,
                          sqrt(variance));
  dni__parameters_changed(b, 1);
  return DNI_OK;
}

static dni_status create(dni_context *context, const feedback_kind *kind, size_t units,
                         size_t signal_units, double variance, const dni_random_options *options,
                         dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  const char *name = kind->vtable->name;
  if (units == 0 || signal_units == 0)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "%s: %zu units and %zu signal units; both must be 1 or more", name, units,
                     signal_units);
  dni_sg *sg = dni__sg_allocate(context, sizeof *sg, kind->vtable, units, 0, 1);
  if (!sg) return DNI_ERROR_MEMORY;
  sg->signal_units = signal_units;
  sg->needs = kind->needs;
  dni_status status = draw(sg, variance, options);
  if (status != DNI_OK) {
    dni_sg_release(sg);
    return dni__fail_prefix(status, "%s: ", name);
  }
  *out = sg;
  return DNI_OK;
}

dni_status dni_sg_create_dfa(dni_context *context, size_t units, size_t signal_units,
                             const dni_random_options *options, dni_sg **out) {
  return create(context, &dfa, units, signal_units, 1.0 / (double)signal_units, options, out);
}

dni_status dni_sg_create_fa(dni_context *context, size_t units, size_t signal_units,
                            const dni_random_options *options, dni_sg **out) {
  return create(context, &fa, units, signal_units, 2.0 / (double)units, options, out);
}
