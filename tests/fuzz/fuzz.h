/* Fuzzing: what the targets of tests/fuzz share.
 *
 * A target is a file or a folder of this folder with LLVMFuzzerTestOneInput, which does something with
 * any bytes and aborts if the library breaks a promise. It is linked with libFuzzer, which searches for
 * bytes that break one (`make fuzz`), or with driver.c, which runs it on files (tests/gates/fuzz.sh). */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dni.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Faults. ------------------------------------------------------------------------------------- */

_Noreturn void fuzz_fault(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define EXPECT(condition, ...)                                                                     \
  do {                                                                                             \
    if (!(condition)) fuzz_fault(__VA_ARGS__);                                                     \
  } while (0)

/* Statuses as sets. */
enum {
  FINE = 1u << DNI_OK,
  REFUSED = 1u << DNI_ERROR_ARGUMENT,
  WRONG_STATE = 1u << DNI_ERROR_STATE,
  NO_MEMORY = 1u << DNI_ERROR_MEMORY,
  NO_FILE = 1u << DNI_ERROR_IO,
  BAD_DATA = 1u << DNI_ERROR_DATA,
  UNSUPPORTED = 1u << DNI_ERROR_UNSUPPORTED,
  NON_FINITE = 1u << DNI_ERROR_NON_FINITE,
  CANCELLED = 1u << DNI_ERROR_CANCELLED,
  CALLBACK_FAILED = 1u << DNI_ERROR_CALLBACK | 1u << 30, /* the caller's own statuses too */
  NO_THREADS = 1u << DNI_ERROR_SYSTEM
};

/* The status is one of the set, and a failure has left a message. Answers the status. */
dni_status fuzz_status(unsigned allowed, dni_status status, const char *call);
#define EXPECT_IN(allowed, call) fuzz_status((allowed), (call), #call)
#define EXPECT_FINE(call)        ((void)EXPECT_IN(FINE, call))

/* Memory. ------------------------------------------------------------------------------------- */

/* A context whose allocator gives no block of more than `block_most` bytes and counts what it gave. */
dni_context *fuzz_context(dni_dtype dtype, size_t block_most);
/* Gives it back, and expects that nothing is left of anything. */
void fuzz_context_end(dni_context *context);

/* Inputs. ------------------------------------------------------------------------------------- */

/* What is left of an input. */
typedef struct fuzz_input {
  const uint8_t *data;
  size_t size;
} fuzz_input;

/* The next byte; 0 when nothing is left. */
uint8_t fuzz_byte(fuzz_input *input);
size_t fuzz_below(fuzz_input *input, size_t limit);
/* The next bytes, `size` or as many as are left. */
fuzz_input fuzz_part(fuzz_input *input, size_t size);

/* Files without a disk. ----------------------------------------------------------------------- */

/* The path of a file in memory with these bytes. There is one file for each of `which`: 0 or 1. */
const char *fuzz_file(size_t which, const void *bytes, size_t size);

/* Bytes that dni_network_write() and its like append to, and that the readers read from the front. */
typedef struct fuzz_bytes {
  uint8_t *data;
  size_t size, capacity;
  size_t next;  /* how many were read */
  size_t piece; /* the most that a read gives; 0: all */
} fuzz_bytes;

dni_writer fuzz_writer(fuzz_bytes *to); /* begins anew */
dni_reader fuzz_reader(fuzz_bytes *from);
void fuzz_bytes_set(fuzz_bytes *bytes, const void *data, size_t size);
bool fuzz_bytes_equal(const fuzz_bytes *a, const fuzz_bytes *b);
void fuzz_bytes_free(fuzz_bytes *bytes);

/* Safetensors (support/safetensors.c). -------------------------------------------------------- */

/* Put the right checksum into a file of libdni's; false: it has no place for one. */
bool fuzz_mend_checksum(uint8_t *bytes, size_t size);

/* A custom mutator: header and data are changed apart, and the length of the header is put right. Half
 * of the time the tensors are laid out again, so that offsets and sizes add up. */
size_t fuzz_mutate_safetensors(uint8_t *data, size_t size, size_t most, unsigned seed);

/* Trainings (support/trainings.c). ------------------------------------------------------------ */

enum { FUZZ_TRAININGS = 8, FUZZ_ROWS = 4, FUZZ_INPUTS = 3, FUZZ_OUTPUTS = 3 };

/* The trainers differ in schedules, SGs, optimisers and layers; FUZZ_ROWS rows a step. */
dni_trainer *fuzz_trainer(dni_context *context, size_t which);
/* Which of them a file seems to be for. */
size_t fuzz_training_of(const uint8_t *data, size_t size);
/* Twelve examples for it, with labels. */
dni_dataset *fuzz_dataset(dni_context *context);
/* Two steps of a fit that has more to do, so that what is saved is the middle of one. */
dni_status fuzz_fit(dni_trainer *trainer, const dni_dataset *dataset);

#endif
