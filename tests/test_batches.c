/* What a batch may hold beside numbers, in every schedule: labels in place of one-hot rows give the
 * same bits, unless an SG sees y alone; an example of weight 2 counts as the row twice, one of
 * weight 0 as its absence. */
#include "training.h"

enum { ROWS = 11, INPUTS = 6, CLASSES = 4, STEPS = 20, MOST = 2 * ROWS };

static dni_dtype dtype;
static dni_matrix xs[STEPS], ys[STEPS];

static void use(int index) {
  dtype = support_dtypes[index];
  for (size_t i = 0; i < STEPS; i++) {
    xs[i] = matrix_random(dtype, ROWS, INPUTS);
    ys[i] = matrix_one_hot(dtype, ROWS, CLASSES);
  }
}

/* Without batch normalisation, whose statistics do not look at weights. */
static const struct {
  const char *text;
  dni_kind schedule;
  bool mixed; /* the SG after layer 0 becomes a mixture */
  /* An SG sees y alone: one-hot rows then go through a product, while labels pick columns. */
  bool product_of_y;
} cases[] = {
    {"6 tanh9 rows relu8 dense4", DNI_SCHEDULE_SEQUENTIAL, false, false},
    {"6 tanh9 |sg relu8 |sg1 gelu7 |sg2y dense4", DNI_SCHEDULE_SEQUENTIAL, false, true},
    {"6 tanh9 |local relu8 |delayed tanh7 |local1 dense4", DNI_SCHEDULE_SEQUENTIAL, false, false},
    {"6 tanh9 |dfa relu8 |fa dense7 |zero dense4", DNI_SCHEDULE_SEQUENTIAL, false, false},
    {"6 tanh9 |critic1 relu8 |critic dense4", DNI_SCHEDULE_SEQUENTIAL, false, false},
    {"6 tanh9 |sg relu8 |scalar dense4", DNI_SCHEDULE_SEQUENTIAL, true, false},
    {"6 tanh9 |sg relu8 |critic dense4", DNI_SCHEDULE_RANDOM, false, false},
    {"6 tanh9 |sg relu8 |sg1 dense4", DNI_SCHEDULE_PIPELINED, false, false},
    {"6 tanh9 |local relu8 |delayed tanh7 |sg dense4", DNI_SCHEDULE_PIPELINED, false, false},
    {"6 tanh9 |ls relu8 |lsq gelu7 |lsr dense4", DNI_SCHEDULE_SEQUENTIAL, false, true},
    {"6 tanh9 |sgq relu8 |sg1r dense4", DNI_SCHEDULE_SEQUENTIAL, true, true},
    {"6 tanh9 |lsh relu8 |lsr dense4", DNI_SCHEDULE_PIPELINED, false, false},
    {"6 tanh9 rows relu8 relu7 dense4", DNI_SCHEDULE_MICRO_BATCHES, false, false},
};
enum { CASES = sizeof cases / sizeof cases[0] };

typedef struct subject {
  dni_network *network;
  dni_trainer *trainer;
} subject;

static void mix(dni_context *context, dni_network *network) {
  dni_sg *mixture;
  EXPECT_OK(dni_sg_create_mixture(context, sg_after(network, 0), 0.3, &mixture));
  EXPECT_OK(dni_network_set_sg(network, 0, mixture));
  dni_sg_release(mixture);
}

/* SGD with momentum: differences by rounding stay such, which they do not with Adam's quotients. */
static subject make_subject(int index) {
  dni_context *context = make_context(dtype, 3);
  subject s = {.network = make_network(context, cases[index].text)};
  if (cases[index].mixed) mix(context, s.network);
  dni_optimiser *sgd = make_sgd(context, 0.05);
  EXPECT_OK(dni_optimiser_set_f64(sgd, DNI_SETTING_MOMENTUM, 0.5));
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .optimiser = sgd,
                                 .max_batch = MOST,
                                 .schedule = cases[index].schedule,
                                 .update_probability =
                                     cases[index].schedule == DNI_SCHEDULE_RANDOM ? 0.6 : 0,
                                 .has_seed = 1,
                                 .seed = 4};
  EXPECT_OK(dni_trainer_create(s.network, make_cross_entropy(context), &options, &s.trainer));
  keep(TRAINER, s.trainer);
  static const uint8_t lags[4 * STEPS];
  EXPECT_OK(dni_trainer_replay(s.trainer, lags,
                               cases[index].schedule == DNI_SCHEDULE_PIPELINED
                                   ? (dni_trainer_thread_count(s.trainer) - 1) * STEPS
                                   : 0,
                               STEPS));
  return s;
}

static numbers everything(dni_network *network) {
  numbers list = all_layer_numbers(network);
  append_numbers(&list, all_sg_numbers(network));
  return list;
}

/* What reports say of each step, by its number: between threads a report is of an earlier step, and
 * timing decides of which. */
typedef struct diary {
  numbers pages[STEPS + 1];
} diary;

