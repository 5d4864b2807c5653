/* Network files: what is saved comes back, in either element type, from disks and from functions of
 * the caller's; what a file has of others is kept. tests/test_safetensors.c has bad files,
 * tests/test_saving.c how files are replaced. */
#include "safetensors.h"
#include "training.h"

static dni_context *context;
static content good, found;

static void use(int index) {
  context = make_context(test_dtypes[index], 7);
}

static void set_up(void) {
  test_directory_make();
  support_setup();
}

static void tear_down(void) {
  training_end();
  test_directory_remove();
}

/* Every kind of layer, with an SG or two. */
#define EVERY_LAYER "3 relu4 norm sigmoid rows drop |sg leaky gelu5 |ls tanh6 dense2"

static dni_network *loaded(dni_status status, dni_network *network) {
  expect_ok(status);
  return keep(NETWORK, network);
}

static dni_network *load(const char *path) {
  dni_network *network = NULL;
  const dni_status status = dni_network_load(context, path, &network);
  return loaded(status, network);
}

static dni_network *read_back(content *from) {
  dni_network *network = NULL;
  const dni_status status = network_from(context, from, &network);
  return loaded(status, network);
}

/* Parameters that are no round numbers in either element type. */
static void make_odd(dni_network *network) {
  double number = 3;
  for (size_t l = 0; l < dni_network_layer_count(network); l++)
    for (size_t p = 0; p < dni_layer_parameter_count(dni_network_layer(network, l)); p++) {
      dni_matrix value;
      expect_ok(dni_layer_parameter(dni_network_layer(network, l), p, &value, NULL));
      for (size_t r = 0; r < value.rows; r++)
        for (size_t c = 0; c < value.columns; c++)
          matrix_set(&value, r, c, 1 / number++);
    }
}

static const dni_setting settings[] = {DNI_SETTING_EPSILON, DNI_SETTING_STATISTICS_RATE,
                                       DNI_SETTING_DROP, DNI_SETTING_SLOPE, DNI_SETTING_RATE_SCALE};

static void make_settings_odd(dni_network *network) {
  double value = 0.3;
  for (size_t l = 0; l < dni_network_layer_count(network); l++)
    for (size_t s = 0; s < sizeof settings / sizeof settings[0]; s++)
      if (dni_layer_has(dni_network_layer(network, l), settings[s]))
        expect_ok(dni_layer_set_f64(dni_network_layer(network, l), settings[s], value /= 1.1));
}

static void expect_same_settings(dni_network *a, dni_network *b) {
  for (size_t l = 0; l < dni_network_layer_count(a); l++)
    for (size_t s = 0; s < sizeof settings / sizeof settings[0]; s++) {
      double first, second;
      if (!dni_layer_has(dni_network_layer(a, l), settings[s])) continue;
      expect_ok(dni_layer_get_f64(dni_network_layer(a, l), settings[s], &first));
      expect_ok(dni_layer_get_f64(dni_network_layer(b, l), settings[s], &second));
      ck_assert_double_eq(first, second);
    }
}

/* Kinds, shapes, settings; numbers as they are after `rounds` to float. */
static void expect_same(dni_network *a, dni_network *b, bool rounds) {
  ck_assert_uint_eq(dni_network_layer_count(a), dni_network_layer_count(b));
  for (size_t l = 0; l < dni_network_layer_count(a); l++) {
    const dni_layer *first = dni_network_layer(a, l), *second = dni_network_layer(b, l);
    ck_assert_str_eq(dni_layer_kind_name(first), dni_layer_kind_name(second));
    ck_assert_int_eq(dni_layer_activation(first), dni_layer_activation(second));
    ck_assert_uint_eq(dni_layer_inputs(first), dni_layer_inputs(second));
    ck_assert_uint_eq(dni_layer_outputs(first), dni_layer_outputs(second));
  }
  expect_same_settings(a, b);
  numbers expected = all_layer_numbers(a), actual = all_layer_numbers(b);
  for (size_t i = 0; rounds && i < expected.count; i++)
    expected.data[i] = (double)(float)expected.data[i];
  EXPECT_SAME_BITS(actual, expected);
}

