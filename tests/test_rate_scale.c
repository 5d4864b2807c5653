/* Rate scales of layers and SGs: every optimiser with 0.1, 1 and 0 against a second
 * implementation of the header's formulas in double; frozen parameters keep their bits and count
 * nowhere. */
#include "optimiser/optimiser.h"

#include "support/support.h"

enum { SGD, ADAM, ADAMW, OPTIMISERS };

typedef struct settings {
  const char *name;
  int kind;
  double rate, momentum, decay, beta1, beta2, epsilon, clip_norm, clip_value;
} settings;

static const settings all_settings[] = {
    {"SGD", SGD, 0.1, 0, 0, 0, 0, 0, 0, 0},
    {"momentum", SGD, 0.05, 0.9, 0, 0, 0, 0, 0, 0},
    {"momentum and decay", SGD, 0.05, 0.7, 0.03, 0, 0, 0, 0, 0},
    {"SGD, clipped norm", SGD, 0.1, 0.5, 0.01, 0, 0, 0, 2.5, 0},
    {"SGD, clipped value", SGD, 0.1, 0.5, 0.01, 0, 0, 0, 0, 0.4},
    {"Adam", ADAM, 0.01, 0, 0, 0.9, 0.999, 1e-8, 0, 0},
    {"Adam with decay", ADAM, 0.02, 0, 0.1, 0.5, 0.9, 1e-3, 0, 0},
    {"Adam, clipped norm", ADAM, 0.01, 0, 0.01, 0.9, 0.99, 1e-2, 1.5, 0},
    {"AdamW", ADAMW, 0.02, 0, 0.7, 0.8, 0.95, 1e-4, 0, 0},
    {"AdamW, clipped norm", ADAMW, 0.02, 0, 0.2, 0.8, 0.95, 1e-4, 1.5, 0},
};
enum { SETTINGS = sizeof all_settings / sizeof all_settings[0] };

static void set(dni_optimiser *optimiser, dni_setting setting, double value) {
  EXPECT_OK(dni_optimiser_set_f64(optimiser, setting, value));
}

static dni_optimiser *make_as(const settings *s, dni_context *context) {
  dni_optimiser *optimiser = NULL;
  if (s->kind == SGD) {
    EXPECT_OK(dni_optimiser_create_sgd(context, s->rate, &optimiser));
    set(optimiser, DNI_SETTING_MOMENTUM, s->momentum);
  } else {
    EXPECT_OK(s->kind == ADAM ? dni_optimiser_create_adam(context, s->rate, &optimiser)
                              : dni_optimiser_create_adamw(context, s->rate, &optimiser));
    set(optimiser, DNI_SETTING_BETA1, s->beta1);
    set(optimiser, DNI_SETTING_BETA2, s->beta2);
    set(optimiser, DNI_SETTING_EPSILON, s->epsilon);
  }
  set(optimiser, DNI_SETTING_WEIGHT_DECAY, s->decay);
  set(optimiser, DNI_SETTING_CLIP_NORM, s->clip_norm);
  set(optimiser, DNI_SETTING_CLIP_VALUE, s->clip_value);
  return optimiser;
}

/* What is moved: layers, an SG in a wrapper, a parameter of the caller's own. ---------------- */

enum { LAYERS = 3, SG = LAYERS, OWN, OWNERS, MOST = 4 };

/* A parameter: the library's value and gradient, and the reference's w, m (or v of SGD) and v. */
typedef struct parameter {
  size_t owner;
  dni_matrix value, gradient, w, m, v;
} parameter;

typedef struct model {
  dni_layer *layers[LAYERS];
  dni_sg *inner, *sg;
  double scale[OWNERS];
  parameter parameters[2 * LAYERS + MOST + 1];
  size_t count;
} model;

static void add_parameter(model *m, size_t owner, dni_matrix value, dni_matrix gradient) {
  matrix_fill_random(&value, 0.7);
  m->parameters[m->count++] =
      (parameter){.owner = owner,
                  .value = value,
                  .gradient = gradient,
                  .w = matrix_convert(&value, DNI_F64),
                  .m = matrix_filled(DNI_F64, value.rows, value.columns, 0),
                  .v = matrix_filled(DNI_F64, value.rows, value.columns, 0)};
}

