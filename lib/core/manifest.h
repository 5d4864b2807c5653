/* What an object consists of, as a list of named places in its memory. Saving reads the places, loading
 * writes them. Both use the one list that the object's own room makes, so neither can forget what the
 * other has. Internal.
 *
 * Numbers and weights that training changes are places. What is decided when an object is made (its
 * kind, its sizes) is in the list too, as text that must be the same in a file and in the object. */
#ifndef DNI_CORE_MANIFEST_H
#define DNI_CORE_MANIFEST_H

#include "core/core.h"

typedef enum dni__place_kind {
  DNI__PLACE_MATRIX,
  DNI__PLACE_COUNT,        /* uint64_t */
  DNI__PLACE_REAL,         /* double */
  DNI__PLACE_SETTING,      /* a double within the bounds of a setting */
  DNI__PLACE_FLAG,         /* bool */
  DNI__PLACE_INTEGER,      /* int */
  DNI__PLACE_RANDOM,       /* dni__random */
  DNI__PLACE_ATOMIC_COUNT, /* atomic_uint_fast64_t */
  DNI__PLACE_ATOMIC_REAL,  /* _Atomic double */
  DNI__PLACE_FIXED,        /* text that is compared, not loaded */
  DNI__PLACE_ABSENT,       /* a name that a file must not have as a text; not written */
  DNI__PLACE_NOTE,         /* text that is written and may be anything in a file */
  DNI__PLACE_RAW           /* a tensor of any type, which is written and not loaded */
} dni__place_kind;

/* Where the value of a setting is, and what it is used in. */
typedef struct dni__setting_place {
  double *value;
  dni_setting setting;
  dni_dtype dtype;
} dni__setting_place;

/* A tensor as a file has it. */
typedef struct dni__raw {
  size_t dtype, shape; /* texts: "F32", "[2,3]" */
  const void *bytes;
  size_t size;
} dni__raw;

typedef struct dni__place {
  dni__place_kind kind;
  size_t name; /* a text: "layers.3.weight" */
  union {
    dni_matrix matrix;
    uint64_t *count;
    double *real;
    dni__setting_place setting;
    bool *flag;
    int *integer;
    dni__random *random;
    atomic_uint_fast64_t *atomic_count;
    _Atomic double *atomic_real;
    size_t text; /* FIXED, NOTE */
    dni__raw raw;
  } at;
} dni__place;

/* Called when all places have been loaded; cannot fail. */
typedef void (*dni__loaded)(void *object);

typedef struct dni__after_load {
  dni__loaded function;
  void *object;
} dni__after_load;

typedef struct dni__manifest {
  dni__memory *memory;
  dni_status
      status; /* of the first failure, whose message is the thread's; then nothing is added */
  dni__place *places;
  size_t count, capacity;
  dni__after_load *after;
  size_t after_count, after_capacity;
  char *texts; /* one after the other, each with its NUL */
  size_t text_size, text_capacity;
  char prefix[256]; /* of the names that are added: "sgs.3.inner." */
  size_t prefix_length;
} dni__manifest;

void dni__manifest_init(dni__manifest *manifest, dni__memory *memory);
void dni__manifest_free(dni__manifest *manifest);

/* A text of the manifest. The pointer is good until something is added. */
const char *dni__manifest_text(const dni__manifest *manifest, size_t text);
const char *dni__manifest_name(const dni__manifest *manifest, const dni__place *place);

/* Names that are added until dni__manifest_leave begin with this and a dot: enter("layers.%zu", i);
 * after an empty one with nothing more. What it answers is for leave. */
size_t dni__manifest_enter(dni__manifest *manifest, const char *format, ...) DNI_PRINTF(2, 3);
void dni__manifest_leave(dni__manifest *manifest, size_t entered);

/* Adding. Spaces in names become underscores. */
void dni__manifest_matrix(dni__manifest *manifest, const char *name, const dni_matrix *matrix);
void dni__manifest_count(dni__manifest *manifest, const char *name, uint64_t *place);
void dni__manifest_real(dni__manifest *manifest, const char *name, double *place);
/* Under the setting's name, with '_' for spaces. */
void dni__manifest_setting(dni__manifest *manifest, dni_setting setting, dni_dtype dtype,
                           double *place);
void dni__manifest_flag(dni__manifest *manifest, const char *name, bool *place);
void dni__manifest_integer(dni__manifest *manifest, const char *name, int *place);
void dni__manifest_random(dni__manifest *manifest, const char *name, dni__random *place);
void dni__manifest_atomic_count(dni__manifest *manifest, const char *name,
                                atomic_uint_fast64_t *place);
void dni__manifest_atomic_real(dni__manifest *manifest, const char *name, _Atomic double *place);
void dni__manifest_fixed(dni__manifest *manifest, const char *name, const char *text);
void dni__manifest_fixed_count(dni__manifest *manifest, const char *name, uint64_t value);
void dni__manifest_fixed_real(dni__manifest *manifest, const char *name, double value);
void dni__manifest_absent(dni__manifest *manifest, const char *name);
void dni__manifest_note(dni__manifest *manifest, const char *name, const char *text);
void dni__manifest_raw(dni__manifest *manifest, const char *name, const char *dtype,
                       const char *shape, const void *bytes, size_t size);
void dni__manifest_after_load(dni__manifest *manifest, dni__loaded function, void *object);

/* Values as texts. A double has as many digits as say exactly which it is, with a point whatever the
 * locale. */
#define DNI_VALUE_TEXT 80
void dni__real_to_text(double value, char text[DNI_VALUE_TEXT]);
bool dni__real_from_text(const char *text, double *value);
/* The text of a place that is neither a tensor nor a text. */
void dni__place_print(const dni__place *place, char text[DNI_VALUE_TEXT]);
/* Whether a text can be loaded into such a place; with `load`, load it. */
bool dni__place_read(const dni__place *place, const char *text, bool load);

#endif
