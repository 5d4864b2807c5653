/* The command line. Every default is here, but for those of schedules (options_schedule.c). A bad
 * value is one line that names its option, and exit status 2; nothing is read, fetched or written
 * before the whole line has been understood. */
#define _XOPEN_SOURCE 700
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mnist.h"

/* Chosen so that --method all takes about 90 seconds on 2 cores. */
enum { DEFAULT_DEPTH = 4, DEFAULT_WIDTH = 512, DEFAULT_BATCH = 256, DEFAULT_STEPS = 1500 };
enum { DEFAULT_SEED = 1, DEFAULT_MOST_THREADS = 4 };
enum { MAX_UNITS = 1 << 20, MOST_IN_FLIGHT = 255 };

/* The same on every machine, and fast on all of them: a CBLAS may not know the processor, and then
 * falls back to kernels several times slower (OpenBLAS 0.3.21 on Sapphire Rapids). */
static const char default_backend[] = "builtin";

enum { DEFAULT_WARM_UP = 200 }; /* steps, but no more than a tenth of the run */

/* A network must not move faster than SGs by Adam from (h, y) can follow, and they follow the more
 * slowly the deeper it is. The others have no such limit. */
static double default_learning_rate(const options *settings, method which) {
  bool slow = method_has_sgs(which) && which != METHOD_SG &&
              method_sg_kind(which, &settings->sg) == SG_ADAM &&
              !(settings->sg.kind == SG_ADAM && settings->sg.residual);
  bool fitted = method_has_sgs(which) && method_sg_kind(which, &settings->sg) != SG_ADAM;
  if (fitted && settings->sg.condition != DNI_CONDITION_RESIDUAL) slow = true;
  if (!slow || settings->depth <= 4) return 1e-3;
  return settings->depth <= 8 ? 3e-4 : 1e-4;
}

/* The rate of least-squares SGs is that of their guess. */
rates rates_of(const options *settings, method which) {
  rates chosen = {settings->learning_rate, settings->sg_learning_rate};
  bool fitted = method_has_sgs(which) && method_sg_kind(which, &settings->sg) == SG_LEAST_SQUARES;
  if (chosen.network == 0) chosen.network = default_learning_rate(settings, which);
  if (chosen.sg == 0) chosen.sg = fitted ? 1e-3 : chosen.network;
  return chosen;
}

uint64_t warm_up_of(const options *settings, uint64_t steps) {
  uint64_t most = steps > 0 ? steps - 1 : 0, tenth = steps / 10;
  uint64_t wanted = settings->warm_up;
  if (wanted == WARM_UP_CHOSEN) wanted = tenth < DEFAULT_WARM_UP ? tenth : DEFAULT_WARM_UP;
  return wanted < most ? wanted : most;
}

static const char *const sg_kind_names[] = {
    [SG_LEAST_SQUARES] = "least-squares", [SG_ADAM] = "adam"};

const char *sg_kind_name(sg_kind kind) {
  return sg_kind_names[kind];
}

static const struct condition {
  const char *name;
  dni_condition condition;
  bool residual;
} conditions[] = {
    {"hy", DNI_CONDITION_HY, false}, {"h", DNI_CONDITION_H, false},
    {"y", DNI_CONDITION_Y, false},   {"r", DNI_CONDITION_RESIDUAL, true},
    {"hyr", DNI_CONDITION_HY, true}, {"hr", DNI_CONDITION_H, true},
    {"yr", DNI_CONDITION_Y, true},
};
enum { CONDITIONS = sizeof conditions / sizeof conditions[0] };

const char *condition_name(const sg_plan *sg) {
  for (size_t i = 0; i < CONDITIONS; i++)
    if (conditions[i].condition == sg->condition && conditions[i].residual == sg->residual)
      return conditions[i].name;
  return "";
}

enum option_id {
  OPTION_METHOD = 256,
  OPTION_SG_AT,
  OPTION_SCHEDULE,
  OPTION_MODULES,
  OPTION_IN_FLIGHT,
  OPTION_MICRO_BATCHES,
  OPTION_DEPTH,
  OPTION_WIDTH,
  OPTION_BATCH,
  OPTION_EPOCHS,
  OPTION_STEPS,
  OPTION_UNTIL,
  OPTION_LR,
  OPTION_SG_LR,
  OPTION_WARM_UP,
  OPTION_DECAY,
  OPTION_SG,
  OPTION_MIXTURE,
  OPTION_SG_HIDDEN,
  OPTION_CONDITION,
  OPTION_SHRINK,
  OPTION_P_UPDATE,
  OPTION_SEED,
  OPTION_BACKEND,
  OPTION_DTYPE,
  OPTION_BF16_ACTIVATIONS,
  OPTION_BF16_MOMENTS,
  OPTION_THREADS,
  OPTION_EVAL_EVERY,
  OPTION_TRAIN_LIMIT,
  OPTION_DATA,
  OPTION_JSON,
  OPTION_OUT,
  OPTION_SAVE,
  OPTION_CHECKPOINT,
  OPTION_CHECKPOINT_EVERY,
  OPTION_RESUME,
  OPTION_HELP,
  OPTION_VERSION
};

