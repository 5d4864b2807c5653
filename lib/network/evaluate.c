/* Loss, accuracy and metric over a whole data set. */
#include <math.h>

#include "network/network.h"

#define ROWS_AT_A_TIME 256

/* The call, its buffers, and sums over the batches seen so far. */
typedef struct evaluation {
  dni_network *network;
  const dni_loss *loss;
  const dni_dataset *dataset;
  const dni_metric *metric; /* NULL: none */
  size_t examples, rows;    /* of the data set; of a batch, at most */
  void *x, *y, *h;          /* [rows][inputs]; labels or [rows][outputs]; [rows][outputs] */
  double loss_sum, correct, metric_sum;
} evaluation;

/* Checking. ------------------------------------------------------------------------------------ */

dni_status dni__network_check_dataset(const dni_network *network, const dni_dataset *dataset) {
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

static dni_status copy_metric(const dni_metric *metric, dni_metric *known) {
  DNI_TRY(dni__options_copy(DNI__OPTIONS(known, metric, dni_metric)));
  if (known->evaluate) return DNI_OK;
  return dni__fail(DNI_ERROR_ARGUMENT, "dni_metric: evaluate is NULL");
}

/* Batches. ------------------------------------------------------------------------------------- */

static dni_matrix targets_view(const evaluation *e, size_t rows) {
  if (dni_dataset_classes(e->dataset) > 0) return dni__matrix_make(e->y, rows, 1, DNI_I32);
  return dni__matrix_make(e->y, rows, dni_network_outputs(e->network), e->network->context->dtype);
}

/* The batch's x is the network's output h. */
static dni_status add_loss(evaluation *e, const dni_batch *batch) {
  double mean, correct = 0;
  DNI_TRY(dni_loss_evaluate(e->loss, batch, NULL, NULL, &mean));
  if (dni_loss_classifies(e->loss)) DNI_TRY(dni_loss_count_correct(e->loss, batch, &correct));
  if (!isfinite(mean)) return dni__network_blame(e->network);
  e->loss_sum += mean * (double)batch->x->rows;
  e->correct += correct;
  return DNI_OK;
}

static dni_status add_metric(evaluation *e, const dni_batch *batch) {
  double value = 0;
  if (!e->metric) return DNI_OK;
  const dni__callback begun = dni__callback_begin();
  dni_status answer = e->metric->evaluate(e->metric->user, batch, &value);
  DNI_TRY(dni__callback_end(begun, answer, "metric"));
  e->metric_sum += value * (double)batch->x->rows;
  return DNI_OK;
}

static dni_status evaluate_batch(evaluation *e, size_t first, size_t rows) {
  const dni_network *network = e->network;
  dni_dtype dtype = network->context->dtype;
  dni_matrix x = dni__matrix_make(e->x, rows, dni_network_inputs(network), dtype);
  dni_matrix h = dni__matrix_make(e->h, rows, dni_network_outputs(network), dtype);
  dni_matrix y = targets_view(e, rows);
  dni_batch batch = {.struct_size = sizeof batch, .x = &h, .y = &y};
  DNI_TRY(dni_dataset_batch(e->dataset, first, &x, &y));
  DNI_TRY(dni_network_predict(e->network, &x, &h));
  DNI_TRY(add_loss(e, &batch));
  return add_metric(e, &batch);
}

static dni_status evaluate_all(evaluation *e) {
  for (size_t first = 0; first < e->examples; first += e->rows) {
    size_t left = e->examples - first;
    DNI_TRY(evaluate_batch(e, first, left < e->rows ? left : e->rows));
  }
  return DNI_OK;
}

/* The call. ------------------------------------------------------------------------------------ */

static dni_status allocate(const evaluation *e, const dni_matrix *view, void **out) {
  size_t elements;
  if (!dni__multiply(view->rows, view->columns, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu rows of %zu do not fit", view->rows,
                     view->columns);
  *out = dni__allocate(e->network->context->memory, elements, dni__dtype_size(view->dtype));
  return *out ? DNI_OK : DNI_ERROR_MEMORY;
}

static dni_status allocate_buffers(evaluation *e) {
  const dni_network *network = e->network;
  dni_dtype dtype = network->context->dtype;
  dni_matrix x = dni__matrix_make(NULL, e->rows, dni_network_inputs(network), dtype);
  dni_matrix h = dni__matrix_make(NULL, e->rows, dni_network_outputs(network), dtype);
  dni_matrix y = targets_view(e, e->rows);
  DNI_TRY(allocate(e, &x, &e->x));
  DNI_TRY(allocate(e, &y, &e->y));
  return allocate(e, &h, &e->h);
}

static dni_status run(evaluation *e) {
  dni__memory *memory = e->network->context->memory;
  dni_status status = allocate_buffers(e);
  if (status == DNI_OK) status = evaluate_all(e);
  dni__free(memory, e->x);
  dni__free(memory, e->y);
  dni__free(memory, e->h);
  return status;
}

dni_status dni_network_evaluate(dni_network *network, const dni_loss *loss,
                                const dni_dataset *dataset, const dni_metric *metric,
                                dni_evaluation *out) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(network);
  DNI_REQUIRE(loss);
  DNI_REQUIRE(dataset);
  DNI_REQUIRE(out);
  DNI_TRY(dni__report_check(out, DNI__FIRST_SIZE_dni_evaluation, "dni_evaluation"));
  if (network->count == 0) return dni__fail(DNI_ERROR_STATE, "the network has no layers");
  dni_metric known_metric;
  if (metric) DNI_TRY(copy_metric(metric, &known_metric));
  DNI_TRY(dni__network_check_dataset(network, dataset));
  evaluation e = {.network = network, .loss = loss, .dataset = dataset};
  e.metric = metric ? &known_metric : NULL;
  e.examples = dni_dataset_examples(dataset);
  e.rows = e.examples < ROWS_AT_A_TIME ? e.examples : ROWS_AT_A_TIME;
  DNI_TRY(run(&e));
  double examples = (double)e.examples;
  dni_evaluation found = {sizeof found, e.examples, e.loss_sum / examples,
                          dni_loss_classifies(loss) ? e.correct / examples : (double)NAN,
                          metric ? e.metric_sum / examples : (double)NAN};
  dni__report_fill(out, &found, sizeof found);
  return DNI_OK;
}
