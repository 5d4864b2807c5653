/* What every other part of the library stands on: failing with a message, memory, checked sizes,
 * counted references, structs that grow, matrix checks. Internal. */
#ifndef DNI_CORE_H
#define DNI_CORE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/first_size.h"
#include "core/float_mode.h"
#include "dni.h"

/* Every file that calculates includes this one. With these options of gcc and clang a compiler may take
 * infinities and NaN for impossible, forget the sign of zero and change the order of additions. Checks for
 * results that are not finite would be gone, without a word. make/refuse.mk refuses more of them by name. */
#if defined __FAST_MATH__ || (defined __FINITE_MATH_ONLY__ && __FINITE_MATH_ONLY__) ||             \
    defined __ASSOCIATIVE_MATH__ || defined __RECIPROCAL_MATH__ || defined __NO_SIGNED_ZEROS__
#error "libdni has to be compiled without -Ofast, -ffast-math and the options that are part of it"
#endif

#define DNI_PRINTF(text, first) __attribute__((format(printf, text, first)))

/* Status and message (status.c). ------------------------------------------------------------- */

/* Set this thread's message and return `status`: `return dni__fail(DNI_ERROR_IO, "%s: ...", path)`.
 */
dni_status dni__fail(dni_status status, const char *format, ...) DNI_PRINTF(2, 3);

/* Put words in front of this thread's message, to say where a lower part failed; returns `status`.
 */
dni_status dni__fail_prefix(dni_status status, const char *format, ...) DNI_PRINTF(2, 3);

/* A message's bytes at most, with the NUL at its end. */
#define DNI_MESSAGE_SIZE 512

/* Strings of others in messages (text.c): `dni__fail(..., "%s: ...", dni__shown(path).text)`. The
 * text is shortened in its middle and escaped, so that it fits beside another one. "" is shown as
 * ''. It lives until the end of the full expression. */
typedef struct dni__text {
  char text[200];
} dni__text;
dni__text dni__shown(const char *text);

/* The same into `to` [size], size at least 8. breaks: line breaks and tabs become spaces. */
void dni__text_fit(char *to, size_t size, const char *text, bool breaks);

/* Whether it is UTF-8 (RFC 3629) throughout. */
bool dni__is_utf8(const char *text);

/* Around a call of the caller's own function. `begin` before it; `end` turns its answer into what
 * the calling function answers: DNI_OK stays; 1000 and above stay; other numbers become
 * DNI_ERROR_CALLBACK. A message that was set in between is kept ("forward answered 3: ..." in front
 * where the number changed); else it becomes "forward answered 1234". `what` is "forward". The call
 * has its user's floating-point mode (float_mode.h). */
typedef struct dni__callback {
  uint64_t failures; /* of this thread so far */
  dni__float_place place;
} dni__callback;

dni__callback dni__callback_begin(void);
dni_status dni__callback_end(dni__callback begun, dni_status answer, const char *what);
/* Between the two, or after: whether the thread's message was set since `begun`. */
bool dni__callback_failed(dni__callback begun);

/* Callbacks that answer nothing: NULL is nothing to do. */
void dni__callback_notify(dni_destroy_callback function, void *user);

/* Leave the calling function with the status of `call` unless it is DNI_OK. The one macro that
 * hides control flow; functions with something to undo do not use it. */
#define DNI_TRY(call)                                                                              \
  do {                                                                                             \
    dni_status try_status_ = (call);                                                               \
    if (try_status_ != DNI_OK) return try_status_;                                                 \
  } while (0)

