/* The library's own backend: chooses the product for the instruction set and shares large ones
 * among threads.
 *
 * C is cut into ranges of columns, or of rows if it is too narrow, and each thread computes its
 * range alone. No element's sum is cut, so the number of threads changes no bit. */
#include <string.h>

#include "backend/blocks.h"
#include "backend/gemm.h"
#include "backend/kinds.h"
#include "core/threads.h"
#include "math/kernels.h"

/* Multiply-adds below which waking other threads costs more than it gains. */
#define SHARE_LEAST 4e6

/* Pairs of A that the kernels hold on the stack: larger products take a block. */
#define BLOCK_LEAST 16384

typedef struct builtin {
  dni_backend base;
  const dni__gemm_kernel *f32, *f64;
  const dni__bf16_kernel *_Atomic bf16;
  bool best;       /* it may choose better instructions for products of bf16 when they are wanted */
  dni__team *team; /* NULL: one thread */
  dni__blocks blocks;
  /* Threads that run products of bf16 at a time; 0: there are no such products. */
  atomic_size_t expected;
} builtin;

/* A product to be shared. `size` is that of C in the direction it is cut, `unit` what cuts are a
 * multiple of. */
typedef struct shared {
  void (*run)(const dni_product *call); /* or, if NULL: */
  void (*run_bf16)(const dni__bf16_product *call);
  dni__blocks *blocks; /* of products of bf16 */
  dni__bf16_product call;
  size_t tile_rows, tile_columns, pair_unit;
  bool by_rows;
  size_t size, unit;
} shared;

/* Where part `part` of `parts` of `size` begins, at a multiple of `unit`. */
static size_t part_begin(size_t size, size_t unit, size_t part, size_t parts) {
  size_t units = (size - 1) / unit + 1, each = units / parts, more = units % parts;
  size_t begin = (part * each + (part < more ? part : more)) * unit;
  return begin < size ? begin : size;
}

static const void *advance(const dni_product *call, const void *from, size_t elements) {
  return (const unsigned char *)from + elements * dni__dtype_size(call->dtype);
}

/* Rows, or columns, first .. end-1 of C as a product of its own. */
static dni_product cut_rows(const dni_product *call, size_t first, size_t end) {
  dni_product part = *call;
  part.m = end - first;
  part.a = advance(call, call->a, call->transpose_a ? first : first * call->lda);
  part.c = (unsigned char *)call->c + first * call->ldc * dni__dtype_size(call->dtype);
  return part;
}

static dni_product cut_columns(const dni_product *call, size_t first, size_t end) {
  dni_product part = *call;
  part.n = end - first;
  part.b = advance(call, call->b, call->transpose_b ? first * call->ldb : first);
  part.c = (unsigned char *)call->c + first * dni__dtype_size(call->dtype);
  return part;
}

/* Smaller ones fit into the kernel's own block. */
static void run_bf16(const shared *all, dni__bf16_product call) {
  bool small = call.product.m * dni__pairs(call.product.k) <= BLOCK_LEAST;
  call.block = small ? NULL : dni__blocks_take(all->blocks);
  all->run_bf16(&call);
  dni__blocks_give(all->blocks, call.block);
}

static void run(const shared *all, const dni__bf16_product *call) {
  if (all->run)
    all->run(&call->product);
  else
    run_bf16(all, *call);
}

static void run_part(void *argument, size_t part, size_t parts) {
  const shared *all = argument;
  size_t first = part_begin(all->size, all->unit, part, parts);
  size_t end = part_begin(all->size, all->unit, part + 1, parts);
  if (first == end) return;
  const dni_product *whole = &all->call.product;
  dni__bf16_product own = {all->by_rows ? cut_rows(whole, first, end)
                                        : cut_columns(whole, first, end),
                           all->call.panels, NULL};
  if (own.panels && !all->by_rows)
    own.panels += first * dni__padded_pairs(whole->k, all->pair_unit);
  run(all, &own);
}

/* Columns first, in pairs of panels: a part then copies only its own part of B. A, which every part
 * copies, costs less. */
static bool run_shared(dni__team *team, shared *all) {
  size_t threads = dni__team_size(team), pair = 2 * all->tile_columns;
  all->by_rows = all->call.product.n < threads * pair;
  all->size = all->by_rows ? all->call.product.m : all->call.product.n;
  all->unit = all->by_rows ? 4 * all->tile_rows : pair;
  size_t parts = (all->size - 1) / all->unit + 1;
  return dni__team_run(team, parts < 4 * threads ? parts : 4 * threads, run_part, all);
}

