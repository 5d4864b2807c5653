/* The terms of Proposition 2 at one interface, measured. With J = dh/dtheta of the whole batch,
 * theta the trained parameters below,
 *
 *   dL/dtheta = (1 / rows) delta^T J,   |J|_F^2 = E |u^T J|^2 for u ~ N(0, I),
 *
 * and a backward pass from any rows u in place of delta computes u^T J / rows, layers giving means.
 * So everything here is one forward pass and backward passes from different rows. */
#include <float.h>
#include <math.h>

#include "analysis/numbers.h"
#include "analysis/parameters.h"
#include "dni/research.h"
#include "network/network.h"

#define DIRECTIONS_DEFAULT 16

/* The call, and where its matrices lie. */
typedef struct probe {
  dni_context *context;
  dni_network *network;
  const dni_loss *loss;
  size_t after;
  uint64_t seed; /* of the directions */
  const dni_matrix *x, *y;
  void **outputs;       /* of each layer, [rows][outputs] */
  void *deltas[2];      /* [rows][widest], taken in turn on the way down */
  void *output_error;   /* dL_s/dh_N */
  void *truth, *answer; /* dL_s/dh and the estimate of it, [rows][units] */
  void *gradients[2];   /* dL/dtheta and what the estimate makes of it, [trained] */
  void *statistics;     /* what training mode changes, as it was: [untrained] */
  size_t trained;       /* elements of theta */
  size_t untrained;     /* elements of parameters without gradients, of all layers */
} probe;

static dni_layer *layer_at(const probe *p, size_t index) {
  return p->network->links[index].layer;
}

static dni_matrix view(const probe *p, void *data, size_t columns) {
  return dni__matrix_make(data, p->x->rows, columns, p->context->dtype);
}

static dni_matrix output_of(const probe *p, size_t index) {
  return view(p, p->outputs[index], layer_at(p, index)->outputs);
}

static size_t units_of(const probe *p) {
  return layer_at(p, p->after)->outputs;
}

static dni_status say_layer(const probe *p, size_t index, dni_status status) {
  return dni__fail_prefix(status, "layer %zu (%s): ", index,
                          dni_layer_kind_name(layer_at(p, index)));
}

/* DNI_ERROR_NON_FINITE naming the layer. */
static dni_status check_finite(const probe *p, size_t index, const dni_matrix *numbers,
                               const char *name) {
  size_t row, column;
  if (dni__matrix_finite(numbers, &row, &column)) return DNI_OK;
  return say_layer(
      p, index,
      dni__fail(DNI_ERROR_NON_FINITE, "%s: row %zu, column %zu is not finite", name, row, column));
}

/* Memory. ------------------------------------------------------------------------------------ */

/* A block being laid out; without data the pieces are only counted. */
typedef struct block {
  unsigned char *data;
  size_t size; /* of an element */
  size_t end;  /* elements so far */
  bool overflow;
} block;

static void *take(block *all, size_t rows, size_t columns) {
  size_t elements, end, start = all->end;
  if (!dni__multiply(rows, columns, &elements) || !dni__add(start, elements, &end)) {
    all->overflow = true;
    return NULL;
  }
  all->end = end;
  return all->data ? all->data + start * all->size : NULL;
}

static void lay_out(probe *p, block *all) {
  size_t rows = p->x->rows, widest = 0;
  for (size_t l = 0; l < p->network->count; l++) {
    size_t outputs = layer_at(p, l)->outputs;
    p->outputs[l] = take(all, rows, outputs);
    widest = outputs > widest ? outputs : widest;
  }
  for (size_t i = 0; i < 2; i++) {
    p->deltas[i] = take(all, rows, widest);
    p->gradients[i] = take(all, 1, p->trained);
  }
  p->output_error = take(all, rows, dni_network_outputs(p->network));
  p->truth = take(all, rows, units_of(p));
  p->answer = take(all, rows, units_of(p));
  p->statistics = take(all, 1, p->untrained);
}

/* On failure *data may be NULL and p->outputs allocated; both are the caller's to free. */
static dni_status allocate(probe *p, void **data) {
  dni__memory *memory = p->context->memory;
  p->trained = dni__parameters_count(p->network, p->after + 1, true);
  p->untrained = dni__parameters_count(p->network, p->network->count, false);
  p->outputs = dni__allocate(memory, p->network->count, sizeof *p->outputs);
  if (!p->outputs) return DNI_ERROR_MEMORY;
  block all = {.size = dni__dtype_size(p->context->dtype)};
  lay_out(p, &all);
  if (all.overflow)
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu rows do not fit", p->x->rows);
  *data = dni__allocate(memory, all.end, all.size);
  if (!*data) return DNI_ERROR_MEMORY;
  all = (block){.data = *data, .size = all.size};
  lay_out(p, &all);
  return DNI_OK;
}

/* The gradients of theta as the last backward pass left them, finite, into `out` if it is not NULL
 * and times `factor` onto the norm if that is not. */
