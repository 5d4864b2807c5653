/* What the files of least-squares SGs share. With z = [h, 1, y, r] (what of it is seen), n columns:
 *
 *   C <- (1 - rho) C + rho Z^T Z / B,   R <- (1 - rho) R + rho delta^T Z / B,
 *   W = R (C + lambda (tr C / n) I)^-1,   M = W z,
 *
 * with rho the forgetting, lambda the ridge, B rows in a lesson. W is the ridge solution over all
 * lessons, each weighing (1 - rho)^age. Internal. */
#ifndef DNI_SG_LEAST_SQUARES_H
#define DNI_SG_LEAST_SQUARES_H

#include "sg/cholesky.h"
#include "sg/guess.h"

/* Parameters, in this order. */
enum {
  DNI__LS_WEIGHT, /* W [units][n] */
  DNI__LS_GRAM,   /* C [n][n], its lower triangle */
  DNI__LS_MOMENT, /* R [units][n] */
  DNI__LS_GUESS,  /* two, if there is a loss */
};

#define DNI__LS_CHUNK 32 /* rows of Z at a time where Z has to be written down */

typedef struct dni__least_squares {
  dni_sg base;
  dni__guess guess;
  dni_optimiser *guess_optimiser; /* NULL: there is no guess */
  double forgetting, ridge, guess_rate;
  uint64_t solve_every;
  dni_condition condition;
  bool sees_y;              /* it is one with y */
  size_t inputs, h_columns; /* n; those of h among them, which come first */
  uint64_t lessons;
  bool begins;          /* the next rows begin a lesson, even if they are to be added to one */
  int exponent;         /* C and R are of 2^-exponent z; 0 unless z is huge */
  dni_matrix tail;      /* [rows][n - h_columns + 1]: 1, y, r, and working space for losses */
  dni_matrix chunks[2]; /* [CHUNK][n]: rows of Z, and of Z with the weights of the examples */
  bool behind;          /* W has not followed the sums yet, but is to be used */
  bool factored;        /* the factor is that of C as it is */
  dni_matrix x;         /* [rows, below units][n]: what dni__ls_answer works in */
  dni_matrix panel;     /* [larger of units and n][DNI_CHOLESKY_BLOCK] */
  dni__cholesky cholesky;
} dni__least_squares;

/* Z's columns after those of h, of `rows` rows: a view of the working space (least_squares.c). */
dni_matrix dni__ls_tail(const dni__least_squares *ls, size_t rows);

/* C and R take rows in, whose Z is [call->h, tail] (least_squares_sums.c); `begins`: what was there is
 * forgotten a little first. Before anything has changed: DNI_ERROR_NON_FINITE, if a number is not
 * finite or too large. One of the rows, at least, has a weight above 0. */
dni_status dni__ls_add(dni__least_squares *ls, const dni_sg_call *call, bool begins);

/* From sums to answers (least_squares_solve.c). _factor after a lesson, which does nothing if that is
 * done already; then either W once, _solve, or M for some rows without it, _answer, which costs less
 * for rows below units. So W may stay behind until it is wanted. DNI_ERROR_NON_FINITE: the solution
 * is not finite. After a failure W is still behind. */
dni_status dni__ls_factor(dni__least_squares *ls);
dni_status dni__ls_solve(dni__least_squares *ls);
bool dni__ls_answers(const dni__least_squares *ls, size_t rows);
dni_status dni__ls_answer(const dni__least_squares *ls, const dni_matrix *h,
                          const dni_matrix *delta);

#endif
