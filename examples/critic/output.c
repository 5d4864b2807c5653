/* What the runs found: text, JSON, tables, and one figure. */
#include <math.h>

#include "critic.h"

static const char *const names[ESTIMATORS] = {"critic", "critic-linear", "sg", "sg-hidden"};

double final_of(const run *of, const double *values) {
  size_t count = of->points / 10 > 0 ? of->points / 10 : 1;
  return mean_of(values + of->points - count, count);
}

static void print_json_curve(const char *name, const run *of, const double *values) {
  (void)printf(", \"%s\": [", name);
  for (size_t k = 0; k < of->points; k++) {
    (void)printf("%s[%.0f, ", k > 0 ? ", " : "", of->step[k]);
    json_number(stdout, values[k]);
    (void)putchar(']');
  }
  (void)putchar(']');
}

static void print_json_run(const run *of) {
  (void)printf("{\"estimator\": \"%s\", \"seed\": %llu, \"cosine\": ", names[of->estimator],
               (unsigned long long)of->seed);
  json_number(stdout, final_of(of, of->cosine));
  (void)fputs(", \"error\": ", stdout);
  json_number(stdout, final_of(of, of->error));
  (void)fputs(", \"gradient_error\": ", stdout);
  json_number(stdout, final_of(of, of->gradient_error));
  print_json_curve("curve", of, of->cosine);
  print_json_curve("error_curve", of, of->error);
  (void)putchar('}');
}

static void print_json(const counterexample *shown, const run *runs, size_t count) {
  (void)fputs("{\"counterexample\": {\"critic_error\": ", stdout);
  json_number(stdout, shown->critic_error);
  (void)fputs(", \"gradient_norm\": ", stdout);
  json_number(stdout, shown->gradient_norm);
  (void)fputs(", \"difference_norm\": ", stdout);
  json_number(stdout, shown->difference);
  (void)fputs(", \"true_gradient_norm\": ", stdout);
  json_number(stdout, shown->true_gradient);
  (void)fputs(", \"radius\": ", stdout);
  json_number(stdout, shown->radius);
  (void)fputs(", \"gradient_norm_outside\": ", stdout);
  json_number(stdout, shown->outside);
  (void)fputs("},\n\"runs\": [", stdout);
  for (size_t i = 0; i < count; i++) {
    (void)fputs(i > 0 ? ",\n  " : "\n  ", stdout);
    print_json_run(&runs[i]);
  }
  (void)puts("]}");
}

/* One estimator's finals over the seeds. */
static void print_row(int estimator, const run *runs, size_t count) {
  double cosines[SEEDS_MOST], errors[SEEDS_MOST], gradients[SEEDS_MOST];
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    if (runs[i].estimator != estimator) continue;
    cosines[found] = final_of(&runs[i], runs[i].cosine);
    errors[found] = final_of(&runs[i], runs[i].error);
    gradients[found++] = final_of(&runs[i], runs[i].gradient_error);
  }
  (void)printf("%-13s  %7.3f  (%.3f .. %.3f)  %14.3f  %9.3f of the %s\n", names[estimator],
               mean_of(cosines, found), least_of(cosines, found), most_of(cosines, found),
               mean_of(gradients, found), mean_of(errors, found),
               estimator == CRITIC || estimator == LINEAR_CRITIC ? "loss" : "gradient");
}

static void print_text(const settings *with, const counterexample *shown, const run *runs,
                       size_t count) {
  (void)printf("Counterexample: phi = L at all training points, constant within %.3g of each\n"
               "  mean (phi - L)^2              %g\n"
               "  |d phi / dh|                  %g (by differences %g)\n"
               "  |dL / dh|, the true gradient  %.4g\n"
               "  |d phi / dh| between them     %.4g\n\n",
               shown->radius, shown->critic_error, shown->gradient_norm, shown->difference,
               shown->true_gradient, shown->outside);
  (void)printf("Trained, means of the last tenth of %llu steps, over %llu seeds:\n\n"
               "estimator      cosine  (least .. most)  gradient error  error in what it learns\n",
               (unsigned long long)with->steps, (unsigned long long)with->seeds);
  for (int i = 0; i < ESTIMATORS; i++)
    print_row(i, runs, count);
}

