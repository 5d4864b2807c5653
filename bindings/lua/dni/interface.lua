-- What the headers declare. Made by bindings/generate from the headers of libdni 0.9.0;
-- do not edit.
local ffi = require "ffi"

ffi.cdef[[
typedef int32_t dni_kind;
typedef int32_t dni_status;
typedef int32_t dni_dtype;
typedef int32_t dni_setting;
typedef int32_t dni_log_level;
typedef int32_t dni_instructions;
typedef int32_t dni_activation;
typedef int32_t dni_mode;
typedef int32_t dni_gradient_flags;
typedef int32_t dni_initialiser;
typedef int32_t dni_condition;
typedef int32_t dni_needs;
typedef int32_t dni_learns;
typedef int32_t dni_data_flags;
typedef struct dni_context dni_context;
typedef struct dni_backend dni_backend;
typedef struct dni_layer dni_layer;
typedef struct dni_state dni_state;
typedef struct dni_loss dni_loss;
typedef struct dni_optimiser dni_optimiser;
typedef struct dni_sg dni_sg;
typedef struct dni_network dni_network;
typedef struct dni_predictor dni_predictor;
typedef struct dni_dataset dni_dataset;
typedef struct dni_order dni_order;
typedef struct dni_trainer dni_trainer;
typedef struct dni_checkpoint dni_checkpoint;
typedef struct dni_guard dni_guard;
typedef struct dni_matrix dni_matrix;
typedef struct dni_batch dni_batch;
typedef struct dni_allocator dni_allocator;
typedef struct dni_context_options dni_context_options;
typedef struct dni_writer dni_writer;
typedef struct dni_reader dni_reader;
typedef struct dni_load_options dni_load_options;
typedef struct dni_backend_options dni_backend_options;
typedef struct dni_product dni_product;
typedef struct dni_backend_callbacks dni_backend_callbacks;
typedef struct dni_random_options dni_random_options;
typedef struct dni_layer_call dni_layer_call;
typedef struct dni_layer_callbacks dni_layer_callbacks;
typedef struct dni_initialiser_options dni_initialiser_options;
typedef struct dni_loss_options dni_loss_options;
typedef struct dni_loss_call dni_loss_call;
typedef struct dni_loss_callbacks dni_loss_callbacks;
typedef struct dni_schedule dni_schedule;
typedef struct dni_sg_options dni_sg_options;
typedef struct dni_least_squares_options dni_least_squares_options;
typedef struct dni_sg_call dni_sg_call;
typedef struct dni_sg_callbacks dni_sg_callbacks;
typedef struct dni_query dni_query;
typedef struct dni_lesson dni_lesson;
typedef struct dni_lesson_report dni_lesson_report;
typedef struct dni_metric dni_metric;
typedef struct dni_evaluation dni_evaluation;
typedef struct dni_memory_options dni_memory_options;
typedef struct dni_idx_options dni_idx_options;
typedef struct dni_csv_options dni_csv_options;
typedef struct dni_dataset_callbacks dni_dataset_callbacks;
typedef struct dni_trainer_options dni_trainer_options;
typedef struct dni_step_report dni_step_report;
typedef struct dni_fit_options dni_fit_options;
typedef struct dni_stream dni_stream;
typedef struct dni_memory_report dni_memory_report;
typedef struct dni_guard_options dni_guard_options;
typedef struct dni_alignment dni_alignment;
typedef struct dni_interface_report dni_interface_report;
typedef struct dni_probe_options dni_probe_options;
typedef struct dni_probe_report dni_probe_report;
typedef void (*dni_destroy_callback)(void *user);
typedef void (*dni_log_callback)(void *user, dni_log_level level, const char *message);
typedef dni_status (*dni_step_callback)(void *user, const dni_step_report *report);
struct dni_matrix {
  void *data;
  size_t rows;
  size_t columns;
  size_t stride;
  dni_dtype dtype;
  int32_t reserved;
};
struct dni_batch {
  size_t struct_size;
  const dni_matrix *x;
  const dni_matrix *y;
  const dni_matrix *weights;
};
struct dni_allocator {
  size_t struct_size;
  void *user;
  void *(*alloc)(void *user, size_t alignment, size_t size);
  void (*free)(void *user, void *memory, size_t size);
  dni_destroy_callback destroy;
};
struct dni_context_options {
  size_t struct_size;
  const dni_allocator *allocator;
  uint64_t seed;
  dni_dtype dtype;
  dni_dtype compute;
  dni_instructions instructions;
  int32_t reserved;
  dni_backend *backend;
  dni_log_callback log;
  void *log_user;
  dni_destroy_callback log_destroy;
};
struct dni_writer {
  size_t struct_size;
  void *user;
  dni_status (*write)(void *user, const void *bytes, size_t size);
};
struct dni_reader {
  size_t struct_size;
  void *user;
  dni_status (*read)(void *user, void *bytes, size_t size, size_t *got);
};
struct dni_load_options {
  size_t struct_size;
  int32_t finite;
  int32_t reserved;
};
struct dni_backend_options {
  size_t struct_size;
  const dni_allocator *allocator;
  size_t threads;
  dni_instructions instructions;
  int32_t reserved;
};
struct dni_product {
  size_t struct_size;
  dni_dtype dtype;
  int32_t transpose_a;
  int32_t transpose_b;
  int32_t reserved;
  size_t m;
  size_t n;
  size_t k;
  double alpha;
  const void *a;
  size_t lda;
  const void *b;
  size_t ldb;
  double beta;
  void *c;
  size_t ldc;
};
struct dni_backend_callbacks {
  size_t struct_size;
  void *user;
  dni_status (*product)(void *user, const dni_product *call);
  int32_t f32;
  int32_t f64;
  dni_status (*set_threads)(void *user, size_t threads);
  dni_destroy_callback destroy;
  int32_t bf16;
  int32_t reserved;
};
struct dni_random_options {
  size_t struct_size;
  int32_t has_seed;
  int32_t reserved;
  uint64_t seed;
};
struct dni_layer_call {
  size_t struct_size;
  dni_mode mode;
  dni_gradient_flags flags;
  const dni_matrix *x;
  dni_matrix *y;
  dni_matrix *dy;
  dni_matrix *dx;
  void *state;
  const dni_matrix *weights;
  double scale;
};
struct dni_layer_callbacks {
  size_t struct_size;
  void *user;
  dni_status (*forward)(void *user, const dni_layer_call *call);
  dni_status (*backward)(void *user, const dni_layer_call *call);
  size_t parameter_count;
  dni_status (*parameter)(void *user, size_t index, dni_matrix *value, dni_matrix *gradient);
  size_t (*state_bytes)(void *user, size_t rows);
  void (*changed)(void *user);
  dni_status (*copy)(void *user, void **copy);
  dni_destroy_callback destroy;
};
struct dni_initialiser_options {
  size_t struct_size;
  dni_initialiser kind;
  int32_t uniform;
  int32_t has_value;
  int32_t has_seed;
  double value;
  uint64_t seed;
};
struct dni_loss_options {
  size_t struct_size;
  double label_smoothing;
  const double *class_weights;
  size_t class_count;
};
struct dni_loss_call {
  size_t struct_size;
  const dni_matrix *h;
  const dni_matrix *y;
  dni_matrix *delta;
  dni_matrix *per_example;
};
struct dni_loss_callbacks {
  size_t struct_size;
  void *user;
  dni_status (*evaluate)(void *user, const dni_loss_call *call);
  dni_status (*correct)(void *user, const dni_loss_call *call);
  dni_destroy_callback destroy;
};
struct dni_schedule {
  size_t struct_size;
  dni_kind kind;
  int32_t reserved;
  uint64_t warm_up;
  uint64_t steps;
  double value;
  const uint64_t *boundaries;
  const double *values;
  size_t count;
  double (*function)(void *user, uint64_t step);
  void *user;
  dni_destroy_callback destroy;
};
struct dni_sg_options {
  size_t struct_size;
  dni_condition condition;
  int32_t has_seed;
  size_t hidden_layers;
  size_t hidden_units;
  uint64_t seed;
  dni_loss *loss;
};
struct dni_least_squares_options {
  size_t struct_size;
  dni_condition condition;
  int32_t reserved;
  dni_loss *loss;
  double forgetting;
  double ridge;
  uint64_t solve_every;
  double guess_rate;
};
struct dni_sg_call {
  size_t struct_size;
  dni_gradient_flags flags;
  int32_t reserved;
  const dni_matrix *h;
  const dni_matrix *y;
  const dni_matrix *signal;
  dni_matrix *delta;
  const dni_matrix *target;
  const dni_matrix *losses;
  dni_matrix *prediction;
  const dni_matrix *weights;
  double scale;
  double *own_loss;
};
struct dni_sg_callbacks {
  size_t struct_size;
  void *user;
  dni_needs needs;
  dni_learns learns;
  dni_status (*estimate)(void *user, const dni_sg_call *call);
  dni_status (*learn)(void *user, const dni_sg_call *call);
  size_t parameter_count;
  dni_status (*parameter)(void *user, size_t index, dni_matrix *value, dni_matrix *gradient);
  void (*changed)(void *user);
  dni_destroy_callback destroy;
};
struct dni_query {
  size_t struct_size;
  const dni_matrix *h;
  const dni_matrix *y;
  const dni_matrix *signal;
  const dni_matrix *weights;
  dni_matrix *losses;
};
struct dni_lesson {
  size_t struct_size;
  const dni_matrix *h;
  const dni_matrix *y;
  const dni_matrix *target;
  const dni_matrix *losses;
  dni_matrix *prediction;
  const dni_matrix *weights;
  dni_gradient_flags flags;
  int32_t reserved;
};
struct dni_lesson_report {
  size_t struct_size;
  double mse;
  double cosine;
  double own_loss;
};
struct dni_metric {
  size_t struct_size;
  void *user;
  dni_status (*evaluate)(void *user, const dni_batch *batch, double *value);
  dni_destroy_callback destroy;
};
struct dni_evaluation {
  size_t struct_size;
  size_t examples;
  double loss;
  double accuracy;
  double metric;
};
struct dni_memory_options {
  size_t struct_size;
  dni_data_flags flags;
  int32_t scaled;
  double factor;
  double offset;
  size_t classes;
  dni_destroy_callback destroy;
  void *user;
};
struct dni_idx_options {
  size_t struct_size;
  size_t classes;
  int32_t scaled;
  int32_t in_file;
  double factor;
  double offset;
};
struct dni_csv_options {
  size_t struct_size;
  size_t classes;
  size_t target_columns;
  size_t header_lines;
  int32_t targets_first;
  int32_t separator;
};
struct dni_dataset_callbacks {
  size_t struct_size;
  void *user;
  size_t examples;
  size_t features;
  size_t targets;
  size_t classes;
  dni_status (*fetch)(void *user, const size_t *indices, size_t count, dni_matrix *x, dni_matrix *y);
  dni_destroy_callback destroy;
};
struct dni_trainer_options {
  size_t struct_size;
  const dni_optimiser *optimiser;
  const dni_optimiser *sg_optimiser;
  size_t max_batch;
  dni_kind schedule;
  int32_t measure_gradient_norm;
  double update_probability;
  size_t threads;
  size_t in_flight;
  size_t micro_batches;
  size_t trained_modules;
  const size_t *layer_thread;
  size_t layer_thread_count;
  dni_kind balance;
  int32_t has_seed;
  uint64_t seed;
  const dni_metric *metric;
  dni_dtype activations;
  int32_t reserved;
};
struct dni_step_report {
  size_t struct_size;
  uint64_t step;
  double loss;
  double accuracy;
  double metric;
  double rate;
  double gradient_norm;
  size_t rows;
  uint64_t epoch;
  int32_t settled;
  int32_t validated;
  double validation_loss;
  double validation_accuracy;
  double validation_metric;
  size_t layer_count;
  const double *sg_mse;
  const double *sg_cosine;
  const size_t *target_lag;
  size_t module_count;
  const int32_t *module_updated;
  int32_t checkpointed;
  dni_status checkpoint_status;
};
struct dni_fit_options {
  size_t struct_size;
  size_t batch;
  uint64_t epochs;
  uint64_t steps;
  dni_step_callback callback;
  void *callback_user;
  uint64_t callback_every;
  uint64_t settle_every;
  int32_t keep_order;
  int32_t keep_rest;
  int32_t has_seed;
  int32_t reserved;
  uint64_t seed;
  const dni_dataset *validation;
  uint64_t validate_every;
  uint64_t patience;
  dni_network *best;
  const char *checkpoint;
  uint64_t checkpoint_every;
  int32_t checkpoint_may_fail;
  int32_t anew;
};
struct dni_stream {
  size_t struct_size;
  void *user;
  dni_status (*next)(void *user, dni_batch *batch);
  dni_status (*position)(void *user, uint64_t *position);
  dni_status (*seek)(void *user, uint64_t position);
};
struct dni_memory_report {
  size_t struct_size;
  size_t parameter_bytes;
  size_t gradient_bytes;
  size_t optimiser_bytes;
  size_t activation_bytes;
  size_t workspace_bytes;
};
struct dni_guard_options {
  size_t struct_size;
  int32_t mode;
  int32_t reserved;
  double cosine;
};
struct dni_alignment {
  size_t struct_size;
  double cosine;
  double relative_error;
  double sign_agreement;
  double error_norm;
  double estimate_norm;
  double truth_norm;
};
struct dni_interface_report {
  size_t struct_size;
  double delta_cosine;
  double delta_relative_error;
  double delta_sign_agreement;
  double delta_error_norm;
  double estimate_norm;
  double truth_norm;
  double error_norm;
  double jacobian_norm;
  double gradient_norm;
  double ratio;
  double gradient_cosine;
  double synthetic_gradient_norm;
};
struct dni_probe_options {
  size_t struct_size;
  size_t batch;
  uint64_t steps;
  double learning_rate;
  uint64_t seed;
};
struct dni_probe_report {
  size_t struct_size;
  double accuracy;
  double loss;
  uint64_t steps;
};
const char *dni_status_name(dni_status status);
const char *dni_last_message(void);
dni_status dni_last_status(void);
dni_status dni_fail(dni_status status, const char *text);
int32_t dni_version(void);
const char *dni_version_string(void);
const char *dni_build_info(void);
void dni_matrix_init_f32(dni_matrix *view, const float *data, size_t rows, size_t columns);
void dni_matrix_init_f64(dni_matrix *view, const double *data, size_t rows, size_t columns);
void dni_matrix_init_labels(dni_matrix *view, const int32_t *labels, size_t rows);
void dni_matrix_init_u8(dni_matrix *view, const uint8_t *data, size_t rows, size_t columns);
void dni_matrix_init_strided_f32(dni_matrix *view, const float *data, size_t rows, size_t columns, size_t stride);
void dni_matrix_init_strided_f64(dni_matrix *view, const double *data, size_t rows, size_t columns, size_t stride);
dni_status dni_matrix_copy(const dni_matrix *from, dni_matrix *to);
const char *dni_setting_name(dni_setting setting);
dni_status dni_context_create(const dni_context_options *options, dni_context **out);
dni_context *dni_context_retain(dni_context *context);
void dni_context_release(dni_context *context);
dni_backend *dni_context_backend(const dni_context *context);
dni_dtype dni_context_dtype(const dni_context *context);
dni_dtype dni_context_compute(const dni_context *context);
dni_instructions dni_context_instructions(const dni_context *context);
const char *dni_instructions_name(dni_instructions instructions);
size_t dni_context_bytes(const dni_context *context);
dni_status dni_context_allocate(dni_context *context, size_t size, void **out);
void dni_context_free(dni_context *context, void *memory);
dni_status dni_backend_create_builtin(const dni_backend_options *options, dni_backend **out);
dni_status dni_backend_create_cblas(const dni_backend_options *options, dni_backend **out);
dni_status dni_backend_create_dynamic(const dni_backend_options *options, const char *path, dni_backend **out);
dni_status dni_backend_create_callback(const dni_backend_options *options, const dni_backend_callbacks *callbacks, dni_backend **out);
dni_backend *dni_backend_retain(dni_backend *backend);
void dni_backend_release(dni_backend *backend);
dni_kind dni_backend_kind(const dni_backend *backend);
const char *dni_backend_kind_name(const dni_backend *backend);
const char *dni_backend_name(const dni_backend *backend);
dni_status dni_backend_set_threads(dni_backend *backend, size_t threads);
dni_status dni_backend_gemm(dni_backend *backend, int32_t transpose_a, int32_t transpose_b, double alpha, const dni_matrix *a, const dni_matrix *b, double beta, dni_matrix *c);
dni_status dni_layer_create_dense(dni_context *context, size_t inputs, size_t outputs, dni_activation activation, dni_layer **out);
dni_status dni_layer_create_activation(dni_context *context, size_t units, dni_activation activation, dni_layer **out);
dni_status dni_layer_create_batch_norm(dni_context *context, size_t units, dni_layer **out);
dni_status dni_layer_create_layer_norm(dni_context *context, size_t units, dni_layer **out);
dni_status dni_layer_create_dropout(dni_context *context, size_t units, double drop, const dni_random_options *options, dni_layer **out);
dni_status dni_layer_create_callback(dni_context *context, size_t inputs, size_t outputs, const dni_layer_callbacks *callbacks, dni_layer **out);
dni_status dni_layer_copy(const dni_layer *layer, dni_layer **out);
dni_layer *dni_layer_retain(dni_layer *layer);
void dni_layer_release(dni_layer *layer);
dni_kind dni_layer_kind(const dni_layer *layer);
const char *dni_layer_kind_name(const dni_layer *layer);
size_t dni_layer_inputs(const dni_layer *layer);
size_t dni_layer_outputs(const dni_layer *layer);
dni_activation dni_layer_activation(const dni_layer *layer);
const char *dni_activation_name(dni_activation activation);
dni_status dni_state_create(dni_layer *layer, size_t rows, dni_state **out);
dni_state *dni_state_retain(dni_state *state);
void dni_state_release(dni_state *state);
size_t dni_state_rows(const dni_state *state);
dni_status dni_layer_reserve(dni_layer *layer, size_t rows);
dni_status dni_layer_forward(dni_layer *layer, dni_mode mode, dni_state *state, const dni_matrix *x, dni_matrix *y);
dni_status dni_layer_backward(dni_layer *layer, dni_gradient_flags flags, dni_state *state, const dni_matrix *x, const dni_matrix *y, dni_matrix *dy, dni_matrix *dx);
size_t dni_layer_parameter_count(const dni_layer *layer);
const char *dni_layer_parameter_name(const dni_layer *layer, size_t index);
dni_status dni_layer_parameter(dni_layer *layer, size_t index, dni_matrix *value, dni_matrix *gradient);
dni_status dni_layer_changed(dni_layer *layer);
dni_status dni_layer_set_parameter(dni_layer *layer, size_t index, const dni_matrix *value);
dni_status dni_layer_get_parameter(const dni_layer *layer, size_t index, dni_matrix *value);
dni_status dni_layer_initialise(dni_layer *layer, const dni_initialiser_options *options);
int32_t dni_layer_has(const dni_layer *layer, dni_setting setting);
dni_status dni_layer_bounds(const dni_layer *layer, dni_setting setting, double *least, double *most);
dni_status dni_layer_set_f64(dni_layer *layer, dni_setting setting, double value);
dni_status dni_layer_get_f64(const dni_layer *layer, dni_setting setting, double *value);
dni_status dni_loss_create_softmax_cross_entropy(dni_context *context, const dni_loss_options *options, dni_loss **out);
dni_status dni_loss_create_sigmoid_cross_entropy(dni_context *context, const dni_loss_options *options, dni_loss **out);
dni_status dni_loss_create_squared_error(dni_context *context, dni_loss **out);
dni_status dni_loss_create_absolute_error(dni_context *context, dni_loss **out);
dni_status dni_loss_create_callback(dni_context *context, const dni_loss_callbacks *callbacks, dni_loss **out);
dni_loss *dni_loss_retain(dni_loss *loss);
void dni_loss_release(dni_loss *loss);
dni_kind dni_loss_kind(const dni_loss *loss);
const char *dni_loss_kind_name(const dni_loss *loss);
int32_t dni_loss_classifies(const dni_loss *loss);
dni_status dni_loss_evaluate(const dni_loss *loss, const dni_batch *batch, dni_matrix *delta, dni_matrix *per_example, double *mean);
dni_status dni_loss_count_correct(const dni_loss *loss, const dni_batch *batch, double *correct);
dni_status dni_schedule_value(const dni_schedule *schedule, uint64_t step, double *value);
dni_status dni_optimiser_create_sgd(dni_context *context, double learning_rate, dni_optimiser **out);
dni_status dni_optimiser_create_adam(dni_context *context, double learning_rate, dni_optimiser **out);
dni_status dni_optimiser_create_adamw(dni_context *context, double learning_rate, dni_optimiser **out);
dni_status dni_optimiser_create_like(const dni_optimiser *other, dni_optimiser **out);
dni_status dni_optimiser_set_moment_dtype(dni_optimiser *optimiser, dni_dtype dtype);
dni_dtype dni_optimiser_moment_dtype(const dni_optimiser *optimiser);
dni_optimiser *dni_optimiser_retain(dni_optimiser *optimiser);
void dni_optimiser_release(dni_optimiser *optimiser);
dni_kind dni_optimiser_kind(const dni_optimiser *optimiser);
const char *dni_optimiser_kind_name(const dni_optimiser *optimiser);
dni_status dni_optimiser_add_layer(dni_optimiser *optimiser, dni_layer *layer);
dni_status dni_optimiser_add_sg(dni_optimiser *optimiser, dni_sg *sg);
dni_status dni_optimiser_add(dni_optimiser *optimiser, const dni_matrix *value, const dni_matrix *gradient, dni_destroy_callback destroy, void *user);
dni_status dni_optimiser_changed(dni_optimiser *optimiser);
dni_status dni_optimiser_step(dni_optimiser *optimiser);
dni_status dni_optimiser_step_scaled(dni_optimiser *optimiser, double factor);
dni_status dni_optimiser_set_schedule(dni_optimiser *optimiser, const dni_schedule *schedule);
int32_t dni_optimiser_has(const dni_optimiser *optimiser, dni_setting setting);
dni_status dni_optimiser_bounds(const dni_optimiser *optimiser, dni_setting setting, double *least, double *most);
dni_status dni_optimiser_set_f64(dni_optimiser *optimiser, dni_setting setting, double value);
dni_status dni_optimiser_get_f64(const dni_optimiser *optimiser, dni_setting setting, double *value);
uint64_t dni_optimiser_step_count(const dni_optimiser *optimiser);
double dni_optimiser_rate(const dni_optimiser *optimiser);
size_t dni_optimiser_bytes(const dni_optimiser *optimiser);
dni_status dni_sg_create_synthetic(dni_context *context, size_t units, size_t targets, const dni_sg_options *options, dni_sg **out);
dni_status dni_sg_create_least_squares(dni_context *context, size_t units, size_t targets, const dni_least_squares_options *options, dni_sg **out);
dni_status dni_sg_create_dfa(dni_context *context, size_t units, size_t signal_units, const dni_random_options *options, dni_sg **out);
dni_status dni_sg_create_fa(dni_context *context, size_t units, size_t signal_units, const dni_random_options *options, dni_sg **out);
dni_status dni_sg_create_local(dni_context *context, size_t units, size_t targets, dni_loss *loss, const dni_sg_options *options, dni_sg **out);
dni_status dni_sg_create_critic(dni_context *context, size_t units, size_t targets, const dni_sg_options *options, dni_sg **out);
dni_status dni_sg_create_delayed(dni_context *context, size_t units, double shrink, dni_sg **out);
dni_status dni_sg_create_zero(dni_context *context, size_t units, dni_sg **out);
dni_status dni_sg_create_mixture(dni_context *context, dni_sg *inner, double lambda, dni_sg **out);
dni_status dni_sg_create_frozen(dni_context *context, dni_sg *inner, dni_sg **out);
dni_status dni_sg_create_warm_up(dni_context *context, dni_sg *inner, uint64_t lessons, dni_sg **out);
dni_status dni_sg_create_callback(dni_context *context, size_t units, size_t targets, size_t signal_units, const dni_sg_callbacks *callbacks, dni_sg **out);
dni_sg *dni_sg_retain(dni_sg *sg);
void dni_sg_release(dni_sg *sg);
dni_kind dni_sg_kind(const dni_sg *sg);
const char *dni_sg_kind_name(const dni_sg *sg);
dni_needs dni_sg_needs(const dni_sg *sg);
dni_learns dni_sg_learns(const dni_sg *sg);
size_t dni_sg_units(const dni_sg *sg);
size_t dni_sg_targets(const dni_sg *sg);
size_t dni_sg_signal_units(const dni_sg *sg);
dni_status dni_sg_reserve(dni_sg *sg, size_t rows);
dni_status dni_sg_estimate(dni_sg *sg, const dni_query *query, dni_matrix *delta);
dni_status dni_sg_learn(dni_sg *sg, const dni_lesson *lesson, dni_lesson_report *report);
size_t dni_sg_parameter_count(const dni_sg *sg);
const char *dni_sg_parameter_name(const dni_sg *sg, size_t index);
dni_status dni_sg_parameter(dni_sg *sg, size_t index, dni_matrix *value, dni_matrix *gradient);
dni_status dni_sg_changed(dni_sg *sg);
dni_status dni_sg_set_parameter(dni_sg *sg, size_t index, const dni_matrix *value);
dni_status dni_sg_get_parameter(const dni_sg *sg, size_t index, dni_matrix *value);
int32_t dni_sg_has(const dni_sg *sg, dni_setting setting);
dni_status dni_sg_bounds(const dni_sg *sg, dni_setting setting, double *least, double *most);
dni_status dni_sg_set_f64(dni_sg *sg, dni_setting setting, double value);
dni_status dni_sg_get_f64(const dni_sg *sg, dni_setting setting, double *value);
dni_status dni_sg_set_schedule(dni_sg *sg, const dni_schedule *schedule);
dni_status dni_network_create(dni_context *context, dni_network **out);
dni_network *dni_network_retain(dni_network *network);
void dni_network_release(dni_network *network);
dni_status dni_network_add(dni_network *network, dni_layer *layer);
dni_status dni_network_set_sg(dni_network *network, size_t after, dni_sg *sg);
size_t dni_network_inputs(const dni_network *network);
size_t dni_network_outputs(const dni_network *network);
size_t dni_network_layer_count(const dni_network *network);
dni_layer *dni_network_layer(dni_network *network, size_t index);
dni_status dni_network_sg(dni_network *network, size_t after, dni_sg **sg);
dni_status dni_network_copy(const dni_network *network, dni_network **out);
dni_status dni_network_assign(dni_network *to, const dni_network *from);
dni_status dni_predictor_create(dni_network *network, size_t rows, dni_predictor **out);
dni_predictor *dni_predictor_retain(dni_predictor *predictor);
void dni_predictor_release(dni_predictor *predictor);
dni_status dni_predictor_run(dni_predictor *predictor, size_t after, const dni_matrix *x, dni_matrix *h);
dni_status dni_network_reserve(dni_network *network, size_t rows);
dni_status dni_network_predict(dni_network *network, const dni_matrix *x, dni_matrix *h);
dni_status dni_network_evaluate(dni_network *network, const dni_loss *loss, const dni_dataset *dataset, const dni_metric *metric, dni_evaluation *out);
dni_status dni_network_save(dni_network *network, const char *path);
dni_status dni_network_write(dni_network *network, const dni_writer *writer);
dni_status dni_network_load(dni_context *context, const char *path, dni_network **out);
dni_status dni_network_read(dni_context *context, const dni_reader *reader, dni_network **out);
dni_status dni_dataset_create_memory(dni_context *context, const dni_matrix *x, const dni_matrix *y, const dni_memory_options *options, dni_dataset **out);
dni_status dni_dataset_create_idx(dni_context *context, const char *images_path, const char *labels_path, const dni_idx_options *options, dni_dataset **out);
dni_status dni_dataset_create_csv(dni_context *context, const char *path, const dni_csv_options *options, dni_dataset **out);
dni_status dni_dataset_create_callback(dni_context *context, const dni_dataset_callbacks *callbacks, dni_dataset **out);
dni_status dni_dataset_subset(dni_dataset *dataset, const size_t *indices, size_t count, dni_dataset **out);
dni_status dni_dataset_split(dni_dataset *dataset, size_t count, int32_t shuffle, const dni_random_options *options, dni_dataset **first, dni_dataset **second);
dni_dataset *dni_dataset_retain(dni_dataset *dataset);
void dni_dataset_release(dni_dataset *dataset);
size_t dni_dataset_examples(const dni_dataset *dataset);
size_t dni_dataset_features(const dni_dataset *dataset);
size_t dni_dataset_targets(const dni_dataset *dataset);
size_t dni_dataset_classes(const dni_dataset *dataset);
dni_status dni_dataset_batch(const dni_dataset *dataset, size_t first, dni_matrix *x, dni_matrix *y);
dni_status dni_dataset_gather(const dni_dataset *dataset, const size_t *indices, size_t count, dni_matrix *x, dni_matrix *y);
dni_status dni_order_create(const dni_dataset *dataset, const dni_random_options *options, dni_order **out);
dni_order *dni_order_retain(dni_order *order);
void dni_order_release(dni_order *order);
dni_status dni_order_shuffle(dni_order *order);
dni_status dni_order_state(const dni_order *order, uint64_t *state, size_t count);
dni_status dni_order_set_state(dni_order *order, const uint64_t *state, size_t count);
const size_t *dni_order_indices(const dni_order *order);
dni_status dni_trainer_create(dni_network *network, dni_loss *loss, const dni_trainer_options *options, dni_trainer **out);
dni_trainer *dni_trainer_retain(dni_trainer *trainer);
void dni_trainer_release(dni_trainer *trainer);
dni_status dni_trainer_step(dni_trainer *trainer, const dni_batch *batch, dni_step_report *report);
dni_status dni_trainer_fit(dni_trainer *trainer, const dni_dataset *dataset, const dni_fit_options *options);
dni_status dni_trainer_fit_stream(dni_trainer *trainer, const dni_stream *stream, const dni_fit_options *options);
dni_status dni_trainer_report(const dni_trainer *trainer, dni_step_report *report);
dni_status dni_trainer_save(dni_trainer *trainer, const char *path);
dni_status dni_trainer_write(dni_trainer *trainer, const dni_writer *writer);
dni_status dni_trainer_load(dni_trainer *trainer, const char *path, const dni_load_options *options);
dni_status dni_trainer_read(dni_trainer *trainer, const dni_reader *reader, const dni_load_options *options);
dni_status dni_trainer_abandon(dni_trainer *trainer);
dni_status dni_trainer_flush(dni_trainer *trainer);
void dni_trainer_cancel(dni_trainer *trainer);
dni_status dni_trainer_set_rate_factor(dni_trainer *trainer, size_t module, double factor);
uint64_t dni_trainer_step_count(const dni_trainer *trainer);
size_t dni_trainer_module_count(const dni_trainer *trainer);
dni_status dni_trainer_layer_module(const dni_trainer *trainer, size_t layer, size_t *module);
size_t dni_trainer_thread_count(const dni_trainer *trainer);
dni_status dni_trainer_module_thread(const dni_trainer *trainer, size_t module, size_t *thread);
dni_optimiser *dni_trainer_module_optimiser(dni_trainer *trainer, size_t module);
dni_optimiser *dni_trainer_sg_optimiser(dni_trainer *trainer, size_t after);
dni_status dni_trainer_memory(const dni_trainer *trainer, dni_memory_report *report);
dni_status dni_checkpoint_create(dni_context *context, dni_checkpoint **out);
dni_checkpoint *dni_checkpoint_retain(dni_checkpoint *checkpoint);
void dni_checkpoint_release(dni_checkpoint *checkpoint);
dni_status dni_checkpoint_add_layer(dni_checkpoint *checkpoint, const char *name, dni_layer *layer);
dni_status dni_checkpoint_add_sg(dni_checkpoint *checkpoint, const char *name, dni_sg *sg);
dni_status dni_checkpoint_add_network(dni_checkpoint *checkpoint, const char *name, dni_network *network);
dni_status dni_checkpoint_add_optimiser(dni_checkpoint *checkpoint, const char *name, dni_optimiser *optimiser);
dni_status dni_checkpoint_add_order(dni_checkpoint *checkpoint, const char *name, dni_order *order);
dni_status dni_checkpoint_add_trainer(dni_checkpoint *checkpoint, const char *name, dni_trainer *trainer);
dni_status dni_checkpoint_add_matrix(dni_checkpoint *checkpoint, const char *name, dni_matrix *matrix);
dni_status dni_checkpoint_add_count(dni_checkpoint *checkpoint, const char *name, uint64_t *count);
dni_status dni_checkpoint_add_real(dni_checkpoint *checkpoint, const char *name, double *real);
dni_status dni_checkpoint_save(dni_checkpoint *checkpoint, const char *path);
dni_status dni_checkpoint_write(dni_checkpoint *checkpoint, const dni_writer *writer);
dni_status dni_checkpoint_load(dni_checkpoint *checkpoint, const char *path, const dni_load_options *options);
dni_status dni_checkpoint_read(dni_checkpoint *checkpoint, const dni_reader *reader, const dni_load_options *options);
dni_status dni_sg_create_scalar(dni_context *context, size_t units, dni_sg **out);
dni_status dni_sg_create_theorem(dni_context *context, size_t units, dni_sg **out);
dni_status dni_sg_line_search(dni_sg *sg, const dni_matrix *h, const dni_matrix *y, double *rate);
dni_status dni_guard_create(dni_optimiser *optimiser, const dni_guard_options *options, dni_guard **out);
dni_guard *dni_guard_retain(dni_guard *guard);
void dni_guard_release(dni_guard *guard);
dni_status dni_guard_step(dni_guard *guard, double error_norm, double jacobian_norm, double gradient_norm, int32_t *accepted);
uint64_t dni_guard_accepted(const dni_guard *guard);
uint64_t dni_guard_refused(const dni_guard *guard);
dni_status dni_checkpoint_add_guard(dni_checkpoint *checkpoint, const char *name, dni_guard *guard);
dni_status dni_analysis_align(const dni_matrix *estimate, const dni_matrix *truth, dni_alignment *out);
dni_status dni_analysis_interface(dni_context *context, dni_network *network, const dni_loss *loss, size_t after, const dni_batch *batch, size_t directions, uint64_t seed, dni_interface_report *out);
dni_status dni_analysis_rdm(dni_context *context, const dni_matrix *h, dni_matrix *rdm);
dni_status dni_analysis_rdm_distance(const dni_matrix *a, const dni_matrix *b, const int32_t *labels, size_t count, double *distance);
dni_status dni_analysis_classifier_probe(dni_context *context, const dni_matrix *h, const dni_matrix *y, const dni_probe_options *options, dni_probe_report *out);
dni_status dni_analysis_regressor_probe(dni_context *context, const dni_matrix *h, const dni_matrix *x, double *mse, size_t *rank);
dni_status dni_analysis_extract_loss(dni_context *context, dni_sg *sg, const dni_matrix *h, const dni_matrix *y, const dni_matrix *origin, size_t nodes, dni_matrix *loss);
dni_status dni_analysis_integrability(dni_sg *sg, double *defect);
dni_status dni_analysis_agreement(dni_context *context, const dni_matrix *estimate, const dni_matrix *truth, const int32_t *groups, size_t count, double *correlation, double *r2);
dni_status dni_dataset_create_artificial(dni_context *context, int32_t kind, size_t dimensions, size_t examples, size_t classes, const dni_random_options *options, dni_dataset **out);
dni_status dni_network_measure(dni_network *network, size_t rows, const dni_optimiser *optimiser, double *seconds, double *sg_seconds, size_t count);
dni_status dni_costs_balance(const double *costs, size_t count, size_t parts, double cut_cost, size_t *lengths);
dni_status dni_trainer_record(dni_trainer *trainer, uint8_t *lags, size_t count, size_t steps);
dni_status dni_trainer_replay(dni_trainer *trainer, const uint8_t *lags, size_t count, size_t steps);
]]

