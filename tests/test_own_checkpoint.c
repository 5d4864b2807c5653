/* dni_checkpoint: names, what a file of something else is refused for, what it keeps, and its memory.
 * tests/test_own_loop.c saves and loads everything that may be in one. */
#include "safetensors.h"
#include "training.h"

static content good, found;

static void set_up(void) {
  test_directory_make();
  support_setup();
}

static void tear_down(void) {
  training_end();
  test_directory_remove();
}

/* Files of other things. ----------------------------------------------------------------------- */

enum { CLASSES = 3 };

/* One thing saved under the name "a", and another one loaded. */
typedef dni_status (*adding)(dni_context *context, dni_checkpoint *checkpoint);

static dni_status add_sg(dni_context *context, dni_checkpoint *checkpoint, size_t units,
                         const char *word) {
  dni_sg *sg = make_sg(context, units, CLASSES, CLASSES, word);
  dni_status status = dni_checkpoint_add_sg(checkpoint, "a", sg);
  dni_sg_release(sg);
  return status;
}

static dni_status add_local(dni_context *context, dni_checkpoint *checkpoint) {
  dni_loss *loss;
  dni_sg *sg;
  expect_ok(dni_loss_create_sigmoid_cross_entropy(context, NULL, &loss));
  expect_ok(dni_sg_create_local(context, 4, CLASSES, loss, NULL, &sg));
  dni_status status = dni_checkpoint_add_sg(checkpoint, "a", sg);
  dni_sg_release(sg);
  dni_loss_release(loss);
  return status;
}

static dni_status add_layer(dni_checkpoint *checkpoint, dni_layer *layer) {
  dni_status status = dni_checkpoint_add_layer(checkpoint, "a", layer);
  dni_layer_release(layer);
  return status;
}

static dni_status add_optimiser(dni_context *context, dni_checkpoint *checkpoint, bool adam,
                                const dni_schedule *schedule) {
  dni_optimiser *optimiser = adam ? make_adam(context, 0.1) : make_sgd(context, 0.1);
  expect_ok(dni_optimiser_set_schedule(optimiser, schedule));
  return dni_checkpoint_add_optimiser(checkpoint, "a", optimiser);
}

#define ADDING(name, ...)                                                                          \
  static dni_status name(dni_context *context, dni_checkpoint *checkpoint) {                       \
    return __VA_ARGS__;                                                                            \
  }

static const dni_schedule cosine = {
    .struct_size = sizeof cosine, .kind = DNI_RATE_COSINE, .steps = 9, .value = 0.5};
static const dni_schedule slower = {
    .struct_size = sizeof slower, .kind = DNI_RATE_COSINE, .steps = 10, .value = 0.5};

ADDING(add_relu, add_layer(checkpoint, make_layer(context, 3, "relu3")))
ADDING(add_tanh, add_layer(checkpoint, make_layer(context, 3, "tanh3")))
ADDING(add_wide, add_layer(checkpoint, make_layer(context, 3, "relu4")))
ADDING(add_rows, add_layer(checkpoint, make_layer(context, 3, "rows")))
ADDING(add_norm, add_layer(checkpoint, make_layer(context, 3, "norm")))
ADDING(add_linear, add_sg(context, checkpoint, 4, "sg"))
ADDING(add_hidden, add_sg(context, checkpoint, 4, "sg1"))
ADDING(add_critic, add_sg(context, checkpoint, 4, "critic"))
ADDING(add_least, add_sg(context, checkpoint, 4, "ls"))
ADDING(add_larger, add_sg(context, checkpoint, 5, "ls"))
ADDING(add_h, add_sg(context, checkpoint, CLASSES, "sgh"))
ADDING(add_y, add_sg(context, checkpoint, CLASSES, "sgy"))
ADDING(add_h_least, add_sg(context, checkpoint, CLASSES, "lsh"))
ADDING(add_y_least, add_sg(context, checkpoint, CLASSES, "lsy"))
ADDING(add_softmax, add_sg(context, checkpoint, 4, "local"))
ADDING(add_sigmoid, add_local(context, checkpoint))
ADDING(add_guess, add_sg(context, checkpoint, 4, "lsq"))
ADDING(add_residual, add_sg(context, checkpoint, 4, "lsr"))
ADDING(add_sgd, add_optimiser(context, checkpoint, false, NULL))
ADDING(add_adam, add_optimiser(context, checkpoint, true, NULL))
ADDING(add_cosine, add_optimiser(context, checkpoint, true, &cosine))
ADDING(add_slower, add_optimiser(context, checkpoint, true, &slower))

