/* Elements of the context's type, float or double. */
#include "train.h"

dni_matrix view_of(dni_dtype type, void *elements, size_t rows, size_t columns) {
  dni_matrix view;
  if (type == DNI_F64)
    dni_matrix_init_f64(&view, elements, rows, columns);
  else
    dni_matrix_init_f32(&view, elements, rows, columns);
  return view;
}

double get_element(dni_dtype type, const void *elements, size_t at) {
  return type == DNI_F64 ? ((const double *)elements)[at] : (double)((const float *)elements)[at];
}

void set_element(dni_dtype type, void *elements, size_t at, double value) {
  if (type == DNI_F64)
    ((double *)elements)[at] = value;
  else
    ((float *)elements)[at] = (float)value;
}
