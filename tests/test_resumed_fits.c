/* How fits go on that were saved: streams, patience, cancelled ones, batches in flight; what is refused;
 * and the checkpoints that dni_trainer_fit writes itself. */
#include <unistd.h>

#include "resume.h"

static bytes expected, found;

/* Fits. ---------------------------------------------------------------------------------------- */

static const choice plain = {&methods[1], DNI_SCHEDULE_SEQUENTIAL, 1, 0};

static dni_trainer *make_plain(uint64_t seed) {
  dni_status status;
  dni_trainer *trainer = make_training(&plain, seed, &status);
  EXPECT_OK(status);
  return trainer;
}

/* It stands at a number of batches. */
typedef struct feed {
  dni_matrix x, y, some_x, some_y;
  uint64_t next, sought;
} feed;

static dni_status next_batch(void *user, dni_batch *batch) {
  feed *f = user;
  if (f->next == STEPS) return DNI_OK;
  f->some_x = some_rows(f->x, (size_t)f->next * 5 % (EXAMPLES - ROWS), ROWS);
  f->some_y = some_rows(f->y, (size_t)f->next * 5 % (EXAMPLES - ROWS), ROWS);
  f->next++;
  batch->x = &f->some_x;
  batch->y = &f->some_y;
  return DNI_OK;
}

static dni_status tell_position(void *user, uint64_t *position) {
  *position = ((feed *)user)->next;
  return DNI_OK;
}

static dni_status seek_position(void *user, uint64_t position) {
  ((feed *)user)->next = ((feed *)user)->sought = position;
  return DNI_OK;
}

static dni_status fail_position(void *user, uint64_t *position) {
  (void)user, (void)position;
  return dni_fail(4321, "no position");
}

START_TEST(test_stream) {
  feed f = {.x = matrix_random(DNI_F32, EXAMPLES, INPUTS),
            .y = matrix_one_hot(DNI_F32, EXAMPLES, CLASSES)};
  dni_stream stream = {sizeof stream, &f, next_batch, tell_position, seek_position};
  dni_trainer *trainer = make_plain(3);
  watch w = {trainer, true};
  dni_fit_options options = {
      .struct_size = sizeof options, .callback = on_step, .callback_user = &w};
  EXPECT_OK(dni_trainer_fit_stream(trainer, &stream, &options));
  save(trainer, &expected);
  for (size_t i = 0; i + 1 < STOPS; i++) {
    dni_trainer *second = make_plain(50 + i);
    EXPECT_OK(try_load(second, &saved[i]));
    f.next = 3;
    options.callback = NULL;
    EXPECT_OK(dni_trainer_fit_stream(second, &stream, &options));
    ck_assert_uint_eq(f.sought, stops[i]);
    save(second, &found);
    expect_same(&expected, &found, "the end");
  }
  f.next = 0;
  stream.position = fail_position;
  EXPECT_MESSAGE(4321, "no position", dni_trainer_fit_stream(trainer, &stream, NULL));
}
END_TEST

static dni_status stop_at_step_8(void *user, const dni_step_report *report) {
  (void)user;
  return report->step == 8;
}

/* A fit that ends by patience does so at the same step, with the same reports. */
typedef struct log {
  dni_trainer *trainer;
  uint64_t save_at;
  double losses[200], validations[200];
} log_of_fit;

static dni_status note(void *user, const dni_step_report *report) {
  log_of_fit *l = user;
  l->losses[report->step] = report->loss;
  l->validations[report->step] = report->validation_loss;
  if (report->step == l->save_at) save(l->trainer, &saved[0]);
  return DNI_OK;
}

static uint64_t fit_with_patience(dni_trainer *trainer, dni_dataset *dataset, log_of_fit *l) {
  dni_fit_options options = {.struct_size = sizeof options,
                             .epochs = 50,
                             .callback = note,
                             .callback_user = l,
                             .validation = dataset,
                             .validate_every = 4,
                             .patience = 2};
  l->trainer = trainer;
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  return dni_trainer_step_count(trainer);
}

