/* What DATA is, and its examples as data sets. Tables have a file of their own: table_data.c. */
#include <math.h>
#include <string.h>
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
static int labels_path(const char *images, const char *option, char path[PATH_SIZE]) {
  const char *slash = strrchr(images, '/'), *name = slash ? slash + 1 : images;
  const char *word = strstr(name, "images"), *rank = word ? strstr(word, "idx3") : NULL;
  const size_t length = strlen(images);
  if (!word || length >= PATH_SIZE)
    return fail("%s: its labels are not known, %s says where they are", images, option);
  memcpy(path, images, length + 1);
  memcpy(path + (word - images), "labels", 6); /* of the same length */
  if (rank) memcpy(path + (rank - images), "idx1", 4);
  return 0;
}

static int open_idx(dni_context *context, const char *images, const char *labels,
                    const char *option, size_t classes, dni_dataset **out) {
  char path[PATH_SIZE];
  if (!labels) {
    int status = labels_path(images, option, path);
    if (status != 0) return status;
    labels = path;
  }
  return read_idx(context, images, labels, classes, out);
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

/* An IDX file begins with two zero bytes, and text does not. Whoever opens the file next says why it cannot
 * be read. */
static bool is_idx(const char *path) {
  unsigned char start[2] = {1, 1};
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
  int status;
  if (path_is_directory(set->data))
    status = read_folder(set, context, classes, out);
  else if (is_idx(set->data))
    status = read_images(set, context, classes, out);
  else
    status = table_open(set, context, loaded, out);
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
