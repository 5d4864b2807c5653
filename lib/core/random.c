/* Random streams: xoshiro256++ of D. Blackman and S. Vigna (2019), public-domain algorithm, its
 * state filled by splitmix64 as its authors advise. One stream per object keeps results independent
 * of the order in which objects are used. */
#include <math.h>

#include "core/core.h"

static uint64_t splitmix64(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* The stream number is mixed before it meets the seed, so neighbouring seeds and streams share
 * nothing. */
void dni__random_init(dni__random *random, uint64_t seed, uint64_t stream) {
  uint64_t mixed_stream = stream;
  uint64_t state = seed ^ splitmix64(&mixed_stream);
  for (int i = 0; i < 4; i++)
    random->state[i] = splitmix64(&state);
}

static uint64_t rotate_left(uint64_t x, int bits) {
  return (x << bits) | (x >> (64 - bits));
}

uint64_t dni__random_u64(dni__random *random) {
  uint64_t *s = random->state;
  uint64_t result = rotate_left(s[0] + s[3], 23) + s[0];
  uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate_left(s[3], 45);
  return result;
}

double dni__random_uniform(dni__random *random) {
  return (double)(dni__random_u64(random) >> 11) * 0x1.0p-53;
}

/* Box-Muller, one number per call: no spare to carry, so the state is the four words alone. */
double dni__random_normal(dni__random *random) {
  double u = 1.0 - dni__random_uniform(random); /* (0, 1] */
  double v = dni__random_uniform(random);
  return sqrt(-2.0 * log(u)) * cos(2.0 * 3.14159265358979323846 * v);
}

/* Rejection: drop the values above the largest multiple of bound. */
size_t dni__random_below(dni__random *random, size_t bound) {
  uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t value;
  do
    value = dni__random_u64(random);
  while (value >= limit);
  return (size_t)(value % bound);
}

void dni__random_fill_normal(dni__random *random, dni_dtype dtype, void *data, size_t count,
                             double deviation) {
  dni_matrix view = dni__matrix_make(data, 1, count, dtype);
  for (size_t i = 0; i < count; i++)
    dni__matrix_set(&view, 0, i, deviation * dni__random_normal(random));
}
