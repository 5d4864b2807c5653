/* Loss-matched inputs: what synthetic gradients with a guess see and learn, against central
 * differences; what both kinds of SG that have one refuse; and what becomes of such SGs in networks
 * and analyses. Least squares are in test_least_squares.c. */
#include "dni/research.h"
#include "training.h"

#include "estimators.h"

enum { ROWS = 9, UNITS = 5, TARGETS = 3 };

/* Gradients. --------------------------------------------------------------------------------- */

typedef struct subject {
  dni_sg *sg;
  dni_loss *loss;
  dni_matrix h, y, target, weights; /* weights.rows 0: none */
  size_t maps;                      /* affine maps of the regression */
} subject;

static dni_matrix weighted(const dni_matrix *from, const dni_matrix *weights) {
  dni_matrix made = matrix_convert(from, from->dtype);
  for (size_t r = 0; r < made.rows; r++)
    for (size_t c = 0; c < made.columns && weights->rows > 0; c++)
      matrix_set(&made, r, c, matrix_get(weights, r, 0) * matrix_get(from, r, c));
  return made;
}

static double weight_of(const subject *s, size_t row) {
  return s->weights.rows > 0 ? matrix_get(&s->weights, row, 0) : 1;
}

/* E, by its definition. */
static double error_now(void *argument) {
  const subject *s = argument;
  static double m[ROWS * UNITS];
  dni_matrix answer = {m, ROWS, UNITS, UNITS, DNI_F64, 0};
  double sum = 0, weights = 0;
  EXPECT_OK(support_estimate(s->sg, &s->h, &s->y, NULL, &answer));
  for (size_t r = 0; r < ROWS; r++) {
    weights += weight_of(s, r);
    for (size_t c = 0; c < UNITS; c++)
      sum += weight_of(s, r) * pow(matrix_get(&answer, r, c) - matrix_get(&s->target, r, c), 2);
  }
  return sum / weights;
}

/* The loss of g = U [h, 1]. */
static double loss_now(void *argument) {
  const subject *s = argument;
  static double numbers_of_g[ROWS * TARGETS];
  dni_matrix g = {numbers_of_g, ROWS, TARGETS, TARGETS, DNI_F64, 0};
  dni_matrix u = value_of(s->sg, 2 * s->maps), bias = value_of(s->sg, 2 * s->maps + 1);
  for (size_t r = 0; r < ROWS; r++)
    for (size_t t = 0; t < TARGETS; t++) {
      double sum = matrix_get(&bias, 0, t);
      for (size_t c = 0; c < UNITS; c++)
        sum += matrix_get(&u, t, c) * matrix_get(&s->h, r, c);
      matrix_set(&g, r, t, sum);
    }
  dni_batch batch = {.struct_size = sizeof batch, .x = &g, .y = &s->y};
  if (s->weights.rows > 0) batch.weights = &s->weights;
  double mean;
  EXPECT_OK(dni_loss_evaluate(s->loss, &batch, NULL, NULL, &mean));
  return mean;
}

static subject make_subject(dni_context *context, int index, bool has_weights) {
  subject s = {.h = matrix_random(DNI_F64, ROWS, UNITS),
               .y = matrix_one_hot(DNI_F64, ROWS, TARGETS),
               .target = matrix_random(DNI_F64, ROWS, UNITS),
               .maps = 1 + (size_t)index / 4 % 3};
  EXPECT_OK(index / 12 ? dni_loss_create_sigmoid_cross_entropy(context, NULL, &s.loss)
                       : dni_loss_create_softmax_cross_entropy(context, NULL, &s.loss));
  keep(LOSS, s.loss);
  dni_sg_options options = {.struct_size = sizeof options,
                            .condition = index % 4,
                            .hidden_layers = s.maps - 1,
                            .hidden_units = 7,
                            .loss = s.loss};
  EXPECT_OK(dni_sg_create_synthetic(context, UNITS, TARGETS, &options, &s.sg));
  keep(ESTIMATOR, s.sg);
  randomise(s.sg);
  if (has_weights) s.weights = matrix_make(DNI_F64, ROWS, 1);
  for (size_t r = 0; r < ROWS && has_weights; r++)
    matrix_set(&s.weights, r, 0, (double)(r % 3));
  return s;
}

