/* Values of places as texts: a text says exactly which value it is, in every locale and floating-point
 * mode, and nothing that is no such text is taken for one. */
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>

#include "support/support.h"

#include "core/float_mode.h"
#include "core/manifest.h"
#include "core/real.h"

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static double double_of(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* There and back. ------------------------------------------------------------------------------ */

static void expect_exact(double value) {
  char text[DNI_VALUE_TEXT];
  double found = 7;
  dni__real_to_text(value, text);
  EXPECT(strlen(text) < 32 && strspn(text, "0123456789.+-einfa") == strlen(text), "%s", text);
  EXPECT(dni__real_from_text(text, &found), "%s is refused", text);
  if (!isnan(value))
    EXPECT(bits_of(found) == bits_of(value), "%a became %s, which is %a", value, text, found);
  else
    EXPECT(isnan(found), "NaN became %s", text);
}

/* Random bits; of the first half of them the exponent is drawn from a few, so that there are denormal
 * numbers and numbers near 1 among them. */
static void expect_random_exact(void) {
  for (size_t i = 0; i < 6000; i++) {
    uint64_t bits = support_random();
    if (i < 1000) bits &= ~(UINT64_C(0x7ff) << 52); /* denormal */
    if (i >= 1000 && i < 2000) bits = (bits & ~(UINT64_C(0x7ff) << 52)) | UINT64_C(0x3ff) << 52;
    if (i >= 2000 && i < 2500) bits >>= 12 + support_below(52); /* few bits */
    if (i >= 2500 && i < 3000) bits = bits_of((double)(bits >> support_below(64)));
    expect_exact(double_of(bits));
  }
}

static void expect_special_exact(void) {
  const double special[] = {0,
                            1,
                            0.1,
                            1.0 / 3,
                            DBL_MAX,
                            DBL_MIN,
                            FLT_MAX,
                            FLT_MIN,
                            DBL_TRUE_MIN,
                            INFINITY,
                            (double)NAN,
                            DBL_EPSILON,
                            1e22,
                            1e23,
                            123456789,
                            5e-324,
                            2.2250738585072011e-308};
  for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
    expect_exact(special[i]);
    expect_exact(-special[i]);
  }
}

START_TEST(reals_come_back_bit_for_bit) {
  expect_special_exact();
  expect_random_exact();
}
END_TEST

/* As in a call that computes. */
START_TEST(denormal_numbers_come_back_where_they_count_as_0) {
  DNI_FLUSH_DENORMALS;
  expect_special_exact();
  expect_random_exact();
}
END_TEST

START_TEST(denormal_numbers_are_whole_in_messages) {
  DNI_FLUSH_DENORMALS;
  char text[DNI_REAL_TEXT];
  EXPECT_TEXT(dni__real_print(1.2345678912345e-310, text), "1.2345678912345e-310");
}
END_TEST

/* What is short is written short. */
START_TEST(texts_are_short) {
  static const char *const texts[] = {"0",      "-0",    "0.1",    "-2.5",
                                      "1e+300", "3e-05", "5e-324", "1.7976931348623157e+308"};
  static const double values[] = {0, -0.0, 0.1, -2.5, 1e300, 3e-5, 5e-324, DBL_MAX};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    char text[DNI_VALUE_TEXT];
    dni__real_to_text(values[i], text);
    EXPECT_TEXT(text, texts[i]);
  }
}
END_TEST

/* Locales. ------------------------------------------------------------------------------------- */

/* Made from the machine's sources into a directory of the test's, or one of the machine. */
static bool use_locale(const char *name, const char *source, const char *directory) {
  char command[400];
  (void)snprintf(command, sizeof command, "localedef -c -i %s -f UTF-8 '%s/%s' 2>/dev/null", source,
                 directory, name);
  (void)!system(command); /* its warnings are no failures */
  const bool used = (setenv("LOCPATH", directory, 1) == 0 && setlocale(LC_ALL, name)) ||
                    (unsetenv("LOCPATH") == 0 && setlocale(LC_ALL, name));
  return used && strcmp(localeconv()->decimal_point, ".") != 0; /* musl has a point in all */
}

