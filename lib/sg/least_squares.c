/* Least-squares synthetic gradients: linear ones that need no optimiser, because their best weights
 * over all lessons so far are known in closed form (least_squares.h). One that learns by gradients lags
 * behind what it has to follow; this one does not.
 *
 * At first C = R = 0, so W = 0 and the first answer is exactly 0. Loss-matched inputs are in guess.h;
 * the guess is moved here, by an Adam of its own. */
#include "sg/least_squares.h"

#include "core/setting.h"
#include "loss/loss.h"
#include "optimiser/optimiser.h"

static const dni_least_squares_options defaults = {
    .struct_size = sizeof defaults,
    .forgetting = 0.05,
    .ridge = 1e-3,
    .solve_every = 1,
    .guess_rate = 1e-3,
};

/* Z's columns after those of h, and the working space for losses behind them. */
static dni_matrix tail_and_losses(const dni__least_squares *ls, size_t rows) {
  return dni__matrix_rows(&ls->tail, 0, rows);
}

dni_matrix dni__ls_tail(const dni__least_squares *ls, size_t rows) {
  dni_matrix all = tail_and_losses(ls, rows);
  return dni__matrix_columns(&all, 0, all.columns - 1);
}

static dni_matrix inputs_of_guess(const dni_matrix *tail) {
  return dni__matrix_columns(tail, 1, tail->columns - 1);
}

static dni_status fill_tail(const dni__least_squares *ls, const dni_matrix *h, const dni_matrix *y,
                            size_t rows) {
  dni_matrix all = tail_and_losses(ls, rows), tail = dni__ls_tail(ls, rows);
  dni_matrix rest = inputs_of_guess(&tail);
  dni_matrix losses = dni__matrix_columns(&all, tail.columns, 1);
  for (size_t r = 0; r < rows; r++)
    dni__matrix_set(&tail, r, 0, 1);
  return dni__guess_inputs(&ls->base, &ls->guess, ls->sees_y, h, y, &rest, &losses);
}

static dni_status catch_up(dni_sg *sg) {
  dni__least_squares *ls = (dni__least_squares *)sg;
  if (!ls->behind) return DNI_OK;
  DNI_TRY(dni__ls_factor(ls));
  return dni__ls_solve(ls);
}

static dni_status estimate(dni_sg *sg, const dni_sg_call *call) {
  dni__least_squares *ls = (dni__least_squares *)sg;
  const dni_matrix *weight = &sg->parameters[DNI__LS_WEIGHT].value;
  size_t rows = call->delta->rows, h = ls->h_columns;
  dni_matrix tail = dni__ls_tail(ls, rows), of_h = dni__matrix_columns(weight, 0, h);
  dni_matrix of_tail = dni__matrix_columns(weight, h, ls->inputs - h);
  DNI_TRY(fill_tail(ls, call->h, call->y, rows));
  if (dni__ls_answers(ls, rows)) {
    DNI_TRY(dni__ls_factor(ls));
    return dni__ls_answer(ls, call->h, call->delta);
  }
  DNI_TRY(catch_up(sg));
  if (h > 0) DNI_TRY(dni__gemm(sg->backend, 0, 1, 1, call->h, &of_h, 0, call->delta));
  return dni__gemm(sg->backend, 0, 1, 1, &tail, &of_tail, h > 0 ? 1 : 0, call->delta);
}

/* The tail is that of this lesson. Its residual is used up. */
static dni_status teach_guess(dni__least_squares *ls, const dni_sg_call *call) {
  dni_matrix tail = dni__ls_tail(ls, call->target->rows), inputs = inputs_of_guess(&tail);
  dni_sg_call lesson = *call;
  lesson.flags = DNI_GRADIENT_REPLACE; /* it has no parts: each lesson moves it */
  DNI_TRY(dni__guess_learn(&ls->base, &ls->guess, &lesson, &inputs));
  DNI_TRY(dni__optimiser_begin(ls->guess_optimiser, 1, ls->base.rate_scale));
  dni__optimiser_move_all(ls->guess_optimiser);
  return DNI_OK;
}

