/* rdm: how representations change from layer to layer (Czarnecki et al. 2017, Figure 7).
 *
 * Trains deep networks on MNIST by backpropagation, with one synthetic gradient (SG) in the middle,
 * with an SG after every hidden layer, and by direct feedback alignment. For 400 test digits sorted
 * by label it computes the representational dissimilarity matrix of every hidden layer, and the
 * distance of its diagonal blocks (pairs of the same class) from those of the last hidden layer.
 * With the defaults, the paper's 20 x 512, about 15 minutes a seed on one core; with --networks the
 * networks are kept, and the program probes looks at the same ones. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <dni/research.h>

#include "common/common.h"

enum { CLASSES = 10, PER_CLASS = 40, POINTS = CLASSES * PER_CLASS };
enum {
  CELL = 8,
  CELLS = POINTS / CELL
}; /* in the picture a cell is the mean of CELL x CELL pairs */

typedef struct rdm_options {
  common_options common;
  representation_options networks;
} rdm_options;

/* One trained network. */
typedef struct rdm_run {
  size_t index; /* in compared_networks */
  uint64_t seed, steps;
  double test_accuracy;
  double *distance; /* [depth] */
  double *cells;    /* [depth][CELLS][CELLS] */
} rdm_run;

typedef struct results {
  const rdm_options *options;
  data_source source;
  size_t depth, count; /* count: runs, seed by seed, methods in the order of compared_networks */
  rdm_run *runs;
} results;

/* Measuring. ---------------------------------------------------------------------------------- */

/* The first PER_CLASS examples of each class, class by class: x [POINTS][features], labels. */
static int sorted_points(const dni_dataset *test, const dni_matrix *x, int32_t *labels) {
  size_t filled[CLASSES] = {0}, examples = dni_dataset_examples(test), found = 0;
  for (size_t i = 0; i < examples && found < POINTS; i++) {
    int32_t label = 0;
    dni_matrix y;
    dni_matrix_init_labels(&y, &label, 1);
    if (dni_dataset_batch(test, i, NULL, &y) != DNI_OK) return library_failure();
    if (filled[label] == PER_CLASS) continue;
    size_t place = (size_t)label * PER_CLASS + filled[label]++;
    dni_matrix row = *x;
    row.rows = 1;
    row.data = (float *)x->data + place * x->stride;
    if (dni_dataset_batch(test, i, &row, NULL) != DNI_OK) return library_failure();
    labels[place] = label;
    found++;
  }
  if (found == POINTS) return 0;
  return fail("the test set has fewer than %d examples of some class", PER_CLASS);
}

static void average_cells(const float *rdm, double *cells) {
  for (size_t i = 0; i < POINTS; i++)
    for (size_t j = 0; j < POINTS; j++)
      cells[i / CELL * CELLS + j / CELL] += (double)rdm[i * POINTS + j] / (CELL * CELL);
}

/* RDMs of all hidden layers: all [depth][POINTS][POINTS]. */
static int measure_rdms(dni_context *context, dni_network *network, const dni_matrix *x,
                        size_t depth, float *all, rdm_run *run) {
  size_t units = dni_layer_outputs(dni_network_layer(network, 0));
  float *activations = malloc(POINTS * units * sizeof *activations);
  dni_predictor *predictor = NULL;
  if (!activations) return fail("out of memory");
  dni_status status = dni_predictor_create(network, POINTS, &predictor);
  for (size_t i = 0; i < depth && status == DNI_OK; i++) {
    float *values = all + i * POINTS * POINTS;
    dni_matrix h, rdm;
    dni_matrix_init_f32(&h, activations, POINTS, units);
    dni_matrix_init_f32(&rdm, values, POINTS, POINTS);
    status = dni_predictor_run(predictor, 2 * i + 1, x, &h);
    if (status == DNI_OK) status = dni_analysis_rdm(context, &h, &rdm);
    if (status == DNI_OK) average_cells(values, run->cells + i * CELLS * CELLS);
  }
  dni_predictor_release(predictor);
  free(activations);
  return status == DNI_OK ? 0 : library_failure();
}

