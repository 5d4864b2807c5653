/* Functions of the caller's that leave by longjmp, as an exception of another language does, and
 * functions that call the trainer which is running them. */
#include <sched.h>
#include <unistd.h>

#include "callbacks.h"

/* Jumps. --------------------------------------------------------------------------------------- */

enum { LIMIT = 30 };

/* What runs the place: fit, fit_stream or single steps. Answers false if it was left by a jump. */
typedef enum way { FIT, STREAM, STEPS, WAYS } way;

static dni_status run(const machine *m, way how) {
  switch (how) {
  case FIT:
    return fit_machine(m, LIMIT);
  case STREAM:
    return stream_machine(m, LIMIT);
  default:
    return step_machine(m, LIMIT);
  }
}

static bool is_left(const machine *m, way how) {
  if (setjmp(rig.out) != 0) return true;
  EXPECT_OK(run(m, how));
  return false;
}

/* Everything of the caller's that runs on the thread that called the library. */
static bool is_on_the_callers_thread(const machine *m, place at) {
  bool threads = m->schedule == DNI_SCHEDULE_PIPELINED || m->schedule == DNI_SCHEDULE_MICRO_BATCHES;
  switch (at) {
  case UPPER_FORWARD:
  case UPPER_BACKWARD:
  case EVALUATE:
  case CORRECT:
  case METRIC:
    return !threads;
  default:
    return true;
  }
}

static bool is_run(way how, place at) {
  if (at == FETCH) return how == FIT;
  if (at == NEXT) return how == STREAM;
  if (at == STEP_CALLBACK) return how != STEPS;
  return at != CORRECT || how != STEPS;
}

START_TEST(test_jumps_leave_a_usable_trainer) {
  static machine m;
  place at = (place)(_i % PLACES);
  make_machine(&m, _i / PLACES % SCHEDULES);
  way how = (way)(_i / PLACES / SCHEDULES);
  if (!is_reached(&m, at) || !is_on_the_callers_thread(&m, at) || !is_run(how, at)) return;
  for (size_t countdown = 0; countdown < 6; countdown++) {
    arm(at, countdown, JUMP);
    EXPECT(is_left(&m, how), "%s, %s: not reached", schedule_names[_i / PLACES % SCHEDULES],
           place_names[at]);
    if (countdown % 2) {
      expect_usable(&m);
    } else {
      EXPECT_OK(run(&m, (way)((how + countdown) % WAYS)));
    }
  }
  expect_usable(&m);
}
END_TEST

/* A jump out of the step callback is between two steps: the trainer goes on to the same bits as one
 * whose callback stopped there. Sequentially, since in a pipeline time decides how much is lost. */
START_TEST(test_jump_between_steps) {
  numbers result[2];
  for (int jump = 0; jump < 2; jump++) {
    static machine m;
    make_machine(&m, _i == 0 ? 0 : 3);
    arm(STEP_CALLBACK, 4, jump ? JUMP : ANSWER);
    rig.answer = 1;
    ck_assert_int_eq(is_left(&m, STREAM), jump != 0);
    ck_assert_uint_eq(dni_trainer_step_count(m.trainer), 5);
    EXPECT_OK(stream_machine(&m, 5));
    ck_assert_uint_eq(dni_trainer_step_count(m.trainer), 10);
    result[jump] = all_layer_numbers(m.network);
    release_all();
  }
  EXPECT_SAME_BITS(result[1], result[0]);
}
END_TEST

