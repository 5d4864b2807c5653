/* For programs that are done when a call fails: what they hold goes with the process. */
#include <math.h>
#include <stdlib.h>

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
  must(dni_dataset_create_artificial(context, DNI_ARTIFICIAL_RANDOM, columns, rows, 1, &data));
  must(dni_dataset_batch(data, 0, &view, NULL));
  dni_dataset_release(data);
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
