/* Outputs of layers that are kept as bf16 from forward to backward.
 *
 * A layer still reads and writes floats. Its output is rounded at once, copied to 16 bits for later, and restored
 * when backward comes to the layer above it. So all kinds of layers can be around it. Products round what
 * they read to bf16 anyway: where only products read an output, no bit of the training changes. */
#include "pass/parts.h"

/* Derivatives of these are made of y, and nothing is left of them where y is rounded to 1. */
static bool saturates(const dni_layer *layer) {
  return layer->activation == DNI_ACTIVATION_SIGMOID || layer->activation == DNI_ACTIVATION_TANH;
}

static bool is_callback(const dni_layer *layer) {
  return layer->vtable->kind == DNI_LAYER_CALLBACK;
}

/* Inside a module: what SGs, losses, other threads and the caller's own layers see stays as it is. */
static bool may_be_kept(const dni__plan *plan, size_t l) {
  const dni__link *links = plan->network->links;
  return !links[l].sg && !is_callback(links[l].layer) && !is_callback(links[l + 1].layer) &&
         !saturates(links[l].layer);
}

void dni__plan_choose_precision(dni__plan *plan) {
  if (plan->activations != DNI_BF16) return;
  for (size_t m = 0; m < plan->module_count; m++) {
    const dni__train_module *module = &plan->modules[m];
    for (size_t l = module->layers.first; module->trained && l < dni__top_of(module); l++)
      plan->in_bf16[l] = may_be_kept(plan, l);
  }
}

/* Elements of the output of one layer, and its two forms. */
typedef struct conversion {
  const dni__kernels *kernels;
  float *wide;
  uint16_t *kept;
} conversion;

static void keep_range(void *argument, size_t first, size_t end) {
  const conversion *c = argument;
  c->kernels->bf16_keep(end - first, c->wide + first, c->kept + first);
}

static void restore_range(void *argument, size_t first, size_t end) {
  const conversion *c = argument;
  c->kernels->bf16_restore(end - first, c->kept + first, c->wide + first);
}

static void convert(const dni__pass *pass, size_t layer, dni__range_work work) {
  const dni__plan *plan = dni__plan_of(pass);
  if (!plan->in_bf16[layer]) return;
  const dni_matrix wide = dni__output_of(pass, layer);
  conversion all = {plan->context->kernels, wide.data, plan->outputs[layer]};
  const size_t count = wide.rows * wide.columns;
  dni__share(dni__layer_of(pass, layer)->backend, count, count, work, &all);
}

void dni__keep_output(const dni__pass *pass, size_t layer) {
  convert(pass, layer, keep_range);
}

void dni__restore_output(const dni__pass *pass, size_t layer) {
  convert(pass, layer, restore_range);
}
