/* Calls on SGs. */
#include "calls.h"

static void create_synthetic(world *w) {
  dni_sg *sg = NULL;
  dni_context *c = context(w);
  const size_t units = size(w), width = size(w);
  const dni_sg_options options = {.struct_size = struct_size(w, sizeof options),
                                  .condition = number(w, 4),
                                  .has_seed = number(w, 2),
                                  .hidden_layers = fuzz_below(&w->input, 4),
                                  .hidden_units = chance(w, 50) ? 0 : size(w),
                                  .loss = chance(w, 60) ? NULL : pick(w, LOSS)};
  const dni_sg_options *given = chance(w, 30) ? NULL : &options;
  const unsigned usual = MAKES | UNSUPPORTED | CALLBACK_FAILED;
  dni_status status;
  switch (fuzz_below(&w->input, 4)) {
  case 0:
    status = EXPECT_IN(usual, dni_sg_create_critic(c, units, width, given, &sg));
    break;
  case 1:
    status = EXPECT_IN(usual, dni_sg_create_local(c, units, width, pick(w, LOSS), given, &sg));
    break;
  default:
    status = EXPECT_IN(usual, dni_sg_create_synthetic(c, units, width, given, &sg));
  }
  place(w, SG, status, sg);
}

static void create_least_squares(world *w) {
  dni_sg *sg = NULL;
  dni_context *c = context(w);
  const size_t units = size(w), width = size(w);
  const dni_least_squares_options options = {.struct_size = struct_size(w, sizeof options),
                                             .condition = number(w, 4),
                                             .loss = chance(w, 50) ? NULL : pick(w, LOSS),
                                             .forgetting = real(w),
                                             .ridge = real(w),
                                             .solve_every = chance(w, 70) ? 0 : size(w),
                                             .guess_rate = chance(w, 70) ? 0 : real(w)};
  const dni_status status =
      EXPECT_IN(MAKES | UNSUPPORTED,
                dni_sg_create_least_squares(c, units, width, chance(w, 40) ? NULL : &options, &sg));
  place(w, SG, status, sg);
}

static void create_plain(world *w) {
  dni_sg *sg = NULL;
  dni_random_options room;
  dni_context *c = context(w);
  const size_t units = size(w), width = size(w);
  dni_status status;
  switch (fuzz_below(&w->input, 6)) {
  case 0:
    status = EXPECT_IN(MAKES | UNSUPPORTED,
                       dni_sg_create_dfa(c, units, width, random_options(w, &room), &sg));
    break;
  case 1:
    status = EXPECT_IN(MAKES | UNSUPPORTED,
                       dni_sg_create_fa(c, units, width, random_options(w, &room), &sg));
    break;
  case 2:
    status = EXPECT_IN(MAKES, dni_sg_create_delayed(c, units, real(w), &sg));
    break;
  case 3:
    status = EXPECT_IN(MAKES, dni_sg_create_zero(c, units, &sg));
    break;
  case 4:
    status = EXPECT_IN(MAKES, dni_sg_create_scalar(c, units, &sg));
    break;
  default:
    status = EXPECT_IN(MAKES, dni_sg_create_theorem(c, units, &sg));
  }
  place(w, SG, status, sg);
}

static void create_wrapper(world *w) {
  dni_sg *sg = NULL, *inner;
  dni_context *c = context(w);
  inner = pick(w, SG);
  dni_status status;
  switch (fuzz_below(&w->input, 3)) {
  case 0:
    status = EXPECT_IN(MAKES, dni_sg_create_mixture(c, inner, real(w), &sg));
    break;
  case 1:
    status = EXPECT_IN(MAKES, dni_sg_create_frozen(c, inner, &sg));
    break;
  default:
    status = EXPECT_IN(MAKES, dni_sg_create_warm_up(c, inner, fuzz_byte(&w->input) % 4, &sg));
  }
  place(w, SG, status, sg);
}

static void create_own(world *w) {
  dni_sg *sg = NULL;
  dni_context *c = context(w);
  const size_t units = size(w), width = chance(w, 30) ? 0 : size(w), signal = size(w);
  const dni_sg_callbacks callbacks = own_sg(w);
  const dni_status status =
      EXPECT_IN(MAKES | UNSUPPORTED | CALLBACK_FAILED,
                dni_sg_create_callback(c, units, width, signal, &callbacks, &sg));
  own_given(status, DNI_HAS(&callbacks, destroy));
  place(w, SG, status, sg);
}

static dni_dtype dtype_of(world *w) {
  return chance(w, 90) ? w->dtype : DNI_F32;
}

