/* What a program or binding compiled against dni.h relies on, and no later version may change: the
 * layout of every public struct, the numbers of the constants, the types of the functions.
 *
 * Only compiled, in C99, C11, C++98 and C++17 (tests/gates/headers.sh). A struct may grow at its
 * end: the new field gets a line here, and no line is ever changed. tests/gates/header_test.py writes
 * the lines; tests/gates/declared.sh misses those that are not there. */
#include <dni.h>
#include <dni/research.h>

#define HOLDS(name, condition)  typedef char name[(condition) ? 1 : -1]
#define AT(type, field, offset) HOLDS(offset_of_##type##_##field, offsetof(type, field) == (offset))
#define SIZE(type, bytes)       HOLDS(size_of_##type, sizeof(type) == (bytes))
#define VALUE(name, number)     HOLDS(value_of_##name, name == (number))

/* The numbers of a release agree with each other. */
HOLDS(version_is_one_number,
      DNI_VERSION == DNI_VERSION_MAJOR * 10000 + DNI_VERSION_MINOR * 100 + DNI_VERSION_PATCH);
HOLDS(version_is_text, sizeof(DNI_VERSION_STRING) >= sizeof("0.0.0"));

/* dni/types.h. --------------------------------------------------------------------------------- */

SIZE(dni_kind, 4);

VALUE(DNI_ALL, ((size_t)-1));
VALUE(DNI_NONE, ((size_t)-1));

/* dni/status.h. -------------------------------------------------------------------------------- */

SIZE(dni_status, 4);

VALUE(DNI_OK, 0);
VALUE(DNI_ERROR_ARGUMENT, 1);
VALUE(DNI_ERROR_STATE, 2);
VALUE(DNI_ERROR_MEMORY, 3);
VALUE(DNI_ERROR_IO, 4);
VALUE(DNI_ERROR_DATA, 5);
VALUE(DNI_ERROR_UNSUPPORTED, 6);
VALUE(DNI_ERROR_BACKEND, 7);
VALUE(DNI_ERROR_NON_FINITE, 8);
VALUE(DNI_ERROR_CANCELLED, 9);
VALUE(DNI_ERROR_CALLBACK, 10);
VALUE(DNI_ERROR_SYSTEM, 11);
VALUE(DNI_STATUS_CALLER, 1000);

#ifdef __cplusplus
extern "C" {
#endif

const char *dni_status_name(dni_status status);
const char *dni_last_message(void);
dni_status dni_last_status(void);
dni_status dni_fail(dni_status status, const char *text);
int32_t dni_version(void);
const char *dni_version_string(void);
const char *dni_build_info(void);

#ifdef __cplusplus
}
#endif

/* dni/matrix.h. -------------------------------------------------------------------------------- */

SIZE(dni_dtype, 4);

VALUE(DNI_F32, 1);
VALUE(DNI_F64, 2);
VALUE(DNI_BF16, 3);
VALUE(DNI_F16, 4);
VALUE(DNI_U8, 5);
VALUE(DNI_I32, 6);

/* Pointers of 8 bytes; elsewhere the offsets follow from the same declarations. */
#if UINTPTR_MAX == UINT64_MAX

AT(dni_matrix, data, 0);
AT(dni_matrix, rows, 8);
AT(dni_matrix, columns, 16);
AT(dni_matrix, stride, 24);
AT(dni_matrix, dtype, 32);
AT(dni_matrix, reserved, 36);

AT(dni_batch, struct_size, 0);
AT(dni_batch, x, 8);
AT(dni_batch, y, 16);
AT(dni_batch, weights, 24);

#endif

#ifdef __cplusplus
extern "C" {
#endif

void dni_matrix_init_f32(dni_matrix *view, const float *data, size_t rows, size_t columns);
void dni_matrix_init_f64(dni_matrix *view, const double *data, size_t rows, size_t columns);
void dni_matrix_init_labels(dni_matrix *view, const int32_t *labels, size_t rows);
void dni_matrix_init_u8(dni_matrix *view, const uint8_t *data, size_t rows, size_t columns);
void dni_matrix_init_strided_f32(dni_matrix *view, const float *data, size_t rows, size_t columns,
                                 size_t stride);
void dni_matrix_init_strided_f64(dni_matrix *view, const double *data, size_t rows, size_t columns,
                                 size_t stride);
dni_status dni_matrix_copy(const dni_matrix *from, dni_matrix *to);

#ifdef __cplusplus
}
#endif

/* dni/settings.h. ------------------------------------------------------------------------------ */

SIZE(dni_setting, 4);

VALUE(DNI_SETTING_LEARNING_RATE, 1);
VALUE(DNI_SETTING_MOMENTUM, 2);
VALUE(DNI_SETTING_WEIGHT_DECAY, 3);
VALUE(DNI_SETTING_BETA1, 4);
VALUE(DNI_SETTING_BETA2, 5);
VALUE(DNI_SETTING_EPSILON, 6);
VALUE(DNI_SETTING_CLIP_NORM, 7);
VALUE(DNI_SETTING_CLIP_VALUE, 8);
VALUE(DNI_SETTING_RATE_SCALE, 10);
VALUE(DNI_SETTING_STATISTICS_RATE, 20);
VALUE(DNI_SETTING_DROP, 21);
VALUE(DNI_SETTING_SLOPE, 22);
VALUE(DNI_SETTING_LAMBDA, 30);
VALUE(DNI_SETTING_SHRINK, 31);
VALUE(DNI_SETTING_FORGETTING, 32);
VALUE(DNI_SETTING_RIDGE, 33);

#ifdef __cplusplus
extern "C" {
#endif

const char *dni_setting_name(dni_setting setting);

#ifdef __cplusplus
}
#endif

/* dni/context.h. ------------------------------------------------------------------------------- */

SIZE(dni_log_level, 4);
SIZE(dni_instructions, 4);

