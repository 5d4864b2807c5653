/* The public face of estimators: checks every view once, then calls the kind. */
#include "sg/sg.h"

#include <math.h>

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
  dni_context_retain(context);
  sg->context = context;
  sg->backend = context->backend;
  dni_backend_retain(sg->backend);
  sg->vtable = vtable;
  sg->units = units;
  sg->targets = targets;
  sg->parameter_count = parameter_count;
  sg->owns_parameters = true;
  sg->learns = vtable->learn         ? DNI_SG_LEARNS_TARGET
               : vtable->learn_loss  ? DNI_SG_LEARNS_LOSS
               : vtable->learn_alone ? DNI_SG_LEARNS_ALONE
                                     : DNI_SG_LEARNS_NOTHING;
  return sg;
}

void dni_sg_retain(dni_sg *sg) {
  if (sg) dni__references_add(&sg->references);
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

int32_t dni_sg_kind(const dni_sg *sg) {
  return sg ? sg->vtable->kind : 0;
}

const char *dni_sg_kind_name(const dni_sg *sg) {
  return sg ? sg->vtable->name : "";
}

int32_t dni_sg_needs(const dni_sg *sg) {
  return sg ? sg->needs : 0;
}

int32_t dni_sg_learns(const dni_sg *sg) {
  return sg ? sg->learns : DNI_SG_LEARNS_NOTHING;
}

size_t dni_sg_units(const dni_sg *sg) {
  return sg ? sg->units : 0;
}

size_t dni_sg_targets(const dni_sg *sg) {
  return sg ? sg->targets : 0;
}

size_t dni_sg_error_units(const dni_sg *sg) {
  return sg ? sg->error_units : 0;
}

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

/* Whether learn can make the prediction itself. */
static bool predicts(const dni_sg *sg) {
  return sg->needs == DNI_SG_NEEDS_NOTHING;
}

dni_status dni_sg_reserve(dni_sg *sg, size_t rows) {
  DNI_REQUIRE(sg);
  if (predicts(sg)) DNI_TRY(reserve_prediction(sg, rows));
  return dni__sg_reserve_kind(sg, rows);
}

size_t dni__sg_rows(const dni_sg *sg, const dni_matrix *h, const dni_matrix *y) {
  const dni_matrix *given = sg->looks_at_h || (h && !sg->looks_at_y) ? h : y;
  return given ? given->rows : 0;
}

dni_status dni__sg_check_inputs(const dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                size_t rows) {
  dni_dtype dtype = sg->context->dtype;
  if (sg->looks_at_h) DNI_TRY(dni__matrix_check_rows(h, dtype, rows, sg->units, "h"));
  if (sg->looks_at_y) DNI_TRY(dni__matrix_check_rows(y, dtype, rows, sg->targets, "y"));
  return DNI_OK;
}

static dni_status check_estimate(const dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                 const dni_matrix *error, const dni_matrix *delta) {
  dni_dtype dtype = sg->context->dtype;
  DNI_TRY(dni__matrix_check(delta, dtype, sg->units, "delta"));
  DNI_TRY(dni__sg_check_inputs(sg, h, y, delta->rows));
  if (sg->needs != DNI_SG_NEEDS_NOTHING)
    DNI_TRY(dni__matrix_check_rows(error, dtype, delta->rows, sg->error_units, "error"));
  return DNI_OK;
}

dni_status dni_sg_estimate(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                           const dni_matrix *error, const dni_matrix *delta) {
  DNI_REQUIRE(sg);
  dni_status status = check_estimate(sg, h, y, error, delta);
  if (status == DNI_OK) status = dni__sg_reserve_kind(sg, delta->rows);
  if (status == DNI_OK) status = sg->vtable->estimate(sg, h, y, error, delta);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: ", sg->vtable->name);
}

/* Make the prediction, *used, if none was given and learn wants one; `made` holds its view. */
static dni_status ensure_prediction(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                    const dni_matrix *target, dni_matrix *made,
                                    const dni_matrix **used) {
  if (*used)
    return dni__matrix_check_rows(*used, sg->context->dtype, target->rows, sg->units, "prediction");
  if (sg->vtable->ignores_prediction) return DNI_OK;
  if (!predicts(sg))
    return dni__fail(DNI_ERROR_ARGUMENT, "prediction is NULL, and cannot be made from h and y");
  DNI_TRY(dni__sg_prediction(sg, target->rows, made));
  *used = made;
  return sg->vtable->estimate(sg, h, y, NULL, made);
}

static dni_status learn(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                        const dni_matrix *target, const dni_matrix *prediction,
                        dni__pair_sums *sums) {
  DNI_TRY(dni__matrix_check(target, sg->context->dtype, sg->units, "target"));
  DNI_TRY(dni__sg_check_inputs(sg, h, y, target->rows));
  DNI_TRY(dni__sg_reserve_kind(sg, target->rows));
  dni_matrix made;
  DNI_TRY(ensure_prediction(sg, h, y, target, &made, &prediction));
  if (sg->learns == DNI_SG_LEARNS_TARGET)
    return sg->vtable->learn(sg, h, y, target, prediction, sums);
  sg->context->kernels->residual(target->rows, target->columns, prediction->data,
                                 prediction->stride, target->data, target->stride, 1, sums);
  return DNI_OK;
}

/* A loss of its own: the rows are those of h and y. */
static dni_status learn_alone(dni_sg *sg, const dni_matrix *h, const dni_matrix *y, double *mean) {
  size_t rows = dni__sg_rows(sg, h, y);
  DNI_TRY(dni__sg_check_inputs(sg, h, y, rows));
  DNI_TRY(dni__sg_reserve_kind(sg, rows));
  return sg->vtable->learn_alone(sg, h, y, mean);
}

/* Of vectors along one line, rounding can give a little more than 1. */
static double cosine_of(const dni__pair_sums *sums) {
  double norms = sqrt(sums->first2) * sqrt(sums->second2);
  if (norms == 0) return 0;
  double cosine = sums->product / norms;
  return cosine > 1 ? 1 : cosine < -1 ? -1 : cosine;
}

dni_status dni_sg_learn(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                        const dni_matrix *target, const dni_matrix *prediction, double *error,
                        double *cosine) {
  DNI_REQUIRE(sg);
  bool alone = !target && sg->learns == DNI_SG_LEARNS_ALONE;
  dni__pair_sums sums = {0, 0, 0, 0};
  double mean = 0;
  dni_status status =
      alone ? learn_alone(sg, h, y, &mean) : learn(sg, h, y, target, prediction, &sums);
  if (status != DNI_OK) return dni__fail_prefix(status, "%s: ", sg->vtable->name);
  if (!alone && target->rows > 0) mean = sums.difference2 / (double)target->rows;
  if (error) *error = mean;
  if (cosine) *cosine = cosine_of(&sums);
  return DNI_OK;
}

size_t dni_sg_parameter_count(const dni_sg *sg) {
  return sg ? sg->parameter_count : 0;
}

dni_status dni_sg_parameter(dni_sg *sg, size_t index, dni_matrix *value, dni_matrix *gradient) {
  DNI_REQUIRE(sg);
  DNI_REQUIRE(value);
  return dni__parameter_view(sg->parameters, sg->parameter_count, index, value, gradient);
}

const char *dni_sg_parameter_name(const dni_sg *sg, size_t index) {
  return sg && index < sg->parameter_count ? sg->parameters[index].name : "";
}
