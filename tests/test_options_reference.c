/* The options of training against an independent implementation: tests/reference/options.py made
 * the numbers. Rate scales and frozen parts, clipping, decay, schedules, options of losses,
 * dropout, layer norm, activations, weights of examples, rate factors: reports and parameters of 30
 * steps agree to 1e-9 in double, on each instruction set and backend. The same trajectories come
 * out by hand, without a trainer, when each batch is worked off in three unequal parts. */
#include "training.h"

enum { MOST_LAYERS = 6, INPUTS = 6, CLASSES = 3, BATCHES = 3, MOST_ROWS = 8, PARTS = 3 };

/* A case as options.py describes it. What is 0 is left as the library has it, rate scales apart. */
typedef struct options_case {
  const char *name, *network;
  dni_kind optimiser, schedule, loss;
  double rate, sg_rate, momentum, decay, clip_norm, clip_value; /* sg_rate 0: as the layers */
  double rate_scale[MOST_LAYERS], sg_rate_scale;                /* of each layer; of all SGs */
  uint64_t warm_up, schedule_steps, boundaries[3];
  double schedule_value, values[3];
  size_t points; /* how many boundaries and values there are */
  double smoothing, class_weights[CLASSES];
  bool weighted, labels;
  uint64_t factor_step[2]; /* from this step on, counted from 1, the rate factor is in force */
  size_t factor_module[2];
  double factor[2];
  const double *numbers;
  size_t number_count;
} options_case;

#include "reference/options_reference.h"

enum { CASES = sizeof options_cases / sizeof options_cases[0] };
static const double tolerance = 1e-9, leaky_slope = 0.2, drop = 0.3;

/* The same numbers as fill() of options.py. */
static double fill(size_t i, size_t salt) {
  return sin((double)((i + 1) * (i + 13 * salt + 5) % 1009));
}

/* Batches. ------------------------------------------------------------------------------------ */

typedef struct example_batch {
  dni_matrix x, y, weights; /* y: dense or labels */
  int32_t labels[MOST_ROWS];
  bool weighted;
} example_batch;

static double target_of(const options_case *c, size_t k, size_t row, size_t column) {
  if (c->loss == DNI_LOSS_SQUARED_ERROR) return fill(row * CLASSES + column, 200 + k);
  if (c->loss == DNI_LOSS_SIGMOID_CROSS_ENTROPY)
    return (double)(((row + 1) * (column + 2) + k) / 2 % 2);
  return (row + row / 3 + k) % CLASSES == column;
}

/* Batch k, in place: labels are viewed. */
static void make_batch(const options_case *c, size_t k, example_batch *made) {
  static const size_t rows_of[BATCHES] = {7, 5, 8};
  size_t rows = rows_of[k];
  made->x = matrix_make(DNI_F64, rows, INPUTS);
  made->y = matrix_make(DNI_F64, rows, CLASSES);
  made->weights = matrix_make(DNI_F64, rows, 1);
  made->weighted = c->weighted;
  for (size_t r = 0; r < rows; r++) {
    for (size_t i = 0; i < INPUTS; i++)
      matrix_set(&made->x, r, i, 1.5 * fill(r * INPUTS + i, 100 + k));
    for (size_t i = 0; i < CLASSES; i++)
      matrix_set(&made->y, r, i, target_of(c, k, r, i));
    made->labels[r] = (int32_t)((r + r / 3 + k) % CLASSES);
    matrix_set(&made->weights, r, 0, c->weighted ? 0.5 * (double)((3 * r + k) % 5) : 1);
  }
  if (c->labels) dni_matrix_init_labels(&made->y, made->labels, rows);
}

/* Rows first .. first + rows - 1 of a batch. */
static example_batch part_of(const example_batch *all, size_t first, size_t rows) {
  example_batch part = {.x = some_rows(all->x, first, rows),
                        .weights = some_rows(all->weights, first, rows),
                        .weighted = all->weighted};
  if (all->y.dtype == DNI_I32)
    dni_matrix_init_labels(&part.y, all->labels + first, rows);
  else
    part.y = some_rows(all->y, first, rows);
  return part;
}

static const dni_matrix *weights_of(const example_batch *batch) {
  return batch->weighted ? &batch->weights : NULL;
}

