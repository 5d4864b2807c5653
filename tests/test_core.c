/* Statuses and messages, versions, options that grow, memory, matrix views, random streams, order
 * of release, threads. */
#include <pthread.h>

#include "support/support.h"

/* Status and version. ------------------------------------------------------------------------ */

START_TEST(status_names) {
  static const char *const names[] = {"DNI_OK",
                                      "DNI_ERROR_ARGUMENT",
                                      "DNI_ERROR_STATE",
                                      "DNI_ERROR_MEMORY",
                                      "DNI_ERROR_IO",
                                      "DNI_ERROR_DATA",
                                      "DNI_ERROR_UNSUPPORTED",
                                      "DNI_ERROR_BACKEND",
                                      "DNI_ERROR_NON_FINITE",
                                      "DNI_ERROR_CANCELLED",
                                      "DNI_ERROR_CALLBACK",
                                      "DNI_ERROR_SYSTEM"};
  for (dni_status status = 0; status < 12; status++)
    EXPECT_TEXT(dni_status_name(status), names[status]);
  EXPECT_TEXT(dni_status_name(-1), "unknown status");
  EXPECT_TEXT(dni_status_name(12), "unknown status");
  EXPECT_TEXT(dni_status_name(999), "unknown status");
  EXPECT_TEXT(dni_status_name(DNI_STATUS_CALLER), "caller's status");
  EXPECT_TEXT(dni_status_name(INT32_MAX), "caller's status");
  EXPECT_TEXT(dni_status_name(INT32_MIN), "unknown status");
}
END_TEST

START_TEST(versions) {
  ck_assert_int_eq(dni_version(), DNI_VERSION);
  ck_assert_int_eq(DNI_VERSION,
                   DNI_VERSION_MAJOR * 10000 + DNI_VERSION_MINOR * 100 + DNI_VERSION_PATCH);
  char expected[32];
  (void)snprintf(expected, sizeof expected, "%d.%d.%d", DNI_VERSION_MAJOR, DNI_VERSION_MINOR,
                 DNI_VERSION_PATCH);
  EXPECT_TEXT(dni_version_string(), expected);
  EXPECT_TEXT(DNI_VERSION_STRING, expected);
  EXPECT(strlen(dni_build_info()) > 0 && !strchr(dni_build_info(), '\n'), "\"%s\"",
         dni_build_info());
}
END_TEST

START_TEST(setting_names) {
  static const dni_setting settings[] = {DNI_SETTING_LEARNING_RATE, DNI_SETTING_MOMENTUM,
                                         DNI_SETTING_WEIGHT_DECAY,  DNI_SETTING_BETA1,
                                         DNI_SETTING_BETA2,         DNI_SETTING_EPSILON,
                                         DNI_SETTING_CLIP_NORM,     DNI_SETTING_CLIP_VALUE,
                                         DNI_SETTING_RATE_SCALE,    DNI_SETTING_STATISTICS_RATE,
                                         DNI_SETTING_DROP,          DNI_SETTING_SLOPE,
                                         DNI_SETTING_LAMBDA,        DNI_SETTING_SHRINK,
                                         DNI_SETTING_FORGETTING,    DNI_SETTING_RIDGE};
  enum { SETTINGS = sizeof settings / sizeof settings[0] };
  for (size_t a = 0; a < SETTINGS; a++) {
    EXPECT(dni_setting_name(settings[a])[0], "setting %d has no name", (int)settings[a]);
    for (size_t b = 0; b < a; b++)
      EXPECT(strcmp(dni_setting_name(settings[a]), dni_setting_name(settings[b])) != 0,
             "settings %d and %d have one name", (int)settings[a], (int)settings[b]);
  }
  EXPECT_TEXT(dni_setting_name(DNI_SETTING_WEIGHT_DECAY), "weight decay");
  EXPECT_TEXT(dni_setting_name(0), "");
  EXPECT_TEXT(dni_setting_name(9), "");
  EXPECT_TEXT(dni_setting_name(-1), "");
  EXPECT_TEXT(dni_setting_name(INT32_MAX), "");
}
END_TEST

/* What dni_fail() answers, and what it leaves behind. */
START_TEST(failures_of_callers) {
  static const struct {
    dni_status given, expected;
  } cases[] = {{1000, 1000},
               {1234, 1234},
               {INT32_MAX, INT32_MAX},
               {DNI_ERROR_CALLBACK, DNI_ERROR_CALLBACK},
               {DNI_OK, DNI_ERROR_CALLBACK},
               {DNI_ERROR_IO, DNI_ERROR_CALLBACK},
               {999, DNI_ERROR_CALLBACK},
               {-1, DNI_ERROR_CALLBACK}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ck_assert_int_eq(dni_fail(cases[i].given, "the camera is gone"), cases[i].expected);
    EXPECT(strstr(dni_last_message(), "the camera is gone"), "\"%s\"", dni_last_message());
    ck_assert_int_eq(dni_last_status(), cases[i].expected);
  }
  ck_assert_int_eq(dni_fail(1000, NULL), 1000);
  EXPECT_TEXT(dni_last_message(), "");
  char text[2000];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = 0;
  ck_assert_int_eq(dni_fail(1000, text), 1000);
  ck_assert_uint_eq(strlen(dni_last_message()), 511);
}
END_TEST

static void *message_thread(void *argument) {
  char *first = argument;
  (void)snprintf(first, 64, "%d%s", (int)dni_last_status(), dni_last_message());
  dni_layer *layer = NULL;
  EXPECT_ARGUMENT(dni_layer_create_dense(NULL, 1, 1, 0, &layer));
  EXPECT(dni_last_status() == DNI_ERROR_ARGUMENT, "status %d", (int)dni_last_status());
  return NULL;
}

