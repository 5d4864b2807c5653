/* The network: hidden layers are dense, then batch normalisation, then dropout; the last layer is dense and
 * linear. Where the next layer is dense, an SG may be. */
#include <inttypes.h>

#include "train.h"

enum { DEFAULT_DEPTH = 2, DEFAULT_WIDTH = 256 };

/* Before batch normalisation the scale of weights changes nothing but how far a step turns them; a third of
 * the usual variance is good for networks with SGs (examples/common/deep.c). */
static const dni_initialiser_options before_batch_norm = {
    .struct_size = sizeof before_batch_norm,
    .kind = DNI_INITIALISER_FAN_IN,
    .has_value = 1,
    .value = 1.0 / 3.0,
};

/* Building. ---------------------------------------------------------------------------------------- */

typedef struct plan {
  dni_context *context;
  dni_network *network;
  dni_activation activation;
  bool batch_norm;
  double dropout;
} plan;

/* Appends a layer that `status` says was made, and lets go of it. */
static dni_status add(const plan *p, dni_status status, dni_layer *layer) {
  if (status != DNI_OK) return status;
  status = dni_network_add(p->network, layer);
  dni_layer_release(layer);
  return status;
}

static dni_status add_dense(const plan *p, size_t inputs, size_t outputs, bool hidden) {
  dni_layer *layer = NULL;
  const dni_activation activation = hidden ? p->activation : DNI_ACTIVATION_IDENTITY;
  dni_status status = dni_layer_create_dense(p->context, inputs, outputs, activation, &layer);
  if (status == DNI_OK && p->batch_norm) status = dni_layer_initialise(layer, &before_batch_norm);
  return add(p, status, layer);
}

static dni_status add_hidden(const plan *p, size_t inputs, size_t units) {
  dni_layer *layer = NULL;
  dni_status status = add_dense(p, inputs, units, true);
  if (status == DNI_OK && p->batch_norm) {
    status = dni_layer_create_batch_norm(p->context, units, &layer);
    status = add(p, status, layer);
  }
  if (status == DNI_OK && p->dropout > 0) {
    status = dni_layer_create_dropout(p->context, units, p->dropout, NULL, &layer);
    status = add(p, status, layer);
  }
  return status;
}

static size_t depth_of(const settings *set) {
  if (set->layers.count > 0) return set->layers.count;
  return set->depth == COUNT_UNSET ? DEFAULT_DEPTH : (size_t)set->depth;
}

static size_t width_of(const settings *set, size_t hidden) {
  if (set->layers.count > 0) return (size_t)set->layers.values[hidden];
  return set->width == COUNT_UNSET ? DEFAULT_WIDTH : (size_t)set->width;
}

static dni_status add_layers(const settings *set, const plan *p, const data *d) {
  size_t inputs = d->features;
  for (size_t i = 0; i < depth_of(set); i++) {
    dni_status status = add_hidden(p, inputs, width_of(set, i));
    if (status != DNI_OK) return status;
    inputs = width_of(set, i);
  }
  return add_dense(p, inputs, d->targets, false);
}

int network_build(const settings *set, dni_context *context, const data *d, dni_network **out) {
  plan p = {.context = context, .dropout = set->dropout};
  /* Numbers are mostly smooth functions. */
  p.activation = d->classes > 0 ? DNI_ACTIVATION_RELU : DNI_ACTIVATION_GELU;
  if (set->activation != CHOICE_UNSET) p.activation = set->activation; /* words in their order */
  p.batch_norm = set->batch_norm == CHOICE_UNSET ? d->classes > 0 : set->batch_norm == 1;
  dni_status status = dni_network_create(context, &p.network);
  if (status != DNI_OK) return library_failure();
  *out = p.network;
  return add_layers(set, &p, d) == DNI_OK ? 0 : library_failure();
}

/* Loading. ----------------------------------------------------------------------------------------- */

/* SGs of the file, and notes of other programs, belong to the weights that it had. A copy has none. */
int network_load(const settings *set, dni_context *context, dni_network **out) {
  dni_network *file;
  if (dni_network_load(context, set->load, &file) != DNI_OK) return library_failure();
  dni_status status = dni_network_copy(file, out);
  dni_network_release(file);
  return status == DNI_OK ? 0 : library_failure();
}

