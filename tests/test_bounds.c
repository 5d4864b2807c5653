/* Numbers that the caller gives are checked in the element type they are used in: what would become 0,
 * denormal, infinite, or 1 where less is required, is refused, named, and changes nothing. */
#include <float.h>

#include "support/support.h"

#define EXPECT_NAMES(call, text)                                                                   \
  do {                                                                                             \
    EXPECT_ARGUMENT(call);                                                                         \
    EXPECT(strstr(dni_last_message(), text), "no \"%s\" in \"%s\"", text, dni_last_message());     \
  } while (0)

/* An optimiser, a layer or an SG. */
typedef struct owner {
  dni_optimiser *optimiser;
  dni_layer *layer;
  dni_sg *sg;
} owner;

static dni_status set(const owner *o, dni_setting setting, double value) {
  if (o->optimiser) return dni_optimiser_set_f64(o->optimiser, setting, value);
  return o->layer ? dni_layer_set_f64(o->layer, setting, value)
                  : dni_sg_set_f64(o->sg, setting, value);
}

static double get(const owner *o, dni_setting setting) {
  double value = -7;
  if (o->optimiser)
    EXPECT_OK(dni_optimiser_get_f64(o->optimiser, setting, &value));
  else if (o->layer)
    EXPECT_OK(dni_layer_get_f64(o->layer, setting, &value));
  else
    EXPECT_OK(dni_sg_get_f64(o->sg, setting, &value));
  return value;
}

static bool has(const owner *o, dni_setting setting) {
  if (o->optimiser) return dni_optimiser_has(o->optimiser, setting) == 1;
  return o->layer ? dni_layer_has(o->layer, setting) == 1 : dni_sg_has(o->sg, setting) == 1;
}

enum { OWNERS = 9 };

static void make_owners(dni_context *context, owner all[OWNERS]) {
  memset(all, 0, OWNERS * sizeof *all);
  EXPECT_OK(dni_optimiser_create_sgd(context, 0.1, &all[0].optimiser));
  EXPECT_OK(dni_optimiser_create_adam(context, 0.1, &all[1].optimiser));
  EXPECT_OK(dni_optimiser_create_adamw(context, 0.1, &all[2].optimiser));
  EXPECT_OK(dni_layer_create_dense(context, 2, 3, DNI_ACTIVATION_LEAKY_RELU, &all[3].layer));
  EXPECT_OK(dni_layer_create_batch_norm(context, 3, &all[4].layer));
  EXPECT_OK(dni_layer_create_layer_norm(context, 3, &all[5].layer));
  EXPECT_OK(dni_layer_create_dropout(context, 3, 0.5, NULL, &all[6].layer));
  EXPECT_OK(dni_sg_create_delayed(context, 3, 0.5, &all[7].sg));
  dni_sg *inner = NULL;
  EXPECT_OK(dni_sg_create_synthetic(context, 3, 2, NULL, &inner));
  EXPECT_OK(dni_sg_create_mixture(context, inner, 0.5, &all[8].sg));
  dni_sg_release(inner);
}

static void release_owners(owner all[OWNERS]) {
  for (size_t i = 0; i < OWNERS; i++) {
    dni_optimiser_release(all[i].optimiser);
    dni_layer_release(all[i].layer);
    dni_sg_release(all[i].sg);
  }
}

/* Every setting of every kind, with numbers that the other element type may well hold. */
START_TEST(settings) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  double least = support_least(dtype), most = support_most(dtype);
  const double bad[] = {least / 2, least * 0x1p-20, -least, nextafter(most, INFINITY), INFINITY,
                        NAN};
  owner all[OWNERS];
  size_t found = 0;
  make_owners(context, all);
  for (size_t o = 0; o < OWNERS; o++)
    for (dni_setting setting = 1; setting < 64; setting++) {
      if (!has(&all[o], setting)) continue;
      double before = get(&all[o], setting);
      found++;
      for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        EXPECT_NAMES(set(&all[o], setting, bad[i]), dni_setting_name(setting));
        EXPECT(strstr(dni_last_message(), dtype == DNI_F32 ? "float" : "double"),
               "no element type in \"%s\"", dni_last_message());
        EXPECT(get(&all[o], setting) == before, "changed by a refused value");
      }
      EXPECT_OK(set(&all[o], setting, least));
    }
  EXPECT(found >= 30, "only %zu settings", found);
  release_owners(all);
  dni_context_release(context);
}
END_TEST

/* Values that only float rounds to 1, and that say so with all their digits. */
START_TEST(below_one) {
  dni_context *context = support_context(DNI_F32);
  owner all[OWNERS];
  make_owners(context, all);
  EXPECT_NAMES(set(&all[1], DNI_SETTING_BETA2, 1 - 1e-9), "0.999999999");
  EXPECT_NAMES(set(&all[1], DNI_SETTING_BETA1, 1 - 1e-9), "beta1");
  EXPECT_NAMES(set(&all[0], DNI_SETTING_MOMENTUM, 1 - 1e-12), "0.999999999999");
  EXPECT_NAMES(set(&all[3], DNI_SETTING_SLOPE, 1 - 1e-10), "slope");
  EXPECT_NAMES(set(&all[6], DNI_SETTING_DROP, 1 - 1e-10), "drop");
  EXPECT_OK(set(&all[1], DNI_SETTING_BETA2, support_below_one(DNI_F32)));
  release_owners(all);
  dni_context_release(context);
}
END_TEST

