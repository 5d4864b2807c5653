/* Estimators on plain buffers: answers and gradients against the definition in double and against
 * central differences, learning, workspace, refusals. */
#include "estimators.h"

/* Every shape of synthetic gradient: condition x hidden layers. */
typedef struct variant {
  const char *name;
  dni_condition condition;
  size_t hidden_layers;
} variant;

static const variant variants[] = {
    {"linear (h, y)", DNI_CONDITION_HY, 0},   {"linear h", DNI_CONDITION_H, 0},
    {"linear y", DNI_CONDITION_Y, 0},         {"1 hidden (h, y)", DNI_CONDITION_HY, 1},
    {"1 hidden h", DNI_CONDITION_H, 1},       {"1 hidden y", DNI_CONDITION_Y, 1},
    {"2 hidden (h, y)", DNI_CONDITION_HY, 2}, {"2 hidden h", DNI_CONDITION_H, 2},
    {"2 hidden y", DNI_CONDITION_Y, 2},
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

static dni_sg *make(dni_context *context, const variant *which, size_t units, size_t targets,
                    size_t hidden_units) {
  dni_sg_options options = {.struct_size = sizeof options,
                            .condition = which->condition,
                            .hidden_layers = which->hidden_layers,
                            .hidden_units = hidden_units};
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_synthetic(context, units, targets, &options, &sg));
  return sg;
}

/* The definition. ---------------------------------------------------------------------------- */

/* What the first layer sees: the columns of h, of y, or of both. */
static dni_matrix inputs_of(dni_condition condition, const dni_matrix *h, const dni_matrix *y) {
  size_t from_h = condition == DNI_CONDITION_Y ? 0 : h->columns;
  size_t from_y = condition == DNI_CONDITION_H ? 0 : y->columns;
  dni_matrix inputs = matrix_make(DNI_F64, h->rows, from_h + from_y);
  for (size_t r = 0; r < h->rows; r++) {
    for (size_t c = 0; c < from_h; c++)
      matrix_set(&inputs, r, c, matrix_get(h, r, c));
    for (size_t c = 0; c < from_y; c++)
      matrix_set(&inputs, r, from_h + c, matrix_get(y, r, c));
  }
  return inputs;
}

/* x W^T + b, with max(., 0) below the last layer. */
static dni_matrix apply(const dni_matrix *x, const dni_matrix *weight, const dni_matrix *bias,
                        bool relu) {
  dni_matrix z = matrix_make(DNI_F64, x->rows, weight->rows);
  EXPECT(x->columns == weight->columns, "weight has %zu columns, not %zu", weight->columns,
         x->columns);
  for (size_t r = 0; r < x->rows; r++)
    for (size_t o = 0; o < weight->rows; o++) {
      double sum = matrix_get(bias, 0, o);
      for (size_t i = 0; i < x->columns; i++)
        sum += matrix_get(x, r, i) * matrix_get(weight, o, i);
      matrix_set(&z, r, o, relu && sum < 0 ? 0 : sum);
    }
  return z;
}

static dni_matrix estimate_reference(dni_sg *sg, const variant *which, const dni_matrix *h,
                                     const dni_matrix *y) {
  dni_matrix x = inputs_of(which->condition, h, y);
  size_t count = dni_sg_parameter_count(sg);
  EXPECT(count == 2 * (which->hidden_layers + 1), "%zu parameters", count);
  for (size_t i = 0; i < count; i += 2) {
    dni_matrix weight = value_of(sg, i), bias = value_of(sg, i + 1);
    x = apply(&x, &weight, &bias, i + 2 < count);
  }
  return x;
}

/* Answers. ----------------------------------------------------------------------------------- */

START_TEST(first_answer_is_zero) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  for (size_t v = 0; v < VARIANTS; v++) {
    dni_sg *sg = make(context, &variants[v], 21, 4, 0);
    dni_matrix h = matrix_random(dtype, 7, 21), y = matrix_one_hot(dtype, 7, 4);
    dni_matrix delta = matrix_make(dtype, 7, 21), zero = matrix_filled(DNI_F64, 7, 21, 0);
    EXPECT_OK(support_estimate(sg, &h, &y, NULL, &delta));
    matrix_expect_close(&delta, &zero, 0, variants[v].name);
    for (size_t i = 0; i + 2 < dni_sg_parameter_count(sg); i += 2) {
      dni_matrix weight = value_of(sg, i);
      EXPECT(weight.rows == 21, "%zu hidden units by default", weight.rows);
      EXPECT(matrix_get(&weight, 0, 0) != 0, "hidden weights are zero");
    }
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(answers_follow_the_definition) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  static const size_t sizes[][4] = {{1, 1, 1, 1}, {5, 3, 2, 7}, {34, 33, 10, 19}};
  for (size_t v = 0; v < VARIANTS; v++)
    for (size_t s = 0; s < 3; s++) {
      size_t rows = sizes[s][0], units = sizes[s][1], targets = sizes[s][2];
      dni_sg *sg = make(context, &variants[v], units, targets, sizes[s][3]);
      randomise(sg);
      dni_matrix h = matrix_random(dtype, rows, units), y = matrix_random(dtype, rows, targets);
      dni_matrix delta = matrix_make(dtype, rows, units);
      dni_matrix expected = estimate_reference(sg, &variants[v], &h, &y);
      EXPECT_OK(support_estimate(sg, &h, &y, NULL, &delta));
      matrix_expect_close(&delta, &expected, tolerance_on(context), variants[v].name);
      /* What it does not look at may be missing. */
      dni_matrix again = matrix_make(dtype, rows, units);
      EXPECT_OK(support_estimate(sg, variants[v].condition == DNI_CONDITION_Y ? NULL : &h,
                                 variants[v].condition == DNI_CONDITION_H ? NULL : &y, NULL,
                                 &again));
      matrix_expect_same(&again, &delta, "delta without what is not looked at");
      dni_sg_release(sg);
    }
  dni_context_release(context);
}
END_TEST

