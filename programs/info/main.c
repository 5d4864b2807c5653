/* dni-info: what is in the files of libdni, in any other safetensors file, and in data files.
 *
 * Nothing in a file is believed before it is checked: sizes are compared with the file's own before
 * anything is allocated or read. A bad file is one line on stderr for each thing that is wrong, and the exit
 * status 1; the other files are still described.
 *
 *   identify.c                          which kind of file it is
 *   safetensors.c, checksum.c           the container
 *   objects.c                           layers, SGs, optimisers in it
 *   old_network.c, idx.c, csv.c         other kinds
 *   statistics.c                        elements as numbers
 *   text.c                              lines for people
 */
#include <stdlib.h>

#include "info.h"

typedef struct settings {
  bool json, statistics;
  argument_words files;
} settings;

/* As arguments_parse(). */
static int read_options(int count, char **words, settings *set) {
  const argument table[] = {
      {"tensors", ARGUMENT_FLAG, &set->statistics, 0, 0, NULL,
       "also minimum, maximum, mean, norm and the count of non-finite numbers of each tensor"},
      {"json", ARGUMENT_FLAG, &set->json, 0, 0, NULL, "print one JSON object with everything"},
      {0}};
  set->files = (argument_words){.name = "FILE", .most = (size_t)count};
  set->files.values = calloc((size_t)count + 1, sizeof *set->files.values);
  if (!set->files.values) return fail("out of memory");
  return arguments_parse_words(
      count, words,
      "Show what is in files of libdni (networks, trainings, checkpoints), in any "
      "other\nsafetensors file, and in IDX and CSV files, plain or gzip.\n",
      table, NULL, &set->files);
}

/* Answers whether there are any. */
static bool print_problems(const json_t *report) {
  const json_t *problems = json_object_get(report, "problems");
  const char *path = json_string_value(json_object_get(report, "file"));
  size_t i;
  json_t *each;
  json_array_foreach(problems, i, each) {
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s: ", program_name);
    print_shown(stderr, path);
    (void)fputs(": ", stderr);
    print_shown(stderr, json_string_value(each));
    (void)fputc('\n', stderr);
  }
  return json_array_size(problems) > 0;
}

static int show_files(const settings *set) {
  int status = 0;
  json_t *all = json_object(), *reports = json_array();
  put(all, "files", reports);
  for (size_t i = 0; i < set->files.count; i++) {
    json_t *report = describe_file(set->files.values[i], set->statistics);
    if (!set->json) print_text(report);
    if (print_problems(report)) status = EXIT_FAILURE;
    if (set->json)
      append(reports, report);
    else
      json_decref(report);
  }
  if (set->json && json_print(stdout, all) != 0) status = EXIT_FAILURE;
  json_decref(all);
  return status;
}

int main(int count, char **words) {
  settings set = {0};
  begin("dni-info");
  int status = read_options(count, words, &set);
  if (status == ARGUMENTS_RUN) status = show_files(&set);
  free(set.files.values);
  return finish(status);
}
