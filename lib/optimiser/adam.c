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

static const dni_setting settings[] = {
    DNI_SETTING_LEARNING_RATE, DNI_SETTING_WEIGHT_DECAY, DNI_SETTING_BETA1,      DNI_SETTING_BETA2,
    DNI_SETTING_EPSILON,       DNI_SETTING_CLIP_NORM,    DNI_SETTING_CLIP_VALUE, 0,
};

static void adam_prepare(dni_optimiser *optimiser, double gradient_scale, double gradient_limit) {
  const dni__optimiser_settings *set = &optimiser->settings;
  double t = (double)optimiser->steps;
  optimiser->update.adam = (dni__adam_step){
      .rate = optimiser->rate / (1 - pow(set->beta1, t)),
      .inverse_bias2 = 1 / sqrt(1 - pow(set->beta2, t)),
      .beta1 = set->beta1,
      .beta2 = set->beta2,
      .epsilon = set->epsilon,
      .decay = set->weight_decay,
      .shrink = 0,
      .gradient_scale = gradient_scale,
      .gradient_limit = gradient_limit,
  };
}

static void adamw_prepare(dni_optimiser *optimiser, double gradient_scale, double gradient_limit) {
  adam_prepare(optimiser, gradient_scale, gradient_limit);
  dni__adam_step *step = &optimiser->update.adam;
  step->shrink = optimiser->rate * step->decay;
  step->decay = 0;
}

/* shrink is the rate times the decay. */
static void scale_rate(dni__optimiser_update *update, double factor) {
  update->adam.rate *= factor;
  update->adam.shrink *= factor;
}

static void apply(const dni__kernels *kernels, const dni__optimiser_update *update, size_t count,
                  void *value, const void *gradient, void *const *moments, bool bf16,
                  const dni__chance *chance) {
  (bf16 ? kernels->adam_bf16 : kernels->adam)(count, value, gradient, moments[0], moments[1],
                                              &update->adam, chance);
}

static const dni__optimiser_kind adam = {
    .kind = DNI_OPTIMISER_ADAM,
    .name = "adam",
    .moment_count = 2,
    .moments = {"first_moment", "second_moment"},
    .settings = settings,
    .prepare = adam_prepare,
    .scale_rate = scale_rate,
    .apply = apply,
};

static const dni__optimiser_kind adamw = {
    .kind = DNI_OPTIMISER_ADAMW,
    .name = "adamw",
    .moment_count = 2,
    .moments = {"first_moment", "second_moment"},
    .settings = settings,
    .prepare = adamw_prepare,
    .scale_rate = scale_rate,
    .apply = apply,
};

static dni_status create(dni_context *context, const dni__optimiser_kind *kind,
                         double learning_rate, double weight_decay, dni_optimiser **out) {
  dni__optimiser_settings first = {
      .learning_rate = learning_rate,
      .weight_decay = weight_decay,
      .beta1 = 0.9,
      .beta2 = 0.999,
      .epsilon = 1e-8,
  };
  return dni__optimiser_create(context, kind, &first, out);
}

dni_status dni_optimiser_create_adam(dni_context *context, double learning_rate,
                                     dni_optimiser **out) {
  return create(context, &adam, learning_rate, 0, out);
}

dni_status dni_optimiser_create_adamw(dni_context *context, double learning_rate,
                                      dni_optimiser **out) {
  return create(context, &adamw, learning_rate, 0.01, out);
}
