/* Moments of bf16 (dni_optimiser_set_moment_dtype): rounded by chance, to either neighbour, and right on average;
 * the same for all threads, instructions, strides, and after a load. */
#include "core/bf16.h"
#include "memory_file.h"
#include "optimiser/optimiser.h"
#include "training.h"

/* Moments as they are kept. -------------------------------------------------------------------- */

static double kept_moment(const dni_optimiser *optimiser, size_t moment, size_t index) {
  const uint16_t *moments = optimiser->moved[0].moments[moment];
  return (double)dni__float_of((uint32_t)moments[index] << 16);
}

static dni_optimiser *with_bf16(dni_optimiser *optimiser) {
  EXPECT_OK(dni_optimiser_set_moment_dtype(optimiser, DNI_BF16));
  return optimiser;
}

enum { MANY = 40000 };

/* An optimiser of one parameter [1][MANY], and its gradient, all `gradient`. */
static dni_optimiser *many(dni_dtype dtype, bool adam, double gradient, dni_matrix *value) {
  dni_context *context = make_context(dtype, 1);
  dni_matrix slope = matrix_filled(dtype, 1, MANY, gradient);
  *value = matrix_filled(dtype, 1, MANY, 1);
  dni_optimiser *optimiser = with_bf16(adam ? make_adam(context, 0.001) : make_sgd(context, 0.001));
  if (!adam) EXPECT_OK(dni_optimiser_set_f64(optimiser, DNI_SETTING_MOMENTUM, 0.9));
  EXPECT_OK(dni_optimiser_add(optimiser, value, &slope, NULL, NULL));
  return optimiser;
}

/* The two bf16 around a number, and the share of the way from the lower to the upper. */
static double neighbours(double number, double *below, double *above) {
  const uint32_t bits = dni__bits_of((float)number);
  *below = (double)dni__float_of(bits & 0xffff0000);
  *above = (double)dni__float_of((bits & 0xffff0000) + 0x10000);
  return ((double)(float)number - *below) / (*above - *below);
}

/* How often moment `moment` has been rounded up; each is one of the two. */
static double share_up(const dni_optimiser *optimiser, size_t moment, double exact) {
  double below, above, ups = 0;
  (void)neighbours(exact, &below, &above);
  for (size_t i = 0; i < MANY; i++) {
    const double rounded = kept_moment(optimiser, moment, i);
    EXPECT(rounded == below || rounded == above, "%g, not %g or %g", rounded, below, above);
    ups += rounded == above;
  }
  return ups / MANY;
}

static void expect_chance(const dni_optimiser *optimiser, size_t moment, double exact) {
  double below, above, chance = neighbours(exact, &below, &above);
  double found = share_up(optimiser, moment, exact), sigma = sqrt(chance * (1 - chance) / MANY);
  EXPECT(fabs(found - chance) < 4 * sigma, "moment %zu: up %g of the time, expected %g", moment,
         found, chance);
}

/* _i: element type, kind */
START_TEST(test_rounding) {
  const dni_dtype dtype = support_dtypes[_i % 2];
  const bool adam = _i < 2;
  const double g = -0.0123;
  dni_matrix value;
  dni_optimiser *optimiser = many(dtype, adam, g, &value);
  EXPECT_OK(dni_optimiser_step(optimiser));
  expect_chance(optimiser, 0, adam ? 0.1 * g : g);
  if (adam) expect_chance(optimiser, 1, 0.001 * g * g);
  /* The update is made of what was computed, not of what was kept. */
  expect_close(matrix_get(&value, 0, 7), adam ? 1.001 : 1 - 0.001 * g,
               support_tolerance(dtype, 1e-6, 1e-6), "value");
}
END_TEST

