/* The caller's own SG behind the same interface. */
#include "sg/sg.h"

typedef struct callback_sg {
  dni_sg base;
  dni_sg_callbacks callbacks;
} callback_sg;

static const dni_sg_callbacks *callbacks_of(const dni_sg *sg) {
  return &((const callback_sg *)sg)->callbacks;
}

static dni_status callback_estimate(dni_sg *sg, const dni_sg_call *call) {
  const dni_sg_callbacks *callbacks = callbacks_of(sg);
  const dni__callback begun = dni__callback_begin();
  dni_status answer = callbacks->estimate(callbacks->user, call);
  return dni__callback_end(begun, answer, "estimate");
}

/* Its own function never sees SKIP. */
static dni_status callback_learn(dni_sg *sg, const dni_sg_call *call) {
  if (call->flags & DNI_GRADIENT_SKIP) return DNI_OK;
  const dni_sg_callbacks *callbacks = callbacks_of(sg);
  const dni__callback begun = dni__callback_begin();
  dni_status answer = callbacks->learn(callbacks->user, call);
  return dni__callback_end(begun, answer, "learn");
}

/* learn may overwrite the prediction, so the sums come first, and leave it as it is. */
static dni_status callback_learn_target(dni_sg *sg, const dni_sg_call *call, dni__pair_sums *sums) {
  dni__sg_compare(sg, call, sums);
  return callback_learn(sg, call);
}

static void callback_changed(dni_sg *sg) {
  const dni_sg_callbacks *callbacks = callbacks_of(sg);
  dni__callback_notify(callbacks->changed, callbacks->user);
}

static void callback_destroy(dni_sg *sg) {
  const dni_sg_callbacks *callbacks = callbacks_of(sg);
  dni__callback_notify(callbacks->destroy, callbacks->user);
}

static const dni__sg_vtable callback_vtable = {
    .kind = DNI_SG_CALLBACK,
    .name = "callback",
    .estimate = callback_estimate,
    .learn = callback_learn_target,
    .learn_losses = callback_learn,
    .learn_alone = callback_learn,
    .changed = callback_changed,
    .destroy = callback_destroy,
};

/* Creation. ---------------------------------------------------------------------------------- */

static dni_status check_functions(const dni_sg_callbacks *callbacks) {
  if (!callbacks->estimate) return dni__fail(DNI_ERROR_ARGUMENT, "callback: estimate is NULL");
  if (callbacks->needs < DNI_SG_NEEDS_NOTHING || callbacks->needs > DNI_SG_NEEDS_DELTA_LATER)
    return dni__fail(DNI_ERROR_ARGUMENT, "callback: needs %d is unknown", (int)callbacks->needs);
  if (callbacks->learns < DNI_SG_LEARNS_NOTHING || callbacks->learns > DNI_SG_LEARNS_ALONE)
    return dni__fail(DNI_ERROR_ARGUMENT, "callback: learns %d is unknown", (int)callbacks->learns);
  if (callbacks->learns != DNI_SG_LEARNS_NOTHING && !callbacks->learn)
    return dni__fail(DNI_ERROR_ARGUMENT, "callback: learns is %d, but learn is NULL",
                     (int)callbacks->learns);
  if (callbacks->parameter_count > 0 && !callbacks->parameter)
    return dni__fail(DNI_ERROR_ARGUMENT, "callback: %zu parameters, but parameter is NULL",
                     callbacks->parameter_count);
  return DNI_OK;
}

/* The width of the signal; `given` counts where the SG cannot know it. */
static size_t signal_units_of(dni_needs needs, size_t units, size_t given) {
  switch (needs) {
  case DNI_SG_NEEDS_NOTHING:
    return 0;
  case DNI_SG_NEEDS_DELTA:
  case DNI_SG_NEEDS_DELTA_LATER:
    return units;
  default:
    return given;
  }
}

static dni_status check_sizes(dni_needs needs, size_t units, size_t signal_units) {
  if (units == 0) return dni__fail(DNI_ERROR_ARGUMENT, "callback: 0 units");
  if (needs != DNI_SG_NEEDS_NOTHING && signal_units == 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "callback: it needs a signal, but signal_units is 0");
  return DNI_OK;
}

static dni_status create(dni_context *context, const dni_sg_callbacks *callbacks, size_t units,
                         size_t targets, size_t signal_units, dni_sg **out) {
  dni_sg *sg = dni__sg_allocate(context, sizeof(callback_sg), &callback_vtable, units, targets,
                                callbacks->parameter_count);
  if (!sg) return DNI_ERROR_MEMORY;
  sg->owns_parameters = false;
  sg->calls_out = true;
  sg->looks_at_h = true;
  sg->looks_at_y = targets > 0;
  sg->needs = callbacks->needs;
  sg->learns = callbacks->learns;
  sg->signal_units = signal_units;
  dni_status status =
      dni__parameters_fetch(callbacks->parameter, callbacks->user, callbacks->parameter_count,
                            context->dtype, "callback", sg->parameters);
  if (status != DNI_OK) {
    dni_sg_release(sg); /* its destroy is not set yet: the caller keeps `user` */
    return status;
  }
  ((callback_sg *)sg)->callbacks = *callbacks;
  *out = sg;
  return DNI_OK;
}

dni_status dni_sg_create_callback(dni_context *context, size_t units, size_t targets,
                                  size_t signal_units, const dni_sg_callbacks *callbacks,
                                  dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  DNI_REQUIRE(callbacks);
  dni_sg_callbacks known;
  DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, callbacks, dni_sg_callbacks)));
  DNI_TRY(check_functions(&known));
  size_t width = signal_units_of(known.needs, units, signal_units);
  DNI_TRY(check_sizes(known.needs, units, width));
  return create(context, &known, units, targets, width, out);
}
