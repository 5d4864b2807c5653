/* Weights of examples and batches in parts, for layers and for every kind of SG on its own:
 * weight 2 is the row twice and weight 0 its absence; sums over unequal parts and one scaled
 * step are the whole batch to rounding; labels are one-hot rows. */
#include "dni/research.h"

#include "support/support.h"

enum { ROWS = 12, UNITS = 5, TARGETS = 5 };

static const size_t copies[ROWS] = {1, 2, 0, 1, 3, 0, 2, 1, 1, 0, 2, 1};
enum { REPEATED = 14 }; /* their sum */

static double tolerance_on(dni_dtype dtype) {
  return support_tolerance(dtype, 2e-5, 1e-12);
}

static dni_matrix weights_of(dni_dtype dtype) {
  dni_matrix weights = matrix_make(dtype, ROWS, 1);
  for (size_t r = 0; r < ROWS; r++)
    matrix_set(&weights, r, 0, (double)copies[r]);
  return weights;
}

/* Row r copies[r] times. */
static dni_matrix repeat(const dni_matrix *from) {
  dni_matrix made = matrix_make(from->dtype, REPEATED, from->columns);
  for (size_t r = 0, at = 0; r < ROWS; r++)
    for (size_t n = 0; n < copies[r]; n++, at++)
      for (size_t c = 0; c < from->columns; c++)
        matrix_set(&made, at, c, matrix_get(from, r, c));
  return made;
}

/* Row r times its weight. */
static dni_matrix weighted(const dni_matrix *from, const dni_matrix *weights) {
  dni_matrix made = matrix_convert(from, from->dtype);
  for (size_t r = 0; r < made.rows; r++)
    for (size_t c = 0; c < made.columns; c++)
      matrix_set(&made, r, c, matrix_get(weights, r, 0) * matrix_get(from, r, c));
  return made;
}

static dni_matrix some_rows(dni_matrix matrix, size_t first, size_t rows) {
  size_t element = matrix.dtype == DNI_F64 ? sizeof(double) : 4;
  matrix.data = (char *)matrix.data + first * matrix.stride * element;
  matrix.rows = rows;
  return matrix;
}

/* Unequal parts of ROWS rows: where each begins; an empty one too. */
static const size_t parts[] = {0, 3, 4, 4, 11, ROWS};
enum { PARTS = 5 };

static dni_gradient_flags part_flags(size_t part) {
  return (part == 0 ? DNI_GRADIENT_REPLACE : DNI_GRADIENT_ADD) | DNI_GRADIENT_SUM;
}

/* Layers. ------------------------------------------------------------------------------------- */

enum { DENSE_RELU, DENSE_TANH, DENSE_GELU, DENSE_LEAKY, LAYER_NORM, LAYER_KINDS };

static dni_layer *make_layer(dni_context *context, int kind) {
  static const dni_activation activations[] = {DNI_ACTIVATION_RELU, DNI_ACTIVATION_TANH,
                                               DNI_ACTIVATION_GELU, DNI_ACTIVATION_LEAKY_RELU};
  dni_layer *layer = NULL;
  if (kind == LAYER_NORM)
    EXPECT_OK(dni_layer_create_layer_norm(context, UNITS, &layer));
  else
    EXPECT_OK(dni_layer_create_dense(context, UNITS, UNITS, activations[kind], &layer));
  for (size_t i = 0; i < 2; i++) {
    dni_matrix value;
    EXPECT_OK(dni_layer_parameter(layer, i, &value, NULL));
    matrix_fill_random(&value, 0.6);
  }
  EXPECT_OK(dni_layer_changed(layer));
  return layer;
}

/* One layer under a loss: forward, delta, backward; dx if it is not NULL. */
static void layer_pass(dni_layer *layer, const dni_loss *loss, dni_gradient_flags flags,
                       const dni_matrix *x, const dni_matrix *y, const dni_matrix *weights,
                       dni_matrix *dx) {
  dni_matrix h = matrix_make(x->dtype, x->rows, UNITS),
             delta = matrix_make(x->dtype, x->rows, UNITS);
  dni_batch batch = {.struct_size = sizeof batch, .x = &h, .y = y, .weights = weights};
  EXPECT_OK(support_forward(layer, DNI_MODE_TRAINING, x, &h));
  EXPECT_OK(dni_loss_evaluate(loss, &batch, &delta, NULL, NULL));
  EXPECT_OK(support_backward(layer, flags, x, &h, &delta, dx));
}

static void keep_gradients(dni_layer *layer, double factor, dni_matrix *kept) {
  for (size_t i = 0; i < 2; i++) {
    dni_matrix value, gradient;
    EXPECT_OK(dni_layer_parameter(layer, i, &value, &gradient));
    kept[i] = matrix_convert(&gradient, DNI_F64);
    for (size_t r = 0; r < kept[i].rows; r++)
      for (size_t c = 0; c < kept[i].columns; c++)
        matrix_set(&kept[i], r, c, factor * matrix_get(&kept[i], r, c));
  }
}

