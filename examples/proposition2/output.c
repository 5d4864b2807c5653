/* What the runs found: text, JSON and a table. */
#include <math.h>

#include "proposition2.h"

const char *const kind_names[KINDS] = {"adam", "least-squares", "residual"};

/* The numbers of a probe, in the order of their names. */
enum { NUMBERS = 7 };
static const char *const names[NUMBERS] = {
    "error", "jacobian", "jacobian_estimate", "gradient", "ratio", "deviation", "cosine"};

static double number_of(const probe *at, size_t index) {
  const double values[NUMBERS] = {at->error,    at->jacobian, at->jacobian_estimate,
                                  at->gradient, at->ratio,    at->deviation,
                                  at->cosine};
  return values[index];
}

static void print_json_run(const run *of) {
  (void)printf("{\"sg\": \"%s\", \"seed\": %llu, \"test_accuracy\": ", kind_names[of->kind],
               (unsigned long long)of->seed);
  json_number(stdout, of->accuracy);
  (void)fputs(", \"probes\": [", stdout);
  for (size_t k = 0; k < of->count; k++) {
    (void)printf("%s\n    {\"step\": %llu, \"layer\": %zu", k > 0 ? "," : "",
                 (unsigned long long)of->probes[k].step, of->probes[k].layer);
    for (size_t i = 0; i < NUMBERS; i++) {
      (void)printf(", \"%s\": ", names[i]);
      json_number(stdout, number_of(&of->probes[k], i));
    }
    (void)putchar('}');
  }
  (void)fputs("]}", stdout);
}

static void print_json(const data_source *source, const run *runs, size_t count) {
  (void)printf("{\"data\": \"%s\", \"runs\": [", source->name);
  for (size_t i = 0; i < count; i++) {
    (void)fputs(i > 0 ? ",\n  " : "\n  ", stdout);
    print_json_run(&runs[i]);
  }
  (void)puts("]}");
}

/* A line for the probes of one step or more. */
static void print_line(const run *of, size_t first, size_t last) {
  double ratio[2] = {INFINITY, 0}, cosine[2] = {1, -1};
  size_t holds = 0, kept = 0;
  for (size_t k = first; k < last; k++) {
    const probe *at = &of->probes[k];
    ratio[0] = fmin(ratio[0], at->ratio);
    ratio[1] = fmax(ratio[1], at->ratio);
    cosine[0] = fmin(cosine[0], at->cosine);
    cosine[1] = fmax(cosine[1], at->cosine);
    holds += at->ratio <= THRESHOLD ? 1 : 0;
    kept += at->cosine >= COSINE ? 1 : 0;
  }
  (void)printf("%-13s  %4llu  %7llu  %8.2f .. %8.2f  %5.2f .. %5.2f  %2zu of %2zu  %2zu of %2zu\n",
               kind_names[of->kind], (unsigned long long)of->seed,
               (unsigned long long)of->probes[first].step, ratio[0], ratio[1], cosine[0], cosine[1],
               holds, last - first, kept, last - first);
}

static void print_text(const settings *with, const data_source *source, const run *runs,
                       size_t count) {
  size_t depth = (size_t)with->depth;
  if (*source->note) (void)puts(source->note);
  (void)printf("%s, %zu hidden layers of %llu, batch %llu, Adam %g\n\n", source->name, depth,
               (unsigned long long)with->width, (unsigned long long)with->batch, with->rate);
  (void)puts("SG             seed     step  eps K / |dL/dtheta|  cosine          holds     kept");
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k + depth <= runs[i].count; k += depth)
      print_line(&runs[i], k, k + depth);
    (void)printf("%-13s  %4llu  test accuracy %.2f %%\n", kind_names[runs[i].kind],
                 (unsigned long long)runs[i].seed, 100 * runs[i].accuracy);
  }
  (void)puts("\nLeast and largest over the interfaces.\n"
             "holds: interfaces at which eps K <= 1/3 |dL/dtheta|.\n"
             "kept: interfaces at which the cosine with the true gradient is at least 1/2.");
}

static void write_probe(FILE *file, const run *of, const probe *at) {
  (void)fprintf(file, "%s\t%llu\t%llu\t%zu", kind_names[of->kind], (unsigned long long)of->seed,
                (unsigned long long)at->step, at->layer);
  for (size_t i = 0; i < NUMBERS; i++) {
    (void)fputc('\t', file);
    tsv_number(file, number_of(at, i));
  }
  (void)fputc('\n', file);
}

/* Layer by layer, so that each curve of the figure is in one piece. */
static int write_probes(const settings *with, const run *runs, size_t count) {
  FILE *file;
  int status = output_open(with->common.out, "proposition2.tsv", &file);
  if (status != 0) return status;
  (void)fputs("sg\tseed\tstep\tlayer", file);
  for (size_t i = 0; i < NUMBERS; i++)
    (void)fprintf(file, "\t%s", names[i]);
  (void)fputc('\n', file);
  for (size_t r = 0; r < count; r++)
    for (size_t layer = 1; layer <= with->depth; layer++)
      for (size_t k = layer - 1; k < runs[r].count; k += (size_t)with->depth)
        write_probe(file, &runs[r], &runs[r].probes[k]);
  return output_close(with->common.out, "proposition2.tsv", file);
}

int report(const settings *with, const data_source *source, const run *runs, size_t count) {
  if (with->common.out) {
    int status = write_probes(with, runs, count);
    if (status == 0) status = draw(with);
    if (status != 0) return status;
  }
  if (with->common.json)
    print_json(source, runs, count);
  else
    print_text(with, source, runs, count);
  return 0;
}
