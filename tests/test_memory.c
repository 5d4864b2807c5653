/* Memory: steps allocate and free nothing, activations are kept for one module at a time, and every
 * failed allocation on every way to a trainer is an error that leaves nothing behind. */
#include "training.h"

enum { ROWS = 8, EXAMPLES = 50, INPUTS = 6, CLASSES = 4 };

static dni_dataset *make_dataset(dni_context *context) {
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix x = matrix_random(dtype, EXAMPLES, INPUTS);
  dni_matrix y = matrix_one_hot(dtype, EXAMPLES, CLASSES);
  dni_dataset *dataset;
  EXPECT_OK(dni_dataset_create_memory(context, &x, &y, NULL, &dataset));
  return keep(DATASET, dataset);
}

/* Steps allocate nothing. ---------------------------------------------------------------------- */

static const struct {
  const char *text;
  double probability; /* 0: sequential */
} methods[] = {{"6 relu9 norm relu8 norm dense4", 0},
               {"6 relu9 |exact norm |exact relu8 |exact dense4", 0},
               {"6 relu9 norm |sg relu8 norm |sg dense4", 0},
               {"6 relu9 norm |sg1 relu8 norm |sg2 dense4", 0},
               {"6 relu9 norm |sg1y relu8 norm |sg2h dense4", 0},
               {"6 relu9 norm |sgh relu8 norm |sgy dense4", 0},
               {"6 relu9 norm |ls relu8 |lsq norm tanh7 |lsr dense4", 0},
               {"6 relu9 norm |sgq relu8 |sg1r dense4", 0},
               {"6 relu9 norm |dfa relu8 norm |dfa dense4", 0},
               {"6 relu9 norm |fa relu8 norm |fa dense4", 0},
               {"6 relu9 |sg relu8 |exact tanh7 |fa relu6 |dfa dense4", 0},
               {"6 relu9 norm |sg relu8 norm |sg2 relu7 |dfa dense4", 0.5},
               {"6 relu9 norm |critic relu8 |critic1 tanh7 |critic2h dense4", 0},
               {"6 relu9 norm |scalar relu8 |critic1 tanh7 |dfa relu7 |sg1 dense4", 0.5}};

enum { METHODS = sizeof methods / sizeof *methods };

/* What the allocator has been asked from the first callback of a fit to the last. */
typedef struct calls_seen {
  size_t first, last;
  bool begun;
} calls_seen;

static dni_status see_calls(void *user, const dni_step_report *report) {
  calls_seen *seen = user;
  (void)report;
  if (!seen->begun) seen->first = support_watched.calls;
  seen->begun = true;
  seen->last = support_watched.calls;
  return DNI_OK;
}

START_TEST(test_steps_allocate_nothing) {
  dni_backend *backend = _i < 2 * METHODS ? NULL : keep(BACKEND, support_cblas());
  dni_context *context = make_backend_context(support_dtypes[_i / METHODS % 2], 3, backend);
  dni_network *network = make_network(context, methods[_i % METHODS].text);
  dni_trainer *trainer =
      make_trainer(context, network, make_adam(context, 0.01), make_adam(context, 0.01), ROWS,
                   methods[_i % METHODS].probability);
  dni_dataset *dataset = make_dataset(context);
  dni_matrix x = matrix_random(dni_context_dtype(context), ROWS, INPUTS);
  dni_matrix y = matrix_one_hot(dni_context_dtype(context), ROWS, CLASSES);
  size_t calls = support_watched.calls;
  for (size_t step = 0; step < 200; step++) {
    dni_matrix some_x = some_rows(x, 0, 1 + step % ROWS), some_y = some_rows(y, 0, 1 + step % ROWS);
    dni_step_report report = {.struct_size = sizeof report};
    if (step % ROWS == 0) some_x = x, some_y = y; /* the largest first */
    EXPECT_OK(support_step(trainer, &some_x, &some_y, &report));
  }
  ck_assert_uint_eq(support_watched.calls, calls);
  calls_seen seen = {0};
  dni_fit_options options = {
      .struct_size = sizeof options, .steps = 200, .callback = see_calls, .callback_user = &seen};
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  ck_assert_uint_eq(seen.last, seen.first);            /* many epochs */
  ck_assert_uint_le(support_watched.calls, calls + 2); /* the order of the examples */
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 400);
}
END_TEST

