/* tabular: a decoupled classifier from a CSV file.
 *
 * Shows the library on data of the user's own: one example per line, numbers, one column of class
 * labels 0, 1, 2 ... Two hidden layers (dense, ReLU, batch normalisation) with a synthetic gradient
 * after the first (Czarnecki et al. 2017), Adam. A tenth of the examples is kept for testing.
 * Seconds for small files. */
#include "common/common.h"

typedef struct settings {
  const char *path;
  uint64_t classes, header_lines, width, batch, epochs, seed;
  double rate;
  bool labels_first, json;
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

/* As arguments_parse_file(). */
static int read_options(int count, char **words, settings *set) {
  const argument table[] = {
      {"classes", ARGUMENT_COUNT, &set->classes, 1, INT32_MAX, NULL,
       "how many; labels are 0 .. N-1 (2)"},
      {"labels-first", ARGUMENT_FLAG, &set->labels_first, 0, 0, NULL,
       "the label is the first column (the last)"},
      {"header", ARGUMENT_COUNT, &set->header_lines, 0, INT32_MAX, NULL, "lines to skip (0)"},
      {"width", ARGUMENT_COUNT, &set->width, 1, INT32_MAX, NULL, "units per hidden layer (64)"},
      {"batch", ARGUMENT_COUNT, &set->batch, 1, INT32_MAX, NULL, "examples per step (32)"},
      {"epochs", ARGUMENT_COUNT, &set->epochs, 1, INT32_MAX, NULL, "passes over the data (20)"},
      {"lr", ARGUMENT_NUMBER, &set->rate, 0, 1e30, NULL, "learning rate of Adam (0.001)"},
      {"seed", ARGUMENT_COUNT, &set->seed, 0, 0x1p64, NULL, "of weights and order (1)"},
      {"json", ARGUMENT_FLAG, &set->json, 0, 0, NULL,
       "print one JSON object; accuracies are fractions"},
      {0}};
  return arguments_parse_file(count, words, "Train a classifier on a table of numbers.\n", table,
                              NULL, "FILE.csv", &set->path);
}

static dni_status load(program *p) {
  dni_context_options options = {.struct_size = sizeof options, .seed = p->set.seed};
  dni_csv_options csv = {.struct_size = sizeof csv, .classes = (size_t)p->set.classes};
  csv.header_lines = (size_t)p->set.header_lines;
  csv.targets_first = p->set.labels_first;
  dni_status status = dni_context_create(&options, &p->context);
  if (status == DNI_OK) status = dni_dataset_create_csv(p->context, p->set.path, &csv, &p->all);
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
      dni_layer_create_dense(p->context, inputs, (size_t)p->set.width, DNI_ACTIVATION_RELU, &layer);
  status = add(p, status, layer);
  if (status != DNI_OK) return status;
  status = dni_layer_create_batch_norm(p->context, (size_t)p->set.width, &layer);
  return add(p, status, layer);
}

static dni_status build_network(program *p) {
  size_t classes = dni_dataset_targets(p->all);
  dni_layer *top = NULL;
  dni_sg *sg = NULL;
  dni_status status = dni_network_create(p->context, &p->network);
  if (status == DNI_OK) status = add_hidden(p, dni_dataset_features(p->all));
  if (status == DNI_OK) status = add_hidden(p, (size_t)p->set.width);
  if (status == DNI_OK) {
    status = dni_layer_create_dense(p->context, (size_t)p->set.width, classes,
                                    DNI_ACTIVATION_IDENTITY, &top);
    status = add(p, status, top);
  }
  if (status == DNI_OK)
    status = dni_sg_create_synthetic(p->context, (size_t)p->set.width, classes, NULL, &sg);
  if (status == DNI_OK) status = dni_network_set_sg(p->network, 1, sg); /* after the first norm */
  dni_sg_release(sg);
  return status;
}

static dni_status train(program *p) {
  dni_trainer_options options = {.struct_size = sizeof options, .max_batch = (size_t)p->set.batch};
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
  program p = {.set = {.classes = 2, .width = 64, .batch = 32, .epochs = 20, .seed = 1}};
  p.set.rate = 1e-3;
  begin("tabular");
  int answer = read_options(count, words, &p.set);
  if (answer != ARGUMENTS_RUN) return finish(answer);
  dni_status status = load(&p);
  if (status == DNI_OK) status = build_network(&p);
  if (status == DNI_OK) status = train(&p);
  if (status == DNI_OK) status = report(&p);
  answer = status == DNI_OK ? 0 : library_failure();
  release(&p);
  return finish(answer);
}