VALUE(DNI_LOG_INFORMATION, 1);
VALUE(DNI_LOG_WARNING, 2);
VALUE(DNI_INSTRUCTIONS_BEST, 0);
VALUE(DNI_INSTRUCTIONS_BASELINE, 1);
VALUE(DNI_INSTRUCTIONS_AVX2, 2);
VALUE(DNI_INSTRUCTIONS_AVX512, 3);
VALUE(DNI_INSTRUCTIONS_AVX512_BF16, 4);
VALUE(DNI_INSTRUCTIONS_AMX, 5);

/* Pointers of 8 bytes; elsewhere the offsets follow from the same declarations. */
#if UINTPTR_MAX == UINT64_MAX

AT(dni_allocator, struct_size, 0);
AT(dni_allocator, user, 8);
AT(dni_allocator, alloc, 16);
AT(dni_allocator, free, 24);
AT(dni_allocator, destroy, 32);

AT(dni_context_options, struct_size, 0);
AT(dni_context_options, allocator, 8);
AT(dni_context_options, seed, 16);
AT(dni_context_options, dtype, 24);
AT(dni_context_options, compute, 28);
AT(dni_context_options, instructions, 32);
AT(dni_context_options, reserved, 36);
AT(dni_context_options, backend, 40);
AT(dni_context_options, log, 48);
AT(dni_context_options, log_user, 56);
AT(dni_context_options, log_destroy, 64);

#endif

#ifdef __cplusplus
extern "C" {
#endif

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

#ifdef __cplusplus
}
#endif

/* dni/file.h. ---------------------------------------------------------------------------------- */

/* Pointers of 8 bytes; elsewhere the offsets follow from the same declarations. */
#if UINTPTR_MAX == UINT64_MAX

AT(dni_writer, struct_size, 0);
AT(dni_writer, user, 8);
AT(dni_writer, write, 16);

AT(dni_reader, struct_size, 0);
AT(dni_reader, user, 8);
AT(dni_reader, read, 16);

AT(dni_load_options, struct_size, 0);
AT(dni_load_options, finite, 8);
AT(dni_load_options, reserved, 12);

#endif

/* dni/backend.h. ------------------------------------------------------------------------------- */

VALUE(DNI_BACKEND_BUILTIN, 1);
VALUE(DNI_BACKEND_CBLAS, 2);
VALUE(DNI_BACKEND_DYNAMIC, 3);
VALUE(DNI_BACKEND_CALLBACK, 4);

/* Pointers of 8 bytes; elsewhere the offsets follow from the same declarations. */
#if UINTPTR_MAX == UINT64_MAX

AT(dni_backend_options, struct_size, 0);
AT(dni_backend_options, allocator, 8);
AT(dni_backend_options, threads, 16);
AT(dni_backend_options, instructions, 24);
AT(dni_backend_options, reserved, 28);

AT(dni_product, struct_size, 0);
AT(dni_product, dtype, 8);
AT(dni_product, transpose_a, 12);
AT(dni_product, transpose_b, 16);
AT(dni_product, reserved, 20);
AT(dni_product, m, 24);
AT(dni_product, n, 32);
AT(dni_product, k, 40);
AT(dni_product, alpha, 48);
AT(dni_product, a, 56);
AT(dni_product, lda, 64);
AT(dni_product, b, 72);
AT(dni_product, ldb, 80);
AT(dni_product, beta, 88);
AT(dni_product, c, 96);
AT(dni_product, ldc, 104);

AT(dni_backend_callbacks, struct_size, 0);
AT(dni_backend_callbacks, user, 8);
AT(dni_backend_callbacks, product, 16);
AT(dni_backend_callbacks, f32, 24);
AT(dni_backend_callbacks, f64, 28);
AT(dni_backend_callbacks, set_threads, 32);
AT(dni_backend_callbacks, destroy, 40);
AT(dni_backend_callbacks, bf16, 48);
AT(dni_backend_callbacks, reserved, 52);

#endif

#ifdef __cplusplus
extern "C" {
#endif

dni_status dni_backend_create_builtin(const dni_backend_options *options, dni_backend **out);
dni_status dni_backend_create_cblas(const dni_backend_options *options, dni_backend **out);
dni_status dni_backend_create_dynamic(const dni_backend_options *options, const char *path,
                                      dni_backend **out);
dni_status dni_backend_create_callback(const dni_backend_options *options,
                                       const dni_backend_callbacks *callbacks, dni_backend **out);
dni_backend *dni_backend_retain(dni_backend *backend);
void dni_backend_release(dni_backend *backend);
dni_kind dni_backend_kind(const dni_backend *backend);
const char *dni_backend_kind_name(const dni_backend *backend);
const char *dni_backend_name(const dni_backend *backend);
dni_status dni_backend_set_threads(dni_backend *backend, size_t threads);
dni_status dni_backend_gemm(dni_backend *backend, int32_t transpose_a, int32_t transpose_b,
                            double alpha, const dni_matrix *a, const dni_matrix *b, double beta,
                            dni_matrix *c);

#ifdef __cplusplus
}
#endif

/* dni/layer.h. --------------------------------------------------------------------------------- */

SIZE(dni_activation, 4);
SIZE(dni_mode, 4);
SIZE(dni_gradient_flags, 4);
SIZE(dni_initialiser, 4);

VALUE(DNI_ACTIVATION_IDENTITY, 0);
VALUE(DNI_ACTIVATION_RELU, 1);
VALUE(DNI_ACTIVATION_TANH, 2);
VALUE(DNI_ACTIVATION_SIGMOID, 3);
VALUE(DNI_ACTIVATION_LEAKY_RELU, 4);
VALUE(DNI_ACTIVATION_GELU, 5);
VALUE(DNI_MODE_TRAINING, 0);
VALUE(DNI_MODE_INFERENCE, 1);
VALUE(DNI_GRADIENT_REPLACE, 0);
VALUE(DNI_GRADIENT_ADD, 1);
VALUE(DNI_GRADIENT_SKIP, 2);
VALUE(DNI_GRADIENT_SUM, 16);
VALUE(DNI_GRADIENT_LEAVE_DZ, 32);
VALUE(DNI_LAYER_DENSE, 1);
VALUE(DNI_LAYER_ACTIVATION, 2);
VALUE(DNI_LAYER_BATCH_NORM, 3);
VALUE(DNI_LAYER_CALLBACK, 4);
VALUE(DNI_LAYER_DROPOUT, 5);
VALUE(DNI_LAYER_LAYER_NORM, 6);
VALUE(DNI_INITIALISER_DEFAULT, 0);
VALUE(DNI_INITIALISER_NORMAL, 1);
VALUE(DNI_INITIALISER_UNIFORM, 2);
VALUE(DNI_INITIALISER_FAN_IN, 3);
VALUE(DNI_INITIALISER_XAVIER, 4);
VALUE(DNI_INITIALISER_HE, 5);
VALUE(DNI_INITIALISER_ORTHOGONAL, 6);
VALUE(DNI_INITIALISER_CONSTANT, 7);

