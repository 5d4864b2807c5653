/* For tests of networks and trainers: networks described by a line of text, and their parameters as
 * one list of numbers. What a test makes through these functions is released by training_end(), the
 * teardown of each test, which also expects every byte of every context to be back. */
#ifndef TEST_TRAINING_H
#define TEST_TRAINING_H

#include "support/support.h"

#include "dni/research.h"

/* The call fails like this, and its message has these words. */
#define EXPECT_MESSAGE(expected, words, call)                                                      \
  do {                                                                                             \
    EXPECT_STATUS(expected, call);                                                                 \
    EXPECT(strstr(dni_last_message(), words), "%s: message \"%s\" lacks \"%s\"", #call,            \
           dni_last_message(), words);                                                             \
  } while (0)

/* Everything a test makes. --------------------------------------------------------------------- */

typedef enum thing_kind {
  CONTEXT,
  BACKEND,
  LAYER,
  LOSS,
  OPTIMISER,
  ESTIMATOR,
  NETWORK,
  TRAINER,
  DATASET,
  STATE,
  PREDICTOR,
  ORDER,
  GUARD
} thing_kind;

static struct {
  thing_kind kind;
  void *thing;
} kept[200];
static size_t kept_count;

/* Have `thing` released at the end of the test. */
static inline void *keep(thing_kind kind, void *thing) {
  ck_assert_uint_lt(kept_count, sizeof kept / sizeof *kept);
  kept[kept_count].kind = kind;
  kept[kept_count++].thing = thing;
  return thing;
}

static inline void release(thing_kind kind, void *thing) {
  switch (kind) {
  case CONTEXT:
    dni_context_release(thing);
    break;
  case BACKEND:
    dni_backend_release(thing);
    break;
  case LAYER:
    dni_layer_release(thing);
    break;
  case LOSS:
    dni_loss_release(thing);
    break;
  case OPTIMISER:
    dni_optimiser_release(thing);
    break;
  case ESTIMATOR:
    dni_sg_release(thing);
    break;
  case NETWORK:
    dni_network_release(thing);
    break;
  case TRAINER:
    dni_trainer_release(thing);
    break;
  case DATASET:
    dni_dataset_release(thing);
    break;
  case STATE:
    dni_state_release(thing);
    break;
  case PREDICTOR:
    dni_predictor_release(thing);
    break;
  case ORDER:
    dni_order_release(thing);
    break;
  case GUARD:
    dni_guard_release(thing);
    break;
  }
}

/* What was made last. */
static inline void release_last(void) {
  kept_count--;
  release(kept[kept_count].kind, kept[kept_count].thing);
}

static inline void release_all(void) {
  while (kept_count > 0)
    release_last();
}

static inline void training_end(void) {
  release_all();
  support_teardown();
}

/* A context on the watched allocator; `backend` NULL: the builtin one. */
static inline dni_context *make_backend_context(dni_dtype dtype, uint64_t seed,
                                                dni_backend *backend) {
  dni_context_options options = {.struct_size = sizeof options,
                                 .seed = seed,
                                 .dtype = dtype,
                                 .compute = support_compute(dtype),
                                 .allocator = &support_allocator,
                                 .backend = backend};
  dni_context *context;
  EXPECT_OK(dni_context_create(&options, &context));
  return keep(CONTEXT, context);
}

static inline dni_context *make_context(dni_dtype dtype, uint64_t seed) {
  return make_backend_context(dtype, seed, NULL);
}

/* Rows first .. first + rows - 1. */
static inline dni_matrix some_rows(dni_matrix matrix, size_t first, size_t rows) {
  size_t element = matrix.dtype == DNI_F32 ? sizeof(float) : sizeof(double);
  matrix.data = (char *)matrix.data + first * matrix.stride * element;
  matrix.rows = rows;
  return matrix;
}

/* Networks. ------------------------------------------------------------------------------------ */

/* "relu9": a dense layer of 9 ReLU units, "relu": ReLU alone; "dense9", "tanh9", "sigmoid9",
 * "leaky9", "gelu9" likewise; "norm": batch normalisation; "rows": layer normalisation; "drop":
 * dropout of 0.3. */
static inline dni_layer *make_layer(dni_context *context, size_t inputs, const char *word) {
  static const char *const names[] = {"dense",   "relu",  "tanh",
                                      "sigmoid", "leaky", "gelu"}; /* by dni_activation */
  size_t letters = strcspn(word, "0123456789");
  size_t units = strtoul(word + letters, NULL, 10);
  dni_activation activation = DNI_ACTIVATION_IDENTITY;
  while (activation < DNI_ACTIVATION_GELU && strncmp(word, names[activation], letters) != 0)
    activation++;
  dni_layer *layer;
  if (strcmp(word, "norm") == 0)
    EXPECT_OK(dni_layer_create_batch_norm(context, inputs, &layer));
  else if (strcmp(word, "rows") == 0)
    EXPECT_OK(dni_layer_create_layer_norm(context, inputs, &layer));
  else if (strcmp(word, "drop") == 0)
    EXPECT_OK(dni_layer_create_dropout(context, inputs, 0.3, NULL, &layer));
  else if (units > 0)
    EXPECT_OK(dni_layer_create_dense(context, inputs, units, activation, &layer));
  else
    EXPECT_OK(dni_layer_create_activation(context, inputs, activation, &layer));
  return layer;
}