/* Filled in; everything is added to the optimiser. */
static void make_model(model *m, dni_context *context, dni_optimiser *optimiser) {
  dni_dtype dtype = dni_context_dtype(context);
  *m = (model){.scale = {1, 1, 1, 1, 1}};
  EXPECT_OK(dni_layer_create_dense(context, 7, 6, DNI_ACTIVATION_RELU, &m->layers[0]));
  EXPECT_OK(dni_layer_create_layer_norm(context, 6, &m->layers[1]));
  EXPECT_OK(dni_layer_create_dense(context, 6, 19, DNI_ACTIVATION_IDENTITY, &m->layers[2]));
  dni_sg_options options = {.struct_size = sizeof options, .hidden_layers = 1, .hidden_units = 3};
  EXPECT_OK(dni_sg_create_synthetic(context, 6, 2, &options, &m->inner));
  EXPECT_OK(dni_sg_create_warm_up(context, m->inner, 1, &m->sg));
  for (size_t l = 0; l < LAYERS; l++) {
    EXPECT_OK(dni_optimiser_add_layer(optimiser, m->layers[l]));
    for (size_t i = 0; i < 2; i++) {
      dni_matrix value, gradient;
      EXPECT_OK(dni_layer_parameter(m->layers[l], i, &value, &gradient));
      add_parameter(m, l, value, gradient);
    }
  }
  EXPECT_OK(dni_optimiser_add_sg(optimiser, m->inner));
  for (size_t i = 0; i < MOST; i++) {
    dni_matrix value, gradient;
    EXPECT_OK(dni_sg_parameter(m->inner, i, &value, &gradient));
    add_parameter(m, SG, value, gradient);
  }
  dni_matrix value = matrix_make(dtype, 3, 5), gradient = matrix_make(dtype, 3, 5);
  EXPECT_OK(dni_optimiser_add(optimiser, &value, &gradient, NULL, NULL));
  add_parameter(m, OWN, value, gradient);
}

static void release_model(model *m) {
  for (size_t l = 0; l < LAYERS; l++)
    dni_layer_release(m->layers[l]);
  dni_sg_release(m->inner);
  dni_sg_release(m->sg);
}

/* The SG's is set on its wrapper. */
static void set_scale(model *m, size_t owner, double scale) {
  m->scale[owner] = scale;
  if (owner < LAYERS)
    EXPECT_OK(dni_layer_set_f64(m->layers[owner], DNI_SETTING_RATE_SCALE, scale));
  else
    EXPECT_OK(dni_sg_set_f64(m->sg, DNI_SETTING_RATE_SCALE, scale));
}

static void fill_gradients(model *m, double deviation) {
  for (size_t p = 0; p < m->count; p++)
    matrix_fill_random(&m->parameters[p].gradient, deviation);
}

/* The reference. ------------------------------------------------------------------------------ */

static double clipped(const settings *s, const dni_matrix *gradient, size_t row, size_t column,
                      double factor) {
  double g = factor * matrix_get(gradient, row, column);
  return s->clip_value > 0 ? fmax(fmin(g, s->clip_value), -s->clip_value) : g;
}

/* Of the gradients of all that is not frozen; rate scales do not enter. */
static double gradient_norm(const settings *s, const model *m, double factor) {
  double sum = 0;
  for (size_t p = 0; p < m->count; p++)
    for (size_t r = 0; m->scale[m->parameters[p].owner] > 0 && r < m->parameters[p].w.rows; r++)
      for (size_t c = 0; c < m->parameters[p].w.columns; c++)
        sum += pow(clipped(s, &m->parameters[p].gradient, r, c, factor), 2);
  return sqrt(sum);
}

/* One element's update at this rate; t counts from 1. */
static double update(const settings *s, double rate, double w, double g, double *m, double *v,
                     uint64_t t) {
  if (s->kind == ADAMW)
    w -= rate * s->decay * w;
  else
    g += s->decay * w;
  if (s->kind == SGD) {
    *m = s->momentum * *m + g;
    return w - rate * *m;
  }
  *m = s->beta1 * *m + (1 - s->beta1) * g;
  *v = s->beta2 * *v + (1 - s->beta2) * g * g;
  double mean = *m / (1 - pow(s->beta1, (double)t)), square = *v / (1 - pow(s->beta2, (double)t));
  return w - rate * mean / (sqrt(square) + s->epsilon);
}

