/* Making a world and ending it. */
#include <unistd.h>

#include "random.h"

#define TRY(call)                                                                                  \
  do {                                                                                             \
    dni_status status_ = (call);                                                                   \
    if (status_ != DNI_OK) return status_;                                                         \
  } while (0)

size_t world_inputs(const world *w) {
  return w->width[0];
}

/* While the network grows, the width of what is there. */
size_t world_outputs(const world *w) {
  return w->width[w->layers];
}

/* What is kept. ------------------------------------------------------------------------------- */

void *keep(world *w, kept_kind kind, void *thing) {
  EXPECT(w->kept_count < sizeof w->kept / sizeof *w->kept, "too many things to keep");
  w->kept[w->kept_count].kind = kind;
  w->kept[w->kept_count++].thing = thing;
  return thing;
}

static void release(kept_kind kind, void *thing) {
  switch (kind) {
  case CONTEXT:
    dni_context_release(thing);
    break;
  case BACKEND:
    dni_backend_release(thing);
    break;
  case LAYER:
    dni_layer_release(thing);
    break;
  case SG:
    dni_sg_release(thing);
    break;
  case LOSS:
    dni_loss_release(thing);
    break;
  case OPTIMISER:
    dni_optimiser_release(thing);
    break;
  case NETWORK:
    dni_network_release(thing);
    break;
  }
}

void world_end(world *w) {
  activity = "release";
  bool trainer_first = chance(50);
  if (trainer_first) dni_trainer_release(w->trainer);
  while (w->kept_count > 0) {
    size_t i = below(w->kept_count);
    release(w->kept[i].kind, w->kept[i].thing);
    w->kept[i] = w->kept[--w->kept_count];
  }
  if (!trainer_first) dni_trainer_release(w->trainer);
  EXPECT(atomic_load(&memory_blocks) == 0, "%zu blocks are left", atomic_load(&memory_blocks));
  EXPECT(own_alive() == 0, "%d of the program's own objects are left", own_alive());
}

/* The network. -------------------------------------------------------------------------------- */

static dni_status make_context(world *w) {
  dni_backend_options how = {
      .struct_size = sizeof how, .allocator = &watched_allocator, .threads = 1 + below(2)};
  dni_backend *backend = NULL;
  if (chance(30)) TRY(dni_backend_create_builtin(&how, &backend));
  if (backend) keep(w, BACKEND, backend);
  dni_context_options options = {.struct_size = sizeof options,
                                 .allocator = &watched_allocator,
                                 .seed = random_bits(),
                                 .dtype = w->dtype,
                                 .compute = w->dtype == DNI_F32 && chance(50) ? DNI_BF16 : 0,
                                 .backend = backend};
  TRY(dni_context_create(&options, &w->context));
  keep(w, CONTEXT, w->context);
  return DNI_OK;
}

/* A layer without parameters and state may be at several places; others are refused there. */
static dni_status add_layer(world *w, dni_layer **last, bool top) {
  dni_layer *layer = NULL;
  size_t inputs = w->width[w->layers];
  if (*last && !top && chance(20) && dni_layer_inputs(*last) == inputs)
    layer = dni_layer_retain(*last);
  else
    TRY(make_layer(w, inputs, top, &layer));
  keep(w, LAYER, layer);
  dni_status status = dni_network_add(w->network, layer);
  if (status == DNI_ERROR_ARGUMENT && layer == *last) return DNI_OK;
  TRY(status);
  *last = layer;
  w->width[++w->layers] = dni_layer_outputs(layer);
  return DNI_OK;
}

static dni_status add_layers(world *w) {
  size_t count = 2 + below(LAYERS_MOST - 1);
  dni_layer *last = NULL;
  TRY(dni_network_create(w->context, &w->network));
  keep(w, NETWORK, w->network);
  w->width[0] = 1 + below(WIDEST);
  for (size_t i = 0; i < count; i++)
    TRY(add_layer(w, &last, i + 1 == count));
  return DNI_OK;
}

/* SGs that do not fit where they are put are left out. */
static dni_status add_sgs(world *w) {
  for (size_t i = 0; i + 1 < w->layers; i++) {
    dni_sg *sg;
    if (w->schedule == DNI_SCHEDULE_MICRO_BATCHES || !chance(60)) continue;
    dni_status status = make_sg(w, i, &sg);
    if (status == DNI_ERROR_ARGUMENT) continue;
    TRY(status);
    status = dni_network_set_sg(w->network, i, keep(w, SG, sg));
    if (status == DNI_ERROR_MEMORY) return status;
  }
  return DNI_OK;
}

