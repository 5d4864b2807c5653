/* libdni: train neural networks whose layers do not wait for each other.
 *
 * A chain x = h_0 -> f_1 -> h_1 -> ... -> f_N -> h_N -> loss(h_N, y) is cut at interfaces. Each
 * interface answers one question, "what is dL/dh here?", through an estimator (dni_sg): exact
 * backpropagation, a synthetic gradient, feedback alignment, or the caller's own. Layers between
 * two such interfaces form a module that updates without waiting for the layers above it.
 *
 * Use it whole (dni_network + dni_trainer + dni_dataset) or in pieces: a layer, a loss, an
 * optimiser and an estimator each work alone on the caller's matrices.
 *
 * Conventions, true of every function unless its comment says otherwise:
 *
 * - Status. A function that can fail returns dni_status; DNI_OK is 0. After a failure
 *   dni_last_message() has one line for people, and every output argument is untouched. Comments
 *   list what a call can answer; a status without words means what its name says, and nothing
 *   changed.
 * - Data. Matrices are row-major views of the caller's memory, one row per example (dni/matrix.h).
 *   Each call checks shape and element type before it touches memory.
 * - Scale. Deltas (dL/dh) are per example: row s is the gradient of example s's own loss, NOT
 *   divided by the batch size. Parameter gradients are means over the batch.
 * - Ownership. dni_<thing>_create_<kind>() gives the caller one reference; dni_<thing>_release()
 *   gives it back, accepts NULL and cannot fail; dni_<thing>_retain() takes another. A container
 *   keeps what it uses, so any order of release is right. "Borrowed" pointers are not released.
 * - NULL. A NULL handle or a NULL required argument is DNI_ERROR_ARGUMENT, never a crash.
 * - Threads. One handle, one thread at a time; different handles concurrently. A context may be
 *   shared by handles used on different threads, but what draws random numbers from it (creating
 *   objects, dni_layer_initialise) is the caller's to serialise. retain and release are safe from any
 *   thread. Do not use handles in a forked child.
 * - The library never aborts, exits, prints, reads the environment, or changes the settings of
 *   another library in the process unless asked to.
 *
 * The headers are C99 and C++, and plain enough to be called by any foreign-function interface:
 * fixed-width integers, size_t, double and pointers; no struct is passed by value.
 */
#ifndef DNI_H
#define DNI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DNI_H_INSIDE
#include "dni/status.h"
#include "dni/matrix.h"
#include "dni/context.h"
#include "dni/backend.h"
#include "dni/layer.h"
#include "dni/loss.h"
#include "dni/optimiser.h"
#include "dni/sg.h"
#include "dni/network.h"
#include "dni/dataset.h"
#include "dni/trainer.h"
#include "dni/analysis.h"
#include "dni/checkpoint.h"
#undef DNI_H_INSIDE

#ifdef __cplusplus
}
#endif

#endif
