/* The size that each public struct had when it was first published: the least that its struct_size
 * may be, for ever. A struct that grows keeps its line. tests/test_struct_sizes.c passes these
 * sizes. Internal. */
#ifndef DNI_CORE_FIRST_SIZE_H
#define DNI_CORE_FIRST_SIZE_H

#include <stddef.h>

#include "dni.h"

/* Where `field` ends: the first size of a struct whose last field it then was. */
#define DNI__END_OF(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))

#define DNI__FIRST_SIZE_dni_allocator             DNI__END_OF(dni_allocator, destroy)
#define DNI__FIRST_SIZE_dni_context_options       DNI__END_OF(dni_context_options, log_destroy)
#define DNI__FIRST_SIZE_dni_backend_options       DNI__END_OF(dni_backend_options, reserved)
#define DNI__FIRST_SIZE_dni_backend_callbacks     DNI__END_OF(dni_backend_callbacks, destroy)
#define DNI__FIRST_SIZE_dni_batch                 DNI__END_OF(dni_batch, weights)
#define DNI__FIRST_SIZE_dni_random_options        DNI__END_OF(dni_random_options, seed)
#define DNI__FIRST_SIZE_dni_layer_callbacks       DNI__END_OF(dni_layer_callbacks, destroy)
#define DNI__FIRST_SIZE_dni_initialiser_options   DNI__END_OF(dni_initialiser_options, seed)
#define DNI__FIRST_SIZE_dni_loss_options          DNI__END_OF(dni_loss_options, class_count)
#define DNI__FIRST_SIZE_dni_loss_callbacks        DNI__END_OF(dni_loss_callbacks, destroy)
#define DNI__FIRST_SIZE_dni_schedule              DNI__END_OF(dni_schedule, destroy)
#define DNI__FIRST_SIZE_dni_sg_options            DNI__END_OF(dni_sg_options, seed)
#define DNI__FIRST_SIZE_dni_least_squares_options DNI__END_OF(dni_least_squares_options, guess_rate)
#define DNI__FIRST_SIZE_dni_sg_callbacks          DNI__END_OF(dni_sg_callbacks, destroy)
#define DNI__FIRST_SIZE_dni_query                 DNI__END_OF(dni_query, losses)
#define DNI__FIRST_SIZE_dni_lesson                DNI__END_OF(dni_lesson, reserved)
#define DNI__FIRST_SIZE_dni_lesson_report         DNI__END_OF(dni_lesson_report, own_loss)
#define DNI__FIRST_SIZE_dni_metric                DNI__END_OF(dni_metric, destroy)
#define DNI__FIRST_SIZE_dni_evaluation            DNI__END_OF(dni_evaluation, metric)
#define DNI__FIRST_SIZE_dni_memory_options        DNI__END_OF(dni_memory_options, user)
#define DNI__FIRST_SIZE_dni_idx_options           DNI__END_OF(dni_idx_options, offset)
#define DNI__FIRST_SIZE_dni_csv_options           DNI__END_OF(dni_csv_options, separator)
#define DNI__FIRST_SIZE_dni_dataset_callbacks     DNI__END_OF(dni_dataset_callbacks, destroy)
#define DNI__FIRST_SIZE_dni_trainer_options       DNI__END_OF(dni_trainer_options, metric)
#define DNI__FIRST_SIZE_dni_step_report           DNI__END_OF(dni_step_report, module_updated)
#define DNI__FIRST_SIZE_dni_fit_options           DNI__END_OF(dni_fit_options, best)
#define DNI__FIRST_SIZE_dni_stream                DNI__END_OF(dni_stream, next)
#define DNI__FIRST_SIZE_dni_writer                DNI__END_OF(dni_writer, write)
#define DNI__FIRST_SIZE_dni_reader                DNI__END_OF(dni_reader, read)
#define DNI__FIRST_SIZE_dni_load_options          DNI__END_OF(dni_load_options, reserved)
#define DNI__FIRST_SIZE_dni_memory_report         DNI__END_OF(dni_memory_report, workspace_bytes)

/* Copy what a caller gave into `known`, a struct of the same type: DNI_TRY(dni__options_copy(
 * DNI__OPTIONS(&known, given, dni_batch))). */
#define DNI__OPTIONS(known, given, type)                                                           \
  (known), sizeof(type), DNI__FIRST_SIZE_##type, (given), #type

#endif
