/* Optimisers against a second implementation of the header's formulas in double, over 50 steps with
 * fresh gradients, on every element type and instruction set; schedules, clipping, bounds. */
#include "optimiser/optimiser.h"

#include "support/support.h"

enum { SGD, ADAM, ADAMW, OPTIMISERS };

static const char *const names[OPTIMISERS] = {"SGD", "Adam", "AdamW"};

static dni_status create(int kind, dni_context *context, double rate, dni_optimiser **out) {
  switch (kind) {
  case SGD:
    return dni_optimiser_create_sgd(context, rate, out);
  case ADAM:
    return dni_optimiser_create_adam(context, rate, out);
  default:
    return dni_optimiser_create_adamw(context, rate, out);
  }
}

static dni_optimiser *make(int kind, dni_context *context, double rate) {
  dni_optimiser *optimiser = NULL;
  EXPECT_OK(create(kind, context, rate, &optimiser));
  return optimiser;
}

static void set(dni_optimiser *optimiser, dni_setting setting, double value) {
  EXPECT_OK(dni_optimiser_set_f64(optimiser, setting, value));
}

static dni_status set_decay(dni_optimiser *optimiser, uint64_t steps, double factor) {
  const dni_schedule schedule = {
      .struct_size = sizeof schedule, .kind = DNI_RATE_DECAY, .steps = steps, .value = factor};
  return dni_optimiser_set_schedule(optimiser, &schedule);
}

static dni_status set_piecewise(dni_optimiser *optimiser, const uint64_t *boundaries,
                                const double *values, size_t count) {
  const dni_schedule schedule = {.struct_size = sizeof schedule,
                                 .kind = DNI_RATE_PIECEWISE,
                                 .boundaries = boundaries,
                                 .values = values,
                                 .count = count};
  return dni_optimiser_set_schedule(optimiser, &schedule);
}

/* The reference. ----------------------------------------------------------------------------- */

typedef struct settings {
  const char *name;
  int kind;
  double rate, momentum, decay, beta1, beta2, epsilon, clip_norm, clip_value;
} settings;

static const settings all_settings[] = {
    {"SGD", SGD, 0.1, 0, 0, 0, 0, 0, 0, 0},
    {"momentum", SGD, 0.05, 0.9, 0, 0, 0, 0, 0, 0},
    {"momentum and decay", SGD, 0.05, 0.7, 0.03, 0, 0, 0, 0, 0},
    {"SGD, clipped norm", SGD, 0.1, 0.5, 0.01, 0, 0, 0, 2.5, 0},
    {"SGD, clipped value", SGD, 0.1, 0.5, 0.01, 0, 0, 0, 0, 0.4},
    {"SGD, clipped value, then norm", SGD, 0.1, 0.5, 0.01, 0, 0, 0, 2.5, 0.4},
    {"Adam", ADAM, 0.01, 0, 0, 0.9, 0.999, 1e-8, 0, 0},
    {"Adam, other betas", ADAM, 0.02, 0, 0.1, 0.5, 0.9, 1e-3, 0, 0},
    {"Adam, no memory", ADAM, 0.02, 0, 0, 0, 0, 1e-2, 0, 0},
    {"Adam, clipped norm", ADAM, 0.01, 0, 0.01, 0.9, 0.99, 1e-2, 1.5, 0},
    {"Adam, clipped value", ADAM, 0.01, 0, 0.01, 0.9, 0.99, 1e-2, 0, 0.4},
    {"AdamW", ADAMW, 0.01, 0, 0.01, 0.9, 0.999, 1e-8, 0, 0},
    {"AdamW, much decay", ADAMW, 0.02, 0, 0.7, 0.8, 0.95, 1e-4, 0, 0},
    {"AdamW, clipped norm", ADAMW, 0.02, 0, 0.2, 0.8, 0.95, 1e-4, 1.5, 0},
};
enum { SETTINGS = sizeof all_settings / sizeof all_settings[0] };

static dni_optimiser *make_as(const settings *s, dni_context *context) {
  dni_optimiser *optimiser = make(s->kind, context, s->rate);
  if (s->kind == SGD) {
    set(optimiser, DNI_SETTING_MOMENTUM, s->momentum);
  } else {
    set(optimiser, DNI_SETTING_BETA1, s->beta1);
    set(optimiser, DNI_SETTING_BETA2, s->beta2);
    set(optimiser, DNI_SETTING_EPSILON, s->epsilon);
  }
  set(optimiser, DNI_SETTING_WEIGHT_DECAY, s->decay);
  set(optimiser, DNI_SETTING_CLIP_NORM, s->clip_norm);
  set(optimiser, DNI_SETTING_CLIP_VALUE, s->clip_value);
  return optimiser;
}

/* One parameter: the library's value and gradient, and the reference's w, m (or v of SGD) and v. */
typedef struct parameter {
  dni_matrix value, gradient, w, m, v;
} parameter;

static parameter make_parameter(dni_dtype dtype, size_t rows, size_t columns) {
  parameter p = {.value = matrix_random(dtype, rows, columns),
                 .gradient = matrix_make(dtype, rows, columns),
                 .m = matrix_filled(DNI_F64, rows, columns, 0),
                 .v = matrix_filled(DNI_F64, rows, columns, 0)};
  p.w = matrix_convert(&p.value, DNI_F64);
  return p;
}

/* One element's update; t counts from 1. */
static double update(const settings *s, double w, double g, double *m, double *v, uint64_t t) {
  if (s->kind == ADAMW)
    w -= s->rate * s->decay * w;
  else
    g += s->decay * w;
  if (s->kind == SGD) {
    *m = s->momentum * *m + g;
    return w - s->rate * *m;
  }
  *m = s->beta1 * *m + (1 - s->beta1) * g;
  *v = s->beta2 * *v + (1 - s->beta2) * g * g;
  double mean = *m / (1 - pow(s->beta1, (double)t)), square = *v / (1 - pow(s->beta2, (double)t));
  return w - s->rate * mean / (sqrt(square) + s->epsilon);
}

