/* The network of Czarnecki et al. (2017), Appendix C, and the estimators that make the methods
 * differ: the layers are the same in all of them, and created first, so the same seed gives the
 * same initial weights. */
#include "common.h"

/* The variance of the first weights is a third of 1 / inputs. Batch normalisation makes the scale
 * of its layer's weights indifferent to what the layer computes, but a step of Adam's turns small
 * weights further: with an SG after each of 6 hidden layers, at a rate of 3e-4 and 2,000 steps,
 * this is worth half a per cent of test accuracy over the library's default (He et al. 2015). */
static const dni_initialiser_options first_weights = {
    .struct_size = sizeof first_weights,
    .kind = DNI_INITIALISER_FAN_IN,
    .has_value = 1,
    .value = 1.0 / 3.0,
};

static const char *const method_names[METHOD_COUNT] = {
    "backprop", "sg-all", "sg", "dfa", "fa", "local", "delayed", "none", "sg-all-adam"};

const char *method_name(method which) {
  return method_names[which];
}

bool method_is_placed(method which) {
  return which == METHOD_SG || (which >= METHOD_LOCAL && which <= METHOD_NONE);
}

bool method_has_sgs(method which) {
  return which == METHOD_SG_ALL || which == METHOD_SG || which == METHOD_SG_ALL_ADAM;
}

sg_kind method_sg_kind(method which, const sg_plan *plan) {
  return which == METHOD_SG_ALL_ADAM ? SG_ADAM : plan->kind;
}

sg_plan sg_plan_default(sg_kind kind) {
  sg_plan plan = {.kind = kind};
  plan.residual = kind == SG_LEAST_SQUARES;
  plan.condition = plan.residual ? DNI_CONDITION_RESIDUAL : DNI_CONDITION_HY;
  return plan;
}

static dni_status add_dense(dni_context *context, dni_network *network, size_t inputs,
                            size_t outputs, dni_activation activation) {
  dni_layer *layer;
  dni_status status = dni_layer_create_dense(context, inputs, outputs, activation, &layer);
  if (status != DNI_OK) return status;
  status = dni_layer_initialise(layer, &first_weights);
  if (status == DNI_OK) status = dni_network_add(network, layer);
  dni_layer_release(layer);
  return status;
}

static dni_status add_batch_norm(dni_context *context, dni_network *network, size_t units) {
  dni_layer *layer;
  dni_status status = dni_layer_create_batch_norm(context, units, &layer);
  if (status != DNI_OK) return status;
  status = dni_network_add(network, layer);
  dni_layer_release(layer);
  return status;
}

static dni_status add_layers(dni_context *context, const deep_plan *plan, dni_network *network,
                             size_t features, size_t classes) {
  size_t inputs = features;
  for (size_t i = 0; i < plan->depth; i++) {
    dni_status status = add_dense(context, network, inputs, plan->width, DNI_ACTIVATION_RELU);
    if (status == DNI_OK) status = add_batch_norm(context, network, plan->width);
    if (status != DNI_OK) return status;
    inputs = plan->width;
  }
  return add_dense(context, network, inputs, classes, DNI_ACTIVATION_IDENTITY);
}

bool deep_has_estimator(const deep_plan *plan, size_t hidden_layer) {
  if (plan->which == METHOD_BACKPROP) return false;
  return !method_is_placed(plan->which) || plan->sg_at[hidden_layer];
}

/* The loss is that of the network. */
static dni_status create_local(dni_context *context, const deep_plan *plan, size_t classes,
                               dni_loss *loss, dni_sg **out) {
  dni_sg_options options = {.struct_size = sizeof options, .hidden_layers = plan->sg.hidden};
  return dni_sg_create_local(context, plan->width, classes, loss, &options, out);
}

static dni_status create_by_adam(dni_context *context, const deep_plan *plan, size_t classes,
                                 dni_loss *loss, dni_sg **out) {
  sg_plan sg = plan->sg.kind == SG_ADAM ? plan->sg : sg_plan_default(SG_ADAM);
  dni_sg_options options = {.struct_size = sizeof options, .hidden_layers = plan->sg.hidden};
  options.condition = sg.condition;
  if (sg.residual) options.loss = loss;
  return dni_sg_create_synthetic(context, plan->width, classes, &options, out);
}

