/* Affine maps in a row, forwards and backwards, as the SGs made of them need it. */
#include "sg/stack.h"

#include <math.h>

#include "sg/guess.h"

dni__affine dni__stack_map(const dni__stack *stack, size_t index) {
  const dni__parameter *parameters = stack->base.parameters + 2 * index;
  return (dni__affine){parameters[0], parameters[1]};
}

static dni_matrix hidden_view(const dni__stack *stack, void *data, size_t rows) {
  return dni__matrix_make(data, rows, stack->hidden_units, stack->base.context->dtype);
}

static bool is_last(const dni__stack *stack, size_t index) {
  return index + 1 == stack->map_count;
}

static dni_activation activation_of(const dni__stack *stack, size_t index) {
  return is_last(stack, index) ? DNI_ACTIVATION_IDENTITY : stack->activation;
}

void dni__stack_input(const dni__stack *stack, const dni_matrix *h, const dni_matrix *y,
                      dni_matrix *none, const dni_matrix **x1, const dni_matrix **x2) {
  *x1 = stack->sees_h ? h : y;
  *x2 = stack->sees_h && stack->sees_y ? y : NULL;
  if (!dni__is_labels(*x1)) return;
  *none = dni__matrix_make(NULL, y->rows, 0, stack->base.context->dtype);
  *x1 = none;
  *x2 = y;
}

/* The input of map `index`; *first holds a view that *x1 may point to. */
static void input_of(const dni__stack *stack, size_t index, const dni_matrix *h,
                     const dni_matrix *y, size_t rows, dni_matrix *first, const dni_matrix **x1,
                     const dni_matrix **x2) {
  if (index == 0) {
    dni__stack_input(stack, h, y, first, x1, x2);
    return;
  }
  *first = hidden_view(stack, stack->hidden[index - 1], rows);
  *x1 = first;
  *x2 = NULL;
}

/* Map `index` from its input to `out`; hidden layers' outputs must be there below it. */
static dni_status forward_map(const dni__stack *stack, size_t index, const dni_matrix *h,
                              const dni_matrix *y, const dni_matrix *out) {
  const dni_matrix *x1, *x2;
  dni_matrix first;
  input_of(stack, index, h, y, out->rows, &first, &x1, &x2);
  dni__affine map = dni__stack_map(stack, index);
  return dni__affine_forward(stack->base.context, stack->base.backend, &map, x1, x2,
                             activation_of(stack, index), out);
}

dni_status dni__stack_forward_hidden(const dni__stack *stack, const dni_matrix *h,
                                     const dni_matrix *y, size_t rows) {
  for (size_t i = 0; i + 1 < stack->map_count; i++) {
    dni_matrix out = hidden_view(stack, stack->hidden[i], rows);
    DNI_TRY(forward_map(stack, i, h, y, &out));
  }
  return DNI_OK;
}

dni_status dni__stack_forward(const dni__stack *stack, const dni_matrix *h, const dni_matrix *y,
                              const dni_matrix *out) {
  DNI_TRY(dni__stack_forward_hidden(stack, h, y, out->rows));
  return forward_map(stack, stack->map_count - 1, h, y, out);
}

/* Gradients of one map from dout, which becomes the derivative before the activation. */
static dni_status backward_map(const dni__stack *stack, size_t index, const dni_sg_call *call,
                               const dni_matrix *y, const dni_matrix *dout) {
  const dni_matrix *x1, *x2;
  dni_matrix first, output;
  input_of(stack, index, call->h, y, dout->rows, &first, &x1, &x2);
  bool last = is_last(stack, index);
  if (!last) output = hidden_view(stack, stack->hidden[index], dout->rows);
  dni__affine map = dni__stack_map(stack, index);
  return dni__affine_backward(stack->base.context, stack->base.backend, &map, call->flags,
                              call->scale, x1, x2, last ? NULL : &output,
                              activation_of(stack, index), dout);
}

dni_status dni__stack_backward(const dni__stack *stack, const dni_sg_call *call,
                               const dni_matrix *y, const dni_matrix *dout, const dni_matrix *dh) {
  dni_backend *backend = stack->base.backend;
  if (call->flags & DNI_GRADIENT_SKIP && !dh) return DNI_OK;
  dni_matrix dz = *dout;
  for (size_t i = stack->map_count - 1; i > 0; i--) {
    dni_matrix below = hidden_view(stack, stack->hidden_delta[i - 1], dz.rows);
    dni__affine map = dni__stack_map(stack, i);
    DNI_TRY(backward_map(stack, i, call, y, &dz));
    DNI_TRY(dni__affine_backward_input(backend, &map, &dz, &below));
    dz = below;
  }
  DNI_TRY(backward_map(stack, 0, call, y, &dz));
  if (!dh) return DNI_OK;
  dni__affine map = dni__stack_map(stack, 0);
  return dni__affine_backward_input(backend, &map, &dz, dh);
}