static const struct option long_options[] = {
    {"method", required_argument, NULL, OPTION_METHOD},
    {"sg-at", required_argument, NULL, OPTION_SG_AT},
    {"schedule", required_argument, NULL, OPTION_SCHEDULE},
    {"modules", required_argument, NULL, OPTION_MODULES},
    {"in-flight", required_argument, NULL, OPTION_IN_FLIGHT},
    {"micro-batches", required_argument, NULL, OPTION_MICRO_BATCHES},
    {"depth", required_argument, NULL, OPTION_DEPTH},
    {"width", required_argument, NULL, OPTION_WIDTH},
    {"batch", required_argument, NULL, OPTION_BATCH},
    {"epochs", required_argument, NULL, OPTION_EPOCHS},
    {"steps", required_argument, NULL, OPTION_STEPS},
    {"until", required_argument, NULL, OPTION_UNTIL},
    {"lr", required_argument, NULL, OPTION_LR},
    {"sg-lr", required_argument, NULL, OPTION_SG_LR},
    {"warm-up", required_argument, NULL, OPTION_WARM_UP},
    {"decay", required_argument, NULL, OPTION_DECAY},
    {"sg", required_argument, NULL, OPTION_SG},
    {"mixture", required_argument, NULL, OPTION_MIXTURE},
    {"sg-hidden", required_argument, NULL, OPTION_SG_HIDDEN},
    {"condition", required_argument, NULL, OPTION_CONDITION},
    {"shrink", required_argument, NULL, OPTION_SHRINK},
    {"p-update", required_argument, NULL, OPTION_P_UPDATE},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"backend", required_argument, NULL, OPTION_BACKEND},
    {"dtype", required_argument, NULL, OPTION_DTYPE},
    {"bf16-activations", no_argument, NULL, OPTION_BF16_ACTIVATIONS},
    {"bf16-moments", no_argument, NULL, OPTION_BF16_MOMENTS},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"eval-every", required_argument, NULL, OPTION_EVAL_EVERY},
    {"train-limit", required_argument, NULL, OPTION_TRAIN_LIMIT},
    {"data", required_argument, NULL, OPTION_DATA},
    {"json", no_argument, NULL, OPTION_JSON},
    {"out", required_argument, NULL, OPTION_OUT},
    {"save", required_argument, NULL, OPTION_SAVE},
    {"checkpoint", required_argument, NULL, OPTION_CHECKPOINT},
    {"checkpoint-every", required_argument, NULL, OPTION_CHECKPOINT_EVERY},
    {"resume", no_argument, NULL, OPTION_RESUME},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0}};

/* A whole decimal number in [least, most]. */
static bool parse_integer(const char *text, uint64_t least, uint64_t most, uint64_t *value) {
  uint64_t parsed;
  if (!whole_number(text, &parsed) || parsed < least || parsed > most) return false;
  *value = parsed;
  return true;
}

static bool parse_positive(const char *text, double *value) {
  char *end;
  double parsed = strtod(text, &end);
  if (end == text || *end != '\0' || !isfinite(parsed) || !(parsed > 0)) return false;
  *value = parsed;
  return true;
}

static int set_size(const char *option, const char *text, size_t most, size_t *value) {
  uint64_t parsed;
  char expected[64];
  (void)snprintf(expected, sizeof expected, "a whole number from 1 to %zu", most);
  if (!parse_integer(text, 1, most, &parsed)) return usage(option, text, expected);
  *value = (size_t)parsed;
  return 0;
}

static int set_count(const char *option, const char *text, uint64_t most, uint64_t *value) {
  char expected[64];
  (void)snprintf(expected, sizeof expected, "a whole number from 0 to %llu",
                 (unsigned long long)most);
  return parse_integer(text, 0, most, value) ? 0 : usage(option, text, expected);
}

static int set_rate(const char *option, const char *text, double *value) {
  return parse_positive(text, value) ? 0 : usage(option, text, "a number above 0");
}

