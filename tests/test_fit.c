/* dni_trainer_fit: what it makes of epochs, steps, batches, orders, validation and its callback;
 * and dni_trainer_fit_stream. */
#include "training.h"

enum { ROWS = 16, EXAMPLES = 100, INPUTS = 6, CLASSES = 4, PER_EPOCH = EXAMPLES / ROWS };

static dni_context *context;
static dni_dtype dtype;
static dni_matrix x, y;

static void use(int index) {
  dtype = support_dtypes[index];
  context = make_context(dtype, 9);
  x = matrix_random(dtype, EXAMPLES, INPUTS);
  y = matrix_one_hot(dtype, EXAMPLES, CLASSES);
}

static dni_trainer *make(dni_network **network) {
  dni_context *own = make_context(dtype, 13); /* so that all trainers start alike */
  dni_network *made = make_network(own, "6 relu9 norm |sg relu8 |sg1 dense4");
  if (network) *network = made;
  return make_trainer(own, made, make_adam(own, 0.01), make_adam(own, 0.01), ROWS, 0);
}

/* The first `rows` examples. */
static dni_dataset *make_dataset(size_t rows) {
  dni_matrix some_x = some_rows(x, 0, rows), some_y = some_rows(y, 0, rows);
  dni_dataset *dataset;
  dni_memory_options options = {.struct_size = sizeof options, .flags = DNI_DATA_BORROW};
  EXPECT_OK(dni_dataset_create_memory(context, &some_x, &some_y, &options, &dataset));
  return keep(DATASET, dataset);
}

static numbers everything(dni_network *network) {
  numbers list = all_layer_numbers(network);
  append_numbers(&list, all_sg_numbers(network));
  return list;
}

START_TEST(test_epochs_and_steps) {
  static const struct {
    uint64_t epochs, steps, expected;
  } cases[] = {{0, 0, PER_EPOCH},
               {1, 0, PER_EPOCH},
               {3, 0, 3 * PER_EPOCH},
               {0, 1, 1},
               {0, 20, 20},
               {3, 5, 5},
               {3, 10, 10},
               {2, 100, 2 * PER_EPOCH},
               {1, PER_EPOCH, PER_EPOCH}};
  use(_i);
  dni_dataset *dataset = make_dataset(EXAMPLES);
  dni_trainer *trainer = make(NULL);
  uint64_t made = 0;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    dni_fit_options options = {
        .struct_size = sizeof options, .epochs = cases[i].epochs, .steps = cases[i].steps};
    EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
    made += cases[i].expected;
    ck_assert_uint_eq(dni_trainer_step_count(trainer), made); /* later calls go on */
  }
}
END_TEST

/* In the order of the data, fit is steps on rows 0-15, 16-31, ..., 80-95, and again from 0: the
 * last four rows make no whole batch. */
START_TEST(test_fit_is_steps) {
  use(_i);
  dni_network *network, *stepped;
  dni_trainer *trainer = make(&network), *by_steps = make(&stepped);
  dni_fit_options options = {.struct_size = sizeof options, .epochs = 2, .keep_order = 1};
  dni_dataset *dataset = make_dataset(EXAMPLES);
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  options = (dni_fit_options){.struct_size = sizeof options, .steps = 2, .keep_order = 1};
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options)); /* a new epoch: from the start */
  for (size_t step = 0; step < 2 * PER_EPOCH + 2; step++) {
    dni_matrix some_x = some_rows(x, step % PER_EPOCH * ROWS, ROWS);
    dni_matrix some_y = some_rows(y, step % PER_EPOCH * ROWS, ROWS);
    EXPECT_OK(support_step(by_steps, &some_x, &some_y, NULL));
  }
  EXPECT_SAME_BITS(everything(network), everything(stepped));
}
END_TEST

