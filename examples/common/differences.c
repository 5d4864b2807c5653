/* Checks the gradients of a layer by central differences: for layers of one's own. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

#define STEP 1e-5 /* of the differences; their own error is about its square */

/* L = sum of u y, a function whose gradient towards y is u. */
typedef struct probe {
  dni_layer *layer;
  dni_matrix x, y;
  double *u;
} probe;

static double loss_of(const probe *of) {
  dni_matrix y = of->y;
  must(dni_layer_changed(of->layer));
  must(dni_layer_forward(of->layer, DNI_MODE_TRAINING, NULL, &of->x, &y));
  return dot_of(of->u, y.data, y.rows * y.columns);
}

/* The largest difference between `gradient` and central differences towards `values`. */
static double compare(const probe *of, const dni_matrix *values, const dni_matrix *gradient) {
  double *at = values->data, worst = 0;
  const double *expected = gradient->data;
  for (size_t i = 0; i < values->rows * values->columns; i++) {
    double here = at[i];
    at[i] = here + STEP;
    double above = loss_of(of);
    at[i] = here - STEP;
    worst = fmax(worst, fabs((above - loss_of(of)) / (2 * STEP) - expected[i]));
    at[i] = here;
  }
  must(dni_layer_changed(of->layer));
  return worst;
}

double gradient_error(dni_context *context, dni_layer *layer, size_t rows) {
  size_t inputs = dni_layer_inputs(layer), outputs = dni_layer_outputs(layer);
  probe of = {.layer = layer, .u = numbers(rows * outputs)};
  of.x = matrix_of(numbers(rows * inputs), rows, inputs);
  of.y = matrix_of(numbers(rows * outputs), rows, outputs);
  dni_matrix dx = matrix_of(numbers(rows * inputs), rows, inputs);
  dni_matrix dy = matrix_of(numbers(rows * outputs), rows, outputs), value, gradient;
  normals(context, rows, inputs, of.x.data);
  normals(context, rows, outputs, of.u);
  memcpy(dy.data, of.u, rows * outputs * sizeof(double));
  (void)loss_of(&of);
  must(dni_layer_backward(layer, DNI_GRADIENT_SUM, NULL, &of.x, &of.y, &dy, &dx));
  double worst = compare(&of, &of.x, &dx);
  for (size_t i = 0; i < dni_layer_parameter_count(layer); i++) {
    must(dni_layer_parameter(layer, i, &value, &gradient));
    if (gradient.data) worst = fmax(worst, compare(&of, &value, &gradient));
  }
  free(dy.data);
  free(dx.data);
  free(of.y.data);
  free(of.x.data);
  free(of.u);
  return worst;
}
