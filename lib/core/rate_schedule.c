/* Schedules of the count of steps: checks, values, counted copies. */
#include "core/rate_schedule.h"

#include <float.h>
#include <math.h>
#include <string.h>

struct dni__rate_schedule {
  dni__references references;
  dni__memory *memory;
  dni_schedule known; /* boundaries and values are the two arrays below */
  uint64_t *boundaries;
  double *values;
  double most;
};

/* Values. ------------------------------------------------------------------------------------ */

/* How many boundaries have been reached at a step. */
static size_t reached(const dni_schedule *schedule, uint64_t step) {
  size_t count = 0;
  while (count < schedule->count && schedule->boundaries[count] <= step)
    count++;
  return count;
}

static double piecewise(const dni_schedule *schedule, uint64_t step) {
  size_t next = reached(schedule, step);
  return next == 0 ? 1 : schedule->values[next - 1];
}

/* v[i] + (v[i+1] - v[i]) (t - b[i]) / (b[i+1] - b[i]) for b[i] <= t < b[i+1]. */
static double lines(const dni_schedule *schedule, uint64_t step) {
  const uint64_t *boundaries = schedule->boundaries;
  const double *values = schedule->values;
  size_t next = reached(schedule, step);
  if (next == 0) return values[0];
  if (next == schedule->count) return values[next - 1];
  double along =
      (double)(step - boundaries[next - 1]) / (double)(boundaries[next] - boundaries[next - 1]);
  return values[next - 1] + along * (values[next] - values[next - 1]);
}

static double cosine(const dni_schedule *schedule, uint64_t step) {
  const double pi = 3.14159265358979323846;
  if (step >= schedule->steps) return schedule->value;
  double along = (double)step / (double)schedule->steps;
  return schedule->value + (1 - schedule->value) * (1 + cos(pi * along)) / 2;
}

static double function_value(const dni_schedule *schedule, uint64_t step, double most) {
  const dni__float_place before = dni__float_users();
  double value = schedule->function(schedule->user, step);
  dni__float_back(before);
  return value >= 0 && value <= most ? value : 0;
}

/* Without the warm-up. */
static double value_after_warm_up(const dni_schedule *schedule, uint64_t step, double most) {
  switch (schedule->kind) {
  case DNI_RATE_DECAY:
    return pow(schedule->value, (double)(step / schedule->steps));
  case DNI_RATE_PIECEWISE:
    return piecewise(schedule, step);
  case DNI_RATE_LINES:
    return lines(schedule, step);
  case DNI_RATE_COSINE:
    return cosine(schedule, step);
  case DNI_RATE_FUNCTION:
    return function_value(schedule, step, most);
  default:
    return 1;
  }
}

static double value_at(const dni_schedule *schedule, uint64_t step, double most) {
  uint64_t warm_up = schedule->warm_up;
  if (step >= warm_up) return value_after_warm_up(schedule, step - warm_up, most);
  double share = (double)(step + 1) / (double)warm_up;
  return value_after_warm_up(schedule, 0, most) * share;
}

/* Checks. ------------------------------------------------------------------------------------ */

static bool in_range(double value, double most) {
  return isfinite(value) && value >= 0 && value <= most;
}

static dni_status check_factor(const dni_schedule *schedule, double most) {
  if (schedule->steps == 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_schedule: steps is 0, expected 1 or more");
  if (!in_range(schedule->value, most))
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_schedule: value %g is not between 0 and %g",
                     schedule->value, most);
  return DNI_OK;
}

static dni_status check_arrays(const dni_schedule *schedule, double most) {
  if (schedule->count == 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_schedule: count is 0, expected 1 or more");
  if (!schedule->boundaries || !schedule->values)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_schedule: %s is NULL",
                     schedule->boundaries ? "values" : "boundaries");
  for (size_t i = 0; i < schedule->count; i++) {
    if (i > 0 && schedule->boundaries[i] <= schedule->boundaries[i - 1])
      return dni__fail(DNI_ERROR_ARGUMENT,
                       "dni_schedule: boundaries[%zu] is not above the one before", i);
    if (!in_range(schedule->values[i], most))
      return dni__fail(DNI_ERROR_ARGUMENT, "dni_schedule: values[%zu] %g is not between 0 and %g",
                       i, schedule->values[i], most);
  }
  return DNI_OK;
}

static dni_status check(const dni_schedule *schedule, double most) {
  if (schedule->reserved != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "dni_schedule: reserved is not 0");
  switch (schedule->kind) {
  case DNI_RATE_CONSTANT:
    return DNI_OK;
  case DNI_RATE_DECAY:
  case DNI_RATE_COSINE:
    return check_factor(schedule, most);
  case DNI_RATE_PIECEWISE:
  case DNI_RATE_LINES:
    return check_arrays(schedule, most);
  case DNI_RATE_FUNCTION:
    if (schedule->function) return DNI_OK;
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_schedule: function is NULL");
  default:
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_schedule: kind %d is unknown", (int)schedule->kind);
  }
}

