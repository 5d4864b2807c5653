/* One training step: the reference order of dni/trainer.h, module by module. */
#include <math.h>

#include "trainer/trainer.h"

/* The batch of this step, and what its functions share. */
typedef struct step {
  dni_trainer *trainer;
  const dni_matrix *x, *y;
} step;

static dni_matrix view(const step *s, void *data, size_t columns) {
  return dni__matrix_make(data, s->x->rows, columns, s->trainer->context->dtype);
}

static dni_matrix output_of(const step *s, size_t layer) {
  return view(s, s->trainer->outputs[layer], s->trainer->network->links[layer].layer->outputs);
}

static dni_matrix input_of(const step *s, size_t layer) {
  return layer == 0 ? *s->x : output_of(s, layer - 1);
}

/* The delta buffer that `used` does not lie in. */
static dni_matrix other_delta(const step *s, const dni_matrix *used, size_t columns) {
  void *const *deltas = s->trainer->deltas;
  return view(s, used->data == deltas[0] ? deltas[1] : deltas[0], columns);
}

static dni_status say_interface(size_t after, dni_status status) {
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "interface after layer %zu: ", after);
}

/* Forward. ----------------------------------------------------------------------------------- */

static dni_status forward_module(const step *s, const dni__module *layers) {
  for (size_t l = layers->first; l < layers->first + layers->count; l++) {
    dni_matrix x = input_of(s, l), y = output_of(s, l);
    DNI_TRY(dni__network_forward(s->trainer->network, l, DNI_MODE_TRAINING, &x, &y));
  }
  return DNI_OK;
}

/* Loss, each example's for critics, accuracy and dL/dh_N. */
static dni_status evaluate_loss(const step *s) {
  dni_trainer *trainer = s->trainer;
  dni_matrix h = output_of(s, trainer->network->count - 1);
  dni_matrix error = view(s, trainer->output_error, h.columns);
  dni_matrix losses = view(s, trainer->losses, 1);
  size_t correct;
  DNI_TRY(dni_loss_evaluate(trainer->loss, &h, s->y, &error, trainer->losses ? &losses : NULL,
                            &trainer->report.loss));
  DNI_TRY(dni_loss_count_correct(trainer->loss, &h, s->y, &correct));
  trainer->report.accuracy = (double)correct / (double)h.rows;
  return isfinite(trainer->report.loss) ? DNI_OK : dni__network_blame(trainer->network);
}

/* Backward. ---------------------------------------------------------------------------------- */

/* From the gradient a joined interface receives to the one it hands down. *delta is dL/dz of the
 * dense layer above for fa, else dL/dh; exact interfaces hand it on as it is. */
static dni_status cross_joined(const step *s, size_t after, dni_matrix *delta) {
  dni_sg *sg = s->trainer->interfaces[after].sg;
  if (!sg || sg->vtable->kind == DNI_SG_EXACT) return DNI_OK;
  dni_matrix h = output_of(s, after), answer = other_delta(s, delta, sg->units);
  DNI_TRY(say_interface(after, dni_sg_estimate(sg, &h, s->y, delta, &answer)));
  *delta = answer;
  return DNI_OK;
}

/* Whether the gradient towards the input of layer l is computed through the layer itself. */
static bool wants_input_gradient(const step *s, const dni__module *layers, size_t l, bool target) {
  if (l == layers->first) return target;
  const dni_sg *sg = s->trainer->interfaces[l - 1].sg;
  return !sg || sg->needs != DNI_SG_NEEDS_DELTA_ABOVE;
}

/* Parameter gradients of a module from the gradient of its output; with `target` *delta becomes the
 * gradient of its input. *delta's memory is overwritten. */
static dni_status backward_module(const step *s, const dni__module *layers, bool target,
                                  dni_matrix *delta) {
  for (size_t l = layers->first + layers->count; l-- > layers->first;) {
    dni_matrix x = input_of(s, l), y = output_of(s, l);
    bool wanted = wants_input_gradient(s, layers, l, target);
    dni_matrix dx = other_delta(s, delta, x.columns);
    DNI_TRY(dni__network_backward(s->trainer->network, l, &x, &y, delta, wanted ? &dx : NULL));
    if (wanted) *delta = dx;
    if (l > layers->first) DNI_TRY(cross_joined(s, l - 1, delta));
  }
  return DNI_OK;
}

/* The estimate for the interface above a module that need not wait, kept until its target is
 * known. */
static dni_status predict_delta(const step *s, const dni__module *layers) {
  size_t after = layers->first + layers->count - 1;
  dni_matrix h = output_of(s, after);
  dni_matrix prediction = view(s, s->trainer->interfaces[after].prediction, h.columns);
  return say_interface(after, dni_sg_estimate(layers->top, &h, s->y, NULL, &prediction));
}

/* The gradient of a module's output, in memory that backward may overwrite. */
static dni_status top_delta(const step *s, const dni__train_module *module, dni_matrix *delta) {
  dni_trainer *trainer = s->trainer;
  size_t top = module->layers.first + module->layers.count - 1;
  const dni_layer *layer = trainer->network->links[top].layer;
  dni_matrix error = view(s, trainer->output_error, dni_network_outputs(trainer->network));
  *delta = view(s, trainer->deltas[0], layer->outputs);
  if (module->deferred) {
    dni_matrix h = output_of(s, top);
    return say_interface(top, dni_sg_estimate(module->layers.top, &h, s->y, &error, delta));
  }
  dni_matrix kept =
      module->layers.top ? view(s, trainer->interfaces[top].prediction, layer->outputs) : error;
  if (layer->vtable->keeps_dy)
    *delta = kept;
  else
    dni__matrix_copy(&kept, delta);
  return DNI_OK;
}

