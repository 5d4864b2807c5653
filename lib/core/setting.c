/* Numbered settings and their bounds. Adding one: a number in dni/settings.h and a row here. */
#include "core/setting.h"

#include "core/real.h"

/* The ends of an interval depend on the element type: an open end is the nearest number inside. */
typedef enum lower_end { FROM_ZERO, ABOVE_ZERO } lower_end;
typedef enum upper_end { BELOW_ONE, TO_ONE, FINITE } upper_end;

typedef struct bounds {
  dni_setting setting;
  const char *name;
  lower_end lower;
  upper_end upper;
} bounds;

static const bounds table[] = {
    {DNI_SETTING_LEARNING_RATE, "learning rate", FROM_ZERO, FINITE},
    {DNI_SETTING_MOMENTUM, "momentum", FROM_ZERO, BELOW_ONE},
    {DNI_SETTING_WEIGHT_DECAY, "weight decay", FROM_ZERO, FINITE},
    {DNI_SETTING_BETA1, "beta1", FROM_ZERO, BELOW_ONE},
    {DNI_SETTING_BETA2, "beta2", FROM_ZERO, BELOW_ONE},
    {DNI_SETTING_EPSILON, "epsilon", ABOVE_ZERO, FINITE},
    {DNI_SETTING_CLIP_NORM, "clip norm", FROM_ZERO, FINITE},
    {DNI_SETTING_CLIP_VALUE, "clip value", FROM_ZERO, FINITE},
    {DNI_SETTING_RATE_SCALE, "rate scale", FROM_ZERO, FINITE},
    {DNI_SETTING_STATISTICS_RATE, "statistics rate", ABOVE_ZERO, TO_ONE},
    {DNI_SETTING_DROP, "drop", FROM_ZERO, BELOW_ONE},
    {DNI_SETTING_SLOPE, "slope", FROM_ZERO, BELOW_ONE},
    {DNI_SETTING_LAMBDA, "lambda", FROM_ZERO, TO_ONE},
    {DNI_SETTING_SHRINK, "shrink", ABOVE_ZERO, TO_ONE},
    {DNI_SETTING_FORGETTING, "forgetting", ABOVE_ZERO, TO_ONE},
    {DNI_SETTING_RIDGE, "ridge", FROM_ZERO, FINITE},
};

dni_setting dni__setting_number(size_t index) {
  return index < sizeof table / sizeof table[0] ? table[index].setting : 0;
}

static double least_of(const bounds *row, dni_dtype dtype) {
  return row->lower == FROM_ZERO ? 0 : dni__real_least(dtype);
}

static double most_of(const bounds *row, dni_dtype dtype) {
  switch (row->upper) {
  case BELOW_ONE:
    return dni__real_below_one(dtype);
  case TO_ONE:
    return 1;
  default:
    return dni__real_most(dtype);
  }
}

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

static dni_status fail_bounds(const bounds *row, const char *owner, dni_dtype dtype, double value) {
  char given[DNI_REAL_TEXT], least[DNI_REAL_TEXT], most[DNI_REAL_TEXT];
  return dni__fail(DNI_ERROR_ARGUMENT, "%s: %s %s is not between %s and %s, the bounds in %s",
                   owner, row->name, dni__real_print(value, given),
                   dni__real_print(least_of(row, dtype), least),
                   dni__real_print(most_of(row, dtype), most), dni__dtype_name(dtype));
}

dni_status dni__setting_set(double *place, const char *owner, dni_dtype dtype, dni_setting setting,
                            double value) {
  const bounds *found;
  DNI_TRY(find_owned(place, owner, setting, &found));
  if (!(value >= least_of(found, dtype) && value <= most_of(found, dtype)))
    return fail_bounds(found, owner, dtype, value);
  DNI_TRY(dni__setting_check_held(owner, found->name, dtype, value));
  *place = value;
  return DNI_OK;
}

dni_status dni__setting_check_held(const char *owner, const char *name, dni_dtype dtype,
                                   double value) {
  if (dni__real_holds(dtype, value)) return DNI_OK;
  char given[DNI_REAL_TEXT], bound[DNI_REAL_TEXT];
  bool small = value > -1 && value < 1;
  (void)dni__real_print(value, given);
  (void)dni__real_print(small ? dni__real_least(dtype) : dni__real_most(dtype), bound);
  return dni__fail(DNI_ERROR_ARGUMENT,
                   small ? "%s: %s %s is not 0, but too small for %s, which begins at %s"
                         : "%s: %s %s is too large for %s, which ends at %s",
                   owner, name, given, dni__dtype_name(dtype), bound);
}

dni_status dni__setting_get(const double *place, const char *owner, dni_setting setting,
                            double *value) {
  const bounds *found;
  DNI_TRY(find_owned(place, owner, setting, &found));
  *value = *place;
  return DNI_OK;
}

dni_status dni__setting_bounds(const double *place, const char *owner, dni_dtype dtype,
                               dni_setting setting, double *least, double *most) {
  const bounds *found;
  DNI_TRY(find_owned(place, owner, setting, &found));
  *least = least_of(found, dtype);
  *most = most_of(found, dtype);
  return DNI_OK;
}
