/* The container of safetensors files: a length, a header in JSON, the bytes of all tensors without holes.
 * docs/FORMAT.md has the rules; what breaks one is a problem that names the tensor. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "info.h"

enum { LENGTH_SIZE = 8, HEADER_MOST = 100000000, PIECE = 65536 };

static const char metadata_name[] = "__metadata__";
static const char known_format[] = "2";

typedef struct tensor {
  const char *name, *dtype;
  const json_t *shape;
  uint64_t begin, end; /* from the end of the header */
} tensor;

typedef struct container {
  char *header;
  size_t header_size;
  uint64_t data_size; /* behind the header */
  json_t *root;
  tensor *tensors;
  size_t count;
} container;

/* A header of more than 2^32 bytes is none, and its first character is known. */
bool looks_like_safetensors(const unsigned char *start, size_t size) {
  if (size <= LENGTH_SIZE) return size == LENGTH_SIZE && little_endian(start, 8) <= HEADER_MOST;
  return start[LENGTH_SIZE] == '{' && little_endian(start, LENGTH_SIZE) <= HEADER_MOST;
}

static bool read_header(const subject *s, container *c) {
  unsigned char length[LENGTH_SIZE];
  if (!read_at(s, 0, length, sizeof length)) return false;
  const uint64_t said = little_endian(length, sizeof length), left = s->size - LENGTH_SIZE;
  if (said > left)
    return problem(s, "truncated: a header of %" PRIu64 " bytes, but %" PRIu64 " are there", said,
                   left);
  c->header_size = (size_t)said;
  c->data_size = left - said;
  c->header = malloc(c->header_size + 1);
  if (!c->header) return problem(s, "out of memory: its header of %" PRIu64 " bytes", said);
  if (!read_at(s, LENGTH_SIZE, c->header, c->header_size)) return false;
  json_error_t error;
  c->root = json_loadb(c->header, c->header_size, JSON_REJECT_DUPLICATES, &error);
  if (!c->root) return problem(s, "its header is malformed: %s", error.text);
  return json_is_object(c->root) || problem(s, "its header is not an object");
}

static bool check_texts(const subject *s, const container *c) {
  json_t *texts = json_object_get(c->root, metadata_name), *value;
  const char *name;
  if (texts && !json_is_object(texts)) return problem(s, "%s is not an object", metadata_name);
  json_object_foreach(texts, name, value) {
    if (!json_is_string(value))
      return problem(s, "%s: %.100s is not a string", metadata_name, name);
  }
  return true;
}

/* One tensor. ------------------------------------------------------------------------------------ */

static bool tensor_problem(const subject *s, const tensor *t, const char *what) {
  return problem(s, "tensor %.100s: %s", t->name, what);
}

