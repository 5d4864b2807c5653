/* Schedules of numbers: every kind, with and without warm-up, against its closed form, on its
 * own, in optimisers and as the lambda of a mixture; functions of the caller's own and who keeps
 * them. */
#include "support/support.h"

typedef double (*closed_form)(uint64_t t);

static double constant(uint64_t t) {
  (void)t;
  return 1;
}

static double decay(uint64_t t) {
  return pow(0.7, floor((double)t / 3));
}

static const uint64_t boundaries[] = {2, 5, 6, 20};
static const double values[] = {0.5, 0.875, 0, 0.25};

static double piecewise(uint64_t t) {
  return t < 2 ? 1 : t < 5 ? 0.5 : t < 6 ? 0.875 : t < 20 ? 0 : 0.25;
}

static double lines(uint64_t t) {
  if (t <= 2) return 0.5;
  if (t <= 5) return 0.5 + 0.375 * ((double)t - 2) / 3;
  if (t <= 6) return 0.875 - 0.875 * ((double)t - 5);
  return t <= 20 ? 0.25 * ((double)t - 6) / 14 : 0.25;
}

static double cosine(uint64_t t) {
  return t >= 12 ? 0.125 : 0.125 + 0.875 * (1 + cos(acos(-1) * (double)t / 12)) / 2;
}

static double harmonic(uint64_t t) {
  return 1 / (1 + (double)t);
}

/* What a function of the caller's own was asked. */
typedef struct own_schedule {
  size_t calls, destroyed;
  uint64_t last;
} own_schedule;

static double own_function(void *user, uint64_t step) {
  own_schedule *own = user;
  own->calls++;
  own->last = step;
  return harmonic(step);
}

static void own_destroy(void *user) {
  ((own_schedule *)user)->destroyed++;
}

static own_schedule watched;

static const struct {
  const char *name;
  closed_form form;
  dni_schedule schedule;
} kinds[] = {
    {"constant", constant, {.struct_size = sizeof(dni_schedule)}},
    {"decay",
     decay,
     {.struct_size = sizeof(dni_schedule), .kind = DNI_RATE_DECAY, .steps = 3, .value = 0.7}},
    {"piecewise",
     piecewise,
     {.struct_size = sizeof(dni_schedule),
      .kind = DNI_RATE_PIECEWISE,
      .boundaries = boundaries,
      .values = values,
      .count = 4}},
    {"lines",
     lines,
     {.struct_size = sizeof(dni_schedule),
      .kind = DNI_RATE_LINES,
      .boundaries = boundaries,
      .values = values,
      .count = 4}},
    {"cosine",
     cosine,
     {.struct_size = sizeof(dni_schedule), .kind = DNI_RATE_COSINE, .steps = 12, .value = 0.125}},
    {"function",
     harmonic,
     {.struct_size = sizeof(dni_schedule),
      .kind = DNI_RATE_FUNCTION,
      .function = own_function,
      .user = &watched}},
};
enum { KINDS = sizeof kinds / sizeof kinds[0], STEPS = 30 };

static const uint64_t warm_ups[] = {0, 1, 7};
enum { WARM_UPS = 3 };

static double expected_at(size_t kind, uint64_t warm_up, uint64_t t) {
  if (t >= warm_up) return kinds[kind].form(t - warm_up);
  return (double)(t + 1) / (double)warm_up * kinds[kind].form(0);
}

static double value_at(const dni_schedule *schedule, uint64_t step) {
  double value = -9;
  EXPECT_OK(dni_schedule_value(schedule, step, &value));
  return value;
}

/* On their own. ------------------------------------------------------------------------------- */

START_TEST(closed_forms) {
  for (size_t kind = 0; kind < KINDS; kind++)
    for (size_t w = 0; w < WARM_UPS; w++) {
      dni_schedule schedule = kinds[kind].schedule;
      schedule.warm_up = warm_ups[w];
      for (uint64_t t = 0; t < STEPS; t++)
        expect_close(value_at(&schedule, t), expected_at(kind, warm_ups[w], t), 1e-15,
                     kinds[kind].name);
    }
}
END_TEST

