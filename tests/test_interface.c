/* Looking inside a network: outputs of inner layers, and the terms of Proposition 2 at an
 * interface, against central differences of the loss in double. */
#include <float.h>

#include "analysis.h"

/* A network to look at. ---------------------------------------------------------------------- */

enum { ROWS = 7, LAYERS = 5, INPUTS = 4, UNITS = 5, OUTPUTS = 3, SEED = 11 };

static void add(dni_network *network, dni_layer *layer) {
  EXPECT_OK(dni_network_add(network, layer));
  dni_layer_release(layer);
}

static dni_layer *dense(dni_context *context, size_t inputs, size_t outputs,
                        dni_activation activation) {
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_dense(context, inputs, outputs, activation, &layer));
  dni_matrix bias;
  EXPECT_OK(dni_layer_parameter(layer, 1, &bias, NULL));
  matrix_fill_random(&bias, 0.3);
  EXPECT_OK(dni_layer_changed(layer));
  return layer;
}

/* tanh - batch norm - relu - batch norm - logits */
static dni_network *make_network(dni_context *context) {
  dni_network *network = NULL;
  EXPECT_OK(dni_network_create(context, &network));
  add(network, dense(context, INPUTS, UNITS, DNI_ACTIVATION_TANH));
  dni_layer *norm[2] = {NULL, NULL};
  for (size_t i = 0; i < 2; i++)
    EXPECT_OK(dni_layer_create_batch_norm(context, UNITS, &norm[i]));
  add(network, norm[0]);
  add(network, dense(context, UNITS, UNITS, DNI_ACTIVATION_RELU));
  add(network, norm[1]);
  add(network, dense(context, UNITS, OUTPUTS, DNI_ACTIVATION_IDENTITY));
  return network;
}

static dni_matrix value_of(dni_network *network, size_t layer, size_t index) {
  dni_matrix value;
  EXPECT_OK(dni_layer_parameter(dni_network_layer(network, layer), index, &value, NULL));
  return value;
}

static bool is_trained(dni_network *network, size_t layer, size_t index) {
  dni_matrix value, gradient;
  EXPECT_OK(dni_layer_parameter(dni_network_layer(network, layer), index, &value, &gradient));
  return gradient.data != NULL;
}

static size_t parameters_of(dni_network *network, size_t layer) {
  return dni_layer_parameter_count(dni_network_layer(network, layer));
}

/* A linear synthetic gradient with numbers in it. */
static dni_sg *make_sg(dni_context *context, size_t units) {
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_synthetic(context, units, OUTPUTS, NULL, &sg));
  for (size_t i = 0; i < 2; i++) {
    dni_matrix value;
    EXPECT_OK(dni_sg_parameter(sg, i, &value, NULL));
    matrix_fill_random(&value, 0.3);
  }
  EXPECT_OK(dni_sg_changed(sg));
  return sg;
}

/* By central differences. -------------------------------------------------------------------- */

/* A problem, and which scalar of it is being differentiated. */
typedef struct problem {
  dni_network *network;
  dni_loss *loss;
  dni_matrix x, y;
  size_t after;
  dni_matrix h;      /* at the interface */
  dni_matrix answer; /* the estimate there */
  size_t row, column;
} problem;

static dni_matrix forward(const problem *p, const dni_matrix *x, size_t first, size_t end) {
  dni_matrix input = *x;
  for (size_t l = first; l < end; l++) {
    dni_layer *layer = dni_network_layer(p->network, l);
    dni_matrix output = matrix_make(x->dtype, x->rows, dni_layer_outputs(layer));
    EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, &input, &output));
    input = output;
  }
  return input;
}

static double mean_loss(const problem *p, const dni_matrix *h_last) {
  double mean;
  EXPECT_OK(support_evaluate(p->loss, h_last, &p->y, NULL, NULL, &mean));
  return mean;
}

