/* The trainer as the user sees it. Internal to lib/trainer.
 *
 * A trainer is a plan (lib/pass: what is trained, and where its matrices lie) and a schedule
 * (lib/schedule: which pass runs when, and where). This folder checks what the user says, keeps the
 * two, and reports. */
#ifndef DNI_TRAINER_PARTS_H
#define DNI_TRAINER_PARTS_H

#include <pthread.h>

#include "schedule/schedule.h"

/* Marks that show whether a call is still on its thread's stack; see visit.c. */
#define DNI_VISIT_MARKS 64

/* A call that is inside a trainer: a local variable of the public function. */
typedef struct dni__visit {
  dni_trainer *trainer; /* NULL: not inside */
  uint64_t mark[DNI_VISIT_MARKS];
} dni__visit;

/* What is known of the validation set in the present fit. */
typedef struct dni__validation {
  uint64_t step; /* of the latest evaluation; 0: none yet */
  dni_evaluation found;
} dni__validation;

struct dni_trainer {
  dni__references references;
  dni_context *context;
  dni__plan plan;
  dni__schedule *schedule;

  /* Who is inside: visit.c. */
  atomic_bool inside, abandoned;
  atomic_bool
      orphaned; /* the last reference was given back by a callback: it ends when the call ends */
  pthread_t visitor;
  pid_t made_in; /* the process */
  const dni__visit *visit;
  uint64_t mark;

  atomic_bool cancelled; /* until a fit has returned DNI_ERROR_CANCELLED */

  /* dni_trainer_fit's batch, and the order of the data set it saw last. */
  void *batch_x, *batch_y;
  dni_order *order;
  dni_dataset *dataset;        /* what the order is of; kept */
  bool order_goes_on;          /* from fit to fit; else it was drawn for one */
  dni__evaluation *evaluation; /* of the validation set, during a fit */
  dni__validation validation;
  dni__validation earlier_validation; /* for steps that are reported after it: the one before */
};

/* visit.c: enter a trainer, or say why not. `visit` is a local variable declared with DNI_VISIT;
 * when its function is left by an exception, the trainer is left too. */
#define DNI_VISIT(name)                                                                            \
  dni__visit name __attribute__((cleanup(dni__visit_cleanup)));                                    \
  name.trainer = NULL
dni_status dni__visit_begin(dni_trainer *trainer, dni__visit *visit, const char *call);
void dni__visit_end(dni__visit *visit);
void dni__visit_cleanup(dni__visit *visit);
/* Whether a call is inside, as far as can be told. */
bool dni__visit_lasts(const dni_trainer *trainer);
/* trainer.c: free everything. */
void dni__trainer_destroy(dni_trainer *trainer);

/* options.c: check and fill in options; what can be said of the network before anything is made. */
dni_status dni__trainer_check(const dni_network *network, const dni_loss *loss,
                              dni_trainer_options *options);
/* options.c: the fewest rows that a batch may have, of checked options: normalisation takes statistics
 * of each batch, or of each micro-batch. *layer: the first such layer, DNI_NONE if there is none. */
size_t dni__trainer_least_batch(const dni_network *network, const dni_trainer_options *options,
                                size_t *layer);

/* optimisers.c: one for each module and for each SG that learns. */
dni_status dni__trainer_create_optimisers(dni__plan *plan, const dni_optimiser *pattern,
                                          const dni_optimiser *sg_pattern);
void dni__trainer_release_optimisers(dni__plan *plan);

/* step.c: rows that are not too few; a checked batch's sum of weights; and a step of a caller who is inside already. */
dni_status dni__trainer_check_rows(const dni_trainer *trainer, size_t rows);
dni_status dni__trainer_check_batch(const dni_trainer *trainer, const dni_batch *batch,
                                    dni_batch *known, double *total);
dni_status dni__trainer_submit(dni_trainer *trainer, const dni_batch *batch, double total,
                               uint64_t epoch);

/* report.c: the report of step `step`, counted from 1; 0: of none. */
void dni__trainer_report(const dni_trainer *trainer, uint64_t step, dni_step_report *report);

#endif