/* Conditions, hidden layers, losses, without and with weights. */
START_TEST(gradients_are_derivatives) {
  subject s = make_subject(make_context(DNI_F64, 3), _i % 24, _i / 24);
  dni_matrix target = weighted(&s.target, &s.weights);
  dni_lesson lesson = {.struct_size = sizeof lesson, .h = &s.h, .y = &s.y, .target = &target};
  if (s.weights.rows > 0) lesson.weights = &s.weights;
  ck_assert_uint_eq(dni_sg_parameter_count(s.sg), 2 * s.maps + 2);
  EXPECT_TEXT(dni_sg_parameter_name(s.sg, 2 * s.maps), "guess_weight");
  EXPECT_TEXT(dni_sg_parameter_name(s.sg, 2 * s.maps + 1), "guess_bias");
  EXPECT_OK(dni_sg_learn(s.sg, &lesson, NULL));
  for (size_t p = 0; p < 2 * s.maps + 2; p++) {
    dni_matrix value = value_of(s.sg, p), gradient = gradient_of(s.sg, p);
    bool of_guess = p >= 2 * s.maps;
    for (size_t r = 0; r < value.rows; r++)
      for (size_t c = 0; c < value.columns; c++)
        expect_close(matrix_get(&gradient, r, c),
                     matrix_difference(&value, r, c, 1e-6, of_guess ? loss_now : error_now, &s),
                     2e-7, dni_sg_parameter_name(s.sg, p));
  }
}
END_TEST

/* h, y and r stand in W's columns in this order, and r = softmax(g) - y. */
START_TEST(inputs_are_in_order) {
  dni_context *context = make_context(support_dtypes[_i], 3);
  dni_sg_options options = {.struct_size = sizeof options, .loss = make_cross_entropy(context)};
  dni_sg *sg;
  EXPECT_OK(dni_sg_create_synthetic(context, UNITS, TARGETS, &options, &sg));
  keep(ESTIMATOR, sg);
  dni_matrix h = matrix_random(support_dtypes[_i], ROWS, UNITS), weight = value_of(sg, 0);
  dni_matrix answer = matrix_make(support_dtypes[_i], ROWS, UNITS);
  int32_t labels[ROWS];
  dni_matrix y;
  for (size_t r = 0; r < ROWS; r++)
    labels[r] = (int32_t)(r % TARGETS);
  dni_matrix_init_labels(&y, labels, ROWS);
  EXPECT_OK(support_estimate(sg, &h, &y, NULL, &answer));
  for (size_t r = 0; r < ROWS; r++) /* exactly 0 at first */
    expect_close(matrix_get(&answer, r, 0), 0, 0, "first answer");
  ck_assert_uint_eq(weight.columns, UNITS + 2 * TARGETS);
  randomise(sg);
  dni_matrix u = value_of(sg, 2), bias = value_of(sg, 3), own = value_of(sg, 1);
  EXPECT_OK(dni_sg_changed(sg));
  EXPECT_OK(support_estimate(sg, &h, &y, NULL, &answer));
  for (size_t r = 0; r < ROWS; r++) {
    double e[TARGETS], total = 0;
    for (size_t t = 0; t < TARGETS; t++) {
      double g = matrix_get(&bias, 0, t);
      for (size_t c = 0; c < UNITS; c++)
        g += matrix_get(&u, t, c) * matrix_get(&h, r, c);
      total += e[t] = exp(g);
    }
    for (size_t c = 0; c < UNITS; c++) {
      double sum = matrix_get(&own, 0, c) + matrix_get(&weight, c, UNITS + r % TARGETS);
      for (size_t k = 0; k < UNITS; k++)
        sum += matrix_get(&weight, c, k) * matrix_get(&h, r, k);
      for (size_t t = 0; t < TARGETS; t++)
        sum += matrix_get(&weight, c, UNITS + TARGETS + t) * (e[t] / total - (t == r % TARGETS));
      expect_close(matrix_get(&answer, r, c), sum, tolerance_on(context), "answer");
    }
  }
}
END_TEST

