/* A random layer, SG, loss or optimiser of every kind that there is. */
#include "random.h"

/* Layers. ------------------------------------------------------------------------------------- */

dni_status make_layer(world *w, size_t inputs, bool top, dni_layer **out) {
  dni_activation activation = (dni_activation)below(6);
  switch (top || chance(55) ? 0 : 1 + below(5)) {
  case 0:
    return dni_layer_create_dense(w->context, inputs, (top ? 2 : 1) + below(WIDEST - 1), activation,
                                  out);
  case 1:
    w->norms = true;
    return dni_layer_create_batch_norm(w->context, inputs, out);
  case 2:
    if (inputs > 1) return dni_layer_create_layer_norm(w->context, inputs, out);
    return dni_layer_create_activation(w->context, inputs, activation, out);
  case 3:
    return dni_layer_create_dropout(w->context, inputs, chance(80) ? 0.3 : 0, NULL, out);
  case 4:
    return dni_layer_create_activation(w->context, inputs, activation, out);
  default:
    return own_layer(w, inputs, out);
  }
}

/* SGs. ---------------------------------------------------------------------------------------- */

static dni_status make_local(world *w, size_t units, dni_sg_options *options, dni_sg **out) {
  dni_loss *loss;
  dni_status status = make_loss(w, &loss);
  if (status != DNI_OK) return status;
  options->condition = DNI_CONDITION_HY;
  return dni_sg_create_local(w->context, units, world_outputs(w), keep(w, LOSS, loss), options,
                             out);
}

/* A loss for a guess, or NULL where that may be. */
static dni_status make_guess_loss(world *w, dni_condition condition, dni_loss **out) {
  *out = NULL;
  if (condition != DNI_CONDITION_RESIDUAL && chance(50)) return DNI_OK;
  dni_status status = make_loss(w, out);
  if (status == DNI_OK) keep(w, LOSS, *out);
  return status;
}

static dni_status make_least_squares(world *w, size_t units, dni_sg **out) {
  dni_least_squares_options options = {.struct_size = sizeof options,
                                       .condition = (dni_condition)below(4),
                                       .forgetting = chance(50) ? 0 : uniform(0.01, 1),
                                       .ridge = chance(50) ? 0 : uniform(1e-6, 1),
                                       .solve_every = below(4)};
  dni_status status = make_guess_loss(w, options.condition, &options.loss);
  if (status != DNI_OK) return status;
  return dni_sg_create_least_squares(w->context, units, world_outputs(w), &options, out);
}

static dni_status make_synthetic(world *w, size_t units, dni_sg_options *options, dni_sg **out) {
  if (chance(25)) options->condition = DNI_CONDITION_RESIDUAL;
  dni_status status = make_guess_loss(w, options->condition, &options->loss);
  if (status != DNI_OK) return status;
  return dni_sg_create_synthetic(w->context, units, world_outputs(w), options, out);
}

/* One that needs nothing; `regresses`: it learns from targets. */
static dni_status make_free_sg(world *w, size_t units, bool regresses, dni_sg **out) {
  dni_sg_options options = {.struct_size = sizeof options,
                            .condition = (dni_condition)below(3),
                            .hidden_layers = below(3),
                            .hidden_units = below(4)};
  size_t outputs = world_outputs(w);
  switch (below(regresses ? 5 : 9)) {
  case 0:
    return dni_sg_create_scalar(w->context, units, out);
  case 1:
    return own_sg(w, units, DNI_SG_NEEDS_NOTHING, DNI_SG_LEARNS_TARGET, out);
  case 4:
    return make_least_squares(w, units, out);
  case 5:
    if (options.condition == DNI_CONDITION_Y) options.condition = DNI_CONDITION_H;
    return dni_sg_create_critic(w->context, units, outputs, &options, out);
  case 6:
    return make_local(w, units, &options, out);
  case 7:
    return dni_sg_create_zero(w->context, units, out);
  case 8:
    return own_sg(w, units, DNI_SG_NEEDS_NOTHING, DNI_SG_LEARNS_ALONE, out);
  default:
    if (units == outputs && chance(50)) {
      w->numbers_only = true;
      return dni_sg_create_theorem(w->context, units, out);
    }
    return make_synthetic(w, units, &options, out);
  }
}