START_TEST(test_smaller_data_sets_and_batches) {
  use(_i);
  dni_network *network, *stepped;
  dni_trainer *trainer = make(&network), *by_steps = make(&stepped);
  dni_fit_options options = {.struct_size = sizeof options, .epochs = 3, .keep_order = 1};
  EXPECT_OK(dni_trainer_fit(trainer, make_dataset(11), &options)); /* 3 batches of 11 */
  options.batch = 5;
  EXPECT_OK(dni_trainer_fit(trainer, make_dataset(11), &options)); /* 6 batches of 5 */
  for (size_t step = 0; step < 9; step++) {
    size_t first = step < 3 ? 0 : (step - 3) % 2 * 5, rows = step < 3 ? 11 : 5;
    dni_matrix some_x = some_rows(x, first, rows), some_y = some_rows(y, first, rows);
    EXPECT_OK(support_step(by_steps, &some_x, &some_y, NULL));
  }
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 9);
  EXPECT_SAME_BITS(everything(network), everything(stepped));
}
END_TEST

/* What is left at the end of an epoch as a smaller batch. */
START_TEST(test_keep_rest) {
  use(_i);
  dni_network *network, *stepped;
  dni_trainer *trainer = make(&network), *by_steps = make(&stepped);
  dni_fit_options options = {
      .struct_size = sizeof options, .epochs = 2, .keep_order = 1, .keep_rest = 1};
  EXPECT_OK(dni_trainer_fit(trainer, make_dataset(EXAMPLES), &options));
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 2 * (PER_EPOCH + 1));
  for (size_t step = 0; step < 2 * (PER_EPOCH + 1); step++) {
    size_t first = step % (PER_EPOCH + 1) * ROWS;
    size_t rows = first + ROWS > EXAMPLES ? EXAMPLES - first : ROWS;
    dni_matrix some_x = some_rows(x, first, rows), some_y = some_rows(y, first, rows);
    EXPECT_OK(support_step(by_steps, &some_x, &some_y, NULL));
  }
  EXPECT_SAME_BITS(everything(network), everything(stepped));
}
END_TEST

/* Orders. -------------------------------------------------------------------------------------- */

/* Steps in the next order of `order`, as fit makes them. */
static void epoch_by_hand(dni_trainer *trainer, const dni_dataset *dataset, dni_order *order) {
  dni_matrix some_x = matrix_make(dtype, ROWS, INPUTS), some_y = matrix_make(dtype, ROWS, CLASSES);
  EXPECT_OK(dni_order_shuffle(order));
  for (size_t step = 0; step < PER_EPOCH; step++) {
    const size_t *indices = dni_order_indices(order) + step * ROWS;
    EXPECT_OK(dni_dataset_gather(dataset, indices, ROWS, &some_x, &some_y));
    EXPECT_OK(support_step(trainer, &some_x, &some_y, NULL));
  }
}

/* By default orders are those of the data set's own stream and go on from call to call, for each
 * data set anew; with a seed they start from it in each call. */
START_TEST(test_orders) {
  use(_i);
  dni_network *network, *stepped;
  dni_trainer *trainer = make(&network), *by_steps = make(&stepped);
  dni_dataset *first = make_dataset(EXAMPLES), *second = make_dataset(EXAMPLES);
  dni_order *own, *other, *seeded;
  dni_random_options random = {.struct_size = sizeof random, .has_seed = 1, .seed = 77};
  EXPECT_OK(dni_order_create(first, NULL, &own));
  EXPECT_OK(dni_order_create(second, NULL, &other));
  keep(ORDER, own), keep(ORDER, other);
  dni_fit_options two = {.struct_size = sizeof two, .epochs = 2};
  EXPECT_OK(dni_trainer_fit(trainer, first, &two));
  EXPECT_OK(dni_trainer_fit(trainer, first, NULL));
  for (size_t epoch = 0; epoch < 3; epoch++)
    epoch_by_hand(by_steps, first, own);
  EXPECT_SAME_BITS(everything(network), everything(stepped));
  EXPECT_OK(dni_trainer_fit(trainer, second, NULL));
  epoch_by_hand(by_steps, second, other);
  EXPECT_SAME_BITS(everything(network), everything(stepped));
  two.has_seed = 1;
  two.seed = 77;
  for (size_t call = 0; call < 2; call++) {
    EXPECT_OK(dni_trainer_fit(trainer, first, &two));
    EXPECT_OK(dni_order_create(first, &random, &seeded));
    keep(ORDER, seeded);
    epoch_by_hand(by_steps, first, seeded);
    epoch_by_hand(by_steps, first, seeded);
  }
  EXPECT_SAME_BITS(everything(network), everything(stepped));
}
END_TEST

