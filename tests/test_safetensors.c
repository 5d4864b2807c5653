/* Files that nobody should believe: cut and damaged everywhere, and forged ones whose checksum is right.
 * Each is refused for a reason that names what is at fault, before anything is made of it that is larger
 * than the file; or it is loaded with all its values. */
#include "safetensors.h"
#include "training.h"

static test_memory memory;
static dni_context *context;
static content good, bad, found;

static void set_up(void) {
  support_setup();
  context = keep(CONTEXT, test_context(DNI_F32, 7, &memory));
}

static void tear_down(void) {
  training_end();
  ck_assert_uint_eq(memory.live, 0);
}

/* Damage. ------------------------------------------------------------------------------------- */

#define DAMAGED "2 relu2 norm rows drop |sg leaky dense1"

/* What a checkpoint has, without what a file left over in it. */
static void write_values(dni_network *network, dni_trainer *trainer, content *to) {
  dni_checkpoint *checkpoint;
  const dni_writer writer = content_writer(to);
  expect_ok(dni_checkpoint_create(context, &checkpoint));
  expect_ok(network ? dni_checkpoint_add_network(checkpoint, "", network)
                    : dni_checkpoint_add_trainer(checkpoint, "", trainer));
  expect_ok(dni_checkpoint_write(checkpoint, &writer));
  dni_checkpoint_release(checkpoint);
}

static void expect_values(dni_network *network, dni_trainer *trainer, const content *expected) {
  write_values(network, trainer, &found);
  EXPECT(found.size == expected->size && !memcmp(found.bytes, expected->bytes, found.size),
         "damage was loaded");
}

/* Whether `bad` was refused; it is no argument of the caller's that is wrong. */
static bool refused(dni_status status) {
  if (status == DNI_OK) return false;
  EXPECT(status == DNI_ERROR_DATA || status == DNI_ERROR_UNSUPPORTED, "%s: %s",
         dni_status_name(status), dni_last_message());
  EXPECT(dni_last_message()[0] && !strchr(dni_last_message(), '\n'), "%s", dni_last_message());
  return true;
}

static void try_network(const content *expected) {
  const size_t before = memory.live;
  dni_network *network = NULL;
  if (refused(network_from(context, &bad, &network))) {
    EXPECT(!network, "refused, but *out was written");
  } else {
    expect_values(network, NULL, expected);
    dni_network_release(network);
  }
  EXPECT(memory.live == before, "%zu bytes are lost", memory.live - before);
}

START_TEST(damaged_networks) {
  static content expected;
  dni_network *network = make_network(context, "2 relu2 norm rows drop leaky dense1");
  network_into(network, &good);
  write_values(network, NULL, &expected);
  for (size_t size = 0; size < good.size; size++) {
    content_copy(&good, &bad);
    bad.size = size;
    dni_network *none = NULL;
    EXPECT(refused(network_from(context, &bad, &none)) && !none, "cut to %zu bytes", size);
  }
  for (size_t bit = 0; bit < 8 * good.size; bit++) {
    content_copy(&good, &bad);
    bad.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    try_network(&expected);
  }
  content_copy(&good, &bad);
  bad.bytes[bad.size++] = 0;
  dni_network *none = NULL;
  EXPECT(refused(network_from(context, &bad, &none)) && !none, "a byte more");
}
END_TEST

static dni_trainer *make_training(int steps) {
  dni_optimiser *adam = make_adam(context, 0.01);
  dni_network *network = make_network(context, DAMAGED);
  dni_loss *loss;
  dni_trainer *trainer;
  const dni_trainer_options options = {
      .struct_size = sizeof options, .optimiser = adam, .sg_optimiser = adam, .max_batch = 8};
  expect_ok(dni_loss_create_squared_error(context, &loss));
  keep(LOSS, loss);
  expect_ok(dni_trainer_create(network, loss, &options, &trainer));
  keep(TRAINER, trainer);
  for (int i = 0; i < steps; i++) {
    const dni_matrix x = matrix_random(DNI_F32, 8, 2), y = matrix_random(DNI_F32, 8, 1);
    expect_ok(support_step(trainer, &x, &y, NULL));
  }
  return trainer;
}

