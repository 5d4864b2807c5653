/* A training loop of one's own, of everything that a checkpoint may have: after a load into new objects
 * it goes on bit for bit; a file that does not fit changes nothing. */
#include "safetensors.h"
#include "training.h"

static content good, bad, found;

static void set_up(void) {
  test_directory_make();
  support_setup();
}

static void tear_down(void) {
  training_end();
  test_directory_remove();
}

/* A loop. ------------------------------------------------------------------------------------- */

enum { ROWS = 8, INPUTS = 6, UNITS = 5, CLASSES = 3, LAYERS = 4, STRIDE = 7 };

/* Every kind of SG, as make_sg() and make_other_sg() make them; "theorem" alone sees other targets. */
static const char *const sg_words[] = {
    "sg",      "slow", "sg1",     "sg2h",   "sgq",     "sg1r",     "ls",      "lsh",  "lsq",
    "lsr",     "fa",   "dfa",     "local",  "critic",  "critic2h", "scalar",  "zero", "delayed",
    "theorem", "late", "mixture", "frozen", "warm_up", "nested",   "callback"};

enum { SGS = sizeof sg_words / sizeof sg_words[0] };

typedef struct loop {
  dni_context *context;
  dni_layer *layers[LAYERS];
  dni_sg *sgs[SGS];
  dni_optimiser *sgd, *adam;
  dni_guard *guard;
  dni_order *order;
  dni_matrix own[5]; /* of each element type, and one with gaps */
  float f32[4];
  double f64[6];
  uint8_t u8[5];
  int32_t i32[3];
  double gaps[3 * STRIDE];
  uint64_t steps;
  double average, tiny;
  dni_checkpoint *checkpoint;
} loop;

static dni_sg *wrapped(dni_context *context, const char *word, dni_sg *inner) {
  static const double values[] = {0.9, 0.1};
  static const uint64_t boundaries[] = {10, 30};
  const dni_schedule schedule = {.struct_size = sizeof schedule,
                                 .kind = DNI_RATE_LINES,
                                 .boundaries = boundaries,
                                 .values = values,
                                 .count = 2};
  dni_sg *sg;
  if (!strcmp(word, "frozen")) {
    expect_ok(dni_sg_create_frozen(context, inner, &sg));
  } else if (!strcmp(word, "warm_up")) {
    expect_ok(dni_sg_create_warm_up(context, inner, 25, &sg));
  } else {
    expect_ok(dni_sg_create_mixture(context, inner, 0.5, &sg));
    expect_ok(dni_sg_set_schedule(sg, &schedule));
  }
  dni_sg_release(inner);
  return sg;
}

/* The caller's own: delta = c h, c being its parameter, which learns. In memory of the context's. */
typedef struct own_sg {
  double value, gradient;
  dni_dtype dtype;
} own_sg;

static dni_status own_estimate(void *user, const dni_sg_call *call) {
  const own_sg *self = user;
  dni_matrix value;
  dni_matrix_init_f64(&value, &self->value, 1, 1);
  value.dtype = self->dtype;
  for (size_t r = 0; r < call->h->rows; r++)
    for (size_t c = 0; c < call->h->columns; c++)
      matrix_set(call->delta, r, c, matrix_get(&value, 0, 0) * matrix_get(call->h, r, c));
  return DNI_OK;
}

static dni_status own_learn(void *user, const dni_sg_call *call) {
  own_sg *self = user;
  dni_matrix gradient;
  dni_matrix_init_f64(&gradient, &self->gradient, 1, 1);
  gradient.dtype = self->dtype;
  matrix_set(&gradient, 0, 0, call->scale * matrix_get(call->target, 0, 0));
  return DNI_OK;
}

static dni_status own_parameter(void *user, size_t index, dni_matrix *value, dni_matrix *gradient) {
  own_sg *self = user;
  (void)index;
  dni_matrix_init_f64(value, &self->value, 1, 1);
  dni_matrix_init_f64(gradient, &self->gradient, 1, 1);
  value->dtype = gradient->dtype = self->dtype;
  return DNI_OK;
}