/* An element of a gradient, multiplied with the step's factor and then clipped by value. */
static double clipped(const settings *s, const dni_matrix *gradient, size_t row, size_t column,
                      double factor) {
  double g = factor * matrix_get(gradient, row, column);
  return s->clip_value > 0 ? fmax(fmin(g, s->clip_value), -s->clip_value) : g;
}

/* The 2-norm of all gradients together, clipped by value. */
static double gradient_norm(const settings *s, const parameter *parameters, size_t count,
                            double factor) {
  double sum = 0;
  for (size_t p = 0; p < count; p++)
    for (size_t r = 0; r < parameters[p].w.rows; r++)
      for (size_t c = 0; c < parameters[p].w.columns; c++)
        sum += pow(clipped(s, &parameters[p].gradient, r, c, factor), 2);
  return sqrt(sum);
}

static void reference_step(const settings *s, parameter *parameters, size_t count, uint64_t t,
                           double factor) {
  double norm = gradient_norm(s, parameters, count, factor);
  double shrink = s->clip_norm > 0 && norm > s->clip_norm ? s->clip_norm / norm : 1;
  for (size_t i = 0; i < count; i++) {
    parameter *p = &parameters[i];
    for (size_t r = 0; r < p->w.rows; r++)
      for (size_t c = 0; c < p->w.columns; c++) {
        double g = shrink * clipped(s, &p->gradient, r, c, factor);
        double m = matrix_get(&p->m, r, c), v = matrix_get(&p->v, r, c);
        matrix_set(&p->w, r, c, update(s, matrix_get(&p->w, r, c), g, &m, &v, t));
        matrix_set(&p->m, r, c, m);
        matrix_set(&p->v, r, c, v);
      }
  }
}

enum { PARAMETERS = 3 };

static void compare_over_steps(dni_context *context, const settings *s) {
  dni_dtype dtype = dni_context_dtype(context);
  parameter parameters[PARAMETERS] = {make_parameter(dtype, 7, 19), make_parameter(dtype, 1, 5),
                                      make_parameter(dtype, 33, 3)};
  dni_optimiser *optimiser = make_as(s, context);
  for (size_t p = 0; p < PARAMETERS; p++)
    EXPECT_OK(
        dni_optimiser_add(optimiser, &parameters[p].value, &parameters[p].gradient, NULL, NULL));
  for (uint64_t t = 1; t <= 50; t++) {
    /* Norms on both sides of the limit. */
    for (size_t p = 0; p < PARAMETERS; p++)
      matrix_fill_random(&parameters[p].gradient, t % 3 ? 0.5 : 0.05);
    dni_matrix before = matrix_convert(&parameters[0].gradient, dtype);
    EXPECT(dni_optimiser_step_count(optimiser) == t - 1, "%s: step count", s->name);
    size_t calls = support_watched.calls;
    double factor = t % 4 ? 1 : t % 8 ? 0.25 : 3;
    EXPECT_OK(t % 4 ? dni_optimiser_step(optimiser) : dni_optimiser_step_scaled(optimiser, factor));
    EXPECT(support_watched.calls == calls, "%s: a step allocates", s->name);
    reference_step(s, parameters, PARAMETERS, t, factor);
    matrix_expect_same(&parameters[0].gradient, &before, "gradient after a step");
    for (size_t p = 0; p < PARAMETERS; p++)
      matrix_expect_close(&parameters[p].value, &parameters[p].w,
                          support_tolerance(dtype, 3e-5, 3e-13), s->name);
  }
  dni_optimiser_release(optimiser);
}

START_TEST(updates_follow_their_formulas) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  for (size_t i = 0; i < SETTINGS; i++)
    compare_over_steps(context, &all_settings[i]);
  dni_context_release(context);
}
END_TEST

/* Gradients of 0 and tiny ones: Adam divides by epsilon and not by 0. */
START_TEST(small_gradients) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  for (int kind = 0; kind < OPTIMISERS; kind++) {
    dni_optimiser *optimiser = make(kind, context, 0.1);
    set(optimiser, DNI_SETTING_WEIGHT_DECAY, 0);
    dni_matrix value = matrix_random(dtype, 3, 21), before = matrix_convert(&value, dtype);
    dni_matrix gradient = matrix_filled(dtype, 3, 21, 0);
    EXPECT_OK(dni_optimiser_add(optimiser, &value, &gradient, NULL, NULL));
    for (size_t t = 0; t < 5; t++)
      EXPECT_OK(dni_optimiser_step(optimiser));
    matrix_expect_same(&value, &before, "value after gradients of 0");
    dni_optimiser_release(optimiser);
  }
  dni_context_release(context);
}
END_TEST

/* AdamW's decay of a ten-millionth a step, which 1 - 1e-7 in float would make 19 % too large. The
 * weights' own rounding leaves 5 %. */
START_TEST(small_decay) {
  enum { COUNT = 1000 };
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_optimiser *optimiser;
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix value = matrix_make(dtype, 1, COUNT), gradient = matrix_filled(dtype, 1, COUNT, 0);
  double sum = 0, lost = 0;
  for (size_t c = 0; c < COUNT; c++)
    matrix_set(&value, 0, c, 1 + (double)c / COUNT);
  dni_matrix before = matrix_convert(&value, dtype);
  EXPECT_OK(dni_optimiser_create_adamw(context, 1e-5, &optimiser));
  EXPECT_OK(dni_optimiser_add(optimiser, &value, &gradient, NULL, NULL));
  EXPECT_OK(dni_optimiser_step(optimiser));
  for (size_t c = 0; c < COUNT; c++) {
    sum += matrix_get(&before, 0, c);
    lost += matrix_get(&before, 0, c) - matrix_get(&value, 0, c);
  }
  expect_close(lost / (1e-7 * sum), 1, 0.08, "share of the decay");
  dni_optimiser_release(optimiser);
  dni_context_release(context);
}
END_TEST

