/** \file
 * The classes: what methods.hpp gives them, and what is written by hand. */
#ifndef DNI_CPP_CLASSES_HPP
#define DNI_CPP_CLASSES_HPP

#include "methods.hpp"
#include "parts.hpp"

namespace dni {

/** Receives one line of the log. */
using log = std::function<void(dni_log_level level, const char *message)>;

/** Memory, element type, random seed, backend and log. */
class context : public context_methods {
public:
  using context_methods::context_methods;

  explicit context(const dni_context_options *options = nullptr, dni::log line = nullptr) {
    dni_context_options with_log = options ? *options : dni::options<dni_context_options>();
    auto own = line ? std::make_unique<dni::log>(std::move(line)) : nullptr;
    if (own) {
      with_log.log_user = own.get();
      with_log.log_destroy = detail::destroy<dni::log>;
      with_log.log = [](void *user, dni_log_level level, const char *message) {
        try {
          detail::at<dni::log>(user)(level, message);
        } catch (...) { /* nobody waits for the answer of a log */
        }
      };
    }
    check(dni_context_create(&with_log, &pointer_));
    own.release();
  }
};

/** The matrix product. */
class backend : public backend_methods {
public:
  using backend_methods::backend_methods;

  /** One of your own; see detail::backend_table() for its functions. */
  template <class Part>
  static dni::backend callback(Part part, const dni_backend_options *options = nullptr) {
    return dni::backend(detail::create_with<dni_backend>(
        std::move(part), detail::backend_table<Part>,
        [&](const dni_backend_callbacks &table, dni_backend **out) {
          return dni_backend_create_callback(options, &table, out);
        }));
  }
};

/** One step y = f(x) with its parameters. */
class layer : public layer_methods {
public:
  using layer_methods::layer_methods;

  /** One of your own; see detail::layer_table() for its functions. */
  template <class Part>
  static dni::layer callback(const context &context, size_t inputs, size_t outputs, Part part) {
    return dni::layer(detail::create_with<dni_layer>(
        std::move(part), detail::layer_table<Part>,
        [&](const dni_layer_callbacks &table, dni_layer **out) {
          return dni_layer_create_callback(context.get(), inputs, outputs, &table, out);
        }));
  }

  /** y [rows][outputs] from x [rows][inputs]; see dni_layer_forward(). */
  void forward(const matrix &x, const out_matrix &y, dni_mode mode = DNI_MODE_TRAINING,
               dni_state *state = nullptr) const {
    check(dni_layer_forward(get(), mode, state, x.view(), y.view()));
  }

  /** Gradients, and dx unless it is no matrix. OVERWRITES dy; see dni_layer_backward(). */
  void backward(const matrix &x, const matrix &y, const out_matrix &dy,
                const out_matrix &dx = out_matrix(),
                dni_gradient_flags flags = DNI_GRADIENT_REPLACE, dni_state *state = nullptr) const {
    check(dni_layer_backward(get(), flags, state, x.view(), y.view(), dy.view(), dx.view()));
  }

  /** Views of a parameter, valid as long as the layer. After writing into the value, call changed(). */
  parameter_view parameter(size_t index) const {
    dni_matrix value{}, gradient{};
    check(dni_layer_parameter(get(), index, &value, &gradient));
    return {out_matrix(value), gradient.data ? out_matrix(gradient) : out_matrix()};
  }
};

/** What one batch leaves in one layer between forward and backward. */
class state : public state_methods {
public:
  using state_methods::state_methods;
};

/** A batch as C takes it; it holds the views. */
class batch {
public:
  batch(const matrix &x, const matrix &y, const matrix &weights = matrix())
      : x_(x), y_(y), weights_(weights) {
  }

  dni_batch view() const {
    options<dni_batch> view;
    view.x = x_.view();
    view.y = y_.view();
    view.weights = weights_.view();
    return view;
  }

private:
  matrix x_, y_, weights_;
};

/** The loss of each example and its gradient. */
class loss : public loss_methods {
public:
  using loss_methods::loss_methods;

