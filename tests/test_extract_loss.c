/* Losses extracted from SGs: closed forms of the affine ones, fine trapezoids for those with
 * hidden layers, a critic's own phi; and how far an SG is from being a gradient. */
#include <float.h>

#include "analysis.h"

static dni_sg *make_synthetic(dni_context *context, size_t units, size_t targets,
                              dni_condition condition, size_t hidden_layers) {
  dni_sg_options options = {.struct_size = sizeof options,
                            .condition = condition,
                            .hidden_layers = hidden_layers,
                            .hidden_units = 11};
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_synthetic(context, units, targets, &options, &sg));
  return sg;
}

/* Numbers for every parameter, the zero last map too. */
static void randomise(dni_sg *sg) {
  for (size_t i = 0; i < dni_sg_parameter_count(sg); i++) {
    dni_matrix value;
    EXPECT_OK(dni_sg_parameter(sg, i, &value, NULL));
    matrix_fill_random(&value, 1 / sqrt((double)value.columns));
  }
  EXPECT_OK(dni_sg_changed(sg));
}

static dni_matrix value_of(dni_sg *sg, size_t index) {
  dni_matrix value;
  EXPECT_OK(dni_sg_parameter(sg, index, &value, NULL));
  return value;
}

static dni_matrix extract(dni_context *context, dni_sg *sg, const dni_matrix *h,
                          const dni_matrix *y, const dni_matrix *origin, size_t nodes) {
  dni_matrix loss = matrix_make(dni_context_dtype(context), h->rows, 1);
  EXPECT_OK(dni_analysis_extract_loss(context, sg, h, y, origin, nodes, &loss));
  matrix_expect_written(&loss, "loss");
  return loss;
}

/* Closed forms. ------------------------------------------------------------------------------ */

/* (A o + C y + b) . d + 1/2 d^T A d with d = h - o, for SG = A h + C y + b. */
static double linear_reference(dni_sg *sg, dni_condition condition, const dni_matrix *h,
                               const dni_matrix *y, const dni_matrix *origin, size_t row) {
  dni_matrix weight = value_of(sg, 0), bias = value_of(sg, 1);
  size_t units = h->columns, from_h = condition == DNI_CONDITION_Y ? 0 : units;
  long double loss = 0;
  for (size_t i = 0; i < units; i++) {
    long double answer = matrix_get(&bias, 0, i), at;
    for (size_t j = 0; j < from_h; j++) {
      at = origin ? matrix_get(origin, 0, j) : 0;
      at += (matrix_get(h, row, j) - at) / 2;
      answer += matrix_get(&weight, i, j) * at;
    }
    for (size_t j = from_h; j < weight.columns; j++)
      answer += matrix_get(&weight, i, j) * matrix_get(y, row, j - from_h);
    loss += answer * (matrix_get(h, row, i) - (origin ? matrix_get(origin, 0, i) : 0));
  }
  return (double)loss;
}

START_TEST(linear_sgs_imply_quadratic_losses) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  static const size_t rows[] = {1, 9, 300};
  for (dni_condition condition = DNI_CONDITION_HY; condition <= DNI_CONDITION_Y; condition++)
    for (size_t s = 0; s < 3; s++) {
      dni_sg *sg = make_synthetic(context, 7, 3, condition, 0);
      randomise(sg);
      dni_matrix h = matrix_random(dtype, rows[s], 7), y = matrix_one_hot(dtype, rows[s], 3);
      dni_matrix origin = matrix_random(dtype, 1, 7);
      const dni_matrix *origins[] = {NULL, &origin};
      for (size_t o = 0; o < 2; o++)
        for (size_t nodes = 0; nodes < 4; nodes++) {
          const dni_matrix *seen = condition == DNI_CONDITION_H ? NULL : &y;
          dni_matrix loss = extract(context, sg, &h, seen, origins[o], nodes);
          for (size_t r = 0; r < rows[s]; r++)
            expect_close(matrix_get(&loss, r, 0),
                         linear_reference(sg, condition, &h, &y, origins[o], r),
                         support_tolerance(dtype, 1e-5, 1e-13), "loss");
        }
      dni_sg_release(sg);
    }
  dni_context_release(context);
}
END_TEST

