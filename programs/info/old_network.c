/* Network files of libdni 0.3, format 1 of docs/FORMAT.md. */
#include <inttypes.h>
#include <string.h>
#include <zlib.h>

#include "info.h"

enum { START = 32, LAYER = 24, NORM = 16, END = 4, PIECE = 65536 };
enum { DENSE = 1, ACTIVATION = 2, BATCH_NORM = 3 };

static const unsigned char magic[] = {0x89, 'D', 'N', 'I', '\r', '\n', 0x1a, '\n'};

bool looks_like_old_network(const unsigned char *start, size_t size) {
  return size >= sizeof magic && !memcmp(start, magic, sizeof magic);
}

static bool check_sum(const subject *s) {
  unsigned char piece[PIECE], end[END];
  uLong sum = crc32(0, NULL, 0);
  for (uint64_t at = 0; at < s->size - END;) {
    const size_t size = s->size - END - at < PIECE ? (size_t)(s->size - END - at) : PIECE;
    if (!read_at(s, at, piece, size)) return false;
    sum = crc32(sum, piece, (uInt)size);
    at += size;
  }
  if (!read_at(s, s->size - END, end, END)) return false;
  const bool right = sum == little_endian(end, END);
  put_text(s->report, "checksum", right ? "right" : "wrong");
  return right || problem(s, "corrupt: the CRC-32 does not match");
}

/* Elements of the parameters; false: more than can be counted. */
static bool count_parameters(uint64_t kind, uint64_t inputs, uint64_t outputs, uint64_t *elements) {
  *elements = 0;
  if (kind == DENSE)
    return !__builtin_mul_overflow(inputs, outputs, elements) &&
           !__builtin_add_overflow(*elements, outputs, elements);
  return kind != BATCH_NORM || !__builtin_mul_overflow(inputs, (uint64_t)4, elements);
}

static void put_layer(json_t *list, const unsigned char *bytes) {
  static const char *const kinds[] = {"", "dense", "activation", "batch_norm"};
  const uint64_t kind = little_endian(bytes, 4), activation = little_endian(bytes + 4, 4);
  json_t *layer = json_object();
  append(list, layer);
  put_text(layer, "kind", kinds[kind]);
  put_count(layer, "inputs", little_endian(bytes + 8, 8));
  put_count(layer, "outputs", little_endian(bytes + 16, 8));
  if (kind != BATCH_NORM)
    put_text(layer, "activation", dni_activation_name((dni_activation)activation));
}

/* Of the layer at *at, which is moved behind it. */
static bool describe_layer(const subject *s, size_t element, json_t *list, uint64_t *at) {
  unsigned char bytes[LAYER];
  const uint64_t end = s->size - END;
  uint64_t elements, size;
  if (end - *at < LAYER) return problem(s, "truncated in a layer");
  if (!read_at(s, *at, bytes, LAYER)) return false;
  const uint64_t kind = little_endian(bytes, 4);
  if (kind < DENSE || kind > BATCH_NORM) return problem(s, "a layer of kind %" PRIu64, kind);
  put_layer(list, bytes);
  if (!count_parameters(kind, little_endian(bytes + 8, 8), little_endian(bytes + 16, 8),
                        &elements) ||
      __builtin_mul_overflow(elements, (uint64_t)element, &size) ||
      __builtin_add_overflow(size, (uint64_t)(LAYER + (kind == BATCH_NORM ? NORM : 0)), &size) ||
      size > end - *at)
    return problem(s, "a layer is larger than the file");
  *at += size;
  return true;
}

static bool describe_layers(const subject *s, uint64_t count, size_t element) {
  json_t *list = json_array();
  uint64_t at = START;
  put(s->report, "layers", list);
  for (uint64_t i = 0; i < count; i++)
    if (!describe_layer(s, element, list, &at)) return false;
  return at == s->size - END ||
         problem(s, "%" PRIu64 " bytes behind the last layer", s->size - END - at);
}

bool describe_old_network(subject *s) {
  unsigned char start[START];
  put_text(s->report, "format", "network of libdni 0.3");
  if (s->size < START + END) return problem(s, "truncated: %" PRIu64 " bytes", s->size);
  if (!read_at(s, 0, start, START)) return false;
  const uint64_t version = little_endian(start + 8, 4), type = little_endian(start + 12, 4);
  const uint64_t size = little_endian(start + 16, 8);
  if (version != 1 || type < 1 || type > 2)
    return problem(s, "format version %" PRIu64 " of element type %" PRIu64, version, type);
  put_text(s->report, "type", type == 1 ? "F32" : "F64");
  if (size != s->size)
    return problem(s, "truncated or longer: it should have %" PRIu64 " bytes", size);
  return check_sum(s) && describe_layers(s, little_endian(start + 24, 8), type == 1 ? 4 : 8);
}
