/* Network files: what is saved comes back, in either element type; nothing else is believed.
 * tests/data/network.py wrote the files of version 1 that these tests start from. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "test_files.h"

static test_memory memory;
static dni_context *context;

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

typedef struct content {
  unsigned char bytes[4096];
  size_t size;
} content;

static void read_file(const char *path, content *out) {
  FILE *file = fopen(path, "rb");
  ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
  out->size = fread(out->bytes, 1, sizeof out->bytes, file);
  ck_assert_uint_lt(out->size, sizeof out->bytes);
  ck_assert_int_eq(fclose(file), 0);
}

static size_t files_in_directory(void) {
  size_t count = 0;
  DIR *directory = opendir(test_directory);
  ck_assert_ptr_nonnull(directory);
  for (struct dirent *entry; (entry = readdir(directory));)
    count += entry->d_name[0] != '.';
  ck_assert_int_eq(closedir(directory), 0);
  return count;
}

/* Networks. ------------------------------------------------------------------------------------ */

static void add(dni_network *network, dni_status created, dni_layer *layer) {
  expect_ok(created);
  expect_ok(dni_network_add(network, layer));
  dni_layer_release(layer);
}

/* dense 3 -> 4 relu, batch norm, sigmoid, dense 4 -> 2, with parameters that are no round numbers
 * in either element type. */
static dni_network *make_network(void) {
  dni_network *network;
  dni_layer *layer;
  expect_ok(dni_network_create(context, &network));
  dni_status status = dni_layer_create_dense(context, 3, 4, DNI_ACTIVATION_RELU, &layer);
  add(network, status, layer);
  status = dni_layer_create_batch_norm(context, 4, &layer);
  expect_ok(dni_layer_set_f64(layer, DNI_SETTING_EPSILON, 1e-3));
  expect_ok(dni_layer_set_f64(layer, DNI_SETTING_STATISTICS_RATE, 0.3));
  add(network, status, layer);
  status = dni_layer_create_activation(context, 4, DNI_ACTIVATION_SIGMOID, &layer);
  add(network, status, layer);
  status = dni_layer_create_dense(context, 4, 2, DNI_ACTIVATION_IDENTITY, &layer);
  add(network, status, layer);
  return network;
}

static double element(const dni_matrix *view, size_t row, size_t column) {
  size_t at = row * view->stride + column;
  return view->dtype == DNI_F32 ? (double)((float *)view->data)[at] : ((double *)view->data)[at];
}