/* Each thread has its own, "" and DNI_OK at first. A call that succeeds leaves them. */
START_TEST(messages_are_per_thread) {
  dni_context *context = support_context(DNI_F32);
  EXPECT_STATUS(1001, dni_fail(1001, "before"));
  char before[512], first[64] = "?";
  (void)snprintf(before, sizeof before, "%s", dni_last_message());
  pthread_t thread;
  ck_assert_int_eq(pthread_create(&thread, NULL, message_thread, first), 0);
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  EXPECT_TEXT(first, "0");
  dni_network *network = NULL;
  EXPECT_OK(dni_network_create(context, &network));
  dni_network_release(network);
  dni_context_release(context);
  EXPECT_TEXT(dni_last_message(), before);
  ck_assert_int_eq(dni_last_status(), 1001);
}
END_TEST

/* A message that would be too long is cut to 511 bytes, one line. */
START_TEST(messages_are_bounded) {
  dni_context *context = support_context(DNI_F32);
  char *path = malloc(20000);
  ck_assert_ptr_nonnull(path);
  memset(path, 'x', 19999);
  path[19999] = 0;
  dni_network *network = NULL;
  EXPECT(dni_network_load(context, path, &network) != DNI_OK, "there is such a path");
  EXPECT(strlen(dni_last_message()) <= 511, "%zu bytes", strlen(dni_last_message()));
  free(path);
  dni_context_release(context);
}
END_TEST

START_TEST(messages_name_the_culprit) {
  dni_context *context = support_context(DNI_F32);
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_dense(context, 784, 10, 0, &layer));
  dni_matrix x = matrix_random(DNI_F32, 3, 100), y = matrix_make(DNI_F32, 3, 10);
  EXPECT_ARGUMENT(support_forward(layer, 0, &x, &y));
  const char *message = dni_last_message();
  EXPECT(strstr(message, "x") && strstr(message, "100") && strstr(message, "784"), "\"%s\"",
         message);
  dni_matrix right = matrix_random(DNI_F32, 3, 784);
  EXPECT_OK(support_forward(layer, 0, &right, &y));
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* Options. ----------------------------------------------------------------------------------- */

START_TEST(context_options) {
  dni_context *context = NULL;
  const dni_context_options good = {.struct_size = sizeof good, .allocator = &support_allocator};
  dni_context_options bad = good;
  EXPECT_ARGUMENT(dni_context_create(&good, NULL));
  bad.struct_size = 0;
  EXPECT_ARGUMENT(dni_context_create(&bad, &context));
  bad.struct_size = sizeof(size_t);
  EXPECT_ARGUMENT(dni_context_create(&bad, &context));
  bad.struct_size = SIZE_MAX;
  EXPECT_ARGUMENT(dni_context_create(&bad, &context));
  static const dni_dtype no_numbers[] = {DNI_BF16, DNI_F16, DNI_U8, DNI_I32, 7, -1};
  for (size_t i = 0; i < 6; i++) {
    bad = good, bad.dtype = no_numbers[i];
    EXPECT_ARGUMENT(dni_context_create(&bad, &context));
  }
  bad = good, bad.compute = DNI_F16;
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_context_create(&bad, &context));
  bad = good, bad.reserved = 1;
  EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_context_create(&bad, &context));
  bad = good, bad.instructions = 6;
  EXPECT_ARGUMENT(dni_context_create(&bad, &context));
  bad = good, bad.instructions = -1;
  EXPECT_ARGUMENT(dni_context_create(&bad, &context));
  dni_allocator broken[3] = {support_allocator, support_allocator, support_allocator};
  broken[0].alloc = NULL;
  broken[1].free = NULL;
  broken[2].struct_size = 8;
  for (size_t i = 0; i < 3; i++) {
    bad = good, bad.allocator = &broken[i];
    EXPECT_ARGUMENT(dni_context_create(&bad, &context));
  }
  EXPECT(context == NULL, "out was written");
}
END_TEST

/* A struct from a newer header: fine while what we do not know is zero. */
START_TEST(newer_options) {
  struct {
    dni_context_options known;
    unsigned char newer[24];
  } options = {.known = {.struct_size = sizeof options, .allocator = &support_allocator}};
  dni_context *context = NULL;
  EXPECT_OK(dni_context_create(&options.known, &context));
  dni_context_release(context);
  context = NULL;
  for (size_t i = 0; i < 24; i += 23) {
    options.newer[i] = 1;
    EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_context_create(&options.known, &context));
    options.newer[i] = 0;
  }
  EXPECT(context == NULL, "out was written");
}
END_TEST

START_TEST(context_defaults) {
  dni_context *context = NULL;
  EXPECT_OK(dni_context_create(NULL, &context));
  ck_assert_int_eq(dni_context_dtype(context), DNI_F32);
  EXPECT(dni_context_backend(context) != NULL, "no backend");
  EXPECT(dni_context_bytes(context) > 0, "no bytes");
  EXPECT_TEXT(dni_backend_name(dni_context_backend(context)), "builtin");
  EXPECT(dni_context_retain(context) == context, "retain answers something else");
  dni_context_release(context);
  dni_context_release(context);
  EXPECT(dni_context_retain(NULL) == NULL, "retain of NULL answers something");
  dni_context_release(NULL);
  ck_assert_int_eq(dni_context_dtype(NULL), 0);
  ck_assert_uint_eq(dni_context_bytes(NULL), 0);
  EXPECT(dni_context_backend(NULL) == NULL, "NULL has a backend");
  ck_assert_int_eq(dni_context_instructions(NULL), 0);
}
END_TEST