/* Into a training of two steps more, which changes whole or not at all. */
static void try_training(dni_trainer *trainer, content *other, const content *expected) {
  const dni_reader reader = content_reader(&bad), back = content_reader(other);
  const dni_status status = dni_trainer_read(trainer, &reader, NULL);
  if (refused(status)) return;
  expect_values(NULL, trainer, expected);
  expect_ok(dni_trainer_read(trainer, &back, NULL));
}

START_TEST(damaged_trainings) {
  static content first, other, first_values, other_values;
  dni_trainer *trainer = make_training(2);
  dni_writer writer = content_writer(&first);
  expect_ok(dni_trainer_write(trainer, &writer));
  write_values(NULL, trainer, &first_values);
  trainer = make_training(4);
  writer = content_writer(&other);
  expect_ok(dni_trainer_write(trainer, &writer));
  write_values(NULL, trainer, &other_values);
  const dni_reader own = content_reader(&other);
  expect_ok(dni_trainer_read(trainer, &own, NULL)); /* what others' entries need is there now */
  const size_t before = memory.live;
  for (size_t size = 0; size < first.size; size++) {
    content_copy(&first, &bad);
    bad.size = size;
    const dni_reader reader = content_reader(&bad);
    EXPECT(refused(dni_trainer_read(trainer, &reader, NULL)), "cut to %zu bytes", size);
  }
  for (size_t bit = 0; bit < 8 * first.size; bit++) {
    content_copy(&first, &bad);
    bad.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    try_training(trainer, &other, &first_values);
  }
  expect_values(NULL, trainer, &other_values);
  EXPECT(memory.live == before, "%zu bytes are lost", memory.live - before);
}
END_TEST

/* Forged headers. ------------------------------------------------------------------------------ */

/* Loading `bad` fails, makes nothing of it, and nothing much larger than it. */
static void expect_bad(dni_status status, const char *word, const char *other) {
  const size_t before = memory.live;
  dni_network *network = NULL;
  memory.largest = 0;
  expect_failure(network_from(context, &bad, &network), status, word, other);
  EXPECT(!network && memory.live == before, "something stays");
  EXPECT(memory.largest <= 2 * bad.size + (1 << 18), "%zu bytes were asked for", memory.largest);
}

static void expect_bad_header(const char *header, const char *data, const char *word) {
  content_make(&bad, header, data, strlen(data));
  expect_bad(DNI_ERROR_DATA, word, "");
}

START_TEST(header_lengths) {
  static const uint64_t lengths[] = {0,
                                     1,
                                     3,
                                     9,
                                     100,
                                     100000000,
                                     100000001,
                                     INT64_MAX,
                                     UINT64_MAX,
                                     UINT64_MAX - 7,
                                     (uint64_t)1 << 63};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    content_make(&bad, "{}      ", "", 0);
    content_set_header(&bad, lengths[i]);
    expect_bad(DNI_ERROR_DATA, "", "");
  }
  content_make(&bad, "{}      ", "", 0);
  content_set_header(&bad, 9);
  expect_bad(DNI_ERROR_DATA, "truncated: a header of 9 bytes, but 8 are there", "");
  bad.size = 0;
  expect_bad(DNI_ERROR_DATA, "empty", "");
  bad.size = 7;
  expect_bad(DNI_ERROR_DATA, "truncated: 7 bytes", "");
  memset(bad.bytes, 0, 64);
  bad.size = 64;
  expect_bad(DNI_ERROR_DATA, "not a safetensors file", "");
  content_make(&bad, "", "", 0);
  expect_bad(DNI_ERROR_DATA, "its header is", "");
}
END_TEST