/* de_DE has a comma, ps_AF a point of two bytes. */
START_TEST(locales_change_nothing) {
  static const char *const names[] = {"de_DE.UTF-8", "ps_AF.UTF-8"};
  static const char *const sources[] = {"de_DE", "ps_AF"};
  char directory[] = "/tmp/dni-test-XXXXXX", command[100], text[DNI_VALUE_TEXT];
  double value;
  EXPECT(mkdtemp(directory), "no directory");
  if (use_locale(names[_i], sources[_i], directory)) {
    (void)snprintf(text, sizeof text, "%.1f", 0.5);
    EXPECT(strcmp(text, "0.5") != 0, "%s has a point", names[_i]);
    expect_special_exact();
    expect_random_exact();
    dni__real_to_text(-1.25e-300, text);
    EXPECT_TEXT(text, "-1.25e-300");
    EXPECT(!dni__real_from_text("0,5", &value), "a comma is read");
  } else {
    printf("skipped: there is no locale %s\n", names[_i]);
  }
  (void)setlocale(LC_ALL, "C");
  (void)unsetenv("LOCPATH");
  (void)snprintf(command, sizeof command, "rm -rf '%s'", directory);
  EXPECT(system(command) == 0, "%s stays", directory);
}
END_TEST

/* Malformed texts. ----------------------------------------------------------------------------- */

/* Whether the place takes it; if not, it is as it was. */
static bool takes(const dni__place *place, const char *text) {
  char before[DNI_VALUE_TEXT], after[DNI_VALUE_TEXT];
  dni__place_print(place, before);
  const bool good = dni__place_read(place, text, false);
  dni__place_print(place, after);
  EXPECT_TEXT(after, before); /* to look changes nothing */
  EXPECT(dni__place_read(place, text, true) == good, "%s: looked at and loaded differ", text);
  dni__place_print(place, after);
  if (!good) EXPECT_TEXT(after, before);
  return good;
}

#define EXPECT_REFUSED(place, ...)                                                                 \
  do {                                                                                             \
    const char *const texts_[] = {__VA_ARGS__};                                                    \
    for (size_t i_ = 0; i_ < sizeof texts_ / sizeof texts_[0]; i_++)                               \
      EXPECT(!takes(place, texts_[i_]), "\"%s\" is taken", texts_[i_]);                            \
  } while (0)

START_TEST(malformed_reals) {
  double value = 0.5;
  const dni__place place = {.kind = DNI__PLACE_REAL, .at.real = &value};
  EXPECT_REFUSED(&place, "", " ", "1 ", " 1", "x", ".", "-", "-.", "--1", "+1", "1e", "1e+", "e5",
                 "1e5.5", "1e5x", "1e+-5", "1e 5", "1.2.3", "1,5", "0x10", "0x1p3", "infinity",
                 "NAN", "nan(1)", "-nan", "INF", "1e400", "-1e400", "1e99999", "1e100000",
                 "1e-100000", "1\n", "1_000", "12345678901234567890123456789012345678901234567890");
  EXPECT(takes(&place, "1e-400") && value == 0, "%g", value);
  EXPECT(takes(&place, "000.5e1") && value == 5, "%g", value);
  EXPECT(takes(&place, "-inf") && value < 0 && isinf(value), "%g", value);
}
END_TEST

START_TEST(malformed_counts) {
  uint64_t value = 7;
  atomic_uint_fast64_t atomic = 7;
  const dni__place place = {.kind = DNI__PLACE_COUNT, .at.count = &value};
  const dni__place other = {.kind = DNI__PLACE_ATOMIC_COUNT, .at.atomic_count = &atomic};
#define BAD_COUNTS                                                                                 \
  "", " 1", "1 ", "-1", "+1", "1.0", "1e3", "x", "0x10", "18446744073709551616",                   \
      "99999999999999999999999999999999"
  EXPECT_REFUSED(&place, BAD_COUNTS);
  EXPECT_REFUSED(&other, BAD_COUNTS);
  EXPECT(takes(&place, "18446744073709551615") && value == UINT64_MAX, "%" PRIu64, value);
  EXPECT(takes(&other, "18446744073709551615") && atomic == UINT64_MAX, "not the largest");
}
END_TEST

