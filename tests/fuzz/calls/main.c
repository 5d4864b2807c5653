/* Random sequences of public calls. An input is a program: a byte for the family of a call, one for the
 * call, then its arguments, and so on. Sizes may be 0 or huge, handles NULL or of another element type,
 * views of one memory or not valid, functions of the caller's may fail, and what is made is given back
 * in any order.
 *
 * A call answers one of the statuses that its header names. At the end nothing is left of anything. */
#include "calls.h"

enum { CALLS_MOST = 120, BLOCK_MOST = 1 << 18 };

static const action *const families[] = {
    layer_actions,   piece_actions,   sg_actions,      data_actions,    network_actions,
    network_actions, trainer_actions, trainer_actions, trainer_actions, analysis_actions};

/* What is in flight works on layers, SGs and optimisers, which nothing else may then touch; and what a
 * recording writes to is used anew. */
static void settle(world *w) {
  for (size_t i = 0; i < SLOTS; i++)
    if (dni_trainer_thread_count(w->slots[TRAINER][i]) > 1)
      if (dni_trainer_flush(w->slots[TRAINER][i]) != DNI_OK) continue;
}

static void call(world *w) {
  const size_t chosen = fuzz_below(&w->input, sizeof families / sizeof families[0]);
  const action *family = families[chosen];
  size_t count = 0;
  while (family[count])
    count++;
  if (family != trainer_actions) settle(w);
  family[fuzz_below(&w->input, count)](w);
}

/* Take a reference, or give one back. Never those of the contexts: the rest of the input needs them. */
static void change_references(world *w) {
  const kind which = (kind)(1 + fuzz_below(&w->input, KINDS - 1));
  void **slot = &w->slots[which][fuzz_below(&w->input, SLOTS)];
  if (chance(w, 30)) {
    place(w, which, DNI_OK, take(which, *slot));
  } else {
    put_back(which, *slot);
    *slot = NULL;
  }
}

/* From a slot and a kind that the input says, in a circle. */
static void end(world *w, size_t first) {
  const size_t all = KINDS * SLOTS;
  for (size_t i = 0; i < all; i++) {
    const size_t at = (first + 7 * i) % all;
    put_back((kind)(at / SLOTS), w->slots[at / SLOTS][at % SLOTS]);
    w->slots[at / SLOTS][at % SLOTS] = NULL;
  }
}

/* One context of each element type. In some inputs the first has products on two threads. */
static void begin(world *w) {
  const uint8_t choice = fuzz_byte(&w->input);
  w->dtype = choice & 1 ? DNI_F64 : DNI_F32;
  own_begin();
  begin_pool();
  w->slots[CONTEXT][0] = fuzz_context(w->dtype, BLOCK_MOST);
  w->slots[CONTEXT][1] = fuzz_context(w->dtype == DNI_F32 ? DNI_F64 : DNI_F32, BLOCK_MOST);
  if (choice >= 240)
    EXPECT_FINE(dni_backend_set_threads(dni_context_backend(w->slots[CONTEXT][0]), 2));
  for (size_t i = 0; i < FILES; i++)
    w->files[i].size = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static world w;
  w.input = (fuzz_input){data, size};
  begin(&w);
  dni_context *kept = dni_context_retain(w.slots[CONTEXT][0]);
  const uint8_t first = fuzz_byte(&w.input);
  for (size_t n = 0; n < CALLS_MOST && w.input.size > 0; n++) {
    call(&w);
    if (chance(&w, 8)) change_references(&w);
  }
  end(&w, first);
  fuzz_context_end(kept);
  EXPECT(own_alive() == 0, "%d things are not given back", own_alive());
  return 0;
}