/* c sum h; and (alpha + 1)/2 |h|^2 - (beta + 1) y . h + gamma sum h. */
START_TEST(demonstrations_imply_their_losses) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_sg *scalar = NULL, *theorem = NULL;
  EXPECT_OK(dni_sg_create_scalar(context, 4, &scalar));
  EXPECT_OK(dni_sg_create_theorem(context, 4, &theorem));
  randomise(scalar);
  randomise(theorem);
  dni_matrix c = value_of(scalar, 0), omega = value_of(theorem, 0);
  dni_matrix h = matrix_random(dtype, 6, 4), y = matrix_random(dtype, 6, 4);
  dni_matrix first = extract(context, scalar, &h, NULL, NULL, 0);
  dni_matrix second = extract(context, theorem, &h, &y, NULL, 0);
  for (size_t r = 0; r < 6; r++) {
    double sum = 0, square = 0, product = 0;
    for (size_t i = 0; i < 4; i++) {
      double value = matrix_get(&h, r, i);
      sum += value, square += value * value, product += value * matrix_get(&y, r, i);
    }
    double tolerance = support_tolerance(dtype, 1e-5, 1e-13);
    expect_close(matrix_get(&first, r, 0), matrix_get(&c, 0, 0) * sum, tolerance, "scalar");
    double expected = (matrix_get(&omega, 0, 0) + 1) / 2 * square -
                      (matrix_get(&omega, 0, 1) + 1) * product + matrix_get(&omega, 0, 2) * sum;
    expect_close(matrix_get(&second, r, 0), expected, tolerance, "theorem");
  }
  dni_sg_release(scalar);
  dni_sg_release(theorem);
  dni_context_release(context);
}
END_TEST

/* Quadrature. -------------------------------------------------------------------------------- */

/* SG = h^power, element by element. */
static dni_status power_estimate(void *user, const dni_sg_call *call) {
  for (size_t r = 0; r < call->h->rows; r++)
    for (size_t c = 0; c < call->h->columns; c++)
      matrix_set(call->delta, r, c, pow(matrix_get(call->h, r, c), *(double *)user));
  return DNI_OK;
}

static dni_sg *make_power(dni_context *context, double *power) {
  dni_sg_callbacks callbacks = {
      .struct_size = sizeof callbacks, .user = power, .estimate = power_estimate};
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_callback(context, 2, 1, 2, &callbacks, &sg));
  return sg;
}

