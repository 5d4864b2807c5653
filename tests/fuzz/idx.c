/* IDX files as they are: images and labels.
 *
 * An input is a byte of options, a byte with the length of the labels' file, the images' file, and the
 * labels' file at its end. */
#include "fuzz.h"

static uint32_t big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* What was read has the sizes that the file has. */
static void check_sizes(const dni_dataset *dataset, fuzz_input images) {
  const size_t examples = dni_dataset_examples(dataset), features = dni_dataset_features(dataset);
  if (images.data[0] == 0x1f) return; /* gzip */
  const size_t header = 4 + 4 * (size_t)images.data[3];
  EXPECT(examples == big_endian(images.data + 4), "%zu examples", examples);
  EXPECT(header + examples * features == images.size, "%zu x %zu of %zu bytes", examples, features,
         images.size);
}

static void check_values(const dni_dataset *dataset) {
  enum { MOST = 4096 };
  static float values[MOST];
  int32_t label = -1;
  dni_matrix x, y;
  const size_t features = dni_dataset_features(dataset), examples = dni_dataset_examples(dataset);
  if (features > MOST) return;
  dni_matrix_init_f32(&x, values, 1, features);
  dni_matrix_init_labels(&y, &label, 1);
  for (size_t i = 0; i < examples; i += 1 + examples / 4) {
    EXPECT_FINE(dni_dataset_batch(dataset, i, &x, &y));
    EXPECT(label >= 0 && (size_t)label < dni_dataset_classes(dataset), "label %d", (int)label);
    for (size_t c = 0; c < features; c++)
      EXPECT(values[c] >= 0 && values[c] <= 1, "value %g", (double)values[c]);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input input = {data, size};
  const uint8_t options_byte = fuzz_byte(&input);
  const size_t labels_size = fuzz_byte(&input);
  const fuzz_input images =
      fuzz_part(&input, input.size > labels_size ? input.size - labels_size : 0);
  const dni_idx_options options = {
      .struct_size = sizeof options, .classes = options_byte >> 2 & 7, .in_file = options_byte & 1};
  dni_context *context = fuzz_context(DNI_F32, 1 << 21);
  dni_dataset *dataset;
  const dni_status status =
      EXPECT_IN(FINE | BAD_DATA | UNSUPPORTED | NO_MEMORY,
                dni_dataset_create_idx(context, fuzz_file(0, images.data, images.size),
                                       fuzz_file(1, input.data, input.size), &options, &dataset));
  if (status == DNI_OK) {
    check_sizes(dataset, images);
    check_values(dataset);
    dni_dataset_release(dataset);
  }
  fuzz_context_end(context);
  return 0;
}