/* A delayed SG of shrink 1 hands on what it is given; feedback alignment multiplies it with B. */
START_TEST(delayed_and_feedback) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_sg *delayed = NULL;
  EXPECT_OK(dni_sg_create_delayed(context, 13, 1, &delayed));
  dni_matrix e = matrix_random(dtype, 9, 13), delta = matrix_make(dtype, 9, 13);
  EXPECT_OK(support_estimate(delayed, NULL, NULL, &e, &delta));
  matrix_expect_same(&delta, &e, "delayed");
  dni_sg_release(delayed);
  for (int fa = 0; fa < 2; fa++) {
    dni_sg *sg = NULL;
    EXPECT_OK(fa ? dni_sg_create_fa(context, 33, 7, NULL, &sg)
                 : dni_sg_create_dfa(context, 33, 7, NULL, &sg));
    dni_matrix b = value_of(sg, 0), gradient = gradient_of(sg, 0);
    EXPECT(b.rows == 7 && b.columns == 33 && gradient.data == NULL, "feedback matrix");
    EXPECT_TEXT(dni_sg_parameter_name(sg, 0), "feedback");
    ck_assert_uint_eq(dni_sg_parameter_count(sg), 1);
    dni_matrix error = matrix_random(dtype, 18, 7), out = matrix_make(dtype, 18, 33);
    dni_matrix expected = matrix_filled(DNI_F64, 18, 33, 0);
    for (size_t r = 0; r < 18; r++)
      for (size_t c = 0; c < 33; c++)
        for (size_t k = 0; k < 7; k++)
          matrix_set(&expected, r, c,
                     matrix_get(&expected, r, c) + matrix_get(&error, r, k) * matrix_get(&b, k, c));
    EXPECT_OK(support_estimate(sg, NULL, NULL, &error, &out));
    matrix_expect_close(&out, &expected, tolerance_on(context), dni_sg_kind_name(sg));
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Variance 1 / error units (dfa) or 2 / units (fa), within five standard errors; two are not the
 * same. */
START_TEST(feedback_matrices) {
  dni_context *context = support_context(support_dtypes[_i]);
  enum { UNITS = 173, ERRORS = 59 };
  double first[2] = {0};
  for (int fa = 0; fa < 2; fa++)
    for (int copy = 0; copy < 2; copy++) {
      dni_sg *sg = NULL;
      EXPECT_OK(fa ? dni_sg_create_fa(context, UNITS, ERRORS, NULL, &sg)
                   : dni_sg_create_dfa(context, UNITS, ERRORS, NULL, &sg));
      dni_matrix b = value_of(sg, 0);
      double variance = fa ? 2.0 / UNITS : 1.0 / ERRORS, count = UNITS * ERRORS;
      double sum = 0, sum2 = 0;
      for (size_t r = 0; r < ERRORS; r++)
        for (size_t c = 0; c < UNITS; c++) {
          double value = matrix_get(&b, r, c) / sqrt(variance);
          sum += value, sum2 += value * value;
        }
      EXPECT(fabs(sum / count) < 5 / sqrt(count), "mean %g", sum / count);
      EXPECT(fabs(sum2 / count - 1) < 5 * sqrt(2 / count), "variance %g", sum2 / count);
      EXPECT(copy == 0 || matrix_get(&b, 0, 0) != first[fa], "twice the same matrix");
      first[fa] = matrix_get(&b, 0, 0);
      dni_sg_release(sg);
    }
  dni_context_release(context);
}
END_TEST

/* From a seed of one's own: the same matrix or weights each time, others from another seed, and the
 * context's streams are not touched. */
START_TEST(seeds_of_ones_own) {
  dni_context *context = support_context(support_dtypes[_i]),
              *plain = support_context(support_dtypes[_i]);
  for (int kind = 0; kind < 4; kind++) {
    dni_matrix seen[3];
    dni_sg *all[3] = {NULL, NULL, NULL}, *next = NULL, *expected = NULL;
    for (uint64_t i = 0; i < 3; i++) {
      dni_random_options random = {.struct_size = sizeof random, .has_seed = 1, .seed = 7 + i / 2};
      dni_sg_options options = {
          .struct_size = sizeof options, .hidden_layers = 1, .has_seed = 1, .seed = 7 + i / 2};
      if (kind == 0) EXPECT_OK(dni_sg_create_dfa(context, 9, 4, &random, &all[i]));
      if (kind == 1) EXPECT_OK(dni_sg_create_fa(context, 9, 4, &random, &all[i]));
      if (kind == 2) EXPECT_OK(dni_sg_create_synthetic(context, 9, 4, &options, &all[i]));
      if (kind == 3) EXPECT_OK(dni_sg_create_critic(context, 9, 4, &options, &all[i]));
      seen[i] = value_of(all[i], 0);
    }
    matrix_expect_same(&seen[1], &seen[0], "the same seed");
    EXPECT(matrix_get(&seen[2], 0, 0) != matrix_get(&seen[0], 0, 0), "another seed");
    EXPECT_OK(dni_sg_create_dfa(context, 9, 4, NULL, &next));
    EXPECT_OK(dni_sg_create_dfa(plain, 9, 4, NULL, &expected));
    dni_matrix got = value_of(next, 0), wanted = value_of(expected, 0);
    matrix_expect_same(&got, &wanted, "the context's next stream");
    for (size_t i = 0; i < 3; i++)
      dni_sg_release(all[i]);
    dni_sg_release(next);
    dni_sg_release(expected);
  }
  dni_context_release(plain);
  dni_context_release(context);
}
END_TEST

/* Learning. ---------------------------------------------------------------------------------- */

typedef struct probe {
  dni_sg *sg;
  dni_matrix h, y, target, delta;
} probe;

static double probe_error(void *argument) {
  probe *p = argument;
  EXPECT_OK(support_estimate(p->sg, &p->h, &p->y, NULL, &p->delta));
  return error_of(&p->delta, &p->target);
}

START_TEST(gradients_equal_central_differences) {
  dni_context *context = support_context(DNI_F64);
  const variant *which = &variants[_i];
  probe p = {make(context, which, 4, 3, 5), matrix_random(DNI_F64, 6, 4),
             matrix_one_hot(DNI_F64, 6, 3), matrix_random(DNI_F64, 6, 4),
             matrix_make(DNI_F64, 6, 4)};
  randomise(p.sg);
  EXPECT_OK(support_learn(p.sg, &p.h, &p.y, &p.target, NULL, NULL, NULL));
  for (size_t i = 0; i < dni_sg_parameter_count(p.sg); i++) {
    dni_matrix value = value_of(p.sg, i), gradient = gradient_of(p.sg, i);
    for (size_t r = 0; r < value.rows; r++)
      for (size_t c = 0; c < value.columns; c++)
        expect_close(matrix_get(&gradient, r, c),
                     matrix_difference(&value, r, c, 1e-6, probe_error, &p), 1e-7, which->name);
  }
  dni_sg_release(p.sg);
  dni_context_release(context);
}
END_TEST

/* With the answer given or computed again: the same gradients, error and cosine, and these are what
 * the definition says; h, y, target and parameters are not written. */
START_TEST(learning_reports_and_touches_nothing_else) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  double tolerance = tolerance_on(context);
  for (size_t v = 0; v < VARIANTS; v++) {
    dni_sg *sg = make(context, &variants[v], 35, 6, 9);
    randomise(sg);
    dni_matrix h = matrix_random(dtype, 14, 35), y = matrix_one_hot(dtype, 14, 6);
    dni_matrix target = matrix_random(dtype, 14, 35), h_before = matrix_convert(&h, dtype);
    dni_matrix y_before = matrix_convert(&y, dtype), target_before = matrix_convert(&target, dtype);
    dni_matrix prediction = matrix_make(dtype, 14, 35);
    dni_matrix m = estimate_reference(sg, &variants[v], &h, &y);
    double error[2] = {-9, -9}, cosine[2] = {-9, -9};
    EXPECT_OK(support_learn(sg, &h, &y, &target, NULL, &error[0], &cosine[0]));
    expect_close(error[0], error_of(&m, &target), tolerance, "error");
    expect_close(cosine[0], cosine_of(&m, &target), tolerance, "cosine");
    dni_matrix kept[6], values[6];
    for (size_t i = 0; i < dni_sg_parameter_count(sg); i++) {
      dni_matrix gradient = gradient_of(sg, i), value = value_of(sg, i);
      kept[i] = matrix_convert(&gradient, dtype);
      values[i] = matrix_convert(&value, dtype);
      matrix_fill(&gradient, (double)NAN);
    }
    EXPECT_OK(support_estimate(sg, &h, &y, NULL, &prediction));
    EXPECT_OK(support_learn(sg, &h, &y, &target, &prediction, &error[1], &cosine[1]));
    EXPECT(error[1] == error[0] && cosine[1] == cosine[0], "%s: error %.17g, %.17g",
           variants[v].name, error[0], error[1]);
    for (size_t i = 0; i < dni_sg_parameter_count(sg); i++) {
      dni_matrix gradient = gradient_of(sg, i), value = value_of(sg, i);
      matrix_expect_same(&gradient, &kept[i], "gradient with a given prediction");
      matrix_expect_same(&value, &values[i], "parameter after learn");
    }
    matrix_expect_same(&h, &h_before, "h");
    matrix_expect_same(&y, &y_before, "y");
    matrix_expect_same(&target, &target_before, "target");
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Other calls between estimate and learn do not confuse it: nothing is remembered but
 * parameters. */
START_TEST(learning_after_other_estimates) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  for (size_t v = 0; v < VARIANTS; v++) {
    dni_sg *sg = make(context, &variants[v], 7, 3, 5);
    randomise(sg);
    dni_matrix h = matrix_random(dtype, 8, 7), y = matrix_one_hot(dtype, 8, 3);
    dni_matrix target = matrix_random(dtype, 8, 7), prediction = matrix_make(dtype, 8, 7);
    EXPECT_OK(support_learn(sg, &h, &y, &target, NULL, NULL, NULL));
    dni_matrix gradient = gradient_of(sg, 0), expected = matrix_convert(&gradient, dtype);
    EXPECT_OK(support_estimate(sg, &h, &y, NULL, &prediction));
    dni_matrix other = matrix_random(dtype, 11, 7), other_y = matrix_one_hot(dtype, 11, 3);
    dni_matrix other_delta = matrix_make(dtype, 11, 7);
    EXPECT_OK(support_estimate(sg, &other, &other_y, NULL, &other_delta));
    EXPECT_OK(support_learn(sg, &h, &y, &target, &prediction, NULL, NULL));
    matrix_expect_same(&gradient, &expected, variants[v].name);
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(cosines_at_the_edges) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_sg *sg = make(context, &variants[0], 5, 2, 0);
  dni_matrix h = matrix_random(dtype, 4, 5), y = matrix_one_hot(dtype, 4, 2);
  dni_matrix target = matrix_random(dtype, 4, 5), zero = matrix_filled(dtype, 4, 5, 0);
  double error = -9, cosine = -9;
  EXPECT_OK(support_learn(sg, &h, &y, &target, NULL, &error, &cosine));
  expect_close(cosine, 0, 0, "cosine of an answer of 0");
  expect_close(error, error_of(&zero, &target), 1e-6, "error of an answer of 0");
  EXPECT_OK(support_learn(sg, &h, &y, &zero, NULL, &error, &cosine));
  EXPECT(error == 0 && cosine == 0, "0 for 0: error %g, cosine %g", error, cosine);
  randomise(sg);
  dni_matrix same = matrix_make(dtype, 4, 5), opposite = matrix_make(dtype, 4, 5);
  EXPECT_OK(support_estimate(sg, &h, &y, NULL, &same));
  for (size_t r = 0; r < 4; r++)
    for (size_t c = 0; c < 5; c++)
      matrix_set(&opposite, r, c, -3 * matrix_get(&same, r, c));
  EXPECT_OK(support_learn(sg, &h, &y, &same, NULL, &error, &cosine));
  expect_close(cosine, 1, 1e-6, "cosine with itself");
  expect_close(error, 0, 1e-9, "error of a perfect answer");
  EXPECT_OK(support_learn(sg, &h, &y, &opposite, NULL, NULL, &cosine));
  expect_close(cosine, -1, 1e-6, "cosine with its opposite");
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* Estimators that do not learn report how good a given answer was, and change nothing. */
START_TEST(reports_without_learning) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  for (int kind = 0; kind < 3; kind++) {
    dni_sg *sg = NULL;
    if (kind == 0) EXPECT_OK(dni_sg_create_delayed(context, 6, 1, &sg));
    if (kind == 1) EXPECT_OK(dni_sg_create_dfa(context, 6, 3, NULL, &sg));
    if (kind == 2) EXPECT_OK(dni_sg_create_fa(context, 6, 3, NULL, &sg));
    EXPECT(dni_sg_learns(sg) == 0, "%s learns", dni_sg_kind_name(sg));
    dni_matrix target = matrix_random(dtype, 5, 6), prediction = matrix_random(dtype, 5, 6);
    dni_matrix m = matrix_convert(&prediction, DNI_F64), b = {0};
    if (kind) b = value_of(sg, 0);
    dni_matrix before = kind ? matrix_convert(&b, dtype) : target;
    double error = -9, cosine = -9;
    EXPECT_ARGUMENT(support_learn(sg, NULL, NULL, &target, NULL, &error, &cosine));
    EXPECT(error == -9 && cosine == -9, "written by a refused call");
    EXPECT_OK(support_learn(sg, NULL, NULL, &target, &prediction, &error, &cosine));
    expect_close(error, error_of(&m, &target), 1e-5, "error");
    expect_close(cosine, cosine_of(&m, &target), 1e-5, "cosine");
    if (kind) matrix_expect_same(&b, &before, "feedback matrix after learn");
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* A linear SG on a target that is linear in (h, y) finds it. */
START_TEST(a_linear_target_is_found) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  enum { UNITS = 6, TARGETS = 3, ROWS = 64 };
  dni_sg *sg = make(context, &variants[0], UNITS, TARGETS, 0);
  dni_matrix truth = matrix_random(DNI_F64, UNITS, UNITS + TARGETS);
  dni_matrix shift = matrix_random(DNI_F64, 1, UNITS);
  dni_optimiser *optimiser = NULL;
  EXPECT_OK(dni_optimiser_create_sgd(context, 0.15, &optimiser));
  EXPECT_OK(dni_optimiser_set_f64(optimiser, DNI_SETTING_MOMENTUM, 0.5));
  EXPECT_OK(dni_optimiser_add_sg(optimiser, sg));
  dni_matrix target = matrix_make(dtype, ROWS, UNITS);
  double error = -1, cosine = -1;
  for (size_t step = 0; step < 600; step++) {
    dni_matrix h = matrix_random(dtype, ROWS, UNITS), y = matrix_random(dtype, ROWS, TARGETS);
    dni_matrix x = inputs_of(DNI_CONDITION_HY, &h, &y);
    dni_matrix exact = apply(&x, &truth, &shift, false);
    matrix_copy(&exact, &target);
    EXPECT_OK(support_learn(sg, &h, &y, &target, NULL, &error, &cosine));
    EXPECT_OK(dni_optimiser_step(optimiser));
  }
  dni_matrix weight = value_of(sg, 0), bias = value_of(sg, 1);
  double tolerance = support_tolerance(dtype, 1e-5, 1e-12);
  matrix_expect_close(&weight, &truth, tolerance, "weight");
  matrix_expect_close(&bias, &shift, tolerance, "bias");
  expect_close(error, 0, tolerance, "error");
  expect_close(cosine, 1, tolerance, "cosine");
  dni_optimiser_release(optimiser);
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* Hidden layers fit what no linear SG can: delta = |h|. */
START_TEST(hidden_layers_fit_a_kink) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  double errors[3];
  for (size_t hidden = 0; hidden < 3; hidden++) {
    variant which = {"", DNI_CONDITION_H, hidden};
    dni_sg *sg = make(context, &which, 2, 1, 16);
    dni_optimiser *optimiser = NULL;
    EXPECT_OK(dni_optimiser_create_adam(context, 0.01, &optimiser));
    EXPECT_OK(dni_optimiser_add_sg(optimiser, sg));
    dni_matrix h = matrix_random(dtype, 64, 2), target = matrix_make(dtype, 64, 2);
    for (size_t r = 0; r < 64; r++)
      for (size_t c = 0; c < 2; c++)
        matrix_set(&target, r, c, fabs(matrix_get(&h, r, c)));
    for (size_t step = 0; step < 800; step++) {
      EXPECT_OK(support_learn(sg, &h, NULL, &target, NULL, &errors[hidden], NULL));
      EXPECT_OK(dni_optimiser_step(optimiser));
    }
    dni_optimiser_release(optimiser);
    dni_sg_release(sg);
  }
  EXPECT(errors[0] > 0.3 && errors[1] < 0.05 && errors[2] < 0.05, "errors %g %g %g", errors[0],
         errors[1], errors[2]);
  dni_context_release(context);
}
END_TEST

/* Workspace. --------------------------------------------------------------------------------- */

START_TEST(reserved_calls_allocate_nothing) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  for (size_t v = 0; v < VARIANTS + 2; v++) {
    dni_sg *sg = NULL;
    if (v < VARIANTS)
      sg = make(context, &variants[v], 19, 5, 0);
    else if (v == VARIANTS)
      EXPECT_OK(dni_sg_create_dfa(context, 19, 5, NULL, &sg));
    else
      EXPECT_OK(dni_sg_create_delayed(context, 19, 1, &sg));
    dni_matrix h = matrix_random(dtype, 37, 19), y = matrix_one_hot(dtype, 37, 5);
    dni_matrix error = v > VARIANTS ? h : matrix_random(dtype, 37, 5);
    dni_matrix delta = matrix_make(dtype, 37, 19), target = matrix_random(dtype, 37, 19);
    EXPECT_OK(dni_sg_reserve(sg, 37));
    size_t calls = support_watched.calls;
    for (size_t step = 0; step < 3; step++) {
      EXPECT_OK(support_estimate(sg, &h, &y, &error, &delta));
      EXPECT_OK(support_learn(sg, &h, &y, &target, &delta, NULL, NULL));
      if (v < VARIANTS) EXPECT_OK(support_learn(sg, &h, &y, &target, NULL, NULL, NULL));
    }
    EXPECT_OK(dni_sg_reserve(sg, 12)); /* never shrinks under a reserved size */
    EXPECT_OK(support_estimate(sg, &h, &y, &error, &delta));
    EXPECT(support_watched.calls == calls, "estimator %zu allocates", v);
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* More rows than ever before: it grows, or says DNI_ERROR_MEMORY and still works for the old
 * size. */
START_TEST(growth) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  for (size_t v = 0; v < VARIANTS; v++) {
    dni_sg *sg = make(context, &variants[v], 4, 3, 6);
    randomise(sg);
    EXPECT_OK(dni_sg_reserve(sg, 2));
    dni_matrix h = matrix_random(dtype, 100, 4), y = matrix_one_hot(dtype, 100, 3);
    dni_matrix target = matrix_random(dtype, 100, 4), delta = matrix_make(dtype, 100, 4);
    double error = -9, expected;
    support_watched.fail_after = 0;
    EXPECT_STATUS(DNI_ERROR_MEMORY, support_learn(sg, &h, &y, &target, NULL, &error, NULL));
    EXPECT_STATUS(DNI_ERROR_MEMORY, dni_sg_reserve(sg, 100));
    EXPECT(error == -9, "error was written");
    dni_matrix few_h = h, few_y = y, few_target = target;
    few_h.rows = few_y.rows = few_target.rows = 2;
    EXPECT_OK(support_learn(sg, &few_h, &few_y, &few_target, NULL, &error, NULL));
    support_watched.fail_after = SIZE_MAX;
    dni_matrix m = estimate_reference(sg, &variants[v], &h, &y);
    expected = error_of(&m, &target);
    EXPECT_OK(support_learn(sg, &h, &y, &target, NULL, &error, NULL));
    expect_close(error, expected, tolerance_on(context), variants[v].name);
    EXPECT_OK(support_estimate(sg, &h, &y, NULL, &delta));
    matrix_expect_close(&delta, &m, tolerance_on(context), variants[v].name);
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(empty_batches) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix h = {NULL, 0, 4, 4, dtype, 0}, y = {NULL, 0, 3, 3, dtype, 0};
  for (size_t v = 0; v < VARIANTS; v++) {
    dni_sg *sg = make(context, &variants[v], 4, 3, 6);
    randomise(sg);
    double error = -9, cosine = -9;
    EXPECT_OK(support_estimate(sg, &h, &y, NULL, &h));
    EXPECT_OK(support_learn(sg, &h, &y, &h, NULL, &error, &cosine));
    EXPECT(error == 0 && cosine == 0, "of nothing: error %g, cosine %g", error, cosine);
    dni_matrix gradient = gradient_of(sg, 0), zero = matrix_convert(&gradient, DNI_F64);
    matrix_fill(&zero, 0);
    matrix_expect_close(&gradient, &zero, 0, "gradient of nothing");
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Working space is not there before the first row. The undefined-behaviour sanitizer sees what is computed
 * with its address. */
START_TEST(empty_first_batches) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix h = {NULL, 0, 4, 4, dtype, 0}, y = {NULL, 0, 3, 3, dtype, 0};
  dni_matrix losses = {NULL, 0, 1, 1, dtype, 0};
  const dni_sg_options linear = {.struct_size = sizeof linear};
  const dni_query query = {.struct_size = sizeof query, .h = &h, .y = &y};
  const dni_lesson lesson = {.struct_size = sizeof lesson, .h = &h, .y = &y, .losses = &losses};
  dni_lesson_report report = {.struct_size = sizeof report};
  dni_loss *loss;
  dni_sg *sgs[2];
  EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  EXPECT_OK(dni_sg_create_critic(context, 4, 3, &linear, &sgs[0]));
  EXPECT_OK(dni_sg_create_local(context, 4, 3, loss, &linear, &sgs[1]));
  for (size_t i = 0; i < 2; i++) {
    EXPECT_OK(dni_sg_estimate(sgs[i], &query, &h));
    EXPECT_OK(dni_sg_learn(sgs[i], &lesson, &report));
    dni_sg_release(sgs[i]);
  }
  dni_loss_release(loss);
  dni_context_release(context);
}
END_TEST

/* The caller's own. -------------------------------------------------------------------------- */

typedef struct own_sg {
  dni_dtype dtype;
  bool wants_error;
  dni_status answer;
  size_t learned, destroyed, changed;
  double value[4], gradient[4];
} own_sg;

/* delta = 3 h, or twice the error. */
static dni_status own_estimate(void *user, const dni_sg_call *call) {
  own_sg *own = user;
  const dni_matrix *h = call->h, *error = call->signal;
  dni_matrix *delta = call->delta;
  EXPECT(call->struct_size >= sizeof *call && !call->target && !call->losses && !call->weights,
         "bad question");
  EXPECT((error != NULL) == own->wants_error, "error is %s", error ? "there" : "NULL");
  for (size_t r = 0; own->answer == DNI_OK && r < delta->rows; r++)
    for (size_t c = 0; c < delta->columns; c++)
      matrix_set(delta, r, c, error ? 2 * matrix_get(error, r, 0) : 3 * matrix_get(h, r, c));
  return own->answer;
}

static dni_status own_learn(void *user, const dni_sg_call *call) {
  own_sg *own = user;
  EXPECT(call->h && call->y && call->target && call->prediction && !call->weights,
         "an argument is NULL");
  EXPECT(call->flags == DNI_GRADIENT_REPLACE && call->scale == 1.0 / 5, "flags %d, scale %g",
         (int)call->flags, call->scale);
  expect_close(matrix_get(call->prediction, 1, 1), 3 * matrix_get(call->h, 1, 1), 1e-6,
               "prediction");
  own->learned++;
  return own->answer;
}

static dni_status own_parameter(void *user, size_t index, dni_matrix *value, dni_matrix *gradient) {
  own_sg *own = user;
  EXPECT(index == 0, "asked for parameter %zu", index);
  *value = (dni_matrix){own->value, 2, 2, 2, own->dtype, 0};
  if (gradient) *gradient = (dni_matrix){own->gradient, 2, 2, 2, own->dtype, 0};
  return DNI_OK;
}

static void own_changed(void *user) {
  ((own_sg *)user)->changed++;
}

static void own_destroy(void *user) {
  ((own_sg *)user)->destroyed++;
}

START_TEST(callback_estimator) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  own_sg own = {.dtype = dtype};
  dni_sg_callbacks callbacks = {.struct_size = sizeof callbacks,
                                .user = &own,
                                .learns = DNI_SG_LEARNS_TARGET,
                                .estimate = own_estimate,
                                .learn = own_learn,
                                .parameter_count = 1,
                                .parameter = own_parameter,
                                .destroy = own_destroy};
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_callback(context, 4, 2, 9, &callbacks, &sg));
  EXPECT_TEXT(dni_sg_kind_name(sg), "callback");
  EXPECT(dni_sg_kind(sg) == DNI_SG_CALLBACK && dni_sg_learns(sg) == 1 && dni_sg_units(sg) == 4 &&
             dni_sg_targets(sg) == 2 && dni_sg_signal_units(sg) == 0,
         "description");
  dni_matrix value = value_of(sg, 0);
  EXPECT(value.data == own.value, "other memory");
  dni_matrix h = matrix_random(dtype, 5, 4), y = matrix_one_hot(dtype, 5, 2);
  dni_matrix delta = matrix_make(dtype, 5, 4), target = matrix_random(dtype, 5, 4);
  EXPECT_OK(support_estimate(sg, &h, &y, NULL, &delta));
  dni_matrix m = matrix_convert(&delta, DNI_F64);
  expect_close(matrix_get(&delta, 4, 3), 3 * matrix_get(&h, 4, 3), 1e-6, "answer");
  for (int given = 0; given < 2; given++) {
    double error = -9, cosine = -9;
    EXPECT_OK(support_learn(sg, &h, &y, &target, given ? &delta : NULL, &error, &cosine));
    expect_close(error, error_of(&m, &target), 1e-5, "error");
    expect_close(cosine, cosine_of(&m, &target), 1e-5, "cosine");
  }
  ck_assert_uint_eq(own.learned, 2);
  own.answer = 4321;
  ck_assert_int_eq(support_estimate(sg, &h, &y, NULL, &delta), 4321);
  own.answer = DNI_ERROR_DATA;
  EXPECT_STATUS(DNI_ERROR_CALLBACK, support_estimate(sg, &h, &y, NULL, &delta));
  own.answer = DNI_OK;
  dni_sg_release(sg);
  ck_assert_uint_eq(own.destroyed, 1);

  callbacks.needs = DNI_SG_NEEDS_OUTPUT_ERROR;
  callbacks.learn = NULL;
  callbacks.learns = DNI_SG_LEARNS_NOTHING;
  callbacks.parameter_count = 0;
  callbacks.parameter = NULL;
  own.wants_error = true;
  EXPECT_OK(dni_sg_create_callback(context, 4, 2, 1, &callbacks, &sg));
  EXPECT(dni_sg_learns(sg) == 0 && dni_sg_needs(sg) == DNI_SG_NEEDS_OUTPUT_ERROR &&
             dni_sg_signal_units(sg) == 1,
         "description");
  dni_matrix e = matrix_random(dtype, 5, 1);
  EXPECT_OK(support_estimate(sg, &h, &y, &e, &delta));
  expect_close(matrix_get(&delta, 4, 3), 2 * matrix_get(&e, 4, 0), 1e-6, "answer from error");
  EXPECT_ARGUMENT(support_estimate(sg, &h, &y, NULL, &delta));
  EXPECT_ARGUMENT(support_estimate(sg, &h, &y, &h, &delta));
  dni_sg_release(sg);
  ck_assert_uint_eq(own.destroyed, 2);
  dni_context_release(context);
}
END_TEST

/* set copies in, get copies out, whatever the strides; what does not fit is refused. Own SGs are
 * told of what is written into their parameters, by assignments and by steps. */
START_TEST(assigned_parameters) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context), other = dtype == DNI_F32 ? DNI_F64 : DNI_F32;
  own_sg own = {.dtype = dtype};
  dni_sg_callbacks callbacks = {.struct_size = sizeof callbacks,
                                .user = &own,
                                .learns = DNI_SG_LEARNS_TARGET,
                                .estimate = own_estimate,
                                .learn = own_learn,
                                .parameter_count = 1,
                                .parameter = own_parameter,
                                .changed = own_changed};
  dni_sg *all[4] = {make(context, &variants[3], 4, 3, 5)};
  EXPECT_OK(dni_sg_create_warm_up(context, all[0], 1, &all[1]));
  EXPECT_OK(dni_sg_create_dfa(context, 4, 3, NULL, &all[2]));
  EXPECT_OK(dni_sg_create_callback(context, 4, 2, 0, &callbacks, &all[3]));
  for (size_t s = 0; s < 4; s++) {
    size_t count = dni_sg_parameter_count(all[s]);
    for (size_t i = 0; i < count; i++) {
      dni_matrix value = value_of(all[s], i);
      dni_matrix given = matrix_random(dtype, value.rows, value.columns);
      dni_matrix got = matrix_make(dtype, value.rows, value.columns);
      dni_matrix bad[] = {matrix_random(dtype, value.rows + 1, value.columns),
                          matrix_random(dtype, value.rows, value.columns + 1),
                          matrix_random(other, value.rows, value.columns)};
      EXPECT_OK(dni_sg_set_parameter(all[s], i, &given));
      matrix_expect_same(&value, &given, "value");
      EXPECT_OK(dni_sg_get_parameter(all[s], i, &got));
      matrix_expect_same(&got, &given, "value got");
      for (size_t b = 0; b < 3; b++) {
        EXPECT_ARGUMENT(dni_sg_set_parameter(all[s], i, &bad[b]));
        EXPECT_ARGUMENT(dni_sg_get_parameter(all[s], i, &bad[b]));
      }
      EXPECT_ARGUMENT(dni_sg_set_parameter(all[s], i, NULL));
      EXPECT_ARGUMENT(dni_sg_get_parameter(all[s], i, NULL));
      EXPECT_ARGUMENT(dni_sg_set_parameter(all[s], count, &given));
      EXPECT_ARGUMENT(dni_sg_get_parameter(all[s], count, &got));
      matrix_expect_same(&value, &given, "value after refusals");
    }
    EXPECT_OK(dni_sg_changed(all[s]));
  }
  dni_optimiser *sgd = NULL;
  size_t changed = own.changed;
  EXPECT_OK(dni_optimiser_create_sgd(context, 0.5, &sgd));
  EXPECT_OK(dni_optimiser_add_sg(sgd, all[3]));
  EXPECT(changed >= 1 && own.changed == changed, "changed by being added");
  EXPECT_OK(dni_optimiser_step(sgd));
  EXPECT(own.changed == changed + 1, "a step told %zu times", own.changed - changed);
  dni_optimiser_release(sgd);
  for (size_t s = 0; s < 4; s++)
    dni_sg_release(all[s]);
  dni_context_release(context);
}
END_TEST

/* targets = 0: y is not looked at, may be missing, and is NULL in calls. The error's width is
 * ignored where the SG needs nothing or dL/dh. */
static dni_status blind_estimate(void *user, const dni_sg_call *call) {
  own_sg *own = user;
  EXPECT(!call->y, "y is there");
  EXPECT((call->signal != NULL) == own->wants_error, "error is %s",
         call->signal ? "there" : "NULL");
  matrix_copy(own->wants_error ? call->signal : call->h, call->delta);
  return DNI_OK;
}

START_TEST(callback_estimator_without_targets) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  static const dni_needs needs[] = {DNI_SG_NEEDS_NOTHING, DNI_SG_NEEDS_DELTA,
                                    DNI_SG_NEEDS_DELTA_LATER};
  dni_matrix h = matrix_random(dtype, 5, 4), y = matrix_random(dtype, 5, 2);
  dni_matrix e = matrix_random(dtype, 5, 4), wide = matrix_random(dtype, 5, 9);
  for (size_t i = 0; i < 3; i++) {
    own_sg own = {.dtype = dtype, .wants_error = i > 0};
    dni_sg_callbacks callbacks = {.struct_size = sizeof callbacks,
                                  .user = &own,
                                  .needs = needs[i],
                                  .estimate = blind_estimate,
                                  .destroy = own_destroy};
    dni_sg *sg = NULL;
    EXPECT_OK(dni_sg_create_callback(context, 4, 0, 9, &callbacks, &sg));
    EXPECT(dni_sg_targets(sg) == 0 && dni_sg_signal_units(sg) == (i ? 4u : 0u) &&
               dni_sg_needs(sg) == needs[i] && dni_sg_learns(sg) == DNI_SG_LEARNS_NOTHING,
           "description");
    for (int given = 0; given < 2; given++) {
      dni_matrix delta = matrix_make(dtype, 5, 4);
      EXPECT_OK(support_estimate(sg, &h, given ? &y : NULL, i ? &e : NULL, &delta));
      matrix_expect_same(&delta, i ? &e : &h, "answer");
      if (i) EXPECT_ARGUMENT(support_estimate(sg, &h, NULL, &wide, &delta));
    }
    dni_sg_release(sg);
    ck_assert_uint_eq(own.destroyed, 1);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(callback_estimator_refusals) {
  dni_context *context = support_context(DNI_F32);
  own_sg own = {.dtype = DNI_F32};
  const dni_sg_callbacks good = {.struct_size = sizeof good,
                                 .user = &own,
                                 .needs = DNI_SG_NEEDS_OUTPUT_ERROR,
                                 .learns = DNI_SG_LEARNS_TARGET,
                                 .estimate = own_estimate,
                                 .learn = own_learn,
                                 .parameter_count = 1,
                                 .parameter = own_parameter,
                                 .destroy = own_destroy};
  dni_sg *sg = NULL;
  dni_sg_callbacks bad = good;
  bad.estimate = NULL;
  EXPECT_ARGUMENT(dni_sg_create_callback(context, 4, 2, 1, &bad, &sg));
  bad = good, bad.needs = 5;
  EXPECT_ARGUMENT(dni_sg_create_callback(context, 4, 2, 1, &bad, &sg));
  bad = good, bad.needs = -1;
  EXPECT_ARGUMENT(dni_sg_create_callback(context, 4, 2, 1, &bad, &sg));
  bad = good, bad.struct_size = 0;
  EXPECT_ARGUMENT(dni_sg_create_callback(context, 4, 2, 1, &bad, &sg));
  bad = good, bad.parameter = NULL;
  EXPECT_ARGUMENT(dni_sg_create_callback(context, 4, 2, 1, &bad, &sg));
  bad = good, bad.learns = 4;
  EXPECT_ARGUMENT(dni_sg_create_callback(context, 4, 2, 1, &bad, &sg));
  bad = good, bad.learns = -1;
  EXPECT_ARGUMENT(dni_sg_create_callback(context, 4, 2, 1, &bad, &sg));
  bad = good, bad.learn = NULL;
  EXPECT_ARGUMENT(dni_sg_create_callback(context, 4, 2, 1, &bad, &sg));
  struct {
    dni_sg_callbacks known;
    void *newer;
  } longer = {good, &own};
  longer.known.struct_size = sizeof longer;
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED,
                dni_sg_create_callback(context, 4, 2, 1, &longer.known, &sg));
  EXPECT_ARGUMENT(dni_sg_create_callback(context, 0, 2, 1, &good, &sg));
  EXPECT_ARGUMENT(dni_sg_create_callback(context, 4, 2, 0, &good, &sg));
  EXPECT_ARGUMENT(dni_sg_create_callback(context, 4, 2, 1, NULL, &sg));
  EXPECT_ARGUMENT(dni_sg_create_callback(NULL, 4, 2, 1, &good, &sg));
  EXPECT_ARGUMENT(dni_sg_create_callback(context, 4, 2, 1, &good, NULL));
  EXPECT(sg == NULL && own.destroyed == 0, "something was made or destroyed");
  dni_context_release(context);
}
END_TEST

/* Descriptions and refusals. ----------------------------------------------------------------- */

START_TEST(descriptions) {
  dni_context *context = support_context(support_dtypes[_i]);
  static const struct {
    const char *name;
    int32_t kind, needs, learns;
    size_t signal_units;
  } expected[] = {{"delayed", DNI_SG_DELAYED, DNI_SG_NEEDS_DELTA_LATER, 0, 7},
                  {"synthetic", DNI_SG_SYNTHETIC, DNI_SG_NEEDS_NOTHING, 1, 0},
                  {"dfa", DNI_SG_DFA, DNI_SG_NEEDS_OUTPUT_ERROR, 0, 4},
                  {"fa", DNI_SG_FA, DNI_SG_NEEDS_DELTA_ABOVE, 0, 4}};
  dni_sg *all[4] = {0};
  EXPECT_OK(dni_sg_create_delayed(context, 7, 1, &all[0]));
  EXPECT_OK(dni_sg_create_synthetic(context, 7, 3, NULL, &all[1]));
  EXPECT_OK(dni_sg_create_dfa(context, 7, 4, NULL, &all[2]));
  EXPECT_OK(dni_sg_create_fa(context, 7, 4, NULL, &all[3]));
  for (size_t i = 0; i < 4; i++) {
    EXPECT_TEXT(dni_sg_kind_name(all[i]), expected[i].name);
    EXPECT(dni_sg_kind(all[i]) == expected[i].kind && dni_sg_needs(all[i]) == expected[i].needs &&
               dni_sg_learns(all[i]) == expected[i].learns && dni_sg_units(all[i]) == 7,
           "%s", expected[i].name);
    EXPECT(dni_sg_signal_units(all[i]) == expected[i].signal_units, "%s: %zu error units",
           expected[i].name, dni_sg_signal_units(all[i]));
  }
  ck_assert_uint_eq(dni_sg_targets(all[1]), 3);
  dni_matrix weight = value_of(all[1], 0), bias = value_of(all[1], 1), view;
  EXPECT(weight.rows == 7 && weight.columns == 10 && bias.rows == 1 && bias.columns == 7, "shapes");
  EXPECT_TEXT(dni_sg_parameter_name(all[1], 0), "weight");
  EXPECT_TEXT(dni_sg_parameter_name(all[1], 1), "bias");
  EXPECT_TEXT(dni_sg_parameter_name(all[1], 2), "");
  EXPECT_ARGUMENT(dni_sg_parameter(all[1], 2, &view, NULL));
  EXPECT_ARGUMENT(dni_sg_parameter(all[1], 0, NULL, NULL));
  EXPECT_ARGUMENT(dni_sg_parameter(all[0], 0, &view, NULL));
  EXPECT(dni_sg_retain(all[0]) == all[0], "another handle");
  dni_sg_release(all[0]);
  for (size_t i = 0; i < 4; i++)
    dni_sg_release(all[i]);
  dni_context_release(context);
}
END_TEST

START_TEST(null_estimators) {
  dni_matrix view = {0};
  EXPECT(!dni_sg_retain(NULL), "a handle of NULL");
  dni_sg_release(NULL);
  EXPECT(dni_sg_kind(NULL) == 0 && dni_sg_needs(NULL) == -1 && dni_sg_learns(NULL) == -1 &&
             dni_sg_units(NULL) == 0 && dni_sg_targets(NULL) == 0 &&
             dni_sg_signal_units(NULL) == 0 && dni_sg_parameter_count(NULL) == 0,
         "NULL has something");
  EXPECT_TEXT(dni_sg_kind_name(NULL), "");
  EXPECT_TEXT(dni_sg_parameter_name(NULL, 0), "");
  EXPECT_ARGUMENT(dni_sg_reserve(NULL, 1));
  EXPECT_ARGUMENT(dni_sg_parameter(NULL, 0, &view, NULL));
  EXPECT_ARGUMENT(dni_sg_set_parameter(NULL, 0, &view));
  EXPECT_ARGUMENT(dni_sg_get_parameter(NULL, 0, &view));
  EXPECT_ARGUMENT(dni_sg_changed(NULL));
  EXPECT_ARGUMENT(support_estimate(NULL, &view, &view, NULL, &view));
  EXPECT_ARGUMENT(support_learn(NULL, &view, &view, &view, NULL, NULL, NULL));
}
END_TEST

START_TEST(creation_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_sg *sg = NULL;
  dni_sg_options options = {.struct_size = sizeof options}, bad = options;
  EXPECT_ARGUMENT(dni_sg_create_synthetic(NULL, 2, 2, &options, &sg));
  EXPECT_ARGUMENT(dni_sg_create_synthetic(context, 0, 2, &options, &sg));
  EXPECT_ARGUMENT(dni_sg_create_synthetic(context, 2, 0, &options, &sg));
  EXPECT_ARGUMENT(dni_sg_create_synthetic(context, 2, 2, &options, NULL));
  bad.condition = 3;
  EXPECT_ARGUMENT(dni_sg_create_synthetic(context, 2, 2, &bad, &sg));
  bad = options, bad.hidden_layers = 3;
  EXPECT_ARGUMENT(dni_sg_create_synthetic(context, 2, 2, &bad, &sg));
  bad = options, bad.hidden_layers = SIZE_MAX;
  EXPECT_ARGUMENT(dni_sg_create_synthetic(context, 2, 2, &bad, &sg));
  bad = options, bad.struct_size = 4;
  EXPECT_ARGUMENT(dni_sg_create_synthetic(context, 2, 2, &bad, &sg));
  EXPECT_ARGUMENT(dni_sg_create_dfa(NULL, 2, 2, NULL, &sg));
  EXPECT_ARGUMENT(dni_sg_create_dfa(context, 0, 2, NULL, &sg));
  EXPECT_ARGUMENT(dni_sg_create_dfa(context, 2, 0, NULL, &sg));
  EXPECT_ARGUMENT(dni_sg_create_dfa(context, 2, 2, NULL, NULL));
  EXPECT_ARGUMENT(dni_sg_create_fa(NULL, 2, 2, NULL, &sg));
  EXPECT_ARGUMENT(dni_sg_create_fa(context, 0, 2, NULL, &sg));
  EXPECT_ARGUMENT(dni_sg_create_fa(context, 2, 0, NULL, &sg));
  EXPECT_ARGUMENT(dni_sg_create_fa(context, 2, 2, NULL, NULL));
  dni_random_options random = {.struct_size = 4};
  EXPECT_ARGUMENT(dni_sg_create_dfa(context, 2, 2, &random, &sg));
  EXPECT_ARGUMENT(dni_sg_create_fa(context, 2, 2, &random, &sg));
  random = (dni_random_options){.struct_size = sizeof random, .reserved = 1};
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_sg_create_dfa(context, 2, 2, &random, &sg));
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_sg_create_fa(context, 2, 2, &random, &sg));
  size_t huge = SIZE_MAX / 2 + 3;
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_sg_create_dfa(context, huge, huge, NULL, &sg));
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_sg_create_synthetic(context, huge, huge, NULL, &sg));
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_sg_create_synthetic(context, 3, SIZE_MAX - 1, NULL, &sg));
  struct {
    dni_sg_options known;
    uint64_t newer;
  } longer = {{.struct_size = sizeof longer}, 1};
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_sg_create_synthetic(context, 2, 2, &longer.known, &sg));
  EXPECT(sg == NULL, "out was written");
  longer.newer = 0;
  EXPECT_OK(dni_sg_create_synthetic(context, 2, 2, &longer.known, &sg));
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