/* Exact where there is nothing to round, and finite at the end of time. */
START_TEST(exact_places) {
  for (size_t kind = 2; kind <= 3; kind++)
    for (size_t i = 0; i < 4; i++)
      EXPECT(value_at(&kinds[kind].schedule, boundaries[i]) == values[i], "%s at boundary %zu",
             kinds[kind].name, i);
  EXPECT(value_at(&kinds[4].schedule, 0) == 1, "cosine starts at 1");
  EXPECT(value_at(&kinds[4].schedule, 12) == 0.125, "cosine ends at value");
  for (size_t kind = 0; kind < KINDS; kind++)
    for (uint64_t warm_up = 0; warm_up < 10; warm_up += 9) {
      dni_schedule schedule = kinds[kind].schedule;
      schedule.warm_up = warm_up;
      double value = value_at(&schedule, UINT64_MAX);
      EXPECT(isfinite(value) && value >= 0 && value <= 1, "%s: %g", kinds[kind].name, value);
    }
  const uint64_t far[] = {0, UINT64_MAX};
  const double up[] = {0, 1};
  dni_schedule slow = kinds[3].schedule;
  slow.boundaries = far, slow.values = up, slow.count = 2;
  expect_close(value_at(&slow, (uint64_t)1 << 63), 0.5, 1e-12, "half of all time");
  EXPECT(value_at(&slow, UINT64_MAX) == 1, "the end of all time");
  dni_schedule warm = kinds[0].schedule;
  warm.warm_up = UINT64_MAX;
  expect_close(value_at(&warm, (uint64_t)1 << 63), 0.5, 1e-12, "warming up for ever");
}
END_TEST

/* The paper's: 1, then 0.1 from step 300,000 and 0.01 from 400,000. */
START_TEST(the_papers_schedule) {
  const uint64_t steps[] = {300000, 400000};
  const double factors[] = {0.1, 0.01};
  dni_schedule schedule = {.struct_size = sizeof schedule,
                           .kind = DNI_RATE_PIECEWISE,
                           .boundaries = steps,
                           .values = factors,
                           .count = 2};
  EXPECT(value_at(&schedule, 0) == 1 && value_at(&schedule, 299999) == 1, "at first");
  EXPECT(value_at(&schedule, 300000) == 0.1 && value_at(&schedule, 399999) == 0.1, "then");
  EXPECT(value_at(&schedule, 400000) == 0.01 && value_at(&schedule, 9000000) == 0.01, "at last");
}
END_TEST

static double rubbish;

static double rubbish_function(void *user, uint64_t step) {
  (void)user, (void)step;
  return rubbish;
}

/* An answer that is negative or not finite counts as 0. */
START_TEST(functions_that_answer_rubbish) {
  static const double bad[] = {-1e-9, NAN, INFINITY, -INFINITY};
  dni_schedule schedule = {
      .struct_size = sizeof schedule, .kind = DNI_RATE_FUNCTION, .function = rubbish_function};
  for (size_t i = 0; i < 4; i++) {
    rubbish = bad[i];
    EXPECT(value_at(&schedule, 3) == 0, "%g counts as %g", bad[i], value_at(&schedule, 3));
  }
  rubbish = 3.5;
  EXPECT(value_at(&schedule, 3) == 3.5, "a good answer");
}
END_TEST

