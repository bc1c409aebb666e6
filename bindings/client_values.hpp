// The merging client's values as Python knows them: wires and modes are words, cursors are `<epoch>-<seq>`, what is
// absent is None, times are whole nanoseconds or milliseconds of a monotonic clock. With the GIL held.
#pragma once

#include <pybind11/pybind11.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "protocol/client_config.hpp"
#include "protocol/client_output.hpp"
#include "protocol/wire.hpp"

namespace mythos::bindings {

// Raise ValueError on a word that is none.
protocol::Wire wire_of(std::string_view name);
std::optional<Cursor> cursor_of(const std::optional<std::string>& text);

pybind11::object text_or_none(const std::string& text);
pybind11::object cursor_or_none(const std::optional<Cursor>& cursor);

void bind_client_config(pybind11::module_& module);
void bind_client_outputs(pybind11::module_& module);

}  // namespace mythos::bindings
