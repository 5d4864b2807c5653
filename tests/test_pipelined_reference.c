/* The pipelined schedule against one written by hand, in one thread, from layers, SGs,
 * losses and optimisers: for a given table of lags the same numbers bit for bit. With everything in
 * one thread it is the sequential schedule, which is so tested for the newer SGs. */
#include "training.h"

enum {
  ROWS = 13,
  INPUTS = 6,
  CLASSES = 4,
  STEPS = 30,
  IN_FLIGHT = 3,
  MOST_LAYERS = 20,
  MOST_MODULES = 5
};

static dni_dtype dtype;
static dni_matrix xs[STEPS], ys[STEPS];

/* Batches of several sizes, the last a small one. */
static void use(int index) {
  dtype = support_dtypes[index];
  for (size_t i = 0; i < STEPS; i++) {
    size_t rows = i + 1 == STEPS ? 5 : i % 4 == 3 ? 9 : ROWS;
    xs[i] = matrix_random(dtype, rows, INPUTS);
    ys[i] = matrix_one_hot(dtype, rows, CLASSES);
  }
}

/* By hand. ------------------------------------------------------------------------------------- */

/* What an SG does beside what its kind says; the wrappers are not used here. */
typedef enum manner { PLAIN, FROZEN, WARM_UP } manner;

enum { WARM_UP_LESSONS = 8 };

/* Everything there is of a batch: h[i] is the input of layer i, d[i] what the layers above make of
 * dL/dh[i]. */
typedef struct batch {
  dni_matrix h[MOST_LAYERS + 1], d[MOST_LAYERS + 1], guess[MOST_LAYERS + 1];
  double loss, error[MOST_LAYERS];
  size_t lag[MOST_MODULES]; /* by the stage that learned */
} batch;

/* Modules first .. last, by layers; stages are threads. */
static struct {
  dni_network *network;
  dni_loss *loss;
  manner habit;
  size_t modules, stages, first[MOST_MODULES], last[MOST_MODULES], stage[MOST_MODULES];
  dni_optimiser *optimisers[MOST_MODULES], *teachers[MOST_LAYERS];
  size_t lessons[MOST_LAYERS];  /* of the SG after a layer */
  size_t learned[MOST_MODULES]; /* batches that a stage has learned the target of */
  batch batches[STEPS];
} hand;

static void make_batches(void) {
  for (size_t n = 0; n < STEPS; n++) {
    batch *b = &hand.batches[n];
    b->h[0] = xs[n];
    for (size_t i = 0; i < MOST_LAYERS; i++)
      b->error[i] = NAN;
    for (size_t i = 0; i < dni_network_layer_count(hand.network); i++) {
      size_t units = dni_layer_outputs(dni_network_layer(hand.network, i));
      b->h[i + 1] = matrix_make(dtype, xs[n].rows, units);
      b->d[i + 1] = matrix_make(dtype, xs[n].rows, units);
      b->guess[i + 1] = matrix_make(dtype, xs[n].rows, units);
    }
  }
}

static dni_optimiser *like(const dni_optimiser *pattern) {
  dni_optimiser *optimiser;
  EXPECT_OK(dni_optimiser_create_like(pattern, &optimiser));
  return keep(OPTIMISER, optimiser);
}

/* Layers first .. last of a module. */
static void module_layers(const dni_trainer *trainer, dni_network *network, size_t module,
                          size_t *first, size_t *last) {
  size_t count = 0;
  for (size_t i = 0; i < dni_network_layer_count(network); i++) {
    size_t of_layer;
    EXPECT_OK(dni_trainer_layer_module(trainer, i, &of_layer));
    if (of_layer != module) continue;
    if (count++ == 0) *first = i;
    *last = i;
  }
  EXPECT(count == *last - *first + 1, "module %zu is not a row of layers", module);
}

static size_t module_thread(const dni_trainer *trainer, size_t module) {
  size_t thread;
  EXPECT_OK(dni_trainer_module_thread(trainer, module, &thread));
  return thread;
}

