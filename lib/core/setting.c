/* Numbered settings and their bounds. Adding one: a number in dni/settings.h and a row here. */
#include "core/setting.h"

#include <float.h>

#define BELOW_ONE  0x1.fffffffffffffp-1 /* the double before 1 */
#define ABOVE_ZERO DBL_TRUE_MIN

typedef struct bounds {
  dni_setting setting;
  const char *name;
  double least, most;
} bounds;

static const bounds table[] = {
    {DNI_SETTING_LEARNING_RATE, "learning rate", 0, DBL_MAX},
    {DNI_SETTING_MOMENTUM, "momentum", 0, BELOW_ONE},
    {DNI_SETTING_WEIGHT_DECAY, "weight decay", 0, DBL_MAX},
    {DNI_SETTING_BETA1, "beta1", 0, BELOW_ONE},
    {DNI_SETTING_BETA2, "beta2", 0, BELOW_ONE},
    {DNI_SETTING_EPSILON, "epsilon", ABOVE_ZERO, DBL_MAX},
    {DNI_SETTING_CLIP_NORM, "clip norm", 0, DBL_MAX},
    {DNI_SETTING_CLIP_VALUE, "clip value", 0, DBL_MAX},
    {DNI_SETTING_RATE_SCALE, "rate scale", 0, DBL_MAX},
    {DNI_SETTING_STATISTICS_RATE, "statistics rate", ABOVE_ZERO, 1},
    {DNI_SETTING_DROP, "drop", 0, BELOW_ONE},
    {DNI_SETTING_SLOPE, "slope", 0, BELOW_ONE},
    {DNI_SETTING_LAMBDA, "lambda", 0, 1},
    {DNI_SETTING_SHRINK, "shrink", ABOVE_ZERO, 1},
};

static const bounds *find(dni_setting setting) {
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (table[i].setting == setting) return &table[i];
  return NULL;
}

const char *dni_setting_name(dni_setting setting) {
  const bounds *found = find(setting);
  return found ? found->name : "";
}

/* *found becomes the row of a setting that is known and that the owner has. */
static dni_status find_owned(const double *place, const char *owner, dni_setting setting,
                             const bounds **found) {
  *found = find(setting);
  if (!*found)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: setting %d is unknown", owner, (int)setting);
  if (!place) return dni__fail(DNI_ERROR_ARGUMENT, "%s has no %s", owner, (*found)->name);
  return DNI_OK;
}

dni_status dni__setting_set(double *place, const char *owner, dni_setting setting, double value) {
  const bounds *found;
  DNI_TRY(find_owned(place, owner, setting, &found));
  if (!(value >= found->least && value <= found->most))
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: %s %g is not between %g and %g", owner, found->name,
                     value, found->least, found->most);
  *place = value;
  return DNI_OK;
}

dni_status dni__setting_get(const double *place, const char *owner, dni_setting setting,
                            double *value) {
  const bounds *found;
  DNI_TRY(find_owned(place, owner, setting, &found));
  *value = *place;
  return DNI_OK;
}

dni_status dni__setting_bounds(const double *place, const char *owner, dni_setting setting,
                               double *least, double *most) {
  const bounds *found;
  DNI_TRY(find_owned(place, owner, setting, &found));
  *least = found->least;
  *most = found->most;
  return DNI_OK;
}
