/* SGs of every promised kind, each alone on matrices. */
#include "program.h"

/* One question and one lesson; the SG is released. */
static void use_sg(dni_sg *sg, dni_kind kind) {
  dni_query *query = NEW(dni_query);
  dni_lesson *lesson = NEW(dni_lesson);
  dni_lesson_report *report = NEW(dni_lesson_report);
  dni_matrix h = matrix(ROWS, UNITS), error = matrix(ROWS, UNITS), delta = matrix(ROWS, UNITS);
  dni_matrix target = matrix(ROWS, UNITS), losses = matrix(ROWS, 1), x, labels;
  dni_needs needs = dni_sg_needs(sg);
  double least, most, number;
  view_examples(&x, &labels);
  labels.rows = ROWS;
  error.columns = error.stride = dni_sg_signal_units(sg);
  for (size_t i = 0; i < ROWS * UNITS; i++)
    ((float *)h.data)[i] = ((float *)target.data)[i] = example(i, i);
  EXPECT(dni_sg_kind(sg) == kind && dni_sg_kind_name(sg)[0]);
  EXPECT(dni_sg_units(sg) == UNITS && dni_sg_targets(sg) <= CLASSES);
  CHECK(dni_sg_reserve(sg, ROWS));

  query->h = &h;
  if (dni_sg_targets(sg) > 0) query->y = &labels;
  if (needs != DNI_SG_NEEDS_NOTHING) query->signal = &error;
  if (kind == DNI_SG_CRITIC) query->losses = &losses;
  CHECK(dni_sg_estimate(sg, query, &delta));

  lesson->h = &h;
  lesson->y = query->y;
  if (dni_sg_learns(sg) != DNI_SG_LEARNS_LOSS)
    lesson->target = &target;
  else
    lesson->losses = &losses;
  if (needs != DNI_SG_NEEDS_NOTHING) lesson->prediction = &delta;
  CHECK(dni_sg_learn(sg, lesson, report));
  EXPECT(report->mse >= 0);

  for (dni_setting setting = 1; setting < 100; setting++) {
    if (!dni_sg_has(sg, setting)) continue;
    CHECK(dni_sg_bounds(sg, setting, &least, &most));
    CHECK(dni_sg_get_f64(sg, setting, &number));
    CHECK(dni_sg_set_f64(sg, setting, number));
  }
  dni_sg_release(dni_sg_retain(sg));
  dni_sg_release(sg);
  drop(report), drop(lesson), drop(query);
}

/* Parameters by views and by copies, and an optimiser that moves them. */
static void use_parameters(dni_context *context, dni_sg *sg) {
  dni_matrix value, gradient, copied;
  dni_optimiser *optimiser;
  EXPECT(dni_sg_parameter_count(sg) > 0 && dni_sg_parameter_name(sg, 0)[0]);
  CHECK(dni_sg_parameter(sg, 0, &value, &gradient));
  CHECK(dni_sg_changed(sg));
  copied = matrix(value.rows, value.columns);
  CHECK(dni_sg_get_parameter(sg, 0, &copied));
  CHECK(dni_sg_set_parameter(sg, 0, &copied));
  CHECK(dni_optimiser_create_sgd(context, 0.1, &optimiser));
  CHECK(dni_optimiser_add_sg(optimiser, sg));
  CHECK(dni_optimiser_step(optimiser));
  dni_optimiser_release(optimiser);
}

static dni_sg *make_synthetic(dni_context *context) {
  dni_sg_options *options = NEW(dni_sg_options);
  dni_sg *sg;
  options->condition = DNI_CONDITION_HY;
  options->hidden_layers = 1;
  options->hidden_units = 4;
  options->has_seed = 1;
  CHECK(dni_sg_create_synthetic(context, UNITS, CLASSES, options, &sg));
  drop(options);
  return sg;
}

static dni_sg *make_least_squares(dni_context *context, dni_loss *loss) {
  dni_least_squares_options *options = NEW(dni_least_squares_options);
  dni_sg *sg;
  options->condition = DNI_CONDITION_RESIDUAL;
  options->loss = loss;
  options->forgetting = 0.5;
  options->ridge = 0.01;
  options->solve_every = 2;
  options->guess_rate = 0.01;
  CHECK(dni_sg_create_least_squares(context, UNITS, CLASSES, options, &sg));
  drop(options);
  return sg;
}

static void use_feedback(dni_context *context) {
  dni_random_options *random = NEW(dni_random_options);
  dni_sg *sg;
  random->has_seed = 1;
  CHECK(dni_sg_create_dfa(context, UNITS, CLASSES, random, &sg));
  use_sg(sg, DNI_SG_DFA);
  CHECK(dni_sg_create_fa(context, UNITS, 4, random, &sg));
  use_sg(sg, DNI_SG_FA);
  CHECK(dni_sg_create_delayed(context, UNITS, 0.9, &sg));
  use_sg(sg, DNI_SG_DELAYED);
  CHECK(dni_sg_create_zero(context, UNITS, &sg));
  use_sg(sg, DNI_SG_ZERO);
  drop(random);
}

static void use_wrappers(dni_context *context) {
  dni_schedule *schedule = NEW(dni_schedule);
  dni_sg *inner = make_synthetic(context), *sg;
  CHECK(dni_sg_create_mixture(context, inner, 0.5, &sg));
  own_schedule(schedule);
  CHECK(dni_sg_set_schedule(sg, schedule));
  use_sg(sg, DNI_SG_MIXTURE);
  CHECK(dni_sg_create_frozen(context, inner, &sg));
  use_sg(sg, DNI_SG_FROZEN);
  CHECK(dni_sg_create_warm_up(context, inner, 3, &sg));
  use_sg(sg, DNI_SG_WARM_UP);
  dni_sg_release(inner);
  drop(schedule);
}

void use_sgs(dni_context *context) {
  dni_sg *sg = make_synthetic(context);
  dni_loss *loss;
  use_parameters(context, sg);
  use_sg(sg, DNI_SG_SYNTHETIC);
  CHECK(dni_sg_create_critic(context, UNITS, CLASSES, NULL, &sg));
  use_sg(sg, DNI_SG_CRITIC);
  CHECK(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  CHECK(dni_sg_create_local(context, UNITS, CLASSES, loss, NULL, &sg));
  use_sg(sg, DNI_SG_LOCAL);
  use_sg(make_least_squares(context, loss), DNI_SG_LEAST_SQUARES);
  dni_loss_release(loss);
  use_sg(make_own_sg(context), DNI_SG_CALLBACK);
  use_feedback(context);
  use_wrappers(context);
}