/* Modules and stages as the trainer has dealt them. */
static void make_hand(dni_network *network, dni_loss *loss, const dni_optimiser *pattern,
                      const dni_trainer *trainer, manner habit) {
  memset(&hand, 0, sizeof hand);
  hand.network = network;
  hand.loss = loss;
  hand.habit = habit;
  hand.modules = dni_trainer_module_count(trainer);
  hand.stages = dni_trainer_thread_count(trainer);
  ck_assert_uint_le(hand.modules, MOST_MODULES);
  for (size_t m = 0; m < hand.modules; m++) {
    module_layers(trainer, network, m, &hand.first[m], &hand.last[m]);
    hand.stage[m] = module_thread(trainer, m);
    hand.optimisers[m] = like(pattern);
    for (size_t i = hand.first[m]; i <= hand.last[m]; i++)
      EXPECT_OK(dni_optimiser_add_layer(hand.optimisers[m], dni_network_layer(network, i)));
    dni_sg *sg = sg_after(network, hand.last[m]);
    if (!sg || dni_sg_learns(sg) == DNI_SG_LEARNS_NOTHING) continue;
    hand.teachers[hand.last[m]] = like(pattern);
    EXPECT_OK(dni_optimiser_add_sg(hand.teachers[hand.last[m]], sg));
  }
  make_batches();
}

static void teach(size_t n, size_t after, const dni_matrix *target) {
  batch *b = &hand.batches[n];
  dni_sg *sg = sg_after(hand.network, after);
  if (!sg || hand.habit == FROZEN) return;
  if (dni_sg_learns(sg) != (target ? DNI_SG_LEARNS_TARGET : DNI_SG_LEARNS_ALONE)) return;
  EXPECT_OK(support_learn(sg, &b->h[after + 1], &ys[n], target, NULL, &b->error[after], NULL));
  EXPECT_OK(dni_optimiser_step(hand.teachers[after]));
  hand.lessons[after]++;
}

/* Backward through a module, its update, and the lesson for an SG in the same thread. */
static void learn_module(size_t n, size_t m, dni_matrix *delta) {
  batch *b = &hand.batches[n];
  for (size_t i = hand.last[m] + 1; i-- > hand.first[m];)
    EXPECT_OK(support_backward(dni_network_layer(hand.network, i), DNI_GRADIENT_REPLACE, &b->h[i],
                               &b->h[i + 1], i == hand.last[m] ? delta : &b->d[i + 1],
                               i > 0 ? &b->d[i] : NULL));
  EXPECT_OK(dni_optimiser_step(hand.optimisers[m]));
  if (m > 0 && hand.stage[m - 1] == hand.stage[m]) teach(n, hand.last[m - 1], &b->d[hand.first[m]]);
}

/* The answer of the SG above module m. */
static dni_matrix *ask(size_t n, size_t m, const dni_matrix *error) {
  batch *b = &hand.batches[n];
  size_t after = hand.last[m];
  dni_matrix *guess = &b->guess[after + 1];
  if (hand.habit == WARM_UP && hand.lessons[after] < WARM_UP_LESSONS)
    matrix_fill(guess, 0);
  else
    EXPECT_OK(
        support_estimate(sg_after(hand.network, after), &b->h[after + 1], &ys[n], error, guess));
  return guess;
}

static bool waits(size_t m) {
  return dni_sg_kind(sg_after(hand.network, hand.last[m])) == DNI_SG_DELAYED;
}

/* A batch through a module. */
static void take(size_t n, size_t m) {
  batch *b = &hand.batches[n];
  for (size_t i = hand.first[m]; i <= hand.last[m]; i++)
    EXPECT_OK(support_forward(dni_network_layer(hand.network, i), DNI_MODE_TRAINING, &b->h[i],
                              &b->h[i + 1]));
  dni_matrix *delta = &b->d[hand.last[m] + 1];
  if (waits(m)) return;
  if (m + 1 < hand.modules)
    delta = ask(n, m, NULL);
  else
    EXPECT_OK(support_evaluate(hand.loss, &b->h[hand.last[m] + 1], &ys[n], delta, NULL, &b->loss));
  learn_module(n, m, delta);
  teach(n, hand.last[m], NULL);
}

/* A layer's own state is that of the last batch it has seen: show batch normalisation this one
 * again, and put the running statistics back. */
static void show_again(size_t n, dni_layer *layer, size_t i) {
  dni_matrix y = matrix_make(dtype, xs[n].rows, dni_layer_outputs(layer)), running[2], before[2];
  for (size_t k = 0; k < 2; k++) {
    EXPECT_OK(dni_layer_parameter(layer, 2 + k, &running[k], NULL));
    before[k] = matrix_make(dtype, 1, running[k].columns);
    matrix_copy(&running[k], &before[k]);
  }
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &hand.batches[n].h[i], &y));
  for (size_t k = 0; k < 2; k++)
    EXPECT_OK(dni_layer_set_parameter(layer, 2 + k, &before[k]));
}

