/* dni-train: train a dense network on MNIST, CSV or IDX files, with or without SGs between its layers.
 *
 *   options.c, check.c        the command line
 *   files.c                   the files that it names
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

/* The network of the file's own numbers, which it answers from then on. */
static int save_network(session *s) {
  const char *path = s->set->save;
  if (network_unscale(s->network, &s->d.scale) != DNI_OK) return library_failure();
  return !path || dni_network_save(s->network, path) == DNI_OK ? 0 : library_failure();
}

/* Everything that may be asked for in the end. After a failure the rest is still written: the training may
 * have taken days. */
static int write_results(run *r) {
  session *s = r->s;
  const settings *set = s->set;
  int status = run_evaluate(s, r);
  if (status == 0) report_end(r);
  if (set->predict && predict_write(s) != 0) status = EXIT_FAILURE;
  if (save_network(s) != 0) status = EXIT_FAILURE;
  if (set->json_file && report_json(r) != 0) status = EXIT_FAILURE;
  if (set->figure && figure_write(r) != 0) status = EXIT_FAILURE;
  return status;
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
