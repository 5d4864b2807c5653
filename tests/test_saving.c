/* How a file is replaced: it appears under its name as a whole or not at all, with the permissions of
 * the old one, through symbolic links, beside other processes, and on disks that are full. */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "safetensors.h"
#include "training.h"

static dni_context *context;
static content found;

/* The library's own locks go through here: a file system may have none. */
static int flock_answer;

int flock(int file, int operation) {
  if (flock_answer == 0) return (int)syscall(SYS_flock, file, operation);
  errno = flock_answer;
  return -1;
}

static void set_up(void) {
  test_directory_make();
  support_setup();
  context = make_context(DNI_F32, 7);
}

static void tear_down(void) {
  flock_answer = 0;
  training_end();
  test_directory_remove();
}

/* Its weights are all `value`. */
static dni_network *make_filled(const char *text, double value) {
  dni_network *network = make_network(context, text);
  dni_matrix weight;
  expect_ok(dni_layer_parameter(dni_network_layer(network, 0), 0, &weight, NULL));
  matrix_fill(&weight, value);
  return network;
}

/* The value that all weights have; a network with several fails. */
static double value_of(const char *path) {
  dni_network *network;
  dni_matrix weight;
  expect_ok(dni_network_load(context, path, &network));
  expect_ok(dni_layer_parameter(dni_network_layer(network, 0), 0, &weight, NULL));
  const double value = matrix_get(&weight, 0, 0);
  for (size_t r = 0; r < weight.rows; r++)
    for (size_t c = 0; c < weight.columns; c++)
      EXPECT(matrix_get(&weight, r, c) == value, "a mixture of %g and %g", value,
             matrix_get(&weight, r, c));
  dni_network_release(network);
  return value;
}

static bool is_text(const char *path, const char *text) {
  content_load(&found, path);
  return found.size == strlen(text) && !memcmp(found.bytes, text, found.size);
}

static mode_t mode_of(const char *path) {
  struct stat facts;
  EXPECT(lstat(path, &facts) == 0, "%s: %s", path, strerror(errno));
  return facts.st_mode;
}

/* Bad places. ---------------------------------------------------------------------------------- */

START_TEST(bad_places) {
  char long_path[8192];
  memset(long_path, 'a', sizeof long_path - 1);
  long_path[sizeof long_path - 1] = 0;
  dni_network *network = make_filled("3 dense2", 1);
  const char *path = test_path("missing/n");
  expect_failure(dni_network_save(network, path), DNI_ERROR_IO, path, "No such file");
  expect_failure(dni_network_save(network, long_path), DNI_ERROR_IO, "aaaa", "too long");
  (void)snprintf(long_path, sizeof long_path, "%s/%0255d", test_directory, 0); /* its sibling's */
  expect_failure(dni_network_save(network, long_path), DNI_ERROR_IO, "0000", "too long");
  expect_failure(dni_network_save(network, ""), DNI_ERROR_IO, "''", "No such file");
  path = test_write_text("file", "text");
  char below[300];
  (void)snprintf(below, sizeof below, "%s/n", path);
  expect_failure(dni_network_save(network, below), DNI_ERROR_IO, below, "Not a directory");
  path = test_path("directory");
  ck_assert_int_eq(mkdir(path, 0700), 0);
  expect_failure(dni_network_save(network, path), DNI_ERROR_IO, path, "not a regular");
  path = test_path("pipe");
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  expect_failure(dni_network_save(network, path), DNI_ERROR_IO, path, "not a regular");
  expect_failure(dni_network_save(network, "/dev/null"), DNI_ERROR_IO, "/dev/null",
                 "not a regular");
  ck_assert_uint_eq(test_files(), 3);
  ck_assert(is_text(test_path("file"), "text"));
}
END_TEST

/* A name without a folder is one in the present folder. */
START_TEST(relative_path) {
  char present[4096];
  ck_assert_ptr_nonnull(getcwd(present, sizeof present));
  dni_network *network = make_filled("3 dense2", 1);
  ck_assert_int_eq(chdir(test_directory), 0);
  expect_ok(dni_network_save(network, "n"));
  ck_assert_double_eq(value_of("n"), 1);
  ck_assert_int_eq(chdir(present), 0);
  ck_assert_uint_eq(test_files(), 1);
}
END_TEST

/* Permissions and links. ----------------------------------------------------------------------- */

START_TEST(permissions_stay) {
  static const mode_t modes[] = {0600, 0400, 0640, 0666, 0644, 0755, 0444};
  dni_network *network = make_filled("3 dense2", 1);
  const char *path = test_path("n");
  const mode_t usual = umask(027);
  expect_ok(dni_network_save(network, path));
  ck_assert_int_eq(mode_of(path) & 07777, 0640); /* a new one, by the umask */
  for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
    ck_assert_int_eq(chmod(path, modes[i]), 0);
    expect_ok(dni_network_save(network, path));
    ck_assert_int_eq(mode_of(path) & 07777, modes[i]);
  }
  (void)umask(usual);
}
END_TEST

