/* IDX images that stay in their file: the same bits as from memory in each way of asking, refusals,
 * a file that becomes shorter, the descriptor, threads. */
#include <dirent.h>
#include <pthread.h>
#include <sys/stat.h>

#include "test_files.h"

/* Sizes of images: several rows, one row, and a part of a row are read at a time. */
static const size_t image_sizes[] = {1, 784, 4096, 9000};
enum { IMAGES = 50, LONGEST = 9000, SIZES = sizeof image_sizes / sizeof image_sizes[0] };

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

static size_t count_descriptors(void) {
  size_t count = 0;
  DIR *directory = opendir("/proc/self/fd");
  ck_assert_ptr_nonnull(directory);
  while (readdir(directory))
    count++;
  ck_assert_int_eq(closedir(directory), 0);
  return count;
}

/* Files. --------------------------------------------------------------------------------------- */

static unsigned char file_bytes[12 + IMAGES * LONGEST + 1];

static unsigned char pixel(size_t i) {
  return (unsigned char)(i * 2654435761u >> 16);
}

/* IMAGES images of `pixels` pixels, and their labels, which are 0 to 6. */
static void write_files(size_t pixels) {
  unsigned char labels[8 + IMAGES] = {0, 0, 8, 1, 0, 0, 0, IMAGES};
  unsigned char header[12] = {0, 0, 8, 2, 0, 0, 0, IMAGES, 0, 0};
  header[10] = (unsigned char)(pixels >> 8);
  header[11] = (unsigned char)pixels;
  memcpy(file_bytes, header, sizeof header);
  for (size_t i = 0; i < IMAGES * pixels; i++)
    file_bytes[12 + i] = pixel(i);
  for (size_t i = 0; i < IMAGES; i++)
    labels[8 + i] = (unsigned char)(5 * i % 7);
  test_write("images", file_bytes, 12 + IMAGES * pixels);
  test_write("labels", labels, sizeof labels);
}

static dni_status create(const char *path, bool in_file, dni_dataset **out) {
  dni_idx_options options = {.struct_size = sizeof options};
  options.scaled = 1;
  options.factor = 1.0 / 3;
  options.offset = -0.7;
  options.in_file = in_file;
  return dni_dataset_create_idx(context, path, test_path("labels"), &options, out);
}

static dni_dataset *open_images(bool in_file) {
  dni_dataset *dataset;
  expect_ok(create(test_path("images"), in_file, &dataset));
  return dataset;
}

/* The same bits. ------------------------------------------------------------------------------- */

static size_t element_size(const dni_matrix *matrix) {
  return matrix->dtype == DNI_F64 ? 8 : 4;
}

static void view(dni_matrix *matrix, void *data, size_t rows, size_t columns) {
  if (dni_context_dtype(context) == DNI_F32)
    dni_matrix_init_f32(matrix, data, rows, columns);
  else
    dni_matrix_init_f64(matrix, data, rows, columns);
}

/* A matrix of the context's element type whose bytes are all 0xab. */
static dni_matrix make_matrix(size_t rows, size_t columns) {
  dni_matrix matrix;
  void *data = malloc(rows * columns * 8);
  ck_assert_ptr_nonnull(data);
  memset(data, 0xab, rows * columns * 8);
  view(&matrix, data, rows, columns);
  return matrix;
}

static dni_matrix make_y(const dni_dataset *dataset, size_t rows, bool digits) {
  dni_matrix y = make_matrix(rows, dni_dataset_targets(dataset));
  if (digits) dni_matrix_init_labels(&y, y.data, rows);
  return y;
}

static void expect_same(const dni_matrix *left, const dni_matrix *right) {
  ck_assert_mem_eq(left->data, right->data, left->rows * left->columns * element_size(left));
}

