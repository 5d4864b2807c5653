/* A program that was compiled with older headers (tests/abi/0.9) and runs with the present library. It
 * uses a broad part of what was promised, and ends with 1 and a line where an answer is wrong.
 *
 * Every struct that begins with struct_size has its size of then, and bytes behind it that are not zero:
 * a library that reads or writes there has forgotten that older programs have shorter structs. */
#ifndef ABI_PROGRAM_H
#define ABI_PROGRAM_H

#include <dni.h>

enum { ROWS = 16, INPUTS = 6, UNITS = 5, CLASSES = 3, EXAMPLES = 64 };

/* The call must answer DNI_OK; `condition` must be true. */
#define CHECK(call)       check_status((call), #call, __FILE__, __LINE__)
#define EXPECT(condition) check_true((condition), #condition, __FILE__, __LINE__)
void check_status(dni_status status, const char *text, const char *file, int line);
void check_true(int condition, const char *text, const char *file, int line);

/* A zeroed struct of `type` with its struct_size set; drop() frees it. Both watch the bytes behind it. */
#define NEW(type) ((type *)new_struct(sizeof(type)))
void *new_struct(size_t size);
void drop(void *made);

/* Data. ---------------------------------------------------------------------------------------- */

/* Example `row` of a task with three classes: its input `column`, and its class. */
float example(size_t row, size_t column);
int32_t label(size_t row);

/* Views of the first EXAMPLES examples, in memory that stays. */
void view_examples(dni_matrix *x, dni_matrix *labels);

/* Zeroed matrix of floats that stays; there are enough of them for this program. */
dni_matrix matrix(size_t rows, size_t columns);

/* Objects of the caller's own functions. -------------------------------------------------------- */

/* How many objects, contexts and data sets the library still has to call destroy for; bytes that it
 * has not given back to the allocator. */
int not_destroyed(void);
size_t not_freed(void);

/* A context of the caller's own allocator, log and matrix product. */
dni_context *make_own_context(void);
dni_layer *make_own_layer(dni_context *context);     /* y = w x, column by column */
dni_loss *make_own_loss(dni_context *context);       /* 1/2 || h - y ||^2 of labels */
dni_sg *make_own_sg(dni_context *context);           /* delta = b, whatever h and y are */
dni_dataset *make_own_dataset(dni_context *context); /* the examples above */
void own_metric(dni_metric *metric);                 /* mean of | h | */
void own_schedule(dni_schedule *schedule);           /* 1 / (1 + step) */

/* Parts of the program. ------------------------------------------------------------------------- */

void use_status(void);
void use_layers(dni_context *context);
void use_losses(dni_context *context);
void use_optimisers(dni_context *context);
void use_sgs(dni_context *context);
void use_datasets(dni_context *context);
void use_training(dni_context *context, const char *path);
void use_files(dni_context *context, const char *path);

#endif
