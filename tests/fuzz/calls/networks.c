/* Calls on networks, predictors and checkpoints; what they write and read. */
#include "calls.h"

static void create(world *w) {
  dni_network *network = NULL;
  dni_context *c = context(w);
  const dni_status status = EXPECT_IN(MAKES, dni_network_create(c, &network));
  place(w, NETWORK, status, network);
}

static void add(world *w) {
  dni_network *network = pick(w, NETWORK);
  (void)EXPECT_IN(MAKES | WRONG_STATE, dni_network_add(network, pick(w, LAYER)));
}

/* A layer that fits, so that networks become deep. */
static void grow(world *w) {
  dni_network *network = pick(w, NETWORK);
  dni_layer *layer = NULL;
  const size_t inputs = dni_network_layer_count(network) > 0 ? dni_network_outputs(network) : 3;
  const dni_status status = EXPECT_IN(
      MAKES, dni_layer_create_dense(w->slots[CONTEXT][0], inputs, 3, number(w, 6), &layer));
  if (status != DNI_OK) return;
  (void)EXPECT_IN(MAKES | WRONG_STATE, dni_network_add(network, layer));
  dni_layer_release(layer);
}

static void set_sg(world *w) {
  dni_network *network = pick(w, NETWORK);
  const size_t after = chance(w, 95) ? fuzz_below(&w->input, 4) : size(w);
  dni_sg *sg = chance(w, 10) ? NULL : pick(w, SG);
  (void)EXPECT_IN(FINE | REFUSED | WRONG_STATE, dni_network_set_sg(network, after, sg));
}

static void copy(world *w) {
  dni_network *made = NULL;
  dni_network *network = pick(w, NETWORK);
  const dni_status status =
      EXPECT_IN(MAKES | UNSUPPORTED | CALLBACK_FAILED, dni_network_copy(network, &made));
  place(w, NETWORK, status, made);
}

static void assign(world *w) {
  dni_network *to = pick(w, NETWORK);
  (void)EXPECT_IN(FINE | REFUSED, dni_network_assign(to, pick(w, NETWORK)));
}

static void look(world *w) {
  dni_network *network = pick(w, NETWORK);
  const size_t index = fuzz_below(&w->input, 6);
  dni_sg *sg = NULL;
  dni_layer *layer = dni_network_layer(network, index);
  (void)EXPECT_IN(FINE | REFUSED, dni_network_sg(network, index, &sg));
  if (layer) place(w, LAYER, DNI_OK, dni_layer_retain(layer));
  if (sg) place(w, SG, DNI_OK, dni_sg_retain(sg));
}

static void predict(world *w) {
  dni_matrix x, h;
  dni_network *network = pick(w, NETWORK);
  const size_t count = rows(w);
  const dni_dtype dtype = chance(w, 95) ? w->dtype : DNI_F32;
  const dni_matrix *from = view(w, &x, dtype, count, dni_network_inputs(network));
  dni_matrix *to = view(w, &h, dtype, count, dni_network_outputs(network));
  const unsigned usual = COMPUTES | WRONG_STATE | NO_MEMORY;
  if (chance(w, 30)) (void)EXPECT_IN(MAKES | WRONG_STATE, dni_network_reserve(network, size(w)));
  (void)EXPECT_IN(usual, dni_network_predict(network, from, to));
}

static void create_predictor(world *w) {
  dni_predictor *predictor = NULL;
  dni_network *network = pick(w, NETWORK);
  const dni_status status =
      EXPECT_IN(MAKES | WRONG_STATE, dni_predictor_create(network, size(w), &predictor));
  place(w, PREDICTOR, status, predictor);
}

static void run_predictor(world *w) {
  dni_matrix x, h;
  dni_predictor *predictor = pick(w, PREDICTOR);
  const size_t count = rows(w);
  const size_t after = chance(w, 70) ? DNI_ALL : fuzz_below(&w->input, 4);
  const dni_matrix *from = view(w, &x, w->dtype, count, chance(w, 90) ? 3 : size(w));
  dni_matrix *to = view(w, &h, w->dtype, count, chance(w, 90) ? 3 : size(w));
  (void)EXPECT_IN(COMPUTES, dni_predictor_run(predictor, after, from, to));
}

static void evaluate(world *w) {
  const dni_metric metric = own_metric();
  dni_network *network = pick(w, NETWORK);
  dni_evaluation found = {.struct_size = struct_size(w, sizeof found)};
  const dni_loss *loss = pick(w, LOSS);
  const dni_dataset *dataset = pick(w, DATASET);
  (void)EXPECT_IN(
      COMPUTES | WRONG_STATE | NO_MEMORY | NON_FINITE | BAD_DATA,
      dni_network_evaluate(network, loss, dataset, chance(w, 70) ? NULL : &metric, &found));
}

