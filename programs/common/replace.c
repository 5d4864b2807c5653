/* Files that are written beside the old one and take its place when all is there: a full disk, or a program
 * that is killed, leaves the old one as it was. The library does the same with the files it saves. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "programs.h"

/* Devices, pipes, and links that lead nowhere are written themselves. */
static bool is_replaceable(const char *path) {
  struct stat link, about;
  if (lstat(path, &link) != 0) return true; /* it is new */
  return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

/* Owner and permissions as of the old file, or as those of any new one. */
static void take_over(int file, const char *path) {
  struct stat old;
  const mode_t mask = umask(0);
  (void)umask(mask);
  const bool exists = stat(path, &old) == 0;
  /* Who may not give it away keeps it. */
  if (exists && fchown(file, old.st_uid, old.st_gid) != 0) errno = 0;
  (void)fchmod(file, exists ? old.st_mode & 0777 : 0666 & ~mask);
}

/* Beside what a symbolic link leads to: that is replaced, the link stays. */
static FILE *open_beside(replacement *r) {
  char *real = realpath(r->path, NULL);
  const int length =
      snprintf(r->temporary, sizeof r->temporary, "%s.XXXXXX", real ? real : r->path);
  (void)snprintf(r->target, sizeof r->target, "%s", real ? real : r->path);
  free(real);
  if (length >= PATH_SIZE) {
    errno = ENAMETOOLONG;
    return NULL;
  }
  const int file = mkstemp(r->temporary);
  if (file < 0) return NULL;
  take_over(file, r->target);
  return fdopen(file, "w");
}

int replacement_begin(replacement *r, const char *option, const char *path) {
  *r = (replacement){.option = option, .path = path, .beside = is_replaceable(path)};
  r->file = r->beside ? open_beside(r) : fopen(path, "w");
  return r->file ? 0 : fail("%s %s: %s", option, path, strerror(errno));
}

int replacement_end(replacement *r, int status) {
  const int closed = file_close(r->option, r->path, r->file);
  if (status == 0) status = closed;
  if (!r->beside) return status;
  if (status == 0 && rename(r->temporary, r->target) != 0)
    status = fail("%s %s: %s", r->option, r->path, strerror(errno));
  if (status != 0) (void)unlink(r->temporary);
  return status;
}
