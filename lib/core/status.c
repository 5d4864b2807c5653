/* Status codes and the message of the last failure.
 *
 * The message is one fixed buffer per thread: reporting cannot fail or allocate, calls that return
 * no handle can report, and two threads sharing a context do not overwrite each other's words. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/core.h"

#define MESSAGE_SIZE 512

static _Thread_local char message[MESSAGE_SIZE];

dni_status dni__fail(dni_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return status;
}

dni_status dni__fail_prefix(dni_status status, const char *format, ...) {
  char rest[MESSAGE_SIZE];
  memcpy(rest, message, sizeof rest);
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  size_t used = strlen(message);
  (void)snprintf(message + used, sizeof message - used, "%s", rest);
  return status;
}

const char *dni_last_message(void) {
  return message;
}

const char *dni_status_name(dni_status status) {
  switch (status) {
  case DNI_OK:
    return "DNI_OK";
  case DNI_ERROR_ARGUMENT:
    return "DNI_ERROR_ARGUMENT";
  case DNI_ERROR_STATE:
    return "DNI_ERROR_STATE";
  case DNI_ERROR_MEMORY:
    return "DNI_ERROR_MEMORY";
  case DNI_ERROR_IO:
    return "DNI_ERROR_IO";
  case DNI_ERROR_DATA:
    return "DNI_ERROR_DATA";
  case DNI_ERROR_UNSUPPORTED:
    return "DNI_ERROR_UNSUPPORTED";
  case DNI_ERROR_BACKEND:
    return "DNI_ERROR_BACKEND";
  case DNI_ERROR_NON_FINITE:
    return "DNI_ERROR_NON_FINITE";
  case DNI_ERROR_CANCELLED:
    return "DNI_ERROR_CANCELLED";
  default:
    return "unknown status";
  }
}
