/* Questions to SGs and lessons for them. */
#include <math.h>

#include "optimiser/optimiser.h"
#include "pass/parts.h"

dni_status dni__say_interface(size_t after, dni_status status) {
  return status == DNI_OK ? DNI_OK : dni__fail_prefix(status, "interface after layer %zu: ", after);
}

dni_status dni__ask(const dni__pass *pass, size_t after, const dni_matrix *error,
                    const dni_matrix *delta) {
  dni_matrix h = dni__output_of(pass, after), answer = *delta;
  dni_query query = {sizeof query, &h, &pass->y, error, dni__weights_of(pass), NULL};
  return dni__say_interface(
      after, dni_sg_estimate(dni__plan_of(pass)->interfaces[after].sg, &query, &answer));
}

/* Update an SG that has been shown its lesson, unless it is frozen. It belongs to the module below.
 */
static dni_status move(const dni__pass *pass, size_t after) {
  dni__plan *plan = dni__plan_of(pass);
  const dni__train_module *module = &plan->modules[dni__plan_module_of(plan, after)];
  dni_optimiser *optimiser = plan->interfaces[after].optimiser;
  double factor = atomic_load_explicit(&module->rate_factor, memory_order_relaxed);
  if (dni__sg_root(plan->interfaces[after].sg)->rate_scale == 0) return DNI_OK;
  DNI_TRY(dni__optimiser_begin(optimiser, 1, factor));
  dni__optimiser_move_all(optimiser);
  return DNI_OK;
}

/* Whether a late lesson is only one more example, for which nothing has to be answered again. */
static bool spares_prediction(const dni_sg *sg) {
  return dni__sg_root(sg)->vtable->spares_prediction;
}

/* Learn, note what the lesson found, and update. `mse`: which of its numbers is reported. */
static dni_status learn(const dni__pass *pass, size_t after, dni_lesson *lesson, bool alone) {
  dni_sg *sg = dni__plan_of(pass)->interfaces[after].sg;
  dni_lesson_report report = {.struct_size = sizeof report, .mse = NAN, .cosine = NAN};
  bool compares = !lesson->target || lesson->prediction || !spares_prediction(sg);
  lesson->struct_size = sizeof *lesson;
  lesson->y = &pass->y;
  lesson->weights = dni__weights_of(pass);
  DNI_TRY(dni_sg_learn(sg, lesson, compares ? &report : NULL));
  double error = alone ? report.own_loss : report.mse;
  pass->record->sg_mse[after] = error;
  pass->record->sg_cosine[after] = lesson->target ? report.cosine : (double)NAN;
  if (lesson->target) pass->record->target_lag[after] = 0; /* between threads it is noted later */
  if (compares && !isfinite(error))
    return dni__fail(DNI_ERROR_NON_FINITE, "%s: the error is not finite", sg->vtable->name);
  return move(pass, after);
}

dni_status dni__teach(const dni__pass *pass, size_t after, const dni_matrix *target,
                      const dni_matrix *prediction) {
  dni_matrix h = dni__output_of(pass, after), answer;
  dni_lesson lesson = {.h = &h, .target = target};
  if (prediction) {
    answer = *prediction;
    lesson.prediction = &answer;
  }
  return dni__say_interface(after, learn(pass, after, &lesson, !target));
}

static dni_status teach_critic(const dni__pass *pass, size_t after) {
  dni_matrix h = dni__output_of(pass, after), losses = dni__pass_view(pass, pass->stage->losses, 1);
  dni_lesson lesson = {.h = &h, .losses = &losses};
  return dni__say_interface(after, learn(pass, after, &lesson, false));
}

dni_status dni__teach_critics(const dni__pass *pass) {
  const dni__stage *stage = pass->stage;
  const dni__plan *plan = stage->plan;
  for (size_t l = stage->first_layer; l < stage->first_layer + stage->layer_count; l++)
    if (dni__plan_learns(plan, l, DNI_SG_LEARNS_LOSS) &&
        plan->modules[dni__plan_module_of(plan, l)].trained)
      DNI_TRY(teach_critic(pass, l));
  return DNI_OK;
}