dni_status dni_schedule_value(const dni_schedule *schedule, uint64_t step, double *value) {
  DNI_REQUIRE(schedule);
  DNI_REQUIRE(value);
  dni_schedule known;
  DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, schedule, dni_schedule)));
  DNI_TRY(check(&known, DBL_MAX));
  *value = value_at(&known, step, DBL_MAX);
  return DNI_OK;
}

/* Copies. ------------------------------------------------------------------------------------ */

static void free_parts(dni__rate_schedule *schedule) {
  dni__memory *memory = schedule->memory;
  dni__free(memory, schedule->boundaries);
  dni__free(memory, schedule->values);
  dni__free(memory, schedule);
  dni__memory_release(memory);
}

/* Only PIECEWISE and LINES have arrays; what the other kinds say there is not looked at. */
static dni_status copy_arrays(dni__rate_schedule *schedule) {
  dni_schedule *known = &schedule->known;
  bool has_arrays = known->kind == DNI_RATE_PIECEWISE || known->kind == DNI_RATE_LINES;
  size_t count = has_arrays ? known->count : 0;
  schedule->boundaries = dni__allocate(schedule->memory, count, sizeof *schedule->boundaries);
  schedule->values = dni__allocate(schedule->memory, count, sizeof *schedule->values);
  if (!schedule->boundaries || !schedule->values) return DNI_ERROR_MEMORY;
  if (count > 0) {
    memcpy(schedule->boundaries, known->boundaries, count * sizeof *schedule->boundaries);
    memcpy(schedule->values, known->values, count * sizeof *schedule->values);
  }
  known->boundaries = schedule->boundaries;
  known->values = schedule->values;
  known->count = count;
  return DNI_OK;
}

dni_status dni__rate_schedule_create(dni__memory *memory, const dni_schedule *given, double most,
                                     dni__rate_schedule **out) {
  dni_schedule known;
  DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, given, dni_schedule)));
  DNI_TRY(check(&known, most));
  dni__rate_schedule *schedule = dni__allocate(memory, 1, sizeof *schedule);
  if (!schedule) return DNI_ERROR_MEMORY;
  dni__references_init(&schedule->references);
  schedule->memory = dni__memory_retain(memory);
  schedule->known = known;
  schedule->most = most;
  dni_status status = copy_arrays(schedule);
  if (status != DNI_OK) {
    free_parts(schedule);
    return status;
  }
  *out = schedule;
  return DNI_OK;
}

dni__rate_schedule *dni__rate_schedule_retain(dni__rate_schedule *schedule) {
  if (schedule) dni__references_add(&schedule->references);
  return schedule;
}

void dni__rate_schedule_release(dni__rate_schedule *schedule) {
  if (!schedule || !dni__references_drop(&schedule->references)) return;
  dni__callback_notify(schedule->known.destroy, schedule->known.user);
  free_parts(schedule);
}

double dni__rate_schedule_value(const dni__rate_schedule *schedule, uint64_t step) {
  return schedule ? value_at(&schedule->known, step, schedule->most) : 1;
}

/* Manifest. ----------------------------------------------------------------------------------- */

static const char *kind_name(dni_kind kind) {
  switch (kind) {
  case DNI_RATE_DECAY:
    return "decay";
  case DNI_RATE_PIECEWISE:
    return "piecewise";
  case DNI_RATE_LINES:
    return "lines";
  case DNI_RATE_COSINE:
    return "cosine";
  case DNI_RATE_FUNCTION:
    return "function";
  default:
    return "constant";
  }
}

static void list_point(const dni_schedule *known, size_t index, dni__manifest *manifest) {
  size_t entered = dni__manifest_enter(manifest, "%zu", index);
  dni__manifest_fixed_count(manifest, "boundary", known->boundaries[index]);
  dni__manifest_fixed_real(manifest, "value", known->values[index]);
  dni__manifest_leave(manifest, entered);
}

void dni__rate_schedule_list(const dni__rate_schedule *schedule, dni__manifest *manifest) {
  size_t entered = dni__manifest_enter(manifest, "schedule");
  dni__manifest_fixed(manifest, "kind", schedule ? kind_name(schedule->known.kind) : "none");
  if (schedule) {
    const dni_schedule *known = &schedule->known;
    dni__manifest_fixed_count(manifest, "warm_up", known->warm_up);
    if (known->kind == DNI_RATE_DECAY || known->kind == DNI_RATE_COSINE) {
      dni__manifest_fixed_count(manifest, "steps", known->steps);
      dni__manifest_fixed_real(manifest, "value", known->value);
    }
    for (size_t i = 0; i < known->count; i++)
      list_point(known, i, manifest);
  }
  dni__manifest_leave(manifest, entered);
}
