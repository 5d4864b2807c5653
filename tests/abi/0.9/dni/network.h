/** \file
 * dni_network: a chain of layers and the SGs at its interfaces; predicting with it; files. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_NETWORK_H
#define DNI_NETWORK_H

/** An empty chain.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_network_create(dni_context *context, dni_network **out);

/** Take a reference; answers `network`. NULL is allowed. Any thread. */
DNI_API dni_network *dni_network_retain(dni_network *network);

/** Give a reference back. NULL is allowed. Any thread. */
DNI_API void dni_network_release(dni_network *network);

/** Append a layer; the network keeps it. Its index is the number of layers added before it.
 *
 * While a trainer of the network exists, its layers and SGs cannot be changed.
 * - DNI_ERROR_ARGUMENT: NULL, a layer whose inputs differ from the outputs below it, one of another
 *   element type, or one with parameters or state that is in the network already.
 * - DNI_ERROR_STATE: a trainer of the network exists.
 * - DNI_ERROR_MEMORY: no memory; nothing changed. */
DNI_API DNI_MUST_USE dni_status dni_network_add(dni_network *network, dni_layer *layer);

/** Put an SG at the interface after layer `after`; the network keeps it. NULL: the exact gradient,
 * which is what every interface has at first.
 *
 * After the last layer there can be none: that gradient is the loss's own, and dni_trainer_create()
 * refuses one. One SG serves one interface.
 * - DNI_ERROR_ARGUMENT: NULL network, no such interface, units that differ from the layer's
 *   outputs, another element type, an SG that is at another interface (itself, or inside a
 *   wrapper), feedback alignment whose layer above is not dense or whose signal units differ from
 *   that layer's outputs.
 * - DNI_ERROR_STATE: a trainer of the network exists, or the layer above feedback alignment is not
 *   there yet. */
DNI_API DNI_MUST_USE dni_status dni_network_set_sg(dni_network *network, size_t after, dni_sg *sg);

/** The width of the network's input; 0 for NULL and without layers. */
DNI_API size_t dni_network_inputs(const dni_network *network);

/** The width of the network's output; 0 for NULL and without layers. */
DNI_API size_t dni_network_outputs(const dni_network *network);

/** How many layers there are; 0 for NULL. */
DNI_API size_t dni_network_layer_count(const dni_network *network);

/** Layer `index`, borrowed; NULL for NULL and out of range. */
DNI_API dni_layer *dni_network_layer(dni_network *network, size_t index);

/** The SG at the interface after layer `after`, borrowed: *sg = NULL where the gradient is exact.
 * - DNI_ERROR_ARGUMENT: NULL, or no such interface; *sg is as it was. */
DNI_API DNI_MUST_USE dni_status dni_network_sg(dni_network *network, size_t after, dni_sg **sg);

/** A second network with copies of the layers (dni_layer_copy()) on the same context. Interfaces
 * are exact: SGs are not copied. For the best parameters so far, an average, or a network per
 * thread.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_UNSUPPORTED: a callback layer that cannot be copied; the message names it.
 * - DNI_ERROR_MEMORY: no memory.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: copy of a callback layer failed. */
DNI_API DNI_MUST_USE dni_status dni_network_copy(const dni_network *network, dni_network **out);

/** Copy all parameters of all layers of `from` into `to`, running statistics included.
 *
 * The chains must have layers of the same kinds and shapes. SGs and settings are not looked at.
 * Nothing is allocated.
 * - DNI_ERROR_ARGUMENT: NULL, or chains that differ. The message names the layer. */
DNI_API DNI_MUST_USE dni_status dni_network_assign(dni_network *to, const dni_network *from);

/* Predicting. --------------------------------------------------------------------------------- */

/** Buffers to predict with a network, `rows` rows at a time.
 *
 * rows 0: 256. It keeps the network. Any number of predictors of one network may be used by
 * different threads at once while nothing trains it. Layers that are added later are not seen.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_STATE: no layers.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_predictor_create(dni_network *network, size_t rows,
                                                     dni_predictor **out);

/** Take a reference; answers `predictor`. NULL is allowed. Any thread. */
DNI_API dni_predictor *dni_predictor_retain(dni_predictor *predictor);

/** Give a reference back. NULL is allowed. Any thread. */
DNI_API void dni_predictor_release(dni_predictor *predictor);

/** h [rows][outputs of layer `after`] becomes that layer's output for x [rows][inputs], in
 * inference mode. DNI_ALL for `after` means the last layer.
 *
 * More rows than the predictor has room for are done in parts. Nothing is allocated. One thread at
 * a time uses one predictor.
 * - DNI_ERROR_ARGUMENT: NULL, no such layer, shapes or types that do not fit.
 * - DNI_ERROR_BACKEND, DNI_ERROR_UNSUPPORTED: of the product; h is then undefined.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: a callback layer failed. */
DNI_API DNI_MUST_USE dni_status dni_predictor_run(dni_predictor *predictor, size_t after,
                                                  const dni_matrix *x, dni_matrix *h);

/** Plan working space for predictions of up to `rows` rows at a time, for dni_network_predict() and
 * dni_network_evaluate().
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_STATE: no layers.
 * - DNI_ERROR_MEMORY: no memory; the old working space stays. */
