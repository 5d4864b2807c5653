/* critic: a good estimate of the loss need not have its gradient (Czarnecki et al. 2017,
 * Appendix A).
 *
 * A critic phi(h, y) learns the loss of each example and answers with its own gradient d phi / dh;
 * a synthetic gradient (SG) learns the gradient itself.
 *
 * First the paper's counterexample: a phi that is the loss at every training point and constant in
 * a ball around each has error 0 and gradient 0 at all of them, where the true gradient is not 0.
 * Then trained ones: beside one network that learns noisy artificial data by exact
 * backpropagation, with tanh units at the interface, two critics (one hidden layer of tanh units,
 * and linear) and two SGs (linear, and one hidden layer of ReLU units), all with Adam at the same
 * rate and from the same batches. Reported: the cosine of each one's answer and the true gradient
 * on all examples during training, and its relative error in what it learns. About 15 seconds. */
#include <stdlib.h>

#include "critic.h"

static int run_all(const settings *with) {
  size_t count = ESTIMATORS * (size_t)with->seeds;
  run *runs = calloc(count, sizeof *runs);
  if (!runs) return fail("out of memory");
  counterexample shown = show_counterexample(with);
  for (uint64_t i = 0; i < with->seeds; i++)
    train_beside(with, with->common.seed + i, runs + ESTIMATORS * i);
  int status = report(with, &shown, runs, count);
  free(runs);
  return status;
}

int main(int argc, char **argv) {
  static const char about[] =
      "Compare critics with synthetic gradients by the cosine of their answers and the true "
      "gradient,\n"
      "and show a critic without error whose gradient is 0 (Czarnecki et al. 2017, Appendix A).\n";
  settings with = {.steps = 4000, .seeds = 3, .examples = 1000, .inputs = 20};
  with.units = 32;
  with.batch = 100;
  with.rate = 1e-3;
  const argument table[] = {
      {"steps", ARGUMENT_COUNT, &with.steps, 1, 1e8, NULL, "of training (4000)"},
      {"seeds", ARGUMENT_COUNT, &with.seeds, 1, SEEDS_MOST, NULL, "runs, from --seed up (3)"},
      {"examples", ARGUMENT_COUNT, &with.examples, 2, 100000, NULL, "training examples (1000)"},
      {"inputs", ARGUMENT_COUNT, &with.inputs, 1, 10000, NULL, "of the network (20)"},
      {"units", ARGUMENT_COUNT, &with.units, 1, 10000, NULL, "at the interface (32)"},
      {"batch", ARGUMENT_COUNT, &with.batch, 1, 100000, NULL,
       "examples per step, at most all (100)"},
      {"lr", ARGUMENT_NUMBER, &with.rate, 0, 1, NULL, "Adam's rate, everywhere (1e-3)"},
      {NULL, ARGUMENT_FLAG, NULL, 0, 0, NULL, NULL},
  };
  begin("critic");
  int status = arguments_parse(argc, argv, about, table, &with.common);
  if (status != ARGUMENTS_RUN) return finish(status);
  if (with.batch > with.examples) with.batch = with.examples;
  return finish(run_all(&with));
}
