/* Dealing layers to modules and modules to stages.
 *
 * The SGs say where a module may end (lib/network/modules.c). With threads, what lies between two
 * such ends is dealt to stages in rows of neighbours of about equal cost. A delayed SG ends a
 * module only where it also ends a stage: inside one thread nothing is late, and it is one more
 * factor on the way down. With micro-batches any layer may end a stage, and stages are modules. */
#include <math.h>

#include "dni/research.h"
#include "schedule/costs.h"
#include "schedule/schedule.h"

/* Flags [layers]: whether a piece, a stage, a module ends after a layer. */
typedef struct ends {
  bool *piece, *stage, *module;
  size_t pieces, stages, modules;
} ends;

static bool is_delayed(const dni_network *network, size_t layer) {
  const dni_sg *sg = network->links[layer].sg;
  return sg && sg->needs == DNI_SG_NEEDS_DELTA_LATER;
}

static bool may_end(const dni__plan *plan, size_t layer) {
  const dni_network *network = plan->network;
  if (layer + 1 == network->count || plan->schedule == DNI_SCHEDULE_MICRO_BATCHES) return true;
  bool threads = plan->schedule == DNI_SCHEDULE_PIPELINED;
  return !dni__network_joined(network, layer) || (threads && is_delayed(network, layer));
}

/* Pieces. */
static void find_pieces(const dni__plan *plan, ends *all) {
  for (size_t l = 0; l < plan->network->count; l++) {
    all->piece[l] = may_end(plan, l);
    all->pieces += all->piece[l];
  }
}

/* Stages as runs of `counts` pieces. */
static void end_stages(const dni__plan *plan, const size_t *counts, ends *all) {
  size_t stage = 0, pieces = 0;
  for (size_t l = 0; l < plan->network->count; l++) {
    pieces += all->piece[l];
    all->stage[l] = all->piece[l] && pieces == counts[stage];
    if (!all->stage[l]) continue;
    stage++;
    pieces = 0;
  }
}

/* What each piece takes, [pieces], from what each layer and SG takes, [layers]. A part that could
 * not be measured is NaN and counts as 0. */
static void add_costs(const dni__plan *plan, const ends *all, const double *layers,
                      const double *sgs, double *costs) {
  size_t piece = 0;
  for (size_t l = 0; l < plan->network->count; l++) {
    costs[piece] += (isnan(layers[l]) ? 0 : layers[l]) + (isnan(sgs[l]) ? 0 : sgs[l]);
    piece += all->piece[l];
  }
}

static dni_status find_costs(const dni__plan *plan, const dni__deal *how, double *layers,
                             double *sgs) {
  size_t count = plan->network->count;
  if (how->balance == DNI_BALANCE_MEASURED)
    return dni_network_measure(plan->network, plan->max_rows, how->pattern, layers, sgs, count);
  for (size_t l = 0; l < count; l++) {
    layers[l] = dni__cost_of_layer(plan->network->links[l].layer, plan->max_rows);
    sgs[l] = dni__cost_of_sg(plan->network->links[l].sg, plan->max_rows);
  }
  return DNI_OK;
}

static dni_status balance(const dni__plan *plan, const dni__deal *how, const ends *all,
                          size_t *counts) {
  dni__memory *memory = plan->context->memory;
  size_t layers = plan->network->count;
  double *numbers = dni__allocate(memory, layers, 3 * sizeof *numbers);
  if (!numbers) return DNI_ERROR_MEMORY;
  double *sgs = numbers + layers, *costs = sgs + layers;
  dni_status status = find_costs(plan, how, numbers, sgs);
  if (status == DNI_OK) {
    add_costs(plan, all, numbers, sgs, costs);
    status = dni_costs_balance(costs, all->pieces, all->stages, 0, counts);
  }
  dni__free(memory, numbers);
  return status;
}

