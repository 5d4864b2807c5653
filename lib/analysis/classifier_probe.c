/* Linear classifier probe (Figure 8, left), made of the library's own parts: an affine map that
 * starts at zero, softmax cross-entropy, Adam with two drops of its rate. The problem is convex, so
 * where it starts matters only to how long it takes. (A dense layer would do, but it draws its
 * first weights from the context.)
 *
 * h may be large and is somebody else's: rows are standardised as they are gathered into a batch,
 * never all of them. */
#include <math.h>

#include "analysis/columns.h"
#include "analysis/numbers.h"
#include "dni/research.h"
#include "layer/affine.h"

#define BATCH_AT_MOST 256
#define PASSES        20
#define STEPS_LEAST   1000

typedef struct probe {
  dni_context *context;
  const dni_matrix *h, *y;
  size_t batch;
  dni__columns columns;    /* of h */
  size_t *order;           /* [rows], of the pass */
  size_t next;             /* place in the order of the next batch */
  double *row;             /* [units], to work in */
  void *batch_h, *batch_y; /* [batch][units], [batch][classes] */
  void *logits;            /* [batch][classes] */
  dni__affine map;
  dni_loss *loss;
  dni_optimiser *optimiser;
  dni__random random; /* of the order */
} probe;

static dni_matrix view(const probe *p, void *data, size_t rows, size_t columns) {
  return dni__matrix_make(data, rows, columns, p->context->dtype);
}

static dni_status forward(const probe *p, const dni_matrix *h, const dni_matrix *logits) {
  return dni__affine_forward(p->context, p->context->backend, &p->map, h, NULL,
                             DNI_ACTIVATION_IDENTITY, logits);
}

/* Making and freeing. ------------------------------------------------------------------------ */

