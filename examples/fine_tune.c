/* fine_tune: a network that knows one task learns another from few examples.
 *
 * Shows what that takes beside plain training: a copy of a network, a frozen layer, a smaller rate
 * for another, new first weights on top; class weights, because one class is rare; a cosine
 * schedule with warm-up; and validation, with patience and the best parameters kept. The old task:
 * do two of ten inputs have the same sign? The new one: are both of them large? A network that
 * starts from nothing is trained in the same way beside it. About a second. */
#include "common/common.h"

enum { INPUTS = 10, BATCH = 50, OLD = 4000, NEW = 300, TEST = 4000 };

static const size_t widths[] = {INPUTS, 64, 64, 2};

/* One example in eleven. */
static int32_t both_large(const double *x) {
  return x[0] > 0.5 && x[1] > 0.5;
}

/* The lowest layer stays as it is, the next moves slowly, the top starts anew. */
static dni_network *prepare_copy(const dni_network *old) {
  dni_network *network;
  must(dni_network_copy(old, &network));
  must(dni_layer_set_f64(dni_network_layer(network, 0), DNI_SETTING_RATE_SCALE, 0));
  must(dni_layer_set_f64(dni_network_layer(network, 1), DNI_SETTING_RATE_SCALE, 0.1));
  must(dni_layer_initialise(dni_network_layer(network, 2), NULL));
  return network;
}

static dni_optimiser *make_optimiser(dni_context *context, uint64_t steps) {
  dni_schedule cosine = {.struct_size = sizeof cosine, .kind = DNI_RATE_COSINE, .steps = steps};
  dni_optimiser *adamw;
  cosine.value = 0.01; /* of the rate, at the end */
  cosine.warm_up = 20;
  must(dni_optimiser_create_adamw(context, 3e-3, &adamw));
  must(dni_optimiser_set_schedule(adamw, &cosine));
  return adamw;
}

/* With a validation set, which is looked at after each epoch, `network` gets the best parameters
 * that there were. Answers the steps made. */
static uint64_t train(dni_context *context, dni_network *network, dni_loss *loss, uint64_t epochs,
                      const dni_dataset *data, const dni_dataset *validation) {
  dni_trainer_options options = {.struct_size = sizeof options};
  dni_fit_options how = {.struct_size = sizeof how, .batch = BATCH, .epochs = epochs};
  dni_optimiser *adamw = make_optimiser(context, epochs * (dni_dataset_examples(data) / BATCH));
  dni_trainer *trainer;
  how.validation = validation;
  how.patience = validation ? 10 : 0;
  if (validation) must(dni_network_copy(network, &how.best));
  options.optimiser = adamw;
  must(dni_trainer_create(network, loss, &options, &trainer));
  must(dni_trainer_fit(trainer, data, &how));
  uint64_t steps = dni_trainer_step_count(trainer);
  if (validation) must(dni_network_assign(network, how.best));
  dni_network_release(how.best);
  dni_trainer_release(trainer);
  dni_optimiser_release(adamw);
  return steps;
}

static void train_and_print(dni_context *context, uint64_t epochs, bool json) {
  const double weights[] = {1, 5};
  dni_loss_options options = {.struct_size = sizeof options, .class_weights = weights};
  dni_dataset *known = labelled_normals(context, OLD, INPUTS, same_sign);
  dni_dataset *few = labelled_normals(context, NEW, INPUTS, both_large);
  dni_dataset *validation = labelled_normals(context, NEW, INPUTS, both_large);
  dni_dataset *test = labelled_normals(context, TEST, INPUTS, both_large);
  dni_network *old = dense_network(context, DNI_ACTIVATION_RELU, widths, 4);
  dni_network *networks[] = {NULL, dense_network(context, DNI_ACTIVATION_RELU, widths, 4)};
  dni_loss *equal, *weighted;
  options.class_count = 2;
  must(dni_loss_create_softmax_cross_entropy(context, NULL, &equal));
  must(dni_loss_create_softmax_cross_entropy(context, &options, &weighted));
  (void)train(context, old, equal, epochs, known, NULL);
  networks[0] = prepare_copy(old);
  for (int i = 0; i < 2; i++) {
    dni_evaluation end = {.struct_size = sizeof end};
    uint64_t steps = train(context, networks[i], weighted, epochs, few, validation);
    must(dni_network_evaluate(networks[i], weighted, test, NULL, &end));
    (void)printf(json ? "%s\"%s\": {\"steps\": %llu, \"loss\": %.6f, \"accuracy\": %.6f}%s\n"
                      : "%s%-9s%5llu steps; on new examples: loss %.4f, accuracy %.4f%s\n",
                 json && i == 0 ? "{" : "", i == 0 ? "tuned" : "scratch", (unsigned long long)steps,
                 end.loss, end.accuracy,
                 !json    ? ""
                 : i == 0 ? ","
                          : "}");
    dni_network_release(networks[i]);
  }
  dni_loss_release(weighted);
  dni_loss_release(equal);
  dni_network_release(old);
  dni_dataset_release(test);
  dni_dataset_release(validation);
  dni_dataset_release(few);
  dni_dataset_release(known);
}

int main(int argc, char **argv) {
  common_options common;
  uint64_t epochs = 100;
  const argument table[] = {
      {"epochs", ARGUMENT_COUNT, &epochs, 1, 1e6, NULL, "of each training, at most (100)"}, {0}};
  begin("fine_tune");
  int status = arguments_parse(argc, argv, "Fine-tune a network for a new task.\n", table, &common);
  if (status != ARGUMENTS_RUN) return finish(status);
  dni_context *context = doubles_context(common.seed);
  train_and_print(context, epochs, common.json);
  dni_context_release(context);
  return finish(0);
}
