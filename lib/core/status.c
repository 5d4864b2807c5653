/* Status codes, and status and message of the last failure.
 *
 * The message is one fixed buffer per thread: reporting cannot fail or allocate, calls that return
 * no handle can report, and two threads sharing a context do not overwrite each other's words. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/core.h"

#define MESSAGE_SIZE 512

/* Of this thread's last failure, and how many there were. */
static _Thread_local char message[MESSAGE_SIZE];
static _Thread_local dni_status last_status;
static _Thread_local uint64_t failures;

/* `text` may lie in `message` itself. */
static dni_status keep(dni_status status, const char *text) {
  size_t length = strnlen(text, MESSAGE_SIZE - 1);
  memmove(message, text, length);
  message[length] = '\0';
  last_status = status;
  failures++;
  return status;
}

dni_status dni__fail(dni_status status, const char *format, ...) {
  char text[MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return keep(status, text);
}

dni_status dni__fail_prefix(dni_status status, const char *format, ...) {
  char text[MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  size_t used = strlen(text);
  (void)snprintf(text + used, sizeof text - used, "%s", message);
  return keep(status, text);
}

dni_status dni_fail(dni_status status, const char *text) {
  if (status < DNI_STATUS_CALLER) status = DNI_ERROR_CALLBACK;
  (void)keep(status, text ? text : "");
  for (char *c = message; *c; c++) /* the message is one line */
    if (*c == '\n' || *c == '\r') *c = ' ';
  return status;
}

dni__callback dni__callback_begin(void) {
  return (dni__callback){failures, dni__float_users()};
}

bool dni__callback_failed(dni__callback begun) {
  return failures != begun.failures;
}

dni_status dni__callback_end(dni__callback begun, dni_status answer, const char *what) {
  dni__float_back(begun.place);
  if (answer == DNI_OK) return DNI_OK;
  dni_status status = answer >= DNI_STATUS_CALLER ? answer : DNI_ERROR_CALLBACK;
  if (!dni__callback_failed(begun)) return dni__fail(status, "%s answered %d", what, (int)answer);
  if (answer == status) return keep(status, message);
  return dni__fail_prefix(status, "%s answered %d: ", what, (int)answer);
}

void dni__callback_notify(dni_destroy_callback function, void *user) {
  if (!function) return;
  const dni__float_place before = dni__float_users();
  function(user);
  dni__float_back(before);
}

const char *dni_last_message(void) {
  return message;
}

dni_status dni_last_status(void) {
  return last_status;
}

static const char *const names[] = {
    [DNI_OK] = "DNI_OK",
    [DNI_ERROR_ARGUMENT] = "DNI_ERROR_ARGUMENT",
    [DNI_ERROR_STATE] = "DNI_ERROR_STATE",
    [DNI_ERROR_MEMORY] = "DNI_ERROR_MEMORY",
    [DNI_ERROR_IO] = "DNI_ERROR_IO",
    [DNI_ERROR_DATA] = "DNI_ERROR_DATA",
    [DNI_ERROR_UNSUPPORTED] = "DNI_ERROR_UNSUPPORTED",
    [DNI_ERROR_BACKEND] = "DNI_ERROR_BACKEND",
    [DNI_ERROR_NON_FINITE] = "DNI_ERROR_NON_FINITE",
    [DNI_ERROR_CANCELLED] = "DNI_ERROR_CANCELLED",
    [DNI_ERROR_CALLBACK] = "DNI_ERROR_CALLBACK",
    [DNI_ERROR_SYSTEM] = "DNI_ERROR_SYSTEM",
};

const char *dni_status_name(dni_status status) {
  if (status >= DNI_STATUS_CALLER) return "caller's status";
  if (status < 0 || (size_t)status >= sizeof names / sizeof names[0]) return "unknown status";
  return names[status];
}
