/* How backend.c makes the kinds that a new context may start with. Internal. */
#ifndef DNI_BACKEND_KINDS_H
#define DNI_BACKEND_KINDS_H

#include "backend/backend.h"

/* instructions: a DNI_INSTRUCTIONS_ value this processor has. */
dni_status dni__backend_make_builtin(dni__memory *memory, int32_t instructions, dni_backend **out);
#if defined(DNI_HAVE_CBLAS)
dni_status dni__backend_make_cblas(dni__memory *memory, dni_backend **out);
#endif

#endif
