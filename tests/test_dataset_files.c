/* Data sets from files: IDX and CSV, plain and gzip, good and bad. Each refusal is checked for its
 * status and for a message that names the file. */
#include <dni/research.h>
#include <locale.h>
#include <math.h>
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

/* Element (row, column) of the data set's x or y as it stands. */
static double value_at(const dni_dataset *dataset, bool target, size_t row, size_t column) {
  float f32[1024];
  double f64[1024];
  dni_matrix view;
  size_t columns = target ? dni_dataset_targets(dataset) : dni_dataset_features(dataset);
  ck_assert_uint_le(columns, 1024);
  bool single = dni_context_dtype(context) == DNI_F32;
  if (single)
    dni_matrix_init_f32(&view, f32, 1, columns);
  else
    dni_matrix_init_f64(&view, f64, 1, columns);
  expect_ok(dni_dataset_batch(dataset, row, target ? NULL : &view, target ? &view : NULL));
  return single ? (double)f32[column] : f64[column];
}

static double x_at(const dni_dataset *dataset, size_t row, size_t column) {
  return value_at(dataset, false, row, column);
}

static double y_at(const dni_dataset *dataset, size_t row, size_t column) {
  return value_at(dataset, true, row, column);
}

/* IDX: three images of 2 x 2 and their labels. ------------------------------------------------- */

static const unsigned char images[] = {0, 0, 8, 3, 0, 0, 0,  3,  0,  0,  0,  2,  0,   0,
                                       0, 2, 0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 255, 23};
static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1};

static dni_idx_options idx_options(double factor, size_t classes) {
  dni_idx_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.scaled = 1;
  options.factor = factor;
  options.classes = classes;
  return options;
}

static dni_status read_idx(const char *images_path, const char *labels_path, dni_dataset **out) {
  dni_idx_options options = idx_options(0.5, 0);
  return dni_dataset_create_idx(context, images_path, labels_path, &options, out);
}

static void expect_idx(const dni_dataset *dataset) {
  ck_assert_uint_eq(dni_dataset_examples(dataset), 3);
  ck_assert_uint_eq(dni_dataset_features(dataset), 4);
  ck_assert_uint_eq(dni_dataset_classes(dataset), 3);
  for (size_t i = 0; i < 12; i++)
    ck_assert_double_eq(x_at(dataset, i / 4, i % 4), 0.5 * images[16 + i]);
  for (size_t i = 0; i < 9; i++)
    ck_assert_double_eq(y_at(dataset, i / 3, i % 3), labels[8 + i / 3] == i % 3);
}

static const char *write_gzip(const char *name, const void *bytes, size_t size) {
  unsigned char packed[4096];
  size_t used = sizeof packed;
  test_gzip(bytes, size, packed, &used);
  return test_write(name, packed, used);
}

static const char *good_images(void) {
  return test_write("images", images, sizeof images);
}

static const char *good_labels(void) {
  return test_write("labels", labels, sizeof labels);
}

START_TEST(test_idx) {
  use(_i);
  dni_dataset *dataset;
  expect_ok(read_idx(good_images(), good_labels(), &dataset));
  expect_idx(dataset);
  dni_dataset_release(dataset);
  const char *packed = write_gzip("packed", images, sizeof images); /* .gz is not in its name */
  expect_ok(read_idx(packed, write_gzip("packed labels", labels, sizeof labels), &dataset));
  expect_idx(dataset);
  dni_dataset_release(dataset);
  dni_idx_options options = idx_options(1, 7);
  expect_ok(dni_dataset_create_idx(context, good_images(), good_labels(), &options, &dataset));
  ck_assert_uint_eq(dni_dataset_targets(dataset), 7);
  ck_assert_double_eq(x_at(dataset, 2, 2), 255);
  dni_dataset_release(dataset);
}
END_TEST

/* By default byte / 255 as a product with the rounded 1 / 255; with an offset: factor * byte +
 * offset.
 */
