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
static bool system_saves_tiles(void) {
  unsigned low, high;
  const unsigned both = 1u << 17 | 1u << 18;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & both) == both;
}

/* Before Linux 5.16 the question is unknown, and so refused. */
static bool system_gives_leave(void) {
  return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

bool dni__amx_allowed(void) {
  static const dni__amx_questions here = {processor_has_tiles, system_saves_tiles,
                                          system_gives_leave};
  if (dni__amx_answer() == DNI__AMX_UNASKED)
    dni__amx_settle(DNI__AMX_UNASKED, dni__amx_decide(&here));
  return dni__amx_answer() == DNI__AMX_ALLOWED;
}
#else
bool dni__amx_allowed(void) {
  return false;
}
#endif

dni__amx dni__amx_decide(const dni__amx_questions *ask) {
  if (!ask->processor()) return DNI__AMX_MISSING;
  if (!ask->saved()) return DNI__AMX_UNSAVED;
  return ask->leave() ? DNI__AMX_ALLOWED : DNI__AMX_REFUSED;
}
