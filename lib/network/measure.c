/* How long the parts of a training step take. Each layer and SG is run by itself on made-up
 * numbers, a few times; the median of the times counts.
 *
 * Of a layer a copy is run, so that nothing of it changes. Of an SG the innermost one is run, which
 * counts no lessons, and its parameters and gradients are put back afterwards; or one like it, if
 * parameters are not all that a lesson changes. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "dni/research.h"
#include "network/network.h"

enum { ROUNDS = 5 };

/* What is measured: a layer, or the SG at an interface. */
typedef struct part {
  dni_layer *layer;         /* NULL: the SG */
  dni_sg *sg;               /* innermost */
  bool learns;              /* the SG has lessons */
  dni_optimiser *optimiser; /* NULL: without updates */
} part;

/* Made-up matrices: x, dx [rows][inputs]; y, dy [rows][outputs]; targets [rows][targets]. To an SG
 * x stands for h, y for its answer, dy for the target, a column of dx for losses. */
typedef struct bench {
  dni_context *context;
  const dni_optimiser *pattern;
  size_t rows;
  void *blocks[5];
  dni_matrix x, dx, y, dy, targets;
} bench;

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

/* Keeping. ------------------------------------------------------------------------------------- */

static size_t bytes_of(const dni_matrix *view) {
  return view->data ? view->rows * view->columns * dni__dtype_size(view->dtype) : 0;
}

/* Copy all values and gradients of an SG into the block, or back. */
static void exchange(const dni_sg *sg, void *block, bool back) {
  unsigned char *place = block;
  for (size_t i = 0; i < sg->parameter_count; i++) {
    const dni_matrix *views[] = {&sg->parameters[i].value, &sg->parameters[i].gradient};
    for (size_t k = 0; k < 2; k++) {
      if (!views[k]->data) continue;
      dni_matrix copy = dni__matrix_make(place, views[k]->rows, views[k]->columns, views[k]->dtype);
      dni__matrix_copy(back ? &copy : views[k], back ? views[k] : &copy);
      place += bytes_of(&copy);
    }
  }
}

static void *keep(const dni_sg *sg) {
  size_t bytes = 0;
  for (size_t i = 0; i < sg->parameter_count; i++)
    bytes += bytes_of(&sg->parameters[i].value) + bytes_of(&sg->parameters[i].gradient);
  void *block = dni__allocate(sg->context->memory, bytes, 1);
  if (block) exchange(sg, block, false);
  return block;
}

/* Matrices. ------------------------------------------------------------------------------------ */

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
  memset(work->blocks, 0, sizeof work->blocks);
}

