/* The library computes with denormals as 0, on every thread of its own and on its caller's; the
 * caller has his own floating-point mode again in every callback and after every call, however the
 * call ends. What the library computes must be free of denormals, or steps become slow for good. */
#include <fenv.h>
#include <float.h>

#include "callbacks.h"
#include "core/float_mode.h"
#include "optimiser/optimiser.h"

/* The user's mode. ----------------------------------------------------------------------------- */

/* Rounding upwards stands for whatever a program may have set. */
static dni__float_mode users;

static void set_users_mode(void) {
  ck_assert_int_eq(fesetround(FE_UPWARD), 0);
  users = dni__float_control();
}

static void set_usual_mode(void) {
  ck_assert_int_eq(fesetround(FE_TONEAREST), 0);
}

static void expect_users_mode(const char *where) {
  EXPECT(dni__float_control() == users && fegetround() == FE_UPWARD, "%s: mode %llx", where,
         (unsigned long long)dni__float_control());
}

/* Elsewhere the processor has no such mode. */
static bool processor_flushes(void) {
#if defined(__SSE__) || defined(__aarch64__)
  return true;
#else
  return false;
#endif
}

/* Callbacks. ----------------------------------------------------------------------------------- */

static atomic_size_t seen, wrong;

/* Threads of the library begin with the mode of who made the trainer. */
static void look(void) {
  atomic_fetch_add(&seen, 1);
  if (dni__float_control() != users) atomic_fetch_add(&wrong, 1);
}

static void *looking_alloc(void *user, size_t alignment, size_t size) {
  look();
  return support_allocator.alloc(user, alignment, size);
}

static void looking_free(void *user, void *block, size_t size) {
  look();
  support_allocator.free(user, block, size);
}

static double looking_rate(void *user, uint64_t step) {
  (void)user, (void)step;
  look();
  return 1;
}

static void looking_log(void *user, dni_log_level level, const char *line) {
  (void)user, (void)level, (void)line;
  look();
}

START_TEST(test_callbacks_have_the_users_mode) {
  static machine m;
  place at = (place)(_i % PLACES);
  set_users_mode();
  make_machine(&m, _i / PLACES);
  atomic_store(&wrong, 0);
  for (int way = 0; way < 3; way++)
    for (size_t countdown = 0; countdown < 3; countdown++) {
      arm(at, countdown, CALL_HOOK);
      rig.hook = look;
      EXPECT_OK(way == 0   ? fit_machine(&m, 9)
                : way == 1 ? stream_machine(&m, 9)
                           : step_machine(&m, 9));
      expect_users_mode(place_names[at]);
    }
  EXPECT(atomic_load(&wrong) == 0, "%s: %zu of %zu calls in another mode", place_names[at],
         atomic_load(&wrong), atomic_load(&seen));
  EXPECT(!is_reached(&m, at) || atomic_load(&seen) > 0, "%s: not reached", place_names[at]);
}
END_TEST

START_TEST(test_failures_leave_the_users_mode) {
  static machine m;
  place at = (place)(_i % PLACES);
  set_users_mode();
  make_machine(&m, _i / PLACES);
  for (size_t countdown = 0; countdown < 3; countdown++) {
    arm(at, countdown, ANSWER);
    rig.answer = 1234;
    dni_status status = fit_machine(&m, 9);
    EXPECT(status == DNI_OK || status == 1234, "%s", dni_last_message());
    expect_users_mode(place_names[at]);
  }
  expect_usable(&m);
  expect_users_mode("afterwards");
}
END_TEST

/* A jump out of a callback, and the calls after it. */
START_TEST(test_jumps_leave_the_users_mode) {
  static machine m;
  static const place places[] = {LOWER_FORWARD, LOWER_BACKWARD, ESTIMATE, FETCH, STEP_CALLBACK};
  set_users_mode();
  make_machine(&m, _i);
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    if (!is_reached(&m, places[i])) continue;
    arm(places[i], 2, JUMP);
    if (setjmp(rig.out) == 0) {
      EXPECT_OK(fit_machine(&m, 30));
      ck_abort_msg("%s: not reached", place_names[places[i]]);
    }
    expect_users_mode(place_names[places[i]]);
    set_usual_mode(); /* the jump left no memory of the old mode */
    const dni__float_mode usual = dni__float_control();
    expect_usable(&m);
    EXPECT(dni__float_control() == usual, "another mode after a jump");
    set_users_mode();
  }
}
END_TEST

