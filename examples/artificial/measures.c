/* Numbers out of the table. */
#include <math.h>
#include <stdlib.h>

#include "artificial.h"

double optimum(const cell *in, const known *about, const trained *ran) {
  (void)ran;
  return in->loss == SQUARED ? about->squared : about->logarithm;
}

double backprop_loss(const cell *in, const known *about, const trained *ran) {
  (void)in, (void)about;
  return ran->backprop.loss;
}

double sg_loss(const cell *in, const known *about, const trained *ran) {
  (void)in, (void)about;
  return ran->sg.loss;
}

double sg_minus_optimum(const cell *in, const known *about, const trained *ran) {
  return ran->sg.loss - optimum(in, about, ran);
}

double sg_minus_backprop(const cell *in, const known *about, const trained *ran) {
  (void)in, (void)about;
  return ran->sg.loss - ran->backprop.loss;
}

bool has_closed_form(const cell *in) {
  return in->model == SHALLOW && in->loss == LOG;
}

double closed_end(const cell *in, const known *about, const trained *ran) {
  (void)ran;
  return has_closed_form(in) ? about->end : NAN;
}

double sg_minus_closed(const cell *in, const known *about, const trained *ran) {
  return ran->sg.loss - closed_end(in, about, ran);
}

double slow_minus_sg(const cell *in, const known *about, const trained *ran) {
  (void)in, (void)about;
  return ran->slow - ran->sg.loss;
}

double backprop_iterations(const cell *in, const known *about, const trained *ran) {
  (void)in, (void)about;
  return (double)ran->backprop.iterations;
}

double sg_iterations(const cell *in, const known *about, const trained *ran) {
  (void)in, (void)about;
  return (double)ran->sg.iterations;
}

double backprop_settled(const cell *in, const known *about, const trained *ran) {
  (void)in, (void)about;
  return ran->backprop.settled;
}

double sg_settled(const cell *in, const known *about, const trained *ran) {
  (void)in, (void)about;
  return ran->sg.settled;
}

double is_separable(const cell *in, const known *about, const trained *ran) {
  (void)in, (void)ran;
  return about->separable;
}

summary summarise(const results *all, const cell *in, measure *what) {
  const known *about = all->known + (size_t)in->problem * all->known_count;
  summary found = {.count = 0};
  for (size_t d = 0; d < all->of->datasets; d++) {
    double value = what(in, &about[d], &in->sets[d]);
    if (!isnan(value)) found.each[found.count++] = value;
  }
  return found;
}

double difference_at(const results *all, const cell *in, bool from_optimum, size_t checkpoint) {
  const known *about = all->known + (size_t)in->problem * all->known_count;
  double sum = 0;
  for (size_t d = 0; d < all->of->datasets; d++) {
    const trained *ran = &in->sets[d];
    sum += ran->sg.at[checkpoint] -
           (from_optimum ? optimum(in, &about[d], ran) : ran->backprop.at[checkpoint]);
  }
  return sum / (double)all->of->datasets;
}

/* Numbers below `below`, the same in every run (xorshift, G. Marsaglia 2003). */
static size_t draw(uint64_t *state, size_t below) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return (size_t)(*state % below);
}

static int by_size(const void *first, const void *second) {
  const double *a = first, *b = second;
  return (*a > *b) - (*a < *b);
}

/* The means of TABLE_SETS sets are not normally distributed where the gaps are not: so many of them
 * are drawn from the sets, and the percentiles taken. */
static void find_interval(const double *gaps, size_t count, closed_form *out) {
  enum { MEANS = 10000 };
  double *means = numbers(MEANS);
  uint64_t state = 88172645463325252u;
  for (size_t i = 0; i < MEANS; i++)
    for (int k = 0; k < TABLE_SETS; k++)
      means[i] += gaps[draw(&state, count)] / TABLE_SETS;
  qsort(means, MEANS, sizeof *means, by_size);
  out->low = means[MEANS / 40];
  out->high = means[MEANS - 1 - MEANS / 40];
  free(means);
}

closed_form find_closed_form(const results *all, const cell *in) {
  const known *about = all->known + (size_t)in->problem * all->known_count;
  double *gaps = numbers(all->known_count);
  closed_form found = {.sets = all->known_count};
  for (size_t i = 0; i < found.sets; i++) {
    gaps[i] = about[i].end - about[i].logarithm;
    found.end_separable += about[i].end_separable;
  }
  found.mean = mean_of(gaps, found.sets);
  found.deviation = deviation_of(gaps, found.sets);
  find_interval(gaps, found.sets, &found);
  free(gaps);
  return found;
}