/* Labels in the data set: the same bits as one-hot rows. */
START_TEST(test_labels) {
  use(_i);
  int32_t labels[EXAMPLES];
  dni_matrix view;
  dni_matrix_init_labels(&view, labels, EXAMPLES);
  for (size_t r = 0; r < EXAMPLES; r++)
    for (int32_t c = 0; c < CLASSES; c++)
      if (matrix_get(&y, r, (size_t)c) > 0) labels[r] = c;
  dni_network *network, *labelled;
  dni_trainer *trainer = make(&network), *by_labels = make(&labelled);
  dni_memory_options memory = {.struct_size = sizeof memory, .classes = CLASSES};
  dni_dataset *dataset;
  EXPECT_OK(dni_dataset_create_memory(context, &x, &view, &memory, &dataset));
  dni_fit_options options = {.struct_size = sizeof options, .epochs = 3, .has_seed = 1, .seed = 5};
  EXPECT_OK(dni_trainer_fit(trainer, make_dataset(EXAMPLES), &options));
  EXPECT_OK(dni_trainer_fit(by_labels, keep(DATASET, dataset), &options));
  EXPECT_SAME_BITS(everything(network), everything(labelled));
}
END_TEST

/* A layer that hands x on and counts how often each example went by; its number is in column 0. */
static dni_status count_forward(void *user, const dni_layer_call *call) {
  matrix_copy(call->x, call->y);
  for (size_t r = 0; r < call->x->rows; r++)
    ((size_t *)user)[(size_t)matrix_get(call->x, r, 0)]++;
  return DNI_OK;
}

static dni_status count_backward(void *user, const dni_layer_call *call) {
  (void)user;
  if (call->dx) matrix_copy(call->dy, call->dx);
  return DNI_OK;
}

START_TEST(test_every_epoch_has_each_example_once) {
  use(_i);
  size_t counts[EXAMPLES] = {0}, left_out[2] = {0}, dropped[2][EXAMPLES];
  dni_layer_callbacks callbacks = {.struct_size = sizeof callbacks,
                                   .user = counts,
                                   .forward = count_forward,
                                   .backward = count_backward};
  dni_layer *counter, *dense = keep(LAYER, make_layer(context, INPUTS, "dense4"));
  dni_network *network = make_network(context, "6");
  EXPECT_OK(dni_layer_create_callback(context, INPUTS, INPUTS, &callbacks, &counter));
  EXPECT_OK(dni_network_add(network, keep(LAYER, counter)));
  EXPECT_OK(dni_network_add(network, dense));
  dni_trainer *trainer = make_trainer(context, network, make_sgd(context, 0), NULL, ROWS, 0);
  for (size_t r = 0; r < EXAMPLES; r++)
    matrix_set(&x, r, 0, (double)r);
  dni_dataset *dataset = make_dataset(EXAMPLES);
  for (size_t epoch = 0; epoch < 2; epoch++) {
    memset(counts, 0, sizeof counts);
    EXPECT_OK(dni_trainer_fit(trainer, dataset, NULL));
    for (size_t r = 0; r < EXAMPLES; r++) {
      ck_assert_uint_le(counts[r], 1);
      if (counts[r] == 0) dropped[epoch][left_out[epoch]++] = r;
    }
    ck_assert_uint_eq(left_out[epoch], EXAMPLES % ROWS);
  }
  ck_assert_int_ne(memcmp(dropped[0], dropped[1], EXAMPLES % ROWS * sizeof **dropped), 0);
}
END_TEST

/* Callbacks. ----------------------------------------------------------------------------------- */

typedef struct witness {
  size_t calls;
  uint64_t steps[64], stop_at;
  dni_status answer;    /* at stop_at */
  dni_trainer *trainer; /* to call fit on, from within */
  dni_dataset *dataset;
  dni_status inner;
} witness;

static dni_status watch(void *user, const dni_step_report *report) {
  witness *seen = user;
  ck_assert(isfinite(report->loss));
  ck_assert_uint_eq(report->module_count, 3);
  ck_assert_uint_eq(report->rows, ROWS);
  ck_assert_uint_ge(report->epoch, 1);
  ck_assert_int_eq(report->settled, 1);
  seen->steps[seen->calls++ % 64] = report->step;
  if (seen->trainer) seen->inner = dni_trainer_fit(seen->trainer, seen->dataset, NULL);
  return report->step == seen->stop_at ? seen->answer : DNI_OK;
}