static dni_status measure_distances(const float *all, size_t depth, const int32_t *labels,
                                    double *distance) {
  dni_matrix top;
  dni_matrix_init_f32(&top, all + (depth - 1) * POINTS * POINTS, POINTS, POINTS);
  for (size_t i = 0; i < depth; i++) {
    dni_matrix rdm;
    dni_matrix_init_f32(&rdm, all + i * POINTS * POINTS, POINTS, POINTS);
    dni_status status = dni_analysis_rdm_distance(&rdm, &top, labels, POINTS, &distance[i]);
    if (status != DNI_OK) return status;
  }
  return DNI_OK;
}

static int measure_points(dni_context *context, dni_network *network, const dni_dataset *test,
                          size_t depth, rdm_run *run) {
  size_t features = dni_dataset_features(test);
  float *pixels = malloc(POINTS * features * sizeof *pixels);
  float *all = malloc(depth * POINTS * POINTS * sizeof *all);
  int32_t labels[POINTS];
  dni_matrix x;
  dni_matrix_init_f32(&x, pixels, POINTS, features);
  int problem = pixels && all ? sorted_points(test, &x, labels) : fail("out of memory");
  if (problem == 0) problem = measure_rdms(context, network, &x, depth, all, run);
  if (problem == 0 && measure_distances(all, depth, labels, run->distance) != DNI_OK)
    problem = library_failure();
  free(pixels);
  free(all);
  return problem;
}

static int measure_accuracy(dni_context *context, dni_network *network, const dni_dataset *test,
                            double *accuracy) {
  dni_evaluation answer = {.struct_size = sizeof answer};
  dni_loss *loss;
  dni_status status = dni_loss_create_softmax_cross_entropy(context, NULL, &loss);
  if (status != DNI_OK) return library_failure();
  status = dni_network_evaluate(network, loss, test, NULL, &answer);
  dni_loss_release(loss);
  *accuracy = answer.accuracy;
  return status == DNI_OK ? 0 : library_failure();
}

static int run_one(const training_plan *plan, const data_source *source, rdm_run *run) {
  dni_context_options wanted = {.struct_size = sizeof wanted, .seed = plan->seed};
  dni_context *context;
  dni_dataset *train = NULL, *test = NULL;
  dni_network *network = NULL;
  run->steps = plan->steps[run->index];
  run->distance = calloc(plan->depth, sizeof *run->distance);
  run->cells = calloc(plan->depth * CELLS * CELLS, sizeof *run->cells);
  if (!run->distance || !run->cells) return fail("out of memory");
  if (dni_context_create(&wanted, &context) != DNI_OK) return library_failure();
  int problem = data_load(context, source, plan->train_limit, &train, &test);
  if (problem == 0) problem = trained_network(context, plan, run->index, source, &network);
  if (problem == 0) problem = measure_accuracy(context, network, test, &run->test_accuracy);
  if (problem == 0) problem = measure_points(context, network, test, plan->depth, run);
  dni_network_release(network);
  dni_dataset_release(test);
  dni_dataset_release(train);
  dni_context_release(context);
  return problem;
}

static int run_all(results *all) {
  for (size_t i = 0; i < all->count; i++) {
    rdm_run *run = &all->runs[i];
    run->index = i % COMPARED_NETWORKS;
    run->seed = all->options->common.seed + i / COMPARED_NETWORKS;
    training_plan plan = representation_plan(&all->options->networks, run->seed);
    int problem = run_one(&plan, &all->source, run);
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
    const rdm_run *run = &all->runs[i];
    (void)printf("%s{\"method\": \"%s\", \"seed\": %llu, \"steps\": %llu, \"test_accuracy\": ",
                 i > 0 ? ",\n  " : "\n  ", compared_networks[run->index].name,
                 (unsigned long long)run->seed, (unsigned long long)run->steps);
    json_number(stdout, run->test_accuracy);
    (void)fputs(", \"rdm_distance\": ", stdout);
    json_numbers(stdout, run->distance, all->depth);
    (void)fputc('}', stdout);
  }
  (void)fputs("]}\n", stdout);
}

/* Mean of layers first .. last, from 1. */
static double mean_distance(const results *all, const rdm_run *run, size_t first, size_t last) {
  if (last > all->depth) last = all->depth;
  return first <= last ? mean_of(run->distance + first - 1, last - first + 1) : NAN;
}

