/* The command line: every option with its default. */
#include <math.h>
#include <string.h>

#include "train.h"

enum { MOST_UNITS = 1 << 20, MOST_LAYERS = 1000, MOST_THREADS = 1024, ROWS_MOST = 64 };
#define MOST_COUNT 1e15

static const char *const words[] = {
    [WORDS_SG] = "none|synthetic|least-squares|least-squares-r|local|dfa|fa|critic|delayed|zero",
    [WORDS_LOSS] = "softmax|sigmoid|squared|absolute",
    [WORDS_OPTIMISER] = "sgd|adam|adamw",
    [WORDS_SCHEDULE] = "sequential|random|pipelined|micro-batches",
    [WORDS_DTYPE] = "f32|f64|bf16",
    [WORDS_DECAY] = "cosine|constant",
    [WORDS_ACTIVATION] = "identity|relu|tanh|sigmoid|leaky_relu|gelu",
    [WORDS_SWITCH] = "off|on",
    [WORDS_SEPARATOR] = "comma|semicolon|tab|space",
};

const char *choice_words(choice which) {
  return words[which];
}

const char *choice_word(choice which, int index, char text[NAME_SIZE]) {
  const char *word = words[which];
  for (; index > 0; index--)
    word += strcspn(word, "|") + 1;
  (void)snprintf(text, NAME_SIZE, "%.*s", (int)strcspn(word, "|"), word);
  return text;
}

#define HEADING(text)                                                                              \
  { "", ARGUMENT_HEADING, NULL, 0, 0, NULL, text }
#define CHOICE(name, place, which, help)                                                           \
  { name, ARGUMENT_CHOICE, place, 0, 0, words[which], help }
#define NAME(name, place, help)                                                                    \
  { name, ARGUMENT_TEXT, (void *)(place), 0, 0, NULL, help }

/* The options, one function for each part of --help. Each adds its rows at `to` and answers the end. */
#define ADD(rows) (memcpy(to, rows, sizeof rows), to + sizeof rows / sizeof rows[0])

static argument *add_data(settings *set, argument *to) {
  const argument rows[] = {
      HEADING("Data"),
      NAME("labels", &set->labels, "IDX file of labels (found by the name of DATA)"),
      NAME("validation", &set->validation, "CSV or IDX file to validate on"),
      NAME("validation-labels", &set->validation_labels,
           "its IDX file of labels (found by its name)"),
      {"split", ARGUMENT_NUMBER, &set->split, 0, 0.9, NULL,
       "share of DATA to validate on (0.1; of a folder its test images)"},
      {"classes", ARGUMENT_COUNT, &set->classes, 0, INT32_MAX, NULL,
       "labels are 0 to N-1; 0: targets are numbers (found from DATA)"},
      {"targets", ARGUMENT_COUNT, &set->target_columns, 1, MOST_UNITS, NULL,
       "columns of targets in a CSV file (1)"},
      {"targets-first", ARGUMENT_FLAG, &set->targets_first, 0, 0, NULL,
       "they are the first columns (the last)"},
      {"header", ARGUMENT_COUNT, &set->header_lines, 0, INT32_MAX, NULL,
       "lines to skip in CSV files (found)"},
      CHOICE("separator", &set->separator, WORDS_SEPARATOR, "of CSV files (found)"),
  };
  return ADD(rows);
}

static argument *add_network(settings *set, argument *to) {
  const argument rows[] = {
      HEADING("Network"),
      {"layers", ARGUMENT_LIST, &set->layers, 1, MOST_UNITS, NULL, "units of each hidden layer"},
      {"depth", ARGUMENT_COUNT, &set->depth, 0, MOST_LAYERS, NULL,
       "hidden layers, all of one width (2)"},
      {"width", ARGUMENT_COUNT, &set->width, 1, MOST_UNITS, NULL, "their units (256)"},
      CHOICE("activation", &set->activation, WORDS_ACTIVATION,
             "of hidden layers (relu for labels, gelu for numbers)"),
      CHOICE("batch-norm", &set->batch_norm, WORDS_SWITCH,
             "batch normalisation after each hidden layer (on for labels)"),
      {"dropout", ARGUMENT_NUMBER, &set->dropout, 0, 0.99, NULL,
       "share of hidden units that is dropped (0)"},
      NAME("load", &set->load, "begin with the network of this safetensors file"),
  };
  return ADD(rows);
}

static argument *add_sgs(settings *set, argument *to) {
  const argument rows[] = {
      HEADING("SGs"),
      CHOICE("sg", &set->sg, WORDS_SG, "what answers between layers (none)"),
      {"sg-every", ARGUMENT_COUNT, &set->sg_every, 1, MOST_LAYERS, NULL,
       "an SG after every N hidden layers (1)"},
      {"sg-after", ARGUMENT_LIST, &set->sg_after, 1, MOST_LAYERS, NULL,
       "SGs after these hidden layers, counted from 1"},
      {"sg-rate", ARGUMENT_NUMBER, &set->sg_rate, 0, 1e30, NULL,
       "learning rate of SGs (that of the layers; of a guess 0.001)"},
  };
  return ADD(rows);
}

