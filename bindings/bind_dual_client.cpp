// The merging client of `mythos.v1` for Python, which gives it sockets and a clock (python/mythos/client_shell.py).
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <utility>
#include <variant>

#include "bindings/client_values.hpp"
#include "bindings/core_error.hpp"
#include "bindings/register.hpp"
#include "protocol/dual_client.hpp"

namespace mythos::bindings {
namespace {

namespace py = pybind11;
using namespace protocol;

MonoTime at(std::int64_t now_ns) { return MonoTime{now_ns}; }

std::optional<Duration> optional_ms(std::optional<std::int64_t> ms) {
    if (!ms) return std::nullopt;
    return milliseconds(*ms);
}

py::list take_outputs(DualClient& client) {
    py::list taken;
    for (Output& output : std::exchange(client.outputs(), {})) {
        taken.append(std::visit([](auto&& value) { return py::cast(std::move(value)); }, std::move(output)));
    }
    return taken;
}

py::dict counters(const DualClient& client) {
    const MergeCounters& c = client.merge_counters();
    py::dict all;
    all["delivered"] = c.delivered;
    all["duplicates"] = c.duplicates;
    all["gaps_told"] = c.gaps_told;
    all["lost"] = c.lost;
    all["other_epoch"] = c.other_epoch;
    all["without_place"] = c.without_place;
    all["holds_dropped"] = c.holds_dropped;
    all["malformed"] = client.malformed();
    all["unknown_types"] = client.unknown_types();
    all["commands_open"] = client.commands_open();
    return all;
}

std::optional<std::int64_t> deadline_ns(const DualClient& client) {
    const auto deadline = client.next_deadline();
    if (!deadline) return std::nullopt;
    return deadline->ns;
}

using Class = py::class_<DualClient>;

void bind_inputs(Class& client) {
    client
        .def(
            "start", [](DualClient& c, std::int64_t now_ns) { c.start(at(now_ns)); }, py::arg("now_ns"))
        .def(
            "stop", [](DualClient& c, std::int64_t now_ns) { c.stop(at(now_ns)); }, py::arg("now_ns"))
        .def(
            "tick", [](DualClient& c, std::int64_t now_ns) { c.tick(at(now_ns)); }, py::arg("now_ns"))
        .def(
            "wire_opened",
            [](DualClient& c, std::int64_t now_ns, std::string_view wire, std::uint64_t attempt) {
                c.wire_opened(at(now_ns), wire_of(wire), attempt);
            },
            py::arg("now_ns"), py::arg("wire"), py::arg("attempt"))
        .def(
            "message",
            [](DualClient& c, std::int64_t now_ns, std::string_view wire, std::uint64_t attempt,
               std::string_view json) { c.message(at(now_ns), wire_of(wire), attempt, json); },
            py::arg("now_ns"), py::arg("wire"), py::arg("attempt"), py::arg("json"))
        .def(
            "wire_closed",
            [](DualClient& c, std::int64_t now_ns, std::string_view wire, std::uint64_t attempt, int code,
               int http_status, std::string reason, std::optional<std::int64_t> retry_after_ms) {
                const CloseInfo info{code, http_status, std::move(reason), optional_ms(retry_after_ms)};
                c.wire_closed(at(now_ns), wire_of(wire), attempt, info);
            },
            py::arg("now_ns"), py::arg("wire"), py::arg("attempt"), py::kw_only(), py::arg("code") = 0,
            py::arg("http_status") = 0, py::arg("reason") = "", py::arg("retry_after_ms") = py::none())
        .def(
            "post_answered",
            [](DualClient& c, std::int64_t now_ns, std::uint64_t post_id, int status, std::string_view body,
               std::optional<std::int64_t> retry_after_ms) {
                c.post_answered(at(now_ns), post_id, status, body, optional_ms(retry_after_ms));
            },
            py::arg("now_ns"), py::arg("post_id"), py::arg("status"), py::arg("body"), py::kw_only(),
            py::arg("retry_after_ms") = py::none());
}

void bind_application(Class& client) {
    client
        .def(
            "send_command",
            [](DualClient& c, std::int64_t now_ns, std::string_view type, std::string_view data) {
                return value_or_raise(c.send_command(at(now_ns), type, data));
            },
            py::arg("now_ns"), py::arg("type"), py::arg("data") = "",
            "Queues a command and gives its id; `data` is JSON text.")
        .def("set_statistics", &DualClient::set_statistics, py::arg("json"))
        .def(
            "credentials_renewed", [](DualClient& c, std::int64_t now_ns) { c.credentials_renewed(at(now_ns)); },
            py::arg("now_ns"));
}

void bind_state(Class& client) {
    client.def("take_outputs", take_outputs, "What is to be done and told since the last call, in order.")
        .def("counters", counters, "Totals since construction.")
        .def_property_readonly("next_deadline_ns", deadline_ns)
        .def_property_readonly("applied", [](const DualClient& c) { return cursor_or_none(c.applied()); })
        .def_property_readonly("session_id", [](const DualClient& c) { return text_or_none(c.session_id()); })
        .def(
            "wire_status",
            [](const DualClient& c, std::string_view wire) { return wire_status_name(c.wire_status(wire_of(wire))); },
            py::arg("wire"));
}

}  // namespace

void bind_dual_client(py::module_& module) {
    bind_client_config(module);
    bind_client_outputs(module);
    Class client(module, "DualClient",
                 "Two wires in, one ordered stream out; without I/O.\n\n"
                 "The shell reports what happens with a `now_ns` that never goes back, takes all outputs after every\n"
                 "input, and calls `tick` at `next_deadline_ns`. One thread at a time.");
    client.def(py::init<ClientConfig>(), py::arg("config"));
    bind_inputs(client);
    bind_application(client);
    bind_state(client);
}

}  // namespace mythos::bindings
