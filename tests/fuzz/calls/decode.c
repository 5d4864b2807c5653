/* Bytes as arguments: mostly such that calls succeed, so that there is something to go wrong. */
#include "calls.h"

#include <float.h>
#include <math.h>

bool chance(world *w, size_t percent) {
  return fuzz_byte(&w->input) * 100u < percent * 256u;
}

size_t size(world *w) {
  static const size_t odd[] = {0,         5,          8,        100,          4096,        1u << 20,
                               INT32_MAX, UINT32_MAX, SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 4};
  const uint8_t byte = fuzz_byte(&w->input);
  if (byte >= 236) return odd[byte % (sizeof odd / sizeof odd[0])];
  return byte % 8 < 5 ? 3 : 1 + byte % 4;
}

size_t rows(world *w) {
  const uint8_t byte = fuzz_byte(&w->input);
  return byte < 160 ? 4 : byte % (ROWS_MOST + 1);
}

double real(world *w) {
  static const double reals[] = {0.5,  0.1,     0.01,    0.001,   1,       0.25,     0.9,
                                 0,    -0.0,    -1,      2,       1e-8,    0.999999, 1e30,
                                 1e38, FLT_MAX, FLT_MIN, DBL_MAX, DBL_MIN, 1e-40,    5e-324,
                                 1e39, -1e300,  3,       7,       100};
  const uint8_t byte = fuzz_byte(&w->input);
  if (byte == 255) return NAN;
  if (byte == 254) return INFINITY;
  return byte < 128 ? reals[byte % 7] : reals[byte % (sizeof reals / sizeof reals[0])];
}

int32_t number(world *w, int32_t limit) {
  const uint8_t byte = fuzz_byte(&w->input);
  if (byte < 248) return byte % limit;
  return byte == 255 ? INT32_MIN : byte == 254 ? INT32_MAX - 1 : limit + 249 - byte;
}

size_t struct_size(world *w, size_t all) {
  const uint8_t byte = fuzz_byte(&w->input);
  return byte < 250 ? all : byte == 255 ? 0 : all - (size_t)(byte - 249) * 4;
}

/* Handles. ------------------------------------------------------------------------------------ */

void *pick(world *w, kind of) {
  const uint8_t byte = fuzz_byte(&w->input);
  if (byte >= 240) return NULL;
  for (size_t i = 0; i < SLOTS; i++) { /* the next that there is */
    void *handle = w->slots[of][(byte + i) % SLOTS];
    if (handle) return handle;
  }
  return NULL;
}

dni_context *context(world *w) {
  const uint8_t byte = fuzz_byte(&w->input);
  return byte == 255 ? NULL : w->slots[CONTEXT][byte >= 230];
}

#define REFERENCES(type)                                                                           \
  static void *retain_##type(void *handle) {                                                       \
    return dni_##type##_retain(handle);                                                            \
  }                                                                                                \
  static void release_##type(void *handle) {                                                       \
    dni_##type##_release(handle);                                                                  \
  }
REFERENCES(context)
REFERENCES(layer)
REFERENCES(state)
REFERENCES(loss)
REFERENCES(sg)
REFERENCES(optimiser)
REFERENCES(guard)
REFERENCES(network)
REFERENCES(predictor)
REFERENCES(dataset)
REFERENCES(order)
REFERENCES(trainer)
REFERENCES(checkpoint)

