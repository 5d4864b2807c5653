/** \file
 * dni_trainer: trains a network, module by module.
 *
 * SGs cut the network into modules. Interfaces with the exact gradient, feedback alignment, a
 * mixture or (without threads) a delayed SG join the layers around them into one module; at any
 * other SG a new module starts. One step of the sequential schedule is, for module m = 1 .. M in
 * this order:
 *
 * 1. forward to h_m;
 * 2. delta_m = the answer at its upper interface; for the last module the gradient of the loss;
 * 3. backward through the module with delta_m: parameter gradients, and the target for m - 1;
 * 4. update the module;
 * 5. show the target to the SG of interface m - 1, and update that SG.
 *
 * Module m + 1 is given the h_m that was computed before module m moved. Modules under direct
 * feedback alignment run backward after the forward pass, the lowest first. Critics learn at the
 * end of the step. Local losses learn right after they have answered. Mixtures learn inside a
 * module, from the delta that passes. With exact gradients everywhere there is one module, and the
 * step is plain backpropagation, bit for bit.
 *
 * The pipelined schedule is the same without the waiting. Modules are dealt to threads, each a row
 * of neighbours; the thread that calls the library has the lowest. A thread takes a batch through
 * its modules, hands h and y to the thread above, and goes on with the next batch. The target of
 * its top interface comes down when the thread above is done with the batch, and the SG learns it
 * between two batches. By then the module below, and often the SG, have moved, so the SG answers
 * again with its present parameters before it learns. Every module sees every batch once, in the
 * same order.
 *
 * The micro-batch schedule is the locked rival (Huang et al. 2019): exact gradients, layers dealt
 * to threads, each batch cut into P parts that follow each other through the threads. Of n rows
 * part p has rows floor(p n / P) to floor((p + 1) n / P) - 1. Parameters move once for each batch,
 * when all its gradients are there. Batch norm uses the statistics of parts; nothing else differs
 * from backpropagation. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_TRAINER_H
#define DNI_TRAINER_H

enum {
  DNI_SCHEDULE_SEQUENTIAL = 0, /**< One thread, modules from the lowest to the highest. */
  /** The same, but each module moves with probability p in each step, and the SG below it with it;
   * critics learn in every step. */
  DNI_SCHEDULE_RANDOM = 1,
  DNI_SCHEDULE_PIPELINED = 2,    /**< Modules on threads, decoupled. */
  DNI_SCHEDULE_MICRO_BATCHES = 3 /**< Layers on threads, exact. */
};

enum {
  DNI_BALANCE_COUNTED = 0, /**< By parameters and multiply-adds: always the same. */
  /** By a clock, on made-up numbers; the caller's own parts count as 0. */
  DNI_BALANCE_MEASURED = 1
};

