/* Writing a file as a whole: into a sibling, to the disk, then renamed over the old one. A reader sees
 * the old content or all of the new, also after a crash.
 *
 * The sibling is PATH.libdni-tmp0, or the next number that nobody holds. Who writes holds a lock on it,
 * which the system takes back when the process dies. So a sibling without a lock is a dead program's, and
 * the next save removes it, whatever its number. */
#include "file/output.h"

#ifndef DNI_NO_FILES

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than will ever write to one path at once. */
#define SIBLINGS_MOST 1000

static dni_status io_failure(const dni__output *output, const char *what) {
  return dni__fail(DNI_ERROR_IO, "%s: cannot %s: %s", dni__shown(output->path).text, what,
                   strerror(errno));
}

/* The sibling. ------------------------------------------------------------------------------- */

/* Whether the name no longer means the file that was opened: its last owner may have renamed or removed
 * it before we had the lock. */
static bool has_lost_name(const dni__output *output) {
  struct stat opened, named;
  if (lstat(output->temporary, &named) != 0) return errno == ENOENT;
  return fstat(output->file, &opened) == 0 &&
         (opened.st_ino != named.st_ino || opened.st_dev != named.st_dev);
}

/* 0: locked. EWOULDBLOCK: another process holds it. Else an errno: the file system has no locks. */
static int lock(const dni__output *output) {
  int failed;
  do
    failed = flock(output->file, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  while (failed == EINTR);
  return failed;
}

/* 0: the file just made is ours. EAGAIN: somebody takes it for a dead program's, and removes it. */
static int hold(dni__output *output) {
  if (lock(output) != EWOULDBLOCK && !has_lost_name(output)) return 0;
  (void)close(output->file);
  return EAGAIN;
}

/* Remove a file that is there and that nobody holds. Only who has its lock may remove or rename it.
 * O_NOFOLLOW: it may be anybody's link. */
static bool remove_dead(dni__output *output) {
  output->file = open(output->temporary, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (output->file < 0) return false;
  const bool dead = lock(output) == 0 && !has_lost_name(output) && unlink(output->temporary) == 0;
  (void)close(output->file);
  return dead;
}

/* false: the name is too long. */
static bool name_sibling(dni__output *output, int number) {
  const size_t length = strlen(output->target);
  char ending[40];
  (void)snprintf(ending, sizeof ending, ".libdni-tmp%d", number);
  if (length + strlen(ending) >= sizeof output->temporary) return false;
  memcpy(output->temporary, output->target, length);
  (void)strcpy(output->temporary + length, ending);
  return true;
}

/* 0: it is ours. EAGAIN: try the next number. Else an errno. */
static int try_sibling(dni__output *output, int number, mode_t mode) {
  if (!name_sibling(output, number)) return ENAMETOOLONG;
  do {
    output->file = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (output->file >= 0) return hold(output);
    if (errno != EEXIST && errno != EINTR) return errno;
  } while (errno == EINTR || remove_dead(output));
  return EAGAIN;
}

/* Those of programs that died while ours was held by another. */
static void remove_dead_above(dni__output *output, int own) {
  const int file = output->file;
  struct stat facts;
  for (int number = own + 1; number < SIBLINGS_MOST && name_sibling(output, number); number++) {
    if (lstat(output->temporary, &facts) != 0) break;
    (void)remove_dead(output);
  }
  (void)name_sibling(output, own);
  output->file = file;
}

static int create_sibling(dni__output *output, mode_t mode) {
  int failed = EAGAIN, number = -1;
  while (failed == EAGAIN && ++number < SIBLINGS_MOST)
    failed = try_sibling(output, number, mode);
  if (failed == 0) remove_dead_above(output, number);
  return failed;
}

/* What is replaced. --------------------------------------------------------------------------- */

/* Renaming would replace a device, pipe or socket by a file: fatal for /dev/null. */
static dni_status check_replaceable(const dni__output *output, const struct stat *facts) {
  if (S_ISREG(facts->st_mode)) return DNI_OK;
  return dni__fail(DNI_ERROR_IO, "%s: not a regular file", dni__shown(output->path).text);
}

/* A symbolic link stays, and what it leads to is replaced. One that leads nowhere is refused. */
static dni_status find_target(dni__output *output, bool *exists, struct stat *facts) {
  const size_t length = strlen(output->path);
  if (length == 0) errno = ENOENT;
  if (length == 0) return io_failure(output, "create a file beside it");
  *exists = lstat(output->path, facts) == 0;
  if (*exists && S_ISLNK(facts->st_mode)) {
    if (!realpath(output->path, output->target) || stat(output->target, facts) != 0)
      return io_failure(output, "follow its link");
    return check_replaceable(output, facts);
  }
  if (length >= sizeof output->target) {
    errno = ENAMETOOLONG;
    return io_failure(output, "create a file beside it");
  }
  memcpy(output->target, output->path, length + 1);
  return *exists ? check_replaceable(output, facts) : DNI_OK;
}

/* The new file has owner, group and permissions of the one that it replaces, as far as the system lets
 * us; until then only we may open it. A new one has those of the umask. What the old one's group might
 * do was meant for that group alone. */
static dni_status copy_permissions(const dni__output *output, const struct stat *old) {
  struct stat own;
  if (fstat(output->file, &own) != 0) return io_failure(output, "look at the file beside it");
  mode_t mode = old->st_mode & 0777;
  const bool differs = own.st_uid != old->st_uid || own.st_gid != old->st_gid;
  if (differs && fchown(output->file, old->st_uid, old->st_gid) != 0 &&
      fchown(output->file, (uid_t)-1, old->st_gid) != 0)
    mode &= ~(mode_t)070;
  if ((own.st_mode & 0777) != mode && fchmod(output->file, mode) != 0)
    return io_failure(output, "give the new file the permissions of the old one");
  return DNI_OK;
}

void dni__output_give_up(const dni__output *output) {
  (void)unlink(output->temporary);
  (void)close(output->file);
}

dni_status dni__output_open(dni__output *output, const char *path) {
  bool exists = false;
  struct stat facts;
  output->path = path;
  output->status = DNI_OK;
  output->used = 0;
  DNI_TRY(find_target(output, &exists, &facts));
  const int failed = create_sibling(output, exists ? 0600 : 0666);
  if (failed != 0) {
    errno = failed;
    return io_failure(output, "create a file beside it");
  }
  dni_status status = exists ? copy_permissions(output, &facts) : DNI_OK;
  if (status != DNI_OK) dni__output_give_up(output);
  return status;
}

/* Writing. ------------------------------------------------------------------------------------ */

static void put(dni__output *output, const unsigned char *bytes, size_t count) {
  while (count > 0 && output->status == DNI_OK) {
    const ssize_t done = write(output->file, bytes, count);
    if (done == 0) errno = ENOSPC;
    if (done == 0 || (done < 0 && errno != EINTR)) output->status = io_failure(output, "write");
    if (done > 0) {
      bytes += done;
      count -= (size_t)done;
    }
  }
}

static void flush(dni__output *output) {
  put(output, output->buffer, output->used);
  output->used = 0;
}

void dni__output_bytes(dni__output *output, const void *bytes, size_t count) {
  if (count > sizeof output->buffer - output->used) flush(output);
  if (count >= sizeof output->buffer) {
    put(output, bytes, count);
    return;
  }
  memcpy(output->buffer + output->used, bytes, count);
  output->used += count;
}

/* The name is on the disk when its directory is. File systems that cannot do that say EINVAL. */
static dni_status sync_directory(dni__output *output) {
  char *slash = strrchr(output->target, '/');
  const char *directory = ".";
  if (slash == output->target)
    directory = "/";
  else if (slash) {
    *slash = 0;
    directory = output->target;
  }
  const int opened = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return DNI_OK; /* it may be written but not read: nothing more can be done */
  const bool failed = fsync(opened) != 0 && errno != EINVAL && errno != EROFS;
  const int why = errno;
  (void)close(opened);
  errno = why;
  return failed ? io_failure(output, "bring its directory to the disk") : DNI_OK;
}

/* The lock is held until the name is the file's own. What is on the disk no close can lose. */
dni_status dni__output_close(dni__output *output) {
  flush(output);
  if (output->status == DNI_OK && fsync(output->file) != 0)
    output->status = io_failure(output, "bring it to the disk");
  if (output->status == DNI_OK && rename(output->temporary, output->target) != 0)
    output->status = io_failure(output, "replace it");
  if (output->status != DNI_OK) {
    dni__output_give_up(output);
    return output->status;
  }
  (void)close(output->file);
  return sync_directory(output);
}

#endif
