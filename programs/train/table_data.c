/* DATA in a CSV file. The library reads it as numbers in double; here it becomes features, and labels or
 * numbers to learn, scaled by what the training examples are like. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train.h"

/* Where features and targets are in a row. */
typedef struct layout {
  size_t columns, features, targets, first_feature, first_target;
} layout;

typedef struct part {
  double *values; /* [rows][columns] */
  size_t rows;
} part;

typedef struct table {
  const settings *set;
  dni_context *doubles;
  layout where;
  part all, train, validation;
  size_t classes;
} table;

/* Reading. --------------------------------------------------------------------------------------- */

static int open_csv(const settings *set, dni_context *doubles, const char *path,
                    dni_dataset **out) {
  static const char separators[] = {',', ';', '\t', ' '};
  dni_csv_options how = {.struct_size = sizeof how};
  table_form form;
  int status = table_look(path, &form);
  if (status != 0) return status;
  how.header_lines =
      set->header_lines == COUNT_UNSET ? form.header_lines : (size_t)set->header_lines;
  how.separator = set->separator == CHOICE_UNSET ? form.separator : separators[set->separator];
  return dni_dataset_create_csv(doubles, path, &how, out) == DNI_OK ? 0 : library_failure();
}

/* All numbers of a data set: its features are all columns but the last. */
static int take_part(const dni_dataset *rows, part *out) {
  const size_t columns = dni_dataset_features(rows) + 1;
  dni_matrix x, y;
  out->rows = dni_dataset_examples(rows);
  out->values = calloc(out->rows, columns * sizeof *out->values);
  if (!out->values) return fail("out of memory");
  dni_matrix_init_strided_f64(&x, out->values, out->rows, columns - 1, columns);
  dni_matrix_init_strided_f64(&y, out->values + columns - 1, out->rows, 1, columns);
  return dni_dataset_batch(rows, 0, &x, &y) == DNI_OK ? 0 : library_failure();
}

static int take_split(table *t, dni_dataset *all) {
  const size_t count = split_count(t->set, t->all.rows);
  dni_dataset *first, *rest;
  if (count == 0) return take_part(all, &t->train);
  if (dni_dataset_split(all, count, 1, NULL, &first, &rest) != DNI_OK) return library_failure();
  int status = take_part(first, &t->validation);
  if (status == 0) status = take_part(rest, &t->train);
  dni_dataset_release(first);
  dni_dataset_release(rest);
  return status;
}

static int take_validation(table *t) {
  dni_dataset *rows;
  int status = open_csv(t->set, t->doubles, t->set->validation, &rows);
  if (status != 0) return status;
  const size_t columns = dni_dataset_features(rows) + 1;
  status = columns == t->where.columns
               ? take_part(rows, &t->validation)
               : fail("--validation %s: %zu columns, but %s has %zu", t->set->validation, columns,
                      t->set->data, t->where.columns);
  dni_dataset_release(rows);
  return status;
}

static int read_parts(table *t) {
  dni_context_options doubles = {.struct_size = sizeof doubles, .dtype = DNI_F64};
  dni_dataset *all;
  doubles.seed = t->set->seed;
  if (dni_context_create(&doubles, &t->doubles) != DNI_OK) return library_failure();
  int status = open_csv(t->set, t->doubles, t->set->data, &all);
  if (status != 0) return status;
  t->where.columns = dni_dataset_features(all) + 1;
  status = take_part(all, &t->all);
  if (status == 0) status = t->set->validation ? take_part(all, &t->train) : take_split(t, all);
  dni_dataset_release(all);
  return status == 0 && t->set->validation ? take_validation(t) : status;
}

/* What the columns are. ---------------------------------------------------------------------------- */

static int find_layout(table *t, const dni_network *loaded, data *out) {
  const settings *set = t->set;
  layout *where = &t->where;
  where->targets = set->target_columns == COUNT_UNSET ? 1 : (size_t)set->target_columns;
  out->unlabelled = set->steps == 0 && dni_network_inputs(loaded) == where->columns;
  if (out->unlabelled) where->targets = 0;
  if (where->targets >= where->columns)
    return fail("--targets %zu: %s has %zu columns", where->targets, set->data, where->columns);
  where->features = where->columns - where->targets;
  where->first_feature = set->targets_first ? where->targets : 0;
  where->first_target = set->targets_first ? 0 : where->features;
  return 0;
}

static bool wants_numbers(const settings *set, const dni_network *loaded) {
  if (set->classes != COUNT_UNSET) return set->classes == 0;
  return set->loss == LOSS_SQUARED || set->loss == LOSS_ABSOLUTE ||
         (loaded && dni_network_outputs(loaded) == 1);
}

static size_t find_classes(const table *t, const dni_network *loaded) {
  const layout *where = &t->where;
  const size_t wanted = classes_wanted(t->set, loaded);
  if (where->targets > 1 || wants_numbers(t->set, loaded)) return 0;
  if (wanted > 0 || where->targets == 0) return wanted;
  return table_classes(t->all.values + where->first_target, t->all.rows, where->columns);
}

static int check_labels(const table *t, const part *rows, const char *path) {
  for (size_t i = 0; i < rows->rows && t->classes > 0 && t->where.targets > 0; i++) {
    const double label = rows->values[i * t->where.columns + t->where.first_target];
    if (!(label >= 0 && label < (double)t->classes) || floor(label) < label)
      return fail("%s: example %zu: %g is no label from 0 to %zu", path, i + 1, label,
                  t->classes - 1);
  }
  return 0;
}