/** How to train. Zero means default. */
typedef struct dni_trainer_options {
  size_t struct_size; /**< sizeof(dni_trainer_options). */
  /** Pattern of the layers' optimisers: each module gets one like it (dni_optimiser_create_like()),
   * so a clip norm is that of a module. NULL: Adam with rate 0.001. */
  const dni_optimiser *optimiser;
  const dni_optimiser *sg_optimiser; /**< Pattern of the SGs' optimisers; NULL: as optimiser. */
  size_t max_batch;                  /**< Rows of the largest batch; 0: 256. */
  dni_kind schedule;                 /**< A DNI_SCHEDULE_ value; 0: sequential. */
  int32_t measure_gradient_norm; /**< 1: the report has gradient_norm; costs a pass over them. */
  double update_probability;     /**< p of the random schedule, in (0, 1]; 0: 1. */
  /** Pipelined: 0: as many as there can be; at most that many are used. Micro-batches: at most as
   * many as layers; 0: 2. Other schedules: 0 or 1. */
  size_t threads;
  size_t in_flight;     /**< Pipelined: most batches that wait for a target, 1 to 255; 0: 2. */
  size_t micro_batches; /**< Parts of a batch, 1 to 255; 0: 4, or as many as max_batch
                           allows. With batch norm each part has 2 rows or more. */
  /** n > 0: only modules 0 .. n - 1 move, under the SGs they have. Those above run forward alone,
   * for the loss in the report. 0: all. Sequential and random schedules. */
  size_t trained_modules;
  /** With threads: the thread of each layer, [layer_thread_count] = [layers]. It starts at 0, stays
   * or rises by 1 from layer to layer, and rises only where a thread may end: at an SG of the
   * pipelined schedule, anywhere with micro-batches. It replaces threads and balance. Copied. NULL:
   * the library deals. */
  const size_t *layer_thread;
  size_t layer_thread_count; /**< How many entries layer_thread has. */
  dni_kind balance;          /**< With threads: a DNI_BALANCE_ value. */
  int32_t has_seed;          /**< 1: the random schedule draws from seed; 0: from the context. */
  uint64_t seed;             /**< Used if has_seed is 1. */
  const dni_metric *metric;  /**< A measure for the report; copied; NULL: none. */
  /** What outputs of layers are kept as until backward has used them. 0: as the context's dtype.
   * DNI_BF16: outputs inside modules are rounded to bf16 and take half the memory.
   *
   * Floats stay: outputs that an SG, the loss or another thread sees; those of sigmoid and tanh,
   * whose derivative is made of them; those beside callback layers; and what a layer keeps for
   * itself, as GELU does its input. Where only dense layers read an output, no bit of the training
   * changes, because products round what they read anyway; normalising layers see the rounded
   * numbers, in forward as in backward. The context's products have to be of bf16. */
  dni_dtype activations;
  int32_t reserved; /**< 0. */
} dni_trainer_options;

/** Plan the training of `network` under `loss`. Everything that a step needs is allocated here.
 *
 * The trainer keeps network and loss. While it exists, layers and SGs of the network cannot be
 * added or replaced. `options` may be NULL. Of the caller's layers, SGs and losses only functions
 * that tell sizes are called.
 *
 * - DNI_ERROR_ARGUMENT: NULL, no layers, an option out of range, an SG whose targets or signal
 * units differ from the network's outputs, an SG after the last layer, a layer or parameter that
 * would be moved twice, a loss that does not fit (softmax cross-entropy of one output too), mixed
 * element types, a bad struct_size. With batch norm, a max_batch of 1, or one whose micro_batches
 * would have single rows: they have no variance.
 * - DNI_ERROR_UNSUPPORTED: unknown non-zero options; `activations` DNI_F16, or DNI_BF16 in a
 *   context whose products are not of bf16 (dni_context_compute()); an SG that learns but needs an
 *   error signal first, mixtures apart; in a schedule with threads, an SG that it has no place for,
 *   or a callback layer at two places that different threads would run.
 * - DNI_ERROR_MEMORY: no memory.
 * - DNI_ERROR_SYSTEM: the system starts no more threads.
 *
 * After a failure the network is as it was, and destroy of the metric is not called. */
DNI_API DNI_MUST_USE dni_status dni_trainer_create(dni_network *network, dni_loss *loss,
                                                   const dni_trainer_options *options,
                                                   dni_trainer **out);

/** Take a reference; answers `trainer`. NULL is allowed. Any thread. */
DNI_API dni_trainer *dni_trainer_retain(dni_trainer *trainer);

/** Give a reference back. NULL is allowed. The last one ends the trainer's threads; batches that
 * are in flight are dropped, so call dni_trainer_flush() first if they matter. In a forked child it
 * frees memory, calls destroy functions, and does nothing else. */
DNI_API void dni_trainer_release(dni_trainer *trainer);

/** What one step did. Filled in up to struct_size.
 *
 * Arrays point into the trainer. They are valid until its next step or, in a callback, until the
 * callback returns. NaN stands for what was not computed in the step or is in another process; a
 * pointer may be NULL for the same reasons. Arrays of interfaces have one entry for each layer:
 * that of the interface after it. */