static void expect_exact_interfaces(dni_network *network) {
  for (size_t i = 0; i + 1 < dni_network_layer_count(network); i++)
    ck_assert_ptr_null(sg_after(network, i));
}

/* Round trips. --------------------------------------------------------------------------------- */

/* _i: bit 0 the element type saved, bit 1 the one loaded. */
START_TEST(test_round_trip) {
  const int from = _i & 1, to = _i >> 1;
  const char *path = test_path("network");
  use(from);
  dni_network *network = make_network(context, EVERY_LAYER);
  make_odd(network);
  make_settings_odd(network);
  expect_ok(dni_network_save(network, path));
  use(to);
  dni_network *again = load(path);
  expect_same(network, again, from == 0 || to == 0);
  expect_exact_interfaces(again);
}
END_TEST

START_TEST(test_every_activation) {
  static const char *const words[] = {"dense4", "relu4", "tanh4",   "sigmoid4", "leaky4", "gelu4",
                                      "relu",   "tanh",  "sigmoid", "leaky",    "gelu"};
  use(_i);
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    char text[40];
    (void)snprintf(text, sizeof text, "4 %s", words[i]);
    dni_network *network = make_network(context, text);
    network_into(network, &good);
    expect_same(network, read_back(&good), false);
  }
}
END_TEST

/* What is saved twice is the same file, and a load takes no stream from the context. */
START_TEST(test_same_bytes) {
  use(_i);
  network_into(make_network(context, EVERY_LAYER), &good);
  network_into(make_network(context, "3 relu2 drop"), &found);
  (void)read_back(&good);
  use(_i);
  network_into(make_network(context, EVERY_LAYER), &found);
  expect_same_content(&good, &found);
  dni_network *between = read_back(&good), *next = make_network(context, "3 relu2");
  use(_i);
  (void)make_network(context, EVERY_LAYER);
  EXPECT_SAME_BITS(all_layer_numbers(make_network(context, "3 relu2")), all_layer_numbers(next));
  ck_assert_ptr_nonnull(between);
}
END_TEST

static void expect_drops_alike(dni_layer *a, dni_layer *b) {
  const dni_matrix x = matrix_random(test_dtypes[0], 8, 40);
  dni_matrix first = matrix_make(test_dtypes[0], 8, 40),
             second = matrix_make(test_dtypes[0], 8, 40);
  expect_ok(dni_layer_forward(a, DNI_MODE_TRAINING, NULL, &x, &first));
  expect_ok(dni_layer_forward(b, DNI_MODE_TRAINING, NULL, &x, &second));
  matrix_expect_same(&second, &first, "what is dropped");
}

START_TEST(test_dropout_goes_on) {
  use(0);
  dni_network *network = make_network(context, "40 drop");
  dni_layer *layer = dni_network_layer(network, 0);
  const dni_matrix x = matrix_random(test_dtypes[0], 8, 40);
  dni_matrix y = matrix_make(test_dtypes[0], 8, 40);
  expect_ok(dni_layer_forward(layer, DNI_MODE_TRAINING, NULL, &x, &y));
  network_into(network, &good);
  dni_layer *again = dni_network_layer(read_back(&good), 0);
  for (int i = 0; i < 3; i++)
    expect_drops_alike(layer, again);
}
END_TEST

/* A file of a training is a file of its network too. What else a training has would not fit the network
 * when that has changed and is saved. */
START_TEST(test_network_of_a_training) {
  use(_i);
  dni_network *network = make_network(context, "3 relu4 |sg dense2");
  dni_optimiser *adam = make_adam(context, 0.01);
  dni_trainer *trainer = make_trainer(context, network, adam, adam, 8, 0);
  expect_ok(dni_trainer_save(trainer, test_path("training")));
  dni_network *again = load(test_path("training"));
  expect_same(network, again, false);
  network_into(again, &good);
  expect_header_has(&good, "\"sgs.0.weight\"");
  ck_assert_ptr_null(content_find(&good, "module_optimisers"));
  ck_assert_ptr_null(content_find(&good, "trainer."));
  const dni_reader reader = content_reader(&good);
  expect_failure(dni_trainer_read(trainer, &reader, NULL), DNI_ERROR_DATA, "there is no modules",
                 "it is the file of a network, not of a training");
}
END_TEST

