/* The command line of an experiment, read by its table of arguments. A bad value is one line that
 * names its option, and exit status 2; nothing is read or written before the whole line has been
 * understood. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum { TABLE_MOST = 64, FIRST_ID = 256, HELP_COLUMN = 28 };

/* The table, and the arguments all experiments have, as getopt wants them. */
typedef struct command_line {
  argument arguments[TABLE_MOST];
  struct option options[TABLE_MOST + 3];
  bool given[TABLE_MOST];
  size_t count, option_count;
  argument_words *words; /* beside the options; NULL: there are none */
} command_line;

/* strtoull alone would take " 1" and "-1". */
static bool read_digits(const char *text, const char **end, uint64_t *value) {
  char *stop;
  if (text[0] < '0' || text[0] > '9') return false;
  errno = 0;
  unsigned long long read = strtoull(text, &stop, 10);
  if (errno != 0) return false;
  *value = read;
  *end = stop;
  return true;
}

bool whole_number(const char *text, uint64_t *value) {
  const char *end;
  uint64_t read;
  if (!read_digits(text, &end, &read) || *end != '\0') return false;
  *value = read;
  return true;
}

/* Whole numbers up to 2^53 are exact as doubles; beyond that only the range of uint64_t holds. */
static bool parse_count(const char *text, const char **end, double least, double most,
                        uint64_t *value) {
  uint64_t read;
  if (!read_digits(text, end, &read) || (double)read < least || (double)read > most) return false;
  *value = read;
  return true;
}

static int bad_number(const argument *which, const char *text) {
  char expected[160];
  (void)snprintf(expected, sizeof expected, "a number from %.15g to %.15g", which->least,
                 which->most);
  return usage(which->name, text, expected);
}

/* With all digits, as such numbers are written. */
static int bad_count(const argument *which, const char *text, const char *what) {
  char expected[160];
  const uint64_t most = which->most < 0x1p64 ? (uint64_t)which->most : UINT64_MAX;
  (void)snprintf(expected, sizeof expected, "%s from %.0f to %" PRIu64, what, which->least, most);
  return usage(which->name, text, expected);
}

static int set_count(const argument *which, const char *text) {
  const char *end;
  uint64_t value;
  if (!parse_count(text, &end, which->least, which->most, &value) || *end != '\0')
    return bad_count(which, text, "a whole number");
  *(uint64_t *)which->place = value;
  return 0;
}

static int set_number(const argument *which, const char *text) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end != '\0' || !isfinite(value) || value < which->least ||
      value > which->most)
    return bad_number(which, text);
  *(double *)which->place = value;
  return 0;
}

static int set_list(const argument *which, const char *text) {
  count_list parsed = {.count = 0};
  for (const char *rest = text;; rest++) {
    if (parsed.count == LIST_MOST ||
        !parse_count(rest, &rest, which->least, which->most, &parsed.values[parsed.count++]) ||
        (*rest != ',' && *rest != '\0'))
      return bad_count(which, text, "a list of whole numbers, as in 1,2, at most 32, each");
    if (*rest == '\0') break;
  }
  *(count_list *)which->place = parsed;
  return 0;
}

static int set_text(const argument *which, const char *text) {
  if (text[0] == '\0') return usage(which->name, text, "a name");
  *(const char **)which->place = text;
  return 0;
}

static int set_choice(const argument *which, const char *text) {
  const char *word = which->choices;
  for (int index = 0; *word != '\0'; index++) {
    size_t length = strcspn(word, "|");
    if (strlen(text) == length && strncmp(text, word, length) == 0) {
      *(int *)which->place = index;
      return 0;
    }
    word += word[length] == '|' ? length + 1 : length;
  }
  return usage(which->name, text, which->choices);
}

static int set_argument(const argument *which, const char *text) {
  switch (which->kind) {
  case ARGUMENT_FLAG:
    *(bool *)which->place = true;
    return 0;
  case ARGUMENT_COUNT:
    return set_count(which, text);
  case ARGUMENT_NUMBER:
    return set_number(which, text);
  case ARGUMENT_TEXT:
    return set_text(which, text);
  case ARGUMENT_LIST:
    return set_list(which, text);
  default:
    return set_choice(which, text);
  }
}

static void add_argument(command_line *line, const argument *added) {
  const int id = FIRST_ID + (int)line->count;
  line->arguments[line->count++] = *added;
  if (added->kind == ARGUMENT_HEADING) return;
  struct option *option = &line->options[line->option_count++];
  option->name = added->name;
  option->has_arg = added->kind == ARGUMENT_FLAG ? no_argument : required_argument;
  option->val = id;
}

static void add_common(command_line *line, common_options *options) {
  const argument common[] = {
      {"seed", ARGUMENT_COUNT, &options->seed, 0, 0x1p64, NULL, "of everything random (1)"},
      {"json", ARGUMENT_FLAG, &options->json, 0, 0, NULL, "print one JSON object and no text"},
      {"out", ARGUMENT_TEXT, (void *)&options->out, 0, 0, NULL,
       "a directory for tables (TSV) and figures (SVG, by gnuplot)"},
  };
  *options = (common_options){.seed = 1};
  for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
    add_argument(line, &common[i]);
}

