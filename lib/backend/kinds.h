/* What the files of this room share. Internal. */
#ifndef DNI_BACKEND_KINDS_H
#define DNI_BACKEND_KINDS_H

#include "backend/backend.h"

/* How backend.c makes the kind that a new context starts with.
 * instructions: a DNI_INSTRUCTIONS_ value this processor has. */
dni_status dni__backend_make_builtin(dni__memory *memory, dni_instructions instructions,
                                     dni_backend **out);

/* A product in words. */
dni_product dni__product_describe(int32_t transpose_a, int32_t transpose_b, double alpha,
                                  const dni_matrix *a, const dni_matrix *b, double beta,
                                  const dni_matrix *c);
/* Whether it reads nothing of A and B; then it has been done. */
bool dni__product_is_trivial(const dni_product *call, const dni_matrix *c);

#endif
