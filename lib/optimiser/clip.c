/* Clipping: what a step multiplies gradients with, and what it limits them to. The norm is found
 * without leaving the range of double, and a factor that the element type does not hold is applied in
 * double. */
#include <math.h>

#include "core/real.h"
#include "optimiser/optimiser.h"

/* Norms. ------------------------------------------------------------------------------------- */

/* `total` plus the squares of an owner's gradients, each multiplied with scale and then limited. */
static double add_squares(const dni_optimiser *optimiser, const dni__owner *owner, double scale,
                          double limit, double total) {
  for (size_t i = owner->first; i < owner->first + owner->count; i++) {
    const dni__moved *moved = &optimiser->moved[i];
    dni__runs all = dni__runs_of(moved);
    for (size_t r = 0; r < all.count; r++)
      total += optimiser->context->kernels->sum_squares(
          all.length, dni__matrix_row(&moved->gradient, r), scale, limit);
  }
  return total;
}

/* The squares of one owner, or with NULL of all that are not frozen. */
static double squares(const dni_optimiser *optimiser, const dni__owner *only, double scale,
                      double limit) {
  if (only) return add_squares(optimiser, only, scale, limit, 0);
  double total = 0;
  for (size_t i = 0; i < optimiser->owner_count; i++)
    if (dni__owner_rate_scale(&optimiser->owners[i]) != 0)
      total = add_squares(optimiser, &optimiser->owners[i], scale, limit, total);
  return total;
}

static double norm_of(const dni_optimiser *optimiser, const dni__owner *only, double scale,
                      double limit) {
  double total = squares(optimiser, only, scale, limit), range = dni__squares_range(total);
  if (range != 1) total = squares(optimiser, only, scale * range, limit * range);
  return sqrt(total) / range;
}

double dni__optimiser_norm(const dni_optimiser *optimiser, const dni_layer *layer) {
  if (!layer) return norm_of(optimiser, NULL, 1, INFINITY);
  const dni__owner *owner = dni__optimiser_find(optimiser, layer);
  return owner ? norm_of(optimiser, owner, 1, INFINITY) : 0;
}

/* Clipping. ---------------------------------------------------------------------------------- */

dni_status dni__clip_find(const dni_optimiser *optimiser, double gradient_scale, dni__clip *clip) {
  const dni__optimiser_settings *set = &optimiser->settings;
  dni_dtype dtype = optimiser->context->dtype;
  double limit = set->clip_value > 0 ? set->clip_value : INFINITY;
  *clip = (dni__clip){.scale = gradient_scale, .limit = limit};
  if (set->clip_norm == 0) return DNI_OK;
  double norm = norm_of(optimiser, NULL, gradient_scale, limit), factor = set->clip_norm / norm;
  if (!isfinite(norm))
    return dni__fail(DNI_ERROR_NON_FINITE, "%s: the norm of the gradients is not finite",
                     optimiser->kind->name);
  if (norm <= set->clip_norm) return DNI_OK;
  clip->norm = norm;
  clip->most = set->clip_norm;
  double scale = gradient_scale * factor, least = fmin(fabs(scale), limit * factor);
  clip->apart = !(least >= dni__real_least(dtype));
  if (clip->apart) return DNI_OK;
  clip->scale = scale;
  clip->limit = limit * factor;
  return DNI_OK;
}

static double clipped(const dni__clip *clip, double gradient) {
  double value = gradient * clip->scale;
  value = value < -clip->limit ? -clip->limit : value > clip->limit ? clip->limit : value;
  return value / clip->norm * clip->most;
}

void dni__clip_apart(const dni__clip *clip, dni_dtype dtype, size_t count, const void *gradient,
                     void *out) {
  if (dtype == DNI_F32)
    for (size_t i = 0; i < count; i++)
      ((float *)out)[i] = (float)clipped(clip, (double)((const float *)gradient)[i]);
  else
    for (size_t i = 0; i < count; i++)
      ((double *)out)[i] = clipped(clip, ((const double *)gradient)[i]);
}