static void estimate(world *w) {
  dni_matrix h, y, signal, weights, losses, delta;
  dni_sg *sg = pick(w, SG);
  const size_t count = rows(w), units = dni_sg_units(sg);
  const dni_dtype dtype = dtype_of(w);
  dni_query query = {.struct_size = struct_size(w, sizeof query)};
  query.h = view(w, &h, dtype, count, units);
  query.y = targets(w, &y, dtype, count, dni_sg_targets(sg));
  if (dni_sg_needs(sg) != DNI_SG_NEEDS_NOTHING)
    query.signal = view(w, &signal, dtype, count, dni_sg_signal_units(sg));
  if (chance(w, 20)) query.weights = view(w, &weights, dtype, count, 1);
  if (chance(w, 10)) query.losses = view(w, &losses, dtype, count, 1);
  dni_matrix *to = view(w, &delta, dtype, count, units);
  (void)EXPECT_IN(COMPUTES | BAD_DATA | NO_MEMORY | NON_FINITE, dni_sg_estimate(sg, &query, to));
}

static void learn(world *w) {
  static const dni_gradient_flags flags[] = {0, 0, 0, 1, 2, 16, 17, 18, 32, 64};
  dni_matrix h, y, target, losses, prediction, weights;
  dni_sg *sg = pick(w, SG);
  const size_t count = rows(w), units = dni_sg_units(sg);
  const dni_dtype dtype = dtype_of(w);
  dni_lesson lesson = {.struct_size = struct_size(w, sizeof lesson)};
  dni_lesson_report report = {.struct_size = struct_size(w, sizeof report)};
  lesson.h = view(w, &h, dtype, count, units);
  lesson.y = targets(w, &y, dtype, count, dni_sg_targets(sg));
  lesson.target = view(w, &target, dtype, count, units);
  if (dni_sg_learns(sg) == DNI_SG_LEARNS_LOSS) lesson.losses = view(w, &losses, dtype, count, 1);
  if (chance(w, 30)) lesson.prediction = view(w, &prediction, dtype, count, units);
  if (chance(w, 20)) lesson.weights = view(w, &weights, dtype, count, 1);
  lesson.flags = flags[fuzz_below(&w->input, sizeof flags / sizeof flags[0])];
  (void)EXPECT_IN(COMPUTES | BAD_DATA | NO_MEMORY | NON_FINITE,
                  dni_sg_learn(sg, &lesson, chance(w, 50) ? NULL : &report));
}

static void reserve(world *w) {
  dni_sg *sg = pick(w, SG);
  (void)EXPECT_IN(MAKES, dni_sg_reserve(sg, chance(w, 80) ? rows(w) : size(w)));
}

static void parameters(world *w) {
  dni_matrix value, gradient, m;
  dni_sg *sg = pick(w, SG);
  const size_t index = fuzz_below(&w->input, 6);
  const unsigned usual = FINE | REFUSED | NON_FINITE | UNSUPPORTED;
  EXPECT(dni_sg_parameter_name(sg, index) && dni_sg_kind_name(sg), "a name is NULL");
  if (EXPECT_IN(usual, dni_sg_parameter(sg, index, &value, &gradient)) != DNI_OK) return;
  dni_matrix *v = view(w, &m, value.dtype, value.rows, value.columns);
  if (chance(w, 50))
    (void)EXPECT_IN(usual, dni_sg_set_parameter(sg, index, v));
  else
    (void)EXPECT_IN(usual, dni_sg_get_parameter(sg, index, v));
  (void)EXPECT_IN(usual, dni_sg_changed(sg));
}

static void settings(world *w) {
  dni_sg *sg = pick(w, SG);
  const dni_setting setting = number(w, 34);
  double least = 0, most = 0, value = 0;
  (void)EXPECT_IN(FINE | REFUSED, dni_sg_bounds(sg, setting, &least, &most));
  (void)EXPECT_IN(FINE | REFUSED, dni_sg_set_f64(sg, setting, real(w)));
  if (dni_sg_has(sg, setting)) {
    EXPECT_FINE(dni_sg_get_f64(sg, setting, &value));
    EXPECT(value >= least && value <= most, "%s is %g", dni_setting_name(setting), value);
  }
}

static void set_schedule(world *w) {
  schedule_room room;
  dni_sg *sg = pick(w, SG);
  const dni_schedule *given = schedule(w, &room);
  const dni_status status = EXPECT_IN(MAKES | UNSUPPORTED, dni_sg_set_schedule(sg, given));
  own_given(status, given && DNI_HAS(given, destroy) && given->destroy);
}

const action sg_actions[] = {create_synthetic,
                             create_synthetic,
                             create_least_squares,
                             create_plain,
                             create_wrapper,
                             create_own,
                             estimate,
                             learn,
                             learn,
                             reserve,
                             parameters,
                             settings,
                             set_schedule,
                             NULL};
