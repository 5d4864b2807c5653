/* Networks in safetensors files, by dni_network_read. An input is a file.
 *
 * Most get their right checksum before they are read. A network that was loaded predicts, and is the
 * same when it is written and read again. */
#include "fuzz.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  return fuzz_mutate_safetensors(data, size, most, seed);
}

static dni_status read_network(dni_context *context, fuzz_bytes *file, dni_network **network) {
  const dni_reader reader = fuzz_reader(file);
  return EXPECT_IN(FINE | BAD_DATA | UNSUPPORTED | NO_MEMORY,
                   dni_network_read(context, &reader, network));
}

static void write_network(dni_network *network, fuzz_bytes *file) {
  const dni_writer writer = fuzz_writer(file);
  EXPECT_FINE(dni_network_write(network, &writer));
}

static void predict(dni_network *network) {
  enum { MOST = 64 };
  static float values[2 * MOST], answers[2 * MOST];
  const size_t inputs = dni_network_inputs(network), outputs = dni_network_outputs(network);
  dni_matrix x, h;
  if (inputs > MOST || outputs > MOST) return;
  for (size_t i = 0; i < 2 * MOST; i++)
    values[i] = (float)i / 8 - 4;
  dni_matrix_init_f32(&x, values, 2, inputs);
  dni_matrix_init_f32(&h, answers, 2, outputs);
  (void)EXPECT_IN(FINE | NO_MEMORY, dni_network_predict(network, &x, &h));
}

/* What is written, read and written again is the same. */
static void check_network(dni_context *context, dni_network *network) {
  static fuzz_bytes once, twice;
  dni_network *again;
  predict(network);
  write_network(network, &once);
  EXPECT(read_network(context, &once, &again) == DNI_OK, "what was written is refused: %s",
         dni_last_message());
  write_network(again, &twice);
  EXPECT(fuzz_bytes_equal(&once, &twice), "what was written and read is written otherwise");
  dni_network_release(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static fuzz_bytes file;
  dni_context *context = fuzz_context(DNI_F32, 1 << 20);
  dni_network *network;
  fuzz_bytes_set(&file, data, size);
  file.piece = size % 3 ? 0 : 1 + size / 2;
  if (size % 16) (void)fuzz_mend_checksum(file.data, file.size);
  if (read_network(context, &file, &network) == DNI_OK) {
    check_network(context, network);
    dni_network_release(network);
  }
  fuzz_context_end(context);
  return 0;
}
