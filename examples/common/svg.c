/* What the figures share that a program draws by itself, without gnuplot. */
#include <math.h>

#include "common.h"

static const double tick_spacing = 15;

static const double accuracy_ticks[] = {
    0,     0.3,   0.5,   0.7,   0.8,   0.9,    0.93,   0.95,   0.97,   0.98,   0.99,
    0.993, 0.995, 0.997, 0.998, 0.999, 0.9993, 0.9995, 0.9997, 0.9998, 0.9999, 0.99999};
enum { TICK_COUNT = sizeof accuracy_ticks / sizeof accuracy_ticks[0] };

void svg_begin(FILE *file, double width, double height) {
  (void)fprintf(file,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" width=\"%g\" "
                "height=\"%g\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\" "
                "fill=\"#222222\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
                width, height, width, height);
}

void svg_escaped(FILE *file, const char *text) {
  for (const char *c = text; *c != '\0'; c++) {
    if (*c == '<')
      (void)fputs("&lt;", file);
    else if (*c == '&')
      (void)fputs("&amp;", file);
    else if ((unsigned char)*c >= 0x20)
      (void)fputc(*c, file);
  }
}

void svg_end(FILE *file) {
  (void)fputs("</svg>\n", file);
}

double svg_tick_step(double most) {
  double power = pow(10, floor(log10(most / 8)));
  if (8 * power >= most) return power;
  if (16 * power >= most) return 2 * power;
  return 40 * power >= most ? 5 * power : 10 * power;
}

accuracy_axis accuracy_axis_of(double top, double bottom, double least, double most) {
  accuracy_axis axis = {.top = top, .bottom = bottom, .last = 1};
  while (axis.first + 2 < TICK_COUNT && accuracy_ticks[axis.first + 1] <= least)
    axis.first++;
  axis.last = axis.first + 1;
  while (axis.last + 1 < TICK_COUNT && accuracy_ticks[axis.last] < most)
    axis.last++;
  return axis;
}

double accuracy_axis_y(const accuracy_axis *axis, double accuracy) {
  double best = accuracy_ticks[axis->last], worst = accuracy_ticks[axis->first];
  double shown = fmin(fmax(accuracy, worst), best);
  double height = log10((1 - worst) / (1 - shown)) / log10((1 - worst) / (1 - best));
  return axis->bottom - (axis->bottom - axis->top) * height;
}

void accuracy_axis_draw(const accuracy_axis *axis, FILE *file, double left, double right,
                        const char *title) {
  double below = axis->bottom + tick_spacing; /* ticks too near the one below are left out */
  for (size_t i = axis->first; i <= axis->last; i++) {
    double y = accuracy_axis_y(axis, accuracy_ticks[i]);
    if (y > below - tick_spacing) continue;
    below = y;
    (void)fprintf(file,
                  "<path d=\"M%g %.1fH%g\" stroke=\"#dddddd\"/>\n"
                  "<text x=\"%g\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
                  left, y, right, left - 9, y + 4.5, 100 * accuracy_ticks[i]);
  }
  (void)fprintf(file,
                "<text transform=\"translate(22 %g) rotate(-90)\" text-anchor=\"middle\">"
                "%s in %%, spaced by the logarithm of the error</text>\n",
                (axis->top + axis->bottom) / 2, title);
}
