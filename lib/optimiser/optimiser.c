/* The public face of optimisers: settings, the list of parameters, clipping, one step. */
#include "optimiser/optimiser.h"

#include <math.h>
#include <string.h>

#include "backend/backend.h"
#include "core/tunable.h"

dni_status dni__optimiser_create(dni_context *context, const dni__optimiser_kind *kind,
                                 const dni__optimiser_settings *settings, dni_optimiser **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  double rate;
  DNI_TRY(dni__tunable_set(&rate, kind->name, DNI_PARAM_LEARNING_RATE, settings->learning_rate));
  dni_optimiser *optimiser = dni__allocate(context->memory, 1, sizeof *optimiser);
  if (!optimiser) return DNI_ERROR_MEMORY;
  dni__references_init(&optimiser->references);
  dni_context_retain(context);
  optimiser->context = context;
  optimiser->kind = kind;
  optimiser->settings = *settings;
  *out = optimiser;
  return DNI_OK;
}

dni_status dni_optimiser_create_like(const dni_optimiser *other, dni_optimiser **out) {
  DNI_REQUIRE(other);
  DNI_REQUIRE(out);
  dni_optimiser *optimiser = NULL;
  DNI_TRY(dni__optimiser_create(other->context, other->kind, &other->settings, &optimiser));
  dni_status status =
      dni__schedule_copy(other->context->memory, &other->schedule, &optimiser->schedule);
  if (status != DNI_OK) {
    dni_optimiser_release(optimiser);
    return status;
  }
  *out = optimiser;
  return DNI_OK;
}

void dni_optimiser_retain(dni_optimiser *optimiser) {
  if (optimiser) dni__references_add(&optimiser->references);
}

/* Forget the parameters from index `first` (at most count) on. */
static void drop_moved(dni_optimiser *optimiser, size_t first) {
  for (size_t i = first; i < optimiser->count; i++) {
    dni__moved *moved = &optimiser->moved[i];
    for (size_t k = 0; k < optimiser->kind->moment_count; k++)
      dni__free(optimiser->context->memory, moved->moments[k]);
    dni_layer_release(moved->layer);
    dni_sg_release(moved->sg);
  }
  optimiser->count = first;
  optimiser->last_found = 0;
}

void dni_optimiser_release(dni_optimiser *optimiser) {
  if (!optimiser || !dni__references_drop(&optimiser->references)) return;
  dni_context *context = optimiser->context;
  drop_moved(optimiser, 0);
  dni__free(context->memory, optimiser->moved);
  dni__schedule_destroy(context->memory, &optimiser->schedule);
  dni__free(context->memory, optimiser);
  dni_context_release(context);
}

static dni_status make_room(dni_optimiser *optimiser) {
  if (optimiser->count < optimiser->capacity) return DNI_OK;
  dni__memory *memory = optimiser->context->memory;
  size_t capacity = optimiser->capacity ? 2 * optimiser->capacity : 4;
  dni__moved *moved = dni__allocate(memory, capacity, sizeof *moved);
  if (!moved) return DNI_ERROR_MEMORY;
  if (optimiser->count > 0) memcpy(moved, optimiser->moved, optimiser->count * sizeof *moved);
  dni__free(memory, optimiser->moved);
  optimiser->moved = moved;
  optimiser->capacity = capacity;
  return DNI_OK;
}