START_TEST(test_functions_without_status_have_the_users_mode) {
  set_users_mode();
  dni_allocator allocator = support_allocator;
  allocator.alloc = looking_alloc;
  allocator.free = looking_free;
  dni_context_options options = {
      .struct_size = sizeof options, .allocator = &allocator, .log = looking_log};
  dni_context *context;
  EXPECT_OK(dni_context_create(&options, &context));
  keep(CONTEXT, context);
  dni_network *network = make_network(context, "6 relu5 |sg dense3");
  dni_loss *loss = make_cross_entropy(context);
  dni_schedule schedule = {
      .struct_size = sizeof schedule, .kind = DNI_RATE_FUNCTION, .function = looking_rate};
  dni_optimiser *optimiser = make_sgd(context, 0.01);
  EXPECT_OK(dni_optimiser_set_schedule(optimiser, &schedule));
  dni_trainer_options trainer_options = {
      .struct_size = sizeof trainer_options, .optimiser = optimiser, .max_batch = ROWS};
  dni_trainer *trainer;
  EXPECT_OK(dni_trainer_create(network, loss, &trainer_options, &trainer));
  keep(TRAINER, trainer);
  dni_matrix x, y;
  own_batch(&x, &y);
  EXPECT_OK(support_step(trainer, &x, &y, NULL));
  EXPECT(atomic_load(&wrong) == 0 && atomic_load(&seen) > 10, "%zu of %zu calls in another mode",
         atomic_load(&wrong), atomic_load(&seen));
  expect_users_mode("step");
}
END_TEST

/* Flags too: what the library raises is not the caller's. */
START_TEST(test_exception_flags_are_the_callers) {
  if (!processor_flushes()) return;
  dni_context *context = make_context(DNI_F32, 1);
  dni_layer *layer = keep(LAYER, make_layer(context, 7, "tanh5"));
  dni_matrix x = matrix_random(DNI_F32, 9, 7), y = matrix_make(DNI_F32, 9, 5);
  matrix_set(&x, 1, 1, 1e30);
  feclearexcept(FE_ALL_EXCEPT);
  feraiseexcept(FE_DIVBYZERO);
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
  ck_assert_int_eq(fetestexcept(FE_ALL_EXCEPT), FE_DIVBYZERO);
}
END_TEST

/* No denormals. -------------------------------------------------------------------------------- */

static double tiny(dni_dtype dtype) { /* squared it is denormal, and not 0 */
  return dtype == DNI_F32 ? 1e-21 : 1e-157;
}

static size_t denormals(const dni_matrix *m) {
  const double least = m->dtype == DNI_F32 ? (double)FLT_MIN : DBL_MIN;
  size_t count = 0;
  for (size_t r = 0; r < m->rows; r++)
    for (size_t c = 0; c < m->columns; c++)
      count += fabs(matrix_get(m, r, c)) < least && matrix_get(m, r, c) != 0;
  return count;
}

static void expect_no_denormals(const dni_matrix *m, const char *what) {
  EXPECT(denormals(m) == 0, "%s: %zu denormals", what, denormals(m));
}

/* The first parameter; biases stay 0. */
static void fill_weights(dni_layer *layer, double number) {
  dni_matrix value, gradient;
  if (dni_layer_parameter_count(layer) == 0) return;
  EXPECT_OK(dni_layer_parameter(layer, 0, &value, &gradient));
  matrix_fill(&value, number);
  EXPECT_OK(dni_layer_changed(layer));
}

/* Large enough to be shared between threads. */
START_TEST(test_products) {
  const dni_dtype dtype = support_dtypes[_i % SUPPORT_DTYPES];
  const dni_backend_options options = {.struct_size = sizeof options,
                                       .allocator = &support_allocator,
                                       .threads = 1 + (size_t)_i / SUPPORT_DTYPES};
  enum { SIZE = 300 };
  dni_backend *backend;
  EXPECT_OK(dni_backend_create_builtin(&options, &backend));
  keep(BACKEND, backend);
  dni_matrix a = matrix_filled(dtype, SIZE, SIZE, tiny(dtype));
  dni_matrix b = matrix_filled(dtype, SIZE, SIZE, tiny(dtype));
  dni_matrix c = matrix_make(dtype, SIZE, SIZE);
  set_users_mode();
  for (int i = 0; i < 20; i++)
    EXPECT_OK(dni_backend_gemm(backend, 0, 0, 1, &a, &b, 0, &c));
  expect_users_mode("product");
  matrix_expect_written(&c, "product");
  expect_no_denormals(&c, "product");
}
END_TEST