/* Pointers of 8 bytes; elsewhere the offsets follow from the same declarations. */
#if UINTPTR_MAX == UINT64_MAX

AT(dni_random_options, struct_size, 0);
AT(dni_random_options, has_seed, 8);
AT(dni_random_options, reserved, 12);
AT(dni_random_options, seed, 16);

AT(dni_layer_call, struct_size, 0);
AT(dni_layer_call, mode, 8);
AT(dni_layer_call, flags, 12);
AT(dni_layer_call, x, 16);
AT(dni_layer_call, y, 24);
AT(dni_layer_call, dy, 32);
AT(dni_layer_call, dx, 40);
AT(dni_layer_call, state, 48);
AT(dni_layer_call, weights, 56);
AT(dni_layer_call, scale, 64);

AT(dni_layer_callbacks, struct_size, 0);
AT(dni_layer_callbacks, user, 8);
AT(dni_layer_callbacks, forward, 16);
AT(dni_layer_callbacks, backward, 24);
AT(dni_layer_callbacks, parameter_count, 32);
AT(dni_layer_callbacks, parameter, 40);
AT(dni_layer_callbacks, state_bytes, 48);
AT(dni_layer_callbacks, changed, 56);
AT(dni_layer_callbacks, copy, 64);
AT(dni_layer_callbacks, destroy, 72);

AT(dni_initialiser_options, struct_size, 0);
AT(dni_initialiser_options, kind, 8);
AT(dni_initialiser_options, uniform, 12);
AT(dni_initialiser_options, has_value, 16);
AT(dni_initialiser_options, has_seed, 20);
AT(dni_initialiser_options, value, 24);
AT(dni_initialiser_options, seed, 32);

#endif

#ifdef __cplusplus
extern "C" {
#endif

dni_status dni_layer_create_dense(dni_context *context, size_t inputs, size_t outputs,
                                  dni_activation activation, dni_layer **out);
dni_status dni_layer_create_activation(dni_context *context, size_t units,
                                       dni_activation activation, dni_layer **out);
dni_status dni_layer_create_batch_norm(dni_context *context, size_t units, dni_layer **out);
dni_status dni_layer_create_layer_norm(dni_context *context, size_t units, dni_layer **out);
dni_status dni_layer_create_dropout(dni_context *context, size_t units, double drop,
                                    const dni_random_options *options, dni_layer **out);
dni_status dni_layer_create_callback(dni_context *context, size_t inputs, size_t outputs,
                                     const dni_layer_callbacks *callbacks, dni_layer **out);
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
dni_status dni_layer_forward(dni_layer *layer, dni_mode mode, dni_state *state, const dni_matrix *x,
                             dni_matrix *y);
dni_status dni_layer_backward(dni_layer *layer, dni_gradient_flags flags, dni_state *state,
                              const dni_matrix *x, const dni_matrix *y, dni_matrix *dy,
                              dni_matrix *dx);
size_t dni_layer_parameter_count(const dni_layer *layer);
const char *dni_layer_parameter_name(const dni_layer *layer, size_t index);
dni_status dni_layer_parameter(dni_layer *layer, size_t index, dni_matrix *value,
                               dni_matrix *gradient);
dni_status dni_layer_changed(dni_layer *layer);
dni_status dni_layer_set_parameter(dni_layer *layer, size_t index, const dni_matrix *value);
dni_status dni_layer_get_parameter(const dni_layer *layer, size_t index, dni_matrix *value);
dni_status dni_layer_initialise(dni_layer *layer, const dni_initialiser_options *options);
int32_t dni_layer_has(const dni_layer *layer, dni_setting setting);
dni_status dni_layer_bounds(const dni_layer *layer, dni_setting setting, double *least,
                            double *most);
dni_status dni_layer_set_f64(dni_layer *layer, dni_setting setting, double value);
dni_status dni_layer_get_f64(const dni_layer *layer, dni_setting setting, double *value);

#ifdef __cplusplus
}
#endif

/* dni/loss.h. ---------------------------------------------------------------------------------- */

VALUE(DNI_LOSS_SOFTMAX_CROSS_ENTROPY, 1);
VALUE(DNI_LOSS_SIGMOID_CROSS_ENTROPY, 2);
VALUE(DNI_LOSS_SQUARED_ERROR, 3);
VALUE(DNI_LOSS_ABSOLUTE_ERROR, 4);
VALUE(DNI_LOSS_CALLBACK, 5);

/* Pointers of 8 bytes; elsewhere the offsets follow from the same declarations. */
#if UINTPTR_MAX == UINT64_MAX

AT(dni_loss_options, struct_size, 0);
AT(dni_loss_options, label_smoothing, 8);
AT(dni_loss_options, class_weights, 16);
AT(dni_loss_options, class_count, 24);

AT(dni_loss_call, struct_size, 0);
AT(dni_loss_call, h, 8);
AT(dni_loss_call, y, 16);
AT(dni_loss_call, delta, 24);
AT(dni_loss_call, per_example, 32);

AT(dni_loss_callbacks, struct_size, 0);
AT(dni_loss_callbacks, user, 8);
AT(dni_loss_callbacks, evaluate, 16);
AT(dni_loss_callbacks, correct, 24);
AT(dni_loss_callbacks, destroy, 32);