DNI_API DNI_MUST_USE dni_status dni_network_reserve(dni_network *network, size_t rows);

/** h [rows][outputs] becomes the network's output for x [rows][inputs], in inference mode.
 *
 * It is a shortcut for a predictor that the network keeps, of 256 rows unless dni_network_reserve()
 * said otherwise; the first call makes it, later ones allocate nothing. Several threads may call it
 * at once while nothing trains: a thread that finds the predictor in use makes one for the call.
 * - DNI_ERROR_ARGUMENT: NULL, shapes or types that do not fit.
 * - DNI_ERROR_STATE: no layers.
 * - DNI_ERROR_MEMORY: no memory.
 * - DNI_ERROR_BACKEND, DNI_ERROR_UNSUPPORTED: of the product; h is then undefined.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: a callback layer failed. */
DNI_API DNI_MUST_USE dni_status dni_network_predict(dni_network *network, const dni_matrix *x,
                                                    dni_matrix *h);

/** A measure of the caller's own. Set everything to 0, then the fields. */
typedef struct dni_metric {
  size_t struct_size; /**< sizeof(dni_metric). */
  void *user;         /**< Handed to the function. */
  /** Writes into *value the mean of the measure over the batch, whose x is the network's output h.
   * The batch is borrowed and valid during the call only. Means of several batches are averaged,
   * weighed by the sum of their weights. It answers 0, or a status with which the call fails; see
   * dni_fail(). In a trainer with threads it runs on the thread of the highest module. */
  dni_status(DNI_CALL *evaluate)(void *user, const dni_batch *batch, double *value);
  dni_destroy_callback destroy; /**< Called with user when what keeps the metric ends; or NULL. */
} dni_metric;

/** What dni_network_evaluate() found. Filled in up to struct_size. */
typedef struct dni_evaluation {
  size_t struct_size; /**< sizeof(dni_evaluation), set by the caller. */
  size_t examples;    /**< How many examples the data set has. */
  double loss;        /**< Mean loss. */
  double accuracy;    /**< Share that is classified right; NaN if the loss does not classify. */
  double metric;      /**< Mean of the metric; NaN without one. */
} dni_evaluation;

/** Mean loss, accuracy and metric over a whole data set, in inference mode. It needs no trainer.
 *
 * `metric` may be NULL; it is used during the call only, and its destroy is not called. Buffers for
 * the batches are allocated and freed inside.
 * - DNI_ERROR_ARGUMENT: NULL, sizes that do not fit, a bad struct_size.
 * - DNI_ERROR_NON_FINITE: the loss is NaN or infinite; the message names a layer.
 * - DNI_ERROR_MEMORY: no memory.
 * - DNI_ERROR_STATE, DNI_ERROR_BACKEND, DNI_ERROR_UNSUPPORTED: as dni_network_predict().
 * - DNI_ERROR_DATA: a data set of the caller's gave a label out of range.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: a callback failed. */
DNI_API DNI_MUST_USE dni_status dni_network_evaluate(dni_network *network, const dni_loss *loss,
                                                     const dni_dataset *dataset,
                                                     const dni_metric *metric, dni_evaluation *out);

/* Files. -------------------------------------------------------------------------------------- */

/** Write layers and SGs to the file `path`: kinds, shapes, settings, parameters, running
 * statistics, and what SGs have learned. Optimisers belong to a trainer; see dni_trainer_save().
 * dni/file.h says how a file is replaced.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_STATE: no layers.
 * - DNI_ERROR_IO: it cannot be written; the message has file and reason.
 * - DNI_ERROR_UNSUPPORTED: a header of more than 100 MB, which nobody reads; a library built with
 *   FILES=none.
 * - DNI_ERROR_MEMORY: no memory.
 *
 * After a failure the old file is there as it was. One thread at a time, while nothing trains. */
DNI_API DNI_MUST_USE dni_status dni_network_save(dni_network *network, const char *path);

/** The same to a function of the caller's.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: write failed. */
DNI_API DNI_MUST_USE dni_status dni_network_write(dni_network *network, const dni_writer *writer);

/** Make a network from a file of dni_network_save() or dni_trainer_save(), or a network file of
 * libdni 0.3. Its interfaces are exact: what the file has of SGs, and entries of other programs, is
 * kept and written again by dni_network_save(). What a training has besides its network is not. A
 * file of the other element type is converted.
 *
 * To load into a network that exists, with its SGs or with layers of the caller's, see
 * dni_checkpoint_add_network().
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_IO: it cannot be read; the message has file and reason.
 * - DNI_ERROR_DATA: it is no such file, or truncated, or corrupt, or its sizes do not add up.
 * - DNI_ERROR_UNSUPPORTED: a newer format, a layer of a kind that is not known or is the caller's;
 *   a library built with FILES=none.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_network_load(dni_context *context, const char *path,
                                                 dni_network **out);

/** The same from a function of the caller's.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: read failed. */
DNI_API DNI_MUST_USE dni_status dni_network_read(dni_context *context, const dni_reader *reader,
                                                 dni_network **out);

#endif
