/* Test accuracy against training time, as SVG.
 *
 * Lines look as in all figures (common/style.c) and carry their names at
 * their ends, so nobody has to look up a legend. */
#include <math.h>
#include <string.h>

#include "mnist.h"

static const double figure_height = 460;
static const double left = 76, right = 586, top = 52, bottom = 396; /* of the plot area */
static const double label_x = 604, label_spacing = 19;
/* A letter of a label is at most so wide on average; the accuracy beside it ends at the margin. */
static const double letter_width = 7.5, accuracy_width = 72, margin = 8;

typedef struct plot {
  FILE *file;
  const result_set *results;
  double width;   /* of the whole figure: the longest label has room beside its accuracy */
  double seconds; /* at the right end */
  accuracy_axis axis;
} plot;

static double x_of(const plot *figure, double seconds) {
  return left + (right - left) * seconds / figure->seconds;
}

static double y_of(const plot *figure, double accuracy) {
  return accuracy_axis_y(&figure->axis, accuracy);
}

static const method_style *style_for(const result_set *results, const run_result *run) {
  return &method_styles[style_of(run->which, &results->settings->sg)];
}

static double width_for(const result_set *results) {
  size_t longest = 0;
  for (size_t i = 0; i < results->run_count; i++) {
    size_t length = strlen(style_for(results, &results->runs[i])->title);
    if (length > longest) longest = length;
  }
  return label_x + 40 + letter_width * (double)longest + accuracy_width + margin;
}

static void find_ranges(plot *figure) {
  double least = 1, most = 0;
  figure->seconds = 0;
  for (size_t i = 0; i < figure->results->run_count; i++) {
    const run_result *run = &figure->results->runs[i];
    figure->seconds = fmax(figure->seconds, run->seconds);
    for (size_t p = 0; p < run->curve_count; p++) {
      least = fmin(least, run->curve[p].test_accuracy);
      most = fmax(most, run->curve[p].test_accuracy);
    }
  }
  if (figure->seconds <= 0) figure->seconds = 1; /* a clock too coarse for a tiny run */
  figure->axis = accuracy_axis_of(top, bottom, least, most);
}

static void draw_heading(const plot *figure) {
  const options *settings = figure->results->settings;
  svg_begin(figure->file, figure->width, figure_height);
  (void)fprintf(figure->file, "<text x=\"%g\" y=\"28\" font-size=\"15\">", left);
  svg_escaped(figure->file, figure->results->source->name);
  (void)fprintf(figure->file, ": %zu hidden layer%s of %zu units, batch %zu</text>\n",
                settings->depth, settings->depth > 1 ? "s" : "", settings->width, settings->batch);
}

static void draw_time_axis(const plot *figure) {
  double step = svg_tick_step(figure->seconds);
  for (int i = 0; i * step <= figure->seconds * (1 + 1e-9); i++) {
    double x = x_of(figure, i * step);
    (void)fprintf(figure->file,
                  "<path d=\"M%.1f %gv5\" stroke=\"#222222\"/>\n"
                  "<text x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%g</text>\n",
                  x, bottom, x, bottom + 20, i * step);
  }
  (void)fprintf(figure->file,
                "<path d=\"M%g %gV%gH%g\" fill=\"none\" stroke=\"#222222\"/>\n"
                "<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">training time in seconds, "
                "evaluations excluded</text>\n",
                left, top, bottom, right, (left + right) / 2, bottom + 46);
}

static void draw_marker(const plot *figure, const method_style *style, double x, double y) {
  (void)fprintf(figure->file,
                "<path transform=\"translate(%.1f %.1f)\" d=\"%s\" fill=\"%s\" stroke=\"white\" "
                "stroke-width=\"0.8\"/>\n",
                x, y, style->marker, style->colour);
}

/* stroke-dasharray's value */
static const char *dash_of(const method_style *style) {
  return style->dash[0] != '\0' ? style->dash : "none";
}

