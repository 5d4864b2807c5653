/* The trainer's manners: reports, refusals that change nothing, divergence, callbacks that fail.
 * What a step computes is in test_equivalence.c, the random schedule in test_schedules.c,
 * dni_trainer_fit in test_fit.c. */
#include "training.h"

enum { ROWS = 16, INPUTS = 6, CLASSES = 4 };

static const char mixed[] = "6 relu9 |sg relu8 |exact tanh7 |fa relu6 |dfa dense4";

static dni_context *context;
static dni_dtype dtype;
static dni_matrix x, y;

static void use(int index) {
  dtype = support_dtypes[index];
  context = make_context(dtype, 9);
  x = matrix_random(dtype, ROWS, INPUTS);
  y = matrix_one_hot(dtype, ROWS, CLASSES);
}

static dni_trainer *make_plain(const char *text, dni_network **network) {
  dni_network *made = make_network(context, text);
  if (network) *network = made;
  return make_trainer(context, made, make_adam(context, 0.01), make_adam(context, 0.01), ROWS, 0);
}

static numbers everything(dni_network *network) {
  numbers list = all_layer_numbers(network);
  append_numbers(&list, all_sg_numbers(network));
  return list;
}

/* Reports. ------------------------------------------------------------------------------------- */

/* Loss and accuracy are those before the updates; without batch normalisation a prediction tells.
 */
START_TEST(test_report) {
  use(_i);
  dni_network *network;
  dni_trainer *trainer = make_plain(mixed, &network);
  for (size_t step = 1; step <= 20; step++) {
    dni_matrix h = matrix_make(dtype, ROWS, CLASSES);
    dni_loss *loss = make_cross_entropy(context);
    double mean, right;
    EXPECT_OK(dni_network_predict(network, &x, &h));
    EXPECT_OK(support_evaluate(loss, &h, &y, NULL, NULL, &mean));
    EXPECT_OK(support_correct(loss, &h, &y, &right));
    dni_step_report report = {.struct_size = sizeof report};
    EXPECT_OK(support_step(trainer, &x, &y, &report));
    ck_assert_uint_eq(report.step, step);
    expect_close(report.loss, mean, support_tolerance(dtype, 1e-6, 1e-14), "loss");
    ck_assert_double_eq(report.accuracy, right / ROWS);
    ck_assert_uint_eq(report.rows, ROWS);
    ck_assert_uint_eq(report.epoch, 0);
    ck_assert_int_eq(report.settled, 1);
    ck_assert_int_eq(report.validated, 0);
    ck_assert_double_eq(report.rate, 0.01);
    ck_assert_double_nan(report.metric);
    ck_assert_double_nan(report.gradient_norm);
    ck_assert_double_nan(report.validation_loss);
    ck_assert_uint_eq(report.layer_count, 5);
    for (size_t i = 0; i < 5; i++) {
      ck_assert_int_eq(isnan(report.sg_mse[i]) != 0, i > 0);
      ck_assert_int_eq(isnan(report.sg_cosine[i]) != 0, i > 0);
      ck_assert_uint_eq(report.target_lag[i], i > 0 ? DNI_NONE : 0);
    }
    ck_assert_double_ge(report.sg_mse[0], 0);
    ck_assert_double_le(fabs(report.sg_cosine[0]), 1 + 1e-6);
    ck_assert_uint_eq(report.module_count, 3);
    for (size_t module = 0; module < 3; module++)
      ck_assert_int_eq(report.module_updated[module], 1);
  }
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 20);
}
END_TEST

/* A critic has an error in every step, and no target to compare its answer with. */
START_TEST(test_report_of_critics) {
  use(_i);
  dni_network *network = make_network(context, "6 relu9 |critic1 relu8 |sg relu7 |critic dense4");
  dni_trainer *trainer =
      make_trainer(context, network, make_adam(context, 0.01), make_adam(context, 0.01), ROWS, 0.3);
  ck_assert_uint_eq(dni_trainer_module_count(trainer), 4);
  for (size_t step = 1; step <= 30; step++) {
    dni_step_report report = {.struct_size = sizeof report};
    EXPECT_OK(support_step(trainer, &x, &y, &report));
    ck_assert_uint_eq(report.layer_count, 4);
    for (size_t i = 0; i < 3; i += 2) {
      ck_assert(isfinite(report.sg_mse[i]));
      ck_assert_double_nan(report.sg_cosine[i]);
      ck_assert_uint_eq(dni_optimiser_step_count(dni_trainer_sg_optimiser(trainer, i)), step);
    }
    ck_assert_int_eq(isnan(report.sg_mse[1]) != 0, report.module_updated[2] == 0);
  }
}
END_TEST