/* Refusals, each with the field that is at fault; `set` is what is refused. */
static void expect_refusals(dni_status (*set)(void *, const dni_schedule *), void *object) {
  const uint64_t rising[] = {1, 5}, falling[] = {5, 1}, equal[] = {5, 5};
  const double good[] = {1, 0.5}, negative[] = {1, -1}, infinite[] = {(double)INFINITY, 1};
  const double none[] = {1, (double)NAN};
  enum { D = DNI_RATE_DECAY, P = DNI_RATE_PIECEWISE, L = DNI_RATE_LINES, C = DNI_RATE_COSINE };
#define BAD(field, ...)                                                                            \
  {                                                                                                \
    field, {                                                                                       \
      .struct_size = sizeof(dni_schedule), __VA_ARGS__                                             \
    }                                                                                              \
  }
  const struct {
    const char *field;
    dni_schedule schedule;
  } bad[] = {
      BAD("kind", .kind = -1),
      BAD("kind", .kind = 6),
      BAD("steps", .kind = D, .value = 0.5),
      BAD("value", .kind = D, .steps = 2, .value = -0.5),
      BAD("value", .kind = D, .steps = 2, .value = (double)NAN),
      BAD("value", .kind = D, .steps = 2, .value = (double)INFINITY),
      BAD("steps", .kind = C, .value = 0.5),
      BAD("value", .kind = C, .steps = 2, .value = -0.5),
      BAD("value", .kind = C, .steps = 2, .value = (double)NAN),
      BAD("boundaries", .kind = P, .values = good, .count = 2),
      BAD("values", .kind = P, .boundaries = rising, .count = 2),
      BAD("count", .kind = P, .boundaries = rising, .values = good),
      BAD("boundaries", .kind = P, .boundaries = falling, .values = good, .count = 2),
      BAD("boundaries", .kind = P, .boundaries = equal, .values = good, .count = 2),
      BAD("values", .kind = P, .boundaries = rising, .values = negative, .count = 2),
      BAD("values", .kind = P, .boundaries = rising, .values = infinite, .count = 2),
      BAD("values", .kind = P, .boundaries = rising, .values = none, .count = 2),
      BAD("boundaries", .kind = L, .values = good, .count = 2),
      BAD("values", .kind = L, .boundaries = rising, .count = 2),
      BAD("count", .kind = L, .boundaries = rising, .values = good),
      BAD("boundaries", .kind = L, .boundaries = equal, .values = good, .count = 2),
      BAD("values", .kind = L, .boundaries = rising, .values = none, .count = 2),
      BAD("function", .kind = DNI_RATE_FUNCTION),
  };
#undef BAD
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    EXPECT_ARGUMENT(set(object, &bad[i].schedule));
    EXPECT(strstr(dni_last_message(), bad[i].field), "case %zu: message \"%s\" lacks %s", i,
           dni_last_message(), bad[i].field);
  }
  dni_schedule small = kinds[1].schedule;
  small.struct_size = 8;
  EXPECT_ARGUMENT(set(object, &small));
  struct {
    dni_schedule known;
    uint64_t newer;
  } longer = {kinds[1].schedule, 1};
  longer.known.struct_size = sizeof longer;
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, set(object, &longer.known));
}

static dni_status set_nothing(void *object, const dni_schedule *schedule) {
  double *value = object;
  return dni_schedule_value(schedule, 1, value);
}

static dni_status set_optimiser(void *object, const dni_schedule *schedule) {
  return dni_optimiser_set_schedule(object, schedule);
}

static dni_status set_mixture(void *object, const dni_schedule *schedule) {
  return dni_sg_set_schedule(object, schedule);
}

START_TEST(refusals) {
  double value = -9;
  expect_refusals(set_nothing, &value);
  EXPECT_ARGUMENT(dni_schedule_value(NULL, 0, &value));
  EXPECT_ARGUMENT(dni_schedule_value(&kinds[0].schedule, 0, NULL));
  EXPECT(value == -9, "an output was written");
}
END_TEST

/* In optimisers. ------------------------------------------------------------------------------ */

static dni_optimiser *make_sgd(dni_context *context, double rate) {
  dni_optimiser *optimiser = NULL;
  EXPECT_OK(dni_optimiser_create_sgd(context, rate, &optimiser));
  return optimiser;
}

/* The rate used in each of STEPS steps, seen from outside: w -= r * 1. */
static void expect_rates(dni_optimiser *optimiser, size_t kind, uint64_t warm_up, double rate) {
  dni_matrix value = matrix_filled(DNI_F64, 1, 1, 0), gradient = matrix_filled(DNI_F64, 1, 1, 1);
  EXPECT_OK(dni_optimiser_add(optimiser, &value, &gradient, NULL, NULL));
  for (uint64_t t = 0; t < STEPS; t++) {
    double expected = rate * expected_at(kind, warm_up, t);
    expect_close(dni_optimiser_rate(optimiser), expected, 1e-15, "rate of the next step");
    matrix_set(&value, 0, 0, 0);
    EXPECT_OK(dni_optimiser_step(optimiser));
    expect_close(-matrix_get(&value, 0, 0), expected, 1e-15, "rate used");
  }
}

