/* Loading: first every place is looked at, then, when nothing can fail any more, all are written. */
#include "file/parts.h"

#ifndef DNI_NO_FILES

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/real.h"
#include "file/checksum.h"

/* One matrix. --------------------------------------------------------------------------------- */

typedef struct matrix_entry {
  const dni_matrix *to;
  const unsigned char *bytes;
  dni_dtype dtype; /* of the bytes */
} matrix_entry;

/* The type of a tensor that computing is done in, or `same`; 0: another. */
static dni_dtype dtype_of(const dni__tensor *tensor, dni_dtype same) {
  if (!strcmp(tensor->dtype, dni__file_dtype(same))) return same;
  if (!dni__dtype_is_real(same)) return 0;
  if (!strcmp(tensor->dtype, "F32")) return DNI_F32;
  return strcmp(tensor->dtype, "F64") ? 0 : DNI_F64;
}

/* [rows][columns]; of one row [columns] too. */
static bool has_shape(const dni__tensor *tensor, const dni_matrix *to) {
  if (tensor->rank == 2) return tensor->shape[0] == to->rows && tensor->shape[1] == to->columns;
  return tensor->rank == 1 && to->rows == 1 && tensor->shape[0] == to->columns;
}

bool dni__file_has_matrix(const dni__file *file, const char *name, size_t rows, size_t columns) {
  const dni__tensor *tensor = dni__index_tensor(&file->index, name);
  const dni_matrix shape = {.rows = rows, .columns = columns};
  return tensor && has_shape(tensor, &shape);
}

static dni_status fail_shape(const dni__tensor *tensor, const dni_matrix *to, const char *name) {
  const uint64_t rows = tensor->rank > 1 ? tensor->shape[0] : 1;
  const uint64_t columns = tensor->rank > 0 ? tensor->shape[tensor->rank - 1] : 1;
  if (tensor->rank > 2)
    return dni__fail(DNI_ERROR_DATA, "%s has %zu dimensions, expected %zu x %zu",
                     dni__shown(name).text, tensor->rank, to->rows, to->columns);
  return dni__fail(DNI_ERROR_DATA, "%s is %" PRIu64 " x %" PRIu64 ", expected %zu x %zu",
                   dni__shown(name).text, rows, columns, to->rows, to->columns);
}

/* A file of another content is named as that. */
static dni_status fail_missing(const dni__file *file, const char *name) {
  const char *content = dni__file_text(file, DNI_FILE_CONTENT);
  if (!content || !strcmp(content, file->wanted))
    return dni__fail(DNI_ERROR_DATA, "there is no %s", dni__shown(name).text);
  return dni__fail(DNI_ERROR_DATA, "there is no %s: it is the file of a %s, not of a %s",
                   dni__shown(name).text, dni__shown(content).text, file->wanted);
}

static dni_status find_matrix(const dni__file *file, const dni_matrix *to, const char *name,
                              matrix_entry *out) {
  dni__tensor *tensor = dni__index_tensor(&file->index, name);
  if (!tensor) return fail_missing(file, name);
  tensor->used = true;
  const dni_dtype dtype = dtype_of(tensor, to->dtype);
  if (dtype == 0)
    return dni__fail(DNI_ERROR_DATA, "%s is of %s, expected %s", dni__shown(name).text,
                     dni__shown(tensor->dtype).text,
                     dni__dtype_is_real(to->dtype) ? "F32 or F64" : dni__file_dtype(to->dtype));
  if (!has_shape(tensor, to)) return fail_shape(tensor, to, name);
  *out = (matrix_entry){to, file->data + tensor->begin, dtype};
  return DNI_OK;
}

static double element_of(const matrix_entry *entry, size_t index) {
  float single;
  double value;
  if (entry->dtype == DNI_F64) {
    dni__file_copy_elements(&value, entry->bytes + index * sizeof value, 1, sizeof value);
    return value;
  }
  dni__file_copy_elements(&single, entry->bytes + index * sizeof single, 1, sizeof single);
  return dni__real_widen(single);
}

static dni_status check_elements(const matrix_entry *entry, const char *name, bool finite) {
  const bool narrows = entry->dtype == DNI_F64 && entry->to->dtype == DNI_F32;
  const size_t count = entry->to->rows * entry->to->columns;
  if (!dni__dtype_is_real(entry->dtype) || (!narrows && !finite)) return DNI_OK;
  for (size_t i = 0; i < count; i++) {
    const double value = element_of(entry, i);
    if (finite && !isfinite(value))
      return dni__fail(DNI_ERROR_DATA, "%s: element %zu is not finite", dni__shown(name).text, i);
    if (narrows && isfinite(value) && fabs(value) > dni__real_most(DNI_F32))
      return dni__fail(DNI_ERROR_DATA, "%s: %g is out of range of float", dni__shown(name).text,
                       value);
  }
  return DNI_OK;
}

