/* Where the matrices of a step lie. Two blocks, activations and workspace, are laid out once for
 * the largest batch; steps then allocate nothing.
 *
 * If every module runs backward right after its forward (no dfa), the outputs inside a module are
 * needed only until the next module starts, and a module's top output only until the next module's
 * update. So all modules share one region for inner outputs and two slots, taken in turn, for top
 * outputs and for predictions: memory then does not grow with the number of modules. Otherwise each
 * matrix has a place of its own. Critics are taught when the loss is known, so with them outputs, but
 * not predictions, lie apart too. */
#include "trainer/trainer.h"

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

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

static size_t outputs_of(const dni_trainer *trainer, size_t layer) {
  return trainer->network->links[layer].layer->outputs;
}

static size_t top_of(const dni_trainer *trainer, size_t module) {
  const dni__module *layers = &trainer->modules[module].layers;
  return layers->first + layers->count - 1;
}

static bool any_deferred(const dni_trainer *trainer) {
  for (size_t m = 0; m < trainer->module_count; m++)
    if (trainer->modules[m].deferred) return true;
  return false;
}

static bool any_critic(const dni_trainer *trainer) {
  for (size_t l = 0; l < trainer->network->count; l++)
    if (dni__trainer_learns(trainer, l, DNI_SG_LEARNS_LOSS)) return true;
  return false;
}

/* The widest top output of a module. */
static size_t widest_top(const dni_trainer *trainer) {
  size_t widest = 0;
  for (size_t m = 0; m < trainer->module_count; m++)
    widest = larger(widest, outputs_of(trainer, top_of(trainer, m)));
  return widest;
}

/* Offsets of all layers' outputs, in elements: two slots for tops, then the region for inner
 * outputs. */
static void lay_out_shared(const dni_trainer *trainer, layout *block, size_t *offsets) {
  size_t slot = place(block, 0, widest_top(trainer));
  size_t inner = trainer->module_count > 1 ? place(block, slot, widest_top(trainer)) : slot;
  for (size_t m = 0; m < trainer->module_count; m++) {
    size_t top = top_of(trainer, m), next = inner;
    for (size_t l = trainer->modules[m].layers.first; l < top; l++) {
      offsets[l] = next;
      next = place(block, next, outputs_of(trainer, l));
    }
    offsets[top] = m % 2 == 0 ? 0 : slot;
  }
}

static void lay_out_apart(const dni_trainer *trainer, layout *block, size_t *offsets) {
  for (size_t l = 0; l < trainer->network->count; l++) {
    offsets[l] = block->end;
    (void)place(block, block->end, outputs_of(trainer, l));
  }
}

/* Predictions of the interfaces above each module, likewise; offsets has one entry per module. */
static void lay_out_predictions(const dni_trainer *trainer, layout *block, bool shared,
                                size_t *offsets) {
  size_t slot = block->end, second = slot;
  if (trainer->module_count < 2) return;
  if (shared) {
    second = place(block, slot, widest_top(trainer));
    (void)place(block, second, widest_top(trainer));
  }
  for (size_t m = 0; m + 1 < trainer->module_count; m++) {
    offsets[m] = shared ? (m % 2 == 0 ? slot : second) : block->end;
    if (!shared) (void)place(block, block->end, outputs_of(trainer, top_of(trainer, m)));
  }
}

static dni_status allocate_block(dni_trainer *trainer, const layout *block, void **out,
                                 size_t *bytes) {
  size_t size = dni__dtype_size(trainer->context->dtype);
  if (block->overflow)
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: batches of %zu rows do not fit",
                     trainer->max_batch);
  *out = dni__allocate(trainer->context->memory, block->end, size);
  if (!*out) return DNI_ERROR_MEMORY;
  *bytes = block->end * size;
  return DNI_OK;
}

static void *at(const dni_trainer *trainer, void *block, size_t offset) {
  return (unsigned char *)block + offset * dni__dtype_size(trainer->context->dtype);
}

static dni_status plan_activations(dni_trainer *trainer, bool shared, size_t *offsets) {
  layout block = {.rows = trainer->max_batch};
  if (shared)
    lay_out_shared(trainer, &block, offsets);
  else
    lay_out_apart(trainer, &block, offsets);
  DNI_TRY(allocate_block(trainer, &block, &trainer->activations, &trainer->activation_bytes));
  for (size_t l = 0; l < trainer->network->count; l++)
    trainer->outputs[l] = at(trainer, trainer->activations, offsets[l]);
  return DNI_OK;
}

static dni_status plan_workspace(dni_trainer *trainer, bool shared, size_t *offsets) {
  layout block = {.rows = trainer->max_batch};
  size_t widest = 0, inputs = dni_network_inputs(trainer->network);
  size_t outputs = dni_network_outputs(trainer->network);
  for (size_t l = 0; l < trainer->network->count; l++)
    widest = larger(widest, outputs_of(trainer, l));
  size_t second_delta = place(&block, 0, widest);
  size_t error = place(&block, second_delta, widest);
  size_t x = place(&block, error, outputs), y = place(&block, x, inputs);
  size_t losses = place(&block, y, outputs);
  bool critics = any_critic(trainer);
  if (critics) (void)place(&block, losses, 1);
  lay_out_predictions(trainer, &block, shared, offsets);
  DNI_TRY(allocate_block(trainer, &block, &trainer->workspace, &trainer->workspace_bytes));
  trainer->deltas[0] = trainer->workspace;
  trainer->deltas[1] = at(trainer, trainer->workspace, second_delta);
  trainer->output_error = at(trainer, trainer->workspace, error);
  trainer->batch_x = at(trainer, trainer->workspace, x);
  trainer->batch_y = at(trainer, trainer->workspace, y);
  trainer->losses = critics ? at(trainer, trainer->workspace, losses) : NULL;
  for (size_t m = 0; m + 1 < trainer->module_count; m++)
    trainer->interfaces[top_of(trainer, m)].prediction =
        at(trainer, trainer->workspace, offsets[m]);
  return DNI_OK;
}

dni_status dni__trainer_plan(dni_trainer *trainer) {
  bool shared = !any_deferred(trainer);
  size_t *offsets =
      dni__allocate(trainer->context->memory, trainer->network->count, sizeof *offsets);
  if (!offsets) return DNI_ERROR_MEMORY;
  dni_status status = plan_activations(trainer, shared && !any_critic(trainer), offsets);
  if (status == DNI_OK) status = plan_workspace(trainer, shared, offsets);
  dni__free(trainer->context->memory, offsets);
  return status;
}
