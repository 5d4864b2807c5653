/* Structs that grow: programs built with older and with newer headers.
 *
 * Every struct of the caller's that begins with struct_size is taken at the size it was first
 * published with, and with zeros behind what the library knows; it is refused if it is shorter, or
 * if what the library does not know is not zero. Reports are filled in as far as they reach. */
#include "core/first_size.h"

#include "training.h"

enum { ROWS = 4, UNITS = 3, CLASSES = 2, MOST = 4096, PAST = 64 };

/* What the calls below need, and what they make. */
typedef struct scene {
  dni_context *context;
  dni_layer *layer;
  dni_loss *loss;
  dni_optimiser *optimiser;
  dni_sg *sg, *critic;
  dni_network *network;
  dni_dataset *dataset;
  dni_trainer *trainer;
  dni_matrix x, y, h, delta, logits;
  dni_batch batch, output;
  dni_lesson lesson;
  double number;
  struct {
    dni_context *context;
    dni_backend *backend;
    dni_layer *layer;
    dni_loss *loss;
    dni_sg *sg;
    dni_dataset *dataset, *other;
    dni_order *order;
    dni_network *network;
    dni_trainer *trainer;
  } made;
} scene;

/* One for each test; structs point into it. */
static scene *make_scene(void) {
  static scene s;
  s = (scene){.context = make_context(DNI_F64, 1)};
  s.layer = keep(LAYER, make_layer(s.context, UNITS, "relu3"));
  s.loss = make_cross_entropy(s.context);
  s.optimiser = make_adam(s.context, 0.1);
  s.sg = keep(ESTIMATOR, make_sg(s.context, UNITS, CLASSES, 0, "sg"));
  s.critic = keep(ESTIMATOR, make_sg(s.context, UNITS, CLASSES, 0, "critic"));
  s.network = make_network(s.context, "3 relu3 |sg dense2");
  s.x = matrix_random(DNI_F64, ROWS, UNITS);
  s.y = matrix_one_hot(DNI_F64, ROWS, CLASSES);
  s.h = matrix_random(DNI_F64, ROWS, UNITS);
  s.delta = matrix_random(DNI_F64, ROWS, UNITS);
  s.logits = matrix_random(DNI_F64, ROWS, CLASSES);
  EXPECT_OK(dni_dataset_create_memory(s.context, &s.x, &s.y, NULL, &s.dataset));
  keep(DATASET, s.dataset);
  s.trainer = make_trainer(s.context, s.network, s.optimiser, NULL, ROWS, 0);
  s.batch = support_batch(&s.x, &s.y);
  s.lesson = (dni_lesson){.struct_size = sizeof s.lesson, .h = &s.h, .y = &s.y, .target = &s.delta};
  return &s;
}

static void release_made(scene *s) {
  dni_context_release(s->made.context);
  dni_backend_release(s->made.backend);
  dni_layer_release(s->made.layer);
  dni_loss_release(s->made.loss);
  dni_network_release(s->made.network);
  dni_sg_release(s->made.sg);
  dni_dataset_release(s->made.dataset);
  dni_dataset_release(s->made.other);
  dni_order_release(s->made.order);
  dni_trainer_release(s->made.trainer);
  memset(&s->made, 0, sizeof s->made);
}

/* Functions that structs must have. They are hardly called. */
static dni_status do_nothing(void) {
  return DNI_OK;
}
#define NOTHING(type) ((type)(void (*)(void))do_nothing)

static dni_status measure_nothing(void *user, const dni_batch *batch, double *value) {
  (void)user, (void)batch;
  *value = 0;
  return DNI_OK;
}

static dni_status end_stream(void *user, dni_batch *batch) {
  (void)user, (void)batch;
  return DNI_OK;
}

static dni_status write_nothing(void *user, const void *bytes, size_t size) {
  (void)user, (void)bytes, (void)size;
  return DNI_OK;
}

static dni_status read_nothing(void *user, void *bytes, size_t size, size_t *got) {
  (void)user, (void)bytes, (void)size;
  *got = 0;
  return DNI_OK;
}

typedef dni_status (*layer_function)(void *, const dni_layer_call *);
typedef dni_status (*sg_function)(void *, const dni_sg_call *);
typedef dni_status (*loss_function)(void *, const dni_loss_call *);
typedef dni_status (*product_function)(void *, const dni_product *);
typedef dni_status (*fetch_function)(void *, const size_t *, size_t, dni_matrix *, dni_matrix *);