START_TEST(no_json) {
  static const char *const headers[] = {"{",
                                        "{}x",
                                        "{}{}",
                                        "{'a':1}",
                                        "{\"a\":}",
                                        "{\"a\" 1}",
                                        "{\"a\":1,}",
                                        "{\"a\":01}",
                                        "{\"a\":nul",
                                        "{\"a\":\"\n\"}",
                                        "{\"a\":1e999}",
                                        "{\"a\":99999999999999999999}"};
  for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
    expect_bad_header(headers[i], "", "its header is malformed");
  expect_bad_header("[]", "", "not a safetensors file");
  expect_bad_header("null", "", "not a safetensors file");
  expect_bad_header(" {}", "", "not a safetensors file");
}
END_TEST

START_TEST(depth) {
  static char header[100100];
  for (int braces = 0; braces < 2; braces++) {
    size_t length = (size_t)snprintf(header, sizeof header, "{\"a\":");
    while (length < 100000)
      length += (size_t)snprintf(header + length, sizeof header - length, braces ? "{\"\":" : "[");
    content_make_sized(&bad, header, length, "", 0);
    expect_bad(DNI_ERROR_DATA, "nested too deeply", "");
  }
  /* brackets in strings are letters */
  expect_bad_header("{\"[[[[{{{{\\\"[[[[\":{\"dtype\":\"U8\",\"shape\":[0],"
                    "\"data_offsets\":[0,0]}}",
                    "", "there is no network in it");
}
END_TEST

/* A tensor "t" of this dtype, shape and offsets before 8 bytes of data. */
static void make_tensor(const char *dtype, const char *shape, const char *offsets) {
  char header[1000];
  (void)snprintf(header, sizeof header, "{\"t\":{\"dtype\":%s,\"shape\":%s,\"data_offsets\":%s}}",
                 dtype, shape, offsets);
  content_make(&bad, header, "12345678", 8);
}

START_TEST(tensors) {
  static const struct {
    const char *dtype, *shape, *offsets, *word;
  } forged[] = {
      {"1", "[2]", "[0,8]", "its dtype is not a string"},
      {"null", "[2]", "[0,8]", "its dtype is not a string"},
      {"\"F32\"", "2", "[0,8]", "its shape is not an array"},
      {"\"F32\"", "null", "[0,8]", "its shape is not an array"},
      {"\"F32\"", "{}", "[0,8]", "its shape is not an array"},
      {"\"F32\"", "[-2]", "[0,8]", "its shape is not made of counts"},
      {"\"F32\"", "[2.0]", "[0,8]", "its shape is not made of counts"},
      {"\"F32\"", "[\"2\"]", "[0,8]", "its shape is not made of counts"},
      {"\"F32\"", "[null]", "[0,8]", "its shape is not made of counts"},
      {"\"F32\"", "[true]", "[0,8]", "its shape is not made of counts"},
      {"\"F32\"", "[2,1,1,1,1,1,1,1,1]", "[0,8]", "more than 8 dimensions"},
      {"\"F32\"", "[4294967296,4294967296]", "[0,8]", "its shape is too large"},
      {"\"F32\"", "[9223372036854775807,9223372036854775807]", "[0,8]", "its shape is too large"},
      {"\"F32\"", "[9223372036854775807]", "[0,8]", "elements of F32 are not the 8 bytes"},
      {"\"F32\"", "[4611686018427387906]", "[0,8]", "elements of F32 are not the 8 bytes"},
      {"\"F32\"", "[3]", "[0,8]", "3 elements of F32 are not the 8 bytes"},
      {"\"F64\"", "[2]", "[0,8]", "2 elements of F64 are not the 8 bytes"},
      {"\"F32\"", "[0,2]", "[0,8]", "0 elements of F32 are not the 8 bytes"},
      {"\"F32\"", "[]", "[0,8]", "1 elements of F32 are not the 8 bytes"},
      {"\"F32\"", "[2]", "[8,0]", "8 to 0"},
      {"\"F32\"", "[2]", "[4,12]", "a hole before it"},
      {"\"F32\"", "[2]", "[0,9223372036854775807]",
       sizeof(size_t) > 4 ? "elements of F32 are not the" : "bytes at most"},
      {"\"F32\"", "[2]", "[-8,0]", "not two counts"},
      {"\"F32\"", "[2]", "[0]", "not two counts"},
      {"\"F32\"", "[2]", "[]", "not two counts"},
      {"\"F32\"", "[2]", "[0,4,8]", "not two counts"},
      {"\"F32\"", "[2]", "[0.0,8]", "not two counts"},
      {"\"F32\"", "[2]", "8", "not two counts"},
      {"\"F32\"", "[1]", "[4,8]", "a hole before it"},
      {"\"F32\"", "[1]", "[0,4]", "more behind the 4 bytes of data"},
      {"\"F32\"", "[0]", "[8,8]", "a hole before it"},
  };
  for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
    make_tensor(forged[i].dtype, forged[i].shape, forged[i].offsets);
    expect_bad(DNI_ERROR_DATA, forged[i].word, strstr(forged[i].word, "data") ? "" : "tensor t");
  }
}
END_TEST