START_TEST(test_callback_every) {
  use(_i);
  witness seen = {.stop_at = 0};
  dni_fit_options options = {.struct_size = sizeof options,
                             .steps = 10,
                             .callback = watch,
                             .callback_user = &seen,
                             .callback_every = 4};
  dni_trainer *trainer = make(NULL);
  dni_dataset *dataset = make_dataset(EXAMPLES);
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  ck_assert_uint_eq(seen.calls, 2);
  ck_assert_uint_eq(seen.steps[0], 4);
  ck_assert_uint_eq(seen.steps[1], 8);
  options.callback_every = 0;
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  ck_assert_uint_eq(seen.calls, 12);
  for (size_t i = 0; i < 10; i++)
    ck_assert_uint_eq(seen.steps[2 + i], 11 + i);
}
END_TEST

/* 1 stops without a failure; other answers are failures. */
START_TEST(test_answers_of_the_callback) {
  static const dni_status answers[][2] = {{1, DNI_OK},
                                          {1234, 1234},
                                          {2, DNI_ERROR_CALLBACK},
                                          {-1, DNI_ERROR_CALLBACK},
                                          {DNI_ERROR_CANCELLED, DNI_ERROR_CALLBACK}};
  use(_i);
  dni_trainer *trainer = make(NULL);
  dni_dataset *dataset = make_dataset(EXAMPLES);
  for (size_t i = 0; i < 5; i++) {
    uint64_t before = dni_trainer_step_count(trainer);
    witness seen = {.stop_at = before + 3, .answer = answers[i][0]};
    dni_fit_options options = {
        .struct_size = sizeof options, .epochs = 4, .callback = watch, .callback_user = &seen};
    dni_status status = dni_trainer_fit(trainer, dataset, &options);
    EXPECT(status == answers[i][1], "%d gives %s", answers[i][0], dni_status_name(status));
    ck_assert_uint_eq(dni_trainer_step_count(trainer), before + 3);
  }
  dni_fit_options options = {.struct_size = sizeof options, .epochs = 4};
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options)); /* can go on */
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 15 + 4 * PER_EPOCH);
}
END_TEST

static dni_status cancel_at_3(void *user, const dni_step_report *report) {
  if (report->step == 3) dni_trainer_cancel(user);
  return DNI_OK;
}

START_TEST(test_cancel) {
  use(_i);
  dni_trainer *trainer = make(NULL);
  dni_fit_options options = {.struct_size = sizeof options,
                             .epochs = 4,
                             .callback = cancel_at_3,
                             .callback_user = trainer};
  dni_dataset *dataset = make_dataset(EXAMPLES);
  EXPECT_MESSAGE(DNI_ERROR_CANCELLED, "step 3", dni_trainer_fit(trainer, dataset, &options));
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 3);
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options)); /* can go on */
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 3 + 4 * PER_EPOCH);
  dni_trainer_cancel(trainer); /* before it begins: remembered, once */
  EXPECT_STATUS(DNI_ERROR_CANCELLED, dni_trainer_fit(trainer, dataset, &options));
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 3 + 4 * PER_EPOCH);
  EXPECT_OK(dni_trainer_fit(trainer, dataset, NULL));
}
END_TEST

START_TEST(test_not_from_its_own_callback) {
  use(_i);
  dni_dataset *dataset = make_dataset(EXAMPLES);
  dni_trainer *trainer = make(NULL);
  witness seen = {.trainer = trainer, .dataset = dataset};
  dni_fit_options options = {
      .struct_size = sizeof options, .steps = 2, .callback = watch, .callback_user = &seen};
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  ck_assert_int_eq(seen.inner, DNI_ERROR_STATE);
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 2);
  seen.trainer = make(NULL); /* another trainer is free */
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  ck_assert_int_eq(seen.inner, DNI_OK);
}
END_TEST

static dni_status note_epoch(void *user, const dni_step_report *report) {
  append_number(user, (double)report->epoch);
  return DNI_OK;
}