static int set_method(const char *text, options *parsed) {
  parsed->method_count = 0;
  if (strcmp(text, "all") == 0) return 0;
  for (int i = 0; i < METHOD_COUNT; i++) {
    if (strcmp(text, method_name((method)i)) != 0) continue;
    parsed->methods[0] = (method)i;
    parsed->method_count = 1;
    return 0;
  }
  return usage("method", text,
               "backprop, sg, sg-all, sg-all-adam, dfa, fa, local, delayed, none or all");
}

static int set_condition(const char *text, options *parsed) {
  for (size_t i = 0; i < CONDITIONS; i++) {
    if (strcmp(text, conditions[i].name) != 0) continue;
    parsed->sg.condition = conditions[i].condition;
    parsed->sg.residual = conditions[i].residual;
    parsed->condition_asked = true;
    return 0;
  }
  return usage("condition", text, "hy, h, y, r, hyr, hr or yr");
}

static int set_sg(const char *text, options *parsed) {
  for (int i = SG_LEAST_SQUARES; i <= SG_ADAM; i++) {
    if (strcmp(text, sg_kind_names[i]) != 0) continue;
    parsed->sg.kind = (sg_kind)i;
    return 0;
  }
  return usage("sg", text, "least-squares or adam");
}

static int set_decay(const char *text, options *parsed) {
  parsed->cosine = strcmp(text, "cosine") == 0;
  return parsed->cosine || strcmp(text, "constant") == 0
             ? 0
             : usage("decay", text, "cosine or constant");
}

static int set_dtype(const char *text, options *parsed) {
  if (!strcmp(text, "f32"))
    parsed->dtype = DNI_F32;
  else if (!strcmp(text, "f64"))
    parsed->dtype = DNI_F64;
  else if (!strcmp(text, "bf16"))
    parsed->dtype = DNI_BF16;
  else
    return usage("dtype", text, "f32, f64 or bf16");
  return 0;
}

const char *options_dtype_name(const options *settings) {
  return settings->dtype == DNI_F32 ? "f32" : settings->dtype == DNI_F64 ? "f64" : "bf16";
}

static int set_fraction(const char *option, const char *text, double *value) {
  if (parse_positive(text, value) && *value <= 1) return 0;
  return usage(option, text, "a number above 0, at most 1");
}

static int set_path(const char *option, const char *text, const char **value) {
  if (text[0] == '\0') return usage(option, "''", "a path");
  *value = text;
  return 0;
}

static int set_placement(int id, const char *name, const char *text, options *parsed) {
  switch (id) {
  case OPTION_METHOD:
    return set_method(text, parsed);
  case OPTION_SCHEDULE:
    return set_schedule(text, parsed);
  case OPTION_MODULES:
    return set_size(name, text, MAX_DEPTH + 1, &parsed->modules);
  case OPTION_IN_FLIGHT:
    return set_size(name, text, MOST_IN_FLIGHT, &parsed->in_flight);
  default:
    return set_size(name, text, MOST_IN_FLIGHT, &parsed->micro_batches);
  }
}

static int set_training(int id, const char *name, const char *text, options *parsed) {
  uint64_t number = 0;
  int status;
  switch (id) {
  case OPTION_DEPTH:
    return set_size(name, text, MAX_DEPTH, &parsed->depth);
  case OPTION_WIDTH:
    return set_size(name, text, MAX_UNITS, &parsed->width);
  case OPTION_BATCH:
    return set_size(name, text, MAX_UNITS, &parsed->batch);
  case OPTION_EPOCHS:
    return set_count(name, text, 1000000000, &parsed->epochs);
  case OPTION_STEPS:
    return set_count(name, text, 1000000000000, &parsed->steps);
  case OPTION_LR:
    return set_rate(name, text, &parsed->learning_rate);
  case OPTION_SG_LR:
    return set_rate(name, text, &parsed->sg_learning_rate);
  case OPTION_SG_HIDDEN:
    status = set_count(name, text, 2, &number);
    if (status == 0) parsed->sg.hidden = (size_t)number;
    return status;
  case OPTION_SG:
    return set_sg(text, parsed);
  case OPTION_WARM_UP:
    return set_count(name, text, 1000000000, &parsed->warm_up);
  case OPTION_MIXTURE:
    return set_count(name, text, 1000000000, &parsed->sg.mixture);
  case OPTION_DECAY:
    return set_decay(text, parsed);
  case OPTION_CONDITION:
    return set_condition(text, parsed);
  case OPTION_SHRINK:
    return set_fraction(name, text, &parsed->shrink);
  case OPTION_UNTIL:
    return set_fraction(name, text, &parsed->until);
  default:
    return set_fraction(name, text, &parsed->update_probability);
  }
}

