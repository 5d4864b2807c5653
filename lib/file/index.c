/* Headers of safetensors files, by libjansson. It refuses what is no JSON, bytes that are no UTF-8, NUL
 * characters, and names that come twice.
 *
 * Before it sees the header, a look at brackets refuses what is nested deeper than the format ever is,
 * so that no header makes the parser go deep. */
#include "file/index.h"

#ifndef DNI_NO_FILES

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MOST 3 /* {"name": {"shape": [ ]}} */

static const struct {
  const char *name;
  size_t size;
} types[] = {
    {"F32", 4}, {"F64", 8}, {"I32", 4},  {"U8", 1},      {"BF16", 2},
    {"F16", 2}, {"I64", 8}, {"U64", 8},  {"U32", 4},     {"I16", 2},
    {"U16", 2}, {"I8", 1},  {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1},
};

size_t dni__tensor_element(const char *dtype) {
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    if (!strcmp(types[i].name, dtype)) return types[i].size;
  return 0;
}

/* How deep brackets outside of strings go; more than DEPTH_MOST is not counted. */
static int depth_of(const char *header, size_t size) {
  int depth = 0, most = 0;
  bool in_string = false;
  for (size_t i = 0; i < size && most <= DEPTH_MOST; i++) {
    if (header[i] == '"') in_string = !in_string;
    if (header[i] == '\\') i++;
    if (in_string) continue;
    if (header[i] == '{' || header[i] == '[') depth++;
    if (header[i] == '}' || header[i] == ']') depth--;
    if (depth > most) most = depth;
  }
  return most;
}

/* One tensor. --------------------------------------------------------------------------------- */

static dni_status fail_tensor(const char *name, const char *what) {
  return dni__fail(DNI_ERROR_DATA, "tensor %s: %s", dni__shown(name).text, what);
}

static bool is_count(const json_t *value) {
  return json_is_integer(value) && json_integer_value(value) >= 0;
}

static dni_status read_shape(const json_t *shape, dni__tensor *tensor) {
  if (!json_is_array(shape)) return fail_tensor(tensor->name, "its shape is not an array");
  tensor->rank = json_array_size(shape);
  if (tensor->rank > DNI_TENSOR_RANK_MOST)
    return fail_tensor(tensor->name, "its shape has more than 8 dimensions");
  tensor->elements = 1;
  for (size_t i = 0; i < tensor->rank; i++) {
    const json_t *dimension = json_array_get(shape, i);
    if (!is_count(dimension)) return fail_tensor(tensor->name, "its shape is not made of counts");
    tensor->shape[i] = (uint64_t)json_integer_value(dimension);
    if (__builtin_mul_overflow(tensor->elements, tensor->shape[i], &tensor->elements))
      return fail_tensor(tensor->name, "its shape is too large");
  }
  return DNI_OK;
}

static dni_status read_offsets(const json_t *offsets, size_t data_size, dni__tensor *tensor) {
  const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
  if (json_array_size(offsets) != 2 || !is_count(begin) || !is_count(end))
    return fail_tensor(tensor->name, "its data_offsets are not two counts");
  const uint64_t first = (uint64_t)json_integer_value(begin);
  const uint64_t last = (uint64_t)json_integer_value(end);
  if (first > last || last > data_size)
    return dni__fail(DNI_ERROR_DATA,
                     "tensor %s: its data_offsets are %" PRIu64 " to %" PRIu64
                     ", but there can be %zu bytes at most",
                     dni__shown(tensor->name).text, first, last, data_size);
  tensor->begin = (size_t)first;
  tensor->size = (size_t)(last - first);
  return DNI_OK;
}

static dni_status check_size(const dni__tensor *tensor) {
  const size_t element = dni__tensor_element(tensor->dtype);
  uint64_t bytes;
  if (element == 0) return DNI_OK; /* nobody here asks for it */
  if (__builtin_mul_overflow(tensor->elements, (uint64_t)element, &bytes) || bytes != tensor->size)
    return dni__fail(DNI_ERROR_DATA,
                     "tensor %s: %" PRIu64 " elements of %s are not the %zu bytes it has",
                     dni__shown(tensor->name).text, tensor->elements, tensor->dtype, tensor->size);
  return DNI_OK;
}

static dni_status read_tensor(const char *name, const json_t *value, size_t data_size,
                              dni__tensor *tensor) {
  *tensor = (dni__tensor){.name = name};
  if (!json_is_object(value) || json_object_size(value) != 3)
    return fail_tensor(name, "it is not an object of dtype, shape and data_offsets");
  tensor->dtype = json_string_value(json_object_get(value, "dtype"));
  if (!tensor->dtype) return fail_tensor(name, "its dtype is not a string");
  DNI_TRY(read_shape(json_object_get(value, "shape"), tensor));
  DNI_TRY(read_offsets(json_object_get(value, "data_offsets"), data_size, tensor));
  return check_size(tensor);
}

/* All of them. --------------------------------------------------------------------------------- */