  /** One of your own; see detail::loss_table() for its functions. */
  template <class Part> static dni::loss callback(const context &context, Part part) {
    return dni::loss(
        detail::create_with<dni_loss>(std::move(part), detail::loss_table<Part>,
                                      [&](const dni_loss_callbacks &table, dni_loss **out) {
                                        return dni_loss_create_callback(context.get(), &table, out);
                                      }));
  }

  /** The mean loss of a batch, whose x is h; delta and per_example are written unless they are no matrix. */
  double evaluate(const batch &batch, const out_matrix &delta = out_matrix(),
                  const out_matrix &per_example = out_matrix()) const {
    const dni_batch view = batch.view();
    double mean = 0;
    check(dni_loss_evaluate(get(), &view, delta.view(), per_example.view(), &mean));
    return mean;
  }

  /** How many examples are classified right, each counted with its weight. */
  double count_correct(const batch &batch) const {
    const dni_batch view = batch.view();
    double correct = 0;
    check(dni_loss_count_correct(get(), &view, &correct));
    return correct;
  }
};

/** Turns gradients into updates of parameters. */
class optimiser : public optimiser_methods {
public:
  using optimiser_methods::optimiser_methods;

  void set_schedule(const schedule &schedule) const {
    schedule.give(
        [&](const dni_schedule *given) { return dni_optimiser_set_schedule(get(), given); });
  }
  void remove_schedule() const {
    check(dni_optimiser_set_schedule(get(), nullptr));
  }

  /** Move a parameter of your own, whose memory stays where it is as long as the optimiser. */
  void add(const out_matrix &value, const matrix &gradient) const {
    check(dni_optimiser_add(get(), value.view(), gradient.view(), nullptr, nullptr));
  }
};

/** Answers "what is dL/dh here?" at one interface. */
class sg : public sg_methods {
public:
  using sg_methods::sg_methods;

  /** One of your own; see detail::sg_table() for its functions. */
  template <class Part>
  static dni::sg callback(const context &context, size_t units, size_t targets, Part part,
                          size_t signal_units = 0) {
    return dni::sg(detail::create_with<dni_sg>(
        std::move(part), detail::sg_table<Part>, [&](const dni_sg_callbacks &table, dni_sg **out) {
          return dni_sg_create_callback(context.get(), units, targets, signal_units, &table, out);
        }));
  }

  /** delta becomes the estimate of dL/dh of each example; for signals and weights see the other one. */
  void estimate(const matrix &h, const matrix &y, const out_matrix &delta) const {
    options<dni_query> query;
    query.h = h.view();
    query.y = y.view();
    estimate(query, delta);
  }
  void estimate(const dni_query &query, const out_matrix &delta) const {
    check(dni_sg_estimate(get(), &query, delta.view()));
  }

  /** Compute the gradients of the SG's parameters; an optimiser's step then moves them. */
  dni_lesson_report learn(const matrix &h, const matrix &y, const matrix &target) const {
    options<dni_lesson> lesson;
    lesson.h = h.view();
    lesson.y = y.view();
    lesson.target = target.view();
    return learn(lesson);
  }
  dni_lesson_report learn(const dni_lesson &lesson) const {
    options<dni_lesson_report> report;
    check(dni_sg_learn(get(), &lesson, &report));
    return report;
  }

  parameter_view parameter(size_t index) const {
    dni_matrix value{}, gradient{};
    check(dni_sg_parameter(get(), index, &value, &gradient));
    return {out_matrix(value), gradient.data ? out_matrix(gradient) : out_matrix()};
  }

  void set_schedule(const schedule &schedule) const {
    schedule.give([&](const dni_schedule *given) { return dni_sg_set_schedule(get(), given); });
  }
};

/** Examples x with targets y. */
class dataset : public dataset_methods {
public:
  using dataset_methods::dataset_methods;

  /** Examples in the caller's memory, copied unless the options say otherwise. */
  static dni::dataset memory(const context &context, const matrix &x, const matrix &y,
                             const dni_memory_options *options = nullptr) {
    dni_dataset *out = nullptr;
    check(dni_dataset_create_memory(context.get(), x.view(), y.view(), options, &out));
    return dni::dataset(out);
  }

