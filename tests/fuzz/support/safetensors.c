/* Safetensors: what a fuzzer has to put right to come further than the first checks. */
#include "../fuzz.h"

#include <stdio.h>

#include "file/checksum.h"

#define LENGTH_SIZE 8
#define MOST        (1 << 16) /* bytes of an input that is changed here */

static size_t header_length(const uint8_t *bytes) {
  uint64_t length = 0;
  for (size_t i = 0; i < LENGTH_SIZE; i++)
    length |= (uint64_t)bytes[i] << 8 * i;
  return (size_t)length;
}

static void set_header_length(uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < LENGTH_SIZE; i++)
    bytes[i] = (uint8_t)((uint64_t)length >> 8 * i);
}

/* Checksum. ----------------------------------------------------------------------------------- */

static uint8_t *find(uint8_t *bytes, size_t size, const char *text) {
  return memmem(bytes, size, text, strlen(text));
}

bool fuzz_mend_checksum(uint8_t *bytes, size_t size) {
  static dni__memory *memory;
  char text[DNI_CHECKSUM_TEXT];
  dni__checksum *checksum;
  const size_t digits = strlen(DNI_CHECKSUM_ZERO);
  uint8_t *place = size > 0 ? find(bytes, size, DNI_CHECKSUM_KIND) : NULL;
  if (!place) return false;
  place += strlen(DNI_CHECKSUM_KIND);
  if ((size_t)(bytes + size - place) < digits) return false;
  if (!memory) EXPECT_FINE(dni__memory_create(NULL, &memory));
  memcpy(place, DNI_CHECKSUM_ZERO, digits);
  EXPECT_FINE(dni__checksum_create(memory, &checksum));
  dni__checksum_add(checksum, bytes, size);
  dni__checksum_end(memory, checksum, text);
  memcpy(place, text + strlen(DNI_CHECKSUM_KIND), digits);
  return true;
}

/* Laying tensors out. ------------------------------------------------------------------------- */

static size_t element_size(const char *dtype) {
  if (!strncmp(dtype, "F64", 3) || !strncmp(dtype, "I64", 3) || !strncmp(dtype, "U64", 3)) return 8;
  if (strchr("BIU", dtype[0]) && dtype[1] == '8') return 1;
  return strncmp(dtype, "F16", 3) && strncmp(dtype, "BF16", 4) ? 4 : 2;
}

/* Bytes of the tensor whose object begins at `text`, at most MOST. */
static size_t tensor_size(const char *text, const char *end) {
  const char *dtype = memmem(text, (size_t)(end - text), "\"dtype\":\"", 9);
  const char *shape = memmem(text, (size_t)(end - text), "\"shape\":[", 9);
  if (!dtype || !shape) return 0;
  size_t size = element_size(dtype + 9);
  for (shape += 9; shape < end && *shape != ']'; shape++) {
    char *after;
    const unsigned long dimension = strtoul(shape, &after, 10);
    if (after == shape || after >= end) break;
    size = dimension > MOST ? MOST : size * dimension;
    if (size > MOST) size = MOST;
    shape = after;
    if (*shape == ']') break;
  }
  return size;
}

/* Every "data_offsets":[a,b] of the text made to follow the one before. *data: bytes of all tensors.
 * Both texts end with a NUL byte. Answers the length of `to`, 0 if it does not fit. */
static size_t lay_out(const char *from, char *to, size_t room, size_t *data) {
  static const char name[] = "\"data_offsets\":[";
  size_t length = 0;
  const char *before = from;
  *data = 0;
  for (const char *at; (at = strstr(from, name)); before = from) {
    const size_t kept = (size_t)(at - from), size = tensor_size(before, at);
    if (length + kept + 80 > room) return 0;
    memcpy(to + length, from, kept);
    length += kept;
    length += (size_t)sprintf(to + length, "%s%zu,%zu", name, *data, *data + size);
    *data += size;
    from = at + strlen(name);
    from += strspn(from, "0123456789,- ");
  }
  const size_t rest = strlen(from);
  if (length + rest + 1 > room) return 0;
  memcpy(to + length, from, rest + 1);
  return length + rest;
}

/* Mutating. ----------------------------------------------------------------------------------- */

/* libFuzzer's own; not there in other programs, which do not mutate. */
extern size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most) __attribute__((weak));

static size_t join(uint8_t *to, const uint8_t *header, size_t length, const uint8_t *data,
                   size_t size) {
  set_header_length(to, length);
  memcpy(to + LENGTH_SIZE, header, length);
  memcpy(to + LENGTH_SIZE + length, data, size);
  return LENGTH_SIZE + length + size;
}

size_t fuzz_mutate_safetensors(uint8_t *bytes, size_t size, size_t most, unsigned seed) {
  static uint8_t header[MOST], other[MOST], data[2 * MOST];
  const size_t said = size < LENGTH_SIZE ? size : header_length(bytes);
  if (seed % 8 == 0 || size < LENGTH_SIZE || said > size - LENGTH_SIZE || most >= MOST)
    return LLVMFuzzerMutate(bytes, size, most);
  size_t length = said, rest = size - LENGTH_SIZE - said;
  memcpy(header, bytes + LENGTH_SIZE, length);
  memcpy(data, bytes + LENGTH_SIZE + length, rest);
  if (seed % 8 == 1)
    rest = LLVMFuzzerMutate(data, rest, most - LENGTH_SIZE - length);
  else
    length = LLVMFuzzerMutate(header, length, most - LENGTH_SIZE - rest);
  header[length] = 0;
  size_t laid, all;
  if (!(seed & 8) || (laid = lay_out((char *)header, (char *)other, sizeof other, &all)) == 0 ||
      LENGTH_SIZE + laid + all > most)
    return join(bytes, header, length, data, rest);
  if (all > rest) memset(data + rest, 0, all - rest);
  return join(bytes, other, laid, data, all);
}
