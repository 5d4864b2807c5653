/* A team of threads that share one piece of work and then wait for the next. Internal. */
#ifndef DNI_CORE_THREADS_H
#define DNI_CORE_THREADS_H

#include <pthread.h>

#include "core/core.h"

/* Stack of the library's own threads, whatever the limits of the process: enough for the library
 * many times over, because callbacks run there too. Memory is taken only where it is used. */
#define DNI__THREAD_STACK ((size_t)2 << 20)

/* pthread_create with that stack and with all signals blocked: a signal handler of the program
 * never runs there. Answers 0 or the system's error. */
int dni__thread_create(pthread_t *thread, void *(*run)(void *argument), void *argument);

typedef struct dni__team dni__team;

/* Part `part` of `parts` of the work. Must not fail, nor depend on which thread does it, nor wait
 * for another part. */
typedef void (*dni__team_work)(void *argument, size_t part, size_t parts);

/* A team of `threads` >= 2, the caller of dni__team_run being one of them. The others start here.
 * DNI_ERROR_MEMORY: no memory. DNI_ERROR_SYSTEM: the system starts no more threads. */
dni_status dni__team_create(dni__memory *memory, size_t threads, dni__team **out);
/* Ends and joins the threads; in a forked child, where they do not exist, it only frees memory.
 * NULL: nothing. Not while another thread is in dni__team_run. */
void dni__team_destroy(dni__team *team);

size_t dni__team_size(const dni__team *team);

/* Do `parts` >= 1 parts, each on whichever thread is free, and return true when all are done. More
 * parts than threads even out threads of different speed. If the team is at work for another thread
 * or in a forked child, nothing is done and the answer is false at once. */
bool dni__team_run(dni__team *team, size_t parts, dni__team_work work, void *argument);

#endif
