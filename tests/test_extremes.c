/* Every kind of layer, loss, SG and optimiser at its extremes: one row, one unit, one column, no
 * variance, numbers of every size. A call succeeds with finite numbers or fails with a message: NaN
 * never comes with DNI_OK. What cannot learn anything is refused, where it can be known at creation. */
#include "dni/research.h"

#include "support/support.h"

#define EXPECT_NAMES(call, text)                                                                   \
  do {                                                                                             \
    EXPECT_ARGUMENT(call);                                                                         \
    EXPECT(strstr(dni_last_message(), text), "no \"%s\" in \"%s\"", text, dni_last_message());     \
  } while (0)

static void expect_finite(const dni_matrix *view, const char *kind, const char *what) {
  for (size_t r = 0; r < view->rows; r++)
    for (size_t c = 0; c < view->columns; c++)
      EXPECT(isfinite(matrix_get(view, r, c)), "%s: %s[%zu][%zu] is %g", kind, what, r, c,
             matrix_get(view, r, c));
}

/* Layers. -------------------------------------------------------------------------------------- */

enum { BATCH_NORM = 6, LAYER_NORM, DROPOUT, ACTIVATION, LAYERS = ACTIVATION + 6 };

/* NULL: refused, with a reason. */
static dni_layer *make_layer(dni_context *context, int kind, size_t units) {
  dni_layer *layer = NULL;
  dni_status status;
  if (kind < BATCH_NORM)
    status = dni_layer_create_dense(context, units, units, kind, &layer);
  else if (kind == BATCH_NORM)
    status = dni_layer_create_batch_norm(context, units, &layer);
  else if (kind == LAYER_NORM)
    status = dni_layer_create_layer_norm(context, units, &layer);
  else if (kind == DROPOUT)
    status = dni_layer_create_dropout(context, units, 0.5, NULL, &layer);
  else
    status = dni_layer_create_activation(context, units, kind - ACTIVATION, &layer);
  EXPECT(status == DNI_OK || (status == DNI_ERROR_ARGUMENT && dni_last_message()[0]), "kind %d: %s",
         kind, dni_last_message());
  return layer;
}

/* Forward and backward; whether it was not refused. */
static bool run_layer(dni_layer *layer, const dni_matrix *x) {
  dni_dtype dtype = x->dtype;
  const char *name = dni_layer_kind_name(layer);
  dni_matrix y = matrix_make(dtype, x->rows, x->columns),
             dx = matrix_make(dtype, x->rows, x->columns);
  dni_matrix dy = matrix_filled(dtype, x->rows, x->columns, 1e-3), value, gradient;
  dni_status status = support_forward(layer, DNI_MODE_TRAINING, x, &y);
  if (status != DNI_OK) {
    EXPECT(dni_last_message()[0], "%s: no message", name);
    return false;
  }
  expect_finite(&y, name, "y");
  EXPECT_OK(support_backward(layer, DNI_GRADIENT_REPLACE, x, &y, &dy, &dx));
  expect_finite(&dx, name, "dx");
  for (size_t i = 0; i < dni_layer_parameter_count(layer); i++) {
    EXPECT_OK(dni_layer_parameter(layer, i, &value, &gradient));
    expect_finite(&value, name, dni_layer_parameter_name(layer, i));
    if (gradient.data) expect_finite(&gradient, name, "gradient");
  }
  return true;
}

START_TEST(layers) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  for (int kind = 0; kind < LAYERS; kind++)
    for (size_t units = 1; units < 4; units++)
      for (size_t rows = 1; rows < 4; rows++)
        for (int equal = 0; equal < 2; equal++) {
          dni_layer *layer = make_layer(context, kind, units);
          EXPECT((layer != NULL) == !(kind == LAYER_NORM && units == 1), "kind %d, %zu units", kind,
                 units);
          if (!layer) continue;
          dni_matrix x =
              equal ? matrix_filled(dtype, rows, units, 3.25) : matrix_random(dtype, rows, units);
          bool ran = run_layer(layer, &x);
          EXPECT(ran == !(kind == BATCH_NORM && rows == 1), "kind %d, %zu rows: %s", kind, rows,
                 dni_last_message());
          dni_layer_release(layer);
        }
  dni_context_release(context);
}
END_TEST