START_TEST(rates_of_optimisers) {
  dni_context *context = support_context(DNI_F64);
  for (size_t kind = 0; kind < KINDS; kind++)
    for (size_t w = 0; w < WARM_UPS; w++) {
      dni_schedule schedule = kinds[kind].schedule;
      uint64_t given_boundaries[4];
      double given_values[4], rate = -9;
      schedule.warm_up = warm_ups[w];
      memcpy(given_boundaries, boundaries, sizeof boundaries);
      memcpy(given_values, values, sizeof values);
      if (schedule.count) schedule.boundaries = given_boundaries, schedule.values = given_values;
      dni_optimiser *optimiser = make_sgd(context, 0.8), *like = NULL;
      EXPECT_OK(dni_optimiser_set_schedule(optimiser, &kinds[(kind + 1) % KINDS].schedule));
      EXPECT_OK(dni_optimiser_set_schedule(optimiser, &schedule));
      memset(given_boundaries, 0, sizeof given_boundaries); /* it has copies */
      memset(given_values, 0, sizeof given_values);
      memset(&schedule, 0xFF, sizeof schedule);
      expect_rates(optimiser, kind, warm_ups[w], 0.8);
      EXPECT_OK(dni_optimiser_create_like(optimiser, &like));
      /* A new learning rate goes through the schedule too; the schedule can be taken away. */
      EXPECT_OK(dni_optimiser_set_f64(optimiser, DNI_SETTING_LEARNING_RATE, 8));
      expect_close(dni_optimiser_rate(optimiser), 8 * expected_at(kind, warm_ups[w], STEPS), 1e-15,
                   "after a new learning rate");
      EXPECT_OK(dni_optimiser_get_f64(optimiser, DNI_SETTING_LEARNING_RATE, &rate));
      EXPECT(rate == 8, "the setting is %g", rate);
      EXPECT_OK(dni_optimiser_set_schedule(optimiser, NULL));
      EXPECT(dni_optimiser_rate(optimiser) == 8, "rate without a schedule");
      dni_optimiser_release(optimiser);
      expect_rates(like, kind, warm_ups[w], 0.8);
      dni_optimiser_release(like);
    }
  dni_context_release(context);
}
END_TEST

START_TEST(optimiser_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_optimiser *optimiser = make_sgd(context, 1);
  EXPECT_OK(dni_optimiser_set_schedule(optimiser, &kinds[3].schedule));
  expect_refusals(set_optimiser, optimiser);
  EXPECT_ARGUMENT(dni_optimiser_set_schedule(NULL, &kinds[0].schedule));
  EXPECT_ARGUMENT(dni_optimiser_set_schedule(NULL, NULL));
  size_t bytes = support_watched.bytes, allowed = 0;
  for (;; allowed++) {
    support_watched.fail_after = allowed;
    dni_status status = dni_optimiser_set_schedule(optimiser, &kinds[2].schedule);
    support_watched.fail_after = SIZE_MAX;
    if (status == DNI_OK) break;
    EXPECT(status == DNI_ERROR_MEMORY && dni_last_message()[0], "%d", (int)status);
    EXPECT(support_watched.bytes == bytes, "bytes after a failure");
    EXPECT(dni_optimiser_rate(optimiser) == 0.5, "the old schedule");
  }
  EXPECT(allowed > 0, "no memory was asked for");
  EXPECT(dni_optimiser_rate(optimiser) == 1, "the new schedule");
  dni_optimiser_release(optimiser);
  dni_context_release(context);
}
END_TEST

/* Functions. ---------------------------------------------------------------------------------- */

static dni_schedule schedule_of(own_schedule *own, uint64_t warm_up) {
  return (dni_schedule){.struct_size = sizeof(dni_schedule),
                        .kind = DNI_RATE_FUNCTION,
                        .warm_up = warm_up,
                        .function = own_function,
                        .user = own,
                        .destroy = own_destroy};
}

