/* The training loop. */
#include <math.h>
#include <string.h>

#include "file/file.h"
#include "trainer/source.h"

/* A checked call of dni_trainer_fit or dni_trainer_fit_stream. */
typedef struct fit {
  dni_trainer *trainer;
  dni__source source;
  dni_fit_options options; /* defaults filled in */
  uint64_t before;         /* steps made before this call */
  uint64_t steps;          /* begun in this call */
  uint64_t reported;       /* steps of this call whose report has been looked at */
  uint64_t epoch;          /* from 1 */
  bool goes_on;            /* it is the rest of one that was saved */
  bool stops;              /* the callback has said so, or patience is at its end */
  double least;            /* the lowest validation loss */
  uint64_t worse;          /* evaluations in a row that were not below it */
} fit;

/* Reports. ------------------------------------------------------------------------------------ */

/* 1 means stop, and is also DNI_ERROR_ARGUMENT: the answer of a callback that hands on the status of
 * a library call of its own, which has just failed. */
static bool hands_on_failure(dni__callback begun) {
  return dni__callback_failed(begun) && dni_last_status() == DNI_ERROR_ARGUMENT;
}

static dni_status call_back(fit *f, const dni_step_report *report) {
  const dni__callback begun = dni__callback_begin();
  f->trainer->open = report->settled;
  dni_status answer = f->options.callback(f->options.callback_user, report);
  f->trainer->open = false;
  dni__float_back(begun.place);
  if (answer == 0) return DNI_OK;
  if (answer == 1 && !hands_on_failure(begun)) {
    f->stops = true;
    return DNI_OK;
  }
  dni_status status = dni__callback_end(begun, answer, "callback");
  return dni__fail_prefix(status, "after step %llu: ", (unsigned long long)report->step);
}

/* Show the callback what is complete and it has not seen. */
static dni_status report_steps(fit *f) {
  dni_trainer *trainer = f->trainer;
  while (!f->stops && f->before + f->reported < trainer->schedule->steps) {
    uint64_t step = f->before + ++f->reported;
    if (!f->options.callback || f->reported % f->options.callback_every != 0) continue;
    dni_step_report report;
    dni__trainer_report(trainer, step, &report);
    report.settled = report.settled && f->reported == f->steps;
    DNI_TRY(call_back(f, &report));
  }
  return DNI_OK;
}

static dni_status flush(const fit *f) {
  return f->trainer->schedule->vtable->flush(f->trainer->schedule);
}

/* Whether the callback is to see this step with nothing in flight. */
static bool settles(const fit *f) {
  uint64_t every =
      f->options.settle_every > 0 ? f->options.settle_every : f->options.callback_every;
  return f->options.callback && f->steps % every == 0;
}

/* Validation. --------------------------------------------------------------------------------- */

static dni_status judge(fit *f, double loss) {
  if (loss < f->least) {
    f->least = loss;
    f->worse = 0;
    return f->options.best ? dni_network_assign(f->options.best, f->trainer->plan.network) : DNI_OK;
  }
  f->worse++;
  return DNI_OK;
}

/* The network as it is after all steps begun so far. */
static dni_status validate(fit *f) {
  dni_trainer *trainer = f->trainer;
  dni_evaluation found;
  DNI_TRY(flush(f));
  dni_status status = dni__evaluation_run(trainer->evaluation, &found);
  if (status != DNI_OK)
    return dni__fail_prefix(
        status, "validation after step %llu: ", (unsigned long long)(f->before + f->steps));
  trainer->earlier_validation = trainer->validation;
  trainer->validation = (dni__validation){f->before + f->steps, found};
  return judge(f, found.loss);
}

static dni_status validate_if_due(fit *f, bool epoch_ends) {
  uint64_t every = f->options.validate_every;
  bool due = every > 0 ? f->steps % every == 0 : epoch_ends;
  if (!f->options.validation || !due || f->steps == 0) return DNI_OK;
  return validate(f);
}

static void lose_patience(fit *f) {
  if (f->options.patience > 0 && f->worse >= f->options.patience) f->stops = true;
}

/* Steps. -------------------------------------------------------------------------------------- */

static dni_status check_cancelled(const fit *f) {
  if (!atomic_load(&f->trainer->cancelled)) return DNI_OK;
  return dni__fail(DNI_ERROR_CANCELLED, "after step %llu: cancelled",
                   (unsigned long long)(f->before + f->steps));
}

/* It is in what is saved while the fit has not ended. */
static void keep_best(dni__progress *progress, dni_network *best) {
  (void)dni_network_retain(best);
  dni_network_release(progress->best);
  progress->best = best;
}

