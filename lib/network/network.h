/* The chain of layers as the trainer sees it. Internal. */
#ifndef DNI_NETWORK_NETWORK_H
#define DNI_NETWORK_NETWORK_H

#include "file/file.h"
#include "layer/layer.h"
#include "network/pointer_set.h"
#include "sg/sg.h"

typedef struct dni__link {
  dni_layer *layer;
  dni_sg *sg; /* at the interface after the layer; NULL: exact */
} dni__link;

struct dni_network {
  dni__references references;
  dni_context *context;
  dni__link *links;
  size_t count, capacity;
  dni__pointer_set layers; /* those that may be in the network once */
  dni__pointer_set sgs;    /* the innermost SG of each interface */
  atomic_size_t trainers;  /* that exist; above 0: no more layers or SGs */
  /* Of dni_network_predict, which takes it out for the call. NULL: none yet, or in use. It does not
   * keep the network. */
  _Atomic(dni_predictor *) predictor;
  atomic_size_t reserved; /* its rows; 0: ROWS_AT_FIRST */
  dni__leftovers *leftovers; /* of the file it came from; NULL: none */
};

/* "layer 3 (dense): " in front of the message of a failure. Returns `status`. */
dni_status dni__network_say(const dni_layer *layer, size_t index, dni_status status);

/* Forward or backward through layer `index`; failures say "layer 3 (dense): ...". As
 * dni__layer_forward and dni__layer_backward. */
dni_status dni__network_forward(const dni_network *network, size_t index, dni_mode mode,
                                dni_state *state, const dni_matrix *x, const dni_matrix *weights,
                                const dni_matrix *y);
dni_status dni__network_backward(const dni_network *network, size_t index, dni_gradient_flags flags,
                                 double scale, dni_state *state, const dni_matrix *x,
                                 const dni_matrix *weights, const dni_matrix *y,
                                 const dni_matrix *dy, const dni_matrix *dx);

/* List all layers and SGs (files.c). */
void dni__network_list(dni_network *network, dni__manifest *manifest);

/* old_file.c: make a network of the bytes of a network file of libdni 0.3. */
dni_status dni__network_from_old_file(dni_context *context, const unsigned char *bytes, size_t size,
                                      dni_network **out);

/* dni_network_copy, but it takes no random stream of the context: for copies that are not trained, or
 * that get their streams from a file. */
dni_status dni__network_twin(const dni_network *network, dni_network **out);

/* Whether dni_network_assign could copy one's parameters to the other; the message names a layer
 * that differs. */
dni_status dni__network_check_alike(const dni_network *to, const dni_network *from);

/* The failure of a loss that is not finite: "layer 3 (dense): the loss of its output ...". */
dni_status dni__network_loss_failed(const dni_network *network);

/* After DNI_ERROR_NON_FINITE: put the first parameter of a layer that is not finite in front of the
 * message, since it is the likely cause. It reads all layers, so no thread may be training one.
 * Returns `status`; another status and its message stay as they are. */
dni_status dni__network_blame(const dni_network *network, dni_status status);

/* Whether a data set has the network's sizes and element type. */
dni_status dni__network_check_dataset(const dni_network *network, const dni_dataset *dataset);

/* evaluate.c: dni_network_evaluate in parts. Making one allocates all that running it needs. Network,
 * loss and data set, which fit each other, are borrowed; the metric is copied, NULL: none. NULL is destroyed as nothing. */
typedef struct dni__evaluation dni__evaluation;
dni_status dni__evaluation_create(dni_network *network, const dni_loss *loss,
                                  const dni_dataset *dataset, const dni_metric *metric,
                                  dni__evaluation **out);
dni_status dni__evaluation_run(dni__evaluation *evaluation, dni_evaluation *found);
void dni__evaluation_destroy(dni__evaluation *evaluation);

/* A module: layers that only exact, delayed and fa interfaces join, or a thread's part of them. */
typedef struct dni__module {
  size_t first, count;
  dni_sg *top; /* the SG after its last layer; NULL for the last module */
} dni__module;

/* Whether the interface after layer `index` joins the layers around it into one module. */
bool dni__network_joined(const dni_network *network, size_t index);

#endif
