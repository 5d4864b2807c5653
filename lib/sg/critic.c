/* Critics (Czarnecki et al. 2017, Appendix A): phi(h, y), an estimate of each example's loss L,
 * linear or with one or two hidden layers of tanh units, trained on
 *
 *   E = mean over the batch of (phi(h, y) - L)^2
 *
 * and used through its gradient, delta = d phi / dh. dE/d phi per example is 2 (phi - L). A small E
 * says nothing about the gradient: that is the appendix's point. */
#include "sg/stack.h"

typedef struct critic {
  dni__stack stack;
  void *phi; /* [rows][1], and what goes back from it */
} critic;

static dni_matrix phi_view(const critic *module, size_t rows) {
  return dni__matrix_make(module->phi, rows, 1, module->stack.base.context->dtype);
}

/* From d phi / d phi = 1 back to h. */
static dni_status critic_estimate(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                  const dni_matrix *error, const dni_matrix *delta) {
  (void)error;
  const critic *module = (const critic *)sg;
  DNI_TRY(dni__stack_forward_hidden(&module->stack, h, y, delta->rows));
  dni_matrix dphi = phi_view(module, delta->rows);
  for (size_t r = 0; r < dphi.rows; r++)
    dni__matrix_set(&dphi, r, 0, 1);
  return dni__stack_backward(&module->stack, DNI_GRADIENT_SKIP, h, y, &dphi, delta);
}

static dni_status critic_estimate_loss(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                       const dni_matrix *loss) {
  return dni__stack_forward((const dni__stack *)sg, h, y, loss);
}

static dni_status critic_learn_loss(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                    const dni_matrix *loss, dni__pair_sums *sums) {
  const critic *module = (const critic *)sg;
  dni_matrix phi = phi_view(module, loss->rows);
  DNI_TRY(dni__stack_forward(&module->stack, h, y, &phi));
  sg->context->kernels->residual(phi.rows, 1, phi.data, phi.stride, loss->data, loss->stride, 2,
                                 sums);
  return dni__stack_backward(&module->stack, DNI_GRADIENT_REPLACE, h, y, &phi, NULL);
}

static dni_status critic_reserve(dni_sg *sg, size_t rows) {
  return dni__stack_reserve_with(sg, rows, 1, &((critic *)sg)->phi);
}

static void critic_destroy(dni_sg *sg) {
  dni__free(sg->context->memory, ((critic *)sg)->phi);
  dni__stack_destroy(sg);
}

static const dni__sg_vtable critic_vtable = {
    .kind = DNI_SG_CRITIC,
    .name = "critic",
    .estimate = critic_estimate,
    .estimate_loss = critic_estimate_loss,
    .learn_loss = critic_learn_loss,
    .reserve = critic_reserve,
    .destroy = critic_destroy,
};

static const dni__stack_kind critic_kind = {
    .size = sizeof(critic),
    .vtable = &critic_vtable,
    .activation = DNI_ACTIVATION_TANH,
    .hidden_layers = 1,
    .one_output = true,
};

dni_status dni_sg_create_critic(dni_context *context, size_t units, size_t targets,
                                const dni_sg_options *options, dni_sg **out) {
  DNI_REQUIRE(context);
  DNI_REQUIRE(out);
  return dni__stack_create(context, &critic_kind, units, targets, options, out);
}