/* Rows from `first` on, or those of indices, of two data sets; y as labels or as one-hot rows. */
static void compare_rows(dni_dataset *const sets[2], const size_t *indices, size_t first,
                         size_t rows, bool digits) {
  dni_matrix x[2], y[2];
  for (size_t i = 0; i < 2; i++) {
    x[i] = make_matrix(rows, dni_dataset_features(sets[i]));
    y[i] = make_y(sets[i], rows, digits);
    size_t calls = memory.calls;
    if (indices)
      expect_ok(dni_dataset_gather(sets[i], indices, rows, &x[i], &y[i]));
    else
      expect_ok(dni_dataset_batch(sets[i], first, &x[i], &y[i]));
    ck_assert_uint_eq(memory.calls, calls); /* nothing is allocated */
  }
  expect_same(&x[0], &x[1]);
  expect_same(&y[0], &y[1]);
  for (size_t i = 0; i < 2; i++)
    free(x[i].data), free(y[i].data);
}

/* Two data sets of the same examples, from memory and from the file. Both are released. */
static void compare_sets(dni_dataset *from_memory, dni_dataset *from_file) {
  static const size_t mixed[] = {3, 4, 5, 6, 7, 8, 2, 2, 1, 0, 9, 10, 3, 9};
  dni_dataset *const sets[2] = {from_memory, from_file};
  size_t examples = dni_dataset_examples(from_memory);
  ck_assert_uint_eq(dni_dataset_examples(from_file), examples);
  ck_assert_uint_eq(dni_dataset_features(from_file), dni_dataset_features(from_memory));
  ck_assert_uint_eq(dni_dataset_classes(from_file), 7);
  for (int digits = 0; digits < 2; digits++) {
    compare_rows(sets, NULL, 0, examples, digits);
    compare_rows(sets, NULL, 3, 7, digits);
    compare_rows(sets, NULL, examples - 1, 1, digits);
    compare_rows(sets, mixed, 0, sizeof mixed / sizeof mixed[0], digits);
  }
  dni_dataset_release(from_memory);
  dni_dataset_release(from_file);
}

START_TEST(test_same_bits) {
  static const size_t chosen[] = {49, 3, 4, 5, 6, 20, 19, 18, 4, 0, 1, 2};
  use(_i / SIZES);
  write_files(image_sizes[_i % SIZES]);
  dni_dataset *whole[2], *some[2], *first[2], *second[2];
  dni_random_options random = {.struct_size = sizeof random, .has_seed = 1, .seed = 5};
  size_t before = count_descriptors();
  for (int i = 0; i < 2; i++) {
    whole[i] = open_images(i);
    expect_ok(dni_dataset_subset(whole[i], chosen, sizeof chosen / sizeof chosen[0], &some[i]));
    expect_ok(dni_dataset_split(whole[i], 20, 1, &random, &first[i], &second[i]));
  }
  compare_sets(whole[0], whole[1]);
  compare_sets(some[0], some[1]);
  compare_sets(first[0], first[1]);
  ck_assert_uint_eq(count_descriptors(), before + 1); /* one part is left */
  compare_sets(second[0], second[1]);
  ck_assert_uint_eq(count_descriptors(), before);
}
END_TEST

/* The default scale, and rows of x that are further apart than they are long. */
START_TEST(test_stride) {
  use(_i);
  write_files(5000);
  dni_idx_options options = {.struct_size = sizeof options, .in_file = 1};
  dni_dataset *dataset;
  expect_ok(dni_dataset_create_idx(context, test_path("images"), test_path("labels"), &options,
                                   &dataset));
  dni_matrix x = make_matrix(3, 5010);
  const float *f32 = x.data;
  const double *f64 = x.data;
  size_t size = element_size(&x);
  x.columns = 5000;
  expect_ok(dni_dataset_batch(dataset, 1, &x, NULL));
  for (size_t row = 0; row < 3; row++) {
    for (size_t i = 0; i < 5000; i++) {
      double value = pixel((row + 1) * 5000 + i) * (1.0 / 255);
      ck_assert(_i == 0 ? f32[row * 5010 + i] == (float)value : f64[row * 5010 + i] == value);
    }
    for (size_t i = (row * 5010 + 5000) * size; i < (row + 1) * 5010 * size; i++)
      ck_assert_uint_eq(((const unsigned char *)x.data)[i], 0xab);
  }
  free(x.data);
  dni_dataset_release(dataset);
}
END_TEST

