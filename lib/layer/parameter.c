/* Named parameters with gradients. */
#include "layer/parameter.h"

#include <stdio.h>
#include <string.h>

dni_status dni__parameter_create(dni_context *context, const char *name, size_t rows,
                                 size_t columns, bool trained, dni__parameter *out) {
  size_t elements;
  if (!dni__multiply(rows, columns, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %s of %zu x %zu does not fit", name, rows,
                     columns);
  size_t size = dni__dtype_size(context->dtype);
  void *value = dni__allocate(context->memory, elements, size);
  if (!value) return DNI_ERROR_MEMORY;
  void *gradient = trained ? dni__allocate(context->memory, elements, size) : NULL;
  if (trained && !gradient) {
    dni__free(context->memory, value);
    return DNI_ERROR_MEMORY;
  }
  out->name = name;
  out->packed = NULL;
  out->value = dni__matrix_make(value, rows, columns, context->dtype);
  out->gradient = dni__matrix_make(gradient, rows, columns, context->dtype);
  return DNI_OK;
}

void dni__parameter_destroy(dni_context *context, dni__parameter *parameter) {
  dni__free(context->memory, parameter->value.data);
  dni__free(context->memory, parameter->gradient.data);
  dni__packed_destroy(context, parameter->packed);
  parameter->packed = NULL;
  parameter->value.data = parameter->gradient.data = NULL;
}

void dni__parameters_changed(const dni__parameter *parameters, size_t count) {
  for (size_t i = 0; i < count; i++)
    dni__packed_write(&parameters[i].value, parameters[i].packed);
}

/* A parameter without gradient data is not trained. */
static dni_status check_views(const dni_matrix *value, const dni_matrix *gradient,
                              dni_dtype dtype) {
  DNI_TRY(dni__matrix_check(value, dtype, value->columns, "value"));
  if (!gradient->data) return DNI_OK;
  return dni__matrix_check_rows(gradient, dtype, value->rows, value->columns, "gradient");
}

dni_status dni__parameters_fetch(dni__parameter_function function, void *user, size_t count,
                                 dni_dtype dtype, const char *owner, dni__parameter *out) {
  for (size_t i = 0; i < count; i++) {
    dni_matrix value = {0}, gradient = {0};
    const dni__callback begun = dni__callback_begin();
    dni_status answer = function(user, i, &value, &gradient);
    dni_status status = dni__callback_end(begun, answer, "parameter");
    if (status == DNI_OK) status = check_views(&value, &gradient, dtype);
    if (status != DNI_OK) return dni__fail_prefix(status, "%s: parameter %zu: ", owner, i);
    out[i] = (dni__parameter){.name = "parameter", .value = value, .gradient = gradient};
  }
  return DNI_OK;
}

void dni__parameter_fill(dni__parameter *parameter, double value) {
  for (size_t r = 0; r < parameter->value.rows; r++)
    for (size_t c = 0; c < parameter->value.columns; c++)
      dni__matrix_set(&parameter->value, r, c, value);
}

static dni_status check_index(size_t count, size_t index) {
  if (index < count) return DNI_OK;
  return dni__fail(DNI_ERROR_ARGUMENT, "there is no parameter %zu, only %zu", index, count);
}

dni_status dni__parameter_view(const dni__parameter *parameters, size_t count, size_t index,
                               dni_matrix *value, dni_matrix *gradient) {
  DNI_TRY(check_index(count, index));
  *value = parameters[index].value;
  if (gradient) *gradient = parameters[index].gradient;
  return DNI_OK;
}

/* Index and shape; the message calls the value by the parameter's name. */
static dni_status check_value(const dni__parameter *parameters, size_t count, size_t index,
                              const dni_matrix *value) {
  DNI_TRY(check_index(count, index));
  const dni_matrix *own = &parameters[index].value;
  return dni__matrix_check_rows(value, own->dtype, own->rows, own->columns, parameters[index].name);
}

dni_status dni__parameter_set(dni__parameter *parameters, size_t count, size_t index,
                              const dni_matrix *value) {
  DNI_TRY(check_value(parameters, count, index, value));
  if (value->data != parameters[index].value.data)
    dni__matrix_copy(value, &parameters[index].value);
  return DNI_OK;
}

dni_status dni__parameter_get(const dni__parameter *parameters, size_t count, size_t index,
                              const dni_matrix *value) {
  DNI_TRY(check_value(parameters, count, index, value));
  if (value->data != parameters[index].value.data)
    dni__matrix_copy(&parameters[index].value, value);
  return DNI_OK;
}

/* How many before `index` have its name: maps of one object are called alike, and so are the caller's
 * parameters. */
static size_t namesakes(const dni__parameter *parameters, size_t index) {
  size_t count = 0;
  for (size_t i = 0; i < index; i++)
    if (!strcmp(parameters[i].name, parameters[index].name)) count++;
  return count;
}

void dni__parameters_list(const dni__parameter *parameters, size_t count, dni__manifest *manifest) {
  for (size_t i = 0; i < count; i++) {
    char name[64];
    const size_t before = namesakes(parameters, i);
    (void)snprintf(name, sizeof name, "%s_%zu", parameters[i].name, before);
    dni__manifest_matrix(manifest, before > 0 ? name : parameters[i].name, &parameters[i].value);
  }
}
