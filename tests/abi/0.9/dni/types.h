/** \file
 * The names of all handles, and what every other header uses.
 *
 * A handle is a pointer to a struct that only the library knows. Each is counted: `_create` gives
 * the caller one reference, `_retain` takes another, `_release` gives one back. */
#ifndef DNI_H_INSIDE
#error "include <dni.h>, not this file"
#endif
#ifndef DNI_TYPES_H
#define DNI_TYPES_H

/** Marks a function that the shared library exports. */
#if defined(_WIN32) && defined(DNI_BUILDING)
#define DNI_API __declspec(dllexport)
#elif defined(_WIN32) && !defined(DNI_STATIC)
#define DNI_API __declspec(dllimport)
#elif defined(__GNUC__)
#define DNI_API __attribute__((visibility("default")))
#else
#define DNI_API
#endif

/** The calling convention of every function and callback: C's own. */
#if defined(_WIN32) && !defined(_WIN64)
#define DNI_CALL __cdecl
#else
#define DNI_CALL
#endif

/** The compiler warns if the answer of the function is thrown away. */
#if defined(__GNUC__)
#define DNI_MUST_USE __attribute__((warn_unused_result))
#else
#define DNI_MUST_USE
#endif

/** The compiler warns where the function is called; `text` says what to call instead. */
#if defined(__GNUC__)
#define DNI_DEPRECATED(text) __attribute__((deprecated(text)))
#else
#define DNI_DEPRECATED(text)
#endif

/** Marks a function that may still change in any release. All of dni/research.h is so marked. */
#define DNI_EXPERIMENTAL

/** Memory, element type, random seed, backend and log. See dni/context.h. */
typedef struct dni_context dni_context;
/** The matrix product. See dni/backend.h. */
typedef struct dni_backend dni_backend;
/** One step y = f(x) with its parameters. See dni/layer.h. */
typedef struct dni_layer dni_layer;
/** What one batch leaves in one layer between forward and backward. See dni/layer.h. */
typedef struct dni_state dni_state;
/** The loss of each example and its gradient. See dni/loss.h. */
typedef struct dni_loss dni_loss;
/** Turns gradients into updates of parameters. See dni/optimiser.h. */
typedef struct dni_optimiser dni_optimiser;
/** Answers "what is dL/dh here?" at one interface. See dni/sg.h. */
typedef struct dni_sg dni_sg;
/** A chain of layers and the SGs between them. See dni/network.h. */
typedef struct dni_network dni_network;
/** Buffers to predict with a network. See dni/network.h. */
typedef struct dni_predictor dni_predictor;
/** Examples x with targets y. See dni/dataset.h. */
typedef struct dni_dataset dni_dataset;
/** An order of examples, for loops of one's own. See dni/dataset.h. */
typedef struct dni_order dni_order;
/** Trains a network. See dni/trainer.h. */
typedef struct dni_trainer dni_trainer;
/** Things that are saved and loaded together. See dni/checkpoint.h. */
typedef struct dni_checkpoint dni_checkpoint;

/** Which of several kinds something is: a DNI_LAYER_, DNI_LOSS_, DNI_OPTIMISER_, DNI_SG_,
 * DNI_BACKEND_, DNI_RATE_, DNI_SCHEDULE_ or DNI_BALANCE_ value. Values are written out, never
 * renumbered and never reused. */
typedef int32_t dni_kind;

/** "Every one", where the number of a module or layer is asked for. */
#define DNI_ALL ((size_t)-1)

/** "None", where the number of a module, layer or step is answered. */
#define DNI_NONE ((size_t)-1)

/** Called by the library when it no longer uses a pointer that the caller gave it.
 *
 * It is called once, on the thread that gives back the last reference to what kept the pointer. It
 * is not called when the call that was given the pointer fails. It must return normally. */
typedef void(DNI_CALL *dni_destroy_callback)(void *user);

/** Whether the struct that `pointer` points to is long enough to hold `field`.
 *
 * A callback that is given a struct by the library looks at newer fields only if this is true,
 * since the library that runs may be older than the headers. */
#define DNI_HAS(pointer, field)                                                                    \
  ((pointer)->struct_size >=                                                                       \
   (size_t)((const char *)&(pointer)->field - (const char *)(pointer)) + sizeof((pointer)->field))

#endif
