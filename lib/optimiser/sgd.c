/* Stochastic gradient descent with momentum and weight decay:
 *
 *   v = momentum v + (g + decay w),   w = w - rate v
 *
 * The velocity's memory is there even while momentum is 0, so that momentum can be set at any time;
 * v then goes on from what it was when momentum was last above 0. */
#include "optimiser/optimiser.h"

static const dni_setting settings[] = {
    DNI_SETTING_LEARNING_RATE, DNI_SETTING_MOMENTUM,   DNI_SETTING_WEIGHT_DECAY,
    DNI_SETTING_CLIP_NORM,     DNI_SETTING_CLIP_VALUE, 0,
};

static void sgd_prepare(dni_optimiser *optimiser, double gradient_scale, double gradient_limit) {
  optimiser->update.sgd = (dni__sgd_step){
      .rate = optimiser->rate,
      .momentum = optimiser->settings.momentum,
      .decay = optimiser->settings.weight_decay,
      .gradient_scale = gradient_scale,
      .gradient_limit = gradient_limit,
  };
}

static void sgd_scale_rate(dni__optimiser_update *update, double factor) {
  update->sgd.rate *= factor;
}

static void sgd_apply(const dni__kernels *kernels, const dni__optimiser_update *update,
                      size_t count, void *value, const void *gradient, void *const *moments,
                      bool bf16, const dni__chance *chance) {
  void *velocity = update->sgd.momentum > 0 ? moments[0] : NULL;
  (bf16 ? kernels->sgd_bf16 : kernels->sgd)(count, value, gradient, velocity, &update->sgd, chance);
}

static const dni__optimiser_kind sgd = {
    .kind = DNI_OPTIMISER_SGD,
    .name = "sgd",
    .moment_count = 1,
    .moments = {"momentum"},
    .settings = settings,
    .prepare = sgd_prepare,
    .scale_rate = sgd_scale_rate,
    .apply = sgd_apply,
};

dni_status dni_optimiser_create_sgd(dni_context *context, double learning_rate,
                                    dni_optimiser **out) {
  dni__optimiser_settings first = {.learning_rate = learning_rate};
  return dni__optimiser_create(context, &sgd, &first, out);
}
