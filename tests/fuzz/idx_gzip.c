/* IDX files in gzip.
 *
 * An input is a list of pieces of the images' file: a byte with its kind, a byte with its length, and
 * that many bytes. They are what gzip files are made of: members with these bytes inside, stored or
 * deflated, their checksums right; zeros; and bytes as they are. A fuzzer that changes raw gzip files
 * hardly ever gets a checksum right, and then only zlib is tested.
 *
 * Files of members and final zeros alone must be read as their contents are. The labels are right. */
#include "fuzz.h"

#include <zlib.h>

enum { MOST = 1 << 16, PIECE = 255 };
enum { STORED, DEFLATED, RAW, ZEROS, CUT, KINDS };

typedef struct gzip_file {
  uint8_t bytes[MOST], content[MOST];
  size_t size, content_size;
  bool plain; /* nothing but members, and zeros behind them */
} gzip_file;

static void put(gzip_file *file, const void *bytes, size_t size) {
  memcpy(file->bytes + file->size, bytes, size);
  file->size += size;
}

static void put_little_endian(gzip_file *file, uint32_t value) {
  for (int i = 0; i < 4; i++)
    file->bytes[file->size++] = (uint8_t)(value >> 8 * i);
}

static void put_member(gzip_file *file, fuzz_input piece, bool deflated) {
  static const uint8_t header[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
  uint8_t room[2 * PIECE + 64];
  z_stream stream = {.avail_in = (uInt)piece.size, .next_out = room, .avail_out = sizeof room};
  stream.next_in = (Bytef *)(uintptr_t)piece.data;
  EXPECT(deflateInit2(&stream, deflated ? 6 : 0, Z_DEFLATED, -9, 1, 0) == Z_OK, "deflateInit2");
  EXPECT(deflate(&stream, Z_FINISH) == Z_STREAM_END, "deflate");
  put(file, header, sizeof header);
  put(file, room, sizeof room - stream.avail_out);
  put_little_endian(file, (uint32_t)crc32_z(0, piece.data, piece.size));
  put_little_endian(file, (uint32_t)piece.size);
  (void)deflateEnd(&stream);
  if (piece.size > 0) memcpy(file->content + file->content_size, piece.data, piece.size);
  file->content_size += piece.size;
}

static void put_piece(gzip_file *file, size_t kind, fuzz_input piece, bool *padded) {
  static const uint8_t zeros[PIECE];
  if (kind == ZEROS) {
    put(file, zeros, piece.size);
    *padded = true;
  } else if (kind == RAW) {
    if (piece.size > 0) put(file, piece.data, piece.size);
    file->plain = false;
  } else {
    put_member(file, piece, kind == DEFLATED);
    if (kind == CUT && piece.size > 0) file->size -= piece.data[0] % 18;
    if (kind == CUT || *padded) file->plain = false;
  }
}

static void build(gzip_file *file, fuzz_input input) {
  bool padded = false;
  file->size = file->content_size = 0;
  file->plain = input.size > 0 && input.data[0] % KINDS < RAW;
  while (input.size > 0 && file->size < MOST - 4 * PIECE) {
    const size_t kind = fuzz_below(&input, KINDS), length = fuzz_byte(&input);
    put_piece(file, kind, fuzz_part(&input, length), &padded);
  }
}

/* As many labels as the images claim to be, up to 255; all are 0. */
static const char *labels_for(const uint8_t *content, size_t size) {
  static uint8_t labels[8 + 255] = {0, 0, 8, 1};
  labels[7] = size >= 8 ? content[7] : 1;
  return fuzz_file(1, labels, 8 + (size_t)labels[7]);
}

static dni_status read_images(dni_context *context, const uint8_t *bytes, size_t size,
                              const char *labels, size_t *features) {
  dni_dataset *dataset;
  const dni_status status =
      EXPECT_IN(FINE | BAD_DATA | UNSUPPORTED | NO_MEMORY,
                dni_dataset_create_idx(context, fuzz_file(0, bytes, size), labels, NULL, &dataset));
  if (status != DNI_OK) return status;
  *features = dni_dataset_features(dataset);
  dni_dataset_release(dataset);
  return DNI_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static gzip_file file;
  size_t features = 0, same = 0;
  build(&file, (fuzz_input){data, size});
  dni_context *context = fuzz_context(DNI_F32, 1 << 21);
  const char *labels = labels_for(file.content, file.content_size);
  const dni_status status = read_images(context, file.bytes, file.size, labels, &features);
  /* content that is itself gzip or another archive is judged by its first bytes if it is not packed */
  if (file.plain && file.content_size > 0 && file.content[0] == 0 && status != DNI_ERROR_MEMORY) {
    const dni_status other = read_images(context, file.content, file.content_size, labels, &same);
    EXPECT(status == other && features == same, "in gzip %s, as it is %s", dni_status_name(status),
           dni_status_name(other));
  }
  fuzz_context_end(context);
  return 0;
}
