/* Loss and accuracy over a whole data set. */
#include <math.h>

#include "trainer/trainer.h"

#define ROWS_AT_A_TIME 256

/* Sums over the batches seen so far. */
typedef struct totals {
  double loss;
  size_t correct;
} totals;

static dni_status evaluate_batch(dni_network *network, dni_loss *loss, const dni_dataset *dataset,
                                 size_t first, const dni_matrix *x, const dni_matrix *y,
                                 const dni_matrix *h, totals *sums) {
  double mean;
  size_t correct;
  DNI_TRY(dni_dataset_batch(dataset, first, x, y));
  DNI_TRY(dni_network_predict(network, x, h));
  DNI_TRY(dni_loss_evaluate(loss, h, y, NULL, NULL, &mean));
  DNI_TRY(dni_loss_count_correct(loss, h, y, &correct));
  if (!isfinite(mean)) return dni__network_blame(network);
  sums->loss += mean * (double)x->rows;
  sums->correct += correct;
  return DNI_OK;
}

static dni_status evaluate_all(dni_network *network, dni_loss *loss, const dni_dataset *dataset,
                               void *const buffers[3], size_t rows, totals *sums) {
  size_t examples = dni_dataset_examples(dataset), outputs = dni_network_outputs(network);
  dni_dtype dtype = network->context->dtype;
  for (size_t first = 0; first < examples; first += rows) {
    size_t part = examples - first < rows ? examples - first : rows;
    dni_matrix x = dni__matrix_make(buffers[0], part, dni_network_inputs(network), dtype);
    dni_matrix y = dni__matrix_make(buffers[1], part, outputs, dtype);
    dni_matrix h = dni__matrix_make(buffers[2], part, outputs, dtype);
    DNI_TRY(evaluate_batch(network, loss, dataset, first, &x, &y, &h, sums));
  }
  return DNI_OK;
}

dni_status dni__check_dataset(const dni_network *network, const dni_dataset *dataset) {
  if (dni_dataset_features(dataset) != dni_network_inputs(network))
    return dni__fail(DNI_ERROR_ARGUMENT, "the data set has %zu features, the network %zu inputs",
                     dni_dataset_features(dataset), dni_network_inputs(network));
  if (dni_dataset_targets(dataset) != dni_network_outputs(network))
    return dni__fail(DNI_ERROR_ARGUMENT, "the data set has %zu targets, the network %zu outputs",
                     dni_dataset_targets(dataset), dni_network_outputs(network));
  dni_matrix none = dni__matrix_make(NULL, 0, dni_network_inputs(network), network->context->dtype);
  dni_status status = dni_dataset_batch(dataset, 0, &none, NULL);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "the data set's batch: ");
}

/* x, y and h for `rows` rows; on failure none is left allocated. */
static dni_status allocate_buffers(const dni_network *network, size_t rows, void *buffers[3]) {
  dni__memory *memory = network->context->memory;
  size_t outputs = dni_network_outputs(network);
  size_t columns[3] = {dni_network_inputs(network), outputs, outputs};
  for (size_t i = 0; i < 3; i++) {
    size_t elements;
    buffers[i] = dni__multiply(rows, columns[i], &elements)
                     ? dni__allocate(memory, elements, dni__dtype_size(network->context->dtype))
                     : NULL;
    if (buffers[i]) continue;
    while (i-- > 0)
      dni__free(memory, buffers[i]);
    return DNI_ERROR_MEMORY;
  }
  return DNI_OK;
}

dni_status dni_network_evaluate(dni_network *network, dni_loss *loss, const dni_dataset *dataset,
                                dni_evaluation *out) {
  DNI_REQUIRE(network);
  DNI_REQUIRE(loss);
  DNI_REQUIRE(dataset);
  DNI_REQUIRE(out);
  DNI_TRY(dni__report_check(out, sizeof *out, "dni_evaluation"));
  DNI_TRY(dni__check_dataset(network, dataset));
  size_t examples = dni_dataset_examples(dataset);
  size_t rows = examples < ROWS_AT_A_TIME ? examples : ROWS_AT_A_TIME;
  void *buffers[3];
  totals sums = {0, 0};
  DNI_TRY(allocate_buffers(network, rows, buffers));
  dni_status status = evaluate_all(network, loss, dataset, buffers, rows, &sums);
  for (size_t i = 0; i < 3; i++)
    dni__free(network->context->memory, buffers[i]);
  if (status != DNI_OK) return status;
  dni_evaluation known = {sizeof known, examples, sums.loss / (double)examples,
                          (double)sums.correct / (double)examples};
  dni__report_fill(out, &known, sizeof known);
  return DNI_OK;
}
