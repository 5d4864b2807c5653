/* One step: the rate, and the update of every parameter. */
#include <math.h>

#include "backend/backend.h"
#include "core/real.h"
#include "core/setting.h"
#include "optimiser/optimiser.h"

double dni__owner_rate_scale(const dni__owner *owner) {
  double scale = 1;
  if (!owner->has_rate_scale) return scale;
  dni_status status = owner->layer ? dni_layer_get_f64(owner->layer, DNI_SETTING_RATE_SCALE, &scale)
                                   : dni_sg_get_f64(owner->sg, DNI_SETTING_RATE_SCALE, &scale);
  (void)status; /* it has the setting */
  return scale;
}

dni__runs dni__runs_of(const dni__moved *moved) {
  size_t rows = moved->value.rows, columns = moved->value.columns;
  bool contiguous = moved->value.stride == columns && moved->gradient.stride == columns;
  return contiguous ? (dni__runs){1, rows * columns} : (dni__runs){rows, columns};
}

/* Moving. ------------------------------------------------------------------------------------ */

/* A run of contiguous elements being moved. */
typedef struct run_update {
  const dni_optimiser *optimiser;
  const dni__optimiser_update *update;
  unsigned char *value, *moments[2];
  const unsigned char *gradient;
  dni__chance chance; /* of the first element */
} run_update;

/* Move `count` elements from `first` on; `gradient` is that of the first of them. */
static void move_elements(const run_update *run, size_t first, size_t count, const void *gradient) {
  const dni_context *context = run->optimiser->context;
  const dni__optimiser_kind *kind = run->optimiser->kind;
  const dni_dtype moment_dtype = run->optimiser->moment_dtype;
  const dni__chance chance = {run->chance.seed, run->chance.first + (uint32_t)first};
  size_t offset = first * dni__dtype_size(context->dtype);
  void *moments[2] = {NULL, NULL};
  for (size_t k = 0; k < kind->moment_count; k++)
    moments[k] = run->moments[k] + first * dni__dtype_size(moment_dtype);
  kind->apply(context->kernels, run->update, count, run->value + offset, gradient, moments,
              moment_dtype != context->dtype, &chance);
}

#define CLIPPED_AT_A_TIME 64

/* The same where clipping is a pass of its own. */
static void move_clipped(const run_update *run, size_t first, size_t end) {
  dni_dtype dtype = run->optimiser->context->dtype;
  double gradient[CLIPPED_AT_A_TIME]; /* of either element type */
  for (size_t count; first < end; first += count) {
    count = end - first < CLIPPED_AT_A_TIME ? end - first : CLIPPED_AT_A_TIME;
    dni__clip_apart(&run->optimiser->clip, dtype, count,
                    run->gradient + first * dni__dtype_size(dtype), gradient);
    move_elements(run, first, count, gradient);
  }
}

static void move_range(void *argument, size_t first, size_t end) {
  const run_update *run = argument;
  size_t offset = first * dni__dtype_size(run->optimiser->context->dtype);
  if (run->optimiser->clip.apart)
    move_clipped(run, first, end);
  else
    move_elements(run, first, end - first, run->gradient + offset);
}

/* Another one for each step and parameter: the bits depend on nothing else, and so on no number of threads. */
static uint32_t chance_seed(const dni_optimiser *optimiser, const dni__moved *moved) {
  const uint64_t parameter = (uint64_t)(moved - optimiser->moved);
  dni__random random;
  if (optimiser->moment_dtype == optimiser->context->dtype) return 0; /* nothing is rounded */
  dni__random_init(&random, atomic_load_explicit(&optimiser->steps, memory_order_relaxed),
                   parameter);
  return (uint32_t)(dni__random_u64(&random) >> 32);
}

