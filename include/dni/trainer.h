/* dni_trainer: trains a network, module by module.
 *
 * The estimators cut the network into modules: layers joined by exact or fa interfaces belong to
 * one module, any other interface starts a new one. One step of the sequential schedule is, for
 * module m = 1..M in this order,
 *
 *   forward to h_m; delta_m = estimate at its upper interface (for the last module: the loss's);
 *   backward through the module with delta_m, giving parameter gradients and the target of
 *   interface m-1; update the module; show the target to the SG of interface m-1 and update that.
 *
 * Module m+1 receives the h_m computed before module m's update. Modules under an estimator that
 * needs the output error (dfa) run backward after the forward pass, the lowest first. With exact
 * estimators everywhere there is one module, and the step is plain backpropagation, bit for bit.
 *
 * Critics learn from losses, not from targets: at the end of the step each is shown the h it has seen
 * and every example's loss, and updated. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_TRAINER_H
#define DNI_TRAINER_H

typedef struct dni_trainer dni_trainer;

enum {
  DNI_SCHEDULE_SEQUENTIAL = 0,
  /* Each module moves with probability p in each step, and the SG below it with it; critics learn in
   * every step. */
  DNI_SCHEDULE_RANDOM = 1
};

/* Zero means default. */
typedef struct dni_trainer_options {
  size_t struct_size;        /* sizeof(dni_trainer_options) */
  size_t max_batch;          /* rows of the largest batch; required */
  int32_t schedule;          /* DNI_SCHEDULE_ value */
  int32_t reserved;          /* 0 */
  double update_probability; /* p of the random schedule, in (0, 1]; 0: 1 */
} dni_trainer_options;

/* What one step did. Filled in up to struct_size; pointers are into the trainer, valid until its
 * next step. Values that were not computed in the step are NaN: an interface whose estimator has no
 * target (dfa, fa), or whose module above was not updated. A critic has no target either, so its
 * cosine is NaN, but its error is there in every step. */
typedef struct dni_step_report {
  size_t struct_size;            /* sizeof(dni_step_report), set by the caller */
  uint64_t step;                 /* counted from 1 */
  double loss;                   /* mean over the batch, before the updates */
  double accuracy;               /* share of the batch classified right; dni_loss_count_correct */
  size_t interface_count;        /* interfaces with an estimator set, exact ones included */
  const size_t *interface_after; /* the layer each is after */
  const double *sg_error;        /* mean || M - target ||^2 of each; critics: mean (phi - L)^2 */
  const double *sg_cosine;       /* of its angle to the target */
  size_t module_count;
  const int32_t *module_updated; /* 1 if the module was updated in this step */
} dni_step_report;

/* Bytes by purpose. Filled in up to struct_size. */
typedef struct dni_memory_report {
  size_t struct_size;
  size_t parameter_bytes;  /* values, of layers and estimators */
  size_t gradient_bytes;   /* their gradients */
  size_t optimiser_bytes;  /* moments */
  size_t activation_bytes; /* layer outputs kept from forward to backward */
  size_t workspace_bytes;  /* deltas, predictions, batch buffers, estimators' own */
} dni_memory_report;

/* Plan the training of `network` under `loss`. Everything a step needs is allocated here, so
 * steps allocate nothing. `optimiser` and `sg_optimiser` are patterns: each module gets its own
 * dni_optimiser_create_like(optimiser), each learning estimator one of sg_optimiser, so modules
 * can move independently (a clip norm is therefore per module). sg_optimiser may be NULL if no
 * estimator learns. The trainer keeps network and loss, and fixes the network's shape.
 *
 *   DNI_ERROR_ARGUMENT     NULL, no layers, max_batch 0, unknown schedule, p out of range, an
 *                          estimator that looks at y or the output error and whose targets or
 *                          error units differ from the network's outputs, sg_optimiser missing, mixed element types
 *   DNI_ERROR_UNSUPPORTED  unknown non-zero options; a callback estimator that learns but needs
 *                          an error signal before it answers
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_trainer_create(dni_context *context, dni_network *network,
                                                   dni_loss *loss, const dni_optimiser *optimiser,
                                                   const dni_optimiser *sg_optimiser,
                                                   const dni_trainer_options *options,
                                                   dni_trainer **out);
DNI_API void dni_trainer_retain(dni_trainer *trainer);
DNI_API void dni_trainer_release(dni_trainer *trainer);

/* One step on x [rows][inputs], y [rows][outputs], 1 <= rows <= max_batch. report may be NULL.
 * Nothing is allocated. After any failure but DNI_ERROR_ARGUMENT the step is partly done: modules
 * below may have moved, and parameters may hold non-finite values. Restore a checkpoint.
 *
 *   DNI_ERROR_ARGUMENT     NULL, shapes or types that do not fit; nothing happened
 *   DNI_ERROR_NON_FINITE   the loss, batch statistics or an SG error is NaN or infinite; the
 *                          message names step and layer
 *   DNI_ERROR_BACKEND      as dni_backend_gemm
 *   DNI_ERROR_UNSUPPORTED  as dni_backend_gemm
 *   others                 of the caller's own layers and estimators, passed through */