START_TEST(test_reserved_predictions_allocate_nothing) {
  dni_context *context = make_context(support_dtypes[_i], 3);
  dni_network *network = make_network(context, "6 relu9 norm tanh8 dense4");
  dni_matrix x = matrix_random(support_dtypes[_i], 30, INPUTS);
  dni_matrix h = matrix_make(support_dtypes[_i], 30, CLASSES);
  EXPECT_OK(dni_network_reserve(network, 20));
  size_t calls = support_watched.calls;
  EXPECT_OK(dni_network_predict(network, &x, &h)); /* in parts */
  ck_assert_uint_eq(support_watched.calls, calls);
}
END_TEST

/* How much memory. ----------------------------------------------------------------------------- */

static dni_memory_report memory_of(dni_context *context, size_t layers, const char *sg, size_t rows,
                                   size_t *added) {
  char text[2000] = "6 relu9";
  for (size_t i = 1; i < layers; i++)
    (void)snprintf(text + strlen(text), sizeof text - strlen(text), " |%s relu9", sg);
  (void)snprintf(text + strlen(text), sizeof text - strlen(text), " |%s dense4", sg);
  dni_network *network = make_network(context, text);
  dni_optimiser *adam = make_adam(context, 0.01), *teacher = make_adam(context, 0.01);
  size_t before = dni_context_bytes(context);
  dni_trainer *trainer = make_trainer(context, network, adam, teacher, rows, 0);
  *added = dni_context_bytes(context) - before;
  dni_memory_report report = {.struct_size = sizeof report};
  EXPECT_OK(dni_trainer_memory(trainer, &report));
  return report;
}

START_TEST(test_activations_of_one_module) {
  dni_context *context = make_context(support_dtypes[_i], 3);
  size_t element = _i == 0 ? 4 : 8, added, rows = 64;
  dni_memory_report ten = memory_of(context, 10, "sg", rows, &added);
  dni_memory_report hundred = memory_of(context, 100, "sg", rows, &added);
  ck_assert_uint_eq(ten.activation_bytes, hundred.activation_bytes);
  ck_assert_uint_ge(ten.activation_bytes, rows * 9 * element);
  ten = memory_of(context, 10, "exact", rows, &added);
  hundred = memory_of(context, 100, "exact", rows, &added);
  ck_assert_uint_ge(hundred.activation_bytes - ten.activation_bytes, 90 * rows * 9 * element);
  ck_assert_uint_le(hundred.activation_bytes, 2 * 101 * rows * 16 * element);
}
END_TEST

/* Against counting by hand, and against what the context gave out. */
START_TEST(test_memory_report) {
  if (support_compute(support_dtypes[_i])) return; /* packed weights count as well */
  dni_context *context = make_context(support_dtypes[_i], 3);
  size_t element = _i == 0 ? 4 : 8, added;
  dni_memory_report report = memory_of(context, 3, "sg", 32, &added);
  size_t layers = 9 * 7 + 2 * 9 * 10 + 4 * 10, sgs = 3 * 9 * (9 + CLASSES + 1);
  ck_assert_uint_eq(report.parameter_bytes, (layers + sgs) * element);
  ck_assert_uint_eq(report.gradient_bytes, (layers + sgs) * element);
  ck_assert_uint_eq(report.optimiser_bytes, 2 * (layers + sgs) * element);
  size_t sum = report.optimiser_bytes + report.activation_bytes + report.workspace_bytes;
  ck_assert_uint_le(sum, added);
  ck_assert_uint_le(added, sum + 16384); /* handles, lists, optimisers */
  EXPECT_ARGUMENT(dni_trainer_memory(NULL, &report));
}
END_TEST

