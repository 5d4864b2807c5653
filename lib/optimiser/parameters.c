/* The list of what an optimiser moves: adding, finding, giving back. */
#include "optimiser/optimiser.h"

#include <string.h>

/* A longer copy of an array, and the old one freed; NULL, with the message set and the array as it
 * was, if there is no memory. */
static void *grown(dni__memory *memory, void *array, size_t count, size_t size, size_t capacity) {
  void *larger = dni__allocate(memory, capacity, size);
  if (!larger) return NULL;
  if (count > 0) memcpy(larger, array, count * size);
  dni__free(memory, array);
  return larger;
}

static size_t doubled(size_t capacity) {
  return capacity > 0 ? 2 * capacity : 4;
}

/* The table of values. ----------------------------------------------------------------------- */

/* The slot of a value, or the free one where it belongs. There is a table with free slots. */
static size_t slot_of(const dni_optimiser *optimiser, const void *data) {
  size_t mask = optimiser->slot_count - 1;
  uint64_t mixed =
      (uint64_t)(uintptr_t)data * UINT64_C(0x9e3779b97f4a7c15); /* 2^64 / golden ratio */
  size_t slot = (size_t)(mixed >> 32) & mask;
  while (optimiser->slots[slot] > 0 &&
         optimiser->moved[optimiser->slots[slot] - 1].value.data != data)
    slot = (slot + 1) & mask;
  return slot;
}

/* The parameter whose values these are; NULL: they are not moved. */
static const dni__moved *find_moved(const dni_optimiser *optimiser, const void *data) {
  if (!data || optimiser->slot_count == 0) return NULL;
  size_t slot = slot_of(optimiser, data);
  return optimiser->slots[slot] > 0 ? &optimiser->moved[optimiser->slots[slot] - 1] : NULL;
}

bool dni__optimiser_moves(const dni_optimiser *optimiser, const void *data) {
  return find_moved(optimiser, data) != NULL;
}

/* An empty value has no memory, and cannot be moved twice. */
static void enter(dni_optimiser *optimiser, size_t index) {
  const void *data = optimiser->moved[index].value.data;
  if (data) optimiser->slots[slot_of(optimiser, data)] = index + 1;
}

static void enter_all(dni_optimiser *optimiser) {
  if (optimiser->slot_count == 0) return;
  memset(optimiser->slots, 0, optimiser->slot_count * sizeof *optimiser->slots);
  for (size_t i = 0; i < optimiser->count; i++)
    enter(optimiser, i);
}

/* Room for one more parameter, in the table too. */
static dni_status make_room(dni_optimiser *optimiser) {
  if (optimiser->count < optimiser->capacity) return DNI_OK;
  dni__memory *memory = optimiser->context->memory;
  size_t capacity = doubled(optimiser->capacity);
  size_t *slots = dni__allocate(memory, 2 * capacity, sizeof *slots);
  if (!slots) return DNI_ERROR_MEMORY;
  dni__moved *moved = grown(memory, optimiser->moved, optimiser->count, sizeof *moved, capacity);
  if (!moved) {
    dni__free(memory, slots);
    return DNI_ERROR_MEMORY;
  }
  dni__free(memory, optimiser->slots);
  optimiser->moved = moved;
  optimiser->capacity = capacity;
  optimiser->slots = slots;
  optimiser->slot_count = 2 * capacity;
  enter_all(optimiser);
  return DNI_OK;
}

/* Adding. ------------------------------------------------------------------------------------ */

static void free_moments(dni_optimiser *optimiser, dni__moved *moved) {
  for (size_t k = 0; k < optimiser->kind->moment_count; k++)
    dni__free(optimiser->context->memory, moved->moments[k]);
}

