/* The layout of network files that saving and loading share; docs/FORMAT.md is its description.
 * Internal. */
#ifndef DNI_IO_NETWORK_FILE_H
#define DNI_IO_NETWORK_FILE_H

#include "core/core.h"

/* Eight bytes that survive no text-mode transfer, as in PNG. */
#define DNI_FILE_MAGIC                                                                             \
  "\x89"                                                                                           \
  "DNI\r\n\x1a\n"
#define DNI_FILE_MAGIC_SIZE 8

#define DNI_FILE_VERSION 1

#define DNI_FILE_HEADER_SIZE        32 /* magic, version, dtype, bytes of the file, layers */
#define DNI_FILE_LAYER_SIZE         24 /* kind, activation, inputs, outputs */
#define DNI_FILE_NORMALISATION_SIZE 16 /* epsilon, statistics rate */
#define DNI_FILE_CHECKSUM_SIZE      4

/* The settings of batch normalisation, in the order of the file. */
static const dni_setting dni__file_settings[] = {DNI_SETTING_EPSILON, DNI_SETTING_STATISTICS_RATE};

#endif
