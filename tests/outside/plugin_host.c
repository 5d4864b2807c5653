/* Loads two plugins and libdni.so side by side, for tests/outside/check.sh. Each has a message of its own. */
#include <dni.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

typedef const char *message_function(const char *path);

static message_function *load(const char *path) {
  message_function *function = NULL;
  void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void *symbol = plugin ? dlsym(plugin, "plugin_message") : NULL;
  if (!symbol) fprintf(stderr, "%s: %s\n", path, dlerror());
  memcpy(&function, &symbol, sizeof symbol);
  return function;
}

int main(int argc, char **argv) {
  message_function *first, *second;
  dni_context *context;
  if (argc != 3 || dni_context_create(NULL, &context) != DNI_OK) return 2;
  first = load(argv[1]), second = load(argv[2]);
  if (!first || !second) return 2;
  if (dni_context_create(NULL, NULL) == DNI_OK) return 2;
  if (!strstr(first("/no/first"), "/no/first") || !strstr(second("/no/second"), "/no/second"))
    return 1;
  if (!strstr(first("/no/third"), "/no/third")) return 1;
  if (strstr(dni_last_message(), "/no/")) {
    fprintf(stderr, "a plugin's failure is in the program's message: %s\n", dni_last_message());
    return 1;
  }
  dni_context_release(context);
  return 0;
}