/* The caller has said which thread each layer is for. */
static dni_status take_stages(const dni__plan *plan, const size_t *thread, ends *all) {
  size_t count = plan->network->count;
  all->stages = thread[count - 1] + 1;
  for (size_t l = 0; l < count; l++) {
    size_t before = l > 0 ? thread[l - 1] : 0;
    bool rises = thread[l] != before;
    if (thread[l] < before || thread[l] - before > (l > 0))
      return dni__fail(DNI_ERROR_ARGUMENT,
                       "dni_trainer_options: layer_thread[%zu] is %zu, after %zu", l, thread[l],
                       before);
    if (rises && !all->piece[l - 1])
      return dni__fail(DNI_ERROR_ARGUMENT,
                       "dni_trainer_options: layer_thread rises to %zu at layer %zu, but no thread "
                       "can end after layer %zu",
                       thread[l], l, l - 1);
    if (l > 0) all->stage[l - 1] = rises;
  }
  all->stage[count - 1] = true;
  return DNI_OK;
}

static dni_status deal_stages(const dni__plan *plan, const dni__deal *how, ends *all) {
  dni__memory *memory = plan->context->memory;
  size_t *counts = dni__allocate(memory, all->stages, sizeof *counts);
  if (!counts) return DNI_ERROR_MEMORY;
  dni_status status = DNI_OK;
  for (size_t s = 0; s < all->stages; s++)
    counts[s] = all->stages == 1 ? all->pieces : 1;
  if (all->stages > 1 && all->stages < all->pieces) status = balance(plan, how, all, counts);
  if (status == DNI_OK) end_stages(plan, counts, all);
  dni__free(memory, counts);
  return status;
}

static void end_modules(const dni__plan *plan, ends *all) {
  bool micro = plan->schedule == DNI_SCHEDULE_MICRO_BATCHES;
  for (size_t l = 0; l < plan->network->count; l++) {
    bool inner = all->piece[l] && !micro && !is_delayed(plan->network, l);
    all->module[l] = all->stage[l] || inner;
    all->modules += all->module[l];
  }
}

static dni_status count_stages(const dni__plan *plan, size_t threads, ends *all) {
  bool micro = plan->schedule == DNI_SCHEDULE_MICRO_BATCHES;
  bool pipelined = plan->schedule == DNI_SCHEDULE_PIPELINED;
  if (micro && threads > all->pieces)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_trainer_options: threads is %zu, but there are %zu layers", threads,
                     all->pieces);
  if (micro && threads == 0) threads = all->pieces < 2 ? all->pieces : 2;
  all->stages = micro ? threads : pipelined ? all->pieces : 1;
  if (pipelined && threads > 0 && threads < all->stages) all->stages = threads;
  return DNI_OK;
}

static dni_status find_ends(const dni__plan *plan, const dni__deal *how, ends *all) {
  find_pieces(plan, all);
  if (how->layer_thread) {
    DNI_TRY(take_stages(plan, how->layer_thread, all));
  } else {
    DNI_TRY(count_stages(plan, how->threads, all));
    DNI_TRY(deal_stages(plan, how, all));
  }
  end_modules(plan, all);
  return DNI_OK;
}

static dni__waits waits_of(const dni__plan *plan, size_t top) {
  const dni_sg *sg = plan->network->links[top].sg;
  if (top + 1 == plan->network->count) return DNI_WAITS_NOT;
  if (plan->schedule == DNI_SCHEDULE_MICRO_BATCHES || is_delayed(plan->network, top))
    return DNI_WAITS_DELTA;
  return sg && sg->needs == DNI_SG_NEEDS_OUTPUT_ERROR ? DNI_WAITS_ERROR : DNI_WAITS_NOT;
}

static void fill_modules(dni__plan *plan, const ends *all) {
  bool micro = plan->schedule == DNI_SCHEDULE_MICRO_BATCHES;
  size_t m = 0, first = 0, limit = plan->trained_modules;
  for (size_t l = 0; l < plan->network->count; l++) {
    if (!all->module[l]) continue;
    bool last = l + 1 == plan->network->count;
    dni__train_module *module = &plan->modules[m];
    module->layers =
        (dni__module){first, l + 1 - first, last || micro ? NULL : plan->network->links[l].sg};
    module->waits = waits_of(plan, l);
    module->trained = limit == 0 || m < limit;
    atomic_init(&module->rate_factor, 1);
    first = l + 1;
    m++;
  }
}

