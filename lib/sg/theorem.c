/* The synthetic gradient of Theorem 1 (Czarnecki et al. 2017, Appendix C): with omega = (alpha,
 * beta, gamma),
 *
 *   M = (alpha + 1) h - (beta + 1) y + gamma,   dM/domega = (h, -y, 1),
 *
 * element by element, and so dE/domega = 2 mean over the batch of the sum over units of
 * (M - target) (h, -y, 1). */
#include "dni/research.h"
#include "sg/sg.h"

/* out = a h - b y + c */
static void combine(double a, const dni_matrix *h, double b, const dni_matrix *y, double c,
                    const dni_matrix *out) {
  for (size_t row = 0; row < out->rows; row++)
    for (size_t column = 0; column < out->columns; column++)
      dni__matrix_set(out, row, column,
                      a * dni__matrix_get(h, row, column) - b * dni__matrix_get(y, row, column) +
                          c);
}

static dni_status theorem_estimate(dni_sg *sg, const dni_sg_call *call) {
  const dni_matrix *omega = &sg->parameters[0].value;
  combine(dni__matrix_get(omega, 0, 0) + 1, call->h, dni__matrix_get(omega, 0, 1) + 1, call->y,
          dni__matrix_get(omega, 0, 2), call->delta);
  return DNI_OK;
}

static dni_status theorem_learn(dni_sg *sg, const dni_sg_call *call, dni__pair_sums *sums) {
  dni__sg_residual(sg, call, 1, sums);
  const dni_matrix *difference = call->prediction;
  double with[3] = {0, 0, 0}; /* sums of (M - target) (h, -y, 1) */
  for (size_t r = 0; r < difference->rows; r++)
    for (size_t c = 0; c < difference->columns; c++) {
      double element = dni__matrix_get(difference, r, c);
      with[0] += element * dni__matrix_get(call->h, r, c);
      with[1] -= element * dni__matrix_get(call->y, r, c);
      with[2] += element;
    }
  for (size_t i = 0; i < 3; i++)
    dni__sg_put_gradient(&sg->parameters[0].gradient, i, call, 2 * call->scale * with[i]);
  return DNI_OK;
}

/* J g = g_alpha h - g_beta y + g_gamma. */
static dni_status theorem_change(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                 const dni_matrix *change) {
  const dni_matrix *g = &sg->parameters[0].gradient;
  combine(dni__matrix_get(g, 0, 0), h, dni__matrix_get(g, 0, 1), y, dni__matrix_get(g, 0, 2),
          change);
  return DNI_OK;
}

static const dni__sg_vtable theorem_vtable = {
    .kind = DNI_SG_THEOREM,
    .name = "theorem",
    .refuses_labels = true,
    .estimate = theorem_estimate,
    .learn = theorem_learn,
    .change = theorem_change,
};

dni_status dni_sg_create_theorem(dni_context *context, size_t units, dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  if (units == 0) return dni__fail(DNI_ERROR_ARGUMENT, "theorem: 0 units");
  dni_sg *sg = dni__sg_allocate(context, sizeof *sg, &theorem_vtable, units, units, 1);
  if (!sg) return DNI_ERROR_MEMORY;
  sg->looks_at_h = sg->looks_at_y = true;
  dni_status status = dni__parameter_create(context, "omega", 1, 3, true, &sg->parameters[0]);
  if (status != DNI_OK) {
    dni_sg_release(sg);
    return status;
  }
  dni__matrix_set(&sg->parameters[0].value, 0, 0, -1);
  dni__matrix_set(&sg->parameters[0].value, 0, 1, -1);
  *out = sg;
  return DNI_OK;
}