/* What a training that is saved now goes on from. */
static void note_progress(fit *f, uint64_t position) {
  dni__progress *progress = &f->trainer->progress;
  progress->fitting = true;
  progress->steps = f->steps;
  progress->epoch = f->epoch;
  progress->least = f->least;
  progress->worse = f->worse;
  progress->position = position;
}

/* The line in the log is the message. */
static dni_status save(fit *f) {
  dni_trainer *trainer = f->trainer;
  DNI_TRY(flush(f));
  dni_status status = dni__trainer_save_settled(trainer, f->options.checkpoint);
  trainer->checkpoint_step = f->before + f->steps;
  trainer->checkpoint_status = status;
  if (status == DNI_OK) return DNI_OK;
  if (!f->options.checkpoint_may_fail)
    return dni__fail_prefix(
        status, "checkpoint after step %llu: ", (unsigned long long)trainer->checkpoint_step);
  dni__context_log(trainer->context, DNI_LOG_WARNING, "checkpoint after step %llu: %s",
                   (unsigned long long)trainer->checkpoint_step, dni_last_message());
  return DNI_OK;
}

static dni_status save_if_due(fit *f, bool epoch_ends) {
  uint64_t every = f->options.checkpoint_every;
  bool due = every > 0 ? f->steps % every == 0 : epoch_ends;
  return f->options.checkpoint && due ? save(f) : DNI_OK;
}

/* Where the source stands is asked before the step, so that one that cannot say has lost no batch. */
static dni_status fit_batch(fit *f, const dni_batch *batch) {
  dni_batch known;
  double total;
  uint64_t position = f->trainer->progress.position;
  DNI_TRY(check_cancelled(f));
  if (f->source.where) DNI_TRY(f->source.where(&f->source, &position));
  DNI_TRY(dni__trainer_check_batch(f->trainer, batch, &known, &total));
  DNI_TRY(dni__trainer_submit(f->trainer, &known, total, f->epoch));
  f->steps++;
  if (settles(f)) DNI_TRY(flush(f));
  bool ends = f->steps == f->options.steps || (f->source.ends && f->source.ends(&f->source));
  DNI_TRY(validate_if_due(f, ends));
  note_progress(f, position);
  DNI_TRY(save_if_due(f, ends));
  DNI_TRY(report_steps(f));
  lose_patience(f);
  return DNI_OK;
}

static bool may_go_on(const fit *f) {
  return !f->stops && f->steps < f->options.steps;
}

/* From where the source stands to the end of the epoch. */
static dni_status finish_epoch(fit *f) {
  while (may_go_on(f)) {
    dni_batch batch = {.struct_size = sizeof batch};
    DNI_TRY(f->source.next(&f->source, &batch));
    if (!batch.x) break;
    DNI_TRY(fit_batch(f, &batch));
  }
  bool knew = f->source.ends || f->steps == f->options.steps; /* and has validated */
  if (knew || f->stops || f->options.validate_every > 0) return DNI_OK;
  return validate_if_due(f, true); /* a stream has ended */
}

static dni_status fit_epoch(fit *f) {
  f->epoch++;
  DNI_TRY(check_cancelled(f));
  if (f->source.begin_epoch) DNI_TRY(f->source.begin_epoch(&f->source));
  return finish_epoch(f);
}

static void end_progress(dni__progress *progress) {
  progress->fitting = progress->goes_on = false;
  keep_best(progress, NULL);
}

static dni_status fit_epochs(fit *f) {
  if (f->goes_on) DNI_TRY(finish_epoch(f));
  while (f->epoch < f->options.epochs && may_go_on(f)) {
    uint64_t before = f->steps;
    DNI_TRY(fit_epoch(f));
    if (f->steps == before) break; /* nothing comes any more */
  }
  if (!f->stops) end_progress(&f->trainer->progress);
  return DNI_OK;
}

/* Finish what is in flight, and report what has not been reported; but after a failure or when told
 * to stop, nothing more. */
static dni_status end_fit(fit *f, dni_status status) {
  char message[512] = "";
  if (status != DNI_OK) (void)strncpy(message, dni_last_message(), sizeof message - 1);
  dni_status flushed = flush(f);
  if (status == DNI_OK && flushed == DNI_OK) return report_steps(f);
  if (status == DNI_OK || (status == DNI_ERROR_CANCELLED && flushed != DNI_OK)) return flushed;
  if (status == DNI_ERROR_CANCELLED) atomic_store(&f->trainer->cancelled, false);
  return dni__fail(status, "%s", message);
}

