/* The model 5-4-2 and its SG. */
#include <stdlib.h>

#include "guard.h"

static dni_matrix zeros(size_t rows, size_t columns) {
  return matrix_of(numbers(rows * columns), rows, columns);
}

static void make_matrices(machine *on, const problem *of) {
  size_t samples = of->samples;
  on->x = matrix_of(of->x, samples, INPUTS);
  on->y = matrix_of(of->y, samples, OUTPUTS);
  on->h = zeros(samples, HIDDEN);
  on->delta = zeros(samples, HIDDEN);
  on->target = zeros(samples, HIDDEN);
  on->scratch = zeros(samples, HIDDEN);
  on->out = zeros(samples, OUTPUTS);
  on->delta_out = zeros(samples, OUTPUTS);
  on->truth = numbers(HIDDEN * (INPUTS + 1));
}

/* Both layers are one optimiser's: where the guard refuses, the whole main model stands still. */
static void make_optimisers(machine *on, const settings *with, const run *in) {
  dni_guard_options options = {.struct_size = sizeof options, .cosine = COSINE};
  options.mode = in->mode == GUARDED ? DNI_GUARD_PROPORTIONAL : DNI_GUARD_GATED;
  double rate = in->mode == GUARDED ? with->guarded_rate : with->rate;
  must(dni_optimiser_create_sgd(on->context, rate, &on->step));
  if (in->setting == SEARCHED)
    must(dni_optimiser_create_sgd(on->context, 0, &on->sg_step));
  else
    must(dni_optimiser_create_adam(on->context, with->sg_rate, &on->sg_step));
  must(dni_optimiser_add_layer(on->step, on->lower));
  must(dni_optimiser_add_layer(on->step, on->upper));
  must(dni_optimiser_add_sg(on->sg_step, on->sg));
  must(dni_guard_create(on->step, &options, &on->guard));
}

/* The lagging SG's first weights; the other's stay at zero. */
static void start_sg(machine *on, double deviation) {
  dni_matrix weight;
  must(dni_sg_parameter(on->sg, 0, &weight, NULL));
  double *values = weight.data;
  normals(on->context, weight.rows, weight.columns, values);
  for (size_t i = 0; i < weight.rows * weight.columns; i++)
    values[i] *= deviation;
  must(dni_sg_changed(on->sg));
}

void open_machine(machine *on, const settings *with, const problem *of, const run *in) {
  dni_context *context = on->context;
  must(dni_layer_create_dense(context, INPUTS, HIDDEN, DNI_ACTIVATION_IDENTITY, &on->lower));
  must(dni_layer_create_dense(context, HIDDEN, OUTPUTS, DNI_ACTIVATION_IDENTITY, &on->upper));
  must(dni_loss_create_squared_error(context, &on->loss));
  must(dni_sg_create_synthetic(context, HIDDEN, OUTPUTS, NULL, &on->sg));
  must(dni_sg_reserve(on->sg, of->samples));
  must(dni_layer_parameter(on->lower, 0, &(dni_matrix){0}, &on->weight));
  must(dni_layer_parameter(on->lower, 1, &(dni_matrix){0}, &on->bias));
  make_matrices(on, of);
  make_optimisers(on, with, in);
  if (in->setting == LAGGING) start_sg(on, with->sg_start);
}

void close_machine(machine *on) {
  dni_matrix *const matrices[] = {&on->h,   &on->delta,     &on->target,
                                  &on->out, &on->delta_out, &on->scratch};
  for (size_t i = 0; i < sizeof matrices / sizeof matrices[0]; i++)
    free(matrices[i]->data);
  free(on->truth);
  dni_guard_release(on->guard);
  dni_optimiser_release(on->sg_step);
  dni_optimiser_release(on->step);
  dni_sg_release(on->sg);
  dni_loss_release(on->loss);
  dni_layer_release(on->upper);
  dni_layer_release(on->lower);
  dni_context_release(on->context);
}