START_TEST(test_idx_scales) {
  use(_i);
  dni_dataset *dataset;
  dni_idx_options options = idx_options(1.0 / 3, 0);
  options.offset = -0.7;
  for (int own = 0; own < 2; own++) {
    expect_ok(dni_dataset_create_idx(context, good_images(), good_labels(), own ? &options : NULL,
                                     &dataset));
    for (size_t i = 0; i < 12; i++) {
      double value = images[16 + i] * (own ? options.factor : 1.0 / 255);
      if (own) value += options.offset;
      ck_assert_double_eq(x_at(dataset, i / 4, i % 4), _i == 0 ? (double)(float)value : value);
    }
    dni_dataset_release(dataset);
  }
}
END_TEST

/* RFC 1952: members follow one another, wherever the content is cut; an empty one too. */
START_TEST(test_gzip_members) {
  use(0);
  for (size_t cut = 0; cut <= sizeof images; cut++) {
    unsigned char packed[4096];
    size_t first = sizeof packed;
    test_gzip(images, cut, packed, &first);
    size_t second = sizeof packed - first;
    test_gzip(images + cut, sizeof images - cut, packed + first, &second);
    dni_dataset *dataset;
    expect_ok(read_idx(test_write("two", packed, first + second), good_labels(), &dataset));
    expect_idx(dataset);
    dni_dataset_release(dataset);
  }
}
END_TEST

START_TEST(test_bundled_sample) {
  use(0);
  dni_dataset *dataset;
  int32_t digits[2000];
  size_t counts[10] = {0};
  dni_matrix view;
  dni_idx_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.classes = 10;
  expect_ok(dni_dataset_create_idx(context, "examples/mnist_sample/train-images-idx3-ubyte.gz",
                                   "examples/mnist_sample/train-labels-idx1-ubyte.gz", &options,
                                   &dataset));
  ck_assert_uint_eq(dni_dataset_features(dataset), 784);
  dni_matrix_init_labels(&view, digits, 2000);
  expect_ok(dni_dataset_batch(dataset, 0, NULL, &view));
  ck_assert_uint_le(memory.live, 2000 * (784 + 4 + sizeof(size_t)) + 16384); /* bytes, not floats */
  for (size_t i = 0; i < 2000; i++)
    counts[digits[i]]++;
  for (size_t i = 0; i < 10; i++)
    ck_assert_uint_eq(counts[i], 200);
  dni_dataset_release(dataset);
}
END_TEST

/* A file in the place of the images, then in the place of the labels. */
static void expect_bad_images(const char *path, dni_status status, const char *word) {
  dni_dataset *dataset = NULL;
  expect_failure(read_idx(path, good_labels(), &dataset), status, path, word);
  ck_assert_ptr_null(dataset);
}

static void expect_bad_labels(const char *path, dni_status status, const char *word) {
  dni_dataset *dataset = NULL;
  expect_failure(read_idx(good_images(), path, &dataset), status, path, word);
  ck_assert_ptr_null(dataset);
}

START_TEST(test_idx_unreadable) {
  use(_i);
  unsigned char zeros[64] = {0};
  expect_bad_images(test_path("missing"), DNI_ERROR_IO, "No such file");
  expect_bad_labels(test_path("missing"), DNI_ERROR_IO, "No such file");
  expect_bad_images(test_directory, DNI_ERROR_IO, "directory");
  const char *path = test_write("empty", "", 0);
  expect_bad_images(path, DNI_ERROR_DATA, "empty");
  expect_bad_labels(path, DNI_ERROR_DATA, "empty");
  expect_bad_images(write_gzip("empty.gz", "", 0), DNI_ERROR_DATA, "empty");
  path = test_write("zeros", zeros, sizeof zeros);
  expect_bad_images(path, DNI_ERROR_DATA, "not an IDX");
  expect_bad_labels(path, DNI_ERROR_DATA, "not an IDX");
  path = test_write_text("text", "this is text");
  expect_bad_images(path, DNI_ERROR_DATA, "not an IDX");
  path = good_images();
  if (geteuid() != 0) { /* the superuser can read it all the same */
    ck_assert_int_eq(chmod(path, 0), 0);
    dni_dataset *dataset;
    expect_failure(read_idx(path, good_labels(), &dataset), DNI_ERROR_IO, path, "denied");
  }
}
END_TEST

