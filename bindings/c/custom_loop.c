/* A training loop of one's own: two layers on arrays, and a synthetic gradient between them.
 *
 * The lower layer is updated before the upper one has seen its output.
 *
 *     custom_loop FOLDER     the folder has MNIST's four files, plain or gzip */
#include "sample.h"

enum { ROWS = 64, PIXELS = 784, UNITS = 64, CLASSES = 10, STEPS = 60 };

static float pixels[ROWS * PIXELS], hidden[3][ROWS * UNITS], outputs[2][ROWS * CLASSES];
static int32_t classes[ROWS];

/* x -> lower -> h -> upper -> logits, with an SG that answers for dL/dh. */
struct loop {
  dni_layer *lower, *upper;
  dni_sg *sg;
  dni_loss *loss;
  dni_optimiser *moves[3];
  dni_matrix x, y, h, delta, target, logits, error;
};

static void make(struct loop *loop, dni_context *context) {
  check(dni_layer_create_dense(context, PIXELS, UNITS, DNI_ACTIVATION_RELU, &loop->lower));
  check(dni_layer_create_dense(context, UNITS, CLASSES, DNI_ACTIVATION_IDENTITY, &loop->upper));
  check(dni_sg_create_synthetic(context, UNITS, CLASSES, NULL, &loop->sg));
  check(dni_loss_create_softmax_cross_entropy(context, NULL, &loop->loss));
  for (int i = 0; i < 3; i++)
    check(dni_optimiser_create_adam(context, 0.003, &loop->moves[i]));
  check(dni_optimiser_add_layer(loop->moves[0], loop->lower));
  check(dni_optimiser_add_layer(loop->moves[1], loop->upper));
  check(dni_optimiser_add_sg(loop->moves[2], loop->sg));
  dni_matrix_init_f32(&loop->x, pixels, ROWS, PIXELS);
  dni_matrix_init_labels(&loop->y, classes, ROWS);
  dni_matrix_init_f32(&loop->h, hidden[0], ROWS, UNITS);
  dni_matrix_init_f32(&loop->delta, hidden[1], ROWS, UNITS);
  dni_matrix_init_f32(&loop->target, hidden[2], ROWS, UNITS);
  dni_matrix_init_f32(&loop->logits, outputs[0], ROWS, CLASSES);
  dni_matrix_init_f32(&loop->error, outputs[1], ROWS, CLASSES);
}

/* The losses of one step: of the network, and of the SG. */
static void step(struct loop *l, double *loss, double *mse) {
  dni_query query = {.struct_size = sizeof query, .h = &l->h, .y = &l->y};
  dni_batch batch = {.struct_size = sizeof batch, .x = &l->logits, .y = &l->y};
  dni_lesson lesson = {.struct_size = sizeof lesson, .h = &l->h, .y = &l->y, .target = &l->target};
  dni_lesson_report report = {.struct_size = sizeof report};
  check(dni_layer_forward(l->lower, DNI_MODE_TRAINING, NULL, &l->x, &l->h));
  check(dni_sg_estimate(l->sg, &query, &l->delta));
  check(dni_layer_backward(l->lower, DNI_GRADIENT_REPLACE, NULL, &l->x, &l->h, &l->delta, NULL));
  check(dni_optimiser_step(l->moves[0]));

  check(dni_layer_forward(l->upper, DNI_MODE_TRAINING, NULL, &l->h, &l->logits));
  check(dni_loss_evaluate(l->loss, &batch, &l->error, NULL, loss));
  check(dni_layer_backward(l->upper, DNI_GRADIENT_REPLACE, NULL, &l->h, &l->logits, &l->error,
                           &l->target));
  check(dni_optimiser_step(l->moves[1]));

  check(dni_sg_learn(l->sg, &lesson, &report));
  check(dni_optimiser_step(l->moves[2]));
  *mse = report.mse;
}

int main(int count, char **arguments) {
  dni_context *context = seeded_context();
  dni_dataset *data = digits(context, count > 1 ? arguments[1] : ".", "train");
  struct loop loop;
  dni_order *order;
  make(&loop, context);
  check(dni_order_create(data, NULL, &order));
  check(dni_order_shuffle(order));
  for (size_t i = 1; i <= STEPS; i++) {
    size_t first = (i - 1) % (dni_dataset_examples(data) / ROWS) * ROWS;
    double loss, mse;
    check(dni_dataset_gather(data, dni_order_indices(order) + first, ROWS, &loop.x, &loop.y));
    step(&loop, &loss, &mse);
    if (i % 10 == 0) printf("step %zu: loss %.6f, error of the SG %.6f\n", i, loss, mse);
  }
  dni_order_release(order);
  dni_layer_release(loop.lower);
  dni_layer_release(loop.upper);
  dni_sg_release(loop.sg);
  dni_loss_release(loop.loss);
  for (int i = 0; i < 3; i++)
    dni_optimiser_release(loop.moves[i]);
  dni_dataset_release(data);
  dni_context_release(context);
  return 0;
}