/* m and v of an element are rounded by different bits, and so is each step. */
START_TEST(test_independence) {
  const double g = 0.0123, third = 1.0 / 3;
  dni_matrix value;
  dni_optimiser *optimiser = many(DNI_F32, true, g, &value);
  double below, m, v, both = 0, m_up = 0, v_up = 0, same = 0;
  static uint16_t first[MANY];
  EXPECT_OK(dni_optimiser_step(optimiser));
  (void)neighbours(0.1 * g, &below, &m);
  (void)neighbours(0.001 * g * g, &below, &v);
  for (size_t i = 0; i < MANY; i++) {
    const bool up = kept_moment(optimiser, 0, i) == m, other = kept_moment(optimiser, 1, i) == v;
    m_up += up, v_up += other, both += up && other;
  }
  EXPECT(fabs(both / MANY - m_up / MANY * (v_up / MANY)) < 4 * 0.5 / sqrt(MANY),
         "%g both, %g and %g alone", both, m_up, v_up);
  EXPECT(m_up > MANY * 0.05 && v_up > MANY * 0.05, "%g and %g up", m_up, v_up);
  dni_optimiser *fresh = many(DNI_F32, true, third, &value);
  EXPECT_OK(dni_optimiser_step(fresh));
  memcpy(first, fresh->moved[0].moments[0], sizeof first);
  memset(fresh->moved[0].moments[0], 0, sizeof first);
  EXPECT_OK(dni_optimiser_step(fresh));
  for (size_t i = 0; i < MANY; i++)
    same += first[i] == ((const uint16_t *)fresh->moved[0].moments[0])[i];
  EXPECT(same < 0.95 * MANY, "%g of %d rounded as in the step before", same, MANY);
}
END_TEST

/* An average of squares goes up by less than half a bf16 in each of most steps: rounded to nearest it would stop
 * at about a third of where it goes. */
START_TEST(test_small_changes) {
  dni_matrix value;
  dni_optimiser *optimiser = many(DNI_F32, true, 0.5, &value);
  double mean = 0;
  for (int step = 0; step < 3000; step++)
    EXPECT_OK(dni_optimiser_step(optimiser));
  for (size_t i = 0; i < MANY; i++)
    mean += kept_moment(optimiser, 1, i) / MANY;
  expect_close(mean, 0.25 * (1 - pow(0.999, 3000)), 0.001, "mean of v");
}
END_TEST

/* The same whatever else. ---------------------------------------------------------------------- */

enum { ROWS = 13, INPUTS = 6, CLASSES = 4 };

static dni_matrix x, y;

static void make_batch(void) {
  x = matrix_random(DNI_F32, ROWS, INPUTS);
  y = matrix_one_hot(DNI_F32, ROWS, CLASSES);
}

static dni_context *context_of(dni_instructions instructions, dni_dtype compute, size_t threads) {
  dni_backend *backend = support_builtin();
  EXPECT_OK(dni_backend_set_threads(backend, threads));
  dni_context_options options = {.struct_size = sizeof options,
                                 .seed = 11,
                                 .compute = compute,
                                 .instructions = instructions,
                                 .allocator = &support_allocator,
                                 .backend = backend};
  dni_context *context = NULL;
  const dni_status status = dni_context_create(&options, &context);
  EXPECT(status == DNI_OK || status == DNI_ERROR_UNSUPPORTED, "%s", dni_last_message());
  dni_backend_release(backend);
  return context ? keep(CONTEXT, context) : NULL;
}

typedef struct training {
  dni_network *network;
  dni_trainer *trainer;
} training;

static const char *const text = "6 relu40 norm |sg relu33 |lsr relu9 dense4";

static training make_training(dni_context *context, dni_dtype moments) {
  dni_optimiser *adam = make_adam(context, 0.01);
  EXPECT_OK(dni_optimiser_set_moment_dtype(adam, moments));
  training made = {.network = make_network(context, text)};
  made.trainer = make_trainer(context, made.network, adam, adam, ROWS, 0);
  return made;
}

static void train(const training *made, int steps) {
  for (int step = 0; step < steps; step++)
    EXPECT_OK(support_step(made->trainer, &x, &y, NULL));
}

static numbers found(const training *made) {
  numbers all = all_layer_numbers(made->network);
  append_numbers(&all, sg_numbers(made->network, 1));
  return all;
}

/* _i: compute */
START_TEST(test_threads) {
  numbers all[2];
  make_batch();
  for (size_t k = 0; k < 2; k++) {
    const training made = make_training(context_of(0, _i ? DNI_BF16 : 0, k == 0 ? 1 : 3), DNI_BF16);
    train(&made, 5);
    all[k] = found(&made);
  }
  EXPECT_SAME_BITS(all[0], all[1]);
}
END_TEST

