/* The tile registers of AMX, by number, as gemm_amx.c uses them: rows of 64 bytes, 16 of them. Internal.
 *
 * tests/amx_emulated.h has the same in plain C, from Intel's description of the instructions, so that
 * the product can be tested on any processor with AVX-512 BF16. */
#ifndef DNI_BACKEND_AMX_TILES_H
#define DNI_BACKEND_AMX_TILES_H

/* What ldtilecfg reads. */
typedef struct tile_shapes {
  uint8_t palette, first_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} tile_shapes;

/* Memory has what was written before, and gives what is written: gcc does not know that the instructions
 * read whole blocks. */
#define TILES_FENCE() __asm__ volatile("" ::: "memory")

/* Numbers are constants. `from` and `to`: the first row; stride in bytes. */
#define TILES_BEGIN(shapes)             _tile_loadconfig(shapes)
#define TILES_END()                     _tile_release()
#define TILE_ZERO(tile)                 _tile_zero(tile)
#define TILE_LOAD(tile, from, stride)   _tile_loadd(tile, from, stride)
#define TILE_STORE(tile, to, stride)    _tile_stored(tile, to, stride)
#define TILE_MULTIPLY(sum, left, right) _tile_dpbf16ps(sum, left, right)

#endif
