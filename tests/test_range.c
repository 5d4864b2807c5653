/* Finite inputs of any size: norms, sums of squares, cosines and updates are finite and right from
 * 1e-38 to 1e38 in float and from 1e-300 to 1e300 in double, and what cannot be right is named. */
#include "dni/research.h"

#include <float.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include "support/support.h"

/* Whether denormal numbers are taken for 0, as the library does on some processors. */
static void flush_denormals(bool flush) {
#if defined(__SSE__)
  _mm_setcsr((_mm_getcsr() & ~0x8040U) | (flush ? 0x8040U : 0U));
#else
  (void)flush;
#endif
}

/* Element type and mode of a loop test. */
enum { MODES = 2 * SUPPORT_DTYPES };

static dni_dtype mode_begin(int index) {
  flush_denormals(index >= SUPPORT_DTYPES);
  return support_dtypes[index % SUPPORT_DTYPES];
}

static void setup(void) {
  support_setup();
}

static void teardown(void) {
  flush_denormals(false);
  support_teardown();
}

/* 10^exponent, steps apart, over the range of the element type. */
static int last_power(dni_dtype dtype) {
  return dtype == DNI_F32 ? 38 : 300;
}
static int power_step(dni_dtype dtype) {
  return dtype == DNI_F32 ? 1 : 10;
}

/* Numbers times a power of 10, as the element type rounds them. */
static dni_matrix scaled(dni_dtype dtype, size_t rows, size_t columns, const double *numbers,
                         int power) {
  dni_matrix view = matrix_make(dtype, rows, columns);
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++) {
      char text[64];
      (void)snprintf(text, sizeof text, "%.17ge%d", numbers[r * columns + c], power);
      if (dtype == DNI_F32)
        ((float *)view.data)[r * view.stride + c] = strtof(text, NULL);
      else
        matrix_set(&view, r, c, strtod(text, NULL));
    }
  return view;
}

static void expect_ratio(double actual, double expected, double tolerance, const char *what,
                         int power) {
  EXPECT(fabs(actual / expected - 1) <= tolerance, "%s at 1e%d: %g, expected %g", what, power,
         actual, expected);
}

/* Lessons. ------------------------------------------------------------------------------------ */

static const double answers[] = {1, 2, 3, 4}, targets[] = {2, 4, 6, 8};

/* Those that compare an answer with a target: all whose answer may be given. */
static dni_sg *make_sg(dni_context *context, int kind) {
  dni_sg *sg = NULL, *inner = NULL;
  switch (kind) {
  case 0:
    EXPECT_OK(dni_sg_create_zero(context, 4, &sg));
    return sg;
  case 1:
    EXPECT_OK(dni_sg_create_scalar(context, 4, &sg));
    return sg;
  case 2:
    EXPECT_OK(dni_sg_create_synthetic(context, 4, 4, NULL, &sg));
    return sg;
  default:
    EXPECT_OK(dni_sg_create_synthetic(context, 4, 4, NULL, &inner));
    EXPECT_OK(dni_sg_create_warm_up(context, inner, 0, &sg));
    dni_sg_release(inner);
    return sg;
  }
}

