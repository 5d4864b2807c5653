/* The floating-point mode of the library's own arithmetic: numbers too small for a normal
 * representation (denormals) are 0, rounding is to nearest, nothing traps. Internal.
 *
 * Adam's moments, momentum and vanishing gradients decay until they are denormal and stay so, and
 * many processors compute with a denormal operand up to a hundred times slower. A step would become
 * slower the longer a training lasts. Results do not suffer: what becomes 0 is under 1.2e-38 in
 * float.
 *
 * The mode belongs to a thread. Each public function that computes sets it for its own duration;
 * each callback runs in the mode that its caller has. So a callback that leaves by an exception or a
 * longjmp leaves nothing behind. Where the processor has no such mode (s390x, RISC-V, x87), or
 * needs none, nothing is set. */
#ifndef DNI_CORE_FLOAT_MODE_H
#define DNI_CORE_FLOAT_MODE_H

#include <stdbool.h>
#include <stdint.h>

/* Control bits, and the exception flags, as the processor has them. */
typedef uint64_t dni__float_mode;

/* Whether this thread computes for the library, and the mode that its user has meanwhile. */
typedef struct dni__float_place {
  bool inside;
  dni__float_mode users;
} dni__float_place;

/* First among the declarations of a function that computes: from here to its end, however it ends,
 * the library's mode. Inside itself it costs a look at a thread-local variable. */
#define DNI_FLUSH_DENORMALS                                                                        \
  dni__float_place float_place_ __attribute__((cleanup(dni__float_leave), unused)) =               \
      dni__float_enter()
dni__float_place dni__float_enter(void);
void dni__float_leave(dni__float_place *before);

/* Around a call of the user's: his mode, and back to what was before. */
dni__float_place dni__float_users(void);
void dni__float_back(dni__float_place place);

/* For tests: the present mode without the exception flags. */
dni__float_mode dni__float_control(void);

#endif
