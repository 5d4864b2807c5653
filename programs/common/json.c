/* JSON that is put together without looking at each step whether there was memory for it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "programs.h"

static json_t *must_have(json_t *value) {
  if (!value) exit(fail("out of memory"));
  return value;
}

void put(json_t *object, const char *key, json_t *value) {
  if (json_object_set_new(object, key, must_have(value)) != 0) exit(fail("out of memory"));
}

void append(json_t *array, json_t *value) {
  if (json_array_append_new(array, must_have(value)) != 0) exit(fail("out of memory"));
}

/* Bytes of the UTF-8 sequence that `text` begins with, as its first byte says; 0: none begins so. */
static size_t sequence_length(const unsigned char *text) {
  size_t length = text[0] < 0x80    ? 1
                  : text[0] < 0xc2  ? 0
                  : text[0] < 0xe0  ? 2
                  : text[0] < 0xf0  ? 3
                  : text[0] <= 0xf4 ? 4
                                    : 0;
  for (size_t i = 1; i < length; i++)
    if ((text[i] & 0xc0) != 0x80) return 0;
  return length;
}

json_t *text_json(const char *text) {
  json_t *value = json_string(text);
  if (value) return value;
  char *repaired = malloc(3 * strlen(text) + 1), *end = repaired;
  if (!repaired) exit(fail("out of memory"));
  for (const unsigned char *c = (const unsigned char *)text; *c;) {
    size_t length = sequence_length(c);
    json_t *one = length > 0 ? json_stringn((const char *)c, length) : NULL; /* knows the rest */
    const void *bytes = one ? (const void *)c : "\xef\xbf\xbd";
    memcpy(end, bytes, one ? length : 3);
    end += one ? length : 3;
    c += one ? length : 1;
    json_decref(one);
  }
  *end = '\0';
  value = json_string(repaired);
  free(repaired);
  return must_have(value);
}

json_t *real_json(double real) {
  return must_have(isfinite(real) ? json_real(real) : json_null());
}

json_t *count_json(uint64_t count) {
  return must_have(count <= INT64_MAX ? json_integer((json_int_t)count) : json_real((double)count));
}

void put_text(json_t *object, const char *key, const char *text) {
  put(object, key, text_json(text));
}

void put_count(json_t *object, const char *key, uint64_t count) {
  put(object, key, count_json(count));
}

void put_real(json_t *object, const char *key, double real) {
  put(object, key, real_json(real));
}

void put_flag(json_t *object, const char *key, bool flag) {
  put(object, key, json_boolean(flag));
}

int json_print(FILE *file, const json_t *value) {
  if (json_dumpf(value, file, JSON_REAL_PRECISION(17)) != 0) return fail("JSON cannot be written");
  (void)fputc('\n', file);
  return 0;
}
