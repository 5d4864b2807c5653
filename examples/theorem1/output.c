/* What the runs found: text, JSON, tables, and one figure. */
#include <math.h>

#include "theorem1.h"

const char *const bound_names[] = {"printed", "corrected"};

static void print_json_run(const run *of, uint64_t seed) {
  (void)printf(
      "{\"d\": %zu, \"samples\": %zu, \"bound\": \"%s\", \"iterations\": %llu, \"w_error\": ",
      of->inputs, of->samples, bound_names[of->bound], (unsigned long long)of->iterations);
  json_number(stdout, of->w_error);
  (void)fputs(", \"xi_norm\": ", stdout);
  json_number(stdout, of->xi_norm);
  (void)fputs(", \"max_violation\": ", stdout);
  json_number(stdout, of->max_violation);
  (void)fputs(", \"max_violation_relative\": ", stdout);
  json_number(stdout, of->max_violation_relative);
  (void)printf(", \"rises\": %llu, \"iterations_to_1e-12\": ", (unsigned long long)of->rises);
  json_number(stdout, of->reached > 0 ? (double)of->reached : NAN);
  (void)fputs(", \"y_norm\": ", stdout);
  json_number(stdout, of->y_norm);
  (void)fputs(", \"condition\": ", stdout);
  json_number(stdout, of->condition);
  (void)printf(", \"seed\": %llu}", (unsigned long long)seed);
}

static void print_json(const settings *with, const run *runs, size_t count) {
  (void)fputs("{\"runs\": [", stdout);
  for (size_t i = 0; i < count; i++) {
    (void)fputs(i > 0 ? ",\n  " : "\n  ", stdout);
    print_json_run(&runs[i], with->common.seed);
  }
  (void)fputs("]}\n", stdout);
}

static void print_text(const run *runs, size_t count) {
  (void)puts(
      "    d      S  bound      iterations   to 1e-12  error of W      |xi|  violation    rises");
  for (size_t i = 0; i < count; i++) {
    const run *of = &runs[i];
    (void)printf("%5zu  %5zu  %-9s  %10llu  ", of->inputs, of->samples, bound_names[of->bound],
                 (unsigned long long)of->iterations);
    if (of->reached > 0)
      (void)printf("%9llu", (unsigned long long)of->reached);
    else
      (void)printf("%9s", "never");
    (void)printf("  %10.1e  %8.1e  %9.1e  %7llu\n", of->w_error, of->xi_norm, of->max_violation,
                 (unsigned long long)of->rises);
  }
  (void)puts("\nviolation: largest (|A_k omega_{k+1}| - sqrt(1 - q_k) |xi_k|) / |y|.\n"
             "rises: iterations in which |f| + |xi| grew.");
}

static int write_runs(const settings *with, const run *runs, size_t count) {
  FILE *file;
  int status = output_open(with->common.out, "theorem1.tsv", &file);
  if (status != 0) return status;
  (void)fputs("d\tsamples\tbound\titerations\tto_1e-12\tw_error\txi_norm\tmax_violation\trises\t"
              "condition\n",
              file);
  for (size_t i = 0; i < count; i++) {
    const run *of = &runs[i];
    const double values[] = {of->reached > 0 ? (double)of->reached : NAN,
                             of->w_error,
                             of->xi_norm,
                             of->max_violation,
                             (double)of->rises,
                             of->condition};
    (void)fprintf(file, "%zu\t%zu\t%s\t%llu", of->inputs, of->samples, bound_names[of->bound],
                  (unsigned long long)of->iterations);
    for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
      (void)fputc('\t', file);
      tsv_number(file, values[k]);
    }
    (void)fputc('\n', file);
  }
  return output_close(with->common.out, "theorem1.tsv", file);
}

static int write_curves(const settings *with, const run *runs, size_t count) {
  FILE *file;
  int status = output_open(with->common.out, "theorem1_curves.tsv", &file);
  if (status != 0) return status;
  (void)fputs("d\tsamples\tbound\titeration\tw_error\txi_over_y\n", file);
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < runs[i].points; k++) {
      (void)fprintf(file, "%zu\t%zu\t%s\t%llu\t", runs[i].inputs, runs[i].samples,
                    bound_names[runs[i].bound], (unsigned long long)runs[i].at[k]);
      tsv_number(file, runs[i].curve_w[k]);
      (void)fputc('\t', file);
      tsv_number(file, runs[i].curve_xi[k]);
      (void)fputc('\n', file);
    }
  return output_close(with->common.out, "theorem1_curves.tsv", file);
}

/* A panel for each d: the error of W in thick lines, |xi| in thin ones, a colour for each S. */
static int draw(const settings *with) {
  static const char script[] =
      "rows = (words(dims) + 1) / 2\n"
      "set logscale y\nset format y '10^{%T}'\nset format x '%.0f'\nset xtics autofreq\n"
      "set ytics 1e4\nunset mytics\nset yrange [1e-17:10]\nset xrange [0:*]\n"
      "set multiplot layout rows,2 margins 0.11,0.97,low,high spacing 0.11,gap\n"
      "set key off\n"
      "is(d, i) = strcol(1) eq d && strcol(2) eq word(samples, i) && strcol(3) eq bound ? $4 : "
      "NaN\n"
      "do for [d in dims] {\n"
      "set title 'd = '.d offset 0,-0.5\nset xlabel 'iteration'\n\n"
      "set ylabel '|W - W*| / |W*|,  |\u03be| / |y|'\n"
      "plot for [i=1:words(samples)] 'theorem1_curves.tsv' using (is(d, i)):5 "
      "with lines ls (i-1)%6+1 lw 3, "
      "for [i=1:words(samples)] '' using (is(d, i)):6 with lines ls (i-1)%6+1 lw 1\n"
      "}\n"
      "eval legend\nset tmargin at screen low / 2\nset key maxrows 2\n"
      "plot for [i=1:words(samples)] NaN with lines ls (i-1)%6+1 lw 3 "
      "title 'W, S = '.word(samples, i), "
      "for [i=1:words(samples)] NaN with lines ls (i-1)%6+1 lw 1 "
      "title '\u03be, S = '.word(samples, i)\n"
      "unset multiplot\n";
  char whole[4096];
  int length = snprintf(whole, sizeof whole, "bound = '%s'\ndims = '",
                        bound_names[with->bound == PRINTED ? PRINTED : CORRECTED]);
  for (size_t i = 0; i < with->dims.count; i++)
    length += snprintf(whole + length, sizeof whole - (size_t)length, "%llu ",
                       (unsigned long long)with->dims.values[i]);
  length += snprintf(whole + length, sizeof whole - (size_t)length, "'\nsamples = '");
  for (size_t i = 0; i < with->samples.count; i++)
    length += snprintf(whole + length, sizeof whole - (size_t)length, "%llu ",
                       (unsigned long long)with->samples.values[i]);
  int rows = ((int)with->dims.count + 1) / 2, height = 105 + 315 * rows;
  (void)snprintf(whole + length, sizeof whole - (size_t)length,
                 "'\nlow = %.3f\nhigh = %.3f\ngap = %.3f\n%s", 115.0 / height, 1 - 35.0 / height,
                 100.0 / height, script);
  return figure_draw(with->common.out, "theorem1", 900, height, whole);
}

int report(const settings *with, const run *runs, size_t count) {
  if (with->common.out) {
    int status = write_runs(with, runs, count);
    if (status == 0) status = write_curves(with, runs, count);
    if (status == 0) status = draw(with);
    if (status != 0) return status;
  }
  if (with->common.json)
    print_json(with, runs, count);
  else
    print_text(runs, count);
  return 0;
}
