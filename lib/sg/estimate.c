/* Questions to an SG: checks, the kind's answer, weights. */
#include "sg/sg.h"

size_t dni__sg_rows(const dni_sg *sg, const dni_matrix *h, const dni_matrix *y) {
  const dni_matrix *given = sg->looks_at_h || (h && !sg->looks_at_y) ? h : y;
  return given ? given->rows : 0;
}

dni_status dni__sg_check_inputs(const dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                size_t rows) {
  dni_dtype dtype = sg->context->dtype;
  if (sg->looks_at_h) DNI_TRY(dni__matrix_check_rows(h, dtype, rows, sg->units, "h"));
  if (!sg->looks_at_y) return DNI_OK;
  return dni__sg_root(sg)->vtable->refuses_labels
             ? dni__matrix_check_rows(y, dtype, rows, sg->targets, "y")
             : dni__targets_check(y, dtype, rows, sg->targets, "y");
}

/* delta, or the losses of a critic, says how many rows there are. */
static dni_status check_outputs(const dni_sg *sg, const dni_matrix *delta, const dni_matrix *losses,
                                size_t *rows) {
  dni_dtype dtype = sg->context->dtype;
  if (losses && sg->vtable->kind != DNI_SG_CRITIC)
    return dni__fail(DNI_ERROR_ARGUMENT, "losses is given, but only a critic estimates losses");
  if (delta || !losses) DNI_TRY(dni__matrix_check(delta, dtype, sg->units, "delta"));
  *rows = delta ? delta->rows : losses->rows;
  return losses ? dni__matrix_check_rows(losses, dtype, *rows, 1, "losses") : DNI_OK;
}

static dni_status check_question(const dni_sg *sg, const dni_query *query, const dni_matrix *delta,
                                 size_t *rows) {
  dni_dtype dtype = sg->context->dtype;
  DNI_TRY(check_outputs(sg, delta, query->losses, rows));
  DNI_TRY(dni__sg_check_inputs(sg, query->h, query->y, *rows));
  if (sg->needs != DNI_SG_NEEDS_NOTHING)
    DNI_TRY(dni__matrix_check_rows(query->signal, dtype, *rows, sg->signal_units, "error"));
  return dni__weights_check(query->weights, dtype, *rows, NULL);
}

dni_status dni__sg_answer(dni_sg *sg, const dni_sg_call *call) {
  DNI_TRY(sg->vtable->estimate(sg, call));
  const dni_matrix *delta = call->delta, *weights = call->weights;
  bool has_weights_already = sg->needs != DNI_SG_NEEDS_NOTHING || sg->vtable->kind == DNI_SG_ZERO;
  if (delta && weights && !has_weights_already)
    sg->context->kernels->scale_rows(delta->rows, delta->columns, delta->data, delta->stride,
                                     weights->data, weights->stride);
  return DNI_OK;
}

static dni_status estimate(dni_sg *sg, const dni_query *query, dni_matrix *delta) {
  dni_query known;
  size_t rows = 0;
  DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, query, dni_query)));
  DNI_TRY(check_question(sg, &known, delta, &rows));
  DNI_TRY(dni__sg_reserve_kind(sg, rows));
  dni_sg_call call = {
      .struct_size = sizeof call,
      .h = known.h,
      .y = sg->looks_at_y ? known.y : NULL,
      .signal = sg->needs != DNI_SG_NEEDS_NOTHING ? known.signal : NULL,
      .delta = delta,
      .losses = known.losses,
      .weights = known.weights,
  };
  return dni__sg_answer(sg, &call);
}

dni_status dni_sg_estimate(dni_sg *sg, const dni_query *query, dni_matrix *delta) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(sg);
  DNI_REQUIRE(query);
  dni_status status = estimate(sg, query, delta);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: ", sg->vtable->name);
}