/* One function for all that were made like one another: destroyed once, after the last of them. */
START_TEST(functions_are_shared) {
  dni_context *context = support_context(DNI_F64);
  own_schedule own = {0}, other = {0};
  dni_schedule schedule = schedule_of(&own, 2), second = schedule_of(&other, 0);
  EXPECT(value_at(&schedule, 5) == harmonic(3) && own.destroyed == 0, "asked once");
  dni_optimiser *first = make_sgd(context, 0.8), *like = NULL, *third = NULL;
  EXPECT_OK(dni_optimiser_set_schedule(first, &schedule));
  EXPECT_OK(dni_optimiser_create_like(first, &like));
  EXPECT_OK(dni_optimiser_create_like(like, &third));
  EXPECT_OK(dni_optimiser_step(third));
  EXPECT_OK(dni_optimiser_step(third));
  EXPECT_OK(dni_optimiser_step(third));
  expect_close(dni_optimiser_rate(third), 0.8 * harmonic(1), 1e-15, "rate");
  EXPECT(own.last == 1, "asked for step %zu after a warm-up of 2", (size_t)own.last);
  dni_optimiser_release(first);
  EXPECT(own.destroyed == 0, "destroyed while two use it");
  EXPECT_OK(dni_optimiser_set_schedule(like, &second)); /* replaces it here */
  EXPECT(own.destroyed == 0 && other.destroyed == 0, "destroyed while one uses it");
  dni_optimiser_release(third);
  EXPECT(own.destroyed == 1, "destroyed %zu times", own.destroyed);
  EXPECT_OK(dni_optimiser_set_schedule(like, NULL));
  EXPECT(other.destroyed == 1, "destroyed %zu times", other.destroyed);
  dni_optimiser_release(like);
  EXPECT(own.destroyed == 1 && other.destroyed == 1, "destroyed again");
  dni_context_release(context);
}
END_TEST

/* A schedule that is refused is not destroyed, and what was there stays. */
START_TEST(refused_functions_are_the_callers) {
  dni_context *context = support_context(DNI_F64);
  own_schedule own = {0}, other = {0};
  dni_schedule schedule = schedule_of(&own, 0), refused = schedule_of(&other, 0);
  dni_optimiser *optimiser = make_sgd(context, 1);
  EXPECT_OK(dni_optimiser_set_schedule(optimiser, &schedule));
  refused.kind = 99;
  EXPECT_ARGUMENT(dni_optimiser_set_schedule(optimiser, &refused));
  refused.kind = DNI_RATE_FUNCTION;
  support_watched.fail_after = 0;
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_optimiser_set_schedule(optimiser, &refused));
  support_watched.fail_after = SIZE_MAX;
  EXPECT(own.destroyed == 0 && other.destroyed == 0, "destroyed by a refused call");
  EXPECT_OK(dni_optimiser_step(optimiser));
  EXPECT(dni_optimiser_rate(optimiser) == 0.5 && other.calls == 0, "the old function");
  dni_optimiser_release(optimiser);
  EXPECT(own.destroyed == 1 && other.destroyed == 0, "destroyed");
  dni_context_release(context);
}
END_TEST

/* Lambda. ------------------------------------------------------------------------------------- */

enum { UNITS = 3, ROWS = 4 };

static dni_sg *make_mixture(dni_context *context, double lambda) {
  dni_sg *inner = NULL, *sg = NULL;
  EXPECT_OK(dni_sg_create_synthetic(context, UNITS, UNITS, NULL, &inner));
  EXPECT_OK(dni_sg_create_mixture(context, inner, lambda, &sg));
  dni_sg_release(inner);
  return sg;
}

static double lambda_of(const dni_sg *sg) {
  double lambda = -9;
  EXPECT_OK(dni_sg_get_f64(sg, DNI_SETTING_LAMBDA, &lambda));
  return lambda;
}

/* Lambda follows the count of lessons; what the getter says is what the next answer uses. The
 * inner SG has not moved, so its answer is 0. */
