/* Network files of libdni 0.3, which are only read: what they hold comes into either element type;
 * nothing else is believed. tests/data/network.py wrote the files that these tests start from. */
#include "safetensors.h"

static test_memory memory;
static dni_context *context;
static content good, bad;

static void set_up(void) {
  test_directory_make();
}

static void tear_down(void) {
  dni_context_release(context);
  context = NULL;
  ck_assert_uint_eq(memory.live, 0);
  test_directory_remove();
}

static void use(int index) {
  context = test_context(test_dtypes[index], 7, &memory);
}

static const char *const version_1[] = {"tests/data/network-1-f32.dni",
                                        "tests/data/network-1-f64.dni"};

static double element(const dni_matrix *view, size_t row, size_t column) {
  size_t at = row * view->stride + column;
  return view->dtype == DNI_F32 ? (double)((float *)view->data)[at] : ((double *)view->data)[at];
}

/* Call with the network's parameters one by one. */
static void for_each(dni_network *network,
                     void (*use_element)(const dni_matrix *, size_t, size_t, size_t, void *),
                     void *user) {
  size_t index = 0;
  for (size_t l = 0; l < dni_network_layer_count(network); l++) {
    dni_layer *layer = dni_network_layer(network, l);
    for (size_t p = 0; p < dni_layer_parameter_count(layer); p++) {
      dni_matrix value;
      expect_ok(dni_layer_parameter(layer, p, &value, NULL));
      for (size_t r = 0; r < value.rows; r++)
        for (size_t c = 0; c < value.columns; c++)
          use_element(&value, r, c, index++, user);
    }
  }
}

static void expect_eighths(const dni_matrix *value, size_t row, size_t column, size_t index,
                           void *user) {
  (void)user;
  ck_assert_double_eq(element(value, row, column), (double)index / 8 - 1);
}

static void expect_layer(dni_network *network, size_t index, int32_t kind,
                         dni_activation activation, size_t inputs, size_t outputs) {
  const dni_layer *layer = dni_network_layer(network, index);
  ck_assert_int_eq(dni_layer_kind(layer), kind);
  ck_assert_int_eq(dni_layer_activation(layer), activation);
  ck_assert_uint_eq(dni_layer_inputs(layer), inputs);
  ck_assert_uint_eq(dni_layer_outputs(layer), outputs);
}

static void expect_settings(dni_network *network, size_t index, double epsilon, double rate) {
  double value;
  const dni_layer *layer = dni_network_layer(network, index);
  expect_ok(dni_layer_get_f64(layer, DNI_SETTING_EPSILON, &value));
  ck_assert_double_eq(value, epsilon);
  expect_ok(dni_layer_get_f64(layer, DNI_SETTING_STATISTICS_RATE, &value));
  ck_assert_double_eq(value, rate);
}

/* Good files. ---------------------------------------------------------------------------------- */

static void expect_content(dni_network *network) {
  ck_assert_uint_eq(dni_network_layer_count(network), 4);
  expect_layer(network, 0, DNI_LAYER_DENSE, DNI_ACTIVATION_RELU, 3, 2);
  expect_layer(network, 1, DNI_LAYER_BATCH_NORM, -1, 2, 2);
  expect_layer(network, 2, DNI_LAYER_ACTIVATION, DNI_ACTIVATION_TANH, 2, 2);
  expect_layer(network, 3, DNI_LAYER_DENSE, DNI_ACTIVATION_IDENTITY, 2, 1);
  expect_settings(network, 1, 0.001, 0.25);
  for_each(network, expect_eighths, NULL);
}

/* Saved again, it is a file of today. */
START_TEST(test_loaded) {
  use(_i);
  for (size_t file = 0; file < 2; file++) {
    dni_network *network;
    const char *path = test_path("again.dni");
    expect_ok(dni_network_load(context, version_1[file], &network));
    expect_content(network);
    expect_ok(dni_network_save(network, path));
    dni_network_release(network);
    content_load(&good, path);
    ck_assert_uint_eq(good.bytes[8], '{');
    expect_ok(dni_network_load(context, path, &network));
    expect_content(network);
    dni_network_release(network);
  }
}
END_TEST