/* Each kind of layer that computes, with a denormal among what it is given. ReLU alone and dropout
 * only hand numbers on. */
static const char *const layer_words[] = {"dense4", "relu4", "tanh4",   "sigmoid4",
                                          "leaky4", "gelu4", "sigmoid", "tanh",
                                          "leaky",  "gelu",  "norm",    "rows"};
enum { LAYER_WORDS = sizeof layer_words / sizeof *layer_words };

/* Leaky ReLU alone hands a number above 0 on. That a denormal is none is known only where operands are
 * flushed as well as results: the first processors with SSE2 cannot. */
static bool is_handed_on(const char *word) {
#if defined(__i386__) && !defined(__SSE3__)
  return !strcmp(word, "leaky");
#else
  (void)word;
  return false;
#endif
}

START_TEST(test_layers) {
  const dni_dtype dtype = support_dtypes[_i % SUPPORT_DTYPES];
  const char *word = layer_words[_i / SUPPORT_DTYPES];
  if (is_handed_on(word)) return;
  dni_context *context = make_context(dtype, 3);
  dni_layer *layer = keep(LAYER, make_layer(context, 4, word));
  fill_weights(layer, tiny(dtype));
  dni_matrix x = matrix_random(dtype, 6, 4), y = matrix_make(dtype, 6, 4);
  dni_matrix dy = matrix_random(dtype, 6, 4), dx = matrix_make(dtype, 6, 4);
  for (size_t c = 0; c < 4; c++) {
    matrix_set(&x, c, c, tiny(dtype) * tiny(dtype));
    matrix_set(&x, 5, c, tiny(dtype));
    matrix_set(&dy, c + 1, c, tiny(dtype));
  }
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &x, &y));
  expect_no_denormals(&y, word);
  EXPECT_OK(support_backward(layer, DNI_GRADIENT_REPLACE, &x, &y, &dy, &dx));
  expect_no_denormals(&dx, word);
  EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &x, &y));
  expect_no_denormals(&y, word);
}
END_TEST

/* A gradient that is 0 for ever: moments decay through all denormals to 0. */
static dni_optimiser *make_kind_of_optimiser(dni_context *context, int kind) {
  dni_optimiser *optimiser;
  if (kind == 0) {
    EXPECT_OK(dni_optimiser_create_adam(context, 1e-3, &optimiser));
  } else if (kind == 1) {
    EXPECT_OK(dni_optimiser_create_adamw(context, 1e-3, &optimiser));
  } else {
    EXPECT_OK(dni_optimiser_create_sgd(context, 1e-3, &optimiser));
    EXPECT_OK(dni_optimiser_set_f64(optimiser, DNI_SETTING_MOMENTUM, 0.9));
  }
  return keep(OPTIMISER, optimiser);
}

START_TEST(test_moments_decay_to_nothing) {
  const dni_dtype dtype = support_dtypes[_i % SUPPORT_DTYPES];
  dni_context *context = make_context(dtype, 3);
  dni_optimiser *optimiser = make_kind_of_optimiser(context, _i / SUPPORT_DTYPES);
  dni_matrix value = matrix_filled(dtype, 5, 5, 1), gradient = matrix_filled(dtype, 5, 5, 1);
  EXPECT_OK(dni_optimiser_add(optimiser, &value, &gradient, NULL, NULL));
  EXPECT_OK(dni_optimiser_step(optimiser));
  matrix_fill(&gradient, 0);
  for (int step = 0; step < (dtype == DNI_F32 ? 1000 : 8000); step++)
    EXPECT_OK(dni_optimiser_step(optimiser));
  dni_matrix first = dni__matrix_make(optimiser->moved[0].moments[0], 5, 5, dtype);
  EXPECT(matrix_get(&first, 2, 2) == 0, "%g", matrix_get(&first, 2, 2));
}
END_TEST