static void expect_gradients(dni_layer *layer, const dni_matrix *expected, double factor,
                             dni_dtype dtype, const char *what) {
  dni_matrix got[2];
  keep_gradients(layer, factor, got);
  for (size_t i = 0; i < 2; i++)
    matrix_expect_close(&got[i], &expected[i], tolerance_on(dtype), what);
}

START_TEST(weights_in_layers) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_loss *loss = NULL;
  EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  for (int kind = 0; kind < LAYER_KINDS; kind++) {
    dni_layer *layer = make_layer(context, kind);
    dni_matrix x = matrix_random(dtype, ROWS, UNITS), y = matrix_one_hot(dtype, ROWS, UNITS);
    dni_matrix weights = weights_of(dtype), more_x = repeat(&x), more_y = repeat(&y), expected[2];
    dni_matrix dx = matrix_make(dtype, ROWS, UNITS), plain_dx = matrix_make(dtype, ROWS, UNITS);
    layer_pass(layer, loss, DNI_GRADIENT_SKIP, &x, &y, NULL, &plain_dx);
    layer_pass(layer, loss, DNI_GRADIENT_REPLACE, &more_x, &more_y, NULL, NULL);
    keep_gradients(layer, 1, expected);
    layer_pass(layer, loss, DNI_GRADIENT_SUM, &x, &y, &weights, &dx);
    expect_gradients(layer, expected, 1.0 / REPEATED, dtype, "gradient with weights");
    dni_matrix expected_dx = weighted(&plain_dx, &weights);
    matrix_expect_close(&dx, &expected_dx, tolerance_on(dtype), "dx with weights");
    /* In unequal parts, with and without weights. */
    for (size_t p = 0; p < PARTS; p++) {
      size_t rows = parts[p + 1] - parts[p];
      dni_matrix part_x = some_rows(x, parts[p], rows), part_y = some_rows(y, parts[p], rows);
      dni_matrix part_weights = some_rows(weights, parts[p], rows);
      layer_pass(layer, loss, part_flags(p), &part_x, &part_y, &part_weights, NULL);
    }
    expect_gradients(layer, expected, 1.0 / REPEATED, dtype, "gradient in parts with weights");
    dni_layer_release(layer);
  }
  dni_loss_release(loss);
  dni_context_release(context);
}
END_TEST

/* A chain of layers, forward and backward in parts; one scaled step is the step of the whole
 * batch. */
enum { CHAIN = 3 };

static void chain_pass(dni_layer **layers, const dni_loss *loss, dni_gradient_flags flags,
                       const dni_matrix *x, const dni_matrix *y, const dni_matrix *weights) {
  dni_matrix h[CHAIN + 1], delta = matrix_make(x->dtype, x->rows, UNITS);
  h[0] = *x;
  for (size_t l = 0; l < CHAIN; l++) {
    h[l + 1] = matrix_make(x->dtype, x->rows, UNITS);
    EXPECT_OK(support_forward(layers[l], DNI_MODE_TRAINING, &h[l], &h[l + 1]));
  }
  dni_batch batch = {.struct_size = sizeof batch, .x = &h[CHAIN], .y = y, .weights = weights};
  EXPECT_OK(dni_loss_evaluate(loss, &batch, &delta, NULL, NULL));
  for (size_t l = CHAIN; l-- > 0;) {
    dni_matrix below = matrix_make(x->dtype, x->rows, UNITS);
    EXPECT_OK(support_backward(layers[l], flags, &h[l], &h[l + 1], &delta, l ? &below : NULL));
    delta = below;
  }
}