/* n nodes of Gauss-Legendre are exact to degree 2 n - 1 and no further. */
START_TEST(nodes_are_those_of_gauss) {
  dni_context *context = support_context(DNI_F64);
  double power = 0;
  dni_sg *sg = make_power(context, &power);
  dni_matrix h = matrix_filled(DNI_F64, 1, 2, 1), y = matrix_filled(DNI_F64, 1, 1, 0);
  matrix_set(&h, 0, 1, 0); /* adds nothing */
  for (size_t nodes = 1; nodes <= 64; nodes++)
    for (power = 0; power <= 2 * (double)nodes; power++) {
      dni_matrix loss = extract(context, sg, &h, &y, NULL, nodes);
      double error = fabs(matrix_get(&loss, 0, 0) - 1 / (power + 1));
      if (power < 2 * (double)nodes)
        EXPECT(error < 2e-14, "%zu nodes, degree %g: error %g", nodes, power, error);
      else if (nodes <= 10)
        EXPECT(error > 1e-13, "%zu nodes, degree %g: exact", nodes, power);
    }
  power = 20; /* 16 nodes by default, exact to degree 31 */
  dni_matrix loss = extract(context, sg, &h, &y, NULL, 0);
  expect_close(matrix_get(&loss, 0, 0), 1.0 / 21, 1e-14, "default");
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* The same integral with 20000 trapezoids. */
static double trapezoid(dni_sg *sg, const dni_matrix *h, const dni_matrix *y, size_t row) {
  enum { STEPS = 20000, CHUNK = 500 };
  size_t units = h->columns;
  double sum = 0;
  dni_matrix points = matrix_make(h->dtype, CHUNK, units),
             delta = matrix_make(h->dtype, CHUNK, units);
  dni_matrix label = matrix_make(h->dtype, CHUNK, y->columns);
  for (size_t first = 0; first <= STEPS; first += CHUNK) {
    for (size_t r = 0; r < CHUNK; r++) {
      for (size_t c = 0; c < units; c++)
        matrix_set(&points, r, c, (double)(first + r) / STEPS * matrix_get(h, row, c));
      for (size_t c = 0; c < y->columns; c++)
        matrix_set(&label, r, c, matrix_get(y, row, c));
    }
    EXPECT_OK(support_estimate(sg, &points, &label, NULL, &delta));
    for (size_t r = 0; r < CHUNK && first + r <= STEPS; r++)
      for (size_t c = 0; c < units; c++)
        sum += matrix_get(&delta, r, c) * matrix_get(h, row, c) *
               (first + r == 0 || first + r == STEPS ? 0.5 : 1) / STEPS;
  }
  return sum;
}

START_TEST(hidden_layers_against_trapezoids) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  for (size_t hidden = 1; hidden <= 2; hidden++) {
    dni_sg *sg = make_synthetic(context, 5, 3, DNI_CONDITION_HY, hidden);
    randomise(sg);
    dni_matrix h = matrix_random(dtype, 4, 5), y = matrix_one_hot(dtype, 4, 3);
    dni_matrix loss = extract(context, sg, &h, &y, NULL, 64);
    for (size_t r = 0; r < 4; r++)
      expect_close(matrix_get(&loss, r, 0), trapezoid(sg, &h, &y, r), 3e-4, "loss");
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* An estimate that does not see h is constant along the line, hidden layers or not. */
START_TEST(labels_alone) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_sg *sg = make_synthetic(context, 5, 3, DNI_CONDITION_Y, 2);
  randomise(sg);
  dni_matrix h = matrix_random(dtype, 8, 5), y = matrix_one_hot(dtype, 8, 3);
  dni_matrix delta = matrix_make(dtype, 8, 5), loss = extract(context, sg, &h, &y, NULL, 0);
  EXPECT_OK(support_estimate(sg, NULL, &y, NULL, &delta));
  for (size_t r = 0; r < 8; r++) {
    double product = 0;
    for (size_t c = 0; c < 5; c++)
      product += matrix_get(&delta, r, c) * matrix_get(&h, r, c);
    expect_close(matrix_get(&loss, r, 0), product, support_tolerance(dtype, 1e-5, 1e-13), "loss");
  }
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

static dni_sg *make_squares(dni_context *context, size_t units, dni_condition condition,
                            dni_loss *loss) {
  dni_least_squares_options options = {
      .struct_size = sizeof options, .condition = condition, .loss = loss};
  dni_sg *sg;
  EXPECT_OK(dni_sg_create_least_squares(context, units, 3, &options, &sg));
  return sg;
}

/* One node is enough for a linear one, and is what it gets; not where a residual is seen. */
START_TEST(least_squares_are_linear) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_matrix h = matrix_random(dtype, 6, 5), y = matrix_one_hot(dtype, 6, 3);
  for (dni_condition condition = DNI_CONDITION_HY; condition <= DNI_CONDITION_Y; condition++) {
    dni_sg *sg = make_squares(context, 5, condition, NULL);
    randomise(sg);
    dni_matrix by_default = extract(context, sg, &h, &y, NULL, 0);
    dni_matrix one = extract(context, sg, &h, &y, NULL, 1);
    dni_matrix many = extract(context, sg, &h, &y, NULL, 20);
    matrix_expect_same(&by_default, &one, "one node");
    matrix_expect_close(&one, &many, support_tolerance(dtype, 1e-5, 1e-13), "20 nodes");
    dni_sg_release(sg);
  }
  dni_loss *loss;
  EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  dni_sg *sg = make_squares(context, 5, DNI_CONDITION_Y, loss);
  randomise(sg);
  dni_matrix by_default = extract(context, sg, &h, &y, NULL, 0);
  for (size_t row = 0; row < 6; row++)
    expect_close(matrix_get(&by_default, row, 0), trapezoid(sg, &h, &y, row), 3e-4, "loss");
  dni_sg_release(sg);
  dni_loss_release(loss);
  dni_context_release(context);
}
END_TEST

/* A critic's answers are the gradient of phi, so the integral is phi(h, y) - phi(o, y). */
START_TEST(critics_give_phi_back) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  for (size_t hidden = 0; hidden <= 2; hidden++) {
    dni_sg_options options = {.struct_size = sizeof options, .hidden_layers = hidden};
    dni_sg *sg = NULL;
    EXPECT_OK(dni_sg_create_critic(context, 4, 3, &options, &sg));
    randomise(sg);
    dni_matrix h = matrix_random(dtype, 6, 4), y = matrix_one_hot(dtype, 6, 3);
    dni_matrix origin = matrix_random(dtype, 1, 4), start = matrix_make(dtype, 6, 4);
    for (size_t r = 0; r < 6; r++)
      for (size_t c = 0; c < 4; c++)
        matrix_set(&start, r, c, matrix_get(&origin, 0, c));
    dni_matrix end_phi = matrix_make(dtype, 6, 1), start_phi = matrix_make(dtype, 6, 1);
    dni_query end = {.struct_size = sizeof end, .h = &h, .y = &y, .losses = &end_phi};
    dni_query begin = {.struct_size = sizeof begin, .h = &start, .y = &y, .losses = &start_phi};
    EXPECT_OK(dni_sg_estimate(sg, &end, NULL));
    EXPECT_OK(dni_sg_estimate(sg, &begin, NULL));
    dni_matrix loss = extract(context, sg, &h, &y, &origin, hidden == 0 ? 0 : 48);
    for (size_t r = 0; r < 6; r++)
      expect_close(matrix_get(&loss, r, 0),
                   matrix_get(&end_phi, r, 0) - matrix_get(&start_phi, r, 0),
                   support_tolerance(dtype, 1e-5, 1e-10), "phi");
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* A local loss: loss(g(h)) - loss(g(o)). It must be near the integral of the SG's answers by
 * trapezoids. With a linear g and the squared error the answers are affine in h, and the answer in
 * the middle of the line is exact. */
START_TEST(local_losses_give_themselves_back) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  for (size_t hidden = 0; hidden <= 2; hidden++) {
    dni_sg_options options = {.struct_size = sizeof options, .hidden_layers = hidden};
    dni_loss *squared = NULL;
    dni_sg *sg = NULL;
    EXPECT_OK(dni_loss_create_squared_error(context, &squared));
    EXPECT_OK(dni_sg_create_local(context, 5, 3, squared, &options, &sg));
    randomise(sg);
    dni_matrix h = matrix_random(dtype, 4, 5), y = matrix_random(dtype, 4, 3);
    dni_matrix origin = matrix_random(dtype, 1, 5);
    dni_matrix loss = extract(context, sg, &h, &y, NULL, 1), again;
    for (size_t r = 0; r < 4; r++)
      expect_close(matrix_get(&loss, r, 0), trapezoid(sg, &h, &y, r),
                   support_tolerance(dtype, 3e-4, 3e-4), "local loss");
    again = extract(context, sg, &h, &y, NULL, 64); /* nodes are not used */
    matrix_expect_same(&again, &loss, "loss with other nodes");
    dni_matrix from_origin = extract(context, sg, &h, &y, &origin, 0);
    for (size_t r = 0; r < 4; r++) { /* the same up to loss(g(o)) - loss(g(0)) */
      dni_matrix one_y = y;
      one_y.rows = 1;
      one_y.data = (char *)y.data + r * y.stride * (dtype == DNI_F32 ? 4 : 8);
      dni_matrix moved = extract(context, sg, &origin, &one_y, NULL, 0);
      expect_close(matrix_get(&from_origin, r, 0),
                   matrix_get(&loss, r, 0) - matrix_get(&moved, 0, 0),
                   support_tolerance(dtype, 1e-4, 1e-12), "loss from an origin");
    }
    if (hidden == 0) {
      dni_matrix middle = matrix_make(dtype, 4, 5), delta = matrix_make(dtype, 4, 5);
      for (size_t r = 0; r < 4; r++)
        for (size_t c = 0; c < 5; c++)
          matrix_set(&middle, r, c, matrix_get(&h, r, c) / 2);
      EXPECT_OK(support_estimate(sg, &middle, &y, NULL, &delta));
      for (size_t r = 0; r < 4; r++) {
        double product = 0;
        for (size_t c = 0; c < 5; c++)
          product += matrix_get(&delta, r, c) * matrix_get(&h, r, c);
        expect_close(matrix_get(&loss, r, 0), product, support_tolerance(dtype, 1e-4, 1e-12),
                     "quadratic loss");
      }
    }
    dni_sg_release(sg);
    dni_loss_release(squared);
  }
  dni_context_release(context);
}
END_TEST

/* Labels in place of one-hot rows; a label out of range is named. */
START_TEST(labels_as_targets) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_matrix h = matrix_random(dtype, 9, 5), y = matrix_filled(dtype, 9, 3, 0);
  int32_t labels[9];
  dni_matrix view;
  dni_matrix_init_labels(&view, labels, 9);
  for (size_t r = 0; r < 9; r++) {
    labels[r] = (int32_t)(support_random() % 3);
    matrix_set(&y, r, (size_t)labels[r], 1);
  }
  dni_loss *loss = NULL;
  dni_sg *sgs[3] = {make_synthetic(context, 5, 3, DNI_CONDITION_HY, 1), NULL, NULL};
  EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  EXPECT_OK(dni_sg_create_critic(context, 5, 3, NULL, &sgs[1]));
  EXPECT_OK(dni_sg_create_local(context, 5, 3, loss, NULL, &sgs[2]));
  for (size_t i = 0; i < 3; i++) {
    randomise(sgs[i]);
    labels[4] = (int32_t)(labels[4] + 2) % 3;
    dni_matrix other = extract(context, sgs[i], &h, &view, NULL, 0);
    labels[4] = (int32_t)(labels[4] + 1) % 3;
    dni_matrix by_labels = extract(context, sgs[i], &h, &view, NULL, 0);
    dni_matrix by_rows = extract(context, sgs[i], &h, &y, NULL, 0);
    matrix_expect_close(&by_labels, &by_rows, support_tolerance(dtype, 1e-5, 1e-13), "loss");
    EXPECT(matrix_get(&other, 4, 0) != matrix_get(&by_labels, 4, 0), "the label is not looked at");
    dni_matrix untouched = matrix_make(dtype, 9, 1);
    int32_t kept = labels[6];
    labels[6] = 3;
    EXPECT_MESSAGE(DNI_ERROR_DATA, "row 6",
                   dni_analysis_extract_loss(context, sgs[i], &h, &view, NULL, 0, &untouched));
    matrix_expect_untouched(&untouched, "loss");
    labels[6] = kept;
    dni_sg_release(sgs[i]);
  }
  dni_loss_release(loss);
  dni_context_release(context);
}
END_TEST

