/* An SG of one's own: it answers one vector for all examples, the mean of what it was shown.
 *
 *     custom_sg FOLDER     the folder has MNIST's four files, plain or gzip */
#include "sample.h"

#include <string.h>

enum { UNITS = 64, CLASSES = 10 };

/* M(h, y) = m for every example; the loss of a lesson is the mean of |m - target|^2. */
struct mean_sg {
  float mean[UNITS], gradient[UNITS];
};

static dni_status parameter(void *user, size_t index, dni_matrix *value, dni_matrix *gradient) {
  struct mean_sg *sg = user;
  (void)index;
  dni_matrix_init_f32(value, sg->mean, 1, UNITS);
  dni_matrix_init_f32(gradient, sg->gradient, 1, UNITS);
  return DNI_OK;
}

static dni_status estimate(void *user, const dni_sg_call *call) {
  const struct mean_sg *sg = user;
  float *delta = call->delta->data;
  for (size_t row = 0; row < call->delta->rows; row++) {
    memcpy(delta + row * call->delta->stride, sg->mean, sizeof sg->mean);
  }
  return DNI_OK;
}

static dni_status learn(void *user, const dni_sg_call *call) {
  struct mean_sg *sg = user;
  const float *prediction = call->prediction->data, *target = call->target->data;
  for (size_t unit = 0; unit < UNITS; unit++) {
    float total = 0;
    for (size_t row = 0; row < call->target->rows; row++) {
      total += prediction[row * call->prediction->stride + unit] -
               target[row * call->target->stride + unit];
    }
    sg->gradient[unit] = (float)(2 * call->scale) * total;
  }
  return DNI_OK;
}

static dni_status show(void *user, const dni_step_report *report) {
  (void)user;
  printf("step %d: loss %.6f, error of the SG %.6f\n", (int)report->step, report->loss,
         report->sg_mse[0]);
  return 0;
}

int main(int count, char **arguments) {
  dni_context *context = seeded_context();
  dni_dataset *data = digits(context, count > 1 ? arguments[1] : ".", "train");
  dni_network *network;
  dni_sg *sg;
  dni_loss *loss;
  dni_optimiser *sgd;
  dni_trainer *trainer;
  struct mean_sg *mine = calloc(1, sizeof *mine);
  if (!mine) return 1;
  dni_sg_callbacks callbacks = {.struct_size = sizeof callbacks,
                                .user = mine,
                                .learns = DNI_SG_LEARNS_TARGET,
                                .estimate = estimate,
                                .learn = learn,
                                .parameter_count = 1,
                                .parameter = parameter,
                                .destroy = free};
  check(dni_network_create(context, &network));
  add_dense(context, network, dni_dataset_features(data), UNITS, DNI_ACTIVATION_TANH);
  add_dense(context, network, UNITS, CLASSES, DNI_ACTIVATION_IDENTITY);
  check(dni_sg_create_callback(context, UNITS, CLASSES, 0, &callbacks, &sg));
  put_sg(network, 0, sg);
  check(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  check(dni_optimiser_create_sgd(context, 0.1, &sgd));
  dni_trainer_options how = {.struct_size = sizeof how, .optimiser = sgd, .max_batch = 32};
  dni_fit_options fifty = {
      .struct_size = sizeof fifty, .steps = 50, .callback = show, .callback_every = 10};
  check(dni_trainer_create(network, loss, &how, &trainer));
  check(dni_trainer_fit(trainer, data, &fifty));
  dni_trainer_release(trainer);
  dni_optimiser_release(sgd);
  dni_loss_release(loss);
  dni_network_release(network);
  dni_dataset_release(data);
  dni_context_release(context);
  return 0;
}