/* The target of a batch at the top of a thread whose highest module is m. */
static void learn_target(size_t n, size_t m) {
  dni_matrix *target = &hand.batches[n].d[hand.last[m] + 1];
  if (!waits(m)) {
    teach(n, hand.last[m], target);
    return;
  }
  for (size_t i = hand.first[m]; i <= hand.last[m]; i++) {
    dni_layer *layer = dni_network_layer(hand.network, i);
    if (dni_layer_kind(layer) == DNI_LAYER_BATCH_NORM) show_again(n, layer, i);
  }
  learn_module(n, m, ask(n, m, target));
}

/* Step n in all threads, then the targets that are due: from the top, since a thread below may wait
 * for what one above hands down. `flush`: all that there are. */
static void step_by_hand(const uint8_t *lags, size_t n, bool flush) {
  for (size_t m = 0; m < hand.modules; m++)
    take(n, m);
  for (size_t m = hand.modules - 1; m-- > 0;) {
    size_t s = hand.stage[m], *learned = &hand.learned[s];
    if (hand.stage[m + 1] == s) continue;
    for (; *learned <= n && (flush || n - *learned >= lags[s * STEPS + *learned]); ++*learned) {
      hand.batches[*learned].lag[s] = n - *learned;
      learn_target(*learned, m);
    }
  }
}

/* Both. ---------------------------------------------------------------------------------------- */

typedef struct subject {
  dni_context *context;
  dni_network *network;
  dni_optimiser *adam;
  dni_loss *loss;
  dni_trainer *trainer;
  dni_kind schedule;
} subject;

static subject make_subject(const char *text) {
  subject s = {.context = make_context(dtype, 3)};
  s.network = make_network(s.context, text);
  s.adam = make_adam(s.context, 0.01);
  s.loss = make_cross_entropy(s.context);
  return s;
}

static void add_trainer(subject *s, dni_kind schedule, size_t threads, size_t in_flight) {
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .optimiser = s->adam,
                                 .max_batch = ROWS,
                                 .schedule = schedule,
                                 .threads = threads,
                                 .in_flight = in_flight};
  s->schedule = schedule;
  EXPECT_OK(dni_trainer_create(s->network, s->loss, &options, &s->trainer));
  keep(TRAINER, s->trainer);
}

/* One row of lags for each interface between threads. */
static size_t lag_count(const subject *s, size_t steps) {
  if (s->schedule != DNI_SCHEDULE_PIPELINED) return 0;
  return (dni_trainer_thread_count(s->trainer) - 1) * steps;
}

static dni_status replay(const subject *s, const uint8_t *lags, size_t steps) {
  return dni_trainer_replay(s->trainer, lags, lag_count(s, steps), steps);
}

static dni_status record(const subject *s, uint8_t *lags) {
  return dni_trainer_record(s->trainer, lags, lag_count(s, STEPS), STEPS);
}

/* The report of a step that is complete, with the lags that were to be. */
static void expect_report(const dni_step_report *report) {
  if (report->step == 0) return;
  const batch *b = &hand.batches[report->step - 1];
  EXPECT(report->loss == b->loss, "step %d: loss %.17g, by hand %.17g", (int)report->step,
         report->loss, b->loss);
  for (size_t m = 0; m + 1 < hand.modules; m++) {
    size_t after = hand.last[m];
    if (isnan(b->error[after])) continue;
    bool alone = dni_sg_learns(sg_after(hand.network, after)) == DNI_SG_LEARNS_ALONE;
    size_t lag = hand.stage[m] == hand.stage[m + 1] ? 0 : b->lag[hand.stage[m]];
    /* least squares do not answer again if they have learned or answered since */
    bool squares = dni_sg_kind(sg_after(hand.network, after)) == DNI_SG_LEAST_SQUARES;
    if (squares && (lag > 0 || isnan(report->sg_mse[after])))
      EXPECT(isnan(report->sg_mse[after]) && isnan(report->sg_cosine[after]), "an error");
    else
      expect_close(report->sg_mse[after], b->error[after], support_tolerance(dtype, 1e-6, 1e-13),
                   "SG error");
    ck_assert_uint_eq(report->target_lag[after], alone ? DNI_NONE : lag);
  }
}

static bool flushes(size_t step, size_t every) {
  return (step + 1) % every == 0 || step + 1 == STEPS;
}

/* All steps of the trainer, with a flush every so many. */
static void run_trainer(const subject *s, size_t flush_every, bool compare) {
  for (size_t n = 0; n < STEPS; n++) {
    dni_step_report report = {.struct_size = sizeof report};
    EXPECT_OK(support_step(s->trainer, &xs[n], &ys[n], &report));
    if (compare) expect_report(&report);
    if (flushes(n, flush_every)) EXPECT_OK(dni_trainer_flush(s->trainer));
  }
}

