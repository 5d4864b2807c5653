/* A batch on its way through the modules of one stage: the reference order of dni/trainer.h. */
#include <math.h>

#include "optimiser/optimiser.h"
#include "trainer/trainer.h"

static dni_matrix view(const dni__pass *pass, void *data, size_t columns) {
  return dni__matrix_make(data, pass->y.rows, columns, pass->y.dtype);
}

static dni_network *network_of(const dni__pass *pass) {
  return pass->stage->trainer->network;
}

static dni__train_interface *interface_of(const dni__pass *pass, size_t after) {
  return &pass->stage->trainer->interfaces[after];
}

static dni_matrix output_of(const dni__pass *pass, size_t layer) {
  return view(pass, pass->stage->trainer->outputs[layer],
              network_of(pass)->links[layer].layer->outputs);
}

static dni_matrix input_of(const dni__pass *pass, size_t layer) {
  return layer == pass->stage->first_layer ? pass->x : output_of(pass, layer - 1);
}

static size_t top_of(const dni__train_module *module) {
  return module->layers.first + module->layers.count - 1;
}

static bool is_last(const dni__pass *pass, const dni__train_module *module) {
  return top_of(module) + 1 == network_of(pass)->count;
}

/* Whether the module's top output leaves the stage. */
static bool is_boundary(const dni__pass *pass, const dni__train_module *module) {
  const dni__stage *stage = pass->stage;
  return top_of(module) + 1 == stage->first_layer + stage->layer_count && !is_last(pass, module);
}

/* The delta buffer that `used` does not lie in. */
static dni_matrix other_delta(const dni__pass *pass, const dni_matrix *used, size_t columns) {
  void *const *deltas = pass->stage->deltas;
  return view(pass, used->data == deltas[0] ? deltas[1] : deltas[0], columns);
}

static dni_status say_interface(size_t after, dni_status status) {
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "interface after layer %zu: ", after);
}

/* Forward. ----------------------------------------------------------------------------------- */

static dni_status forward_module(const dni__pass *pass, const dni__module *layers) {
  for (size_t l = layers->first; l < layers->first + layers->count; l++) {
    dni_matrix x = input_of(pass, l), y = output_of(pass, l);
    DNI_TRY(dni__network_forward(network_of(pass), l, DNI_MODE_TRAINING, &x, &y));
  }
  return DNI_OK;
}

/* A micro-batch's deltas count by its share of the rows, so that gradients add up to the mean over
 * the whole batch. */
static void weigh(const dni__pass *pass, const dni_matrix *error) {
  if (!pass->message || pass->message->parts == 1) return;
  double weight = pass->message->share;
  for (size_t r = 0; r < error->rows; r++)
    for (size_t c = 0; c < error->columns; c++)
      dni__matrix_set(error, r, c, weight * dni__matrix_get(error, r, c));
}

/* Loss, each example's for critics, accuracy and dL/dh_N. */
static dni_status evaluate_loss(const dni__pass *pass) {
  const dni__stage *stage = pass->stage;
  dni_trainer *trainer = stage->trainer;
  dni_matrix h = output_of(pass, trainer->network->count - 1);
  dni_matrix error = view(pass, stage->output_error, h.columns);
  dni_matrix losses = view(pass, stage->losses, 1);
  double loss, share = pass->message ? pass->message->share : 1;
  size_t correct;
  DNI_TRY(dni_loss_evaluate(trainer->loss, &h, &pass->y, &error, stage->losses ? &losses : NULL,
                            &loss));
  DNI_TRY(dni_loss_count_correct(trainer->loss, &h, &pass->y, &correct));
  weigh(pass, &error);
  bool first = !pass->message || pass->message->part == 0;
  pass->record->loss = share * loss + (first ? 0 : pass->record->loss);
  pass->record->accuracy =
      share * ((double)correct / (double)h.rows) + (first ? 0 : pass->record->accuracy);
  return isfinite(loss) ? DNI_OK : dni__network_blame(trainer->network);
}