static dni_status allocate(bench *work, size_t columns, void **out) {
  size_t elements;
  if (!dni__multiply(work->rows, columns, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu rows of %zu do not fit", work->rows,
                     columns);
  *out = dni__allocate(work->context->memory, elements, dni__dtype_size(work->context->dtype));
  return *out ? DNI_OK : DNI_ERROR_MEMORY;
}

/* After a failure, too, the caller calls bench_close. */
static dni_status bench_open(bench *work, size_t inputs, size_t outputs, size_t targets) {
  dni_matrix *matrices[] = {&work->x, &work->dx, &work->y, &work->dy, &work->targets};
  size_t columns[] = {inputs, inputs, outputs, outputs, targets};
  for (size_t i = 0; i < sizeof matrices / sizeof matrices[0]; i++) {
    DNI_TRY(allocate(work, columns[i], &work->blocks[i]));
    *matrices[i] = dni__matrix_make(work->blocks[i], work->rows, columns[i], work->context->dtype);
  }
  fill(&work->x);
  fill(&work->dy);
  fill_targets(&work->targets);
  return DNI_OK;
}

/* Running. ------------------------------------------------------------------------------------- */

static dni_status run_layer(bench *work, const part *measured, size_t index) {
  dni_layer *layer = measured->layer;
  DNI_TRY(dni__layer_forward(layer, DNI_MODE_TRAINING, NULL, &work->x, NULL, &work->y));
  return dni__layer_backward(layer, DNI_GRADIENT_REPLACE, 1 / (double)work->rows, NULL, &work->x,
                             NULL, &work->y, &work->dy, index > 0 ? &work->dx : NULL);
}

/* In its lesson the SG answers again, as it does between threads. */
static dni_status run_sg(bench *work, const part *measured) {
  const dni_sg *sg = measured->sg;
  dni_query query = {.struct_size = sizeof query, .h = &work->x, .y = &work->targets};
  DNI_TRY(dni_sg_estimate(measured->sg, &query, &work->y));
  if (!measured->learns) return DNI_OK;
  dni_matrix losses = dni__matrix_columns(&work->dx, 0, 1);
  dni_lesson lesson = {.struct_size = sizeof lesson, .h = &work->x, .y = &work->targets};
  if (sg->learns == DNI_SG_LEARNS_TARGET) lesson.target = &work->dy;
  if (sg->learns == DNI_SG_LEARNS_LOSS) lesson.losses = &losses;
  return dni_sg_learn(measured->sg, &lesson, NULL);
}

/* The first round warms caches up and does not count. */
static dni_status run_rounds(bench *work, const part *measured, size_t index, double *seconds) {
  double times[ROUNDS];
  for (int round = -1; round < ROUNDS; round++) {
    double start = seconds_now();
    DNI_TRY(measured->layer ? run_layer(work, measured, index) : run_sg(work, measured));
    if (measured->optimiser) DNI_TRY(dni_optimiser_step(measured->optimiser));
    if (round >= 0) times[round] = seconds_now() - start;
  }
  *seconds = median(times);
  return DNI_OK;
}

/* An optimiser like the pattern that moves nothing, without its schedule, which may be a function
 * of the caller's. */
static dni_status make_optimiser(const bench *work, part *measured) {
  if (!work->pattern || (!measured->layer && !measured->learns)) return DNI_OK;
  DNI_TRY(dni_optimiser_create_like(work->pattern, &measured->optimiser));
  DNI_TRY(dni_optimiser_set_schedule(measured->optimiser, NULL));
  DNI_TRY(dni_optimiser_set_f64(measured->optimiser, DNI_SETTING_LEARNING_RATE, 0));
  return measured->layer ? dni_optimiser_add_layer(measured->optimiser, measured->layer)
                         : dni_optimiser_add_sg(measured->optimiser, measured->sg);
}

static dni_status time_part(bench *work, part *measured, size_t index, double *seconds) {
  dni_status status = make_optimiser(work, measured);
  if (status == DNI_OK) status = run_rounds(work, measured, index, seconds);
  dni_optimiser_release(measured->optimiser);
  return status;
}

/* Layers. -------------------------------------------------------------------------------------- */

static dni_status measure_layer(bench *work, const dni_layer *layer, size_t index,
                                double *seconds) {
  part measured = {0};
  *seconds = (double)NAN;
  if (layer->vtable->kind == DNI_LAYER_CALLBACK) return DNI_OK;
  DNI_TRY(dni__layer_twin(layer, &measured.layer));
  dni_status status = bench_open(work, layer->inputs, layer->outputs, 0);
  if (status == DNI_OK) status = time_part(work, &measured, index, seconds);
  bench_close(work);
  dni_layer_release(measured.layer);
  return dni__network_say(layer, index, status);
}

/* SGs. ----------------------------------------------------------------------------------------- */

static dni_status measure_root(bench *work, part *measured, double *seconds) {
  void *kept = keep(measured->sg);
  if (!kept) return DNI_ERROR_MEMORY;
  const dni_sg *sg = measured->sg;
  dni_status status = bench_open(work, sg->units, sg->units, sg->looks_at_y ? sg->targets : 0);
  if (status == DNI_OK) status = time_part(work, measured, 0, seconds);
  bench_close(work);
  exchange(measured->sg, kept, true);
  dni__free(measured->sg->context->memory, kept);
  dni_status changed = dni_sg_changed(measured->sg);
  return status == DNI_OK ? changed : status;
}

/* What lessons change in it besides parameters stays as it is: another one is run. */
static dni_status measure_like(bench *work, part *measured, double *seconds) {
  dni_sg *original = measured->sg;
  DNI_TRY(original->vtable->create_like(original, &measured->sg));
  dni_status status = measure_root(work, measured, seconds);
  dni_sg_release(measured->sg);
  return status;
}

static dni_status measure_sg(bench *work, dni_sg *sg, size_t after, double *seconds) {
  *seconds = 0;
  if (!sg || sg->needs != DNI_SG_NEEDS_NOTHING) return DNI_OK;
  dni_sg *root = (dni_sg *)(uintptr_t)dni__sg_root(sg); /* ours to run: the network keeps it */
  part measured = {.sg = root, .learns = sg->learns != DNI_SG_LEARNS_NOTHING};
  *seconds = (double)NAN;
  if (root->calls_out) return DNI_OK;
  dni_status status =
      (root->vtable->create_like ? measure_like : measure_root)(work, &measured, seconds);
  if (status == DNI_OK) return DNI_OK;
  return dni__fail_prefix(status, "interface after layer %zu: ", after);
}

/* The call. ------------------------------------------------------------------------------------ */

/* times: [2][layers], first of layers and then of SGs. */
static dni_status measure_all(bench *work, const dni_network *network, bool with_sgs,
                              double *times) {
  for (size_t i = 0; i < network->count; i++) {
    const dni__link *link = &network->links[i];
    DNI_TRY(measure_layer(work, link->layer, i, &times[i]));
    if (with_sgs) DNI_TRY(measure_sg(work, link->sg, i, &times[network->count + i]));
  }
  return DNI_OK;
}

/* A layer that takes statistics of the batch needs more than one row. */
static size_t enough_rows(const dni_network *network, size_t rows) {
  for (size_t i = 0; i < network->count; i++) {
    size_t least = network->links[i].layer->vtable->least_rows;
    if (rows < least) rows = least;
  }
  return rows;
}

static dni_status check_call(const dni_network *network, size_t rows, size_t count) {
  if (rows == 0) return dni__fail(DNI_ERROR_ARGUMENT, "dni_network_measure: rows is 0");
  if (network->count == 0) return dni__fail(DNI_ERROR_STATE, "the network has no layers");
  if (count == network->count) return DNI_OK;
  return dni__fail(DNI_ERROR_ARGUMENT,
                   "dni_network_measure: count is %zu, expected %zu, the layers", count,
                   network->count);
}

dni_status dni_network_measure(dni_network *network, size_t rows, const dni_optimiser *optimiser,
                               double *seconds, double *sg_seconds, size_t count) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(network);
  DNI_REQUIRE(seconds);
  DNI_TRY(check_call(network, rows, count));
  bench work = {
      .context = network->context, .pattern = optimiser, .rows = enough_rows(network, rows)};
  double *times = dni__allocate(network->context->memory, count, 2 * sizeof *times);
  if (!times) return DNI_ERROR_MEMORY;
  dni_status status = measure_all(&work, network, sg_seconds != NULL, times);
  if (status == DNI_OK) {
    memcpy(seconds, times, count * sizeof *seconds);
    if (sg_seconds) memcpy(sg_seconds, times + count, count * sizeof *sg_seconds);
  }
  dni__free(network->context->memory, times);
  return status;
}
