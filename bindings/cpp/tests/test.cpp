/* Parts of one's own, exceptions, handles as values, matrices, files: test FOLDER_OF_MNIST */
#include "../examples/digits.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

static std::string folder;
static int passed = 0;

#define EXPECT(condition)                                                                          \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      std::fprintf(stderr, "%s:%d: %s is not so\n", __FILE__, __LINE__, #condition);               \
      std::exit(1);                                                                                \
    }                                                                                              \
  } while (0)

struct mine {
  int number;
};

/* What a function throws; the test fails if it throws nothing or something else. */
template <class Thrown, class Run> static Thrown thrown_by(Run &&run) {
  try {
    run();
  } catch (const Thrown &thrown) {
    return thrown;
  }
  std::fprintf(stderr, "nothing was thrown\n");
  std::exit(1);
}

static dni::network small(const dni::context &context,
                          std::initializer_list<dni::layer> front = {}) {
  const auto network = dni::network::of(context, front);
  network.add(dni::layer::dense(context, 784, 32, DNI_ACTIVATION_RELU));
  network.add(dni::layer::dense(context, 32, 10, DNI_ACTIVATION_IDENTITY));
  return network;
}

/* The first examples of MNIST. */
struct examples {
  std::vector<float> pixels;
  std::vector<std::int32_t> labels;
  examples(const dni::context &context, size_t rows) : pixels(rows * 784), labels(rows) {
    digits(context, folder, "train")
        .batch(0, dni::out_matrix(pixels, rows), dni::out_matrix(labels, rows));
  }
  dni::batch batch() const {
    return {{pixels, labels.size()}, {labels, labels.size()}};
  }
};

/* A layer that does nothing, and throws at one call. */
struct through {
  int at = 0, calls = 0;
  std::shared_ptr<int> alive = std::make_shared<int>();
  void forward(const dni_layer_call &call) {
    if (++calls == at) throw mine{at};
    check_(dni_matrix_copy(call.x, call.y));
  }
  void backward(const dni_layer_call &call) {
    if (call.dx) check_(dni_matrix_copy(call.dy, call.dx));
  }
  through copy() const {
    return *this;
  }
  static void check_(dni_status status) {
    dni::check(status);
  }
};

static dni::layer through_layer(const dni::context &context, int at = 0) {
  through part;
  part.at = at;
  return dni::layer::callback(context, 784, 784, std::move(part));
}

static void layers_change_nothing() {
  double losses[2];
  for (int own = 0; own < 2; own++) {
    const dni::context context;
    const examples data(context, 16);
    const auto network = own ? small(context, {through_layer(context)}) : small(context);
    const auto trainer = dni::trainer::create(network, dni::loss::softmax_cross_entropy(context));
    for (int i = 0; i < 3; i++)
      losses[own] = trainer.step(data.batch()).loss;
  }
  EXPECT(losses[0] == losses[1]);
}

static void exceptions_come_out_as_themselves() {
  const dni::context context;
  const examples data(context, 8);
  const auto loss = dni::loss::softmax_cross_entropy(context);
  const auto trainer = dni::trainer::create(small(context, {through_layer(context, 2)}), loss);
  trainer.step(data.batch());
  EXPECT(thrown_by<mine>([&] { trainer.step(data.batch()); }).number == 2);
  trainer.step(data.batch());
  const auto all = digits(context, folder, "train");
  EXPECT(thrown_by<mine>([&] {
           trainer.fit(all, nullptr, [](const dni_step_report &) -> bool { throw mine{7}; });
         }).number == 7);
  /* On another thread. */
  const auto network = small(context, {through_layer(context), through_layer(context, 3)});
  network.set_sg(0, dni::sg::zero(context, 784));
  dni::options<dni_trainer_options> how;
  how.schedule = DNI_SCHEDULE_PIPELINED;
  how.threads = 2;
  const auto threaded = dni::trainer::create(network, loss, &how);
  EXPECT(threaded.thread_count() == 2);
  EXPECT(thrown_by<mine>([&] { threaded.fit(all); }).number == 3);
  threaded.flush();
}