static void run_by_hand(const uint8_t *lags, size_t flush_every) {
  for (size_t n = 0; n < STEPS; n++)
    step_by_hand(lags, n, flushes(n, flush_every));
}

static void expect_as_by_hand(const subject *s) {
  EXPECT_SAME_BITS(all_layer_numbers(s->network), all_layer_numbers(hand.network));
  EXPECT_SAME_BITS(all_sg_numbers(s->network), all_sg_numbers(hand.network));
}

/* Threads. ------------------------------------------------------------------------------------- */

static const struct {
  const char *text;
  size_t threads;
} networks[] = {
    {"6 relu9 norm |sg relu8 dense4", 0},
    {"6 relu9 norm |sg1 relu8 norm |sg tanh7 dense4", 0},
    {"6 relu9 norm |sg relu8 norm |sg2h tanh7 |sg1y dense4", 2},
    {"6 relu9 norm |delayed relu8 dense4", 0},
    {"6 relu9 norm |delayed relu8 norm |delayed norm dense4", 0},
    {"6 relu9 norm |delayed relu8 norm |sg1 dense4", 0},
    {"6 relu9 |sg1 relu8 norm |delayed relu7 dense4", 0},
    /* Two pieces and then a long one: a delayed module on top of another in the same thread. */
    {"6 relu9 |sg1 relu8 norm |delayed relu7 relu7 relu7 relu7 relu7 relu7 relu7 relu7 relu7 "
     "dense4",
     2},
    {"6 relu9 |local relu8 norm |local1 dense4", 0},
    {"6 relu9 |zero relu8 |scalar norm |local dense4", 3},
    {"6 relu9 norm |ls relu8 |lsr norm |lsq tanh7 dense4", 0},
    {"6 relu9 norm |lsh relu8 norm |lsy tanh7 |sgq dense4", 2},
    {"6 relu9 norm |sg1q relu8 |sgr relu7 dense4", 0},
};
enum { NETWORKS = sizeof networks / sizeof networks[0] };

/* Whether a thread hands nothing down before it has learned, so that the one below lags as much. */
static bool follows(const dni_trainer *trainer, dni_network *network, size_t stage) {
  size_t found = 0, top = 0;
  for (size_t m = 0; m < dni_trainer_module_count(trainer); m++) {
    size_t first;
    if (module_thread(trainer, m) != stage) continue;
    module_layers(trainer, network, m, &first, &top);
    found++;
  }
  return found == 1 && dni_sg_kind(sg_after(network, top)) == DNI_SG_DELAYED;
}

/* Any table that is possible. */
static void make_lags(const subject *s, uint8_t *lags) {
  for (size_t stage = dni_trainer_thread_count(s->trainer) - 1; stage-- > 0;)
    for (size_t i = 0; i < STEPS; i++) {
      uint8_t *own = &lags[stage * STEPS + i];
      int least = i > 0 && own[-1] > 0 ? own[-1] - 1 : 0;
      if (follows(s->trainer, s->network, stage + 1) && own[STEPS] > least) least = own[STEPS];
      *own = (uint8_t)(least + (int)(support_random() % (uint64_t)(IN_FLIGHT - least)));
    }
}

static void constant_lags(uint8_t *lags, uint8_t lag) {
  memset(lags, lag, MOST_MODULES * STEPS);
}

/* A trainer that plays the lags, and the hand. */
static void expect_same(size_t network, const uint8_t *lags, size_t flush_every, manner habit) {
  subject by_hand = make_subject(networks[network].text);
  subject s = make_subject(networks[network].text);
  add_trainer(&s, DNI_SCHEDULE_PIPELINED, networks[network].threads, IN_FLIGHT);
  EXPECT_OK(replay(&s, lags, STEPS));
  make_hand(by_hand.network, by_hand.loss, by_hand.adam, s.trainer, habit);
  run_by_hand(lags, flush_every);
  size_t calls = support_watched.calls;
  run_trainer(&s, flush_every, true);
  ck_assert_uint_eq(support_watched.calls, calls);
  expect_as_by_hand(&s);
}

START_TEST(test_constant_lags) {
  use(_i % 2);
  uint8_t lags[MOST_MODULES * STEPS];
  for (uint8_t lag = 0; lag < IN_FLIGHT; lag++) {
    constant_lags(lags, lag);
    expect_same((size_t)_i / 2, lags, STEPS, PLAIN);
    expect_same((size_t)_i / 2, lags, 7, PLAIN);
    training_end(), use(_i % 2);
  }
}
END_TEST