static dni_sg *make_own_sg(dni_context *context, dni_dtype dtype) {
  own_sg *self = calloc(1, sizeof *self);
  ck_assert_ptr_nonnull(self);
  self->dtype = dtype;
  const dni_sg_callbacks callbacks = {.struct_size = sizeof callbacks,
                                      .user = self,
                                      .learns = DNI_SG_LEARNS_TARGET,
                                      .estimate = own_estimate,
                                      .learn = own_learn,
                                      .parameter_count = 1,
                                      .parameter = own_parameter,
                                      .destroy = free};
  dni_sg *sg;
  expect_ok(dni_sg_create_callback(context, UNITS, 0, 0, &callbacks, &sg));
  return sg;
}

static dni_sg *make_any_sg(dni_context *context, dni_dtype dtype, const char *word) {
  const dni_least_squares_options slow = {.struct_size = sizeof slow, .solve_every = 3};
  dni_sg *sg;
  if (!strcmp(word, "theorem"))
    expect_ok(dni_sg_create_theorem(context, UNITS, &sg));
  else if (!strcmp(word, "slow"))
    expect_ok(dni_sg_create_least_squares(context, UNITS, CLASSES, &slow, &sg));
  else if (!strcmp(word, "late"))
    expect_ok(dni_sg_create_delayed(context, UNITS, 0.5, &sg));
  else if (!strcmp(word, "callback"))
    return make_own_sg(context, dtype);
  else if (!strcmp(word, "nested"))
    return wrapped(context, "mixture",
                   wrapped(context, "warm_up", make_sg(context, UNITS, CLASSES, CLASSES, "sg")));
  else if (!strcmp(word, "mixture") || !strcmp(word, "frozen") || !strcmp(word, "warm_up"))
    return wrapped(context, word, make_sg(context, UNITS, CLASSES, CLASSES, "sg1"));
  else
    return make_sg(context, UNITS, CLASSES, CLASSES, word);
  return sg;
}

static void make_parts(loop *l, dni_dtype dtype) {
  dni_context *context = l->context;
  expect_ok(dni_layer_create_dense(context, INPUTS, UNITS, DNI_ACTIVATION_GELU, &l->layers[0]));
  expect_ok(dni_layer_create_batch_norm(context, UNITS, &l->layers[1]));
  expect_ok(dni_layer_create_dropout(context, UNITS, 0.3, NULL, &l->layers[2]));
  expect_ok(dni_layer_create_layer_norm(context, UNITS, &l->layers[3]));
  for (size_t i = 0; i < SGS; i++)
    l->sgs[i] = make_any_sg(context, dtype, sg_words[i]);
}

static void make_optimisers(loop *l) {
  const dni_schedule decay = {
      .struct_size = sizeof decay, .kind = DNI_RATE_DECAY, .warm_up = 5, .steps = 7, .value = 0.9};
  expect_ok(dni_optimiser_create_sgd(l->context, 0.01, &l->sgd));
  expect_ok(dni_optimiser_create_adamw(l->context, 0.01, &l->adam));
  expect_ok(dni_optimiser_set_f64(l->sgd, DNI_SETTING_MOMENTUM, 0.9));
  expect_ok(dni_optimiser_set_schedule(l->adam, &decay));
  expect_ok(dni_guard_create(l->sgd, NULL, &l->guard));
  for (size_t i = 0; i < LAYERS; i++)
    expect_ok(dni_optimiser_add_layer(l->sgd, l->layers[i]));
  for (size_t i = 0; i < SGS; i++)
    if (strcmp(sg_words[i], "frozen") != 0) expect_ok(dni_optimiser_add_sg(l->adam, l->sgs[i]));
}

static void make_own_numbers(loop *l) {
  dni_matrix_init_f32(&l->own[0], l->f32, 2, 2);
  dni_matrix_init_f64(&l->own[1], l->f64, 1, 6);
  dni_matrix_init_u8(&l->own[2], l->u8, 5, 1);
  dni_matrix_init_labels(&l->own[3], l->i32, 3);
  dni_matrix_init_strided_f64(&l->own[4], l->gaps, 3, 2, STRIDE);
  for (size_t i = 0; i < sizeof l->gaps / sizeof l->gaps[0]; i++)
    l->gaps[i] = -(double)i;
}