static double total_of(const example_batch *batch) {
  double total = 0;
  for (size_t r = 0; r < batch->x.rows; r++)
    total += matrix_get(&batch->weights, r, 0);
  return total;
}

/* What is trained. ---------------------------------------------------------------------------- */

static dni_layer *make_own_layer(dni_context *context, size_t inputs, const char *word,
                                 size_t index) {
  dni_random_options seeded = {.struct_size = sizeof seeded, .has_seed = 1, .seed = index};
  dni_layer *layer = NULL;
  if (strcmp(word, "drop") == 0)
    EXPECT_OK(dni_layer_create_dropout(context, inputs, drop, &seeded, &layer));
  else
    layer = make_layer(context, inputs, word);
  if (dni_layer_has(layer, DNI_SETTING_SLOPE))
    EXPECT_OK(dni_layer_set_f64(layer, DNI_SETTING_SLOPE, leaky_slope));
  return layer;
}

/* The words of make_network(), but with the slope and the seeds of options.py. */
static dni_network *make_own_network(dni_context *context, const options_case *c) {
  char words[100], *rest = NULL;
  (void)snprintf(words, sizeof words, "%s", c->network);
  dni_network *network;
  EXPECT_OK(dni_network_create(context, &network));
  keep(NETWORK, network);
  size_t units = strtoul(strtok_r(words, " ", &rest), NULL, 10);
  for (char *word; (word = strtok_r(NULL, " ", &rest));) {
    size_t count = dni_network_layer_count(network);
    if (*word == '|') {
      dni_sg *sg = make_sg(context, units, CLASSES, 0, word + 1);
      EXPECT_OK(dni_sg_set_f64(sg, DNI_SETTING_RATE_SCALE, c->sg_rate_scale));
      EXPECT_OK(dni_network_set_sg(network, count - 1, sg));
      dni_sg_release(sg);
      continue;
    }
    dni_layer *layer = make_own_layer(context, units, word, count);
    if (dni_layer_has(layer, DNI_SETTING_RATE_SCALE))
      EXPECT_OK(dni_layer_set_f64(layer, DNI_SETTING_RATE_SCALE, c->rate_scale[count]));
    EXPECT_OK(dni_network_add(network, layer));
    dni_layer_release(layer);
    units = dni_network_outputs(network);
  }
  return network;
}

/* First values of parameter `salt`, counted from 1: fill / 2, about 1 for the scale of layer norm.
 */
static dni_matrix start_of(const dni_matrix *shape, const char *name, size_t salt) {
  dni_matrix start = matrix_make(DNI_F64, shape->rows, shape->columns);
  for (size_t i = 0; i < shape->rows * shape->columns; i++)
    matrix_set(&start, i / shape->columns, i % shape->columns,
               fill(i, salt) / 2 + (strcmp(name, "scale") == 0));
  return start;
}

static void start(dni_network *network) {
  size_t salt = 0, layers = dni_network_layer_count(network);
  dni_matrix view;
  for (size_t l = 0; l < layers; l++) {
    dni_layer *layer = dni_network_layer(network, l);
    for (size_t p = 0; p < dni_layer_parameter_count(layer); p++) {
      EXPECT_OK(dni_layer_parameter(layer, p, &view, NULL));
      dni_matrix value = start_of(&view, dni_layer_parameter_name(layer, p), ++salt);
      EXPECT_OK(dni_layer_set_parameter(layer, p, &value));
    }
  }
  for (size_t l = 0; l < layers; l++) {
    dni_sg *sg = sg_after(network, l);
    for (size_t p = 0; p < dni_sg_parameter_count(sg); p++) {
      EXPECT_OK(dni_sg_parameter(sg, p, &view, NULL));
      dni_matrix value = start_of(&view, "", ++salt);
      EXPECT_OK(dni_sg_set_parameter(sg, p, &value));
    }
  }
}

