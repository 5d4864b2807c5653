/* theorem1: linear regression through a linear synthetic gradient (SG) converges to the
 * least-squares solution (Czarnecki et al. 2017, Theorem 1, Appendix C).
 *
 * Between the model p = W x and the loss 1/2 sum (p - y)^2 sits the theorem's SG,
 * (alpha + 1) p - (beta + 1) y + gamma, which starts at 0. In every iteration the SG's rate nu is
 * found by exact line search and the model's rate mu is half of the theorem's bound,
 *
 *   corrected  min(b / |B|^2, q / (2 |B|))      what the proof needs
 *   printed    min(b / |B|^2, 1 - q / 2)        what the paper prints
 *
 * with B = X^T X (a row of ones in X), b its smallest eigenvalue that is not 0, |B| its largest,
 * and 1 - q the factor by which the line search shrinks |xi|^2, xi = alpha p - beta y + gamma 1
 * being the SG's error. |B| is at least the number of samples and b / |B|^2 at most 1 / |B|, so
 * with two samples or more 1 - q / 2 >= 1/2 is never the smaller one: the printed bound is then
 * b / |B|^2.
 *
 * Reported: how near W comes to a direct solution; |xi|; the largest violation of
 * |A_k omega_{k+1}| <= sqrt(1 - q_k) |xi_k|, in units of |y| (exact line search makes both sides
 * equal); how often |f| + |xi| rises, f = explainable part of y - p (the proof freezes A, so it
 * may). With fewer samples than d + 1 the solution is not unique, and W is compared with the one
 * nearest to the first W, where descent leads. The number of iterations goes with (|B| / b)^2:
 * with S near d + 1 the most that --iterations allows may not be enough. Under a second. */
#include <stdlib.h>

#include "theorem1.h"

static int run_all(const settings *with) {
  static const int order[] = {CORRECTED, PRINTED};
  run *runs = calloc(RUNS_MOST, sizeof *runs);
  size_t count = 0;
  if (!runs) return fail("out of memory");
  for (size_t i = 0; i < with->dims.count; i++)
    for (size_t j = 0; j < with->samples.count; j++)
      for (size_t k = 0; k < 2; k++) {
        if (with->bound != BOTH && with->bound != order[k]) continue;
        runs[count].inputs = (size_t)with->dims.values[i];
        runs[count].samples = (size_t)with->samples.values[j];
        runs[count].bound = order[k];
        run_theorem(with, &runs[count++]);
      }
  progress(NULL);
  int status = report(with, runs, count);
  free(runs);
  return status;
}

int main(int argc, char **argv) {
  static const char about[] =
      "Train linear regression through the linear synthetic gradient of Theorem 1 (Czarnecki et "
      "al.\n"
      "2017) and compare it with the direct solution, for every pair of --dims and --samples.\n";
  settings with = {.dims = {{1, 2, 5, 20}, 4}, .samples = {{50, 100, 200}, 3}};
  with.iterations = 1000000;
  with.bound = CORRECTED;
  const argument table[] = {
      {"dims", ARGUMENT_LIST, &with.dims, 1, 200, NULL, "inputs d (1,2,5,20)"},
      {"samples", ARGUMENT_LIST, &with.samples, 2, 10000, NULL, "samples S (50,100,200)"},
      {"bound", ARGUMENT_CHOICE, &with.bound, 0, 0, "printed|corrected|both",
       "on the model's rate, half of which is used (corrected)"},
      {"iterations", ARGUMENT_COUNT, &with.iterations, 1, 1e9, NULL,
       "at most; a run ends when it has converged (1000000)"},
      {NULL, ARGUMENT_FLAG, NULL, 0, 0, NULL, NULL},
  };
  begin("theorem1");
  int status = arguments_parse(argc, argv, about, table, &with.common);
  if (status != ARGUMENTS_RUN) return finish(status);
  return finish(run_all(&with));
}
