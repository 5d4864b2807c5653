/* Eigenvalues of small symmetric matrices, by Jacobi's rotations. */
#include <math.h>
#include <stdlib.h>

#include "theorem1.h"

/* One rotation of Jacobi's, which makes a[p][q] zero. */
static void rotate(double *a, size_t n, size_t p, size_t q) {
  if (a[p * n + q] == 0) return;
  double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
  double t = copysign(1 / (fabs(theta) + hypot(theta, 1)), theta);
  double c = 1 / hypot(t, 1), s = t * c;
  for (size_t k = 0; k < n; k++) {
    double left = a[k * n + p], right = a[k * n + q];
    a[k * n + p] = c * left - s * right;
    a[k * n + q] = s * left + c * right;
  }
  for (size_t k = 0; k < n; k++) {
    double upper = a[p * n + k], lower = a[q * n + k];
    a[p * n + k] = c * upper - s * lower;
    a[q * n + k] = s * upper + c * lower;
  }
}

void find_eigenvalues(const long double *gram, size_t n, double *least, double *most) {
  double *a = numbers(n * n);
  for (size_t i = 0; i < n * n; i++)
    a[i] = (double)gram[i];
  for (int sweep = 0; sweep < 15; sweep++)
    for (size_t p = 0; p < n; p++)
      for (size_t q = p + 1; q < n; q++)
        rotate(a, n, p, q);
  *least = *most = a[0];
  for (size_t i = 1; i < n; i++) {
    *least = fmin(*least, a[i * n + i]);
    *most = fmax(*most, a[i * n + i]);
  }
  free(a);
}
