/* Local losses, delayed and zero gradients, and the estimators around others (mixture, frozen,
 * warm_up) on plain buffers: answers and gradients against the definition in double, central
 * differences and the inner estimator's own, schedules, who keeps whom, workspace, refusals. */
#include "dni/research.h"

#include "estimators.h"

static double lambda_of(const dni_sg *sg) {
  double lambda = -9;
  EXPECT_OK(dni_sg_get_f64(sg, DNI_SETTING_LAMBDA, &lambda));
  return lambda;
}

/* Straight lines between values at boundaries; count 0 removes the schedule. */
static dni_status set_lambdas(dni_sg *sg, const uint64_t *boundaries, const double *values,
                              size_t count) {
  const dni_schedule lines = {.struct_size = sizeof lines,
                              .kind = DNI_RATE_LINES,
                              .boundaries = boundaries,
                              .values = values,
                              .count = count};
  return dni_sg_set_schedule(sg, count > 0 ? &lines : NULL);
}

/* An estimator of our own that fails when told to. -------------------------------------------- */

/* Its answer is h; lessons are counted. */
typedef struct own_sg {
  dni_status answer;
  size_t estimates, lessons, destroyed;
} own_sg;

static dni_status own_estimate(void *user, const dni_sg_call *call) {
  own_sg *own = user;
  own->estimates++;
  matrix_copy(call->h, call->delta);
  return own->answer;
}

static dni_status own_learn(void *user, const dni_sg_call *call) {
  own_sg *own = user;
  const dni_matrix *h = call->h;
  for (size_t r = 0; r < h->rows; r++) /* what is corrected is the answer, not something else */
    for (size_t c = 0; c < h->columns; c++)
      EXPECT(matrix_get(call->prediction, r, c) == matrix_get(h, r, c), "prediction");
  own->lessons++;
  return own->answer;
}

static void own_destroy(void *user) {
  ((own_sg *)user)->destroyed++;
}

static dni_sg *make_own(dni_context *context, own_sg *own, bool learns, dni_needs needs) {
  dni_sg_callbacks callbacks = {.struct_size = sizeof callbacks,
                                .user = own,
                                .needs = needs,
                                .learns = learns ? DNI_SG_LEARNS_TARGET : DNI_SG_LEARNS_NOTHING,
                                .estimate = own_estimate,
                                .learn = learns ? own_learn : NULL,
                                .destroy = own_destroy};
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_callback(context, 5, 5, 5, &callbacks, &sg));
  return sg;
}

/* Local losses. -------------------------------------------------------------------------------- */

enum { SOFTMAX, SQUARED, LOSSES, MAPS = 3, LOCALS = LOSSES * MAPS };

static dni_loss *make_loss(dni_context *context, int which) {
  dni_loss *loss = NULL;
  if (which == SOFTMAX)
    EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  else
    EXPECT_OK(dni_loss_create_squared_error(context, &loss));
  return loss;
}

/* The estimator alone keeps the loss. */
static dni_sg *make_local(dni_context *context, int loss_kind, size_t hidden_layers, size_t units,
                          size_t targets, size_t hidden_units) {
  dni_sg_options options = {
      .struct_size = sizeof options, .hidden_layers = hidden_layers, .hidden_units = hidden_units};
  dni_loss *loss = make_loss(context, loss_kind);
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_local(context, units, targets, loss, &options, &sg));
  dni_loss_release(loss);
  return sg;
}

/* The definition in double, on copies of everything, so that small steps do not round away. */
typedef struct definition {
  int loss_kind;
  size_t maps;
  dni_matrix weight[MAPS], bias[MAPS], h, y;
} definition;

static definition define(dni_sg *sg, int loss_kind, const dni_matrix *h, const dni_matrix *y) {
  definition d = {.loss_kind = loss_kind, .maps = dni_sg_parameter_count(sg) / 2};
  for (size_t i = 0; i < d.maps; i++) {
    dni_matrix weight = value_of(sg, 2 * i), bias = value_of(sg, 2 * i + 1);
    d.weight[i] = matrix_convert(&weight, DNI_F64);
    d.bias[i] = matrix_convert(&bias, DNI_F64);
  }
  d.h = matrix_convert(h, DNI_F64), d.y = matrix_convert(y, DNI_F64);
  return d;
}

/* g(h) of one row. */
static void network_of(const definition *d, size_t row, double out[64]) {
  double input[64];
  for (size_t c = 0; c < d->h.columns; c++)
    input[c] = matrix_get(&d->h, row, c);
  for (size_t i = 0; i < d->maps; i++) {
    const dni_matrix *weight = &d->weight[i];
    for (size_t o = 0; o < weight->rows; o++) {
      out[o] = matrix_get(&d->bias[i], 0, o);
      for (size_t k = 0; k < weight->columns; k++)
        out[o] += matrix_get(weight, o, k) * input[k];
      if (i + 1 < d->maps && out[o] < 0) out[o] = 0;
    }
    memcpy(input, out, sizeof input);
  }
}

/* The mean loss. */
static double loss_of(void *argument) {
  const definition *d = argument;
  double sum = 0;
  for (size_t r = 0; r < d->h.rows; r++) {
    double out[64] = {0}, exponentials = 0;
    network_of(d, r, out);
    for (size_t c = 0; c < d->y.columns; c++)
      exponentials += exp(out[c]);
    for (size_t c = 0; c < d->y.columns; c++) {
      double y = matrix_get(&d->y, r, c);
      sum += d->loss_kind == SOFTMAX ? -y * (out[c] - log(exponentials))
                                     : 0.5 * (out[c] - y) * (out[c] - y);
    }
  }
  return sum / (double)d->h.rows;
}

static double difference(definition *d, const dni_matrix *view, size_t row, size_t column) {
  return matrix_difference(view, row, column, 1e-6, loss_of, d);
}

/* Sizes in turn: one of each; a few; more than a vector. */
static const size_t local_sizes[][4] = {{1, 1, 2, 1}, {6, 4, 3, 5}, {19, 18, 10, 17}};

