/* Network files of libdni 0.3, format version 1 (docs/FORMAT.md), which are only read.
 *
 * The file is walked twice: first only to see that length, checksum and every size in it add up,
 * then to build the network. So the second walk needs no doubt and the first no memory. */
#include "network/network.h"

#ifdef DNI_NO_FILES

dni_status dni__network_from_old_file(dni_context *context, const unsigned char *bytes, size_t size,
                                      dni_network **out) {
  (void)context;
  (void)bytes;
  (void)size;
  (void)out;
  return dni__fail(DNI_ERROR_UNSUPPORTED, "this library was built with FILES=none");
}

#else

#include <float.h>
#include <math.h>
#include <string.h>
#include <zlib.h>

#define MAGIC_SIZE         8
#define HEADER_SIZE        32 /* magic, version, dtype, bytes of the file, layers */
#define LAYER_SIZE         24 /* kind, activation, inputs, outputs */
#define NORMALISATION_SIZE 16 /* epsilon, statistics rate */
#define CHECKSUM_SIZE      4
#define VERSION            1

/* The settings of batch normalisation, in the order of the file. */
static const dni_setting file_settings[] = {DNI_SETTING_EPSILON, DNI_SETTING_STATISTICS_RATE};

#define SETTING_COUNT (sizeof file_settings / sizeof file_settings[0])

/* The file, read from front to back. Little-endian. */
typedef struct input {
  const unsigned char *bytes;
  size_t size, next;
} input;

static size_t input_remaining(const input *in) {
  return in->size - in->next;
}

/* The next value. The caller has seen that enough bytes remain. */
static uint64_t little_endian(input *in, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; i++)
    value |= (uint64_t)in->bytes[in->next + i] << 8 * i;
  in->next += size;
  return value;
}

static uint32_t input_u32(input *in) {
  return (uint32_t)little_endian(in, sizeof(uint32_t));
}

static uint64_t input_u64(input *in) {
  return little_endian(in, sizeof(uint64_t));
}

