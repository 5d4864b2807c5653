/** \file
 * Status codes, the message of the last failure, and which library is running. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_STATUS_H
#define DNI_STATUS_H

/** The version of these headers, first of three numbers. */
#define DNI_VERSION_MAJOR 0
/** The second number. */
#define DNI_VERSION_MINOR 9
/** The third number. */
#define DNI_VERSION_PATCH 0

/** The version of these headers as one number: major * 10000 + minor * 100 + patch. It can be used
 * in conditions of the preprocessor. dni_version() gives the same number for the library that is
 * running. */
#define DNI_VERSION 900

/** The version of these headers as text. */
#define DNI_VERSION_STRING "0.9.0"

/** What a call answers. 0 is success. 1 to 999 belong to the library; the values are written out,
 * never renumbered and never reused. 1000 and above belong to callers: a callback may answer such a
 * number, and the call that ran the callback answers it unchanged. */
typedef int32_t dni_status;

enum {
  DNI_OK = 0,             /**< Success. */
  DNI_ERROR_ARGUMENT = 1, /**< A mistake in the call: NULL, a wrong shape, a value out of range. */
  DNI_ERROR_STATE = 2,    /**< The call is right, but not now. */
  DNI_ERROR_MEMORY = 3,   /**< The allocator gave nothing, or a size does not fit size_t. */
  DNI_ERROR_IO = 4,       /**< A file could not be opened, read or written. */
  DNI_ERROR_DATA = 5,     /**< A file, a data set or a label has the wrong content. */
  DNI_ERROR_UNSUPPORTED = 6, /**< Known, but not available in this build or on this machine. */
  DNI_ERROR_BACKEND = 7,     /**< A matrix backend failed or cannot be used. */
  DNI_ERROR_NON_FINITE = 8,  /**< NaN or infinity appeared in training. */
  DNI_ERROR_CANCELLED = 9,   /**< dni_trainer_cancel() stopped the training. */
  DNI_ERROR_CALLBACK = 10,   /**< A callback answered a number that belongs to the library. */
  DNI_ERROR_SYSTEM = 11,     /**< The operating system refused something, such as a new thread. */
  DNI_STATUS_CALLER = 1000   /**< The first number that belongs to callers. */
};

/** The name of a status, for example "DNI_ERROR_IO".
 *
 * Never NULL. "caller's status" for 1000 and above, "unknown status" for other numbers. The text is
 * static. Any thread may call it. */
DNI_API const char *dni_status_name(dni_status status);

/** One line about the last call that failed on this thread.
 *
 * The line names the culprit, for example "layer 3 (dense): x has 100 columns, expected 784". It
 * has no newline and at most 511 bytes. Long paths and names are shortened in their middle, with
 * "..." there, so the reason is always at the end. Bytes that are not UTF-8, and characters that
 * cannot be seen, are written as \\xNN. The line is "" if no call has failed yet. A call that
 * succeeds leaves the old line as it is, so look at it only right after a failure.
 *
 * The text belongs to the library and stays valid until the next failure on this thread. It is kept
 * for each thread of the operating system, like errno: read it on the thread that made the call.
 * Reporting a failure never allocates memory. */
DNI_API const char *dni_last_message(void);

/** The status that belongs to dni_last_message(). DNI_OK if no call has failed on this thread. */
DNI_API dni_status dni_last_status(void);

/** Report a failure from inside a callback: set this thread's message and answer `status`.
 *
 * Use it as `return dni_fail(1001, "the camera is gone");`. The call that ran the callback then
 * fails with that status. Its message holds `text`, with words in front that say where it happened.
 * `text` is copied. If it is too long for the message, its middle is left out; line breaks become
 * spaces. NULL counts as "".
 *
 * `status` must be 1000 or above, or DNI_ERROR_CALLBACK. Any other number becomes
 * DNI_ERROR_CALLBACK, which is then also what this function answers. */
DNI_API dni_status dni_fail(dni_status status, const char *text);

/** The version of the running library: major * 10000 + minor * 100 + patch. Any thread. */
DNI_API int32_t dni_version(void);

/** The version of the running library as text. Never NULL; static. Any thread. */
DNI_API const char *dni_version_string(void);

/** How the running library was built, in one line: compiler, BLAS, instruction sets. Once a context
 * with products of bf16 has asked for AMX, it also says whether that may be used, or why not. For
 * reports of faults. Never NULL; static. Any thread. */
DNI_API const char *dni_build_info(void);

#endif