START_TEST(local_answers_equal_central_differences) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  if (support_compute(dtype)) { /* rounding hides the differences */
    dni_context_release(context);
    return;
  }
  for (int which = 0; which < 3 * LOCALS; which++) {
    const size_t *size = local_sizes[which % 3];
    int loss_kind = which / 3 % LOSSES;
    size_t hidden = (size_t)(which / 3 / LOSSES);
    dni_sg *sg = make_local(context, loss_kind, hidden, size[1], size[2], size[3]);
    randomise(sg);
    dni_matrix h = matrix_random(dtype, size[0], size[1]),
               y = matrix_one_hot(dtype, size[0], size[2]);
    dni_matrix kept_h = matrix_convert(&h, dtype), kept_y = matrix_convert(&y, dtype);
    dni_matrix delta = matrix_make(dtype, size[0], size[1]);
    definition d = define(sg, loss_kind, &h, &y);
    EXPECT_OK(support_estimate(sg, &h, &y, NULL, &delta));
    for (size_t r = 0; r < h.rows; r++)
      for (size_t c = 0; c < h.columns; c++)
        expect_close(matrix_get(&delta, r, c), (double)h.rows * difference(&d, &d.h, r, c),
                     support_tolerance(dtype, 3e-5, 1e-7), "delta");
    matrix_expect_same(&h, &kept_h, "h");
    matrix_expect_same(&y, &kept_y, "y");
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(local_gradients_equal_central_differences) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  for (int which = 0; which < 2 * LOCALS; which++) {
    const size_t *size = local_sizes[which % 2];
    int loss_kind = which / 2 % LOSSES;
    size_t hidden = (size_t)(which / 2 / LOSSES);
    dni_sg *sg = make_local(context, loss_kind, hidden, size[1], size[2], size[3]);
    randomise(sg);
    dni_matrix h = matrix_random(dtype, size[0], size[1]),
               y = matrix_one_hot(dtype, size[0], size[2]);
    definition d = define(sg, loss_kind, &h, &y);
    double error = -9, cosine = -9;
    for (size_t i = 0; i < dni_sg_parameter_count(sg); i++) {
      dni_matrix gradient = gradient_of(sg, i);
      matrix_fill(&gradient, (double)NAN);
    }
    EXPECT_OK(support_learn(sg, &h, &y, NULL, NULL, &error, &cosine));
    expect_close(error, loss_of(&d), tolerance_on(context), "mean loss");
    EXPECT(isnan(cosine), "cosine %g without a target", cosine);
    EXPECT_OK(support_learn(sg, &h, &y, NULL, NULL, NULL, NULL)); /* replaces, and needs neither */
    for (size_t i = 0; i < dni_sg_parameter_count(sg); i++) {
      dni_matrix gradient = gradient_of(sg, i), *view = i % 2 ? &d.bias[i / 2] : &d.weight[i / 2];
      for (size_t r = 0; r < view->rows; r++)
        for (size_t c = 0; c < view->columns; c++)
          expect_close(matrix_get(&gradient, r, c), difference(&d, view, r, c),
                       support_tolerance(dtype, 3e-5, 1e-7), dni_sg_parameter_name(sg, i));
    }
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* With a target it also reports how near its delta is, made or given; what it learns is the
 * same, and with SKIP it only reports. */
START_TEST(local_reports_on_targets) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_sg *sg = make_local(context, SOFTMAX, 1, 4, 3, 5);
  dni_matrix h = matrix_random(dtype, 6, 4), y = matrix_one_hot(dtype, 6, 3);
  dni_matrix target = matrix_random(dtype, 6, 4), delta = matrix_make(dtype, 6, 4);
  EXPECT_OK(support_estimate(sg, &h, &y, NULL, &delta));
  EXPECT_OK(
      support_learn(sg, &h, &y, NULL, &delta, NULL, NULL)); /* a prediction is not looked at */
  EXPECT_OK(support_estimate(sg, &h, &y, NULL, &delta));
  dni_matrix m = matrix_convert(&delta, DNI_F64);
  dni_matrix gradient = gradient_of(sg, 0), before = matrix_convert(&gradient, dtype);
  definition d = define(sg, SOFTMAX, &h, &y);
  for (int turn = 0; turn < 4; turn++) {
    bool given = turn % 2 == 1, skip = turn >= 2;
    dni_matrix prediction = matrix_convert(&delta, dtype);
    dni_lesson lesson = {.struct_size = sizeof lesson,
                         .h = &h,
                         .y = &y,
                         .target = &target,
                         .prediction = given ? &prediction : NULL,
                         .flags = skip ? DNI_GRADIENT_SKIP : DNI_GRADIENT_REPLACE};
    dni_lesson_report report = {.struct_size = sizeof report};
    if (!skip) matrix_fill(&gradient, (double)NAN);
    if (skip) matrix_fill(&gradient, 3);
    EXPECT_OK(dni_sg_learn(sg, &lesson, &report));
    expect_close(report.mse, error_of(&m, &target), tolerance_on(context), "mse");
    expect_close(report.cosine, cosine_of(&m, &target), tolerance_on(context), "cosine");
    expect_close(report.own_loss, loss_of(&d), tolerance_on(context), "own loss");
    if (skip) matrix_fill(&before, 3);
    matrix_expect_same(&gradient, &before, "gradient");
  }
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

static double variance_of(const dni_matrix *view) {
  double sum2 = 0;
  for (size_t r = 0; r < view->rows; r++)
    for (size_t c = 0; c < view->columns; c++)
      sum2 += pow(matrix_get(view, r, c), 2);
  return sum2 / (double)(view->rows * view->columns);
}

/* Variance 2 / inputs below ReLU units, 1 / inputs of the last map, within five standard errors;
 * biases 0, and a first answer that is not. */
START_TEST(local_first_weights) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix h = matrix_random(dtype, 4, 90), y = matrix_one_hot(dtype, 4, 50);
  dni_matrix delta = matrix_make(dtype, 4, 90);
  for (size_t hidden = 0; hidden < MAPS; hidden++) {
    dni_sg *sg = make_local(context, SQUARED, hidden, 90, 50, 0);
    EXPECT(dni_sg_parameter_count(sg) == 2 * (hidden + 1), "%zu hidden layers", hidden);
    for (size_t i = 0; i < dni_sg_parameter_count(sg); i += 2) {
      dni_matrix weight = value_of(sg, i), bias = value_of(sg, i + 1);
      bool last = i + 2 == dni_sg_parameter_count(sg);
      double expected = last ? 1 : 2, count = (double)(weight.rows * weight.columns);
      EXPECT(weight.columns == 90 && weight.rows == (last ? 50u : 90u), "shape of map %zu", i / 2);
      EXPECT(fabs(90 * variance_of(&weight) / expected - 1) < 5 * sqrt(2 / count),
             "variance %g / inputs of map %zu", 90 * variance_of(&weight), i / 2);
      EXPECT(variance_of(&bias) == 0, "biases");
    }
    EXPECT_OK(support_estimate(sg, &h, &y, NULL, &delta));
    EXPECT(variance_of(&delta) > 0.01, "first answer %g", variance_of(&delta));
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Classes by the sign of the first column: learned from h and y alone. */
START_TEST(local_learns) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_sg *sg = make_local(context, SOFTMAX, 1, 4, 2, 8);
  dni_optimiser *adam = NULL;
  EXPECT_OK(dni_optimiser_create_adam(context, 0.02, &adam));
  EXPECT_OK(dni_optimiser_add_sg(adam, sg));
  dni_matrix h = matrix_random(dtype, 60, 4), y = matrix_filled(dtype, 60, 2, 0);
  for (size_t r = 0; r < 60; r++)
    matrix_set(&y, r, matrix_get(&h, r, 0) > 0, 1);
  double first = -9, last = -9;
  EXPECT_OK(support_learn(sg, &h, &y, NULL, NULL, &first, NULL));
  for (size_t step = 0; step < 200; step++) {
    EXPECT_OK(support_learn(sg, &h, &y, NULL, NULL, &last, NULL));
    EXPECT_OK(dni_optimiser_step(adam));
  }
  EXPECT(last < 0.1 && first > 0.3, "loss %g to %g", first, last);
  dni_optimiser_release(adam);
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

START_TEST(local_of_no_rows) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_matrix none = {NULL, 0, 5, 5, dni_context_dtype(context), 0};
  for (size_t hidden = 0; hidden < MAPS; hidden++) {
    dni_sg *sg = make_local(context, SQUARED, hidden, 5, 5, 0);
    double error = -9, cosine = -9;
    EXPECT_OK(support_estimate(sg, &none, &none, NULL, &none));
    EXPECT_OK(support_learn(sg, &none, &none, NULL, NULL, &error, &cosine));
    dni_matrix gradient = gradient_of(sg, 0);
    EXPECT(error == 0 && isnan(cosine) && variance_of(&gradient) == 0, "of nothing");
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Delayed and zero. ---------------------------------------------------------------------------- */

START_TEST(delayed_is_a_share_of_the_error) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  static const double shrinks[] = {1, 0.5, 0.3, 1e-3};
  dni_matrix e = matrix_random(dtype, 7, 19), kept = matrix_convert(&e, dtype);
  for (size_t i = 0; i < 4; i++) {
    dni_sg *sg = NULL;
    double shrink = -9, error = -9, cosine = -9;
    EXPECT_OK(dni_sg_create_delayed(context, 19, shrinks[i], &sg));
    EXPECT_OK(dni_sg_get_f64(sg, DNI_SETTING_SHRINK, &shrink));
    EXPECT(shrink == shrinks[i], "shrink %g", shrink);
    for (int again = 0; again < 2; again++) {
      dni_matrix delta = matrix_make(dtype, 7, 19), expected = matrix_make(DNI_F64, 7, 19);
      for (size_t r = 0; r < 7; r++)
        for (size_t c = 0; c < 19; c++)
          matrix_set(&expected, r, c, shrink * matrix_get(&e, r, c));
      EXPECT_OK(support_estimate(sg, NULL, NULL, &e, &delta));
      matrix_expect_close(&delta, &expected, support_tolerance(dtype, 2e-7, 1e-15), "delta");
      if (shrink == 1) matrix_expect_same(&delta, &e, "delta");
      EXPECT_ARGUMENT(support_learn(sg, NULL, NULL, &e, NULL, &error, &cosine));
      EXPECT_OK(support_learn(sg, NULL, NULL, &e, &delta, &error, &cosine));
      expect_close(error, error_of(&expected, &e), 1e-5, "error");
      expect_close(cosine, 1, 1e-6, "cosine");
      shrink = 0.75;
      EXPECT_OK(dni_sg_set_f64(sg, DNI_SETTING_SHRINK, shrink));
    }
    dni_sg_release(sg);
  }
  matrix_expect_same(&e, &kept, "e");
  dni_context_release(context);
}
END_TEST

START_TEST(zero_is_zero) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_zero(context, 6, &sg));
  dni_matrix delta = matrix_make(dtype, 5, 6), zero = matrix_filled(dtype, 5, 6, 0);
  dni_matrix target = matrix_random(dtype, 5, 6);
  double error = -9, cosine = -9;
  EXPECT_OK(support_estimate(sg, NULL, NULL, NULL, &delta));
  matrix_expect_same(&delta, &zero, "delta");
  EXPECT_OK(support_learn(sg, NULL, NULL, &target, NULL, &error, &cosine));
  expect_close(error, error_of(&zero, &target), 1e-5, "error");
  EXPECT(cosine == 0, "cosine %g", cosine);
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* Around other estimators. --------------------------------------------------------------------- */

/* Inner estimators that need nothing and learn from targets; units and targets are 5. */
enum { LINEAR, HIDDEN, ONLY_Y, SCALAR, THEOREM, WARM, INNERS };

static const char *const inner_names[] = {"linear", "hidden",  "only y",
                                          "scalar", "theorem", "warm"};

static dni_sg *make_synthetic(dni_context *context, dni_condition condition, size_t hidden_layers) {
  dni_sg_options options = {.struct_size = sizeof options,
                            .condition = condition,
                            .hidden_layers = hidden_layers,
                            .hidden_units = 7};
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_synthetic(context, 5, 5, &options, &sg));
  return sg;
}

/* An inner estimator with numbers in it; the same ones as `like` has, unless that is NULL. */
static dni_sg *make_inner(dni_context *context, int which, dni_sg *like) {
  dni_sg *sg = NULL, *inside = NULL;
  switch (which) {
  case SCALAR:
    EXPECT_OK(dni_sg_create_scalar(context, 5, &sg));
    break;
  case THEOREM:
    EXPECT_OK(dni_sg_create_theorem(context, 5, &sg));
    break;
  case WARM:
    inside = make_synthetic(context, DNI_CONDITION_HY, 1);
    EXPECT_OK(dni_sg_create_warm_up(context, inside, 0, &sg));
    dni_sg_release(inside);
    break;
  default:
    sg = make_synthetic(context, which == ONLY_Y ? DNI_CONDITION_Y : DNI_CONDITION_HY,
                        which == HIDDEN ? 2 : 0);
  }
  randomise(sg);
  for (size_t i = 0; like && i < dni_sg_parameter_count(sg); i++) {
    dni_matrix from = value_of(like, i), to = value_of(sg, i);
    matrix_copy(&from, &to);
  }
  EXPECT_OK(dni_sg_changed(sg));
  return sg;
}

/* The wrapper alone keeps the inner estimator. */
static dni_sg *make_mixture(dni_context *context, dni_sg *inner, double lambda) {
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_mixture(context, inner, lambda, &sg));
  dni_sg_release(inner);
  return sg;
}

