/* Trainings in files: the network, its optimisers, the steps made, and how far the present fit has
 * come. */
#include <stdio.h>

#include "optimiser/optimiser.h"
#include "trainer/trainer.h"

/* Listing. ------------------------------------------------------------------------------------ */

static const char *schedule_name(dni_kind schedule) {
  switch (schedule) {
  case DNI_SCHEDULE_RANDOM:
    return "random";
  case DNI_SCHEDULE_PIPELINED:
    return "pipelined";
  case DNI_SCHEDULE_MICRO_BATCHES:
    return "micro_batches";
  default:
    return "sequential";
  }
}

static void list_optimiser(dni_optimiser *optimiser, const char *of, size_t index,
                           dni__manifest *manifest) {
  if (!optimiser) return;
  size_t entered = dni__manifest_enter(manifest, "%s.%zu", of, index);
  dni__optimiser_list(optimiser, manifest);
  dni__manifest_leave(manifest, entered);
}

static void list_modules(dni__plan *plan, dni__manifest *manifest) {
  dni__manifest_fixed_count(manifest, "modules", plan->module_count);
  for (size_t m = 0; m < plan->module_count; m++) {
    size_t entered = dni__manifest_enter(manifest, "modules.%zu", m);
    dni__manifest_atomic_real(manifest, "rate_factor", &plan->modules[m].rate_factor);
    dni__manifest_leave(manifest, entered);
    list_optimiser(plan->modules[m].optimiser, "module_optimisers", m, manifest);
  }
  for (size_t i = 0; i < plan->network->count; i++)
    list_optimiser(plan->interfaces[i].optimiser, "sg_optimisers", i, manifest);
}

static void list_validation(dni__validation *validation, const char *name,
                            dni__manifest *manifest) {
  size_t entered = dni__manifest_enter(manifest, "%s", name);
  dni__manifest_count(manifest, "step", &validation->step);
  dni__manifest_real(manifest, "loss", &validation->found.loss);
  dni__manifest_real(manifest, "accuracy", &validation->found.accuracy);
  dni__manifest_real(manifest, "metric", &validation->found.metric);
  dni__manifest_leave(manifest, entered);
}

/* What was loaded is written again as it is, until a fit says more of the data. */
static void note_order(dni_trainer *trainer) {
  dni__progress *progress = &trainer->progress;
  uint64_t state[DNI_ORDER_STATE];
  if (progress->order_loaded || !trainer->dataset) return;
  progress->examples = dni_dataset_examples(trainer->dataset);
  progress->has_order =
      trainer->order && dni_order_state(trainer->order, state, DNI_ORDER_STATE) == DNI_OK;
  for (size_t i = 0; progress->has_order && i < 4; i++)
    progress->order.state[i] = state[i];
  progress->order_shuffled = progress->has_order && state[4];
  if (!progress->has_order) dni__random_init(&progress->order, 0, 0);
}

/* Where a file's best network of a fit is to go, until everything else fits too. Layers of the caller's
 * that cannot be copied have none. */
static dni_network *room_for_best(dni_trainer *trainer, dni__file *file, dni__manifest *manifest) {
  char name[sizeof manifest->prefix + 16];
  (void)snprintf(name, sizeof name, "%sbest.layers", manifest->prefix);
  if (manifest->status != DNI_OK || !dni__file_text(file, name)) return NULL;
  dni_status status = dni__network_twin(trainer->plan.network, &trainer->loaded_best);
  if (status == DNI_ERROR_MEMORY) manifest->status = status;
  if (status == DNI_OK) return trainer->loaded_best;
  (void)snprintf(name, sizeof name, "%sbest.", manifest->prefix);
  dni__file_ignore(file, name);
  return NULL;
}

static void list_best(dni_trainer *trainer, dni__file *file, dni__manifest *manifest) {
  const dni__progress *progress = &trainer->progress;
  dni_network *best = file                ? room_for_best(trainer, file, manifest)
                      : progress->fitting ? progress->best
                                          : NULL;
  if (!best) return;
  size_t entered = dni__manifest_enter(manifest, "best");
  dni__network_list(best, manifest);
  dni__manifest_leave(manifest, entered);
}

static void list_progress(dni_trainer *trainer, dni__file *file, dni__manifest *manifest) {
  dni__progress *progress = &trainer->progress;
  note_order(trainer);
  size_t entered = dni__manifest_enter(manifest, "fit");
  dni__manifest_flag(manifest, "fitting", &progress->fitting);
  dni__manifest_count(manifest, "steps", &progress->steps);
  dni__manifest_count(manifest, "epoch", &progress->epoch);
  dni__manifest_count(manifest, "position", &progress->position);
  dni__manifest_real(manifest, "least_validation_loss", &progress->least);
  dni__manifest_count(manifest, "worse_validations", &progress->worse);
  dni__manifest_count(manifest, "examples", &progress->examples);
  dni__manifest_flag(manifest, "has_order", &progress->has_order);
  dni__manifest_random(manifest, "order", &progress->order);
  dni__manifest_flag(manifest, "order_shuffled", &progress->order_shuffled);
  dni__manifest_flag(manifest, "order_goes_on", &trainer->order_goes_on);
  list_validation(&trainer->validation, "validation", manifest);
  list_validation(&trainer->earlier_validation, "earlier_validation", manifest);
  list_best(trainer, file, manifest);
  dni__manifest_leave(manifest, entered);
}

/* The data set's order waits for the next fit, which says of what it is. What the trainer has of earlier
 * fits is no part of what was loaded. */