typedef struct dni_step_report {
  /** sizeof(dni_step_report), set by the caller; in a callback by the library. */
  size_t struct_size;
  uint64_t step;   /**< Counted from 1; 0: no step is complete yet. */
  double loss;     /**< Mean over the batch, before the update. */
  double accuracy; /**< Share of the batch classified right; NaN if the loss does not classify. */
  double metric;   /**< Mean of the metric over the batch; NaN without one. */
  double rate;     /**< Learning rate of the lowest module that moves, in this step. */
  double gradient_norm;   /**< 2-norm of the gradients of all layers that move; NaN unless
                                      options asked for it. */
  size_t rows;            /**< Of the batch. */
  uint64_t epoch;         /**< In dni_trainer_fit(): the pass over the data, from 1; else 0. */
  int32_t settled;        /**< 1: nothing is in flight; the network may be looked at and changed. */
  int32_t validated;      /**< 1: the validation fields are of this step. */
  double validation_loss; /**< In dni_trainer_fit(): of the validation set; NaN before the first. */
  double validation_accuracy; /**< The same; NaN if the loss does not classify. */
  double validation_metric;   /**< The same; NaN without a metric. */
  size_t layer_count;         /**< Length of the arrays of interfaces. */
  /** Mean || M - target ||^2 of each SG that was shown a target; of critics mean (phi - L)^2; of
   * local losses their own mean loss. Of warm_up and mixture it is of the inner SG's answer. NaN
   * for the others, and where least squares learned late: they do not answer again. */
  const double *sg_mse;
  const double *sg_cosine; /**< Of the angle between answer and target. */
  /** How many batches later than this one the module below had been through when the target was
   * learned; DNI_NONE: no target. */
  const size_t *target_lag;
  size_t module_count;           /**< Length of module_updated. */
  const int32_t *module_updated; /**< 1: the module had its turn; frozen layers of it stay. */
  int32_t checkpointed;          /**< 1: dni_trainer_fit() tried to save after this step. */
  /** In dni_trainer_fit(): the status of the latest save of this call; 0 before the first. */
  dni_status checkpoint_status;
} dni_step_report;

/** One step on a batch of 1 to max_batch rows. `report` may be NULL. Nothing is allocated.
 *
 * With weights the loss is sum w_s L_s / sum w_s. Weight 2 is the row twice and weight 0 is its
 * absence, statistics of batch norm apart.
 *
 * Pipelined: the lowest thread takes the batch and the others follow; the batch's memory may be
 * reused on return. The report is of the latest step that is complete in all modules. What fails in
 * another thread is reported by the next call of dni_trainer_step(), _flush() or _fit(). What was
 * in flight is then dropped, and the next step starts afresh. Micro-batches: the step is complete
 * on return.
 *
 * - DNI_ERROR_ARGUMENT: NULL, shapes or types that do not fit, a negative weight or one that is not
 *   finite, weights that sum to 0, labels of one class, batch norm with a batch or a part of one
 *   row; this step did not happen.
 * - DNI_ERROR_DATA: a label that is not below the outputs; this step did not happen.
 * - DNI_ERROR_STATE: called from a callback of this trainer; or in a forked child, of a trainer
 *   with threads. This step did not happen.
 * - DNI_ERROR_NON_FINITE: the loss, batch statistics or the error of an SG is NaN or infinite, or
 *   the rate of an optimiser is too large; the message names step and layer, and the first layer
 *   parameter that is not finite, if there is one. The step is partly done, and parameters may hold
 *   such numbers.
 * - DNI_ERROR_BACKEND, DNI_ERROR_UNSUPPORTED: of a product; the step is partly done.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: a callback failed; the step is partly done:
 *   modules that had their turn have moved. */
