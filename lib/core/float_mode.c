/* See float_mode.h. A thread-local variable says who is at work on this thread: the library or its
 * user. The register is only written where that changes. */
#include "core/float_mode.h"

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

static _Thread_local dni__float_place place;

/* The register of each processor. ------------------------------------------------------------- */

#if defined(__SSE__) /* x86-64, and i386 where it computes with SSE */

#define FLAGS 0x3fu
/* All exceptions masked, to nearest, results flushed, operands too: bit 6. The first processors with
 * SSE2 have no bit 6 and fault when it is set; all x86-64 have it. */
#if defined(__x86_64__) || defined(__SSE3__)
#define OURS (0x1f80u | 0x8000u | 0x40u)
#else
#define OURS (0x1f80u | 0x8000u)
#endif

static dni__float_mode read_mode(void) {
  return _mm_getcsr();
}

static void write_mode(dni__float_mode mode) {
  _mm_setcsr((unsigned)mode);
}

#elif defined(__aarch64__)

/* FPSR, the flags, in the upper half and FPCR, the control bits, in the lower. */
#define FLAGS 0xffffffff00000000u
#define OURS  (1u << 24) /* FZ; to nearest, nothing traps */

static dni__float_mode read_mode(void) {
  uint64_t control, flags;
  __asm__ volatile("mrs %0, fpcr\n\tmrs %1, fpsr" : "=r"(control), "=r"(flags)::"memory");
  return control | flags << 32;
}

static void write_mode(dni__float_mode mode) {
  uint64_t control = mode & UINT32_MAX, flags = mode >> 32;
  __asm__ volatile("msr fpcr, %0\n\tmsr fpsr, %1" ::"r"(control), "r"(flags) : "memory");
}

#else

#define FLAGS 0u
#define OURS  0u

static dni__float_mode read_mode(void) {
  return 0;
}

static void write_mode(dni__float_mode mode) {
  (void)mode;
}

#endif

/* Who is at work. ----------------------------------------------------------------------------- */

dni__float_place dni__float_enter(void) {
  if (place.inside) return place;
  place = (dni__float_place){true, read_mode()};
  write_mode(OURS);
  return (dni__float_place){false, place.users};
}

/* The mode comes from the caller's variable: a callback that has left may have entered elsewhere. */
void dni__float_leave(dni__float_place *before) {
  if (before->inside) return;
  place.inside = false;
  write_mode(before->users);
}

dni__float_place dni__float_users(void) {
  const dni__float_place before = place;
  if (!before.inside) return before;
  place.inside = false;
  write_mode(before.users);
  return before;
}

void dni__float_back(dni__float_place before) {
  if (!before.inside) return;
  place = before;
  write_mode(OURS);
}

dni__float_mode dni__float_control(void) {
  return read_mode() & ~(dni__float_mode)FLAGS;
}
