/* The same from C++: step ROWS STEPS UNITS */
#include <dni.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>

int main(int, char **arguments) {
  const size_t rows = std::strtoul(arguments[1], nullptr, 10);
  const long steps = std::strtol(arguments[2], nullptr, 10);
  const size_t units = std::strtoul(arguments[3], nullptr, 10);
  const dni::context context;
  const auto network =
      dni::network::of(context, {dni::layer::dense(context, 784, units, DNI_ACTIVATION_RELU),
                                 dni::layer::dense(context, units, units, DNI_ACTIVATION_RELU),
                                 dni::layer::dense(context, units, 10, DNI_ACTIVATION_IDENTITY)});
  const auto trainer = dni::trainer::create(network, dni::loss::softmax_cross_entropy(context));
  std::vector<float> pixels(rows * 784);
  const std::vector<std::int32_t> labels(rows);
  for (size_t i = 0; i < pixels.size(); i++)
    pixels[i] = static_cast<float>(i % 17) / 16;
  const dni::matrix x(pixels, rows), y(labels, rows);
  for (int block = 0; block < 9; block++) {
    const auto begun = std::chrono::steady_clock::now();
    for (long step = 0; step < steps; step++)
      trainer.step({x, y});
    const std::chrono::duration<double, std::micro> taken =
        std::chrono::steady_clock::now() - begun;
    std::printf("%.3f\n", taken.count() / static_cast<double>(steps));
  }
}
