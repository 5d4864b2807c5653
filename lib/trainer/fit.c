/* The training loop over a data set. */
#include "trainer/trainer.h"

/* A checked call of dni_trainer_fit. */
typedef struct fit {
  dni_trainer *trainer;
  dni_dataset *dataset;
  dni_fit_options options; /* defaults filled in */
  uint64_t steps;          /* made in this call */
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

static dni_status fit_batch(fit *f, size_t first) {
  dni_trainer *trainer = f->trainer;
  dni_dtype dtype = trainer->context->dtype;
  size_t rows = f->options.batch;
  dni_matrix x =
      dni__matrix_make(trainer->batch_x, rows, dni_network_inputs(trainer->network), dtype);
  dni_matrix y =
      dni__matrix_make(trainer->batch_y, rows, dni_network_outputs(trainer->network), dtype);
  DNI_TRY(dni_dataset_batch(f->dataset, first, &x, &y));
  DNI_TRY(dni_trainer_step(trainer, &x, &y, NULL));
  f->steps++;
  if (!f->options.callback || f->steps % f->options.callback_every != 0) return DNI_OK;
  if (f->options.callback(f->options.callback_user, &trainer->report) == 0) return DNI_OK;
  return dni__fail(DNI_ERROR_CANCELLED, "after step %llu: the callback asked to stop",
                   (unsigned long long)trainer->report.step);
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

dni_status dni_trainer_fit(dni_trainer *trainer, dni_dataset *dataset,
                           const dni_fit_options *options) {
  DNI_REQUIRE(trainer);
  DNI_REQUIRE(dataset);
  fit f = {.trainer = trainer, .dataset = dataset};
  if (options)
    DNI_TRY(dni__options_copy(&f.options, sizeof f.options, sizeof f.options, options,
                              "dni_fit_options"));
  if (trainer->in_fit)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_trainer_fit was called from its own callback");
  DNI_TRY(dni__check_dataset(trainer->network, dataset));
  DNI_TRY(set_defaults(trainer, dataset, &f.options));
  trainer->in_fit = true;
  dni_status status = fit_epochs(&f);
  trainer->in_fit = false;
  return status;
}
