/* What the runs gave: a table for people, one JSON object or TSV files for programs. */
#include <math.h>

#include "mnist.h"

void report_heading(const options *settings, const data_source *source) {
  if (settings->json) {
    if (source->note[0] != '\0')
      (void)fprintf(stderr, "mnist: using the bundled sample, not all of MNIST (%s)\n",
                    source->note);
    return;
  }
  (void)printf("%zu hidden layer%s of %zu units, batch %zu, ", settings->depth,
               settings->depth > 1 ? "s" : "", settings->width, settings->batch);
  if (settings->epochs > 0) (void)printf("%llu epochs, ", (unsigned long long)settings->epochs);
  if (settings->steps > 0) (void)printf("%llu steps, ", (unsigned long long)settings->steps);
  (void)printf("Adam%s, seed %llu", settings->cosine ? ", rates along a cosine" : "",
               (unsigned long long)settings->seed);
  if (has_threads(settings->schedule)) (void)printf(", %s", schedule_name(settings->schedule));
  (void)putchar('\n');
  (void)fflush(stdout);
}

static void print_row(const run_result *run) {
  char error[32] = "-", cosine[32] = "-";
  if (!isnan(run->sg_error)) (void)snprintf(error, sizeof error, "%.4g", run->sg_error);
  if (!isnan(run->sg_cosine)) (void)snprintf(cosine, sizeof cosine, "%.2f", run->sg_cosine);
  (void)printf("%-11s  %8.2f %%  %7.2f %%  %10.4f  %7.2f  %10s  %6s  %7g\n",
               method_name(run->which), 100 * run->train_accuracy, 100 * run->test_accuracy,
               run->final_loss, run->ms_per_step, error, cosine, run->learning_rates.network);
}

/* "hidden layers 2 and 4"; every one if it is every one. */
static void print_places(const options *settings, const run_result *run) {
  size_t count = 0, shown = 0;
  for (size_t i = 1; i <= settings->depth; i++)
    count += run->sg_at[i];
  if (count == 0) return;
  (void)printf(", estimators after ");
  if (count == settings->depth && count > 1) {
    (void)printf("every hidden layer");
    return;
  }
  (void)printf("hidden layer%s", count > 1 ? "s" : "");
  for (size_t i = 1; i <= settings->depth; i++) {
    if (!run->sg_at[i]) continue;
    (void)printf("%s %zu", shown == 0 ? "" : shown + 1 == count ? " and" : ",", i);
    shown++;
  }
}

/* How the modules were run, if they had threads. */
static void print_schedule(const options *settings, const run_result *run) {
  if (!has_threads(settings->schedule)) return;
  (void)printf("%s: %s, %zu module%s on %zu thread%s", method_name(run->which),
               schedule_name(settings->schedule), run->modules, run->modules > 1 ? "s" : "",
               run->threads, run->threads > 1 ? "s" : "");
  print_places(settings, run);
  if (!isnan(run->target_lag)) (void)printf(", targets %.2f batches late", run->target_lag);
  (void)putchar('\n');
}

/* What --until was for. */
static void print_stop(const options *settings, const run_result *run) {
  if (settings->until == 0 || run->test_accuracy < settings->until) return;
  (void)printf("%s: %g %% after %llu steps, %.1f seconds of training\n", method_name(run->which),
               100 * settings->until, (unsigned long long)run->steps, run->seconds);
}

static void print_origin(const result_set *results) {
  const data_source *source = results->source;
  const run_result *run = &results->runs[0];
  (void)printf("\nData: %s from %s, %zu training and %zu test examples, %zu pixels, %zu classes\n",
               source->name, source->directory, run->train_examples, run->test_examples,
               run->features, run->classes);
  if (source->note[0] != '\0')
    (void)printf("This is the bundled sample, not all of MNIST (%s)\n", source->note);
  (void)printf("Matrix products: %s, %s", run->backend, options_dtype_name(results->settings));
  if (run->backend_threads > 0)
    (void)printf(", %zu thread%s", run->backend_threads, run->backend_threads > 1 ? "s" : "");
  (void)putchar('\n');
}

