/* Random trainers, driven at random: is what the headers promise kept, also where things fail?
 *
 *   random [FIRST [COUNT]]
 *
 * runs the seeds FIRST, FIRST + 1, ...; by default one. Each makes a network of any layers, with any
 * SGs, loss, optimisers and schedule, and does with its trainer what a program might: steps, fits,
 * flushes, replays, callbacks that fail, sleep, jump out or call back, numbers that are not finite,
 * other threads that cancel and predict. A fault, a sanitizer's report or a seed that does not end
 * prints the seed and the command that runs it again. Made to be run under sanitizers:
 * `make check-random`. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "random.h"

#define SECONDS_MOST 120 /* of a seed; sanitizers and other programs are slow */

/* Of the sanitizers, if the program is built with one: called before it ends the program. */
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void on_alarm(int signal) {
  static const char text[] = "the seed does not end\n";
  ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
  (void)signal, (void)written;
  print_seed();
  abort();
}

static void drive(void) {
  world w = {.odd = chance(40)};
  EXPECT_FINE(world_build(&w));
  EXPECT_FINE(world_train(&w));
  check_packs(&w);
  beside_begin(&w);
  for (size_t n = 4 + below(12); n > 0; n--)
    act(&w);
  activity = "end";
  if (chance(50)) (void)random_step(&w, 0); /* and let it be dropped */
  own_behave();
  beside_end();
  world_end(&w);
}

/* Memory ends somewhere. A failure says so, and leaves nothing behind; a fit that fails for it has
 * made no step. */
static void starve(void) {
  world w = {0};
  bool fits = chance(50);
  if (!fits) atomic_store(&memory_left, below(300));
  dni_status status = EXPECT_IN(FINE | NO_MEMORY, world_build(&w));
  if (status == DNI_OK) status = EXPECT_IN(FINE | NO_MEMORY, world_train(&w));
  atomic_store(&memory_left, SIZE_MAX);
  if (status == DNI_OK && fits) {
    dni_dataset *dataset;
    EXPECT_FINE(random_dataset(&w, &dataset));
    atomic_store(&memory_left, below(16));
    plain_fit(&w, dataset, NO_MEMORY);
    atomic_store(&memory_left, SIZE_MAX);
    if (dni_last_status() == DNI_ERROR_MEMORY)
      EXPECT(dni_trainer_step_count(w.trainer) == 0, "a fit without memory has made steps");
    dni_dataset_release(dataset);
    settle(&w, 0);
  }
  world_end(&w);
}

enum { TWICE_STEPS = 12 };

/* The parameters after some steps, which are the same each time the seed is begun anew, but for the
 * lags of targets: recorded the first time and replayed the second. */
static uint64_t run_once(uint64_t seed, uint8_t *lags, bool replays) {
  chance_begin(seed);
  world w = {.again = true};
  EXPECT_FINE(world_build(&w));
  EXPECT_FINE(world_train(&w));
  size_t rows = w.schedule == DNI_SCHEDULE_PIPELINED ? dni_trainer_thread_count(w.trainer) - 1 : 0;
  EXPECT_FINE(replays ? dni_trainer_replay(w.trainer, lags, rows * TWICE_STEPS, TWICE_STEPS)
                      : dni_trainer_record(w.trainer, lags, rows * TWICE_STEPS, TWICE_STEPS));
  for (size_t i = 0; i < TWICE_STEPS; i++) {
    (void)random_step(&w, 0);
    if (chance(10)) settle(&w, 0);
  }
  settle(&w, 0);
  uint64_t hash = world_hash(&w);
  world_end(&w);
  return hash;
}

static void twice(uint64_t seed) {
  uint8_t lags[LAYERS_MOST * TWICE_STEPS] = {0};
  uint64_t first = run_once(seed, lags, false), second = run_once(seed, lags, true);
  EXPECT(first == second, "the same twice gives different parameters");
}

static void run_seed(uint64_t seed) {
  present_seed = seed;
  chance_begin(seed);
  (void)alarm(SECONDS_MOST);
  size_t kind = below(10);
  if (kind < 7)
    drive();
  else if (kind == 7)
    starve();
  else
    twice(random_bits());
}

int main(int argc, char **argv) {
  program = argv[0];
  uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
  uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  (void)signal(SIGALRM, on_alarm);
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(print_seed);
  for (uint64_t i = 0; i < count; i++)
    run_seed(first + i);
  printf("seeds %ju to %ju: no fault\n", (uintmax_t)first, (uintmax_t)(first + count - 1));
  return 0;
}