/* Numbers given at creation. */
START_TEST(at_creation) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  double small = support_least(dtype) / 4, large = dtype == DNI_F32 ? 1e39 : (double)INFINITY;
  dni_optimiser *optimiser = NULL;
  dni_layer *layer = NULL;
  dni_sg *sg = NULL;
  dni_loss *loss = NULL;
  EXPECT_NAMES(dni_optimiser_create_sgd(context, small, &optimiser), "learning rate");
  EXPECT_NAMES(dni_optimiser_create_adam(context, large, &optimiser), "learning rate");
  EXPECT_NAMES(dni_optimiser_create_adamw(context, large, &optimiser), "learning rate");
  EXPECT_NAMES(dni_layer_create_dropout(context, 3, small, NULL, &layer), "drop");
  EXPECT_NAMES(dni_sg_create_delayed(context, 3, small, &sg), "shrink");
  const double weights[][2] = {{1, small}, {large, 1}, {0, 0}};
  for (size_t i = 0; i < 3; i++) {
    dni_loss_options options = {sizeof options, 0, weights[i], 2};
    EXPECT_NAMES(dni_loss_create_softmax_cross_entropy(context, &options, &loss), "class");
    EXPECT_NAMES(dni_loss_create_sigmoid_cross_entropy(context, &options, &loss), "class");
  }
  dni_loss_options smoothing = {sizeof smoothing, small, NULL, 0};
  EXPECT_NAMES(dni_loss_create_softmax_cross_entropy(context, &smoothing, &loss), "smoothing");
  EXPECT(!optimiser && !layer && !sg && !loss, "made by a refused call");
  EXPECT_OK(dni_layer_create_dense(context, 2, 3, DNI_ACTIVATION_RELU, &layer));
  dni_initialiser_options draw = {.struct_size = sizeof draw, .has_value = 1, .value = large};
  for (draw.kind = DNI_INITIALISER_NORMAL; draw.kind <= DNI_INITIALISER_CONSTANT; draw.kind++)
    EXPECT_NAMES(dni_layer_initialise(layer, &draw), "value");
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* Factors and weights that come with a call. */
START_TEST(in_calls) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  double small = support_least(dtype) / 4, large = dtype == DNI_F32 ? 1e39 : (double)INFINITY;
  dni_optimiser *optimiser = NULL;
  dni_loss *loss = NULL;
  EXPECT_OK(dni_optimiser_create_sgd(context, 0.1, &optimiser));
  EXPECT_OK(dni_loss_create_squared_error(context, &loss));
  EXPECT_NAMES(dni_optimiser_step_scaled(optimiser, small), "factor");
  EXPECT_NAMES(dni_optimiser_step_scaled(optimiser, large), "factor");
  EXPECT_OK(dni_optimiser_step_scaled(optimiser, -1));
  dni_matrix h = matrix_random(dtype, 2, 3), weights = matrix_filled(dtype, 2, 1, small);
  dni_batch batch = {.struct_size = sizeof batch, .x = &h, .y = &h, .weights = &weights};
  EXPECT_NAMES(dni_loss_evaluate(loss, &batch, NULL, NULL, NULL), "weights");
  matrix_fill(&weights, support_most(dtype));
  EXPECT_NAMES(dni_loss_evaluate(loss, &batch, NULL, NULL, NULL), "weights");
  dni_loss_release(loss);
  dni_optimiser_release(optimiser);
  dni_context_release(context);
}
END_TEST

/* A product of rate and schedule: beyond the element type the step fails by name and changes nothing;
 * below it, it is 0. */
START_TEST(rates_of_steps) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_matrix w = matrix_filled(dtype, 1, 3, 2), g = matrix_filled(dtype, 1, 3, 0);
  for (int kind = 0; kind < 3; kind++) {
    dni_optimiser *optimiser = NULL;
    dni_schedule schedule = {.struct_size = sizeof schedule, .kind = DNI_RATE_DECAY, .steps = 1};
    EXPECT_OK(kind == 0   ? dni_optimiser_create_sgd(context, 1, &optimiser)
              : kind == 1 ? dni_optimiser_create_adam(context, 1, &optimiser)
                          : dni_optimiser_create_adamw(context, 1, &optimiser));
    EXPECT_OK(dni_optimiser_set_f64(optimiser, DNI_SETTING_WEIGHT_DECAY, 0));
    EXPECT_OK(dni_optimiser_add(optimiser, &w, &g, NULL, NULL));
    schedule.value = support_most(dtype);
    EXPECT_OK(dni_optimiser_set_schedule(optimiser, &schedule));
    EXPECT_OK(dni_optimiser_step(optimiser));
    EXPECT_OK(dni_optimiser_step(optimiser));
    EXPECT_STATUS(DNI_ERROR_NON_FINITE, dni_optimiser_step(optimiser));
    EXPECT(strstr(dni_last_message(), "rate") && strstr(dni_last_message(), "step 3"), "%s",
           dni_last_message());
    EXPECT(dni_optimiser_step_count(optimiser) == 2, "a failed step was counted");
    schedule.value = 1e-30;
    EXPECT_OK(dni_optimiser_set_schedule(optimiser, &schedule));
    for (int step = 0; step < 20; step++)
      EXPECT_OK(dni_optimiser_step(optimiser));
    for (size_t c = 0; c < 3; c++)
      EXPECT(matrix_get(&w, 0, c) == 2, "w %g", matrix_get(&w, 0, c));
    dni_optimiser_release(optimiser);
  }
  dni_context_release(context);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("bounds");
  TCase *all = tcase_create("bounds");
  tcase_add_checked_fixture(all, support_setup, support_teardown);
  tcase_add_loop_test(all, settings, 0, SUPPORT_DTYPES);
  tcase_add_test(all, below_one);
  tcase_add_loop_test(all, at_creation, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(all, in_calls, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(all, rates_of_steps, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, all);
  return support_run(suite);
}
