/* A training loop of one's own: two layers on vectors, and a synthetic gradient between them.
 *
 * The lower layer is updated before the upper one has seen its output.
 *
 *     custom_loop FOLDER     the folder has MNIST's four files, plain or gzip */
#include "digits.hpp"

#include <cstdio>
#include <vector>

enum { ROWS = 64, UNITS = 64, CLASSES = 10, STEPS = 60 };

/* x -> lower -> h -> upper -> logits, with an SG that answers for dL/dh. */
class loop {
public:
  loop(const dni::context &context, size_t inputs)
      : lower(dni::layer::dense(context, inputs, UNITS, DNI_ACTIVATION_RELU)),
        upper(dni::layer::dense(context, UNITS, CLASSES, DNI_ACTIVATION_IDENTITY)),
        sg(dni::sg::synthetic(context, UNITS, CLASSES)),
        loss(dni::loss::softmax_cross_entropy(context)) {
    for (int i = 0; i < 3; i++)
      optimisers.push_back(dni::optimiser::adam(context, 0.003));
    optimisers[0].add_layer(lower);
    optimisers[1].add_layer(upper);
    optimisers[2].add_sg(sg);
  }

  /* The losses of one step: of the network, and of the SG. */
  std::pair<double, double> step(const dni::matrix &x, const dni::matrix &y) {
    lower.forward(x, h);
    sg.estimate(h, y, delta);
    lower.backward(x, h, delta);
    optimisers[0].step();

    upper.forward(h, logits);
    const double mean = loss.evaluate({logits, y}, error);
    upper.backward(h, logits, error, target);
    optimisers[1].step();

    const dni_lesson_report report = sg.learn(h, y, target);
    optimisers[2].step();
    return {mean, report.mse};
  }

private:
  dni::layer lower, upper;
  dni::sg sg;
  dni::loss loss;
  std::vector<dni::optimiser> optimisers;
  std::vector<float> hidden[3] = {std::vector<float>(ROWS * UNITS), std::vector<float>(ROWS *UNITS),
                                  std::vector<float>(ROWS *UNITS)};
  std::vector<float> outputs[2] = {std::vector<float>(ROWS * CLASSES),
                                   std::vector<float>(ROWS *CLASSES)};
  dni::out_matrix h{hidden[0], ROWS}, delta{hidden[1], ROWS}, target{hidden[2], ROWS};
  dni::out_matrix logits{outputs[0], ROWS}, error{outputs[1], ROWS};
};

static void run(const std::string &folder) {
  dni::options<dni_context_options> seeded;
  seeded.seed = 1;
  const dni::context context(&seeded);
  const auto data = digits(context, folder, "train");
  const auto order = dni::order::create(data);
  std::vector<float> pixels(ROWS * data.features());
  std::vector<std::int32_t> labels(ROWS);
  const dni::out_matrix x(pixels, ROWS), y(labels, ROWS);
  loop steps(context, data.features());
  order.shuffle();
  for (size_t step = 1; step <= STEPS; step++) {
    const size_t first = (step - 1) % (data.examples() / ROWS) * ROWS;
    data.gather(order.indices() + first, ROWS, x, y);
    const auto [loss, mse] = steps.step(x, y);
    if (step % 10 == 0) std::printf("step %zu: loss %.6f, error of the SG %.6f\n", step, loss, mse);
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