/* Schedules. --------------------------------------------------------------------------------- */

/* The rate used in each of `steps` steps, seen from outside: w -= r * 1. */
static void expect_rates(dni_optimiser *optimiser, const double *expected, size_t steps) {
  dni_matrix value = matrix_filled(DNI_F64, 1, 1, 0), gradient = matrix_filled(DNI_F64, 1, 1, 1);
  EXPECT_OK(dni_optimiser_add(optimiser, &value, &gradient, NULL, NULL));
  for (size_t t = 0; t < steps; t++) {
    expect_close(dni_optimiser_rate(optimiser), expected[t], 1e-15, "rate of the next step");
    matrix_set(&value, 0, 0, 0);
    EXPECT_OK(dni_optimiser_step(optimiser));
    expect_close(-matrix_get(&value, 0, 0), expected[t], 1e-15, "rate used");
  }
}

START_TEST(decay_schedule) {
  dni_context *context = support_context(DNI_F64);
  dni_optimiser *optimiser = make(SGD, context, 0.8);
  EXPECT_OK(set_piecewise(optimiser, (uint64_t[]){0}, (double[]){9}, 1));
  EXPECT_OK(set_decay(optimiser, 3, 0.5));
  expect_rates(optimiser, (double[]){0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.1}, 10);
  /* A new rate goes through the schedule too. */
  set(optimiser, DNI_SETTING_LEARNING_RATE, 8);
  expect_close(dni_optimiser_rate(optimiser), 1, 1e-15, "after a new learning rate");
  dni_optimiser_release(optimiser);
  dni_context_release(context);
}
END_TEST

START_TEST(piecewise_schedule) {
  dni_context *context = support_context(DNI_F64);
  dni_optimiser *optimiser = make(SGD, context, 2);
  uint64_t boundaries[] = {2, 3, 6};
  double factors[] = {0.5, 3, 0};
  EXPECT_OK(set_piecewise(optimiser, boundaries, factors, 3));
  boundaries[0] = 0, factors[0] = 100; /* copied */
  expect_rates(optimiser, (double[]){2, 2, 1, 6, 6, 6, 0, 0}, 8);
  EXPECT_OK(dni_optimiser_set_schedule(optimiser, NULL));
  expect_close(dni_optimiser_rate(optimiser), 2, 0, "rate without a schedule");
  dni_optimiser_release(optimiser);
  optimiser = make(SGD, context, 2);
  EXPECT_OK(set_piecewise(optimiser, (uint64_t[]){0, 1}, (double[]){0.5, 1}, 2));
  expect_rates(optimiser, (double[]){1, 2, 2}, 3);
  dni_optimiser_release(optimiser);
  dni_context_release(context);
}
END_TEST

START_TEST(schedule_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_optimiser *optimiser = make(ADAM, context, 1);
  EXPECT_OK(set_piecewise(optimiser, (uint64_t[]){0}, (double[]){0.25}, 1));
  EXPECT_ARGUMENT(set_piecewise(optimiser, NULL, NULL, 0));
  uint64_t rising[] = {1, 5}, falling[] = {5, 1}, equal[] = {5, 5};
  double good[] = {1, 2}, negative[] = {1, -1}, infinite[] = {(double)INFINITY, 1};
  double nan[] = {1, (double)NAN};
  EXPECT_ARGUMENT(set_piecewise(NULL, rising, good, 2));
  EXPECT_ARGUMENT(set_piecewise(optimiser, NULL, good, 2));
  EXPECT_ARGUMENT(set_piecewise(optimiser, rising, NULL, 2));
  EXPECT_ARGUMENT(set_piecewise(optimiser, falling, good, 2));
  EXPECT_ARGUMENT(set_piecewise(optimiser, equal, good, 2));
  EXPECT_ARGUMENT(set_piecewise(optimiser, rising, negative, 2));
  EXPECT_ARGUMENT(set_piecewise(optimiser, rising, infinite, 2));
  EXPECT_ARGUMENT(set_piecewise(optimiser, rising, nan, 2));
  EXPECT_ARGUMENT(set_decay(optimiser, 0, 0.5));
  EXPECT_ARGUMENT(set_decay(optimiser, 2, -0.5));
  EXPECT_ARGUMENT(set_decay(optimiser, 2, (double)NAN));
  EXPECT_ARGUMENT(set_decay(optimiser, 2, (double)INFINITY));
  EXPECT_ARGUMENT(set_decay(NULL, 2, 0.5));
  support_watched.fail_after = 0;
  EXPECT_STATUS(DNI_ERROR_MEMORY, set_piecewise(optimiser, rising, good, 2));
  support_watched.fail_after = SIZE_MAX;
  expect_close(dni_optimiser_rate(optimiser), 0.25, 0, "the old schedule");
  dni_optimiser_release(optimiser);
  dni_context_release(context);
}
END_TEST

/* Clipping. ---------------------------------------------------------------------------------- */

