/* The public face of an SG's parameters. */
#include "sg/sg.h"

size_t dni_sg_parameter_count(const dni_sg *sg) {
  return sg ? sg->parameter_count : 0;
}

const char *dni_sg_parameter_name(const dni_sg *sg, size_t index) {
  return sg && index < sg->parameter_count ? sg->parameters[index].name : "";
}

/* Parameters are looked at: of a wrapper they are its root's. */
static dni_status catch_up(const dni_sg *sg) {
  dni_sg *root = (dni_sg *)(uintptr_t)dni__sg_root(sg); /* its own affair */
  dni_status status = root->vtable->catch_up ? root->vtable->catch_up(root) : DNI_OK;
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: ", root->vtable->name);
}

dni_status dni_sg_parameter(dni_sg *sg, size_t index, dni_matrix *value, dni_matrix *gradient) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(sg);
  DNI_REQUIRE(value);
  DNI_TRY(catch_up(sg));
  return dni__parameter_view(sg->parameters, sg->parameter_count, index, value, gradient);
}

void dni__sg_changed(dni_sg *sg) {
  dni__parameters_changed(sg->parameters, sg->parameter_count);
  if (sg->vtable->changed) sg->vtable->changed(sg);
}

/* Of a wrapper they are its root's. */
dni_status dni_sg_changed(dni_sg *sg) {
  DNI_REQUIRE(sg);
  dni_sg *root = (dni_sg *)(uintptr_t)dni__sg_root(sg);
  dni__sg_changed(root);
  return DNI_OK;
}

/* A parameter of the shape and type of `value`. */
static dni_status find(const dni_sg *sg, size_t index, const dni_matrix *value, dni_matrix *found) {
  DNI_TRY(dni__parameter_view(sg->parameters, sg->parameter_count, index, found, NULL));
  return dni__matrix_check_rows(value, found->dtype, found->rows, found->columns, "value");
}

dni_status dni_sg_set_parameter(dni_sg *sg, size_t index, const dni_matrix *value) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(sg);
  dni_matrix parameter;
  DNI_TRY(catch_up(sg));
  dni_status status = find(sg, index, value, &parameter);
  if (status != DNI_OK) return dni__fail_prefix(status, "%s: ", sg->vtable->name);
  dni__matrix_copy(value, &parameter);
  return dni_sg_changed(sg);
}

dni_status dni_sg_get_parameter(const dni_sg *sg, size_t index, dni_matrix *value) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(sg);
  DNI_TRY(catch_up(sg));
  dni_matrix parameter;
  dni_status status = find(sg, index, value, &parameter);
  if (status != DNI_OK) return dni__fail_prefix(status, "%s: ", sg->vtable->name);
  dni__matrix_copy(&parameter, value);
  return DNI_OK;
}
