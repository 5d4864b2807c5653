/* What the runs found: text, JSON and tables. */
#include <math.h>

#include "theorem1.h"

const char *const sg_names[] = {"line-search", "least-squares"};
const char *const bound_names[] = {"printed", "corrected", "descent"};

static void print_json_run(const run *of, uint64_t seed) {
  (void)printf("{\"d\": %zu, \"samples\": %zu, \"sg\": \"%s\", \"ridge\": %g, \"bound\": \"%s\", "
               "\"iterations\": %llu, \"w_error\": ",
               of->inputs, of->samples, sg_names[of->of.sg], of->of.ridge,
               bound_names[of->of.bound], (unsigned long long)of->iterations);
  json_number(stdout, of->w_error);
  (void)fputs(", \"xi_norm\": ", stdout);
  json_number(stdout, of->xi_norm);
  (void)fputs(", \"xi_first\": ", stdout);
  json_number(stdout, of->xi_first);
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
  (void)fputs(", \"sg_condition\": ", stdout);
  json_number(stdout, of->sg_condition);
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
      "    d      S  SG               bound      iterations   to 1e-12  error of W  first |xi|"
      "      |xi|  violation    rises");
  for (size_t i = 0; i < count; i++) {
    const run *of = &runs[i];
    char sg[32];
    (void)snprintf(sg, sizeof sg, of->of.sg == LINE_SEARCH ? "line search" : "ridge %g",
                   of->of.ridge);
    (void)printf("%5zu  %5zu  %-15s  %-9s  %10llu  ", of->inputs, of->samples, sg,
                 bound_names[of->of.bound], (unsigned long long)of->iterations);
    if (of->reached > 0)
      (void)printf("%9llu", (unsigned long long)of->reached);
    else
      (void)printf("%9s", "never");
    (void)printf("  %10.1e  %10.1e  %8.1e  ", of->w_error, of->xi_first, of->xi_norm);
    if (of->of.sg == LINE_SEARCH)
      (void)printf("%9.1e  %7llu\n", of->max_violation, (unsigned long long)of->rises);
    else
      (void)printf("%9s  %7s\n", "-", "-");
  }
  (void)puts("\nfirst |xi|: after the first lesson.\n"
             "violation: largest (|A_k omega_{k+1}| - sqrt(1 - q_k) |xi_k|) / |y|.\n"
             "rises: iterations in which |f| + |xi| grew.");
}

static int write_runs(const settings *with, const run *runs, size_t count) {
  FILE *file;
  int status = output_open(with->common.out, "theorem1.tsv", &file);
  if (status != 0) return status;
  (void)fputs("d\tsamples\tsg\tridge\tbound\titerations\tto_1e-12\tw_error\txi_first\txi_norm\t"
              "max_violation\trises\tcondition\tsg_condition\n",
              file);
  for (size_t i = 0; i < count; i++) {
    const run *of = &runs[i];
    const double values[] = {of->reached > 0 ? (double)of->reached : NAN,
                             of->w_error,
                             of->xi_first,
                             of->xi_norm,
                             of->max_violation,
                             (double)of->rises,
                             of->condition,
                             of->sg_condition};
    (void)fprintf(file, "%zu\t%zu\t%s\t%g\t%s\t%llu", of->inputs, of->samples, sg_names[of->of.sg],
                  of->of.ridge, bound_names[of->of.bound], (unsigned long long)of->iterations);
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
  (void)fputs("d\tsamples\tsg\tridge\tbound\titeration\tw_error\txi_over_y\n", file);
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < runs[i].points; k++) {
      (void)fprintf(file, "%zu\t%zu\t%s\t%g\t%s\t%llu\t", runs[i].inputs, runs[i].samples,
                    sg_names[runs[i].of.sg], runs[i].of.ridge, bound_names[runs[i].of.bound],
                    (unsigned long long)runs[i].at[k]);
      tsv_number(file, runs[i].curve_w[k]);
      (void)fputc('\t', file);
      tsv_number(file, runs[i].curve_xi[k]);
      (void)fputc('\n', file);
    }
  return output_close(with->common.out, "theorem1_curves.tsv", file);
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
