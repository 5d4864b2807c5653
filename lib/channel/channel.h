/* How matrices get from one stage to the next. Internal.
 *
 * A channel is an interface, so that stages may one day sit in different processes or on different
 * machines: a message carries everything with it and is copied when it is sent. queue.c is the
 * implementation inside one process. One stage sends, one receives. */
#ifndef DNI_CHANNEL_CHANNEL_H
#define DNI_CHANNEL_CHANNEL_H

#include "core/core.h"

/* Upwards: h, y and the weights of a batch; weights have no rows if there are none. Downwards: the
 * gradient of h alone, without rows where nobody asked for one; the message then only says that the
 * batch is done above. */
typedef struct dni__message {
  uint64_t batch;       /* counted from 0 */
  uint32_t part, parts; /* of a batch cut into micro-batches; else 0 of 1 */
  double weight, total; /* sums of the examples' weights, of this part and of the whole batch */
  dni_matrix h, y, weights;
} dni__message;

typedef struct dni__channel dni__channel;

typedef struct dni__channel_vtable {
  /* Never waits: who sends counts what is under way, and there is room for that many. */
  dni_status (*send)(dni__channel *channel, const dni__message *message);
  /* The oldest message, if there is one; its matrices are the receiver's, also to overwrite, until
   * release. */
  bool (*receive)(dni__channel *channel, dni__message *message);
  void (*release)(dni__channel *channel);
  /* Whether receive would give something. Any thread. */
  bool (*ready)(const dni__channel *channel);
  /* Drop all messages; only while neither end is in use. */
  void (*clear)(dni__channel *channel);
  void (*destroy)(dni__channel *channel);
} dni__channel_vtable;

/* Kinds embed this as their first member. */
struct dni__channel {
  const dni__channel_vtable *vtable;
};

/* Called in the sender's thread when a message is there. */
typedef void (*dni__arrived)(void *argument);

/* Room for `capacity` messages of up to `rows` rows: h [rows][units], y [rows][targets] or labels,
 * and weights. targets 0: neither y nor weights. *bytes: what its buffers occupy. */
dni_status dni__queue_create(dni__memory *memory, dni_dtype dtype, size_t capacity, size_t rows,
                             size_t units, size_t targets, dni__arrived arrived, void *argument,
                             dni__channel **out, size_t *bytes);

#endif
