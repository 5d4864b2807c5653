/* Values of places as texts, and back. A text says exactly which value it is, and reads the same in
 * every locale. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/manifest.h"
#include "core/real.h"
#include "core/setting.h"

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* As printf writes a number, "-1<point>25e-03", with the locale's point made a '.'. */
static void put_point(const char *from, char *to) {
  bool in_point = false;
  for (; *from; from++) {
    bool ordinary = is_digit(*from) || *from == '-' || *from == '+' || *from == 'e';
    if (ordinary)
      *to++ = *from;
    else if (!in_point)
      *to++ = '.';
    in_point = !ordinary;
  }
  *to = 0;
}

void dni__real_to_text(double value, char text[DNI_VALUE_TEXT]) {
  char digits[DNI_VALUE_TEXT];
  if (!isfinite(value)) {
    (void)strcpy(text, isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
    return;
  }
  int precision = 1;
  do
    (void)snprintf(digits, sizeof digits, "%.*g", precision, value);
  while (precision++ < 17 && !dni__real_same(strtod(digits, NULL), value));
  put_point(digits, text);
}

/* The digits of [sign]digits[.digits] without the point into `whole`; *power: how many came after it. */
static const char *take_digits(const char *text, char *whole, size_t size, long *power) {
  size_t length = 0, count = 0;
  bool after = false;
  *power = 0;
  if (*text == '-') whole[length++] = *text++;
  for (; is_digit(*text) || (*text == '.' && !after); text++) {
    if (*text == '.') {
      after = true;
      continue;
    }
    if (length + 1 >= size) return NULL;
    whole[length++] = *text;
    count++;
    if (after) ++*power;
  }
  whole[length] = 0;
  return count > 0 ? text : NULL;
}

/* Without the point strtod reads the same in every locale: 1.25e-3 is 125e-5. */
bool dni__real_from_text(const char *text, double *value) {
  char whole[40], number[DNI_VALUE_TEXT], *end;
  long power, exponent = 0;
  if (!strcmp(text, "nan")) return *value = NAN, true;
  if (!strcmp(text, "inf")) return *value = INFINITY, true;
  if (!strcmp(text, "-inf")) return *value = -INFINITY, true;
  const char *rest = take_digits(text, whole, sizeof whole, &power);
  if (!rest) return false;
  if (*rest == 'e') {
    const char *first = rest + 1 + (rest[1] == '-' || rest[1] == '+');
    if (!is_digit(*first) || strlen(first) > 5) return false;
    exponent = strtol(rest + 1, &end, 10);
    rest = end;
  }
  if (*rest) return false;
  (void)snprintf(number, sizeof number, "%se%ld", whole, exponent - power);
  *value = strtod(number, NULL);
  return isfinite(*value);
}

static bool count_from_text(const char *text, uint64_t *value) {
  char *end;
  if (!is_digit(*text)) return false;
  errno = 0;
  *value = strtoull(text, &end, 10);
  return *end == 0 && errno == 0;
}

static bool integer_from_text(const char *text, int *value) {
  char *end;
  if (!is_digit(text[*text == '-']) || strlen(text) > 6) return false;
  *value = (int)strtol(text, &end, 10);
  return *end == 0;
}

static bool setting_from_text(const dni__setting_place *place, const char *text, double *value) {
  double least, most;
  return dni__real_from_text(text, value) &&
         dni__setting_bounds(place->value, "", place->dtype, place->setting, &least, &most) ==
             DNI_OK &&
         *value >= least && *value <= most && dni__real_holds(place->dtype, *value);
}

static bool flag_from_text(const char *text, bool *value) {
  *value = !strcmp(text, "true");
  return *value || !strcmp(text, "false");
}

/* Four numbers of 16 hexadecimal digits each. The generator needs one that is not 0. */
static bool random_from_text(const char *text, dni__random *value) {
  if (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64) return false;
  uint64_t any = 0;
  for (int i = 0; i < 4; i++) {
    char word[17] = "";
    memcpy(word, text + 16 * i, 16);
    value->state[i] = strtoull(word, NULL, 16);
    any |= value->state[i];
  }
  return any != 0;
}

void dni__place_print(const dni__place *place, char text[DNI_VALUE_TEXT]) {
  const uint64_t *state = place->kind == DNI__PLACE_RANDOM ? place->at.random->state : NULL;
  switch (place->kind) {
  case DNI__PLACE_COUNT:
    (void)snprintf(text, DNI_VALUE_TEXT, "%" PRIu64, *place->at.count);
    break;
  case DNI__PLACE_ATOMIC_COUNT:
    (void)snprintf(text, DNI_VALUE_TEXT, "%" PRIu64, (uint64_t)atomic_load(place->at.atomic_count));
    break;
  case DNI__PLACE_REAL:
    dni__real_to_text(*place->at.real, text);
    break;
  case DNI__PLACE_SETTING:
    dni__real_to_text(*place->at.setting.value, text);
    break;
  case DNI__PLACE_ATOMIC_REAL:
    dni__real_to_text(atomic_load(place->at.atomic_real), text);
    break;
  case DNI__PLACE_INTEGER:
    (void)snprintf(text, DNI_VALUE_TEXT, "%d", *place->at.integer);
    break;
  case DNI__PLACE_RANDOM:
    (void)snprintf(text, DNI_VALUE_TEXT, "%016" PRIx64 "%016" PRIx64 "%016" PRIx64 "%016" PRIx64,
                   state[0], state[1], state[2], state[3]);
    break;
  default: /* flag */
    (void)strcpy(text, *place->at.flag ? "true" : "false");
  }
}

bool dni__place_read(const dni__place *place, const char *text, bool load) {
  uint64_t count;
  double real;
  bool flag, good;
  int integer;
  dni__random random;
  switch (place->kind) {
  case DNI__PLACE_COUNT:
    good = count_from_text(text, &count);
    if (good && load) *place->at.count = count;
    return good;
  case DNI__PLACE_ATOMIC_COUNT:
    good = count_from_text(text, &count);
    if (good && load) atomic_store(place->at.atomic_count, count);
    return good;
  case DNI__PLACE_REAL:
    good = dni__real_from_text(text, &real);
    if (good && load) *place->at.real = real;
    return good;
  case DNI__PLACE_SETTING:
    good = setting_from_text(&place->at.setting, text, &real);
    if (good && load) *place->at.setting.value = real;
    return good;
  case DNI__PLACE_ATOMIC_REAL: /* factors */
    good = dni__real_from_text(text, &real) && real >= 0 && isfinite(real);
    if (good && load) atomic_store(place->at.atomic_real, real);
    return good;
  case DNI__PLACE_INTEGER:
    good = integer_from_text(text, &integer);
    if (good && load) *place->at.integer = integer;
    return good;
  case DNI__PLACE_RANDOM:
    good = random_from_text(text, &random);
    if (good && load) *place->at.random = random;
    return good;
  default: /* flag */
    good = flag_from_text(text, &flag);
    if (good && load) *place->at.flag = flag;
    return good;
  }
}