static bool has_examples(const dni_sg_call *call) {
  for (size_t r = 0; r < call->target->rows; r++)
    if (dni__weight(call->weights, r) > 0) return true;
  return false;
}

/* Nothing but weights of 0 is no lesson: what is added to it begins one. */
static dni_status learn(dni_sg *sg, const dni_sg_call *call, dni__pair_sums *sums) {
  dni__least_squares *ls = (dni__least_squares *)sg;
  bool begins = ls->begins || !(call->flags & DNI_GRADIENT_ADD);
  if (sums) dni__sg_compare(sg, call, sums);
  if (call->flags & DNI_GRADIENT_SKIP || sg->rate_scale == 0) return DNI_OK;
  if (!has_examples(call)) {
    ls->begins = begins;
    return DNI_OK;
  }
  DNI_TRY(fill_tail(ls, call->h, call->y, call->target->rows));
  DNI_TRY(dni__ls_add(ls, call, begins));
  ls->begins = false;
  if (begins) ls->lessons++;
  ls->factored = false;
  ls->behind = ls->behind || (ls->lessons - 1) % ls->solve_every == 0;
  if (ls->guess.loss) DNI_TRY(teach_guess(ls, call));
  if (!ls->behind) return DNI_OK;
  DNI_TRY(dni__ls_factor(ls));
  return ls->solve_every > 1 ? dni__ls_solve(ls) : DNI_OK; /* the sums go on without it */
}

/* Creation. ----------------------------------------------------------------------------------- */