START_TEST(what_differs_is_named) {
  static const struct {
    adding saved, loaded;
    dni_status status;
    const char *words;
  } pairs[] = {
      {add_relu, add_tanh, DNI_ERROR_ARGUMENT, "a.activation is relu in the file and tanh here"},
      {add_relu, add_wide, DNI_ERROR_ARGUMENT, "a.outputs is 3 in the file and 4 here"},
      {add_rows, add_norm, DNI_ERROR_ARGUMENT,
       "a.kind is layer_norm in the file and batch_norm here"},
      {add_linear, add_critic, DNI_ERROR_ARGUMENT,
       "a.kind is synthetic in the file and critic here"},
      {add_linear, add_relu, DNI_ERROR_ARGUMENT, "a.kind is synthetic in the file and dense here"},
      {add_linear, add_hidden, DNI_ERROR_ARGUMENT, "a.hidden_layers is 0 in the file and 1 here"},
      {add_hidden, add_linear, DNI_ERROR_ARGUMENT, "a.hidden_layers is 1 in the file and 0 here"},
      {add_softmax, add_sigmoid, DNI_ERROR_ARGUMENT,
       "a.loss is softmax_cross_entropy in the file and sigmoid_cross_entropy here"},
      {add_guess, add_residual, DNI_ERROR_ARGUMENT,
       "a.condition is hy in the file and residual here"},
      {add_least, add_larger, DNI_ERROR_ARGUMENT, "a.units is 4 in the file and 5 here"},
      {add_h, add_y, DNI_ERROR_ARGUMENT, "a.condition is h in the file and y here"},
      {add_y, add_h, DNI_ERROR_ARGUMENT, "a.condition is y in the file and h here"},
      {add_h_least, add_y_least, DNI_ERROR_ARGUMENT, "a.condition is h in the file and y here"},
      {add_y_least, add_h_least, DNI_ERROR_ARGUMENT, "a.condition is y in the file and h here"},
      {add_sgd, add_adam, DNI_ERROR_ARGUMENT, "a.kind is sgd in the file and adam here"},
      {add_adam, add_cosine, DNI_ERROR_ARGUMENT,
       "a.schedule.kind is none in the file and cosine here"},
      {add_cosine, add_slower, DNI_ERROR_ARGUMENT, "a.schedule.steps is 9 in the file and 10 here"},
  };
  dni_context *context = make_context(support_dtypes[_i], 7);
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    dni_checkpoint *saved, *loaded;
    expect_ok(dni_checkpoint_create(context, &saved));
    expect_ok(dni_checkpoint_create(context, &loaded));
    expect_ok(pairs[i].saved(context, saved));
    expect_ok(pairs[i].loaded(context, loaded));
    const dni_writer writer = content_writer(&good);
    const dni_reader reader = content_reader(&good);
    expect_ok(dni_checkpoint_write(saved, &writer));
    expect_failure(dni_checkpoint_read(loaded, &reader, NULL), pairs[i].status, pairs[i].words, "");
    good.position = 0;
    expect_ok(dni_checkpoint_read(saved, &reader, NULL));
    dni_checkpoint_release(saved);
    dni_checkpoint_release(loaded);
  }
}
END_TEST

