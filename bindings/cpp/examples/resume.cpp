/* A training that stops in the middle and goes on from its file, to the same bits.
 *
 *     resume FOLDER     the folder has MNIST's four files, plain or gzip */
#include "digits.hpp"

#include <cstdio>
#include <filesystem>
#include <stdlib.h>

enum { UNITS = 64, CLASSES = 10, EPOCHS = 3 };

/* A network of two modules, the same each time. */
static dni::network make(const dni::context &context, size_t inputs) {
  auto network = dni::network::of(
      context, {dni::layer::dense(context, inputs, UNITS, DNI_ACTIVATION_RELU),
                dni::layer::dropout(context, UNITS, 0.1),
                dni::layer::dense(context, UNITS, CLASSES, DNI_ACTIVATION_IDENTITY)});
  network.set_sg(1, dni::sg::synthetic(context, UNITS, CLASSES));
  return network;
}

/* The loss over the data after a training that saves itself, or is the rest of one. It may stop at a step. */
static double train(const std::string &folder, const std::string &file, uint64_t stop_at,
                    bool resume) {
  dni::options<dni_context_options> seeded;
  seeded.seed = 1;
  const dni::context context(&seeded);
  const auto data = digits(context, folder, "train");
  const auto network = make(context, data.features());
  const auto loss = dni::loss::softmax_cross_entropy(context);
  dni::options<dni_trainer_options> how;
  how.max_batch = 64;
  const auto trainer = dni::trainer::create(network, loss, &how);
  if (resume) trainer.load(file);
  dni::options<dni_fit_options> fit;
  fit.epochs = EPOCHS;
  fit.checkpoint = file.c_str();
  fit.checkpoint_every = 5;
  trainer.fit(data, &fit, [=](const dni_step_report &report) { return report.step == stop_at; });
  return network.evaluate(loss, data).loss;
}

static void run(const std::string &folder) {
  std::string name = (std::filesystem::temp_directory_path() / "resume-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("no folder can be made for the files");
  const std::filesystem::path place = name;
  const std::string file = (place / "training.safetensors").string();
  const double undisturbed = train(folder, file + "2", 0, false);
  const double stopped = train(folder, file, 20, false);
  const double resumed = train(folder, file, 0, true);
  std::filesystem::remove_all(place);
  std::printf("undisturbed: loss %.6f\n", undisturbed);
  std::printf("stopped after 20 steps: loss %.6f\n", stopped);
  std::printf("resumed: loss %.6f, %s\n", resumed, resumed == undisturbed ? "the same" : "another");
}

int main(int, char **arguments) {
  try {
    run(arguments[1]);
  } catch (const std::exception &failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}