/* Refusals. ---------------------------------------------------------------------------------- */

typedef struct extract_call {
  dni_context *context;
  dni_sg *sg;
  dni_matrix h, y, loss;
} extract_call;

static dni_status call_extract(void *argument) {
  extract_call *call = argument;
  dni_status status =
      dni_analysis_extract_loss(call->context, call->sg, &call->h, &call->y, NULL, 0, &call->loss);
  if (status != DNI_OK) matrix_expect_untouched(&call->loss, "loss of a failed call");
  return status;
}

START_TEST(extraction_refusals) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_sg *sg = make_synthetic(context, 5, 3, DNI_CONDITION_HY, 0);
  dni_matrix h = matrix_random(dtype, 4, 5), y = matrix_one_hot(dtype, 4, 3);
  dni_matrix loss = matrix_make(dtype, 4, 1), wrong = matrix_make(dtype, 4, 2);
  dni_matrix origin = matrix_random(dtype, 2, 5), other = matrix_make(support_dtypes[1 - _i], 4, 5);
  dni_matrix none = matrix_make(dtype, 0, 5), none_y = matrix_make(dtype, 0, 3);
  EXPECT_ARGUMENT(dni_analysis_extract_loss(NULL, sg, &h, &y, NULL, 0, &loss));
  EXPECT_ARGUMENT(dni_analysis_extract_loss(context, NULL, &h, &y, NULL, 0, &loss));
  EXPECT_ARGUMENT(dni_analysis_extract_loss(context, sg, NULL, &y, NULL, 0, &loss));
  EXPECT_ARGUMENT(dni_analysis_extract_loss(context, sg, &h, NULL, NULL, 0, &loss));
  EXPECT_ARGUMENT(dni_analysis_extract_loss(context, sg, &h, &y, NULL, 0, NULL));
  EXPECT_ARGUMENT(dni_analysis_extract_loss(context, sg, &h, &y, NULL, 0, &wrong));
  EXPECT_ARGUMENT(dni_analysis_extract_loss(context, sg, &wrong, &y, NULL, 0, &loss));
  EXPECT_ARGUMENT(dni_analysis_extract_loss(context, sg, &other, &y, NULL, 0, &loss));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "extracted loss: origin has 2 rows",
                 dni_analysis_extract_loss(context, sg, &h, &y, &origin, 0, &loss));
  EXPECT_MESSAGE(DNI_ERROR_ARGUMENT, "65 nodes",
                 dni_analysis_extract_loss(context, sg, &h, &y, NULL, 65, &loss));
  dni_context *mixed = support_context(support_dtypes[1 - _i]);
  EXPECT_ARGUMENT(dni_analysis_extract_loss(mixed, sg, &h, &y, NULL, 0, &loss));
  dni_context_release(mixed);
  dni_sg *waiting[3] = {NULL, NULL, NULL};
  EXPECT_OK(dni_sg_create_delayed(context, 5, 1, &waiting[0]));
  EXPECT_OK(dni_sg_create_dfa(context, 5, 3, NULL, &waiting[1]));
  EXPECT_OK(dni_sg_create_fa(context, 5, 3, NULL, &waiting[2]));
  for (size_t i = 0; i < 3; i++) {
    EXPECT_MESSAGE(DNI_ERROR_UNSUPPORTED, "needs an error signal",
                   dni_analysis_extract_loss(context, waiting[i], &h, &y, NULL, 0, &loss));
    dni_sg_release(waiting[i]);
  }
  matrix_expect_untouched(&loss, "loss");
  extract_call call = {context, sg, h, y, loss};
  EXPECT(run_out_of_memory(call_extract, &call) == 3, "more or fewer blocks than three");
  loss = matrix_make(dtype, 0, 1);
  EXPECT_OK(dni_analysis_extract_loss(context, sg, &none, &none_y, NULL, 0, &loss));
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* Integrability. ----------------------------------------------------------------------------- */