/* Refusals. ------------------------------------------------------------------------------------ */

static void expect_refused(const char *path, dni_status status, const char *word) {
  dni_dataset *dataset = NULL;
  size_t before = count_descriptors();
  expect_failure(create(path, true, &dataset), status, path, word);
  ck_assert_ptr_null(dataset);
  ck_assert_uint_eq(count_descriptors(), before);
}

START_TEST(test_refused) {
  use(_i);
  write_files(4);
  unsigned char packed[4096];
  size_t whole = 12 + IMAGES * 4, used = sizeof packed;
  test_gzip(file_bytes, whole, packed, &used);
  expect_refused(test_write("packed", packed, used), DNI_ERROR_UNSUPPORTED, "gzip");
  expect_refused(test_directory, DNI_ERROR_UNSUPPORTED, "regular");
  ck_assert_int_eq(mkfifo(test_path("pipe"), 0600), 0); /* nobody writes: opening would wait */
  expect_refused(test_path("pipe"), DNI_ERROR_UNSUPPORTED, "regular");
  expect_refused(test_path("missing"), DNI_ERROR_IO, "No such file");
  expect_refused(test_write("empty", "", 0), DNI_ERROR_DATA, "empty");
  expect_refused(test_write("short", file_bytes, whole - 1), DNI_ERROR_DATA, "truncated");
  expect_refused(test_write("long", file_bytes, whole + 1), DNI_ERROR_DATA, "trailing");
  file_bytes[7]--;
  expect_refused(test_write("fewer", file_bytes, whole - 4), DNI_ERROR_DATA, "50 labels");
}
END_TEST

/* Labels may be gzip: they are in memory. */
START_TEST(test_packed_labels) {
  use(0);
  write_files(784);
  unsigned char labels[8 + IMAGES], packed[4096];
  size_t used = sizeof packed;
  FILE *file = fopen(test_path("labels"), "rb");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fread(labels, 1, sizeof labels, file), sizeof labels);
  ck_assert_int_eq(fclose(file), 0);
  dni_dataset *from_memory = open_images(false);
  test_gzip(labels, sizeof labels, packed, &used);
  test_write("labels", packed, used);
  compare_sets(from_memory, open_images(true));
}
END_TEST

START_TEST(test_becomes_shorter) {
  use(_i / SIZES);
  size_t pixels = image_sizes[_i % SIZES];
  write_files(pixels);
  dni_dataset *dataset = open_images(true);
  const char *path = test_path("images");
  dni_matrix x = make_matrix(IMAGES, pixels), y = make_y(dataset, IMAGES, true);
  ck_assert_int_eq(truncate(path, (off_t)(12 + IMAGES * pixels - 1)), 0);
  expect_failure(dni_dataset_batch(dataset, 0, &x, &y), DNI_ERROR_IO, path, "shorter");
  expect_failure(
      dni_dataset_gather(
          dataset, (size_t[]){IMAGES - 1}, 1,
          &(dni_matrix){
              .data = x.data, .rows = 1, .columns = pixels, .stride = pixels, .dtype = x.dtype},
          NULL),
      DNI_ERROR_IO, path, "shorter");
  x.rows = IMAGES - 1; /* what is there can be read */
  expect_ok(dni_dataset_batch(dataset, 0, &x, NULL));
  expect_ok(dni_dataset_batch(dataset, 0, NULL, &y)); /* labels are in memory */
  free(x.data), free(y.data);
  dni_dataset_release(dataset);
}
END_TEST

/* The path is copied, and the file stays readable without its name. */
START_TEST(test_removed) {
  use(0);
  write_files(784);
  dni_dataset *from_memory = open_images(false), *from_file = open_images(true);
  ck_assert_int_eq(unlink(test_path("images")), 0);
  compare_sets(from_memory, from_file);
}
END_TEST

