/* critical_points: a synthetic gradient (SG) that is a single number makes points critical which
 * the loss does not know (Czarnecki et al. 2017, Appendix B, Figure 6).
 *
 * Data x = -2, -1, 1, 2, model f(x) = a x + b, loss L = sum |a x + b| with its one minimum at
 * a = b = 0. The SG answers c for every x. Since the x add up to 0, the SG never moves a. Training
 * ends with c = 0 and b wherever the signs of f add up to 0, which is so for all |b| < |a|: a
 * segment, where the paper's figure has the line b = 0. There dL/da = 6 sign(a). Backprop from the
 * same starts reaches a = b = 0.
 *
 * Both move (a, b) by subgradient descent on the mean loss with a rate that falls geometrically,
 * since |x| has no gradient to fall with; the SG learns at a constant rate. Under a second. */
#include <math.h>
#include <stdlib.h>

#include <dni/research.h>

#include "common/common.h"

enum { POINTS = 4, STARTS_MOST = 10000, DRAWN = 8, PATH_EVERY = 5 };

#define SPREAD     1.5  /* standard deviation of the starts */
#define FIRST_RATE 0.1  /* of a and b */
#define LAST_RATE  1e-9 /* after the last step */
#define SG_RATE    0.1

static const double x_data[POINTS] = {-2, -1, 1, 2};

typedef struct settings {
  common_options common;
  uint64_t starts, steps;
} settings;

/* Runs whose way the figure has: starts outside the segment. */
typedef struct ways {
  FILE *file; /* NULL: no figure */
  size_t count;
} ways;

typedef struct run {
  bool synthetic;
  double a0, b0, a, b, c, loss, slope; /* slope: dL/da at the end */
} run;

/* Model, loss and SG, and the matrices between them. */
typedef struct machine {
  dni_context *context;
  dni_layer *model;
  dni_loss *loss;
  dni_sg *sg;
  dni_optimiser *model_step, *sg_step;
  double f_data[POINTS], y_data[POINTS], delta_data[POINTS], target_data[POINTS];
  dni_matrix x, f, y, delta, target;
  double *a, *b, *c, *slope; /* the parameters' own memory; a's gradient */
} machine;

static void find_parameters(machine *on) {
  dni_matrix value, gradient;
  must(dni_layer_parameter(on->model, 0, &value, &gradient));
  on->a = value.data;
  on->slope = gradient.data;
  must(dni_layer_parameter(on->model, 1, &value, NULL));
  on->b = value.data;
  must(dni_sg_parameter(on->sg, 0, &value, NULL));
  on->c = value.data;
}

static void open_machine(machine *on, const settings *with) {
  dni_schedule schedule = {.struct_size = sizeof schedule, .kind = DNI_RATE_DECAY, .steps = 1};
  schedule.value = pow(LAST_RATE / FIRST_RATE, 1 / (double)with->steps);
  on->context = doubles_context(with->common.seed);
  must(dni_layer_create_dense(on->context, 1, 1, DNI_ACTIVATION_IDENTITY, &on->model));
  must(dni_loss_create_absolute_error(on->context, &on->loss));
  must(dni_sg_create_scalar(on->context, 1, &on->sg));
  must(dni_sg_reserve(on->sg, POINTS));
  must(dni_optimiser_create_sgd(on->context, SG_RATE, &on->sg_step));
  must(dni_optimiser_add_sg(on->sg_step, on->sg));
  must(dni_optimiser_create_sgd(on->context, FIRST_RATE, &on->model_step));
  must(dni_optimiser_set_schedule(on->model_step, &schedule));
  dni_matrix_init_f64(&on->x, x_data, POINTS, 1);
  on->f = matrix_of(on->f_data, POINTS, 1);
  on->y = matrix_of(on->y_data, POINTS, 1);
  on->delta = matrix_of(on->delta_data, POINTS, 1);
  on->target = matrix_of(on->target_data, POINTS, 1);
  find_parameters(on);
}

static void close_machine(machine *on) {
  dni_optimiser_release(on->model_step);
  dni_optimiser_release(on->sg_step);
  dni_sg_release(on->sg);
  dni_loss_release(on->loss);
  dni_layer_release(on->model);
  dni_context_release(on->context);
}

