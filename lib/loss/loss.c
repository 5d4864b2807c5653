/* The public face of losses: checks, the walk over the batch, counting right answers. */
#include "loss/loss.h"

struct dni_loss {
  dni__references references;
  dni_context *context;
  const dni__loss_kind *kind;
};

dni_status dni__loss_create(dni_context *context, const dni__loss_kind *kind, dni_loss **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  dni_loss *loss = dni__allocate(context->memory, 1, sizeof *loss);
  if (!loss) return DNI_ERROR_MEMORY;
  dni__references_init(&loss->references);
  dni_context_retain(context);
  loss->context = context;
  loss->kind = kind;
  *out = loss;
  return DNI_OK;
}

void dni_loss_retain(dni_loss *loss) {
  if (loss) dni__references_add(&loss->references);
}

void dni_loss_release(dni_loss *loss) {
  if (!loss || !dni__references_drop(&loss->references)) return;
  dni_context *context = loss->context;
  dni__free(context->memory, loss);
  dni_context_release(context);
}

const char *dni_loss_name(const dni_loss *loss) {
  return loss ? loss->kind->name : "";
}

static dni_status check_pair(const dni_loss *loss, const dni_matrix *h, const dni_matrix *y) {
  dni_dtype dtype = loss->context->dtype;
  if (!h) return dni__fail(DNI_ERROR_ARGUMENT, "%s: h is NULL", loss->kind->name);
  DNI_TRY(dni__matrix_check(h, dtype, h->columns, "h"));
  return dni__matrix_check_rows(y, dtype, h->rows, h->columns, "y");
}

dni_status dni_loss_evaluate(dni_loss *loss, const dni_matrix *h, const dni_matrix *y,
                             const dni_matrix *delta, const dni_matrix *per_example, double *mean) {
  DNI_REQUIRE(loss);
  DNI_TRY(check_pair(loss, h, y));
  dni_dtype dtype = loss->context->dtype;
  if (delta) DNI_TRY(dni__matrix_check_rows(delta, dtype, h->rows, h->columns, "delta"));
  if (per_example) DNI_TRY(dni__matrix_check_rows(per_example, dtype, h->rows, 1, "per_example"));
  dni__loss_row evaluate = dtype == DNI_F32 ? loss->kind->row_f32 : loss->kind->row_f64;
  double sum = 0;
  for (size_t r = 0; r < h->rows; r++) {
    double value = evaluate(h->columns, dni__matrix_row(h, r), dni__matrix_row(y, r),
                            delta ? dni__matrix_row(delta, r) : NULL);
    if (per_example) dni__matrix_set(per_example, r, 0, value);
    sum += value;
  }
  if (mean) *mean = h->rows > 0 ? sum / (double)h->rows : 0;
  return DNI_OK;
}

dni_status dni_loss_count_correct(dni_loss *loss, const dni_matrix *h, const dni_matrix *y,
                                  size_t *correct) {
  DNI_REQUIRE(loss);
  DNI_REQUIRE(correct);
  DNI_TRY(check_pair(loss, h, y));
  size_t count = 0;
  for (size_t r = 0; r < h->rows; r++)
    count += loss->kind->correct(loss->context->kernels, h, y, r);
  *correct = count;
  return DNI_OK;
}

static bool same_side(double h, double threshold, double y) {
  return h == h && (h > threshold) == (y > 0.5);
}

bool dni__correct_largest(const dni__kernels *kernels, const dni_matrix *h, const dni_matrix *y,
                          size_t row) {
  if (h->columns == 0) return true;
  if (h->columns == 1)
    return same_side(dni__matrix_get(h, row, 0), 0.5, dni__matrix_get(y, row, 0));
  size_t predicted = kernels->largest(h->columns, dni__matrix_row(h, row));
  return predicted < h->columns &&
         predicted == kernels->largest(y->columns, dni__matrix_row(y, row));
}

bool dni__correct_sign(const dni__kernels *kernels, const dni_matrix *h, const dni_matrix *y,
                       size_t row) {
  (void)kernels;
  for (size_t c = 0; c < h->columns; c++)
    if (!same_side(dni__matrix_get(h, row, c), 0, dni__matrix_get(y, row, c))) return false;
  return true;
}