/* The estimate for the interface above a module that need not wait, kept until its target is
 * known. */
static dni_status predict_delta(const dni__pass *pass, const dni__train_module *module) {
  size_t after = top_of(module);
  dni_matrix h = output_of(pass, after);
  dni_matrix prediction = view(pass, interface_of(pass, after)->prediction, h.columns);
  return say_interface(after, dni_sg_estimate(module->layers.top, &h, &pass->y, NULL, &prediction));
}

static dni_status send_up(const dni__pass *pass, size_t layer) {
  dni__channel *channel = pass->stage[1].from_below;
  dni__message message = *pass->message;
  message.first = output_of(pass, layer);
  message.second = pass->y;
  return channel->vtable->send(channel, &message);
}

/* Lessons. ----------------------------------------------------------------------------------- */

/* Update an estimator that has been shown its lesson. */
static dni_status end_lesson(const dni__train_interface *interface, double error) {
  if (!isfinite(error))
    return dni__fail(DNI_ERROR_NON_FINITE, "%s: the error is not finite",
                     interface->sg->vtable->name);
  return dni_optimiser_step(interface->optimiser);
}

/* Show the target of an interface to its SG and update it. Without target: an estimator that learns
 * alone. */
static dni_status teach(const dni__pass *pass, size_t after, const dni_matrix *target,
                        const dni_matrix *prediction) {
  const dni__train_interface *interface = interface_of(pass, after);
  dni_matrix h = output_of(pass, after);
  double *error = &pass->record->sg_error[interface->report], cosine;
  dni_status status = dni_sg_learn(interface->sg, &h, &pass->y, target, prediction, error, &cosine);
  if (status == DNI_OK) status = end_lesson(interface, *error);
  pass->record->sg_cosine[interface->report] = target ? cosine : (double)NAN;
  return say_interface(after, status);
}

static dni_status teach_kept_prediction(const dni__pass *pass, size_t after,
                                        const dni_matrix *target) {
  dni_matrix prediction = view(pass, interface_of(pass, after)->prediction, target->columns);
  return teach(pass, after, target, &prediction);
}

/* Show the losses to a critic and update it. */
static dni_status teach_critic(const dni__pass *pass, size_t after) {
  const dni__train_interface *interface = interface_of(pass, after);
  dni_matrix h = output_of(pass, after), losses = view(pass, pass->stage->losses, 1);
  double *error = &pass->record->sg_error[interface->report];
  DNI_TRY(dni_sg_learn_loss(interface->sg, &h, &pass->y, &losses, error));
  return end_lesson(interface, *error);
}

static dni_status teach_critics(const dni__pass *pass) {
  const dni__stage *stage = pass->stage;
  const dni_trainer *trainer = stage->trainer;
  for (size_t l = stage->first_layer; l < stage->first_layer + stage->layer_count; l++)
    if (dni__trainer_learns(trainer, l, DNI_SG_LEARNS_LOSS) &&
        trainer->modules[dni__trainer_module_of(trainer, l)].trained)
      DNI_TRY(say_interface(l, teach_critic(pass, l)));
  return DNI_OK;
}

/* Backward. ---------------------------------------------------------------------------------- */

/* From the gradient a joined interface receives to the one it hands down. *delta is dL/dz of the
 * dense layer above for fa, else dL/dh; exact interfaces hand it on as it is. Mixtures learn from
 * it. */
static dni_status cross_joined(const dni__pass *pass, size_t after, dni_matrix *delta) {
  dni_sg *sg = interface_of(pass, after)->sg;
  if (!sg || sg->vtable->kind == DNI_SG_EXACT) return DNI_OK;
  dni_matrix h = output_of(pass, after), answer = other_delta(pass, delta, sg->units);
  DNI_TRY(say_interface(after, dni_sg_estimate(sg, &h, &pass->y, delta, &answer)));
  if (sg->learns == DNI_SG_LEARNS_TARGET) DNI_TRY(teach(pass, after, delta, &answer));
  *delta = answer;
  return DNI_OK;
}

