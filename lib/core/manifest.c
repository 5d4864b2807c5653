/* Making the list of an object's places. A failure is kept in the manifest, so that functions that list
 * objects need not look at each addition. */
#include "core/manifest.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void dni__manifest_init(dni__manifest *manifest, dni__memory *memory) {
  *manifest = (dni__manifest){.memory = memory};
}

void dni__manifest_free(dni__manifest *manifest) {
  dni__free(manifest->memory, manifest->places);
  dni__free(manifest->memory, manifest->after);
  dni__free(manifest->memory, manifest->texts);
  dni__manifest_init(manifest, manifest->memory);
}

const char *dni__manifest_text(const dni__manifest *manifest, size_t text) {
  return manifest->texts + text;
}

const char *dni__manifest_name(const dni__manifest *manifest, const dni__place *place) {
  return dni__manifest_text(manifest, place->name);
}

/* Room for `more` elements of `size` bytes behind the *capacity's first `count`. */
static bool grow(dni__manifest *manifest, void **block, size_t count, size_t more, size_t size,
                 size_t *capacity) {
  size_t needed, larger;
  if (manifest->status != DNI_OK) return false;
  if (*capacity - count >= more) return true;
  void *made = NULL;
  if (dni__add(count, more, &needed) && dni__add(needed, needed, &larger))
    made = dni__allocate(manifest->memory, larger, size);
  if (!made) {
    manifest->status = DNI_ERROR_MEMORY;
    return false;
  }
  if (count > 0) memcpy(made, *block, count * size);
  dni__free(manifest->memory, *block);
  *block = made;
  *capacity = larger;
  return true;
}

/* Two texts as one; where it begins. */
static size_t add_text(dni__manifest *manifest, const char *first, const char *second) {
  const size_t begin = manifest->text_size, head = strlen(first), tail = strlen(second) + 1;
  void *texts = manifest->texts;
  if (!grow(manifest, &texts, begin, head + tail, 1, &manifest->text_capacity)) return 0;
  manifest->texts = texts;
  memcpy(manifest->texts + begin, first, head);
  memcpy(manifest->texts + begin + head, second, tail);
  manifest->text_size += head + tail;
  return begin;
}

static void add(dni__manifest *manifest, const char *name, dni__place place) {
  place.name = add_text(manifest, manifest->prefix, name);
  void *places = manifest->places;
  if (!grow(manifest, &places, manifest->count, 1, sizeof place, &manifest->capacity)) return;
  manifest->places = places;
  manifest->places[manifest->count++] = place;
}

size_t dni__manifest_enter(dni__manifest *manifest, const char *format, ...) {
  const size_t before = manifest->prefix_length, room = sizeof manifest->prefix - before;
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(manifest->prefix + before, room, format, arguments);
  va_end(arguments);
  if (length < 0 || (size_t)length + 1 >= room) {
    if (manifest->status == DNI_OK)
      manifest->status = dni__fail(DNI_ERROR_UNSUPPORTED, "%s: a name is too long",
                                   dni__shown(manifest->prefix).text);
    manifest->prefix[before] = 0;
    return before;
  }
  manifest->prefix_length = before + (size_t)length;
  if (length > 0) manifest->prefix[manifest->prefix_length++] = '.';
  manifest->prefix[manifest->prefix_length] = 0;
  return before;
}

void dni__manifest_leave(dni__manifest *manifest, size_t entered) {
  manifest->prefix_length = entered;
  manifest->prefix[entered] = 0;
}

void dni__manifest_matrix(dni__manifest *manifest, const char *name, const dni_matrix *matrix) {
  add(manifest, name, (dni__place){.kind = DNI__PLACE_MATRIX, .at.matrix = *matrix});
}

void dni__manifest_count(dni__manifest *manifest, const char *name, uint64_t *place) {
  add(manifest, name, (dni__place){.kind = DNI__PLACE_COUNT, .at.count = place});
}

void dni__manifest_real(dni__manifest *manifest, const char *name, double *place) {
  add(manifest, name, (dni__place){.kind = DNI__PLACE_REAL, .at.real = place});
}

void dni__manifest_setting(dni__manifest *manifest, dni_setting setting, dni_dtype dtype,
                           double *place) {
  char name[32];
  (void)snprintf(name, sizeof name, "%s", dni_setting_name(setting));
  for (char *c = name; *c; c++)
    if (*c == ' ') *c = '_';
  add(manifest, name,
      (dni__place){.kind = DNI__PLACE_SETTING, .at.setting = {place, setting, dtype}});
}

void dni__manifest_flag(dni__manifest *manifest, const char *name, bool *place) {
  add(manifest, name, (dni__place){.kind = DNI__PLACE_FLAG, .at.flag = place});
}

void dni__manifest_integer(dni__manifest *manifest, const char *name, int *place) {
  add(manifest, name, (dni__place){.kind = DNI__PLACE_INTEGER, .at.integer = place});
}

void dni__manifest_random(dni__manifest *manifest, const char *name, dni__random *place) {
  add(manifest, name, (dni__place){.kind = DNI__PLACE_RANDOM, .at.random = place});
}

void dni__manifest_atomic_count(dni__manifest *manifest, const char *name,
                                atomic_uint_fast64_t *place) {
  add(manifest, name, (dni__place){.kind = DNI__PLACE_ATOMIC_COUNT, .at.atomic_count = place});
}

void dni__manifest_atomic_real(dni__manifest *manifest, const char *name, _Atomic double *place) {
  add(manifest, name, (dni__place){.kind = DNI__PLACE_ATOMIC_REAL, .at.atomic_real = place});
}

static void add_with_text(dni__manifest *manifest, dni__place_kind kind, const char *name,
                          const char *text) {
  add(manifest, name, (dni__place){.kind = kind, .at.text = add_text(manifest, text, "")});
}

void dni__manifest_fixed(dni__manifest *manifest, const char *name, const char *text) {
  add_with_text(manifest, DNI__PLACE_FIXED, name, text);
}

void dni__manifest_fixed_count(dni__manifest *manifest, const char *name, uint64_t value) {
  char text[DNI_VALUE_TEXT];
  (void)snprintf(text, sizeof text, "%" PRIu64, value);
  dni__manifest_fixed(manifest, name, text);
}

void dni__manifest_fixed_real(dni__manifest *manifest, const char *name, double value) {
  char text[DNI_VALUE_TEXT];
  dni__real_to_text(value, text);
  dni__manifest_fixed(manifest, name, text);
}

void dni__manifest_absent(dni__manifest *manifest, const char *name) {
  add(manifest, name, (dni__place){.kind = DNI__PLACE_ABSENT});
}

void dni__manifest_note(dni__manifest *manifest, const char *name, const char *text) {
  add_with_text(manifest, DNI__PLACE_NOTE, name, text);
}

void dni__manifest_raw(dni__manifest *manifest, const char *name, const char *dtype,
                       const char *shape, const void *bytes, size_t size) {
  dni__raw raw = {.dtype = add_text(manifest, dtype, ""),
                  .shape = add_text(manifest, shape, ""),
                  .bytes = bytes,
                  .size = size};
  add(manifest, name, (dni__place){.kind = DNI__PLACE_RAW, .at.raw = raw});
}

void dni__manifest_after_load(dni__manifest *manifest, dni__loaded function, void *object) {
  void *after = manifest->after;
  if (!grow(manifest, &after, manifest->after_count, 1, sizeof *manifest->after,
            &manifest->after_capacity))
    return;
  manifest->after = after;
  manifest->after[manifest->after_count++] = (dni__after_load){function, object};
}
