/* The time of a training step from C, which the other languages are compared with: step ROWS STEPS UNITS
 * prints microseconds of each of 9 blocks of STEPS steps. The network is 784-UNITS-UNITS-10, Adam, labels. */
#include "../../../bindings/c/sample.h"

#include <time.h>

enum { BLOCKS = 9 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int count, char **arguments) {
  size_t rows = count > 3 ? strtoul(arguments[1], NULL, 10) : 1;
  long steps = count > 3 ? strtol(arguments[2], NULL, 10) : 1000;
  size_t units = count > 3 ? strtoul(arguments[3], NULL, 10) : 16;
  dni_context *context = seeded_context();
  dni_network *network;
  dni_loss *loss;
  dni_trainer *trainer;
  float *pixels = calloc(rows * 784, sizeof *pixels);
  int32_t *labels = calloc(rows, sizeof *labels);
  dni_matrix x, y;
  if (!pixels || !labels) return 1;
  for (size_t i = 0; i < rows * 784; i++)
    pixels[i] = (float)(i % 17) / 16;
  dni_matrix_init_f32(&x, pixels, rows, 784);
  dni_matrix_init_labels(&y, labels, rows);
  check(dni_network_create(context, &network));
  add_dense(context, network, 784, units, DNI_ACTIVATION_RELU);
  add_dense(context, network, units, units, DNI_ACTIVATION_RELU);
  add_dense(context, network, units, 10, DNI_ACTIVATION_IDENTITY);
  check(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  check(dni_trainer_create(network, loss, NULL, &trainer));
  dni_batch batch = {.struct_size = sizeof batch, .x = &x, .y = &y};
  for (int block = 0; block < BLOCKS; block++) {
    double begun = now();
    for (long step = 0; step < steps; step++) {
      dni_step_report report = {.struct_size = sizeof report};
      check(dni_trainer_step(trainer, &batch, &report));
    }
    printf("%.3f\n", 1e6 * (now() - begun) / (double)steps);
  }
  dni_trainer_release(trainer);
  dni_loss_release(loss);
  dni_network_release(network);
  dni_context_release(context);
  free(pixels);
  free(labels);
  return 0;
}
