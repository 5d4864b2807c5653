/* Data sets whose examples a function of the caller's fetches. */
#include "data/dataset.h"

static dni_status check(const dni_dataset_callbacks *known) {
  if (!known->fetch) return dni__fail(DNI_ERROR_ARGUMENT, "dni_dataset_callbacks: fetch is NULL");
  if (known->examples == 0 || known->features == 0)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_dataset_callbacks: %zu examples of %zu features; both must be 1 or more",
                     known->examples, known->features);
  if (known->classes == 0 && known->targets == 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_dataset_callbacks: targets and classes are both 0");
  return DNI_OK;
}

dni_status dni_dataset_create_callback(dni_context *context, const dni_dataset_callbacks *callbacks,
                                       dni_dataset **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(callbacks);
  DNI_REQUIRE(out);
  dni__content content = {.borrowed = true};
  dni_dataset_callbacks *known = &content.callbacks;
  DNI_TRY(dni__options_copy(DNI__OPTIONS(known, callbacks, dni_dataset_callbacks)));
  DNI_TRY(check(known));
  content.x = dni__matrix_make(NULL, known->examples, known->features, context->dtype);
  content.y = dni__matrix_make(NULL, known->examples, known->targets, context->dtype);
  content.classes = known->classes;
  content.destroy = known->destroy;
  content.user = known->user;
  return dni__dataset_create(context, &content, out);
}
