/* Memory as a file: what a dni_writer and a dni_reader of the tests write to and read from. */
#ifndef TEST_MEMORY_FILE_H
#define TEST_MEMORY_FILE_H

#include "support/support.h"

typedef struct bytes {
  unsigned char data[60000];
  size_t size, next; /* next: what is read next */
} bytes;

static inline dni_status put(void *user, const void *from, size_t size) {
  bytes *to = user;
  EXPECT(size <= sizeof to->data - to->size, "more than %zu bytes", sizeof to->data);
  memcpy(to->data + to->size, from, size);
  to->size += size;
  return DNI_OK;
}

/* At most 1000 bytes at a time. */
static inline dni_status take(void *user, void *to, size_t size, size_t *got) {
  bytes *from = user;
  *got = from->size - from->next;
  if (*got > size) *got = size;
  if (*got > 1000) *got = 1000;
  memcpy(to, from->data + from->next, *got);
  from->next += *got;
  return DNI_OK;
}

#endif
