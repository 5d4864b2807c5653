/* A training that is saved, loaded into another one and gone on with ends in the same bits as one that
 * was never stopped: for every kind of SG, schedule and optimiser, at any step. Compared is all that a
 * training consists of, as dni_trainer_write writes it. The table is printed. */
#include "resume.h"

static bytes expected, found;

static const char *const schedules[] = {"sequential", "random", "pipelined", "micro-batches"};
static const char *const optimisers[] = {"sgd", "adam", "adamw"};

static void release_down_to(size_t count) {
  while (kept_count > count)
    release_last();
}

/* false: there is no such training. */
static bool expect_resumes(const choice *c, dni_dataset *dataset) {
  const size_t before = kept_count;
  dni_status status;
  dni_trainer *trainer = make_training(c, 3, &status);
  if (!trainer) {
    ck_assert(status == DNI_ERROR_UNSUPPORTED || status == DNI_ERROR_ARGUMENT);
    release_down_to(before);
    return false;
  }
  fit(trainer, dataset, c, true);
  save(trainer, &expected);
  release_down_to(before);
  for (size_t i = 0; i < STOPS; i++) {
    dni_trainer *second = make_training(c, 1000 + i, &status);
    EXPECT_OK(try_load(second, &saved[i]));
    ck_assert_uint_eq(dni_trainer_step_count(second), stops[i]);
    save(second, &found);
    expect_same(&saved[i], &found, "what is saved right after loading");
    fit(second, dataset, c, false);
    save(second, &found);
    expect_same(&expected, &found, "the end");
    release_down_to(before);
  }
  return true;
}

/* _i: the method. */
START_TEST(test_matrix) {
  const method *m = &methods[_i];
  printf("%-26s", m->name);
  for (int schedule = 0; schedule < SCHEDULES; schedule++)
    for (int optimiser = 0; optimiser < OPTIMISERS; optimiser++) {
      choice c = {m, schedule, optimiser, (schedule + optimiser) % 2};
      dni_dataset *dataset = make_examples(&c);
      printf(" %s", expect_resumes(&c, dataset) ? "same" : "  - ");
    }
  printf("\n");
}
END_TEST

static void print_head(void) {
  printf("%-26s", "resumed / undisturbed");
  for (int schedule = 0; schedule < SCHEDULES; schedule++)
    printf(" %-14s", schedules[schedule]);
  printf("\n%-26s", "");
  for (int i = 0; i < SCHEDULES * OPTIMISERS; i++)
    printf(" %-4.4s", optimisers[i % OPTIMISERS]);
  printf("\n");
}

int main(void) {
  print_head();
  (void)fflush(stdout);
  Suite *suite = suite_create("resume");
  TCase *group = add_group(suite, "matrix");
  tcase_add_loop_test(group, test_matrix, 0, METHODS);
  return support_run(suite);
}
