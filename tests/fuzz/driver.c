/* Runs a target on files: TARGET [FILE | FOLDER] ...
 *
 * For compilers without libFuzzer, and for what has once been found (tests/fuzz/corpus). The name of
 * the file at work is printed if the target ends the process. */
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "fuzz.h"

static char present[4096] = "(none)";
static size_t count;

static void on_exit_show(void) {
  if (present[0]) (void)fprintf(stderr, "at work on: %s\n", present);
}

static void run_bytes(FILE *file) {
  static uint8_t room[1 << 20];
  size_t size = fread(room, 1, sizeof room, file);
  uint8_t *data =
      malloc(size ? size : 1); /* of its size, so that a sanitizer sees reads beyond it */
  EXPECT(data && size < sizeof room, "%s is too large", present);
  memcpy(data, room, size);
  (void)LLVMFuzzerTestOneInput(data, size);
  free(data);
  count++;
}

static void run_path(const char *path);

static void run_folder(DIR *folder, const char *path) {
  const struct dirent *entry;
  char inside[sizeof present];
  while ((entry = readdir(folder))) {
    if (entry->d_name[0] == '.') continue;
    (void)snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
    run_path(inside);
  }
}

static void run_path(const char *path) {
  DIR *folder = opendir(path);
  if (folder) {
    run_folder(folder, path);
    (void)closedir(folder);
    return;
  }
  FILE *file = fopen(path, "rb");
  (void)snprintf(present, sizeof present, "%s", path);
  EXPECT(file, "%s cannot be opened", path);
  run_bytes(file);
  (void)fclose(file);
}

/* Of the sanitizers, if the program is built with one: called before it ends the program. */
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

int main(int argc, char **argv) {
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(on_exit_show);
  for (int i = 1; i < argc; i++)
    run_path(argv[i]);
  printf("%zu inputs\n", count);
  return 0;
}
