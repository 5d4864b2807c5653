/* The chain of layers as the trainer sees it. Internal. */
#ifndef DNI_NETWORK_NETWORK_H
#define DNI_NETWORK_NETWORK_H

#include "layer/layer.h"
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
  bool fixed; /* a trainer has been made: no more layers or estimators */
  /* For predictions: outputs of layers alternate between two buffers [rows][widest]. */
  void *buffers[2];
  size_t rows;
};

/* Forward or backward through layer `index`; failures say "layer 3 (dense): ...". */
dni_status dni__network_forward(dni_network *network, size_t index, int32_t mode,
                                const dni_matrix *x, const dni_matrix *y);
dni_status dni__network_backward(dni_network *network, size_t index, int32_t gradient_mode,
                                 const dni_matrix *x, const dni_matrix *y, const dni_matrix *dy,
                                 const dni_matrix *dx);

/* The message for a loss that is not finite: names the first layer with a non-finite parameter,
 * else the last layer's output. Returns DNI_ERROR_NON_FINITE. */
dni_status dni__network_blame(const dni_network *network);

/* A module: layers that only exact, delayed and fa interfaces join, or a thread's part of them. */
typedef struct dni__module {
  size_t first, count;
  dni_sg *top; /* the estimator after its last layer; NULL for the last module */
} dni__module;

/* Whether the interface after layer `index` joins the layers around it into one module. */
bool dni__network_joined(const dni_network *network, size_t index);

#endif
