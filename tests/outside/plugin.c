/* A plugin that has libdni inside, for tests/outside/check.sh: it fails and hands out the message. */
#include <dni.h>

__attribute__((visibility("default"))) const char *plugin_message(const char *path);

const char *plugin_message(const char *path) {
  dni_network *network;
  dni_context *context;
  if (dni_context_create(NULL, &context) != DNI_OK) return "no context";
  if (dni_network_load(context, path, &network) == DNI_OK) return "no failure";
  dni_context_release(context);
  return dni_last_message();
}
