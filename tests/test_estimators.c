/* Scalar, theorem and critic estimators and line search on plain buffers: answers and gradients
 * against the definition in double and against central differences, the best rate against the
 * theorem's formula and against trying many, workspace, refusals. */
#include "dni/research.h"

#include "estimators.h"

/* Estimators with a few numbers. -------------------------------------------------------------- */

enum { SCALAR, THEOREM, FEW }; /* kinds with a few numbers */

static const char *const few_names[FEW] = {"scalar", "theorem"};

static dni_sg *make_few(dni_context *context, int kind, size_t units) {
  dni_sg *sg = NULL;
  if (kind == SCALAR)
    EXPECT_OK(dni_sg_create_scalar(context, units, &sg));
  else
    EXPECT_OK(dni_sg_create_theorem(context, units, &sg));
  return sg;
}

/* M by its definition, in double. */
static dni_matrix few_reference(dni_sg *sg, int kind, const dni_matrix *h, const dni_matrix *y) {
  dni_matrix m = matrix_make(DNI_F64, h->rows, h->columns), p = value_of(sg, 0);
  for (size_t r = 0; r < h->rows; r++)
    for (size_t c = 0; c < h->columns; c++)
      matrix_set(&m, r, c,
                 kind == SCALAR
                     ? matrix_get(&p, 0, 0)
                     : (matrix_get(&p, 0, 0) + 1) * matrix_get(h, r, c) -
                           (matrix_get(&p, 0, 1) + 1) * matrix_get(y, r, c) + matrix_get(&p, 0, 2));
  return m;
}

/* 2 / rows sum (M - target) dM/dp, in double; up to three numbers. */
static void few_gradient(int kind, const dni_matrix *m, const dni_matrix *h, const dni_matrix *y,
                         const dni_matrix *target, double *gradient) {
  gradient[0] = gradient[1] = gradient[2] = 0;
  for (size_t r = 0; r < m->rows; r++)
    for (size_t c = 0; c < m->columns; c++) {
      double d = 2 / (double)m->rows * (matrix_get(m, r, c) - matrix_get(target, r, c));
      gradient[0] += kind == SCALAR ? d : d * matrix_get(h, r, c);
      gradient[1] -= d * matrix_get(y, r, c);
      gradient[2] += d;
    }
}