static int set_running(int id, const char *name, const char *text, options *parsed) {
  switch (id) {
  case OPTION_SEED:
    return set_count(name, text, UINT64_MAX, &parsed->seed);
  case OPTION_BACKEND:
    return set_path(name, text, &parsed->backend);
  case OPTION_DTYPE:
    return set_dtype(text, parsed);
  case OPTION_BF16_ACTIVATIONS:
    parsed->bf16_activations = true;
    return 0;
  case OPTION_BF16_MOMENTS:
    parsed->bf16_moments = true;
    return 0;
  case OPTION_THREADS:
    parsed->threads_asked = true;
    return set_size(name, text, 1024, &parsed->threads);
  case OPTION_EVAL_EVERY:
    return set_size(name, text, 1000000000, &parsed->eval_every);
  case OPTION_TRAIN_LIMIT:
    return set_size(name, text, INT32_MAX, &parsed->train_limit);
  case OPTION_DATA:
    return set_path(name, text, &parsed->data);
  case OPTION_OUT:
    return set_path(name, text, &parsed->out);
  case OPTION_SAVE:
    return set_path(name, text, &parsed->save);
  case OPTION_CHECKPOINT:
    return set_path(name, text, &parsed->checkpoint);
  case OPTION_CHECKPOINT_EVERY:
    return set_count(name, text, 1000000000, &parsed->checkpoint_every);
  case OPTION_RESUME:
    parsed->resume = true;
    return 0;
  default:
    parsed->json = true;
    return 0;
  }
}

static void set_defaults(options *parsed) {
  memset(parsed, 0, sizeof *parsed);
  parsed->schedule = DNI_SCHEDULE_SEQUENTIAL;
  parsed->depth = DEFAULT_DEPTH;
  parsed->width = DEFAULT_WIDTH;
  parsed->batch = DEFAULT_BATCH;
  parsed->warm_up = WARM_UP_CHOSEN;
  parsed->cosine = true;
  parsed->seed = DEFAULT_SEED;
  parsed->backend = default_backend;
  parsed->dtype = DNI_F32;
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  if (processors > DEFAULT_MOST_THREADS) processors = DEFAULT_MOST_THREADS;
  parsed->threads = processors < 1 ? 1 : (size_t)processors;
}

static int complete(options *parsed, const char *sg_at) {
  if (parsed->epochs == 0 && parsed->steps == 0) parsed->steps = DEFAULT_STEPS;
  sg_plan usual = sg_plan_default(parsed->sg.kind);
  if (!parsed->condition_asked) {
    parsed->sg.condition = usual.condition;
    parsed->sg.residual = usual.residual;
  }
  if (!parsed->checkpoint && (parsed->resume || parsed->checkpoint_every > 0)) {
    (void)fail("--resume and --checkpoint-every need --checkpoint (see --help)");
    return USAGE;
  }
  if (parsed->checkpoint && parsed->save && !strcmp(parsed->checkpoint, parsed->save)) {
    (void)fail("--save and --checkpoint name one file, %s", parsed->save);
    return USAGE;
  }
  return options_complete(parsed, sg_at);
}

static int bad_option(int answer, const char *word) {
  if (answer == ':')
    (void)fail("%s needs a value (see --help)", word);
  else if (optopt >= OPTION_METHOD)
    (void)fail("%s: this option takes no value", word);
  else
    (void)fail("unknown option %s (see --help)", word);
  return USAGE;
}

int options_parse(int argc, char **argv, options *parsed) {
  const char *sg_at = NULL;
  bool given[OPTION_VERSION - OPTION_METHOD] = {false};
  set_defaults(parsed);
  opterr = 0;
  for (;;) {
    int index = 0, status = 0;
    char *word = argv[optind];
    int id = getopt_long(argc, argv, "+:", long_options, &index);
    if (id == -1) break;
    if (id == '?' || id == ':') return bad_option(id, word);
    if (id == OPTION_HELP) return print_help();
    if (id == OPTION_VERSION) return print_version();
    if (given[id - OPTION_METHOD]) return usage_twice(long_options[index].name);
    given[id - OPTION_METHOD] = true;
    if (id == OPTION_SG_AT)
      sg_at = optarg;
    else if (id <= OPTION_MICRO_BATCHES)
      status = set_placement(id, long_options[index].name, optarg, parsed);
    else if (id <= OPTION_P_UPDATE)
      status = set_training(id, long_options[index].name, optarg, parsed);
    else
      status = set_running(id, long_options[index].name, optarg, parsed);
    if (status != 0) return status;
  }
  if (optind < argc) {
    (void)fail("unexpected argument %s (see --help)", argv[optind]);
    return USAGE;
  }
  return complete(parsed, sg_at);
}