/* One whose loss soon rises: the rate is constant, and loaded with the rest where it is not set. */
static dni_trainer *make_restless(uint64_t seed, bool sets_rate) {
  dni_trainer *trainer = make_plain(seed);
  for (size_t m = 0; m < dni_trainer_module_count(trainer); m++) {
    dni_optimiser *optimiser = dni_trainer_module_optimiser(trainer, m);
    EXPECT_OK(dni_optimiser_set_schedule(optimiser, NULL));
    if (sets_rate) EXPECT_OK(dni_optimiser_set_f64(optimiser, DNI_SETTING_LEARNING_RATE, 0.5));
  }
  return trainer;
}

START_TEST(test_patience) {
  static log_of_fit first, second;
  dni_dataset *dataset = make_examples(&plain);
  dni_trainer *trainer = make_restless(3, true);
  first.save_at = 9 + (uint64_t)_i; /* 12 validates */
  const uint64_t steps = fit_with_patience(trainer, dataset, &first);
  ck_assert_uint_gt(steps, 13);
  ck_assert_uint_lt(steps, 200);
  save(trainer, &expected);
  trainer = make_restless(4, false);
  EXPECT_OK(try_load(trainer, &saved[0]));
  ck_assert_uint_eq(fit_with_patience(trainer, dataset, &second), steps);
  for (uint64_t step = first.save_at + 1; step <= steps; step++) {
    ck_assert(first.losses[step] == second.losses[step]);
    ck_assert(first.validations[step] == second.validations[step]);
  }
  save(trainer, &found);
  expect_same(&expected, &found, "the end");
}
END_TEST

static dni_status cancel_at_11(void *user, const dni_step_report *report) {
  if (report->step == 11) dni_trainer_cancel(user);
  return DNI_OK;
}

/* What a program does that is told to stop: it cancels, saves, and goes on another day. In the same
 * process a fit after a cancelled one begins anew, as ever. */
START_TEST(test_cancelled) {
  dni_dataset *dataset = make_examples(&plain);
  dni_trainer *trainer = make_plain(3);
  fit(trainer, dataset, &plain, false);
  save(trainer, &expected);
  trainer = make_plain(3);
  dni_fit_options options = options_of(&plain);
  options.callback = cancel_at_11;
  options.callback_user = trainer;
  EXPECT_STATUS(DNI_ERROR_CANCELLED, dni_trainer_fit(trainer, dataset, &options));
  save(trainer, &saved[0]);
  options.callback = NULL;
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 11 + STEPS);
  trainer = make_plain(4);
  EXPECT_OK(try_load(trainer, &saved[0]));
  fit(trainer, dataset, &plain, false);
  save(trainer, &found);
  expect_same(&expected, &found, "the end");
}
END_TEST

/* Between two fits: the order of the data goes on. */
START_TEST(test_between_fits) {
  choice c = plain;
  c.optimiser = 2; /* without a seed of the fit's own */
  dni_status status;
  dni_dataset *dataset = make_examples(&c);
  dni_trainer *trainer = make_training(&c, 3, &status);
  const dni_fit_options options = {.struct_size = sizeof options, .epochs = 2};
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  save(trainer, &saved[0]);
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  save(trainer, &expected);
  trainer = make_training(&c, 4, &status);
  EXPECT_OK(try_load(trainer, &saved[0]));
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  save(trainer, &found);
  expect_same(&expected, &found, "the second fit");
}
END_TEST

