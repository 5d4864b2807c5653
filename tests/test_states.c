/* Layers that keep something from forward to backward, dropout and one of the caller's, where
 * several batches are between the two: delayed SGs with batches in flight, and micro-batches. */
#include "training.h"

#include "dni/research.h"

enum { ROWS = 8, INPUTS = 6, UNITS = 9, CLASSES = 3, BATCHES = 25 };

/* A layer of the caller's: y = x m(n), where m is another number for each batch n. ------------- */

typedef struct stamped {
  size_t forwards; /* batches so far */
  atomic_size_t faults;
} stamped;

/* What a batch leaves: its number, and its x, to be found again. */
typedef struct stamp {
  double factor;
  size_t rows;
  double x[ROWS * UNITS];
} stamp;

static double factor_of(size_t batch) {
  return 0.5 + (double)(batch % 7) / 8;
}

static void multiply(const dni_matrix *from, double factor, dni_matrix *to) {
  for (size_t r = 0; r < from->rows; r++)
    for (size_t c = 0; c < from->columns; c++)
      matrix_set(to, r, c, factor * matrix_get(from, r, c));
}

static dni_status stamped_forward(void *user, const dni_layer_call *call) {
  stamped *own = user;
  stamp *left = call->state;
  left->factor = factor_of(own->forwards++);
  left->rows = call->x->rows;
  for (size_t r = 0; r < call->x->rows; r++)
    for (size_t c = 0; c < UNITS; c++)
      left->x[r * UNITS + c] = matrix_get(call->x, r, c);
  multiply(call->x, left->factor, call->y);
  return DNI_OK;
}

/* The state must be that of the batch whose x is given. */
static dni_status stamped_backward(void *user, const dni_layer_call *call) {
  stamped *own = user;
  const stamp *left = call->state;
  bool same = left->rows == call->x->rows;
  for (size_t r = 0; same && r < left->rows; r++)
    for (size_t c = 0; c < UNITS; c++)
      same = same && left->x[r * UNITS + c] == matrix_get(call->x, r, c) &&
             matrix_get(call->y, r, c) == left->factor * left->x[r * UNITS + c];
  if (!same) atomic_fetch_add(&own->faults, 1);
  if (call->dx) multiply(call->dy, left->factor, call->dx);
  return DNI_OK;
}

static size_t stamped_bytes(void *user, size_t rows) {
  (void)user;
  return rows <= ROWS ? sizeof(stamp) : SIZE_MAX;
}

static dni_layer *make_stamped(dni_context *context, stamped *user) {
  dni_layer_callbacks callbacks = {.struct_size = sizeof callbacks,
                                   .user = user,
                                   .forward = stamped_forward,
                                   .backward = stamped_backward,
                                   .state_bytes = stamped_bytes};
  dni_layer *layer;
  EXPECT_OK(dni_layer_create_callback(context, UNITS, UNITS, &callbacks, &layer));
  return keep(LAYER, layer);
}

/* A network with both: tanh9, dropout, the caller's | tanh9, dropout | dense3. ----------------- */

typedef struct model {
  dni_context *context;
  dni_network *network;
  stamped user;
} model;

static void add(dni_network *network, dni_layer *layer) {
  EXPECT_OK(dni_network_add(network, layer));
}

static void add_dense(model *m, size_t inputs, size_t outputs, dni_activation activation) {
  dni_layer *layer;
  EXPECT_OK(dni_layer_create_dense(m->context, inputs, outputs, activation, &layer));
  add(m->network, keep(LAYER, layer));
}

static void add_dropout(model *m) {
  dni_layer *layer;
  EXPECT_OK(dni_layer_create_dropout(m->context, UNITS, 0.3, NULL, &layer));
  add(m->network, keep(LAYER, layer));
}

