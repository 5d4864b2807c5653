/* Making a trainer, asking about it, ending it. */
#include "trainer/trainer.h"

#include <unistd.h>

#define RATE_CHOSEN 0.001

/* The user's pattern, or Adam if there is none; the caller releases it. */
static dni_status take_pattern(dni_context *context, const dni_optimiser *given,
                               dni_optimiser **out) {
  return given ? dni_optimiser_create_like(given, out)
               : dni_optimiser_create_adam(context, RATE_CHOSEN, out);
}

static dni_status plan_batch(dni_trainer *trainer) {
  const dni__plan *plan = &trainer->plan;
  dni__memory *memory = trainer->context->memory;
  size_t size = dni__dtype_size(trainer->context->dtype), x, y;
  if (!dni__multiply(plan->max_batch, dni_network_inputs(plan->network), &x) ||
      !dni__multiply(plan->max_batch, dni_network_outputs(plan->network), &y))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: batches of %zu rows do not fit",
                     plan->max_batch);
  trainer->batch_x = dni__allocate(memory, x, size);
  trainer->batch_y = dni__allocate(memory, y, size);
  return trainer->batch_x && trainer->batch_y ? DNI_OK : DNI_ERROR_MEMORY;
}

static dni_status fill(dni_trainer *trainer, const dni_trainer_options *options,
                       const dni_optimiser *pattern, const dni_optimiser *sg_pattern,
                       const dni__random *random) {
  dni__plan *plan = &trainer->plan;
  dni__deal deal = {options->threads, options->layer_thread, options->balance, pattern};
  DNI_TRY(dni__schedule_deal(plan, &deal));
  DNI_TRY(dni__trainer_create_optimisers(plan, pattern, sg_pattern));
  DNI_TRY(dni__plan_create_records(plan));
  DNI_TRY(dni__plan_lay_out(plan));
  DNI_TRY(plan_batch(trainer));
  return dni__schedule_create(plan, random, &trainer->schedule);
}

static dni_trainer *trainer_allocate(dni_network *network, dni_loss *loss,
                                     const dni_trainer_options *options) {
  dni_trainer *trainer = dni__allocate(network->context->memory, 1, sizeof *trainer);
  if (!trainer) return NULL;
  dni__references_init(&trainer->references);
  trainer->made_in = getpid();
  trainer->context = dni_context_retain(network->context);
  trainer->plan = (dni__plan){
      .context = network->context,
      .network = dni_network_retain(network),
      .loss = dni_loss_retain(loss),
      .max_batch = options->max_batch,
      .max_rows = options->max_batch,
      .schedule = options->schedule,
      .in_flight = options->in_flight,
      .micro_batches = options->micro_batches,
      .trained_modules = options->trained_modules,
      .update_probability = options->update_probability == 0 ? 1 : options->update_probability,
      .measures_norm = options->measure_gradient_norm,
      .activations = options->activations,
  };
  trainer->plan.least_batch =
      dni__trainer_least_batch(network, options, &trainer->plan.statistics_layer);
  if (options->schedule == DNI_SCHEDULE_MICRO_BATCHES)
    trainer->plan.max_rows = (options->max_batch - 1) / options->micro_batches + 1;
  dni__random_init(&trainer->progress.order, 0, 0); /* a valid one, until there are data */
  atomic_fetch_add(&network->trainers, 1);
  return trainer;
}

/* With the patterns there. The metric is the trainer's from the moment nothing can fail any more.
 */
static dni_status create(dni_network *network, dni_loss *loss, const dni_trainer_options *options,
                         const dni_optimiser *pattern, const dni_optimiser *sg_pattern,
                         dni_trainer **out) {
  dni__random random;
  dni_metric metric = {0};
  if (options->metric)
    DNI_TRY(dni__options_copy(DNI__OPTIONS(&metric, options->metric, dni_metric)));
  DNI_TRY(dni__context_random_seeded(network->context, options->has_seed, options->seed, &random));
  dni_trainer *trainer = trainer_allocate(network, loss, options);
  if (!trainer) return DNI_ERROR_MEMORY;
  trainer->plan.metric = metric;
  trainer->plan.metric.destroy = NULL;
  dni_status status = fill(trainer, options, pattern, sg_pattern, &random);
  if (status != DNI_OK) {
    dni_trainer_release(trainer);
    return status;
  }
  trainer->plan.metric.destroy = metric.destroy;
  if (trainer->plan.stage_count > 1 && trainer->context->compute == DNI_BF16)
    dni__backend_expect(trainer->context->backend, trainer->plan.stage_count);
  *out = trainer;
  return DNI_OK;
}