/* What was loaded is saved again as it was, also in the middle of a fit in the data set's own order. */
START_TEST(test_saved_again) {
  dni_dataset *dataset = make_examples(&plain);
  dni_trainer *trainer = make_plain(3);
  dni_fit_options options = {.struct_size = sizeof options, .epochs = EPOCHS, .keep_order = 1};
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  save(trainer, &expected);
  trainer = make_plain(3);
  options.callback = cancel_at_11;
  options.callback_user = trainer;
  EXPECT_STATUS(DNI_ERROR_CANCELLED, dni_trainer_fit(trainer, dataset, &options));
  save(trainer, &saved[0]);
  trainer = make_plain(4);
  EXPECT_OK(try_load(trainer, &saved[0]));
  save(trainer, &saved[1]);
  expect_same(&saved[0], &saved[1], "loaded and saved");
  trainer = make_plain(5);
  EXPECT_OK(try_load(trainer, &saved[1]));
  options.callback = NULL;
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  save(trainer, &found);
  expect_same(&expected, &found, "the end");
}
END_TEST

/* A trainer that has fitted other things goes on from a file as a new one does. _i 1: the file is of a
 * training without data. */
START_TEST(test_used_trainer) {
  choice c = plain;
  c.optimiser = 2; /* without a seed of the fit's own */
  dni_status status;
  dni_dataset *dataset = make_examples(&c);
  const dni_fit_options options = {.struct_size = sizeof options, .epochs = 1};
  dni_trainer *trainer = make_training(&c, 3, &status);
  if (_i == 0) EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  save(trainer, &saved[0]);
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  save(trainer, &expected);
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  EXPECT_OK(try_load(trainer, &saved[0]));
  save(trainer, &saved[1]);
  expect_same(&saved[0], &saved[1], "loaded and saved");
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  save(trainer, &found);
  expect_same(&expected, &found, "the next fit");
}
END_TEST

/* An order that was loaded is none of another data set's, and is forgotten as it would have been. */
START_TEST(test_order_of_others) {
  dni_dataset *dataset = make_examples(&plain), *half, *rest;
  EXPECT_OK(dni_dataset_split(dataset, EXAMPLES / 2, 0, NULL, &half, &rest));
  keep(DATASET, half), keep(DATASET, rest);
  dni_trainer *trainer = make_plain(3);
  fit(trainer, dataset, &plain, false);
  save(trainer, &saved[0]);
  dni_fit_options options = {.struct_size = sizeof options, .epochs = 2, .keep_order = 1};
  EXPECT_OK(dni_trainer_fit(trainer, half, &options));
  save(trainer, &expected);
  trainer = make_plain(4);
  EXPECT_OK(try_load(trainer, &saved[0]));
  EXPECT_OK(dni_trainer_fit(trainer, half, &options));
  save(trainer, &found);
  expect_same(&expected, &found, "the end");
}
END_TEST

/* Steps of the caller's own, batches in flight at both ends. */
START_TEST(test_steps_in_flight) {
  const choice c = {&methods[1], DNI_SCHEDULE_PIPELINED, 0, 1};
  dni_status status;
  dni_matrix x = matrix_random(DNI_F64, ROWS, INPUTS), y = matrix_one_hot(DNI_F64, ROWS, CLASSES);
  dni_trainer *trainer = make_training(&c, 3, &status), *second = make_training(&c, 4, &status);
  for (int i = 0; i < 9; i++) {
    EXPECT_OK(support_step(trainer, &x, &y, NULL));
    if (i < 4) EXPECT_OK(support_step(second, &x, &y, NULL));
  }
  save(trainer, &saved[0]);
  EXPECT_OK(try_load(second, &saved[0]));
  ck_assert_uint_eq(dni_trainer_step_count(second), 9);
  for (int i = 0; i < 5; i++) {
    dni_trainer *both[] = {trainer, second};
    for (size_t t = 0; t < 2; t++) {
      EXPECT_OK(support_step(both[t], &x, &y, NULL));
      EXPECT_OK(dni_trainer_flush(both[t]));
    }
  }
  save(trainer, &expected);
  save(second, &found);
  expect_same(&expected, &found, "five steps later");
}
END_TEST

/* Refusals. ------------------------------------------------------------------------------------ */

