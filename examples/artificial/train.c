/* One training, until its loss stands still.
 *
 * The rule: a training stops when the mean loss over a window of TRAVEL_WINDOW / rate steps differs
 * from that of the window before by less than the tolerance, or after the most iterations. A mean
 * is compared because Adam's steps do not become smaller, so the loss keeps trembling. */
#include <math.h>
#include <stdlib.h>

#include "artificial.h"

size_t find_checkpoints(uint64_t iterations, uint64_t *points) {
  static const uint64_t factors[] = {1, 2, 5};
  size_t count = 0;
  for (uint64_t power = 10; power < iterations && count + 4 < CHECKPOINTS_MOST; power *= 10)
    for (size_t i = 0; i < 3; i++)
      if (power * factors[i] < iterations) points[count++] = power * factors[i];
  points[count++] = iterations;
  return count;
}

uint64_t steps_for(double travel, double rate) {
  double steps = floor(travel / rate + 0.5);
  return steps > 1 ? (uint64_t)steps : 1;
}

uint64_t most_iterations(const settings *of) {
  return of->iterations > 0 ? of->iterations : steps_for(TRAVEL_MOST, of->rate);
}

/* Mean over examples, and for the squared error over outputs and without the half. */
static double reported(const training *work, double loss) {
  return work->as.loss == SQUARED ? 2 * loss / (double)dni_dataset_targets(work->data) : loss;
}

/* The mean of the losses of a window, and that of the window before. */
typedef struct window {
  uint64_t length, count;
  double sum, before;
} window;

/* True at the end of a window whose mean is that of the one before. */
static bool stands_still(window *now, double loss, double tolerance) {
  now->sum += loss;
  if (++now->count < now->length) return false;
  double mean = now->sum / (double)now->length;
  bool still = fabs(mean - now->before) < tolerance;
  now->before = mean;
  now->sum = 0;
  now->count = 0;
  return still;
}

/* The data set is one batch. A step reports the loss before it, so that of iteration n is known in
 * step n + 1. */
static dni_status run(training *work, const dni_batch *batch, uint64_t most, course *out) {
  uint64_t points[CHECKPOINTS_MOST];
  size_t next = 0, count = find_checkpoints(most, points);
  window now = {.length = steps_for(TRAVEL_WINDOW, work->as.rate), .before = INFINITY};
  dni_step_report report = {.struct_size = sizeof report};
  while (out->iterations < most && !out->settled) {
    dni_status status = dni_trainer_step(work->trainer, batch, &report);
    if (status != DNI_OK) return status;
    double loss = reported(work, report.loss);
    if (out->iterations++ == points[next]) out->at[next++] = loss;
    out->settled = stands_still(&now, loss, work->of->tolerance);
  }
  dni_evaluation end = {.struct_size = sizeof end};
  dni_status status = dni_network_evaluate(work->network, work->loss, work->data, NULL, &end);
  out->loss = reported(work, end.loss);
  while (next < count)
    out->at[next++] = out->loss;
  return status;
}

static dni_status run_on_all(training *work, uint64_t most, course *out) {
  size_t rows = dni_dataset_examples(work->data), inputs = dni_dataset_features(work->data);
  size_t outputs = dni_dataset_targets(work->data);
  void *memory;
  dni_matrix x, y;
  dni_status status =
      dni_context_allocate(work->context, rows * (inputs + outputs) * sizeof(float), &memory);
  if (status != DNI_OK) return status;
  dni_matrix_init_f32(&x, memory, rows, inputs);
  dni_matrix_init_f32(&y, (float *)memory + rows * inputs, rows, outputs);
  dni_batch batch = {.struct_size = sizeof batch, .x = &x, .y = &y};
  status = dni_dataset_batch(work->data, 0, &x, &y);
  if (status == DNI_OK) status = run(work, &batch, most, out);
  dni_context_free(work->context, memory);
  return status;
}

int train(const settings *of, const plan *as, course *out) {
  training work = {.of = of, .as = *as};
  uint64_t most = steps_for((double)most_iterations(of) * of->rate, as->rate);
  dni_status status = open_training(&work);
  if (status == DNI_OK) status = run_on_all(&work, most, out);
  close_training(&work);
  if (status == DNI_OK) return 0;
  return fail("%s %s %s, seed %llu: %s", model_names[as->model], loss_names[as->loss],
              problems[as->problem].name, (unsigned long long)as->seed, dni_last_message());
}
