/* The figure: a column for each kind of SG; the condition above, the cosine below; a line for each
 * hidden layer, from dark (the lowest) to bright, of which the legend has at most seven. */
#include "proposition2.h"

int draw(const settings *with) {
  static const char script[] =
      "kinds = 'adam least-squares residual'\n"
      "is(k, l) = strcol(1) eq k && $2 == seed && $4 == l ? $3 : NaN\n"
      "set cbrange [1:depth > 1 ? depth : 2]\nunset colorbox\nset key off\n"
      "set logscale x\nset format x '10^{%T}'\nset xrange [1:steps]\n"
      "set multiplot layout 2,3 columnsfirst margins 0.08,0.98,0.2,0.93 spacing 0.03,0.05\n"
      "do for [c=1:3] {\n"
      "k = word(kinds, c)\n"
      "set title k offset 0,-0.5\nunset xlabel\nset format x ''\n"
      "set logscale y\nset yrange [0.1:200]\nset format y (c == 1 ? '%g' : '')\n"
      "set ylabel (c == 1 ? '\u03b5 K / |dL/d\u03b8|' : '')\n"
      "plot for [l=1:depth] 'proposition2.tsv' using (is(k, l)):9:(l) with lines lw 2 lc palette, "
      "1.0/3 with lines lc rgb '#000000' lw 1.5 dt (2,2)\n"
      "unset title\nset xlabel 'step' offset 0,0.4\nset format x '10^{%T}'\n"
      "unset logscale y\nset yrange [-0.5:1.05]\n"
      "set ylabel (c == 1 ? 'cosine with the true gradient' : '')\n"
      "plot for [l=1:depth] 'proposition2.tsv' using (is(k, l)):11:(l) with lines lw 2 lc palette, "
      "0.5 with lines lc rgb '#000000' lw 1.5 dt (2,2)\n"
      "}\n"
      "eval legend\nset tmargin at screen 0.1\nset key maxrows 2\n"
      "plot NaN with lines lc rgb '#000000' lw 1.5 dt (2,2) title '1/3, 1/2', "
      "for [l=1:depth:(depth + 6) / 7] '+' using (NaN):(NaN):(l) with lines lw 2 lc palette title "
      "'layer '.l\n"
      "unset multiplot\n";
  char whole[4096];
  (void)snprintf(whole, sizeof whole, "depth = %llu\nseed = %llu\nsteps = %llu\n%s",
                 (unsigned long long)with->depth, (unsigned long long)with->common.seed,
                 (unsigned long long)(with->steps > 1 ? with->steps : 2), script);
  return figure_draw(with->common.out, "proposition2", 1000, 620, whole);
}
