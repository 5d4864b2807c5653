/* What the entries of a file of libdni belong to.
 *
 * Everything that has settings has a text NAME.kind, and its other entries begin with NAME and a dot
 * (docs/FORMAT.md). So an entry belongs to the longest such name that it begins with, whatever the caller of a
 * checkpoint called its things, and whatever is inside of what. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "info.h"

/* No name of libdni's is as long. */
enum { NAME_MOST = 1000 };

/* Longer texts of digits are no numbers but states of random streams. */
enum { NUMBER_MOST = 24 };

static bool ends(const char *text, size_t length, const char *with) {
  const size_t size = strlen(with);
  return length >= size && memcmp(text + length - size, with, size) == 0;
}

/* "encoder.layers.3" is number 3 of "layers". */
static bool is_number_of(const char *name, const char *list) {
  const char *dot = strrchr(name, '.');
  if (!dot || dot[1] == '\0' || dot[1 + strspn(dot + 1, "0123456789")] != '\0') return false;
  const size_t length = (size_t)(dot - name);
  return ends(name, length, list) &&
         (length == strlen(list) || name[length - strlen(list) - 1] == '.');
}

/* Things of a checkpoint have names of their own; their settings tell what they are. */
static const char *what_by_settings(const json_t *settings) {
  if (json_object_get(settings, "learning_rate") && json_object_get(settings, "moved"))
    return "optimiser";
  if (json_object_get(settings, "units") || json_object_get(settings, "lessons")) return "SG";
  if (json_object_get(settings, "inputs") && json_object_get(settings, "outputs")) return "layer";
  return "object";
}

static const char *what_of(const char *name, const json_t *settings) {
  const size_t length = strlen(name);
  if (is_number_of(name, "layers")) return "layer";
  if (is_number_of(name, "sgs") || ends(name, length, ".inner")) return "SG";
  if (is_number_of(name, "module_optimisers") || is_number_of(name, "sg_optimisers") ||
      ends(name, length, ".guess_optimiser"))
    return "optimiser";
  return ends(name, length, ".schedule") ? "schedule" : what_by_settings(settings);
}

/* A text as the number or flag that it is. */
static json_t *value_of(const char *text) {
  char *end;
  if (!strcmp(text, "true") || !strcmp(text, "false")) return json_boolean(text[0] == 't');
  if (text[0] == '\0' || strlen(text) > NUMBER_MOST || text[strspn(text, "0123456789+-.e")] != '\0')
    return text_json(text);
  errno = 0;
  if (text[strspn(text, "0123456789")] == '\0') {
    unsigned long long count = strtoull(text, &end, 10);
    if (errno == 0) return count_json(count);
  }
  const double real = strtod(text, &end);
  return *end == '\0' && end > text && errno == 0 ? real_json(real) : text_json(text);
}

/* All that have a kind. */
typedef struct owners {
  json_t *by_name;
  size_t
      longest; /* of the names: what is longer is not looked for, as looking at every dot takes long */
} owners;

/* The object that an entry belongs to, and behind its name and dot the rest; NULL: none. */
static json_t *owner_of(const owners *found, const char *entry, const char **rest) {
  char name[NAME_MOST + 2];
  (void)snprintf(name, sizeof name, "%.*s", (int)found->longest + 1, entry);
  for (char *dot; (dot = strrchr(name, '.')) != NULL;) {
    *dot = '\0';
    json_t *owner = json_object_get(found->by_name, name);
    *rest = entry + (dot - name) + 1;
    if (owner) return owner;
  }
  return NULL;
}

static int by_name(const void *a, const void *b) {
  return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of an object in order, in memory to be freed. */
static const char **sorted_names(json_t *object, size_t *count) {
  const char **names = calloc(json_object_size(object) + 1, sizeof *names), *name;
  json_t *value;
  if (!names) exit(fail("out of memory"));
  *count = 0;
  json_object_foreach(object, name, value) {
    names[(*count)++] = name;
  }
  if (*count > 0) qsort(names, *count, sizeof *names, by_name);
  return names;
}

static void add_object(json_t *found, const char *name) {
  json_t *object = json_object();
  put(found, name, object);
  put_text(object, "name", name);
  put(object, "what", json_null());
  put(object, "settings", json_object());
  put(object, "tensors", json_array());
}

static void find_objects(const char *const *names, size_t count, owners *found) {
  static const char kind[] = ".kind";
  char name[NAME_MOST + 1];
  for (size_t i = 0; i < count; i++) {
    const size_t length = strlen(names[i]);
    if (length > NAME_MOST || length <= strlen(kind) || !ends(names[i], length, kind)) continue;
    (void)snprintf(name, sizeof name, "%.*s", (int)(length - strlen(kind)), names[i]);
    add_object(found->by_name, name);
    if (strlen(name) > found->longest) found->longest = strlen(name);
  }
}

/* Whether a text without an owner is libdni's own, such as the count of layers or of steps. In a checkpoint
 * they may be the caller's too. */
static bool is_own_value(const char *name) {
  const char *const own[] = {"layers", "sgs", "modules"};
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
    if (!strcmp(name, own[i])) return true;
  return !strncmp(name, "trainer.", 8) || !strncmp(name, "modules.", 8);
}

static void share_texts(const char *const *names, size_t count, const json_t *texts,
                        const owners *found, json_t *values, json_t *other, bool callers) {
  const char *rest;
  for (size_t i = 0; i < count; i++) {
    const char *text = json_string_value(json_object_get(texts, names[i]));
    json_t *owner = owner_of(found, names[i], &rest);
    if (!strncmp(names[i], "libdni.", 7)) continue;
    if (owner)
      put(json_object_get(owner, "settings"), rest, value_of(text));
    else if (callers || is_own_value(names[i]))
      put(values, names[i], value_of(text));
    else
      put_text(other, names[i], text);
  }
}

static void share_tensors(const json_t *tensors, const owners *found, json_t *other) {
  size_t i;
  json_t *tensor;
  const char *rest;
  json_array_foreach(tensors, i, tensor) {
    const char *name = json_string_value(json_object_get(tensor, "name"));
    json_t *owner = owner_of(found, name, &rest);
    append(owner ? json_object_get(owner, "tensors") : other, text_json(owner ? rest : name));
  }
}

/* In the order of their names; what each is, its settings tell now. */
static json_t *list_objects(json_t *found) {
  json_t *list = json_array();
  size_t count;
  const char **names = sorted_names(found, &count);
  for (size_t i = 0; i < count; i++) {
    json_t *object = json_object_get(found, names[i]);
    put_text(object, "what", what_of(names[i], json_object_get(object, "settings")));
    append(list, json_incref(object));
  }
  free(names);
  return list;
}

void describe_objects(json_t *report, json_t *texts, const json_t *tensors) {
  json_t *values = json_object(), *other = json_object();
  json_t *other_texts = json_object(), *other_tensors = json_array();
  owners found = {.by_name = json_object()};
  const char *content = json_string_value(json_object_get(texts, "libdni.content"));
  size_t count;
  const char **names = sorted_names(texts, &count);
  find_objects(names, count, &found);
  share_texts(names, count, texts, &found, values, other_texts,
              content && !strcmp(content, "checkpoint"));
  share_tensors(tensors, &found, other_tensors);
  put(other, "texts", other_texts);
  put(other, "tensors", other_tensors);
  put(report, "objects", list_objects(found.by_name));
  put(report, "values", values);
  put(report, "other", other);
  json_decref(found.by_name);
  free(names);
}