static void draw_curve(const plot *figure, const run_result *run) {
  const method_style *style = style_for(figure->results, run);
  for (size_t p = 0; p < run->curve_count; p++)
    (void)fprintf(figure->file, "%s%.1f %.1f", p == 0 ? "<path d=\"M" : "L",
                  x_of(figure, run->curve[p].seconds), y_of(figure, run->curve[p].test_accuracy));
  (void)fprintf(figure->file,
                "\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\" "
                "stroke-linejoin=\"round\"/>\n",
                style->colour, dash_of(style));
  size_t every = run->curve_count / 20 + 1; /* more markers would hide the line */
  for (size_t p = (run->curve_count - 1) % every; p < run->curve_count; p += every)
    draw_marker(figure, style, x_of(figure, run->curve[p].seconds),
                y_of(figure, run->curve[p].test_accuracy));
}

/* Heights of the labels: those of the lines' ends, moved apart where they would overlap. order[]
 * lists the runs from the top down. */
static void place_labels(const plot *figure, size_t order[], double label_y[]) {
  const run_result *runs = figure->results->runs;
  size_t count = figure->results->run_count;
  for (size_t i = 0; i < count; i++) {
    size_t place = i;
    for (; place > 0 && runs[order[place - 1]].test_accuracy < runs[i].test_accuracy; place--)
      order[place] = order[place - 1];
    order[place] = i;
  }
  for (size_t i = 0; i < count; i++) {
    label_y[i] = y_of(figure, runs[order[i]].test_accuracy);
    if (i > 0) label_y[i] = fmax(label_y[i], label_y[i - 1] + label_spacing);
  }
  double highest = bottom; /* the last label's place if all hang over the bottom */
  for (size_t i = count; i-- > 0; highest = label_y[i] - label_spacing)
    label_y[i] = fmin(label_y[i], highest);
}

static void draw_label(const plot *figure, const run_result *run, double y) {
  const method_style *style = style_for(figure->results, run);
  double end_x = x_of(figure, run->seconds), end_y = y_of(figure, run->test_accuracy);
  (void)fprintf(figure->file,
                "<path d=\"M%.1f %.1fH%.1fL%g %.1f\" fill=\"none\" stroke=\"%s\" "
                "stroke-width=\"0.7\" stroke-opacity=\"0.6\"/>\n",
                end_x + 6, end_y, fmax(right, end_x + 6), label_x - 3, y, style->colour);
  (void)fprintf(figure->file,
                "<path d=\"M%g %.1fh32\" stroke=\"%s\" stroke-width=\"2\" "
                "stroke-dasharray=\"%s\"/>\n",
                label_x, y, style->colour, dash_of(style));
  draw_marker(figure, style, label_x + 16, y);
  (void)fprintf(figure->file,
                "<text x=\"%g\" y=\"%.1f\">%s</text>\n"
                "<text x=\"%g\" y=\"%.1f\" text-anchor=\"end\">%.2f %%</text>\n",
                label_x + 40, y + 4.5, style->title, figure->width - margin, y + 4.5,
                100 * run->test_accuracy);
}

static void draw_labels(const plot *figure) {
  size_t order[METHOD_COUNT];
  double label_y[METHOD_COUNT];
  place_labels(figure, order, label_y);
  for (size_t i = 0; i < figure->results->run_count; i++)
    draw_label(figure, &figure->results->runs[order[i]], label_y[i]);
}

int figure_write(const result_set *results) {
  static const char name[] = "accuracy.svg";
  plot figure = {.results = results, .width = width_for(results)};
  int status = output_open(results->settings->out, name, &figure.file);
  if (status != 0) return status;
  find_ranges(&figure);
  draw_heading(&figure);
  accuracy_axis_draw(&figure.axis, figure.file, left, right, "test accuracy");
  draw_time_axis(&figure);
  for (size_t i = 0; i < results->run_count; i++)
    draw_curve(&figure, &results->runs[i]);
  draw_labels(&figure);
  svg_end(figure.file);
  return output_close(results->settings->out, name, figure.file);
}