/* Parts that work alone. */
START_TEST(test_jumps_out_of_parts) {
  static machine m;
  make_machine(&m, 0);
  dni_matrix h = matrix_random(DNI_F32, ROWS, UNITS), y = matrix_random(DNI_F32, ROWS, OUTPUTS);
  dni_matrix out = matrix_make(DNI_F32, ROWS, UNITS), x = matrix_random(DNI_F32, ROWS, INPUTS);
  dni_matrix logits = matrix_make(DNI_F32, ROWS, OUTPUTS), losses = matrix_make(DNI_F32, ROWS, 1);
  static const place places[] = {LOWER_FORWARD, LOWER_BACKWARD, ESTIMATE,
                                 LEARN,         EVALUATE,       UPPER_FORWARD};
  dni_predictor *predictor = NULL;
  EXPECT_OK(dni_predictor_create(m.network, ROWS, &predictor));
  keep(PREDICTOR, predictor);
  for (volatile size_t i = 0; i < 2 * 6; i++) {
    if (i % 2 == 0) arm(places[i / 2], 0, JUMP);
    if (setjmp(rig.out) != 0) continue; /* and once more without a jump */
    EXPECT_OK(support_forward(m.lower, DNI_MODE_TRAINING, &h, &out));
    EXPECT_OK(support_backward(m.lower, DNI_GRADIENT_REPLACE, &h, &out, &out, NULL));
    EXPECT_OK(support_estimate(m.sg, &h, &y, NULL, &out));
    EXPECT_OK(support_learn(m.sg, &h, &y, &h, &out, NULL, NULL));
    EXPECT_OK(support_evaluate(m.loss, &y, &y, NULL, &losses, NULL));
    EXPECT_OK(dni_predictor_run(predictor, DNI_ALL, &x, &logits));
    EXPECT(i % 2 == 1, "no jump out of %s", place_names[places[i / 2]]);
  }
}
END_TEST

/* To drop what was in flight is no failure of the call that does it. */
START_TEST(test_jumps_leave_the_message) {
  static machine m;
  make_machine(&m, _i);
  arm(LOWER_FORWARD, 2, JUMP);
  EXPECT(is_left(&m, STEPS), "%s: not reached", schedule_names[_i]);
  ck_assert_int_eq(dni_fail(1000, "an old story"), 1000);
  EXPECT_OK(step_machine(&m, 1));
  ck_assert_int_eq(dni_last_status(), 1000);
  EXPECT_TEXT(dni_last_message(), "an old story");
}
END_TEST

/* Memory that is never given back one by one: what a jump has lost is lost. */
static struct {
  _Alignas(4096) unsigned char memory[1 << 18];
  size_t used;
  int destroyed;
} arena;

static void *arena_alloc(void *user, size_t alignment, size_t size) {
  (void)user;
  size_t start = (arena.used + alignment - 1) / alignment * alignment;
  if (size > sizeof arena.memory || start > sizeof arena.memory - size) return NULL;
  arena.used = start + size;
  return arena.memory + start;
}

static void arena_free(void *user, void *memory, size_t size) {
  (void)user, (void)memory, (void)size;
}

static void arena_destroy(void *user) {
  (void)user;
  arena.destroyed++;
}

/* The predictor that the network keeps for itself is lost, and the context ends all the same. */
START_TEST(test_jumps_out_of_predict) {
  dni_allocator allocator = {sizeof allocator, NULL, arena_alloc, arena_free, arena_destroy};
  dni_context_options options = {.struct_size = sizeof options, .allocator = &allocator};
  static size_t end;
  dni_layer_callbacks callbacks = layer_callbacks(true, &end);
  dni_context *own;
  dni_network *network;
  dni_layer *layer;
  arena.used = 0;
  EXPECT_OK(dni_context_create(&options, &own));
  EXPECT_OK(dni_layer_create_callback(own, UNITS, UNITS, &callbacks, &layer));
  EXPECT_OK(dni_network_create(own, &network));
  EXPECT_OK(dni_network_add(network, layer));
  dni_matrix x = matrix_random(DNI_F32, ROWS, UNITS), h = matrix_make(DNI_F32, ROWS, UNITS);
  for (volatile size_t i = 0; i < 4; i++) {
    if (i % 2 == 0) arm(LOWER_FORWARD, 0, JUMP);
    if (setjmp(rig.out) == 0) EXPECT_OK(dni_network_predict(network, &x, &h));
  }
  dni_layer_release(layer);
  dni_network_release(network);
  ck_assert_int_eq(arena.destroyed, 0);
  dni_context_release(own);
  ck_assert_int_eq(arena.destroyed, 1);
}
END_TEST

