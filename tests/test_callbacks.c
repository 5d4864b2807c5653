/* What functions of the caller's answer, through every call and schedule; when destroy is called;
 * messages of sizes that overflow. */
#include "callbacks.h"

/* Answers. ------------------------------------------------------------------------------------- */

/* What a function answers, with or without a message, and what becomes of it. */
typedef struct reply {
  dni_status answer;
  const char *message;
  dni_status expected;
  const char *words; /* that the message then has */
} reply;

static const reply replies[] = {
    {1234, "the camera is gone", 1234, "the camera is gone"},
    {1000, NULL, 1000, "1000"},
    {DNI_ERROR_IO, NULL, DNI_ERROR_CALLBACK, "4"},
    {DNI_ERROR_DATA, "the film is empty", DNI_ERROR_CALLBACK, "the film is empty"},
    {DNI_ERROR_CALLBACK, NULL, DNI_ERROR_CALLBACK, "10"},
    {-3, NULL, DNI_ERROR_CALLBACK, "-3"},
    {999, "at the edge", DNI_ERROR_CALLBACK, "at the edge"},
};
enum { REPLIES = sizeof replies / sizeof replies[0] };

static void arm_reply(place at, size_t countdown, const reply *r) {
  arm(at, countdown, ANSWER);
  rig.answer = r->answer;
  rig.message = r->message;
}

static void expect_reply(const char *where, const reply *r, dni_status got) {
  EXPECT(got == r->expected, "%s answered %d: %s, expected %s (%s)", where, (int)r->answer,
         dni_status_name(got), dni_status_name(r->expected), dni_last_message());
  EXPECT(got == dni_last_status(), "%s: dni_last_status() is %d", where, (int)dni_last_status());
  EXPECT(strstr(dni_last_message(), r->words) && !strchr(dni_last_message(), '\n'),
         "%s: \"%s\" lacks \"%s\"", where, dni_last_message(), r->words);
}

/* In fit, or in fit_stream for the stream's own function. */
START_TEST(test_answers_through_fit) {
  static machine m; /* destroy counts in it after the test */
  make_machine(&m, _i / PLACES);
  place at = (place)(_i % PLACES);
  if (!is_reached(&m, at)) return;
  char where[64];
  (void)snprintf(where, sizeof where, "%s, %s", schedule_names[_i / PLACES], place_names[at]);
  EXPECT_OK(fit_machine(&m, 3));
  for (size_t i = 0; i < REPLIES; i++) {
    arm_reply(at, i % 3, &replies[i]);
    dni_status status = at == NEXT ? stream_machine(&m, 30) : fit_machine(&m, 30);
    EXPECT(atomic_load(&rig.at) == NOWHERE, "%s was not called", where);
    expect_reply(where, &replies[i], status);
    if (i % 3 == 0) expect_usable(&m);
  }
  expect_usable(&m);
}
END_TEST

/* In single steps; what fails in another thread comes out at a later step or at the flush. */
START_TEST(test_answers_through_steps) {
  static machine m; /* destroy counts in it after the test */
  make_machine(&m, _i / PLACES);
  place at = (place)(_i % PLACES);
  if (!is_reached(&m, at) || at == FETCH || at == NEXT || at == STEP_CALLBACK) return;
  if (at == CORRECT) return; /* without a report nobody may ask */
  char where[64];
  (void)snprintf(where, sizeof where, "%s, %s", schedule_names[_i / PLACES], place_names[at]);
  for (size_t i = 0; i < REPLIES; i++) {
    arm_reply(at, 1 + i % 3, &replies[i]);
    dni_matrix x, y;
    own_batch(&x, &y);
    dni_status status = DNI_OK;
    dni_step_report report = {.struct_size = sizeof report};
    for (size_t step = 0; step < 30 && status == DNI_OK; step++)
      status = support_step(m.trainer, &x, &y, &report);
    if (status == DNI_OK) status = dni_trainer_flush(m.trainer);
    EXPECT(atomic_load(&rig.at) == NOWHERE, "%s was not called", where);
    expect_reply(where, &replies[i], status);
    expect_usable(&m);
  }
}
END_TEST

/* Without a trainer. */
typedef struct part_call {
  const char *name;
  place at;
  dni_status (*call)(machine *m);
} part_call;