static void make_model(model *m, bool delayed) {
  *m = (model){.context = make_context(DNI_F64, 5)};
  EXPECT_OK(dni_network_create(m->context, &m->network));
  keep(NETWORK, m->network);
  add_dense(m, INPUTS, UNITS, DNI_ACTIVATION_TANH);
  add_dropout(m);
  add(m->network, make_stamped(m->context, &m->user));
  add_dense(m, UNITS, UNITS, DNI_ACTIVATION_TANH);
  add_dropout(m);
  add_dense(m, UNITS, CLASSES, DNI_ACTIVATION_IDENTITY);
  for (size_t after = 2; delayed && after <= 4; after += 2) {
    dni_sg *sg;
    EXPECT_OK(dni_sg_create_delayed(m->context, UNITS, 1, &sg));
    EXPECT_OK(dni_network_set_sg(m->network, after, keep(ESTIMATOR, sg)));
  }
}

static dni_trainer *train_with(model *m, dni_trainer_options options) {
  dni_trainer *trainer;
  options.struct_size = sizeof options;
  options.optimiser = make_sgd(m->context, 0.2);
  options.max_batch = ROWS;
  EXPECT_OK(dni_trainer_create(m->network, make_cross_entropy(m->context), &options, &trainer));
  return keep(TRAINER, trainer);
}

static dni_matrix xs[BATCHES], ys[BATCHES];

static void make_batches(void) {
  for (size_t i = 0; i < BATCHES; i++) {
    size_t rows = i % 5 == 4 ? ROWS - 3 : ROWS;
    xs[i] = matrix_random(DNI_F64, rows, INPUTS);
    ys[i] = matrix_one_hot(DNI_F64, rows, CLASSES);
  }
}

static numbers run(model *m, dni_trainer *trainer) {
  for (size_t i = 0; i < BATCHES; i++)
    EXPECT_OK(support_step(trainer, &xs[i], &ys[i], NULL));
  EXPECT_OK(dni_trainer_flush(trainer));
  ck_assert_uint_eq(atomic_load(&m->user.faults), 0);
  return all_layer_numbers(m->network);
}

static numbers run_sequential(bool delayed) {
  model m;
  make_model(&m, delayed);
  return run(&m, train_with(&m, (dni_trainer_options){0}));
}

/* One batch in flight: every target is learned at once, which is the sequential schedule. ------ */

START_TEST(one_in_flight_is_sequential) {
  model m;
  make_batches();
  make_model(&m, true);
  dni_trainer *trainer =
      train_with(&m, (dni_trainer_options){.schedule = DNI_SCHEDULE_PIPELINED, .in_flight = 1});
  ck_assert_uint_eq(dni_trainer_thread_count(trainer), 3);
  EXPECT_SAME_BITS(run(&m, trainer), run_sequential(false));
}
END_TEST

/* Micro-batches: dropout draws row by row, so parts drop what the whole batch drops. --------- */

static void make_drops(model *m) {
  *m = (model){.context = make_context(DNI_F64, 3)};
  m->network = make_network(m->context, "6 tanh9 drop tanh9 rows drop dense3");
}

START_TEST(micro_batches_drop_the_same) {
  model a, b;
  make_batches();
  make_drops(&a);
  make_drops(&b);
  numbers whole = run(&a, train_with(&a, (dni_trainer_options){0}));
  numbers parts =
      run(&b, train_with(&b, (dni_trainer_options){.schedule = DNI_SCHEDULE_MICRO_BATCHES,
                                                   .threads = 2,
                                                   .micro_batches = 3}));
  EXPECT(difference(whole, parts) < 1e-12, "they differ by %g", difference(whole, parts));
}
END_TEST

START_TEST(micro_batches_find_their_states) {
  model m;
  make_batches();
  make_model(&m, false);
  (void)run(&m, train_with(&m, (dni_trainer_options){.schedule = DNI_SCHEDULE_MICRO_BATCHES,
                                                     .threads = 3,
                                                     .micro_batches = 4}));
  ck_assert_uint_gt(m.user.forwards, 3 * BATCHES);
}
END_TEST

/* Several batches in flight, against a loop that keeps a state for each batch and follows the
 * recorded lags. Two threads: the delayed module below, the rest above.
 * ------------------------------------ */

enum { LOWER = 3, UPPER = 3, LAYERS = LOWER + UPPER };

typedef struct twin {
  model m;
  dni_optimiser *lower, *upper;
  dni_loss *loss;
  dni_state *state[BATCHES][LOWER];
  dni_matrix h[BATCHES][LOWER];
  size_t above; /* batches that the upper layers have been through */
} twin;

