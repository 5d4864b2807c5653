/* tabular: a decoupled classifier from a CSV file.
 *
 * Shows the library on data of the user's own: one example per line, numbers, one column of class
 * labels 0, 1, 2 ... Two hidden layers (dense, ReLU, batch normalisation) with a synthetic gradient
 * after the first (Czarnecki et al. 2017), Adam. A tenth of the examples is kept for testing.
 * Seconds for small files. */
#include <dni.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { HELP = 256 };

typedef struct settings {
  const char *path;
  dni_csv_options csv;
  size_t width, batch;
  uint64_t epochs, seed;
  double rate;
  int json;
} settings;

typedef struct program {
  settings set;
  dni_context *context;
  dni_dataset *all, *train, *test;
  dni_network *network;
  dni_loss *loss;
  dni_optimiser *adam;
  dni_trainer *trainer;
} program;

static const char help[] =
    "usage: tabular [options] FILE.csv\n"
    "  --classes N      number of classes, labels 0 .. N-1 (2)\n"
    "  --labels-first   the label is the first column (default: the last)\n"
    "  --header N       lines to skip (0)\n"
    "  --width N        units per hidden layer (64)\n"
    "  --batch N        examples per step (32)\n"
    "  --epochs N       passes over the data (20)\n"
    "  --lr X           learning rate of Adam (0.001)\n"
    "  --seed N         of weights and order (1)\n"
    "  --json           one JSON object on standard output; accuracies are fractions\n";

static int usage(const char *option, const char *value) {
  fprintf(stderr, "tabular: --%s %s: not a usable value\n", option, value);
  return 2;
}

/* Whole numbers in [least, 2^31). Returns 0 on success. */
static int read_number(const char *text, long least, size_t *out) {
  char *end;
  long value = strtol(text, &end, 10);
  if (end == text || *end != '\0' || value < least || value > 0x7fffffff) return 1;
  *out = (size_t)value;
  return 0;
}

static int read_rate(const char *text, double *out) {
  char *end;
  *out = strtod(text, &end);
  return end == text || *end != '\0' || !(*out >= 0) || *out > 1e308;
}

static int read_option(settings *set, const char *name, int option) {
  size_t number = 0;
  int least = option == 'h' || option == 's' ? 0 : 1;
  if (option == 'r') return read_rate(optarg, &set->rate) ? usage(name, optarg) : 0;
  if (read_number(optarg, least, &number)) return usage(name, optarg);
  switch (option) {
  case 'c':
    set->csv.classes = number;
    break;
  case 'h':
    set->csv.header_lines = number;
    break;
  case 'w':
    set->width = number;
    break;
  case 'b':
    set->batch = number;
    break;
  case 'e':
    set->epochs = number;
    break;
  default:
    set->seed = number;
  }
  return 0;
}

/* 0: go on; 2: wrong usage; -1: help was asked for. */
static int read_options(int count, char **words, settings *set) {
  static const struct option options[] = {{"classes", required_argument, NULL, 'c'},
                                          {"labels-first", no_argument, NULL, 'f'},
                                          {"header", required_argument, NULL, 'h'},
                                          {"width", required_argument, NULL, 'w'},
                                          {"batch", required_argument, NULL, 'b'},
                                          {"epochs", required_argument, NULL, 'e'},
                                          {"lr", required_argument, NULL, 'r'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"help", no_argument, NULL, HELP},
                                          {NULL, 0, NULL, 0}};
  int option, index = 0;
  while ((option = getopt_long(count, words, "", options, &index)) != -1) {
    if (option == '?') return 2;
    if (option == HELP) return -1;
    if (option == 'f')
      set->csv.targets_first = 1;
    else if (option == 'j')
      set->json = 1;
    else if (read_option(set, options[index].name, option))
      return 2;
  }
  if (optind + 1 != count) {
    fprintf(stderr, "tabular: one FILE.csv is needed; see --help\n");
    return 2;
  }
  set->path = words[optind];
  return 0;
}

static dni_status load(program *p) {
  dni_context_options options = {.struct_size = sizeof options, .seed = p->set.seed};
  dni_status status = dni_context_create(&options, &p->context);
  if (status == DNI_OK)
    status = dni_dataset_create_csv(p->context, p->set.path, &p->set.csv, &p->all);
  size_t examples = dni_dataset_examples(p->all);
  if (status == DNI_OK)
    status = dni_dataset_split(p->all, examples - examples / 10 - (examples < 10 && examples > 1),
                               1, NULL, &p->train, &p->test);
  return status;
}

