/* Making a trainer: checks, an optimiser per module and learning estimator, the memory plan. */
#include "trainer/trainer.h"

#include <stddef.h>

static dni_status create_optimiser(const dni_trainer *trainer, dni__train_module *module,
                                   const dni_optimiser *pattern) {
  DNI_TRY(dni_optimiser_create_like(pattern, &module->optimiser));
  for (size_t i = 0; i < module->layers.count; i++) {
    dni_layer *layer = trainer->network->links[module->layers.first + i].layer;
    if (layer->vtable->kind == DNI_LAYER_CALLBACK) module->may_fail = true;
    DNI_TRY(dni_optimiser_add_layer(module->optimiser, layer));
  }
  return DNI_OK;
}

static dni_status create_optimisers(dni_trainer *trainer, const dni_optimiser *pattern) {
  for (size_t m = 0; m < trainer->module_count; m++)
    if (trainer->modules[m].trained)
      DNI_TRY(create_optimiser(trainer, &trainer->modules[m], pattern));
  return DNI_OK;
}

/* Threads let an SG answer again before its lesson, in a place of its own. */
static dni_status reserve_sg(const dni_trainer *trainer, dni_sg *sg) {
  bool threads = trainer->schedule == DNI_SCHEDULE_PIPELINED;
  return threads ? dni_sg_reserve(sg, trainer->max_rows)
                 : dni__sg_reserve_kind(sg, trainer->max_rows);
}

static dni_status create_interface(dni_trainer *trainer, dni__train_interface *interface,
                                   const dni_optimiser *pattern) {
  DNI_TRY(reserve_sg(trainer, interface->sg));
  if (interface->sg->learns == DNI_SG_LEARNS_NOTHING) return DNI_OK;
  DNI_TRY(dni_optimiser_create_like(pattern, &interface->optimiser));
  return dni_optimiser_add_sg(interface->optimiser, interface->sg);
}

static dni_status allocate_interfaces(dni_trainer *trainer) {
  dni__memory *memory = trainer->context->memory;
  size_t count = trainer->network->count;
  trainer->interfaces = dni__allocate(memory, count, sizeof *trainer->interfaces);
  trainer->interface_after = dni__allocate(memory, count, sizeof *trainer->interface_after);
  trainer->outputs = dni__allocate(memory, count, sizeof *trainer->outputs);
  trainer->kept_offset = dni__allocate(memory, count, sizeof *trainer->kept_offset);
  return trainer->interfaces && trainer->interface_after && trainer->outputs && trainer->kept_offset
             ? DNI_OK
             : DNI_ERROR_MEMORY;
}

static dni_status create_interfaces(dni_trainer *trainer, const dni_optimiser *pattern) {
  DNI_TRY(allocate_interfaces(trainer));
  size_t reported = 0;
  for (size_t i = 0; i < trainer->network->count; i++) {
    dni__train_interface *interface = &trainer->interfaces[i];
    interface->sg = trainer->network->links[i].sg;
    if (!interface->sg) continue;
    interface->report = reported;
    trainer->interface_after[reported++] = i;
    DNI_TRY(create_interface(trainer, interface, pattern));
  }
  trainer->report.interface_count = reported;
  return DNI_OK;
}

/* As many records as batches can be in flight, one that is being read, and a blank one. */
static dni_status create_records(dni_trainer *trainer) {
  dni__memory *memory = trainer->context->memory;
  size_t interfaces = trainer->report.interface_count;
  trainer->record_count = 2 + (trainer->stage_count - 1) * (trainer->in_flight + 1);
  size_t count = trainer->record_count + 1;
  trainer->records = dni__allocate(memory, count, sizeof *trainer->records);
  double *numbers =
      dni__allocate(memory, count, interfaces * (2 * sizeof(double) + sizeof(size_t)));
  trainer->record_memory = numbers;
  if (!trainer->records || !numbers) return DNI_ERROR_MEMORY;
  size_t *lags = (size_t *)(void *)(numbers + 2 * count * interfaces);
  for (size_t i = 0; i <= trainer->record_count; i++) {
    trainer->records[i].sg_error = numbers + 2 * i * interfaces;
    trainer->records[i].sg_cosine = trainer->records[i].sg_error + interfaces;
    trainer->records[i].target_lag = lags + i * interfaces;
  }
  return DNI_OK;
}

bool dni__trainer_learns(const dni_trainer *trainer, size_t after, int32_t from) {
  const dni_sg *sg = trainer->interfaces[after].sg;
  return sg && sg->learns == from;
}

bool dni__trainer_wants_target(const dni_trainer *trainer, size_t after) {
  const dni__train_module *below = &trainer->modules[dni__trainer_module_of(trainer, after)];
  return below->waits == DNI_WAITS_DELTA ||
         dni__trainer_learns(trainer, after, DNI_SG_LEARNS_TARGET);
}

size_t dni__trainer_module_of(const dni_trainer *trainer, size_t layer) {
  size_t low = 0, high = trainer->module_count;
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (trainer->modules[middle].layers.first <= layer)
      low = middle;
    else
      high = middle;
  }
  return low;
}

static void point_report(dni_trainer *trainer) {
  dni_step_report *report = &trainer->report;
  report->struct_size = sizeof *report;
  report->interface_after = trainer->interface_after;
  report->module_count = trainer->module_count;
  report->module_updated = trainer->module_updated;
  dni__record *blank = &trainer->records[trainer->record_count];
  dni__record_clear(trainer, blank);
  dni__report_point(trainer, 0, blank, true);
}

