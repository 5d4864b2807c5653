/* dni-train: train a dense network on MNIST, CSV or IDX files, with or without SGs between its layers.
 *
 *   options.c, check.c        the command line
 *   data.c, table_data.c      what is learned
 *   scale.c                   numbers of any size, brought to the size that training likes
 *   network.c, session.c      the network, its SGs, optimisers and trainer
 *   run.c                     the training; signals, checkpoints, evaluations
 *   report.c, figure.c        lines, JSON, figure
 *   predict.c                 the answers for a file
 */
#include <math.h>
#include <stdlib.h>

#include "train.h"

enum { SIGNAL_STATUS = 128 };

/* Everything that may be asked for in the end. The network answers the file's own numbers from then on. */
static int write_results(run *r) {
  session *s = r->s;
  const settings *set = s->set;
  int status = run_evaluate(s, r);
  if (status != 0) return status;
  report_end(r);
  if (set->predict) status = predict_write(s);
  if (status == 0 && network_unscale(s->network, &s->d.scale) != DNI_OK) status = library_failure();
  if (status == 0 && set->save && dni_network_save(s->network, set->save) != DNI_OK)
    status = library_failure();
  if (status == 0 && set->json_file) status = report_json(r);
  return status == 0 && set->figure ? figure_write(r) : status;
}

static int train(const settings *set) {
  session s = {.set = set};
  run r = {.s = &s};
  int status = session_open(set, &s);
  if (status == 0) report_heading(&s);
  if (status == 0 && s.trainer) status = run_training(&s, &r);
  if (status == 0) status = write_results(&r);
  if (status == INTERRUPTED) status = SIGNAL_STATUS + r.signal;
  run_release(&r);
  session_close(&s);
  return status;
}

int main(int count, char **words) {
  settings set;
  begin("dni-train");
  int status = options_parse(count, words, &set);
  if (status == ARGUMENTS_RUN) status = train(&set);
  return finish(status);
}
