/* Local losses (Belilovsky et al. 2019; Nokland and Eidnes 2019): an auxiliary network g of affine
 * maps on top of h, with a loss of its own,
 *
 *   E = mean over the batch of loss(g(h), y),   delta = d loss(g(h), y) / dh per example.
 *
 * The loss gives d loss / dg per example, which goes back through the maps: to h for an answer, to
 * the weights for a lesson. y is seen by the loss alone. All weights are drawn: behind a last map
 * of zeros the first delta would be 0. */
#include "loss/loss.h"
#include "sg/stack.h"

typedef struct local {
  dni__stack stack;
  dni_loss *loss;
  void *out; /* [rows][targets]: g(h), then d loss / dg */
} local;

/* g(h), its mean loss, and *dout = d loss / dg, all with these weights. */
static dni_status evaluate(const local *module, const dni_sg_call *call, const dni_matrix *weights,
                           dni_matrix *dout, double *mean) {
  const dni_sg *sg = &module->stack.base;
  *dout = dni__matrix_make(module->out, call->h->rows, sg->targets, sg->context->dtype);
  DNI_TRY(dni__stack_forward(&module->stack, call->h, NULL, dout));
  dni_batch batch = {.struct_size = sizeof batch, .x = dout, .y = call->y, .weights = weights};
  return dni_loss_evaluate(module->loss, &batch, dout, NULL, mean);
}

/* Answers get their weights later. */
static dni_status local_estimate(dni_sg *sg, const dni_sg_call *call) {
  const local *module = (const local *)sg;
  dni_matrix dout;
  DNI_TRY(evaluate(module, call, NULL, &dout, NULL));
  dni_sg_call back = *call;
  back.flags = DNI_GRADIENT_SKIP;
  return dni__stack_backward(&module->stack, &back, NULL, &dout, call->delta);
}

static dni_status local_learn_alone(dni_sg *sg, const dni_sg_call *call) {
  const local *module = (const local *)sg;
  dni_matrix dout;
  DNI_TRY(evaluate(module, call, call->weights, &dout, call->own_loss));
  return dni__stack_backward(&module->stack, call, NULL, &dout, NULL);
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

static dni_status check_loss(const dni_context *context, size_t targets, const dni_loss *loss) {
  if (loss->context->dtype != context->dtype)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "local: the element type of the loss differs from the context's");
  if (loss->class_count > 0 && loss->class_count != targets)
    return dni__fail(DNI_ERROR_ARGUMENT, "local: the loss has %zu class weights for %zu targets",
                     loss->class_count, targets);
  return DNI_OK;
}

dni_status dni_sg_create_local(dni_context *context, size_t units, size_t targets, dni_loss *loss,
                               const dni_sg_options *options, dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(loss);
  DNI_REQUIRE(out);
  DNI_TRY(check_loss(context, targets, loss));
  DNI_TRY(dni__stack_create(context, &local_kind, units, targets, options, out));
  ((local *)*out)->loss = dni_loss_retain(loss);
  return DNI_OK;
}