/* Critics keep every layer's output until the loss is known, and the losses. */
START_TEST(test_memory_with_critics) {
  if (support_compute(support_dtypes[_i])) return; /* packed weights count as well */
  dni_context *context = make_context(support_dtypes[_i], 3);
  size_t element = _i == 0 ? 4 : 8, added;
  dni_memory_report report = memory_of(context, 3, "critic1", 32, &added);
  size_t layers = 9 * 7 + 2 * 9 * 10 + 4 * 10, critics = 3 * (9 * (9 + CLASSES + 1) + 9 + 1);
  ck_assert_uint_eq(report.parameter_bytes, (layers + critics) * element);
  ck_assert_uint_eq(report.gradient_bytes, (layers + critics) * element);
  ck_assert_uint_eq(report.optimiser_bytes, 2 * (layers + critics) * element);
  ck_assert_uint_eq(report.activation_bytes, 32 * (3 * 9 + CLASSES) * element);
  /* two deltas of 9, error, batch, losses, two predictions; per critic two of 9 and one of 1 */
  size_t columns = 2 * 9 + CLASSES + INPUTS + CLASSES + 1 + 2 * 9 + 3 * (2 * 9 + 1);
  ck_assert_uint_eq(report.workspace_bytes, 32 * columns * element);
  size_t sum = report.optimiser_bytes + report.activation_bytes + report.workspace_bytes;
  ck_assert_uint_le(sum, added);
  ck_assert_uint_le(added, sum + 16384);
}
END_TEST

/* Failing allocations. ------------------------------------------------------------------------- */

/* An allocator that can fail once, unlike the shared one, whose failures last. */
static struct {
  size_t calls, fail_at; /* of alloc since arm(); SIZE_MAX: never */
  bool lasting;
} trap;

/* In this process. */
static size_t failed_allocations;

static void arm(size_t fail_at, bool lasting) {
  trap.calls = 0;
  trap.fail_at = fail_at;
  trap.lasting = lasting;
}

static void *trapped_alloc(void *user, size_t alignment, size_t size) {
  size_t call = trap.calls++;
  if (call == trap.fail_at || (trap.lasting && call > trap.fail_at)) return NULL;
  return support_allocator.alloc(user, alignment, size);
}

/* What calls need, made without failures; NULL where not made. */
typedef struct stage {
  dni_context *context;
  dni_network *network, *empty, *decoupled, *locked, *measured;
  dni_layer *layer, *norm;
  dni_sg *sg, *critic, *mixture, *squares;
  dni_loss *loss;
  dni_optimiser *optimiser, *scheduled;
  dni_trainer *trainer;
  dni_dataset *dataset;
  dni_matrix x, x_gradient, h;
} stage;

/* One call that may allocate; what it makes goes to *out. */
typedef dni_status (*tried)(stage *scene, void **out);

static dni_status make_context_call(stage *scene, void **out) {
  (void)scene;
  dni_allocator allocator = support_allocator;
  allocator.alloc = trapped_alloc;
  dni_context_options options = {.struct_size = sizeof options, .seed = 3, .allocator = &allocator};
  return dni_context_create(&options, (dni_context **)out);
}

#define CALL(name, expression)                                                                     \
  static dni_status name(stage *scene, void **out) {                                               \
    (void)scene, (void)out;                                                                        \
    return expression;                                                                             \
  }

static dni_status estimate_nothing(void *user, const dni_sg_call *call) {
  (void)user, (void)call;
  return DNI_OK;
}

static dni_status pass_nothing(void *user, const dni_layer_call *call) {
  (void)user, (void)call;
  return DNI_OK;
}

static size_t some_state(void *user, size_t rows) {
  (void)user;
  return 3 * rows;
}

static dni_status copy_nothing(void *user, void **copy) {
  *copy = user;
  return DNI_OK;
}

static dni_status lose_nothing(void *user, const dni_loss_call *call) {
  (void)user;
  for (size_t r = 0; r < call->per_example->rows; r++)
    matrix_set(call->per_example, r, 0, 0);
  return DNI_OK;
}

static dni_status fetch_zeros(void *user, const size_t *indices, size_t count, dni_matrix *x,
                              dni_matrix *y) {
  (void)user, (void)indices, (void)count;
  if (x) matrix_fill(x, 0);
  if (y) matrix_fill(y, 0);
  return DNI_OK;
}

static dni_status multiply_nothing(void *user, const dni_product *call) {
  (void)user, (void)call;
  return DNI_OK;
}

static const dni_layer_callbacks layer_callbacks = {.struct_size = sizeof layer_callbacks,
                                                    .forward = pass_nothing,
                                                    .backward = pass_nothing,
                                                    .state_bytes = some_state,
                                                    .copy = copy_nothing};
static const dni_sg_callbacks sg_callbacks = {.struct_size = sizeof sg_callbacks,
                                              .estimate = estimate_nothing};
static const dni_loss_callbacks loss_callbacks = {.struct_size = sizeof loss_callbacks,
                                                  .evaluate = lose_nothing};
