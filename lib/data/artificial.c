/* The artificial problems of Czarnecki et al. 2017, appendix D: x ~ N(0, I), labels by a random
 * hyperplane through the origin, by the same with noise, or at random.
 *
 * One stream gives, in this order: the hyperplane's normal vector, x row by row, then what the
 * labels need. So linear and noisy problems of one seed have the same x, and their labels differ in
 * exactly the swapped ones. */
#include "data/dataset.h"
#include "dni/research.h"

/* One label in ten, rounded down, is swapped in a noisy problem. */
#define NOISE_DIVISOR 10

static dni_status check(int32_t kind, size_t dimensions, size_t examples, size_t classes) {
  if (kind < DNI_ARTIFICIAL_LINEAR || kind > DNI_ARTIFICIAL_RANDOM)
    return dni__fail(DNI_ERROR_ARGUMENT, "artificial data: kind %d is unknown", (int)kind);
  if (dimensions == 0 || examples == 0)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "artificial data: %zu dimensions and %zu examples; both must be 1 or more",
                     dimensions, examples);
  if (classes != 1 && classes != 2)
    return dni__fail(DNI_ERROR_ARGUMENT, "artificial data: %zu classes, expected 1 or 2", classes);
  return DNI_OK;
}

static double dot(const dni_matrix *x, size_t row, const double *normal) {
  double sum = 0;
  for (size_t c = 0; c < x->columns; c++)
    sum += dni__matrix_get(x, row, c) * normal[c];
  return sum;
}

/* Swap exactly count / 10 labels, each choice of them equally likely: going through them, the next
 * is taken with probability (still to take) / (still to come). */
static void swap_some(dni__random *random, int32_t *labels, size_t count) {
  size_t wanted = count / NOISE_DIVISOR;
  for (size_t i = 0; i < count; i++)
    if (dni__random_below(random, count - i) < wanted) {
      labels[i] = 1 - labels[i];
      wanted--;
    }
}

static void draw(dni__random *random, int32_t kind, double *normal, const dni_matrix *x,
                 int32_t *labels) {
  dni__random_fill_normal(random, DNI_F64, normal, x->columns, 1);
  dni__random_fill_normal(random, x->dtype, x->data, x->rows * x->columns, 1);
  for (size_t r = 0; r < x->rows; r++)
    labels[r] = kind == DNI_ARTIFICIAL_RANDOM ? (int32_t)(dni__random_u64(random) >> 63)
                                              : dot(x, r, normal) > 0;
  if (kind == DNI_ARTIFICIAL_NOISY) swap_some(random, labels, x->rows);
}

/* For a sigmoid output: the labels as a column of numbers. */
static dni_status labels_to_numbers(dni__memory *memory, dni__content *content) {
  size_t rows = content->x.rows;
  void *data = dni__allocate(memory, rows, dni__dtype_size(content->x.dtype));
  if (!data) return DNI_ERROR_MEMORY;
  content->y = dni__matrix_make(data, rows, 1, content->x.dtype);
  for (size_t r = 0; r < rows; r++)
    dni__matrix_set(&content->y, r, 0, content->labels[r]);
  dni__free(memory, content->labels);
  content->labels = NULL;
  return DNI_OK;
}

static dni_status fill(dni_context *context, int32_t kind, size_t dimensions, size_t examples,
                       size_t classes, const dni_random_options *options, dni__content *content) {
  dni__memory *memory = context->memory;
  size_t elements;
  if (!dni__multiply(dimensions, examples, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: %zu x %zu examples do not fit", examples,
                     dimensions);
  void *data = dni__allocate(memory, elements, dni__dtype_size(context->dtype));
  content->x = dni__matrix_make(data, examples, dimensions, context->dtype);
  if (!data) return DNI_ERROR_MEMORY;
  content->labels = dni__allocate(memory, examples, sizeof *content->labels);
  if (!content->labels) return DNI_ERROR_MEMORY;
  double *normal = dni__allocate(memory, dimensions, sizeof *normal);
  if (!normal) return DNI_ERROR_MEMORY;
  dni__random random;
  dni_status status = dni__context_random_options(context, options, &random);
  if (status == DNI_OK) draw(&random, kind, normal, &content->x, content->labels);
  dni__free(memory, normal);
  if (status != DNI_OK) return status;
  content->classes = classes == 2 ? 2 : 0;
  return classes == 2 ? DNI_OK : labels_to_numbers(memory, content);
}

dni_status dni_dataset_create_artificial(dni_context *context, int32_t kind, size_t dimensions,
                                         size_t examples, size_t classes,
                                         const dni_random_options *options, dni_dataset **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  DNI_TRY(check(kind, dimensions, examples, classes));
  dni__content content = {.borrowed = false};
  dni_status status = fill(context, kind, dimensions, examples, classes, options, &content);
  if (status != DNI_OK) {
    dni__content_free(context->memory, &content);
    return status;
  }
  return dni__dataset_create(context, &content, out);
}
