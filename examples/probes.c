/* probes: what a linear model can read off each hidden layer (Czarnecki et al. 2017, Figure 8).
 *
 * On the same networks as the program rdm, trained or taken from --networks: left, a linear
 * classifier on every frozen hidden layer, its accuracy on the training digits; right, a linear
 * regression from every hidden layer back to the pixels, its mean squared error, which grows with
 * the computation (non-linear transformation) done up to there. Besides the training about 5
 * minutes a seed on one core. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <dni/research.h>

#include "common/common.h"

typedef struct probe_settings {
  common_options common;
  representation_options networks;
  uint64_t examples, probe_steps; /* 0: all; the library's default */
} probe_settings;

/* One trained network. */
typedef struct probe_run {
  size_t index; /* in compared_networks */
  uint64_t seed;
  double test_accuracy;
  double *classifier, *regressor; /* [depth] */
} probe_run;

typedef struct results {
  const probe_settings *settings;
  data_source source;
  size_t depth, count;
  probe_run *runs;
} results;

/* What the probes of one network work on. */
typedef struct bench {
  dni_context *context;
  dni_network *network;
  size_t examples;
  float *pixels, *targets, *below, *above;
  dni_matrix x, y; /* [examples][features], [examples][classes] */
} bench;

static dni_matrix view(const bench *on, float *data, size_t columns) {
  dni_matrix matrix;
  dni_matrix_init_f32(&matrix, data, on->examples, columns);
  return matrix;
}

static int open_bench(bench *on, const dni_dataset *train, size_t width) {
  size_t features = dni_dataset_features(train), classes = dni_dataset_targets(train);
  size_t widest = features > width ? features : width;
  on->pixels = malloc(on->examples * features * sizeof(float));
  on->targets = malloc(on->examples * classes * sizeof(float));
  on->below = malloc(on->examples * widest * sizeof(float));
  on->above = malloc(on->examples * widest * sizeof(float));
  if (!on->pixels || !on->targets || !on->below || !on->above)
    return fail("out of memory for %zu examples", on->examples);
  on->x = view(on, on->pixels, features);
  on->y = view(on, on->targets, classes);
  if (dni_dataset_batch(train, 0, &on->x, &on->y) != DNI_OK) return library_failure();
  memcpy(on->below, on->pixels, on->examples * features * sizeof(float));
  return 0;
}

static void close_bench(bench *on) {
  free(on->pixels);
  free(on->targets);
  free(on->below);
  free(on->above);
}

/* One layer further: `below` becomes its output. */
static dni_status climb(bench *on, size_t index) {
  dni_layer *layer = dni_network_layer(on->network, index);
  dni_matrix from = view(on, on->below, dni_layer_inputs(layer));
  dni_matrix to = view(on, on->above, dni_layer_outputs(layer));
  dni_status status = dni_layer_forward(layer, DNI_MODE_INFERENCE, NULL, &from, &to);
  float *filled = on->above;
  on->above = on->below;
  on->below = filled;
  return status;
}

/* `units` wide is the layer whose output is in `below`. */
static dni_status probe_layer(bench *on, const dni_probe_options *options, size_t units,
                              double *accuracy, double *error) {
  dni_probe_report report = {.struct_size = sizeof report};
  dni_matrix h = view(on, on->below, units);
  dni_status status = dni_analysis_classifier_probe(on->context, &h, &on->y, options, &report);
  *accuracy = report.accuracy;
  if (status == DNI_OK) status = dni_analysis_regressor_probe(on->context, &h, &on->x, error, NULL);
  return status;
}

static int probe_all(bench *on, const training_plan *plan, uint64_t steps, probe_run *run) {
  dni_probe_options options = {.struct_size = sizeof options, .steps = steps, .seed = plan->seed};
  for (size_t i = 0; i < plan->depth; i++) {
    progress("%s, seed %llu: probing layer %zu of %zu", compared_networks[run->index].name,
             (unsigned long long)plan->seed, i + 1, plan->depth);
    if (climb(on, 2 * i) != DNI_OK || climb(on, 2 * i + 1) != DNI_OK ||
        probe_layer(on, &options, plan->width, &run->classifier[i], &run->regressor[i]) != DNI_OK)
      return fail("%s, hidden layer %zu: %s", compared_networks[run->index].name, i + 1,
                  dni_last_message());
  }
  progress(NULL);
  return 0;
}

static int test_accuracy(const bench *on, const dni_dataset *test, double *accuracy) {
  dni_evaluation answer = {.struct_size = sizeof answer};
  dni_loss *loss;
  dni_status status = dni_loss_create_softmax_cross_entropy(on->context, NULL, &loss);
  if (status != DNI_OK) return library_failure();
  status = dni_network_evaluate(on->network, loss, test, NULL, &answer);
  dni_loss_release(loss);
  *accuracy = answer.accuracy;
  return status == DNI_OK ? 0 : library_failure();
}

