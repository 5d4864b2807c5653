/* Two modules on two threads: the lower one goes on with the next batch while the upper one works.
 *
 *     threads FOLDER     the folder has MNIST's four files, plain or gzip */
#include "digits.hpp"

#include <cstdio>

enum { UNITS = 128, CLASSES = 10 };

static void run(const std::string &folder) {
  dni::options<dni_context_options> seeded;
  seeded.seed = 1;
  const dni::context context(&seeded);
  const auto train = digits(context, folder, "train"), test = digits(context, folder, "t10k");
  const auto loss = dni::loss::softmax_cross_entropy(context);
  const auto network = dni::network::of(
      context, {dni::layer::dense(context, train.features(), UNITS, DNI_ACTIVATION_RELU),
                dni::layer::dense(context, UNITS, UNITS, DNI_ACTIVATION_RELU),
                dni::layer::dense(context, UNITS, CLASSES, DNI_ACTIVATION_IDENTITY)});
  network.set_sg(0, dni::sg::least_squares(context, UNITS, CLASSES));
  dni::options<dni_trainer_options> how;
  how.schedule = DNI_SCHEDULE_PIPELINED;
  how.threads = 2;
  how.max_batch = 64;
  const auto trainer = dni::trainer::create(network, loss, &how);
  std::printf("%zu modules on %zu threads\n", trainer.module_count(), trainer.thread_count());
  dni::options<dni_fit_options> five;
  five.epochs = 5;
  trainer.fit(train, &five);
  std::printf("test accuracy %.2f %%\n", 100 * network.evaluate(loss, test).accuracy);
}

int main(int, char **arguments) {
  try {
    run(arguments[1]);
  } catch (const std::exception &failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}