START_TEST(test_read) {
  use(_i);
  dni_network *network;
  content_load(&good, version_1[_i]);
  good.step = 5;
  expect_ok(network_from(context, &good, &network));
  expect_content(network);
  dni_network_release(network);
}
END_TEST

/* They are networks alone: nothing can be loaded from them into what exists. */
START_TEST(test_only_networks) {
  use(_i);
  dni_network *network;
  dni_checkpoint *checkpoint;
  expect_ok(dni_network_load(context, version_1[_i], &network));
  expect_ok(dni_checkpoint_create(context, &checkpoint));
  expect_ok(dni_checkpoint_add_network(checkpoint, "", network));
  content_load(&good, version_1[_i]);
  const dni_reader reader = content_reader(&good);
  expect_failure(dni_checkpoint_load(checkpoint, version_1[_i], NULL), DNI_ERROR_UNSUPPORTED,
                 version_1[_i], "dni_network_load");
  expect_failure(dni_checkpoint_read(checkpoint, &reader, NULL), DNI_ERROR_UNSUPPORTED, "0.3",
                 "dni_network_load");
  expect_content(network);
  dni_checkpoint_release(checkpoint);
  dni_network_release(network);
}
END_TEST

/* Bad files. ----------------------------------------------------------------------------------- */

static void expect_bad(const char *path, dni_status status, const char *word) {
  dni_network *network = NULL;
  size_t before = memory.live;
  expect_failure(dni_network_load(context, path, &network), status, path, word);
  ck_assert_ptr_null(network);
  ck_assert_uint_eq(memory.live, before);
}

START_TEST(test_damaged) {
  use(0);
  content_load(&good, version_1[_i]);
  for (size_t length = 1; length < good.size; length++)
    expect_bad(test_write("cut", good.bytes, length), DNI_ERROR_DATA, "truncated");
  for (size_t bit = 0; bit < 8 * good.size; bit++) {
    content_copy(&good, &bad);
    bad.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    expect_bad(content_store(&bad, "flipped"), DNI_ERROR_DATA, "");
  }
  content_copy(&good, &bad);
  bad.bytes[bad.size++] = 0;
  expect_bad(content_store(&bad, "longer"), DNI_ERROR_DATA, "bytes, but its header");
}
END_TEST

static void put(content *file, size_t at, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; i++)
    file->bytes[at + i] = (unsigned char)(value >> 8 * i);
}

/* Offsets in the files of version 1. */
enum { VERSION = 8, DTYPE = 12, SIZE = 16, COUNT = 24, KIND = 32, ACTIVATION = 36, INPUTS = 40 };
enum { OUTPUTS = 48, WEIGHT = 56 };

/* The good file with `bytes` bytes at `at` replaced by `value`, its size and checksum made right. */
static const char *forged(size_t at, uint64_t value, size_t bytes) {
  content_copy(&good, &bad);
  put(&bad, at, value, bytes);
  if (at != SIZE) put(&bad, SIZE, bad.size, 8);
  size_t end = bad.size - 4;
  put(&bad, end, crc32(crc32(0, NULL, 0), bad.bytes, (uInt)end), 4);
  return content_store(&bad, "forged");
}

