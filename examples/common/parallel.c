/* Independent pieces of work on several threads. */
#include <pthread.h>
#include <stdatomic.h>

#include "common.h"

typedef struct work_list {
  int (*work)(void *shared, size_t index);
  void *shared;
  size_t count;
  atomic_size_t next;
  atomic_int problem;
} work_list;

static void *take_work(void *list_) {
  work_list *list = list_;
  for (;;) {
    size_t index = atomic_fetch_add(&list->next, 1);
    if (index >= list->count || atomic_load(&list->problem) != 0) return NULL;
    int problem = list->work(list->shared, index);
    if (problem != 0) atomic_store(&list->problem, problem);
  }
}

int parallel_work(size_t count, uint64_t threads, int (*work)(void *shared, size_t index),
                  void *shared) {
  work_list list = {.work = work, .shared = shared, .count = count};
  pthread_t started[THREADS_MOST];
  size_t running = 0;
  while (running + 1 < threads && running < THREADS_MOST &&
         pthread_create(&started[running], NULL, take_work, &list) == 0)
    running++;
  (void)take_work(&list);
  for (size_t i = 0; i < running; i++)
    (void)pthread_join(started[i], NULL);
  return atomic_load(&list.problem);
}
