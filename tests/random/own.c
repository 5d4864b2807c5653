/* The program's own layer, SG, loss, metric and data set, which misbehave when they are told to, and
 * check what the headers promise them: never two at once in training, and in backward the batch and
 * the state of the forward. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "random.h"

/* Conduct. ------------------------------------------------------------------------------------ */

static struct {
  atomic_long countdown; /* calls that still behave; negative: all of them */
  atomic_int how, answer, naps;
  atomic_bool speaks; /* with a message */
  _Atomic(dni_trainer *) trainer;
  pthread_t main_thread;
  atomic_uint_fast64_t calls;
  atomic_int alive;
} own = {.countdown = -1};

jmp_buf own_exit;

void own_misbehave(size_t calls, conduct how, dni_trainer *trainer) {
  static const int answers[] = {1000, 1234, DNI_ERROR_DATA, DNI_ERROR_CALLBACK, -3, 999, INT32_MAX};
  own.main_thread = pthread_self();
  atomic_store(&own.how, (int)how);
  atomic_store(&own.answer, answers[below(sizeof answers / sizeof *answers)]);
  atomic_store(&own.speaks, chance(50));
  atomic_store(&own.trainer, trainer);
  atomic_store(&own.countdown, (long)calls);
}

void own_behave(void) {
  atomic_store(&own.countdown, -1);
}

void own_sleep(int percent) {
  atomic_store(&own.naps, percent);
}

int own_alive(void) {
  return atomic_load(&own.alive);
}

static void nap(void) {
  uint64_t mixed = (atomic_fetch_add(&own.calls, 1) + present_seed) * 0x9e3779b97f4a7c15u;
  if ((int)((mixed >> 40) % 100) < atomic_load(&own.naps))
    (void)usleep((useconds_t)((mixed >> 32) % 150));
}

/* The layer whose function runs on this thread. */
static _Thread_local atomic_bool *busy_here;

/* Calls that a trainer refuses from inside, whichever thread they come from. */
static void call_trainer(dni_trainer *trainer) {
  EXPECT_IN(WRONG_STATE, dni_trainer_flush(trainer));
  EXPECT_IN(WRONG_STATE, dni_trainer_record(trainer, NULL, 0, 0));
  (void)dni_trainer_step_count(trainer);
}

static dni_status answer(void) {
  int status = atomic_load(&own.answer);
  if (!atomic_load(&own.speaks)) return status;
  return dni_fail(status, "this is broken");
}

dni_status own_turn(void) {
  dni_trainer *trainer = atomic_load(&own.trainer);
  nap();
  if (atomic_load(&own.countdown) < 0 || atomic_fetch_sub(&own.countdown, 1) != 0) return DNI_OK;
  switch ((conduct)atomic_load(&own.how)) {
  case ANSWER:
    return answer();
  case JUMP:
    if (!pthread_equal(pthread_self(), own.main_thread)) return DNI_OK;
    if (busy_here) atomic_store(busy_here, false);
    busy_here = NULL;
    longjmp(own_exit, 1);
  case CALL_TRAINER:
    call_trainer(trainer);
    return DNI_OK;
  case CANCEL:
    dni_trainer_cancel(trainer);
    return DNI_OK;
  default:
    return dni_trainer_set_rate_factor(trainer, DNI_ALL, 0.5);
  }
}

/* A layer. ------------------------------------------------------------------------------------ */

/* y = x times the parameter of its column, or y = x. */
typedef struct scaler {
  dni_dtype dtype;
  size_t units;
  bool has_parameter, has_state;
  atomic_bool busy;
  double value[WIDEST], gradient[WIDEST];
} scaler;

static scaler *scaler_make(const scaler *like) {
  scaler *made = malloc(sizeof *made);
  EXPECT(made, "out of memory");
  memcpy(made, like, sizeof *made);
  atomic_init(&made->busy, false);
  atomic_fetch_add(&own.alive, 1);
  return made;
}

static void scaler_destroy(void *user) {
  free(user);
  atomic_fetch_sub(&own.alive, 1);
}

static void other_destroy(void *user) {
  (void)user;
  atomic_fetch_sub(&own.alive, 1);
}

static dni_matrix row_of(scaler *layer, double *data) {
  return view(layer->dtype, data, 1, layer->units, layer->units);
}

