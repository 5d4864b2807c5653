/* Dealing layers to modules and modules to stages.
 *
 * The estimators say where a module may end (lib/network/modules.c). With threads, what lies
 * between two such ends is dealt to stages in rows of neighbours of about equal measured cost. A
 * delayed estimator ends a module only where it also ends a stage: inside one thread nothing is
 * late, and it is one more factor on the way down. With micro-batches any layer may end a stage,
 * and stages are modules. */
#include "trainer/trainer.h"

/* Flags [layers]: whether a piece, a stage, a module ends after a layer. */
typedef struct ends {
  bool *piece, *stage, *module;
  size_t pieces, stages, modules;
} ends;

static bool is_delayed(const dni_network *network, size_t layer) {
  const dni_sg *sg = network->links[layer].sg;
  return sg && sg->needs == DNI_SG_NEEDS_DELTA_LATER;
}

static bool may_end(const dni_trainer *trainer, size_t layer) {
  const dni_network *network = trainer->network;
  if (layer + 1 == network->count || trainer->schedule == DNI_SCHEDULE_MICRO_BATCHES) return true;
  bool threads = trainer->schedule == DNI_SCHEDULE_PIPELINED;
  return !dni__network_joined(network, layer) || (threads && is_delayed(network, layer));
}

/* Pieces. */
static void find_pieces(const dni_trainer *trainer, ends *all) {
  for (size_t l = 0; l < trainer->network->count; l++) {
    all->piece[l] = may_end(trainer, l);
    all->pieces += all->piece[l];
  }
}

/* Stages as runs of `counts` pieces. */
static void end_stages(const dni_trainer *trainer, const size_t *counts, ends *all) {
  size_t stage = 0, pieces = 0;
  for (size_t l = 0; l < trainer->network->count; l++) {
    pieces += all->piece[l];
    all->stage[l] = all->piece[l] && pieces == counts[stage];
    if (!all->stage[l]) continue;
    stage++;
    pieces = 0;
  }
}

/* What each piece takes. seconds and sg_seconds are [layers], costs [pieces]. */
static dni_status measure_pieces(const dni_trainer *trainer, const dni_optimiser *pattern,
                                 const ends *all, double *seconds, double *sg_seconds,
                                 double *costs) {
  DNI_TRY(dni_network_measure(trainer->network, trainer->max_rows, pattern, seconds, sg_seconds));
  size_t piece = 0;
  for (size_t l = 0; l < trainer->network->count; l++) {
    costs[piece] += seconds[l] + sg_seconds[l];
    piece += all->piece[l];
  }
  return DNI_OK;
}

static dni_status balance(const dni_trainer *trainer, const dni_optimiser *pattern, const ends *all,
                          size_t *counts) {
  dni__memory *memory = trainer->context->memory;
  size_t layers = trainer->network->count;
  double *numbers = dni__allocate(memory, 3 * layers, sizeof *numbers);
  if (!numbers) return DNI_ERROR_MEMORY;
  double *costs = numbers + 2 * layers;
  dni_status status = measure_pieces(trainer, pattern, all, numbers, numbers + layers, costs);
  if (status == DNI_OK) status = dni_balance(costs, all->pieces, all->stages, 0, counts);
  dni__free(memory, numbers);
  return status;
}

static dni_status deal_stages(const dni_trainer *trainer, const dni_optimiser *pattern, ends *all) {
  dni__memory *memory = trainer->context->memory;
  size_t *counts = dni__allocate(memory, all->stages, sizeof *counts);
  if (!counts) return DNI_ERROR_MEMORY;
  dni_status status = DNI_OK;
  for (size_t s = 0; s < all->stages; s++)
    counts[s] = all->stages == 1 ? all->pieces : 1;
  if (all->stages > 1 && all->stages < all->pieces) status = balance(trainer, pattern, all, counts);
  if (status == DNI_OK) end_stages(trainer, counts, all);
  dni__free(memory, counts);
  return status;
}

static void end_modules(const dni_trainer *trainer, ends *all) {
  bool micro = trainer->schedule == DNI_SCHEDULE_MICRO_BATCHES;
  for (size_t l = 0; l < trainer->network->count; l++) {
    bool inner = all->piece[l] && !micro && !is_delayed(trainer->network, l);
    all->module[l] = all->stage[l] || inner;
    all->modules += all->module[l];
  }
}

