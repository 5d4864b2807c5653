/* The trainer's step against steps written by hand from layers, SGs, losses and optimisers,
 * in the order that the head of dni/trainer.h sets: the same numbers bit for bit where the
 * operations are the same, to rounding where only the mathematics is. Each test trains two networks
 * of the same seed, one by the trainer and one by hand. */
#include "training.h"

enum { ROWS = 13, INPUTS = 6, CLASSES = 4, MOST_LAYERS = 8, BATCHES = 5 };

/* A network trained by hand. h[i] is the input of layer i and h[i + 1] its output; d[i] is dL/dh[i]
 * as the layers above have it; guess[i] is what the SG at h[i] answers. */
typedef struct manual {
  dni_network *network;
  dni_loss *loss;
  dni_matrix y, losses, h[MOST_LAYERS + 1], d[MOST_LAYERS + 1], guess[MOST_LAYERS + 1];
  dni_optimiser *optimisers[MOST_LAYERS];    /* by module */
  dni_optimiser *sg_optimisers[MOST_LAYERS]; /* by the layer the SG is after */
  double mean_loss, sg_error[MOST_LAYERS], sg_cosine[MOST_LAYERS]; /* NaN: not taught */
  const int32_t *updated; /* which modules the trainer has updated in this step */
} manual;

typedef void (*hand_step)(manual *hand);

static dni_dtype dtype;
static bool builtin;
static dni_matrix xs[BATCHES], ys[BATCHES];

/* Loop tests: float and double, each with a CBLAS, if there is one, and with the builtin backend.
 */
static void use(int index) {
  dtype = support_dtypes[index % 2];
  builtin = index / 2 == 1;
  for (size_t i = 0; i < BATCHES; i++) {
    xs[i] = matrix_random(dtype, ROWS, INPUTS);
    ys[i] = matrix_one_hot(dtype, ROWS, CLASSES);
  }
}

static dni_context *world(void) {
  dni_backend *backend = builtin ? NULL : support_cblas();
  dni_context *context = make_backend_context(dtype, 11, backend);
  dni_backend_release(backend);
  return context;
}

static manual make_hand(dni_context *context, const char *text) {
  manual hand = {.network = make_network(context, text),
                 .loss = make_cross_entropy(context),
                 .losses = matrix_make(dtype, ROWS, 1)};
  for (size_t i = 0; i <= dni_network_layer_count(hand.network); i++) {
    size_t units = i == 0 ? INPUTS : dni_layer_outputs(dni_network_layer(hand.network, i - 1));
    hand.h[i] = matrix_make(dtype, ROWS, units);
    hand.d[i] = matrix_make(dtype, ROWS, units);
    hand.guess[i] = matrix_make(dtype, ROWS, units);
  }
  return hand;
}

/* Let layers first .. last be module `module`. */
static void add_module(manual *hand, size_t module, size_t first, size_t last,
                       const dni_optimiser *pattern) {
  EXPECT_OK(dni_optimiser_create_like(pattern, &hand->optimisers[module]));
  keep(OPTIMISER, hand->optimisers[module]);
  for (size_t i = first; i <= last; i++)
    EXPECT_OK(
        dni_optimiser_add_layer(hand->optimisers[module], dni_network_layer(hand->network, i)));
}

static void add_teacher(manual *hand, size_t after, const dni_optimiser *pattern) {
  EXPECT_OK(dni_optimiser_create_like(pattern, &hand->sg_optimisers[after]));
  keep(OPTIMISER, hand->sg_optimisers[after]);
  EXPECT_OK(dni_optimiser_add_sg(hand->sg_optimisers[after], sg_after(hand->network, after)));
}

static void forward(manual *hand, size_t first, size_t last) {
  for (size_t i = first; i <= last; i++)
    EXPECT_OK(support_forward(dni_network_layer(hand->network, i), DNI_MODE_TRAINING, &hand->h[i],
                              &hand->h[i + 1]));
}

/* Through layer i, from dL/dh[i + 1] in dy, which is overwritten. */
static void backward_with(manual *hand, size_t i, dni_matrix *dy, dni_gradient_flags flags) {
  EXPECT_OK(support_backward(dni_network_layer(hand->network, i), flags, &hand->h[i],
                             &hand->h[i + 1], dy, i > 0 ? &hand->d[i] : NULL));
}