  /** Writes some examples into x and y, either of which may be no matrix. */
  using fetch = std::function<void(const size_t *indices, size_t count, const out_matrix &x,
                                   const out_matrix &y)>;

  /** Examples that a function fetches; set examples, features, and targets or classes of `sizes`. */
  static dni::dataset callback(const context &context, dni_dataset_callbacks sizes,
                               fetch function) {
    auto own = std::make_unique<fetch>(std::move(function));
    sizes.user = own.get();
    sizes.destroy = detail::destroy<fetch>;
    sizes.fetch = [](void *user, const size_t *indices, size_t count, dni_matrix *x,
                     dni_matrix *y) {
      return detail::guarded([&] {
        detail::at<fetch>(user)(indices, count, x ? out_matrix(*x) : out_matrix(),
                                y ? out_matrix(*y) : out_matrix());
      });
    };
    dni_dataset *out = nullptr;
    check(dni_dataset_create_callback(context.get(), &sizes, &out));
    own.release();
    return dni::dataset(out);
  }

  /** Copy out examples by their indices. */
  void gather(const size_t *indices, size_t count, const out_matrix &x, const out_matrix &y) const {
    check(dni_dataset_gather(get(), indices, count, x.view(), y.view()));
  }
};

/** An order of examples, for loops of your own. */
class order : public order_methods {
public:
  using order_methods::order_methods;

  /** As many as the data set has examples; changed by the next shuffle. */
  const size_t *indices() const {
    return dni_order_indices(get());
  }

  std::array<std::uint64_t, DNI_ORDER_STATE> state() const {
    std::array<std::uint64_t, DNI_ORDER_STATE> state{};
    check(dni_order_state(get(), state.data(), state.size()));
    return state;
  }
  void set_state(const std::array<std::uint64_t, DNI_ORDER_STATE> &state) const {
    check(dni_order_set_state(get(), state.data(), state.size()));
  }
};

/** A chain of layers and the SGs between them. */
class network : public network_methods {
public:
  using network_methods::network_methods;

  /** A chain of layers: network::of(context, {first, second}). In braces they are made in their order, which decides
   * the random numbers of each. */
  static dni::network of(const context &context, std::initializer_list<dni::layer> layers) {
    const dni::network chain = network_methods::create(context);
    for (const dni::layer &layer : layers)
      chain.add(layer);
    return chain;
  }

  /** Mean loss, accuracy and metric over a data set. */
  dni_evaluation evaluate(const loss &loss, const dataset &dataset,
                          const metric &measure = nullptr) const {
    options<dni_metric> table;
    table.user = const_cast<metric *>(&measure);
    table.evaluate = detail::evaluate_metric;
    options<dni_evaluation> found;
    check(
        dni_network_evaluate(get(), loss.get(), dataset.get(), measure ? &table : nullptr, &found));
    return found;
  }

  void save(const std::string &path) const {
    check(dni_network_save(get(), path.c_str()));
  }
  void write(const writer &to) const {
    const auto table = detail::writer_table(to);
    check(dni_network_write(get(), &table));
  }
  static dni::network read(const context &context, const reader &from) {
    const auto table = detail::reader_table(from);
    dni_network *out = nullptr;
    check(dni_network_read(context.get(), &table, &out));
    return dni::network(out);
  }
};

/** Buffers to predict with a network. */
class predictor : public predictor_methods {
public:
  using predictor_methods::predictor_methods;

  void run(const matrix &x, const out_matrix &h, size_t after = DNI_ALL) const {
    check(dni_predictor_run(get(), after, x.view(), h.view()));
  }
};

/** Called after steps of a fit: true stops it. */
using step_callback = std::function<bool(const dni_step_report &report)>;

/** Trains a network, module by module. */
class trainer : public trainer_methods {
public:
  using trainer_methods::trainer_methods;