/* `images` with one byte changed. */
static const char *changed_images(size_t at, unsigned char byte) {
  unsigned char bytes[sizeof images];
  memcpy(bytes, images, sizeof bytes);
  bytes[at] = byte;
  return test_write("changed", bytes, sizeof bytes);
}

START_TEST(test_idx_wrong_header) {
  use(_i);
  unsigned char longer[sizeof images + 1] = {0};
  memcpy(longer, images, sizeof images);
  expect_bad_images(changed_images(0, 1), DNI_ERROR_DATA, "not an IDX");
  expect_bad_images(changed_images(2, 10), DNI_ERROR_DATA, "not an IDX");
  expect_bad_images(changed_images(2, 0x0d), DNI_ERROR_UNSUPPORTED, "type 0d");
  expect_bad_images(changed_images(3, 0), DNI_ERROR_DATA, "rank 0");
  expect_bad_images(changed_images(3, 255), DNI_ERROR_DATA, "truncated");
  expect_bad_images(changed_images(7, 0), DNI_ERROR_DATA, "0 items");
  expect_bad_images(changed_images(11, 0), DNI_ERROR_DATA, "0 bytes");
  expect_bad_images(changed_images(7, 2), DNI_ERROR_DATA, "trailing");
  expect_bad_images(changed_images(7, 4), DNI_ERROR_DATA, "truncated");
  expect_bad_images(test_write("longer", longer, sizeof longer), DNI_ERROR_DATA, "trailing");
  expect_bad_images(write_gzip("longer.gz", longer, sizeof longer), DNI_ERROR_DATA, "trailing");
  expect_bad_images(test_path("labels"), DNI_ERROR_DATA, "rank 1, expected 2");
  expect_bad_labels(test_path("images"), DNI_ERROR_DATA, "rank 3, expected 1");
}
END_TEST

/* 2^31 images of 28 x 28, and dimensions whose product overflows. */
START_TEST(test_idx_false_claims) {
  use(_i);
  static const unsigned char huge[16] = {0, 0, 8, 3, 0x80, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28};
  static const unsigned char labels_huge[8] = {0, 0, 8, 1, 0x80, 0, 0, 0};
  const char *const word = sizeof(size_t) > 4 ? "truncated" : "overflow"; /* 2^31 x 784 */
  unsigned char overflow[20];
  memset(overflow, 0xff, sizeof overflow);
  memcpy(overflow, (unsigned char[]){0, 0, 8, 4}, 4);
  expect_bad_images(test_write("huge", huge, sizeof huge), DNI_ERROR_DATA, word);
  expect_bad_images(write_gzip("huge.gz", huge, sizeof huge), DNI_ERROR_DATA, word);
  expect_bad_labels(test_write("many", labels_huge, 8), DNI_ERROR_DATA, "2147483648 labels");
  expect_bad_images(test_write("overflow", overflow, sizeof overflow), DNI_ERROR_DATA, "overflow");
  ck_assert_uint_le(memory.largest, 2 << 20);
}
END_TEST

START_TEST(test_idx_labels_do_not_fit) {
  use(_i);
  static const unsigned char two[] = {0, 0, 8, 1, 0, 0, 0, 2, 2, 0};
  dni_dataset *dataset = NULL;
  const char *path = test_write("two", two, sizeof two);
  expect_bad_labels(path, DNI_ERROR_DATA, "2 labels");
  expect_bad_labels(path, DNI_ERROR_DATA, test_path("images"));
  path = good_labels();
  dni_idx_options options = idx_options(1, 2);
  expect_failure(dni_dataset_create_idx(context, good_images(), path, &options, &dataset),
                 DNI_ERROR_DATA, path, "label 0 is 2, expected 0 to 1");
  ck_assert_ptr_null(dataset);
}
END_TEST