static void backward(manual *hand, size_t i, dni_matrix *dy) {
  backward_with(hand, i, dy, DNI_GRADIENT_REPLACE);
}

/* The answer of the SG after layer i. */
static dni_matrix *ask(manual *hand, size_t i, const dni_matrix *error) {
  EXPECT_OK(support_estimate(sg_after(hand->network, i), &hand->h[i + 1], &hand->y, error,
                             &hand->guess[i + 1]));
  return &hand->guess[i + 1];
}

static void teach(manual *hand, size_t i) {
  EXPECT_OK(support_learn(sg_after(hand->network, i), &hand->h[i + 1], &hand->y, &hand->d[i + 1],
                          NULL, &hand->sg_error[i], &hand->sg_cosine[i]));
  EXPECT_OK(dni_optimiser_step(hand->sg_optimisers[i]));
}

/* The critic after layer i, from the losses. */
static void teach_critic(manual *hand, size_t i) {
  EXPECT_OK(support_learn_loss(sg_after(hand->network, i), &hand->h[i + 1], &hand->y, &hand->losses,
                               &hand->sg_error[i]));
  EXPECT_OK(dni_optimiser_step(hand->sg_optimisers[i]));
}

static void move(manual *hand, size_t module) {
  EXPECT_OK(dni_optimiser_step(hand->optimisers[module]));
}

/* dL/dh at the output, after a forward pass. */
static dni_matrix *output_error(manual *hand) {
  size_t top = dni_network_layer_count(hand->network);
  EXPECT_OK(support_evaluate(hand->loss, &hand->h[top], &hand->y, &hand->d[top], &hand->losses,
                             &hand->mean_loss));
  return &hand->d[top];
}

static void backpropagation(manual *hand) {
  size_t layers = dni_network_layer_count(hand->network);
  forward(hand, 0, layers - 1);
  output_error(hand);
  for (size_t i = layers; i-- > 0;)
    backward(hand, i, &hand->d[i + 1]);
  move(hand, 0);
}

static void expect_report(const manual *hand, const dni_step_report *report, size_t step) {
  double tolerance = support_tolerance(dtype, 1e-6, 1e-13);
  ck_assert_uint_eq(report->step, step + 1);
  ck_assert_msg(report->loss == hand->mean_loss, "step %zu: loss %.17g, by hand %.17g", step,
                report->loss, hand->mean_loss);
  ck_assert_uint_eq(report->layer_count, dni_network_layer_count(hand->network));
  for (size_t after = 0; after < report->layer_count; after++) {
    double sg_error = hand->sg_optimisers[after] ? hand->sg_error[after] : NAN;
    double sg_cosine = hand->sg_optimisers[after] ? hand->sg_cosine[after] : NAN;
    expect_close(report->sg_mse[after], sg_error, tolerance, "SG error");
    expect_close(report->sg_cosine[after], sg_cosine, tolerance, "SG cosine");
  }
}

static dni_step_report step_trainer(dni_trainer *trainer, size_t step) {
  dni_step_report report = {.struct_size = sizeof report};
  EXPECT_OK(support_step(trainer, &xs[step % BATCHES], &ys[step % BATCHES], &report));
  return report;
}

static void step_hand(manual *hand, hand_step function, size_t step) {
  hand->h[0] = xs[step % BATCHES];
  hand->y = ys[step % BATCHES];
  for (size_t i = 0; i < MOST_LAYERS; i++)
    hand->sg_error[i] = hand->sg_cosine[i] = NAN;
  function(hand);
}

/* 50 steps of both, bit for bit. */
static void expect_same_training(dni_trainer *trainer, dni_network *network, manual *hand,
                                 hand_step function) {
  for (size_t step = 0; step < 50; step++) {
    dni_step_report report = step_trainer(trainer, step);
    hand->updated = report.module_updated;
    step_hand(hand, function, step);
    expect_report(hand, &report, step);
  }
  EXPECT_SAME_BITS(all_layer_numbers(network), all_layer_numbers(hand->network));
  EXPECT_SAME_BITS(all_sg_numbers(network), all_sg_numbers(hand->network));
}

/* Exact gradients. ---------------------------------------------------------------------------- */

