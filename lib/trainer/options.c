/* What must hold before a trainer is made: options, SGs, loss. */
#include "loss/loss.h"
#include "trainer/trainer.h"

#define IN_FLIGHT_MOST   255 /* a lag is recorded in one byte */
#define IN_FLIGHT_CHOSEN 2
#define PARTS_CHOSEN     4
#define BATCH_CHOSEN     256

static bool has_threads(const dni_trainer_options *options) {
  return options->schedule == DNI_SCHEDULE_PIPELINED ||
         options->schedule == DNI_SCHEDULE_MICRO_BATCHES;
}

/* Fields that only some schedules have; filled in where 0 means a default. */
static dni_status check_threads(dni_trainer_options *options) {
  if (!has_threads(options) && options->threads > 1)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_trainer_options: threads is %zu, but the schedule has only the caller's",
                     options->threads);
  if (!options->layer_thread && options->layer_thread_count > 0)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_trainer_options: layer_thread_count is %zu, but layer_thread is NULL",
                     options->layer_thread_count);
  if (!has_threads(options) && options->layer_thread)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_trainer_options: layer_thread is for schedules with threads");
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
  if (options->micro_batches > options->max_batch) options->micro_batches = options->max_batch;
  return DNI_OK;
}

static dni_status check_flag(int32_t flag, const char *name) {
  if (flag == 0 || flag == 1) return DNI_OK;
  return dni__fail(DNI_ERROR_ARGUMENT, "dni_trainer_options: %s is %d, expected 0 or 1", name,
                   (int)flag);
}

static dni_status check_activations(const dni_context *context,
                                    const dni_trainer_options *options) {
  if (options->reserved != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "dni_trainer_options: reserved is %d, expected 0",
                     (int)options->reserved);
  switch (options->activations) {
  case 0:
  case DNI_F32:
  case DNI_F64:
    if (options->activations == 0 || options->activations == context->dtype) return DNI_OK;
    break;
  case DNI_BF16:
    if (context->compute == DNI_BF16) return DNI_OK;
    return dni__fail(
        DNI_ERROR_UNSUPPORTED,
        "dni_trainer_options: activations are bf16, but the context's products are not");
  case DNI_F16:
    return dni__fail(DNI_ERROR_UNSUPPORTED, "dni_trainer_options: activations cannot be f16");
  default:
    break;
  }
  return dni__fail(
      DNI_ERROR_ARGUMENT,
      "dni_trainer_options: activations is %d, expected 0, DNI_BF16 or the context's %s",
      (int)options->activations, dni__dtype_name(context->dtype));
}

static dni_status check_options(dni_trainer_options *options) {
  if (options->max_batch == 0) options->max_batch = BATCH_CHOSEN;
  if (options->schedule < DNI_SCHEDULE_SEQUENTIAL || options->schedule > DNI_SCHEDULE_MICRO_BATCHES)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_trainer_options: schedule %d is unknown",
                     (int)options->schedule);
  if (!(options->update_probability >= 0 && options->update_probability <= 1))
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_trainer_options: update_probability %g is not in (0, 1]",
                     options->update_probability);
  if (options->balance != DNI_BALANCE_COUNTED && options->balance != DNI_BALANCE_MEASURED)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_trainer_options: balance %d is unknown",
                     (int)options->balance);
  DNI_TRY(check_flag(options->measure_gradient_norm, "measure_gradient_norm"));
  DNI_TRY(check_flag(options->has_seed, "has_seed"));
  return check_threads(options);
}

static dni_status check_learning(const dni_sg *sg) {
  bool learns = sg->learns != DNI_SG_LEARNS_NOTHING;
  if (learns && sg->needs != DNI_SG_NEEDS_NOTHING && sg->vtable->kind != DNI_SG_MIXTURE)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "%s learns but needs an error signal first",
                     sg->vtable->name);
  return DNI_OK;
}

/* What a schedule with threads cannot do: it hands targets down, and nothing else. */
static dni_status check_schedule(const dni_sg *sg, dni_kind schedule) {
  if (schedule == DNI_SCHEDULE_MICRO_BATCHES)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "%s: micro-batches are for exact gradients",
                     sg->vtable->name);
  if (schedule != DNI_SCHEDULE_PIPELINED) return DNI_OK;
  if (sg->needs == DNI_SG_NEEDS_OUTPUT_ERROR || sg->learns == DNI_SG_LEARNS_LOSS)
    return dni__fail(DNI_ERROR_UNSUPPORTED,
                     "%s waits for the output of the whole network: not in the pipelined schedule",
                     sg->vtable->name);
  return DNI_OK;
}

/* What only the whole network shows: widths of targets and errors, and what can learn in a
 * trainer. */
