/* Synthetic gradients (Jaderberg et al. 2016; Czarnecki et al. 2017): M(h, y), linear or with one
 * or two hidden ReLU layers, trained on
 *
 *   E = mean over the batch of || M(h, y) - delta ||^2.
 *
 * dE/dM per example is 2 (M - delta), which then goes back through the affine maps. The output
 * layer starts at zero, so the first synthetic gradient is exactly 0 and the layers below stay put
 * until the module knows something. */
#include "sg/stack.h"

static dni_status synthetic_estimate(dni_sg *sg, const dni_sg_call *call) {
  return dni__stack_forward((const dni__stack *)sg, call->h, call->y, call->delta);
}

/* In a weighted batch M - delta is so already, and dE/dM with it. */
static dni_status synthetic_learn(dni_sg *sg, const dni_sg_call *call, dni__pair_sums *sums) {
  const dni__stack *stack = (const dni__stack *)sg;
  bool skips = (call->flags & DNI_GRADIENT_SKIP) != 0;
  if (!skips) DNI_TRY(dni__stack_forward_hidden(stack, call->h, call->y, call->target->rows));
  dni__sg_residual(sg, call, 2, sums);
  return skips ? DNI_OK : dni__stack_backward(stack, call, call->y, call->prediction, NULL);
}

/* Without hidden layers M is linear in weight and bias: J g = [h, y] dW^T + db, the map with its
 * gradients in the place of its values. */
static dni_status synthetic_change(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                   const dni_matrix *change) {
  const dni__stack *stack = (const dni__stack *)sg;
  if (stack->map_count > 1)
    return dni__fail(DNI_ERROR_UNSUPPORTED,
                     "with hidden layers it is not linear in its parameters");
  dni__affine map = dni__stack_map(stack, 0);
  map.weight.value = map.weight.gradient;
  map.bias.value = map.bias.gradient;
  const dni_matrix *x1, *x2;
  dni_matrix none;
  dni__stack_input(stack, h, y, &none, &x1, &x2);
  return dni__affine_forward(sg->context, sg->backend, &map, x1, x2, DNI_ACTIVATION_IDENTITY,
                             change);
}

static const dni__sg_vtable synthetic_vtable = {
    .kind = DNI_SG_SYNTHETIC,
    .name = "synthetic",
    .estimate = synthetic_estimate,
    .learn = synthetic_learn,
    .change = synthetic_change,
    .reserve = dni__stack_reserve,
    .destroy = dni__stack_destroy,
};

static const dni__stack_kind synthetic_kind = {
    .size = sizeof(dni__stack),
    .vtable = &synthetic_vtable,
    .activation = DNI_ACTIVATION_RELU,
    .may_see_y_alone = true,
};

dni_status dni_sg_create_synthetic(dni_context *context, size_t units, size_t targets,
                                   const dni_sg_options *options, dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  return dni__stack_create(context, &synthetic_kind, units, targets, options, out);
}