static int run_one(const probe_settings *settings, const data_source *source, probe_run *run) {
  training_plan plan = representation_plan(&settings->networks, run->seed);
  dni_context_options wanted = {.struct_size = sizeof wanted, .seed = run->seed};
  dni_dataset *train = NULL, *test = NULL;
  bench on = {0};
  run->classifier = calloc(plan.depth, sizeof *run->classifier);
  run->regressor = calloc(plan.depth, sizeof *run->regressor);
  if (!run->classifier || !run->regressor) return fail("out of memory");
  if (dni_context_create(&wanted, &on.context) != DNI_OK) return library_failure();
  int problem = data_load(on.context, source, plan.train_limit, &train, &test);
  if (problem == 0) problem = trained_network(on.context, &plan, run->index, source, &on.network);
  if (problem == 0) problem = test_accuracy(&on, test, &run->test_accuracy);
  on.examples = dni_dataset_examples(train);
  if (settings->examples > 0 && settings->examples < on.examples)
    on.examples = (size_t)settings->examples;
  if (problem == 0) problem = open_bench(&on, train, plan.width);
  if (problem == 0) problem = probe_all(&on, &plan, settings->probe_steps, run);
  close_bench(&on);
  dni_network_release(on.network);
  dni_dataset_release(test);
  dni_dataset_release(train);
  dni_context_release(on.context);
  return problem;
}

/* The last network first: the program rdm, at work at the same time, trains the first ones. */
static int run_all(results *all) {
  for (size_t i = all->count; i-- > 0;) {
    all->runs[i].index = i % COMPARED_NETWORKS;
    all->runs[i].seed = all->settings->common.seed + i / COMPARED_NETWORKS;
    int problem = run_one(all->settings, &all->source, &all->runs[i]);
    if (problem != 0) return problem;
  }
  return 0;
}

/* Results. ------------------------------------------------------------------------------------ */

static void print_json(const results *all) {
  (void)fputs("{\"data\": ", stdout);
  json_text(stdout, all->source.name);
  (void)fputs(", \"runs\": [", stdout);
  for (size_t i = 0; i < all->count; i++) {
    const probe_run *run = &all->runs[i];
    (void)printf(
        "%s{\"method\": \"%s\", \"seed\": %llu, \"test_accuracy\": ", i > 0 ? ",\n  " : "\n  ",
        compared_networks[run->index].name, (unsigned long long)run->seed);
    json_number(stdout, run->test_accuracy);
    (void)fputs(", \"classifier_accuracy\": ", stdout);
    json_numbers(stdout, run->classifier, all->depth);
    (void)fputs(", \"regressor_mse\": ", stdout);
    json_numbers(stdout, run->regressor, all->depth);
    (void)fputc('}', stdout);
  }
  (void)fputs("]}\n", stdout);
}

static void print_text(const results *all) {
  size_t middle = all->depth / 2;
  (void)printf("method     seed   test     classifier, layer 1 %7zu %7zu   regressor, layer 1 %7zu "
               "%7zu\n",
               middle + 1, all->depth, middle + 1, all->depth);
  for (size_t i = 0; i < all->count; i++) {
    const probe_run *run = &all->runs[i];
    (void)printf("%-9s %5llu  %5.2f %%            %7.2f %7.2f %7.2f            %7.4f %7.4f %7.4f\n",
                 compared_networks[run->index].name, (unsigned long long)run->seed,
                 100 * run->test_accuracy, 100 * run->classifier[0], 100 * run->classifier[middle],
                 100 * run->classifier[all->depth - 1], run->regressor[0], run->regressor[middle],
                 run->regressor[all->depth - 1]);
  }
}

static int write_table(const results *all) {
  const char *directory = all->settings->common.out;
  FILE *file;
  int status = output_open(directory, "probes.tsv", &file);
  if (status != 0) return status;
  (void)fputs("method\tseed\tlayer\tclassifier_accuracy\tregressor_mse\n", file);
  for (size_t i = 0; i < all->count; i++)
    for (size_t layer = 0; layer < all->depth; layer++) {
      (void)fprintf(file, "%s\t%llu\t%zu\t", compared_networks[all->runs[i].index].name,
                    (unsigned long long)all->runs[i].seed, layer + 1);
      tsv_number(file, all->runs[i].classifier[layer]);
      (void)fputc('\t', file);
      tsv_number(file, all->runs[i].regressor[layer]);
      (void)fputc('\n', file);
    }
  return output_close(directory, "probes.tsv", file);
}