/* Types that nobody asks for may be anything. */
START_TEST(types) {
  static const char *const dtypes[] = {"I64", "U64", "F64", "", "f64", "F65", "F644", "C64", "F4"};
  char dtype[20];
  for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
    (void)snprintf(dtype, sizeof dtype, "\"%s\"", dtypes[i]);
    make_tensor(dtype, "[1]", "[0,8]");
    expect_bad(DNI_ERROR_DATA, "there is no network in it", "");
  }
}
END_TEST

#define T(name, first, last)                                                                       \
  "\"" name "\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[" #first "," #last "]}"

START_TEST(entries) {
  expect_bad_header("{" T("a", 0, 4) "," T("b", 2, 6) "}", "12345678", "tensor b: it overlaps");
  expect_bad_header("{" T("a", 0, 4) "," T("b", 0, 4) "}", "1234", "it overlaps");
  expect_bad_header("{" T("b", 5, 9) "," T("a", 0, 4) "}", "123456789",
                    "tensor b: there is a hole");
  expect_bad_header("{" T("a", 0, 4) "," T("b", 4, 8) "}", "123456789", "more behind the 8 bytes");
  expect_bad_header("{" T("a", 0, 4) "," T("a", 4, 8) "}", "12345678", "duplicate");
  expect_bad_header("{" T("a", 0, 4) ",\"__metadata__\":{\"x\":\"\",\"x\":\"\"}}", "1234",
                    "duplicate");
  expect_bad_header("{\"__metadata__\":{},\"__metadata__\":{}}", "", "duplicate");
  expect_bad_header(
      "{\"t\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", "1",
      "duplicate");
  expect_bad_header("{\"t\":1}", "", "tensor t: it is not an object");
  expect_bad_header("{\"t\":[1,2,3]}", "", "tensor t: it is not an object");
  expect_bad_header("{\"t\":{}}", "", "tensor t: it is not an object");
  expect_bad_header("{\"t\":{\"dtype\":\"U8\",\"shape\":[0]}}", "",
                    "tensor t: it is not an object");
  expect_bad_header("{\"t\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"more\":1}}",
                    "", "tensor t: it is not an object");
  expect_bad_header("{\"t\":{\"dtype\":\"U8\",\"shape\":[0],\"offsets\":[0,0]}}", "",
                    "tensor t: its data_offsets");
  expect_bad_header("{}", "12345678", "more behind the 0 bytes of data");
  expect_bad_header("{}", "", "there is no network in it");
  expect_bad_header("{" T("a", 0, 4) "," T("b", 4, 8) "}", "12345678", "there is no network in it");
}
END_TEST

START_TEST(metadata) {
  static const char *const values[] = {"1", "null", "true", "{}", "[]", "1.5"};
  char header[200];
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    (void)snprintf(header, sizeof header, "{\"__metadata__\":{\"a\":\"\",\"number\":%s}}",
                   values[i]);
    expect_bad_header(header, "", "__metadata__: number is not a string");
  }
  expect_bad_header("{\"__metadata__\":[]}", "", "__metadata__ is not an object");
  expect_bad_header("{\"__metadata__\":\"\"}", "", "__metadata__ is not an object");
  expect_bad_header("{\"__metadata__\":null}", "", "__metadata__ is not an object");
  expect_bad_header("{\"__metadata__\":{}}", "", "there is no network in it");
}
END_TEST