static void set_element(const dni_matrix *view, size_t row, size_t column, double value) {
  size_t at = row * view->stride + column;
  if (view->dtype == DNI_F32)
    ((float *)view->data)[at] = (float)value;
  else
    ((double *)view->data)[at] = value;
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

static void make_odd(const dni_matrix *value, size_t row, size_t column, size_t index, void *user) {
  (void)user;
  set_element(value, row, column, 1 / (3.0 + (double)index));
}

static void expect_odd(const dni_matrix *value, size_t row, size_t column, size_t index,
                       void *rounded) {
  double expected = 1 / (3.0 + (double)index);
  if (rounded) expected = (double)(float)expected;
  ck_assert_double_eq(element(value, row, column), expected);
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

/* _i: bit 0 the element type saved, bit 1 the one loaded. Through float, numbers are rounded. */
START_TEST(test_round_trip) {
  int from = _i & 1, to = _i >> 1;
  use(from);
  bool rounded = test_dtypes[from] == DNI_F32 || test_dtypes[to] == DNI_F32;
  const char *path = test_path("network.dni");
  dni_network *network = make_network();
  for_each(network, make_odd, NULL);
  expect_ok(dni_network_save(network, path));
  dni_network_release(network);
  dni_context_release(context);
  ck_assert_uint_eq(memory.live, 0);
  use(to);
  expect_ok(dni_network_load(context, path, &network));
  ck_assert_uint_eq(dni_network_layer_count(network), 4);
  expect_layer(network, 0, DNI_LAYER_DENSE, DNI_ACTIVATION_RELU, 3, 4);
  expect_layer(network, 1, DNI_LAYER_BATCH_NORM, -1, 4, 4);
  expect_layer(network, 2, DNI_LAYER_ACTIVATION, DNI_ACTIVATION_SIGMOID, 4, 4);
  expect_layer(network, 3, DNI_LAYER_DENSE, DNI_ACTIVATION_IDENTITY, 4, 2);
  expect_settings(network, 1, 1e-3, 0.3);
  for_each(network, expect_odd, rounded ? &rounded : NULL);
  for (size_t after = 0; after < 3; after++) {
    dni_sg *sg;
    expect_ok(dni_network_sg(network, after, &sg));
    ck_assert_ptr_null(sg);
  }
  dni_network_release(network);
}
END_TEST

START_TEST(test_version_1) {
  use(_i);
  content original, again;
  for (size_t file = 0; file < 2; file++) {
    dni_network *network;
    expect_ok(dni_network_load(context, version_1[file], &network));
    ck_assert_uint_eq(dni_network_inputs(network), 3);
    ck_assert_uint_eq(dni_network_outputs(network), 1);
    expect_layer(network, 2, DNI_LAYER_ACTIVATION, DNI_ACTIVATION_TANH, 2, 2);
    expect_settings(network, 1, 0.001, 0.25);
    for_each(network, expect_eighths, NULL);
    const char *path = test_path("again.dni");
    expect_ok(dni_network_save(network, path));
    read_file(version_1[_i], &original);
    read_file(path, &again);
    ck_assert_uint_eq(original.size, again.size);
    ck_assert_mem_eq(original.bytes, again.bytes, again.size);
    dni_network_release(network);
  }
}
END_TEST

START_TEST(test_non_finite_parameters) {
  use(_i);
  dni_network *network = make_network();
  dni_matrix value;
  expect_ok(dni_layer_parameter(dni_network_layer(network, 0), 0, &value, NULL));
  set_element(&value, 0, 0, (double)NAN);
  set_element(&value, 0, 1, -(double)INFINITY);
  expect_ok(dni_network_save(network, test_path("n")));
  dni_network_release(network);
  expect_ok(dni_network_load(context, test_path("n"), &network));
  expect_ok(dni_layer_parameter(dni_network_layer(network, 0), 0, &value, NULL));
  ck_assert(isnan(element(&value, 0, 0)));
  ck_assert_double_eq(element(&value, 0, 1), -(double)INFINITY);
  dni_network_release(network);
}
END_TEST

/* Saving. -------------------------------------------------------------------------------------- */

static dni_status no_call(void *user, const dni_layer_call *call) {
  (void)user, (void)call;
  return DNI_OK;
}

START_TEST(test_save_refused) {
  use(_i);
  dni_network *network, *loaded;
  dni_layer *layer;
  const char *path = test_path("n");
  expect_ok(dni_network_create(context, &network));
  expect_failure(dni_network_save(network, path), DNI_ERROR_STATE, path, "no layers");
  expect_failure(dni_network_save(NULL, path), DNI_ERROR_ARGUMENT, "network", "NULL");
  expect_failure(dni_network_save(network, NULL), DNI_ERROR_ARGUMENT, "path", "NULL");
  expect_failure(dni_network_load(NULL, path, &loaded), DNI_ERROR_ARGUMENT, "context", "NULL");
  expect_failure(dni_network_load(context, NULL, &loaded), DNI_ERROR_ARGUMENT, "path", "NULL");
  expect_failure(dni_network_load(context, path, NULL), DNI_ERROR_ARGUMENT, "out", "NULL");
  dni_layer_callbacks callbacks;
  memset(&callbacks, 0, sizeof callbacks);
  callbacks.struct_size = sizeof callbacks;
  callbacks.forward = no_call;
  callbacks.backward = no_call;
  dni_status status = dni_layer_create_callback(context, 3, 3, &callbacks, &layer);
  add(network, status, layer);
  expect_failure(dni_network_save(network, path), DNI_ERROR_UNSUPPORTED, path, "layer 0");
  dni_network_release(network);
  ck_assert_uint_eq(files_in_directory(), 0);
}
END_TEST

/* Layers that the format does not know, as the second of a network; the message names it. */
START_TEST(test_unknown_layers) {
  static const char *const names[] = {"dropout", "layer_norm", "leaky_relu", "gelu", "gelu"};
  use(_i);
  const char *path = test_path("n");
  for (size_t i = 0; i < 5; i++) {
    dni_network *network;
    dni_layer *layer;
    expect_ok(dni_network_create(context, &network));
    dni_status status = dni_layer_create_dense(context, 3, 3, DNI_ACTIVATION_RELU, &layer);
    add(network, status, layer);
    if (i == 0)
      status = dni_layer_create_dropout(context, 3, 0.5, NULL, &layer);
    else if (i == 1)
      status = dni_layer_create_layer_norm(context, 3, &layer);
    else if (i == 2)
      status = dni_layer_create_activation(context, 3, DNI_ACTIVATION_LEAKY_RELU, &layer);
    else if (i == 3)
      status = dni_layer_create_activation(context, 3, DNI_ACTIVATION_GELU, &layer);
    else
      status = dni_layer_create_dense(context, 3, 2, DNI_ACTIVATION_GELU, &layer);
    add(network, status, layer);
    expect_failure(dni_network_save(network, path), DNI_ERROR_UNSUPPORTED, "layer 1", names[i]);
    dni_network_release(network);
  }
  ck_assert_uint_eq(files_in_directory(), 0);
}
END_TEST

START_TEST(test_save_to_bad_places) {
  use(0);
  char long_path[8192];
  memset(long_path, 'a', sizeof long_path - 1);
  long_path[sizeof long_path - 1] = 0;
  dni_network *network = make_network();
  const char *path = test_path("missing/n");
  expect_failure(dni_network_save(network, path), DNI_ERROR_IO, path, "No such file");
  expect_failure(dni_network_save(network, long_path), DNI_ERROR_IO, "aaaa", "");
  path = test_path("directory");
  ck_assert_int_eq(mkdir(path, 0700), 0);
  expect_failure(dni_network_save(network, path), DNI_ERROR_IO, path, "not a regular");
  path = test_path("pipe");
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  expect_failure(dni_network_save(network, path), DNI_ERROR_IO, path, "not a regular");
  ck_assert_uint_eq(files_in_directory(), 2);
  dni_network_release(network);
}
END_TEST

/* A disk that is full after 100 bytes, played by a limit on the size of files. */
START_TEST(test_save_keeps_the_old_file) {
  use(0);
  dni_network *network = make_network();
  const char *path = test_write_text("n", "the old content");
  struct rlimit usual, small;
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &usual), 0);
  small = usual;
  small.rlim_cur = 100;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
  dni_status status = dni_network_save(network, path);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &usual), 0);
  (void)signal(SIGXFSZ, handler);
  expect_failure(status, DNI_ERROR_IO, path, "cannot write");
  ck_assert_uint_eq(files_in_directory(), 1);
  content old;
  read_file(path, &old);
  ck_assert_uint_eq(old.size, 15);
  test_write_text("n.tmp0", "left by a program that died");
  expect_ok(dni_network_save(network, path));
  ck_assert_uint_eq(files_in_directory(), 2);
  dni_network_release(network);
  expect_ok(dni_network_load(context, path, &network));
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

