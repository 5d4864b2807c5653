/* A channel inside one process: a ring of buffers. The sender fills the next free one and raises
 * the count, the receiver reads the oldest and lowers it; the count is all that both write. */
#include "channel/channel.h"

typedef struct entry {
  dni__message message;
  unsigned char *h, *y, *weights; /* buffers */
} entry;

typedef struct queue {
  dni__channel base;
  dni__memory *memory;
  dni__arrived arrived;
  void *argument;
  unsigned char *buffers;
  size_t capacity;
  size_t next, oldest; /* the sender's, the receiver's */
  atomic_size_t count;
  entry entries[];
} queue;

static dni_matrix copy_into(const dni_matrix *from, unsigned char *buffer) {
  dni_matrix to = dni__matrix_make(buffer, from->rows, from->columns, from->dtype);
  if (!from->data) return (dni_matrix){0};
  dni__matrix_copy(from, &to);
  return to;
}

static dni_status queue_send(dni__channel *channel, const dni__message *message) {
  queue *own = (queue *)channel;
  entry *place = &own->entries[own->next];
  if (atomic_load_explicit(&own->count, memory_order_acquire) == own->capacity)
    return dni__fail(DNI_ERROR_STATE, "a channel between threads is full");
  place->message = *message;
  place->message.h = copy_into(&message->h, place->h);
  place->message.y = copy_into(&message->y, place->y);
  place->message.weights = copy_into(&message->weights, place->weights);
  own->next = (own->next + 1) % own->capacity;
  atomic_fetch_add_explicit(&own->count, 1, memory_order_release);
  own->arrived(own->argument);
  return DNI_OK;
}

static bool queue_ready(const dni__channel *channel) {
  return atomic_load_explicit(&((const queue *)channel)->count, memory_order_acquire) > 0;
}

static bool queue_receive(dni__channel *channel, dni__message *message) {
  const queue *own = (const queue *)channel;
  if (!queue_ready(channel)) return false;
  *message = own->entries[own->oldest].message;
  return true;
}

static void queue_release(dni__channel *channel) {
  queue *own = (queue *)channel;
  own->oldest = (own->oldest + 1) % own->capacity;
  atomic_fetch_sub_explicit(&own->count, 1, memory_order_release);
}

static void queue_clear(dni__channel *channel) {
  queue *own = (queue *)channel;
  own->next = own->oldest = 0;
  atomic_store(&own->count, 0);
}

static void queue_destroy(dni__channel *channel) {
  if (!channel) return;
  queue *own = (queue *)channel;
  dni__free(own->memory, own->buffers);
  dni__free(own->memory, own);
}

static const dni__channel_vtable queue_vtable = {queue_send,  queue_receive, queue_release,
                                                 queue_ready, queue_clear,   queue_destroy};

/* Bytes of one buffer, a multiple of a cache line. */
static bool buffer_bytes(size_t rows, size_t columns, dni_dtype dtype, size_t *bytes) {
  size_t elements;
  if (!dni__multiply(rows, columns, &elements) ||
      !dni__multiply(elements, dni__dtype_size(dtype), bytes) ||
      !dni__add(*bytes, DNI_ALIGNMENT - 1, bytes))
    return false;
  *bytes -= *bytes % DNI_ALIGNMENT;
  return true;
}

dni_status dni__queue_create(dni__memory *memory, dni_dtype dtype, size_t capacity, size_t rows,
                             size_t units, size_t targets, dni__arrived arrived, void *argument,
                             dni__channel **out, size_t *bytes) {
  size_t h, y, weights, all;
  if (!buffer_bytes(rows, units, dtype, &h) || !buffer_bytes(rows, targets, dtype, &y) ||
      !buffer_bytes(rows, targets > 0, dtype, &weights) || !dni__add(h, y, &all) ||
      !dni__add(all, weights, &all) || !dni__multiply(all, capacity, bytes))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: batches of %zu rows do not fit", rows);
  queue *own = dni__allocate(memory, 1, sizeof *own + capacity * sizeof own->entries[0]);
  if (!own) return DNI_ERROR_MEMORY;
  own->buffers = dni__allocate(memory, capacity, all);
  if (!own->buffers) {
    dni__free(memory, own);
    return DNI_ERROR_MEMORY;
  }
  own->base.vtable = &queue_vtable;
  own->memory = memory;
  own->arrived = arrived;
  own->argument = argument;
  own->capacity = capacity;
  for (size_t i = 0; i < capacity; i++) {
    own->entries[i].h = own->buffers + i * all;
    own->entries[i].y = own->entries[i].h + h;
    own->entries[i].weights = own->entries[i].y + y;
  }
  *out = &own->base;
  return DNI_OK;
}
