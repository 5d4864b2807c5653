/* What a training consists of: modules, interfaces and stages, and where their matrices lie.
 * Internal.
 *
 * A module is a row of layers that run backward together. A stage is a row of neighbouring modules
 * that one thread runs: all of them in a schedule without threads. The plan is filled in once, by
 * lib/schedule (who runs what) and layout.c (where matrices lie); then passes (pass.h) read it. */
#ifndef DNI_PASS_PLAN_H
#define DNI_PASS_PLAN_H

#include "channel/channel.h"
#include "network/network.h"

/* What a module's backward waits for. */
typedef enum dni__waits {
  DNI_WAITS_NOT,
  DNI_WAITS_ERROR, /* the output error (dfa): after the whole forward pass */
  DNI_WAITS_DELTA  /* the gradient from the thread above (delayed; micro-batches) */
} dni__waits;

typedef struct dni__train_module {
  dni__module layers;
  dni_optimiser *optimiser; /* NULL: it never moves */
  dni__waits waits;
  bool trained;  /* false: forward only, beyond trained_modules */
  bool still;    /* under a zero SG: forward only, but the modules above train */
  bool may_fail; /* has layers of the caller's: it then moves as a whole or not at all */
  _Atomic double rate_factor; /* dni_trainer_set_rate_factor */
} dni__train_module;

/* The interface after one layer. */
typedef struct dni__train_interface {
  dni_sg *sg;               /* borrowed from the network; NULL: exact */
  dni_optimiser *optimiser; /* NULL: nothing learns here */
  void *prediction;         /* [rows][units]: the answer, kept until its target is known */
} dni__train_interface;

/* What is measured of one batch. Arrays have an entry for each layer's interface, and for each
 * module. */
typedef struct dni__record {
  size_t rows;
  uint64_t epoch; /* of dni_trainer_fit; 0 outside it */
  double loss, accuracy, metric;
  double *sg_mse, *sg_cosine; /* [layers] */
  double *gradient_norm;      /* [modules]: of the layers' gradients */
  double *rate;               /* [modules]: the learning rate of those that moved, else NaN */
  size_t *target_lag;         /* [layers] */
} dni__record;

struct dni__plan;

typedef struct dni__stage {
  struct dni__plan *plan;
  size_t index;
  size_t first_module, module_count;
  size_t first_layer, layer_count;

  /* Memory, all [rows][...]. */
  void *activations, *workspace; /* the two blocks everything below lies in */
  size_t activation_bytes, workspace_bytes;
  void *deltas[2];    /* dL/dh on its way down, alternating */
  void *wide[2];      /* outputs that are kept as bf16, as floats: that of layer l in wide[l % 2] */
  void *output_error; /* dL/dh_N; top stage */
  void *losses;       /* [rows][1]: each example's, for critics and callback losses; or NULL */
  void *right;        /* [rows][1]: working space of a callback loss; or NULL */

  /* Batches that wait for their target at the stage's upper interface, in a ring of slots: outputs
   * of layers kept_first .. top lie in the slot, y and weights, states of the module that waits,
   * and x if that module is the first. */
  size_t slots; /* 0: nothing waits */
  size_t kept_first;
  bool keeps_x;
  unsigned char *kept_outputs, *kept_x, *kept_y, *kept_weights;
  size_t slot_bytes, x_bytes, y_bytes, weight_bytes; /* from slot to slot */
  dni_state **kept_states;      /* [slots][layer_count]; NULL entries: the layer keeps nothing */
  size_t state_bytes;           /* of all of them */
  struct dni__waiting *waiting; /* [slots]; lib/schedule's */

  dni__channel *from_below, *from_above; /* what this stage receives; NULL at the ends */
} dni__stage;

/* The training of one network. */
typedef struct dni__plan {
  dni_context *context;
  dni_network *network;
  dni_loss *loss;
  dni_metric metric; /* evaluate NULL: none */
  size_t max_batch;
  size_t least_batch; /* rows that a batch must have: some layers take statistics of its parts */
  size_t statistics_layer; /* which is the first of these; DNI_NONE */
  size_t max_rows;         /* of what passes through at a time: max_batch, or a micro-batch */
  dni_kind schedule;
  size_t in_flight, micro_batches, trained_modules;
  double update_probability;
  bool measures_norm;    /* gradient_norm is wanted */
  dni_dtype activations; /* what outputs inside modules are kept as, where that does no harm */

  size_t module_count;
  dni__train_module *modules;
  int32_t *module_updated;          /* [modules]: moves in the present step */
  dni__train_interface *interfaces; /* one per layer */
  void **outputs;                   /* of each layer, where the next pass finds it */
  bool *in_bf16;                    /* of each layer, whether its output is kept as bf16 */
  dni_state **states;               /* of each layer, likewise; NULL: the layer's own */
  size_t *kept_offset;              /* of each layer's output in its stage's slots, in bytes */
  size_t stage_count;
  dni__stage *stages;

  /* A ring of record_count, batch t (from 0) in t % record_count, and a blank one after it. */
  dni__record *records;
  size_t record_count;
  void *record_memory;
} dni__plan;

/* Whether the SG of an interface learns from this, a DNI_SG_LEARNS_ value. */
bool dni__plan_learns(const dni__plan *plan, size_t after, dni_learns from);

/* Whether the module above an interface has to compute the gradient of its input. */
bool dni__plan_wants_target(const dni__plan *plan, size_t after);

/* The module that a layer belongs to. */
size_t dni__plan_module_of(const dni__plan *plan, size_t layer);

/* precision.c: decide which outputs are kept as bf16. Modules are there. */
void dni__plan_choose_precision(dni__plan *plan);

/* layout.c: decide where every matrix and state of a step lies, and allocate it. Modules and stages
 * are there. dni__plan_free releases this and the records. */
dni_status dni__plan_lay_out(dni__plan *plan);
void dni__plan_free(dni__plan *plan);

/* Let outputs and states of the layers that are kept lie in this slot. */
void dni__stage_use_slot(dni__stage *stage, size_t slot);

/* record.c: the ring of records; and a record with nothing in it. */
dni_status dni__plan_create_records(dni__plan *plan);
void dni__record_clear(const dni__plan *plan, dni__record *record);
static inline dni__record *dni__plan_record(const dni__plan *plan, uint64_t batch) {
  return &plan->records[batch % plan->record_count];
}

#endif