/* The same layers by the trainer with the SGs of `text`, and by plain backpropagation. */
static void expect_backpropagation(const char *text, const char *plain) {
  dni_context *context = world();
  dni_optimiser *adam = make_adam(context, 0.01);
  dni_network *network = make_network(context, text);
  dni_trainer *trainer = make_trainer(context, network, adam, NULL, ROWS, 0);
  ck_assert_uint_eq(dni_trainer_module_count(trainer), 1);
  manual hand = make_hand(world(), plain);
  add_module(&hand, 0, 0, dni_network_layer_count(network) - 1, adam);
  expect_same_training(trainer, network, &hand, backpropagation);
}

START_TEST(test_exact_is_backpropagation) {
  static const char plain[] = "6 relu9 norm tanh8 norm dense7 relu dense4";
  use(_i);
  expect_backpropagation(plain, plain);
  /* Delayed gradients that are not late. */
  expect_backpropagation("6 relu9 |delayed norm |delayed tanh8 |delayed norm |delayed dense7 "
                         "|delayed relu |delayed dense4",
                         plain);
  expect_backpropagation("6 relu9 norm |delayed tanh8 norm dense7 relu |delayed dense4", plain);
}
END_TEST

START_TEST(test_one_layer) {
  use(_i);
  expect_backpropagation("6 dense4", "6 dense4");
}
END_TEST

/* A callback that is given dL/dh and hands it on. */
static dni_status hand_on(void *user, const dni_sg_call *call) {
  matrix_copy(call->signal, call->delta);
  ++*(size_t *)user;
  return DNI_OK;
}

START_TEST(test_callback_handing_on_the_gradient) {
  use(_i);
  size_t calls = 0;
  dni_context *context = world();
  dni_optimiser *adam = make_adam(context, 0.01);
  dni_network *network = make_network(context, "6 relu9 norm relu8 dense4");
  dni_sg_callbacks callbacks = {.struct_size = sizeof callbacks,
                                .user = &calls,
                                .needs = DNI_SG_NEEDS_DELTA,
                                .estimate = hand_on};
  dni_sg *sg;
  EXPECT_OK(dni_sg_create_callback(context, 9, CLASSES, 0, &callbacks, &sg));
  EXPECT_OK(dni_network_set_sg(network, 1, keep(ESTIMATOR, sg)));
  dni_trainer *trainer = make_trainer(context, network, adam, NULL, ROWS, 0);
  manual hand = make_hand(world(), "6 relu9 norm relu8 dense4");
  add_module(&hand, 0, 0, 3, adam);
  for (size_t step = 0; step < 50; step++) {
    step_trainer(trainer, step);
    step_hand(&hand, backpropagation, step);
  }
  EXPECT_SAME_BITS(all_layer_numbers(network), all_layer_numbers(hand.network));
  ck_assert_uint_eq(calls, 50);
}
END_TEST

/* An SG that knows the truth: it runs the layers above on copies. ----------------------- */

typedef struct truth {
  dni_network *network; /* the one in training */
  manual copies;
  size_t after;
} truth;

static void copy_layer(dni_layer *from, dni_layer *to) {
  for (size_t p = 0; p < dni_layer_parameter_count(from); p++) {
    dni_matrix source;
    EXPECT_OK(dni_layer_parameter(from, p, &source, NULL));
    EXPECT_OK(dni_layer_set_parameter(to, p, &source));
  }
}

static dni_status tell_truth(void *user, const dni_sg_call *call) {
  truth *oracle = user;
  manual *copies = &oracle->copies;
  size_t first = oracle->after + 1, layers = dni_network_layer_count(oracle->network);
  ck_assert_ptr_null(call->signal);
  for (size_t i = first; i < layers; i++)
    copy_layer(dni_network_layer(oracle->network, i), dni_network_layer(copies->network, i));
  matrix_copy(call->h, &copies->h[first]);
  copies->y = *call->y;
  forward(copies, first, layers - 1);
  output_error(copies);
  for (size_t i = layers; i-- > first;)
    backward(copies, i, &copies->d[i + 1]);
  matrix_copy(&copies->d[first], call->delta);
  return DNI_OK;
}

