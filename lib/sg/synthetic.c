/* Synthetic gradients (Jaderberg et al. 2016; Czarnecki et al. 2017): M(h, y), linear or with one
 * or two hidden ReLU layers, trained on
 *
 *   E = mean over the batch of || M(h, y) - delta ||^2.
 *
 * dE/dM per example is 2 (M - delta), which then goes back through the affine maps. The output
 * layer starts at zero, so the first synthetic gradient is exactly 0 and the layers below stay put
 * until the module knows something. h and y are the two parts of the first map's input and are
 * never joined. */
#include <math.h>

#include "layer/affine.h"
#include "sg/sg.h"

#define LAYERS_MOST 3

typedef struct synthetic {
  dni_sg base; /* parameters: weight, bias of each affine map */
  size_t layer_count;
  size_t hidden_units;
  void *hidden[LAYERS_MOST - 1];       /* [rows][hidden_units], outputs of the hidden layers */
  void *hidden_delta[LAYERS_MOST - 1]; /* dE/d of them */
} synthetic;

static dni__affine affine_of(const synthetic *module, size_t layer) {
  const dni__parameter *parameters = module->base.parameters + 2 * layer;
  return (dni__affine){parameters[0], parameters[1]};
}

static dni_matrix hidden_view(const synthetic *module, void *data, size_t rows) {
  return dni__matrix_make(data, rows, module->hidden_units, module->base.context->dtype);
}

/* The first map's input: (h, y), (h) or (y). */
static void first_input(const synthetic *module, const dni_matrix *h, const dni_matrix *y,
                        const dni_matrix **x1, const dni_matrix **x2) {
  *x1 = module->base.looks_at_h ? h : y;
  *x2 = module->base.looks_at_h && module->base.looks_at_y ? y : NULL;
}

/* Layer `layer` from its input to `out`; hidden layers' outputs must be there below it. */
static dni_status forward_layer(const synthetic *module, size_t layer, const dni_matrix *h,
                                const dni_matrix *y, const dni_matrix *out) {
  const dni_matrix *x1, *x2;
  dni_matrix below;
  first_input(module, h, y, &x1, &x2);
  if (layer > 0) {
    below = hidden_view(module, module->hidden[layer - 1], out->rows);
    x1 = &below;
    x2 = NULL;
  }
  bool last = layer + 1 == module->layer_count;
  dni__affine affine = affine_of(module, layer);
  return dni__affine_forward(module->base.context, module->base.backend, &affine, x1, x2,
                             last ? DNI_ACTIVATION_IDENTITY : DNI_ACTIVATION_RELU, out);
}

static dni_status forward_hidden(const synthetic *module, const dni_matrix *h, const dni_matrix *y,
                                 size_t rows) {
  for (size_t layer = 0; layer + 1 < module->layer_count; layer++) {
    dni_matrix out = hidden_view(module, module->hidden[layer], rows);
    DNI_TRY(forward_layer(module, layer, h, y, &out));
  }
  return DNI_OK;
}

static dni_status synthetic_estimate(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                     const dni_matrix *error, const dni_matrix *delta) {
  (void)error;
  const synthetic *module = (const synthetic *)sg;
  DNI_TRY(forward_hidden(module, h, y, delta->rows));
  return forward_layer(module, module->layer_count - 1, h, y, delta);
}

/* Gradients of one map, and dE/d of the hidden layer below it. dz is dE/d of this map's output. */
static dni_status backward_layer(const synthetic *module, size_t layer, const dni_matrix *h,
                                 const dni_matrix *y, const dni_matrix *dz) {
  const dni_matrix *x1, *x2;
  dni_matrix below, output, below_delta;
  first_input(module, h, y, &x1, &x2);
  if (layer > 0) {
    below = hidden_view(module, module->hidden[layer - 1], dz->rows);
    x1 = &below;
    x2 = NULL;
  }
  bool last = layer + 1 == module->layer_count;
  if (!last) output = hidden_view(module, module->hidden[layer], dz->rows);
  dni__affine affine = affine_of(module, layer);
  DNI_TRY(dni__affine_backward(module->base.context, module->base.backend, &affine,
                               DNI_GRADIENT_REPLACE, x1, x2, last ? NULL : &output,
                               last ? DNI_ACTIVATION_IDENTITY : DNI_ACTIVATION_RELU, dz));
  if (layer == 0) return DNI_OK;
  below_delta = hidden_view(module, module->hidden_delta[layer - 1], dz->rows);
  return dni__affine_backward_input(module->base.backend, &affine, dz, &below_delta);
}

static dni_status synthetic_learn(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                  const dni_matrix *target, const dni_matrix *prediction,
                                  dni__pair_sums *sums) {
  const synthetic *module = (const synthetic *)sg;
  DNI_TRY(forward_hidden(module, h, y, target->rows));
  sg->context->kernels->residual(target->rows, target->columns, prediction->data,
                                 prediction->stride, target->data, target->stride, 2, sums);
  dni_matrix dz = *prediction;
  for (size_t layer = module->layer_count; layer-- > 0;) {
    DNI_TRY(backward_layer(module, layer, h, y, &dz));
    if (layer > 0) dz = hidden_view(module, module->hidden_delta[layer - 1], target->rows);
  }
  return DNI_OK;
}