#endif

#ifdef __cplusplus
extern "C" {
#endif

dni_status dni_loss_create_softmax_cross_entropy(dni_context *context,
                                                 const dni_loss_options *options, dni_loss **out);
dni_status dni_loss_create_sigmoid_cross_entropy(dni_context *context,
                                                 const dni_loss_options *options, dni_loss **out);
dni_status dni_loss_create_squared_error(dni_context *context, dni_loss **out);
dni_status dni_loss_create_absolute_error(dni_context *context, dni_loss **out);
dni_status dni_loss_create_callback(dni_context *context, const dni_loss_callbacks *callbacks,
                                    dni_loss **out);
dni_loss *dni_loss_retain(dni_loss *loss);
void dni_loss_release(dni_loss *loss);
dni_kind dni_loss_kind(const dni_loss *loss);
const char *dni_loss_kind_name(const dni_loss *loss);
int32_t dni_loss_classifies(const dni_loss *loss);
dni_status dni_loss_evaluate(const dni_loss *loss, const dni_batch *batch, dni_matrix *delta,
                             dni_matrix *per_example, double *mean);
dni_status dni_loss_count_correct(const dni_loss *loss, const dni_batch *batch, double *correct);

#ifdef __cplusplus
}
#endif

/* dni/schedule.h. ------------------------------------------------------------------------------ */

VALUE(DNI_RATE_CONSTANT, 0);
VALUE(DNI_RATE_DECAY, 1);
VALUE(DNI_RATE_PIECEWISE, 2);
VALUE(DNI_RATE_LINES, 3);
VALUE(DNI_RATE_COSINE, 4);
VALUE(DNI_RATE_FUNCTION, 5);

/* Pointers of 8 bytes; elsewhere the offsets follow from the same declarations. */
#if UINTPTR_MAX == UINT64_MAX

AT(dni_schedule, struct_size, 0);
AT(dni_schedule, kind, 8);
AT(dni_schedule, reserved, 12);
AT(dni_schedule, warm_up, 16);
AT(dni_schedule, steps, 24);
AT(dni_schedule, value, 32);
AT(dni_schedule, boundaries, 40);
AT(dni_schedule, values, 48);
AT(dni_schedule, count, 56);
AT(dni_schedule, function, 64);
AT(dni_schedule, user, 72);
AT(dni_schedule, destroy, 80);

#endif

#ifdef __cplusplus
extern "C" {
#endif

dni_status dni_schedule_value(const dni_schedule *schedule, uint64_t step, double *value);

#ifdef __cplusplus
}
#endif

/* dni/optimiser.h. ----------------------------------------------------------------------------- */

VALUE(DNI_OPTIMISER_SGD, 1);
VALUE(DNI_OPTIMISER_ADAM, 2);
VALUE(DNI_OPTIMISER_ADAMW, 3);

#ifdef __cplusplus
extern "C" {
#endif

dni_status dni_optimiser_create_sgd(dni_context *context, double learning_rate,
                                    dni_optimiser **out);
dni_status dni_optimiser_create_adam(dni_context *context, double learning_rate,
                                     dni_optimiser **out);
dni_status dni_optimiser_create_adamw(dni_context *context, double learning_rate,
                                      dni_optimiser **out);
dni_status dni_optimiser_create_like(const dni_optimiser *other, dni_optimiser **out);
dni_status dni_optimiser_set_moment_dtype(dni_optimiser *optimiser, dni_dtype dtype);
dni_dtype dni_optimiser_moment_dtype(const dni_optimiser *optimiser);
dni_optimiser *dni_optimiser_retain(dni_optimiser *optimiser);
void dni_optimiser_release(dni_optimiser *optimiser);
dni_kind dni_optimiser_kind(const dni_optimiser *optimiser);
const char *dni_optimiser_kind_name(const dni_optimiser *optimiser);
dni_status dni_optimiser_add_layer(dni_optimiser *optimiser, dni_layer *layer);
dni_status dni_optimiser_add_sg(dni_optimiser *optimiser, dni_sg *sg);
dni_status dni_optimiser_add(dni_optimiser *optimiser, const dni_matrix *value,
                             const dni_matrix *gradient, dni_destroy_callback destroy, void *user);
dni_status dni_optimiser_changed(dni_optimiser *optimiser);
dni_status dni_optimiser_step(dni_optimiser *optimiser);
dni_status dni_optimiser_step_scaled(dni_optimiser *optimiser, double factor);
dni_status dni_optimiser_set_schedule(dni_optimiser *optimiser, const dni_schedule *schedule);
int32_t dni_optimiser_has(const dni_optimiser *optimiser, dni_setting setting);
dni_status dni_optimiser_bounds(const dni_optimiser *optimiser, dni_setting setting, double *least,
                                double *most);
dni_status dni_optimiser_set_f64(dni_optimiser *optimiser, dni_setting setting, double value);
dni_status dni_optimiser_get_f64(const dni_optimiser *optimiser, dni_setting setting,
                                 double *value);
uint64_t dni_optimiser_step_count(const dni_optimiser *optimiser);
double dni_optimiser_rate(const dni_optimiser *optimiser);
size_t dni_optimiser_bytes(const dni_optimiser *optimiser);

#ifdef __cplusplus
}
#endif

/* dni/sg.h. ------------------------------------------------------------------------------------ */

SIZE(dni_condition, 4);
SIZE(dni_needs, 4);
SIZE(dni_learns, 4);

