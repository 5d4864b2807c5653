/* dni_network_load.
 *
 * The file is walked twice: first only to see that length, checksum and every size in it add up,
 * then to build the network. So the second walk needs no doubt and the first no memory. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/context.h"
#include "io/checksum.h"
#include "io/input.h"
#include "io/network_file.h"

#define SETTING_COUNT (sizeof dni__file_settings / sizeof dni__file_settings[0])

/* What precedes the parameters of a layer. */
typedef struct record {
  uint32_t kind, activation;
  uint64_t inputs, outputs;
  double settings[SETTING_COUNT]; /* of batch normalisation */
} record;

/* Length and checksum. ------------------------------------------------------------------------- */

static dni_status check_magic(const dni__input *input) {
  size_t count = input->size < DNI_FILE_MAGIC_SIZE ? input->size : DNI_FILE_MAGIC_SIZE;
  if (input->size == 0) return dni__fail(DNI_ERROR_DATA, "the file is empty");
  if (memcmp(input->bytes, DNI_FILE_MAGIC, count) != 0)
    return dni__fail(DNI_ERROR_DATA, "not a network file of libdni");
  if (input->size < DNI_FILE_HEADER_SIZE + DNI_FILE_CHECKSUM_SIZE)
    return dni__fail(DNI_ERROR_DATA, "truncated in its header");
  return DNI_OK;
}

/* All versions have the checksum at the end; it is cut off here. */
static dni_status check_checksum(dni__input *input) {
  dni__input end = *input;
  input->size -= DNI_FILE_CHECKSUM_SIZE;
  end.next = input->size;
  uint32_t stored = dni__input_u32(&end);
  if (stored != dni__checksum(0, input->bytes, input->size))
    return dni__fail(DNI_ERROR_DATA, "corrupt: the checksum does not match");
  return DNI_OK;
}

/* Everything about the file as a whole; then `input` is at the first layer. */
static dni_status check_file(dni__input *input, dni_dtype *dtype, uint64_t *layers) {
  DNI_TRY(check_magic(input));
  input->next = DNI_FILE_MAGIC_SIZE;
  uint32_t version = dni__input_u32(input);
  *dtype = (dni_dtype)dni__input_u32(input);
  uint64_t size = dni__input_u64(input);
  *layers = dni__input_u64(input);
  if (size > input->size)
    return dni__fail(DNI_ERROR_DATA, "truncated: %zu of %llu bytes", input->size,
                     (unsigned long long)size);
  if (size < input->size)
    return dni__fail(DNI_ERROR_DATA, "%zu bytes, but its header says %llu", input->size,
                     (unsigned long long)size);
  DNI_TRY(check_checksum(input));
  if (version != DNI_FILE_VERSION)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "format version %u, this library knows %d",
                     (unsigned)version, DNI_FILE_VERSION);
  return DNI_OK;
}

/* First walk: sizes. --------------------------------------------------------------------------- */

/* The number of elements of a layer's parameters: weight and bias, or the four rows of batch
 * normalisation. false: it overflows. */
static bool count_elements(const record *layer, size_t *count) {
  size_t columns; /* of [W b] */
  switch (layer->kind) {
  case DNI_LAYER_DENSE:
    return dni__add((size_t)layer->inputs, 1, &columns) &&
           dni__multiply(columns, (size_t)layer->outputs, count);
  case DNI_LAYER_BATCH_NORM:
    return dni__multiply((size_t)layer->inputs, 4, count);
  default: /* activation */
    *count = 0;
    return true;
  }
}

/* The record of the next layer. DNI_ERROR_DATA: the file ends within it. */
static dni_status read_record(dni__input *input, record *out) {
  if (dni__input_remaining(input) < DNI_FILE_LAYER_SIZE)
    return dni__fail(DNI_ERROR_DATA, "the file ends within it");
  out->kind = dni__input_u32(input);
  out->activation = dni__input_u32(input);
  out->inputs = dni__input_u64(input);
  out->outputs = dni__input_u64(input);
  if (out->kind != DNI_LAYER_BATCH_NORM) return DNI_OK;
  if (dni__input_remaining(input) < DNI_FILE_NORMALISATION_SIZE)
    return dni__fail(DNI_ERROR_DATA, "the file ends within it");
  for (size_t i = 0; i < SETTING_COUNT; i++)
    out->settings[i] = dni__input_f64(input);
  return DNI_OK;
}

/* *units: outputs of the layer below, 0 for none; then this layer's. */
static dni_status check_sizes(const record *layer, uint64_t *units) {
  if (layer->inputs == 0 || layer->outputs == 0 || layer->inputs > SIZE_MAX ||
      layer->outputs > SIZE_MAX || (*units > 0 && layer->inputs != *units) ||
      (layer->kind != DNI_LAYER_DENSE && layer->inputs != layer->outputs))
    return dni__fail(DNI_ERROR_DATA, "%llu inputs and %llu outputs do not fit",
                     (unsigned long long)layer->inputs, (unsigned long long)layer->outputs);
  *units = layer->outputs;
  return DNI_OK;
}