static dni_loss *make_loss(dni_context *context, const options_case *c) {
  bool has_weights = false;
  for (size_t i = 0; i < CLASSES; i++)
    has_weights = has_weights || c->class_weights[i] != 0;
  dni_loss_options options = {.struct_size = sizeof options,
                              .label_smoothing = c->smoothing,
                              .class_weights = has_weights ? c->class_weights : NULL,
                              .class_count = has_weights ? CLASSES : 0};
  dni_loss *loss;
  if (c->loss == DNI_LOSS_SOFTMAX_CROSS_ENTROPY)
    EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, &options, &loss));
  else if (c->loss == DNI_LOSS_SIGMOID_CROSS_ENTROPY)
    EXPECT_OK(dni_loss_create_sigmoid_cross_entropy(context, &options, &loss));
  else
    EXPECT_OK(dni_loss_create_squared_error(context, &loss));
  return keep(LOSS, loss);
}

static void set_unless_0(dni_optimiser *optimiser, dni_setting setting, double value) {
  if (value != 0) EXPECT_OK(dni_optimiser_set_f64(optimiser, setting, value));
}

static dni_optimiser *make_pattern(dni_context *context, const options_case *c) {
  dni_optimiser *pattern;
  if (c->optimiser == DNI_OPTIMISER_SGD)
    EXPECT_OK(dni_optimiser_create_sgd(context, c->rate, &pattern));
  else if (c->optimiser == DNI_OPTIMISER_ADAM)
    EXPECT_OK(dni_optimiser_create_adam(context, c->rate, &pattern));
  else
    EXPECT_OK(dni_optimiser_create_adamw(context, c->rate, &pattern));
  keep(OPTIMISER, pattern);
  set_unless_0(pattern, DNI_SETTING_MOMENTUM, c->momentum);
  set_unless_0(pattern, DNI_SETTING_WEIGHT_DECAY, c->decay);
  set_unless_0(pattern, DNI_SETTING_CLIP_NORM, c->clip_norm);
  set_unless_0(pattern, DNI_SETTING_CLIP_VALUE, c->clip_value);
  dni_schedule schedule = {.struct_size = sizeof schedule,
                           .kind = c->schedule,
                           .warm_up = c->warm_up,
                           .steps = c->schedule_steps,
                           .value = c->schedule_value,
                           .boundaries = c->points ? c->boundaries : NULL,
                           .values = c->points ? c->values : NULL,
                           .count = c->points};
  if (c->schedule != DNI_RATE_CONSTANT) EXPECT_OK(dni_optimiser_set_schedule(pattern, &schedule));
  return pattern;
}

static dni_optimiser *make_sg_pattern(dni_context *context, const options_case *c,
                                      dni_optimiser *pattern) {
  return c->sg_rate > 0 ? make_adam(context, c->sg_rate) : pattern;
}

/* Comparing. ---------------------------------------------------------------------------------- */

enum { REPORT_NUMBERS = 8, REPORTS = OPTIONS_STEPS / OPTIONS_REPORT_EVERY };

static void compare_report(const options_case *c, uint64_t step, const dni_step_report *report) {
  static const char *const names[REPORT_NUMBERS] = {
      "loss", "accuracy", "gradient norm", "rate", "mse", "cosine", "second mse", "second cosine"};
  const double actual[REPORT_NUMBERS] = {
      report->loss,      report->accuracy,     report->gradient_norm, report->rate,
      report->sg_mse[0], report->sg_cosine[0], report->sg_mse[1],     report->sg_cosine[1]};
  const double *expected = c->numbers + (step / OPTIONS_REPORT_EVERY - 1) * REPORT_NUMBERS;
  char what[100];
  for (size_t i = 0; i < REPORT_NUMBERS; i++) {
    (void)snprintf(what, sizeof what, "%s: %s of step %d", c->name, names[i], (int)step);
    expect_close(actual[i], expected[i], tolerance, what);
  }
}

static void compare_parameters(const options_case *c, dni_network *network, const char *how) {
  numbers list = all_layer_numbers(network);
  append_numbers(&list, all_sg_numbers(network));
  const double *expected = c->numbers + REPORTS * REPORT_NUMBERS;
  ck_assert_uint_eq((list.count + OPTIONS_STRIDE - 1) / OPTIONS_STRIDE,
                    c->number_count - REPORTS * REPORT_NUMBERS);
  char what[100];
  for (size_t i = 0; i < list.count; i += OPTIONS_STRIDE) {
    (void)snprintf(what, sizeof what, "%s, %s: number %zu of the parameters", c->name, how, i);
    expect_close(list.data[i], expected[i / OPTIONS_STRIDE], tolerance, what);
  }
}

