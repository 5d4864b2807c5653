/* MNIST's training images for programs that have to train on real data. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { IMAGES = 60000 };

static unsigned char *images, *labels; /* [IMAGES][BENCH_INPUTS], [IMAGES] */

/* `count` bytes of an IDX file, behind its header. */
static unsigned char *read_bytes(const char *folder, const char *name, long header, size_t count) {
  char path[4096];
  if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
    bench_fail(name, "the path is too long");
  FILE *file = fopen(path, "rb");
  if (!file) bench_fail(path, "cannot be opened; `make mnist` fetches it");
  unsigned char *bytes = bench_memory(count);
  if (fseek(file, header, SEEK_SET) != 0 || fread(bytes, 1, count, file) != count)
    bench_fail(path, "is too short");
  (void)fclose(file);
  return bytes;
}

void bench_mnist_open(const char *folder) {
  if (images) return;
  images = read_bytes(folder, "train-images-idx3-ubyte", 16, (size_t)IMAGES * BENCH_INPUTS);
  labels = read_bytes(folder, "train-labels-idx1-ubyte", 8, IMAGES);
}

void bench_mnist_close(void) {
  free(images);
  free(labels);
  images = labels = NULL;
}

/* The images in the order of the file, again and again. */
static void load(const bench_model *model, size_t step) {
  size_t batch = model->plan.batch;
  memset(model->y, 0, batch * BENCH_CLASSES * sizeof *model->y);
  for (size_t r = 0; r < batch; r++) {
    size_t image = (step * batch + r) % IMAGES;
    for (size_t c = 0; c < BENCH_INPUTS; c++)
      model->x[r * BENCH_INPUTS + c] = (float)images[image * BENCH_INPUTS + c] / 255;
    model->y[r * BENCH_CLASSES + labels[image]] = 1;
  }
}

double bench_mnist_train(bench_model *model, size_t first, size_t steps, dni_step_report *report) {
  double seconds = 0;
  for (size_t i = 0; i < steps; i++) {
    load(model, first + i);
    double start = bench_now();
    bench_model_step(model, report);
    seconds += bench_now() - start;
  }
  double start = bench_now();
  bench_must(dni_trainer_flush(model->trainer), "flush");
  return seconds + bench_now() - start;
}