START_TEST(lambdas) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix h = matrix_random(dtype, ROWS, UNITS), y = matrix_random(dtype, ROWS, UNITS);
  dni_matrix e = matrix_random(dtype, ROWS, UNITS), delta = matrix_make(dtype, ROWS, UNITS);
  for (size_t kind = 0; kind < KINDS; kind++)
    for (size_t w = 0; w < WARM_UPS; w++) {
      dni_schedule schedule = kinds[kind].schedule;
      schedule.warm_up = warm_ups[w];
      dni_sg *sg = make_mixture(context, 0.3);
      EXPECT_OK(dni_sg_set_schedule(sg, &schedule));
      for (uint64_t t = 0; t < STEPS; t++) {
        double expected = expected_at(kind, warm_ups[w], t);
        expect_close(lambda_of(sg), expected, 1e-15, kinds[kind].name);
        EXPECT_OK(support_estimate(sg, &h, &y, &e, &delta));
        expect_close(matrix_get(&delta, 2, 1), expected * matrix_get(&e, 2, 1), 1e-6, "delta");
        EXPECT_OK(support_learn(sg, &h, &y, &e, NULL, NULL, NULL));
      }
      double last = lambda_of(sg);
      EXPECT_OK(dni_sg_set_schedule(sg, NULL));
      EXPECT_OK(support_learn(sg, &h, &y, &e, NULL, NULL, NULL));
      EXPECT(lambda_of(sg) == last, "stays what it was");
      EXPECT_OK(dni_sg_set_schedule(sg, &schedule));
      EXPECT_OK(dni_sg_set_f64(sg, DNI_SETTING_LAMBDA, 0.625));
      EXPECT_OK(support_learn(sg, &h, &y, &e, NULL, NULL, NULL));
      EXPECT(lambda_of(sg) == 0.625, "a number instead of a schedule");
      dni_sg_release(sg);
    }
  dni_context_release(context);
}
END_TEST

/* What is refused everywhere, what would leave [0, 1], and what is not a mixture. */
START_TEST(lambda_refusals) {
  dni_context *context = support_context(support_dtypes[_i]);
  own_schedule own = {0};
  dni_sg *sg = make_mixture(context, 0.3), *zero = NULL;
  EXPECT_OK(dni_sg_create_zero(context, UNITS, &zero));
  EXPECT_OK(dni_sg_set_schedule(sg, &kinds[3].schedule));
  expect_refusals(set_mixture, sg);
  const double over[] = {0, 1 + 1e-9, 0, 0};
  for (size_t kind = 1; kind <= 4; kind++) {
    dni_schedule schedule = kinds[kind].schedule;
    if (schedule.count) schedule.values = over;
    if (!schedule.count) schedule.value = 1 + 1e-9;
    EXPECT_ARGUMENT(dni_sg_set_schedule(sg, &schedule));
    EXPECT(strstr(dni_last_message(), "value"), "message \"%s\"", dni_last_message());
  }
  dni_schedule schedule = schedule_of(&own, 0);
  EXPECT_ARGUMENT(dni_sg_set_schedule(zero, &schedule));
  EXPECT_ARGUMENT(dni_sg_set_schedule(NULL, &schedule));
  EXPECT_ARGUMENT(dni_sg_set_schedule(NULL, NULL));
  EXPECT(lambda_of(sg) == 0.5 && own.destroyed == 0, "the old schedule");
  EXPECT_OK(dni_sg_set_schedule(sg, &schedule));
  EXPECT(own.destroyed == 0, "destroyed while in use");
  EXPECT_OK(dni_sg_set_f64(sg, DNI_SETTING_LAMBDA, 0.5));
  EXPECT(own.destroyed == 1, "destroyed %zu times", own.destroyed);
  EXPECT_OK(dni_sg_set_schedule(sg, &schedule));
  dni_sg_release(sg);
  EXPECT(own.destroyed == 2, "destroyed %zu times", own.destroyed);
  dni_sg_release(zero);
  dni_context_release(context);
}
END_TEST

static TCase *add_group(Suite *suite, const char *name) {
  TCase *group = tcase_create(name);
  tcase_add_checked_fixture(group, support_setup, support_teardown);
  suite_add_tcase(suite, group);
  return group;
}

int main(void) {
  Suite *suite = suite_create("rate schedules");
  TCase *group = add_group(suite, "values");
  tcase_add_test(group, closed_forms);
  tcase_add_test(group, exact_places);
  tcase_add_test(group, the_papers_schedule);
  tcase_add_test(group, functions_that_answer_rubbish);
  tcase_add_test(group, refusals);
  group = add_group(suite, "optimisers");
  tcase_add_test(group, rates_of_optimisers);
  tcase_add_loop_test(group, optimiser_refusals, 0, SUPPORT_DTYPES);
  tcase_add_test(group, functions_are_shared);
  tcase_add_test(group, refused_functions_are_the_callers);
  group = add_group(suite, "lambda");
  tcase_add_loop_test(group, lambdas, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, lambda_refusals, 0, SUPPORT_DTYPES);
  return support_run(suite);
}