/* A reader that never ends: of one byte, or of a file again and again. */
typedef struct endless {
  const content *file;
  size_t given;
} endless;

static dni_status give_again(void *user, void *bytes, size_t size, size_t *got) {
  endless *e = user;
  for (*got = 0; *got < size; ++*got, e->given++)
    ((unsigned char *)bytes)[*got] = e->file ? e->file->bytes[e->given % e->file->size] : 'x';
  return DNI_OK;
}

START_TEST(test_endless_readers) {
  use(_i);
  dni_network *network = NULL;
  network_into(make_network(context, "3 relu4 dense2"), &good);
  endless e = {.file = NULL};
  const dni_reader reader = {sizeof reader, &e, give_again};
  expect_failure(dni_network_read(context, &reader, &network), DNI_ERROR_DATA,
                 "not a safetensors file", "");
  ck_assert_uint_le(e.given, 65536);
  e = (endless){.file = &good};
  expect_failure(dni_network_read(context, &reader, &network), DNI_ERROR_DATA, "there is more",
                 "behind");
  ck_assert_uint_le(e.given, 65536);
  ck_assert_ptr_null(network);
}
END_TEST

START_TEST(test_float_range) {
  use(1);
  dni_network *network = make_network(context, "2 dense1"), *none = NULL;
  dni_matrix value;
  expect_ok(dni_layer_parameter(dni_network_layer(network, 0), 0, &value, NULL));
  matrix_set(&value, 0, 1, -1e300);
  network_into(network, &good);
  use(0);
  expect_failure(network_from(context, &good, &none), DNI_ERROR_DATA, "layers.0.weight",
                 "-1e+300 is out of range of float");
  ck_assert_ptr_null(none);
}
END_TEST

/* NaN and infinity. ---------------------------------------------------------------------------- */

static dni_status load_finite(dni_network *network, content *from) {
  dni_checkpoint *checkpoint;
  const dni_load_options options = {.struct_size = sizeof options, .finite = 1};
  const dni_reader reader = content_reader(from);
  expect_ok(dni_checkpoint_create(context, &checkpoint));
  expect_ok(dni_checkpoint_add_network(checkpoint, "", network));
  dni_status status = dni_checkpoint_read(checkpoint, &reader, &options);
  dni_checkpoint_release(checkpoint);
  return status;
}

START_TEST(test_not_finite) {
  static const double values[] = {(double)NAN, -INFINITY, INFINITY};
  use(_i);
  dni_network *network = make_network(context, "3 relu4 norm dense2");
  network_into(network, &good);
  expect_ok(load_finite(network, &good));
  const numbers before = all_layer_numbers(network);
  for (size_t i = 0; i < 3; i++) {
    dni_matrix value;
    dni_network *broken = make_network(context, "3 relu4 norm dense2");
    expect_ok(dni_layer_parameter(dni_network_layer(broken, 1), 3, &value, NULL));
    matrix_set(&value, 0, 2, values[i]);
    network_into(broken, &good);
    EXPECT_SAME_BITS(all_layer_numbers(read_back(&good)), all_layer_numbers(broken));
    expect_failure(load_finite(network, &good), DNI_ERROR_DATA, "layers.1.running_variance",
                   "element 2 is not finite");
    EXPECT_SAME_BITS(all_layer_numbers(network), before);
  }
}
END_TEST

/* What is others'. ----------------------------------------------------------------------------- */

