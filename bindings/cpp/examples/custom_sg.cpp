/* An SG of one's own in C++: it answers one vector for all examples, the mean of what it was shown.
 *
 *     custom_sg FOLDER     the folder has MNIST's four files, plain or gzip */
#include "digits.hpp"

#include <algorithm>
#include <cstdio>
#include <vector>

enum { UNITS = 64, CLASSES = 10 };

/* M(h, y) = m for every example; the loss of a lesson is the mean of |m - target|^2. */
class mean_sg {
public:
  explicit mean_sg(size_t units) : mean(units), gradient(units) {
  }

  std::vector<dni::parameter_view> parameters() {
    return {{{mean, 1}, {gradient, 1}}};
  }

  void estimate(const dni_sg_call &call) {
    for (size_t row = 0; row < call.delta->rows; row++)
      std::copy(mean.begin(), mean.end(), at(*call.delta, row));
  }

  void learn(const dni_sg_call &call) {
    const auto factor = static_cast<float>(2 * call.scale);
    for (size_t unit = 0; unit < mean.size(); unit++) {
      float total = 0;
      for (size_t row = 0; row < call.target->rows; row++) {
        total += at(*call.prediction, row)[unit] - at(*call.target, row)[unit];
      }
      gradient[unit] = factor * total;
    }
  }

private:
  static float *at(const dni_matrix &matrix, size_t row) {
    return static_cast<float *>(matrix.data) + row * matrix.stride;
  }

  std::vector<float> mean, gradient; /* [1][units]; moving a vector leaves its memory where it is */
};

static void run(const std::string &folder) {
  dni::options<dni_context_options> seeded;
  seeded.seed = 1;
  const dni::context context(&seeded);
  const auto data = digits(context, folder, "train");
  const auto network = dni::network::of(
      context, {dni::layer::dense(context, data.features(), UNITS, DNI_ACTIVATION_TANH),
                dni::layer::dense(context, UNITS, CLASSES, DNI_ACTIVATION_IDENTITY)});
  network.set_sg(0, dni::sg::callback(context, UNITS, CLASSES, mean_sg(UNITS)));
  const auto sgd = dni::optimiser::sgd(context, 0.1);
  dni::options<dni_trainer_options> how;
  how.optimiser = sgd.get();
  how.max_batch = 32;
  const auto trainer =
      dni::trainer::create(network, dni::loss::softmax_cross_entropy(context), &how);
  dni::options<dni_fit_options> fifty;
  fifty.steps = 50;
  fifty.callback_every = 10;
  trainer.fit(data, &fifty, [](const dni_step_report &report) {
    std::printf("step %d: loss %.6f, error of the SG %.6f\n", static_cast<int>(report.step),
                report.loss, report.sg_mse[0]);
    return false;
  });
}

int main(int, char **arguments) {
  try {
    run(arguments[1]);
  } catch (const std::exception &failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}