  static dni::trainer create(const network &network, const loss &loss,
                             const dni_trainer_options *options = nullptr,
                             metric measure = nullptr) {
    dni_trainer_options with_metric = options ? *options : dni::options<dni_trainer_options>();
    auto own = measure ? std::make_unique<metric>(std::move(measure)) : nullptr;
    dni::options<dni_metric> table;
    table.user = own.get();
    table.evaluate = detail::evaluate_metric;
    table.destroy = detail::destroy<metric>;
    if (own) with_metric.metric = &table;
    dni_trainer *out = nullptr;
    check(dni_trainer_create(network.get(), loss.get(), &with_metric, &out));
    own.release();
    return dni::trainer(out);
  }

  /** One step on a batch. The report's arrays are valid until the next step. */
  dni_step_report step(const batch &batch) const {
    const dni_batch view = batch.view();
    options<dni_step_report> report;
    check(dni_trainer_step(get(), &view, &report));
    return report;
  }

  /** Train on a data set; see dni_trainer_fit(). */
  void fit(const dataset &dataset, const dni_fit_options *options = nullptr,
           step_callback callback = nullptr) const {
    const dni_fit_options watched = watch(options, callback);
    check(dni_trainer_fit(get(), dataset.get(), &watched));
  }

  /** Train on a stream; see dni_trainer_fit_stream(), and detail::stream_table() for the functions of `batches`. */
  template <class Part>
  void fit_stream(Part &&batches, const dni_fit_options *options = nullptr,
                  step_callback callback = nullptr) const {
    const dni_fit_options watched = watch(options, callback);
    const auto table = detail::stream_table(batches);
    check(dni_trainer_fit_stream(get(), &table, &watched));
  }

  void write(const writer &to) const {
    const auto table = detail::writer_table(to);
    check(dni_trainer_write(get(), &table));
  }
  void read(const reader &from, const dni_load_options *options = nullptr) const {
    const auto table = detail::reader_table(from);
    check(dni_trainer_read(get(), &table, options));
  }

  /** Experimental: see dni_trainer_record() and dni_trainer_replay(). The memory stays until the steps are done. */
  void record(std::vector<std::uint8_t> &lags, size_t steps) const {
    check(dni_trainer_record(get(), lags.data(), lags.size(), steps));
  }
  void replay(const std::vector<std::uint8_t> &lags, size_t steps) const {
    check(dni_trainer_replay(get(), lags.data(), lags.size(), steps));
  }

private:
  static dni_fit_options watch(const dni_fit_options *options, step_callback &callback) {
    dni_fit_options watched = options ? *options : dni::options<dni_fit_options>();
    if (callback) {
      watched.callback_user = &callback;
      watched.callback = [](void *user, const dni_step_report *report) {
        return detail::guarded(
            [&]() -> dni_status { return detail::at<step_callback>(user)(*report) ? 1 : 0; });
      };
    }
    return watched;
  }
};

/** Things that are saved and loaded together. */
class checkpoint : public checkpoint_methods {
public:
  using checkpoint_methods::checkpoint_methods;

  /** Memory of yours, which saves read and loads write: it stays where it is as long as the checkpoint. */
  void add_matrix(const std::string &name, const out_matrix &matrix) const {
    check(dni_checkpoint_add_matrix(get(), name.c_str(), matrix.view()));
  }
  void add_count(const std::string &name, std::uint64_t *count) const {
    check(dni_checkpoint_add_count(get(), name.c_str(), count));
  }
  void add_real(const std::string &name, double *real) const {
    check(dni_checkpoint_add_real(get(), name.c_str(), real));
  }
  void write(const writer &to) const {
    const auto table = detail::writer_table(to);
    check(dni_checkpoint_write(get(), &table));
  }
  void read(const reader &from, const dni_load_options *options = nullptr) const {
    const auto table = detail::reader_table(from);
    check(dni_checkpoint_read(get(), &table, options));
  }
};

/** Steps an optimiser only where the condition of Proposition 2 holds. Experimental. */
class guard : public guard_methods {
public:
  using guard_methods::guard_methods;
};

} // namespace dni

#endif
