/* guard: with a guard on its steps, training on synthetic gradients (SG) converges to the solution
 * of the original problem (Czarnecki et al. 2017, Proposition 2 and Corollary 1).
 *
 * A deep linear model 5-4-2 with squared error and a linear SG on (h, y) between its layers. In
 * every step the SG first learns from the true gradient at the current h. Then
 *
 *   |e| |dh/dtheta| < 1/3 |dL/dtheta|       e = SG - dL/dh, theta = parameters below h
 *
 * decides: guarded, the model moves by rate * (|dL/dtheta| / (3 |dh/dtheta|) - |e|) times its
 * gradients (the corollary, with its sign put right) and stands still while that is not positive;
 * gated, it moves at a constant rate or stands still; unguarded, it moves at that rate whatever
 * happens; backprop uses dL/dh itself. Everything is of the mean loss of all samples. |dh/dtheta|
 * is the operator norm: the largest singular value of the data with a column of ones.
 *
 * There are two settings, which differ in the SG alone.
 *
 *   searched  Its weights start at zero, and it learns by exact line search. The unguarded run ends
 *             at the optimum too: breaking the condition is no divergence, but nothing then keeps
 *             the cosine of its gradient with the true one above 1/2.
 *   lagging   Its weights start at random, with deviation --sg-start, and it learns by Adam at
 *             --sg-lr. At first its answers are wrong. The unguarded model follows them: h grows,
 *             the answers grow with h, faster than the SG learns, and the training diverges. The
 *             guard lets the model stand still until the SG is good enough, and the run ends where
 *             backprop ends. The start matters: with --sg-start 0, as the paper starts, the
 *             unguarded run converges.
 *
 * The guarded rate falls with the gradient, so its convergence is sublinear; gated is as fast as
 * backprop. The corollary's rate is chosen in each iteration: so that no step is longer than at
 * --lr. `violations` are accepted steps at which the condition, computed independently of the
 * library, was not met. About 15 seconds. */
#include <stdlib.h>

#include "guard.h"

static int run_all(const settings *with) {
  run *runs = calloc((size_t)with->seeds * SETTINGS * MODES, sizeof *runs);
  size_t count = 0;
  if (!runs) return fail("out of memory");
  for (int setting = 0; setting < SETTINGS; setting++)
    for (int mode = 0; mode < MODES; mode++)
      for (uint64_t i = 0; i < with->seeds; i++) {
        if (with->setting != BOTH && with->setting != setting) continue;
        run *out = &runs[count++];
        out->setting = setting;
        out->mode = mode;
        out->seed = with->common.seed + i;
        train(with, out);
      }
  progress(NULL);
  int status = report(with, runs, count);
  free(runs);
  return status;
}

int main(int argc, char **argv) {
  static const char about[] =
      "Train a deep linear model on synthetic gradients with and without the guard of Corollary 1\n"
      "(Czarnecki et al. 2017), and by backprop.\n";
  settings with = {.setting = BOTH, .seeds = 5, .steps = 20000, .samples = 50, .sg_steps = 1};
  with.rate = 0.1;
  with.guarded_rate = 50;
  with.sg_rate = 0.01;
  with.sg_start = 1;
  const argument table[] = {
      {"setting", ARGUMENT_CHOICE, &with.setting, 0, 0, "searched|lagging|both",
       "line search from zero, Adam from random weights (both)"},
      {"seeds", ARGUMENT_COUNT, &with.seeds, 1, 1000, NULL,
       "runs of each kind, seeds from --seed up (5)"},
      {"steps", ARGUMENT_COUNT, &with.steps, 1, 1e8, NULL, "of each training (20000)"},
      {"samples", ARGUMENT_COUNT, &with.samples, INPUTS + 2, 100000, NULL, "of the data (50)"},
      {"sg-steps", ARGUMENT_COUNT, &with.sg_steps, 0, 1000, NULL,
       "of the SG in each step of the model (1)"},
      {"lr", ARGUMENT_NUMBER, &with.rate, 0, 1e6, NULL, "of backprop, gated and unguarded (0.1)"},
      {"guarded-lr", ARGUMENT_NUMBER, &with.guarded_rate, 0, 1e6, NULL,
       "of guarded, the corollary's epsilon, where --lr allows (50)"},
      {"sg-lr", ARGUMENT_NUMBER, &with.sg_rate, 0, 1e6, NULL, "Adam's, of the lagging SG (0.01)"},
      {"sg-start", ARGUMENT_NUMBER, &with.sg_start, 0, 1e6, NULL,
       "deviation of the lagging SG's first weights (1)"},
      {NULL, ARGUMENT_FLAG, NULL, 0, 0, NULL, NULL},
  };
  begin("guard");
  int status = arguments_parse(argc, argv, about, table, &with.common);
  if (status != ARGUMENTS_RUN) return finish(status);
  return finish(run_all(&with));
}