/* Whether the gradient towards the input of layer l is computed through the layer itself. */
static bool wants_input_gradient(const dni__pass *pass, const dni__module *layers, size_t l,
                                 bool target) {
  if (l == layers->first) return target;
  const dni_sg *sg = interface_of(pass, l - 1)->sg;
  return !sg || sg->needs != DNI_SG_NEEDS_DELTA_ABOVE;
}

static dni_status say_module(const dni__train_module *module, dni_status status) {
  if (status == DNI_OK) return DNI_OK;
  return dni__fail_prefix(status, "module of layers %zu to %zu: ", module->layers.first,
                          top_of(module));
}

/* Whether each layer moves as soon as its gradient is there, and still in cache: unless gradients
 * are only added up, their norm must be known first, or a layer below may fail. */
static bool moves_by_layer(const dni__pass *pass, const dni__train_module *module) {
  return pass->moves && !module->may_fail && dni__optimiser_by_layer(module->optimiser);
}

/* Parameter gradients of a module from the gradient of its output, and the update; with `target`
 * *delta becomes the gradient of its input. *delta's memory is overwritten. */
static dni_status backward_module(const dni__pass *pass, const dni__train_module *module,
                                  bool target, dni_matrix *delta) {
  const dni__module *layers = &module->layers;
  bool by_layer = moves_by_layer(pass, module);
  if (by_layer) DNI_TRY(say_module(module, dni__optimiser_begin(module->optimiser)));
  for (size_t l = layers->first + layers->count; l-- > layers->first;) {
    const dni_layer *layer = network_of(pass)->links[l].layer;
    dni_matrix x = input_of(pass, l), y = output_of(pass, l);
    bool wanted = wants_input_gradient(pass, layers, l, target);
    dni_matrix dx = other_delta(pass, delta, x.columns);
    DNI_TRY(dni__network_backward(network_of(pass), l, pass->gradient_mode, &x, &y, delta,
                                  wanted ? &dx : NULL));
    if (wanted) *delta = dx;
    if (l > layers->first) DNI_TRY(cross_joined(pass, l - 1, delta));
    if (by_layer && layer->parameter_count > 0) dni__optimiser_move(module->optimiser, layer);
  }
  if (by_layer || !pass->moves) return DNI_OK;
  return say_module(module, dni_optimiser_step(module->optimiser));
}

/* The gradient of a module's output, in memory that backward may overwrite. `given`: what an
 * estimator or the loss has answered, or the stage above. */
static dni_status top_delta(const dni__pass *pass, const dni__train_module *module,
                            const dni_matrix *given, dni_matrix *delta) {
  size_t top = top_of(module);
  const dni_layer *layer = network_of(pass)->links[top].layer;
  dni_sg *sg = module->layers.top;
  *delta = view(pass, pass->stage->deltas[0], layer->outputs);
  if (module->waits != DNI_WAITS_NOT && sg) {
    dni_matrix h = output_of(pass, top);
    return say_interface(top, dni_sg_estimate(sg, &h, &pass->y, given, delta));
  }
  if (layer->vtable->keeps_dy || module->waits == DNI_WAITS_DELTA)
    *delta = *given;
  else
    dni__matrix_copy(given, delta);
  return DNI_OK;
}

static dni_status send_down(const dni__pass *pass, const dni_matrix *target) {
  dni__channel *channel = pass->stage[-1].from_above;
  dni__message message = *pass->message;
  message.first = message.second = (dni_matrix){0};
  if (target) message.first = *target;
  return channel->vtable->send(channel, &message);
}

/* Backward, update, and the lesson for the interface below, or the gradient for the stage below.
 * late: the prediction there was for another batch. */
