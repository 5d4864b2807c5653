/* loss_estimation: which loss does a synthetic gradient imply? (Czarnecki et al. 2017, Figure 9.)
 *
 * A small deep linear model learns the paper's artificial problems in two dimensions, with one
 * linear synthetic gradient (SG) in the middle or with one after every hidden layer, that sees
 * layer output and label (hy), the output alone (h) or the label alone (y). While it learns, the
 * loss that the SG in the middle implies (the line integral of the SG, up to a constant per label)
 * is set beside the true loss of each example. Figure of merit: correlation and R^2 over examples
 * and time. The paper does not say which network it used; this one's sizes are options, and so are
 * ReLU units. About 7 minutes on one core. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <dni/research.h>

#include "common/common.h"

enum { EXAMPLES = 100, SNAPSHOTS = 50, GRID = EXAMPLES * SNAPSHOTS };
enum { PROBLEMS = 2, LOSSES = 2, CONDITIONS = 3, PLACES = 2 };
enum { VARIANTS = PROBLEMS * LOSSES * CONDITIONS * PLACES };

static const char *const problem_names[PROBLEMS] = {"linear2", "noisy2"};
static const char *const loss_names[LOSSES] = {"mse", "log"};
static const char *const condition_names[CONDITIONS] = {"hy", "h", "y"};
static const char *const place_names[PLACES] = {"one", "all"};
static const char *const activation_names[] = {"linear", "relu"};

typedef struct settings {
  common_options common;
  uint64_t iterations, seeds, depth, width, threads;
  double rate;
  int activation; /* index of activation_names */
} settings;

/* One training with SGs, and one by backprop of the same first weights and data. */
typedef struct run {
  int problem, loss, condition, place; /* indices of the names above */
  uint64_t seed;
  double correlation, r2, defect, final_loss, accuracy, backprop_loss;
  double *truth, *extracted; /* [SNAPSHOTS][EXAMPLES] */
  int32_t labels[EXAMPLES];
} run;

/* The objects of a training, in the order in which they are made. */
typedef struct training {
  const settings *of;
  const run *in;
  dni_context *context;
  dni_dataset *data;
  dni_network *network;
  dni_loss *loss;
  dni_loss *classifier; /* under which accuracies are counted: squared error has none */
  dni_sg *middle;       /* borrowed from the network; NULL: backprop */
  dni_optimiser *adam;
  dni_trainer *trainer;
  size_t middle_after;
} training;

/* Building. ------------------------------------------------------------------------------------ */

static dni_status add_dense(training *work, size_t inputs, size_t outputs,
                            dni_activation activation) {
  dni_layer *layer;
  dni_status status = dni_layer_create_dense(work->context, inputs, outputs, activation, &layer);
  if (status != DNI_OK) return status;
  status = dni_network_add(work->network, layer);
  dni_layer_release(layer);
  return status;
}

static dni_status add_layers(training *work) {
  size_t inputs = dni_dataset_features(work->data);
  dni_status status = dni_network_create(work->context, &work->network);
  for (uint64_t i = 0; i < work->of->depth && status == DNI_OK; i++) {
    status = add_dense(work, inputs, (size_t)work->of->width,
                       work->of->activation == 0 ? DNI_ACTIVATION_IDENTITY : DNI_ACTIVATION_RELU);
    inputs = (size_t)work->of->width;
  }
  if (status != DNI_OK) return status;
  return add_dense(work, inputs, dni_dataset_targets(work->data), DNI_ACTIVATION_IDENTITY);
}

static dni_status add_sgs(training *work) {
  dni_sg_options options = {.struct_size = sizeof options};
  options.condition = work->in->condition;
  for (size_t i = 0; i < work->of->depth; i++) {
    if (work->in->place == 0 && i != work->middle_after) continue;
    dni_sg *sg;
    dni_status status = dni_sg_create_synthetic(work->context, (size_t)work->of->width,
                                                dni_dataset_targets(work->data), &options, &sg);
    if (status == DNI_OK) status = dni_network_set_sg(work->network, i, sg);
    if (status == DNI_OK && i == work->middle_after) work->middle = sg;
    dni_sg_release(sg);
    if (status != DNI_OK) return status;
  }
  return DNI_OK;
}

