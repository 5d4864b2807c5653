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
  /* [rows][targets]: g(h), then d loss / dg; behind it, if the loss is the caller's, [rows][1]: the
   * losses, for which it would allocate memory otherwise. */
  void *out;
} local;

static bool keeps_losses(const local *module) {
  return dni_loss_kind(module->loss) == DNI_LOSS_CALLBACK;
}

static dni_matrix losses_view(const local *module, size_t rows) {
  const dni_sg *sg = &module->stack.base;
  dni_dtype dtype = sg->context->dtype;
  size_t bytes = rows * sg->targets * dni__dtype_size(dtype);
  unsigned char *out = module->out; /* not there before the first row */
  return dni__matrix_make(out ? out + bytes : NULL, rows, 1, dtype);
}

/* g(h), its mean loss, and *dout = d loss / dg, all with these weights. */
static dni_status evaluate(const local *module, const dni_sg_call *call, const dni_matrix *weights,
                           dni_matrix *dout, double *mean) {
  const dni_sg *sg = &module->stack.base;
  *dout = dni__matrix_make(module->out, call->h->rows, sg->targets, sg->context->dtype);
  dni_matrix losses = losses_view(module, call->h->rows);
  DNI_TRY(dni__stack_forward(&module->stack, call->h, NULL, dout));
  dni_batch batch = {.struct_size = sizeof batch, .x = dout, .y = call->y, .weights = weights};
  return dni_loss_evaluate(module->loss, &batch, dout, keeps_losses(module) ? &losses : NULL, mean);
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
  local *module = (local *)sg;
  size_t columns;
  if (!dni__add(sg->targets, keeps_losses(module), &columns))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu targets do not fit", sg->targets);
  return dni__stack_reserve_with(sg, rows, columns, &module->out);
}

static void local_destroy(dni_sg *sg) {
  local *module = (local *)sg;
  dni__free(sg->context->memory, module->out);
  dni_loss_release(module->loss);
  dni__stack_destroy(sg);
}

static void local_list(dni_sg *sg, dni__manifest *manifest) {
  const local *module = (const local *)sg;
  dni__stack_list(&module->stack, manifest);
  dni__manifest_fixed(manifest, "loss", dni_loss_kind_name(module->loss));
}

static const dni__sg_vtable local_vtable = {
    .kind = DNI_SG_LOCAL,
    .name = "local",
    .estimate = local_estimate,
    .learn_alone = local_learn_alone,
    .list = local_list,
    .reserve = local_reserve,
    .destroy = local_destroy,
};

static const dni__stack_kind local_kind = {
    .size = sizeof(local),
    .vtable = &local_vtable,
    .activation = DNI_ACTIVATION_RELU,
    .auxiliary = true,
    .slopes = true,
};

static dni_status check_loss(const dni_context *context, size_t targets, const dni_loss *loss) {
  if (loss->context->dtype != context->dtype)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "local: the element type of the loss differs from the context's");
  dni_status status = dni__loss_check_columns(loss, targets);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "local: loss: ");
}

dni_status dni_sg_create_local(dni_context *context, size_t units, size_t targets, dni_loss *loss,
                               const dni_sg_options *options, dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(loss);
  DNI_REQUIRE(out);
  DNI_TRY(check_loss(context, targets, loss));
  DNI_TRY(dni__stack_create(context, &local_kind, units, targets, options, out));
  ((local *)*out)->loss = dni_loss_retain(loss);
  (*out)->calls_out = dni_loss_kind(loss) == DNI_LOSS_CALLBACK;
  return DNI_OK;
}