/* Workspace. --------------------------------------------------------------------------------- */

static void free_workspace(dni__memory *memory, void **hidden, void **hidden_delta) {
  for (size_t i = 0; i < DNI_STACK_HIDDEN_MOST; i++) {
    dni__free(memory, hidden[i]);
    dni__free(memory, hidden_delta[i]);
  }
}

dni_status dni__stack_reserve(dni_sg *sg, size_t rows) {
  dni__stack *stack = (dni__stack *)sg;
  dni__memory *memory = sg->context->memory;
  void *hidden[DNI_STACK_HIDDEN_MOST] = {0}, *hidden_delta[DNI_STACK_HIDDEN_MOST] = {0};
  size_t elements, size = dni__dtype_size(sg->context->dtype);
  if (!dni__multiply(rows, stack->hidden_units, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu rows do not fit", rows);
  for (size_t i = 0; i + 1 < stack->map_count; i++) {
    hidden[i] = dni__allocate(memory, elements, size);
    hidden_delta[i] = dni__allocate(memory, elements, size);
    if (hidden[i] && hidden_delta[i]) continue;
    free_workspace(memory, hidden, hidden_delta);
    return DNI_ERROR_MEMORY;
  }
  free_workspace(memory, stack->hidden, stack->hidden_delta);
  for (size_t i = 0; i < DNI_STACK_HIDDEN_MOST; i++) {
    stack->hidden[i] = hidden[i];
    stack->hidden_delta[i] = hidden_delta[i];
  }
  sg->workspace_bytes = 2 * (stack->map_count - 1) * elements * size;
  return DNI_OK;
}

dni_status dni__stack_reserve_with(dni_sg *sg, size_t rows, size_t columns, void **block) {
  dni__memory *memory = sg->context->memory;
  size_t elements, size = dni__dtype_size(sg->context->dtype);
  if (!dni__multiply(rows, columns, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu rows of %zu do not fit", rows, columns);
  void *larger = dni__allocate(memory, elements, size);
  if (!larger) return DNI_ERROR_MEMORY;
  dni_status status = dni__stack_reserve(sg, rows);
  if (status != DNI_OK) {
    dni__free(memory, larger);
    return status;
  }
  dni__free(memory, *block);
  *block = larger;
  sg->workspace_bytes += elements * size;
  return DNI_OK;
}

void dni__stack_destroy(dni_sg *sg) {
  dni__stack *stack = (dni__stack *)sg;
  free_workspace(sg->context->memory, stack->hidden, stack->hidden_delta);
}

/* Creation. ---------------------------------------------------------------------------------- */

static dni_status check_options(const dni__stack_kind *kind, dni_sg_options *options,
                                size_t units) {
  const char *name = kind->vtable->name;
  if (options->condition < DNI_CONDITION_HY || options->condition > DNI_CONDITION_RESIDUAL)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: condition %d is unknown", name,
                     (int)options->condition);
  if ((options->loss || options->condition == DNI_CONDITION_RESIDUAL) && !kind->may_have_guess)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: %s of the options is for synthetic gradients", name,
                     options->loss ? "loss" : "condition DNI_CONDITION_RESIDUAL");
  if (kind->auxiliary && options->condition != 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: condition is %d, but g is of h alone", name,
                     (int)options->condition);
  if (options->condition == DNI_CONDITION_Y && !kind->may_see_y_alone)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: of y alone the gradient towards h is 0", name);
  if (options->hidden_layers > DNI_STACK_HIDDEN_MOST)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: hidden_layers is %zu, expected 0, 1 or 2", name,
                     options->hidden_layers);
  if (options->has_seed != 0 && options->has_seed != 1)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: has_seed is %d, expected 0 or 1", name,
                     (int)options->has_seed);
  if (options->hidden_units == 0) options->hidden_units = units;
  return DNI_OK;
}

