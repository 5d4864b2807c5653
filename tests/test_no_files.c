/* A library that was built with FILES=none: every call that reads or writes files says so, writes nothing
 * into its output, and changes nothing. In other libraries there is nothing to test. */
#include "training.h"

enum { ROWS = 8, INPUTS = 6, CLASSES = 4, CALLS = 12 };

static dni_status unreachable_write(void *user, const void *bytes, size_t size) {
  (void)user, (void)bytes, (void)size;
  EXPECT(false, "called");
  return DNI_OK;
}

static dni_status unreachable_read(void *user, void *bytes, size_t size, size_t *got) {
  (void)user, (void)bytes, (void)size, (void)got;
  EXPECT(false, "called");
  return DNI_OK;
}

static const dni_writer writer = {sizeof writer, NULL, unreachable_write};
static const dni_reader reader = {sizeof reader, NULL, unreachable_read};

typedef struct scene {
  dni_context *context;
  dni_network *network;
  dni_trainer *trainer;
  dni_dataset *examples;
  dni_checkpoint *checkpoint;
} scene;

static scene make_scene(void) {
  scene s = {.context = make_context(DNI_F32, 3)};
  dni_matrix x = matrix_random(DNI_F32, 32, INPUTS), y = matrix_one_hot(DNI_F32, 32, CLASSES);
  s.network = make_network(s.context, "6 relu9 |sgr dense4");
  s.trainer = make_trainer(s.context, s.network, make_sgd(s.context, 0.01), NULL, ROWS, 0);
  EXPECT_OK(dni_dataset_create_memory(s.context, &x, &y, NULL, &s.examples));
  keep(DATASET, s.examples);
  EXPECT_OK(dni_checkpoint_create(s.context, &s.checkpoint));
  EXPECT_OK(dni_checkpoint_add_trainer(s.checkpoint, "", s.trainer));
  return s;
}

static dni_status fit_with_checkpoint(const scene *s) {
  const dni_fit_options options = {
      .struct_size = sizeof options, .steps = 2, .checkpoint = "no-file", .checkpoint_every = 1};
  return dni_trainer_fit(s->trainer, s->examples, &options);
}

static dni_status call(const scene *s, int which, void **out) {
  const dni_csv_options csv = {.struct_size = sizeof csv, .classes = 2};
  switch (which) {
  case 0:
    return dni_network_save(s->network, "no-file");
  case 1:
    return dni_network_load(s->context, "no-file", (dni_network **)out);
  case 2:
    return dni_network_write(s->network, &writer);
  case 3:
    return dni_network_read(s->context, &reader, (dni_network **)out);
  case 4:
    return dni_trainer_save(s->trainer, "no-file");
  case 5:
    return dni_trainer_load(s->trainer, "no-file", NULL);
  case 6:
    return dni_trainer_write(s->trainer, &writer);
  case 7:
    return dni_trainer_read(s->trainer, &reader, NULL);
  case 8:
    return dni_checkpoint_save(s->checkpoint, "no-file");
  case 9:
    return dni_checkpoint_load(s->checkpoint, "no-file", NULL);
  case 10:
    return dni_dataset_create_idx(s->context, "no-file", "no-file", NULL, (dni_dataset **)out);
  default:
    return dni_dataset_create_csv(s->context, "no-file", &csv, (dni_dataset **)out);
  }
}

START_TEST(test_refused) {
  if (support_has_files()) return;
  scene s = make_scene();
  char sentinel;
  void *out = &sentinel;
  EXPECT_MESSAGE(DNI_ERROR_UNSUPPORTED, "FILES=none", call(&s, _i, &out));
  EXPECT(out == &sentinel, "call %d has written its output", _i);
  dni_checkpoint_release(s.checkpoint);
}
END_TEST

/* A fit whose checkpoint cannot be written is refused before its first step. */
START_TEST(test_fit) {
  if (support_has_files()) return;
  scene s = make_scene();
  EXPECT_MESSAGE(DNI_ERROR_UNSUPPORTED, "FILES=none", fit_with_checkpoint(&s));
  ck_assert_uint_eq(dni_trainer_step_count(s.trainer), 0);
  EXPECT_OK(dni_trainer_fit(s.trainer, s.examples, NULL));
  dni_checkpoint_release(s.checkpoint);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("no files");
  TCase *group = add_group(suite, "without files");
  tcase_add_loop_test(group, test_refused, 0, CALLS);
  tcase_add_test(group, test_fit);
  return support_run(suite);
}
