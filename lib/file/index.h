/* What a safetensors header says, as sorted lists. Internal. */
#ifndef DNI_FILE_INDEX_H
#define DNI_FILE_INDEX_H

#include "core/core.h"

typedef struct dni__tensor {
  const char *name, *dtype; /* "F32" */
  uint64_t elements;
  size_t rank;
  uint64_t shape[8];
  size_t begin, size; /* bytes of it, behind the header */
  bool used;
} dni__tensor;

typedef struct dni__text_entry {
  const char *name, *text;
  bool used;
} dni__text_entry;

typedef struct dni__index {
  dni__memory *memory;
  void *json; /* which the strings are in */
  dni__tensor *tensors;
  size_t tensor_count;
  dni__text_entry *texts;
  size_t text_count;
  size_t data_size; /* bytes of all tensors */
} dni__index;

#define DNI_TENSOR_RANK_MOST 8

/* Bytes of an element by its safetensors name; 0: unknown. */
size_t dni__tensor_element(const char *dtype);

/* Read the header [size], an object whose tensors lie in the `data_size` bytes behind it; SIZE_MAX: how
 * many there are is not known yet. The caller sees to it that index->data_size are there.
 * Of a type that is not known only the place is checked. DNI_ERROR_DATA, naming the tensor;
 * DNI_ERROR_MEMORY. */
dni_status dni__index_create(dni__memory *memory, const char *header, size_t size, size_t data_size,
                             dni__index *out);
void dni__index_free(dni__index *index);

/* By name; NULL: there is none. */
dni__tensor *dni__index_tensor(const dni__index *index, const char *name);
dni__text_entry *dni__index_text(const dni__index *index, const char *name);

#endif
