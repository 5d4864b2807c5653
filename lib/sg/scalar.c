/* One trainable number c as a synthetic gradient (Czarnecki et al. 2017, Appendix B): delta = c for
 * every example and unit. dE/dc = 2 mean over the batch of the sum over units of (c - target), E as
 * for every synthetic gradient. */
#include "dni/research.h"
#include "sg/sg.h"

static void fill(const dni_matrix *view, double value) {
  for (size_t r = 0; r < view->rows; r++)
    for (size_t c = 0; c < view->columns; c++)
      dni__matrix_set(view, r, c, value);
}

static dni_status scalar_estimate(dni_sg *sg, const dni_sg_call *call) {
  fill(call->delta, dni__matrix_get(&sg->parameters[0].value, 0, 0));
  return DNI_OK;
}

static dni_status scalar_learn(dni_sg *sg, const dni_sg_call *call, dni__pair_sums *sums) {
  dni__sg_residual(sg, call, 1, sums);
  const dni_matrix *difference = call->prediction;
  double sum = 0;
  for (size_t r = 0; r < difference->rows; r++)
    for (size_t c = 0; c < difference->columns; c++)
      sum += dni__matrix_get(difference, r, c);
  dni__sg_put_gradient(&sg->parameters[0].gradient, 0, call, 2 * call->scale * sum);
  return DNI_OK;
}

/* J g = g everywhere. */
static dni_status scalar_change(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                const dni_matrix *change) {
  (void)h;
  (void)y;
  fill(change, dni__matrix_get(&sg->parameters[0].gradient, 0, 0));
  return DNI_OK;
}

static const dni__sg_vtable scalar_vtable = {
    .kind = DNI_SG_SCALAR,
    .name = "scalar",
    .estimate = scalar_estimate,
    .learn = scalar_learn,
    .change = scalar_change,
};

dni_status dni_sg_create_scalar(dni_context *context, size_t units, dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  if (units == 0) return dni__fail(DNI_ERROR_ARGUMENT, "scalar: 0 units");
  dni_sg *sg = dni__sg_allocate(context, sizeof *sg, &scalar_vtable, units, 0, 1);
  if (!sg) return DNI_ERROR_MEMORY;
  dni_status status = dni__parameter_create(context, "scalar", 1, 1, true, &sg->parameters[0]);
  if (status != DNI_OK) {
    dni_sg_release(sg);
    return status;
  }
  *out = sg;
  return DNI_OK;
}
