/* IDX files (the format of MNIST): two zero bytes, an element type, a rank, big-endian 32-bit sizes
 * of each dimension, then the elements.
 *
 * The sizes are a claim. Where the file's length is known it is compared first; else the elements
 * are read into a block that grows as they arrive, so a false claim costs no memory. Images may
 * stay in their file: then only its header is read here. */
#include <string.h>
#include <sys/stat.h>

#include "data/buffer.h"
#include "data/dataset.h"
#include "data/reader.h"

#ifndef DNI_NO_FILES

#define NAME "dni_idx_options"

#define TYPE_UNSIGNED_BYTE 0x08
#define RANK_MOST          255 /* one byte */
#define CHUNK              (1 << 16)

/* What a file claims, then holds: count items of item_size bytes each. */
typedef struct idx {
  const char *path;
  size_t rank, count, item_size;
  bool in_file;        /* the items stay in the file */
  dni__row_file *file; /* in_file: the items; else NULL */
  dni__buffer bytes;   /* else: the items */
} idx;

static bool known_type(unsigned char type) {
  return type == TYPE_UNSIGNED_BYTE || type == 0x09 || (type >= 0x0b && type <= 0x0e);
}

static dni_status read_all(dni__reader *reader, void *bytes, size_t size) {
  size_t count;
  DNI_TRY(dni__reader_read(reader, bytes, size, &count));
  if (count < size)
    return dni__fail(DNI_ERROR_DATA, "%s: truncated in its header",
                     dni__shown(dni__reader_path(reader)).text);
  return DNI_OK;
}

static dni_status read_magic(dni__reader *reader, idx *file) {
  unsigned char magic[4];
  size_t count;
  DNI_TRY(dni__reader_read(reader, magic, sizeof magic, &count));
  if (count == 0)
    return dni__fail(DNI_ERROR_DATA, "%s: the file is empty", dni__shown(file->path).text);
  if (count < sizeof magic)
    return dni__fail(DNI_ERROR_DATA, "%s: truncated in its header", dni__shown(file->path).text);
  if (magic[0] != 0 || magic[1] != 0 || !known_type(magic[2]))
    return dni__fail(DNI_ERROR_DATA, "%s: not an IDX file (it starts with %02x %02x %02x %02x)",
                     dni__shown(file->path).text, magic[0], magic[1], magic[2], magic[3]);
  if (magic[2] != TYPE_UNSIGNED_BYTE)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "%s: IDX element type %02x, expected %02x (bytes)",
                     dni__shown(file->path).text, magic[2], TYPE_UNSIGNED_BYTE);
  file->rank = magic[3];
  return DNI_OK;
}

