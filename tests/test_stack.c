/* How much stack the library needs: every kind of work runs on a thread of the size that dni.h
 * states, with a guard page below it, and what was touched is measured. And what stack the
 * library's own threads have, where callbacks run. */
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "training.h"

/* What dni.h states: of a whole thread, of one call, and of the library's own threads. */
enum { STATED_THREAD = 128 << 10, STATED_CALL = 112 << 10, STATED_OWN_THREADS = 2 << 20 };

/* Compilers differ: less may be needed here than is stated, by so much. */
enum { MARGIN = 8 << 10 };

/* Sanitizers put guards around every array, and their reports need room. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* A thread on a stack of the stated size. ------------------------------------------------------- */

enum { PAINT = 0x5a };

typedef void (*work)(int index);

typedef struct job {
  work work;
  int index;
} job;

static void *run_job(void *argument) {
  const job *mine = argument;
  mine->work(mine->index);
  return NULL;
}

/* The bytes that `work` and the start of its thread have touched. */
static size_t stack_used(work what, int index) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), used = STATED_THREAD;
  unsigned char *memory =
      mmap(NULL, STATED_THREAD + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT(memory != MAP_FAILED, "no memory for a stack");
  ck_assert_int_eq(mprotect(memory, page, PROT_NONE), 0);
  unsigned char *stack = memory + page;
  memset(stack, PAINT, STATED_THREAD);
  pthread_attr_t attributes;
  pthread_t thread;
  job mine = {what, index};
  ck_assert_int_eq(pthread_attr_init(&attributes), 0);
  ck_assert_int_eq(pthread_attr_setstack(&attributes, stack, STATED_THREAD), 0);
  ck_assert_int_eq(pthread_create(&thread, &attributes, run_job, &mine), 0);
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  pthread_attr_destroy(&attributes);
  while (used > 0 && stack[STATED_THREAD - used] == PAINT)
    used--;
  munmap(memory, STATED_THREAD + page);
  return used;
}

static void nothing(int index) {
  (void)index;
}

static void expect_small(work what, int index, const char *name) {
  size_t used = stack_used(what, index) - stack_used(nothing, 0);
  if (getenv("DNI_TEST_VERBOSE")) fprintf(stderr, "%-60s %6zu\n", name, used);
  EXPECT(used <= STATED_CALL - MARGIN, "%s: %zu bytes of stack", name, used);
}

/* What a trainer does. --------------------------------------------------------------------------- */

/* More rows and columns than any block of a product has. */
enum { ROWS = 300, INPUTS = 150, STEPS = 1 };

static const char *const networks[] = {
    "150 relu260 norm |sg tanh260 rows |sg1 dense10",
    "150 gelu260 drop |critic1 sigmoid260 |local dense10",
    "150 leaky260 |dfa relu260 |fa dense10",
    "150 relu260 |zero relu260 |scalar dense10",
    "150 relu260 |delayed relu260 |sg2h dense10",
    "150 relu260 |sg2y dense600",
    "150 relu260 |ls relu260 |sgq relu260 |lsr dense10",
    "150 relu10 relu10 dense10",
};
enum { NETWORKS = sizeof networks / sizeof networks[0] };

/* Sequential; then with threads of its own, where that network can be. */
typedef struct way {
  dni_kind schedule;
  size_t threads;
} way;

static const way ways[] = {{DNI_SCHEDULE_SEQUENTIAL, 0},
                           {DNI_SCHEDULE_PIPELINED, 1},
                           {DNI_SCHEDULE_PIPELINED, 2},
                           {DNI_SCHEDULE_MICRO_BATCHES, 2}};
enum { WAYS = sizeof ways / sizeof ways[0] };

static void train(dni_network *network, const way *how, const dni_optimiser *optimiser,
                  const dni_dataset *data, dni_loss *loss) {
  dni_trainer *trainer;
  dni_evaluation evaluation = {.struct_size = sizeof evaluation};
  dni_trainer_options options = {.struct_size = sizeof options,
                                 .optimiser = optimiser,
                                 .max_batch = ROWS,
                                 .schedule = how->schedule,
                                 .threads = how->threads};
  if (dni_trainer_create(network, loss, &options, &trainer) == DNI_ERROR_UNSUPPORTED) return;
  dni_fit_options fit = {.struct_size = sizeof fit, .steps = STEPS, .validation = data};
  EXPECT_OK(dni_trainer_fit(trainer, data, &fit));
  EXPECT_OK(dni_network_evaluate(network, loss, data, NULL, &evaluation));
  dni_trainer_release(trainer);
}