static dni_status create_by_least_squares(dni_context *context, const deep_plan *plan,
                                          size_t classes, dni_loss *loss, dni_sg **out) {
  dni_least_squares_options options = {.struct_size = sizeof options};
  options.condition = plan->sg.condition;
  options.guess_rate = plan->sg.guess_rate;
  if (plan->sg.residual) options.loss = loss;
  return dni_sg_create_least_squares(context, plan->width, classes, &options, out);
}

/* BP(lambda), lambda falling from 1 to 0. */
static dni_status create_mixture(dni_context *context, uint64_t lessons, dni_sg *inner,
                                 dni_sg **out) {
  const uint64_t boundaries[] = {0, lessons};
  const double values[] = {1, 0};
  dni_schedule schedule = {.struct_size = sizeof schedule, .kind = DNI_RATE_LINES, .count = 2};
  schedule.boundaries = boundaries;
  schedule.values = values;
  dni_status status = dni_sg_create_mixture(context, inner, 1, out);
  if (status != DNI_OK) return status;
  status = dni_sg_set_schedule(*out, &schedule);
  if (status != DNI_OK) dni_sg_release(*out);
  return status;
}

static dni_status create_synthetic(dni_context *context, const deep_plan *plan, size_t classes,
                                   dni_loss *loss, dni_sg **out) {
  bool adam = method_sg_kind(plan->which, &plan->sg) == SG_ADAM;
  dni_sg *sg;
  dni_status status =
      (adam ? create_by_adam : create_by_least_squares)(context, plan, classes, loss, &sg);
  if (status != DNI_OK) return status;
  if (plan->sg.mixture == 0) {
    *out = sg;
    return DNI_OK;
  }
  status = create_mixture(context, plan->sg.mixture, sg, out);
  dni_sg_release(sg);
  return status;
}

/* fa needs the width of the dense layer right above the interface, dfa that of the output. */
static dni_status create_estimator(dni_context *context, const deep_plan *plan, size_t units_above,
                                   size_t classes, dni_loss *loss, dni_sg **out) {
  size_t units = plan->width;
  switch (plan->which) {
  case METHOD_DFA:
    return dni_sg_create_dfa(context, units, classes, NULL, out);
  case METHOD_FA:
    return dni_sg_create_fa(context, units, units_above, NULL, out);
  case METHOD_LOCAL:
    return create_local(context, plan, classes, loss, out);
  case METHOD_DELAYED:
    return dni_sg_create_delayed(context, units, plan->shrink > 0 ? plan->shrink : 1, out);
  case METHOD_NONE:
    return dni_sg_create_zero(context, units, out);
  default:
    return create_synthetic(context, plan, classes, loss, out);
  }
}

static dni_status add_estimators(dni_context *context, const deep_plan *plan, size_t classes,
                                 dni_loss *loss, dni_network *network) {
  for (size_t i = 1; i <= plan->depth; i++) {
    if (!deep_has_estimator(plan, i)) continue;
    size_t units_above = i < plan->depth ? plan->width : classes;
    size_t batch_norm = 2 * i - 1; /* index of hidden layer i's last layer in the chain */
    dni_sg *sg;
    dni_status status = create_estimator(context, plan, units_above, classes, loss, &sg);
    if (status != DNI_OK) return status;
    status = dni_network_set_sg(network, batch_norm, sg);
    dni_sg_release(sg);
    if (status != DNI_OK) return status;
  }
  return DNI_OK;
}

dni_status deep_build(dni_context *context, const deep_plan *plan, size_t features, size_t classes,
                      dni_network **out) {
  dni_network *network;
  dni_loss *loss = NULL;
  dni_status status = dni_network_create(context, &network);
  if (status != DNI_OK) return status;
  status = add_layers(context, plan, network, features, classes);
  if (status == DNI_OK) status = dni_loss_create_softmax_cross_entropy(context, NULL, &loss);
  if (status == DNI_OK) status = add_estimators(context, plan, classes, loss, network);
  dni_loss_release(loss);
  if (status != DNI_OK) {
    dni_network_release(network);
    return status;
  }
  *out = network;
  return DNI_OK;
}