static void errors_of_the_library() {
  const dni::context context;
  const auto failure =
      thrown_by<dni::error>([&] { dni::layer::dense(context, 0, 3, DNI_ACTIVATION_RELU); });
  EXPECT(failure.status() == DNI_ERROR_ARGUMENT);
  EXPECT(std::strstr(failure.what(), "0 inputs"));
  EXPECT(thrown_by<dni::error>([&] { small(dni::context()).add(dni::layer()); }).status() ==
         DNI_ERROR_ARGUMENT);
  std::vector<float> five(5);
  thrown_by<std::invalid_argument>([&] { dni::matrix(five, 2); });
  thrown_by<std::out_of_range>([&] { dni::matrix(five, 5).rows_from(3, 3); });
}

static void parts_are_destroyed() {
  std::weak_ptr<int> watched;
  {
    const dni::context context;
    through part;
    watched = part.alive;
    const auto layer = dni::layer::callback(context, 784, 784, std::move(part));
    auto copy = layer.copy();
    auto network = small(context, {layer});
    copy = dni::layer();
    EXPECT(!watched.expired());
    const dni::network same = network; /* another reference */
    network.reset();
    EXPECT(same.layer_count() == 3);
    EXPECT(same.layer(0).get() == layer.get());
    EXPECT(!same.sg(0));
    /* A create that fails destroys the part. */
    through lost;
    const std::weak_ptr<int> gone = lost.alive;
    thrown_by<dni::error>([&] { dni::layer::callback(context, 0, 1, std::move(lost)); });
    EXPECT(gone.expired() || gone.use_count() == 1);
  }
  EXPECT(watched.expired());
}

static void other_parts() {
  std::string line;
  const dni::context context(nullptr, [&](dni_log_level, const char *message) { line = message; });
  const examples data(context, 8);
  const auto network = small(context);
  struct zero {
    int *lessons;
    void estimate(const dni_sg_call &call) {
      std::memset(call.delta->data, 0, 8 * 32 * sizeof(float));
    }
    void learn(const dni_sg_call &) {
      ++*lessons;
    }
  };
  int lessons = 0;
  network.set_sg(0, dni::sg::callback(context, 32, 10, zero{&lessons}));
  struct nothing {
    void evaluate(const dni_loss_call &call) {
      std::memset(call.per_example->data, 0, 8 * sizeof(float));
      if (call.delta) std::memset(call.delta->data, 0, 8 * 10 * sizeof(float));
    }
  };
  const auto trainer =
      dni::trainer::create(network, dni::loss::callback(context, nothing()), nullptr,
                           [](const dni_batch &batch) { return double(batch.x->columns); });
  EXPECT(trainer.step(data.batch()).metric == 10);
  EXPECT(lessons == 1);
  const dni::schedule half([](std::uint64_t step) { return step ? 0.5 : 1.0; });
  EXPECT(half.value(3) == 0.5);
  const auto sgd = dni::optimiser::sgd(context, 2);
  sgd.set_schedule(half);
  sgd.step();
  EXPECT(sgd.rate() == 1);
  dni::options<dni_dataset_callbacks> sizes;
  sizes.examples = 10, sizes.features = 1, sizes.classes = 2;
  const auto source = dni::dataset::callback(
      context, sizes,
      [](const size_t *indices, size_t count, const dni::out_matrix &x, const dni::out_matrix &y) {
        for (size_t i = 0; i < count; i++) {
          if (x.view()) x.data<float>()[i] = float(indices[i]);
          if (y.view()) y.data<std::int32_t>()[i] = std::int32_t(indices[i] % 2);
        }
      });
  std::vector<float> x(2);
  const size_t chosen[] = {7, 4};
  source.gather(chosen, 2, dni::out_matrix(x, 2), dni::out_matrix());
  EXPECT(x[0] == 7 && x[1] == 4);
}