START_TEST(test_idx_arguments) {
  use(_i);
  dni_dataset *dataset = NULL;
  const char *x = good_images(), *y = good_labels();
#define CREATE(context, x, y, out) dni_dataset_create_idx(context, x, y, NULL, out)
  expect_failure(CREATE(NULL, x, y, &dataset), DNI_ERROR_ARGUMENT, "context", "NULL");
  expect_failure(CREATE(context, NULL, y, &dataset), DNI_ERROR_ARGUMENT, "images_path", "NULL");
  expect_failure(CREATE(context, x, NULL, &dataset), DNI_ERROR_ARGUMENT, "labels_path", "NULL");
  expect_failure(CREATE(context, x, y, NULL), DNI_ERROR_ARGUMENT, "out", "NULL");
#undef CREATE
  dni_idx_options options;
#define REFUSE(change, status, word)                                                               \
  do {                                                                                             \
    options = idx_options(1, 0);                                                                   \
    options.change;                                                                                \
    expect_failure(dni_dataset_create_idx(context, x, y, &options, &dataset), status, word, "");   \
  } while (0)
  REFUSE(factor = (double)NAN, DNI_ERROR_ARGUMENT, "factor");
  REFUSE(factor = (double)INFINITY, DNI_ERROR_ARGUMENT, "factor");
  REFUSE(offset = -(double)INFINITY, DNI_ERROR_ARGUMENT, "offset");
  REFUSE(struct_size = 4, DNI_ERROR_ARGUMENT, "struct_size");
  REFUSE(in_file = 2, DNI_ERROR_ARGUMENT, "dni_idx_options: in_file is 2");
  REFUSE(in_file = -1, DNI_ERROR_ARGUMENT, "dni_idx_options: in_file is -1");
#undef REFUSE
  ck_assert_ptr_null(dataset);
}
END_TEST

/* Every truncation is refused; every flipped bit is refused or read, and nothing leaks. */
static void damage(const unsigned char *bytes, size_t size) {
  unsigned char copy[4096];
  dni_dataset *dataset = NULL;
  for (size_t length = 0; length < size; length++)
    expect_bad_images(test_write("cut", bytes, length), DNI_ERROR_DATA, "");
  for (size_t bit = 0; bit < 8 * size; bit++) {
    memcpy(copy, bytes, size);
    copy[bit / 8] ^= (unsigned char)(1 << bit % 8);
    const char *path = test_write("flipped", copy, size);
    dni_status status = read_idx(path, test_path("labels"), &dataset);
    ck_assert(status == DNI_OK || status == DNI_ERROR_DATA || status == DNI_ERROR_UNSUPPORTED);
    if (status != DNI_OK) ck_assert_ptr_nonnull(strstr(dni_last_message(), path));
    if (status == DNI_OK) dni_dataset_release(dataset);
  }
}

START_TEST(test_idx_damaged) {
  use(0);
  unsigned char packed[4096];
  size_t size = sizeof packed;
  test_gzip(images, sizeof images, packed, &size);
  good_labels();
  damage(images, sizeof images);
  damage(packed, size);
  packed[size - 5] ^= 1; /* the checksum of the content */
  expect_bad_images(test_write("corrupt.gz", packed, size), DNI_ERROR_DATA, "corrupt gzip");
  packed[size - 5] ^= 1;
  packed[size] = 'x';
  expect_bad_images(test_write("rest.gz", packed, size + 1), DNI_ERROR_DATA, "1 byte follows");
  expect_bad_images(test_write("cut.gz", packed, size - 1), DNI_ERROR_DATA, "truncated gzip");
}
END_TEST

/* CSV. ----------------------------------------------------------------------------------------- */

static dni_csv_options csv_options(void) {
  dni_csv_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  return options;
}

static dni_status read_csv(const char *text, const dni_csv_options *options, dni_dataset **out) {
  return dni_dataset_create_csv(context, test_write_text("table.csv", text), options, out);
}

