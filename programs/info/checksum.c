/* The checksum of a file of libdni: XXH3 of all bytes, its own digits taken for zeros (docs/FORMAT.md). */
#include <inttypes.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "info.h"

#define KIND "xxh3-64:"
enum { DIGITS = 16, PIECE = 65536, HEADER_AT = 8 };

/* What of the digits, which are at digits_at, lies in this piece becomes zeros. */
static void blank_digits(unsigned char *piece, uint64_t at, size_t size, uint64_t digits_at) {
  for (uint64_t i = digits_at; i < digits_at + DIGITS; i++)
    if (i >= at && i - at < size) piece[i - at] = '0';
}

static bool compute(const subject *s, uint64_t digits_at, uint64_t *sum) {
  static XXH3_state_t state;
  unsigned char piece[PIECE];
  XXH3_INITSTATE(&state);
  (void)XXH3_64bits_reset(&state);
  for (uint64_t at = 0; at < s->size;) {
    const size_t size = s->size - at < PIECE ? (size_t)(s->size - at) : PIECE;
    if (!read_at(s, at, piece, size)) return false;
    blank_digits(piece, at, size, digits_at);
    (void)XXH3_64bits_update(&state, piece, size);
    at += size;
  }
  *sum = XXH3_64bits_digest(&state);
  return true;
}

bool checksum_is_right(const subject *s, const char *header, size_t size, const char *said,
                       bool *right) {
  char found[sizeof KIND + DIGITS];
  uint64_t sum;
  *right = false;
  if (strncmp(said, KIND, strlen(KIND)) != 0)
    return problem(s, "its checksum %.40s is of an unknown kind", said);
  const char *place = memmem(header, size, said, strlen(said));
  if (!place || strlen(said) != strlen(KIND) + DIGITS)
    return problem(s, "corrupt: its checksum %.40s is malformed", said);
  if (!compute(s, HEADER_AT + (uint64_t)(place - header) + strlen(KIND), &sum)) return false;
  (void)snprintf(found, sizeof found, KIND "%016" PRIx64, sum);
  *right = strcmp(found, said) == 0;
  return *right || problem(s, "corrupt: the checksum does not match");
}
