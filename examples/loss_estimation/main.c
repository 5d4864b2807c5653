/* loss_estimation: which loss does a synthetic gradient imply? (Czarnecki et al. 2017, Figure 9.)
 *
 * A small deep linear model learns the paper's artificial problems in two dimensions, with one
 * linear synthetic gradient (SG) in the middle or with one after every hidden layer, that sees
 * layer output and label (hy), the output alone (h) or the label alone (y). While it learns, the
 * loss that the SG in the middle implies (the line integral of the SG, up to a constant per label)
 * is set beside the true loss of each example. Figure of merit: correlation and R^2, over examples
 * and iterations together, and the correlation over the examples at one time. The times lie at
 * equal factors, so that the short part in which the loss falls is seen as well as the long rest.
 * The paper does not say which network it used; this one's sizes are options, and so are ReLU
 * units. About 7 minutes on one core. */
#include <stdlib.h>

#include "loss_estimation.h"

const char *const problem_names[PROBLEMS] = {"linear2", "noisy2"};
const char *const loss_names[LOSSES] = {"mse", "log"};
const char *const condition_names[CONDITIONS] = {"hy", "h", "y"};
const char *const place_names[PLACES] = {"one", "all"};
const char *const activation_names[] = {"linear", "relu"};

static int fill_next(void *shared, size_t index) {
  const results *all = shared;
  return fill_run(all->of, &all->runs[index]);
}

/* index = ((((seed) PROBLEMS + problem) LOSSES + loss) CONDITIONS + condition) PLACES + place */
static void describe_runs(results *all) {
  for (size_t i = 0; i < all->count; i++) {
    run *in = &all->runs[i];
    in->place = (int)(i % PLACES);
    in->condition = (int)(i / PLACES % CONDITIONS);
    in->loss = (int)(i / (PLACES * CONDITIONS) % LOSSES);
    in->problem = (int)(i / (PLACES * CONDITIONS * LOSSES) % PROBLEMS);
    in->seed = all->of->common.seed + i / VARIANTS;
  }
}

static void spread_backprop(results *all) {
  for (size_t i = 0; i < all->count; i++)
    all->runs[i].backprop_loss = all->runs[i - i % (PLACES * CONDITIONS)].backprop_loss;
}

static int run_all(const settings *of) {
  results all = {.of = of, .count = VARIANTS * (size_t)of->seeds};
  all.runs = calloc(all.count, sizeof *all.runs);
  if (!all.runs) return fail("out of memory");
  describe_runs(&all);
  int status = parallel_work(all.count, of->threads, fill_next, &all);
  progress(NULL);
  spread_backprop(&all);
  if (status == 0) status = report(&all);
  for (size_t i = 0; i < all.count; i++) {
    free(all.runs[i].truth);
    free(all.runs[i].extracted);
  }
  free(all.runs);
  return status;
}

int main(int argc, char **argv) {
  static const char about[] =
      "Train a small network on artificial problems with linear synthetic gradients that see "
      "layer\n"
      "output and label, or either, and compare the loss they imply with the true one\n"
      "(Czarnecki et al. 2017, Figure 9).\n";
  settings of = {.iterations = 100000, .seeds = 3, .depth = 4, .width = 20, .threads = 1};
  of.rate = 3e-5;
  const argument table[] = {
      {"iterations", ARGUMENT_COUNT, &of.iterations, 1, 1e9, NULL, "of each training (100000)"},
      {"seeds", ARGUMENT_COUNT, &of.seeds, 1, 100, NULL, "runs of each, seeds from --seed up (3)"},
      {"depth", ARGUMENT_COUNT, &of.depth, 1, 100, NULL, "hidden layers (4)"},
      {"width", ARGUMENT_COUNT, &of.width, 1, 10000, NULL, "units in each (20)"},
      {"activation", ARGUMENT_CHOICE, &of.activation, 0, 0, "linear|relu",
       "of hidden units (linear)"},
      {"lr", ARGUMENT_NUMBER, &of.rate, 0, 1, NULL, "Adam's rate, network and SGs (3e-5)"},
      {"threads", ARGUMENT_COUNT, &of.threads, 1, THREADS_MOST, NULL,
       "trainings at a time; changes no result (1)"},
      {NULL, ARGUMENT_FLAG, NULL, 0, 0, NULL, NULL},
  };
  begin("loss_estimation");
  int status = arguments_parse(argc, argv, about, table, &of.common);
  if (status == ARGUMENTS_RUN) status = run_all(&of);
  return finish(status);
}
