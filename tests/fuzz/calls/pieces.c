/* Calls on losses, optimisers, guards and schedules. */
#include "calls.h"

/* Losses. ------------------------------------------------------------------------------------- */

static void create_loss(world *w) {
  dni_loss *loss = NULL;
  double weights[8];
  dni_context *c = context(w);
  for (size_t i = 0; i < 8; i++)
    weights[i] = chance(w, 90) ? 0.5 : real(w);
  const dni_loss_options options = {.struct_size = struct_size(w, sizeof options),
                                    .label_smoothing = chance(w, 70) ? 0 : real(w),
                                    .class_weights = chance(w, 30) ? weights : NULL,
                                    .class_count = chance(w, 70) ? 0 : fuzz_below(&w->input, 8)};
  const dni_loss_options *given = chance(w, 50) ? NULL : &options;
  dni_status status;
  switch (fuzz_below(&w->input, 4)) {
  case 0:
    status = EXPECT_IN(MAKES | UNSUPPORTED, dni_loss_create_softmax_cross_entropy(c, given, &loss));
    break;
  case 1:
    status = EXPECT_IN(MAKES | UNSUPPORTED, dni_loss_create_sigmoid_cross_entropy(c, given, &loss));
    break;
  case 2:
    status = EXPECT_IN(MAKES, dni_loss_create_squared_error(c, &loss));
    break;
  default:
    status = EXPECT_IN(MAKES, dni_loss_create_absolute_error(c, &loss));
  }
  place(w, LOSS, status, loss);
}

static void create_own_loss(world *w) {
  dni_loss *loss = NULL;
  dni_context *c = context(w);
  const dni_loss_callbacks callbacks = own_loss(w);
  const dni_status status =
      EXPECT_IN(MAKES | UNSUPPORTED, dni_loss_create_callback(c, &callbacks, &loss));
  own_given(status, DNI_HAS(&callbacks, destroy));
  place(w, LOSS, status, loss);
}

static void evaluate(world *w) {
  dni_matrix x, y, weights, delta, each;
  dni_loss *loss = pick(w, LOSS);
  const size_t count = rows(w), columns = 1 + fuzz_below(&w->input, 4);
  const dni_dtype dtype = chance(w, 95) ? w->dtype : DNI_F32;
  dni_batch batch = {.struct_size = struct_size(w, sizeof batch)};
  batch.x = view(w, &x, dtype, count, columns);
  batch.y = targets(w, &y, dtype, count, columns);
  if (chance(w, 30)) batch.weights = view(w, &weights, dtype, count, 1);
  dni_matrix *to = chance(w, 20) ? NULL : view(w, &delta, dtype, count, columns);
  dni_matrix *losses = chance(w, 50) ? NULL : view(w, &each, dtype, count, 1);
  double mean, correct;
  (void)EXPECT_IN(FINE | REFUSED | BAD_DATA | NO_MEMORY | CALLBACK_FAILED,
                  dni_loss_evaluate(loss, &batch, to, losses, chance(w, 20) ? NULL : &mean));
  (void)EXPECT_IN(FINE | REFUSED | BAD_DATA | NO_MEMORY | UNSUPPORTED | CALLBACK_FAILED,
                  dni_loss_count_correct(loss, &batch, &correct));
}

/* Optimisers. --------------------------------------------------------------------------------- */

static void create_optimiser(world *w) {
  dni_optimiser *optimiser = NULL;
  dni_context *c = context(w);
  const double rate = real(w);
  dni_status status;
  switch (fuzz_below(&w->input, 4)) {
  case 0:
    status = EXPECT_IN(MAKES, dni_optimiser_create_sgd(c, rate, &optimiser));
    break;
  case 1:
    status = EXPECT_IN(MAKES, dni_optimiser_create_adam(c, rate, &optimiser));
    break;
  case 2:
    status = EXPECT_IN(MAKES, dni_optimiser_create_adamw(c, rate, &optimiser));
    break;
  default:
    status = EXPECT_IN(MAKES, dni_optimiser_create_like(pick(w, OPTIMISER), &optimiser));
  }
  place(w, OPTIMISER, status, optimiser);
}

