/* Whether AMX may be used: by the processor, by the system's choice of what it saves for a thread, and by
 * Linux's leave, which a process has to ask for.
 *
 * It is asked once, and only for products of bf16: from then on the system wants larger alternative stacks for
 * signal handlers (and says no if there are small ones). A system that does not know the question says no. */
#include "math/kernels.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARCH_REQ_XCOMP_PERM 0x1023 /* arch_prctl: may I use this part of the state? */
#define XFEATURE_XTILEDATA  18     /* the tiles; 17 is their shapes */

static bool processor_has_tiles(void) {
  unsigned a, b, c, d;
  const unsigned tile = 1u << 24, bf16 = 1u << 22, osxsave = 1u << 27;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & osxsave)) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & tile) && (d & bf16);
}

/* Both parts of the state are switched on (XCR0). */
static bool system_keeps_tiles(void) {
  unsigned low, high;
  const unsigned both = 1u << 17 | 1u << 18;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & both) == both;
}

static bool ask(void) {
  return processor_has_tiles() && system_keeps_tiles() &&
         syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

bool dni__amx_allowed(void) {
  enum { UNKNOWN, NO, YES };
  static atomic_int answer = UNKNOWN; /* the same for all threads, whoever asks first */
  int known = atomic_load_explicit(&answer, memory_order_relaxed);
  if (known == UNKNOWN) {
    known = ask() ? YES : NO;
    atomic_store_explicit(&answer, known, memory_order_relaxed);
  }
  return known == YES;
}
#else
bool dni__amx_allowed(void) {
  return false;
}
#endif