/* A step, all the way. */
static void step(subject s, const dni_batch *batch, diary *seen) {
  dni_step_report report = {.struct_size = sizeof report};
  EXPECT_OK(dni_trainer_step(s.trainer, batch, &report));
  EXPECT_OK(dni_trainer_flush(s.trainer));
  if (report.step == 0 || !seen) return;
  numbers *page = &seen->pages[report.step];
  page->count = 0;
  append_number(page, report.loss);
  append_number(page, report.accuracy);
  for (size_t i = 0; i < report.layer_count; i++)
    append_number(page, isnan(report.sg_mse[i]) ? -1 : report.sg_mse[i]);
}

/* The largest difference of what both have seen. */
static double diaries_differ(const diary *a, const diary *b) {
  double most = 0;
  size_t both = 0;
  for (size_t i = 0; i <= STEPS; i++) {
    if (a->pages[i].count == 0 || b->pages[i].count == 0) continue;
    most = fmax(most, difference(a->pages[i], b->pages[i]));
    both++;
  }
  EXPECT(both > 0, "no step that both have seen");
  return most;
}

static diary diaries[2];

static void forget(void) {
  memset(diaries, 0, sizeof diaries);
}

static const dni_matrix *labels_of(const dni_matrix *y, int32_t *labels, dni_matrix *view) {
  for (size_t r = 0; r < y->rows; r++)
    for (int32_t c = 0; c < CLASSES; c++)
      if (matrix_get(y, r, (size_t)c) > 0) labels[r] = c;
  dni_matrix_init_labels(view, labels, y->rows);
  return view;
}

/* Labels. -------------------------------------------------------------------------------------- */

START_TEST(test_labels) {
  use(_i % 2);
  int32_t labels[ROWS];
  dni_matrix view;
  subject s = make_subject(_i / 2), labelled = make_subject(_i / 2);
  forget();
  for (size_t i = 0; i < STEPS; i++) {
    dni_batch batch = support_batch(&xs[i], &ys[i]);
    dni_batch by_labels = support_batch(&xs[i], labels_of(&ys[i], labels, &view));
    step(s, &batch, &diaries[0]);
    step(labelled, &by_labels, &diaries[1]);
  }
  double most = cases[_i / 2].product_of_y ? support_tolerance(dtype, 5e-5, 1e-13) : 0;
  double reports = diaries_differ(&diaries[0], &diaries[1]);
  EXPECT(reports <= most, "reports differ by %g", reports);
  double apart = difference(everything(s.network), everything(labelled.network));
  EXPECT(apart <= most, "differs by %g", apart);
}
END_TEST

/* A label that is not below the outputs, and other wrong labels: the step did not happen. */
START_TEST(test_labels_refused) {
  use(_i % 2);
  static const int32_t bad[] = {-1, CLASSES, INT32_MAX, INT32_MIN};
  int32_t labels[ROWS + 1] = {0};
  dni_matrix view;
  subject s = make_subject(_i / 2);
  numbers before = everything(s.network);
  dni_matrix_init_labels(&view, labels, ROWS);
  for (size_t i = 0; i < 4; i++) {
    labels[7] = bad[i];
    EXPECT_MESSAGE(DNI_ERROR_DATA, "7", support_step(s.trainer, &xs[0], &view, NULL));
  }
  labels[7] = 0;
  dni_matrix_init_labels(&view, labels, ROWS + 1);
  EXPECT_ARGUMENT(support_step(s.trainer, &xs[0], &view, NULL));
  view.rows = ROWS;
  view.columns = 2;
  view.stride = 2;
  EXPECT_ARGUMENT(support_step(s.trainer, &xs[0], &view, NULL));
  EXPECT_OK(dni_trainer_flush(s.trainer));
  ck_assert_uint_eq(dni_trainer_step_count(s.trainer), 0);
  EXPECT_SAME_BITS(everything(s.network), before);
  EXPECT_OK(support_step(s.trainer, &xs[0], &ys[0], NULL)); /* and goes on */
}
END_TEST

/* Weights. ------------------------------------------------------------------------------------- */

/* Rows of `from`, each as often as its weight says. */
static dni_matrix repeated(const dni_matrix *from, const dni_matrix *weights) {
  dni_matrix to = matrix_make(dtype, MOST, from->columns);
  size_t rows = 0;
  for (size_t r = 0; r < from->rows; r++)
    for (double left = matrix_get(weights, r, 0); left > 0; left--, rows++)
      for (size_t c = 0; c < from->columns; c++)
        matrix_set(&to, rows, c, matrix_get(from, r, c));
  return some_rows(to, 0, rows);
}

static void expect_near(subject a, subject b) {
  double apart = difference(everything(a.network), everything(b.network));
  EXPECT(apart <= support_tolerance(dtype, 5e-4, 1e-11), "differs by %g", apart);
}

