/* Where the matrices of a step lie. Each stage has two blocks, activations and workspace, laid out
 * once for the largest batch; steps then allocate nothing.
 *
 * If every module of a stage runs backward right after its forward (no dfa), the outputs inside a
 * module are needed only until the next module starts, and a module's top output only until the
 * next module's update. So all its modules share one region for inner outputs and two slots, taken
 * in turn, for top outputs and for predictions: memory then does not grow with the number of
 * modules. Otherwise each matrix has a place of its own. Critics are taught when the loss is known,
 * so with them outputs, but not predictions, lie apart too. Modules that only run forward need two
 * outputs at a time.
 *
 * Between threads, what a batch needs when its target arrives is kept in a ring of slots: the
 * output at the interface, or all outputs and states of the module that waits, y and weights. */
#include "pass/plan.h"

#define PIECE_MULTIPLE 16 /* elements; pieces start on a cache line */

/* A block being laid out: the end of what is placed so far, in elements. */
typedef struct layout {
  size_t rows;
  size_t end;
  bool overflow;
} layout;

/* Room for [rows][columns] at `start`; returns where it ends. */
static size_t place(layout *block, size_t start, size_t columns) {
  size_t elements, rounded, end;
  if (!dni__multiply(block->rows, columns, &elements) ||
      !dni__add(elements, PIECE_MULTIPLE - 1, &rounded) ||
      !dni__add(start, rounded - rounded % PIECE_MULTIPLE, &end)) {
    block->overflow = true;
    return start;
  }
  if (end > block->end) block->end = end;
  return end;
}

/* Room for one more after all that is placed; returns where it begins. */
static size_t append(layout *block, size_t columns) {
  size_t start = block->end;
  (void)place(block, start, columns);
  return start;
}

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

static size_t outputs_of(const dni__plan *plan, size_t layer) {
  return plan->network->links[layer].layer->outputs;
}

/* Elements that a row of a layer's output takes where it is kept: two of bf16 are as long as one. */
static size_t kept_columns(const dni__plan *plan, size_t layer) {
  const size_t outputs = outputs_of(plan, layer);
  return plan->in_bf16[layer] ? outputs / 2 + outputs % 2 : outputs;
}

static size_t top_of(const dni__train_module *module) {
  return module->layers.first + module->layers.count - 1;
}

static size_t end_module(const dni__stage *stage) {
  return stage->first_module + stage->module_count;
}

static size_t end_layer(const dni__stage *stage) {
  return stage->first_layer + stage->layer_count;
}

static bool any_waits_for_error(const dni__stage *stage) {
  for (size_t m = stage->first_module; m < end_module(stage); m++)
    if (stage->plan->modules[m].waits == DNI_WAITS_ERROR) return true;
  return false;
}

/* The first layer of the modules that only run forward, which come last. */
static size_t end_trained(const dni__stage *stage) {
  for (size_t m = stage->first_module; m < end_module(stage); m++)
    if (!stage->plan->modules[m].trained) return stage->plan->modules[m].layers.first;
  return end_layer(stage);
}

static bool any_critic(const dni__stage *stage) {
  for (size_t l = stage->first_layer; l < end_trained(stage); l++)
    if (dni__plan_learns(stage->plan, l, DNI_SG_LEARNS_LOSS)) return true;
  return false;
}

/* The widest output of layers from..end-1. */
static size_t widest_output(const dni__plan *plan, size_t from, size_t end) {
  size_t widest = 0;
  for (size_t l = from; l < end; l++)
    widest = larger(widest, outputs_of(plan, l));
  return widest;
}

/* The widest output of the stage that is kept as bf16; 0: there is none. */
static size_t widest_in_bf16(const dni__stage *stage) {
  size_t widest = 0;
  for (size_t l = stage->first_layer; l < end_layer(stage); l++)
    if (stage->plan->in_bf16[l]) widest = larger(widest, outputs_of(stage->plan, l));
  return widest;
}

/* The widest top output of a module of the stage. */
static size_t widest_top(const dni__stage *stage) {
  size_t widest = 0;
  for (size_t m = stage->first_module; m < end_module(stage); m++)
    widest = larger(widest, outputs_of(stage->plan, top_of(&stage->plan->modules[m])));
  return widest;
}