/* Refused: a type that is not dtype, but for bf16 in a context of floats. */
START_TEST(compute_types) {
  for (size_t t = 0; t < SUPPORT_DTYPES; t++)
    for (dni_dtype compute = -1; compute <= 7; compute++) {
      const dni_dtype dtype = support_dtypes[t];
      const bool bf16 = compute == DNI_BF16 && dtype == DNI_F32;
      dni_context_options options = {.struct_size = sizeof options,
                                     .allocator = &support_allocator,
                                     .dtype = dtype,
                                     .compute = compute};
      dni_context *context = NULL;
      if (compute != 0 && compute != dtype && !bf16) {
        EXPECT_STATUS(compute == DNI_F16 ? DNI_ERROR_UNSUPPORTED : DNI_ERROR_ARGUMENT,
                      dni_context_create(&options, &context));
        EXPECT(context == NULL, "written");
        continue;
      }
      EXPECT_OK(dni_context_create(&options, &context));
      ck_assert_int_eq(dni_context_dtype(context), dtype);
      ck_assert_int_eq(dni_context_compute(context), bf16 ? DNI_BF16 : dtype);
      dni_context_release(context);
    }
  ck_assert_int_eq(dni_context_compute(NULL), 0);
}
END_TEST

START_TEST(instruction_sets) {
  static const char *const names[] = {"best", "baseline", "avx2", "avx512", "avx512_bf16", "amx"};
  const dni_instructions last = DNI_INSTRUCTIONS_AMX;
  for (dni_instructions level = DNI_INSTRUCTIONS_BEST; level <= last; level++)
    EXPECT_TEXT(dni_instructions_name(level), names[level]);
  EXPECT_TEXT(dni_instructions_name(6), "");
  EXPECT_TEXT(dni_instructions_name(-1), "");
  dni_instructions best = DNI_INSTRUCTIONS_BEST;
  for (dni_instructions level = DNI_INSTRUCTIONS_BASELINE; level <= last; level++) {
    dni_context_options options = {
        .struct_size = sizeof options, .allocator = &support_allocator, .instructions = level};
    dni_context *context = NULL;
    dni_status status = dni_context_create(&options, &context);
    EXPECT(status == DNI_OK || (status == DNI_ERROR_UNSUPPORTED && level > 1), "%s: %s",
           names[level], dni_status_name(status));
    if (status != DNI_OK) continue;
    /* Floats have no use for AMX. */
    if (level <= DNI_INSTRUCTIONS_AVX512_BF16 || support_compute(DNI_F32)) best = level;
    ck_assert_int_eq(dni_context_instructions(context), level);
    dni_context_release(context);
  }
  dni_context *context = support_context(DNI_F32);
  ck_assert_int_eq(dni_context_instructions(context), best);
  dni_context_release(context);
}
END_TEST

static dni_status no_product(void *user, const dni_product *call) {
  (void)user, (void)call;
  return DNI_OK;
}

/* A context keeps the backend it is given, if that has a product for the element type. */
START_TEST(backends_of_a_context) {
  dni_dtype dtype = support_dtypes[_i];
  dni_backend *builtin = support_builtin();
  dni_context *context = support_backend_context(dtype, builtin);
  EXPECT(dni_context_backend(context) == builtin, "another backend");
  dni_backend_release(builtin);
  EXPECT_TEXT(dni_backend_name(dni_context_backend(context)), "builtin");
  dni_context_release(context);

  dni_backend_options options = {.struct_size = sizeof options, .allocator = &support_allocator};
  dni_backend_callbacks callbacks = {.struct_size = sizeof callbacks,
                                     .product = no_product,
                                     .f32 = dtype == DNI_F64,
                                     .f64 = dtype == DNI_F32};
  dni_backend *other = NULL;
  EXPECT_OK(dni_backend_create_callback(&options, &callbacks, &other));
  dni_context_options bad = {
      .struct_size = sizeof bad, .allocator = &support_allocator, .dtype = dtype, .backend = other};
  context = NULL;
  EXPECT_ARGUMENT(dni_context_create(&bad, &context));
  EXPECT(context == NULL, "out was written");
  bad.dtype = support_dtypes[1 - _i];
  EXPECT_OK(dni_context_create(&bad, &context));
  dni_backend_release(other);
  dni_context_release(context);
}
END_TEST

static void count_end(void *user) {
  (*(int *)user)++;
}

static void no_log(void *user, dni_log_level level, const char *message) {
  (void)user, (void)level, (void)message;
}

/* What a context was given is given back once, after the last object, and not by a failed call. */
START_TEST(ends_of_a_context) {
  int frees = 0, logs = 0;
  dni_allocator broken = {sizeof broken, &frees, NULL, NULL, count_end};
  dni_context_options options = {.struct_size = sizeof options,
                                 .allocator = &broken,
                                 .log = no_log,
                                 .log_user = &logs,
                                 .log_destroy = count_end};
  dni_context *context = NULL;
  EXPECT_ARGUMENT(dni_context_create(&options, &context));
  options.allocator = &support_allocator;
  support_watched.fail_after = 0;
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_context_create(&options, &context));
  support_watched.fail_after = SIZE_MAX;
  ck_assert_int_eq(frees + logs, 0);
  EXPECT_OK(dni_context_create(&options, &context));
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_batch_norm(context, 3, &layer));
  dni_context_release(context);
  ck_assert_int_eq(logs, 0);
  dni_layer_release(layer);
  ck_assert_int_eq(logs, 1);
}
END_TEST

/* An allocator of a test's own, whose end is counted. */
typedef struct counted_memory {
  size_t blocks;
  int ends, late; /* late: calls after the end */
} counted_memory;

static void *counted_alloc(void *user, size_t alignment, size_t size) {
  counted_memory *memory = user;
  void *block = NULL;
  if (memory->ends) memory->late++;
  if (posix_memalign(&block, alignment < sizeof(void *) ? sizeof(void *) : alignment, size) != 0)
    return NULL;
  memory->blocks++;
  return block;
}

static void counted_free(void *user, void *block, size_t size) {
  counted_memory *memory = user;
  (void)size;
  if (memory->ends) memory->late++;
  memory->blocks--;
  free(block);
}

static void counted_end(void *user) {
  ((counted_memory *)user)->ends++;
}

