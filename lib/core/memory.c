/* Memory through the caller's allocator, with overflow-checked sizes and a running count of bytes.
 *
 * Each block carries its size in the 64 bytes before it, so freeing needs no size from the caller
 * and the allocator's free still gets the one it was asked for. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"

struct dni__memory {
  dni__references references;
  dni_allocator allocator;
  bool adopted; /* the allocator's destroy is ours to call */
  atomic_size_t bytes;
};

static void *default_alloc(void *user, size_t alignment, size_t size) {
  (void)user;
  void *block = NULL;
  return posix_memalign(&block, alignment, size) == 0 ? block : NULL;
}

static void default_free(void *user, void *block, size_t size) {
  (void)user;
  (void)size;
  free(block);
}

/* The allocator may be the user's: it is called in his floating-point mode. */
static void *call_alloc(const dni_allocator *allocator, size_t bytes) {
  const dni__float_place before = dni__float_users();
  void *block = allocator->alloc(allocator->user, DNI_ALIGNMENT, bytes);
  dni__float_back(before);
  return block;
}

static void call_free(const dni_allocator *allocator, void *block, size_t bytes) {
  const dni__float_place before = dni__float_users();
  allocator->free(allocator->user, block, bytes);
  dni__float_back(before);
}

dni_status dni__memory_create(const dni_allocator *allocator, dni__memory **out) {
  dni_allocator used = {sizeof used, NULL, default_alloc, default_free, NULL};
  if (allocator) {
    DNI_TRY(dni__options_copy(DNI__OPTIONS(&used, allocator, dni_allocator)));
    if (!used.alloc || !used.free)
      return dni__fail(DNI_ERROR_ARGUMENT, "dni_allocator: alloc or free is NULL");
  }
  dni__memory *memory = call_alloc(&used, sizeof *memory);
  if (!memory) return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu bytes", sizeof *memory);
  dni__references_init(&memory->references);
  memory->allocator = used;
  memory->adopted = false;
  atomic_init(&memory->bytes, sizeof *memory);
  *out = memory;
  return DNI_OK;
}

void dni__memory_adopt(dni__memory *memory) {
  memory->adopted = true;
}

dni__memory *dni__memory_retain(dni__memory *memory) {
  dni__references_add(&memory->references);
  return memory;
}

void dni__memory_release(dni__memory *memory) {
  if (!memory || !dni__references_drop(&memory->references)) return;
  dni_allocator allocator = memory->allocator;
  bool adopted = memory->adopted;
  call_free(&allocator, memory, sizeof *memory);
  if (adopted) dni__callback_notify(allocator.destroy, allocator.user);
}

size_t dni__memory_bytes(const dni__memory *memory) {
  return atomic_load_explicit(&memory->bytes, memory_order_relaxed);
}

/* `total` bytes, the first of which keep that number; NULL without a message. */
static void *take(dni__memory *memory, size_t total) {
  unsigned char *start = call_alloc(&memory->allocator, total);
  if (!start) return NULL;
  memcpy(start, &total, sizeof total);
  atomic_fetch_add_explicit(&memory->bytes, total, memory_order_relaxed);
  return start + DNI_ALIGNMENT;
}

void *dni__allocate_unset(dni__memory *memory, size_t count, size_t size) {
  size_t bytes, total;
  if (!dni__multiply(count, size, &bytes) || !dni__add(bytes, DNI_ALIGNMENT, &total) ||
      total > PTRDIFF_MAX) {
    (void)dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu x %zu bytes do not fit", count, size);
    return NULL;
  }
  void *block = take(memory, total);
  if (!block) (void)dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu bytes", total);
  return block;
}

void *dni__allocate(dni__memory *memory, size_t count, size_t size) {
  void *block = dni__allocate_unset(memory, count, size);
  return block ? memset(block, 0, count * size) : NULL;
}

void *dni__allocate_spare(dni__memory *memory, size_t bytes) {
  void *block = take(memory, bytes + DNI_ALIGNMENT);
  return block ? memset(block, 0, bytes) : NULL;
}

void dni__free(dni__memory *memory, void *block) {
  if (!block) return;
  unsigned char *start = (unsigned char *)block - DNI_ALIGNMENT;
  size_t total;
  memcpy(&total, start, sizeof total);
  atomic_fetch_sub_explicit(&memory->bytes, total, memory_order_relaxed);
  call_free(&memory->allocator, start, total);
}

bool dni__multiply(size_t a, size_t b, size_t *out) {
  return !__builtin_mul_overflow(a, b, out);
}

bool dni__add(size_t a, size_t b, size_t *out) {
  return !__builtin_add_overflow(a, b, out);
}

void dni__references_init(dni__references *references) {
  atomic_init(references, 1);
}

void dni__references_add(dni__references *references) {
  atomic_fetch_add_explicit(references, 1, memory_order_relaxed);
}

bool dni__references_drop(dni__references *references) {
  return atomic_fetch_sub_explicit(references, 1, memory_order_acq_rel) == 1;
}