/* What is random is the same for all instructions; sums may come in another order. */
START_TEST(test_instructions) {
  dni_matrix values[DNI_INSTRUCTIONS_AMX + 1];
  size_t count = 0;
  const dni_matrix gradient = matrix_random(DNI_F32, 3, 77);
  for (dni_instructions set = DNI_INSTRUCTIONS_BASELINE; set <= DNI_INSTRUCTIONS_AMX; set++) {
    dni_context *context = context_of(set, 0, 1);
    if (!context) continue;
    dni_optimiser *adam = with_bf16(make_adam(context, 0.01));
    values[count] = matrix_filled(DNI_F32, 3, 77, 1);
    EXPECT_OK(dni_optimiser_add(adam, &values[count], &gradient, NULL, NULL));
    for (int step = 0; step < 20; step++)
      EXPECT_OK(dni_optimiser_step(adam));
    matrix_expect_close(&values[count], &values[0], 1e-6, dni_instructions_name(set));
    count++;
  }
}
END_TEST

/* Rows that lie apart, as matrices of tests do, and rows one after the other. */
START_TEST(test_strides) {
  enum { R = 5, C = 37 };
  dni_context *context = context_of(0, 0, 1);
  float together[R * C], slope[R * C];
  dni_matrix apart = matrix_filled(DNI_F32, R, C, 1), gradient = matrix_random(DNI_F32, R, C), flat,
             flat_gradient;
  dni_matrix_init_f32(&flat, together, R, C);
  dni_matrix_init_f32(&flat_gradient, slope, R, C);
  matrix_copy(&apart, &flat);
  matrix_copy(&gradient, &flat_gradient);
  dni_optimiser *first = with_bf16(make_adam(context, 0.01));
  dni_optimiser *second = with_bf16(make_adam(context, 0.01));
  EXPECT_OK(dni_optimiser_add(first, &apart, &gradient, NULL, NULL));
  EXPECT_OK(dni_optimiser_add(second, &flat, &flat_gradient, NULL, NULL));
  for (int step = 0; step < 20; step++) {
    EXPECT_OK(dni_optimiser_step(first));
    EXPECT_OK(dni_optimiser_step(second));
  }
  matrix_expect_same(&apart, &flat, "rows apart");
}
END_TEST

/* A training that is saved and goes on elsewhere; a file of floats does not fit. */
START_TEST(test_files) {
  if (!support_has_files()) return;
  make_batch();
  static bytes file;
  const dni_writer writer = {.struct_size = sizeof writer, .user = &file, .write = put};
  const dni_reader reader = {.struct_size = sizeof reader, .user = &file, .read = take};
  const training one = make_training(context_of(0, 0, 1), DNI_BF16);
  const training two = make_training(context_of(0, 0, 1), DNI_BF16);
  const training floats = make_training(context_of(0, 0, 1), DNI_F32);
  file.size = file.next = 0;
  train(&one, 3);
  EXPECT_OK(dni_trainer_write(one.trainer, &writer));
  EXPECT_OK(dni_trainer_read(two.trainer, &reader, NULL));
  train(&one, 3);
  train(&two, 3);
  EXPECT_SAME_BITS(found(&one), found(&two));
  file.next = 0;
  EXPECT_MESSAGE(DNI_ERROR_DATA, "BF16", dni_trainer_read(floats.trainer, &reader, NULL));
}
END_TEST

/* Limits. -------------------------------------------------------------------------------------- */

/* A velocity next to the largest float is not rounded up to infinity; what is not finite reaches the value. */
START_TEST(test_extremes) {
  dni_context *context = context_of(0, 0, 1);
  dni_matrix value = matrix_filled(DNI_F32, 1, 100, 0),
             gradient = matrix_filled(DNI_F32, 1, 100, 0);
  dni_optimiser *sgd = with_bf16(make_sgd(context, 1e-30));
  EXPECT_OK(dni_optimiser_set_f64(sgd, DNI_SETTING_MOMENTUM, 0.5));
  EXPECT_OK(dni_optimiser_add(sgd, &value, &gradient, NULL, NULL));
  matrix_fill(&gradient, (double)-3.4028234e38F);
  EXPECT_OK(dni_optimiser_step(sgd));
  for (size_t i = 0; i < 100; i++)
    EXPECT(isfinite(kept_moment(sgd, 0, i)) && kept_moment(sgd, 0, i) < -3.3e38, "%g",
           kept_moment(sgd, 0, i));
  matrix_fill(&gradient, 0);
  matrix_set(&gradient, 0, 3, (double)NAN);
  matrix_set(&gradient, 0, 4, (double)INFINITY);
  EXPECT_OK(dni_optimiser_step(sgd));
  EXPECT(isnan(matrix_get(&value, 0, 3)) && isnan(matrix_get(&value, 0, 4)), "not NaN");
  EXPECT(isfinite(matrix_get(&value, 0, 5)), "not finite");
}
END_TEST