static void build(command_line *line, const argument *table, common_options *options) {
  memset(line, 0, sizeof *line);
  for (const argument *each = table; each->name; each++)
    add_argument(line, each);
  if (options) add_common(line, options);
  line->options[line->option_count] = (struct option){"help", no_argument, NULL, 'h'};
  line->options[line->option_count + 1] = (struct option){"version", no_argument, NULL, 'v'};
}

static void print_argument(const argument *each) {
  static const char *const values[] = {"", " N", " X", " NAME", " N[,N...]", ""};
  char left[160];
  if (each->kind == ARGUMENT_HEADING) {
    (void)printf("\n%s\n", each->help);
    return;
  }
  (void)snprintf(left, sizeof left, "--%s%s%s%s", each->name, values[each->kind],
                 each->choices ? " " : "", each->choices ? each->choices : "");
  if (strlen(left) > HELP_COLUMN)
    (void)printf("  %s\n  %-*s %s\n", left, HELP_COLUMN, "", each->help);
  else
    (void)printf("  %-*s %s\n", HELP_COLUMN, left, each->help);
}

static int print_help(const command_line *line, const char *about) {
  const argument_words *words = line->words;
  (void)printf("Usage: %s [options]%s%s%s\n\n%s", program_name, words ? " " : "",
               words ? words->name : "", words && words->most > 1 ? "..." : "", about);
  if (line->count == 0 || line->arguments[0].kind != ARGUMENT_HEADING) (void)puts("\nOptions");
  for (size_t i = 0; i < line->count; i++)
    print_argument(&line->arguments[i]);
  (void)printf("  %-*s %s\n", HELP_COLUMN, "--help, --version", "");
  return 0;
}

static int print_version(void) {
  (void)printf("%s, libdni %s\n%s\n", program_name, dni_version_string(), dni_build_info());
  return 0;
}

static int bad_option(int answer, const char *word) {
  if (answer == ':')
    (void)fail("%s needs a value (see --help)", word);
  else if (optopt >= FIRST_ID || optopt == 'h' || optopt == 'v')
    (void)fail("%s: this option takes no value", word);
  else
    (void)fail("unknown option %s (see --help)", word);
  return USAGE;
}

/* The word at optind, or the `rest` of them. */
static void take_words(int argc, char **argv, bool rest, argument_words *words) {
  do
    words->values[words->count++] = argv[optind++];
  while (rest && optind < argc && words->count < words->most);
}

/* All options, and the words wherever they stand. ARGUMENTS_RUN: then optind is what is left. */
static int parse_options(int argc, char **argv, const char *about, command_line *line) {
  argument_words *words = line->words;
  opterr = 0;
  for (;;) {
    char *word = argv[optind];
    const int before = optind;
    int id = getopt_long(argc, argv, "+:", line->options, NULL);
    if (id == -1 && (!words || words->count == words->most || optind == argc)) return ARGUMENTS_RUN;
    if (id == -1) {
      const bool rest = optind > before; /* it has passed "--" */
      take_words(argc, argv, rest, words);
      if (rest) return ARGUMENTS_RUN; /* asked again, it would go back to them */
      continue;
    }
    if (id == '?' || id == ':') return bad_option(id, word);
    if (id == 'h') return print_help(line, about);
    if (id == 'v') return print_version();
    const argument *which = &line->arguments[id - FIRST_ID];
    if (line->given[id - FIRST_ID]) return usage_twice(which->name);
    line->given[id - FIRST_ID] = true;
    int status = set_argument(which, optarg);
    if (status != 0) return status;
  }
}

int arguments_parse_words(int argc, char **argv, const char *about, const argument *table,
                          common_options *options, argument_words *words) {
  command_line line;
  build(&line, table, options);
  line.words = words;
  if (words) words->count = 0;
  int status = parse_options(argc, argv, about, &line);
  if (status != ARGUMENTS_RUN) return status;
  if (words && words->count == 0) {
    (void)fail("%s is missing (see --help)", words->name);
    return USAGE;
  }
  if (optind < argc) {
    (void)fail("unexpected argument %s (see --help)", argv[optind]);
    return USAGE;
  }
  status = options && options->out ? output_directory("--out", options->out) : 0;
  return status == 0 ? ARGUMENTS_RUN : status;
}

int arguments_parse_file(int argc, char **argv, const char *about, const argument *table,
                         common_options *options, const char *name, const char **file) {
  argument_words words = {.name = name, .values = file, .most = 1};
  return arguments_parse_words(argc, argv, about, table, options, &words);
}

int arguments_parse(int argc, char **argv, const char *about, const argument *table,
                    common_options *options) {
  return arguments_parse_words(argc, argv, about, table, options, NULL);
}
