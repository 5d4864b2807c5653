/* What depends on several options at once: which methods a schedule runs, where estimators are, how
 * many threads there are. An option that would have no effect is refused, like a bad value. */
#include <stdlib.h>
#include <string.h>

#include "mnist.h"

/* The library's own defaults (dni_trainer_options), named here because results name them. */
enum { DEFAULT_IN_FLIGHT = 2, DEFAULT_MICRO_BATCHES = 4 };

static const char *const schedule_names[] = {[DNI_SCHEDULE_SEQUENTIAL] = "sequential",
                                             [DNI_SCHEDULE_PIPELINED] = "pipelined",
                                             [DNI_SCHEDULE_MICRO_BATCHES] = "micro-batches"};

const char *schedule_name(dni_kind schedule) {
  return schedule_names[schedule];
}

bool has_threads(dni_kind schedule) {
  return schedule != DNI_SCHEDULE_SEQUENTIAL;
}

/* The random schedule has no name here: it is --p-update. */
int set_schedule(const char *text, options *parsed) {
  for (dni_kind i = DNI_SCHEDULE_SEQUENTIAL; i <= DNI_SCHEDULE_MICRO_BATCHES; i++) {
    if (!schedule_names[i] || strcmp(text, schedule_names[i]) != 0) continue;
    parsed->schedule = i;
    return 0;
  }
  return usage("schedule", text, "sequential, pipelined or micro-batches");
}

/* usage() for an option whose value is a number. */
static int usage_number(const char *option, double value, const char *expected) {
  char text[32];
  (void)snprintf(text, sizeof text, "%g", value);
  return usage(option, text, expected);
}

static bool runs_method(const options *parsed, method which) {
  for (size_t i = 0; i < parsed->method_count; i++)
    if (parsed->methods[i] == which) return true;
  return false;
}

static bool runs_placed_method(const options *parsed) {
  for (size_t i = 0; i < parsed->method_count; i++)
    if (method_is_placed(parsed->methods[i])) return true;
  return false;
}

/* --method all: those that the schedule can run. */
static void choose_all(options *parsed) {
  static const method all[] = {METHOD_BACKPROP, METHOD_SG_ALL, METHOD_SG, METHOD_SG_ALL_ADAM,
                               METHOD_DFA};
  static const size_t first[] = {[DNI_SCHEDULE_PIPELINED] = 1, [DNI_SCHEDULE_MICRO_BATCHES] = 0};
  static const size_t count[] = {[DNI_SCHEDULE_SEQUENTIAL] = 5,
                                 [DNI_SCHEDULE_PIPELINED] = 2,
                                 [DNI_SCHEDULE_MICRO_BATCHES] = 1};
  parsed->method_count = count[parsed->schedule];
  memcpy(parsed->methods, all + first[parsed->schedule], parsed->method_count * sizeof all[0]);
}

/* Of a single method: all has been chosen to fit. */
static int check_method(const options *parsed) {
  method which = parsed->methods[0];
  const char *name = method_name(which);
  if (parsed->schedule == DNI_SCHEDULE_MICRO_BATCHES && which != METHOD_BACKPROP)
    return usage("method", name, "backprop or all with --schedule micro-batches");
  if (parsed->schedule != DNI_SCHEDULE_PIPELINED) return 0;
  if (which == METHOD_DFA)
    return usage("method", name, "one that does not wait for the output, to be pipelined");
  if (which != METHOD_BACKPROP && which != METHOD_FA) return 0;
  (void)fail("--method %s: one module%s", name,
             which == METHOD_FA ? ", nothing to be pipelined" : "; try --schedule micro-batches");
  return USAGE;
}

/* "2" or "2,5,7" into marks. */
static int set_sg_at(const char *text, options *parsed) {
  const char *rest = text;
  for (;;) {
    char *end;
    unsigned long layer = rest[0] >= '0' && rest[0] <= '9' ? strtoul(rest, &end, 10) : 0;
    if (layer < 1 || layer > parsed->depth || (*end != ',' && *end != '\0')) {
      char expected[80];
      (void)snprintf(expected, sizeof expected, "hidden layers from 1 to %zu, as in 1 or 1,2",
                     parsed->depth);
      return usage("sg-at", text, expected);
    }
    parsed->sg_at[layer] = true;
    if (*end == '\0') return 0;
    rest = end + 1;
  }
}

/* --modules where the method has its estimators everywhere or nowhere: it is right or wrong. */
static int check_fixed_modules(const options *parsed) {
  char expected[80] = "--method sg, local, delayed or none with it";
  size_t right = 0;
  if (parsed->schedule == DNI_SCHEDULE_MICRO_BATCHES)
    return usage_number("modules", (double)parsed->modules,
                        "no such option with --schedule micro-batches: --threads says it");
  if (runs_method(parsed, METHOD_BACKPROP)) right = 1;
  if (runs_method(parsed, METHOD_SG_ALL) || runs_method(parsed, METHOD_SG_ALL_ADAM))
    right = parsed->depth + 1;
  if (parsed->modules == right) return 0;
  if (right > 0)
    (void)snprintf(expected, sizeof expected, "%zu with --method %s", right,
                   method_name(parsed->methods[0]));
  return usage_number("modules", (double)parsed->modules, expected);
}