static void add_all(loop *l) {
  dni_checkpoint *c;
  char name[40];
  expect_ok(dni_checkpoint_create(l->context, &l->checkpoint));
  c = l->checkpoint;
  for (size_t i = 0; i < LAYERS; i++) {
    (void)snprintf(name, sizeof name, "layer %zu", i);
    expect_ok(dni_checkpoint_add_layer(c, name, l->layers[i]));
  }
  for (size_t i = 0; i < SGS; i++)
    expect_ok(dni_checkpoint_add_sg(c, sg_words[i], l->sgs[i]));
  expect_ok(dni_checkpoint_add_optimiser(c, "sgd", l->sgd));
  expect_ok(dni_checkpoint_add_optimiser(c, "adam", l->adam));
  expect_ok(dni_checkpoint_add_guard(c, "guard", l->guard));
  expect_ok(dni_checkpoint_add_order(c, "order", l->order));
  for (size_t i = 0; i < 5; i++) {
    (void)snprintf(name, sizeof name, "own\xc3\xa9.%zu", i);
    expect_ok(dni_checkpoint_add_matrix(c, name, &l->own[i]));
  }
  expect_ok(dni_checkpoint_add_count(c, "steps", &l->steps));
  expect_ok(dni_checkpoint_add_real(c, "average", &l->average));
  expect_ok(dni_checkpoint_add_real(c, "tiny", &l->tiny));
}

static void make_loop(loop *l, dni_dtype dtype, uint64_t seed) {
  memset(l, 0, sizeof *l);
  l->context = make_context(dtype, seed);
  const dni_matrix x = matrix_filled(dtype, ROWS, 1, 1);
  dni_dataset *dataset;
  expect_ok(dni_dataset_create_memory(l->context, &x, &x, NULL, &dataset));
  expect_ok(dni_order_create(dataset, NULL, &l->order));
  dni_dataset_release(dataset);
  make_parts(l, dtype);
  make_optimisers(l);
  make_own_numbers(l);
  add_all(l);
}

/* The checkpoint keeps the parts: it is given back after them. */
static void end_loop(loop *l) {
  for (size_t i = 0; i < LAYERS; i++)
    dni_layer_release(l->layers[i]);
  for (size_t i = 0; i < SGS; i++)
    dni_sg_release(l->sgs[i]);
  dni_optimiser_release(l->sgd);
  dni_optimiser_release(l->adam);
  dni_guard_release(l->guard);
  dni_order_release(l->order);
  dni_checkpoint_release(l->checkpoint);
}

/* Steps. -------------------------------------------------------------------------------------- */

static void fill(const dni_matrix *matrix, uint64_t step, double phase) {
  for (size_t r = 0; r < matrix->rows; r++)
    for (size_t c = 0; c < matrix->columns; c++)
      matrix_set(matrix, r, c, sin((double)step * 1.7 + (double)(r * 13 + c * 5) + phase));
}

/* A question and a lesson; the answers go into the average. */
static void use_sg(loop *l, size_t index, const dni_matrix *h, const dni_matrix *labels,
                   const dni_matrix *numbers_y) {
  dni_sg *sg = l->sgs[index];
  const dni_dtype dtype = h->dtype;
  const size_t width = dni_sg_signal_units(sg);
  dni_matrix delta = matrix_make(dtype, ROWS, UNITS), signal = matrix_make(dtype, ROWS, width);
  dni_matrix target = matrix_make(dtype, ROWS, UNITS), losses = matrix_make(dtype, ROWS, 1);
  const dni_matrix *y = strcmp(sg_words[index], "theorem") ? labels : numbers_y;
  fill(&signal, l->steps, 1);
  fill(&target, l->steps, 2 + (double)index);
  fill(&losses, l->steps, 3);
  const dni_query query = {sizeof query, h, y, width ? &signal : NULL, NULL, NULL};
  expect_ok(dni_sg_estimate(sg, &query, &delta));
  for (size_t r = 0; r < ROWS; r++)
    for (size_t c = 0; c < UNITS; c++)
      l->average = l->average * 0.99 + 0.01 * matrix_get(&delta, r, c);
  const bool alone = dni_sg_learns(sg) == DNI_SG_LEARNS_ALONE;
  const dni_lesson lesson = {.struct_size = sizeof lesson,
                             .h = h,
                             .y = y,
                             .target = alone ? NULL : &target,
                             .losses = &losses,
                             .prediction = width ? &delta : NULL};
  expect_ok(dni_sg_learn(sg, &lesson, NULL));
}