static dni_status collect(const probe *p, void *out, double factor, dni__norm *norm) {
  unsigned char *place = out;
  for (size_t l = 0; l <= p->after; l++)
    for (size_t i = 0; i < layer_at(p, l)->parameter_count; i++) {
      const dni__parameter *parameter = &layer_at(p, l)->parameters[i];
      if (!parameter->gradient.data) continue;
      DNI_TRY(check_finite(p, l, &parameter->gradient, "gradient"));
      if (place) place = dni__parameter_pack(&parameter->gradient, place);
      if (norm) dni__norm_add_matrix(norm, &parameter->gradient, factor);
    }
  return DNI_OK;
}

/* Passes. ------------------------------------------------------------------------------------ */

static dni_status forward(const probe *p) {
  dni_matrix input = *p->x;
  for (size_t l = 0; l < p->network->count; l++) {
    dni_matrix output = output_of(p, l);
    DNI_TRY(dni__network_forward(p->network, l, DNI_MODE_TRAINING, NULL, &input, NULL, &output));
    DNI_TRY(check_finite(p, l, &output, "output"));
    input = output;
  }
  return DNI_OK;
}

/* Layers top .. bottom from deltas[0], which holds dL/d of the output of `top`; *delta = dL/d of
 * the input of `bottom`, nothing if that is 0. */
static dni_status backward(const probe *p, size_t top, size_t bottom, dni_matrix *delta) {
  *delta = view(p, p->deltas[0], layer_at(p, top)->outputs);
  for (size_t l = top + 1; l-- > bottom;) {
    dni_matrix x = l > 0 ? output_of(p, l - 1) : *p->x, y = output_of(p, l);
    void *other = delta->data == p->deltas[0] ? p->deltas[1] : p->deltas[0];
    dni_matrix dx = view(p, other, x.columns);
    DNI_TRY(dni__network_backward(p->network, l, DNI_GRADIENT_REPLACE, 1 / (double)x.rows, NULL, &x,
                                  NULL, &y, delta, l > 0 ? &dx : NULL));
    *delta = dx;
  }
  return DNI_OK;
}

/* From rows at h through everything below. They are copied, since backward works in place. */
static dni_status backward_from(const probe *p, void *rows) {
  dni_matrix from = view(p, rows, units_of(p)), to = view(p, p->deltas[0], units_of(p)), delta;
  if (rows != p->deltas[0]) dni__matrix_copy(&from, &to);
  return backward(p, p->after, 0, &delta);
}

/* dL_s/dh_N, and from it dL_s/dh. */
static dni_status find_truth(const probe *p) {
  size_t last = p->network->count - 1;
  dni_matrix h = output_of(p, last), error = view(p, p->output_error, h.columns);
  dni_matrix start = view(p, p->deltas[0], h.columns), delta;
  dni_batch batch = {.struct_size = sizeof batch, .x = &h, .y = p->y};
  DNI_TRY(dni_loss_evaluate(p->loss, &batch, &error, NULL, NULL));
  DNI_TRY(check_finite(p, last, &error, "the loss's gradient"));
  dni__matrix_copy(&error, &start);
  DNI_TRY(backward(p, last, p->after + 1, &delta));
  dni_matrix truth = view(p, p->truth, units_of(p));
  dni__matrix_copy(&delta, &truth);
  return check_finite(p, p->after, &truth, "dL/dh");
}

/* The SG's answer, which counts no lesson; the truth itself where the answer would be made from it.
 */
static dni_status find_answer(const probe *p) {
  dni_sg *sg = p->network->links[p->after].sg;
  dni_matrix h = output_of(p, p->after), answer = view(p, p->answer, units_of(p));
  dni_matrix truth = view(p, p->truth, units_of(p));
  dni_matrix error = view(p, p->output_error, dni_network_outputs(p->network));
  if (!sg || sg->needs == DNI_SG_NEEDS_DELTA_ABOVE) {
    dni__matrix_copy(&truth, &answer);
    return DNI_OK;
  }
  bool joined = dni__network_joined(p->network, p->after);
  bool waits = sg->needs == DNI_SG_NEEDS_OUTPUT_ERROR;
  dni_query query = {.struct_size = sizeof query, .h = &h, .y = p->y};
  query.signal = joined ? &truth : waits ? &error : NULL;
  DNI_TRY(dni_sg_estimate(sg, &query, &answer));
  return check_finite(p, p->after, &answer, dni_sg_kind_name(sg));
}

/* Results. ----------------------------------------------------------------------------------- */

static dni_status measure_jacobian(const probe *p, size_t directions, double *jacobian) {
  dni__norm norm = {0, 0};
  dni__random random;
  dni__random_init(&random, p->seed, 0);
  for (size_t i = 0; i < directions; i++) {
    dni__random_fill_normal(&random, p->context->dtype, p->deltas[0], p->x->rows * units_of(p), 1);
    DNI_TRY(backward_from(p, p->deltas[0]));
    DNI_TRY(collect(p, NULL, (double)p->x->rows, &norm));
  }
  *jacobian = dni__norm_value(&norm) / sqrt((double)directions);
  return DNI_OK;
}

