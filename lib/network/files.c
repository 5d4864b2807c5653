/* Networks in files. A file says of each layer what it is, so that a network can be made from it; then
 * the values are loaded as into any other. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "network/network.h"

/* Listing. ------------------------------------------------------------------------------------ */

static void list_layer(const dni_network *network, size_t index, dni__manifest *manifest) {
  size_t entered = dni__manifest_enter(manifest, "layers.%zu", index);
  dni__layer_list(network->links[index].layer, manifest);
  dni__manifest_leave(manifest, entered);
}

static void list_sg(const dni_network *network, size_t index, dni__manifest *manifest) {
  if (!network->links[index].sg) return;
  size_t entered = dni__manifest_enter(manifest, "sgs.%zu", index);
  dni__sg_list(network->links[index].sg, manifest);
  dni__manifest_leave(manifest, entered);
}

static void list_layers(const dni_network *network, dni__manifest *manifest) {
  dni__manifest_fixed_count(manifest, "layers", network->count);
  for (size_t i = 0; i < network->count; i++)
    list_layer(network, i, manifest);
}

/* A file that has others, or more of them, is of another network. */
static void list_sgs(const dni_network *network, dni__manifest *manifest) {
  size_t count = 0;
  for (size_t i = 0; i < network->count; i++)
    count += network->links[i].sg != NULL;
  if (count > 0)
    dni__manifest_fixed_count(manifest, "sgs", count);
  else
    dni__manifest_absent(manifest, "sgs");
  for (size_t i = 0; i < network->count; i++)
    list_sg(network, i, manifest);
}

void dni__network_list(dni_network *network, dni__manifest *manifest) {
  list_layers(network, manifest);
  list_sgs(network, manifest);
}

/* Saving. ------------------------------------------------------------------------------------- */

/* To a path, or to a writer. */
static dni_status save(dni_network *network, const char *path, const dni_writer *writer) {
  dni__manifest manifest;
  if (network->count == 0)
    return dni__fail(DNI_ERROR_STATE, "%s%sthe network has no layers to save",
                     path ? dni__shown(path).text : "", path ? ": " : "");
  dni__manifest_init(&manifest, network->context->memory);
  dni__network_list(network, &manifest);
  dni_status status = path ? dni__file_save(&manifest, network->leftovers, "network", path)
                           : dni__file_write(&manifest, network->leftovers, "network", writer);
  dni__manifest_free(&manifest);
  return status;
}

dni_status dni_network_save(dni_network *network, const char *path) {
  DNI_REQUIRE(network);
  DNI_REQUIRE(path);
  return save(network, path, NULL);
}

dni_status dni_network_write(dni_network *network, const dni_writer *writer) {
  DNI_REQUIRE(network);
  DNI_REQUIRE(writer);
  return save(network, NULL, writer);
}

/* Making layers. ------------------------------------------------------------------------------- */

/* What a file says of a layer. */
typedef struct description {
  char prefix[32]; /* "layers.3." */
  const char *kind;
  size_t inputs, outputs;
  dni_activation activation;
} description;

static const char *text_of(const dni__file *file, const description *d, const char *name) {
  char whole[64];
  (void)snprintf(whole, sizeof whole, "%s%s", d->prefix, name);
  return dni__file_text(file, whole);
}

static dni_status read_count(const dni__file *file, const description *d, const char *name,
                             size_t *count) {
  uint64_t value = 0;
  const dni__place place = {.kind = DNI__PLACE_COUNT, .at.count = &value};
  const char *text = text_of(file, d, name);
  if (!text || !dni__place_read(&place, text, true) || value == 0)
    return dni__fail(DNI_ERROR_DATA, "%s is %s, expected 1 or more", name,
                     text ? dni__shown(text).text : "missing");
  if (value > SIZE_MAX)
    return dni__fail(DNI_ERROR_DATA, "%s is %s, more than this system can address", name,
                     dni__shown(text).text);
  *count = (size_t)value;
  return DNI_OK;
}