static dni_status allocate(dni__memory *memory, size_t rows, size_t columns, size_t size,
                           void **out) {
  size_t elements;
  if (!dni__multiply(rows, columns, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu rows of %zu do not fit", rows, columns);
  *out = dni__allocate(memory, elements, size);
  return *out ? DNI_OK : DNI_ERROR_MEMORY;
}

static dni_status allocate_buffers(probe *p) {
  dni__memory *memory = p->context->memory;
  size_t size = dni__dtype_size(p->context->dtype), classes = p->y->columns;
  p->order = dni__allocate(memory, p->h->rows, sizeof *p->order);
  p->row = dni__allocate(memory, p->h->columns, sizeof *p->row);
  if (!p->order || !p->row) return DNI_ERROR_MEMORY;
  DNI_TRY(allocate(memory, p->batch, p->h->columns, size, &p->batch_h));
  DNI_TRY(allocate(memory, p->batch, classes, size, &p->batch_y));
  return allocate(memory, p->batch, classes, size, &p->logits);
}

static dni_status move(dni_optimiser *optimiser, const dni__parameter *parameter) {
  return dni_optimiser_add(optimiser, &parameter->value, &parameter->gradient, NULL, NULL);
}

/* The rate drops to 0.1 of it after 60 % of the steps, to 0.01 after 85 %. */
static dni_status make_optimiser(probe *p, double rate, uint64_t steps) {
  uint64_t first = steps - steps / 5 * 2, second = steps - steps / 20 * 3;
  uint64_t boundaries[] = {first, second > first ? second : first + 1};
  static const double factors[] = {0.1, 0.01};
  dni_schedule schedule = {.struct_size = sizeof schedule, .kind = DNI_RATE_PIECEWISE};
  schedule.boundaries = boundaries;
  schedule.values = factors;
  schedule.count = 2;
  DNI_TRY(dni_optimiser_create_adam(p->context, rate, &p->optimiser));
  DNI_TRY(dni_optimiser_set_schedule(p->optimiser, &schedule));
  DNI_TRY(move(p->optimiser, &p->map.weight));
  return move(p->optimiser, &p->map.bias);
}

static dni_status make_parts(probe *p, const dni_probe_options *options) {
  DNI_TRY(allocate_buffers(p));
  DNI_TRY(dni__columns_create(p->context->memory, p->h, &p->columns));
  DNI_TRY(dni__affine_create(p->context, p->h->columns, p->h->columns, p->y->columns, 0, &p->map));
  DNI_TRY(dni_loss_create_softmax_cross_entropy(p->context, NULL, &p->loss));
  DNI_TRY(make_optimiser(p, options->learning_rate, options->steps));
  dni__random_init(&p->random, options->seed, 0);
  for (size_t i = 0; i < p->h->rows; i++)
    p->order[i] = i;
  p->next = p->h->rows;
  return DNI_OK;
}

static void free_parts(probe *p) {
  dni__memory *memory = p->context->memory;
  dni_optimiser_release(p->optimiser);
  dni_loss_release(p->loss);
  dni__affine_destroy(p->context, &p->map);
  dni__columns_destroy(memory, &p->columns);
  dni__free(memory, p->logits);
  dni__free(memory, p->batch_y);
  dni__free(memory, p->batch_h);
  dni__free(memory, p->row);
  dni__free(memory, p->order);
}

/* Training. ---------------------------------------------------------------------------------- */

static void shuffle(probe *p) {
  for (size_t i = p->h->rows; i > 1; i--) {
    size_t j = dni__random_below(&p->random, i), moved = p->order[i - 1];
    p->order[i - 1] = p->order[j];
    p->order[j] = moved;
  }
  p->next = 0;
}

/* Rows order[0 .. rows-1], or from `first` on if order is NULL, into the batch. */
static void gather(const probe *p, const size_t *order, size_t first, size_t rows,
                   const dni_matrix *h, const dni_matrix *y) {
  for (size_t r = 0; r < rows; r++) {
    size_t from = order ? order[r] : first + r;
    dni_matrix one = dni__matrix_rows(p->y, from, 1), to = dni__matrix_rows(y, r, 1);
    dni__matrix_copy(&one, &to);
    dni__numbers_row(p->h, from, p->row);
    dni__columns_standardise(&p->columns, p->row);
    dni__numbers_store(p->row, h, r);
  }
}

static dni_status check_loss(double loss) {
  if (isfinite(loss)) return DNI_OK;
  return dni__fail(DNI_ERROR_NON_FINITE, "the training diverged: its loss is %g", loss);
}

/* What is left of a pass when less than a batch is left out; the next order has it elsewhere. */
static dni_status step(probe *p) {
  if (p->h->rows - p->next < p->batch) shuffle(p);
  dni_matrix h = view(p, p->batch_h, p->batch, p->h->columns);
  dni_matrix y = view(p, p->batch_y, p->batch, p->y->columns);
  dni_matrix logits = view(p, p->logits, p->batch, p->y->columns);
  double mean;
  gather(p, p->order + p->next, 0, p->batch, &h, &y);
  p->next += p->batch;
  DNI_TRY(forward(p, &h, &logits));
  dni_batch batch = {.struct_size = sizeof batch, .x = &logits, .y = &y};
  DNI_TRY(dni_loss_evaluate(p->loss, &batch, &logits, NULL, &mean));
  DNI_TRY(check_loss(mean));
  DNI_TRY(dni__affine_backward(p->context, p->context->backend, &p->map, DNI_GRADIENT_REPLACE,
                               1 / (double)p->batch, &h, NULL, &logits, DNI_ACTIVATION_IDENTITY,
                               &logits));
  return dni_optimiser_step(p->optimiser);
}

/* Of all rows. */
static dni_status evaluate(probe *p, dni_probe_report *report) {
  double sum = 0, right = 0;
  for (size_t first = 0; first < p->h->rows; first += p->batch) {
    size_t left = p->h->rows - first, rows = left < p->batch ? left : p->batch;
    dni_matrix h = view(p, p->batch_h, rows, p->h->columns);
    dni_matrix y = view(p, p->batch_y, rows, p->y->columns);
    dni_matrix logits = view(p, p->logits, rows, p->y->columns);
    dni_batch batch = {.struct_size = sizeof batch, .x = &logits, .y = &y};
    double mean, correct;
    gather(p, NULL, first, rows, &h, &y);
    DNI_TRY(forward(p, &h, &logits));
    DNI_TRY(dni_loss_evaluate(p->loss, &batch, NULL, NULL, &mean));
    DNI_TRY(dni_loss_count_correct(p->loss, &batch, &correct));
    DNI_TRY(check_loss(mean));
    sum += mean * (double)rows;
    right += correct;
  }
  report->loss = sum / (double)p->h->rows;
  report->accuracy = right / (double)p->h->rows;
  return DNI_OK;
}

static dni_status train(probe *p, uint64_t steps, dni_probe_report *report) {
  for (uint64_t i = 0; i < steps; i++)
    DNI_TRY(step(p));
  report->steps = steps;
  return evaluate(p, report);
}

/* The call. ---------------------------------------------------------------------------------- */

static dni_status check_inputs(const dni_context *context, const dni_matrix *h,
                               const dni_matrix *y) {
  DNI_TRY(dni__numbers_check(h, context->dtype, "h"));
  DNI_TRY(dni__numbers_check(y, context->dtype, "y"));
  DNI_TRY(dni__matrix_check_rows(y, context->dtype, h->rows, y->columns, "y"));
  if (y->columns == 1)
    return dni__fail(DNI_ERROR_ARGUMENT, "y has 1 class, between which nothing can be told apart");
  return dni__numbers_finite(h, "h");
}

/* Zeros become what they stand for. */
static dni_status fill_options(const dni_probe_options *given, size_t rows,
                               dni_probe_options *known) {
  if (given)
    DNI_TRY(dni__options_copy(known, sizeof *known, sizeof *known, given, "dni_probe_options"));
  if (!isfinite(known->learning_rate) || known->learning_rate < 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "learning rate %g is negative or not finite",
                     known->learning_rate);
  if (known->learning_rate == 0) known->learning_rate = 0.005;
  if (known->batch == 0) known->batch = BATCH_AT_MOST;
  if (known->batch > rows) known->batch = rows;
  size_t steps;
  if (known->steps > 0) return DNI_OK;
  if (!dni__multiply(rows / known->batch, PASSES, &steps))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu rows", rows);
  known->steps = steps > STEPS_LEAST ? steps : STEPS_LEAST;
  return DNI_OK;
}

static dni_status run(dni_context *context, const dni_matrix *h, const dni_matrix *y,
                      const dni_probe_options *options, dni_probe_report *report) {
  dni_probe_options known = {.struct_size = sizeof known};
  DNI_TRY(check_inputs(context, h, y));
  DNI_TRY(fill_options(options, h->rows, &known));
  probe p = {.context = context, .h = h, .y = y, .batch = known.batch};
  dni_status status = make_parts(&p, &known);
  if (status == DNI_OK) status = train(&p, known.steps, report);
  free_parts(&p);
  return status;
}

dni_status dni_analysis_classifier_probe(dni_context *context, const dni_matrix *h,
                                         const dni_matrix *y, const dni_probe_options *options,
                                         dni_probe_report *out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  DNI_TRY(dni__report_check(out, sizeof *out, "dni_probe_report"));
  dni_probe_report report = {.struct_size = sizeof report};
  dni_status status = run(context, h, y, options, &report);
  if (status != DNI_OK) return dni__fail_prefix(status, "classifier probe: ");
  dni__report_fill(out, &report, sizeof report);
  return DNI_OK;
}