static argument *add_training(settings *set, argument *to) {
  const argument rows[] = {
      HEADING("Training"),
      CHOICE("loss", &set->loss, WORDS_LOSS, "(softmax for labels, squared for numbers)"),
      CHOICE("optimiser", &set->optimiser, WORDS_OPTIMISER, "(adam)"),
      {"rate", ARGUMENT_NUMBER, &set->rate, 0, 1e30, NULL,
       "learning rate at its highest (0.001; of sgd 0.05)"},
      CHOICE("decay", &set->decay, WORDS_DECAY, "how the rate goes on (cosine, to 0)"),
      {"warm-up", ARGUMENT_COUNT, &set->warm_up, 0, MOST_COUNT, NULL,
       "steps in which the rate rises (a tenth, at most 200)"},
      {"momentum", ARGUMENT_NUMBER, &set->momentum, 0, 0.9999, NULL, "of sgd (0.9)"},
      {"weight-decay", ARGUMENT_NUMBER, &set->weight_decay, 0, 1e30, NULL, "(0; of adamw 0.01)"},
      {"clip-norm", ARGUMENT_NUMBER, &set->clip_norm, 0, 1e30, NULL,
       "the most that the norm of a module's gradients may be (0: any)"},
      {"batch", ARGUMENT_COUNT, &set->batch, 1, MOST_UNITS, NULL,
       "examples of a step (128, of small files fewer)"},
      {"epochs", ARGUMENT_COUNT, &set->epochs, 1, MOST_COUNT, NULL,
       "passes over the data (10, of small files more)"},
      {"steps", ARGUMENT_COUNT, &set->steps, 0, MOST_COUNT, NULL,
       "steps at most; 0: do not train (no limit)"},
      {"evaluate-every", ARGUMENT_COUNT, &set->evaluate_every, 1, MOST_COUNT, NULL,
       "steps from one evaluation to the next (an epoch)"},
      {"seed", ARGUMENT_COUNT, &set->seed, 0, 0x1p64, NULL, "of everything random (1)"},
      CHOICE("dtype", &set->dtype, WORDS_DTYPE,
             "elements; bf16: floats with products of bf16 (f32)"),
  };
  return ADD(rows);
}

static argument *add_threads(settings *set, argument *to) {
  const argument rows[] = {
      HEADING("Threads"),
      CHOICE("schedule", &set->schedule, WORDS_SCHEDULE, "when modules move (sequential)"),
      {"threads", ARGUMENT_COUNT, &set->threads, 1, MOST_THREADS, NULL,
       "of modules, if the schedule has them, else of products (processors, at most 4)"},
      {"update-probability", ARGUMENT_NUMBER, &set->update_probability, 1e-6, 1, NULL,
       "with which a module moves in a step of random (0.5)"},
      {"in-flight", ARGUMENT_COUNT, &set->in_flight, 1, 255, NULL,
       "batches between modules that are pipelined (2)"},
      {"micro-batches", ARGUMENT_COUNT, &set->micro_batches, 1, 255, NULL,
       "parts of a batch of micro-batches (4)"},
  };
  return ADD(rows);
}

static argument *add_files(settings *set, argument *to) {
  const argument rows[] = {
      HEADING("Files"),
      NAME("checkpoint", &set->checkpoint, "save the training into this file now and then"),
      {"checkpoint-every", ARGUMENT_COUNT, &set->checkpoint_every, 1, MOST_COUNT, NULL,
       "steps from one save to the next (an epoch)"},
      {"resume", ARGUMENT_FLAG, &set->resume, 0, 0, NULL,
       "go on from the checkpoint, if there is one"},
      NAME("save", &set->save, "save the network into this safetensors file"),
      NAME("predict", &set->predict, "write the answers for DATA into this CSV file"),
      NAME("json-file", &set->json_file, "write settings, evaluations and results into this file"),
      NAME("figure", &set->figure, "draw loss and accuracy into this SVG file"),
  };
  return ADD(rows);
}

/* As arguments_parse(). */
static int parse(int argc, char **argv, settings *set) {
  static const char about[] =
      "Train a dense network. DATA is a folder with the four files of MNIST (or of data in\n"
      "its format), a CSV file of numbers, or an IDX file of images, plain or gzip.\n";
  argument table[ROWS_MOST] = {{0}}, *end = add_data(set, table);
  end = add_network(set, end);
  end = add_sgs(set, end);
  end = add_training(set, end);
  end = add_threads(set, end);
  (void)add_files(set, end);
  return arguments_parse_file(argc, argv, about, table, NULL, "DATA", &set->data);
}

static void set_defaults(settings *set) {
  *set =
      (settings){.split = NAN, .sg_rate = NAN, .rate = NAN, .momentum = NAN, .weight_decay = NAN};
  set->update_probability = NAN;
  set->classes = set->target_columns = set->header_lines = COUNT_UNSET;
  set->depth = set->width = set->sg_every = COUNT_UNSET;
  set->warm_up = set->batch = set->epochs = set->steps = COUNT_UNSET;
  set->threads = set->in_flight = set->micro_batches = COUNT_UNSET;
  set->evaluate_every = set->checkpoint_every = COUNT_UNSET;
  set->separator = set->activation = set->batch_norm = set->loss = CHOICE_UNSET;
  set->optimiser = OPTIMISER_ADAM;
  set->seed = 1;
}

int options_parse(int argc, char **argv, settings *set) {
  set_defaults(set);
  int status = parse(argc, argv, set);
  if (status != ARGUMENTS_RUN) return status;
  status = options_check(set);
  return status == 0 ? ARGUMENTS_RUN : status;
}