/* With a trainer. ----------------------------------------------------------------------------- */

static void train(dni_context *context, const options_case *c) {
  dni_network *network = make_own_network(context, c);
  dni_optimiser *pattern = make_pattern(context, c);
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .optimiser = pattern,
                                 .sg_optimiser = make_sg_pattern(context, c, pattern),
                                 .measure_gradient_norm = 1};
  dni_trainer *trainer;
  EXPECT_OK(dni_trainer_create(network, make_loss(context, c), &options, &trainer));
  keep(TRAINER, trainer);
  start(network);
  example_batch batches[BATCHES];
  for (size_t k = 0; k < BATCHES; k++)
    make_batch(c, k, &batches[k]);
  for (uint64_t step = 1; step <= OPTIONS_STEPS; step++) {
    const example_batch *b = &batches[(step - 1) % BATCHES];
    dni_batch batch = {sizeof batch, &b->x, &b->y, weights_of(b)};
    dni_step_report report = {.struct_size = sizeof report};
    for (size_t i = 0; i < 2; i++)
      if (c->factor_step[i] == step)
        EXPECT_OK(dni_trainer_set_rate_factor(trainer, c->factor_module[i], c->factor[i]));
    EXPECT_OK(dni_trainer_step(trainer, &batch, &report));
    if (step % OPTIONS_REPORT_EVERY == 0) compare_report(c, step, &report);
  }
  compare_parameters(c, network, "trainer");
}

/* By hand. ------------------------------------------------------------------------------------ */

/* optimisers[l] and sg_optimisers[l]: of the module whose lowest layer is l, and of the SG after l.
 */
typedef struct by_hand {
  const options_case *c;
  dni_network *network;
  const dni_loss *loss;
  size_t layers;
  dni_optimiser *optimisers[MOST_LAYERS], *sg_optimisers[MOST_LAYERS];
} by_hand;

static dni_optimiser *make_like(const dni_optimiser *pattern) {
  dni_optimiser *made;
  EXPECT_OK(dni_optimiser_create_like(pattern, &made));
  return keep(OPTIMISER, made);
}

static void make_optimisers(by_hand *hand, const dni_optimiser *pattern,
                            const dni_optimiser *sg_pattern) {
  dni_optimiser *module = NULL;
  for (size_t l = 0; l < hand->layers; l++) {
    if (l == 0 || sg_after(hand->network, l - 1)) module = hand->optimisers[l] = make_like(pattern);
    EXPECT_OK(dni_optimiser_add_layer(module, dni_network_layer(hand->network, l)));
    dni_sg *sg = sg_after(hand->network, l);
    if (!sg) continue;
    hand->sg_optimisers[l] = make_like(sg_pattern);
    EXPECT_OK(dni_optimiser_add_sg(hand->sg_optimisers[l], sg));
  }
}

/* The target is taught to the SG, then it becomes the SG's answer. */
static void teach_and_ask(dni_sg *sg, const example_batch *part, dni_gradient_flags flags,
                          const dni_matrix *h, dni_matrix *delta) {
  dni_lesson lesson = {.struct_size = sizeof lesson,
                       .h = h,
                       .y = &part->y,
                       .target = delta,
                       .weights = weights_of(part),
                       .flags = flags};
  EXPECT_OK(dni_sg_learn(sg, &lesson, NULL));
  dni_query query = {
      .struct_size = sizeof query, .h = h, .y = &part->y, .weights = weights_of(part)};
  EXPECT_OK(dni_sg_estimate(sg, &query, delta));
}