static void print_files(const result_set *results) {
  const options *settings = results->settings;
  char path[PATH_SIZE];
  if (settings->out)
    (void)printf("Written: results.tsv, curves.tsv and accuracy.svg in %s\n", settings->out);
  for (size_t i = 0; i < results->run_count && settings->save; i++)
    if (method_path(settings, "--save", settings->save, results->runs[i].which, path) == 0)
      (void)printf("Saved: %s\n", path);
}

void report_table(const result_set *results) {
  (void)printf("\n%-11s  %10s  %9s  %10s  %7s  %10s  %6s  %7s\n", "method", "train", "test",
               "final loss", "ms/step", "SG error", "cosine", "rate");
  for (size_t i = 0; i < results->run_count; i++)
    print_row(&results->runs[i]);
  for (size_t i = 0; i < results->run_count; i++) {
    print_schedule(results->settings, &results->runs[i]);
    print_stop(results->settings, &results->runs[i]);
  }
  print_origin(results);
  print_files(results);
}

static void json_string(const char *name, const char *value) {
  (void)printf(",\"%s\":", name);
  json_text(stdout, value);
}

static void json_integer(const char *name, uint64_t value) {
  (void)printf(",\"%s\":%llu", name, (unsigned long long)value);
}

/* JSON has no NaN and no infinity. */
static void json_real(const char *name, double value) {
  if (isfinite(value))
    (void)printf(",\"%s\":%.9g", name, value);
  else
    (void)printf(",\"%s\":null", name);
}

/* What was asked for, or chosen for this method. */
static void json_settings(const options *settings, const run_result *run) {
  json_integer("depth", settings->depth);
  json_integer("width", settings->width);
  json_integer("batch", settings->batch);
  json_real("lr", run->learning_rates.network);
  json_real("sg_lr", run->learning_rates.sg);
  json_integer("warm_up", run->warm_up);
  json_string("decay", settings->cosine ? "cosine" : "constant");
  json_integer("sg_hidden", (uint64_t)settings->sg.hidden);
  json_real("p_update", settings->update_probability > 0 ? settings->update_probability : NAN);
  json_integer("seed", settings->seed);
  json_string("dtype", options_dtype_name(settings));
  const char *elements = settings->dtype == DNI_F64 ? "f64" : "f32";
  json_string("activations", settings->bf16_activations ? "bf16" : elements);
  json_string("moments", settings->bf16_moments ? "bf16" : elements);
}

/* Threads that run modules; where there are no such, of a matrix product. NaN: not to be set */
static double threads_of(const options *settings, const run_result *run) {
  if (has_threads(settings->schedule)) return (double)run->threads;
  return run->backend_threads > 0 ? (double)run->backend_threads : (double)NAN;
}

static void json_schedule(const options *settings, const run_result *run) {
  bool pipelined = settings->schedule == DNI_SCHEDULE_PIPELINED;
  bool micro = settings->schedule == DNI_SCHEDULE_MICRO_BATCHES;
  const char *before = "";
  json_string("schedule", schedule_name(settings->schedule));
  json_integer("modules", run->modules);
  json_real("threads", threads_of(settings, run));
  json_real("in_flight", pipelined ? (double)settings->in_flight : NAN);
  json_real("micro_batches", micro ? (double)settings->micro_batches : NAN);
  (void)fputs(",\"sg_at\":[", stdout);
  for (size_t i = 1; i <= settings->depth; i++) {
    if (!run->sg_at[i]) continue;
    (void)printf("%s%zu", before, i);
    before = ",";
  }
  (void)putchar(']');
}

/* Of methods with synthetic gradients; of others null. */
static void json_sg(const options *settings, const run_result *run) {
  sg_kind kind = method_sg_kind(run->which, &settings->sg);
  sg_plan seen = kind == settings->sg.kind ? settings->sg : sg_plan_default(kind);
  if (!method_has_sgs(run->which)) {
    (void)fputs(",\"sg_kind\":null,\"condition\":null,\"mixture\":null", stdout);
    return;
  }
  json_string("sg_kind", sg_kind_name(kind));
  json_string("condition", condition_name(&seen));
  json_integer("mixture", settings->sg.mixture);
}

