/* Forward in inference mode, in parts of a bounded number of rows. */
#include <string.h>

#include "network/network.h"

#define ROWS_AT_FIRST 256

/* Outputs of layers alternate between the two buffers; the last goes to the caller's memory. */
struct dni_predictor {
  dni__references references;
  dni_context *context; /* the network's, which keeps it */
  dni_network *network; /* kept; NULL: the network's own predictor */
  dni_layer **layers;   /* [count], which the network keeps */
  size_t count, rows;
  void *buffers[2]; /* [rows][widest] */
};

/* Making. -------------------------------------------------------------------------------------- */

/* Of all outputs but the last. */
static size_t widest_output(const dni_network *network) {
  size_t widest = 0;
  for (size_t i = 0; i + 1 < network->count; i++)
    if (network->links[i].layer->outputs > widest) widest = network->links[i].layer->outputs;
  return widest;
}

static dni_status allocate_parts(dni_predictor *predictor, const dni_network *network) {
  dni__memory *memory = predictor->context->memory;
  size_t widest = widest_output(network), elements, size = dni__dtype_size(network->context->dtype);
  if (!dni__multiply(predictor->rows, widest, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu rows of %zu do not fit", predictor->rows,
                     widest);
  predictor->layers = dni__allocate(memory, network->count, sizeof(dni_layer *));
  if (!predictor->layers) return DNI_ERROR_MEMORY;
  for (size_t i = 0; i < network->count; i++)
    predictor->layers[i] = network->links[i].layer;
  for (size_t i = 0; i < 2; i++) {
    predictor->buffers[i] = dni__allocate(memory, elements, size);
    if (!predictor->buffers[i]) return DNI_ERROR_MEMORY;
  }
  return DNI_OK;
}

/* A predictor that does not keep the network. */
static dni_status make(const dni_network *network, size_t rows, dni_predictor **out) {
  dni_predictor *predictor = dni__allocate(network->context->memory, 1, sizeof *predictor);
  if (!predictor) return DNI_ERROR_MEMORY;
  dni__references_init(&predictor->references);
  predictor->context = network->context;
  predictor->count = network->count;
  predictor->rows = rows;
  dni_status status = allocate_parts(predictor, network);
  if (status != DNI_OK) {
    dni_predictor_release(predictor);
    return status;
  }
  *out = predictor;
  return DNI_OK;
}

static dni_status check_layers(const dni_network *network) {
  if (network->count > 0) return DNI_OK;
  return dni__fail(DNI_ERROR_STATE, "the network has no layers");
}

dni_status dni_predictor_create(dni_network *network, size_t rows, dni_predictor **out) {
  DNI_REQUIRE(network);
  DNI_REQUIRE(out);
  DNI_TRY(check_layers(network));
  dni_predictor *predictor;
  DNI_TRY(make(network, rows > 0 ? rows : ROWS_AT_FIRST, &predictor));
  predictor->network = dni_network_retain(network);
  *out = predictor;
  return DNI_OK;
}

dni_predictor *dni_predictor_retain(dni_predictor *predictor) {
  if (predictor) dni__references_add(&predictor->references);
  return predictor;
}

void dni_predictor_release(dni_predictor *predictor) {
  if (!predictor || !dni__references_drop(&predictor->references)) return;
  dni__memory *memory = predictor->context->memory;
  dni_network *network = predictor->network;
  dni__free(memory, predictor->layers);
  dni__free(memory, predictor->buffers[0]);
  dni__free(memory, predictor->buffers[1]);
  dni__free(memory, predictor);
  dni_network_release(network);
}

/* Running. ------------------------------------------------------------------------------------- */

/* The first `count` layers on rows that fit the buffers. */
static dni_status run_part(const dni_predictor *predictor, size_t count, const dni_matrix *x,
                           const dni_matrix *h) {
  dni_matrix input = *x;
  for (size_t i = 0; i < count; i++) {
    dni_layer *layer = predictor->layers[i];
    dni_matrix output = *h;
    if (i + 1 < count)
      output = dni__matrix_make(predictor->buffers[i % 2], x->rows, layer->outputs,
                                predictor->context->dtype);
    dni_status status = dni__layer_forward(layer, DNI_MODE_INFERENCE, NULL, &input, NULL, &output);
    if (status != DNI_OK) return dni__network_say(layer, i, status);
    input = output;
  }
  return DNI_OK;
}

/* Of the first `count` layers, at least one. */
static dni_status check_matrices(const dni_predictor *predictor, size_t count, const dni_matrix *x,
                                 const dni_matrix *h) {
  dni_dtype dtype = predictor->context->dtype;
  DNI_TRY(dni__matrix_check(x, dtype, predictor->layers[0]->inputs, "x"));
  return dni__matrix_check_rows(h, dtype, x->rows, predictor->layers[count - 1]->outputs, "h");
}

/* x [rows][inputs] -> h [rows][outputs of layer count - 1], both checked. */
static dni_status run(const dni_predictor *predictor, size_t count, const dni_matrix *x,
                      const dni_matrix *h) {
  for (size_t first = 0; first < x->rows; first += predictor->rows) {
    size_t left = x->rows - first, rows = left < predictor->rows ? left : predictor->rows;
    dni_matrix part_x = dni__matrix_rows(x, first, rows), part_h = dni__matrix_rows(h, first, rows);
    DNI_TRY(run_part(predictor, count, &part_x, &part_h));
  }
  return DNI_OK;
}

dni_status dni_predictor_run(dni_predictor *predictor, size_t after, const dni_matrix *x,
                             dni_matrix *h) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(predictor);
  if (after == DNI_ALL) after = predictor->count - 1;
  if (after >= predictor->count)
    return dni__fail(DNI_ERROR_ARGUMENT, "there is no layer %zu, only %zu layers", after,
                     predictor->count);
  DNI_TRY(check_matrices(predictor, after + 1, x, h));
  return run(predictor, after + 1, x, h);
}