START_TEST(ends_of_an_allocator) {
  counted_memory memory = {0, 0, 0};
  dni_allocator allocator = {sizeof allocator, &memory, counted_alloc, counted_free, counted_end};
  dni_context_options options = {.struct_size = sizeof options, .allocator = &allocator};
  dni_context *context = NULL;
  options.dtype = DNI_U8;
  EXPECT_ARGUMENT(dni_context_create(&options, &context));
  EXPECT(memory.ends == 0 && memory.blocks == 0, "ended by a failed call");
  options.dtype = DNI_F64;
  EXPECT_OK(dni_context_create(&options, &context));
  dni_layer *layer = NULL;
  dni_network *network = NULL;
  EXPECT_OK(dni_layer_create_dense(context, 3, 2, DNI_ACTIVATION_TANH, &layer));
  EXPECT_OK(dni_network_create(context, &network));
  EXPECT_OK(dni_network_add(network, layer));
  dni_context_release(context);
  dni_layer_release(layer);
  EXPECT(memory.ends == 0 && memory.blocks > 0, "ended too early");
  dni_network_release(network);
  EXPECT(memory.ends == 1 && memory.blocks == 0 && memory.late == 0,
         "ended %d times, %zu blocks left, %d calls after the end", memory.ends, memory.blocks,
         memory.late);
}
END_TEST

/* Memory. ------------------------------------------------------------------------------------ */

START_TEST(blocks_of_a_context) {
  dni_context *context = support_context(DNI_F32);
  size_t before = dni_context_bytes(context);
  void *block = NULL, *none = NULL;
  EXPECT_OK(dni_context_allocate(context, 1000, &block));
  EXPECT((uintptr_t)block % 64 == 0, "not aligned to 64");
  for (size_t i = 0; i < 1000; i++)
    EXPECT(((unsigned char *)block)[i] == 0, "byte %zu is not 0", i);
  memset(block, 7, 1000);
  EXPECT(dni_context_bytes(context) >= before + 1000, "the bytes are not counted");
  EXPECT_OK(dni_context_allocate(context, 0, &none));
  dni_context_free(context, none);
  dni_context_free(context, block);
  dni_context_free(context, NULL);
  dni_context_free(NULL, NULL);
  ck_assert_uint_eq(dni_context_bytes(context), before);
  void *kept = block = &before;
  EXPECT_ARGUMENT(dni_context_allocate(NULL, 8, &block));
  EXPECT_ARGUMENT(dni_context_allocate(context, 8, NULL));
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_context_allocate(context, SIZE_MAX, &block));
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_context_allocate(context, SIZE_MAX - 63, &block));
  support_watched.fail_after = 0;
  EXPECT_STATUS(DNI_ERROR_MEMORY, dni_context_allocate(context, 8, &block));
  support_watched.fail_after = SIZE_MAX;
  EXPECT(block == kept, "out was written");
  dni_context_release(context);
}
END_TEST

/* One of everything, with the allocator's own count beside the context's. */
typedef struct everything {
  dni_layer *layers[3];
  dni_loss *loss;
  dni_optimiser *optimiser;
  dni_sg *sgs[4];
  dni_network *network;
  dni_trainer *trainer;
} everything;

static everything make_everything(dni_context *context) {
  everything all = {.loss = NULL};
  EXPECT_OK(dni_layer_create_dense(context, 5, 4, DNI_ACTIVATION_TANH, &all.layers[0]));
  EXPECT_OK(dni_layer_create_batch_norm(context, 4, &all.layers[1]));
  EXPECT_OK(dni_layer_create_dense(context, 4, 3, DNI_ACTIVATION_IDENTITY, &all.layers[2]));
  EXPECT_OK(dni_loss_create_softmax_cross_entropy(context, NULL, &all.loss));
  EXPECT_OK(dni_optimiser_create_adam(context, 0.01, &all.optimiser));
  EXPECT_OK(dni_sg_create_synthetic(context, 4, 3, NULL, &all.sgs[0]));
  EXPECT_OK(dni_sg_create_delayed(context, 4, 1, &all.sgs[1]));
  EXPECT_OK(dni_sg_create_dfa(context, 4, 3, NULL, &all.sgs[2]));
  EXPECT_OK(dni_sg_create_fa(context, 4, 3, NULL, &all.sgs[3]));
  EXPECT_OK(dni_network_create(context, &all.network));
  for (size_t l = 0; l < 3; l++)
    EXPECT_OK(dni_network_add(all.network, all.layers[l]));
  EXPECT_OK(dni_network_set_sg(all.network, 1, all.sgs[0]));
  dni_trainer_options options = {
      .struct_size = sizeof options, .max_batch = 8, .optimiser = all.optimiser};
  EXPECT_OK(dni_trainer_create(all.network, all.loss, &options, &all.trainer));
  return all;
}

/* Give back the i-th of the handles made above, the context being number 11. */
enum { HANDLES = 12 };

static void release_one(const everything *all, dni_context *context, size_t index) {
  switch (index) {
  case 0:
  case 1:
  case 2:
    dni_layer_release(all->layers[index]);
    break;
  case 3:
    dni_loss_release(all->loss);
    break;
  case 4:
    dni_optimiser_release(all->optimiser);
    break;
  case 5:
  case 6:
  case 7:
  case 8:
    dni_sg_release(all->sgs[index - 5]);
    break;
  case 9:
    dni_network_release(all->network);
    break;
  case 10:
    dni_trainer_release(all->trainer);
    break;
  default:
    dni_context_release(context);
  }
}

/* Random orders of release; what is still held goes on working. support_teardown sees that nothing
 * is left, that sizes given back are those asked for, and that nothing outside was written. */