static dni_status read_activation(const dni__file *file, description *d) {
  const char *text = text_of(file, d, "activation");
  d->activation = DNI_ACTIVATION_IDENTITY;
  if (!text) return dni__fail(DNI_ERROR_DATA, "its activation is missing");
  while (dni__activation_known(d->activation) && strcmp(dni_activation_name(d->activation), text))
    d->activation++;
  if (dni__activation_known(d->activation)) return DNI_OK;
  return dni__fail(DNI_ERROR_UNSUPPORTED, "its activation %s is unknown", dni__shown(text).text);
}

/* The file has the matrix, so what is made is no larger than the file. */
static dni_status check_matrix(const dni__file *file, const description *d, const char *name,
                               size_t rows, size_t columns) {
  char whole[64];
  (void)snprintf(whole, sizeof whole, "%s%s", d->prefix, name);
  if (dni__file_has_matrix(file, whole, rows, columns)) return DNI_OK;
  return dni__fail(DNI_ERROR_DATA, "the file has no %s of %zu x %zu", name, rows, columns);
}

static dni_status make_dense(dni_context *context, const dni__file *file, description *d,
                             dni_layer **out) {
  DNI_TRY(read_activation(file, d));
  DNI_TRY(check_matrix(file, d, "weight", d->outputs, d->inputs));
  return dni__dense_create_zero(context, d->inputs, d->outputs, d->activation, out);
}

static dni_status make_activation(dni_context *context, const dni__file *file, description *d,
                                  dni_layer **out) {
  DNI_TRY(read_activation(file, d));
  return dni_layer_create_activation(context, d->inputs, d->activation, out);
}

static dni_status make_batch_norm(dni_context *context, const dni__file *file, description *d,
                                  dni_layer **out) {
  DNI_TRY(check_matrix(file, d, "scale", 1, d->inputs));
  return dni_layer_create_batch_norm(context, d->inputs, out);
}

static dni_status make_layer_norm(dni_context *context, const dni__file *file, description *d,
                                  dni_layer **out) {
  DNI_TRY(check_matrix(file, d, "scale", 1, d->inputs));
  return dni_layer_create_layer_norm(context, d->inputs, out);
}

/* Its stream comes from the file: none is taken from the context. */
static dni_status make_dropout(dni_context *context, const dni__file *file, description *d,
                               dni_layer **out) {
  const dni_random_options options = {.struct_size = sizeof options, .has_seed = 1};
  (void)file;
  return dni_layer_create_dropout(context, d->inputs, 0, &options, out);
}

static const struct {
  const char *kind;
  bool keeps_width; /* as many outputs as inputs */
  dni_status (*make)(dni_context *context, const dni__file *file, description *d, dni_layer **out);
} kinds[] = {
    {"dense", false, make_dense},          {"activation", true, make_activation},
    {"batch_norm", true, make_batch_norm}, {"layer_norm", true, make_layer_norm},
    {"dropout", true, make_dropout},
};

static dni_status make_layer(dni_context *context, const dni__file *file, description *d,
                             dni_layer **out) {
  DNI_TRY(read_count(file, d, "inputs", &d->inputs));
  DNI_TRY(read_count(file, d, "outputs", &d->outputs));
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (strcmp(kinds[i].kind, d->kind) != 0) continue;
    if (kinds[i].keeps_width && d->inputs != d->outputs)
      return dni__fail(DNI_ERROR_DATA, "%zu inputs and %zu outputs do not fit", d->inputs,
                       d->outputs);
    return kinds[i].make(context, file, d, out);
  }
  if (!strcmp(d->kind, "callback"))
    return dni__fail(DNI_ERROR_UNSUPPORTED,
                     "it is a layer of the caller's own: make the network and load into it with "
                     "dni_checkpoint_add_network");
  return dni__fail(DNI_ERROR_UNSUPPORTED, "its kind %s is unknown", dni__shown(d->kind).text);
}

/* Networks. ------------------------------------------------------------------------------------ */

