/* artificial: do synthetic gradients find the optimum that backpropagation finds? (Czarnecki et al.
 * 2017, Appendix D, Table 2.)
 *
 * Linear models on the paper's artificial problems, trained by backpropagation and with a linear
 * synthetic gradient (SG): a shallow one, its SG between output and loss, and a deep one of 10
 * linear hidden layers. A linear SG implies a quadratic loss. With squared error it can follow the
 * true gradient; with the log loss of separable data, whose optimum is at infinity, it cannot.
 *
 * The paper gives no number of iterations, batch size or width. Here each step sees the whole data
 * set; the shallow model starts at zero, the deep one with orthogonal hidden layers under an output
 * layer of zeros, so that both start as the same function; and the losses are also shown on the way
 * (--out). With the defaults about 75 minutes on one core, three quarters of it for the deep
 * models, and nearly all for those of 100 inputs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <dni/research.h>

#include "common/common.h"

enum { PROBLEMS = 6, LOSSES = 2, MODELS = 2, DATASETS_MOST = 100, CHECKPOINTS_MOST = 32 };
enum { SHALLOW, DEEP, BOTH };

static const struct {
  const char *name;
  int32_t kind;
  size_t dimensions, examples;
} problems[PROBLEMS] = {
    {"linear2", DNI_ARTIFICIAL_LINEAR, 2, 100}, {"linear100", DNI_ARTIFICIAL_LINEAR, 100, 1000},
    {"noisy2", DNI_ARTIFICIAL_NOISY, 2, 100},   {"noisy100", DNI_ARTIFICIAL_NOISY, 100, 1000},
    {"random2", DNI_ARTIFICIAL_RANDOM, 2, 100}, {"random100", DNI_ARTIFICIAL_RANDOM, 100, 1000},
};
static const char *const model_names[MODELS] = {"shallow", "deep"};
static const char *const loss_names[LOSSES] = {"mse", "log"};

typedef struct settings {
  common_options common;
  uint64_t iterations, datasets, depth, width, threads;
  double rate;
  int model;   /* SHALLOW, DEEP or BOTH */
  int sigmoid; /* 1: one output and the sigmoid's log loss, 0: two and the softmax's */
  count_list sg_at;
} settings;

/* A cell of the table: a model, a loss, a problem. */
typedef struct cell {
  int model, loss, problem;
  double backprop[DATASETS_MOST], sg[DATASETS_MOST], difference[DATASETS_MOST];
  double optimum;                  /* mean over the data sets; NaN: not known in closed form */
  double course[CHECKPOINTS_MOST]; /* mean difference at each checkpoint */
} cell;

/* 1, 2, 5, 10, ... times 100, and the last iteration. */
static size_t find_checkpoints(uint64_t iterations, uint64_t *points) {
  static const uint64_t factors[] = {1, 2, 5};
  size_t count = 0;
  for (uint64_t power = 100; power < iterations && count + 4 < CHECKPOINTS_MOST; power *= 10)
    for (size_t i = 0; i < 3; i++)
      if (power * factors[i] < iterations) points[count++] = power * factors[i];
  points[count++] = iterations;
  return count;
}

/* One training. -------------------------------------------------------------------------------- */

/* The objects of a training, in the order in which they are made: of one seed, data and first
 * weights are the same with and without SG. */
typedef struct training {
  const settings *of;
  int model, loss_kind;
  dni_context *context;
  dni_dataset *data;
  dni_network *network;
  dni_loss *loss;
  dni_optimiser *adam;
  dni_trainer *trainer;
} training;

/* Rows (or columns, if there are fewer) of a random orthogonal matrix: Gram-Schmidt on normal
 * numbers, which the layer was created with. */
static dni_status make_orthogonal(dni_layer *layer) {
  dni_matrix weight;
  dni_status status = dni_layer_parameter(layer, 0, &weight, NULL);
  if (status != DNI_OK) return status;
  bool by_rows = weight.rows <= weight.columns;
  size_t count = by_rows ? weight.rows : weight.columns;
  size_t length = by_rows ? weight.columns : weight.rows;
  size_t next = by_rows ? weight.stride : 1, along = by_rows ? 1 : weight.stride;
  float *data = weight.data;
  for (size_t i = 0; i < count; i++) {
    float *v = data + i * next;
    double square = 0;
    for (size_t j = 0; j < i; j++) {
      double dot = 0;
      for (size_t k = 0; k < length; k++)
        dot += (double)v[k * along] * (double)data[j * next + k * along];
      for (size_t k = 0; k < length; k++)
        v[k * along] -= (float)dot * data[j * next + k * along];
    }
    for (size_t k = 0; k < length; k++)
      square += (double)v[k * along] * (double)v[k * along];
    for (size_t k = 0; k < length; k++)
      v[k * along] /= (float)sqrt(square);
  }
  return dni_layer_changed(layer);
}