static void use_layers(loop *l, const dni_matrix *x, dni_matrix *h) {
  dni_matrix between[LAYERS + 1], dy = matrix_make(x->dtype, ROWS, UNITS), dx;
  between[0] = *x;
  for (size_t i = 0; i < LAYERS; i++) {
    between[i + 1] = matrix_make(x->dtype, ROWS, UNITS);
    expect_ok(
        dni_layer_forward(l->layers[i], DNI_MODE_TRAINING, NULL, &between[i], &between[i + 1]));
  }
  *h = between[LAYERS];
  fill(&dy, l->steps, 4);
  for (size_t i = LAYERS; i-- > 0; dy = dx) {
    dx = matrix_make(x->dtype, ROWS, between[i].columns);
    expect_ok(dni_layer_backward(l->layers[i], DNI_GRADIENT_REPLACE, NULL, &between[i],
                                 &between[i + 1], &dy, &dx));
  }
}

static void step(loop *l) {
  const dni_dtype dtype = dni_context_dtype(l->context);
  dni_matrix x = matrix_make(dtype, ROWS, INPUTS), h, numbers_y = matrix_make(dtype, ROWS, UNITS);
  int32_t classes[ROWS];
  dni_matrix labels;
  expect_ok(dni_order_shuffle(l->order));
  const size_t *order = dni_order_indices(l->order);
  for (size_t r = 0; r < ROWS; r++)
    classes[r] = (int32_t)((order[r] + l->steps) % CLASSES);
  dni_matrix_init_labels(&labels, classes, ROWS);
  fill(&x, l->steps + order[0], 0);
  fill(&numbers_y, l->steps, 5);
  use_layers(l, &x, &h);
  for (size_t i = 0; i < SGS; i++)
    use_sg(l, i, &h, &labels, &numbers_y);
  expect_ok(dni_guard_step(l->guard, (double)(l->steps % 3), 1, 4, NULL)); /* 2 is refused */
  expect_ok(dni_optimiser_step(l->adam));
  for (size_t i = 0; i < 5; i++)
    l->u8[i] = (uint8_t)(l->u8[i] + order[i]);
  for (size_t i = 0; i < 3; i++)
    l->i32[i] -= (int32_t)order[i];
  for (size_t i = 0; i < 4; i++)
    l->f32[i] += (float)l->average;
  for (size_t i = 0; i < 6; i++)
    l->f64[i] = l->gaps[i % 2 + STRIDE * (i / 2)] = l->average + (double)i;
  l->tiny = 3e-310 / (double)++l->steps;
}

static void steps(loop *l, int count) {
  for (int i = 0; i < count; i++)
    step(l);
}

static void write_loop(loop *l, content *to) {
  const dni_writer writer = content_writer(to);
  expect_ok(dni_checkpoint_write(l->checkpoint, &writer));
}

static dni_status read_loop(loop *l, content *from) {
  const dni_reader reader = content_reader(from);
  return dni_checkpoint_read(l->checkpoint, &reader, NULL);
}

static void expect_same_loops(loop *a, loop *b) {
  for (size_t i = 0; i < SGS; i++)
    for (size_t p = 0; p < dni_sg_parameter_count(a->sgs[i]); p++) {
      dni_matrix first, second;
      expect_ok(dni_sg_parameter(a->sgs[i], p, &first, NULL));
      expect_ok(dni_sg_parameter(b->sgs[i], p, &second, NULL));
      matrix_expect_same(&second, &first, sg_words[i]);
    }
  ck_assert_mem_eq(a->f32, b->f32, sizeof a->f32);
  ck_assert_mem_eq(a->f64, b->f64, sizeof a->f64);
  ck_assert_mem_eq(a->u8, b->u8, sizeof a->u8);
  ck_assert_mem_eq(a->i32, b->i32, sizeof a->i32);
  ck_assert_mem_eq(a->gaps, b->gaps, sizeof a->gaps);
  ck_assert_mem_eq(&a->average, &b->average, sizeof a->average);
  ck_assert_mem_eq(&a->tiny, &b->tiny, sizeof a->tiny);
  write_loop(a, &good);
  write_loop(b, &found);
  expect_same_content(&good, &found);
}

/* Going on. ----------------------------------------------------------------------------------- */