/* Into the network `into`, which has SGs made in the same way. */
static void load_into(dni_network *into, content *from) {
  dni_checkpoint *checkpoint;
  const dni_reader reader = content_reader(from);
  expect_ok(dni_checkpoint_create(context, &checkpoint));
  expect_ok(dni_checkpoint_add_network(checkpoint, "", into));
  expect_ok(dni_checkpoint_read(checkpoint, &reader, NULL));
  dni_checkpoint_release(checkpoint);
}

START_TEST(test_sgs_are_kept) {
  use(_i);
  network_into(make_network(context, EVERY_LAYER), &good);
  network_into(read_back(&good), &found);
  dni_network *other = make_network(context, EVERY_LAYER);
  load_into(other, &found);
  network_into(other, &found);
  expect_same_content(&good, &found);
}
END_TEST

/* An SG that is set meanwhile takes the place of what the file had of one. */
START_TEST(test_sgs_that_are_set_win) {
  use(_i);
  dni_network *network = make_network(context, "3 relu4 |sg dense2");
  network_into(network, &good);
  dni_network *again = read_back(&good);
  dni_sg *sg = make_sg(context, 4, 2, 2, "scalar");
  expect_ok(dni_network_set_sg(again, 0, sg));
  dni_sg_release(sg);
  network_into(again, &found);
  expect_header_has(&found, "\"sgs.0.kind\":\"scalar\"");
  load_into(make_network(context, "3 relu4 |scalar dense2"), &found);
}
END_TEST

#define FOREIGN_DATA "01234567abcdefghijk"

/* Tensors of others, whose data are FOREIGN_DATA, as if the file had `size` bytes of data before. */
static void add_foreign(content *file) {
  char entries[2000];
  const size_t size = file->size - 8 - content_header(file);
  (void)snprintf(entries, sizeof entries,
                 "\"my tensor\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[%zu,%zu]},"
                 "\"my_tensor\":{\"dtype\":\"BF16\",\"shape\":[1,2,1],\"data_offsets\":[%zu,%zu]},"
                 "\"t\\\"\\\\\\u00fc\xe2\x82\xac\":{\"dtype\":\"BOOL\",\"shape\":[7],"
                 "\"data_offsets\":[%zu,%zu]},"
                 "\"\":{\"dtype\":\"F8_E4M3\",\"shape\":[3,0,5],\"data_offsets\":[%zu,%zu]},"
                 "\"__metadata__\":{\"a text\":\"one\\n\\\"two\\\" \xc3\xa9\",\"a_text\":\"\","
                 "\"\":\"of no name\",",
                 size, size + 8, size + 8, size + 12, size + 12, size + 19, size + 19, size + 19);
  memcpy(file->bytes + file->size, FOREIGN_DATA, 19);
  file->size += 19;
  content_replace(file, "\"__metadata__\":{", entries);
}

/* A tensor's bytes, by where its entry in the header says they are. */
static void expect_tensor(content *file, const char *entry, const char *bytes) {
  expect_header_has(file, entry);
  const char *offsets = (const char *)content_find(file, entry) + strlen(entry);
  size_t begin, end;
  ck_assert_int_eq(sscanf(offsets, "%zu,%zu", &begin, &end), 2);
  ck_assert_uint_eq(end - begin, strlen(bytes));
  ck_assert_mem_eq(file->bytes + 8 + content_header(file) + begin, bytes, strlen(bytes));
}

/* Twice, so that what is written of them is read again. */
START_TEST(test_foreign_entries_are_kept) {
  use(_i);
  network_into(make_network(context, "3 relu4 |sg dense2"), &good);
  add_foreign(&good);
  for (int i = 0; i < 2; i++) {
    network_into(read_back(&good), &found);
#define OFFSETS(dtype, shape) ":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":["
    expect_tensor(&found, "\"my tensor\"" OFFSETS("I64", "[]"), "01234567");
    expect_tensor(&found, "\"my_tensor\"" OFFSETS("BF16", "[1,2,1]"), "abcd");
    expect_tensor(&found, "\"t\\\"\\\\\xc3\xbc\xe2\x82\xac\"" OFFSETS("BOOL", "[7]"), "efghijk");
    expect_tensor(&found, "\"\"" OFFSETS("F8_E4M3", "[3,0,5]"), "");
#undef OFFSETS
    expect_header_has(&found, "\"a text\":\"one\\n\\\"two\\\" \xc3\xa9\"");
    expect_header_has(&found, "\"a_text\":\"\"");
    expect_header_has(&found, "\"\":\"of no name\"");
    content_copy(&found, &good);
  }
}
END_TEST