static dni_status open_training(training *work, bool with_sg) {
  dni_context_options wanted = {.struct_size = sizeof wanted, .seed = work->in->seed};
  dni_trainer_options plan = {.struct_size = sizeof plan, .max_batch = EXAMPLES};
  int32_t kind = work->in->problem == 0 ? DNI_ARTIFICIAL_LINEAR : DNI_ARTIFICIAL_NOISY;
  work->middle_after = (size_t)(work->of->depth - 1) / 2;
  dni_status status = dni_context_create(&wanted, &work->context);
  if (status == DNI_OK)
    status = dni_dataset_create_artificial(work->context, kind, 2, EXAMPLES, 2, NULL, &work->data);
  if (status == DNI_OK) status = add_layers(work);
  if (status == DNI_OK && with_sg) status = add_sgs(work);
  if (status == DNI_OK)
    status = work->in->loss == 0
                 ? dni_loss_create_squared_error(work->context, &work->loss)
                 : dni_loss_create_softmax_cross_entropy(work->context, NULL, &work->loss);
  if (status == DNI_OK)
    status = dni_loss_create_softmax_cross_entropy(work->context, NULL, &work->classifier);
  if (status == DNI_OK)
    status = dni_optimiser_create_adam(work->context, work->of->rate, &work->adam);
  plan.optimiser = work->adam;
  if (status == DNI_OK)
    status = dni_trainer_create(work->network, work->loss, &plan, &work->trainer);
  return status;
}

static void close_training(training *work) {
  dni_trainer_release(work->trainer);
  dni_optimiser_release(work->adam);
  dni_loss_release(work->classifier);
  dni_loss_release(work->loss);
  dni_network_release(work->network);
  dni_dataset_release(work->data);
  dni_context_release(work->context);
}

/* Measuring. ----------------------------------------------------------------------------------- */

/* Buffers of one snapshot, and what computes it. */
typedef struct snapshot {
  float x[EXAMPLES * 2], y[EXAMPLES * 2], output[EXAMPLES * 2], truth[EXAMPLES];
  float extracted[EXAMPLES];
  dni_predictor *predictor;
  float h[]; /* [EXAMPLES][width] */
} snapshot;

static dni_status take_snapshot(training *work, snapshot *now) {
  dni_matrix x, y, output, truth, extracted, h;
  dni_batch answers = {.struct_size = sizeof answers, .x = &output, .y = &y};
  size_t width = (size_t)work->of->width;
  dni_matrix_init_f32(&x, now->x, EXAMPLES, 2);
  dni_matrix_init_f32(&y, now->y, EXAMPLES, 2);
  dni_matrix_init_f32(&output, now->output, EXAMPLES, 2);
  dni_matrix_init_f32(&truth, now->truth, EXAMPLES, 1);
  dni_matrix_init_f32(&extracted, now->extracted, EXAMPLES, 1);
  dni_matrix_init_f32(&h, now->h, EXAMPLES, width);
  dni_status status = dni_dataset_batch(work->data, 0, &x, &y);
  if (status == DNI_OK) status = dni_predictor_run(now->predictor, DNI_ALL, &x, &output);
  if (status == DNI_OK) status = dni_loss_evaluate(work->loss, &answers, NULL, &truth, NULL);
  if (status == DNI_OK) status = dni_predictor_run(now->predictor, work->middle_after, &x, &h);
  if (status == DNI_OK)
    status = dni_analysis_extract_loss(work->context, work->middle, &h, &y, NULL, 0, &extracted);
  return status;
}

/* Train on, with a snapshot before each of SNAPSHOTS equal parts of the iterations. */
static dni_status train_and_watch(training *work, snapshot *now, run *in) {
  dni_fit_options how = {.struct_size = sizeof how, .keep_order = 1};
  for (uint64_t s = 0; s < SNAPSHOTS; s++) {
    dni_status status = take_snapshot(work, now);
    for (size_t i = 0; i < EXAMPLES; i++) {
      in->truth[s * EXAMPLES + i] = (double)now->truth[i];
      in->extracted[s * EXAMPLES + i] = (double)now->extracted[i];
    }
    how.steps = work->of->iterations * (s + 1) / SNAPSHOTS - work->of->iterations * s / SNAPSHOTS;
    if (status == DNI_OK && how.steps > 0)
      status = dni_trainer_fit(work->trainer, work->data, &how);
    if (status != DNI_OK) return status;
  }
  return DNI_OK;
}