/* Of the batch's losses, as a function of h: its gradient is dL_s/dh. */
static double loss_above(void *argument) {
  const problem *p = argument;
  dni_matrix last = forward(p, &p->h, p->after + 1, LAYERS);
  return ROWS * mean_loss(p, &last);
}

static double loss_of_all(void *argument) {
  const problem *p = argument;
  dni_matrix last = forward(p, &p->x, 0, LAYERS);
  return mean_loss(p, &last);
}

/* 1/rows sum_s answer_s . h_s: its gradient is what the estimate makes of dL/dtheta. */
static double answered(void *argument) {
  const problem *p = argument;
  dni_matrix h = forward(p, &p->x, 0, p->after + 1);
  double sum = 0;
  for (size_t r = 0; r < ROWS; r++)
    for (size_t c = 0; c < h.columns; c++)
      sum += matrix_get(&p->answer, r, c) * matrix_get(&h, r, c) / ROWS;
  return sum;
}

static double one_of_h(void *argument) {
  const problem *p = argument;
  dni_matrix h = forward(p, &p->x, 0, p->after + 1);
  return matrix_get(&h, p->row, p->column);
}

/* The gradient of f for all trained parameters below the interface, one after the other; returns
 * how many. */
static size_t differentiate(problem *p, double (*f)(void *), double *out) {
  size_t count = 0;
  for (size_t l = 0; l <= p->after; l++)
    for (size_t i = 0; i < parameters_of(p->network, l); i++) {
      if (!is_trained(p->network, l, i)) continue;
      dni_matrix value = value_of(p->network, l, i);
      for (size_t r = 0; r < value.rows; r++)
        for (size_t c = 0; c < value.columns; c++)
          out[count++] = matrix_difference(&value, r, c, 1e-5, f, p);
    }
  return count;
}

static double product_of(const double *a, const double *b, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += a[i] * b[i];
  return sum;
}

/* |dh/dtheta| by one difference per element of h and parameter. */
static double jacobian_norm(problem *p) {
  static double row[200];
  double sum = 0;
  for (p->row = 0; p->row < ROWS; p->row++)
    for (p->column = 0; p->column < p->h.columns; p->column++) {
      size_t count = differentiate(p, one_of_h, row);
      sum += product_of(row, row, count);
    }
  return sqrt(sum);
}

static dni_status measure_into(dni_context *context, const problem *p, size_t directions,
                               dni_interface_report *report) {
  dni_batch batch = support_batch(&p->x, &p->y);
  return dni_analysis_interface(context, p->network, p->loss, p->after, &batch, directions, SEED,
                                report);
}

static dni_interface_report measure(dni_context *context, const problem *p, size_t directions) {
  dni_interface_report report;
  memset(&report, 0xFF, sizeof report);
  report.struct_size = sizeof report;
  EXPECT_OK(measure_into(context, p, directions, &report));
  return report;
}

static problem make_problem(dni_context *context, size_t after) {
  dni_dtype dtype = dni_context_dtype(context);
  problem p = {.network = make_network(context), .after = after};
  EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, NULL, &p.loss));
  p.x = matrix_random(dtype, ROWS, INPUTS);
  p.y = matrix_one_hot(dtype, ROWS, OUTPUTS);
  return p;
}

static void release_problem(problem *p) {
  dni_network_release(p->network);
  dni_loss_release(p->loss);
}

