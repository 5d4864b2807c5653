/* The trainer's parts. Internal. A step (step.c) walks modules; where their matrices lie was
 * decided at creation (plan.c). */
#ifndef DNI_TRAINER_TRAINER_H
#define DNI_TRAINER_TRAINER_H

#include "network/network.h"

typedef struct dni__train_module {
  dni__module layers;
  dni_optimiser *optimiser;
  bool deferred; /* its estimator needs the output error: backward after the whole forward pass */
} dni__train_module;

/* The interface after one layer. */
typedef struct dni__train_interface {
  dni_sg *sg;               /* borrowed from the network; NULL: exact by default */
  dni_optimiser *optimiser; /* NULL: nothing learns here */
  void *prediction;         /* [max_batch][units]: the answer, kept until its target is known */
  size_t report;            /* its place in the report's arrays */
} dni__train_interface;

struct dni_trainer {
  dni__references references;
  dni_context *context;
  dni_network *network;
  dni_loss *loss;
  size_t max_batch;
  int32_t schedule;
  double update_probability;
  dni__random random; /* of the random schedule */
  uint64_t steps;
  bool in_fit;

  size_t module_count;
  dni__train_module *modules;
  dni__train_interface *interfaces; /* one per layer */

  /* The report of the step being made; its pointers are to the arrays below. */
  dni_step_report report;
  size_t *interface_after;
  double *sg_error, *sg_cosine;
  int32_t *module_updated;

  /* Memory, all [max_batch][...]. */
  void *activations, *workspace; /* the two blocks everything below lies in */
  size_t activation_bytes, workspace_bytes;
  void **outputs;          /* of each layer */
  void *deltas[2];         /* dL/dh on its way down, alternating */
  void *output_error;      /* dL/dh_N */
  void *losses;            /* [max_batch][1]: each example's; NULL without critics */
  void *batch_x, *batch_y; /* dni_trainer_fit's batch */
};

/* Whether the estimator of an interface learns from this, a DNI_SG_LEARNS_ value. */
bool dni__trainer_learns(const dni_trainer *trainer, size_t after, int32_t from);

/* Decide where every matrix of a step lies, and allocate it. */
dni_status dni__trainer_plan(dni_trainer *trainer);

/* Whether a data set has the network's sizes and element type (evaluate.c). */
dni_status dni__check_dataset(const dni_network *network, const dni_dataset *dataset);

#endif