#define REFERENCE(type)                                                                            \
  { retain_##type, release_##type }
static const struct {
  void *(*retain)(void *);
  void (*release)(void *);
} references[KINDS] = {
    [CONTEXT] = REFERENCE(context),
    [LAYER] = REFERENCE(layer),
    [STATE] = REFERENCE(state),
    [LOSS] = REFERENCE(loss),
    [SG] = REFERENCE(sg),
    [OPTIMISER] = REFERENCE(optimiser),
    [GUARD] = REFERENCE(guard),
    [NETWORK] = REFERENCE(network),
    [PREDICTOR] = REFERENCE(predictor),
    [DATASET] = REFERENCE(dataset),
    [ORDER] = REFERENCE(order),
    [TRAINER] = REFERENCE(trainer),
    [CHECKPOINT] = REFERENCE(checkpoint),
};

void put_back(kind of, void *handle) {
  references[of].release(handle);
}

void *take(kind of, void *handle) {
  return references[of].retain(handle);
}

void place(world *w, kind of, dni_status status, void *made) {
  if (status != DNI_OK) return;
  void **slot = &w->slots[of][fuzz_below(&w->input, SLOTS)];
  put_back(of, *slot);
  *slot = made;
}

/* The pool. ----------------------------------------------------------------------------------- */

/* Regions, each large enough for any view. In the last two are labels. */
enum { REGIONS = 8, REGION = 1024, LABEL_REGION = 6 };

static _Alignas(64) unsigned char pool[REGIONS + 1][REGION];

int32_t *label_pool(void) {
  return (int32_t *)(void *)pool[LABEL_REGION];
}

void begin_pool(void) {
  memset(pool, 0, sizeof pool);
  for (size_t r = 0; r < LABEL_REGION; r++)
    for (size_t i = 0; i < REGION / sizeof(float); i++) /* doubles made of them are ordinary too */
      ((float *)(void *)pool[r])[i] = (float)((i * 7 + r * 3) % 11) / 8;
  for (size_t i = 0; i < 2 * REGION / sizeof(int32_t); i++)
    label_pool()[i] = (int32_t)(i % 3);
}

void fill_pool(world *w) {
  const size_t region = fuzz_below(&w->input, REGIONS);
  const double value = real(w);
  const size_t at = fuzz_below(&w->input, 64);
  if (region >= LABEL_REGION)
    label_pool()[at] = number(w, 3);
  else if (chance(w, 50))
    ((double *)(void *)pool[region])[at] = value;
  else
    ((float *)(void *)pool[region])[at] = (float)value;
}

static size_t element_size(dni_dtype dtype) {
  return dtype == DNI_F64 ? sizeof(double) : dtype == DNI_U8 ? 1 : sizeof(float);
}

/* Another shape, another type, or what no view may be. Those that are valid lie inside the pool. */
static void spoil(world *w, dni_matrix *m) {
  switch (fuzz_below(&w->input, 10)) {
  case 0:
    m->data = NULL;
    break;
  case 1:
    m->stride = m->columns - 1;
    break;
  case 2:
    m->rows = SIZE_MAX / 2;
    m->stride = SIZE_MAX / 4;
    break;
  case 3:
    m->rows = m->rows > 0 ? m->rows - 1 : 1;
    break;
  case 4:
    m->columns = m->columns > 0 ? m->columns - 1 : 1;
    break;
  case 5:
    m->reserved = 1;
    break;
  case 6:
    m->data = (char *)m->data + 1;
    break;
  case 7:
    m->dtype = m->dtype == DNI_F64 ? DNI_F32 : number(w, 8);
    if (m->dtype == DNI_F64) m->dtype = DNI_U8;
    break;
  case 8:
    m->stride = m->columns + 2;
    break;
  default:
    m->rows = m->columns = 0;
  }
}

dni_matrix *view(world *w, dni_matrix *m, dni_dtype dtype, size_t row_count, size_t columns) {
  const uint8_t byte = fuzz_byte(&w->input);
  const size_t region = dtype == DNI_I32 ? LABEL_REGION + (byte & 1) : byte % LABEL_REGION;
  if (row_count > ROWS_MOST) row_count = ROWS_MOST;
  if (columns > COLUMNS_MOST) columns = COLUMNS_MOST;
  *m = (dni_matrix){pool[region], row_count, columns, columns, dtype, 0};
  if (byte >= 224) m->data = pool[region] + 8 * element_size(dtype); /* overlaps others in part */
  if (byte >= 240) spoil(w, m);
  return byte == 255 ? NULL : m;
}

dni_matrix *targets(world *w, dni_matrix *m, dni_dtype dtype, size_t row_count, size_t columns) {
  if (chance(w, 60)) return view(w, m, DNI_I32, row_count, 1);
  return view(w, m, dtype, row_count, columns);
}

/* Structs. ------------------------------------------------------------------------------------ */

static double some_rate(void *user, uint64_t step) {
  (void)user;
  return step % 5 == 4 ? -1 : 1 / (1 + (double)step);
}

const dni_schedule *schedule(world *w, schedule_room *room) {
  dni_schedule *s = &room->schedule;
  if (chance(w, 10)) return NULL;
  for (size_t i = 0; i < 3; i++) {
    room->boundaries[i] = 4 * i + fuzz_below(&w->input, 5);
    room->values[i] = real(w);
  }
  *s = (dni_schedule){.struct_size = struct_size(w, sizeof *s),
                      .kind = number(w, 6),
                      .warm_up = chance(w, 80) ? 0 : size(w),
                      .steps = size(w),
                      .value = real(w),
                      .boundaries = chance(w, 95) ? room->boundaries : NULL,
                      .values = chance(w, 95) ? room->values : NULL,
                      .count = fuzz_below(&w->input, 4),
                      .function = chance(w, 95) ? some_rate : NULL};
  if (chance(w, 30)) s->destroy = own_destroy;
  return s;
}

const dni_random_options *random_options(world *w, dni_random_options *room) {
  if (chance(w, 60)) return NULL;
  *room = (dni_random_options){.struct_size = struct_size(w, sizeof *room),
                               .has_seed = number(w, 2),
                               .reserved = chance(w, 97) ? 0 : 1,
                               .seed = fuzz_byte(&w->input)};
  return room;
}
