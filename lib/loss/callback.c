/* The caller's own loss. */
#include "loss/loss.h"

static const dni__loss_kind kind = {.kind = DNI_LOSS_CALLBACK, .name = "callback"};

static dni_loss_call call_of(const dni__loss_batch *batch, dni_matrix *delta,
                             dni_matrix *per_example) {
  return (dni_loss_call){sizeof(dni_loss_call), batch->h, batch->y, delta, per_example};
}

dni_status dni__loss_callback_evaluate(const dni_loss *loss, const dni__loss_batch *batch,
                                       dni_matrix *delta, dni_matrix *per_example) {
  dni_loss_call call = call_of(batch, delta, per_example);
  const dni__callback begun = dni__callback_begin();
  dni_status answer = loss->callbacks.evaluate(loss->callbacks.user, &call);
  return dni__callback_end(begun, answer, "evaluate");
}

static dni_status count(const dni_loss *loss, const dni__loss_batch *batch, dni_matrix *right,
                        double *correct) {
  dni_loss_call call = call_of(batch, NULL, right);
  const dni__callback begun = dni__callback_begin();
  dni_status answer = loss->callbacks.correct(loss->callbacks.user, &call);
  DNI_TRY(dni__callback_end(begun, answer, "correct"));
  double total = 0;
  for (size_t r = 0; r < right->rows; r++)
    total += dni__weight(batch->weights, r) * dni__matrix_get(right, r, 0);
  *correct = total;
  return DNI_OK;
}

dni_status dni__loss_callback_correct(const dni_loss *loss, const dni__loss_batch *batch,
                                      dni_matrix *space, double *correct) {
  if (space) return count(loss, batch, space, correct);
  dni__memory *memory = loss->context->memory;
  size_t rows = batch->h->rows;
  dni_dtype dtype = loss->context->dtype;
  void *data = dni__allocate(memory, rows, dni__dtype_size(dtype));
  if (!data) return DNI_ERROR_MEMORY;
  dni_matrix right = dni__matrix_make(data, rows, 1, dtype);
  dni_status status = count(loss, batch, &right, correct);
  dni__free(memory, data);
  return status;
}

dni_status dni_loss_create_callback(dni_context *context, const dni_loss_callbacks *callbacks,
                                    dni_loss **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(callbacks);
  DNI_REQUIRE(out);
  dni_loss_callbacks known;
  DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, callbacks, dni_loss_callbacks)));
  DNI_REQUIRE(known.evaluate);
  dni_loss *loss;
  DNI_TRY(dni__loss_create(context, &kind, &loss));
  loss->callbacks = known;
  *out = loss;
  return DNI_OK;
}
