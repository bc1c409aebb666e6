// What Python handlers answer, as the core takes it. With the GIL held.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string>

#include "hub/handlers.hpp"

namespace mythos::bindings {

// (command, data) or (command, code, message, retryable). The data goes to the end of `texts`; what is longer than
// `bytes_max` or too deep for clients becomes `handler_failed`. TypeError where it is neither.
hub::HandlerAnswer answer_of(PyObject* given, std::size_t bytes_max, const std::shared_ptr<std::string>& texts);

}  // namespace mythos::bindings
