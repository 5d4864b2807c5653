/* How matrices get from one stage to the next. Internal.
 *
 * An interface, so that stages may one day sit in different processes or machines: messages carry
 * everything with them and are copied on sending. queue.c is the implementation inside one process.
 * One stage sends, one receives. */
#ifndef DNI_TRAINER_CHANNEL_H
#define DNI_TRAINER_CHANNEL_H

#include "core/core.h"

/* Upwards: h and y of a batch. Downwards: the gradient of h in first, without rows where nobody
 * asked for one; the message then only says that the batch is done above. */
typedef struct dni__message {
  uint64_t batch;       /* counted from 0 */
  uint32_t part, parts; /* of a batch cut into micro-batches; else 0 of 1 */
  double share;         /* of the batch's rows */
  dni_matrix first, second;
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

/* Room for `capacity` messages of up to [rows][columns[0]] and [rows][columns[1]]. bytes: what its
 * buffers occupy. */
dni_status dni__queue_create(dni__memory *memory, dni_dtype dtype, size_t capacity, size_t rows,
                             const size_t columns[2], dni__arrived arrived, void *argument,
                             dni__channel **out, size_t *bytes);

#endif