START_TEST(test_csv_numbers) {
  use(_i);
  dni_dataset *dataset;
  expect_ok(read_csv("1,2.5,-3e1\r\n\n  \t\n 4 ,\t+5 , .5\n", NULL, &dataset));
  ck_assert_uint_eq(dni_dataset_examples(dataset), 2);
  ck_assert_uint_eq(dni_dataset_features(dataset), 2);
  ck_assert_uint_eq(dni_dataset_targets(dataset), 1);
  ck_assert_uint_eq(dni_dataset_classes(dataset), 0);
  ck_assert_double_eq(x_at(dataset, 0, 1), 2.5);
  ck_assert_double_eq(y_at(dataset, 0, 0), -30);
  ck_assert_double_eq(x_at(dataset, 1, 1), 5);
  ck_assert_double_eq(y_at(dataset, 1, 0), 0.5);
  dni_dataset_release(dataset);
}
END_TEST

START_TEST(test_csv_options) {
  use(_i);
  dni_dataset *dataset;
  dni_csv_options options = csv_options();
  options.classes = 3;
  options.targets_first = 1;
  options.header_lines = 2;
  options.separator = ';';
  expect_ok(read_csv("label;x\n\n2;7\n0;8", &options, &dataset));
  ck_assert_uint_eq(dni_dataset_examples(dataset), 2);
  ck_assert_uint_eq(dni_dataset_classes(dataset), 3);
  ck_assert_double_eq(y_at(dataset, 0, 2), 1);
  ck_assert_double_eq(y_at(dataset, 1, 2), 0);
  ck_assert_double_eq(x_at(dataset, 1, 0), 8);
  dni_dataset_release(dataset);
  options = csv_options();
  options.target_columns = 2;
  options.separator = '\t';
  expect_ok(read_csv("1\t2\t3\n4\t5\t6\n", &options, &dataset));
  ck_assert_uint_eq(dni_dataset_targets(dataset), 2);
  ck_assert_double_eq(y_at(dataset, 1, 0), 5);
  dni_dataset_release(dataset);
}
END_TEST

/* 300 rows of 1,000 columns, gzip: lines longer than any first buffer, blocks that grow. */
START_TEST(test_csv_large) {
  use(_i);
  const char *path = test_path("large.csv.gz");
  gzFile file = gzopen(path, "wb1");
  ck_assert_ptr_nonnull(file);
  for (int r = 0; r < 300; r++)
    for (int c = 0; c < 1001; c++)
      ck_assert_int_gt(gzprintf(file, "%s%d%s", c ? "," : "", c < 1000 ? 3 * r + c : r % 10,
                                c < 1000 ? ".0000000000000000000" : "\n"),
                       0);
  ck_assert_int_eq(gzclose(file), Z_OK);
  dni_csv_options options = csv_options();
  options.classes = 10;
  dni_dataset *dataset;
  expect_ok(dni_dataset_create_csv(context, path, &options, &dataset));
  ck_assert_uint_eq(dni_dataset_examples(dataset), 300);
  ck_assert_uint_eq(dni_dataset_features(dataset), 1000);
  for (size_t r = 0; r < 300; r += 13) {
    ck_assert_double_eq(x_at(dataset, r, 999), (double)(3 * r + 999));
    ck_assert_double_eq(y_at(dataset, r, r % 10), 1);
  }
  dni_dataset_release(dataset);
}
END_TEST

