/* Files as people have them: what spreadsheets, editors, archives and half-finished downloads leave.
 * Each is read rightly, or refused by a message that says which line or what is wrong. */
#include <math.h>

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

static dni_status read_text(const char *text, size_t size, int32_t separator, dni_dataset **out) {
  dni_csv_options options = {.struct_size = sizeof options, .separator = separator};
  return dni_dataset_create_csv(context, test_write("table.csv", text, size), &options, out);
}

/* The rows 1 2.5, 3 4 and 5 6 in many clothes. */
static const struct {
  const char *text;
  int32_t separator;
} right[] = {
    {"1,2.5\n3,4\n5,6\n", 0},
    {"1,2.5\n3,4\n5,6", 0}, /* no end of the last line */
    {"1,2.5\r\n3,4\r\n5,6\r\n", 0},
    {"1,2.5\r3,4\r5,6\r", 0}, /* the Mac before 2001 */
    {"1,2.5\r3,4\r5,6", 0},
    {"1,2.5\r\n3,4\n5,6\r", 0},
    {"1,2.5\r\r\n3,4\r\r\n5,6\r\r\n", 0}, /* text mode twice */
    {"\n\n1,2.5\n\n3,4\n5,6\n\n \n\t\n\n", 0},
    {"\xef\xbb\xbf"
     "1,2.5\n3,4\n5,6\n",
     0}, /* a byte-order mark */
    {"\xef\xbb\xbf\n1,2.5\n3,4\n5,6\n", 0},
    {"# x, y\n1,2.5\n#3,3\n3,4\n5,6\n#", 0},
    {"\"1\",\"2.5\"\n\"3\" , \" 4 \"\n5,6\n", 0},
    {" 1 ,\t2.5\t\n3,  4\n 5 ,6 \n", 0},
    {"+1.,25e-1\n3.0e+0,4E0\n.5e1,6\n", 0},
    {"1;2.5\n3;4\n5;6\n", ';'},
    {"1\t2.5\r\n 3 \t 4 \r\n5\t6\n", '\t'},
    {"1 2.5\n3\t 4\n5 6\n", ' '},
    {"1|2.5\n3|4\n5|6\n", '|'},
    {"1#2.5\n3#4\n5#6\n", '#'},
};

START_TEST(texts_are_read) {
  float x_data[3] = {0}, y_data[3] = {0};
  dni_matrix x, y;
  dni_dataset *dataset;
  dni_matrix_init_f32(&x, x_data, 3, 1);
  dni_matrix_init_f32(&y, y_data, 3, 1);
  expect_ok(read_text(right[_i].text, strlen(right[_i].text), right[_i].separator, &dataset));
  ck_assert_uint_eq(dni_dataset_examples(dataset), 3);
  expect_ok(dni_dataset_batch(dataset, 0, &x, &y));
  ck_assert(x_data[0] == 1 && x_data[1] == 3 && x_data[2] == 5);
  ck_assert(y_data[0] == 2.5F && y_data[1] == 4 && y_data[2] == 6);
  dni_dataset_release(dataset);
}
END_TEST

