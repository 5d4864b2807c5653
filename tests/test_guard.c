/* The guard: when it lets an optimiser step, by how much, and what it leaves alone. */
#include "dni/research.h"

#include "support/support.h"

enum { COUNT = 5 };
static const double rate = 0.25;

/* A guarded optimiser of one parameter [1][COUNT], whose gradient is 1, 2, ... */
typedef struct guarded {
  dni_context *context;
  dni_optimiser *optimiser;
  dni_guard *guard;
  dni_matrix value, gradient;
} guarded;

static guarded make_around(dni_context *context, dni_optimiser *optimiser,
                           const dni_guard_options *options) {
  dni_dtype dtype = dni_context_dtype(context);
  guarded g = {.context = context, .optimiser = optimiser};
  g.value = matrix_filled(dtype, 1, COUNT, 0);
  g.gradient = matrix_make(dtype, 1, COUNT);
  for (size_t c = 0; c < COUNT; c++)
    matrix_set(&g.gradient, 0, c, 1 + (double)c);
  EXPECT_OK(dni_optimiser_add(optimiser, &g.value, &g.gradient, NULL, NULL));
  EXPECT_OK(dni_guard_create(optimiser, options, &g.guard));
  return g;
}

static guarded make(dni_dtype dtype, int32_t mode, double cosine) {
  dni_context *context = support_context(dtype);
  dni_guard_options options = {.struct_size = sizeof options, .mode = mode, .cosine = cosine};
  dni_optimiser *optimiser = NULL;
  EXPECT_OK(dni_optimiser_create_sgd(context, rate, &optimiser));
  return make_around(context, optimiser, &options);
}

static void finish(guarded *g) {
  dni_guard_release(g->guard);
  dni_optimiser_release(g->optimiser);
  dni_context_release(g->context);
}

/* The step is taken with this factor and counted, or refused if it is 0; the rate stays. */
static void expect_step(guarded *g, double error, double jacobian, double gradient, double factor) {
  uint64_t accepted = dni_guard_accepted(g->guard), refused = dni_guard_refused(g->guard);
  uint64_t steps = dni_optimiser_step_count(g->optimiser), taken = factor > 0;
  int32_t answer = -9;
  matrix_fill(&g->value, 0);
  EXPECT_OK(dni_guard_step(g->guard, error, jacobian, gradient, &answer));
  EXPECT(answer == (int32_t)taken, "error %g, jacobian %g, gradient %g: accepted %d", error,
         jacobian, gradient, (int)answer);
  for (size_t c = 0; c < COUNT; c++)
    expect_close(matrix_get(&g->value, 0, c), -rate * factor * matrix_get(&g->gradient, 0, c),
                 support_tolerance(g->value.dtype, 1e-6, 1e-14), "value");
  EXPECT(dni_guard_accepted(g->guard) == accepted + taken &&
             dni_guard_refused(g->guard) == refused + 1 - taken &&
             dni_optimiser_step_count(g->optimiser) == steps + taken,
         "counters");
  EXPECT(dni_optimiser_rate(g->optimiser) == rate, "rate %g", dni_optimiser_rate(g->optimiser));
}

/* r = 1/3 by default: error jacobian < gradient / 3. */
START_TEST(proportional) {
  guarded g = make(support_dtypes[_i], DNI_GUARD_PROPORTIONAL, 0);
  expect_step(&g, 0, 1, 3, 1);
  expect_step(&g, 0.5, 2, 9, 1);           /* 9 / 3 / 2 - 0.5 */
  expect_step(&g, 2, 0.5, 6, 2);           /* 6 / 3 / 0.5 - 2 */
  expect_step(&g, 1, 1, 3.3, 3.3 / 3 - 1); /* just inside */
  expect_step(&g, 1, 1, 2.7, 0);           /* outside */
  expect_step(&g, 0, 0, 3, 0);             /* nothing can move */
  expect_step(&g, 0, 1, 0, 0);             /* 0 < 0 does not hold */
  finish(&g);
}
END_TEST

