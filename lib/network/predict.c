/* Forward in inference mode, in parts of a bounded number of rows. */
#include "network/network.h"

#define ROWS_AT_FIRST 256

static dni_status allocate_buffer(dni_network *network, size_t rows, size_t columns, void **out) {
  size_t elements;
  if (!dni__multiply(rows, columns, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu rows of %zu do not fit", rows, columns);
  *out =
      dni__allocate(network->context->memory, elements, dni__dtype_size(network->context->dtype));
  return *out ? DNI_OK : DNI_ERROR_MEMORY;
}

static size_t widest_output(const dni_network *network) {
  size_t widest = 0;
  for (size_t i = 0; i < network->count; i++)
    if (network->links[i].layer->outputs > widest) widest = network->links[i].layer->outputs;
  return widest;
}

static dni_status check_layers(const dni_network *network) {
  if (network->count > 0) return DNI_OK;
  return dni__fail(DNI_ERROR_STATE, "the network has no layers");
}

dni_status dni_network_reserve(dni_network *network, size_t rows) {
  DNI_REQUIRE(network);
  if (rows == 0) return dni__fail(DNI_ERROR_ARGUMENT, "dni_network_reserve: rows is 0");
  DNI_TRY(check_layers(network));
  if (rows <= network->rows) return DNI_OK;
  dni__memory *memory = network->context->memory;
  void *first = NULL, *second = NULL;
  DNI_TRY(allocate_buffer(network, rows, widest_output(network), &first));
  dni_status status = allocate_buffer(network, rows, widest_output(network), &second);
  if (status != DNI_OK) {
    dni__free(memory, first);
    return status;
  }
  dni__free(memory, network->buffers[0]);
  dni__free(memory, network->buffers[1]);
  network->buffers[0] = first;
  network->buffers[1] = second;
  network->rows = rows;
  return DNI_OK;
}

/* The first `count` layers on rows that fit the buffers. */
static dni_status run_part(dni_network *network, size_t count, const dni_matrix *x,
                           const dni_matrix *h) {
  dni_matrix input = *x;
  for (size_t i = 0; i < count; i++) {
    dni_matrix output = *h;
    if (i + 1 < count)
      output = dni__matrix_make(network->buffers[i % 2], x->rows, network->links[i].layer->outputs,
                                network->context->dtype);
    DNI_TRY(dni__network_forward(network, i, DNI_MODE_INFERENCE, &input, &output));
    input = output;
  }
  return DNI_OK;
}

/* The first `count` layers, at least one: x [rows][inputs] -> h [rows][outputs of the last]. */
static dni_status run(dni_network *network, size_t count, const dni_matrix *x,
                      const dni_matrix *h) {
  dni_dtype dtype = network->context->dtype;
  size_t outputs = network->links[count - 1].layer->outputs;
  DNI_TRY(dni__matrix_check(x, dtype, dni_network_inputs(network), "x"));
  DNI_TRY(dni__matrix_check_rows(h, dtype, x->rows, outputs, "h"));
  if (x->rows == 0) return DNI_OK;
  if (network->rows == 0)
    DNI_TRY(dni_network_reserve(network, x->rows < ROWS_AT_FIRST ? x->rows : ROWS_AT_FIRST));
  for (size_t first = 0; first < x->rows; first += network->rows) {
    size_t left = x->rows - first, rows = left < network->rows ? left : network->rows;
    dni_matrix part_x = dni__matrix_rows(x, first, rows), part_h = dni__matrix_rows(h, first, rows);
    DNI_TRY(run_part(network, count, &part_x, &part_h));
  }
  return DNI_OK;
}

dni_status dni_network_predict(dni_network *network, const dni_matrix *x, const dni_matrix *h) {
  DNI_REQUIRE(network);
  DNI_TRY(check_layers(network));
  return run(network, network->count, x, h);
}

dni_status dni_network_activations(dni_network *network, size_t after, const dni_matrix *x,
                                   const dni_matrix *h) {
  DNI_REQUIRE(network);
  DNI_TRY(check_layers(network));
  if (after >= network->count)
    return dni__fail(DNI_ERROR_ARGUMENT, "there is no layer %zu, only %zu layers", after,
                     network->count);
  return run(network, after + 1, x, h);
}
