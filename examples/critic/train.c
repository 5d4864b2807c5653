/* Trained estimators beside a network that learns by exact backpropagation: none of them touches
 * it, so all of them see the same. Each learns in every step from the batch; a critic the
 * examples' losses, an SG their true gradients. */
#include <math.h>
#include <stdlib.h>

#include <dni/research.h>

#include "critic.h"

typedef struct estimator {
  dni_sg *sg;
  dni_optimiser *adam;
} estimator;

static void open_estimator(estimator *of, const model *on, const settings *with, int which) {
  dni_sg_options options = {.struct_size = sizeof options};
  size_t units = (size_t)with->units;
  options.hidden_layers = which == CRITIC || which == DEEP_SG ? 1 : 0;
  if (which == CRITIC || which == LINEAR_CRITIC)
    must(dni_sg_create_critic(on->context, units, CLASSES, &options, &of->sg));
  else
    must(dni_sg_create_synthetic(on->context, units, CLASSES, &options, &of->sg));
  must(dni_sg_reserve(of->sg, (size_t)with->examples));
  must(dni_optimiser_create_adam(on->context, with->rate, &of->adam));
  must(dni_optimiser_add_sg(of->adam, of->sg));
}

static void learn(const estimator *of, const batch *from) {
  dni_lesson lesson = {.struct_size = sizeof lesson, .h = &from->h, .y = &from->y};
  if (dni_sg_learns(of->sg) == DNI_SG_LEARNS_LOSS)
    lesson.losses = &from->losses;
  else
    lesson.target = &from->delta;
  must(dni_sg_learn(of->sg, &lesson, NULL));
  must(dni_optimiser_step(of->adam));
}

/* On all examples. */
static void measure(const estimator *of, batch *all, uint64_t step, run *out) {
  dni_alignment gradient = {.struct_size = sizeof gradient}, loss = {.struct_size = sizeof loss};
  dni_query query = {.struct_size = sizeof query, .h = &all->h, .y = &all->y};
  must(dni_sg_estimate(of->sg, &query, &all->estimate));
  must(dni_analysis_align(&all->estimate, &all->delta, &gradient));
  loss = gradient;
  if (dni_sg_learns(of->sg) == DNI_SG_LEARNS_LOSS) {
    query.losses = &all->guess;
    must(dni_sg_estimate(of->sg, &query, NULL));
    must(dni_analysis_align(&all->guess, &all->losses, &loss));
  }
  out->step[out->points] = (double)step;
  out->cosine[out->points] = gradient.cosine;
  out->gradient_error[out->points] = gradient.relative_error;
  out->error[out->points++] = loss.relative_error;
}

/* Examples `first` and on of the present order. */
static void fetch(const model *on, size_t first, batch *into) {
  must(dni_dataset_gather(on->data, dni_order_indices(on->order) + first, into->rows, &into->x,
                          &into->y));
}

/* The network moves after the estimators have seen it. */
static void train_step(model *on, const settings *with, batch *part, const estimator *estimators,
                       uint64_t step) {
  uint64_t batches = with->examples / with->batch, place = step % batches;
  if (place == 0) must(dni_order_shuffle(on->order));
  fetch(on, (size_t)(place * with->batch), part);
  (void)evaluate(on, part);
  for (size_t i = 0; i < ESTIMATORS; i++)
    learn(&estimators[i], part);
  must(dni_layer_backward(on->lower, DNI_GRADIENT_REPLACE, NULL, &part->x, &part->h, &part->delta,
                          NULL));
  must(dni_optimiser_step(on->adam));
}

void train_beside(const settings *with, uint64_t seed, run *runs) {
  model on;
  estimator estimators[ESTIMATORS];
  batch all = make_batch(with, (size_t)with->examples);
  batch part = make_batch(with, (size_t)with->batch);
  uint64_t every = (with->steps + POINTS_MOST - 2) / (POINTS_MOST - 1);
  open_model(&on, with, seed);
  for (int i = 0; i < ESTIMATORS; i++) {
    open_estimator(&estimators[i], &on, with, i);
    runs[i].estimator = i;
    runs[i].seed = seed;
  }
  for (uint64_t step = 0; step <= with->steps; step++) {
    if (step % every == 0) {
      fetch(&on, 0, &all);
      double mean = evaluate(&on, &all);
      for (size_t i = 0; i < ESTIMATORS; i++)
        measure(&estimators[i], &all, step, &runs[i]);
      progress("seed %llu: step %llu of %llu, loss %.4f", (unsigned long long)seed,
               (unsigned long long)step, (unsigned long long)with->steps, mean);
    }
    train_step(&on, with, &part, estimators, step);
  }
  progress(NULL);
  for (size_t i = 0; i < ESTIMATORS; i++) {
    dni_optimiser_release(estimators[i].adam);
    dni_sg_release(estimators[i].sg);
  }
  free_batch(&part);
  free_batch(&all);
  close_model(&on);
}
