/* Fork and join. Each round of work has a number; a thread waits for the next number, does its part
 * and counts itself off. Waiting is first a short spin, since in training the next product is
 * usually microseconds away, then a sleep on a condition variable. */
#include <pthread.h>
#include <signal.h>

#include "core/threads.h"

#define SPINS 2000 /* about 50 microseconds */

typedef struct member {
  dni__team *team;
  size_t part;
  pthread_t thread;
} member;

struct dni__team {
  dni__memory *memory;
  size_t size;
  atomic_flag busy;
  pthread_mutex_t mutex;
  pthread_cond_t started, finished;
  atomic_size_t round;   /* changed under the mutex */
  atomic_size_t pending; /* members still at work in this round */
  dni__team_work work;   /* NULL: end */
  void *argument;
  size_t members; /* threads running */
  member member[];
};

static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

/* Wait until the counter is no longer, or is, `value`; the condition is signalled under the mutex
 * after each change that matters. */
static void wait_for(dni__team *team, atomic_size_t *counter, size_t value, bool equal,
                     pthread_cond_t *condition) {
  for (int spin = 0; spin < SPINS; spin++) {
    if ((atomic_load_explicit(counter, memory_order_acquire) == value) == equal) return;
    pause_briefly();
  }
  pthread_mutex_lock(&team->mutex);
  while ((atomic_load_explicit(counter, memory_order_acquire) == value) != equal)
    pthread_cond_wait(condition, &team->mutex);
  pthread_mutex_unlock(&team->mutex);
}

static void *member_main(void *argument) {
  member *self = argument;
  dni__team *team = self->team;
  for (size_t round = 0;; round++) {
    wait_for(team, &team->round, round, false, &team->started);
    if (!team->work) return NULL;
    team->work(team->argument, self->part, team->size);
    if (atomic_fetch_sub_explicit(&team->pending, 1, memory_order_acq_rel) > 1) continue;
    pthread_mutex_lock(&team->mutex);
    pthread_cond_signal(&team->finished);
    pthread_mutex_unlock(&team->mutex);
  }
}

static void start_round(dni__team *team, dni__team_work work, void *argument) {
  team->work = work;
  team->argument = argument;
  atomic_store_explicit(&team->pending, team->members, memory_order_relaxed);
  pthread_mutex_lock(&team->mutex);
  atomic_fetch_add_explicit(&team->round, 1, memory_order_release);
  pthread_cond_broadcast(&team->started);
  pthread_mutex_unlock(&team->mutex);
}

static dni_status start_members(dni__team *team) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = 0;
  while (team->members < team->size - 1 && !failed) {
    member *next = &team->member[team->members];
    *next = (member){.team = team, .part = team->members + 1};
    failed = pthread_create(&next->thread, NULL, member_main, next);
    if (!failed) team->members++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failed)
    return dni__fail(DNI_ERROR_MEMORY, "cannot start thread %zu of %zu: error %d",
                     team->members + 2, team->size, failed);
  return DNI_OK;
}

dni_status dni__team_create(dni__memory *memory, size_t threads, dni__team **out) {
  size_t members, bytes;
  if (!dni__multiply(threads - 1, sizeof(member), &members) ||
      !dni__add(members, sizeof(dni__team), &bytes))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu threads", threads);
  dni__team *team = dni__allocate(memory, 1, bytes);
  if (!team) return DNI_ERROR_MEMORY;
  team->memory = memory;
  team->size = threads;
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

void dni__team_destroy(dni__team *team) {
  if (!team) return;
  start_round(team, NULL, NULL);
  for (size_t i = 0; i < team->members; i++)
    pthread_join(team->member[i].thread, NULL);
  pthread_cond_destroy(&team->finished);
  pthread_cond_destroy(&team->started);
  pthread_mutex_destroy(&team->mutex);
  dni__free(team->memory, team);
}

size_t dni__team_size(const dni__team *team) {
  return team->size;
}

bool dni__team_run(dni__team *team, dni__team_work work, void *argument) {
  if (atomic_flag_test_and_set_explicit(&team->busy, memory_order_acquire)) return false;
  start_round(team, work, argument);
  work(argument, 0, team->size);
  wait_for(team, &team->pending, 0, true, &team->finished);
  atomic_flag_clear_explicit(&team->busy, memory_order_release);
  return true;
}
