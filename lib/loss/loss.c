/* Making, keeping and naming losses. */
#include "loss/loss.h"

#include <math.h>
#include <string.h>

#include "core/setting.h"

dni_status dni__loss_create(dni_context *context, const dni__loss_kind *kind, dni_loss **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  dni_loss *loss = dni__allocate(context->memory, 1, sizeof *loss);
  if (!loss) return DNI_ERROR_MEMORY;
  dni__references_init(&loss->references);
  loss->context = dni_context_retain(context);
  loss->kind = kind;
  *out = loss;
  return DNI_OK;
}

/* Each is a number of the element type, and one at least is not 0. */
static dni_status check_class_weights(const dni_loss_options *options, dni_dtype dtype) {
  bool any = options->class_count == 0;
  for (size_t c = 0; c < options->class_count; c++) {
    double weight = options->class_weights[c];
    if (!isfinite(weight) || weight < 0)
      return dni__fail(DNI_ERROR_ARGUMENT,
                       "dni_loss_options: class_weights[%zu] is %g, negative or not finite", c,
                       weight);
    DNI_TRY(dni__setting_check_held("dni_loss_options", "a class weight", dtype, weight));
    any = any || weight > 0;
  }
  if (any) return DNI_OK;
  return dni__fail(DNI_ERROR_ARGUMENT,
                   "dni_loss_options: all class_weights are 0, so nothing would be learned");
}

static dni_status check_options(const dni_loss_options *options, dni_dtype dtype) {
  double smoothing = options->label_smoothing;
  if (!(smoothing >= 0 && smoothing < 1))
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_loss_options: label_smoothing %g is not in [0, 1)",
                     smoothing);
  if ((options->class_weights != NULL) != (options->class_count > 0))
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_loss_options: class_weights %s but class_count is %zu",
                     options->class_weights ? "is given" : "is NULL", options->class_count);
  DNI_TRY(dni__setting_check_held("dni_loss_options", "label_smoothing", dtype, smoothing));
  return check_class_weights(options, dtype);
}

static dni_status keep_class_weights(dni_loss *loss, const dni_loss_options *options) {
  size_t count = options->class_count;
  if (count == 0) return DNI_OK;
  loss->class_weights = dni__allocate(loss->context->memory, count, sizeof *loss->class_weights);
  if (!loss->class_weights) return DNI_ERROR_MEMORY;
  memcpy(loss->class_weights, options->class_weights, count * sizeof *loss->class_weights);
  loss->class_count = count;
  return DNI_OK;
}

dni_status dni__loss_create_with(dni_context *context, const dni__loss_kind *kind,
                                 const dni_loss_options *options, dni_loss **out) {
  dni_loss_options known = {sizeof known, 0, NULL, 0};
  if (options) DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, options, dni_loss_options)));
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  DNI_TRY(check_options(&known, context->dtype));
  dni_loss *loss = NULL;
  DNI_TRY(dni__loss_create(context, kind, &loss));
  loss->smoothing = known.label_smoothing;
  dni_status status = keep_class_weights(loss, &known);
  if (status != DNI_OK) {
    dni_loss_release(loss);
    return status;
  }
  *out = loss;
  return DNI_OK;
}

dni_loss *dni_loss_retain(dni_loss *loss) {
  if (loss) dni__references_add(&loss->references);
  return loss;
}

void dni_loss_release(dni_loss *loss) {
  if (!loss || !dni__references_drop(&loss->references)) return;
  dni_context *context = loss->context;
  dni__callback_notify(loss->callbacks.destroy, loss->callbacks.user);
  dni__free(context->memory, loss->class_weights);
  dni__free(context->memory, loss);
  dni_context_release(context);
}

dni_kind dni_loss_kind(const dni_loss *loss) {
  return loss ? loss->kind->kind : 0;
}

const char *dni_loss_kind_name(const dni_loss *loss) {
  return loss ? loss->kind->name : "";
}

int32_t dni_loss_classifies(const dni_loss *loss) {
  return loss && (loss->kind->correct || loss->callbacks.correct);
}
