/* Figures by gnuplot: the script is written beside the tables it reads, so that whoever wants
 * another figure has a start. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

extern char **environ;

static const char settings[] =
    "set encoding utf8\n"
    "set border lw 0.8 lc rgb '#222222'\n"
    "set tics out nomirror\n"
    "set grid back lt 1 lc rgb '#dddddd' lw 0.5\n"
    /* Brighter is more: after viridis, of which a print in grey keeps the order. */
    "set palette defined (0 '#440154', 1 '#46327e', 2 '#365c8d', 3 '#277f8e', 4 '#1fa187', "
    "5 '#4ac16d', 6 '#a0da39', 7 '#fde725')\n"
    "set datafile missing 'nan'\n"
    /* The last panel of a multiplot: the legend alone, below the others. */
    "legend = 'unset title; unset label; unset arrow; unset xlabel; unset ylabel; unset border; "
    "unset tics; unset grid; unset logscale; set xrange [0:1]; set yrange [0:1]; "
    "set lmargin at screen 0.03; set rmargin at screen 0.97; set bmargin at screen 0; "
    "set key on center center horizontal maxrows 1 samplen 4 width 2'\n";

static void write_styles(FILE *file) {
  for (size_t i = 0; i < STYLE_COUNT; i++) {
    const method_style *style = &method_styles[i];
    bool whole = style->dash[0] == '\0';
    (void)fprintf(file, "set style line %zu lc rgb '%s' lw 2 dt %s%s%s pt %d ps 0.6\n", i + 1,
                  style->colour, whole ? "1" : "(", style->dash, whole ? "" : ")", style->point);
  }
}

static int write_script(const char *directory, const char *name, int width, int height,
                        const char *script) {
  char file_name[NAME_SIZE];
  FILE *file;
  (void)snprintf(file_name, sizeof file_name, "%s.gp", name);
  int status = output_open(directory, file_name, &file);
  if (status != 0) return status;
  (void)fprintf(file,
                "set terminal svg size %d,%d dynamic enhanced background '#ffffff' "
                "font 'Helvetica,Arial,sans-serif,13'\nset output '%s.svg'\n%s",
                width, height, name, settings);
  write_styles(file);
  (void)fputs(script, file);
  return output_close(directory, file_name, file);
}

/* The shell's cd, so that neither this process nor gnuplot is given a path to parse. */
static int run_gnuplot(const char *directory, const char *name) {
  static const char command[] =
      "command -v gnuplot >/dev/null || exit 127; cd -- \"$1\" && exec gnuplot \"$2.gp\" >&2";
  const char *arguments[] = {"sh", "-c", command, "figure", directory, name, NULL};
  pid_t pid;
  int status;
  /* The cast is POSIX's own: posix_spawn does not change the strings. */
  if (posix_spawnp(&pid, "sh", NULL, NULL, (char *const *)arguments, environ) != 0) return 127;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return 127;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int figure_draw(const char *directory, const char *name, int width, int height,
                const char *script) {
  int status = write_script(directory, name, width, height, script);
  if (status != 0) return status;
  int answer = run_gnuplot(directory, name);
  if (answer == 127) {
    (void)fail("no gnuplot here: %s/%s.svg is not drawn, run gnuplot on %s.gp", directory, name,
               name);
    return 0;
  }
  return answer == 0 ? 0 : fail("%s/%s.gp: gnuplot failed", directory, name);
}