static dni_sg *make_frozen(dni_context *context, dni_sg *inner) {
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_frozen(context, inner, &sg));
  dni_sg_release(inner);
  return sg;
}

static dni_sg *make_warm_up(dni_context *context, dni_sg *inner, uint64_t lessons) {
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_warm_up(context, inner, lessons, &sg));
  dni_sg_release(inner);
  return sg;
}

typedef struct batch {
  dni_matrix h, y, e, delta, expected;
} batch;

static batch make_batch(const dni_context *context, size_t rows) {
  dni_dtype dtype = dni_context_dtype(context);
  return (batch){matrix_random(dtype, rows, 5), matrix_random(dtype, rows, 5),
                 matrix_random(dtype, rows, 5), matrix_make(dtype, rows, 5),
                 matrix_make(dtype, rows, 5)};
}

/* The same lesson for both leaves the same gradients, error and cosine, to the bit. */
static void expect_same_lesson(dni_sg *sg, dni_sg *twin, const batch *b, dni_matrix *prediction,
                               const char *what) {
  double error[2] = {-9, -8}, cosine[2] = {-9, -8};
  for (size_t i = 0; i < dni_sg_parameter_count(sg); i++) {
    dni_matrix gradient = gradient_of(sg, i);
    matrix_fill(&gradient, (double)NAN);
  }
  EXPECT_OK(support_learn(twin, &b->h, &b->y, &b->e, NULL, &error[0], &cosine[0]));
  EXPECT_OK(support_learn(sg, &b->h, &b->y, &b->e, prediction, &error[1], &cosine[1]));
  EXPECT(error[0] == error[1] && cosine[0] == cosine[1], "%s: error %g and %g", what, error[0],
         error[1]);
  EXPECT(dni_sg_parameter_count(sg) == dni_sg_parameter_count(twin), "%s: parameters", what);
  for (size_t i = 0; i < dni_sg_parameter_count(sg); i++) {
    dni_matrix gradient = gradient_of(sg, i), expected = gradient_of(twin, i);
    matrix_expect_same(&gradient, &expected, what);
  }
}