START_TEST(gated) {
  guarded g = make(support_dtypes[_i], DNI_GUARD_GATED, 0);
  expect_step(&g, 0, 1, 3, 1);
  expect_step(&g, 0.5, 2, 900, 1);
  expect_step(&g, 1, 1, 3.3, 1);
  expect_step(&g, 1, 1, 2.7, 0);
  expect_step(&g, 0, 0, 3, 0);
  expect_step(&g, 0, 1, 0, 0);
  finish(&g);
}
END_TEST

/* Where the condition turns, strictly: with a cosine of 0.6, r is 0.25 to the last bit or two. */
START_TEST(boundary) {
  const double r = (1 - 0.6) / (1 + 0.6);
  for (int32_t mode = 0; mode < 2; mode++) {
    guarded g = make(support_dtypes[_i], mode, 0.6);
    for (double gradient = 0x1p-10; gradient < 1e6; gradient *= 8) {
      double limit = r * gradient, inside = 0.999 * limit;
      expect_step(&g, limit, 1, gradient, 0);
      expect_step(&g, 2 * limit, 0.5, gradient, 0);
      expect_step(&g, 1.001 * limit, 1, gradient, 0);
      expect_step(&g, inside, 1, gradient, mode == DNI_GUARD_GATED ? 1 : limit - inside);
    }
    int32_t accepted = -9;
    EXPECT_OK(dni_guard_step(g.guard, nextafter(r, 0), 1, 1, &accepted));
    EXPECT(accepted == 1, "one bit inside is refused");
    finish(&g);
  }
}
END_TEST

/* r = (1 - cosine) / (1 + cosine). */
START_TEST(other_cosines) {
  static const double cosines[] = {1e-6, 0.1, 1.0 / 3, 0.5, 0.9, 0.999};
  for (size_t i = 0; i < sizeof cosines / sizeof *cosines; i++) {
    double r = (1 - cosines[i]) / (1 + cosines[i]);
    guarded g = make(support_dtypes[_i], DNI_GUARD_PROPORTIONAL, cosines[i]);
    expect_step(&g, 0, 2, 5, r * 5 / 2);
    expect_step(&g, r * 0.99, 1, 1, r * 0.01);
    expect_step(&g, r * 1.01, 1, 1, 0);
    finish(&g);
  }
}
END_TEST

/* What the condition promises: with |SG - d| = error and |dh/dtheta| <= jacobian the step's cosine
 * with the true gradient is at least `cosine`. theta of 3 numbers, h of 4. */
START_TEST(accepted_steps_have_the_cosine) {
  static const double cosines[] = {0.1, 0.5, 0.9};
  size_t seen = 0;
  for (size_t trial = 0; trial < 3000; trial++) {
    double j[4][3], d[4], sg[4], error = 0, jacobian = 0, product = 0, true2 = 0, step2 = 0;
    double cosine = cosines[trial % 3], spread = support_uniform(0, 0.3);
    for (size_t u = 0; u < 4; u++) {
      d[u] = support_normal();
      double wrong = spread * support_normal();
      sg[u] = d[u] + wrong;
      error += wrong * wrong;
      for (size_t k = 0; k < 3; k++)
        jacobian += pow(j[u][k] = support_normal(), 2); /* Frobenius: from above */
    }
    for (size_t k = 0; k < 3; k++) {
      double g = 0, s = 0;
      for (size_t u = 0; u < 4; u++)
        g += d[u] * j[u][k], s += sg[u] * j[u][k];
      product += g * s, true2 += g * g, step2 += s * s;
    }
    guarded g = make(DNI_F64, DNI_GUARD_GATED, cosine);
    int32_t accepted = -9;
    EXPECT_OK(dni_guard_step(g.guard, sqrt(error), sqrt(jacobian), sqrt(true2), &accepted));
    EXPECT(!accepted || product / sqrt(true2 * step2) >= cosine, "cosine %g, promised %g",
           product / sqrt(true2 * step2), cosine);
    seen += accepted == 1;
    finish(&g);
  }
  EXPECT(seen > 300, "only %zu steps accepted", seen);
}
END_TEST