static void expect_report(const dni_interface_report *report, problem *p) {
  static double truth[200], synthetic[200];
  dni_matrix delta = matrix_make(DNI_F64, ROWS, p->h.columns);
  for (size_t r = 0; r < ROWS; r++)
    for (size_t c = 0; c < p->h.columns; c++)
      matrix_set(&delta, r, c, matrix_difference(&p->h, r, c, 1e-5, loss_above, p));
  dni_alignment known = {.struct_size = sizeof known};
  EXPECT_OK(dni_analysis_align(&p->answer, &delta, &known));
  expect_close(report->delta_cosine, known.cosine, 1e-7, "cosine of delta");
  expect_close(report->delta_error_norm, known.error_norm, 1e-7, "error of delta");
  expect_close(report->truth_norm, known.truth_norm, 1e-7, "norm of delta");
  expect_close(report->delta_sign_agreement, known.sign_agreement, 0, "signs of delta");
  EXPECT(report->error_norm == report->delta_error_norm / ROWS,
         "error is not that of the mean loss");
  size_t count = differentiate(p, loss_of_all, truth);
  (void)differentiate(p, answered, synthetic);
  double gradient = sqrt(product_of(truth, truth, count));
  double other = sqrt(product_of(synthetic, synthetic, count));
  expect_close(report->gradient_norm, gradient, 1e-7, "gradient");
  expect_close(report->synthetic_gradient_norm, other, 1e-7, "synthetic gradient");
  expect_close(report->gradient_cosine, product_of(truth, synthetic, count) / gradient / other,
               1e-6, "cosine of gradients");
  expect_close(report->ratio, report->error_norm * report->jacobian_norm / report->gradient_norm,
               1e-13, "ratio");
}

/* The relative deviation of K^2 from 4000 directions is at most sqrt(2 / 4000) = 2.2 %. */
START_TEST(terms_equal_central_differences) {
  dni_context *context = support_context(DNI_F64);
  for (size_t after = 0; after + 1 < LAYERS; after++) {
    problem p = make_problem(context, after);
    dni_sg *sg = make_sg(context, UNITS);
    EXPECT_OK(dni_network_set_sg(p.network, after, sg));
    dni_interface_report report = measure(context, &p, 4000);
    p.h = forward(&p, &p.x, 0, after + 1);
    p.answer = matrix_make(DNI_F64, ROWS, UNITS);
    EXPECT_OK(support_estimate(sg, &p.h, &p.y, NULL, &p.answer));
    expect_report(&report, &p);
    double jacobian = jacobian_norm(&p);
    EXPECT(fabs(report.jacobian_norm / jacobian - 1) < 0.04, "after %zu: K %g, expected %g", after,
           report.jacobian_norm, jacobian);
    dni_sg_release(sg);
    release_problem(&p);
  }
  dni_context_release(context);
}
END_TEST

/* h = x W^T + b: |dh/d(W, b)|^2 = units (|x|^2 + rows). */
START_TEST(jacobian_of_an_affine_map) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_network *network = NULL;
  EXPECT_OK(dni_network_create(context, &network));
  add(network, dense(context, 6, 9, DNI_ACTIVATION_IDENTITY));
  add(network, dense(context, 9, OUTPUTS, DNI_ACTIVATION_IDENTITY));
  dni_loss *loss = NULL;
  EXPECT_OK(dni_loss_create_squared_error(context, &loss));
  dni_matrix x = matrix_random(dtype, 20, 6), y = matrix_random(dtype, 20, OUTPUTS);
  double square = 20;
  for (size_t r = 0; r < 20; r++)
    for (size_t c = 0; c < 6; c++)
      square += matrix_get(&x, r, c) * matrix_get(&x, r, c);
  problem p = {.network = network, .loss = loss, .x = x, .y = y};
  dni_interface_report report = measure(context, &p, 3000);
  EXPECT(fabs(report.jacobian_norm / sqrt(9 * square) - 1) < 0.02, "K %g, expected %g",
         report.jacobian_norm, sqrt(9 * square));
  EXPECT(report.error_norm == 0 && report.ratio == 0, "the truth has an error");
  release_problem(&p);
  dni_context_release(context);
}
END_TEST

/* Every parameter of a network, copied. */
static size_t copy_parameters(dni_network *network, dni_matrix *copies) {
  size_t count = 0;
  for (size_t l = 0; l < LAYERS; l++)
    for (size_t i = 0; i < parameters_of(network, l); i++) {
      dni_matrix value = value_of(network, l, i);
      copies[count++] = matrix_convert(&value, value.dtype);
    }
  return count;
}

