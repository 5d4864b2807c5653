/* Two figures from the table of curves, each with a panel for each d: theorem1, line search, with a
 * colour for each S; theorem1_exact, line search beside the exact solution, of the S in the middle
 * of the list. W is in thick lines, xi in thin ones. */
#include "theorem1.h"

#define PANELS                                                                                     \
  "rows = (words(dims) + 1) / 2\n"                                                                 \
  "set logscale y\nset format y '10^{%T}'\n"                                                       \
  "set ytics 1e4\nunset mytics\nset yrange [1e-17:10]\n"                                           \
  "set multiplot layout rows,2 margins 0.11,0.97,low,high spacing 0.11,gap\n"                      \
  "set key off\n"
#define TITLES                                                                                     \
  "set title 'd = '.d offset 0,-0.5\nset xlabel 'iteration'\n"                                     \
  "set ylabel '|W - W*| / |W*|,  |\u03be| / |y|'\n"
#define LEGEND "eval legend\nset tmargin at screen low / 2\nset key maxrows 2\n"

static const char line_search[] =
    PANELS "set format x '%.0f'\nset xtics autofreq\nset xrange [0:*]\n"
           "is(d, i) = strcol(1) eq d && strcol(2) eq word(samples, i) && strcol(3) eq "
           "'line-search' && strcol(5) eq bound ? $6 : NaN\n"
           "do for [d in dims] {\n" TITLES
           "plot for [i=1:words(samples)] 'theorem1_curves.tsv' using (is(d, i)):7 "
           "with lines ls (i-1)%6+1 lw 3, "
           "for [i=1:words(samples)] '' using (is(d, i)):8 with lines ls (i-1)%6+1 lw 1\n"
           "}\n" LEGEND "plot for [i=1:words(samples)] NaN with lines ls (i-1)%6+1 lw 3 "
           "title 'W, S = '.word(samples, i), "
           "for [i=1:words(samples)] NaN with lines ls (i-1)%6+1 lw 1 "
           "title '\u03be, S = '.word(samples, i)\n"
           "unset multiplot\n";

/* A |xi| of 0 has no place on a logarithmic axis: it is drawn at the bottom. */
static const char exact[] = PANELS
    "set logscale x\nset format x '10^{%T}'\nset xrange [1:*]\n"
    "middle = word(samples, (words(samples) + 1) / 2)\n"
    "kinds = 'line-search least-squares least-squares least-squares'\n"
    "ridges = '0 0 0 0.001'\nbounds = bound.' corrected descent descent'\n"
    "array style[4] = [3, 9, 4, 5]\n"
    "array names[4] = ['line search', 'solved, the same rate', "
    "'solved, rate 1/|B|', 'the same, ridge 0.001']\n"
    "is(d, i) = strcol(1) eq d && strcol(2) eq middle && strcol(3) eq word(kinds, i) && "
    "strcol(4) eq word(ridges, i) && strcol(5) eq word(bounds, i) && $6 > 0 ? $6 : NaN\n"
    "shown(v) = v > 2e-17 ? v : 2e-17\n"
    "do for [d in dims] {\n" TITLES
    "plot for [i=1:4] 'theorem1_curves.tsv' using (is(d, i)):7 with lines ls style[i] lw 3, "
    "for [i=1:4] '' using (is(d, i)):(shown($8)) with lines ls style[i] lw 1\n"
    "}\n" LEGEND "plot for [i=1:4] NaN with lines ls style[i] title names[i], "
    "NaN with lines lc rgb '#000000' lw 3 title 'thick: W', NaN with lines lc rgb '#000000' lw 1 "
    "title 'thin: \u03be'\n"
    "unset multiplot\n";

static int draw_one(const settings *with, const char *name, const char *script) {
  char whole[4096];
  int length = snprintf(whole, sizeof whole, "bound = '%s'\ndims = '",
                        bound_names[with->bound == PRINTED ? PRINTED : CORRECTED]);
  for (size_t i = 0; i < with->dims.count; i++)
    length += snprintf(whole + length, sizeof whole - (size_t)length, "%llu ",
                       (unsigned long long)with->dims.values[i]);
  length += snprintf(whole + length, sizeof whole - (size_t)length, "'\nsamples = '");
  for (size_t i = 0; i < with->samples.count; i++)
    length += snprintf(whole + length, sizeof whole - (size_t)length, "%llu ",
                       (unsigned long long)with->samples.values[i]);
  int rows = ((int)with->dims.count + 1) / 2, height = 105 + 315 * rows;
  (void)snprintf(whole + length, sizeof whole - (size_t)length,
                 "'\nlow = %.3f\nhigh = %.3f\ngap = %.3f\n%s", 115.0 / height, 1 - 35.0 / height,
                 100.0 / height, script);
  return figure_draw(with->common.out, name, 900, height, whole);
}

int draw(const settings *with) {
  int status = 0;
  if (with->sg != LEAST_SQUARES) status = draw_one(with, "theorem1", line_search);
  if (status == 0 && with->sg != LINE_SEARCH) status = draw_one(with, "theorem1_exact", exact);
  return status;
}
