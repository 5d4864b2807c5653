/* Lessons for an SG: checks, a prediction where there is none, the kind's gradients, the report. */
#include <math.h>

#include "sg/sg.h"

/* Checks. ------------------------------------------------------------------------------------ */

static dni_status check_flags(const dni_lesson *lesson) {
  dni_gradient_flags mode = lesson->flags & ~DNI_GRADIENT_SUM;
  if (mode != DNI_GRADIENT_REPLACE && mode != DNI_GRADIENT_ADD && mode != DNI_GRADIENT_SKIP)
    return dni__fail(DNI_ERROR_ARGUMENT, "flags is %d, expected REPLACE, ADD or SKIP, and SUM",
                     (int)lesson->flags);
  if (lesson->reserved != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "dni_lesson: reserved is not 0");
  return DNI_OK;
}

/* What it learns from says how many rows there are. */
static dni_status check_source(const dni_sg *sg, const dni_lesson *lesson, size_t *rows) {
  dni_dtype dtype = sg->context->dtype;
  switch (sg->learns) {
  case DNI_SG_LEARNS_LOSS:
    DNI_TRY(dni__matrix_check(lesson->losses, dtype, 1, "losses"));
    *rows = lesson->losses->rows;
    return DNI_OK;
  case DNI_SG_LEARNS_ALONE:
    *rows = dni__sg_rows(sg, lesson->h, lesson->y);
    if (!lesson->target) return DNI_OK;
    return dni__matrix_check_rows(lesson->target, dtype, *rows, sg->units, "target");
  default:
    DNI_TRY(dni__matrix_check(lesson->target, dtype, sg->units, "target"));
    *rows = lesson->target->rows;
    return DNI_OK;
  }
}

static dni_status check_lesson(const dni_sg *sg, const dni_lesson *lesson, size_t *rows,
                               double *weight) {
  dni_dtype dtype = sg->context->dtype;
  DNI_TRY(check_flags(lesson));
  DNI_TRY(check_source(sg, lesson, rows));
  DNI_TRY(dni__sg_check_inputs(sg, lesson->h, lesson->y, *rows));
  if (lesson->prediction)
    DNI_TRY(dni__matrix_check_rows(lesson->prediction, dtype, *rows, sg->units, "prediction"));
  return dni__weights_check(lesson->weights, dtype, *rows, weight);
}

/* Learning. ---------------------------------------------------------------------------------- */

/* Answer again if the call has no prediction; `made` holds its view. In rows of weight 0 it becomes
 * the target. */
static dni_status ensure_prediction(dni_sg *sg, dni_sg_call *call, dni_matrix *made) {
  if (!call->prediction) {
    if (sg->needs != DNI_SG_NEEDS_NOTHING)
      return dni__fail(DNI_ERROR_ARGUMENT, "prediction is NULL, and cannot be made from h and y");
    DNI_TRY(dni__sg_prediction(sg, call->target->rows, made));
    dni_sg_call question = {
        .struct_size = sizeof question,
        .h = call->h,
        .y = call->y,
        .delta = made,
        .weights = call->weights,
    };
    DNI_TRY(dni__sg_answer(sg, &question));
    call->prediction = made;
  }
  dni__sg_leave_out(call);
  return DNI_OK;
}

dni_status dni__sg_teach(dni_sg *sg, const dni_sg_call *call, dni__pair_sums *sums) {
  dni_sg_call lesson = *call;
  dni_matrix made;
  if (!sg->vtable->makes_prediction && sums) DNI_TRY(ensure_prediction(sg, &lesson, &made));
  return sg->vtable->learn(sg, &lesson, sums);
}

/* Vectors along one line can give a little more than 1, by rounding. */
static double cosine_of(const dni__pair_sums *sums) {
  double norms = sqrt(sums->first2) * sqrt(sums->second2);
  if (norms == 0) return 0;
  double cosine = sums->product / norms;
  return cosine > 1 ? 1 : cosine < -1 ? -1 : cosine;
}

static void report_sums(dni_lesson_report *found, const dni__pair_sums *sums, double weight) {
  found->mse = dni__sg_mean_square(sums, weight);
  found->cosine = cosine_of(sums);
}