static const dni_dataset_callbacks dataset_callbacks = {.struct_size = sizeof dataset_callbacks,
                                                        .examples = EXAMPLES,
                                                        .features = INPUTS,
                                                        .targets = CLASSES,
                                                        .fetch = fetch_zeros};
static const dni_backend_callbacks backend_callbacks = {
    .struct_size = sizeof backend_callbacks, .product = multiply_nothing, .f32 = 1};
static const double class_weights[CLASSES] = {1, 2, 3, 4};
static const dni_loss_options weighted = {
    .struct_size = sizeof weighted, .class_weights = class_weights, .class_count = CLASSES};
static const dni_initialiser_options orthogonal = {.struct_size = sizeof orthogonal,
                                                   .kind = DNI_INITIALISER_ORTHOGONAL};
static const dni_sg_options two_hidden = {.struct_size = sizeof two_hidden, .hidden_layers = 2};
static const uint64_t boundaries[] = {10, 20};
static const double factors[] = {0.5, 0.1};
static const dni_schedule piecewise = {.struct_size = sizeof piecewise,
                                       .kind = DNI_RATE_PIECEWISE,
                                       .boundaries = boundaries,
                                       .values = factors,
                                       .count = 2};
static const size_t some_indices[] = {3, 1, 2};

/* A backend has an allocator of its own. */
static dni_status make_backend_call(void **out, bool own) {
  dni_allocator allocator = support_allocator;
  allocator.alloc = trapped_alloc;
  dni_backend_options options = {
      .struct_size = sizeof options, .allocator = &allocator, .threads = own ? 0 : 2};
  if (own) return dni_backend_create_callback(&options, &backend_callbacks, (dni_backend **)out);
  return dni_backend_create_builtin(&options, (dni_backend **)out);
}

static dni_status plan_call(stage *scene, dni_network *network, dni_kind schedule, void **out) {
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .max_batch = ROWS,
                                 .optimiser = scene->scheduled,
                                 .schedule = schedule};
  return dni_trainer_create(network, scene->loss, &options, (dni_trainer **)out);
}

static dni_status make_matched_call(stage *scene, void **out) {
  dni_sg_options options = {.struct_size = sizeof options, .loss = scene->loss};
  return dni_sg_create_synthetic(scene->context, 5, CLASSES, &options, (dni_sg **)out);
}

static dni_status make_least_squares_call(stage *scene, dni_loss *loss, void **out) {
  dni_least_squares_options options = {.struct_size = sizeof options, .loss = loss};
  return dni_sg_create_least_squares(scene->context, 5, CLASSES, &options, (dni_sg **)out);
}

static dni_status measure_call(stage *scene) {
  double seconds[2];
  return dni_network_measure(scene->measured, 9, NULL, seconds, NULL, 2);
}

/* A lesson with a report, of more rows than before. */
static dni_status learn_more_rows(stage *scene) {
  dni_matrix h = matrix_random(DNI_F32, 50, 9), y = matrix_one_hot(DNI_F32, 50, CLASSES);
  return support_learn(scene->squares, &h, &y, &h, NULL, NULL, NULL);
}

#define CONTEXT_OF scene->context
CALL(make_builtin, make_backend_call(out, false))
CALL(make_own_backend, make_backend_call(out, true))
CALL(make_dense, dni_layer_create_dense(CONTEXT_OF, 5, 7, 1, (dni_layer **)out))
CALL(make_activation, dni_layer_create_activation(CONTEXT_OF, 5, 1, (dni_layer **)out))
CALL(make_norm, dni_layer_create_batch_norm(CONTEXT_OF, 5, (dni_layer **)out))
CALL(make_layer_norm, dni_layer_create_layer_norm(CONTEXT_OF, 5, (dni_layer **)out))
CALL(make_dropout, dni_layer_create_dropout(CONTEXT_OF, 5, 0.5, NULL, (dni_layer **)out))
CALL(make_own_layer,
     dni_layer_create_callback(CONTEXT_OF, 5, 7, &layer_callbacks, (dni_layer **)out))