START_TEST(clip_norm_refuses_non_finite_norms) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  static const double bad[] = {NAN, INFINITY, -INFINITY};
  for (int kind = 0; kind < OPTIMISERS; kind++) {
    dni_optimiser *optimiser = make(kind, context, 0.1);
    set(optimiser, DNI_SETTING_CLIP_NORM, 1);
    dni_matrix first = matrix_random(dtype, 2, 3), second = matrix_random(dtype, 5, 17);
    dni_matrix first_gradient = matrix_random(dtype, 2, 3);
    dni_matrix gradient = matrix_random(dtype, 5, 17);
    EXPECT_OK(dni_optimiser_add(optimiser, &first, &first_gradient, NULL, NULL));
    EXPECT_OK(dni_optimiser_add(optimiser, &second, &gradient, NULL, NULL));
    dni_matrix first_before = matrix_convert(&first, dtype);
    dni_matrix second_before = matrix_convert(&second, dtype);
    for (size_t b = 0; b < 3; b++) {
      matrix_set(&gradient, 4, 16, bad[b]);
      EXPECT_STATUS(DNI_ERROR_NON_FINITE, dni_optimiser_step(optimiser));
    }
    matrix_expect_same(&first, &first_before, "value");
    matrix_expect_same(&second, &second_before, "value");
    EXPECT(dni_optimiser_step_count(optimiser) == 0, "a refused step was counted");
    dni_optimiser_release(optimiser);
  }
  dni_context_release(context);
}
END_TEST

/* The norm is exact even where squares overflow or vanish in float. */
START_TEST(clip_norm_of_large_gradients) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_optimiser *optimiser = make(SGD, context, 1);
  set(optimiser, DNI_SETTING_CLIP_NORM, 2);
  dni_matrix value = matrix_filled(dtype, 2, 2, 0);
  dni_matrix gradient = matrix_filled(dtype, 2, 2, 1e30);
  dni_matrix expected = matrix_filled(dtype, 2, 2, -1);
  EXPECT_OK(dni_optimiser_add(optimiser, &value, &gradient, NULL, NULL));
  EXPECT_OK(dni_optimiser_step(optimiser));
  matrix_expect_close(&value, &expected, 1e-6, "value after a clipped step");
  dni_optimiser_release(optimiser);
  dni_context_release(context);
}
END_TEST

/* Parameters of layers and others. ----------------------------------------------------------- */

START_TEST(layers_and_estimators) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  size_t size = dtype == DNI_F32 ? 4 : 8;
  dni_layer *layers[3] = {0};
  dni_sg *sg = NULL;
  EXPECT_OK(dni_layer_create_dense(context, 5, 4, 0, &layers[0]));
  EXPECT_OK(dni_layer_create_batch_norm(context, 4, &layers[1]));
  EXPECT_OK(dni_layer_create_activation(context, 4, 1, &layers[2]));
  EXPECT_OK(dni_sg_create_synthetic(context, 4, 2, NULL, &sg));
  dni_optimiser *optimiser = make(ADAM, context, 0.5);
  for (size_t l = 0; l < 3; l++)
    EXPECT_OK(dni_optimiser_add_layer(optimiser, layers[l]));
  EXPECT_OK(dni_optimiser_add_sg(optimiser, sg));
  /* Two moments of every trained element; running statistics have none. */
  size_t trained = 5 * 4 + 4 + 2 * 4 + 4 * 6 + 4;
  EXPECT(dni_optimiser_bytes(optimiser) >= 2 * trained * size &&
             dni_optimiser_bytes(optimiser) < 2 * (trained + 300) * size,
         "%zu bytes of moments", dni_optimiser_bytes(optimiser));
  dni_matrix value, gradient, statistics, sg_value;
  EXPECT_OK(dni_layer_parameter(layers[1], 2, &statistics, NULL));
  for (size_t i = 0; i < 2; i++) {
    EXPECT_OK(dni_layer_parameter(layers[0], i, &value, &gradient));
    matrix_fill(&gradient, 1);
    EXPECT_OK(dni_layer_parameter(layers[1], i, &value, &gradient));
    matrix_fill(&gradient, -1);
    EXPECT_OK(dni_sg_parameter(sg, i, &sg_value, &gradient));
    matrix_fill(&gradient, 2);
  }
  EXPECT_OK(dni_layer_parameter(layers[0], 1, &value, NULL));
  EXPECT_OK(dni_optimiser_step(optimiser));
  expect_close(matrix_get(&value, 0, 3), -0.5, 1e-6, "bias after a step of Adam");
  expect_close(matrix_get(&sg_value, 0, 3), -0.5, 1e-6, "SG's bias after a step of Adam");
  expect_close(matrix_get(&statistics, 0, 3), 0, 0, "running mean");
  EXPECT_OK(dni_layer_parameter(layers[1], 1, &value, NULL));
  expect_close(matrix_get(&value, 0, 0), 0.5, 1e-6, "shift after a step of Adam");
  /* It keeps what it moves. */
  for (size_t l = 0; l < 3; l++)
    dni_layer_release(layers[l]);
  dni_sg_release(sg);
  dni_context_release(context);
  EXPECT_OK(dni_optimiser_step(optimiser));
  dni_optimiser_release(optimiser);
}
END_TEST