START_TEST(test_report_of_plain_network) {
  use(_i);
  dni_trainer *trainer = make_plain("6 relu9 dense4", NULL);
  dni_step_report report = {.struct_size = sizeof report};
  EXPECT_OK(support_step(trainer, &x, &y, &report));
  ck_assert_uint_eq(report.layer_count, 2);
  for (size_t i = 0; i < 2; i++) {
    ck_assert(isnan(report.sg_mse[i]) && isnan(report.sg_cosine[i]));
    ck_assert_uint_eq(report.target_lag[i], DNI_NONE);
  }
  ck_assert_uint_eq(report.module_count, 1);
  EXPECT_OK(support_step(trainer, &x, &y, NULL));
}
END_TEST

/* A caller built against a newer header has longer structs: what this library does not know stays.
 */
START_TEST(test_longer_structs) {
  struct {
    dni_step_report known;
    double unknown;
  } report = {{.struct_size = sizeof report}, -5};
  struct {
    dni_memory_report known;
    size_t unknown;
  } memory = {{.struct_size = sizeof memory}, 77};
  use(_i);
  dni_trainer *trainer = make_plain("6 relu9 |sg dense4", NULL);
  EXPECT_OK(support_step(trainer, &x, &y, &report.known));
  EXPECT_OK(dni_trainer_memory(trainer, &memory.known));
  ck_assert_uint_eq(report.known.struct_size, sizeof report);
  ck_assert_uint_eq(report.known.step, 1);
  ck_assert_double_eq(report.unknown, -5);
  ck_assert_uint_gt(memory.known.parameter_bytes, 0);
  ck_assert_uint_eq(memory.unknown, 77);
  report.known.struct_size = offsetof(dni_step_report, checkpointed) - 1;
  EXPECT_ARGUMENT(support_step(trainer, &x, &y, &report.known));
  memory.known.struct_size = 3;
  EXPECT_ARGUMENT(dni_trainer_memory(trainer, &memory.known));
}
END_TEST

/* Refusals. ------------------------------------------------------------------------------------ */

START_TEST(test_step_refused) {
  use(_i);
  dni_network *network;
  dni_trainer *trainer = make_plain("6 relu9 norm |sg relu8 |dfa dense4", &network);
  numbers before = everything(network);
  dni_matrix narrow = matrix_random(dtype, ROWS, INPUTS - 1), none = matrix_make(dtype, 0, INPUTS);
  dni_matrix no_targets = matrix_make(dtype, 0, CLASSES), fewer = some_rows(y, 0, ROWS - 1);
  dni_matrix many = matrix_random(dtype, ROWS + 1, INPUTS);
  dni_matrix targets = matrix_one_hot(dtype, ROWS + 1, CLASSES);
  dni_matrix wide = matrix_random(dtype, ROWS, CLASSES + 1), stride = x, empty = x;
  dni_matrix other = matrix_random(support_dtypes[1 - _i], ROWS, INPUTS);
  stride.stride = INPUTS - 1;
  empty.data = NULL;
  dni_batch batch = support_batch(&x, &y);
  EXPECT_ARGUMENT(dni_trainer_step(NULL, &batch, NULL));
  EXPECT_ARGUMENT(dni_trainer_step(trainer, NULL, NULL));
  batch.struct_size = 4;
  EXPECT_ARGUMENT(dni_trainer_step(trainer, &batch, NULL));
  EXPECT_ARGUMENT(support_step(trainer, NULL, &y, NULL));
  EXPECT_ARGUMENT(support_step(trainer, &x, NULL, NULL));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "5", support_step(trainer, &narrow, &y, NULL));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "5", support_step(trainer, &x, &wide, NULL));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "15", support_step(trainer, &x, &fewer, NULL));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "17", support_step(trainer, &many, &targets, NULL));
  EXPECT_ARGUMENT(support_step(trainer, &none, &no_targets, NULL));
  EXPECT_ARGUMENT(support_step(trainer, &other, &y, NULL));
  EXPECT_ARGUMENT(support_step(trainer, &stride, &y, NULL));
  EXPECT_ARGUMENT(support_step(trainer, &empty, &y, NULL));
  dni_step_report report = {.struct_size = 0};
  EXPECT_ARGUMENT(support_step(trainer, &x, &y, &report));
  EXPECT_SAME_BITS(everything(network), before);
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 0);
  ck_assert_uint_eq(dni_optimiser_step_count(dni_trainer_module_optimiser(trainer, 0)), 0);
  ck_assert_uint_eq(dni_trainer_step_count(NULL), 0);
  ck_assert_uint_eq(dni_trainer_module_count(NULL), 0);
  ck_assert_ptr_null(dni_trainer_retain(NULL));
  ck_assert_ptr_eq(dni_trainer_retain(trainer), trainer);
  dni_trainer_release(trainer);
  dni_trainer_release(NULL);
}
END_TEST

