/* stream: training on examples that are in no memory.
 *
 * Shows both ways: a data set of a function that fetches examples by their indices, which the
 * library orders and cuts into batches; and a stream, which hands over one batch after the other.
 * The examples are computed: point i of a sequence that fills the square evenly, and the value of a
 * smooth function there. Two networks with the same first weights see the same batches in these two
 * ways and so end with the same parameters. Under a second. */
#include <math.h>
#include <string.h>

#include "common/common.h"

enum { INPUTS = 2, BATCH = 64, VALIDATION = 1000 };

static const size_t widths[] = {INPUTS, 32, 1};

typedef struct source {
  size_t first;                        /* index of the first example */
  uint64_t batches, given, fail_after; /* of a stream; fail_after 0: never */
  double x_data[BATCH * INPUTS], y_data[BATCH];
  dni_matrix x, y;
} source;

/* x in [-1, 1)^2, by multiples of irrational numbers; y = sin(3 x_0) cos(2 x_1). */
static void compute(size_t index, double *x, double *y) {
  x[0] = 2 * fmod((double)index * 0.7548776662466927, 1) - 1;
  x[1] = 2 * fmod((double)index * 0.5698402909980532, 1) - 1;
  *y = sin(3 * x[0]) * cos(2 * x[1]);
}

/* Either matrix may be NULL: then it is not wanted. */
static dni_status fetch(void *user, const size_t *indices, size_t count, dni_matrix *x,
                        dni_matrix *y) {
  const source *from = user;
  for (size_t r = 0; r < count; r++) {
    double point[INPUTS], value;
    compute(from->first + indices[r], point, &value);
    if (x) memcpy((double *)x->data + r * x->stride, point, sizeof point);
    if (y) ((double *)y->data)[r * y->stride] = value;
  }
  return DNI_OK;
}

/* The batch is in the source's own memory, until the next call. */
static dni_status next(void *user, dni_batch *batch) {
  source *from = user;
  if (from->given == from->batches) return DNI_OK; /* no x: the end */
  if (from->fail_after > 0 && from->given == from->fail_after)
    return dni_fail(DNI_STATUS_CALLER, "the source of the examples is gone");
  for (size_t r = 0; r < BATCH; r++)
    compute(from->first + from->given * BATCH + r, from->x_data + r * INPUTS, &from->y_data[r]);
  from->x = matrix_of(from->x_data, BATCH, INPUTS);
  from->y = matrix_of(from->y_data, BATCH, 1);
  batch->x = &from->x;
  batch->y = &from->y;
  from->given++;
  return DNI_OK;
}

static dni_dataset *make_dataset(dni_context *context, source *from, size_t examples) {
  dni_dataset_callbacks callbacks = {.struct_size = sizeof callbacks, .user = from, .fetch = fetch};
  dni_dataset *data;
  callbacks.examples = examples;
  callbacks.features = INPUTS;
  callbacks.targets = 1;
  must(dni_dataset_create_callback(context, &callbacks, &data));
  return data;
}

/* Answers the mean squared error on points after those of the training. */
static double train(const source *with, bool as_stream, uint64_t seed) {
  dni_context *context = doubles_context(seed);
  source from = *with, unseen = {.first = (size_t)with->batches * BATCH};
  dni_dataset *data = make_dataset(context, &from, (size_t)from.batches * BATCH);
  dni_dataset *validation = make_dataset(context, &unseen, VALIDATION);
  dni_fit_options how = {.struct_size = sizeof how, .batch = BATCH, .keep_order = 1};
  dni_stream stream = {.struct_size = sizeof stream, .user = &from, .next = next};
  dni_evaluation answer = {.struct_size = sizeof answer};
  dni_network *network = dense_network(context, DNI_ACTIVATION_TANH, widths, 3);
  dni_loss *loss;
  dni_trainer *trainer;
  must(dni_loss_create_squared_error(context, &loss));
  must(dni_trainer_create(network, loss, NULL, &trainer));
  must(as_stream ? dni_trainer_fit_stream(trainer, &stream, NULL)
                 : dni_trainer_fit(trainer, data, &how));
  must(dni_network_evaluate(network, loss, validation, NULL, &answer));
  dni_trainer_release(trainer);
  dni_loss_release(loss);
  dni_network_release(network);
  dni_dataset_release(validation);
  dni_dataset_release(data);
  dni_context_release(context);
  return 2 * answer.loss; /* the loss is half of it */
}

int main(int argc, char **argv) {
  common_options common;
  source from = {.batches = 2000};
  const argument table[] = {
      {"batches", ARGUMENT_COUNT, &from.batches, 1, 1e9, NULL, "of the training (2000)"},
      {"fail-after", ARGUMENT_COUNT, &from.fail_after, 0, 1e9, NULL,
       "batches after which the stream fails, to see how it tells (0: never)"},
      {0}};
  begin("stream");
  int status =
      arguments_parse(argc, argv, "Train on examples that are in no memory.\n", table, &common);
  if (status != ARGUMENTS_RUN) return finish(status);
  double fetched = train(&from, false, common.seed), streamed = train(&from, true, common.seed);
  if (fetched != streamed)
    return fail("squared error %g by fetching, %g by stream", fetched, streamed);
  (void)printf(common.json ? "{\"squared_error\": %.9g}\n"
                           : "Mean squared error %.3g on new examples, in both ways.\n",
               fetched);
  return finish(0);
}