START_TEST(no_line_search_with_a_guess) {
  dni_context *context = make_context(DNI_F32, 3);
  double step = -7;
  static const char *const words[] = {"sgq", "lsq", "ls"};
  dni_matrix h = matrix_random(DNI_F32, ROWS, UNITS), y = matrix_one_hot(DNI_F32, ROWS, TARGETS);
  dni_sg *sg = keep(ESTIMATOR, make_sg(context, UNITS, TARGETS, 0, words[_i]));
  EXPECT_OK(support_learn(sg, &h, &y, &h, NULL, NULL, NULL));
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_sg_line_search(sg, &h, &y, &step));
  ck_assert_double_eq(step, -7);
}
END_TEST

/* Refused. ----------------------------------------------------------------------------------- */

typedef struct losses {
  dni_loss *softmax, *sigmoid, *weighted, *other; /* weighted: for 2 columns; other: of doubles */
} losses;

static losses make_losses(dni_context *context) {
  static const double class_weights[] = {1, 2};
  dni_loss_options options = {
      .struct_size = sizeof options, .class_weights = class_weights, .class_count = 2};
  losses made = {.softmax = make_cross_entropy(context),
                 .other = make_cross_entropy(make_context(DNI_F64, 3))};
  EXPECT_OK(dni_loss_create_sigmoid_cross_entropy(context, NULL, &made.sigmoid));
  EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, &options, &made.weighted));
  keep(LOSS, made.sigmoid);
  keep(LOSS, made.weighted);
  return made;
}

/* The call fails, its message has the words, and the output is as it was. */
#define EXPECT_REFUSED(status, words, call)                                                        \
  do {                                                                                             \
    dni_sg *out = (dni_sg *)(void *)&out;                                                          \
    EXPECT_MESSAGE(status, words, call);                                                           \
    EXPECT(out == (dni_sg *)(void *)&out, "%s: output changed", words);                            \
  } while (0)

START_TEST(bad_losses_are_refused) {
  dni_context *context = make_context(DNI_F32, 3);
  losses of = make_losses(context);
  const struct {
    dni_loss *loss;
    dni_condition condition;
    size_t targets;
    const char *words;
  } cases[] = {
      {NULL, 4, 3, ": condition 4 is unknown"},
      {NULL, -1, 3, ": condition -1 is unknown"},
      {of.softmax, 4, 3, ": condition 4 is unknown"},
      {NULL, DNI_CONDITION_RESIDUAL, 3, ": the residual is that of a loss, and loss is NULL"},
      {of.other, 0, 3, ": the element type of the loss differs from the context's"},
      {of.weighted, 0, 3, ": loss: "},
      {of.softmax, 0, 1, ": loss: "},
      {of.softmax, DNI_CONDITION_RESIDUAL, 1, ": loss: "},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    dni_sg_options synthetic = {
        .struct_size = sizeof synthetic, .condition = cases[i].condition, .loss = cases[i].loss};
    dni_least_squares_options squares = {
        .struct_size = sizeof squares, .condition = cases[i].condition, .loss = cases[i].loss};
    EXPECT_REFUSED(DNI_ERROR_ARGUMENT, cases[i].words,
                   dni_sg_create_synthetic(context, 5, cases[i].targets, &synthetic, &out));
    EXPECT(strncmp(dni_last_message(), "synthetic: ", 11) == 0, "\"%s\"", dni_last_message());
    EXPECT_REFUSED(DNI_ERROR_ARGUMENT, cases[i].words,
                   dni_sg_create_least_squares(context, 5, cases[i].targets, &squares, &out));
    EXPECT(strncmp(dni_last_message(), "least_squares: ", 15) == 0, "\"%s\"", dni_last_message());
  }
  dni_sg_options one = {.struct_size = sizeof one, .loss = of.sigmoid};
  dni_sg *sg; /* one yes or no */
  EXPECT_OK(dni_sg_create_synthetic(context, 5, 1, &one, &sg));
  keep(ESTIMATOR, sg);
  dni_sg_options residual = {.struct_size = sizeof residual, .condition = DNI_CONDITION_RESIDUAL};
  EXPECT_REFUSED(DNI_ERROR_ARGUMENT, "critic: loss of the options is for synthetic gradients",
                 dni_sg_create_critic(context, 5, 3, &one, &out));
  EXPECT_REFUSED(DNI_ERROR_ARGUMENT, "local: loss of the options is for synthetic gradients",
                 dni_sg_create_local(context, 5, 3, of.softmax, &one, &out));
  EXPECT_REFUSED(DNI_ERROR_ARGUMENT, "critic: condition DNI_CONDITION_RESIDUAL",
                 dni_sg_create_critic(context, 5, 3, &residual, &out));
  EXPECT_REFUSED(DNI_ERROR_ARGUMENT, "local: condition DNI_CONDITION_RESIDUAL",
                 dni_sg_create_local(context, 5, 3, of.softmax, &residual, &out));
}
END_TEST

