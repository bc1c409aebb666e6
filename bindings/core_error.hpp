// The core's one error currency, Result<T>, as the one exception that the module raises for it: `_core.CoreError(code,
// message)`. The package turns it into its own typed errors. With the GIL held.
#pragma once

#include <pybind11/pybind11.h>

#include <utility>

#include "base/result.hpp"

namespace mythos::bindings {

[[noreturn]] void raise_core_error(const Error& error);

inline void raise_if_failed(const Result<void>& result) {
    if (!result) raise_core_error(result.error());
}

template <class T>
T value_or_raise(Result<T> result) {
    if (!result) raise_core_error(result.error());
    return std::move(result).value();
}

}  // namespace mythos::bindings