START_TEST(names) {
  static const char *const bytes[] = {"\xff",     "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xe2\x82", "\\ud800",  "\\u0000",      "a\\u0000b"};
  char header[200];
  for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
    (void)snprintf(header, sizeof header, "{\"__metadata__\":{\"%s\":\"\"}}", bytes[i]);
    expect_bad_header(header, "", "its header is malformed");
    (void)snprintf(header, sizeof header, "{\"__metadata__\":{\"a\":\"%s\"}}", bytes[i]);
    expect_bad_header(header, "", "its header is malformed");
    (void)snprintf(header, sizeof header,
                   "{\"%s\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", bytes[i]);
    expect_bad_header(header, "", "its header is malformed");
  }
  content_make_sized(&bad, "{\"a\0b\":1}", 9, "", 0);
  expect_bad(DNI_ERROR_DATA, "its header is malformed", "");
  expect_bad_header("{\"\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"
                    "\"__metadata__\":{\"\":\"\"}}",
                    "", "there is no network in it");
  expect_bad_header("{\"\\n\\u001b[31m\\u202e\":1}", "", "\\x0a\\x1b[31m\\xe2\\x80\\xae");
}
END_TEST

/* What is to be understood. -------------------------------------------------------------------- */

/* The good file with one part of its header replaced. */
static void forge(const char *words, const char *others) {
  content_copy(&good, &bad);
  content_replace(&bad, words, others);
}

START_TEST(later_versions) {
  network_into(make_network(context, "2 dense1"), &good);
  forge("\"libdni.format\":\"2\"", "\"libdni.format\":\"3\"");
  expect_bad(DNI_ERROR_UNSUPPORTED, "format version 3, this library knows 2", "");
  forge("\"libdni.format\":\"2\"", "\"libdni.format\":\"2\",\"libdni.requires\":\"lstm\"");
  expect_bad(DNI_ERROR_UNSUPPORTED, "it requires lstm", "");
  forge("\"libdni.format\":\"2\"", "\"libdni.format\":\"\"");
  expect_bad(DNI_ERROR_UNSUPPORTED, "format version ''", "");
  forge("\"libdni.format\":\"2\"", "\"libdni.format\":\"2\",\"libdni.requires\":\"\"");
  dni_network *network;
  expect_ok(network_from(context, &bad, &network));
  dni_network_release(network);
}
END_TEST

/* Where the checksum is replaced, it is not made right again. */
static void forge_checksum(const char *text) {
  content_copy(&good, &bad);
  unsigned char *kind = content_find(&bad, DNI_CHECKSUM_KIND);
  memcpy(kind, text, strlen(text));
}

START_TEST(checksums) {
  network_into(make_network(context, "2 dense1"), &good);
  forge_checksum("xxh3-65:");
  expect_bad(DNI_ERROR_UNSUPPORTED, "its checksum xxh3-65:", "unknown kind");
  forge_checksum("xxh3-64:0000000000000000");
  expect_bad(DNI_ERROR_DATA, "the checksum does not match", "");
  forge_checksum("xxh3-64:\",\"a\":\"abcdef");
  expect_bad(DNI_ERROR_DATA, "its checksum xxh3-64: is malformed", "");
  forge_checksum("xxh3-64:\\u0030000000000");
  expect_bad(DNI_ERROR_DATA, "is malformed", "");
  forge("\"libdni.format\":\"2\"", "\"libdni.format\":\"2\",\"libdni.text\":\"other\"");
  bad.bytes[bad.size - 1] ^= 1;
  expect_bad(DNI_ERROR_DATA, "the checksum does not match", "");
}
END_TEST

