/** \file
 * dni_schedule: a number that changes with the count of steps: the factor on a learning rate, or
 * the lambda of a mixture. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_SCHEDULE_H
#define DNI_SCHEDULE_H

enum {
  DNI_RATE_CONSTANT = 0,  /**< Always 1. */
  DNI_RATE_DECAY = 1,     /**< value^(t / steps), the quotient rounded down. */
  DNI_RATE_PIECEWISE = 2, /**< values[i] from step boundaries[i] on; before the first, 1. */
  DNI_RATE_LINES = 3,     /**< values[i] at boundaries[i], straight lines in between. */
  DNI_RATE_COSINE = 4,    /**< From 1 to value in `steps` steps along half a cosine, then value. */
  DNI_RATE_FUNCTION = 5   /**< The caller's own function. */
};

/** A schedule s(t) of the step t, counted from 0. Set everything to 0, then what the kind needs.
 *
 * It is copied, arrays included. Cosine: s(t) = value + (1 - value) (1 + cos(pi t / steps)) / 2.
 * LINES is constant before its first boundary and after its last. Boundaries increase; values are
 * finite and not negative.
 *
 * With warm_up = n > 0, the first n steps are also multiplied with (t + 1) / n, and the rest of the
 * schedule starts after them: it sees t - n, from 0 on, and
 * boundaries count from there. */
typedef struct dni_schedule {
  size_t struct_size;         /**< sizeof(dni_schedule). */
  dni_kind kind;              /**< A DNI_RATE_ value. */
  int32_t reserved;           /**< 0. */
  uint64_t warm_up;           /**< Steps of linear warm-up; 0: none. */
  uint64_t steps;             /**< DECAY, COSINE: at least 1. */
  double value;               /**< DECAY: the factor. COSINE: where it ends. */
  const uint64_t *boundaries; /**< PIECEWISE, LINES: [count]. */
  const double *values;       /**< PIECEWISE, LINES: [count]. */
  size_t count;               /**< PIECEWISE, LINES: at least 1. */
  /** FUNCTION: answers s(t), finite and not negative. It may be called on any thread that makes a
   * step, by several at once, and must return normally. An answer out of range counts as 0. */
  double(DNI_CALL *function)(void *user, uint64_t step);
  void *user;                   /**< Handed to function. */
  dni_destroy_callback destroy; /**< Called with user when nothing uses the schedule; or NULL. */
} dni_schedule;

/** What a schedule is at a step, for plots and tests: *value = s(step).
 * - DNI_ERROR_ARGUMENT: NULL, a schedule that is refused, with the field named. */
DNI_API DNI_MUST_USE dni_status dni_schedule_value(const dni_schedule *schedule, uint64_t step,
                                                   double *value);

#endif