static void expect_refused(dni_trainer *trainer, const bytes *file, const char *words) {
  save(trainer, &expected);
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, words, try_load(trainer, file));
  save(trainer, &found);
  expect_same(&expected, &found, words);
}

/* A training that was made in another way is told what differs, and stays as it is. */
START_TEST(test_other_trainings) {
  static const method other_width = {"", "6 relu9 norm |sg relu7 drop |sg dense4", NULL};
  static const method other_kind = {"", "6 tanh9 norm |sg relu8 drop |sg dense4", NULL};
  static const method other_sg = {"", "6 relu9 norm |ls relu8 drop |sg dense4", NULL};
  static const method longer = {"", "6 relu9 norm |sg relu8 drop |sg dense4 sigmoid", NULL};
  const struct {
    choice choice;
    const char *words;
  } others[] = {
      {{&other_width, 0, 1, 0}, "layers.2.outputs is 8 in the file and 7 here"},
      {{&other_kind, 0, 1, 0}, "layers.0.activation is relu in the file and tanh here"},
      {{&other_sg, 0, 1, 0}, "sgs.1.kind is synthetic in the file and least_squares here"},
      {{&longer, 0, 1, 0}, "layers is 5 in the file and 6 here"},
      {{&methods[1], 1, 1, 0}, "schedule is sequential in the file and random here"},
      {{&methods[1], 0, 0, 0}, "kind is adam in the file and sgd here"},
  };
  dni_status status;
  save(make_plain(3), &saved[0]);
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    dni_trainer *trainer = make_training(&others[i].choice, 4, &status);
    EXPECT_OK(status);
    expect_refused(trainer, &saved[0], others[i].words);
  }
  dni_trainer *trainer = make_plain(4);
  EXPECT_OK(dni_optimiser_set_schedule(dni_trainer_module_optimiser(trainer, 0), NULL));
  expect_refused(trainer, &saved[0],
                 "module_optimisers.0.schedule.kind is cosine in the file and none here");
}
END_TEST

/* The rest of a fit needs the data of that fit. A call that is refused does not use the rest up. */
START_TEST(test_other_data) {
  dni_dataset *dataset = make_examples(&plain), *half;
  dni_trainer *trainer = make_plain(3);
  fit(trainer, dataset, &plain, true);
  save(trainer, &expected);
  size_t indices[EXAMPLES / 2];
  for (size_t i = 0; i < EXAMPLES / 2; i++)
    indices[i] = i;
  EXPECT_OK(dni_dataset_subset(dataset, indices, EXAMPLES / 2, &half));
  keep(DATASET, half);
  trainer = make_plain(4);
  EXPECT_OK(try_load(trainer, &saved[3]));
  dni_fit_options options = options_of(&plain);
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "of 100, the data set has 50",
                 dni_trainer_fit(trainer, half, &options));
  fit(trainer, dataset, &plain, false);
  save(trainer, &found);
  expect_same(&expected, &found, "the end");
}
END_TEST

static dni_status save_and_load(void *user, const dni_step_report *report) {
  (void)report;
  save(user, &saved[0]);
  EXPECT_MESSAGE(DNI_ERROR_STATE, "callback", try_load(user, &saved[0]));
  return DNI_OK;
}

static dni_status save_in_flight(void *user, const dni_step_report *report) {
  const dni_writer writer = {sizeof writer, &saved[0], put};
  saved[0].size = 0;
  if (!report->settled) EXPECT_STATUS(DNI_ERROR_STATE, dni_trainer_write(user, &writer));
  return DNI_OK;
}

START_TEST(test_callbacks) {
  dni_dataset *dataset = make_examples(&plain);
  dni_trainer *trainer = make_plain(3);
  dni_fit_options options = options_of(&plain);
  options.callback = save_and_load;
  options.callback_user = trainer;
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  dni_status status;
  const choice c = {&methods[1], DNI_SCHEDULE_PIPELINED, 0, 0};
  trainer = make_training(&c, 3, &status);
  options.callback = save_in_flight;
  options.callback_user = trainer;
  options.settle_every = 1000;
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
}
END_TEST