/* None at all, and no format, is a file of another program. With the format it is damage. */
START_TEST(no_checksum) {
  dni_network *network;
  network_into(make_network(context, "2 dense1"), &good);
  content_copy(&good, &bad);
  memcpy(content_find(&bad, "libdni.checksum"), "libdni.checksux", 15);
  expect_bad(DNI_ERROR_DATA, "it has a libdni.format, but no libdni.checksum", "");
  memcpy(content_find(&bad, "libdni.format"), "libdni.formax", 13);
  expect_ok(network_from(context, &bad, &network));
  dni_network_release(network);
}
END_TEST

START_TEST(layers) {
  static const struct {
    const char *words, *others, *word, *other;
    dni_status status;
  } forged[] = {
      {"layers.0.kind\":\"dense", "layers.0.kind\":\"lstm", "layer 0: its kind lstm is unknown", "",
       DNI_ERROR_UNSUPPORTED},
      {"layers.0.kind\":\"dense", "layers.0.kind\":\"", "layer 0: its kind '' is unknown", "",
       DNI_ERROR_UNSUPPORTED},
      {"layers.0.kind", "layers.0.king", "there is no network in it", "", DNI_ERROR_DATA},
      {"layers.2.kind", "layers.2.king", "layers is 7, but there are 2", "", DNI_ERROR_DATA},
      {"layers\":\"7", "layers\":\"6", "layers is 6, but there are 7", "", DNI_ERROR_DATA},
      {"layers\":\"7", "layers\":\"-7", "layers is -7, but there are 7", "", DNI_ERROR_DATA},
      {"layers\":\"7", "players\":\"7", "there is no layers", "", DNI_ERROR_DATA},
      {"layers.0.kind\":\"dense", "layers.0.kind\":\"batch_norm", "layer 0: 2 inputs and 3 outputs",
       "", DNI_ERROR_DATA},
      {"layers.0.inputs\":\"2", "layers.0.inputs\":\"0", "layer 0: inputs is 0", "",
       DNI_ERROR_DATA},
      {"layers.0.inputs\":\"2", "layers.0.inputs\":\"-2", "layer 0: inputs is -2", "",
       DNI_ERROR_DATA},
      {"layers.0.inputs\":\"2", "layers.0.inputs\":\"18446744073709551616", "layer 0: inputs is",
       "", DNI_ERROR_DATA},
      {"layers.0.inputs", "layers.0.input", "layer 0: inputs is missing", "", DNI_ERROR_DATA},
      {"layers.0.outputs\":\"3", "layers.0.outputs\":\"three", "layer 0: outputs is three", "",
       DNI_ERROR_DATA},
      {"layers.0.activation\":\"relu", "layers.0.activation\":\"swish",
       "layer 0: its activation swish is unknown", "", DNI_ERROR_UNSUPPORTED},
      {"layers.0.activation", "layers.0.activatio", "layer 0: its activation is missing", "",
       DNI_ERROR_DATA},
      {"layers.0.weight", "layers.0.weighs", "layer 0: the file has no weight of 3 x 2", "",
       DNI_ERROR_DATA},
      {"layers.0.bias", "layers.0.bus", "there is no layers.0.bias", "", DNI_ERROR_DATA},
      {"\"shape\":[3,2]", "\"shape\":[2,3]", "layer 0: the file has no weight of 3 x 2", "",
       DNI_ERROR_DATA},
      {"\"shape\":[3,2]", "\"shape\":[6]", "layer 0: the file has no weight", "", DNI_ERROR_DATA},
      {"\"shape\":[3,2]", "\"shape\":[3,2,1]", "layer 0: the file has no weight", "",
       DNI_ERROR_DATA},
      {"layers.1.inputs\":\"3", "layers.1.inputs\":\"4", "layer 1", "", DNI_ERROR_DATA},
      {"layers.6.inputs\":\"3", "layers.6.inputs\":\"1", "layer 6: the file has no weight of 2 x 1",
       "", DNI_ERROR_DATA},
      {"layers.1.epsilon\":\"1e-05", "layers.1.epsilon\":\"0", "layers.1.epsilon is 0", "bounds",
       DNI_ERROR_DATA},
      {"layers.1.statistics_rate\":\"0.1", "layers.1.statistics_rate\":\"1.5",
       "layers.1.statistics_rate is 1.5", "bounds", DNI_ERROR_DATA},
      {"layers.1.statistics_rate\":\"0.1", "layers.1.statistics_rate\":\"nan",
       "layers.1.statistics_rate is nan", "bounds", DNI_ERROR_DATA},
      {"layers.2.epsilon\":\"1e-05", "layers.2.epsilon\":\"1e-50", "layers.2.epsilon is 1e-50",
       "bounds", DNI_ERROR_DATA},
      {"layers.3.drop\":\"0.3", "layers.3.drop\":\"1", "layers.3.drop is 1", "bounds",
       DNI_ERROR_DATA},
      {"layers.3.drop\":\"0.3", "layers.3.drop\":\"0,3", "layers.3.drop is 0,3", "malformed",
       DNI_ERROR_DATA},
      {"layers.3.drop\"", "layers.3.dorp\"", "there is no layers.3.drop", "", DNI_ERROR_DATA},
      {"layers.4.slope\":\"0.01", "layers.4.slope\":\"-0.01", "layers.4.slope is -0.01", "bounds",
       DNI_ERROR_DATA},
      {"layers.0.rate_scale\":\"1", "layers.0.rate_scale\":\"inf", "layers.0.rate_scale is inf",
       "bounds", DNI_ERROR_DATA},
  };
  network_into(make_network(context, "2 relu3 norm rows drop leaky tanh dense2"), &good);
  for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
    forge(forged[i].words, forged[i].others);
    expect_bad(forged[i].status, forged[i].word, forged[i].other);
  }
}
END_TEST

