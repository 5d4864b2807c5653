/* What the files of this room share. Internal. */
#ifndef DNI_FILE_PARTS_H
#define DNI_FILE_PARTS_H

#include "file/file.h"
#include "file/index.h"
#include "file/input.h"

/* Texts of the header that are the file's own affair. */
#define DNI_FILE_FORMAT       "libdni.format"
#define DNI_FILE_VERSION      "libdni.version"
#define DNI_FILE_CONTENT      "libdni.content"
#define DNI_FILE_REQUIRES     "libdni.requires"
#define DNI_FILE_FORMAT_KNOWN "2" /* 1 was the format of libdni 0.3 */

/* Bytes of a header at most, as in other readers of safetensors. */
#define DNI_FILE_HEADER_MOST 100000000u

struct dni__file {
  dni__memory *memory;
  const char *path; /* NULL: it came from a reader; not ours, good while the file is open */
  dni__input input;
  bool foreign;
  const char *wanted; /* while it is loaded: the content that is asked for */
  dni__index index;
  const unsigned char *data; /* behind the header */
};

struct dni__leftovers {
  dni__manifest manifest; /* NOTE and RAW places */
  void *bytes;            /* of the RAW ones */
};

/* leftovers.c: of the entries that are not marked as used. */
dni_status dni__leftovers_take(const dni__file *file, dni__leftovers **out);

/* The safetensors name of an element type. */
const char *dni__file_dtype(dni_dtype dtype);

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define DNI_FILE_SWAPS 1
#else
#define DNI_FILE_SWAPS 0
#endif

/* Copy `count` elements of `size` bytes, turned around where memory is big-endian. */
void dni__file_copy_elements(void *to, const void *from, size_t count, size_t size);

#endif