/* *added: whether the file has a layer of this number. What a layer refuses as an argument came from
 * the file. */
static dni_status add_layer(const dni__file *file, dni_network *network, bool *added) {
  description d = {.prefix = ""};
  dni_layer *layer;
  (void)snprintf(d.prefix, sizeof d.prefix, "layers.%zu.", network->count);
  d.kind = text_of(file, &d, "kind");
  *added = d.kind != NULL;
  if (!*added) return DNI_OK;
  dni_status status = make_layer(network->context, file, &d, &layer);
  if (status != DNI_OK) return dni__fail_prefix(status, "layer %zu: ", network->count);
  status = dni_network_add(network, layer);
  dni_layer_release(layer); /* the network has its own reference */
  return status;
}

static dni_status check_count(const dni__file *file, size_t count) {
  uint64_t value = 0;
  const dni__place place = {.kind = DNI__PLACE_COUNT, .at.count = &value};
  const char *text = dni__file_text(file, "layers");
  if (!text) return dni__fail(DNI_ERROR_DATA, "there is no layers");
  if (!dni__place_read(&place, text, true) || value != count)
    return dni__fail(DNI_ERROR_DATA, "layers is %s, but there are %zu", dni__shown(text).text,
                     count);
  return DNI_OK;
}

static dni_status add_layers(const dni__file *file, dni_network *network) {
  bool more = true;
  while (more)
    DNI_TRY(add_layer(file, network, &more));
  if (network->count == 0) return dni__fail(DNI_ERROR_DATA, "there is no network in it");
  return check_count(file, network->count);
}

/* What a training has besides its network: it would not fit the network when that is saved again. */
static void ignore_training(dni__file *file) {
  static const char *const of_trainings[] = {"modules", "module_optimisers.", "sg_optimisers.",
                                             "trainer."};
  for (size_t i = 0; i < sizeof of_trainings / sizeof of_trainings[0]; i++)
    dni__file_ignore(file, of_trainings[i]);
}

/* SGs are the caller's to make. */
static dni_status fill(dni__file *file, dni_network *network) {
  dni__manifest manifest;
  DNI_TRY(dni__file_say(file, add_layers(file, network)));
  ignore_training(file);
  dni__manifest_init(&manifest, network->context->memory);
  list_layers(network, &manifest);
  dni_status status = dni__file_load(file, &manifest, "network", false, &network->leftovers);
  dni__manifest_free(&manifest);
  return status;
}

static dni_status make_network(dni_context *context, dni__file *file, dni_network **out) {
  size_t size;
  const unsigned char *bytes = dni__file_foreign(file, &size);
  if (bytes) return dni__file_say(file, dni__network_from_old_file(context, bytes, size, out));
  dni_network *network;
  DNI_TRY(dni_network_create(context, &network));
  dni_status status = fill(file, network);
  if (status == DNI_OK) {
    *out = network;
    return DNI_OK;
  }
  dni_network_release(network);
  return status;
}

/* Arguments that a layer or the network refuses came from the file. */
static dni_status load(dni_context *context, dni__file *file, dni_network **out) {
  dni_status status = make_network(context, file, out);
  dni__file_close(file);
  return status == DNI_ERROR_ARGUMENT ? dni__fail_prefix(DNI_ERROR_DATA, "%s", "") : status;
}

dni_status dni_network_load(dni_context *context, const char *path, dni_network **out) {
  dni__file *file;
  DNI_REQUIRE(context);
  DNI_REQUIRE(path);
  DNI_REQUIRE(out);
  DNI_TRY(dni__file_open(context->memory, path, &file));
  return load(context, file, out);
}

dni_status dni_network_read(dni_context *context, const dni_reader *reader, dni_network **out) {
  dni__file *file;
  DNI_REQUIRE(context);
  DNI_REQUIRE(reader);
  DNI_REQUIRE(out);
  DNI_TRY(dni__file_read(context->memory, reader, &file));
  return load(context, file, out);
}
