/* Network files of libdni 0.3, by dni_network_read. An input is a file.
 *
 * It is read as it is, and with its length and checksum put right. */
#include "fuzz.h"

#include <zlib.h>

#define LENGTH_AT     16
#define HEADER_SIZE   32
#define CHECKSUM_SIZE 4

static void put_little_endian(uint8_t *to, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++)
    to[i] = (uint8_t)(value >> 8 * i);
}

static void mend(fuzz_bytes *file) {
  static const uint8_t magic[] = {0x89, 'D', 'N', 'I', '\r', '\n', 0x1a, '\n'};
  const size_t end = file->size - CHECKSUM_SIZE;
  memcpy(file->data, magic, sizeof magic);
  put_little_endian(file->data + LENGTH_AT, file->size, 8);
  put_little_endian(file->data + end, crc32_z(0, file->data, end), CHECKSUM_SIZE);
}

/* A network that was loaded can be written in the present format, and read again. */
static void check(dni_context *context, dni_network *network) {
  static fuzz_bytes file;
  dni_network *again;
  const dni_writer writer = fuzz_writer(&file);
  EXPECT_FINE(dni_network_write(network, &writer));
  const dni_reader reader = fuzz_reader(&file);
  EXPECT_FINE(dni_network_read(context, &reader, &again));
  EXPECT(dni_network_outputs(network) == dni_network_outputs(again), "another network");
  dni_network_release(again);
}

static void try(dni_context *context, fuzz_bytes *file) {
  dni_network *network;
  const dni_reader reader = fuzz_reader(file);
  const dni_status status = EXPECT_IN(FINE | BAD_DATA | UNSUPPORTED | NO_MEMORY,
                                      dni_network_read(context, &reader, &network));
  if (status != DNI_OK) return;
  check(context, network);
  dni_network_release(network);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static fuzz_bytes file;
  dni_context *context = fuzz_context(size % 2 ? DNI_F64 : DNI_F32, 1 << 20);
  fuzz_bytes_set(&file, data, size);
  try(context, &file);
  if (size >= HEADER_SIZE + CHECKSUM_SIZE) {
    mend(&file);
    try(context, &file);
  }
  fuzz_context_end(context);
  return 0;
}