static double factor_of(scaler *layer, size_t column) {
  dni_matrix value = row_of(layer, layer->value);
  return layer->has_parameter ? get(&value, 0, column) : 1;
}

static void multiply(scaler *layer, const dni_matrix *from, const dni_matrix *to) {
  for (size_t r = 0; r < from->rows; r++)
    for (size_t c = 0; c < from->columns; c++)
      set(to, r, c, get(from, r, c) * factor_of(layer, c));
}

static void enter(scaler *layer) {
  EXPECT(!atomic_exchange(&layer->busy, true), "a layer is run twice at once in training");
  busy_here = &layer->busy;
}

static void leave(scaler *layer) {
  busy_here = NULL;
  atomic_store(&layer->busy, false);
}

static uint64_t hash_of_call(const dni_layer_call *call) {
  return hash_matrix(hash_matrix(call->x->rows, call->x), call->y);
}

static dni_status scaler_forward(void *user, const dni_layer_call *call) {
  scaler *layer = user;
  bool training = call->mode == DNI_MODE_TRAINING;
  if (training) enter(layer);
  dni_status status = training ? own_turn() : DNI_OK;
  multiply(layer, call->x, call->y);
  if (training && layer->has_state) {
    uint64_t hash = hash_of_call(call);
    memcpy(call->state, &hash, sizeof hash);
  }
  if (training) leave(layer);
  return status;
}

static void add_gradient(scaler *layer, const dni_layer_call *call) {
  dni_matrix gradient = row_of(layer, layer->gradient);
  for (size_t c = 0; c < layer->units; c++) {
    double sum = 0, before = call->flags & DNI_GRADIENT_ADD ? get(&gradient, 0, c) : 0;
    for (size_t r = 0; r < call->x->rows; r++)
      sum += get(call->dy, r, c) * get(call->x, r, c);
    set(&gradient, 0, c, before + call->scale * sum);
  }
}

static dni_status scaler_backward(void *user, const dni_layer_call *call) {
  scaler *layer = user;
  uint64_t hash = hash_of_call(call);
  enter(layer);
  EXPECT(!layer->has_state || memcmp(call->state, &hash, sizeof hash) == 0,
         "backward has another batch than the forward of its state");
  dni_status status = own_turn();
  if (layer->has_parameter && !(call->flags & DNI_GRADIENT_SKIP)) add_gradient(layer, call);
  if (call->dx) multiply(layer, call->dy, call->dx);
  leave(layer);
  return status;
}

static dni_status scaler_parameter(void *user, size_t index, dni_matrix *value,
                                   dni_matrix *gradient) {
  scaler *layer = user;
  (void)index;
  *value = row_of(layer, layer->value);
  *gradient = row_of(layer, layer->gradient);
  return DNI_OK;
}

static size_t scaler_bytes(void *user, size_t rows) {
  (void)user;
  return sizeof(uint64_t) + rows;
}

static dni_status scaler_copy(void *user, void **copy) {
  *copy = scaler_make(user);
  return DNI_OK;
}

dni_status own_layer(world *w, size_t units, dni_layer **out) {
  scaler like = {.dtype = w->dtype, .units = units, .has_parameter = chance(50)};
  like.has_state = chance(50);
  dni_matrix value = row_of(&like, like.value);
  for (size_t c = 0; c < units; c++)
    set(&value, 0, c, 0.9);
  scaler *user = scaler_make(&like);
  dni_layer_callbacks callbacks = {.struct_size = sizeof callbacks,
                                   .user = user,
                                   .forward = scaler_forward,
                                   .backward = scaler_backward,
                                   .parameter_count = like.has_parameter,
                                   .parameter = scaler_parameter,
                                   .state_bytes = like.has_state ? scaler_bytes : NULL,
                                   .copy = scaler_copy,
                                   .destroy = scaler_destroy};
  dni_status status = dni_layer_create_callback(w->context, units, units, &callbacks, out);
  if (status != DNI_OK) scaler_destroy(user);
  w->has_own = true;
  return status;
}

/* An SG, a loss, a metric. -------------------------------------------------------------------- */