START_TEST(test_any_lags) {
  use(_i % 2);
  uint8_t lags[MOST_MODULES * STEPS];
  size_t network = (size_t)_i / 2;
  for (int round = 0; round < 6; round++) {
    subject pattern = make_subject(networks[network].text);
    add_trainer(&pattern, DNI_SCHEDULE_PIPELINED, networks[network].threads, IN_FLIGHT);
    make_lags(&pattern, lags);
    expect_same(network, lags, round % 2 ? 5 : STEPS, PLAIN);
    training_end(), use(_i % 2);
  }
}
END_TEST

/* What timing made of a run, with flushes on the way, is all there is to it. */
START_TEST(test_recorded) {
  use(_i % 2);
  uint8_t lags[MOST_MODULES * STEPS];
  const char *text = networks[_i / 2].text;
  for (size_t in_flight = 1; in_flight <= 5; in_flight += 2) {
    subject by_hand = make_subject(text), s = make_subject(text);
    add_trainer(&s, DNI_SCHEDULE_PIPELINED, networks[_i / 2].threads, in_flight);
    EXPECT_OK(record(&s, lags));
    run_trainer(&s, 11, false);
    make_hand(by_hand.network, by_hand.loss, by_hand.adam, s.trainer, PLAIN);
    run_by_hand(lags, STEPS); /* the flushes are in the lags */
    expect_as_by_hand(&s);
    training_end(), use(_i % 2);
  }
}
END_TEST

/* Tables that no run can leave. ---------------------------------------------------------------- */

START_TEST(test_impossible) {
  use(0);
  uint8_t lags[MOST_MODULES * STEPS];
  subject s = make_subject(networks[4].text);
  add_trainer(&s, DNI_SCHEDULE_PIPELINED, 0, IN_FLIGHT);
  constant_lags(lags, 1);
  lags[6] = IN_FLIGHT;
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "interface after layer 1, step 7: a lag of 3",
                 replay(&s, lags, STEPS));
  constant_lags(lags, 2);
  lags[4] = 0;
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "interface after layer 1, step 5: a lag of 0",
                 replay(&s, lags, STEPS));
  constant_lags(lags, 1);
  lags[STEPS + 8] = 2;
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "interface after layer 1, step 9: a lag of 1",
                 replay(&s, lags, STEPS));
  lags[8] = 2;
  EXPECT_OK(replay(&s, lags, STEPS));
  EXPECT_OK(support_step(s.trainer, &xs[0], &ys[0], NULL));
  EXPECT_STATUS(DNI_ERROR_STATE, replay(&s, lags, STEPS));
  EXPECT_OK(dni_trainer_flush(s.trainer)); /* the lag of 1 is not to be had any more */
  ck_assert_uint_eq(dni_trainer_step_count(s.trainer), 1);
}
END_TEST

/* The steps after the table are free, also to reach its last lags. */
START_TEST(test_beyond_the_table) {
  use(0);
  uint8_t lags[MOST_MODULES * STEPS];
  constant_lags(lags, 2);
  subject s = make_subject(networks[_i].text);
  add_trainer(&s, DNI_SCHEDULE_PIPELINED, networks[_i].threads, IN_FLIGHT);
  for (size_t steps = 1; steps < 5; steps++) {
    EXPECT_OK(replay(&s, lags, steps));
    run_trainer(&s, STEPS, false);
    ck_assert_uint_eq(dni_trainer_step_count(s.trainer), steps * STEPS);
  }
}
END_TEST

/* Micro-batches have no lags: nothing is read or written. */
START_TEST(test_not_pipelined) {
  use(0);
  uint8_t lags[MOST_MODULES * STEPS];
  constant_lags(lags, 77);
  subject s = make_subject("6 relu9 relu8 dense4");
  add_trainer(&s, DNI_SCHEDULE_MICRO_BATCHES, 3, 0);
  EXPECT_OK(record(&s, lags));
  run_trainer(&s, STEPS, false);
  for (size_t i = 0; i < sizeof lags; i++)
    ck_assert_int_eq(lags[i], 77);
  EXPECT_OK(replay(&s, lags, STEPS));
  for (size_t n = 0; n < STEPS; n++) {
    dni_step_report report = {.struct_size = sizeof report};
    EXPECT_OK(support_step(s.trainer, &xs[n], &ys[n], &report));
    for (size_t i = 0; i < 3; i++)
      ck_assert_uint_eq(report.target_lag[i], DNI_NONE);
  }
}
END_TEST