/* Update an estimator that has been shown its lesson. */
static dni_status end_lesson(const dni__train_interface *interface, double error) {
  if (!isfinite(error))
    return dni__fail(DNI_ERROR_NON_FINITE, "%s: the error is not finite",
                     interface->sg->vtable->name);
  return dni_optimiser_step(interface->optimiser);
}

/* Show the target to the SG below a module and update it. */
static dni_status teach_below(const step *s, size_t after, const dni_matrix *target) {
  dni_trainer *trainer = s->trainer;
  const dni__train_interface *interface = &trainer->interfaces[after];
  dni_matrix h = output_of(s, after), prediction = view(s, interface->prediction, h.columns);
  double *error = &trainer->sg_error[interface->report];
  DNI_TRY(dni_sg_learn(interface->sg, &h, s->y, target, &prediction, error,
                       &trainer->sg_cosine[interface->report]));
  return end_lesson(interface, *error);
}

/* Show the losses to a critic and update it. */
static dni_status teach_critic(const step *s, size_t after) {
  dni_trainer *trainer = s->trainer;
  const dni__train_interface *interface = &trainer->interfaces[after];
  dni_matrix h = output_of(s, after), losses = view(s, trainer->losses, 1);
  double *error = &trainer->sg_error[interface->report];
  DNI_TRY(dni_sg_learn_loss(interface->sg, &h, s->y, &losses, error));
  return end_lesson(interface, *error);
}

/* Backward, update, and the lesson for the interface below. */
static dni_status update_module(const step *s, const dni__train_module *module) {
  size_t first = module->layers.first;
  bool teaches = first > 0 && dni__trainer_learns(s->trainer, first - 1, DNI_SG_LEARNS_TARGET);
  dni_matrix delta;
  DNI_TRY(top_delta(s, module, &delta));
  DNI_TRY(backward_module(s, &module->layers, teaches, &delta));
  dni_status status = dni_optimiser_step(module->optimiser);
  if (status != DNI_OK)
    return dni__fail_prefix(status, "module of layers %zu to %zu: ", first,
                            first + module->layers.count - 1);
  return teaches ? say_interface(first - 1, teach_below(s, first - 1, &delta)) : DNI_OK;
}

/* The step. ---------------------------------------------------------------------------------- */

/* Which modules are updated, and a report with nothing in it yet. */
static void begin(dni_trainer *trainer) {
  trainer->report.step = trainer->steps + 1;
  for (size_t i = 0; i < trainer->report.interface_count; i++)
    trainer->sg_error[i] = trainer->sg_cosine[i] = NAN;
  for (size_t m = 0; m < trainer->module_count; m++)
    trainer->module_updated[m] =
        trainer->schedule != DNI_SCHEDULE_RANDOM ||
        dni__random_uniform(&trainer->random) < trainer->update_probability;
}

/* An estimate is wanted for the module's own update, or for the lesson of the module above. */
static bool wants_prediction(const dni_trainer *trainer, size_t m) {
  const dni__train_module *module = &trainer->modules[m];
  if (!module->layers.top || module->deferred) return false;
  bool taught =
      trainer->module_updated[m + 1] && module->layers.top->learns == DNI_SG_LEARNS_TARGET;
  return trainer->module_updated[m] || taught;
}

static dni_status teach_critics(const step *s) {
  for (size_t l = 0; l < s->trainer->network->count; l++)
    if (dni__trainer_learns(s->trainer, l, DNI_SG_LEARNS_LOSS))
      DNI_TRY(say_interface(l, teach_critic(s, l)));
  return DNI_OK;
}

static dni_status run(const step *s) {
  dni_trainer *trainer = s->trainer;
  for (size_t m = 0; m < trainer->module_count; m++) {
    const dni__train_module *module = &trainer->modules[m];
    DNI_TRY(forward_module(s, &module->layers));
    if (!module->layers.top) DNI_TRY(evaluate_loss(s));
    if (wants_prediction(trainer, m)) DNI_TRY(predict_delta(s, &module->layers));
    if (trainer->module_updated[m] && !module->deferred) DNI_TRY(update_module(s, module));
  }
  for (size_t m = 0; m < trainer->module_count; m++)
    if (trainer->module_updated[m] && trainer->modules[m].deferred)
      DNI_TRY(update_module(s, &trainer->modules[m]));
  return teach_critics(s);
}

static dni_status check_batch(const dni_trainer *trainer, const dni_matrix *x,
                              const dni_matrix *y) {
  dni_dtype dtype = trainer->context->dtype;
  DNI_TRY(dni__matrix_check(x, dtype, dni_network_inputs(trainer->network), "x"));
  DNI_TRY(dni__matrix_check_rows(y, dtype, x->rows, dni_network_outputs(trainer->network), "y"));
  if (x->rows == 0 || x->rows > trainer->max_batch)
    return dni__fail(DNI_ERROR_ARGUMENT, "x has %zu rows, expected 1 to %zu", x->rows,
                     trainer->max_batch);
  return DNI_OK;
}

dni_status dni_trainer_step(dni_trainer *trainer, const dni_matrix *x, const dni_matrix *y,
                            dni_step_report *report) {
  DNI_REQUIRE(trainer);
  if (report) DNI_TRY(dni__report_check(report, sizeof *report, "dni_step_report"));
  DNI_TRY(check_batch(trainer, x, y));
  begin(trainer);
  step s = {trainer, x, y};
  dni_status status = run(&s);
  if (status != DNI_OK)
    return dni__fail_prefix(status, "step %llu: ", (unsigned long long)trainer->report.step);
  trainer->steps++;
  if (report) dni__report_fill(report, &trainer->report, sizeof trainer->report);
  return DNI_OK;
}