/* A checksum of the file that was read does not come into the file that is written. */
START_TEST(test_own_texts_are_written_anew) {
  use(0);
  network_into(make_network(context, "3 dense2"), &good);
  content_replace(&good, "\"libdni.content\":\"network\"", "\"libdni.content\":\"other\"");
  network_into(read_back(&good), &found);
  expect_header_has(&found, "\"libdni.content\":\"network\"");
  ck_assert_uint_eq(content_header(&found) % 8, 0);
}
END_TEST

/* Layers of the caller's. ---------------------------------------------------------------------- */

static dni_status double_it(void *user, const dni_layer_call *call) {
  (void)user, (void)call;
  return DNI_OK;
}

static float own_values[2][3];

static dni_status own_parameter(void *user, size_t index, dni_matrix *value, dni_matrix *gradient) {
  (void)user, (void)gradient;
  dni_matrix_init_f32(value, own_values[index], 1, 3);
  return DNI_OK;
}

static dni_network *make_own(void) {
  const dni_layer_callbacks callbacks = {.struct_size = sizeof callbacks,
                                         .forward = double_it,
                                         .backward = double_it,
                                         .parameter_count = 2,
                                         .parameter = own_parameter};
  dni_network *network = make_network(context, "2 dense3");
  dni_layer *layer;
  expect_ok(dni_layer_create_callback(context, 3, 3, &callbacks, &layer));
  expect_ok(dni_network_add(network, layer));
  dni_layer_release(layer);
  return network;
}

START_TEST(test_own_layers) {
  use(0);
  dni_network *network = make_own(), *none = NULL;
  for (size_t i = 0; i < 6; i++)
    own_values[i / 3][i % 3] = (float)i + 0.25F;
  network_into(network, &good);
  expect_header_has(&good, "\"layers.1.kind\":\"callback\"");
  expect_failure(network_from(context, &good, &none), DNI_ERROR_UNSUPPORTED, "layer 1",
                 "dni_checkpoint_add_network");
  expect_failure(dni_network_load(context, content_store(&good, "own"), &none),
                 DNI_ERROR_UNSUPPORTED, "own: layer 1", "dni_checkpoint_add_network");
  ck_assert_ptr_null(none);
  memset(own_values, 0, sizeof own_values);
  load_into(make_own(), &good);
  for (size_t i = 0; i < 6; i++)
    ck_assert_double_eq((double)own_values[i / 3][i % 3], (double)i + 0.25);
}
END_TEST

/* Readers and writers. ------------------------------------------------------------------------- */

START_TEST(test_readers_of_any_step) {
  static const size_t steps[] = {1, 3, 7, 4096, 65535, 65536, 0};
  use(_i);
  dni_network *network = make_network(context, "40 relu150 dense150"); /* more than 65536 bytes */
  network_into(network, &good);
  ck_assert_uint_gt(good.size, 100000);
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    dni_network *again = NULL;
    good.step = steps[i];
    expect_ok(network_from(context, &good, &again));
    network_into(again, &found);
    dni_network_release(again);
    expect_same_content(&good, &found);
  }
}
END_TEST

START_TEST(test_path_and_writer_agree) {
  use(_i);
  dni_network *network = make_network(context, EVERY_LAYER);
  network_into(network, &good);
  expect_ok(dni_network_save(network, test_path("n")));
  content_load(&found, test_path("n"));
  expect_same_content(&good, &found);
}
END_TEST

/* Answers `status` at call number `at`. */
typedef struct failing {
  size_t calls, at;
  dni_status status;
} failing;

