/* What files and memory keep: networks, trainings, and the parts of a loop of one's own. */
#include "program.h"

#include <string.h>

/* A store in memory. */
static struct {
  unsigned char bytes[1 << 17];
  size_t size, position;
} store;

static dni_status DNI_CALL put(void *user, const void *bytes, size_t size) {
  EXPECT(user == &store && size <= sizeof store.bytes - store.size);
  memcpy(store.bytes + store.size, bytes, size);
  store.size += size;
  return DNI_OK;
}

static dni_status DNI_CALL take(void *user, void *bytes, size_t size, size_t *got) {
  const size_t left = store.size - store.position;
  EXPECT(user == &store);
  *got = left < size ? left : size;
  memcpy(bytes, store.bytes + store.position, *got);
  store.position += *got;
  return DNI_OK;
}

/* Of an empty store, and of a full one from its beginning. */
static dni_writer *new_writer(void) {
  dni_writer *writer = NEW(dni_writer);
  store.size = 0;
  writer->user = &store;
  writer->write = put;
  return writer;
}

static dni_reader *new_reader(void) {
  dni_reader *reader = NEW(dni_reader);
  store.position = 0;
  reader->user = &store;
  reader->read = take;
  return reader;
}

/* The parts of a loop. */
typedef struct parts {
  dni_network *network;
  dni_trainer *trainer;
  dni_layer *layer;
  dni_sg *sg;
  dni_optimiser *optimiser;
  dni_order *order;
  dni_matrix own;
  uint64_t count;
  double real;
} parts;

static dni_trainer *make_trainer(dni_context *context, dni_network *network,
                                 dni_optimiser *optimiser) {
  dni_trainer_options *options = NEW(dni_trainer_options);
  dni_loss *loss;
  dni_trainer *trainer;
  CHECK(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  options->optimiser = optimiser;
  options->max_batch = ROWS;
  CHECK(dni_trainer_create(network, loss, options, &trainer));
  dni_loss_release(loss);
  drop(options);
  return trainer;
}

static void make_parts(dni_context *context, parts *p) {
  dni_dataset *dataset = make_own_dataset(context);
  CHECK(dni_order_create(dataset, NULL, &p->order));
  CHECK(dni_network_create(context, &p->network));
  CHECK(dni_layer_create_dense(context, INPUTS, CLASSES, DNI_ACTIVATION_IDENTITY, &p->layer));
  CHECK(dni_network_add(p->network, p->layer));
  CHECK(dni_sg_create_synthetic(context, UNITS, CLASSES, NULL, &p->sg));
  CHECK(dni_optimiser_create_adam(context, 0.01, &p->optimiser));
  p->trainer = make_trainer(context, p->network, p->optimiser);
  p->own = matrix(2, 2);
  p->count = 7;
  p->real = 0.1;
  dni_dataset_release(dataset);
}

static void release_parts(parts *p) {
  dni_trainer_release(p->trainer), dni_network_release(p->network);
  dni_layer_release(p->layer), dni_sg_release(p->sg);
  dni_optimiser_release(p->optimiser), dni_order_release(p->order);
}

static float *first_weight(parts *p) {
  dni_matrix value;
  CHECK(dni_layer_parameter(p->layer, 0, &value, NULL));
  return value.data;
}

static void use_networks(dni_context *context, parts *p) {
  dni_writer *writer = new_writer();
  dni_reader *reader;
  dni_network *again;
  CHECK(dni_network_write(p->network, writer));
  reader = new_reader();
  CHECK(dni_network_read(context, reader, &again));
  EXPECT(dni_network_inputs(again) == INPUTS && dni_network_outputs(again) == CLASSES);
  dni_network_release(again);
  drop(reader), drop(writer);
}

static void use_trainings(parts *p, const char *path) {
  dni_writer *writer = new_writer();
  dni_reader *reader;
  dni_load_options *options = NEW(dni_load_options);
  const float before = *first_weight(p);
  options->finite = 1;
  CHECK(dni_trainer_save(p->trainer, path));
  CHECK(dni_trainer_write(p->trainer, writer));
  *first_weight(p) = 5;
  CHECK(dni_trainer_load(p->trainer, path, options));
  EXPECT(*first_weight(p) == before);
  *first_weight(p) = 5;
  reader = new_reader();
  CHECK(dni_trainer_read(p->trainer, reader, options));
  EXPECT(*first_weight(p) == before);
  drop(options), drop(reader), drop(writer);
}

static dni_checkpoint *make_checkpoint(dni_context *context, parts *p) {
  dni_checkpoint *checkpoint;
  CHECK(dni_checkpoint_create(context, &checkpoint));
  CHECK(dni_checkpoint_add_network(checkpoint, "network", p->network));
  CHECK(dni_checkpoint_add_trainer(checkpoint, "trainer", p->trainer));
  CHECK(dni_checkpoint_add_layer(checkpoint, "layer", p->layer));
  CHECK(dni_checkpoint_add_sg(checkpoint, "sg", p->sg));
  CHECK(dni_checkpoint_add_optimiser(checkpoint, "optimiser", p->optimiser));
  CHECK(dni_checkpoint_add_order(checkpoint, "order", p->order));
  CHECK(dni_checkpoint_add_matrix(checkpoint, "own", &p->own));
  CHECK(dni_checkpoint_add_count(checkpoint, "count", &p->count));
  CHECK(dni_checkpoint_add_real(checkpoint, "real", &p->real));
  return checkpoint;
}

static void change(parts *p) {
  CHECK(dni_order_shuffle(p->order));
  *(float *)p->own.data = 3;
  p->count = 8;
  p->real = 0.2;
}

static void expect_unchanged(parts *p, const uint64_t state[DNI_ORDER_STATE]) {
  uint64_t found[DNI_ORDER_STATE];
  CHECK(dni_order_state(p->order, found, DNI_ORDER_STATE));
  EXPECT(memcmp(found, state, sizeof found) == 0);
  EXPECT(*(float *)p->own.data == 0 && p->count == 7 && p->real == 0.1);
}

static void use_checkpoint(dni_context *context, parts *p, const char *path) {
  dni_checkpoint *checkpoint = make_checkpoint(context, p);
  dni_writer *writer = new_writer();
  dni_reader *reader;
  dni_load_options *options = NEW(dni_load_options);
  uint64_t state[DNI_ORDER_STATE];
  CHECK(dni_order_state(p->order, state, DNI_ORDER_STATE));
  CHECK(dni_checkpoint_save(checkpoint, path));
  CHECK(dni_checkpoint_write(checkpoint, writer));
  change(p);
  CHECK(dni_checkpoint_load(checkpoint, path, options));
  expect_unchanged(p, state);
  change(p);
  reader = new_reader();
  CHECK(dni_checkpoint_read(checkpoint, reader, options));
  expect_unchanged(p, state);
  CHECK(dni_order_set_state(p->order, state, DNI_ORDER_STATE));
  dni_checkpoint_release(dni_checkpoint_retain(checkpoint));
  dni_checkpoint_release(checkpoint);
  drop(options), drop(reader), drop(writer);
}

void use_files(dni_context *context, const char *path) {
  parts p = {0};
  make_parts(context, &p);
  use_networks(context, &p);
  use_trainings(&p, path);
  use_checkpoint(context, &p, path);
  release_parts(&p);
}