CALL(copy_layer, dni_layer_copy(scene->layer, (dni_layer **)out))
CALL(make_state, dni_state_create(scene->norm, 40, (dni_state **)out))
CALL(reserve_layer, dni_layer_reserve(scene->norm, 40))
CALL(initialise, dni_layer_initialise(scene->layer, &orthogonal))
CALL(make_softmax, dni_loss_create_softmax_cross_entropy(CONTEXT_OF, &weighted, (dni_loss **)out))
CALL(make_sigmoid, dni_loss_create_sigmoid_cross_entropy(CONTEXT_OF, NULL, (dni_loss **)out))
CALL(make_squared, dni_loss_create_squared_error(CONTEXT_OF, (dni_loss **)out))
CALL(make_absolute, dni_loss_create_absolute_error(CONTEXT_OF, (dni_loss **)out))
CALL(make_own_loss, dni_loss_create_callback(CONTEXT_OF, &loss_callbacks, (dni_loss **)out))
CALL(make_sgd_call, dni_optimiser_create_sgd(CONTEXT_OF, 0.1, (dni_optimiser **)out))
CALL(make_adam_call, dni_optimiser_create_adam(CONTEXT_OF, 0.1, (dni_optimiser **)out))
CALL(make_adamw, dni_optimiser_create_adamw(CONTEXT_OF, 0.1, (dni_optimiser **)out))
CALL(make_like, dni_optimiser_create_like(scene->scheduled, (dni_optimiser **)out))
CALL(add_layer, dni_optimiser_add_layer(scene->optimiser, scene->layer))
CALL(add_sg, dni_optimiser_add_sg(scene->optimiser, scene->sg))
CALL(add_own, dni_optimiser_add(scene->optimiser, &scene->x, &scene->x_gradient, NULL, NULL))
CALL(set_schedule, dni_optimiser_set_schedule(scene->optimiser, &piecewise))
CALL(make_linear, dni_sg_create_synthetic(CONTEXT_OF, 5, 4, NULL, (dni_sg **)out))
CALL(make_hidden, dni_sg_create_synthetic(CONTEXT_OF, 5, 4, &two_hidden, (dni_sg **)out))
CALL(make_matched, make_matched_call(scene, out))
CALL(make_least_squares, make_least_squares_call(scene, NULL, out))
CALL(make_matched_squares, make_least_squares_call(scene, scene->loss, out))
CALL(reserve_squares, dni_sg_reserve(scene->squares, 40))
CALL(learn_squares, learn_more_rows(scene))
CALL(measure, measure_call(scene))
CALL(make_dfa, dni_sg_create_dfa(CONTEXT_OF, 5, 4, NULL, (dni_sg **)out))
CALL(make_fa, dni_sg_create_fa(CONTEXT_OF, 5, 4, NULL, (dni_sg **)out))
CALL(make_local, dni_sg_create_local(CONTEXT_OF, 5, CLASSES, scene->loss, NULL, (dni_sg **)out))
CALL(make_delayed, dni_sg_create_delayed(CONTEXT_OF, 5, 0.5, (dni_sg **)out))
CALL(make_zero, dni_sg_create_zero(CONTEXT_OF, 5, (dni_sg **)out))
CALL(make_mixture, dni_sg_create_mixture(CONTEXT_OF, scene->sg, 0.5, (dni_sg **)out))
CALL(make_frozen, dni_sg_create_frozen(CONTEXT_OF, scene->sg, (dni_sg **)out))
CALL(make_warm_up, dni_sg_create_warm_up(CONTEXT_OF, scene->sg, 3, (dni_sg **)out))
CALL(set_sg_schedule, dni_sg_set_schedule(scene->mixture, &piecewise))
CALL(make_own_sg, dni_sg_create_callback(CONTEXT_OF, 5, 4, 0, &sg_callbacks, (dni_sg **)out))
CALL(make_scalar, dni_sg_create_scalar(CONTEXT_OF, 5, (dni_sg **)out))
CALL(make_theorem, dni_sg_create_theorem(CONTEXT_OF, 5, (dni_sg **)out))
CALL(make_critic, dni_sg_create_critic(CONTEXT_OF, 5, 4, &two_hidden, (dni_sg **)out))
CALL(make_guard, dni_guard_create(scene->optimiser, NULL, (dni_guard **)out))
CALL(reserve_sg, dni_sg_reserve(scene->sg, 40))
CALL(reserve_mixture, dni_sg_reserve(scene->mixture, 40))
CALL(reserve_critic, dni_sg_reserve(scene->critic, 40))
CALL(make_empty, dni_network_create(CONTEXT_OF, (dni_network **)out))
CALL(copy_network, dni_network_copy(scene->network, (dni_network **)out))
CALL(add, dni_network_add(scene->empty, scene->layer))
CALL(set_sg, dni_network_set_sg(scene->network, 1, scene->sg))
CALL(reserve, dni_network_reserve(scene->network, 40))
CALL(predict, dni_network_predict(scene->network, &scene->x, &scene->h))
CALL(make_predictor, dni_predictor_create(scene->network, 40, (dni_predictor **)out))
CALL(make_numbers,
     dni_dataset_create_memory(CONTEXT_OF, &scene->x, &scene->h, NULL, (dni_dataset **)out))