static dni_matrix some_h, some_y, some_delta, some_losses;
static double some_number;

static dni_status call_forward(machine *m) {
  return support_forward(m->lower, DNI_MODE_TRAINING, &some_h, &some_delta);
}
static dni_status call_inference(machine *m) {
  return support_forward(m->lower, DNI_MODE_INFERENCE, &some_h, &some_delta);
}
static dni_status call_backward(machine *m) {
  return support_backward(m->lower, DNI_GRADIENT_REPLACE, &some_h, &some_h, &some_delta, NULL);
}
static dni_status call_estimate(machine *m) {
  return support_estimate(m->sg, &some_h, &some_y, NULL, &some_delta);
}
static dni_status call_learn(machine *m) {
  return support_learn(m->sg, &some_h, &some_y, &some_delta, &some_delta, NULL, NULL);
}
static dni_status call_learn_alone(machine *m) { /* it answers again */
  return support_learn(m->sg, &some_h, &some_y, &some_delta, NULL, NULL, NULL);
}
static dni_status call_evaluate(machine *m) {
  return support_evaluate(m->loss, &some_y, &some_y, NULL, &some_losses, &some_number);
}
static dni_status call_correct(machine *m) {
  return support_correct(m->loss, &some_y, &some_y, &some_number);
}
static dni_status call_gather(machine *m) {
  size_t index = 3;
  dni_matrix x = matrix_make(DNI_F32, 1, INPUTS);
  return dni_dataset_gather(m->dataset, &index, 1, &x, NULL);
}
static dni_status call_batch(machine *m) {
  dni_matrix y = matrix_make(DNI_F32, 2, OUTPUTS);
  return dni_dataset_batch(m->dataset, 5, NULL, &y);
}
static dni_status call_predict(machine *m) {
  dni_matrix x = matrix_random(DNI_F32, ROWS, INPUTS);
  return dni_network_predict(m->network, &x, &some_y);
}
static dni_status call_predictor(machine *m) {
  dni_matrix x = matrix_random(DNI_F32, ROWS, INPUTS), h = matrix_make(DNI_F32, ROWS, UNITS);
  dni_predictor *predictor = NULL;
  EXPECT_OK(dni_predictor_create(m->network, 4, &predictor));
  dni_status status = dni_predictor_run(predictor, 1, &x, &h);
  dni_predictor_release(predictor);
  return status;
}
static dni_status call_network(machine *m) {
  size_t end = 0;
  dni_metric metric = metric_callbacks(&end);
  dni_evaluation evaluation = {.struct_size = sizeof evaluation, .loss = -9};
  dni_status status = dni_network_evaluate(m->network, m->loss, m->dataset, &metric, &evaluation);
  EXPECT(status == DNI_OK || evaluation.loss == -9, "written by a failed call");
  EXPECT(end == 0, "destroy of a metric that is used during the call only");
  return status;
}

static const part_call part_calls[] = {
    {"forward", LOWER_FORWARD, call_forward},
    {"forward in inference", LOWER_FORWARD, call_inference},
    {"backward", LOWER_BACKWARD, call_backward},
    {"estimate", ESTIMATE, call_estimate},
    {"learn", LEARN, call_learn},
    {"estimate in a lesson", ESTIMATE, call_learn_alone},
    {"evaluate", EVALUATE, call_evaluate},
    {"correct", CORRECT, call_correct},
    {"gather", FETCH, call_gather},
    {"batch", FETCH, call_batch},
    {"predict", UPPER_FORWARD, call_predict},
    {"predictor", LOWER_FORWARD, call_predictor},
    {"network evaluate: loss", EVALUATE, call_network},
    {"network evaluate: correct", CORRECT, call_network},
    {"network evaluate: metric", METRIC, call_network},
    {"network evaluate: fetch", FETCH, call_network},
    {"network evaluate: forward", LOWER_FORWARD, call_network},
};
enum { PART_CALLS = sizeof part_calls / sizeof part_calls[0] };

