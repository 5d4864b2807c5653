/* mnist: train MNIST by backpropagation and by rules that do not wait for it, side by side.
 *
 * Shows the whole path through libdni, from a file of digits to a trained network in a file: with
 * exact gradients, with one synthetic gradient (SG) in the middle, with an SG after every hidden
 * layer, and with direct feedback alignment. The set-up is that of Appendix C of Czarnecki et al.,
 * "Understanding Synthetic Gradients and Decoupled Neural Interfaces" (2017): fully connected ReLU
 * layers, each followed by batch normalisation. Without options it takes about 90 seconds on 2
 * cores; the depth of the paper, --depth 20 --steps 500000, takes days.
 *
 *   options.c, options_schedule.c, help.c  the command line
 *   run.c, session.c                       train and measure one method
 *   balance.c                              where modules end, if they are to take equally long
 *   report.c, output.c, figure.c           table, JSON, files; accuracy against time
 *
 * Finding and fetching the digits, and the networks, it shares with other programs (../common).
 */
#include "mnist.h"

static int run_all(const options *settings, const data_source *source, run_result *runs) {
  for (size_t i = 0; i < settings->method_count; i++) {
    int status = run_method(settings, source, settings->methods[i], &runs[i]);
    if (status != 0) return status;
  }
  return 0;
}

static int print_results(const result_set *results) {
  if (results->settings->out) {
    int status = report_write_tables(results);
    if (status == 0) status = figure_write(results);
    if (status != 0) return status;
  }
  if (results->settings->json)
    report_json(results);
  else
    report_table(results);
  return 0;
}

static int train_and_report(const options *settings) {
  data_source source;
  run_result runs[METHOD_COUNT] = {0};
  int status = output_prepare(settings);
  if (status == 0) status = data_find(settings->data, &source);
  if (status != 0) return status;
  report_heading(settings, &source);
  status = run_all(settings, &source, runs);
  result_set results = {settings, &source, runs, settings->method_count};
  if (status == 0) status = print_results(&results);
  for (size_t i = 0; i < METHOD_COUNT; i++)
    run_release(&runs[i]);
  return status;
}

int main(int argc, char **argv) {
  options settings;
  begin("mnist");
  int status = options_parse(argc, argv, &settings);
  if (status == OPTIONS_RUN) status = train_and_report(&settings);
  return finish(status);
}
