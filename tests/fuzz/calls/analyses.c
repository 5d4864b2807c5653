/* Calls of dni/research.h, and products. */
#include "calls.h"

static void align(world *w) {
  dni_matrix a, b;
  const size_t count = rows(w), columns = size(w);
  dni_alignment found = {.struct_size = struct_size(w, sizeof found)};
  const dni_matrix *at_a = view(w, &a, w->dtype, count, columns);
  (void)EXPECT_IN(FINE | REFUSED | BAD_DATA,
                  dni_analysis_align(at_a, view(w, &b, w->dtype, count, columns), &found));
}

static void interface(world *w) {
  dni_matrix x, y;
  dni_context *c = context(w);
  dni_network *network = pick(w, NETWORK);
  dni_loss *loss = pick(w, LOSS);
  const size_t count = rows(w);
  dni_batch batch = {.struct_size = sizeof batch};
  dni_interface_report report = {.struct_size = struct_size(w, sizeof report)};
  batch.x = view(w, &x, w->dtype, count, 3);
  batch.y = targets(w, &y, w->dtype, count, 3);
  (void)EXPECT_IN(COMPUTES | BAD_DATA | NON_FINITE | NO_MEMORY,
                  dni_analysis_interface(c, network, loss, fuzz_below(&w->input, 3), &batch,
                                         1 + fuzz_below(&w->input, 3), 7, &report));
}

static void dissimilarity(world *w) {
  dni_matrix h, a, b;
  dni_context *c = context(w);
  const size_t count = rows(w), units = size(w);
  double distance;
  const dni_matrix *at_h = view(w, &h, w->dtype, count, units);
  (void)EXPECT_IN(FINE | REFUSED | BAD_DATA | NO_MEMORY,
                  dni_analysis_rdm(c, at_h, view(w, &a, w->dtype, count, count)));
  const dni_matrix *at_a = view(w, &a, w->dtype, count, count);
  (void)EXPECT_IN(FINE | REFUSED,
                  dni_analysis_rdm_distance(at_a, view(w, &b, w->dtype, count, count), label_pool(),
                                            chance(w, 95) ? count : size(w), &distance));
}

static void probes(world *w) {
  dni_matrix h, y;
  dni_context *c = context(w);
  const size_t count = rows(w), units = size(w), width = size(w);
  const dni_probe_options options = {.struct_size = struct_size(w, sizeof options),
                                     .batch = fuzz_below(&w->input, 5),
                                     .steps = 1 + fuzz_below(&w->input, 4),
                                     .learning_rate = real(w)};
  dni_probe_report report = {.struct_size = struct_size(w, sizeof report)};
  double error;
  size_t rank;
  const dni_matrix *at_h = view(w, &h, w->dtype, count, units);
  const dni_matrix *at_y = view(w, &y, w->dtype, count, width);
  if (options.struct_size < offsetof(dni_probe_options, learning_rate)) return; /* many steps */
  (void)EXPECT_IN(FINE | REFUSED | BAD_DATA | UNSUPPORTED | NON_FINITE | NO_MEMORY,
                  dni_analysis_classifier_probe(c, at_h, at_y, &options, &report));
  (void)EXPECT_IN(FINE | REFUSED | BAD_DATA | NO_MEMORY,
                  dni_analysis_regressor_probe(c, at_h, at_y, &error, &rank));
}

static void loss_inside(world *w) {
  dni_matrix h, y, origin, loss;
  dni_context *c = context(w);
  dni_sg *sg = pick(w, SG);
  const size_t count = rows(w), units = dni_sg_units(sg);
  double defect;
  const dni_matrix *at_h = view(w, &h, w->dtype, count, units);
  const dni_matrix *at_y = targets(w, &y, w->dtype, count, dni_sg_targets(sg));
  const dni_matrix *at_o = chance(w, 50) ? NULL : view(w, &origin, w->dtype, 1, units);
  (void)EXPECT_IN(COMPUTES | BAD_DATA | NO_MEMORY | NON_FINITE,
                  dni_analysis_extract_loss(c, sg, at_h, at_y, at_o, fuzz_below(&w->input, 70),
                                            view(w, &loss, w->dtype, count, 1)));
  (void)EXPECT_IN(FINE | REFUSED | UNSUPPORTED | NON_FINITE,
                  dni_analysis_integrability(sg, &defect));
}

static void agreement(world *w) {
  dni_matrix a, b;
  dni_context *c = context(w);
  const size_t count = rows(w);
  double correlation, r2;
  const dni_matrix *at_a = view(w, &a, w->dtype, count, 1);
  (void)EXPECT_IN(FINE | REFUSED | BAD_DATA | NO_MEMORY,
                  dni_analysis_agreement(c, at_a, view(w, &b, w->dtype, count, 1),
                                         chance(w, 50) ? NULL : label_pool(), count, &correlation,
                                         &r2));
}

static void line_search(world *w) {
  dni_matrix h, y;
  dni_sg *sg = pick(w, SG);
  const size_t count = rows(w), units = dni_sg_units(sg);
  double rate;
  const dni_matrix *at_h = view(w, &h, w->dtype, count, units);
  (void)EXPECT_IN(COMPUTES | NO_MEMORY | WRONG_STATE | BAD_DATA | NON_FINITE,
                  dni_sg_line_search(sg, at_h, view(w, &y, w->dtype, count, units), &rate));
}

static void balance(world *w) {
  double costs[6];
  size_t lengths[6];
  for (size_t i = 0; i < 6; i++)
    costs[i] = real(w);
  const size_t count = fuzz_below(&w->input, 7), parts = fuzz_below(&w->input, 7);
  (void)EXPECT_IN(FINE | REFUSED, dni_costs_balance(costs, count, parts, real(w), lengths));
}

static void product(world *w) {
  dni_matrix a, b, c;
  const size_t m = rows(w), n = size(w), k = size(w);
  const bool ta = chance(w, 30), tb = chance(w, 30);
  dni_backend *backend = dni_context_backend(context(w));
  const dni_dtype dtype = chance(w, 50) ? w->dtype : DNI_F64;
  const dni_matrix *at_a = view(w, &a, dtype, ta ? k : m, ta ? m : k);
  const dni_matrix *at_b = view(w, &b, dtype, tb ? n : k, tb ? k : n);
  (void)EXPECT_IN(
      FINE | REFUSED | UNSUPPORTED,
      dni_backend_gemm(backend, ta, tb, real(w), at_a, at_b, real(w), view(w, &c, dtype, m, n)));
}

static void copy_matrix(world *w) {
  dni_matrix a, b;
  const size_t count = rows(w), columns = size(w);
  const dni_matrix *from = view(w, &a, w->dtype, count, columns);
  (void)EXPECT_IN(FINE | REFUSED, dni_matrix_copy(from, view(w, &b, w->dtype, count, columns)));
}

const action analysis_actions[] = {align,       interface,   dissimilarity, probes,
                                   loss_inside, agreement,   line_search,   balance,
                                   product,     copy_matrix, NULL};
