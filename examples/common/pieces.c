/* For programs that are done when a call fails: what they hold goes with the process. */
#include <math.h>
#include <stdlib.h>

#include <dni/research.h>

#include "common.h"

void must(dni_status status) {
  if (status != DNI_OK) exit(library_failure());
}

double *numbers(size_t count) {
  double *memory = calloc(count > 0 ? count : 1, sizeof *memory);
  if (!memory) exit(fail("out of memory"));
  return memory;
}

dni_matrix matrix_of(double *data, size_t rows, size_t columns) {
  dni_matrix view;
  dni_matrix_init_f64(&view, data, rows, columns);
  return view;
}

dni_context *doubles_context(uint64_t seed) {
  dni_context_options options = {.struct_size = sizeof options, .seed = seed, .dtype = DNI_F64};
  dni_context *context;
  must(dni_context_create(&options, &context));
  return context;
}

/* They are the features of the paper's artificial problems. */
void normals(dni_context *context, size_t rows, size_t columns, double *into) {
  dni_dataset *data;
  dni_matrix view = matrix_of(into, rows, columns);
  must(
      dni_dataset_create_artificial(context, DNI_ARTIFICIAL_RANDOM, columns, rows, 1, NULL, &data));
  must(dni_dataset_batch(data, 0, &view, NULL));
  dni_dataset_release(data);
}

void append_dense(dni_context *context, dni_network *network, size_t inputs, size_t outputs,
                  dni_activation activation) {
  dni_layer *layer;
  must(dni_layer_create_dense(context, inputs, outputs, activation, &layer));
  must(dni_network_add(network, layer));
  dni_layer_release(layer);
}

dni_network *dense_network(dni_context *context, dni_activation hidden, const size_t *widths,
                           size_t count) {
  dni_network *network;
  must(dni_network_create(context, &network));
  for (size_t i = 0; i + 1 < count; i++)
    append_dense(context, network, widths[i], widths[i + 1],
                 i + 2 < count ? hidden : DNI_ACTIVATION_IDENTITY);
  return network;
}

dni_dataset *labelled_normals(dni_context *context, size_t examples, size_t inputs,
                              int32_t (*label)(const double *x)) {
  dni_dataset *data;
  dni_matrix x = matrix_of(numbers(examples * inputs), examples, inputs), y;
  int32_t *labels = calloc(examples, sizeof *labels);
  if (!labels) exit(fail("out of memory"));
  normals(context, examples, inputs, x.data);
  for (size_t i = 0; i < examples; i++)
    labels[i] = label((const double *)x.data + i * inputs);
  dni_matrix_init_labels(&y, labels, examples);
  must(dni_dataset_create_memory(context, &x, &y, NULL, &data));
  free(labels);
  free(x.data);
  return data;
}

int32_t same_sign(const double *x) {
  return x[0] * x[1] > 0;
}

double norm_of(const double *values, size_t count) {
  return sqrt(dot_of(values, values, count));
}

double dot_of(const double *a, const double *b, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += a[i] * b[i];
  return sum;
}