START_TEST(test_unreadable) {
  use(_i);
  unsigned char zeros[64] = {0};
  expect_bad(test_path("missing"), DNI_ERROR_IO, "No such file");
  expect_bad(test_directory, DNI_ERROR_IO, "not a regular file");
  expect_bad(test_write("empty", "", 0), DNI_ERROR_DATA, "empty");
  expect_bad(test_write("zeros", zeros, sizeof zeros), DNI_ERROR_DATA, "not a network file");
  expect_bad(test_write_text("text", "x"), DNI_ERROR_DATA, "not a network file");
}
END_TEST

START_TEST(test_damaged) {
  use(0);
  content good, bad;
  read_file(version_1[_i], &good);
  for (size_t length = 1; length < good.size; length++)
    expect_bad(test_write("cut", good.bytes, length), DNI_ERROR_DATA, "truncated");
  for (size_t bit = 0; bit < 8 * good.size; bit++) {
    bad = good;
    bad.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    expect_bad(test_write("flipped", bad.bytes, bad.size), DNI_ERROR_DATA, "");
  }
  bad = good;
  bad.bytes[bad.size++] = 0;
  expect_bad(test_write("longer", bad.bytes, bad.size), DNI_ERROR_DATA, "bytes, but its header");
}
END_TEST

static void put(content *file, size_t at, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; i++)
    file->bytes[at + i] = (unsigned char)(value >> 8 * i);
}

