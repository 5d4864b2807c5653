/* Stochastic gradient descent with momentum and weight decay:
 *
 *   v = momentum v + (g + decay w),   w = w - rate v
 *
 * The velocity's memory is there even while momentum is 0, so that momentum can be set at any time;
 * v then goes on from what it was when momentum was last above 0. */
#include <math.h>

#include "optimiser/optimiser.h"

static const dni_param tunables[] = {
    DNI_PARAM_LEARNING_RATE, DNI_PARAM_MOMENTUM,   DNI_PARAM_WEIGHT_DECAY,
    DNI_PARAM_CLIP_NORM,     DNI_PARAM_CLIP_VALUE, 0,
};

static void sgd_prepare(dni_optimiser *optimiser, double gradient_scale) {
  const dni__optimiser_settings *settings = &optimiser->settings;
  optimiser->step.sgd = (dni__sgd_step){
      .rate = optimiser->rate,
      .momentum = settings->momentum,
      .decay = settings->weight_decay,
      .gradient_scale = gradient_scale,
      .gradient_limit = settings->clip_value > 0 ? settings->clip_value * gradient_scale : INFINITY,
  };
}

static void sgd_update(const dni_optimiser *optimiser, size_t count, void *value,
                       const void *gradient, void *const *moments) {
  const dni__sgd_step *step = &optimiser->step.sgd;
  optimiser->context->kernels->sgd(count, value, gradient, step->momentum > 0 ? moments[0] : NULL,
                                   step);
}

static const dni__optimiser_kind kind = {"sgd", 1, tunables, sgd_prepare, sgd_update};

dni_status dni_optimiser_create_sgd(dni_context *context, double learning_rate,
                                    dni_optimiser **out) {
  dni__optimiser_settings settings = {.learning_rate = learning_rate};
  return dni__optimiser_create(context, &kind, &settings, out);
}