START_TEST(any_order_of_release) {
  for (size_t trial = 0; trial < 40; trial++) {
    dni_context *context = support_context(support_dtypes[_i]);
    everything all = make_everything(context);
    dni_matrix x = matrix_random(support_dtypes[_i], 6, 5);
    dni_matrix y = matrix_one_hot(support_dtypes[_i], 6, 3);
    size_t order[HANDLES];
    for (size_t i = 0; i < HANDLES; i++) {
      size_t at = support_below(i + 1);
      order[i] = order[at];
      order[at] = i;
    }
    bool trainer_there = true;
    for (size_t i = 0; i < HANDLES; i++) {
      release_one(&all, context, order[i]);
      if (order[i] == 10) trainer_there = false;
      if (trainer_there) EXPECT_OK(support_step(all.trainer, &x, &y, NULL));
    }
    EXPECT(support_watched.blocks == 0, "%zu blocks left", (size_t)support_watched.blocks);
  }
}
END_TEST

START_TEST(bytes_are_those_of_the_allocator) {
  dni_context *context = support_context(support_dtypes[_i]);
  everything all = make_everything(context);
  size_t bytes = dni_context_bytes(context);
  EXPECT(bytes <= support_watched.bytes && bytes + 2048 > support_watched.bytes,
         "%zu bytes, the allocator has given %zu", bytes, (size_t)support_watched.bytes);
  for (size_t i = 0; i < HANDLES - 1; i++)
    release_one(&all, context, i);
  dni_context *fresh = support_context(support_dtypes[_i]);
  EXPECT(dni_context_bytes(context) == dni_context_bytes(fresh), "%zu bytes left, %zu when new",
         dni_context_bytes(context), dni_context_bytes(fresh));
  dni_context_release(fresh);
  dni_context_release(context);
}
END_TEST

/* Every allocation of creating a context fails in turn. */
START_TEST(context_without_memory) {
  dni_context_options options = {.struct_size = sizeof options, .allocator = &support_allocator};
  dni_status status = DNI_ERROR_MEMORY;
  for (size_t allowed = 0; status != DNI_OK; allowed++) {
    dni_context *context = NULL;
    support_watched.fail_after = allowed;
    status = dni_context_create(&options, &context);
    support_watched.fail_after = SIZE_MAX;
    EXPECT(allowed < 100 && (status == DNI_OK || status == DNI_ERROR_MEMORY), "%s",
           dni_status_name(status));
    EXPECT((context != NULL) == (status == DNI_OK), "out was written");
    EXPECT(context || support_watched.blocks == 0, "memory kept after a failure");
    dni_context_release(context);
  }
}
END_TEST

/* Matrix views. ------------------------------------------------------------------------------ */

START_TEST(views) {
  float single[12] = {0};
  double twice[12] = {0};
  dni_matrix view;
  dni_matrix_init_f32(&view, single, 3, 4);
  EXPECT(view.data == single && view.rows == 3 && view.columns == 4 && view.stride == 4 &&
             view.dtype == DNI_F32 && view.reserved == 0,
         "f32");
  dni_matrix_init_f64(&view, twice, 4, 3);
  EXPECT(view.data == twice && view.rows == 4 && view.columns == 3 && view.stride == 3 &&
             view.dtype == DNI_F64 && view.reserved == 0,
         "f64");
  view.reserved = 9;
  dni_matrix_init_strided_f32(&view, single, 2, 3, 6);
  EXPECT(view.data == single && view.stride == 6 && view.dtype == DNI_F32 && view.reserved == 0,
         "strided f32");
  dni_matrix_init_strided_f64(&view, twice, 2, 3, 5);
  EXPECT(view.data == twice && view.stride == 5 && view.dtype == DNI_F64, "strided f64");
  static const int32_t labels[5] = {0};
  static const uint8_t bytes[6] = {0};
  dni_matrix_init_labels(&view, labels, 5);
  EXPECT(view.data == labels && view.rows == 5 && view.columns == 1 && view.stride == 1 &&
             view.dtype == DNI_I32 && view.reserved == 0,
         "labels");
  dni_matrix_init_u8(&view, bytes, 2, 3);
  EXPECT(view.data == bytes && view.rows == 2 && view.columns == 3 && view.stride == 3 &&
             view.dtype == DNI_U8 && view.reserved == 0,
         "bytes");
  dni_matrix_init_f32(NULL, single, 3, 4);
  dni_matrix_init_labels(NULL, labels, 5);
  dni_matrix_init_u8(NULL, bytes, 2, 3);
  dni_matrix_init_f64(NULL, twice, 3, 4);
  dni_matrix_init_strided_f32(NULL, single, 3, 4, 5);
  dni_matrix_init_strided_f64(NULL, twice, 3, 4, 5);
}
END_TEST

/* A double has the alignment that the ABI gives it in a struct: on i386 that is 4. */
START_TEST(doubles_in_a_struct) {
  struct record {
    int32_t label;
    double x[6];
  } records[2] = {{0, {0}}, {0, {0}}}; /* of 52 bytes on i386, so one of them is not aligned to 8 */
  dni_context *context = support_context(DNI_F64);
  dni_matrix from = matrix_random(DNI_F64, 2, 3), product = matrix_make(DNI_F64, 2, 2);
  for (int r = 0; r < 2; r++) {
    dni_matrix view;
    dni_matrix_init_f64(&view, records[r].x, 2, 3);
    EXPECT_OK(dni_matrix_copy(&from, &view));
    matrix_expect_same(&view, &from, "a copy");
    EXPECT_OK(dni_backend_gemm(dni_context_backend(context), 0, 1, 1, &view, &view, 0, &product));
  }
  dni_context_release(context);
}
END_TEST