static dni_status check_matrix(const dni__file *file, const dni_matrix *to, const char *name,
                               bool finite) {
  matrix_entry entry;
  DNI_TRY(find_matrix(file, to, name, &entry));
  return check_elements(&entry, name, finite);
}

static void load_matrix(const dni__file *file, const dni_matrix *to, const char *name) {
  matrix_entry entry;
  if (find_matrix(file, to, name, &entry) != DNI_OK) return; /* it has been found before */
  const size_t size = dni__dtype_size(to->dtype);
  for (size_t r = 0; r < to->rows; r++) {
    const size_t first = r * to->columns;
    if (entry.dtype == to->dtype)
      dni__file_copy_elements(dni__matrix_row(to, r), entry.bytes + first * size, to->columns,
                              size);
    else
      for (size_t c = 0; c < to->columns; c++)
        dni__matrix_set(to, r, c, element_of(&entry, first + c));
  }
}

/* One text. ----------------------------------------------------------------------------------- */

static dni_status check_text(const dni__file *file, const dni__manifest *manifest,
                             const dni__place *place) {
  const char *name = dni__manifest_name(manifest, place);
  dni__text_entry *entry = dni__index_text(&file->index, name);
  if (place->kind == DNI__PLACE_ABSENT)
    return entry ? dni__fail(DNI_ERROR_ARGUMENT, "%s is %s in the file, and there is none here",
                             dni__shown(name).text, dni__shown(entry->text).text)
                 : DNI_OK;
  if (!entry) return fail_missing(file, name);
  entry->used = true;
  if (place->kind != DNI__PLACE_FIXED) {
    if (dni__place_read(place, entry->text, false)) return DNI_OK;
    return dni__fail(DNI_ERROR_DATA, "%s is %s, which is malformed or out of bounds",
                     dni__shown(name).text, dni__shown(entry->text).text);
  }
  const char *own = dni__manifest_text(manifest, place->at.text);
  if (!strcmp(own, entry->text)) return DNI_OK;
  return dni__fail(DNI_ERROR_ARGUMENT, "%s is %s in the file and %s here", dni__shown(name).text,
                   dni__shown(entry->text).text, dni__shown(own).text);
}

static void load_text(const dni__file *file, const dni__manifest *manifest,
                      const dni__place *place) {
  const char *name = dni__manifest_name(manifest, place);
  (void)dni__place_read(place, dni__index_text(&file->index, name)->text, true);
}

/* All. ---------------------------------------------------------------------------------------- */

static dni_status check_places(const dni__file *file, const dni__manifest *manifest, bool finite) {
  for (size_t i = 0; i < manifest->count; i++) {
    const dni__place *place = &manifest->places[i];
    if (place->kind == DNI__PLACE_NOTE || place->kind == DNI__PLACE_RAW) continue;
    DNI_TRY(place->kind == DNI__PLACE_MATRIX
                ? check_matrix(file, &place->at.matrix, dni__manifest_name(manifest, place), finite)
                : check_text(file, manifest, place));
  }
  return DNI_OK;
}

static void load_places(const dni__file *file, const dni__manifest *manifest) {
  for (size_t i = 0; i < manifest->count; i++) {
    const dni__place *place = &manifest->places[i];
    if (place->kind == DNI__PLACE_MATRIX)
      load_matrix(file, &place->at.matrix, dni__manifest_name(manifest, place));
    else if (place->kind < DNI__PLACE_FIXED)
      load_text(file, manifest, place);
  }
  for (size_t i = 0; i < manifest->after_count; i++)
    manifest->after[i].function(manifest->after[i].object);
}

static dni_status refuse_old(void) {
  return dni__fail(DNI_ERROR_UNSUPPORTED,
                   "a network file of libdni 0.3: dni_network_load reads it, and dni_network_save "
                   "makes a file of this format of it");
}

void dni__file_ignore(dni__file *file, const char *prefix) {
  const size_t length = strlen(prefix);
  for (size_t i = 0; i < file->index.tensor_count; i++)
    if (!strncmp(file->index.tensors[i].name, prefix, length)) file->index.tensors[i].used = true;
  for (size_t i = 0; i < file->index.text_count; i++)
    if (!strncmp(file->index.texts[i].name, prefix, length)) file->index.texts[i].used = true;
}

dni_status dni__file_load(dni__file *file, const dni__manifest *manifest, const char *what,
                          bool finite, dni__leftovers **leftovers) {
  dni__leftovers *over = NULL;
  file->wanted = what;
  if (manifest->status != DNI_OK) return manifest->status;
  if (file->foreign) return dni__file_say(file, refuse_old());
  dni_status status = check_places(file, manifest, finite);
  if (status == DNI_OK && leftovers) status = dni__leftovers_take(file, &over);
  if (status != DNI_OK) return dni__file_say(file, status);
  load_places(file, manifest);
  if (leftovers) {
    dni__leftovers_release(file->memory, *leftovers);
    *leftovers = over;
  }
  return DNI_OK;
}

#endif
