/* The guard of Proposition 2 and Corollary 1 (Czarnecki et al. 2017, Appendix C): an optimiser that
 * steps only while error * jacobian < r * gradient. With r = (1 - cosine) / (1 + cosine) the error
 * of a synthetic gradient then turns the step by less than `cosine` allows. */
#include <math.h>

#include "core/real.h"
#include "dni/research.h"
#include "optimiser/optimiser.h"

struct dni_guard {
  dni__references references;
  dni_context *context;
  dni_optimiser *optimiser;
  int32_t mode;
  double ratio; /* r */
  uint64_t accepted, refused;
};

static dni_status check_options(dni_guard_options *options) {
  if (options->mode != DNI_GUARD_PROPORTIONAL && options->mode != DNI_GUARD_GATED)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_guard_options: mode %d is unknown",
                     (int)options->mode);
  if (options->reserved != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "dni_guard_options: reserved is not 0");
  if (options->cosine == 0) options->cosine = 0.5;
  if (!(options->cosine > 0 && options->cosine < 1))
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_guard_options: cosine %g is not in (0, 1)",
                     options->cosine);
  return DNI_OK;
}

dni_status dni_guard_create(dni_optimiser *optimiser, const dni_guard_options *options,
                            dni_guard **out) {
  DNI_REQUIRE(optimiser);
  DNI_REQUIRE(out);
  dni_guard_options known = {.struct_size = sizeof known};
  if (options)
    DNI_TRY(dni__options_copy(&known, sizeof known, sizeof known, options, "dni_guard_options"));
  DNI_TRY(check_options(&known));
  dni_guard *guard = dni__allocate(optimiser->context->memory, 1, sizeof *guard);
  if (!guard) return DNI_ERROR_MEMORY;
  dni__references_init(&guard->references);
  guard->context = dni_context_retain(optimiser->context);
  guard->optimiser = dni_optimiser_retain(optimiser);
  guard->mode = known.mode;
  guard->ratio = (1 - known.cosine) / (1 + known.cosine);
  *out = guard;
  return DNI_OK;
}

dni_guard *dni_guard_retain(dni_guard *guard) {
  if (guard) dni__references_add(&guard->references);
  return guard;
}

void dni_guard_release(dni_guard *guard) {
  if (!guard || !dni__references_drop(&guard->references)) return;
  dni_context *context = guard->context;
  dni_optimiser_release(guard->optimiser);
  dni__free(context->memory, guard);
  dni_context_release(context);
}

/* What the step's rate is multiplied with, if the condition holds and that is a number. */
static bool find_factor(const dni_guard *guard, double error, double jacobian, double gradient,
                        double *factor) {
  if (jacobian == 0 || isinf(gradient) || !(error * jacobian < guard->ratio * gradient))
    return false;
  *factor =
      guard->mode == DNI_GUARD_GATED ? 1 : fmax(0, guard->ratio * gradient / jacobian - error);
  return *factor * guard->optimiser->settings.learning_rate <=
         dni__real_most(guard->context->dtype);
}

/* One step at `factor` times the learning rate. */
static dni_status scaled_step(dni_optimiser *optimiser, double factor) {
  DNI_TRY(dni__optimiser_begin(optimiser, 1, factor));
  dni__optimiser_move_all(optimiser);
  return DNI_OK;
}

dni_status dni_guard_step(dni_guard *guard, double error, double jacobian, double gradient,
                          int32_t *accepted) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(guard);
  if (!(error >= 0 && jacobian >= 0 && gradient >= 0))
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "guard: norms of error %g, jacobian %g, gradient %g; none may be negative or "
                     "NaN",
                     error, jacobian, gradient);
  double factor;
  bool holds = find_factor(guard, error, jacobian, gradient, &factor);
  if (holds) DNI_TRY(scaled_step(guard->optimiser, factor));
  if (holds)
    guard->accepted++;
  else
    guard->refused++;
  if (accepted) *accepted = holds;
  return DNI_OK;
}

/* Its optimiser is an object of its own. */
void dni__guard_list(dni_guard *guard, dni__manifest *manifest) {
  dni__manifest_fixed(manifest, "mode", guard->mode == DNI_GUARD_GATED ? "gated" : "proportional");
  dni__manifest_fixed_real(manifest, "ratio", guard->ratio);
  dni__manifest_count(manifest, "accepted", &guard->accepted);
  dni__manifest_count(manifest, "refused", &guard->refused);
}

uint64_t dni_guard_accepted(const dni_guard *guard) {
  return guard ? guard->accepted : 0;
}

uint64_t dni_guard_refused(const dni_guard *guard) {
  return guard ? guard->refused : 0;
}
