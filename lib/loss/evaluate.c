/* Losses at work: checks, the walk over the batch, counting right answers. */
#include "loss/loss.h"

dni_status dni__loss_check_columns(const dni_loss *loss, size_t columns) {
  if (loss->class_count > 0 && loss->class_count != columns)
    return dni__fail(DNI_ERROR_ARGUMENT, "x has %zu columns, but there are %zu class weights",
                     columns, loss->class_count);
  if (loss->kind->kind == DNI_LOSS_SOFTMAX_CROSS_ENTROPY && columns == 1)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "softmax of 1 column is always 1, so nothing can be learned: use sigmoid "
                     "cross-entropy");
  return DNI_OK;
}

static dni_status check_batch(const dni_loss *loss, const dni_batch *batch, dni__loss_batch *out) {
  dni_dtype dtype = loss->context->dtype;
  dni_batch known;
  DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, batch, dni_batch)));
  *out = (dni__loss_batch){known.x, known.y, known.weights, 0};
  DNI_TRY(dni__matrix_check(known.x, dtype, known.x ? known.x->columns : 0, "x"));
  DNI_TRY(dni__loss_check_columns(loss, known.x->columns));
  DNI_TRY(dni__targets_check(known.y, dtype, known.x->rows, known.x->columns, "y"));
  return dni__weights_check(known.weights, dtype, known.x->rows, &out->weight);
}

static dni_status check_outputs(const dni_matrix *h, const dni_matrix *delta,
                                const dni_matrix *per_example) {
  if (delta) DNI_TRY(dni__matrix_check_rows(delta, h->dtype, h->rows, h->columns, "delta"));
  return per_example ? dni__matrix_check_rows(per_example, h->dtype, h->rows, 1, "per_example")
                     : DNI_OK;
}

/* Row s of delta = weights[s] * row s of delta. */
static void apply_weights(const dni_loss *loss, const dni__loss_batch *batch, dni_matrix *delta) {
  if (!delta || !batch->weights) return;
  loss->context->kernels->scale_rows(delta->rows, delta->columns, delta->data, delta->stride,
                                     batch->weights->data, batch->weights->stride);
}

/* The row functions of a loss and what they are given besides rows. */
typedef struct evaluation {
  const dni__loss_rows *rows;
  bool general;
  dni__loss_terms terms;
} evaluation;

static evaluation evaluation_of(const dni_loss *loss, size_t columns) {
  bool softmax = loss->kind->kind == DNI_LOSS_SOFTMAX_CROSS_ENTROPY;
  return (evaluation){
      .rows = loss->context->dtype == DNI_F32 ? &loss->kind->f32 : &loss->kind->f64,
      .general = loss->smoothing > 0 || loss->class_weights,
      .terms = {1 - loss->smoothing, loss->smoothing / (softmax ? (double)columns : 2),
                loss->class_weights},
  };
}

static double evaluate_row(const evaluation *e, const dni__loss_batch *batch, size_t row,
                           void *delta) {
  size_t columns = batch->h->columns;
  bool labels = dni__is_labels(batch->y);
  const void *h = dni__matrix_row(batch->h, row);
  const void *y = labels ? NULL : dni__matrix_row(batch->y, row);
  size_t label = labels ? dni__label(batch->y, row) : 0;
  if (e->general) return e->rows->general(columns, h, y, label, &e->terms, delta);
  return (labels ? e->rows->labelled : e->rows->dense)(columns, h, y, label, delta);
}

/* The library's own kinds; *sum becomes the weighted sum of the losses. */
static void evaluate_rows(const dni_loss *loss, const dni__loss_batch *batch, dni_matrix *delta,
                          dni_matrix *per_example, double *sum) {
  evaluation e = evaluation_of(loss, batch->h->columns);
  for (size_t r = 0; r < batch->h->rows; r++) {
    double value = evaluate_row(&e, batch, r, delta ? dni__matrix_row(delta, r) : NULL);
    if (per_example) dni__matrix_set(per_example, r, 0, value);
    *sum += batch->weights ? dni__weight(batch->weights, r) * value : value;
  }
}