/* What is moved already is refused, by whatever way it comes, and nothing was added. */
START_TEST(added_twice) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_layer *layer = NULL;
  dni_sg *sg = NULL, *warm = NULL, *mixture = NULL, *frozen = NULL;
  EXPECT_OK(dni_layer_create_dense(context, 5, 4, 0, &layer));
  EXPECT_OK(dni_sg_create_synthetic(context, 4, 2, NULL, &sg));
  EXPECT_OK(dni_sg_create_warm_up(context, sg, 1, &warm));
  EXPECT_OK(dni_sg_create_mixture(context, sg, 0.5, &mixture));
  EXPECT_OK(dni_sg_create_frozen(context, sg, &frozen));
  dni_matrix weight, weight_gradient;
  EXPECT_OK(dni_layer_parameter(layer, 0, &weight, &weight_gradient));
  dni_matrix value = matrix_random(dtype, 3, 4), gradient = matrix_random(dtype, 3, 4);
  dni_optimiser *optimiser = make(ADAM, context, 0.5);
  EXPECT_OK(dni_optimiser_add_layer(optimiser, layer));
  EXPECT_OK(dni_optimiser_add_sg(optimiser, warm));
  EXPECT_OK(dni_optimiser_add(optimiser, &value, &gradient, NULL, NULL));
  size_t bytes = dni_optimiser_bytes(optimiser);
  EXPECT_ARGUMENT(dni_optimiser_add_layer(optimiser, layer));
  EXPECT_ARGUMENT(dni_optimiser_add_sg(optimiser, warm));
  EXPECT_ARGUMENT(dni_optimiser_add_sg(optimiser, sg));
  EXPECT_ARGUMENT(dni_optimiser_add_sg(optimiser, mixture));
  EXPECT_ARGUMENT(dni_optimiser_add(optimiser, &value, &gradient, NULL, NULL));
  EXPECT_ARGUMENT(dni_optimiser_add(optimiser, &weight, &weight_gradient, NULL, NULL));
  EXPECT(dni_optimiser_bytes(optimiser) == bytes, "moments of what was refused");
  /* Another optimiser may move the same: that is the caller's affair. */
  dni_optimiser *second = make(ADAM, context, 0.5);
  EXPECT_OK(dni_optimiser_add_layer(second, layer));
  EXPECT_OK(dni_optimiser_add_sg(second, sg));
  dni_optimiser_release(second);
  dni_optimiser_release(optimiser);
  dni_sg *all[] = {sg, warm, mixture, frozen};
  for (size_t i = 0; i < 4; i++)
    dni_sg_release(all[i]);
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

static void count_call(void *user) {
  ++*(size_t *)user;
}

/* destroy comes once, when the optimiser ends, and not after a refusal. */
START_TEST(given_parameters_are_given_back) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix value = matrix_random(dtype, 3, 4), gradient = matrix_random(dtype, 3, 4);
  dni_matrix wide = matrix_random(dtype, 3, 5), other = matrix_random(dtype, 3, 4);
  for (int kind = 0; kind < OPTIMISERS; kind++) {
    size_t destroyed = 0, refused = 0;
    dni_optimiser *optimiser = make(kind, context, 0.5);
    if (kind == SGD) set(optimiser, DNI_SETTING_MOMENTUM, 0.5);
    EXPECT_OK(dni_optimiser_add(optimiser, &value, &gradient, count_call, &destroyed));
    EXPECT_ARGUMENT(dni_optimiser_add(optimiser, &value, &gradient, count_call, &refused));
    EXPECT_ARGUMENT(dni_optimiser_add(optimiser, &other, &wide, count_call, &refused));
    support_watched.fail_after = 0;
    EXPECT_STATUS(DNI_ERROR_MEMORY,
                  dni_optimiser_add(optimiser, &other, &gradient, count_call, &refused));
    support_watched.fail_after = SIZE_MAX;
    EXPECT_OK(dni_optimiser_changed(optimiser));
    EXPECT_OK(dni_optimiser_step(optimiser));
    EXPECT(destroyed == 0, "destroyed while in use");
    dni_optimiser_release(optimiser);
    EXPECT(destroyed == 1 && refused == 0, "destroyed %zu and %zu times", destroyed, refused);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(factors_that_are_none) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix value = matrix_random(dtype, 3, 4), gradient = matrix_random(dtype, 3, 4);
  dni_matrix before = matrix_convert(&value, dtype);
  static const double bad[] = {NAN, INFINITY, -INFINITY};
  dni_optimiser *optimiser = make(SGD, context, 0.5);
  EXPECT_OK(dni_optimiser_add(optimiser, &value, &gradient, NULL, NULL));
  for (size_t i = 0; i < 3; i++)
    EXPECT_ARGUMENT(dni_optimiser_step_scaled(optimiser, bad[i]));
  EXPECT(dni_optimiser_step_count(optimiser) == 0, "a refused step was counted");
  matrix_expect_same(&value, &before, "value");
  EXPECT_OK(dni_optimiser_step_scaled(optimiser, 0));
  matrix_expect_same(&value, &before, "value after a step of factor 0");
  dni_optimiser_release(optimiser);
  dni_context_release(context);
}
END_TEST

/* A step in parts. --------------------------------------------------------------------------- */

enum { PART_LAYERS = 5 };

/* Dense, batch norm, ... with the same parameters and gradients each time. */
static void make_layers(dni_context *context, dni_optimiser *optimiser, dni_layer **layers) {
  for (size_t l = 0; l < PART_LAYERS; l++) {
    if (l % 2)
      EXPECT_OK(dni_layer_create_batch_norm(context, 7, &layers[l]));
    else
      EXPECT_OK(dni_layer_create_dense(context, 7, 7, 0, &layers[l]));
    EXPECT_OK(dni_optimiser_add_layer(optimiser, layers[l]));
    for (size_t i = 0; i < 2; i++) {
      dni_matrix value, gradient;
      EXPECT_OK(dni_layer_parameter(layers[l], i, &value, &gradient));
      for (size_t r = 0; r < value.rows; r++)
        for (size_t c = 0; c < value.columns; c++) {
          matrix_set(&value, r, c, sin((double)(7 * l + 5 * i + 3 * r + c)));
          matrix_set(&gradient, r, c, cos((double)(5 * l + 3 * i + 7 * r + c)));
        }
    }
  }
}