START_TEST(bad_numbers_are_refused) {
  static const struct {
    double forgetting, ridge, guess_rate;
    const char *words;
  } cases[] = {
      {-0.1, 0, 0, "forgetting"},     {1.5, 0, 0, "forgetting"},    {NAN, 0, 0, "forgetting"},
      {INFINITY, 0, 0, "forgetting"}, {1e-60, 0, 0, "forgetting"},  {0, -1e-3, 0, "ridge"},
      {0, NAN, 0, "ridge"},           {0, INFINITY, 0, "ridge"},    {0, 1e60, 0, "ridge"},
      {0, 0, -1, "learning rate"},    {0, 0, NAN, "learning rate"}, {0, 0, 1e60, "learning rate"},
  };
  dni_context *context = make_context(DNI_F32, 3);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    dni_least_squares_options options = {.struct_size = sizeof options,
                                         .forgetting = cases[i].forgetting,
                                         .ridge = cases[i].ridge,
                                         .guess_rate = cases[i].guess_rate};
    EXPECT_REFUSED(DNI_ERROR_ARGUMENT, cases[i].words,
                   dni_sg_create_least_squares(context, 5, 3, &options, &out));
    EXPECT(strncmp(dni_last_message(), "least_squares: ", 15) == 0, "\"%s\"", dni_last_message());
  }
  dni_least_squares_options reserved = {.struct_size = sizeof reserved, .reserved = 1};
  EXPECT_REFUSED(DNI_ERROR_UNSUPPORTED, "reserved",
                 dni_sg_create_least_squares(context, 5, 3, &reserved, &out));
  EXPECT_REFUSED(DNI_ERROR_ARGUMENT, "context",
                 dni_sg_create_least_squares(NULL, 5, 3, NULL, &out));
  EXPECT_ARGUMENT(dni_sg_create_least_squares(context, 5, 3, NULL, NULL));
}
END_TEST

/* 0 units, 0 targets, and sizes that no memory holds: with a loss, too. */
START_TEST(bad_sizes_are_refused) {
  static const size_t huge = SIZE_MAX / 2;
  static const size_t large = SIZE_MAX > UINT32_MAX ? SIZE_MAX >> 31 : SIZE_MAX >> 3;
  const struct {
    size_t units, targets;
    dni_status status;
  } cases[] = {
      {0, 3, DNI_ERROR_ARGUMENT},      {5, 0, DNI_ERROR_ARGUMENT},
      {huge, 3, DNI_ERROR_MEMORY},     {5, huge, DNI_ERROR_MEMORY},
      {huge, huge, DNI_ERROR_MEMORY},  {SIZE_MAX, 3, DNI_ERROR_MEMORY},
      {5, SIZE_MAX, DNI_ERROR_MEMORY}, {3, large, DNI_ERROR_MEMORY},
  };
  dni_context *context = make_context(DNI_F32, 3);
  dni_loss *given[] = {NULL, make_cross_entropy(context)};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    for (size_t k = 0; k < 2; k++) {
      dni_least_squares_options squares = {.struct_size = sizeof squares, .loss = given[k]};
      dni_sg_options synthetic = {.struct_size = sizeof synthetic, .loss = given[k]};
      size_t bytes = support_watched.bytes;
      EXPECT_REFUSED(
          cases[i].status, "",
          dni_sg_create_least_squares(context, cases[i].units, cases[i].targets, &squares, &out));
      if (i + 1 < sizeof cases / sizeof cases[0])
        EXPECT_REFUSED(
            cases[i].status, "",
            dni_sg_create_synthetic(context, cases[i].units, cases[i].targets, &synthetic, &out));
      ck_assert_uint_eq(support_watched.bytes, bytes);
    }
  dni_sg *sg = keep(ESTIMATOR, make_sg(context, 5, 3, 0, "lsq"));
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_sg_reserve(sg, huge));
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_sg_reserve(sg, SIZE_MAX));
}
END_TEST