/* Ends with 1 if the file beside `path` was ever open to others. */
static void watch(const char *beside, int stop) {
  struct stat facts;
  char byte;
  (void)fcntl(stop, F_SETFL, O_NONBLOCK);
  while (read(stop, &byte, 1) < 0)
    if (lstat(beside, &facts) == 0 && (facts.st_mode & 077) != 0) _exit(1);
  _exit(0);
}

/* Not even while it is written, and before anything is in it. */
START_TEST(secrets_stay_secret) {
  const char *path = test_write_text("n", "secret"), *beside = test_path("n.libdni-tmp0");
  dni_network *network = make_filled("3 dense2", 1);
  int pipes[2], status;
  const mode_t usual = umask(0);
  ck_assert_int_eq(chmod(path, 0600), 0);
  ck_assert_int_eq(pipe(pipes), 0);
  const pid_t watcher = fork();
  if (watcher == 0) watch(beside, pipes[0]);
  for (int i = 0; i < 500; i++)
    expect_ok(dni_network_save(network, path));
  ck_assert_int_eq((int)write(pipes[1], "x", 1), 1);
  ck_assert_int_eq(waitpid(watcher, &status, 0), watcher);
  (void)umask(usual);
  (void)close(pipes[0]);
  (void)close(pipes[1]);
  ck_assert_msg(status == 0, "others could open the new file");
}
END_TEST

START_TEST(links_stay) {
  dni_network *network = make_filled("3 dense2", 1);
  const char *target = test_write_text("target", "old"), *link = test_path("link");
  ck_assert_int_eq(chmod(target, 0600), 0);
  ck_assert_int_eq(mkdir(test_path("folder"), 0700), 0);
  ck_assert_int_eq(symlink("../target", test_path("folder/second")), 0);
  ck_assert_int_eq(symlink("folder/second", link), 0);
  expect_ok(dni_network_save(network, link));
  ck_assert(S_ISLNK(mode_of(test_path("link"))) && S_ISLNK(mode_of(test_path("folder/second"))));
  ck_assert_int_eq(mode_of(test_path("target")), S_IFREG | 0600);
  ck_assert_double_eq(value_of(test_path("target")), 1);
  ck_assert_uint_eq(test_files(), 3);
}
END_TEST

START_TEST(links_to_nowhere) {
  dni_network *network = make_filled("3 dense2", 1);
  const char *link = test_path("link"), *circle = test_path("circle");
  ck_assert_int_eq(symlink("nowhere", link), 0);
  ck_assert_int_eq(symlink("circle", circle), 0);
  expect_failure(dni_network_save(network, link), DNI_ERROR_IO, link, "follow its link");
  expect_failure(dni_network_save(network, circle), DNI_ERROR_IO, circle, "follow its link");
  ck_assert_int_eq(unlink(link), 0);
  ck_assert_int_eq(symlink("/dev/null", link), 0);
  expect_failure(dni_network_save(network, link), DNI_ERROR_IO, link, "not a regular");
  ck_assert_uint_eq(test_files(), 2);
}
END_TEST

/* The file beside it. -------------------------------------------------------------------------- */

START_TEST(leavings_of_the_dead_are_removed) {
  dni_network *network = make_filled("3 dense2", 1);
  test_write_text("n.libdni-tmp0", "left by a program that died");
  expect_ok(dni_network_save(network, test_path("n")));
  ck_assert_uint_eq(test_files(), 1);
  ck_assert_double_eq(value_of(test_path("n")), 1);
}
END_TEST

/* A link or a pipe of that name is somebody else's. */
/* The second of two that saved at once has died. */
START_TEST(higher_numbers_of_the_dead_are_removed) {
  dni_network *network = make_filled("3 dense2", 1);
  test_write_text("n.libdni-tmp1", "left by a program that died");
  test_write_text("n.libdni-tmp2", "left by another");
  test_write_text("n.tmp0", "somebody's");
  expect_ok(dni_network_save(network, test_path("n")));
  ck_assert_uint_eq(test_files(), 2);
  ck_assert(is_text(test_path("n.tmp0"), "somebody's"));
}
END_TEST

START_TEST(what_is_no_file_is_left_alone) {
  dni_network *network = make_filled("3 dense2", 1);
  test_write_text("other", "other");
  ck_assert_int_eq(symlink("other", test_path("n.libdni-tmp0")), 0);
  ck_assert_int_eq(mkfifo(test_path("n.libdni-tmp1"), 0600), 0);
  expect_ok(dni_network_save(network, test_path("n")));
  ck_assert(S_ISLNK(mode_of(test_path("n.libdni-tmp0"))) &&
            S_ISFIFO(mode_of(test_path("n.libdni-tmp1"))));
  ck_assert(is_text(test_path("other"), "other"));
  ck_assert_uint_eq(test_files(), 4);
}
END_TEST

