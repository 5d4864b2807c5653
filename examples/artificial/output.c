/* The table as JSON and as text. */
#include <math.h>

#include "artificial.h"

static void print_sg_at(const settings *of) {
  for (size_t i = 0; i < of->sg_at.count; i++)
    (void)printf("%s%llu", i > 0 ? ", " : "", (unsigned long long)of->sg_at.values[i]);
}

static void json_member(const char *name, double value) {
  (void)printf("\"%s\": ", name);
  json_number(stdout, value);
}

/* null without numbers */
static void json_summary(const results *all, const cell *in, const char *name, measure *what) {
  summary found = summarise(all, in, what);
  (void)printf(", \"%s\": ", name);
  if (found.count == 0) {
    (void)fputs("null", stdout);
    return;
  }
  (void)fputc('{', stdout);
  json_member("mean", mean_of(found.each, found.count));
  (void)fputs(", ", stdout);
  json_member("least", least_of(found.each, found.count));
  (void)fputs(", ", stdout);
  json_member("most", most_of(found.each, found.count));
  (void)fputs(", \"each\": ", stdout);
  json_numbers(stdout, found.each, found.count);
  (void)fputc('}', stdout);
}

static size_t count_of(const results *all, const cell *in, measure *flag) {
  summary found = summarise(all, in, flag);
  return (size_t)(mean_of(found.each, found.count) * (double)found.count + 0.5);
}

static void json_stops(const results *all, const cell *in, const char *name, measure *settled) {
  size_t still = count_of(all, in, settled);
  (void)printf(", \"%s\": {\"loss stands still\": %zu, \"most iterations\": %zu}", name, still,
               (size_t)all->of->datasets - still);
}

static void json_closed_form(const results *all, const cell *in) {
  closed_form found = find_closed_form(all, in);
  (void)fputs(",\n   \"closed_form\": ", stdout);
  if (!has_closed_form(in)) {
    (void)fputs("null", stdout);
    return;
  }
  double ends[] = {found.low, found.high};
  (void)fputc('{', stdout);
  json_member("mean", found.mean);
  (void)fputs(", ", stdout);
  json_member("deviation", found.deviation);
  (void)printf(", \"sets\": %zu, \"sets_of_a_mean\": %d, \"interval\": ", found.sets, TABLE_SETS);
  json_numbers(stdout, ends, 2);
  (void)printf(", \"zero\": %zu", found.end_separable);
  json_summary(all, in, "end", closed_end);
  json_summary(all, in, "trained_minus_end", sg_minus_closed);
  (void)fputc('}', stdout);
}

static void print_row_json(const results *all, const cell *in) {
  (void)printf("{\"model\": \"%s\", \"loss\": \"%s\", \"data\": \"%s\", ", model_names[in->model],
               loss_names[in->loss], problems[in->problem].name);
  json_member("paper", printed(in->model, in->loss, in->problem));
  (void)printf(", \"datasets\": %llu, \"separable\": %zu, ", (unsigned long long)all->of->datasets,
               count_of(all, in, is_separable));
  json_member("rate", all->of->rate);
  json_summary(all, in, "sg_minus_optimum", sg_minus_optimum);
  json_summary(all, in, "sg_minus_backprop", sg_minus_backprop);
  json_summary(all, in, "optimum", optimum);
  json_summary(all, in, "backprop", backprop_loss);
  json_summary(all, in, "sg", sg_loss);
  json_closed_form(all, in);
  json_summary(all, in, "slow_minus_sg", slow_minus_sg);
  json_summary(all, in, "iterations_sg", sg_iterations);
  json_summary(all, in, "iterations_backprop", backprop_iterations);
  json_stops(all, in, "stopped_sg", sg_settled);
  json_stops(all, in, "stopped_backprop", backprop_settled);
  (void)fputc('}', stdout);
}

static void print_json(const results *all) {
  const settings *of = all->of;
  (void)printf("{\"most_iterations\": {\"shallow\": %llu, \"deep\": %llu}, \"datasets\": %llu, "
               "\"rate\": %g, \"slow_rate\": %g, "
               "\"window\": %llu, \"tolerance\": %g, \"batch\": \"all\", \"outputs\": %d, "
               "\"hidden_layers\": %llu, \"hidden_units\": %llu, \"sg_at\": [",
               (unsigned long long)most_iterations(of, SHALLOW),
               (unsigned long long)most_iterations(of, DEEP), (unsigned long long)of->datasets,
               of->rate, SLOWER * of->rate, (unsigned long long)steps_for(TRAVEL_WINDOW, of->rate),
               of->tolerance, of->sigmoid ? 1 : 2, (unsigned long long)of->depth,
               (unsigned long long)of->width);
  print_sg_at(of);
  (void)fputs("], \"rows\": [", stdout);
  for (size_t i = 0; i < all->cell_count; i++) {
    (void)fputs(i > 0 ? ",\n  " : "\n  ", stdout);
    print_row_json(all, &all->cells[i]);
  }
  (void)fputs("]}\n", stdout);
}

static double mean_measure(const results *all, const cell *in, measure *what) {
  summary found = summarise(all, in, what);
  return mean_of(found.each, found.count);
}

static void print_number(double value) {
  if (isnan(value))
    (void)printf(" %9s", "-");
  else
    (void)printf(" %9.5f", value);
}

static void print_row(const results *all, const cell *in) {
  closed_form closed = find_closed_form(all, in);
  bool has = has_closed_form(in);
  (void)printf("%-8s %-4s %-10s", model_names[in->model], loss_names[in->loss],
               problems[in->problem].name);
  print_number(printed(in->model, in->loss, in->problem));
  print_number(mean_measure(all, in, sg_minus_optimum));
  print_number(mean_measure(all, in, sg_minus_backprop));
  print_number(has ? closed.mean : NAN);
  print_number(has ? closed.low : NAN);
  print_number(has ? closed.high : NAN);
  print_number(mean_measure(all, in, sg_minus_closed));
  print_number(mean_measure(all, in, slow_minus_sg));
  (void)printf(" %10.0f %4zu/%llu\n", mean_measure(all, in, sg_iterations),
               count_of(all, in, sg_settled), (unsigned long long)all->of->datasets);
}

static void print_text(const results *all) {
  const settings *of = all->of;
  (void)printf("Adam %g on the whole data set, at most %llu iterations (deep %llu); means of %llu "
               "data sets; "
               "deep: %llu x %llu, SG after hidden layer ",
               of->rate, (unsigned long long)most_iterations(of, SHALLOW),
               (unsigned long long)most_iterations(of, DEEP), (unsigned long long)of->datasets,
               (unsigned long long)of->depth, (unsigned long long)of->width);
  print_sg_at(of);
  (void)printf("\nclosed form: end minus optimum, mean of %zu data sets and 95 %% of the means of "
               "%d\nslow: the same training at a tenth of the rate, minus this one\n\n"
               "                        SG minus            closed form                   trained\n"
               "model    loss data          paper   optimum  backprop      mean       low      high"
               "  - closed   slow -  iterations  still\n",
               all->known_count, TABLE_SETS);
  for (size_t i = 0; i < all->cell_count; i++)
    print_row(all, &all->cells[i]);
}

int report(const results *all) {
  int status = all->of->common.out ? write_files(all) : 0;
  if (status != 0) return status;
  if (all->of->common.json)
    print_json(all);
  else
    print_text(all);
  return 0;
}