START_TEST(copies_of_matrices) {
  dni_dtype dtype = support_dtypes[_i];
  dni_matrix from = matrix_random(dtype, 4, 3), to = matrix_make(dtype, 4, 3), bad;
  EXPECT_OK(dni_matrix_copy(&from, &to));
  matrix_expect_same(&to, &from, "a copy");
  dni_matrix empty = {NULL, 0, 3, 3, dtype, 0}, other = matrix_make(dtype, 4, 3);
  EXPECT_OK(dni_matrix_copy(&empty, &empty));
  int32_t labels[3] = {7, -1, 5}, copied[3] = {0};
  dni_matrix view, copy;
  dni_matrix_init_labels(&view, labels, 3);
  dni_matrix_init_labels(&copy, copied, 3);
  EXPECT_OK(dni_matrix_copy(&view, &copy));
  EXPECT(copied[0] == 7 && copied[1] == -1 && copied[2] == 5, "labels");
  EXPECT_ARGUMENT(dni_matrix_copy(NULL, &other));
  EXPECT_ARGUMENT(dni_matrix_copy(&from, NULL));
  bad = from, bad.rows = 3;
  EXPECT_ARGUMENT(dni_matrix_copy(&bad, &other));
  bad = from, bad.columns = 2;
  EXPECT_ARGUMENT(dni_matrix_copy(&bad, &other));
  bad = from, bad.stride = 2;
  EXPECT_ARGUMENT(dni_matrix_copy(&bad, &other));
  bad = from, bad.dtype = support_dtypes[1 - _i];
  EXPECT_ARGUMENT(dni_matrix_copy(&bad, &other));
  bad = from, bad.dtype = DNI_BF16;
  EXPECT_ARGUMENT(dni_matrix_copy(&bad, &bad));
  EXPECT_ARGUMENT(dni_matrix_copy(&from, &from));
  matrix_expect_untouched(&other, "after failures");
}
END_TEST

/* Through a layer of two units, which writes nothing when it refuses. */
START_TEST(bad_views_are_refused) {
  dni_dtype dtype = support_dtypes[_i], other = support_dtypes[1 - _i];
  dni_context *context = support_context(dtype);
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_activation(context, 2, DNI_ACTIVATION_RELU, &layer));
  dni_matrix x = matrix_random(dtype, 3, 2), y = matrix_make(dtype, 3, 2), bad;
  bad = x, bad.stride = 1;
  EXPECT_ARGUMENT(support_forward(layer, 0, &bad, &y));
  bad = x, bad.stride = 0;
  EXPECT_ARGUMENT(support_forward(layer, 0, &bad, &y));
  bad = x, bad.dtype = other;
  EXPECT_ARGUMENT(support_forward(layer, 0, &bad, &y));
  bad = x, bad.dtype = 0;
  EXPECT_ARGUMENT(support_forward(layer, 0, &bad, &y));
  bad = x, bad.data = NULL;
  EXPECT_ARGUMENT(support_forward(layer, 0, &bad, &y));
  bad = x, bad.reserved = 1;
  EXPECT_ARGUMENT(support_forward(layer, 0, &bad, &y));
  bad = x, bad.data = (unsigned char *)x.data + 1; /* misaligned */
  EXPECT_ARGUMENT(support_forward(layer, 0, &bad, &y));
  EXPECT_ARGUMENT(support_forward(layer, 0, &x, &bad));
  bad = x, bad.columns = 3;
  EXPECT_ARGUMENT(support_forward(layer, 0, &bad, &y));
  matrix_expect_untouched(&y, "y");
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* Its square does not fit into size_t. */
#define OVER_ROOT ((size_t)1 << (sizeof(size_t) * 4 + 1))

/* Views whose last element would lie beyond the end of all memory. Both agree on the rows, so only
 * the size can be what is wrong. */
START_TEST(huge_views_are_refused) {
  dni_dtype dtype = support_dtypes[_i];
  dni_context *context = support_context(dtype);
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_activation(context, 2, DNI_ACTIVATION_RELU, &layer));
  dni_matrix x = matrix_random(dtype, 3, 2);
  static const size_t sizes[][2] = {
      {SIZE_MAX, 2},     {SIZE_MAX / 2, 2},      {SIZE_MAX / 8 + 2, 2}, {2, SIZE_MAX},
      {3, SIZE_MAX / 2}, {OVER_ROOT, OVER_ROOT}, {3, SIZE_MAX / 8},     {SIZE_MAX / 16 + 1, 2}};
  for (size_t i = 0; i < 8; i++) {
    dni_matrix huge = x;
    huge.rows = sizes[i][0];
    huge.stride = sizes[i][1];
    dni_status status = support_forward(layer, 0, &huge, &huge);
    EXPECT(status == DNI_ERROR_ARGUMENT || status == DNI_ERROR_MEMORY, "%zu rows of stride %zu: %s",
           huge.rows, huge.stride, dni_status_name(status));
  }
  dni_layer_release(layer);
  dni_context_release(context);
}
END_TEST

/* Random streams. ---------------------------------------------------------------------------- */

/* The first weight of each of three layers and of a feedback matrix, made in this order. */
static void first_numbers(uint64_t seed, dni_dtype dtype, double out[4]) {
  dni_context_options options = {
      .struct_size = sizeof options, .allocator = &support_allocator, .seed = seed, .dtype = dtype};
  dni_context *context = NULL;
  EXPECT_OK(dni_context_create(&options, &context));
  for (size_t i = 0; i < 4; i++) {
    dni_layer *layer = NULL;
    dni_sg *sg = NULL;
    dni_matrix value;
    if (i < 3) {
      EXPECT_OK(dni_layer_create_dense(context, 7, 5, 0, &layer));
      EXPECT_OK(dni_layer_parameter(layer, 0, &value, NULL));
    } else {
      EXPECT_OK(dni_sg_create_dfa(context, 7, 5, NULL, &sg));
      EXPECT_OK(dni_sg_parameter(sg, 0, &value, NULL));
    }
    out[i] = matrix_get(&value, 0, 0);
    dni_layer_release(layer);
    dni_sg_release(sg);
  }
  dni_context_release(context);
}

