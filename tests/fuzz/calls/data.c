/* Calls on data sets and orders. */
#include "calls.h"

static void create_memory(world *w) {
  dni_matrix x, y;
  dni_dataset *dataset = NULL;
  dni_context *c = context(w);
  const size_t count = rows(w), features = size(w), width = size(w);
  const bool borrows = chance(w, 40);
  dni_memory_options options = {.struct_size = struct_size(w, sizeof options),
                                .flags =
                                    chance(w, 90) ? (borrows ? DNI_DATA_BORROW : 0) : number(w, 4),
                                .scaled = number(w, 2),
                                .factor = real(w),
                                .offset = real(w),
                                .classes = chance(w, 60) ? 0 : size(w),
                                .destroy = borrows ? own_destroy : NULL};
  const dni_matrix *at_x = view(w, &x, chance(w, 80) ? w->dtype : DNI_U8, count, features);
  const dni_matrix *at_y = targets(w, &y, w->dtype, count, width);
  const dni_memory_options *given = chance(w, 40) ? NULL : &options;
  const dni_status status = EXPECT_IN(MAKES | BAD_DATA | UNSUPPORTED,
                                      dni_dataset_create_memory(c, at_x, at_y, given, &dataset));
  own_given(status, given && DNI_HAS(given, destroy) && given->destroy);
  place(w, DATASET, status, dataset);
}

static void create_own(world *w) {
  dni_dataset *dataset = NULL;
  dni_context *c = context(w);
  const dni_dataset_callbacks callbacks = own_dataset(w);
  const dni_status status =
      EXPECT_IN(MAKES | UNSUPPORTED, dni_dataset_create_callback(c, &callbacks, &dataset));
  own_given(status, DNI_HAS(&callbacks, destroy));
  place(w, DATASET, status, dataset);
}

static void create_artificial(world *w) {
  dni_dataset *dataset = NULL;
  dni_random_options room;
  dni_context *c = context(w);
  const size_t dimensions = size(w), examples = size(w);
  const dni_status status = EXPECT_IN(
      MAKES | UNSUPPORTED, dni_dataset_create_artificial(c, 1 + number(w, 3), dimensions, examples,
                                                         1 + fuzz_below(&w->input, 3),
                                                         random_options(w, &room), &dataset));
  place(w, DATASET, status, dataset);
}

static void subset(world *w) {
  size_t indices[8];
  dni_dataset *dataset = pick(w, DATASET), *part = NULL;
  for (size_t i = 0; i < 8; i++)
    indices[i] = chance(w, 97) ? fuzz_below(&w->input, 4) : size(w);
  const dni_status status =
      EXPECT_IN(MAKES, dni_dataset_subset(dataset, indices, fuzz_below(&w->input, 9), &part));
  place(w, DATASET, status, part);
}

static void split(world *w) {
  dni_random_options room;
  dni_dataset *dataset = pick(w, DATASET), *first = NULL, *second = NULL;
  const size_t count = fuzz_below(&w->input, 5);
  const dni_status status =
      EXPECT_IN(MAKES | UNSUPPORTED, dni_dataset_split(dataset, count, number(w, 2),
                                                       random_options(w, &room), &first, &second));
  if (status == DNI_OK)
    EXPECT(dni_dataset_examples(first) == count &&
               dni_dataset_examples(first) + dni_dataset_examples(second) ==
                   dni_dataset_examples(dataset),
           "examples are lost");
  place(w, DATASET, status, first);
  place(w, DATASET, status, second);
}

static const unsigned reads = FINE | REFUSED | BAD_DATA | NO_MEMORY | CALLBACK_FAILED;

static void batch(world *w) {
  dni_matrix x, y;
  dni_dataset *dataset = pick(w, DATASET);
  const size_t count = rows(w), first = chance(w, 90) ? fuzz_below(&w->input, 4) : size(w);
  dni_matrix *at_x =
      chance(w, 90) ? view(w, &x, w->dtype, count, dni_dataset_features(dataset)) : NULL;
  dni_matrix *at_y =
      chance(w, 80) ? targets(w, &y, w->dtype, count, dni_dataset_targets(dataset)) : NULL;
  if (at_x && at_y && x.data == y.data) return; /* two outputs in one place */
  (void)EXPECT_IN(reads, dni_dataset_batch(dataset, first, at_x, at_y));
}

static void gather(world *w) {
  dni_matrix x, y;
  size_t indices[ROWS_MOST];
  dni_dataset *dataset = pick(w, DATASET);
  const size_t count = rows(w);
  for (size_t i = 0; i < ROWS_MOST; i++)
    indices[i] = chance(w, 97) ? fuzz_below(&w->input, 3) : size(w);
  dni_matrix *at_x = view(w, &x, w->dtype, count, dni_dataset_features(dataset));
  dni_matrix *at_y = targets(w, &y, w->dtype, count, dni_dataset_targets(dataset));
  (void)EXPECT_IN(reads, dni_dataset_gather(dataset, indices, count, at_x, at_y));
}

static void create_order(world *w) {
  dni_order *order = NULL;
  dni_random_options room;
  dni_dataset *dataset = pick(w, DATASET);
  const dni_status status =
      EXPECT_IN(MAKES | UNSUPPORTED, dni_order_create(dataset, random_options(w, &room), &order));
  place(w, ORDER, status, order);
}

static void use_order(world *w) {
  uint64_t state[DNI_ORDER_STATE];
  dni_order *order = pick(w, ORDER), *other = pick(w, ORDER);
  (void)EXPECT_IN(FINE | REFUSED, dni_order_shuffle(order));
  if (EXPECT_IN(FINE | REFUSED, dni_order_state(order, state, DNI_ORDER_STATE)) != DNI_OK) return;
  for (size_t i = 0; i < DNI_ORDER_STATE; i++)
    if (chance(w, 10)) state[i] = size(w);
  (void)EXPECT_IN(FINE | REFUSED,
                  dni_order_set_state(other, state, chance(w, 95) ? DNI_ORDER_STATE : size(w)));
  EXPECT(dni_order_indices(order), "an order without indices");
}

const action data_actions[] = {create_memory, create_memory, create_own, create_artificial,
                               subset,        split,         batch,      gather,
                               create_order,  use_order,     NULL};