static int check_modules(const options *parsed) {
  char expected[80];
  if (!runs_placed_method(parsed)) return check_fixed_modules(parsed);
  if (parsed->modules >= 2 && parsed->modules <= parsed->depth + 1) return 0;
  (void)snprintf(expected, sizeof expected,
                 "2 to %zu, the hidden layers and one (1 would be backprop)", parsed->depth + 1);
  return usage_number("modules", (double)parsed->modules, expected);
}

static int place_estimators(options *parsed, const char *sg_at) {
  if (sg_at && !runs_placed_method(parsed))
    return usage("sg-at", sg_at, "--method sg, local, delayed, none or all with it");
  if (sg_at && parsed->modules > 0)
    return usage_number("modules", (double)parsed->modules, "to be alone: --sg-at says where too");
  if (parsed->modules > 0) return check_modules(parsed);
  if (sg_at) return set_sg_at(sg_at, parsed);
  parsed->sg_at[parsed->depth / 2 + 1] = true;
  return 0;
}

/* More threads than modules the trainer makes as many as modules, more than layers it refuses. */
static int choose_threads(options *parsed) {
  bool pipelined = parsed->schedule == DNI_SCHEDULE_PIPELINED;
  size_t most = pipelined ? parsed->depth + 1 : 2 * parsed->depth + 1;
  char expected[80];
  if (!has_threads(parsed->schedule)) return 0;
  if (!parsed->threads_asked) {
    if (parsed->modules > 0) most = parsed->modules;
    if (parsed->threads < 2) parsed->threads = 2;
    if (parsed->threads > most) parsed->threads = most;
  }
  if (pipelined || parsed->threads <= most) return 0;
  (void)snprintf(expected, sizeof expected, "at most %zu, the layers, with --schedule %s", most,
                 schedule_name(parsed->schedule));
  return usage_number("threads", (double)parsed->threads, expected);
}

/* A module to each thread, unless someone said where estimators are. */
static void choose_modules(options *parsed, bool placed) {
  if (parsed->schedule != DNI_SCHEDULE_PIPELINED || parsed->modules > 0 || placed) return;
  parsed->modules = parsed->threads < 2 ? 2 : parsed->threads;
  if (parsed->modules > parsed->depth + 1) parsed->modules = parsed->depth + 1;
}

/* Options for another schedule or method. */
static int check_idle(const options *parsed) {
  if (parsed->in_flight > 0 && parsed->schedule != DNI_SCHEDULE_PIPELINED)
    return usage_number("in-flight", (double)parsed->in_flight, "--schedule pipelined with it");
  if (parsed->micro_batches > 0 && parsed->schedule != DNI_SCHEDULE_MICRO_BATCHES)
    return usage_number("micro-batches", (double)parsed->micro_batches,
                        "--schedule micro-batches with it");
  if (parsed->sg.hidden > 0 && parsed->sg.kind == SG_LEAST_SQUARES &&
      (runs_method(parsed, METHOD_SG) || runs_method(parsed, METHOD_SG_ALL)))
    return usage_number("sg-hidden", (double)parsed->sg.hidden, "--sg adam with it");
  if (parsed->sg.mixture > 0 && parsed->schedule != DNI_SCHEDULE_SEQUENTIAL)
    return usage_number("mixture", (double)parsed->sg.mixture, "--schedule sequential with it");
  if (parsed->shrink > 0 && !runs_method(parsed, METHOD_DELAYED))
    return usage_number("shrink", parsed->shrink, "--method delayed with it");
  if (parsed->update_probability > 0 && parsed->schedule != DNI_SCHEDULE_SEQUENTIAL)
    return usage_number("p-update", parsed->update_probability, "--schedule sequential with it");
  return 0;
}

int options_complete(options *parsed, const char *sg_at) {
  if (parsed->method_count == 0) choose_all(parsed);
  int status = check_idle(parsed);
  if (status == 0) status = check_method(parsed);
  if (status == 0) status = place_estimators(parsed, sg_at);
  if (status == 0) status = choose_threads(parsed);
  if (status != 0) return status;
  choose_modules(parsed, sg_at != NULL);
  if (parsed->in_flight == 0) parsed->in_flight = DEFAULT_IN_FLIGHT;
  if (parsed->micro_batches == 0) parsed->micro_batches = DEFAULT_MICRO_BATCHES;
  if (parsed->micro_batches > parsed->batch) parsed->micro_batches = parsed->batch;
  if (parsed->shrink == 0) parsed->shrink = 1;
  return OPTIONS_RUN;
}
