/* Faults, memory, inputs, and files without a disk. */
#include "../fuzz.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* Faults. ------------------------------------------------------------------------------------- */

_Noreturn void fuzz_fault(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vfprintf(stderr, format, arguments);
  va_end(arguments);
  (void)fputc('\n', stderr);
  abort();
}

static unsigned bit_of(dni_status status) {
  if (status >= DNI_STATUS_CALLER) return 1u << 30;
  return status < 0 || status > DNI_ERROR_SYSTEM ? 0 : 1u << status;
}

dni_status fuzz_status(unsigned allowed, dni_status status, const char *call) {
  const char *message = dni_last_message();
  EXPECT(bit_of(status) & allowed, "%s: %s: %s", call, dni_status_name(status), message);
  if (status == DNI_OK) return status;
  EXPECT(dni_last_status() == status, "%s: %s, but the last status is %s", call,
         dni_status_name(status), dni_status_name(dni_last_status()));
  EXPECT(message[0] && strlen(message) < 512 && !strchr(message, '\n'), "%s: message \"%s\"", call,
         message);
  return status;
}

/* Memory. ------------------------------------------------------------------------------------- */

static atomic_size_t blocks;

/* user: the most bytes of a block. The library has a header of `alignment` bytes in each block, and
 * keeps the address behind it: where nothing is behind it, LeakSanitizer would take the block for lost. */
static void *give(void *user, size_t alignment, size_t size) {
  void *block;
  if (size > *(const size_t *)user) return NULL;
  if (posix_memalign(&block, alignment, size == alignment ? size + 1 : size) != 0) return NULL;
  atomic_fetch_add(&blocks, 1);
  return block;
}

static void take_back(void *user, void *block, size_t size) {
  (void)user, (void)size;
  atomic_fetch_sub(&blocks, 1);
  free(block);
}

dni_context *fuzz_context(dni_dtype dtype, size_t block_most) {
  static size_t most;
  const dni_allocator allocator = {
      .struct_size = sizeof allocator, .user = &most, .alloc = give, .free = take_back};
  const dni_context_options options = {
      .struct_size = sizeof options, .allocator = &allocator, .dtype = dtype};
  dni_context *context;
  most = block_most;
  EXPECT_FINE(dni_context_create(&options, &context));
  return context;
}

void fuzz_context_end(dni_context *context) {
  dni_context_release(context);
  EXPECT(atomic_load(&blocks) == 0, "%zu blocks are left", atomic_load(&blocks));
}

/* Inputs. ------------------------------------------------------------------------------------- */

uint8_t fuzz_byte(fuzz_input *input) {
  if (input->size == 0) return 0;
  input->size--;
  return *input->data++;
}

size_t fuzz_below(fuzz_input *input, size_t limit) {
  return fuzz_byte(input) % limit;
}

fuzz_input fuzz_part(fuzz_input *input, size_t size) {
  if (size > input->size) size = input->size;
  const fuzz_input part = {input->data, size};
  if (size > 0) input->data += size;
  input->size -= size;
  return part;
}

/* Files in memory. ---------------------------------------------------------------------------- */

const char *fuzz_file(size_t which, const void *bytes, size_t size) {
  static struct {
    int file;
    char path[32];
  } files[2];
  if (files[which].file == 0) {
    files[which].file = memfd_create("fuzz", 0);
    (void)snprintf(files[which].path, sizeof files[which].path, "/proc/self/fd/%d",
                   files[which].file);
  }
  const int file = files[which].file;
  EXPECT(file > 0 && ftruncate(file, 0) == 0 && pwrite(file, bytes, size, 0) == (ssize_t)size,
         "a file in memory cannot be written");
  return files[which].path;
}

static dni_status append(void *user, const void *bytes, size_t size) {
  fuzz_bytes *to = user;
  if (to->size + size > to->capacity) {
    to->capacity = 2 * (to->size + size);
    to->data = realloc(to->data, to->capacity);
    EXPECT(to->data, "out of memory");
  }
  memcpy(to->data + to->size, bytes, size);
  to->size += size;
  return DNI_OK;
}

static dni_status read_on(void *user, void *bytes, size_t size, size_t *got) {
  fuzz_bytes *from = user;
  size_t part = from->size - from->next;
  if (part > size) part = size;
  if (from->piece > 0 && part > from->piece) part = from->piece;
  if (part > 0) memcpy(bytes, from->data + from->next, part);
  from->next += part;
  *got = part;
  return DNI_OK;
}

dni_writer fuzz_writer(fuzz_bytes *to) {
  to->size = 0;
  return (dni_writer){.struct_size = sizeof(dni_writer), .user = to, .write = append};
}

dni_reader fuzz_reader(fuzz_bytes *from) {
  from->next = 0;
  return (dni_reader){.struct_size = sizeof(dni_reader), .user = from, .read = read_on};
}

void fuzz_bytes_set(fuzz_bytes *bytes, const void *data, size_t size) {
  bytes->size = 0;
  if (size > 0) (void)append(bytes, data, size);
}

bool fuzz_bytes_equal(const fuzz_bytes *a, const fuzz_bytes *b) {
  return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

void fuzz_bytes_free(fuzz_bytes *bytes) {
  free(bytes->data);
  *bytes = (fuzz_bytes){.data = NULL};
}