CALL(make_fetched, dni_dataset_create_callback(CONTEXT_OF, &dataset_callbacks, (dni_dataset **)out))
CALL(make_subset, dni_dataset_subset(scene->dataset, some_indices, 3, (dni_dataset **)out))
CALL(make_order, dni_order_create(scene->dataset, NULL, (dni_order **)out))
CALL(plan, plan_call(scene, scene->network, DNI_SCHEDULE_SEQUENTIAL, out))
CALL(plan_random, plan_call(scene, scene->network, DNI_SCHEDULE_RANDOM, out))
CALL(plan_pipelined, plan_call(scene, scene->decoupled, DNI_SCHEDULE_PIPELINED, out))
CALL(plan_micro_batches, plan_call(scene, scene->locked, DNI_SCHEDULE_MICRO_BATCHES, out))

/* Both halves or none. */
static dni_status split(stage *scene, void **out) {
  dni_dataset *second = NULL;
  dni_status status = dni_dataset_split(scene->dataset, 20, 1, NULL, (dni_dataset **)out, &second);
  ck_assert_int_eq(second != NULL, status == DNI_OK);
  dni_dataset_release(second);
  return status;
}

static dni_status evaluate(stage *scene, void **out) {
  (void)out;
  dni_evaluation evaluation = {.struct_size = sizeof evaluation, .loss = -1};
  dni_status status =
      dni_network_evaluate(scene->network, scene->loss, scene->dataset, NULL, &evaluation);
  ck_assert_int_eq(evaluation.loss >= 0, status == DNI_OK);
  return status;
}

static const struct {
  const char *name;
  tried call;
  thing_kind kind; /* of *out, if it makes something */
  bool makes;
} calls[] = {
    {"context", make_context_call, CONTEXT, true},
    {"builtin", make_builtin, BACKEND, true},
    {"callback backend", make_own_backend, BACKEND, true},
    {"dense", make_dense, LAYER, true},
    {"activation", make_activation, LAYER, true},
    {"batch norm", make_norm, LAYER, true},
    {"layer norm", make_layer_norm, LAYER, true},
    {"dropout", make_dropout, LAYER, true},
    {"copy of a layer", copy_layer, LAYER, true},
    {"state", make_state, STATE, true},
    {"reserve layer", reserve_layer, LAYER, false},
    {"initialise", initialise, LAYER, false},
    {"callback layer", make_own_layer, LAYER, true},
    {"softmax", make_softmax, LOSS, true},
    {"sigmoid", make_sigmoid, LOSS, true},
    {"squared", make_squared, LOSS, true},
    {"absolute", make_absolute, LOSS, true},
    {"callback loss", make_own_loss, LOSS, true},
    {"sgd", make_sgd_call, OPTIMISER, true},
    {"adam", make_adam_call, OPTIMISER, true},
    {"adamw", make_adamw, OPTIMISER, true},
    {"like", make_like, OPTIMISER, true},
    {"add layer", add_layer, LAYER, false},
    {"add sg", add_sg, LAYER, false},
    {"add own", add_own, LAYER, false},
    {"schedule", set_schedule, LAYER, false},
    {"linear", make_linear, ESTIMATOR, true},
    {"hidden", make_hidden, ESTIMATOR, true},
    {"loss-matched", make_matched, ESTIMATOR, true},
    {"least squares", make_least_squares, ESTIMATOR, true},
    {"loss-matched least squares", make_matched_squares, ESTIMATOR, true},
    {"reserve least squares", reserve_squares, LAYER, false},
    {"a lesson of least squares", learn_squares, LAYER, false},
    {"measure", measure, LAYER, false},
    {"dfa", make_dfa, ESTIMATOR, true},
    {"fa", make_fa, ESTIMATOR, true},
    {"local", make_local, ESTIMATOR, true},
    {"delayed", make_delayed, ESTIMATOR, true},
    {"zero", make_zero, ESTIMATOR, true},
    {"mixture", make_mixture, ESTIMATOR, true},
    {"frozen", make_frozen, ESTIMATOR, true},
    {"warm-up", make_warm_up, ESTIMATOR, true},
    {"schedule of a mixture", set_sg_schedule, LAYER, false},
    {"callback SG", make_own_sg, ESTIMATOR, true},
    {"scalar", make_scalar, ESTIMATOR, true},
    {"theorem", make_theorem, ESTIMATOR, true},
    {"critic", make_critic, ESTIMATOR, true},
    {"guard", make_guard, GUARD, true},
    {"reserve sg", reserve_sg, LAYER, false},
    {"reserve mixture", reserve_mixture, LAYER, false},
    {"reserve critic", reserve_critic, LAYER, false},
    {"network", make_empty, NETWORK, true},
    {"copy of a network", copy_network, NETWORK, true},
    {"network add", add, LAYER, false},
    {"set sg", set_sg, LAYER, false},
    {"reserve", reserve, LAYER, false},
    {"predict", predict, LAYER, false},
    {"predictor", make_predictor, PREDICTOR, true},
    {"data set", make_numbers, DATASET, true},
    {"callback data set", make_fetched, DATASET, true},
    {"subset", make_subset, DATASET, true},
    {"split", split, DATASET, true},
    {"order", make_order, ORDER, true},
    {"trainer", plan, TRAINER, true},
    {"random trainer", plan_random, TRAINER, true},
    {"pipelined trainer", plan_pipelined, TRAINER, true},
    {"micro-batch trainer", plan_micro_batches, TRAINER, true},
    {"evaluate", evaluate, LAYER, false},
};

