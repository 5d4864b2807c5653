/* custom_loop: a training loop of one's own, from the library's pieces and without its trainer.
 *
 * Shows one synthetic gradient (SG) between two modules: the lower module moves before the upper
 * one has seen its output, on the SG's guess of dL/dh; the gradient that the upper module then
 * finds for its own input teaches the SG. The order is that of Czarnecki et al., "Understanding
 * Synthetic Gradients and Decoupled Neural Interfaces" (2017), section 2; the data are linear_100
 * of its Appendix D. Takes under a second. */
#include <dni/research.h> /* the artificial data */
#include <stdlib.h>

#include "common/common.h"

enum { EXAMPLES = 1000, BATCH = 100, INPUTS = 100, UNITS = 64, CLASSES = 2, PRINT_EVERY = 50 };

/* A linear map, ReLU and batch normalisation below; a linear classifier above. */
static dni_layer *dense, *norm, *upper;
static dni_loss *loss;
static dni_sg *sg;
static dni_optimiser *lower_optimiser, *upper_optimiser, *sg_optimiser;

/* A batch on its way up, x -> r -> h -> out, and dL/d of what each name says, per example. */
static float x_data[BATCH * INPUTS], y_data[BATCH * CLASSES], out_data[BATCH * CLASSES];
static float r_data[BATCH * UNITS], h_data[BATCH * UNITS];
static float delta_h_data[BATCH * UNITS], target_data[BATCH * UNITS];
static float delta_out_data[BATCH * CLASSES];
static dni_matrix x, y, r, h, out, delta_h, target, delta_out;

static void check(dni_status status) {
  if (status != DNI_OK) exit(library_failure());
}

static void make_views(void) {
  dni_matrix_init_f32(&x, x_data, BATCH, INPUTS);
  dni_matrix_init_f32(&y, y_data, BATCH, CLASSES);
  dni_matrix_init_f32(&r, r_data, BATCH, UNITS);
  dni_matrix_init_f32(&h, h_data, BATCH, UNITS);
  dni_matrix_init_f32(&out, out_data, BATCH, CLASSES);
  dni_matrix_init_f32(&delta_h, delta_h_data, BATCH, UNITS);
  dni_matrix_init_f32(&target, target_data, BATCH, UNITS);
  dni_matrix_init_f32(&delta_out, delta_out_data, BATCH, CLASSES);
}

static void make_modules(dni_context *context) {
  check(dni_layer_create_dense(context, INPUTS, UNITS, DNI_ACTIVATION_RELU, &dense));
  check(dni_layer_create_batch_norm(context, UNITS, &norm));
  check(dni_layer_create_dense(context, UNITS, CLASSES, DNI_ACTIVATION_IDENTITY, &upper));
  check(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  check(dni_sg_create_synthetic(context, UNITS, CLASSES, NULL, &sg));
  check(dni_sg_reserve(sg, BATCH)); /* so that no step allocates */
  check(dni_optimiser_create_adam(context, 1e-3, &lower_optimiser));
  check(dni_optimiser_create_like(lower_optimiser, &upper_optimiser));
  check(dni_optimiser_create_like(lower_optimiser, &sg_optimiser));
  check(dni_optimiser_add_layer(lower_optimiser, dense));
  check(dni_optimiser_add_layer(lower_optimiser, norm));
  check(dni_optimiser_add_layer(upper_optimiser, upper));
  check(dni_optimiser_add_sg(sg_optimiser, sg));
}

static void release_modules(void) {
  dni_optimiser_release(sg_optimiser);
  dni_optimiser_release(upper_optimiser);
  dni_optimiser_release(lower_optimiser);
  dni_sg_release(sg);
  dni_loss_release(loss);
  dni_layer_release(upper);
  dni_layer_release(norm);
  dni_layer_release(dense);
}

/* Asks nobody above. Backward uses delta_h as working space: it goes on as dL/dr. */
static void train_lower(void) {
  dni_query query = {.struct_size = sizeof query, .h = &h, .y = &y};
  check(dni_layer_forward(dense, DNI_MODE_TRAINING, NULL, &x, &r));
  check(dni_layer_forward(norm, DNI_MODE_TRAINING, NULL, &r, &h));
  check(dni_sg_estimate(sg, &query, &delta_h));
  check(dni_layer_backward(norm, DNI_GRADIENT_REPLACE, NULL, &r, &h, &delta_h, &delta_h));
  check(dni_layer_backward(dense, DNI_GRADIENT_REPLACE, NULL, &x, &r, &delta_h, NULL));
  check(dni_optimiser_step(lower_optimiser));
}

/* On the h it was sent; its dL/dh is the SG's target. Returns the loss. */
static double train_upper(void) {
  double mean;
  dni_batch answers = {.struct_size = sizeof answers, .x = &out, .y = &y};
  check(dni_layer_forward(upper, DNI_MODE_TRAINING, NULL, &h, &out));
  check(dni_loss_evaluate(loss, &answers, &delta_out, NULL, &mean));
  check(dni_layer_backward(upper, DNI_GRADIENT_REPLACE, NULL, &h, &out, &delta_out, &target));
  check(dni_optimiser_step(upper_optimiser));
  return mean;
}

/* Without the prediction, which backward used up: it is computed again. Returns the cosine. */
static double train_sg(void) {
  dni_lesson lesson = {.struct_size = sizeof lesson, .h = &h, .y = &y, .target = &target};
  dni_lesson_report report = {.struct_size = sizeof report};
  check(dni_sg_learn(sg, &lesson, &report));
  check(dni_optimiser_step(sg_optimiser));
  return report.cosine;
}

static void train(dni_dataset *data, uint64_t steps) {
  dni_order *order;
  check(dni_order_create(data, NULL, &order));
  printf("%6s  %6s  cosine of the SG and its target\n", "step", "loss");
  for (uint64_t step = 1; step <= steps; step++) {
    size_t first = (size_t)((step - 1) % (EXAMPLES / BATCH)) * BATCH;
    if (first == 0) check(dni_order_shuffle(order));
    check(dni_dataset_gather(data, dni_order_indices(order) + first, BATCH, &x, &y));
    train_lower();
    double mean = train_upper(), cosine = train_sg();
    if (step == 1 || step % PRINT_EVERY == 0)
      printf("%6llu  %6.4f  %.3f\n", (unsigned long long)step, mean, cosine);
  }
  dni_order_release(order);
}

int main(int argc, char **argv) {
  uint64_t steps = 500;
  dni_context_options options = {.struct_size = sizeof options, .seed = 1};
  dni_context *context;
  dni_dataset *data;
  const argument table[] = {
      {"steps", ARGUMENT_COUNT, &steps, 0, 1e9, NULL, "of the training (500)"},
      {"seed", ARGUMENT_COUNT, &options.seed, 0, 0x1p64, NULL, "of data and weights (1)"},
      {0}};
  begin("custom_loop");
  int answer = arguments_parse(argc, argv, "A training loop without the trainer.\n", table, NULL);
  if (answer != ARGUMENTS_RUN) return finish(answer);
  check(dni_context_create(&options, &context));
  check(dni_dataset_create_artificial(context, DNI_ARTIFICIAL_LINEAR, INPUTS, EXAMPLES, CLASSES,
                                      NULL, &data));
  make_views();
  make_modules(context);
  train(data, steps);
  release_modules();
  dni_dataset_release(data);
  dni_context_release(context);
  return finish(0);
}
