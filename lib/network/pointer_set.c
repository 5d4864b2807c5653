/* Open addressing with linear probing. At most half of the slots are in use, so that a search is
 * short and always finds a free slot in the end. */
#include "network/pointer_set.h"

#define CAPACITY_LEAST 16

/* Where a search begins. Pointers differ in their middle bits: the multiplication (by 2^64 over the
 * golden ratio) carries these to the top. */
static size_t home(const dni__pointer_set *set, const void *pointer) {
  uint64_t mixed = (uint64_t)(uintptr_t)pointer * UINT64_C(0x9e3779b97f4a7c15);
  return (size_t)(mixed >> 32) & (set->capacity - 1);
}

/* The slot that holds the pointer, or the free one where it would go. */
static size_t find(const dni__pointer_set *set, const void *pointer) {
  size_t slot = home(set, pointer);
  while (set->slots[slot] && set->slots[slot] != pointer)
    slot = (slot + 1) & (set->capacity - 1);
  return slot;
}

bool dni__pointer_set_has(const dni__pointer_set *set, const void *pointer) {
  return set->count > 0 && set->slots[find(set, pointer)];
}

dni_status dni__pointer_set_reserve(dni__memory *memory, dni__pointer_set *set) {
  if (2 * (set->count + 1) <= set->capacity) return DNI_OK;
  dni__pointer_set larger = {.capacity = set->capacity ? 2 * set->capacity : CAPACITY_LEAST};
  larger.slots = dni__allocate(memory, larger.capacity, sizeof *larger.slots);
  if (!larger.slots) return DNI_ERROR_MEMORY;
  for (size_t i = 0; i < set->capacity; i++)
    if (set->slots[i]) dni__pointer_set_add(&larger, set->slots[i]);
  dni__pointer_set_destroy(memory, set);
  *set = larger;
  return DNI_OK;
}

void dni__pointer_set_add(dni__pointer_set *set, const void *pointer) {
  set->slots[find(set, pointer)] = pointer;
  set->count++;
}

/* What follows in the same run of used slots is added anew, so that searches still meet it. */
void dni__pointer_set_remove(dni__pointer_set *set, const void *pointer) {
  if (!dni__pointer_set_has(set, pointer)) return;
  size_t slot = find(set, pointer);
  set->slots[slot] = NULL;
  set->count--;
  for (;;) {
    slot = (slot + 1) & (set->capacity - 1);
    const void *moved = set->slots[slot];
    if (!moved) return;
    set->slots[slot] = NULL;
    set->slots[find(set, moved)] = moved;
  }
}

void dni__pointer_set_destroy(dni__memory *memory, dni__pointer_set *set) {
  dni__free(memory, (void *)set->slots);
  *set = (dni__pointer_set){0};
}
