/* Random batches and data sets, and one step on one. Odd numbers are NaN, infinite, huge or denormal;
 * a world that is given them may fail with DNI_ERROR_NON_FINITE, others may not. */
#include "random.h"

/* Numbers. ------------------------------------------------------------------------------------ */

static bool odd_now; /* in this batch */

static double any_number(void) {
  static const double odd[] = {NAN,  INFINITY, -INFINITY, 1e300,  -1e160,  1e38,
                               1e20, 1e-40,    4e-45,     1e-310, -5e-324, 0};
  if (odd_now && chance(10)) return odd[below(sizeof odd / sizeof *odd)];
  return uniform(-1, 1);
}

/* Data sets in memory take finite ones alone. */
static double finite_number(const world *w) {
  double number = any_number();
  return isfinite(w->dtype == DNI_F32 ? (double)(float)number : number) ? number : 0;
}

static void fill_targets(const world *w, example_batch *b, size_t rows, size_t stride) {
  size_t outputs = world_outputs(w);
  if (!w->numbers_only && chance(40)) {
    b->y_view = view(DNI_I32, b->y, rows, 1, 1 + below(2));
    for (size_t r = 0; r < rows; r++)
      set(&b->y_view, r, 0, (double)below(outputs));
    return;
  }
  b->y_view = view(w->dtype, b->y, rows, outputs, stride);
  for (size_t r = 0; r < rows; r++) {
    size_t one = below(outputs);
    for (size_t c = 0; c < outputs; c++)
      set(&b->y_view, r, c, c == one);
    if (odd_now) set(&b->y_view, r, one, any_number());
  }
}

static void fill_weights(const world *w, example_batch *b, size_t rows) {
  static const double odd[] = {0, 1e-40, 4e-45, 1e-310, 1e30, 1e300, INFINITY, NAN, -1};
  b->w_view = view(w->dtype, b->w, rows, 1, 1);
  for (size_t r = 0; r < rows; r++)
    set(&b->w_view, r, 0, chance(20) ? 0 : uniform(0, 2));
  set(&b->w_view, below(rows), 0, 1);
  if (odd_now && chance(30)) set(&b->w_view, below(rows), 0, odd[below(sizeof odd / sizeof *odd)]);
  b->batch.weights = &b->w_view;
}

void batch_fill(const world *w, example_batch *b, size_t rows) {
  odd_now = w->odd && chance(40);
  b->x_view = view(w->dtype, b->x, rows, world_inputs(w), world_inputs(w) + below(3));
  b->batch = (dni_batch){.struct_size = sizeof b->batch, .x = &b->x_view, .y = &b->y_view};
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < world_inputs(w); c++)
      set(&b->x_view, r, c, any_number());
  fill_targets(w, b, rows, world_outputs(w) + below(3));
  if (chance(40)) fill_weights(w, b, rows);
}

dni_status random_dataset(world *w, dni_dataset **out) {
  static double x[EXAMPLES_MOST * WIDEST], y[EXAMPLES_MOST * (WIDEST + 1)];
  size_t examples = 2 + below(EXAMPLES_MOST - 1), outputs = world_outputs(w);
  bool labels = !w->numbers_only && chance(50);
  odd_now = w->odd && chance(40);
  if (w->has_own && chance(40)) return own_dataset(w, examples, labels ? outputs : 0, out);
  dni_matrix xs = view(w->dtype, x, examples, world_inputs(w), world_inputs(w));
  dni_matrix ys =
      labels ? view(DNI_I32, y, examples, 1, 1) : view(w->dtype, y, examples, outputs, outputs);
  for (size_t r = 0; r < examples; r++) {
    for (size_t c = 0; c < xs.columns; c++)
      set(&xs, r, c, finite_number(w));
    for (size_t c = 0; c < ys.columns; c++)
      set(&ys, r, c, labels ? (double)below(outputs) : uniform(0, 1));
  }
  dni_memory_options options = {.struct_size = sizeof options, .classes = labels ? outputs : 0};
  return dni_dataset_create_memory(w->context, &xs, &ys, &options, out);
}

/* Steps. -------------------------------------------------------------------------------------- */

unsigned usual(const world *w) {
  return FINE | (w->odd ? NON_FINITE | REFUSED : 0) | (w->norms ? REFUSED | NON_FINITE : 0);
}

static void check_report(const world *w, const dni_step_report *report) {
  if (report->step == 0) return;
  EXPECT(report->rows >= 1 && report->rows <= w->max_batch, "%zu rows", report->rows);
  EXPECT(w->odd || isfinite(report->loss), "loss %g of step %ju", report->loss,
         (uintmax_t)report->step);
  EXPECT(report->layer_count == w->layers, "%zu layers", report->layer_count);
  for (size_t i = 0; i < report->layer_count; i++) {
    size_t lag = report->target_lag[i];
    EXPECT(lag == DNI_NONE || lag < w->in_flight, "a lag of %zu", lag);
    EXPECT(!isfinite(report->sg_cosine[i]) || fabs(report->sg_cosine[i]) < 1.00001, "cosine %g",
           report->sg_cosine[i]);
  }
}

dni_status random_step(world *w, unsigned more) {
  static example_batch batch;
  dni_step_report report, before;
  memset(&report, 0x5c, sizeof report);
  report.struct_size = sizeof report;
  memcpy(&before, &report, sizeof report);
  batch_fill(w, &batch, 1 + below(w->max_batch));
  size_t calls = atomic_load(&memory_calls);
  bool wanted = chance(60);
  dni_status status = EXPECT_IN(
      usual(w) | more, dni_trainer_step(w->trainer, &batch.batch, wanted ? &report : NULL));
  EXPECT(atomic_load(&memory_calls) == calls, "a step has allocated or freed");
  memset(&batch, 0xee, sizeof batch); /* the caller may use it again */
  if (status != DNI_OK)
    EXPECT(memcmp(&report, &before, sizeof report) == 0, "a step that failed wrote its report");
  else if (wanted)
    check_report(w, &report);
  return status;
}

void settle(world *w, unsigned more) {
  if (EXPECT_IN(usual(w) | more, dni_trainer_flush(w->trainer)) != DNI_OK)
    EXPECT_FINE(dni_trainer_flush(w->trainer));
  uint64_t steps = dni_trainer_step_count(w->trainer);
  EXPECT(steps >= w->steps_seen, "%ju steps, and %ju before", (uintmax_t)steps,
         (uintmax_t)w->steps_seen);
  w->steps_seen = steps;
  dni_step_report report = {.struct_size = sizeof report};
  EXPECT_FINE(dni_trainer_report(w->trainer, &report));
  EXPECT(report.settled && report.step == steps, "not settled after a flush");
  check_report(w, &report);
  check_packs(w);
}