/* "exact" (NULL: no SG), "fa", "dfa", "scalar", "zero", "delayed", "local", or "sg", "ls" or "critic"
 * followed by what differs from a linear one in (h, y): the number of hidden layers, then h or y if
 * it sees that alone, q if it sees the residual of a guess as well, r if that alone: "sg", "sg1",
 * "critic2h", "lsq". */
static inline dni_sg *make_sg(dni_context *context, size_t units, size_t outputs, size_t above,
                              const char *word) {
  if (strcmp(word, "exact") == 0) return NULL;
  dni_sg *sg;
  dni_loss *loss;
  dni_sg_options options = {.struct_size = sizeof options};
  bool regresses = strncmp(word, "sg", 2) == 0 || strncmp(word, "ls", 2) == 0;
  EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  if (strchr(word, '1')) options.hidden_layers = 1;
  if (strchr(word, '2')) options.hidden_layers = 2;
  if (strchr(word, 'h')) options.condition = DNI_CONDITION_H;
  if (strchr(word, 'y')) options.condition = DNI_CONDITION_Y;
  if (regresses && strchr(word, 'r')) options.condition = DNI_CONDITION_RESIDUAL;
  if (regresses && strpbrk(word, "qr")) options.loss = loss;
  dni_least_squares_options least_squares = {
      .struct_size = sizeof least_squares, .condition = options.condition, .loss = options.loss};
  if (strcmp(word, "fa") == 0)
    EXPECT_OK(dni_sg_create_fa(context, units, above, NULL, &sg));
  else if (strcmp(word, "dfa") == 0)
    EXPECT_OK(dni_sg_create_dfa(context, units, outputs, NULL, &sg));
  else if (strcmp(word, "scalar") == 0)
    EXPECT_OK(dni_sg_create_scalar(context, units, &sg));
  else if (strcmp(word, "zero") == 0)
    EXPECT_OK(dni_sg_create_zero(context, units, &sg));
  else if (strcmp(word, "delayed") == 0)
    EXPECT_OK(dni_sg_create_delayed(context, units, 1, &sg));
  else if (strcmp(word, "local") == 0)
    EXPECT_OK(dni_sg_create_local(context, units, outputs, loss, NULL, &sg));
  else if (strncmp(word, "ls", 2) == 0)
    EXPECT_OK(dni_sg_create_least_squares(context, units, outputs, &least_squares, &sg));
  else if (strncmp(word, "critic", 6) == 0)
    EXPECT_OK(dni_sg_create_critic(context, units, outputs, &options, &sg));
  else
    EXPECT_OK(dni_sg_create_synthetic(context, units, outputs, &options, &sg));
  dni_loss_release(loss);
  return sg;
}

/* A network in words: the number of inputs, layers, and SGs marked "|":
 * "6 relu9 norm |sg relu8 |fa dense4". Layers are made first, so networks of the same layers start
 * with the same weights whatever their SGs. */
static inline dni_network *make_network(dni_context *context, const char *text) {
  char words[2000], *rest = words, *word, *interfaces[128] = {NULL};
  (void)snprintf(words, sizeof words, "%s", text);
  EXPECT(strlen(text) < sizeof words, "too long a description");
  dni_network *network;
  EXPECT_OK(dni_network_create(context, &network));
  size_t count = 0, units = strtoul(strtok_r(words, " ", &rest), NULL, 10);
  while ((word = strtok_r(NULL, " ", &rest))) {
    if (*word == '|') {
      interfaces[count - 1] = word + 1;
      continue;
    }
    dni_layer *layer = make_layer(context, units, word);
    EXPECT_OK(dni_network_add(network, layer));
    dni_layer_release(layer);
    units = dni_network_outputs(network);
    count++;
  }
  for (size_t i = 0; i + 1 < count; i++) {
    if (!interfaces[i]) continue;
    dni_sg *sg = make_sg(context, dni_layer_outputs(dni_network_layer(network, i)), units,
                         dni_layer_outputs(dni_network_layer(network, i + 1)), interfaces[i]);
    EXPECT_OK(dni_network_set_sg(network, i, sg));
    dni_sg_release(sg);
  }
  return keep(NETWORK, network);
}

static inline dni_optimiser *make_sgd(dni_context *context, double rate) {
  dni_optimiser *optimiser;
  EXPECT_OK(dni_optimiser_create_sgd(context, rate, &optimiser));
  return keep(OPTIMISER, optimiser);
}

