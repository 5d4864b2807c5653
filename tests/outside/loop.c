/* What a user of an installed libdni might write: a training loop of his own, in C99 or C++. Two
 * layers do not wait for each other: the lower one moves by a synthetic gradient, the upper one by
 * the loss, and the gradient that the upper one finds for its input teaches the synthetic one. */
#include <dni.h>

#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 64, INPUTS = 4, HIDDEN = 16, OUTPUTS = 2, STEPS = 400 };

static float x[ROWS * INPUTS], y[ROWS * OUTPUTS], h[ROWS * HIDDEN], out[ROWS * OUTPUTS];
static float delta[ROWS * HIDDEN], target[ROWS * HIDDEN], delta_out[ROWS * OUTPUTS];

static void check(dni_status status) {
  if (status == DNI_OK) return;
  fprintf(stderr, "loop: %s\n", dni_last_message());
  exit(1);
}

static dni_matrix view(const float *data, size_t columns) {
  dni_matrix matrix;
  dni_matrix_init_f32(&matrix, data, ROWS, columns);
  return matrix;
}

/* The label is whether the first two inputs are on the same side of 1/2. */
static void fill(void) {
  int row, column;
  for (row = 0; row < ROWS; row++) {
    for (column = 0; column < INPUTS; column++)
      x[row * INPUTS + column] = (float)((row * (7 + 12 * column) + 3) % 64) / 64.0f;
    column = (x[row * INPUTS] < 0.5f) == (x[row * INPUTS + 1] < 0.5f);
    y[row * OUTPUTS + column] = 1.0f;
  }
}

int main(void) {
  dni_matrix X = view(x, INPUTS), Y = view(y, OUTPUTS), H = view(h, HIDDEN), O = view(out, OUTPUTS);
  dni_matrix D = view(delta, HIDDEN), T = view(target, HIDDEN), E = view(delta_out, OUTPUTS);
  dni_context *context;
  dni_layer *lower, *upper;
  dni_loss *loss;
  dni_sg *sg;
  dni_optimiser *move_lower, *move_upper, *move_sg;
  double first = 0, last = 0;
  static dni_query question; /* static: all 0 */
  static dni_lesson lesson;
  static dni_batch batch;
  int step;

  question.struct_size = sizeof question;
  question.h = &H;
  question.y = &Y;
  lesson.struct_size = sizeof lesson;
  lesson.h = &H;
  lesson.y = &Y;
  lesson.target = &T;
  batch.struct_size = sizeof batch;
  batch.x = &O;
  batch.y = &Y;
  fill();
  check(dni_context_create(NULL, &context));
  check(dni_layer_create_dense(context, INPUTS, HIDDEN, DNI_ACTIVATION_RELU, &lower));
  check(dni_layer_create_dense(context, HIDDEN, OUTPUTS, DNI_ACTIVATION_IDENTITY, &upper));
  check(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  check(dni_sg_create_synthetic(context, HIDDEN, OUTPUTS, NULL, &sg));
  check(dni_optimiser_create_adam(context, 0.01, &move_lower));
  check(dni_optimiser_create_adam(context, 0.01, &move_upper));
  check(dni_optimiser_create_adam(context, 0.01, &move_sg));
  check(dni_optimiser_add_layer(move_lower, lower));
  check(dni_optimiser_add_layer(move_upper, upper));
  check(dni_optimiser_add_sg(move_sg, sg));

  for (step = 0; step < STEPS; step++) {
    check(dni_layer_forward(lower, DNI_MODE_TRAINING, NULL, &X, &H));
    check(dni_sg_estimate(sg, &question, &D)); /* dL/dh, without asking anyone above */
    check(dni_layer_backward(lower, DNI_GRADIENT_REPLACE, NULL, &X, &H, &D, NULL));
    check(dni_optimiser_step(move_lower));

    check(dni_layer_forward(upper, DNI_MODE_TRAINING, NULL, &H, &O));
    check(dni_loss_evaluate(loss, &batch, &E, NULL, &last));
    check(dni_layer_backward(upper, DNI_GRADIENT_REPLACE, NULL, &H, &O, &E, &T));
    check(dni_optimiser_step(move_upper));

    check(dni_sg_learn(sg, &lesson, NULL));
    check(dni_optimiser_step(move_sg));
    if (step == 0) first = last;
  }
  printf("libdni %s: loss %.3f -> %.3f\n", dni_version_string(), first, last);

  dni_optimiser_release(move_sg);
  dni_optimiser_release(move_upper);
  dni_optimiser_release(move_lower);
  dni_sg_release(sg);
  dni_loss_release(loss);
  dni_layer_release(upper);
  dni_layer_release(lower);
  dni_context_release(context);
  return last < 0.5 * first ? 0 : 1;
}