VALUE(DNI_CONDITION_HY, 0);
VALUE(DNI_CONDITION_H, 1);
VALUE(DNI_CONDITION_Y, 2);
VALUE(DNI_CONDITION_RESIDUAL, 3);
VALUE(DNI_SG_NEEDS_NOTHING, 0);
VALUE(DNI_SG_NEEDS_OUTPUT_ERROR, 1);
VALUE(DNI_SG_NEEDS_DELTA_ABOVE, 2);
VALUE(DNI_SG_NEEDS_DELTA, 3);
VALUE(DNI_SG_NEEDS_DELTA_LATER, 4);
VALUE(DNI_SG_LEARNS_NOTHING, 0);
VALUE(DNI_SG_LEARNS_TARGET, 1);
VALUE(DNI_SG_LEARNS_LOSS, 2);
VALUE(DNI_SG_LEARNS_ALONE, 3);
VALUE(DNI_SG_SYNTHETIC, 1);
VALUE(DNI_SG_DFA, 2);
VALUE(DNI_SG_FA, 3);
VALUE(DNI_SG_LOCAL, 4);
VALUE(DNI_SG_CRITIC, 5);
VALUE(DNI_SG_DELAYED, 6);
VALUE(DNI_SG_ZERO, 7);
VALUE(DNI_SG_MIXTURE, 8);
VALUE(DNI_SG_FROZEN, 9);
VALUE(DNI_SG_WARM_UP, 10);
VALUE(DNI_SG_CALLBACK, 11);
VALUE(DNI_SG_LEAST_SQUARES, 12);
VALUE(DNI_SG_SCALAR, 100);
VALUE(DNI_SG_THEOREM, 101);

/* Pointers of 8 bytes; elsewhere the offsets follow from the same declarations. */
#if UINTPTR_MAX == UINT64_MAX

AT(dni_sg_options, struct_size, 0);
AT(dni_sg_options, condition, 8);
AT(dni_sg_options, has_seed, 12);
AT(dni_sg_options, hidden_layers, 16);
AT(dni_sg_options, hidden_units, 24);
AT(dni_sg_options, seed, 32);
AT(dni_sg_options, loss, 40);

AT(dni_least_squares_options, struct_size, 0);
AT(dni_least_squares_options, condition, 8);
AT(dni_least_squares_options, reserved, 12);
AT(dni_least_squares_options, loss, 16);
AT(dni_least_squares_options, forgetting, 24);
AT(dni_least_squares_options, ridge, 32);
AT(dni_least_squares_options, solve_every, 40);
AT(dni_least_squares_options, guess_rate, 48);

AT(dni_sg_call, struct_size, 0);
AT(dni_sg_call, flags, 8);
AT(dni_sg_call, reserved, 12);
AT(dni_sg_call, h, 16);
AT(dni_sg_call, y, 24);
AT(dni_sg_call, signal, 32);
AT(dni_sg_call, delta, 40);
AT(dni_sg_call, target, 48);
AT(dni_sg_call, losses, 56);
AT(dni_sg_call, prediction, 64);
AT(dni_sg_call, weights, 72);
AT(dni_sg_call, scale, 80);
AT(dni_sg_call, own_loss, 88);

AT(dni_sg_callbacks, struct_size, 0);
AT(dni_sg_callbacks, user, 8);
AT(dni_sg_callbacks, needs, 16);
AT(dni_sg_callbacks, learns, 20);
AT(dni_sg_callbacks, estimate, 24);
AT(dni_sg_callbacks, learn, 32);
AT(dni_sg_callbacks, parameter_count, 40);
AT(dni_sg_callbacks, parameter, 48);
AT(dni_sg_callbacks, changed, 56);
AT(dni_sg_callbacks, destroy, 64);

AT(dni_query, struct_size, 0);
AT(dni_query, h, 8);
AT(dni_query, y, 16);
AT(dni_query, signal, 24);
AT(dni_query, weights, 32);
AT(dni_query, losses, 40);

AT(dni_lesson, struct_size, 0);
AT(dni_lesson, h, 8);
AT(dni_lesson, y, 16);
AT(dni_lesson, target, 24);
AT(dni_lesson, losses, 32);
AT(dni_lesson, prediction, 40);
AT(dni_lesson, weights, 48);
AT(dni_lesson, flags, 56);
AT(dni_lesson, reserved, 60);

AT(dni_lesson_report, struct_size, 0);
AT(dni_lesson_report, mse, 8);
AT(dni_lesson_report, cosine, 16);
AT(dni_lesson_report, own_loss, 24);

#endif

#ifdef __cplusplus
extern "C" {
#endif

dni_status dni_sg_create_synthetic(dni_context *context, size_t units, size_t targets,
                                   const dni_sg_options *options, dni_sg **out);
dni_status dni_sg_create_least_squares(dni_context *context, size_t units, size_t targets,
                                       const dni_least_squares_options *options, dni_sg **out);
dni_status dni_sg_create_dfa(dni_context *context, size_t units, size_t signal_units,
                             const dni_random_options *options, dni_sg **out);
dni_status dni_sg_create_fa(dni_context *context, size_t units, size_t signal_units,
                            const dni_random_options *options, dni_sg **out);
dni_status dni_sg_create_local(dni_context *context, size_t units, size_t targets, dni_loss *loss,
                               const dni_sg_options *options, dni_sg **out);
dni_status dni_sg_create_critic(dni_context *context, size_t units, size_t targets,
                                const dni_sg_options *options, dni_sg **out);
dni_status dni_sg_create_delayed(dni_context *context, size_t units, double shrink, dni_sg **out);
dni_status dni_sg_create_zero(dni_context *context, size_t units, dni_sg **out);
dni_status dni_sg_create_mixture(dni_context *context, dni_sg *inner, double lambda, dni_sg **out);
dni_status dni_sg_create_frozen(dni_context *context, dni_sg *inner, dni_sg **out);
dni_status dni_sg_create_warm_up(dni_context *context, dni_sg *inner, uint64_t lessons,
                                 dni_sg **out);
dni_status dni_sg_create_callback(dni_context *context, size_t units, size_t targets,
                                  size_t signal_units, const dni_sg_callbacks *callbacks,
                                  dni_sg **out);
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

#ifdef __cplusplus
}
#endif

/* dni/network.h. ------------------------------------------------------------------------------- */

/* Pointers of 8 bytes; elsewhere the offsets follow from the same declarations. */
#if UINTPTR_MAX == UINT64_MAX

AT(dni_metric, struct_size, 0);
AT(dni_metric, user, 8);
AT(dni_metric, evaluate, 16);
AT(dni_metric, destroy, 24);