static uint32_t big_endian(const unsigned char *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The dimensions: the first counts the items, the others are flattened. */
static dni_status read_sizes(dni__reader *reader, idx *file) {
  unsigned char sizes[4 * RANK_MOST];
  DNI_TRY(read_all(reader, sizes, 4 * file->rank));
  file->count = big_endian(sizes);
  file->item_size = 1;
  for (size_t i = 1; i < file->rank; i++)
    if (!dni__multiply(file->item_size, big_endian(sizes + 4 * i), &file->item_size))
      return dni__fail(DNI_ERROR_DATA, "%s: the product of its sizes overflows",
                       dni__shown(file->path).text);
  if (file->count == 0 || file->item_size == 0)
    return dni__fail(DNI_ERROR_DATA, "%s: %zu items of %zu bytes; both must be 1 or more",
                     dni__shown(file->path).text, file->count, file->item_size);
  return DNI_OK;
}

static dni_status read_header(dni__reader *reader, size_t rank_least, size_t rank_most, idx *file) {
  DNI_TRY(read_magic(reader, file));
  if (file->rank < rank_least || file->rank > rank_most)
    return dni__fail(DNI_ERROR_DATA, "%s: rank %zu, expected %s", dni__shown(file->path).text,
                     file->rank, rank_most == 1 ? "1 (labels)" : "2 or more (images)");
  return read_sizes(reader, file);
}

static dni_status truncated(const idx *file, uint64_t there) {
  return dni__fail(DNI_ERROR_DATA, "%s: truncated: %zu items of %zu bytes, but only %llu bytes",
                   dni__shown(file->path).text, file->count, file->item_size,
                   (unsigned long long)there);
}

static dni_status trailing(const idx *file) {
  return dni__fail(DNI_ERROR_DATA, "%s: trailing bytes after %zu items of %zu bytes",
                   dni__shown(file->path).text, file->count, file->item_size);
}

/* Where the length of the file is known, compare it with the claim. *first = bytes to make room
 * for before reading: all of them if the file can hold so many, so that it is read into its last
 * place at once. */
static dni_status compare_length(const dni__reader *reader, const idx *file, size_t size,
                                 size_t *first) {
  uint64_t remaining, most;
  bool regular = dni__reader_most(reader, &most);
  *first = size < CHUNK || (regular && most >= size) ? size : CHUNK;
  if (!dni__reader_remaining(reader, &remaining)) return DNI_OK;
  if (remaining < size) return truncated(file, remaining);
  if (remaining > size) return trailing(file);
  *first = size;
  return DNI_OK;
}

/* Looked at before the file is opened, as that would take what a pipe holds from a reader that can
 * use it. What does not exist is left to the reader. */
static dni_status check_regular(const char *path) {
  struct stat facts;
  if (stat(path, &facts) != 0 || S_ISREG(facts.st_mode)) return DNI_OK;
  return dni__fail(DNI_ERROR_UNSUPPORTED, "%s: in_file needs a regular file",
                   dni__shown(path).text);
}

/* The items stay in the file, whose length is right. */
static dni_status keep_items(dni__memory *memory, dni__reader *reader, size_t size, idx *file) {
  uint64_t remaining;
  size_t unused;
  if (!dni__reader_remaining(reader, &remaining))
    return dni__fail(DNI_ERROR_UNSUPPORTED, "%s: in_file needs a plain file, not gzip",
                     dni__shown(file->path).text);
  DNI_TRY(compare_length(reader, file, size, &unused));
  return dni__row_file_create(memory, file->path, dni__reader_detach(reader), 4 + 4 * file->rank,
                              file->item_size, &file->file);
}

static dni_status copy_items(dni__reader *reader, size_t size, idx *file) {
  dni__buffer *bytes = &file->bytes;
  size_t part, count;
  DNI_TRY(compare_length(reader, file, size, &part));
  while (bytes->size < size) {
    DNI_TRY(dni__buffer_reserve(bytes, part));
    DNI_TRY(dni__reader_read(reader, bytes->data + bytes->size, part, &count));
    bytes->size += count;
    if (count < part) return truncated(file, bytes->size);
    part = size - bytes->size < CHUNK ? size - bytes->size : CHUNK;
  }
  unsigned char extra;
  DNI_TRY(dni__reader_read(reader, &extra, 1, &count));
  return count > 0 ? trailing(file) : dni__buffer_trim(bytes);
}

static dni_status read_items(dni__memory *memory, dni__reader *reader, idx *file) {
  size_t size;
  if (!dni__multiply(file->count, file->item_size, &size))
    return dni__fail(DNI_ERROR_DATA, "%s: the product of its sizes overflows",
                     dni__shown(file->path).text);
  return file->in_file ? keep_items(memory, reader, size, file) : copy_items(reader, size, file);
}

/* Counts that differ are reported before the labels are read. */
static dni_status read_labels(dni__memory *memory, dni__reader *reader, const idx *images,
                              idx *labels) {
  DNI_TRY(read_header(reader, 1, 1, labels));
  if (labels->count != images->count)
    return dni__fail(DNI_ERROR_DATA, "%s: %zu labels, but %s has %zu images",
                     dni__shown(labels->path).text, labels->count, dni__shown(images->path).text,
                     images->count);
  return read_items(memory, reader, labels);
}

static dni_status read_files(dni__memory *memory, idx *images, idx *labels) {
  dni__reader *reader;
  if (images->in_file) DNI_TRY(check_regular(images->path));
  DNI_TRY(dni__reader_open(memory, images->path, &reader));
  dni_status status = read_header(reader, 2, RANK_MOST, images);
  if (status == DNI_OK) status = read_items(memory, reader, images);
  dni__reader_close(reader);
  if (status != DNI_OK) return status;
  DNI_TRY(dni__reader_open(memory, labels->path, &reader));
  status = read_labels(memory, reader, images, labels);
  dni__reader_close(reader);
  return status;
}

/* Options. ------------------------------------------------------------------------------------- */

/* Into the content: classes, and that bytes become numbers. *in_file: whether the images stay in
 * their file. */
static dni_status take_options(const dni_idx_options *options, dni_dtype dtype,
                               dni__content *content, bool *in_file) {
  dni_idx_options known = {.struct_size = sizeof known};
  if (options) DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, options, dni_idx_options)));
  if (known.in_file != 0 && known.in_file != 1)
    return dni__fail(DNI_ERROR_ARGUMENT, NAME ": in_file is %d, expected 0 or 1",
                     (int)known.in_file);
  *in_file = known.in_file == 1;
  content->classes = known.classes;
  content->scaled = true;
  content->factor = 1.0 / 255;
  DNI_TRY(dni__content_scale(content, known.scaled, known.factor, known.offset, NAME));
  return dni__content_check_bytes(content, dtype, NAME);
}