static void expect_parameters(dni_network *network, const dni_matrix *copies) {
  for (size_t l = 0; l < LAYERS; l++)
    for (size_t i = 0; i < parameters_of(network, l); i++) {
      dni_matrix value = value_of(network, l, i);
      matrix_expect_same(&value, copies++, "a parameter");
    }
}

START_TEST(nothing_remains) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  problem p = make_problem(context, 2);
  (void)forward(&p, &p.x, 0, LAYERS); /* running statistics that are not the first ones */
  dni_matrix copies[14], x = matrix_convert(&p.x, dtype), y = matrix_convert(&p.y, dtype);
  EXPECT(copy_parameters(p.network, copies) == 14, "other parameters than expected");
  size_t blocks = support_watched.blocks;
  for (p.after = 0; p.after + 1 < LAYERS; p.after++) {
    (void)measure(context, &p, 3);
    expect_parameters(p.network, copies);
  }
  matrix_expect_same(&p.x, &x, "x");
  matrix_expect_same(&p.y, &y, "y");
  EXPECT(support_watched.blocks == blocks, "memory is left");
  dni_interface_report out = {.struct_size = sizeof out, .error_norm = -9};
  dni_matrix top = value_of(p.network, LAYERS - 1, 0); /* statistics have moved when this fails */
  matrix_set(&top, 1, 2, INFINITY);
  EXPECT_OK(dni_layer_changed(dni_network_layer(p.network, LAYERS - 1)));
  (void)copy_parameters(p.network, copies);
  p.after = 2;
  EXPECT_MESSAGE(DNI_ERROR_NON_FINITE, "interface after layer 2: layer 4 (dense): output",
                 measure_into(context, &p, 1, &out));
  expect_parameters(p.network, copies);
  EXPECT(out.error_norm == -9, "written by a failed call");
  release_problem(&p);
  dni_context_release(context);
}
END_TEST

static void expect_exact(const dni_interface_report *report) {
  EXPECT(report->error_norm == 0 && report->delta_error_norm == 0 && report->ratio == 0, "error %g",
         report->error_norm);
  EXPECT(report->delta_cosine == 1 && report->gradient_cosine == 1, "cosines %g and %g",
         report->delta_cosine, report->gradient_cosine);
  EXPECT(report->delta_sign_agreement == 1, "signs %g", report->delta_sign_agreement);
  EXPECT(report->gradient_norm == report->synthetic_gradient_norm && report->gradient_norm > 0,
         "gradients %g and %g", report->gradient_norm, report->synthetic_gradient_norm);
  EXPECT(report->jacobian_norm > 0, "K %g", report->jacobian_norm);
}

START_TEST(what_waits_for_the_delta_is_exact) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  problem p = make_problem(context, 3);
  dni_interface_report report = measure(context, &p, 0);
  expect_exact(&report);
  dni_sg *feedback = NULL;
  EXPECT_OK(dni_sg_create_fa(context, UNITS, OUTPUTS, NULL, &feedback));
  EXPECT_OK(dni_network_set_sg(p.network, 3, feedback));
  report = measure(context, &p, 0);
  expect_exact(&report);
  EXPECT_OK(dni_network_set_sg(p.network, 3, NULL));
  report = measure(context, &p, 0);
  expect_exact(&report);
  dni_sg_release(feedback);
  release_problem(&p);
  dni_context_release(context);
}
END_TEST