static dni_status add_dense(training *work, size_t inputs, size_t outputs, bool last) {
  dni_initialiser_options zeros = {.struct_size = sizeof zeros, .has_value = 1};
  zeros.kind = DNI_INITIALISER_CONSTANT;
  dni_layer *layer;
  dni_status status =
      dni_layer_create_dense(work->context, inputs, outputs, DNI_ACTIVATION_IDENTITY, &layer);
  if (status != DNI_OK) return status;
  status = last ? dni_layer_initialise(layer, &zeros) : make_orthogonal(layer);
  if (status == DNI_OK) status = dni_network_add(work->network, layer);
  dni_layer_release(layer);
  return status;
}

/* Nothing, as a layer: the SG at the output needs a module above it, which has only the loss. */
static dni_status add_identity(training *work, size_t units) {
  dni_layer *layer;
  dni_status status =
      dni_layer_create_activation(work->context, units, DNI_ACTIVATION_IDENTITY, &layer);
  if (status != DNI_OK) return status;
  status = dni_network_add(work->network, layer);
  dni_layer_release(layer);
  return status;
}

static dni_status add_sg(training *work, size_t after) {
  size_t units = dni_layer_outputs(dni_network_layer(work->network, after));
  dni_sg *sg;
  dni_status status =
      dni_sg_create_synthetic(work->context, units, dni_network_outputs(work->network), NULL, &sg);
  if (status != DNI_OK) return status;
  status = dni_network_set_sg(work->network, after, sg);
  dni_sg_release(sg);
  return status;
}

static dni_status add_layers(training *work) {
  size_t inputs = dni_dataset_features(work->data), outputs = dni_dataset_targets(work->data);
  dni_status status = dni_network_create(work->context, &work->network);
  for (uint64_t i = 0; work->model == DEEP && i < work->of->depth && status == DNI_OK; i++) {
    status = add_dense(work, inputs, (size_t)work->of->width, false);
    inputs = (size_t)work->of->width;
  }
  if (status == DNI_OK) status = add_dense(work, inputs, outputs, true);
  if (status == DNI_OK) status = add_identity(work, outputs);
  return status;
}

static dni_status add_sgs(training *work) {
  if (work->model == SHALLOW) return add_sg(work, 0);
  for (size_t i = 0; i < work->of->sg_at.count; i++) {
    dni_status status = add_sg(work, (size_t)work->of->sg_at.values[i] - 1);
    if (status != DNI_OK) return status;
  }
  return DNI_OK;
}

static dni_status create_loss(training *work) {
  if (work->loss_kind == 0) return dni_loss_create_squared_error(work->context, &work->loss);
  if (work->of->sigmoid)
    return dni_loss_create_sigmoid_cross_entropy(work->context, NULL, &work->loss);
  return dni_loss_create_softmax_cross_entropy(work->context, NULL, &work->loss);
}

static dni_status open_training(training *work, int problem, uint64_t seed, bool with_sg) {
  dni_context_options wanted = {.struct_size = sizeof wanted, .seed = seed};
  dni_trainer_options plan = {.struct_size = sizeof plan};
  plan.max_batch = problems[problem].examples;
  dni_status status = dni_context_create(&wanted, &work->context);
  if (status == DNI_OK)
    status = dni_dataset_create_artificial(work->context, problems[problem].kind,
                                           problems[problem].dimensions, plan.max_batch,
                                           work->of->sigmoid ? 1 : 2, NULL, &work->data);
  if (status == DNI_OK) status = add_layers(work);
  if (status == DNI_OK && with_sg) status = add_sgs(work);
  if (status == DNI_OK) status = create_loss(work);
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
  dni_loss_release(work->loss);
  dni_network_release(work->network);
  dni_dataset_release(work->data);
  dni_context_release(work->context);
}

/* Mean over examples, and for the squared error over outputs and without the half. */
static double reported(const training *work, double loss) {
  return work->loss_kind == 0 ? 2 * loss / (double)dni_dataset_targets(work->data) : loss;
}

