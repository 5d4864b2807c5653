/* The checksum of a file: XXH3, 64 bits, over all its bytes, the digits of the checksum itself taken
 * for zeros. Internal. */
#ifndef DNI_FILE_CHECKSUM_H
#define DNI_FILE_CHECKSUM_H

#include "core/core.h"

/* "xxh3-64:" and 16 hexadecimal digits. */
#define DNI_CHECKSUM_NAME "libdni.checksum"
#define DNI_CHECKSUM_KIND "xxh3-64:"
#define DNI_CHECKSUM_ZERO "0000000000000000"
#define DNI_CHECKSUM_TEXT 25

typedef struct dni__checksum dni__checksum;

dni_status dni__checksum_create(dni__memory *memory, dni__checksum **out);
void dni__checksum_add(dni__checksum *checksum, const void *bytes, size_t size);
/* Its text; the checksum is freed. */
void dni__checksum_end(dni__memory *memory, dni__checksum *checksum, char text[DNI_CHECKSUM_TEXT]);

#endif
