/* What an SG consists of: first what is decided when it is made, so that a message about a file of
 * another one says that, and not which of its values are missing. A wrapper shows the parameters of
 * the SG inside it as its own; they are listed once, with that one. */
#include "core/setting.h"
#include "sg/wrapper.h"

/* A wrapper's rate scale is that of its root. */
static void list_settings(dni_sg *sg, dni__manifest *manifest) {
  dni_setting setting;
  for (size_t i = 0; (setting = dni__setting_number(i)); i++) {
    double *place = dni__sg_setting(sg, setting);
    if (!place || (sg->vtable->wraps && setting == DNI_SETTING_RATE_SCALE)) continue;
    dni__manifest_setting(manifest, setting, sg->context->dtype, place);
  }
}

static void list_inner(dni__wrapper *wrapper, dni__manifest *manifest) {
  dni__manifest_count(manifest, "lessons", &wrapper->lessons);
  size_t entered = dni__manifest_enter(manifest, "inner");
  dni__sg_list(wrapper->inner, manifest);
  dni__manifest_leave(manifest, entered);
}

static void changed(void *loaded) {
  dni__sg_changed(loaded);
}

void dni__sg_list(dni_sg *sg, dni__manifest *manifest) {
  dni__manifest_fixed(manifest, "kind", sg->vtable->name);
  dni__manifest_fixed_count(manifest, "units", sg->units);
  if (sg->vtable->list) sg->vtable->list(sg, manifest);
  if (sg->looks_at_y) dni__manifest_fixed_count(manifest, "targets", sg->targets);
  list_settings(sg, manifest);
  if (sg->vtable->wraps)
    list_inner((dni__wrapper *)sg, manifest);
  else
    dni__parameters_list(sg->parameters, sg->parameter_count, manifest);
  dni__manifest_after_load(manifest, changed, sg);
}
