/* IDX files, the format of MNIST: two zero bytes, the type of elements, the rank, sizes in 4 bytes each, then
 * all elements; everything big-endian. A gzip file is read as it comes out of zlib. */
#include <inttypes.h>
#include <string.h>
#include <zlib.h>

#include "info.h"

enum { RANK_MOST = 255, CLASSES_MOST = 1000, PIECE = 65536 };

static const struct {
  unsigned char code;
  const char *name;
} codes[] = {{0x08, "U8"},  {0x09, "I8"},  {0x0b, "I16"},
             {0x0c, "I32"}, {0x0d, "F32"}, {0x0e, "F64"}};

typedef struct idx {
  gzFile file;
  const element_type *type;
  uint64_t elements;
  size_t rank;
  statistics all;
  uint64_t classes[CLASSES_MOST]; /* of rank 1: how many of each */
} idx;

static const element_type *type_of(unsigned char code) {
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
    if (codes[i].code == code) return element_type_of(codes[i].name);
  return NULL;
}

bool looks_like_idx(const unsigned char *start, size_t size) {
  return size >= 4 && start[0] == 0 && start[1] == 0 && type_of(start[2]) && start[3] > 0;
}

/* As many as there are, up to `size`; -1 after a problem. */
static int read_some(const subject *s, const idx *x, unsigned char *bytes, size_t size) {
  int got = gzread(x->file, bytes, (unsigned)size), error;
  const char *reason = gzerror(x->file, &error);
  /* At the end of a gzip file that was cut off, what came before is handed out first. */
  if (got >= 0 && (error == Z_OK || got > 0)) return got;
  (void)problem(s, "corrupt gzip: %s", reason);
  return -1;
}

static bool read_sizes(const subject *s, idx *x) {
  unsigned char start[4], sizes[4 * RANK_MOST];
  json_t *shape = json_array();
  put(s->report, "shape", shape);
  if (read_some(s, x, start, sizeof start) != (int)sizeof start)
    return problem(s, "truncated in its header");
  x->type = type_of(start[2]);
  x->rank = start[3];
  put_text(s->report, "type", x->type->name);
  if (read_some(s, x, sizes, 4 * x->rank) != (int)(4 * x->rank))
    return problem(s, "truncated in its header");
  x->elements = 1;
  for (size_t i = 0; i < x->rank; i++) {
    const uint64_t size = big_endian(sizes + 4 * i, 4);
    append(shape, count_json(size));
    if (__builtin_mul_overflow(x->elements, size, &x->elements))
      return problem(s, "its sizes are too large");
  }
  return true;
}

static void add(idx *x, double value) {
  statistics_add(&x->all, value);
  if (x->rank == 1 && x->all.whole && value >= 0 && value < CLASSES_MOST)
    x->classes[(size_t)value]++;
}

static bool read_elements(const subject *s, idx *x) {
  unsigned char piece[PIECE]; /* a multiple of every element's size */
  const uint64_t wanted = x->elements;
  uint64_t found = 0;
  statistics_begin(&x->all);
  for (;;) {
    int got = read_some(s, x, piece, PIECE);
    if (got < 0) return false;
    if (got == 0) break; /* and the checksum of gzip is right */
    if ((size_t)got % x->type->size != 0) return problem(s, "its bytes are no whole elements");
    for (size_t i = 0; i + x->type->size <= (size_t)got; i += x->type->size, found++)
      if (found < wanted) add(x, x->type->value(big_endian(piece + i, x->type->size)));
  }
  if (found == wanted) return true;
  return problem(s, "%s: %" PRIu64 " elements, its sizes say %" PRIu64,
                 found < wanted ? "truncated" : "bytes behind its end", found, wanted);
}

/* Labels are whole numbers in one dimension, few enough to be listed. */
static void put_classes(const subject *s, const idx *x) {
  const statistics *all = &x->all;
  if (x->rank != 1 || !all->whole || all->non_finite > 0 || all->count == 0) return;
  if (all->least < 0 || all->most >= CLASSES_MOST) return;
  json_t *list = json_array();
  put(s->report, "classes", list);
  for (size_t i = 0; i <= (size_t)all->most; i++)
    append(list, count_json(x->classes[i]));
}

bool describe_idx(subject *s, bool gzip) {
  static idx x;
  x = (idx){.file = gzopen(s->path, "rb")};
  put_text(s->report, "format", "IDX");
  put_flag(s->report, "gzip", gzip);
  if (!x.file) return problem(s, "cannot be read");
  bool good = read_sizes(s, &x) && read_elements(s, &x);
  if (good) {
    statistics_put(&x.all, s->report);
    put_classes(s, &x);
  }
  (void)gzclose(x.file);
  return good;
}
