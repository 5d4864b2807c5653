/* An optimiser for each module and for each SG that learns, made like the user's patterns. */
#include "trainer/trainer.h"

#include "optimiser/optimiser.h"

static dni_status create_for_module(const dni__plan *plan, dni__train_module *module,
                                    const dni_optimiser *pattern) {
  if (!module->trained || module->still) return DNI_OK;
  DNI_TRY(dni_optimiser_create_like(pattern, &module->optimiser));
  for (size_t i = 0; i < module->layers.count; i++) {
    dni_layer *layer = plan->network->links[module->layers.first + i].layer;
    if (layer->vtable->kind == DNI_LAYER_CALLBACK) module->may_fail = true;
    dni_status status = dni_optimiser_add_layer(module->optimiser, layer);
    if (status != DNI_OK) return dni__fail_prefix(status, "layer %zu: ", module->layers.first + i);
  }
  module->optimiser->owned = true;
  return DNI_OK;
}

/* Threads let an SG answer again before its lesson, in a place of its own. */
static dni_status reserve_sg(const dni__plan *plan, dni_sg *sg) {
  bool threads = plan->schedule == DNI_SCHEDULE_PIPELINED;
  return threads ? dni_sg_reserve(sg, plan->max_rows) : dni__sg_reserve_kind(sg, plan->max_rows);
}

static dni_status create_for_interface(const dni__plan *plan, dni__train_interface *interface,
                                       const dni_optimiser *pattern) {
  if (!interface->sg) return DNI_OK;
  DNI_TRY(reserve_sg(plan, interface->sg));
  if (interface->sg->learns == DNI_SG_LEARNS_NOTHING) return DNI_OK;
  DNI_TRY(dni_optimiser_create_like(pattern, &interface->optimiser));
  DNI_TRY(dni_optimiser_add_sg(interface->optimiser, interface->sg));
  interface->optimiser->owned = true;
  return DNI_OK;
}

/* Whether a parameter of a layer is memory of the caller's that an optimiser moves. The library's
 * own layers have their own. */
static bool is_shared(const dni_layer *layer, size_t parameter) {
  return !layer->owns_parameters && layer->parameters[parameter].gradient.data &&
         layer->parameters[parameter].value.data;
}

static dni_status fail_moved(const dni__plan *plan, size_t layer, size_t parameter) {
  const dni_layer *twice = plan->network->links[layer].layer;
  size_t m = 0;
  while (!plan->modules[m].optimiser ||
         !dni__optimiser_moves(plan->modules[m].optimiser, twice->parameters[parameter].value.data))
    m++;
  return dni__fail(DNI_ERROR_ARGUMENT,
                   "layer %zu (%s): parameter %zu is moved by module %zu already", layer,
                   dni_layer_kind_name(twice), parameter, m);
}

/* Memory that a module below moves already; `moved` has it all. In one module its optimiser sees to
 * that. */
static dni_status check_moved_once(const dni__plan *plan, size_t module,
                                   const dni__pointer_set *moved) {
  const dni__module *layers = &plan->modules[module].layers;
  for (size_t l = layers->first; l < layers->first + layers->count; l++) {
    const dni_layer *layer = plan->network->links[l].layer;
    for (size_t p = 0; p < layer->parameter_count; p++)
      if (is_shared(layer, p) && dni__pointer_set_has(moved, layer->parameters[p].value.data))
        return fail_moved(plan, l, p);
  }
  return DNI_OK;
}

static dni_status add_moved(const dni__plan *plan, size_t module, dni__pointer_set *moved) {
  const dni__module *layers = &plan->modules[module].layers;
  if (!plan->modules[module].optimiser) return DNI_OK;
  for (size_t l = layers->first; l < layers->first + layers->count; l++) {
    const dni_layer *layer = plan->network->links[l].layer;
    for (size_t p = 0; p < layer->parameter_count; p++) {
      if (!is_shared(layer, p)) continue;
      DNI_TRY(dni__pointer_set_reserve(plan->context->memory, moved));
      dni__pointer_set_add(moved, layer->parameters[p].value.data);
    }
  }
  return DNI_OK;
}

static dni_status create_for_modules(const dni__plan *plan, const dni_optimiser *pattern) {
  dni__pointer_set moved = {0};
  dni_status status = DNI_OK;
  for (size_t m = 0; m < plan->module_count && status == DNI_OK; m++) {
    status = create_for_module(plan, &plan->modules[m], pattern);
    if (status == DNI_OK) status = check_moved_once(plan, m, &moved);
    if (status == DNI_OK) status = add_moved(plan, m, &moved);
  }
  dni__pointer_set_destroy(plan->context->memory, &moved);
  return status;
}

dni_status dni__trainer_create_optimisers(dni__plan *plan, const dni_optimiser *pattern,
                                          const dni_optimiser *sg_pattern) {
  DNI_TRY(create_for_modules(plan, pattern));
  plan->interfaces =
      dni__allocate(plan->context->memory, plan->network->count, sizeof *plan->interfaces);
  if (!plan->interfaces) return DNI_ERROR_MEMORY;
  for (size_t i = 0; i < plan->network->count; i++) {
    plan->interfaces[i].sg = plan->network->links[i].sg;
    dni_status status = create_for_interface(plan, &plan->interfaces[i], sg_pattern);
    if (status != DNI_OK) return dni__fail_prefix(status, "interface after layer %zu: ", i);
  }
  return DNI_OK;
}

void dni__trainer_release_optimisers(dni__plan *plan) {
  for (size_t m = 0; m < plan->module_count; m++)
    dni_optimiser_release(plan->modules[m].optimiser);
  for (size_t i = 0; plan->interfaces && i < plan->network->count; i++)
    dni_optimiser_release(plan->interfaces[i].optimiser);
}