/* The true gradient into target, and the mean loss. */
static double evaluate(machine *on) {
  double mean;
  dni_batch answers = {.struct_size = sizeof answers, .x = &on->f, .y = &on->y};
  must(dni_layer_forward(on->model, DNI_MODE_TRAINING, NULL, &on->x, &on->f));
  must(dni_loss_evaluate(on->loss, &answers, &on->target, NULL, &mean));
  return mean;
}

static void descend(machine *on, dni_optimiser *step, dni_matrix *delta) {
  must(dni_layer_backward(on->model, DNI_GRADIENT_REPLACE, NULL, &on->x, &on->f, delta, NULL));
  must(dni_optimiser_step(step));
}

/* The model moves on the SG's answer, the SG towards the truth at the same f. */
static void step_synthetic(machine *on, dni_optimiser *step) {
  dni_query query = {.struct_size = sizeof query};
  dni_lesson lesson = {.struct_size = sizeof lesson, .target = &on->target};
  (void)evaluate(on);
  must(dni_sg_estimate(on->sg, &query, &on->delta));
  descend(on, step, &on->delta);
  must(dni_sg_learn(on->sg, &lesson, NULL));
  must(dni_optimiser_step(on->sg_step));
}

static void step_exact(machine *on, dni_optimiser *step) {
  (void)evaluate(on);
  descend(on, step, &on->target);
}

/* Sums over the points, as the paper has them, of means. */
static void finish_run(machine *on, run *out) {
  out->loss = POINTS * evaluate(on);
  must(
      dni_layer_backward(on->model, DNI_GRADIENT_REPLACE, NULL, &on->x, &on->f, &on->target, NULL));
  out->slope = out->synthetic ? POINTS * *on->slope : NAN; /* backprop ends on a kink */
  out->a = *on->a;
  out->b = *on->b;
  out->c = out->synthetic ? *on->c : NAN;
}

/* path: NULL, or a file for the way of (a, b). */
static void train(machine *on, const settings *with, run *out, FILE *path) {
  dni_optimiser *step;
  must(dni_optimiser_create_like(on->model_step, &step));
  must(dni_optimiser_add_layer(step, on->model));
  *on->a = out->a0;
  *on->b = out->b0;
  *on->c = 0;
  must(dni_layer_changed(on->model));
  must(dni_sg_changed(on->sg));
  for (uint64_t k = 0; k < with->steps; k++) {
    if (path && k % PATH_EVERY == 0) (void)fprintf(path, "%.9g\t%.9g\n", *on->a, *on->b);
    if (out->synthetic)
      step_synthetic(on, step);
    else
      step_exact(on, step);
  }
  if (path) (void)fprintf(path, "%.9g\t%.9g\n\n\n", *on->a, *on->b);
  finish_run(on, out);
  dni_optimiser_release(step);
}

/* The file for the way of a run that has one and is among the first of those, or NULL. */
static FILE *way_of(const run *of, ways *drawn) {
  bool outside = fabs(of->b0) > fabs(of->a0) && fabs(of->b0) < 3;
  if (!drawn->file || !of->synthetic || !outside || drawn->count == DRAWN) return NULL;
  drawn->count++;
  return drawn->file;
}

/* Both methods from every start: runs[i] with the SG, runs[starts + i] without. */
static int train_all(machine *on, const settings *with, run *runs, ways *drawn) {
  static const char name[] = "critical_points_paths.tsv";
  size_t starts = (size_t)with->starts;
  double *start = numbers(2 * starts);
  int status = with->common.out ? output_open(with->common.out, name, &drawn->file) : 0;
  normals(on->context, starts, 2, start);
  for (size_t i = 0; i < 2 * starts && status == 0; i++) {
    runs[i].synthetic = i < starts;
    runs[i].a0 = SPREAD * start[2 * (i % starts)];
    runs[i].b0 = SPREAD * start[2 * (i % starts) + 1];
    train(on, with, &runs[i], way_of(&runs[i], drawn));
    if (i % 10 == 0) progress("run %zu of %zu", i + 1, 2 * starts);
  }
  progress(NULL);
  if (drawn->file) status = output_close(with->common.out, name, drawn->file);
  free(start);
  return status;
}

static const char *method_of(const run *of) {
  return of->synthetic ? "sg" : "backprop";
}