/* Appends a layer that `status` says was made, and lets go of it. */
static dni_status add(program *p, dni_status status, dni_layer *layer) {
  if (status != DNI_OK) return status;
  status = dni_network_add(p->network, layer);
  dni_layer_release(layer);
  return status;
}

static dni_status add_hidden(program *p, size_t inputs) {
  dni_layer *layer = NULL;
  dni_status status =
      dni_layer_create_dense(p->context, inputs, p->set.width, DNI_ACTIVATION_RELU, &layer);
  status = add(p, status, layer);
  if (status != DNI_OK) return status;
  status = dni_layer_create_batch_norm(p->context, p->set.width, &layer);
  return add(p, status, layer);
}

static dni_status build_network(program *p) {
  size_t classes = dni_dataset_targets(p->all);
  dni_layer *top = NULL;
  dni_sg *sg = NULL;
  dni_status status = dni_network_create(p->context, &p->network);
  if (status == DNI_OK) status = add_hidden(p, dni_dataset_features(p->all));
  if (status == DNI_OK) status = add_hidden(p, p->set.width);
  if (status == DNI_OK) {
    status =
        dni_layer_create_dense(p->context, p->set.width, classes, DNI_ACTIVATION_IDENTITY, &top);
    status = add(p, status, top);
  }
  if (status == DNI_OK)
    status = dni_sg_create_synthetic(p->context, p->set.width, classes, NULL, &sg);
  if (status == DNI_OK) status = dni_network_set_sg(p->network, 1, sg); /* after the first norm */
  dni_sg_release(sg);
  return status;
}

static dni_status train(program *p) {
  dni_trainer_options options = {.struct_size = sizeof options, .max_batch = p->set.batch};
  dni_fit_options fit = {.struct_size = sizeof fit, .epochs = p->set.epochs};
  dni_status status = dni_loss_create_softmax_cross_entropy(p->context, NULL, &p->loss);
  if (status == DNI_OK) status = dni_optimiser_create_adam(p->context, p->set.rate, &p->adam);
  options.optimiser = p->adam;
  if (status == DNI_OK) status = dni_trainer_create(p->network, p->loss, &options, &p->trainer);
  return status == DNI_OK ? dni_trainer_fit(p->trainer, p->train, &fit) : status;
}

static dni_status report(program *p) {
  dni_evaluation train = {.struct_size = sizeof train}, test = {.struct_size = sizeof test};
  dni_status status = dni_network_evaluate(p->network, p->loss, p->train, NULL, &train);
  if (status == DNI_OK) status = dni_network_evaluate(p->network, p->loss, p->test, NULL, &test);
  if (status != DNI_OK) return status;
  if (p->set.json)
    printf("{\"train\":%zu,\"test\":%zu,\"train_accuracy\":%.6g,\"test_accuracy\":%.6g,"
           "\"final_loss\":%.6g}\n",
           train.examples, test.examples, train.accuracy, test.accuracy, train.loss);
  else
    printf("%zu training examples: %.2f %% right, loss %.4f\n%zu test examples: %.2f %% right\n",
           train.examples, 100 * train.accuracy, train.loss, test.examples, 100 * test.accuracy);
  return DNI_OK;
}

static void release(program *p) {
  dni_trainer_release(p->trainer);
  dni_optimiser_release(p->adam);
  dni_loss_release(p->loss);
  dni_network_release(p->network);
  dni_dataset_release(p->test);
  dni_dataset_release(p->train);
  dni_dataset_release(p->all);
  dni_context_release(p->context);
}

int main(int count, char **words) {
  program p = {.set = {.csv = {.struct_size = sizeof(dni_csv_options), .classes = 2},
                       .width = 64,
                       .batch = 32,
                       .epochs = 20,
                       .seed = 1,
                       .rate = 1e-3}};
  int usage_status = read_options(count, words, &p.set);
  if (usage_status < 0) fputs(help, stdout);
  if (usage_status != 0) return usage_status < 0 ? 0 : usage_status;
  dni_status status = load(&p);
  if (status == DNI_OK) status = build_network(&p);
  if (status == DNI_OK) status = train(&p);
  if (status == DNI_OK) status = report(&p);
  if (status != DNI_OK) fprintf(stderr, "tabular: %s\n", dni_last_message());
  release(&p);
  return status == DNI_OK ? 0 : 1;
}