/* A number that is not finite ends recording and replaying. */
START_TEST(test_failure_while_recording) {
  use(_i % 2);
  uint8_t lags[MOST_MODULES * STEPS], zeros[MOST_MODULES * STEPS] = {0};
  subject s = make_subject(networks[1].text);
  add_trainer(&s, DNI_SCHEDULE_PIPELINED, 0, IN_FLIGHT);
  numbers layers = all_layer_numbers(s.network);
  EXPECT_OK(_i < 2 ? record(&s, lags) : replay(&s, zeros, STEPS));
  dni_matrix bad = matrix_filled(dtype, ROWS, INPUTS, (double)NAN);
  dni_status status = support_step(s.trainer, &bad, &ys[0], NULL);
  if (status == DNI_OK) status = dni_trainer_flush(s.trainer);
  ck_assert_int_eq(status, DNI_ERROR_NON_FINITE);
  ck_assert_uint_eq(dni_trainer_step_count(s.trainer), 0);
  constant_lags(lags, 99);
  ck_assert_uint_gt(layers.count, 0);
  status = support_step(s.trainer, &xs[0], &ys[0], NULL); /* the weights may be NaN by now */
  if (status == DNI_OK) status = dni_trainer_flush(s.trainer);
  for (size_t i = 0; i < sizeof lags; i++)
    ck_assert_int_eq(lags[i], 99);
}
END_TEST

/* SGs around others. -------------------------------------------------------------------- */

static void wrap(const subject *s, size_t after, manner habit) {
  dni_sg *inner = sg_after(s->network, after), *outer;
  if (habit == FROZEN)
    EXPECT_OK(dni_sg_create_frozen(s->context, inner, &outer));
  else
    EXPECT_OK(dni_sg_create_warm_up(s->context, inner, WARM_UP_LESSONS, &outer));
  EXPECT_OK(dni_network_set_sg(s->network, after, outer));
  dni_sg_release(outer);
}

/* Numbers that are not zero for an SG, the same for another. */
static void draw(dni_sg *sg, dni_sg *same) {
  for (size_t p = 0; p < dni_sg_parameter_count(sg); p++) {
    dni_matrix value, copy;
    EXPECT_OK(dni_sg_parameter(sg, p, &value, NULL));
    EXPECT_OK(dni_sg_parameter(same, p, &copy, NULL));
    matrix_fill_random(&value, 0.1);
    matrix_copy(&value, &copy);
  }
  EXPECT_OK(dni_sg_changed(sg));
  EXPECT_OK(dni_sg_changed(same));
}

/* Loops: types, frozen and warm_up, the sequential schedule and lags of 0 to 2. */
START_TEST(test_wrappers) {
  static const char *const texts[] = {"6 relu9 norm |sg relu8 |sg1 dense4",
                                      "6 relu9 norm |ls relu8 |lsq dense4"};
  const char *text = texts[_i / 16];
  int way = _i / 2 % 8;
  use(_i % 2);
  manner habit = way % 2 ? FROZEN : WARM_UP;
  uint8_t lags[MOST_MODULES * STEPS] = {0};
  if (way >= 4) constant_lags(lags, (uint8_t)(way / 2 - 1));
  subject by_hand = make_subject(text), s = make_subject(text);
  for (size_t after = 1; after <= 2; after++) {
    draw(sg_after(s.network, after), sg_after(by_hand.network, after));
    wrap(&s, after, habit);
  }
  add_trainer(&s, way < 2 ? DNI_SCHEDULE_SEQUENTIAL : DNI_SCHEDULE_PIPELINED, 0, IN_FLIGHT);
  EXPECT_OK(replay(&s, lags, STEPS));
  make_hand(by_hand.network, by_hand.loss, by_hand.adam, s.trainer, habit);
  run_by_hand(lags, STEPS);
  run_trainer(&s, STEPS, habit == WARM_UP);
  expect_as_by_hand(&s);
}
END_TEST

/* The sequential schedule. */
START_TEST(test_sequential) {
  static const char *const texts[] = {"6 relu9 |local relu8 norm |local1 dense4",
                                      "6 relu9 |zero relu8 |local2 norm |zero dense4",
                                      "6 relu9 norm |sg1 relu8 |local tanh7 |sg dense4",
                                      "6 relu9 norm |ls relu8 |lsr tanh7 |lsq dense4",
                                      "6 relu9 norm |sgq relu8 |sgr tanh7 |sg1q dense4"};
  use(_i % 2);
  subject by_hand = make_subject(texts[_i / 2]), s = make_subject(texts[_i / 2]);
  add_trainer(&s, DNI_SCHEDULE_SEQUENTIAL, 0, 0);
  make_hand(by_hand.network, by_hand.loss, by_hand.adam, s.trainer, PLAIN);
  run_by_hand(NULL, STEPS);
  run_trainer(&s, STEPS, false);
  expect_as_by_hand(&s);
}
END_TEST

