/* Small trainings that files are loaded into: together they have every kind of layer, SG, optimiser and
 * schedule that a file has entries of. Each has few of them, as a short file is a quick one. */
#include "../fuzz.h"

#include "dni/research.h"

/* Parts. Each is given away: what it is added to keeps it. ------------------------------------- */

static dni_loss *make_loss(dni_context *context) {
  dni_loss *loss;
  EXPECT_FINE(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  return loss;
}

static void add_layer(dni_network *network, dni_layer *layer) {
  EXPECT_FINE(dni_network_add(network, layer));
  dni_layer_release(layer);
}

static void add_dense(dni_context *context, dni_network *network, size_t outputs,
                      dni_activation activation) {
  const size_t inputs =
      dni_network_layer_count(network) ? dni_network_outputs(network) : FUZZ_INPUTS;
  dni_layer *layer;
  EXPECT_FINE(dni_layer_create_dense(context, inputs, outputs, activation, &layer));
  add_layer(network, layer);
}

static void add_norms(dni_context *context, dni_network *network) {
  const size_t units = 3;
  dni_layer *layer;
  add_dense(context, network, units, DNI_ACTIVATION_IDENTITY);
  EXPECT_FINE(dni_layer_create_batch_norm(context, units, &layer));
  add_layer(network, layer);
  EXPECT_FINE(dni_layer_create_dropout(context, units, 0.25, NULL, &layer));
  add_layer(network, layer);
  EXPECT_FINE(dni_layer_create_layer_norm(context, units, &layer));
  add_layer(network, layer);
  EXPECT_FINE(dni_layer_create_activation(context, units, DNI_ACTIVATION_LEAKY_RELU, &layer));
  add_layer(network, layer);
}

static void put_sg(dni_network *network, dni_sg *sg) {
  EXPECT_FINE(dni_network_set_sg(network, dni_network_layer_count(network) - 1, sg));
  dni_sg_release(sg);
}

static dni_sg *make_synthetic(dni_context *context, size_t units, bool guesses) {
  dni_loss *loss = guesses ? make_loss(context) : NULL;
  const dni_sg_options options = {.struct_size = sizeof options,
                                  .hidden_layers = guesses ? 0 : 1,
                                  .condition = guesses ? DNI_CONDITION_RESIDUAL : DNI_CONDITION_HY,
                                  .loss = loss};
  dni_sg *sg;
  EXPECT_FINE(dni_sg_create_synthetic(context, units, FUZZ_OUTPUTS, &options, &sg));
  dni_loss_release(loss);
  return sg;
}

static dni_sg *make_least_squares(dni_context *context, size_t units) {
  dni_loss *loss = make_loss(context);
  const dni_least_squares_options options = {
      .struct_size = sizeof options, .loss = loss, .solve_every = 2};
  dni_sg *sg;
  EXPECT_FINE(dni_sg_create_least_squares(context, units, FUZZ_OUTPUTS, &options, &sg));
  dni_loss_release(loss);
  return sg;
}

static dni_sg *wrap(dni_context *context, dni_sg *inner, dni_kind kind) {
  static const uint64_t boundaries[] = {0, 8};
  static const double values[] = {1, 0.25};
  const dni_schedule falling = {.struct_size = sizeof falling,
                                .kind = DNI_RATE_LINES,
                                .boundaries = boundaries,
                                .values = values,
                                .count = 2};
  dni_sg *sg;
  if (kind == DNI_SG_MIXTURE) {
    EXPECT_FINE(dni_sg_create_mixture(context, inner, 0.5, &sg));
    EXPECT_FINE(dni_sg_set_schedule(sg, &falling));
  } else {
    EXPECT_FINE(dni_sg_create_warm_up(context, inner, 3, &sg));
  }
  dni_sg_release(inner);
  return sg;
}

/* Networks. ------------------------------------------------------------------------------------ */

static void add_mixture(dni_context *context, dni_network *network) {
  add_dense(context, network, 4, DNI_ACTIVATION_TANH);
  put_sg(network, wrap(context, make_synthetic(context, 4, false), DNI_SG_MIXTURE));
}

static void add_warm_up(dni_context *context, dni_network *network) {
  add_dense(context, network, 2, DNI_ACTIVATION_GELU);
  put_sg(network, wrap(context, make_synthetic(context, 2, true), DNI_SG_WARM_UP));
}

static void add_least_squares(dni_context *context, dni_network *network) {
  add_dense(context, network, 3, DNI_ACTIVATION_LEAKY_RELU);
  put_sg(network, make_least_squares(context, 3));
}

static void add_critic(dni_context *context, dni_network *network) {
  dni_sg *sg;
  add_dense(context, network, 3, DNI_ACTIVATION_SIGMOID);
  EXPECT_FINE(dni_sg_create_critic(context, 3, FUZZ_OUTPUTS, NULL, &sg));
  put_sg(network, sg);
}

static void add_local(dni_context *context, dni_network *network) {
  dni_loss *loss = make_loss(context);
  dni_sg *sg;
  add_dense(context, network, 2, DNI_ACTIVATION_RELU);
  EXPECT_FINE(dni_sg_create_local(context, 2, FUZZ_OUTPUTS, loss, NULL, &sg));
  put_sg(network, sg);
  dni_loss_release(loss);
}

static void add_fixed(dni_context *context, dni_network *network) {
  dni_sg *sg;
  add_dense(context, network, 3, DNI_ACTIVATION_RELU);
  EXPECT_FINE(dni_sg_create_dfa(context, 3, FUZZ_OUTPUTS, NULL, &sg));
  put_sg(network, sg);
  add_dense(context, network, 2, DNI_ACTIVATION_RELU);
  EXPECT_FINE(dni_sg_create_scalar(context, 2, &sg));
  put_sg(network, sg);
}

static void add_decoupled(dni_context *context, dni_network *network) {
  dni_sg *sg;
  add_dense(context, network, 3, DNI_ACTIVATION_RELU);
  put_sg(network, make_synthetic(context, 3, true));
  add_dense(context, network, 2, DNI_ACTIVATION_TANH);
  EXPECT_FINE(dni_sg_create_delayed(context, 2, 0.5, &sg));
  put_sg(network, sg);
}

/* Optimisers. ---------------------------------------------------------------------------------- */

static dni_optimiser *make_sgd(dni_context *context) {
  const dni_schedule cosine = {.struct_size = sizeof cosine,
                               .kind = DNI_RATE_COSINE,
                               .steps = 20,
                               .value = 0.1,
                               .warm_up = 4};
  dni_optimiser *optimiser;
  EXPECT_FINE(dni_optimiser_create_sgd(context, 0.05, &optimiser));
  EXPECT_FINE(dni_optimiser_set_f64(optimiser, DNI_SETTING_MOMENTUM, 0.5));
  EXPECT_FINE(dni_optimiser_set_schedule(optimiser, &cosine));
  return optimiser;
}

static dni_optimiser *make_adam(dni_context *context) {
  dni_optimiser *optimiser;
  EXPECT_FINE(dni_optimiser_create_adam(context, 0.01, &optimiser));
  EXPECT_FINE(dni_optimiser_set_f64(optimiser, DNI_SETTING_CLIP_NORM, 1));
  return optimiser;
}

static dni_optimiser *make_adamw(dni_context *context) {
  dni_optimiser *optimiser;
  EXPECT_FINE(dni_optimiser_create_adamw(context, 0.01, &optimiser));
  return optimiser;
}

/* Trainers. ------------------------------------------------------------------------------------ */

static const struct {
  const char *mark; /* a text that only files of this one have */
  dni_kind schedule;
  void (*add)(dni_context *context, dni_network *network);
  dni_optimiser *(*optimiser)(dni_context *context);
} trainings[FUZZ_TRAININGS] = {
    {"\"mixture\"", DNI_SCHEDULE_SEQUENTIAL, add_mixture, make_adam},
    {"\"warm_up\"", DNI_SCHEDULE_SEQUENTIAL, add_warm_up, make_sgd},
    {"\"least_squares\"", DNI_SCHEDULE_SEQUENTIAL, add_least_squares, make_adam},
    {"\"critic\"", DNI_SCHEDULE_RANDOM, add_critic, make_sgd},
    {"\"local\"", DNI_SCHEDULE_RANDOM, add_local, make_adam},
    {"\"dfa\"", DNI_SCHEDULE_RANDOM, add_fixed, make_adamw},
    {"\"pipelined\"", DNI_SCHEDULE_PIPELINED, add_decoupled, make_sgd},
    {"\"micro_batches\"", DNI_SCHEDULE_MICRO_BATCHES, add_norms, make_adamw},
};

size_t fuzz_training_of(const uint8_t *data, size_t size) {
  for (size_t i = 0; size > 0 && i < FUZZ_TRAININGS; i++)
    if (memmem(data, size, trainings[i].mark, strlen(trainings[i].mark))) return i;
  return 0;
}

static dni_network *make_network(dni_context *context, size_t which) {
  dni_network *network;
  EXPECT_FINE(dni_network_create(context, &network));
  trainings[which].add(context, network);
  add_dense(context, network, FUZZ_OUTPUTS, DNI_ACTIVATION_IDENTITY);
  return network;
}

dni_trainer *fuzz_trainer(dni_context *context, size_t which) {
  const dni_kind schedule = trainings[which].schedule;
  dni_network *network = make_network(context, which);
  dni_loss *loss = make_loss(context);
  dni_optimiser *optimiser = trainings[which].optimiser(context);
  const dni_trainer_options options = {
      .struct_size = sizeof options,
      .optimiser = optimiser,
      .max_batch = FUZZ_ROWS,
      .schedule = schedule,
      .update_probability = schedule == DNI_SCHEDULE_RANDOM ? 0.75 : 0,
      .micro_batches = schedule == DNI_SCHEDULE_MICRO_BATCHES ? 2 : 0,
      .threads = schedule >= DNI_SCHEDULE_PIPELINED ? 2 : 0};
  dni_trainer *trainer;
  EXPECT_FINE(dni_trainer_create(network, loss, &options, &trainer));
  dni_optimiser_release(optimiser);
  dni_loss_release(loss);
  dni_network_release(network);
  return trainer;
}

dni_dataset *fuzz_dataset(dni_context *context) {
  enum { EXAMPLES = 12 };
  float x_data[EXAMPLES * FUZZ_INPUTS];
  int32_t labels[EXAMPLES];
  dni_matrix x, y;
  dni_dataset *dataset;
  for (int i = 0; i < EXAMPLES * FUZZ_INPUTS; i++)
    x_data[i] = (float)(i * 7 % 11) / 8 - 0.5f;
  for (int i = 0; i < EXAMPLES; i++)
    labels[i] = i * 5 % FUZZ_OUTPUTS;
  dni_matrix_init_f32(&x, x_data, EXAMPLES, FUZZ_INPUTS);
  dni_matrix_init_labels(&y, labels, EXAMPLES);
  EXPECT_FINE(dni_dataset_create_memory(context, &x, &y, NULL, &dataset));
  return dataset;
}

static dni_status stop(void *user, const dni_step_report *report) {
  (void)user;
  return report->settled && report->step % 2 == 0;
}

dni_status fuzz_fit(dni_trainer *trainer, const dni_dataset *dataset) {
  const dni_fit_options options = {.struct_size = sizeof options,
                                   .epochs = 100,
                                   .steps = 1000,
                                   .validation = dataset,
                                   .validate_every = 3,
                                   .callback = stop};
  return dni_trainer_fit(trainer, dataset, &options);
}
