/* Local losses (Belilovsky et al. 2019; Nokland and Eidnes 2019): an auxiliary network g of affine
 * maps on top of h, with a loss of its own,
 *
 *   E = mean over the batch of loss(g(h), y),   delta = d loss(g(h), y) / dh per example.
 *
 * The loss gives d loss / dg per example, which goes back through the maps: to h for an answer, to
 * the weights for a lesson. y is seen by the loss alone. All weights are drawn: behind a last map
 * of zeros the first delta would be 0. */
#include "sg/stack.h"

typedef struct local {
  dni__stack stack;
  dni_loss *loss;
  void *out; /* [rows][targets]: g(h), then d loss / dg */
} local;

/* g(h), its loss, and *dout = d loss / dg. */
static dni_status evaluate(const local *module, const dni_matrix *h, const dni_matrix *y,
                           dni_matrix *dout, double *mean) {
  const dni_sg *sg = &module->stack.base;
  *dout = dni__matrix_make(module->out, h->rows, sg->targets, sg->context->dtype);
  DNI_TRY(dni__stack_forward(&module->stack, h, NULL, dout));
  return dni_loss_evaluate(module->loss, dout, y, dout, NULL, mean);
}

static dni_status local_estimate(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                 const dni_matrix *error, const dni_matrix *delta) {
  (void)error;
  const local *module = (const local *)sg;
  dni_matrix dout;
  DNI_TRY(evaluate(module, h, y, &dout, NULL));
  return dni__stack_backward(&module->stack, DNI_GRADIENT_SKIP, h, NULL, &dout, delta);
}

static dni_status local_learn_alone(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                    double *mean) {
  const local *module = (const local *)sg;
  dni_matrix dout;
  DNI_TRY(evaluate(module, h, y, &dout, mean));
  return dni__stack_backward(&module->stack, DNI_GRADIENT_REPLACE, h, NULL, &dout, NULL);
}

static dni_status local_reserve(dni_sg *sg, size_t rows) {
  return dni__stack_reserve_with(sg, rows, sg->targets, &((local *)sg)->out);
}

static void local_destroy(dni_sg *sg) {
  local *module = (local *)sg;
  dni__free(sg->context->memory, module->out);
  dni_loss_release(module->loss);
  dni__stack_destroy(sg);
}

static const dni__sg_vtable local_vtable = {
    .kind = DNI_SG_LOCAL,
    .name = "local",
    .estimate = local_estimate,
    .learn_alone = local_learn_alone,
    .reserve = local_reserve,
    .destroy = local_destroy,
};

static const dni__stack_kind local_kind = {
    .size = sizeof(local),
    .vtable = &local_vtable,
    .activation = DNI_ACTIVATION_RELU,
    .auxiliary = true,
};

/* The loss of an empty batch fails if the loss has another element type. */
static dni_status check_loss(const dni_context *context, size_t targets, dni_loss *loss) {
  dni_matrix none = dni__matrix_make(NULL, 0, targets, context->dtype);
  dni_status status = dni_loss_evaluate(loss, &none, &none, NULL, NULL, NULL);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "local: loss: ");
}

dni_status dni_sg_create_local(dni_context *context, size_t units, size_t targets, dni_loss *loss,
                               const dni_sg_options *options, dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(loss);
  DNI_REQUIRE(out);
  DNI_TRY(check_loss(context, targets, loss));
  DNI_TRY(dni__stack_create(context, &local_kind, units, targets, options, out));
  dni_loss_retain(loss);
  ((local *)*out)->loss = loss;
  return DNI_OK;
}
