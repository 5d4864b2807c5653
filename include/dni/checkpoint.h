/** \file
 * dni_checkpoint: the parts of a training loop of one's own, saved and loaded as one. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_CHECKPOINT_H
#define DNI_CHECKPOINT_H

/** An empty checkpoint.
 *
 * Add what belongs together, then save or load it as often as wanted. Everything that is added is
 * kept until the last release. Names are 1 to 100 bytes of UTF-8 without ASCII's control
 * characters; those
 * that begin with "libdni.", and "__metadata__", are the file's own. The entries of the file begin
 * with the name and a dot: a layer "encoder" has the entry "encoder.weight". The name "" is allowed
 * once, for a network or a trainer: its entries have nothing in front.
 *
 * One thread at a time, and while nothing else uses what was added.
 * - DNI_ERROR_ARGUMENT: NULL.
 * - DNI_ERROR_MEMORY: no memory. */
DNI_API DNI_MUST_USE dni_status dni_checkpoint_create(dni_context *context, dni_checkpoint **out);

/** Take a reference; answers `checkpoint`. NULL is allowed. Any thread. */
DNI_API dni_checkpoint *dni_checkpoint_retain(dni_checkpoint *checkpoint);

/** Give a reference back. NULL is allowed. Any thread. */
DNI_API void dni_checkpoint_release(dni_checkpoint *checkpoint);

/** Add a layer: its parameters, settings, statistics, and its random stream. The values in the
 * caller's own layers are their parameters; what else they keep, add with _add_matrix() or
 * _add_count().
 * - DNI_ERROR_ARGUMENT: NULL, a bad name, or one that is taken; nothing was added.
 * - DNI_ERROR_MEMORY: no memory; nothing was added. */
DNI_API DNI_MUST_USE dni_status dni_checkpoint_add_layer(dni_checkpoint *checkpoint,
                                                         const char *name, dni_layer *layer);

/** Add an SG with all it has learned, SGs inside it too. Failures as dni_checkpoint_add_layer(). */
DNI_API DNI_MUST_USE dni_status dni_checkpoint_add_sg(dni_checkpoint *checkpoint, const char *name,
                                                      dni_sg *sg);

/** Add all layers and SGs of a network, those too that are added to it later. Failures as
 * dni_checkpoint_add_layer(). */
DNI_API DNI_MUST_USE dni_status dni_checkpoint_add_network(dni_checkpoint *checkpoint,
                                                           const char *name, dni_network *network);

/** Add an optimiser: settings, count of steps, moments. What it moves is not part of it. Failures
 * as dni_checkpoint_add_layer(). */
DNI_API DNI_MUST_USE dni_status dni_checkpoint_add_optimiser(dni_checkpoint *checkpoint,
                                                             const char *name,
                                                             dni_optimiser *optimiser);

/** Add an order of examples, which goes on after a load as it would have. Failures as
 * dni_checkpoint_add_layer(). */
DNI_API DNI_MUST_USE dni_status dni_checkpoint_add_order(dni_checkpoint *checkpoint,
                                                         const char *name, dni_order *order);

/** Add a trainer with its network, as dni_trainer_save() does. Failures as
 * dni_checkpoint_add_layer(). */
DNI_API DNI_MUST_USE dni_status dni_checkpoint_add_trainer(dni_checkpoint *checkpoint,
                                                           const char *name, dni_trainer *trainer);

/** Add a matrix of the caller's, of DNI_F32, DNI_F64, DNI_I32 or DNI_U8. The view is copied; its
 * memory is borrowed until the last release, read by saves and written by loads.
 * - DNI_ERROR_ARGUMENT: also a view that is not valid. */
DNI_API DNI_MUST_USE dni_status dni_checkpoint_add_matrix(dni_checkpoint *checkpoint,
                                                          const char *name, dni_matrix *matrix);

/** Add a number of the caller's; borrowed as the memory of dni_checkpoint_add_matrix(). */
DNI_API DNI_MUST_USE dni_status dni_checkpoint_add_count(dni_checkpoint *checkpoint,
                                                         const char *name, uint64_t *count);

/** The same of a double, which comes back bit for bit; NaN as some NaN. */
DNI_API DNI_MUST_USE dni_status dni_checkpoint_add_real(dni_checkpoint *checkpoint,
                                                        const char *name, double *real);

/** Write everything into the file `path`.
 *
 * A trainer of the checkpoint is flushed first. In the callback of a dni_trainer_fit() that is not
 * possible; there its report must say settled.
 * - DNI_ERROR_ARGUMENT: NULL; two entries of one name.
 * - DNI_ERROR_STATE: nothing was added; a trainer is at work, or in a forked child.
 * - DNI_ERROR_IO: it cannot be written; the message has file and reason.
 * - DNI_ERROR_UNSUPPORTED: a header of more than 100 MB, which nobody reads; a library built with
 *   FILES=none.
 * - DNI_ERROR_MEMORY: no memory. A failed flush: as dni_trainer_flush().
 *
 * After a failure the old file is there as it was. */
DNI_API DNI_MUST_USE dni_status dni_checkpoint_save(dni_checkpoint *checkpoint, const char *path);

/** The same to a function of the caller's.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: write failed. */
DNI_API DNI_MUST_USE dni_status dni_checkpoint_write(dni_checkpoint *checkpoint,
                                                     const dni_writer *writer);

/** Load everything from the file `path`, which was saved from a checkpoint made the same way.
 *
 * What is decided when objects are made (kinds, sizes, schedules of rates) must be as in the file;
 * settings are loaded. Entries of the file that nothing asks for are kept, and written again by
 * later saves of this checkpoint. Matrices of float are converted to double and back. `options` may
 * be NULL.
 * - DNI_ERROR_ARGUMENT: NULL, a bad struct_size; the file is of something else: the message names
 *   the first text that differs.
 * - DNI_ERROR_IO: it cannot be read; the message has file and reason.
 * - DNI_ERROR_DATA: it is no such file, truncated or corrupt; an entry is missing, malformed or of
 *   another shape.
 * - DNI_ERROR_UNSUPPORTED: a later format, or a network file of libdni 0.3; unknown non-zero
 *   options; a library built with FILES=none.
 * - DNI_ERROR_STATE, DNI_ERROR_MEMORY: as dni_checkpoint_save().
 *
 * After a failure nothing has changed. */
DNI_API DNI_MUST_USE dni_status dni_checkpoint_load(dni_checkpoint *checkpoint, const char *path,
                                                    const dni_load_options *options);

/** The same from a function of the caller's.
 * - DNI_ERROR_CALLBACK, or a status of the caller's: read failed. */
DNI_API DNI_MUST_USE dni_status dni_checkpoint_read(dni_checkpoint *checkpoint,
                                                    const dni_reader *reader,
                                                    const dni_load_options *options);

#endif
