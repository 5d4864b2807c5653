/* One step: clipping, and the update of every parameter. */
#include <math.h>

#include "backend/backend.h"
#include "optimiser/optimiser.h"

/* What the rate is multiplied with for the parameters of an owner; 0: they are frozen. */
static double rate_scale_of(const dni__owner *owner) {
  double scale = 1;
  if (!owner->has_rate_scale) return scale;
  dni_status status = owner->layer ? dni_layer_get_f64(owner->layer, DNI_SETTING_RATE_SCALE, &scale)
                                   : dni_sg_get_f64(owner->sg, DNI_SETTING_RATE_SCALE, &scale);
  (void)status; /* it has the setting */
  return scale;
}

/* A parameter's elements as runs of contiguous ones: one in all, or one per row. */
typedef struct runs {
  size_t count, length;
} runs;

static runs runs_of(const dni__moved *moved) {
  size_t rows = moved->value.rows, columns = moved->value.columns;
  bool contiguous = moved->value.stride == columns && moved->gradient.stride == columns;
  return contiguous ? (runs){1, rows * columns} : (runs){rows, columns};
}

/* Clipping. ---------------------------------------------------------------------------------- */

/* `total` plus the squares of an owner's gradients, each of them limited. */
static double add_squares(const dni_optimiser *optimiser, const dni__owner *owner, double limit,
                          double total) {
  for (size_t i = owner->first; i < owner->first + owner->count; i++) {
    const dni__moved *moved = &optimiser->moved[i];
    runs all = runs_of(moved);
    for (size_t r = 0; r < all.count; r++)
      total += optimiser->context->kernels->sum_squares(
          all.length, dni__matrix_row(&moved->gradient, r), limit);
  }
  return total;
}

static double squares_of_all(const dni_optimiser *optimiser, double limit) {
  double total = 0;
  for (size_t i = 0; i < optimiser->owner_count; i++)
    if (rate_scale_of(&optimiser->owners[i]) != 0)
      total = add_squares(optimiser, &optimiser->owners[i], limit, total);
  return total;
}

double dni__optimiser_squared_norm(const dni_optimiser *optimiser, const dni_layer *layer) {
  if (!layer) return squares_of_all(optimiser, INFINITY);
  const dni__owner *owner = dni__optimiser_find(optimiser, layer);
  return owner ? add_squares(optimiser, owner, INFINITY, 0) : 0;
}

static double value_limit(const dni_optimiser *optimiser) {
  return optimiser->settings.clip_value > 0 ? optimiser->settings.clip_value : INFINITY;
}

/* What clipping by norm multiplies every gradient with: 1 or less.
 *
 * With s = gradient_scale, each gradient counts as s g limited to L, which is s times g limited to
 * L / |s|. */
static dni_status clip_factor(const dni_optimiser *optimiser, double gradient_scale,
                              double *factor) {
  *factor = 1;
  double most = optimiser->settings.clip_norm, scale = fabs(gradient_scale);
  if (most == 0) return DNI_OK;
  double norm = scale * sqrt(squares_of_all(optimiser, value_limit(optimiser) / scale));
  if (!isfinite(norm))
    return dni__fail(DNI_ERROR_NON_FINITE, "%s: the norm of the gradients is not finite",
                     optimiser->kind->name);
  if (norm > most) *factor = most / norm;
  return DNI_OK;
}

/* Moving. ------------------------------------------------------------------------------------ */

/* A run of contiguous elements being moved. */
typedef struct run_update {
  const dni_optimiser *optimiser;
  const dni__optimiser_update *update;
  unsigned char *value, *moments[2];
  const unsigned char *gradient;
} run_update;

static void move_range(void *argument, size_t first, size_t end) {
  const run_update *run = argument;
  const dni_context *context = run->optimiser->context;
  const dni__optimiser_kind *kind = run->optimiser->kind;
  size_t offset = first * dni__dtype_size(context->dtype);
  void *moments[2] = {NULL, NULL};
  for (size_t k = 0; k < kind->moment_count; k++)
    moments[k] = run->moments[k] + offset;
  kind->apply(context->kernels, run->update, end - first, run->value + offset,
              run->gradient + offset, moments);
}

static void move_parameter(const dni_optimiser *optimiser, const dni__optimiser_update *update,
                           const dni__moved *moved) {
  runs all = runs_of(moved);
  size_t bytes = all.length * dni__dtype_size(moved->value.dtype);
  for (size_t r = 0; r < all.count; r++) {
    run_update run = {.optimiser = optimiser,
                      .update = update,
                      .value = dni__matrix_row(&moved->value, r),
                      .gradient = dni__matrix_row(&moved->gradient, r)};
    for (size_t k = 0; k < optimiser->kind->moment_count; k++)
      run.moments[k] = (unsigned char *)moved->moments[k] + r * bytes;
    dni__share(optimiser->context->backend, all.length, all.length, move_range, &run);
  }
}

static void tell(const dni__owner *owner) {
  dni_status status = owner->layer ? dni_layer_changed(owner->layer) : dni_sg_changed(owner->sg);
  (void)status; /* it is not NULL */
}

static void move_owner(const dni_optimiser *optimiser, const dni__owner *owner) {
  double scale = rate_scale_of(owner);
  if (scale == 0) return;
  dni__optimiser_update update = optimiser->update;
  if (scale != 1) optimiser->kind->scale_rate(&update, scale);
  for (size_t i = owner->first; i < owner->first + owner->count; i++)
    move_parameter(optimiser, &update, &optimiser->moved[i]);
  if (owner->is_told) tell(owner);
}

/* The step. ---------------------------------------------------------------------------------- */

bool dni__optimiser_by_layer(const dni_optimiser *optimiser) {
  return optimiser->settings.clip_norm == 0;
}

dni_status dni__optimiser_begin(dni_optimiser *optimiser, double gradient_scale,
                                double rate_factor) {
  double clip;
  DNI_TRY(clip_factor(optimiser, gradient_scale, &clip));
  optimiser->rate = optimiser->settings.learning_rate * rate_factor *
                    dni__rate_schedule_value(optimiser->schedule, optimiser->steps);
  atomic_fetch_add_explicit(&optimiser->steps, 1, memory_order_relaxed);
  optimiser->kind->prepare(optimiser, gradient_scale * clip, value_limit(optimiser) * clip);
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
  if (!isfinite(factor))
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: factor %g is not finite", optimiser->kind->name,
                     factor);
  DNI_TRY(dni__optimiser_begin(optimiser, factor, 1));
  dni__optimiser_move_all(optimiser);
  return DNI_OK;
}

dni_status dni_optimiser_step(dni_optimiser *optimiser) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(optimiser);
  return dni_optimiser_step_scaled(optimiser, 1);
}
