/* Saving and loading without memory: each allocation of the library's, and each of the JSON library's,
 * fails once or from then on. The call says so, nothing has changed, nothing is lost, and the same call
 * works when there is memory again. */
#include "resume.h"

/* libjansson's hook, which is for the whole process. NULL: the library was built without files. */
extern void json_set_alloc_funcs(void *(*allocate)(size_t), void (*release)(void *))
    __attribute__((weak));

static struct {
  size_t calls, fail_at, live;
  bool lasting;
} json;

static void *json_allocate(size_t size) {
  const size_t call = json.calls++;
  if (call == json.fail_at || (json.lasting && call > json.fail_at)) return NULL;
  json.live++;
  return malloc(size);
}

static void json_release(void *block) {
  if (block) json.live--;
  free(block);
}

/* In this process. */
static size_t failed_allocations;

/* Whose allocation number `at` fails. */
typedef enum victim { LIBRARY, JSON } victim;

static void arm(victim whose, size_t at, bool lasting) {
  json.calls = 0;
  json.lasting = lasting;
  json.fail_at = whose == JSON ? at : SIZE_MAX;
  atomic_store(&support_watched.fail_once, !lasting);
  if (whose == LIBRARY) atomic_store(&support_watched.fail_after, at);
}

static void disarm(void) {
  json.fail_at = SIZE_MAX;
  atomic_store(&support_watched.fail_after, SIZE_MAX);
}

/* What is tried. ------------------------------------------------------------------------------- */

typedef struct scene {
  dni_context *context;
  dni_trainer *trainer;
  dni_network *network;
  dni_checkpoint *checkpoint;
  dni_matrix matrix;
  uint64_t count;
} scene;

static scene make_scene(uint64_t seed) {
  scene s = {.context = make_context(DNI_F32, seed)};
  s.network = make_network(s.context, "6 relu9 norm |lsr relu8 drop |sg1 dense4");
  s.trainer = make_trainer(s.context, s.network, make_adam(s.context, 0.01), NULL, ROWS, 0.5);
  s.matrix = matrix_random(DNI_F32, 3, 4);
  return s;
}

static dni_status stop(void *user, const dni_step_report *report) {
  (void)user;
  return report->step == 3;
}

/* A fit that is not at its end, with a best network, which a load makes room for. */
static void fit_a_little(scene *s) {
  dni_matrix x = matrix_random(DNI_F32, EXAMPLES, INPUTS);
  dni_matrix y = matrix_one_hot(DNI_F32, EXAMPLES, CLASSES);
  dni_dataset *examples;
  dni_network *best;
  EXPECT_OK(dni_dataset_create_memory(s->context, &x, &y, NULL, &examples));
  EXPECT_OK(dni_network_copy(s->network, &best));
  const dni_fit_options options = {.struct_size = sizeof options,
                                   .validation = examples,
                                   .validate_every = 2,
                                   .best = best,
                                   .callback = stop};
  EXPECT_OK(dni_trainer_fit(s->trainer, examples, &options));
  dni_network_release(best);
  dni_dataset_release(examples);
}

static void add_parts(scene *s) {
  EXPECT_OK(dni_checkpoint_create(s->context, &s->checkpoint));
  EXPECT_OK(dni_checkpoint_add_trainer(s->checkpoint, "", s->trainer));
  EXPECT_OK(dni_checkpoint_add_matrix(s->checkpoint, "matrix", &s->matrix));
  EXPECT_OK(dni_checkpoint_add_count(s->checkpoint, "count", &s->count));
}

static bytes file_of_network, file_of_training, file_of_checkpoint, out_bytes;

static const dni_writer to_out = {sizeof to_out, &out_bytes, put};

static dni_reader from(bytes *file) {
  file->next = 0;
  return (dni_reader){sizeof(dni_reader), file, take};
}

static dni_status write_network(scene *s) {
  out_bytes.size = 0;
  return dni_network_write(s->network, &to_out);
}

static dni_status read_network(scene *s) {
  const dni_reader reader = from(&file_of_network);
  dni_network *made = NULL;
  dni_status status = dni_network_read(s->context, &reader, &made);
  ck_assert((status == DNI_OK) == (made != NULL));
  dni_network_release(made);
  return status;
}

static dni_status write_training(scene *s) {
  out_bytes.size = 0;
  return dni_trainer_write(s->trainer, &to_out);
}

