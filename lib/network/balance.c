/* Cutting a row of costs into runs of about the same sum. */
#include <math.h>

#include "core/core.h"
#include "dni/research.h"

/* Whether `parts` runs can be cut with no sum above `most`; lengths [parts] receives their lengths.
 * Filled from the last run, which bears no cut_cost, down; each leaves one cost for every run
 * below. */
static bool fill(const double *costs, size_t count, size_t parts, double cut_cost, double most,
                 size_t *lengths) {
  size_t left = count;
  for (size_t run = parts; run-- > 0;) {
    double sum = run + 1 == parts ? 0 : cut_cost;
    lengths[run] = 0;
    while (left > run && sum + costs[left - 1] <= most) {
      sum += costs[--left];
      lengths[run]++;
    }
    if (lengths[run] == 0) return false;
  }
  return left == 0;
}

static dni_status check(const double *costs, size_t count, size_t parts, double cut_cost) {
  if (parts == 0 || parts > count)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_costs_balance: %zu parts of %zu costs", parts, count);
  for (size_t i = 0; i < count; i++)
    if (!(isfinite(costs[i]) && costs[i] >= 0))
      return dni__fail(DNI_ERROR_ARGUMENT, "dni_costs_balance: costs[%zu] is %g", i, costs[i]);
  if (!(isfinite(cut_cost) && cut_cost >= 0))
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_costs_balance: cut_cost is %g", cut_cost);
  return DNI_OK;
}

/* Bisection on the largest sum. */
dni_status dni_costs_balance(const double *costs, size_t count, size_t parts, double cut_cost,
                             size_t *lengths) {
  DNI_REQUIRE(costs);
  DNI_REQUIRE(lengths);
  DNI_TRY(check(costs, count, parts, cut_cost));
  double least = 0, most = cut_cost;
  for (size_t i = 0; i < count; i++)
    most += costs[i];
  most *= 1 + 1e-9; /* sums are rounded in another order */
  if (!isfinite(most))
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_costs_balance: the sum is not finite");
  for (int step = 0; step < 60; step++) {
    double middle = least + 0.5 * (most - least);
    if (fill(costs, count, parts, cut_cost, middle, lengths))
      most = middle;
    else
      least = middle;
  }
  (void)fill(costs, count, parts, cut_cost, most, lengths);
  return DNI_OK;
}