START_TEST(seeds) {
  static const uint64_t values[] = {0, 1, 2, 1u << 31, UINT64_MAX, 0x123456789ABCDEF0u};
  double all[6][4], again[4];
  for (size_t s = 0; s < 6; s++) {
    first_numbers(values[s], support_dtypes[_i], all[s]);
    first_numbers(values[s], support_dtypes[_i], again);
    EXPECT(!memcmp(all[s], again, sizeof again), "seed %zu: not the same twice", s);
  }
  for (size_t a = 0; a < 24; a++)
    for (size_t b = 0; b < a; b++)
      EXPECT(all[a / 4][a % 4] != all[b / 4][b % 4], "streams %zu and %zu begin alike", a, b);
}
END_TEST

/* What does not draw numbers does not move the streams of what does. */
START_TEST(streams_count_only_what_draws) {
  double expected[4], got[2];
  first_numbers(77, DNI_F64, expected);
  dni_context_options options = {
      .struct_size = sizeof options, .allocator = &support_allocator, .seed = 77, .dtype = DNI_F64};
  dni_context *context = NULL;
  EXPECT_OK(dni_context_create(&options, &context));
  for (size_t i = 0; i < 2; i++) {
    dni_layer *layer = NULL, *other = NULL;
    dni_loss *loss = NULL;
    dni_matrix value;
    EXPECT_OK(dni_layer_create_batch_norm(context, 3, &other));
    EXPECT_OK(dni_loss_create_squared_error(context, &loss));
    EXPECT_OK(dni_layer_create_dense(context, 7, 5, 0, &layer));
    EXPECT_OK(dni_layer_parameter(layer, 0, &value, NULL));
    got[i] = matrix_get(&value, 0, 0);
    dni_layer_release(layer);
    dni_layer_release(other);
    dni_loss_release(loss);
  }
  EXPECT(got[0] == expected[0] && got[1] == expected[1], "other numbers");
  dni_context_release(context);
}
END_TEST

/* The first number of a feedback matrix on this context. */
static double first_feedback(dni_context *context, const dni_random_options *options) {
  dni_sg *sg = NULL;
  dni_matrix value;
  EXPECT_OK(dni_sg_create_dfa(context, 7, 5, options, &sg));
  EXPECT_OK(dni_sg_parameter(sg, 0, &value, NULL));
  double number = matrix_get(&value, 0, 0);
  dni_sg_release(sg);
  return number;
}

/* A seed of an object's own decides its numbers, whatever the context's seed and streams; and it
 * takes none of these. */
START_TEST(seeds_of_ones_own) {
  dni_random_options options = {.struct_size = sizeof options, .has_seed = 1, .seed = 0};
  double zero = 0, numbers[2][3];
  for (size_t c = 0; c < 2; c++) {
    dni_context_options plan = {.struct_size = sizeof plan,
                                .allocator = &support_allocator,
                                .seed = 5 + c,
                                .dtype = DNI_F64};
    dni_context *context = NULL;
    EXPECT_OK(dni_context_create(&plan, &context));
    options.seed = 0;
    double number = first_feedback(context, &options);
    EXPECT(c == 0 || number == zero, "seed 0 gives other numbers on another context");
    zero = number;
    numbers[c][0] = first_feedback(context, NULL);
    options.seed = 1;
    EXPECT(first_feedback(context, &options) != zero, "two seeds give the same numbers");
    options.seed = 0;
    EXPECT(first_feedback(context, &options) == zero, "seed 0 gives other numbers later");
    numbers[c][1] = first_feedback(context, NULL);
    dni_context_release(context);
    context = NULL;
    EXPECT_OK(dni_context_create(&plan, &context));
    EXPECT(first_feedback(context, NULL) == numbers[c][0] &&
               first_feedback(context, NULL) == numbers[c][1],
           "a seed of one's own takes a stream of the context");
    dni_random_options bad = options;
    dni_sg *sg = NULL;
    bad.struct_size = 8;
    EXPECT_ARGUMENT(dni_sg_create_dfa(context, 7, 5, &bad, &sg));
    bad = options, bad.reserved = 1;
    EXPECT_STATUS(DNI_ERROR_UNSUPPORTED, dni_sg_create_dfa(context, 7, 5, &bad, &sg));
    dni_context_release(context);
  }
}
END_TEST

/* Threads. ----------------------------------------------------------------------------------- */

enum { THREADS = 4, THREAD_STEPS = 60 };

/* A layer with batch norm above it and an SG, each thread its own, all on one context. */
typedef struct worker {
  dni_layer *dense, *norm;
  dni_sg *sg;
  dni_optimiser *optimiser;
  dni_matrix x, h, y, labels, delta, dh;
  dni_status status;
} worker;

static worker make_worker(dni_context *context) {
  dni_dtype dtype = dni_context_dtype(context);
  worker w = {.x = matrix_random(dtype, 16, 9),
              .h = matrix_make(dtype, 16, 12),
              .y = matrix_make(dtype, 16, 12),
              .labels = matrix_one_hot(dtype, 16, 3),
              .delta = matrix_make(dtype, 16, 12),
              .dh = matrix_make(dtype, 16, 12)};
  EXPECT_OK(dni_layer_create_dense(context, 9, 12, DNI_ACTIVATION_TANH, &w.dense));
  EXPECT_OK(dni_layer_create_batch_norm(context, 12, &w.norm));
  EXPECT_OK(dni_sg_create_synthetic(context, 12, 3, NULL, &w.sg));
  EXPECT_OK(dni_optimiser_create_adam(context, 0.01, &w.optimiser));
  EXPECT_OK(dni_optimiser_add_layer(w.optimiser, w.dense));
  EXPECT_OK(dni_optimiser_add_layer(w.optimiser, w.norm));
  EXPECT_OK(dni_optimiser_add_sg(w.optimiser, w.sg));
  return w;
}