/* The memory for validations, at the start. It belongs to the trainer, so that a callback which leaves
 * by a jump loses nothing: the next fit gives it back. */
static dni_status prepare_validation(fit *f) {
  dni_trainer *trainer = f->trainer;
  const dni__plan *plan = &trainer->plan;
  dni__evaluation_destroy(trainer->evaluation);
  trainer->evaluation = NULL;
  if (!f->options.validation) return DNI_OK;
  return dni__evaluation_create(plan->network, plan->loss, f->options.validation, &plan->metric,
                                &trainer->evaluation);
}

static void begin_anew(fit *f) {
  dni_trainer *trainer = f->trainer;
  f->before = trainer->schedule->steps;
  f->least = INFINITY;
  trainer->validation.step = trainer->earlier_validation.step = 0;
  end_progress(&trainer->progress);
}

/* The rest of a fit that was saved. */
static dni_status go_on_from(fit *f, dni__progress *progress) {
  if (f->options.best && progress->best)
    DNI_TRY(dni_network_assign(f->options.best, progress->best));
  f->steps = f->reported = progress->steps;
  f->before = f->trainer->schedule->steps - progress->steps;
  f->epoch = progress->epoch;
  f->least = progress->least;
  f->worse = progress->worse;
  progress->goes_on = false;
  lose_patience(f);
  return DNI_OK;
}

static dni_status run_prepared(fit *f) {
  DNI_TRY(flush(f));
  f->trainer->checkpoint_step = 0;
  f->trainer->checkpoint_status = DNI_OK;
  if (f->goes_on)
    DNI_TRY(go_on_from(f, &f->trainer->progress));
  else
    begin_anew(f);
  keep_best(&f->trainer->progress, f->options.best);
  if (!f->options.keep_order) f->trainer->progress.order_loaded = false;
  return end_fit(f, fit_epochs(f));
}

static dni_status run(fit *f) {
  DNI_TRY(prepare_validation(f));
  dni_status status = run_prepared(f);
  dni__evaluation_destroy(f->trainer->evaluation);
  f->trainer->evaluation = NULL;
  return status;
}

/* Options. ------------------------------------------------------------------------------------ */

static dni_status check_flag(int32_t flag, const char *name) {
  if (flag == 0 || flag == 1) return DNI_OK;
  return dni__fail(DNI_ERROR_ARGUMENT, "dni_fit_options: %s is %d, expected 0 or 1", name,
                   (int)flag);
}

static dni_status check_best(const dni_network *network, const dni_network *best) {
  if (best == network)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_fit_options: best is the network that is trained");
  dni_status status = dni__network_check_alike(best, network);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "dni_fit_options: best: ");
}

/* The lowest loss so far is that of a network which the file must have. */
static dni_status check_best_goes_on(const dni_trainer *trainer) {
  const dni__progress *progress = &trainer->progress;
  if (progress->best || progress->least >= INFINITY) return DNI_OK;
  return dni__fail(
      DNI_ERROR_ARGUMENT,
      "dni_fit_options: best: the fit that was saved kept none; anew begins a new one");
}

/* Before the first step, as hours may go by until the first save. */
static dni_status check_checkpoint(const dni_fit_options *options) {
  dni_status status = dni__file_probe(options->checkpoint);
  if (status == DNI_OK || (status == DNI_ERROR_IO && options->checkpoint_may_fail)) return DNI_OK;
  return dni__fail_prefix(status, "dni_fit_options: checkpoint: ");
}

