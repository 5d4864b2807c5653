/* Solving X A = B for a symmetric, positive definite A, by Cholesky's factorisation A = L L^T. Nearly
 * all of it is matrix products. Internal. */
#ifndef DNI_SG_CHOLESKY_H
#define DNI_SG_CHOLESKY_H

#include "backend/backend.h"
#include "core/context.h"
#include "math/kernels.h"

/* The working space of a factorisation. */
typedef struct dni__cholesky {
  dni_matrix factor;   /* [n][n]: the lower triangle of A, then L; what is above is not looked at */
  dni_matrix inverses; /* [n][block]: the inverse of each diagonal block of L */
  dni_matrix least;    /* [1][n]: a pivot must be above it, or its row and column are left out */
} dni__cholesky;

/* A becomes L. `panel` [n][block] is working space. Where every number that counts is finite, so are
 * the results. */
dni_status dni__cholesky_factor(const dni_context *context, dni_backend *backend,
                                const dni__cholesky *cholesky, const dni_matrix *panel);

/* `rows` [m][k] becomes X, where X A' = rows and A' is A's first k rows and columns. Columns that were
 * left out are 0. `panel` [m][block] is working space. */
dni_status dni__cholesky_solve(dni_backend *backend, const dni__cholesky *cholesky,
                               const dni_matrix *rows, const dni_matrix *panel);

#endif
