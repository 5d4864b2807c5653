/* The terms of the condition once more, not from what the library computed on the way but by the
 * formulas of a linear model and its linear SG, from their parameters, in long double:
 *
 *   h = x W1' + b1    dL/dh = ((h W2' + b2) - y) W2 / S    SG = ([h y] V' + v) / S
 *   dL/dtheta = (dL/dh)' [x 1] */
#include <math.h>

#include "guard.h"

/* The parameters, row-major as the library lays them out. */
typedef struct parameters {
  const double *w1, *b1, *w2, *b2, *v, *v0;
} parameters;

static const double *of_layer(dni_layer *layer, size_t index) {
  dni_matrix value;
  must(dni_layer_parameter(layer, index, &value, NULL));
  return value.data;
}

static const double *of_sg(dni_sg *sg, size_t index) {
  dni_matrix value;
  must(dni_sg_parameter(sg, index, &value, NULL));
  return value.data;
}

static parameters find_parameters(const machine *on) {
  return (parameters){.w1 = of_layer(on->lower, 0),
                      .b1 = of_layer(on->lower, 1),
                      .w2 = of_layer(on->upper, 0),
                      .b2 = of_layer(on->upper, 1),
                      .v = of_sg(on->sg, 0),
                      .v0 = of_sg(on->sg, 1)};
}

/* out = [left right] map' + offset, all of them rows. */
static void affine(const long double *input, size_t inputs, const double *map, const double *offset,
                   size_t outputs, long double *out) {
  for (size_t i = 0; i < outputs; i++) {
    out[i] = offset[i];
    for (size_t j = 0; j < inputs; j++)
      out[i] += map[i * inputs + j] * input[j];
  }
}

/* Both gradients of one example's mean-loss term towards h. */
static void differentiate(const parameters *of, const double *x, const double *y,
                          long double *synthetic, long double *exact) {
  long double wide[INPUTS], hy[HIDDEN + OUTPUTS], out[OUTPUTS];
  for (size_t j = 0; j < INPUTS; j++)
    wide[j] = x[j];
  affine(wide, INPUTS, of->w1, of->b1, HIDDEN, hy);
  for (size_t c = 0; c < OUTPUTS; c++)
    hy[HIDDEN + c] = y[c];
  affine(hy, HIDDEN, of->w2, of->b2, OUTPUTS, out);
  affine(hy, HIDDEN + OUTPUTS, of->v, of->v0, HIDDEN, synthetic);
  for (size_t i = 0; i < HIDDEN; i++) {
    exact[i] = 0;
    for (size_t c = 0; c < OUTPUTS; c++)
      exact[i] += (out[c] - y[c]) * of->w2[c * HIDDEN + i];
  }
}

terms measure(const machine *on) {
  parameters of = find_parameters(on);
  long double synthetic[HIDDEN], exact[HIDDEN], a[HIDDEN][INPUTS + 1] = {{0}};
  long double b[HIDDEN][INPUTS + 1] = {{0}}, error = 0, aa = 0, bb = 0, ab = 0;
  for (size_t s = 0; s < on->x.rows; s++) {
    const double *x = (const double *)on->x.data + s * INPUTS;
    differentiate(&of, x, (const double *)on->y.data + s * OUTPUTS, synthetic, exact);
    for (size_t i = 0; i < HIDDEN; i++) {
      error += (synthetic[i] - exact[i]) * (synthetic[i] - exact[i]);
      for (size_t j = 0; j <= INPUTS; j++) {
        a[i][j] += synthetic[i] * (j < INPUTS ? x[j] : 1);
        b[i][j] += exact[i] * (j < INPUTS ? x[j] : 1);
      }
    }
  }
  for (size_t i = 0; i < HIDDEN; i++)
    for (size_t j = 0; j <= INPUTS; j++) {
      aa += a[i][j] * a[i][j];
      bb += b[i][j] * b[i][j];
      ab += a[i][j] * b[i][j];
    }
  long double samples = (long double)on->x.rows;
  return (terms){.error = (double)(sqrtl(error) / samples),
                 .gradient = (double)(sqrtl(bb) / samples),
                 .cosine = aa > 0 && bb > 0 ? (double)(ab / sqrtl(aa * bb)) : 0};
}