enum { CALLS = sizeof calls / sizeof *calls };

static dni_sg *make_kept_sg(dni_context *context) {
  return keep(ESTIMATOR, make_sg(context, 9, CLASSES, 0, "sg"));
}

static stage make_scene(void) {
  stage scene = {0};
  arm(SIZE_MAX, false);
  EXPECT_OK(make_context_call(NULL, (void **)&scene.context));
  keep(CONTEXT, scene.context);
  scene.network = make_network(scene.context, "6 relu9 norm |sg relu8 norm |sg2 relu7 |fa tanh6 "
                                              "|dfa relu5 |critic1 dense4");
  scene.empty = make_network(scene.context, "6 relu5");
  scene.locked = make_network(scene.context, "6 relu9 norm dense4");
  scene.decoupled = make_network(scene.context, "6 relu9 norm |sg relu8 |sg1 relu7 |local dense4");
  scene.measured = make_network(scene.context, "6 relu9 |lsq dense4");
  scene.layer = make_layer(scene.context, 5, "relu7");
  keep(LAYER, scene.layer);
  scene.norm = keep(LAYER, make_layer(scene.context, 5, "norm"));
  EXPECT_OK(dni_sg_create_synthetic(scene.context, 9, CLASSES, &two_hidden, &scene.sg));
  keep(ESTIMATOR, scene.sg);
  EXPECT_OK(dni_sg_create_critic(scene.context, 9, CLASSES, &two_hidden, &scene.critic));
  keep(ESTIMATOR, scene.critic);
  EXPECT_OK(dni_sg_create_mixture(scene.context, make_kept_sg(scene.context), 0.5, &scene.mixture));
  keep(ESTIMATOR, scene.mixture);
  scene.squares = keep(ESTIMATOR, make_sg(scene.context, 9, CLASSES, 0, "lsq"));
  scene.loss = make_cross_entropy(scene.context);
  scene.optimiser = make_adam(scene.context, 0.1);
  scene.scheduled = make_adam(scene.context, 0.1);
  EXPECT_OK(dni_optimiser_set_schedule(scene.scheduled, &piecewise));
  scene.dataset = make_dataset(scene.context);
  scene.x = matrix_random(DNI_F32, 30, INPUTS);
  scene.x_gradient = matrix_random(DNI_F32, 30, INPUTS);
  scene.h = matrix_filled(DNI_F32, 30, CLASSES, 0);
  return scene;
}

static void clear(void) {
  arm(SIZE_MAX, false);
  release_all();
  ck_assert_uint_eq(support_watched.blocks, 0);
}

/* The same call on new scenes with allocation 0, 1, ... failing, until it succeeds. Calls on older
 * objects may leave these with more room than before; clear() sees that it is theirs. */
