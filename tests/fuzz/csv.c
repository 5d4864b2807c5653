/* CSV files. An input is two bytes of options and the file. */
#include "fuzz.h"

#include <math.h>

static void check_values(const dni_dataset *dataset) {
  enum { MOST = 256 };
  static double values[MOST], targets[MOST];
  dni_matrix x, y;
  const size_t features = dni_dataset_features(dataset), width = dni_dataset_targets(dataset);
  EXPECT(features > 0 && width > 0 && dni_dataset_examples(dataset) > 0, "an empty data set");
  if (features > MOST || width > MOST) return;
  dni_matrix_init_f64(&x, values, 1, features);
  dni_matrix_init_f64(&y, targets, 1, width);
  for (size_t i = 0; i < dni_dataset_examples(dataset); i++) {
    EXPECT_FINE(dni_dataset_batch(dataset, i, &x, &y));
    for (size_t c = 0; c < features; c++)
      EXPECT(isfinite(values[c]), "value %g", values[c]);
    for (size_t c = 0; c < width; c++)
      EXPECT(isfinite(targets[c]), "target %g", targets[c]);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char separators[] = ",; \t|x:#";
  fuzz_input input = {data, size};
  const uint8_t first = fuzz_byte(&input), second = fuzz_byte(&input);
  const dni_csv_options options = {.struct_size = sizeof options,
                                   .classes = first & 1 ? 1 + (first >> 1 & 3) : 0,
                                   .target_columns = first & 1 ? 1 : first >> 1 & 3,
                                   .header_lines = first >> 3 & 3,
                                   .targets_first = first >> 5 & 1,
                                   .separator = separators[second % (sizeof separators - 1)]};
  dni_context *context = fuzz_context(DNI_F64, 1 << 21);
  dni_dataset *dataset;
  const dni_status status = EXPECT_IN(
      FINE | BAD_DATA | UNSUPPORTED | NO_MEMORY,
      dni_dataset_create_csv(context, fuzz_file(0, input.data, input.size), &options, &dataset));
  if (status == DNI_OK) {
    check_values(dataset);
    dni_dataset_release(dataset);
  }
  fuzz_context_end(context);
  return 0;
}
