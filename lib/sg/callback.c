/* The caller's own estimator behind the same interface. */
#include "sg/sg.h"

typedef struct callback_sg {
  dni_sg base;
  dni_sg_callbacks callbacks;
} callback_sg;

static dni_status callback_estimate(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                    const dni_matrix *error, const dni_matrix *delta) {
  const dni_sg_callbacks *callbacks = &((callback_sg *)sg)->callbacks;
  dni_status status = callbacks->estimate(callbacks->user, h, y, error, delta);
  return status == DNI_OK ? DNI_OK : dni__fail(status, "estimate answered %d", (int)status);
}

/* Element by element: learn may overwrite the prediction, so the sums come first and must not. */
static void sum_pair(const dni_matrix *prediction, const dni_matrix *target, dni__pair_sums *sums) {
  *sums = (dni__pair_sums){0, 0, 0, 0};
  for (size_t r = 0; r < target->rows; r++)
    for (size_t c = 0; c < target->columns; c++) {
      double m = dni__matrix_get(prediction, r, c), d = dni__matrix_get(target, r, c);
      sums->difference2 += (m - d) * (m - d);
      sums->product += m * d;
      sums->first2 += m * m;
      sums->second2 += d * d;
    }
}

static dni_status callback_learn(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                 const dni_matrix *target, const dni_matrix *prediction,
                                 dni__pair_sums *sums) {
  const dni_sg_callbacks *callbacks = &((callback_sg *)sg)->callbacks;
  sum_pair(prediction, target, sums);
  dni_status status = callbacks->learn(callbacks->user, h, y, target, prediction);
  return status == DNI_OK ? DNI_OK : dni__fail(status, "learn answered %d", (int)status);
}

static void callback_destroy(dni_sg *sg) {
  const dni_sg_callbacks *callbacks = &((callback_sg *)sg)->callbacks;
  if (callbacks->destroy) callbacks->destroy(callbacks->user);
}

static const dni__sg_vtable callback_vtable = {
    .kind = DNI_SG_CALLBACK,
    .name = "callback",
    .estimate = callback_estimate,
    .learn = callback_learn,
    .destroy = callback_destroy,
};

static dni_status check_callbacks(const dni_sg_callbacks *callbacks, size_t units, size_t targets,
                                  size_t error_units) {
  if (callbacks->needs < DNI_SG_NEEDS_NOTHING || callbacks->needs > DNI_SG_NEEDS_DELTA)
    return dni__fail(DNI_ERROR_ARGUMENT, "callback sg: needs %d is unknown", (int)callbacks->needs);
  if (!callbacks->estimate) return dni__fail(DNI_ERROR_ARGUMENT, "callback sg: estimate is NULL");
  if (callbacks->reserved != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "dni_sg_callbacks: reserved is not 0");
  if (callbacks->parameter_count > 0 && !callbacks->parameter)
    return dni__fail(DNI_ERROR_ARGUMENT, "callback sg: %zu parameters but no parameter function",
                     callbacks->parameter_count);
  bool wants_error =
      callbacks->needs == DNI_SG_NEEDS_OUTPUT_ERROR || callbacks->needs == DNI_SG_NEEDS_DELTA_ABOVE;
  if (units == 0 || targets == 0 || (wants_error && error_units == 0))
    return dni__fail(DNI_ERROR_ARGUMENT, "callback sg: %zu units, %zu targets, %zu error units",
                     units, targets, error_units);
  return DNI_OK;
}

static size_t error_units_of(const dni_sg_callbacks *callbacks, size_t units, size_t given) {
  switch (callbacks->needs) {
  case DNI_SG_NEEDS_NOTHING:
    return 0;
  case DNI_SG_NEEDS_DELTA:
    return units;
  default:
    return given;
  }
}

dni_status dni_sg_create_callback(dni_context *context, size_t units, size_t targets,
                                  size_t error_units, const dni_sg_callbacks *callbacks,
                                  dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  DNI_REQUIRE(callbacks);
  dni_sg_callbacks known;
  DNI_TRY(dni__options_copy(&known, sizeof known, sizeof known, callbacks, "dni_sg_callbacks"));
  DNI_TRY(check_callbacks(&known, units, targets, error_units));
  dni_sg *sg = dni__sg_allocate(context, sizeof(callback_sg), &callback_vtable, units, targets,
                                known.parameter_count);
  if (!sg) return DNI_ERROR_MEMORY;
  sg->owns_parameters = false;
  sg->looks_at_h = sg->looks_at_y = true;
  sg->learns = known.learn ? DNI_SG_LEARNS_TARGET : DNI_SG_LEARNS_NOTHING;
  sg->needs = known.needs;
  sg->error_units = error_units_of(&known, units, error_units);
  dni_status status = dni__parameters_fetch(known.parameter, known.user, known.parameter_count,
                                            context->dtype, "callback sg", sg->parameters);
  if (status != DNI_OK) {
    dni_sg_release(sg); /* its destroy is not set yet: the caller keeps `user` */
    return status;
  }
  ((callback_sg *)sg)->callbacks = known;
  *out = sg;
  return DNI_OK;
}