static int write_runs(const settings *with, const counterexample *shown, const run *runs,
                      size_t count) {
  FILE *file;
  int status = output_open(with->common.out, "critic.tsv", &file);
  if (status != 0) return status;
  (void)fputs("estimator\tseed\tcosine\terror\tgradient_error\n", file);
  (void)fprintf(file, "counterexample\t%llu\tnan\t%.9g\t%.9g\n",
                (unsigned long long)with->common.seed, shown->critic_error,
                shown->gradient_norm == 0 ? 1.0 : NAN);
  for (size_t i = 0; i < count; i++)
    (void)fprintf(file, "%s\t%llu\t%.9g\t%.9g\t%.9g\n", names[runs[i].estimator],
                  (unsigned long long)runs[i].seed, final_of(&runs[i], runs[i].cosine),
                  final_of(&runs[i], runs[i].error), final_of(&runs[i], runs[i].gradient_error));
  return output_close(with->common.out, "critic.tsv", file);
}

/* Means over the seeds, with the least and most. */
static int write_curves(const settings *with, const run *runs) {
  FILE *file;
  int status = output_open(with->common.out, "critic_curves.tsv", &file);
  if (status != 0) return status;
  (void)fputs("estimator\tstep\tcosine\tleast\tmost\terror\n", file);
  for (size_t e = 0; e < ESTIMATORS; e++)
    for (size_t k = 0; k < runs[e].points; k++) {
      double cosines[SEEDS_MOST], errors[SEEDS_MOST];
      size_t seeds = (size_t)with->seeds;
      for (size_t i = 0; i < seeds; i++) {
        cosines[i] = runs[ESTIMATORS * i + e].cosine[k];
        errors[i] = runs[ESTIMATORS * i + e].error[k];
      }
      (void)fprintf(file, "%s\t%.0f\t%.9g\t%.9g\t%.9g\t%.9g\n", names[e], runs[e].step[k],
                    mean_of(cosines, seeds), least_of(cosines, seeds), most_of(cosines, seeds),
                    mean_of(errors, seeds));
    }
  return output_close(with->common.out, "critic_curves.tsv", file);
}

static int draw(const settings *with) {
  static const char script[] =
      "ids = 'critic critic-linear sg sg-hidden'\n"
      "array titles[4] = ['critic, tanh layer', 'critic, linear', 'SG, linear', 'SG, ReLU layer']\n"
      "array style[4] = [5, 6, 3, 7]\n"
      "is(i) = strcol(1) eq word(ids, i) ? $2 : NaN\n"
      "set xlabel 'step'\nset key off\n"
      "set multiplot layout 1,2 margins 0.08,0.98,0.28,0.91 spacing 0.1,0.1\n"
      "set title 'answer and true gradient'\nset ylabel 'cosine'\nset yrange [-0.05:1.05]\n"
      "plot for [i=1:4] 'critic_curves.tsv' using (is(i)):4:5 with filledcurves "
      "fs transparent solid 0.2 noborder lc rgb '#666666', "
      "for [i=1:4] '' using (is(i)):3 with lines ls style[i]\n"
      "set title 'error in what each learns'\n"
      "set ylabel 'relative error (critics: loss, SGs: gradient)'\nset yrange [0:*]\n"
      "plot for [i=1:4] 'critic_curves.tsv' using (is(i)):6 with lines ls style[i]\n"
      "unset title\nunset xlabel\nunset ylabel\nunset border\nunset tics\nunset grid\n"
      "set xrange [0:1]\nset yrange [0:1]\n"
      "set lmargin at screen 0.03\nset rmargin at screen 0.97\n"
      "set bmargin at screen 0\nset tmargin at screen 0.13\n"
      "set key on center center horizontal maxrows 2 samplen 4 width 2\n"
      "plot for [i=1:4] NaN with lines ls style[i] title titles[i]\n"
      "unset multiplot\n";
  return figure_draw(with->common.out, "critic", 1000, 450, script);
}

int report(const settings *with, const counterexample *shown, const run *runs, size_t count) {
  if (with->common.out) {
    int status = write_runs(with, shown, runs, count);
    if (status == 0) status = write_curves(with, runs);
    if (status == 0) status = draw(with);
    if (status != 0) return status;
  }
  if (with->common.json)
    print_json(shown, runs, count);
  else
    print_text(with, shown, runs, count);
  return 0;
}
