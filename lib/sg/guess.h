/* Loss-matched inputs. A local guess at the network's output, g = U [h, 1], gives the derivative of
 * the loss towards it, r = dL(g, y)/dg per example; of softmax cross-entropy softmax(g) - y. r is a
 * further input of an SG, or the only one. Near the top of a network dL/dh is about a linear function of
 * such a residual, and none of (h, y). The guess itself is trained on the loss. Internal. */
#ifndef DNI_SG_GUESS_H
#define DNI_SG_GUESS_H

#include "layer/affine.h"
#include "sg/sg.h"

typedef struct dni__guess {
  dni_loss *loss;  /* NULL: there is no guess, and nothing else counts */
  dni__affine map; /* weight U [targets][units], bias [1][targets]; parameters of the SG */
} dni__guess;

/* Whether a condition has y itself, or h, among what the regression sees. */
static inline bool dni__condition_sees_y(dni_condition condition) {
  return condition == DNI_CONDITION_HY || condition == DNI_CONDITION_Y;
}
static inline bool dni__condition_sees_h(dni_condition condition) {
  return condition == DNI_CONDITION_HY || condition == DNI_CONDITION_H;
}

/* Whether loss and condition fit together and to the rest. `owner` is for the message. */
dni_status dni__guess_check(const dni_context *context, const dni_loss *loss, size_t targets,
                            dni_condition condition, const char *owner);

/* List what a regression sees, and the loss of its guess if there is one. */
void dni__condition_list(dni_condition condition, const dni_loss *loss, dni__manifest *manifest);

/* Keep the loss and create the map, of zeros, into the SG's parameters [0] and [1], which are then
 * what frees it. A loss of NULL: nothing to do. */
dni_status dni__guess_create(dni_sg *sg, dni_loss *loss, dni__parameter *parameters,
                             dni__guess *out);
void dni__guess_destroy(dni__guess *guess);

/* The columns of [y, r], without what is not seen. */
size_t dni__guess_columns(const dni__guess *guess, size_t targets, bool sees_y);

/* `to` [rows][columns] = [y, r]. losses [rows][1] is working space. */
dni_status dni__guess_inputs(const dni_sg *sg, const dni__guess *guess, bool sees_y,
                             const dni_matrix *h, const dni_matrix *y, const dni_matrix *to,
                             dni_matrix *losses);

/* The gradients of U as flags and scale of the call say. `inputs` is [y, r] of its h; r is
 * overwritten. */
dni_status dni__guess_learn(const dni_sg *sg, dni__guess *guess, const dni_sg_call *call,
                            const dni_matrix *inputs);

#endif
