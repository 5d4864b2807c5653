/* What all SGs share: creation and release, what they say of themselves, working space. */
#include "sg/sg.h"

dni_sg *dni__sg_allocate(dni_context *context, size_t size, const dni__sg_vtable *vtable,
                         size_t units, size_t targets, size_t parameter_count) {
  dni_sg *sg = dni__allocate(context->memory, 1, size);
  if (!sg) return NULL;
  sg->parameters = dni__allocate(context->memory, parameter_count, sizeof *sg->parameters);
  if (!sg->parameters) {
    dni__free(context->memory, sg);
    return NULL;
  }
  dni__references_init(&sg->references);
  sg->context = dni_context_retain(context);
  sg->backend = dni_backend_retain(context->backend);
  sg->vtable = vtable;
  sg->units = units;
  sg->targets = targets;
  sg->rate_scale = 1;
  sg->parameter_count = parameter_count;
  sg->owns_parameters = true;
  sg->learns = vtable->learn          ? DNI_SG_LEARNS_TARGET
               : vtable->learn_losses ? DNI_SG_LEARNS_LOSS
               : vtable->learn_alone  ? DNI_SG_LEARNS_ALONE
                                      : DNI_SG_LEARNS_NOTHING;
  return sg;
}

dni_sg *dni_sg_retain(dni_sg *sg) {
  if (sg) dni__references_add(&sg->references);
  return sg;
}

void dni_sg_release(dni_sg *sg) {
  if (!sg || !dni__references_drop(&sg->references)) return;
  dni_context *context = sg->context;
  if (sg->vtable->destroy) sg->vtable->destroy(sg);
  if (sg->owns_parameters)
    for (size_t i = 0; i < sg->parameter_count; i++)
      dni__parameter_destroy(context, &sg->parameters[i]);
  dni__free(context->memory, sg->parameters);
  dni__free(context->memory, sg->prediction);
  dni_backend_release(sg->backend);
  dni__free(context->memory, sg);
  dni_context_release(context);
}

/* What it is. -------------------------------------------------------------------------------- */

dni_kind dni_sg_kind(const dni_sg *sg) {
  return sg ? sg->vtable->kind : 0;
}

const char *dni_sg_kind_name(const dni_sg *sg) {
  return sg ? sg->vtable->name : "";
}

dni_needs dni_sg_needs(const dni_sg *sg) {
  return sg ? sg->needs : -1;
}

dni_learns dni_sg_learns(const dni_sg *sg) {
  return sg ? sg->learns : -1;
}

size_t dni_sg_units(const dni_sg *sg) {
  return sg ? sg->units : 0;
}

size_t dni_sg_targets(const dni_sg *sg) {
  return sg && sg->looks_at_y ? sg->targets : 0;
}

size_t dni_sg_signal_units(const dni_sg *sg) {
  return sg ? sg->signal_units : 0;
}

/* Working space. ----------------------------------------------------------------------------- */

dni_status dni__sg_reserve_kind(dni_sg *sg, size_t rows) {
  if (rows <= sg->rows) return DNI_OK;
  if (sg->vtable->reserve) DNI_TRY(sg->vtable->reserve(sg, rows));
  sg->rows = rows;
  return DNI_OK;
}

static dni_status reserve_prediction(dni_sg *sg, size_t rows) {
  if (rows <= sg->prediction_rows) return DNI_OK;
  size_t elements;
  if (!dni__multiply(rows, sg->units, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu rows of %zu do not fit", rows,
                     sg->units);
  void *prediction =
      dni__allocate(sg->context->memory, elements, dni__dtype_size(sg->context->dtype));
  if (!prediction) return DNI_ERROR_MEMORY;
  dni__free(sg->context->memory, sg->prediction);
  sg->prediction = prediction;
  sg->prediction_rows = rows;
  return DNI_OK;
}

dni_status dni__sg_prediction(dni_sg *sg, size_t rows, dni_matrix *prediction) {
  DNI_TRY(reserve_prediction(sg, rows));
  *prediction = dni__matrix_make(sg->prediction, rows, sg->units, sg->context->dtype);
  return DNI_OK;
}

dni_status dni_sg_reserve(dni_sg *sg, size_t rows) {
  DNI_REQUIRE(sg);
  bool answers_in_lessons = sg->needs == DNI_SG_NEEDS_NOTHING && !sg->vtable->makes_prediction;
  dni_status status = answers_in_lessons ? reserve_prediction(sg, rows) : DNI_OK;
  if (status == DNI_OK) status = dni__sg_reserve_kind(sg, rows);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: ", sg->vtable->name);
}