static void expect_setting(dni_sg *sg, dni_setting setting, double value, double least,
                           double most) {
  double got = -1, lower = -1, upper = -1;
  ck_assert_int_eq(dni_sg_has(sg, setting), 1);
  EXPECT_OK(dni_sg_get_f64(sg, setting, &got));
  EXPECT_OK(dni_sg_bounds(sg, setting, &lower, &upper));
  expect_close(got, value, 0, dni_setting_name(setting));
  expect_close(lower, least, 0, "least");
  expect_close(upper, most, 0, "most");
  EXPECT_ARGUMENT(dni_sg_set_f64(sg, setting, -1));
  EXPECT_ARGUMENT(dni_sg_set_f64(sg, setting, NAN));
  EXPECT_OK(dni_sg_set_f64(sg, setting, 0.5));
  EXPECT_OK(dni_sg_get_f64(sg, setting, &got));
  expect_close(got, 0.5, 0, dni_setting_name(setting));
}

/* Settings and their defaults, and what an SG says of itself. */
START_TEST(settings) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = make_context(dtype, 3);
  dni_sg *plain = keep(ESTIMATOR, make_sg(context, UNITS, TARGETS, 0, "ls"));
  dni_sg *matched = keep(ESTIMATOR, make_sg(context, UNITS, TARGETS, 0, "lsr"));
  expect_setting(plain, DNI_SETTING_FORGETTING, 0.05, support_least(dtype), 1);
  expect_setting(plain, DNI_SETTING_RIDGE, 1e-3, 0, support_most(dtype));
  expect_setting(matched, DNI_SETTING_LEARNING_RATE, 1e-3, 0, support_most(dtype));
  expect_setting(matched, DNI_SETTING_RATE_SCALE, 1, 0, support_most(dtype));
  EXPECT_OK(dni_sg_set_f64(plain, DNI_SETTING_RIDGE, 0));
  EXPECT_ARGUMENT(dni_sg_set_f64(plain, DNI_SETTING_FORGETTING, 0));
  ck_assert_int_eq(dni_sg_has(plain, DNI_SETTING_LEARNING_RATE), 0);
  ck_assert_int_eq(dni_sg_has(plain, DNI_SETTING_LAMBDA), 0);
  ck_assert_int_eq(dni_sg_kind(plain), DNI_SG_LEAST_SQUARES);
  EXPECT_TEXT(dni_sg_kind_name(plain), "least_squares");
  ck_assert_int_eq(dni_sg_needs(plain), DNI_SG_NEEDS_NOTHING);
  ck_assert_int_eq(dni_sg_learns(plain), DNI_SG_LEARNS_TARGET);
  ck_assert_uint_eq(dni_sg_targets(plain), TARGETS);
  static const char *const names[] = {"weight", "gram", "moment", "guess_weight", "guess_bias"};
  ck_assert_uint_eq(dni_sg_parameter_count(plain), 3);
  ck_assert_uint_eq(dni_sg_parameter_count(matched), 5);
  for (size_t p = 0; p < 5; p++) {
    dni_matrix value, gradient;
    EXPECT_OK(dni_sg_parameter(matched, p, &value, &gradient));
    EXPECT_TEXT(dni_sg_parameter_name(matched, p), names[p]);
    ck_assert_ptr_null(gradient.data); /* no optimiser takes them */
  }
}
END_TEST

