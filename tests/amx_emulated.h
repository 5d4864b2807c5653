/* The tile registers of AMX in plain C, in place of backend/amx_tiles.h: what the instructions do by
 * Intel's description of them (Software Developer's Manual, TDPBF16PS): each product is added and then
 * rounded, and denormals are 0, whatever the mode of the thread. */
#ifndef DNI_BACKEND_AMX_TILES_H
#define DNI_BACKEND_AMX_TILES_H

typedef struct tile_shapes {
  uint8_t palette, first_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_shapes;

static _Thread_local struct {
  tile_shapes shapes;
  unsigned char data[8][16][64];
} tiles_;

static inline void tile_zero(int tile) {
  memset(tiles_.data[tile], 0, sizeof tiles_.data[tile]);
}

static inline void tiles_begin(const tile_shapes *shapes) {
  tiles_.shapes = *shapes;
  for (int t = 0; t < 8; t++)
    tile_zero(t);
}

static inline void tile_load(int tile, const void *from, size_t stride) {
  tile_zero(tile);
  for (size_t r = 0; r < tiles_.shapes.rows[tile]; r++)
    memcpy(tiles_.data[tile][r], (const unsigned char *)from + r * stride,
           tiles_.shapes.row_bytes[tile]);
}

static inline void tile_store(int tile, void *to, size_t stride) {
  for (size_t r = 0; r < tiles_.shapes.rows[tile]; r++)
    memcpy((unsigned char *)to + r * stride, tiles_.data[tile][r], tiles_.shapes.row_bytes[tile]);
}

/* Element `at` of a row of bf16. */
static inline float tile_bf16(const unsigned char *row, size_t at) {
  uint16_t half;
  memcpy(&half, row + 2 * at, sizeof half);
  return dni__float_of((uint32_t)half << 16);
}

static inline void tile_multiply(int sum, int left, int right) {
  DNI_FLUSH_DENORMALS;
  const tile_shapes *shapes = &tiles_.shapes;
  for (size_t m = 0; m < shapes->rows[sum]; m++)
    for (size_t n = 0; n < shapes->row_bytes[sum] / 4u; n++) {
      float even = 0, odd = 0, before, total;
      for (size_t k = 0; k < shapes->row_bytes[left] / 4u; k++) {
        const unsigned char *a = tiles_.data[left][m], *b = tiles_.data[right][k];
        even = fmaf(tile_bf16(a, 2 * k), tile_bf16(b, 2 * n), even);
        odd = fmaf(tile_bf16(a, 2 * k + 1), tile_bf16(b, 2 * n + 1), odd);
      }
      memcpy(&before, tiles_.data[sum][m] + 4 * n, sizeof before);
      total = before + (even + odd);
      memcpy(tiles_.data[sum][m] + 4 * n, &total, sizeof total);
    }
}

#define TILES_FENCE()                   ((void)0)
#define TILES_BEGIN(shapes)             tiles_begin(shapes)
#define TILES_END()                     ((void)0)
#define TILE_ZERO(tile)                 tile_zero(tile)
#define TILE_LOAD(tile, from, stride)   tile_load(tile, from, stride)
#define TILE_STORE(tile, to, stride)    tile_store(tile, to, stride)
#define TILE_MULTIPLY(sum, left, right) tile_multiply(sum, left, right)

#endif