/* No gradient reaches the layers under a zero SG, nor those under a delayed SG below them. */
static void mark_still(dni__plan *plan) {
  bool above = false;
  for (size_t m = plan->module_count; m-- > 0;) {
    dni__train_module *module = &plan->modules[m];
    const dni_sg *top = module->layers.top;
    bool cut_off = above && module->waits == DNI_WAITS_DELTA;
    module->still = cut_off || (top && top->vtable->kind == DNI_SG_ZERO);
    if (module->still) module->waits = DNI_WAITS_NOT;
    above = module->still;
    plan->module_updated[m] = module->trained && !module->still;
  }
}

static void fill_stages(dni__plan *plan, const ends *all) {
  size_t s = 0, m = 0, first_layer = 0, first_module = 0;
  for (size_t l = 0; l < plan->network->count; l++) {
    m += all->module[l];
    if (!all->stage[l]) continue;
    plan->stages[s] = (dni__stage){.plan = plan,
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

static dni_status allocate_parts(dni__plan *plan, const ends *all) {
  dni__memory *memory = plan->context->memory;
  plan->modules = dni__allocate(memory, all->modules, sizeof *plan->modules);
  plan->module_updated = dni__allocate(memory, all->modules, sizeof *plan->module_updated);
  plan->stages = dni__allocate(memory, all->stages, sizeof *plan->stages);
  if (!plan->modules || !plan->module_updated || !plan->stages) return DNI_ERROR_MEMORY;
  plan->module_count = all->modules;
  plan->stage_count = all->stages;
  return DNI_OK;
}

static bool is_own(const dni_layer *layer) {
  return layer->vtable->kind == DNI_LAYER_CALLBACK;
}

/* None of the stage's own layers is among those of the stages below. */
static dni_status check_stage(const dni__stage *stage, const dni__pointer_set *below) {
  const dni__link *links = stage->plan->network->links;
  for (size_t l = stage->first_layer; l < stage->first_layer + stage->layer_count; l++) {
    const dni_layer *layer = links[l].layer;
    if (!is_own(layer) || !dni__pointer_set_has(below, layer)) continue;
    size_t other = 0;
    while (links[other].layer != layer)
      other++;
    return dni__fail(DNI_ERROR_UNSUPPORTED,
                     "layer %zu (callback): is layer %zu too, which another thread runs", l, other);
  }
  return DNI_OK;
}

static dni_status add_own(const dni__stage *stage, dni__pointer_set *layers) {
  for (size_t l = stage->first_layer; l < stage->first_layer + stage->layer_count; l++) {
    const dni_layer *layer = stage->plan->network->links[l].layer;
    if (!is_own(layer) || dni__pointer_set_has(layers, layer)) continue;
    DNI_TRY(dni__pointer_set_reserve(stage->plan->context->memory, layers));
    dni__pointer_set_add(layers, layer);
  }
  return DNI_OK;
}

/* A layer of the caller's own that has no parameters may be at several places, but it never runs
 * twice at once. */
static dni_status check_own_layers(const dni__plan *plan) {
  dni__pointer_set below = {0};
  dni_status status = DNI_OK;
  for (size_t s = 0; s < plan->stage_count && plan->stage_count > 1 && status == DNI_OK; s++) {
    status = check_stage(&plan->stages[s], &below);
    if (status == DNI_OK) status = add_own(&plan->stages[s], &below);
  }
  dni__pointer_set_destroy(plan->context->memory, &below);
  return status;
}

dni_status dni__schedule_deal(dni__plan *plan, const dni__deal *how) {
  dni__memory *memory = plan->context->memory;
  size_t layers = plan->network->count;
  bool *flags = dni__allocate(memory, layers, 3 * sizeof *flags);
  if (!flags) return DNI_ERROR_MEMORY;
  ends all = {.piece = flags, .stage = flags + layers, .module = flags + 2 * layers};
  dni_status status = find_ends(plan, how, &all);
  if (status == DNI_OK) status = allocate_parts(plan, &all);
  if (status == DNI_OK) {
    fill_modules(plan, &all);
    mark_still(plan);
    fill_stages(plan, &all);
  }
  dni__free(memory, flags);
  DNI_TRY(status);
  if (plan->trained_modules > plan->module_count)
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_trainer_options: trained_modules is %zu, but there are %zu modules",
                     plan->trained_modules, plan->module_count);
  return check_own_layers(plan);
}