static dni_status allocate_moments(dni_optimiser *optimiser, dni__moved *moved) {
  size_t elements, size = dni__dtype_size(optimiser->moment_dtype);
  if (!dni__multiply(moved->value.rows, moved->value.columns, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: moments do not fit");
  for (size_t k = 0; k < optimiser->kind->moment_count; k++) {
    moved->moments[k] = dni__allocate(optimiser->context->memory, elements, size);
    if (moved->moments[k]) continue;
    free_moments(optimiser, moved);
    return DNI_ERROR_MEMORY;
  }
  return DNI_OK;
}

static dni_status add_parameter(dni_optimiser *optimiser, const dni_matrix *value,
                                const dni_matrix *gradient) {
  dni_dtype dtype = optimiser->context->dtype;
  DNI_TRY(dni__matrix_check(value, dtype, value->columns, "value"));
  DNI_TRY(dni__matrix_check_rows(gradient, dtype, value->rows, value->columns, "gradient"));
  if (dni__optimiser_moves(optimiser, value->data))
    return dni__fail(DNI_ERROR_ARGUMENT, "this optimiser moves it already");
  DNI_TRY(make_room(optimiser));
  dni__moved moved = {.value = *value, .gradient = *gradient, .owner = optimiser->owner_count};
  DNI_TRY(allocate_moments(optimiser, &moved));
  optimiser->moved[optimiser->count] = moved;
  enter(optimiser, optimiser->count++);
  return DNI_OK;
}

/* Forget the parameters from index `first` (at most count) on. */
static void drop_from(dni_optimiser *optimiser, size_t first) {
  if (first == optimiser->count) return;
  for (size_t i = first; i < optimiser->count; i++)
    free_moments(optimiser, &optimiser->moved[i]);
  optimiser->count = first;
  enter_all(optimiser);
}

static dni_status make_owner_room(dni_optimiser *optimiser) {
  if (optimiser->owner_count < optimiser->owner_capacity) return DNI_OK;
  size_t capacity = doubled(optimiser->owner_capacity);
  dni__owner *owners = grown(optimiser->context->memory, optimiser->owners, optimiser->owner_count,
                             sizeof *owners, capacity);
  if (!owners) return DNI_ERROR_MEMORY;
  optimiser->owners = owners;
  optimiser->owner_capacity = capacity;
  return DNI_OK;
}

dni_status dni__optimiser_check_free(const dni_optimiser *optimiser) {
  if (!optimiser->owned) return DNI_OK;
  return dni__fail(DNI_ERROR_STATE, "%s: the optimiser is a trainer's", optimiser->kind->name);
}

/* The parameters from index `first` on are this owner's; there is room for it. */
static void add_owner(dni_optimiser *optimiser, dni__owner owner, size_t first) {
  owner.first = first;
  owner.count = optimiser->count - first;
  if (owner.count == 0) return;
  dni_layer_retain(owner.layer);
  dni_sg_retain(owner.sg);
  optimiser->owners[optimiser->owner_count++] = owner;
}

static dni_status add_trained_parameter(dni_optimiser *optimiser, const dni__owner *owner,
                                        size_t index) {
  dni_matrix value, gradient;
  if (owner->layer)
    DNI_TRY(dni_layer_parameter(owner->layer, index, &value, &gradient));
  else
    DNI_TRY(dni_sg_parameter(owner->sg, index, &value, &gradient));
  return gradient.data ? add_parameter(optimiser, &value, &gradient) : DNI_OK;
}

static dni_status fail_parameter(dni_status status, const dni_optimiser *optimiser,
                                 const dni__owner *owner, size_t index) {
  if (owner->layer)
    return dni__fail_prefix(status, "%s: %s of a %s layer: ", optimiser->kind->name,
                            dni_layer_parameter_name(owner->layer, index),
                            dni_layer_kind_name(owner->layer));
  return dni__fail_prefix(status, "%s: %s of a %s SG: ", optimiser->kind->name,
                          dni_sg_parameter_name(owner->sg, index), dni_sg_kind_name(owner->sg));
}

/* All trained parameters of a layer or an SG, or none. */
static dni_status add_all(dni_optimiser *optimiser, const dni__owner *owner) {
  DNI_TRY(make_owner_room(optimiser));
  size_t before = optimiser->count;
  size_t parameters =
      owner->layer ? dni_layer_parameter_count(owner->layer) : dni_sg_parameter_count(owner->sg);
  for (size_t i = 0; i < parameters; i++) {
    dni_status status = add_trained_parameter(optimiser, owner, i);
    if (status == DNI_OK) continue;
    drop_from(optimiser, before);
    return fail_parameter(status, optimiser, owner, i);
  }
  add_owner(optimiser, *owner, before);
  return DNI_OK;
}

dni_status dni_optimiser_add_layer(dni_optimiser *optimiser, dni_layer *layer) {
  DNI_REQUIRE(optimiser);
  DNI_TRY(dni__optimiser_check_free(optimiser));
  DNI_REQUIRE(layer);
  dni__owner owner = {
      .layer = layer,
      .has_rate_scale = dni_layer_has(layer, DNI_SETTING_RATE_SCALE) != 0,
  };
  return add_all(optimiser, &owner);
}

dni_status dni_optimiser_add_sg(dni_optimiser *optimiser, dni_sg *sg) {
  DNI_REQUIRE(optimiser);
  DNI_TRY(dni__optimiser_check_free(optimiser));
  DNI_REQUIRE(sg);
  dni__owner owner = {
      .sg = sg,
      .has_rate_scale = dni_sg_has(sg, DNI_SETTING_RATE_SCALE) != 0,
  };
  return add_all(optimiser, &owner);
}

dni_status dni_optimiser_add(dni_optimiser *optimiser, const dni_matrix *value,
                             const dni_matrix *gradient, dni_destroy_callback destroy, void *user) {
  DNI_REQUIRE(optimiser);
  DNI_TRY(dni__optimiser_check_free(optimiser));
  DNI_REQUIRE(value);
  DNI_REQUIRE(gradient);
  DNI_TRY(make_owner_room(optimiser));
  dni_status status = add_parameter(optimiser, value, gradient);
  if (status != DNI_OK) return dni__fail_prefix(status, "%s: ", optimiser->kind->name);
  dni__owner owner = {.destroy = destroy, .user = user};
  add_owner(optimiser, owner, optimiser->count - 1);
  return DNI_OK;
}

/* Nothing is derived from the values of the caller's parameters. */
dni_status dni_optimiser_changed(dni_optimiser *optimiser) {
  DNI_REQUIRE(optimiser);
  return DNI_OK;
}

/* Giving back. ------------------------------------------------------------------------------- */

void dni__optimiser_drop_parameters(dni_optimiser *optimiser) {
  dni__memory *memory = optimiser->context->memory;
  drop_from(optimiser, 0);
  for (size_t i = 0; i < optimiser->owner_count; i++) {
    const dni__owner *owner = &optimiser->owners[i];
    dni_layer_release(owner->layer);
    dni_sg_release(owner->sg);
    dni__callback_notify(owner->destroy, owner->user);
  }
  optimiser->owner_count = 0;
  dni__free(memory, optimiser->moved);
  dni__free(memory, optimiser->owners);
  dni__free(memory, optimiser->slots);
}

/* Finding. ----------------------------------------------------------------------------------- */

/* By the values of its first trained parameter that has any: in constant time. */
const dni__owner *dni__optimiser_find(const dni_optimiser *optimiser, const dni_layer *layer) {
  for (size_t i = 0; i < dni_layer_parameter_count(layer); i++) {
    dni_matrix value, gradient;
    dni_status status = dni_layer_parameter((dni_layer *)(uintptr_t)layer, i, &value, &gradient);
    const dni__moved *moved = NULL;
    if (status == DNI_OK && gradient.data) moved = find_moved(optimiser, value.data);
    if (!moved) continue;
    const dni__owner *owner = &optimiser->owners[moved->owner];
    return owner->layer == layer ? owner : NULL;
  }
  return NULL;
}