/* Numbers of the caller's keep their type, floats and doubles aside. */
START_TEST(own_matrices_of_other_types) {
  dni_context *context = make_context(DNI_F32, 7);
  float f32[4] = {1, 2, 3, 4};
  double f64[4] = {0};
  uint8_t u8[4];
  int32_t i32[4];
  dni_matrix saved, loaded;
  dni_checkpoint *from, *to;
  dni_matrix_init_f32(&saved, f32, 4, 1);
  expect_ok(dni_checkpoint_create(context, &from));
  expect_ok(dni_checkpoint_add_matrix(from, "m", &saved));
  const dni_writer writer = content_writer(&good);
  expect_ok(dni_checkpoint_write(from, &writer));
  for (int i = 0; i < 3; i++) {
    if (i == 0) dni_matrix_init_f64(&loaded, f64, 4, 1);
    if (i == 1) dni_matrix_init_u8(&loaded, u8, 4, 1);
    if (i == 2) dni_matrix_init_labels(&loaded, i32, 4);
    expect_ok(dni_checkpoint_create(context, &to));
    expect_ok(dni_checkpoint_add_matrix(to, "m", &loaded));
    const dni_reader reader = content_reader(&good);
    if (i == 0)
      expect_ok(dni_checkpoint_read(to, &reader, NULL));
    else
      expect_failure(dni_checkpoint_read(to, &reader, NULL), DNI_ERROR_DATA, "m is of F32",
                     i == 1 ? "expected U8" : "expected I32");
    dni_checkpoint_release(to);
  }
  for (size_t i = 0; i < 4; i++)
    ck_assert_double_eq(f64[i], (double)f32[i]);
  dni_checkpoint_release(from);
}
END_TEST

/* Names and arguments. ------------------------------------------------------------------------- */

static dni_checkpoint *fresh_checkpoint(dni_context *context) {
  dni_checkpoint *checkpoint;
  expect_ok(dni_checkpoint_create(context, &checkpoint));
  return checkpoint;
}

START_TEST(bad_names) {
  static const char *const names[] = {
      "",     "a\nb",     "\x7f",      "libdni.format", "libdni.",
      "\xff", "\xc0\x80", "a\xe2\x82", "\xed\xa0\x80",  "__metadata__"};
  char long_name[102];
  uint64_t number = 1;
  dni_checkpoint *checkpoint = fresh_checkpoint(make_context(DNI_F32, 7));
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    expect_failure(dni_checkpoint_add_count(checkpoint, names[i], &number), DNI_ERROR_ARGUMENT,
                   "the name", "");
  memset(long_name, 'n', sizeof long_name);
  long_name[101] = 0;
  expect_failure(dni_checkpoint_add_count(checkpoint, long_name, &number), DNI_ERROR_ARGUMENT,
                 "the name nnn", "1 to 100 bytes");
  long_name[100] = 0;
  expect_ok(dni_checkpoint_add_count(checkpoint, long_name, &number));
  expect_failure(dni_checkpoint_add_count(checkpoint, long_name, &number), DNI_ERROR_ARGUMENT,
                 "the name nnn", "is taken");
  expect_ok(dni_checkpoint_add_count(checkpoint, "\xc3\xa9 \xe2\x82\xac", &number));
  const dni_writer writer = content_writer(&good);
  const dni_reader reader = content_reader(&good);
  expect_ok(dni_checkpoint_write(checkpoint, &writer));
  number = 2;
  expect_ok(dni_checkpoint_read(checkpoint, &reader, NULL));
  ck_assert_uint_eq(number, 1);
  dni_checkpoint_release(checkpoint);
}
END_TEST

/* Names that are not taken, but whose entries are. */
START_TEST(entries_of_one_name) {
  dni_context *context = make_context(DNI_F32, 7);
  dni_checkpoint *checkpoint = fresh_checkpoint(context);
  uint64_t number = 1;
  expect_ok(add_relu(context, checkpoint));
  expect_ok(dni_checkpoint_add_count(checkpoint, "a.kind", &number));
  const dni_writer writer = content_writer(&good);
  expect_failure(dni_checkpoint_write(checkpoint, &writer), DNI_ERROR_ARGUMENT, "two entries",
                 "a.kind");
  expect_failure(dni_checkpoint_save(checkpoint, test_path("c")), DNI_ERROR_ARGUMENT, "two entries",
                 "c: ");
  ck_assert_uint_eq(test_files(), 0);
  dni_checkpoint_release(checkpoint);
}
END_TEST