DNI_API DNI_MUST_USE dni_status dni_trainer_step(dni_trainer *trainer, const dni_matrix *x,
                                                 const dni_matrix *y, dni_step_report *report);

/* Called after a step. Return 0 to go on, anything else to stop. */
typedef int32_t (*dni_step_callback)(void *user, const dni_step_report *report);

/* How long to train. Zero means default. */
typedef struct dni_fit_options {
  size_t struct_size; /* sizeof(dni_fit_options) */
  size_t batch;       /* rows per step; 0: max_batch */
  uint64_t epochs;    /* passes over the data; 0: 1 if steps is 0 too, else no limit */
  uint64_t steps;     /* steps in this call; 0: no limit */
  dni_step_callback callback;
  void *callback_user;
  uint64_t callback_every; /* steps between calls; 0: 1 */
  int32_t keep_order;      /* 0: shuffle before each epoch; 1: do not */
  int32_t reserved;        /* 0 */
} dni_fit_options;

/* Train on `dataset` until epochs or steps are reached, whichever is first. Examples left over at
 * the end of an epoch when a whole batch no longer fits are dropped (the next order has them
 * elsewhere); a data set smaller than one batch is one batch. A later call goes on where this one
 * stopped, with a new epoch. options may be NULL. Not
 * reentrant from the callback.
 *
 *   DNI_ERROR_ARGUMENT     NULL, sizes that do not fit, batch over max_batch, or inside its own
 *                          callback
 *   DNI_ERROR_CANCELLED    the callback stopped it, between two whole steps
 *   others                 as dni_trainer_step */
DNI_API DNI_MUST_USE dni_status dni_trainer_fit(dni_trainer *trainer, dni_dataset *dataset,
                                                const dni_fit_options *options);

/* The optimiser of module m (from 0), and of the SG at the interface after layer `after`: to change
 * a rate or read a step count. Borrowed; NULL if there is none. Do not add parameters to them. */
DNI_API size_t dni_trainer_module_count(const dni_trainer *trainer);
DNI_API dni_optimiser *dni_trainer_module_optimiser(const dni_trainer *trainer, size_t module);
DNI_API dni_optimiser *dni_trainer_sg_optimiser(const dni_trainer *trainer, size_t after);

/* The layers of module m: first, first + 1, ..., first + count - 1.
 *
 *   DNI_ERROR_ARGUMENT     NULL, no such module */
DNI_API DNI_MUST_USE dni_status dni_trainer_module_layers(const dni_trainer *trainer, size_t module,
                                                          size_t *first, size_t *count);

/* Steps made so far; 0 for NULL. */
DNI_API uint64_t dni_trainer_step_count(const dni_trainer *trainer);

/* What the training occupies, summed over the network, its estimators and the trainer.
 *
 *   DNI_ERROR_ARGUMENT     NULL or a wrong struct_size */
DNI_API DNI_MUST_USE dni_status dni_trainer_memory(const dni_trainer *trainer,
                                                   dni_memory_report *report);

/* Mean loss and share classified right over a whole data set, in inference mode. Filled in up to
 * struct_size. */
typedef struct dni_evaluation {
  size_t struct_size; /* sizeof(dni_evaluation), set by the caller */
  size_t examples;
  double loss;
  double accuracy; /* dni_loss_count_correct */
} dni_evaluation;

/* Uses the network's prediction workspace (dni_network_reserve) and batch buffers that are
 * allocated and freed inside. Needs no trainer.
 *
 *   DNI_ERROR_ARGUMENT     NULL, sizes that do not fit, wrong struct_size
 *   DNI_ERROR_NON_FINITE   the loss is NaN or infinite; the message names a layer
 *   DNI_ERROR_MEMORY
 *   others                 as dni_network_predict */
DNI_API DNI_MUST_USE dni_status dni_network_evaluate(dni_network *network, dni_loss *loss,
                                                     const dni_dataset *dataset,
                                                     dni_evaluation *out);

#endif
