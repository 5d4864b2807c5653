/* Two modules on two threads: the lower one goes on with the next batch while the upper one works.
 *
 *     threads FOLDER     the folder has MNIST's four files, plain or gzip */
#include "sample.h"

enum { UNITS = 128, CLASSES = 10 };

int main(int count, char **arguments) {
  dni_context *context = seeded_context();
  dni_dataset *train = digits(context, count > 1 ? arguments[1] : ".", "train");
  dni_dataset *test = digits(context, count > 1 ? arguments[1] : ".", "t10k");
  dni_network *network;
  dni_sg *sg;
  dni_loss *loss;
  dni_trainer *trainer;
  check(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  check(dni_network_create(context, &network));
  add_dense(context, network, dni_dataset_features(train), UNITS, DNI_ACTIVATION_RELU);
  add_dense(context, network, UNITS, UNITS, DNI_ACTIVATION_RELU);
  add_dense(context, network, UNITS, CLASSES, DNI_ACTIVATION_IDENTITY);
  check(dni_sg_create_least_squares(context, UNITS, CLASSES, NULL, &sg));
  put_sg(network, 0, sg);
  dni_trainer_options how = {
      .struct_size = sizeof how, .schedule = DNI_SCHEDULE_PIPELINED, .threads = 2, .max_batch = 64};
  check(dni_trainer_create(network, loss, &how, &trainer));
  printf("%zu modules on %zu threads\n", dni_trainer_module_count(trainer),
         dni_trainer_thread_count(trainer));
  dni_fit_options five = {.struct_size = sizeof five, .epochs = 5};
  dni_evaluation found = {.struct_size = sizeof found};
  check(dni_trainer_fit(trainer, train, &five));
  check(dni_network_evaluate(network, loss, test, NULL, &found));
  printf("test accuracy %.2f %%\n", 100 * found.accuracy);
  dni_trainer_release(trainer);
  dni_network_release(network);
  dni_loss_release(loss);
  dni_dataset_release(train);
  dni_dataset_release(test);
  dni_context_release(context);
  return 0;
}