/* To each of the checkpoints in turn; losses [count]. The data set is one batch, in its order. */
static dni_status run(training *work, const uint64_t *points, size_t count, double *losses) {
  dni_fit_options how = {.struct_size = sizeof how, .keep_order = 1};
  uint64_t done = 0;
  for (size_t i = 0; i < count; i++) {
    dni_evaluation answer = {.struct_size = sizeof answer};
    how.steps = points[i] - done;
    done = points[i];
    dni_status status = dni_trainer_fit(work->trainer, work->data, &how);
    if (status == DNI_OK)
      status = dni_network_evaluate(work->network, work->loss, work->data, NULL, &answer);
    if (status != DNI_OK) return status;
    losses[i] = reported(work, answer.loss);
  }
  return DNI_OK;
}

/* The least squared error of any affine map; of the log loss only that of separable data is known,
 * at infinity. */
static dni_status find_optimum(const training *work, int problem, double *optimum) {
  size_t rows = dni_dataset_examples(work->data), inputs = dni_dataset_features(work->data);
  size_t outputs = dni_dataset_targets(work->data);
  *optimum = problems[problem].kind == DNI_ARTIFICIAL_LINEAR ? 0 : NAN;
  if (work->loss_kind != 0) return DNI_OK;
  void *memory;
  dni_matrix x, y;
  dni_status status =
      dni_context_allocate(work->context, rows * (inputs + outputs) * sizeof(float), &memory);
  if (status != DNI_OK) return status;
  dni_matrix_init_f32(&x, memory, rows, inputs);
  dni_matrix_init_f32(&y, (float *)memory + rows * inputs, rows, outputs);
  status = dni_dataset_batch(work->data, 0, &x, &y);
  if (status == DNI_OK) status = dni_analysis_regressor_probe(work->context, &x, &y, optimum, NULL);
  dni_context_free(work->context, memory);
  return status;
}

static int train(const settings *of, const cell *in, uint64_t seed, bool with_sg,
                 const uint64_t *points, size_t count, double *losses, double *optimum) {
  training work = {.of = of, .model = in->model, .loss_kind = in->loss};
  dni_status status = open_training(&work, in->problem, seed, with_sg);
  if (status == DNI_OK) status = run(&work, points, count, losses);
  if (status == DNI_OK && optimum) status = find_optimum(&work, in->problem, optimum);
  close_training(&work);
  if (status == DNI_OK) return 0;
  return fail("%s %s %s, seed %llu: %s", model_names[in->model], loss_names[in->loss],
              problems[in->problem].name, (unsigned long long)seed, dni_last_message());
}

static int fill_cell(const settings *of, cell *in) {
  uint64_t points[CHECKPOINTS_MOST];
  size_t count = find_checkpoints(of->iterations, points);
  in->optimum = 0;
  for (size_t d = 0; d < of->datasets; d++) {
    double backprop[CHECKPOINTS_MOST], sg[CHECKPOINTS_MOST], optimum;
    progress("%s %s %s: data set %zu of %llu", model_names[in->model], loss_names[in->loss],
             problems[in->problem].name, d + 1, (unsigned long long)of->datasets);
    int problem = train(of, in, of->common.seed + d, false, points, count, backprop, &optimum);
    if (problem == 0) problem = train(of, in, of->common.seed + d, true, points, count, sg, NULL);
    if (problem != 0) return problem;
    in->backprop[d] = backprop[count - 1];
    in->sg[d] = sg[count - 1];
    in->difference[d] = in->sg[d] - in->backprop[d];
    in->optimum += optimum / (double)of->datasets;
    for (size_t i = 0; i < count; i++)
      in->course[i] += (sg[i] - backprop[i]) / (double)of->datasets;
  }
  progress(NULL);
  return 0;
}

/* Results. ------------------------------------------------------------------------------------- */

static void print_sg_at(FILE *file, const settings *of) {
  for (size_t i = 0; i < of->sg_at.count; i++)
    (void)fprintf(file, "%s%llu", i > 0 ? ", " : "", (unsigned long long)of->sg_at.values[i]);
}

static void print_row_json(const cell *in, size_t count) {
  (void)printf("{\"model\": \"%s\", \"loss\": \"%s\", \"data\": \"%s\", \"backprop\": ",
               model_names[in->model], loss_names[in->loss], problems[in->problem].name);
  json_number(stdout, mean_of(in->backprop, count));
  (void)fputs(", \"sg\": ", stdout);
  json_number(stdout, mean_of(in->sg, count));
  (void)fputs(", \"difference\": ", stdout);
  json_number(stdout, mean_of(in->difference, count));
  (void)fputs(", \"difference_min\": ", stdout);
  json_number(stdout, least_of(in->difference, count));
  (void)fputs(", \"difference_max\": ", stdout);
  json_number(stdout, most_of(in->difference, count));
  (void)fputs(", \"optimum\": ", stdout);
  json_number(stdout, in->optimum);
  (void)printf(", \"datasets\": %zu}", count);
}