/* What data sets and streams have in common. */
static dni_status check_watching(const dni_trainer *trainer, bool goes_on,
                                 dni_fit_options *options) {
  const dni_network *network = trainer->plan.network;
  DNI_TRY(check_flag(options->keep_order, "keep_order"));
  DNI_TRY(check_flag(options->keep_rest, "keep_rest"));
  DNI_TRY(check_flag(options->has_seed, "has_seed"));
  if (!options->has_seed && options->seed != 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_fit_options: a seed is given, but has_seed is 0");
  DNI_TRY(check_flag(options->anew, "anew"));
  if (options->reserved != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "dni_fit_options: reserved is not 0");
  DNI_TRY(check_flag(options->checkpoint_may_fail, "checkpoint_may_fail"));
  if (!options->checkpoint && (options->checkpoint_every || options->checkpoint_may_fail))
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_fit_options: checkpoint_every and checkpoint_may_fail need a checkpoint");
  if (options->checkpoint) DNI_TRY(check_checkpoint(options));
  if (!options->validation && (options->patience || options->validate_every || options->best))
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_fit_options: patience, validate_every and best need a validation set");
  if (options->callback_every == 0) options->callback_every = 1;
  if (options->validation) {
    dni_status status = dni__network_check_dataset(network, options->validation);
    if (status != DNI_OK) return dni__fail_prefix(status, "dni_fit_options: validation: ");
  }
  if (options->best) DNI_TRY(check_best(network, options->best));
  return options->best && goes_on ? check_best_goes_on(trainer) : DNI_OK;
}

/* Before the first step: no batch of the epoch has fewer rows than the trainer takes. */
static dni_status check_rest(const dni_trainer *trainer, size_t examples,
                             const dni_fit_options *options) {
  DNI_TRY(dni__trainer_check_rows(trainer, options->batch));
  size_t rest = examples % options->batch;
  if (!options->keep_rest || rest == 0) return DNI_OK;
  dni_status status = dni__trainer_check_rows(trainer, rest);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "dni_fit_options: keep_rest: ");
}

static dni_status check_amount(const dni_trainer *trainer, const dni_dataset *dataset,
                               dni_fit_options *options) {
  size_t most = trainer->plan.max_batch;
  if (options->batch == 0) options->batch = most;
  if (options->batch > most)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_fit_options: batch is %zu, the trainer's max_batch %zu", options->batch,
                     most);
  if (options->batch > dni_dataset_examples(dataset))
    options->batch = dni_dataset_examples(dataset);
  DNI_TRY(check_rest(trainer, dni_dataset_examples(dataset), options));
  if (options->epochs == 0) options->epochs = options->steps == 0 ? 1 : UINT64_MAX;
  if (options->steps == 0) options->steps = UINT64_MAX;
  return DNI_OK;
}

dni_status dni_trainer_fit(dni_trainer *trainer, const dni_dataset *dataset,
                           const dni_fit_options *options) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(trainer);
  DNI_REQUIRE(dataset);
  DNI_VISIT(visit);
  fit f = {.trainer = trainer};
  if (options) DNI_TRY(dni__options_copy(DNI__OPTIONS(&f.options, options, dni_fit_options)));
  DNI_TRY(dni__visit_begin(trainer, &visit, "dni_trainer_fit"));
  f.goes_on = trainer->progress.goes_on && !f.options.anew;
  dni_status status = dni__network_check_dataset(trainer->plan.network, dataset);
  if (status == DNI_OK) status = check_amount(trainer, dataset, &f.options);
  if (status == DNI_OK) status = check_watching(trainer, f.goes_on, &f.options);
  if (status == DNI_OK)
    status = dni__source_of_dataset(trainer, dataset, &f.options, f.goes_on, &f.source);
  if (status == DNI_OK) status = run(&f);
  dni__visit_end(&visit);
  return status;
}

static dni_status check_stream(const dni_stream *stream, dni_stream *known,
                               dni_fit_options *options) {
  DNI_TRY(dni__options_copy(DNI__OPTIONS(known, stream, dni_stream)));
  if (!known->next) return dni__fail(DNI_ERROR_ARGUMENT, "dni_stream: next is NULL");
  if (options->batch || options->epochs || options->keep_order || options->keep_rest ||
      options->has_seed || options->seed)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_fit_options: batch, epochs, keep_order, keep_rest and seed are not for "
                     "streams");
  options->epochs = 1;
  if (options->steps == 0) options->steps = UINT64_MAX;
  return DNI_OK;
}

dni_status dni_trainer_fit_stream(dni_trainer *trainer, const dni_stream *stream,
                                  const dni_fit_options *options) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(trainer);
  DNI_REQUIRE(stream);
  DNI_VISIT(visit);
  fit f = {.trainer = trainer};
  dni_stream known;
  if (options) DNI_TRY(dni__options_copy(DNI__OPTIONS(&f.options, options, dni_fit_options)));
  DNI_TRY(check_stream(stream, &known, &f.options));
  DNI_TRY(dni__visit_begin(trainer, &visit, "dni_trainer_fit_stream"));
  f.goes_on = trainer->progress.goes_on && !f.options.anew;
  dni_status status = check_watching(trainer, f.goes_on, &f.options);
  if (status == DNI_OK) status = dni__source_of_stream(trainer, &known, f.goes_on, &f.source);
  if (status == DNI_OK) status = run(&f);
  dni__visit_end(&visit);
  return status;
}