/* Targets of cross-entropies are probabilities. */
static int check_probabilities(const table *t, const part *rows, const char *path) {
  const layout *where = &t->where;
  if (t->classes > 0 || (t->set->loss != LOSS_SIGMOID && t->set->loss != LOSS_SOFTMAX)) return 0;
  for (size_t i = 0; i < rows->rows * where->targets; i++) {
    const size_t row = i / where->targets, column = i % where->targets;
    const double target = rows->values[row * where->columns + where->first_target + column];
    if (!(target >= 0 && target <= 1))
      return fail("%s: example %zu: %g, but --loss sigmoid and softmax take targets from 0 to 1",
                  path, row + 1, target);
  }
  return 0;
}

static int check_targets(const table *t) {
  const char *path = t->set->data, *other = t->set->validation;
  int status = check_labels(t, &t->all, path);
  if (status == 0) status = check_probabilities(t, &t->all, path);
  if (status == 0 && other) status = check_labels(t, &t->validation, other);
  return status == 0 && other ? check_probabilities(t, &t->validation, other) : status;
}

static columns_of columns_at(const table *t, dni_dtype type, size_t first, size_t count) {
  columns_of of = {.rows = t->train.rows, .count = count, .stride = t->where.columns, .type = type};
  of.values = t->train.values + first;
  of.path = t->set->data;
  of.first = first;
  of.saved = t->set->save != NULL;
  return of;
}

static int find_scaling(const table *t, dni_dtype type, dni_network *loaded, scaling *scale) {
  const layout *where = &t->where;
  const columns_of features = columns_at(t, type, where->first_feature, where->features);
  const columns_of targets = columns_at(t, type, where->first_target, where->targets);
  const int loss = t->set->loss;
  const bool numbers = t->classes == 0 && where->targets > 0 &&
                       (loss == CHOICE_UNSET || loss == LOSS_SQUARED || loss == LOSS_ABSOLUTE);
  if (!loaded || network_takes_scaled(loaded)) {
    int status = scaling_of_features(scale, &features, loaded != NULL);
    if (status != 0) return status;
  }
  return numbers && (!loaded || network_gives_scaled(loaded)) ? scaling_of_targets(scale, &targets)
                                                              : 0;
}

/* Data sets of the context's elements. --------------------------------------------------------------- */

static void fill_features(const table *t, const part *rows, const scaling *scale, dni_dtype type,
                          void *x) {
  const layout *where = &t->where;
  for (size_t i = 0; i < rows->rows * where->features; i++) {
    const size_t column = i % where->features;
    double value =
        rows->values[i / where->features * where->columns + where->first_feature + column];
    if (scale->features > 0)
      value = (value - scale->feature_mean[column]) * scale->feature_factor[column];
    set_element(type, x, i, value);
  }
}

/* Labels or numbers; of what has no targets, zeros. */
static void fill_targets(const table *t, const part *rows, const scaling *scale, dni_dtype type,
                         void *y) {
  const layout *where = &t->where;
  for (size_t i = 0; i < rows->rows * where->targets; i++) {
    const size_t column = i % where->targets;
    double value = rows->values[i / where->targets * where->columns + where->first_target + column];
    if (scale->targets > 0) value = (value - scale->target_mean[column]) * scale->target_factor;
    if (t->classes > 0)
      ((int32_t *)y)[i] = (int32_t)value;
    else
      set_element(type, y, i, value);
  }
}

static int make(const table *t, dni_context *context, const part *rows, size_t outputs,
                const scaling *scale, dni_dataset **out) {
  const dni_dtype type = dni_context_dtype(context);
  dni_memory_options how = {.struct_size = sizeof how, .classes = t->classes};
  void *x = calloc(rows->rows, t->where.features * sizeof(double));
  void *y = calloc(rows->rows, outputs * sizeof(double));
  dni_matrix features, targets;
  dni_status status = x && y ? DNI_OK : DNI_ERROR_MEMORY;
  if (status == DNI_OK) {
    fill_features(t, rows, scale, type, x);
    fill_targets(t, rows, scale, type, y);
    features = view_of(type, x, rows->rows, t->where.features);
    targets = view_of(type, y, rows->rows, outputs);
    if (t->classes > 0) dni_matrix_init_labels(&targets, y, rows->rows);
    status = dni_dataset_create_memory(context, &features, &targets, &how, out);
  }
  int answer = !x || !y ? fail("out of memory") : status == DNI_OK ? 0 : library_failure();
  free(x);
  free(y);
  return answer;
}

static int make_all(table *t, dni_context *context, const dni_network *loaded, data *out) {
  const size_t outputs = t->where.targets > 0 ? t->where.targets : dni_network_outputs(loaded);
  int status = make(t, context, &t->train, outputs, &out->scale, &out->train);
  if (status == 0 && t->validation.rows > 0)
    status = make(t, context, &t->validation, outputs, &out->scale, &out->validation);
  if (status == 0 && t->set->predict)
    status = make(t, context, &t->all, outputs, &out->scale, &out->whole);
  return status;
}

static void close_table(table *t) {
  free(t->validation.values);
  free(t->train.values);
  free(t->all.values);
  dni_context_release(t->doubles);
}

int table_open(const settings *set, dni_context *context, dni_network *loaded, data *out) {
  table t = {.set = set};
  out->format = "CSV";
  if (set->labels || set->validation_labels) {
    (void)fail("--labels and --validation-labels are for IDX files, %s is none", set->data);
    return USAGE;
  }
  int status = read_parts(&t);
  if (status == 0) status = find_layout(&t, loaded, out);
  if (status == 0) t.classes = find_classes(&t, loaded);
  if (status == 0) status = check_targets(&t);
  if (status == 0) status = find_scaling(&t, dni_context_dtype(context), loaded, &out->scale);
  if (status == 0) status = make_all(&t, context, loaded, out);
  close_table(&t);
  return status;
}
