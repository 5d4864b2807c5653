/* dni_checkpoint: a list of things with names. What they consist of is asked anew for each save and
 * load, since a network may have got layers in the meantime. */
#include <string.h>

#include "data/dataset.h"
#include "dni/research.h"
#include "optimiser/optimiser.h"
#include "trainer/trainer.h"

#define NAME_MOST 100

typedef enum item_kind {
  ITEM_LAYER,
  ITEM_SG,
  ITEM_NETWORK,
  ITEM_OPTIMISER,
  ITEM_ORDER,
  ITEM_GUARD,
  ITEM_TRAINER,
  ITEM_MATRIX,
  ITEM_COUNT,
  ITEM_REAL
} item_kind;

typedef struct item {
  char name[NAME_MOST + 1];
  item_kind kind;
  void *object; /* kept; of the caller's numbers borrowed */
  dni_matrix matrix;
} item;

struct dni_checkpoint {
  dni__references references;
  dni_context *context;
  item *items;
  size_t count, capacity;
  dni__leftovers *leftovers; /* of the file that was loaded last; NULL: none */
};

dni_status dni_checkpoint_create(dni_context *context, dni_checkpoint **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  dni_checkpoint *checkpoint = dni__allocate(context->memory, 1, sizeof *checkpoint);
  if (!checkpoint) return DNI_ERROR_MEMORY;
  dni__references_init(&checkpoint->references);
  checkpoint->context = dni_context_retain(context);
  *out = checkpoint;
  return DNI_OK;
}

dni_checkpoint *dni_checkpoint_retain(dni_checkpoint *checkpoint) {
  if (checkpoint) dni__references_add(&checkpoint->references);
  return checkpoint;
}

static void release_item(const item *it) {
  switch (it->kind) {
  case ITEM_LAYER:
    dni_layer_release(it->object);
    break;
  case ITEM_SG:
    dni_sg_release(it->object);
    break;
  case ITEM_NETWORK:
    dni_network_release(it->object);
    break;
  case ITEM_OPTIMISER:
    dni_optimiser_release(it->object);
    break;
  case ITEM_ORDER:
    dni_order_release(it->object);
    break;
  case ITEM_GUARD:
    dni_guard_release(it->object);
    break;
  case ITEM_TRAINER:
    dni_trainer_release(it->object);
    break;
  default:
    break;
  }
}

void dni_checkpoint_release(dni_checkpoint *checkpoint) {
  if (!checkpoint || !dni__references_drop(&checkpoint->references)) return;
  dni_context *context = checkpoint->context;
  for (size_t i = 0; i < checkpoint->count; i++)
    release_item(&checkpoint->items[i]);
  dni__leftovers_release(context->memory, checkpoint->leftovers);
  dni__free(context->memory, checkpoint->items);
  dni__free(context->memory, checkpoint);
  dni_context_release(context);
}

/* Adding. ------------------------------------------------------------------------------------- */

static bool is_bad(const char *name) {
  for (const char *c = name; *c; c++)
    if ((unsigned char)*c < ' ' || *c == 0x7f) return true;
  return strlen(name) > NAME_MOST || !dni__is_utf8(name);
}

/* Those of the file itself. */
static bool is_reserved(const char *name) {
  return !strncmp(name, "libdni.", 7) || !strcmp(name, "__metadata__");
}

static dni_status check_name(const dni_checkpoint *checkpoint, const char *name, item_kind kind) {
  const bool may_be_empty = kind == ITEM_NETWORK || kind == ITEM_TRAINER;
  if (is_bad(name) || (!name[0] && !may_be_empty))
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "the name %s: expected 1 to %d bytes of UTF-8 without control characters",
                     dni__shown(name).text, NAME_MOST);
  if (is_reserved(name))
    return dni__fail(DNI_ERROR_ARGUMENT, "the name %s is one of the file's own",
                     dni__shown(name).text);
  for (size_t i = 0; i < checkpoint->count; i++)
    if (!strcmp(checkpoint->items[i].name, name))
      return dni__fail(DNI_ERROR_ARGUMENT, "the name %s is taken", dni__shown(name).text);
  return DNI_OK;
}

static dni_status make_room(dni_checkpoint *checkpoint) {
  if (checkpoint->count < checkpoint->capacity) return DNI_OK;
  size_t capacity = checkpoint->capacity ? 2 * checkpoint->capacity : 8;
  item *items = dni__allocate(checkpoint->context->memory, capacity, sizeof *items);
  if (!items) return DNI_ERROR_MEMORY;
  if (checkpoint->count > 0) memcpy(items, checkpoint->items, checkpoint->count * sizeof *items);
  dni__free(checkpoint->context->memory, checkpoint->items);
  checkpoint->items = items;
  checkpoint->capacity = capacity;
  return DNI_OK;
}

