/* What layers and SGs cost in a step, counted from their shapes: the same on every machine. In
 * multiply-adds: three products with each weight matrix for each row (forward, gradient of the
 * weights, gradient of the input; of an SG two answers and a gradient), and what moving numbers
 * through memory costs beside them. */
#include "schedule/costs.h"

/* Multiply-adds that take as long, about, on the machines this was measured on. */
#define PER_PARAMETER 25 /* an update by Adam */
#define PER_ELEMENT   10 /* an element of a batch that is read and written a few times */

static double count(const dni__parameter *parameters, size_t parameter_count, double rows) {
  double cost = 0;
  for (size_t i = 0; i < parameter_count; i++) {
    const dni_matrix *value = &parameters[i].value;
    double elements = (double)value->rows * (double)value->columns;
    if (value->rows > 1) cost += 3 * rows * elements;
    if (parameters[i].gradient.data) cost += PER_PARAMETER * elements;
  }
  return cost;
}

double dni__cost_of_layer(const dni_layer *layer, size_t rows) {
  double elements = (double)rows * (double)(layer->inputs + layer->outputs);
  return count(layer->parameters, layer->parameter_count, (double)rows) + PER_ELEMENT * elements;
}

double dni__cost_of_sg(const dni_sg *sg, size_t rows) {
  if (!sg || sg->needs != DNI_SG_NEEDS_NOTHING) return 0;
  return count(sg->parameters, sg->parameter_count, (double)rows) +
         PER_ELEMENT * (double)rows * (double)sg->units;
}