static void print_json(const settings *of, const cell *cells, size_t count) {
  (void)printf("{\"iterations\": %llu, \"datasets\": %llu, \"rate\": %g, \"batch\": \"all\", "
               "\"outputs\": %d, \"hidden_layers\": %llu, \"hidden_units\": %llu, \"sg_at\": [",
               (unsigned long long)of->iterations, (unsigned long long)of->datasets, of->rate,
               of->sigmoid ? 1 : 2, (unsigned long long)of->depth, (unsigned long long)of->width);
  print_sg_at(stdout, of);
  (void)fputs("], \"rows\": [", stdout);
  for (size_t i = 0; i < count; i++) {
    (void)fputs(i > 0 ? ",\n  " : "\n  ", stdout);
    print_row_json(&cells[i], (size_t)of->datasets);
  }
  (void)fputs("]}\n", stdout);
}

static void print_text(const settings *of, const cell *cells, size_t count) {
  (void)printf("%llu iterations of Adam %g on the whole data set, means of %llu data sets; deep: "
               "%llu x %llu, SG after hidden layer ",
               (unsigned long long)of->iterations, of->rate, (unsigned long long)of->datasets,
               (unsigned long long)of->depth, (unsigned long long)of->width);
  print_sg_at(stdout, of);
  (void)printf(
      "\n\nmodel    loss  data         backprop        SG   difference  (least .. most)      "
      "optimum\n");
  for (size_t i = 0; i < count; i++) {
    const cell *in = &cells[i];
    size_t n = (size_t)of->datasets;
    (void)printf("%-8s %-5s %-10s  %9.5f %9.5f  %11.5f  (%.5f .. %.5f)  %9.5f\n",
                 model_names[in->model], loss_names[in->loss], problems[in->problem].name,
                 mean_of(in->backprop, n), mean_of(in->sg, n), mean_of(in->difference, n),
                 least_of(in->difference, n), most_of(in->difference, n), in->optimum);
  }
}

static int write_table(const settings *of, const cell *cells, size_t count) {
  FILE *file;
  int status = output_open(of->common.out, "artificial.tsv", &file);
  if (status != 0) return status;
  (void)fputs("model\tloss\tdata\tseed\tbackprop\tsg\tdifference\n", file);
  for (size_t i = 0; i < count; i++)
    for (size_t d = 0; d < of->datasets; d++)
      (void)fprintf(file, "%s\t%s\t%s\t%llu\t%.9g\t%.9g\t%.9g\n", model_names[cells[i].model],
                    loss_names[cells[i].loss], problems[cells[i].problem].name,
                    (unsigned long long)(of->common.seed + d), cells[i].backprop[d], cells[i].sg[d],
                    cells[i].difference[d]);
  return output_close(of->common.out, "artificial.tsv", file);
}

static int write_course(const settings *of, const cell *cells, size_t count) {
  uint64_t points[CHECKPOINTS_MOST];
  size_t point_count = find_checkpoints(of->iterations, points);
  FILE *file;
  int status = output_open(of->common.out, "artificial_course.tsv", &file);
  if (status != 0) return status;
  (void)fputs("model\tloss\tdata\titeration\tdifference\n", file);
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < point_count; k++)
      (void)fprintf(file, "%s\t%s\t%s\t%llu\t%.9g\n", model_names[cells[i].model],
                    loss_names[cells[i].loss], problems[cells[i].problem].name,
                    (unsigned long long)points[k], cells[i].course[k]);
  return output_close(of->common.out, "artificial_course.tsv", file);
}

static int draw(const settings *of) {
  static const char script[] =
      "names = 'linear2 linear100 noisy2 noisy100 random2 random100'\n"
      "set logscale x\nset format x '10^{%T}'\n"
      "set xlabel 'iterations'\nset ylabel 'loss with SG minus loss of backprop'\n"
      "set multiplot layout 1,2 margins 0.09,0.98,0.28,0.9 spacing 0.1,0.1\n"
      "set key at screen 0.5,0.02 center bottom horizontal maxrows 1 width 1\n"
      "do for [kind in 'mse log'] {\n"
      "set title 'shallow, '.(kind eq 'mse' ? 'squared error' : 'log loss')\n"
      "plot for [i=1:6] 'artificial_course.tsv' using "
      "(strcol(1) eq the_model && strcol(2) eq kind && strcol(3) eq word(names, i) ? $4 : NaN):5 "
      "with linespoints ls i title word(names, i)\n"
      "set key off\n"
      "}\nunset multiplot\n";
  char whole[2048];
  (void)snprintf(whole, sizeof whole, "the_model = '%s'\n%s",
                 of->model == DEEP ? "deep" : "shallow", script);
  return figure_draw(of->common.out, "artificial", 1000, 400, whole);
}