/* Checkpoints of fit. -------------------------------------------------------------------------- */

static char directory[100], path[150];

static void make_directory(void) {
  (void)snprintf(directory, sizeof directory, "/tmp/dni-resume-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(directory));
  (void)snprintf(path, sizeof path, "%s/training", directory);
}

static void remove_directory(void) {
  (void)remove(path);
  ck_assert_int_eq(remove(directory), 0); /* nothing else is in it */
}

static size_t tries;
static dni_status last_try;

static dni_status count_tries(void *user, const dni_step_report *report) {
  (void)user;
  if (report->checkpointed) tries++;
  last_try = report->checkpoint_status;
  return DNI_OK;
}

/* _i 0: at the end of each epoch; else every so many steps. */
START_TEST(test_checkpoint_option) {
  make_directory();
  dni_dataset *dataset = make_examples(&plain);
  dni_trainer *trainer = make_plain(3);
  dni_fit_options options = options_of(&plain);
  options.checkpoint = path;
  options.checkpoint_every = (uint64_t)_i;
  options.callback = count_tries;
  tries = 0;
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  ck_assert_uint_eq(tries, _i > 0 ? (size_t)(STEPS / _i) : EPOCHS);
  ck_assert_int_eq(last_try, DNI_OK);
  save(trainer, &expected);
  trainer = make_plain(4);
  EXPECT_OK(dni_trainer_load(trainer, path, NULL));
  const uint64_t every = _i > 0 ? (uint64_t)_i : 1;
  ck_assert_uint_eq(dni_trainer_step_count(trainer), STEPS / every * every);
  fit(trainer, dataset, &plain, false);
  save(trainer, &found);
  expect_same(&expected, &found, "the end");
  remove_directory();
}
END_TEST

static size_t warnings;

static void count_warnings(void *user, dni_log_level level, const char *line) {
  (void)user;
  if (level != DNI_LOG_WARNING) return;
  EXPECT(strstr(line, "checkpoint after step") && strstr(line, "No such file"), "%s", line);
  warnings++;
}

/* A place that cannot be written. _i 1: the training goes on, with one line each time. */
START_TEST(test_checkpoint_fails) {
  dni_context_options log = {
      .struct_size = sizeof log, .seed = 3, .log = count_warnings, .allocator = &support_allocator};
  dni_context *context;
  EXPECT_OK(dni_context_create(&log, &context));
  keep(CONTEXT, context);
  dni_network *network = make_network(context, "6 relu9 |sg dense4");
  dni_trainer *trainer = make_trainer(context, network, NULL, NULL, ROWS, 0);
  dni_fit_options options = options_of(&plain);
  options.checkpoint = "/no such directory/training";
  options.checkpoint_every = 5;
  options.checkpoint_may_fail = _i;
  options.callback = count_tries;
  tries = warnings = 0;
  if (_i == 0) { /* before the first step */
    EXPECT_MESSAGE(DNI_ERROR_IO, "dni_fit_options: checkpoint: /no such directory/training: ",
                   dni_trainer_fit(trainer, make_examples(&plain), &options));
    ck_assert_uint_eq(dni_trainer_step_count(trainer), 0);
  } else {
    EXPECT_OK(dni_trainer_fit(trainer, make_examples(&plain), &options));
    ck_assert_uint_eq(dni_trainer_step_count(trainer), STEPS);
    ck_assert_uint_eq(tries, STEPS / 5);
    ck_assert_int_eq(last_try, DNI_ERROR_IO);
  }
  ck_assert_uint_eq(warnings, _i == 0 ? 0 : STEPS / 5);
}
END_TEST

/* The place is there at first. */
static dni_status remove_folder(void *user, const dni_step_report *report) {
  return report->step == 3 && rmdir(user) != 0 ? DNI_STATUS_CALLER : DNI_OK;
}

START_TEST(test_checkpoint_fails_later) {
  char folder[] = "/tmp/dni-test-XXXXXX", place[64];
  ck_assert_ptr_nonnull(mkdtemp(folder));
  (void)snprintf(place, sizeof place, "%s/training", folder);
  dni_trainer *trainer = make_plain(3);
  dni_fit_options options = options_of(&plain);
  options.checkpoint = place;
  options.checkpoint_every = 5;
  options.callback = remove_folder;
  options.callback_user = folder;
  EXPECT_MESSAGE(DNI_ERROR_IO, "checkpoint after step 5: /tmp/dni-test-",
                 dni_trainer_fit(trainer, make_examples(&plain), &options));
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 5);
}
END_TEST