/* On the threads of a trainer: the upper layers see an output that would be denormal. */
static atomic_size_t found;

static dni_status find_denormals(void *user, const dni_layer_call *call) {
  (void)user;
  atomic_fetch_add(&found, denormals(call->x));
  atomic_fetch_add(&seen, 1);
  return copy_x(call);
}

static dni_status backward_of_find(void *user, const dni_layer_call *call) {
  (void)user;
  return copy_dy(call);
}

/* tiny dense | tiny dense -> denormals? -> dense; the second is on a thread of its own. */
static dni_trainer *trainer_that_multiplies_tiny_numbers(dni_kind schedule) {
  static const size_t layer_thread[] = {0, 1, 1, 1};
  dni_context *context = make_context(DNI_F32, 5);
  dni_network *network = make_network(context, "6 dense5 dense5");
  for (size_t i = 0; i < 2; i++)
    fill_weights(dni_network_layer(network, i), tiny(DNI_F32));
  dni_layer_callbacks callbacks = {
      .struct_size = sizeof callbacks, .forward = find_denormals, .backward = backward_of_find};
  dni_layer *finder;
  EXPECT_OK(dni_layer_create_callback(context, UNITS, UNITS, &callbacks, &finder));
  add_layer(network, keep(LAYER, finder));
  add_layer(network, keep(LAYER, make_layer(context, UNITS, "dense3")));
  if (schedule != DNI_SCHEDULE_MICRO_BATCHES) {
    dni_sg *sg;
    EXPECT_OK(dni_sg_create_zero(context, UNITS, &sg));
    EXPECT_OK(dni_network_set_sg(network, 0, keep(ESTIMATOR, sg)));
  }
  bool threads = schedule == DNI_SCHEDULE_PIPELINED || schedule == DNI_SCHEDULE_MICRO_BATCHES;
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .optimiser = make_sgd(context, 1e-30),
                                 .max_batch = ROWS,
                                 .schedule = schedule,
                                 .layer_thread = threads ? layer_thread : NULL,
                                 .layer_thread_count = threads ? 4 : 0};
  if (schedule == DNI_SCHEDULE_RANDOM) options.update_probability = 0.5;
  dni_trainer *trainer;
  EXPECT_OK(dni_trainer_create(network, make_cross_entropy(context), &options, &trainer));
  return keep(TRAINER, trainer);
}

START_TEST(test_trainers) {
  dni_trainer *trainer = trainer_that_multiplies_tiny_numbers(schedules[_i]);
  dni_matrix x = matrix_random(DNI_F32, ROWS, INPUTS), y = matrix_one_hot(DNI_F32, ROWS, OUTPUTS);
  set_users_mode();
  for (int step = 0; step < 5; step++)
    EXPECT_OK(support_step(trainer, &x, &y, NULL));
  EXPECT_OK(dni_trainer_flush(trainer));
  expect_users_mode("step");
  EXPECT(atomic_load(&seen) > 0, "no output was looked at");
  EXPECT(atomic_load(&found) == 0, "%zu denormals", atomic_load(&found));
}
END_TEST

static Suite *all(void) {
  Suite *suite = suite_create("float_mode");
  TCase *group = add_group(suite, "float_mode");
  tcase_add_loop_test(group, test_callbacks_have_the_users_mode, 0, SCHEDULES * PLACES);
  tcase_add_loop_test(group, test_failures_leave_the_users_mode, 0, SCHEDULES * PLACES);
  tcase_add_loop_test(group, test_jumps_leave_the_users_mode, 0, SCHEDULES);
  tcase_add_test(group, test_functions_without_status_have_the_users_mode);
  tcase_add_test(group, test_exception_flags_are_the_callers);
  if (!processor_flushes()) return suite;
  tcase_add_loop_test(group, test_products, 0, 2 * SUPPORT_DTYPES);
  tcase_add_loop_test(group, test_layers, 0, LAYER_WORDS * SUPPORT_DTYPES);
  tcase_add_loop_test(group, test_moments_decay_to_nothing, 0, 3 * SUPPORT_DTYPES);
  tcase_add_loop_test(group, test_trainers, 0, SCHEDULES);
  return suite;
}

int main(void) {
  return support_run(all());
}