DNI_API DNI_MUST_USE dni_status dni_trainer_step(dni_trainer *trainer, const dni_batch *batch,
                                                 dni_step_report *report);

/** Called after a step of dni_trainer_fit(), on its thread.
 *
 * It answers 0 to go on and 1 to stop, after which fit returns DNI_OK. Any other answer is a
 * failure of the caller's, with which fit returns; see dni_fail(). A 1 that hands on the
 * DNI_ERROR_ARGUMENT of a library call, which has just failed in the callback, is such a failure
 * too. Steps, fits and flushes of the same trainer are refused in here. An exception or longjmp may
 * leave it; see dni_trainer_abandon(). */
typedef dni_status(DNI_CALL *dni_step_callback)(void *user, const dni_step_report *report);

/** How long to train, and what to watch. Zero means default. */
typedef struct dni_fit_options {
  size_t struct_size;         /**< sizeof(dni_fit_options). */
  size_t batch;               /**< Rows of a step; 0: max_batch. */
  uint64_t epochs;            /**< Passes over the data; 0: 1 if steps is 0 too, else no limit. */
  uint64_t steps;             /**< Steps of this call; 0: no limit. */
  dni_step_callback callback; /**< NULL: none. */
  void *callback_user;        /**< Handed to callback. */
  uint64_t callback_every;    /**< Steps from call to call; 0: 1. */
  /** Pipelined: the callback may look at the network only while nothing is in flight, and waiting
   * for that costs time. 0: it is so at every call. n: it is so after n, 2 n, ... steps of this
   * call; other calls may only read their report. The report's `settled` tells. */
  uint64_t settle_every;
  int32_t keep_order; /**< 0: shuffle before each epoch; 1: use the data set's order. */
  /** What is left at the end of an epoch when no whole batch fits any more. 0: it is dropped, so
   * that all steps weigh the same; 1: it is a smaller batch. With batch norm a rest of one row (or
   * of too few for the micro-batches) is refused before the first step. */
  int32_t keep_rest;
  /** 1: orders are drawn from seed, afresh in this call; 0: see dni_trainer_fit(). */
  int32_t has_seed;
  int32_t reserved; /**< 0. */
  uint64_t seed;    /**< Used if has_seed is 1. */
  /** Evaluated now and then, with the trainer's loss; NULL: none. */
  const dni_dataset *validation;
  /** Steps between evaluations; 0: at the end of each epoch and of the call, unless its callback
   * stopped the call. */
  uint64_t validate_every;
  /** n > 0: stop, with DNI_OK, after n evaluations in a row without a lower validation loss. */
  uint64_t patience;
  /** Receives the parameters (dni_network_assign()) whenever the validation loss is the lowest so
   * far in this call: a copy of the network (dni_network_copy()). NULL: not wanted. The trainer
   * keeps it until the next fit, and saves it with a fit that has not ended. The rest of such a fit
   * begins by assigning to it what the file has. */
  dni_network *best;
  /** Save the training into this file (dni_trainer_save()) now and then; NULL: do not. Before the
   * first step it is tried whether a file can be made there. A library built with FILES=none
   * refuses it. */
  const char *checkpoint;
  /** Steps between saves; 0: at the end of each epoch and of the call, unless its callback stopped
   * the call. */
  uint64_t checkpoint_every;
  /** When a save fails. 0: the call fails with the save's status; 1: it goes on. Then the report
   * has the status, and the context's log one line. */
  int32_t checkpoint_may_fail;
  /** 0: after dni_trainer_load() of a fit that had not ended, this is the rest of it; 1: this is a
   * new fit in any case. */
  int32_t anew;
} dni_fit_options;