AT(dni_evaluation, struct_size, 0);
AT(dni_evaluation, examples, 8);
AT(dni_evaluation, loss, 16);
AT(dni_evaluation, accuracy, 24);
AT(dni_evaluation, metric, 32);

#endif

#ifdef __cplusplus
extern "C" {
#endif

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
dni_status dni_predictor_run(dni_predictor *predictor, size_t after, const dni_matrix *x,
                             dni_matrix *h);
dni_status dni_network_reserve(dni_network *network, size_t rows);
dni_status dni_network_predict(dni_network *network, const dni_matrix *x, dni_matrix *h);
dni_status dni_network_evaluate(dni_network *network, const dni_loss *loss,
                                const dni_dataset *dataset, const dni_metric *metric,
                                dni_evaluation *out);
dni_status dni_network_save(dni_network *network, const char *path);
dni_status dni_network_write(dni_network *network, const dni_writer *writer);
dni_status dni_network_load(dni_context *context, const char *path, dni_network **out);
dni_status dni_network_read(dni_context *context, const dni_reader *reader, dni_network **out);

#ifdef __cplusplus
}
#endif

/* dni/dataset.h. ------------------------------------------------------------------------------- */

SIZE(dni_data_flags, 4);

VALUE(DNI_DATA_COPY, 0);
VALUE(DNI_DATA_BORROW, 1);
VALUE(DNI_DATA_UNCHECKED, 2);
VALUE(DNI_ORDER_STATE, 5);

/* Pointers of 8 bytes; elsewhere the offsets follow from the same declarations. */
#if UINTPTR_MAX == UINT64_MAX

AT(dni_memory_options, struct_size, 0);
AT(dni_memory_options, flags, 8);
AT(dni_memory_options, scaled, 12);
AT(dni_memory_options, factor, 16);
AT(dni_memory_options, offset, 24);
AT(dni_memory_options, classes, 32);
AT(dni_memory_options, destroy, 40);
AT(dni_memory_options, user, 48);

AT(dni_idx_options, struct_size, 0);
AT(dni_idx_options, classes, 8);
AT(dni_idx_options, scaled, 16);
AT(dni_idx_options, in_file, 20);
AT(dni_idx_options, factor, 24);
AT(dni_idx_options, offset, 32);

AT(dni_csv_options, struct_size, 0);
AT(dni_csv_options, classes, 8);
AT(dni_csv_options, target_columns, 16);
AT(dni_csv_options, header_lines, 24);
AT(dni_csv_options, targets_first, 32);
AT(dni_csv_options, separator, 36);

AT(dni_dataset_callbacks, struct_size, 0);
AT(dni_dataset_callbacks, user, 8);
AT(dni_dataset_callbacks, examples, 16);
AT(dni_dataset_callbacks, features, 24);
AT(dni_dataset_callbacks, targets, 32);
AT(dni_dataset_callbacks, classes, 40);
AT(dni_dataset_callbacks, fetch, 48);
AT(dni_dataset_callbacks, destroy, 56);

#endif

#ifdef __cplusplus
extern "C" {
#endif

dni_status dni_dataset_create_memory(dni_context *context, const dni_matrix *x, const dni_matrix *y,
                                     const dni_memory_options *options, dni_dataset **out);
dni_status dni_dataset_create_idx(dni_context *context, const char *images_path,
                                  const char *labels_path, const dni_idx_options *options,
                                  dni_dataset **out);
dni_status dni_dataset_create_csv(dni_context *context, const char *path,
                                  const dni_csv_options *options, dni_dataset **out);
dni_status dni_dataset_create_callback(dni_context *context, const dni_dataset_callbacks *callbacks,
                                       dni_dataset **out);
dni_status dni_dataset_subset(dni_dataset *dataset, const size_t *indices, size_t count,
                              dni_dataset **out);
dni_status dni_dataset_split(dni_dataset *dataset, size_t count, int32_t shuffle,
                             const dni_random_options *options, dni_dataset **first,
                             dni_dataset **second);
dni_dataset *dni_dataset_retain(dni_dataset *dataset);
void dni_dataset_release(dni_dataset *dataset);
size_t dni_dataset_examples(const dni_dataset *dataset);
size_t dni_dataset_features(const dni_dataset *dataset);
size_t dni_dataset_targets(const dni_dataset *dataset);
size_t dni_dataset_classes(const dni_dataset *dataset);
dni_status dni_dataset_batch(const dni_dataset *dataset, size_t first, dni_matrix *x,
                             dni_matrix *y);
dni_status dni_dataset_gather(const dni_dataset *dataset, const size_t *indices, size_t count,
                              dni_matrix *x, dni_matrix *y);
dni_status dni_order_create(const dni_dataset *dataset, const dni_random_options *options,
                            dni_order **out);
dni_order *dni_order_retain(dni_order *order);
void dni_order_release(dni_order *order);
dni_status dni_order_shuffle(dni_order *order);
dni_status dni_order_state(const dni_order *order, uint64_t *state, size_t count);
dni_status dni_order_set_state(dni_order *order, const uint64_t *state, size_t count);
const size_t *dni_order_indices(const dni_order *order);

#ifdef __cplusplus
}
#endif

/* dni/trainer.h. ------------------------------------------------------------------------------- */

VALUE(DNI_SCHEDULE_SEQUENTIAL, 0);
VALUE(DNI_SCHEDULE_RANDOM, 1);
VALUE(DNI_SCHEDULE_PIPELINED, 2);
VALUE(DNI_SCHEDULE_MICRO_BATCHES, 3);
VALUE(DNI_BALANCE_COUNTED, 0);
VALUE(DNI_BALANCE_MEASURED, 1);

/* Pointers of 8 bytes; elsewhere the offsets follow from the same declarations. */
#if UINTPTR_MAX == UINT64_MAX