static inline dni_optimiser *make_adam(dni_context *context, double rate) {
  dni_optimiser *optimiser;
  EXPECT_OK(dni_optimiser_create_adam(context, rate, &optimiser));
  return keep(OPTIMISER, optimiser);
}

static inline dni_loss *make_cross_entropy(dni_context *context) {
  dni_loss *loss;
  EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  return keep(LOSS, loss);
}

/* Softmax cross-entropy; probability 0 is the sequential schedule. */
static inline dni_trainer *make_trainer(dni_context *context, dni_network *network,
                                        const dni_optimiser *optimiser,
                                        const dni_optimiser *sg_optimiser, size_t max_batch,
                                        double probability) {
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .optimiser = optimiser,
                                 .sg_optimiser = sg_optimiser,
                                 .max_batch = max_batch,
                                 .schedule = probability > 0 ? DNI_SCHEDULE_RANDOM
                                                             : DNI_SCHEDULE_SEQUENTIAL,
                                 .update_probability = probability};
  dni_trainer *trainer;
  EXPECT_OK(dni_trainer_create(network, make_cross_entropy(context), &options, &trainer));
  return keep(TRAINER, trainer);
}

/* Parameters as numbers. ----------------------------------------------------------------------- */

typedef struct numbers {
  size_t count;
  double data[4000];
} numbers;

static inline void append_number(numbers *list, double number) {
  EXPECT(list->count < sizeof list->data / sizeof *list->data, "too many numbers");
  list->data[list->count++] = number;
}

static inline void append_numbers(numbers *list, numbers more) {
  for (size_t i = 0; i < more.count; i++)
    append_number(list, more.data[i]);
}

static inline void append(numbers *list, const dni_matrix *matrix) {
  for (size_t r = 0; r < matrix->rows; r++)
    for (size_t c = 0; c < matrix->columns; c++)
      append_number(list, matrix_get(matrix, r, c));
}

/* Of layers first .. first + count - 1, what the optimiser moves; `all`: running statistics too. */
static inline numbers layer_numbers(dni_network *network, size_t first, size_t count, bool all) {
  numbers list = {0};
  for (size_t i = first; i < first + count; i++) {
    dni_layer *layer = dni_network_layer(network, i);
    for (size_t p = 0; p < dni_layer_parameter_count(layer); p++) {
      dni_matrix value, gradient;
      EXPECT_OK(dni_layer_parameter(layer, p, &value, &gradient));
      if (all || gradient.data) append(&list, &value);
    }
  }
  return list;
}

/* The SG after a layer; NULL where the gradient is exact. */
static inline dni_sg *sg_after(dni_network *network, size_t after) {
  dni_sg *sg = NULL;
  EXPECT_OK(dni_network_sg(network, after, &sg));
  return sg;
}

/* Its parameters. */
static inline numbers sg_numbers(dni_network *network, size_t after) {
  numbers list = {0};
  dni_sg *sg = sg_after(network, after);
  for (size_t p = 0; p < dni_sg_parameter_count(sg); p++) {
    dni_matrix value;
    EXPECT_OK(dni_sg_parameter(sg, p, &value, NULL));
    append(&list, &value);
  }
  return list;
}

static inline numbers all_sg_numbers(dni_network *network) {
  numbers list = {0};
  for (size_t i = 0; i + 1 < dni_network_layer_count(network); i++)
    append_numbers(&list, sg_numbers(network, i));
  return list;
}

static inline numbers all_layer_numbers(dni_network *network) {
  return layer_numbers(network, 0, dni_network_layer_count(network), true);
}

static inline bool same_bits(numbers a, numbers b) {
  return a.count == b.count && memcmp(a.data, b.data, a.count * sizeof *a.data) == 0;
}

/* The largest difference, relative to the larger of 1 and the number. NaN differs from all. */
static inline double difference(numbers a, numbers b) {
  double most = 0;
  ck_assert_uint_eq(a.count, b.count);
  for (size_t i = 0; i < a.count; i++) {
    double d = fabs(a.data[i] - b.data[i]) / fmax(1, fabs(a.data[i]));
    if (!(d <= most)) most = isnan(d) ? INFINITY : d;
  }
  return most;
}

#define EXPECT_SAME_BITS(a, b)                                                                     \
  do {                                                                                             \
    numbers a_ = (a), b_ = (b);                                                                    \
    EXPECT(same_bits(a_, b_), "%s and %s differ by %g", #a, #b, difference(a_, b_));               \
  } while (0)

/* Groups. ------------------------------------------------------------------------------------- */

static inline TCase *add_group(Suite *suite, const char *name) {
  TCase *group = tcase_create(name);
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, support_setup, training_end);
  tcase_set_timeout(group, 120);
  return group;
}

#endif
