/* Floats become pairs of bf16, in the layouts that products read, for one instruction set. Included with
 * FN(name) and PAIR_UNIT defined, after gemm_bf16_vector.h: panels are a multiple of PAIR_UNIT pairs long. */
#define LANES   PAIR_LANES
#define COLUMNS (2 * LANES)
_Static_assert(DNI__RANGE_UNIT % COLUMNS == 0, "rows are packed in whole panels");

/* to[r][p] = (from[r][2p], from[r][2p + 1]); beside an odd last column is 0. */
static void FN(pairs_along)(size_t rows, size_t columns, const float *from, size_t from_ld,
                            uint32_t *to, size_t to_ld) {
  for (size_t r = 0; r < rows; r++, from += from_ld, to += to_ld) {
    size_t c = 0;
    for (; c + 2 * LANES <= columns; c += 2 * LANES)
      pairs_along_vector(from + c, to + c / 2);
    for (; c + 2 <= columns; c += 2)
      to[c / 2] = pair_of(from[c], from[c + 1]);
    if (c < columns) to[c / 2] = pair_of(from[c], 0);
  }
}

/* to[p][c] = (from[2p][c], from[2p + 1][c]); below an odd last row is 0. */
static void FN(pairs_across)(size_t rows, size_t columns, const float *from, size_t from_ld,
                             uint32_t *to, size_t to_ld) {
  size_t r = 0;
  for (; r + 2 <= rows; r += 2, from += 2 * from_ld, to += to_ld) {
    size_t c = 0;
    for (; c + LANES <= columns; c += LANES)
      pairs_across_vector(from + c, from + from_ld + c, to + c);
    for (; c < columns; c++)
      to[c] = pair_of(from[c], from[from_ld + c]);
  }
  if (r < rows)
    for (size_t c = 0; c < columns; c++)
      to[c] = pair_of(from[c], 0);
}

/* pairs_transposed for columns first .. columns-1 alone, one by one. */
static void FN(pairs_transposed_rest)(size_t rows, size_t first, size_t columns, const float *from,
                                      size_t from_ld, uint32_t *to, size_t to_ld) {
  for (size_t r = 0; r < rows; r++, from += from_ld)
    for (size_t c = first; c < columns; c += 2)
      to[c / 2 * to_ld + r] = pair_of(from[c], c + 1 < columns ? from[c + 1] : 0);
}

/* to[p][r] = (from[r][2p], from[r][2p + 1]); beside an odd last column is 0. */
static void FN(pairs_transposed)(size_t rows, size_t columns, const float *from, size_t from_ld,
                                 uint32_t *to, size_t to_ld) {
  const size_t whole = columns / (2 * LANES) * (2 * LANES);
  size_t r = 0;
  for (; r + BLOCK_HEIGHT <= rows; r += BLOCK_HEIGHT, from += BLOCK_HEIGHT * from_ld) {
    for (size_t c = 0; c < whole; c += 2 * LANES)
      pairs_transposed_block(from + c, from_ld, to + c / 2 * to_ld + r, to_ld);
    FN(pairs_transposed_rest)(BLOCK_HEIGHT, whole, columns, from, from_ld, to + r, to_ld);
  }
  FN(pairs_transposed_rest)(rows - r, 0, columns, from, from_ld, to + r, to_ld);
}

/* Rows of a weight from the first on, a multiple of COLUMNS, at most COLUMNS of them, into the panels of
 * W. */
static void FN(pack_backward)(const float *rows, size_t count, size_t ld, size_t first,
                              const dni__packed *to) {
  for (size_t c = 0; c < to->columns; c += COLUMNS) {
    size_t width = to->columns - c < COLUMNS ? to->columns - c : COLUMNS;
    uint32_t *panel =
        to->backward + c * dni__padded_pairs(to->rows, PAIR_UNIT) + first / 2 * COLUMNS;
    FN(pairs_across)(count, width, rows + c, ld, panel, COLUMNS);
  }
}

/* Rows first .. end-1 of a weight into both layouts. */
static void FN(pack)(const dni_matrix *weight, size_t first, size_t end, const dni__packed *to) {
  size_t pair_count = dni__padded_pairs(to->columns, PAIR_UNIT), ld = weight->stride;
  for (size_t r = first, count; r < end; r += count) {
    const float *rows = (const float *)weight->data + r * ld;
    count = end - r < COLUMNS ? end - r : COLUMNS;
    if (to->forward)
      FN(pairs_transposed)(count, to->columns, rows, ld, to->forward + r * pair_count, COLUMNS);
    if (to->backward) FN(pack_backward)(rows, count, ld, r, to);
  }
}