static dni_status count_stages(const dni_trainer *trainer, size_t threads, ends *all) {
  bool micro = trainer->schedule == DNI_SCHEDULE_MICRO_BATCHES;
  bool pipelined = trainer->schedule == DNI_SCHEDULE_PIPELINED;
  if (micro && threads > all->pieces)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_trainer_options: threads is %zu, but there are %zu layers", threads,
                     all->pieces);
  all->stages = micro ? threads : pipelined ? all->pieces : 1;
  if (pipelined && threads > 0 && threads < all->stages) all->stages = threads;
  return DNI_OK;
}

static dni_status find_ends(const dni_trainer *trainer, const dni_optimiser *pattern,
                            size_t threads, ends *all) {
  find_pieces(trainer, all);
  DNI_TRY(count_stages(trainer, threads, all));
  DNI_TRY(deal_stages(trainer, pattern, all));
  end_modules(trainer, all);
  return DNI_OK;
}

static void fill_modules(dni_trainer *trainer, const ends *all) {
  bool micro = trainer->schedule == DNI_SCHEDULE_MICRO_BATCHES;
  size_t m = 0, first = 0, limit = trainer->trained_modules;
  for (size_t l = 0; l < trainer->network->count; l++) {
    if (!all->module[l]) continue;
    bool last = l + 1 == trainer->network->count;
    dni_sg *top = last || micro ? NULL : trainer->network->links[l].sg;
    dni__waits waits = DNI_WAITS_NOT;
    if (top && top->needs == DNI_SG_NEEDS_OUTPUT_ERROR) waits = DNI_WAITS_ERROR;
    if (!last && (micro || is_delayed(trainer->network, l))) waits = DNI_WAITS_DELTA;
    trainer->modules[m] = (dni__train_module){
        {first, l + 1 - first, top}, NULL, waits, limit == 0 || m < limit, false};
    trainer->module_updated[m] = trainer->modules[m].trained;
    first = l + 1;
    m++;
  }
}

static void fill_stages(dni_trainer *trainer, const ends *all) {
  size_t s = 0, m = 0, first_layer = 0, first_module = 0;
  for (size_t l = 0; l < trainer->network->count; l++) {
    m += all->module[l];
    if (!all->stage[l]) continue;
    trainer->stages[s] = (dni__stage){.trainer = trainer,
                                      .index = s,
                                      .first_module = first_module,
                                      .module_count = m - first_module,
                                      .first_layer = first_layer,
                                      .layer_count = l + 1 - first_layer};
    first_layer = l + 1;
    first_module = m;
    s++;
  }
}

static dni_status allocate_parts(dni_trainer *trainer, const ends *all) {
  dni__memory *memory = trainer->context->memory;
  trainer->modules = dni__allocate(memory, all->modules, sizeof *trainer->modules);
  trainer->module_updated = dni__allocate(memory, all->modules, sizeof *trainer->module_updated);
  trainer->stages = dni__allocate(memory, all->stages, sizeof *trainer->stages);
  if (!trainer->modules || !trainer->module_updated || !trainer->stages) return DNI_ERROR_MEMORY;
  trainer->module_count = all->modules;
  trainer->stage_count = all->stages;
  return DNI_OK;
}

dni_status dni__trainer_deal(dni_trainer *trainer, const dni_optimiser *pattern, size_t threads) {
  dni__memory *memory = trainer->context->memory;
  size_t layers = trainer->network->count;
  bool *flags = dni__allocate(memory, layers, 3 * sizeof *flags);
  if (!flags) return DNI_ERROR_MEMORY;
  ends all = {.piece = flags, .stage = flags + layers, .module = flags + 2 * layers};
  dni_status status = find_ends(trainer, pattern, threads, &all);
  if (status == DNI_OK) status = allocate_parts(trainer, &all);
  if (status == DNI_OK) {
    fill_modules(trainer, &all);
    fill_stages(trainer, &all);
  }
  dni__free(memory, flags);
  if (status == DNI_OK && trainer->trained_modules > trainer->module_count)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_trainer_options: trained_modules is %zu, but there are %zu modules",
                     trainer->trained_modules, trainer->module_count);
  return status;
}