static void twin_open(twin *t) {
  make_model(&t->m, false);
  t->lower = make_sgd(t->m.context, 0.2);
  t->upper = make_sgd(t->m.context, 0.2);
  t->loss = make_cross_entropy(t->m.context);
  t->above = 0;
  for (size_t l = 0; l < LAYERS; l++)
    EXPECT_OK(dni_optimiser_add_layer(l < LOWER ? t->lower : t->upper,
                                      dni_network_layer(t->m.network, l)));
}

static void twin_forward(twin *t, size_t batch) {
  dni_matrix *x = &xs[batch];
  for (size_t l = 0; l < LOWER; l++) {
    dni_layer *layer = dni_network_layer(t->m.network, l);
    EXPECT_OK(dni_state_create(layer, ROWS, &t->state[batch][l]));
    t->h[batch][l] = matrix_make(DNI_F64, x->rows, UNITS);
    EXPECT_OK(dni_layer_forward(layer, DNI_MODE_TRAINING, t->state[batch][l], x, &t->h[batch][l]));
    x = &t->h[batch][l];
  }
}

/* The upper layers on one batch: they move, and hand down dL/dh. */
static dni_matrix twin_above(twin *t, size_t batch) {
  dni_matrix h[UPPER + 1] = {t->h[batch][LOWER - 1]}, delta, below = {0};
  size_t rows = h[0].rows;
  for (size_t l = 0; l < UPPER; l++) {
    dni_layer *layer = dni_network_layer(t->m.network, LOWER + l);
    h[l + 1] = matrix_make(DNI_F64, rows, dni_layer_outputs(layer));
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &h[l], &h[l + 1]));
  }
  delta = matrix_make(DNI_F64, rows, CLASSES);
  EXPECT_OK(support_evaluate(t->loss, &h[UPPER], &ys[batch], &delta, NULL, NULL));
  for (size_t l = UPPER; l-- > 0;) {
    dni_layer *layer = dni_network_layer(t->m.network, LOWER + l);
    below = matrix_make(DNI_F64, rows, UNITS);
    EXPECT_OK(support_backward(layer, DNI_GRADIENT_REPLACE, &h[l], &h[l + 1], &delta, &below));
    delta = below;
  }
  EXPECT_OK(dni_optimiser_step(t->upper));
  return delta;
}

/* The lesson of one batch: the lower layers run backward with their present parameters. */
static void twin_lesson(twin *t, size_t batch) {
  dni_matrix delta = twin_above(t, batch);
  for (size_t l = LOWER; l-- > 0;) {
    dni_matrix *x = l > 0 ? &t->h[batch][l - 1] : &xs[batch];
    dni_matrix below = matrix_make(DNI_F64, x->rows, x->columns);
    EXPECT_OK(dni_layer_backward(dni_network_layer(t->m.network, l), DNI_GRADIENT_REPLACE,
                                 t->state[batch][l], x, &t->h[batch][l], &delta,
                                 l > 0 ? &below : NULL));
    dni_state_release(t->state[batch][l]);
    delta = below;
  }
  EXPECT_OK(dni_optimiser_step(t->lower));
}

START_TEST(in_flight_follows_the_lags) {
  model m;
  static twin t;
  uint8_t lags[BATCHES];
  make_batches();
  make_model(&m, true);
  EXPECT_OK(dni_network_set_sg(m.network, 4, NULL));
  dni_trainer *trainer =
      train_with(&m, (dni_trainer_options){.schedule = DNI_SCHEDULE_PIPELINED, .in_flight = 4});
  ck_assert_uint_eq(dni_trainer_thread_count(trainer), 2);
  EXPECT_OK(dni_trainer_record(trainer, lags, BATCHES, BATCHES));
  numbers trained = run(&m, trainer);
  twin_open(&t);
  size_t taught = 0;
  for (size_t i = 0; i < BATCHES; i++) {
    twin_forward(&t, i);
    while (taught <= i && taught + lags[taught] == i)
      twin_lesson(&t, taught++);
  }
  ck_assert_uint_eq(taught, BATCHES);
  ck_assert_uint_eq(atomic_load(&t.m.user.faults), 0);
  EXPECT_SAME_BITS(all_layer_numbers(t.m.network), trained);
}
END_TEST

