/* Writing: the header is made first, with a place for the checksum; then all bytes are gone through
 * twice, to sum them up and to write them. Nothing is copied that lies in memory as it does in files. */
#include "file/parts.h"

#ifndef DNI_NO_FILES

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "file/checksum.h"
#include "file/output.h"

#define LENGTH_SIZE 8

/* A tensor to be written, and whose manifest it is in. */
typedef struct entry {
  const dni__manifest *manifest;
  const dni__place *place;
  size_t element, order; /* bytes of an element; place in the list */
} entry;

/* A file in the making. */
typedef struct writing {
  dni__memory *memory;
  const dni__manifest *manifest;
  const dni__leftovers *leftovers;
  const char *what;
  json_t *root, *metadata;
  entry *entries; /* those of larger elements first, so that all are aligned */
  size_t entry_count;
  char *header; /* with its length in front */
  size_t header_size;
  char *digits; /* of the checksum in it */
} writing;

/* Where bytes go. */
typedef struct sink {
  dni_status (*put)(void *user, const void *bytes, size_t size);
  void *user;
} sink;

/* Texts. -------------------------------------------------------------------------------------- */

static dni_status no_memory(void) {
  return dni__fail(DNI_ERROR_MEMORY, "out of memory: the header");
}

/* The value becomes the object's. NULL: it could not be made. */
static dni_status set(json_t *object, const char *name, json_t *value) {
  if (json_object_get(object, name)) {
    json_decref(value);
    return dni__fail(DNI_ERROR_ARGUMENT, "two entries have the name %s", dni__shown(name).text);
  }
  return value && json_object_set_new(object, name, value) == 0 ? DNI_OK : no_memory();
}

static dni_status set_text(json_t *object, const char *name, const char *text) {
  return set(object, name, json_string(text));
}

static dni_status put_own_texts(const writing *w) {
  DNI_TRY(set_text(w->metadata, DNI_CHECKSUM_NAME, DNI_CHECKSUM_KIND DNI_CHECKSUM_ZERO));
  DNI_TRY(set_text(w->metadata, DNI_FILE_FORMAT, DNI_FILE_FORMAT_KNOWN));
  DNI_TRY(set_text(w->metadata, DNI_FILE_VERSION, DNI_VERSION_STRING));
  return set_text(w->metadata, DNI_FILE_CONTENT, w->what);
}

static bool is_tensor(const dni__place *place) {
  return place->kind == DNI__PLACE_MATRIX || place->kind == DNI__PLACE_RAW;
}

static dni_status put_text(const writing *w, const dni__manifest *manifest,
                           const dni__place *place) {
  char text[DNI_VALUE_TEXT];
  const char *name = dni__manifest_name(manifest, place);
  if (place->kind == DNI__PLACE_FIXED || place->kind == DNI__PLACE_NOTE)
    return set_text(w->metadata, name, dni__manifest_text(manifest, place->at.text));
  dni__place_print(place, text);
  return set_text(w->metadata, name, text);
}

/* Those that were left over give way. */
static dni_status put_texts(const writing *w, const dni__manifest *manifest, bool gives_way) {
  for (size_t i = 0; i < manifest->count; i++) {
    const dni__place *place = &manifest->places[i];
    if (is_tensor(place) || place->kind == DNI__PLACE_ABSENT) continue;
    if (gives_way && json_object_get(w->metadata, dni__manifest_name(manifest, place))) continue;
    DNI_TRY(put_text(w, manifest, place));
  }
  return DNI_OK;
}

/* Tensors. ------------------------------------------------------------------------------------ */

static size_t bytes_of(const entry *e) {
  const dni__place *place = e->place;
  if (place->kind == DNI__PLACE_RAW) return place->at.raw.size;
  return place->at.matrix.rows * place->at.matrix.columns * e->element;
}

static void collect(writing *w, const dni__manifest *manifest) {
  for (size_t i = 0; i < manifest->count; i++) {
    const dni__place *place = &manifest->places[i];
    if (!is_tensor(place)) continue;
    entry e = {.manifest = manifest, .place = place, .order = w->entry_count};
    e.element = place->kind == DNI__PLACE_RAW
                    ? dni__tensor_element(dni__manifest_text(manifest, place->at.raw.dtype))
                    : dni__dtype_size(place->at.matrix.dtype);
    w->entries[w->entry_count++] = e;
  }
}

static int by_element(const void *a, const void *b) {
  const entry *first = a, *second = b;
  if (first->element != second->element) return first->element > second->element ? -1 : 1;
  return first->order < second->order ? -1 : 1;
}