/* The network's own. --------------------------------------------------------------------------- */

dni_status dni_network_reserve(dni_network *network, size_t rows) {
  DNI_REQUIRE(network);
  DNI_TRY(check_layers(network));
  if (rows == 0) return DNI_OK;
  dni_predictor *predictor = atomic_exchange(&network->predictor, NULL);
  dni_status status = DNI_OK;
  if (!predictor || predictor->rows < rows) {
    dni_predictor *larger = predictor;
    status = make(network, rows, &larger);
    if (status == DNI_OK) dni_predictor_release(predictor);
    predictor = larger;
  }
  if (status == DNI_OK) atomic_store(&network->reserved, predictor->rows);
  dni_predictor_release(atomic_exchange(&network->predictor, predictor));
  return status;
}

/* Take the predictor out of the network, or make one for the call if there is none or it is in use.
 */
static dni_status take(dni_network *network, dni_predictor **out) {
  *out = atomic_exchange(&network->predictor, NULL);
  if (*out) return DNI_OK;
  size_t reserved = atomic_load(&network->reserved);
  return make(network, reserved > 0 ? reserved : ROWS_AT_FIRST, out);
}

/* Put it into the network for the next call; if another thread has been quicker, it is freed. */
static void put_back(dni_network *network, dni_predictor *predictor) {
  dni_predictor *none = NULL;
  if (!atomic_compare_exchange_strong(&network->predictor, &none, predictor))
    dni_predictor_release(predictor);
}

dni_status dni_network_predict(dni_network *network, const dni_matrix *x, dni_matrix *h) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(network);
  DNI_TRY(check_layers(network));
  dni_predictor *predictor;
  DNI_TRY(take(network, &predictor));
  dni_status status = check_matrices(predictor, predictor->count, x, h);
  if (status == DNI_OK) status = run(predictor, predictor->count, x, h);
  put_back(network, predictor);
  return status;
}
