/* What the library answers for files when it was built without them. */
#include "file/file.h"

#ifdef DNI_NO_FILES

static dni_status refuse(void) {
  return dni__fail(DNI_ERROR_UNSUPPORTED, "this library was built with FILES=none");
}

dni_status dni__file_probe(const char *path) {
  return dni__fail_prefix(refuse(), "%s: ", dni__shown(path).text);
}

dni_status dni__file_save(const dni__manifest *manifest, const dni__leftovers *leftovers,
                          const char *what, const char *path) {
  (void)manifest;
  (void)leftovers;
  (void)what;
  return dni__fail_prefix(refuse(), "%s: ", dni__shown(path).text);
}

dni_status dni__file_write(const dni__manifest *manifest, const dni__leftovers *leftovers,
                           const char *what, const dni_writer *writer) {
  (void)manifest;
  (void)leftovers;
  (void)what;
  (void)writer;
  return refuse();
}

dni_status dni__file_open(dni__memory *memory, const char *path, dni__file **out) {
  (void)memory;
  (void)out;
  return dni__fail_prefix(refuse(), "%s: ", dni__shown(path).text);
}

dni_status dni__file_read(dni__memory *memory, const dni_reader *reader, dni__file **out) {
  (void)memory;
  (void)reader;
  (void)out;
  return refuse();
}

void dni__file_close(dni__file *file) {
  (void)file;
}

const unsigned char *dni__file_foreign(const dni__file *file, size_t *size) {
  (void)file;
  *size = 0;
  return NULL;
}

const char *dni__file_text(const dni__file *file, const char *name) {
  (void)file;
  (void)name;
  return NULL;
}

bool dni__file_has_matrix(const dni__file *file, const char *name, size_t rows, size_t columns) {
  (void)file;
  (void)name;
  (void)rows;
  (void)columns;
  return false;
}

void dni__file_ignore(dni__file *file, const char *prefix) {
  (void)file;
  (void)prefix;
}

dni_status dni__file_load(dni__file *file, const dni__manifest *manifest, const char *what,
                          bool finite, dni__leftovers **leftovers) {
  (void)file;
  (void)manifest;
  (void)what;
  (void)finite;
  (void)leftovers;
  return refuse();
}

dni_status dni__file_say(const dni__file *file, dni_status status) {
  (void)file;
  return status;
}

void dni__leftovers_release(dni__memory *memory, dni__leftovers *leftovers) {
  (void)memory;
  (void)leftovers;
}

#endif