/* The caller's own loss into per_example, which is not NULL; the rest as evaluate_rows. */
static dni_status evaluate_callback(const dni_loss *loss, const dni__loss_batch *batch,
                                    dni_matrix *delta, dni_matrix *per_example, double *sum) {
  DNI_TRY(dni__loss_callback_evaluate(loss, batch, delta, per_example));
  for (size_t r = 0; r < batch->h->rows; r++)
    *sum += dni__weight(batch->weights, r) * dni__matrix_get(per_example, r, 0);
  return DNI_OK;
}

/* The same with working space if per_example is NULL. */
static dni_status evaluate_with_space(const dni_loss *loss, const dni__loss_batch *batch,
                                      dni_matrix *delta, dni_matrix *per_example, double *sum) {
  if (per_example) return evaluate_callback(loss, batch, delta, per_example, sum);
  const dni_matrix *h = batch->h;
  dni__memory *memory = loss->context->memory;
  void *data = dni__allocate(memory, h->rows, dni__dtype_size(h->dtype));
  if (!data) return DNI_ERROR_MEMORY;
  dni_matrix space = dni__matrix_make(data, h->rows, 1, h->dtype);
  dni_status status = evaluate_callback(loss, batch, delta, &space, sum);
  dni__free(memory, data);
  return status;
}

static dni_status evaluate(const dni_loss *loss, const dni_batch *given, dni_matrix *delta,
                           dni_matrix *per_example, double *mean) {
  dni__loss_batch batch;
  DNI_TRY(check_batch(loss, given, &batch));
  DNI_TRY(check_outputs(batch.h, delta, per_example));
  double sum = 0;
  bool wanted = batch.h->rows > 0 && (delta || per_example || mean);
  if (wanted && loss->callbacks.evaluate)
    DNI_TRY(evaluate_with_space(loss, &batch, delta, per_example, &sum));
  else if (wanted)
    evaluate_rows(loss, &batch, delta, per_example, &sum);
  if (wanted) apply_weights(loss, &batch, delta);
  if (mean) *mean = batch.weight > 0 ? sum / batch.weight : 0;
  return DNI_OK;
}

dni_status dni_loss_evaluate(const dni_loss *loss, const dni_batch *batch, dni_matrix *delta,
                             dni_matrix *per_example, double *mean) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(loss);
  DNI_REQUIRE(batch);
  dni_status status = evaluate(loss, batch, delta, per_example, mean);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: ", loss->kind->name);
}

static dni_status count_correct(const dni_loss *loss, const dni_batch *given, dni_matrix *space,
                                double *correct) {
  dni__loss_batch batch;
  DNI_TRY(check_batch(loss, given, &batch));
  if (loss->callbacks.correct) return dni__loss_callback_correct(loss, &batch, space, correct);
  if (!loss->kind->correct) return dni__fail(DNI_ERROR_UNSUPPORTED, "this loss does not classify");
  double count = 0;
  for (size_t r = 0; r < batch.h->rows; r++)
    if (loss->kind->correct(loss->context->kernels, batch.h, batch.y, r))
      count += dni__weight(batch.weights, r);
  *correct = count;
  return DNI_OK;
}

dni_status dni__loss_count_correct(const dni_loss *loss, const dni_batch *batch, dni_matrix *space,
                                   double *correct) {
  dni_status status = count_correct(loss, batch, space, correct);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: ", loss->kind->name);
}

dni_status dni_loss_count_correct(const dni_loss *loss, const dni_batch *batch, double *correct) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(loss);
  DNI_REQUIRE(batch);
  DNI_REQUIRE(correct);
  return dni__loss_count_correct(loss, batch, NULL, correct);
}
