/* Calls on layers and states. */
#include "calls.h"

static void create_dense(world *w) {
  dni_layer *layer = NULL;
  dni_context *c = context(w);
  const size_t inputs = size(w), outputs = size(w);
  const dni_status status =
      EXPECT_IN(MAKES, dni_layer_create_dense(c, inputs, outputs, number(w, 6), &layer));
  place(w, LAYER, status, layer);
}

static void create_activation(world *w) {
  dni_layer *layer = NULL;
  dni_context *c = context(w);
  const size_t units = size(w);
  const dni_status status =
      EXPECT_IN(MAKES, dni_layer_create_activation(c, units, number(w, 6), &layer));
  place(w, LAYER, status, layer);
}

static void create_norm(world *w) {
  dni_layer *layer = NULL;
  dni_context *c = context(w);
  const size_t units = size(w);
  const dni_status status = chance(w, 50)
                                ? EXPECT_IN(MAKES, dni_layer_create_batch_norm(c, units, &layer))
                                : EXPECT_IN(MAKES, dni_layer_create_layer_norm(c, units, &layer));
  place(w, LAYER, status, layer);
}

static void create_dropout(world *w) {
  dni_layer *layer = NULL;
  dni_random_options room;
  dni_context *c = context(w);
  const size_t units = size(w);
  const double drop = real(w);
  const dni_status status =
      EXPECT_IN(MAKES | UNSUPPORTED,
                dni_layer_create_dropout(c, units, drop, random_options(w, &room), &layer));
  place(w, LAYER, status, layer);
}

static void create_own(world *w) {
  dni_layer *layer = NULL;
  dni_context *c = context(w);
  const size_t inputs = size(w);
  const dni_layer_callbacks callbacks = own_layer(w);
  const dni_status status =
      EXPECT_IN(MAKES | UNSUPPORTED | CALLBACK_FAILED,
                dni_layer_create_callback(c, inputs, inputs, &callbacks, &layer));
  own_given(status, DNI_HAS(&callbacks, destroy));
  place(w, LAYER, status, layer);
}

static void copy_layer(world *w) {
  dni_layer *layer = NULL;
  const dni_status status =
      EXPECT_IN(MAKES | UNSUPPORTED | CALLBACK_FAILED, dni_layer_copy(pick(w, LAYER), &layer));
  place(w, LAYER, status, layer);
}

static void create_state(world *w) {
  dni_state *state = NULL;
  dni_layer *layer = pick(w, LAYER);
  const size_t count = chance(w, 90) ? rows(w) : size(w);
  const dni_status status = EXPECT_IN(MAKES, dni_state_create(layer, count, &state));
  if (status == DNI_OK) EXPECT(dni_state_rows(state) >= count, "a state of too few rows");
  place(w, STATE, status, state);
}

static void reserve(world *w) {
  dni_layer *layer = pick(w, LAYER);
  (void)EXPECT_IN(MAKES, dni_layer_reserve(layer, chance(w, 90) ? rows(w) : size(w)));
}

/* Its type, if it has parameters. */
static dni_dtype dtype_of(world *w, dni_layer *layer) {
  dni_matrix value;
  const bool has = dni_layer_parameter_count(layer) > 0;
  return has && dni_layer_parameter(layer, 0, &value, NULL) == DNI_OK ? value.dtype : w->dtype;
}

static void forward(world *w) {
  dni_matrix x, y;
  dni_layer *layer = pick(w, LAYER);
  dni_state *state = chance(w, 60) ? NULL : pick(w, STATE);
  const size_t count = rows(w);
  const dni_dtype dtype = dtype_of(w, layer);
  const dni_matrix *from = view(w, &x, dtype, count, dni_layer_inputs(layer));
  dni_matrix *to = view(w, &y, dtype, count, dni_layer_outputs(layer));
  (void)EXPECT_IN(COMPUTES | NO_MEMORY | NON_FINITE,
                  dni_layer_forward(layer, number(w, 2), state, from, to));
}