START_TEST(test_answers_of_parts) {
  static machine m; /* destroy counts in it after the test */
  make_machine(&m, 0);
  some_h = matrix_random(DNI_F32, ROWS, UNITS);
  some_y = matrix_random(DNI_F32, ROWS, OUTPUTS);
  some_delta = matrix_random(DNI_F32, ROWS, UNITS);
  some_losses = matrix_make(DNI_F32, ROWS, 1);
  const part_call *part = &part_calls[_i];
  if (part->at == LOWER_BACKWARD) EXPECT_OK(call_forward(&m));
  for (size_t i = 0; i < REPLIES; i++) {
    arm_reply(part->at, 0, &replies[i]);
    expect_reply(part->name, &replies[i], part->call(&m));
    EXPECT_OK(part->call(&m));
  }
}
END_TEST

/* parameter() and copy() fail when a layer or an SG is made; nothing is made, nothing destroyed. */
static const reply *parameter_reply;

static dni_status no_parameter(void *user, size_t index, dni_matrix *value, dni_matrix *gradient) {
  (void)user, (void)index, (void)value, (void)gradient;
  if (parameter_reply->message) (void)dni_fail(1000, parameter_reply->message);
  return parameter_reply->answer;
}

static dni_status no_copy(void *user, void **copy) {
  (void)user, (void)copy;
  if (parameter_reply->message) (void)dni_fail(1000, parameter_reply->message);
  return parameter_reply->answer;
}

START_TEST(test_answers_at_creation) {
  dni_context *context = make_context(DNI_F32, 1);
  static size_t end; /* counted in after the test */
  end = 0;
  dni_layer_callbacks layer = layer_callbacks(true, &end), copied = layer;
  dni_sg_callbacks sg = sg_callbacks(&end);
  layer.parameter = sg.parameter = no_parameter;
  layer.parameter_count = sg.parameter_count = 2;
  copied.copy = no_copy;
  dni_layer *made = NULL, *copy = NULL;
  dni_sg *made_sg = NULL;
  dni_network *network = make_network(context, "5 relu5"), *second = NULL;
  EXPECT_OK(dni_layer_create_callback(context, UNITS, UNITS, &copied, &made));
  add_layer(network, keep(LAYER, made));
  dni_layer *first = made;
  made = NULL;
  for (size_t i = 0; i < REPLIES; i++) {
    parameter_reply = &replies[i];
    size_t blocks = support_watched.blocks;
    expect_reply("parameter of a layer", parameter_reply,
                 dni_layer_create_callback(context, UNITS, UNITS, &layer, &made));
    expect_reply("parameter of an SG", parameter_reply,
                 dni_sg_create_callback(context, UNITS, OUTPUTS, 0, &sg, &made_sg));
    expect_reply("copy", parameter_reply, dni_layer_copy(first, &copy));
    expect_reply("copy in a network", parameter_reply, dni_network_copy(network, &second));
    EXPECT(!made && !made_sg && !copy && !second, "written by a failed call");
    EXPECT(end == 0, "destroyed %zu times", end);
    EXPECT(support_watched.blocks == blocks, "memory is left");
  }
}
END_TEST

/* A step callback's 0 goes on, its 1 stops with DNI_OK, after whole steps. */
START_TEST(test_step_callback_stops) {
  static machine m; /* destroy counts in it after the test */
  make_machine(&m, _i);
  arm(STEP_CALLBACK, 4, ANSWER);
  rig.answer = 1;
  EXPECT_OK(fit_machine(&m, 20));
  uint64_t steps = dni_trainer_step_count(m.trainer);
  EXPECT(steps >= 5 && steps < 20, "%zu steps", (size_t)steps);
  if (m.schedule != DNI_SCHEDULE_PIPELINED) ck_assert_uint_eq(steps, 5);
  expect_usable(&m);
}
END_TEST

/* Parts of the caller's cost no memory either. */
START_TEST(test_steps_allocate_nothing) {
  static machine m; /* destroy counts in it after the test */
  make_machine(&m, _i);
  EXPECT_OK(step_machine(&m, 2));
  size_t calls = support_watched.calls;
  EXPECT_OK(step_machine(&m, 20));
  ck_assert_uint_eq(support_watched.calls, calls);
}
END_TEST