/* The same with a lag of 3 at every step, which timing would not give every time. */
START_TEST(late_targets_find_their_states) {
  model m;
  uint8_t lags[2 * BATCHES];
  make_batches();
  make_model(&m, true);
  dni_trainer *trainer =
      train_with(&m, (dni_trainer_options){.schedule = DNI_SCHEDULE_PIPELINED, .in_flight = 4});
  for (size_t i = 0; i < BATCHES; i++) {
    size_t left = BATCHES - 1 - i;
    lags[i] = lags[BATCHES + i] = (uint8_t)(left < 3 ? left : 3);
  }
  EXPECT_OK(dni_trainer_replay(trainer, lags, 2 * BATCHES, BATCHES));
  (void)run(&m, trainer);
}
END_TEST

/* A layer of the caller's whose state has no bytes, with batches of different sizes in flight. */
static dni_status empty_forward(void *user, const dni_layer_call *call) {
  (void)user;
  return dni_matrix_copy(call->x, call->y);
}

static dni_status empty_backward(void *user, const dni_layer_call *call) {
  (void)user;
  return call->dx ? dni_matrix_copy(call->dy, call->dx) : DNI_OK;
}

static size_t empty_bytes(void *user, size_t rows) {
  (void)user, (void)rows;
  return 0;
}

START_TEST(states_without_bytes) {
  model m = {.context = make_context(DNI_F64, 5)};
  dni_layer_callbacks callbacks = {.struct_size = sizeof callbacks,
                                   .forward = empty_forward,
                                   .backward = empty_backward,
                                   .state_bytes = empty_bytes};
  bool delayed = _i == 1;
  dni_layer *layer;
  dni_sg *sg;
  make_batches();
  EXPECT_OK(dni_network_create(m.context, &m.network));
  keep(NETWORK, m.network);
  add_dense(&m, INPUTS, UNITS, DNI_ACTIVATION_TANH);
  EXPECT_OK(dni_layer_create_callback(m.context, UNITS, UNITS, &callbacks, &layer));
  add(m.network, keep(LAYER, layer));
  add_dense(&m, UNITS, CLASSES, DNI_ACTIVATION_IDENTITY);
  EXPECT_OK(dni_sg_create_delayed(m.context, UNITS, 1, &sg));
  keep(ESTIMATOR, sg);
  if (delayed) EXPECT_OK(dni_network_set_sg(m.network, 1, sg));
  static const size_t thread[] = {0, 0, 1};
  dni_trainer *trainer =
      train_with(&m, (dni_trainer_options){.schedule = delayed ? DNI_SCHEDULE_PIPELINED
                                                               : DNI_SCHEDULE_MICRO_BATCHES,
                                           .in_flight = 4,
                                           .micro_batches = 3,
                                           .layer_thread = thread,
                                           .layer_thread_count = 3});
  uint8_t lags[BATCHES];
  for (size_t i = 0; i < BATCHES; i++)
    lags[i] = i + 3 < BATCHES ? 3 : (uint8_t)(BATCHES - 1 - i);
  if (delayed) EXPECT_OK(dni_trainer_replay(trainer, lags, BATCHES, BATCHES));
  for (size_t i = 0; i < BATCHES; i++) {
    dni_matrix some_x = some_rows(xs[i], 0, 1 + i % 5);
    dni_matrix some_y = some_rows(ys[i], 0, 1 + i % 5);
    EXPECT_OK(support_step(trainer, &some_x, &some_y, NULL));
  }
  EXPECT_OK(dni_trainer_flush(trainer));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("states");
  TCase *group = add_group(suite, "states");
  tcase_add_test(group, one_in_flight_is_sequential);
  tcase_add_test(group, micro_batches_drop_the_same);
  tcase_add_test(group, micro_batches_find_their_states);
  tcase_add_test(group, in_flight_follows_the_lags);
  tcase_add_test(group, late_targets_find_their_states);
  tcase_add_loop_test(group, states_without_bytes, 0, 2);
  return support_run(suite);
}