/* Frozen parameters: neither the value nor the moments move; t goes on for all. */
static void reference_step(const settings *s, model *m, uint64_t t, double factor) {
  double norm = gradient_norm(s, m, factor);
  double shrink = s->clip_norm > 0 && norm > s->clip_norm ? s->clip_norm / norm : 1;
  for (size_t i = 0; i < m->count; i++) {
    parameter *p = &m->parameters[i];
    double scale = m->scale[p->owner];
    for (size_t r = 0; scale > 0 && r < p->w.rows; r++)
      for (size_t c = 0; c < p->w.columns; c++) {
        double g = shrink * clipped(s, &p->gradient, r, c, factor);
        double m1 = matrix_get(&p->m, r, c), v = matrix_get(&p->v, r, c);
        matrix_set(&p->w, r, c, update(s, s->rate * scale, matrix_get(&p->w, r, c), g, &m1, &v, t));
        matrix_set(&p->m, r, c, m1);
        matrix_set(&p->v, r, c, v);
      }
  }
}

/* Against it. --------------------------------------------------------------------------------- */

/* From step t on: what is slow, what is frozen, and what thaws again. */
static void change_scales(model *m, uint64_t t) {
  if (t == 1) set_scale(m, 0, 0.1), set_scale(m, 1, 0), set_scale(m, SG, 0.1);
  if (t == 9) set_scale(m, 1, 0.1), set_scale(m, 2, 0), set_scale(m, SG, 0);
  if (t == 20) set_scale(m, 0, 0), set_scale(m, 2, 2.5), set_scale(m, SG, 1);
  if (t == 30) set_scale(m, 0, 1), set_scale(m, 1, 1), set_scale(m, 2, 1);
}

static void compare_over_steps(dni_context *context, const settings *s) {
  dni_dtype dtype = dni_context_dtype(context);
  dni_optimiser *optimiser = make_as(s, context);
  model m;
  make_model(&m, context, optimiser);
  for (uint64_t t = 1; t <= 40; t++) {
    dni_matrix before[2 * LAYERS + MOST + 1];
    double factor = t % 4 ? 1 : 0.25;
    change_scales(&m, t);
    fill_gradients(&m, t % 3 ? 0.5 : 0.05); /* norms on both sides of the limit */
    for (size_t p = 0; p < m.count; p++)
      before[p] = matrix_convert(&m.parameters[p].value, dtype);
    size_t calls = support_watched.calls;
    EXPECT_OK(t % 4 ? dni_optimiser_step(optimiser) : dni_optimiser_step_scaled(optimiser, factor));
    EXPECT(support_watched.calls == calls, "%s: a step allocates", s->name);
    EXPECT(dni_optimiser_rate(optimiser) == s->rate, "the rate is without scales");
    reference_step(s, &m, t, factor);
    for (size_t p = 0; p < m.count; p++) {
      matrix_expect_close(&m.parameters[p].value, &m.parameters[p].w,
                          support_tolerance(dtype, 3e-5, 3e-13), s->name);
      if (m.scale[m.parameters[p].owner] == 0)
        matrix_expect_same(&m.parameters[p].value, &before[p], "frozen");
    }
  }
  dni_optimiser_release(optimiser);
  release_model(&m);
}

START_TEST(scaled_updates_follow_their_formulas) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  for (size_t i = 0; i < SETTINGS; i++)
    compare_over_steps(context, &all_settings[i]);
  dni_context_release(context);
}
END_TEST

/* The same numbers in two models. */
static void assign(model *to, const model *from) {
  for (size_t p = 0; p < from->count; p++) {
    matrix_copy(&from->parameters[p].value, &to->parameters[p].value);
    matrix_copy(&from->parameters[p].gradient, &to->parameters[p].gradient);
  }
}

static void expect_same_models(const model *a, const model *b, const char *what) {
  for (size_t p = 0; p < a->count; p++)
    matrix_expect_same(&a->parameters[p].value, &b->parameters[p].value, what);
}

/* Scale 1 changes no bit; a scale is that of the moment of the step. */
START_TEST(scale_1_changes_no_bit) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  for (size_t i = 0; i < SETTINGS; i++) {
    const settings *s = &all_settings[i];
    dni_optimiser *plain = make_as(s, context), *scaled = make_as(s, context);
    model a, b;
    make_model(&a, context, plain);
    make_model(&b, context, scaled);
    for (size_t owner = 0; owner <= SG; owner++) {
      set_scale(&b, owner, 0.3);
      set_scale(&b, owner, 1);
    }
    fill_gradients(&a, 0.5);
    assign(&b, &a);
    for (size_t t = 0; t < 5; t++) {
      EXPECT_OK(dni_optimiser_step(plain));
      EXPECT_OK(dni_optimiser_step(scaled));
    }
    expect_same_models(&a, &b, s->name);
    dni_optimiser_release(plain);
    dni_optimiser_release(scaled);
    release_model(&a);
    release_model(&b);
  }
  dni_context_release(context);
}
END_TEST