/* "a b" and "a_b" are two. */
START_TEST(spaces_in_names) {
  dni_checkpoint *checkpoint = fresh_checkpoint(make_context(DNI_F32, 7));
  uint64_t numbers_[] = {1, 2};
  expect_ok(dni_checkpoint_add_count(checkpoint, "a b", &numbers_[0]));
  expect_ok(dni_checkpoint_add_count(checkpoint, "a_b", &numbers_[1]));
  const dni_writer writer = content_writer(&good);
  const dni_reader reader = content_reader(&good);
  expect_ok(dni_checkpoint_write(checkpoint, &writer));
  expect_header_has(&good, "\"a b\":\"1\",\"a_b\":\"2\"");
  numbers_[0] = numbers_[1] = 0;
  expect_ok(dni_checkpoint_read(checkpoint, &reader, NULL));
  ck_assert_uint_eq(numbers_[0] + 10 * numbers_[1], 21);
  dni_checkpoint_release(checkpoint);
}
END_TEST

START_TEST(refused_arguments) {
  dni_context *context = make_context(DNI_F32, 7);
  dni_checkpoint *checkpoint = fresh_checkpoint(context);
  float values[4] = {0};
  dni_matrix matrix;
  dni_load_options options = {.struct_size = sizeof options, .finite = 2};
  const char *path = test_path("c");
  const dni_writer writer = content_writer(&good);
  const dni_reader reader = content_reader(&good);
  expect_failure(dni_checkpoint_create(NULL, &checkpoint), DNI_ERROR_ARGUMENT, "context", "NULL");
  expect_failure(dni_checkpoint_create(context, NULL), DNI_ERROR_ARGUMENT, "out", "NULL");
  expect_failure(dni_checkpoint_save(checkpoint, path), DNI_ERROR_STATE, "nothing was added", "");
  expect_failure(dni_checkpoint_write(checkpoint, &writer), DNI_ERROR_STATE, "nothing", "");
  expect_failure(dni_checkpoint_load(checkpoint, path, NULL), DNI_ERROR_STATE, "nothing", "");
  expect_failure(dni_checkpoint_read(checkpoint, &reader, NULL), DNI_ERROR_STATE, "nothing", "");
  expect_failure(dni_checkpoint_add_layer(checkpoint, "a", NULL), DNI_ERROR_ARGUMENT, "a", "NULL");
  expect_failure(dni_checkpoint_add_sg(checkpoint, "a", NULL), DNI_ERROR_ARGUMENT, "a", "NULL");
  expect_failure(dni_checkpoint_add_network(checkpoint, "a", NULL), DNI_ERROR_ARGUMENT, "a",
                 "NULL");
  expect_failure(dni_checkpoint_add_optimiser(checkpoint, "a", NULL), DNI_ERROR_ARGUMENT, "a",
                 "NULL");
  expect_failure(dni_checkpoint_add_guard(checkpoint, "a", NULL), DNI_ERROR_ARGUMENT, "a", "NULL");
  expect_failure(dni_checkpoint_add_order(checkpoint, "a", NULL), DNI_ERROR_ARGUMENT, "a", "NULL");
  expect_failure(dni_checkpoint_add_trainer(checkpoint, "a", NULL), DNI_ERROR_ARGUMENT, "a",
                 "NULL");
  expect_failure(dni_checkpoint_add_matrix(checkpoint, "a", NULL), DNI_ERROR_ARGUMENT, "matrix",
                 "NULL");
  expect_failure(dni_checkpoint_add_count(checkpoint, "a", NULL), DNI_ERROR_ARGUMENT, "a", "NULL");
  expect_failure(dni_checkpoint_add_real(checkpoint, "a", NULL), DNI_ERROR_ARGUMENT, "a", "NULL");
  expect_failure(add_relu(context, NULL), DNI_ERROR_ARGUMENT, "checkpoint", "NULL");
  dni_matrix_init_f32(&matrix, values, 2, 2);
  matrix.dtype = DNI_BF16;
  expect_failure(dni_checkpoint_add_matrix(checkpoint, "a", &matrix), DNI_ERROR_ARGUMENT, "matrix",
                 "3");
  dni_matrix_init_strided_f32(&matrix, values, 2, 2, 1);
  expect_failure(dni_checkpoint_add_matrix(checkpoint, "a", &matrix), DNI_ERROR_ARGUMENT, "matrix",
                 "stride");
  expect_ok(add_relu(context, checkpoint)); /* the name is still free */
  expect_ok(dni_checkpoint_write(checkpoint, &writer));
  expect_failure(dni_checkpoint_read(checkpoint, &reader, &options), DNI_ERROR_ARGUMENT, "finite",
                 "2");
  options.finite = 0;
  options.reserved = 1;
  expect_failure(dni_checkpoint_read(checkpoint, &reader, &options), DNI_ERROR_UNSUPPORTED,
                 "reserved", "");
  expect_failure(dni_checkpoint_load(checkpoint, path, NULL), DNI_ERROR_IO, path, "No such file");
  dni_checkpoint_release(checkpoint);
}
END_TEST

