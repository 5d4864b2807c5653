/* What SGs around another one share: mixture, frozen and warm_up. They keep the inner SG, look at
 * what it looks at, and show its parameters as theirs. Internal. */
#ifndef DNI_SG_WRAPPER_H
#define DNI_SG_WRAPPER_H

#include "sg/sg.h"

/* Kinds embed this as their first member, or are just this. */
typedef struct dni__wrapper {
  dni_sg base;
  dni_sg *inner;
  uint64_t lessons; /* that the inner SG has had through this one, those with SKIP included */
} dni__wrapper;

/* A wrapper of `size` bytes around an inner SG that needs nothing. With a learn in the vtable the
 * inner one must learn from targets, else the parameters are shown without gradients. */
dni_status dni__wrapper_create(dni_context *context, size_t size, const dni__sg_vtable *vtable,
                               dni_sg *inner, dni_sg **out);

/* delta = M(h, y), the inner SG's answer, not multiplied with the weights. */
dni_status dni__wrapper_predict(const dni__wrapper *wrapper, const dni_sg_call *call);

/* A lesson for the inner SG. The call's prediction is its answer; NULL: it answers again. */
dni_status dni__wrapper_teach(dni__wrapper *wrapper, const dni_sg_call *call, dni__pair_sums *sums);

/* vtable functions. */
dni_status dni__wrapper_reserve(dni_sg *sg, size_t rows);
void dni__wrapper_destroy(dni_sg *sg);

#endif