/* _i: the element type, and after how many steps it is saved. */
START_TEST(goes_on_bit_for_bit) {
  static const int before[] = {0, 1, 20, 27};
  static loop first, second;
  make_loop(&first, support_dtypes[_i % 2], 7);
  make_loop(&second, support_dtypes[_i % 2], 8);
  steps(&first, before[_i / 2]);
  const char *path = test_path("checkpoint");
  expect_ok(dni_checkpoint_save(first.checkpoint, path));
  steps(&second, 3);
  expect_ok(dni_checkpoint_load(second.checkpoint, path, NULL));
  expect_same_loops(&first, &second);
  ck_assert(second.steps == first.steps);
  steps(&first, 20);
  steps(&second, 20);
  expect_same_loops(&first, &second);
  end_loop(&first);
  end_loop(&second);
}
END_TEST

/* In the other element type it goes on too, as well as numbers that are converted can. */
START_TEST(goes_on_in_the_other_type) {
  static loop first, second;
  make_loop(&first, DNI_F64, 7);
  make_loop(&second, DNI_F32, 8);
  steps(&first, 20);
  write_loop(&first, &good);
  expect_ok(read_loop(&second, &good));
  ck_assert_mem_eq(first.i32, second.i32, sizeof first.i32);
  steps(&second, 3);
  ck_assert_uint_eq(second.steps, 23);
  end_loop(&first);
  end_loop(&second);
}
END_TEST

/* Other loops. --------------------------------------------------------------------------------- */

/* The good file without one entry, whose name begins like this. */
static void rename_entry(const char *name) {
  char words[100], others[100];
  (void)snprintf(words, sizeof words, "\"%s", name);
  (void)snprintf(others, sizeof others, "\"#%s", name + 1);
  content_copy(&good, &bad);
  content_replace(&bad, words, others);
}

START_TEST(what_does_not_fit_changes_nothing) {
  static const char *const names[] = {"layer 0.weight\"",
                                      "layer 1.running_mean\"",
                                      "layer 2.random\"",
                                      "layer 2.drop\"",
                                      "sg1.weight",
                                      "sgq.guess_weight\"",
                                      "ls.gram\"",
                                      "lsq.guess_optimiser.steps\"",
                                      "lsq.exponent\"",
                                      "mixture.lambda\"",
                                      "mixture.lessons\"",
                                      "nested.inner.inner.bias\"",
                                      "callback.parameter\"",
                                      "sgd.moved.0.momentum\"",
                                      "adam.moved.3.second_moment\"",
                                      "adam.schedule.value\"",
                                      "adam.steps\"",
                                      "guard.refused\"",
                                      "order.random\"",
                                      "own\xc3\xa9.0\"",
                                      "own\xc3\xa9.4\"",
                                      "steps\"",
                                      "average\"",
                                      "tiny\""};
  static loop first, second;
  static content before;
  make_loop(&first, DNI_F32, 7);
  make_loop(&second, DNI_F32, 8);
  steps(&first, 2);
  steps(&second, 3);
  write_loop(&first, &good);
  write_loop(&second, &before);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char name[40];
    (void)snprintf(name, sizeof name, "there is no %.*s", (int)strcspn(names[i], "\""), names[i]);
    rename_entry(names[i]);
    expect_failure(read_loop(&second, &bad), DNI_ERROR_DATA, name, "");
    write_loop(&second, &found);
    expect_same_content(&before, &found);
  }
  content_copy(&good, &bad);
  content_replace(&bad, "\"layer 3.shift\":{\"dtype\":\"F32\",\"shape\":[1,5]",
                  "\"layer 3.shift\":{\"dtype\":\"F32\",\"shape\":[5,1]");
  expect_failure(read_loop(&second, &bad), DNI_ERROR_DATA, "layer 3.shift is 5 x 1, expected 1 x 5",
                 "");
  write_loop(&second, &found);
  expect_same_content(&before, &found);
  end_loop(&first);
  end_loop(&second);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("own_loop");
  TCase *group = tcase_create("own_loop");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, set_up, tear_down);
  tcase_set_timeout(group, 240);
  tcase_add_loop_test(group, goes_on_bit_for_bit, 0, 8);
  tcase_add_test(group, goes_on_in_the_other_type);
  tcase_add_test(group, what_does_not_fit_changes_nothing);
  return support_run(suite);
}
