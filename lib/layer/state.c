/* What a batch leaves in a layer between forward and backward. */
#include "layer/layer.h"

size_t dni__layer_state_bytes(const dni_layer *layer, size_t rows) {
  return layer->keeps_state ? layer->vtable->state_bytes(layer, rows) : 0;
}

/* Memory for `rows` rows; NULL if the layer keeps nothing. */
static dni_status allocate_rows(const dni_layer *layer, size_t rows, void **out) {
  *out = NULL;
  if (!layer->keeps_state) return DNI_OK;
  size_t bytes = dni__layer_state_bytes(layer, rows);
  if (bytes == SIZE_MAX)
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: a state of %zu rows does not fit", rows);
  *out = dni__allocate(layer->context->memory, bytes, 1);
  return *out ? DNI_OK : DNI_ERROR_MEMORY;
}

dni_status dni__layer_grow(dni_layer *layer, size_t rows) {
  dni_state *own = &layer->own;
  if (!layer->keeps_state || (own->memory && rows <= own->rows)) return DNI_OK;
  bool fits = own->memory &&
              dni__layer_state_bytes(layer, rows) == dni__layer_state_bytes(layer, own->rows);
  if (!fits) {
    void *memory;
    DNI_TRY(allocate_rows(layer, rows, &memory));
    dni__free(layer->context->memory, own->memory);
    own->memory = memory;
    own->filled = SIZE_MAX;
  }
  own->rows = rows;
  return DNI_OK;
}

dni_status dni_layer_reserve(dni_layer *layer, size_t rows) {
  DNI_REQUIRE(layer);
  dni_status status = dni__layer_grow(layer, rows);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "%s: ", dni_layer_kind_name(layer));
}

dni_status dni_state_create(dni_layer *layer, size_t rows, dni_state **out) {
  DNI_REQUIRE(layer);
  DNI_REQUIRE(out);
  dni__memory *memory = layer->context->memory;
  dni_state *state = dni__allocate(memory, 1, sizeof *state);
  if (!state) return DNI_ERROR_MEMORY;
  dni_status status = allocate_rows(layer, rows, &state->memory);
  if (status != DNI_OK) {
    dni__free(memory, state);
    return dni__fail_prefix(status, "%s: ", dni_layer_kind_name(layer));
  }
  dni__references_init(&state->references);
  state->layer = dni_layer_retain(layer);
  state->rows = rows;
  state->filled = SIZE_MAX;
  *out = state;
  return DNI_OK;
}

dni_state *dni_state_retain(dni_state *state) {
  if (state) dni__references_add(&state->references);
  return state;
}

void dni_state_release(dni_state *state) {
  if (!state || !dni__references_drop(&state->references)) return;
  dni_layer *layer = state->layer;
  dni__free(layer->context->memory, state->memory);
  dni__free(layer->context->memory, state);
  dni_layer_release(layer);
}

size_t dni_state_rows(const dni_state *state) {
  return state ? state->rows : 0;
}
