/* dni_network: a chain of layers and the estimators at its interfaces. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_NETWORK_H
#define DNI_NETWORK_H

typedef struct dni_network dni_network;

/* An empty chain.
 *
 *   DNI_ERROR_ARGUMENT     NULL
 *   DNI_ERROR_MEMORY */
DNI_API DNI_MUST_USE dni_status dni_network_create(dni_context *context, dni_network **out);
DNI_API void dni_network_retain(dni_network *network);
DNI_API void dni_network_release(dni_network *network);

/* Append a layer; the network keeps it. Once a trainer has been made on the network its shape is
 * fixed.
 *
 *   DNI_ERROR_ARGUMENT     NULL, a layer whose inputs differ from the outputs below it, of another
 *                          element type, or one with parameters that is in the network already
 *   DNI_ERROR_STATE        a trainer has been made on the network
 *   DNI_ERROR_MEMORY       nothing changed */
DNI_API DNI_MUST_USE dni_status dni_network_add(dni_network *network, dni_layer *layer);

/* Put an estimator at the interface after layer `after` (from 0). After the last layer it must
 * stay exact, since that gradient is the loss's own; dni_trainer_create checks. The network keeps
 * it. NULL: exact, which is what every interface is at first.
 *
 *   DNI_ERROR_ARGUMENT     no such interface, units that differ from the layer's outputs, an fa
 *                          whose layer above is not dense or whose error units differ from that
 *                          layer's outputs
 *   DNI_ERROR_STATE        a trainer has been made, or the layer above an fa is not there yet */
DNI_API DNI_MUST_USE dni_status dni_network_set_sg(dni_network *network, size_t after, dni_sg *sg);

/* Sizes and parts; 0 or NULL for NULL or out of range. Parts are borrowed. sg is NULL where exact
 * by default. */
DNI_API size_t dni_network_inputs(const dni_network *network);
DNI_API size_t dni_network_outputs(const dni_network *network);
DNI_API size_t dni_network_layer_count(const dni_network *network);
DNI_API dni_layer *dni_network_layer(const dni_network *network, size_t index);
DNI_API dni_sg *dni_network_sg(const dni_network *network, size_t after);

/* Plan workspace for predictions of up to `rows` rows, so that they allocate nothing.
 *
 *   DNI_ERROR_ARGUMENT     NULL, or rows = 0
 *   DNI_ERROR_STATE        no layers
 *   DNI_ERROR_MEMORY       the old workspace stays */
DNI_API DNI_MUST_USE dni_status dni_network_reserve(dni_network *network, size_t rows);

/* h [rows][outputs] = the output of the last layer for x [rows][inputs], in inference mode.
 * Batches of more rows than reserved are processed in parts, so memory does not grow; without
 * dni_network_reserve the first call reserves min(rows, 256).
 *
 *   DNI_ERROR_ARGUMENT     NULL, shapes or types that do not fit
 *   DNI_ERROR_STATE        no layers
 *   DNI_ERROR_MEMORY
 *   DNI_ERROR_BACKEND      as dni_backend_gemm: h is then undefined
 *   DNI_ERROR_UNSUPPORTED  as dni_backend_gemm: h is then undefined */
DNI_API DNI_MUST_USE dni_status dni_network_predict(dni_network *network, const dni_matrix *x,
                                                    const dni_matrix *h);

/* The same for an inner layer: h [rows][outputs of layer `after`] = its output, in inference mode.
 * Since 0.2.
 *
 *   as dni_network_predict; DNI_ERROR_ARGUMENT also if there is no layer `after` */
DNI_API DNI_MUST_USE dni_status dni_network_activations(dni_network *network, size_t after,
                                                        const dni_matrix *x, const dni_matrix *h);

/* How long the parts of a training step take on this machine, for cutting a network into modules that
 * take equally long. seconds [layer count]: forward, backward and update of each layer on `rows`
 * rows; sg_seconds [layer count] (may be NULL): estimate, lesson and update of the estimator after it,
 * 0 where there is none or it needs an error signal; in the lesson it answers again, as it does between
 * threads. Medians of a few runs on made-up numbers; takes about ten steps. `optimiser`
 * is a pattern (dni_optimiser_create_like); NULL leaves the updates out. Parameters, gradients and
 * running statistics are as before afterwards. The caller's own layers and estimators are called like
 * the others. Since 0.3.
 *
 *   DNI_ERROR_ARGUMENT     NULL, rows = 0
 *   DNI_ERROR_STATE        no layers
 *   DNI_ERROR_MEMORY
 *   others                 as dni_layer_forward, of the caller's own layers and estimators */
DNI_API DNI_MUST_USE dni_status dni_network_measure(dni_network *network, size_t rows,
                                                    const dni_optimiser *optimiser, double *seconds,
                                                    double *sg_seconds);

/* Cut a row of `count` costs into `parts` runs whose largest sum is as small as it can be: counts
 * [parts] receives the length of each, at least 1. Every run but the last also bears cut_cost, what its
 * estimator takes. Any thread. Since 0.3.
 *
 *   DNI_ERROR_ARGUMENT     NULL, parts 0 or more than count, a cost negative or not finite */
DNI_API DNI_MUST_USE dni_status dni_balance(const double *costs, size_t count, size_t parts,
                                            double cut_cost, size_t *counts);

#endif
