#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "bindings/register.hpp"
#include "bindings/server_core.hpp"
#include "hub/handlers.hpp"
#include "server/greeting.hpp"

namespace mythos::bindings {

void bind_server(py::module_& module) {
    py::class_<ServerCore>(module, "ServerCore", "A server in this process. Raises CoreError `stopped` after stop().")
        .def(py::init<const py::dict&>(), py::arg("options"))
        .def_property_readonly("port", &ServerCore::port)
        .def_property_readonly("monitor_port", &ServerCore::monitor_port,
                               "Of the listener for monitoring alone; 0: there is none.")
        .def("options", &ServerCore::options)
        .def("reload", &ServerCore::reload, py::arg("options"))
        .def("reopen_log", &ServerCore::reopen_log)
        .def("publish", &ServerCore::publish, py::arg("body"))
        .def("disconnect", &ServerCore::disconnect, py::arg("player_id"), py::arg("session_id"),
             py::arg("connection_id"), py::arg("code"), py::arg("reason"))
        .def("replace_session", &ServerCore::replace_session, py::arg("player_id"))
        .def("subscribe", &ServerCore::subscribe, py::arg("player_id"), py::arg("channels"), py::arg("presence"))
        .def("unsubscribe", &ServerCore::unsubscribe, py::arg("player_id"), py::arg("channels"))
        .def("connections", &ServerCore::connections, py::arg("player_id"))
        .def("all_connections", &ServerCore::all_connections)
        .def("channels", &ServerCore::channels)
        .def("presence", &ServerCore::presence, py::arg("channel"))
        .def("monitoring", &ServerCore::monitoring, py::arg("route"), py::arg("parameter"), py::arg("query"))
        .def("session_count", &ServerCore::session_count)
        .def("connection_count", &ServerCore::connection_count)
        .def("history", &ServerCore::history, py::arg("connections"), py::arg("player_id"), py::arg("session_id"),
             py::arg("since"), py::arg("limit"))
        .def("flush_history", &ServerCore::flush_history, py::arg("timeout_s"))
        .def("store_probe", &ServerCore::store_probe)
        .def("calls_descriptor", &ServerCore::calls_descriptor)
        .def("set_types", &ServerCore::set_types, py::arg("types"))
        .def("set_questions", &ServerCore::set_questions, py::arg("questions"))
        .def("take_calls", &ServerCore::take_calls, py::arg("max"))
        .def("answer_calls", &ServerCore::answer_calls, py::arg("answers"))
        .def("close_calls", &ServerCore::close_calls)
        .def("add_health", &ServerCore::add_health, py::arg("name"), py::arg("critical"), py::arg("interval_s"),
             py::arg("timeout_s"), py::arg("tags"))
        .def("remove_health", &ServerCore::remove_health, py::arg("name"))
        .def("report_health", &ServerCore::report_health, py::arg("name"), py::arg("status"), py::arg("took_s"),
             py::arg("details"))
        .def("note_check_failure", &ServerCore::note_check_failure, py::arg("name"), py::arg("code"), py::arg("why"))
        .def("health", &ServerCore::health)
        .def("record_error", &ServerCore::record_error, py::arg("type"), py::arg("severity"), py::arg("code"),
             py::arg("message"), py::arg("player_id"), py::arg("session_id"), py::arg("connection_id"),
             py::arg("details"))
        .def("samples", &ServerCore::samples)
        .def("tell_alerts", &ServerCore::tell_alerts, py::arg("report"), py::arg("metrics"))
        .def("errors", &ServerCore::errors, py::arg("recent_max"))
        .def("drain", &ServerCore::drain, py::arg("spread_ms"), py::arg("reason"))
        .def("is_drained", &ServerCore::is_drained)
        .def("stop", &ServerCore::stop)
        .def("abandon", &ServerCore::abandon);
    module.def("greeting", &server::greeting, py::arg("host"), py::arg("port"),
               "The addresses of a server, and three commands to try, for a person.");
    module.def(
        "is_valid_name", [](std::string_view name) { return is_valid_name(name, kNameBytesMax); }, py::arg("name"),
        "Whether it can name a player, a session or a client.");
    module.def("is_built_in", &hub::is_built_in, py::arg("type"), "Whether the core executes this command itself.");
}

}  // namespace mythos::bindings