/* What a trainer is made of; each test changes one thing. */
typedef struct recipe {
  dni_network *network;
  dni_loss *loss;
  dni_trainer_options options;
} recipe;

static recipe good_recipe(const char *text) {
  return (recipe){make_network(context, text),
                  make_cross_entropy(context),
                  {.struct_size = sizeof(dni_trainer_options),
                   .optimiser = make_adam(context, 0.01),
                   .max_batch = ROWS}};
}

static void expect_refused(recipe r, dni_status expected, const char *why) {
  dni_trainer *out = NULL;
  dni_status status = dni_trainer_create(r.network, r.loss, &r.options, &out);
  EXPECT(status == expected, "%s: %s", why, dni_status_name(status));
  ck_assert_ptr_null(out);
}

static dni_status no_loss(void *user, const dni_loss_call *call) {
  (void)user, (void)call;
  return 1000;
}

START_TEST(test_create_refused) {
  use(_i);
  recipe good = good_recipe("6 relu9 |sg dense4"), bad;
  dni_context *other = make_context(support_dtypes[1 - _i], 1);
  dni_trainer *out = NULL;
#define BAD(change)                                                                                \
  bad = good;                                                                                      \
  bad.change;                                                                                      \
  expect_refused(bad, DNI_ERROR_ARGUMENT, #change)
  BAD(network = NULL);
  BAD(loss = NULL);
  BAD(loss = make_cross_entropy(other));
  dni_loss_callbacks callbacks = {.struct_size = sizeof callbacks, .evaluate = no_loss};
  dni_loss *own_loss;
  EXPECT_OK(dni_loss_create_callback(other, &callbacks, &own_loss));
  keep(LOSS, own_loss);
  BAD(loss = own_loss);
  BAD(options.optimiser = make_adam(other, 0.1));
  BAD(options.sg_optimiser = make_adam(other, 0.1));
  BAD(network = make_network(context, "6"));
  BAD(options.struct_size = 4);
  BAD(options.schedule = 4);
  BAD(options.schedule = -1);
  BAD(options.threads = 2);
  BAD(options.trained_modules = 3);
  good.options.schedule = DNI_SCHEDULE_RANDOM;
  BAD(options.update_probability = -0.1);
  BAD(options.update_probability = 1.1);
  BAD(options.update_probability = NAN);
#undef BAD
  bad = good;
  bad.options.max_batch = SIZE_MAX / 4;
  expect_refused(bad, DNI_ERROR_MEMORY, "batch");
  struct {
    dni_trainer_options known;
    size_t unknown;
  } longer = {good.options, 1};
  longer.known.struct_size = sizeof longer;
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED,
                dni_trainer_create(good.network, good.loss, &longer.known, &out));
  EXPECT_ARGUMENT(dni_trainer_create(good.network, good.loss, &good.options, NULL));
  ck_assert_ptr_null(out);
  EXPECT_OK(dni_network_set_sg(good.network, 0, NULL)); /* refused trainers do not fix the shape */
}
END_TEST

/* Without options: Adam with rate 0.001 for layers and SGs, 256 rows, sequential. */
START_TEST(test_defaults) {
  use(_i);
  static const char text[] = "6 relu9 norm |sg dense4";
  dni_network *networks[2];
  for (size_t i = 0; i < 2; i++) {
    dni_context *own = make_context(dtype, 21);
    networks[i] = make_network(own, text);
    dni_trainer *trainer;
    if (i == 0)
      EXPECT_OK(dni_trainer_create(networks[i], make_cross_entropy(own), NULL, &trainer));
    else
      trainer =
          make_trainer(own, networks[i], make_adam(own, 0.001), make_adam(own, 0.001), 256, 0);
    if (i == 0) keep(TRAINER, trainer);
    dni_matrix many = matrix_filled(dtype, 256, INPUTS, 0.5), more = matrix_random(dtype, 257, 6);
    dni_matrix targets = matrix_filled(dtype, 256, CLASSES, 0.25),
               more_targets = matrix_one_hot(dtype, 257, CLASSES);
    EXPECT_OK(support_step(trainer, &many, &targets, NULL));
    EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "257", support_step(trainer, &more, &more_targets, NULL));
    for (size_t step = 0; step < 10; step++)
      EXPECT_OK(support_step(trainer, &x, &y, NULL));
  }
  EXPECT_SAME_BITS(everything(networks[0]), everything(networks[1]));
}
END_TEST

/* An SG's optimiser is like the layers' if it has no pattern of its own. */
START_TEST(test_sg_optimiser_by_default) {
  use(_i);
  recipe good = good_recipe("6 relu9 |sg dense4");
  dni_trainer *trainer;
  EXPECT_OK(dni_trainer_create(good.network, good.loss, &good.options, &trainer));
  keep(TRAINER, trainer);
  EXPECT_TEXT(dni_optimiser_kind_name(dni_trainer_sg_optimiser(trainer, 0)), "adam");
  ck_assert_double_eq(dni_optimiser_rate(dni_trainer_sg_optimiser(trainer, 0)), 0.01);
}
END_TEST

