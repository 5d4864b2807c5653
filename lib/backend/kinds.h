/* How backend.c makes the kind that a new context starts with. Internal. */
#ifndef DNI_BACKEND_KINDS_H
#define DNI_BACKEND_KINDS_H

#include "backend/backend.h"

/* instructions: a DNI_INSTRUCTIONS_ value this processor has. */
dni_status dni__backend_make_builtin(dni__memory *memory, dni_instructions instructions,
                                     dni_backend **out);

#endif