START_TEST(norms_that_are_none) {
  guarded g = make(support_dtypes[_i], DNI_GUARD_PROPORTIONAL, 0);
  static const double bad[] = {-1, -1e-300, (double)NAN, -INFINITY};
  int32_t accepted = -9;
  for (size_t i = 0; i < 4; i++) {
    EXPECT_ARGUMENT(dni_guard_step(g.guard, bad[i], 1, 1, &accepted));
    EXPECT_ARGUMENT(dni_guard_step(g.guard, 0, bad[i], 1, &accepted));
    EXPECT_ARGUMENT(dni_guard_step(g.guard, 0, 1, bad[i], &accepted));
  }
  EXPECT_ARGUMENT(dni_guard_step(NULL, 0, 1, 1, &accepted));
  EXPECT(accepted == -9 && dni_guard_accepted(g.guard) == 0 && dni_guard_refused(g.guard) == 0 &&
             dni_optimiser_step_count(g.optimiser) == 0,
         "a refused call changed something");
  /* An infinite norm, or a rate that would be: not accepted, and no message needed. */
  expect_step(&g, INFINITY, 1, 1, 0);
  expect_step(&g, 0, INFINITY, 1, 0);
  expect_step(&g, 0, 1, INFINITY, 0);
  expect_step(&g, INFINITY, INFINITY, INFINITY, 0);
  expect_step(&g, 0, 1e-300, 1e300, 0);
  finish(&g);
}
END_TEST

/* The optimiser's own refusal is passed on: nothing is counted, the rate is back. */
START_TEST(non_finite_gradients) {
  guarded g = make(support_dtypes[_i], DNI_GUARD_PROPORTIONAL, 0);
  int32_t accepted = -9;
  EXPECT_OK(dni_optimiser_set_f64(g.optimiser, DNI_SETTING_CLIP_NORM, 1));
  matrix_set(&g.gradient, 0, 2, (double)NAN);
  EXPECT_STATUS(DNI_ERROR_NON_FINITE, dni_guard_step(g.guard, 0, 1, 9, &accepted));
  double now = 0;
  EXPECT_OK(dni_optimiser_get_f64(g.optimiser, DNI_SETTING_LEARNING_RATE, &now));
  EXPECT(now == rate && accepted == -9, "rate %g, accepted %d", now, (int)accepted);
  EXPECT(dni_guard_accepted(g.guard) == 0 && dni_guard_refused(g.guard) == 0 &&
             dni_optimiser_step_count(g.optimiser) == 0,
         "counted");
  for (size_t c = 0; c < COUNT; c++)
    EXPECT(matrix_get(&g.value, 0, c) == 0, "a parameter moved");
  finish(&g);
}
END_TEST

/* A schedule goes on underneath: the factor multiplies what it says, refused steps do not count. */
START_TEST(under_a_schedule) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_optimiser *adam = NULL, *alone = NULL;
  EXPECT_OK(dni_optimiser_create_adam(context, 0.1, &adam));
  const dni_schedule schedule = {
      .struct_size = sizeof schedule, .kind = DNI_RATE_DECAY, .steps = 2, .value = 0.5};
  EXPECT_OK(dni_optimiser_set_schedule(adam, &schedule));
  EXPECT_OK(dni_optimiser_create_like(adam, &alone));
  guarded g = make_around(context, adam, NULL);
  dni_matrix value = matrix_filled(g.value.dtype, 1, COUNT, 0);
  EXPECT_OK(dni_optimiser_add(alone, &value, &g.gradient, NULL, NULL));
  for (size_t step = 0; step < 20; step++) {
    double gradient = 3 * support_uniform(0.5, 2), before = dni_optimiser_rate(alone);
    matrix_fill_random(&g.gradient, 1);
    EXPECT_OK(dni_guard_step(g.guard, 1, 1, 1, NULL)); /* refused */
    EXPECT_OK(dni_guard_step(g.guard, 0, 1, gradient, NULL));
    double base = 0;
    EXPECT_OK(dni_optimiser_get_f64(alone, DNI_SETTING_LEARNING_RATE, &base));
    EXPECT_OK(dni_optimiser_set_f64(alone, DNI_SETTING_LEARNING_RATE, base * (gradient / 3)));
    EXPECT_OK(dni_optimiser_step(alone));
    EXPECT_OK(dni_optimiser_set_f64(alone, DNI_SETTING_LEARNING_RATE, base));
    EXPECT(dni_optimiser_rate(adam) == dni_optimiser_rate(alone), "rate %g after %g",
           dni_optimiser_rate(adam), before);
  }
  matrix_expect_close(&g.value, &value, support_tolerance(value.dtype, 1e-6, 1e-14), "value");
  EXPECT(dni_guard_accepted(g.guard) == 20 && dni_guard_refused(g.guard) == 20, "counters");
  dni_optimiser_release(alone);
  finish(&g);
}
END_TEST