START_TEST(test_csv_refused) {
  use(_i);
  static const struct {
    const char *text, *place, *word;
  } cases[] = {
      {"", "table.csv", "no rows"},
      {"\n \r\n\n", "table.csv", "no rows"},
      {"1,2\n3\n", "table.csv:2:", "1 columns, expected 2"},
      {"1,2\n\n3,4,5\n", "table.csv:3:", "3 columns, expected 2"},
      {"7\n8\n", "table.csv:1:", "1 columns"},
      {"1,2\n3,four\n", "table.csv:2: column 2:", "'four' is not a number"},
      {"1,2\n3x,4\n", "table.csv:2: column 1:", "'3x'"},
      {"1,2\n0x10,4\n", "table.csv:2: column 1:", "'0x10'"},
      {"1 2,4\n", "table.csv:1: column 1:", "'1 2'"},
      {"1,nan\n", "table.csv:1: column 2:", "not finite"},
      {"-inf,1\n", "table.csv:1: column 1:", "not finite"},
      {"1,1\n1,Infinity\n", "table.csv:2: column 2:", "not finite"},
      {"1e999,1\n", "table.csv:1: column 1:", "out of range"},
      {"1,,2\n", "table.csv:1: column 2", "empty"},
      {"1,2,\n", "table.csv:1: column 3", "empty"},
      {"1,\x1b[2J\n", "table.csv:1: column 2", "'\\x1b[2J'"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    dni_dataset *dataset = NULL;
    expect_failure(read_csv(cases[i].text, NULL, &dataset), DNI_ERROR_DATA, cases[i].place,
                   cases[i].word);
    ck_assert_ptr_null(dataset);
  }
  dni_dataset *dataset = NULL;
  if (_i == 0)
    expect_failure(read_csv("1e39,1\n", NULL, &dataset), DNI_ERROR_DATA, ":1:", "out of range");
}
END_TEST

START_TEST(test_csv_bad_labels) {
  use(_i);
  static const char *const wrong[] = {"3", "-1", "0.5", "1e10", "1e300"};
  dni_csv_options options = csv_options();
  options.classes = 3;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    char text[64];
    dni_dataset *dataset = NULL;
    (void)snprintf(text, sizeof text, "5,2\n6,%s\n", wrong[i]);
    expect_failure(read_csv(text, &options, &dataset), DNI_ERROR_DATA, "table.csv:2: column 2",
                   wrong[i]);
    ck_assert_ptr_null(dataset);
  }
}
END_TEST

START_TEST(test_csv_unreadable) {
  use(_i);
  unsigned char zeros[64] = {0}, packed[256];
  size_t size = sizeof packed;
  dni_dataset *dataset = NULL;
#define CREATE(path) dni_dataset_create_csv(context, path, NULL, &dataset)
  expect_failure(CREATE(test_path("missing")), DNI_ERROR_IO, "missing", "No such file");
  expect_failure(CREATE(test_directory), DNI_ERROR_IO, test_directory, "directory");
  expect_failure(CREATE(test_write("zeros", zeros, 64)), DNI_ERROR_DATA, "zeros", "NUL");
  test_gzip("1,2\n3,4\n", 8, packed, &size);
  expect_failure(CREATE(test_write("cut", packed, size - 3)), DNI_ERROR_DATA, "cut", "truncated");
  packed[size - 8] ^= 1;
  expect_failure(CREATE(test_write("bad", packed, size)), DNI_ERROR_DATA, "bad", "corrupt");
#undef CREATE
}
END_TEST

START_TEST(test_csv_arguments) {
  use(0);
  dni_dataset *dataset = NULL;
  dni_csv_options options = csv_options();
  expect_failure(dni_dataset_create_csv(context, NULL, NULL, &dataset), DNI_ERROR_ARGUMENT, "path",
                 "NULL");
  options.struct_size = 4;
  expect_failure(read_csv("1,2", &options, &dataset), DNI_ERROR_ARGUMENT, "struct_size", "4");
#define REFUSE(field, value, status)                                                               \
  do {                                                                                             \
    options = csv_options();                                                                       \
    options.field = (value);                                                                       \
    expect_failure(read_csv("1,2", &options, &dataset), status, "dni_csv_options", "");            \
  } while (0)
  REFUSE(targets_first, 2, DNI_ERROR_ARGUMENT);
  REFUSE(separator, '5', DNI_ERROR_ARGUMENT);
  REFUSE(separator, '.', DNI_ERROR_ARGUMENT);
  REFUSE(separator, '\n', DNI_ERROR_ARGUMENT);
  REFUSE(separator, 300, DNI_ERROR_ARGUMENT);
  REFUSE(separator, -1, DNI_ERROR_ARGUMENT);
#undef REFUSE
  struct {
    dni_csv_options known;
    size_t unknown;
  } longer = {csv_options(), 1};
  longer.known.struct_size = sizeof longer;
  expect_failure(read_csv("1,2", &longer.known, &dataset), DNI_ERROR_UNSUPPORTED, "dni_csv_options",
                 "");
  options = csv_options();
  options.classes = 2;
  options.target_columns = 2;
  expect_failure(read_csv("1,2,3", &options, &dataset), DNI_ERROR_ARGUMENT, "2 target columns", "");
  ck_assert_ptr_null(dataset);
}
END_TEST