static void add(world *w) {
  dni_optimiser *optimiser = pick(w, OPTIMISER);
  if (chance(w, 60))
    (void)EXPECT_IN(MAKES, dni_optimiser_add_layer(optimiser, pick(w, LAYER)));
  else
    (void)EXPECT_IN(MAKES, dni_optimiser_add_sg(optimiser, pick(w, SG)));
}

static void add_own(world *w) {
  dni_matrix value, gradient;
  dni_optimiser *optimiser = pick(w, OPTIMISER);
  const size_t count = rows(w), columns = size(w);
  const dni_dtype dtype = chance(w, 95) ? w->dtype : DNI_F32;
  const dni_matrix *v = view(w, &value, dtype, count, columns);
  const dni_matrix *g = view(w, &gradient, dtype, count, columns);
  own_given(EXPECT_IN(MAKES, dni_optimiser_add(optimiser, v, g, own_destroy, NULL)), true);
}

static void step(world *w) {
  dni_optimiser *optimiser = pick(w, OPTIMISER);
  const unsigned usual = FINE | REFUSED | NON_FINITE;
  if (chance(w, 70))
    (void)EXPECT_IN(usual, dni_optimiser_step(optimiser));
  else
    (void)EXPECT_IN(usual, dni_optimiser_step_scaled(optimiser, real(w)));
  (void)EXPECT_IN(FINE | REFUSED, dni_optimiser_changed(optimiser));
}

static void set_schedule(world *w) {
  schedule_room room;
  dni_optimiser *optimiser = pick(w, OPTIMISER);
  const dni_schedule *given = schedule(w, &room);
  const dni_status status =
      EXPECT_IN(MAKES | UNSUPPORTED, dni_optimiser_set_schedule(optimiser, given));
  own_given(status, given && DNI_HAS(given, destroy) && given->destroy);
  EXPECT(dni_optimiser_rate(optimiser) >= 0, "rate %g", dni_optimiser_rate(optimiser));
}

static void schedule_value(world *w) {
  schedule_room room;
  double value = 0;
  const dni_schedule *given = schedule(w, &room);
  const uint64_t at = chance(w, 80) ? size(w) : UINT64_MAX;
  const dni_status status =
      EXPECT_IN(FINE | REFUSED | UNSUPPORTED | NO_MEMORY, dni_schedule_value(given, at, &value));
  EXPECT(status != DNI_OK || value >= 0, "a schedule is %g", value);
}

static void settings(world *w) {
  dni_optimiser *optimiser = pick(w, OPTIMISER);
  const dni_setting setting = number(w, 12);
  double least = 0, most = 0, value = 0;
  (void)EXPECT_IN(FINE | REFUSED, dni_optimiser_bounds(optimiser, setting, &least, &most));
  (void)EXPECT_IN(FINE | REFUSED, dni_optimiser_set_f64(optimiser, setting, real(w)));
  if (dni_optimiser_has(optimiser, setting)) {
    EXPECT_FINE(dni_optimiser_get_f64(optimiser, setting, &value));
    EXPECT(value >= least && value <= most, "%s is %g", dni_setting_name(setting), value);
  }
}

/* Guards. ------------------------------------------------------------------------------------- */

static void create_guard(world *w) {
  dni_guard *guard = NULL;
  const dni_guard_options options = {
      .struct_size = struct_size(w, sizeof options), .mode = number(w, 2), .cosine = real(w)};
  dni_optimiser *optimiser = pick(w, OPTIMISER);
  const dni_status status = EXPECT_IN(
      MAKES | UNSUPPORTED, dni_guard_create(optimiser, chance(w, 40) ? NULL : &options, &guard));
  place(w, GUARD, status, guard);
}

static void guard_step(world *w) {
  int32_t accepted;
  dni_guard *guard = pick(w, GUARD);
  const double error = real(w), jacobian = real(w), gradient = real(w);
  (void)EXPECT_IN(FINE | REFUSED | NON_FINITE,
                  dni_guard_step(guard, error, jacobian, gradient, &accepted));
}

static void fail_soon(world *w) {
  own_fail(w);
}

static void fill(world *w) {
  fill_pool(w);
}

const action piece_actions[] = {
    create_loss, create_loss,  create_own_loss, evaluate, create_optimiser, add,        add_own,
    step,        set_schedule, schedule_value,  settings, create_guard,     guard_step, fail_soon,
    fill,        NULL};