static dni_status context_with(scene *s, const dni_allocator *allocator) {
  dni_context_options options = {.struct_size = sizeof options, .allocator = allocator};
  return dni_context_create(&options, &s->made.context);
}

/* The calls. ----------------------------------------------------------------------------------- */

/* No field must be set. */
#define NONE (void)0

/* `fill` makes *given a struct that is right, struct_size apart; `call` is given it. s is the
 * scene.
 */
#define USE(name, type, fill, call)                                                                \
  static void fill_##name(scene *s, void *memory) {                                                \
    type *given = memory;                                                                          \
    (void)s, (void)given;                                                                          \
    fill;                                                                                          \
  }                                                                                                \
  static dni_status use_##name(scene *s, void *memory) {                                           \
    type *given = memory;                                                                          \
    (void)s, (void)given;                                                                          \
    return call;                                                                                   \
  }

USE(allocator, dni_allocator, *given = support_allocator, context_with(s, given))
USE(context, dni_context_options, given->allocator = &support_allocator,
    dni_context_create(given, &s->made.context))
USE(backend, dni_backend_options, given->allocator = &support_allocator,
    dni_backend_create_builtin(given, &s->made.backend))
USE(own_backend, dni_backend_callbacks,
    (given->product = NOTHING(product_function), given->f32 = 1),
    dni_backend_create_callback(NULL, given, &s->made.backend))
USE(batch, dni_batch, (given->x = &s->logits, given->y = &s->y),
    dni_loss_evaluate(s->loss, given, NULL, NULL, &s->number))
USE(correct, dni_batch, (given->x = &s->logits, given->y = &s->y),
    dni_loss_count_correct(s->loss, given, &s->number))
USE(step, dni_batch, (given->x = &s->x, given->y = &s->y),
    dni_trainer_step(s->trainer, given, NULL))
USE(dfa, dni_random_options, NONE,
    dni_sg_create_dfa(s->context, UNITS, CLASSES, given, &s->made.sg))
USE(fa, dni_random_options, NONE, dni_sg_create_fa(s->context, UNITS, CLASSES, given, &s->made.sg))
USE(dropout, dni_random_options, given->has_seed = 1,
    dni_layer_create_dropout(s->context, UNITS, 0.5, given, &s->made.layer))
USE(order, dni_random_options, NONE, dni_order_create(s->dataset, given, &s->made.order))
USE(split, dni_random_options, NONE,
    dni_dataset_split(s->dataset, 1, 1, given, &s->made.dataset, &s->made.other))
USE(own_layer, dni_layer_callbacks, given->forward = given->backward = NOTHING(layer_function),
    dni_layer_create_callback(s->context, UNITS, UNITS, given, &s->made.layer))
USE(initialiser, dni_initialiser_options, given->kind = DNI_INITIALISER_XAVIER,
    dni_layer_initialise(s->layer, given))
USE(softmax, dni_loss_options, given->label_smoothing = 0.1,
    dni_loss_create_softmax_cross_entropy(s->context, given, &s->made.loss))
USE(sigmoid, dni_loss_options, NONE,
    dni_loss_create_sigmoid_cross_entropy(s->context, given, &s->made.loss))
USE(own_loss, dni_loss_callbacks, given->evaluate = NOTHING(loss_function),
    dni_loss_create_callback(s->context, given, &s->made.loss))
USE(schedule, dni_schedule, (given->kind = DNI_RATE_COSINE, given->steps = 9),
    dni_optimiser_set_schedule(s->optimiser, given))
USE(synthetic, dni_sg_options, given->hidden_layers = 1,
    dni_sg_create_synthetic(s->context, UNITS, CLASSES, given, &s->made.sg))
USE(least_squares, dni_least_squares_options, given->solve_every = 2,
    dni_sg_create_least_squares(s->context, 3, 2, given, &s->made.sg))
USE(critic, dni_sg_options, NONE,
    dni_sg_create_critic(s->context, UNITS, CLASSES, given, &s->made.sg))
USE(local, dni_sg_options, NONE,
    dni_sg_create_local(s->context, UNITS, CLASSES, s->loss, given, &s->made.sg))
