/* Numbered tunables and their bounds. Adding one: a number in dni/layer.h and a row here. */
#include "core/tunable.h"

#include <float.h>

#define BELOW_ONE  0x1.fffffffffffffp-1 /* the double before 1 */
#define ABOVE_ZERO DBL_TRUE_MIN

typedef struct bounds {
  dni_param parameter;
  const char *name;
  double least, most;
} bounds;

static const bounds table[] = {
    {DNI_PARAM_LEARNING_RATE, "learning rate", 0, DBL_MAX},
    {DNI_PARAM_MOMENTUM, "momentum", 0, BELOW_ONE},
    {DNI_PARAM_WEIGHT_DECAY, "weight decay", 0, DBL_MAX},
    {DNI_PARAM_BETA1, "beta1", 0, BELOW_ONE},
    {DNI_PARAM_BETA2, "beta2", 0, BELOW_ONE},
    {DNI_PARAM_EPSILON, "epsilon", ABOVE_ZERO, DBL_MAX},
    {DNI_PARAM_CLIP_NORM, "clip norm", 0, DBL_MAX},
    {DNI_PARAM_CLIP_VALUE, "clip value", 0, DBL_MAX},
    {DNI_PARAM_STATISTICS_RATE, "statistics rate", ABOVE_ZERO, 1},
    {DNI_PARAM_LAMBDA, "lambda", 0, 1},
    {DNI_PARAM_SHRINK, "shrink", ABOVE_ZERO, 1},
};

static const bounds *find(dni_param parameter) {
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (table[i].parameter == parameter) return &table[i];
  return NULL;
}

dni_status dni_param_bounds(dni_param parameter, double *least, double *most) {
  DNI_REQUIRE(least);
  DNI_REQUIRE(most);
  const bounds *found = find(parameter);
  if (!found) return dni__fail(DNI_ERROR_ARGUMENT, "parameter %d is unknown", (int)parameter);
  *least = found->least;
  *most = found->most;
  return DNI_OK;
}

static dni_status missing(const char *owner, dni_param parameter) {
  const bounds *found = find(parameter);
  if (!found) return dni__fail(DNI_ERROR_ARGUMENT, "parameter %d is unknown", (int)parameter);
  return dni__fail(DNI_ERROR_ARGUMENT, "%s has no %s", owner, found->name);
}

dni_status dni__tunable_set(double *place, const char *owner, dni_param parameter, double value) {
  const bounds *found = find(parameter);
  if (!place || !found) return missing(owner, parameter);
  if (!(value >= found->least && value <= found->most))
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: %s %g is not between %g and %g", owner, found->name,
                     value, found->least, found->most);
  *place = value;
  return DNI_OK;
}

dni_status dni__tunable_get(const double *place, const char *owner, dni_param parameter,
                            double *value) {
  if (!place) return missing(owner, parameter);
  *value = *place;
  return DNI_OK;
}