/* SGs that fit their interface but not the network. */
START_TEST(test_sgs_refused) {
  use(_i);
  dni_sg *sg;
  recipe bad = good_recipe("6 relu9 dense4");
  EXPECT_OK(dni_sg_create_synthetic(context, 9, CLASSES + 1, NULL, &sg));
  EXPECT_OK(dni_network_set_sg(bad.network, 0, keep(ESTIMATOR, sg)));
  expect_refused(bad, DNI_ERROR_ARGUMENT, "SG");
  EXPECT(strstr(dni_last_message(), "layer 0"), "message \"%s\"", dni_last_message());
  EXPECT_OK(dni_sg_create_dfa(context, 9, CLASSES + 1, NULL, &sg));
  EXPECT_OK(dni_network_set_sg(bad.network, 0, keep(ESTIMATOR, sg)));
  expect_refused(bad, DNI_ERROR_ARGUMENT, "SG");
  EXPECT(strstr(dni_last_message(), "layer 0"), "message \"%s\"", dni_last_message());
  EXPECT_OK(dni_sg_create_critic(context, 9, CLASSES + 1, NULL, &sg));
  EXPECT_OK(dni_network_set_sg(bad.network, 0, keep(ESTIMATOR, sg)));
  expect_refused(bad, DNI_ERROR_ARGUMENT, "critic");
  bad = good_recipe("6 relu9 dense4");
  EXPECT_OK(dni_sg_create_synthetic(context, CLASSES, CLASSES, NULL, &sg));
  EXPECT_OK(dni_network_set_sg(bad.network, 1, keep(ESTIMATOR, sg)));
  expect_refused(bad, DNI_ERROR_ARGUMENT, "SG after the last layer");
  EXPECT(strstr(dni_last_message(), "layer 1"), "message \"%s\"", dni_last_message());
  dni_trainer *trainer;
  EXPECT_OK(dni_network_set_sg(bad.network, 1, NULL));
  EXPECT_OK(dni_trainer_create(bad.network, bad.loss, &bad.options, &trainer));
  EXPECT_OK(support_step(keep(TRAINER, trainer), &x, &y, NULL));
}
END_TEST

/* The theorem's SG takes numbers: a batch with labels is refused before any module moves. */
START_TEST(test_labels_refused) {
  use(_i % 2);
  recipe good = good_recipe("6 relu9 |sg dense4 |exact dense4");
  dni_trainer *trainer;
  dni_sg *theorem, *mixture;
  int32_t classes[ROWS] = {0};
  dni_matrix labels;
  dni_matrix_init_labels(&labels, classes, ROWS);
  EXPECT_OK(dni_sg_create_theorem(context, CLASSES, &theorem));
  keep(ESTIMATOR, theorem);
  EXPECT_OK(dni_sg_create_mixture(context, theorem, 0.5, &mixture));
  keep(ESTIMATOR, mixture);
  EXPECT_OK(dni_network_set_sg(good.network, 1, _i < 2 ? theorem : mixture));
  EXPECT_OK(dni_trainer_create(good.network, good.loss, &good.options, &trainer));
  keep(TRAINER, trainer);
  EXPECT_OK(support_step(trainer, &x, &y, NULL));
  numbers before = everything(good.network);
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "after layer 1", support_step(trainer, &x, &labels, NULL));
  EXPECT_SAME_BITS(everything(good.network), before);
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 1);
  EXPECT_OK(support_step(trainer, &x, &y, NULL));
}
END_TEST

static dni_status refuse(void *user, const dni_sg_call *call) {
  (void)call;
  return *(dni_status *)user;
}

/* A callback SG that waits for an error cannot also be taught. */
START_TEST(test_learning_and_waiting_refused) {
  use(_i);
  dni_status status = DNI_OK;
  for (int32_t needs = DNI_SG_NEEDS_OUTPUT_ERROR; needs <= DNI_SG_NEEDS_DELTA_LATER; needs++) {
    recipe bad = good_recipe("6 relu9 dense4");
    dni_sg_callbacks callbacks = {.struct_size = sizeof callbacks,
                                  .user = &status,
                                  .needs = needs,
                                  .learns = DNI_SG_LEARNS_TARGET,
                                  .estimate = refuse,
                                  .learn = refuse};
    dni_sg *sg;
    EXPECT_OK(dni_sg_create_callback(context, 9, CLASSES, CLASSES, &callbacks, &sg));
    EXPECT_OK(dni_network_set_sg(bad.network, 0, keep(ESTIMATOR, sg)));
    expect_refused(bad, DNI_ERROR_UNSUPPORTED, "SG");
  }
}
END_TEST