START_TEST(a_step_in_parts) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  static const int kinds[CHAIN] = {DENSE_GELU, LAYER_NORM, DENSE_TANH};
  dni_loss *loss = NULL;
  EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, NULL, &loss));
  for (int which = 0; which < 6; which++) {
    bool with_weights = which % 2 == 1;
    dni_layer *whole[CHAIN], *cut[CHAIN];
    dni_optimiser *by_whole = NULL, *by_parts = NULL;
    if (which / 2 == 0) EXPECT_OK(dni_optimiser_create_sgd(context, 0.3, &by_whole));
    if (which / 2 == 1) EXPECT_OK(dni_optimiser_create_adam(context, 0.02, &by_whole));
    if (which / 2 == 2) EXPECT_OK(dni_optimiser_create_sgd(context, 0.3, &by_whole));
    if (which / 2 == 1) EXPECT_OK(dni_optimiser_set_f64(by_whole, DNI_SETTING_EPSILON, 0.1));
    if (which / 2 == 2) EXPECT_OK(dni_optimiser_set_f64(by_whole, DNI_SETTING_CLIP_NORM, 0.2));
    EXPECT_OK(dni_optimiser_create_like(by_whole, &by_parts));
    for (size_t l = 0; l < CHAIN; l++) {
      whole[l] = make_layer(context, kinds[l]);
      EXPECT_OK(dni_layer_copy(whole[l], &cut[l]));
      EXPECT_OK(dni_optimiser_add_layer(by_whole, whole[l]));
      EXPECT_OK(dni_optimiser_add_layer(by_parts, cut[l]));
    }
    dni_matrix weights = weights_of(dtype);
    for (size_t step = 0; step < 4; step++) {
      dni_matrix x = matrix_random(dtype, ROWS, UNITS), y = matrix_one_hot(dtype, ROWS, UNITS);
      dni_matrix more_x = repeat(&x), more_y = repeat(&y);
      chain_pass(whole, loss, DNI_GRADIENT_REPLACE, with_weights ? &more_x : &x,
                 with_weights ? &more_y : &y, NULL);
      EXPECT_OK(dni_optimiser_step(by_whole));
      for (size_t p = 0; p < PARTS; p++) {
        size_t rows = parts[p + 1] - parts[p];
        dni_matrix part_x = some_rows(x, parts[p], rows), part_y = some_rows(y, parts[p], rows);
        dni_matrix part_weights = some_rows(weights, parts[p], rows);
        chain_pass(cut, loss, part_flags(p), &part_x, &part_y, with_weights ? &part_weights : NULL);
      }
      EXPECT_OK(dni_optimiser_step_scaled(by_parts, 1.0 / (with_weights ? REPEATED : ROWS)));
    }
    for (size_t l = 0; l < CHAIN; l++) {
      for (size_t i = 0; i < 2; i++) {
        dni_matrix expected, got;
        EXPECT_OK(dni_layer_parameter(whole[l], i, &expected, NULL));
        EXPECT_OK(dni_layer_parameter(cut[l], i, &got, NULL));
        matrix_expect_close(&got, &expected, support_tolerance(dtype, 1e-4, 1e-12), "parameter");
      }
      dni_layer_release(whole[l]);
      dni_layer_release(cut[l]);
    }
    dni_optimiser_release(by_whole);
    dni_optimiser_release(by_parts);
  }
  dni_loss_release(loss);
  dni_context_release(context);
}
END_TEST

/* Every kind of SG. --------------------------------------------------------------------------- */

/* The caller's own: delta = a h, a one number, learned from targets. It checks what the library
 * says of weights. */
typedef struct own_sg {
  dni_dtype dtype;
  double value[1], gradient[1]; /* of dtype */
} own_sg;

static dni_matrix own_value(own_sg *own) {
  return (dni_matrix){own->value, 1, 1, 1, own->dtype, 0};
}

static dni_matrix own_gradient(own_sg *own) {
  return (dni_matrix){own->gradient, 1, 1, 1, own->dtype, 0};
}

static dni_status own_estimate(void *user, const dni_sg_call *call) {
  dni_matrix a = own_value(user);
  for (size_t r = 0; r < call->delta->rows; r++)
    for (size_t c = 0; c < call->delta->columns; c++)
      matrix_set(call->delta, r, c, matrix_get(&a, 0, 0) * matrix_get(call->h, r, c));
  return DNI_OK;
}

static dni_status own_learn(void *user, const dni_sg_call *call) {
  dni_matrix gradient = own_gradient(user);
  double sum = call->flags == DNI_GRADIENT_ADD ? matrix_get(&gradient, 0, 0) : 0;
  for (size_t r = 0; r < call->h->rows; r++)
    for (size_t c = 0; c < call->h->columns; c++) {
      double residual = matrix_get(call->prediction, r, c) - matrix_get(call->target, r, c);
      bool absent = call->weights && matrix_get(call->weights, r, 0) == 0;
      EXPECT(!absent || residual == 0, "row %zu of weight 0 has a residual", r);
      sum += call->scale * 2 * residual * matrix_get(call->h, r, c);
    }
  matrix_set(&gradient, 0, 0, sum);
  return DNI_OK;
}

static dni_status own_parameter(void *user, size_t index, dni_matrix *value, dni_matrix *gradient) {
  (void)index;
  *value = own_value(user);
  *gradient = own_gradient(user);
  return DNI_OK;
}

static dni_sg *make_own(dni_context *context, own_sg *own) {
  *own = (own_sg){.dtype = dni_context_dtype(context)};
  dni_sg_callbacks callbacks = {.struct_size = sizeof callbacks,
                                .user = own,
                                .learns = DNI_SG_LEARNS_TARGET,
                                .estimate = own_estimate,
                                .learn = own_learn,
                                .parameter_count = 1,
                                .parameter = own_parameter};
  dni_sg *sg = NULL;
  EXPECT_OK(dni_sg_create_callback(context, UNITS, TARGETS, 0, &callbacks, &sg));
  return sg;
}

/* Those that learn, then those that do not; those before SCALAR that look at y take labels. */
enum {
  SYNTHETIC,                         /* 9: condition x hidden layers */
  CRITIC = SYNTHETIC + 9,            /* 6 */
  LOCAL_SOFTMAX = CRITIC + 6,        /* 3 */
  LOCAL_SQUARED = LOCAL_SOFTMAX + 3, /* 3 */
  WARM_UP = LOCAL_SQUARED + 3,
  WARM_UP_COLD,
  MIXTURE,
  SCALAR,
  THEOREM,
  OWN,
  LEARN,
  FROZEN = LEARN,
  ZERO,
  DFA,
  DELAYED,
  KINDS
};

