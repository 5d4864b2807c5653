/* Objects whose functions are the program's own, one of each table of callbacks. */
#define _GNU_SOURCE
#include "program.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_int alive;
static atomic_size_t bytes;

int not_destroyed(void) {
  return atomic_load(&alive);
}

size_t not_freed(void) {
  return atomic_load(&bytes);
}

static void DNI_CALL destroy(void *user) {
  atomic_fetch_sub(&alive, 1);
  free(user);
}

static void *make_user(size_t size) {
  atomic_fetch_add(&alive, 1);
  return calloc(1, size);
}

static float *row_of(const dni_matrix *view, size_t row) {
  return (float *)view->data + row * view->stride;
}

/* Context. ------------------------------------------------------------------------------------- */

static void *DNI_CALL allocate(void *user, size_t alignment, size_t size) {
  void *memory = NULL;
  (void)user;
  if (posix_memalign(&memory, alignment, size) != 0) return NULL;
  atomic_fetch_add(&bytes, size);
  return memory;
}

static void DNI_CALL give_back(void *user, void *memory, size_t size) {
  (void)user;
  atomic_fetch_sub(&bytes, size);
  free(memory);
}

static void DNI_CALL log_line(void *user, dni_log_level level, const char *message) {
  (void)user, (void)level;
  EXPECT(message != NULL);
}

static dni_status DNI_CALL product(void *user, const dni_product *call) {
  const float *a = call->a, *b = call->b;
  (void)user;
  EXPECT(call->dtype == DNI_F32);
  for (size_t i = 0; i < call->m; i++)
    for (size_t j = 0; j < call->n; j++) {
      float *c = (float *)call->c + i * call->ldc + j;
      double sum = 0;
      for (size_t k = 0; k < call->k; k++)
        sum += (double)a[call->transpose_a ? k * call->lda + i : i * call->lda + k] *
               (double)b[call->transpose_b ? j * call->ldb + k : k * call->ldb + j];
      *c = (float)(call->alpha * sum + (call->beta == 0 ? 0 : call->beta * (double)*c));
    }
  return DNI_OK;
}

dni_context *make_own_context(void) {
  dni_allocator *allocator = NEW(dni_allocator);
  dni_backend_options *memory = NEW(dni_backend_options);
  dni_backend_callbacks *callbacks = NEW(dni_backend_callbacks);
  dni_context_options *options = NEW(dni_context_options);
  dni_context *context;
  allocator->alloc = allocate;
  allocator->free = give_back;
  memory->allocator = allocator;
  callbacks->user = make_user(1);
  callbacks->product = product;
  callbacks->f32 = 1;
  callbacks->destroy = destroy;
  CHECK(dni_backend_create_callback(memory, callbacks, &options->backend));
  options->allocator = allocator;
  options->seed = 7;
  options->dtype = DNI_F32;
  options->log = log_line;
  options->log_user = make_user(1);
  options->log_destroy = destroy;
  CHECK(dni_context_create(options, &context));
  EXPECT(dni_backend_kind(dni_context_backend(context)) == DNI_BACKEND_CALLBACK);
  dni_backend_release(options->backend);
  drop(options), drop(callbacks), drop(memory), drop(allocator);
  return context;
}

/* Layer. --------------------------------------------------------------------------------------- */

typedef struct own_layer {
  float weight[UNITS], gradient[UNITS];
} own_layer;

static dni_status DNI_CALL forward(void *user, const dni_layer_call *call) {
  const own_layer *own = user;
  EXPECT(DNI_HAS(call, scale));
  for (size_t s = 0; s < call->x->rows; s++)
    for (size_t c = 0; c < UNITS; c++)
      row_of(call->y, s)[c] = own->weight[c] * row_of(call->x, s)[c];
  if (call->state) *(size_t *)call->state = call->x->rows;
  return DNI_OK;
}