/* Calls from inside. --------------------------------------------------------------------------- */

/* step, fit and flush of the same trainer are refused wherever they are called from, and the run
 * goes on to the same bits. Sequential and micro-batches have the same bits in every run. */
START_TEST(test_calls_from_inside_change_nothing) {
  int schedule = _i / PLACES;
  place at = (place)(_i % PLACES);
  numbers result[2];
  for (int called = 0; called < 2; called++) {
    static machine m;
    make_machine(&m, schedule);
    if (!is_reached(&m, at)) return;
    if (called) arm(at, 3, CALL_TRAINER);
    EXPECT_OK(at == NEXT ? stream_machine(&m, 12) : fit_machine(&m, 12));
    ck_assert_uint_eq(dni_trainer_step_count(m.trainer), 12);
    if (called) {
      EXPECT(atomic_load(&rig.at) == NOWHERE, "%s: not reached", place_names[at]);
      EXPECT(rig.step == DNI_ERROR_STATE && rig.fit == DNI_ERROR_STATE &&
                 rig.flush == DNI_ERROR_STATE,
             "%s, %s: step %s, fit %s, flush %s", schedule_names[schedule], place_names[at],
             dni_status_name(rig.step), dni_status_name(rig.fit), dni_status_name(rig.flush));
    }
    result[called] = all_layer_numbers(m.network);
    if (called) expect_usable(&m);
    release_all();
  }
  if (schedules[schedule] != DNI_SCHEDULE_PIPELINED) EXPECT_SAME_BITS(result[1], result[0]);
}
END_TEST

/* In single steps too; the failure's message is the caller's to see. */
START_TEST(test_calls_from_inside_a_step) {
  static machine m;
  make_machine(&m, _i);
  arm(LOWER_FORWARD, 2, CALL_TRAINER);
  EXPECT_OK(step_machine(&m, 6));
  EXPECT(rig.step == DNI_ERROR_STATE && rig.fit == DNI_ERROR_STATE && rig.flush == DNI_ERROR_STATE,
         "step %s, fit %s, flush %s", dni_status_name(rig.step), dni_status_name(rig.fit),
         dni_status_name(rig.flush));
  ck_assert_uint_eq(dni_trainer_step_count(m.trainer), 6);
}
END_TEST

static atomic_bool is_outside, has_called;

static void call_when_outside(void) {
  while (!atomic_load(&is_outside))
    sched_yield();
  call_trainer();
  atomic_store(&has_called, true);
}

/* Also on a thread of the trainer's own while its caller is not in any call. */
START_TEST(test_calls_from_its_threads) {
  static machine m;
  dni_matrix x, y;
  make_machine(&m, 2);
  own_batch(&x, &y);
  arm(UPPER_FORWARD, 0, CALL_HOOK);
  rig.hook = call_when_outside;
  EXPECT_OK(support_step(m.trainer, &x, &y, NULL));
  atomic_store(&is_outside, true);
  while (!atomic_load(&has_called))
    sched_yield();
  EXPECT(rig.step == DNI_ERROR_STATE && rig.fit == DNI_ERROR_STATE && rig.flush == DNI_ERROR_STATE,
         "step %s, fit %s, flush %s", dni_status_name(rig.step), dni_status_name(rig.fit),
         dni_status_name(rig.flush));
  EXPECT_OK(dni_trainer_flush(m.trainer));
  ck_assert_uint_eq(dni_trainer_step_count(m.trainer), 1);
  expect_usable(&m);
}
END_TEST

