/* Deep networks for the experiments that look at representations: trained once, kept in files whose
 * names have all settings, so that several programs look at the same networks.
 *
 * Training has a context of its own. What a program draws afterwards is therefore the same whether
 * the network was trained just now or came from a file. */
#define _XOPEN_SOURCE 700
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"

/* The objects of a training, in the order in which they are made. */
typedef struct training {
  const training_plan *plan;
  method which;
  dni_context *context;
  dni_dataset *train, *test;
  dni_network *network;
  dni_loss *loss;
  dni_optimiser *adam;
  dni_trainer *trainer;
} training;

static dni_status create_network(training *work) {
  const training_plan *plan = work->plan;
  deep_plan deep = {.depth = plan->depth, .width = plan->width, .which = work->which};
  deep.sg = sg_plan_default(SG_ADAM);
  deep.sg_at[plan->depth / 2 + 1] = true;
  return deep_build(work->context, &deep, dni_dataset_features(work->train),
                    dni_dataset_classes(work->train), &work->network);
}

/* The paper's schedule, scaled to the length of the run: a tenth of the rate after 300,000 of
 * 500,000 steps, a hundredth after 400,000. Not for SG everywhere, which is far from done when so
 * short a run ends: 6,000 steps of 20 x 512 reached 79 % test accuracy with it, and 88 % at a
 * constant rate. */
static dni_status create_optimiser(training *work) {
  uint64_t steps = work->plan->steps[work->which];
  const uint64_t boundaries[] = {steps * 3 / 5, steps * 4 / 5};
  const double factors[] = {0.1, 0.01};
  dni_schedule schedule = {.struct_size = sizeof schedule, .kind = DNI_RATE_PIECEWISE};
  schedule.boundaries = boundaries;
  schedule.values = factors;
  schedule.count = 2;
  dni_status status =
      dni_optimiser_create_adam(work->context, work->plan->rates[work->which], &work->adam);
  if (status != DNI_OK || work->which == METHOD_SG_ALL || boundaries[0] == boundaries[1])
    return status;
  return dni_optimiser_set_schedule(work->adam, &schedule);
}

static dni_status create_trainer(training *work) {
  dni_trainer_options options = {.struct_size = sizeof options};
  options.max_batch = work->plan->batch;
  dni_status status = create_network(work);
  if (status == DNI_OK)
    status = dni_loss_create_softmax_cross_entropy(work->context, NULL, &work->loss);
  if (status == DNI_OK) status = create_optimiser(work);
  options.optimiser = work->adam;
  if (status == DNI_OK)
    status = dni_trainer_create(work->network, work->loss, &options, &work->trainer);
  return status;
}

static dni_status show(void *user, const dni_step_report *report) {
  training *work = user;
  progress("%s, seed %llu: step %llu of %llu, loss %.4f", method_name(work->which),
           (unsigned long long)work->plan->seed, (unsigned long long)report->step,
           (unsigned long long)work->plan->steps[work->which], report->loss);
  return 0;
}

static dni_status fit(training *work) {
  dni_fit_options options = {.struct_size = sizeof options};
  options.batch = work->plan->batch;
  options.steps = work->plan->steps[work->which];
  options.callback = show;
  options.callback_user = work;
  options.callback_every = 10;
  return dni_trainer_fit(work->trainer, work->train, &options);
}

static void close_training(training *work) {
  dni_trainer_release(work->trainer);
  dni_optimiser_release(work->adam);
  dni_loss_release(work->loss);
  dni_network_release(work->network);
  dni_dataset_release(work->test);
  dni_dataset_release(work->train);
  dni_context_release(work->context);
}

static int train_into(const training_plan *plan, method which, const data_source *source,
                      const char *path) {
  dni_context_options options = {.struct_size = sizeof options, .seed = plan->seed};
  training work = {.plan = plan, .which = which};
  if (dni_context_create(&options, &work.context) != DNI_OK) return library_failure();
  int problem = data_load(work.context, source, plan->train_limit, &work.train, &work.test);
  if (problem == 0) {
    dni_status status = create_trainer(&work);
    if (status == DNI_OK) status = fit(&work);
    if (status == DNI_OK) status = dni_network_save(work.network, path);
    if (status != DNI_OK) problem = fail("%s: %s", method_name(which), dni_last_message());
  }
  progress(NULL);
  close_training(&work);
  return problem;
}

static int load(dni_context *context, const char *path, dni_network **out) {
  return dni_network_load(context, path, out) == DNI_OK ? 0 : library_failure();
}