local interface = {version = "0.9.0", enums = {}, fields = {}, names = {}}
interface.handles = {"context", "backend", "layer", "state", "loss", "optimiser", "sg", "network", "predictor", "dataset", "order", "trainer", "checkpoint", "guard"}

interface.enums.status = {ok = 0, error_argument = 1, error_state = 2, error_memory = 3, error_io = 4, error_data = 5, error_unsupported = 6, error_backend = 7, error_non_finite = 8, error_cancelled = 9, error_callback = 10, error_system = 11, status_caller = 1000}
interface.enums.dtype = {f32 = 1, f64 = 2, bf16 = 3, f16 = 4, u8 = 5, i32 = 6}
interface.enums.setting = {learning_rate = 1, momentum = 2, weight_decay = 3, beta1 = 4, beta2 = 5, epsilon = 6, clip_norm = 7, clip_value = 8, rate_scale = 10, statistics_rate = 20, drop = 21, slope = 22, lambda = 30, shrink = 31, forgetting = 32, ridge = 33}
interface.enums.log_level = {information = 1, warning = 2}
interface.enums.instructions = {best = 0, baseline = 1, avx2 = 2, avx512 = 3, avx512_bf16 = 4, amx = 5}
interface.enums.backend_kind = {builtin = 1, cblas = 2, dynamic = 3, callback = 4}
interface.enums.activation = {identity = 0, relu = 1, tanh = 2, sigmoid = 3, leaky_relu = 4, gelu = 5}
interface.enums.mode = {training = 0, inference = 1}
interface.enums.gradient_flags = {replace = 0, add = 1, skip = 2, sum = 16, leave_dz = 32}
interface.enums.layer_kind = {dense = 1, activation = 2, batch_norm = 3, callback = 4, dropout = 5, layer_norm = 6}
interface.enums.initialiser = {default = 0, normal = 1, uniform = 2, fan_in = 3, xavier = 4, he = 5, orthogonal = 6, constant = 7}
interface.enums.loss_kind = {softmax_cross_entropy = 1, sigmoid_cross_entropy = 2, squared_error = 3, absolute_error = 4, callback = 5}
interface.enums.rate_kind = {constant = 0, decay = 1, piecewise = 2, lines = 3, cosine = 4, ["function"] = 5}
interface.enums.optimiser_kind = {sgd = 1, adam = 2, adamw = 3}
interface.enums.condition = {hy = 0, h = 1, y = 2, residual = 3}
interface.enums.needs = {nothing = 0, output_error = 1, delta_above = 2, delta = 3, delta_later = 4}
interface.enums.learns = {nothing = 0, target = 1, loss = 2, alone = 3}
interface.enums.sg_kind = {synthetic = 1, dfa = 2, fa = 3, ["local"] = 4, critic = 5, delayed = 6, zero = 7, mixture = 8, frozen = 9, warm_up = 10, callback = 11, least_squares = 12, scalar = 100, theorem = 101}
interface.enums.data_flags = {copy = 0, borrow = 1, unchecked = 2}
interface.enums.schedule_kind = {sequential = 0, random = 1, pipelined = 2, micro_batches = 3}
interface.enums.balance_kind = {counted = 0, measured = 1}
interface.enums.guard_kind = {proportional = 0, gated = 1}
interface.enums.artificial_kind = {linear = 1, noisy = 2, random = 3}

