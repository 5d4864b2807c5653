/* Functions of the caller's that fail: in a training whose layers, SG, loss, metric, data and step callback
 * are all the caller's own, each call of any of them, the first, the second and so on, fails once. The
 * training says so with the caller's own status and words, loses no memory, and loads what was saved
 * before: then it ends with the bits of one that was never disturbed. */
#include "callbacks.h"
#include "memory_file.h"

enum { STEPS = 6, FAILED = 1234 };

static size_t failed_calls;

static void save(const machine *m, bytes *to) {
  const dni_writer writer = {sizeof writer, to, put};
  to->size = 0;
  EXPECT_OK(dni_trainer_write(m->trainer, &writer));
}

static void load(const machine *m, bytes *from) {
  const dni_reader reader = {sizeof reader, from, take};
  from->next = 0;
  EXPECT_OK(dni_trainer_read(m->trainer, &reader, NULL));
}

/* A fit, with an evaluation in it, or a fit of a stream. */
static dni_status run(const machine *m, bool stream) {
  if (stream) return stream_machine(m, STEPS);
  const dni_fit_options options = {.struct_size = sizeof options,
                                   .steps = STEPS,
                                   .callback = own_step,
                                   .validation = m->dataset,
                                   .validate_every = 3};
  return dni_trainer_fit(m->trainer, m->dataset, &options);
}

/* _i: the schedule, then whether a stream gives the data. */
START_TEST(test_sweep) {
  static machine m; /* destroy counts in it after the test */
  static bytes beginning, end, again;
  const bool stream = _i % 2;
  make_machine(&m, _i / 2);
  save(&m, &beginning);
  EXPECT_OK(run(&m, stream));
  save(&m, &end);
  load(&m, &beginning);
  const size_t live = support_watched.bytes;
  for (size_t at = 0;; at++) {
    arm(ANYWHERE, at, ANSWER);
    rig.answer = FAILED;
    rig.message = "the caller's own words";
    const dni_status status = run(&m, stream);
    const bool was_reached = atomic_load(&rig.at) == NOWHERE;
    disarm();
    if (!was_reached) break;
    failed_calls++;
    EXPECT(status == FAILED, "call %zu: %s: %s", at, dni_status_name(status), dni_last_message());
    EXPECT(strstr(dni_last_message(), "the caller's own words"), "call %zu: %s", at,
           dni_last_message());
    load(&m, &beginning);
    ck_assert_uint_eq(support_watched.bytes, live);
    EXPECT_OK(run(&m, stream));
    save(&m, &again);
    EXPECT(again.size == end.size && !memcmp(again.data, end.data, end.size),
           "call %zu: the training ends otherwise", at);
    load(&m, &beginning);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("callback faults");
  TCase *group = add_group(suite, "sweeps");
  tcase_add_loop_test(group, test_sweep, 0, 2 * SCHEDULES);
  int failed = support_run(suite);
  if (failed_calls > 0) printf("%zu calls of the caller's functions failed\n", failed_calls);
  return failed;
}
