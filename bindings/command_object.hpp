// `mythos.Command`: one command of a client, as its handler gets it.
//
// A type of its own by Python's C interface, because pybind11's objects and a class in Python take several times as
// long to make as an echo takes to run. It holds the core's own texts and makes Python's of those that are asked for.
// With the GIL held.
#pragma once

#include <pybind11/pybind11.h>

#include "hub/handlers.hpp"

namespace mythos::bindings {

pybind11::object command_object(hub::SharedCall call);

// The call that a command was made of. TypeError where it is none.
const hub::HandlerCall& call_of(pybind11::handle command);

}  // namespace mythos::bindings