/* A local loss of the caller's: no memory in a step either, and nobody measures with it. */
START_TEST(test_local_loss) {
  static machine m; /* destroy counts in it after the test */
  make_machine(&m, 0);
  dni_network *network = make_network(m.context, "6 relu5 |exact relu5 |sg dense3");
  dni_sg *sg;
  dni_trainer *trainer;
  EXPECT_OK(dni_sg_create_local(m.context, UNITS, OUTPUTS, m.loss, NULL, &sg));
  EXPECT_OK(dni_network_set_sg(network, 0, keep(ESTIMATOR, sg)));
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .max_batch = ROWS,
                                 .schedule =
                                     _i == 0 ? DNI_SCHEDULE_SEQUENTIAL : DNI_SCHEDULE_PIPELINED,
                                 .threads = _i == 0 ? 1 : 2,
                                 .balance = DNI_BALANCE_MEASURED};
  arm(EVALUATE, 0, ANSWER);
  rig.answer = 1234;
  EXPECT_OK(dni_trainer_create(network, m.loss, &options, &trainer));
  keep(TRAINER, trainer);
  double seconds[3], sg_seconds[3];
  EXPECT_OK(dni_network_measure(network, ROWS, NULL, seconds, sg_seconds, 3));
  EXPECT(isnan(sg_seconds[0]) && sg_seconds[1] > 0, "%g and %g s", sg_seconds[0], sg_seconds[1]);
  disarm();
  dni_matrix x, y;
  own_batch(&x, &y);
  EXPECT_OK(support_step(trainer, &x, &y, NULL));
  EXPECT_OK(dni_trainer_flush(trainer));
  size_t calls = support_watched.calls;
  for (size_t step = 0; step < 10; step++)
    EXPECT_OK(support_step(trainer, &x, &y, NULL));
  EXPECT_OK(dni_trainer_flush(trainer));
  ck_assert_uint_eq(support_watched.calls, calls);
}
END_TEST

/* A layer without parameters may be at two places, but not on two threads. */
START_TEST(test_layer_at_two_places) {
  static machine m; /* destroy counts in it after the test */
  make_machine(&m, 0);
  dni_network *network = make_network(m.context, "6 relu5");
  add_layer(network, m.lower);
  add_layer(network, keep(LAYER, make_layer(m.context, UNITS, "relu5")));
  add_layer(network, m.lower);
  add_layer(network, keep(LAYER, make_layer(m.context, UNITS, "dense3")));
  EXPECT_OK(dni_network_set_sg(network, 2, m.sg));
  dni_trainer *trainer = NULL;
  dni_trainer_options options = {
      .struct_size = sizeof options, .max_batch = ROWS, .schedule = DNI_SCHEDULE_PIPELINED};
  EXPECT_MESSAGE(DNI_ERROR_UNSUPPORTED, "layer 3 ",
                 dni_trainer_create(network, m.loss, &options, &trainer));
  ck_assert_ptr_null(trainer);
  options.threads = 1;
  EXPECT_OK(dni_trainer_create(network, m.loss, &options, &trainer));
  keep(TRAINER, trainer);
  dni_matrix x, y;
  own_batch(&x, &y);
  EXPECT_OK(support_step(trainer, &x, &y, NULL));
}
END_TEST

/* A message that was set before is not taken for the callback's. */
START_TEST(test_old_messages) {
  static machine m; /* destroy counts in it after the test */
  make_machine(&m, 0);
  ck_assert_int_eq(dni_fail(1000, "an old story"), 1000);
  arm(LOWER_FORWARD, 0, ANSWER);
  rig.answer = 1234;
  EXPECT_STATUS(1234, fit_machine(&m, 3));
  EXPECT(!strstr(dni_last_message(), "an old story"), "\"%s\"", dni_last_message());
}
END_TEST

/* Destroy. ------------------------------------------------------------------------------------- */