static void print_text(const results *all) {
  size_t depth = all->depth, half = depth / 2 + 1;
  (void)printf(
      "Distance of the RDM's diagonal blocks from those of layer %zu, means over layers\n\n"
      "method     seed   steps   test     1-%-3zu   %zu-%-4zu    layer 1\n",
      depth, half, half + 1, depth - 1);
  for (size_t i = 0; i < all->count; i++) {
    const rdm_run *run = &all->runs[i];
    (void)printf("%-9s %5llu %7llu  %5.2f %%  %7.2f %8.2f  %8.2f\n",
                 compared_networks[run->index].name, (unsigned long long)run->seed,
                 (unsigned long long)run->steps, 100 * run->test_accuracy,
                 mean_distance(all, run, 1, half), mean_distance(all, run, half + 1, depth - 1),
                 run->distance[0]);
  }
}

static int write_distances(const results *all) {
  const char *directory = all->options->common.out;
  FILE *file;
  int status = output_open(directory, "rdm_distance.tsv", &file);
  if (status != 0) return status;
  (void)fputs("method\tseed\tlayer\tdistance\n", file);
  for (size_t i = 0; i < all->count; i++)
    for (size_t layer = 0; layer < all->depth; layer++) {
      (void)fprintf(file, "%s\t%llu\t%zu\t", compared_networks[all->runs[i].index].name,
                    (unsigned long long)all->runs[i].seed, layer + 1);
      tsv_number(file, all->runs[i].distance[layer]);
      (void)fputc('\n', file);
    }
  return output_close(directory, "rdm_distance.tsv", file);
}

/* The RDMs of the first seed as one matrix: a row of pictures a method, a column a layer; -1, which
 * no dissimilarity is, between them. */
static int write_cells(const results *all) {
  const char *directory = all->options->common.out;
  FILE *file;
  int status = output_open(directory, "rdm.tsv", &file);
  if (status != 0) return status;
  for (size_t row = 0; row < COMPARED_NETWORKS * (CELLS + 4); row++) {
    const rdm_run *run = &all->runs[row / (CELLS + 4)];
    size_t i = row % (CELLS + 4);
    for (size_t column = 0; column < all->depth * (CELLS + 4); column++) {
      size_t layer = column / (CELLS + 4), j = column % (CELLS + 4);
      if (column > 0) (void)fputc('\t', file);
      if (i < CELLS && j < CELLS)
        (void)fprintf(file, "%.3f", run->cells[(layer * CELLS + i) * CELLS + j]);
      else
        (void)fputs("-1", file);
    }
    (void)fputc('\n', file);
  }
  return output_close(directory, "rdm.tsv", file);
}

/* Gnuplot commands that draw a dotted line where the network has an SG. */
static void sg_lines(method which, size_t depth, char *text, size_t size) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 1; i <= depth; i++) {
    bool here = which == METHOD_SG_ALL || which == METHOD_SG_ALL_ADAM ||
                (which == METHOD_SG && i == depth / 2 + 1);
    if (!here || used + 120 > size) continue;
    int length = snprintf(text + used, size - used,
                          "set arrow from %zu.5,graph 0 to %zu.5,graph 1 nohead dt 3 lw 1 "
                          "lc rgb '#666666'\n",
                          i, i);
    used += length > 0 ? (size_t)length : 0;
  }
}

static double largest_distance(const results *all) {
  double most = 0;
  for (size_t i = 0; i < all->count; i++)
    most = fmax(most, most_of(all->runs[i].distance, all->depth));
  return most;
}

static int draw_distances(const results *all) {
  char script[32768], lines[6000];
  int used = snprintf(script, sizeof script,
                      "set multiplot layout 1,%d margins 0.07,0.99,0.22,0.88 spacing 0.015,0.02\n"
                      "set key off\nset xrange [0.5:%zu.5]\nset yrange [0:%g]\n"
                      "set xlabel 'hidden layer'\nset xtics 1,%zu\n"
                      "set ylabel 'L2 distance to layer %zu'\n",
                      COMPARED_NETWORKS, all->depth, 1.05 * largest_distance(all),
                      all->depth > 10 ? 4 : (size_t)1, all->depth);
  for (size_t m = 0; m < COMPARED_NETWORKS; m++) {
    const compared_network *network = &compared_networks[m];
    sg_lines(network->which, all->depth, lines, sizeof lines);
    used += snprintf(script + used, sizeof script - (size_t)used,
                     "unset arrow\n%sset title '%s'\n"
                     "plot for [s=%llu:%llu] 'rdm_distance.tsv' using "
                     "(strcol(1) eq '%s' && $2 == s ? $3 : NaN):4 with linespoints ls %zu\n"
                     "set format y ''\nunset ylabel\n",
                     lines, method_styles[network->which].title,
                     (unsigned long long)all->options->common.seed,
                     (unsigned long long)all->runs[all->count - 1].seed, network->name,
                     (size_t)network->which + 1);
  }
  (void)snprintf(script + used, sizeof script - (size_t)used, "unset multiplot\n");
  return figure_draw(all->options->common.out, "rdm_distance", 275 * COMPARED_NETWORKS, 340,
                     script);
}