/* In networks. ------------------------------------------------------------------------------- */

/* Timing the parts of a step leaves no trace in what follows. */
START_TEST(measuring_leaves_no_trace) {
  static const char text[] = "6 relu9 |ls relu8 |lsq tanh7 |lsr relu7 |sgq relu6 |sgr dense4";
  dni_network *networks[2];
  dni_trainer *trainers[2];
  double seconds[6], sg_seconds[6];
  dni_matrix x = matrix_random(support_dtypes[_i], ROWS, 6);
  dni_matrix y = matrix_one_hot(support_dtypes[_i], ROWS, 4);
  for (size_t k = 0; k < 2; k++) {
    dni_context *context = make_context(support_dtypes[_i], 3);
    networks[k] = make_network(context, text);
    trainers[k] = make_trainer(context, networks[k], make_adam(context, 0.01),
                               make_adam(context, 0.01), ROWS, 0);
  }
  for (size_t i = 0; i < 12; i++) {
    for (size_t k = 0; k < 2; k++)
      EXPECT_OK(support_step(trainers[k], &x, &y, NULL));
    if (i % 4 == 2) EXPECT_OK(dni_network_measure(networks[1], 7, NULL, seconds, sg_seconds, 6));
    for (size_t after = 0; i % 4 == 2 && after < 5; after++)
      EXPECT(sg_seconds[after] > 0, "interface %zu: %g s", after, sg_seconds[after]);
    EXPECT_SAME_BITS(all_layer_numbers(networks[0]), all_layer_numbers(networks[1]));
    EXPECT_SAME_BITS(all_sg_numbers(networks[0]), all_sg_numbers(networks[1]));
  }
}
END_TEST

/* What the report says of an SG's memory is what the context gave out. */
START_TEST(memory_is_counted) {
  if (support_compute(support_dtypes[_i % 2])) return; /* packed weights count as well */
  dni_context *context = make_context(support_dtypes[_i % 2], 3);
  size_t element = _i % 2 == 0 ? 4 : 8, units = 120, targets = 60, rows = 64;
  dni_network *network = make_network(context, "6 relu120 dense60");
  size_t before = dni_context_bytes(context);
  dni_sg *sg = make_sg(context, units, targets, 0, _i < 2 ? "ls" : "lsq");
  EXPECT_OK(dni_network_set_sg(network, 0, keep(ESTIMATOR, sg)));
  size_t taken = dni_context_bytes(context) - before;
  dni_trainer *trainer =
      make_trainer(context, network, make_sgd(context, 0.1), make_sgd(context, 0.1), rows, 0);
  dni_memory_report with = {.struct_size = sizeof with}, without = with;
  EXPECT_OK(dni_trainer_memory(trainer, &with));
  release_last(); /* the trainer */
  size_t n = units + targets + 1 + (_i < 2 ? 0 : targets);
  size_t parameters = n * n + 2 * units * n + (_i < 2 ? 0 : targets * (units + 1));
  size_t of_rows = rows * (n - units + 1) + (rows < units ? rows : units - 1) * n;
  size_t layers = 120 * 7 + 60 * 121;
  ck_assert_uint_eq(with.parameter_bytes, (parameters + layers) * element);
  ck_assert_uint_eq(with.gradient_bytes, layers * element);
  EXPECT_OK(dni_network_set_sg(network, 0, NULL));
  trainer = make_trainer(context, network, make_sgd(context, 0.1), make_sgd(context, 0.1), rows, 0);
  EXPECT_OK(dni_trainer_memory(trainer, &without));
  size_t own = with.workspace_bytes - without.workspace_bytes;
  size_t least = taken - parameters * element + of_rows * element;
  ck_assert_uint_le(least, own + 8192); /* handles and names */
  ck_assert_uint_le(own, least + 8 * rows * (units + targets + 6) * element);
}
END_TEST

