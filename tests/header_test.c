/* What a program or binding compiled against dni.h relies on, and no later version may change: the
 * layout of every public struct and the numbers of the constants.
 *
 * Only compiled, in C99, C11, C++98 and C++17 (tests/gates/headers.sh). A struct may grow at its
 * end: the new field gets a line here, and no line is ever changed. */
#include <dni.h>

#define HOLDS(name, condition)  typedef char name[(condition) ? 1 : -1]
#define AT(type, field, offset) HOLDS(type##_##field, offsetof(type, field) == (offset))
#define VALUE(name, number)     HOLDS(value_of_##name, name == (number))

/* Pointers of 8 bytes; elsewhere the offsets follow from the same declarations. */
#if UINTPTR_MAX == UINT64_MAX

AT(dni_matrix, data, 0);
AT(dni_matrix, rows, 8);
AT(dni_matrix, columns, 16);
AT(dni_matrix, stride, 24);
AT(dni_matrix, dtype, 32);
AT(dni_matrix, reserved, 36);

AT(dni_allocator, struct_size, 0);
AT(dni_allocator, user, 8);
AT(dni_allocator, alloc, 16);
AT(dni_allocator, free, 24);

AT(dni_context_options, struct_size, 0);
AT(dni_context_options, allocator, 8);
AT(dni_context_options, seed, 16);
AT(dni_context_options, dtype, 24);
AT(dni_context_options, instructions, 28);
AT(dni_context_options, log, 32);
AT(dni_context_options, log_user, 40);

AT(dni_backend_callbacks, struct_size, 0);
AT(dni_backend_callbacks, user, 8);
AT(dni_backend_callbacks, sgemm, 16);
AT(dni_backend_callbacks, dgemm, 24);
AT(dni_backend_callbacks, set_threads, 32);
AT(dni_backend_callbacks, destroy, 40);

AT(dni_layer_callbacks, struct_size, 0);
AT(dni_layer_callbacks, user, 8);
AT(dni_layer_callbacks, forward, 16);
AT(dni_layer_callbacks, backward, 24);
AT(dni_layer_callbacks, parameter_count, 32);
AT(dni_layer_callbacks, parameter, 40);
AT(dni_layer_callbacks, destroy, 48);

AT(dni_sg_options, struct_size, 0);
AT(dni_sg_options, condition, 8);
AT(dni_sg_options, hidden_layers, 12);
AT(dni_sg_options, hidden_units, 16);

AT(dni_sg_callbacks, struct_size, 0);
AT(dni_sg_callbacks, user, 8);
AT(dni_sg_callbacks, needs, 16);
AT(dni_sg_callbacks, reserved, 20);
AT(dni_sg_callbacks, estimate, 24);
AT(dni_sg_callbacks, learn, 32);
AT(dni_sg_callbacks, parameter_count, 40);
AT(dni_sg_callbacks, parameter, 48);
AT(dni_sg_callbacks, destroy, 56);

AT(dni_guard_options, struct_size, 0);
AT(dni_guard_options, mode, 8);
AT(dni_guard_options, reserved, 12);
AT(dni_guard_options, cosine, 16);

AT(dni_csv_options, struct_size, 0);
AT(dni_csv_options, classes, 8);
AT(dni_csv_options, target_columns, 16);
AT(dni_csv_options, targets_first, 24);
AT(dni_csv_options, header_lines, 28);
AT(dni_csv_options, separator, 32);
AT(dni_csv_options, reserved, 36);

AT(dni_trainer_options, struct_size, 0);
AT(dni_trainer_options, max_batch, 8);
AT(dni_trainer_options, schedule, 16);
AT(dni_trainer_options, reserved, 20);
AT(dni_trainer_options, update_probability, 24);

AT(dni_step_report, struct_size, 0);
AT(dni_step_report, step, 8);
AT(dni_step_report, loss, 16);
AT(dni_step_report, accuracy, 24);
AT(dni_step_report, interface_count, 32);
AT(dni_step_report, interface_after, 40);
AT(dni_step_report, sg_error, 48);
AT(dni_step_report, sg_cosine, 56);
AT(dni_step_report, module_count, 64);
AT(dni_step_report, module_updated, 72);

AT(dni_memory_report, struct_size, 0);
AT(dni_memory_report, parameter_bytes, 8);
AT(dni_memory_report, gradient_bytes, 16);
AT(dni_memory_report, optimiser_bytes, 24);
AT(dni_memory_report, activation_bytes, 32);
AT(dni_memory_report, workspace_bytes, 40);

AT(dni_fit_options, struct_size, 0);
AT(dni_fit_options, batch, 8);
AT(dni_fit_options, epochs, 16);
AT(dni_fit_options, steps, 24);
AT(dni_fit_options, callback, 32);
AT(dni_fit_options, callback_user, 40);
AT(dni_fit_options, callback_every, 48);
AT(dni_fit_options, keep_order, 56);
AT(dni_fit_options, reserved, 60);

AT(dni_evaluation, struct_size, 0);
AT(dni_evaluation, examples, 8);
AT(dni_evaluation, loss, 16);
AT(dni_evaluation, accuracy, 24);