static void sweep(size_t index, bool lasting) {
  thing_kind kind = calls[index].kind;
  for (size_t fail_at = 0;; fail_at++) {
    stage scene = make_scene();
    size_t bytes = support_watched.bytes, networks = dni_network_layer_count(scene.empty);
    char sentinel;
    void *out = &sentinel;
    arm(fail_at, lasting);
    dni_status status = calls[index].call(&scene, &out);
    bool reached = trap.calls > fail_at;
    if (status != DNI_OK) {
      failed_allocations++;
      EXPECT(status == DNI_ERROR_MEMORY, "%s, allocation %zu: %s: %s", calls[index].name, fail_at,
             dni_status_name(status), dni_last_message());
      EXPECT(reached, "%s fails for want of memory that was there", calls[index].name);
      EXPECT(out == &sentinel, "%s, allocation %zu: output changed", calls[index].name, fail_at);
      EXPECT(!calls[index].makes || kind == TRAINER || support_watched.bytes == bytes,
             "%s, allocation %zu: %zu bytes more than before", calls[index].name, fail_at,
             support_watched.bytes - bytes);
      ck_assert_uint_eq(dni_network_layer_count(scene.empty), networks);
      arm(SIZE_MAX, false);
      EXPECT_OK(calls[index].call(&scene, &out)); /* the same call works now */
    }
    arm(SIZE_MAX, false);
    if (calls[index].makes) keep(kind, out);
    clear();
    if (!reached) {
      EXPECT(status == DNI_OK, "%s", dni_last_message());
      return;
    }
  }
}

START_TEST(test_failing_allocations) {
  sweep((size_t)_i % CALLS, (size_t)_i >= CALLS);
}
END_TEST

/* Fit with a validation. ------------------------------------------------------------------------ */

static dni_loss *make_own_classifier(dni_context *context) {
  dni_loss_callbacks callbacks = loss_callbacks;
  dni_loss *loss;
  callbacks.correct = lose_nothing;
  EXPECT_OK(dni_loss_create_callback(context, &callbacks, &loss));
  return keep(LOSS, loss);
}

/* Memory for validations is taken before the first step: a fit that lacks it has made none. */
START_TEST(test_validation_without_memory) {
  dni_context *context = make_context(support_dtypes[_i % 2], 3);
  dni_network *network = make_network(context, "6 relu9 norm dense4");
  dni_dataset *data = make_dataset(context), *validation = make_dataset(context);
  dni_loss *loss = _i < 2 ? make_cross_entropy(context) : make_own_classifier(context);
  dni_trainer_options plan = {.struct_size = sizeof plan, .max_batch = ROWS};
  dni_fit_options options = {
      .struct_size = sizeof options, .steps = 6, .validation = validation, .validate_every = 2};
  dni_trainer *trainer;
  EXPECT_OK(dni_trainer_create(network, loss, &plan, &trainer));
  keep(TRAINER, trainer);
  size_t allowed = 0;
  dni_status status;
  do {
    support_watched.fail_after = allowed++;
    status = dni_trainer_fit(trainer, data, &options);
    support_watched.fail_after = SIZE_MAX;
    if (status == DNI_OK) break;
    ck_assert_int_eq(status, DNI_ERROR_MEMORY);
    ck_assert_uint_eq(dni_trainer_step_count(trainer), 0);
  } while (allowed < 100);
  ck_assert_int_eq(status, DNI_OK);
  ck_assert_uint_gt(allowed, 8); /* the order, the evaluation and its buffers */
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 6);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("memory");
  TCase *group = add_group(suite, "memory");
  tcase_add_loop_test(group, test_steps_allocate_nothing, 0, 4 * METHODS);
  tcase_add_loop_test(group, test_reserved_predictions_allocate_nothing, 0, 2);
  tcase_add_loop_test(group, test_activations_of_one_module, 0, 2);
  tcase_add_loop_test(group, test_memory_report, 0, 2);
  tcase_add_loop_test(group, test_memory_with_critics, 0, 2);
  tcase_add_loop_test(group, test_failing_allocations, 0, 2 * CALLS);
  tcase_add_loop_test(group, test_validation_without_memory, 0, 4);
  int failed = support_run(suite);
  if (failed_allocations > 0) printf("%zu allocations failed\n", failed_allocations);
  return failed;
}
