/* The files of the command line: what is read is there and can be read more than once, what is written can be
 * written, and nothing is written over what is read, whatever names lead to it. Nothing has been read or
 * written yet. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "train.h"

typedef struct named_file {
  const char *option, *path;
} named_file;

enum { READ_MOST = 12, LOAD_AT = 0 };

/* Reading. ----------------------------------------------------------------------------------------- */

/* Files are read twice, first to see what they are, which a pipe does not allow. */
static int check_readable(const named_file *file) {
  struct stat about;
  if (!file->path) return 0;
  if (stat(file->path, &about) != 0) return fail("%s: %s", file->path, strerror(errno));
  if (S_ISREG(about.st_mode)) return 0;
  return fail("%s: %s", file->path,
              S_ISDIR(about.st_mode) ? "is a directory" : "is not a regular file");
}

/* What is read; what is not there has no path. `room` keeps the names that are not on the command line. */
typedef struct inputs {
  named_file files[READ_MOST];
  size_t count;
  data_source folder;
  char labels[2][PATH_SIZE];
} inputs;

static void add_input(inputs *in, const char *option, const char *path) {
  in->files[in->count++] = (named_file){option, path};
}

static int add_folder(const settings *set, inputs *in) {
  int status = data_in_directory(set->data, "", &in->folder);
  add_input(in, "DATA", in->folder.train_images);
  add_input(in, "DATA", in->folder.train_labels);
  add_input(in, "DATA", in->folder.test_images);
  add_input(in, "DATA", in->folder.test_labels);
  return status;
}

/* Images with their labels, or a table. */
static void add_images(inputs *in, const char *option, const char *images, const char *labels,
                       char found[PATH_SIZE]) {
  add_input(in, option, images);
  add_input(in, option, labels);
  if (images && !labels && file_is_idx(images) && labels_name(images, found))
    add_input(in, option, found);
}

static int find_inputs(const settings *set, inputs *in) {
  *in = (inputs){.count = 0};
  add_input(in, "--load", set->load); /* LOAD_AT */
  const bool is_folder = path_is_directory(set->data);
  if (!is_folder) add_images(in, "DATA", set->data, set->labels, in->labels[0]);
  add_images(in, "--validation", set->validation, set->validation_labels, in->labels[1]);
  return is_folder ? add_folder(set, in) : 0;
}

static int check_inputs(const inputs *in) {
  int status = 0;
  for (size_t i = 0; i < in->count && status == 0; i++)
    status = check_readable(&in->files[i]);
  return status;
}

/* One file by two names. --------------------------------------------------------------------------- */

/* The folder that a name is in. */
static void folder_of(const char *path, char folder[PATH_SIZE]) {
  const char *slash = strrchr(path, '/');
  const size_t length = !slash ? 0 : slash == path ? 1 : (size_t)(slash - path);
  (void)snprintf(folder, PATH_SIZE, "%.*s", length > 0 ? (int)length : 1, length > 0 ? path : ".");
}

static const char *last_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static bool same_place(const char *a, const char *b) {
  struct stat first, second;
  return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

/* Links lead to one file; of two names that are not there yet, the folders are compared. */
static bool is_same_file(const char *a, const char *b) {
  char folder_a[PATH_SIZE], folder_b[PATH_SIZE];
  if (strcmp(a, b) == 0 || same_place(a, b)) return true;
  folder_of(a, folder_a);
  folder_of(b, folder_b);
  return strcmp(last_name(a), last_name(b)) == 0 && same_place(folder_a, folder_b);
}

static int refuse_same(const named_file *a, const named_file *b) {
  if (!a->path || !b->path || !is_same_file(a->path, b->path)) return 0;
  (void)fail("%s and %s name one file, %s", a->option, b->option, a->path);
  return USAGE;
}

/* Writing. ----------------------------------------------------------------------------------------- */

/* The library replaces files; it writes to no device, and says so only when it has something to write. */
static int check_replaceable(const named_file *file) {
  struct stat about;
  if (!file->path || stat(file->path, &about) != 0 || S_ISREG(about.st_mode) ||
      S_ISDIR(about.st_mode))
    return 0;
  return fail("%s %s: is not a regular file", file->option, file->path);
}

static int check_outputs(const named_file *files, size_t count) {
  int status = 0;
  for (size_t i = 0; i < count && status == 0; i++)
    if (files[i].path) status = output_file_writable(files[i].option, files[i].path);
  return status;
}

int files_check(const settings *set) {
  const named_file written[] = {{"--save", set->save},
                                {"--checkpoint", set->checkpoint},
                                {"--predict", set->predict},
                                {"--json-file", set->json_file},
                                {"--figure", set->figure}};
  enum { WRITTEN = sizeof written / sizeof written[0] };
  static inputs in;
  int status = find_inputs(set, &in);
  for (size_t i = 0; i < WRITTEN; i++) {
    for (size_t other = i + 1; other < WRITTEN && status == 0; other++)
      status = refuse_same(&written[i], &written[other]);
    /* What is loaded has been read before it is saved again. */
    for (size_t other = i == 0 ? LOAD_AT + 1 : 0; other < in.count && status == 0; other++)
      status = refuse_same(&written[i], &in.files[other]);
  }
  if (status == 0) status = check_inputs(&in);
  if (status == 0) status = check_replaceable(&written[0]);
  if (status == 0) status = check_replaceable(&written[1]);
  return status == 0 ? check_outputs(written, WRITTEN) : status;
}