/* Images of noise; targets are one-hot rows or labels. */
static dni_dataset *make_data(dni_context *context, dni_dtype dtype, size_t classes, bool labels) {
  dni_matrix x = matrix_random(dtype, ROWS, INPUTS);
  dni_matrix y = matrix_one_hot(dtype, ROWS, classes);
  int32_t class_of[ROWS];
  dni_matrix of_class = {class_of, ROWS, 1, 1, DNI_I32, 0};
  dni_memory_options options = {.struct_size = sizeof options, .classes = labels ? classes : 0};
  dni_dataset *data;
  for (size_t r = 0; r < ROWS; r++)
    class_of[r] = (int32_t)(r % classes);
  EXPECT_OK(dni_dataset_create_memory(context, &x, labels ? &of_class : &y, &options, &data));
  return keep(DATASET, data);
}

static void train_all(int index) {
  const support_machine *machine = &support_machines[index];
  dni_context *context = support_machine_context(index);
  if (!context) return;
  keep(CONTEXT, context);
  dni_optimiser *clipped = make_adam(context, 0.01);
  EXPECT_OK(dni_optimiser_set_f64(clipped, DNI_SETTING_CLIP_NORM, 1));
  for (size_t n = 0; n < NETWORKS; n++)
    for (size_t w = 0; w < WAYS; w++) {
      dni_network *network = make_network(context, networks[n]);
      dni_dataset *data = make_data(context, machine->dtype, dni_network_outputs(network), w == 0);
      train(network, &ways[w], w == 0 ? NULL : clipped, data, make_cross_entropy(context));
    }
}

START_TEST(training) {
  if (SANITIZED) return;
  char name[100];
  (void)snprintf(name, sizeof name, "training, %s", support_machines[_i].name);
  expect_small(train_all, _i, name);
}
END_TEST

/* Each loss, with one-hot rows and with numbers. */
static void evaluate_losses(int index) {
  dni_dtype dtype = support_dtypes[index];
  dni_context *context = make_context(dtype, 1);
  dni_loss *losses[4];
  EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, NULL, &losses[0]));
  EXPECT_OK(dni_loss_create_sigmoid_cross_entropy(context, NULL, &losses[1]));
  EXPECT_OK(dni_loss_create_squared_error(context, &losses[2]));
  EXPECT_OK(dni_loss_create_absolute_error(context, &losses[3]));
  for (int l = 0; l < 4; l++) {
    keep(LOSS, losses[l]);
    train(make_network(context, networks[0]), &ways[0], make_sgd(context, 0.01),
          make_data(context, dtype, 10, false), losses[l]);
  }
}

START_TEST(losses) {
  if (!SANITIZED) expect_small(evaluate_losses, _i, "losses");
}
END_TEST

/* An SG in an SG in an SG. */
static void nest(int index) {
  dni_context *context = make_context(support_dtypes[index], 1);
  dni_network *network = make_network(context, "150 relu260 |sg relu260 dense10");
  for (int depth = 0; depth < 10; depth++) {
    dni_sg *sg;
    EXPECT_OK(dni_sg_create_warm_up(context, sg_after(network, 0), 1, &sg));
    EXPECT_OK(dni_network_set_sg(network, 0, sg));
    dni_sg_release(sg);
  }
  train(network, &ways[0], NULL, make_data(context, support_dtypes[index], 10, true),
        make_cross_entropy(context));
}

START_TEST(nested) {
  if (!SANITIZED) expect_small(nest, _i, "ten SGs in each other");
}
END_TEST

/* Files. ---------------------------------------------------------------------------------------- */

static char folder[] = "/tmp/dni-test-XXXXXX";

