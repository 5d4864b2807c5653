/* MNIST with a synthetic gradient after every hidden layer, so that no layer waits for another.
 *
 *     mnist FOLDER     the folder has MNIST's four files, plain or gzip */
#include "digits.hpp"

#include <cstdio>

enum { HIDDEN = 3, UNITS = 128, CLASSES = 10 };

/* Three hidden layers, and after each an SG that is fitted by least squares. */
static dni::network make_network(const dni::context &context, size_t inputs) {
  auto network = dni::network::create(context);
  for (size_t after = 0; after < HIDDEN; after++) {
    network.add(dni::layer::dense(context, inputs, UNITS, DNI_ACTIVATION_RELU));
    network.set_sg(after, dni::sg::least_squares(context, UNITS, CLASSES));
    inputs = UNITS;
  }
  network.add(dni::layer::dense(context, UNITS, CLASSES, DNI_ACTIVATION_IDENTITY));
  return network;
}

static void run(const std::string &folder) {
  dni::options<dni_context_options> seeded;
  seeded.seed = 1;
  const dni::context context(&seeded);
  const auto train = digits(context, folder, "train"), test = digits(context, folder, "t10k");
  const auto loss = dni::loss::softmax_cross_entropy(context);
  const auto network = make_network(context, train.features());
  const auto adam = dni::optimiser::adam(context, 0.001);
  dni::options<dni_trainer_options> how;
  how.optimiser = adam.get();
  how.max_batch = 64;
  const auto trainer = dni::trainer::create(network, loss, &how);
  dni::options<dni_fit_options> once;
  once.epochs = 1;
  for (int epoch = 1; epoch <= 3; epoch++) {
    trainer.fit(train, &once);
    const dni_evaluation found = network.evaluate(loss, test);
    std::printf("epoch %d: test loss %.6f, accuracy %.2f %%\n", epoch, found.loss,
                100 * found.accuracy);
  }
}

int main(int, char **arguments) {
  try {
    run(arguments[1]);
  } catch (const std::exception &failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}