static int by_begin(const void *a, const void *b) {
  const dni__tensor *first = a, *second = b;
  if (first->begin != second->begin) return first->begin < second->begin ? -1 : 1;
  return first->size < second->size ? -1 : first->size > second->size;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const dni__tensor *)a)->name, ((const dni__tensor *)b)->name);
}

static int by_text_name(const void *a, const void *b) {
  return strcmp(((const dni__text_entry *)a)->name, ((const dni__text_entry *)b)->name);
}

/* The tensors follow each other without holes or overlaps. */
static dni_status check_layout(dni__index *index) {
  size_t end = 0;
  if (index->tensor_count > 0)
    qsort(index->tensors, index->tensor_count, sizeof *index->tensors, by_begin);
  for (size_t i = 0; i < index->tensor_count; i++) {
    const dni__tensor *tensor = &index->tensors[i];
    if (tensor->begin != end)
      return fail_tensor(tensor->name, tensor->begin < end ? "it overlaps the one before"
                                                           : "there is a hole before it");
    end += tensor->size;
  }
  index->data_size = end;
  if (index->tensor_count > 0)
    qsort(index->tensors, index->tensor_count, sizeof *index->tensors, by_name);
  return DNI_OK;
}

static dni_status read_tensors(json_t *root, size_t data_size, dni__index *index) {
  const char *name;
  json_t *value;
  index->tensors = dni__allocate(index->memory, json_object_size(root), sizeof *index->tensors);
  if (!index->tensors) return DNI_ERROR_MEMORY;
  json_object_foreach(root, name, value) {
    if (!strcmp(name, "__metadata__")) continue;
    DNI_TRY(read_tensor(name, value, data_size, &index->tensors[index->tensor_count++]));
  }
  return check_layout(index);
}

static dni_status read_texts(json_t *root, dni__index *index) {
  json_t *metadata = json_object_get(root, "__metadata__"), *value;
  const char *name;
  if (metadata && !json_is_object(metadata))
    return dni__fail(DNI_ERROR_DATA, "__metadata__ is not an object");
  index->texts = dni__allocate(index->memory, json_object_size(metadata), sizeof *index->texts);
  if (!index->texts) return DNI_ERROR_MEMORY;
  json_object_foreach(metadata, name, value) {
    if (!json_is_string(value))
      return dni__fail(DNI_ERROR_DATA, "__metadata__: %s is not a string", dni__shown(name).text);
    index->texts[index->text_count++] = (dni__text_entry){name, json_string_value(value), false};
  }
  if (index->text_count > 0)
    qsort(index->texts, index->text_count, sizeof *index->texts, by_text_name);
  return DNI_OK;
}

static json_t *load_json(const char *header, size_t size, json_error_t *error) {
  return json_loadb(header, size, JSON_REJECT_DUPLICATES, error);
}

static bool has_memory(void) {
  json_t *probe = json_array();
  json_decref(probe);
  return probe != NULL;
}

/* Why there are not two that are equal. */
static dni_status fail_parse(size_t size, bool any, const json_error_t *error) {
  const bool bad =
      !any && has_memory() && error->text[0] && json_error_code(error) != json_error_out_of_memory;
  if (bad)
    return dni__fail(DNI_ERROR_DATA, "its header is malformed: %s", dni__shown(error->text).text);
  return dni__fail(DNI_ERROR_MEMORY, "out of memory: its header of %zu bytes", size);
}

/* Where memory is short for a moment, the parser (2.14) may drop characters of a string without a word, or
 * call a good header malformed. So the header is read twice; both are equal when nothing was lost. */
static dni_status parse(const char *header, size_t size, dni__index *index) {
  json_error_t error, other;
  if (depth_of(header, size) > DEPTH_MOST)
    return dni__fail(DNI_ERROR_DATA, "its header is nested too deeply");
  json_t *first = load_json(header, size, &error), *second = load_json(header, size, &other);
  const bool any = first || second, equal = first && second && json_equal(first, second);
  json_decref(second);
  index->json = first;
  return equal ? DNI_OK : fail_parse(size, any, &error);
}

dni_status dni__index_create(dni__memory *memory, const char *header, size_t size, size_t data_size,
                             dni__index *out) {
  dni__index index = {.memory = memory};
  dni_status status = parse(header, size, &index);
  if (status == DNI_OK) status = read_texts(index.json, &index);
  if (status == DNI_OK) status = read_tensors(index.json, data_size, &index);
  if (status != DNI_OK) {
    dni__index_free(&index);
    return status;
  }
  *out = index;
  return DNI_OK;
}

void dni__index_free(dni__index *index) {
  json_decref(index->json);
  dni__free(index->memory, index->tensors);
  dni__free(index->memory, index->texts);
}

dni__tensor *dni__index_tensor(const dni__index *index, const char *name) {
  const dni__tensor key = {.name = name};
  if (index->tensor_count == 0) return NULL;
  return bsearch(&key, index->tensors, index->tensor_count, sizeof key, by_name);
}

dni__text_entry *dni__index_text(const dni__index *index, const char *name) {
  const dni__text_entry key = {.name = name};
  if (index->text_count == 0) return NULL;
  return bsearch(&key, index->texts, index->text_count, sizeof key, by_text_name);
}

#endif