static double defect_of(dni_sg *sg) {
  double defect = -9;
  EXPECT_OK(dni_analysis_integrability(sg, &defect));
  return defect;
}

START_TEST(integrability_by_hand) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_sg *sg = make_synthetic(context, 2, 3, DNI_CONDITION_HY, 0);
  dni_matrix weight = value_of(sg, 0);
  EXPECT(defect_of(sg) == 0, "of zero");
  matrix_fill_random(&weight, 1); /* the columns for y count for nothing */
  EXPECT_OK(dni_sg_changed(sg));
  static const double cases[][5] = {
      {1, 7, 7, -2, 0},                       /* symmetric */
      {0, 5, -5, 0, 2},                       /* antisymmetric */
      {3, 4, 0, 0, 1.1313708499},             /* sqrt(32) / 5 */
      {1e-30, 2e-30, 0, 2e-30, 0.9428090416}, /* sqrt(8) / 3 */
  };
  for (size_t i = 0; i < 4; i++) {
    for (size_t k = 0; k < 4; k++)
      matrix_set(&weight, k / 2, k % 2, cases[i][k]);
    EXPECT_OK(dni_sg_changed(sg));
    expect_close(defect_of(sg), cases[i][4], i < 2 ? 0 : 1e-6, "defect");
  }
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* A is the first columns of W; what stands beside it, and the sums, count for nothing. */
START_TEST(integrability_of_least_squares) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_loss *loss;
  EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  for (dni_condition condition = DNI_CONDITION_HY; condition <= DNI_CONDITION_H; condition++) {
    dni_sg *sg = make_squares(context, 2, condition, NULL);
    EXPECT(defect_of(sg) == 0, "of zero");
    randomise(sg);
    dni_matrix weight = value_of(sg, 0);
    static const double a[] = {3, 4, 0, 0};
    for (size_t k = 0; k < 4; k++)
      matrix_set(&weight, k / 2, k % 2, a[k]);
    expect_close(defect_of(sg), 1.1313708499, 1e-6, "defect"); /* sqrt(32) / 5 */
    dni_sg_release(sg);
  }
  dni_sg *labels = make_squares(context, 2, DNI_CONDITION_Y, NULL);
  randomise(labels);
  EXPECT(defect_of(labels) == 0, "%g", defect_of(labels));
  dni_sg_release(labels);
  dni_sg *learned[2] = {make_squares(context, 4, DNI_CONDITION_HY, NULL),
                        make_squares(context, 4, DNI_CONDITION_HY, NULL)};
  dni_matrix h = matrix_random(dtype, 3, 4), y = matrix_one_hot(dtype, 3, 3);
  dni_matrix target = matrix_random(dtype, 3, 4);
  for (size_t i = 0; i < 2; i++)
    EXPECT_OK(support_learn(learned[i], &h, &y, &target, NULL, NULL, NULL));
  (void)value_of(learned[0], 0); /* the other's W has not been looked at since its lesson */
  EXPECT(defect_of(learned[0]) > 0 && defect_of(learned[0]) == defect_of(learned[1]), "%g and %g",
         defect_of(learned[0]), defect_of(learned[1]));
  dni_sg_release(learned[0]);
  dni_sg_release(learned[1]);
  dni_sg_options options = {.struct_size = sizeof options, .loss = loss};
  dni_sg *matched[3] = {make_squares(context, 2, DNI_CONDITION_HY, loss),
                        make_squares(context, 2, DNI_CONDITION_RESIDUAL, loss), NULL};
  EXPECT_OK(dni_sg_create_synthetic(context, 2, 3, &options, &matched[2]));
  for (size_t i = 0; i < 3; i++) {
    double defect = -9;
    EXPECT_MESSAGE(DNI_ERROR_UNSUPPORTED, "the residual of a guess",
                   dni_analysis_integrability(matched[i], &defect));
    EXPECT(defect == -9, "written by a refused call");
    dni_sg_release(matched[i]);
  }
  dni_loss_release(loss);
  dni_context_release(context);
}
END_TEST

