/* Critics (Czarnecki et al. 2017, Appendix A): phi(h, y), an estimate of each example's loss L,
 * linear or with one or two hidden layers of tanh units, trained on
 *
 *   E = mean over the batch of (phi(h, y) - L)^2
 *
 * and used through its gradient, delta = d phi / dh. dE/d phi per example is 2 (phi - L). A small E
 * says nothing about the gradient: that is the appendix's point. */
#include "sg/guess.h"
#include "sg/stack.h"

typedef struct critic {
  dni__stack stack;
  void *phi; /* [rows][1], and what goes back from it */
} critic;

static dni_matrix phi_view(const critic *module, size_t rows) {
  return dni__matrix_make(module->phi, rows, 1, module->stack.base.context->dtype);
}

/* The estimate of each loss, if it is wanted; and from d phi / d phi = 1 back to h. */
static dni_status critic_estimate(dni_sg *sg, const dni_sg_call *call) {
  const critic *module = (const critic *)sg;
  const dni__stack *stack = &module->stack;
  if (call->losses) DNI_TRY(dni__stack_forward(stack, call->h, call->y, call->losses));
  if (!call->delta) return DNI_OK;
  size_t rows = call->delta->rows;
  if (!call->losses) DNI_TRY(dni__stack_forward_hidden(stack, call->h, call->y, rows));
  dni_matrix dphi = phi_view(module, rows);
  for (size_t r = 0; r < rows; r++)
    dni__matrix_set(&dphi, r, 0, 1);
  dni_sg_call back = *call;
  back.flags = DNI_GRADIENT_SKIP;
  return dni__stack_backward(stack, &back, call->y, &dphi, call->delta);
}

/* phi - L in a row; 0 where the weight is. */
static double difference_at(const dni_sg_call *call, const dni_matrix *phi, size_t row) {
  if (dni__weight(call->weights, row) == 0) return 0;
  return dni__matrix_get(phi, row, 0) - dni__matrix_get(call->losses, row, 0);
}

/* The sum of w (scale (phi - L))^2. */
static double weighted_squares(const dni_sg_call *call, const dni_matrix *phi, double scale) {
  double sum = 0;
  for (size_t r = 0; r < phi->rows; r++) {
    double scaled = scale * difference_at(call, phi, r);
    sum += dni__weight(call->weights, r) * scaled * scaled;
  }
  return sum;
}

/* phi = 2 w (phi - L) in each row of weight w; the mean of w (phi - L)^2. */
static double weighted_residual(const dni_sg_call *call, const dni_matrix *phi) {
  dni__pair_sums sums = {.difference2 = weighted_squares(call, phi, 1)};
  double total = 0, scale = dni__squares_range(sums.difference2);
  if (scale != 1) sums.difference2 = weighted_squares(call, phi, scale);
  sums.scale.difference = scale;
  for (size_t r = 0; r < phi->rows; r++) {
    double weight = dni__weight(call->weights, r);
    dni__matrix_set(phi, r, 0, 2 * weight * difference_at(call, phi, r));
    total += weight;
  }
  return dni__sg_mean_square(&sums, total);
}

static double residual(const dni_sg *sg, const dni_sg_call *call, dni_matrix *phi) {
  if (call->weights) return weighted_residual(call, phi);
  dni_sg_call pair = {.prediction = phi, .target = call->losses};
  dni__pair_sums sums;
  dni__sg_residual(sg, &pair, 2, &sums);
  return dni__sg_mean_square(&sums, (double)phi->rows);
}

static dni_status critic_learn_losses(dni_sg *sg, const dni_sg_call *call) {
  const critic *module = (const critic *)sg;
  dni_matrix phi = phi_view(module, call->losses->rows);
  DNI_TRY(dni__stack_forward(&module->stack, call->h, call->y, &phi));
  *call->own_loss = residual(sg, call, &phi);
  return dni__stack_backward(&module->stack, call, call->y, &phi, NULL);
}

static dni_status critic_reserve(dni_sg *sg, size_t rows) {
  return dni__stack_reserve_with(sg, rows, 1, &((critic *)sg)->phi);
}

static void critic_destroy(dni_sg *sg) {
  dni__free(sg->context->memory, ((critic *)sg)->phi);
  dni__stack_destroy(sg);
}

static void critic_list(dni_sg *sg, dni__manifest *manifest) {
  const dni__stack *stack = (const dni__stack *)sg;
  dni__stack_list(stack, manifest);
  dni__condition_list(stack->condition, NULL, manifest);
}

static const dni__sg_vtable critic_vtable = {
    .kind = DNI_SG_CRITIC,
    .name = "critic",
    .estimate = critic_estimate,
    .learn_losses = critic_learn_losses,
    .list = critic_list,
    .reserve = critic_reserve,
    .destroy = critic_destroy,
};

static const dni__stack_kind critic_kind = {
    .size = sizeof(critic),
    .vtable = &critic_vtable,
    .activation = DNI_ACTIVATION_TANH,
    .hidden_layers = 1,
    .one_output = true,
    .slopes = true,
};

dni_status dni_sg_create_critic(dni_context *context, size_t units, size_t targets,
                                const dni_sg_options *options, dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  return dni__stack_create(context, &critic_kind, units, targets, options, out);
}
