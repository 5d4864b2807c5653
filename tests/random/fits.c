/* Random fits, on data sets and streams, with validation and callbacks. */
#include "random.h"

/* What a fit's callback checks. */
typedef struct watch {
  world *w;
  uint64_t every, settle_every, last, calls, stop; /* stop 0: never */
} watch;

static dni_status on_step(void *user, const dni_step_report *report) {
  watch *own = user;
  EXPECT(report->step > own->last, "step %ju after step %ju", (uintmax_t)report->step,
         (uintmax_t)own->last);
  EXPECT(own->calls == 0 || report->step == own->last + own->every, "step %ju after step %ju",
         (uintmax_t)report->step, (uintmax_t)own->last);
  EXPECT(own->settle_every > 0 || report->settled, "the callback is called with batches in flight");
  if (report->settled) (void)world_hash(own->w);
  own->last = report->step;
  if (++own->calls == own->stop) return 1;
  return own_turn();
}

/* A stream of `left` batches, the last of which may not fit. */
static struct {
  world *w;
  size_t left;
  bool ends_badly;
  example_batch batch;
} source;

static dni_status on_next(void *user, dni_batch *batch) {
  (void)user;
  if (source.left == 0) return own_turn();
  batch_fill(source.w, &source.batch, 1 + below(source.w->max_batch));
  if (--source.left == 0 && source.ends_badly) {
    source.batch.x_view.columns++;
    source.batch.x_view.stride += 3;
  }
  *batch = source.batch.batch;
  return own_turn();
}

static void choose_callback(watch *own, dni_fit_options *options) {
  options->callback = on_step;
  options->callback_user = own;
  options->callback_every = below(4);
  own->every = options->callback_every > 0 ? options->callback_every : 1;
  own->settle_every = options->settle_every = chance(50) ? below(4) : 0;
  if (chance(20)) own->stop = 1 + below(5);
}

static void choose_validation(world *w, dni_dataset **validation, dni_network **best,
                              dni_fit_options *options) {
  EXPECT_FINE(random_dataset(w, validation));
  options->validation = *validation;
  options->validate_every = below(5);
  options->patience = below(3);
  if (chance(50)) EXPECT_FINE(dni_network_copy(w->network, best));
  options->best = *best;
}

static void fit_stream(world *w, dni_fit_options *options, unsigned allowed) {
  dni_stream stream = {.struct_size = sizeof stream, .next = on_next};
  source.w = w;
  source.left = below(20);
  source.ends_badly = chance(10);
  options->batch = 0;
  options->epochs = 0;
  EXPECT_IN(allowed | REFUSED, dni_trainer_fit_stream(w->trainer, &stream, options));
}

static void fit_dataset(world *w, dni_fit_options *options, unsigned allowed) {
  dni_dataset *dataset;
  EXPECT_FINE(random_dataset(w, &dataset));
  options->batch = chance(50) ? 1 + below(w->max_batch) : 0;
  options->epochs = 1 + below(3);
  options->keep_order = chance(50);
  options->keep_rest = chance(50);
  EXPECT_IN(allowed, dni_trainer_fit(w->trainer, dataset, options));
  dni_dataset_release(dataset);
}

/* Callbacks misbehave in one fit of three. */
void random_fit(world *w) {
  watch own = {.w = w};
  dni_dataset *validation = NULL;
  dni_network *best = NULL;
  unsigned allowed = usual(w) | CANCELLED;
  dni_fit_options options = {.struct_size = sizeof options, .steps = 1 + below(20)};
  settle(w, 0);
  own.last = dni_trainer_step_count(w->trainer);
  if (chance(70)) choose_callback(&own, &options);
  if (chance(50)) choose_validation(w, &validation, &best, &options);
  if (chance(33)) {
    static const conduct manners[] = {ANSWER, CALL_TRAINER, CANCEL, SET_RATE};
    own_misbehave(below(25), manners[below(4)], w->trainer);
    allowed |= CALLBACK_FAILED;
  }
  if (chance(30))
    fit_stream(w, &options, allowed);
  else
    fit_dataset(w, &options, allowed);
  own_behave();
  EXPECT_FINE(dni_trainer_flush(w->trainer)); /* a fit leaves nothing in flight */
  settle(w, 0);
  dni_network_release(best);
  dni_dataset_release(validation);
}

void plain_fit(world *w, dni_dataset *dataset, unsigned more) {
  static watch own;
  own = (watch){.w = w, .every = 1, .last = dni_trainer_step_count(w->trainer)};
  dni_fit_options options = {.struct_size = sizeof options,
                             .steps = 1 + below(20),
                             .callback = on_step,
                             .callback_user = &own,
                             .validation = dataset};
  EXPECT_IN(usual(w) | CANCELLED | more, dni_trainer_fit(w->trainer, dataset, &options));
}