static void print_json(const run *runs, size_t count) {
  static const char *const names[] = {"a0", "b0", "a", "b", "c", "loss", "dl_da"};
  (void)fputs("{\"runs\": [", stdout);
  for (size_t i = 0; i < count; i++) {
    const run *of = &runs[i];
    const double values[] = {of->a0, of->b0, of->a, of->b, of->c, of->loss, of->slope};
    (void)printf("%s\n  {\"method\": \"%s\"", i > 0 ? "," : "", method_of(of));
    for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
      (void)printf(", \"%s\": ", names[k]);
      json_number(stdout, values[k]);
    }
    (void)putchar('}');
  }
  (void)fputs("\n]}\n", stdout);
}

/* Largest |a - a0|, |c|, |b| / |a0| and loss, and least |dL/da|, of a method's runs. */
static void print_extremes(const run *runs, size_t count) {
  double drift = 0, c = 0, inside = 0, loss = 0, slope = INFINITY, most = 0;
  for (size_t i = 0; i < count; i++) {
    drift = fmax(drift, fabs(runs[i].a - runs[i].a0) / fabs(runs[i].a0));
    c = fmax(c, fabs(runs[i].c));
    inside = fmax(inside, fabs(runs[i].b) / fabs(runs[i].a0));
    loss = fmax(loss, runs[i].loss);
    slope = fmin(slope, fabs(runs[i].slope));
    most = fmax(most, fmax(fabs(runs[i].a), fabs(runs[i].b)));
  }
  if (runs->synthetic) {
    (void)printf("SG: |a - a0| at most %.1e of |a0|, |c| at most %.1e, |b| at most %.3f of |a0|,\n"
                 "    |dL/da| at least %.3f, loss up to %.3f\n",
                 drift, c, inside, slope, loss);
    return;
  }
  (void)printf("backprop: |a| and |b| at most %.1e, loss at most %.1e\n", most, loss);
}

static void print_text(const settings *with, const run *runs) {
  size_t starts = (size_t)with->starts, shown = starts < 5 ? starts : 5;
  (void)printf("%zu starts, %llu steps each; the ends of the first %zu:\n\n", starts,
               (unsigned long long)with->steps, shown);
  (void)puts("method          a0       b0         a          b          c       loss    dL/da");
  for (size_t i = 0; i < 2 * shown; i++) {
    const run *of = &runs[(i % 2) * starts + i / 2];
    (void)printf("%-9s  %8.4f %8.4f  %8.4f  %9.1e  ", method_of(of), of->a0, of->b0, of->a, of->b);
    if (of->synthetic)
      (void)printf("%9.1e", of->c);
    else
      (void)printf("%9s", "");
    (void)printf("  %9.1e", of->loss);
    (void)(of->synthetic ? printf("  %7.3f\n", of->slope) : printf("\n"));
  }
  (void)puts("\nOf all:");
  print_extremes(runs, starts);
  print_extremes(runs + starts, starts);
  (void)puts(
      "\nEvery |b| < |a|, c = 0 is critical for the SG's training: wider than the paper's line "
      "b = 0.");
}

static int write_table(const settings *with, const run *runs, size_t count) {
  FILE *file;
  int status = output_open(with->common.out, "critical_points.tsv", &file);
  if (status != 0) return status;
  (void)fputs("method\ta0\tb0\ta\tb\tc\tloss\tdl_da\n", file);
  for (size_t i = 0; i < count; i++) {
    const run *of = &runs[i];
    const double values[] = {of->a0, of->b0, of->a, of->b, of->c, of->loss, of->slope};
    (void)fputs(method_of(of), file);
    for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
      (void)fputc('\t', file);
      tsv_number(file, values[k]);
    }
    (void)fputc('\n', file);
  }
  return output_close(with->common.out, "critical_points.tsv", file);
}

/* Left the loss over (a, b), the SG's critical segment and where training went; right the true
 * gradient and the SG's at (a, b, c) = (1, 0, 0). */
