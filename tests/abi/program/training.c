/* Data sets, and networks that are trained in all schedules, used and kept in files. */
#include "program.h"

#include <math.h>
#include <string.h>

/* Data sets. ----------------------------------------------------------------------------------- */

static void use_dataset(dni_dataset *dataset) {
  dni_random_options *random = NEW(dni_random_options);
  dni_matrix x = matrix(ROWS, INPUTS), y = matrix(ROWS, CLASSES);
  dni_dataset *first, *rest, *some;
  dni_order *order;
  EXPECT(dni_dataset_examples(dataset) == EXAMPLES && dni_dataset_features(dataset) == INPUTS);
  EXPECT(dni_dataset_targets(dataset) == CLASSES && dni_dataset_classes(dataset) == CLASSES);
  CHECK(dni_dataset_batch(dataset, 1, &x, &y));
  EXPECT(((float *)x.data)[INPUTS] == example(2, 0) && ((float *)y.data)[label(1)] == 1);
  random->has_seed = 1;
  CHECK(dni_order_create(dataset, random, &order));
  CHECK(dni_order_shuffle(order));
  CHECK(dni_dataset_gather(dataset, dni_order_indices(order), ROWS, &x, &y));
  CHECK(dni_dataset_subset(dataset, dni_order_indices(order), ROWS, &some));
  CHECK(dni_dataset_split(dataset, ROWS, 1, random, &first, &rest));
  EXPECT(dni_dataset_examples(rest) == EXAMPLES - ROWS);
  dni_dataset_release(some), dni_dataset_release(rest), dni_dataset_release(first);
  dni_order_release(dni_order_retain(order));
  dni_order_release(order);
  drop(random);
}

static dni_dataset *make_dataset(dni_context *context) {
  dni_memory_options *options = NEW(dni_memory_options);
  dni_dataset *dataset;
  dni_matrix x, labels;
  view_examples(&x, &labels);
  options->flags = DNI_DATA_BORROW + DNI_DATA_UNCHECKED;
  options->classes = CLASSES;
  CHECK(dni_dataset_create_memory(context, &x, &labels, options, &dataset));
  drop(options);
  return dataset;
}

/* Files that are not there; a library may be built without files of these kinds. */
static void use_missing_files(dni_context *context) {
  dni_idx_options *idx = NEW(dni_idx_options);
  dni_csv_options *csv = NEW(dni_csv_options);
  dni_dataset *dataset;
  dni_status status = dni_dataset_create_idx(context, "/no/images", "/no/labels", idx, &dataset);
  EXPECT(status == DNI_ERROR_IO || status == DNI_ERROR_UNSUPPORTED);
  csv->classes = CLASSES;
  EXPECT(dni_dataset_create_csv(context, "/no/table", csv, &dataset) == status);
  drop(csv), drop(idx);
}

void use_datasets(dni_context *context) {
  dni_dataset *dataset = make_dataset(context);
  use_dataset(dataset);
  dni_dataset_release(dni_dataset_retain(dataset));
  dni_dataset_release(dataset);
  dataset = make_own_dataset(context);
  use_dataset(dataset);
  dni_dataset_release(dataset);
  use_missing_files(context);
}

/* Training. ------------------------------------------------------------------------------------ */

/* dense, own layer | SG | dense; plain: without parts of the program's own, which dni_network_load
 * cannot make. */
static dni_network *make_network(dni_context *context, dni_sg *sg, int plain) {
  dni_network *network;
  dni_layer *layers[3];
  dni_sg *found;
  CHECK(dni_network_create(context, &network));
  CHECK(dni_layer_create_dense(context, INPUTS, UNITS, DNI_ACTIVATION_RELU, &layers[0]));
  if (!plain)
    layers[1] = make_own_layer(context);
  else
    CHECK(dni_layer_create_batch_norm(context, UNITS, &layers[1]));
  CHECK(dni_layer_create_dense(context, UNITS, CLASSES, DNI_ACTIVATION_IDENTITY, &layers[2]));
  for (size_t i = 0; i < 3; i++) {
    CHECK(dni_network_add(network, layers[i]));
    dni_layer_release(layers[i]);
  }
  CHECK(dni_network_set_sg(network, 1, sg));
  CHECK(dni_network_sg(network, 1, &found));
  EXPECT(found == sg && dni_network_layer_count(network) == 3);
  EXPECT(dni_network_inputs(network) == INPUTS && dni_network_outputs(network) == CLASSES);
  EXPECT(dni_layer_kind(dni_network_layer(network, 2)) == DNI_LAYER_DENSE);
  return network;
}