static dni_trainer *trainer_allocate(dni_context *context, dni_network *network, dni_loss *loss,
                                     const dni_trainer_options *options) {
  dni_trainer *trainer = dni__allocate(context->memory, 1, sizeof *trainer);
  if (!trainer) return NULL;
  dni__references_init(&trainer->references);
  dni_context_retain(context);
  dni_network_retain(network);
  dni_loss_retain(loss);
  trainer->context = context;
  trainer->network = network;
  trainer->loss = loss;
  trainer->max_batch = options->max_batch;
  trainer->max_rows = options->max_batch;
  trainer->schedule = options->schedule;
  trainer->in_flight = options->in_flight;
  trainer->micro_batches = options->micro_batches;
  trainer->trained_modules = options->trained_modules;
  if (options->schedule == DNI_SCHEDULE_MICRO_BATCHES)
    trainer->max_rows = (options->max_batch - 1) / options->micro_batches + 1;
  trainer->update_probability = options->update_probability == 0 ? 1 : options->update_probability;
  dni__context_random(context, &trainer->random);
  return trainer;
}

dni_status dni_trainer_create(dni_context *context, dni_network *network, dni_loss *loss,
                              const dni_optimiser *optimiser, const dni_optimiser *sg_optimiser,
                              const dni_trainer_options *options, dni_trainer **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(network);
  DNI_REQUIRE(loss);
  DNI_REQUIRE(optimiser);
  DNI_REQUIRE(options);
  DNI_REQUIRE(out);
  dni_trainer_options known;
  size_t least = offsetof(dni_trainer_options, threads);
  DNI_TRY(dni__options_copy(&known, sizeof known, least, options, "dni_trainer_options"));
  DNI_TRY(dni__trainer_check(context, network, loss, sg_optimiser, &known));
  dni_trainer *trainer = trainer_allocate(context, network, loss, &known);
  if (!trainer) return DNI_ERROR_MEMORY;
  dni_status status = dni__trainer_deal(trainer, optimiser, known.threads);
  if (status == DNI_OK) status = create_optimisers(trainer, optimiser);
  if (status == DNI_OK) status = create_interfaces(trainer, sg_optimiser);
  if (status == DNI_OK) status = create_records(trainer);
  if (status == DNI_OK) status = dni__trainer_plan(trainer);
  if (status == DNI_OK) point_report(trainer);
  bool parts = trainer->schedule == DNI_SCHEDULE_MICRO_BATCHES;
  if (status == DNI_OK && (trainer->stage_count > 1 || parts))
    status = dni__pipeline_create(trainer);
  if (status != DNI_OK) {
    dni_trainer_release(trainer);
    return status;
  }
  network->fixed = true;
  *out = trainer;
  return DNI_OK;
}

void dni_trainer_retain(dni_trainer *trainer) {
  if (trainer) dni__references_add(&trainer->references);
}

void dni_trainer_release(dni_trainer *trainer) {
  if (!trainer || !dni__references_drop(&trainer->references)) return;
  dni_context *context = trainer->context;
  dni__pipeline_destroy(trainer);
  for (size_t m = 0; m < trainer->module_count; m++)
    dni_optimiser_release(trainer->modules[m].optimiser);
  for (size_t i = 0; trainer->interfaces && i < trainer->network->count; i++)
    dni_optimiser_release(trainer->interfaces[i].optimiser);
  for (size_t i = 0; i < trainer->stage_count; i++) {
    dni__free(context->memory, trainer->stages[i].activations);
    dni__free(context->memory, trainer->stages[i].workspace);
  }
  void *blocks[] = {trainer->modules,         trainer->module_updated, trainer->interfaces,
                    trainer->interface_after, trainer->outputs,        trainer->kept_offset,
                    trainer->stages,          trainer->records,        trainer->record_memory,
                    trainer->batch_x,         trainer->batch_y};
  for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
    dni__free(context->memory, blocks[i]);
  dni_loss_release(trainer->loss);
  dni_network_release(trainer->network);
  dni__free(context->memory, trainer);
  dni_context_release(context);
}

size_t dni_trainer_module_count(const dni_trainer *trainer) {
  return trainer ? trainer->module_count : 0;
}

dni_optimiser *dni_trainer_module_optimiser(const dni_trainer *trainer, size_t module) {
  return trainer && module < trainer->module_count ? trainer->modules[module].optimiser : NULL;
}

dni_optimiser *dni_trainer_sg_optimiser(const dni_trainer *trainer, size_t after) {
  return trainer && after < trainer->network->count ? trainer->interfaces[after].optimiser : NULL;
}

dni_status dni_trainer_module_layers(const dni_trainer *trainer, size_t module, size_t *first,
                                     size_t *count) {
  DNI_REQUIRE(trainer);
  DNI_REQUIRE(first);
  DNI_REQUIRE(count);
  if (module >= trainer->module_count)
    return dni__fail(DNI_ERROR_ARGUMENT, "there is no module %zu, only %zu", module,
                     trainer->module_count);
  *first = trainer->modules[module].layers.first;
  *count = trainer->modules[module].layers.count;
  return DNI_OK;
}

size_t dni_trainer_thread_count(const dni_trainer *trainer) {
  return trainer ? trainer->stage_count : 0;
}

size_t dni_trainer_module_thread(const dni_trainer *trainer, size_t module) {
  for (size_t s = 0; trainer && s < trainer->stage_count; s++)
    if (module - trainer->stages[s].first_module < trainer->stages[s].module_count) return s;
  return 0;
}

uint64_t dni_trainer_step_count(const dni_trainer *trainer) {
  return trainer ? trainer->steps : 0;
}