/* Around a regressing SG, up to three deep. */
static dni_status wrap(world *w, dni_sg *inner, size_t depth, dni_sg **out) {
  dni_status status;
  keep(w, SG, inner);
  if (depth > 0) {
    status = dni_sg_create_warm_up(w->context, inner, below(6), out);
    return status == DNI_OK ? wrap(w, *out, depth - 1, out) : status;
  }
  switch (below(3)) {
  case 0:
    return dni_sg_create_mixture(w->context, inner, uniform(0, 1), out);
  case 1:
    return dni_sg_create_frozen(w->context, inner, out);
  default:
    return dni_sg_create_warm_up(w->context, inner, below(6), out);
  }
}

dni_status make_sg(world *w, size_t after, dni_sg **out) {
  size_t units = w->width[after + 1];
  bool threads = w->schedule == DNI_SCHEDULE_PIPELINED;
  dni_sg *inner;
  dni_status status;
  switch (below(9)) {
  case 0:
  case 1:
  case 2:
    return make_free_sg(w, units, threads && chance(70), out);
  case 3:
    return dni_sg_create_dfa(w->context, units, world_outputs(w), NULL, out);
  case 4:
    return dni_sg_create_fa(w->context, units, w->width[after + 2], NULL, out);
  case 5:
    return dni_sg_create_delayed(w->context, units, uniform(0.5, 1), out);
  case 6:
    return own_sg(w, units, (dni_needs)below(5), DNI_SG_LEARNS_NOTHING, out);
  default:
    status = make_free_sg(w, units, true, &inner);
    return status == DNI_OK ? wrap(w, inner, below(3), out) : status;
  }
}

/* Losses and optimisers. ---------------------------------------------------------------------- */

dni_status make_loss(world *w, dni_loss **out) {
  double weights[WIDEST + 1];
  for (size_t c = 0; c < world_outputs(w); c++)
    weights[c] = uniform(0.1, 2);
  dni_loss_options options = {.struct_size = sizeof options,
                              .label_smoothing = chance(30) ? 0.1 : 0};
  if (chance(30)) {
    options.class_weights = weights;
    options.class_count = world_outputs(w);
  }
  switch (below(5)) {
  case 0:
    return dni_loss_create_softmax_cross_entropy(w->context, &options, out);
  case 1:
    return dni_loss_create_sigmoid_cross_entropy(w->context, &options, out);
  case 2:
    return dni_loss_create_squared_error(w->context, out);
  case 3:
    return dni_loss_create_absolute_error(w->context, out);
  default:
    return own_loss(w, out);
  }
}

static double own_rate(void *user, uint64_t step) {
  (void)user;
  return 1 / (1 + 0.01 * (double)step);
}

static dni_status set_schedule(dni_optimiser *optimiser) {
  dni_schedule schedule = {.struct_size = sizeof schedule};
  if (chance(50)) {
    schedule.kind = DNI_RATE_FUNCTION;
    schedule.function = own_rate;
  } else {
    schedule.kind = DNI_RATE_COSINE;
    schedule.steps = 1 + below(20);
    schedule.value = 0.25;
  }
  return dni_optimiser_set_schedule(optimiser, &schedule);
}

dni_status make_optimiser(world *w, dni_optimiser **out) {
  double rate = uniform(0.001, 0.02);
  size_t kind = below(3);
  dni_status status = kind == 0   ? dni_optimiser_create_sgd(w->context, rate, out)
                      : kind == 1 ? dni_optimiser_create_adam(w->context, rate, out)
                                  : dni_optimiser_create_adamw(w->context, rate, out);
  if (status != DNI_OK) return status;
  keep(w, OPTIMISER, *out);
  if (chance(30)) status = dni_optimiser_set_f64(*out, DNI_SETTING_CLIP_NORM, 1);
  if (status == DNI_OK && chance(20))
    status = dni_optimiser_set_f64(*out, DNI_SETTING_CLIP_VALUE, 0.5);
  if (status == DNI_OK && chance(30)) status = set_schedule(*out);
  if (status == DNI_OK && kind == 0 && chance(50))
    status = dni_optimiser_set_f64(*out, DNI_SETTING_MOMENTUM, 0.9);
  if (status == DNI_OK && chance(50)) status = dni_optimiser_set_moment_dtype(*out, DNI_BF16);
  return status;
}
