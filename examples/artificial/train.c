/* One training, until its loss stands still.
 *
 * The rule: a training stops when the mean loss over the last quarter of its steps differs from that
 * over the quarter before by less than the tolerance, or after the most iterations. Means over
 * quarters are compared because Adam's steps do not become smaller, so the loss keeps trembling, and
 * because a loss that falls slowly must be watched for long. It is looked at every 4 windows of
 * TRAVEL_WINDOW / rate steps, first after 8. */
#include <math.h>
#include <stdlib.h>

#include "artificial.h"

enum { WINDOWS_MOST = 1000 };

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

uint64_t most_iterations(const settings *of, int model) {
  if (of->iterations > 0) return of->iterations;
  return steps_for(model == DEEP ? TRAVEL_DEEP : TRAVEL_MOST, of->rate);
}

/* Mean over examples, and for the squared error over outputs and without the half. */
static double reported(const training *work, double loss) {
  return work->as.loss == SQUARED ? 2 * loss / (double)dni_dataset_targets(work->data) : loss;
}

/* The sums of the losses up to the end of each window. */
typedef struct history {
  uint64_t window, steps;
  double sums[WINDOWS_MOST + 2];
} history;

static history begin_history(double rate, uint64_t most) {
  uint64_t window = steps_for(TRAVEL_WINDOW, rate), fewest = most / WINDOWS_MOST + 1;
  return (history){.window = window > fewest ? window : fewest};
}

static bool stands_still(history *of, double loss, double tolerance) {
  size_t at = (size_t)(of->steps++ / of->window) + 1, quarter = at / 4;
  of->sums[at] += loss;
  if (of->steps % of->window != 0) return false;
  of->sums[at + 1] = of->sums[at];
  if (at % 4 != 0 || at < 8) return false;
  double last = of->sums[at] - of->sums[3 * quarter];
  double before = of->sums[3 * quarter] - of->sums[2 * quarter];
  return fabs(last - before) < tolerance * (double)(quarter * of->window);
}

/* The data set is one batch. A step reports the loss before it, so that of iteration n is known in
 * step n + 1. */
static dni_status run(training *work, const dni_batch *batch, uint64_t most, course *out) {
  uint64_t points[CHECKPOINTS_MOST];
  size_t next = 0, count = find_checkpoints(most, points);
  history past = begin_history(work->as.rate, most);
  dni_step_report report = {.struct_size = sizeof report};
  while (out->iterations < most && !out->settled) {
    dni_status status = dni_trainer_step(work->trainer, batch, &report);
    if (status != DNI_OK) return status;
    double loss = reported(work, report.loss);
    if (out->iterations++ == points[next]) out->at[next++] = loss;
    out->settled = stands_still(&past, loss, work->of->tolerance);
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
  uint64_t most = steps_for((double)most_iterations(of, as->model) * of->rate, as->rate);
  dni_status status = open_training(&work);
  if (status == DNI_OK) status = run_on_all(&work, most, out);
  close_training(&work);
  if (status == DNI_OK) return 0;
  return fail("%s %s %s, seed %llu: %s", model_names[as->model], loss_names[as->loss],
              problems[as->problem].name, (unsigned long long)as->seed, dni_last_message());
}
