/** \file
 * What the methods of methods.hpp do, and functions. Made by bindings/generate from the headers of libdni 0.9.0; do not edit. */
#ifndef DNI_CPP_BODIES_HPP
#define DNI_CPP_BODIES_HPP

#include "classes.hpp"

namespace dni {

/** The name of a status, for example "DNI_ERROR_IO". */
inline const char * status_name(dni_status status) {
  return ::dni_status_name(status);
}

/** The version of the running library: major * 10000 + minor * 100 + patch. Any thread. */
inline int32_t version() {
  return ::dni_version();
}

/** The version of the running library as text. Never NULL; static. Any thread. */
inline const char * version_string() {
  return ::dni_version_string();
}

/** How the running library was built, in one line: compiler, BLAS, instruction sets. Once a context with products of bf16 has asked for AMX, it also says whether that may be used, or why not. For reports of faults. Never NULL; static. Any thread. */
inline const char * build_info() {
  return ::dni_build_info();
}

/** Copy the elements of `from` into `to`, whatever the strides. */
inline void matrix_copy(const matrix &from, const out_matrix &to) {
  check(::dni_matrix_copy(from.view(), to.view()));
}

/** The name of a setting in words, for example "weight decay". "" for an unknown number. Never NULL; static. Any thread. */
inline const char * setting_name(dni_setting setting) {
  return ::dni_setting_name(setting);
}

inline dni::backend context_methods::backend() const {
  return dni::backend(dni_backend_retain(::dni_context_backend(get())));
}

inline dni_dtype context_methods::dtype() const {
  return ::dni_context_dtype(get());
}

inline dni_dtype context_methods::compute() const {
  return ::dni_context_compute(get());
}

inline dni_instructions context_methods::instructions() const {
  return ::dni_context_instructions(get());
}

/** The name of an instruction set: "best", "baseline", "avx2", "avx512", "avx512_bf16" or "amx"; "" for other numbers. Never NULL; static. */
inline const char * instructions_name(dni_instructions instructions) {
  return ::dni_instructions_name(instructions);
}

inline size_t context_methods::bytes() const {
  return ::dni_context_bytes(get());
}

inline dni::backend backend_methods::builtin(const dni_backend_options *options) {
  dni_backend *out = nullptr;
  check(::dni_backend_create_builtin(options, &out));
  return dni::backend(out);
}

inline dni::backend backend_methods::cblas(const dni_backend_options *options) {
  dni_backend *out = nullptr;
  check(::dni_backend_create_cblas(options, &out));
  return dni::backend(out);
}

inline dni::backend backend_methods::dynamic(const dni_backend_options *options, const std::string &path) {
  dni_backend *out = nullptr;
  check(::dni_backend_create_dynamic(options, path.c_str(), &out));
  return dni::backend(out);
}

inline dni_kind backend_methods::kind() const {
  return ::dni_backend_kind(get());
}

inline const char * backend_methods::kind_name() const {
  return ::dni_backend_kind_name(get());
}

inline const char * backend_methods::name() const {
  return ::dni_backend_name(get());
}

inline void backend_methods::set_threads(size_t threads) const {
  check(::dni_backend_set_threads(get(), threads));
}

inline void backend_methods::gemm(int32_t transpose_a, int32_t transpose_b, double alpha, const matrix &a, const matrix &b, double beta, const out_matrix &c) const {
  check(::dni_backend_gemm(get(), transpose_a, transpose_b, alpha, a.view(), b.view(), beta, c.view()));
}

inline dni::layer layer_methods::dense(const dni::context &context, size_t inputs, size_t outputs, dni_activation activation) {
  dni_layer *out = nullptr;
  check(::dni_layer_create_dense(context.get(), inputs, outputs, activation, &out));
  return dni::layer(out);
}

inline dni::layer layer_methods::activation(const dni::context &context, size_t units, dni_activation activation) {
  dni_layer *out = nullptr;
  check(::dni_layer_create_activation(context.get(), units, activation, &out));
  return dni::layer(out);
}

inline dni::layer layer_methods::batch_norm(const dni::context &context, size_t units) {
  dni_layer *out = nullptr;
  check(::dni_layer_create_batch_norm(context.get(), units, &out));
  return dni::layer(out);
}

inline dni::layer layer_methods::layer_norm(const dni::context &context, size_t units) {
  dni_layer *out = nullptr;
  check(::dni_layer_create_layer_norm(context.get(), units, &out));
  return dni::layer(out);
}

inline dni::layer layer_methods::dropout(const dni::context &context, size_t units, double drop, const dni_random_options *options) {
  dni_layer *out = nullptr;
  check(::dni_layer_create_dropout(context.get(), units, drop, options, &out));
  return dni::layer(out);
}

inline dni::layer layer_methods::copy() const {
  dni_layer *out = nullptr;
  check(::dni_layer_copy(get(), &out));
  return dni::layer(out);
}

inline dni_kind layer_methods::kind() const {
  return ::dni_layer_kind(get());
}

inline const char * layer_methods::kind_name() const {
  return ::dni_layer_kind_name(get());
}

inline size_t layer_methods::inputs() const {
  return ::dni_layer_inputs(get());
}

inline size_t layer_methods::outputs() const {
  return ::dni_layer_outputs(get());
}

inline dni_activation layer_methods::activation() const {
  return ::dni_layer_activation(get());
}

/** The name of an activation: "identity", "relu", "tanh", "sigmoid", "leaky_relu" or "gelu"; "" for other numbers. Never NULL; static. */
inline const char * activation_name(dni_activation activation) {
  return ::dni_activation_name(activation);
}

inline dni::state state_methods::create(const dni::layer &layer, size_t rows) {
  dni_state *out = nullptr;
  check(::dni_state_create(layer.get(), rows, &out));
  return dni::state(out);
}

inline size_t state_methods::rows() const {
  return ::dni_state_rows(get());
}

inline void layer_methods::reserve(size_t rows) const {
  check(::dni_layer_reserve(get(), rows));
}

inline size_t layer_methods::parameter_count() const {
  return ::dni_layer_parameter_count(get());
}

inline const char * layer_methods::parameter_name(size_t index) const {
  return ::dni_layer_parameter_name(get(), index);
}

inline void layer_methods::changed() const {
  check(::dni_layer_changed(get()));
}

inline void layer_methods::set_parameter(size_t index, const matrix &value) const {
  check(::dni_layer_set_parameter(get(), index, value.view()));
}

inline void layer_methods::get_parameter(size_t index, const out_matrix &value) const {
  check(::dni_layer_get_parameter(get(), index, value.view()));
}

inline void layer_methods::initialise(const dni_initialiser_options *options) const {
  check(::dni_layer_initialise(get(), options));
}

inline int32_t layer_methods::has(dni_setting setting) const {
  return ::dni_layer_has(get(), setting);
}

inline std::tuple<double, double> layer_methods::bounds(dni_setting setting) const {
  double least = 0;
  double most = 0;
  check(::dni_layer_bounds(get(), setting, &least, &most));
  return {least, most};
}

inline void layer_methods::set_f64(dni_setting setting, double value) const {
  check(::dni_layer_set_f64(get(), setting, value));
}

inline double layer_methods::get_f64(dni_setting setting) const {
  double value = 0;
  check(::dni_layer_get_f64(get(), setting, &value));
  return value;
}

inline dni::loss loss_methods::softmax_cross_entropy(const dni::context &context, const dni_loss_options *options) {
  dni_loss *out = nullptr;
  check(::dni_loss_create_softmax_cross_entropy(context.get(), options, &out));
  return dni::loss(out);
}

inline dni::loss loss_methods::sigmoid_cross_entropy(const dni::context &context, const dni_loss_options *options) {
  dni_loss *out = nullptr;
  check(::dni_loss_create_sigmoid_cross_entropy(context.get(), options, &out));
  return dni::loss(out);
}

inline dni::loss loss_methods::squared_error(const dni::context &context) {
  dni_loss *out = nullptr;
  check(::dni_loss_create_squared_error(context.get(), &out));
  return dni::loss(out);
}

inline dni::loss loss_methods::absolute_error(const dni::context &context) {
  dni_loss *out = nullptr;
  check(::dni_loss_create_absolute_error(context.get(), &out));
  return dni::loss(out);
}

inline dni_kind loss_methods::kind() const {
  return ::dni_loss_kind(get());
}

inline const char * loss_methods::kind_name() const {
  return ::dni_loss_kind_name(get());
}

inline int32_t loss_methods::classifies() const {
  return ::dni_loss_classifies(get());
}

inline dni::optimiser optimiser_methods::sgd(const dni::context &context, double learning_rate) {
  dni_optimiser *out = nullptr;
  check(::dni_optimiser_create_sgd(context.get(), learning_rate, &out));
  return dni::optimiser(out);
}

inline dni::optimiser optimiser_methods::adam(const dni::context &context, double learning_rate) {
  dni_optimiser *out = nullptr;
  check(::dni_optimiser_create_adam(context.get(), learning_rate, &out));
  return dni::optimiser(out);
}

inline dni::optimiser optimiser_methods::adamw(const dni::context &context, double learning_rate) {
  dni_optimiser *out = nullptr;
  check(::dni_optimiser_create_adamw(context.get(), learning_rate, &out));
  return dni::optimiser(out);
}

inline dni::optimiser optimiser_methods::like(const dni::optimiser &other) {
  dni_optimiser *out = nullptr;
  check(::dni_optimiser_create_like(other.get(), &out));
  return dni::optimiser(out);
}

inline void optimiser_methods::set_moment_dtype(dni_dtype dtype) const {
  check(::dni_optimiser_set_moment_dtype(get(), dtype));
}

inline dni_dtype optimiser_methods::moment_dtype() const {
  return ::dni_optimiser_moment_dtype(get());
}

inline dni_kind optimiser_methods::kind() const {
  return ::dni_optimiser_kind(get());
}

inline const char * optimiser_methods::kind_name() const {
  return ::dni_optimiser_kind_name(get());
}

inline void optimiser_methods::add_layer(const dni::layer &layer) const {
  check(::dni_optimiser_add_layer(get(), layer.get()));
}

inline void optimiser_methods::add_sg(const dni::sg &sg) const {
  check(::dni_optimiser_add_sg(get(), sg.get()));
}

inline void optimiser_methods::changed() const {
  check(::dni_optimiser_changed(get()));
}

inline void optimiser_methods::step() const {
  check(::dni_optimiser_step(get()));
}

inline void optimiser_methods::step_scaled(double factor) const {
  check(::dni_optimiser_step_scaled(get(), factor));
}

inline int32_t optimiser_methods::has(dni_setting setting) const {
  return ::dni_optimiser_has(get(), setting);
}

inline std::tuple<double, double> optimiser_methods::bounds(dni_setting setting) const {
  double least = 0;
  double most = 0;
  check(::dni_optimiser_bounds(get(), setting, &least, &most));
  return {least, most};
}

inline void optimiser_methods::set_f64(dni_setting setting, double value) const {
  check(::dni_optimiser_set_f64(get(), setting, value));
}

inline double optimiser_methods::get_f64(dni_setting setting) const {
  double value = 0;
  check(::dni_optimiser_get_f64(get(), setting, &value));
  return value;
}

inline uint64_t optimiser_methods::step_count() const {
  return ::dni_optimiser_step_count(get());
}

inline double optimiser_methods::rate() const {
  return ::dni_optimiser_rate(get());
}

inline size_t optimiser_methods::bytes() const {
  return ::dni_optimiser_bytes(get());
}

inline dni::sg sg_methods::synthetic(const dni::context &context, size_t units, size_t targets, const dni_sg_options *options) {
  dni_sg *out = nullptr;
  check(::dni_sg_create_synthetic(context.get(), units, targets, options, &out));
  return dni::sg(out);
}

inline dni::sg sg_methods::least_squares(const dni::context &context, size_t units, size_t targets, const dni_least_squares_options *options) {
  dni_sg *out = nullptr;
  check(::dni_sg_create_least_squares(context.get(), units, targets, options, &out));
  return dni::sg(out);
}

inline dni::sg sg_methods::dfa(const dni::context &context, size_t units, size_t signal_units, const dni_random_options *options) {
  dni_sg *out = nullptr;
  check(::dni_sg_create_dfa(context.get(), units, signal_units, options, &out));
  return dni::sg(out);
}

inline dni::sg sg_methods::fa(const dni::context &context, size_t units, size_t signal_units, const dni_random_options *options) {
  dni_sg *out = nullptr;
  check(::dni_sg_create_fa(context.get(), units, signal_units, options, &out));
  return dni::sg(out);
}

inline dni::sg sg_methods::local(const dni::context &context, size_t units, size_t targets, const dni::loss &loss, const dni_sg_options *options) {
  dni_sg *out = nullptr;
  check(::dni_sg_create_local(context.get(), units, targets, loss.get(), options, &out));
  return dni::sg(out);
}

inline dni::sg sg_methods::critic(const dni::context &context, size_t units, size_t targets, const dni_sg_options *options) {
  dni_sg *out = nullptr;
  check(::dni_sg_create_critic(context.get(), units, targets, options, &out));
  return dni::sg(out);
}

inline dni::sg sg_methods::delayed(const dni::context &context, size_t units, double shrink) {
  dni_sg *out = nullptr;
  check(::dni_sg_create_delayed(context.get(), units, shrink, &out));
  return dni::sg(out);
}

inline dni::sg sg_methods::zero(const dni::context &context, size_t units) {
  dni_sg *out = nullptr;
  check(::dni_sg_create_zero(context.get(), units, &out));
  return dni::sg(out);
}

inline dni::sg sg_methods::mixture(const dni::context &context, const dni::sg &inner, double lambda) {
  dni_sg *out = nullptr;
  check(::dni_sg_create_mixture(context.get(), inner.get(), lambda, &out));
  return dni::sg(out);
}

inline dni::sg sg_methods::frozen(const dni::context &context, const dni::sg &inner) {
  dni_sg *out = nullptr;
  check(::dni_sg_create_frozen(context.get(), inner.get(), &out));
  return dni::sg(out);
}

inline dni::sg sg_methods::warm_up(const dni::context &context, const dni::sg &inner, uint64_t lessons) {
  dni_sg *out = nullptr;
  check(::dni_sg_create_warm_up(context.get(), inner.get(), lessons, &out));
  return dni::sg(out);
}

inline dni_kind sg_methods::kind() const {
  return ::dni_sg_kind(get());
}

inline const char * sg_methods::kind_name() const {
  return ::dni_sg_kind_name(get());
}

inline dni_needs sg_methods::needs() const {
  return ::dni_sg_needs(get());
}

inline dni_learns sg_methods::learns() const {
  return ::dni_sg_learns(get());
}

inline size_t sg_methods::units() const {
  return ::dni_sg_units(get());
}

inline size_t sg_methods::targets() const {
  return ::dni_sg_targets(get());
}

inline size_t sg_methods::signal_units() const {
  return ::dni_sg_signal_units(get());
}

inline void sg_methods::reserve(size_t rows) const {
  check(::dni_sg_reserve(get(), rows));
}

inline size_t sg_methods::parameter_count() const {
  return ::dni_sg_parameter_count(get());
}

inline const char * sg_methods::parameter_name(size_t index) const {
  return ::dni_sg_parameter_name(get(), index);
}

inline void sg_methods::changed() const {
  check(::dni_sg_changed(get()));
}

inline void sg_methods::set_parameter(size_t index, const matrix &value) const {
  check(::dni_sg_set_parameter(get(), index, value.view()));
}

inline void sg_methods::get_parameter(size_t index, const out_matrix &value) const {
  check(::dni_sg_get_parameter(get(), index, value.view()));
}

inline int32_t sg_methods::has(dni_setting setting) const {
  return ::dni_sg_has(get(), setting);
}

inline std::tuple<double, double> sg_methods::bounds(dni_setting setting) const {
  double least = 0;
  double most = 0;
  check(::dni_sg_bounds(get(), setting, &least, &most));
  return {least, most};
}

inline void sg_methods::set_f64(dni_setting setting, double value) const {
  check(::dni_sg_set_f64(get(), setting, value));
}

inline double sg_methods::get_f64(dni_setting setting) const {
  double value = 0;
  check(::dni_sg_get_f64(get(), setting, &value));
  return value;
}

inline dni::network network_methods::create(const dni::context &context) {
  dni_network *out = nullptr;
  check(::dni_network_create(context.get(), &out));
  return dni::network(out);
}

inline void network_methods::add(const dni::layer &layer) const {
  check(::dni_network_add(get(), layer.get()));
}

inline void network_methods::set_sg(size_t after, const dni::sg &sg) const {
  check(::dni_network_set_sg(get(), after, sg.get()));
}

inline size_t network_methods::inputs() const {
  return ::dni_network_inputs(get());
}

inline size_t network_methods::outputs() const {
  return ::dni_network_outputs(get());
}

inline size_t network_methods::layer_count() const {
  return ::dni_network_layer_count(get());
}

inline dni::layer network_methods::layer(size_t index) const {
  return dni::layer(dni_layer_retain(::dni_network_layer(get(), index)));
}

inline dni::sg network_methods::sg(size_t after) const {
  dni_sg *sg_ = nullptr;
  check(::dni_network_sg(get(), after, &sg_));
  return dni::sg(dni_sg_retain(sg_));
}

inline dni::network network_methods::copy() const {
  dni_network *out = nullptr;
  check(::dni_network_copy(get(), &out));
  return dni::network(out);
}

inline void network_methods::assign(const dni::network &from) const {
  check(::dni_network_assign(get(), from.get()));
}

inline dni::predictor predictor_methods::create(const dni::network &network, size_t rows) {
  dni_predictor *out = nullptr;
  check(::dni_predictor_create(network.get(), rows, &out));
  return dni::predictor(out);
}

inline void network_methods::reserve(size_t rows) const {
  check(::dni_network_reserve(get(), rows));
}

inline void network_methods::predict(const matrix &x, const out_matrix &h) const {
  check(::dni_network_predict(get(), x.view(), h.view()));
}

inline dni::network network_methods::load(const dni::context &context, const std::string &path) {
  dni_network *out = nullptr;
  check(::dni_network_load(context.get(), path.c_str(), &out));
  return dni::network(out);
}

inline dni::dataset dataset_methods::idx(const dni::context &context, const std::string &images_path, const std::string &labels_path, const dni_idx_options *options) {
  dni_dataset *out = nullptr;
  check(::dni_dataset_create_idx(context.get(), images_path.c_str(), labels_path.c_str(), options, &out));
  return dni::dataset(out);
}

inline dni::dataset dataset_methods::csv(const dni::context &context, const std::string &path, const dni_csv_options *options) {
  dni_dataset *out = nullptr;
  check(::dni_dataset_create_csv(context.get(), path.c_str(), options, &out));
  return dni::dataset(out);
}

inline dni::dataset dataset_methods::subset(const std::vector<size_t> &indices) const {
  dni_dataset *out = nullptr;
  check(::dni_dataset_subset(get(), indices.data(), indices.size(), &out));
  return dni::dataset(out);
}

inline std::tuple<dni::dataset, dni::dataset> dataset_methods::split(size_t count, int32_t shuffle, const dni_random_options *options) const {
  dni_dataset *first = nullptr;
  dni_dataset *second = nullptr;
  check(::dni_dataset_split(get(), count, shuffle, options, &first, &second));
  return {dni::dataset(first), dni::dataset(second)};
}

inline size_t dataset_methods::examples() const {
  return ::dni_dataset_examples(get());
}

inline size_t dataset_methods::features() const {
  return ::dni_dataset_features(get());
}

inline size_t dataset_methods::targets() const {
  return ::dni_dataset_targets(get());
}

inline size_t dataset_methods::classes() const {
  return ::dni_dataset_classes(get());
}

inline void dataset_methods::batch(size_t first, const out_matrix &x, const out_matrix &y) const {
  check(::dni_dataset_batch(get(), first, x.view(), y.view()));
}

inline dni::order order_methods::create(const dni::dataset &dataset, const dni_random_options *options) {
  dni_order *out = nullptr;
  check(::dni_order_create(dataset.get(), options, &out));
  return dni::order(out);
}

inline void order_methods::shuffle() const {
  check(::dni_order_shuffle(get()));
}

inline dni_step_report trainer_methods::report() const {
  dni::options<dni_step_report> report;
  check(::dni_trainer_report(get(), &report));
  return report;
}

inline void trainer_methods::save(const std::string &path) const {
  check(::dni_trainer_save(get(), path.c_str()));
}

inline void trainer_methods::load(const std::string &path, const dni_load_options *options) const {
  check(::dni_trainer_load(get(), path.c_str(), options));
}

inline void trainer_methods::abandon() const {
  check(::dni_trainer_abandon(get()));
}

inline void trainer_methods::flush() const {
  check(::dni_trainer_flush(get()));
}

inline void trainer_methods::cancel() const {
  ::dni_trainer_cancel(get());
}

inline void trainer_methods::set_rate_factor(size_t module, double factor) const {
  check(::dni_trainer_set_rate_factor(get(), module, factor));
}

inline uint64_t trainer_methods::step_count() const {
  return ::dni_trainer_step_count(get());
}

inline size_t trainer_methods::module_count() const {
  return ::dni_trainer_module_count(get());
}

inline size_t trainer_methods::layer_module(size_t layer) const {
  size_t module = 0;
  check(::dni_trainer_layer_module(get(), layer, &module));
  return module;
}

inline size_t trainer_methods::thread_count() const {
  return ::dni_trainer_thread_count(get());
}

inline size_t trainer_methods::module_thread(size_t module) const {
  size_t thread = 0;
  check(::dni_trainer_module_thread(get(), module, &thread));
  return thread;
}

inline dni::optimiser trainer_methods::module_optimiser(size_t module) const {
  return dni::optimiser(dni_optimiser_retain(::dni_trainer_module_optimiser(get(), module)));
}

inline dni::optimiser trainer_methods::sg_optimiser(size_t after) const {
  return dni::optimiser(dni_optimiser_retain(::dni_trainer_sg_optimiser(get(), after)));
}

inline dni_memory_report trainer_methods::memory() const {
  dni::options<dni_memory_report> report;
  check(::dni_trainer_memory(get(), &report));
  return report;
}

inline dni::checkpoint checkpoint_methods::create(const dni::context &context) {
  dni_checkpoint *out = nullptr;
  check(::dni_checkpoint_create(context.get(), &out));
  return dni::checkpoint(out);
}

inline void checkpoint_methods::add_layer(const std::string &name, const dni::layer &layer) const {
  check(::dni_checkpoint_add_layer(get(), name.c_str(), layer.get()));
}

inline void checkpoint_methods::add_sg(const std::string &name, const dni::sg &sg) const {
  check(::dni_checkpoint_add_sg(get(), name.c_str(), sg.get()));
}

inline void checkpoint_methods::add_network(const std::string &name, const dni::network &network) const {
  check(::dni_checkpoint_add_network(get(), name.c_str(), network.get()));
}

inline void checkpoint_methods::add_optimiser(const std::string &name, const dni::optimiser &optimiser) const {
  check(::dni_checkpoint_add_optimiser(get(), name.c_str(), optimiser.get()));
}

inline void checkpoint_methods::add_order(const std::string &name, const dni::order &order) const {
  check(::dni_checkpoint_add_order(get(), name.c_str(), order.get()));
}

inline void checkpoint_methods::add_trainer(const std::string &name, const dni::trainer &trainer) const {
  check(::dni_checkpoint_add_trainer(get(), name.c_str(), trainer.get()));
}

inline void checkpoint_methods::save(const std::string &path) const {
  check(::dni_checkpoint_save(get(), path.c_str()));
}

inline void checkpoint_methods::load(const std::string &path, const dni_load_options *options) const {
  check(::dni_checkpoint_load(get(), path.c_str(), options));
}

inline dni::sg sg_methods::scalar(const dni::context &context, size_t units) {
  dni_sg *out = nullptr;
  check(::dni_sg_create_scalar(context.get(), units, &out));
  return dni::sg(out);
}

inline dni::sg sg_methods::theorem(const dni::context &context, size_t units) {
  dni_sg *out = nullptr;
  check(::dni_sg_create_theorem(context.get(), units, &out));
  return dni::sg(out);
}

inline double sg_methods::line_search(const matrix &h, const matrix &y) const {
  double rate = 0;
  check(::dni_sg_line_search(get(), h.view(), y.view(), &rate));
  return rate;
}

inline dni::guard guard_methods::create(const dni::optimiser &optimiser, const dni_guard_options *options) {
  dni_guard *out = nullptr;
  check(::dni_guard_create(optimiser.get(), options, &out));
  return dni::guard(out);
}

inline int32_t guard_methods::step(double error_norm, double jacobian_norm, double gradient_norm) const {
  int32_t accepted = 0;
  check(::dni_guard_step(get(), error_norm, jacobian_norm, gradient_norm, &accepted));
  return accepted;
}

inline uint64_t guard_methods::accepted() const {
  return ::dni_guard_accepted(get());
}

inline uint64_t guard_methods::refused() const {
  return ::dni_guard_refused(get());
}

inline void checkpoint_methods::add_guard(const std::string &name, const dni::guard &guard) const {
  check(::dni_checkpoint_add_guard(get(), name.c_str(), guard.get()));
}

/** Compare two matrices of the same shape and element type. */
inline dni_alignment analysis_align(const matrix &estimate, const matrix &truth) {
  dni::options<dni_alignment> out;
  check(::dni_analysis_align(estimate.view(), truth.view(), &out));
  return out;
}

/** Measure the SG at the interface after layer `after` of `network` on a batch. */
inline dni_interface_report analysis_interface(const dni::context &context, const dni::network &network, const dni::loss &loss, size_t after, const dni_batch *batch, size_t directions, uint64_t seed) {
  dni::options<dni_interface_report> out;
  check(::dni_analysis_interface(context.get(), network.get(), loss.get(), after, batch, directions, seed, &out));
  return out;
}

/** Representational dissimilarity matrix (Figure 7): rdm[i][j] = 1 - corr(h_i, h_j), the correlation of rows i and j of h [rows][units] over the units. rdm is [rows][rows]. */
inline void analysis_rdm(const dni::context &context, const matrix &h, const out_matrix &rdm) {
  check(::dni_analysis_rdm(context.get(), h.view(), rdm.view()));
}

/** The L2 distance of the diagonal blocks of two RDMs [n][n] (Figure 7, bottom): the root of the sum of (a_ij - b_ij)^2 over all i, j with labels[i] = labels[j]. labels is [count], count = n. */
inline double analysis_rdm_distance(const matrix &a, const matrix &b, const std::vector<int32_t> &labels) {
  double distance = 0;
  check(::dni_analysis_rdm_distance(a.view(), b.view(), labels.data(), labels.size(), &distance));
  return distance;
}

/** Linear classifier probe (Figure 8, left): a softmax classifier of h [rows][units] for y, one-hot [rows][classes], trained on them with h fixed; and its accuracy on the same rows. */
inline dni_probe_report analysis_classifier_probe(const dni::context &context, const matrix &h, const matrix &y, const dni_probe_options *options = nullptr) {
  dni::options<dni_probe_report> out;
  check(::dni_analysis_classifier_probe(context.get(), h.view(), y.view(), options, &out));
  return out;
}

/** Linear regressor probe (Figure 8, right): the least mean squared error, over rows and columns of x [rows][inputs], of any affine map from h [rows][units] to x. *rank, which may be NULL, becomes the number of independent columns. */
inline std::tuple<double, size_t> analysis_regressor_probe(const dni::context &context, const matrix &h, const matrix &x) {
  double mse = 0;
  size_t rank = 0;
  check(::dni_analysis_regressor_probe(context.get(), h.view(), x.view(), &mse, &rank));
  return {mse, rank};
}

/** The loss that an SG implies (Figure 9), up to a constant for each label: loss [rows][1], */
inline void analysis_extract_loss(const dni::context &context, const dni::sg &sg, const matrix &h, const matrix &y, const matrix &origin, size_t nodes, const out_matrix &loss) {
  check(::dni_analysis_extract_loss(context.get(), sg.get(), h.view(), y.view(), origin.view(), nodes, loss.view()));
}

/** How far an SG is from being the gradient of anything: |A - A^T| / |A| (Frobenius), A = dSG/dh. */
inline double analysis_integrability(const dni::sg &sg) {
  double defect = 0;
  check(::dni_analysis_integrability(sg.get(), &defect));
  return defect;
}

/** How well `estimate` follows `truth`, two columns [rows][1], when a constant for each group may be added to either (a loss extracted from an SG leaves one for each label open). */
inline std::tuple<double, double> analysis_agreement(const dni::context &context, const matrix &estimate, const matrix &truth, const std::vector<int32_t> &groups) {
  double correlation = 0;
  double r2 = 0;
  check(::dni_analysis_agreement(context.get(), estimate.view(), truth.view(), groups.data(), groups.size(), &correlation, &r2));
  return {correlation, r2};
}

inline dni::dataset dataset_methods::artificial(const dni::context &context, int32_t kind, size_t dimensions, size_t examples, size_t classes, const dni_random_options *options) {
  dni_dataset *out = nullptr;
  check(::dni_dataset_create_artificial(context.get(), kind, dimensions, examples, classes, options, &out));
  return dni::dataset(out);
}

inline std::tuple<std::vector<double>, std::vector<double>> network_methods::measure(size_t rows, const dni::optimiser &optimiser, size_t count) const {
  std::vector<double> seconds(count);
  std::vector<double> sg_seconds(count);
  check(::dni_network_measure(get(), rows, optimiser.get(), seconds.data(), sg_seconds.data(), count));
  return {seconds, sg_seconds};
}

/** Cut a row of `count` costs into `parts` runs whose largest sum is as small as it can be. lengths [parts] receives the length of each, at least 1. Every run but the last also bears cut_cost, what its SG takes. Any thread. */
inline std::vector<size_t> costs_balance(const std::vector<double> &costs, size_t parts, double cut_cost) {
  std::vector<size_t> lengths(parts);
  check(::dni_costs_balance(costs.data(), costs.size(), parts, cut_cost, lengths.data()));
  return lengths;
}

} // namespace dni

#endif