/* Inputs of every size whose products with weights of size 1 are numbers. */
START_TEST(layers_of_any_size) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  int last = dtype == DNI_F32 ? 37 : 300;
  for (int kind = 0; kind < LAYERS; kind++)
    for (int power = -last; power <= last; power += dtype == DNI_F32 ? 1 : 6) {
      dni_layer *layer = make_layer(context, kind, 3);
      dni_matrix x = matrix_random(dtype, 4, 3);
      for (size_t r = 0; r < 4; r++)
        for (size_t c = 0; c < 3; c++)
          matrix_set(&x, r, c, matrix_get(&x, r, c) * pow(10, power));
      bool ran = run_layer(layer, &x);
      int half = dtype == DNI_F32 ? 18 : 152; /* a variance beyond the type */
      EXPECT(ran ||
                 (kind == BATCH_NORM && power >= half && strstr(dni_last_message(), "statistics")),
             "kind %d at 1e%d: %s", kind, power, dni_last_message());
      dni_layer_release(layer);
    }
  dni_context_release(context);
}
END_TEST

/* Losses. -------------------------------------------------------------------------------------- */

enum { SOFTMAX, SIGMOID, SQUARED, ABSOLUTE, LOSSES };

static dni_loss *make_loss(dni_context *context, int kind, const dni_loss_options *options) {
  dni_loss *loss = NULL;
  EXPECT_OK(kind == SOFTMAX   ? dni_loss_create_softmax_cross_entropy(context, options, &loss)
            : kind == SIGMOID ? dni_loss_create_sigmoid_cross_entropy(context, options, &loss)
            : kind == SQUARED ? dni_loss_create_squared_error(context, &loss)
                              : dni_loss_create_absolute_error(context, &loss));
  return loss;
}

START_TEST(losses_of_one_column) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  double one = 2, count = -1, mean = -1;
  dni_loss_options smooth = {sizeof smooth, 0.1, NULL, 0}, weighted = {sizeof weighted, 0, &one, 1};
  const dni_loss_options *options[] = {NULL, &smooth, &weighted};
  dni_matrix h = matrix_random(dtype, 3, 1), y = matrix_filled(dtype, 3, 1, 1), labels;
  dni_matrix delta = matrix_make(dtype, 3, 1);
  int32_t zeros[3] = {0};
  dni_matrix_init_labels(&labels, zeros, 3);
  for (int kind = 0; kind < LOSSES; kind++)
    for (size_t i = 0; i < 3; i++) {
      dni_loss *loss = make_loss(context, kind, options[i]);
      EXPECT_NAMES(support_evaluate(loss, &h, &labels, &delta, NULL, &mean),
                   kind == SOFTMAX ? "use sigmoid" : "labels of 1 class");
      if (kind == SOFTMAX) {
        EXPECT_NAMES(support_evaluate(loss, &h, &y, &delta, NULL, &mean), "use sigmoid");
        EXPECT_NAMES(support_correct(loss, &h, &y, &count), "use sigmoid");
        dni_sg *sg = NULL;
        EXPECT_NAMES(dni_sg_create_local(context, 3, 1, loss, NULL, &sg), "use sigmoid");
      } else {
        EXPECT_OK(support_evaluate(loss, &h, &y, &delta, NULL, &mean));
        expect_finite(&delta, dni_loss_kind_name(loss), "delta");
        EXPECT(isfinite(mean), "mean %g", mean);
      }
      dni_loss_release(loss);
    }
  dni_context_release(context);
}
END_TEST

/* Losses are finite as far as double is, and gradients as far as the element type is. */
START_TEST(losses_of_any_size) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  int last = dtype == DNI_F32 ? 37 : 300;
  dni_matrix h = matrix_make(dtype, 3, 4), y = matrix_make(dtype, 3, 4);
  dni_matrix delta = matrix_make(dtype, 3, 4);
  for (int kind = 0; kind < LOSSES; kind++)
    for (int power = -last; power <= last; power++) {
      dni_loss *loss = make_loss(context, kind, NULL);
      double size = pow(10, power), mean = NAN;
      for (size_t r = 0; r < 3; r++)
        for (size_t c = 0; c < 4; c++) {
          matrix_set(&h, r, c, size * support_uniform(-4, 4));
          matrix_set(&y, r, c, kind < SQUARED ? c == r : size * support_uniform(-4, 4));
        }
      EXPECT_OK(support_evaluate(loss, &h, &y, &delta, NULL, &mean));
      expect_finite(&delta, dni_loss_kind_name(loss), "delta");
      bool large = kind == SQUARED && power > 152;
      EXPECT(large ? mean > 1e300 : isfinite(mean), "%s at 1e%d: %g", dni_loss_kind_name(loss),
             power, mean);
      dni_loss_release(loss);
    }
  dni_context_release(context);
}
END_TEST