USE(own_sg, dni_sg_callbacks, given->estimate = NOTHING(sg_function),
    dni_sg_create_callback(s->context, UNITS, CLASSES, 0, given, &s->made.sg))
USE(query, dni_query, (given->h = &s->h, given->y = &s->y),
    dni_sg_estimate(s->sg, given, &s->delta))
USE(critic_query, dni_query, (given->h = &s->h, given->y = &s->y),
    dni_sg_estimate(s->critic, given, &s->delta))
USE(lesson, dni_lesson, (given->h = &s->h, given->y = &s->y, given->target = &s->x),
    dni_sg_learn(s->sg, given, NULL))
USE(lesson_report, dni_lesson_report, NONE, dni_sg_learn(s->sg, &s->lesson, given))
USE(metric, dni_metric, given->evaluate = measure_nothing,
    dni_network_evaluate(s->network, s->loss, s->dataset, given,
                         &(dni_evaluation){.struct_size = sizeof(dni_evaluation)}))
USE(evaluation, dni_evaluation, NONE,
    dni_network_evaluate(s->network, s->loss, s->dataset, NULL, given))
USE(memory, dni_memory_options, NONE,
    dni_dataset_create_memory(s->context, &s->x, &s->y, given, &s->made.dataset))
USE(idx, dni_idx_options, NONE,
    dni_dataset_create_idx(s->context, "/no/images", "/no/labels", given, &s->made.dataset))
USE(csv, dni_csv_options, NONE,
    dni_dataset_create_csv(s->context, "/no/csv", given, &s->made.dataset))
USE(own_dataset, dni_dataset_callbacks,
    (given->fetch = NOTHING(fetch_function),
     given->examples = given->features = given->targets = 1),
    dni_dataset_create_callback(s->context, given, &s->made.dataset))
USE(trainer, dni_trainer_options, given->max_batch = ROWS,
    dni_trainer_create(s->network, s->loss, given, &s->made.trainer))
USE(step_report, dni_step_report, NONE, dni_trainer_step(s->trainer, &s->batch, given))
USE(fit, dni_fit_options, given->steps = 1, dni_trainer_fit(s->trainer, s->dataset, given))
USE(stream, dni_stream, given->next = end_stream, dni_trainer_fit_stream(s->trainer, given, NULL))
USE(writer, dni_writer, given->write = write_nothing, dni_network_write(s->network, given))
USE(reader, dni_reader, given->read = read_nothing,
    dni_network_read(s->context, given, &s->made.network))
USE(load_options, dni_load_options, NONE, dni_trainer_load(s->trainer, "/no/file", given))
USE(memory_report, dni_memory_report, NONE, dni_trainer_memory(s->trainer, given))

typedef enum direction { GIVEN, REPORT } direction;

/* `right` is what the call answers if the struct is all right: some files are not
 * there, and a library may be built without files. */
