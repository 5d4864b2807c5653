/* What every estimator kind has in common, and the table a kind fills in. Internal. */
#ifndef DNI_SG_SG_H
#define DNI_SG_SG_H

#include "backend/backend.h"
#include "layer/parameter.h"
#include "math/kernels.h"

/* Views are checked before these are called; those the estimator does not look at may be NULL. */
typedef struct dni__sg_vtable {
  int32_t kind;
  const char *name;
  dni_status (*estimate)(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                         const dni_matrix *error, const dni_matrix *delta);
  /* NULL: does not learn from targets. prediction is given and may be overwritten; sums over it and
   * target are wanted. One that ignores it, since it is not the answer to be corrected, is given
   * NULL if the caller has none. */
  dni_status (*learn)(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                      const dni_matrix *target, const dni_matrix *prediction, dni__pair_sums *sums);
  bool ignores_prediction;
  /* Gradients of a loss of its own, and its mean. NULL: does not learn alone. */
  dni_status (*learn_alone)(dni_sg *sg, const dni_matrix *h, const dni_matrix *y, double *mean);
  /* change [rows][units] = J g, what M changes by along the parameters' gradients g. NULL: M is not
   * linear in its parameters. */
  dni_status (*change)(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                       const dni_matrix *change);
  /* loss [rows][1] = phi(h, y), and gradients of mean (phi - loss)^2. NULL: no critic. */
  dni_status (*estimate_loss)(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                              const dni_matrix *loss);
  dni_status (*learn_loss)(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                           const dni_matrix *loss, dni__pair_sums *sums);
  /* Where a tunable is kept; NULL if this kind does not have it. NULL: no tunables. */
  double *(*tunable)(dni_sg *sg, dni_param parameter);
  void (*tuned)(dni_sg *sg, dni_param parameter); /* one was set; NULL: nothing follows from it */
  /* Grow the kind's workspace to `rows`, more than the rows it has. NULL: none needed. */
  dni_status (*reserve)(dni_sg *sg, size_t rows);
  void (*destroy)(dni_sg *sg); /* the kind's own parts but the parameters; NULL: none */
} dni__sg_vtable;

/* Kinds embed this as their first member. */
struct dni_sg {
  dni__references references;
  dni_context *context;
  dni_backend *backend;
  const dni__sg_vtable *vtable;
  size_t units, targets, error_units; /* targets, error_units 0: not looked at */
  int32_t needs, learns;              /* DNI_SG_NEEDS_, DNI_SG_LEARNS_ values */
  bool looks_at_h, looks_at_y;
  dni__parameter *parameters;
  size_t parameter_count;
  bool owns_parameters;
  size_t rows;      /* the kind's workspace is for so many */
  void *prediction; /* [prediction_rows][units], for learn without a given one and line search */
  size_t prediction_rows;
  size_t workspace_bytes; /* of the kind's workspace */
};

/* An estimator of `size` bytes with its base filled in and room for `parameter_count` parameters,
 * all empty; NULL with the message set. dni_sg_release frees it whatever of it has been filled
 * in. */
dni_sg *dni__sg_allocate(dni_context *context, size_t size, const dni__sg_vtable *vtable,
                         size_t units, size_t targets, size_t parameter_count);

/* Plan the workspace a trainer needs: it always gives learn a prediction. */
dni_status dni__sg_reserve_kind(dni_sg *sg, size_t rows);

/* *prediction = working space of [rows][units] for an answer, grown if need be. */
dni_status dni__sg_prediction(dni_sg *sg, size_t rows, dni_matrix *prediction);

/* The rows of what is looked at; one that looks at neither takes either's. 0 if that is NULL. */
size_t dni__sg_rows(const dni_sg *sg, const dni_matrix *h, const dni_matrix *y);

/* Whether h and y, as far as they are looked at, have `rows` rows and the right columns. */
dni_status dni__sg_check_inputs(const dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                size_t rows);

#endif
