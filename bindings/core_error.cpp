#include "bindings/core_error.hpp"

#include "bindings/register.hpp"

namespace mythos::bindings {
namespace {

namespace py = pybind11;

constexpr const char* kName = "mythos._core.CoreError";
PYBIND11_CONSTINIT py::gil_safe_call_once_and_store<py::object> core_error;

}  // namespace

void bind_core_error(py::module_& module) {
    core_error.call_once_and_store_result([] {
        return py::reinterpret_steal<py::object>(PyErr_NewExceptionWithDoc(
            kName, "An error of the core; args are its code and a sentence.", nullptr, nullptr));
    });
    module.attr("CoreError") = core_error.get_stored();
}

void raise_core_error(const Error& error) {
    PyErr_SetObject(core_error.get_stored().ptr(), py::make_tuple(error.code, error.message).ptr());
    throw py::error_already_set();
}

}  // namespace mythos::bindings