static int draw(const settings *with, size_t count) {
  static const char script[] =
      "array xs[4] = [-2, -1, 1, 2]\n"
      "l(a, b) = abs(b - 2*a) + abs(b - a) + abs(b + a) + abs(b + 2*a)\n"
      "set multiplot\n"
      "set lmargin at screen 0.065\nset rmargin at screen 0.455\n"
      "set tmargin at screen 0.93\nset bmargin at screen 0.28\n"
      "set title 'loss and critical points' offset 0,-0.5\nset xlabel 'a'\nset ylabel 'b' offset "
      "1\n"
      "set cblabel 'L(a, b)'\nset colorbox user origin 0.47,0.28 size 0.015,0.65\n"
      "set xrange [-3:3]\nset yrange [-3:3]\nset cbrange [0:18]\nunset grid\n"
      "set isosamples 241\nset samples 241\nset urange [-3:3]\nset vrange [-3:3]\n"
      "set key at screen 0.26,0.015 center bottom horizontal maxrows 2 samplen 3 "
      "width 2 opaque fc rgb '#9aa4ad'\n"
      "do for [k=-11:11] { t = k/4.0\n"
      "set arrow from t,-abs(t) to t,abs(t) nohead lc rgb '#ffffff' lw 0.6 front }\n"
      "plot '++' using 1:2:(l($1, $2)) with image notitle, "
      "x lc rgb '#ffffff' lw 1.5 dt (6,4) title '|b| = |a|', "
      "-x lc rgb '#ffffff' lw 1.5 dt (6,4) notitle, "
      "0 lc rgb '#ffffff' lw 3 dt 1 title 'b = 0', "
      "for [i=0:ways-1] 'critical_points_paths.tsv' index i with lines lc rgb '#000000' lw 3.5 dt "
      "1 "
      "notitle, "
      "for [i=0:ways-1] '' index i with lines lc rgb '#E69F00' lw 2 dt 1 "
      "title (i == 0 ? 'path with SG' : ''), "
      "'critical_points.tsv' using (strcol(1) eq 'sg' ? $4 : NaN):5 with points pt 7 ps 0.55 "
      "lc rgb '#ffffff' notitle, "
      "'' using (strcol(1) eq 'sg' ? $4 : NaN):5 with points pt 7 ps 0.4 "
      "lc rgb '#000000' title 'its end', "
      "'+' using (0):(0) every ::0::0 with points pt 9 ps 1.6 lc rgb '#ffffff' "
      "title 'minimum of L'\n"
      "unset arrow\nunset colorbox\n"
      "set lmargin at screen 0.64\nset rmargin at screen 0.98\n"
      "set title 'where the SG is at rest: a = 1, b = 0, c = 0'\n"
      "set xlabel 'x'\nset ylabel 'gradient of the output'\n"
      "set xrange [-2.5:2.5]\nset yrange [-1.5:1.5]\nset xtics 1\nset grid\n"
      "set key at screen 0.81,0.015 center bottom horizontal maxrows 2 samplen 3 noopaque\n"
      "plot xs using (xs[$1]):(sgn(xs[$1])) with points pt 7 ps 1.1 lc rgb '#0072B2' "
      "title 'true: sign(f(x))', 0 ls 2 title 'SG: c = 0'\n"
      "unset multiplot\n";
  char whole[4096];
  (void)snprintf(whole, sizeof whole, "ways = %zu\n%s", count, script);
  return figure_draw(with->common.out, "critical_points", 1000, 520, whole);
}

static int report(const settings *with, const run *runs, const ways *drawn) {
  size_t count = 2 * (size_t)with->starts;
  if (with->common.out) {
    int status = write_table(with, runs, count);
    if (status == 0) status = draw(with, drawn->count);
    if (status != 0) return status;
  }
  if (with->common.json)
    print_json(runs, count);
  else
    print_text(with, runs);
  return 0;
}

int main(int argc, char **argv) {
  static const char about[] =
      "Train f(x) = a x + b on sum |f(x)| through a synthetic gradient that is one number, and by\n"
      "backprop, from random starts (Czarnecki et al. 2017, Appendix B, Figure 6).\n";
  settings with = {.starts = 100, .steps = 3000};
  const argument table[] = {
      {"starts", ARGUMENT_COUNT, &with.starts, 1, STARTS_MOST, NULL, "random starts (100)"},
      {"steps", ARGUMENT_COUNT, &with.steps, 1, 1e8, NULL, "of each training (3000)"},
      {NULL, ARGUMENT_FLAG, NULL, 0, 0, NULL, NULL},
  };
  machine on = {.context = NULL};
  ways drawn = {.file = NULL};
  begin("critical_points");
  int status = arguments_parse(argc, argv, about, table, &with.common);
  if (status != ARGUMENTS_RUN) return finish(status);
  run *runs = calloc(2 * (size_t)with.starts, sizeof *runs);
  if (!runs) return fail("out of memory");
  open_machine(&on, &with);
  status = train_all(&on, &with, runs, &drawn);
  if (status == 0) status = report(&with, runs, &drawn);
  close_machine(&on);
  free(runs);
  return finish(status);
}
