/* Making a trainer: checks, an optimiser per module and learning estimator, the memory plan. */
#include "trainer/trainer.h"

static dni_status check_options(const dni_trainer_options *options) {
  if (options->max_batch == 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_trainer_options: max_batch is 0");
  if (options->schedule != DNI_SCHEDULE_SEQUENTIAL && options->schedule != DNI_SCHEDULE_RANDOM)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_trainer_options: schedule %d is unknown",
                     (int)options->schedule);
  if (!(options->update_probability >= 0 && options->update_probability <= 1))
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_trainer_options: update_probability %g is not in (0, 1]",
                     options->update_probability);
  if (options->reserved != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "dni_trainer_options: reserved is not 0");
  return DNI_OK;
}

/* What only the whole network shows: widths of targets and errors, and what can learn in a
 * trainer. */
static dni_status check_interface(const dni_network *network, size_t after, bool has_sg_optimiser) {
  const dni_sg *sg = network->links[after].sg;
  size_t outputs = dni_network_outputs(network);
  if (!sg) return DNI_OK;
  if (after + 1 == network->count && sg->vtable->kind != DNI_SG_EXACT)
    return dni__fail(DNI_ERROR_ARGUMENT, "the gradient of the last layer is the loss's, not %s's",
                     sg->vtable->name);
  if (sg->looks_at_y && sg->targets != outputs)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s has %zu targets, the network %zu outputs",
                     sg->vtable->name, sg->targets, outputs);
  if (sg->needs == DNI_SG_NEEDS_OUTPUT_ERROR && sg->error_units != outputs)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s has %zu error units, the network %zu outputs",
                     sg->vtable->name, sg->error_units, outputs);
  bool learns = sg->learns != DNI_SG_LEARNS_NOTHING;
  if (learns && sg->needs != DNI_SG_NEEDS_NOTHING)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "%s learns but needs an error signal first",
                     sg->vtable->name);
  if (learns && !has_sg_optimiser)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s learns, and sg_optimiser is NULL", sg->vtable->name);
  return DNI_OK;
}

static dni_status check_network(const dni_context *context, const dni_network *network,
                                const dni_optimiser *sg_optimiser) {
  if (network->count == 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_trainer_create: the network has no layers");
  if (network->context->dtype != context->dtype)
    return dni__fail(
        DNI_ERROR_ARGUMENT,
        "dni_trainer_create: the element type of the network differs from the context's");
  for (size_t i = 0; i < network->count; i++) {
    dni_status status = check_interface(network, i, sg_optimiser != NULL);
    if (status != DNI_OK) return dni__fail_prefix(status, "interface after layer %zu: ", i);
  }
  return DNI_OK;
}

/* The loss of an empty batch fails if the loss has another element type. */
static dni_status check_loss(const dni_context *context, const dni_network *network,
                             dni_loss *loss) {
  dni_matrix none = dni__matrix_make(NULL, 0, dni_network_outputs(network), context->dtype);
  dni_status status = dni_loss_evaluate(loss, &none, &none, NULL, NULL, NULL);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "loss: ");
}

static dni_status create_module(dni_trainer *trainer, dni__train_module *module,
                                const dni_optimiser *pattern) {
  module->deferred = module->layers.top && module->layers.top->needs != DNI_SG_NEEDS_NOTHING;
  DNI_TRY(dni_optimiser_create_like(pattern, &module->optimiser));
  for (size_t i = 0; i < module->layers.count; i++) {
    dni_layer *layer = trainer->network->links[module->layers.first + i].layer;
    DNI_TRY(dni_optimiser_add_layer(module->optimiser, layer));
  }
  return DNI_OK;
}