START_TEST(dfa_is_given_the_output_error) {
  dni_context *context = support_context(DNI_F64);
  problem p = make_problem(context, 1);
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_dfa(context, UNITS, OUTPUTS, NULL, &sg));
  EXPECT_OK(dni_network_set_sg(p.network, 1, sg));
  dni_interface_report report = measure(context, &p, 4);
  dni_matrix logits = forward(&p, &p.x, 0, LAYERS), b;
  EXPECT_OK(dni_sg_parameter(sg, 0, &b, NULL));
  p.h = forward(&p, &p.x, 0, 2);
  p.answer = matrix_make(DNI_F64, ROWS, UNITS);
  for (size_t r = 0; r < ROWS; r++) { /* (softmax - y) B */
    double e[OUTPUTS], sum = 0;
    for (size_t k = 0; k < OUTPUTS; k++)
      sum += e[k] = exp(matrix_get(&logits, r, k));
    for (size_t c = 0; c < UNITS; c++) {
      double answer = 0;
      for (size_t k = 0; k < OUTPUTS; k++)
        answer += (e[k] / sum - matrix_get(&p.y, r, k)) * matrix_get(&b, k, c);
      matrix_set(&p.answer, r, c, answer);
    }
  }
  expect_report(&report, &p);
  dni_sg_release(sg);
  release_problem(&p);
  dni_context_release(context);
}
END_TEST

/* The same network in float and double, and the same call twice. Directions are decided by the seed
 * alone; nothing is drawn from the context's streams. */
START_TEST(float_agrees_with_double) {
  dni_interface_report reports[2], again[2];
  dni_matrix x = matrix_random(DNI_F64, ROWS, INPUTS), y = matrix_one_hot(DNI_F64, ROWS, OUTPUTS);
  size_t left = 0;
  for (size_t d = 0; d < 2; d++) {
    support_setup(); /* the same numbers for both */
    dni_context *context = support_context(support_dtypes[d]);
    problem p = make_problem(context, 2);
    matrix_copy(&x, &p.x);
    matrix_copy(&y, &p.y);
    dni_sg *sg = make_sg(context, UNITS);
    EXPECT_OK(dni_network_set_sg(p.network, 2, sg));
    reports[d] = measure(context, &p, 0);
    again[d] = measure(context, &p, 16);
    EXPECT(reports[d].gradient_norm == again[d].gradient_norm, "another gradient the second time");
    EXPECT(reports[d].jacobian_norm == again[d].jacobian_norm, "other directions the second time");
    dni_interface_report other = {.struct_size = sizeof other};
    dni_batch batch = support_batch(&p.x, &p.y);
    EXPECT_OK(
        dni_analysis_interface(context, p.network, p.loss, p.after, &batch, 0, SEED + 1, &other));
    EXPECT(other.jacobian_norm != again[d].jacobian_norm, "two seeds, the same directions");
    EXPECT(fabs(other.jacobian_norm / again[d].jacobian_norm - 1) < 0.5,
           "another number of directions");
    dni_sg_release(sg);
    release_problem(&p);
    dni_context_release(context);
    left += support_watched.blocks;
  }
  EXPECT(left == 0, "memory is left");
  const double tolerance = support_tolerance(DNI_F32, 1e-5, 0);
  expect_close(reports[0].error_norm, reports[1].error_norm, tolerance, "error");
  expect_close(reports[0].gradient_norm, reports[1].gradient_norm, tolerance, "gradient");
  expect_close(reports[0].synthetic_gradient_norm, reports[1].synthetic_gradient_norm, tolerance,
               "synthetic");
  expect_close(reports[0].gradient_cosine, reports[1].gradient_cosine, tolerance, "cosine");
  expect_close(reports[0].jacobian_norm, reports[1].jacobian_norm, tolerance, "K");
}
END_TEST

