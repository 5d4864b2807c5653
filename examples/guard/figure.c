/* The figure: a row for each setting, the loss on the left, the condition on the right. */
#include "guard.h"

int draw(const settings *with) {
  static const char script[] =
      "modes = 'backprop guarded gated unguarded'\n"
      "array style[4] = [1, 6, 7, 3]\n"
      "rows = words(settings)\n"
      "is(s, i) = strcol(1) eq s && strcol(2) eq word(modes, i) ? $3 : NaN\n"
      "set logscale xy\nset format '10^{%T}'\nset xlabel 'step' offset 0,0.4\nset key "
      "off\n"
      "set multiplot layout rows,2 margins 0.09,0.98,low,high spacing 0.12,gap\n"
      "do for [s in settings] {\n"
      "set title s.' SG' offset 0,-0.5\n"
      "set ylabel 'loss minus optimum'\nset yrange [1e-15:1e3]\nset ytics 1e3\n"
      "plot for [i=1:4] 'guard_curves.tsv' using (is(s, i)):($4 > 1e-15 ? $4 : NaN) with lines "
      "ls style[i]\n"
      "set ylabel '|e| |dh/d\u03b8| / |dL/d\u03b8|'\nset yrange [1e-3:1e3]\nset ytics 10\n"
      "set label 1 'below 1/3 the condition holds' at graph 0.03, first 0.025 left front\n"
      "plot for [i=2:4] 'guard_curves.tsv' using (is(s, i)):($4 > 1e-15 ? $5 : NaN) with lines "
      "ls style[i], 1.0/3 with lines lc rgb '#000000' lw 1.5 dt (2,2)\n"
      "unset label\n"
      "}\n"
      "eval legend\nset tmargin at screen low / 2\n"
      "plot for [i=1:4] NaN with lines ls style[i] title word(modes, i)\n"
      "unset multiplot\n";
  char whole[4096];
  int rows = with->setting == BOTH ? 2 : 1, height = 110 + 350 * rows;
  (void)snprintf(whole, sizeof whole, "settings = '%s'\nlow = %.3f\nhigh = %.3f\ngap = %.3f\n%s",
                 with->setting == BOTH ? "searched lagging" : setting_names[with->setting],
                 100.0 / height, 1 - 35.0 / height, 105.0 / height, script);
  return figure_draw(with->common.out, "guard", 1000, height, whole);
}