START_TEST(test_epochs_are_reported) {
  use(_i);
  dni_trainer *trainer = make(NULL);
  for (size_t call = 0; call < 2; call++) { /* each call begins anew */
    numbers epochs = {0};
    dni_fit_options options = {.struct_size = sizeof options,
                               .epochs = 3,
                               .callback = note_epoch,
                               .callback_user = &epochs};
    EXPECT_OK(dni_trainer_fit(trainer, make_dataset(EXAMPLES), &options));
    ck_assert_uint_eq(epochs.count, 3 * PER_EPOCH);
    for (size_t i = 0; i < epochs.count; i++)
      ck_assert_double_eq(epochs.data[i], (double)(i / PER_EPOCH + 1));
  }
}
END_TEST

/* Validation. ---------------------------------------------------------------------------------- */

typedef struct judge {
  dni_network *network;
  dni_dataset *dataset;
  dni_loss *loss;
  size_t validated;
  uint64_t every; /* 0: at the end of each epoch */
  double lowest;
  numbers best; /* the parameters at the lowest loss */
} judge;

static dni_status check_validation(void *user, const dni_step_report *report) {
  judge *own = user;
  uint64_t every = own->every > 0 ? own->every : PER_EPOCH;
  ck_assert_int_eq(report->validated, report->step % every == 0);
  ck_assert_int_eq(isnan(report->validation_loss) != 0, report->step < every);
  if (!report->validated) return DNI_OK;
  dni_evaluation evaluation = {.struct_size = sizeof evaluation};
  EXPECT_OK(dni_network_evaluate(own->network, own->loss, own->dataset, NULL, &evaluation));
  ck_assert_double_eq(report->validation_loss, evaluation.loss);
  ck_assert_double_eq(report->validation_accuracy, evaluation.accuracy);
  ck_assert_double_nan(report->validation_metric);
  if (own->validated++ == 0 || evaluation.loss < own->lowest) {
    own->lowest = evaluation.loss;
    own->best = all_layer_numbers(own->network);
  }
  return DNI_OK;
}

/* The network as it is, at the end of each epoch or every so many steps; `best` has the parameters
 * of the lowest loss at the end. */
START_TEST(test_validation) {
  use(_i % 2);
  static judge own;
  own = (judge){.dataset = make_dataset(40), .every = _i < 2 ? 0 : 4};
  dni_trainer *trainer = make(&own.network);
  own.loss = make_cross_entropy(context);
  dni_network *best;
  EXPECT_OK(dni_network_copy(own.network, &best));
  keep(NETWORK, best);
  dni_fit_options options = {.struct_size = sizeof options,
                             .epochs = 6,
                             .callback = check_validation,
                             .callback_user = &own,
                             .validation = own.dataset,
                             .validate_every = own.every,
                             .best = best};
  EXPECT_OK(dni_trainer_fit(trainer, make_dataset(EXAMPLES), &options));
  ck_assert_uint_eq(own.validated, 6 * PER_EPOCH / (own.every ? own.every : PER_EPOCH));
  EXPECT_SAME_BITS(all_layer_numbers(best), own.best);
}
END_TEST

/* A step that is reported after a later evaluation has the numbers of the one before it. */
static dni_status check_late_reports(void *user, const dni_step_report *report) {
  double *losses = user;
  bool first = report->step < 4;
  EXPECT(first == (isnan(report->validation_loss) != 0), "step %zu: validation loss %g",
         (size_t)report->step, report->validation_loss);
  ck_assert_int_eq(report->validated, report->step % 4 == 0);
  if (report->validated) losses[report->step / 4] = report->validation_loss;
  if (!first) ck_assert_double_eq(report->validation_loss, losses[report->step / 4]);
  return DNI_OK;
}

START_TEST(test_validation_of_late_reports) {
  use(_i);
  dni_network *network = make_network(context, "6 relu9 |sg relu8 |sg dense4");
  dni_trainer_options trained = {
      .struct_size = sizeof trained, .max_batch = ROWS, .schedule = DNI_SCHEDULE_PIPELINED};
  dni_trainer *trainer;
  EXPECT_OK(dni_trainer_create(network, make_cross_entropy(context), &trained, &trainer));
  keep(TRAINER, trainer);
  double losses[20];
  dni_fit_options options = {.struct_size = sizeof options,
                             .steps = 50,
                             .callback = check_late_reports,
                             .callback_user = losses,
                             .settle_every = 1000,
                             .validation = make_dataset(40),
                             .validate_every = 4};
  EXPECT_OK(dni_trainer_fit(trainer, make_dataset(EXAMPLES), &options));
}
END_TEST