/* Once, at the last release, whatever keeps the part until then. */
START_TEST(test_destroy_once) {
  static machine m; /* destroy counts in it after the test */
  make_machine(&m, _i);
  EXPECT_OK(fit_machine(&m, 5));
  const ends none = {0};
  dni_trainer_retain(m.trainer);
  dni_dataset *subset = NULL;
  size_t indices[] = {1, 2};
  EXPECT_OK(dni_dataset_subset(m.dataset, indices, 2, &subset));
  release_all(); /* the trainer keeps network, layers, SG and loss */
  EXPECT(m.ends.lower + m.ends.upper + m.ends.loss + m.ends.metric + m.ends.dataset == 0,
         "destroyed too early");
  EXPECT(m.ends.sg == (m.schedule == DNI_SCHEDULE_MICRO_BATCHES), "SG: %zu", m.ends.sg);
  dni_trainer_release(m.trainer);
  EXPECT(m.ends.lower == 1 && m.ends.upper == 1 && m.ends.sg == 1 && m.ends.loss == 1 &&
             m.ends.metric == 1 && m.ends.dataset == 0,
         "%zu %zu %zu %zu %zu %zu", m.ends.lower, m.ends.upper, m.ends.sg, m.ends.loss,
         m.ends.metric, m.ends.dataset);
  dni_dataset_release(subset);
  ck_assert_uint_eq(m.ends.dataset, 1);
  m.ends = none;
}
END_TEST

/* Of memory, parameters and schedules that are lent. */
START_TEST(test_destroy_of_what_is_lent) {
  dni_context *context = make_context(DNI_F32, 1);
  size_t memory = 0, parameter = 0, schedule = 0;
  dni_matrix x = matrix_random(DNI_F32, 4, 3), y = matrix_random(DNI_F32, 4, 2);
  dni_memory_options options = {.struct_size = sizeof options,
                                .flags = DNI_DATA_BORROW,
                                .destroy = count_destroy,
                                .user = &memory};
  dni_dataset *dataset = NULL;
  dni_matrix other = matrix_random(DNI_F32, 3, 2), bad = matrix_filled(DNI_F32, 4, 2, NAN);
  EXPECT_ARGUMENT(dni_dataset_create_memory(context, &x, &other, &options, &dataset));
  EXPECT_STATUS(DNI_ERROR_DATA, dni_dataset_create_memory(context, &x, &bad, &options, &dataset));
  support_watched.fail_after = 0;
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_dataset_create_memory(context, &x, &y, &options, &dataset));
  support_watched.fail_after = SIZE_MAX;
  EXPECT(memory == 0, "destroyed by a failed call");
  EXPECT_OK(dni_dataset_create_memory(context, &x, &y, &options, &dataset));
  dni_dataset *first = NULL, *second = NULL;
  EXPECT_OK(dni_dataset_split(dataset, 1, 0, NULL, &first, &second));
  dni_dataset_release(dataset);
  dni_dataset_release(first);
  EXPECT(memory == 0, "destroyed while a part of it is there");
  dni_dataset_release(second);
  ck_assert_uint_eq(memory, 1);

  dni_optimiser *optimiser = NULL;
  EXPECT_OK(dni_optimiser_create_adam(context, 0.1, &optimiser));
  EXPECT_ARGUMENT(dni_optimiser_add(optimiser, &x, &y, count_destroy, &parameter));
  dni_matrix gradient = matrix_random(DNI_F32, 4, 3);
  support_watched.fail_after = 0;
  EXPECT_STATUS(DNI_ERROR_MEMORY,
                dni_optimiser_add(optimiser, &x, &gradient, count_destroy, &parameter));
  support_watched.fail_after = SIZE_MAX;
  EXPECT(parameter == 0, "destroyed by a failed call");
  EXPECT_OK(dni_optimiser_add(optimiser, &x, &gradient, count_destroy, &parameter));
  EXPECT_ARGUMENT(dni_optimiser_add(optimiser, &x, &gradient, count_destroy, &parameter));

  dni_schedule plan = {.struct_size = sizeof plan,
                       .kind = DNI_RATE_COSINE,
                       .user = &schedule,
                       .destroy = count_destroy};
  EXPECT_ARGUMENT(dni_optimiser_set_schedule(optimiser, &plan)); /* no steps */
  plan.steps = 10;
  support_watched.fail_after = 0;
  dni_status status = dni_optimiser_set_schedule(optimiser, &plan);
  support_watched.fail_after = SIZE_MAX;
  if (status != DNI_OK) {
    EXPECT(status == DNI_ERROR_MEMORY && schedule == 0, "destroyed by a failed call");
    EXPECT_OK(dni_optimiser_set_schedule(optimiser, &plan));
  }
  EXPECT(schedule == 0, "destroyed too early");
  EXPECT_OK(dni_optimiser_set_schedule(optimiser, NULL));
  ck_assert_uint_eq(schedule, 1);
  EXPECT_OK(dni_optimiser_set_schedule(optimiser, &plan));
  EXPECT(parameter == 0, "destroyed too early");
  dni_optimiser_release(optimiser);
  ck_assert_uint_eq(parameter, 1);
  ck_assert_uint_eq(schedule, 2);
}
END_TEST