/* What only a program that means it would write: the checksum is right, the sizes are not. */
START_TEST(test_forged) {
  use(_i);
  content_load(&good, version_1[0]);
#define FORGED(at, value, bytes, status, word) expect_bad(forged(at, value, bytes), status, word)
  FORGED(VERSION, 2, 4, DNI_ERROR_UNSUPPORTED, "version 2");
  FORGED(DTYPE, 3, 4, DNI_ERROR_DATA, "element type 3");
  FORGED(DTYPE, 2, 4, DNI_ERROR_DATA, "layer");
  FORGED(COUNT, 0, 8, DNI_ERROR_DATA, "no layers");
  FORGED(COUNT, 3, 8, DNI_ERROR_DATA, "after the last layer");
  FORGED(COUNT, 5, 8, DNI_ERROR_DATA, "layer 4");
  FORGED(COUNT, UINT64_MAX, 8, DNI_ERROR_DATA, "layer 4");
  FORGED(KIND, 0, 4, DNI_ERROR_DATA, "layer 0: kind 0");
  FORGED(KIND, 4, 4, DNI_ERROR_DATA, "layer 0: kind 4");
  FORGED(ACTIVATION, 4, 4, DNI_ERROR_DATA, "activation 4");
  FORGED(INPUTS, 0, 8, DNI_ERROR_DATA, "layer 0: 0 inputs");
  FORGED(OUTPUTS, 0, 8, DNI_ERROR_DATA, "0 outputs");
  FORGED(INPUTS, UINT64_MAX, 8, DNI_ERROR_DATA, "layer 0");
  FORGED(INPUTS, (uint64_t)1 << 31, 8, DNI_ERROR_DATA, "exceed");
  FORGED(OUTPUTS, (uint64_t)1 << 62, 8, DNI_ERROR_DATA,
         sizeof(size_t) > 4 ? "exceed" : "do not fit");
  FORGED(OUTPUTS, 1, 8, DNI_ERROR_DATA, "layer");
  size_t normalisation = WEIGHT + 8 * 4; /* the second layer */
  FORGED(normalisation + 8, 3, 8, DNI_ERROR_DATA, "layer 1: 3 inputs");
  FORGED(normalisation + 16, 3, 8, DNI_ERROR_DATA, "layer 1: 2 inputs and 3 outputs");
  FORGED(normalisation + 24, 0, 8, DNI_ERROR_DATA, "layer 1");                  /* epsilon 0 */
  FORGED(normalisation + 32, 0x7ff8000000000000, 8, DNI_ERROR_DATA, "layer 1"); /* rate NaN */
#undef FORGED
  ck_assert_uint_le(memory.largest, 1 << 16);
}
END_TEST

START_TEST(test_out_of_range_of_float) {
  dni_network *network;
  content_load(&good, version_1[1]);
  const char *path = forged(WEIGHT, 0x7e37e43c8800759c, 8); /* 1e300 */
  use(0);
  expect_bad(path, DNI_ERROR_DATA, "layer 0: weight: 1e+300 is out of range of float");
  dni_context_release(context);
  use(1);
  expect_ok(dni_network_load(context, path, &network));
  dni_network_release(network);
}
END_TEST

START_TEST(test_failing_allocations) {
  use(_i);
  size_t before = memory.live;
  for (int persistent = 0; persistent < 2; persistent++)
    for (size_t at = 0, calls = SIZE_MAX; calls > at; at++) {
      dni_network *network = NULL;
      test_memory_fail(&memory, at, persistent);
      dni_status status = dni_network_load(context, version_1[1], &network);
      calls = memory.calls;
      test_memory_fail(&memory, SIZE_MAX, false);
      dni_network_release(network);
      ck_assert_uint_eq(memory.live, before);
      ck_assert_int_eq(status, calls > at ? DNI_ERROR_MEMORY : DNI_OK);
      ck_assert_int_eq(network == NULL, calls > at);
      if (calls > at) ck_assert_ptr_nonnull(strstr(dni_last_message(), "out of memory"));
    }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("old_files");
  TCase *group = tcase_create("old_files");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, set_up, tear_down);
  tcase_set_timeout(group, 120);
  tcase_add_loop_test(group, test_loaded, 0, 2);
  tcase_add_loop_test(group, test_read, 0, 2);
  tcase_add_loop_test(group, test_only_networks, 0, 2);
  tcase_add_loop_test(group, test_damaged, 0, 2);
  tcase_add_loop_test(group, test_forged, 0, 2);
  tcase_add_test(group, test_out_of_range_of_float);
  tcase_add_loop_test(group, test_failing_allocations, 0, 2);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed > 0;
}