static const char *file(const char *name) {
  static char path[200];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void save_and_load(int index) {
  dni_context *context = make_context(support_dtypes[index], 1);
  dni_network *loaded;
  dni_network *network = make_network(context, "150 relu260 norm tanh260 dense10");
  EXPECT_OK(dni_network_save(network, file("network")));
  EXPECT_OK(dni_network_load(context, file("network"), &loaded));
  dni_network_release(loaded);
  EXPECT_STATUS(DNI_ERROR_IO, dni_network_load(context, file("missing"), &loaded));
}

START_TEST(networks_in_files) {
  if (!SANITIZED && support_has_files()) expect_small(save_and_load, _i, "save and load");
}
END_TEST

/* Lines of numbers with many digits, plain and packed. */
static void write_csv(FILE *out) {
  ck_assert_ptr_nonnull(out);
  for (int row = 0; row < 200; row++) {
    for (int column = 0; column < 50; column++)
      fprintf(out, "%.40f,", support_normal());
    fprintf(out, "%d\n", row % 10);
  }
}

static void read_csv(int index) {
  dni_context *context = make_context(support_dtypes[index % 2], 1);
  dni_csv_options options = {.struct_size = sizeof options, .classes = 10};
  dni_dataset *data;
  dni_status status =
      dni_dataset_create_csv(context, file(index < 2 ? "csv" : "csv.gz"), &options, &data);
  if (status == DNI_ERROR_UNSUPPORTED) return; /* FILES=none */
  EXPECT_OK(status);
  dni_dataset_release(data);
  options.classes = 5;
  EXPECT_STATUS(DNI_ERROR_DATA, dni_dataset_create_csv(context, file("csv"), &options, &data));
}

START_TEST(csv) {
  char command[300];
  FILE *plain = fopen(file("csv"), "w");
  write_csv(plain);
  ck_assert_int_eq(fclose(plain), 0);
  (void)snprintf(command, sizeof command, "gzip -c %s/csv >%s/csv.gz", folder, folder);
  ck_assert_int_eq(system(command), 0);
  if (!SANITIZED) expect_small(read_csv, _i, "csv");
}
END_TEST

static void make_folder(void) {
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void) {
  char command[100];
  (void)snprintf(command, sizeof command, "rm -rf %s", folder);
  ck_assert_int_eq(system(command), 0);
}

/* Analysis. ------------------------------------------------------------------------------------- */

static void analyse(int index) {
  dni_dtype dtype = support_dtypes[index];
  dni_context *context = make_context(dtype, 1);
  dni_matrix h = matrix_random(dtype, ROWS, 40), y = matrix_one_hot(dtype, ROWS, 10);
  dni_matrix x = matrix_random(dtype, ROWS, INPUTS), rdm = matrix_make(dtype, ROWS, ROWS);
  dni_matrix loss = matrix_make(dtype, ROWS, 1);
  dni_probe_report probe = {.struct_size = sizeof probe};
  dni_sg *sg;
  double mse;
  size_t rank;
  EXPECT_OK(dni_analysis_rdm(context, &h, &rdm));
  EXPECT_OK(dni_analysis_classifier_probe(context, &h, &y, NULL, &probe));
  EXPECT_OK(dni_analysis_regressor_probe(context, &h, &x, &mse, &rank));
  EXPECT_OK(dni_sg_create_synthetic(context, 40, 10, NULL, &sg));
  EXPECT_OK(dni_analysis_extract_loss(context, sg, &h, &y, NULL, 16, &loss));
  dni_sg_release(sg);
}

START_TEST(analysis) {
  if (!SANITIZED) expect_small(analyse, _i, "analysis");
}
END_TEST

/* The library's own threads. -------------------------------------------------------------------- */

static size_t seen_stack; /* of the thread that ran the upper layer backward */

static dni_status do_nothing(void *user, const dni_layer_call *call) {
  (void)user, (void)call;
  return DNI_OK;
}

static dni_status see_stack(void *user, const dni_layer_call *call) {
  pthread_attr_t attributes;
  (void)user, (void)call;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return DNI_ERROR_SYSTEM;
  (void)pthread_attr_getstacksize(&attributes, &seen_stack);
  pthread_attr_destroy(&attributes);
  return DNI_OK;
}

/* A callback sees the stated stack, whatever the limits of the process are. */
START_TEST(own_threads) {
  dni_context *context = make_context(DNI_F32, 1);
  dni_layer_callbacks callbacks = {
      .struct_size = sizeof callbacks, .forward = do_nothing, .backward = see_stack};
  dni_layer *layer;
  EXPECT_OK(dni_layer_create_callback(context, 10, 10, &callbacks, &layer));
  dni_network *network = make_network(context, "150 relu10 relu10");
  EXPECT_OK(dni_network_add(network, layer));
  dni_layer_release(layer);
  train(network, &ways[3], NULL, make_data(context, DNI_F32, 10, false),
        make_cross_entropy(context));
  /* musl counts what the C library keeps there. */
  EXPECT(seen_stack >= STATED_OWN_THREADS && seen_stack < STATED_OWN_THREADS + 65536,
         "a stack of %zu bytes", seen_stack);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("stack");
  TCase *group = add_group(suite, "calls");
  tcase_add_loop_test(group, training, 0, SUPPORT_MACHINES);
  tcase_add_loop_test(group, losses, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, nested, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, analysis, 0, SUPPORT_DTYPES);
  group = add_group(suite, "files");
  tcase_add_unchecked_fixture(group, make_folder, remove_folder);
  tcase_add_loop_test(group, networks_in_files, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(group, csv, 0, 4);
  tcase_add_test(add_group(suite, "own threads"), own_threads);
  return support_run(suite);
}