static dni_status measure_gradients(const probe *p, dni_interface_report *report) {
  dni_alignment alignment = {.struct_size = sizeof alignment};
  dni_matrix truth = dni__matrix_make(p->gradients[0], 1, p->trained, p->context->dtype);
  dni_matrix synthetic = dni__matrix_make(p->gradients[1], 1, p->trained, p->context->dtype);
  DNI_TRY(backward_from(p, p->truth));
  DNI_TRY(collect(p, p->gradients[0], 1, NULL));
  DNI_TRY(backward_from(p, p->answer));
  DNI_TRY(collect(p, p->gradients[1], 1, NULL));
  DNI_TRY(dni_analysis_align(&synthetic, &truth, &alignment));
  report->gradient_norm = alignment.truth_norm;
  report->synthetic_gradient_norm = alignment.estimate_norm;
  report->gradient_cosine = alignment.cosine;
  return DNI_OK;
}

/* error * jacobian / gradient, which may leave the range on the way. */
static double ratio_of(const dni_interface_report *report) {
  double error = report->error_norm, jacobian = report->jacobian_norm;
  if (report->gradient_norm == 0) return DBL_MAX;
  if (error == 0 || jacobian == 0) return 0;
  double least = fmin(error, jacobian), most = fmax(error, jacobian);
  return dni__numbers_clamp(most > 1 ? least / report->gradient_norm * most
                                     : least * most / report->gradient_norm);
}

static dni_status measure_delta(const probe *p, dni_interface_report *report) {
  dni_matrix truth = view(p, p->truth, units_of(p)), answer = view(p, p->answer, units_of(p));
  dni_alignment alignment = {.struct_size = sizeof alignment};
  DNI_TRY(dni_analysis_align(&answer, &truth, &alignment));
  report->delta_cosine = alignment.cosine;
  report->delta_relative_error = alignment.relative_error;
  report->delta_sign_agreement = alignment.sign_agreement;
  report->delta_error_norm = alignment.error_norm;
  report->estimate_norm = alignment.estimate_norm;
  report->truth_norm = alignment.truth_norm;
  report->error_norm = alignment.error_norm / (double)p->x->rows;
  return DNI_OK;
}

static dni_status measure(const probe *p, size_t directions, dni_interface_report *report) {
  DNI_TRY(forward(p));
  DNI_TRY(find_truth(p));
  DNI_TRY(find_answer(p));
  DNI_TRY(measure_delta(p, report));
  DNI_TRY(measure_gradients(p, report));
  DNI_TRY(measure_jacobian(p, directions, &report->jacobian_norm));
  report->ratio = ratio_of(report);
  return DNI_OK;
}

/* The call. ---------------------------------------------------------------------------------- */

static dni_status check_call(const probe *p) {
  dni_dtype dtype = p->context->dtype;
  if (p->network->context->dtype != dtype)
    return dni__fail(DNI_ERROR_ARGUMENT, "the network's element type differs from the context's");
  if (p->network->count < 2 || p->after >= p->network->count - 1)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "there is no interface after layer %zu of %zu layers but the last", p->after,
                     p->network->count);
  DNI_TRY(dni__numbers_check(p->x, dtype, "x"));
  DNI_TRY(dni__matrix_check(p->x, dtype, dni_network_inputs(p->network), "x"));
  return dni__targets_check(p->y, dtype, p->x->rows, dni_network_outputs(p->network), "y");
}

static dni_status run(probe *p, size_t directions, dni_interface_report *report) {
  void *data = NULL;
  DNI_TRY(check_call(p));
  dni_status status = allocate(p, &data);
  if (status == DNI_OK) {
    dni__statistics_save(p->network, p->statistics);
    status = measure(p, directions > 0 ? directions : DIRECTIONS_DEFAULT, report);
    dni__statistics_restore(p->network, p->statistics);
  }
  dni__free(p->context->memory, data);
  dni__free(p->context->memory, p->outputs);
  return status;
}

static dni_status take_batch(const dni_batch *batch, dni_batch *known) {
  DNI_TRY(dni__options_copy(DNI__OPTIONS(known, batch, dni_batch)));
  if (known->weights) return dni__fail(DNI_ERROR_ARGUMENT, "weights are not taken");
  return DNI_OK;
}

dni_status dni_analysis_interface(dni_context *context, dni_network *network, const dni_loss *loss,
                                  size_t after, const dni_batch *batch, size_t directions,
                                  uint64_t seed, dni_interface_report *out) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(context);
  DNI_REQUIRE(network);
  DNI_REQUIRE(loss);
  DNI_REQUIRE(batch);
  DNI_REQUIRE(out);
  DNI_TRY(dni__report_check(out, sizeof *out, "dni_interface_report"));
  dni_batch known = {.struct_size = sizeof known};
  probe p = {.context = context, .network = network, .loss = loss, .after = after, .seed = seed};
  dni_interface_report report = {.struct_size = sizeof report};
  dni_status status = take_batch(batch, &known);
  p.x = known.x;
  p.y = known.y;
  if (status == DNI_OK) status = run(&p, directions, &report);
  if (status != DNI_OK) return dni__fail_prefix(status, "interface after layer %zu: ", after);
  dni__report_fill(out, &report, sizeof report);
  return DNI_OK;
}