static void loaded(void *object) {
  dni_trainer *trainer = object;
  dni__schedule *schedule = trainer->schedule;
  dni_order_release(trainer->order);
  dni_dataset_release(trainer->dataset);
  trainer->order = NULL;
  trainer->dataset = NULL;
  schedule->vtable->set_steps(schedule, trainer->loaded_steps);
  for (size_t i = 0; i < trainer->plan.record_count; i++)
    dni__record_clear(&trainer->plan, &trainer->plan.records[i]);
  dni_network_release(trainer->progress.best);
  trainer->progress.best = trainer->loaded_best;
  trainer->loaded_best = NULL;
  trainer->progress.goes_on = trainer->progress.fitting;
  trainer->progress.order_loaded = trainer->progress.has_order;
}

void dni__trainer_end_load(dni_trainer *trainer) {
  dni_network_release(trainer->loaded_best);
  trainer->loaded_best = NULL;
}

void dni__trainer_list(dni_trainer *trainer, dni__file *file, dni__manifest *manifest) {
  dni__plan *plan = &trainer->plan;
  dni__schedule *schedule = trainer->schedule;
  dni__network_list(plan->network, manifest);
  list_modules(plan, manifest);
  trainer->loaded_steps = schedule->steps;
  size_t entered = dni__manifest_enter(manifest, "trainer");
  dni__manifest_fixed(manifest, "schedule", schedule_name(plan->schedule));
  dni__manifest_fixed(manifest, "loss", dni_loss_kind_name(plan->loss));
  dni__manifest_count(manifest, "steps", &trainer->loaded_steps);
  if (schedule->vtable->list) schedule->vtable->list(schedule, manifest);
  list_progress(trainer, file, manifest);
  dni__manifest_leave(manifest, entered);
  dni__manifest_after_load(manifest, loaded, trainer);
}

/* Saving and loading. ------------------------------------------------------------------------- */

dni_status dni__trainer_settle(dni_trainer *trainer, const char *call) {
  DNI_VISIT(visit);
  if (pthread_equal(trainer->visitor, pthread_self()) && atomic_load(&trainer->inside)) {
    if (trainer->open) return DNI_OK;
    if (dni__visit_lasts(trainer))
      return dni__fail(DNI_ERROR_STATE,
                       "%s was called from a callback of the same trainer with batches in flight: "
                       "its report must say settled",
                       call);
  }
  DNI_TRY(dni__visit_begin(trainer, &visit, call));
  dni_status status = trainer->schedule->vtable->flush(trainer->schedule);
  dni__visit_end(&visit);
  return status;
}

/* To a path, or to a writer. */
static dni_status save(dni_trainer *trainer, const char *path, const dni_writer *writer) {
  dni__manifest manifest;
  dni__manifest_init(&manifest, trainer->context->memory);
  dni__trainer_list(trainer, NULL, &manifest);
  dni_status status = path ? dni__file_save(&manifest, trainer->leftovers, "training", path)
                           : dni__file_write(&manifest, trainer->leftovers, "training", writer);
  dni__manifest_free(&manifest);
  return status;
}

dni_status dni__trainer_save_settled(dni_trainer *trainer, const char *path) {
  return save(trainer, path, NULL);
}

dni_status dni_trainer_save(dni_trainer *trainer, const char *path) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(trainer);
  DNI_REQUIRE(path);
  DNI_TRY(dni__trainer_settle(trainer, "dni_trainer_save"));
  return save(trainer, path, NULL);
}

dni_status dni_trainer_write(dni_trainer *trainer, const dni_writer *writer) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(trainer);
  DNI_REQUIRE(writer);
  DNI_TRY(dni__trainer_settle(trainer, "dni_trainer_write"));
  return save(trainer, NULL, writer);
}

/* The file is closed. */
static dni_status load(dni_trainer *trainer, dni__file *file, const dni_load_options *options) {
  dni__manifest manifest;
  dni__manifest_init(&manifest, trainer->context->memory);
  dni__trainer_list(trainer, file, &manifest);
  dni_status status =
      dni__file_load(file, &manifest, "training", options->finite, &trainer->leftovers);
  dni__trainer_end_load(trainer);
  dni__manifest_free(&manifest);
  dni__file_close(file);
  return status;
}

dni_status dni__trainer_check_idle(const dni_trainer *trainer, const char *call) {
  if (!trainer->open || !dni__visit_lasts(trainer)) return DNI_OK;
  return dni__fail(DNI_ERROR_STATE, "%s was called from a callback of the same trainer", call);
}

/* Not in a callback: what would be changed is in use. */
static dni_status begin_load(dni_trainer *trainer, const dni_load_options *given,
                             dni_load_options *options, const char *call) {
  DNI_TRY(dni__load_options_check(given, options));
  DNI_TRY(dni__trainer_check_idle(trainer, call));
  return dni__trainer_settle(trainer, call);
}

dni_status dni_trainer_load(dni_trainer *trainer, const char *path,
                            const dni_load_options *options) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(trainer);
  DNI_REQUIRE(path);
  dni_load_options known;
  dni__file *file;
  DNI_TRY(begin_load(trainer, options, &known, "dni_trainer_load"));
  DNI_TRY(dni__file_open(trainer->context->memory, path, &file));
  return load(trainer, file, &known);
}

dni_status dni_trainer_read(dni_trainer *trainer, const dni_reader *reader,
                            const dni_load_options *options) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(trainer);
  DNI_REQUIRE(reader);
  dni_load_options known;
  dni__file *file;
  DNI_TRY(begin_load(trainer, options, &known, "dni_trainer_read"));
  DNI_TRY(dni__file_read(trainer->context->memory, reader, &file));
  return load(trainer, file, &known);
}