START_TEST(random_streams) {
  char *state, words[65] = "";
  network_into(make_network(context, "2 drop"), &good);
  state = (char *)content_find(&good, "layers.0.random\":\"");
  ck_assert_ptr_nonnull(state);
  memcpy(words, state + strlen("layers.0.random\":\""), 64);
  forge(words, "0000000000000000000000000000000000000000000000000000000000000000");
  expect_bad(DNI_ERROR_DATA, "layers.0.random is 000", "malformed");
  forge(words, "7");
  expect_bad(DNI_ERROR_DATA, "layers.0.random is 7", "malformed");
}
END_TEST

/* Nothing is made of sizes that no tensor has. */
START_TEST(huge_layers) {
  static const char *const kinds[] = {"dense", "batch_norm", "layer_norm"};
  static const char *const sizes[] = {"2147483648", "4611686018427387904", "18446744073709551615"};
  char header[600];
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
      (void)snprintf(header, sizeof header,
                     "{\"__metadata__\":{\"layers\":\"1\",\"layers.0.kind\":\"%s\","
                     "\"layers.0.inputs\":\"%s\",\"layers.0.outputs\":\"%s\","
                     "\"layers.0.activation\":\"relu\"}}",
                     kinds[k], sizes[s], sizes[s]);
      const bool addressable = sizeof(size_t) > 4 || s == 0;
      expect_bad_header(header, "", addressable ? "layer 0: the file has no" : "can address");
    }
}
END_TEST

/* An empty tensor has a shape of any size: 2^31 x 0. */
START_TEST(huge_empty_tensors) {
  expect_bad_header("{\"layers.0.weight\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807,0],"
                    "\"data_offsets\":[0,0]},\"__metadata__\":{\"layers\":\"1\","
                    "\"layers.0.kind\":\"dense\",\"layers.0.activation\":\"relu\","
                    "\"layers.0.inputs\":\"0\",\"layers.0.outputs\":\"9223372036854775807\"}}",
                    "", "layer 0: inputs is 0");
}
END_TEST