static void json_run(const options *settings, const run_result *run) {
  (void)fputs("{\"method\":", stdout);
  json_text(stdout, method_name(run->which));
  json_settings(settings, run);
  json_sg(settings, run);
  json_string("backend", run->backend);
  json_schedule(settings, run);
  json_integer("steps", run->steps);
  json_real("train_accuracy", run->train_accuracy);
  json_real("test_accuracy", run->test_accuracy);
  json_real("final_loss", run->final_loss);
  json_real("ms_per_step", run->ms_per_step);
  json_real("seconds", run->seconds);
  json_real("seconds_to_975", run->seconds_to_975);
  json_real("sg_error", run->sg_error);
  json_real("sg_cosine", run->sg_cosine);
  json_real("target_lag", run->target_lag);
  json_integer("parameter_bytes", run->memory.parameter_bytes);
  json_integer("optimiser_bytes", run->memory.optimiser_bytes);
  json_integer("activation_bytes", run->memory.activation_bytes);
  (void)putchar('}');
}

void report_json(const result_set *results) {
  (void)fputs("{\"dataset\":", stdout);
  json_text(stdout, results->source->name);
  json_string("directory", results->source->directory);
  json_integer("train", results->runs[0].train_examples);
  json_integer("test", results->runs[0].test_examples);
  (void)fputs(",\"runs\":[", stdout);
  for (size_t i = 0; i < results->run_count; i++) {
    if (i > 0) (void)putchar(',');
    json_run(results->settings, &results->runs[i]);
  }
  (void)puts("]}");
}

static int write_results(const result_set *results) {
  static const char name[] = "results.tsv";
  const options *settings = results->settings;
  FILE *file;
  int status = output_open(settings->out, name, &file);
  if (status != 0) return status;
  (void)fputs("method\tdepth\twidth\tbatch\tlr\tsg_lr\tseed\tsteps\ttrain_accuracy\ttest_accuracy\t"
              "final_loss\tms_per_step\tseconds\tsg_error\tsg_cosine\t"
              "schedule\tmodules\tthreads\tseconds_to_975\n",
              file);
  for (size_t i = 0; i < results->run_count; i++) {
    const run_result *run = &results->runs[i];
    (void)fprintf(file, "%s\t%zu\t%zu\t%zu\t%.9g\t%.9g\t%llu\t%llu\t", method_name(run->which),
                  settings->depth, settings->width, settings->batch, run->learning_rates.network,
                  run->learning_rates.sg, (unsigned long long)settings->seed,
                  (unsigned long long)run->steps);
    (void)fprintf(file, "%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t", run->train_accuracy,
                  run->test_accuracy, run->final_loss, run->ms_per_step, run->seconds,
                  run->sg_error, run->sg_cosine);
    (void)fprintf(file, "%s\t%zu\t%.9g\t%.9g\n", schedule_name(settings->schedule), run->modules,
                  threads_of(settings, run), run->seconds_to_975);
  }
  return output_close(settings->out, name, file);
}

static int write_curves(const result_set *results) {
  static const char name[] = "curves.tsv";
  FILE *file;
  int status = output_open(results->settings->out, name, &file);
  if (status != 0) return status;
  (void)fputs("method\tstep\tseconds\ttest_accuracy\tloss\n", file);
  for (size_t i = 0; i < results->run_count; i++) {
    const run_result *run = &results->runs[i];
    for (size_t p = 0; p < run->curve_count; p++)
      (void)fprintf(file, "%s\t%llu\t%.9g\t%.9g\t%.9g\n", method_name(run->which),
                    (unsigned long long)run->curve[p].step, run->curve[p].seconds,
                    run->curve[p].test_accuracy, run->curve[p].loss);
  }
  return output_close(results->settings->out, name, file);
}

int report_write_tables(const result_set *results) {
  int status = write_results(results);
  return status == 0 ? write_curves(results) : status;
}