/* A failed call destroys nothing. */
START_TEST(test_no_destroy_after_a_failure) {
  dni_context *context = make_context(DNI_F32, 1);
  size_t end = 0;
  for (size_t kind = 0; kind < 5; kind++)
    for (size_t how = 0; how < 2; how++) {
      dni_layer_callbacks layer = layer_callbacks(true, &end);
      dni_sg_callbacks sg = sg_callbacks(&end);
      dni_loss_callbacks loss = loss_callbacks(&end);
      dni_dataset_callbacks dataset = dataset_callbacks(&end);
      dni_metric metric = metric_callbacks(&end);
      dni_network *network = make_network(context, "6 relu5 dense3");
      dni_trainer_options options = {
          .struct_size = sizeof options, .metric = &metric, .max_batch = 4};
      void *out = NULL;
      if (how == 0) {
        layer.forward = NULL, sg.estimate = NULL, loss.evaluate = NULL, dataset.fetch = NULL;
        metric.evaluate = NULL;
      }
      dni_loss *cross_entropy = make_cross_entropy(context);
      support_watched.fail_after = how == 0 ? SIZE_MAX : 0;
      dni_status status =
          kind == 0   ? dni_layer_create_callback(context, 5, 5, &layer, (dni_layer **)&out)
          : kind == 1 ? dni_sg_create_callback(context, 5, 3, 0, &sg, (dni_sg **)&out)
          : kind == 2 ? dni_loss_create_callback(context, &loss, (dni_loss **)&out)
          : kind == 3 ? dni_dataset_create_callback(context, &dataset, (dni_dataset **)&out)
                      : dni_trainer_create(network, cross_entropy, &options, (dni_trainer **)&out);
      support_watched.fail_after = SIZE_MAX;
      EXPECT(status == (how == 0 ? DNI_ERROR_ARGUMENT : DNI_ERROR_MEMORY), "kind %zu: %s: %s", kind,
             dni_status_name(status), dni_last_message());
      EXPECT(out == NULL && end == 0, "kind %zu: written or destroyed", kind);
    }
}
END_TEST

/* Sizes that overflow. ------------------------------------------------------------------------- */

typedef struct big {
  dni_context *context;
  dni_layer *dense, *norm, *dropout;
  dni_sg *sg, *critic;
  dni_network *network;
  dni_loss *loss;
  void *out;
} big;

static const size_t huge = SIZE_MAX / 2 + 3;

#define BIG(name, expression)                                                                      \
  static dni_status big_##name(big *b) {                                                           \
    return expression;                                                                             \
  }

BIG(allocate, dni_context_allocate(b->context, SIZE_MAX, &b->out))
BIG(dense, dni_layer_create_dense(b->context, huge, 4, 0, (dni_layer **)&b->out))
BIG(dense_outputs, dni_layer_create_dense(b->context, 4, huge, 0, (dni_layer **)&b->out))
BIG(batch_norm, dni_layer_create_batch_norm(b->context, huge, (dni_layer **)&b->out))
BIG(layer_norm, dni_layer_create_layer_norm(b->context, huge, (dni_layer **)&b->out))
BIG(dropout_state, dni_state_create(b->dropout, huge, (dni_state **)&b->out))
BIG(dropout_reserve, dni_layer_reserve(b->dropout, huge))
BIG(synthetic, dni_sg_create_synthetic(b->context, huge, 4, NULL, (dni_sg **)&b->out))
BIG(synthetic_targets, dni_sg_create_synthetic(b->context, 4, huge, NULL, (dni_sg **)&b->out))
BIG(critic, dni_sg_create_critic(b->context, huge, 4, NULL, (dni_sg **)&b->out))
BIG(dfa, dni_sg_create_dfa(b->context, huge, 4, NULL, (dni_sg **)&b->out))
BIG(fa, dni_sg_create_fa(b->context, huge, 4, NULL, (dni_sg **)&b->out))
BIG(local, dni_sg_create_local(b->context, huge, 4, b->loss, NULL, (dni_sg **)&b->out))
BIG(sg_reserve, dni_sg_reserve(b->sg, huge))
BIG(critic_reserve, dni_sg_reserve(b->critic, huge))
BIG(network_reserve, dni_network_reserve(b->network, huge))
BIG(predictor, dni_predictor_create(b->network, huge, (dni_predictor **)&b->out))
BIG(artificial, dni_dataset_create_artificial(b->context, DNI_ARTIFICIAL_LINEAR, huge, 4, 2, NULL,
                                              (dni_dataset **)&b->out))
