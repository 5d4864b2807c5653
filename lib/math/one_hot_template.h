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

static bool FN(one_hot)(size_t rows, size_t classes, const void *x, size_t ldx,
                        unsigned char *class_of) {
  for (size_t r = 0; r < rows; r++) {
    int32_t class = FN(one_hot_class)((int32_t)classes, (const REAL *)x + r * ldx);
    if (class == (int32_t)classes) return false;
    class_of[r] = (unsigned char)class;
  }
  return true;
}

/* Columns of a block: as many as the table holds, whole cache lines. */
static size_t FN(one_hot_width)(size_t classes, size_t left) {
  size_t most = ONE_HOT_TABLE / classes / LANES * LANES;
  return left < most ? left : most;
}

static void FN(one_hot_forward)(size_t rows, size_t columns, void *z, size_t ldz, const void *bias,
                                size_t classes, const unsigned char *class_of, const void *weight,
                                size_t ldw, dni_activation activation) {
  REAL table[ONE_HOT_TABLE] __attribute__((aligned(64)));
  for (size_t first = 0, width; first < columns; first += width) {
    width = FN(one_hot_width)(classes, columns - first);
    for (size_t o = 0; o < width; o++)
      for (size_t c = 0; c < classes; c++)
        table[c * width + o] =
            ((const REAL *)bias)[first + o] + ((const REAL *)weight)[(first + o) * ldw + c];
    for (size_t r = 0; r < rows; r++)
      FN(bias_activation_row)
    (width, (REAL *)z + r * ldz + first, table + class_of[r] * width, activation);
  }
}

/* to = alpha * value + beta * to, not reading `to` if beta is 0 */
static void FN(put)(REAL *to, REAL value, REAL alpha, REAL beta) {
  *to = beta == 0 ? alpha * value : alpha * value + beta * *to;
}

static void FN(one_hot_backward)(size_t rows, size_t columns, const void *y, size_t ldy, void *dy,
                                 size_t lddy, dni_activation activation, double alpha, double beta,
                                 void *column_sums, size_t classes, const unsigned char *class_of,
                                 void *gradient, size_t ldg) {
  REAL table[ONE_HOT_TABLE] __attribute__((aligned(64)));
  for (size_t first = 0, width; first < columns; first += width) {
    width = FN(one_hot_width)(classes, columns - first);
    memset(table, 0, classes * width * sizeof *table);
    for (size_t r = 0; r < rows; r++) {
      REAL *dz = (REAL *)dy + r * lddy + first;
      if (activation != DNI_ACTIVATION_IDENTITY) FN(activation_backward_row)
      (width, (const REAL *)y + r * ldy + first, dz, dz, activation);
      FN(add_row)(width, dz, 1, table + class_of[r] * width);
    }
    for (size_t o = 0; o < width; o++) {
      REAL total = 0, *to = (REAL *)gradient + (first + o) * ldg;
      for (size_t c = 0; c < classes; c++) {
        total += table[c * width + o];
        FN(put)(to + c, table[c * width + o], (REAL)alpha, (REAL)beta);
      }
      FN(put)((REAL *)column_sums + first + o, total, (REAL)alpha, (REAL)beta);
    }
  }
}

#undef ONE_HOT_TABLE