/* Adam's v keeps the square of one large gradient, also where bf16 has less range than the element type, and forgets
 * it. */
START_TEST(test_large_gradient) {
  dni_context *context = make_context(support_dtypes[_i], 1);
  const dni_dtype dtype = support_dtypes[_i];
  dni_matrix value = matrix_filled(dtype, 1, 10, 1), gradient = matrix_filled(dtype, 1, 10, 1e25);
  dni_optimiser *adam = with_bf16(make_adam(context, 0.001));
  EXPECT_OK(dni_optimiser_add(adam, &value, &gradient, NULL, NULL));
  EXPECT_OK(dni_optimiser_step(adam));
  matrix_fill(&gradient, 0.1);
  for (int step = 0; step < 20; step++)
    EXPECT_OK(dni_optimiser_step(adam));
  expect_close(matrix_get(&value, 0, 7), 0.9946, 0.001, "value");
}
END_TEST

START_TEST(test_bytes) {
  dni_context *context = context_of(0, 0, 1);
  dni_optimiser *floats = make_adam(context, 0.1), *like;
  dni_optimiser *halves = with_bf16(make_adam(context, 0.1));
  dni_layer *layer = keep(LAYER, make_layer(context, 7, "relu5"));
  EXPECT_OK(dni_optimiser_create_like(halves, &like));
  keep(OPTIMISER, like);
  ck_assert_int_eq(dni_optimiser_moment_dtype(floats), DNI_F32);
  ck_assert_int_eq(dni_optimiser_moment_dtype(like), DNI_BF16);
  ck_assert_int_eq(dni_optimiser_moment_dtype(NULL), 0);
  EXPECT_OK(dni_optimiser_add_layer(floats, layer));
  EXPECT_OK(dni_optimiser_add_layer(like, layer));
  ck_assert_uint_eq(dni_optimiser_bytes(floats), 2 * 4 * (7 * 5 + 5));
  ck_assert_uint_eq(dni_optimiser_bytes(like), 2 * 2 * (7 * 5 + 5));
}
END_TEST

START_TEST(test_refusals) {
  dni_context *context = context_of(0, 0, 1);
  dni_optimiser *adam = make_adam(context, 0.1);
  dni_layer *layer = keep(LAYER, make_layer(context, 7, "relu5"));
  EXPECT_ARGUMENT(dni_optimiser_set_moment_dtype(NULL, DNI_BF16));
  EXPECT_ARGUMENT(dni_optimiser_set_moment_dtype(adam, DNI_F64));
  EXPECT_ARGUMENT(dni_optimiser_set_moment_dtype(adam, 0));
  EXPECT_ARGUMENT(dni_optimiser_set_moment_dtype(adam, DNI_U8));
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_optimiser_set_moment_dtype(adam, DNI_F16));
  ck_assert_int_eq(dni_optimiser_moment_dtype(adam), DNI_F32);
  EXPECT_OK(dni_optimiser_add_layer(adam, layer));
  EXPECT_STATUS(DNI_ERROR_STATE, dni_optimiser_set_moment_dtype(adam, DNI_BF16));
  EXPECT_OK(dni_optimiser_set_moment_dtype(adam, DNI_F32));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("bf16 moments");
  TCase *group = add_group(suite, "moments");
  tcase_add_loop_test(group, test_rounding, 0, 4);
  tcase_add_test(group, test_independence);
  tcase_add_test(group, test_small_changes);
  tcase_add_loop_test(group, test_threads, 0, 2);
  tcase_add_test(group, test_instructions);
  tcase_add_test(group, test_strides);
  tcase_add_test(group, test_files);
  tcase_add_test(group, test_extremes);
  tcase_add_loop_test(group, test_large_gradient, 0, 2);
  tcase_add_test(group, test_bytes);
  tcase_add_test(group, test_refusals);
  return support_run(suite);
}
