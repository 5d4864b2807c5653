/* The trainer's parts. Internal.
 *
 * A stage is a row of neighbouring modules that one thread runs: all of them in the sequential
 * schedule. pass.c takes a batch through the modules of a stage; step.c does so in the calling
 * thread; pipeline.c has a thread per stage and moves batches and targets between them. Where
 * matrices lie was decided at creation (plan.c). */
#ifndef DNI_TRAINER_TRAINER_H
#define DNI_TRAINER_TRAINER_H

#include "network/network.h"
#include "trainer/channel.h"

/* What a module's backward waits for. */
typedef enum dni__waits {
  DNI_WAITS_NOT,
  DNI_WAITS_ERROR, /* the output error (dfa): after the whole forward pass */
  DNI_WAITS_DELTA  /* the gradient from the thread above (delayed; micro-batches) */
} dni__waits;

typedef struct dni__train_module {
  dni__module layers;
  dni_optimiser *optimiser;
  dni__waits waits;
  bool trained;  /* false: forward only, beyond trained_modules */
  bool may_fail; /* has layers of the caller's: it then moves as a whole or not at all */
} dni__train_module;

/* The interface after one layer. */
typedef struct dni__train_interface {
  dni_sg *sg;               /* borrowed from the network; NULL: exact by default */
  dni_optimiser *optimiser; /* NULL: nothing learns here */
  void *prediction;         /* [max_batch][units]: the answer, kept until its target is known */
  size_t report;            /* its place in the report's arrays */
} dni__train_interface;

/* What is measured of one batch; arrays are per interface with an estimator. */
typedef struct dni__record {
  double loss, accuracy;
  double *sg_error, *sg_cosine;
  size_t *target_lag;
} dni__record;

struct dni_trainer;

typedef struct dni__stage {
  struct dni_trainer *trainer;
  size_t index;
  size_t first_module, module_count;
  size_t first_layer, layer_count;

  /* Memory, all [rows][...]. */
  void *activations, *workspace; /* the two blocks everything below lies in */
  size_t activation_bytes, workspace_bytes;
  void *deltas[2];    /* dL/dh on its way down, alternating */
  void *output_error; /* dL/dh_N; top stage */
  void *losses;       /* [rows][1]: each example's; NULL without critics; top stage */

  /* Batches that wait for their target at the stage's upper interface, in a ring of slots: outputs
   * of layers kept_first .. top lie in the slot, and y; x if the module that waits is the first. */
  size_t slots; /* 0: nothing waits */
  size_t kept_first;
  bool keeps_x;
  unsigned char *kept_outputs, *kept_x, *kept_y, *kept_state;
  size_t slot_bytes, x_bytes, y_bytes, state_bytes; /* from slot to slot */
  struct dni__waiting *waiting;                     /* [slots] */

  dni__channel *from_below, *from_above; /* what this stage receives; NULL at the ends */
} dni__stage;

/* A batch, or a micro-batch, on its way through one stage. */
typedef struct dni__pass {
  dni__stage *stage;
  dni_matrix x, y; /* of the stage's first layer; of the network */
  dni__record *record;
  dni__message *message; /* what the stage below gave; NULL in schedules without threads */
  int32_t gradient_mode; /* DNI_GRADIENT_ADD for micro-batches after the first */
  bool moves;            /* parameters are updated; else gradients are only added up */
} dni__pass;

struct dni_trainer {
  dni__references references;
  dni_context *context;
  dni_network *network;
  dni_loss *loss;
  size_t max_batch;
  size_t max_rows; /* of what passes through at a time: max_batch, or a micro-batch */
  int32_t schedule;
  size_t in_flight, micro_batches, trained_modules;
  double update_probability;
  dni__random random; /* of the random schedule */
  uint64_t steps;     /* complete */
  atomic_bool in_fit, cancelled;

  size_t module_count;
  dni__train_module *modules;
  dni__train_interface *interfaces; /* one per layer */
  void **outputs;                   /* of each layer, where the next pass finds it */
  size_t *kept_offset;              /* of each layer's output in its stage's slots, in bytes */
  size_t stage_count;
  dni__stage *stages;
  struct dni__pipeline *pipeline; /* NULL in schedules without threads */
  void *batch_x, *batch_y;        /* dni_trainer_fit's batch */

  /* The report of the latest complete step; its pointers are to the record's and these arrays. */
  dni_step_report report;
  size_t *interface_after;
  int32_t *module_updated;
  /* A ring of record_count, batch t (from 0) in t % record_count, and a blank one after it. */
  dni__record *records;
  size_t record_count;
  void *record_memory;
};

/* Whether the estimator of an interface learns from this, a DNI_SG_LEARNS_ value. */
bool dni__trainer_learns(const dni_trainer *trainer, size_t after, int32_t from);

/* Whether the module above an interface has to compute the gradient of its input. */
bool dni__trainer_wants_target(const dni_trainer *trainer, size_t after);

/* Which module's top layer is `after`. */
size_t dni__trainer_module_of(const dni_trainer *trainer, size_t layer);

/* options.c: what can be said of options and network before anything is made. */
dni_status dni__trainer_check(const dni_context *context, const dni_network *network,
                              dni_loss *loss, const dni_optimiser *sg_optimiser,
                              dni_trainer_options *options);

/* deal.c: modules and stages. Fills in modules (without optimisers) and stages (without memory). */
dni_status dni__trainer_deal(dni_trainer *trainer, const dni_optimiser *pattern, size_t threads);

/* Decide where every matrix of a step lies, and allocate it. */
dni_status dni__trainer_plan(dni_trainer *trainer);

/* pass.c. A pass through all modules of the stage that do not wait for another thread. */
dni_status dni__pass_run(dni__pass *pass);
/* What follows when the target of the stage's upper interface is there: a lesson for the SG, or the
 * backward pass of the module that waited. target may be overwritten. prediction NULL: it is made
 * again. */
dni_status dni__pass_lesson(dni__pass *pass, const dni_matrix *target,
                            const dni_matrix *prediction);
/* A record with nothing in it. */
void dni__record_clear(const dni_trainer *trainer, dni__record *record);

/* step.c: where outputs of kept layers lie for this slot. */
void dni__stage_use_slot(dni__stage *stage, size_t slot);
/* Point the report to a record. */
void dni__report_point(dni_trainer *trainer, uint64_t step, const dni__record *record,
                       bool settled);

/* pipeline.c. */
dni_status dni__pipeline_create(dni_trainer *trainer);
void dni__pipeline_destroy(dni_trainer *trainer);
size_t dni__pipeline_bytes(const dni_trainer *trainer);
dni_status dni__pipeline_step(dni_trainer *trainer, const dni_matrix *x, const dni_matrix *y);
dni_status dni__pipeline_flush(dni_trainer *trainer);

/* Whether a data set has the network's sizes and element type (evaluate.c). */
dni_status dni__check_dataset(const dni_network *network, const dni_dataset *dataset);

#endif
