/* What a file has that nothing asked for: entries of other programs, or of later versions. */
#include "file/parts.h"

#ifndef DNI_NO_FILES

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "file/checksum.h"

/* Written anew each time. */
static bool is_own(const char *name) {
  static const char *const own[] = {DNI_CHECKSUM_NAME, DNI_FILE_FORMAT, DNI_FILE_VERSION,
                                    DNI_FILE_CONTENT, DNI_FILE_REQUIRES};
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
    if (!strcmp(name, own[i])) return true;
  return false;
}

static size_t unused_bytes(const dni__index *index) {
  size_t bytes = 0;
  for (size_t i = 0; i < index->tensor_count; i++)
    if (!index->tensors[i].used) bytes += index->tensors[i].size;
  return bytes;
}

/* "[2,3]": at most 8 numbers of 20 digits. */
static void print_shape(const dni__tensor *tensor, char text[200]) {
  size_t length = 1;
  (void)strcpy(text, "[");
  for (size_t i = 0; i < tensor->rank; i++)
    length +=
        (size_t)snprintf(text + length, 200 - length, "%s%" PRIu64, i ? "," : "", tensor->shape[i]);
  (void)strcpy(text + length, "]");
}

static void take_tensors(const dni__file *file, dni__leftovers *over) {
  unsigned char *to = over->bytes;
  for (size_t i = 0; i < file->index.tensor_count; i++) {
    const dni__tensor *tensor = &file->index.tensors[i];
    char shape[200];
    if (tensor->used) continue;
    print_shape(tensor, shape);
    if (tensor->size > 0) memcpy(to, file->data + tensor->begin, tensor->size);
    dni__manifest_raw(&over->manifest, tensor->name, tensor->dtype, shape, to, tensor->size);
    to += tensor->size;
  }
}

static void take_texts(const dni__file *file, dni__leftovers *over) {
  for (size_t i = 0; i < file->index.text_count; i++) {
    const dni__text_entry *entry = &file->index.texts[i];
    if (!entry->used && !is_own(entry->name))
      dni__manifest_note(&over->manifest, entry->name, entry->text);
  }
}

dni_status dni__leftovers_take(const dni__file *file, dni__leftovers **out) {
  dni__leftovers *over = dni__allocate(file->memory, 1, sizeof *over);
  if (!over) return DNI_ERROR_MEMORY;
  dni__manifest_init(&over->manifest, file->memory);
  over->bytes = dni__allocate(file->memory, unused_bytes(&file->index), 1);
  if (over->bytes) {
    take_tensors(file, over);
    take_texts(file, over);
  }
  dni_status status = over->bytes ? over->manifest.status : DNI_ERROR_MEMORY;
  if (status == DNI_OK)
    *out = over;
  else
    dni__leftovers_release(file->memory, over);
  return status;
}

void dni__leftovers_release(dni__memory *memory, dni__leftovers *leftovers) {
  if (!leftovers) return;
  dni__manifest_free(&leftovers->manifest);
  dni__free(memory, leftovers->bytes);
  dni__free(memory, leftovers);
}

#endif
