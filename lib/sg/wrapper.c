/* SGs around another one: keeping it, answering and learning through it. */
#include "sg/wrapper.h"

const dni_sg *dni__sg_root(const dni_sg *sg) {
  while (sg->vtable->wraps)
    sg = ((const dni__wrapper *)sg)->inner;
  return sg;
}

dni_status dni__wrapper_predict(const dni__wrapper *wrapper, const dni_sg_call *call) {
  return wrapper->inner->vtable->estimate(wrapper->inner, call);
}

dni_status dni__wrapper_teach(dni__wrapper *wrapper, const dni_sg_call *call,
                              dni__pair_sums *sums) {
  DNI_TRY(dni__sg_teach(wrapper->inner, call, sums));
  wrapper->lessons++;
  return DNI_OK;
}

/* A wrapper has no workspace of its own. A teaching one lets the inner SG answer in that one's
 * prediction. */
dni_status dni__wrapper_reserve(dni_sg *sg, size_t rows) {
  dni_sg *inner = ((dni__wrapper *)sg)->inner;
  dni_matrix prediction;
  DNI_TRY(dni__sg_reserve_kind(inner, rows));
  sg->workspace_bytes = inner->workspace_bytes;
  if (sg->learns != DNI_SG_LEARNS_TARGET) return DNI_OK;
  DNI_TRY(dni__sg_prediction(inner, rows, &prediction));
  sg->workspace_bytes +=
      inner->prediction_rows * inner->units * dni__dtype_size(sg->context->dtype);
  return DNI_OK;
}

void dni__wrapper_destroy(dni_sg *sg) {
  dni_sg_release(((dni__wrapper *)sg)->inner);
}

static dni_status check_inner(const dni_context *context, const dni__sg_vtable *vtable,
                              const dni_sg *inner) {
  const char *name = vtable->name, *inside = inner->vtable->name;
  if (inner->context->dtype != context->dtype)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: the element type of %s differs from the context's",
                     name, inside);
  if (inner->needs != DNI_SG_NEEDS_NOTHING)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: %s needs an error signal", name, inside);
  if (vtable->learn && inner->learns != DNI_SG_LEARNS_TARGET)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: %s does not learn from targets", name, inside);
  return DNI_OK;
}

dni_status dni__wrapper_create(dni_context *context, size_t size, const dni__sg_vtable *vtable,
                               dni_sg *inner, dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(inner);
  DNI_REQUIRE(out);
  DNI_TRY(check_inner(context, vtable, inner));
  dni_sg *sg =
      dni__sg_allocate(context, size, vtable, inner->units, inner->targets, inner->parameter_count);
  if (!sg) return DNI_ERROR_MEMORY;
  sg->owns_parameters = false;
  sg->looks_at_h = inner->looks_at_h;
  sg->looks_at_y = inner->looks_at_y;
  for (size_t i = 0; i < inner->parameter_count; i++) {
    sg->parameters[i] = inner->parameters[i];
    if (!vtable->learn) sg->parameters[i].gradient.data = NULL;
  }
  ((dni__wrapper *)sg)->inner = dni_sg_retain(inner);
  *out = sg;
  return DNI_OK;
}
