/* CRC-32 as in gzip and PNG (polynomial 0xedb88320, reflected). Internal. */
#ifndef DNI_IO_CHECKSUM_H
#define DNI_IO_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of `size` bytes that follow those of which `before` is the checksum; 0: none. */
uint32_t dni__checksum(uint32_t before, const void *bytes, size_t size);

#endif
