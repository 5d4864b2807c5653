/* Where estimators must be for modules to take equally long: found out by timing the layers, on
 * this machine and at this moment, so it may be elsewhere the next time. The network that is timed
 * is one of its own, in a context of its own, so nothing else depends on it. */
#include <dni/research.h>

#include "mnist.h"

typedef struct timing {
  double seconds[2 * MAX_DEPTH + 1], sg_seconds[2 * MAX_DEPTH + 1]; /* of the chain's layers */
  double costs[MAX_DEPTH + 1]; /* of hidden layers, then of the layer on top */
  double cut_cost;             /* of an estimator */
} timing;

static dni_status measure(dni_context *context, const options *settings, dni_network *network,
                          timing *times) {
  dni_optimiser *adam;
  dni_status status = dni_optimiser_create_adam(context, 1e-3, &adam);
  if (status != DNI_OK) return status;
  status = dni_network_measure(network, settings->batch, adam, times->seconds, times->sg_seconds,
                               dni_network_layer_count(network));
  dni_optimiser_release(adam);
  return status;
}

/* With one estimator, in the middle. */
static dni_status measure_network(dni_context *context, const options *settings, size_t features,
                                  size_t classes, method which, timing *times) {
  dni_network *network;
  size_t middle = settings->depth / 2 + 1;
  deep_plan plan = {.depth = settings->depth,
                    .width = settings->width,
                    .which = which,
                    .sg = settings->sg,
                    .shrink = settings->shrink};
  plan.sg_at[middle] = true;
  dni_status status = deep_build(context, &plan, features, classes, &network);
  if (status != DNI_OK) return status;
  status = measure(context, settings, network, times);
  dni_network_release(network);
  for (size_t i = 0; i < settings->depth; i++)
    times->costs[i] = times->seconds[2 * i] + times->seconds[2 * i + 1];
  times->costs[settings->depth] = times->seconds[2 * settings->depth];
  times->cut_cost = times->sg_seconds[2 * middle - 1];
  return status;
}

static dni_status mark(const timing *times, const options *settings, deep_plan *plan) {
  size_t counts[MAX_DEPTH + 1], after = 0;
  dni_status status = dni_costs_balance(times->costs, settings->depth + 1, settings->modules,
                                        times->cut_cost, counts);
  for (size_t i = 0; i <= settings->depth; i++)
    plan->sg_at[i] = false;
  for (size_t m = 0; status == DNI_OK && m + 1 < settings->modules; m++) {
    after += counts[m];
    plan->sg_at[after] = true;
  }
  return status;
}

dni_status balance_modules(const options *settings, size_t features, size_t classes,
                           deep_plan *plan) {
  timing times = {0};
  size_t threads;
  dni_context *context = NULL;
  dni_status status = context_open(settings, &threads, &context);
  if (status == DNI_OK)
    status = measure_network(context, settings, features, classes, plan->which, &times);
  dni_context_release(context);
  return status == DNI_OK ? mark(&times, settings, plan) : status;
}