static const struct {
  const char *name;
  size_t first, size;
  direction direction;
  dni_status right;
  void (*fill)(scene *s, void *memory);
  dni_status (*use)(scene *s, void *memory);
} cases[] = {
#define CASE(name, type, direction, right)                                                         \
  {                                                                                                \
#type " (" #name ")", DNI__FIRST_SIZE_##type, sizeof(type), direction, right, fill_##name,     \
        use_##name                                                                                 \
  }
    CASE(allocator, dni_allocator, GIVEN, DNI_OK),
    CASE(context, dni_context_options, GIVEN, DNI_OK),
    CASE(backend, dni_backend_options, GIVEN, DNI_OK),
    CASE(own_backend, dni_backend_callbacks, GIVEN, DNI_OK),
    CASE(batch, dni_batch, GIVEN, DNI_OK),
    CASE(correct, dni_batch, GIVEN, DNI_OK),
    CASE(step, dni_batch, GIVEN, DNI_OK),
    CASE(dfa, dni_random_options, GIVEN, DNI_OK),
    CASE(fa, dni_random_options, GIVEN, DNI_OK),
    CASE(dropout, dni_random_options, GIVEN, DNI_OK),
    CASE(order, dni_random_options, GIVEN, DNI_OK),
    CASE(split, dni_random_options, GIVEN, DNI_OK),
    CASE(own_layer, dni_layer_callbacks, GIVEN, DNI_OK),
    CASE(initialiser, dni_initialiser_options, GIVEN, DNI_OK),
    CASE(softmax, dni_loss_options, GIVEN, DNI_OK),
    CASE(sigmoid, dni_loss_options, GIVEN, DNI_OK),
    CASE(own_loss, dni_loss_callbacks, GIVEN, DNI_OK),
    CASE(schedule, dni_schedule, GIVEN, DNI_OK),
    CASE(synthetic, dni_sg_options, GIVEN, DNI_OK),
    CASE(least_squares, dni_least_squares_options, GIVEN, DNI_OK),
    CASE(critic, dni_sg_options, GIVEN, DNI_OK),
    CASE(local, dni_sg_options, GIVEN, DNI_OK),
    CASE(own_sg, dni_sg_callbacks, GIVEN, DNI_OK),
    CASE(query, dni_query, GIVEN, DNI_OK),
    CASE(critic_query, dni_query, GIVEN, DNI_OK),
    CASE(lesson, dni_lesson, GIVEN, DNI_OK),
    CASE(lesson_report, dni_lesson_report, REPORT, DNI_OK),
    CASE(metric, dni_metric, GIVEN, DNI_OK),
    CASE(evaluation, dni_evaluation, REPORT, DNI_OK),
    CASE(memory, dni_memory_options, GIVEN, DNI_OK),
    CASE(idx, dni_idx_options, GIVEN, DNI_ERROR_IO),
    CASE(csv, dni_csv_options, GIVEN, DNI_ERROR_IO),
    CASE(own_dataset, dni_dataset_callbacks, GIVEN, DNI_OK),
    CASE(trainer, dni_trainer_options, GIVEN, DNI_OK),
    CASE(step_report, dni_step_report, REPORT, DNI_OK),
    CASE(fit, dni_fit_options, GIVEN, DNI_OK),
    CASE(stream, dni_stream, GIVEN, DNI_OK),
    CASE(writer, dni_writer, GIVEN, DNI_OK),
    CASE(reader, dni_reader, GIVEN, DNI_ERROR_DATA),
    CASE(load_options, dni_load_options, GIVEN, DNI_ERROR_IO),
    CASE(memory_report, dni_memory_report, REPORT, DNI_OK),
};
enum { CASES = sizeof cases / sizeof cases[0] };

/* The status of the call with a struct that says to have `size` bytes, of which byte `set`
 * (SIZE_MAX: none) is 1: the right one, followed by zeros. It lies in a block of exactly `there`
 * bytes, so that tools see who reads on. */
static dni_status status_of(int index, scene *s, size_t size, size_t there, size_t set) {
  unsigned char *memory = calloc(1, there), *whole = calloc(1, cases[index].size);
  ck_assert(memory && whole);
  cases[index].fill(s, whole);
  memcpy(memory, whole, cases[index].size < there ? cases[index].size : there);
  memcpy(memory, &size, sizeof size);
  if (set != SIZE_MAX) memory[set] = 1;
  dni_status status = cases[index].use(s, memory);
  release_made(s);
  free(memory);
  free(whole);
  return status;
}

static scene *scene_for(int index) {
  scene *s = make_scene();
  if (cases[index].use == use_trainer) { /* one trainer of a network at a time */
    release_last();
    s->trainer = NULL;
  }
  return s;
}

#define EXPECT_CASE(expected, call)                                                                \
  do {                                                                                             \
    dni_status got_ = (call);                                                                      \
    EXPECT(got_ == (expected), "%s: %s: %s, expected %s (%s)", cases[_i].name, #call,              \
           dni_status_name(got_), dni_status_name(expected), dni_last_message());                  \
  } while (0)

/* A library without files refuses what is right. */
static bool lacks_files(int index, scene *s) {
  const size_t size = cases[index].size;
  return status_of(index, s, size, size, SIZE_MAX) == DNI_ERROR_UNSUPPORTED &&
         strstr(dni_last_message(), "FILES=none");
}