static void add_oracle(dni_context *context, dni_network *network, truth *oracle, size_t after,
                       const char *text) {
  oracle->network = network;
  oracle->after = after;
  oracle->copies = make_hand(world(), text);
  dni_sg_callbacks callbacks = {
      .struct_size = sizeof callbacks, .user = oracle, .estimate = tell_truth};
  size_t units = dni_layer_outputs(dni_network_layer(network, after));
  dni_sg *sg;
  EXPECT_OK(dni_sg_create_callback(context, units, CLASSES, 0, &callbacks, &sg));
  EXPECT_OK(dni_network_set_sg(network, after, keep(ESTIMATOR, sg)));
}

START_TEST(test_oracle_is_backpropagation) {
  static const char text[] = "6 relu9 norm tanh8 norm dense7 relu dense4";
  use(1 + 2 * _i);
  truth oracles[3];
  dni_context *context = world();
  dni_optimiser *sgd = make_sgd(context, 0.1);
  EXPECT_OK(dni_optimiser_set_f64(sgd, DNI_SETTING_MOMENTUM, 0.5));
  dni_network *network = make_network(context, text);
  add_oracle(context, network, &oracles[0], 1, text);
  add_oracle(context, network, &oracles[1], 3, text);
  add_oracle(context, network, &oracles[2], 5, text);
  dni_trainer *trainer = make_trainer(context, network, sgd, NULL, ROWS, 0);
  ck_assert_uint_eq(dni_trainer_module_count(trainer), 4);
  manual hand = make_hand(world(), text);
  add_module(&hand, 0, 0, 6, sgd);
  for (size_t step = 0; step < 50; step++) {
    step_trainer(trainer, step);
    step_hand(&hand, backpropagation, step);
  }
  double most = difference(all_layer_numbers(network), all_layer_numbers(hand.network));
  ck_assert_msg(most < 1e-10, "differs by %g", most);
}
END_TEST

/* Synthetic gradients. ------------------------------------------------------------------------- */

START_TEST(test_zero_estimates_move_nothing_below) {
  use(_i % 4);
  dni_context *context = world();
  dni_network *network = make_network(context, "6 relu9 norm |sg relu8 |sg1h tanh7 norm |sg2y "
                                               "dense4");
  dni_optimiser *optimiser = _i < 4 ? make_adam(context, 0.01) : make_sgd(context, 0.1);
  dni_trainer *trainer = make_trainer(context, network, optimiser, make_adam(context, 0), ROWS, 0);
  numbers lower = layer_numbers(network, 0, 5, false), top = layer_numbers(network, 5, 1, false);
  numbers sg = all_sg_numbers(network);
  for (size_t step = 0; step < 20; step++)
    step_trainer(trainer, step);
  EXPECT_SAME_BITS(layer_numbers(network, 0, 5, false), lower);
  EXPECT_SAME_BITS(all_sg_numbers(network), sg);
  ck_assert_double_gt(difference(top, layer_numbers(network, 5, 1, false)), 0.01);
}
END_TEST

/* Layers 0 and 1 | sg | 2 and 3 | sg with a hidden layer | 4 and 5. Modules learn from estimates,
 * estimates from what the module above made of its own estimate. */
static const char two_interfaces[] = "6 relu9 norm |sg relu8 norm |sg1 tanh7 dense4";

static void synthetic_step(manual *hand) {
  forward(hand, 0, 1);
  backward(hand, 1, ask(hand, 1, NULL));
  backward(hand, 0, &hand->d[1]);
  move(hand, 0);

  forward(hand, 2, 3); /* from h[2] as it was before the move */
  backward(hand, 3, ask(hand, 3, NULL));
  backward(hand, 2, &hand->d[3]);
  move(hand, 1);
  teach(hand, 1);

  forward(hand, 4, 5);
  backward(hand, 5, output_error(hand));
  backward(hand, 4, &hand->d[5]);
  move(hand, 2);
  teach(hand, 3);
}

static manual make_synthetic_hand(const dni_optimiser *optimiser, const dni_optimiser *teacher) {
  manual hand = make_hand(world(), two_interfaces);
  for (size_t module = 0; module < 3; module++)
    add_module(&hand, module, 2 * module, 2 * module + 1, optimiser);
  add_teacher(&hand, 1, teacher);
  add_teacher(&hand, 3, teacher);
  return hand;
}