/* Nothing but the checkpoint keeps the layer; a second reference keeps the checkpoint. */
START_TEST(what_is_added_is_kept) {
  dni_context *context = make_context(DNI_F32, 7);
  dni_checkpoint *checkpoint = fresh_checkpoint(context);
  expect_ok(add_relu(context, checkpoint));
  ck_assert_ptr_eq(dni_checkpoint_retain(checkpoint), checkpoint);
  dni_checkpoint_release(checkpoint);
  const dni_writer writer = content_writer(&good);
  expect_ok(dni_checkpoint_write(checkpoint, &writer));
  dni_checkpoint_release(checkpoint);
  ck_assert_ptr_null(dni_checkpoint_retain(NULL));
  dni_checkpoint_release(NULL);
}
END_TEST

/* A network under the name "" is a file of dni_network_save(), and one under a name is not. */
START_TEST(networks_by_name) {
  dni_context *context = make_context(DNI_F32, 7);
  dni_network *network = make_network(context, "3 relu4 |sg dense2"), *again = NULL;
  const char *path = test_path("c");
  for (int named = 0; named < 2; named++) {
    dni_checkpoint *checkpoint = fresh_checkpoint(context);
    expect_ok(dni_checkpoint_add_network(checkpoint, named ? "net" : "", network));
    if (!named)
      expect_failure(dni_checkpoint_add_network(checkpoint, "", network), DNI_ERROR_ARGUMENT,
                     "taken", "");
    expect_ok(dni_checkpoint_save(checkpoint, path));
    expect_ok(dni_checkpoint_load(checkpoint, path, NULL));
    dni_checkpoint_release(checkpoint);
    if (named)
      expect_failure(dni_network_load(context, path, &again), DNI_ERROR_DATA, "no network", path);
    else
      expect_ok(dni_network_load(context, path, &again));
    dni_network_release(again);
    again = NULL;
  }
}
END_TEST

/* What nothing asks for is written again by the checkpoint that read it. */
START_TEST(more_in_the_file_is_kept) {
  dni_context *context = make_context(DNI_F32, 7);
  uint64_t number = 1;
  dni_checkpoint *more = fresh_checkpoint(context), *less = fresh_checkpoint(context);
  expect_ok(add_relu(context, more));
  expect_ok(dni_checkpoint_add_count(more, "n", &number));
  expect_ok(add_relu(context, less));
  const dni_writer writer = content_writer(&good), again = content_writer(&found);
  const dni_reader reader = content_reader(&good);
  expect_ok(dni_checkpoint_write(more, &writer));
  expect_ok(dni_checkpoint_read(less, &reader, NULL));
  expect_ok(dni_checkpoint_write(less, &again));
  expect_same_content(&good, &found);
  expect_ok(dni_checkpoint_add_count(less, "n", &number)); /* and gives way to one's own */
  number = 5;
  found.size = 0;
  expect_ok(dni_checkpoint_write(less, &again));
  expect_header_has(&found, "\"n\":\"5\"");
  dni_checkpoint_release(more);
  dni_checkpoint_release(less);
}
END_TEST

