/* What an optimiser consists of: its settings, its steps, and the moments of what it moves. */
#include "optimiser/optimiser.h"

static void list_moments(const dni_optimiser *optimiser, size_t index, dni__manifest *manifest) {
  const dni__moved *moved = &optimiser->moved[index];
  size_t entered = dni__manifest_enter(manifest, "moved.%zu", index);
  for (size_t i = 0; i < optimiser->kind->moment_count; i++) {
    dni_matrix moment = dni__matrix_make(moved->moments[i], moved->value.rows, moved->value.columns,
                                         optimiser->moment_dtype);
    dni__manifest_matrix(manifest, optimiser->kind->moments[i], &moment);
  }
  dni__manifest_leave(manifest, entered);
}

void dni__optimiser_list(dni_optimiser *optimiser, dni__manifest *manifest) {
  dni__manifest_fixed(manifest, "kind", optimiser->kind->name);
  for (const dni_setting *has = optimiser->kind->settings; *has != 0; has++)
    dni__manifest_setting(manifest, *has, optimiser->context->dtype,
                          dni__optimiser_setting(optimiser, *has));
  dni__rate_schedule_list(optimiser->schedule, manifest);
  dni__manifest_atomic_count(manifest, "steps", &optimiser->steps);
  dni__manifest_fixed_count(manifest, "moved", optimiser->count);
  for (size_t i = 0; i < optimiser->count; i++)
    list_moments(optimiser, i, manifest);
}
