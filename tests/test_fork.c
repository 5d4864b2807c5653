/* fork() while a trainer or a backend has threads, which the child does not have: there handles can
 * be released in any order, a trainer with threads refuses to work, a backend with threads works
 * with one. The parent goes on to the same bits as if nothing had been. */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "callbacks.h"

/* Children. ------------------------------------------------------------------------------------ */

/* In the child, where Check is not at home. */
#define CHILD_EXPECT(condition, ...)                                                               \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, __VA_ARGS__);                                                                \
      fputc('\n', stderr);                                                                         \
      _exit(1);                                                                                    \
    }                                                                                              \
  } while (0)

enum { CHILD_SECONDS = 60 };

/* Run `child` in a child, which then ends, and expect it to be content. */
static void fork_and(void (*child)(void)) {
  fflush(stdout);
  fflush(stderr);
  pid_t pid = fork();
  ck_assert_int_ne(pid, -1);
  if (pid == 0) {
    alarm(CHILD_SECONDS); /* if it waits for threads that are not there */
    child();
    _exit(0);
  }
  int status = 0;
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  EXPECT(!WIFSIGNALED(status), "the child was ended by signal %d", WTERMSIG(status));
  EXPECT(WEXITSTATUS(status) == 0, "the child found a fault");
}

static unsigned release_order; /* another one for each child */

/* Everything that the test made, in some order; then no memory may be left. */
static void release_in_some_order(void) {
  uint64_t state = 88172645463325252u + 977 * release_order;
  for (size_t i = kept_count; i > 1; i--) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    size_t at = (size_t)(state % i);
    thing_kind kind = kept[at].kind;
    void *thing = kept[at].thing;
    kept[at] = kept[i - 1];
    kept[i - 1].kind = kind;
    kept[i - 1].thing = thing;
  }
  release_all();
  CHILD_EXPECT(support_watched.blocks == 0, "%zu blocks are left in the child",
               (size_t)support_watched.blocks);
  CHILD_EXPECT(support_watched.faults == 0, "faults in the use of the allocator");
}

/* Trainers. ------------------------------------------------------------------------------------ */

static bool has_threads; /* of the trainer in the rig */

static void child_of_trainer(void) {
  disarm();
  dni_matrix x, y;
  own_batch(&x, &y);
  dni_status step = support_step(rig.trainer, &x, &y, NULL);
  dni_status fit = dni_trainer_fit(rig.trainer, rig.dataset, NULL);
  dni_status flush = dni_trainer_flush(rig.trainer);
  CHILD_EXPECT(step == DNI_ERROR_STATE && fit == DNI_ERROR_STATE && flush == DNI_ERROR_STATE,
               "step %s, fit %s, flush %s", dni_status_name(step), dni_status_name(fit),
               dni_status_name(flush));
  CHILD_EXPECT(strstr(dni_last_message(), "fork"), "\"%s\"", dni_last_message());
  release_in_some_order();
}

/* A trainer without threads is the child's as it was the parent's. */
static void child_of_sequential(void) {
  dni_matrix x, y;
  own_batch(&x, &y);
  disarm();
  CHILD_EXPECT(support_step(rig.trainer, &x, &y, NULL) == DNI_OK, "%s", dni_last_message());
  CHILD_EXPECT(dni_trainer_fit(rig.trainer, rig.dataset, NULL) == DNI_OK, "%s", dni_last_message());
  release_in_some_order();
}

static void fork_between_steps(void) {
  release_order++;
  fork_and(has_threads ? child_of_trainer : child_of_sequential);
}

/* In a callback of the trainer nobody may call it; in the child everything can still be released.
 */
static void fork_inside(void) {
  release_order++;
  fork_and(has_threads ? child_of_trainer : release_in_some_order);
}

enum { STEPS = 12 };

/* Steps and a fit. With forks a child after each step, and one from the place inside of fit. */
static numbers train(machine *m, place at, bool forks) {
  dni_matrix x, y;
  own_batch(&x, &y);
  for (size_t i = 0; i < STEPS; i++) {
    EXPECT_OK(support_step(m->trainer, &x, &y, NULL));
    if (forks && i % 3 == 0) fork_between_steps();
  }
  EXPECT_OK(dni_trainer_flush(m->trainer));
  if (forks) arm(at, 5, CALL_HOOK);
  EXPECT_OK(fit_machine(m, STEPS));
  EXPECT(!forks || atomic_load(&rig.at) == NOWHERE, "%s: not reached", place_names[at]);
  disarm();
  return all_layer_numbers(m->network);
}

/* Two runs, the second of which has the lags of the first. */
START_TEST(test_fork_of_a_trainer) {
  static const place places[] = {STEP_CALLBACK, LOWER_FORWARD, LOWER_BACKWARD, FETCH,
                                 UPPER_FORWARD};
  enum { RUN = 2 * STEPS };
  int schedule = _i / 5;
  place at = places[_i % 5];
  uint8_t lags[RUN] = {0};
  numbers result[2];
  for (int again = 0; again < 2; again++) {
    static machine m;
    make_machine(&m, schedule);
    rig.hook = fork_inside;
    size_t threads = dni_trainer_thread_count(m.trainer);
    has_threads = threads > 1;
    ck_assert_uint_eq(has_threads, m.schedule == DNI_SCHEDULE_PIPELINED ||
                                       m.schedule == DNI_SCHEDULE_MICRO_BATCHES);
    size_t count = m.schedule == DNI_SCHEDULE_PIPELINED ? (threads - 1) * RUN : 0;
    if (count > 0 && again)
      EXPECT_OK(dni_trainer_replay(m.trainer, lags, count, RUN));
    else if (count > 0)
      EXPECT_OK(dni_trainer_record(m.trainer, lags, count, RUN));
    result[again] = train(&m, at, !again);
    if (!again) expect_usable(&m);
    release_all();
  }
  EXPECT_SAME_BITS(result[1], result[0]);
}
END_TEST