/* With a clip norm, which is per module, in every other test. */
START_TEST(test_synthetic_by_hand) {
  use(_i % 4);
  dni_context *context = world();
  dni_optimiser *adam = make_adam(context, 0.01), *teacher = make_adam(context, 0.003);
  if (_i >= 4) {
    adam = make_sgd(context, 0.1);
    EXPECT_OK(dni_optimiser_set_f64(adam, DNI_SETTING_CLIP_NORM, 0.05));
  }
  dni_network *network = make_network(context, two_interfaces);
  dni_trainer *trainer = make_trainer(context, network, adam, teacher, ROWS, 0);
  manual hand = make_synthetic_hand(adam, teacher);
  expect_same_training(trainer, network, &hand, synthetic_step);
}
END_TEST

/* A random schedule that updates every module in every step. */
START_TEST(test_probability_one_is_sequential) {
  use(_i);
  dni_context *context = world();
  dni_optimiser *adam = make_adam(context, 0.01), *teacher = make_adam(context, 0.003);
  dni_network *network = make_network(context, two_interfaces);
  dni_trainer *trainer = make_trainer(context, network, adam, teacher, ROWS, 1);
  manual hand = make_synthetic_hand(adam, teacher);
  expect_same_training(trainer, network, &hand, synthetic_step);
}
END_TEST

/* Modules that are not updated go forward; an SG whose own module rests may still be taught. */
static void random_step(manual *hand) {
  forward(hand, 0, 1);
  if (hand->updated[0]) {
    backward(hand, 1, ask(hand, 1, NULL));
    backward(hand, 0, &hand->d[1]);
    move(hand, 0);
  }
  forward(hand, 2, 3);
  if (hand->updated[1]) {
    backward(hand, 3, ask(hand, 3, NULL));
    backward(hand, 2, &hand->d[3]);
    move(hand, 1);
    teach(hand, 1);
  }
  forward(hand, 4, 5);
  output_error(hand);
  if (hand->updated[2]) {
    backward(hand, 5, &hand->d[6]);
    backward(hand, 4, &hand->d[5]);
    move(hand, 2);
    teach(hand, 3);
  }
}

START_TEST(test_random_by_hand) {
  use(_i);
  dni_context *context = world();
  dni_optimiser *adam = make_adam(context, 0.01), *teacher = make_adam(context, 0.003);
  dni_network *network = make_network(context, two_interfaces);
  dni_trainer *trainer = make_trainer(context, network, adam, teacher, ROWS, 0.4);
  manual hand = make_synthetic_hand(adam, teacher);
  expect_same_training(trainer, network, &hand, random_step);
}
END_TEST

/* What a linear SG learns is its regression on the target and nothing else:
 * W -= r 2/B sum_s (M_s - target_s) [h_s y_s 1]^T. */
START_TEST(test_sg_learns_by_regression_alone) {
  use(_i);
  const double rate = 0.05;
  dni_context *context = world();
  dni_optimiser *sgd = make_sgd(context, 0.1), *teacher = make_sgd(context, rate);
  dni_network *network = make_network(context, two_interfaces);
  dni_trainer *trainer = make_trainer(context, network, sgd, teacher, ROWS, 0);
  manual hand = make_synthetic_hand(sgd, teacher);
  dni_matrix weight, bias, w, b;
  w = matrix_filled(DNI_F64, 9, 9 + CLASSES, 0);
  b = matrix_filled(DNI_F64, 1, 9, 0);
  EXPECT_OK(dni_sg_parameter(sg_after(network, 1), 0, &weight, NULL));
  EXPECT_OK(dni_sg_parameter(sg_after(network, 1), 1, &bias, NULL));
  for (size_t step = 0; step < 10; step++) {
    step_trainer(trainer, step);
    step_hand(&hand, synthetic_step, step);
    dni_matrix error = matrix_make(DNI_F64, ROWS, 9); /* M - target */
    for (size_t s = 0; s < ROWS; s++)
      for (size_t u = 0; u < 9; u++) {
        double answer = matrix_get(&b, 0, u) - matrix_get(&hand.d[2], s, u);
        for (size_t i = 0; i < 9 + CLASSES; i++)
          answer += matrix_get(&w, u, i) *
                    (i < 9 ? matrix_get(&hand.h[2], s, i) : matrix_get(&hand.y, s, i - 9));
        matrix_set(&error, s, u, answer);
      }
    for (size_t s = 0; s < ROWS; s++)
      for (size_t u = 0; u < 9; u++) {
        double change = rate * 2 / ROWS * matrix_get(&error, s, u);
        for (size_t i = 0; i < 9 + CLASSES; i++) {
          double seen = i < 9 ? matrix_get(&hand.h[2], s, i) : matrix_get(&hand.y, s, i - 9);
          matrix_set(&w, u, i, matrix_get(&w, u, i) - change * seen);
        }
        matrix_set(&b, 0, u, matrix_get(&b, 0, u) - change);
      }
    numbers by_trainer = {0}, by_formula = {0};
    append(&by_trainer, &weight), append(&by_trainer, &bias);
    append(&by_formula, &w), append(&by_formula, &b);
    ck_assert_double_le(difference(by_formula, by_trainer), support_tolerance(dtype, 1e-5, 1e-12));
  }
}
END_TEST

