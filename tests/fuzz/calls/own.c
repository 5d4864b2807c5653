/* The program's own layer, SG, loss, metric, data set and stream. They do little, and fail when they are
 * told to. */
#include "calls.h"

#include <stdatomic.h>

enum { OWN_UNITS = 8 };

static struct {
  atomic_int countdown, answer; /* calls that still succeed; negative: all */
  atomic_int alive;
  int batches; /* that a stream still has */
  float value[OWN_UNITS], gradient[OWN_UNITS];
  double doubles[OWN_UNITS], double_gradient[OWN_UNITS];
} own;

void own_begin(void) {
  memset(own.value, 0, sizeof own.value);
  memset(own.doubles, 0, sizeof own.doubles);
  atomic_store(&own.countdown, -1);
}

void own_fail(world *w) {
  static const int answers[] = {1000, DNI_ERROR_DATA, DNI_ERROR_CALLBACK, -3, INT32_MAX, 1};
  atomic_store(&own.answer, answers[fuzz_below(&w->input, sizeof answers / sizeof answers[0])]);
  atomic_store(&own.countdown, (int)fuzz_below(&w->input, 16));
}

int own_alive(void) {
  return atomic_load(&own.alive);
}

void own_given(dni_status status, bool has_destroy) {
  if (status == DNI_OK && has_destroy) atomic_fetch_add(&own.alive, 1);
}

void own_destroy(void *user) {
  (void)user;
  atomic_fetch_sub(&own.alive, 1);
}

static dni_status turn(void) {
  if (atomic_load(&own.countdown) < 0 || atomic_fetch_sub(&own.countdown, 1) != 0) return DNI_OK;
  const int answer = atomic_load(&own.answer);
  return answer == 1000 ? dni_fail(answer, "as it was told") : answer;
}

/* Elements. ----------------------------------------------------------------------------------- */

static void set(const dni_matrix *m, size_t row, size_t column, double value) {
  const size_t at = row * m->stride + column;
  if (m->dtype == DNI_F64)
    ((double *)m->data)[at] = value;
  else if (m->dtype == DNI_F32)
    ((float *)m->data)[at] = (float)value;
  else
    ((int32_t *)m->data)[at] = (int32_t)value;
}

static void fill(const dni_matrix *m, double value) {
  for (size_t r = 0; m && r < m->rows; r++)
    for (size_t c = 0; c < m->columns; c++)
      set(m, r, c, value);
}

/* y = x; both may be one. */
static void copy(const dni_matrix *x, const dni_matrix *y) {
  const size_t element = x->dtype == DNI_F64 ? sizeof(double) : sizeof(float);
  for (size_t r = 0; r < x->rows; r++)
    memmove((char *)y->data + r * y->stride * element,
            (const char *)x->data + r * x->stride * element, x->columns * element);
}

/* A layer. ------------------------------------------------------------------------------------ */

static dni_status layer_forward(void *user, const dni_layer_call *call) {
  (void)user;
  if (call->state) memset(call->state, 7, call->x->rows);
  copy(call->x, call->y);
  return turn();
}

static dni_status layer_backward(void *user, const dni_layer_call *call) {
  (void)user;
  if (call->state && call->x->rows > 0)
    EXPECT(*(const char *)call->state == 7, "another state than forward's");
  if (call->dx) copy(call->dy, call->dx);
  return turn();
}

static size_t state_bytes(void *user, size_t row_count) {
  (void)user;
  return row_count;
}

/* `user` is own.value or own.doubles, which says the element type. */
static dni_status parameter(void *user, size_t index, dni_matrix *value, dni_matrix *gradient) {
  (void)index;
  if (user == own.value) {
    dni_matrix_init_f32(value, own.value, 1, OWN_UNITS);
    dni_matrix_init_f32(gradient, own.gradient, 1, OWN_UNITS);
  } else {
    dni_matrix_init_f64(value, own.doubles, 1, OWN_UNITS);
    dni_matrix_init_f64(gradient, own.double_gradient, 1, OWN_UNITS);
  }
  return turn();
}

static dni_status copy_layer(void *user, void **made) {
  *made = user;
  const dni_status status = turn();
  own_given(status, true);
  return status;
}

dni_layer_callbacks own_layer(world *w) {
  const bool has = chance(w, 30);
  return (dni_layer_callbacks){.struct_size = struct_size(w, sizeof(dni_layer_callbacks)),
                               .user = chance(w, 90) == (w->dtype == DNI_F32) ? (void *)own.value
                                                                              : (void *)own.doubles,
                               .forward = chance(w, 97) ? layer_forward : NULL,
                               .backward = layer_backward,
                               .parameter_count = has ? 1 : 0,
                               .parameter = has ? parameter : NULL,
                               .state_bytes = chance(w, 50) ? state_bytes : NULL,
                               .copy = chance(w, 50) ? copy_layer : NULL,
                               .destroy = own_destroy};
}

