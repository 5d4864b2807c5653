/* Who is inside a trainer. A call that comes while another is inside is refused, and so is one on a
 * thread of the trainer's own: it was made from one of the trainer's callbacks.
 *
 * A callback may also leave without returning. A C++ exception runs dni__visit_cleanup on its way
 * out. A longjmp runs nothing; then the trainer still looks occupied. The next call on the same
 * thread finds out that the visitor is gone: either the new call lies nearer to the thread's
 * beginning than the old one did, or the old one's marks have been overwritten. Where that does not
 * help (another thread, a much deeper call, a fiber) the user says it: dni_trainer_abandon. */
#include "trainer/trainer.h"

#include <string.h>
#include <unistd.h>

/* Sanitizers must not look on: the place may belong to other variables by now. */
#if defined(__clang__) || defined(__GNUC__)
#define UNWATCHED __attribute__((no_sanitize("address", "undefined", "thread"), noinline))
#else
#define UNWATCHED
#endif

/* Stacks grow downwards on all platforms the library is made for. */
UNWATCHED static bool is_still_there(const dni_trainer *trainer, const dni__visit *now) {
  const dni__visit *old = trainer->visit;
  if ((uintptr_t)now >= (uintptr_t)old) return false;
  const volatile uint64_t *mark = old->mark;
  for (size_t i = 0; i < DNI_VISIT_MARKS; i++)
    if (mark[i] != (trainer->mark ^ i)) return false;
  return true;
}

/* Take the place of whoever was inside; what was in flight is dropped. */
static void clean_up_after(dni_trainer *trainer) {
  if (dni__schedule_is_orphan(trainer->schedule)) return;
  trainer->schedule->vtable->abandon(trainer->schedule);
}

static dni_status refuse(const char *call) {
  return dni__fail(DNI_ERROR_STATE,
                   "%s was called from a callback of the same trainer, or while another thread is "
                   "in it",
                   call);
}

static dni_status take_place(dni_trainer *trainer, const dni__visit *visit, const char *call) {
  bool idle = false;
  if (!atomic_compare_exchange_strong(&trainer->inside, &idle, true)) {
    if (!pthread_equal(trainer->visitor, pthread_self()) || is_still_there(trainer, visit))
      return refuse(call);
    atomic_store(&trainer->abandoned, true);
  }
  return DNI_OK;
}

dni_status dni__visit_begin(dni_trainer *trainer, dni__visit *visit, const char *call) {
  if (dni__schedule_is_orphan(trainer->schedule))
    return dni__fail(DNI_ERROR_STATE, "%s: the trainer's threads do not exist in a forked child",
                     call);
  if (dni__schedule_runs_here(trainer->schedule)) return refuse(call);
  memset(visit->mark, 0, sizeof visit->mark); /* old marks may lie where this call's will be */
  DNI_TRY(take_place(trainer, visit, call));
  trainer->visitor = pthread_self();
  trainer->visit = visit;
  const uint64_t mark = trainer->mark * 0x9e3779b97f4a7c15u + (uint64_t)(uintptr_t)visit + 1;
  for (size_t i = 0; i < DNI_VISIT_MARKS; i++)
    visit->mark[i] = mark ^ i;
  trainer->mark = mark;
  visit->trainer = trainer;
  if (atomic_exchange(&trainer->abandoned, false)) clean_up_after(trainer);
  return DNI_OK;
}

/* The marks go too, so that they are not found when the place is no longer in use. */
void dni__visit_end(dni__visit *visit) {
  dni_trainer *trainer = visit->trainer;
  if (!trainer) return;
  visit->trainer = NULL;
  memset(visit->mark, 0, sizeof visit->mark);
  atomic_store(&trainer->inside, false);
  if (atomic_load(&trainer->orphaned)) dni__trainer_destroy(trainer);
}

/* A child that was forked inside a call does not go on with it. Asking for the process is a system
 * call, too dear for every step: here it is asked at the end alone. */
bool dni__visit_lasts(const dni_trainer *trainer) {
  dni__visit here;
  if (!atomic_load(&trainer->inside) || trainer->made_in != getpid()) return false;
  memset(here.mark, 0, sizeof here.mark);
  return !pthread_equal(trainer->visitor, pthread_self()) || is_still_there(trainer, &here);
}

dni_status dni_trainer_abandon(dni_trainer *trainer) {
  DNI_REQUIRE(trainer);
  atomic_store(&trainer->abandoned, true);
  atomic_store(&trainer->inside, false);
  return DNI_OK;
}

/* Reached with a trainer only while an exception passes. */
void dni__visit_cleanup(dni__visit *visit) {
  if (!visit->trainer) return;
  atomic_store(&visit->trainer->abandoned, true);
  dni__visit_end(visit);
}
