/* What the figures share that a program draws by itself, without gnuplot. */
#include <math.h>

#include "common.h"

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