dni_status dni_trainer_create(dni_network *network, dni_loss *loss,
                              const dni_trainer_options *options, dni_trainer **out) {
  DNI_FLUSH_DENORMALS;
  DNI_REQUIRE(network);
  DNI_REQUIRE(loss);
  DNI_REQUIRE(out);
  dni_trainer_options known = {.struct_size = sizeof known};
  if (options) DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, options, dni_trainer_options)));
  DNI_TRY(dni__trainer_check(network, loss, &known));
  const dni_optimiser *sgs = known.sg_optimiser ? known.sg_optimiser : known.optimiser;
  dni_optimiser *pattern = NULL, *sg_pattern = NULL;
  dni_status status = take_pattern(network->context, known.optimiser, &pattern);
  if (status == DNI_OK) status = take_pattern(network->context, sgs, &sg_pattern);
  if (status == DNI_OK) status = create(network, loss, &known, pattern, sg_pattern, out);
  dni_optimiser_release(sg_pattern);
  dni_optimiser_release(pattern);
  return status;
}

dni_trainer *dni_trainer_retain(dni_trainer *trainer) {
  if (trainer) dni__references_add(&trainer->references);
  return trainer;
}

void dni__trainer_destroy(dni_trainer *trainer) {
  dni_context *context = trainer->context;
  dni__plan *plan = &trainer->plan;
  dni__schedule_destroy(trainer->schedule);
  dni__trainer_release_optimisers(plan);
  dni__plan_free(plan);
  dni__free(context->memory, trainer->batch_x);
  dni__free(context->memory, trainer->batch_y);
  dni__evaluation_destroy(trainer->evaluation);
  dni__leftovers_release(context->memory, trainer->leftovers);
  dni_network_release(trainer->progress.best);
  dni_order_release(trainer->order);
  dni_dataset_release(trainer->dataset);
  dni__callback_notify(plan->metric.destroy, plan->metric.user);
  atomic_fetch_sub(&plan->network->trainers, 1);
  dni_loss_release(plan->loss);
  dni_network_release(plan->network);
  dni__free(context->memory, trainer);
  dni_context_release(context);
}

static void destroy_later(void *trainer) {
  dni__trainer_destroy(trainer);
}

/* A callback may give the last reference back while the call that runs it still needs the trainer, or
 * on a thread of the trainer's. */
void dni_trainer_release(dni_trainer *trainer) {
  if (!trainer || !dni__references_drop(&trainer->references)) return;
  dni__schedule *schedule = trainer->schedule;
  if (dni__visit_lasts(trainer))
    atomic_store(&trainer->orphaned, true);
  else if (dni__schedule_runs_here(schedule) && !dni__schedule_is_orphan(schedule))
    dni__schedule_leave(schedule, destroy_later, trainer);
  else
    dni__trainer_destroy(trainer);
}

uint64_t dni_trainer_step_count(const dni_trainer *trainer) {
  return trainer ? trainer->schedule->steps : 0;
}

size_t dni_trainer_module_count(const dni_trainer *trainer) {
  return trainer ? trainer->plan.module_count : 0;
}

dni_status dni_trainer_layer_module(const dni_trainer *trainer, size_t layer, size_t *module) {
  DNI_REQUIRE(trainer);
  DNI_REQUIRE(module);
  if (layer >= trainer->plan.network->count)
    return dni__fail(DNI_ERROR_ARGUMENT, "there is no layer %zu, only %zu layers", layer,
                     trainer->plan.network->count);
  *module = dni__plan_module_of(&trainer->plan, layer);
  return DNI_OK;
}

size_t dni_trainer_thread_count(const dni_trainer *trainer) {
  return trainer ? trainer->plan.stage_count : 0;
}

dni_status dni_trainer_module_thread(const dni_trainer *trainer, size_t module, size_t *thread) {
  DNI_REQUIRE(trainer);
  DNI_REQUIRE(thread);
  const dni__plan *plan = &trainer->plan;
  if (module >= plan->module_count)
    return dni__fail(DNI_ERROR_ARGUMENT, "there is no module %zu, only %zu", module,
                     plan->module_count);
  size_t s = 0;
  while (module - plan->stages[s].first_module >= plan->stages[s].module_count)
    s++;
  *thread = s;
  return DNI_OK;
}

dni_optimiser *dni_trainer_module_optimiser(dni_trainer *trainer, size_t module) {
  return trainer && module < trainer->plan.module_count ? trainer->plan.modules[module].optimiser
                                                        : NULL;
}

dni_optimiser *dni_trainer_sg_optimiser(dni_trainer *trainer, size_t after) {
  return trainer && after < trainer->plan.network->count ? trainer->plan.interfaces[after].optimiser
                                                         : NULL;
}
