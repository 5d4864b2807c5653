/* What the runs found: JSON, text and a table. */
#include <stddef.h>

#include "loss_estimation.h"

static void print_times(const settings *of) {
  double times[SNAPSHOTS];
  for (size_t s = 0; s < SNAPSHOTS; s++)
    times[s] = (double)snapshot_time(of, s);
  json_numbers(stdout, times, SNAPSHOTS);
}

static void print_json(const results *all) {
  (void)printf("{\"iterations\": %llu, \"hidden_layers\": %llu, \"hidden_units\": %llu, "
               "\"activation\": \"%s\", \"sg_after\": %llu, \"times\": ",
               (unsigned long long)all->of->iterations, (unsigned long long)all->of->depth,
               (unsigned long long)all->of->width, activation_names[all->of->activation],
               (unsigned long long)(all->of->depth + 1) / 2);
  print_times(all->of);
  (void)fputs(", \"runs\": [", stdout);
  for (size_t i = 0; i < all->count; i++) {
    const run *in = &all->runs[i];
    static const char *const names[] = {"correlation",   "r2",      "defect", "final_loss",
                                        "backprop_loss", "accuracy"};
    const double values[] = {in->correlation,   in->r2,      in->defect, in->final_loss,
                             in->backprop_loss, in->accuracy};
    (void)printf("%s{\"data\": \"%s\", \"loss\": \"%s\", \"condition\": \"%s\", "
                 "\"interfaces\": \"%s\", \"seed\": %llu",
                 i > 0 ? ",\n  " : "\n  ", problem_names[in->problem], loss_names[in->loss],
                 condition_names[in->condition], place_names[in->place],
                 (unsigned long long)in->seed);
    for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
      (void)printf(", \"%s\": ", names[k]);
      json_number(stdout, values[k]);
    }
    (void)fputs(", \"correlation_at\": ", stdout);
    json_numbers(stdout, in->correlation_at, SNAPSHOTS);
    (void)fputs(", \"loss_at\": ", stdout);
    json_numbers(stdout, in->loss_at, SNAPSHOTS);
    (void)fputc('}', stdout);
  }
  (void)fputs("]}\n", stdout);
}

/* Mean over seeds of a member of the runs of variant v, which is at `offset`. */
static double seed_mean(const results *all, size_t v, size_t offset) {
  double sum = 0;
  for (size_t i = v; i < all->count; i += VARIANTS)
    sum += *(const double *)((const char *)&all->runs[i] + offset);
  return sum / (double)(all->count / VARIANTS);
}

/* Mean over seeds and snapshots of the correlation over the examples at one time. */
static double mean_at_a_time(const results *all, size_t v) {
  double sum = 0;
  for (size_t i = v; i < all->count; i += VARIANTS)
    sum += mean_of(all->runs[i].correlation_at, SNAPSHOTS);
  return sum / (double)(all->count / VARIANTS);
}

static void print_text(const results *all) {
  (void)printf("%llu iterations, %llu x %llu %s units; means of %llu seeds\n\n"
               "data     loss  SG sees  SGs   correlation  at a time      R^2   defect     loss  "
               "(backprop's)\n",
               (unsigned long long)all->of->iterations, (unsigned long long)all->of->depth,
               (unsigned long long)all->of->width, activation_names[all->of->activation],
               (unsigned long long)all->of->seeds);
  for (size_t v = 0; v < VARIANTS; v++) {
    const run *in = &all->runs[v];
    (void)printf("%-8s %-5s %-8s %-4s %12.3f %10.3f %8.3f %8.3f %8.4f  (%.4f)\n",
                 problem_names[in->problem], loss_names[in->loss], condition_names[in->condition],
                 place_names[in->place], seed_mean(all, v, offsetof(run, correlation)),
                 mean_at_a_time(all, v), seed_mean(all, v, offsetof(run, r2)),
                 seed_mean(all, v, offsetof(run, defect)),
                 seed_mean(all, v, offsetof(run, final_loss)),
                 seed_mean(all, v, offsetof(run, backprop_loss)));
  }
}

static int write_table(const results *all) {
  const char *directory = all->of->common.out;
  FILE *file;
  int status = output_open(directory, "loss_estimation.tsv", &file);
  if (status != 0) return status;
  (void)fputs("data\tloss\tcondition\tinterfaces\tseed\tcorrelation\tr2\tdefect\tfinal_loss\t"
              "backprop_loss\taccuracy\n",
              file);
  for (size_t i = 0; i < all->count; i++) {
    const run *in = &all->runs[i];
    (void)fprintf(file, "%s\t%s\t%s\t%s\t%llu\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\n",
                  problem_names[in->problem], loss_names[in->loss], condition_names[in->condition],
                  place_names[in->place], (unsigned long long)in->seed, in->correlation, in->r2,
                  in->defect, in->final_loss, in->backprop_loss, in->accuracy);
  }
  return output_close(directory, "loss_estimation.tsv", file);
}

int report(const results *all) {
  int status = 0;
  if (all->of->common.out) {
    status = write_table(all);
    if (status == 0) status = draw_maps(all);
  }
  if (status != 0) return status;
  if (all->of->common.json)
    print_json(all);
  else
    print_text(all);
  return 0;
}