static dni_status create_modules(dni_trainer *trainer, const dni_optimiser *pattern) {
  dni__memory *memory = trainer->context->memory;
  size_t count = dni__network_module_count(trainer->network);
  dni__module *layers = dni__allocate(memory, count, sizeof *layers);
  trainer->modules = dni__allocate(memory, count, sizeof *trainer->modules);
  trainer->module_updated = dni__allocate(memory, count, sizeof *trainer->module_updated);
  dni_status status =
      layers && trainer->modules && trainer->module_updated ? DNI_OK : DNI_ERROR_MEMORY;
  if (status == DNI_OK) {
    dni__network_modules(trainer->network, layers);
    trainer->module_count = count;
  }
  for (size_t m = 0; m < count && status == DNI_OK; m++) {
    trainer->modules[m].layers = layers[m];
    status = create_module(trainer, &trainer->modules[m], pattern);
  }
  dni__free(memory, layers);
  return status;
}

static dni_status create_interface(dni_trainer *trainer, dni__train_interface *interface,
                                   const dni_optimiser *pattern) {
  DNI_TRY(dni__sg_reserve_kind(interface->sg, trainer->max_batch));
  if (interface->sg->learns == DNI_SG_LEARNS_NOTHING) return DNI_OK;
  DNI_TRY(dni_optimiser_create_like(pattern, &interface->optimiser));
  return dni_optimiser_add_sg(interface->optimiser, interface->sg);
}

static dni_status create_interfaces(dni_trainer *trainer, const dni_optimiser *pattern) {
  dni__memory *memory = trainer->context->memory;
  size_t count = trainer->network->count;
  trainer->interfaces = dni__allocate(memory, count, sizeof *trainer->interfaces);
  trainer->interface_after = dni__allocate(memory, count, sizeof *trainer->interface_after);
  trainer->sg_error = dni__allocate(memory, count, sizeof *trainer->sg_error);
  trainer->sg_cosine = dni__allocate(memory, count, sizeof *trainer->sg_cosine);
  trainer->outputs = dni__allocate(memory, count, sizeof *trainer->outputs);
  if (!trainer->interfaces || !trainer->interface_after || !trainer->sg_error ||
      !trainer->sg_cosine || !trainer->outputs)
    return DNI_ERROR_MEMORY;
  size_t reported = 0;
  for (size_t i = 0; i < count; i++) {
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

bool dni__trainer_learns(const dni_trainer *trainer, size_t after, int32_t from) {
  const dni_sg *sg = trainer->interfaces[after].sg;
  return sg && sg->learns == from;
}

static void point_report(dni_trainer *trainer) {
  dni_step_report *report = &trainer->report;
  report->struct_size = sizeof *report;
  report->interface_after = trainer->interface_after;
  report->sg_error = trainer->sg_error;
  report->sg_cosine = trainer->sg_cosine;
  report->module_count = trainer->module_count;
  report->module_updated = trainer->module_updated;
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
  trainer->schedule = options->schedule;
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
  DNI_TRY(dni__options_copy(&known, sizeof known, sizeof known, options, "dni_trainer_options"));
  DNI_TRY(check_options(&known));
  DNI_TRY(check_network(context, network, sg_optimiser));
  DNI_TRY(check_loss(context, network, loss));
  dni_trainer *trainer = trainer_allocate(context, network, loss, &known);
  if (!trainer) return DNI_ERROR_MEMORY;
  dni_status status = create_modules(trainer, optimiser);
  if (status == DNI_OK) status = create_interfaces(trainer, sg_optimiser);
  if (status == DNI_OK) status = dni__trainer_plan(trainer);
  if (status != DNI_OK) {
    dni_trainer_release(trainer);
    return status;
  }
  point_report(trainer);
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
  for (size_t m = 0; m < trainer->module_count; m++)
    dni_optimiser_release(trainer->modules[m].optimiser);
  for (size_t i = 0; trainer->interfaces && i < trainer->network->count; i++)
    dni_optimiser_release(trainer->interfaces[i].optimiser);
  void *blocks[] = {trainer->modules,  trainer->module_updated,  trainer->interfaces,
                    trainer->sg_error, trainer->interface_after, trainer->sg_cosine,
                    trainer->outputs,  trainer->activations,     trainer->workspace};
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

uint64_t dni_trainer_step_count(const dni_trainer *trainer) {
  return trainer ? trainer->steps : 0;
}
