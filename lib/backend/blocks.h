/* Memory in which products of bf16 round A. Internal to lib/backend.
 *
 * A kernel has a small block of its own on the stack. In a larger one all rows of a usual A fit, so that B is rounded,
 * or a packed weight read, once and not once for each block. Who runs a product takes one of the backend's, if
 * there is one, and gives it back; so no product allocates or waits, and with none left it is only slower. */
#ifndef DNI_BACKEND_BLOCKS_H
#define DNI_BACKEND_BLOCKS_H

#include "backend/backend.h"

#define DNI__BLOCK_PAIRS ((size_t)65536) /* of a block: 256 KiB, which a second-level cache has */
#define DNI__BLOCKS_MOST 16

typedef struct dni__blocks {
  _Atomic(uint32_t *) idle[DNI__BLOCKS_MOST]; /* NULL: taken, or not there */
  atomic_size_t made;
} dni__blocks;

/* Have `count` blocks or more, as far as there is memory; at most DNI__BLOCKS_MOST. Any thread. */
void dni__blocks_reserve(dni__blocks *blocks, dni__memory *memory, size_t count);
void dni__blocks_free(dni__blocks *blocks, dni__memory *memory);

/* NULL: none is idle. Any thread. */
uint32_t *dni__blocks_take(dni__blocks *blocks);
void dni__blocks_give(dni__blocks *blocks, uint32_t *block);

#endif
