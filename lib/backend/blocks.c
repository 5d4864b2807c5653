/* Blocks for rounding A: a place for each, which is exchanged with NULL. */
#include "backend/blocks.h"

uint32_t *dni__blocks_take(dni__blocks *blocks) {
  for (size_t i = 0; i < DNI__BLOCKS_MOST; i++) {
    if (!atomic_load_explicit(&blocks->idle[i], memory_order_relaxed)) continue;
    uint32_t *block = atomic_exchange_explicit(&blocks->idle[i], NULL, memory_order_acquire);
    if (block) return block;
  }
  return NULL;
}

/* There are no more blocks than places, so one is found. */
void dni__blocks_give(dni__blocks *blocks, uint32_t *block) {
  for (size_t i = 0; block; i = (i + 1) % DNI__BLOCKS_MOST) {
    uint32_t *none = NULL;
    if (atomic_compare_exchange_strong_explicit(&blocks->idle[i], &none, block,
                                                memory_order_release, memory_order_relaxed))
      return;
  }
}

void dni__blocks_reserve(dni__blocks *blocks, dni__memory *memory, size_t count) {
  size_t made = atomic_load(&blocks->made);
  while (made < count && made < DNI__BLOCKS_MOST) {
    if (!atomic_compare_exchange_weak(&blocks->made, &made, made + 1)) continue;
    uint32_t *block = dni__allocate_spare(memory, DNI__BLOCK_PAIRS * sizeof *block);
    if (!block) {
      (void)atomic_fetch_sub(&blocks->made, 1);
      return;
    }
    dni__blocks_give(blocks, block);
    made++;
  }
}

void dni__blocks_free(dni__blocks *blocks, dni__memory *memory) {
  for (size_t i = 0; i < DNI__BLOCKS_MOST; i++)
    dni__free(memory, atomic_load(&blocks->idle[i]));
}
