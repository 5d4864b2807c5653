/* Where training ends, computed without training: see optimum.c. It needs nothing but the C library,
 * so that a test can include it. */
#ifndef OPTIMUM_H
#define OPTIMUM_H

#include <stdbool.h>
#include <stddef.h>

/* x [rows][columns], the last column all 1; y [rows] is 0 or 1. */
typedef struct design {
  const double *x, *y;
  size_t rows, columns;
} design;

/* They answer false without memory, and after MAX_NEWTON steps that have found neither an optimum
 * nor a separating plane. */

/* The least squared error of x w; fitted [rows] becomes that x w. */
bool fit_squares(const design *of, double *fitted, double *mean_square);
/* The infimum of the log loss of the logits x w; 0 if a plane separates the two classes. */
bool fit_logistic(const design *of, double *loss, bool *separable);
/* The log loss at which training with a linear SG at the output ends; 0 if the regression alone
 * separates the classes. */
bool fit_synthetic(const design *of, double *loss, bool *separable);

#endif