START_TEST(malformed_integers_and_flags) {
  int value = 7;
  bool flag = true;
  const dni__place place = {.kind = DNI__PLACE_INTEGER, .at.integer = &value};
  const dni__place other = {.kind = DNI__PLACE_FLAG, .at.flag = &flag};
  EXPECT_REFUSED(&place, "", "-", "+1", " 1", "1 ", "1.5", "x", "--1", "1234567");
  EXPECT(takes(&place, "-1074") && value == -1074, "%d", value);
  EXPECT_REFUSED(&other, "", "1", "0", "True", "TRUE", "true ", "yes");
  EXPECT(takes(&other, "false") && !flag, "true");
}
END_TEST

START_TEST(malformed_random_streams) {
  dni__random value = {{1, 2, 3, UINT64_MAX}};
  char text[DNI_VALUE_TEXT];
  const dni__place place = {.kind = DNI__PLACE_RANDOM, .at.random = &value};
  dni__place_print(&place, text);
  EXPECT_TEXT(text, "000000000000000100000000000000020000000000000003ffffffffffffffff");
  EXPECT(takes(&place, text), "%s", text);
  EXPECT_REFUSED(&place, "", "1",
                 "0000000000000000000000000000000000000000000000000000000000000000",
                 "00000000000000010000000000000002000000000000000300000000000000044",
                 "000000000000000100000000000000020000000000000003FFFFFFFFFFFFFFFF",
                 "000000000000000100000000000000020000000000000003000000000000000",
                 "-00000000000000100000000000000020000000000000003000000000000000 ");
}
END_TEST

/* Bounds are those of the element type. */
START_TEST(settings_out_of_bounds) {
  double rate = 0.5, epsilon = 1e-3;
  const dni__place statistics = {
      .kind = DNI__PLACE_SETTING,
      .at.setting = {&rate, DNI_SETTING_STATISTICS_RATE, support_dtypes[_i]}};
  const dni__place least = {.kind = DNI__PLACE_SETTING,
                            .at.setting = {&epsilon, DNI_SETTING_EPSILON, support_dtypes[_i]}};
  EXPECT_REFUSED(&statistics, "0", "-0", "-1", "1.0000000000000002", "nan", "inf", "x", "1e-320");
  EXPECT_REFUSED(&least, "0", "-1e-3", "nan", "inf", "-inf", "1e-320");
  EXPECT(takes(&statistics, "1") && rate == 1, "%g", rate);
  EXPECT(takes(&least, "1e-300") == (support_dtypes[_i] == DNI_F64), "1e-300");
}
END_TEST

START_TEST(factors_out_of_bounds) {
  _Atomic double factor = 0.5;
  const dni__place place = {.kind = DNI__PLACE_ATOMIC_REAL, .at.atomic_real = &factor};
  EXPECT_REFUSED(&place, "-1", "nan", "inf", "-inf", "", "x");
  EXPECT(takes(&place, "0") && factor == 0, "not 0");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("value");
  TCase *exact = tcase_create("exact"), *malformed = tcase_create("malformed");
  suite_add_tcase(suite, exact);
  suite_add_tcase(suite, malformed);
  tcase_set_timeout(exact, 120);
  tcase_add_test(exact, reals_come_back_bit_for_bit);
  tcase_add_test(exact, denormal_numbers_come_back_where_they_count_as_0);
  tcase_add_test(exact, denormal_numbers_are_whole_in_messages);
  tcase_add_test(exact, texts_are_short);
  tcase_add_loop_test(exact, locales_change_nothing, 0, 2);
  tcase_add_test(malformed, malformed_reals);
  tcase_add_test(malformed, malformed_counts);
  tcase_add_test(malformed, malformed_integers_and_flags);
  tcase_add_test(malformed, malformed_random_streams);
  tcase_add_loop_test(malformed, settings_out_of_bounds, 0, SUPPORT_DTYPES);
  tcase_add_test(malformed, factors_out_of_bounds);
  return support_run(suite);
}
