/* Deep networks for the experiments that look at representations: trained once, kept in files whose
 * names have all settings, so that several programs look at the same networks.
 *
 * Training has a context of its own. What a program draws afterwards is therefore the same whether
 * the network was trained just now or came from a file. */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"

/* The objects of a training, in the order in which they are made. */
typedef struct training {
  const training_plan *plan;
  size_t index; /* in compared_networks */
  dni_context *context;
  dni_dataset *train, *test;
  dni_network *network;
  dni_loss *loss;
  dni_optimiser *adam;
  dni_trainer *trainer;
} training;

/* A single SG, too, is the paper's: linear in (h, y) and trained by Adam. */
static dni_status create_network(training *work) {
  const training_plan *plan = work->plan;
  deep_plan deep = {.depth = plan->depth, .width = plan->width};
  deep.which = compared_networks[work->index].which;
  deep.sg = sg_plan_default(deep.which == METHOD_SG_ALL ? SG_LEAST_SQUARES : SG_ADAM);
  deep.sg_at[plan->depth / 2 + 1] = true;
  return deep_build(work->context, &deep, dni_dataset_features(work->train),
                    dni_dataset_classes(work->train), &work->network);
}

/* The rate rises in a tenth of the steps and then goes along half a cosine to its last value. */
static dni_status create_optimiser(training *work) {
  const training_plan *plan = work->plan;
  uint64_t steps = plan->steps[work->index];
  dni_schedule schedule = {.struct_size = sizeof schedule, .kind = DNI_RATE_COSINE};
  schedule.warm_up = steps / 10;
  schedule.steps = steps - schedule.warm_up;
  schedule.value = compared_networks[work->index].last_rate;
  dni_status status =
      dni_optimiser_create_adam(work->context, plan->rates[work->index], &work->adam);
  return status == DNI_OK ? dni_optimiser_set_schedule(work->adam, &schedule) : status;
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
  progress("%s, seed %llu: step %llu of %llu, loss %.4f", compared_networks[work->index].name,
           (unsigned long long)work->plan->seed, (unsigned long long)report->step,
           (unsigned long long)work->plan->steps[work->index], report->loss);
  return 0;
}

static dni_status fit(training *work) {
  dni_fit_options options = {.struct_size = sizeof options};
  options.batch = work->plan->batch;
  options.steps = work->plan->steps[work->index];
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

static int train_into(const training_plan *plan, size_t index, const data_source *source,
                      const char *path) {
  dni_context_options options = {.struct_size = sizeof options, .seed = plan->seed};
  training work = {.plan = plan, .index = index};
  if (dni_context_create(&options, &work.context) != DNI_OK) return library_failure();
  int problem = data_load(work.context, source, plan->train_limit, &work.train, &work.test);
  if (problem == 0) {
    dni_status status = create_trainer(&work);
    if (status == DNI_OK) status = fit(&work);
    if (status == DNI_OK) status = dni_network_save(work.network, path);
    if (status != DNI_OK)
      problem = fail("%s: %s", compared_networks[index].name, dni_last_message());
  }
  progress(NULL);
  close_training(&work);
  return problem;
}

static int load(dni_context *context, const char *path, dni_network **out) {
  return dni_network_load(context, path, out) == DNI_OK ? 0 : library_failure();
}

/* No directory to keep it in: a file of the moment. */
static int train_and_forget(dni_context *context, const training_plan *plan, size_t index,
                            const data_source *source, dni_network **out) {
  const char *parent = getenv("TMPDIR");
  char directory[PATH_SIZE], path[PATH_SIZE + NAME_SIZE];
  (void)snprintf(directory, sizeof directory, "%s/dni.XXXXXX", parent && *parent ? parent : "/tmp");
  if (!mkdtemp(directory)) return fail("%s: no temporary directory can be made", directory);
  (void)snprintf(path, sizeof path, "%s/network.dni", directory);
  int problem = train_into(plan, index, source, path);
  if (problem == 0) problem = load(context, path, out);
  (void)unlink(path);
  (void)rmdir(directory);
  return problem;
}

/* One program at a time trains a network, and another that wants it waits until it is there. The lock
 * ends with the process, however that ends. */
static int train_if_missing(const training_plan *plan, size_t index, const data_source *source,
                            const char *path) {
  char name[PATH_SIZE + NAME_SIZE + 8];
  int problem = 0;
  (void)snprintf(name, sizeof name, "%s.lock", path);
  int lock = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (lock < 0 || lockf(lock, F_LOCK, 0) != 0)
    problem = fail("%s: %s", name, strerror(errno));
  else if (access(path, F_OK) != 0)
    problem = train_into(plan, index, source, path);
  if (lock >= 0) (void)close(lock);
  return problem;
}

int trained_network(dni_context *context, const training_plan *plan, size_t index,
                    const data_source *source, dni_network **out) {
  char path[PATH_SIZE + NAME_SIZE];
  if (!plan->networks) return train_and_forget(context, plan, index, source, out);
  (void)snprintf(
      path, sizeof path, "%s/%s-%s-%zux%zu-batch%zu-rate%g-to%g-steps%llu-first%zu-seed%llu.dni",
      plan->networks, source->name, compared_networks[index].name, plan->depth, plan->width,
      plan->batch, plan->rates[index], compared_networks[index].last_rate,
      (unsigned long long)plan->steps[index], plan->train_limit, (unsigned long long)plan->seed);
  int problem = train_if_missing(plan, index, source, path);
  return problem == 0 ? load(context, path, out) : problem;
}
