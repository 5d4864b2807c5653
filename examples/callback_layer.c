/* callback_layer: a layer of one's own in a network of the library's.
 *
 * Swish with a trainable slope beta (Ramachandran et al. 2017): y = x s, s = sigmoid(beta x). Shows
 * what a callback layer consists of: forward, which keeps s in the state of the batch; backward,
 * which finds it there; and its parameter. Its gradients are compared with central differences.
 * Then a network around it learns whether two inputs have the same sign, which no linear model can.
 * Under a second. */
#include <math.h>
#include <stdlib.h>

#include "common/common.h"

enum { INPUTS = 2, UNITS = 16, EXAMPLES = 1000 };

typedef struct swish {
  double beta, gradient;
} swish;

static double *row_of(const dni_matrix *of, size_t row) {
  return (double *)of->data + row * of->stride;
}

/* The state is s [rows][UNITS]. In inference there is none. */
static dni_status forward(void *user, const dni_layer_call *call) {
  const swish *own = user;
  double *state = call->state;
  for (size_t r = 0; r < call->x->rows; r++)
    for (size_t i = 0; i < UNITS; i++) {
      double x = row_of(call->x, r)[i], s = 1 / (1 + exp(-own->beta * x));
      row_of(call->y, r)[i] = x * s;
      if (state) state[r * UNITS + i] = s;
    }
  return DNI_OK;
}

/* dL/dx = dy (s + beta x s (1 - s)); dL/dbeta = scale times the sum of dy x^2 s (1 - s). */
static dni_status backward(void *user, const dni_layer_call *call) {
  swish *own = user;
  const double *state = call->state;
  double sum = 0;
  for (size_t r = 0; r < call->x->rows; r++)
    for (size_t i = 0; i < UNITS; i++) {
      double x = row_of(call->x, r)[i], dy = row_of(call->dy, r)[i], s = state[r * UNITS + i];
      sum += dy * x * x * s * (1 - s);
      if (call->dx) row_of(call->dx, r)[i] = dy * (s + own->beta * x * s * (1 - s));
    }
  if (call->flags == DNI_GRADIENT_SKIP) return DNI_OK;
  own->gradient = call->scale * sum + (call->flags == DNI_GRADIENT_ADD ? own->gradient : 0);
  return DNI_OK;
}

static dni_status parameter(void *user, size_t index, dni_matrix *value, dni_matrix *gradient) {
  swish *own = user;
  (void)index; /* there is one */
  dni_matrix_init_f64(value, &own->beta, 1, 1);
  dni_matrix_init_f64(gradient, &own->gradient, 1, 1);
  return DNI_OK;
}

static size_t state_bytes(void *user, size_t rows) {
  (void)user;
  return rows * UNITS * sizeof(double);
}

/* The functions look at *own as long as the layer lives. */
static dni_layer *make_swish(dni_context *context, swish *own) {
  dni_layer_callbacks callbacks = {.struct_size = sizeof callbacks, .user = own};
  dni_layer *layer;
  callbacks.forward = forward;
  callbacks.backward = backward;
  callbacks.parameter = parameter;
  callbacks.parameter_count = 1;
  callbacks.state_bytes = state_bytes;
  must(dni_layer_create_callback(context, UNITS, UNITS, &callbacks, &layer));
  return layer;
}

static dni_evaluation train(dni_context *context, dni_layer *middle) {
  dni_fit_options how = {.struct_size = sizeof how, .batch = 50, .epochs = 50};
  dni_evaluation answer = {.struct_size = sizeof answer};
  dni_dataset *data = labelled_normals(context, EXAMPLES, INPUTS, same_sign);
  dni_network *network;
  dni_loss *loss;
  dni_trainer *trainer;
  must(dni_network_create(context, &network));
  append_dense(context, network, INPUTS, UNITS, DNI_ACTIVATION_IDENTITY);
  must(dni_network_add(network, middle));
  append_dense(context, network, UNITS, 2, DNI_ACTIVATION_IDENTITY);
  must(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  must(dni_trainer_create(network, loss, NULL, &trainer)); /* Adam with rate 0.001 */
  must(dni_trainer_fit(trainer, data, &how));
  must(dni_network_evaluate(network, loss, data, NULL, &answer));
  dni_trainer_release(trainer);
  dni_loss_release(loss);
  dni_network_release(network);
  dni_dataset_release(data);
  return answer;
}

int main(int argc, char **argv) {
  common_options common;
  const argument table[] = {{0}};
  begin("callback_layer");
  int status = arguments_parse(argc, argv, "Train a network with a layer of the program's own.\n",
                               table, &common);
  if (status != ARGUMENTS_RUN) return finish(status);
  swish own = {.beta = 1};
  dni_context *context = doubles_context(common.seed);
  dni_layer *layer = make_swish(context, &own);
  double error = gradient_error(context, layer, 8);
  dni_evaluation end = train(context, layer);
  dni_layer_release(layer);
  dni_context_release(context);
  if (!(error < 1e-7)) return fail("a gradient differs from central differences by %g", error);
  (void)printf(common.json ? "{\"gradient_error\": %.3g, \"accuracy\": %.4f, \"beta\": %.4f}\n"
                           : "Gradients within %.1e of differences. Accuracy %.4f, beta %.4f.\n",
               error, end.accuracy, own.beta);
  return finish(0);
}