/* Moved layer by layer, as a trainer does: the bits of dni_optimiser_step. */
START_TEST(scales_by_layer) {
  dni_context *context = support_context(support_dtypes[_i]);
  for (int kind = 0; kind < OPTIMISERS; kind++) {
    const settings *s = kind == SGD    ? &all_settings[2]
                        : kind == ADAM ? &all_settings[6]
                                       : &all_settings[8];
    dni_optimiser *by_step = make_as(s, context), *by_part = make_as(s, context);
    model a, b;
    make_model(&a, context, by_step);
    make_model(&b, context, by_part);
    for (uint64_t t = 1; t < 35; t++) {
      change_scales(&a, t);
      change_scales(&b, t);
      fill_gradients(&a, 0.5);
      for (size_t p = 0; p < a.count; p++)
        matrix_copy(&a.parameters[p].gradient, &b.parameters[p].gradient);
      if (t == 1) assign(&b, &a);
      EXPECT_OK(dni_optimiser_step(by_step));
      EXPECT_OK(dni__optimiser_begin(by_part, 1, 1));
      for (size_t l = LAYERS; l-- > 0;)
        dni__optimiser_move(by_part, b.layers[l]);
      for (size_t p = 0; p < 2 * LAYERS; p++)
        matrix_expect_same(&b.parameters[p].value, &a.parameters[p].value, s->name);
    }
    dni_optimiser_release(by_step);
    dni_optimiser_release(by_part);
    release_model(&a);
    release_model(&b);
  }
  dni_context_release(context);
}
END_TEST

/* NaN in a frozen gradient gets nowhere, not into the clip norm either. */
START_TEST(frozen_gradients_are_not_looked_at) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  for (size_t i = 0; i < SETTINGS; i++) {
    dni_optimiser *optimiser = make_as(&all_settings[i], context);
    model m;
    make_model(&m, context, optimiser);
    set_scale(&m, 1, 0);
    set_scale(&m, SG, 0);
    fill_gradients(&m, 0.5);
    dni_matrix before[2 * LAYERS + MOST + 1];
    for (size_t p = 0; p < m.count; p++) {
      before[p] = matrix_convert(&m.parameters[p].value, dtype);
      if (m.scale[m.parameters[p].owner] == 0) matrix_fill(&m.parameters[p].gradient, (double)NAN);
    }
    for (size_t t = 0; t < 3; t++)
      EXPECT_OK(dni_optimiser_step(optimiser));
    for (size_t p = 0; p < m.count; p++) {
      matrix_expect_written(&m.parameters[p].value, all_settings[i].name);
      if (m.scale[m.parameters[p].owner] == 0)
        matrix_expect_same(&m.parameters[p].value, &before[p], "frozen");
      else
        EXPECT(matrix_get(&m.parameters[p].value, 0, 0) != matrix_get(&before[p], 0, 0),
               "parameter %zu did not move", p);
    }
    dni_optimiser_release(optimiser);
    release_model(&m);
  }
  dni_context_release(context);
}
END_TEST

/* Everything frozen: a step is counted and does nothing, with a clip norm too. */
START_TEST(all_frozen) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_dense(context, 4, 3, 0, &layer));
  EXPECT_OK(dni_layer_set_f64(layer, DNI_SETTING_RATE_SCALE, 0));
  dni_matrix value, gradient;
  EXPECT_OK(dni_layer_parameter(layer, 0, &value, &gradient));
  matrix_fill(&gradient, (double)INFINITY);
  dni_matrix before = matrix_convert(&value, value.dtype);
  for (size_t i = 0; i < SETTINGS; i++) {
    dni_optimiser *optimiser = make_as(&all_settings[i], context);
    EXPECT_OK(dni_optimiser_add_layer(optimiser, layer));
    EXPECT_OK(dni_optimiser_step(optimiser));
    EXPECT_OK(dni_optimiser_step_scaled(optimiser, 0.5));
    EXPECT(dni_optimiser_step_count(optimiser) == 2, "steps count");
    dni_optimiser_release(optimiser);
  }
  matrix_expect_same(&value, &before, "frozen");
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("rate scale");
  TCase *group = tcase_create("rate scale");
  suite_add_tcase(suite, group);
  tcase_add_checked_fixture(group, support_setup, support_teardown);
  tcase_add_loop_test(group, scaled_updates_follow_their_formulas, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, scale_1_changes_no_bit, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, scales_by_layer, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, frozen_gradients_are_not_looked_at, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, all_frozen, 0, SUPPORT_DTYPES);
  return support_run(suite);
}
