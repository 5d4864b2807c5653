/* What must hold before a trainer is made: options, estimators, loss. */
#include "trainer/trainer.h"

#define IN_FLIGHT_MOST   255 /* a lag is recorded in one byte */
#define IN_FLIGHT_CHOSEN 2
#define PARTS_CHOSEN     4

static bool has_threads(const dni_trainer_options *options) {
  return options->schedule == DNI_SCHEDULE_PIPELINED ||
         options->schedule == DNI_SCHEDULE_MICRO_BATCHES;
}

/* Fields that only some schedules have; filled in where 0 means a default. */
static dni_status check_threads(dni_trainer_options *options) {
  bool micro = options->schedule == DNI_SCHEDULE_MICRO_BATCHES;
  if (!has_threads(options) && options->threads > 1)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_trainer_options: threads is %zu, but the schedule has only the caller's",
                     options->threads);
  if (micro && options->threads == 0)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_trainer_options: the micro-batch schedule needs a number of threads");
  if (options->in_flight > IN_FLIGHT_MOST)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_trainer_options: in_flight is %zu, at most %d",
                     options->in_flight, IN_FLIGHT_MOST);
  if (options->micro_batches > IN_FLIGHT_MOST)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_trainer_options: micro_batches is %zu, at most %d",
                     options->micro_batches, IN_FLIGHT_MOST);
  if (has_threads(options) && options->trained_modules > 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED,
                     "dni_trainer_options: trained_modules needs a schedule without threads");
  if (options->in_flight == 0) options->in_flight = IN_FLIGHT_CHOSEN;
  if (options->micro_batches == 0) options->micro_batches = PARTS_CHOSEN;
  if (options->micro_batches > options->max_batch) options->micro_batches = options->max_batch;
  return DNI_OK;
}

static dni_status check_options(dni_trainer_options *options) {
  if (options->max_batch == 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_trainer_options: max_batch is 0");
  if (options->schedule < DNI_SCHEDULE_SEQUENTIAL || options->schedule > DNI_SCHEDULE_MICRO_BATCHES)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_trainer_options: schedule %d is unknown",
                     (int)options->schedule);
  if (!(options->update_probability >= 0 && options->update_probability <= 1))
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_trainer_options: update_probability %g is not in (0, 1]",
                     options->update_probability);
  if (options->reserved != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "dni_trainer_options: reserved is not 0");
  return check_threads(options);
}

static dni_status check_learning(const dni_sg *sg, const dni_optimiser *sg_optimiser) {
  bool learns = sg->learns != DNI_SG_LEARNS_NOTHING;
  bool may_wait = sg->vtable->kind == DNI_SG_MIXTURE;
  if (learns && sg->needs != DNI_SG_NEEDS_NOTHING && !may_wait)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "%s learns but needs an error signal first",
                     sg->vtable->name);
  if (learns && !sg_optimiser)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s learns, and sg_optimiser is NULL", sg->vtable->name);
  return DNI_OK;
}

/* What a schedule with threads cannot do: it hands targets down, and nothing else. */
static dni_status check_schedule(const dni_sg *sg, int32_t schedule) {
  bool micro = schedule == DNI_SCHEDULE_MICRO_BATCHES;
  if (micro && sg->vtable->kind != DNI_SG_EXACT)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "%s: micro-batches are for exact gradients",
                     sg->vtable->name);
  if (schedule != DNI_SCHEDULE_PIPELINED) return DNI_OK;
  if (sg->needs == DNI_SG_NEEDS_OUTPUT_ERROR || sg->learns == DNI_SG_LEARNS_LOSS)
    return dni__fail(DNI_ERROR_UNSUPPORTED,
                     "%s waits for the output of the whole network: not in the pipelined schedule",
                     sg->vtable->name);
  return DNI_OK;
}

/* Threads must not meet in one estimator, or in parameters that two show as theirs. */
static dni_status check_unshared(const dni_network *network, size_t after) {
  const dni_sg *sg = network->links[after].sg;
  for (size_t i = 0; i < after; i++) {
    const dni_sg *other = network->links[i].sg;
    bool same = other && other->parameter_count > 0 && sg->parameter_count > 0 &&
                other->parameters[0].value.data == sg->parameters[0].value.data;
    if (same || other == sg)
      return dni__fail(DNI_ERROR_UNSUPPORTED,
                       "%s is at the interface after layer %zu too: not in the pipelined schedule",
                       sg->vtable->name, i);
  }
  return DNI_OK;
}

/* What only the whole network shows: widths of targets and errors, and what can learn in a
 * trainer. */
static dni_status check_interface(const dni_network *network, size_t after,
                                  const dni_optimiser *sg_optimiser, int32_t schedule) {
  const dni_sg *sg = network->links[after].sg;
  size_t outputs = dni_network_outputs(network);
  if (!sg) return DNI_OK;
  if (after + 1 == network->count && sg->vtable->kind != DNI_SG_EXACT)
    return dni__fail(DNI_ERROR_ARGUMENT, "the gradient of the last layer is the loss's, not %s's",
                     sg->vtable->name);
  if (sg->looks_at_y && sg->targets != outputs)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s has %zu targets, the network %zu outputs",
                     sg->vtable->name, sg->targets, outputs);
  if (sg->needs == DNI_SG_NEEDS_OUTPUT_ERROR && sg->error_units != outputs)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s has %zu error units, the network %zu outputs",
                     sg->vtable->name, sg->error_units, outputs);
  DNI_TRY(check_learning(sg, sg_optimiser));
  if (schedule == DNI_SCHEDULE_PIPELINED) DNI_TRY(check_unshared(network, after));
  return check_schedule(sg, schedule);
}

static dni_status check_network(const dni_context *context, const dni_network *network,
                                const dni_optimiser *sg_optimiser, int32_t schedule) {
  if (network->count == 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_trainer_create: the network has no layers");
  if (network->context->dtype != context->dtype)
    return dni__fail(
        DNI_ERROR_ARGUMENT,
        "dni_trainer_create: the element type of the network differs from the context's");
  for (size_t i = 0; i < network->count; i++) {
    dni_status status = check_interface(network, i, sg_optimiser, schedule);
    if (status != DNI_OK) return dni__fail_prefix(status, "interface after layer %zu: ", i);
  }
  return DNI_OK;
}

/* The loss of an empty batch fails if the loss has another element type. */
static dni_status check_loss(const dni_context *context, const dni_network *network,
                             dni_loss *loss) {
  dni_matrix none = dni__matrix_make(NULL, 0, dni_network_outputs(network), context->dtype);
  dni_status status = dni_loss_evaluate(loss, &none, &none, NULL, NULL, NULL);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "loss: ");
}

dni_status dni__trainer_check(const dni_context *context, const dni_network *network,
                              dni_loss *loss, const dni_optimiser *sg_optimiser,
                              dni_trainer_options *options) {
  DNI_TRY(check_options(options));
  DNI_TRY(check_network(context, network, sg_optimiser, options->schedule));
  return check_loss(context, network, loss);
}