/* The last reference, in different places. ----------------------------------------------------- */

static void give_back(void) {
  dni_trainer_release(rig.trainer);
}

static void give_back_when_outside(void) {
  while (!atomic_load(&is_outside))
    sched_yield();
  give_back();
}

/* The trainer goes, with all its memory, whoever gives it back: the test between two calls (0), a
 * callback of a call, which ends well first (1), or one on a thread of the trainer's own while its
 * caller is not in any call (2). */
START_TEST(test_last_reference) {
  size_t left[3];
  int places = schedules[_i] == DNI_SCHEDULE_PIPELINED ? 3 : 2;
  for (int from = 0; from < places; from++) {
    static machine m;
    dni_matrix x, y;
    make_machine(&m, _i);
    own_batch(&x, &y);
    atomic_store(&is_outside, false);
    kept_count--; /* the trainer is not released at the end */
    if (from > 0) arm(from == 1 ? LOWER_FORWARD : UPPER_FORWARD, 0, CALL_HOOK);
    rig.hook = from == 1 ? give_back : give_back_when_outside;
    EXPECT_OK(support_step(m.trainer, &x, &y, NULL));
    if (from == 0) give_back();
    atomic_store(&is_outside, true);
    while (from == 2 && support_watched.blocks != left[0])
      sched_yield();
    if (from == 2) (void)usleep(10000); /* it lets go of the context last */
    left[from] = support_watched.blocks;
    ck_assert_uint_eq(left[from], left[0]);
    ck_assert_uint_eq(m.ends.metric, 1);
    release_all();
  }
}
END_TEST

static atomic_bool is_cancelled;

static void fail_when_cancelled(void) {
  while (!atomic_load(&is_cancelled))
    sched_yield();
  arm(UPPER_FORWARD, 0, ANSWER);
  rig.answer = 1234;
}

/* Two batches, and then the training is cancelled. */
static dni_status next_then_cancel(void *user, dni_batch *batch) {
  size_t *left = user;
  rig.batches = 1;
  if ((*left)-- == 0) {
    dni_trainer_cancel(rig.trainer);
    atomic_store(&is_cancelled, true);
  }
  return own_next(NULL, batch);
}

/* A fit that is cancelled, but answers what failed in another thread meanwhile, has not answered
 * DNI_ERROR_CANCELLED: the next one does. */
START_TEST(test_cancel_is_not_forgotten) {
  static machine m;
  make_machine(&m, 2);
  size_t left = 2;
  dni_stream stream = {.struct_size = sizeof stream, .user = &left, .next = next_then_cancel};
  arm(UPPER_FORWARD, 0, CALL_HOOK);
  rig.hook = fail_when_cancelled;
  EXPECT_STATUS(1234, dni_trainer_fit_stream(m.trainer, &stream, NULL));
  EXPECT_STATUS(DNI_ERROR_CANCELLED, fit_machine(&m, 5));
  expect_usable(&m);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("interrupted");
  TCase *group = add_group(suite, "interrupted");
  tcase_add_loop_test(group, test_jumps_leave_a_usable_trainer, 0, WAYS * SCHEDULES * PLACES);
  tcase_add_loop_test(group, test_jump_between_steps, 0, 2);
  tcase_add_test(group, test_jumps_out_of_parts);
  tcase_add_loop_test(group, test_jumps_leave_the_message, 0, SCHEDULES);
  tcase_add_test(group, test_jumps_out_of_predict);
  tcase_add_loop_test(group, test_calls_from_inside_change_nothing, 0, SCHEDULES * PLACES);
  tcase_add_loop_test(group, test_calls_from_inside_a_step, 0, SCHEDULES);
  tcase_add_test(group, test_calls_from_its_threads);
  tcase_add_loop_test(group, test_last_reference, 0, SCHEDULES);
  tcase_add_test(group, test_cancel_is_not_forgotten);
  return support_run(suite);
}
