/* Files on a machine where everything fails: each call of the system that saving and loading make, the
 * first, the second and so on, fails once or from then on, with each reason that it may have, or does
 * half of its work. After that the old file is there or the new one, never a mixture; nothing is left
 * behind; the status and the message say what happened; no memory is lost; and the next save works.
 *
 * The functions of the C library that the library calls are defined here, in front of the real ones. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "test_files.h"

/* Faults. -------------------------------------------------------------------------------------- */

/* What is to fail; SHORT: it does half of its work. */
enum { SHORT = -1 };

static struct {
  const char *function; /* NULL: nothing */
  size_t at, calls;     /* the call that fails, from 0; those made */
  bool for_good;        /* and all after it */
  int error;
} fault;

static size_t injected;

/* 0: go on. */
static int next_fault(const char *function) {
  if (!fault.function || strcmp(fault.function, function) != 0) return 0;
  const size_t call = fault.calls++;
  if (call != fault.at && !(fault.for_good && call > fault.at)) return 0;
  injected++;
  return fault.error;
}

#define REAL_OF(function, name)                                                                    \
  static __typeof__(&function) real;                                                               \
  if (!real) *(void **)(&real) = dlsym(RTLD_NEXT, name)
#define REAL(function) REAL_OF(function, #function)
/* With offsets of 64 bits, as the library is built: the headers name these functions so. */
#define REAL_64(function) REAL_OF(function, #function "64")

#define FAIL_IF_DUE(name)                                                                          \
  do {                                                                                             \
    const int error_ = next_fault(name);                                                           \
    if (error_ > 0) {                                                                              \
      errno = error_;                                                                              \
      return -1;                                                                                   \
    }                                                                                              \
  } while (0)

int open(const char *path, int flags, ...) {
  REAL_64(open);
  va_list arguments;
  va_start(arguments, flags);
  const unsigned mode = flags & O_CREAT ? va_arg(arguments, unsigned) : 0;
  va_end(arguments);
  FAIL_IF_DUE(flags & O_DIRECTORY ? "open directory" : "open");
  return real(path, flags, mode);
}

ssize_t write(int file, const void *bytes, size_t size) {
  REAL(write);
  const int error = next_fault("write");
  if (error == SHORT) return real(file, bytes, (size + 1) / 2);
  if (error > 0) return errno = error, -1;
  return real(file, bytes, size);
}

ssize_t read(int file, void *bytes, size_t size) {
  REAL(read);
  const int error = next_fault("read");
  if (error == SHORT) return real(file, bytes, (size + 1) / 2);
  if (error > 0) return errno = error, -1;
  return real(file, bytes, size);
}

int close(int file) {
  REAL(close);
  const int error = next_fault("close");
  if (error <= 0) return real(file);
  (void)real(file); /* as Linux does: it is closed all the same */
  errno = error;
  return -1;
}

int fsync(int file) {
  REAL(fsync);
  FAIL_IF_DUE("fsync");
  return real(file);
}

int rename(const char *from, const char *to) {
  REAL(rename);
  FAIL_IF_DUE("rename");
  return real(from, to);
}

int unlink(const char *path) {
  REAL(unlink);
  FAIL_IF_DUE("unlink");
  return real(path);
}

int flock(int file, int operation) {
  REAL(flock);
  FAIL_IF_DUE("flock");
  return real(file, operation);
}

int fstat(int file, struct stat *facts) {
  REAL_64(fstat);
  FAIL_IF_DUE("fstat");
  return real(file, facts);
}

int lstat(const char *path, struct stat *facts) {
  REAL_64(lstat);
  FAIL_IF_DUE("lstat");
  return real(path, facts);
}

int fchmod(int file, mode_t mode) {
  REAL(fchmod);
  FAIL_IF_DUE("fchmod");
  return real(file, mode);
}

/* The scene: a file with an old network, and a new one to be saved over it. ----------------------- */

static test_memory memory;
static dni_context *context;
static dni_network *network, *loaded;

typedef struct content {
  unsigned char bytes[20000];
  size_t size;
} content;

static content old, new;

static void read_content(const char *path, content *to) {
  FILE *file = fopen(path, "rb");
  ck_assert_ptr_nonnull(file);
  to->size = fread(to->bytes, 1, sizeof to->bytes, file);
  ck_assert_int_eq(fclose(file), 0);
}

static bool is_content(const char *path, const content *expected) {
  static content found;
  read_content(path, &found);
  return found.size == expected->size && !memcmp(found.bytes, expected->bytes, found.size);
}