START_TEST(first_answers_are_zero) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  for (int kind = 0; kind < FEW; kind++) {
    dni_sg *sg = make_few(context, kind, 5);
    dni_matrix h = matrix_random(dtype, 7, 5), y = matrix_random(dtype, 7, 5);
    dni_matrix delta = matrix_make(dtype, 7, 5), zero = matrix_filled(DNI_F64, 7, 5, 0);
    EXPECT_OK(support_estimate(sg, &h, &y, NULL, &delta));
    matrix_expect_close(&delta, &zero, 0, few_names[kind]);
    dni_matrix value = value_of(sg, 0);
    if (kind == SCALAR)
      EXPECT(value.rows == 1 && value.columns == 1 && matrix_get(&value, 0, 0) == 0, "scalar");
    else
      EXPECT(value.rows == 1 && value.columns == 3 && matrix_get(&value, 0, 0) == -1 &&
                 matrix_get(&value, 0, 1) == -1 && matrix_get(&value, 0, 2) == 0,
             "omega");
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Answer, gradient, error and cosine; with the answer given and without; inputs are not written. */
START_TEST(few_numbers_follow_the_definition) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  static const size_t sizes[][2] = {{1, 1}, {5, 3}, {34, 33}};
  for (int which = 0; which < 3 * FEW; which++) {
    int kind = which % FEW;
    size_t rows = sizes[which / FEW][0], units = sizes[which / FEW][1];
    dni_sg *sg = make_few(context, kind, units);
    randomise(sg);
    dni_matrix h = matrix_random(dtype, rows, units), y = matrix_random(dtype, rows, units);
    dni_matrix target = matrix_random(dtype, rows, units), kept_h = matrix_convert(&h, dtype);
    dni_matrix kept_target = matrix_convert(&target, dtype),
               delta = matrix_make(dtype, rows, units);
    dni_matrix m = few_reference(sg, kind, &h, &y), gradient = gradient_of(sg, 0);
    double expected[3], tolerance = tolerance_on(context);
    few_gradient(kind, &m, &h, &y, &target, expected);
    EXPECT_OK(support_estimate(sg, &h, &y, NULL, &delta));
    matrix_expect_close(&delta, &m, tolerance, few_names[kind]);
    for (int given = 0; given < 2; given++) {
      double error = -9, cosine = -9;
      matrix_fill(&gradient, (double)NAN);
      EXPECT_OK(support_learn(sg, &h, &y, &target, given ? &delta : NULL, &error, &cosine));
      expect_close(error, error_of(&m, &target), tolerance, "error");
      expect_close(cosine, cosine_of(&m, &target), tolerance, "cosine");
      for (size_t i = 0; i < gradient.columns; i++)
        expect_close(matrix_get(&gradient, 0, i), expected[i], tolerance, "gradient");
    }
    matrix_expect_same(&h, &kept_h, "h");
    matrix_expect_same(&target, &kept_target, "target");
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* (alpha, beta, gamma) = 0 is the gradient of 1/2 || h - y ||^2. */
START_TEST(theorem_at_zero_is_the_gradient_of_the_squared_error) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_sg *sg = make_few(context, THEOREM, 4);
  dni_matrix omega = value_of(sg, 0), h = matrix_random(dtype, 6, 4),
             y = matrix_random(dtype, 6, 4);
  dni_matrix delta = matrix_make(dtype, 6, 4), expected = matrix_make(dtype, 6, 4);
  dni_loss *loss = NULL;
  matrix_fill(&omega, 0);
  EXPECT_OK(dni_loss_create_squared_error(context, &loss));
  EXPECT_OK(support_evaluate(loss, &h, &y, &expected, NULL, NULL));
  EXPECT_OK(support_estimate(sg, &h, &y, NULL, &delta));
  matrix_expect_close(&delta, &expected, support_tolerance(dtype, 1e-6, 1e-15), "delta");
  dni_loss_release(loss);
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* A million equal terms in float: sums in double keep what float would lose. */
START_TEST(sums_are_double) {
  dni_context *context = support_context(DNI_F32);
  enum { ROWS = 1000, UNITS = 1000 };
  dni_matrix h = matrix_filled(DNI_F32, ROWS, UNITS, 1),
             target = matrix_filled(DNI_F32, ROWS, UNITS, -0.1);
  for (int kind = 0; kind < FEW; kind++) {
    dni_sg *sg = make_few(context, kind, UNITS);
    EXPECT_OK(support_learn(sg, &h, &h, &target, NULL, NULL, NULL));
    dni_matrix gradient = gradient_of(sg, 0);
    expect_close(matrix_get(&gradient, 0, 0), 2 * UNITS * (double)0.1f, 1e-7, few_names[kind]);
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Critics. ------------------------------------------------------------------------------------ */

typedef struct variant {
  const char *name;
  dni_condition condition;
  size_t hidden_layers;
} variant;

static const variant variants[] = {
    {"linear (h, y)", DNI_CONDITION_HY, 0},   {"linear h", DNI_CONDITION_H, 0},
    {"1 hidden (h, y)", DNI_CONDITION_HY, 1}, {"1 hidden h", DNI_CONDITION_H, 1},
    {"2 hidden (h, y)", DNI_CONDITION_HY, 2}, {"2 hidden h", DNI_CONDITION_H, 2},
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

static dni_sg *make_critic(dni_context *context, const variant *which, size_t units, size_t targets,
                           size_t hidden_units) {
  dni_sg_options options = {.struct_size = sizeof options,
                            .condition = which->condition,
                            .hidden_layers = which->hidden_layers,
                            .hidden_units = hidden_units};
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_critic(context, units, targets, &options, &sg));
  return sg;
}

/* phi(h, y), [rows][1]. */
static dni_status estimate_losses(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                  dni_matrix *losses) {
  dni_query query = {.struct_size = sizeof query, .h = h, .y = y, .losses = losses};
  return dni_sg_estimate(sg, &query, NULL);
}

/* phi of one row, in double: tanh below the last map. */
static double phi_of(dni_sg *sg, const variant *which, const dni_matrix *h, const dni_matrix *y,
                     size_t row) {
  double input[64], output[64];
  size_t count = 0;
  for (size_t c = 0; c < h->columns; c++)
    input[count++] = matrix_get(h, row, c);
  for (size_t c = 0; which->condition == DNI_CONDITION_HY && c < y->columns; c++)
    input[count++] = matrix_get(y, row, c);
  for (size_t i = 0; i < dni_sg_parameter_count(sg); i += 2) {
    dni_matrix weight = value_of(sg, i), bias = value_of(sg, i + 1);
    bool last = i + 2 == dni_sg_parameter_count(sg);
    EXPECT(weight.columns == count && (!last || weight.rows == 1), "shape of map %zu", i / 2);
    for (size_t o = 0; o < weight.rows; o++) {
      output[o] = matrix_get(&bias, 0, o);
      for (size_t k = 0; k < count; k++)
        output[o] += matrix_get(&weight, o, k) * input[k];
      if (!last) output[o] = tanh(output[o]);
    }
    count = weight.rows;
    memcpy(input, output, sizeof input);
  }
  return input[0];
}

/* d phi / dh by central differences of the definition. */
static dni_matrix phi_gradient(dni_sg *sg, const variant *which, const dni_matrix *h,
                               const dni_matrix *y) {
  dni_matrix moved = matrix_convert(h, DNI_F64),
             gradient = matrix_make(DNI_F64, h->rows, h->columns);
  const double step = 1e-5;
  for (size_t r = 0; r < h->rows; r++)
    for (size_t c = 0; c < h->columns; c++) {
      double value = matrix_get(h, r, c);
      matrix_set(&moved, r, c, value + step);
      double more = phi_of(sg, which, &moved, y, r);
      matrix_set(&moved, r, c, value - step);
      double less = phi_of(sg, which, &moved, y, r);
      matrix_set(&moved, r, c, value);
      matrix_set(&gradient, r, c, (more - less) / (2 * step));
    }
  return gradient;
}

START_TEST(critic_starts_at_zero) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix h = matrix_random(dtype, 5, 7), y = matrix_one_hot(dtype, 5, 3);
  dni_matrix zero = matrix_filled(dtype, 5, 7, 0), zeros = matrix_filled(dtype, 5, 1, 0);
  for (size_t v = 0; v <= VARIANTS; v++) {
    dni_sg *sg = NULL;
    if (v < VARIANTS)
      sg = make_critic(context, &variants[v], 7, 3, 0);
    else
      EXPECT_OK(dni_sg_create_critic(context, 7, 3, NULL, &sg));
    dni_matrix delta = matrix_make(dtype, 5, 7), loss = matrix_make(dtype, 5, 1);
    EXPECT_OK(support_estimate(sg, &h, &y, NULL, &delta));
    matrix_expect_close(&delta, &zero, 0, "delta");
    EXPECT_OK(estimate_losses(sg, &h, &y, &loss));
    matrix_expect_close(&loss, &zeros, 0, "loss");
    dni_matrix weight = value_of(sg, 0);
    bool hidden = dni_sg_parameter_count(sg) > 2;
    EXPECT(weight.rows == (hidden ? 7u : 1u), "%zu units in the first map", weight.rows);
    EXPECT((matrix_get(&weight, 0, 0) != 0) == hidden, "weights of the first map");
    EXPECT(v < VARIANTS || (dni_sg_parameter_count(sg) == 4 && weight.columns == 10), "defaults");
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Hidden weights have variance 1 / inputs, within five standard errors. */
START_TEST(critic_initial_weights) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_critic(context, 90, 10, NULL, &sg));
  dni_matrix weight = value_of(sg, 0);
  double sum2 = 0, count = 90 * 100;
  for (size_t r = 0; r < weight.rows; r++)
    for (size_t c = 0; c < weight.columns; c++)
      sum2 += pow(matrix_get(&weight, r, c), 2) * 100;
  EXPECT(fabs(sum2 / count - 1) < 5 * sqrt(2 / count), "variance %g / inputs", sum2 / count);
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

START_TEST(critic_answers_follow_the_definition) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  static const size_t sizes[][4] = {{1, 1, 1, 1}, {5, 3, 2, 7}, {18, 33, 10, 19}};
  for (size_t which = 0; which < 3 * VARIANTS; which++) {
    const variant *v = &variants[which / 3];
    const size_t *size = sizes[which % 3];
    dni_sg *sg = make_critic(context, v, size[1], size[2], size[3]);
    randomise(sg);
    dni_matrix h = matrix_random(dtype, size[0], size[1]),
               y = matrix_random(dtype, size[0], size[2]);
    dni_matrix delta = matrix_make(dtype, size[0], size[1]), loss = matrix_make(dtype, size[0], 1);
    dni_matrix expected = phi_gradient(sg, v, &h, &y);
    const dni_matrix *seen_y = v->condition == DNI_CONDITION_H ? NULL : &y;
    EXPECT_OK(estimate_losses(sg, &h, seen_y, &loss));
    EXPECT_OK(support_estimate(sg, &h, seen_y, NULL, &delta));
    dni_matrix both_delta = matrix_make(dtype, size[0], size[1]);
    dni_matrix both_loss = matrix_make(dtype, size[0], 1);
    dni_query both = {.struct_size = sizeof both, .h = &h, .y = seen_y, .losses = &both_loss};
    EXPECT_OK(dni_sg_estimate(sg, &both, &both_delta));
    matrix_expect_same(&both_delta, &delta, "delta beside losses");
    matrix_expect_same(&both_loss, &loss, "losses beside delta");
    matrix_expect_close(&delta, &expected, support_tolerance(dtype, 3e-5, 1e-8), v->name);
    for (size_t r = 0; r < size[0]; r++)
      expect_close(matrix_get(&loss, r, 0), phi_of(sg, v, &h, &y, r), tolerance_on(context),
                   v->name);
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

typedef struct probe {
  dni_sg *sg;
  const variant *which; /* NULL: not a critic */
  dni_matrix h, y, target, delta;
  dni_matrix kept[2]; /* the parameters of a line search before it */
} probe;

/* E of the header, for critics of phi. */
static double probe_error(void *argument) {
  probe *p = argument;
  double sum = 0;
  for (size_t r = 0; r < p->h.rows; r++)
    sum += pow(phi_of(p->sg, p->which, &p->h, &p->y, r) - matrix_get(&p->target, r, 0), 2);
  return sum / (double)p->h.rows;
}

START_TEST(critic_gradients_equal_central_differences) {
  dni_context *context = support_context(support_dtypes[_i / VARIANTS]);
  dni_dtype dtype = dni_context_dtype(context);
  const variant *v = &variants[_i % VARIANTS];
  probe p = {.sg = make_critic(context, v, 4, 3, 5), .which = v};
  p.h = matrix_random(dtype, 6, 4), p.y = matrix_one_hot(dtype, 6, 3);
  p.target = matrix_random(dtype, 6, 1);
  randomise(p.sg);
  dni_matrix kept_h = matrix_convert(&p.h, dtype), kept_target = matrix_convert(&p.target, dtype);
  double error = -9;
  EXPECT_OK(support_learn_loss(p.sg, &p.h, &p.y, &p.target, &error));
  expect_close(error, probe_error(&p), tolerance_on(context), "error");
  EXPECT_OK(support_learn_loss(p.sg, &p.h, &p.y, &p.target, NULL));
  double step = support_tolerance(dtype, 0x1p-8, 1e-6);
  for (size_t i = 0; i < dni_sg_parameter_count(p.sg); i++) {
    dni_matrix value = value_of(p.sg, i), gradient = gradient_of(p.sg, i);
    for (size_t r = 0; r < value.rows; r++)
      for (size_t c = 0; c < value.columns; c++)
        expect_close(matrix_get(&gradient, r, c),
                     matrix_difference(&value, r, c, step, probe_error, &p),
                     support_tolerance(dtype, 1e-4, 1e-7), v->name);
  }
  matrix_expect_same(&p.h, &kept_h, "h");
  matrix_expect_same(&p.target, &kept_target, "losses");
  dni_sg_release(p.sg);
  dni_context_release(context);
}
END_TEST

/* A critic learns from losses and from nothing else; mse is of these, and SKIP moves no
 * gradient. */
START_TEST(critic_needs_losses) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_sg *sg = make_critic(context, &variants[2], 4, 3, 5);
  randomise(sg);
  dni_matrix h = matrix_random(dtype, 6, 4), y = matrix_one_hot(dtype, 6, 3);
  dni_matrix target = matrix_random(dtype, 6, 4), losses = matrix_random(dtype, 6, 1);
  dni_matrix other_losses = matrix_random(dtype, 6, 1);
  EXPECT_OK(support_learn_loss(sg, &h, &y, &losses, NULL));
  dni_matrix gradient = gradient_of(sg, 0), before = matrix_convert(&gradient, dtype);
  double error = -9;
  EXPECT_ARGUMENT(support_learn(sg, &h, &y, &target, NULL, &error, NULL));
  EXPECT_ARGUMENT(support_learn(sg, &h, &y, NULL, NULL, &error, NULL));
  EXPECT(error == -9, "written by a refused call");
  probe p = {.sg = sg, .which = &variants[2], .h = h, .y = y, .target = other_losses};
  dni_lesson lesson = {.struct_size = sizeof lesson,
                       .h = &h,
                       .y = &y,
                       .losses = &other_losses,
                       .flags = DNI_GRADIENT_SKIP};
  dni_lesson_report report = {.struct_size = sizeof report};
  EXPECT_OK(dni_sg_learn(sg, &lesson, &report));
  expect_close(report.mse, probe_error(&p), tolerance_on(context), "mse");
  matrix_expect_same(&gradient, &before, "gradient");
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* A critic of L = 1/2 (h - y)^2 finds its gradient h - y. */
START_TEST(critic_finds_a_gradient) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  enum { ROWS = 64 };
  dni_sg_options options = {.struct_size = sizeof options, .hidden_layers = 1, .hidden_units = 24};
  dni_sg *sg = NULL;
  dni_optimiser *adam = NULL;
  dni_loss *loss = NULL;
  EXPECT_OK(dni_sg_create_critic(context, 1, 1, &options, &sg));
  EXPECT_OK(dni_optimiser_create_adam(context, 0.01, &adam));
  EXPECT_OK(dni_optimiser_add_sg(adam, sg));
  EXPECT_OK(dni_loss_create_squared_error(context, &loss));
  dni_matrix h = matrix_make(dtype, ROWS, 1), y = matrix_one_hot(dtype, ROWS, 1);
  dni_matrix losses = matrix_make(dtype, ROWS, 1), target = matrix_make(dtype, ROWS, 1);
  dni_matrix delta = matrix_make(dtype, ROWS, 1);
  double error = -9;
  for (size_t step = 0; step < 2000; step++) {
    for (size_t r = 0; r < ROWS; r++) {
      matrix_set(&h, r, 0, support_uniform(-1, 1));
      matrix_set(&y, r, 0, support_uniform(-1, 1));
    }
    EXPECT_OK(support_evaluate(loss, &h, &y, &target, &losses, NULL));
    EXPECT_OK(support_learn_loss(sg, &h, &y, &losses, &error));
    EXPECT_OK(dni_optimiser_step(adam));
  }
  EXPECT_OK(support_estimate(sg, &h, &y, NULL, &delta));
  double cosine = cosine_of(&delta, &target);
  EXPECT(error < 0.01 && cosine > 0.95, "error %g, cosine %g", error, cosine);
  dni_loss_release(loss);
  dni_optimiser_release(adam);
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

/* Line search. --------------------------------------------------------------------------------- */

/* Those that have one: scalar, theorem, then linear synthetic gradients by condition. */
enum { LINES = FEW + 3 };

static dni_sg *make_line(dni_context *context, int kind, size_t units) {
  if (kind < FEW) return make_few(context, kind, units);
  dni_sg_options options = {.struct_size = sizeof options, .condition = kind - FEW};
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_synthetic(context, units, units, &options, &sg));
  return sg;
}

/* Move every parameter by -rate times its gradient. */
static void walk(dni_sg *sg, double rate) {
  for (size_t i = 0; i < dni_sg_parameter_count(sg); i++) {
    dni_matrix value = value_of(sg, i), gradient = gradient_of(sg, i);
    for (size_t r = 0; r < value.rows; r++)
      for (size_t c = 0; c < value.columns; c++)
        matrix_set(&value, r, c, matrix_get(&value, r, c) - rate * matrix_get(&gradient, r, c));
  }
  EXPECT_OK(dni_sg_changed(sg));
}

/* E after a step of this rate; the parameters are put back. */
static double error_after(probe *p, double rate) {
  walk(p->sg, rate);
  EXPECT_OK(support_estimate(p->sg, &p->h, &p->y, NULL, &p->delta));
  for (size_t i = 0; i < dni_sg_parameter_count(p->sg); i++) {
    dni_matrix value = value_of(p->sg, i);
    matrix_copy(&p->kept[i], &value);
  }
  EXPECT_OK(dni_sg_changed(p->sg));
  return error_of(&p->delta, &p->target);
}

static probe make_probe(dni_context *context, int kind, size_t rows, size_t units) {
  dni_dtype dtype = dni_context_dtype(context);
  probe p = {.sg = make_line(context, kind, units)};
  p.h = matrix_random(dtype, rows, units), p.y = matrix_random(dtype, rows, units);
  p.target = matrix_random(dtype, rows, units), p.delta = matrix_make(dtype, rows, units);
  randomise(p.sg);
  for (size_t i = 0; i < dni_sg_parameter_count(p.sg); i++) {
    dni_matrix value = value_of(p.sg, i);
    p.kept[i] = matrix_convert(&value, dtype);
  }
  return p;
}

/* No rate of a scan over [0, 2 rate] is better, and E is a parabola with its lowest point there. */
START_TEST(line_search_finds_the_minimum) {
  if (support_compute(support_dtypes[_i / LINES])) return; /* no parabola of rounded parameters */
  dni_context *context = support_context(support_dtypes[_i / LINES]);
  probe p = make_probe(context, _i % LINES, 23, 5);
  double rate = -9;
  EXPECT_OK(support_learn(p.sg, &p.h, &p.y, &p.target, NULL, NULL, NULL));
  EXPECT_OK(dni_sg_line_search(p.sg, &p.h, &p.y, &rate));
  EXPECT(rate > 0, "rate %g", rate);
  double best = error_after(&p, rate), slack = support_tolerance(p.h.dtype, 1e-5, 1e-13);
  for (int i = 0; i <= 2000; i++) {
    double error = error_after(&p, rate * i / 1000);
    EXPECT(error >= best - slack, "E(%g) = %g below E(%g) = %g", rate * i / 1000, error, rate,
           best);
  }
  expect_close(error_after(&p, 0), error_after(&p, 2 * rate), slack, "E(0), E(2 rate)");
  EXPECT(error_after(&p, 0) > best + 1e-4, "nothing to find");
  dni_sg_release(p.sg);
  dni_context_release(context);
}
END_TEST

/* The step is the optimiser's own: SGD at this rate reaches that minimum, where the new gradient is
 * at right angles to the old one. */
START_TEST(line_search_for_sgd) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  if (dni_context_compute(context) == DNI_BF16) { /* no parabola of rounded parameters */
    dni_context_release(context);
    return;
  }
  for (int kind = 0; kind < LINES; kind++) {
    probe p = make_probe(context, kind, 34, 19);
    dni_optimiser *sgd = NULL;
    double rate = -9, along = 0, size = 0;
    dni_matrix old[2];
    EXPECT_OK(dni_optimiser_create_sgd(context, 1, &sgd));
    EXPECT_OK(dni_optimiser_add_sg(sgd, p.sg));
    EXPECT_OK(support_learn(p.sg, &p.h, &p.y, &p.target, NULL, NULL, NULL));
    for (size_t i = 0; i < dni_sg_parameter_count(p.sg); i++) {
      dni_matrix gradient = gradient_of(p.sg, i);
      old[i] = matrix_convert(&gradient, DNI_F64);
    }
    EXPECT_OK(dni_sg_line_search(p.sg, &p.h, &p.y, &rate));
    EXPECT_OK(dni_optimiser_set_f64(sgd, DNI_SETTING_LEARNING_RATE, rate));
    EXPECT_OK(dni_optimiser_step(sgd));
    EXPECT_OK(support_learn(p.sg, &p.h, &p.y, &p.target, NULL, NULL, NULL));
    for (size_t i = 0; i < dni_sg_parameter_count(p.sg); i++) {
      dni_matrix gradient = gradient_of(p.sg, i);
      for (size_t r = 0; r < gradient.rows; r++)
        for (size_t c = 0; c < gradient.columns; c++) {
          along += matrix_get(&gradient, r, c) * matrix_get(&old[i], r, c);
          size += pow(matrix_get(&old[i], r, c), 2);
        }
    }
    expect_close(along / size, 0, support_tolerance(p.h.dtype, 1e-4, 1e-12), "new gradient");
    dni_optimiser_release(sgd);
    dni_sg_release(p.sg);
  }
  dni_context_release(context);
}
END_TEST

/* nu of Theorem 1 for a target of 0: with A's columns h, -y and 1, all examples and units as rows,
 * and xi = A omega, nu = |A^T xi|^2 / |A A^T xi|^2. omega here is (alpha + 1, beta + 1, gamma). */
static double theorem_nu(const probe *p) {
  dni_matrix omega = value_of(p->sg, 0);
  double w[3], along[3] = {0}, squared = 0, changed = 0;
  for (size_t i = 0; i < 3; i++)
    w[i] = matrix_get(&omega, 0, i) + (i < 2);
  for (size_t r = 0; r < p->h.rows; r++)
    for (size_t c = 0; c < p->h.columns; c++) {
      double row[3] = {matrix_get(&p->h, r, c), -matrix_get(&p->y, r, c), 1};
      double xi = row[0] * w[0] + row[1] * w[1] + row[2] * w[2];
      for (size_t i = 0; i < 3; i++)
        along[i] += row[i] * xi;
    }
  for (size_t r = 0; r < p->h.rows; r++)
    for (size_t c = 0; c < p->h.columns; c++)
      changed += pow(
          matrix_get(&p->h, r, c) * along[0] - matrix_get(&p->y, r, c) * along[1] + along[2], 2);
  for (size_t i = 0; i < 3; i++)
    squared += along[i] * along[i];
  return squared / changed;
}

START_TEST(line_search_is_the_theorems) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  for (size_t units = 1; units <= 17; units += 8) {
    probe p = make_probe(context, THEOREM, 20, units);
    matrix_fill(&p.target, 0);
    double rate = -9, nu = theorem_nu(&p);
    EXPECT_OK(support_learn(p.sg, &p.h, &p.y, &p.target, NULL, NULL, NULL));
    EXPECT_OK(dni_sg_line_search(p.sg, &p.h, &p.y, &rate));
    expect_close(rate * 2 / 20 / nu, 1, support_tolerance(p.h.dtype, 1e-5, 1e-12), "nu");
    dni_sg_release(p.sg);
  }
  dni_context_release(context);
}
END_TEST

/* Scalar: E = units (c - mean)^2 + ..., so the rate is 1 / (2 units) for any batch, and one step is
 * the mean of the targets. h or y may be missing. */
START_TEST(line_search_of_a_scalar) {
  dni_context *context = support_context(support_dtypes[_i]);
  probe p = make_probe(context, SCALAR, 9, 4);
  double rates[3] = {-9, -9, -9}, mean = 0;
  EXPECT_OK(support_learn(p.sg, NULL, NULL, &p.target, NULL, NULL, NULL));
  EXPECT_OK(dni_sg_line_search(p.sg, &p.h, &p.y, &rates[0]));
  EXPECT_OK(dni_sg_line_search(p.sg, &p.h, NULL, &rates[1]));
  EXPECT_OK(dni_sg_line_search(p.sg, NULL, &p.y, &rates[2]));
  for (size_t i = 0; i < 3; i++)
    expect_close(rates[i], 0.125, 1e-7, "rate");
  for (size_t r = 0; r < 9; r++)
    for (size_t c = 0; c < 4; c++)
      mean += matrix_get(&p.target, r, c) / 36;
  walk(p.sg, rates[0]);
  dni_matrix value = value_of(p.sg, 0);
  expect_close(matrix_get(&value, 0, 0), mean, tolerance_on(context), "mean");
  EXPECT_ARGUMENT(dni_sg_line_search(p.sg, NULL, NULL, &rates[0]));
  dni_sg_release(p.sg);
  dni_context_release(context);
}
END_TEST

/* Nothing to gain: at the minimum g = 0; and a gradient that M does not feel (J g = 0). */
START_TEST(line_search_with_nothing_to_gain) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  for (int kind = 0; kind < LINES; kind++) {
    probe p = make_probe(context, kind, 6, 3);
    double rate = -9;
    dni_matrix gradient = gradient_of(p.sg, 0);
    EXPECT_OK(support_estimate(p.sg, &p.h, &p.y, NULL, &p.target));
    EXPECT_OK(support_learn(p.sg, &p.h, &p.y, &p.target, NULL, NULL, NULL));
    EXPECT_OK(dni_sg_line_search(p.sg, &p.h, &p.y, &rate));
    EXPECT(rate == 0, "estimator %d: rate %g for g = 0", kind, rate);
    if (kind != SCALAR) {
      dni_matrix zero = matrix_filled(dtype, 6, 3, 0);
      matrix_set(&gradient, 0, 0, 1);
      EXPECT_OK(dni_sg_line_search(p.sg, &zero, &zero, &rate));
      EXPECT(rate == 0, "estimator %d: rate %g for J g = 0", kind, rate);
    }
    dni_sg_release(p.sg);
  }
  dni_context_release(context);
}
END_TEST

/* Two equal columns: the parameters are not determined, the minimum along the line is. */
START_TEST(line_search_without_full_rank) {
  if (support_compute(support_dtypes[_i])) return; /* no parabola of rounded parameters */
  dni_context *context = support_context(support_dtypes[_i]);
  probe p = make_probe(context, FEW, 12, 3);
  for (size_t r = 0; r < 12; r++)
    matrix_set(&p.h, r, 1, matrix_get(&p.h, r, 0));
  double rate = -9;
  EXPECT_OK(support_learn(p.sg, &p.h, &p.y, &p.target, NULL, NULL, NULL));
  EXPECT_OK(dni_sg_line_search(p.sg, &p.h, &p.y, &rate));
  double best = error_after(&p, rate);
  EXPECT(best < error_after(&p, 0.99 * rate) && best < error_after(&p, 1.01 * rate), "rate %g",
         rate);
  dni_sg_release(p.sg);
  dni_context_release(context);
}
END_TEST

/* Workspace. ----------------------------------------------------------------------------------- */

static dni_sg *make_any(dni_context *context, size_t index, size_t units) {
  return index < FEW ? make_few(context, (int)index, units)
                     : make_critic(context, &variants[index - FEW], units, units, 6);
}

/* Every call of the header that the estimator has. */
static dni_status call_all(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                           const dni_matrix *target, dni_matrix *delta, dni_matrix *losses) {
  double rate;
  dni_status status = support_estimate(sg, h, y, NULL, delta);
  if (dni_sg_learns(sg) == DNI_SG_LEARNS_LOSS) {
    if (status == DNI_OK) status = estimate_losses(sg, h, y, losses);
    return status == DNI_OK ? support_learn_loss(sg, h, y, losses, NULL) : status;
  }
  if (status == DNI_OK) status = support_learn(sg, h, y, target, delta, NULL, NULL);
  if (status == DNI_OK) status = support_learn(sg, h, y, target, NULL, NULL, NULL);
  return status == DNI_OK ? dni_sg_line_search(sg, h, y, &rate) : status;
}

START_TEST(reserved_calls_allocate_nothing) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix h = matrix_random(dtype, 37, 5), y = matrix_random(dtype, 37, 5);
  dni_matrix target = matrix_random(dtype, 37, 5), delta = matrix_make(dtype, 37, 5);
  dni_matrix losses = matrix_random(dtype, 37, 1);
  for (size_t k = 0; k < FEW + VARIANTS; k++) {
    dni_sg *sg = make_any(context, k, 5);
    EXPECT_OK(dni_sg_reserve(sg, 37));
    size_t calls = support_watched.calls;
    EXPECT_OK(call_all(sg, &h, &y, &target, &delta, &losses));
    EXPECT_OK(dni_sg_reserve(sg, 12));
    EXPECT_OK(call_all(sg, &h, &y, &target, &delta, &losses));
    EXPECT(support_watched.calls == calls, "estimator %zu allocates", k);
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* More rows than reserved and no memory: refused, and the reserved size still works. */
START_TEST(growth) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix h = matrix_random(dtype, 60, 5), y = matrix_random(dtype, 60, 5);
  dni_matrix target = matrix_random(dtype, 60, 5), delta = matrix_make(dtype, 60, 5);
  dni_matrix losses = matrix_random(dtype, 60, 1), few[] = {h, y, target, delta, losses};
  for (size_t i = 0; i < 5; i++)
    few[i].rows = 2;
  for (size_t k = 0; k < FEW + VARIANTS; k++) {
    dni_sg *sg = make_any(context, k, 5);
    EXPECT_OK(dni_sg_reserve(sg, 2));
    for (size_t allowed = 0; allowed < 8; allowed++) {
      size_t bytes = support_watched.bytes;
      support_watched.fail_after = allowed;
      dni_status status = dni_sg_reserve(sg, 60);
      if (status == DNI_OK) break;
      EXPECT(status == DNI_ERROR_MEMORY && dni_last_message()[0], "reserve: %d", (int)status);
      EXPECT(allowed > 0 || support_watched.bytes == bytes, "bytes stay after a failure");
      EXPECT_OK(call_all(sg, &few[0], &few[1], &few[2], &few[3], &few[4]));
    }
    support_watched.fail_after = SIZE_MAX;
    EXPECT_OK(call_all(sg, &h, &y, &target, &delta, &losses));
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Each allocation of each create function failing: an error that leaves nothing and no output. */
START_TEST(creation_without_memory) {
  dni_context *context = support_context(support_dtypes[_i]);
  size_t bytes = support_watched.bytes;
  dni_sg_options two = {.struct_size = sizeof two, .hidden_layers = 2};
  for (int kind = 0; kind < 4; kind++)
    for (size_t allowed = 0;; allowed++) {
      dni_sg *sg = NULL;
      support_watched.fail_after = allowed;
      dni_status status = kind == 0   ? dni_sg_create_scalar(context, 3, &sg)
                          : kind == 1 ? dni_sg_create_theorem(context, 3, &sg)
                          : kind == 2 ? dni_sg_create_critic(context, 3, 2, NULL, &sg)
                                      : dni_sg_create_critic(context, 3, 2, &two, &sg);
      support_watched.fail_after = SIZE_MAX;
      if (status == DNI_OK) {
        EXPECT(allowed >= 3, "only %zu allocations", allowed);
        dni_sg_release(sg);
        break;
      }
      EXPECT(status == DNI_ERROR_MEMORY && !sg && dni_last_message()[0], "kind %d", kind);
      EXPECT(support_watched.bytes == bytes, "kind %d: bytes left", kind);
    }
  EXPECT(support_watched.bytes == bytes, "bytes left");
  dni_context_release(context);
}
END_TEST

START_TEST(empty_batches) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_matrix none = {NULL, 0, 5, 5, dni_context_dtype(context), 0}, losses = none;
  losses.columns = losses.stride = 1;
  for (size_t k = 0; k < FEW + VARIANTS; k++) {
    dni_sg *sg = make_any(context, k, 5);
    randomise(sg);
    double error = -9, cosine = -9, rate = -9;
    EXPECT_OK(support_estimate(sg, &none, &none, NULL, &none));
    dni_matrix gradient = gradient_of(sg, 0);
    if (k < FEW) {
      EXPECT_OK(support_learn(sg, &none, &none, &none, NULL, &error, &cosine));
      EXPECT(error == 0 && cosine == 0, "error %g, cosine %g", error, cosine);
      EXPECT(matrix_get(&gradient, 0, 0) == 0, "gradient of nothing");
      EXPECT_ARGUMENT(dni_sg_line_search(sg, &none, &none, &rate));
      EXPECT(rate == -9, "rate was written");
    } else {
      EXPECT_OK(estimate_losses(sg, &none, &none, &losses));
      error = -9;
      EXPECT_OK(support_learn_loss(sg, &none, &none, &losses, &error));
      EXPECT(error == 0 && matrix_get(&gradient, 0, 0) == 0, "of nothing");
    }
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Descriptions and refusals. ------------------------------------------------------------------- */

static dni_status estimate_own(void *user, const dni_sg_call *call) {
  (void)user;
  matrix_fill(call->delta, 1);
  return DNI_OK;
}

static dni_sg *make_own(dni_context *context) {
  dni_sg_callbacks callbacks = {.struct_size = sizeof callbacks, .estimate = estimate_own};
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_callback(context, 4, 4, 0, &callbacks, &sg));
  return sg;
}

START_TEST(descriptions) {
  dni_context *context = support_context(support_dtypes[_i]);
  static const struct {
    const char *name, *parameter;
    int32_t kind, learns;
    size_t targets, parameters;
  } expected[] = {{"scalar", "scalar", DNI_SG_SCALAR, DNI_SG_LEARNS_TARGET, 0, 1},
                  {"theorem", "omega", DNI_SG_THEOREM, DNI_SG_LEARNS_TARGET, 4, 1},
                  {"critic", "weight", DNI_SG_CRITIC, DNI_SG_LEARNS_LOSS, 4, 2},
                  {"callback", "", DNI_SG_CALLBACK, DNI_SG_LEARNS_NOTHING, 4, 0}};
  dni_sg *all[] = {make_any(context, 0, 4), make_any(context, 1, 4), make_any(context, 2, 4),
                   make_own(context)};
  for (size_t i = 0; i < 4; i++) {
    EXPECT_TEXT(dni_sg_kind_name(all[i]), expected[i].name);
    EXPECT_TEXT(dni_sg_parameter_name(all[i], 0), expected[i].parameter);
    EXPECT(dni_sg_kind(all[i]) == expected[i].kind && dni_sg_learns(all[i]) == expected[i].learns,
           "%s", expected[i].name);
    EXPECT(dni_sg_needs(all[i]) == DNI_SG_NEEDS_NOTHING && dni_sg_signal_units(all[i]) == 0 &&
               dni_sg_units(all[i]) == 4 && dni_sg_targets(all[i]) == expected[i].targets &&
               dni_sg_parameter_count(all[i]) == expected[i].parameters,
           "%s", expected[i].name);
    dni_sg_release(all[i]);
  }
  dni_context_release(context);
}
END_TEST

/* One that needs nothing and does not learn reports on an answer it makes itself. */
START_TEST(own_estimators_report) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_sg *sg = make_own(context);
  dni_matrix h = matrix_random(dtype, 3, 4), target = matrix_filled(dtype, 3, 4, 3);
  double error = -9, cosine = -9, rate = -9;
  EXPECT_OK(dni_sg_reserve(sg, 3));
  size_t calls = support_watched.calls;
  EXPECT_OK(support_learn(sg, &h, &h, &target, NULL, &error, &cosine));
  EXPECT(support_watched.calls == calls, "allocates");
  expect_close(error, 16, 1e-6, "error");
  expect_close(cosine, 1, 1e-6, "cosine");
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_sg_line_search(sg, &h, &h, &rate));
  dni_matrix losses = matrix_make(dtype, 3, 1);
  EXPECT_ARGUMENT(estimate_losses(sg, &h, &h, &losses));
  matrix_expect_untouched(&losses, "losses");
  dni_sg_release(sg);
  dni_context_release(context);
}
END_TEST

START_TEST(creation_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_sg *sg = NULL;
  dni_sg_options options = {.struct_size = sizeof options}, bad = options;
  EXPECT_ARGUMENT(dni_sg_create_scalar(NULL, 2, &sg));
  EXPECT_ARGUMENT(dni_sg_create_scalar(context, 0, &sg));
  EXPECT_ARGUMENT(dni_sg_create_scalar(context, 2, NULL));
  EXPECT_ARGUMENT(dni_sg_create_theorem(NULL, 2, &sg));
  EXPECT_ARGUMENT(dni_sg_create_theorem(context, 0, &sg));
  EXPECT_ARGUMENT(dni_sg_create_theorem(context, 2, NULL));
  EXPECT_ARGUMENT(dni_sg_create_critic(NULL, 2, 2, &options, &sg));
  EXPECT_ARGUMENT(dni_sg_create_critic(context, 0, 2, &options, &sg));
  EXPECT_ARGUMENT(dni_sg_create_critic(context, 2, 0, &options, &sg));
  EXPECT_ARGUMENT(dni_sg_create_critic(context, 2, 2, &options, NULL));
  bad.condition = DNI_CONDITION_Y;
  EXPECT_ARGUMENT(dni_sg_create_critic(context, 2, 2, &bad, &sg));
  bad.condition = 3;
  EXPECT_ARGUMENT(dni_sg_create_critic(context, 2, 2, &bad, &sg));
  bad = options, bad.hidden_layers = 3;
  EXPECT_ARGUMENT(dni_sg_create_critic(context, 2, 2, &bad, &sg));
  EXPECT(!strncmp(dni_last_message(), "critic: ", 8), "message \"%s\"", dni_last_message());
  bad = options, bad.hidden_layers = SIZE_MAX;
  EXPECT_ARGUMENT(dni_sg_create_critic(context, 2, 2, &bad, &sg));
  bad = options, bad.struct_size = 4;
  EXPECT_ARGUMENT(dni_sg_create_critic(context, 2, 2, &bad, &sg));
  struct {
    dni_sg_options known;
    size_t more;
  } longer = {{.struct_size = sizeof longer}, 1};
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_sg_create_critic(context, 2, 2, &longer.known, &sg));
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_sg_create_critic(context, SIZE_MAX / 2, 2, NULL, &sg));
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_sg_create_critic(context, 3, SIZE_MAX - 1, NULL, &sg));
  EXPECT(!sg, "something was made");
  dni_context_release(context);
}
END_TEST