/* Training. ------------------------------------------------------------------------------------ */

/* Layers of the given units, the first `inputs`; kind -1 ends. */
static dni_network *make_network(dni_context *context, size_t inputs, const int *kinds,
                                 size_t outputs) {
  dni_network *network = NULL;
  EXPECT_OK(dni_network_create(context, &network));
  for (; *kinds >= 0; kinds++) {
    dni_layer *layer = make_layer(context, *kinds, inputs);
    EXPECT_OK(dni_network_add(network, layer));
    dni_layer_release(layer);
  }
  dni_layer *top = NULL;
  EXPECT_OK(dni_layer_create_dense(context, inputs, outputs, DNI_ACTIVATION_IDENTITY, &top));
  EXPECT_OK(dni_network_add(network, top));
  dni_layer_release(top);
  return network;
}

static const int with_batch_norm[] = {1, BATCH_NORM, -1};

/* Softmax of one output, labels of one class: at creation of a trainer, or of a fit. */
START_TEST(trainers_of_one_column) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_network *network = make_network(context, 3, with_batch_norm, 1);
  dni_loss *softmax = make_loss(context, SOFTMAX, NULL),
           *sigmoid = make_loss(context, SIGMOID, NULL);
  dni_trainer *trainer = NULL;
  EXPECT_NAMES(dni_trainer_create(network, softmax, NULL, &trainer), "use sigmoid");
  EXPECT_OK(dni_trainer_create(network, sigmoid, NULL, &trainer));
  EXPECT_OK(dni_trainer_set_rate_factor(trainer, 0, support_least(dtype) / 2)); /* as good as 0 */
  dni_matrix x = matrix_random(dtype, 4, 3), y = matrix_filled(dtype, 4, 1, 1);
  dni_step_report report = {.struct_size = sizeof report};
  EXPECT_OK(support_step(trainer, &x, &y, &report));
  int32_t zeros[4] = {0};
  dni_matrix labels;
  dni_dataset *data = NULL;
  dni_matrix_init_labels(&labels, zeros, 4);
  EXPECT_NAMES(support_step(trainer, &x, &labels, &report), "labels of 1 class");
  EXPECT_OK(dni_dataset_create_memory(context, &x, &labels, NULL, &data));
  EXPECT_NAMES(dni_trainer_fit(trainer, data, NULL), "labels of 1 class");
  dni_dataset_release(data);
  dni_trainer_release(trainer);
  dni_loss_release(sigmoid);
  dni_loss_release(softmax);
  dni_network_release(network);
  dni_context_release(context);
}
END_TEST

static dni_status create(dni_network *network, dni_loss *loss, dni_kind schedule, size_t max_batch,
                         size_t parts, dni_trainer **out) {
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .schedule = schedule,
                                 .max_batch = max_batch,
                                 .micro_batches = parts,
                                 .threads = schedule == DNI_SCHEDULE_MICRO_BATCHES ? 2 : 0};
  return dni_trainer_create(network, loss, &options, out);
}

/* Batches, and parts of them, that have one row: at creation, or at the step that has too few. */
START_TEST(batch_norm_of_single_rows) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_network *network = make_network(context, 3, with_batch_norm, 2);
  dni_loss *loss = make_loss(context, SQUARED, NULL);
  dni_trainer *trainer = NULL;
  EXPECT_NAMES(create(network, loss, DNI_SCHEDULE_SEQUENTIAL, 1, 0, &trainer),
               "layer 1 (batch_norm)");
  EXPECT_NAMES(create(network, loss, DNI_SCHEDULE_PIPELINED, 1, 0, &trainer),
               "layer 1 (batch_norm)");
  EXPECT_NAMES(create(network, loss, DNI_SCHEDULE_MICRO_BATCHES, 4, 4, &trainer), "each part");
  EXPECT_NAMES(create(network, loss, DNI_SCHEDULE_MICRO_BATCHES, 1, 0, &trainer), "each part");
  EXPECT_NAMES(create(network, loss, DNI_SCHEDULE_MICRO_BATCHES, 7, 4, &trainer), "expected 8");
  EXPECT(!trainer, "made by a refused call");
  static const size_t least[] = {2, 6};
  for (int micro = 0; micro < 2; micro++) {
    dni_kind schedule = micro ? DNI_SCHEDULE_MICRO_BATCHES : DNI_SCHEDULE_SEQUENTIAL;
    EXPECT_OK(create(network, loss, schedule, 8, 3, &trainer));
    for (size_t rows = 1; rows <= 8; rows++) {
      dni_matrix x = matrix_random(dtype, rows, 3), y = matrix_random(dtype, rows, 2);
      dni_step_report report = {.struct_size = sizeof report};
      uint64_t before = dni_trainer_step_count(trainer);
      if (rows >= least[micro])
        EXPECT_OK(support_step(trainer, &x, &y, &report));
      else
        EXPECT_NAMES(support_step(trainer, &x, &y, &report), "layer 1 (batch_norm)");
      EXPECT(dni_trainer_step_count(trainer) == before + (rows >= least[micro]), "steps");
    }
    dni_trainer_release(trainer);
    trainer = NULL;
  }
  dni_loss_release(loss);
  dni_network_release(network);
  dni_context_release(context);
}
END_TEST