/* With what place and reason a text is refused. */
static const struct {
  const char *text;
  int32_t separator;
  const char *place, *reason;
} wrong[] = {
    {"x,y\n1,2\n", 0, ":1: column 1: 'x'", "not a number (header_lines skips a header)"},
    {"\"x\",\"y\"\n1,2\n", 0, ":1: column 1: 'x'", "header_lines"},
    {"1,2\nx,y\n", 0, ":2: column 1: 'x'", "is not a number"},
    {"1,2\n,\n", 0, ":2: column 1", "is empty"},
    {"1\t2\n\t\n", '\t', ":2: column 1", "is empty"},
    {"1\t2\n\t\t\n", '\t', ":2:", "3 columns, expected 2"},
    {"1 2\n  \n", ' ', ":2:", "3 columns, expected 2"},
    {"1,2\n3,\"\"\n", 0, ":2: column 2", "is empty"},
    {"1,2\n3,nan\n", 0, ":2: column 2: 'nan'", "not finite"},
    {"1,2\n3,inf\n", 0, ":2: column 2: 'inf'", "not finite"},
    {"1,2\n3,NA\n", 0, ":2: column 2: 'NA'", "is not a number"},
    {"1,2\n3,NULL\n", 0, ":2: column 2: 'NULL'", "is not a number"},
    {"1,2\n3,?\n", 0, ":2: column 2: '?'", "is not a number"},
    {"1,2\n3,true\n", 0, ":2: column 2: 'true'", "is not a number"},
    {"1,2\n1,234,5\n", 0, ":2:", "3 columns, expected 2"},           /* thousands */
    {"1,2\n\"1,234\",5\n", 0, ":2:", "3 columns, expected 2"},       /* in quotes */
    {"1;2\n1,5;2\n", ';', ":2: column 1: '1,5'", "is not a number"}, /* a decimal comma */
    {"1,2\n1'000,5\n", 0, ":2: column 1: '1'000'", "is not a number"},
    {"1,2\n1 000,5\n", 0, ":2: column 1: '1 000'", "is not a number"},
    {"1,2\n1\xc2\xa0"
     "000,5\n",
     0, ":2: column 1: '1\\xc2\\xa0000'", "is not a number"},
    {"1,2\n1_000,5\n", 0, ":2: column 1: '1_000'", "is not a number"},
    {"1,2\n0x1p3,5\n", 0, ":2: column 1: '0x1p3'", "is not a number"},
    {"1,2\n1d3,5\n", 0, ":2: column 1: '1d3'", "is not a number"},
    {"1,2\n5%,$3\n", 0, ":2: column 1: '5%'", "is not a number"},
    {"1,2\n\xe2\x88\x92"
     "1,5\n",
     0,
     ":2: column 1: '\xe2\x88\x92"
     "1'",
     "is not a number"},
    {"1,2\n2024-01-01,5\n", 0, ":2: column 1: '2024-01-01'", "is not a number"},
    {"1,2\n\"3,4\n", 0, ":2: column 1: '\"3'", "is not a number"},
    {"1,2\n'3',4\n", 0, ":2: column 1: ''3''", "is not a number"},
    {"1,2\n\v3,4\n", 0, ":2: column 1: '\\x0b3'", "is not a number"},
    {"1,2 # two\n", 0, ":1: column 2: '2 # two'", "is not a number"},
    {"// 1,2\n", 0, ":1: column 1: '// 1'", "is not a number"},
    {"1,2,\n3,4,\n", 0, ":1: column 3", "is empty"},
    {"1,2\n3\n", 0, ":2:", "1 columns, expected 2"},
    {"1,2\n3,4,5\n", 0, ":2:", "3 columns, expected 2"},
    {"1;2\n3;4\n", 0, ":1:", "1 columns, expected more than the 1 of targets"},
    {"1,2\r3,x", 0, ":2: column 2: 'x'", "is not a number"},
    {"1,2\r\n3,x\r\n", 0, ":2: column 2: 'x'", "is not a number"},
    {"1,2\n1e39,4\n", 0, ":2: column 1: '1e39'", "out of range"},
    {"1,2\n-1e999,4\n", 0, ":2: column 1: '-1e999'", "out of range"},
    {"\xef\xbb\xbf", 0, "table.csv", "no rows"},
    {"\xff\xfe"
     "1,2\n",
     0, "table.csv", "is UTF-16, expected UTF-8"},
    {"\xfe\xff"
     "1,2\n",
     0, "table.csv", "is UTF-16, expected UTF-8"},
    {"# nothing\n", 0, "table.csv", "no rows"},
    {"1,2,1AY&SY\n", 0, ":1: column 3", "is not a number"}, /* within bzip2 files, but not there */
    {"<!DOCTYPE html>\n", 0, ":1:", "1 columns"},
    {"{\"x\": [1, 2]}\n", 0, ":1: column 1: '{\"x\": [1'", "is not a number"},
};

START_TEST(texts_are_refused) {
  dni_dataset *dataset = NULL;
  expect_failure(read_text(wrong[_i].text, strlen(wrong[_i].text), wrong[_i].separator, &dataset),
                 DNI_ERROR_DATA, wrong[_i].place, wrong[_i].reason);
}
END_TEST

/* A byte of zero, with the number of its line. */
START_TEST(binary_is_refused) {
  dni_dataset *dataset = NULL;
  expect_failure(read_text("1,2\n3,\0004\n", 9, 0, &dataset), DNI_ERROR_DATA, ":2:", "NUL");
  expect_failure(read_text("1,2\r\n3,4\r5,\0006\n", 15, 0, &dataset), DNI_ERROR_DATA, ":3:", "NUL");
  expect_failure(read_text("1\0,\0002\0\n", 7, 0, &dataset), DNI_ERROR_DATA, ":1:", "NUL");
  expect_failure(read_text("PK\3\4\0\0", 6, 0, &dataset), DNI_ERROR_UNSUPPORTED, "table.csv",
                 "is a zip archive");
  expect_failure(read_text("\xfd"
                           "7zXZ\0",
                           6, 0, &dataset),
                 DNI_ERROR_UNSUPPORTED, "table.csv", "is an xz file");
  expect_failure(read_text("\x28\xb5\x2f\xfd", 4, 0, &dataset), DNI_ERROR_UNSUPPORTED, "table.csv",
                 "is a zstd file");
  expect_failure(read_text("BZh91AY&SY", 10, 0, &dataset), DNI_ERROR_UNSUPPORTED, "table.csv",
                 "is a bzip2 file");
}
END_TEST