static void move_parameter(const dni_optimiser *optimiser, const dni__optimiser_update *update,
                           const dni__moved *moved) {
  dni__runs all = dni__runs_of(moved);
  size_t bytes = all.length * dni__dtype_size(optimiser->moment_dtype);
  const uint32_t seed = chance_seed(optimiser, moved);
  for (size_t r = 0; r < all.count; r++) {
    run_update run = {.optimiser = optimiser,
                      .update = update,
                      .value = dni__matrix_row(&moved->value, r),
                      .gradient = dni__matrix_row(&moved->gradient, r),
                      .chance = {seed, (uint32_t)(r * all.length)}};
    for (size_t k = 0; k < optimiser->kind->moment_count; k++)
      run.moments[k] = (unsigned char *)moved->moments[k] + r * bytes;
    dni__share(optimiser->context->backend, all.length, all.length, move_range, &run);
  }
}

/* The owner may keep its values in another form too. */
static void tell(const dni__owner *owner) {
  dni_status status = DNI_OK;
  if (owner->layer) status = dni_layer_changed(owner->layer);
  if (owner->sg) status = dni_sg_changed(owner->sg);
  (void)status; /* it is not NULL */
}

static void move_owner(const dni_optimiser *optimiser, const dni__owner *owner) {
  double scale = dni__owner_rate_scale(owner);
  if (scale == 0) return;
  dni__optimiser_update update = optimiser->update;
  if (scale != 1) optimiser->kind->scale_rate(&update, scale);
  for (size_t i = owner->first; i < owner->first + owner->count; i++)
    move_parameter(optimiser, &update, &optimiser->moved[i]);
  tell(owner);
}

/* The step. ---------------------------------------------------------------------------------- */

bool dni__optimiser_by_layer(const dni_optimiser *optimiser) {
  return optimiser->settings.clip_norm == 0;
}

/* The rate of the step that comes. */
static dni_status find_rate(const dni_optimiser *optimiser, double factor, double *rate) {
  *rate = optimiser->settings.learning_rate * factor *
          dni__rate_schedule_value(optimiser->schedule, optimiser->steps);
  if (*rate <= dni__real_most(optimiser->context->dtype)) return DNI_OK;
  return dni__fail(DNI_ERROR_NON_FINITE, "%s: the rate %g of step %llu is too large for %s",
                   optimiser->kind->name, *rate, (unsigned long long)optimiser->steps + 1,
                   dni__dtype_name(optimiser->context->dtype));
}

dni_status dni__optimiser_begin(dni_optimiser *optimiser, double gradient_scale,
                                double rate_factor) {
  double rate;
  DNI_TRY(dni__clip_find(optimiser, gradient_scale, &optimiser->clip));
  DNI_TRY(find_rate(optimiser, rate_factor, &rate));
  const dni__clip *clip = &optimiser->clip;
  optimiser->rate = rate;
  atomic_fetch_add_explicit(&optimiser->steps, 1, memory_order_relaxed);
  optimiser->kind->prepare(optimiser, clip->apart ? 1 : clip->scale,
                           clip->apart ? (double)INFINITY : clip->limit);
  return DNI_OK;
}

void dni__optimiser_move(dni_optimiser *optimiser, const dni_layer *layer) {
  const dni__owner *owner = layer ? dni__optimiser_find(optimiser, layer) : NULL;
  if (owner) move_owner(optimiser, owner);
}

void dni__optimiser_move_all(dni_optimiser *optimiser) {
  for (size_t i = 0; i < optimiser->owner_count; i++)
    move_owner(optimiser, &optimiser->owners[i]);
}

dni_status dni_optimiser_step_scaled(dni_optimiser *optimiser, double factor) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(optimiser);
  DNI_TRY(dni__optimiser_check_free(optimiser));
  DNI_TRY(
      dni__setting_check_held(optimiser->kind->name, "factor", optimiser->context->dtype, factor));
  DNI_TRY(dni__optimiser_begin(optimiser, factor, 1));
  dni__optimiser_move_all(optimiser);
  return DNI_OK;
}

dni_status dni_optimiser_step(dni_optimiser *optimiser) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(optimiser);
  return dni_optimiser_step_scaled(optimiser, 1);
}
