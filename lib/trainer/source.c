/* Where the batches of a fit come from: a data set in an order that the trainer keeps, or the
 * caller's own function. */
#include "trainer/source.h"

/* That of a file. */
static dni_status take_loaded_order(dni_trainer *trainer, const dni_dataset *dataset) {
  const dni__progress *progress = &trainer->progress;
  const uint64_t *random = progress->order.state;
  const uint64_t state[] = {random[0], random[1], random[2], random[3], progress->order_shuffled};
  dni_order *order;
  DNI_TRY(dni_order_create(dataset, NULL, &order));
  dni_status status = dni_order_set_state(order, state, DNI_ORDER_STATE);
  if (status != DNI_OK) {
    dni_order_release(order);
    return status;
  }
  dni_order_release(trainer->order);
  trainer->order = order;
  return DNI_OK;
}

/* The order belongs to the trainer, so that an exception that leaves a callback loses nothing, and
 * so that a later fit on the same data set goes on with it. */
static dni_status take_order(dni_trainer *trainer, const dni_dataset *dataset,
                             const dni_fit_options *options, bool goes_on) {
  const dni__progress *progress = &trainer->progress;
  const bool of_these = progress->examples == dni_dataset_examples(dataset);
  if (progress->order_loaded && of_these && (goes_on || !options->has_seed))
    return take_loaded_order(trainer, dataset);
  dni_random_options seed = {.struct_size = sizeof seed, .has_seed = 1, .seed = options->seed};
  bool same = trainer->dataset == dataset && trainer->order && trainer->order_goes_on;
  if (same && !options->has_seed) return DNI_OK;
  dni_order *order;
  DNI_TRY(dni_order_create(dataset, options->has_seed ? &seed : NULL, &order));
  dni_order_release(trainer->order);
  trainer->order = order;
  trainer->order_goes_on = !options->has_seed;
  return DNI_OK;
}

/* Kept until the next: an exception out of a callback must not lose a reference. A loaded order that
 * cannot be of these examples is forgotten. */
static void keep_dataset(dni_trainer *trainer, const dni_dataset *dataset) {
  dni__progress *progress = &trainer->progress;
  if (progress->examples != dni_dataset_examples(dataset)) progress->order_loaded = false;
  if (trainer->dataset == dataset) return;
  dni_dataset_release(trainer->dataset);
  dni_order_release(trainer->order);
  trainer->dataset = dni_dataset_retain((dni_dataset *)(uintptr_t)dataset); /* only counts */
  trainer->order = NULL;
}

static dni_status begin_epoch(dni__source *source) {
  source->position = 0;
  if (!source->indices) return DNI_OK;
  DNI_TRY(dni_order_shuffle(source->trainer->order));
  source->indices = dni_order_indices(source->trainer->order);
  return DNI_OK;
}

/* How many examples the next batch has; 0: the epoch is over. */
static size_t next_rows(const dni__source *source) {
  size_t left = dni_dataset_examples(source->dataset) - source->position;
  if (left >= source->batch) return source->batch;
  return source->keep_rest ? left : 0;
}

static bool ends(const dni__source *source) {
  return next_rows(source) == 0;
}

static dni_status where_in_dataset(dni__source *source, uint64_t *position) {
  *position = source->position;
  return DNI_OK;
}

static dni_status next_of_dataset(dni__source *source, dni_batch *batch) {
  size_t rows = next_rows(source), first = source->position;
  batch->x = NULL;
  if (rows == 0) return DNI_OK;
  source->x.rows = source->y.rows = rows;
  DNI_TRY(source->indices ? dni_dataset_gather(source->dataset, source->indices + first, rows,
                                               &source->x, &source->y)
                          : dni_dataset_batch(source->dataset, first, &source->x, &source->y));
  source->position += rows;
  batch->x = &source->x;
  batch->y = &source->y;
  return DNI_OK;
}

/* Classes come as labels, one number for each example. */
static void view_batch(dni__source *source) {
  const dni_trainer *trainer = source->trainer;
  const dni_network *network = trainer->plan.network;
  dni_dtype dtype = trainer->context->dtype;
  source->x = dni__matrix_make(trainer->batch_x, 0, dni_network_inputs(network), dtype);
  source->y = dni_dataset_classes(source->dataset) > 0
                  ? dni__matrix_make(trainer->batch_y, 0, 1, DNI_I32)
                  : dni__matrix_make(trainer->batch_y, 0, dni_network_outputs(network), dtype);
}

static dni_status go_on_in_dataset(dni__source *source) {
  const dni__progress *progress = &source->trainer->progress;
  const size_t examples = dni_dataset_examples(source->dataset);
  if (progress->examples == 0)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "the fit that was saved was of a stream; anew of dni_fit_options begins a "
                     "new one");
  if (progress->examples != examples || progress->position > examples)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "the fit that was saved was at example %llu of %llu, the data set has %zu; "
                     "anew of dni_fit_options begins a new one",
                     (unsigned long long)progress->position, (unsigned long long)progress->examples,
                     examples);
  source->position = (size_t)progress->position;
  return DNI_OK;
}

dni_status dni__source_of_dataset(dni_trainer *trainer, const dni_dataset *dataset,
                                  const dni_fit_options *options, bool goes_on, dni__source *out) {
  *out = (dni__source){.begin_epoch = begin_epoch,
                       .next = next_of_dataset,
                       .ends = ends,
                       .where = where_in_dataset,
                       .trainer = trainer,
                       .dataset = dataset,
                       .batch = options->batch,
                       .keep_rest = options->keep_rest};
  if (goes_on) DNI_TRY(go_on_in_dataset(out));
  keep_dataset(trainer, dataset);
  view_batch(out);
  if (options->keep_order) return DNI_OK;
  DNI_TRY(take_order(trainer, dataset, options, goes_on));
  out->indices = dni_order_indices(trainer->order);
  return DNI_OK;
}

static dni_status next_of_stream(dni__source *source, dni_batch *batch) {
  *batch = (dni_batch){.struct_size = sizeof *batch};
  const dni__callback begun = dni__callback_begin();
  dni_status answer = source->stream.next(source->stream.user, batch);
  DNI_TRY(dni__callback_end(begun, answer, "stream"));
  if (batch->x && batch->x->rows == 0) batch->x = NULL;
  return DNI_OK;
}

static dni_status where_in_stream(dni__source *source, uint64_t *position) {
  const dni__callback begun = dni__callback_begin();
  dni_status answer = source->stream.position(source->stream.user, position);
  return dni__callback_end(begun, answer, "position");
}

static dni_status go_on_in_stream(const dni__source *source) {
  const dni__progress *progress = &source->trainer->progress;
  if (!source->stream.seek) return DNI_OK;
  const dni__callback begun = dni__callback_begin();
  dni_status answer = source->stream.seek(source->stream.user, progress->position);
  return dni__callback_end(begun, answer, "seek");
}

dni_status dni__source_of_stream(dni_trainer *trainer, const dni_stream *stream, bool goes_on,
                                 dni__source *out) {
  *out = (dni__source){.next = next_of_stream, .trainer = trainer, .stream = *stream};
  if (stream->position) out->where = where_in_stream;
  return goes_on ? go_on_in_stream(out) : DNI_OK;
}
