/* What the runs found: text, JSON, tables, and one figure. */
#include <math.h>

#include "guard.h"

const char *const mode_names[MODES] = {"backprop", "guarded", "gated", "unguarded"};

static void print_json(const problem *of, const run *runs, uint64_t seed) {
  (void)fputs("{\"optimum\": ", stdout);
  json_number(stdout, of->optimum);
  (void)fputs(", \"jacobian\": ", stdout);
  json_number(stdout, of->jacobian);
  (void)printf(", \"seed\": %llu, \"runs\": [", (unsigned long long)seed);
  for (int i = 0; i < MODES; i++) {
    (void)printf("%s\n  {\"mode\": \"%s\", \"loss\": ", i > 0 ? "," : "", mode_names[i]);
    json_number(stdout, runs[i].loss);
    (void)printf(", \"accepted\": %llu, \"violations\": %llu, \"steps\": %llu, \"gap\": ",
                 (unsigned long long)runs[i].accepted, (unsigned long long)runs[i].violations,
                 (unsigned long long)runs[i].steps);
    json_number(stdout, runs[i].loss - of->optimum);
    (void)fputs(", \"least_cosine\": ", stdout);
    json_number(stdout, i == BACKPROP ? 1 : runs[i].least_cosine);
    (void)putchar('}');
  }
  (void)puts("\n]}");
}

static void print_text(const settings *with, const problem *of, const run *runs) {
  (void)printf(
      "Optimum %.9f, |dh/dtheta| = %.4f, %llu steps, rate %g, guarded %g, %llu of the SG in "
      "each step\n\n",
      of->optimum, of->jacobian, (unsigned long long)with->steps, with->rate, with->guarded_rate,
      (unsigned long long)with->sg_steps);
  (void)puts("mode       loss - optimum  accepted  violations  least cosine");
  for (int i = 0; i < MODES; i++) {
    (void)printf("%-9s  ", mode_names[i]);
    if (isfinite(runs[i].loss))
      (void)printf("%14.1e", runs[i].loss - of->optimum);
    else
      (void)printf("%14s", "diverged");
    (void)printf("  %8llu  %10llu", (unsigned long long)runs[i].accepted,
                 (unsigned long long)runs[i].violations);
    if (i == BACKPROP)
      (void)putchar('\n');
    else
      (void)printf("  %12.3f\n", runs[i].least_cosine);
  }
  (void)puts("\nviolations: steps made although |e| |dh/dtheta| >= 1/3 |dL/dtheta|.\n"
             "least cosine: of synthetic and true dL/dtheta, in the steps made.\n"
             "Where dL/dtheta is down to rounding errors the guard refuses every step.");
}

static int write_runs(const settings *with, const problem *of, const run *runs) {
  FILE *file;
  int status = output_open(with->common.out, "guard.tsv", &file);
  if (status != 0) return status;
  (void)fputs("mode\toptimum\tloss\tgap\taccepted\tviolations\tleast_cosine\n", file);
  for (int i = 0; i < MODES; i++) {
    (void)fprintf(file, "%s\t%.17g\t", mode_names[i], of->optimum);
    tsv_number(file, runs[i].loss);
    (void)fputc('\t', file);
    tsv_number(file, runs[i].loss - of->optimum);
    (void)fprintf(file, "\t%llu\t%llu\t%.9g\n", (unsigned long long)runs[i].accepted,
                  (unsigned long long)runs[i].violations, runs[i].least_cosine);
  }
  return output_close(with->common.out, "guard.tsv", file);
}

static int write_curves(const settings *with, const run *runs) {
  FILE *file;
  int status = output_open(with->common.out, "guard_curves.tsv", &file);
  if (status != 0) return status;
  (void)fputs("mode\tstep\tgap\tratio\n", file);
  for (int i = 0; i < MODES; i++)
    for (size_t k = 0; k < runs[i].points; k++) {
      const point *at = &runs[i].curve[k];
      (void)fprintf(file, "%s\t%.0f\t", mode_names[i], at->step);
      tsv_number(file, at->gap);
      (void)fputc('\t', file);
      tsv_number(file, i == BACKPROP ? NAN : at->ratio);
      (void)fputc('\n', file);
    }
  return output_close(with->common.out, "guard_curves.tsv", file);
}

static int draw(const settings *with) {
  static const char script[] =
      "modes = 'backprop guarded gated unguarded'\n"
      "array style[4] = [1, 6, 7, 3]\n"
      "is(i) = strcol(1) eq word(modes, i) ? $2 : NaN\n"
      "set logscale xy\nset format '10^{%T}'\nset xlabel 'step'\nset key off\n"
      "set multiplot layout 1,2 margins 0.09,0.98,0.25,0.95 spacing 0.12,0.1\n"
      "set ylabel 'loss minus optimum'\nset yrange [1e-15:*]\n"
      "plot for [i=1:4] 'guard_curves.tsv' using (is(i)):($3 > 1e-15 ? $3 : NaN) with lines ls "
      "style[i]\n"
      "set ylabel '|e| |dh/d\u03b8| / |dL/d\u03b8|'\nset yrange [*:10]\n"
      "set label 1 'below 1/3 the condition holds' at graph 0.03, first 0.03 left front\n"
      "plot for [i=2:4] 'guard_curves.tsv' using (is(i)):($3 > 1e-15 ? $4 : NaN) with lines ls "
      "style[i], "
      "1.0/3 with lines lc rgb '#000000' lw 1.5 dt (2,2)\n"
      "eval legend\nset tmargin at screen 0.1\n"
      "plot for [i=1:4] NaN with lines ls style[i] title word(modes, i)\n"
      "unset multiplot\n";
  return figure_draw(with->common.out, "guard", 1000, 420, script);
}

int report(const settings *with, const problem *of, const run *runs) {
  if (with->common.out) {
    int status = write_runs(with, of, runs);
    if (status == 0) status = write_curves(with, runs);
    if (status == 0) status = draw(with);
    if (status != 0) return status;
  }
  if (with->common.json)
    print_json(of, runs, with->common.seed);
  else
    print_text(with, of, runs);
  return 0;
}