START_TEST(call_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context), other = dtype == DNI_F32 ? DNI_F64 : DNI_F32;
  for (size_t v = 0; v < VARIANTS; v++) {
    dni_sg *sg = make(context, &variants[v], 5, 3, 4);
    bool sees_h = variants[v].condition != DNI_CONDITION_Y;
    bool sees_y = variants[v].condition != DNI_CONDITION_H;
    dni_matrix h = matrix_random(dtype, 6, 5), y = matrix_random(dtype, 6, 3);
    dni_matrix target = matrix_random(dtype, 6, 5), delta = matrix_make(dtype, 6, 5);
    dni_matrix bad[] = {matrix_random(dtype, 6, 4), matrix_random(dtype, 7, 5),
                        matrix_random(other, 6, 5), h, h};
    dni_matrix bad_y[] = {matrix_random(dtype, 6, 4), matrix_random(dtype, 7, 3),
                          matrix_random(other, 6, 3), y, y};
    bad[3].stride = bad_y[3].stride = 2;
    bad[4].data = bad_y[4].data = NULL;
    double error = -9, cosine = -9;
    for (size_t b = 0; b < 5; b++) {
      if (sees_h) {
        EXPECT_ARGUMENT(support_estimate(sg, &bad[b], &y, NULL, &delta));
        EXPECT_ARGUMENT(support_learn(sg, &bad[b], &y, &target, NULL, &error, &cosine));
      }
      if (sees_y) {
        EXPECT_ARGUMENT(support_estimate(sg, &h, &bad_y[b], NULL, &delta));
        EXPECT_ARGUMENT(support_learn(sg, &h, &bad_y[b], &target, NULL, &error, &cosine));
      }
      EXPECT_ARGUMENT(support_estimate(sg, &h, &y, NULL, &bad[b]));
      EXPECT_ARGUMENT(support_learn(sg, &h, &y, &bad[b], NULL, &error, &cosine));
      EXPECT_ARGUMENT(support_learn(sg, &h, &y, &target, &bad[b], &error, &cosine));
    }
    if (sees_h) EXPECT_ARGUMENT(support_estimate(sg, NULL, &y, NULL, &delta));
    if (sees_y) EXPECT_ARGUMENT(support_estimate(sg, &h, NULL, NULL, &delta));
    EXPECT_ARGUMENT(support_estimate(sg, &h, &y, NULL, NULL));
    EXPECT_ARGUMENT(support_learn(sg, &h, &y, NULL, NULL, &error, &cosine));
    matrix_expect_untouched(&delta, "delta");
    EXPECT(error == -9 && cosine == -9, "written by a refused call");
    dni_sg_release(sg);
  }
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_dfa(context, 5, 3, NULL, &sg));
  dni_matrix delta = matrix_make(dtype, 6, 5), narrow = matrix_random(dtype, 6, 2);
  dni_matrix fewer = matrix_random(dtype, 5, 3);
  EXPECT_ARGUMENT(support_estimate(sg, NULL, NULL, NULL, &delta));
  EXPECT_ARGUMENT(support_estimate(sg, NULL, NULL, &narrow, &delta));
  EXPECT_ARGUMENT(support_estimate(sg, NULL, NULL, &fewer, &delta));
  matrix_expect_untouched(&delta, "delta");
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

