/* Orders of the examples of a data set. */
#include "data/dataset.h"

struct dni_order {
  dni__references references;
  dni_context *context;
  size_t *indices; /* [count] */
  size_t count;
  dni__random random;
  /* The present order is what `random` made of 0 .. count-1 when it stood here. */
  dni__random before;
  bool shuffled; /* false: it is 0 .. count-1 */
};

void dni__shuffle(dni__random *random, size_t *indices, size_t count) {
  for (size_t i = count; i > 1; i--) {
    size_t j = dni__random_below(random, i);
    size_t moved = indices[i - 1];
    indices[i - 1] = indices[j];
    indices[j] = moved;
  }
}

static void reset(const dni_order *order) {
  for (size_t i = 0; i < order->count; i++)
    order->indices[i] = i;
}

/* The last thing that can fail is the options, so that a failure has taken no stream. */
static dni_status fill(dni_order *order, const dni_dataset *dataset,
                       const dni_random_options *options) {
  dni__memory *memory = order->context->memory;
  order->count = dataset->count;
  order->indices = dni__allocate(memory, order->count, sizeof *order->indices);
  if (!order->indices) return DNI_ERROR_MEMORY;
  reset(order);
  order->random = dataset->random;
  return options ? dni__context_random_options(order->context, options, &order->random) : DNI_OK;
}

dni_status dni_order_create(const dni_dataset *dataset, const dni_random_options *options,
                            dni_order **out) {
  DNI_REQUIRE(dataset);
  DNI_REQUIRE(out);
  dni_context *context = dataset->examples->context;
  dni_order *order = dni__allocate(context->memory, 1, sizeof *order);
  if (!order) return DNI_ERROR_MEMORY;
  dni__references_init(&order->references);
  order->context = dni_context_retain(context);
  dni_status status = fill(order, dataset, options);
  if (status == DNI_OK)
    *out = order;
  else
    dni_order_release(order);
  return status;
}

dni_order *dni_order_retain(dni_order *order) {
  if (order) dni__references_add(&order->references);
  return order;
}

void dni_order_release(dni_order *order) {
  if (!order || !dni__references_drop(&order->references)) return;
  dni_context *context = order->context;
  dni__free(context->memory, order->indices);
  dni__free(context->memory, order);
  dni_context_release(context);
}

/* Always from 0 .. count-1, so that an order follows from where the stream stood, however many came
 * before it. */
static void shuffle(dni_order *order) {
  reset(order);
  dni__shuffle(&order->random, order->indices, order->count);
}

/* The order that follows from the stream. */
static void restore(dni_order *order) {
  if (order->shuffled)
    shuffle(order);
  else
    reset(order);
}

dni_status dni_order_shuffle(dni_order *order) {
  DNI_REQUIRE(order);
  order->before = order->random;
  order->shuffled = true;
  shuffle(order);
  return DNI_OK;
}

dni_status dni_order_state(const dni_order *order, uint64_t *state, size_t count) {
  DNI_REQUIRE(order);
  DNI_REQUIRE(state);
  if (count != DNI_ORDER_STATE)
    return dni__fail(DNI_ERROR_ARGUMENT, "count is %zu, expected %d", count, DNI_ORDER_STATE);
  const dni__random *random = order->shuffled ? &order->before : &order->random;
  for (size_t i = 0; i < 4; i++)
    state[i] = random->state[i];
  state[4] = order->shuffled;
  return DNI_OK;
}

dni_status dni_order_set_state(dni_order *order, const uint64_t *state, size_t count) {
  DNI_REQUIRE(order);
  DNI_REQUIRE(state);
  if (count != DNI_ORDER_STATE)
    return dni__fail(DNI_ERROR_ARGUMENT, "count is %zu, expected %d", count, DNI_ORDER_STATE);
  if (!(state[0] | state[1] | state[2] | state[3]) || state[4] > 1)
    return dni__fail(DNI_ERROR_ARGUMENT, "no order has this state");
  for (size_t i = 0; i < 4; i++)
    order->random.state[i] = order->before.state[i] = state[i];
  order->shuffled = state[4] == 1;
  restore(order);
  return DNI_OK;
}

/* What is loaded is `before`. */
static void loaded(void *object) {
  dni_order *order = object;
  order->random = order->before;
  restore(order);
}

void dni__order_list(dni_order *order, dni__manifest *manifest) {
  if (!order->shuffled) order->before = order->random;
  dni__manifest_fixed_count(manifest, "examples", order->count);
  dni__manifest_random(manifest, "random", &order->before);
  dni__manifest_flag(manifest, "shuffled", &order->shuffled);
  dni__manifest_after_load(manifest, loaded, order);
}

const size_t *dni_order_indices(const dni_order *order) {
  return order ? order->indices : NULL;
}