static dni_status learn_target(dni_sg *sg, const dni_sg_call *call, bool wants_report,
                               double weight, dni_lesson_report *found) {
  dni__pair_sums sums = {0};
  bool compares = wants_report || !dni__sg_root(sg)->vtable->spares_prediction;
  DNI_TRY(dni__sg_teach(sg, call, compares ? &sums : NULL));
  if (compares) report_sums(found, &sums, weight);
  return DNI_OK;
}

/* How far its answer is from the target. It is compared before the lesson, since a callback may
 * overwrite the prediction. */
static dni_status learn_alone(dni_sg *sg, dni_sg_call *call, bool wants_report, double weight,
                              dni_lesson_report *found) {
  dni_matrix made;
  if (call->target && wants_report) {
    dni__pair_sums sums;
    DNI_TRY(ensure_prediction(sg, call, &made));
    dni__sg_compare(sg, call, &sums);
    report_sums(found, &sums, weight);
  }
  call->own_loss = &found->own_loss;
  return sg->vtable->learn_alone(sg, call);
}

static dni_status learn_nothing(dni_sg *sg, dni_sg_call *call, double weight,
                                dni_lesson_report *found) {
  dni__pair_sums sums;
  dni_matrix made;
  DNI_TRY(ensure_prediction(sg, call, &made));
  dni__sg_residual(sg, call, 1, &sums);
  report_sums(found, &sums, weight);
  return DNI_OK;
}

/* What a kind sees of a lesson that has been checked: nothing that has not. */
static dni_sg_call call_of(const dni_sg *sg, const dni_lesson *lesson, double weight) {
  bool from_losses = sg->learns == DNI_SG_LEARNS_LOSS;
  double mean_scale = weight > 0 ? 1 / weight : 0;
  return (dni_sg_call){
      .struct_size = sizeof(dni_sg_call),
      .flags = lesson->flags & ~DNI_GRADIENT_SUM,
      .h = lesson->h,
      .y = sg->looks_at_y ? lesson->y : NULL,
      .target = from_losses ? NULL : lesson->target,
      .losses = from_losses ? lesson->losses : NULL,
      .prediction = lesson->prediction,
      .weights = lesson->weights,
      .scale = lesson->flags & DNI_GRADIENT_SUM ? 1 : mean_scale,
  };
}

static dni_status learn_known(dni_sg *sg, const dni_lesson *lesson, bool wants_report,
                              dni_lesson_report *found) {
  size_t rows;
  double weight;
  DNI_TRY(check_lesson(sg, lesson, &rows, &weight));
  DNI_TRY(dni__sg_reserve_kind(sg, rows));
  dni_sg_call call = call_of(sg, lesson, weight);
  switch (sg->learns) {
  case DNI_SG_LEARNS_TARGET:
    return learn_target(sg, &call, wants_report, weight, found);
  case DNI_SG_LEARNS_LOSS:
    call.own_loss = &found->mse;
    return sg->vtable->learn_losses(sg, &call);
  case DNI_SG_LEARNS_ALONE:
    return learn_alone(sg, &call, wants_report, weight, found);
  default:
    return learn_nothing(sg, &call, weight, found);
  }
}

dni_status dni_sg_learn(dni_sg *sg, const dni_lesson *lesson, dni_lesson_report *report) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(sg);
  DNI_REQUIRE(lesson);
  dni_lesson known;
  dni_lesson_report found = {sizeof found, NAN, NAN, NAN};
  dni_status status = dni__options_copy(DNI__OPTIONS(&known, lesson, dni_lesson));
  if (status == DNI_OK && report)
    status = dni__report_check(report, DNI__FIRST_SIZE_dni_lesson_report, "dni_lesson_report");
  if (status == DNI_OK) status = learn_known(sg, &known, report != NULL, &found);
  if (status != DNI_OK) return dni__fail_prefix(status, "%s: ", sg->vtable->name);
  if (report) dni__report_fill(report, &found, sizeof found);
  return DNI_OK;
}
