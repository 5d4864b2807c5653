/* The table and the course of training as TSV, and the figure. */
#include "artificial.h"

static int write_table(const results *all) {
  FILE *file;
  const char *directory = all->of->common.out;
  int status = output_open(directory, "artificial.tsv", &file);
  if (status != 0) return status;
  (void)fputs("model\tloss\tdata\tseed\tbackprop\tsg\toptimum\tclosed_end\titerations_sg\t"
              "iterations_backprop\n",
              file);
  for (size_t i = 0; i < all->cell_count; i++)
    for (size_t d = 0; d < all->of->datasets; d++) {
      const cell *in = &all->cells[i];
      const known *about = &all->known[(size_t)in->problem * all->known_count + d];
      const trained *ran = &in->sets[d];
      (void)fprintf(file, "%s\t%s\t%s\t%llu\t%.9g\t%.9g\t%.9g\t", model_names[in->model],
                    loss_names[in->loss], problems[in->problem].name,
                    (unsigned long long)(all->of->common.seed + d), ran->backprop.loss,
                    ran->sg.loss, optimum(in, about, ran));
      tsv_number(file, closed_end(in, about, ran));
      (void)fprintf(file, "\t%llu\t%llu\n", (unsigned long long)ran->sg.iterations,
                    (unsigned long long)ran->backprop.iterations);
    }
  return output_close(directory, "artificial.tsv", file);
}

static int write_course(const results *all) {
  const char *directory = all->of->common.out;
  FILE *file;
  int status = output_open(directory, "artificial_course.tsv", &file);
  if (status != 0) return status;
  (void)fputs("model\tloss\tdata\titeration\tsg_minus_optimum\tsg_minus_backprop\n", file);
  for (size_t i = 0; i < all->cell_count; i++) {
    const cell *in = &all->cells[i];
    uint64_t points[CHECKPOINTS_MOST];
    size_t count = find_checkpoints(most_iterations(all->of, in->model), points);
    for (size_t k = 0; k < count; k++)
      (void)fprintf(file, "%s\t%s\t%s\t%llu\t%.9g\t%.9g\n", model_names[in->model],
                    loss_names[in->loss], problems[in->problem].name, (unsigned long long)points[k],
                    difference_at(all, in, true, k), difference_at(all, in, false, k));
  }
  return output_close(directory, "artificial_course.tsv", file);
}

/* Above the distance from the optimum, which is never negative, on a logarithmic scale, below that
 * from backprop; a column for each model and loss. */
static int draw(const results *all) {
  static const char script[] =
      "names = 'linear2 linear100 noisy2 noisy100 random2 random100'\n"
      "array losses[2] = ['squared error', 'log loss']\narray keys[2] = ['mse', 'log']\n"
      "set logscale x\nset format x '10^{%T}'\nset key off\n"
      "set multiplot layout 2,columns margins 0.08,0.985,0.17,0.94 spacing 0.055,0.09\n"
      "do for [row=1:2] { do for [m=1:words(models)] { do for [l=1:2] {\n"
      "if (row == 1) { set title word(models, m).', '.losses[l]; unset xlabel; set logscale y; "
      "set format y '10^{%T}'; set yrange [1e-6:1] "
      "} else { unset title; set xlabel 'iterations'; unset logscale y; set format y '%g'; "
      "set yrange [-0.1:0.2] }\n"
      "if (m == 1 && l == 1) { set ylabel row == 1 ? 'SG minus the optimum' : "
      "'SG minus backprop' } else { unset ylabel }\n"
      "plot for [i=1:6] 'artificial_course.tsv' using "
      "(strcol(1) eq word(models, m) && strcol(2) eq keys[l] && strcol(3) eq word(names, i) ? $4 : "
      "NaN):(row == 1 ? $5 : $6) with linespoints ls i\n"
      "} } }\n"
      "unset title\nunset xlabel\nunset ylabel\nunset border\nunset tics\nunset grid\n"
      "unset logscale\nset xrange [0:1]\nset yrange [0:1]\n"
      "set lmargin at screen 0.03\nset rmargin at screen 0.97\n"
      "set bmargin at screen 0\nset tmargin at screen 0.08\n"
      "set key on center center horizontal maxrows 1 samplen 3 width 1\n"
      "plot for [i=1:6] NaN with linespoints ls i title word(names, i)\n"
      "unset multiplot\n";
  int model = all->of->model;
  char whole[4096];
  (void)snprintf(whole, sizeof whole, "models = '%s'\ncolumns = %d\n%s",
                 model == BOTH ? "shallow deep" : model_names[model],
                 model == BOTH ? 2 * LOSSES : LOSSES, script);
  return figure_draw(all->of->common.out, "artificial", model == BOTH ? 1300 : 800, 650, whole);
}

int write_files(const results *all) {
  int status = write_table(all);
  if (status == 0) status = write_course(all);
  if (status == 0) status = draw(all);
  return status;
}
