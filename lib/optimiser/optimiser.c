/* The public face of optimisers: creating, settings, the schedule, counts. */
#include "optimiser/optimiser.h"

#include <float.h>

#include "core/setting.h"

dni_status dni__optimiser_create(dni_context *context, const dni__optimiser_kind *kind,
                                 const dni__optimiser_settings *settings, dni_optimiser **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  double rate;
  DNI_TRY(dni__setting_set(&rate, kind->name, context->dtype, DNI_SETTING_LEARNING_RATE,
                           settings->learning_rate));
  dni_optimiser *optimiser = dni__allocate(context->memory, 1, sizeof *optimiser);
  if (!optimiser) return DNI_ERROR_MEMORY;
  dni__references_init(&optimiser->references);
  optimiser->context = dni_context_retain(context);
  optimiser->kind = kind;
  optimiser->settings = *settings;
  optimiser->moment_dtype = context->dtype;
  *out = optimiser;
  return DNI_OK;
}

dni_status dni_optimiser_create_like(const dni_optimiser *other, dni_optimiser **out) {
  DNI_REQUIRE(other);
  DNI_REQUIRE(out);
  DNI_TRY(dni__optimiser_create(other->context, other->kind, &other->settings, out));
  (*out)->moment_dtype = other->moment_dtype;
  (*out)->schedule = dni__rate_schedule_retain(other->schedule);
  return DNI_OK;
}

dni_optimiser *dni_optimiser_retain(dni_optimiser *optimiser) {
  if (optimiser) dni__references_add(&optimiser->references);
  return optimiser;
}

void dni_optimiser_release(dni_optimiser *optimiser) {
  if (!optimiser || !dni__references_drop(&optimiser->references)) return;
  dni_context *context = optimiser->context;
  dni__optimiser_drop_parameters(optimiser);
  dni__rate_schedule_release(optimiser->schedule);
  dni__free(context->memory, optimiser);
  dni_context_release(context);
}

dni_kind dni_optimiser_kind(const dni_optimiser *optimiser) {
  return optimiser ? optimiser->kind->kind : 0;
}

const char *dni_optimiser_kind_name(const dni_optimiser *optimiser) {
  return optimiser ? optimiser->kind->name : "";
}

dni_status dni_optimiser_set_schedule(dni_optimiser *optimiser, const dni_schedule *schedule) {
  DNI_REQUIRE(optimiser);
  dni__rate_schedule *made = NULL;
  if (schedule)
    DNI_TRY(dni__rate_schedule_create(optimiser->context->memory, schedule, DBL_MAX, &made));
  dni__rate_schedule_release(optimiser->schedule);
  optimiser->schedule = made;
  return DNI_OK;
}

/* Settings. ---------------------------------------------------------------------------------- */

static const double *place_of(const dni__optimiser_settings *settings, dni_setting setting) {
  switch (setting) {
  case DNI_SETTING_LEARNING_RATE:
    return &settings->learning_rate;
  case DNI_SETTING_MOMENTUM:
    return &settings->momentum;
  case DNI_SETTING_WEIGHT_DECAY:
    return &settings->weight_decay;
  case DNI_SETTING_BETA1:
    return &settings->beta1;
  case DNI_SETTING_BETA2:
    return &settings->beta2;
  case DNI_SETTING_EPSILON:
    return &settings->epsilon;
  case DNI_SETTING_CLIP_NORM:
    return &settings->clip_norm;
  case DNI_SETTING_CLIP_VALUE:
    return &settings->clip_value;
  default:
    return NULL;
  }
}

/* Where a setting is kept; NULL if this kind does not have it. */
static const double *place(const dni_optimiser *optimiser, dni_setting setting) {
  for (const dni_setting *has = optimiser->kind->settings; *has != 0; has++)
    if (*has == setting) return place_of(&optimiser->settings, setting);
  return NULL;
}

double *dni__optimiser_setting(dni_optimiser *optimiser, dni_setting setting) {
  return (double *)(uintptr_t)place(optimiser, setting); /* the optimiser is not const */
}

int32_t dni_optimiser_has(const dni_optimiser *optimiser, dni_setting setting) {
  return optimiser && place(optimiser, setting) ? 1 : 0;
}

dni_status dni_optimiser_bounds(const dni_optimiser *optimiser, dni_setting setting, double *least,
                                double *most) {
  DNI_REQUIRE(optimiser);
  DNI_REQUIRE(least);
  DNI_REQUIRE(most);
  return dni__setting_bounds(place(optimiser, setting), optimiser->kind->name,
                             optimiser->context->dtype, setting, least, most);
}

dni_status dni_optimiser_set_f64(dni_optimiser *optimiser, dni_setting setting, double value) {
  DNI_REQUIRE(optimiser);
  return dni__setting_set(dni__optimiser_setting(optimiser, setting), optimiser->kind->name,
                          optimiser->context->dtype, setting, value);
}

dni_status dni_optimiser_get_f64(const dni_optimiser *optimiser, dni_setting setting,
                                 double *value) {
  DNI_REQUIRE(optimiser);
  DNI_REQUIRE(value);
  return dni__setting_get(place(optimiser, setting), optimiser->kind->name, setting, value);
}

/* Moments. ----------------------------------------------------------------------------------- */

dni_status dni_optimiser_set_moment_dtype(dni_optimiser *optimiser, dni_dtype dtype) {
  DNI_REQUIRE(optimiser);
  const dni_dtype own = optimiser->context->dtype;
  const char *kind = optimiser->kind->name;
  DNI_TRY(dni__optimiser_check_free(optimiser));
  if (dtype == DNI_F16) return dni__fail(DNI_ERROR_UNSUPPORTED, "%s: moments cannot be f16", kind);
  if (dtype != own && dtype != DNI_BF16)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: moments of type %d, expected DNI_BF16 or %s", kind,
                     (int)dtype, dni__dtype_name(own));
  if (optimiser->count > 0 && dtype != optimiser->moment_dtype)
    return dni__fail(DNI_ERROR_STATE, "%s: it has moments of %s already", kind,
                     dni__dtype_name(optimiser->moment_dtype));
  optimiser->moment_dtype = dtype;
  return DNI_OK;
}

dni_dtype dni_optimiser_moment_dtype(const dni_optimiser *optimiser) {
  return optimiser ? optimiser->moment_dtype : 0;
}

/* Counts. ------------------------------------------------------------------------------------ */

uint64_t dni_optimiser_step_count(const dni_optimiser *optimiser) {
  return optimiser ? atomic_load_explicit(&optimiser->steps, memory_order_relaxed) : 0;
}

double dni_optimiser_rate(const dni_optimiser *optimiser) {
  if (!optimiser) return 0;
  return optimiser->settings.learning_rate *
         dni__rate_schedule_value(optimiser->schedule, optimiser->steps);
}

size_t dni_optimiser_bytes(const dni_optimiser *optimiser) {
  if (!optimiser) return 0;
  size_t bytes = 0;
  for (size_t i = 0; i < optimiser->count; i++)
    bytes += optimiser->kind->moment_count * optimiser->moved[i].value.rows *
             optimiser->moved[i].value.columns * dni__dtype_size(optimiser->moment_dtype);
  return bytes;
}