/* NULL for a required argument. */
#define DNI_REQUIRE(pointer)                                                                       \
  do {                                                                                             \
    if (!(pointer)) return dni__fail(DNI_ERROR_ARGUMENT, "%s: %s is NULL", __func__, #pointer);    \
  } while (0)

/* Memory (memory.c). ------------------------------------------------------------------------- */

#define DNI_ALIGNMENT 64 /* a cache line, and the widest vector */

/* The allocator with its byte count; shared by a context and its backends, so that a backend can
 * outlive the context without keeping it. */
typedef struct dni__memory dni__memory;

dni_status dni__memory_create(const dni_allocator *allocator, dni__memory **out);
/* From now on the allocator's destroy function is called after the last free. A create call that
 * was given the allocator calls this as its last step, since destroy is not called where it fails.
 */
void dni__memory_adopt(dni__memory *memory);
dni__memory *dni__memory_retain(dni__memory *memory);
void dni__memory_release(dni__memory *memory);
size_t dni__memory_bytes(const dni__memory *memory);

/* count * size bytes, zeroed and 64-aligned. NULL, with the message set, if the product overflows
 * or the allocator has none; the caller then returns DNI_ERROR_MEMORY. count * size = 0 gives a
 * unique pointer. The size is remembered with the block. */
void *dni__allocate(dni__memory *memory, size_t count, size_t size);
/* The same, but what is in it is left as it is: for what is written over at once and is large. */
void *dni__allocate_unset(dni__memory *memory, size_t count, size_t size);
/* As dni__allocate, but without memory nothing fails: the message stays. For what one can do without. */
void *dni__allocate_spare(dni__memory *memory, size_t bytes);
void dni__free(dni__memory *memory, void *block); /* NULL: nothing */

/* *out = a * b, a + b; false if it does not fit. */
bool dni__multiply(size_t a, size_t b, size_t *out);
bool dni__add(size_t a, size_t b, size_t *out);

/* Counted references. ------------------------------------------------------------------------ */

typedef atomic_size_t dni__references;

void dni__references_init(dni__references *references); /* to 1 */
void dni__references_add(dni__references *references);
bool dni__references_drop(dni__references *references); /* true: that was the last */

/* Structs with struct_size (options.c). ------------------------------------------------------ */

/* Copy a caller's options into `known` (zeroed, `known_size` bytes): DNI_ERROR_ARGUMENT if
 * struct_size is under `least` or over 4096, DNI_ERROR_UNSUPPORTED if bytes beyond what we know are
 * not zero. `name` is for the message. */
dni_status dni__options_copy(void *known, size_t known_size, size_t least, const void *given,
                             const char *name);

/* The other direction, for reports: check given->struct_size, then fill in as much as the caller
 * has. */
dni_status dni__report_check(const void *given, size_t least, const char *name);
void dni__report_fill(void *given, const void *known, size_t known_size);

/* Matrices (matrix.c). ----------------------------------------------------------------------- */

size_t dni__dtype_size(dni_dtype dtype);       /* bytes of an element; 0 for an unknown type */
bool dni__dtype_has_matrices(dni_dtype dtype); /* whether the caller may have matrices of it */
bool dni__dtype_is_real(dni_dtype dtype);      /* DNI_F32 or DNI_F64: what computing is done in */
const char *dni__dtype_name(dni_dtype dtype);  /* "float", "int32", ..., or "unknown" */

/* A view is usable and has this element type and these columns. `name` is what the message calls
 * it: "x has 100 columns, expected 784". */
dni_status dni__matrix_check(const dni_matrix *view, dni_dtype dtype, size_t columns,
                             const char *name);
/* The same, and `rows` rows. */
dni_status dni__matrix_check_rows(const dni_matrix *view, dni_dtype dtype, size_t rows,
                                  size_t columns, const char *name);

/* Targets: [rows][columns] of `dtype`, or labels [rows][1] of DNI_I32 in 0 .. columns-1. A label
 * out of range is DNI_ERROR_DATA. */
dni_status dni__targets_check(const dni_matrix *y, dni_dtype dtype, size_t rows, size_t columns,
                              const char *name);
/* Labels out of range: DNI_ERROR_DATA, naming the row; part of dni__targets_check. */
dni_status dni__labels_check(const dni_matrix *labels, size_t classes, const char *name);
/* Weights of examples: NULL, or [rows][1] of `dtype`, finite and not negative. *sum becomes their
 * sum, `rows` for NULL; sum may be NULL. */
dni_status dni__weights_check(const dni_matrix *weights, dni_dtype dtype, size_t rows, double *sum);
static inline bool dni__is_labels(const dni_matrix *y) {
  return y && y->dtype == DNI_I32;
}
static inline size_t dni__label(const dni_matrix *y, size_t row) {
  return (size_t)((const int32_t *)y->data)[row * y->stride];
}
/* The weight of a row; 1 if there are none. */
double dni__weight(const dni_matrix *weights, size_t row);

/* A contiguous view of memory of our own. */
dni_matrix dni__matrix_make(void *data, size_t rows, size_t columns, dni_dtype dtype);
/* Rows first .. first+rows-1, and columns first .. first+columns-1, of a view. */
dni_matrix dni__matrix_rows(const dni_matrix *view, size_t first, size_t rows);
dni_matrix dni__matrix_columns(const dni_matrix *view, size_t first, size_t columns);
/* Where a row begins; NULL if the view has no data. */
void *dni__matrix_row(const dni_matrix *view, size_t row);
/* Copy rows between views of the same shape and type, whatever their strides. */
void dni__matrix_copy(const dni_matrix *from, const dni_matrix *to);
/* Element (row, column) as a double, exactly, whatever the type; and writing it. Not for hot loops.
 */
double dni__matrix_get(const dni_matrix *view, size_t row, size_t column);
void dni__matrix_set(const dni_matrix *view, size_t row, size_t column, double value);
/* Whether every element is finite; if not, where the first is not. */
bool dni__matrix_finite(const dni_matrix *view, size_t *row, size_t *column);

/* AMX (version.c). --------------------------------------------------------------------------- */

/* Whether the tiles of AMX may be used. Asked once in a process (math/amx.c); dni_build_info says it. */
typedef enum dni__amx {
  DNI__AMX_UNASKED,
  DNI__AMX_ALLOWED,
  DNI__AMX_MISSING, /* the processor has none, or a hypervisor hides them */
  DNI__AMX_UNSAVED, /* the system keeps no tiles for a thread */
  DNI__AMX_REFUSED, /* the system does not give this process leave */
  DNI__AMX_WRONG    /* they compute other numbers than AVX-512 does */
} dni__amx;

dni__amx dni__amx_answer(void);
/* The answer becomes `to`, if it is `from`. Any thread. */
void dni__amx_settle(dni__amx from, dni__amx to);

/* Random numbers (random.c). ----------------------------------------------------------------- */

/* xoshiro256++ (Blackman and Vigna 2019), seeded through splitmix64. */
typedef struct dni__random {
  uint64_t state[4];
} dni__random;

void dni__random_init(dni__random *random, uint64_t seed, uint64_t stream);
uint64_t dni__random_u64(dni__random *random);
double dni__random_uniform(dni__random *random);             /* [0, 1), 53 bits */
double dni__random_normal(dni__random *random);              /* mean 0, variance 1 */
size_t dni__random_below(dni__random *random, size_t bound); /* 0 .. bound-1 without bias */
/* Fill a contiguous block with normal numbers of the given standard deviation. */
void dni__random_fill_normal(dni__random *random, dni_dtype dtype, void *data, size_t count,
                             double deviation);

#endif