/* The best network of a fit. ------------------------------------------------------------------- */

static dni_fit_options options_with_best(dni_dataset *validation, dni_network *best) {
  dni_fit_options options = options_of(&plain);
  options.validation = validation;
  options.validate_every = 3;
  options.best = best;
  return options;
}

/* Of the latest training. */
static dni_network *second_network(void) {
  dni_network *copy;
  EXPECT_OK(dni_network_copy(made_network, &copy));
  return keep(NETWORK, copy);
}

/* The file has it: what was the best before the stop is it after the load. */
START_TEST(test_best_goes_on) {
  dni_dataset *dataset = make_examples(&plain);
  dni_trainer *trainer = make_plain(3);
  dni_network *best = second_network();
  watch w = {trainer, true};
  dni_fit_options options = options_with_best(dataset, best);
  options.callback = on_step;
  options.callback_user = &w;
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  save(trainer, &expected);
  for (size_t i = 0; i < STOPS; i++) {
    dni_trainer *second = make_plain(50 + i);
    dni_network *other = second_network();
    EXPECT_OK(try_load(second, &saved[i]));
    options = options_with_best(dataset, other);
    EXPECT_OK(dni_trainer_fit(second, dataset, &options));
    save(second, &found);
    expect_same(&expected, &found, "the end");
    EXPECT(same_bits(all_layer_numbers(best), all_layer_numbers(other)),
           "stopped at step %d: another best network", (int)stops[i]);
  }
}
END_TEST

/* It is in what is saved after a fit that was stopped. A fit that had none has none to give. */
START_TEST(test_best_of_a_stopped_fit) {
  dni_dataset *dataset = make_examples(&plain);
  dni_trainer *trainer = make_plain(3);
  dni_network *best = second_network();
  dni_fit_options options = options_with_best(dataset, best);
  options.callback = stop_at_step_8;
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  save(trainer, &saved[0]);
  dni_trainer *second = make_plain(4);
  dni_network *other = second_network();
  EXPECT_OK(try_load(second, &saved[0]));
  options.best = other;
  options.steps = 8; /* it makes none */
  EXPECT_OK(dni_trainer_fit(second, dataset, &options));
  EXPECT(same_bits(all_layer_numbers(best), all_layer_numbers(other)), "another best network");
  options = options_with_best(dataset, NULL);
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options)); /* forgets it */
  save(trainer, &saved[1]);
  EXPECT(saved[1].size < saved[0].size, "a fit that has no best network saves one");
}
END_TEST

START_TEST(test_no_best) {
  dni_dataset *dataset = make_examples(&plain);
  dni_trainer *trainer = make_plain(3);
  dni_network *best = second_network();
  dni_fit_options options = options_with_best(dataset, NULL);
  options.callback = stop_at_step_8;
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  save(trainer, &saved[0]);
  EXPECT_OK(try_load(trainer, &saved[0]));
  options.best = best;
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "the fit that was saved kept none",
                 dni_trainer_fit(trainer, dataset, &options));
  options.anew = 1;
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
}
END_TEST

/* What the context makes after a load does not depend on what the file had, nor on whether it fitted.
 * _i 0: a load, 1: one that fails, since the optimisers differ. */
