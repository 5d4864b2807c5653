/* A set of pointers, to find in constant time whether one is in it. Internal. */
#ifndef DNI_NETWORK_POINTER_SET_H
#define DNI_NETWORK_POINTER_SET_H

#include "core/core.h"

/* All zero: empty. */
typedef struct dni__pointer_set {
  const void **slots; /* [capacity], a power of 2; NULL: free */
  size_t count, capacity;
} dni__pointer_set;

bool dni__pointer_set_has(const dni__pointer_set *set, const void *pointer);

/* Make room for one more, so that the next add cannot fail. DNI_ERROR_MEMORY: nothing changed. */
dni_status dni__pointer_set_reserve(dni__memory *memory, dni__pointer_set *set);
/* Add a pointer that is not in the set; there is room. */
void dni__pointer_set_add(dni__pointer_set *set, const void *pointer);
/* Take a pointer out; one that is not in the set: nothing. */
void dni__pointer_set_remove(dni__pointer_set *set, const void *pointer);

void dni__pointer_set_destroy(dni__memory *memory, dni__pointer_set *set);

#endif
