/** \file
 * What each class can do. The C functions of the same names say more. Made by bindings/generate from the headers of libdni 0.9.0; do not edit. */
#ifndef DNI_CPP_METHODS_HPP
#define DNI_CPP_METHODS_HPP

#include "core.hpp"

namespace dni {

class context;
class backend;
class layer;
class state;
class loss;
class optimiser;
class sg;
class network;
class predictor;
class dataset;
class order;
class trainer;
class checkpoint;
class guard;

/** Memory, element type, random seed, backend and log. See dni/context.h. */
class context_methods : public handle<dni_context, dni_context_retain, dni_context_release> {
public:
  using handle::handle;
  /** The backend of the context's objects. Borrowed: valid as long as the context. NULL for NULL. */
  dni::backend backend() const;
  /** The element type of the context's objects. 0 for NULL. */
  dni_dtype dtype() const;
  /** The element type that products of layers and SGs round their operands to: DNI_BF16, if that was asked for and the backend has such products (the builtin kind has), else the context's dtype. 0 for NULL. */
  dni_dtype compute() const;
  /** The instructions that the context's kernels use, never DNI_INSTRUCTIONS_BEST. 0 for NULL. */
  dni_instructions instructions() const;
  /** Bytes that the context and all objects made on it have from the allocator now. 0 for NULL. Any thread. */
  size_t bytes() const;
};

/** The matrix product. See dni/backend.h. */
class backend_methods : public handle<dni_backend, dni_backend_retain, dni_backend_release> {
public:
  using handle::handle;
  /** The library's own product: cache-blocked, vectorised, without dependency. It starts with one thread. The number of threads changes no bit of a result. */
  static dni::backend builtin(const dni_backend_options *options = nullptr);
  /** The CBLAS that this library was built with; dni_build_info() names it. */
  static dni::backend cblas(const dni_backend_options *options = nullptr);
  /** Any CBLAS, from the shared library at `path`: a path, or a name that the dynamic loader finds. */
  static dni::backend dynamic(const dni_backend_options *options, const std::string &path);
  /** Which kind it is: a DNI_BACKEND_ value; 0 for NULL. */
  dni_kind kind() const;
  /** "builtin", "cblas", "dynamic" or "callback"; "" for NULL. Never NULL; static. */
  const char * kind_name() const;
  /** The path of a dynamic backend, else the name of the kind. "" for NULL. Valid as long as the backend. */
  const char * name() const;
  /** Use `threads` threads, at least 1, in each product from now on. */
  void set_threads(size_t threads) const;
  /** Compute C = alpha op(A) op(B) + beta C; the same on every backend. */
  void gemm(int32_t transpose_a, int32_t transpose_b, double alpha, const matrix &a, const matrix &b, double beta, const out_matrix &c) const;
};

/** One step y = f(x) with its parameters. See dni/layer.h. */
class layer_methods : public handle<dni_layer, dni_layer_retain, dni_layer_release> {
public:
  using handle::handle;
  /** A dense layer: y = activation(x W^T + b). */
  static dni::layer dense(const dni::context &context, size_t inputs, size_t outputs, dni_activation activation);
  /** An activation alone: y = activation(x), element by element. It has no parameters. y may be x itself, except for GELU, whose backward needs x. */
  static dni::layer activation(const dni::context &context, size_t units, dni_activation activation);
  /** Batch normalisation: y = scale (x - mean) / sqrt(variance + epsilon) + shift, for each column (Ioffe and Szegedy 2015). */
  static dni::layer batch_norm(const dni::context &context, size_t units);
  /** Layer normalisation: y = scale (x - mean) / sqrt(variance + epsilon) + shift, mean and biased variance being those of the row (Ba et al. 2016). */
  static dni::layer layer_norm(const dni::context &context, size_t units);
  /** Dropout (Srivastava et al. 2014): in training each element becomes 0 with probability `drop`, and the others are multiplied with 1 / (1 - drop). In inference y = x. */
  static dni::layer dropout(const dni::context &context, size_t units, double drop, const dni_random_options *options = nullptr);
  /** Make a second layer of the same kind, settings and parameters, on the same context. */
  dni::layer copy() const;
  /** Which kind it is: a DNI_LAYER_ value; 0 for NULL. */
  dni_kind kind() const;
  /** "dense", "activation", "batch_norm", "callback", "dropout" or "layer_norm"; "" for NULL. Never NULL; static. */
  const char * kind_name() const;
  /** The width of x; 0 for NULL. */
  size_t inputs() const;
  /** The width of y; 0 for NULL. */
  size_t outputs() const;
  /** The activation of a dense or an activation layer; -1 for other kinds and for NULL. */
  dni_activation activation() const;
  /** Plan the layer's own state for batches of up to `rows` rows, so that forward and backward of that size allocate nothing. */
  void reserve(size_t rows) const;
  /** How many parameters the layer has; 0 for NULL. */
  size_t parameter_count() const;
  /** The name of parameter `index`, from 0: "weight", "bias", "scale", ...; "" for NULL or out of range. Never NULL; static. */
  const char * parameter_name(size_t index) const;
  /** Say that parameters were written through views. Not while another thread uses the layer. */
  void changed() const;
  /** Copy `value` into parameter `index`; shape and type must be its own. No dni_layer_changed() is needed. */
  void set_parameter(size_t index, const matrix &value) const;
  /** Copy parameter `index` into `value`, of its shape and type. */
  void get_parameter(size_t index, const out_matrix &value) const;
  /** Draw the weights of a dense layer anew; its biases become 0. */
  void initialise(const dni_initialiser_options *options = nullptr) const;
  /** 1 if the layer has the setting, else 0. All layers with trained parameters have DNI_SETTING_RATE_SCALE. */
  int32_t has(dni_setting setting) const;
  /** The closed interval of values that the layer's setting may have, in the element type. An open end is given as the nearest number inside. See dni/settings.h for numbers near 0. */
  std::tuple<double, double> bounds(dni_setting setting) const;
  /** Change a setting. Of a layer that a trainer uses: only while the report says settled. */
  void set_f64(dni_setting setting, double value) const;
  /** Read a setting. */
  double get_f64(dni_setting setting) const;
};

/** What one batch leaves in one layer between forward and backward. See dni/layer.h. */
class state_methods : public handle<dni_state, dni_state_retain, dni_state_release> {
public:
  using handle::handle;
  /** A state for batches of up to `rows` rows of this layer. The state keeps the layer. */
  static dni::state create(const dni::layer &layer, size_t rows);
  /** The most rows that the state has room for; 0 for NULL. */
  size_t rows() const;
};

/** The loss of each example and its gradient. See dni/loss.h. */
class loss_methods : public handle<dni_loss, dni_loss_retain, dni_loss_release> {
public:
  using handle::handle;
  /** Softmax cross-entropy of logits h: L = -sum_c w_c y'_c log softmax(h)_c. */
  static dni::loss softmax_cross_entropy(const dni::context &context, const dni_loss_options *options = nullptr);
  /** Sigmoid cross-entropy of logits h: L = sum_c w_c (log(1 + exp(h_c)) - y'_c h_c), y in [0, 1]. */
  static dni::loss sigmoid_cross_entropy(const dni::context &context, const dni_loss_options *options = nullptr);
  /** Squared error: L = 1/2 sum_c (h_c - y_c)^2. */
  static dni::loss squared_error(const dni::context &context);
  /** Absolute error: L = sum_c |h_c - y_c|; its derivative at 0 is 0. */
  static dni::loss absolute_error(const dni::context &context);
  /** Which kind it is: a DNI_LOSS_ value; 0 for NULL. */
  dni_kind kind() const;
  /** "softmax_cross_entropy", "sigmoid_cross_entropy", "squared_error", "absolute_error" or "callback"; "" for NULL. Never NULL; static. */
  const char * kind_name() const;
  /** 1 if the loss classifies, so that dni_loss_count_correct() and accuracies mean something: the cross-entropies, and callbacks with `correct`. Else 0. */
  int32_t classifies() const;
};

/** Turns gradients into updates of parameters. See dni/optimiser.h. */
class optimiser_methods : public handle<dni_optimiser, dni_optimiser_retain, dni_optimiser_release> {
public:
  using handle::handle;
  /** Stochastic gradient descent: */
  static dni::optimiser sgd(const dni::context &context, double learning_rate);
  /** Adam (Kingma and Ba 2015): */
  static dni::optimiser adam(const dni::context &context, double learning_rate);
  /** AdamW (Loshchilov and Hutter 2019): as Adam without the decay in g, but first w -= r d w. Its decay is 0.01 at first. */
  static dni::optimiser adamw(const dni::context &context, double learning_rate);
  /** A new optimiser of the kind, settings and schedule of `other`, at step 0 and without parameters. A schedule's function is shared, not copied. */
  static dni::optimiser like(const dni::optimiser &other);
  /** What moments are kept as: the context's dtype (at first), or DNI_BF16. */
  void set_moment_dtype(dni_dtype dtype) const;
  /** What moments are kept as. 0 for NULL. */
  dni_dtype moment_dtype() const;
  /** Which kind it is: a DNI_OPTIMISER_ value; 0 for NULL. */
  dni_kind kind() const;
  /** "sgd", "adam" or "adamw"; "" for NULL. Never NULL; static. */
  const char * kind_name() const;
  /** Move the trained parameters of a layer, at a rate multiplied with its DNI_SETTING_RATE_SCALE. */
  void add_layer(const dni::layer &layer) const;
  /** Move the trained parameters of an SG, in the same way. An SG whose parameters are another's (a wrapper's) counts as moved already if that one is. */
  void add_sg(const dni::sg &sg) const;
  /** Say that values of parameters given to dni_optimiser_add() were written by the caller. */
  void changed() const;
  /** Update every parameter once from its gradient as it is now. Gradients stay as they are. Nothing is allocated. */
  void step() const;
  /** The same with every gradient multiplied with `factor` first, before clipping. */
  void step_scaled(double factor) const;
  /** 1 if the optimiser has the setting, else 0. */
  int32_t has(dni_setting setting) const;
  /** The closed interval of values that a setting may have, in the element type; see dni_layer_bounds(). */
  std::tuple<double, double> bounds(dni_setting setting) const;
  /** Change a setting. Of an optimiser of a trainer: only while the report says settled. */
  void set_f64(dni_setting setting, double value) const;
  /** Read a setting. */
  double get_f64(dni_setting setting) const;
  /** Steps made so far; 0 for NULL. */
  uint64_t step_count() const;
  /** The learning rate of the next step: the schedule is in it, rate scales of layers are not. 0 for NULL. */
  double rate() const;
  /** Bytes of moments; 0 for NULL. */
  size_t bytes() const;
};

/** Answers "what is dL/dh here?" at one interface. See dni/sg.h. */
class sg_methods : public handle<dni_sg, dni_sg_retain, dni_sg_release> {
public:
  using handle::handle;
  /** A synthetic gradient M(h, y) for h [rows][units] and y [rows][targets] or labels below targets. */
  static dni::sg synthetic(const dni::context &context, size_t units, size_t targets, const dni_sg_options *options = nullptr);
  /** A synthetic gradient that needs no optimiser: M = W z, linear in what it sees, with the best W for all lessons so far. */
  static dni::sg least_squares(const dni::context &context, size_t units, size_t targets, const dni_least_squares_options *options = nullptr);
  /** Direct feedback alignment (Nokland 2016): delta = e B, where e [rows][signal_units] is dL/dh_N. */
  static dni::sg dfa(const dni::context &context, size_t units, size_t signal_units, const dni_random_options *options = nullptr);
  /** Feedback alignment (Lillicrap et al. 2016): delta = e B, where e [rows][signal_units] is dL/dz of the dense layer above. It is the chain rule with that layer's W replaced by B. */
  static dni::sg fa(const dni::context &context, size_t units, size_t signal_units, const dni_random_options *options = nullptr);
  /** A local loss (Belilovsky et al. 2019; Nokland and Eidnes 2019): a small network g on top of h, and delta = d loss(g(h), y) / dh. */
  static dni::sg local(const dni::context &context, size_t units, size_t targets, const dni::loss &loss, const dni_sg_options *options = nullptr);
  /** A critic (Appendix A): phi(h, y), an estimate of each example's loss; delta = d phi / dh. */
  static dni::sg critic(const dni::context &context, size_t units, size_t targets, const dni_sg_options *options = nullptr);
  /** The exact gradient, later (Huo et al. 2018): delta = shrink e, where e is dL/dh of the same batch. */
  static dni::sg delayed(const dni::context &context, size_t units, double shrink);
  /** No gradient: delta = 0. In a trainer the layers below are not moved at all, weight decay included, and nothing is computed for them but their outputs; batch norm still gathers its statistics. */
  static dni::sg zero(const dni::context &context, size_t units);
  /** A mixture, BP(lambda) (Jaderberg et al. 2016): delta = lambda e + (1 - lambda) M(h, y), where M is the inner SG's answer and e = dL/dh. It needs e, so the layers below wait; M learns from e. */
  static dni::sg mixture(const dni::context &context, const dni::sg &inner, double lambda);
  /** The inner SG's answers, but it no longer learns. The inner SG must need nothing. It is kept; its parameters are shown without gradients. */
  static dni::sg frozen(const dni::context &context, const dni::sg &inner);
  /** The answer 0 until the inner SG has had `lessons` lessons, then the inner SG's answers. So the layers below do not follow its first guesses. mse and cosine of a lesson are always those of the inner SG's answer. */
  static dni::sg warm_up(const dni::context &context, const dni::sg &inner, uint64_t lessons);
  /** Which kind it is: a DNI_SG_ value; 0 for NULL. */
  dni_kind kind() const;
  /** "synthetic", "dfa", "fa", "local", "critic", "delayed", "zero", "mixture", "frozen", "warm_up", "callback", "least_squares", "scalar" or "theorem"; "" for NULL. Never NULL; static. */
  const char * kind_name() const;
  /** Which signal it needs: a DNI_SG_NEEDS_ value; -1 for NULL. */
  dni_needs needs() const;
  /** What it learns from: a DNI_SG_LEARNS_ value; -1 for NULL. */
  dni_learns learns() const;
  /** The width of h and delta; 0 for NULL. */
  size_t units() const;
  /** The width of y, or the number of classes of labels; 0 if it does not look at y, and for NULL. */
  size_t targets() const;
  /** The width of the signal it needs; 0 if it needs none, and for NULL. */
  size_t signal_units() const;
  /** Plan working space for batches of up to `rows`, so that calls of that size allocate nothing. Calls with more rows grow it. */
  void reserve(size_t rows) const;
  /** How many parameters the SG has; 0 for NULL. */
  size_t parameter_count() const;
  /** The name of parameter `index`; see dni_layer_parameter_name(). */
  const char * parameter_name(size_t index) const;
  /** Say that parameters were written through views. Not while another thread uses the SG. */
  void changed() const;
  /** Copy `value` into parameter `index`; see dni_layer_set_parameter(). */
  void set_parameter(size_t index, const matrix &value) const;
  /** Copy parameter `index` into `value`, of its shape and type. */
  void get_parameter(size_t index, const out_matrix &value) const;
  /** 1 if the SG has the setting, else 0. All SGs that learn have DNI_SETTING_RATE_SCALE; those that learn nothing, frozen ones included, do not. */
  int32_t has(dni_setting setting) const;
  /** The closed interval of values that a setting may have; see dni_layer_bounds(). */
  std::tuple<double, double> bounds(dni_setting setting) const;
  /** Change a setting. Setting lambda removes a schedule. Of an SG that a trainer uses: only while the report says settled. */
  void set_f64(dni_setting setting, double value) const;
  /** Read a setting. Lambda is what the next answer uses. */
  double get_f64(dni_setting setting) const;
  /** One trainable number (Appendix B): delta = c for every example and unit. h and y are not looked at. */
  static dni::sg scalar(const dni::context &context, size_t units);
  /** The synthetic gradient of Theorem 1 (Appendix C): delta = (alpha + 1) h - (beta + 1) y + gamma, for h and y of [rows][units]. */
  static dni::sg theorem(const dni::context &context, size_t units);
  /** Exact line search (Theorem 1): the learning rate with which one step of plain SGD, along the gradients that dni_sg_learn() has just computed for the same h and y, makes the error E as small as it can be on this line: */
  double line_search(const matrix &h, const matrix &y) const;
};

/** A chain of layers and the SGs between them. See dni/network.h. */
class network_methods : public handle<dni_network, dni_network_retain, dni_network_release> {
public:
  using handle::handle;
  /** An empty chain. */
  static dni::network create(const dni::context &context);
  /** Append a layer; the network keeps it. Its index is the number of layers added before it. */
  void add(const dni::layer &layer) const;
  /** Put an SG at the interface after layer `after`; the network keeps it. NULL: the exact gradient, which is what every interface has at first. */
  void set_sg(size_t after, const dni::sg &sg) const;
  /** The width of the network's input; 0 for NULL and without layers. */
  size_t inputs() const;
  /** The width of the network's output; 0 for NULL and without layers. */
  size_t outputs() const;
  /** How many layers there are; 0 for NULL. */
  size_t layer_count() const;
  /** Layer `index`, borrowed; NULL for NULL and out of range. */
  dni::layer layer(size_t index) const;
  /** The SG at the interface after layer `after`, borrowed: *sg = NULL where the gradient is exact. */
  dni::sg sg(size_t after) const;
  /** A second network with copies of the layers (dni_layer_copy()) on the same context. Interfaces are exact: SGs are not copied. For the best parameters so far, an average, or a network per thread. */
  dni::network copy() const;
  /** Copy all parameters of all layers of `from` into `to`, running statistics included. */
  void assign(const dni::network &from) const;
  /** Plan working space for predictions of up to `rows` rows at a time, for dni_network_predict() and dni_network_evaluate(). */
  void reserve(size_t rows) const;
  /** h [rows][outputs] becomes the network's output for x [rows][inputs], in inference mode. */
  void predict(const matrix &x, const out_matrix &h) const;
  /** Make a network from a file of dni_network_save() or dni_trainer_save(), or a network file of libdni 0.3. Its interfaces are exact: what the file has of SGs, and entries of other programs, is kept and written again by dni_network_save(). What a training has besides its network is not. A file of the other element type is converted. */
  static dni::network load(const dni::context &context, const std::string &path);
  /** How long the parts of a training step take on this machine. */
  std::tuple<std::vector<double>, std::vector<double>> measure(size_t rows, const dni::optimiser &optimiser, size_t count) const;
};

/** Buffers to predict with a network. See dni/network.h. */
class predictor_methods : public handle<dni_predictor, dni_predictor_retain, dni_predictor_release> {
public:
  using handle::handle;
  /** Buffers to predict with a network, `rows` rows at a time. */
  static dni::predictor create(const dni::network &network, size_t rows);
};

/** Examples x with targets y. See dni/dataset.h. */
class dataset_methods : public handle<dni_dataset, dni_dataset_retain, dni_dataset_release> {
public:
  using handle::handle;
  /** A data set of two IDX files of unsigned bytes, plain or gzip, the format of MNIST. */
  static dni::dataset idx(const dni::context &context, const std::string &images_path, const std::string &labels_path, const dni_idx_options *options = nullptr);
  /** A data set of a CSV file of numbers, plain or gzip, one example on each line. */
  static dni::dataset csv(const dni::context &context, const std::string &path, const dni_csv_options *options = nullptr);
  /** A data set of some of the examples of another, in the order of `indices` [count], which are copied. It shares the examples. An index may come more than once. */
  dni::dataset subset(const std::vector<size_t> &indices) const;
  /** Cut a data set in two: `count` examples and the rest. Both share the examples. */
  std::tuple<dni::dataset, dni::dataset> split(size_t count, int32_t shuffle, const dni_random_options *options = nullptr) const;
  /** How many examples there are; 0 for NULL. */
  size_t examples() const;
  /** The width of x; 0 for NULL. */
  size_t features() const;
  /** The width of y as numbers or one-hot rows; 0 for NULL. */
  size_t targets() const;
  /** How many classes there are; 0 if the targets are numbers, and for NULL. */
  size_t classes() const;
  /** Copy out examples first .. first + rows - 1: x [rows][features], and y [rows][targets] (labels become one-hot rows) or labels [rows][1] of DNI_I32. Either may be NULL. Nothing is allocated, a subset of a data set of the caller's apart. Several threads may call it at once. */
  void batch(size_t first, const out_matrix &x, const out_matrix &y) const;
  /** The paper's artificial problems (Appendix D): x ~ N(0, I) [examples][dimensions]. */
  static dni::dataset artificial(const dni::context &context, int32_t kind, size_t dimensions, size_t examples, size_t classes, const dni_random_options *options = nullptr);
};

/** An order of examples, for loops of one's own. See dni/dataset.h. */
class order_methods : public handle<dni_order, dni_order_retain, dni_order_release> {
public:
  using handle::handle;
  /** An order of 0 .. count - 1, which starts as it is and can be shuffled again and again. */
  static dni::order create(const dni::dataset &dataset, const dni_random_options *options = nullptr);
  /** Shuffle: each new order is equally likely (Fisher-Yates). One thread at a time. */
  void shuffle() const;
};

/** Trains a network. See dni/trainer.h. */
class trainer_methods : public handle<dni_trainer, dni_trainer_retain, dni_trainer_release> {
public:
  using handle::handle;
  /** What the latest complete step did, as dni_trainer_step() reports it: after dni_trainer_flush(), or after dni_trainer_fit(), whose latest validation it has. Filled in up to struct_size. */
  dni_step_report report() const;
  /** Write the training into the file `path`: the network with its SGs, all optimisers, the count of steps, random streams, and how far dni_trainer_fit() has come. dni/file.h says how a file is replaced. */
  void save(const std::string &path) const;
  /** Load a training from a file of dni_trainer_save(). The trainer was made in the same way: a network of the same layers and SGs, the same kind of loss, schedule and optimisers with the same schedules of rates. Settings are loaded. */
  void load(const std::string &path, const dni_load_options *options = nullptr) const;
  /** Say that a callback was left by a jump, so that the trainer is idle again. */
  void abandon() const;
  /** Wait until nothing is in flight: every batch has been through all modules, every target has been learned. Parameters may be read, written, saved and evaluated then, until the next step. */
  void flush() const;
  /** Stop dni_trainer_fit() between two steps: it lets what is in flight be finished and returns DNI_ERROR_CANCELLED. */
  void cancel() const;
  /** Multiply the learning rate of a module's optimiser, and of the optimiser of the SG above it, with `factor`, from the next batch on that the module takes. DNI_ALL for `module`: of all. */
  void set_rate_factor(size_t module, double factor) const;
  /** Steps made so far that are complete in all modules; 0 for NULL. Any thread, also from callbacks. */
  uint64_t step_count() const;
  /** How many modules there are; 0 for NULL. With micro-batches each thread's layers are one. */
  size_t module_count() const;
  /** The module of a layer, from 0: *module. */
  size_t layer_module(size_t layer) const;
  /** How many threads the schedule has, the caller's included; 0 for NULL. */
  size_t thread_count() const;
  /** The thread that runs a module: *thread, from 0, the caller's, upwards. */
  size_t module_thread(size_t module) const;
  /** The optimiser of a module, borrowed: to read its step count at any time or, only while settled, to change a setting. NULL if the module does not move, for NULL and out of range. Add no parameters to it. */
  dni::optimiser module_optimiser(size_t module) const;
  /** The optimiser of the SG after layer `after`, borrowed, in the same way. NULL if nothing learns there, for NULL and out of range. */
  dni::optimiser sg_optimiser(size_t after) const;
  /** What the training occupies, summed over network, SGs and trainer. */
  dni_memory_report memory() const;
};

/** Things that are saved and loaded together. See dni/checkpoint.h. */
class checkpoint_methods : public handle<dni_checkpoint, dni_checkpoint_retain, dni_checkpoint_release> {
public:
  using handle::handle;
  /** An empty checkpoint. */
  static dni::checkpoint create(const dni::context &context);
  /** Add a layer: its parameters, settings, statistics, and its random stream. The values in the caller's own layers are their parameters; what else they keep, add with _add_matrix() or _add_count(). */
  void add_layer(const std::string &name, const dni::layer &layer) const;
  /** Add an SG with all it has learned, SGs inside it too. Failures as dni_checkpoint_add_layer(). */
  void add_sg(const std::string &name, const dni::sg &sg) const;
  /** Add all layers and SGs of a network, those too that are added to it later. Failures as dni_checkpoint_add_layer(). */
  void add_network(const std::string &name, const dni::network &network) const;
  /** Add an optimiser: settings, count of steps, moments. What it moves is not part of it. Failures as dni_checkpoint_add_layer(). */
  void add_optimiser(const std::string &name, const dni::optimiser &optimiser) const;
  /** Add an order of examples, which goes on after a load as it would have. Failures as dni_checkpoint_add_layer(). */
  void add_order(const std::string &name, const dni::order &order) const;
  /** Add a trainer with its network, as dni_trainer_save() does. Failures as dni_checkpoint_add_layer(). */
  void add_trainer(const std::string &name, const dni::trainer &trainer) const;
  /** Write everything into the file `path`. */
  void save(const std::string &path) const;
  /** Load everything from the file `path`, which was saved from a checkpoint made the same way. */
  void load(const std::string &path, const dni_load_options *options = nullptr) const;
  /** Add a guard's counts to a checkpoint; its optimiser is added for itself. Failures as dni_checkpoint_add_layer(). */
  void add_guard(const std::string &name, const dni::guard &guard) const;
};

/** An optimiser whose gradients are synthetic, and which steps only while the condition of Proposition 2 holds (Appendix C; eq. 2 in Corollary 1): error * jacobian < r * gradient, r = (1 - cosine) / (1 + cosine). error = |SG - dL/dh|, jacobian = |dh/dtheta| and gradient = |dL/dtheta| are the Frobenius norms of the gradients of the batch's mean loss, theta being the parameters below h. The gradient it then steps with has a cosine of at least `cosine` with the exact one. So has the step of plain SGD, but not always one with momentum or moments. */
class guard_methods : public handle<dni_guard, dni_guard_retain, dni_guard_release> {
public:
  using handle::handle;
  /** A guard around an optimiser, which it keeps. `options` may be NULL. */
  static dni::guard create(const dni::optimiser &optimiser, const dni_guard_options *options = nullptr);
  /** Step the optimiser if the condition holds, else leave everything as it is. *accepted becomes 1 if it stepped, else 0; accepted may be NULL. */
  int32_t step(double error_norm, double jacobian_norm, double gradient_norm) const;
  /** Steps accepted so far; 0 for NULL. */
  uint64_t accepted() const;
  /** Steps refused so far; 0 for NULL. */
  uint64_t refused() const;
};

} // namespace dni

#endif
