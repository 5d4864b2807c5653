/* Updates of parameters (optimiser/adam.c, sgd.c), for one way to keep moments. Included with MOMENT, their type,
 * MOMENT_ROOT_MOST, as REAL_ROOT_MOST for what they hold, UPDATE(name), LOAD(moment), their values, and
 * KEEP(value, random) defined, which get 16 random bits where they need them. */

/* A gradient whose square would be too large counts as MOMENT_ROOT_MOST. m / sqrt(v) is then what it
 * should be, since it does not depend on the size of gradients, and v stays finite, rounded too; where weight decay
 * alone makes it infinite, w becomes NaN rather than stay where it is for ever. */
static void UPDATE(adam_arrays)(size_t count, REAL *restrict w, const REAL *restrict g,
                                MOMENT *restrict m, MOMENT *restrict v, const dni__adam_step *step,
                                const dni__chance *chance) {
  const REAL rate = FN(nearest)(step->rate), inverse_bias2 = (REAL)step->inverse_bias2;
  const REAL beta1 = (REAL)step->beta1, beta2 = (REAL)step->beta2, epsilon = (REAL)step->epsilon;
  const REAL rest1 = (REAL)(1 - step->beta1), rest2 = (REAL)(1 - step->beta2);
  const REAL decay = (REAL)step->decay, shrink = FN(nearest)(step->shrink);
  const REAL scale = (REAL)step->gradient_scale;
  const REAL limit = (REAL)fmin(step->gradient_limit, MOMENT_ROOT_MOST);
  const uint32_t seed = chance->seed, first = chance->first;
  for (size_t i = 0; i < count; i++) {
    const uint32_t random = dni__chance_bits(seed, first + (uint32_t)i);
    REAL gradient = FN(used_gradient)(g[i], w[i], scale, limit, decay);
    REAL mean = beta1 * LOAD(m[i]) + rest1 * gradient;
    REAL square = beta2 * LOAD(v[i]) + rest2 * gradient * gradient;
    REAL moved =
        w[i] - (shrink * w[i] + rate * mean / (REAL_SQRT(square) * inverse_bias2 + epsilon));
    w[i] = FN(or_nan)(moved, moved + square);
    m[i] = KEEP(mean, random & 0xffff);
    v[i] = KEEP(square, random >> 16);
  }
}

static void UPDATE(adam)(size_t count, void *w, const void *g, void *m, void *v,
                         const dni__adam_step *step, const dni__chance *chance) {
  UPDATE(adam_arrays)(count, w, g, m, v, step, chance);
}

static void UPDATE(sgd_momentum)(size_t count, REAL *restrict w, const REAL *restrict g,
                                 MOMENT *restrict v, const dni__sgd_step *step,
                                 const dni__chance *chance) {
  const REAL rate = FN(nearest)(step->rate), decay = (REAL)step->decay;
  const REAL momentum = (REAL)step->momentum;
  const REAL scale = (REAL)step->gradient_scale, limit = (REAL)step->gradient_limit;
  const uint32_t seed = chance->seed, first = chance->first;
  for (size_t i = 0; i < count; i++) {
    const uint32_t random = dni__chance_bits(seed, first + (uint32_t)i);
    REAL velocity = momentum * LOAD(v[i]) + FN(used_gradient)(g[i], w[i], scale, limit, decay);
    REAL moved = w[i] - rate * velocity;
    w[i] = FN(or_nan)(moved, moved);
    const bool is_large = !(velocity > -0x1p127F && velocity < 0x1p127F); /* not up to infinity */
    v[i] = KEEP(velocity, is_large ? 0 : random & 0xffff);
  }
}

static void UPDATE(sgd)(size_t count, void *w, const void *g, void *v, const dni__sgd_step *step,
                        const dni__chance *chance) {
  if (v)
    UPDATE(sgd_momentum)(count, w, g, v, step, chance);
  else
    FN(sgd_plain)(count, w, g, step);
}

#undef MOMENT
#undef MOMENT_ROOT_MOST
#undef UPDATE
#undef LOAD
#undef KEEP