START_TEST(mixture_blends) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  static const double lambdas[] = {0, 0.25, 0.9, 1};
  for (int which = 0; which < 4 * INNERS; which++) {
    dni_sg *twin = make_inner(context, which / 4, NULL);
    dni_sg *sg = make_mixture(context, make_inner(context, which / 4, twin), lambdas[which % 4]);
    batch b = make_batch(context, 6);
    dni_matrix kept = matrix_convert(&b.e, b.e.dtype);
    double lambda = lambda_of(sg);
    EXPECT(lambda == lambdas[which % 4], "lambda %g", lambda);
    EXPECT_OK(support_estimate(twin, &b.h, &b.y, NULL, &b.expected));
    for (size_t r = 0; r < 6; r++)
      for (size_t c = 0; c < 5; c++)
        matrix_set(&b.expected, r, c,
                   lambda * matrix_get(&b.e, r, c) + (1 - lambda) * matrix_get(&b.expected, r, c));
    EXPECT_OK(support_estimate(sg, &b.h, &b.y, &b.e, &b.delta));
    matrix_expect_close(&b.delta, &b.expected, support_tolerance(b.e.dtype, 1e-6, 1e-14),
                        inner_names[which / 4]);
    matrix_expect_same(&b.e, &kept, "e");
    dni_sg_release(twin);
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Of lambda 1 only e is asked, of lambda 0 only M: NaN in the other does not get in. */
START_TEST(mixture_at_the_ends) {
  dni_context *context = support_context(support_dtypes[_i]);
  own_sg own = {.answer = DNI_OK};
  dni_sg *sg = make_mixture(context, make_own(context, &own, true, DNI_SG_NEEDS_NOTHING), 1);
  batch b = make_batch(context, 6);
  EXPECT_OK(support_estimate(sg, &b.h, &b.y, &b.e, &b.delta));
  matrix_expect_same(&b.delta, &b.e, "lambda 1");
  ck_assert_uint_eq(own.estimates, 0);
  matrix_fill(&b.e, (double)NAN);
  EXPECT_OK(dni_sg_set_f64(sg, DNI_SETTING_LAMBDA, 0));
  EXPECT_OK(support_estimate(sg, &b.h, &b.y, &b.e, &b.delta));
  matrix_expect_same(&b.delta, &b.h, "lambda 0");
  EXPECT_ARGUMENT(support_estimate(sg, &b.h, &b.y, NULL, &b.delta));
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* A mixture's lesson is the inner estimator's, whatever prediction comes with it. */
START_TEST(mixture_teaches_the_inner) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  for (int which = 0; which < INNERS; which++) {
    dni_sg *twin = make_inner(context, which, NULL), *inner = make_inner(context, which, twin);
    dni_matrix value = value_of(inner, 0), gradient = gradient_of(inner, 0);
    dni_sg *sg = make_mixture(context, inner, 0.5);
    dni_matrix seen = value_of(sg, 0), seen_gradient = gradient_of(sg, 0);
    EXPECT(seen.data == value.data && seen_gradient.data == gradient.data, "other memory");
    for (size_t rows = 1; rows < 40; rows += 17) {
      batch b = make_batch(context, rows);
      EXPECT_OK(support_estimate(sg, &b.h, &b.y, &b.e, &b.delta));
      expect_same_lesson(sg, twin, &b, NULL, inner_names[which]);
      expect_same_lesson(sg, twin, &b, &b.delta, inner_names[which]);
    }
    dni_sg_release(twin);
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

static void lessons(dni_sg *sg, const batch *b, size_t count) {
  for (size_t i = 0; i < count; i++)
    EXPECT_OK(support_learn(sg, &b->h, &b->y, &b->e, NULL, NULL, NULL));
}

/* Constant before the first and after the last, exact at boundaries, straight in between; what the
 * getter says is what the answer is made with. */
START_TEST(lambda_schedule) {
  dni_context *context = support_context(support_dtypes[_i]);
  static const uint64_t boundaries[] = {2, 4, 9};
  static const double lambdas[] = {1, 0.5, 0};
  static const double expected[] = {1, 1, 1, 0.75, 0.5, 0.4, 0.3, 0.2, 0.1, 0, 0, 0};
  own_sg own = {.answer = DNI_OK};
  dni_sg *sg = make_mixture(context, make_own(context, &own, true, DNI_SG_NEEDS_NOTHING), 0.125);
  batch b = make_batch(context, 3);
  uint64_t given_boundaries[3];
  double given_lambdas[3];
  memcpy(given_boundaries, boundaries, sizeof boundaries);
  memcpy(given_lambdas, lambdas, sizeof lambdas);
  EXPECT_OK(set_lambdas(sg, given_boundaries, given_lambdas, 3));
  memset(given_boundaries, 0, sizeof given_boundaries);
  memset(given_lambdas, 0, sizeof given_lambdas); /* it has copies */
  for (size_t n = 0; n < 12; n++) {
    expect_close(lambda_of(sg), expected[n], 1e-15, "lambda");
    if (n == 0 || n == 2 || n == 4 || n == 9)
      EXPECT(lambda_of(sg) == expected[n], "lambda %.17g after %zu lessons", lambda_of(sg), n);
    EXPECT_OK(support_estimate(sg, &b.h, &b.y, &b.e, &b.delta));
    expect_close(matrix_get(&b.delta, 2, 4),
                 expected[n] * matrix_get(&b.e, 2, 4) + (1 - expected[n]) * matrix_get(&b.h, 2, 4),
                 1e-6, "delta");
    lessons(sg, &b, 1);
  }
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* Lessons count from creation; a number or an empty schedule takes the place of a schedule. */
START_TEST(lambda_schedules_come_and_go) {
  dni_context *context = support_context(support_dtypes[_i]);
  static const uint64_t ten[] = {0, 10}, far[] = {3, UINT64_MAX}, one[] = {5};
  static const double down[] = {1, 0}, up[] = {0, 1}, half[] = {0.5};
  dni_sg *sg = make_mixture(context, make_inner(context, LINEAR, NULL), 0.125);
  batch b = make_batch(context, 3);
  lessons(sg, &b, 4);
  EXPECT(lambda_of(sg) == 0.125, "without a schedule");
  EXPECT_OK(set_lambdas(sg, ten, down, 2));
  expect_close(lambda_of(sg), 0.6, 1e-15, "after 4 of 10");
  lessons(sg, &b, 1);
  expect_close(lambda_of(sg), 0.5, 1e-15, "after 5 of 10");
  EXPECT_OK(set_lambdas(sg, NULL, NULL, 0));
  lessons(sg, &b, 2);
  expect_close(lambda_of(sg), 0.5, 1e-15, "stays what it was");
  EXPECT_OK(set_lambdas(sg, ten, up, 2));
  expect_close(lambda_of(sg), 0.7, 1e-15, "after 7 of 10");
  EXPECT_OK(dni_sg_set_f64(sg, DNI_SETTING_LAMBDA, 0.25));
  lessons(sg, &b, 1);
  EXPECT(lambda_of(sg) == 0.25, "a number instead of a schedule");
  EXPECT_OK(set_lambdas(sg, one, half, 1));
  EXPECT(lambda_of(sg) == 0.5, "one point is constant");
  EXPECT_OK(set_lambdas(sg, far, up, 2));
  EXPECT(lambda_of(sg) > 0 && lambda_of(sg) < 1e-15, "8 of very many: %g", lambda_of(sg));
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* Zero before lesson number `lessons` is over, then M(h, y); every lesson is the inner one's. */
START_TEST(warm_up_switches) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  for (int which = 0; which < 4 * INNERS; which++) {
    uint64_t cold = (uint64_t)(which % 4);
    dni_sg *twin = make_inner(context, which / 4, NULL);
    dni_sg *sg = make_warm_up(context, make_inner(context, which / 4, twin), cold);
    batch b = make_batch(context, 6);
    dni_matrix zero = matrix_filled(b.h.dtype, 6, 5, 0);
    for (uint64_t n = 0; n < 6; n++) {
      EXPECT_OK(support_estimate(twin, &b.h, &b.y, NULL, &b.expected));
      EXPECT_OK(support_estimate(sg, &b.h, &b.y, NULL, &b.delta));
      matrix_expect_same(&b.delta, n < cold ? &zero : &b.expected, inner_names[which / 4]);
      expect_same_lesson(sg, twin, &b, n % 2 ? &b.delta : NULL, inner_names[which / 4]);
    }
    dni_sg_release(twin);
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Once warm, a prediction that is given is not made again. */
START_TEST(warm_up_takes_predictions) {
  dni_context *context = support_context(support_dtypes[_i]);
  own_sg own = {.answer = DNI_OK};
  dni_sg *sg = make_warm_up(context, make_own(context, &own, true, DNI_SG_NEEDS_NOTHING), 1);
  batch b = make_batch(context, 4);
  static const size_t expected[] = {1, 2, 3};
  for (size_t n = 0; n < 3; n++) {
    EXPECT_OK(support_estimate(sg, &b.h, &b.y, NULL, &b.delta));
    EXPECT_OK(support_learn(sg, &b.h, &b.y, &b.e, &b.delta, NULL, NULL));
    EXPECT(own.estimates == expected[n] && own.lessons == n + 1, "%zu estimates", own.estimates);
  }
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* What a lesson that fails leaves: it is not counted, and the status is the inner one's. */
START_TEST(failed_lessons_do_not_count) {
  dni_context *context = support_context(support_dtypes[_i]);
  static const uint64_t boundaries[] = {0, 2};
  static const double lambdas[] = {1, 0};
  own_sg own = {.answer = DNI_OK};
  dni_sg *inner = make_own(context, &own, true, DNI_SG_NEEDS_NOTHING);
  dni_sg_retain(inner);
  dni_sg *warm = make_warm_up(context, inner, 1), *mixture = make_mixture(context, inner, 0.5);
  batch b = make_batch(context, 4);
  dni_matrix zero = matrix_filled(b.h.dtype, 4, 5, 0);
  EXPECT_OK(set_lambdas(mixture, boundaries, lambdas, 2));
  own.answer = 4321;
  ck_assert_int_eq(support_learn(warm, &b.h, &b.y, &b.e, NULL, NULL, NULL), 4321);
  ck_assert_int_eq(support_learn(mixture, &b.h, &b.y, &b.e, NULL, NULL, NULL), 4321);
  EXPECT(!strncmp(dni_last_message(), "mixture: ", 9), "message \"%s\"", dni_last_message());
  EXPECT_OK(support_estimate(warm, &b.h, &b.y, NULL, &b.delta));
  matrix_expect_same(&b.delta, &zero, "still cold");
  EXPECT(lambda_of(mixture) == 1, "lambda %g", lambda_of(mixture));
  EXPECT_OK(dni_sg_set_f64(mixture, DNI_SETTING_LAMBDA, 0.5));
  ck_assert_int_eq(support_estimate(mixture, &b.h, &b.y, &b.e, &b.delta), 4321);
  own.answer = DNI_OK;
  lessons(warm, &b, 1);
  EXPECT_OK(support_estimate(warm, &b.h, &b.y, NULL, &b.delta));
  matrix_expect_same(&b.delta, &b.h, "warm");
  dni_sg_release(warm);
  ck_assert_uint_eq(own.destroyed, 0);
  dni_sg_release(mixture);
  ck_assert_uint_eq(own.destroyed, 1);
  dni_context_release(context);
}
END_TEST

/* Whatever needs nothing can be frozen: critics, local losses and other wrappers too. */
enum { CRITIC = INNERS, LOCAL, ZERO, FROZEN, OWN, FREEZABLE };

static dni_sg *make_freezable(dni_context *context, int which, own_sg *own) {
  dni_sg *sg = NULL;
  if (which < INNERS) return make_inner(context, which, NULL);
  if (which == CRITIC) EXPECT_OK(dni_sg_create_critic(context, 5, 5, NULL, &sg));
  if (which == LOCAL) return make_local(context, SQUARED, 1, 5, 5, 6);
  if (which == ZERO) EXPECT_OK(dni_sg_create_zero(context, 5, &sg));
  if (which == FROZEN) return make_frozen(context, make_inner(context, HIDDEN, NULL));
  if (which == OWN) return make_own(context, own, false, DNI_SG_NEEDS_NOTHING);
  randomise(sg);
  return sg;
}

START_TEST(frozen_answers_and_does_not_learn) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  own_sg own = {.answer = DNI_OK};
  for (int which = 0; which < FREEZABLE; which++) {
    dni_sg *inner = make_freezable(context, which, &own), *sg = NULL;
    dni_optimiser *adam = NULL;
    EXPECT_OK(dni_sg_create_frozen(context, inner, &sg));
    EXPECT(dni_sg_learns(sg) == DNI_SG_LEARNS_NOTHING && dni_sg_needs(sg) == DNI_SG_NEEDS_NOTHING,
           "inner %d: learns or needs", which);
    EXPECT(dni_sg_parameter_count(sg) == dni_sg_parameter_count(inner), "inner %d", which);
    for (size_t i = 0; i < dni_sg_parameter_count(sg); i++) {
      dni_matrix value = value_of(inner, i), seen = value_of(sg, i), none = gradient_of(sg, i);
      EXPECT(value.data == seen.data && value.rows == seen.rows && !none.data, "inner %d", which);
      EXPECT_TEXT(dni_sg_parameter_name(sg, i), dni_sg_parameter_name(inner, i));
      dni_matrix gradient = gradient_of(inner, i);
      if (gradient.data) matrix_fill(&gradient, 3);
    }
    EXPECT_OK(dni_optimiser_create_adam(context, 0.1, &adam));
    EXPECT_OK(dni_optimiser_add_sg(adam, sg));
    EXPECT(dni_optimiser_bytes(adam) == 0, "inner %d: something to move", which);
    batch b = make_batch(context, 6);
    double error = -9, cosine = -9;
    EXPECT_OK(support_estimate(inner, &b.h, &b.y, NULL, &b.expected));
    EXPECT_OK(support_estimate(sg, &b.h, &b.y, NULL, &b.delta));
    matrix_expect_same(&b.delta, &b.expected, "delta");
    EXPECT_OK(support_learn(sg, &b.h, &b.y, &b.e, NULL, &error, &cosine));
    expect_close(error, error_of(&b.expected, &b.e), tolerance_on(context), "error");
    expect_close(cosine, cosine_of(&b.expected, &b.e), tolerance_on(context), "cosine");
    for (size_t i = 0; i < dni_sg_parameter_count(sg); i++) {
      dni_matrix gradient = gradient_of(inner, i);
      if (gradient.data) EXPECT(matrix_get(&gradient, 0, 0) == 3, "inner %d learned", which);
    }
    EXPECT_ARGUMENT(support_learn(sg, &b.h, &b.y, NULL, NULL, &error, &cosine));
    EXPECT_ARGUMENT(support_learn_loss(sg, &b.h, &b.y, &b.e, &error));
    dni_optimiser_release(adam);
    dni_sg_release(inner);
    EXPECT_OK(support_estimate(sg, &b.h, &b.y, NULL, &b.delta));
    matrix_expect_same(&b.delta, &b.expected, "delta after the inner one's release");
    dni_sg_release(sg);
  }
  ck_assert_uint_eq(own.destroyed, 1);
  dni_context_release(context);
}
END_TEST

/* Who keeps whom: released in any order, also the loss and the context before the estimator. */
START_TEST(references) {
  for (int kind = 0; kind < 4; kind++)
    for (int retained = 0; retained < 2; retained++) {
      dni_context *context = support_context(support_dtypes[_i]);
      batch b = make_batch(context, 3);
      dni_sg *inner =
          kind < 3 ? make_inner(context, HIDDEN, NULL) : make_local(context, SOFTMAX, 1, 5, 5, 0);
      if (retained) dni_sg_retain(inner);
      dni_sg *sg = kind == 0   ? make_mixture(context, inner, 0.5)
                   : kind == 1 ? make_frozen(context, inner)
                   : kind == 2 ? make_warm_up(context, inner, 2)
                               : make_frozen(context, make_frozen(context, inner));
      dni_context_release(context);
      EXPECT_OK(support_estimate(sg, &b.h, &b.y, &b.e, &b.delta));
      dni_sg_release(sg);
      if (!retained) continue;
      EXPECT_OK(support_estimate(inner, &b.h, &b.y, NULL, &b.delta));
      dni_sg_release(inner);
    }
}
END_TEST

/* Workspace. ----------------------------------------------------------------------------------- */

enum { DELAYED = 2 * INNERS, NO_GRADIENT, LOCAL_FIRST, MADE = LOCAL_FIRST + MAPS };

/* Every new kind, with inner estimators of all sorts in wrappers. */
static dni_sg *make_any(dni_context *context, int which) {
  dni_sg *sg = NULL;
  if (which < INNERS) return make_mixture(context, make_inner(context, which, NULL), 0.5);
  if (which < DELAYED) return make_warm_up(context, make_inner(context, which % INNERS, NULL), 1);
  if (which == DELAYED) EXPECT_OK(dni_sg_create_delayed(context, 5, 0.5, &sg));
  if (which == NO_GRADIENT) EXPECT_OK(dni_sg_create_zero(context, 5, &sg));
  if (sg) return sg;
  return make_frozen(context, make_local(context, SQUARED, (size_t)(which - LOCAL_FIRST), 5, 5, 0));
}

/* Every call of the header that the estimator has; cold and warm. */
static dni_status call_all(dni_sg *sg, batch *b) {
  for (int turn = 0; turn < 3; turn++) {
    dni_status status = support_estimate(sg, &b->h, &b->y, &b->e, &b->delta);
    if (status == DNI_OK) status = support_learn(sg, &b->h, &b->y, &b->e, &b->delta, NULL, NULL);
    if (status == DNI_OK && dni_sg_needs(sg) != DNI_SG_NEEDS_DELTA_LATER)
      status = support_learn(sg, &b->h, &b->y, &b->e, NULL, NULL, NULL);
    if (status == DNI_OK && dni_sg_learns(sg) == DNI_SG_LEARNS_ALONE)
      status = support_learn(sg, &b->h, &b->y, NULL, NULL, NULL, NULL);
    if (status != DNI_OK) return status;
  }
  return DNI_OK;
}

START_TEST(reserved_calls_allocate_nothing) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  batch b = make_batch(context, 37);
  for (int which = 0; which < MADE + MAPS; which++) {
    dni_sg *sg = which < MADE ? make_any(context, which)
                              : make_local(context, SOFTMAX, (size_t)(which - MADE), 5, 5, 6);
    EXPECT_OK(dni_sg_reserve(sg, 37));
    size_t calls = support_watched.calls;
    EXPECT_OK(call_all(sg, &b));
    EXPECT_OK(dni_sg_reserve(sg, 12));
    EXPECT_OK(call_all(sg, &b));
    EXPECT(support_watched.calls == calls, "estimator %d allocates", which);
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* More rows than reserved and no memory: refused, and the reserved size still works. */
START_TEST(growth) {
  dni_context *context = support_context(support_dtypes[_i]);
  batch b = make_batch(context, 60), few = b;
  few.h.rows = few.y.rows = few.e.rows = few.delta.rows = 2;
  for (int which = 0; which < MADE + MAPS; which++) {
    dni_sg *sg = which < MADE ? make_any(context, which)
                              : make_local(context, SOFTMAX, (size_t)(which - MADE), 5, 5, 6);
    EXPECT_OK(dni_sg_reserve(sg, 2));
    for (size_t allowed = 0; allowed < 9; allowed++) {
      support_watched.fail_after = allowed;
      dni_status status = dni_sg_reserve(sg, 60);
      if (status == DNI_OK) break;
      EXPECT(status == DNI_ERROR_MEMORY && dni_last_message()[0], "reserve: %d", (int)status);
      EXPECT_OK(call_all(sg, &few)); /* no more memory is asked for */
    }
    support_watched.fail_after = SIZE_MAX;
    EXPECT_OK(call_all(sg, &b));
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

static dni_status create(dni_context *context, int kind, dni_sg *inner, dni_loss *loss,
                         dni_sg **out) {
  dni_sg_options options = {.struct_size = sizeof options, .hidden_layers = (size_t)(kind % MAPS)};
  switch (kind) {
  case 3:
    return dni_sg_create_delayed(context, 3, 0.5, out);
  case 4:
    return dni_sg_create_zero(context, 3, out);
  case 5:
    return dni_sg_create_mixture(context, inner, 0.5, out);
  case 6:
    return dni_sg_create_frozen(context, inner, out);
  case 7:
    return dni_sg_create_warm_up(context, inner, 3, out);
  default:
    return dni_sg_create_local(context, 3, 2, loss, &options, out);
  }
}

/* Each allocation of each create function failing: an error that leaves nothing and no output. */
START_TEST(creation_without_memory) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_sg *inner = make_inner(context, HIDDEN, NULL);
  dni_loss *loss = make_loss(context, SOFTMAX);
  size_t bytes = support_watched.bytes;
  for (int kind = 0; kind < 8; kind++)
    for (size_t allowed = 0;; allowed++) {
      dni_sg *sg = NULL;
      support_watched.fail_after = allowed;
      dni_status status = create(context, kind, inner, loss, &sg);
      support_watched.fail_after = SIZE_MAX;
      if (status == DNI_OK) {
        EXPECT(allowed >= 2, "only %zu allocations", allowed);
        dni_sg_release(sg);
        break;
      }
      EXPECT(status == DNI_ERROR_MEMORY && !sg && dni_last_message()[0], "kind %d", kind);
      EXPECT(support_watched.bytes == bytes, "kind %d: bytes left", kind);
    }
  EXPECT(support_watched.bytes == bytes, "bytes left");
  dni_loss_release(loss);
  dni_sg_release(inner);
  dni_context_release(context);
}
END_TEST

/* Calls that grow on the way: without memory they fail, count nothing, and succeed afterwards. */
START_TEST(lessons_without_memory) {
  dni_context *context = support_context(support_dtypes[_i]);
  batch b = make_batch(context, 9);
  for (int which = 0; which < MADE + MAPS; which++)
    for (size_t allowed = 0, failed = 1; failed; allowed++) {
      dni_sg *sg = which < MADE ? make_any(context, which)
                                : make_local(context, SOFTMAX, (size_t)(which - MADE), 5, 5, 6);
      support_watched.fail_after = allowed;
      dni_status status = call_all(sg, &b);
      support_watched.fail_after = SIZE_MAX;
      failed = status != DNI_OK;
      EXPECT(!failed || (status == DNI_ERROR_MEMORY && dni_last_message()[0]), "%d", (int)status);
      EXPECT_OK(call_all(sg, &b));
      dni_sg_release(sg);
    }
  dni_context_release(context);
}
END_TEST

START_TEST(schedules_without_memory) {
  dni_context *context = support_context(support_dtypes[_i]);
  static const uint64_t boundaries[] = {0, 10};
  static const double down[] = {1, 0}, up[] = {0, 1};
  dni_sg *sg = make_mixture(context, make_inner(context, LINEAR, NULL), 0.5);
  batch b = make_batch(context, 3);
  EXPECT_OK(set_lambdas(sg, boundaries, down, 2));
  lessons(sg, &b, 2);
  size_t allowed = 0;
  for (;; allowed++) {
    support_watched.fail_after = allowed;
    dni_status status = set_lambdas(sg, boundaries, up, 2);
    support_watched.fail_after = SIZE_MAX;
    if (status == DNI_OK) break;
    EXPECT(status == DNI_ERROR_MEMORY && allowed < 6 && dni_last_message()[0], "%d", (int)status);
    lessons(sg, &b, 1);
    expect_close(lambda_of(sg), 0.7 - 0.1 * (double)allowed, 1e-15, "the old schedule");
  }
  EXPECT(allowed > 0, "no memory was asked for");
  expect_close(lambda_of(sg), 0.2 + 0.1 * (double)allowed, 1e-15, "the new schedule");
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* Descriptions and refusals. ------------------------------------------------------------------- */

START_TEST(descriptions) {
  dni_context *context = support_context(support_dtypes[_i]);
  static const struct {
    const char *name, *parameter;
    int32_t kind, needs, learns;
    size_t targets, signal_units, parameters;
  } expected[] = {
      {"local", "weight", DNI_SG_LOCAL, DNI_SG_NEEDS_NOTHING, DNI_SG_LEARNS_ALONE, 3, 0, 4},
      {"delayed", "", DNI_SG_DELAYED, DNI_SG_NEEDS_DELTA_LATER, DNI_SG_LEARNS_NOTHING, 0, 5, 0},
      {"zero", "", DNI_SG_ZERO, DNI_SG_NEEDS_NOTHING, DNI_SG_LEARNS_NOTHING, 0, 0, 0},
      {"mixture", "weight", DNI_SG_MIXTURE, DNI_SG_NEEDS_DELTA, DNI_SG_LEARNS_TARGET, 5, 5, 2},
      {"frozen", "weight", DNI_SG_FROZEN, DNI_SG_NEEDS_NOTHING, DNI_SG_LEARNS_NOTHING, 5, 0, 2},
      {"warm_up", "weight", DNI_SG_WARM_UP, DNI_SG_NEEDS_NOTHING, DNI_SG_LEARNS_TARGET, 5, 0, 2}};
  dni_sg *all[6] = {make_local(context, SOFTMAX, 1, 5, 3, 7)};
  EXPECT_OK(dni_sg_create_delayed(context, 5, 1, &all[1]));
  EXPECT_OK(dni_sg_create_zero(context, 5, &all[2]));
  all[3] = make_mixture(context, make_inner(context, LINEAR, NULL), 1);
  all[4] = make_frozen(context, make_inner(context, LINEAR, NULL));
  all[5] = make_warm_up(context, make_inner(context, LINEAR, NULL), 0);
  for (size_t i = 0; i < 6; i++) {
    dni_matrix view = {0};
    EXPECT_TEXT(dni_sg_kind_name(all[i]), expected[i].name);
    EXPECT_TEXT(dni_sg_parameter_name(all[i], 0), expected[i].parameter);
    EXPECT(dni_sg_kind(all[i]) == expected[i].kind && dni_sg_needs(all[i]) == expected[i].needs &&
               dni_sg_learns(all[i]) == expected[i].learns,
           "%s", expected[i].name);
    EXPECT(dni_sg_units(all[i]) == 5 && dni_sg_targets(all[i]) == expected[i].targets &&
               dni_sg_signal_units(all[i]) == expected[i].signal_units,
           "%s: units", expected[i].name);
    EXPECT(dni_sg_parameter_count(all[i]) == expected[i].parameters, "%s: %zu parameters",
           expected[i].name, dni_sg_parameter_count(all[i]));
    EXPECT_ARGUMENT(dni_sg_parameter(all[i], expected[i].parameters, &view, NULL));
    dni_sg_release(all[i]);
  }
  dni_context_release(context);
}
END_TEST

START_TEST(settings) {
  dni_context *context = support_context(support_dtypes[_i]);
  static const double wrong[] = {-1e-9, 1 + 1e-9, (double)NAN, (double)INFINITY};
  dni_sg *mixture = make_mixture(context, make_inner(context, LINEAR, NULL), 0.5);
  dni_sg *delayed = NULL, *linear = make_inner(context, LINEAR, NULL);
  double value = -9;
  EXPECT_OK(dni_sg_create_delayed(context, 5, 0.5, &delayed));
  for (size_t i = 0; i < 4; i++) {
    EXPECT_ARGUMENT(dni_sg_set_f64(mixture, DNI_SETTING_LAMBDA, wrong[i]));
    EXPECT_ARGUMENT(dni_sg_set_f64(delayed, DNI_SETTING_SHRINK, wrong[i]));
  }
  EXPECT_ARGUMENT(dni_sg_set_f64(delayed, DNI_SETTING_SHRINK, 0));
  EXPECT_ARGUMENT(dni_sg_set_f64(NULL, DNI_SETTING_LAMBDA, 0.5));
  EXPECT_ARGUMENT(dni_sg_get_f64(NULL, DNI_SETTING_LAMBDA, &value));
  EXPECT_ARGUMENT(dni_sg_get_f64(mixture, DNI_SETTING_LAMBDA, NULL));
  dni_sg *all[] = {mixture, delayed, linear};
  for (size_t i = 0; i < 3; i++) {
    static const dni_setting others[] = {DNI_SETTING_SHRINK, DNI_SETTING_LAMBDA,
                                         DNI_SETTING_LAMBDA};
    EXPECT_ARGUMENT(dni_sg_set_f64(all[i], others[i], 0.5));
    EXPECT_ARGUMENT(dni_sg_get_f64(all[i], others[i], &value));
    EXPECT(dni_sg_has(all[i], others[i]) == 0, "estimator %zu has setting %d", i, others[i]);
    EXPECT_ARGUMENT(dni_sg_set_f64(all[i], 999, 0.5));
    EXPECT_ARGUMENT(dni_sg_get_f64(all[i], 999, &value));
  }
  EXPECT(value == -9 && lambda_of(mixture) == 0.5, "something changed");
  EXPECT_OK(dni_sg_get_f64(delayed, DNI_SETTING_SHRINK, &value));
  EXPECT(value == 0.5, "shrink %g", value);
  const struct {
    dni_setting setting;
    double least;
  } bounds[] = {{DNI_SETTING_LAMBDA, 0}, {DNI_SETTING_SHRINK, support_least(support_dtypes[_i])}};
  for (size_t i = 0; i < 2; i++) {
    double least = -9, most = -9;
    EXPECT(dni_sg_has(all[i], bounds[i].setting) == 1, "estimator %zu lacks its setting", i);
    EXPECT_OK(dni_sg_bounds(all[i], bounds[i].setting, &least, &most));
    EXPECT_ARGUMENT(dni_sg_bounds(all[i], bounds[1 - i].setting, &least, &most));
    EXPECT_ARGUMENT(dni_sg_bounds(all[i], bounds[i].setting, NULL, &most));
    EXPECT_ARGUMENT(dni_sg_bounds(all[i], bounds[i].setting, &least, NULL));
    EXPECT(least == bounds[i].least && most == 1, "%g to %g", least, most);
    EXPECT_OK(dni_sg_set_f64(all[i], bounds[i].setting, least));
    EXPECT_OK(dni_sg_set_f64(all[i], bounds[i].setting, most));
  }
  EXPECT(dni_sg_has(NULL, DNI_SETTING_LAMBDA) == 0, "NULL has a setting");
  EXPECT_ARGUMENT(dni_sg_bounds(NULL, DNI_SETTING_LAMBDA, &value, &value));
  /* All that learn have a rate scale; a wrapper's is the inner one's. */
  dni_sg *local = make_local(context, SQUARED, 1, 5, 5, 0), *critic = NULL, *zero = NULL;
  dni_sg *inner = make_inner(context, HIDDEN, NULL), *warm = NULL, *dfa = NULL;
  EXPECT_OK(dni_sg_create_critic(context, 5, 5, NULL, &critic));
  EXPECT_OK(dni_sg_create_zero(context, 5, &zero));
  EXPECT_OK(dni_sg_create_dfa(context, 5, 5, NULL, &dfa));
  EXPECT_OK(dni_sg_create_warm_up(context, inner, 1, &warm));
  dni_sg *some[] = {mixture, linear, local, critic, warm, inner, delayed, zero, dfa};
  enum { SOME = sizeof some / sizeof some[0], LEARN = 6 };
  for (size_t i = 0; i < SOME; i++) {
    double least = -9, most = -9, scale = -9;
    EXPECT(dni_sg_has(some[i], DNI_SETTING_RATE_SCALE) == (i < LEARN), "estimator %zu", i);
    if (i >= LEARN) continue;
    EXPECT_OK(dni_sg_bounds(some[i], DNI_SETTING_RATE_SCALE, &least, &most));
    EXPECT(least == 0 && most == support_most(support_dtypes[_i]), "%g to %g", least, most);
    EXPECT_OK(dni_sg_get_f64(some[i], DNI_SETTING_RATE_SCALE, &scale));
    EXPECT(scale == 1, "estimator %zu: rate scale %g", i, scale);
    EXPECT_ARGUMENT(dni_sg_set_f64(some[i], DNI_SETTING_RATE_SCALE, -1e-9));
  }
  EXPECT_OK(dni_sg_set_f64(warm, DNI_SETTING_RATE_SCALE, 0.25));
  EXPECT_OK(dni_sg_get_f64(inner, DNI_SETTING_RATE_SCALE, &value));
  EXPECT(value == 0.25, "the inner one's rate scale is %g", value);
  for (size_t i = 0; i < SOME; i++)
    dni_sg_release(some[i]);
  dni_context_release(context);
}
END_TEST

START_TEST(schedule_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  static const uint64_t good[] = {0, 10}, equal[] = {4, 4}, falling[] = {4, 3};
  static const double lambdas[] = {1, 0};
  static const double wrong[][2] = {
      {1, -1e-9}, {1 + 1e-9, 0}, {(double)NAN, 0}, {1, (double)INFINITY}};
  dni_sg *sg = make_mixture(context, make_inner(context, LINEAR, NULL), 0.5), *zero = NULL;
  EXPECT_OK(dni_sg_create_zero(context, 5, &zero));
  EXPECT_OK(set_lambdas(sg, good, lambdas, 2));
  EXPECT_ARGUMENT(set_lambdas(NULL, good, lambdas, 2));
  EXPECT_ARGUMENT(set_lambdas(sg, NULL, lambdas, 2));
  EXPECT_ARGUMENT(set_lambdas(sg, good, NULL, 2));
  EXPECT_ARGUMENT(set_lambdas(zero, good, lambdas, 2));
  EXPECT_ARGUMENT(set_lambdas(sg, equal, lambdas, 2));
  EXPECT_ARGUMENT(set_lambdas(sg, falling, lambdas, 2));
  for (size_t i = 0; i < 4; i++)
    EXPECT_ARGUMENT(set_lambdas(sg, good, wrong[i], 2));
  batch b = make_batch(context, 2);
  lessons(sg, &b, 5);
  expect_close(lambda_of(sg), 0.5, 1e-15, "the old schedule");
  EXPECT_ARGUMENT(dni_sg_set_f64(sg, DNI_SETTING_LAMBDA, 2));
  lessons(sg, &b, 1);
  expect_close(lambda_of(sg), 0.4, 1e-15, "the old schedule after a wrong number");
  dni_sg_release(zero);
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

START_TEST(local_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_context *other = support_context(support_dtypes[1 - _i]);
  dni_loss *loss = make_loss(context, SOFTMAX), *foreign = make_loss(other, SOFTMAX);
  dni_sg *sg = NULL;
  dni_sg_options options = {.struct_size = sizeof options}, bad = options;
  EXPECT_ARGUMENT(dni_sg_create_local(NULL, 2, 2, loss, &options, &sg));
  EXPECT_ARGUMENT(dni_sg_create_local(context, 0, 2, loss, &options, &sg));
  EXPECT_ARGUMENT(dni_sg_create_local(context, 2, 0, loss, &options, &sg));
  EXPECT_ARGUMENT(dni_sg_create_local(context, 2, 2, NULL, &options, &sg));
  EXPECT_ARGUMENT(dni_sg_create_local(context, 2, 2, foreign, &options, &sg));
  EXPECT(!strncmp(dni_last_message(), "local: ", 7), "message \"%s\"", dni_last_message());
  EXPECT_ARGUMENT(dni_sg_create_local(context, 2, 2, loss, &options, NULL));
  for (dni_condition condition = -1; condition < 4; condition++) {
    bad.condition = condition;
    if (condition) EXPECT_ARGUMENT(dni_sg_create_local(context, 2, 2, loss, &bad, &sg));
  }
  bad = options, bad.hidden_layers = 3;
  EXPECT_ARGUMENT(dni_sg_create_local(context, 2, 2, loss, &bad, &sg));
  bad = options, bad.hidden_layers = SIZE_MAX;
  EXPECT_ARGUMENT(dni_sg_create_local(context, 2, 2, loss, &bad, &sg));
  bad = options, bad.struct_size = 4;
  EXPECT_ARGUMENT(dni_sg_create_local(context, 2, 2, loss, &bad, &sg));
  struct {
    dni_sg_options known;
    size_t more;
  } longer = {{.struct_size = sizeof longer}, 1};
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED,
                dni_sg_create_local(context, 2, 2, loss, &longer.known, &sg));
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_sg_create_local(context, SIZE_MAX / 2, 2, loss, NULL, &sg));
  EXPECT(!sg, "something was made");
  EXPECT_OK(dni_sg_create_local(context, 2, 2, loss, NULL, &sg));
  EXPECT(dni_sg_parameter_count(sg) == 2, "linear without options");
  dni_sg_release(sg);
  dni_loss_release(loss);
  dni_loss_release(foreign);
  dni_context_release(context);
  dni_context_release(other);
}
END_TEST

START_TEST(creation_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  static const double wrong[] = {-1e-9, 1 + 1e-9, (double)NAN, (double)INFINITY, 0};
  dni_sg *inner = make_inner(context, LINEAR, NULL), *sg = NULL;
  for (size_t i = 0; i < 5; i++)
    EXPECT_ARGUMENT(dni_sg_create_delayed(context, 2, wrong[i], &sg));
  for (size_t i = 0; i < 4; i++)
    EXPECT_ARGUMENT(dni_sg_create_mixture(context, inner, wrong[i], &sg));
  EXPECT_ARGUMENT(dni_sg_create_delayed(NULL, 2, 1, &sg));
  EXPECT_ARGUMENT(dni_sg_create_delayed(context, 0, 1, &sg));
  EXPECT_ARGUMENT(dni_sg_create_delayed(context, 2, 1, NULL));
  EXPECT_ARGUMENT(dni_sg_create_zero(NULL, 2, &sg));
  EXPECT_ARGUMENT(dni_sg_create_zero(context, 0, &sg));
  EXPECT_ARGUMENT(dni_sg_create_zero(context, 2, NULL));
  EXPECT_ARGUMENT(dni_sg_create_mixture(NULL, inner, 1, &sg));
  EXPECT_ARGUMENT(dni_sg_create_mixture(context, NULL, 1, &sg));
  EXPECT_ARGUMENT(dni_sg_create_mixture(context, inner, 1, NULL));
  EXPECT_ARGUMENT(dni_sg_create_frozen(NULL, inner, &sg));
  EXPECT_ARGUMENT(dni_sg_create_frozen(context, NULL, &sg));
  EXPECT_ARGUMENT(dni_sg_create_frozen(context, inner, NULL));
  EXPECT_ARGUMENT(dni_sg_create_warm_up(NULL, inner, 1, &sg));
  EXPECT_ARGUMENT(dni_sg_create_warm_up(context, NULL, 1, &sg));
  EXPECT_ARGUMENT(dni_sg_create_warm_up(context, inner, 1, NULL));
  EXPECT(!sg, "something was made");
  dni_sg_release(inner);
  dni_context_release(context);
}
END_TEST

/* Inner estimators that are not of the kind asked for, and of another element type. */
START_TEST(inner_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_context *other = support_context(support_dtypes[1 - _i]);
  own_sg own = {.answer = DNI_OK};
  dni_sg *waiting[] = {NULL, NULL, NULL, NULL, NULL, NULL}, *sg = NULL;
  EXPECT_OK(dni_sg_create_fa(context, 5, 4, NULL, &waiting[0]));
  EXPECT_OK(dni_sg_create_dfa(context, 5, 4, NULL, &waiting[1]));
  EXPECT_OK(dni_sg_create_delayed(context, 5, 1, &waiting[2]));
  waiting[3] = make_mixture(context, make_inner(context, LINEAR, NULL), 0.5);
  waiting[4] = make_own(context, &own, true, DNI_SG_NEEDS_OUTPUT_ERROR);
  waiting[5] = make_inner(other, LINEAR, NULL);
  for (size_t i = 0; i < 6; i++) {
    EXPECT_ARGUMENT(dni_sg_create_mixture(context, waiting[i], 0.5, &sg));
    EXPECT_ARGUMENT(dni_sg_create_frozen(context, waiting[i], &sg));
    EXPECT_ARGUMENT(dni_sg_create_warm_up(context, waiting[i], 1, &sg));
    dni_sg_release(waiting[i]);
  }
  for (int which = CRITIC; which < FREEZABLE; which++) {
    dni_sg *inner = make_freezable(context, which, &own);
    EXPECT_ARGUMENT(dni_sg_create_mixture(context, inner, 0.5, &sg));
    EXPECT_ARGUMENT(dni_sg_create_warm_up(context, inner, 1, &sg));
    dni_sg_release(inner);
  }
  EXPECT(!sg && own.destroyed == 2, "something was made or kept");
  dni_context_release(context);
  dni_context_release(other);
}
END_TEST

START_TEST(call_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_sg *local = make_local(context, SOFTMAX, 1, 5, 3, 0);
  dni_sg *mixture = make_mixture(context, make_inner(context, LINEAR, NULL), 0.5), *delayed = NULL;
  EXPECT_OK(dni_sg_create_delayed(context, 5, 1, &delayed));
  dni_matrix h = matrix_random(dtype, 4, 5), y = matrix_random(dtype, 4, 3), e = h, fewer = h;
  dni_matrix wrong = matrix_random(support_dtypes[1 - _i], 4, 5), delta = matrix_make(dtype, 4, 5);
  double error = -9, cosine = -9;
  fewer.rows = 3;
  EXPECT_ARGUMENT(support_estimate(local, NULL, &y, NULL, &delta));
  EXPECT_ARGUMENT(support_estimate(local, &h, NULL, NULL, &delta));
  EXPECT_ARGUMENT(support_estimate(local, &h, &h, NULL, &delta));
  EXPECT_ARGUMENT(support_estimate(local, &h, &y, NULL, NULL));
  EXPECT_ARGUMENT(support_estimate(mixture, &h, &h, NULL, &delta));
  EXPECT_ARGUMENT(support_estimate(mixture, &h, &h, &y, &delta));
  EXPECT_ARGUMENT(support_estimate(mixture, NULL, &h, &e, &delta));
  EXPECT_ARGUMENT(support_estimate(delayed, NULL, NULL, NULL, &delta));
  EXPECT_ARGUMENT(support_estimate(delayed, NULL, NULL, &fewer, &delta));
  EXPECT_ARGUMENT(support_estimate(delayed, NULL, NULL, &wrong, &delta));
  EXPECT_ARGUMENT(support_learn(local, NULL, &y, NULL, NULL, &error, &cosine));
  EXPECT_ARGUMENT(support_learn(local, &h, NULL, NULL, NULL, &error, &cosine));
  EXPECT_ARGUMENT(support_learn(local, &fewer, &y, NULL, NULL, &error, &cosine));
  EXPECT_ARGUMENT(support_learn(local, &wrong, &y, NULL, NULL, &error, &cosine));
  EXPECT_ARGUMENT(support_learn(local, &h, &h, NULL, NULL, &error, &cosine));
  EXPECT_ARGUMENT(support_learn(mixture, &h, &h, NULL, NULL, &error, &cosine));
  EXPECT_ARGUMENT(support_learn(mixture, &h, &h, &e, &fewer, &error, &cosine));
  EXPECT_ARGUMENT(support_learn(mixture, &h, NULL, &e, NULL, &error, &cosine));
  EXPECT_ARGUMENT(support_learn(delayed, NULL, NULL, NULL, &e, &error, &cosine));
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_sg_line_search(local, &h, &y, &error));
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_sg_line_search(mixture, &h, &h, &error));
  EXPECT(error == -9 && cosine == -9, "an output was written");
  matrix_expect_untouched(&delta, "delta");
  dni_sg *all[] = {local, mixture, delayed};
  for (size_t i = 0; i < 3; i++)
    dni_sg_release(all[i]);
  dni_context_release(context);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("decoupled estimators");
  TCase *group = add_group(suite, "local");
  tcase_add_loop_test(group, local_answers_equal_central_differences, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, local_gradients_equal_central_differences, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, local_reports_on_targets, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, local_first_weights, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, local_learns, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, local_of_no_rows, 0, SUPPORT_DTYPES);
  group = add_group(suite, "delayed and zero");
  tcase_add_loop_test(group, delayed_is_a_share_of_the_error, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, zero_is_zero, 0, SUPPORT_DTYPES);
  group = add_group(suite, "wrappers");
  tcase_add_loop_test(group, mixture_blends, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, mixture_at_the_ends, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, mixture_teaches_the_inner, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, lambda_schedule, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, lambda_schedules_come_and_go, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, warm_up_switches, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, warm_up_takes_predictions, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, failed_lessons_do_not_count, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, frozen_answers_and_does_not_learn, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, references, 0, SUPPORT_DTYPES);
  group = add_group(suite, "workspace and refusals");
  tcase_add_loop_test(group, reserved_calls_allocate_nothing, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, growth, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, creation_without_memory, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, lessons_without_memory, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, schedules_without_memory, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, descriptions, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, settings, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, schedule_refusals, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, local_refusals, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, creation_refusals, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, inner_refusals, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, call_refusals, 0, SUPPORT_DTYPES);
  return support_run(suite);
}
