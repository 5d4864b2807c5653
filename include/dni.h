/** \file
 * libdni: train neural networks whose layers do not wait for each other.
 *
 * A chain x = h_0 -> f_1 -> h_1 -> ... -> f_N -> h_N -> loss(h_N, y) has an interface after each
 * layer. Each interface answers one question: what is dL/dh here? Without an SG the answer is
 * backpropagation's, which has to wait for all layers above. An SG (dni_sg) answers by itself, so
 * the layers below it are updated at once.
 *
 * Use the library whole (dni_network, dni_trainer, dni_dataset) or in pieces: a layer, a loss, an
 * optimiser and an SG each work alone on the caller's matrices.
 *
 * What is declared here and in the headers included below is what version 1.0 will promise; see
 * docs/ABI.md. <dni/research.h> has more, without that promise.
 *
 * The following is true of every function unless its comment says otherwise.
 *
 * - Status. A function that can fail answers a dni_status; DNI_OK is 0. After a failure
 *   dni_last_message() has one line for people, outputs are untouched and nothing has changed.
 *   Comments list what a call can answer.
 * - NULL. A NULL handle or a NULL argument that is needed is DNI_ERROR_ARGUMENT, never a crash.
 * - Data. Matrices are row-major views of the caller's memory, one row for each example. A call
 *   checks shapes and element types before it touches memory, and refuses types that it does not
 *   take. Images are rows whose columns are ordered [channel][row][column].
 * - Scale. A delta (dL/dh) is of each example: row s is the gradient of example s's own loss, NOT
 *   divided by the number of rows. Parameter gradients are means over the rows. Where examples have
 *   weights, row s of every delta is weights[s] times the gradient, and means are divided by the
 *   sum of the weights. Where weights sum to 0, such a mean is 0; a training step refuses them.
 * - Ownership. dni_THING_create_KIND() gives the caller one reference, dni_THING_release() gives it
 *   back, dni_THING_retain() takes another. What uses a handle keeps it, so any order of release is
 *   right. A borrowed pointer is not released.
 * - Structs. A struct that begins with struct_size may grow at its end in later versions. Set it to
 *   0 as a whole, then struct_size to its sizeof, then fields. Zero means default.
 *   A struct_size that no struct has is refused: one over 4096, or not a multiple of a pointer's.
 * - Threads. One thread at a time uses a handle; different handles may be used at the same time.
 *   What only reads (const handles) may be called by several threads at once. retain and release
 *   may be called on any thread.
 * - Callbacks answer 0 for success. Another answer makes the call that ran the callback fail: with
 *   the same number if it is 1000 or above, else with DNI_ERROR_CALLBACK. A message set by
 *   dni_fail() is kept.
 * - Floating point. What computes a step, a prediction or a product takes denormal numbers (below
 *   1.2e-38 in float, 2.2e-308 in double) as 0 and rounds to nearest, on x86 with SSE and on
 *   aarch64; other processors have no such mode. So a training does not become slow when numbers
 *   fade. The caller's mode and exception flags are as they were when the call returns, however it
 *   ends, and callbacks run in the caller's mode; on a thread of the library's own, in the mode of
 *   who made it. A CBLAS uses its own threads in their own mode.
 * - Stack. A call needs at most 112 KiB, so a thread of 128 KiB is enough for one that has little
 *   else on its stack; callbacks, and a CBLAS, need what they need in addition. The library's own
 *   threads have 2 MiB, whatever the limits of the process are; callbacks may run there.
 * - fork. In a forked child, releasing handles is allowed: it frees memory and calls the caller's
 *   destroy functions, and does nothing else. Calls on a trainer with threads are DNI_ERROR_STATE
 *   there; a backend with threads works with one.
 * - The library never ends the process, prints, reads the environment, or changes the settings of
 *   another library in the process unless asked to.
 *
 * The headers are C99 and C++, and plain enough for foreign-function interfaces: fixed-width
 * integers, size_t, double and pointers; no struct is passed by value, no function is variadic, and
 * no macro is needed. */
#ifndef DNI_H
#define DNI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DNI_H_INSIDE
#include "dni/types.h"
#include "dni/status.h"
#include "dni/matrix.h"
#include "dni/settings.h"
#include "dni/context.h"
#include "dni/file.h"
#include "dni/backend.h"
#include "dni/layer.h"
#include "dni/loss.h"
#include "dni/schedule.h"
#include "dni/optimiser.h"
#include "dni/sg.h"
#include "dni/network.h"
#include "dni/dataset.h"
#include "dni/trainer.h"
#include "dni/checkpoint.h"
#undef DNI_H_INSIDE

#ifdef __cplusplus
}
#endif

#endif