START_TEST(nothing_trained_below) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_network *network = NULL;
  dni_layer *layer = NULL;
  dni_loss *loss = NULL;
  EXPECT_OK(dni_network_create(context, &network));
  EXPECT_OK(dni_layer_create_activation(context, INPUTS, DNI_ACTIVATION_SIGMOID, &layer));
  add(network, layer);
  add(network, dense(context, INPUTS, OUTPUTS, DNI_ACTIVATION_IDENTITY));
  EXPECT_OK(dni_loss_create_squared_error(context, &loss));
  problem p = {.network = network, .loss = loss};
  p.x = matrix_random(dtype, 1, INPUTS);
  p.y = matrix_random(dtype, 1, OUTPUTS);
  dni_sg *sg = make_sg(context, INPUTS);
  EXPECT_OK(dni_network_set_sg(network, 0, sg));
  dni_interface_report report = measure(context, &p, 2);
  EXPECT(report.gradient_norm == 0 && report.jacobian_norm == 0 && report.gradient_cosine == 0,
         "not 0");
  EXPECT(report.ratio == DBL_MAX && report.error_norm > 0, "ratio %g", report.ratio);
  dni_sg_release(sg);
  release_problem(&p);
  dni_context_release(context);
}
END_TEST

typedef struct interface_call {
  dni_context *context;
  problem *p;
} interface_call;

static dni_status call_interface(void *argument) {
  interface_call *call = argument;
  problem *p = call->p;
  dni_interface_report out = {.struct_size = sizeof out, .error_norm = -9};
  dni_status status = measure_into(call->context, p, 1, &out);
  EXPECT(status == DNI_OK || out.error_norm == -9, "written by a failed call");
  return status;
}

START_TEST(interface_refusals) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype), *other = support_context(support_dtypes[1 - _i]);
  problem p = make_problem(context, 1);
  dni_network *n = p.network;
  dni_matrix narrow = matrix_random(dtype, ROWS, 2), none = matrix_make(dtype, 0, INPUTS);
  dni_matrix none_y = matrix_make(dtype, 0, OUTPUTS),
             more = matrix_one_hot(dtype, ROWS + 1, OUTPUTS);
  dni_matrix weights = matrix_filled(dtype, ROWS, 1, 1);
  dni_interface_report out = {.struct_size = sizeof out, .error_norm = -9};
  const dni_batch good = support_batch(&p.x, &p.y);
  EXPECT_ARGUMENT(dni_analysis_interface(NULL, n, p.loss, 1, &good, 0, SEED, &out));
  EXPECT_ARGUMENT(dni_analysis_interface(context, NULL, p.loss, 1, &good, 0, SEED, &out));
  EXPECT_ARGUMENT(dni_analysis_interface(context, n, NULL, 1, &good, 0, SEED, &out));
  EXPECT_ARGUMENT(dni_analysis_interface(context, n, p.loss, 1, NULL, 0, SEED, &out));
  EXPECT_ARGUMENT(dni_analysis_interface(context, n, p.loss, 1, &good, 0, SEED, NULL));
  EXPECT_ARGUMENT(dni_analysis_interface(other, n, p.loss, 1, &good, 0, SEED, &out));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "no interface after layer 4",
                 dni_analysis_interface(context, n, p.loss, 4, &good, 0, SEED, &out));
  EXPECT_ARGUMENT(dni_analysis_interface(context, n, p.loss, SIZE_MAX, &good, 0, SEED, &out));
  const dni_matrix *wrong[][2] = {{NULL, &p.y},    {&p.x, NULL},  {&narrow, &p.y},
                                  {&p.x, &narrow}, {&p.x, &more}, {&none, &none_y}};
  for (size_t i = 0; i < 6; i++) {
    dni_batch bad = support_batch(wrong[i][0], wrong[i][1]);
    EXPECT_ARGUMENT(dni_analysis_interface(context, n, p.loss, 1, &bad, 0, SEED, &out));
  }
  dni_batch bad = good;
  bad.weights = &weights;
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "weights",
                 dni_analysis_interface(context, n, p.loss, 1, &bad, 0, SEED, &out));
  bad = good, bad.struct_size = 8;
  EXPECT_ARGUMENT(dni_analysis_interface(context, n, p.loss, 1, &bad, 0, SEED, &out));
  int32_t labels[ROWS] = {0, 1, 2, 0, 1, OUTPUTS, 2};
  dni_matrix y;
  dni_matrix_init_labels(&y, labels, ROWS);
  bad = good, bad.y = &y;
  EXPECT_MESSAGE(DNI_ERROR_DATA, "5",
                 dni_analysis_interface(context, n, p.loss, 1, &bad, 0, SEED, &out));
  dni_network *empty = NULL;
  EXPECT_OK(dni_network_create(context, &empty));
  EXPECT_ARGUMENT(dni_analysis_interface(context, empty, p.loss, 0, &good, 0, SEED, &out));
  dni_network_release(empty);
  interface_call call = {context, &p};
  EXPECT_OK(call_interface(&call)); /* the layers' states stay theirs */
  out.error_norm = -9;
  EXPECT(run_out_of_memory(call_interface, &call) > 0, "no memory is needed");
  EXPECT(out.error_norm == -9, "written by a refused call");
  out.struct_size = 24;
  EXPECT_ARGUMENT(dni_analysis_interface(context, n, p.loss, 1, &good, 0, SEED, &out));
  release_problem(&p);
  dni_context_release(context);
  dni_context_release(other);
}
END_TEST