static json_t *shape_of(const entry *e) {
  const dni__place *place = e->place;
  if (place->kind == DNI__PLACE_RAW)
    return json_loads(dni__manifest_text(e->manifest, place->at.raw.shape), 0, NULL);
  return json_pack("[II]", (json_int_t)place->at.matrix.rows, (json_int_t)place->at.matrix.columns);
}

static const char *dtype_of(const entry *e) {
  const dni__place *place = e->place;
  return place->kind == DNI__PLACE_RAW ? dni__manifest_text(e->manifest, place->at.raw.dtype)
                                       : dni__file_dtype(place->at.matrix.dtype);
}

static dni_status put_tensor(const writing *w, const entry *e, size_t begin) {
  const char *name = dni__manifest_name(e->manifest, e->place);
  if (!strcmp(name, "__metadata__"))
    return dni__fail(DNI_ERROR_ARGUMENT, "no entry may have the name %s", name);
  return set(w->root, name,
             json_pack("{s:s,s:o,s:[II]}", "dtype", dtype_of(e), "shape", shape_of(e),
                       "data_offsets", (json_int_t)begin, (json_int_t)(begin + bytes_of(e))));
}

static dni_status put_tensors(writing *w) {
  size_t begin = 0, count = 0;
  if (w->entry_count > 0) qsort(w->entries, w->entry_count, sizeof *w->entries, by_element);
  for (size_t i = 0; i < w->entry_count; i++) {
    const entry *e = &w->entries[i];
    const bool gives_way = w->leftovers && e->manifest == &w->leftovers->manifest;
    if (gives_way && json_object_get(w->root, dni__manifest_name(e->manifest, e->place))) continue;
    DNI_TRY(put_tensor(w, e, begin));
    begin += bytes_of(e);
    w->entries[count++] = *e;
  }
  w->entry_count = count;
  return DNI_OK;
}

/* Header. ------------------------------------------------------------------------------------- */

/* The file's own come first: a checksum, so that its digits are the first zeros. What was left over
 * comes last, so that it is the one to give way. */
static dni_status fill_tree(writing *w) {
  const dni__manifest *over = w->leftovers ? &w->leftovers->manifest : NULL;
  const size_t most = w->manifest->count + (over ? over->count : 0);
  w->root = json_object();
  w->metadata = json_object();
  if (!w->root || !w->metadata) return no_memory();
  w->entries = dni__allocate(w->memory, most, sizeof *w->entries);
  if (!w->entries) return DNI_ERROR_MEMORY;
  DNI_TRY(put_own_texts(w));
  DNI_TRY(put_texts(w, w->manifest, false));
  if (over) DNI_TRY(put_texts(w, over, true));
  if (json_object_set(w->root, "__metadata__", w->metadata) != 0) return no_memory();
  collect(w, w->manifest);
  if (over) collect(w, over);
  return put_tensors(w);
}

/* The first zeros of the text, which no NUL ends. */
static char *find_digits(const writing *w) {
  char *at = w->header + LENGTH_SIZE;
  while (strncmp(at, DNI_CHECKSUM_ZERO, strlen(DNI_CHECKSUM_ZERO)) != 0)
    at++;
  return at;
}

/* The length, the text, and spaces up to a multiple of 8, so that the data are aligned. */
static dni_status make_header(writing *w) {
  DNI_TRY(fill_tree(w));
  const size_t length = json_dumpb(w->root, NULL, 0, JSON_COMPACT);
  const size_t padded = (length + 7) / 8 * 8;
  if (length == 0) return no_memory();
  if (padded > DNI_FILE_HEADER_MOST)
    return dni__fail(DNI_ERROR_UNSUPPORTED,
                     "its header would have %zu bytes, at most %u can be read", padded,
                     DNI_FILE_HEADER_MOST);
  w->header_size = LENGTH_SIZE + padded;
  w->header = dni__allocate(w->memory, w->header_size, 1);
  if (!w->header) return DNI_ERROR_MEMORY;
  for (size_t i = 0; i < LENGTH_SIZE; i++)
    w->header[i] = (char)(unsigned char)((uint64_t)padded >> 8 * i);
  memset(w->header + LENGTH_SIZE, ' ', padded);
  if (json_dumpb(w->root, w->header + LENGTH_SIZE, length, JSON_COMPACT) != length)
    return no_memory();
  w->digits = find_digits(w);
  return DNI_OK;
}

/* Bytes. -------------------------------------------------------------------------------------- */

/* Elements that memory has the other way round, a buffer at a time. */
static dni_status put_turned(const sink *to, const unsigned char *from, size_t count, size_t size) {
  unsigned char buffer[4096];
  const size_t most = sizeof buffer / size;
  while (count > 0) {
    const size_t part = count < most ? count : most;
    dni__file_copy_elements(buffer, from, part, size);
    DNI_TRY(to->put(to->user, buffer, part * size));
    from += part * size;
    count -= part;
  }
  return DNI_OK;
}