static void expect_same_layers(dni_layer **layers, dni_layer **others) {
  for (size_t l = 0; l < PART_LAYERS; l++)
    for (size_t i = 0; i < 2; i++) {
      dni_matrix value, other;
      EXPECT_OK(dni_layer_parameter(layers[l], i, &value, NULL));
      EXPECT_OK(dni_layer_parameter(others[l], i, &other, NULL));
      matrix_expect_same(&value, &other, "parameter moved with its layer");
    }
}

/* Layer by layer, upwards, downwards and criss-cross, is dni_optimiser_step bit for bit; a layer it
 * does not know moves nothing. */
START_TEST(by_layer) {
  static const size_t orders[3][PART_LAYERS] = {{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {3, 0, 4, 2, 1}};
  dni_context *context = support_context(support_dtypes[_i]);
  for (int kind = 0; kind < OPTIMISERS; kind++) {
    dni_layer *whole[PART_LAYERS], *parts[PART_LAYERS], *stranger = NULL;
    dni_optimiser *by_step = make(kind, context, 0.1), *by_part = make(kind, context, 0.1);
    set(by_part, DNI_SETTING_CLIP_NORM, 1);
    EXPECT(!dni__optimiser_by_layer(by_part), "by layer with a clip norm");
    set(by_part, DNI_SETTING_CLIP_NORM, 0);
    EXPECT(dni__optimiser_by_layer(by_part), "not by layer");
    EXPECT_OK(dni_layer_create_dense(context, 7, 7, 0, &stranger));
    make_layers(context, by_step, whole);
    make_layers(context, by_part, parts);
    for (size_t order = 0; order < 3; order++) {
      EXPECT_OK(dni_optimiser_step(by_step));
      EXPECT_OK(dni__optimiser_begin(by_part, 1, 1));
      EXPECT(dni_optimiser_step_count(by_part) == order + 1, "begin counts the step");
      for (size_t l = 0; l < PART_LAYERS; l++) {
        dni__optimiser_move(by_part, stranger);
        dni__optimiser_move(by_part, parts[orders[order][l]]);
      }
      dni__optimiser_move(by_part, NULL);
      expect_same_layers(parts, whole);
    }
    for (size_t l = 0; l < PART_LAYERS; l++) {
      dni_layer_release(whole[l]);
      dni_layer_release(parts[l]);
    }
    dni_layer_release(stranger);
    dni_optimiser_release(by_step);
    dni_optimiser_release(by_part);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(add_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context), other = dtype == DNI_F32 ? DNI_F64 : DNI_F32;
  for (int kind = 0; kind < OPTIMISERS; kind++) {
    dni_optimiser *optimiser = make(kind, context, 1);
    if (kind == SGD) set(optimiser, DNI_SETTING_MOMENTUM, 0.5);
    dni_matrix value = matrix_random(dtype, 3, 4), gradient = matrix_random(dtype, 3, 4);
    dni_matrix before = matrix_convert(&value, dtype);
    dni_matrix bad[] = {matrix_random(dtype, 4, 3), matrix_random(dtype, 2, 4),
                        matrix_random(other, 3, 4), value, value};
    bad[3].stride = 3;
    bad[4].data = NULL;
    for (size_t b = 0; b < 5; b++) {
      EXPECT_ARGUMENT(dni_optimiser_add(optimiser, &bad[b], &gradient, NULL, NULL));
      EXPECT_ARGUMENT(dni_optimiser_add(optimiser, &value, &bad[b], NULL, NULL));
    }
    dni_matrix others = matrix_random(other, 3, 4);
    EXPECT_ARGUMENT(dni_optimiser_add(optimiser, &others, &bad[2], NULL, NULL));
    EXPECT_ARGUMENT(dni_optimiser_add(optimiser, NULL, &gradient, NULL, NULL));
    EXPECT_ARGUMENT(dni_optimiser_add(optimiser, &value, NULL, NULL, NULL));
    EXPECT_ARGUMENT(dni_optimiser_add(NULL, &value, &gradient, NULL, NULL));
    EXPECT_ARGUMENT(dni_optimiser_add_layer(NULL, NULL));
    EXPECT_ARGUMENT(dni_optimiser_add_layer(optimiser, NULL));
    EXPECT_ARGUMENT(dni_optimiser_add_sg(NULL, NULL));
    EXPECT_ARGUMENT(dni_optimiser_add_sg(optimiser, NULL));
    EXPECT(dni_optimiser_bytes(optimiser) == 0, "moments of nothing");
    EXPECT_OK(dni_optimiser_step(optimiser));
    matrix_expect_same(&value, &before, "value");
    dni_optimiser_release(optimiser);
  }
  dni_context *foreign = support_context(other);
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_dense(foreign, 2, 2, 0, &layer));
  dni_optimiser *optimiser = make(SGD, context, 1);
  EXPECT_ARGUMENT(dni_optimiser_add_layer(optimiser, layer));
  dni_optimiser_release(optimiser);
  dni_layer_release(layer);
  dni_context_release(foreign);
  dni_context_release(context);
}
END_TEST

/* Whichever allocation fails, nothing was added, and the same call works afterwards. */
START_TEST(add_without_memory) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_dense(context, 6, 5, 0, &layer));
  dni_matrix weight, bias, gradient, bias_gradient;
  EXPECT_OK(dni_layer_parameter(layer, 0, &weight, &gradient));
  EXPECT_OK(dni_layer_parameter(layer, 1, &bias, &bias_gradient));
  matrix_fill(&gradient, 1);
  matrix_fill(&bias_gradient, 1);
  for (int kind = 0; kind < OPTIMISERS; kind++) {
    dni_optimiser *optimiser = make(kind, context, 1);
    set(optimiser, DNI_SETTING_WEIGHT_DECAY, 0);
    if (kind == SGD) set(optimiser, DNI_SETTING_MOMENTUM, 0.5);
    matrix_fill(&weight, 0);
    matrix_fill(&bias, 0);
    dni_status status = DNI_ERROR_MEMORY;
    for (size_t allowed = 0; status != DNI_OK; allowed++) {
      size_t bytes = dni_context_bytes(context);
      support_watched.fail_after = allowed;
      status = dni_optimiser_add_layer(optimiser, layer);
      support_watched.fail_after = SIZE_MAX;
      if (status == DNI_OK) break;
      EXPECT(allowed < 20 && status == DNI_ERROR_MEMORY, "%s", dni_status_name(status));
      EXPECT(dni_optimiser_bytes(optimiser) == 0, "moments after a failure");
      EXPECT(dni_context_bytes(context) <= bytes + 4096, "memory after a failure");
      EXPECT_OK(dni_optimiser_step(optimiser));
      EXPECT(matrix_get(&weight, 0, 0) == 0 && matrix_get(&bias, 0, 0) == 0,
             "a parameter that was not added moved");
    }
    EXPECT_OK(dni_optimiser_step(optimiser));
    EXPECT(matrix_get(&weight, 4, 5) < -0.1 && matrix_get(&bias, 0, 4) < -0.1, "not added");
    dni_optimiser_release(optimiser);
  }
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* Settings. ---------------------------------------------------------------------------------- */