/* Labels are one-hot rows, bit for bit. */
START_TEST(labels_are_one_hot_rows) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  problem p = make_problem(context, 2);
  dni_sg *sg = make_sg(context, UNITS);
  EXPECT_OK(dni_network_set_sg(p.network, 2, sg));
  dni_interface_report one_hot = measure(context, &p, 0);
  int32_t labels[ROWS] = {0};
  for (size_t r = 0; r < ROWS; r++)
    for (int32_t c = 0; c < OUTPUTS; c++)
      if (matrix_get(&p.y, r, (size_t)c) == 1) labels[r] = c;
  dni_matrix_init_labels(&p.y, labels, ROWS);
  dni_interface_report report = measure(context, &p, 0);
  EXPECT(!memcmp(&report, &one_hot, sizeof report), "labels give other numbers");
  dni_sg_release(sg);
  release_problem(&p);
  dni_context_release(context);
}
END_TEST

/* Outputs of inner layers. ------------------------------------------------------------------- */

START_TEST(inner_outputs_are_those_of_the_layers) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  problem p = make_problem(context, 0);
  (void)forward(&p, &p.x, 0, LAYERS);
  dni_matrix x = matrix_random(dtype, 23, INPUTS), input = x;
  dni_predictor *predictor = NULL;
  EXPECT_OK(dni_predictor_create(p.network, 10, &predictor)); /* in parts of 10, 10 and 3 */
  EXPECT_OK(dni_network_reserve(p.network, 10));
  for (size_t after = 0; after < LAYERS; after++) {
    dni_layer *layer = dni_network_layer(p.network, after);
    dni_matrix expected = matrix_make(dtype, 23, dni_layer_outputs(layer));
    dni_matrix h = matrix_make(dtype, 23, dni_layer_outputs(layer));
    EXPECT_OK(support_forward(layer, DNI_MODE_INFERENCE, &input, &expected));
    EXPECT_OK(dni_predictor_run(predictor, after, &x, &h));
    matrix_expect_close(&h, &expected, support_tolerance(dtype, 1e-6, 1e-14), "activations");
    input = expected;
    if (after + 1 < LAYERS) continue;
    EXPECT_OK(dni_network_predict(p.network, &x, &expected));
    matrix_expect_same(&h, &expected, "the last layer's");
    EXPECT_OK(dni_predictor_run(predictor, DNI_ALL, &x, &expected));
    matrix_expect_same(&h, &expected, "the last layer's");
  }
  dni_matrix none = matrix_make(dtype, 0, INPUTS), none_h = matrix_make(dtype, 0, UNITS);
  EXPECT_OK(dni_predictor_run(predictor, 1, &none, &none_h));
  dni_predictor_release(predictor);
  release_problem(&p);
  dni_context_release(context);
}
END_TEST

