/* artificial: do synthetic gradients find the optimum that backpropagation finds? (Czarnecki et al.
 * 2017, Appendix D, Table 2.)
 *
 * Linear models on the paper's artificial problems, trained by backpropagation and with a linear
 * synthetic gradient (SG): a shallow one, its SG between output and loss, and a deep one of 10
 * linear hidden layers. A linear SG implies a quadratic loss. With squared error it can follow the
 * true gradient; with the log loss of separable data, whose optimum is at infinity, it cannot.
 *
 * The number of the table is the final loss with the SG minus the true optimum, as the text of the
 * appendix says; its caption says backpropagation's, which is beside it. The optimum, and for
 * shallow models of the log loss also the end of training with the SG, are computed without
 * training (optimum.c), the latter on many data sets, for an interval of the mean of ten.
 *
 * The paper gives no number of iterations, batch size or width. Here each step sees the whole data
 * set; each training goes on until its loss stands still (train.c); the shallow model starts at
 * zero, the deep one with orthogonal hidden layers under an output layer of zeros, so that both
 * start as the same function. Adam's rate is ten times the paper's; the first data sets are trained
 * at the paper's too, to show that they end at the same place.
 *
 * Digits beyond the second vary with rounding, and so with the instruction set: the softmax's two
 * logits keep the sum 0 but for rounding, and Adam, whose steps do not become smaller with the
 * gradient, lifts this noise. */
#include "artificial.h"

static int run_all(const settings *of) {
  results all = {.of = of};
  int status = fill_table(&all);
  if (status == 0) status = report(&all);
  free_table(&all);
  return status;
}

static int check_sg_at(settings *of) {
  if (of->sg_at.count == 0) {
    of->sg_at.count = 1;
    of->sg_at.values[0] = (of->depth + 1) / 2;
  }
  for (size_t i = 0; i < of->sg_at.count; i++)
    if (of->sg_at.values[i] > of->depth)
      return usage("sg-at", "beyond --depth", "hidden layers that there are");
  return 0;
}

int main(int argc, char **argv) {
  static const char about[] =
      "Train linear models, shallow and deep, on artificial problems by backprop and with linear\n"
      "synthetic gradients, and compare their final losses with each other and with the optimum\n"
      "(Czarnecki et al. 2017, Table 2).\n";
  settings of = {.datasets = 10, .sets = 100, .slow = 0, .depth = 10, .width = 10, .threads = 1};
  of.rate = 3e-4;
  of.tolerance = 1e-5;
  of.model = BOTH;
  const argument table[] = {
      {"iterations", ARGUMENT_COUNT, &of.iterations, 1, 1e9, NULL,
       "of a training at most (shallow 30 / lr: 100000, deep 6 / lr: 20000)"},
      {"tolerance", ARGUMENT_NUMBER, &of.tolerance, 0, 1, NULL,
       "a training stops when its mean loss over a quarter of the iterations changes by less "
       "(1e-5)"},
      {"datasets", ARGUMENT_COUNT, &of.datasets, 1, DATASETS_MOST, NULL,
       "of each problem, seeds from --seed up (10)"},
      {"sets", ARGUMENT_COUNT, &of.sets, 1, SETS_MOST, NULL,
       "of each problem for what is known without training (100)"},
      {"slow", ARGUMENT_COUNT, &of.slow, 0, DATASETS_MOST, NULL,
       "of the data sets, trained also at a tenth of the rate (0)"},
      {"model", ARGUMENT_CHOICE, &of.model, 0, 0, "shallow|deep|both", "(both)"},
      {"data", ARGUMENT_CHOICE, &of.problem, 0, 0,
       "all|linear2|linear100|noisy2|noisy100|random2|random100", "(all)"},
      {"outputs", ARGUMENT_CHOICE, &of.sigmoid, 0, 0, "one-hot|sigmoid",
       "two outputs and softmax, or one and the sigmoid (one-hot)"},
      {"depth", ARGUMENT_COUNT, &of.depth, 1, 1000, NULL, "hidden layers of the deep model (10)"},
      {"width", ARGUMENT_COUNT, &of.width, 2, 10000, NULL, "units in each of them (10)"},
      {"sg-at", ARGUMENT_LIST, &of.sg_at, 1, 1000, NULL,
       "hidden layers that have an SG after them (the middle one)"},
      {"lr", ARGUMENT_NUMBER, &of.rate, 1e-9, 1, NULL, "Adam's rate, models and SGs (3e-4)"},
      {"threads", ARGUMENT_COUNT, &of.threads, 1, THREADS_MOST, NULL,
       "trainings at a time; changes no result (1)"},
      {NULL, ARGUMENT_FLAG, NULL, 0, 0, NULL, NULL},
  };
  begin("artificial");
  int status = arguments_parse(argc, argv, about, table, &of.common);
  if (status != ARGUMENTS_RUN) return finish(status);
  status = check_sg_at(&of);
  if (status == 0) status = run_all(&of);
  return finish(status);
}
