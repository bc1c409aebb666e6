#include <pybind11/pybind11.h>

#include "bindings/python_log.hpp"
#include "bindings/register.hpp"
#include "bindings/shared_sink.hpp"
#include "server/settings.hpp"

namespace mythos::bindings {

void bind_log(py::module_& module) {
    py::class_<PythonLog>(module, "Log", "A way into the log of the servers in this process.")
        .def(py::init<const py::dict&>(), py::arg("options"))
        .def("write", &PythonLog::write, py::arg("level"), py::arg("epoch_s"), py::arg("logger"), py::arg("event"),
             py::arg("fields").none(false))
        .def("reopen", &PythonLog::reopen)
        .def("statistics", &PythonLog::statistics)
        .def("close", &PythonLog::close)
        .def("abandon", &PythonLog::abandon);
    module.attr("PROGRAM_LOG_FILE") = server::kProgramLogFile;
    module.def("forget_sinks", &forget_sinks, "For the child of a fork: no sink of the parent is used again.");
}

}  // namespace mythos::bindings