AT(dni_trainer_options, struct_size, 0);
AT(dni_trainer_options, optimiser, 8);
AT(dni_trainer_options, sg_optimiser, 16);
AT(dni_trainer_options, max_batch, 24);
AT(dni_trainer_options, schedule, 32);
AT(dni_trainer_options, measure_gradient_norm, 36);
AT(dni_trainer_options, update_probability, 40);
AT(dni_trainer_options, threads, 48);
AT(dni_trainer_options, in_flight, 56);
AT(dni_trainer_options, micro_batches, 64);
AT(dni_trainer_options, trained_modules, 72);
AT(dni_trainer_options, layer_thread, 80);
AT(dni_trainer_options, layer_thread_count, 88);
AT(dni_trainer_options, balance, 96);
AT(dni_trainer_options, has_seed, 100);
AT(dni_trainer_options, seed, 104);
AT(dni_trainer_options, metric, 112);
AT(dni_trainer_options, activations, 120);
AT(dni_trainer_options, reserved, 124);

AT(dni_step_report, struct_size, 0);
AT(dni_step_report, step, 8);
AT(dni_step_report, loss, 16);
AT(dni_step_report, accuracy, 24);
AT(dni_step_report, metric, 32);
AT(dni_step_report, rate, 40);
AT(dni_step_report, gradient_norm, 48);
AT(dni_step_report, rows, 56);
AT(dni_step_report, epoch, 64);
AT(dni_step_report, settled, 72);
AT(dni_step_report, validated, 76);
AT(dni_step_report, validation_loss, 80);
AT(dni_step_report, validation_accuracy, 88);
AT(dni_step_report, validation_metric, 96);
AT(dni_step_report, layer_count, 104);
AT(dni_step_report, sg_mse, 112);
AT(dni_step_report, sg_cosine, 120);
AT(dni_step_report, target_lag, 128);
AT(dni_step_report, module_count, 136);
AT(dni_step_report, module_updated, 144);
AT(dni_step_report, checkpointed, 152);
AT(dni_step_report, checkpoint_status, 156);

AT(dni_fit_options, struct_size, 0);
AT(dni_fit_options, batch, 8);
AT(dni_fit_options, epochs, 16);
AT(dni_fit_options, steps, 24);
AT(dni_fit_options, callback, 32);
AT(dni_fit_options, callback_user, 40);
AT(dni_fit_options, callback_every, 48);
AT(dni_fit_options, settle_every, 56);
AT(dni_fit_options, keep_order, 64);
AT(dni_fit_options, keep_rest, 68);
AT(dni_fit_options, has_seed, 72);
AT(dni_fit_options, reserved, 76);
AT(dni_fit_options, seed, 80);
AT(dni_fit_options, validation, 88);
AT(dni_fit_options, validate_every, 96);
AT(dni_fit_options, patience, 104);
AT(dni_fit_options, best, 112);
AT(dni_fit_options, checkpoint, 120);
AT(dni_fit_options, checkpoint_every, 128);
AT(dni_fit_options, checkpoint_may_fail, 136);
AT(dni_fit_options, anew, 140);

AT(dni_stream, struct_size, 0);
AT(dni_stream, user, 8);
AT(dni_stream, next, 16);
AT(dni_stream, position, 24);
AT(dni_stream, seek, 32);

AT(dni_memory_report, struct_size, 0);
AT(dni_memory_report, parameter_bytes, 8);
AT(dni_memory_report, gradient_bytes, 16);
AT(dni_memory_report, optimiser_bytes, 24);
AT(dni_memory_report, activation_bytes, 32);
AT(dni_memory_report, workspace_bytes, 40);

#endif

#ifdef __cplusplus
extern "C" {
#endif

dni_status dni_trainer_create(dni_network *network, dni_loss *loss,
                              const dni_trainer_options *options, dni_trainer **out);
dni_trainer *dni_trainer_retain(dni_trainer *trainer);
void dni_trainer_release(dni_trainer *trainer);
dni_status dni_trainer_step(dni_trainer *trainer, const dni_batch *batch, dni_step_report *report);
dni_status dni_trainer_fit(dni_trainer *trainer, const dni_dataset *dataset,
                           const dni_fit_options *options);
dni_status dni_trainer_fit_stream(dni_trainer *trainer, const dni_stream *stream,
                                  const dni_fit_options *options);
dni_status dni_trainer_report(const dni_trainer *trainer, dni_step_report *report);
dni_status dni_trainer_save(dni_trainer *trainer, const char *path);
dni_status dni_trainer_write(dni_trainer *trainer, const dni_writer *writer);
dni_status dni_trainer_load(dni_trainer *trainer, const char *path,
                            const dni_load_options *options);
dni_status dni_trainer_read(dni_trainer *trainer, const dni_reader *reader,
                            const dni_load_options *options);
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

#ifdef __cplusplus
}
#endif

/* dni/checkpoint.h. ---------------------------------------------------------------------------- */

#ifdef __cplusplus
extern "C" {
#endif

dni_status dni_checkpoint_create(dni_context *context, dni_checkpoint **out);
dni_checkpoint *dni_checkpoint_retain(dni_checkpoint *checkpoint);
void dni_checkpoint_release(dni_checkpoint *checkpoint);
dni_status dni_checkpoint_add_layer(dni_checkpoint *checkpoint, const char *name, dni_layer *layer);
dni_status dni_checkpoint_add_sg(dni_checkpoint *checkpoint, const char *name, dni_sg *sg);
dni_status dni_checkpoint_add_network(dni_checkpoint *checkpoint, const char *name,
                                      dni_network *network);
dni_status dni_checkpoint_add_optimiser(dni_checkpoint *checkpoint, const char *name,
                                        dni_optimiser *optimiser);
dni_status dni_checkpoint_add_order(dni_checkpoint *checkpoint, const char *name, dni_order *order);
dni_status dni_checkpoint_add_trainer(dni_checkpoint *checkpoint, const char *name,
                                      dni_trainer *trainer);
dni_status dni_checkpoint_add_matrix(dni_checkpoint *checkpoint, const char *name,
                                     dni_matrix *matrix);
dni_status dni_checkpoint_add_count(dni_checkpoint *checkpoint, const char *name, uint64_t *count);
dni_status dni_checkpoint_add_real(dni_checkpoint *checkpoint, const char *name, double *real);
dni_status dni_checkpoint_save(dni_checkpoint *checkpoint, const char *path);
dni_status dni_checkpoint_write(dni_checkpoint *checkpoint, const dni_writer *writer);
dni_status dni_checkpoint_load(dni_checkpoint *checkpoint, const char *path,
                               const dni_load_options *options);
dni_status dni_checkpoint_read(dni_checkpoint *checkpoint, const dni_reader *reader,
                               const dni_load_options *options);

#ifdef __cplusplus
}
#endif