/* Mixtures. ------------------------------------------------------------------------------------ */

static const char mixed[] = "6 relu9 norm |sg relu8 |sg1 tanh7 dense4";

static dni_sg *mix(const subject *s, size_t after, double lambda) {
  dni_sg *outer;
  EXPECT_OK(dni_sg_create_mixture(s->context, sg_after(s->network, after), lambda, &outer));
  EXPECT_OK(dni_network_set_sg(s->network, after, outer));
  dni_sg_release(outer);
  return outer;
}

/* The layers follow the true gradient, and the SG learns it. */
START_TEST(test_mixture_of_the_truth) {
  use(_i);
  subject backprop = make_subject("6 relu9 norm relu8 tanh7 dense4"), s = make_subject(mixed);
  mix(&s, 1, 1), mix(&s, 2, 1);
  numbers before = all_sg_numbers(s.network);
  add_trainer(&backprop, DNI_SCHEDULE_SEQUENTIAL, 0, 0);
  add_trainer(&s, DNI_SCHEDULE_SEQUENTIAL, 0, 0);
  ck_assert_uint_eq(dni_trainer_module_count(s.trainer), 1);
  run_trainer(&backprop, STEPS, false);
  run_trainer(&s, STEPS, false);
  EXPECT_SAME_BITS(all_layer_numbers(s.network), all_layer_numbers(backprop.network));
  ck_assert_double_gt(difference(before, all_sg_numbers(s.network)), 0.01);
}
END_TEST

/* e becomes lambda e + (1 - lambda) M(h, y), and M learns from e. */
static void cross(size_t n, size_t after, double lambda, const dni_optimiser *pattern) {
  batch *b = &hand.batches[n];
  dni_sg *sg = sg_after(hand.network, after);
  dni_matrix *e = &b->d[after + 1], *guess = &b->guess[after + 1];
  if (!hand.teachers[after]) {
    hand.teachers[after] = like(pattern);
    EXPECT_OK(dni_optimiser_add_sg(hand.teachers[after], sg));
  }
  EXPECT_OK(support_estimate(sg, &b->h[after + 1], &ys[n], NULL, guess));
  EXPECT_OK(support_learn(sg, &b->h[after + 1], &ys[n], e, NULL, NULL, NULL));
  EXPECT_OK(dni_optimiser_step(hand.teachers[after]));
  for (size_t r = 0; r < e->rows; r++)
    for (size_t c = 0; c < e->columns; c++)
      matrix_set(e, r, c, lambda * matrix_get(e, r, c) + (1 - lambda) * matrix_get(guess, r, c));
}

static void mixed_step(size_t n, double lambda, const dni_optimiser *pattern) {
  batch *b = &hand.batches[n];
  size_t top = dni_network_layer_count(hand.network);
  for (size_t i = 0; i < top; i++)
    EXPECT_OK(support_forward(dni_network_layer(hand.network, i), DNI_MODE_TRAINING, &b->h[i],
                              &b->h[i + 1]));
  EXPECT_OK(support_evaluate(hand.loss, &b->h[top], &ys[n], &b->d[top], NULL, NULL));
  for (size_t i = top; i-- > 0;) {
    EXPECT_OK(support_backward(dni_network_layer(hand.network, i), DNI_GRADIENT_REPLACE, &b->h[i],
                               &b->h[i + 1], &b->d[i + 1], i > 0 ? &b->d[i] : NULL));
    if (i == 2 || i == 3) cross(n, i - 1, lambda, pattern);
  }
  EXPECT_OK(dni_optimiser_step(hand.optimisers[0]));
}

