/* The local guess of loss-matched SGs: what it gives them, and its gradients. */
#include "sg/guess.h"

#include <string.h>

#include "loss/loss.h"

dni_status dni__guess_check(const dni_context *context, const dni_loss *loss, size_t targets,
                            dni_condition condition, const char *owner) {
  if (condition < DNI_CONDITION_HY || condition > DNI_CONDITION_RESIDUAL)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: condition %d is unknown", owner, (int)condition);
  if (condition == DNI_CONDITION_RESIDUAL && !loss)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: the residual is that of a loss, and loss is NULL",
                     owner);
  if (!loss) return DNI_OK;
  if (loss->context->dtype != context->dtype)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "%s: the element type of the loss differs from the context's", owner);
  dni_status status = dni__loss_check_columns(loss, targets);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: loss: ", owner);
}

void dni__condition_list(dni_condition condition, const dni_loss *loss, dni__manifest *manifest) {
  static const char *const names[] = {[DNI_CONDITION_HY] = "hy",
                                      [DNI_CONDITION_H] = "h",
                                      [DNI_CONDITION_Y] = "y",
                                      [DNI_CONDITION_RESIDUAL] = "residual"};
  dni__manifest_fixed(manifest, "condition", names[condition]);
  if (loss) dni__manifest_fixed(manifest, "guess_loss", dni_loss_kind_name(loss));
}

dni_status dni__guess_create(dni_sg *sg, dni_loss *loss, dni__parameter *parameters,
                             dni__guess *out) {
  if (!loss) return DNI_OK;
  DNI_TRY(dni__affine_create(sg->context, sg->units, sg->units, sg->targets, 0, &out->map));
  parameters[0] = out->map.weight;
  parameters[1] = out->map.bias;
  parameters[0].name = "guess_weight";
  parameters[1].name = "guess_bias";
  out->loss = dni_loss_retain(loss);
  sg->calls_out = dni_loss_kind(loss) == DNI_LOSS_CALLBACK;
  return DNI_OK;
}

void dni__guess_destroy(dni__guess *guess) {
  dni_loss_release(guess->loss);
}

size_t dni__guess_columns(const dni__guess *guess, size_t targets, bool sees_y) {
  return (sees_y ? targets : 0) + (guess->loss ? targets : 0);
}

/* Labels become the one-hot rows that they stand for. */
static void put_targets(const dni_matrix *y, const dni_matrix *to) {
  if (!dni__is_labels(y)) {
    dni__matrix_copy(y, to);
    return;
  }
  size_t bytes = to->columns * dni__dtype_size(to->dtype);
  for (size_t r = 0; r < to->rows; r++) {
    memset(dni__matrix_row(to, r), 0, bytes);
    dni__matrix_set(to, r, dni__label(y, r), 1);
  }
}

/* Not yet multiplied with the weights of the examples, as an SG's other inputs are not. */
static dni_status put_residual(const dni_sg *sg, const dni__guess *guess, const dni_matrix *h,
                               const dni_matrix *y, dni_matrix *to, dni_matrix *losses) {
  DNI_TRY(dni__affine_forward(sg->context, sg->backend, &guess->map, h, NULL,
                              DNI_ACTIVATION_IDENTITY, to));
  dni_batch batch = {.struct_size = sizeof batch, .x = to, .y = y};
  return dni_loss_evaluate(guess->loss, &batch, to, losses, NULL);
}

static dni_matrix residual_of(const dni_sg *sg, const dni_matrix *inputs) {
  return dni__matrix_columns(inputs, inputs->columns - sg->targets, sg->targets);
}

dni_status dni__guess_inputs(const dni_sg *sg, const dni__guess *guess, bool sees_y,
                             const dni_matrix *h, const dni_matrix *y, const dni_matrix *to,
                             dni_matrix *losses) {
  if (sees_y) {
    dni_matrix targets = dni__matrix_columns(to, 0, sg->targets);
    put_targets(y, &targets);
  }
  if (!guess->loss) return DNI_OK;
  dni_matrix residual = residual_of(sg, to);
  return put_residual(sg, guess, h, y, &residual, losses);
}

dni_status dni__guess_learn(const dni_sg *sg, dni__guess *guess, const dni_sg_call *call,
                            const dni_matrix *inputs) {
  dni_matrix residual = residual_of(sg, inputs);
  const dni_matrix *weights = call->weights;
  if (weights)
    sg->context->kernels->scale_rows(residual.rows, residual.columns, residual.data,
                                     residual.stride, weights->data, weights->stride);
  return dni__affine_backward(sg->context, sg->backend, &guess->map, call->flags, call->scale,
                              call->h, NULL, NULL, DNI_ACTIVATION_IDENTITY, &residual);
}