static void files_without_a_disk() {
  const dni::context context;
  const examples data(context, 4);
  const auto network = small(context);
  std::string file;
  network.write(
      [&](const void *bytes, size_t size) { file.append(static_cast<const char *>(bytes), size); });
  size_t at = 0;
  const auto again = dni::network::read(context, [&](void *bytes, size_t size) {
    const size_t count = std::min(size, file.size() - at);
    std::memcpy(bytes, file.data() + at, count);
    at += count;
    return count;
  });
  std::vector<float> first(40), second(40);
  network.predict({data.pixels, 4}, {first, 4});
  again.predict({data.pixels, 4}, {second, 4});
  EXPECT(first == second);
  EXPECT(thrown_by<mine>([&] {
           network.write([](const void *, size_t) { throw mine{3}; });
         }).number == 3);
  const auto trainer = dni::trainer::create(network, dni::loss::softmax_cross_entropy(context));
  struct three {
    dni::matrix x, y;
    uint64_t given = 0;
    void next(dni_batch &batch) {
      if (given++ < 3) batch.x = x.view(), batch.y = y.view();
    }
    uint64_t position() const {
      return given;
    }
    void seek(uint64_t position) {
      given = position;
    }
  } batches{{data.pixels, 4}, {data.labels, 4}};
  trainer.fit_stream(batches);
  EXPECT(trainer.step_count() == 3);
}

/* What once went wrong: functions with overloads were not seen, late exceptions were lost. */
struct overloaded {
  std::vector<float> weight = std::vector<float>(3), gradient = std::vector<float>(3);
  std::vector<dni::parameter_view> parameters() {
    return {{{weight, 1}, {gradient, 1}}};
  }
  std::vector<dni::parameter_view> parameters() const {
    throw mine{1};
  }
  void changed() {
    throw mine{4};
  }
  void forward(const dni_layer_call &call) {
    dni::check(dni_matrix_copy(call.x, call.y));
  }
  void backward(const dni_layer_call &) {
  }
};

static void once_wrong() {
  const dni::context context;
  const auto layer = dni::layer::callback(context, 2, 2, overloaded());
  EXPECT(layer.parameter_count() == 1);
  const auto sgd = dni::optimiser::sgd(context, 0.1);
  sgd.add_layer(layer);
  EXPECT(thrown_by<mine>([&] { sgd.step(); }).number == 4);
  const auto other = dni::optimiser::sgd(context, 0.1);
  const dni::schedule typo([](std::uint64_t) -> double { throw mine{5}; });
  EXPECT(thrown_by<mine>([&] { typo.value(1); }).number == 5);
  other.set_schedule(typo);
  EXPECT(thrown_by<mine>([&] { other.step(); }).number == 5);
  struct slow {
    void product(const dni_product &) {
      throw mine{6};
    }
    int32_t f64() const {
      return 0;
    }
  };
  const auto backend = dni::backend::callback(slow());
  dni::options<dni_context_options> options;
  options.backend = backend.get();
  const dni::context with(&options);
  std::vector<float> x(4), y(4);
  const auto dense = dni::layer::dense(with, 2, 2, DNI_ACTIVATION_RELU);
  EXPECT(thrown_by<mine>([&] { dense.forward({x, 2}, {y, 2}); }).number == 6);
}

int main(int, char **arguments) {
  folder = arguments[1];
  void (*const cases[])() = {layers_change_nothing,
                             exceptions_come_out_as_themselves,
                             errors_of_the_library,
                             parts_are_destroyed,
                             other_parts,
                             files_without_a_disk,
                             once_wrong};
  for (const auto run : cases) {
    try {
      run();
    } catch (const std::exception &failure) {
      std::fprintf(stderr, "case %d: %s\n", passed, failure.what());
      return 1;
    }
    passed++;
  }
  std::printf("%d passed, 0 failed\n", passed);
}