/* A callback around a synthetic gradient is as good as the synthetic gradient. */
static dni_status pass_estimate(void *user, const dni_sg_call *call) {
  return support_estimate(user, call->h, call->y, call->signal, call->delta);
}

static dni_status pass_learn(void *user, const dni_sg_call *call) {
  return support_learn(user, call->h, call->y, call->target, call->prediction, NULL, NULL);
}

static void pass_changed(void *user) {
  EXPECT_OK(dni_sg_changed(user));
}

static dni_status pass_parameter(void *user, size_t index, dni_matrix *value,
                                 dni_matrix *gradient) {
  return dni_sg_parameter(user, index, value, gradient);
}

START_TEST(test_learning_callback) {
  use(_i);
  dni_context *context = world();
  dni_optimiser *adam = make_adam(context, 0.01), *teacher = make_adam(context, 0.003);
  dni_network *network = make_network(context, two_interfaces);
  dni_sg *inner = keep(ESTIMATOR, dni_sg_retain(sg_after(network, 1))), *outer;
  dni_sg_callbacks callbacks = {.struct_size = sizeof callbacks,
                                .user = inner,
                                .learns = DNI_SG_LEARNS_TARGET,
                                .estimate = pass_estimate,
                                .learn = pass_learn,
                                .parameter_count = dni_sg_parameter_count(inner),
                                .parameter = pass_parameter,
                                .changed = pass_changed};
  EXPECT_OK(dni_sg_create_callback(context, 9, CLASSES, 0, &callbacks, &outer));
  EXPECT_OK(dni_network_set_sg(network, 1, keep(ESTIMATOR, outer)));
  dni_trainer *trainer = make_trainer(context, network, adam, teacher, ROWS, 0);
  manual hand = make_synthetic_hand(adam, teacher);
  expect_same_training(trainer, network, &hand, synthetic_step);
}
END_TEST

/* Feedback. ------------------------------------------------------------------------------------ */

static void copy_weight_to_feedback(dni_network *network, size_t after) {
  dni_matrix weight;
  dni_sg *sg = sg_after(network, after);
  EXPECT_OK(dni_layer_parameter(dni_network_layer(network, after + 1), 0, &weight, NULL));
  ck_assert_str_eq(dni_sg_parameter_name(sg, 0), "feedback");
  EXPECT_OK(dni_sg_set_parameter(sg, 0, &weight));
}

START_TEST(test_feedback_through_the_weights_is_backpropagation) {
  use(_i);
  dni_context *context = world();
  dni_optimiser *sgd = make_sgd(context, 0.1);
  dni_network *network = make_network(context, "6 tanh9 norm |fa relu8 |fa dense7 relu |fa dense4");
  dni_trainer *trainer = make_trainer(context, network, sgd, NULL, ROWS, 0);
  ck_assert_uint_eq(dni_trainer_module_count(trainer), 1);
  manual hand = make_hand(world(), "6 tanh9 norm relu8 dense7 relu dense4");
  add_module(&hand, 0, 0, 5, sgd);
  for (size_t step = 0; step < 50; step++) {
    copy_weight_to_feedback(network, 1);
    copy_weight_to_feedback(network, 2);
    copy_weight_to_feedback(network, 4);
    step_trainer(trainer, step);
    step_hand(&hand, backpropagation, step);
  }
  double most = difference(all_layer_numbers(network), all_layer_numbers(hand.network));
  ck_assert_msg(most < support_tolerance(dtype, 1e-3, 1e-10), "differs by %g", most);
}
END_TEST

