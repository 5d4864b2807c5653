/* For tests of the analyses: words a message must have, and running a call out of memory. */
#ifndef TEST_ANALYSIS_H
#define TEST_ANALYSIS_H

#include "support/support.h"

#include "dni/research.h"

/* The call fails like this, and its message has these words. */
#define EXPECT_MESSAGE(expected, words, call)                                                      \
  do {                                                                                             \
    EXPECT_STATUS(expected, call);                                                                 \
    EXPECT(strstr(dni_last_message(), words), "%s: message \"%s\" lacks \"%s\"", #call,            \
           dni_last_message(), words);                                                             \
  } while (0)

/* The call with memory for 0, 1, 2, ... blocks until there is enough: each failure is
 * DNI_ERROR_MEMORY and leaves nothing, and afterwards the call works. Answers how often it failed.
 */
static inline size_t run_out_of_memory(dni_status (*call)(void *), void *argument) {
  size_t blocks = support_watched.blocks;
  for (size_t allowed = 0;; allowed++) {
    support_watched.fail_after = allowed;
    dni_status status = call(argument);
    support_watched.fail_after = SIZE_MAX;
    EXPECT(support_watched.blocks == blocks, "%zu blocks allowed: some are left", allowed);
    if (status == DNI_OK) {
      EXPECT_OK(call(argument));
      return allowed;
    }
    EXPECT(status == DNI_ERROR_MEMORY, "%zu blocks allowed: %s", allowed, dni_last_message());
    EXPECT(allowed < 100, "still not enough");
  }
}

#endif
