/* How long the parts of a training step take. Each layer and estimator is run by itself on made-up
 * numbers, a few times; the median of the times counts. What that changes (gradients, running
 * statistics, and parameters if an update is not quite nothing) is put back afterwards. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <time.h>

#include "network/network.h"
#include "sg/wrapper.h"

enum { ROUNDS = 5 };

/* Made-up matrices for one layer: x, dx [rows][inputs]; y, dy [rows][outputs]; targets
 * [rows][targets]. */
typedef struct bench {
  dni_context *context;
  const dni_optimiser *pattern;
  size_t rows;
  void *blocks[5];
  dni_matrix x, dx, y, dy, targets;
} bench;

/* Values and gradients of the parameters being measured, to be put back. */
typedef struct kept {
  dni__memory *memory;
  dni__parameter *parameters;
  size_t count;
  void *copy;
} kept;

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double median(double *times) {
  for (size_t i = 1; i < ROUNDS; i++)
    for (size_t j = i; j > 0 && times[j - 1] > times[j]; j--) {
      double larger = times[j - 1];
      times[j - 1] = times[j];
      times[j] = larger;
    }
  return times[ROUNDS / 2];
}

/* Keeping. ----------------------------------------------------------------------------------- */

/* Walk all values and gradients: copy them into the block, or back. */
static void exchange(const kept *all, bool back) {
  unsigned char *place = all->copy;
  for (size_t i = 0; i < all->count; i++) {
    const dni_matrix *parts[] = {&all->parameters[i].value, &all->parameters[i].gradient};
    for (size_t k = 0; k < 2; k++) {
      if (!parts[k]->data) continue;
      dni_matrix copy = dni__matrix_make(place, parts[k]->rows, parts[k]->columns, parts[k]->dtype);
      dni__matrix_copy(back ? &copy : parts[k], back ? parts[k] : &copy);
      place += copy.rows * copy.columns * dni__dtype_size(copy.dtype);
    }
  }
}

static dni_status keep(dni_context *context, dni__parameter *parameters, size_t count, kept *all) {
  size_t bytes = 0;
  for (size_t i = 0; i < count; i++)
    bytes += 2 * parameters[i].value.rows * parameters[i].value.columns *
             dni__dtype_size(parameters[i].value.dtype);
  *all = (kept){context->memory, parameters, count, dni__allocate(context->memory, bytes, 1)};
  if (!all->copy) return DNI_ERROR_MEMORY;
  exchange(all, false);
  return DNI_OK;
}

static void put_back(kept *all) {
  exchange(all, true);
  dni__free(all->memory, all->copy);
}

/* Matrices. ---------------------------------------------------------------------------------- */

static void fill(const dni_matrix *matrix) {
  for (size_t r = 0; r < matrix->rows; r++)
    for (size_t c = 0; c < matrix->columns; c++)
      dni__matrix_set(matrix, r, c, (double)((r * 31 + c * 17) % 61) / 61 - 0.5);
}

/* One-hot rows, as labels are. */
static void fill_targets(const dni_matrix *matrix) {
  for (size_t r = 0; r < matrix->rows && matrix->columns > 0; r++)
    dni__matrix_set(matrix, r, r % matrix->columns, 1);
}

static void bench_close(bench *work) {
  for (size_t i = 0; i < sizeof work->blocks / sizeof work->blocks[0]; i++)
    dni__free(work->context->memory, work->blocks[i]);
}

static dni_status bench_open(bench *work, size_t inputs, size_t outputs, size_t targets) {
  dni_matrix *matrices[] = {&work->x, &work->dx, &work->y, &work->dy, &work->targets};
  size_t columns[] = {inputs, inputs, outputs, outputs, targets};
  dni_dtype dtype = work->context->dtype;
  memset(work->blocks, 0, sizeof work->blocks);
  for (size_t i = 0; i < sizeof matrices / sizeof matrices[0]; i++) {
    size_t elements;
    if (dni__multiply(work->rows, columns[i], &elements))
      work->blocks[i] = dni__allocate(work->context->memory, elements, dni__dtype_size(dtype));
    if (!work->blocks[i]) {
      bench_close(work);
      return DNI_ERROR_MEMORY;
    }
    *matrices[i] = dni__matrix_make(work->blocks[i], work->rows, columns[i], dtype);
  }
  fill(&work->x);
  fill(&work->dy);
  fill_targets(&work->targets);
  return DNI_OK;
}

