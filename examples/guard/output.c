/* What the runs found: text, JSON and tables. */
#include <math.h>

#include "guard.h"

const char *const setting_names[SETTINGS] = {"searched", "lagging"};
const char *const mode_names[MODES] = {"backprop", "guarded", "gated", "unguarded"};

static void print_json_run(const run *of) {
  (void)printf("{\"setting\": \"%s\", \"mode\": \"%s\", \"seed\": %llu, \"loss\": ",
               setting_names[of->setting], mode_names[of->mode], (unsigned long long)of->seed);
  json_number(stdout, of->loss);
  (void)fputs(", \"optimum\": ", stdout);
  json_number(stdout, of->optimum);
  (void)fputs(", \"gap\": ", stdout);
  json_number(stdout, of->loss - of->optimum);
  (void)fputs(", \"jacobian\": ", stdout);
  json_number(stdout, of->jacobian);
  (void)printf(", \"steps\": %llu, \"accepted\": %llu, \"violations\": %llu, \"least_cosine\": ",
               (unsigned long long)of->steps, (unsigned long long)of->accepted,
               (unsigned long long)of->violations);
  json_number(stdout, of->mode == BACKPROP ? 1 : of->least_cosine);
  (void)putchar('}');
}

static void print_json(const run *runs, size_t count) {
  (void)fputs("{\"runs\": [", stdout);
  for (size_t i = 0; i < count; i++) {
    (void)fputs(i > 0 ? ",\n  " : "\n  ", stdout);
    print_json_run(&runs[i]);
  }
  (void)puts("]}");
}

/* A line for the runs of one setting and mode, which differ in their seeds. */
static void print_line(const run *runs, size_t seeds) {
  double gap = -INFINITY, cosine = 1;
  uint64_t diverged = 0, accepted = UINT64_MAX, violations = 0;
  for (size_t i = 0; i < seeds; i++) {
    gap = fmax(gap, runs[i].loss - runs[i].optimum);
    diverged += isfinite(runs[i].loss) ? 0 : 1;
    accepted = runs[i].accepted < accepted ? runs[i].accepted : accepted;
    violations += runs[i].violations;
    cosine = fmin(cosine, runs[i].least_cosine);
  }
  (void)printf("%-8s  %-9s  ", setting_names[runs[0].setting], mode_names[runs[0].mode]);
  if (diverged < seeds)
    (void)printf("%14.1e", gap);
  else
    (void)printf("%14s", "-");
  (void)printf("  %8llu  %8llu  %10llu", (unsigned long long)diverged, (unsigned long long)accepted,
               (unsigned long long)violations);
  if (runs[0].mode != BACKPROP) (void)printf("  %12.3f", cosine);
  (void)putchar('\n');
}

static void print_text(const settings *with, const run *runs, size_t count) {
  (void)printf("%llu seeds, %llu steps, rate %g, guarded %g, %llu of the SG in each step; lagging: "
               "Adam %g from N(0, %g^2)\n\n",
               (unsigned long long)with->seeds, (unsigned long long)with->steps, with->rate,
               with->guarded_rate, (unsigned long long)with->sg_steps, with->sg_rate,
               with->sg_start);
  (void)puts("setting   mode       loss - optimum  diverged  accepted  violations  least cosine");
  for (size_t i = 0; i < count; i += (size_t)with->seeds)
    print_line(&runs[i], (size_t)with->seeds);
  (void)puts("\nloss - optimum: the largest of the runs that did not diverge.\n"
             "accepted: the least number of steps made.\n"
             "violations: steps made although |e| |dh/dtheta| >= 1/3 |dL/dtheta|, of all runs.\n"
             "least cosine: of synthetic and true dL/dtheta, in the steps made.\n"
             "Where dL/dtheta is down to rounding errors the guard refuses every step.");
}

static int write_runs(const settings *with, const run *runs, size_t count) {
  FILE *file;
  int status = output_open(with->common.out, "guard.tsv", &file);
  if (status != 0) return status;
  (void)fputs("setting\tmode\tseed\toptimum\tloss\tgap\taccepted\tviolations\tleast_cosine\n",
              file);
  for (size_t i = 0; i < count; i++) {
    const run *of = &runs[i];
    (void)fprintf(file, "%s\t%s\t%llu\t%.17g\t", setting_names[of->setting], mode_names[of->mode],
                  (unsigned long long)of->seed, of->optimum);
    tsv_number(file, of->loss);
    (void)fputc('\t', file);
    tsv_number(file, of->loss - of->optimum);
    (void)fprintf(file, "\t%llu\t%llu\t%.9g\n", (unsigned long long)of->accepted,
                  (unsigned long long)of->violations, of->least_cosine);
  }
  return output_close(with->common.out, "guard.tsv", file);
}

/* Of the first seed. */
static int write_curves(const settings *with, const run *runs, size_t count) {
  FILE *file;
  int status = output_open(with->common.out, "guard_curves.tsv", &file);
  if (status != 0) return status;
  (void)fputs("setting\tmode\tstep\tgap\tratio\n", file);
  for (size_t i = 0; i < count; i += (size_t)with->seeds)
    for (size_t k = 0; k < runs[i].points; k++) {
      const point *at = &runs[i].curve[k];
      (void)fprintf(file, "%s\t%s\t%.0f\t", setting_names[runs[i].setting],
                    mode_names[runs[i].mode], at->step);
      tsv_number(file, at->gap);
      (void)fputc('\t', file);
      tsv_number(file, runs[i].mode == BACKPROP ? NAN : at->ratio);
      (void)fputc('\n', file);
    }
  return output_close(with->common.out, "guard_curves.tsv", file);
}

int report(const settings *with, const run *runs, size_t count) {
  if (with->common.out) {
    int status = write_runs(with, runs, count);
    if (status == 0) status = write_curves(with, runs, count);
    if (status == 0) status = draw(with);
    if (status != 0) return status;
  }
  if (with->common.json)
    print_json(runs, count);
  else
    print_text(with, runs, count);
  return 0;
}