/* What does not get better, since nothing moves, ends after the first evaluation and `patience`
 * more. */
START_TEST(test_patience) {
  use(_i);
  for (uint64_t patience = 1; patience <= 3; patience++) {
    dni_network *network = make_network(context, "6 relu9 dense4");
    dni_trainer *trainer = make_trainer(context, network, make_sgd(context, 0), NULL, ROWS, 0);
    dni_fit_options options = {.struct_size = sizeof options,
                               .epochs = 10,
                               .validation = make_dataset(40),
                               .validate_every = 4,
                               .patience = patience};
    EXPECT_OK(dni_trainer_fit(trainer, make_dataset(EXAMPLES), &options));
    ck_assert_uint_eq(dni_trainer_step_count(trainer), 4 * (1 + patience));
  }
}
END_TEST

START_TEST(test_validation_refused) {
  use(_i);
  dni_network *network;
  dni_trainer *trainer = make(&network);
  dni_dataset *dataset = make_dataset(EXAMPLES), *wrong;
  numbers before = everything(network);
  dni_fit_options options = {.struct_size = sizeof options, .patience = 2};
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "patience", dni_trainer_fit(trainer, dataset, &options));
  EXPECT_OK(dni_dataset_create_memory(context, &x, &x, NULL, &wrong));
  options = (dni_fit_options){.struct_size = sizeof options, .validation = keep(DATASET, wrong)};
  EXPECT_ARGUMENT(dni_trainer_fit(trainer, dataset, &options));
  options = (dni_fit_options){.struct_size = sizeof options,
                              .validation = dataset,
                              .best = make_network(context, "6 relu9 dense4")};
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "best", dni_trainer_fit(trainer, dataset, &options));
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 0);
  EXPECT_SAME_BITS(everything(network), before);
}
END_TEST

/* Streams. ------------------------------------------------------------------------------------- */

/* Batches of the examples in turn, until `batches` are made. */
typedef struct river {
  size_t made, batches;
  bool empty_at_the_end; /* else x stays NULL */
  dni_status answer;     /* after the last batch */
  dni_matrix x, y, weights, *give_weights;
} river;

static dni_status flow(void *user, dni_batch *batch) {
  river *own = user;
  size_t at = own->made % PER_EPOCH;
  if (own->made == own->batches && own->answer != DNI_OK)
    return dni_fail(own->answer, "the river is dry");
  bool end = own->made == own->batches;
  if (end && !own->empty_at_the_end) return DNI_OK;
  own->made += !end;
  own->x = some_rows(x, at * ROWS, end ? 0 : ROWS);
  own->y = some_rows(y, at * ROWS, end ? 0 : ROWS);
  batch->x = &own->x;
  batch->y = &own->y;
  batch->weights = own->give_weights;
  return DNI_OK;
}

START_TEST(test_stream) {
  use(_i % 2);
  dni_network *network, *stepped;
  dni_trainer *trainer = make(&network), *by_steps = make(&stepped);
  river own = {.batches = 10, .empty_at_the_end = _i >= 2};
  dni_stream stream = {.struct_size = sizeof stream, .user = &own, .next = flow};
  EXPECT_OK(dni_trainer_fit_stream(trainer, &stream, NULL));
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 10);
  own.batches = 100;
  dni_fit_options options = {.struct_size = sizeof options, .steps = 5};
  EXPECT_OK(dni_trainer_fit_stream(trainer, &stream, &options));
  ck_assert_uint_eq(own.made, 15); /* no batch is fetched in vain */
  for (size_t step = 0; step < 15; step++) {
    dni_matrix some_x = some_rows(x, step % PER_EPOCH * ROWS, ROWS);
    dni_matrix some_y = some_rows(y, step % PER_EPOCH * ROWS, ROWS);
    EXPECT_OK(support_step(by_steps, &some_x, &some_y, NULL));
  }
  EXPECT_SAME_BITS(everything(network), everything(stepped));
}
END_TEST

