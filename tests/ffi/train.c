/* Trains a network of two modules, dense + ReLU + batch norm | dense, with a linear synthetic
 * gradient between them, for 20 steps, and prints loss and SG error of each. train.py does the same
 * through ctypes alone; check.sh compares the two texts. Data come from integers, so that both
 * programs have the same bits. */
#include <dni.h>

#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 32, INPUTS = 8, HIDDEN = 16, CLASSES = 3, STEPS = 20, SEED = 7 };

static void check(dni_status status) {
  if (status == DNI_OK) return;
  fprintf(stderr, "%s: %s\n", dni_status_name(status), dni_last_message());
  exit(1);
}

/* x in sixteenths, y labels. */
static void fill(float *x, int32_t *y) {
  for (int row = 0; row < ROWS; row++) {
    for (int column = 0; column < INPUTS; column++)
      x[row * INPUTS + column] = (float)((row * 37 + column * 11 + row * column) % 17) / 16.0f;
    y[row] = row * 5 % 7 % CLASSES;
  }
}

static dni_context *make_context(void) {
  dni_context_options options = {.struct_size = sizeof options, .seed = SEED, .dtype = DNI_F32};
  dni_context *context;
  check(dni_context_create(&options, &context));
  return context;
}

static dni_network *make_network(dni_context *context) {
  dni_network *network;
  dni_layer *layers[3];
  dni_sg *sg;
  check(dni_network_create(context, &network));
  check(dni_layer_create_dense(context, INPUTS, HIDDEN, DNI_ACTIVATION_RELU, &layers[0]));
  check(dni_layer_create_batch_norm(context, HIDDEN, &layers[1]));
  check(dni_layer_create_dense(context, HIDDEN, CLASSES, DNI_ACTIVATION_IDENTITY, &layers[2]));
  for (int i = 0; i < 3; i++) {
    check(dni_network_add(network, layers[i]));
    dni_layer_release(layers[i]);
  }
  check(dni_sg_create_synthetic(context, HIDDEN, CLASSES, NULL, &sg));
  check(dni_network_set_sg(network, 1, sg));
  dni_sg_release(sg);
  return network;
}

static dni_trainer *make_trainer(dni_context *context, dni_network *network) {
  dni_trainer_options options = {.struct_size = sizeof options, .max_batch = ROWS};
  dni_loss *loss;
  dni_optimiser *optimiser, *sg_optimiser;
  dni_trainer *trainer;
  check(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  check(dni_optimiser_create_adam(context, 0.01, &optimiser));
  check(dni_optimiser_create_adam(context, 0.001, &sg_optimiser));
  options.optimiser = optimiser;
  options.sg_optimiser = sg_optimiser;
  check(dni_trainer_create(network, loss, &options, &trainer));
  dni_optimiser_release(sg_optimiser);
  dni_optimiser_release(optimiser);
  dni_loss_release(loss);
  return trainer;
}

int main(void) {
  static float x_data[ROWS * INPUTS];
  static int32_t y_data[ROWS];
  dni_matrix x, y;
  fill(x_data, y_data);
  dni_matrix_init_f32(&x, x_data, ROWS, INPUTS);
  dni_matrix_init_labels(&y, y_data, ROWS);

  dni_context *context = make_context();
  dni_network *network = make_network(context);
  dni_trainer *trainer = make_trainer(context, network);
  dni_batch batch = {.struct_size = sizeof batch, .x = &x, .y = &y};
  for (int step = 0; step < STEPS; step++) {
    dni_step_report report = {.struct_size = sizeof report};
    check(dni_trainer_step(trainer, &batch, &report));
    printf("%.9g %.9g\n", report.loss, report.sg_mse[1]);
  }
  dni_trainer_release(trainer);
  dni_network_release(network);
  dni_context_release(context);
  return 0;
}