static dni_status read_training(scene *s) {
  const dni_reader reader = from(&file_of_training);
  return dni_trainer_read(s->trainer, &reader, NULL);
}

static dni_status write_checkpoint(scene *s) {
  out_bytes.size = 0;
  return dni_checkpoint_write(s->checkpoint, &to_out);
}

static dni_status read_checkpoint(scene *s) {
  const dni_reader reader = from(&file_of_checkpoint);
  return dni_checkpoint_read(s->checkpoint, &reader, NULL);
}

static dni_status make_checkpoint(scene *s) {
  dni_checkpoint *made = NULL;
  dni_status status = dni_checkpoint_create(s->context, &made);
  char name[8] = "a";
  for (; status == DNI_OK && name[0] < 'z'; name[0]++)
    status = dni_checkpoint_add_count(made, name, &s->count);
  dni_checkpoint_release(made);
  return status;
}

static const struct {
  const char *name;
  dni_status (*call)(scene *s);
} calls[] = {
    {"dni_network_write", write_network},       {"dni_network_read", read_network},
    {"dni_trainer_write", write_training},      {"dni_trainer_read", read_training},
    {"dni_checkpoint_write", write_checkpoint}, {"dni_checkpoint_read", read_checkpoint},
    {"dni_checkpoint_create", make_checkpoint},
};
enum { CALLS = sizeof calls / sizeof calls[0] };

/* Sweeps. -------------------------------------------------------------------------------------- */

static void make_files(void) {
  scene s = make_scene(3);
  fit_a_little(&s);
  add_parts(&s);
  dni_writer writer = {sizeof writer, &file_of_network, put};
  file_of_network.size = file_of_training.size = file_of_checkpoint.size = 0;
  EXPECT_OK(dni_network_write(s.network, &writer));
  writer.user = &file_of_training;
  EXPECT_OK(dni_trainer_write(s.trainer, &writer));
  writer.user = &file_of_checkpoint;
  EXPECT_OK(dni_checkpoint_write(s.checkpoint, &writer));
  dni_checkpoint_release(s.checkpoint);
}

static void save_all(scene *s, bytes *to) {
  const dni_writer writer = {sizeof writer, to, put};
  to->size = 0;
  EXPECT_OK(dni_checkpoint_write(s->checkpoint, &writer));
}

/* One failure. false: there is no such allocation. */
static bool fails_well(size_t index, scene *s, victim whose, size_t at, bool lasting) {
  static bytes before, after;
  const size_t live = support_watched.bytes, json_live = json.live;
  save_all(s, &before);
  arm(whose, at, lasting);
  dni_status status = calls[index].call(s);
  disarm();
  if (status == DNI_OK) return false;
  failed_allocations++;
  EXPECT(status == DNI_ERROR_MEMORY, "%s, allocation %zu: %s: %s", calls[index].name, at,
         dni_status_name(status), dni_last_message());
  EXPECT(strstr(dni_last_message(), "out of memory"), "%s", dni_last_message());
  ck_assert_uint_eq(support_watched.bytes, live);
  ck_assert_uint_eq(json.live, json_live);
  save_all(s, &after);
  expect_same(&before, &after, calls[index].name);
  return true;
}

/* _i: the call, then whose allocations, then whether failures last. */
START_TEST(test_sweep) {
  const size_t index = (size_t)_i % CALLS;
  const victim whose = (size_t)_i / CALLS % 2 ? JSON : LIBRARY;
  const bool lasting = (size_t)_i / CALLS / 2 == 1;
  if (!json_set_alloc_funcs) return;
  json_set_alloc_funcs(json_allocate, json_release);
  json.fail_at = SIZE_MAX;
  make_files();
  scene s = make_scene(4);
  add_parts(&s);
  size_t at = 0;
  while (fails_well(index, &s, whose, at, lasting))
    at++;
  if (calls[index].call != make_checkpoint || whose == LIBRARY) ck_assert_uint_gt(at, 0);
  EXPECT_OK(calls[index].call(&s));
  dni_checkpoint_release(s.checkpoint);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("file memory");
  TCase *group = add_group(suite, "sweeps");
  tcase_add_loop_test(group, test_sweep, 0, CALLS * 4);
  int failed = support_run(suite);
  if (failed_allocations > 0) printf("%zu allocations failed\n", failed_allocations);
  return failed;
}
