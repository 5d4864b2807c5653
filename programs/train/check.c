/* What depends on several options at once. Nothing has been read or written yet. */
#include <math.h>
#include <string.h>

#include "train.h"

static int refuse(const char *what) {
  (void)fail("%s (see --help)", what);
  return USAGE;
}

static bool asked(uint64_t count) {
  return count != COUNT_UNSET;
}

static bool asked_number(double number) {
  return !isnan(number);
}

static int check_data(const settings *set) {
  if (set->validation && asked_number(set->split))
    return refuse("--split: there is a --validation file already");
  if (set->validation_labels && !set->validation)
    return refuse("--validation-labels needs --validation");
  if (asked(set->classes) && set->classes == 1) return refuse("--classes 1: two or more, or 0");
  if (asked(set->classes) && set->classes > 0 && asked(set->target_columns) &&
      set->target_columns > 1)
    return refuse("--classes: labels are one column, --targets says more");
  return 0;
}

static int check_network(const settings *set) {
  const bool shaped = set->layers.count > 0 || asked(set->depth) || asked(set->width);
  if (set->layers.count > 0 && (asked(set->depth) || asked(set->width)))
    return refuse("--layers says all of --depth and --width");
  if (set->load && (shaped || set->activation != CHOICE_UNSET || set->batch_norm != CHOICE_UNSET ||
                    set->dropout > 0))
    return refuse("--load: the file says which layers there are, other options may not");
  if (asked(set->steps) && set->steps == 0 && !set->load)
    return refuse("--steps 0 needs --load: there is nothing to use");
  return 0;
}

static int check_sgs(const settings *set) {
  const bool placed = asked(set->sg_every) || set->sg_after.count > 0;
  if (asked(set->sg_every) && set->sg_after.count > 0)
    return refuse("--sg-every and --sg-after both say where SGs are");
  if (set->sg == SGS_NONE && (placed || asked_number(set->sg_rate)))
    return refuse("--sg-every, --sg-after and --sg-rate need --sg");
  return 0;
}

/* Those that answer before the batch has been through the layers above. */
static bool is_decoupled(int sg) {
  return sg != SGS_NONE && sg != SGS_DFA && sg != SGS_FA && sg != SGS_CRITIC;
}

static int check_schedule(const settings *set) {
  if (set->schedule == DNI_SCHEDULE_PIPELINED && !is_decoupled(set->sg))
    return refuse("--schedule pipelined needs --sg, one that does not wait for the layers above");
  if (set->schedule == DNI_SCHEDULE_MICRO_BATCHES && set->sg != SGS_NONE)
    return refuse("--schedule micro-batches has exact gradients, --sg none");
  if (asked_number(set->update_probability) && set->schedule != DNI_SCHEDULE_RANDOM)
    return refuse("--update-probability needs --schedule random");
  if (asked(set->in_flight) && set->schedule != DNI_SCHEDULE_PIPELINED)
    return refuse("--in-flight needs --schedule pipelined");
  if (asked(set->micro_batches) && set->schedule != DNI_SCHEDULE_MICRO_BATCHES)
    return refuse("--micro-batches needs --schedule micro-batches");
  return 0;
}

static int check_training(const settings *set) {
  if (asked_number(set->momentum) && set->optimiser != OPTIMISER_SGD)
    return refuse("--momentum needs --optimiser sgd");
  if (!set->checkpoint && (set->resume || asked(set->checkpoint_every)))
    return refuse("--resume and --checkpoint-every need --checkpoint");
  if (asked(set->steps) && set->steps == 0 && (set->checkpoint || set->figure))
    return refuse("--steps 0: there is no training for --checkpoint or --figure");
  return 0;
}

int options_check(const settings *set) {
  int (*const checks[])(const settings *) = {check_data,     check_network,  check_sgs,
                                             check_schedule, check_training, files_check};
  for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
    int status = checks[i](set);
    if (status != 0) return status;
  }
  return 0;
}
