/* Making data sets: content, subsets and splits, sizes.
 *
 * A data set is a choice of examples that it shares, by a counted reference, with the subsets made
 * from it. */
#include "data/dataset.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Content. ------------------------------------------------------------------------------------- */

bool dni__data_fits(dni_dtype dtype, double value) {
  return fabs(value) <= (dtype == DNI_F32 ? (double)FLT_MAX : DBL_MAX);
}

void dni__content_free(dni__memory *memory, dni__content *content) {
  if (!content->borrowed) {
    dni__free(memory, content->x.data);
    dni__free(memory, content->y.data);
  }
  dni__free(memory, content->labels);
  dni__row_file_close(content->file);
}

dni_status dni__content_scale(dni__content *content, int32_t scaled, double factor, double offset,
                              const char *owner) {
  if (scaled != 0 && scaled != 1)
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: scaled is %d, expected 0 or 1", owner, (int)scaled);
  if (scaled == 0) return DNI_OK;
  if (!isfinite(factor) || !isfinite(offset))
    return dni__fail(DNI_ERROR_ARGUMENT, "%s: factor %g or offset %g is not finite", owner, factor,
                     offset);
  content->scaled = true;
  content->factor = factor;
  content->offset = offset;
  return DNI_OK;
}

static double byte_value(const dni__content *content, int byte) {
  return content->scaled ? byte * content->factor + content->offset : byte;
}

/* It is monotonic: both ends decide. */
dni_status dni__content_check_bytes(const dni__content *content, dni_dtype dtype,
                                    const char *owner) {
  if (dni__data_fits(dtype, byte_value(content, 0)) &&
      dni__data_fits(dtype, byte_value(content, 255)))
    return DNI_OK;
  return dni__fail(DNI_ERROR_ARGUMENT, "%s: factor %g and offset %g make bytes overflow", owner,
                   content->factor, content->offset);
}

/* Creation and release. ------------------------------------------------------------------------ */

static dni_status make_bytes(dni__examples *shared) {
  const dni__content *content = &shared->content;
  dni_dtype dtype = shared->context->dtype;
  if (content->x.dtype != DNI_U8) return DNI_OK;
  shared->bytes = dni__allocate(shared->context->memory, 256, dni__dtype_size(dtype));
  if (!shared->bytes) return DNI_ERROR_MEMORY;
  dni_matrix table = dni__matrix_make(shared->bytes, 1, 256, dtype);
  for (int byte = 0; byte < 256; byte++)
    dni__matrix_set(&table, 0, (size_t)byte, byte_value(content, byte));
  return DNI_OK;
}

static void examples_release(dni__examples *shared) {
  if (!dni__references_drop(&shared->references)) return;
  dni_context *context = shared->context;
  dni_destroy_callback destroy = shared->content.destroy;
  void *user = shared->content.user;
  dni__content_free(context->memory, &shared->content);
  dni__free(context->memory, shared->bytes);
  dni__free(context->memory, shared);
  dni_context_release(context);
  dni__callback_notify(destroy, user);
}

/* Without destroy, which is for when nothing can fail any more. */
static dni_status examples_create(dni_context *context, const dni__content *content,
                                  dni__examples **out) {
  dni__examples *made = dni__allocate(context->memory, 1, sizeof *made);
  if (!made) {
    dni__content unused = *content;
    dni__content_free(context->memory, &unused);
    return DNI_ERROR_MEMORY;
  }
  dni__references_init(&made->references);
  made->context = dni_context_retain(context);
  made->content = *content;
  made->content.destroy = NULL;
  dni_status status = make_bytes(made);
  if (status == DNI_OK)
    *out = made;
  else
    examples_release(made);
  return status;
}

/* `count` of the examples: the given rows, which are copied, or all if that is NULL. NULL with the
 * message set if there is no memory. */
static dni_dataset *dataset_create(dni__examples *shared, size_t count, const size_t *rows) {
  dni__memory *memory = shared->context->memory;
  dni_dataset *dataset = dni__allocate(memory, 1, sizeof *dataset);
  if (!dataset) return NULL;
  dni__references_init(&dataset->references);
  dni__references_add(&shared->references);
  dataset->examples = shared;
  dataset->count = count;
  if (!rows) return dataset;
  dataset->rows = dni__allocate(memory, count, sizeof *rows);
  if (!dataset->rows) {
    dni_dataset_release(dataset);
    return NULL;
  }
  memcpy(dataset->rows, rows, count * sizeof *rows);
  return dataset;
}

dni_status dni__dataset_create(dni_context *context, const dni__content *content,
                               dni_dataset **out) {
  dni__examples *shared;
  DNI_TRY(examples_create(context, content, &shared));
  dni_dataset *dataset = dataset_create(shared, content->x.rows, NULL);
  examples_release(shared); /* the data set has its own reference */
  if (!dataset) return DNI_ERROR_MEMORY;
  shared->content.destroy = content->destroy;
  dni__context_random(context, &dataset->random);
  *out = dataset;
  return DNI_OK;
}

dni_dataset *dni_dataset_retain(dni_dataset *dataset) {
  if (dataset) dni__references_add(&dataset->references);
  return dataset;
}

