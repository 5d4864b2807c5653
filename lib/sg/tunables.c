/* The public face of estimators' tunables. */
#include "core/tunable.h"
#include "sg/sg.h"

static double *tunable(const dni_sg *sg, dni_param parameter) {
  dni_sg *owner = (dni_sg *)(uintptr_t)sg; /* the getter only reads through it */
  return sg->vtable->tunable ? sg->vtable->tunable(owner, parameter) : NULL;
}

dni_status dni_sg_set_f64(dni_sg *sg, dni_param parameter, double value) {
  DNI_REQUIRE(sg);
  DNI_TRY(dni__tunable_set(tunable(sg, parameter), sg->vtable->name, parameter, value));
  if (sg->vtable->tuned) sg->vtable->tuned(sg, parameter);
  return DNI_OK;
}

dni_status dni_sg_get_f64(const dni_sg *sg, dni_param parameter, double *value) {
  DNI_REQUIRE(sg);
  DNI_REQUIRE(value);
  return dni__tunable_get(tunable(sg, parameter), sg->vtable->name, parameter, value);
}
