/* Weights that are kept rounded to bf16 as well: whoever writes a weight has to round it again. While
 * nothing is in flight, all of them are what rounding gives now. The library shows them nowhere, so its
 * own headers are used. */
#include "network/network.h"
#include "random.h"

/* found: NULL: there is none. */
static void check_layout(const uint32_t *found, const uint32_t *fresh, dni__packed of,
                         const char *owner) {
  if (found)
    EXPECT(memcmp(found, fresh, dni__packed_bytes(&of)) == 0,
           "%s: a weight was written, but not rounded again", owner);
}

static void check_weight(dni_context *context, dni_backend *backend, const dni__parameter *weight,
                         const char *owner) {
  const dni__packed *packed = weight->packed;
  if (!packed) return;
  dni__packed *fresh, forward = *packed, backward = *packed;
  forward.backward = backward.forward = NULL;
  EXPECT_FINE(dni__packed_create(context, backend, packed->rows, packed->columns,
                                 DNI__FORWARD | DNI__BACKWARD, &fresh));
  dni__packed_write(&weight->value, fresh);
  check_layout(packed->forward, fresh->forward, forward, owner);
  check_layout(packed->backward, fresh->backward, backward, owner);
  dni__packed_destroy(context, fresh);
}

void check_packs(const world *w) {
  for (size_t i = 0; i < w->layers; i++) {
    const dni_layer *layer = w->network->links[i].layer;
    const dni_sg *sg = w->network->links[i].sg;
    for (size_t p = 0; p < layer->parameter_count; p++)
      check_weight(w->context, layer->backend, &layer->parameters[p], dni_layer_kind_name(layer));
    for (size_t p = 0; sg && p < sg->parameter_count; p++)
      check_weight(w->context, sg->backend, &sg->parameters[p], dni_sg_kind_name(sg));
  }
}