static dni_status estimate(void *user, const dni_sg_call *call) {
  (void)user;
  for (size_t r = 0; r < call->delta->rows; r++)
    for (size_t c = 0; c < call->delta->columns; c++)
      set(call->delta, r, c,
          call->signal ? get(call->signal, r, c % call->signal->columns)
                       : 0.05 * get(call->h, r, c));
  return own_turn();
}

static dni_status learn(void *user, const dni_sg_call *call) {
  (void)user;
  if (call->own_loss) *call->own_loss = 1;
  return own_turn();
}

dni_status own_sg(world *w, size_t units, dni_needs needs, dni_learns learns, dni_sg **out) {
  dni_sg_callbacks callbacks = {.struct_size = sizeof callbacks,
                                .needs = needs,
                                .learns = learns,
                                .estimate = estimate,
                                .learn = learns == DNI_SG_LEARNS_NOTHING ? NULL : learn,
                                .destroy = other_destroy};
  atomic_fetch_add(&own.alive, 1);
  dni_status status = dni_sg_create_callback(w->context, units, chance(50) ? world_outputs(w) : 0,
                                             world_outputs(w), &callbacks, out);
  if (status != DNI_OK) other_destroy(NULL);
  w->has_own = true;
  return status;
}

static double target(const dni_matrix *y, size_t row, size_t column) {
  return y->dtype == DNI_I32 ? get(y, row, 0) == (double)column : get(y, row, column);
}

static dni_status evaluate(void *user, const dni_loss_call *call) {
  (void)user;
  for (size_t r = 0; r < call->h->rows; r++) {
    double sum = 0;
    for (size_t c = 0; c < call->h->columns; c++) {
      double d = get(call->h, r, c) - target(call->y, r, c);
      if (call->delta) set(call->delta, r, c, d);
      sum += d * d / 2;
    }
    set(call->per_example, r, 0, sum);
  }
  return own_turn();
}

static dni_status correct(void *user, const dni_loss_call *call) {
  (void)user;
  for (size_t r = 0; r < call->h->rows; r++)
    set(call->per_example, r, 0, (double)(r & 1));
  return own_turn();
}

dni_status own_loss(world *w, dni_loss **out) {
  dni_loss_callbacks callbacks = {.struct_size = sizeof callbacks,
                                  .evaluate = evaluate,
                                  .correct = chance(50) ? correct : NULL,
                                  .destroy = other_destroy};
  atomic_fetch_add(&own.alive, 1);
  dni_status status = dni_loss_create_callback(w->context, &callbacks, out);
  if (status != DNI_OK) other_destroy(NULL);
  w->has_own = true;
  return status;
}

static dni_status measure(void *user, const dni_batch *batch, double *value) {
  (void)user;
  *value = get(batch->x, 0, 0);
  return own_turn();
}

dni_metric own_metric(void) {
  atomic_fetch_add(&own.alive, 1);
  return (dni_metric){
      .struct_size = sizeof(dni_metric), .evaluate = measure, .destroy = other_destroy};
}

void own_metric_refused(void) {
  other_destroy(NULL);
}

/* A data set. --------------------------------------------------------------------------------- */

static dni_status fetch(void *user, const size_t *indices, size_t count, dni_matrix *x,
                        dni_matrix *y) {
  const world *w = user;
  for (size_t r = 0; r < count; r++) {
    bool odd = w->odd && indices[r] % 17 == 3;
    for (size_t c = 0; x && c < x->columns; c++)
      set(x, r, c, odd ? (double)NAN : sin((double)(7 * indices[r] + c)));
    for (size_t c = 0; y && c < y->columns; c++)
      set(y, r, c, y->dtype == DNI_I32 ? 0 : (double)(indices[r] % y->columns == c));
  }
  return own_turn();
}

dni_status own_dataset(world *w, size_t examples, size_t classes, dni_dataset **out) {
  dni_dataset_callbacks callbacks = {.struct_size = sizeof callbacks,
                                     .user = w,
                                     .examples = examples,
                                     .features = world_inputs(w),
                                     .targets = world_outputs(w),
                                     .classes = classes,
                                     .fetch = fetch,
                                     .destroy = other_destroy};
  atomic_fetch_add(&own.alive, 1);
  dni_status status = dni_dataset_create_callback(w->context, &callbacks, out);
  if (status != DNI_OK) other_destroy(NULL);
  return status;
}