static dni_status check_layer(dni__input *input, dni_dtype dtype, uint64_t *units) {
  record layer = {.kind = 0};
  size_t elements, bytes;
  DNI_TRY(read_record(input, &layer));
  if (layer.kind < DNI_LAYER_DENSE || layer.kind > DNI_LAYER_BATCH_NORM)
    return dni__fail(DNI_ERROR_DATA, "kind %u is unknown", (unsigned)layer.kind);
  DNI_TRY(check_sizes(&layer, units));
  if (layer.activation > DNI_ACTIVATION_SIGMOID)
    return dni__fail(DNI_ERROR_DATA, "activation %u is unknown", (unsigned)layer.activation);
  if (!count_elements(&layer, &elements) ||
      !dni__multiply(elements, dni__dtype_size(dtype), &bytes) ||
      bytes > dni__input_remaining(input))
    return dni__fail(DNI_ERROR_DATA, "its parameters exceed the file");
  input->next += bytes;
  return DNI_OK;
}

/* `input` is a copy: the second walk starts where this one did. */
static dni_status check_layers(dni__input input, dni_dtype dtype, uint64_t layers) {
  uint64_t units = 0;
  if (!dni__dtype_is_real(dtype))
    return dni__fail(DNI_ERROR_DATA, "element type %d is unknown", (int)dtype);
  if (layers == 0) return dni__fail(DNI_ERROR_DATA, "no layers");
  for (uint64_t i = 0; i < layers; i++) {
    dni_status status = check_layer(&input, dtype, &units);
    if (status != DNI_OK) return dni__fail_prefix(status, "layer %llu: ", (unsigned long long)i);
  }
  if (dni__input_remaining(&input) > 0)
    return dni__fail(DNI_ERROR_DATA, "%zu bytes after the last layer",
                     dni__input_remaining(&input));
  return DNI_OK;
}

/* Second walk: building. ----------------------------------------------------------------------- */

/* Into the context's element type. Only a finite double can fail to fit. */
static dni_status read_matrix(dni__input *input, dni_dtype dtype, const char *name,
                              const dni_matrix *value) {
  for (size_t r = 0; r < value->rows; r++)
    for (size_t c = 0; c < value->columns; c++) {
      double element = dtype == DNI_F32 ? (double)dni__input_f32(input) : dni__input_f64(input);
      if (value->dtype == DNI_F32 && isfinite(element) && fabs(element) > (double)FLT_MAX)
        return dni__fail(DNI_ERROR_DATA, "%s: %g is out of range of float", name, element);
      dni__matrix_set(value, r, c, element);
    }
  return DNI_OK;
}

static dni_status create_layer(dni_context *context, const record *read, dni_layer **out) {
  size_t inputs = (size_t)read->inputs, outputs = (size_t)read->outputs;
  dni_activation activation = (dni_activation)read->activation;
  switch (read->kind) {
  case DNI_LAYER_DENSE:
    return dni_layer_create_dense(context, inputs, outputs, activation, out);
  case DNI_LAYER_ACTIVATION:
    return dni_layer_create_activation(context, inputs, activation, out);
  default:
    return dni_layer_create_batch_norm(context, inputs, out);
  }
}

static dni_status fill_layer(dni__input *input, dni_dtype dtype, const record *read,
                             dni_layer *layer) {
  for (size_t i = 0; read->kind == DNI_LAYER_BATCH_NORM && i < SETTING_COUNT; i++)
    DNI_TRY(dni_layer_set_f64(layer, dni__file_settings[i], read->settings[i]));
  for (size_t i = 0; i < dni_layer_parameter_count(layer); i++) {
    dni_matrix value;
    DNI_TRY(dni_layer_parameter(layer, i, &value, NULL));
    DNI_TRY(read_matrix(input, dtype, dni_layer_parameter_name(layer, i), &value));
  }
  return dni_layer_changed(layer);
}

static dni_status add_layer(dni_context *context, dni__input *input, dni_dtype dtype,
                            dni_network *network) {
  record read = {.kind = 0};
  dni_layer *layer;
  DNI_TRY(read_record(input, &read));
  DNI_TRY(create_layer(context, &read, &layer));
  dni_status status = fill_layer(input, dtype, &read, layer);
  if (status == DNI_OK) status = dni_network_add(network, layer);
  dni_layer_release(layer); /* the network has its own reference */
  return status;
}

static dni_status build(dni_context *context, dni__input *input, dni_dtype dtype, uint64_t layers,
                        dni_network **out) {
  dni_network *network;
  DNI_TRY(dni_network_create(context, &network));
  for (uint64_t i = 0; i < layers; i++) {
    dni_status status = add_layer(context, input, dtype, network);
    if (status != DNI_OK) {
      dni_network_release(network);
      return dni__fail_prefix(status, "layer %llu: ", (unsigned long long)i);
    }
  }
  *out = network;
  return DNI_OK;
}

static dni_status load(dni_context *context, dni__input *input, dni_network **out) {
  dni_dtype dtype;
  uint64_t layers;
  DNI_TRY(check_file(input, &dtype, &layers));
  DNI_TRY(check_layers(*input, dtype, layers));
  return build(context, input, dtype, layers, out);
}

dni_status dni_network_load(dni_context *context, const char *path, dni_network **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(path);
  DNI_REQUIRE(out);
  dni__input input;
  DNI_TRY(dni__input_open(context->memory, path, &input));
  dni_status status = load(context, &input, out);
  dni__input_close(&input);
  if (status == DNI_OK) return DNI_OK;
  /* What a layer refuses as an argument came from the file: a setting out of bounds. */
  if (status == DNI_ERROR_ARGUMENT) status = DNI_ERROR_DATA;
  return dni__fail_prefix(status, "%s: ", dni__shown(path).text);
}