/* An optimiser like the pattern that moves nothing. */
static dni_status still_optimiser(const bench *work, dni_layer *layer, dni_sg *sg,
                                  dni_optimiser **out) {
  *out = NULL;
  if (!work->pattern) return DNI_OK;
  DNI_TRY(dni_optimiser_create_like(work->pattern, out));
  dni_status status = dni_optimiser_set_f64(*out, DNI_PARAM_LEARNING_RATE, 0);
  if (status == DNI_OK && layer) status = dni_optimiser_add_layer(*out, layer);
  if (status == DNI_OK && sg) status = dni_optimiser_add_sg(*out, sg);
  if (status == DNI_OK) return DNI_OK;
  dni_optimiser_release(*out);
  return status;
}

/* Measuring. --------------------------------------------------------------------------------- */

static dni_status run_layer(const bench *work, dni_network *network, size_t index,
                            dni_optimiser *optimiser) {
  DNI_TRY(dni__network_forward(network, index, DNI_MODE_TRAINING, &work->x, &work->y));
  DNI_TRY(dni__network_backward(network, index, DNI_GRADIENT_REPLACE, &work->x, &work->y, &work->dy,
                                index > 0 ? &work->dx : NULL));
  return optimiser ? dni_optimiser_step(optimiser) : DNI_OK;
}

/* y stands for h, dy for the target, dx is not used. */
static dni_status run_sg(const bench *work, dni_sg *sg, dni_optimiser *optimiser) {
  /* A warm-up counts its lessons. */
  if (sg->vtable->kind == DNI_SG_WARM_UP) sg = ((dni__wrapper *)sg)->inner;
  if (sg->needs != DNI_SG_NEEDS_NOTHING) return DNI_OK;
  bool alone = sg->learns == DNI_SG_LEARNS_ALONE;
  DNI_TRY(dni_sg_estimate(sg, &work->x, &work->targets, NULL, &work->y));
  if (sg->learns != DNI_SG_LEARNS_TARGET && !alone) return DNI_OK;
  DNI_TRY(dni_sg_learn(sg, &work->x, &work->targets, alone ? NULL : &work->dy, NULL, NULL,
                       NULL)); /* between threads it answers again */
  return optimiser ? dni_optimiser_step(optimiser) : DNI_OK;
}

/* The first round warms caches up and does not count. */
static dni_status time_part(const bench *work, dni_network *network, size_t index, dni_sg *sg,
                            dni_optimiser *optimiser, double *seconds) {
  double times[ROUNDS];
  for (int round = -1; round < ROUNDS; round++) {
    double start = seconds_now();
    DNI_TRY(sg ? run_sg(work, sg, optimiser) : run_layer(work, network, index, optimiser));
    if (round >= 0) times[round] = seconds_now() - start;
  }
  *seconds = median(times);
  return DNI_OK;
}

/* A layer, or with sg the estimator above it. */
static dni_status measure_part(bench *work, dni_network *network, size_t index, dni_sg *sg,
                               double *seconds) {
  dni_layer *layer = network->links[index].layer;
  dni_optimiser *optimiser;
  kept all;
  DNI_TRY(bench_open(work, sg ? sg->units : layer->inputs, layer->outputs,
                     dni_network_outputs(network)));
  dni_status status = sg ? keep(work->context, sg->parameters, sg->parameter_count, &all)
                         : keep(work->context, layer->parameters, layer->parameter_count, &all);
  if (status == DNI_OK) {
    status = still_optimiser(work, sg ? NULL : layer, sg, &optimiser);
    if (status == DNI_OK) {
      status = time_part(work, network, index, sg, optimiser, seconds);
      dni_optimiser_release(optimiser);
    }
    put_back(&all);
  }
  bench_close(work);
  return status;
}

dni_status dni_network_measure(dni_network *network, size_t rows, const dni_optimiser *optimiser,
                               double *seconds, double *sg_seconds) {
  DNI_REQUIRE(network);
  DNI_REQUIRE(seconds);
  if (rows == 0) return dni__fail(DNI_ERROR_ARGUMENT, "dni_network_measure: rows is 0");
  if (network->count == 0) return dni__fail(DNI_ERROR_STATE, "the network has no layers");
  bench work = {.context = network->context, .pattern = optimiser, .rows = rows};
  for (size_t i = 0; i < network->count; i++) {
    DNI_TRY(measure_part(&work, network, i, NULL, &seconds[i]));
    if (!sg_seconds) continue;
    dni_sg *sg = network->links[i].sg;
    sg_seconds[i] = 0;
    if (sg) DNI_TRY(measure_part(&work, network, i, sg, &sg_seconds[i]));
  }
  return DNI_OK;
}