static size_t files(void) {
  size_t count = 0;
  DIR *directory = opendir(test_directory);
  ck_assert_ptr_nonnull(directory);
  for (struct dirent *entry; (entry = readdir(directory));)
    count += entry->d_name[0] != '.';
  ck_assert_int_eq(closedir(directory), 0);
  return count;
}

/* Large enough for several writes. */
static dni_network *make_network(uint64_t seed) {
  dni_initialiser_options options = {.struct_size = sizeof options,
                                     .kind = DNI_INITIALISER_NORMAL,
                                     .has_value = 1,
                                     .value = 1,
                                     .has_seed = 1,
                                     .seed = seed};
  dni_network *made;
  dni_layer *layer;
  expect_ok(dni_network_create(context, &made));
  expect_ok(dni_layer_create_dense(context, 60, 60, DNI_ACTIVATION_RELU, &layer));
  expect_ok(dni_layer_initialise(layer, &options));
  expect_ok(dni_network_add(made, layer));
  dni_layer_release(layer);
  return made;
}

static void set_up(void) {
  test_directory_make();
  context = test_context(DNI_F32, 7, &memory);
  dni_network *first = make_network(1);
  expect_ok(dni_network_save(first, test_path("n")));
  read_content(test_path("n"), &old);
  dni_network_release(first);
  network = make_network(2);
  expect_ok(dni_network_save(network, test_path("new")));
  read_content(test_path("new"), &new);
  ck_assert_int_eq(remove(test_path("new")), 0);
}

static void tear_down(void) {
  dni_network_release(network);
  dni_context_release(context);
  ck_assert_uint_eq(memory.live, 0);
  test_directory_remove();
}

/* The sweep. ----------------------------------------------------------------------------------- */

typedef struct weakness {
  const char *function;
  int error;
  bool harmless; /* what it is for gets done all the same */
} weakness;

static const weakness of_saving[] = {
    {"open", EACCES, false},
    {"open", ENOSPC, false},
    {"open", EROFS, false},
    {"open", EMFILE, false},
    {"open", EDQUOT, false},
    {"open", EINTR, true},
    {"open", EEXIST, true},
    {"write", ENOSPC, false},
    {"write", EIO, false},
    {"write", EDQUOT, false},
    {"write", EFBIG, false},
    {"write", EINTR, true},
    {"write", SHORT, true},
    {"fsync", EIO, false},
    {"fsync", ENOSPC, false},
    {"rename", EACCES, false},
    {"rename", EIO, false},
    {"rename", EROFS, false},
    {"close", EIO, true},
    {"close", EINTR, true},
    {"fstat", EIO, false},
    {"lstat", EACCES, true},
    {"flock", ENOLCK, true},
    {"flock", EINTR, true},
    {"fchmod", EPERM, false},
    {"open directory", EACCES, true},
    {"open directory", ENFILE, true},
};
enum { SAVING = sizeof of_saving / sizeof of_saving[0] };

static void arm(const weakness *w, size_t at, bool for_good) {
  fault.function = w->function;
  fault.error = w->error;
  fault.at = at;
  fault.for_good = for_good;
  fault.calls = 0;
}

/* How many calls there were. */
static size_t disarm(void) {
  fault.function = NULL;
  return fault.calls;
}

/* What was found after a failure is what there may be. */
static void expect_whole(const weakness *w, size_t at, dni_status status) {
  const char *path = test_path("n");
  const bool is_old = is_content(path, &old), is_new = is_content(path, &new);
  ck_assert_msg(is_old || is_new, "%s %d, call %zu: the file is neither", w->function, w->error,
                at);
  ck_assert_msg(status != DNI_OK || is_new, "%s %d, call %zu: saved, but it is the old one",
                w->function, w->error, at);
  ck_assert_msg(files() == 1, "%s %d, call %zu: %zu files", w->function, w->error, at, files());
}

static void put_old_back(void) {
  test_write("n", old.bytes, old.size);
  ck_assert_int_eq(chmod(test_path("n"), 0640), 0); /* not what the umask gives */
}