START_TEST(test_failing_allocations) {
  use(0);
  write_files(784);
  size_t live = memory.live, descriptors = count_descriptors();
  bool enough = false; /* the number of blocks that may be had */
  for (size_t at = 0; !enough; at++) {
    dni_dataset *dataset = NULL;
    test_memory_fail(&memory, at, false);
    dni_status status = create(test_path("images"), true, &dataset);
    enough = memory.calls <= at;
    ck_assert_int_eq(status, enough ? DNI_OK : DNI_ERROR_MEMORY);
    test_memory_fail(&memory, SIZE_MAX, false);
    dni_dataset_release(dataset);
    ck_assert_uint_eq(memory.live, live);
    ck_assert_uint_eq(count_descriptors(), descriptors);
  }
}
END_TEST

/* The pixels do not enter memory. */
START_TEST(test_memory_used) {
  use(_i);
  write_files(LONGEST);
  dni_dataset *dataset = open_images(true);
  ck_assert_uint_le(memory.live, 16384);
  ck_assert_uint_le(memory.largest, 1 << 17);
  dni_dataset_release(dataset);
}
END_TEST

/* Threads. ------------------------------------------------------------------------------------- */

typedef struct reading {
  const dni_dataset *dataset;
  const void *right; /* all of x */
  size_t step;       /* example i of a batch is i * step: each thread has an order of its own */
  void *data;
  size_t failures;
} reading;

static void *read_again_and_again(void *argument) {
  reading *own = argument;
  size_t indices[IMAGES], row = 784 * (dni_context_dtype(context) == DNI_F32 ? 4 : 8);
  dni_matrix x;
  view(&x, own->data, IMAGES, 784);
  for (size_t i = 0; i < IMAGES; i++)
    indices[i] = i * own->step % IMAGES;
  for (size_t turn = 0; turn < 200; turn++) {
    memset(own->data, 0xab, IMAGES * row);
    if (dni_dataset_gather(own->dataset, indices, IMAGES, &x, NULL) != DNI_OK) own->failures++;
    for (size_t i = 0; i < IMAGES; i++)
      if (memcmp((char *)own->data + i * row, (const char *)own->right + indices[i] * row, row))
        own->failures++;
  }
  return NULL;
}

START_TEST(test_threads) {
  use(_i);
  write_files(784);
  dni_dataset *dataset = open_images(true);
  dni_matrix right = make_matrix(IMAGES, 784);
  expect_ok(dni_dataset_batch(dataset, 0, &right, NULL));
  reading readings[2] = {{dataset, right.data, 1, NULL, 0}, {dataset, right.data, 7, NULL, 0}};
  pthread_t threads[2];
  for (size_t i = 0; i < 2; i++) {
    readings[i].data = make_matrix(IMAGES, 784).data;
    ck_assert_int_eq(pthread_create(&threads[i], NULL, read_again_and_again, &readings[i]), 0);
  }
  for (size_t i = 0; i < 2; i++) {
    ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(readings[i].failures, 0);
    free(readings[i].data);
  }
  free(right.data);
  dni_dataset_release(dataset);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("dataset in file");
  TCase *group = tcase_create("dataset in file");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, set_up, tear_down);
  tcase_set_timeout(group, 120);
  tcase_add_loop_test(group, test_same_bits, 0, 2 * SIZES);
  tcase_add_loop_test(group, test_stride, 0, 2);
  tcase_add_loop_test(group, test_refused, 0, 2);
  tcase_add_test(group, test_packed_labels);
  tcase_add_loop_test(group, test_becomes_shorter, 0, 2 * SIZES);
  tcase_add_test(group, test_removed);
  tcase_add_test(group, test_failing_allocations);
  tcase_add_loop_test(group, test_memory_used, 0, 2);
  tcase_add_loop_test(group, test_threads, 0, 2);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed > 0;
}