static dni_sg *make_sg(dni_context *context, int kind, own_sg *own) {
  dni_sg_options options = {.struct_size = sizeof options, .hidden_units = 7};
  dni_sg *sg = NULL, *inner = NULL;
  if (kind < CRITIC) {
    options.condition = kind % 3, options.hidden_layers = (size_t)kind / 3;
    EXPECT_OK(dni_sg_create_synthetic(context, UNITS, TARGETS, &options, &sg));
  } else if (kind < LOCAL_SOFTMAX) {
    options.condition = (kind - CRITIC) % 2, options.hidden_layers = (size_t)(kind - CRITIC) / 2;
    EXPECT_OK(dni_sg_create_critic(context, UNITS, TARGETS, &options, &sg));
  } else if (kind < WARM_UP) {
    dni_loss *loss = NULL;
    options.hidden_layers = (size_t)(kind - LOCAL_SOFTMAX) % 3;
    EXPECT_OK(kind < LOCAL_SQUARED ? dni_loss_create_softmax_cross_entropy(context, NULL, &loss)
                                   : dni_loss_create_squared_error(context, &loss));
    EXPECT_OK(dni_sg_create_local(context, UNITS, TARGETS, loss, &options, &sg));
    dni_loss_release(loss);
  } else if (kind == WARM_UP || kind == WARM_UP_COLD || kind == MIXTURE || kind == FROZEN) {
    options.hidden_layers = 1;
    EXPECT_OK(dni_sg_create_synthetic(context, UNITS, TARGETS, &options, &inner));
    if (kind == WARM_UP) EXPECT_OK(dni_sg_create_warm_up(context, inner, 0, &sg));
    if (kind == WARM_UP_COLD) EXPECT_OK(dni_sg_create_warm_up(context, inner, 1000, &sg));
    if (kind == MIXTURE) EXPECT_OK(dni_sg_create_mixture(context, inner, 0.25, &sg));
    if (kind == FROZEN) EXPECT_OK(dni_sg_create_frozen(context, inner, &sg));
    dni_sg_release(inner);
  } else if (kind == SCALAR) {
    EXPECT_OK(dni_sg_create_scalar(context, UNITS, &sg));
  } else if (kind == THEOREM) {
    EXPECT_OK(dni_sg_create_theorem(context, UNITS, &sg));
  } else if (kind == OWN) {
    sg = make_own(context, own);
  } else if (kind == ZERO) {
    EXPECT_OK(dni_sg_create_zero(context, UNITS, &sg));
  } else if (kind == DFA) {
    EXPECT_OK(dni_sg_create_dfa(context, UNITS, UNITS, NULL, &sg));
  } else {
    EXPECT_OK(dni_sg_create_delayed(context, UNITS, 0.5, &sg));
  }
  for (size_t i = 0; i < dni_sg_parameter_count(sg); i++) {
    dni_matrix value;
    EXPECT_OK(dni_sg_parameter(sg, i, &value, NULL));
    matrix_fill_random(&value, 1 / sqrt((double)value.columns));
  }
  EXPECT_OK(dni_sg_changed(sg));
  return sg;
}

/* A batch for any SG: what it is asked with and what it learns from. The target is that of each
 * example, without weights. */
typedef struct batch {
  dni_matrix h, y, target, losses;
} batch;

static batch make_batch(dni_dtype dtype) {
  return (batch){matrix_random(dtype, ROWS, UNITS), matrix_one_hot(dtype, ROWS, TARGETS),
                 matrix_random(dtype, ROWS, UNITS), matrix_random(dtype, ROWS, 1)};
}

static batch repeat_batch(const batch *b) {
  return (batch){repeat(&b->h), repeat(&b->y), repeat(&b->target), repeat(&b->losses)};
}

static batch part_of(const batch *b, size_t part) {
  size_t first = parts[part], rows = parts[part + 1] - first;
  return (batch){some_rows(b->h, first, rows), some_rows(b->y, first, rows),
                 some_rows(b->target, first, rows), some_rows(b->losses, first, rows)};
}

static void answer(dni_sg *sg, const batch *b, const dni_matrix *y, const dni_matrix *weights,
                   dni_matrix *delta) {
  dni_query query = {
      .struct_size = sizeof query, .h = &b->h, .y = y, .signal = &b->target, .weights = weights};
  EXPECT_OK(dni_sg_estimate(sg, &query, delta));
}

/* A lesson as a trainer gives it: the target has the weights in it, losses have not. */
static dni_lesson_report teach(dni_sg *sg, const batch *b, const dni_matrix *y,
                               const dni_matrix *weights, dni_matrix *prediction,
                               dni_gradient_flags flags) {
  dni_matrix target = weights ? weighted(&b->target, weights) : b->target;
  dni_lesson lesson = {.struct_size = sizeof lesson,
                       .h = &b->h,
                       .y = y,
                       .target = &target,
                       .losses = &b->losses,
                       .prediction = prediction,
                       .weights = weights,
                       .flags = flags};
  dni_lesson_report report = {.struct_size = sizeof report};
  EXPECT_OK(dni_sg_learn(sg, &lesson, &report));
  return report;
}

