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

/* How far the present fit has come, or the latest one: what a training that is saved goes on from. */
typedef struct dni__progress {
  bool fitting;                    /* it did not come to its own end */
  bool goes_on;                    /* this was loaded: the next fit is the rest of that one */
  uint64_t steps, epoch, position; /* steps of this fit; epoch from 1; where its source stands */
  double least;                    /* the lowest validation loss */
  uint64_t worse;                  /* evaluations in a row that were not below it */
  uint64_t examples;               /* of the data set that the order is of; 0: none */
  bool has_order, order_loaded;    /* loaded, and not yet taken by a fit */
  dni__random order;               /* dni_order_state, */
  bool order_shuffled;             /* with its last number apart */
  dni_network
      *best; /* kept: what the caller's `best` has at the lowest loss; NULL: none is wanted */
} dni__progress;

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
  dni__progress progress;
  uint64_t checkpoint_step;     /* of the latest save of a fit, counted as in reports; 0: none */
  dni_status checkpoint_status; /* of that save */
  bool open;                    /* a fit's callback is running, and nothing is in flight */
  uint64_t loaded_steps;        /* a load's, until the schedule has them */
  dni_network *loaded_best;     /* likewise; NULL: the file has none */
  dni__leftovers *leftovers;    /* of the file that was loaded last; NULL: none */
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

/* files.c: nothing is in flight, and the trainer may be saved. `call` is for the message. */
dni_status dni__trainer_settle(dni_trainer *trainer, const char *call);
/* No callback of a fit is running, in which a trainer may be saved but not loaded. */
dni_status dni__trainer_check_idle(const dni_trainer *trainer, const char *call);
/* Save, for somebody who is inside and has seen to it that nothing is in flight. */
dni_status dni__trainer_save_settled(dni_trainer *trainer, const char *path);
/* List everything that a training consists of, its network too. `file` is the one that is loaded; NULL: the
 * training is saved. */
void dni__trainer_list(dni_trainer *trainer, dni__file *file, dni__manifest *manifest);
/* After a load, whether it succeeded or not. */
void dni__trainer_end_load(dni_trainer *trainer);

/* report.c: the report of step `step`, counted from 1; 0: of none. */
void dni__trainer_report(const dni_trainer *trainer, uint64_t step, dni_step_report *report);

#endif