/* The number of parts that the library chooses is one that max_batch allows, and layers are measured
 * with as many rows as they need. */
START_TEST(batch_norm_of_few_rows) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_network *network = make_network(context, 3, with_batch_norm, 2);
  dni_loss *loss = make_loss(context, SQUARED, NULL);
  for (size_t rows = 2; rows < 12; rows++) {
    dni_trainer *trainer;
    dni_matrix x = matrix_random(dtype, rows, 3), y = matrix_random(dtype, rows, 2);
    EXPECT_OK(create(network, loss, DNI_SCHEDULE_MICRO_BATCHES, rows, 0, &trainer));
    EXPECT_OK(support_step(trainer, &x, &y, NULL));
    dni_trainer_release(trainer);
  }
  double seconds[8];
  EXPECT_OK(dni_network_measure(network, 1, NULL, seconds, NULL, dni_network_layer_count(network)));
  dni_loss_release(loss);
  dni_network_release(network);
  dni_context_release(context);
}
END_TEST

/* A rest of one row is refused before the first step; without the rest, or with two rows, not. */
START_TEST(rests_of_single_rows) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_network *network = make_network(context, 3, with_batch_norm, 2);
  dni_loss *loss = make_loss(context, SQUARED, NULL);
  dni_trainer *trainer = NULL;
  EXPECT_OK(create(network, loss, DNI_SCHEDULE_SEQUENTIAL, 4, 0, &trainer));
  for (size_t rows = 1; rows < 12; rows++)
    for (int32_t keep = 0; keep < 2; keep++) {
      dni_matrix x = matrix_random(dtype, rows, 3), y = matrix_random(dtype, rows, 2);
      dni_dataset *data = NULL;
      EXPECT_OK(dni_dataset_create_memory(context, &x, &y, NULL, &data));
      dni_fit_options options = {.struct_size = sizeof options, .keep_rest = keep};
      uint64_t before = dni_trainer_step_count(trainer);
      if (rows > 1 && !(keep && rows % 4 == 1))
        EXPECT_OK(dni_trainer_fit(trainer, data, &options));
      else {
        EXPECT_NAMES(dni_trainer_fit(trainer, data, &options), "layer 1 (batch_norm)");
        EXPECT(dni_trainer_step_count(trainer) == before, "a step was made");
      }
      dni_dataset_release(data);
    }
  dni_trainer_release(trainer);
  dni_loss_release(loss);
  dni_network_release(network);
  dni_context_release(context);
}
END_TEST

enum { NO_SG, SYNTHETIC, CRITIC, DFA, LOCAL, ZERO, SGS };

static dni_sg *make_sg(dni_context *context, int kind, size_t units, size_t targets,
                       dni_loss *loss) {
  dni_sg *sg = NULL;
  switch (kind) {
  case SYNTHETIC:
    EXPECT_OK(dni_sg_create_synthetic(context, units, targets, NULL, &sg));
    return sg;
  case CRITIC:
    EXPECT_OK(dni_sg_create_critic(context, units, targets, NULL, &sg));
    return sg;
  case DFA:
    EXPECT_OK(dni_sg_create_dfa(context, units, targets, NULL, &sg));
    return sg;
  case LOCAL:
    EXPECT_OK(dni_sg_create_local(context, units, targets, loss, NULL, &sg));
    return sg;
  case ZERO:
    EXPECT_OK(dni_sg_create_zero(context, units, &sg));
    return sg;
  default:
    return NULL;
  }
}

static bool all_finite(dni_network *network) {
  for (size_t l = 0; l < dni_network_layer_count(network); l++) {
    dni_layer *layer = dni_network_layer(network, l);
    for (size_t i = 0; i < dni_layer_parameter_count(layer); i++) {
      dni_matrix value;
      EXPECT_OK(dni_layer_parameter(layer, i, &value, NULL));
      for (size_t r = 0; r < value.rows; r++)
        for (size_t c = 0; c < value.columns; c++)
          if (!isfinite(matrix_get(&value, r, c))) return false;
    }
  }
  return true;
}

