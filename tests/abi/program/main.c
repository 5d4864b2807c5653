/* What the parts of the program share, and their order. */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEHIND = 96, MARK = 0xA5, NUMBERS = 1 << 14 };

void check_true(int condition, const char *text, const char *file, int line) {
  if (condition) return;
  fprintf(stderr, "%s:%d: not so: %s\n", file, line, text);
  exit(1);
}

void check_status(dni_status status, const char *text, const char *file, int line) {
  if (status == DNI_OK) return;
  fprintf(stderr, "%s:%d: %s: %s: %s\n", file, line, text, dni_status_name(status),
          dni_last_message());
  exit(1);
}

void *new_struct(size_t size) {
  unsigned char *made = calloc(1, size + BEHIND);
  EXPECT(made != NULL);
  memcpy(made, &size, sizeof size);
  memset(made + size, MARK, BEHIND);
  return made;
}

void drop(void *made) {
  size_t size;
  memcpy(&size, made, sizeof size);
  for (size_t i = 0; i < BEHIND; i++)
    EXPECT(((unsigned char *)made)[size + i] == MARK);
  free(made);
}

int32_t label(size_t row) {
  return (int32_t)(row % CLASSES);
}

float example(size_t row, size_t column) {
  float noise = (float)((row * 37 + column * 11 + row * column) % 17) / 34.0f;
  return noise + ((size_t)label(row) == column % CLASSES ? 1.0f : 0.0f);
}

void view_examples(dni_matrix *x, dni_matrix *labels) {
  static float x_data[EXAMPLES * INPUTS];
  static int32_t y_data[EXAMPLES];
  for (size_t row = 0; row < EXAMPLES; row++) {
    for (size_t column = 0; column < INPUTS; column++)
      x_data[row * INPUTS + column] = example(row, column);
    y_data[row] = label(row);
  }
  dni_matrix_init_f32(x, x_data, EXAMPLES, INPUTS);
  dni_matrix_init_labels(labels, y_data, EXAMPLES);
}

dni_matrix matrix(size_t rows, size_t columns) {
  static float numbers[NUMBERS];
  static size_t used;
  dni_matrix view;
  EXPECT(used + rows * columns <= NUMBERS);
  dni_matrix_init_f32(&view, numbers + used, rows, columns);
  used += rows * columns;
  return view;
}

int main(int count, char **arguments) {
  dni_context *context = make_own_context(), *plain;
  if (count != 2) return 2;
  use_status();
  use_layers(context);
  use_losses(context);
  use_optimisers(context);
  use_sgs(context);
  use_datasets(context);
  use_training(context, arguments[1]);
  use_files(context, arguments[1]);
  CHECK(dni_context_create(NULL, &plain));
  use_training(plain, arguments[1]);
  dni_context_release(plain);
  dni_context_release(context);
  EXPECT(not_destroyed() == 0);
  EXPECT(not_freed() == 0);
  return 0;
}
