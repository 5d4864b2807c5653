/* BP(lambda) (Jaderberg et al. 2016): delta = lambda e + (1 - lambda) M(h, y), e = dL/dh, and M,
 * the inner estimator, learns from e. lambda is a number, or follows the count of lessons:
 *
 *   lambda(n) = lambdas[i] + (lambdas[i+1] - lambdas[i]) (n - b[i]) / (b[i+1] - b[i])
 *
 * for b[i] <= n <= b[i+1], and constant outside. */
#include "core/tunable.h"
#include "optimiser/schedule.h"
#include "sg/blend.h"
#include "sg/wrapper.h"

typedef struct mixture {
  dni__wrapper wrapper;
  double lambda;          /* what the next estimate uses */
  dni__schedule schedule; /* factors are lambdas; count 0: none */
} mixture;

static double lambda_at(const dni__schedule *schedule, uint64_t lessons) {
  const uint64_t *boundaries = schedule->boundaries;
  const double *lambdas = schedule->factors;
  size_t next = 0;
  while (next < schedule->count && boundaries[next] <= lessons)
    next++;
  if (next == 0) return lambdas[0];
  if (next == schedule->count) return lambdas[next - 1];
  double along =
      (double)(lessons - boundaries[next - 1]) / (double)(boundaries[next] - boundaries[next - 1]);
  return lambdas[next - 1] + along * (lambdas[next] - lambdas[next - 1]);
}

static void follow_schedule(mixture *outer) {
  if (outer->schedule.count > 0)
    outer->lambda = lambda_at(&outer->schedule, outer->wrapper.lessons);
}

static void replace_schedule(mixture *outer, const dni__schedule *schedule) {
  dni__schedule_destroy(outer->wrapper.base.context->memory, &outer->schedule);
  outer->schedule = *schedule;
  follow_schedule(outer);
}

/* M is not computed for lambda = 1, and e not read for lambda = 0. */
static dni_status mixture_estimate(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                   const dni_matrix *error, const dni_matrix *delta) {
  const mixture *outer = (const mixture *)sg;
  double lambda = outer->lambda;
  if (lambda < 1) DNI_TRY(dni__wrapper_predict(&outer->wrapper, h, y, delta));
  if (lambda > 0) dni__sg_blend(lambda, error, 1 - lambda, delta);
  return DNI_OK;
}

/* The prediction given is the blend and no answer of M's. */
static dni_status mixture_learn(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                const dni_matrix *target, const dni_matrix *prediction,
                                dni__pair_sums *sums) {
  (void)prediction;
  mixture *outer = (mixture *)sg;
  DNI_TRY(dni__wrapper_teach(&outer->wrapper, h, y, target, NULL, sums));
  follow_schedule(outer);
  return DNI_OK;
}

static double *mixture_tunable(dni_sg *sg, dni_param parameter) {
  return parameter == DNI_PARAM_LAMBDA ? &((mixture *)sg)->lambda : NULL;
}

static void mixture_tuned(dni_sg *sg, dni_param parameter) {
  (void)parameter;
  replace_schedule((mixture *)sg, &(dni__schedule){0});
}

static void mixture_destroy(dni_sg *sg) {
  dni__schedule_destroy(sg->context->memory, &((mixture *)sg)->schedule);
  dni__wrapper_destroy(sg);
}

static const dni__sg_vtable mixture_vtable = {
    .kind = DNI_SG_MIXTURE,
    .name = "mixture",
    .estimate = mixture_estimate,
    .learn = mixture_learn,
    .ignores_prediction = true,
    .tunable = mixture_tunable,
    .tuned = mixture_tuned,
    .reserve = dni__wrapper_reserve,
    .destroy = mixture_destroy,
};

dni_status dni_sg_create_mixture(dni_context *context, dni_sg *inner, double lambda, dni_sg **out) {
  double checked;
  DNI_TRY(dni__tunable_set(&checked, mixture_vtable.name, DNI_PARAM_LAMBDA, lambda));
  DNI_TRY(dni__wrapper_create(context, sizeof(mixture), &mixture_vtable, inner, out));
  dni_sg *sg = *out;
  sg->needs = DNI_SG_NEEDS_DELTA;
  sg->error_units = sg->units;
  ((mixture *)sg)->lambda = checked;
  return DNI_OK;
}

/* The schedule of a count of 0 is none. */
static dni_status make_schedule(dni__memory *memory, const uint64_t *boundaries,
                                const double *lambdas, size_t count, dni__schedule *out) {
  *out = (dni__schedule){0};
  if (count == 0) return DNI_OK;
  DNI_REQUIRE(boundaries);
  DNI_REQUIRE(lambdas);
  for (size_t i = 0; i < count; i++) {
    double checked;
    DNI_TRY(dni__tunable_set(&checked, mixture_vtable.name, DNI_PARAM_LAMBDA, lambdas[i]));
  }
  return dni__schedule_piecewise(memory, boundaries, lambdas, count, out);
}

dni_status dni_sg_set_lambda_schedule(dni_sg *sg, const uint64_t *boundaries, const double *lambdas,
                                      size_t count) {
  DNI_REQUIRE(sg);
  if (sg->vtable != &mixture_vtable)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s has no lambda", sg->vtable->name);
  dni__schedule schedule;
  DNI_TRY(make_schedule(sg->context->memory, boundaries, lambdas, count, &schedule));
  replace_schedule((mixture *)sg, &schedule);
  return DNI_OK;
}
