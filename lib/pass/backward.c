/* Down through a module: gradients, and the update of its layers. */
#include <math.h>

#include "optimiser/optimiser.h"
#include "pass/parts.h"

/* From the gradient a joined interface receives to the one it hands down. *delta is dL/dz of the
 * dense layer above for fa, else dL/dh; exact interfaces hand it on as it is. Mixtures learn from
 * it. */
static dni_status cross_joined(const dni__pass *pass, size_t after, dni_matrix *delta) {
  const dni_sg *sg = dni__plan_of(pass)->interfaces[after].sg;
  if (!sg) return DNI_OK;
  dni_matrix answer = dni__other_delta(pass, delta, sg->units);
  DNI_TRY(dni__ask(pass, after, delta, &answer));
  if (sg->learns == DNI_SG_LEARNS_TARGET) DNI_TRY(dni__teach(pass, after, delta, &answer));
  *delta = answer;
  return DNI_OK;
}

/* Whether feedback alignment below layer l stands in for the layer's own gradient of its input: it
 * wants the layer's dL/dz instead. */
static bool is_bypassed(const dni__pass *pass, const dni__module *layers, size_t l) {
  if (l == layers->first) return false;
  const dni_sg *sg = dni__plan_of(pass)->interfaces[l - 1].sg;
  return sg && sg->needs == DNI_SG_NEEDS_DELTA_ABOVE;
}

/* Whether backward of a layer has to run though nobody wants the gradient of its input: it moves,
 * or it is the caller's own, which may have parameters that the library does not know. */
static bool needs_backward(const dni_layer *layer) {
  bool own = layer->vtable->kind == DNI_LAYER_CALLBACK && layer->parameter_count == 0;
  return own || dni__layer_moves(layer);
}

/* The lowest layer that backward has to reach: below it nothing moves or learns, and no target is
 * wanted. Beyond the top: none. */
static size_t lowest_reached(const dni__pass *pass, const dni__module *layers, bool target) {
  size_t l = layers->first, end = layers->first + layers->count;
  for (; !target && l < end; l++) {
    if (needs_backward(dni__layer_of(pass, l))) break;
    if (l + 1 < end && dni__plan_of(pass)->interfaces[l].optimiser) return l + 1;
  }
  return l;
}

static dni_status say_module(const dni__train_module *module, dni_status status) {
  if (status == DNI_OK) return DNI_OK;
  return dni__fail_prefix(status, "module of layers %zu to %zu: ", module->layers.first,
                          dni__top_of(module));
}

/* Whether each layer moves as soon as its gradient is there, and still in cache: unless gradients
 * are only added up, their norm must be known first, or a layer below may fail. */
static bool moves_by_layer(const dni__pass *pass, const dni__train_module *module) {
  return pass->moves && !module->may_fail && dni__optimiser_by_layer(module->optimiser);
}

/* The norm of gradients for the report. `layer` NULL: all of the module. */
static void note_gradient(const dni__pass *pass, const dni__train_module *module,
                          const dni_layer *layer) {
  const dni__plan *plan = dni__plan_of(pass);
  if (!plan->measures_norm) return;
  double *norm = &pass->record->gradient_norm[module - plan->modules];
  *norm = hypot(*norm, dni__optimiser_norm(module->optimiser, layer));
}

/* Whether not all of a module is frozen. */
static bool may_move(const dni__pass *pass, const dni__module *layers) {
  for (size_t l = layers->first; l < layers->first + layers->count; l++)
    if (needs_backward(dni__layer_of(pass, l))) return true;
  return false;
}

static dni_status begin_update(const dni__pass *pass, dni__train_module *module) {
  const dni__plan *plan = dni__plan_of(pass);
  double factor = atomic_load_explicit(&module->rate_factor, memory_order_relaxed);
  DNI_TRY(say_module(module, dni__optimiser_begin(module->optimiser, 1, factor)));
  if (may_move(pass, &module->layers))
    pass->record->rate[module - plan->modules] = module->optimiser->rate;
  return DNI_OK;
}

static dni_status backward_layers(const dni__pass *pass, dni__train_module *module, bool by_layer,
                                  size_t lowest, bool target, dni_matrix *delta) {
  const dni__plan *plan = dni__plan_of(pass);
  const dni__module *layers = &module->layers;
  double scale = pass->total > 0 ? 1 / pass->total : 0;
  for (size_t l = layers->first + layers->count; l-- > lowest;) {
    const dni_layer *layer = dni__layer_of(pass, l);
    if (l > layers->first) dni__restore_output(pass, l - 1);
    dni_matrix x = dni__input_of(pass, l), y = dni__output_of(pass, l);
    bool frozen = layer->rate_scale == 0, further = l > lowest || target;
    bool bypassed = is_bypassed(pass, layers, l), wanted = further && !bypassed;
    dni_gradient_flags flags =
        (frozen ? DNI_GRADIENT_SKIP : pass->flags) | (bypassed ? DNI_GRADIENT_LEAVE_DZ : 0);
    dni_matrix dx = dni__other_delta(pass, delta, x.columns);
    DNI_TRY(dni__network_backward(plan->network, l, flags, scale, plan->states[l], &x,
                                  dni__weights_of(pass), &y, delta, wanted ? &dx : NULL));
    if (wanted) *delta = dx;
    if (further && l > layers->first) DNI_TRY(cross_joined(pass, l - 1, delta));
    if (!by_layer || frozen || layer->parameter_count == 0) continue;
    note_gradient(pass, module, layer);
    dni__optimiser_move(module->optimiser, layer);
  }
  return DNI_OK;
}

/* The gradient of a module's output, in memory that backward may overwrite. `given`: what an SG or
 * the loss has answered, or the stage above. */
static dni_status top_delta(const dni__pass *pass, const dni__train_module *module,
                            const dni_matrix *given, dni_matrix *delta) {
  size_t top = dni__top_of(module);
  const dni_layer *layer = dni__layer_of(pass, top);
  *delta = dni__pass_view(pass, pass->stage->deltas[0], layer->outputs);
  if (module->waits != DNI_WAITS_NOT && module->layers.top)
    return dni__ask(pass, top, given, delta);
  if (layer->vtable->keeps_dy || module->waits == DNI_WAITS_DELTA)
    *delta = *given;
  else
    dni__matrix_copy(given, delta);
  return DNI_OK;
}

dni_status dni__backward_module(const dni__pass *pass, const dni__train_module *module,
                                const dni_matrix *given, bool wanted, dni_matrix *target) {
  dni__train_module *moved = &dni__plan_of(pass)->modules[module - dni__plan_of(pass)->modules];
  size_t lowest = lowest_reached(pass, &module->layers, wanted);
  if (lowest > dni__top_of(module)) return DNI_OK; /* all of it is frozen */
  bool by_layer = moves_by_layer(pass, module);
  DNI_TRY(top_delta(pass, module, given, target));
  if (by_layer) DNI_TRY(begin_update(pass, moved));
  DNI_TRY(backward_layers(pass, moved, by_layer, lowest, wanted, target));
  if (by_layer || !pass->moves) return DNI_OK;
  note_gradient(pass, module, NULL);
  DNI_TRY(begin_update(pass, moved));
  dni__optimiser_move_all(module->optimiser);
  return DNI_OK;
}
