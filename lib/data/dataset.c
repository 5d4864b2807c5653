/* What all data sets do: order, split, batch, scale.
 *
 * A data set is an order over examples that it shares, by a counted reference, with the splits made
 * from it. Class labels are kept as numbers and become one-hot rows only in the caller's batch. */
#include "data/dataset.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Examples with the references of the data sets that use them. */
typedef struct examples {
  dni__references references;
  dni_context *context;
  dni__content content;
} examples;

struct dni_dataset {
  dni__references references;
  examples *examples;
  size_t count;
  size_t *order;  /* [count] rows of the examples */
  size_t *origin; /* a split's first order; NULL: not a split, 0 .. count-1 */
  dni__random random;
};

bool dni__data_fits(dni_dtype dtype, double value) {
  return fabs(value) <= (dtype == DNI_F32 ? (double)FLT_MAX : DBL_MAX);
}

void dni__content_free(dni__memory *memory, dni__content *content) {
  if (!content->borrowed) {
    dni__free(memory, content->x.data);
    dni__free(memory, content->y.data);
  }
  dni__free(memory, content->labels);
}

/* Creation and release. ----------------------------------------------------------------------- */

static examples *examples_create(dni_context *context, const dni__content *content) {
  examples *made = dni__allocate(context->memory, 1, sizeof *made);
  if (!made) {
    dni__content unused = *content;
    dni__content_free(context->memory, &unused);
    return NULL;
  }
  dni__references_init(&made->references);
  dni_context_retain(context);
  made->context = context;
  made->content = *content;
  return made;
}

static void examples_release(examples *shared) {
  if (!dni__references_drop(&shared->references)) return;
  dni_context *context = shared->context;
  dni__content_free(context->memory, &shared->content);
  dni__free(context->memory, shared);
  dni_context_release(context);
}

static void restore_order(dni_dataset *dataset) {
  for (size_t i = 0; i < dataset->count; i++)
    dataset->order[i] = dataset->origin ? dataset->origin[i] : i;
}

/* `count` of the examples: those in `origin`, which is copied, or all if it is NULL. NULL with the
 * message set if there is no memory. */
static dni_dataset *dataset_create(examples *shared, size_t count, const size_t *origin) {
  dni__memory *memory = shared->context->memory;
  dni_dataset *dataset = dni__allocate(memory, 1, sizeof *dataset);
  if (!dataset) return NULL;
  dni__references_init(&dataset->references);
  dni__references_add(&shared->references);
  dataset->examples = shared;
  dataset->count = count;
  dataset->order = dni__allocate(memory, count, sizeof *dataset->order);
  if (origin) dataset->origin = dni__allocate(memory, count, sizeof *dataset->origin);
  if (!dataset->order || (origin && !dataset->origin)) {
    dni_dataset_release(dataset);
    return NULL;
  }
  if (origin) memcpy(dataset->origin, origin, count * sizeof *origin);
  restore_order(dataset);
  return dataset;
}

dni_status dni__dataset_create(dni_context *context, const dni__content *content,
                               dni_dataset **out) {
  examples *shared = examples_create(context, content);
  if (!shared) return DNI_ERROR_MEMORY;
  dni_dataset *dataset = dataset_create(shared, content->x.rows, NULL);
  examples_release(shared); /* the data set has its own reference */
  if (!dataset) return DNI_ERROR_MEMORY;
  dni__context_random(context, &dataset->random);
  *out = dataset;
  return DNI_OK;
}

dni_status dni_dataset_split(dni_dataset *dataset, size_t count, dni_dataset **first,
                             dni_dataset **second) {
  DNI_REQUIRE(dataset);
  DNI_REQUIRE(first);
  DNI_REQUIRE(second);
  if (count == 0 || count >= dataset->count)
    return dni__fail(DNI_ERROR_ARGUMENT, "split after %zu of %zu examples: both parts need some",
                     count, dataset->count);
  examples *shared = dataset->examples;
  dni_dataset *head = dataset_create(shared, count, dataset->order);
  dni_dataset *tail =
      head ? dataset_create(shared, dataset->count - count, dataset->order + count) : NULL;
  if (!tail) {
    dni_dataset_release(head);
    return DNI_ERROR_MEMORY;
  }
  dni__context_random(shared->context, &head->random);
  dni__context_random(shared->context, &tail->random);
  *first = head;
  *second = tail;
  return DNI_OK;
}

void dni_dataset_retain(dni_dataset *dataset) {
  if (dataset) dni__references_add(&dataset->references);
}

