/* Reading a file whole, and believing it only when it all adds up. */
#include "file/parts.h"

#ifndef DNI_NO_FILES

#include <inttypes.h>
#include <string.h>

#include "file/checksum.h"

#define LENGTH_SIZE 8

/* The first bytes of network files of libdni 0.3, and where they have the size of the file. */
static const unsigned char old_magic[] = {0x89, 'D', 'N', 'I', '\r', '\n', 0x1a, '\n'};
#define OLD_SIZE_AT 16

dni_status dni__file_say(const dni__file *file, dni_status status) {
  if (status == DNI_OK || !file->path) return status;
  return dni__fail_prefix(status, "%s: ", dni__shown(file->path).text);
}

/* Header. ------------------------------------------------------------------------------------- */

static uint64_t little_endian(const unsigned char *bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; i++)
    value |= (uint64_t)bytes[i] << 8 * i;
  return value;
}

static uint64_t header_length(const dni__input *input) {
  return little_endian(input->bytes);
}

/* Of 8 bytes or more. */
static dni_status check_start(const dni__input *input) {
  if (header_length(input) > DNI_FILE_HEADER_MOST ||
      (input->size > LENGTH_SIZE && input->bytes[LENGTH_SIZE] != '{'))
    return dni__fail(DNI_ERROR_DATA, "not a safetensors file");
  return DNI_OK;
}

static dni_status check_length(const dni__input *input, size_t *length) {
  if (input->size == 0) return dni__fail(DNI_ERROR_DATA, "the file is empty");
  if (input->size < LENGTH_SIZE)
    return dni__fail(DNI_ERROR_DATA, "truncated: %zu bytes", input->size);
  DNI_TRY(check_start(input));
  const uint64_t said = header_length(input), left = input->size - LENGTH_SIZE;
  if (said > left)
    return dni__fail(DNI_ERROR_DATA,
                     "truncated: a header of %" PRIu64 " bytes, but %" PRIu64 " are there", said,
                     left);
  *length = (size_t)said;
  return DNI_OK;
}

/* Checksum. ----------------------------------------------------------------------------------- */

static const unsigned char *find(const unsigned char *bytes, size_t size, const char *text) {
  const size_t length = strlen(text);
  for (size_t i = 0; i + length <= size; i++) {
    const unsigned char *first = memchr(bytes + i, text[0], size - length + 1 - i);
    if (!first) return NULL;
    i = (size_t)(first - bytes);
    if (!memcmp(first, text, length)) return first;
  }
  return NULL;
}

/* The checksum of the file with zeros in the place of the digits. */
static dni_status compute(const dni__file *file, const unsigned char *digits,
                          char text[DNI_CHECKSUM_TEXT]) {
  const unsigned char *bytes = file->input.bytes, *end = bytes + file->input.size;
  dni__checksum *checksum;
  DNI_TRY(dni__checksum_create(file->memory, &checksum));
  dni__checksum_add(checksum, bytes, (size_t)(digits - bytes));
  dni__checksum_add(checksum, DNI_CHECKSUM_ZERO, strlen(DNI_CHECKSUM_ZERO));
  digits += strlen(DNI_CHECKSUM_ZERO);
  dni__checksum_add(checksum, digits, (size_t)(end - digits));
  dni__checksum_end(file->memory, checksum, text);
  return DNI_OK;
}

/* Files of others have none. What says that it is of our format has one, so that damage to the
 * checksum's own name is seen. */
static dni_status check_checksum(const dni__file *file, size_t length) {
  const char *said = dni__file_text(file, DNI_CHECKSUM_NAME);
  char found[DNI_CHECKSUM_TEXT];
  if (!said && dni__file_text(file, DNI_FILE_FORMAT))
    return dni__fail(DNI_ERROR_DATA, "corrupt: it has a %s, but no %s", DNI_FILE_FORMAT,
                     DNI_CHECKSUM_NAME);
  if (!said) return DNI_OK;
  if (strncmp(said, DNI_CHECKSUM_KIND, strlen(DNI_CHECKSUM_KIND)) != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "its checksum %s is of an unknown kind",
                     dni__shown(said).text);
  const unsigned char *place = find(file->input.bytes + LENGTH_SIZE, length, said);
  if (!place || strlen(said) + 1 != DNI_CHECKSUM_TEXT)
    return dni__fail(DNI_ERROR_DATA, "corrupt: its checksum %s is malformed",
                     dni__shown(said).text);
  DNI_TRY(compute(file, place + strlen(DNI_CHECKSUM_KIND), found));
  if (strcmp(said, found) != 0)
    return dni__fail(DNI_ERROR_DATA, "corrupt: the checksum does not match");
  return DNI_OK;
}