static dni_status DNI_CALL backward(void *user, const dni_layer_call *call) {
  own_layer *own = user;
  EXPECT(*(const size_t *)call->state == call->x->rows);
  for (size_t c = 0; c < UNITS; c++) {
    double sum = 0;
    for (size_t s = 0; s < call->x->rows; s++) {
      sum += (double)(row_of(call->dy, s)[c] * row_of(call->x, s)[c]);
      if (call->dx) row_of(call->dx, s)[c] = row_of(call->dy, s)[c] * own->weight[c];
    }
    if (call->flags & DNI_GRADIENT_SKIP) continue;
    own->gradient[c] =
        (float)(call->scale * sum) + (call->flags & DNI_GRADIENT_ADD ? own->gradient[c] : 0);
  }
  return DNI_OK;
}

static dni_status DNI_CALL layer_parameter(void *user, size_t index, dni_matrix *value,
                                           dni_matrix *gradient) {
  own_layer *own = user;
  EXPECT(index == 0);
  dni_matrix_init_f32(value, own->weight, 1, UNITS);
  dni_matrix_init_f32(gradient, own->gradient, 1, UNITS);
  return DNI_OK;
}

static size_t DNI_CALL state_bytes(void *user, size_t rows) {
  (void)user, (void)rows;
  return sizeof(size_t);
}

static void DNI_CALL changed(void *user) {
  (void)user;
}

static dni_status DNI_CALL copy(void *user, void **made) {
  own_layer *own = make_user(sizeof *own);
  *own = *(const own_layer *)user;
  *made = own;
  return DNI_OK;
}

dni_layer *make_own_layer(dni_context *context) {
  dni_layer_callbacks *callbacks = NEW(dni_layer_callbacks);
  own_layer *own = make_user(sizeof *own);
  dni_layer *layer;
  for (size_t c = 0; c < UNITS; c++)
    own->weight[c] = 1;
  callbacks->user = own;
  callbacks->forward = forward;
  callbacks->backward = backward;
  callbacks->parameter_count = 1;
  callbacks->parameter = layer_parameter;
  callbacks->state_bytes = state_bytes;
  callbacks->changed = changed;
  callbacks->copy = copy;
  callbacks->destroy = destroy;
  CHECK(dni_layer_create_callback(context, UNITS, UNITS, callbacks, &layer));
  drop(callbacks);
  return layer;
}

/* Loss. ---------------------------------------------------------------------------------------- */

/* y is labels or one-hot rows. */
static float target(const dni_matrix *y, size_t s, size_t c) {
  if (y->dtype == DNI_I32) return ((const int32_t *)y->data)[s * y->stride] == (int32_t)c;
  return row_of(y, s)[c];
}

static dni_status DNI_CALL evaluate(void *user, const dni_loss_call *call) {
  (void)user;
  EXPECT(DNI_HAS(call, per_example));
  for (size_t s = 0; s < call->h->rows; s++) {
    double sum = 0;
    for (size_t c = 0; c < call->h->columns; c++) {
      float error = row_of(call->h, s)[c] - target(call->y, s, c);
      sum += 0.5 * (double)(error * error);
      if (call->delta) row_of(call->delta, s)[c] = error;
    }
    *row_of(call->per_example, s) = (float)sum;
  }
  return DNI_OK;
}

static dni_status DNI_CALL correct(void *user, const dni_loss_call *call) {
  (void)user;
  for (size_t s = 0; s < call->h->rows; s++) {
    size_t best = 0;
    for (size_t c = 1; c < call->h->columns; c++)
      if (row_of(call->h, s)[c] > row_of(call->h, s)[best]) best = c;
    *row_of(call->per_example, s) = target(call->y, s, best);
  }
  return DNI_OK;
}

dni_loss *make_own_loss(dni_context *context) {
  dni_loss_callbacks *callbacks = NEW(dni_loss_callbacks);
  dni_loss *loss;
  callbacks->user = make_user(1);
  callbacks->evaluate = evaluate;
  callbacks->correct = correct;
  callbacks->destroy = destroy;
  CHECK(dni_loss_create_callback(context, callbacks, &loss));
  drop(callbacks);
  return loss;
}

/* SG. ------------------------------------------------------------------------------------------ */

typedef struct own_sg {
  float bias[UNITS], gradient[UNITS];
} own_sg;