/* The item is filled in but for its name and its object's reference. */
static dni_status add(dni_checkpoint *checkpoint, const char *name, const item *it) {
  DNI_REQUIRE(checkpoint);
  DNI_REQUIRE(name);
  if (!it->object)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: what is added is NULL", dni__shown(name).text);
  DNI_TRY(check_name(checkpoint, name, it->kind));
  DNI_TRY(make_room(checkpoint));
  item *added = &checkpoint->items[checkpoint->count++];
  *added = *it;
  memcpy(added->name, name, strlen(name) + 1);
  return DNI_OK;
}

dni_status dni_checkpoint_add_layer(dni_checkpoint *checkpoint, const char *name,
                                    dni_layer *layer) {
  const item it = {.kind = ITEM_LAYER, .object = layer};
  DNI_TRY(add(checkpoint, name, &it));
  dni_layer_retain(layer);
  return DNI_OK;
}

dni_status dni_checkpoint_add_sg(dni_checkpoint *checkpoint, const char *name, dni_sg *sg) {
  const item it = {.kind = ITEM_SG, .object = sg};
  DNI_TRY(add(checkpoint, name, &it));
  dni_sg_retain(sg);
  return DNI_OK;
}

dni_status dni_checkpoint_add_network(dni_checkpoint *checkpoint, const char *name,
                                      dni_network *network) {
  const item it = {.kind = ITEM_NETWORK, .object = network};
  DNI_TRY(add(checkpoint, name, &it));
  dni_network_retain(network);
  return DNI_OK;
}

dni_status dni_checkpoint_add_optimiser(dni_checkpoint *checkpoint, const char *name,
                                        dni_optimiser *optimiser) {
  const item it = {.kind = ITEM_OPTIMISER, .object = optimiser};
  DNI_TRY(add(checkpoint, name, &it));
  dni_optimiser_retain(optimiser);
  return DNI_OK;
}

dni_status dni_checkpoint_add_order(dni_checkpoint *checkpoint, const char *name,
                                    dni_order *order) {
  const item it = {.kind = ITEM_ORDER, .object = order};
  DNI_TRY(add(checkpoint, name, &it));
  dni_order_retain(order);
  return DNI_OK;
}

dni_status dni_checkpoint_add_guard(dni_checkpoint *checkpoint, const char *name,
                                    dni_guard *guard) {
  const item it = {.kind = ITEM_GUARD, .object = guard};
  DNI_TRY(add(checkpoint, name, &it));
  (void)dni_guard_retain(guard);
  return DNI_OK;
}

dni_status dni_checkpoint_add_trainer(dni_checkpoint *checkpoint, const char *name,
                                      dni_trainer *trainer) {
  const item it = {.kind = ITEM_TRAINER, .object = trainer};
  DNI_TRY(add(checkpoint, name, &it));
  dni_trainer_retain(trainer);
  return DNI_OK;
}

dni_status dni_checkpoint_add_matrix(dni_checkpoint *checkpoint, const char *name,
                                     dni_matrix *matrix) {
  DNI_REQUIRE(matrix);
  if (!dni__dtype_has_matrices(matrix->dtype))
    return dni__fail(DNI_ERROR_ARGUMENT, "matrix has the unknown element type %d",
                     (int)matrix->dtype);
  DNI_TRY(dni__matrix_check(matrix, matrix->dtype, matrix->columns, "matrix"));
  const item it = {.kind = ITEM_MATRIX, .object = matrix, .matrix = *matrix};
  return add(checkpoint, name, &it);
}

dni_status dni_checkpoint_add_count(dni_checkpoint *checkpoint, const char *name, uint64_t *count) {
  const item it = {.kind = ITEM_COUNT, .object = count};
  return add(checkpoint, name, &it);
}

dni_status dni_checkpoint_add_real(dni_checkpoint *checkpoint, const char *name, double *real) {
  const item it = {.kind = ITEM_REAL, .object = real};
  return add(checkpoint, name, &it);
}

/* Listing. ------------------------------------------------------------------------------------ */

static void list_object(const item *it, dni__file *file, dni__manifest *manifest) {
  switch (it->kind) {
  case ITEM_LAYER:
    dni__layer_list(it->object, manifest);
    break;
  case ITEM_SG:
    dni__sg_list(it->object, manifest);
    break;
  case ITEM_NETWORK:
    dni__network_list(it->object, manifest);
    break;
  case ITEM_OPTIMISER:
    dni__optimiser_list(it->object, manifest);
    break;
  case ITEM_ORDER:
    dni__order_list(it->object, manifest);
    break;
  case ITEM_GUARD:
    dni__guard_list(it->object, manifest);
    break;
  default:
    dni__trainer_list(it->object, file, manifest);
  }
}