static dni_trainer *make_trainer(dni_context *context, dni_network *network, dni_loss *loss,
                                 dni_kind schedule) {
  dni_trainer_options *options = NEW(dni_trainer_options);
  dni_metric *metric = NEW(dni_metric);
  dni_optimiser *adam, *sgd;
  dni_trainer *trainer;
  CHECK(dni_optimiser_create_adam(context, 0.02, &adam));
  CHECK(dni_optimiser_create_sgd(context, 0.01, &sgd));
  own_metric(metric);
  options->optimiser = adam;
  options->sg_optimiser = sgd;
  options->max_batch = ROWS;
  options->schedule = schedule;
  options->measure_gradient_norm = 1;
  options->metric = metric;
  if (schedule == DNI_SCHEDULE_RANDOM) options->update_probability = 0.9;
  if (schedule >= DNI_SCHEDULE_PIPELINED) options->threads = 2;
  CHECK(dni_trainer_create(network, loss, options, &trainer));
  dni_optimiser_release(sgd), dni_optimiser_release(adam);
  drop(metric), drop(options);
  return trainer;
}

typedef struct seen {
  size_t calls, batches;
  double first, last;
} seen;

static dni_status DNI_CALL watch(void *user, const dni_step_report *report) {
  seen *what = user;
  EXPECT(DNI_HAS(report, module_updated) && report->layer_count == 3);
  if (what->calls++ == 0) what->first = report->loss;
  what->last = report->loss;
  return DNI_OK;
}

static void use_fit(dni_trainer *trainer, dni_dataset *dataset, dni_network *best) {
  dni_fit_options *options = NEW(dni_fit_options);
  seen what = {0};
  options->batch = ROWS;
  options->epochs = 20;
  options->callback = watch;
  options->callback_user = &what;
  options->has_seed = 1;
  options->validation = dataset;
  options->best = best;
  CHECK(dni_trainer_fit(trainer, dataset, options));
  EXPECT(what.calls > 0 && what.last < what.first);
  EXPECT(dni_trainer_step_count(trainer) == 20 * EXAMPLES / ROWS);
  drop(options);
}

static dni_status DNI_CALL next(void *user, dni_batch *batch) {
  static dni_matrix x, labels;
  seen *what = user;
  view_examples(&x, &labels);
  x.rows = labels.rows = what->batches++ < 3 ? ROWS : 0;
  EXPECT(DNI_HAS(batch, weights));
  batch->x = &x;
  batch->y = &labels;
  return DNI_OK;
}

static void use_steps(dni_trainer *trainer) {
  dni_stream *stream = NEW(dni_stream);
  dni_batch *batch = NEW(dni_batch);
  dni_step_report *report = NEW(dni_step_report);
  dni_memory_report *memory = NEW(dni_memory_report);
  seen what = {0};
  size_t number;
  stream->user = &what;
  stream->next = next;
  CHECK(dni_trainer_fit_stream(trainer, stream, NULL));
  EXPECT(what.batches == 4);
  CHECK(next(&(seen){0}, batch));
  CHECK(dni_trainer_step(trainer, batch, report));
  EXPECT(report->layer_count == 3 && isfinite(report->loss));
  CHECK(dni_trainer_flush(trainer));
  CHECK(dni_trainer_report(trainer, report));
  EXPECT(report->step > 0 && report->settled == 1);
  CHECK(dni_trainer_abandon(trainer)); /* of an idle one: nothing is lost */
  CHECK(dni_trainer_memory(trainer, memory));
  EXPECT(memory->parameter_bytes > 0 && memory->workspace_bytes > 0);
  CHECK(dni_trainer_set_rate_factor(trainer, DNI_ALL, 0.5));
  EXPECT(dni_trainer_module_count(trainer) > 0 && dni_trainer_thread_count(trainer) > 0);
  CHECK(dni_trainer_layer_module(trainer, 2, &number));
  EXPECT(number + 1 == dni_trainer_module_count(trainer));
  EXPECT(dni_trainer_module_optimiser(trainer, number) != NULL);
  (void)dni_trainer_sg_optimiser(trainer, 1);
  CHECK(dni_trainer_module_thread(trainer, number, &number));
  EXPECT(number < dni_trainer_thread_count(trainer));
  dni_trainer_cancel(trainer);
  EXPECT(dni_trainer_fit_stream(trainer, stream, NULL) == DNI_ERROR_CANCELLED);
  drop(memory), drop(report), drop(batch), drop(stream);
}

