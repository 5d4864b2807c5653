/* An estimate beside the truth, in two passes over both: norms, then what needs them to keep
 * products and differences within range. */
#include <float.h>
#include <math.h>

#include "analysis/numbers.h"
#include "dni/research.h"

/* What is added up of a pair of matrices. */
typedef struct sums {
  dni__norm estimate, truth, difference; /* the last times `factor` */
  double product;                        /* of both, each divided by its largest */
  double factor;                         /* 1, or 1/2 where a difference could overflow */
  size_t equal_signs;
} sums;

static int sign_of(double value) {
  return (value > 0) - (value < 0);
}

static void add_element(sums *all, double estimate, double truth) {
  all->equal_signs += sign_of(estimate) == sign_of(truth);
  dni__norm_add(&all->difference, all->factor * estimate - all->factor * truth);
  if (estimate != 0 && truth != 0)
    all->product += estimate / all->estimate.largest * (truth / all->truth.largest);
}

static sums add_up(const dni_matrix *estimate, const dni_matrix *truth) {
  sums all = {.factor = 1};
  dni__norm_add_matrix(&all.estimate, estimate, 1);
  dni__norm_add_matrix(&all.truth, truth, 1);
  if (all.estimate.largest > DBL_MAX / 2 || all.truth.largest > DBL_MAX / 2) all.factor = 0.5;
  for (size_t r = 0; r < estimate->rows; r++)
    for (size_t c = 0; c < estimate->columns; c++)
      add_element(&all, dni__matrix_get(estimate, r, c), dni__matrix_get(truth, r, c));
  return all;
}

/* Rounding may give a little more than 1, or less for equal matrices. */
static double cosine_of(const sums *all) {
  if (all->estimate.largest == 0 || all->truth.largest == 0) return 0;
  if (all->difference.largest == 0) return 1;
  double cosine = all->product / sqrt(all->estimate.sum) / sqrt(all->truth.sum);
  return cosine > 1 ? 1 : cosine < -1 ? -1 : cosine;
}

static dni_alignment alignment_of(const sums *all, size_t elements) {
  dni_alignment known = {.struct_size = sizeof known};
  known.cosine = cosine_of(all);
  known.relative_error =
      dni__numbers_clamp(dni__norm_ratio(&all->difference, &all->truth) / all->factor);
  known.sign_agreement = elements > 0 ? (double)all->equal_signs / (double)elements : 1;
  known.error_norm = dni__numbers_clamp(dni__norm_value(&all->difference) / all->factor);
  known.estimate_norm = dni__norm_value(&all->estimate);
  known.truth_norm = dni__norm_value(&all->truth);
  return known;
}

static dni_status check_pair(const dni_matrix *estimate, const dni_matrix *truth) {
  if (!dni__dtype_is_real(estimate->dtype))
    return dni__fail(DNI_ERROR_ARGUMENT, "estimate has element type %d, expected float or double",
                     (int)estimate->dtype);
  DNI_TRY(dni__matrix_check(estimate, estimate->dtype, estimate->columns, "estimate"));
  DNI_TRY(
      dni__matrix_check_rows(truth, estimate->dtype, estimate->rows, estimate->columns, "truth"));
  DNI_TRY(dni__numbers_finite(estimate, "estimate"));
  return dni__numbers_finite(truth, "truth");
}

dni_status dni_analysis_align(const dni_matrix *estimate, const dni_matrix *truth,
                              dni_alignment *out) {
  DNI_REQUIRE(estimate);
  DNI_REQUIRE(truth);
  DNI_REQUIRE(out);
  DNI_TRY(dni__report_check(out, sizeof *out, "dni_alignment"));
  dni_status status = check_pair(estimate, truth);
  if (status != DNI_OK) return dni__fail_prefix(status, "alignment: ");
  sums all = add_up(estimate, truth);
  dni_alignment known = alignment_of(&all, estimate->rows * estimate->columns);
  dni__report_fill(out, &known, sizeof known);
  return DNI_OK;
}