/* Loops: types, cases, and targets or labels. */
START_TEST(test_weights_are_repetitions) {
  use(_i % 2);
  int index = _i / 2 % CASES;
  bool by_labels = _i / 2 >= CASES;
  subject weighted = make_subject(index), repeating = make_subject(index);
  forget();
  for (size_t i = 0; i < STEPS; i++) {
    int32_t labels[ROWS], more_labels[MOST];
    dni_matrix view, more_view, weights = matrix_make(dtype, ROWS, 1);
    for (size_t r = 0; r < ROWS; r++)
      matrix_set(&weights, r, 0, (double)(r == 0 ? 2 : r == 1 ? 0 : support_random() % 3));
    dni_matrix more_x = repeated(&xs[i], &weights), more_y = repeated(&ys[i], &weights);
    dni_batch batch = support_batch(&xs[i], &ys[i]), more = support_batch(&more_x, &more_y);
    batch.weights = &weights;
    if (by_labels) batch.y = labels_of(&ys[i], labels, &view);
    if (by_labels) more.y = labels_of(&more_y, more_labels, &more_view);
    step(weighted, &batch, &diaries[0]);
    step(repeating, &more, &diaries[1]);
  }
  double reports = diaries_differ(&diaries[0], &diaries[1]);
  EXPECT(reports <= support_tolerance(dtype, 5e-4, 1e-11), "reports differ by %g", reports);
  expect_near(weighted, repeating);
}
END_TEST

/* Only the ratio of weights matters. */
START_TEST(test_scale_of_weights) {
  use(_i % 2);
  subject first = make_subject(_i / 2), second = make_subject(_i / 2);
  for (size_t i = 0; i < STEPS; i++) {
    dni_matrix weights = matrix_make(dtype, ROWS, 1), larger = matrix_make(dtype, ROWS, 1);
    for (size_t r = 0; r < ROWS; r++) {
      matrix_set(&weights, r, 0, support_uniform(0, 2));
      matrix_set(&larger, r, 0, 8 * matrix_get(&weights, r, 0));
    }
    dni_batch batch = support_batch(&xs[i], &ys[i]);
    batch.weights = &weights;
    step(first, &batch, NULL);
    batch.weights = &larger;
    step(second, &batch, NULL);
  }
  expect_near(first, second);
}
END_TEST

/* Weights of 1 are none. */
START_TEST(test_weights_of_one) {
  use(_i % 2);
  subject first = make_subject(_i / 2), second = make_subject(_i / 2);
  dni_matrix ones = matrix_filled(dtype, ROWS, 1, 1);
  for (size_t i = 0; i < STEPS; i++) {
    dni_batch batch = support_batch(&xs[i], &ys[i]);
    step(first, &batch, NULL);
    batch.weights = &ones;
    step(second, &batch, NULL);
  }
  expect_near(first, second);
}
END_TEST

START_TEST(test_weights_refused) {
  use(_i % 2);
  static const double bad[] = {-1, (double)NAN, (double)INFINITY};
  subject s = make_subject(_i / 2);
  numbers before = everything(s.network);
  dni_matrix weights = matrix_filled(dtype, ROWS, 1, 1), wide = matrix_filled(dtype, ROWS, 2, 1);
  dni_matrix more = matrix_filled(dtype, ROWS + 1, 1, 1);
  dni_matrix other = matrix_filled(support_dtypes[1 - _i % 2], ROWS, 1, 1);
  const dni_matrix *wrong[] = {&wide, &more, &other};
  dni_batch batch = support_batch(&xs[0], &ys[0]);
  for (size_t i = 0; i < 3; i++) {
    batch.weights = wrong[i];
    EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "weights", dni_trainer_step(s.trainer, &batch, NULL));
    batch.weights = &weights;
    matrix_set(&weights, 5, 0, bad[i]);
    EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "weight", dni_trainer_step(s.trainer, &batch, NULL));
  }
  matrix_fill(&weights, 0);
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "weights", dni_trainer_step(s.trainer, &batch, NULL));
  EXPECT_OK(dni_trainer_flush(s.trainer));
  ck_assert_uint_eq(dni_trainer_step_count(s.trainer), 0);
  EXPECT_SAME_BITS(everything(s.network), before);
  matrix_set(&weights, 5, 0, 0.5); /* one example is enough */
  EXPECT_OK(dni_trainer_step(s.trainer, &batch, NULL));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("batches");
  TCase *labels = add_group(suite, "labels");
  tcase_add_loop_test(labels, test_labels, 0, 2 * CASES);
  tcase_add_loop_test(labels, test_labels_refused, 0, 2 * CASES);
  TCase *weights = add_group(suite, "weights");
  tcase_add_loop_test(weights, test_weights_are_repetitions, 0, 4 * CASES);
  tcase_add_loop_test(weights, test_scale_of_weights, 0, 2 * CASES);
  tcase_add_loop_test(weights, test_weights_of_one, 0, 2 * CASES);
  tcase_add_loop_test(weights, test_weights_refused, 0, 2 * CASES);
  return support_run(suite);
}
