/* A training that stops in the middle and goes on from its file, to the same bits.
 *
 *     resume FOLDER     the folder has MNIST's four files, plain or gzip */
#include "sample.h"

enum { UNITS = 64, CLASSES = 10, EPOCHS = 3 };

static dni_status stop(void *user, const dni_step_report *report) {
  return report->step == *(uint64_t *)user;
}

/* A network of two modules, the same each time. */
static dni_network *make(dni_context *context, size_t inputs) {
  dni_network *network;
  dni_layer *dropout;
  dni_sg *sg;
  check(dni_network_create(context, &network));
  add_dense(context, network, inputs, UNITS, DNI_ACTIVATION_RELU);
  check(dni_layer_create_dropout(context, UNITS, 0.1, NULL, &dropout));
  check(dni_network_add(network, dropout));
  dni_layer_release(dropout);
  add_dense(context, network, UNITS, CLASSES, DNI_ACTIVATION_IDENTITY);
  check(dni_sg_create_synthetic(context, UNITS, CLASSES, NULL, &sg));
  put_sg(network, 1, sg);
  return network;
}

/* The loss over the data after a training that saves itself, or is the rest of one. It may stop at a step. */
static double train(const char *folder, const char *file, uint64_t stop_at, int resume) {
  dni_context *context = seeded_context();
  dni_dataset *data = digits(context, folder, "train");
  dni_network *network = make(context, dni_dataset_features(data));
  dni_loss *loss;
  dni_trainer *trainer;
  check(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  dni_trainer_options how = {.struct_size = sizeof how, .max_batch = 64};
  check(dni_trainer_create(network, loss, &how, &trainer));
  if (resume) check(dni_trainer_load(trainer, file, NULL));
  dni_fit_options fit = {.struct_size = sizeof fit,
                         .epochs = EPOCHS,
                         .callback = stop,
                         .callback_user = &stop_at,
                         .checkpoint = file,
                         .checkpoint_every = 5};
  dni_evaluation found = {.struct_size = sizeof found};
  check(dni_trainer_fit(trainer, data, &fit));
  check(dni_network_evaluate(network, loss, data, NULL, &found));
  dni_trainer_release(trainer);
  dni_loss_release(loss);
  dni_network_release(network);
  dni_dataset_release(data);
  dni_context_release(context);
  return found.loss;
}

/* A new folder for the file: below TMPDIR, if that is set. */
static void make_folder(char *path, size_t size) {
  const char *below = getenv("TMPDIR");
  snprintf(path, size, "%s/resume-XXXXXX", below && *below ? below : "/tmp");
  if (mkdtemp(path)) return;
  perror(path);
  exit(1);
}

int main(int count, char **arguments) {
  const char *folder = count > 1 ? arguments[1] : ".";
  char place[4096], file[sizeof place + 16];
  make_folder(place, sizeof place);
  snprintf(file, sizeof file, "%s/training", place);
  double undisturbed = train(folder, file, 0, 0);
  unlink(file);
  double stopped = train(folder, file, 20, 0);
  double resumed = train(folder, file, 0, 1);
  unlink(file);
  rmdir(place);
  printf("undisturbed: loss %.6f\n", undisturbed);
  printf("stopped after 20 steps: loss %.6f\n", stopped);
  printf("resumed: loss %.6f, %s\n", resumed, resumed == undisturbed ? "the same" : "another");
  return 0;
}