/* The data set. -------------------------------------------------------------------------------- */

/* content->classes: how many there may be, 0 for as many as there are; then how many there are. */
static dni_status convert_labels(dni__memory *memory, const idx *file, dni__content *content) {
  size_t classes = content->classes;
  int32_t largest = 0;
  content->labels = dni__allocate(memory, file->count, sizeof *content->labels);
  if (!content->labels) return DNI_ERROR_MEMORY;
  for (size_t i = 0; i < file->count; i++) {
    int32_t label = content->labels[i] = file->bytes.data[i];
    if (classes > 0 && (size_t)label >= classes)
      return dni__fail(DNI_ERROR_DATA, "%s: label %zu is %d, expected 0 to %zu",
                       dni__shown(file->path).text, i, (int)label, classes - 1);
    if (label > largest) largest = label;
  }
  if (classes == 0) content->classes = (size_t)largest + 1;
  return DNI_OK;
}

/* The bytes of the images, as they are in the file, or the file, become the data set's. */
static dni_status load(dni__memory *memory, idx *images, idx *labels, dni__content *content) {
  DNI_TRY(read_files(memory, images, labels));
  DNI_TRY(convert_labels(memory, labels, content));
  content->x = dni__matrix_make(images->bytes.data, images->count, images->item_size, DNI_U8);
  content->file = images->file;
  images->bytes.data = NULL;
  images->file = NULL;
  return DNI_OK;
}

dni_status dni_dataset_create_idx(dni_context *context, const char *images_path,
                                  const char *labels_path, const dni_idx_options *options,
                                  dni_dataset **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(images_path);
  DNI_REQUIRE(labels_path);
  DNI_REQUIRE(out);
  idx images = {.path = images_path, .bytes = {.memory = context->memory}};
  idx labels = {.path = labels_path, .bytes = {.memory = context->memory}};
  dni__content content = {.borrowed = false};
  DNI_TRY(take_options(options, context->dtype, &content, &images.in_file));
  dni_status status = load(context->memory, &images, &labels, &content);
  dni__row_file_close(images.file);
  dni__buffer_free(&images.bytes);
  dni__buffer_free(&labels.bytes);
  if (status == DNI_OK) return dni__dataset_create(context, &content, out);
  dni__content_free(context->memory, &content);
  return status;
}

#endif