START_TEST(test_streams_after_a_load_of_best) {
  dni_dataset *dataset = make_examples(&plain);
  dni_trainer *trainer = make_plain(3);
  dni_fit_options options = options_with_best(dataset, second_network());
  options.callback = stop_at_step_8;
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  save(trainer, &saved[0]);
  choice c = plain;
  c.optimiser = _i == 1 ? 0 : plain.optimiser;
  dni_status status;
  (void)make_training(&c, 4, &status);
  dni_network *undisturbed = make_network(made_context, "6 relu5 drop dense4");
  trainer = make_training(&c, 4, &status);
  ck_assert_int_eq(try_load(trainer, &saved[0]), _i == 1 ? DNI_ERROR_ARGUMENT : DNI_OK);
  dni_network *after = make_network(made_context, "6 relu5 drop dense4");
  EXPECT(same_bits(all_layer_numbers(undisturbed), all_layer_numbers(after)),
         "the load took a random stream of the context");
}
END_TEST

/* A second phase. ------------------------------------------------------------------------------ */

/* After a load the same call is the rest of the fit; with `anew` it is another one. */
START_TEST(test_anew) {
  dni_dataset *dataset = make_examples(&plain);
  dni_trainer *trainer = make_plain(3), *second = make_plain(4);
  dni_fit_options options = options_of(&plain);
  watch w = {trainer, true};
  options.callback = on_step;
  options.callback_user = &w;
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options));
  options.callback = NULL;
  EXPECT_OK(try_load(second, &saved[STOPS - 1]));
  EXPECT_OK(dni_trainer_fit(second, dataset, &options));
  ck_assert_uint_eq(dni_trainer_step_count(second), STEPS); /* it was at its end */
  EXPECT_OK(try_load(second, &saved[STOPS - 1]));
  options.anew = 1;
  EXPECT_OK(dni_trainer_fit(second, dataset, &options));
  ck_assert_uint_eq(dni_trainer_step_count(second), 2 * STEPS);
  options.anew = 0;
  EXPECT_OK(dni_trainer_fit(trainer, dataset, &options)); /* as in one process */
  save(trainer, &expected);
  save(second, &found);
  expect_same(&expected, &found, "the end of the second fit");
  options.anew = 2;
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "anew is 2", dni_trainer_fit(second, dataset, &options));
}
END_TEST

/* What was loaded is of a stream, or of SGs that this trainer has not. */
START_TEST(test_other_fits_are_refused) {
  static const method none = {"backprop", "6 relu9 relu8 dense4", NULL};
  static const method delayed = {"delayed", "6 relu9 |delayed relu8 |delayed dense4", NULL};
  const choice without = {&none, DNI_SCHEDULE_SEQUENTIAL, 1, 0};
  const choice with = {&delayed, DNI_SCHEDULE_SEQUENTIAL, 1, 0};
  feed f = {.x = matrix_random(DNI_F32, EXAMPLES, INPUTS),
            .y = matrix_one_hot(DNI_F32, EXAMPLES, CLASSES)};
  const dni_stream stream = {sizeof stream, &f, next_batch, tell_position, seek_position};
  dni_status status;
  dni_trainer *trainer = make_training(&without, 3, &status);
  dni_trainer *other = make_training(&with, 3, &status);
  dni_fit_options options = {.struct_size = sizeof options, .callback = stop_at_step_8};
  save(other, &saved[0]);
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "sgs is 2 in the file, and there is none here",
                 try_load(trainer, &saved[0]));
  EXPECT_OK(dni_trainer_fit_stream(trainer, &stream, &options));
  save(trainer, &saved[1]);
  EXPECT_MESSAGE(DNI_ERROR_DATA, "there is no sgs", try_load(other, &saved[1]));
  EXPECT_OK(try_load(trainer, &saved[1]));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "was of a stream",
                 dni_trainer_fit(trainer, make_examples(&without), NULL));
  options = (dni_fit_options){.struct_size = sizeof options, .anew = 1};
  EXPECT_OK(dni_trainer_fit(trainer, make_examples(&without), &options));
}
END_TEST

