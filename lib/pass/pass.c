/* A batch on its way through the modules of one stage: the reference order of dni/trainer.h. */
#include "pass/parts.h"

/* Whether the module's top output leaves the stage. */
static bool is_boundary(const dni__pass *pass, const dni__train_module *module) {
  const dni__stage *stage = pass->stage;
  return dni__top_of(module) + 1 == stage->first_layer + stage->layer_count &&
         !dni__is_last(pass, module);
}

static dni_status send_up(const dni__pass *pass, size_t layer) {
  dni__channel *channel = pass->stage[1].from_below;
  dni__message message = *pass->message;
  message.h = dni__output_of(pass, layer);
  message.y = pass->y;
  message.weights = pass->weights;
  return channel->vtable->send(channel, &message);
}

static dni_status send_down(const dni__pass *pass, const dni_matrix *target) {
  dni__channel *channel = pass->stage[-1].from_above;
  dni__message message = *pass->message;
  message.h = message.y = message.weights = (dni_matrix){0};
  if (target) message.h = *target;
  return channel->vtable->send(channel, &message);
}

/* Whether the module is the stage's first, and a stage below waits to hear of the batch. */
static bool reports_down(const dni__pass *pass, const dni__train_module *module) {
  return pass->stage->index > 0 && module->layers.first == pass->stage->first_layer;
}

static dni_matrix prediction_of(const dni__pass *pass, size_t after) {
  return dni__pass_view(pass, dni__plan_of(pass)->interfaces[after].prediction,
                        dni__layer_of(pass, after)->outputs);
}

/* Backward, update, and the lesson for the interface below, or the gradient for the stage below.
 * late: the prediction there was for another batch. */
static dni_status update_module(const dni__pass *pass, const dni__train_module *module,
                                const dni_matrix *given, bool late) {
  size_t first = module->layers.first;
  bool wanted = first > 0 && dni__plan_wants_target(pass->stage->plan, first - 1);
  dni_matrix target = {0};
  DNI_TRY(dni__backward_module(pass, module, given, wanted, &target));
  if (reports_down(pass, module)) return send_down(pass, wanted ? &target : NULL);
  if (!wanted) return DNI_OK;
  dni_matrix prediction = prediction_of(pass, first - 1);
  return dni__teach(pass, first - 1, &target, late ? NULL : &prediction);
}

static dni_status update_with_answer(const dni__pass *pass, const dni__train_module *module) {
  dni_matrix answer;
  if (dni__is_last(pass, module) || module->waits == DNI_WAITS_ERROR)
    answer =
        dni__pass_view(pass, pass->stage->output_error, dni_network_outputs(dni__network_of(pass)));
  else
    answer = prediction_of(pass, dni__top_of(module));
  return update_module(pass, module, &answer, false);
}

/* An estimate is wanted for the module's own update, or for the lesson of the module above. */
static bool wants_prediction(const dni__pass *pass, size_t m) {
  const dni__plan *plan = dni__plan_of(pass);
  const dni__train_module *module = &plan->modules[m];
  if (dni__is_last(pass, module) || module->waits != DNI_WAITS_NOT || !module->trained ||
      module->still)
    return false;
  bool taught = plan->module_updated[m + 1] && module->layers.top->learns == DNI_SG_LEARNS_TARGET;
  return plan->module_updated[m] || taught;
}

static dni_status run_module(const dni__pass *pass, size_t m) {
  const dni__plan *plan = dni__plan_of(pass);
  const dni__train_module *module = &plan->modules[m];
  size_t top = dni__top_of(module);
  DNI_TRY(dni__forward_module(pass, &module->layers));
  if (dni__is_last(pass, module)) DNI_TRY(dni__evaluate_loss(pass));
  if (is_boundary(pass, module)) DNI_TRY(send_up(pass, top));
  if (module->still && reports_down(pass, module)) DNI_TRY(send_down(pass, NULL));
  if (wants_prediction(pass, m)) {
    dni_matrix prediction = prediction_of(pass, top);
    DNI_TRY(dni__ask(pass, top, NULL, &prediction));
  }
  if (!plan->module_updated[m] || module->waits != DNI_WAITS_NOT) return DNI_OK;
  DNI_TRY(update_with_answer(pass, module));
  return dni__plan_learns(plan, top, DNI_SG_LEARNS_ALONE) ? dni__teach(pass, top, NULL, NULL)
                                                          : DNI_OK;
}

dni_status dni__pass_run(dni__pass *pass) {
  const dni__stage *stage = pass->stage;
  const dni__plan *plan = stage->plan;
  size_t end = stage->first_module + stage->module_count;
  for (size_t m = stage->first_module; m < end; m++)
    DNI_TRY(run_module(pass, m));
  for (size_t m = stage->first_module; m < end; m++)
    if (plan->module_updated[m] && plan->modules[m].waits == DNI_WAITS_ERROR)
      DNI_TRY(update_with_answer(pass, &plan->modules[m]));
  return stage->losses ? dni__teach_critics(pass) : DNI_OK;
}

dni_status dni__pass_lesson(dni__pass *pass, const dni_matrix *target,
                            const dni_matrix *prediction) {
  const dni__stage *stage = pass->stage;
  const dni__plan *plan = stage->plan;
  const dni__train_module *module = &plan->modules[stage->first_module + stage->module_count - 1];
  size_t top = dni__top_of(module);
  if (module->waits == DNI_WAITS_DELTA) return update_module(pass, module, target, !prediction);
  if (!dni__plan_wants_target(plan, top)) return DNI_OK;
  return dni__teach(pass, top, target, prediction);
}