/* Also where the program's decimal point is a comma. Shows nothing on a machine without such a
 * locale. */
START_TEST(test_csv_locale) {
  use(_i);
  if (!setlocale(LC_ALL, "de_DE.UTF-8")) (void)setlocale(LC_ALL, "fr_FR.UTF-8");
  dni_dataset *dataset;
  expect_ok(read_csv("1.25,2.5\n", NULL, &dataset));
  (void)setlocale(LC_ALL, "C");
  ck_assert_double_eq(x_at(dataset, 0, 0), 1.25);
  ck_assert_double_eq(y_at(dataset, 0, 0), 2.5);
  dni_dataset_release(dataset);
}
END_TEST

/* A truncated table may still be one; it must not crash or leak. */
START_TEST(test_csv_truncated) {
  use(0);
  static const char text[] = "1.5,2,-3e2\r\n 4,5 ,6\n\n7,8,9e-1";
  for (size_t length = 0; length < sizeof text; length++) {
    dni_dataset *dataset = NULL;
    const char *path = test_write("cut.csv", text, length);
    dni_status status = dni_dataset_create_csv(context, path, NULL, &dataset);
    ck_assert(status == DNI_OK || status == DNI_ERROR_DATA);
    if (status != DNI_OK) ck_assert_ptr_nonnull(strstr(dni_last_message(), path));
    dni_dataset_release(dataset);
  }
}
END_TEST

/* Allocations that fail. ----------------------------------------------------------------------- */

static const float sweep_x[] = {1, 2, 3, 4, 5, 6};

static dni_status sweep_memory(dni_dataset **out) {
  dni_matrix x, y;
  dni_matrix_init_f32(&x, sweep_x, 3, 2);
  dni_matrix_init_f32(&y, sweep_x, 3, 1);
  return dni_dataset_create_memory(context, &x, &y, NULL, out);
}

static dni_status sweep_labels(dni_dataset **out) {
  static const int32_t classes[] = {0, 1, 0};
  dni_memory_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.flags = DNI_DATA_BORROW;
  options.classes = 2;
  dni_matrix x, y;
  dni_matrix_init_f32(&x, sweep_x, 3, 2);
  dni_matrix_init_labels(&y, classes, 3);
  return dni_dataset_create_memory(context, &x, &y, &options, out);
}

static dni_status sweep_bytes(dni_dataset **out) {
  static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6};
  dni_matrix x, y;
  dni_matrix_init_u8(&x, bytes, 3, 2);
  dni_matrix_init_f32(&y, sweep_x, 3, 1);
  return dni_dataset_create_memory(context, &x, &y, NULL, out);
}

static dni_status sweep_idx(dni_dataset **out) {
  return read_idx(test_path("images"), test_path("labels"), out);
}

static dni_status sweep_gzip(dni_dataset **out) {
  return read_idx(test_path("images.gz"), test_path("labels.gz"), out);
}

static dni_status sweep_csv(dni_dataset **out) {
  return dni_dataset_create_csv(context, test_path("table.csv"), NULL, out);
}

static dni_status sweep_artificial(dni_dataset **out) {
  return dni_dataset_create_artificial(context, DNI_ARTIFICIAL_NOISY, 3, 20, 1, NULL, out);
}

static dni_status sweep_split(dni_dataset **out) {
  dni_dataset *whole, *second;
  dni_status status = sweep_memory(&whole);
  if (status != DNI_OK) return status;
  status = dni_dataset_split(whole, 2, 1, NULL, out, &second);
  if (status == DNI_OK) dni_dataset_release(second);
  dni_dataset_release(whole);
  return status;
}

static dni_status sweep_subset(dni_dataset **out) {
  static const size_t indices[] = {2, 0, 2};
  dni_dataset *whole;
  dni_status status = sweep_memory(&whole);
  if (status != DNI_OK) return status;
  status = dni_dataset_subset(whole, indices, 3, out);
  dni_dataset_release(whole);
  return status;
}