static void free_workspace(dni__memory *memory, void **hidden, void **hidden_delta) {
  for (size_t i = 0; i < LAYERS_MOST - 1; i++) {
    dni__free(memory, hidden[i]);
    dni__free(memory, hidden_delta[i]);
  }
}

static dni_status synthetic_reserve(dni_sg *sg, size_t rows) {
  synthetic *module = (synthetic *)sg;
  dni__memory *memory = sg->context->memory;
  void *hidden[LAYERS_MOST - 1] = {0}, *hidden_delta[LAYERS_MOST - 1] = {0};
  size_t elements, size = dni__dtype_size(sg->context->dtype);
  if (!dni__multiply(rows, module->hidden_units, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu rows do not fit", rows);
  for (size_t i = 0; i + 1 < module->layer_count; i++) {
    hidden[i] = dni__allocate(memory, elements, size);
    hidden_delta[i] = dni__allocate(memory, elements, size);
    if (hidden[i] && hidden_delta[i]) continue;
    free_workspace(memory, hidden, hidden_delta);
    return DNI_ERROR_MEMORY;
  }
  free_workspace(memory, module->hidden, module->hidden_delta);
  for (size_t i = 0; i < LAYERS_MOST - 1; i++) {
    module->hidden[i] = hidden[i];
    module->hidden_delta[i] = hidden_delta[i];
  }
  sg->workspace_bytes = 2 * (module->layer_count - 1) * elements * size;
  return DNI_OK;
}

static void synthetic_destroy(dni_sg *sg) {
  synthetic *module = (synthetic *)sg;
  free_workspace(sg->context->memory, module->hidden, module->hidden_delta);
}

static const dni__sg_vtable synthetic_vtable = {
    DNI_SG_SYNTHETIC, "synthetic",       synthetic_estimate,
    synthetic_learn,  synthetic_reserve, synthetic_destroy,
};

static dni_status check_options(dni_sg_options *options, size_t units) {
  if (options->condition < DNI_CONDITION_HY || options->condition > DNI_CONDITION_Y)
    return dni__fail(DNI_ERROR_ARGUMENT, "synthetic: condition %d is unknown",
                     (int)options->condition);
  if (options->hidden_layers < 0 || options->hidden_layers >= LAYERS_MOST)
    return dni__fail(DNI_ERROR_ARGUMENT, "synthetic: hidden_layers is %d, expected 0, 1 or 2",
                     (int)options->hidden_layers);
  if (options->hidden_units == 0) options->hidden_units = units;
  return DNI_OK;
}

/* Hidden weights are He-normal, the last map stays zero. */
static dni_status create_maps(synthetic *module, size_t inputs) {
  dni_sg *sg = &module->base;
  for (size_t layer = 0; layer < module->layer_count; layer++) {
    bool last = layer + 1 == module->layer_count;
    dni__affine affine;
    DNI_TRY(
        dni__affine_create(sg->context, inputs, last ? sg->units : module->hidden_units, &affine));
    sg->parameters[2 * layer] = affine.weight;
    sg->parameters[2 * layer + 1] = affine.bias;
    if (last) break;
    dni__random random;
    dni__context_random(sg->context, &random);
    dni__random_fill_normal(&random, sg->context->dtype, affine.weight.value.data,
                            affine.weight.value.rows * inputs, sqrt(2.0 / (double)inputs));
    inputs = module->hidden_units;
  }
  return DNI_OK;
}

dni_status dni_sg_create_synthetic(dni_context *context, size_t units, size_t targets,
                                   const dni_sg_options *options, dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  dni_sg_options known = {.struct_size = sizeof known};
  if (options)
    DNI_TRY(dni__options_copy(&known, sizeof known, sizeof known, options, "dni_sg_options"));
  DNI_TRY(check_options(&known, units));
  bool looks_at_h = known.condition != DNI_CONDITION_Y;
  bool looks_at_y = known.condition != DNI_CONDITION_H;
  size_t inputs;
  if (units == 0 || targets == 0)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "synthetic: %zu units and %zu targets; both must be 1 or more", units,
                     targets);
  if (!dni__add(looks_at_h ? units : 0, looks_at_y ? targets : 0, &inputs))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu units do not fit", units);
  size_t layer_count = (size_t)known.hidden_layers + 1;
  dni_sg *sg = dni__sg_allocate(context, sizeof(synthetic), &synthetic_vtable, units, targets,
                                2 * layer_count);
  if (!sg) return DNI_ERROR_MEMORY;
  sg->looks_at_h = looks_at_h;
  sg->looks_at_y = looks_at_y;
  synthetic *module = (synthetic *)sg;
  module->layer_count = layer_count;
  module->hidden_units = known.hidden_units;
  dni_status status = create_maps(module, inputs);
  if (status != DNI_OK) {
    dni_sg_release(sg);
    return status;
  }
  *out = sg;
  return DNI_OK;
}
