/* Shared by the suites that test layers, losses, optimisers and estimators: a context whose memory
 * is watched, matrices whose surroundings are watched, random numbers, comparisons.
 *
 * Matrices are strided, filled with NaN at first, and lie between guards of NaN: what reads
 * outside its view computes NaN, what writes outside it is found by support_teardown. */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <check.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dni.h"

/* As ck_assert_msg, for inner loops: that one reports to the parent process even when it holds. */
#define EXPECT(condition, ...)                                                                     \
  do {                                                                                             \
    if (!(condition)) ck_abort_msg(__VA_ARGS__);                                                   \
  } while (0)

#define EXPECT_OK(call)                                                                            \
  do {                                                                                             \
    dni_status status_ = (call);                                                                   \
    EXPECT(status_ == DNI_OK, "%s: %s: %s", #call, dni_status_name(status_), dni_last_message());  \
  } while (0)

/* The call fails like this, and says why in one line. */
#define EXPECT_STATUS(expected, call)                                                              \
  do {                                                                                             \
    dni_status status_ = (call);                                                                   \
    EXPECT(status_ == (expected), "%s: %s, expected %s", #call, dni_status_name(status_),          \
           dni_status_name(expected));                                                             \
    EXPECT(dni_last_message()[0] && !strchr(dni_last_message(), '\n'), "%s: message \"%s\"",       \
           #call, dni_last_message());                                                             \
  } while (0)

#define EXPECT_ARGUMENT(call) EXPECT_STATUS(DNI_ERROR_ARGUMENT, call)

#define EXPECT_TEXT(actual, expected) EXPECT(!strcmp(actual, expected), "\"%s\"", actual)

/* Memory. ------------------------------------------------------------------------------------ */

/* What went through the allocator of support_context(); any thread. */
typedef struct support_memory {
  atomic_size_t bytes, blocks; /* live */
  atomic_size_t calls;         /* of alloc and free together, ever */
  atomic_size_t faults;        /* bad alignment asked for, wrong size given back, written outside */
  atomic_size_t fail_after;    /* so many more calls of alloc succeed; SIZE_MAX: all */
  atomic_bool fail_once;       /* after one failure all succeed again */
} support_memory;

extern support_memory support_watched;
extern const dni_allocator support_allocator;

/* Around each test (a checked fixture): afterwards nothing may be allocated, no guard touched. */
void support_setup(void);
void support_teardown(void);

/* Contexts. ---------------------------------------------------------------------------------- */

/* Element type x instruction set x backend: what every numeric test runs on. */
typedef struct support_machine {
  const char *name;
  dni_dtype dtype;
  dni_instructions instructions;
  bool builtin; /* else the CBLAS that the library was built with, if there is one */
} support_machine;

enum { SUPPORT_MACHINES = 8, SUPPORT_DTYPES = 2 };
extern const support_machine support_machines[SUPPORT_MACHINES];
extern const dni_dtype support_dtypes[SUPPORT_DTYPES];

/* A context with the watched allocator; NULL if this processor lacks the instructions. */
dni_context *support_machine_context(int index);
/* The same with the builtin backend and the best instructions; and with a backend that is given. */
dni_context *support_context(dni_dtype dtype);
dni_context *support_backend_context(dni_dtype dtype, dni_backend *backend);

/* What contexts of the tests compute in: DNI_BF16 for floats if the environment has DNI_TEST_COMPUTE=bf16;
 * else 0. Tolerances for floats are then those of bf16. */
dni_dtype support_compute(dni_dtype dtype);

/* False: the library was built with FILES=none. */
bool support_has_files(void);

/* Backends with the watched allocator. NULL: the library was built without a CBLAS. */
dni_backend *support_builtin(void);
dni_backend *support_cblas(void);

/* The one of two tolerances that belongs to the element type. */
double support_tolerance(dni_dtype dtype, double f32, double f64);
/* The least normal number above 0, the largest finite one, and the largest below 1. */
double support_least(dni_dtype dtype);
double support_most(dni_dtype dtype);
double support_below_one(dni_dtype dtype);

/* Random numbers. ---------------------------------------------------------------------------- */

/* One stream per test, splitmix64, always from the same seed. */
uint64_t support_random(void);
size_t support_below(size_t end); /* 0 .. end - 1 */
double support_uniform(double least, double most);
double support_normal(void);

/* Matrices. ---------------------------------------------------------------------------------- */

/* NaN everywhere; three elements between rows. Freed by support_teardown. */
dni_matrix matrix_make(dni_dtype dtype, size_t rows, size_t columns);
/* Normal numbers, variance 1. */
dni_matrix matrix_random(dni_dtype dtype, size_t rows, size_t columns);
/* Each row 1 in one random column, else 0. */
dni_matrix matrix_one_hot(dni_dtype dtype, size_t rows, size_t columns);
dni_matrix matrix_filled(dni_dtype dtype, size_t rows, size_t columns, double value);
/* The same numbers in another element type, or in the same one. */
dni_matrix matrix_convert(const dni_matrix *from, dni_dtype dtype);

double matrix_get(const dni_matrix *view, size_t row, size_t column);
void matrix_set(const dni_matrix *view, size_t row, size_t column, double value);
void matrix_fill(const dni_matrix *view, double value);
void matrix_fill_random(const dni_matrix *view, double deviation);
void matrix_copy(const dni_matrix *from, const dni_matrix *to);

/* Every element: |actual - expected| <= tolerance (1 + |expected|); NaN equals NaN. */
void matrix_expect_close(const dni_matrix *actual, const dni_matrix *expected, double tolerance,
                         const char *what);
/* Bit for bit. */
void matrix_expect_same(const dni_matrix *actual, const dni_matrix *expected, const char *what);
/* No element is NaN. */
void matrix_expect_written(const dni_matrix *view, const char *what);
/* Still as matrix_make left it. */
void matrix_expect_untouched(const dni_matrix *view, const char *what);

/* Scalars, in the same sense. */
void expect_close(double actual, double expected, double tolerance, const char *what);

/* d f / d element by central differences; the element is put back. */
double matrix_difference(const dni_matrix *view, size_t row, size_t column, double step,
                         double (*f)(void *), void *argument);

/* Calls. -------------------------------------------------------------------------------------- */

/* The library's calls without the structs around their arguments; each answers the call's status.
 * States, weights, flags and options that are not mentioned are the defaults. */

dni_batch support_batch(const dni_matrix *x, const dni_matrix *y);

dni_status support_forward(dni_layer *layer, dni_mode mode, const dni_matrix *x, dni_matrix *y);
dni_status support_backward(dni_layer *layer, dni_gradient_flags flags, const dni_matrix *x,
                            const dni_matrix *y, dni_matrix *dy, dni_matrix *dx);

dni_status support_evaluate(const dni_loss *loss, const dni_matrix *h, const dni_matrix *y,
                            dni_matrix *delta, dni_matrix *per_example, double *mean);
dni_status support_correct(const dni_loss *loss, const dni_matrix *h, const dni_matrix *y,
                           double *count);

dni_status support_estimate(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                            const dni_matrix *error, dni_matrix *delta);
/* *mse is the SG's own loss if target is NULL; mse and cosine may be NULL. */
dni_status support_learn(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                         const dni_matrix *target, dni_matrix *prediction, double *mse,
                         double *cosine);
/* Of a critic: losses instead of a target. */
dni_status support_learn_loss(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                              const dni_matrix *losses, double *mse);

dni_status support_step(dni_trainer *trainer, const dni_matrix *x, const dni_matrix *y,
                        dni_step_report *report);

/* A main function's work: run the suite, answer what main returns. */
int support_run(Suite *suite);

#endif