static dni_optimiser *make_optimiser(dni_context *context, int kind) {
  dni_optimiser *optimiser = NULL;
  EXPECT_OK(kind == 0   ? dni_optimiser_create_sgd(context, 0.01, &optimiser)
            : kind == 1 ? dni_optimiser_create_adam(context, 0.01, &optimiser)
                        : dni_optimiser_create_adamw(context, 0.01, &optimiser));
  return optimiser;
}

/* Whole steps with inputs of a size: a step that answers DNI_OK reports a finite loss, and one that
 * leaves a parameter that is not finite is followed by one that says so. */
static void train(dni_context *context, int layer, int sg_kind, int loss_kind, int optimiser_kind,
                  double size) {
  dni_dtype dtype = dni_context_dtype(context);
  const int kinds[] = {layer, layer == BATCH_NORM ? 2 : 1, -1};
  dni_network *network = make_network(context, 3, kinds, 2);
  dni_loss *loss = make_loss(context, loss_kind, NULL);
  dni_sg *sg = make_sg(context, sg_kind, 3, 2, loss);
  dni_optimiser *optimiser = make_optimiser(context, optimiser_kind);
  dni_trainer *trainer = NULL;
  if (sg) EXPECT_OK(dni_network_set_sg(network, 0, sg));
  dni_trainer_options options = {.struct_size = sizeof options, .max_batch = 4};
  options.optimiser = optimiser;
  EXPECT_OK(dni_trainer_create(network, loss, &options, &trainer));
  bool finite = true;
  for (int step = 0; step < 4; step++) {
    dni_matrix x = matrix_random(dtype, 4, 3), y = matrix_one_hot(dtype, 4, 2);
    for (size_t r = 0; r < 4; r++)
      for (size_t c = 0; c < 3; c++)
        matrix_set(&x, r, c, matrix_get(&x, r, c) * size);
    dni_step_report report = {.struct_size = sizeof report};
    dni_status status = support_step(trainer, &x, &y, &report);
    EXPECT(status == DNI_OK || dni_last_message()[0], "no message");
    EXPECT(status == DNI_OK || status == DNI_ERROR_NON_FINITE, "%s", dni_last_message());
    EXPECT(finite || status != DNI_OK,
           "a parameter that is not finite went unnoticed: layer %d, SG "
           "%d, loss %d, optimiser %d, size %g",
           layer, sg_kind, loss_kind, optimiser_kind, size);
    if (status != DNI_OK) break;
    EXPECT(isfinite(report.loss), "loss %g", report.loss);
    finite = all_finite(network);
  }
  dni_trainer_release(trainer);
  dni_optimiser_release(optimiser);
  dni_sg_release(sg);
  dni_loss_release(loss);
  dni_network_release(network);
}

START_TEST(steps_of_any_size) {
  dni_dtype dtype = support_dtypes[_i % SUPPORT_DTYPES];
  int sg = _i / SUPPORT_DTYPES;
  dni_context *context = support_context(dtype);
  for (int layer = 0; layer < LAYERS; layer++)
    for (int loss = 0; loss < LOSSES; loss++)
      for (int optimiser = 0; optimiser < 3; optimiser++)
        for (int power = -4; power <= 4; power++)
          train(context, layer, sg, loss, optimiser,
                pow(10, power * (dtype == DNI_F32 ? 37 : 300) / 4.0));
  dni_context_release(context);
}
END_TEST

static TCase *add_group(Suite *suite, const char *name) {
  TCase *group = tcase_create(name);
  tcase_add_checked_fixture(group, support_setup, support_teardown);
  tcase_set_timeout(group, 60);
  suite_add_tcase(suite, group);
  return group;
}

int main(void) {
  Suite *suite = suite_create("extremes");
  TCase *group = add_group(suite, "layers and losses");
  tcase_add_loop_test(group, layers, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, layers_of_any_size, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, losses_of_one_column, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, losses_of_any_size, 0, SUPPORT_DTYPES);
  group = add_group(suite, "training");
  tcase_add_loop_test(group, trainers_of_one_column, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, batch_norm_of_single_rows, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, batch_norm_of_few_rows, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, rests_of_single_rows, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, steps_of_any_size, 0, SUPPORT_DTYPES * SGS);
  return support_run(suite);
}
