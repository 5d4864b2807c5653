/* dni_network_save: header, layers from the first to the last, checksum. */
#include <string.h>

#include "io/network_file.h"
#include "io/output.h"
#include "network/network.h"

#define SETTING_COUNT (sizeof dni__file_settings / sizeof dni__file_settings[0])

/* Elements of all parameters of a layer. */
static dni_status count_elements(dni_layer *layer, uint64_t *count) {
  *count = 0;
  for (size_t i = 0; i < dni_layer_parameter_count(layer); i++) {
    dni_matrix value;
    DNI_TRY(dni_layer_parameter(layer, i, &value, NULL));
    *count += (uint64_t)value.rows * value.columns;
  }
  return DNI_OK;
}

/* Kinds and activations that the format has a number for. */
static dni_status check_kind(const dni_layer *layer, size_t index) {
  dni_kind kind = dni_layer_kind(layer);
  if (kind < DNI_LAYER_DENSE || kind > DNI_LAYER_BATCH_NORM)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "layer %zu (%s) cannot be saved", index,
                     dni_layer_kind_name(layer));
  if (dni_layer_activation(layer) > DNI_ACTIVATION_SIGMOID)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "layer %zu (%s, %s) cannot be saved", index,
                     dni_layer_kind_name(layer), dni_activation_name(dni_layer_activation(layer)));
  return DNI_OK;
}

/* What the file will hold: its size, and the element type of the parameters (float if there are
 * none). */
static dni_status measure(const dni_network *network, uint64_t *size, dni_dtype *dtype) {
  *size = DNI_FILE_HEADER_SIZE + DNI_FILE_CHECKSUM_SIZE;
  *dtype = DNI_F32;
  for (size_t i = 0; i < network->count; i++) {
    dni_layer *layer = network->links[i].layer;
    uint64_t elements;
    dni_matrix value;
    DNI_TRY(check_kind(layer, i));
    DNI_TRY(count_elements(layer, &elements));
    if (elements > 0) {
      DNI_TRY(dni_layer_parameter(layer, 0, &value, NULL));
      *dtype = value.dtype;
    }
    *size += DNI_FILE_LAYER_SIZE + elements * dni__dtype_size(*dtype);
    if (dni_layer_kind(layer) == DNI_LAYER_BATCH_NORM) *size += DNI_FILE_NORMALISATION_SIZE;
  }
  return DNI_OK;
}

static void put_matrix(dni__output *output, const dni_matrix *value) {
  for (size_t r = 0; r < value->rows; r++)
    for (size_t c = 0; c < value->columns; c++) {
      double element = dni__matrix_get(value, r, c);
      if (value->dtype == DNI_F32)
        dni__output_f32(output, (float)element);
      else
        dni__output_f64(output, element);
    }
}

static dni_status put_layer(dni__output *output, dni_layer *layer) {
  bool normalisation = dni_layer_kind(layer) == DNI_LAYER_BATCH_NORM;
  dni__output_u32(output, (uint32_t)dni_layer_kind(layer));
  dni__output_u32(output, normalisation ? 0 : (uint32_t)dni_layer_activation(layer));
  dni__output_u64(output, dni_layer_inputs(layer));
  dni__output_u64(output, dni_layer_outputs(layer));
  for (size_t i = 0; normalisation && i < SETTING_COUNT; i++) {
    double value;
    DNI_TRY(dni_layer_get_f64(layer, dni__file_settings[i], &value));
    dni__output_f64(output, value);
  }
  for (size_t i = 0; i < dni_layer_parameter_count(layer); i++) {
    dni_matrix value;
    DNI_TRY(dni_layer_parameter(layer, i, &value, NULL));
    put_matrix(output, &value);
  }
  return DNI_OK;
}

static dni_status put_network(dni__output *output, const dni_network *network, uint64_t size,
                              dni_dtype dtype) {
  size_t layers = network->count;
  dni__output_bytes(output, DNI_FILE_MAGIC, DNI_FILE_MAGIC_SIZE);
  dni__output_u32(output, DNI_FILE_VERSION);
  dni__output_u32(output, (uint32_t)dtype);
  dni__output_u64(output, size);
  dni__output_u64(output, layers);
  for (size_t i = 0; i < layers; i++)
    DNI_TRY(put_layer(output, network->links[i].layer));
  return DNI_OK;
}

dni_status dni_network_save(const dni_network *network, const char *path) {
  DNI_REQUIRE(network);
  DNI_REQUIRE(path);
  uint64_t size;
  dni_dtype dtype;
  dni__output output;
  if (network->count == 0)
    return dni__fail(DNI_ERROR_STATE, "%s: the network has no layers to save",
                     dni__shown(path).text);
  dni_status status = measure(network, &size, &dtype);
  if (status != DNI_OK) return dni__fail_prefix(status, "%s: ", dni__shown(path).text);
  DNI_TRY(dni__output_open(&output, path));
  status = put_network(&output, network, size, dtype);
  if (output.status == DNI_OK) output.status = status;
  return dni__output_close(&output);
}
