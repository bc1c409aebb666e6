// The parts of the extension module, one a file; module.cpp wires them and does nothing else. Called once, at import,
// with the GIL held.
#pragma once

#include <pybind11/pybind11.h>

namespace mythos::bindings {

void bind_command(pybind11::module_& module);
void bind_core_error(pybind11::module_& module);
void bind_dual_client(pybind11::module_& module);
void bind_log(pybind11::module_& module);
void bind_options(pybind11::module_& module);
void bind_server(pybind11::module_& module);
void bind_sse_decoder(pybind11::module_& module);
void bind_stats(pybind11::module_& module);
void bind_store(pybind11::module_& module);

}  // namespace mythos::bindings
