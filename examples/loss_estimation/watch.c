/* Training, with a look at the true and the extracted losses now and then. */
#include <math.h>
#include <stdlib.h>

#include "loss_estimation.h"

/* Buffers of one snapshot, and what computes it. */
typedef struct snapshot {
  float x[EXAMPLES * 2], y[EXAMPLES * 2], output[EXAMPLES * 2], truth[EXAMPLES];
  float extracted[EXAMPLES];
  dni_predictor *predictor;
  float h[]; /* [EXAMPLES][width] */
} snapshot;

static dni_status take_snapshot(training *work, snapshot *now) {
  dni_matrix x, y, output, truth, extracted, h;
  dni_batch answers = {.struct_size = sizeof answers, .x = &output, .y = &y};
  size_t width = (size_t)work->of->width;
  dni_matrix_init_f32(&x, now->x, EXAMPLES, 2);
  dni_matrix_init_f32(&y, now->y, EXAMPLES, 2);
  dni_matrix_init_f32(&output, now->output, EXAMPLES, 2);
  dni_matrix_init_f32(&truth, now->truth, EXAMPLES, 1);
  dni_matrix_init_f32(&extracted, now->extracted, EXAMPLES, 1);
  dni_matrix_init_f32(&h, now->h, EXAMPLES, width);
  dni_status status = dni_dataset_batch(work->data, 0, &x, &y);
  if (status == DNI_OK) status = dni_predictor_run(now->predictor, DNI_ALL, &x, &output);
  if (status == DNI_OK) status = dni_loss_evaluate(work->loss, &answers, NULL, &truth, NULL);
  if (status == DNI_OK) status = dni_predictor_run(now->predictor, work->middle_after, &x, &h);
  if (status == DNI_OK)
    status = dni_analysis_extract_loss(work->context, work->middle, &h, &y, NULL, 0, &extracted);
  return status;
}

uint64_t snapshot_time(const settings *of, size_t index) {
  double last = (double)of->iterations, first = fmin(10, last);
  return (uint64_t)(first * pow(last / first, (double)index / (SNAPSHOTS - 1)) + 0.5);
}

/* Train on from snapshot to snapshot; the last one is at the end. */
static dni_status train_and_watch(training *work, snapshot *now, run *in) {
  dni_fit_options how = {.struct_size = sizeof how, .keep_order = 1};
  uint64_t done = 0;
  for (size_t s = 0; s < SNAPSHOTS; s++) {
    dni_status status = DNI_OK;
    how.steps = snapshot_time(work->of, s) - done;
    done += how.steps;
    if (how.steps > 0) status = dni_trainer_fit(work->trainer, work->data, &how);
    if (status == DNI_OK) status = take_snapshot(work, now);
    if (status != DNI_OK) return status;
    for (size_t i = 0; i < EXAMPLES; i++) {
      in->truth[s * EXAMPLES + i] = (double)now->truth[i];
      in->extracted[s * EXAMPLES + i] = (double)now->extracted[i];
    }
    in->loss_at[s] = mean_of(in->truth + s * EXAMPLES, EXAMPLES);
  }
  return DNI_OK;
}

/* Snapshots first .. first + count - 1 together. A constant for each label is open. */
static dni_status agree(dni_context *context, const run *in, size_t first, size_t count,
                        double *correlation, double *r2) {
  dni_matrix truth, extracted;
  int32_t groups[GRID];
  for (size_t i = 0; i < count * EXAMPLES; i++)
    groups[i] = in->labels[i % EXAMPLES];
  dni_matrix_init_f64(&truth, in->truth + first * EXAMPLES, count * EXAMPLES, 1);
  dni_matrix_init_f64(&extracted, in->extracted + first * EXAMPLES, count * EXAMPLES, 1);
  return dni_analysis_agreement(context, &extracted, &truth, groups, count * EXAMPLES, correlation,
                                r2);
}

static dni_status compare(run *in) {
  dni_context_options wanted = {.struct_size = sizeof wanted, .dtype = DNI_F64};
  dni_context *context;
  dni_status status = dni_context_create(&wanted, &context);
  if (status != DNI_OK) return status;
  status = agree(context, in, 0, SNAPSHOTS, &in->correlation, &in->r2);
  for (size_t s = 0; s < SNAPSHOTS && status == DNI_OK; s++)
    status = agree(context, in, s, 1, &in->correlation_at[s], NULL);
  dni_context_release(context);
  return status;
}

static dni_status measure_end(training *work, run *in) {
  dni_evaluation loss = {.struct_size = sizeof loss}, classes = {.struct_size = sizeof classes};
  dni_status status = dni_network_evaluate(work->network, work->loss, work->data, NULL, &loss);
  if (status == DNI_OK)
    status = dni_network_evaluate(work->network, work->classifier, work->data, NULL, &classes);
  if (status == DNI_OK) status = dni_analysis_integrability(work->middle, &in->defect);
  if (status == DNI_OK) status = compare(in);
  in->final_loss = loss.loss;
  in->accuracy = classes.accuracy;
  return status;
}

static dni_status watch(training *work, run *in) {
  size_t bytes = sizeof(snapshot) + EXAMPLES * (size_t)work->of->width * sizeof(float);
  void *memory = NULL;
  dni_matrix labels;
  dni_matrix_init_labels(&labels, in->labels, EXAMPLES);
  dni_status status = dni_context_allocate(work->context, bytes, &memory);
  snapshot *now = memory;
  if (status == DNI_OK) status = dni_dataset_batch(work->data, 0, NULL, &labels);
  if (status == DNI_OK) status = dni_predictor_create(work->network, EXAMPLES, &now->predictor);
  if (status == DNI_OK) status = train_and_watch(work, now, in);
  if (status == DNI_OK) status = measure_end(work, in);
  if (now) dni_predictor_release(now->predictor);
  dni_context_free(work->context, memory);
  return status;
}

static dni_status learn_by_backprop(const settings *of, run *in) {
  dni_fit_options how = {.struct_size = sizeof how, .keep_order = 1, .steps = of->iterations};
  dni_evaluation answer = {.struct_size = sizeof answer};
  training work = {.of = of, .in = in};
  dni_status status = open_training(&work, false);
  if (status == DNI_OK) status = dni_trainer_fit(work.trainer, work.data, &how);
  if (status == DNI_OK)
    status = dni_network_evaluate(work.network, work.loss, work.data, NULL, &answer);
  in->backprop_loss = answer.loss;
  close_training(&work);
  return status;
}

static const char *describe(const run *in, char *text, size_t size) {
  (void)snprintf(text, size, "%s %s %s %s, seed %llu", problem_names[in->problem],
                 loss_names[in->loss], condition_names[in->condition], place_names[in->place],
                 (unsigned long long)in->seed);
  return text;
}

/* Backprop's loss does not depend on condition and place: the first of a problem and loss has it.
 */
int fill_run(const settings *of, run *in) {
  char text[120];
  training work = {.of = of, .in = in};
  in->truth = calloc(GRID, sizeof *in->truth);
  in->extracted = calloc(GRID, sizeof *in->extracted);
  if (!in->truth || !in->extracted) return fail("out of memory");
  progress("%s", describe(in, text, sizeof text));
  dni_status status = open_training(&work, true);
  if (status == DNI_OK) status = watch(&work, in);
  close_training(&work);
  if (status == DNI_OK && in->condition == 0 && in->place == 0) status = learn_by_backprop(of, in);
  if (status == DNI_OK) return 0;
  return fail("%s: %s", describe(in, text, sizeof text), dni_last_message());
}
