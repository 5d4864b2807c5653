/* A small classifier, and batches on their way through it. */
#include <stdlib.h>

#include <dni/research.h>

#include "critic.h"

void open_model(model *on, const settings *with, uint64_t seed) {
  on->context = doubles_context(seed);
  must(dni_dataset_create_artificial(on->context, DNI_ARTIFICIAL_NOISY, with->inputs,
                                     with->examples, CLASSES, NULL, &on->data));
  must(dni_order_create(on->data, NULL, &on->order));
  must(dni_layer_create_dense(on->context, with->inputs, with->units, DNI_ACTIVATION_TANH,
                              &on->lower));
  must(dni_layer_create_dense(on->context, with->units, CLASSES, DNI_ACTIVATION_IDENTITY,
                              &on->upper));
  must(dni_loss_create_softmax_cross_entropy(on->context, NULL, &on->loss));
  must(dni_optimiser_create_adam(on->context, with->rate, &on->adam));
  must(dni_optimiser_add_layer(on->adam, on->lower));
  must(dni_optimiser_add_layer(on->adam, on->upper));
}

void close_model(model *on) {
  dni_optimiser_release(on->adam);
  dni_loss_release(on->loss);
  dni_layer_release(on->upper);
  dni_layer_release(on->lower);
  dni_order_release(on->order);
  dni_dataset_release(on->data);
  dni_context_release(on->context);
}

static dni_matrix zeros(size_t rows, size_t columns) {
  return matrix_of(numbers(rows * columns), rows, columns);
}

batch make_batch(const settings *with, size_t rows) {
  return (batch){.rows = rows,
                 .x = zeros(rows, with->inputs),
                 .y = zeros(rows, CLASSES),
                 .h = zeros(rows, with->units),
                 .out = zeros(rows, CLASSES),
                 .delta_out = zeros(rows, CLASSES),
                 .delta = zeros(rows, with->units),
                 .estimate = zeros(rows, with->units),
                 .losses = zeros(rows, 1),
                 .guess = zeros(rows, 1)};
}

void free_batch(batch *of) {
  dni_matrix *const matrices[] = {&of->x,     &of->y,        &of->h,      &of->out,  &of->delta_out,
                                  &of->delta, &of->estimate, &of->losses, &of->guess};
  for (size_t i = 0; i < sizeof matrices / sizeof matrices[0]; i++)
    free(matrices[i]->data);
}

double evaluate(model *on, batch *of) {
  double mean;
  dni_batch answers = {.struct_size = sizeof answers, .x = &of->out, .y = &of->y};
  must(dni_layer_forward(on->lower, DNI_MODE_TRAINING, NULL, &of->x, &of->h));
  must(dni_layer_forward(on->upper, DNI_MODE_TRAINING, NULL, &of->h, &of->out));
  must(dni_loss_evaluate(on->loss, &answers, &of->delta_out, &of->losses, &mean));
  must(dni_layer_backward(on->upper, DNI_GRADIENT_REPLACE, NULL, &of->h, &of->out, &of->delta_out,
                          &of->delta));
  return mean;
}