static dni_status multiply(const builtin *own, shared *all) {
  const dni_product *call = &all->call.product;
  bool large = (double)call->m * (double)call->n * (double)call->k >= SHARE_LEAST;
  if (!own->team || !large || !run_shared(own->team, all)) run(all, &all->call);
  return DNI_OK;
}

static dni_status builtin_gemm(dni_backend *backend, const dni_product *call) {
  const builtin *own = (const builtin *)backend;
  const dni__gemm_kernel *kernel = call->dtype == DNI_F32 ? own->f32 : own->f64;
  bool dots = call->m <= kernel->dots_rows && call->transpose_b && !call->transpose_a;
  shared all = {.run = dots ? kernel->dots : kernel->run,
                .call = {*call, NULL, NULL},
                .tile_rows = kernel->tile_rows,
                .tile_columns = kernel->tile_columns};
  return multiply(own, &all);
}

static const dni__bf16_kernel *bf16_of(const dni_backend *backend) {
  return atomic_load_explicit(&((const builtin *)backend)->bf16, memory_order_relaxed);
}

static dni_status builtin_gemm_bf16(dni_backend *backend, const dni__bf16_product *call) {
  builtin *own = (builtin *)backend;
  const dni__bf16_kernel *kernel = bf16_of(backend);
  shared all = {.run_bf16 = kernel->run,
                .blocks = &own->blocks,
                .call = *call,
                .tile_rows = kernel->tile_rows,
                .tile_columns = kernel->tile_columns,
                .pair_unit = kernel->pair_unit};
  return multiply(own, &all);
}

static size_t builtin_panel_columns(const dni_backend *backend) {
  return bf16_of(backend)->tile_columns;
}

static size_t builtin_panel_unit(const dni_backend *backend) {
  return bf16_of(backend)->pair_unit;
}

/* Element-wise work to be shared. */
typedef struct ranges {
  dni__range_work work;
  void *argument;
  size_t size;
} ranges;

static void run_range(void *argument, size_t part, size_t parts) {
  const ranges *all = argument;
  size_t first = part_begin(all->size, DNI__RANGE_UNIT, part, parts);
  size_t end = part_begin(all->size, DNI__RANGE_UNIT, part + 1, parts);
  if (first < end) all->work(all->argument, first, end);
}

static void builtin_share(const dni_backend *backend, size_t size, dni__range_work work,
                          void *argument) {
  dni__team *team = ((const builtin *)backend)->team;
  ranges all = {work, argument, size};
  if (size == 0) return;
  if (!team || size < 2 * DNI__RANGE_UNIT ||
      !dni__team_run(team, dni__team_size(team), run_range, &all))
    work(argument, 0, size);
}

static void builtin_pack(const dni_backend *backend, const dni_matrix *weight, size_t first,
                         size_t end, const dni__packed *to) {
  bf16_of(backend)->pack(weight, first, end, to);
}

/* One for each caller, and for each other thread of the team, which works for one caller at a time. */
static void reserve_blocks(builtin *own) {
  const size_t callers = atomic_load(&own->expected);
  const size_t others = own->team ? dni__team_size(own->team) - 1 : 0;
  if (callers > 0) dni__blocks_reserve(&own->blocks, own->base.memory, callers + others);
}

static void builtin_expect(dni_backend *backend, size_t threads) {
  builtin *own = (builtin *)backend;
  size_t most = atomic_load(&own->expected);
  while (most < threads && !atomic_compare_exchange_weak(&own->expected, &most, threads))
    continue;
  reserve_blocks(own);
}

static dni_status builtin_set_threads(dni_backend *backend, size_t threads) {
  builtin *own = (builtin *)backend;
  dni__team *team = NULL;
  if (threads > 1) DNI_TRY(dni__team_create(backend->memory, threads, &team));
  dni__team_destroy(own->team);
  own->team = team;
  reserve_blocks(own);
  return DNI_OK;
}

static void builtin_destroy(dni_backend *backend) {
  builtin *own = (builtin *)backend;
  dni__team_destroy(own->team);
  dni__blocks_free(&own->blocks, backend->memory);
}

/* AMX. ----------------------------------------------------------------------------------------- */