/* false: there is no such call. */
static bool try_saving(const weakness *w, size_t at, bool for_good) {
  const char *path = test_path("n");
  const size_t live = memory.live;
  put_old_back();
  arm(w, at, for_good);
  dni_status status = dni_network_save(network, path);
  if (disarm() <= at) return false;
  if (w->harmless && !for_good)
    ck_assert_msg(status == DNI_OK, "%s %d, call %zu: %s", w->function, w->error, at,
                  dni_last_message());
  if (status != DNI_OK) {
    ck_assert_int_eq(status, DNI_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(dni_last_message(), path));
    ck_assert_msg(w->error < 0 || strstr(dni_last_message(), strerror(w->error)), "%s %d: %s",
                  w->function, w->error, dni_last_message());
  }
  expect_whole(w, at, status);
  ck_assert_uint_eq(memory.live, live);
  expect_ok(dni_network_save(network, path));
  expect_whole(w, at, DNI_OK);
  return true;
}

/* EINTR and EEXIST for good would go on for ever, as they should: somebody takes every name. */
static bool may_be_for_good(const weakness *w) {
  return w->error != EINTR && w->error != EEXIST;
}

START_TEST(test_saving) {
  const weakness *w = &of_saving[_i];
  size_t at = 0;
  while (try_saving(w, at, false))
    at++;
  ck_assert_msg(at > 0, "%s is never called", w->function);
  for (size_t i = 0; i < at && may_be_for_good(w); i++)
    (void)try_saving(w, i, true);
}
END_TEST

/* A sibling that cannot be removed after a failure is removed by the next save. */
START_TEST(test_unlink_fails) {
  const weakness write_fails = {"write", ENOSPC, false}, unlink_fails = {"unlink", EIO, false};
  put_old_back();
  test_write_text("n.libdni-tmp0", "of a dead program");
  arm(&unlink_fails, 0, true);
  expect_ok(dni_network_save(network, test_path("n"))); /* under the next number */
  (void)disarm();
  ck_assert_uint_eq(files(), 2);
  expect_ok(dni_network_save(network, test_path("n")));
  ck_assert_uint_eq(files(), 1);
  arm(&write_fails, 0, false);
  expect_failure(dni_network_save(network, test_path("n")), DNI_ERROR_IO, "cannot write", "");
  (void)disarm();
  ck_assert_uint_eq(files(), 1);
}
END_TEST

static const weakness of_loading[] = {
    {"open", EACCES, false}, {"open", EMFILE, false}, {"open", EINTR, true}, {"read", EIO, false},
    {"read", EINTR, true},   {"read", SHORT, true},   {"fstat", EIO, false}, {"close", EIO, true},
};
enum { LOADING = sizeof of_loading / sizeof of_loading[0] };

static bool try_loading(const weakness *w, size_t at, bool for_good) {
  const size_t live = memory.live;
  loaded = NULL;
  arm(w, at, for_good);
  dni_status status = dni_network_load(context, test_path("n"), &loaded);
  if (disarm() <= at) {
    dni_network_release(loaded);
    return false;
  }
  if (w->harmless) {
    ck_assert_msg(status == DNI_OK, "%s %d, call %zu: %s", w->function, w->error, at,
                  dni_last_message());
  } else {
    expect_failure(status, DNI_ERROR_IO, test_path("n"), strerror(w->error));
    ck_assert_ptr_null(loaded);
  }
  dni_network_release(loaded);
  ck_assert_uint_eq(memory.live, live);
  return true;
}

START_TEST(test_loading) {
  const weakness *w = &of_loading[_i];
  size_t at = 0;
  while (at < 40 && try_loading(w, at, false)) /* reads that are cut in half are many */
    at++;
  ck_assert_msg(at > 0, "%s is never called", w->function);
  for (size_t i = 0; i < at && may_be_for_good(w); i++)
    (void)try_loading(w, i, true);
}
END_TEST

/* A file that is cut short while it is read is as short as it is. */
START_TEST(test_shrinking_file) {
  for (size_t size = 0; size < new.size; size += 97) {
    test_write("n", new.bytes, size);
    dni_status status = dni_network_load(context, test_path("n"), &loaded);
    ck_assert_int_eq(status, DNI_ERROR_DATA);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("io faults");
  TCase *group = tcase_create("io faults");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, set_up, tear_down);
  tcase_set_timeout(group, 120);
  tcase_add_loop_test(group, test_saving, 0, SAVING);
  tcase_add_test(group, test_unlink_fails);
  tcase_add_loop_test(group, test_loading, 0, LOADING);
  tcase_add_test(group, test_shrinking_file);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  if (srunner_fork_status(runner) == CK_NOFORK) printf("%zu faults of system calls\n", injected);
  srunner_free(runner);
  return failed > 0;
}
