/* Messages keep their reason: however long a path, a field or a callback's words are, the line ends
 * with what went wrong, is UTF-8 without controls, and has at most 511 bytes. */
#include <dni/research.h>
#include <sys/stat.h>

#include "core/core.h"
#include "test_files.h"

static dni_context *context;

static void set_up(void) {
  test_directory_make();
  context = test_context(DNI_F32, 1, NULL);
}

static void tear_down(void) {
  dni_context_release(context);
  test_directory_remove();
}

/* The message begins and ends so, and is one line. */
static void expect_message(const char *begin, const char *end) {
  const char *message = dni_last_message();
  size_t length = strlen(message), last = strlen(end);
  ck_assert_uint_le(length, 511);
  ck_assert_msg(strncmp(message, begin, strlen(begin)) == 0, "\"%s\" does not begin \"%s\"",
                message, begin);
  ck_assert_msg(length >= last && strcmp(message + length - last, end) == 0,
                "\"%s\" does not end \"%s\"", message, end);
  for (const char *c = message; *c; c++)
    ck_assert_msg((unsigned char)*c >= ' ', "\"%s\" has a control", message);
}

/* Paths. --------------------------------------------------------------------------------------- */

/* A path of `length` bytes to a file "name" in directories that exist; free() it. */
static char *long_path(size_t length, const char *name) {
  char *path = malloc(length + 1);
  ck_assert_ptr_nonnull(path);
  size_t used = strlen(test_directory), wanted = length - strlen(name) - 1;
  memcpy(path, test_directory, used);
  while (used < wanted) {
    size_t part = wanted - used > 202 ? 200 : wanted - used;
    path[used++] = '/';
    memset(path + used, 'd', --part);
    used += part;
    path[used] = '\0';
    ck_assert(mkdir(path, 0777) == 0 || access(path, F_OK) == 0);
  }
  path[used] = '/';
  memcpy(path + used + 1, name, strlen(name) + 1);
  ck_assert_uint_eq(strlen(path), length);
  return path;
}

static void write_at(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
  ck_assert_int_eq(fclose(file), 0);
}

static const size_t lengths[] = {500, 4000};

/* Where no file is: whatever is to be read from it or written to it. */
START_TEST(paths_of_missing_files) {
  char *path = long_path(lengths[_i], "missing"), *below = long_path(lengths[_i], "no/where");
  dni_network *network = NULL;
  dni_dataset *dataset = NULL;
  dni_backend *backend = NULL;
  ck_assert_int_eq(dni_network_load(context, path, &network), DNI_ERROR_IO);
  expect_message("/", "/missing: cannot open: No such file or directory");
  ck_assert_int_eq(dni_dataset_create_csv(context, path, NULL, &dataset), DNI_ERROR_IO);
  expect_message("/", "/missing: cannot open: No such file or directory");
  ck_assert_int_eq(dni_dataset_create_idx(context, path, path, NULL, &dataset), DNI_ERROR_IO);
  expect_message("/", "/missing: cannot open: No such file or directory");
  ck_assert_int_eq(dni_backend_create_dynamic(NULL, path, &backend), DNI_ERROR_IO);
  expect_message("cannot load /",
                 "/missing: cannot open shared object file: No such file or directory");
  expect_ok(dni_network_create(context, &network));
  ck_assert_int_eq(dni_network_save(network, path), DNI_ERROR_STATE);
  expect_message("/", "/missing: the network has no layers to save");
  dni_layer *layer;
  expect_ok(dni_layer_create_dense(context, 1, 1, DNI_ACTIVATION_RELU, &layer));
  expect_ok(dni_network_add(network, layer));
  dni_layer_release(layer);
  ck_assert_int_eq(dni_network_save(network, below), DNI_ERROR_IO);
  expect_message("/", "/no/where: cannot create a file beside it: No such file or directory");
  dni_network_release(network);
  free(below);
  free(path);
}
END_TEST

/* Where a file has the wrong content. */
START_TEST(paths_of_wrong_files) {
  static const unsigned char images[] = {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 7, 7};
  static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 0, 0, 0};
  char *text = long_path(lengths[_i], "text"), *other = long_path(lengths[_i], "labels");
  dni_network *network = NULL;
  dni_dataset *dataset = NULL;
  dni_backend *backend = NULL;
  write_at(text, "1,2\n3,four\n", 11);
  ck_assert_int_eq(dni_dataset_create_csv(context, text, NULL, &dataset), DNI_ERROR_DATA);
  expect_message("/", "/text:2: column 2: 'four' is not a number");
  ck_assert_int_eq(dni_network_load(context, text, &network), DNI_ERROR_DATA);
  expect_message("/", "/text: not a safetensors file");
  ck_assert_int_eq(dni_dataset_create_idx(context, text, text, NULL, &dataset), DNI_ERROR_DATA);
  expect_message("/", "/text: not an IDX file (it starts with 31 2c 32 0a)");
  ck_assert_int_eq(dni_backend_create_dynamic(NULL, text, &backend), DNI_ERROR_IO);
  expect_message("cannot load /", "/text: file too short");
  write_at(text, images, sizeof images);
  write_at(other, labels, sizeof labels);
  ck_assert_int_eq(dni_dataset_create_idx(context, text, other, NULL, &dataset), DNI_ERROR_DATA);
  expect_message("/", "/text has 2 images");
  ck_assert_ptr_nonnull(strstr(dni_last_message(), "/labels: 3 labels, but /"));
  free(other);
  free(text);
}
END_TEST

