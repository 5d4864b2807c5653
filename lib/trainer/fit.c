/* The training loop over a data set. */
#include <stddef.h>
#include <string.h>

#include "trainer/trainer.h"

/* A checked call of dni_trainer_fit. */
typedef struct fit {
  dni_trainer *trainer;
  dni_dataset *dataset;
  dni_fit_options options; /* defaults filled in */
  uint64_t before;         /* steps made before this call */
  uint64_t steps;          /* begun in this call */
  uint64_t reported;       /* steps of this call whose report has been looked at */
} fit;

static dni_status set_defaults(const dni_trainer *trainer, const dni_dataset *dataset,
                               dni_fit_options *options) {
  if (options->reserved != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "dni_fit_options: reserved is not 0");
  if (options->batch == 0) options->batch = trainer->max_batch;
  if (options->batch > trainer->max_batch)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_fit_options: batch is %zu, the trainer's max_batch %zu", options->batch,
                     trainer->max_batch);
  if (options->batch > dni_dataset_examples(dataset))
    options->batch = dni_dataset_examples(dataset);
  if (options->epochs == 0) options->epochs = options->steps == 0 ? 1 : UINT64_MAX;
  if (options->steps == 0) options->steps = UINT64_MAX;
  if (options->callback_every == 0) options->callback_every = 1;
  return DNI_OK;
}

/* Show the callback what is complete and it has not seen. */
static dni_status report_steps(fit *f) {
  dni_trainer *trainer = f->trainer;
  while (f->before + f->reported < trainer->steps) {
    uint64_t batch = f->before + f->reported++;
    bool latest = f->reported == f->steps;
    dni__report_point(trainer, batch + 1, &trainer->records[batch % trainer->record_count], latest);
    if (!f->options.callback || f->reported % f->options.callback_every != 0) continue;
    if (f->options.callback(f->options.callback_user, &trainer->report) == 0) continue;
    return dni__fail(DNI_ERROR_CANCELLED, "after step %llu: the callback asked to stop",
                     (unsigned long long)trainer->report.step);
  }
  return DNI_OK;
}

/* Whether the callback is to see this step with nothing in flight. */
static bool settles(const fit *f) {
  uint64_t every =
      f->options.settle_every > 0 ? f->options.settle_every : f->options.callback_every;
  return f->options.callback && f->steps % every == 0;
}

static dni_status check_cancelled(const fit *f) {
  if (!atomic_load(&f->trainer->cancelled)) return DNI_OK;
  return dni__fail(DNI_ERROR_CANCELLED, "after step %llu: cancelled",
                   (unsigned long long)(f->before + f->steps));
}

static dni_status fit_batch(fit *f, size_t first) {
  dni_trainer *trainer = f->trainer;
  dni_dtype dtype = trainer->context->dtype;
  size_t rows = f->options.batch;
  dni_matrix x =
      dni__matrix_make(trainer->batch_x, rows, dni_network_inputs(trainer->network), dtype);
  dni_matrix y =
      dni__matrix_make(trainer->batch_y, rows, dni_network_outputs(trainer->network), dtype);
  DNI_TRY(check_cancelled(f));
  DNI_TRY(dni_dataset_batch(f->dataset, first, &x, &y));
  DNI_TRY(dni_trainer_step(trainer, &x, &y, NULL));
  f->steps++;
  if (settles(f)) DNI_TRY(dni_trainer_flush(trainer));
  return report_steps(f);
}

static dni_status fit_epoch(fit *f) {
  if (!f->options.keep_order) DNI_TRY(dni_dataset_shuffle(f->dataset));
  size_t batches = dni_dataset_examples(f->dataset) / f->options.batch;
  for (size_t b = 0; b < batches && f->steps < f->options.steps; b++)
    DNI_TRY(fit_batch(f, b * f->options.batch));
  return DNI_OK;
}

static dni_status fit_epochs(fit *f) {
  for (uint64_t epoch = 0; epoch < f->options.epochs && f->steps < f->options.steps; epoch++)
    DNI_TRY(fit_epoch(f));
  return DNI_OK;
}

/* Finish what is in flight, and report what has not been reported; but after a failure or when told
 * to stop, nothing more. */
static dni_status end_fit(fit *f, dni_status status) {
  char message[512] = "";
  if (status != DNI_OK) (void)strncpy(message, dni_last_message(), sizeof message - 1);
  dni_status flushed = dni_trainer_flush(f->trainer);
  if (status == DNI_OK && flushed == DNI_OK) return report_steps(f);
  if (status == DNI_OK || (status == DNI_ERROR_CANCELLED && flushed != DNI_OK)) return flushed;
  return dni__fail(status, "%s", message);
}

dni_status dni_trainer_fit(dni_trainer *trainer, dni_dataset *dataset,
                           const dni_fit_options *options) {
  DNI_REQUIRE(trainer);
  DNI_REQUIRE(dataset);
  fit f = {.trainer = trainer, .dataset = dataset};
  if (options)
    DNI_TRY(dni__options_copy(&f.options, sizeof f.options, offsetof(dni_fit_options, settle_every),
                              options, "dni_fit_options"));
  if (atomic_load(&trainer->in_fit))
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_trainer_fit was called from its own callback");
  DNI_TRY(dni__check_dataset(trainer->network, dataset));
  DNI_TRY(set_defaults(trainer, dataset, &f.options));
  DNI_TRY(dni_trainer_flush(trainer));
  f.before = trainer->steps;
  atomic_store(&trainer->cancelled, false);
  atomic_store(&trainer->in_fit, true);
  dni_status status = end_fit(&f, fit_epochs(&f));
  atomic_store(&trainer->in_fit, false);
  return status;
}