/* Without weights, and with weight 1. */
START_TEST(lessons) {
  dni_dtype dtype = mode_begin(_i);
  dni_context *context = support_context(dtype);
  dni_matrix h = matrix_filled(dtype, 1, 4, 0), one = matrix_filled(dtype, 1, 1, 1);
  int last = last_power(dtype);
  for (int kind = 0; kind < 4; kind++) {
    dni_sg *sg = make_sg(context, kind);
    for (int power = -last; power <= last; power += power_step(dtype))
      for (int weighted = 0; weighted < 2; weighted++) {
        bool large = power == last; /* 8e38 is no float */
        dni_matrix prediction = scaled(dtype, 1, 4, answers, large ? power - 1 : power);
        dni_matrix target = scaled(dtype, 1, 4, targets, large ? power - 1 : power);
        dni_lesson lesson = {.struct_size = sizeof lesson, .h = &h, .y = &h, .target = &target};
        dni_lesson_report report = {.struct_size = sizeof report};
        lesson.prediction = &prediction;
        lesson.flags = DNI_GRADIENT_SKIP;
        lesson.weights = weighted ? &one : NULL;
        EXPECT_OK(dni_sg_learn(sg, &lesson, &report));
        expect_close(report.cosine, 1, dtype == DNI_F32 && power < -36 ? 1e-3 : 1e-6, "cosine");
        double size = pow(10, large ? power - 1 : power), mse = 30 * size * size;
        if (mse > DBL_MAX)
          EXPECT(report.mse == DBL_MAX, "error %g at 1e%d", report.mse, power);
        else if (mse > 1e-300)
          expect_ratio(report.mse, mse, dtype == DNI_F32 && power < -36 ? 1e-2 : 1e-5, "error",
                       power);
      }
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Many rows of different sizes; the answer and the target far from each other. */
START_TEST(lessons_of_mixed_sizes) {
  dni_dtype dtype = mode_begin(_i);
  dni_context *context = support_context(dtype);
  dni_sg *sg = make_sg(context, 0);
  int last = last_power(dtype) - 5; /* so that few numbers are denormal */
  dni_matrix prediction = matrix_make(dtype, 40, 4), target = matrix_make(dtype, 40, 4);
  double product = 0, first = 0, second = 0;
  for (size_t r = 0; r < 40; r++)
    for (size_t c = 0; c < 4; c++) {
      double m = support_normal(), d = support_normal() + m;
      product += m * d, first += m * m, second += d * d;
      matrix_set(&prediction, r, c, m * pow(10, -last));
      matrix_set(&target, r, c, d * pow(10, last));
    }
  double mse, cosine, size = pow(10, last);
  EXPECT_OK(support_learn(sg, NULL, NULL, &target, &prediction, &mse, &cosine));
  expect_close(cosine, product / sqrt(first) / sqrt(second), 1e-6, "cosine");
  double expected = second * size / 40 * size;
  if (isfinite(expected)) expect_ratio(mse, expected, 1e-5, "error", last);
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* Small weights make the squares of weighted rows small; the error is that of the rows without. */
START_TEST(lessons_of_small_weights) {
  dni_context *context = support_context(DNI_F32);
  dni_sg *sg = make_sg(context, 0);
  const double weight = 1e-12;
  dni_matrix h = matrix_filled(DNI_F32, 4, 4, 0), weights = matrix_filled(DNI_F32, 4, 1, weight);
  dni_matrix prediction = matrix_filled(DNI_F32, 4, 4, 0);
  dni_matrix target = matrix_filled(DNI_F32, 4, 4, 1.2e-7 * weight);
  for (size_t r = 0; r < 4; r++)
    matrix_set(&target, r, 0, 1.0e-7 * weight);
  dni_lesson lesson = {.struct_size = sizeof lesson, .h = &h, .y = &h, .target = &target};
  dni_lesson_report report = {.struct_size = sizeof report};
  lesson.prediction = &prediction;
  lesson.weights = &weights;
  EXPECT_OK(dni_sg_learn(sg, &lesson, &report));
  expect_ratio(report.mse, (3 * 1.2 * 1.2 + 1) * 1e-14, 1e-5, "error", 0);
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* What is not finite stays so, and is not made finite. */
START_TEST(lessons_of_non_finite) {
  dni_dtype dtype = mode_begin(_i);
  dni_context *context = support_context(dtype);
  dni_sg *sg = make_sg(context, 0);
  const double bad[] = {NAN, INFINITY};
  for (size_t i = 0; i < 2; i++) {
    double mse, cosine;
    dni_matrix prediction = matrix_filled(dtype, 1, 4, 1),
               target = matrix_filled(dtype, 1, 4, bad[i]);
    EXPECT_OK(support_learn(sg, NULL, NULL, &target, &prediction, &mse, &cosine));
    EXPECT(!isfinite(mse), "error %g", mse);
  }
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* A factor may be too large for a gradient that is limited afterwards. */
START_TEST(clip_value_of_large_factors) {
  dni_context *context = support_context(DNI_F32);
  for (int adam = 0; adam < 2; adam++) {
    dni_optimiser *optimiser;
    if (adam)
      EXPECT_OK(dni_optimiser_create_adam(context, 0.1, &optimiser));
    else
      EXPECT_OK(dni_optimiser_create_sgd(context, 0.1, &optimiser));
    EXPECT_OK(dni_optimiser_set_f64(optimiser, DNI_SETTING_CLIP_VALUE, 1));
    dni_matrix w = matrix_filled(DNI_F32, 3, 20, 0), g = matrix_filled(DNI_F32, 3, 20, 1e30);
    EXPECT_OK(dni_optimiser_add(optimiser, &w, &g, NULL, NULL));
    EXPECT_OK(dni_optimiser_step_scaled(optimiser, 1e10));
    expect_close(matrix_get(&w, 1, 1), -0.1, 1e-6, "w");
    dni_optimiser_release(optimiser);
  }
  dni_context_release(context);
}
END_TEST

/* Critics: phi is 0 at first, so the error is that of the losses. */
START_TEST(lessons_of_critics) {
  dni_dtype dtype = mode_begin(_i);
  dni_context *context = support_context(dtype);
  dni_sg *sg = NULL;
  dni_matrix h = matrix_filled(dtype, 4, 3, 0), y = matrix_filled(dtype, 4, 2, 0);
  dni_matrix weights = matrix_filled(dtype, 4, 1, 0.5);
  EXPECT_OK(dni_sg_create_critic(context, 3, 2, NULL, &sg));
  int last = last_power(dtype);
  for (int power = -last; power <= last; power += power_step(dtype))
    for (int weighted = 0; weighted < 2; weighted++) {
      double size = pow(10, power == last ? power - 1 : power), expected = 7.5 * size * size;
      dni_matrix losses = scaled(dtype, 4, 1, answers, power == last ? power - 1 : power);
      dni_lesson lesson = {.struct_size = sizeof lesson, .h = &h, .y = &y, .losses = &losses};
      dni_lesson_report report = {.struct_size = sizeof report};
      lesson.weights = weighted ? &weights : NULL;
      lesson.flags = DNI_GRADIENT_SKIP;
      EXPECT_OK(dni_sg_learn(sg, &lesson, &report));
      if (expected > DBL_MAX)
        EXPECT(report.mse == DBL_MAX, "error %g at 1e%d", report.mse, power);
      else if (expected > 1e-300)
        expect_ratio(report.mse, expected, dtype == DNI_F32 && power < -36 ? 1e-2 : 1e-5, "error",
                     power);
    }
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* A step whose targets are large: targets of the SG are too, and nothing is wrong with them. */
START_TEST(steps_with_large_targets) {
  dni_dtype dtype = mode_begin(_i);
  dni_context *context = support_context(dtype);
  double large = support_tolerance(dtype, 1e20, 1e160);
  dni_network *network = NULL;
  dni_loss *loss = NULL;
  dni_optimiser *sgd = NULL;
  dni_trainer *trainer = NULL;
  dni_sg *sg = NULL;
  EXPECT_OK(dni_network_create(context, &network));
  for (size_t l = 0; l < 2; l++) {
    dni_layer *layer = NULL;
    EXPECT_OK(dni_layer_create_dense(context, 4, 4, DNI_ACTIVATION_TANH, &layer));
    if (l == 1) {
      dni_layer_release(layer);
      EXPECT_OK(dni_layer_create_dense(context, 4, 4, DNI_ACTIVATION_IDENTITY, &layer));
    }
    EXPECT_OK(dni_network_add(network, layer));
    dni_layer_release(layer);
  }
  EXPECT_OK(dni_sg_create_synthetic(context, 4, 4, NULL, &sg));
  EXPECT_OK(dni_network_set_sg(network, 0, sg));
  EXPECT_OK(dni_loss_create_absolute_error(context, &loss));
  EXPECT_OK(dni_optimiser_create_sgd(context, support_least(dtype), &sgd));
  dni_trainer_options options = {.struct_size = sizeof options, .optimiser = sgd, .max_batch = 8};
  EXPECT_OK(dni_trainer_create(network, loss, &options, &trainer));
  dni_matrix x = matrix_random(dtype, 8, 4), y = matrix_random(dtype, 8, 4), value;
  EXPECT_OK(dni_layer_parameter(dni_network_layer(network, 1), 0, &value, NULL));
  matrix_fill_random(&value, large); /* dL/dh is of this size */
  EXPECT_OK(dni_layer_changed(dni_network_layer(network, 1)));
  dni_step_report report = {.struct_size = sizeof report};
  EXPECT_OK(support_step(trainer, &x, &y, &report));
  EXPECT(isfinite(report.loss) && report.sg_mse[0] > large, "loss %g, error %g", report.loss,
         report.sg_mse[0]);
  dni_trainer_release(trainer);
  dni_optimiser_release(sgd);
  dni_loss_release(loss);
  dni_sg_release(sg);
  dni_network_release(network);
  dni_context_release(context);
}
END_TEST

/* Updates. ------------------------------------------------------------------------------------ */

static dni_optimiser *make_optimiser(dni_context *context, int kind, double rate) {
  dni_optimiser *optimiser = NULL;
  EXPECT_OK(kind == 0   ? dni_optimiser_create_sgd(context, rate, &optimiser)
            : kind == 1 ? dni_optimiser_create_adam(context, rate, &optimiser)
                        : dni_optimiser_create_adamw(context, rate, &optimiser));
  EXPECT_OK(dni_optimiser_set_f64(optimiser, DNI_SETTING_WEIGHT_DECAY, 0));
  return optimiser;
}

/* Clipped by norm, g = s (3, 4) becomes clip (.6, .8). */
static void clip(dni_context *context, dni_dtype dtype, int power, int clip_power,
                 int scale_power) {
  static const double numbers[] = {3, 4};
  dni_optimiser *sgd = make_optimiser(context, 0, 1);
  dni_matrix w = matrix_filled(dtype, 1, 2, 0), g = scaled(dtype, 1, 2, numbers, power);
  double most = pow(10, clip_power);
  EXPECT_OK(dni_optimiser_set_f64(sgd, DNI_SETTING_CLIP_NORM, most));
  EXPECT_OK(dni_optimiser_add(sgd, &w, &g, NULL, NULL));
  EXPECT_OK(dni_optimiser_step_scaled(sgd, pow(10, scale_power)));
  for (size_t c = 0; c < 2; c++)
    expect_ratio(matrix_get(&w, 0, c) / most, c == 0 ? -0.6 : -0.8,
                 support_tolerance(dtype, 1e-6, 1e-13), "clipped", power);
  dni_optimiser_release(sgd);
}

START_TEST(clip_norms) {
  dni_dtype dtype = mode_begin(_i);
  dni_context *context = support_context(dtype);
  int last = last_power(dtype) - 1, step = 4 * power_step(dtype);
  for (int power = -last + 1; power < last; power += step)
    for (int clip_power = -last + 1; clip_power <= power; clip_power += step)
      clip(context, dtype, power, clip_power, 0);
  clip(context, dtype, -last + 1, 0, last);
  clip(context, dtype, last - 1, 0, 1 - last + 2);
  dni_context_release(context);
}
END_TEST

/* Not clipped, though far apart; limited by value first; over several parameters and strides. */
START_TEST(clip_value_and_norm) {
  dni_dtype dtype = mode_begin(_i);
  dni_context *context = support_context(dtype);
  double large = support_tolerance(dtype, 1e35, 1e290), small = 1 / large;
  dni_optimiser *sgd = make_optimiser(context, 0, 1);
  dni_matrix w[2], g[2];
  EXPECT_OK(dni_optimiser_set_f64(sgd, DNI_SETTING_CLIP_VALUE, large / 100));
  EXPECT_OK(dni_optimiser_set_f64(sgd, DNI_SETTING_CLIP_NORM, small));
  for (size_t i = 0; i < 2; i++) {
    w[i] = matrix_filled(dtype, 10, 20, 0);
    g[i] = matrix_filled(dtype, 10, 20, i == 0 ? large : -large);
    EXPECT_OK(dni_optimiser_add(sgd, &w[i], &g[i], NULL, NULL));
  }
  EXPECT_OK(dni_optimiser_step(sgd));
  for (size_t i = 0; i < 2; i++)
    for (size_t r = 0; r < 10; r++)
      for (size_t c = 0; c < 20; c++)
        expect_ratio(matrix_get(&w[i], r, c) / small, i == 0 ? -0.05 : 0.05, 1e-5, "clipped", 0);
  matrix_set(&g[1], 4, 4, (double)INFINITY);
  EXPECT_STATUS(DNI_ERROR_NON_FINITE, dni_optimiser_step(sgd));
  EXPECT(strstr(dni_last_message(), "norm of the gradients"), "%s", dni_last_message());
  dni_optimiser_release(sgd);
  dni_context_release(context);
}
END_TEST

/* Adam's steps do not depend on the size of gradients, while epsilon is small beside them. */
START_TEST(adam_of_any_size) {
  dni_dtype dtype = mode_begin(_i);
  dni_context *context = support_context(dtype);
  static const double numbers[] = {1, -3, 0.5, 2};
  for (int kind = 1; kind < 3; kind++)
    for (int power = 0; power <= last_power(dtype); power += power_step(dtype)) {
      dni_optimiser *optimiser = make_optimiser(context, kind, 1);
      dni_optimiser *same = make_optimiser(context, kind, 1);
      dni_matrix w = matrix_filled(dtype, 1, 4, 0), g = scaled(dtype, 1, 4, numbers, power);
      dni_matrix w1 = matrix_filled(dtype, 1, 4, 0), g1 = scaled(dtype, 1, 4, numbers, 0);
      EXPECT_OK(dni_optimiser_add(optimiser, &w, &g, NULL, NULL));
      EXPECT_OK(dni_optimiser_add(same, &w1, &g1, NULL, NULL));
      for (int step = 0; step < 30; step++) {
        EXPECT_OK(dni_optimiser_step(optimiser));
        EXPECT_OK(dni_optimiser_step(same));
        matrix_expect_close(&w, &w1, support_tolerance(dtype, 1e-4, 1e-6), "w");
      }
      dni_optimiser_release(same);
      dni_optimiser_release(optimiser);
    }
  dni_context_release(context);
}
END_TEST

/* One large gradient does not stop a parameter for ever. */
START_TEST(adam_after_one_large) {
  dni_dtype dtype = mode_begin(_i);
  dni_context *context = support_context(dtype);
  dni_optimiser *adam = make_optimiser(context, 1, 0.001);
  dni_matrix w = matrix_filled(dtype, 1, 1, 0), g = matrix_filled(dtype, 1, 1, 0);
  EXPECT_OK(dni_optimiser_add(adam, &w, &g, NULL, NULL));
  EXPECT_OK(dni_optimiser_set_f64(adam, DNI_SETTING_BETA2, 0.9));
  matrix_fill(&g, support_tolerance(dtype, 1e30, 1e250));
  EXPECT_OK(dni_optimiser_step(adam));
  matrix_fill(&g, 1);
  for (int step = 0; step < 20000; step++)
    EXPECT_OK(dni_optimiser_step(adam));
  EXPECT(matrix_get(&w, 0, 0) < -1, "after 20,000 steps of 0.001: %g", matrix_get(&w, 0, 0));
  dni_optimiser_release(adam);
  dni_context_release(context);
}
END_TEST

/* A gradient, a velocity or a weight that is not finite makes the weight NaN, clipped or not, so that
 * the next step of a trainer names it: an infinite weight may hide behind ReLU or tanh. */
START_TEST(what_is_not_finite_shows) {
  dni_dtype dtype = mode_begin(_i);
  dni_context *context = support_context(dtype);
  const double bad[] = {INFINITY, -INFINITY, NAN};
  for (int kind = 0; kind < 3; kind++)
    for (int clipped = 0; clipped < 2; clipped++)
      for (size_t i = 0; i < 3; i++) {
        dni_optimiser *optimiser = make_optimiser(context, kind, 0.1);
        dni_matrix w = matrix_filled(dtype, 1, 40, 1), g = matrix_filled(dtype, 1, 40, 0);
        matrix_set(&g, 0, 17, bad[i]);
        EXPECT_OK(dni_optimiser_add(optimiser, &w, &g, NULL, NULL));
        if (clipped) EXPECT_OK(dni_optimiser_set_f64(optimiser, DNI_SETTING_CLIP_VALUE, 0.5));
        EXPECT_OK(dni_optimiser_step(optimiser));
        for (size_t c = 0; c < 40; c++)
          EXPECT(isnan(matrix_get(&w, 0, c)) == (c == 17), "w[%zu] is %g", c, matrix_get(&w, 0, c));
        dni_optimiser_release(optimiser);
      }
  dni_optimiser *sgd = make_optimiser(context, 0, 1);
  double most = support_most(dtype);
  dni_matrix w = matrix_filled(dtype, 1, 1, most), g = matrix_filled(dtype, 1, 1, -most);
  EXPECT_OK(dni_optimiser_set_f64(sgd, DNI_SETTING_MOMENTUM, 0.9));
  EXPECT_OK(dni_optimiser_add(sgd, &w, &g, NULL, NULL));
  EXPECT_OK(dni_optimiser_step(sgd));
  EXPECT(isnan(matrix_get(&w, 0, 0)), "w is %g", matrix_get(&w, 0, 0));
  dni_optimiser_release(sgd);
  dni_context_release(context);
}
END_TEST

/* Layer normalisation. ------------------------------------------------------------------------- */

/* The row's size does not matter while epsilon is small beside it. */
START_TEST(layer_norms) {
  dni_dtype dtype = mode_begin(_i);
  dni_context *context = support_context(dtype);
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_layer_norm(context, 4, &layer));
  static const double numbers[] = {1, -3, 0.5, 2};
  const double mean = 0.125, deviation = sqrt(14.25 / 4 - mean * mean);
  dni_matrix y = matrix_make(dtype, 1, 4), dy = matrix_make(dtype, 1, 4), gradient;
  EXPECT_OK(dni_layer_parameter(layer, 0, &dy, &gradient));
  dy = matrix_make(dtype, 1, 4);
  for (int power = 3; power < last_power(dtype); power += power_step(dtype)) {
    dni_matrix x = scaled(dtype, 1, 4, numbers, power);
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
    matrix_fill(&dy, 1);
    EXPECT_OK(support_backward(layer, DNI_GRADIENT_REPLACE, &x, &y, &dy, &dy));
    for (size_t c = 0; c < 4; c++) {
      double expected = (numbers[c] - mean) / deviation;
      expect_ratio(matrix_get(&y, 0, c), expected, 1e-5, "y", power);
      expect_ratio(matrix_get(&gradient, 0, c), expected, 1e-5, "gradient of scale", power);
      EXPECT(isfinite(matrix_get(&dy, 0, c)), "dx at 1e%d", power);
    }
  }
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* Reports and line search. ---------------------------------------------------------------------- */

/* For the scalar SG J is 1 in each element, so the exact rate is 1 / (2 units), whatever the size. */
START_TEST(line_searches) {
  dni_dtype dtype = mode_begin(_i);
  dni_context *context = support_context(dtype);
  dni_sg *sg = NULL;
  dni_matrix h = matrix_filled(dtype, 3, 4, 0), gradient;
  EXPECT_OK(dni_sg_create_scalar(context, 4, &sg));
  EXPECT_OK(dni_sg_parameter(sg, 0, &h, &gradient));
  h = matrix_filled(dtype, 3, 4, 0);
  static const double one[] = {1};
  for (int power = 1 - last_power(dtype); power <= last_power(dtype); power += power_step(dtype)) {
    dni_matrix size = scaled(dtype, 1, 1, one, power);
    double rate = -7;
    matrix_copy(&size, &gradient);
    EXPECT_OK(dni_sg_line_search(sg, &h, NULL, &rate));
    expect_ratio(rate, 1.0 / 8, 1e-6, "rate", power);
  }
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* The gradient's norm of a step; squares of these gradients are no doubles. */
START_TEST(gradient_norms) {
  dni_dtype dtype = mode_begin(_i);
  dni_context *context = support_context(dtype);
  for (int power = -140; power <= 140; power += 10) {
    if (dtype == DNI_F32 && (power < -15 || power > 15)) continue;
    dni_network *network = NULL;
    dni_layer *layer = NULL;
    dni_loss *loss = NULL;
    dni_trainer *trainer = NULL;
    EXPECT_OK(dni_network_create(context, &network));
    EXPECT_OK(dni_layer_create_dense(context, 1, 1, DNI_ACTIVATION_IDENTITY, &layer));
    EXPECT_OK(dni_network_add(network, layer));
    EXPECT_OK(dni_loss_create_absolute_error(context, &loss));
    dni_trainer_options options = {
        .struct_size = sizeof options, .max_batch = 1, .measure_gradient_norm = 1};
    EXPECT_OK(dni_trainer_create(network, loss, &options, &trainer));
    double size = pow(10, 2 * power);
    dni_matrix x = matrix_filled(dtype, 1, 1, size), y = matrix_filled(dtype, 1, 1, -1e38);
    dni_step_report report = {.struct_size = sizeof report};
    if (dtype == DNI_F64) matrix_fill(&y, -1e300);
    EXPECT_OK(support_step(trainer, &x, &y, &report));
    expect_ratio(report.gradient_norm, hypot(size, 1), support_tolerance(dtype, 1e-6, 1e-6), "norm",
                 power);
    dni_trainer_release(trainer);
    dni_loss_release(loss);
    dni_layer_release(layer);
    dni_network_release(network);
  }
  dni_context_release(context);
}
END_TEST

static TCase *add_group(Suite *suite, const char *name) {
  TCase *group = tcase_create(name);
  tcase_add_checked_fixture(group, setup, teardown);
  suite_add_tcase(suite, group);
  return group;
}

int main(void) {
  Suite *suite = suite_create("range");
  TCase *group = add_group(suite, "lessons");
  tcase_add_loop_test(group, lessons, 0, MODES);
  tcase_add_loop_test(group, lessons_of_mixed_sizes, 0, MODES);
  tcase_add_test(group, lessons_of_small_weights);
  tcase_add_test(group, clip_value_of_large_factors);
  tcase_add_loop_test(group, lessons_of_non_finite, 0, MODES);
  tcase_add_loop_test(group, lessons_of_critics, 0, MODES);
  tcase_add_loop_test(group, steps_with_large_targets, 0, MODES);
  group = add_group(suite, "updates");
  tcase_add_loop_test(group, clip_norms, 0, MODES);
  tcase_add_loop_test(group, clip_value_and_norm, 0, MODES);
  tcase_add_loop_test(group, adam_of_any_size, 0, MODES);
  tcase_add_loop_test(group, adam_after_one_large, 0, MODES);
  tcase_add_loop_test(group, what_is_not_finite_shows, 0, MODES);
  group = add_group(suite, "layers and reports");
  tcase_add_loop_test(group, layer_norms, 0, MODES);
  tcase_add_loop_test(group, line_searches, 0, MODES);
  tcase_add_loop_test(group, gradient_norms, 0, MODES);
  return support_run(suite);
}