/* An SG. -------------------------------------------------------------------------------------- */

static dni_status sg_estimate(void *user, const dni_sg_call *call) {
  (void)user;
  fill(call->delta, 0.125);
  return turn();
}

static dni_status sg_learn(void *user, const dni_sg_call *call) {
  (void)user;
  if (call->own_loss) *call->own_loss = 1;
  return turn();
}

dni_sg_callbacks own_sg(world *w) {
  const dni_learns learns = number(w, 4);
  return (dni_sg_callbacks){.struct_size = struct_size(w, sizeof(dni_sg_callbacks)),
                            .user = own.value,
                            .needs = chance(w, 60) ? DNI_SG_NEEDS_NOTHING : number(w, 5),
                            .learns = learns,
                            .estimate = chance(w, 97) ? sg_estimate : NULL,
                            .learn = learns == 0 && chance(w, 90) ? NULL : sg_learn,
                            .destroy = own_destroy};
}

/* A loss and a metric. ------------------------------------------------------------------------ */

static dni_status loss_evaluate(void *user, const dni_loss_call *call) {
  (void)user;
  fill(call->delta, 0.25);
  fill(call->per_example, 0.5);
  return turn();
}

static dni_status loss_correct(void *user, const dni_loss_call *call) {
  (void)user;
  fill(call->per_example, 1);
  return turn();
}

dni_loss_callbacks own_loss(world *w) {
  return (dni_loss_callbacks){.struct_size = struct_size(w, sizeof(dni_loss_callbacks)),
                              .evaluate = chance(w, 97) ? loss_evaluate : NULL,
                              .correct = chance(w, 50) ? loss_correct : NULL,
                              .destroy = own_destroy};
}

static dni_status metric_evaluate(void *user, const dni_batch *batch, double *value) {
  (void)user;
  *value = (double)batch->x->rows;
  return turn();
}

dni_metric own_metric(void) {
  return (dni_metric){
      .struct_size = sizeof(dni_metric), .evaluate = metric_evaluate, .destroy = own_destroy};
}

/* Data and files. ----------------------------------------------------------------------------- */

static dni_status fetch(void *user, const size_t *indices, size_t count, dni_matrix *x,
                        dni_matrix *y) {
  (void)user;
  fill(x, count > 0 ? (double)(indices[0] % 5) : 0);
  fill(y, 1);
  return turn();
}

dni_dataset_callbacks own_dataset(world *w) {
  return (dni_dataset_callbacks){.struct_size = struct_size(w, sizeof(dni_dataset_callbacks)),
                                 .examples =
                                     chance(w, 90) ? 1 + fuzz_below(&w->input, 12) : size(w),
                                 .features = size(w),
                                 .targets = size(w),
                                 .classes = chance(w, 50) ? 0 : size(w),
                                 .fetch = chance(w, 97) ? fetch : NULL,
                                 .destroy = own_destroy};
}

/* A few batches, the world's views. */
static dni_matrix stream_x, stream_y;

static dni_status next(void *user, dni_batch *batch) {
  (void)user;
  if (own.batches-- > 0) {
    batch->x = &stream_x;
    batch->y = &stream_y;
  }
  return turn();
}

static dni_status position(void *user, uint64_t *at) {
  (void)user;
  *at = (uint64_t)own.batches;
  return turn();
}

static dni_status seek(void *user, uint64_t at) {
  (void)user, (void)at;
  return turn();
}

dni_stream own_stream(world *w, size_t columns) {
  own.batches = (int)fuzz_below(&w->input, 5);
  (void)view(w, &stream_x, w->dtype, rows(w), columns);
  (void)targets(w, &stream_y, w->dtype, stream_x.rows, 3);
  return (dni_stream){.struct_size = struct_size(w, sizeof(dni_stream)),
                      .next = chance(w, 97) ? next : NULL,
                      .position = chance(w, 50) ? position : NULL,
                      .seek = chance(w, 50) ? seek : NULL};
}

static dni_status failing_write(void *user, const void *bytes, size_t count) {
  (void)user, (void)bytes, (void)count;
  return turn();
}

dni_writer own_writer(world *w, fuzz_bytes *to) {
  dni_writer writer = fuzz_writer(to);
  if (chance(w, 10)) writer.write = failing_write;
  if (chance(w, 3)) writer.write = NULL;
  return writer;
}