static dni_status compare(run *in) {
  dni_context_options wanted = {.struct_size = sizeof wanted, .dtype = DNI_F64};
  dni_context *context;
  dni_matrix truth, extracted;
  int32_t groups[GRID];
  for (size_t i = 0; i < GRID; i++)
    groups[i] = in->labels[i % EXAMPLES];
  dni_matrix_init_f64(&truth, in->truth, GRID, 1);
  dni_matrix_init_f64(&extracted, in->extracted, GRID, 1);
  dni_status status = dni_context_create(&wanted, &context);
  if (status != DNI_OK) return status;
  status =
      dni_analysis_agreement(context, &extracted, &truth, groups, GRID, &in->correlation, &in->r2);
  dni_context_release(context);
  return status;
}

static dni_status measure_end(training *work, run *in) {
  dni_evaluation loss = {.struct_size = sizeof loss}, classes = {.struct_size = sizeof classes};
  dni_status status = dni_network_evaluate(work->network, work->loss, work->data, NULL, &loss);
  if (status == DNI_OK)
    status = dni_network_evaluate(work->network, work->classifier, work->data, NULL, &classes);
  if (status == DNI_OK) status = dni_analysis_integrability(work->middle, &in->defect);
  if (status == DNI_OK) status = compare(in);
  in->final_loss = loss.loss;
  in->accuracy = classes.accuracy;
  return status;
}

static dni_status watch(training *work, run *in) {
  size_t bytes = sizeof(snapshot) + EXAMPLES * (size_t)work->of->width * sizeof(float);
  void *memory = NULL;
  dni_matrix labels;
  dni_matrix_init_labels(&labels, in->labels, EXAMPLES);
  dni_status status = dni_context_allocate(work->context, bytes, &memory);
  snapshot *now = memory;
  if (status == DNI_OK) status = dni_dataset_batch(work->data, 0, NULL, &labels);
  if (status == DNI_OK) status = dni_predictor_create(work->network, EXAMPLES, &now->predictor);
  if (status == DNI_OK) status = train_and_watch(work, now, in);
  if (status == DNI_OK) status = measure_end(work, in);
  if (now) dni_predictor_release(now->predictor);
  dni_context_free(work->context, memory);
  return status;
}

static dni_status learn_by_backprop(const settings *of, run *in) {
  dni_fit_options how = {.struct_size = sizeof how, .keep_order = 1, .steps = of->iterations};
  dni_evaluation answer = {.struct_size = sizeof answer};
  training work = {.of = of, .in = in};
  dni_status status = open_training(&work, false);
  if (status == DNI_OK) status = dni_trainer_fit(work.trainer, work.data, &how);
  if (status == DNI_OK)
    status = dni_network_evaluate(work.network, work.loss, work.data, NULL, &answer);
  in->backprop_loss = answer.loss;
  close_training(&work);
  return status;
}

typedef struct results {
  const settings *of;
  run *runs;
  size_t count;
} results;

static const char *describe(const run *in, char *text, size_t size) {
  (void)snprintf(text, size, "%s %s %s %s, seed %llu", problem_names[in->problem],
                 loss_names[in->loss], condition_names[in->condition], place_names[in->place],
                 (unsigned long long)in->seed);
  return text;
}

/* Backprop's loss does not depend on condition and place: the first of a problem and loss has it.
 */
static int fill_run(void *shared, size_t index) {
  const results *all = shared;
  run *in = &all->runs[index];
  char text[120];
  training work = {.of = all->of, .in = in};
  in->truth = calloc(GRID, sizeof *in->truth);
  in->extracted = calloc(GRID, sizeof *in->extracted);
  if (!in->truth || !in->extracted) return fail("out of memory");
  progress("%s", describe(in, text, sizeof text));
  dni_status status = open_training(&work, true);
  if (status == DNI_OK) status = watch(&work, in);
  close_training(&work);
  if (status == DNI_OK && in->condition == 0 && in->place == 0)
    status = learn_by_backprop(all->of, in);
  if (status == DNI_OK) return 0;
  return fail("%s: %s", describe(in, text, sizeof text), dni_last_message());
}

/* index = ((((seed) PROBLEMS + problem) LOSSES + loss) CONDITIONS + condition) PLACES + place */
static void describe_runs(results *all) {
  for (size_t i = 0; i < all->count; i++) {
    run *in = &all->runs[i];
    in->place = (int)(i % PLACES);
    in->condition = (int)(i / PLACES % CONDITIONS);
    in->loss = (int)(i / (PLACES * CONDITIONS) % LOSSES);
    in->problem = (int)(i / (PLACES * CONDITIONS * LOSSES) % PROBLEMS);
    in->seed = all->of->common.seed + i / VARIANTS;
  }
}