/* Activations. ------------------------------------------------------------------------------- */

/* Offsets of all layers' outputs, in elements: two slots for tops, then the region for inner
 * outputs. In a module that runs forward only, neighbours alternate within the region. */
static void lay_out_shared(const dni__stage *stage, layout *block, size_t *offsets) {
  const dni__plan *plan = stage->plan;
  size_t widest = widest_top(stage), slot = place(block, 0, widest);
  size_t inner = stage->module_count > 1 ? place(block, slot, widest) : slot;
  for (size_t m = stage->first_module; m < end_module(stage); m++) {
    const dni__train_module *module = &plan->modules[m];
    size_t first = module->layers.first, top = top_of(module), next = inner;
    size_t half = place(block, inner, module->trained ? 0 : widest_output(plan, first, top));
    for (size_t l = first; l < top; l++) {
      offsets[l] = module->trained ? next : (l - first) % 2 == 0 ? inner : half;
      next = place(block, offsets[l], kept_columns(plan, l));
    }
    offsets[top] = (m - stage->first_module) % 2 == 0 ? 0 : slot;
  }
}

/* A place for each output that a backward pass needs; the others alternate between two. */
static void lay_out_apart(const dni__stage *stage, layout *block, size_t *offsets) {
  size_t end = end_trained(stage), widest = widest_output(stage->plan, end, end_layer(stage));
  for (size_t l = stage->first_layer; l < end; l++)
    offsets[l] = append(block, kept_columns(stage->plan, l));
  size_t places[] = {append(block, widest), append(block, widest)};
  for (size_t l = end; l < end_layer(stage); l++)
    offsets[l] = places[(l - end) % 2];
}

static dni_status allocate_block(const dni__stage *stage, const layout *block, void **out,
                                 size_t *bytes) {
  const dni__plan *plan = stage->plan;
  size_t size = dni__dtype_size(plan->context->dtype);
  if (block->overflow)
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: batches of %zu rows do not fit",
                     plan->max_batch);
  *out = dni__allocate(plan->context->memory, block->end, size);
  if (!*out) return DNI_ERROR_MEMORY;
  *bytes = block->end * size;
  return DNI_OK;
}

static void *at(const dni__stage *stage, void *block, size_t offset) {
  return (unsigned char *)block + offset * dni__dtype_size(stage->plan->context->dtype);
}

/* The layers whose outputs a slot keeps: the top alone, or all of the module that waits and the
 * output that is its input. */
static void choose_kept(dni__stage *stage) {
  const dni__plan *plan = stage->plan;
  const dni__train_module *last = &plan->modules[end_module(stage) - 1];
  bool micro = plan->schedule == DNI_SCHEDULE_MICRO_BATCHES;
  stage->kept_first = end_layer(stage);
  if (stage->index + 1 == plan->stage_count) return;
  stage->slots = micro ? plan->micro_batches : plan->in_flight;
  stage->kept_first = top_of(last);
  if (last->waits != DNI_WAITS_DELTA) return;
  stage->keeps_x = last->layers.first == stage->first_layer;
  stage->kept_first = last->layers.first - (stage->keeps_x ? 0 : 1);
}

static dni_status plan_kept_outputs(dni__stage *stage, layout *block, size_t *start) {
  dni__plan *plan = stage->plan;
  size_t size = dni__dtype_size(plan->context->dtype);
  layout slot = {.rows = block->rows};
  for (size_t l = stage->kept_first; l < end_layer(stage); l++)
    plan->kept_offset[l] = append(&slot, kept_columns(plan, l)) * size;
  size_t all = 0;
  if (slot.overflow || !dni__multiply(slot.end, stage->slots, &all)) block->overflow = true;
  stage->slot_bytes = slot.end * size;
  *start = block->end;
  if (!dni__add(block->end, all, &block->end)) block->overflow = true;
  return DNI_OK;
}