/* Micro-batches on one thread, the caller's, go on in the child. */
START_TEST(test_fork_of_one_thread) {
  static machine m;
  make_machine(&m, 3);
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .max_batch = ROWS,
                                 .schedule = DNI_SCHEDULE_MICRO_BATCHES,
                                 .threads = 1};
  EXPECT_OK(dni_trainer_create(m.network, m.loss, &options, &rig.trainer));
  keep(TRAINER, rig.trainer);
  ck_assert_uint_eq(dni_trainer_thread_count(rig.trainer), 1);
  release_order++;
  fork_and(child_of_sequential);
}
END_TEST

/* Backends. ------------------------------------------------------------------------------------ */

enum { SIDE = 200 };

static dni_backend *shared_backend;
static float a_data[SIDE * SIDE], b_data[SIDE * SIDE], c_data[SIDE * SIDE], c_right[SIDE * SIDE];

static dni_status multiply(float *out) {
  dni_matrix a, b, c;
  dni_matrix_init_f32(&a, a_data, SIDE, SIDE);
  dni_matrix_init_f32(&b, b_data, SIDE, SIDE);
  dni_matrix_init_f32(&c, out, SIDE, SIDE);
  return dni_backend_gemm(shared_backend, 0, 1, 1, &a, &b, 0, &c);
}

static void child_of_backend(void) {
  for (size_t i = 0; i < 3; i++) {
    memset(c_data, 0xFF, sizeof c_data);
    CHILD_EXPECT(multiply(c_data) == DNI_OK, "%s", dni_last_message());
    CHILD_EXPECT(!memcmp(c_data, c_right, sizeof c_data), "other numbers in the child");
  }
  release_in_some_order();
}

static atomic_bool multiply_on;

static void *multiply_meanwhile(void *argument) {
  static float own_c[SIDE * SIDE];
  while (atomic_load(&multiply_on))
    if (multiply(own_c) != DNI_OK) return argument;
  return NULL;
}

static void make_threaded_backend(void) {
  dni_backend_options options = {
      .struct_size = sizeof options, .allocator = &support_allocator, .threads = 3};
  EXPECT_OK(dni_backend_create_builtin(&options, &shared_backend));
  keep(BACKEND, shared_backend);
  for (size_t i = 0; i < SIDE * SIDE; i++) {
    a_data[i] = (float)support_normal();
    b_data[i] = (float)support_normal();
  }
  EXPECT_OK(multiply(c_right));
}

/* While nothing is multiplied, and while another thread is at it. */
START_TEST(test_fork_of_a_backend) {
  make_threaded_backend();
  pthread_t thread;
  atomic_store(&multiply_on, true);
  if (_i == 1) ck_assert_int_eq(pthread_create(&thread, NULL, multiply_meanwhile, &multiply_on), 0);
  for (size_t i = 0; i < 5; i++) {
    release_order++;
    fork_and(child_of_backend);
    EXPECT_OK(multiply(c_data));
    EXPECT(!memcmp(c_data, c_right, sizeof c_data), "other numbers in the parent");
  }
  atomic_store(&multiply_on, false);
  void *failed = NULL;
  if (_i == 1) ck_assert_int_eq(pthread_join(thread, &failed), 0);
  EXPECT(!failed, "a product failed meanwhile");
}
END_TEST

/* A sequential trainer on a backend with threads: the child makes the parent's next steps. */
static dni_network *stepped;
static dni_trainer *stepper;
static dni_matrix step_x, step_y;
static numbers after_steps;

static void child_of_stepper(void) {
  for (size_t i = 0; i < 3; i++)
    CHILD_EXPECT(support_step(stepper, &step_x, &step_y, NULL) == DNI_OK, "%s", dni_last_message());
  CHILD_EXPECT(same_bits(all_layer_numbers(stepped), after_steps), "other numbers in the child");
  release_in_some_order();
}

START_TEST(test_fork_of_a_trainer_on_threads) {
  for (int again = 0; again < 2; again++) { /* the second time it is known what comes out */
    support_setup();
    make_threaded_backend();
    dni_context *context = make_backend_context(DNI_F32, 3, shared_backend);
    stepped = make_network(context, "40 relu30 norm |sg dense3");
    stepper = make_trainer(context, stepped, make_sgd(context, 0.1), NULL, 64, 0);
    step_x = matrix_random(DNI_F32, 64, 40);
    step_y = matrix_one_hot(DNI_F32, 64, 3);
    for (size_t i = 0; i < 3; i++)
      EXPECT_OK(support_step(stepper, &step_x, &step_y, NULL));
    release_order++;
    if (again) fork_and(child_of_stepper);
    for (size_t i = 0; i < 3; i++)
      EXPECT_OK(support_step(stepper, &step_x, &step_y, NULL));
    numbers mine = all_layer_numbers(stepped);
    if (again) EXPECT_SAME_BITS(mine, after_steps);
    after_steps = mine;
    release_all();
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("fork");
  TCase *group = add_group(suite, "fork");
  tcase_add_loop_test(group, test_fork_of_a_trainer, 0, SCHEDULES * 5);
  tcase_add_test(group, test_fork_of_one_thread);
  tcase_add_loop_test(group, test_fork_of_a_backend, 0, 2);
  tcase_add_test(group, test_fork_of_a_trainer_on_threads);
  return support_run(suite);
}