BIG(measure, dni_network_measure(b->network, huge, NULL, &(double[3]){0}[0], NULL, 3))

static dni_status big_trainer(big *b) {
  dni_trainer_options options = {.struct_size = sizeof options, .max_batch = huge};
  return dni_trainer_create(b->network, b->loss, &options, (dni_trainer **)&b->out);
}

static dni_status (*const bigs[])(big *b) = {big_allocate,
                                             big_dense,
                                             big_dense_outputs,
                                             big_batch_norm,
                                             big_layer_norm,
                                             big_dropout_state,
                                             big_dropout_reserve,
                                             big_synthetic,
                                             big_critic,
                                             big_synthetic_targets,
                                             big_dfa,
                                             big_fa,
                                             big_local,
                                             big_sg_reserve,
                                             big_critic_reserve,
                                             big_network_reserve,
                                             big_predictor,
                                             big_artificial,
                                             big_measure,
                                             big_trainer};
enum { BIGS = sizeof bigs / sizeof bigs[0] };

/* DNI_ERROR_MEMORY with a message of its own, not that of an older failure. */
START_TEST(test_sizes_that_overflow) {
  dni_context *context = make_context(DNI_F64, 1);
  big b = {.context = context, .network = make_network(context, "6 relu5 |sg norm dense3")};
  b.loss = make_cross_entropy(context);
  b.norm = keep(LAYER, make_layer(context, 5, "norm"));
  EXPECT_OK(dni_layer_create_dropout(context, 5, 0.5, NULL, &b.dropout));
  keep(LAYER, b.dropout);
  b.sg = keep(ESTIMATOR, make_sg(context, 5, 3, 0, "sg1"));
  b.critic = keep(ESTIMATOR, make_sg(context, 5, 3, 0, "critic1"));
  size_t bytes = support_watched.bytes;
  ck_assert_int_eq(dni_fail(1000, "an old story"), 1000);
  EXPECT_STATUS(DNI_ERROR_MEMORY, bigs[_i](&b));
  EXPECT(dni_last_status() == DNI_ERROR_MEMORY && !strstr(dni_last_message(), "an old story"),
         "\"%s\"", dni_last_message());
  EXPECT(b.out == NULL, "written by a failed call");
  ck_assert_uint_eq(support_watched.bytes, bytes);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("callbacks");
  TCase *group = add_group(suite, "callbacks");
  tcase_add_loop_test(group, test_answers_through_fit, 0, SCHEDULES * PLACES);
  tcase_add_loop_test(group, test_answers_through_steps, 0, SCHEDULES * PLACES);
  tcase_add_loop_test(group, test_answers_of_parts, 0, PART_CALLS);
  tcase_add_test(group, test_answers_at_creation);
  tcase_add_loop_test(group, test_step_callback_stops, 0, SCHEDULES);
  tcase_add_loop_test(group, test_steps_allocate_nothing, 0, SCHEDULES);
  tcase_add_loop_test(group, test_local_loss, 0, 2);
  tcase_add_test(group, test_layer_at_two_places);
  tcase_add_test(group, test_old_messages);
  tcase_add_loop_test(group, test_destroy_once, 0, SCHEDULES);
  tcase_add_test(group, test_destroy_of_what_is_lent);
  tcase_add_test(group, test_no_destroy_after_a_failure);
  tcase_add_loop_test(group, test_sizes_that_overflow, 0, BIGS);
  return support_run(suite);
}
