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
 * Beside it the same SG is solved for instead of searched: the least-squares SG on (p, y, 1), which
 * remembers the last lesson alone. p - y is linear in what it sees. So with ridge 0 it is the true
 * gradient after the first lesson, xi = 0 to rounding, if A = [p, -y, 1] has rank 3: three samples
 * or more, and y not an affine function of p. (With a lower rank it is right on the samples of the
 * lesson, but not where the next W takes p. Where W can fit the samples exactly, S <= d + 1, the
 * rank is lost on the way, and |xi| stays near the root of the rounding.) From then on this is gradient descent, which may use
 * the bound 2 / |B|, called `descent`: the iterations then go with |B| / b, not with its square. A
 * ridge lambda leaves an error |xi| in proportion to lambda, and one of W: both are shown for
 * lambda from 1e-12 to 1e-3.
 *
 * Reported: how near W comes to a direct solution; |xi|, and what it is after the first lesson; the
 * largest violation of |A_k omega_{k+1}| <= sqrt(1 - q_k) |xi_k|, in units of |y| (exact line
 * search makes both sides equal); how often |f| + |xi| rises, f = explainable part of y - p (the
 * proof freezes A, so it may). With fewer samples than d + 1 the solution is not unique, and W is
 * compared with the one nearest to the first W, where descent leads. The number of iterations of
 * line search goes with (|B| / b)^2: with S near d + 1 the most that --iterations allows may not be
 * enough. A few seconds. */
#include <stdlib.h>

#include "theorem1.h"

static const variant variants[VARIANTS] = {
    {LINE_SEARCH, CORRECTED, 0},    {LINE_SEARCH, PRINTED, 0},       {LEAST_SQUARES, CORRECTED, 0},
    {LEAST_SQUARES, DESCENT, 0},    {LEAST_SQUARES, DESCENT, 1e-12}, {LEAST_SQUARES, DESCENT, 1e-9},
    {LEAST_SQUARES, DESCENT, 1e-6}, {LEAST_SQUARES, DESCENT, 1e-3},
};

static bool is_wanted(const settings *with, const variant *of) {
  if (with->sg != EITHER && with->sg != of->sg) return false;
  return of->sg != LINE_SEARCH || with->bound == BOTH || with->bound == of->bound;
}

static int run_all(const settings *with) {
  run *runs = calloc(RUNS_MOST, sizeof *runs);
  size_t count = 0;
  if (!runs) return fail("out of memory");
  for (size_t i = 0; i < with->dims.count; i++)
    for (size_t j = 0; j < with->samples.count; j++)
      for (size_t k = 0; k < VARIANTS; k++) {
        if (!is_wanted(with, &variants[k])) continue;
        runs[count].inputs = (size_t)with->dims.values[i];
        runs[count].samples = (size_t)with->samples.values[j];
        runs[count].of = variants[k];
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
  with.sg = EITHER;
  with.bound = CORRECTED;
  const argument table[] = {
      {"dims", ARGUMENT_LIST, &with.dims, 1, 200, NULL, "inputs d (1,2,5,20)"},
      {"samples", ARGUMENT_LIST, &with.samples, 2, 10000, NULL, "samples S (50,100,200)"},
      {"sg", ARGUMENT_CHOICE, &with.sg, 0, 0, "line-search|least-squares|both",
       "how the SG learns (both)"},
      {"bound", ARGUMENT_CHOICE, &with.bound, 0, 0, "printed|corrected|both",
       "with line search: on the model's rate, half of which is used (corrected)"},
      {"iterations", ARGUMENT_COUNT, &with.iterations, 1, 1e9, NULL,
       "at most; a run ends when it has converged (1000000)"},
      {NULL, ARGUMENT_FLAG, NULL, 0, 0, NULL, NULL},
  };
  begin("theorem1");
  int status = arguments_parse(argc, argv, about, table, &with.common);
  if (status != ARGUMENTS_RUN) return finish(status);
  return finish(run_all(&with));
}