/* dni/research.h, which may change in any release: here lines may change too. ------------------ */

VALUE(DNI_GUARD_PROPORTIONAL, 0);
VALUE(DNI_GUARD_GATED, 1);
VALUE(DNI_ARTIFICIAL_LINEAR, 1);
VALUE(DNI_ARTIFICIAL_NOISY, 2);
VALUE(DNI_ARTIFICIAL_RANDOM, 3);

/* Pointers of 8 bytes; elsewhere the offsets follow from the same declarations. */
#if UINTPTR_MAX == UINT64_MAX

AT(dni_guard_options, struct_size, 0);
AT(dni_guard_options, mode, 8);
AT(dni_guard_options, reserved, 12);
AT(dni_guard_options, cosine, 16);

AT(dni_alignment, struct_size, 0);
AT(dni_alignment, cosine, 8);
AT(dni_alignment, relative_error, 16);
AT(dni_alignment, sign_agreement, 24);
AT(dni_alignment, error_norm, 32);
AT(dni_alignment, estimate_norm, 40);
AT(dni_alignment, truth_norm, 48);

AT(dni_interface_report, struct_size, 0);
AT(dni_interface_report, delta_cosine, 8);
AT(dni_interface_report, delta_relative_error, 16);
AT(dni_interface_report, delta_sign_agreement, 24);
AT(dni_interface_report, delta_error_norm, 32);
AT(dni_interface_report, estimate_norm, 40);
AT(dni_interface_report, truth_norm, 48);
AT(dni_interface_report, error_norm, 56);
AT(dni_interface_report, jacobian_norm, 64);
AT(dni_interface_report, gradient_norm, 72);
AT(dni_interface_report, ratio, 80);
AT(dni_interface_report, gradient_cosine, 88);
AT(dni_interface_report, synthetic_gradient_norm, 96);

AT(dni_probe_options, struct_size, 0);
AT(dni_probe_options, batch, 8);
AT(dni_probe_options, steps, 16);
AT(dni_probe_options, learning_rate, 24);
AT(dni_probe_options, seed, 32);

AT(dni_probe_report, struct_size, 0);
AT(dni_probe_report, accuracy, 8);
AT(dni_probe_report, loss, 16);
AT(dni_probe_report, steps, 24);

#endif

#ifdef __cplusplus
extern "C" {
#endif

dni_status dni_sg_create_scalar(dni_context *context, size_t units, dni_sg **out);
dni_status dni_sg_create_theorem(dni_context *context, size_t units, dni_sg **out);
dni_status dni_sg_line_search(dni_sg *sg, const dni_matrix *h, const dni_matrix *y, double *rate);
dni_status dni_guard_create(dni_optimiser *optimiser, const dni_guard_options *options,
                            dni_guard **out);
dni_guard *dni_guard_retain(dni_guard *guard);
void dni_guard_release(dni_guard *guard);
dni_status dni_guard_step(dni_guard *guard, double error_norm, double jacobian_norm,
                          double gradient_norm, int32_t *accepted);
uint64_t dni_guard_accepted(const dni_guard *guard);
uint64_t dni_guard_refused(const dni_guard *guard);
dni_status dni_checkpoint_add_guard(dni_checkpoint *checkpoint, const char *name, dni_guard *guard);
dni_status dni_analysis_align(const dni_matrix *estimate, const dni_matrix *truth,
                              dni_alignment *out);
dni_status dni_analysis_interface(dni_context *context, dni_network *network, const dni_loss *loss,
                                  size_t after, const dni_batch *batch, size_t directions,
                                  uint64_t seed, dni_interface_report *out);
dni_status dni_analysis_rdm(dni_context *context, const dni_matrix *h, dni_matrix *rdm);
dni_status dni_analysis_rdm_distance(const dni_matrix *a, const dni_matrix *b,
                                     const int32_t *labels, size_t count, double *distance);
dni_status dni_analysis_classifier_probe(dni_context *context, const dni_matrix *h,
                                         const dni_matrix *y, const dni_probe_options *options,
                                         dni_probe_report *out);
dni_status dni_analysis_regressor_probe(dni_context *context, const dni_matrix *h,
                                        const dni_matrix *x, double *mse, size_t *rank);
dni_status dni_analysis_extract_loss(dni_context *context, dni_sg *sg, const dni_matrix *h,
                                     const dni_matrix *y, const dni_matrix *origin, size_t nodes,
                                     dni_matrix *loss);
dni_status dni_analysis_integrability(dni_sg *sg, double *defect);
dni_status dni_analysis_agreement(dni_context *context, const dni_matrix *estimate,
                                  const dni_matrix *truth, const int32_t *groups, size_t count,
                                  double *correlation, double *r2);
dni_status dni_dataset_create_artificial(dni_context *context, int32_t kind, size_t dimensions,
                                         size_t examples, size_t classes,
                                         const dni_random_options *options, dni_dataset **out);
dni_status dni_network_measure(dni_network *network, size_t rows, const dni_optimiser *optimiser,
                               double *seconds, double *sg_seconds, size_t count);
dni_status dni_costs_balance(const double *costs, size_t count, size_t parts, double cut_cost,
                             size_t *lengths);
dni_status dni_trainer_record(dni_trainer *trainer, uint8_t *lags, size_t count, size_t steps);
dni_status dni_trainer_replay(dni_trainer *trainer, const uint8_t *lags, size_t count,
                              size_t steps);

#ifdef __cplusplus
}
#endif