static bool is_count(const json_t *value) {
  return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool count_elements(const subject *s, const tensor *t, uint64_t *elements) {
  size_t i;
  json_t *dimension;
  if (!json_is_array(t->shape)) return tensor_problem(s, t, "its shape is not an array");
  if (json_array_size(t->shape) > 8)
    return tensor_problem(s, t, "its shape has more than 8 dimensions");
  *elements = 1;
  json_array_foreach(t->shape, i, dimension) {
    if (!is_count(dimension)) return tensor_problem(s, t, "its shape is not made of counts");
    if (__builtin_mul_overflow(*elements, (uint64_t)json_integer_value(dimension), elements))
      return tensor_problem(s, t, "its shape is too large");
  }
  return true;
}

static bool read_place(const subject *s, const container *c, const json_t *offsets, tensor *t) {
  const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
  if (json_array_size(offsets) != 2 || !is_count(begin) || !is_count(end))
    return tensor_problem(s, t, "its data_offsets are not two counts");
  t->begin = (uint64_t)json_integer_value(begin);
  t->end = (uint64_t)json_integer_value(end);
  if (t->begin > t->end) return tensor_problem(s, t, "its data_offsets go backwards");
  if (t->end <= c->data_size) return true;
  return problem(s, "truncated: tensor %.100s ends at %" PRIu64 ", but there are %" PRIu64 " bytes",
                 t->name, t->end, c->data_size);
}

static bool read_tensor(const subject *s, const container *c, const json_t *value, tensor *t) {
  uint64_t elements = 0, bytes;
  if (!json_is_object(value) || json_object_size(value) != 3)
    return tensor_problem(s, t, "it is not an object of dtype, shape and data_offsets");
  t->dtype = json_string_value(json_object_get(value, "dtype"));
  t->shape = json_object_get(value, "shape");
  if (!t->dtype) return tensor_problem(s, t, "its dtype is not a string");
  if (!count_elements(s, t, &elements)) return false;
  if (!read_place(s, c, json_object_get(value, "data_offsets"), t)) return false;
  const element_type *type = element_type_of(t->dtype);
  if (!type) return true; /* of a type that is not known, only the place can be checked */
  if (__builtin_mul_overflow(elements, (uint64_t)type->size, &bytes) || bytes != t->end - t->begin)
    return tensor_problem(s, t, "its shape does not make its bytes");
  return true;
}

/* All of them. ----------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b) {
  const tensor *first = a, *second = b;
  if (first->begin != second->begin) return first->begin < second->begin ? -1 : 1;
  return first->end < second->end ? -1 : first->end > second->end;
}

/* Numbers in names in their order: layers.2 before layers.10. */
static int by_name(const void *a, const void *b) {
  return strverscmp(((const tensor *)a)->name, ((const tensor *)b)->name);
}

static bool check_layout(const subject *s, container *c) {
  uint64_t end = 0;
  if (c->count > 0) qsort(c->tensors, c->count, sizeof *c->tensors, by_place);
  for (size_t i = 0; i < c->count; i++) {
    const tensor *t = &c->tensors[i];
    if (t->begin != end)
      return tensor_problem(
          s, t, t->begin < end ? "it overlaps the one before" : "there is a hole before it");
    end = t->end;
  }
  if (c->count > 0) qsort(c->tensors, c->count, sizeof *c->tensors, by_name);
  return end == c->data_size ||
         problem(s, "%" PRIu64 " bytes behind the last tensor", c->data_size - end);
}

static bool read_tensors(const subject *s, container *c) {
  const char *name;
  json_t *value;
  c->tensors = calloc(json_object_size(c->root) + 1, sizeof *c->tensors);
  if (!c->tensors) return problem(s, "out of memory");
  json_object_foreach(c->root, name, value) {
    tensor *t = &c->tensors[c->count];
    if (!strcmp(name, metadata_name)) continue;
    t->name = name;
    if (!read_tensor(s, c, value, t)) return false;
    c->count++;
  }
  return check_layout(s, c);
}

/* What is reported. ------------------------------------------------------------------------------ */

static bool add_elements(const subject *s, const element_type *type, uint64_t at, uint64_t end,
                         statistics *of) {
  unsigned char piece[PIECE]; /* a multiple of every element's size */
  while (at < end) {
    const size_t size = end - at < PIECE ? (size_t)(end - at) : PIECE;
    if (!read_at(s, at, piece, size)) return false;
    for (size_t i = 0; i < size; i += type->size)
      statistics_add(of, type->value(little_endian(piece + i, type->size)));
    at += size;
  }
  return true;
}

static bool put_statistics(const subject *s, const container *c, const tensor *t, json_t *into) {
  const element_type *type = element_type_of(t->dtype);
  const uint64_t data = LENGTH_SIZE + (uint64_t)c->header_size;
  statistics of;
  if (!type || !type->value) return true; /* nothing can be said */
  statistics_begin(&of);
  if (!add_elements(s, type, data + t->begin, data + t->end, &of)) return false;
  statistics_put(&of, into);
  return true;
}

static bool put_tensors(const subject *s, const container *c, json_t *into) {
  for (size_t i = 0; i < c->count; i++) {
    const tensor *t = &c->tensors[i];
    json_t *entry = json_object();
    append(into, entry);
    put_text(entry, "name", t->name);
    put_text(entry, "type", t->dtype);
    put(entry, "shape", json_deep_copy(t->shape));
    put_count(entry, "bytes", t->end - t->begin);
    if (s->all_tensors && !put_statistics(s, c, t, entry)) return false;
  }
  return true;
}

static bool begins(const char *text, const char *with) {
  return strncmp(text, with, strlen(with)) == 0;
}

static bool is_of_libdni(json_t *texts) {
  const char *name;
  json_t *value;
  json_object_foreach(texts, name, value) {
    if (begins(name, "libdni.")) return true;
  }
  return false;
}

/* "right", "wrong", or null where a program that knows nothing of it has written the file. */
static bool put_checksum(const subject *s, const container *c, const json_t *texts, json_t *into) {
  const char *said = json_string_value(json_object_get(texts, "libdni.checksum"));
  bool right;
  if (!said) {
    put(into, "checksum", json_null());
    return !json_object_get(texts, "libdni.format") ||
           problem(s, "corrupt: its checksum is missing");
  }
  const bool good = checksum_is_right(s, c->header, c->header_size, said, &right);
  put_text(into, "checksum", right ? "right" : "wrong");
  return good;
}

/* What a later libdni may have written. */
static bool check_known(const subject *s, const json_t *texts) {
  const char *format = json_string_value(json_object_get(texts, "libdni.format"));
  const char *needs = json_string_value(json_object_get(texts, "libdni.requires"));
  if (!format) return problem(s, "corrupt: its format is missing");
  if (strcmp(format, known_format) != 0)
    return problem(s, "format version %.40s, this program knows %s", format, known_format);
  return !needs || !needs[0] ||
         problem(s, "it requires %.100s, which this program does not know", needs);
}

static bool put_libdni(const subject *s, const container *c, const json_t *texts) {
  static const char *const names[] = {"format", "version", "content", "requires"};
  json_t *into = json_object();
  char full[32];
  put(s->report, "libdni", into);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    (void)snprintf(full, sizeof full, "libdni.%s", names[i]);
    const char *text = json_string_value(json_object_get(texts, full));
    put(into, names[i], text ? text_json(text) : json_null());
  }
  const bool right = put_checksum(s, c, texts, into);
  return check_known(s, texts) && right;
}

/* Of a file that is damaged only in its numbers, everything is shown. */
static bool put_content(const subject *s, const container *c) {
  json_t *texts = json_object_get(c->root, metadata_name);
  json_t *tensors = json_array();
  bool good = true;
  if (is_of_libdni(texts))
    good = put_libdni(s, c, texts);
  else
    put(s->report, "libdni", json_null());
  put(s->report, "tensors", tensors);
  if (!put_tensors(s, c, tensors)) return false;
  if (is_of_libdni(texts))
    describe_objects(s->report, texts, tensors);
  else
    put(s->report, "texts", texts ? json_deep_copy(texts) : json_object());
  return good;
}

bool describe_safetensors(subject *s) {
  container c = {0};
  put_text(s->report, "format", "safetensors");
  bool good = read_header(s, &c) && check_texts(s, &c) && read_tensors(s, &c) && put_content(s, &c);
  json_decref(c.root);
  free(c.tensors);
  free(c.header);
  return good;
}
