/* Loss, accuracy and metric over a whole data set.
 *
 * Everything that is needed is allocated when an evaluation is made, so that running it, perhaps
 * hours later in the middle of a training, needs no memory. */
#include <math.h>

#include "loss/loss.h"
#include "network/network.h"

#define ROWS_AT_A_TIME 256

struct dni__evaluation {
  dni_network *network; /* network, loss and data set are borrowed from whoever evaluates */
  const dni_loss *loss;
  const dni_dataset *dataset;
  dni_metric metric;     /* evaluate NULL: none */
  size_t examples, rows; /* of the data set; of a batch, at most */
  dni_predictor *predictor;
  void *x, *y, *h;      /* [rows][inputs]; labels or [rows][outputs]; [rows][outputs] */
  void *losses, *right; /* [rows][1]: working space of a callback loss */
  double loss_sum, correct, metric_sum; /* over the batches seen so far */
};

/* Checking. ------------------------------------------------------------------------------------ */

dni_status dni__network_check_dataset(const dni_network *network, const dni_dataset *dataset) {
  if (dni_dataset_features(dataset) != dni_network_inputs(network))
    return dni__fail(DNI_ERROR_ARGUMENT, "the data set has %zu features, the network %zu inputs",
                     dni_dataset_features(dataset), dni_network_inputs(network));
  if (dni_dataset_targets(dataset) != dni_network_outputs(network))
    return dni__fail(DNI_ERROR_ARGUMENT, "the data set has %zu targets, the network %zu outputs",
                     dni_dataset_targets(dataset), dni_network_outputs(network));
  if (dni_dataset_classes(dataset) == 1)
    return dni__fail(
        DNI_ERROR_ARGUMENT,
        "the data set has labels of 1 class, which are all the same: use a column of numbers");
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

static dni_matrix view(const dni__evaluation *e, void *data, size_t rows, size_t columns) {
  return dni__matrix_make(data, rows, columns, e->network->context->dtype);
}

static bool has_labels(const dni__evaluation *e) {
  return dni_dataset_classes(e->dataset) > 0;
}

static dni_matrix targets_view(const dni__evaluation *e, size_t rows) {
  if (has_labels(e)) return dni__matrix_make(e->y, rows, 1, DNI_I32);
  return view(e, e->y, rows, dni_network_outputs(e->network));
}

/* The batch's x is the network's output h. */
static dni_status add_loss(dni__evaluation *e, const dni_batch *batch) {
  dni_matrix losses = view(e, e->losses, batch->x->rows, 1);
  dni_matrix right = view(e, e->right, batch->x->rows, 1);
  double mean, correct = 0;
  DNI_TRY(dni_loss_evaluate(e->loss, batch, NULL, &losses, &mean));
  if (dni_loss_classifies(e->loss))
    DNI_TRY(dni__loss_count_correct(e->loss, batch, &right, &correct));
  if (!isfinite(mean)) return dni__network_blame(e->network, dni__network_loss_failed(e->network));
  e->loss_sum += mean * (double)batch->x->rows;
  e->correct += correct;
  return DNI_OK;
}

static dni_status add_metric(dni__evaluation *e, const dni_batch *batch) {
  double value = 0;
  if (!e->metric.evaluate) return DNI_OK;
  const dni__callback begun = dni__callback_begin();
  dni_status answer = e->metric.evaluate(e->metric.user, batch, &value);
  DNI_TRY(dni__callback_end(begun, answer, "metric"));
  e->metric_sum += value * (double)batch->x->rows;
  return DNI_OK;
}

static dni_status evaluate_batch(dni__evaluation *e, size_t first, size_t rows) {
  const dni_network *network = e->network;
  dni_matrix x = view(e, e->x, rows, dni_network_inputs(network));
  dni_matrix h = view(e, e->h, rows, dni_network_outputs(network));
  dni_matrix y = targets_view(e, rows);
  dni_batch batch = {.struct_size = sizeof batch, .x = &h, .y = &y};
  DNI_TRY(dni_dataset_batch(e->dataset, first, &x, &y));
  DNI_TRY(dni_predictor_run(e->predictor, DNI_ALL, &x, &h));
  DNI_TRY(add_loss(e, &batch));
  return add_metric(e, &batch);
}

dni_status dni__evaluation_run(dni__evaluation *e, dni_evaluation *found) {
  e->loss_sum = e->correct = e->metric_sum = 0;
  for (size_t first = 0; first < e->examples; first += e->rows) {
    size_t left = e->examples - first;
    DNI_TRY(evaluate_batch(e, first, left < e->rows ? left : e->rows));
  }
  double examples = (double)e->examples;
  *found = (dni_evaluation){sizeof *found, e->examples, e->loss_sum / examples,
                            dni_loss_classifies(e->loss) ? e->correct / examples : (double)NAN,
                            e->metric.evaluate ? e->metric_sum / examples : (double)NAN};
  return DNI_OK;
}

/* Making and ending. --------------------------------------------------------------------------- */

/* [rows][columns] for the largest batch. */
static dni_status allocate(const dni__evaluation *e, size_t columns, dni_dtype dtype, void **out) {
  size_t elements;
  if (!dni__multiply(e->rows, columns, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu rows of %zu do not fit", e->rows,
                     columns);
  *out = dni__allocate(e->network->context->memory, elements, dni__dtype_size(dtype));
  return *out ? DNI_OK : DNI_ERROR_MEMORY;
}

static dni_status allocate_buffers(dni__evaluation *e) {
  dni_dtype dtype = e->network->context->dtype;
  size_t outputs = dni_network_outputs(e->network);
  DNI_TRY(allocate(e, dni_network_inputs(e->network), dtype, &e->x));
  DNI_TRY(has_labels(e) ? allocate(e, 1, DNI_I32, &e->y) : allocate(e, outputs, dtype, &e->y));
  DNI_TRY(allocate(e, outputs, dtype, &e->h));
  DNI_TRY(allocate(e, 1, dtype, &e->losses));
  DNI_TRY(allocate(e, 1, dtype, &e->right));
  return dni_predictor_create(e->network, e->rows, &e->predictor);
}

dni_status dni__evaluation_create(dni_network *network, const dni_loss *loss,
                                  const dni_dataset *dataset, const dni_metric *metric,
                                  dni__evaluation **out) {
  dni__evaluation *e = dni__allocate(network->context->memory, 1, sizeof *e);
  if (!e) return DNI_ERROR_MEMORY;
  e->network = network;
  e->loss = loss;
  e->dataset = dataset;
  if (metric) e->metric = *metric;
  e->examples = dni_dataset_examples(dataset);
  e->rows = e->examples < ROWS_AT_A_TIME ? e->examples : ROWS_AT_A_TIME;
  dni_status status = allocate_buffers(e);
  if (status == DNI_OK) *out = e;
  if (status != DNI_OK) dni__evaluation_destroy(e);
  return status;
}

void dni__evaluation_destroy(dni__evaluation *e) {
  if (!e) return;
  dni__memory *memory = e->network->context->memory;
  dni_predictor_release(e->predictor);
  void *blocks[] = {e->x, e->y, e->h, e->losses, e->right, e};
  for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
    dni__free(memory, blocks[i]);
}

/* The call. ------------------------------------------------------------------------------------ */

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
  dni__evaluation *e;
  dni_evaluation found;
  DNI_TRY(dni__evaluation_create(network, loss, dataset, metric ? &known_metric : NULL, &e));
  dni_status status = dni__evaluation_run(e, &found);
  dni__evaluation_destroy(e);
  if (status == DNI_OK) dni__report_fill(out, &found, sizeof found);
  return status;
}