static dni_status sweep_order(dni_dataset **out) {
  dni_dataset *whole;
  dni_order *order;
  dni_status status = sweep_memory(&whole);
  if (status != DNI_OK) return status;
  status = dni_order_create(whole, NULL, &order);
  if (status == DNI_OK) {
    dni_order_release(order);
    *out = whole;
  } else
    dni_dataset_release(whole);
  return status;
}

static dni_status no_fetch(void *user, const size_t *indices, size_t count, dni_matrix *x,
                           dni_matrix *y) {
  (void)user, (void)indices, (void)count, (void)x, (void)y;
  return DNI_OK;
}

static dni_status sweep_callback(dni_dataset **out) {
  dni_dataset_callbacks callbacks;
  memset(&callbacks, 0, sizeof callbacks);
  callbacks.struct_size = sizeof callbacks;
  callbacks.examples = callbacks.features = callbacks.targets = 3;
  callbacks.fetch = no_fetch;
  return dni_dataset_create_callback(context, &callbacks, out);
}

static dni_status (*const sweeps[])(dni_dataset **out) = {
    sweep_memory, sweep_labels,     sweep_bytes,  sweep_idx,   sweep_gzip,    sweep_csv,
    sweep_split,  sweep_artificial, sweep_subset, sweep_order, sweep_callback};

START_TEST(test_failing_allocations) {
  use(0);
  good_images();
  good_labels();
  write_gzip("images.gz", images, sizeof images);
  write_gzip("labels.gz", labels, sizeof labels);
  test_write_text("table.csv", "1,2\n3,4\n");
  size_t before = memory.live;
  for (int persistent = 0; persistent < 2; persistent++)
    for (size_t at = 0;; at++) {
      dni_dataset *dataset = NULL;
      test_memory_fail(&memory, at, persistent);
      dni_status status = sweeps[_i](&dataset);
      size_t calls = memory.calls;
      test_memory_fail(&memory, SIZE_MAX, false);
      dni_dataset_release(dataset);
      ck_assert_uint_eq(memory.live, before);
      if (calls <= at) {
        ck_assert_int_eq(status, DNI_OK);
        break;
      }
      ck_assert_int_eq(status, DNI_ERROR_MEMORY);
      ck_assert_ptr_null(dataset);
      ck_assert_ptr_nonnull(strstr(dni_last_message(), "out of memory"));
    }
}
END_TEST

static void add_idx(TCase *group) {
  tcase_add_loop_test(group, test_idx, 0, 2);
  tcase_add_loop_test(group, test_idx_scales, 0, 2);
  tcase_add_test(group, test_gzip_members);
  tcase_add_test(group, test_bundled_sample);
  tcase_add_loop_test(group, test_idx_unreadable, 0, 2);
  tcase_add_loop_test(group, test_idx_wrong_header, 0, 2);
  tcase_add_loop_test(group, test_idx_false_claims, 0, 2);
  tcase_add_loop_test(group, test_idx_labels_do_not_fit, 0, 2);
  tcase_add_loop_test(group, test_idx_arguments, 0, 2);
  tcase_add_test(group, test_idx_damaged);
}

static void add_csv(TCase *group) {
  tcase_add_loop_test(group, test_csv_numbers, 0, 2);
  tcase_add_loop_test(group, test_csv_options, 0, 2);
  tcase_add_loop_test(group, test_csv_large, 0, 2);
  tcase_add_loop_test(group, test_csv_refused, 0, 2);
  tcase_add_loop_test(group, test_csv_bad_labels, 0, 2);
  tcase_add_loop_test(group, test_csv_unreadable, 0, 2);
  tcase_add_test(group, test_csv_arguments);
  tcase_add_loop_test(group, test_csv_locale, 0, 2);
  tcase_add_test(group, test_csv_truncated);
}

int main(void) {
  Suite *suite = suite_create("dataset files");
  TCase *group = tcase_create("dataset files");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, set_up, tear_down);
  tcase_set_timeout(group, 120);
  add_idx(group);
  add_csv(group);
  tcase_add_loop_test(group, test_failing_allocations, 0, (int)(sizeof sweeps / sizeof sweeps[0]));
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed > 0;
}