static float input_f32(input *in) {
  uint32_t bits = input_u32(in);
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static double input_f64(input *in) {
  uint64_t bits = input_u64(in);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* What precedes the parameters of a layer. */
typedef struct record {
  uint32_t kind, activation;
  uint64_t inputs, outputs;
  double settings[SETTING_COUNT]; /* of batch normalisation */
} record;

/* Length and checksum. ------------------------------------------------------------------------- */

static dni_status check_header(const input *in) {
  if (in->size < HEADER_SIZE + CHECKSUM_SIZE)
    return dni__fail(DNI_ERROR_DATA, "truncated in its header");
  return DNI_OK;
}

/* All versions have the checksum at the end; it is cut off here. */
static dni_status check_checksum(input *in) {
  input end = *in;
  in->size -= CHECKSUM_SIZE;
  end.next = in->size;
  uint32_t stored = input_u32(&end);
  if (stored != crc32_z(0, in->bytes, in->size))
    return dni__fail(DNI_ERROR_DATA, "corrupt: the checksum does not match");
  return DNI_OK;
}

/* Everything about the file as a whole; then `input` is at the first layer. */
static dni_status check_file(input *in, dni_dtype *dtype, uint64_t *layers) {
  DNI_TRY(check_header(in));
  in->next = MAGIC_SIZE;
  uint32_t version = input_u32(in);
  *dtype = (dni_dtype)input_u32(in);
  uint64_t size = input_u64(in);
  *layers = input_u64(in);
  if (size > in->size)
    return dni__fail(DNI_ERROR_DATA, "truncated: %zu of %llu bytes", in->size,
                     (unsigned long long)size);
  if (size < in->size)
    return dni__fail(DNI_ERROR_DATA, "%zu bytes, but its header says %llu", in->size,
                     (unsigned long long)size);
  DNI_TRY(check_checksum(in));
  if (version != VERSION)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "format version %u, this library knows %d",
                     (unsigned)version, VERSION);
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
static dni_status read_record(input *in, record *out) {
  if (input_remaining(in) < LAYER_SIZE) return dni__fail(DNI_ERROR_DATA, "the file ends within it");
  out->kind = input_u32(in);
  out->activation = input_u32(in);
  out->inputs = input_u64(in);
  out->outputs = input_u64(in);
  if (out->kind != DNI_LAYER_BATCH_NORM) return DNI_OK;
  if (input_remaining(in) < NORMALISATION_SIZE)
    return dni__fail(DNI_ERROR_DATA, "the file ends within it");
  for (size_t i = 0; i < SETTING_COUNT; i++)
    out->settings[i] = input_f64(in);
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

static dni_status check_layer(input *in, dni_dtype dtype, uint64_t *units) {
  record layer = {.kind = 0};
  size_t elements, bytes;
  DNI_TRY(read_record(in, &layer));
  if (layer.kind < DNI_LAYER_DENSE || layer.kind > DNI_LAYER_BATCH_NORM)
    return dni__fail(DNI_ERROR_DATA, "kind %u is unknown", (unsigned)layer.kind);
  DNI_TRY(check_sizes(&layer, units));
  if (layer.activation > DNI_ACTIVATION_SIGMOID)
    return dni__fail(DNI_ERROR_DATA, "activation %u is unknown", (unsigned)layer.activation);
  if (!count_elements(&layer, &elements) ||
      !dni__multiply(elements, dni__dtype_size(dtype), &bytes) || bytes > input_remaining(in))
    return dni__fail(DNI_ERROR_DATA, "its parameters exceed the file");
  in->next += bytes;
  return DNI_OK;
}

/* `input` is a copy: the second walk starts where this one did. */
static dni_status check_layers(input in, dni_dtype dtype, uint64_t layers) {
  uint64_t units = 0;
  if (!dni__dtype_is_real(dtype))
    return dni__fail(DNI_ERROR_DATA, "element type %d is unknown", (int)dtype);
  if (layers == 0) return dni__fail(DNI_ERROR_DATA, "no layers");
  for (uint64_t i = 0; i < layers; i++) {
    dni_status status = check_layer(&in, dtype, &units);
    if (status != DNI_OK) return dni__fail_prefix(status, "layer %llu: ", (unsigned long long)i);
  }
  if (input_remaining(&in) > 0)
    return dni__fail(DNI_ERROR_DATA, "%zu bytes after the last layer", input_remaining(&in));
  return DNI_OK;
}

/* Second walk: building. ----------------------------------------------------------------------- */

/* Into the context's element type. Only a finite double can fail to fit. */
static dni_status read_matrix(input *in, dni_dtype dtype, const char *name,
                              const dni_matrix *value) {
  for (size_t r = 0; r < value->rows; r++)
    for (size_t c = 0; c < value->columns; c++) {
      double element = dtype == DNI_F32 ? (double)input_f32(in) : input_f64(in);
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

static dni_status fill_layer(input *in, dni_dtype dtype, const record *read, dni_layer *layer) {
  for (size_t i = 0; read->kind == DNI_LAYER_BATCH_NORM && i < SETTING_COUNT; i++)
    DNI_TRY(dni_layer_set_f64(layer, file_settings[i], read->settings[i]));
  for (size_t i = 0; i < dni_layer_parameter_count(layer); i++) {
    dni_matrix value;
    DNI_TRY(dni_layer_parameter(layer, i, &value, NULL));
    DNI_TRY(read_matrix(in, dtype, dni_layer_parameter_name(layer, i), &value));
  }
  return dni_layer_changed(layer);
}

static dni_status add_layer(dni_context *context, input *in, dni_dtype dtype,
                            dni_network *network) {
  record read = {.kind = 0};
  dni_layer *layer;
  DNI_TRY(read_record(in, &read));
  DNI_TRY(create_layer(context, &read, &layer));
  dni_status status = fill_layer(in, dtype, &read, layer);
  if (status == DNI_OK) status = dni_network_add(network, layer);
  dni_layer_release(layer); /* the network has its own reference */
  return status;
}

static dni_status build(dni_context *context, input *in, dni_dtype dtype, uint64_t layers,
                        dni_network **out) {
  dni_network *network;
  DNI_TRY(dni_network_create(context, &network));
  for (uint64_t i = 0; i < layers; i++) {
    dni_status status = add_layer(context, in, dtype, network);
    if (status != DNI_OK) {
      dni_network_release(network);
      return dni__fail_prefix(status, "layer %llu: ", (unsigned long long)i);
    }
  }
  *out = network;
  return DNI_OK;
}

dni_status dni__network_from_old_file(dni_context *context, const unsigned char *bytes, size_t size,
                                      dni_network **out) {
  dni_dtype dtype;
  uint64_t layers;
  input in = {bytes, size, 0};
  DNI_TRY(check_file(&in, &dtype, &layers));
  DNI_TRY(check_layers(in, dtype, layers));
  return build(context, &in, dtype, layers, out);
}

#endif
