/* Synthetic gradients (Jaderberg et al. 2016; Czarnecki et al. 2017): M(h, y), linear or with one
 * or two hidden ReLU layers, trained on
 *
 *   E = mean over the batch of || M(h, y) - delta ||^2.
 *
 * dE/dM per example is 2 (M - delta), which then goes back through the affine maps. The output
 * layer starts at zero, so the first synthetic gradient is exactly 0 and the layers below stay put
 * until the module knows something.
 *
 * With a loss the maps see [y, r] in the place of y, where r is the residual of a local guess
 * (guess.h). The guess learns from the loss alone: no gradient of E reaches it. */
#include "sg/guess.h"
#include "sg/stack.h"

typedef struct synthetic {
  dni__stack stack;
  dni__guess guess;
  bool sees_y;
  size_t columns; /* of [y, r] */
  void *inputs;   /* [rows][columns + 1]: y, r, and working space for losses; with a guess only */
} synthetic;

/* What the maps see beside h: y, or [y, r] in `inputs`. */
static dni_status inputs_of(const synthetic *module, const dni_matrix *h, const dni_matrix *y,
                            size_t rows, dni_matrix *inputs, const dni_matrix **seen) {
  const dni_sg *sg = &module->stack.base;
  *seen = y;
  if (!module->guess.loss) return DNI_OK;
  dni_matrix all = dni__matrix_make(module->inputs, rows, module->columns + 1, sg->context->dtype);
  dni_matrix losses = dni__matrix_columns(&all, module->columns, 1);
  *inputs = dni__matrix_columns(&all, 0, module->columns);
  *seen = inputs;
  return dni__guess_inputs(sg, &module->guess, module->sees_y, h, y, inputs, &losses);
}

static dni_status synthetic_estimate(dni_sg *sg, const dni_sg_call *call) {
  const synthetic *module = (const synthetic *)sg;
  dni_matrix inputs;
  const dni_matrix *y;
  DNI_TRY(inputs_of(module, call->h, call->y, call->delta->rows, &inputs, &y));
  return dni__stack_forward(&module->stack, call->h, y, call->delta);
}

/* In a weighted batch M - delta is so already, and dE/dM with it. */
static dni_status synthetic_learn(dni_sg *sg, const dni_sg_call *call, dni__pair_sums *sums) {
  synthetic *module = (synthetic *)sg;
  bool skips = (call->flags & DNI_GRADIENT_SKIP) != 0;
  dni_matrix inputs;
  const dni_matrix *y = NULL;
  if (!skips) {
    DNI_TRY(inputs_of(module, call->h, call->y, call->target->rows, &inputs, &y));
    DNI_TRY(dni__stack_forward_hidden(&module->stack, call->h, y, call->target->rows));
  }
  dni__sg_residual(sg, call, 2, sums);
  if (skips) return DNI_OK;
  DNI_TRY(dni__stack_backward(&module->stack, call, y, call->prediction, NULL));
  return module->guess.loss ? dni__guess_learn(sg, &module->guess, call, &inputs) : DNI_OK;
}

/* Without hidden layers M is linear in weight and bias: J g = [h, y] dW^T + db, the map with its
 * gradients in the place of its values. */
static dni_status synthetic_change(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                   const dni_matrix *change) {
  const synthetic *module = (const synthetic *)sg;
  if (module->stack.map_count > 1 || module->guess.loss)
    return dni__fail(DNI_ERROR_UNSUPPORTED,
                     "with hidden layers or a loss it is not linear in its parameters");
  dni__affine map = dni__stack_map(&module->stack, 0);
  map.weight.value = map.weight.gradient;
  map.weight.packed = NULL; /* that is of the value; along the gradient floats are used */
  map.bias.value = map.bias.gradient;
  const dni_matrix *x1, *x2;
  dni_matrix none;
  dni__stack_input(&module->stack, h, y, &none, &x1, &x2);
  return dni__affine_forward(sg->context, sg->backend, &map, x1, x2, DNI_ACTIVATION_IDENTITY,
                             change);
}

static dni_status synthetic_reserve(dni_sg *sg, size_t rows) {
  synthetic *module = (synthetic *)sg;
  if (!module->guess.loss) return dni__stack_reserve(sg, rows);
  return dni__stack_reserve_with(sg, rows, module->columns + 1, &module->inputs);
}

static void synthetic_destroy(dni_sg *sg) {
  synthetic *module = (synthetic *)sg;
  dni__free(sg->context->memory, module->inputs);
  dni__guess_destroy(&module->guess);
  dni__stack_destroy(sg);
}

static void synthetic_list(dni_sg *sg, dni__manifest *manifest) {
  const synthetic *module = (const synthetic *)sg;
  dni__stack_list(&module->stack, manifest);
  dni__condition_list(module->stack.condition, module->guess.loss, manifest);
}

static const dni__sg_vtable synthetic_vtable = {
    .kind = DNI_SG_SYNTHETIC,
    .name = "synthetic",
    .estimate = synthetic_estimate,
    .learn = synthetic_learn,
    .change = synthetic_change,
    .list = synthetic_list,
    .reserve = synthetic_reserve,
    .destroy = synthetic_destroy,
};

static const dni__stack_kind synthetic_kind = {
    .size = sizeof(synthetic),
    .vtable = &synthetic_vtable,
    .activation = DNI_ACTIVATION_RELU,
    .may_see_y_alone = true,
    .may_have_guess = true,
};

static dni_status add_guess(dni_sg *sg, const dni_sg_options *options) {
  synthetic *module = (synthetic *)sg;
  module->sees_y = dni__condition_sees_y(options->condition);
  DNI_TRY(dni__guess_create(sg, options->loss, sg->parameters + 2 * module->stack.map_count,
                            &module->guess));
  module->columns = dni__guess_columns(&module->guess, sg->targets, module->sees_y);
  return DNI_OK;
}

dni_status dni_sg_create_synthetic(dni_context *context, size_t units, size_t targets,
                                   const dni_sg_options *options, dni_sg **out) {
  dni_sg_options known = {.struct_size = sizeof known};
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  if (options) DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, options, dni_sg_options)));
  known.struct_size = sizeof known; /* it is handed on */
  DNI_TRY(dni__guess_check(context, known.loss, targets, known.condition, synthetic_vtable.name));
  dni_sg *sg;
  DNI_TRY(dni__stack_create(context, &synthetic_kind, units, targets, &known, &sg));
  dni_status status = add_guess(sg, &known);
  if (status == DNI_OK)
    *out = sg;
  else
    dni_sg_release(sg);
  return status;
}