static dni_status fail_write(void *user, const void *bytes, size_t size) {
  failing *self = user;
  (void)bytes, (void)size;
  if (self->calls++ != self->at) return DNI_OK;
  return self->status >= 1000 ? dni_fail(self->status, "the store is full") : self->status;
}

static dni_status fail_read(void *user, void *bytes, size_t size, size_t *got) {
  failing *self = user;
  dni_status status = fail_write(self, NULL, 0);
  return status == DNI_OK ? content_take(&good, bytes, size < 64 ? size : 64, got) : status;
}

static dni_status read_too_much(void *user, void *bytes, size_t size, size_t *got) {
  (void)user, (void)bytes;
  *got = size + 1;
  return DNI_OK;
}

START_TEST(test_failing_callbacks) {
  use(0);
  dni_network *network = make_network(context, EVERY_LAYER), *none = NULL;
  network_into(network, &good);
  failing self = {.at = SIZE_MAX};
  const dni_writer writer = {sizeof writer, &self, fail_write};
  const dni_reader reader = {sizeof reader, &self, fail_read};
  const dni_reader liar = {sizeof liar, NULL, read_too_much};
  expect_ok(dni_network_write(network, &writer));
  const size_t writes = self.calls, reads = good.size / 64 + 2, before = support_watched.bytes;
  for (int own = 0; own < 2; own++) {
    const dni_status answer = own ? 1234 : DNI_ERROR_IO;
    for (size_t at = 0; at < writes; at++) {
      self = (failing){.at = at, .status = answer};
      expect_failure(dni_network_write(network, &writer), own ? 1234 : DNI_ERROR_CALLBACK,
                     own ? "the store is full" : "write", "");
      ck_assert_uint_eq(self.calls, at + 1);
    }
    for (size_t at = 0; at < reads; at++) {
      self = (failing){.at = at, .status = answer};
      good.position = 0;
      expect_failure(dni_network_read(context, &reader, &none), own ? 1234 : DNI_ERROR_CALLBACK,
                     own ? "the store is full" : "read", "");
      ck_assert_ptr_null(none);
    }
  }
  expect_failure(dni_network_read(context, &liar, &none), DNI_ERROR_CALLBACK, "read says", "room");
  ck_assert_uint_eq(support_watched.bytes, before);
}
END_TEST

START_TEST(test_refused_arguments) {
  use(0);
  dni_network *network = make_network(context, "3 dense2"), *none = NULL;
  dni_network *empty;
  const dni_writer writer = content_writer(&found), no_write = {.struct_size = sizeof no_write};
  const dni_reader no_read = {.struct_size = sizeof no_read}, no_size = {.read = content_take};
  const char *path = test_path("n");
  expect_ok(dni_network_create(context, &empty));
  keep(NETWORK, empty);
  expect_failure(dni_network_save(empty, path), DNI_ERROR_STATE, path, "no layers");
  expect_failure(dni_network_write(empty, &writer), DNI_ERROR_STATE, "no layers", "");
  expect_failure(dni_network_save(NULL, path), DNI_ERROR_ARGUMENT, "network", "NULL");
  expect_failure(dni_network_save(network, NULL), DNI_ERROR_ARGUMENT, "path", "NULL");
  expect_failure(dni_network_write(network, NULL), DNI_ERROR_ARGUMENT, "writer", "NULL");
  expect_failure(dni_network_write(network, &no_write), DNI_ERROR_ARGUMENT, "write", "NULL");
  expect_failure(dni_network_load(NULL, path, &none), DNI_ERROR_ARGUMENT, "context", "NULL");
  expect_failure(dni_network_load(context, NULL, &none), DNI_ERROR_ARGUMENT, "path", "NULL");
  expect_failure(dni_network_load(context, path, NULL), DNI_ERROR_ARGUMENT, "out", "NULL");
  expect_failure(dni_network_read(context, NULL, &none), DNI_ERROR_ARGUMENT, "reader", "NULL");
  expect_failure(dni_network_read(context, &no_read, &none), DNI_ERROR_ARGUMENT, "read", "NULL");
  expect_failure(dni_network_read(context, &no_size, &none), DNI_ERROR_ARGUMENT, "dni_reader", "");
  expect_failure(dni_network_load(context, path, &none), DNI_ERROR_IO, path, "No such file");
  expect_failure(dni_network_load(context, test_directory, &none), DNI_ERROR_IO, test_directory,
                 "not a regular file");
  ck_assert_ptr_null(none);
}
END_TEST