START_TEST(call_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context), other = support_dtypes[1 - _i];
  dni_sg *critic = make_critic(context, &variants[2], 3, 2, 0), *scalar = make_few(context, 0, 3);
  dni_sg *theorem = make_few(context, THEOREM, 3), *dfa = NULL, *hidden = NULL;
  dni_sg_options one = {.struct_size = sizeof one, .hidden_layers = 1};
  EXPECT_OK(dni_sg_create_dfa(context, 3, 2, NULL, &dfa));
  EXPECT_OK(dni_sg_create_synthetic(context, 3, 2, &one, &hidden));
  dni_matrix h = matrix_random(dtype, 5, 3), y = matrix_random(dtype, 5, 2);
  dni_matrix loss = matrix_make(dtype, 5, 1), wide = matrix_random(dtype, 5, 4);
  dni_matrix fewer = h, wrong = matrix_random(other, 5, 3), short_loss = loss;
  double error = -9;
  fewer.rows = short_loss.rows = 4;
  for (int learn = 0; learn < 2; learn++) {
#define CALL(sg, h, y, loss)                                                                       \
  (learn ? support_learn_loss(sg, h, y, loss, &error) : estimate_losses(sg, h, y, loss))
    EXPECT_ARGUMENT(CALL(NULL, &h, &y, &loss));
    EXPECT_ARGUMENT(CALL(critic, NULL, &y, &loss));
    EXPECT_ARGUMENT(CALL(critic, &h, NULL, &loss));
    EXPECT_ARGUMENT(CALL(critic, &h, &y, NULL));
    EXPECT_ARGUMENT(CALL(critic, &fewer, &y, &loss));
    EXPECT_ARGUMENT(CALL(critic, &wide, &y, &loss));
    EXPECT_ARGUMENT(CALL(critic, &wrong, &y, &loss));
    EXPECT_ARGUMENT(CALL(critic, &h, &h, &loss));
    EXPECT_ARGUMENT(CALL(critic, &h, &y, &short_loss));
    EXPECT_ARGUMENT(CALL(critic, &h, &y, &y));
    EXPECT_ARGUMENT(CALL(scalar, &h, &y, &loss));
    EXPECT_ARGUMENT(CALL(hidden, &h, &y, &loss));
#undef CALL
  }
  double *rate = &error;
  EXPECT_ARGUMENT(dni_sg_line_search(NULL, &h, &h, rate));
  EXPECT_ARGUMENT(dni_sg_line_search(theorem, &h, &h, NULL));
  EXPECT_ARGUMENT(dni_sg_line_search(theorem, NULL, &h, rate));
  EXPECT_ARGUMENT(dni_sg_line_search(theorem, &h, NULL, rate));
  EXPECT_ARGUMENT(dni_sg_line_search(theorem, &h, &y, rate));
  EXPECT_ARGUMENT(dni_sg_line_search(theorem, &h, &fewer, rate));
  EXPECT_ARGUMENT(dni_sg_line_search(theorem, &wrong, &h, rate));
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_sg_line_search(critic, &h, &y, rate));
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_sg_line_search(hidden, &h, &y, rate));
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_sg_line_search(dfa, &h, &y, rate));
  EXPECT_ARGUMENT(support_learn(theorem, &h, &y, &h, NULL, &error, NULL));
  EXPECT_ARGUMENT(support_learn(critic, NULL, &y, &h, NULL, &error, NULL));
  EXPECT(error == -9, "an output was written");
  matrix_expect_untouched(&loss, "loss");
  dni_sg *all[] = {critic, scalar, theorem, dfa, hidden};
  for (size_t i = 0; i < 5; i++)
    dni_sg_release(all[i]);
  dni_context_release(context);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("estimators");
  TCase *group = add_group(suite, "scalar and theorem");
  tcase_add_loop_test(group, first_answers_are_zero, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, few_numbers_follow_the_definition, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, theorem_at_zero_is_the_gradient_of_the_squared_error, 0,
                      SUPPORT_DTYPES);
  tcase_add_test(group, sums_are_double);
  group = add_group(suite, "critic");
  tcase_add_loop_test(group, critic_starts_at_zero, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, critic_initial_weights, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, critic_answers_follow_the_definition, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, critic_gradients_equal_central_differences, 0,
                      SUPPORT_DTYPES * VARIANTS);
  tcase_add_loop_test(group, critic_needs_losses, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, critic_finds_a_gradient, 0, SUPPORT_DTYPES);
  group = add_group(suite, "line search");
  tcase_add_loop_test(group, line_search_finds_the_minimum, 0, SUPPORT_DTYPES * LINES);
  tcase_add_loop_test(group, line_search_for_sgd, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, line_search_is_the_theorems, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, line_search_of_a_scalar, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, line_search_with_nothing_to_gain, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, line_search_without_full_rank, 0, SUPPORT_DTYPES);
  group = add_group(suite, "workspace and refusals");
  tcase_add_loop_test(group, reserved_calls_allocate_nothing, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, growth, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, creation_without_memory, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, empty_batches, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, descriptions, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, own_estimators_report, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, creation_refusals, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, call_refusals, 0, SUPPORT_DTYPES);
  return support_run(suite);
}