/* Add the part's gradients to those of the parts before it. h[l] is what layer l reads. */
static void gather(by_hand *hand, const example_batch *part, bool first) {
  dni_gradient_flags flags = DNI_GRADIENT_SUM + (first ? DNI_GRADIENT_REPLACE : DNI_GRADIENT_ADD);
  dni_matrix h[MOST_LAYERS + 1] = {part->x};
  for (size_t l = 0; l < hand->layers; l++) {
    dni_layer *layer = dni_network_layer(hand->network, l);
    h[l + 1] = matrix_make(DNI_F64, part->x.rows, dni_layer_outputs(layer));
    EXPECT_OK(dni_layer_forward(layer, DNI_MODE_TRAINING, NULL, &h[l], &h[l + 1]));
  }
  dni_matrix delta = matrix_make(DNI_F64, part->x.rows, CLASSES);
  dni_batch batch = {sizeof batch, &h[hand->layers], &part->y, weights_of(part)};
  EXPECT_OK(dni_loss_evaluate(hand->loss, &batch, &delta, NULL, NULL));
  for (size_t l = hand->layers; l-- > 0;) {
    dni_sg *sg = sg_after(hand->network, l);
    if (sg) teach_and_ask(sg, part, flags, &h[l + 1], &delta);
    dni_matrix dx = matrix_make(DNI_F64, part->x.rows, h[l].columns);
    EXPECT_OK(dni_layer_backward(dni_network_layer(hand->network, l), flags, NULL, &h[l], &h[l + 1],
                                 &delta, &dx));
    delta = dx;
  }
}

static void move_one(dni_optimiser *optimiser, double rate, double total) {
  EXPECT_OK(dni_optimiser_set_f64(optimiser, DNI_SETTING_LEARNING_RATE, rate));
  EXPECT_OK(dni_optimiser_step_scaled(optimiser, 1 / total));
}

/* Move every module and every SG. A rate factor is that of a module and of the SG above it. */
static void move_all(by_hand *hand, uint64_t step, double total) {
  const options_case *c = hand->c;
  size_t module = 0;
  for (size_t l = 0; l < hand->layers; l++) {
    double factor = 1;
    if (l > 0 && hand->optimisers[l]) module++;
    for (size_t i = 0; i < 2; i++)
      if (c->factor_step[i] > 0 && step >= c->factor_step[i] &&
          (c->factor_module[i] == module || c->factor_module[i] == DNI_ALL))
        factor = c->factor[i];
    if (hand->optimisers[l]) move_one(hand->optimisers[l], factor * c->rate, total);
    if (hand->sg_optimisers[l])
      move_one(hand->sg_optimisers[l], factor * (c->sg_rate > 0 ? c->sg_rate : c->rate), total);
  }
}

static void train_by_hand(dni_context *context, const options_case *c) {
  by_hand hand = {.c = c, .network = make_own_network(context, c), .loss = make_loss(context, c)};
  hand.layers = dni_network_layer_count(hand.network);
  dni_optimiser *pattern = make_pattern(context, c);
  make_optimisers(&hand, pattern, make_sg_pattern(context, c, pattern));
  start(hand.network);
  for (uint64_t step = 1; step <= OPTIONS_STEPS; step++) {
    example_batch batch;
    make_batch(c, (size_t)((step - 1) % BATCHES), &batch);
    const size_t firsts[PARTS + 1] = {0, 3, 4, batch.x.rows};
    for (size_t p = 0; p < PARTS; p++) {
      example_batch part = part_of(&batch, firsts[p], firsts[p + 1] - firsts[p]);
      gather(&hand, &part, p == 0);
    }
    move_all(&hand, step, total_of(&batch));
  }
  compare_parameters(c, hand.network, "by hand");
}

/* Tests: each case on each machine of doubles. ------------------------------------------------ */

static void on_every_machine(const options_case *c,
                             void (*test)(dni_context *context, const options_case *c)) {
  for (int machine = 0; machine < SUPPORT_MACHINES; machine++) {
    if (support_machines[machine].dtype != DNI_F64) continue;
    dni_context *context = support_machine_context(machine);
    if (context) test(keep(CONTEXT, context), c);
    release_all();
  }
}

START_TEST(trajectories_equal_the_reference) {
  on_every_machine(&options_cases[_i], train);
}
END_TEST

START_TEST(parts_of_batches_give_the_same_trajectories) {
  on_every_machine(&options_cases[_i], train_by_hand);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("options reference");
  TCase *group = add_group(suite, "trajectories");
  tcase_add_loop_test(group, trajectories_equal_the_reference, 0, CASES);
  tcase_add_loop_test(group, parts_of_batches_give_the_same_trajectories, 0, CASES);
  return support_run(suite);
}
