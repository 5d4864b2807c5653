/* The work of the table: first what is known of the data sets without training, then the trainings,
 * each data set of each cell a piece of work of its own. */
#include <math.h>
#include <stdlib.h>

#include "artificial.h"

static int find_next(void *shared, size_t index) {
  results *all = shared;
  size_t set = index % all->known_count;
  int which = (int)(index / all->known_count);
  if (all->of->problem != 0 && all->of->problem != which + 1) return 0;
  return find_known(which, all->of->common.seed + set, &all->known[index]);
}

/* By backprop, with an SG, and the first data sets with an SG at the slower rate too. */
static int train_set(const results *all, const cell *in, size_t set) {
  const settings *of = all->of;
  trained *out = &in->sets[set];
  plan as = {.model = in->model, .loss = in->loss, .problem = in->problem, .rate = of->rate};
  as.seed = of->common.seed + set;
  course slow = {.loss = NAN};
  int status = train(of, &as, &out->backprop);
  as.with_sg = true;
  if (status == 0) status = train(of, &as, &out->sg);
  as.rate *= SLOWER;
  if (status == 0 && set < of->slow) status = train(of, &as, &slow);
  out->slow = slow.loss;
  return status;
}

/* The long ones, which are the last, first: threads then end at about the same time. */
static int train_next(void *shared, size_t index) {
  const results *all = shared;
  size_t datasets = (size_t)all->of->datasets;
  size_t from_last = all->cell_count * datasets - 1 - index;
  const cell *in = &all->cells[from_last / datasets];
  progress("%s %s %s: %zu of %zu trainings begun", model_names[in->model], loss_names[in->loss],
           problems[in->problem].name, index + 1, all->cell_count * datasets);
  return train_set(all, in, from_last % datasets);
}

static int make_cells(results *all) {
  const settings *of = all->of;
  for (int i = 0; i < MODELS * LOSSES * PROBLEMS; i++) {
    cell *in = &all->cells[all->cell_count];
    in->model = i / (LOSSES * PROBLEMS);
    if (of->model != BOTH && of->model != in->model) continue;
    in->loss = i / PROBLEMS % LOSSES;
    in->problem = i % PROBLEMS;
    if (of->problem != 0 && of->problem != in->problem + 1) continue;
    in->sets = calloc((size_t)of->datasets, sizeof *in->sets);
    if (!in->sets) return fail("out of memory");
    all->cell_count++;
  }
  all->known_count = (size_t)(of->datasets > of->sets ? of->datasets : of->sets);
  all->known = calloc(PROBLEMS * all->known_count, sizeof *all->known);
  return all->known ? 0 : fail("out of memory");
}

int fill_table(results *all) {
  int status = make_cells(all);
  if (status == 0)
    status = parallel_work(PROBLEMS * all->known_count, all->of->threads, find_next, all);
  if (status == 0)
    status = parallel_work(all->cell_count * (size_t)all->of->datasets, all->of->threads,
                           train_next, all);
  progress(NULL);
  return status;
}

void free_table(results *all) {
  for (size_t i = 0; i < all->cell_count; i++)
    free(all->cells[i].sets);
  free(all->known);
}