/** Train on `dataset` until epochs or steps are reached, whichever is first. `options` may be NULL.
 *
 * A data set of fewer examples than a batch is one batch. Each call begins a new epoch. The trainer
 * keeps the data set, with an order, until it is given another one or is released. The order starts
 * from the data set's own stream and goes on from call to call on the same data set. Labels go to
 * the loss, the SGs and the metric as DNI_I32.
 *
 * - DNI_ERROR_ARGUMENT: NULL, sizes that do not fit, labels of one class, a batch over max_batch, a
 *   `best` of another shape, batch norm with a batch or a rest of one row, patience without
 *   validation, a bad struct_size; or, in the rest of a fit that was loaded, a `best` that it had
 *   not, or another number of examples than its data set had; nothing happened.
 * - DNI_ERROR_STATE: as dni_trainer_step().
 * - DNI_ERROR_CANCELLED: dni_trainer_cancel() stopped it between two whole steps: each module has
 *   seen the same batches.
 * - DNI_ERROR_MEMORY: no memory for the order of the examples or for the validation: nothing
 *   happened. Memory for all validations is taken at the beginning of the call.
 * - DNI_ERROR_IO: no file can be made at `checkpoint`: nothing happened. Or a save failed, unless
 *   checkpoint_may_fail is 1: "checkpoint after step N: ..."; the steps are made, the file of the
 *   save before is whole.
 * - DNI_ERROR_DATA, DNI_ERROR_NON_FINITE, DNI_ERROR_BACKEND, DNI_ERROR_UNSUPPORTED,
 *   DNI_ERROR_CALLBACK, or a status of the caller's: as dni_trainer_step() and
 *   dni_dataset_gather(). */
DNI_API DNI_MUST_USE dni_status dni_trainer_fit(dni_trainer *trainer, const dni_dataset *dataset,
                                                const dni_fit_options *options);

/** Batches that the caller produces. Set everything to 0, then the fields. */
typedef struct dni_stream {
  size_t struct_size; /**< sizeof(dni_stream). */
  void *user;         /**< Handed to next. */
  /** Fills in the next batch: x, y and perhaps weights, in the caller's memory, which must stay
   * valid until the next call. Leaving x NULL, or with 0 rows, ends the stream. It answers 0, or a
   * status with which fit fails; see dni_fail(). It is called on the thread of fit. */
  dni_status(DNI_CALL *next)(void *user, dni_batch *batch);
  /** For dni_trainer_save(); may be NULL. Writes a number from which the stream can go on behind
   * the latest batch. It is called after each batch was given, and answers as next does. */
  dni_status(DNI_CALL *position)(void *user, uint64_t *position);
  /** May be NULL. Called once, before the first batch, where the fit is the rest of one that was
   * saved, with the number that position wrote (0 if it was NULL then). It answers as next does.
   * Without it such a fit begins wherever next stands. */
  dni_status(DNI_CALL *seek)(void *user, uint64_t position);
} dni_stream;

/** Train on batches as they come, until the stream ends or options->steps are made.
 *
 * Of the options, batch, epochs, keep_order, keep_rest and seed must be 0. validate_every 0 means
 * one evaluation at the end, which only `best` shows. A batch that does not fit is
 * DNI_ERROR_ARGUMENT, and the steps before it are made. Everything else is as in
 * dni_trainer_fit(). */
DNI_API DNI_MUST_USE dni_status dni_trainer_fit_stream(dni_trainer *trainer,
                                                       const dni_stream *stream,
                                                       const dni_fit_options *options);

/** What the latest complete step did, as dni_trainer_step() reports it: after dni_trainer_flush(),
 * or after dni_trainer_fit(), whose latest validation it has. Filled in up to struct_size.
 * - DNI_ERROR_ARGUMENT: NULL, or a bad struct_size.
 * - DNI_ERROR_STATE: called from a callback on a thread of the trainer's own. */
DNI_API DNI_MUST_USE dni_status dni_trainer_report(const dni_trainer *trainer,
                                                   dni_step_report *report);