static dni_status check_interface(const dni_network *network, size_t after, dni_kind schedule) {
  const dni_sg *sg = network->links[after].sg;
  size_t outputs = dni_network_outputs(network);
  if (!sg) return DNI_OK;
  if (after + 1 == network->count)
    return dni__fail(DNI_ERROR_ARGUMENT, "the gradient of the last layer is the loss's, not %s's",
                     sg->vtable->name);
  if (sg->looks_at_y && sg->targets != outputs)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s has %zu targets, the network %zu outputs",
                     sg->vtable->name, sg->targets, outputs);
  if (sg->needs == DNI_SG_NEEDS_OUTPUT_ERROR && sg->signal_units != outputs)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s has %zu signal units, the network %zu outputs",
                     sg->vtable->name, sg->signal_units, outputs);
  DNI_TRY(check_learning(sg));
  return check_schedule(sg, schedule);
}

size_t dni__trainer_least_batch(const dni_network *network, const dni_trainer_options *options,
                                size_t *layer) {
  size_t least = 1;
  *layer = DNI_NONE;
  for (size_t l = network->count; l-- > 0;) {
    size_t rows = network->links[l].layer->vtable->least_rows;
    if (rows > 1) *layer = l;
    if (rows > least) least = rows;
  }
  if (least == 1 || options->schedule != DNI_SCHEDULE_MICRO_BATCHES) return least;
  return least * options->micro_batches;
}

/* Every batch would be refused. */
static dni_status check_max_batch(const dni_network *network, const dni_trainer_options *options) {
  size_t layer, least = dni__trainer_least_batch(network, options, &layer);
  bool parts = options->schedule == DNI_SCHEDULE_MICRO_BATCHES;
  if (options->max_batch >= least) return DNI_OK;
  return dni__fail(
      DNI_ERROR_ARGUMENT,
      "dni_trainer_options: max_batch is %zu%s, expected %zu or more: layer %zu (%s) takes "
      "statistics of %s",
      options->max_batch, parts ? " in micro_batches" : "", least, layer,
      dni_layer_kind_name(network->links[layer].layer), parts ? "each part" : "the batch");
}

static dni_status check_network(const dni_network *network, const dni_trainer_options *options) {
  if (network->count == 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_trainer_create: the network has no layers");
  if (options->layer_thread && options->layer_thread_count != network->count)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_trainer_options: layer_thread_count is %zu, the network has %zu layers",
                     options->layer_thread_count, network->count);
  for (size_t i = 0; i < network->count; i++) {
    dni_status status = check_interface(network, i, options->schedule);
    if (status != DNI_OK) return dni__fail_prefix(status, "interface after layer %zu: ", i);
  }
  return check_max_batch(network, options);
}

/* The loss of an empty batch fails if the loss has another element type, or class weights for
 * another number of columns. A loss of the caller's is not called: only its type is known. */
static dni_status check_loss(const dni_network *network, const dni_loss *loss) {
  dni_matrix none =
      dni__matrix_make(NULL, 0, dni_network_outputs(network), network->context->dtype);
  dni_batch batch = {sizeof batch, &none, &none, NULL};
  if (dni_loss_kind(loss) == DNI_LOSS_CALLBACK) {
    if (loss->context->dtype == network->context->dtype) return DNI_OK;
    return dni__fail(DNI_ERROR_ARGUMENT, "loss: its element type differs from the network's");
  }
  dni_status status = dni_loss_evaluate(loss, &batch, NULL, NULL, NULL);
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "loss: ");
}

static dni_status check_metric(const dni_metric *metric) {
  dni_metric known;
  if (!metric) return DNI_OK;
  DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, metric, dni_metric)));
  if (!known.evaluate) return dni__fail(DNI_ERROR_ARGUMENT, "dni_metric: evaluate is NULL");
  return DNI_OK;
}

/* As many parts as are usual, unless the smallest batch that fills them is larger than max_batch. */
static size_t choose_parts(const dni_network *network, const dni_trainer_options *options) {
  size_t layer, parts = PARTS_CHOSEN;
  dni_trainer_options one = *options;
  one.micro_batches = 1;
  size_t least = dni__trainer_least_batch(network, &one, &layer);
  size_t rows = options->max_batch > 0 ? options->max_batch : BATCH_CHOSEN;
  if (parts > rows / least) parts = rows / least;
  return parts > 0 ? parts : 1;
}

dni_status dni__trainer_check(const dni_network *network, const dni_loss *loss,
                              dni_trainer_options *options) {
  if (options->micro_batches == 0) options->micro_batches = choose_parts(network, options);
  DNI_TRY(check_options(options));
  DNI_TRY(check_activations(network->context, options));
  DNI_TRY(check_network(network, options));
  DNI_TRY(check_metric(options->metric));
  return check_loss(network, loss);
}