int network_check(const settings *set, dni_network *network, const data *d) {
  const size_t inputs = dni_network_inputs(network), outputs = dni_network_outputs(network);
  if (inputs != d->features)
    return fail("--load %s: a network of %zu inputs, but %s has %zu features", set->load, inputs,
                set->data, d->features);
  if (outputs != d->targets)
    return fail("--load %s: a network of %zu outputs, but %s has %zu %s", set->load, outputs,
                set->data, d->targets, d->classes > 0 ? "classes" : "targets");
  return 0;
}

/* SGs. ----------------------------------------------------------------------------------------------- */

static bool ends_hidden(dni_network *network, size_t layer) {
  return layer + 1 < dni_network_layer_count(network) &&
         dni_layer_kind(dni_network_layer(network, layer + 1)) == DNI_LAYER_DENSE;
}

size_t network_hidden_layers(dni_network *network) {
  size_t count = 0;
  for (size_t i = 0; i < dni_network_layer_count(network); i++)
    if (ends_hidden(network, i)) count++;
  return count;
}

/* The label's residual at a local guess, and what an SG sees besides. */
static dni_status create_least_squares(const settings *set, dni_context *context, size_t units,
                                       const data *d, dni_loss *loss, dni_sg **out) {
  dni_least_squares_options options = {.struct_size = sizeof options};
  if (set->sg == SGS_LEAST_SQUARES_R) {
    options.loss = loss;
    options.condition = DNI_CONDITION_RESIDUAL;
    if (set->sg_rate > 0) options.guess_rate = set->sg_rate;
  }
  return dni_sg_create_least_squares(context, units, d->targets, &options, out);
}

static dni_status create_sg(const settings *set, dni_context *context, dni_network *network,
                            size_t after, const data *d, dni_loss *loss, dni_sg **out) {
  const size_t units = dni_layer_outputs(dni_network_layer(network, after));
  const size_t above = dni_layer_outputs(dni_network_layer(network, after + 1));
  switch (set->sg) {
  case SGS_SYNTHETIC:
    return dni_sg_create_synthetic(context, units, d->targets, NULL, out);
  case SGS_LOCAL:
    return dni_sg_create_local(context, units, d->targets, loss, NULL, out);
  case SGS_DFA:
    return dni_sg_create_dfa(context, units, d->targets, NULL, out);
  case SGS_FA:
    return dni_sg_create_fa(context, units, above, NULL, out);
  case SGS_CRITIC:
    return dni_sg_create_critic(context, units, d->targets, NULL, out);
  case SGS_DELAYED:
    return dni_sg_create_delayed(context, units, 1, out);
  case SGS_ZERO:
    return dni_sg_create_zero(context, units, out);
  default:
    return create_least_squares(set, context, units, d, loss, out);
  }
}

/* After this hidden layer, counted from 1? */
static bool is_wanted(const settings *set, size_t hidden) {
  for (size_t i = 0; i < set->sg_after.count; i++)
    if (set->sg_after.values[i] == hidden) return true;
  if (set->sg_after.count > 0) return false;
  return set->sg_every == COUNT_UNSET || hidden % set->sg_every == 0;
}

static int check_places(const settings *set, size_t hidden_layers) {
  if (hidden_layers == 0 || (set->sg_every != COUNT_UNSET && set->sg_every > hidden_layers))
    return fail("--sg: the network has %zu hidden layers, so there is no place for an SG",
                hidden_layers);
  for (size_t i = 0; i < set->sg_after.count; i++)
    if (set->sg_after.values[i] > hidden_layers)
      return fail("--sg-after %" PRIu64 ": the network has %zu hidden layers",
                  set->sg_after.values[i], hidden_layers);
  return 0;
}

int network_add_sgs(const settings *set, dni_context *context, const data *d, dni_loss *loss,
                    dni_network *network) {
  size_t hidden = 0;
  if (set->sg == SGS_NONE) return 0;
  int problem = check_places(set, network_hidden_layers(network));
  for (size_t i = 0; i < dni_network_layer_count(network) && problem == 0; i++) {
    dni_sg *sg = NULL;
    if (!ends_hidden(network, i) || !is_wanted(set, ++hidden)) continue;
    dni_status status = create_sg(set, context, network, i, d, loss, &sg);
    if (status == DNI_OK) status = dni_network_set_sg(network, i, sg);
    dni_sg_release(sg);
    if (status != DNI_OK) problem = library_failure();
  }
  return problem;
}
