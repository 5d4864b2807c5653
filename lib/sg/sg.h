/* What every kind of SG has in common, and the table a kind fills in. Internal. */
#ifndef DNI_SG_SG_H
#define DNI_SG_SG_H

#include "backend/backend.h"
#include "core/manifest.h"
#include "layer/parameter.h"
#include "math/kernels.h"

/* Calls use the public dni_sg_call. Views are checked before the functions are called; those the SG
 * does not look at may be NULL. In lessons, `flags` is REPLACE, ADD or SKIP, SUM having become
 * `scale`; with SKIP nothing but the sums or the mean loss is computed. */
typedef struct dni__sg_vtable {
  dni_kind kind;
  const char *name;
  bool wraps;             /* it is a dni__wrapper */
  bool refuses_labels;    /* y must be numbers */
  bool makes_prediction;  /* learn answers by itself where it is given none that it can use */
  bool spares_prediction; /* learn needs none but for the sums */
  /* delta = M(h, y), not multiplied with the weights. A critic also writes losses = phi(h, y); one
   * of the two may be NULL then. */
  dni_status (*estimate)(dni_sg *sg, const dni_sg_call *call);
  /* Gradients of mean || M - target ||^2, and the sums over prediction and target. The prediction
   * is given unless makes_prediction is true, and may be overwritten; in rows of weight 0 it is the
   * target. sums may be NULL where the innermost SG spares predictions, which is then not given.
   * NULL: it does not learn from targets. */
  dni_status (*learn)(dni_sg *sg, const dni_sg_call *call, dni__pair_sums *sums);
  /* The same from losses, or alone; *own_loss of the call becomes the mean. NULL: it does not. */
  dni_status (*learn_losses)(dni_sg *sg, const dni_sg_call *call);
  dni_status (*learn_alone)(dni_sg *sg, const dni_sg_call *call);
  /* change [rows][units] = J g, what M changes by along the parameters' gradients g. NULL: M is not
   * linear in its parameters. */
  dni_status (*change)(dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                       const dni_matrix *change);
  /* Where a setting is kept; NULL if this kind does not have it. NULL entry: it has none.
   * DNI_SETTING_RATE_SCALE is the base's. */
  double *(*setting)(dni_sg *sg, dni_setting setting);
  void (*setting_changed)(dni_sg *sg, dni_setting setting); /* NULL: nothing follows from it */
  /* A new one of the same settings that has learned nothing. NULL: what a lesson changes are the
   * parameters alone. */
  dni_status (*create_like)(const dni_sg *sg, dni_sg **out);
  /* Compute parameters that lessons have left behind, before they are looked at. NULL: none are. */
  dni_status (*catch_up)(dni_sg *sg);
  /* List what the kind keeps besides settings, parameters and an inner SG. NULL: nothing. */
  void (*list)(dni_sg *sg, dni__manifest *manifest);
  void (*changed)(dni_sg *sg); /* values were written; NULL: nothing to do */
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
  size_t units, targets, signal_units; /* targets means nothing unless looks_at_y */
  dni_needs needs;
  dni_learns learns;
  bool looks_at_h, looks_at_y;
  bool calls_out;    /* functions of the caller's: its own, or those of its loss */
  double rate_scale; /* DNI_SETTING_RATE_SCALE; of a wrapper its root's counts */
  dni__parameter *parameters;
  size_t parameter_count;
  bool owns_parameters;
  size_t rows;      /* the kind's workspace is for so many */
  void *prediction; /* [prediction_rows][units], for learn without a given one and line search */
  size_t prediction_rows;
  size_t workspace_bytes; /* of the kind's workspace */
};

/* An SG of `size` bytes with its base filled in and room for `parameter_count` parameters, all
 * empty; NULL with the message set. dni_sg_release frees it whatever of it has been filled in. */
dni_sg *dni__sg_allocate(dni_context *context, size_t size, const dni__sg_vtable *vtable,
                         size_t units, size_t targets, size_t parameter_count);

/* The innermost SG: of a wrapper that of its inner SG, of another kind itself. */
const dni_sg *dni__sg_root(const dni_sg *sg);

/* Where a setting is kept; NULL if the SG does not have it (settings.c). */
double *dni__sg_setting(const dni_sg *sg, dni_setting setting);

/* List what an SG consists of, an inner one included (manifest.c). */
/* The library has written the parameters' values; of a wrapper: its root's. */
void dni__sg_changed(dni_sg *sg);

void dni__sg_list(dni_sg *sg, dni__manifest *manifest);

/* Working space (sg.c). ---------------------------------------------------------------------- */

/* Plan the workspace a trainer needs: it always gives learn a prediction. */
dni_status dni__sg_reserve_kind(dni_sg *sg, size_t rows);

/* *prediction = working space of [rows][units] for an answer, grown if need be. */
dni_status dni__sg_prediction(dni_sg *sg, size_t rows, dni_matrix *prediction);

/* Questions (estimate.c). --------------------------------------------------------------------- */

/* The rows of what is looked at; one that looks at neither takes either's. 0 if that is NULL. */
size_t dni__sg_rows(const dni_sg *sg, const dni_matrix *h, const dni_matrix *y);

/* Whether h and y, as far as they are looked at, have `rows` rows and the right columns. */
dni_status dni__sg_check_inputs(const dni_sg *sg, const dni_matrix *h, const dni_matrix *y,
                                size_t rows);

/* The kind's answer, its rows multiplied with the weights unless they are in its signal. The
 * workspace is reserved. */
dni_status dni__sg_answer(dni_sg *sg, const dni_sg_call *call);

/* Lessons (learn.c). -------------------------------------------------------------------------- */

/* Learn from targets. Where the call has no prediction, the SG answers again in its working space;
 * not if sums is NULL, which is allowed if the innermost SG spares predictions. The workspace is
 * reserved. */
dni_status dni__sg_teach(dni_sg *sg, const dni_sg_call *call, dni__pair_sums *sums);

/* Sums over prediction and target (sums.c). With weights, row s of both is weights[s] times what it
 * would be without; a square or product of it then counts divided by weights[s], so that weight 2
 * is the row twice. Rows of weight 0 are left out. */

/* The sums, and prediction = factor (prediction - target), 0 in rows of weight 0. */
void dni__sg_residual(const dni_sg *sg, const dni_sg_call *call, double factor,
                      dni__pair_sums *sums);
/* The sums alone. */
void dni__sg_compare(const dni_sg *sg, const dni_sg_call *call, dni__pair_sums *sums);
/* The mean of (M - D)^2 over rows whose weights sum to `weight`; 0 if that is 0. A finite one that is
 * too large for double becomes its largest number. */
double dni__sg_mean_square(const dni__pair_sums *sums, double weight);
/* prediction = target in rows of weight 0. */
void dni__sg_leave_out(const dni_sg_call *call);
/* Put a number into column `column` of the gradient of a parameter [1][columns], or add it. */
void dni__sg_put_gradient(const dni_matrix *gradient, size_t column, const dni_sg_call *call,
                          double value);

#endif