/* Weights of 1 change nothing; weights of all 0 are refused with the batch. */
START_TEST(test_stream_with_weights) {
  use(_i);
  dni_network *network, *weighted;
  dni_trainer *trainer = make(&network), *by_weights = make(&weighted);
  river own = {.batches = 10};
  dni_stream stream = {.struct_size = sizeof stream, .user = &own, .next = flow};
  EXPECT_OK(dni_trainer_fit_stream(trainer, &stream, NULL));
  own = (river){.batches = 10, .weights = matrix_filled(dtype, ROWS, 1, 1)};
  own.give_weights = &own.weights;
  EXPECT_OK(dni_trainer_fit_stream(by_weights, &stream, NULL));
  double apart = difference(everything(network), everything(weighted));
  EXPECT(apart <= support_tolerance(dtype, 1e-4, 1e-11), "differs by %g", apart);
  matrix_fill(&own.weights, 0);
  own.made = 0;
  EXPECT_ARGUMENT(dni_trainer_fit_stream(by_weights, &stream, NULL));
}
END_TEST

START_TEST(test_stream_validates_at_the_end) {
  use(_i);
  dni_network *network, *best;
  dni_trainer *trainer = make(&network);
  river own = {.batches = 10};
  dni_stream stream = {.struct_size = sizeof stream, .user = &own, .next = flow};
  EXPECT_OK(dni_network_copy(network, &best));
  keep(NETWORK, best);
  dni_fit_options options = {
      .struct_size = sizeof options, .validation = make_dataset(40), .best = best};
  EXPECT_OK(dni_trainer_fit_stream(trainer, &stream, &options));
  EXPECT_SAME_BITS(all_layer_numbers(best), all_layer_numbers(network));
}
END_TEST

START_TEST(test_stream_refused) {
  use(_i);
  dni_trainer *trainer = make(NULL);
  river own = {.batches = 3, .answer = 1234};
  dni_stream stream = {.struct_size = sizeof stream, .user = &own, .next = flow};
  EXPECT_MESSAGE(1234, "the river is dry", dni_trainer_fit_stream(trainer, &stream, NULL));
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 3);
  own.answer = DNI_ERROR_CANCELLED;
  EXPECT_MESSAGE(DNI_ERROR_CALLBACK, "the river is dry",
                 dni_trainer_fit_stream(trainer, &stream, NULL));
  EXPECT_ARGUMENT(dni_trainer_fit_stream(NULL, &stream, NULL));
  EXPECT_ARGUMENT(dni_trainer_fit_stream(trainer, NULL, NULL));
  dni_fit_options options;
#define REFUSE(change)                                                                             \
  do {                                                                                             \
    options = (dni_fit_options){.struct_size = sizeof options};                                    \
    options.change;                                                                                \
    EXPECT_ARGUMENT(dni_trainer_fit_stream(trainer, &stream, &options));                           \
  } while (0)
  REFUSE(batch = 4);
  REFUSE(epochs = 1);
  REFUSE(keep_order = 1);
  REFUSE(keep_rest = 1);
  REFUSE(seed = 3);
  REFUSE(has_seed = 1);
  REFUSE(struct_size = 8);
#undef REFUSE
  stream.next = NULL;
  EXPECT_ARGUMENT(dni_trainer_fit_stream(trainer, &stream, NULL));
  stream = (dni_stream){.struct_size = 4, .user = &own, .next = flow};
  EXPECT_ARGUMENT(dni_trainer_fit_stream(trainer, &stream, NULL));
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 3);
}
END_TEST

/* Failures. ------------------------------------------------------------------------------------ */