static dni_status work_step(worker *w) {
  dni_status status = support_forward(w->dense, DNI_MODE_TRAINING, &w->x, &w->h);
  if (!status) status = support_forward(w->norm, DNI_MODE_TRAINING, &w->h, &w->y);
  if (!status) status = support_learn(w->sg, &w->y, &w->labels, &w->y, NULL, NULL, NULL);
  if (!status) status = support_estimate(w->sg, &w->y, &w->labels, NULL, &w->delta);
  if (!status) status = support_backward(w->norm, 0, &w->h, &w->y, &w->delta, &w->dh);
  if (!status) status = support_backward(w->dense, 0, &w->x, &w->h, &w->dh, NULL);
  return status ? status : dni_optimiser_step(w->optimiser);
}

/* References to shared things come and go meanwhile, and so do failures with their messages. */
static void *work(void *argument) {
  worker *w = argument;
  for (size_t step = 0; step < THREAD_STEPS && w->status == DNI_OK; step++) {
    w->status = work_step(w);
    dni_layer_retain(w->dense);
    dni_layer_release(w->dense);
    if (support_forward(w->dense, 7, &w->x, &w->h) != DNI_ERROR_ARGUMENT) w->status = -1;
  }
  return NULL;
}

static void release_worker(worker *w) {
  dni_layer_release(w->dense);
  dni_layer_release(w->norm);
  dni_sg_release(w->sg);
  dni_optimiser_release(w->optimiser);
}

/* Handles of one context, used on several threads, do what they do on one. */
START_TEST(threads_share_a_context) {
  dni_matrix expected[THREADS];
  for (int serial = 1; serial >= 0; serial--) {
    support_setup(); /* the same inputs both times */
    dni_context *context = support_context(support_dtypes[_i]);
    worker workers[THREADS];
    pthread_t threads[THREADS];
    for (size_t t = 0; t < THREADS; t++)
      workers[t] = make_worker(context);
    for (size_t t = 0; t < THREADS; t++)
      if (serial)
        (void)work(&workers[t]);
      else
        ck_assert_int_eq(pthread_create(&threads[t], NULL, work, &workers[t]), 0);
    for (size_t t = 0; t < THREADS; t++) {
      if (!serial) ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
      EXPECT(workers[t].status == DNI_OK, "thread %zu: %d", t, workers[t].status);
      dni_matrix weight;
      EXPECT_OK(dni_layer_parameter(workers[t].dense, 0, &weight, NULL));
      if (serial)
        expected[t] = matrix_convert(&weight, weight.dtype);
      else
        matrix_expect_same(&weight, &expected[t], "weights trained on a thread");
      release_worker(&workers[t]);
    }
    dni_context_release(context);
  }
}
END_TEST

static void *hold_and_let_go(void *argument) {
  for (size_t i = 0; i < 2000; i++) {
    dni_layer_retain(argument);
    dni_layer_release(argument);
  }
  dni_layer_release(argument);
  return NULL;
}

/* One handle retained and released on many threads; the last release, wherever it is, frees it. */
START_TEST(references_on_threads) {
  dni_context *context = support_context(DNI_F32);
  dni_layer *layer = NULL;
  EXPECT_OK(dni_layer_create_dense(context, 3, 3, 0, &layer));
  dni_context_release(context);
  pthread_t threads[THREADS];
  for (size_t t = 0; t < THREADS; t++)
    dni_layer_retain(layer);
  for (size_t t = 0; t < THREADS; t++)
    ck_assert_int_eq(pthread_create(&threads[t], NULL, hold_and_let_go, layer), 0);
  dni_layer_release(layer);
  for (size_t t = 0; t < THREADS; t++)
    ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
  EXPECT(support_watched.blocks == 0, "%zu blocks left", (size_t)support_watched.blocks);
}
END_TEST

static Suite *core_suite(void) {
  Suite *suite = suite_create("core");
  TCase *basics = tcase_create("statuses, options, views");
  tcase_add_checked_fixture(basics, support_setup, support_teardown);
  tcase_add_test(basics, status_names);
  tcase_add_test(basics, versions);
  tcase_add_test(basics, setting_names);
  tcase_add_test(basics, failures_of_callers);
  tcase_add_test(basics, messages_are_per_thread);
  tcase_add_test(basics, messages_are_bounded);
  tcase_add_test(basics, messages_name_the_culprit);
  tcase_add_test(basics, context_options);
  tcase_add_test(basics, newer_options);
  tcase_add_test(basics, context_defaults);
  tcase_add_test(basics, compute_types);
  tcase_add_test(basics, instruction_sets);
  tcase_add_loop_test(basics, backends_of_a_context, 0, SUPPORT_DTYPES);
  tcase_add_test(basics, ends_of_a_context);
  tcase_add_test(basics, ends_of_an_allocator);
  tcase_add_test(basics, views);
  tcase_add_test(basics, doubles_in_a_struct);
  tcase_add_loop_test(basics, copies_of_matrices, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(basics, bad_views_are_refused, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(basics, huge_views_are_refused, 0, SUPPORT_DTYPES);
  suite_add_tcase(suite, basics);
  TCase *objects = tcase_create("memory, random streams, threads");
  tcase_add_checked_fixture(objects, support_setup, support_teardown);
  tcase_add_test(objects, blocks_of_a_context);
  tcase_add_loop_test(objects, any_order_of_release, 0, SUPPORT_DTYPES);
  tcase_add_loop_test(objects, bytes_are_those_of_the_allocator, 0, SUPPORT_DTYPES);
  tcase_add_test(objects, context_without_memory);
  tcase_add_loop_test(objects, seeds, 0, SUPPORT_DTYPES);
  tcase_add_test(objects, streams_count_only_what_draws);
  tcase_add_test(objects, seeds_of_ones_own);
  tcase_add_loop_test(objects, threads_share_a_context, 0, SUPPORT_DTYPES);
  tcase_add_test(objects, references_on_threads);
  suite_add_tcase(suite, objects);
  return suite;
}

int main(void) {
  return support_run(core_suite());
}
