/* proposition2: does the condition of Proposition 2 (Czarnecki et al. 2017, Appendix C) hold while
 * a network with synthetic gradients (SG) learns MNIST?
 *
 * The proposition asks, at an interface with output h,
 *
 *   eps K <= 1/3 |dL/dtheta|,      eps = |SG - dL/dh|, K = |dh/dtheta|,
 *
 * theta being the parameters of all layers below h. Then the gradient that the SG gives them has a
 * cosine of at least 1/2 with the true one. The network has hidden layers of ReLU units with batch
 * normalisation and an SG after each; three kinds of SG learn in turn:
 *
 *   adam           linear in (h, y), trained by Adam: the paper's
 *   least-squares  linear in (h, y), solved for over the lessons so far
 *   residual       linear in the residual of a local guess alone, solved for
 *
 * After steps 1, 2, 5, 10, 20, ... all terms are measured at every interface, on the first batch of
 * the training set. eps, the true dL/dtheta and the cosine come from dni_analysis_interface(), which
 * takes the SG's answer and the exact gradient through all layers below. K is the operator norm,
 * measured by power iteration (norm.c): it is the least K that the condition allows, so where the
 * condition fails with it, it fails with any other. The Frobenius norm, an upper bound that is
 * cheaper to estimate, stands beside it. `deviation` is the relative error of the gradient of theta
 * itself. It is at most eps K / |dL/dtheta|, and what the bound K loses is the difference.
 *
 * About 40 seconds for each seed on one core. */
#include <stdlib.h>

#include "proposition2.h"

static int run_all(const settings *with) {
  data_source source;
  int status = data_find(with->data, &source);
  if (status != 0) return status;
  run *runs = calloc((size_t)with->seeds * KINDS, sizeof *runs);
  size_t count = 0;
  if (!runs) return fail("out of memory");
  for (int kind = 0; kind < KINDS; kind++)
    for (uint64_t i = 0; i < with->seeds && status == 0; i++) {
      run *out = &runs[count++];
      out->kind = kind;
      out->seed = with->common.seed + i;
      status = train(with, &source, out);
    }
  progress(NULL);
  if (status == 0) status = report(with, &source, runs, count);
  free(runs);
  return status;
}

int main(int argc, char **argv) {
  static const char about[] =
      "Measure the condition of Proposition 2 (Czarnecki et al. 2017) at every interface while\n"
      "networks with synthetic gradients learn MNIST.\n";
  settings with = {.depth = 6, .width = 128, .batch = 256, .steps = 2000, .seeds = 1};
  with.rate = 3e-4;
  const argument table[] = {
      {"depth", ARGUMENT_COUNT, &with.depth, 1, DEPTH_MOST, NULL, "hidden layers (6)"},
      {"width", ARGUMENT_COUNT, &with.width, 2, 1 << 16, NULL, "units in each (128)"},
      {"batch", ARGUMENT_COUNT, &with.batch, 2, 1 << 16, NULL, "examples per step (256)"},
      {"steps", ARGUMENT_COUNT, &with.steps, 1, STEPS_MOST, NULL, "of each training (2000)"},
      {"seeds", ARGUMENT_COUNT, &with.seeds, 1, 100, NULL,
       "runs of each kind, seeds from --seed up (1)"},
      {"lr", ARGUMENT_NUMBER, &with.rate, 0, 1, NULL,
       "Adam's rate, of the network and of SGs by Adam (3e-4)"},
      {"data", ARGUMENT_TEXT, (void *)&with.data, 0, 0, NULL, "where the IDX files are"},
      {NULL, ARGUMENT_FLAG, NULL, 0, 0, NULL, NULL},
  };
  begin("proposition2");
  int status = arguments_parse(argc, argv, about, table, &with.common);
  if (status != ARGUMENTS_RUN) return finish(status);
  return finish(run_all(&with));
}