/* A mixture's prediction is the inner SG's answer, so it may not be given one of its own. */
static bool takes_prediction(int kind) {
  return kind != MIXTURE && kind != WARM_UP_COLD;
}

static bool waits(int kind) {
  return kind == DFA || kind == DELAYED || kind == MIXTURE;
}

/* Row s of an answer is weights[s] times what it is without; a signal has the weights in it. */
START_TEST(weights_in_answers) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix weights = weights_of(dtype);
  batch b = make_batch(dtype);
  for (int kind = 0; kind < KINDS; kind++) {
    own_sg own;
    dni_sg *sg = make_sg(context, kind, &own);
    dni_matrix plain = matrix_make(dtype, ROWS, UNITS), got = matrix_make(dtype, ROWS, UNITS);
    answer(sg, &b, &b.y, NULL, &plain);
    batch with = b;
    if (waits(kind)) with.target = weighted(&b.target, &weights);
    answer(sg, &with, &b.y, &weights, &got);
    dni_matrix expected = weighted(&plain, &weights);
    matrix_expect_close(&got, &expected, support_tolerance(dtype, 1e-6, 1e-14),
                        dni_sg_kind_name(sg));
    if (dni_sg_kind(sg) == DNI_SG_CRITIC) { /* estimates of losses have no weight */
      dni_matrix plain_losses = matrix_make(dtype, ROWS, 1), losses = matrix_make(dtype, ROWS, 1);
      dni_query query = {
          .struct_size = sizeof query, .h = &b.h, .y = &b.y, .losses = &plain_losses};
      EXPECT_OK(dni_sg_estimate(sg, &query, NULL));
      query.losses = &losses, query.weights = &weights;
      EXPECT_OK(dni_sg_estimate(sg, &query, &got));
      matrix_expect_same(&losses, &plain_losses, "losses");
      matrix_expect_close(&got, &expected, support_tolerance(dtype, 1e-6, 1e-14), "delta");
    }
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Gradients of an SG, times a factor, in double. */
static void keep_sg_gradients(dni_sg *sg, double factor, dni_matrix *kept) {
  for (size_t i = 0; i < dni_sg_parameter_count(sg); i++) {
    dni_matrix value, gradient;
    EXPECT_OK(dni_sg_parameter(sg, i, &value, &gradient));
    if (!gradient.data) continue;
    kept[i] = matrix_convert(&gradient, DNI_F64);
    for (size_t r = 0; r < kept[i].rows; r++)
      for (size_t c = 0; c < kept[i].columns; c++)
        matrix_set(&kept[i], r, c, factor * matrix_get(&kept[i], r, c));
  }
}

static void fill_sg_gradients(dni_sg *sg, double number) {
  for (size_t i = 0; i < dni_sg_parameter_count(sg); i++) {
    dni_matrix value, gradient;
    EXPECT_OK(dni_sg_parameter(sg, i, &value, &gradient));
    if (gradient.data) matrix_fill(&gradient, number);
  }
}

static void expect_sg_gradients(dni_sg *sg, const dni_matrix *expected, double factor,
                                dni_dtype dtype) {
  dni_matrix got[6];
  keep_sg_gradients(sg, factor, got);
  for (size_t i = 0; i < dni_sg_parameter_count(sg); i++) {
    dni_matrix value, gradient;
    EXPECT_OK(dni_sg_parameter(sg, i, &value, &gradient));
    if (gradient.data)
      matrix_expect_close(&got[i], &expected[i], tolerance_on(dtype), dni_sg_kind_name(sg));
  }
}

static void expect_same_report(const dni_lesson_report *got, const dni_lesson_report *expected,
                               dni_dtype dtype, const char *name) {
  double tolerance = tolerance_on(dtype);
  expect_close(got->mse, expected->mse, tolerance, name);
  expect_close(got->cosine, expected->cosine, tolerance, name);
  expect_close(got->own_loss, expected->own_loss, tolerance, name);
}

/* Gradients, mse, cosine and own loss of a weighted lesson are those of the batch written out, with
 * its prediction given and without, as means and as sums. */
START_TEST(weights_in_lessons) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix weights = weights_of(dtype);
  for (int kind = 0; kind < LEARN; kind++) {
    own_sg own;
    dni_sg *sg = make_sg(context, kind, &own);
    batch b = make_batch(dtype);
    batch more = repeat_batch(&b);
    dni_matrix expected[6];
    fill_sg_gradients(sg, (double)NAN);
    dni_lesson_report report = teach(sg, &more, &more.y, NULL, NULL, DNI_GRADIENT_REPLACE);
    keep_sg_gradients(sg, 1, expected);
    for (int turn = 0; turn < 4; turn++) {
      bool given = turn % 2 == 1 && takes_prediction(kind);
      dni_gradient_flags sum = turn < 2 ? 0 : DNI_GRADIENT_SUM;
      dni_matrix prediction = matrix_make(dtype, ROWS, UNITS);
      if (given) answer(sg, &b, &b.y, &weights, &prediction);
      fill_sg_gradients(sg, (double)NAN);
      dni_lesson_report got = teach(sg, &b, &b.y, &weights, given ? &prediction : NULL, sum);
      expect_sg_gradients(sg, expected, sum ? 1.0 / REPEATED : 1, dtype);
      expect_same_report(&got, &report, dtype, dni_sg_kind_name(sg));
    }
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Those that learn nothing report the same way. */
START_TEST(weights_in_reports) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix weights = weights_of(dtype);
  for (int kind = LEARN; kind < KINDS; kind++) {
    own_sg own;
    dni_sg *sg = make_sg(context, kind, &own);
    batch b = make_batch(dtype);
    batch more = repeat_batch(&b), other = b;
    other.target = matrix_random(dtype, ROWS, UNITS); /* what a signal is made of */
    dni_matrix plain = matrix_make(dtype, ROWS, UNITS);
    answer(sg, &other, &b.y, NULL, &plain);
    dni_matrix prediction = weighted(&plain, &weights), repeated = repeat(&plain);
    dni_lesson_report expected = teach(sg, &more, &more.y, NULL, &repeated, DNI_GRADIENT_REPLACE);
    dni_lesson_report got = teach(sg, &b, &b.y, &weights, &prediction, DNI_GRADIENT_REPLACE);
    expect_same_report(&got, &expected, dtype, dni_sg_kind_name(sg));
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* A batch in unequal parts: gradients add up, and one scaled step moves as the whole batch does. */
START_TEST(lessons_in_parts) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix weights = weights_of(dtype);
  for (int kind = 0; kind < LEARN; kind++)
    for (int with_weights = 0; with_weights < 2; with_weights++) {
      own_sg own;
      dni_sg *sg = make_sg(context, kind, &own);
      dni_optimiser *sgd = NULL;
      batch b = make_batch(dtype);
      batch more = repeat_batch(&b), *whole = with_weights ? &more : &b;
      dni_matrix expected[6], before[6], after[6];
      size_t count = dni_sg_parameter_count(sg);
      double total = with_weights ? REPEATED : ROWS;
      (void)teach(sg, whole, &whole->y, NULL, NULL, DNI_GRADIENT_REPLACE);
      keep_sg_gradients(sg, 1, expected);
      fill_sg_gradients(sg, (double)NAN);
      for (size_t p = 0; p < PARTS; p++) {
        batch part = part_of(&b, p);
        dni_matrix part_weights = some_rows(weights, parts[p], part.h.rows);
        (void)teach(sg, &part, &part.y, with_weights ? &part_weights : NULL, NULL, part_flags(p));
        dni_matrix kept[6];
        keep_sg_gradients(sg, 1, kept); /* SKIP leaves them, as sums too */
        (void)teach(sg, &part, &part.y, with_weights ? &part_weights : NULL, NULL,
                    DNI_GRADIENT_SKIP | (p % 2 ? DNI_GRADIENT_SUM : 0));
        expect_sg_gradients(sg, kept, 1, dtype);
      }
      expect_sg_gradients(sg, expected, 1 / total, dtype);
      EXPECT_OK(dni_optimiser_create_sgd(context, 0.5, &sgd));
      EXPECT_OK(dni_optimiser_add_sg(sgd, sg));
      for (size_t i = 0; i < count; i++) {
        dni_matrix value;
        EXPECT_OK(dni_sg_parameter(sg, i, &value, NULL));
        before[i] = matrix_convert(&value, DNI_F64);
      }
      EXPECT_OK(dni_optimiser_step_scaled(sgd, 1 / total));
      for (size_t i = 0; i < count; i++) {
        EXPECT_OK(dni_sg_parameter(sg, i, &after[i], NULL));
        for (size_t r = 0; r < before[i].rows; r++)
          for (size_t c = 0; c < before[i].columns; c++)
            expect_close(matrix_get(&after[i], r, c),
                         matrix_get(&before[i], r, c) - 0.5 * matrix_get(&expected[i], r, c),
                         tolerance_on(dtype), "moved");
      }
      dni_optimiser_release(sgd);
      dni_sg_release(sg);
    }
  dni_context_release(context);
}
END_TEST

/* Rows of weight 0 alone: nothing to learn, and nothing is not a number. */
START_TEST(no_weight_at_all) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix weights = matrix_filled(dtype, ROWS, 1, 0);
  for (int kind = 0; kind < LEARN; kind++) {
    own_sg own;
    dni_sg *sg = make_sg(context, kind, &own);
    batch b = make_batch(dtype);
    dni_matrix zero[6];
    fill_sg_gradients(sg, 1);
    keep_sg_gradients(sg, 0, zero);
    dni_lesson_report report = teach(sg, &b, &b.y, &weights, NULL, DNI_GRADIENT_REPLACE);
    expect_sg_gradients(sg, zero, 1, dtype);
    EXPECT(!(report.mse > 0) && !(report.own_loss > 0), "%s: mse %g", dni_sg_kind_name(sg),
           report.mse);
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Labels. ------------------------------------------------------------------------------------- */

/* Answers, gradients and reports are those of one-hot rows, with weights and without. */
START_TEST(labels_are_one_hot_rows) {
  dni_context *context = support_machine_context(_i);
  if (!context) return;
  dni_dtype dtype = dni_context_dtype(context);
  double tolerance = support_tolerance(dtype, 1e-6, 1e-14);
  dni_matrix weights = weights_of(dtype);
  for (int kind = 0; kind < SCALAR; kind++)
    for (int with_weights = 0; with_weights < 2; with_weights++) {
      own_sg own;
      dni_sg *sg = make_sg(context, kind, &own);
      batch b = make_batch(dtype);
      int32_t data[ROWS];
      dni_matrix labels, expected = matrix_make(dtype, ROWS, UNITS);
      dni_matrix got = matrix_make(dtype, ROWS, UNITS), gradients[6];
      const dni_matrix *given = with_weights ? &weights : NULL;
      for (size_t r = 0; r < ROWS; r++)
        for (size_t c = 0; c < TARGETS; c++)
          if (matrix_get(&b.y, r, c) == 1) data[r] = (int32_t)c;
      dni_matrix_init_labels(&labels, data, ROWS);
      answer(sg, &b, &b.y, given, &expected);
      answer(sg, &b, &labels, given, &got);
      matrix_expect_close(&got, &expected, tolerance, dni_sg_kind_name(sg));
      dni_lesson_report report = teach(sg, &b, &b.y, given, NULL, DNI_GRADIENT_REPLACE);
      keep_sg_gradients(sg, 1, gradients);
      fill_sg_gradients(sg, (double)NAN);
      dni_lesson_report with = teach(sg, &b, &labels, given, NULL, DNI_GRADIENT_REPLACE);
      expect_sg_gradients(sg, gradients, 1, dtype);
      expect_same_report(&with, &report, dtype, dni_sg_kind_name(sg));
      dni_sg_release(sg);
    }
  dni_context_release(context);
}
END_TEST

/* Many classes, and many rows: more than a product of one-hot rows is made for at once. */
START_TEST(labels_of_many) {
  static const size_t sizes[][2] = {{37, 300}, {4200, 3}, {1, 2}, {2, 70000}};
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  for (size_t i = 0; i < 16; i++) {
    size_t rows = sizes[i / 4][0], targets = sizes[i / 4][1];
    dni_sg_options options = {.struct_size = sizeof options,
                              .condition = i % 2 ? DNI_CONDITION_Y : DNI_CONDITION_HY,
                              .hidden_layers = i / 2 % 2,
                              .hidden_units = 3};
    dni_sg *sg = NULL;
    EXPECT_OK(dni_sg_create_synthetic(context, 2, targets, &options, &sg));
    for (size_t p = 0; p < dni_sg_parameter_count(sg); p++) {
      dni_matrix value;
      EXPECT_OK(dni_sg_parameter(sg, p, &value, NULL));
      matrix_fill_random(&value, 0.5);
    }
    EXPECT_OK(dni_sg_changed(sg));
    dni_matrix h = matrix_random(dtype, rows, 2), y = matrix_filled(dtype, rows, targets, 0);
    dni_matrix target = matrix_random(dtype, rows, 2), labels, gradients[6];
    dni_matrix expected = matrix_make(dtype, rows, 2), got = matrix_make(dtype, rows, 2);
    int32_t data[4200];
    for (size_t r = 0; r < rows; r++) {
      data[r] = (int32_t)(support_random() % targets);
      matrix_set(&y, r, (size_t)data[r], 1);
    }
    dni_matrix_init_labels(&labels, data, rows);
    EXPECT_OK(support_estimate(sg, &h, &y, NULL, &expected));
    EXPECT_OK(support_estimate(sg, &h, &labels, NULL, &got));
    matrix_expect_close(&got, &expected, support_tolerance(dtype, 1e-5, 1e-13), "answer");
    EXPECT_OK(support_learn(sg, &h, &y, &target, NULL, NULL, NULL));
    keep_sg_gradients(sg, 1, gradients);
    fill_sg_gradients(sg, (double)NAN);
    EXPECT_OK(support_learn(sg, &h, &labels, &target, NULL, NULL, NULL));
    expect_sg_gradients(sg, gradients, 1, dtype);
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* A label out of range; weights that are none; flags that are none: refused before anything is
 * done. */
START_TEST(refusals) {
  static const double bad_weights[] = {-1e-9, NAN, INFINITY};
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context), other = support_dtypes[1 - _i];
  dni_matrix wrong[] = {matrix_filled(dtype, ROWS - 1, 1, 1), matrix_filled(dtype, ROWS, 2, 1),
                        matrix_filled(other, ROWS, 1, 1)};
  for (int kind = 0; kind < LEARN; kind++) {
    own_sg own;
    dni_sg *sg = make_sg(context, kind, &own);
    batch b = make_batch(dtype);
    int32_t data[ROWS] = {0, 1, 2, 3, 4, 5}; /* 5 in row 5 */
    dni_matrix labels, delta = matrix_make(dtype, ROWS, UNITS), kept[6];
    dni_matrix weights = matrix_filled(dtype, ROWS, 1, 1);
    dni_matrix_init_labels(&labels, data, ROWS);
    fill_sg_gradients(sg, 3);
    keep_sg_gradients(sg, 1, kept);
    dni_query query = {.struct_size = sizeof query, .h = &b.h, .y = &b.y, .signal = &b.target};
    dni_lesson lesson = {.struct_size = sizeof lesson,
                         .h = &b.h,
                         .y = &b.y,
                         .target = &b.target,
                         .losses = &b.losses};
    dni_lesson_report report = {.struct_size = sizeof report, .mse = 7};
    for (size_t i = 0; i < 6; i++) {
      if (i < 3) matrix_set(&weights, 4, 0, bad_weights[i]);
      query.weights = lesson.weights = i < 3 ? &weights : &wrong[i - 3];
      EXPECT_ARGUMENT(dni_sg_estimate(sg, &query, &delta));
      EXPECT_ARGUMENT(dni_sg_learn(sg, &lesson, &report));
      EXPECT(strstr(dni_last_message(), "weights"), "message \"%s\"", dni_last_message());
    }
    query.weights = lesson.weights = NULL;
    for (dni_gradient_flags flags = -1; flags < 70; flags++) {
      bool known = (flags & ~DNI_GRADIENT_SUM) >= 0 && (flags & ~DNI_GRADIENT_SUM) <= 2;
      lesson.flags = flags;
      if (!known) EXPECT_ARGUMENT(dni_sg_learn(sg, &lesson, &report));
    }
    lesson.flags = 0;
    bool sees_y = dni_sg_targets(sg) > 0 && kind != SYNTHETIC + 1 && kind != SYNTHETIC + 4 &&
                  kind != SYNTHETIC + 7 &&
                  (kind < CRITIC || kind >= LOCAL_SOFTMAX || (kind - CRITIC) % 2 == 0);
    if (sees_y) {
      dni_status expected = kind == THEOREM ? DNI_ERROR_ARGUMENT : DNI_ERROR_DATA;
      query.y = lesson.y = &labels;
      EXPECT_STATUS(expected, dni_sg_estimate(sg, &query, &delta));
      EXPECT_STATUS(expected, dni_sg_learn(sg, &lesson, &report));
      EXPECT(kind == THEOREM || strstr(dni_last_message(), "row 5"), "message \"%s\"",
             dni_last_message());
      query.y = lesson.y = &b.y;
    }
    query.struct_size = lesson.struct_size = 8;
    EXPECT_ARGUMENT(dni_sg_estimate(sg, &query, &delta));
    EXPECT_ARGUMENT(dni_sg_learn(sg, &lesson, &report));
    EXPECT_ARGUMENT(dni_sg_estimate(sg, NULL, &delta));
    EXPECT_ARGUMENT(dni_sg_learn(sg, NULL, &report));
    lesson.struct_size = sizeof lesson;
    report.struct_size = 4;
    EXPECT_ARGUMENT(dni_sg_learn(sg, &lesson, &report));
    EXPECT(report.mse == 7, "a report was written");
    expect_sg_gradients(sg, kept, 1, dtype);
    matrix_expect_untouched(&delta, "delta");
    dni_sg_release(sg);
  }
  dni_context_release(context);
}
END_TEST

/* Reserved calls allocate nothing, with weights and labels too. */
START_TEST(reserved_calls_allocate_nothing) {
  dni_context *context = support_context(support_dtypes[_i]);
  dni_dtype dtype = dni_context_dtype(context);
  dni_matrix weights = weights_of(dtype);
  for (int kind = 0; kind < LEARN; kind++) {
    own_sg own;
    dni_sg *sg = make_sg(context, kind, &own);
    batch b = make_batch(dtype);
    dni_matrix delta = matrix_make(dtype, ROWS, UNITS), labels;
    int32_t data[ROWS] = {0, 1, 2, 3, 4};
    dni_matrix_init_labels(&labels, data, ROWS);
    const dni_matrix *y = kind < SCALAR ? &labels : &b.y;
    EXPECT_OK(dni_sg_reserve(sg, ROWS));
    size_t calls = support_watched.calls;
    answer(sg, &b, y, &weights, &delta);
    (void)teach(sg, &b, y, &weights, NULL, DNI_GRADIENT_REPLACE);
    EXPECT(support_watched.calls == calls, "kind %d allocates", kind);
    dni_sg_release(sg);
  }
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
  Suite *suite = suite_create("weights");
  TCase *group = add_group(suite, "layers");
  tcase_add_loop_test(group, weights_in_layers, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, a_step_in_parts, 0, SUPPORT_MACHINES);
  group = add_group(suite, "SGs");
  tcase_add_loop_test(group, weights_in_answers, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, weights_in_lessons, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, weights_in_reports, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, lessons_in_parts, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, no_weight_at_all, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, labels_are_one_hot_rows, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, labels_of_many, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, refusals, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, reserved_calls_allocate_nothing, 0, SUPPORT_DTYPES);
  return support_run(suite);
}