static Suite *sg_suite(void) {
  Suite *suite = suite_create("sg");
  TCase *answers = tcase_create("answers");
  tcase_add_checked_fixture(answers, support_setup, support_teardown);
  tcase_add_loop_test(answers, first_answer_is_zero, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(answers, answers_follow_the_definition, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(answers, delayed_and_feedback, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(answers, feedback_matrices, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(answers, seeds_of_ones_own, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, answers);
  TCase *learning = tcase_create("learning");
  tcase_add_checked_fixture(learning, support_setup, support_teardown);
  tcase_add_loop_test(learning, gradients_equal_central_differences, 0, VARIANTS);
  tcase_add_loop_test(learning, learning_reports_and_touches_nothing_else, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(learning, learning_after_other_estimates, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(learning, cosines_at_the_edges, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(learning, reports_without_learning, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(learning, a_linear_target_is_found, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(learning, hidden_layers_fit_a_kink, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, learning);
  TCase *rest = tcase_create("workspace, callbacks, refusals");
  tcase_add_checked_fixture(rest, support_setup, support_teardown);
  tcase_add_loop_test(rest, reserved_calls_allocate_nothing, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(rest, growth, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(rest, empty_batches, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(rest, empty_first_batches, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(rest, callback_estimator, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(rest, callback_estimator_without_targets, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(rest, assigned_parameters, 0, SUPPORT_DTYPES);
  tcase_add_test(rest, callback_estimator_refusals);
  tcase_add_loop_test(rest, descriptions, 0, SUPPORT_DTYPES);
  tcase_add_test(rest, null_estimators);
  tcase_add_loop_test(rest, creation_refusals, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(rest, call_refusals, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, rest);
  return suite;
}

int main(void) {
  return support_run(sg_suite());
}