/* Files. -------------------------------------------------------------------------------------- */

static const unsigned writes = FINE | REFUSED | WRONG_STATE | NO_MEMORY | UNSUPPORTED |
                               CALLBACK_FAILED | NON_FINITE | BAD_DATA;

static void write_network(world *w) {
  fuzz_bytes *file = &w->files[fuzz_below(&w->input, FILES)];
  dni_network *network = pick(w, NETWORK);
  const dni_writer writer = own_writer(w, file);
  (void)EXPECT_IN(FINE | REFUSED | WRONG_STATE | NO_MEMORY | UNSUPPORTED | CALLBACK_FAILED,
                  dni_network_write(network, &writer));
}

static void read_network(world *w) {
  dni_network *network = NULL;
  dni_context *c = context(w);
  const dni_reader reader = fuzz_reader(&w->files[fuzz_below(&w->input, FILES)]);
  const dni_status status =
      EXPECT_IN(MAKES | BAD_DATA | UNSUPPORTED, dni_network_read(c, &reader, &network));
  place(w, NETWORK, status, network);
}

static void create_checkpoint(world *w) {
  dni_checkpoint *checkpoint = NULL;
  dni_context *c = context(w);
  const dni_status status = EXPECT_IN(MAKES, dni_checkpoint_create(c, &checkpoint));
  place(w, CHECKPOINT, status, checkpoint);
}

static void add_to_checkpoint(world *w) {
  static const char *const names[] = {"a", "b", "", "c.d", "a.weight", "\x7f", "\xff", "a\n", NULL};
  static uint64_t count;
  static double value;
  dni_matrix m;
  dni_checkpoint *checkpoint = pick(w, CHECKPOINT);
  const char *name = names[fuzz_below(&w->input, sizeof names / sizeof names[0])];
  const size_t row_count = rows(w);
  switch (fuzz_below(&w->input, 10)) {
  case 0:
    (void)EXPECT_IN(MAKES, dni_checkpoint_add_layer(checkpoint, name, pick(w, LAYER)));
    break;
  case 1:
    (void)EXPECT_IN(MAKES, dni_checkpoint_add_sg(checkpoint, name, pick(w, SG)));
    break;
  case 2:
    (void)EXPECT_IN(MAKES, dni_checkpoint_add_network(checkpoint, name, pick(w, NETWORK)));
    break;
  case 3:
    (void)EXPECT_IN(MAKES, dni_checkpoint_add_optimiser(checkpoint, name, pick(w, OPTIMISER)));
    break;
  case 4:
    (void)EXPECT_IN(MAKES, dni_checkpoint_add_order(checkpoint, name, pick(w, ORDER)));
    break;
  case 5:
    (void)EXPECT_IN(MAKES, dni_checkpoint_add_trainer(checkpoint, name, pick(w, TRAINER)));
    break;
  case 6:
    (void)EXPECT_IN(MAKES, dni_checkpoint_add_matrix(checkpoint, name,
                                                     view(w, &m, w->dtype, row_count, size(w))));
    break;
  case 7:
    (void)EXPECT_IN(MAKES, dni_checkpoint_add_count(checkpoint, name, &count));
    break;
  case 8:
    (void)EXPECT_IN(MAKES, dni_checkpoint_add_guard(checkpoint, name, pick(w, GUARD)));
    break;
  default:
    (void)EXPECT_IN(MAKES, dni_checkpoint_add_real(checkpoint, name, &value));
  }
}

static void write_checkpoint(world *w) {
  fuzz_bytes *file = &w->files[fuzz_below(&w->input, FILES)];
  dni_checkpoint *checkpoint = pick(w, CHECKPOINT);
  const dni_writer writer = own_writer(w, file);
  (void)EXPECT_IN(writes, dni_checkpoint_write(checkpoint, &writer));
}

static void read_checkpoint(world *w) {
  dni_checkpoint *checkpoint = pick(w, CHECKPOINT);
  const dni_load_options options = {.struct_size = struct_size(w, sizeof options),
                                    .finite = number(w, 2)};
  const dni_reader reader = fuzz_reader(&w->files[fuzz_below(&w->input, FILES)]);
  (void)EXPECT_IN(writes,
                  dni_checkpoint_read(checkpoint, &reader, chance(w, 50) ? NULL : &options));
}

const action network_actions[] = {create,
                                  add,
                                  add,
                                  grow,
                                  grow,
                                  grow,
                                  set_sg,
                                  set_sg,
                                  copy,
                                  assign,
                                  look,
                                  predict,
                                  create_predictor,
                                  run_predictor,
                                  evaluate,
                                  write_network,
                                  read_network,
                                  create_checkpoint,
                                  add_to_checkpoint,
                                  add_to_checkpoint,
                                  write_checkpoint,
                                  read_checkpoint,
                                  NULL};