static dni_status update_module(const dni__pass *pass, const dni__train_module *module,
                                const dni_matrix *given, bool late) {
  size_t first = module->layers.first;
  bool leaves = pass->stage->index > 0 && first == pass->stage->first_layer;
  bool wanted = first > 0 && dni__trainer_wants_target(pass->stage->trainer, first - 1);
  dni_matrix delta;
  DNI_TRY(top_delta(pass, module, given, &delta));
  DNI_TRY(backward_module(pass, module, wanted, &delta));
  if (leaves) return send_down(pass, wanted ? &delta : NULL);
  if (!wanted) return DNI_OK;
  return late ? teach(pass, first - 1, &delta, NULL)
              : teach_kept_prediction(pass, first - 1, &delta);
}

static dni_status update_with_answer(const dni__pass *pass, const dni__train_module *module) {
  size_t top = top_of(module), columns = network_of(pass)->links[top].layer->outputs;
  dni_matrix answer;
  if (is_last(pass, module) || module->waits == DNI_WAITS_ERROR)
    answer = view(pass, pass->stage->output_error, dni_network_outputs(network_of(pass)));
  else
    answer = view(pass, interface_of(pass, top)->prediction, columns);
  return update_module(pass, module, &answer, false);
}

/* The pass. ---------------------------------------------------------------------------------- */

/* An estimate is wanted for the module's own update, or for the lesson of the module above. */
static bool wants_prediction(const dni__pass *pass, size_t m) {
  const dni_trainer *trainer = pass->stage->trainer;
  const dni__train_module *module = &trainer->modules[m];
  if (is_last(pass, module) || module->waits != DNI_WAITS_NOT || !module->trained) return false;
  bool taught =
      trainer->module_updated[m + 1] && module->layers.top->learns == DNI_SG_LEARNS_TARGET;
  return trainer->module_updated[m] || taught;
}

static dni_status run_module(const dni__pass *pass, size_t m) {
  const dni_trainer *trainer = pass->stage->trainer;
  const dni__train_module *module = &trainer->modules[m];
  DNI_TRY(forward_module(pass, &module->layers));
  if (is_last(pass, module)) DNI_TRY(evaluate_loss(pass));
  if (is_boundary(pass, module)) DNI_TRY(send_up(pass, top_of(module)));
  if (wants_prediction(pass, m)) DNI_TRY(predict_delta(pass, module));
  if (!trainer->module_updated[m] || module->waits != DNI_WAITS_NOT) return DNI_OK;
  DNI_TRY(update_with_answer(pass, module));
  size_t top = top_of(module);
  return dni__trainer_learns(trainer, top, DNI_SG_LEARNS_ALONE) ? teach(pass, top, NULL, NULL)
                                                                : DNI_OK;
}

dni_status dni__pass_run(dni__pass *pass) {
  const dni__stage *stage = pass->stage;
  const dni_trainer *trainer = stage->trainer;
  size_t end = stage->first_module + stage->module_count;
  for (size_t m = stage->first_module; m < end; m++)
    DNI_TRY(run_module(pass, m));
  for (size_t m = stage->first_module; m < end; m++)
    if (trainer->module_updated[m] && trainer->modules[m].waits == DNI_WAITS_ERROR)
      DNI_TRY(update_with_answer(pass, &trainer->modules[m]));
  return stage->losses ? teach_critics(pass) : DNI_OK;
}

dni_status dni__pass_lesson(dni__pass *pass, const dni_matrix *target,
                            const dni_matrix *prediction) {
  const dni__stage *stage = pass->stage;
  const dni__train_module *module =
      &stage->trainer->modules[stage->first_module + stage->module_count - 1];
  if (module->waits == DNI_WAITS_DELTA) return update_module(pass, module, target, !prediction);
  if (!dni__trainer_learns(stage->trainer, top_of(module), DNI_SG_LEARNS_TARGET)) return DNI_OK;
  return teach(pass, top_of(module), target, prediction);
}