static dni_status plan_activations(dni__stage *stage, size_t *offsets) {
  dni__plan *plan = stage->plan;
  layout block = {.rows = plan->max_rows};
  size_t kept = 0;
  if (any_waits_for_error(stage) || any_critic(stage))
    lay_out_apart(stage, &block, offsets);
  else
    lay_out_shared(stage, &block, offsets);
  if (stage->slots > 0) DNI_TRY(plan_kept_outputs(stage, &block, &kept));
  DNI_TRY(allocate_block(stage, &block, &stage->activations, &stage->activation_bytes));
  stage->kept_outputs = at(stage, stage->activations, kept);
  for (size_t l = stage->first_layer; l < end_layer(stage); l++)
    plan->outputs[l] = at(stage, stage->activations, offsets[l]);
  return DNI_OK;
}

/* Workspace. --------------------------------------------------------------------------------- */

/* Whether an answer is kept at the interface above a module. */
static bool has_prediction(const dni__plan *plan, size_t m) {
  const dni__train_module *module = &plan->modules[m];
  return module->trained && top_of(module) + 1 < plan->network->count &&
         module->waits != DNI_WAITS_DELTA;
}

/* Predictions of the interfaces above each module, shared like outputs; offsets has one entry per
 * module. */
static void lay_out_predictions(const dni__stage *stage, layout *block, size_t *offsets) {
  const dni__plan *plan = stage->plan;
  bool shared = !any_waits_for_error(stage);
  size_t slots[2], count = 0, widest = widest_top(stage);
  for (size_t m = stage->first_module; m < end_module(stage); m++) {
    if (!has_prediction(plan, m)) continue;
    if (shared && count < 2) slots[count] = append(block, widest);
    offsets[m] =
        shared ? slots[count % 2] : append(block, outputs_of(plan, top_of(&plan->modules[m])));
    count++;
  }
}

/* Where x, y and weights of slots lie, in elements. */
typedef struct kept_places {
  size_t x, y, weights;
} kept_places;

/* `columns` for every slot; *bytes from one to the next. */
static size_t append_slots(const dni__stage *stage, layout *block, size_t columns, size_t *bytes) {
  size_t start = block->end, first = start;
  for (size_t s = 0; s < stage->slots; s++) {
    start = block->end;
    (void)append(block, columns);
  }
  *bytes = (block->end - start) * dni__dtype_size(stage->plan->context->dtype);
  return first;
}

static kept_places lay_out_kept(dni__stage *stage, layout *block) {
  const dni__plan *plan = stage->plan;
  size_t inputs = plan->network->links[stage->first_layer].layer->inputs;
  kept_places places;
  places.x = append_slots(stage, block, stage->keeps_x ? inputs : 0, &stage->x_bytes);
  places.y = append_slots(stage, block, dni_network_outputs(plan->network), &stage->y_bytes);
  places.weights = append_slots(stage, block, 1, &stage->weight_bytes);
  return places;
}

/* Layers keep what their backward needs of a forward; of a module that waits that has to be there
 * for every slot, so its layers get a state for each. Other layers use their own. */
static dni_status create_states(dni__stage *stage) {
  const dni__plan *plan = stage->plan;
  const dni__train_module *last = &plan->modules[end_module(stage) - 1];
  for (size_t l = stage->first_layer; l < end_layer(stage); l++)
    DNI_TRY(dni_layer_reserve(plan->network->links[l].layer, plan->max_rows));
  if (stage->slots == 0 || last->waits != DNI_WAITS_DELTA) return DNI_OK;
  stage->kept_states = dni__allocate(plan->context->memory, stage->slots * stage->layer_count,
                                     sizeof *stage->kept_states);
  if (!stage->kept_states) return DNI_ERROR_MEMORY;
  for (size_t l = last->layers.first; l < end_layer(stage); l++) {
    dni_layer *layer = plan->network->links[l].layer;
    size_t bytes = dni__layer_state_bytes(layer, plan->max_rows);
    for (size_t s = 0; layer->keeps_state && s < stage->slots; s++) {
      size_t place = s * stage->layer_count + l - stage->first_layer;
      DNI_TRY(dni_state_create(layer, plan->max_rows, &stage->kept_states[place]));
      stage->state_bytes += bytes;
    }
  }
  return DNI_OK;
}