START_TEST(integrability_of_kinds) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_sg *gradients[6] = {NULL};
  EXPECT_OK(dni_sg_create_scalar(context, 3, &gradients[0]));
  EXPECT_OK(dni_sg_create_theorem(context, 3, &gradients[1]));
  EXPECT_OK(dni_sg_create_critic(context, 3, 2, NULL, &gradients[2]));
  gradients[3] = make_synthetic(context, 3, 2, DNI_CONDITION_Y, 0);
  gradients[4] = make_synthetic(context, 3, 2, DNI_CONDITION_Y, 1);
  gradients[5] = make_synthetic(context, 3, 2, DNI_CONDITION_H, 0);
  for (size_t i = 0; i < 6; i++) {
    if (i < 5) randomise(gradients[i]);
    EXPECT(defect_of(gradients[i]) == 0, "%s: %g", dni_sg_kind_name(gradients[i]),
           defect_of(gradients[i]));
    dni_sg_release(gradients[i]);
  }
  double defect = -9, power = 2;
  dni_sg *others[5] = {NULL};
  EXPECT_OK(dni_sg_create_delayed(context, 3, 1, &others[0]));
  EXPECT_OK(dni_sg_create_dfa(context, 3, 2, NULL, &others[1]));
  EXPECT_OK(dni_sg_create_fa(context, 3, 2, NULL, &others[2]));
  others[3] = make_synthetic(context, 3, 2, DNI_CONDITION_HY, 1);
  others[4] = make_power(context, &power);
  for (size_t i = 0; i < 5; i++) {
    EXPECT_MESSAGE(DNI_ERROR_UNSUPPORTED,
                   "integrability: ", dni_analysis_integrability(others[i], &defect));
    EXPECT(defect == -9, "written by a refused call");
    dni_sg_release(others[i]);
  }
  EXPECT_ARGUMENT(dni_analysis_integrability(NULL, &defect));
  dni_context_release(context);
}
END_TEST

static Suite *extract_loss_suite(void) {
  Suite *suite = suite_create("extract_loss");
  TCase *losses = tcase_create("losses");
  tcase_add_checked_fixture(losses, support_setup, support_teardown);
  tcase_add_loop_test(losses, linear_sgs_imply_quadratic_losses, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(losses, demonstrations_imply_their_losses, 0, SUPPORT_DTYPES);
  tcase_add_test(losses, nodes_are_those_of_gauss);
  tcase_add_loop_test(losses, hidden_layers_against_trapezoids, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(losses, labels_alone, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(losses, least_squares_are_linear, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(losses, critics_give_phi_back, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(losses, local_losses_give_themselves_back, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(losses, labels_as_targets, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(losses, extraction_refusals, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, losses);
  TCase *integrability = tcase_create("integrability");
  tcase_add_checked_fixture(integrability, support_setup, support_teardown);
  tcase_add_loop_test(integrability, integrability_by_hand, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(integrability, integrability_of_least_squares, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(integrability, integrability_of_kinds, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, integrability);
  return suite;
}

int main(void) {
  return support_run(extract_loss_suite());
}
