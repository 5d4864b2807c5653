/* The public face of estimators that estimate losses and learn from them: checks, then the kind. */
#include "sg/sg.h"

/* `loss` [rows][1] says how many rows there are. */
static dni_status prepare(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                          const dni_matrix *loss) {
  if (sg->learns != DNI_SG_LEARNS_LOSS)
    return dni__fail(DNI_ERROR_STATE, "it does not estimate losses");
  DNI_TRY(dni__matrix_check(loss, sg->context->dtype, 1, "loss"));
  DNI_TRY(dni__sg_check_inputs(sg, h, y, loss->rows));
  return dni__sg_reserve_kind(sg, loss->rows);
}

dni_status dni_sg_estimate_loss(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                const dni_matrix *loss) {
  DNI_REQUIRE(sg);
  dni_status status = prepare(sg, h, y, loss);
  if (status == DNI_OK) status = sg->vtable->estimate_loss(sg, h, y, loss);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: ", sg->vtable->name);
}

dni_status dni_sg_learn_loss(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                             const dni_matrix *loss, double *error) {
  DNI_REQUIRE(sg);
  dni__pair_sums sums;
  dni_status status = prepare(sg, h, y, loss);
  if (status == DNI_OK) status = sg->vtable->learn_loss(sg, h, y, loss, &sums);
  if (status != DNI_OK) return dni__fail_prefix(status, "%s: ", sg->vtable->name);
  if (error) *error = loss->rows > 0 ? sums.difference2 / (double)loss->rows : 0;
  return DNI_OK;
}
