/* A batch, or a micro-batch, on its way through the modules of one stage. Internal.
 *
 * This is the door of the room: a schedule fills in a pass, runs it, and later gives the lesson
 * when the target of the stage's upper interface has come. Who moves a weight, and when: the
 * module's backward (backward.c) moves the layers, the lesson (lesson.c) moves the SGs; nothing
 * else does. */
#ifndef DNI_PASS_PASS_H
#define DNI_PASS_PASS_H

#include "pass/plan.h"

typedef struct dni__pass {
  dni__stage *stage;
  dni_matrix x, y;      /* of the stage's first layer; of the network */
  dni_matrix weights;   /* [rows][1]; data NULL: 1 each */
  double weight, total; /* sums of the examples' weights, here and in the whole batch */
  dni__record *record;
  dni__message *message;    /* what the stage below gave; NULL in schedules without threads */
  dni_gradient_flags flags; /* DNI_GRADIENT_ADD for micro-batches after the first */
  bool moves;               /* parameters are updated; else gradients are only added up */
} dni__pass;

/* Through all modules of the stage that do not wait for another thread. */
dni_status dni__pass_run(dni__pass *pass);

/* What follows when the target of the stage's upper interface is there: a lesson for the SG, or the
 * backward pass of the module that waited. target may be overwritten. prediction NULL: it is made
 * again. */
dni_status dni__pass_lesson(dni__pass *pass, const dni_matrix *target,
                            const dni_matrix *prediction);

#endif