START_TEST(create_like) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  for (size_t i = 0; i < SETTINGS; i++) {
    const settings *s = &all_settings[i];
    dni_optimiser *pattern = make_as(s, context), *like = NULL;
    EXPECT_OK(set_decay(pattern, 2, 0.5));
    dni_matrix value = matrix_random(dtype, 2, 3), gradient = matrix_random(dtype, 2, 3);
    dni_matrix other = matrix_convert(&value, dtype);
    dni_matrix other_gradient = matrix_convert(&gradient, dtype);
    EXPECT_OK(dni_optimiser_create_like(pattern, &like));
    EXPECT_OK(dni_optimiser_add(pattern, &value, &gradient, NULL, NULL));
    for (size_t t = 0; t < 5; t++)
      EXPECT_OK(dni_optimiser_step(pattern));
    dni_optimiser *later = NULL;
    EXPECT_OK(dni_optimiser_create_like(pattern, &later));
    EXPECT(dni_optimiser_step_count(later) == 0 && dni_optimiser_bytes(later) == 0, "not new");
    expect_close(dni_optimiser_rate(later), s->rate, 1e-15, "rate at step 0");
    static const dni_kind kinds[] = {DNI_OPTIMISER_SGD, DNI_OPTIMISER_ADAM, DNI_OPTIMISER_ADAMW};
    static const char *const kind_names[] = {"sgd", "adam", "adamw"};
    EXPECT(dni_optimiser_kind(later) == kinds[s->kind], "kind %d", (int)dni_optimiser_kind(later));
    EXPECT_TEXT(dni_optimiser_kind_name(later), kind_names[s->kind]);
    dni_optimiser_release(like);
    like = later;
    dni_optimiser_release(pattern);
    EXPECT_OK(dni_optimiser_add(like, &other, &other_gradient, NULL, NULL));
    for (size_t t = 0; t < 5; t++)
      EXPECT_OK(dni_optimiser_step(like));
    matrix_expect_same(&other, &value, s->name);
    dni_optimiser_release(like);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(bounds_and_defaults) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  static const struct {
    dni_setting setting;
    bool has[OPTIMISERS];
    double defaults[OPTIMISERS], least, above;
    bool least_open;
  } rows[] = {
      {DNI_SETTING_LEARNING_RATE, {true, true, true}, {0.5, 0.5, 0.5}, 0, INFINITY, false},
      {DNI_SETTING_MOMENTUM, {true, false, false}, {0, 0, 0}, 0, 1, false},
      {DNI_SETTING_WEIGHT_DECAY, {true, true, true}, {0, 0, 0.01}, 0, INFINITY, false},
      {DNI_SETTING_BETA1, {false, true, true}, {0, 0.9, 0.9}, 0, 1, false},
      {DNI_SETTING_BETA2, {false, true, true}, {0, 0.999, 0.999}, 0, 1, false},
      {DNI_SETTING_EPSILON, {false, true, true}, {0, 1e-8, 1e-8}, 0, INFINITY, true},
      {DNI_SETTING_CLIP_NORM, {true, true, true}, {0, 0, 0}, 0, INFINITY, false},
      {DNI_SETTING_CLIP_VALUE, {true, true, true}, {0, 0, 0}, 0, INFINITY, false},
      {DNI_SETTING_STATISTICS_RATE, {false, false, false}, {0, 0, 0}, 0, 1, true},
  };
  for (int kind = 0; kind < OPTIMISERS; kind++) {
    dni_optimiser *optimiser = make(kind, context, 0.5);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
      dni_setting which = rows[i].setting;
      double value = -7, least, most;
      if (!rows[i].has[kind]) {
        EXPECT(dni_optimiser_has(optimiser, which) == 0, "%s has setting %d", names[kind], which);
        EXPECT_ARGUMENT(dni_optimiser_get_f64(optimiser, which, &value));
        EXPECT_ARGUMENT(dni_optimiser_set_f64(optimiser, which, 0.5));
        least = most = -7;
        EXPECT_ARGUMENT(dni_optimiser_bounds(optimiser, which, &least, &most));
        EXPECT(value == -7 && least == -7 && most == -7, "an output was written");
        continue;
      }
      EXPECT_OK(dni_optimiser_get_f64(optimiser, which, &value));
      EXPECT(value == rows[i].defaults[kind], "%s, setting %d: %g", names[kind], which, value);
      EXPECT(dni_optimiser_has(optimiser, which) == 1, "%s lacks setting %d", names[kind], which);
      EXPECT_OK(dni_optimiser_bounds(optimiser, which, &least, &most));
      double first = rows[i].least_open ? support_least(dtype) : rows[i].least;
      double last = rows[i].above == 1 ? support_below_one(dtype) : support_most(dtype);
      EXPECT(least == first && most == last, "%g .. %g", least, most);
      EXPECT_OK(dni_optimiser_set_f64(optimiser, which, least));
      EXPECT_OK(dni_optimiser_set_f64(optimiser, which, most));
      EXPECT_ARGUMENT(dni_optimiser_set_f64(optimiser, which, rows[i].above));
      EXPECT_ARGUMENT(dni_optimiser_set_f64(optimiser, which, nextafter(least, -1)));
      EXPECT_ARGUMENT(dni_optimiser_set_f64(optimiser, which, (double)NAN));
      EXPECT_OK(dni_optimiser_get_f64(optimiser, which, &value));
      EXPECT(value == most, "changed by a refused value");
    }
    double least = 3, most = 3;
    EXPECT_ARGUMENT(dni_optimiser_bounds(optimiser, 0, &least, &most));
    EXPECT_ARGUMENT(dni_optimiser_bounds(optimiser, 12345, &least, &most));
    EXPECT_ARGUMENT(dni_optimiser_bounds(NULL, DNI_SETTING_CLIP_NORM, &least, &most));
    EXPECT_ARGUMENT(dni_optimiser_bounds(optimiser, DNI_SETTING_CLIP_NORM, NULL, &most));
    EXPECT_ARGUMENT(dni_optimiser_bounds(optimiser, DNI_SETTING_CLIP_NORM, &least, NULL));
    EXPECT(least == 3 && most == 3, "bounds were written");
    EXPECT(dni_optimiser_has(optimiser, 0) == 0 && dni_optimiser_has(optimiser, 12345) == 0 &&
               dni_optimiser_has(NULL, DNI_SETTING_CLIP_NORM) == 0,
           "has what is not");
    dni_optimiser_release(optimiser);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(creation_refusals_and_null) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_optimiser *optimiser = NULL;
  static const double bad[] = {-1e-300, NAN, INFINITY, -INFINITY};
  for (int kind = 0; kind < OPTIMISERS; kind++) {
    for (size_t b = 0; b < 4; b++)
      EXPECT_ARGUMENT(create(kind, context, bad[b], &optimiser));
    EXPECT_ARGUMENT(create(kind, NULL, 1, &optimiser));
    EXPECT_ARGUMENT(create(kind, context, 1, NULL));
  }
  EXPECT_ARGUMENT(dni_optimiser_create_like(NULL, &optimiser));
  EXPECT(optimiser == NULL, "out was written");
  optimiser = make(SGD, context, 0); /* a rate of 0 is allowed */
  EXPECT_ARGUMENT(dni_optimiser_create_like(optimiser, NULL));
  EXPECT_ARGUMENT(dni_optimiser_get_f64(optimiser, DNI_SETTING_MOMENTUM, NULL));
  EXPECT(dni_optimiser_retain(optimiser) == optimiser, "another handle");
  dni_optimiser_release(optimiser);
  dni_optimiser_release(optimiser);
  double value;
  EXPECT(!dni_optimiser_retain(NULL), "a handle of NULL");
  dni_optimiser_release(NULL);
  EXPECT_ARGUMENT(dni_optimiser_step(NULL));
  EXPECT_ARGUMENT(dni_optimiser_step_scaled(NULL, 1));
  EXPECT_ARGUMENT(dni_optimiser_changed(NULL));
  EXPECT_TEXT(dni_optimiser_kind_name(NULL), "");
  EXPECT(dni_optimiser_kind(NULL) == 0, "kind of NULL");
  EXPECT_ARGUMENT(dni_optimiser_set_f64(NULL, DNI_SETTING_MOMENTUM, 0.5));
  EXPECT_ARGUMENT(dni_optimiser_get_f64(NULL, DNI_SETTING_MOMENTUM, &value));
  EXPECT(dni_optimiser_step_count(NULL) == 0 && dni_optimiser_rate(NULL) == 0 &&
             dni_optimiser_bytes(NULL) == 0,
         "NULL has something");
  dni_context_release(context);
}
END_TEST

