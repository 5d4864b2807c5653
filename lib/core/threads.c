/* Fork and join. The parts of a piece of work are counted down, and whoever takes one off the count
 * does it; the caller takes parts like the rest and waits only for those that others have taken. So
 * a thread that the system is slow to wake costs nothing but its help.
 *
 * Waiting is first a short spin, since in training the next product is usually microseconds away,
 * then a sleep on a condition variable.
 *
 * A forked child has the team's memory but not its threads, and its mutex may be locked by one of
 * them for ever. So the team knows the process that it was made in and does nothing in another. */
#include <signal.h>
#include <unistd.h>

#include "core/threads.h"

#define SPINS 2000 /* some 30 to 150 microseconds */

struct dni__team {
  dni__memory *memory;
  size_t size;
  pid_t process; /* in which the threads run */
  atomic_flag busy;
  pthread_mutex_t mutex; /* held to raise unclaimed or set ending, and around sleeping */
  pthread_cond_t started, finished;
  atomic_size_t unclaimed; /* parts nobody has taken yet */
  atomic_size_t pending;   /* parts not done yet */
  atomic_bool ending;
  size_t parts; /* these three are read only by who has taken a part */
  dni__team_work work;
  void *argument;
  size_t members; /* threads running, besides the caller */
  pthread_t member[];
};

static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

/* Take one part off the count, if there is one. A count of the next piece of work is as good. */
static bool claim(dni__team *team, size_t *part) {
  size_t left = atomic_load_explicit(&team->unclaimed, memory_order_acquire);
  while (left > 0)
    if (atomic_compare_exchange_weak_explicit(&team->unclaimed, &left, left - 1,
                                              memory_order_acquire, memory_order_acquire)) {
      *part = left - 1;
      return true;
    }
  return false;
}

static void do_parts(dni__team *team) {
  size_t part;
  while (claim(team, &part)) {
    team->work(team->argument, part, team->parts);
    if (atomic_fetch_sub_explicit(&team->pending, 1, memory_order_acq_rel) > 1) continue;
    pthread_mutex_lock(&team->mutex);
    pthread_cond_signal(&team->finished);
    pthread_mutex_unlock(&team->mutex);
  }
}

static bool has_work(dni__team *team) {
  return atomic_load_explicit(&team->unclaimed, memory_order_relaxed) > 0 ||
         atomic_load_explicit(&team->ending, memory_order_relaxed);
}

static bool is_finished(dni__team *team) {
  return atomic_load_explicit(&team->pending, memory_order_acquire) == 0;
}

static void wait_until(dni__team *team, bool (*condition)(dni__team *team),
                       pthread_cond_t *signal) {
  for (int spin = 0; spin < SPINS; spin++) {
    if (condition(team)) return;
    pause_briefly();
  }
  pthread_mutex_lock(&team->mutex);
  while (!condition(team))
    pthread_cond_wait(signal, &team->mutex);
  pthread_mutex_unlock(&team->mutex);
}

static void *member_main(void *argument) {
  DNI_FLUSH_DENORMALS;
  dni__team *team = argument;
  while (!atomic_load_explicit(&team->ending, memory_order_relaxed)) {
    wait_until(team, has_work, &team->started);
    do_parts(team);
  }
  return NULL;
}

static void wake(dni__team *team, size_t parts, bool ending) {
  pthread_mutex_lock(&team->mutex);
  atomic_store_explicit(&team->ending, ending, memory_order_relaxed);
  atomic_store_explicit(&team->unclaimed, parts, memory_order_release);
  pthread_cond_broadcast(&team->started);
  pthread_mutex_unlock(&team->mutex);
}

int dni__thread_create(pthread_t *thread, void *(*run)(void *argument), void *argument) {
  sigset_t all, before;
  pthread_attr_t attributes;
  int failed = pthread_attr_init(&attributes);
  if (failed) return failed;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  failed = pthread_attr_setstacksize(&attributes, DNI__THREAD_STACK);
  const dni__float_place place = dni__float_users(); /* a new thread begins with its maker's mode */
  if (!failed) failed = pthread_create(thread, &attributes, run, argument);
  dni__float_back(place);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return failed;
}

static dni_status start_members(dni__team *team) {
  int failed = 0;
  while (team->members < team->size - 1 && !failed) {
    failed = dni__thread_create(&team->member[team->members], member_main, team);
    if (!failed) team->members++;
  }
  if (failed)
    return dni__fail(DNI_ERROR_SYSTEM, "cannot start thread %zu of %zu: error %d",
                     team->members + 2, team->size, failed);
  return DNI_OK;
}

dni_status dni__team_create(dni__memory *memory, size_t threads, dni__team **out) {
  size_t members, bytes;
  if (!dni__multiply(threads - 1, sizeof(pthread_t), &members) ||
      !dni__add(members, sizeof(dni__team), &bytes))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu threads", threads);
  dni__team *team = dni__allocate(memory, 1, bytes);
  if (!team) return DNI_ERROR_MEMORY;
  team->memory = memory;
  team->size = threads;
  team->process = getpid();
  atomic_flag_clear(&team->busy);
  pthread_mutex_init(&team->mutex, NULL);
  pthread_cond_init(&team->started, NULL);
  pthread_cond_init(&team->finished, NULL);
  dni_status status = start_members(team);
  if (status == DNI_OK)
    *out = team;
  else
    dni__team_destroy(team);
  return status;
}

static bool is_forked(const dni__team *team) {
  return getpid() != team->process;
}

static void end_members(dni__team *team) {
  wake(team, 0, true);
  for (size_t i = 0; i < team->members; i++)
    pthread_join(team->member[i], NULL);
  pthread_cond_destroy(&team->finished);
  pthread_cond_destroy(&team->started);
  pthread_mutex_destroy(&team->mutex);
}

void dni__team_destroy(dni__team *team) {
  if (!team) return;
  if (!is_forked(team)) end_members(team);
  dni__free(team->memory, team);
}

size_t dni__team_size(const dni__team *team) {
  return team->size;
}

bool dni__team_run(dni__team *team, size_t parts, dni__team_work work, void *argument) {
  if (is_forked(team)) return false;
  if (atomic_flag_test_and_set_explicit(&team->busy, memory_order_acquire)) return false;
  team->parts = parts;
  team->work = work;
  team->argument = argument;
  atomic_store_explicit(&team->pending, parts, memory_order_relaxed);
  wake(team, parts, false);
  do_parts(team);
  wait_until(team, is_finished, &team->finished);
  atomic_flag_clear_explicit(&team->busy, memory_order_release);
  return true;
}