START_TEST(test_sizes) {
  scene *s = scene_for(_i);
  size_t first = cases[_i].first, size = cases[_i].size;
  dni_status right = cases[_i].right;
  if (lacks_files(_i, s)) return;
  ck_assert_uint_le(first, size);
  EXPECT_CASE(right, status_of(_i, s, first, first, SIZE_MAX));
  EXPECT_CASE(right, status_of(_i, s, size, size, SIZE_MAX));
  EXPECT_CASE(right, status_of(_i, s, size + 8, size + 8, SIZE_MAX));
  EXPECT_CASE(right, status_of(_i, s, size + PAST, size + PAST, SIZE_MAX));
  EXPECT_CASE(right, status_of(_i, s, MOST, MOST, SIZE_MAX));
  EXPECT_CASE(DNI_ERROR_ARGUMENT, status_of(_i, s, first - 1, first, SIZE_MAX));
  EXPECT(strstr(dni_last_message(), "struct_size"), "\"%s\"", dni_last_message());
  EXPECT_CASE(DNI_ERROR_ARGUMENT, status_of(_i, s, sizeof(size_t) - 1, first, SIZE_MAX));
  EXPECT_CASE(DNI_ERROR_ARGUMENT, status_of(_i, s, 0, first, SIZE_MAX));
  EXPECT_CASE(DNI_ERROR_ARGUMENT, status_of(_i, s, size + sizeof size / 2, MOST, SIZE_MAX));
  EXPECT(strstr(dni_last_message(), "expected a multiple"), "\"%s\"", dni_last_message());
  EXPECT_CASE(DNI_ERROR_ARGUMENT, status_of(_i, s, MOST + 1, MOST + 1, SIZE_MAX));
  EXPECT_CASE(DNI_ERROR_ARGUMENT, status_of(_i, s, SIZE_MAX, MOST, SIZE_MAX));
}
END_TEST

/* What is asked for by a field that this library does not know. */
START_TEST(test_unknown_fields) {
  if (cases[_i].direction == REPORT) return;
  scene *s = scene_for(_i);
  size_t size = cases[_i].size;
  if (lacks_files(_i, s)) return;
  EXPECT_CASE(DNI_ERROR_UNSUPPORTED, status_of(_i, s, size + PAST, size + PAST, size));
  EXPECT_CASE(DNI_ERROR_UNSUPPORTED, status_of(_i, s, size + PAST, size + PAST, size + PAST - 1));
  EXPECT_CASE(DNI_ERROR_UNSUPPORTED, status_of(_i, s, MOST, MOST, MOST - 1));
  EXPECT_CASE(cases[_i].right, status_of(_i, s, size, size + 1, size)); /* beyond its end */
}
END_TEST

static bool is_untouched(const unsigned char *memory, size_t from, size_t to) {
  for (size_t i = from; i < to; i++)
    if (memory[i] != 0xFF) return false;
  return true;
}

START_TEST(test_reports_are_filled_as_far_as_they_reach) {
  if (cases[_i].direction == GIVEN) return;
  scene *s = scene_for(_i);
  size_t first = cases[_i].first, size = cases[_i].size;
  const size_t sizes[] = {first, size, size + PAST, MOST};
  unsigned char memory[MOST + PAST];
  for (size_t i = 0; i < 4; i++) {
    memset(memory, 0xFF, sizeof memory);
    memcpy(memory, &sizes[i], sizeof sizes[i]);
    EXPECT_CASE(DNI_OK, cases[_i].use(s, memory));
    EXPECT(!memcmp(memory, &sizes[i], sizeof sizes[i]), "%s: struct_size was written",
           cases[_i].name);
    for (size_t at = sizeof(size_t); at + 8 <= first; at += 8)
      EXPECT(!is_untouched(memory, at, at + 8), "%s: byte %zu is not filled in", cases[_i].name,
             at);
    EXPECT(is_untouched(memory, sizes[i], sizeof memory), "%s: written beyond its end",
           cases[_i].name);
  }
  size_t less = first - 1;
  memset(memory, 0xFF, sizeof memory);
  memcpy(memory, &less, sizeof less);
  EXPECT_CASE(DNI_ERROR_ARGUMENT, cases[_i].use(s, memory));
  EXPECT(is_untouched(memory, sizeof less, sizeof memory), "%s: written by a failed call",
         cases[_i].name);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("struct sizes");
  TCase *group = add_group(suite, "struct sizes");
  tcase_add_loop_test(group, test_sizes, 0, CASES);
  tcase_add_loop_test(group, test_unknown_fields, 0, CASES);
  tcase_add_loop_test(group, test_reports_are_filled_as_far_as_they_reach, 0, CASES);
  return support_run(suite);
}