/* A label is a whole number below the classes, and nothing else. */
START_TEST(labels_are_refused) {
  static const char *const labels[] = {"setosa", "2",    "-1", "0.5", "nan",
                                       "inf",    "1e99", "a",  "0x1"};
  dni_csv_options options = {.struct_size = sizeof options, .classes = 2};
  dni_dataset *dataset = NULL;
  for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
    char text[64], place[64];
    (void)snprintf(text, sizeof text, "1,0\n2,%s\n", labels[i]);
    (void)snprintf(place, sizeof place, ":2: column 2: '%s'", labels[i]);
    expect_failure(
        dni_dataset_create_csv(context, test_write_text("labels.csv", text), &options, &dataset),
        DNI_ERROR_DATA, place, "is not a label 0 to 1");
  }
}
END_TEST

/* The ends of lines wherever a block that is read ends. */
START_TEST(ends_of_lines_between_blocks) {
  static const char *const ends[] = {"\n", "\r\n", "\r"};
  enum { BLOCK = 65536 };
  static char text[2 * BLOCK];
  for (size_t i = 0; i < 3; i++)
    for (size_t place = BLOCK - 3; place < BLOCK + 2; place++) {
      dni_dataset *dataset;
      memset(text, ' ', sizeof text);
      memcpy(text, "1,2", 3);
      memcpy(text + place, ends[i], strlen(ends[i]));
      memcpy(text + place + strlen(ends[i]), "3,4", 3);
      expect_ok(read_text(text, place + 10, 0, &dataset));
      ck_assert_uint_eq(dni_dataset_examples(dataset), 2);
      dni_dataset_release(dataset);
    }
}
END_TEST

/* gzip. ---------------------------------------------------------------------------------------- */

static unsigned char packed[1 << 17];
static size_t packed_size;

static void pack(void) {
  packed_size = sizeof packed;
  memset(packed, 0, sizeof packed);
  test_gzip("1,2\n3,4\n", 8, packed, &packed_size);
}

static dni_status read_packed(size_t size, dni_dataset **out) {
  return dni_dataset_create_csv(context, test_write("packed", packed, size), NULL, out);
}

/* Tapes fill their last block with zeros; gzip passes over them, and so do we. */
START_TEST(padding_after_gzip) {
  static const size_t paddings[] = {1, 2, 3, 512, 100000};
  for (size_t i = 0; i < sizeof paddings / sizeof paddings[0]; i++) {
    dni_dataset *dataset;
    pack();
    expect_ok(read_packed(packed_size + paddings[i], &dataset));
    ck_assert_uint_eq(dni_dataset_examples(dataset), 2);
    dni_dataset_release(dataset);
  }
}
END_TEST

START_TEST(other_bytes_after_gzip) {
  static const size_t paddings[] = {0, 1, 512, 100000};
  dni_dataset *dataset = NULL;
  for (size_t i = 0; i < sizeof paddings / sizeof paddings[0]; i++) {
    char words[64];
    pack();
    memcpy(packed + packed_size + paddings[i], "text", 4);
    (void)snprintf(words, sizeof words, "%zu bytes follow the compressed data", paddings[i] + 4);
    expect_failure(read_packed(packed_size + paddings[i] + 4, &dataset), DNI_ERROR_DATA, "packed",
                   words);
  }
  pack();
  packed[packed_size] = 0x1f;
  expect_failure(read_packed(packed_size + 1, &dataset), DNI_ERROR_DATA, "packed",
                 "1 byte follows the compressed data");
}
END_TEST

/* Each kind of damage has a message of its own. */
START_TEST(damaged_gzip) {
  dni_dataset *dataset = NULL;
  pack();
  for (size_t size = 10; size < packed_size; size++)
    expect_failure(read_packed(size, &dataset), DNI_ERROR_DATA, "packed", "truncated gzip data");
  packed[packed_size - 8] ^= 1;
  expect_failure(read_packed(packed_size, &dataset), DNI_ERROR_DATA, "packed",
                 "corrupt gzip data (incorrect data check)");
  pack();
  packed[packed_size - 4] ^= 1;
  expect_failure(read_packed(packed_size, &dataset), DNI_ERROR_DATA, "packed",
                 "corrupt gzip data (incorrect length check)");
  pack();
  memcpy(packed + packed_size, "\x1f\x8b\x07", 3); /* a member of an unknown method */
  expect_failure(read_packed(packed_size + 10, &dataset), DNI_ERROR_DATA, "packed",
                 "corrupt gzip data (unknown compression method)");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("dataset forms");
  TCase *group = tcase_create("dataset forms");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, set_up, tear_down);
  tcase_set_timeout(group, 60);
  tcase_add_loop_test(group, texts_are_read, 0, (int)(sizeof right / sizeof right[0]));
  tcase_add_loop_test(group, texts_are_refused, 0, (int)(sizeof wrong / sizeof wrong[0]));
  tcase_add_test(group, binary_is_refused);
  tcase_add_test(group, labels_are_refused);
  tcase_add_test(group, ends_of_lines_between_blocks);
  tcase_add_test(group, padding_after_gzip);
  tcase_add_test(group, other_bytes_after_gzip);
  tcase_add_test(group, damaged_gzip);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed > 0;
}