static dni_status DNI_CALL estimate(void *user, const dni_sg_call *call) {
  const own_sg *own = user;
  EXPECT(DNI_HAS(call, own_loss));
  for (size_t s = 0; s < call->delta->rows; s++)
    for (size_t c = 0; c < UNITS; c++)
      row_of(call->delta, s)[c] = own->bias[c];
  return DNI_OK;
}

/* d/db sum || b - target ||^2. */
static dni_status DNI_CALL learn(void *user, const dni_sg_call *call) {
  own_sg *own = user;
  for (size_t c = 0; c < UNITS; c++) {
    double sum = 0;
    for (size_t s = 0; s < call->target->rows; s++)
      sum += 2 * (double)(own->bias[c] - row_of(call->target, s)[c]);
    own->gradient[c] =
        (float)(call->scale * sum) + (call->flags & DNI_GRADIENT_ADD ? own->gradient[c] : 0);
  }
  return DNI_OK;
}

static dni_status DNI_CALL sg_parameter(void *user, size_t index, dni_matrix *value,
                                        dni_matrix *gradient) {
  own_sg *own = user;
  EXPECT(index == 0);
  dni_matrix_init_f32(value, own->bias, 1, UNITS);
  dni_matrix_init_f32(gradient, own->gradient, 1, UNITS);
  return DNI_OK;
}

dni_sg *make_own_sg(dni_context *context) {
  dni_sg_callbacks *callbacks = NEW(dni_sg_callbacks);
  dni_sg *sg;
  callbacks->user = make_user(sizeof(own_sg));
  callbacks->needs = DNI_SG_NEEDS_NOTHING;
  callbacks->learns = DNI_SG_LEARNS_TARGET;
  callbacks->estimate = estimate;
  callbacks->learn = learn;
  callbacks->parameter_count = 1;
  callbacks->parameter = sg_parameter;
  callbacks->changed = changed;
  callbacks->destroy = destroy;
  CHECK(dni_sg_create_callback(context, UNITS, 0, 0, callbacks, &sg));
  drop(callbacks);
  return sg;
}

/* Data set, metric, schedule. ------------------------------------------------------------------ */

static dni_status DNI_CALL fetch(void *user, const size_t *indices, size_t count, dni_matrix *x,
                                 dni_matrix *y) {
  (void)user;
  for (size_t s = 0; s < count; s++) {
    for (size_t c = 0; x && c < INPUTS; c++)
      row_of(x, s)[c] = example(indices[s], c);
    for (size_t c = 0; y && y->dtype == DNI_F32 && c < CLASSES; c++)
      row_of(y, s)[c] = label(indices[s]) == (int32_t)c;
    if (y && y->dtype == DNI_I32) ((int32_t *)y->data)[s * y->stride] = label(indices[s]);
  }
  return DNI_OK;
}

dni_dataset *make_own_dataset(dni_context *context) {
  dni_dataset_callbacks *callbacks = NEW(dni_dataset_callbacks);
  dni_dataset *dataset;
  callbacks->user = make_user(1);
  callbacks->examples = EXAMPLES;
  callbacks->features = INPUTS;
  callbacks->classes = CLASSES;
  callbacks->fetch = fetch;
  callbacks->destroy = destroy;
  CHECK(dni_dataset_create_callback(context, callbacks, &dataset));
  drop(callbacks);
  return dataset;
}

static dni_status DNI_CALL measure(void *user, const dni_batch *batch, double *value) {
  double sum = 0;
  (void)user;
  EXPECT(DNI_HAS(batch, weights));
  for (size_t s = 0; s < batch->x->rows; s++)
    for (size_t c = 0; c < batch->x->columns; c++)
      sum += fabs((double)row_of(batch->x, s)[c]);
  *value = sum / (double)batch->x->rows;
  return DNI_OK;
}

void own_metric(dni_metric *metric) {
  metric->user = make_user(1);
  metric->evaluate = measure;
  metric->destroy = destroy;
}

static double DNI_CALL factor(void *user, uint64_t step) {
  (void)user;
  return 1 / (1 + (double)step);
}

void own_schedule(dni_schedule *schedule) {
  schedule->kind = DNI_RATE_FUNCTION;
  schedule->function = factor;
  schedule->user = make_user(1);
  schedule->destroy = destroy;
}
