/* Trainings in safetensors files, by dni_trainer_read into trainers that are made once. An input is a
 * file; a name in it says which trainer it is for. Most get their right checksum before they are read.
 *
 * A file that is refused changes nothing. A training that was loaded is written as it was read, fits
 * and steps. Then it is put back to where it began. */
#include "fuzz.h"

#include <stdio.h>

typedef struct training {
  dni_trainer *trainer;
  fuzz_bytes beginning; /* a file of it */
  unsigned refused;     /* files */
} training;

static dni_context *context;
static dni_dataset *dataset;
static training trainings[FUZZ_TRAININGS];

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  return fuzz_mutate_safetensors(data, size, most, seed);
}

static void write_training(dni_trainer *trainer, fuzz_bytes *file) {
  const dni_writer writer = fuzz_writer(file);
  EXPECT_FINE(dni_trainer_write(trainer, &writer));
}

static dni_status read_training(dni_trainer *trainer, fuzz_bytes *file) {
  const dni_reader reader = fuzz_reader(file);
  return EXPECT_IN(FINE | REFUSED | BAD_DATA | UNSUPPORTED | NO_MEMORY,
                   dni_trainer_read(trainer, &reader, NULL));
}

static void begin(void) {
  context = fuzz_context(DNI_F32, 1 << 20);
  dataset = fuzz_dataset(context);
  for (size_t i = 0; i < FUZZ_TRAININGS; i++) {
    trainings[i].trainer = fuzz_trainer(context, i);
    EXPECT_FINE(fuzz_fit(trainings[i].trainer, dataset));
    write_training(trainings[i].trainer, &trainings[i].beginning);
    EXPECT_FINE(read_training(trainings[i].trainer, &trainings[i].beginning));
  }
}

static void go_on(training *t) {
  static float x_data[FUZZ_ROWS * FUZZ_INPUTS];
  static const int32_t labels[FUZZ_ROWS] = {0, 1, 2, 0};
  const unsigned usual = FINE | NON_FINITE;
  dni_matrix x, y;
  dni_step_report report = {.struct_size = sizeof report};
  for (size_t i = 0; i < FUZZ_ROWS * FUZZ_INPUTS; i++)
    x_data[i] = (float)i / 8;
  dni_matrix_init_f32(&x, x_data, FUZZ_ROWS, FUZZ_INPUTS);
  dni_matrix_init_labels(&y, labels, FUZZ_ROWS);
  const dni_batch batch = {.struct_size = sizeof batch, .x = &x, .y = &y};
  (void)EXPECT_IN(usual | REFUSED, fuzz_fit(t->trainer, dataset));
  for (int i = 0; i < 2; i++)
    (void)EXPECT_IN(usual, dni_trainer_step(t->trainer, &batch, &report));
  (void)EXPECT_IN(usual, dni_trainer_flush(t->trainer));
}

/* Looked at after every eighth file that is refused: a change stays until then, and writing takes as
 * long as all else. */
static void check_refused(training *t) {
  static fuzz_bytes now;
  if (++t->refused % 8) return;
  write_training(t->trainer, &now);
  EXPECT(fuzz_bytes_equal(&now, &t->beginning),
         "one of the last eight files that were refused has changed something");
}

static void check_loaded(training *t) {
  static fuzz_bytes now, again;
  write_training(t->trainer, &now);
  EXPECT(read_training(t->trainer, &now) == DNI_OK, "what was written is refused: %s",
         dni_last_message());
  write_training(t->trainer, &again);
  EXPECT(fuzz_bytes_equal(&now, &again), "what was written and read is written otherwise");
  go_on(t);
  EXPECT_FINE(read_training(t->trainer, &t->beginning));
  write_training(t->trainer, &now);
  EXPECT(fuzz_bytes_equal(&now, &t->beginning), "it cannot be put back to where it began");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static fuzz_bytes file;
  if (!context) begin();
  training *t = &trainings[fuzz_training_of(data, size)];
  const size_t bytes = dni_context_bytes(context);
  fuzz_bytes_set(&file, data, size);
  file.piece = size % 3 ? 0 : 1 + size / 2;
  if (size % 16) (void)fuzz_mend_checksum(file.data, file.size);
  if (read_training(t->trainer, &file) == DNI_OK)
    check_loaded(t);
  else
    check_refused(t);
  EXPECT(dni_context_bytes(context) == bytes, "%zu bytes were %zu before",
         dni_context_bytes(context), bytes);
  return 0;
}