static void direct_feedback_step(manual *hand) {
  forward(hand, 0, 2);
  dni_matrix *error = output_error(hand);
  backward(hand, 1, ask(hand, 1, error));
  backward(hand, 0, &hand->d[1]);
  backward(hand, 2, error);
  move(hand, 0);
  move(hand, 1);
}

START_TEST(test_direct_feedback_by_hand) {
  use(_i);
  dni_context *context = world();
  dni_optimiser *adam = make_adam(context, 0.01);
  dni_network *network = make_network(context, "6 relu9 norm |dfa dense4");
  dni_trainer *trainer = make_trainer(context, network, adam, NULL, ROWS, 0);
  manual hand = make_hand(world(), "6 relu9 norm |dfa dense4");
  add_module(&hand, 0, 0, 1, adam);
  add_module(&hand, 1, 2, 2, adam);
  expect_same_training(trainer, network, &hand, direct_feedback_step);
}
END_TEST

/* Layer 0 | sg | 1 delayed 2 fa 3 | dfa | 4: three modules. */
static const char mixed[] = "6 relu9 |sg relu8 |delayed tanh7 |fa relu6 |dfa dense4";

static void mixed_step(manual *hand) {
  forward(hand, 0, 0);
  backward(hand, 0, ask(hand, 0, NULL));
  move(hand, 0);

  forward(hand, 1, 4);
  dni_matrix *error = output_error(hand);

  dni_matrix *delta = ask(hand, 3, error);
  backward_with(hand, 3, delta, DNI_GRADIENT_REPLACE | DNI_GRADIENT_LEAVE_DZ);
  backward(hand, 2, ask(hand, 2, delta));
  backward(hand, 1, &hand->d[2]);
  move(hand, 1);
  teach(hand, 0);

  backward(hand, 4, error);
  move(hand, 2);
}

START_TEST(test_mixed_by_hand) {
  use(_i);
  dni_context *context = world();
  dni_optimiser *adam = make_adam(context, 0.01), *teacher = make_adam(context, 0.003);
  dni_network *network = make_network(context, mixed);
  dni_trainer *trainer = make_trainer(context, network, adam, teacher, ROWS, 0);
  ck_assert_uint_eq(dni_trainer_module_count(trainer), 3);
  manual hand = make_hand(world(), mixed);
  add_module(&hand, 0, 0, 0, adam);
  add_module(&hand, 1, 1, 3, adam);
  add_module(&hand, 2, 4, 4, adam);
  add_teacher(&hand, 0, teacher);
  expect_same_training(trainer, network, &hand, mixed_step);
}
END_TEST

/* Critics. ------------------------------------------------------------------------------------- */

/* Beside a synthetic gradient and dfa, whose module waits. */
static const char critics[] = "6 relu9 |critic1 norm relu8 |sg tanh8 |dfa relu7 |critic2h dense4";

/* Modules answer to critics at once; critics learn from the losses when all is done, whatever was
 * updated. */
static void critic_step(manual *hand) {
  forward(hand, 0, 0);
  if (hand->updated[0]) {
    backward(hand, 0, ask(hand, 0, NULL));
    move(hand, 0);
  }
  forward(hand, 1, 2);
  if (hand->updated[1]) {
    backward(hand, 2, ask(hand, 2, NULL));
    backward(hand, 1, &hand->d[2]);
    move(hand, 1);
  }
  forward(hand, 3, 4);
  if (hand->updated[3]) {
    backward(hand, 4, ask(hand, 4, NULL));
    move(hand, 3);
  }
  forward(hand, 5, 5);
  output_error(hand);
  if (hand->updated[4]) {
    backward(hand, 5, &hand->d[6]);
    move(hand, 4);
  }
  if (hand->updated[2]) {
    backward(hand, 3, ask(hand, 3, &hand->d[6]));
    move(hand, 2);
    teach(hand, 2);
  }
  teach_critic(hand, 0);
  teach_critic(hand, 4);
}