static dni_status put_elements(const sink *to, const void *from, size_t count, size_t size) {
  if (DNI_FILE_SWAPS) return put_turned(to, from, count, size);
  return count > 0 ? to->put(to->user, from, count * size) : DNI_OK;
}

static dni_status put_matrix(const sink *to, const dni_matrix *matrix, size_t element) {
  if (matrix->stride == matrix->columns || matrix->rows <= 1)
    return put_elements(to, matrix->data, matrix->rows * matrix->columns, element);
  for (size_t r = 0; r < matrix->rows; r++)
    DNI_TRY(put_elements(to, dni__matrix_row(matrix, r), matrix->columns, element));
  return DNI_OK;
}

static dni_status put_all(const writing *w, const sink *to) {
  DNI_TRY(to->put(to->user, w->header, w->header_size));
  for (size_t i = 0; i < w->entry_count; i++) {
    const entry *e = &w->entries[i];
    const dni__raw *raw = &e->place->at.raw;
    if (e->place->kind == DNI__PLACE_MATRIX)
      DNI_TRY(put_matrix(to, &e->place->at.matrix, e->element));
    else if (raw->size > 0)
      DNI_TRY(to->put(to->user, raw->bytes, raw->size));
  }
  return DNI_OK;
}

static dni_status add_to_checksum(void *checksum, const void *bytes, size_t size) {
  dni__checksum_add(checksum, bytes, size);
  return DNI_OK;
}

/* Into the header. */
static dni_status sum_up(const writing *w) {
  char text[DNI_CHECKSUM_TEXT];
  dni__checksum *checksum;
  DNI_TRY(dni__checksum_create(w->memory, &checksum));
  const sink to = {add_to_checksum, checksum};
  dni_status status = put_all(w, &to);
  dni__checksum_end(w->memory, checksum, text);
  memcpy(w->digits, text + strlen(DNI_CHECKSUM_KIND), strlen(DNI_CHECKSUM_ZERO));
  return status;
}

/* Making one. --------------------------------------------------------------------------------- */

static void end(writing *w) {
  json_decref(w->root);
  json_decref(w->metadata);
  dni__free(w->memory, w->entries);
  dni__free(w->memory, w->header);
}

static dni_status begin(writing *w, const dni__manifest *manifest, const dni__leftovers *leftovers,
                        const char *what) {
  *w = (writing){
      .memory = manifest->memory, .manifest = manifest, .leftovers = leftovers, .what = what};
  dni_status status = manifest->status;
  if (status == DNI_OK) status = make_header(w);
  if (status == DNI_OK) status = sum_up(w);
  if (status != DNI_OK) end(w);
  return status;
}

static dni_status put_in_file(void *output, const void *bytes, size_t size) {
  dni__output_bytes(output, bytes, size);
  return ((dni__output *)output)->status;
}

static dni_status save(const writing *w, const char *path) {
  dni__output output;
  DNI_TRY(dni__output_open(&output, path));
  const sink to = {put_in_file, &output};
  (void)put_all(w, &to); /* the output keeps the failure */
  return dni__output_close(&output);
}

dni_status dni__file_save(const dni__manifest *manifest, const dni__leftovers *leftovers,
                          const char *what, const char *path) {
  writing w;
  dni_status status = begin(&w, manifest, leftovers, what);
  if (status != DNI_OK) return dni__fail_prefix(status, "%s: ", dni__shown(path).text);
  status = save(&w, path);
  end(&w);
  return status;
}

dni_status dni__file_probe(const char *path) {
  dni__output output;
  DNI_TRY(dni__output_open(&output, path));
  dni__output_give_up(&output);
  return DNI_OK;
}

static dni_status put_to_writer(void *user, const void *bytes, size_t size) {
  const dni_writer *writer = user;
  const dni__callback begun = dni__callback_begin();
  dni_status answer = writer->write(writer->user, bytes, size);
  return dni__callback_end(begun, answer, "write");
}

dni_status dni__file_write(const dni__manifest *manifest, const dni__leftovers *leftovers,
                           const char *what, const dni_writer *writer) {
  writing w;
  dni_writer known;
  DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, writer, dni_writer)));
  if (!known.write) return dni__fail(DNI_ERROR_ARGUMENT, "dni_writer: write is NULL");
  DNI_TRY(begin(&w, manifest, leftovers, what));
  const sink to = {put_to_writer, &known};
  dni_status status = put_all(&w, &to);
  end(&w);
  return status;
}

#endif
