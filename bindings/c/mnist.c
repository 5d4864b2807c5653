/* MNIST with a synthetic gradient after every hidden layer, so that no layer waits for another.
 *
 *     mnist FOLDER     the folder has MNIST's four files, plain or gzip */
#include "sample.h"

enum { HIDDEN = 3, UNITS = 128, CLASSES = 10 };

/* Three hidden layers, and after each an SG that is fitted by least squares. */
static dni_network *make_network(dni_context *context, size_t inputs) {
  dni_network *network;
  dni_sg *sg;
  check(dni_network_create(context, &network));
  for (size_t after = 0; after < HIDDEN; after++) {
    add_dense(context, network, inputs, UNITS, DNI_ACTIVATION_RELU);
    check(dni_sg_create_least_squares(context, UNITS, CLASSES, NULL, &sg));
    put_sg(network, after, sg);
    inputs = UNITS;
  }
  add_dense(context, network, inputs, CLASSES, DNI_ACTIVATION_IDENTITY);
  return network;
}

int main(int count, char **arguments) {
  dni_context *context = seeded_context();
  dni_dataset *train = digits(context, count > 1 ? arguments[1] : ".", "train");
  dni_dataset *test = digits(context, count > 1 ? arguments[1] : ".", "t10k");
  dni_network *network = make_network(context, dni_dataset_features(train));
  dni_loss *loss;
  dni_optimiser *adam;
  dni_trainer *trainer;
  check(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  check(dni_optimiser_create_adam(context, 0.001, &adam));
  dni_trainer_options how = {.struct_size = sizeof how, .optimiser = adam, .max_batch = 64};
  check(dni_trainer_create(network, loss, &how, &trainer));
  dni_fit_options once = {.struct_size = sizeof once, .epochs = 1};
  for (int epoch = 1; epoch <= 3; epoch++) {
    dni_evaluation found = {.struct_size = sizeof found};
    check(dni_trainer_fit(trainer, train, &once));
    check(dni_network_evaluate(network, loss, test, NULL, &found));
    printf("epoch %d: test loss %.6f, accuracy %.2f %%\n", epoch, found.loss, 100 * found.accuracy);
  }
  dni_trainer_release(trainer);
  dni_optimiser_release(adam);
  dni_loss_release(loss);
  dni_network_release(network);
  dni_dataset_release(train);
  dni_dataset_release(test);
  dni_context_release(context);
  return 0;
}
