/** \file
 * libdni for C++17: classes for its handles, exceptions for its failures. Headers alone; link libdni.
 *
 * Names follow the C interface: dni_layer_create_dense(context, 784, 512, activation, &layer) is
 * dni::layer::dense(context, 784, 512, activation), dni_trainer_step(trainer, ...) is trainer.step(...). Handles are
 * values: a copy is another reference to the same object. Options are pointers as in C: nullptr, or to a
 * dni::options<dni_sg_options> and so on, which has its size set and everything else 0. A failure throws a dni::error; what a callback of yours throws is thrown
 * again by the call that ran it. */
#ifndef DNI_HPP
#define DNI_HPP

#include "dni/cpp/bodies.hpp"

#endif