static void spread_backprop(results *all) {
  for (size_t i = 0; i < all->count; i++)
    all->runs[i].backprop_loss = all->runs[i - i % (PLACES * CONDITIONS)].backprop_loss;
}

/* Results. ------------------------------------------------------------------------------------- */

static void print_json(const results *all) {
  (void)printf("{\"iterations\": %llu, \"hidden_layers\": %llu, \"hidden_units\": %llu, "
               "\"activation\": \"%s\", \"sg_after\": %llu, \"runs\": [",
               (unsigned long long)all->of->iterations, (unsigned long long)all->of->depth,
               (unsigned long long)all->of->width, activation_names[all->of->activation],
               (unsigned long long)(all->of->depth + 1) / 2);
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

static void print_text(const results *all) {
  (void)printf(
      "%llu iterations, %llu x %llu %s units; means of %llu seeds\n\n"
      "data     loss  SG sees  SGs   correlation      R^2   defect     loss  (backprop's)\n",
      (unsigned long long)all->of->iterations, (unsigned long long)all->of->depth,
      (unsigned long long)all->of->width, activation_names[all->of->activation],
      (unsigned long long)all->of->seeds);
  for (size_t v = 0; v < VARIANTS; v++) {
    const run *in = &all->runs[v];
    (void)printf("%-8s %-5s %-8s %-4s %12.3f %8.3f %8.3f %8.4f  (%.4f)\n",
                 problem_names[in->problem], loss_names[in->loss], condition_names[in->condition],
                 place_names[in->place], seed_mean(all, v, offsetof(run, correlation)),
                 seed_mean(all, v, offsetof(run, r2)), seed_mean(all, v, offsetof(run, defect)),
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

/* Sort key of an example: its label, then its loss on the way. */
typedef struct place_in_picture {
  int32_t label;
  double loss;
  size_t example;
} place_in_picture;

static int by_label_and_loss(const void *first, const void *second) {
  const place_in_picture *a = first, *b = second;
  if (a->label != b->label) return a->label < b->label ? -1 : 1;
  return (a->loss > b->loss) - (a->loss < b->loss);
}

static void sort_examples(const run *in, place_in_picture *order) {
  for (size_t i = 0; i < EXAMPLES; i++) {
    order[i] = (place_in_picture){in->labels[i], 0, i};
    for (size_t s = 0; s < SNAPSHOTS; s++)
      order[i].loss += in->truth[s * EXAMPLES + i] / SNAPSHOTS;
  }
  qsort(order, EXAMPLES, sizeof *order, by_label_and_loss);
}

/* What is to be added to the extracted losses of a label, so that they have the true ones' mean. */
static void find_offsets(const run *in, double offsets[2]) {
  size_t counts[2] = {0, 0};
  offsets[0] = offsets[1] = 0;
  for (size_t i = 0; i < GRID; i++) {
    int32_t label = in->labels[i % EXAMPLES];
    offsets[label] += in->truth[i] - in->extracted[i];
    counts[label]++;
  }
  for (int i = 0; i < 2; i++)
    if (counts[i] > 0) offsets[i] /= (double)counts[i];
}

/* Two blocks, true and extracted: a row an example, a column a snapshot. */
static void write_maps(FILE *file, const run *in) {
  place_in_picture order[EXAMPLES];
  double offsets[2];
  sort_examples(in, order);
  find_offsets(in, offsets);
  for (int which = 0; which < 2; which++) {
    for (size_t i = 0; i < EXAMPLES; i++)
      for (size_t s = 0; s < SNAPSHOTS; s++) {
        size_t at = s * EXAMPLES + order[i].example;
        double value = which == 0 ? in->truth[at] : in->extracted[at] + offsets[order[i].label];
        (void)fprintf(file, "%.5g%c", value, s + 1 < SNAPSHOTS ? '\t' : '\n');
      }
    (void)fputs("\n\n", file);
  }
}

static int write_condition(const results *all, int condition, const char *name) {
  FILE *file;
  int status = output_open(all->of->common.out, name, &file);
  if (status != 0) return status;
  for (size_t v = 0; v < VARIANTS; v++)
    if (all->runs[v].condition == condition) write_maps(file, &all->runs[v]);
  return output_close(all->of->common.out, name, file);
}

/* Rows: problems and losses; columns: true and extracted loss with one SG, and with all. */
static const char map_script[] =
    "array rows[4] = ['linear2, squared error', 'linear2, log loss', 'noisy2, squared error', "
    "'noisy2, log loss']\n"
    "array columns[4] = ['true, one SG', 'extracted, one SG', 'true, SG everywhere', "
    "'extracted, SG everywhere']\n"
    "unset key\nunset grid\nset tics front scale 0.5\nset yrange [-0.5:99.5]\n"
    "set xrange [0:iterations/1000.0]\nset cbtics font ',9' offset -0.8,0\n"
    "set multiplot layout 4,4 columnsfirst margins 0.07,0.945,0.075,0.945 spacing 0.075,0.06\n"
    "do for [c=1:4] { do for [r=1:4] {\n"
    "if (r == 1) { set title columns[c] offset 0,-0.5 } else { unset title }\n"
    "if (c == 1) { set ylabel rows[r].\"\\nexample\" } else { unset ylabel }\n"
    "if (r == 4) { set xlabel 'iterations / 1000' } else { unset xlabel }\n"
    "plot file index 4*(r-1)+(c-1) matrix using "
    "(($1+0.5)*iterations/1000.0/snapshots):2:3 with image\n"
    "} }\nunset multiplot\n";

static int draw_condition(const results *all, int condition) {
  char name[64], table[80], script[4096];
  (void)snprintf(name, sizeof name, "loss_%s", condition_names[condition]);
  (void)snprintf(table, sizeof table, "%s.tsv", name);
  int status = write_condition(all, condition, table);
  if (status != 0) return status;
  (void)snprintf(script, sizeof script, "file = '%s'\niterations = %llu\nsnapshots = %d\n%s", table,
                 (unsigned long long)all->of->iterations, SNAPSHOTS, map_script);
  return figure_draw(all->of->common.out, name, 1100, 900, script);
}

static int report(const results *all) {
  int status = 0;
  if (all->of->common.out) {
    status = write_table(all);
    for (int i = 0; i < CONDITIONS && status == 0; i++)
      status = draw_condition(all, i);
  }
  if (status != 0) return status;
  if (all->of->common.json)
    print_json(all);
  else
    print_text(all);
  return 0;
}

static int run_all(const settings *of) {
  results all = {.of = of, .count = VARIANTS * (size_t)of->seeds};
  all.runs = calloc(all.count, sizeof *all.runs);
  if (!all.runs) return fail("out of memory");
  describe_runs(&all);
  int status = parallel_work(all.count, of->threads, fill_run, &all);
  progress(NULL);
  spread_backprop(&all);
  if (status == 0) status = report(&all);
  for (size_t i = 0; i < all.count; i++) {
    free(all.runs[i].truth);
    free(all.runs[i].extracted);
  }
  free(all.runs);
  return status;
}

int main(int argc, char **argv) {
  static const char about[] =
      "Train a small network on artificial problems with linear synthetic gradients that see "
      "layer\n"
      "output and label, or either, and compare the loss they imply with the true one\n"
      "(Czarnecki et al. 2017, Figure 9).\n";
  settings of = {.iterations = 100000, .seeds = 3, .depth = 4, .width = 20, .threads = 1};
  of.rate = 3e-5;
  const argument table[] = {
      {"iterations", ARGUMENT_COUNT, &of.iterations, 1, 1e9, NULL, "of each training (100000)"},
      {"seeds", ARGUMENT_COUNT, &of.seeds, 1, 100, NULL, "runs of each, seeds from --seed up (3)"},
      {"depth", ARGUMENT_COUNT, &of.depth, 1, 100, NULL, "hidden layers (4)"},
      {"width", ARGUMENT_COUNT, &of.width, 1, 10000, NULL, "units in each (20)"},
      {"activation", ARGUMENT_CHOICE, &of.activation, 0, 0, "linear|relu",
       "of hidden units (linear)"},
      {"lr", ARGUMENT_NUMBER, &of.rate, 0, 1, NULL, "Adam's rate, network and SGs (3e-5)"},
      {"threads", ARGUMENT_COUNT, &of.threads, 1, THREADS_MOST, NULL,
       "trainings at a time; changes no result (1)"},
      {NULL, ARGUMENT_FLAG, NULL, 0, 0, NULL, NULL},
  };
  begin("loss_estimation");
  int status = arguments_parse(argc, argv, about, table, &of.common);
  if (status == ARGUMENTS_RUN) status = run_all(&of);
  return finish(status);
}