AT(dni_alignment, struct_size, 0);
AT(dni_alignment, cosine, 8);
AT(dni_alignment, relative_error, 16);
AT(dni_alignment, sign_agreement, 24);
AT(dni_alignment, error, 32);
AT(dni_alignment, estimate_norm, 40);
AT(dni_alignment, truth_norm, 48);

AT(dni_interface_report, struct_size, 0);
AT(dni_interface_report, delta, 8);
AT(dni_interface_report, error, 64);
AT(dni_interface_report, jacobian, 72);
AT(dni_interface_report, gradient, 80);
AT(dni_interface_report, ratio, 88);
AT(dni_interface_report, gradient_cosine, 96);
AT(dni_interface_report, synthetic_gradient, 104);

AT(dni_probe_options, struct_size, 0);
AT(dni_probe_options, batch, 8);
AT(dni_probe_options, steps, 16);
AT(dni_probe_options, learning_rate, 24);

AT(dni_probe_report, struct_size, 0);
AT(dni_probe_report, accuracy, 8);
AT(dni_probe_report, loss, 16);
AT(dni_probe_report, steps, 24);

#endif

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
VALUE(DNI_F32, 1);
VALUE(DNI_F64, 2);
VALUE(DNI_LOG_INFO, 1);
VALUE(DNI_LOG_WARNING, 2);
VALUE(DNI_INSTRUCTIONS_BEST, 0);
VALUE(DNI_INSTRUCTIONS_BASELINE, 1);
VALUE(DNI_INSTRUCTIONS_AVX2, 2);
VALUE(DNI_INSTRUCTIONS_AVX512, 3);
VALUE(DNI_PARAM_LEARNING_RATE, 1);
VALUE(DNI_PARAM_MOMENTUM, 2);
VALUE(DNI_PARAM_WEIGHT_DECAY, 3);
VALUE(DNI_PARAM_BETA1, 4);
VALUE(DNI_PARAM_BETA2, 5);
VALUE(DNI_PARAM_EPSILON, 6);
VALUE(DNI_PARAM_CLIP_NORM, 7);
VALUE(DNI_PARAM_CLIP_VALUE, 8);
VALUE(DNI_PARAM_STATISTICS_RATE, 20);
VALUE(DNI_PARAM_LAMBDA, 30);
VALUE(DNI_PARAM_SHRINK, 31);
VALUE(DNI_ACTIVATION_IDENTITY, 0);
VALUE(DNI_ACTIVATION_RELU, 1);
VALUE(DNI_ACTIVATION_TANH, 2);
VALUE(DNI_ACTIVATION_SIGMOID, 3);
VALUE(DNI_MODE_TRAINING, 0);
VALUE(DNI_MODE_INFERENCE, 1);
VALUE(DNI_GRADIENT_REPLACE, 0);
VALUE(DNI_GRADIENT_ADD, 1);
VALUE(DNI_GRADIENT_SKIP, 2);
VALUE(DNI_LAYER_DENSE, 1);
VALUE(DNI_LAYER_ACTIVATION, 2);
VALUE(DNI_LAYER_BATCH_NORM, 3);
VALUE(DNI_LAYER_CALLBACK, 4);
VALUE(DNI_CONDITION_HY, 0);
VALUE(DNI_CONDITION_H, 1);
VALUE(DNI_CONDITION_Y, 2);
VALUE(DNI_SG_NEEDS_NOTHING, 0);
VALUE(DNI_SG_NEEDS_OUTPUT_ERROR, 1);
VALUE(DNI_SG_NEEDS_DELTA_ABOVE, 2);
VALUE(DNI_SG_NEEDS_DELTA, 3);
VALUE(DNI_SG_NEEDS_DELTA_LATER, 4);
VALUE(DNI_SG_EXACT, 1);
VALUE(DNI_SG_SYNTHETIC, 2);
VALUE(DNI_SG_DFA, 3);
VALUE(DNI_SG_FA, 4);
VALUE(DNI_SG_CALLBACK, 5);
VALUE(DNI_SG_SCALAR, 6);
VALUE(DNI_SG_THEOREM, 7);
VALUE(DNI_SG_CRITIC, 8);
VALUE(DNI_SG_LOCAL, 9);
VALUE(DNI_SG_DELAYED, 10);
VALUE(DNI_SG_ZERO, 11);
VALUE(DNI_SG_MIXTURE, 12);
VALUE(DNI_SG_FROZEN, 13);
VALUE(DNI_SG_WARM_UP, 14);
VALUE(DNI_SG_LEARNS_NOTHING, 0);
VALUE(DNI_SG_LEARNS_TARGET, 1);
VALUE(DNI_SG_LEARNS_LOSS, 2);
VALUE(DNI_SG_LEARNS_ALONE, 3);
VALUE(DNI_GUARD_PROPORTIONAL, 0);
VALUE(DNI_GUARD_GATED, 1);
VALUE(DNI_DATA_COPY, 0);
VALUE(DNI_DATA_BORROW, 1);
VALUE(DNI_ARTIFICIAL_LINEAR, 1);
VALUE(DNI_ARTIFICIAL_NOISY, 2);
VALUE(DNI_ARTIFICIAL_RANDOM, 3);
VALUE(DNI_SCHEDULE_SEQUENTIAL, 0);
VALUE(DNI_SCHEDULE_RANDOM, 1);