static void backward(world *w) {
  static const dni_gradient_flags flags[] = {0, 1, 2, 16, 17, 32, 4, 8, 3, 64};
  dni_matrix x, y, dy, dx;
  dni_layer *layer = pick(w, LAYER);
  dni_state *state = chance(w, 60) ? NULL : pick(w, STATE);
  const size_t count = rows(w);
  const size_t inputs = dni_layer_inputs(layer), outputs = dni_layer_outputs(layer);
  const dni_dtype dtype = dtype_of(w, layer);
  const dni_matrix *at_x = view(w, &x, dtype, count, inputs);
  const dni_matrix *at_y = view(w, &y, dtype, count, outputs);
  dni_matrix *at_dy = view(w, &dy, dtype, count, outputs);
  dni_matrix *at_dx = chance(w, 30) ? NULL : view(w, &dx, dtype, count, inputs);
  const dni_gradient_flags flag = flags[fuzz_below(&w->input, sizeof flags / sizeof flags[0])];
  (void)EXPECT_IN(COMPUTES | WRONG_STATE,
                  dni_layer_backward(layer, flag, state, at_x, at_y, at_dy, at_dx));
}

/* Forward and backward that fit: so gradients are there for optimisers. */
static void pass(world *w) {
  dni_matrix x, y, dy;
  dni_layer *layer = pick(w, LAYER);
  const size_t inputs = dni_layer_inputs(layer), outputs = dni_layer_outputs(layer);
  const dni_dtype dtype = dtype_of(w, layer);
  if (!layer || inputs > COLUMNS_MOST || outputs > COLUMNS_MOST) return;
  (void)view(w, &x, dtype, 4, inputs);
  (void)view(w, &y, dtype, 4, outputs);
  (void)view(w, &dy, dtype, 4, outputs);
  if (dni_layer_forward(layer, DNI_MODE_TRAINING, NULL, &x, &y) == DNI_OK)
    (void)EXPECT_IN(COMPUTES, dni_layer_backward(layer, 0, NULL, &x, &y, &dy, NULL));
}

static void parameters(world *w) {
  dni_matrix value, gradient, m;
  dni_layer *layer = pick(w, LAYER);
  const size_t index = fuzz_below(&w->input, 5);
  EXPECT(dni_layer_parameter_name(layer, index), "a name is NULL");
  if (EXPECT_IN(FINE | REFUSED, dni_layer_parameter(layer, index, &value, &gradient)) != DNI_OK)
    return;
  dni_matrix *v = view(w, &m, value.dtype, value.rows, value.columns);
  if (chance(w, 50))
    (void)EXPECT_IN(FINE | REFUSED, dni_layer_set_parameter(layer, index, v));
  else
    (void)EXPECT_IN(FINE | REFUSED, dni_layer_get_parameter(layer, index, v));
}

static void write_parameter(world *w) {
  dni_matrix value;
  dni_layer *layer = pick(w, LAYER);
  if (dni_layer_parameter(layer, fuzz_below(&w->input, 4), &value, NULL) != DNI_OK) return;
  const double number = real(w);
  if (value.dtype == DNI_F64)
    *(double *)value.data = number;
  else
    *(float *)value.data = (float)number;
  EXPECT_FINE(dni_layer_changed(layer));
}

static void initialise(world *w) {
  dni_layer *layer = pick(w, LAYER);
  const dni_initialiser_options options = {.struct_size = struct_size(w, sizeof options),
                                           .kind = number(w, 8),
                                           .uniform = number(w, 2),
                                           .has_value = number(w, 2),
                                           .has_seed = number(w, 2),
                                           .value = real(w),
                                           .seed = 3};
  (void)EXPECT_IN(MAKES | UNSUPPORTED,
                  dni_layer_initialise(layer, chance(w, 20) ? NULL : &options));
}

static void settings(world *w) {
  dni_layer *layer = pick(w, LAYER);
  const dni_setting setting = number(w, 34);
  double least = 0, most = 0, value = 0;
  const bool has = dni_layer_has(layer, setting);
  const dni_status status =
      EXPECT_IN(FINE | REFUSED, dni_layer_bounds(layer, setting, &least, &most));
  EXPECT(has == (status == DNI_OK), "bounds without a setting");
  (void)EXPECT_IN(FINE | REFUSED, dni_layer_set_f64(layer, setting, real(w)));
  if (has) {
    EXPECT_FINE(dni_layer_get_f64(layer, setting, &value));
    EXPECT(value >= least && value <= most, "%s is %g", dni_setting_name(setting), value);
  }
  EXPECT(dni_layer_kind_name(layer) && dni_activation_name(dni_layer_activation(layer)), "no name");
}

const action layer_actions[] = {
    create_dense, create_dense, create_dense,    create_activation, create_norm, create_dropout,
    create_own,   copy_layer,   create_state,    reserve,           forward,     backward,
    pass,         parameters,   write_parameter, initialise,        settings,    NULL};