/* One SG at two interfaces is refused as any is; a copy of a network has none. */
START_TEST(sharing_and_copying) {
  dni_context *context = make_context(DNI_F32, 3);
  dni_network *network = make_network(context, "6 relu9 |lsq relu9 dense4"), *copy;
  EXPECT_ARGUMENT(dni_network_set_sg(network, 1, sg_after(network, 0)));
  EXPECT_OK(dni_network_copy(network, &copy));
  keep(NETWORK, copy);
  ck_assert_ptr_null(sg_after(copy, 0));
}
END_TEST

/* An SG may outlive its loss and its network, and the loss's context goes last. */
START_TEST(life_after_the_loss) {
  dni_context *context = make_context(support_dtypes[_i], 3);
  dni_loss *loss;
  dni_sg *sg, *frozen;
  EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  dni_least_squares_options options = {.struct_size = sizeof options, .loss = loss};
  EXPECT_OK(dni_sg_create_least_squares(context, UNITS, TARGETS, &options, &sg));
  dni_loss_release(loss);
  release_last(); /* the context */
  EXPECT_OK(dni_sg_create_frozen(context, sg, &frozen));
  dni_matrix h = matrix_random(support_dtypes[_i], ROWS, UNITS);
  dni_matrix y = matrix_one_hot(support_dtypes[_i], ROWS, TARGETS);
  dni_matrix answers[2] = {matrix_make(support_dtypes[_i], ROWS, UNITS),
                           matrix_make(support_dtypes[_i], ROWS, UNITS)};
  double mse;
  EXPECT_OK(support_learn(sg, &h, &y, &h, NULL, NULL, NULL));
  EXPECT_OK(support_estimate(sg, &h, &y, NULL, &answers[0]));
  EXPECT_OK(support_learn(frozen, &h, &y, &h, NULL, &mse, NULL)); /* teaches nobody */
  EXPECT_OK(support_estimate(frozen, &h, &y, NULL, &answers[1]));
  matrix_expect_same(&answers[1], &answers[0], "answers");
  expect_close(mse, error_of(&answers[0], &h), 1e-5, "mse");
  dni_sg_release(sg);
  dni_sg_release(frozen);
}
END_TEST

/* Another seed's numbers are drawn by what is made after it, whether or not one is there. */
START_TEST(nothing_is_drawn) {
  dni_sg *drawn[2];
  for (size_t k = 0; k < 2; k++) {
    dni_context *context = make_context(DNI_F32, 3);
    if (k == 1) keep(ESTIMATOR, make_sg(context, UNITS, TARGETS, 0, "lsq"));
    drawn[k] = keep(ESTIMATOR, make_sg(context, UNITS, TARGETS, 0, "dfa"));
  }
  dni_matrix a = value_of(drawn[0], 0), b = value_of(drawn[1], 0);
  matrix_expect_same(&a, &b, "feedback");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("guess");
  TCase *gradients = add_group(suite, "gradients");
  tcase_add_loop_test(gradients, gradients_are_derivatives, 0, 48);
  tcase_add_loop_test(gradients, inputs_are_in_order, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(gradients, no_line_search_with_a_guess, 0, 3);
  TCase *refused = add_group(suite, "refused");
  tcase_add_test(refused, bad_losses_are_refused);
  tcase_add_test(refused, bad_numbers_are_refused);
  tcase_add_test(refused, bad_sizes_are_refused);
  tcase_add_loop_test(refused, settings, 0, SUPPORT_DTYPES);
  TCase *networks = add_group(suite, "networks");
  tcase_add_loop_test(networks, measuring_leaves_no_trace, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(networks, memory_is_counted, 0, 2 * SUPPORT_DTYPES);
  tcase_add_test(networks, sharing_and_copying);
  tcase_add_loop_test(networks, life_after_the_loss, 0, SUPPORT_DTYPES);
  tcase_add_test(networks, nothing_is_drawn);
  return support_run(suite);
}
