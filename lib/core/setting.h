/* Numbered settings: their bounds, and the checks that every set and get makes. Internal. */
#ifndef DNI_CORE_SETTING_H
#define DNI_CORE_SETTING_H

#include "core/core.h"

/* `place` is where the owner keeps the value, NULL if it has no such setting; `owner` is for the
 * message; `dtype` is the element type that the value is used in. DNI_ERROR_ARGUMENT: an unknown
 * setting, one that the owner does not have, or a value that is out of bounds or that the element type
 * does not hold; nothing has changed then. */
dni_status dni__setting_set(double *place, const char *owner, dni_dtype dtype, dni_setting setting,
                            double value);
dni_status dni__setting_get(const double *place, const char *owner, dni_setting setting,
                            double *value);
/* The closed interval of allowed values. */
dni_status dni__setting_bounds(const double *place, const char *owner, dni_dtype dtype,
                               dni_setting setting, double *least, double *most);

/* All settings there are, from 0 on; 0 beyond the last. */
dni_setting dni__setting_number(size_t index);

/* For numbers that are no settings: DNI_ERROR_ARGUMENT, naming owner and number, unless the element
 * type holds it (core/real.h). */
dni_status dni__setting_check_held(const char *owner, const char *name, dni_dtype dtype,
                                   double value);

#endif
