/* By libxxhash, whose header is compiled in: several gigabytes a second, so that it costs less than
 * the copying. */
#include "file/checksum.h"

#include <inttypes.h>
#include <stdio.h>

#ifndef DNI_NO_FILES

#define XXH_INLINE_ALL
#include <xxhash.h>

struct dni__checksum {
  XXH3_state_t state;
};

dni_status dni__checksum_create(dni__memory *memory, dni__checksum **out) {
  dni__checksum *checksum = dni__allocate(memory, 1, sizeof *checksum);
  if (!checksum) return DNI_ERROR_MEMORY;
  XXH3_INITSTATE(&checksum->state);
  (void)XXH3_64bits_reset(&checksum->state);
  *out = checksum;
  return DNI_OK;
}

void dni__checksum_add(dni__checksum *checksum, const void *bytes, size_t size) {
  (void)XXH3_64bits_update(&checksum->state, bytes, size);
}

void dni__checksum_end(dni__memory *memory, dni__checksum *checksum, char text[DNI_CHECKSUM_TEXT]) {
  const uint64_t sum = XXH3_64bits_digest(&checksum->state);
  (void)snprintf(text, DNI_CHECKSUM_TEXT, DNI_CHECKSUM_KIND "%016" PRIx64, sum);
  dni__free(memory, checksum);
}

#endif
