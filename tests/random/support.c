/* Chance, faults, watched memory, and elements of matrices. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "random.h"

/* Chance: splitmix64. ------------------------------------------------------------------------- */

static uint64_t stream;

void chance_begin(uint64_t seed) {
  stream = seed * 0x2545f4914f6cdd1du;
}

uint64_t random_bits(void) {
  uint64_t z = stream += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

size_t below(size_t limit) {
  return (size_t)(random_bits() % limit);
}

bool chance(int percent) {
  return (int)below(100) < percent;
}

double uniform(double least, double most) {
  return least + (most - least) * (double)(random_bits() >> 11) / 9007199254740992.0;
}

/* Faults. ------------------------------------------------------------------------------------- */

const char *volatile activity = "";
volatile uint64_t present_seed;
const char *program = "random";

static void print_text(const char *text) {
  ssize_t written = write(STDERR_FILENO, text, strlen(text));
  (void)written;
}

void print_seed(void) {
  char digits[24], *first = digits + sizeof digits - 1;
  uint64_t seed = present_seed;
  *first = '\0';
  do
    *--first = (char)('0' + seed % 10);
  while ((seed /= 10) > 0);
  print_text("\nseed ");
  print_text(first);
  print_text(" failed (");
  print_text(activity);
  print_text("); to repeat: ");
  print_text(program);
  print_text(" ");
  print_text(first);
  print_text(" 1\n");
}

_Noreturn void fault(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vfprintf(stderr, format, arguments);
  va_end(arguments);
  print_seed();
  abort();
}

#define FORGOTTEN 1999

void forget_message(void) {
  (void)dni_fail(FORGOTTEN, "no call has failed");
}

static unsigned bit_of(dni_status status) {
  if (status >= DNI_STATUS_CALLER) return 1u << 30;
  return status < 0 || status > DNI_ERROR_SYSTEM ? 0 : BIT(status);
}

dni_status expect_status(unsigned allowed, dni_status status, const char *call) {
  const char *message = dni_last_message();
  EXPECT(bit_of(status) & allowed, "%s: %s: %s", call, dni_status_name(status), message);
  if (status == DNI_OK) return status;
  EXPECT(dni_last_status() == status, "%s: %s, but the last status is %s (%s)", call,
         dni_status_name(status), dni_status_name(dni_last_status()), message);
  EXPECT(message[0] && !strchr(message, '\n'), "%s: message \"%s\"", call, message);
  return status;
}

/* Memory. ------------------------------------------------------------------------------------- */

atomic_size_t memory_blocks, memory_calls, memory_left = SIZE_MAX;

static bool is_exhausted(void) {
  size_t left = atomic_load(&memory_left);
  while (left != SIZE_MAX && left > 0)
    if (atomic_compare_exchange_weak(&memory_left, &left, left - 1)) return false;
  return left == 0;
}

static void *watched_alloc(void *user, size_t alignment, size_t size) {
  void *memory;
  (void)user;
  atomic_fetch_add(&memory_calls, 1);
  if (is_exhausted() || posix_memalign(&memory, alignment, size) != 0) return NULL;
  memset(memory, 0xa5, size);
  atomic_fetch_add(&memory_blocks, 1);
  return memory;
}

static void watched_free(void *user, void *memory, size_t size) {
  (void)user, (void)size;
  atomic_fetch_add(&memory_calls, 1);
  atomic_fetch_sub(&memory_blocks, 1);
  free(memory);
}

const dni_allocator watched_allocator = {
    .struct_size = sizeof watched_allocator, .alloc = watched_alloc, .free = watched_free};

/* Matrices. ----------------------------------------------------------------------------------- */

dni_matrix view(dni_dtype dtype, void *data, size_t rows, size_t columns, size_t stride) {
  return (dni_matrix){
      .data = data, .rows = rows, .columns = columns, .stride = stride, .dtype = dtype};
}

double get(const dni_matrix *matrix, size_t row, size_t column) {
  size_t place = row * matrix->stride + column;
  if (matrix->dtype == DNI_I32) return ((const int32_t *)matrix->data)[place];
  return matrix->dtype == DNI_F32 ? (double)((const float *)matrix->data)[place]
                                  : ((const double *)matrix->data)[place];
}

void set(const dni_matrix *matrix, size_t row, size_t column, double value) {
  size_t place = row * matrix->stride + column;
  if (matrix->dtype == DNI_I32)
    ((int32_t *)matrix->data)[place] = (int32_t)value;
  else if (matrix->dtype == DNI_F32)
    ((float *)matrix->data)[place] = (float)value;
  else
    ((double *)matrix->data)[place] = value;
}

uint64_t hash_matrix(uint64_t hash, const dni_matrix *matrix) {
  size_t size = matrix->dtype == DNI_F64 ? sizeof(double) : sizeof(float);
  for (size_t r = 0; r < matrix->rows; r++) {
    const unsigned char *bytes = (const unsigned char *)matrix->data + r * matrix->stride * size;
    for (size_t i = 0; i < matrix->columns * size; i++)
      hash = (hash ^ bytes[i]) * 0x100000001b3u;
  }
  return hash;
}
