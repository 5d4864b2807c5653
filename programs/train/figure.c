/* Loss and accuracy over the steps, as SVG: thin lines of the batches learned from, thick ones of the
 * validation. The loss is on a logarithmic axis, as its last parts matter as much as its first. */
#include <math.h>
#include <string.h>

#include "train.h"

static const double left = 76, right = 700, panel_height = 260, panel_top = 52, panel_step = 340;
static const char learned_colour[] = "#0072b2", validated_colour[] = "#d55e00";

/* One panel: what it shows of a point, and its axis. */
typedef struct panel {
  FILE *file;
  const run *r;
  double top;
  double (*learned)(const point *p);
  double (*validated)(const point *p);
  bool is_accuracy;
  double least, most;     /* of the loss: decades */
  accuracy_axis accuracy; /* of the accuracy */
} panel;

static double learned_loss(const point *p) {
  return p->loss;
}
static double validated_loss(const point *p) {
  return p->validation_loss;
}
static double learned_accuracy(const point *p) {
  return p->accuracy;
}
static double validated_accuracy(const point *p) {
  return p->validation_accuracy;
}

static double x_of(const panel *q, uint64_t step) {
  return left + (right - left) * (double)step / (double)q->r->s->total_steps;
}

static double y_of(const panel *q, double value) {
  if (q->is_accuracy) return accuracy_axis_y(&q->accuracy, value);
  return q->top + panel_height * (q->most - log10(value)) / (q->most - q->least);
}

/* A logarithm has no place for a loss of 0. */
static bool is_shown(const panel *q, double value) {
  return isfinite(value) && (q->is_accuracy || value > 0);
}

typedef struct range {
  double least, most;
} range;

static range range_of(const panel *q, const point_list *list, double (*value)(const point *p),
                      range before) {
  for (size_t i = 0; i < list->count; i++) {
    const double shown = value(&list->points[i]);
    if (!is_shown(q, shown)) continue;
    before.least = fmin(before.least, shown);
    before.most = fmax(before.most, shown);
  }
  return before;
}

/* Whole decades of the loss. Batches that are all right do not stretch the axis of the accuracy. */
static bool find_axis(panel *q) {
  const range none = {INFINITY, -INFINITY};
  const range late =
      range_of(q, &q->r->epochs, q->learned, range_of(q, &q->r->epochs, q->validated, none));
  const range all = range_of(q, &q->r->curve, q->learned, late);
  if (all.most < all.least) return false;
  const double most = late.most < late.least ? all.most : late.most;
  if (q->is_accuracy)
    q->accuracy = accuracy_axis_of(q->top, q->top + panel_height, all.least, most);
  if (q->is_accuracy) return true;
  q->least = floor(log10(all.least));
  q->most = fmax(ceil(log10(all.most)), q->least + 1);
  return true;
}

static void draw_loss_axis(const panel *q) {
  const double step = ceil((q->most - q->least) / 10);
  for (double at = q->least; at <= q->most; at += step) {
    const double y = y_of(q, pow(10, at));
    (void)fprintf(q->file,
                  "<path d=\"M%g %.1fH%g\" stroke=\"#dddddd\"/>\n"
                  "<text x=\"%g\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
                  left, y, right, left - 9, y + 4.5, pow(10, at));
  }
  (void)fprintf(q->file,
                "<text transform=\"translate(22 %g) rotate(-90)\" text-anchor=\"middle\">"
                "loss, logarithmic</text>\n",
                q->top + panel_height / 2);
}

static void draw_step_axis(const panel *q) {
  const double bottom = q->top + panel_height, most = (double)q->r->s->total_steps;
  const double step = fmax(1, svg_tick_step(most));
  for (int i = 0; i * step <= most * (1 + 1e-9); i++) {
    const double x = left + (right - left) * i * step / most;
    (void)fprintf(q->file,
                  "<path d=\"M%.1f %gv5\" stroke=\"#222222\"/>\n"
                  "<text x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%.0f</text>\n",
                  x, bottom, x, bottom + 20, i * step);
  }
  (void)fprintf(q->file,
                "<path d=\"M%g %gV%gH%g\" fill=\"none\" stroke=\"#222222\"/>\n"
                "<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">training steps</text>\n",
                left, q->top, bottom, right, (left + right) / 2, bottom + 40);
}

static void draw_line(const panel *q, const point_list *list, double (*value)(const point *p),
                      const char *colour, double width) {
  size_t drawn = 0;
  double x = 0, y = 0;
  for (size_t i = 0; i < list->count; i++) {
    const double shown = value(&list->points[i]);
    if (!is_shown(q, shown)) continue;
    x = x_of(q, list->points[i].step);
    y = y_of(q, shown);
    (void)fprintf(q->file, "%s%.1f %.1f", drawn++ == 0 ? "<path d=\"M" : "L", x, y);
  }
  if (drawn == 0) return;
  (void)fprintf(q->file,
                "\" fill=\"none\" stroke=\"%s\" stroke-width=\"%g\" stroke-linejoin=\"round\"/>\n",
                colour, width);
  if (drawn == 1)
    (void)fprintf(q->file, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", x, y, colour);
}

static void draw_panel(panel *q) {
  if (!find_axis(q)) return;
  if (q->is_accuracy)
    accuracy_axis_draw(&q->accuracy, q->file, left, right, "accuracy");
  else
    draw_loss_axis(q);
  draw_step_axis(q);
  draw_line(q, &q->r->curve, q->learned, learned_colour, 1.2);
  draw_line(q, &q->r->epochs, q->validated, validated_colour, 2.2);
}

static void draw_heading(const run *r, FILE *file) {
  json_t *title = text_json(r->s->set->data); /* XML is UTF-8, and file names need not be */
  (void)fprintf(file, "<text x=\"%g\" y=\"28\" font-size=\"15\">", left);
  svg_escaped(file, json_string_value(title));
  json_decref(title);
  (void)fprintf(file,
                "</text>\n<text x=\"%g\" y=\"28\" text-anchor=\"end\" fill=\"%s\">batches learned"
                "</text>\n",
                right - (r->s->d.validation ? 80 : 0), learned_colour);
  if (r->s->d.validation)
    (void)fprintf(file,
                  "<text x=\"%g\" y=\"28\" text-anchor=\"end\" fill=\"%s\">validation</text>\n",
                  right, validated_colour);
}

int figure_write(const run *r) {
  const bool classifies = dni_loss_classifies(r->s->loss) != 0;
  replacement to;
  int status = replacement_begin(&to, "--figure", r->s->set->figure);
  if (status != 0) return status;
  panel loss = {.file = to.file, .r = r, .top = panel_top};
  panel accuracy = {.file = to.file, .r = r, .top = panel_top + panel_step, .is_accuracy = true};
  loss.learned = learned_loss;
  loss.validated = validated_loss;
  accuracy.learned = learned_accuracy;
  accuracy.validated = validated_accuracy;
  svg_begin(to.file, right + 24, panel_top + panel_step + (classifies ? panel_step : 0) - 24);
  draw_heading(r, to.file);
  draw_panel(&loss);
  if (classifies) draw_panel(&accuracy);
  svg_end(to.file);
  return replacement_end(&to, 0);
}