/* Matrices of integers are no weights. */
START_TEST(other_types) {
  network_into(make_network(context, "2 dense1"), &good);
  forge("\"layers.0.weight\":{\"dtype\":\"F32\"", "\"layers.0.weight\":{\"dtype\":\"I32\"");
  expect_bad(DNI_ERROR_DATA, "layers.0.weight is of I32, expected F32", "");
}
END_TEST

/* Trainings. ----------------------------------------------------------------------------------- */

START_TEST(forged_trainings) {
  static const struct {
    const char *words, *others, *word;
    dni_status status;
  } forged[] = {
      {"modules\":\"", "modules\":\"1", "modules is 1", DNI_ERROR_ARGUMENT},
      {"trainer.schedule\":\"sequential", "trainer.schedule\":\"pipelined",
       "trainer.schedule is pipelined in the file and sequential here", DNI_ERROR_ARGUMENT},
      {"trainer.loss\":\"", "trainer.loss\":\"x", "trainer.loss is x", DNI_ERROR_ARGUMENT},
      {"module_optimisers.0.kind\":\"adam", "module_optimisers.0.kind\":\"sgd",
       "module_optimisers.0.kind is sgd in the file and adam here", DNI_ERROR_ARGUMENT},
      {"sgs.3.kind\":\"synthetic", "sgs.3.kind\":\"critic", "sgs.3.kind is critic",
       DNI_ERROR_ARGUMENT},
      {"trainer.steps\":\"2", "trainer.steps\":\"-2", "trainer.steps is -2", DNI_ERROR_DATA},
      {"trainer.fit.fitting\":\"false", "trainer.fit.fitting\":\"no", "trainer.fit.fitting is no",
       DNI_ERROR_DATA},
      {"trainer.fit.position\":\"0", "trainer.fit.position\":\"99999999999999999999",
       "trainer.fit.position is 9", DNI_ERROR_DATA},
      {"module_optimisers.0.beta1\":\"0.9", "module_optimisers.0.beta1\":\"1",
       "module_optimisers.0.beta1 is 1", DNI_ERROR_DATA},
      {"modules.0.rate_factor\":\"1", "modules.0.rate_factor\":\"-1", "modules.0.rate_factor is -1",
       DNI_ERROR_DATA},
      {"\"module_optimisers.0.moved.0.first_moment", "\"module_optimisers.0.moved.0.first_omen",
       "there is no module_optimisers.0.moved.0.first_moment", DNI_ERROR_DATA},
      {"\"sgs.3.weight", "\"sgs.3.wait", "there is no sgs.3.weight", DNI_ERROR_DATA},
  };
  static content before;
  dni_trainer *trainer = make_training(2);
  dni_writer writer = content_writer(&good);
  expect_ok(dni_trainer_write(trainer, &writer));
  trainer = make_training(4);
  write_values(NULL, trainer, &before);
  for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
    forge(forged[i].words, forged[i].others);
    const dni_reader reader = content_reader(&bad);
    expect_failure(dni_trainer_read(trainer, &reader, NULL), forged[i].status, forged[i].word, "");
    expect_values(NULL, trainer, &before);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("safetensors");
  TCase *group = tcase_create("safetensors");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, set_up, tear_down);
  tcase_set_timeout(group, 240);
  tcase_add_test(group, damaged_networks);
  tcase_add_test(group, damaged_trainings);
  tcase_add_test(group, header_lengths);
  tcase_add_test(group, no_json);
  tcase_add_test(group, depth);
  tcase_add_test(group, tensors);
  tcase_add_test(group, types);
  tcase_add_test(group, entries);
  tcase_add_test(group, metadata);
  tcase_add_test(group, names);
  tcase_add_test(group, later_versions);
  tcase_add_test(group, checksums);
  tcase_add_test(group, no_checksum);
  tcase_add_test(group, layers);
  tcase_add_test(group, random_streams);
  tcase_add_test(group, huge_layers);
  tcase_add_test(group, huge_empty_tensors);
  tcase_add_test(group, other_types);
  tcase_add_test(group, forged_trainings);
  return support_run(suite);
}