/* Numbers out of bounds. ----------------------------------------------------------------------- */

static const char *const methods[] = {"6 tanh9 dense8 dense4",
                                      "6 tanh9 norm dense8 norm dense4",
                                      "6 tanh9 |sg dense8 |sg dense4",
                                      "6 tanh9 norm |sg1 dense8 norm |sg2 dense4",
                                      "6 tanh9 |dfa dense8 |dfa dense4",
                                      "6 tanh9 |fa dense8 |fa dense4",
                                      "6 tanh9 |critic1 dense8 |critic2h dense4"};

enum { METHODS = sizeof methods / sizeof *methods };

/* Steps until one fails; its message names step and layer. */
static void expect_divergence(dni_trainer *trainer) {
  char word[32];
  dni_status status = DNI_OK;
  while (status == DNI_OK && dni_trainer_step_count(trainer) < 200)
    status = support_step(trainer, &x, &y, NULL);
  ck_assert_int_eq(status, DNI_ERROR_NON_FINITE);
  EXPECT(strstr(dni_last_message(), "layer "), "message \"%s\"", dni_last_message());
  (void)snprintf(word, sizeof word, "step %ju", (uintmax_t)dni_trainer_step_count(trainer));
  bool named = strstr(dni_last_message(), word) != NULL;
  (void)snprintf(word, sizeof word, "step %ju", (uintmax_t)dni_trainer_step_count(trainer) + 1);
  named = named || strstr(dni_last_message(), word);
  EXPECT(named, "message \"%s\" after step %ju", dni_last_message(),
         (uintmax_t)dni_trainer_step_count(trainer));
}

static dni_trainer *make_squared(dni_network *network, double rate, double sg_rate) {
  dni_loss *loss;
  dni_trainer *trainer;
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .optimiser = make_sgd(context, rate),
                                 .sg_optimiser = make_sgd(context, sg_rate),
                                 .max_batch = ROWS};
  EXPECT_OK(dni_loss_create_squared_error(context, &loss));
  EXPECT_OK(dni_trainer_create(network, keep(LOSS, loss), &options, &trainer));
  return keep(TRAINER, trainer);
}

START_TEST(test_divergence) {
  use(_i % 2);
  expect_divergence(make_squared(make_network(context, methods[_i / 2]), 1e30, 0.01));
}
END_TEST

START_TEST(test_divergence_of_sgs) {
  use(_i % 2);
  expect_divergence(make_squared(
      make_network(context, _i < 2 ? methods[2] : "6 tanh9 |critic dense8 |critic dense4"), 0,
      1e30));
  EXPECT(strstr(dni_last_message(), "layer 1") || strstr(dni_last_message(), "layer 0"),
         "message \"%s\"", dni_last_message());
}
END_TEST

START_TEST(test_bad_numbers_of_the_caller) {
  static const double bad[] = {NAN, INFINITY, -INFINITY};
  use(_i % 2);
  dni_trainer *trainer = make_squared(make_network(context, methods[_i / 2 % METHODS]), 0.01, 0.01);
  EXPECT_OK(support_step(trainer, &x, &y, NULL));
  matrix_set(_i / 2 < METHODS ? &x : &y, 3, 2, bad[_i % 3]);
  dni_status status = support_step(trainer, &x, &y, NULL);
  /* tanh takes infinity for a number */
  bool finite = !isnan(bad[_i % 3]) && _i / 2 < METHODS;
  EXPECT(status == DNI_ERROR_NON_FINITE || (finite && status == DNI_OK), "%s",
         dni_status_name(status));
}
END_TEST

/* Callbacks that fail. ------------------------------------------------------------------------- */

typedef struct faulty {
  dni_status forward, backward;
} faulty;

static dni_status faulty_forward(void *user, const dni_layer_call *call) {
  matrix_copy(call->x, call->y);
  return ((faulty *)user)->forward;
}

static dni_status faulty_backward(void *user, const dni_layer_call *call) {
  if (call->dx) matrix_copy(call->dy, call->dx);
  return ((faulty *)user)->backward;
}

/* A status of the callback's own comes through, others become DNI_ERROR_CALLBACK, and the trainer
 * can be used afterwards. */
