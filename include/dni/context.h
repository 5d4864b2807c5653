/* dni_context: what objects have in common: memory, element type, seed, backend, log. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_CONTEXT_H
#define DNI_CONTEXT_H

typedef struct dni_context dni_context;
typedef struct dni_backend dni_backend; /* dni/backend.h */

/* Where memory comes from. Copied into the context and used for everything, the context included.
 *
 * alloc returns `size` bytes (never 0) aligned to `alignment` (a power of two, at most 64), or
 * NULL; the library turns NULL into DNI_ERROR_MEMORY. free receives what alloc returned, with the
 * same size, never NULL. Both are called only from inside a call to the library, on its thread. */
typedef struct dni_allocator {
  size_t struct_size; /* sizeof(dni_allocator) */
  void *user;
  void *(*alloc)(void *user, size_t alignment, size_t size);
  void (*free)(void *user, void *memory, size_t size);
} dni_allocator;

/* Levels of log messages. */
enum { DNI_LOG_INFO = 1, DNI_LOG_WARNING = 2 };

/* Receives one line without newline. Called on the thread of the call that logs. */
typedef void (*dni_log_callback)(void *user, int32_t level, const char *message);

/* Instruction sets of the library's own kernels. */
enum {
  DNI_INSTRUCTIONS_BEST = 0,     /* the widest this processor has */
  DNI_INSTRUCTIONS_BASELINE = 1, /* what the compiler's target guarantees */
  DNI_INSTRUCTIONS_AVX2 = 2,     /* x86-64 with AVX2 and FMA */
  DNI_INSTRUCTIONS_AVX512 = 3    /* x86-64 with AVX-512 F, BW, DQ, VL */
};

/* Set everything to 0, then struct_size, then what should differ: 0 always means the default. A
 * struct longer than this library knows is accepted if its unknown tail is zero, so programs built
 * against a newer header run as long as they ask for nothing newer. */
typedef struct dni_context_options {
  size_t struct_size;             /* sizeof(dni_context_options) */
  const dni_allocator *allocator; /* NULL: posix_memalign and free */
  uint64_t seed;                  /* of every random stream */
  dni_dtype dtype;                /* of every object; 0: DNI_F32 */
  int32_t instructions;           /* DNI_INSTRUCTIONS_ value; 0: best */
  dni_log_callback log;           /* NULL: silent */
  void *log_user;
} dni_context_options;

/* Make a context. `options` may be NULL for the defaults. The context starts with the builtin
 * backend; dni_context_set_backend() changes it, for example to the linked CBLAS.
 *
 * Random numbers: each object that draws any (a dense layer's weights, a feedback matrix, a data
 * set's order, the random schedule) has a xoshiro256++ stream of its own, seeded through
 * splitmix64 from the context's seed and the number of streams made on the context before it. The
 * same calls in the same order therefore give the same numbers.
 *
 *   DNI_ERROR_ARGUMENT     out is NULL, a wrong struct_size, an unknown dtype or instructions
 *                          value, an allocator with a missing function
 *   DNI_ERROR_UNSUPPORTED  this processor lacks the instructions asked for, or options has
 *                          unknown non-zero fields
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_context_create(const dni_context_options *options,
                                                   dni_context **out);
DNI_API void dni_context_retain(dni_context *context);
DNI_API void dni_context_release(dni_context *context);

/* Use `backend` for objects created on this context from now on; those made before keep theirs.
 * The context keeps the backend.
 *
 *   DNI_ERROR_ARGUMENT     NULL, or a backend without this context's element type */
DNI_API DNI_MUST_USE dni_status dni_context_set_backend(dni_context *context, dni_backend *backend);

/* The backend of objects to come. Borrowed; valid until set_backend or the context's last release.
 * NULL only for a NULL context. */
DNI_API dni_backend *dni_context_backend(const dni_context *context);

/* The element type of the context's objects; 0 for NULL. */
DNI_API dni_dtype dni_context_dtype(const dni_context *context);

/* The name of the instruction set its kernels use: "baseline", "avx2" or "avx512". Static. */
DNI_API const char *dni_context_instructions(const dni_context *context);

/* Bytes obtained through the allocator and not yet given back, by the context and all objects made
 * on it. For leak checks and memory budgets. */
DNI_API size_t dni_context_bytes(const dni_context *context);

#endif
