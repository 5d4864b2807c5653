/* Orders of the examples of a data set. */
#include "data/dataset.h"

struct dni_order {
  dni__references references;
  dni_context *context;
  size_t *indices; /* [count] */
  size_t count;
  dni__random random;
};

void dni__shuffle(dni__random *random, size_t *indices, size_t count) {
  for (size_t i = count; i > 1; i--) {
    size_t j = dni__random_below(random, i);
    size_t moved = indices[i - 1];
    indices[i - 1] = indices[j];
    indices[j] = moved;
  }
}

/* The last thing that can fail is the options, so that a failure has taken no stream. */
static dni_status fill(dni_order *order, const dni_dataset *dataset,
                       const dni_random_options *options) {
  dni__memory *memory = order->context->memory;
  order->count = dataset->count;
  order->indices = dni__allocate(memory, order->count, sizeof *order->indices);
  if (!order->indices) return DNI_ERROR_MEMORY;
  for (size_t i = 0; i < order->count; i++)
    order->indices[i] = i;
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

dni_status dni_order_shuffle(dni_order *order) {
  DNI_REQUIRE(order);
  dni__shuffle(&order->random, order->indices, order->count);
  return DNI_OK;
}

const size_t *dni_order_indices(const dni_order *order) {
  return order ? order->indices : NULL;
}
