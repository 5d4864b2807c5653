/* The answer 0 until the inner SG has had some lessons, then its own answers. */
#include "sg/blend.h"
#include "sg/wrapper.h"

typedef struct warm_up {
  dni__wrapper wrapper;
  uint64_t lessons; /* until it answers */
} warm_up;

static bool is_cold(const warm_up *outer) {
  return outer->wrapper.lessons < outer->lessons;
}

static dni_status warm_up_estimate(dni_sg *sg, const dni_sg_call *call) {
  const warm_up *outer = (const warm_up *)sg;
  if (!is_cold(outer)) return dni__wrapper_predict(&outer->wrapper, call);
  dni__sg_clear(call->delta);
  return DNI_OK;
}

/* What it answered while cold was not M(h, y), from which the lesson starts. */
static dni_status warm_up_learn(dni_sg *sg, const dni_sg_call *call, dni__pair_sums *sums) {
  warm_up *outer = (warm_up *)sg;
  dni_sg_call lesson = *call;
  if (is_cold(outer)) lesson.prediction = NULL;
  return dni__wrapper_teach(&outer->wrapper, &lesson, sums);
}

static void warm_up_list(dni_sg *sg, dni__manifest *manifest) {
  dni__manifest_fixed_count(manifest, "cold_lessons", ((warm_up *)sg)->lessons);
}

static const dni__sg_vtable warm_up_vtable = {
    .kind = DNI_SG_WARM_UP,
    .name = "warm_up",
    .wraps = true,
    .makes_prediction = true,
    .estimate = warm_up_estimate,
    .learn = warm_up_learn,
    .list = warm_up_list,
    .reserve = dni__wrapper_reserve,
    .destroy = dni__wrapper_destroy,
};

dni_status dni_sg_create_warm_up(dni_context *context, dni_sg *inner, uint64_t lessons,
                                 dni_sg **out) {
  DNI_TRY(dni__wrapper_create(context, sizeof(warm_up), &warm_up_vtable, inner, out));
  ((warm_up *)*out)->lessons = lessons;
  return DNI_OK;
}
