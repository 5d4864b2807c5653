/* Threads beside the trainer: one cancels, changes rates and takes references, one predicts with a
 * copy of the network. And predictions by several threads while nothing trains. */
#include <pthread.h>
#include <unistd.h>

#include "random.h"

static struct {
  world *w;
  bool runs, cancels;
  atomic_bool stop;
  pthread_t threads[2];
  dni_network *copy;
  dni_predictor *predictor;
} beside;

static void *meddle(void *argument) {
  dni_trainer *trainer = beside.w->trainer;
  (void)argument;
  for (unsigned i = 0; !atomic_load(&beside.stop); i++) {
    if (i % 3 == 0) EXPECT_FINE(dni_trainer_set_rate_factor(trainer, DNI_ALL, (i % 7) / 4.0));
    if (i % 3 == 1) dni_trainer_release(dni_trainer_retain(trainer));
    if (i % 3 == 2 && beside.cancels) dni_trainer_cancel(trainer);
    (void)dni_trainer_step_count(trainer);
    (void)usleep(100);
  }
  return NULL;
}

static void *predict_beside(void *argument) {
  double x[4 * WIDEST] = {0}, h[4 * (WIDEST + 1)];
  const world *w = beside.w;
  dni_matrix in = view(w->dtype, x, 4, world_inputs(w), world_inputs(w));
  dni_matrix out = view(w->dtype, h, 4, world_outputs(w), world_outputs(w));
  (void)argument;
  while (!atomic_load(&beside.stop)) {
    EXPECT_FINE(dni_predictor_run(beside.predictor, DNI_ALL, &in, &out));
    (void)usleep(100);
  }
  return NULL;
}

void beside_begin(world *w) {
  beside.w = w;
  beside.runs = chance(60);
  beside.cancels = chance(50);
  if (!beside.runs) return;
  atomic_store(&beside.stop, false);
  EXPECT_FINE(dni_network_copy(w->network, &beside.copy));
  EXPECT_FINE(dni_predictor_create(beside.copy, 2, &beside.predictor));
  EXPECT(pthread_create(&beside.threads[0], NULL, meddle, NULL) == 0, "no thread");
  EXPECT(pthread_create(&beside.threads[1], NULL, predict_beside, NULL) == 0, "no thread");
}

void beside_end(void) {
  if (!beside.runs) return;
  atomic_store(&beside.stop, true);
  for (size_t i = 0; i < 2; i++)
    (void)pthread_join(beside.threads[i], NULL);
  dni_predictor_release(beside.predictor);
  dni_network_release(beside.copy);
}

/* While nothing trains. ----------------------------------------------------------------------- */

typedef struct prediction {
  const world *w;
  double x[ROWS_MOST * WIDEST];
  size_t rows;
  uint64_t hash;
} prediction;

static void *predict(void *argument) {
  double h[ROWS_MOST * (WIDEST + 1)];
  prediction *own = argument;
  const world *w = own->w;
  dni_matrix in = view(w->dtype, own->x, own->rows, world_inputs(w), world_inputs(w));
  dni_matrix out = view(w->dtype, h, own->rows, world_outputs(w), world_outputs(w));
  EXPECT_FINE(dni_network_predict(w->network, &in, &out));
  own->hash = hash_matrix(1, &out);
  return NULL;
}

void predict_together(world *w) {
  prediction first = {.w = w, .rows = 1 + below(ROWS_MOST)}, second;
  pthread_t thread;
  dni_matrix x = view(w->dtype, first.x, first.rows, world_inputs(w), world_inputs(w));
  for (size_t r = 0; r < x.rows; r++)
    for (size_t c = 0; c < x.columns; c++)
      set(&x, r, c, uniform(0, 1));
  settle(w, 0);
  if (chance(30)) EXPECT_FINE(dni_network_reserve(w->network, below(30)));
  memcpy(&second, &first, sizeof second);
  EXPECT(pthread_create(&thread, NULL, predict, &first) == 0, "no thread");
  (void)predict(&second);
  (void)pthread_join(thread, NULL);
  EXPECT(first.hash == second.hash, "two threads predict different numbers");
}