static dni_status plan_workspace(dni__stage *stage, size_t *offsets) {
  dni__plan *plan = stage->plan;
  layout block = {.rows = plan->max_rows};
  size_t outputs = dni_network_outputs(plan->network), second, error, losses, right, wide[2];
  bool top = end_layer(stage) == plan->network->count, critics = any_critic(stage);
  bool own_loss = top && dni_loss_kind(plan->loss) == DNI_LOSS_CALLBACK;
  size_t below = stage->first_layer > 0 ? outputs_of(plan, stage->first_layer - 1) : 0;
  size_t widest = larger(below, widest_output(plan, stage->first_layer, end_layer(stage)));
  (void)append(&block, widest);
  second = append(&block, widest);
  wide[0] = append(&block, widest_in_bf16(stage));
  wide[1] = append(&block, widest_in_bf16(stage));
  error = append(&block, top ? outputs : 0);
  losses = append(&block, critics || own_loss ? 1 : 0);
  right = append(&block, own_loss ? 1 : 0);
  kept_places kept = lay_out_kept(stage, &block);
  lay_out_predictions(stage, &block, offsets);
  DNI_TRY(allocate_block(stage, &block, &stage->workspace, &stage->workspace_bytes));
  stage->deltas[0] = stage->workspace;
  stage->deltas[1] = at(stage, stage->workspace, second);
  stage->wide[0] = at(stage, stage->workspace, wide[0]);
  stage->wide[1] = at(stage, stage->workspace, wide[1]);
  stage->output_error = at(stage, stage->workspace, error);
  stage->losses = critics || own_loss ? at(stage, stage->workspace, losses) : NULL;
  stage->right = own_loss ? at(stage, stage->workspace, right) : NULL;
  stage->kept_x = at(stage, stage->workspace, kept.x);
  stage->kept_y = at(stage, stage->workspace, kept.y);
  stage->kept_weights = at(stage, stage->workspace, kept.weights);
  for (size_t m = stage->first_module; m < end_module(stage); m++)
    if (has_prediction(plan, m))
      plan->interfaces[top_of(&plan->modules[m])].prediction =
          at(stage, stage->workspace, offsets[m]);
  return DNI_OK;
}

void dni__stage_use_slot(dni__stage *stage, size_t slot) {
  dni__plan *plan = stage->plan;
  for (size_t l = stage->kept_first; l < end_layer(stage); l++)
    plan->outputs[l] = stage->kept_outputs + slot * stage->slot_bytes + plan->kept_offset[l];
  for (size_t l = stage->first_layer; stage->kept_states && l < end_layer(stage); l++)
    plan->states[l] = stage->kept_states[slot * stage->layer_count + l - stage->first_layer];
}

static dni_status allocate_places(dni__plan *plan) {
  dni__memory *memory = plan->context->memory;
  size_t layers = plan->network->count;
  plan->outputs = dni__allocate(memory, layers, sizeof *plan->outputs);
  plan->states = dni__allocate(memory, layers, sizeof *plan->states);
  plan->in_bf16 = dni__allocate(memory, layers, sizeof *plan->in_bf16);
  plan->kept_offset = dni__allocate(memory, layers, sizeof *plan->kept_offset);
  return plan->outputs && plan->states && plan->in_bf16 && plan->kept_offset ? DNI_OK
                                                                             : DNI_ERROR_MEMORY;
}

dni_status dni__plan_lay_out(dni__plan *plan) {
  dni__memory *memory = plan->context->memory;
  DNI_TRY(allocate_places(plan));
  dni__plan_choose_precision(plan);
  size_t *offsets = dni__allocate(memory, plan->network->count, sizeof *offsets);
  if (!offsets) return DNI_ERROR_MEMORY;
  dni_status status = DNI_OK;
  for (size_t s = 0; s < plan->stage_count && status == DNI_OK; s++) {
    choose_kept(&plan->stages[s]);
    status = plan_activations(&plan->stages[s], offsets);
    if (status == DNI_OK) status = plan_workspace(&plan->stages[s], offsets);
    if (status == DNI_OK) status = create_states(&plan->stages[s]);
  }
  dni__free(memory, offsets);
  return status;
}