static void use_schedule(dni_context *context, dni_kind schedule) {
  dni_dataset *dataset = make_dataset(context);
  dni_loss *loss = schedule == DNI_SCHEDULE_RANDOM ? make_own_loss(context) : NULL;
  dni_sg *sg = NULL;
  dni_network *network, *best;
  dni_trainer *trainer;
  if (!loss) CHECK(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  if (schedule == DNI_SCHEDULE_RANDOM)
    sg = make_own_sg(context);
  else if (schedule != DNI_SCHEDULE_MICRO_BATCHES)
    CHECK(dni_sg_create_synthetic(context, UNITS, CLASSES, NULL, &sg));
  network = make_network(context, sg, 0);
  CHECK(dni_network_copy(network, &best));
  trainer = make_trainer(context, network, loss, schedule);
  use_fit(trainer, dataset, best);
  use_steps(trainer);
  dni_trainer_release(dni_trainer_retain(trainer));
  dni_trainer_release(trainer);
  dni_network_release(best), dni_network_release(network);
  dni_sg_release(sg), dni_loss_release(loss), dni_dataset_release(dataset);
}

/* Using. --------------------------------------------------------------------------------------- */

static void use_network(dni_context *context, dni_network *network) {
  dni_evaluation *found = NEW(dni_evaluation);
  dni_metric *metric = NEW(dni_metric);
  dni_dataset *dataset = make_own_dataset(context);
  dni_matrix h = matrix(EXAMPLES, CLASSES), again = matrix(EXAMPLES, CLASSES), x, labels;
  dni_predictor *predictor;
  dni_loss *loss;
  view_examples(&x, &labels);
  CHECK(dni_network_reserve(network, ROWS));
  CHECK(dni_network_predict(network, &x, &h));
  CHECK(dni_predictor_create(network, ROWS, &predictor));
  CHECK(dni_predictor_run(predictor, DNI_ALL, &x, &again));
  EXPECT(memcmp(h.data, again.data, EXAMPLES * CLASSES * sizeof(float)) == 0);
  dni_predictor_release(dni_predictor_retain(predictor));
  dni_predictor_release(predictor);
  CHECK(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  own_metric(metric);
  CHECK(dni_network_evaluate(network, loss, dataset, metric, found));
  EXPECT(found->examples == EXAMPLES && isfinite(found->loss) && found->metric > 0);
  metric->destroy(metric->user);
  dni_loss_release(loss), dni_dataset_release(dataset);
  drop(metric), drop(found);
}

void use_training(dni_context *context, const char *path) {
  dni_network *network, *loaded;
  dni_kind schedule;
  for (schedule = DNI_SCHEDULE_SEQUENTIAL; schedule <= DNI_SCHEDULE_MICRO_BATCHES; schedule++)
    use_schedule(context, schedule);
  network = make_network(context, NULL, 1);
  use_network(context, network);
  CHECK(dni_network_save(network, path));
  CHECK(dni_network_load(context, path, &loaded));
  CHECK(dni_network_assign(loaded, network));
  use_network(context, loaded);
  dni_network_release(dni_network_retain(loaded));
  dni_network_release(loaded), dni_network_release(network);
}