void dni_dataset_release(dni_dataset *dataset) {
  if (!dataset || !dni__references_drop(&dataset->references)) return;
  dni__examples *shared = dataset->examples;
  dni__memory *memory = shared->context->memory;
  dni__free(memory, dataset->rows);
  dni__free(memory, dataset);
  examples_release(shared);
}

/* Subsets and splits. -------------------------------------------------------------------------- */

/* Turn places in the data set into rows of its examples. */
static void to_rows(const dni_dataset *dataset, size_t *indices, size_t count) {
  for (size_t i = 0; i < count && dataset->rows; i++)
    indices[i] = dataset->rows[indices[i]];
}

static dni_status check_indices(const dni_dataset *dataset, const size_t *indices, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (indices[i] >= dataset->count)
      return dni__fail(DNI_ERROR_ARGUMENT, "subset: indices[%zu] is %zu, there are %zu examples", i,
                       indices[i], dataset->count);
  return DNI_OK;
}

dni_status dni_dataset_subset(dni_dataset *dataset, const size_t *indices, size_t count,
                              dni_dataset **out) {
  DNI_REQUIRE(dataset);
  DNI_REQUIRE(indices);
  DNI_REQUIRE(out);
  if (count == 0) return dni__fail(DNI_ERROR_ARGUMENT, "subset: count is 0");
  DNI_TRY(check_indices(dataset, indices, count));
  dni_dataset *made = dataset_create(dataset->examples, count, indices);
  if (!made) return DNI_ERROR_MEMORY;
  to_rows(dataset, made->rows, count);
  dni__context_random(dataset->examples->context, &made->random);
  *out = made;
  return DNI_OK;
}

/* Make both halves; which rows they have is filled in by divide. */
static dni_status make_halves(const dni_dataset *dataset, size_t count, const size_t *rows,
                              dni_dataset *halves[2]) {
  dni__examples *shared = dataset->examples;
  halves[0] = dataset_create(shared, count, rows);
  halves[1] = halves[0] ? dataset_create(shared, dataset->count - count, rows + count) : NULL;
  return halves[1] ? DNI_OK : DNI_ERROR_MEMORY;
}

/* rows: 0 .. all of the data set. Nothing fails after a stream has been taken. */
static dni_status divide(const dni_dataset *dataset, int32_t shuffle,
                         const dni_random_options *options, size_t *rows, dni_dataset *halves[2]) {
  dni_context *context = dataset->examples->context;
  dni__random random = dataset->random;
  if (shuffle && options) DNI_TRY(dni__context_random_options(context, options, &random));
  if (shuffle) dni__shuffle(&random, rows, dataset->count);
  to_rows(dataset, rows, dataset->count);
  for (size_t i = 0; i < 2; i++) {
    memcpy(halves[i]->rows, i == 0 ? rows : rows + halves[0]->count,
           halves[i]->count * sizeof *rows);
    dni__context_random(context, &halves[i]->random);
  }
  return DNI_OK;
}

static dni_status check_split(const dni_dataset *dataset, size_t count, int32_t shuffle) {
  if (count == 0 || count >= dataset->count)
    return dni__fail(DNI_ERROR_ARGUMENT, "split after %zu of %zu examples: both parts need some",
                     count, dataset->count);
  if (shuffle != 0 && shuffle != 1)
    return dni__fail(DNI_ERROR_ARGUMENT, "split: shuffle is %d, expected 0 or 1", (int)shuffle);
  return DNI_OK;
}

/* A random choice is the data set's first order, as dni_order_shuffle() makes it, cut in two. */
dni_status dni_dataset_split(dni_dataset *dataset, size_t count, int32_t shuffle,
                             const dni_random_options *options, dni_dataset **first,
                             dni_dataset **second) {
  DNI_REQUIRE(dataset);
  DNI_REQUIRE(first);
  DNI_REQUIRE(second);
  DNI_TRY(check_split(dataset, count, shuffle));
  dni__memory *memory = dataset->examples->context->memory;
  dni_dataset *halves[2] = {NULL, NULL};
  size_t *rows = dni__allocate(memory, dataset->count, sizeof *rows);
  if (!rows) return DNI_ERROR_MEMORY;
  for (size_t i = 0; i < dataset->count; i++)
    rows[i] = i;
  dni_status status = make_halves(dataset, count, rows, halves);
  if (status == DNI_OK) status = divide(dataset, shuffle, options, rows, halves);
  dni__free(memory, rows);
  for (size_t i = 0; i < 2 && status != DNI_OK; i++)
    dni_dataset_release(halves[i]);
  if (status != DNI_OK) return status;
  *first = halves[0];
  *second = halves[1];
  return DNI_OK;
}

/* Sizes. --------------------------------------------------------------------------------------- */

size_t dni_dataset_examples(const dni_dataset *dataset) {
  return dataset ? dataset->count : 0;
}

size_t dni_dataset_features(const dni_dataset *dataset) {
  return dataset ? dataset->examples->content.x.columns : 0;
}

size_t dni_dataset_targets(const dni_dataset *dataset) {
  if (!dataset) return 0;
  const dni__content *content = &dataset->examples->content;
  return content->classes > 0 ? content->classes : content->y.columns;
}

size_t dni_dataset_classes(const dni_dataset *dataset) {
  return dataset ? dataset->examples->content.classes : 0;
}