/* What later versions may ask for. ------------------------------------------------------------- */

static dni_status check_known(const dni__file *file) {
  const char *format = dni__file_text(file, DNI_FILE_FORMAT);
  const char *requires = dni__file_text(file, DNI_FILE_REQUIRES);
  if (format && strcmp(format, DNI_FILE_FORMAT_KNOWN) != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "format version %s, this library knows %s",
                     dni__shown(format).text, DNI_FILE_FORMAT_KNOWN);
  if (requires && requires[0])
    return dni__fail(DNI_ERROR_UNSUPPORTED, "it requires %s, which this library does not know",
                     dni__shown(requires).text);
  return DNI_OK;
}

/* Opening and closing. ------------------------------------------------------------------------- */

static bool is_foreign(const dni__input *input) {
  return input->size >= sizeof old_magic && !memcmp(input->bytes, old_magic, sizeof old_magic);
}

static dni_status create_index(dni__file *file, const dni__input *input, size_t length,
                               size_t data_size) {
  return dni__index_create(file->memory, (const char *)input->bytes + LENGTH_SIZE, length,
                           data_size, &file->index);
}

/* All bytes are there; of a reader's, the header may have been read. */
static dni_status check(dni__file *file) {
  const dni__input *input = &file->input;
  size_t length = 0;
  file->foreign = is_foreign(input);
  if (file->foreign) return DNI_OK;
  DNI_TRY(check_length(input, &length));
  file->data = input->bytes + LENGTH_SIZE + length;
  const size_t data_size = input->size - LENGTH_SIZE - length;
  if (!file->index.json) DNI_TRY(create_index(file, input, length, data_size));
  if (data_size < file->index.data_size)
    return dni__fail(DNI_ERROR_DATA, "truncated: the tensors have %zu bytes, but %zu are there",
                     file->index.data_size, data_size);
  if (data_size > file->index.data_size)
    return dni__fail(DNI_ERROR_DATA,
                     "there is more behind the %zu bytes of data that its tensors have",
                     file->index.data_size);
  DNI_TRY(check_checksum(file, length));
  return check_known(file);
}

/* A reader may never end, or give what is no file: that is seen as early as can be. */
static dni_status look(void *user, const dni__input *input, size_t *end) {
  dni__file *file = user;
  size_t header;
  if (file->index.json || input->size <= LENGTH_SIZE) return DNI_OK;
  if (is_foreign(input)) {
    if (input->size >= OLD_SIZE_AT + 8) *end = (size_t)little_endian(input->bytes + OLD_SIZE_AT);
    return DNI_OK;
  }
  DNI_TRY(check_start(input));
  header = LENGTH_SIZE + (size_t)header_length(input);
  if (input->size < header) return DNI_OK;
  DNI_TRY(create_index(file, input, header - LENGTH_SIZE, SIZE_MAX));
  if (!dni__add(header, file->index.data_size, end)) *end = SIZE_MAX;
  return DNI_OK;
}

/* The file, or nothing of it. */
static dni_status finish(dni__file *file, dni_status status, dni__file **out) {
  if (status == DNI_OK) status = dni__file_say(file, check(file));
  if (status == DNI_OK)
    *out = file;
  else
    dni__file_close(file);
  return status;
}

dni_status dni__file_open(dni__memory *memory, const char *path, dni__file **out) {
  dni__file *file = dni__allocate(memory, 1, sizeof *file);
  if (!file) return DNI_ERROR_MEMORY;
  file->memory = memory;
  file->path = path;
  return finish(file, dni__input_open(memory, path, &file->input), out);
}

dni_status dni__file_read(dni__memory *memory, const dni_reader *reader, dni__file **out) {
  dni_reader known;
  DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, reader, dni_reader)));
  if (!known.read) return dni__fail(DNI_ERROR_ARGUMENT, "dni_reader: read is NULL");
  dni__file *file = dni__allocate(memory, 1, sizeof *file);
  if (!file) return DNI_ERROR_MEMORY;
  file->memory = memory;
  return finish(file, dni__input_read(memory, &known, look, file, &file->input), out);
}

void dni__file_close(dni__file *file) {
  if (!file) return;
  if (file->index.json) dni__index_free(&file->index);
  dni__input_close(&file->input);
  dni__free(file->memory, file);
}

const unsigned char *dni__file_foreign(const dni__file *file, size_t *size) {
  *size = file->input.size;
  return file->foreign ? file->input.bytes : NULL;
}

const char *dni__file_text(const dni__file *file, const char *name) {
  const dni__text_entry *entry = dni__index_text(&file->index, name);
  return entry ? entry->text : NULL;
}

#endif
