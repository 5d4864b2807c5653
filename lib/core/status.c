/* Status codes, and status and message of the last failure.
 *
 * The message is one fixed buffer per thread: reporting cannot fail or allocate, calls that return
 * no handle can report, and two threads sharing a context do not overwrite each other's words. What
 * does not fit loses its middle (text.c). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/core.h"

#define MESSAGE_SIZE DNI_MESSAGE_SIZE

/* Of a text before it is made to fit: two messages, one in front of the other. */
#define TEXT_SIZE (2 * MESSAGE_SIZE)

/* Of this thread's last failure, and how many there were. */
static _Thread_local char message[MESSAGE_SIZE];
static _Thread_local dni_status last_status;
static _Thread_local uint64_t failures;

/* `text` may lie in `message` itself. */
static dni_status keep(dni_status status, const char *text, bool breaks) {
  char line[MESSAGE_SIZE];
  dni__text_fit(line, sizeof line, text, breaks);
  memcpy(message, line, strlen(line) + 1);
  last_status = status;
  failures++;
  return status;
}

dni_status dni__fail(dni_status status, const char *format, ...) {
  char text[TEXT_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return keep(status, text, false);
}

dni_status dni__fail_prefix(dni_status status, const char *format, ...) {
  char text[TEXT_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text - sizeof message, format, arguments);
  va_end(arguments);
  (void)strcat(text, message);
  return keep(status, text, false);
}

/* The message is one line. */
dni_status dni_fail(dni_status status, const char *text) {
  if (status < DNI_STATUS_CALLER) status = DNI_ERROR_CALLBACK;
  return keep(status, text ? text : "", true);
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
  if (!dni__callback_failed(begun) || !message[0])
    return dni__fail(status, "%s answered %d", what, (int)answer);
  if (answer == status) return keep(status, message, false);
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
