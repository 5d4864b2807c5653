/* Numbered tunables: their bounds, and the checks every set and get makes. Internal. */
#ifndef DNI_CORE_TUNABLE_H
#define DNI_CORE_TUNABLE_H

#include "core/core.h"

/* `place` is where the owner keeps the value, NULL if it has no such parameter; `owner` is for the
 * message. */
dni_status dni__tunable_set(double *place, const char *owner, dni_param parameter, double value);
dni_status dni__tunable_get(const double *place, const char *owner, dni_param parameter,
                            double *value);

#endif
