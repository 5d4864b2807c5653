/* Whether AMX may be used: what is asked and in which order, what dni_build_info says of the answer, and
 * that a process without leave computes as AVX-512 does. */
#include <sys/wait.h>
#include <unistd.h>

#include "math/kernels.h"
#include "support/support.h"

/* The decision. -------------------------------------------------------------------------------- */

static struct {
  bool processor, saved, leave;
  int asked; /* questions so far */
} machine;

static bool processor(void) {
  ck_assert_int_eq(machine.asked++, 0);
  return machine.processor;
}

/* Without a processor that has tiles, reading what is saved may not be an instruction. */
static bool saved(void) {
  ck_assert_int_eq(machine.asked++, 1);
  return machine.saved;
}

/* To ask for leave changes the process: the system then wants larger stacks for signal handlers. */
static bool leave(void) {
  ck_assert_int_eq(machine.asked++, 2);
  return machine.leave;
}

/* _i: the three answers as bits */
START_TEST(test_decision) {
  static const dni__amx_questions questions = {processor, saved, leave};
  machine.processor = _i & 1, machine.saved = _i & 2, machine.leave = _i & 4, machine.asked = 0;
  const dni__amx answer = dni__amx_decide(&questions);
  const dni__amx expected = !machine.processor ? DNI__AMX_MISSING
                            : !machine.saved   ? DNI__AMX_UNSAVED
                            : !machine.leave   ? DNI__AMX_REFUSED
                                               : DNI__AMX_ALLOWED;
  ck_assert_int_eq(answer, expected);
  ck_assert_int_eq(machine.asked, !machine.processor ? 1 : !machine.saved ? 2 : 3);
}
END_TEST

/* Processes of their own, since the answer is that of a process. ------------------------------- */

/* Runs `test` in a child, which must come to its end. */
static void in_child(void (*test)(void)) {
  const pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    test();
    _exit(0);
  }
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d: see above", status);
}

#define DEMAND(condition)                                                                          \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      (void)fprintf(stderr, "%s:%d: " #condition "\n", __FILE__, __LINE__);                        \
      _exit(1);                                                                                    \
    }                                                                                              \
  } while (0)

/* Of the log: whether a line says what dni_build_info does. */
static void look_for_build(void *user, dni_log_level level, const char *line) {
  (void)level;
  if (strstr(line, dni_build_info())) *(bool *)user = true;
}

static dni_context *make(dni_instructions instructions, bool *logged) {
  const dni_context_options options = {.struct_size = sizeof options,
                                       .compute = DNI_BF16,
                                       .instructions = instructions,
                                       .log = look_for_build,
                                       .log_user = logged};
  dni_context *context = NULL;
  const dni_status status = dni_context_create(&options, &context);
  DEMAND(status == DNI_OK || (status == DNI_ERROR_UNSUPPORTED && instructions && !context));
  return context;
}

enum { INPUTS = 150, OUTPUTS = 70, ROWS = 40 };

static void run_layer(dni_context *context, float *y_data) {
  static float x_data[ROWS * INPUTS];
  dni_layer *layer;
  dni_matrix x, y;
  for (size_t i = 0; i < ROWS * INPUTS; i++)
    x_data[i] = (float)(i * 7 % 113) / 113 - 0.5f;
  dni_matrix_init_f32(&x, x_data, ROWS, INPUTS);
  dni_matrix_init_f32(&y, y_data, ROWS, OUTPUTS);
  DEMAND(dni_layer_create_dense(context, INPUTS, OUTPUTS, DNI_ACTIVATION_TANH, &layer) == DNI_OK);
  DEMAND(dni_layer_forward(layer, DNI_MODE_INFERENCE, NULL, &x, &y) == DNI_OK);
  dni_layer_release(layer);
}

/* What is best is what is best without AMX, and gives its bits; AMX by name is refused. */
static void demand_without_amx(void) {
  static float y[2][ROWS * OUTPUTS];
  bool logged = false;
  dni_context *best = make(DNI_INSTRUCTIONS_BEST, &logged);
  dni_context *named = make(dni__instructions_best(DNI_F32), &logged);
  DEMAND(best && named && logged);
  DEMAND(dni_context_instructions(best) == dni_context_instructions(named));
  run_layer(best, y[0]);
  run_layer(named, y[1]);
  DEMAND(memcmp(y[0], y[1], sizeof y[0]) == 0);
  DEMAND(!make(DNI_INSTRUCTIONS_AMX, &logged));
  DEMAND(strstr(dni_last_message(), "amx"));
  dni_context_release(named);
  dni_context_release(best);
}

static void build_infos(void) {
  static const char *const ends[] = {
      [DNI__AMX_UNASKED] = "amx",          [DNI__AMX_ALLOWED] = "allowed",
      [DNI__AMX_MISSING] = "processor",    [DNI__AMX_UNSAVED] = "tiles",
      [DNI__AMX_REFUSED] = "this process", [DNI__AMX_WRONG] = "wrong"};
  for (dni__amx from = DNI__AMX_UNASKED, to = from; to <= DNI__AMX_WRONG; from = to++) {
    dni__amx_settle(from, to);
    const char *found = strstr(dni_build_info(), ends[to]);
    DEMAND(found && !strchr(dni_build_info(), '\n'));
#if defined(__x86_64__)
    DEMAND(found[strlen(ends[to])] == '\0');
#endif
  }
  dni__amx_settle(DNI__AMX_UNASKED, DNI__AMX_ALLOWED);
  DEMAND(dni__amx_answer() == DNI__AMX_WRONG); /* another answer was there */
}

START_TEST(test_build_info) {
  in_child(build_infos);
}
END_TEST

/* The processor has tiles, and the system says no. */
static void refused(void) {
  dni__amx_settle(DNI__AMX_UNASKED, DNI__AMX_REFUSED);
  demand_without_amx();
  DEMAND(dni__amx_answer() == DNI__AMX_REFUSED);
}

START_TEST(test_refused) {
  in_child(refused);
}
END_TEST

/* A filter of system calls that says no. ------------------------------------------------------- */

#if defined(__x86_64__) && defined(__linux__)
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define ASKS_LEAVE 0x1023 /* ARCH_REQ_XCOMP_PERM */

/* arch_prctl(ARCH_REQ_XCOMP_PERM, ...) fails with EPERM; false: this system has no such filters. */
static bool forbid(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_arch_prctl, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ASKS_LEAVE, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* On a processor without tiles nothing is asked, and so nothing refused. */
static void forbidden(void) {
  if (!forbid()) return;
  DEMAND(syscall(SYS_arch_prctl, ASKS_LEAVE, 18) == -1); /* under valgrind not by the filter */
  demand_without_amx();
  DEMAND(dni__amx_answer() != DNI__AMX_ALLOWED && dni__amx_answer() != DNI__AMX_WRONG);
}

START_TEST(test_forbidden) {
  in_child(forbidden);
}
END_TEST
#endif

int main(void) {
  Suite *suite = suite_create("AMX allowed");
  TCase *group = tcase_create("answers");
  tcase_add_checked_fixture(group, support_setup, support_teardown);
  suite_add_tcase(suite, group);
  tcase_add_loop_test(group, test_decision, 0, 8);
  tcase_add_test(group, test_build_info);
  tcase_add_test(group, test_refused);
#if defined(__x86_64__) && defined(__linux__)
  tcase_add_test(group, test_forbidden);
#endif
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? 0 : 1;
}
