/* Answers made from other answers: weighted sums and nothing. Internal. */
#ifndef DNI_SG_BLEND_H
#define DNI_SG_BLEND_H

#include "core/core.h"

/* delta = a e + b delta, element by element; delta is not read if b is 0. Same shape and type. */
void dni__sg_blend(double a, const dni_matrix *e, double b, const dni_matrix *delta);

/* delta = 0 */
void dni__sg_clear(const dni_matrix *delta);

#endif