/* Offsets in the files of version 1. */
enum { VERSION = 8, DTYPE = 12, SIZE = 16, COUNT = 24, KIND = 32, ACTIVATION = 36, INPUTS = 40 };
enum { OUTPUTS = 48, WEIGHT = 56 };

/* A file with `bytes` bytes at `at` replaced by `value`, its size and checksum made right. */
static const char *forged(content file, size_t at, uint64_t value, size_t bytes) {
  put(&file, at, value, bytes);
  if (at != SIZE) put(&file, SIZE, file.size, 8);
  size_t end = file.size - 4;
  put(&file, end, crc32(crc32(0, NULL, 0), file.bytes, (uInt)end), 4);
  return test_write("forged", file.bytes, file.size);
}

/* What only a program that means it would write: the checksum is right, the sizes are not. */
START_TEST(test_forged) {
  use(_i);
  content good;
  read_file(version_1[0], &good);
#define FORGED(at, value, bytes, status, word)                                                     \
  expect_bad(forged(good, at, value, bytes), status, word)
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
  FORGED(OUTPUTS, (uint64_t)1 << 62, 8, DNI_ERROR_DATA, "exceed");
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
  content good;
  dni_network *network;
  read_file(version_1[1], &good);
  const char *path = forged(good, WEIGHT, 0x7e37e43c8800759c, 8); /* 1e300 */
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
  dni_network *network = make_network();
  test_memory_fail(&memory, 0, true); /* saving allocates nothing */
  dni_status status = dni_network_save(network, test_path("n"));
  test_memory_fail(&memory, SIZE_MAX, false);
  expect_ok(status);
  dni_network_release(network);
  size_t before = memory.live;
  for (int persistent = 0; persistent < 2; persistent++)
    for (size_t at = 0, calls = SIZE_MAX; calls > at; at++) {
      network = NULL;
      test_memory_fail(&memory, at, persistent);
      status = dni_network_load(context, version_1[1], &network);
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
  Suite *suite = suite_create("checkpoint");
  TCase *group = tcase_create("checkpoint");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, set_up, tear_down);
  tcase_set_timeout(group, 120);
  tcase_add_loop_test(group, test_round_trip, 0, 4);
  tcase_add_loop_test(group, test_version_1, 0, 2);
  tcase_add_loop_test(group, test_non_finite_parameters, 0, 2);
  tcase_add_loop_test(group, test_save_refused, 0, 2);
  tcase_add_loop_test(group, test_unknown_layers, 0, 2);
  tcase_add_test(group, test_save_to_bad_places);
  tcase_add_test(group, test_save_keeps_the_old_file);
  tcase_add_loop_test(group, test_unreadable, 0, 2);
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
