/* The pictures of Figure 9: true and extracted losses by example and iteration.
 *
 * A few losses of the first iterations are so large that a scale up to them would leave the rest in
 * one colour. So the scale of each map goes from a low to a high percentile of its numbers, and its
 * label says so. */
#include <stdlib.h>
#include <string.h>

#include "loss_estimation.h"

enum { CLIPPED = 2 /* per cent at either end */, MAPS = 2 * PROBLEMS * LOSSES * PLACES };

/* Sort key of an example: its label, then its loss on the way. */
typedef struct place_in_picture {
  int32_t label;
  double loss;
  size_t example;
} place_in_picture;

static int by_label_and_loss(const void *first, const void *second) {
  const place_in_picture *a = first, *b = second;
  if (a->label != b->label) return a->label < b->label ? -1 : 1;
  return (a->loss > b->loss) - (a->loss < b->loss);
}

static void sort_examples(const run *in, place_in_picture *order) {
  for (size_t i = 0; i < EXAMPLES; i++) {
    order[i] = (place_in_picture){in->labels[i], 0, i};
    for (size_t s = 0; s < SNAPSHOTS; s++)
      order[i].loss += in->truth[s * EXAMPLES + i] / SNAPSHOTS;
  }
  qsort(order, EXAMPLES, sizeof *order, by_label_and_loss);
}

/* What is to be added to the extracted losses of a label, so that they have the true ones' mean. */
static void find_offsets(const run *in, double offsets[2]) {
  size_t counts[2] = {0, 0};
  offsets[0] = offsets[1] = 0;
  for (size_t i = 0; i < GRID; i++) {
    int32_t label = in->labels[i % EXAMPLES];
    offsets[label] += in->truth[i] - in->extracted[i];
    counts[label]++;
  }
  for (int i = 0; i < 2; i++)
    if (counts[i] > 0) offsets[i] /= (double)counts[i];
}

static int by_size(const void *first, const void *second) {
  const double *a = first, *b = second;
  return (*a > *b) - (*a < *b);
}

/* The ends of a map's colour scale. */
static void find_scale(const double *values, double scale[2]) {
  double sorted[GRID];
  memcpy(sorted, values, sizeof sorted);
  qsort(sorted, GRID, sizeof *sorted, by_size);
  scale[0] = sorted[GRID * CLIPPED / 100];
  scale[1] = sorted[GRID - 1 - GRID * CLIPPED / 100];
  if (scale[0] == scale[1]) scale[1] = scale[0] + 1; /* gnuplot refuses an empty range */
}

/* A row an example, a column a snapshot. */
static void write_map(FILE *file, const double *values) {
  for (size_t i = 0; i < GRID; i++)
    (void)fprintf(file, "%.5g%c", values[i], (i + 1) % SNAPSHOTS > 0 ? '\t' : '\n');
  (void)fputs("\n\n", file);
}

/* Two blocks, true and extracted. */
static void write_maps(FILE *file, const run *in, double scales[2][2]) {
  place_in_picture order[EXAMPLES];
  double offsets[2], truth[GRID], extracted[GRID];
  sort_examples(in, order);
  find_offsets(in, offsets);
  for (size_t i = 0; i < EXAMPLES; i++)
    for (size_t s = 0; s < SNAPSHOTS; s++) {
      size_t from = s * EXAMPLES + order[i].example, to = i * SNAPSHOTS + s;
      truth[to] = in->truth[from];
      extracted[to] = in->extracted[from] + offsets[order[i].label];
    }
  find_scale(truth, scales[0]);
  find_scale(extracted, scales[1]);
  write_map(file, truth);
  write_map(file, extracted);
}

static int write_condition(const results *all, int condition, const char *name,
                           double scales[MAPS][2]) {
  FILE *file;
  size_t map = 0;
  int status = output_open(all->of->common.out, name, &file);
  if (status != 0) return status;
  for (size_t v = 0; v < VARIANTS; v++)
    if (all->runs[v].condition == condition) {
      write_maps(file, &all->runs[v], &scales[map]);
      map += 2;
    }
  return output_close(all->of->common.out, name, file);
}

/* Rows: problems and losses; columns: true and extracted loss with one SG, and with all. */
static const char map_script[] =
    "array rows[4] = ['linear2, squared error', 'linear2, log loss', 'noisy2, squared error', "
    "'noisy2, log loss']\n"
    "array columns[4] = ['true, one SG', 'extracted, one SG', 'true, SG everywhere', "
    "'extracted, SG everywhere']\n"
    "unset key\nunset grid\nset tics front scale 0.5\nset yrange [-0.5:99.5]\n"
    "set xrange [-0.5:snapshots-0.5]\nset cbtics font ',9' offset -0.8,0\n"
    "set xtics ('10' 0)\n"
    "do for [power=2:8] { if (10**power <= iterations) { set xtics add "
    "(sprintf('10^{%d}', power) (snapshots-1)*(power-1)/(log10(iterations)-1)) } }\n"
    "set format cb '%.2g'\nset cblabel clip font ',9' offset -1.5,0\n"
    "set multiplot layout 4,4 columnsfirst margins 0.07,0.93,0.075,0.945 spacing 0.09,0.06\n"
    "do for [c=1:4] { do for [r=1:4] {\n"
    "map = 4*(r-1)+(c-1)\n"
    "if (r == 1) { set title columns[c] offset 0,-0.5 } else { unset title }\n"
    "if (c == 1) { set ylabel rows[r].\"\\nexample\" } else { unset ylabel }\n"
    "if (r == 4) { set xlabel 'iterations' } else { unset xlabel }\n"
    "set cbrange [low[map+1]:high[map+1]]\n"
    "plot file index map matrix using 1:2:3 with image\n"
    "} }\nunset multiplot\n";

static void append_scales(char *script, size_t size, double scales[MAPS][2]) {
  static const char *const names[2] = {"low", "high"};
  for (int end = 0; end < 2; end++) {
    size_t used = strlen(script);
    (void)snprintf(script + used, size - used, "array %s[%d] = [", names[end], MAPS);
    for (size_t i = 0; i < MAPS; i++) {
      used = strlen(script);
      (void)snprintf(script + used, size - used, "%.9g%s", scales[i][end],
                     i + 1 < MAPS ? ", " : "]\n");
    }
  }
}

static int draw_condition(const results *all, int condition) {
  char name[64], table[80], script[4096];
  double scales[MAPS][2];
  (void)snprintf(name, sizeof name, "loss_%s", condition_names[condition]);
  (void)snprintf(table, sizeof table, "%s.tsv", name);
  int status = write_condition(all, condition, table, scales);
  if (status != 0) return status;
  (void)snprintf(script, sizeof script,
                 "file = '%s'\niterations = %llu.0\nsnapshots = %d\n"
                 "clip = '%d to %d %% of the values'\n",
                 table, (unsigned long long)all->of->iterations, SNAPSHOTS, CLIPPED, 100 - CLIPPED);
  append_scales(script, sizeof script, scales);
  size_t used = strlen(script);
  (void)snprintf(script + used, sizeof script - used, "%s", map_script);
  return figure_draw(all->of->common.out, name, 1300, 900, script);
}

int draw_maps(const results *all) {
  int status = 0;
  for (int i = 0; i < CONDITIONS && status == 0; i++)
    status = draw_condition(all, i);
  return status;
}