/* The batch behind which a stream could not say where it stands is not lost: it was no step. */
static dni_status fail_behind_batch_5(void *user, uint64_t *position) {
  const feed *f = user;
  *position = f->next;
  return f->next == 5 ? dni_fail(4321, "no position") : DNI_OK;
}

START_TEST(test_position_fails) {
  feed f = {.x = matrix_random(DNI_F32, EXAMPLES, INPUTS),
            .y = matrix_one_hot(DNI_F32, EXAMPLES, CLASSES)};
  dni_stream stream = {sizeof stream, &f, next_batch, tell_position, seek_position};
  dni_trainer *trainer = make_plain(3), *second = make_plain(3);
  EXPECT_OK(dni_trainer_fit_stream(trainer, &stream, NULL));
  save(trainer, &expected);
  f.next = 0;
  stream.position = fail_behind_batch_5;
  EXPECT_STATUS(4321, dni_trainer_fit_stream(second, &stream, NULL));
  ck_assert_uint_eq(dni_trainer_step_count(second), 4);
  save(second, &saved[0]);
  stream.position = tell_position;
  EXPECT_OK(try_load(second, &saved[0]));
  EXPECT_OK(dni_trainer_fit_stream(second, &stream, NULL));
  save(second, &found);
  expect_same(&expected, &found, "the end");
}
END_TEST

START_TEST(test_options) {
  dni_dataset *dataset = make_examples(&plain);
  dni_trainer *trainer = make_plain(3);
  dni_fit_options options = {.struct_size = sizeof options, .checkpoint_every = 5};
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "need a checkpoint",
                 dni_trainer_fit(trainer, dataset, &options));
  options = (dni_fit_options){.struct_size = sizeof options, .checkpoint_may_fail = 1};
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "need a checkpoint",
                 dni_trainer_fit(trainer, dataset, &options));
  options =
      (dni_fit_options){.struct_size = sizeof options, .checkpoint = "x", .checkpoint_may_fail = 2};
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "checkpoint_may_fail is 2",
                 dni_trainer_fit(trainer, dataset, &options));
  options = (dni_fit_options){.struct_size = sizeof options, .reserved = 1};
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_trainer_fit(trainer, dataset, &options));
  ck_assert_uint_eq(dni_trainer_step_count(trainer), 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("resumed fits");
  TCase *group = add_group(suite, "fits");
  tcase_add_test(group, test_stream);
  tcase_add_loop_test(group, test_patience, 0, 4);
  tcase_add_test(group, test_cancelled);
  tcase_add_test(group, test_between_fits);
  tcase_add_test(group, test_saved_again);
  tcase_add_loop_test(group, test_used_trainer, 0, 2);
  tcase_add_test(group, test_order_of_others);
  tcase_add_test(group, test_steps_in_flight);
  tcase_add_test(group, test_other_trainings);
  tcase_add_test(group, test_other_data);
  tcase_add_test(group, test_callbacks);
  tcase_add_test(group, test_best_goes_on);
  tcase_add_test(group, test_best_of_a_stopped_fit);
  tcase_add_test(group, test_no_best);
  tcase_add_loop_test(group, test_streams_after_a_load_of_best, 0, 2);
  tcase_add_test(group, test_anew);
  tcase_add_test(group, test_other_fits_are_refused);
  tcase_add_test(group, test_position_fails);
  group = add_group(suite, "checkpoints of fit");
  tcase_add_loop_test(group, test_checkpoint_option, 0, 5);
  tcase_add_loop_test(group, test_checkpoint_fails, 0, 2);
  tcase_add_test(group, test_checkpoint_fails_later);
  tcase_add_test(group, test_options);
  return support_run(suite);
}