static void hold_and_wait(const char *path, int ready) {
  const int file = open(path, O_WRONLY);
  if (flock(file, LOCK_EX) != 0 || write(ready, "x", 1) != 1) _exit(1);
  for (;;)
    pause();
}

START_TEST(what_the_living_hold_is_left_alone) {
  dni_network *network = make_filled("3 dense2", 1);
  const char *held = test_write_text("n.libdni-tmp0", "half of it");
  int pipes[2], status;
  char byte;
  ck_assert_int_eq(pipe(pipes), 0);
  const pid_t holder = fork();
  if (holder == 0) hold_and_wait(held, pipes[1]);
  ck_assert_int_eq((int)read(pipes[0], &byte, 1), 1);
  expect_ok(dni_network_save(network, test_path("n")));
  ck_assert_uint_eq(test_files(), 2);
  ck_assert(is_text(held, "half of it"));
  ck_assert_int_eq(kill(holder, SIGKILL), 0);
  ck_assert_int_eq(waitpid(holder, &status, 0), holder);
  expect_ok(dni_network_save(network, test_path("n")));
  ck_assert_uint_eq(test_files(), 1);
  (void)close(pipes[0]);
  (void)close(pipes[1]);
}
END_TEST

/* What another process may be writing is then left alone, too. */
START_TEST(file_systems_without_locks) {
  dni_network *network = make_filled("3 dense2", 1);
  const char *path = test_write_text("n", "old");
  flock_answer = ENOLCK;
  expect_ok(dni_network_save(network, path));
  ck_assert_uint_eq(test_files(), 1);
  test_write_text("n.libdni-tmp0", "somebody's");
  expect_ok(dni_network_save(network, path));
  flock_answer = 0;
  ck_assert_uint_eq(test_files(), 2);
  ck_assert(is_text(test_path("n.libdni-tmp0"), "somebody's"));
  ck_assert_double_eq(value_of(test_path("n")), 1);
}
END_TEST

/* Processes. ----------------------------------------------------------------------------------- */

enum { SAVES = 200 };

static pid_t start_saving(const char *text, double value, const char *path) {
  const pid_t child = fork();
  if (child != 0) return child;
  dni_network *network = make_filled(text, value);
  for (int i = 0; i < SAVES; i++)
    if (dni_network_save(network, path) != DNI_OK) _exit(1);
  _exit(0);
}

/* Of different sizes, so that half of each could be seen. */
START_TEST(processes_never_mix) {
  const char *path = test_path("n");
  expect_ok(dni_network_save(make_filled("3 dense2", 1), path));
  const pid_t children[] = {start_saving("30 dense40", 1, path),
                            start_saving("50 dense60", 2, path)};
  int living = 2, status;
  while (living > 0) {
    const double value = value_of(path);
    ck_assert(value == 1 || value == 2);
    for (int i = 0; i < 2; i++)
      if (waitpid(children[i], &status, WNOHANG) == children[i]) {
        ck_assert_int_eq(status, 0);
        living--;
      }
  }
  ck_assert_uint_eq(test_files(), 1);
}
END_TEST

/* Full disks. ---------------------------------------------------------------------------------- */

/* A disk that is full after `most` bytes, played by a limit on the size of files. */
static dni_status save_within(dni_network *network, const char *path, size_t most) {
  struct rlimit usual, small;
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &usual), 0);
  small = usual;
  small.rlim_cur = most;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
  dni_status status = dni_network_save(network, path);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &usual), 0);
  (void)signal(SIGXFSZ, handler);
  return status;
}

START_TEST(full_disks) {
  static const size_t most[] = {0, 1, 100, 16384, 30000, 65536};
  dni_network *network = make_filled("100 dense200", 1);
  const char *old = test_write_text("n", "the old content"), *fresh = test_path("new");
  for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
    expect_failure(save_within(network, old, most[i]), DNI_ERROR_IO, old, "cannot write");
    expect_failure(save_within(network, fresh, most[i]), DNI_ERROR_IO, fresh, "File too large");
    ck_assert(is_text(old, "the old content"));
    ck_assert_uint_eq(test_files(), 1);
  }
  expect_ok(dni_network_save(network, old));
  ck_assert_double_eq(value_of(old), 1);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("saving");
  TCase *group = tcase_create("saving");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, set_up, tear_down);
  tcase_set_timeout(group, 120);
  tcase_add_test(group, bad_places);
  tcase_add_test(group, relative_path);
  tcase_add_test(group, permissions_stay);
  tcase_add_test(group, secrets_stay_secret);
  tcase_add_test(group, links_stay);
  tcase_add_test(group, links_to_nowhere);
  tcase_add_test(group, leavings_of_the_dead_are_removed);
  tcase_add_test(group, higher_numbers_of_the_dead_are_removed);
  tcase_add_test(group, what_is_no_file_is_left_alone);
  tcase_add_test(group, what_the_living_hold_is_left_alone);
  tcase_add_test(group, file_systems_without_locks);
  tcase_add_test(group, processes_never_mix);
  tcase_add_test(group, full_disks);
  return support_run(suite);
}