/* Means over seeds are lines; each seed is a marker. */
static const char figure_script[] =
    "set xrange [0.5:last+0.5]\n"
    "set xtics 1,(last > 10 ? 2 : 1)\n"
    "set xlabel 'hidden layer'\n"
    "set key off\n"
    "set arrow from sg+0.5,graph 0 to sg+0.5,graph 1 nohead dt 3 lw 1 lc rgb '#666666'\n"
    "layer(m) = strcol(1) eq names[m] ? $3 : NaN\n"
    "set multiplot layout 1,2 margins 0.08,0.98,0.3,0.9 spacing 0.12,0.1\n"
    "set title 'Linear classifier on each layer'\n"
    "set ylabel 'training accuracy in %'\n"
    "plot for [m=1:count] 'probes.tsv' using (layer(m)):(100*$4) smooth unique "
    "with lines ls styles[m], "
    "for [m=1:count] '' using (layer(m)):(100*$4) with points ls styles[m]\n"
    "set title 'Linear regression from each layer to the input'\n"
    "set ylabel 'mean squared error of a pixel'\n"
    "set yrange [0:*]\n"
    "plot for [m=1:count] 'probes.tsv' using (layer(m)):5 smooth unique with lines ls styles[m], "
    "for [m=1:count] '' using (layer(m)):5 with points ls styles[m]\n"
    "eval legend\nset tmargin at screen 0.14\nset key maxrows 2\n"
    "plot for [m=1:count] NaN with linespoints ls styles[m] title titles[m]\n"
    "unset multiplot\n";

static int draw(const results *all) {
  char script[8192];
  int used = snprintf(script, sizeof script,
                      "last = %zu\nsg = %zu\ncount = %d\n"
                      "array names[count]\narray titles[count]\narray styles[count]\n",
                      all->depth, all->depth / 2 + 1, COMPARED_NETWORKS);
  for (size_t m = 0; m < COMPARED_NETWORKS; m++) {
    const compared_network *network = &compared_networks[m];
    used +=
        snprintf(script + used, sizeof script - (size_t)used,
                 "names[%zu] = '%s'\ntitles[%zu] = '%s'\nstyles[%zu] = %zu\n", m + 1, network->name,
                 m + 1, method_styles[network->which].title, m + 1, (size_t)network->which + 1);
  }
  (void)snprintf(script + used, sizeof script - (size_t)used, "%s", figure_script);
  return figure_draw(all->settings->common.out, "probes", 1000, 450, script);
}

static int report(const results *all) {
  int status = 0;
  if (all->settings->common.out) {
    status = write_table(all);
    if (status == 0) status = draw(all);
  }
  if (status != 0) return status;
  if (all->settings->common.json)
    print_json(all);
  else
    print_text(all);
  return 0;
}

static int run_and_report(const probe_settings *settings) {
  results all = {.settings = settings, .depth = (size_t)settings->networks.depth};
  all.count = COMPARED_NETWORKS * (size_t)settings->networks.seeds;
  int status = data_find(settings->networks.data, &all.source);
  if (status == 0 && settings->networks.networks)
    status = output_directory("--networks", settings->networks.networks);
  if (status != 0) return status;
  all.runs = calloc(all.count, sizeof *all.runs);
  status = all.runs ? run_all(&all) : fail("out of memory");
  if (status == 0) status = report(&all);
  for (size_t i = 0; all.runs && i < all.count; i++) {
    free(all.runs[i].classifier);
    free(all.runs[i].regressor);
  }
  free(all.runs);
  return status;
}

int main(int argc, char **argv) {
  static const char about[] =
      "Train deep networks on MNIST as the program rdm does, or take those it kept (--networks), "
      "and\n"
      "see what a linear classifier and a linear regression to the pixels can make of each hidden\n"
      "layer (Czarnecki et al. 2017, Figure 8).\n";
  probe_settings settings = {.networks = representation_defaults};
  argument table[REPRESENTATION_ARGUMENTS + 3] = {{0}};
  size_t count = representation_arguments(&settings.networks, table);
  table[count++] = (argument){"examples",
                              ARGUMENT_COUNT,
                              &settings.examples,
                              0,
                              INT32_MAX,
                              NULL,
                              "training examples to probe with (0: all)"};
  table[count] = (argument){"probe-steps",
                            ARGUMENT_COUNT,
                            &settings.probe_steps,
                            0,
                            1e9,
                            NULL,
                            "steps of each classifier (0: 20 passes, at least 1000)"};
  begin("probes");
  int status = arguments_parse(argc, argv, about, table, &settings.common);
  if (status == ARGUMENTS_RUN) status = run_and_report(&settings);
  return finish(status);
}