static int report(const settings *of, const cell *cells, size_t count) {
  int status = 0;
  if (of->common.out) {
    status = write_table(of, cells, count);
    if (status == 0) status = write_course(of, cells, count);
    if (status == 0) status = draw(of);
  }
  if (status != 0) return status;
  if (of->common.json)
    print_json(of, cells, count);
  else
    print_text(of, cells, count);
  return 0;
}

typedef struct cell_list {
  const settings *of;
  cell *cells;
  size_t count;
} cell_list;

/* The long ones, which are the last, first: threads then end at about the same time. */
static int fill_next(void *shared, size_t index) {
  const cell_list *list = shared;
  return fill_cell(list->of, &list->cells[list->count - 1 - index]);
}

static int run_all(const settings *of) {
  cell *cells = calloc((size_t)MODELS * LOSSES * PROBLEMS, sizeof *cells);
  size_t count = 0;
  int status = cells ? 0 : fail("out of memory");
  for (int i = 0; cells && i < MODELS * LOSSES * PROBLEMS; i++) {
    int model = i / (LOSSES * PROBLEMS);
    if (of->model != BOTH && of->model != model) continue;
    cells[count].model = model;
    cells[count].loss = i / PROBLEMS % LOSSES;
    cells[count++].problem = i % PROBLEMS;
  }
  cell_list list = {of, cells, count};
  if (status == 0) status = parallel_work(count, of->threads, fill_next, &list);
  if (status == 0) status = report(of, cells, count);
  free(cells);
  return status;
}

static int check_sg_at(settings *of) {
  if (of->sg_at.count == 0) {
    of->sg_at.count = 1;
    of->sg_at.values[0] = (of->depth + 1) / 2;
  }
  for (size_t i = 0; i < of->sg_at.count; i++)
    if (of->sg_at.values[i] > of->depth)
      return usage("sg-at", "beyond --depth", "hidden layers that there are");
  return 0;
}

int main(int argc, char **argv) {
  static const char about[] =
      "Train linear models, shallow and deep, on artificial problems by backprop and with linear\n"
      "synthetic gradients, and compare their final losses (Czarnecki et al. 2017, Table 2).\n";
  settings of = {
      .iterations = 50000, .datasets = 10, .depth = 10, .width = 10, .threads = 1, .rate = 3e-5};
  of.model = BOTH;
  const argument table[] = {
      {"iterations", ARGUMENT_COUNT, &of.iterations, 1, 1e9, NULL, "of each training (50000)"},
      {"datasets", ARGUMENT_COUNT, &of.datasets, 1, DATASETS_MOST, NULL,
       "of each problem, seeds from --seed up (10)"},
      {"model", ARGUMENT_CHOICE, &of.model, 0, 0, "shallow|deep|both", "(both)"},
      {"outputs", ARGUMENT_CHOICE, &of.sigmoid, 0, 0, "one-hot|sigmoid",
       "two outputs and softmax, or one and the sigmoid (one-hot)"},
      {"depth", ARGUMENT_COUNT, &of.depth, 1, 1000, NULL, "hidden layers of the deep model (10)"},
      {"width", ARGUMENT_COUNT, &of.width, 2, 10000, NULL, "units in each of them (10)"},
      {"sg-at", ARGUMENT_LIST, &of.sg_at, 1, 1000, NULL,
       "hidden layers that have an SG after them (the middle one)"},
      {"lr", ARGUMENT_NUMBER, &of.rate, 0, 1, NULL, "Adam's rate, models and SGs (3e-5)"},
      {"threads", ARGUMENT_COUNT, &of.threads, 1, THREADS_MOST, NULL,
       "trainings at a time; changes no result (1)"},
      {NULL, ARGUMENT_FLAG, NULL, 0, 0, NULL, NULL},
  };
  begin("artificial");
  int status = arguments_parse(argc, argv, about, table, &of.common);
  if (status != ARGUMENTS_RUN) return finish(status);
  status = check_sg_at(&of);
  if (status == 0) status = run_all(&of);
  return finish(status);
}