static void list_item(const item *it, dni__file *file, dni__manifest *manifest) {
  switch (it->kind) {
  case ITEM_MATRIX:
    dni__manifest_matrix(manifest, it->name, &it->matrix);
    return;
  case ITEM_COUNT:
    dni__manifest_count(manifest, it->name, it->object);
    return;
  case ITEM_REAL:
    dni__manifest_real(manifest, it->name, it->object);
    return;
  default:
    break;
  }
  size_t entered = dni__manifest_enter(manifest, "%s", it->name);
  list_object(it, file, manifest);
  dni__manifest_leave(manifest, entered);
}

/* `file` is the one that is loaded; NULL: a save. */
static void list(const dni_checkpoint *checkpoint, dni__file *file, dni__manifest *manifest) {
  dni__manifest_init(manifest, checkpoint->context->memory);
  for (size_t i = 0; i < checkpoint->count; i++)
    list_item(&checkpoint->items[i], file, manifest);
}

/* Saving and loading. ------------------------------------------------------------------------- */

static dni_status settle(const dni_checkpoint *checkpoint, const char *call) {
  if (checkpoint->count == 0)
    return dni__fail(DNI_ERROR_STATE, "nothing was added to the checkpoint");
  for (size_t i = 0; i < checkpoint->count; i++)
    if (checkpoint->items[i].kind == ITEM_TRAINER)
      DNI_TRY(dni__trainer_settle(checkpoint->items[i].object, call));
  return DNI_OK;
}

/* To a path, or to a writer. */
static dni_status save(dni_checkpoint *checkpoint, const char *path, const dni_writer *writer) {
  dni__manifest manifest;
  list(checkpoint, NULL, &manifest);
  dni_status status = path
                          ? dni__file_save(&manifest, checkpoint->leftovers, "checkpoint", path)
                          : dni__file_write(&manifest, checkpoint->leftovers, "checkpoint", writer);
  dni__manifest_free(&manifest);
  return status;
}

dni_status dni_checkpoint_save(dni_checkpoint *checkpoint, const char *path) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(checkpoint);
  DNI_REQUIRE(path);
  DNI_TRY(settle(checkpoint, "dni_checkpoint_save"));
  return save(checkpoint, path, NULL);
}

dni_status dni_checkpoint_write(dni_checkpoint *checkpoint, const dni_writer *writer) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(checkpoint);
  DNI_REQUIRE(writer);
  DNI_TRY(settle(checkpoint, "dni_checkpoint_write"));
  return save(checkpoint, NULL, writer);
}

/* What would be changed is not in use. */
static dni_status begin_load(const dni_checkpoint *checkpoint, const dni_load_options *given,
                             dni_load_options *options, const char *call) {
  DNI_TRY(dni__load_options_check(given, options));
  for (size_t i = 0; i < checkpoint->count; i++)
    if (checkpoint->items[i].kind == ITEM_TRAINER)
      DNI_TRY(dni__trainer_check_idle(checkpoint->items[i].object, call));
  return settle(checkpoint, call);
}

static void end_load(const dni_checkpoint *checkpoint) {
  for (size_t i = 0; i < checkpoint->count; i++)
    if (checkpoint->items[i].kind == ITEM_TRAINER)
      dni__trainer_end_load(checkpoint->items[i].object);
}

/* The file is closed. */
static dni_status load(dni_checkpoint *checkpoint, dni__file *file,
                       const dni_load_options *options) {
  dni__manifest manifest;
  list(checkpoint, file, &manifest);
  dni_status status =
      dni__file_load(file, &manifest, "checkpoint", options->finite, &checkpoint->leftovers);
  end_load(checkpoint);
  dni__manifest_free(&manifest);
  dni__file_close(file);
  return status;
}

dni_status dni_checkpoint_load(dni_checkpoint *checkpoint, const char *path,
                               const dni_load_options *options) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(checkpoint);
  DNI_REQUIRE(path);
  dni_load_options known;
  dni__file *file;
  DNI_TRY(begin_load(checkpoint, options, &known, "dni_checkpoint_load"));
  DNI_TRY(dni__file_open(checkpoint->context->memory, path, &file));
  return load(checkpoint, file, &known);
}

dni_status dni_checkpoint_read(dni_checkpoint *checkpoint, const dni_reader *reader,
                               const dni_load_options *options) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(checkpoint);
  DNI_REQUIRE(reader);
  dni_load_options known;
  dni__file *file;
  DNI_TRY(begin_load(checkpoint, options, &known, "dni_checkpoint_read"));
  DNI_TRY(dni__file_read(checkpoint->context->memory, reader, &file));
  return load(checkpoint, file, &known);
}