/* No directory to keep it in: a file of the moment. */
static int train_and_forget(dni_context *context, const training_plan *plan, method which,
                            const data_source *source, dni_network **out) {
  const char *parent = getenv("TMPDIR");
  char directory[PATH_SIZE], path[PATH_SIZE + NAME_SIZE];
  (void)snprintf(directory, sizeof directory, "%s/dni.XXXXXX", parent && *parent ? parent : "/tmp");
  if (!mkdtemp(directory)) return fail("%s: no temporary directory can be made", directory);
  (void)snprintf(path, sizeof path, "%s/network.dni", directory);
  int problem = train_into(plan, which, source, path);
  if (problem == 0) problem = load(context, path, out);
  (void)unlink(path);
  (void)rmdir(directory);
  return problem;
}

int trained_network(dni_context *context, const training_plan *plan, method which,
                    const data_source *source, dni_network **out) {
  char path[PATH_SIZE + NAME_SIZE];
  if (!plan->networks) return train_and_forget(context, plan, which, source, out);
  (void)snprintf(path, sizeof path,
                 "%s/%s-%s-%zux%zu-batch%zu-rate%g-steps%llu-first%zu-seed%llu.dni", plan->networks,
                 source->name, method_name(which), plan->depth, plan->width, plan->batch,
                 plan->rates[which], (unsigned long long)plan->steps[which], plan->train_limit,
                 (unsigned long long)plan->seed);
  if (access(path, F_OK) != 0) {
    int problem = train_into(plan, which, source, path);
    if (problem != 0) return problem;
  }
  return load(context, path, out);
}

const method compared_methods[COMPARED_METHODS] = {METHOD_BACKPROP, METHOD_SG, METHOD_SG_ALL,
                                                   METHOD_DFA};

const representation_options representation_defaults = {
    .depth = 20,
    .width = 512,
    .batch = 256,
    .steps = 3000,
    .sg_all_steps = 6000,
    .seeds = 1,
    .rate = 3e-4,
    .sg_all_rate = 1e-4,
};

training_plan representation_plan(const representation_options *options, uint64_t seed) {
  training_plan plan = {.depth = (size_t)options->depth,
                        .width = (size_t)options->width,
                        .batch = (size_t)options->batch,
                        .seed = seed,
                        .train_limit = (size_t)options->train_limit,
                        .networks = options->networks};
  for (size_t i = 0; i < METHOD_COUNT; i++) {
    plan.steps[i] = i == METHOD_SG_ALL ? options->sg_all_steps : options->steps;
    plan.rates[i] = i == METHOD_SG_ALL ? options->sg_all_rate : options->rate;
  }
  return plan;
}

size_t representation_arguments(representation_options *options, argument *table) {
  const argument rows[REPRESENTATION_ARGUMENTS] = {
      {"depth", ARGUMENT_COUNT, &options->depth, 2, MAX_DEPTH, NULL, "hidden layers (20)"},
      {"width", ARGUMENT_COUNT, &options->width, 2, 1 << 16, NULL, "units in each (512)"},
      {"batch", ARGUMENT_COUNT, &options->batch, 2, 1 << 16, NULL, "examples per step (256)"},
      {"steps", ARGUMENT_COUNT, &options->steps, 1, 1e9, NULL, "of backprop, sg and dfa (3000)"},
      {"sg-all-steps", ARGUMENT_COUNT, &options->sg_all_steps, 1, 1e9, NULL,
       "of sg-all, which learns slowly (6000)"},
      {"lr", ARGUMENT_NUMBER, &options->rate, 0, 1, NULL,
       "Adam's rate for backprop, sg and dfa (3e-4)"},
      {"sg-all-lr", ARGUMENT_NUMBER, &options->sg_all_rate, 0, 1, NULL,
       "Adam's rate for sg-all, network and SGs (1e-4)"},
      {"seeds", ARGUMENT_COUNT, &options->seeds, 1, 100, NULL,
       "runs of each method, seeds from --seed up (1)"},
      {"train-limit", ARGUMENT_COUNT, &options->train_limit, 0, INT32_MAX, NULL,
       "use the first N training examples only (0: all)"},
      {"data", ARGUMENT_TEXT, (void *)&options->data, 0, 0, NULL, "where the IDX files are"},
      {"networks", ARGUMENT_TEXT, (void *)&options->networks, 0, 0, NULL,
       "keep trained networks in this directory; those it has are not trained again"},
  };
  memcpy(table, rows, sizeof rows);
  return REPRESENTATION_ARGUMENTS;
}
