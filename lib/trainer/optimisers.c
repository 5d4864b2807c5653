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

/* Memory of a caller's own layer that another module moves already. The library's own layers have
 * their own. */
static dni_status check_moved_once(const dni__plan *plan, size_t module) {
  const dni__module *layers = &plan->modules[module].layers;
  for (size_t l = layers->first; l < layers->first + layers->count; l++) {
    const dni_layer *layer = plan->network->links[l].layer;
    for (size_t p = 0; !layer->owns_parameters && p < layer->parameter_count; p++)
      for (size_t m = 0; m < module; m++)
        if (layer->parameters[p].gradient.data && plan->modules[m].optimiser &&
            dni__optimiser_moves(plan->modules[m].optimiser, layer->parameters[p].value.data))
          return dni__fail(DNI_ERROR_ARGUMENT,
                           "layer %zu (%s): parameter %zu is moved by module %zu already", l,
                           dni_layer_kind_name(layer), p, m);
  }
  return DNI_OK;
}

dni_status dni__trainer_create_optimisers(dni__plan *plan, const dni_optimiser *pattern,
                                          const dni_optimiser *sg_pattern) {
  for (size_t m = 0; m < plan->module_count; m++) {
    DNI_TRY(create_for_module(plan, &plan->modules[m], pattern));
    DNI_TRY(check_moved_once(plan, m));
  }
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