/* Any order of release, and a guard that is the last to hold optimiser and context. */
START_TEST(lifetimes) {
  for (int order = 0; order < 6; order++) {
    guarded g = make(support_dtypes[_i], DNI_GUARD_GATED, 0);
    EXPECT(dni_guard_retain(g.guard) == g.guard, "another handle");
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (int i = 0; i < 3; i++) {
      if (orders[order][i] == 0) dni_guard_release(g.guard);
      if (orders[order][i] == 1) dni_optimiser_release(g.optimiser);
      if (orders[order][i] == 2) dni_context_release(g.context);
    }
    int32_t accepted = -9;
    EXPECT_OK(dni_guard_step(g.guard, 0, 1, 1, &accepted));
    EXPECT(accepted == 1, "not accepted");
    dni_guard_release(g.guard);
    EXPECT(support_watched.blocks == 0, "order %d: %zu blocks left", order,
           (size_t)support_watched.blocks);
  }
}
END_TEST

START_TEST(steps_allocate_nothing) {
  guarded g = make(support_dtypes[_i], DNI_GUARD_PROPORTIONAL, 0);
  size_t calls = support_watched.calls;
  for (size_t step = 0; step < 10; step++)
    EXPECT_OK(dni_guard_step(g.guard, 0.1, 1, (double)step, NULL));
  EXPECT(support_watched.calls == calls, "a step allocates");
  finish(&g);
}
END_TEST

START_TEST(creation_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_optimiser *optimiser = NULL;
  dni_guard *guard = NULL;
  EXPECT_OK(dni_optimiser_create_sgd(context, rate, &optimiser));
  dni_guard_options good = {.struct_size = sizeof good}, bad = good;
  static const double cosines[] = {-0.5, 1, 1.5, (double)NAN, INFINITY};
  EXPECT_ARGUMENT(dni_guard_create(NULL, &good, &guard));
  EXPECT_ARGUMENT(dni_guard_create(optimiser, &good, NULL));
  for (size_t i = 0; i < 5; i++) {
    bad.cosine = cosines[i];
    EXPECT_ARGUMENT(dni_guard_create(optimiser, &bad, &guard));
  }
  bad = good, bad.mode = 2;
  EXPECT_ARGUMENT(dni_guard_create(optimiser, &bad, &guard));
  bad = good, bad.mode = -1;
  EXPECT_ARGUMENT(dni_guard_create(optimiser, &bad, &guard));
  bad = good, bad.struct_size = 4;
  EXPECT_ARGUMENT(dni_guard_create(optimiser, &bad, &guard));
  bad = good, bad.reserved = 1;
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_guard_create(optimiser, &bad, &guard));
  struct {
    dni_guard_options known;
    double more;
  } longer = {{.struct_size = sizeof longer}, 1};
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_guard_create(optimiser, &longer.known, &guard));
  support_watched.fail_after = 0;
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_guard_create(optimiser, &good, &guard));
  support_watched.fail_after = SIZE_MAX;
  EXPECT(!guard, "a guard was made");
  EXPECT(!dni_guard_retain(NULL), "a handle of NULL");
  dni_guard_release(NULL);
  EXPECT(dni_guard_accepted(NULL) == 0 && dni_guard_refused(NULL) == 0, "NULL has counters");
  dni_optimiser_release(optimiser);
  dni_context_release(context);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("guard");
  TCase *group = tcase_create("guard");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, support_setup, support_teardown);
  tcase_add_loop_test(group, proportional, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, gated, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, boundary, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, other_cosines, 0, SUPPORT_DTYPES);
  tcase_add_test(group, accepted_steps_have_the_cosine);
  tcase_add_loop_test(group, norms_that_are_none, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, non_finite_gradients, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, under_a_schedule, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, lifetimes, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, steps_allocate_nothing, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, creation_refusals, 0, SUPPORT_DTYPES);
  return support_run(suite);
}
