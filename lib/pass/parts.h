/* What the files of this room share. Internal to lib/pass. */
#ifndef DNI_PASS_PARTS_H
#define DNI_PASS_PARTS_H

#include "pass/pass.h"

/* Where a pass finds its matrices, and what modules are. --------------------------------------- */

static inline dni__plan *dni__plan_of(const dni__pass *pass) {
  return pass->stage->plan;
}

static inline dni_network *dni__network_of(const dni__pass *pass) {
  return pass->stage->plan->network;
}

static inline const dni_layer *dni__layer_of(const dni__pass *pass, size_t layer) {
  return dni__network_of(pass)->links[layer].layer;
}

/* [rows][columns] of the context's element type. */
static inline dni_matrix dni__pass_view(const dni__pass *pass, void *data, size_t columns) {
  return dni__matrix_make(data, pass->y.rows, columns, dni__plan_of(pass)->context->dtype);
}

/* Floats. One that is kept as bf16 has them in forward until the next layer but one, and in backward while
 * the layers below and above it are at work. */
static inline dni_matrix dni__output_of(const dni__pass *pass, size_t layer) {
  const dni__plan *plan = dni__plan_of(pass);
  void *data = plan->in_bf16[layer] ? pass->stage->wide[layer % 2] : plan->outputs[layer];
  return dni__pass_view(pass, data, dni__layer_of(pass, layer)->outputs);
}

static inline dni_matrix dni__input_of(const dni__pass *pass, size_t layer) {
  return layer == pass->stage->first_layer ? pass->x : dni__output_of(pass, layer - 1);
}

/* NULL if every example has weight 1. */
static inline const dni_matrix *dni__weights_of(const dni__pass *pass) {
  return pass->weights.data ? &pass->weights : NULL;
}

static inline size_t dni__top_of(const dni__train_module *module) {
  return module->layers.first + module->layers.count - 1;
}

static inline bool dni__is_last(const dni__pass *pass, const dni__train_module *module) {
  return dni__top_of(module) + 1 == dni__network_of(pass)->count;
}

/* The delta buffer that `used` does not lie in. */
static inline dni_matrix dni__other_delta(const dni__pass *pass, const dni_matrix *used,
                                          size_t columns) {
  void *const *deltas = pass->stage->deltas;
  return dni__pass_view(pass, used->data == deltas[0] ? deltas[1] : deltas[0], columns);
}

/* Puts "interface after layer 3: " in front of a failure's message. */
dni_status dni__say_interface(size_t after, dni_status status);

/* lesson.c: questions ---------------------------------------------------------------------------
 */

/* delta [rows][units] = the answer of the SG after layer `after`; error: the signal it needs. */
dni_status dni__ask(const dni__pass *pass, size_t after, const dni_matrix *error,
                    const dni_matrix *delta);

/* precision.c: nothing is done for an output that is not kept as bf16 ---------------------------
 */

/* The layer has just written it. */
void dni__keep_output(const dni__pass *pass, size_t layer);
/* The layer above it begins its backward. */
void dni__restore_output(const dni__pass *pass, size_t layer);

/* forward.c -------------------------------------------------------------------------------------
 */

dni_status dni__forward_module(const dni__pass *pass, const dni__module *layers);
/* Loss, accuracy and metric into the record; dL/dh_N, and each example's loss for critics, into the
 * stage's buffers. */
dni_status dni__evaluate_loss(const dni__pass *pass);

/* backward.c ------------------------------------------------------------------------------------
 */

/* Parameter gradients of a module and its update, from `given`: what the loss or an SG has answered
 * for its output, or the stage above. If `wanted`, *target becomes the gradient of its input. */
dni_status dni__backward_module(const dni__pass *pass, const dni__train_module *module,
                                const dni_matrix *given, bool wanted, dni_matrix *target);

/* lesson.c: lessons -----------------------------------------------------------------------------
 */

/* Show the target of an interface to its SG and update the SG. Without target: one that learns
 * alone. prediction NULL: it answers again. */
dni_status dni__teach(const dni__pass *pass, size_t after, const dni_matrix *target,
                      const dni_matrix *prediction);
/* Show the losses of the examples to the critics of the stage. */
dni_status dni__teach_critics(const dni__pass *pass);

#endif
