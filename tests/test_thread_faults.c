/* No more threads: each thread that the library starts, the first, the second and so on, is refused by the
 * system, once or from then on. The call says so, the threads that had started have ended, nothing has
 * changed, no memory is lost, and the same call works when there are threads again.
 *
 * pthread_create is defined here, in front of the real one. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "training.h"

enum { ROWS = 8, INPUTS = 6, CLASSES = 4, THREADS = 4 };

/* Faults. -------------------------------------------------------------------------------------- */

static struct {
  size_t at, calls; /* the call that fails, from 0; those made */
  bool lasting;     /* and all after it */
} fault = {.at = SIZE_MAX};

static size_t refused;

typedef int create_function(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

/* The real one: of a sanitizer that is linked statically, of a static C library, or the next. */
extern create_function __interceptor_pthread_create __attribute__((weak));
extern create_function __pthread_create __attribute__((weak));

static create_function *real_create(void) {
  create_function *next;
  if (__interceptor_pthread_create) return __interceptor_pthread_create;
  *(void **)(&next) = dlsym(RTLD_NEXT, "pthread_create");
  return next ? next : __pthread_create;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument) {
  const size_t call = fault.calls++;
  if (call == fault.at || (fault.lasting && call > fault.at)) {
    refused++;
    return EAGAIN;
  }
  return real_create()(thread, attributes, run, argument);
}

static void arm(size_t at, bool lasting) {
  fault.calls = 0;
  fault.lasting = lasting;
  fault.at = at;
}

/* Threads of this process; 0: the system does not tell. */
static size_t threads_alive(void) {
  size_t count = 0;
  DIR *tasks = opendir("/proc/self/task");
  if (!tasks) return 0;
  for (const struct dirent *task; (task = readdir(tasks));)
    count += task->d_name[0] != '.';
  (void)closedir(tasks);
  return count;
}

/* A thread that was joined is seen for a moment longer. */
static void expect_threads(size_t expected) {
  size_t alive = threads_alive();
  for (int i = 0; i < 2000 && alive > expected; i++) {
    (void)usleep(1000);
    alive = threads_alive();
  }
  ck_assert_uint_eq(alive, expected);
}

/* What is tried. ------------------------------------------------------------------------------- */

typedef struct scene {
  dni_network *network;
  dni_loss *loss;
  dni_optimiser *optimiser;
  dni_backend *backend;
  dni_trainer *trainer; /* what a call has made; NULL: nothing */
  dni_backend *made;
} scene;

static scene make_scene(void) {
  dni_context *context = make_context(DNI_F32, 3);
  scene s = {.network = make_network(context, "6 relu9 |sgr relu8 |sgr relu7 |sgr dense4"),
             .loss = make_cross_entropy(context),
             .optimiser = make_adam(context, 0.01),
             .backend = keep(BACKEND, support_builtin())};
  EXPECT_OK(dni_backend_set_threads(s.backend, 2));
  return s;
}

static dni_status create_trainer(scene *s, dni_kind schedule) {
  const dni_trainer_options options = {.struct_size = sizeof options,
                                       .optimiser = s->optimiser,
                                       .max_batch = ROWS,
                                       .schedule = schedule,
                                       .threads = THREADS};
  return dni_trainer_create(s->network, s->loss, &options, &s->trainer);
}

static dni_status create_pipelined(scene *s) {
  return create_trainer(s, DNI_SCHEDULE_PIPELINED);
}

static dni_status create_micro_batches(scene *s) {
  for (size_t i = 0; i + 1 < dni_network_layer_count(s->network); i++)
    EXPECT_OK(dni_network_set_sg(s->network, i, NULL));
  return create_trainer(s, DNI_SCHEDULE_MICRO_BATCHES);
}

static dni_status create_backend(scene *s) {
  const dni_backend_options options = {.struct_size = sizeof options, .threads = THREADS};
  return dni_backend_create_builtin(&options, &s->made);
}

static dni_status set_threads(scene *s) {
  return dni_backend_set_threads(s->backend, THREADS);
}

static const struct {
  const char *name;
  dni_status (*call)(scene *s);
  const char *words; /* of the message when the first thread fails */
} calls[] = {
    {"pipelined", create_pipelined, "cannot start thread 2 of 4"},
    {"micro-batches", create_micro_batches, "cannot start thread 2 of 4"},
    {"dni_backend_create_builtin", create_backend, "cannot start thread 2 of 4"},
    {"dni_backend_set_threads", set_threads, "cannot start thread 2 of 4"},
};
enum { CALLS = sizeof calls / sizeof calls[0], TRAINERS = 2 };

/* Does what the call has made, or left, work? */
static void use(const scene *s) {
  dni_matrix x = matrix_random(DNI_F32, ROWS, INPUTS);
  dni_matrix y = matrix_one_hot(DNI_F32, ROWS, CLASSES);
  dni_matrix c = matrix_make(DNI_F32, INPUTS, CLASSES);
  for (int i = 0; i < 5 && s->trainer; i++)
    EXPECT_OK(support_step(s->trainer, &x, &y, NULL));
  if (s->trainer) EXPECT_OK(dni_trainer_flush(s->trainer));
  dni_backend *const backends[] = {s->backend, s->made};
  for (int i = 0; i < 2; i++)
    if (backends[i]) EXPECT_OK(dni_backend_gemm(backends[i], true, false, 1, &x, &y, 0, &c));
}

static void let_go(scene *s) {
  dni_trainer_release(s->trainer);
  dni_backend_release(s->made);
  s->trainer = NULL;
  s->made = NULL;
}

/* _i: the call, then whether failures last. */
START_TEST(test_sweep) {
  const size_t index = (size_t)_i / 2;
  scene s = make_scene();
  const size_t alive = threads_alive();
  if (index < TRAINERS) EXPECT_OK(calls[index].call(&s)); /* layers and SGs keep their room */
  let_go(&s);
  const size_t bytes = support_watched.bytes;
  expect_threads(alive);
  for (size_t at = 0; at < THREADS - 1; at++) {
    arm(at, _i % 2);
    const dni_status status = calls[index].call(&s);
    arm(SIZE_MAX, false);
    EXPECT(status == DNI_ERROR_SYSTEM, "%s, thread %zu: %s", calls[index].name, at,
           dni_status_name(status));
    EXPECT(at > 0 || strstr(dni_last_message(), calls[index].words), "%s", dni_last_message());
    EXPECT(!s.trainer && !s.made, "%s: something was made", calls[index].name);
    ck_assert_uint_eq(support_watched.bytes, bytes);
    expect_threads(alive);
    use(&s);
  }
  EXPECT_OK(calls[index].call(&s));
  EXPECT(fault.calls == THREADS - 1, "%s has started %zu threads", calls[index].name, fault.calls);
  use(&s);
  let_go(&s);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("thread faults");
  TCase *group = add_group(suite, "sweeps");
  tcase_add_loop_test(group, test_sweep, 0, CALLS * 2);
  int failed = support_run(suite);
  if (refused > 0) printf("%zu threads refused\n", refused);
  return failed;
}
