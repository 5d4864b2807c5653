/* The public face of an SG's settings. */
#include "core/setting.h"
#include "sg/sg.h"

/* A wrapper and the SG inside it move the same parameters, so they have one rate scale. */
double *dni__sg_setting(const dni_sg *sg, dni_setting setting) {
  if (setting == DNI_SETTING_RATE_SCALE) {
    dni_sg *root = (dni_sg *)(uintptr_t)dni__sg_root(sg);
    return sg->learns != DNI_SG_LEARNS_NOTHING ? &root->rate_scale : NULL;
  }
  dni_sg *owner = (dni_sg *)(uintptr_t)sg; /* those that only read, read through it */
  return sg->vtable->setting ? sg->vtable->setting(owner, setting) : NULL;
}

int32_t dni_sg_has(const dni_sg *sg, dni_setting setting) {
  return sg && dni__sg_setting(sg, setting) ? 1 : 0;
}

dni_status dni_sg_bounds(const dni_sg *sg, dni_setting setting, double *least, double *most) {
  DNI_REQUIRE(sg);
  DNI_REQUIRE(least);
  DNI_REQUIRE(most);
  return dni__setting_bounds(dni__sg_setting(sg, setting), sg->vtable->name, sg->context->dtype, setting,
                             least, most);
}

dni_status dni_sg_set_f64(dni_sg *sg, dni_setting setting, double value) {
  DNI_REQUIRE(sg);
  DNI_TRY(
      dni__setting_set(dni__sg_setting(sg, setting), sg->vtable->name, sg->context->dtype, setting, value));
  if (sg->vtable->setting_changed) sg->vtable->setting_changed(sg, setting);
  return DNI_OK;
}

dni_status dni_sg_get_f64(const dni_sg *sg, dni_setting setting, double *value) {
  DNI_REQUIRE(sg);
  DNI_REQUIRE(value);
  return dni__setting_get(dni__sg_setting(sg, setting), sg->vtable->name, setting, value);
}
