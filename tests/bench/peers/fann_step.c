/* FANN's worker of bench-peers (peers.py): the protocol of dni_step.c, with another kind of
 * network. FANN has neither ReLU nor softmax nor Adam nor batch normalisation, so what is compared
 * is the time it takes to show a network of the same size the same number of examples and to move
 * its weights by its own rules:
 *
 *   hidden layers   FANN_LINEAR_PIECE (x cut off below 0 and above 1): the nearest to ReLU, and
 * cheap outputs         FANN_SIGMOID, squared error step            one epoch over `batch`
 * examples: rule batch (one move), incremental (one move for each example), rprop or quickprop (one
 * move)
 *
 * Lines: case KEY=VALUE ... with width, batch, rule; go N. */
#include <fann.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { INPUTS = 784, CLASSES = 10 };

static unsigned width = 64, batch = 64;
static enum fann_train_enum rule = FANN_TRAIN_BATCH;
static struct fann *network;
static struct fann_train_data *examples;

static void fail(const char *what) {
  fprintf(stderr, "fann_step: %s\n", what);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void set_rule(const char *name) {
  rule = strcmp(name, "incremental") == 0 ? FANN_TRAIN_INCREMENTAL
         : strcmp(name, "rprop") == 0     ? FANN_TRAIN_RPROP
         : strcmp(name, "quickprop") == 0 ? FANN_TRAIN_QUICKPROP
                                          : FANN_TRAIN_BATCH;
}

static void set(const char *key, const char *value) {
  if (strcmp(key, "width") == 0)
    width = (unsigned)atoi(value);
  else if (strcmp(key, "batch") == 0)
    batch = (unsigned)atoi(value);
  else if (strcmp(key, "rule") == 0)
    set_rule(value);
  else
    fail("no such key");
}

/* Random inputs in [0, 1), the classes in turn. */
static void make_examples(void) {
  unsigned state = 1;
  examples = fann_create_train(batch, INPUTS, CLASSES);
  if (!examples) fail("no examples");
  for (unsigned i = 0; i < batch; i++) {
    for (unsigned j = 0; j < INPUTS; j++) {
      state = state * 1664525u + 1013904223u;
      examples->input[i][j] = (fann_type)(state >> 8) / 16777216.0f;
    }
    for (unsigned j = 0; j < CLASSES; j++)
      examples->output[i][j] = j == i % CLASSES;
  }
}

static void make_network(void) {
  network = fann_create_standard(3, (unsigned)INPUTS, width, (unsigned)CLASSES);
  if (!network) fail("no network");
  fann_set_activation_function_hidden(network, FANN_LINEAR_PIECE);
  fann_set_activation_function_output(network, FANN_SIGMOID);
  fann_set_activation_steepness_hidden(network, 1);
  fann_set_training_algorithm(network, rule);
  fann_set_learning_rate(network, 0.1f);
  fann_randomize_weights(network, -0.05f, 0.05f);
}

static void build(char *words) {
  for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
    char *equals = strchr(word, '=');
    if (!equals) fail("not KEY=VALUE");
    *equals = 0;
    set(word, equals + 1);
  }
  if (network) fann_destroy(network);
  if (examples) fann_destroy_train(examples);
  make_examples();
  make_network();
  puts("ready");
}

static void go(int steps) {
  float loss = 0;
  if (!network) fail("go: there is no case yet");
  double start = now();
  for (int i = 0; i < steps; i++)
    loss = fann_train_epoch(network, examples);
  printf("%.9f %.9g\n", now() - start, (double)loss);
}

int main(void) {
  char line[1024];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, "case ", 5) == 0)
      build(line + 5);
    else if (strncmp(line, "go ", 3) == 0)
      go(atoi(line + 3));
    else
      fail("not understood");
    fflush(stdout);
  }
  return 0;
}