/** Write the training into the file `path`: the network with its SGs, all optimisers, the count of
 * steps, random streams, and how far dni_trainer_fit() has come. dni/file.h says how a file is
 * replaced.
 *
 * A trainer that is made in the same way and loads the file goes on to the same bits as one that
 * was never stopped. In the pipelined schedule that is so from a point where nothing was in flight,
 * which this call brings about, and as far as lags are the same (dni_trainer_replay()).
 *
 * Not in the file: the data, the loss, functions of the caller's and what they keep, streams of
 * random numbers for what the context makes later. For the caller's own see
 * dni_checkpoint_add_trainer(). It may be called in the callback of dni_trainer_fit() if the report
 * says settled.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_STATE: as dni_trainer_step(), or in a callback with batches in flight.
 * - DNI_ERROR_IO: it cannot be written; the message has file and reason.
 * - DNI_ERROR_UNSUPPORTED: a header of more than 100 MB, which nobody reads; a library built with
 *   FILES=none.
 * - DNI_ERROR_MEMORY: no memory. A failed flush: as dni_trainer_flush().
 *
 * After a failure the old file is there as it was. */
DNI_API DNI_MUST_USE dni_status dni_trainer_save(dni_trainer *trainer, const char *path);

/** The same to a function of the caller's.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: write failed. */
DNI_API DNI_MUST_USE dni_status dni_trainer_write(dni_trainer *trainer, const dni_writer *writer);

/** Load a training from a file of dni_trainer_save(). The trainer was made in the same way: a
 * network of the same layers and SGs, the same kind of loss, schedule and optimisers with the same
 * schedules of rates. Settings are loaded.
 *
 * If the file was saved in the middle of a fit, or of one that was cancelled, stopped or failed,
 * the next dni_trainer_fit() is the rest of that fit: it goes on behind the batch that was the
 * latest, and its epochs, steps, evaluations and patience count from the beginning of that fit. So
 * the same call with the same options comes to the same end. That is so also of the last checkpoint
 * that a fit writes itself, and after patience: then the same call makes no step. A second fit
 * therefore sets `anew` of dni_fit_options (or saves under another name); dni_trainer_step() begins
 * something new, too.
 *
 * Entries of the file that nothing asks for are written again by later saves. `options` may be
 * NULL.
 * - DNI_ERROR_ARGUMENT: NULL, a bad struct_size; the file is of another training: the message names
 *   the first text that differs.
 * - DNI_ERROR_IO: it cannot be read; the message has file and reason.
 * - DNI_ERROR_DATA: it is no such file, truncated or corrupt; an entry is missing, malformed or of
 *   another shape, as may be in the file of another training.
 * - DNI_ERROR_STATE: as dni_trainer_step().
 * - DNI_ERROR_UNSUPPORTED: a later format, or a network file of libdni 0.3; unknown non-zero
 *   options; a library built with FILES=none.
 * - DNI_ERROR_MEMORY: no memory. A failed flush: as dni_trainer_flush().
 *
 * After a failure nothing has changed, batches in flight apart, which were finished. */
DNI_API DNI_MUST_USE dni_status dni_trainer_load(dni_trainer *trainer, const char *path,
                                                 const dni_load_options *options);

/** The same from a function of the caller's.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: read failed. */
DNI_API DNI_MUST_USE dni_status dni_trainer_read(dni_trainer *trainer, const dni_reader *reader,
                                                 const dni_load_options *options);

/** Say that a callback was left by a jump, so that the trainer is idle again.
 *
 * It is needed where the library cannot find that out by itself: if the next call comes from
 * another thread, from a fiber, or from deeper in the same thread's stack. A C++ exception needs no
 * such call. The next step starts afresh; what was in flight is dropped. It must not be called
 * while a call on this trainer is still running.
 * - DNI_ERROR_ARGUMENT: NULL. */
DNI_API DNI_MUST_USE dni_status dni_trainer_abandon(dni_trainer *trainer);