/* A few pairs that are much less alike than all others would make the rest of the map one colour:
 * the bar ends where all but one in a hundred cells are. */
static double end_of_bar(const results *all) {
  size_t count = all->depth * CELLS * CELLS;
  double most = 0;
  for (size_t m = 0; m < COMPARED_NETWORKS; m++)
    most = fmax(most, quantile_of(all->runs[m].cells, count, 0.99));
  return most;
}

static int draw_cells(const results *all) {
  char script[4096];
  size_t pitch = CELLS + 4;
  int used = snprintf(
      script, sizeof script,
      "unset border\nunset grid\nset key off\nset margins screen 0.17, screen 0.87, screen 0.16, "
      "screen 0.9\nset cbrange [0:%.2f]\n"
      "set cblabel '1 - correlation, at most 1 %% above the bar'\nset yrange [*:*] reverse\n"
      "set xlabel 'hidden layer; within a picture: digits sorted by label, 0 to 9'\n"
      "set ytics scale 0\nset xtics scale 0 (",
      end_of_bar(all));
  for (size_t i = 0; i < all->depth; i++)
    if (i % (all->depth / 20 + 1) == 0 && (size_t)used + 40 < sizeof script)
      used += snprintf(script + used, sizeof script - (size_t)used, "%s'%zu' %zu",
                       i > 0 ? ", " : "", i + 1, i * pitch + CELLS / 2);
  for (size_t m = 0; m < COMPARED_NETWORKS; m++)
    used += snprintf(script + used, sizeof script - (size_t)used, "%s'%s' %zu",
                     m > 0 ? ", " : ")\nset ytics (",
                     method_styles[compared_networks[m].which].title, pitch / 2 + m * pitch);
  (void)snprintf(script + used, sizeof script - (size_t)used,
                 ")\nplot 'rdm.tsv' matrix using 1:2:($3 < 0 ? NaN : $3) with image\n");
  return figure_draw(all->options->common.out, "rdm", 1300, 90 * COMPARED_NETWORKS, script);
}

static int report(const results *all) {
  int status = 0;
  if (all->options->common.out) {
    status = write_distances(all);
    if (status == 0) status = write_cells(all);
    if (status == 0) status = draw_distances(all);
    if (status == 0) status = draw_cells(all);
  }
  if (status != 0) return status;
  if (all->options->common.json)
    print_json(all);
  else
    print_text(all);
  return 0;
}

static int run_and_report(const rdm_options *options) {
  results all = {.options = options, .depth = (size_t)options->networks.depth};
  all.count = COMPARED_NETWORKS * (size_t)options->networks.seeds;
  int status = data_find(options->networks.data, &all.source);
  if (status == 0 && options->networks.networks)
    status = output_directory("--networks", options->networks.networks);
  if (status != 0) return status;
  all.runs = calloc(all.count, sizeof *all.runs);
  status = all.runs ? run_all(&all) : fail("out of memory");
  if (status == 0) status = report(&all);
  for (size_t i = 0; all.runs && i < all.count; i++) {
    free(all.runs[i].distance);
    free(all.runs[i].cells);
  }
  free(all.runs);
  return status;
}

int main(int argc, char **argv) {
  static const char about[] =
      "Train deep networks on MNIST by backprop, with one synthetic gradient, with one after "
      "every\n"
      "hidden layer, and by direct feedback alignment, and compare the representational\n"
      "dissimilarity matrices of their hidden layers (Czarnecki et al. 2017, Figure 7).\n";
  rdm_options options = {.networks = representation_defaults};
  argument table[REPRESENTATION_ARGUMENTS + 1] = {{0}};
  begin("rdm");
  (void)representation_arguments(&options.networks, table);
  int status = arguments_parse(argc, argv, about, table, &options.common);
  if (status == ARGUMENTS_RUN) status = run_and_report(&options);
  return finish(status);
}