/* In the sequential schedule and in the random one. */
START_TEST(test_critics_by_hand) {
  use(_i % 4);
  static const size_t firsts[] = {0, 1, 3, 4, 5, 6}, taught[] = {0, 2, 4};
  dni_context *context = world();
  dni_optimiser *adam = make_adam(context, 0.01), *teacher = make_adam(context, 0.003);
  dni_network *network = make_network(context, critics);
  dni_trainer *trainer = make_trainer(context, network, adam, teacher, ROWS, _i < 4 ? 0 : 0.4);
  manual hand = make_hand(world(), critics);
  for (size_t module = 0; module < 5; module++)
    add_module(&hand, module, firsts[module], firsts[module + 1] - 1, adam);
  for (size_t i = 0; i < 3; i++)
    add_teacher(&hand, taught[i], teacher);
  expect_same_training(trainer, network, &hand, critic_step);
  for (size_t i = 0; i < 3; i++)
    ck_assert_uint_eq(dni_optimiser_step_count(dni_trainer_sg_optimiser(trainer, taught[i])),
                      dni_optimiser_step_count(hand.sg_optimisers[taught[i]]));
  ck_assert_uint_eq(dni_optimiser_step_count(dni_trainer_sg_optimiser(trainer, 0)), 50);
}
END_TEST

/* Without a module that waits, and batches smaller than the largest. */
static void two_critics_step(manual *hand) {
  forward(hand, 0, 0);
  backward(hand, 0, ask(hand, 0, NULL));
  move(hand, 0);
  forward(hand, 1, 1);
  backward(hand, 1, ask(hand, 1, NULL));
  move(hand, 1);
  forward(hand, 2, 2);
  output_error(hand);
  backward(hand, 2, &hand->d[3]);
  move(hand, 2);
  teach_critic(hand, 0);
  teach_critic(hand, 1);
}

START_TEST(test_critics_alone_by_hand) {
  use(_i);
  static const char text[] = "6 relu9 |critic1 relu8 |critic dense4";
  dni_context *context = world();
  dni_optimiser *adam = make_adam(context, 0.01), *teacher = make_adam(context, 0.003);
  dni_network *network = make_network(context, text);
  dni_trainer *trainer = make_trainer(context, network, adam, teacher, ROWS + 5, 0);
  manual hand = make_hand(world(), text);
  for (size_t module = 0; module < 3; module++)
    add_module(&hand, module, module, module, adam);
  for (size_t i = 0; i < 2; i++)
    add_teacher(&hand, i, teacher);
  expect_same_training(trainer, network, &hand, two_critics_step);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("equivalence");
  TCase *group = add_group(suite, "exact");
  tcase_add_loop_test(group, test_exact_is_backpropagation, 0, 4);
  tcase_add_loop_test(group, test_one_layer, 0, 4);
  tcase_add_loop_test(group, test_callback_handing_on_the_gradient, 0, 4);
  tcase_add_loop_test(group, test_oracle_is_backpropagation, 0, 2);
  group = add_group(suite, "synthetic");
  tcase_add_loop_test(group, test_zero_estimates_move_nothing_below, 0, 8);
  tcase_add_loop_test(group, test_synthetic_by_hand, 0, 8);
  tcase_add_loop_test(group, test_probability_one_is_sequential, 0, 4);
  tcase_add_loop_test(group, test_random_by_hand, 0, 4);
  tcase_add_loop_test(group, test_sg_learns_by_regression_alone, 0, 4);
  tcase_add_loop_test(group, test_learning_callback, 0, 4);
  group = add_group(suite, "feedback");
  tcase_add_loop_test(group, test_feedback_through_the_weights_is_backpropagation, 0, 4);
  tcase_add_loop_test(group, test_direct_feedback_by_hand, 0, 4);
  tcase_add_loop_test(group, test_mixed_by_hand, 0, 4);
  group = add_group(suite, "critics");
  tcase_add_loop_test(group, test_critics_by_hand, 0, 8);
  tcase_add_loop_test(group, test_critics_alone_by_hand, 0, 4);
  return support_run(suite);
}