START_TEST(test_failing_layer) {
  use(_i);
  faulty faults = {DNI_OK, DNI_OK};
  dni_layer_callbacks callbacks = {.struct_size = sizeof callbacks,
                                   .user = &faults,
                                   .forward = faulty_forward,
                                   .backward = faulty_backward};
  dni_network *network = make_network(context, "6 relu9");
  dni_layer *own, *top = keep(LAYER, make_layer(context, 9, "dense4"));
  EXPECT_OK(dni_layer_create_callback(context, 9, 9, &callbacks, &own));
  EXPECT_OK(dni_network_add(network, keep(LAYER, own)));
  EXPECT_OK(dni_network_add(network, top));
  dni_trainer *trainer = make_trainer(context, network, make_adam(context, 0.01), NULL, ROWS, 0);
  EXPECT_OK(support_step(trainer, &x, &y, NULL));
  numbers before = everything(network);
  static const dni_status answers[][2] = {{1077, 1077},
                                          {77, DNI_ERROR_CALLBACK},
                                          {DNI_ERROR_MEMORY, DNI_ERROR_CALLBACK},
                                          {-5, DNI_ERROR_CALLBACK}};
  for (size_t i = 0; i < 4; i++) {
    faults = (faulty){answers[i][0], DNI_OK};
    EXPECT_MESSAGE(answers[i][1], "layer 1", support_step(trainer, &x, &y, NULL));
    faults = (faulty){DNI_OK, answers[i][0]};
    EXPECT_MESSAGE(answers[i][1], "layer 1", support_step(trainer, &x, &y, NULL));
  }
  EXPECT_SAME_BITS(everything(network), before); /* one module: backward comes before updates */
  faults.backward = DNI_OK;
  EXPECT_OK(support_step(trainer, &x, &y, NULL));
}
END_TEST

START_TEST(test_failing_sg) {
  use(_i);
  dni_status status = 1088;
  dni_network *network = make_network(context, "6 relu9 dense4");
  dni_sg_callbacks callbacks = {
      .struct_size = sizeof callbacks, .user = &status, .estimate = refuse};
  dni_sg *sg;
  EXPECT_OK(dni_sg_create_callback(context, 9, CLASSES, 0, &callbacks, &sg));
  EXPECT_OK(dni_network_set_sg(network, 0, keep(ESTIMATOR, sg)));
  dni_trainer *trainer = make_trainer(context, network, make_adam(context, 0.01), NULL, ROWS, 0);
  EXPECT_MESSAGE(1088, "layer 0", support_step(trainer, &x, &y, NULL));
  status = 88;
  EXPECT_STATUS(DNI_ERROR_CALLBACK, support_step(trainer, &x, &y, NULL));
}
END_TEST

/* Batches. ------------------------------------------------------------------------------------- */

/* Plans for 16 and for 13 rows do the same with 13. */
START_TEST(test_smaller_batches) {
  use(_i);
  static const char text[] = "6 relu9 norm |sg relu8 norm |sg1 tanh7 |dfa dense4";
  dni_network *networks[2];
  dni_matrix some_x = some_rows(x, 0, 13), some_y = some_rows(y, 0, 13);
  for (size_t i = 0; i < 2; i++) {
    dni_context *own = make_context(dtype, 21);
    networks[i] = make_network(own, text);
    dni_trainer *trainer = make_trainer(own, networks[i], make_adam(own, 0.01),
                                        make_adam(own, 0.01), i == 0 ? ROWS : 13, 0);
    for (size_t step = 0; step < 20; step++)
      EXPECT_OK(support_step(trainer, &some_x, &some_y, NULL));
  }
  EXPECT_SAME_BITS(everything(networks[0]), everything(networks[1]));
}
END_TEST

/* Measures. ------------------------------------------------------------------------------------ */

/* Of all layers' gradients as the step left them. */
START_TEST(test_gradient_norm) {
  use(_i);
  recipe good = good_recipe(mixed);
  dni_trainer *trainer;
  good.options.measure_gradient_norm = 1;
  EXPECT_OK(dni_trainer_create(good.network, good.loss, &good.options, &trainer));
  keep(TRAINER, trainer);
  for (size_t step = 0; step < 5; step++) {
    dni_step_report report = {.struct_size = sizeof report};
    EXPECT_OK(support_step(trainer, &x, &y, &report));
    double sum = 0;
    for (size_t i = 0; i < dni_network_layer_count(good.network); i++) {
      dni_layer *layer = dni_network_layer(good.network, i);
      for (size_t p = 0; p < dni_layer_parameter_count(layer); p++) {
        dni_matrix value, gradient;
        EXPECT_OK(dni_layer_parameter(layer, p, &value, &gradient));
        for (size_t k = 0; k < gradient.rows * gradient.columns && gradient.data; k++)
          sum += pow(matrix_get(&gradient, k / gradient.columns, k % gradient.columns), 2);
      }
    }
    expect_close(report.gradient_norm, sqrt(sum), support_tolerance(dtype, 1e-5, 1e-13), "norm");
  }
}
END_TEST

typedef struct meter {
  size_t calls, destroyed;
  dni_status answer;
} meter;