static Suite *optimiser_suite(void) {
  Suite *suite = suite_create("optimiser");
  TCase *updates = tcase_create("updates");
  tcase_add_checked_fixture(updates, support_setup, support_teardown);
  tcase_add_loop_test(updates, updates_follow_their_formulas, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(updates, small_gradients, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(updates, small_decay, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(updates, clip_norm_refuses_non_finite_norms, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(updates, clip_norm_of_large_gradients, 0, SUPPORT_MACHINES);
  suite_add_tcase(suite, updates);
  TCase *settings_case = tcase_create("schedules, parameters, settings");
  tcase_add_checked_fixture(settings_case, support_setup, support_teardown);
  tcase_add_test(settings_case, decay_schedule);
  tcase_add_test(settings_case, piecewise_schedule);
  tcase_add_loop_test(settings_case, schedule_refusals, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(settings_case, layers_and_estimators, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(settings_case, added_twice, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(settings_case, given_parameters_are_given_back, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(settings_case, factors_that_are_none, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(settings_case, by_layer, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(settings_case, add_refusals, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(settings_case, add_without_memory, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(settings_case, create_like, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(settings_case, bounds_and_defaults, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(settings_case, creation_refusals_and_null, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, settings_case);
  return suite;
}

int main(void) {
  return support_run(optimiser_suite());
}