typedef struct predictor_call {
  dni_network *network;
  dni_matrix x, h;
} predictor_call;

static dni_status call_predictor(void *argument) {
  predictor_call *call = argument;
  dni_predictor *predictor = NULL;
  dni_status status = dni_predictor_create(call->network, 10, &predictor);
  if (status != DNI_OK) return status;
  size_t blocks = support_watched.blocks, calls = support_watched.calls;
  status = dni_predictor_run(predictor, 2, &call->x, &call->h);
  EXPECT(support_watched.blocks == blocks && support_watched.calls == calls, "a run allocates");
  dni_predictor_release(predictor);
  return status;
}

START_TEST(predictor_refusals) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_network *network = make_network(context), *empty = NULL;
  dni_matrix x = matrix_random(dtype, 4, INPUTS), h = matrix_make(dtype, 4, UNITS);
  dni_matrix logits = matrix_make(dtype, 4, OUTPUTS), fewer = matrix_make(dtype, 3, UNITS);
  dni_predictor *predictor = NULL, *none = NULL;
  EXPECT_OK(dni_predictor_create(network, 3, &predictor));
  EXPECT_ARGUMENT(dni_predictor_run(NULL, 0, &x, &h));
  EXPECT_ARGUMENT(dni_predictor_run(predictor, 0, NULL, &h));
  EXPECT_ARGUMENT(dni_predictor_run(predictor, 0, &x, NULL));
  EXPECT_ARGUMENT(dni_predictor_run(predictor, 0, &h, &h));
  EXPECT_ARGUMENT(dni_predictor_run(predictor, 0, &x, &logits));
  EXPECT_ARGUMENT(dni_predictor_run(predictor, 4, &x, &h));
  EXPECT_ARGUMENT(dni_predictor_run(predictor, 0, &x, &fewer));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "no layer 5", dni_predictor_run(predictor, 5, &x, &h));
  matrix_expect_untouched(&h, "h");
  EXPECT_ARGUMENT(dni_predictor_create(NULL, 3, &none));
  EXPECT_ARGUMENT(dni_predictor_create(network, 3, NULL));
  EXPECT_OK(dni_network_create(context, &empty));
  EXPECT_STATUS(DNI_ERROR_STATE, dni_predictor_create(empty, 3, &none));
  EXPECT(none == NULL, "written by a failed call");
  dni_predictor_release(predictor);
  predictor_call call = {network, x, h};
  EXPECT(run_out_of_memory(call_predictor, &call) > 0, "no memory is needed");
  dni_network_release(network);
  dni_network_release(empty);
  dni_context_release(context);
}
END_TEST

static Suite *interface_suite(void) {
  Suite *suite = suite_create("interface");
  TCase *terms = tcase_create("terms of Proposition 2");
  tcase_add_checked_fixture(terms, support_setup, support_teardown);
  tcase_set_timeout(terms, 60);
  tcase_add_test(terms, terms_equal_central_differences);
  tcase_add_loop_test(terms, jacobian_of_an_affine_map, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(terms, nothing_remains, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(terms, what_waits_for_the_delta_is_exact, 0, SUPPORT_DTYPES);
  tcase_add_test(terms, dfa_is_given_the_output_error);
  tcase_add_test(terms, float_agrees_with_double);
  tcase_add_loop_test(terms, nothing_trained_below, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(terms, labels_are_one_hot_rows, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(terms, interface_refusals, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, terms);
  TCase *outputs = tcase_create("outputs of inner layers");
  tcase_add_checked_fixture(outputs, support_setup, support_teardown);
  tcase_add_loop_test(outputs, inner_outputs_are_those_of_the_layers, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(outputs, predictor_refusals, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, outputs);
  return suite;
}

int main(void) {
  return support_run(interface_suite());
}