void dni_dataset_release(dni_dataset *dataset) {
  if (!dataset || !dni__references_drop(&dataset->references)) return;
  examples *shared = dataset->examples;
  dni__memory *memory = shared->context->memory;
  dni__free(memory, dataset->order);
  dni__free(memory, dataset->origin);
  dni__free(memory, dataset);
  examples_release(shared);
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

/* Order. --------------------------------------------------------------------------------------- */

dni_status dni_dataset_shuffle(dni_dataset *dataset) {
  DNI_REQUIRE(dataset);
  for (size_t i = dataset->count; i > 1; i--) {
    size_t j = dni__random_below(&dataset->random, i);
    size_t moved = dataset->order[i - 1];
    dataset->order[i - 1] = dataset->order[j];
    dataset->order[j] = moved;
  }
  return DNI_OK;
}

dni_status dni_dataset_unshuffle(dni_dataset *dataset) {
  DNI_REQUIRE(dataset);
  restore_order(dataset);
  return DNI_OK;
}

/* Scaling. ------------------------------------------------------------------------------------- */

/* x * factor + offset is monotonic in x, so all results fit if those of the extremes do. */
static bool scaled_fits(const dni_matrix *x, double factor, double offset) {
  double least = dni__matrix_get(x, 0, 0), most = least;
  for (size_t r = 0; r < x->rows; r++)
    for (size_t c = 0; c < x->columns; c++) {
      double value = dni__matrix_get(x, r, c);
      if (value < least) least = value;
      if (value > most) most = value;
    }
  return dni__data_fits(x->dtype, least * factor + offset) &&
         dni__data_fits(x->dtype, most * factor + offset);
}

dni_status dni_dataset_scale(dni_dataset *dataset, double factor, double offset) {
  DNI_REQUIRE(dataset);
  const dni__content *content = &dataset->examples->content;
  const dni_matrix *x = &content->x;
  if (!isfinite(factor) || !isfinite(offset))
    return dni__fail(DNI_ERROR_ARGUMENT, "scale: factor %g or offset %g is not finite", factor,
                     offset);
  if (content->borrowed)
    return dni__fail(DNI_ERROR_STATE, "scale: the examples are borrowed memory");
  if (dataset->origin)
    return dni__fail(DNI_ERROR_STATE, "scale: a split shares its examples; scale before splitting");
  if (!scaled_fits(x, factor, offset))
    return dni__fail(DNI_ERROR_DATA, "scale: x * %g + %g overflows", factor, offset);
  for (size_t r = 0; r < x->rows; r++)
    for (size_t c = 0; c < x->columns; c++)
      dni__matrix_set(x, r, c, dni__matrix_get(x, r, c) * factor + offset);
  return DNI_OK;
}

/* Batches. ------------------------------------------------------------------------------------- */

static dni_status check_range(const dni_dataset *dataset, size_t first, size_t count) {
  if (first > dataset->count || count > dataset->count - first)
    return dni__fail(DNI_ERROR_ARGUMENT, "batch of %zu examples from %zu: there are %zu", count,
                     first, dataset->count);
  return DNI_OK;
}

static dni_status check_batch(const dni_dataset *dataset, size_t first, const dni_matrix *x,
                              const dni_matrix *y) {
  dni_dtype dtype = dataset->examples->context->dtype;
  if (!x && !y) return dni__fail(DNI_ERROR_ARGUMENT, "batch: x and y are both NULL");
  size_t rows = x ? x->rows : y->rows;
  if (x) DNI_TRY(dni__matrix_check(x, dtype, dni_dataset_features(dataset), "x"));
  if (y) DNI_TRY(dni__matrix_check_rows(y, dtype, rows, dni_dataset_targets(dataset), "y"));
  return check_range(dataset, first, rows);
}

static void copy_rows(const dni_matrix *from, const size_t *order, const dni_matrix *to) {
  size_t bytes = from->columns * dni__dtype_size(from->dtype);
  for (size_t r = 0; r < to->rows; r++)
    memcpy(dni__matrix_row(to, r), dni__matrix_row(from, order[r]), bytes);
}

static void copy_one_hot(const int32_t *labels, const size_t *order, const dni_matrix *to) {
  size_t bytes = to->columns * dni__dtype_size(to->dtype);
  for (size_t r = 0; r < to->rows; r++) {
    memset(dni__matrix_row(to, r), 0, bytes); /* 0.0 in both element types */
    dni__matrix_set(to, r, (size_t)labels[order[r]], 1);
  }
}

dni_status dni_dataset_batch(const dni_dataset *dataset, size_t first, const dni_matrix *x,
                             const dni_matrix *y) {
  DNI_REQUIRE(dataset);
  DNI_TRY(check_batch(dataset, first, x, y));
  const dni__content *content = &dataset->examples->content;
  const size_t *order = dataset->order + first;
  if (x) copy_rows(&content->x, order, x);
  if (y && content->labels)
    copy_one_hot(content->labels, order, y);
  else if (y)
    copy_rows(&content->y, order, y);
  return DNI_OK;
}

dni_status dni_dataset_labels(const dni_dataset *dataset, size_t first, size_t count,
                              int32_t *labels) {
  DNI_REQUIRE(dataset);
  DNI_REQUIRE(labels);
  const dni__content *content = &dataset->examples->content;
  if (!content->labels)
    return dni__fail(DNI_ERROR_STATE, "the targets of this data set are numbers, not classes");
  DNI_TRY(check_range(dataset, first, count));
  for (size_t i = 0; i < count; i++)
    labels[i] = content->labels[dataset->order[first + i]];
  return DNI_OK;
}
