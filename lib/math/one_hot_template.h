/* Kernels for an input of one-hot rows, for one element type; see kernels.h. Included by
 * kernels_template.h.
 *
 * Columns of W that belong to classes are far apart in memory, [columns][classes] with a stride. So
 * a block of them at a time is turned into a table [classes][width] on the stack, small enough for
 * the first-level cache; rows of the batch then meet rows of the table. */
#define ONE_HOT_TABLE 4096

/* Where the 1 of a one-hot row is; `classes` if the row is anything else. Without branches, since
 * where the 1 is cannot be foreseen. */
static int32_t FN(one_hot_class)(int32_t classes, const REAL *restrict x) {
  int32_t ones = 0, others = 0, where = 0;
  for (int32_t c = 0; c < classes; c++) {
    ones += x[c] == 1;
    others += x[c] != 0; /* so is NaN, and a 1 */
    where += x[c] == 1 ? c : 0;
  }
  return ones == 1 && others == 1 ? where : classes;
}

static bool FN(one_hot)(size_t rows, size_t classes, const void *x, size_t ldx, int32_t *class_of) {
  for (size_t r = 0; r < rows; r++) {
    int32_t class = FN(one_hot_class)((int32_t)classes, (const REAL *)x + r * ldx);
    if (class == (int32_t)classes) return false;
    class_of[r] = class;
  }
  return true;
}

/* Columns of a block: as many as the table holds, whole cache lines. */
static size_t FN(one_hot_width)(size_t classes, size_t left) {
  size_t most = ONE_HOT_TABLE / classes / LANES * LANES;
  return left < most ? left : most;
}

/* Too many classes for a table: each row gathers its own column of W. */
static void FN(many_classes_forward)(size_t rows, size_t columns, REAL *z, size_t ldz,
                                     const REAL *bias, const int32_t *class_of, size_t step,
                                     const REAL *weight, size_t ldw, dni_activation activation) {
  REAL table[ONE_HOT_TABLE] __attribute__((aligned(64)));
  for (size_t first = 0, width; first < columns; first += width) {
    width = FN(one_hot_width)(1, columns - first);
    for (size_t r = 0; r < rows; r++) {
      const REAL *picked = weight + first * ldw + class_of[r * step];
      for (size_t o = 0; o < width; o++)
        table[o] = bias[first + o] + picked[o * ldw];
      FN(bias_activation_row)(width, z + r * ldz + first, table, activation);
    }
  }
}

static void FN(one_hot_forward)(size_t rows, size_t columns, void *z, size_t ldz, const void *bias,
                                size_t classes, const int32_t *class_of, size_t step,
                                const void *weight, size_t ldw, dni_activation activation) {
  if (classes > DNI_ONE_HOT_MOST) {
    FN(many_classes_forward)
    (rows, columns, z, ldz, bias, class_of, step, weight, ldw, activation);
    return;
  }
  REAL table[ONE_HOT_TABLE] __attribute__((aligned(64)));
  for (size_t first = 0, width; first < columns; first += width) {
    width = FN(one_hot_width)(classes, columns - first);
    for (size_t o = 0; o < width; o++)
      for (size_t c = 0; c < classes; c++)
        table[c * width + o] =
            ((const REAL *)bias)[first + o] + ((const REAL *)weight)[(first + o) * ldw + c];
    for (size_t r = 0; r < rows; r++)
      FN(bias_activation_row)
    (width, (REAL *)z + r * ldz + first, table + (size_t)class_of[r * step] * width, activation);
  }
}

/* to = alpha * value + beta * to, not reading `to` if beta is 0 */
static void FN(put)(REAL *to, REAL value, REAL alpha, REAL beta) {
  *to = beta == 0 ? alpha * value : alpha * value + beta * *to;
}

/* What one_hot_backward is given, cut to one block of columns. */
typedef struct FN(one_hot_block) {
  size_t rows, width;
  const REAL *y;
  REAL *dz;
  size_t ldy, lddz;
  const int32_t *class_of;
  size_t step;
  REAL *column_sums, *gradient;
  size_t ldg;
} FN(one_hot_block);

/* The rows of dz, each added to the table's row of its class, if that is one of first ..
 * first+classes-1. */
static void FN(one_hot_fill)(const FN(one_hot_block) * block, dni_activation activation,
                             size_t first, size_t classes, REAL *table) {
  size_t width = block->width;
  memset(table, 0, classes * width * sizeof *table);
  for (size_t r = 0; r < block->rows; r++) {
    REAL *dz = block->dz + r * block->lddz;
    size_t class = (size_t)block->class_of[r * block->step] - first;
    if (activation != DNI_ACTIVATION_IDENTITY)
      FN(activation_backward_row)(width, block->y + r * block->ldy, dz, dz, activation);
    if (class < classes) FN(add_row)(width, dz, 1, table + class * width);
  }
}

/* Classes first .. first+classes-1 of all, which are as many as the table holds. dz is multiplied
 * with activation'(y) and column_sums with beta at the first of them alone. */
static void FN(one_hot_sums)(const FN(one_hot_block) * block, dni_activation activation,
                             size_t first, size_t classes, REAL alpha, REAL beta) {
  REAL table[ONE_HOT_TABLE] __attribute__((aligned(64)));
  size_t width = block->width;
  FN(one_hot_fill)(block, first == 0 ? activation : DNI_ACTIVATION_IDENTITY, first, classes, table);
  for (size_t o = 0; o < width; o++) {
    REAL total = 0, *to = block->gradient + o * block->ldg + first;
    for (size_t c = 0; c < classes; c++) {
      total += table[c * width + o];
      FN(put)(to + c, table[c * width + o], alpha, beta);
    }
    FN(put)(block->column_sums + o, total, alpha, first == 0 ? beta : 1);
  }
}

static void FN(one_hot_backward)(size_t rows, size_t columns, const void *y, size_t ldy, void *dy,
                                 size_t lddy, dni_activation activation, double alpha, double beta,
                                 void *column_sums, size_t classes, const int32_t *class_of,
                                 size_t step, void *gradient, size_t ldg) {
  size_t most = classes < DNI_ONE_HOT_MOST ? classes : DNI_ONE_HOT_MOST;
  FN(one_hot_block)
  block = {rows, 0, y, (REAL *)dy, ldy, lddy, class_of, step, column_sums, gradient, ldg};
  for (size_t first = 0; first < columns; first += block.width) {
    block.width = FN(one_hot_width)(most, columns - first);
    for (size_t class = 0, count; class < classes; class += count) {
      count = classes - class < most ? classes - class : most;
      FN(one_hot_sums)(&block, activation, class, count, (REAL)alpha, (REAL)beta);
    }
    if (y) block.y += block.width;
    if (dy) block.dz += block.width; /* an empty batch may have none */
    block.column_sums += block.width;
    block.gradient += block.width * ldg;
  }
}

#undef ONE_HOT_TABLE
