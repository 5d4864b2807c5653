/* A named parameter with its gradient, as layers and estimators hold them. Internal. */
#ifndef DNI_LAYER_PARAMETER_H
#define DNI_LAYER_PARAMETER_H

#include "backend/backend.h"
#include "core/manifest.h"

typedef struct dni__parameter {
  const char *name;
  dni_matrix value;
  dni_matrix gradient; /* data NULL: not trained */
  dni__packed *packed; /* of the value, for products; NULL: none */
} dni__parameter;

/* Zeroed [rows][columns] memory for value and, if trained, gradient. On failure *out is as before.
 */
dni_status dni__parameter_create(dni_context *context, const char *name, size_t rows,
                                 size_t columns, bool trained, dni__parameter *out);
void dni__parameter_destroy(dni_context *context, dni__parameter *parameter);

/* `count` parameters in the caller's memory, as the parameter function of a layer's or estimator's
 * callbacks hands them out, checked. `owner` is for the message. */
typedef dni_status (*dni__parameter_function)(void *user, size_t index, dni_matrix *value,
                                              dni_matrix *gradient);
dni_status dni__parameters_fetch(dni__parameter_function function, void *user, size_t count,
                                 dni_dtype dtype, const char *owner, dni__parameter *out);

/* Values were written: what is kept of them in another form is made again. */
void dni__parameters_changed(const dni__parameter *parameters, size_t count);

void dni__parameter_fill(dni__parameter *parameter, double value);

/* What dni_layer_parameter and dni_sg_parameter do: hand out views of parameters[index]. */
dni_status dni__parameter_view(const dni__parameter *parameters, size_t count, size_t index,
                               dni_matrix *value, dni_matrix *gradient);

/* What the _set_parameter and _get_parameter functions do, NULL included. After a set the owner
 * says that its values have changed. */
dni_status dni__parameter_set(dni__parameter *parameters, size_t count, size_t index,
                              const dni_matrix *value);
dni_status dni__parameter_get(const dni__parameter *parameters, size_t count, size_t index,
                              const dni_matrix *value);

/* List the values under their names; the second and third of a name are "weight_1", "weight_2". */
void dni__parameters_list(const dni__parameter *parameters, size_t count, dni__manifest *manifest);

#endif
