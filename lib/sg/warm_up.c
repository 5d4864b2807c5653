/* The answer 0 until the inner estimator has had some lessons, then its own answers. */
#include "sg/blend.h"
#include "sg/wrapper.h"

typedef struct warm_up {
  dni__wrapper wrapper;
  uint64_t lessons; /* until it answers */
} warm_up;

static bool is_cold(const warm_up *outer) {
  return outer->wrapper.lessons < outer->lessons;
}

static dni_status warm_up_estimate(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                   const dni_matrix *error, const dni_matrix *delta) {
  (void)error;
  const warm_up *outer = (const warm_up *)sg;
  if (!is_cold(outer)) return dni__wrapper_predict(&outer->wrapper, h, y, delta);
  dni__sg_clear(delta);
  return DNI_OK;
}

/* What it answered while cold was not M(h, y), from which the lesson starts. */
static dni_status warm_up_learn(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                const dni_matrix *target, const dni_matrix *prediction,
                                dni__pair_sums *sums) {
  warm_up *outer = (warm_up *)sg;
  return dni__wrapper_teach(&outer->wrapper, h, y, target, is_cold(outer) ? NULL : prediction,
                            sums);
}

static const dni__sg_vtable warm_up_vtable = {
    .kind = DNI_SG_WARM_UP,
    .name = "warm_up",
    .estimate = warm_up_estimate,
    .learn = warm_up_learn,
    .reserve = dni__wrapper_reserve,
    .destroy = dni__wrapper_destroy,
};

dni_status dni_sg_create_warm_up(dni_context *context, dni_sg *inner, uint64_t lessons,
                                 dni_sg **out) {
  DNI_TRY(dni__wrapper_create(context, sizeof(warm_up), &warm_up_vtable, inner, out));
  ((warm_up *)*out)->lessons = lessons;
  return DNI_OK;
}