/* The mean of the first output. */
static dni_status first_output(void *user, const dni_batch *batch, double *value) {
  meter *own = user;
  own->calls++;
  if (own->answer != DNI_OK) return dni_fail(own->answer, "no measure");
  ck_assert_uint_eq(batch->y->rows, batch->x->rows);
  *value = 0;
  for (size_t r = 0; r < batch->x->rows; r++)
    *value += matrix_get(batch->x, r, 0) / (double)batch->x->rows;
  return DNI_OK;
}

static void destroy_meter(void *user) {
  ((meter *)user)->destroyed++;
}

START_TEST(test_metric) {
  use(_i);
  meter own = {.answer = DNI_OK};
  recipe good = good_recipe("6 relu9 relu8 dense4");
  dni_metric metric = {.struct_size = sizeof metric,
                       .user = &own,
                       .evaluate = first_output,
                       .destroy = destroy_meter};
  dni_trainer *trainer, *none = NULL;
  good.options.metric = &metric;
  good.options.schedule = 77;
  EXPECT_ARGUMENT(dni_trainer_create(good.network, good.loss, &good.options, &none));
  ck_assert_uint_eq(own.destroyed, 0);
  good.options.schedule = DNI_SCHEDULE_SEQUENTIAL;
  EXPECT_OK(dni_trainer_create(good.network, good.loss, &good.options, &trainer));
  memset(&metric, 0, sizeof metric); /* it was copied */
  dni_matrix h = matrix_make(dtype, ROWS, CLASSES);
  for (size_t step = 0; step < 5; step++) {
    dni_step_report report = {.struct_size = sizeof report};
    double mean = 0;
    EXPECT_OK(dni_network_predict(good.network, &x, &h));
    for (size_t r = 0; r < ROWS; r++)
      mean += matrix_get(&h, r, 0) / ROWS;
    EXPECT_OK(support_step(trainer, &x, &y, &report));
    expect_close(report.metric, mean, support_tolerance(dtype, 1e-6, 1e-13), "metric");
  }
  ck_assert_uint_eq(own.calls, 5);
  own.answer = 1234;
  EXPECT_MESSAGE(1234, "no measure", support_step(trainer, &x, &y, NULL));
  dni_trainer_release(trainer);
  ck_assert_uint_eq(own.destroyed, 1);
}
END_TEST

/* A factor on one module's rate, and on that of the SG above it: as optimisers of another rate. */
START_TEST(test_rate_factor) {
  use(_i);
  static const char text[] = "6 relu9 norm |sg relu8 |sg1 dense4";
  dni_network *networks[2];
  dni_trainer *trainers[2];
  for (size_t i = 0; i < 2; i++) {
    dni_context *own = make_context(dtype, 21);
    networks[i] = make_network(own, text);
    trainers[i] = make_trainer(own, networks[i], make_sgd(own, 0.5), make_sgd(own, 0.25), ROWS, 0);
  }
  EXPECT_OK(dni_trainer_set_rate_factor(trainers[0], 1, 0.25));
  EXPECT_OK(dni_optimiser_set_f64(dni_trainer_module_optimiser(trainers[1], 1),
                                  DNI_SETTING_LEARNING_RATE, 0.125));
  EXPECT_OK(dni_optimiser_set_f64(dni_trainer_sg_optimiser(trainers[1], 2),
                                  DNI_SETTING_LEARNING_RATE, 0.0625));
  for (size_t step = 0; step < 10; step++)
    for (size_t i = 0; i < 2; i++) {
      dni_step_report report = {.struct_size = sizeof report};
      EXPECT_OK(support_step(trainers[i], &x, &y, &report));
      ck_assert_double_eq(report.rate, 0.5);
    }
  EXPECT_SAME_BITS(everything(networks[0]), everything(networks[1]));
  EXPECT_OK(dni_trainer_set_rate_factor(trainers[0], DNI_ALL, 0));
  dni_step_report report = {.struct_size = sizeof report};
  EXPECT_OK(support_step(trainers[0], &x, &y, &report));
  ck_assert_double_eq(report.rate, 0);
  /* Running statistics apart, nothing moves. */
  EXPECT_SAME_BITS(all_sg_numbers(networks[0]), all_sg_numbers(networks[1]));
  EXPECT_SAME_BITS(layer_numbers(networks[0], 0, 4, false),
                   layer_numbers(networks[1], 0, 4, false));
  EXPECT_OK(dni_trainer_set_rate_factor(trainers[0], DNI_ALL, 1)); /* replaces, does not multiply */
  EXPECT_OK(support_step(trainers[0], &x, &y, &report));
  ck_assert_double_eq(report.rate, 0.5);
  EXPECT_ARGUMENT(dni_trainer_set_rate_factor(NULL, 0, 1));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "3", dni_trainer_set_rate_factor(trainers[0], 3, 1));
  EXPECT_ARGUMENT(dni_trainer_set_rate_factor(trainers[0], 0, -1));
  EXPECT_ARGUMENT(dni_trainer_set_rate_factor(trainers[0], 0, NAN));
  EXPECT_ARGUMENT(dni_trainer_set_rate_factor(trainers[0], 0, INFINITY));
}
END_TEST