#if defined(__x86_64__)
/* A product of small whole numbers, which both find exactly, by the two sets of instructions. */
static bool agree(const dni__bf16_kernel *first, const dni__bf16_kernel *second) {
  enum { SIZE = 40 };
  float a[SIZE * SIZE], c[2][SIZE * SIZE];
  for (size_t i = 0; i < SIZE * SIZE; i++)
    a[i] = (float)(i * 7 % 13) - 6;
  for (size_t k = 0; k < 2; k++) {
    const dni__bf16_product call = {{.struct_size = sizeof(dni_product),
                                     .dtype = DNI_F32,
                                     .transpose_b = 1,
                                     .m = SIZE,
                                     .n = SIZE,
                                     .k = SIZE,
                                     .alpha = 1,
                                     .a = a,
                                     .lda = SIZE,
                                     .b = a,
                                     .ldb = SIZE,
                                     .c = c[k],
                                     .ldc = SIZE},
                                    NULL,
                                    NULL};
    (k == 0 ? first : second)->run(&call);
  }
  return memcmp(c[0], c[1], sizeof c[0]) == 0;
}

/* Asked for once in a process; then the tiles have to give the numbers that AVX-512 gives. */
static const dni__bf16_kernel *amx_kernel(void) {
  static const dni__bf16_kernel *_Atomic chosen;
  const dni__bf16_kernel *kernel = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (kernel) return kernel;
  kernel = &dni__gemm_avx512_bf16_bf16;
  if (dni__instructions_supported(DNI_INSTRUCTIONS_AMX)) {
    if (agree(&dni__gemm_amx_bf16, kernel))
      kernel = &dni__gemm_amx_bf16;
    else
      dni__amx_settle(DNI__AMX_ALLOWED, DNI__AMX_WRONG);
  }
  atomic_store_explicit(&chosen, kernel, memory_order_relaxed);
  return kernel;
}

static void choose_best(builtin *own) {
  if (own->best && dni__instructions_supported(DNI_INSTRUCTIONS_AMX))
    atomic_store_explicit(&own->bf16, amx_kernel(), memory_order_relaxed);
}
#else
static void choose_best(builtin *own) {
  (void)own;
}
#endif

static void builtin_prepare(dni_backend *backend) {
  choose_best((builtin *)backend);
  builtin_expect(backend, 1);
}

static const dni__backend_vtable builtin_vtable = {
    .kind = DNI_BACKEND_BUILTIN,
    .gemm = builtin_gemm,
    .gemm_bf16 = builtin_gemm_bf16,
    .panel_columns = builtin_panel_columns,
    .panel_unit = builtin_panel_unit,
    .pack = builtin_pack,
    .prepare = builtin_prepare,
    .expect = builtin_expect,
    .set_threads = builtin_set_threads,
    .destroy = builtin_destroy,
    .share = builtin_share,
};

/* Making. -------------------------------------------------------------------------------------- */

static void choose_kernels(builtin *own, dni_instructions instructions) {
  const dni__bf16_kernel *bf16 = &dni__gemm_baseline_bf16;
  own->f32 = &dni__gemm_baseline_f32;
  own->f64 = &dni__gemm_baseline_f64;
#if defined(__x86_64__)
  if (instructions >= DNI_INSTRUCTIONS_AVX512) {
    own->f32 = &dni__gemm_avx512_f32;
    own->f64 = &dni__gemm_avx512_f64;
    bf16 = instructions == DNI_INSTRUCTIONS_AMX           ? amx_kernel()
           : instructions == DNI_INSTRUCTIONS_AVX512_BF16 ? &dni__gemm_avx512_bf16_bf16
                                                          : &dni__gemm_avx512_bf16;
  } else if (instructions == DNI_INSTRUCTIONS_AVX2) {
    own->f32 = &dni__gemm_avx2_f32;
    own->f64 = &dni__gemm_avx2_f64;
    bf16 = &dni__gemm_avx2_bf16;
  }
#else
  (void)instructions;
#endif
  atomic_init(&own->bf16, bf16);
}

dni_status dni__backend_make_builtin(dni__memory *memory, dni_instructions instructions,
                                     dni_backend **out) {
  dni_backend *backend = dni__backend_allocate(memory, sizeof(builtin), &builtin_vtable, SIZE_MAX);
  if (!backend) return DNI_ERROR_MEMORY;
  choose_kernels((builtin *)backend, instructions);
  *out = backend;
  return DNI_OK;
}

static dni_status make(dni__memory *memory, const dni_backend_options *options, const void *what,
                       dni_backend **out) {
  (void)what;
  dni_instructions instructions = options->instructions;
  DNI_TRY(dni__instructions_choose(&instructions, 0, "dni_backend_options"));
  DNI_TRY(dni__backend_make_builtin(memory, instructions, out));
  ((builtin *)*out)->best = options->instructions == DNI_INSTRUCTIONS_BEST;
  return DNI_OK;
}

dni_status dni_backend_create_builtin(const dni_backend_options *options, dni_backend **out) {
  DNI_REQUIRE(out);
  return dni__backend_create(options, make, NULL, out);
}