/* Working space [rows][columns], which the SG counts. */
static dni_status make(dni_sg *sg, size_t rows, size_t columns, dni_matrix *out) {
  size_t elements, size = dni__dtype_size(sg->context->dtype);
  if (!dni__multiply(rows, columns, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu x %zu does not fit", rows, columns);
  void *data = dni__allocate(sg->context->memory, elements, size);
  if (!data) return DNI_ERROR_MEMORY;
  *out = dni__matrix_make(data, rows, columns, sg->context->dtype);
  sg->workspace_bytes += elements * size;
  return DNI_OK;
}

/* A larger one in the place of *matrix; after a failure it is as it was. */
static dni_status replace(dni_sg *sg, size_t rows, size_t columns, dni_matrix *matrix) {
  dni_matrix larger;
  DNI_TRY(make(sg, rows, columns, &larger));
  if (matrix->data)
    sg->workspace_bytes -= matrix->rows * matrix->columns * dni__dtype_size(matrix->dtype);
  dni__free(sg->context->memory, matrix->data);
  *matrix = larger;
  return DNI_OK;
}

static dni_status reserve(dni_sg *sg, size_t rows) {
  dni__least_squares *ls = (dni__least_squares *)sg;
  size_t fewer = rows < sg->units ? rows : sg->units - 1;
  if (ls->x.rows < fewer) DNI_TRY(replace(sg, fewer, ls->inputs, &ls->x));
  return replace(sg, rows, ls->inputs - ls->h_columns + 1, &ls->tail);
}

static void destroy(dni_sg *sg) {
  dni__least_squares *ls = (dni__least_squares *)sg;
  dni__memory *memory = sg->context->memory;
  dni_optimiser_release(ls->guess_optimiser);
  dni__guess_destroy(&ls->guess);
  void *blocks[] = {
      ls->guess.map.weight.gradient.data,
      ls->guess.map.bias.gradient.data,
      ls->tail.data,
      ls->chunks[0].data,
      ls->chunks[1].data,
      ls->x.data,
      ls->panel.data,
      ls->cholesky.factor.data,
      ls->cholesky.inverses.data,
      ls->cholesky.least.data,
  };
  for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
    dni__free(memory, blocks[i]);
}

static double *setting(dni_sg *sg, dni_setting which) {
  dni__least_squares *ls = (dni__least_squares *)sg;
  switch (which) {
  case DNI_SETTING_FORGETTING:
    return &ls->forgetting;
  case DNI_SETTING_RIDGE:
    return &ls->ridge;
  case DNI_SETTING_LEARNING_RATE:
    return ls->guess_optimiser ? &ls->guess_rate : NULL;
  default:
    return NULL;
  }
}

static void setting_changed(dni_sg *sg, dni_setting which) {
  dni__least_squares *ls = (dni__least_squares *)sg;
  if (which == DNI_SETTING_LEARNING_RATE)
    ls->guess_optimiser->settings.learning_rate = ls->guess_rate;
}

/* The factor is that of C, and is made again of it. */
static void loaded(void *sg) {
  dni__least_squares *ls = sg;
  ls->factored = false;
  if (ls->guess_optimiser) ls->guess_optimiser->settings.learning_rate = ls->guess_rate;
}

static void list(dni_sg *sg, dni__manifest *manifest) {
  dni__least_squares *ls = (dni__least_squares *)sg;
  dni__condition_list(ls->condition, ls->guess.loss, manifest);
  dni__manifest_fixed_count(manifest, "inputs", ls->inputs);
  dni__manifest_fixed_count(manifest, "solve_every", ls->solve_every);
  dni__manifest_count(manifest, "lessons", &ls->lessons);
  dni__manifest_flag(manifest, "begins", &ls->begins);
  dni__manifest_flag(manifest, "behind", &ls->behind);
  dni__manifest_integer(manifest, "exponent", &ls->exponent);
  if (ls->guess_optimiser) {
    size_t entered = dni__manifest_enter(manifest, "guess_optimiser");
    dni__optimiser_list(ls->guess_optimiser, manifest);
    dni__manifest_leave(manifest, entered);
  }
  dni__manifest_after_load(manifest, loaded, ls);
}

/* An SG of the same settings that has learned nothing. */
static dni_status create_like(const dni_sg *sg, dni_sg **out);

static const dni__sg_vtable vtable = {
    .kind = DNI_SG_LEAST_SQUARES,
    .name = "least_squares",
    .spares_prediction = true,
    .estimate = estimate,
    .learn = learn,
    .setting = setting,
    .setting_changed = setting_changed,
    .create_like = create_like,
    .catch_up = catch_up,
    .list = list,
    .reserve = reserve,
    .destroy = destroy,
};

/* Its parameters are shown without gradients, so that no other optimiser takes them. Gradients and
 * Adam's two moments are working space. */
static dni_status make_guess(dni__least_squares *ls, dni_loss *loss) {
  dni_sg *sg = &ls->base;
  const dni__affine *map = &ls->guess.map;
  if (!loss) return DNI_OK;
  DNI_TRY(dni__guess_create(sg, loss, sg->parameters + DNI__LS_GUESS, &ls->guess));
  for (size_t i = 0; i < 2; i++)
    sg->parameters[DNI__LS_GUESS + i].gradient.data = NULL;
  DNI_TRY(dni_optimiser_create_adam(sg->context, ls->guess_rate, &ls->guess_optimiser));
  DNI_TRY(dni_optimiser_add(ls->guess_optimiser, &map->weight.value, &map->weight.gradient, NULL,
                            NULL));
  DNI_TRY(
      dni_optimiser_add(ls->guess_optimiser, &map->bias.value, &map->bias.gradient, NULL, NULL));
  sg->workspace_bytes += 3 * (sg->units + 1) * sg->targets * dni__dtype_size(sg->context->dtype);
  return DNI_OK;
}

static dni_status make_parts(dni__least_squares *ls, dni_loss *loss) {
  dni_sg *sg = &ls->base;
  dni_context *context = sg->context;
  dni__parameter *parameters = sg->parameters;
  size_t n = ls->inputs, units = sg->units;
  DNI_TRY(dni__parameter_create(context, "weight", units, n, false, &parameters[DNI__LS_WEIGHT]));
  DNI_TRY(dni__parameter_create(context, "gram", n, n, false, &parameters[DNI__LS_GRAM]));
  DNI_TRY(dni__parameter_create(context, "moment", units, n, false, &parameters[DNI__LS_MOMENT]));
  DNI_TRY(make_guess(ls, loss));
  DNI_TRY(make(sg, DNI__LS_CHUNK, n, &ls->chunks[0]));
  DNI_TRY(make(sg, DNI__LS_CHUNK, n, &ls->chunks[1]));
  DNI_TRY(make(sg, n > units ? n : units, DNI_CHOLESKY_BLOCK, &ls->panel));
  DNI_TRY(make(sg, n, n, &ls->cholesky.factor));
  DNI_TRY(make(sg, n, DNI_CHOLESKY_BLOCK, &ls->cholesky.inverses));
  return make(sg, 1, n, &ls->cholesky.least);
}

/* Zeros become defaults; the numbers are checked as settings are. */
static dni_status check_options(const dni_context *context, dni_least_squares_options *options,
                                size_t targets) {
  const char *name = vtable.name;
  if (options->forgetting == 0) options->forgetting = defaults.forgetting;
  if (options->ridge == 0) options->ridge = defaults.ridge;
  if (options->solve_every == 0) options->solve_every = defaults.solve_every;
  if (options->guess_rate == 0) options->guess_rate = defaults.guess_rate;
  DNI_TRY(dni__guess_check(context, options->loss, targets, options->condition, name));
  double checked;
  DNI_TRY(dni__setting_set(&checked, name, context->dtype, DNI_SETTING_FORGETTING,
                           options->forgetting));
  DNI_TRY(dni__setting_set(&checked, name, context->dtype, DNI_SETTING_RIDGE, options->ridge));
  return dni__setting_set(&checked, name, context->dtype, DNI_SETTING_LEARNING_RATE,
                          options->guess_rate);
}

/* How many columns z has. */
static dni_status count_inputs(size_t units, size_t targets,
                               const dni_least_squares_options *options, size_t *h, size_t *n) {
  size_t y = dni__condition_sees_y(options->condition) ? targets : 0, rest;
  if (units == 0 || targets == 0)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: %zu units and %zu targets; both must be 1 or more",
                     vtable.name, units, targets);
  *h = dni__condition_sees_h(options->condition) ? units : 0;
  if (!dni__add(y, options->loss ? targets : 0, &rest) || !dni__add(rest, 1, &rest) ||
      !dni__add(*h, rest, n))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu units do not fit", units);
  return DNI_OK;
}

static dni_status create(dni_context *context, size_t units, size_t targets,
                         const dni_least_squares_options *options, dni_sg **out) {
  size_t h = 0, n = 0;
  DNI_TRY(count_inputs(units, targets, options, &h, &n));
  dni_sg *sg = dni__sg_allocate(context, sizeof(dni__least_squares), &vtable, units, targets,
                                DNI__LS_GUESS + (options->loss ? 2 : 0));
  if (!sg) return DNI_ERROR_MEMORY;
  dni__least_squares *ls = (dni__least_squares *)sg;
  ls->forgetting = options->forgetting;
  ls->ridge = options->ridge;
  ls->solve_every = options->solve_every;
  ls->guess_rate = options->guess_rate;
  ls->inputs = n;
  ls->h_columns = h;
  ls->condition = options->condition;
  ls->sees_y = dni__condition_sees_y(options->condition);
  ls->begins = true;
  sg->looks_at_h = h > 0 || options->loss;
  sg->looks_at_y = ls->sees_y || options->loss;
  dni_status status = make_parts(ls, options->loss);
  if (status == DNI_OK)
    *out = sg;
  else
    dni_sg_release(sg);
  return status;
}

dni_status dni_sg_create_least_squares(dni_context *context, size_t units, size_t targets,
                                       const dni_least_squares_options *options, dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  dni_least_squares_options known = defaults;
  if (options) DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, options, dni_least_squares_options)));
  if (known.reserved != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "dni_least_squares_options: reserved is not 0");
  DNI_TRY(check_options(context, &known, targets));
  return create(context, units, targets, &known, out);
}

static dni_status create_like(const dni_sg *sg, dni_sg **out) {
  const dni__least_squares *ls = (const dni__least_squares *)sg;
  dni_least_squares_options options = {
      .struct_size = sizeof options,
      .condition = ls->condition,
      .loss = ls->guess.loss,
      .forgetting = ls->forgetting,
      .ridge = ls->ridge,
      .solve_every = ls->solve_every,
      .guess_rate = ls->guess_rate,
  };
  return create(sg->context, sg->units, sg->targets, &options, out);
}
