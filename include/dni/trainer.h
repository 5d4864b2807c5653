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
 * and every example's loss, and updated. Local losses learn right after they have answered.
 * Mixtures learn inside a module, from the delta that passes. Modules under a delayed estimator run
 * backward after the modules above have.
 *
 * The pipelined schedule is the same algorithm without the waiting. Modules are dealt to threads, each
 * a row of neighbours, evenly by measured cost; the caller of dni_trainer_step or dni_trainer_fit is
 * the thread of the lowest. A thread takes a batch through its modules as above, hands h and y to the
 * thread above and goes on with the next batch. The target of its top interface comes down when the
 * thread above is done with the batch, and the SG there learns it between two batches: by then the
 * module below, and often the SG, have moved (dni_step_report.target_lag says how far), so the SG
 * answers again, with its parameters as they are, before it learns. Every module sees every batch
 * once, in the same order. Which target is learned between which batches depends on timing; it can be
 * recorded and played again, to the same bits (dni_trainer_record).
 *
 * The micro-batch schedule is the locked rival of it: exact gradients everywhere, layers dealt to
 * threads evenly by measured cost, each batch cut into micro-batches that follow each other through
 * the threads, forward and backward; parameters move once a batch, when all its gradients are there
 * (Huang et al. 2019). Batch normalisation uses the statistics of micro-batches, the one difference from
 * backpropagation. */
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
  DNI_SCHEDULE_RANDOM = 1,
  DNI_SCHEDULE_PIPELINED = 2,    /* modules on threads, decoupled. Since 0.3 */
  DNI_SCHEDULE_MICRO_BATCHES = 3 /* layers on threads, exact. Since 0.3 */
};

/* Zero means default. */
typedef struct dni_trainer_options {
  size_t struct_size;        /* sizeof(dni_trainer_options) */
  size_t max_batch;          /* rows of the largest batch; required */
  int32_t schedule;          /* DNI_SCHEDULE_ value */
  int32_t reserved;          /* 0 */
  double update_probability; /* p of the random schedule, in (0, 1]; 0: 1 */
  /* The rest since 0.3. */
  size_t threads;       /* pipelined: 0: one per module; more than modules: as many as modules.
                           micro-batches: required, at most as many as layers. Others: 0 or 1 */
  size_t in_flight;     /* pipelined: most batches that wait for their target at an interface
                           between threads, 1 to 255; 0: 2 */
  size_t micro_batches; /* micro-batch schedule: parts of a batch, at most 255; 0: 4 */
  /* n > 0: only modules 0 .. n-1 move, under the estimators they have; those above run forward
   * alone, for the loss in the report, and keep no activations (their batch normalisation gathers
   * statistics). 0: all. Sequential and random schedules. */
  size_t trained_modules;
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
  /* The rest since 0.3. */
  const size_t *target_lag; /* of each interface: how many batches later than this one the module
                               below had been through when the target was learned; 0 if at once */
  int32_t settled;          /* 1: nothing is in flight, the network may be looked at */
  int32_t reserved;         /* 0 */
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
 *                          an error signal before it answers; in a schedule with threads, an
 *                          estimator it has no place for, or one at two interfaces
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
 * Pipelined: the lowest modules take the step and the others follow; x and y may be reused on return.
 * The report is of the latest step that is complete in all modules, its step 0 if none is yet. A
 * failure in any thread is reported by the next call here, in dni_trainer_flush or dni_trainer_fit;
 * what was in flight is then dropped (dni_optimiser_step_count of dni_trainer_module_optimiser says
 * how far each module has come), and the next step starts afresh. Micro-batches: rows are dealt to the
 * parts as evenly as can be, fewer parts if there are fewer rows; the step is complete on return.
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
  /* Pipelined: the callback may look at the network (evaluate, save) only when nothing is in flight,
   * and waiting for that costs time. 0: before every call. n: when n, 2 n, ... steps of this call are
   * done, and the report then says settled; calls in between may only read their report. The end
   * counts too. Since 0.3. */
  uint64_t settle_every;
} dni_fit_options;

/* Train on `dataset` until epochs or steps are reached, whichever is first. Examples left over at
 * the end of an epoch when a whole batch no longer fits are dropped (the next order has them
 * elsewhere); a data set smaller than one batch is one batch. A later call goes on where this one
 * stopped, with a new epoch. options may be NULL. Not
 * reentrant from the callback.
 *
 *   DNI_ERROR_ARGUMENT     NULL, sizes that do not fit, batch over max_batch, or inside its own
 *                          callback
 *   DNI_ERROR_CANCELLED    the callback or dni_trainer_cancel stopped it, between two whole steps:
 *                          each module has seen the same batches
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

/* Steps made so far, complete in all modules; 0 for NULL. */
DNI_API uint64_t dni_trainer_step_count(const dni_trainer *trainer);

/* Wait until nothing is in flight: every batch has been through all modules, every target has been
 * learned. Parameters may be read, saved or evaluated then, until the next step. dni_trainer_fit ends
 * with it. At once with schedules that have nothing in flight. Since 0.3.
 *
 *   DNI_ERROR_ARGUMENT     NULL
 *   others                 what failed in another thread, as dni_trainer_step */
DNI_API DNI_MUST_USE dni_status dni_trainer_flush(dni_trainer *trainer);

/* Make a dni_trainer_fit that is under way in another thread, or in whose callback this is called,
 * stop between two steps: it lets what is in flight be finished and returns DNI_ERROR_CANCELLED. If
 * none is under way nothing happens. Any thread, any schedule; the trainer must be kept. NULL: nothing.
 * Since 0.3. */
DNI_API void dni_trainer_cancel(dni_trainer *trainer);

/* Threads of the schedule (1: the caller's alone), and the thread that runs module m, from 0, the
 * caller's, upwards; 0 for NULL or out of range. With micro-batches the layers of a thread are a
 * module. Since 0.3. */
DNI_API size_t dni_trainer_thread_count(const dni_trainer *trainer);
DNI_API size_t dni_trainer_module_thread(const dni_trainer *trainer, size_t module);

/* Pipelined: for the next `steps` steps write into lags [thread count - 1][steps], for each interface
 * between two threads, how many batches after its own each target was learned (that is all that timing
 * decides); or, replay, learn each exactly then. A trainer made the same way, with the same batches, to
 * which the record of another is replayed, reaches the same parameters bit by bit, whatever the
 * machine is doing. The caller's memory is used until the steps are done; then, after a failure, or
 * with NULL, timing decides again and nothing is written. Other schedules: lags is not touched.
 *
 * Only what a run can leave is replayed: lags below in_flight, each at most one less than the step's
 * before; below a thread whose only module is under a delayed estimator also not less than that
 * thread's. dni_trainer_flush does not wait for batches that a lag would need: at its end all is
 * learned. Flushes belong to what has to be the same as when the record was made. Since 0.3.
 *
 *   DNI_ERROR_ARGUMENT     NULL trainer, or steps 0 with lags; replay: a lag that cannot be,
 *                          the message names interface and step
 *   DNI_ERROR_STATE        something is in flight: call dni_trainer_flush first */
DNI_API DNI_MUST_USE dni_status dni_trainer_record(dni_trainer *trainer, uint8_t *lags,
                                                   size_t steps);
DNI_API DNI_MUST_USE dni_status dni_trainer_replay(dni_trainer *trainer, const uint8_t *lags,
                                                   size_t steps);

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