dni_status world_build(world *w) {
  activity = "build";
  w->dtype = chance(50) ? DNI_F32 : DNI_F64;
  w->schedule = chance(60) ? DNI_SCHEDULE_PIPELINED : (dni_kind)below(4);
  own_sleep(chance(50) ? 0 : (int)below(30));
  TRY(make_context(w));
  TRY(add_layers(w));
  TRY(add_sgs(w));
  TRY(make_loss(w, &w->loss));
  keep(w, LOSS, w->loss);
  TRY(dni_network_copy(w->network, &w->first));
  keep(w, NETWORK, w->first);
  if (chance(80)) TRY(make_optimiser(w, &w->optimiser));
  if (chance(50)) TRY(make_optimiser(w, &w->sg_optimiser));
  return DNI_OK;
}

/* The trainer. -------------------------------------------------------------------------------- */

static void choose_threads(world *w, dni_trainer_options *options) {
  if (w->schedule == DNI_SCHEDULE_PIPELINED) {
    options->threads = below(5);
    options->in_flight = chance(10) ? 255 : below(9);
  } else {
    options->threads = below(1 + (w->layers < 4 ? w->layers : 4));
    options->micro_batches = below(7);
  }
  options->balance = !w->again && chance(10) ? DNI_BALANCE_MEASURED : DNI_BALANCE_COUNTED;
}

/* An SG that the schedule has no place for is taken away, and then all of them. */
static dni_status create(world *w, dni_trainer_options *options) {
  dni_status status = dni_trainer_create(w->network, w->loss, options, &w->trainer);
  for (size_t i = 0; i + 1 < w->layers; i++) {
    if (status != DNI_ERROR_ARGUMENT && status != DNI_ERROR_UNSUPPORTED) return status;
    TRY(dni_network_set_sg(w->network, i, NULL));
    status = dni_trainer_create(w->network, w->loss, options, &w->trainer);
  }
  if (status != DNI_ERROR_ARGUMENT && status != DNI_ERROR_UNSUPPORTED) return status;
  w->schedule = options->schedule = DNI_SCHEDULE_SEQUENTIAL;
  options->threads = options->in_flight = options->micro_batches = 0;
  options->balance = DNI_BALANCE_COUNTED;
  options->max_batch = w->max_batch = ROWS_MOST;
  return dni_trainer_create(w->network, w->loss, options, &w->trainer);
}

dni_dtype any_activations(const world *w) {
  return dni_context_compute(w->context) == DNI_BF16 && chance(60) ? DNI_BF16 : 0;
}

dni_status world_train(world *w) {
  activity = "trainer";
  dni_metric metric;
  w->max_batch = 1 + below(ROWS_MOST);
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .optimiser = w->optimiser,
                                 .sg_optimiser = w->sg_optimiser,
                                 .schedule = w->schedule,
                                 .max_batch = w->max_batch,
                                 .measure_gradient_norm = chance(50),
                                 .activations = any_activations(w)};
  if (w->schedule == DNI_SCHEDULE_RANDOM) options.update_probability = uniform(0.1, 1);
  if (w->schedule >= DNI_SCHEDULE_PIPELINED) choose_threads(w, &options);
  w->metric = chance(40);
  if (w->metric) {
    metric = own_metric();
    options.metric = &metric;
    w->has_own = true;
  }
  dni_status status = create(w, &options);
  if (status != DNI_OK && w->metric) own_metric_refused();
  w->in_flight = options.in_flight > 0 ? options.in_flight : 2;
  w->parts = options.micro_batches > 0 ? options.micro_batches : 4;
  if (w->schedule != DNI_SCHEDULE_MICRO_BATCHES) w->parts = 1;
  return status;
}

/* Its numbers. -------------------------------------------------------------------------------- */

static uint64_t hash_sg(uint64_t hash, dni_sg *sg) {
  for (size_t p = 0; p < dni_sg_parameter_count(sg); p++) {
    dni_matrix value;
    EXPECT_FINE(dni_sg_parameter(sg, p, &value, NULL));
    hash = hash_matrix(hash, &value);
  }
  return hash;
}

uint64_t world_hash(const world *w) {
  uint64_t hash = 1;
  for (size_t i = 0; i < w->layers; i++) {
    dni_layer *layer = dni_network_layer(w->network, i);
    dni_sg *sg;
    for (size_t p = 0; p < dni_layer_parameter_count(layer); p++) {
      dni_matrix value, gradient;
      EXPECT_FINE(dni_layer_parameter(layer, p, &value, &gradient));
      hash = hash_matrix(hash, &value);
    }
    EXPECT_FINE(dni_network_sg(w->network, i, &sg));
    if (sg) hash = hash_sg(hash, sg);
  }
  return hash;
}