/* Memory. ------------------------------------------------------------------------------------- */

typedef enum way { SAVE, WRITE, LOAD, READ, WAYS } way;

static dni_status go(way how, dni_network *network, dni_network **out) {
  const dni_writer writer = content_writer(&found);
  const dni_reader reader = content_reader(&good);
  switch (how) {
  case SAVE:
    return dni_network_save(network, test_path("saved"));
  case WRITE:
    return dni_network_write(network, &writer);
  case LOAD:
    return dni_network_load(context, test_path("good"), out);
  default:
    return dni_network_read(context, &reader, out);
  }
}

/* Each allocation fails, once and for good. A network that was read has entries of others too. */
START_TEST(test_failing_allocations) {
  const way how = (way)(_i / 2);
  test_memory memory;
  context = keep(CONTEXT, test_context(DNI_F32, 7, &memory));
  network_into(make_network(context, EVERY_LAYER), &good);
  add_foreign(&good);
  (void)content_store(&good, "good");
  dni_network *network = read_back(&good);
  test_write_text("saved", "the old content");
  const size_t before = memory.live;
  for (size_t at = 0, calls = SIZE_MAX; calls > at; at++) {
    dni_network *out = NULL;
    test_memory_fail(&memory, at, _i % 2);
    dni_status status = go(how, network, &out);
    calls = memory.calls;
    test_memory_fail(&memory, SIZE_MAX, false);
    ck_assert_int_eq(status, calls > at ? DNI_ERROR_MEMORY : DNI_OK);
    ck_assert_int_eq(out != NULL, calls <= at && how >= LOAD);
    if (calls > at) ck_assert_ptr_nonnull(strstr(dni_last_message(), "out of memory"));
    dni_network_release(out);
    ck_assert_uint_eq(memory.live, before);
    ck_assert_uint_eq(test_files(), 2);
    content_load(&found, test_path("saved"));
    ck_assert_int_eq(found.size == 15, calls > at || how != SAVE);
  }
  release_all();
  ck_assert_uint_eq(memory.live, 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("network_files");
  TCase *group = tcase_create("network_files");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, set_up, tear_down);
  tcase_set_timeout(group, 120);
  tcase_add_loop_test(group, test_round_trip, 0, 4);
  tcase_add_loop_test(group, test_every_activation, 0, 2);
  tcase_add_loop_test(group, test_same_bytes, 0, 2);
  tcase_add_test(group, test_dropout_goes_on);
  tcase_add_loop_test(group, test_network_of_a_training, 0, 2);
  tcase_add_loop_test(group, test_endless_readers, 0, 2);
  tcase_add_test(group, test_float_range);
  tcase_add_loop_test(group, test_not_finite, 0, 2);
  tcase_add_loop_test(group, test_sgs_are_kept, 0, 2);
  tcase_add_loop_test(group, test_sgs_that_are_set_win, 0, 2);
  tcase_add_loop_test(group, test_foreign_entries_are_kept, 0, 2);
  tcase_add_test(group, test_own_texts_are_written_anew);
  tcase_add_test(group, test_own_layers);
  tcase_add_loop_test(group, test_readers_of_any_step, 0, 2);
  tcase_add_loop_test(group, test_path_and_writer_agree, 0, 2);
  tcase_add_test(group, test_failing_callbacks);
  tcase_add_test(group, test_refused_arguments);
  tcase_add_loop_test(group, test_failing_allocations, 0, 2 * WAYS);
  return support_run(suite);
}