/* Longer than any path may be; and none. */
START_TEST(paths_beyond_bounds) {
  char *path = malloc(100001);
  dni_network *network = NULL;
  dni_dataset *dataset = NULL;
  ck_assert_ptr_nonnull(path);
  memset(path, 'x', 100000);
  path[100000] = '\0';
  ck_assert_int_eq(dni_network_load(context, path, &network), DNI_ERROR_IO);
  expect_message("xxx", "xxx: cannot open: File name too long");
  ck_assert_int_eq(dni_dataset_create_csv(context, path, NULL, &dataset), DNI_ERROR_IO);
  expect_message("xxx", "xxx: cannot open: File name too long");
  ck_assert_int_eq(dni_dataset_create_csv(context, "", NULL, &dataset), DNI_ERROR_IO);
  expect_message("'': ", "cannot open: No such file or directory");
  free(path);
}
END_TEST

/* Words. --------------------------------------------------------------------------------------- */

static void expect_fit(const char *text, size_t size, const char *expected) {
  char fit[64];
  dni__text_fit(fit, size, text, false);
  ck_assert_str_eq(fit, expected);
}

/* Cut in the middle, between characters; what cannot be seen is spelt. */
START_TEST(texts_fit) {
  expect_fit("", 8, "");
  expect_fit("seven b", 8, "seven b");
  expect_fit("eight by", 8, "ei...by");
  expect_fit("eight by", 9, "eight by");
  expect_fit("0123456789abcdef", 13, "0123...bcdef");
  expect_fit("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xe2\x82\xac", 11, "\xc3\xa4...\xe2\x82\xac");
  expect_fit("a\tb\x1b[2J\x7f", 64, "a\\x09b\\x1b[2J\\x7f");
  expect_fit("a\xff\xc3(\xe2\x82", 64, "a\\xff\\xc3(\\xe2\\x82");
  expect_fit("\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80", 64,
             "\\xc0\\xaf\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80");
  expect_fit("\xef\xbb\xbf"
             "1\xc2\xa0",
             64, "\\xef\\xbb\\xbf1\\xc2\\xa0");
  expect_fit("\xf0\x9f\x90\x80", 64, "\xf0\x9f\x90\x80");
}
END_TEST

/* The words of a callback, in front of which others are put. */
static dni_status forward(void *user, const dni_layer_call *call) {
  (void)call;
  return dni_fail(1234, user);
}

START_TEST(words_of_callbacks) {
  char words[3000];
  memset(words, 'w', sizeof words);
  (void)snprintf(words + 2900, 100, "\xc3\xa4: the\ncamera\tis gone");
  dni_layer_callbacks callbacks = {.struct_size = sizeof callbacks, .user = words};
  callbacks.forward = callbacks.backward = forward;
  dni_layer *layer;
  dni_network *network;
  float x_data[1] = {0}, h_data[1];
  dni_matrix x, h;
  dni_matrix_init_f32(&x, x_data, 1, 1);
  dni_matrix_init_f32(&h, h_data, 1, 1);
  ck_assert_int_eq(dni_fail(1234, words), 1234);
  expect_message("www", "w\xc3\xa4: the camera is gone");
  expect_ok(dni_layer_create_callback(context, 1, 1, &callbacks, &layer));
  expect_ok(dni_network_create(context, &network));
  expect_ok(dni_network_add(network, layer));
  ck_assert_int_eq(dni_network_predict(network, &x, &h), 1234);
  expect_message("layer 0 (callback): ", "w\xc3\xa4: the camera is gone");
  dni_network_release(network);
  dni_layer_release(layer);
}
END_TEST

/* A field of a file, of any length and with any bytes. */
START_TEST(fields_of_files) {
  char line[4000];
  memset(line, 'f', sizeof line);
  memcpy(line, "1,2\n3,", 6);
  memcpy(line + sizeof line - 5, "\x1b\xe4z\n", 5);
  dni_dataset *dataset = NULL;
  const char *path = test_write_text("fields.csv", line);
  ck_assert_int_eq(dni_dataset_create_csv(context, path, NULL, &dataset), DNI_ERROR_DATA);
  expect_message(path, "fff\\x1b\\xe4z' is not a number");
}
END_TEST

/* A thousand words in front: the reason is still there. */
START_TEST(words_in_front) {
  (void)dni__fail(DNI_ERROR_IO, "the reason");
  for (int i = 0; i < 1000; i++)
    (void)dni__fail_prefix(DNI_ERROR_IO, "part %d: ", i);
  expect_message("part 999: part 998: ", "part 0: the reason");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("messages");
  TCase *group = tcase_create("messages");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, set_up, tear_down);
  tcase_add_loop_test(group, paths_of_missing_files, 0, 2);
  tcase_add_loop_test(group, paths_of_wrong_files, 0, 2);
  tcase_add_test(group, paths_beyond_bounds);
  tcase_add_test(group, texts_fit);
  tcase_add_test(group, words_of_callbacks);
  tcase_add_test(group, fields_of_files);
  tcase_add_test(group, words_in_front);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed > 0;
}