/* A frozen SG learns without moving, and its optimiser does not count the steps: in a wrapper as
 * well, where the rate scale is the inner SG's. */
START_TEST(test_frozen_sgs) {
  use(_i % 2);
  recipe good = good_recipe("6 relu9 dense4");
  dni_sg *inner = keep(ESTIMATOR, make_sg(context, 9, CLASSES, 0, "sg")), *sg = inner;
  if (_i / 2 == 1) EXPECT_OK(dni_sg_create_warm_up(context, inner, 2, &sg));
  if (_i / 2 == 2) EXPECT_OK(dni_sg_create_mixture(context, inner, 0.5, &sg));
  if (sg != inner) keep(ESTIMATOR, sg);
  EXPECT_OK(dni_network_set_sg(good.network, 0, sg));
  dni_trainer *trainer;
  EXPECT_OK(dni_trainer_create(good.network, good.loss, &good.options, &trainer));
  keep(TRAINER, trainer);
  for (size_t step = 0; step < 6; step++) {
    if (step == 4) EXPECT_OK(dni_sg_set_f64(sg, DNI_SETTING_RATE_SCALE, 0));
    EXPECT_OK(support_step(trainer, &x, &y, NULL));
  }
  ck_assert_uint_eq(dni_optimiser_step_count(dni_trainer_sg_optimiser(trainer, 0)), 4);
}
END_TEST

/* The rate is that of the lowest module that moves, which need not be the lowest of all. */
START_TEST(test_rate_above_frozen_modules) {
  use(_i);
  recipe good = good_recipe("6 relu9 |sg norm relu8 |sg relu7 |sg dense4");
  dni_trainer *trainer;
  EXPECT_OK(dni_trainer_create(good.network, good.loss, &good.options, &trainer));
  keep(TRAINER, trainer);
  for (size_t module = 0; module < 4; module++)
    EXPECT_OK(dni_trainer_set_rate_factor(trainer, module, 1 + (double)module));
  dni_step_report report = {.struct_size = sizeof report};
  for (size_t frozen = 0; frozen <= 5; frozen++) {
    EXPECT_OK(support_step(trainer, &x, &y, &report));
    static const double factors[] = {1, 2, 2, 3, 4};
    if (frozen < 5) {
      expect_close(report.rate, 0.01 * factors[frozen], 1e-12, "rate");
      dni_layer *layer = dni_network_layer(good.network, frozen);
      EXPECT_OK(dni_layer_set_f64(layer, DNI_SETTING_RATE_SCALE, 0));
    } else
      ck_assert_double_nan(report.rate);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("trainer");
  TCase *group = add_group(suite, "reports");
  tcase_add_loop_test(group, test_report, 0, 2);
  tcase_add_loop_test(group, test_report_of_critics, 0, 2);
  tcase_add_loop_test(group, test_report_of_plain_network, 0, 2);
  tcase_add_loop_test(group, test_longer_structs, 0, 2);
  group = add_group(suite, "refusals");
  tcase_add_loop_test(group, test_step_refused, 0, 2);
  tcase_add_loop_test(group, test_create_refused, 0, 2);
  tcase_add_loop_test(group, test_defaults, 0, 2);
  tcase_add_loop_test(group, test_sg_optimiser_by_default, 0, 2);
  tcase_add_loop_test(group, test_sgs_refused, 0, 2);
  tcase_add_loop_test(group, test_labels_refused, 0, 4);
  tcase_add_loop_test(group, test_learning_and_waiting_refused, 0, 2);
  group = add_group(suite, "failures");
  tcase_add_loop_test(group, test_divergence, 0, 2 * METHODS);
  tcase_add_loop_test(group, test_divergence_of_sgs, 0, 4);
  tcase_add_loop_test(group, test_bad_numbers_of_the_caller, 0, 4 * METHODS);
  tcase_add_loop_test(group, test_failing_layer, 0, 2);
  tcase_add_loop_test(group, test_failing_sg, 0, 2);
  tcase_add_loop_test(group, test_smaller_batches, 0, 2);
  group = add_group(suite, "measures");
  tcase_add_loop_test(group, test_gradient_norm, 0, 2);
  tcase_add_loop_test(group, test_metric, 0, 2);
  tcase_add_loop_test(group, test_rate_factor, 0, 2);
  tcase_add_loop_test(group, test_frozen_sgs, 0, 6);
  tcase_add_loop_test(group, test_rate_above_frozen_modules, 0, 2);
  return support_run(suite);
}
