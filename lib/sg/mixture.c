/* BP(lambda) (Jaderberg et al. 2016): delta = lambda e + (1 - lambda) M(h, y), e = dL/dh, and M,
 * the inner SG, learns from e. lambda is a number, or follows a schedule of the count of lessons.
 */
#include "core/rate_schedule.h"
#include "core/setting.h"
#include "sg/blend.h"
#include "sg/wrapper.h"

typedef struct mixture {
  dni__wrapper wrapper;
  double lambda;                /* what the next answer uses */
  dni__rate_schedule *schedule; /* NULL: none */
} mixture;

/* The schedule becomes the mixture's own. */
static void replace_schedule(mixture *outer, dni__rate_schedule *schedule) {
  dni__rate_schedule_release(outer->schedule);
  outer->schedule = schedule;
}

static void follow_schedule(mixture *outer) {
  if (outer->schedule)
    outer->lambda = dni__rate_schedule_value(outer->schedule, outer->wrapper.lessons);
}

/* M is not computed for lambda = 1, and e not read for lambda = 0. The weights of examples are in
 * e, and dni__sg_answer brings them into M. */
static dni_status mixture_estimate(dni_sg *sg, const dni_sg_call *call) {
  const mixture *outer = (const mixture *)sg;
  double lambda = outer->lambda;
  dni_sg_call question = *call;
  question.signal = NULL;
  if (lambda < 1) DNI_TRY(dni__sg_answer(outer->wrapper.inner, &question));
  if (lambda > 0) dni__sg_blend(lambda, call->signal, 1 - lambda, call->delta);
  return DNI_OK;
}

/* The prediction given is the blend and no answer of M's. */
static dni_status mixture_learn(dni_sg *sg, const dni_sg_call *call, dni__pair_sums *sums) {
  mixture *outer = (mixture *)sg;
  dni_sg_call lesson = *call;
  lesson.prediction = NULL;
  DNI_TRY(dni__wrapper_teach(&outer->wrapper, &lesson, sums));
  follow_schedule(outer);
  return DNI_OK;
}

static double *mixture_setting(dni_sg *sg, dni_setting setting) {
  return setting == DNI_SETTING_LAMBDA ? &((mixture *)sg)->lambda : NULL;
}

static void mixture_setting_changed(dni_sg *sg, dni_setting setting) {
  if (setting == DNI_SETTING_LAMBDA) replace_schedule((mixture *)sg, NULL);
}

static void mixture_list(dni_sg *sg, dni__manifest *manifest) {
  dni__rate_schedule_list(((mixture *)sg)->schedule, manifest);
}

static void mixture_destroy(dni_sg *sg) {
  replace_schedule((mixture *)sg, NULL);
  dni__wrapper_destroy(sg);
}

static const dni__sg_vtable mixture_vtable = {
    .kind = DNI_SG_MIXTURE,
    .name = "mixture",
    .wraps = true,
    .makes_prediction = true,
    .estimate = mixture_estimate,
    .learn = mixture_learn,
    .setting = mixture_setting,
    .setting_changed = mixture_setting_changed,
    .list = mixture_list,
    .reserve = dni__wrapper_reserve,
    .destroy = mixture_destroy,
};

dni_status dni_sg_create_mixture(dni_context *context, dni_sg *inner, double lambda, dni_sg **out) {
  DNI_REQUIRE(context);
  double checked;
  DNI_TRY(
      dni__setting_set(&checked, mixture_vtable.name, context->dtype, DNI_SETTING_LAMBDA, lambda));
  DNI_TRY(dni__wrapper_create(context, sizeof(mixture), &mixture_vtable, inner, out));
  dni_sg *sg = *out;
  sg->needs = DNI_SG_NEEDS_DELTA;
  sg->signal_units = sg->units;
  ((mixture *)sg)->lambda = checked;
  return DNI_OK;
}

dni_status dni_sg_set_schedule(dni_sg *sg, const dni_schedule *schedule) {
  DNI_REQUIRE(sg);
  if (sg->vtable != &mixture_vtable)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s has no lambda", sg->vtable->name);
  dni__rate_schedule *made = NULL;
  if (schedule) DNI_TRY(dni__rate_schedule_create(sg->context->memory, schedule, 1, &made));
  replace_schedule((mixture *)sg, made);
  follow_schedule((mixture *)sg);
  return DNI_OK;
}
