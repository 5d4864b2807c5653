/* Where the batches of a fit come from. Internal to lib/trainer. */
#ifndef DNI_TRAINER_SOURCE_H
#define DNI_TRAINER_SOURCE_H

#include "trainer/trainer.h"

typedef struct dni__source dni__source;

struct dni__source {
  /* Before each epoch. NULL: nothing to do. */
  dni_status (*begin_epoch)(dni__source *source);
  /* The next batch, or batch->x = NULL where the epoch ends. */
  dni_status (*next)(dni__source *source, dni_batch *batch);
  bool (*ends)(const dni__source *source); /* no batch is left of this epoch; NULL: not known */
  /* Where it stands, as a number from which it could go on. NULL: it does not know. */
  dni_status (*where)(dni__source *source, uint64_t *position);
  dni_trainer *trainer;
  /* Of a data set: */
  const dni_dataset *dataset;
  const size_t *indices; /* its order; NULL: as it is */
  size_t batch;          /* rows of a step */
  size_t position;       /* examples of this epoch used so far */
  bool keep_rest;
  dni_matrix x, y; /* views of the trainer's batch */
  /* Of a stream: */
  dni_stream stream;
};

/* Batches of `options->batch` rows of a data set. The order is the trainer's; see dni_trainer_fit. If
 * the trainer goes on with a fit that was saved, the source stands where that one's did. */
dni_status dni__source_of_dataset(dni_trainer *trainer, const dni_dataset *dataset,
                                  const dni_fit_options *options, bool goes_on, dni__source *out);

/* Batches as the caller produces them: one epoch. */
dni_status dni__source_of_stream(dni_trainer *trainer, const dni_stream *stream, bool goes_on,
                                 dni__source *out);

#endif
