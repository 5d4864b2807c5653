/* Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019):
 *
 *   m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2,
 *   w = w - rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
 *
 * The bias corrections are scalars of the step and folded into two factors, so that an update is
 * one pass over w, g, m and v. Adam adds decay w to g; AdamW takes rate decay w off w instead, in
 * one subtraction with the rest, since 1 - rate decay has few digits left in float. */
#include <math.h>

#include "optimiser/optimiser.h"

static const dni_param tunables[] = {
    DNI_PARAM_LEARNING_RATE, DNI_PARAM_WEIGHT_DECAY, DNI_PARAM_BETA1,      DNI_PARAM_BETA2,
    DNI_PARAM_EPSILON,       DNI_PARAM_CLIP_NORM,    DNI_PARAM_CLIP_VALUE, 0,
};

static void adam_prepare(dni_optimiser *optimiser, double gradient_scale) {
  const dni__optimiser_settings *settings = &optimiser->settings;
  double t = (double)optimiser->steps;
  optimiser->step.adam = (dni__adam_step){
      .rate = optimiser->rate / (1 - pow(settings->beta1, t)),
      .inverse_bias2 = 1 / sqrt(1 - pow(settings->beta2, t)),
      .beta1 = settings->beta1,
      .beta2 = settings->beta2,
      .epsilon = settings->epsilon,
      .decay = settings->weight_decay,
      .shrink = 0,
      .gradient_scale = gradient_scale,
      .gradient_limit = settings->clip_value > 0 ? settings->clip_value * gradient_scale : INFINITY,
  };
}

static void adamw_prepare(dni_optimiser *optimiser, double gradient_scale) {
  adam_prepare(optimiser, gradient_scale);
  optimiser->step.adam.shrink = optimiser->rate * optimiser->step.adam.decay;
  optimiser->step.adam.decay = 0;
}

static void update(const dni_optimiser *optimiser, size_t count, void *value, const void *gradient,
                   void *const *moments) {
  optimiser->context->kernels->adam(count, value, gradient, moments[0], moments[1],
                                    &optimiser->step.adam);
}

static const dni__optimiser_kind adam = {"adam", 2, tunables, adam_prepare, update};
static const dni__optimiser_kind adamw = {"adamw", 2, tunables, adamw_prepare, update};

static dni_status create(dni_context *context, const dni__optimiser_kind *kind,
                         double learning_rate, double weight_decay, dni_optimiser **out) {
  dni__optimiser_settings settings = {
      .learning_rate = learning_rate,
      .weight_decay = weight_decay,
      .beta1 = 0.9,
      .beta2 = 0.999,
      .epsilon = 1e-8,
  };
  return dni__optimiser_create(context, kind, &settings, out);
}

dni_status dni_optimiser_create_adam(dni_context *context, double learning_rate,
                                     dni_optimiser **out) {
  return create(context, &adam, learning_rate, 0, out);
}

dni_status dni_optimiser_create_adamw(dni_context *context, double learning_rate,
                                      dni_optimiser **out) {
  return create(context, &adamw, learning_rate, 0.01, out);
}
