/* What DATA is, and its examples as data sets. Tables have a file of their own: table_data.c. */
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "train.h"

size_t split_count(const settings *set, size_t examples) {
  const double share = isnan(set->split) ? 0.1 : set->split;
  const bool wanted = share > 0 && !(set->steps == 0 && isnan(set->split));
  size_t count = wanted ? (size_t)(share * (double)examples) : 0;
  if (wanted && count == 0) count = 1;
  return count < examples ? count : 0;
}

size_t classes_wanted(const settings *set, const dni_network *loaded) {
  if (set->classes != COUNT_UNSET) return (size_t)set->classes;
  return loaded && dni_network_outputs(loaded) > 1 ? dni_network_outputs(loaded) : 0;
}

/* The images stay in their file, which saves memory, unless it is gzip. */
static int read_idx(dni_context *context, const char *images, const char *labels, size_t classes,
                    dni_dataset **out) {
  dni_idx_options options = {.struct_size = sizeof options, .classes = classes, .in_file = 1};
  dni_status status = dni_dataset_create_idx(context, images, labels, &options, out);
  if (status == DNI_ERROR_UNSUPPORTED) {
    options.in_file = 0;
    status = dni_dataset_create_idx(context, images, labels, &options, out);
  }
  return status == DNI_OK ? 0 : library_failure();
}

/* "train-images-idx3-ubyte.gz" has its labels in "train-labels-idx1-ubyte.gz". */
bool labels_name(const char *images, char path[PATH_SIZE]) {
  const char *slash = strrchr(images, '/'), *name = slash ? slash + 1 : images;
  const char *word = strstr(name, "images"), *rank = word ? strstr(word, "idx3") : NULL;
  const size_t length = strlen(images);
  if (!word || length >= PATH_SIZE) return false;
  memcpy(path, images, length + 1);
  memcpy(path + (word - images), "labels", 6); /* of the same length */
  if (rank) memcpy(path + (rank - images), "idx1", 4);
  return true;
}

static int open_idx(dni_context *context, const char *images, const char *labels,
                    const char *option, size_t classes, dni_dataset **out) {
  char path[PATH_SIZE];
  if (!labels && !labels_name(images, path))
    return fail("%s: its labels are not known, %s says where they are", images, option);
  return read_idx(context, images, labels ? labels : path, classes, out);
}

/* What the command line says of tables. */
static int refuse_table_options(const settings *set) {
  const bool columns = set->target_columns != COUNT_UNSET || set->targets_first;
  const bool form = set->header_lines != COUNT_UNSET || set->separator != CHOICE_UNSET;
  if (set->classes == 0)
    (void)fail("--classes 0: the targets of %s are labels", set->data);
  else if (columns || form)
    (void)fail("--targets, --targets-first, --header and --separator are for CSV files, %s is none",
               set->data);
  else
    return 0;
  return USAGE;
}

/* A random part of `all` is for validation. Takes the reference. */
static int split(const settings *set, dni_dataset *all, data *out) {
  const size_t count = split_count(set, dni_dataset_examples(all));
  out->train = all;
  if (count == 0) return 0;
  dni_status status = dni_dataset_split(all, count, 1, NULL, &out->validation, &out->train);
  if (status == DNI_OK) dni_dataset_release(all);
  return status == DNI_OK ? 0 : library_failure();
}

static int read_images(const settings *set, dni_context *context, size_t classes, data *out) {
  dni_dataset *all;
  out->format = "IDX";
  int status = open_idx(context, set->data, set->labels, "--labels", classes, &all);
  if (status != 0) return status;
  if (set->predict) out->whole = dni_dataset_retain(all);
  if (!set->validation) return split(set, all, out);
  out->train = all;
  return open_idx(context, set->validation, set->validation_labels, "--validation-labels",
                  dni_dataset_classes(all), &out->validation);
}

/* The test images are for validation, unless --split takes some of the others. */
static int read_folder(const settings *set, dni_context *context, size_t classes, data *out) {
  data_source source;
  dni_dataset *test;
  out->format = "MNIST";
  if (set->labels || set->validation) {
    (void)fail("--labels and --validation: %s is a folder, which has them", set->data);
    return USAGE;
  }
  int status = data_in_directory(set->data, "", &source);
  if (status == 0)
    status = read_idx(context, source.train_images, source.train_labels, classes, &out->train);
  if (status == 0)
    status = read_idx(context, source.test_images, source.test_labels,
                      dni_dataset_classes(out->train), &test);
  if (status != 0) return status;
  if (set->predict) out->whole = dni_dataset_retain(test);
  if (isnan(set->split)) {
    out->validation = test;
    return 0;
  }
  dni_dataset_release(test);
  return split(set, out->train, out);
}

/* An IDX file begins with two zero bytes, and text does not. */
bool file_is_idx(const char *path) {
  struct stat about;
  unsigned char start[2] = {1, 1};
  if (stat(path, &about) != 0 || !S_ISREG(about.st_mode)) return false;
  gzFile file = gzopen(path, "rb");
  if (!file) return false;
  int got = gzread(file, start, sizeof start);
  (void)gzclose(file);
  return got == sizeof start && start[0] == 0 && start[1] == 0;
}

static int check_same(const settings *set, const data *d) {
  if (!d->validation) return 0;
  const size_t features = dni_dataset_features(d->validation);
  if (features == d->features) return 0;
  return fail("%s: %zu features, but the examples to learn have %zu",
              set->validation ? set->validation : set->data, features, d->features);
}

int data_open(const settings *set, dni_context *context, dni_network *loaded, data *out) {
  const size_t classes = classes_wanted(set, loaded);
  const bool folder = path_is_directory(set->data), table = !folder && !file_is_idx(set->data);
  int status = table ? 0 : refuse_table_options(set);
  if (status != 0) return status;
  status = folder  ? read_folder(set, context, classes, out)
           : table ? table_open(set, context, loaded, out)
                   : read_images(set, context, classes, out);
  if (status != 0) return status;
  out->features = dni_dataset_features(out->train);
  out->targets = dni_dataset_targets(out->train);
  out->classes = dni_dataset_classes(out->train);
  return check_same(set, out);
}

void data_close(data *d) {
  scaling_release(&d->scale);
  dni_dataset_release(d->whole);
  dni_dataset_release(d->validation);
  dni_dataset_release(d->train);
}