static dni_status allocate_moments(dni_optimiser *optimiser, dni__moved *moved) {
  size_t elements;
  if (!dni__multiply(moved->value.rows, moved->value.columns, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: moments do not fit");
  for (size_t k = 0; k < optimiser->kind->moment_count; k++) {
    moved->moments[k] =
        dni__allocate(optimiser->context->memory, elements, dni__dtype_size(moved->value.dtype));
    if (moved->moments[k]) continue;
    while (k-- > 0)
      dni__free(optimiser->context->memory, moved->moments[k]);
    return DNI_ERROR_MEMORY;
  }
  return DNI_OK;
}

static dni_status add_parameter(dni_optimiser *optimiser, const dni_matrix *value,
                                const dni_matrix *gradient, dni_layer *layer, dni_sg *sg) {
  dni_dtype dtype = optimiser->context->dtype;
  DNI_TRY(dni__matrix_check(value, dtype, value->columns, "value"));
  DNI_TRY(dni__matrix_check_rows(gradient, dtype, value->rows, value->columns, "gradient"));
  DNI_TRY(make_room(optimiser));
  dni__moved moved = {.value = *value, .gradient = *gradient, .layer = layer, .sg = sg};
  DNI_TRY(allocate_moments(optimiser, &moved));
  dni_layer_retain(layer);
  dni_sg_retain(sg);
  optimiser->moved[optimiser->count++] = moved;
  return DNI_OK;
}

dni_status dni_optimiser_add(dni_optimiser *optimiser, const dni_matrix *value,
                             const dni_matrix *gradient) {
  DNI_REQUIRE(optimiser);
  DNI_REQUIRE(value);
  return add_parameter(optimiser, value, gradient, NULL, NULL);
}

/* All trained parameters of a layer or of an estimator; the other is NULL. */
static dni_status add_all(dni_optimiser *optimiser, dni_layer *layer, dni_sg *sg) {
  size_t before = optimiser->count;
  size_t parameters = layer ? dni_layer_parameter_count(layer) : dni_sg_parameter_count(sg);
  for (size_t i = 0; i < parameters; i++) {
    dni_matrix value, gradient;
    dni_status status = layer ? dni_layer_parameter(layer, i, &value, &gradient)
                              : dni_sg_parameter(sg, i, &value, &gradient);
    if (status == DNI_OK && gradient.data)
      status = add_parameter(optimiser, &value, &gradient, layer, sg);
    if (status != DNI_OK) {
      drop_moved(optimiser, before);
      return dni__fail_prefix(status, "%s: ", optimiser->kind->name);
    }
  }
  return DNI_OK;
}

dni_status dni_optimiser_add_layer(dni_optimiser *optimiser, dni_layer *layer) {
  DNI_REQUIRE(optimiser);
  DNI_REQUIRE(layer);
  return add_all(optimiser, layer, NULL);
}

dni_status dni_optimiser_add_sg(dni_optimiser *optimiser, dni_sg *sg) {
  DNI_REQUIRE(optimiser);
  DNI_REQUIRE(sg);
  return add_all(optimiser, NULL, sg);
}

/* A parameter's elements as runs of contiguous ones: one in all, or one per row. */
typedef struct runs {
  size_t count, length;
} runs;

static runs runs_of(const dni__moved *moved) {
  size_t rows = moved->value.rows, columns = moved->value.columns;
  bool contiguous = moved->value.stride == columns && moved->gradient.stride == columns;
  return contiguous ? (runs){1, rows * columns} : (runs){rows, columns};
}

static double squared_norm(const dni_optimiser *optimiser) {
  double limit = optimiser->settings.clip_value > 0 ? optimiser->settings.clip_value : INFINITY;
  double total = 0;
  for (size_t i = 0; i < optimiser->count; i++) {
    const dni__moved *moved = &optimiser->moved[i];
    runs all = runs_of(moved);
    for (size_t r = 0; r < all.count; r++)
      total += optimiser->context->kernels->sum_squares(
          all.length, dni__matrix_row(&moved->gradient, r), limit);
  }
  return total;
}

/* What clipping by norm multiplies every gradient with. */
static dni_status clip_scale(const dni_optimiser *optimiser, double *scale) {
  *scale = 1;
  double most = optimiser->settings.clip_norm;
  if (most == 0) return DNI_OK;
  double norm = sqrt(squared_norm(optimiser));
  if (!isfinite(norm))
    return dni__fail(DNI_ERROR_NON_FINITE, "%s: the norm of the gradients is not finite",
                     optimiser->kind->name);
  if (norm > most) *scale = most / norm;
  return DNI_OK;
}

/* A run of contiguous elements being moved. */
typedef struct run_update {
  const dni_optimiser *optimiser;
  unsigned char *value, *moments[2];
  const unsigned char *gradient;
} run_update;

static void update_range(void *argument, size_t first, size_t end) {
  const run_update *run = argument;
  const dni__optimiser_kind *kind = run->optimiser->kind;
  size_t offset = first * dni__dtype_size(run->optimiser->context->dtype);
  void *moments[2] = {NULL, NULL};
  for (size_t k = 0; k < kind->moment_count; k++)
    moments[k] = run->moments[k] + offset;
  kind->update(run->optimiser, end - first, run->value + offset, run->gradient + offset, moments);
}

static void update_moved(const dni_optimiser *optimiser, const dni__moved *moved) {
  runs all = runs_of(moved);
  size_t bytes = all.length * dni__dtype_size(moved->value.dtype);
  for (size_t r = 0; r < all.count; r++) {
    run_update run = {.optimiser = optimiser,
                      .value = dni__matrix_row(&moved->value, r),
                      .gradient = dni__matrix_row(&moved->gradient, r)};
    for (size_t k = 0; k < optimiser->kind->moment_count; k++)
      run.moments[k] = (unsigned char *)moved->moments[k] + r * bytes;
    dni__share(optimiser->context->backend, all.length, all.length, update_range, &run);
  }
}

bool dni__optimiser_by_layer(const dni_optimiser *optimiser) {
  return optimiser->settings.clip_norm == 0;
}

dni_status dni__optimiser_begin(dni_optimiser *optimiser) {
  double scale;
  DNI_TRY(clip_scale(optimiser, &scale));
  optimiser->rate = dni_optimiser_rate(optimiser);
  optimiser->steps++;
  optimiser->kind->prepare(optimiser, scale);
  return DNI_OK;
}

static bool belongs(const dni_optimiser *optimiser, size_t index, const dni_layer *layer) {
  return index < optimiser->count && optimiser->moved[index].layer == layer;
}

/* The first parameter of a layer; `count` if it has none. The search goes out from the layer found
 * last in both directions, since its neighbours are asked for next. */
static size_t find_layer(const dni_optimiser *optimiser, const dni_layer *layer) {
  size_t from = optimiser->last_found;
  for (size_t away = 0; away < optimiser->count; away++) {
    if (belongs(optimiser, from + away, layer)) return from + away;
    size_t index = from - away;
    if (away > from || !belongs(optimiser, index, layer)) continue;
    while (index > 0 && belongs(optimiser, index - 1, layer))
      index--;
    return index;
  }
  return optimiser->count;
}

void dni__optimiser_move(dni_optimiser *optimiser, const dni_layer *layer) {
  if (!layer) return;
  size_t first = find_layer(optimiser, layer);
  if (first == optimiser->count) return;
  optimiser->last_found = first;
  for (size_t i = first; belongs(optimiser, i, layer); i++)
    update_moved(optimiser, &optimiser->moved[i]);
}

void dni__optimiser_move_all(dni_optimiser *optimiser) {
  for (size_t i = 0; i < optimiser->count; i++)
    update_moved(optimiser, &optimiser->moved[i]);
}

dni_status dni_optimiser_step(dni_optimiser *optimiser) {
  DNI_REQUIRE(optimiser);
  DNI_TRY(dni__optimiser_begin(optimiser));
  dni__optimiser_move_all(optimiser);
  return DNI_OK;
}

static dni_status replace_schedule(dni_optimiser *optimiser, dni_status status,
                                   dni__schedule *schedule) {
  if (status != DNI_OK) return status;
  dni__schedule_destroy(optimiser->context->memory, &optimiser->schedule);
  optimiser->schedule = *schedule;
  return DNI_OK;
}

dni_status dni_optimiser_set_schedule_step(dni_optimiser *optimiser, uint64_t steps,
                                           double factor) {
  DNI_REQUIRE(optimiser);
  dni__schedule schedule;
  return replace_schedule(optimiser, dni__schedule_step(steps, factor, &schedule), &schedule);
}

dni_status dni_optimiser_set_schedule_piecewise(dni_optimiser *optimiser,
                                                const uint64_t *boundaries, const double *factors,
                                                size_t count) {
  DNI_REQUIRE(optimiser);
  if (count > 0) {
    DNI_REQUIRE(boundaries);
    DNI_REQUIRE(factors);
  }
  dni__schedule schedule;
  dni_status status =
      dni__schedule_piecewise(optimiser->context->memory, boundaries, factors, count, &schedule);
  return replace_schedule(optimiser, status, &schedule);
}

static double *setting(dni__optimiser_settings *settings, dni_param parameter) {
  switch (parameter) {
  case DNI_PARAM_LEARNING_RATE:
    return &settings->learning_rate;
  case DNI_PARAM_MOMENTUM:
    return &settings->momentum;
  case DNI_PARAM_WEIGHT_DECAY:
    return &settings->weight_decay;
  case DNI_PARAM_BETA1:
    return &settings->beta1;
  case DNI_PARAM_BETA2:
    return &settings->beta2;
  case DNI_PARAM_EPSILON:
    return &settings->epsilon;
  case DNI_PARAM_CLIP_NORM:
    return &settings->clip_norm;
  case DNI_PARAM_CLIP_VALUE:
    return &settings->clip_value;
  default:
    return NULL;
  }
}

/* The setting, if this kind has it. */
static double *tunable(const dni__optimiser_kind *kind, dni__optimiser_settings *settings,
                       dni_param parameter) {
  for (const dni_param *has = kind->tunables; *has != 0; has++)
    if (*has == parameter) return setting(settings, parameter);
  return NULL;
}

dni_status dni_optimiser_set_f64(dni_optimiser *optimiser, dni_param parameter, double value) {
  DNI_REQUIRE(optimiser);
  return dni__tunable_set(tunable(optimiser->kind, &optimiser->settings, parameter),
                          optimiser->kind->name, parameter, value);
}

dni_status dni_optimiser_get_f64(const dni_optimiser *optimiser, dni_param parameter,
                                 double *value) {
  DNI_REQUIRE(optimiser);
  DNI_REQUIRE(value);
  dni__optimiser_settings settings = optimiser->settings;
  return dni__tunable_get(tunable(optimiser->kind, &settings, parameter), optimiser->kind->name,
                          parameter, value);
}

uint64_t dni_optimiser_step_count(const dni_optimiser *optimiser) {
  return optimiser ? optimiser->steps : 0;
}

double dni_optimiser_rate(const dni_optimiser *optimiser) {
  if (!optimiser) return 0;
  return optimiser->settings.learning_rate *
         dni__schedule_factor(&optimiser->schedule, optimiser->steps);
}

size_t dni_optimiser_bytes(const dni_optimiser *optimiser) {
  if (!optimiser) return 0;
  size_t bytes = 0;
  for (size_t i = 0; i < optimiser->count; i++)
    bytes += optimiser->kind->moment_count * optimiser->moved[i].value.rows *
             optimiser->moved[i].value.columns * dni__dtype_size(optimiser->context->dtype);
  return bytes;
}
