/* The caller's own product. */
#include "backend/backend.h"
#include "core/bf16.h"

typedef struct callback {
  dni_backend base;
  dni_backend_callbacks callbacks;
} callback;

static const dni_backend_callbacks *callbacks_of(const dni_backend *backend) {
  return &((const callback *)backend)->callbacks;
}

static dni_status callback_gemm(dni_backend *backend, const dni_product *call) {
  const dni_backend_callbacks *own = callbacks_of(backend);
  const dni__callback begun = dni__callback_begin();
  dni_status answer = own->product(own->user, call);
  return dni__callback_end(begun, answer, "product");
}

/* Products of bf16. ---------------------------------------------------------------------------- */

/* Rows of floats as bf16, without gaps. */
static void round_rows(const float *from, size_t rows, size_t columns, size_t stride,
                       uint16_t *to) {
  for (size_t r = 0; r < rows; r++, from += stride, to += columns)
    for (size_t c = 0; c < columns; c++)
      to[c] = (uint16_t)dni__bf16_round(from[c]);
}

/* An operand [rows][columns] in memory of its own. */
static dni_status round_operand(dni__memory *memory, const void *from, size_t rows, size_t columns,
                                size_t stride, uint16_t **out) {
  size_t elements;
  if (!dni__multiply(rows, columns, &elements))
    return dni__fail(DNI_ERROR_MEMORY, "out of memory: an operand of %zu x %zu does not fit", rows,
                     columns);
  *out = dni__allocate(memory, elements, sizeof **out);
  if (!*out) return DNI_ERROR_MEMORY;
  round_rows(from, rows, columns, stride, *out);
  return DNI_OK;
}

/* Panels are the whole weight as it is stored. */
static dni_status callback_gemm_bf16(dni_backend *backend, const dni__bf16_product *call) {
  dni_product rounded = call->product;
  const dni_product *product = &call->product;
  const size_t a_rows = product->transpose_a ? product->k : product->m;
  const size_t b_rows = product->transpose_b ? product->n : product->k;
  uint16_t *a = NULL, *b = NULL;
  rounded.dtype = DNI_BF16;
  rounded.lda = product->transpose_a ? product->m : product->k;
  rounded.ldb = product->transpose_b ? product->k : product->n;
  dni_status status =
      round_operand(backend->memory, product->a, a_rows, rounded.lda, product->lda, &a);
  if (status == DNI_OK && !call->panels)
    status = round_operand(backend->memory, product->b, b_rows, rounded.ldb, product->ldb, &b);
  rounded.a = a;
  rounded.b = call->panels ? (const void *)call->panels : b;
  if (status == DNI_OK) status = callback_gemm(backend, &rounded);
  dni__free(backend->memory, a);
  dni__free(backend->memory, b);
  return status;
}

/* A weight of one element beside the other has room in panels of one column, of any length. */
static size_t callback_panel_unit(const dni_backend *backend) {
  (void)backend;
  return 1;
}

static size_t callback_panel_columns(const dni_backend *backend) {
  (void)backend;
  return 1;
}

static void callback_pack(const dni_backend *backend, const dni_matrix *weight, size_t first,
                          size_t end, const dni__packed *to) {
  uint32_t *const layouts[] = {to->forward, to->backward};
  const float *rows = (const float *)weight->data + first * weight->stride;
  (void)backend;
  for (size_t i = 0; i < 2; i++)
    if (layouts[i])
      round_rows(rows, end - first, to->columns, weight->stride,
                 (uint16_t *)layouts[i] + first * to->columns);
}

static bool callback_supports(const dni_backend *backend, dni_dtype dtype) {
  const dni_backend_callbacks *own = callbacks_of(backend);
  return (dtype == DNI_F32 ? own->f32 : dtype == DNI_F64 ? own->f64 : own->bf16) == 1;
}

/* Threads. ------------------------------------------------------------------------------------- */

static dni_status callback_set_threads(dni_backend *backend, size_t threads) {
  const dni_backend_callbacks *own = callbacks_of(backend);
  if (!own->set_threads)
    return dni__fail(DNI_ERROR_UNSUPPORTED,
                     "backend callback: its number of threads cannot be set");
  const dni__callback begun = dni__callback_begin();
  dni_status answer = own->set_threads(own->user, threads);
  return dni__callback_end(begun, answer, "set_threads");
}

static void callback_destroy(dni_backend *backend) {
  const dni_backend_callbacks *own = callbacks_of(backend);
  dni__callback_notify(own->destroy, own->user);
}

static const dni__backend_vtable callback_vtable = {
    .kind = DNI_BACKEND_CALLBACK,
    .gemm = callback_gemm,
    .gemm_bf16 = callback_gemm_bf16,
    .panel_columns = callback_panel_columns,
    .panel_unit = callback_panel_unit,
    .pack = callback_pack,
    .set_threads = callback_set_threads,
    .destroy = callback_destroy,
    .supports = callback_supports,
};

static bool is_flag(int32_t value) {
  return value == 0 || value == 1;
}

static dni_status check_callbacks(const dni_backend_callbacks *callbacks) {
  if (!callbacks->product)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_backend_callbacks: product is NULL");
  if (!is_flag(callbacks->f32) || !is_flag(callbacks->f64))
    return dni__fail(DNI_ERROR_ARGUMENT,
                     "dni_backend_callbacks: f32 is %d and f64 is %d, expected "
                     "0 or 1",
                     (int)callbacks->f32, (int)callbacks->f64);
  if (!is_flag(callbacks->bf16))
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_backend_callbacks: bf16 is %d, expected 0 or 1",
                     (int)callbacks->bf16);
  if (callbacks->reserved != 0)
    return dni__fail(DNI_ERROR_UNSUPPORTED, "dni_backend_callbacks: reserved is not 0");
  if (!callbacks->f32 && !callbacks->f64)
    return dni__fail(DNI_ERROR_ARGUMENT, "dni_backend_callbacks: f32 and f64 are both 0");
  return DNI_OK;
}

/* Without destroy, which must not be called if creation fails. */
static dni_status make(dni__memory *memory, const dni_backend_options *options, const void *what,
                       dni_backend **out) {
  (void)options;
  dni_backend *backend =
      dni__backend_allocate(memory, sizeof(callback), &callback_vtable, SIZE_MAX);
  if (!backend) return DNI_ERROR_MEMORY;
  dni_backend_callbacks *own = &((callback *)backend)->callbacks;
  *own = *(const dni_backend_callbacks *)what;
  own->destroy = NULL;
  *out = backend;
  return DNI_OK;
}

dni_status dni_backend_create_callback(const dni_backend_options *options,
                                       const dni_backend_callbacks *callbacks, dni_backend **out) {
  DNI_REQUIRE(callbacks);
  DNI_REQUIRE(out);
  dni_backend_callbacks known;
  DNI_TRY(dni__options_copy(DNI__OPTIONS(&known, callbacks, dni_backend_callbacks)));
  DNI_TRY(check_callbacks(&known));
  dni_backend *backend;
  DNI_TRY(dni__backend_create(options, make, &known, &backend));
  ((callback *)backend)->callbacks.destroy = known.destroy;
  *out = backend;
  return DNI_OK;
}
