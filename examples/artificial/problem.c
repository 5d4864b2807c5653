/* The paper's data sets, and what is known of each without training. */
#include <math.h>
#include <stdlib.h>

#include "artificial.h"

const problem problems[PROBLEMS] = {
    {"linear2", DNI_ARTIFICIAL_LINEAR, 2, 100}, {"linear100", DNI_ARTIFICIAL_LINEAR, 100, 1000},
    {"noisy2", DNI_ARTIFICIAL_NOISY, 2, 100},   {"noisy100", DNI_ARTIFICIAL_NOISY, 100, 1000},
    {"random2", DNI_ARTIFICIAL_RANDOM, 2, 100}, {"random100", DNI_ARTIFICIAL_RANDOM, 100, 1000},
};
const char *const model_names[MODELS] = {"shallow", "deep"};
const char *const loss_names[LOSSES] = {"mse", "log"};

double printed(int model, int loss, int which) {
  static const double table_2[MODELS][LOSSES][PROBLEMS] = {
      {{0.00000, 0.00002, 0.00000, 0.00002, 0.00000, 0.00004},
       {0.03842, 0.08554, 0.00036, 0.00442, 0.00000, 0.00003}},
      {{NAN, NAN, 0.00000, 0.00001, 0.00000, 0.00001},
       {NAN, NAN, 0.00000, 0.00293, 0.00000, 0.00004}},
  };
  return table_2[model][loss][which];
}

dni_status create_data(dni_context *context, int which, int outputs, dni_dataset **out) {
  const problem *of = &problems[which];
  return dni_dataset_create_artificial(context, of->kind, of->inputs, of->examples, (size_t)outputs,
                                       NULL, out);
}

/* The numbers that the trainings see, which are floats: x [examples][inputs], y [examples] of 0 or
 * 1. */
static dni_status read_data(int which, uint64_t seed, float *x, float *y) {
  size_t rows = problems[which].examples;
  dni_context_options wanted = {.struct_size = sizeof wanted, .seed = seed};
  dni_context *context = NULL;
  dni_dataset *data = NULL;
  dni_matrix x_view, y_view;
  dni_matrix_init_f32(&x_view, x, rows, problems[which].inputs);
  dni_matrix_init_f32(&y_view, y, rows, 1);
  dni_status status = dni_context_create(&wanted, &context);
  if (status == DNI_OK) status = create_data(context, which, 1, &data);
  if (status == DNI_OK) status = dni_dataset_batch(data, 0, &x_view, &y_view);
  dni_dataset_release(data);
  dni_context_release(context);
  return status;
}

/* x [examples][inputs + 1], with a last column of 1. */
static int read_design(int which, uint64_t seed, double *x, double *y) {
  size_t rows = problems[which].examples, inputs = problems[which].inputs;
  float *read = malloc(rows * (inputs + 1) * sizeof *read);
  if (!read) return fail("out of memory");
  float *labels = read + rows * inputs;
  int status = read_data(which, seed, read, labels) == DNI_OK ? 0 : library_failure();
  for (size_t s = 0; status == 0 && s < rows; s++) {
    for (size_t i = 0; i < inputs; i++)
      x[s * (inputs + 1) + i] = (double)read[s * inputs + i];
    x[s * (inputs + 1) + inputs] = 1;
    y[s] = (double)labels[s];
  }
  free(read);
  return status;
}

int find_known(int which, uint64_t seed, known *out) {
  size_t rows = problems[which].examples, columns = problems[which].inputs + 1;
  double *x = numbers(rows * (columns + 2)), *y = x + rows * columns, *fitted = y + rows;
  design of = {.x = x, .y = y, .rows = rows, .columns = columns};
  int status = read_design(which, seed, x, y);
  if (status == 0 && !(fit_squares(&of, fitted, &out->squared) &&
                       fit_logistic(&of, &out->logarithm, &out->separable) &&
                       fit_synthetic(&of, &out->end, &out->end_separable)))
    status =
        fail("%s, seed %llu: no optimum found", problems[which].name, (unsigned long long)seed);
  free(x);
  return status;
}
