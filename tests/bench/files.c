/* Saving and loading a training beside copying its file as cp does: 20 x 512 with Adam's moments. Saving
 * is set beside a copy that is brought to the disk, loading beside one that stays in the page cache. All
 * in turns, in one folder. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bench.h"

enum { ROUNDS_MOST = 100, WAYS = 4 };

static const char *const ways[WAYS] = {"save", "copy and fsync", "load", "copy"};

static char folder[200], training[250], copy[250];
static unsigned char piece[128 * 1024];
static size_t file_bytes;

static int must(int answer, const char *what) {
  if (answer < 0) bench_fail(what, strerror(errno));
  return answer;
}

/* In pieces of 128 KB, into a file that is new. */
static void copy_file(int syncs) {
  int from = must(open(training, O_RDONLY), training);
  (void)unlink(copy);
  int to = must(open(copy, O_WRONLY | O_CREAT | O_EXCL, 0666), copy);
  ssize_t count;
  while ((count = read(from, piece, sizeof piece)) > 0)
    if (write(to, piece, (size_t)count) != count) bench_fail(copy, strerror(errno));
  if (syncs) must(fsync(to), copy);
  (void)close(to);
  (void)close(from);
}

static void run(const bench_model *model, int way) {
  switch (way) {
  case 0:
    bench_must(dni_trainer_save(model->trainer, training), "save");
    break;
  case 1:
    copy_file(1);
    break;
  case 2:
    bench_must(dni_trainer_load(model->trainer, training, NULL), "load");
    break;
  default:
    copy_file(0);
  }
}

static void make_folder(const char *in) {
  (void)snprintf(folder, sizeof folder, "%s/dni-files-XXXXXX", in);
  if (!mkdtemp(folder)) bench_fail(folder, strerror(errno));
  (void)snprintf(training, sizeof training, "%s/training", folder);
  (void)snprintf(copy, sizeof copy, "%s/copy", folder);
}

static void measure(bench_model *model, size_t rounds) {
  struct stat facts;
  double times[WAYS][ROUNDS_MOST], medians[WAYS];
  run(model, 0);
  must(stat(training, &facts), training);
  file_bytes = (size_t)facts.st_size;
  for (int way = 0; way < WAYS; way++)
    run(model, way);
  for (size_t r = 0; r < rounds; r++)
    for (int way = 0; way < WAYS; way++) {
      double start = bench_now();
      run(model, way);
      times[way][r] = bench_now() - start;
    }
  for (int way = 0; way < WAYS; way++)
    medians[way] = bench_median(times[way], rounds);
  for (int way = 0; way < WAYS; way++) {
    double ratio = medians[way] / medians[way | 1];
    bench_text("%-15s %8.1f ms  %7.2f GB/s  %5.2f\n", ways[way], 1e3 * medians[way],
               1e-9 * (double)file_bytes / medians[way], ratio);
    bench_record("\"way\": \"%s\", \"bytes\": %zu, \"seconds\": %.6f, \"ratio\": %.4f", ways[way],
                 file_bytes, medians[way], ratio);
  }
}

int main(int count, char **words) {
  size_t depth = 20, width = 512, rounds = 15;
  const char *in = "/tmp";
  const bench_option options[] = {{"--depth", &depth, NULL, "hidden layers [20]"},
                                  {"--width", &width, NULL, "their units [512]"},
                                  {"--rounds", &rounds, NULL, "measurements of each [15]"},
                                  {"--in", NULL, &in, "the folder of the files [/tmp]"},
                                  {0}};
  bench_model model;
  bench_plan plan = {.depth = depth, .width = width, .batch = 32, .backend = "builtin"};
  bench_begin(count, words, "files", "saving and loading a training", options);
  if (rounds > ROUNDS_MOST) rounds = ROUNDS_MOST;
  make_folder(in);
  bench_model_build(&model, &plan);
  bench_model_step(&model, NULL);
  bench_text("%zu x %zu with the moments of Adam, medians of %zu, in %s\n", depth, width, rounds,
             in);
  measure(&model, rounds);
  bench_model_drop(&model);
  (void)unlink(training);
  (void)unlink(copy);
  (void)rmdir(folder);
  bench_end();
  return 0;
}
