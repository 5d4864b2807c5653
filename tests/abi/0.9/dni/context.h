/** \file
 * dni_context: what objects have in common: memory, element type, random seed, backend, log. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_CONTEXT_H
#define DNI_CONTEXT_H

/** Where memory comes from. Set everything to 0, then the fields. The struct is copied.
 *
 * If one struct is given to several creates, destroy is called once for each thing that it made.
 *
 * The functions may be called on any thread, and by several threads at once. They must return
 * normally: no exception and no longjmp may leave them. */
typedef struct dni_allocator {
  size_t struct_size; /**< sizeof(dni_allocator). */
  void *user;         /**< Handed to the functions. */
  /** Gives `size` bytes (never 0), aligned to `alignment`, a power of two of at most 4096. NULL if
   * there are none: the library turns that into DNI_ERROR_MEMORY. */
  void *(DNI_CALL *alloc)(void *user, size_t alignment, size_t size);
  /** Takes back what alloc gave, with the same size. Never called with NULL. */
  void(DNI_CALL *free)(void *user, void *memory, size_t size);
  dni_destroy_callback destroy; /**< Called with user after the last free; NULL: nothing to do. */
} dni_allocator;

/** How important a line of the log is. Treat levels that you do not know as information. */
typedef int32_t dni_log_level;

enum {
  DNI_LOG_INFORMATION = 1, /**< Nothing is wrong. */
  DNI_LOG_WARNING = 2      /**< Something failed that may fail; the program goes on. */
};

/** Receives one line without newline. It may be called on any thread that uses the context. It must
 * return normally. */
typedef void(DNI_CALL *dni_log_callback)(void *user, dni_log_level level, const char *message);

/** Which instructions of the processor the library's own kernels use. */
typedef int32_t dni_instructions;

enum {
  DNI_INSTRUCTIONS_BEST = 0,       /**< The widest that this processor has. */
  DNI_INSTRUCTIONS_BASELINE = 1,   /**< What the compiler's target guarantees. */
  DNI_INSTRUCTIONS_AVX2 = 2,       /**< x86-64 with AVX2 and FMA. */
  DNI_INSTRUCTIONS_AVX512 = 3,     /**< x86-64 with AVX-512 F, BW, DQ and VL. */
  DNI_INSTRUCTIONS_AVX512_BF16 = 4, /**< The same with AVX-512 BF16, for products of bf16. */
  DNI_INSTRUCTIONS_AMX = 5 /**< The same with AMX for products of bf16, if the system allows it. */
};

/** How to make a context. Set everything to 0, then struct_size, then what should differ: 0 always
 * means the default.
 *
 * A struct that is longer than the running library knows is accepted if the unknown end is zero. So
 * a program built with newer headers runs as long as it asks for nothing newer. This is true of all
 * structs that begin with struct_size. */
typedef struct dni_context_options {
  size_t struct_size;             /**< sizeof(dni_context_options). */
  const dni_allocator *allocator; /**< NULL: posix_memalign and free. */
  uint64_t seed;                  /**< Of every random stream. */
  dni_dtype dtype; /**< Of parameters and of matrices handed in: DNI_F32 or DNI_F64; 0: DNI_F32. */
  dni_dtype compute;                /**< What products round A and B to: see below; 0: as dtype. */
  dni_instructions instructions;    /**< 0: the best that there are. */
  int32_t reserved;                 /**< 0. */
  dni_backend *backend;             /**< Kept by the context; NULL: a builtin one of one thread. */
  dni_log_callback log;             /**< NULL: silent. */
  void *log_user;                   /**< Handed to log. */
  dni_destroy_callback log_destroy; /**< Called with log_user when the context ends; or NULL. */
} dni_context_options;

/** Make a context. `options` may be NULL: floats, seed 0, builtin backend, the C library's memory.
 *
 * Every object that draws random numbers has a stream of its own, xoshiro256++. Unless its options
 * give a seed, the stream is number n of the context, n counting the streams taken so far; a seed
 * of its own means that seed and n = 0. The four words of the state are what splitmix64 gives from
 * seed XOR (the first number that splitmix64 gives from n). So the same calls in the same order
 * give the same numbers. Objects may be made on several threads at once; the order of the streams
 * is then the caller's to fix.
 *
 * With `compute` DNI_BF16 and dtype DNI_F32 the products of layers and SGs round the elements of
 * their operands to bf16 (8 bits of fraction, to nearest, ties to even) and add up floats. Weights,
 * statistics, losses, least-squares sums and analyses stay floats, and so do activations and
 * moments unless dni_trainer_options and dni_optimiser_set_moment_dtype() say otherwise. It is
 * meant for processors with DNI_INSTRUCTIONS_AVX512_BF16, where such products take about half the
 * time, and for AMX. Elsewhere products take longer than in float. Results are the same for all
 * instructions but AMX, which adds up in another order. For AMX the process asks Linux once for
 * leave; if it is refused, what is best is AVX512_BF16. dni_context_compute() tells whether the
 * backend does it.
 *
 * - DNI_ERROR_ARGUMENT: out is NULL; a bad struct_size; an unknown value; an allocator with a
 *   function missing; a backend that has no product for dtype; compute is another type than dtype,
 *   or DNI_BF16 where dtype is DNI_F64.
 * - DNI_ERROR_UNSUPPORTED: this processor lacks the instructions, or the system refuses AMX;
 *   compute is DNI_F16; a field that this library does not know is not 0.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_context_create(const dni_context_options *options,
                                                   dni_context **out);

/** Take a reference; answers `context`. NULL is allowed. Any thread. */
DNI_API dni_context *dni_context_retain(dni_context *context);

/** Give a reference back. NULL is allowed. Any thread. Objects made on the context keep it. */
DNI_API void dni_context_release(dni_context *context);

/** The backend of the context's objects. Borrowed: valid as long as the context. NULL for NULL. */
DNI_API dni_backend *dni_context_backend(const dni_context *context);

/** The element type of the context's objects. 0 for NULL. */
DNI_API dni_dtype dni_context_dtype(const dni_context *context);

/** The element type that products of layers and SGs round their operands to: DNI_BF16, if that was
 * asked for and the backend has such products (the builtin kind has), else the context's dtype. 0
 * for NULL. */
DNI_API dni_dtype dni_context_compute(const dni_context *context);

/** The instructions that the context's kernels use, never DNI_INSTRUCTIONS_BEST. 0 for NULL. */
DNI_API dni_instructions dni_context_instructions(const dni_context *context);

/** The name of an instruction set: "best", "baseline", "avx2", "avx512", "avx512_bf16" or "amx"; ""
 * for other numbers. Never NULL; static. */
DNI_API const char *dni_instructions_name(dni_instructions instructions);

/** Bytes that the context and all objects made on it have from the allocator now. 0 for NULL. Any
 * thread. */
DNI_API size_t dni_context_bytes(const dni_context *context);

/** Memory from the context's allocator: `size` bytes, zeroed, aligned to 64, counted.
 *
 * Give it back with dni_context_free() while a reference to the context is held. A size of 0 gives
 * a block that can be freed. Any thread.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_MEMORY: no memory; *out is as it was. */
DNI_API DNI_MUST_USE dni_status dni_context_allocate(dni_context *context, size_t size, void **out);

/** Give back memory of dni_context_allocate(). NULL memory is allowed. Any thread. */
DNI_API void dni_context_free(dni_context *context, void *memory);

#endif