START_TEST(test_refused) {
  use(_i);
  dni_network *network;
  dni_trainer *trainer = make(&network);
  numbers before = everything(network);
  dni_dataset *dataset = make_dataset(EXAMPLES), *wrong;
  dni_fit_options options = {.struct_size = sizeof options, .batch = ROWS + 1};
  EXPECT_ARGUMENT(dni_trainer_fit(NULL, dataset, NULL));
  EXPECT_ARGUMENT(dni_trainer_fit(trainer, NULL, NULL));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "17", dni_trainer_fit(trainer, dataset, &options));
  options = (dni_fit_options){.struct_size = 8};
  EXPECT_ARGUMENT(dni_trainer_fit(trainer, dataset, &options));
  options = (dni_fit_options){.struct_size = sizeof options, .reserved = 1};
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_trainer_fit(trainer, dataset, &options));
  EXPECT_OK(dni_dataset_create_memory(context, &x, &x, NULL, &wrong));
  EXPECT_ARGUMENT(dni_trainer_fit(trainer, keep(DATASET, wrong), NULL));
  EXPECT_OK(dni_dataset_create_memory(context, &y, &y, NULL, &wrong));
  EXPECT_ARGUMENT(dni_trainer_fit(trainer, keep(DATASET, wrong), NULL));
  dni_context *other = make_context(support_dtypes[1 - _i], 1);
  dni_matrix other_x = matrix_random(support_dtypes[1 - _i], 40, INPUTS);
  dni_matrix other_y = matrix_one_hot(support_dtypes[1 - _i], 40, CLASSES);
  EXPECT_OK(dni_dataset_create_memory(other, &other_x, &other_y, NULL, &wrong));
  EXPECT_ARGUMENT(dni_trainer_fit(trainer, keep(DATASET, wrong), NULL));
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 0);
  EXPECT_SAME_BITS(everything(network), before);
}
END_TEST

START_TEST(test_divergence_stops_fit) {
  use(_i);
  dni_context *own = make_context(dtype, 13);
  dni_network *network = make_network(own, "6 relu9 norm |sg dense8 dense4");
  dni_trainer *trainer =
      make_trainer(own, network, make_sgd(own, support_tolerance(dtype, 1e30, 1e200)),
                   make_sgd(own, 1), ROWS, 0);
  dni_fit_options options = {.struct_size = sizeof options, .epochs = 50};
  EXPECT_MESSAGE(DNI_ERROR_NON_FINITE, "step ",
                 dni_trainer_fit(trainer, make_dataset(EXAMPLES), &options));
  EXPECT(strstr(dni_last_message(), "layer "), "message \"%s\"", dni_last_message());
  /* and the trainer can be called again */
  EXPECT_STATUS(DNI_ERROR_NON_FINITE, dni_trainer_fit(trainer, make_dataset(EXAMPLES), &options));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("fit");
  TCase *group = add_group(suite, "fit");
  tcase_add_loop_test(group, test_epochs_and_steps, 0, 2);
  tcase_add_loop_test(group, test_fit_is_steps, 0, 2);
  tcase_add_loop_test(group, test_smaller_data_sets_and_batches, 0, 2);
  tcase_add_loop_test(group, test_keep_rest, 0, 2);
  tcase_add_loop_test(group, test_orders, 0, 2);
  tcase_add_loop_test(group, test_labels, 0, 2);
  tcase_add_loop_test(group, test_every_epoch_has_each_example_once, 0, 2);
  tcase_add_loop_test(group, test_callback_every, 0, 2);
  tcase_add_loop_test(group, test_answers_of_the_callback, 0, 2);
  tcase_add_loop_test(group, test_cancel, 0, 2);
  tcase_add_loop_test(group, test_not_from_its_own_callback, 0, 2);
  tcase_add_loop_test(group, test_epochs_are_reported, 0, 2);
  tcase_add_loop_test(group, test_refused, 0, 2);
  tcase_add_loop_test(group, test_divergence_stops_fit, 0, 2);
  group = add_group(suite, "validation");
  tcase_add_loop_test(group, test_validation, 0, 4);
  tcase_add_loop_test(group, test_validation_of_late_reports, 0, 2);
  tcase_add_loop_test(group, test_patience, 0, 2);
  tcase_add_loop_test(group, test_validation_refused, 0, 2);
  group = add_group(suite, "streams");
  tcase_add_loop_test(group, test_stream, 0, 4);
  tcase_add_loop_test(group, test_stream_with_weights, 0, 2);
  tcase_add_loop_test(group, test_stream_validates_at_the_end, 0, 2);
  tcase_add_loop_test(group, test_stream_refused, 0, 2);
  return support_run(suite);
}