/* lambda 0, bit for bit: the layers below follow M. And lambda from 1 to 0, to rounding. */
START_TEST(test_mixture) {
  use(_i % 2);
  bool scheduled = _i >= 2;
  subject by_hand = make_subject(mixed), s = make_subject(mixed);
  dni_sg *mixtures[] = {mix(&s, 1, 0), mix(&s, 2, 0)};
  uint64_t boundaries[] = {4, 20};
  double lambdas[] = {1, 0};
  dni_schedule schedule = {.struct_size = sizeof schedule,
                           .kind = DNI_RATE_LINES,
                           .boundaries = boundaries,
                           .values = lambdas,
                           .count = 2};
  for (size_t i = 0; i < 2 && scheduled; i++)
    EXPECT_OK(dni_sg_set_schedule(mixtures[i], &schedule));
  add_trainer(&s, DNI_SCHEDULE_SEQUENTIAL, 0, 0);
  make_hand(by_hand.network, by_hand.loss, by_hand.adam, s.trainer, PLAIN);
  for (size_t n = 0; n < STEPS; n++) {
    double lambda = !scheduled ? 0 : n <= 4 ? 1 : n >= 20 ? 0 : (20 - (double)n) / 16, now;
    EXPECT_OK(dni_sg_get_f64(mixtures[0], DNI_SETTING_LAMBDA, &now));
    expect_close(now, lambda, 1e-14, "lambda");
    mixed_step(n, lambda, by_hand.adam);
    EXPECT_OK(support_step(s.trainer, &xs[n], &ys[n], NULL));
  }
  if (!scheduled) expect_as_by_hand(&s);
  double most = difference(all_layer_numbers(s.network), all_layer_numbers(hand.network));
  EXPECT(most <= support_tolerance(dtype, 1e-3, 1e-11), "differs by %g", most);
}
END_TEST

/* Memory. -------------------------------------------------------------------------------------- */

/* relu8 `depth` times with a synthetic gradient after each but the last. */
static dni_memory_report memory_of(size_t depth, bool decoupled, int32_t schedule, size_t threads,
                                   size_t in_flight) {
  subject s = make_subject("6 dense8");
  for (size_t i = 1; i < depth; i++) {
    dni_layer *layer;
    EXPECT_OK(dni_layer_create_dense(s.context, 8, 8, DNI_ACTIVATION_RELU, &layer));
    EXPECT_OK(dni_network_add(s.network, layer));
    dni_layer_release(layer);
    if (!decoupled) continue;
    dni_sg *sg = make_sg(s.context, 8, 8, 8, "sg");
    EXPECT_OK(dni_network_set_sg(s.network, i - 1, sg));
    dni_sg_release(sg);
  }
  add_trainer(&s, schedule, threads, in_flight);
  dni_memory_report report = {.struct_size = sizeof report};
  EXPECT_OK(dni_trainer_memory(s.trainer, &report));
  return report;
}

START_TEST(test_depth) {
  use(_i);
  size_t bytes[2][3], depths[] = {10, 100, 1000};
  for (size_t k = 0; k < 3; k++)
    for (size_t decoupled = 0; decoupled < 2; decoupled++)
      bytes[decoupled][k] =
          memory_of(depths[k], decoupled, DNI_SCHEDULE_SEQUENTIAL, 0, 0).activation_bytes;
  ck_assert_uint_eq(bytes[1][0], bytes[1][1]);
  ck_assert_uint_eq(bytes[1][0], bytes[1][2]);
  ck_assert_uint_lt(bytes[1][0], bytes[0][0]);
  ck_assert_uint_eq(bytes[0][2] - bytes[0][1], 10 * (bytes[0][1] - bytes[0][0]));
}
END_TEST

/* Each batch in flight costs the same. */
START_TEST(test_in_flight) {
  use(_i);
  size_t bytes[3], in_flight[] = {1, 2, 255};
  for (size_t k = 0; k < 3; k++)
    bytes[k] = memory_of(4, true, DNI_SCHEDULE_PIPELINED, 2, in_flight[k]).activation_bytes;
  ck_assert_uint_gt(bytes[1], bytes[0]);
  ck_assert_uint_eq(bytes[2] - bytes[1], 253 * (bytes[1] - bytes[0]));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("pipelined_reference");
  TCase *threads = add_group(suite, "threads");
  tcase_add_loop_test(threads, test_constant_lags, 0, 2 * NETWORKS);
  tcase_add_loop_test(threads, test_any_lags, 0, 2 * NETWORKS);
  tcase_add_loop_test(threads, test_recorded, 0, 2 * NETWORKS);
  TCase *tables = add_group(suite, "tables");
  tcase_add_test(tables, test_impossible);
  tcase_add_loop_test(tables, test_beyond_the_table, 0, NETWORKS);
  tcase_add_test(tables, test_not_pipelined);
  tcase_add_loop_test(tables, test_failure_while_recording, 0, 4);
  TCase *around = add_group(suite, "around");
  tcase_add_loop_test(around, test_wrappers, 0, 32);
  tcase_add_loop_test(around, test_sequential, 0, 10);
  tcase_add_loop_test(around, test_mixture_of_the_truth, 0, 2);
  tcase_add_loop_test(around, test_mixture, 0, 4);
  TCase *memory = add_group(suite, "memory");
  tcase_add_loop_test(memory, test_depth, 0, 2);
  tcase_add_loop_test(memory, test_in_flight, 0, 2);
  return support_run(suite);
}