/* Normal with variance gain / inputs, as a dense layer of this activation starts. */
static void draw(dni__random *random, dni_activation activation, const dni_matrix *weight) {
  double gain = activation == DNI_ACTIVATION_RELU ? 2 : 1;
  dni__random_fill_normal(random, weight->dtype, weight->data, weight->rows * weight->columns,
                          sqrt(gain / (double)weight->columns));
}

/* How many of the first map's inputs are not picked by y, as labels do: those of h, or of y and r. Where y is
 * all that is seen, none: of bf16, one-hot rows would give other numbers than labels. */
static size_t columns_not_picked(const dni__stack *stack, const dni_sg_options *options,
                                 size_t inputs) {
  if (stack->sees_h) return stack->base.units;
  return options->condition == DNI_CONDITION_Y && !options->loss ? 0 : inputs;
}

/* Weights come from one stream that starts from the seed; without a seed those of each map come
 * from the context's next stream. */
static dni_status create_maps(dni__stack *stack, const dni__stack_kind *kind, size_t inputs,
                              size_t outputs, const dni_sg_options *options) {
  dni_sg *sg = &stack->base;
  dni__random random;
  dni__random_init(&random, options->seed, 0);
  for (size_t i = 0; i < stack->map_count; i++) {
    bool last = is_last(stack, i), draws = !last || kind->auxiliary;
    dni__affine map;
    size_t first = i > 0 ? inputs : columns_not_picked(stack, options, inputs);
    int uses = DNI__FORWARD | (i > 0 || kind->slopes ? DNI__BACKWARD : 0);
    DNI_TRY(dni__affine_create(sg->context, inputs, first, last ? outputs : stack->hidden_units, uses,
                               &map));
    sg->parameters[2 * i] = map.weight;
    sg->parameters[2 * i + 1] = map.bias;
    if (draws && !options->has_seed) dni__context_random(sg->context, &random);
    if (draws) draw(&random, activation_of(stack, i), &map.weight.value);
    inputs = stack->hidden_units;
  }
  return DNI_OK;
}

/* How many columns the first map's input has; an auxiliary stack's is h. */
static dni_status count_inputs(const dni__stack_kind *kind, size_t units, size_t targets,
                               dni_condition condition, bool has_guess, size_t *inputs) {
  if (units == 0 || targets == 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: %zu units and %zu targets; both must be 1 or more",
                     kind->vtable->name, units, targets);
  bool sees_y = dni__condition_sees_y(condition) && !kind->auxiliary;
  size_t h = dni__condition_sees_h(condition) ? units : 0, y;
  if (!dni__add(sees_y ? targets : 0, has_guess ? targets : 0, &y) || !dni__add(h, y, inputs))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu units do not fit", units);
  return DNI_OK;
}

void dni__stack_list(const dni__stack *stack, dni__manifest *manifest) {
  dni__manifest_fixed_count(manifest, "hidden_layers", stack->map_count - 1);
}

dni_status dni__stack_create(dni_context *context, const dni__stack_kind *kind, size_t units,
                             size_t targets, const dni_sg_options *options, dni_sg **out) {
  dni_sg_options known = {.struct_size = sizeof known, .hidden_layers = kind->hidden_layers};
  if (options) DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, options, dni_sg_options)));
  DNI_TRY(check_options(kind, &known, units));
  size_t inputs, map_count = known.hidden_layers + 1;
  bool has_guess = known.loss != NULL;
  DNI_TRY(count_inputs(kind, units, targets, known.condition, has_guess, &inputs));
  dni_sg *sg = dni__sg_allocate(context, kind->size, kind->vtable, units, targets,
                                2 * map_count + (has_guess ? 2 : 0));
  if (!sg) return DNI_ERROR_MEMORY;
  dni__stack *stack = (dni__stack *)sg;
  stack->condition = known.condition;
  stack->sees_h = dni__condition_sees_h(known.condition);
  stack->sees_y = dni__condition_sees_y(known.condition) || has_guess;
  sg->looks_at_h = stack->sees_h || has_guess;
  sg->looks_at_y = stack->sees_y;
  stack->map_count = map_count;
  stack->hidden_units = known.hidden_units;
  stack->activation = kind->activation;
  size_t outputs = kind->one_output ? 1 : kind->auxiliary ? targets : units;
  dni_status status = create_maps(stack, kind, inputs, outputs, &known);
  if (status != DNI_OK) {
    dni_sg_release(sg);
    return status;
  }
  dni__parameters_changed(sg->parameters, sg->parameter_count);
  *out = sg;
  return DNI_OK;
}