/** Wait until nothing is in flight: every batch has been through all modules, every target has been
 * learned. Parameters may be read, written, saved and evaluated then, until the next step.
 *
 * dni_trainer_fit() ends with it. It returns at once in schedules that have nothing in flight.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_STATE: as dni_trainer_step().
 * - What failed in another thread: as dni_trainer_step(). */
DNI_API DNI_MUST_USE dni_status dni_trainer_flush(dni_trainer *trainer);

/** Stop dni_trainer_fit() between two steps: it lets what is in flight be finished and returns
 * DNI_ERROR_CANCELLED.
 *
 * It may be called from any thread, from a callback and from a signal handler. It is remembered: a
 * fit that begins afterwards stops before its first step. The fit that returns DNI_ERROR_CANCELLED
 * forgets it. NULL is allowed. */
DNI_API void dni_trainer_cancel(dni_trainer *trainer);

/** Multiply the learning rate of a module's optimiser, and of the optimiser of the SG above it,
 * with `factor`, from the next batch on that the module takes. DNI_ALL for `module`: of all.
 *
 * It may be called at any time from any thread, also while batches are in flight. It replaces an
 * earlier factor; 1 is what every module has at first.
 * - DNI_ERROR_ARGUMENT: NULL, no such module, a factor that is negative, not finite or no number of
 *   the element type. */
DNI_API DNI_MUST_USE dni_status dni_trainer_set_rate_factor(dni_trainer *trainer, size_t module,
                                                            double factor);

/** Steps made so far that are complete in all modules; 0 for NULL. Any thread, also from callbacks.
 */
DNI_API uint64_t dni_trainer_step_count(const dni_trainer *trainer);

/** How many modules there are; 0 for NULL. With micro-batches each thread's layers are one. */
DNI_API size_t dni_trainer_module_count(const dni_trainer *trainer);

/** The module of a layer, from 0: *module.
 * - DNI_ERROR_ARGUMENT: NULL, no such layer. */
DNI_API DNI_MUST_USE dni_status dni_trainer_layer_module(const dni_trainer *trainer, size_t layer,
                                                         size_t *module);

/** How many threads the schedule has, the caller's included; 0 for NULL. */
DNI_API size_t dni_trainer_thread_count(const dni_trainer *trainer);

/** The thread that runs a module: *thread, from 0, the caller's, upwards.
 * - DNI_ERROR_ARGUMENT: NULL, no such module. */
DNI_API DNI_MUST_USE dni_status dni_trainer_module_thread(const dni_trainer *trainer, size_t module,
                                                          size_t *thread);

/** The optimiser of a module, borrowed: to read its step count at any time or, only while settled,
 * to change a setting. NULL if the module does not move, for NULL and out of range. Add no
 * parameters to it. */
DNI_API dni_optimiser *dni_trainer_module_optimiser(dni_trainer *trainer, size_t module);

/** The optimiser of the SG after layer `after`, borrowed, in the same way. NULL if nothing learns
 * there, for NULL and out of range. */
DNI_API dni_optimiser *dni_trainer_sg_optimiser(dni_trainer *trainer, size_t after);

/** Bytes by purpose. Filled in up to struct_size. */
typedef struct dni_memory_report {
  size_t struct_size;      /**< sizeof(dni_memory_report), set by the caller. */
  /** Values, of layers and SGs; with `compute` DNI_BF16 also what products read in their place. */
  size_t parameter_bytes;
  size_t gradient_bytes;   /**< Their gradients. */
  size_t optimiser_bytes;  /**< Moments. */
  size_t activation_bytes; /**< Outputs of layers, kept from forward to backward. */
  size_t workspace_bytes;  /**< Deltas, predictions, states, batch buffers, SGs' own. */
} dni_memory_report;

/** What the training occupies, summed over network, SGs and trainer.
 * - DNI_ERROR_ARGUMENT: NULL, or a bad struct_size. */
DNI_API DNI_MUST_USE dni_status dni_trainer_memory(const dni_trainer *trainer,
                                                   dni_memory_report *report);

#endif