-- What a field is given as; others are numbers. With an array comes the field of its length.
interface.fields.dni_matrix = {data = {"pointer"}, rows = {"size"}, columns = {"size"}, stride = {"size"}, dtype = {"enum", "dtype"}}
interface.fields.dni_batch = {struct_size = {"size"}, x = {"matrix"}, y = {"matrix"}, weights = {"matrix"}}
interface.fields.dni_allocator = {struct_size = {"size"}, user = {"pointer"}, alloc = {"callback"}, free = {"callback"}, destroy = {"callback"}}
interface.fields.dni_context_options = {struct_size = {"size"}, allocator = {"pointer"}, seed = {"size"}, dtype = {"enum", "dtype"}, compute = {"enum", "dtype"}, instructions = {"enum", "instructions"}, backend = {"handle", "backend"}, log = {"callback"}, log_user = {"pointer"}, log_destroy = {"callback"}}
interface.fields.dni_writer = {struct_size = {"size"}, user = {"pointer"}, write = {"callback"}}
interface.fields.dni_reader = {struct_size = {"size"}, user = {"pointer"}, read = {"callback"}}
interface.fields.dni_load_options = {struct_size = {"size"}}
interface.fields.dni_backend_options = {struct_size = {"size"}, allocator = {"pointer"}, threads = {"size"}, instructions = {"enum", "instructions"}}
interface.fields.dni_product = {struct_size = {"size"}, dtype = {"enum", "dtype"}, m = {"size"}, n = {"size"}, k = {"size"}, a = {"pointer"}, lda = {"size"}, b = {"pointer"}, ldb = {"size"}, c = {"pointer"}, ldc = {"size"}}
interface.fields.dni_backend_callbacks = {struct_size = {"size"}, user = {"pointer"}, product = {"callback"}, set_threads = {"callback"}, destroy = {"callback"}}
interface.fields.dni_random_options = {struct_size = {"size"}, seed = {"size"}}
interface.fields.dni_layer_call = {struct_size = {"size"}, mode = {"enum", "mode"}, flags = {"flags", "gradient_flags"}, x = {"matrix"}, y = {"matrix"}, dy = {"matrix"}, dx = {"matrix"}, state = {"pointer"}, weights = {"matrix"}}
interface.fields.dni_layer_callbacks = {struct_size = {"size"}, user = {"pointer"}, forward = {"callback"}, backward = {"callback"}, parameter_count = {"size"}, parameter = {"callback"}, state_bytes = {"callback"}, changed = {"callback"}, copy = {"callback"}, destroy = {"callback"}}
interface.fields.dni_initialiser_options = {struct_size = {"size"}, kind = {"enum", "initialiser"}, seed = {"size"}}
interface.fields.dni_loss_options = {struct_size = {"size"}, class_weights = {"array", "double", "class_count"}, class_count = {"size"}}
interface.fields.dni_loss_call = {struct_size = {"size"}, h = {"matrix"}, y = {"matrix"}, delta = {"matrix"}, per_example = {"matrix"}}
interface.fields.dni_loss_callbacks = {struct_size = {"size"}, user = {"pointer"}, evaluate = {"callback"}, correct = {"callback"}, destroy = {"callback"}}
interface.fields.dni_schedule = {struct_size = {"size"}, kind = {"enum", "rate_kind"}, warm_up = {"size"}, steps = {"size"}, boundaries = {"array", "uint64_t", "count"}, values = {"array", "double", "count"}, count = {"size"}, ["function"] = {"callback"}, user = {"pointer"}, destroy = {"callback"}}
interface.fields.dni_sg_options = {struct_size = {"size"}, condition = {"enum", "condition"}, hidden_layers = {"size"}, hidden_units = {"size"}, seed = {"size"}, loss = {"handle", "loss"}}
interface.fields.dni_least_squares_options = {struct_size = {"size"}, condition = {"enum", "condition"}, loss = {"handle", "loss"}, solve_every = {"size"}}
interface.fields.dni_sg_call = {struct_size = {"size"}, flags = {"flags", "gradient_flags"}, h = {"matrix"}, y = {"matrix"}, signal = {"matrix"}, delta = {"matrix"}, target = {"matrix"}, losses = {"matrix"}, prediction = {"matrix"}, weights = {"matrix"}, own_loss = {"pointer"}}
interface.fields.dni_sg_callbacks = {struct_size = {"size"}, user = {"pointer"}, needs = {"enum", "needs"}, learns = {"enum", "learns"}, estimate = {"callback"}, learn = {"callback"}, parameter_count = {"size"}, parameter = {"callback"}, changed = {"callback"}, destroy = {"callback"}}
interface.fields.dni_query = {struct_size = {"size"}, h = {"matrix"}, y = {"matrix"}, signal = {"matrix"}, weights = {"matrix"}, losses = {"matrix"}}
interface.fields.dni_lesson = {struct_size = {"size"}, h = {"matrix"}, y = {"matrix"}, target = {"matrix"}, losses = {"matrix"}, prediction = {"matrix"}, weights = {"matrix"}, flags = {"flags", "gradient_flags"}}
interface.fields.dni_lesson_report = {struct_size = {"size"}}
interface.fields.dni_metric = {struct_size = {"size"}, user = {"pointer"}, evaluate = {"callback"}, destroy = {"callback"}}
interface.fields.dni_evaluation = {struct_size = {"size"}, examples = {"size"}}
interface.fields.dni_memory_options = {struct_size = {"size"}, flags = {"flags", "data_flags"}, classes = {"size"}, destroy = {"callback"}, user = {"pointer"}}
interface.fields.dni_idx_options = {struct_size = {"size"}, classes = {"size"}}
interface.fields.dni_csv_options = {struct_size = {"size"}, classes = {"size"}, target_columns = {"size"}, header_lines = {"size"}}
interface.fields.dni_dataset_callbacks = {struct_size = {"size"}, user = {"pointer"}, examples = {"size"}, features = {"size"}, targets = {"size"}, classes = {"size"}, fetch = {"callback"}, destroy = {"callback"}}
interface.fields.dni_trainer_options = {struct_size = {"size"}, optimiser = {"handle", "optimiser"}, sg_optimiser = {"handle", "optimiser"}, max_batch = {"size"}, schedule = {"enum", "schedule_kind"}, threads = {"size"}, in_flight = {"size"}, micro_batches = {"size"}, trained_modules = {"size"}, layer_thread = {"array", "size_t", "layer_thread_count"}, layer_thread_count = {"size"}, balance = {"enum", "balance_kind"}, seed = {"size"}, metric = {"pointer"}, activations = {"enum", "dtype"}}
interface.fields.dni_step_report = {struct_size = {"size"}, step = {"size"}, rows = {"size"}, epoch = {"size"}, layer_count = {"size"}, sg_mse = {"array", "double", "layer_count"}, sg_cosine = {"array", "double", "layer_count"}, target_lag = {"array", "size_t", "layer_count"}, module_count = {"size"}, module_updated = {"array", "int32_t", "module_count"}, checkpoint_status = {"enum", "status"}}
interface.fields.dni_fit_options = {struct_size = {"size"}, batch = {"size"}, epochs = {"size"}, steps = {"size"}, callback = {"callback"}, callback_user = {"pointer"}, callback_every = {"size"}, settle_every = {"size"}, seed = {"size"}, validation = {"handle", "dataset"}, validate_every = {"size"}, patience = {"size"}, best = {"handle", "network"}, checkpoint = {"text"}, checkpoint_every = {"size"}}
interface.fields.dni_stream = {struct_size = {"size"}, user = {"pointer"}, next = {"callback"}, position = {"callback"}, seek = {"callback"}}
interface.fields.dni_memory_report = {struct_size = {"size"}, parameter_bytes = {"size"}, gradient_bytes = {"size"}, optimiser_bytes = {"size"}, activation_bytes = {"size"}, workspace_bytes = {"size"}}
interface.fields.dni_guard_options = {struct_size = {"size"}, mode = {"enum", "guard_kind"}}
interface.fields.dni_alignment = {struct_size = {"size"}}
interface.fields.dni_interface_report = {struct_size = {"size"}}
interface.fields.dni_probe_options = {struct_size = {"size"}, batch = {"size"}, steps = {"size"}, seed = {"size"}}
interface.fields.dni_probe_report = {struct_size = {"size"}, steps = {"size"}}

-- What a report shows: its numbers and its arrays of numbers.
interface.names.dni_alignment = {"cosine", "relative_error", "sign_agreement", "error_norm", "estimate_norm", "truth_norm"}
interface.names.dni_evaluation = {"examples", "loss", "accuracy", "metric"}
interface.names.dni_interface_report = {"delta_cosine", "delta_relative_error", "delta_sign_agreement", "delta_error_norm", "estimate_norm", "truth_norm", "error_norm", "jacobian_norm", "gradient_norm", "ratio", "gradient_cosine", "synthetic_gradient_norm"}
interface.names.dni_lesson_report = {"mse", "cosine", "own_loss"}
interface.names.dni_memory_report = {"parameter_bytes", "gradient_bytes", "optimiser_bytes", "activation_bytes", "workspace_bytes"}
interface.names.dni_probe_report = {"accuracy", "loss", "steps"}
interface.names.dni_step_report = {"step", "loss", "accuracy", "metric", "rate", "gradient_norm", "rows", "epoch", "settled", "validated", "validation_loss", "validation_accuracy", "validation_metric", "layer_count", "sg_mse", "sg_cosine", "target_lag", "module_count", "module_updated", "checkpointed", "checkpoint_status"}

return interface