/* Memory. ------------------------------------------------------------------------------------- */

/* Each allocation of a load fails, once and for good: nothing has changed. */
START_TEST(failing_allocations) {
  test_memory memory;
  dni_context *context = keep(CONTEXT, test_context(DNI_F32, 7, &memory));
  dni_network *network = make_network(context, "3 relu4 |ls drop dense2");
  dni_checkpoint *checkpoint = fresh_checkpoint(context);
  const dni_writer writer = content_writer(&good);
  expect_ok(dni_checkpoint_add_network(checkpoint, "", network));
  expect_ok(dni_checkpoint_write(checkpoint, &writer));
  const size_t before = memory.live;
  for (size_t at = 0, calls = SIZE_MAX; calls > at; at++) {
    dni_matrix weight;
    expect_ok(dni_layer_parameter(dni_network_layer(network, 0), 0, &weight, NULL));
    matrix_fill(&weight, 77);
    const dni_reader reader = content_reader(&good);
    test_memory_fail(&memory, at, _i);
    dni_status status = dni_checkpoint_read(checkpoint, &reader, NULL);
    calls = memory.calls;
    test_memory_fail(&memory, SIZE_MAX, false);
    ck_assert_int_eq(status, calls > at ? DNI_ERROR_MEMORY : DNI_OK);
    ck_assert_int_eq(matrix_get(&weight, 0, 0) == 77, calls > at);
    if (calls > at) ck_assert_uint_eq(memory.live, before);
  }
  dni_checkpoint_release(checkpoint);
  release_all();
  ck_assert_uint_eq(memory.live, 0);
}
END_TEST

START_TEST(failing_allocations_of_adding) {
  test_memory memory;
  dni_context *context = keep(CONTEXT, test_context(DNI_F32, 7, &memory));
  dni_layer *layer = keep(LAYER, make_layer(context, 3, "relu3"));
  const size_t before = memory.live;
  for (size_t at = 0, calls = SIZE_MAX; calls > at; at++) {
    dni_checkpoint *checkpoint = NULL;
    char name[8] = "a";
    test_memory_fail(&memory, at, _i);
    dni_status status = dni_checkpoint_create(context, &checkpoint);
    for (; status == DNI_OK && name[0] < 'w'; name[0]++)
      status = dni_checkpoint_add_layer(checkpoint, name, layer);
    calls = memory.calls;
    test_memory_fail(&memory, SIZE_MAX, false);
    ck_assert_int_eq(status, calls > at ? DNI_ERROR_MEMORY : DNI_OK);
    if (calls > at && checkpoint && name[0] > 'b')
      expect_ok(dni_checkpoint_add_layer(checkpoint, "z", layer));
    dni_checkpoint_release(checkpoint);
    ck_assert_uint_eq(memory.live, before);
  }
  release_all();
  ck_assert_uint_eq(memory.live, 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("own_checkpoint");
  TCase *group = tcase_create("own_checkpoint");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, set_up, tear_down);
  tcase_set_timeout(group, 240);
  tcase_add_loop_test(group, what_differs_is_named, 0, 2);
  tcase_add_test(group, own_matrices_of_other_types);
  tcase_add_test(group, bad_names);
  tcase_add_test(group, entries_of_one_name);
  tcase_add_test(group, spaces_in_names);
  tcase_add_test(group, refused_arguments);
  tcase_add_test(group, what_is_added_is_kept);
  tcase_add_test(group, networks_by_name);
  tcase_add_test(group, more_in_the_file_is_kept);
  tcase_add_loop_test(group, failing_allocations, 0, 2);
  tcase_add_loop_test(group, failing_allocations_of_adding, 0, 2);
  return support_run(suite);
}
