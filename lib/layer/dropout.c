/* Dropout (Srivastava et al. 2014): y = x * mask / (1 - drop), mask being 0 with probability drop
 * and 1 otherwise. dx = dy * mask / (1 - drop). The state keeps the factor and the mask. */
#include "core/setting.h"
#include "layer/layer.h"
#include "math/kernels.h"

typedef struct dropout {
  dni_layer base;
  double drop;
  dni__random random;
} dropout;

/* In the state: the factor of the elements that stay, and DNI_ALIGNMENT bytes further the mask
 * [rows][units] of bytes. */
static double *factor_of(void *state) {
  return state;
}

static unsigned char *mask_of(void *state) {
  return (unsigned char *)state + DNI_ALIGNMENT;
}

static void draw(dropout *layer, size_t count, unsigned char *mask) {
  const double drop = layer->drop;
  for (size_t i = 0; i < count; i++)
    mask[i] = (unsigned char)(dni__random_uniform(&layer->random) < drop ? 0 : 1);
}

static void apply(const dni_layer *layer, void *state, const dni_matrix *from,
                  const dni_matrix *to) {
  layer->context->kernels->dropout(from->rows, from->columns, from->data, from->stride, to->data,
                                   to->stride, mask_of(state), layer->inputs, *factor_of(state));
}

static dni_status dropout_forward(dni_layer *layer, const dni_layer_call *call) {
  if (call->mode == DNI_MODE_INFERENCE) {
    dni__matrix_copy(call->x, call->y);
    return DNI_OK;
  }
  dropout *own = (dropout *)layer;
  *factor_of(call->state) = 1 / (1 - own->drop);
  draw(own, call->x->rows * layer->inputs, mask_of(call->state));
  apply(layer, call->state, call->x, call->y);
  return DNI_OK;
}

static dni_status dropout_backward(dni_layer *layer, const dni_layer_call *call) {
  if (call->dx) apply(layer, call->state, call->dy, call->dx);
  return DNI_OK;
}

static size_t dropout_state_bytes(const dni_layer *layer, size_t rows) {
  size_t elements, bytes;
  bool fits =
      dni__multiply(rows, layer->inputs, &elements) && dni__add(elements, DNI_ALIGNMENT, &bytes);
  return fits ? bytes : SIZE_MAX;
}

static double *dropout_setting(dni_layer *layer, dni_setting setting) {
  return setting == DNI_SETTING_DROP ? &((dropout *)layer)->drop : NULL;
}

static dni_status dropout_copy(const dni_layer *layer, dni_layer **out) {
  return dni_layer_create_dropout(layer->context, layer->inputs, ((const dropout *)layer)->drop,
                                  NULL, out);
}

static void dropout_list(dni_layer *layer, dni__manifest *manifest) {
  dni__manifest_random(manifest, "random", &((dropout *)layer)->random);
}

static const dni__layer_vtable dropout_vtable = {
    .kind = DNI_LAYER_DROPOUT,
    .keeps_dy = true,
    .in_place = true,
    .forward = dropout_forward,
    .backward = dropout_backward,
    .state_bytes = dropout_state_bytes,
    .setting = dropout_setting,
    .copy = dropout_copy,
    .list = dropout_list,
};

dni_status dni_layer_create_dropout(dni_context *context, size_t units, double drop,
                                    const dni_random_options *options, dni_layer **out) {
  DNI_TRY(dni__layer_check_create(context, out, units, units, "dropout"));
  dni_layer *layer =
      dni__layer_allocate(context, sizeof(dropout), &dropout_vtable, units, units, 0);
  if (!layer) return DNI_ERROR_MEMORY;
  dropout *own = (dropout *)layer;
  dni_status status =
      dni__setting_set(&own->drop, "dropout layer", context->dtype, DNI_SETTING_DROP, drop);
  if (status == DNI_OK) status = dni__context_random_options(context, options, &own->random);
  if (status != DNI_OK) {
    dni_layer_release(layer);
    return status;
  }
  *out = layer;
  return DNI_OK;
}
