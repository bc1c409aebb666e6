#include "bindings/client_values.hpp"

#include <pybind11/stl.h>

#include <stdexcept>
#include <vector>

namespace mythos::bindings {
namespace {

namespace py = pybind11;
using namespace protocol;

using Words = std::vector<std::string>;

Mode mode_of(std::string_view name) {
    if (name == to_string(Mode::mirror)) return Mode::mirror;
    if (name == to_string(Mode::standby)) return Mode::standby;
    throw py::value_error("mode is 'mirror' or 'standby', not '" + std::string(name) + "'");
}

Words wires_of(const ClientConfig& config) {
    Words used;
    for (const Wire wire : kClientWires) {
        if (config.use_wire[index_of(wire)]) used.emplace_back(to_string(wire));
    }
    return used;
}

void use_wires(ClientConfig& config, const Words& names) {
    config.use_wire = {false, false};
    for (const std::string& name : names) config.use_wire[index_of(wire_of(name))] = true;
}

using ConfigClass = py::class_<ClientConfig>;

template <Duration ClientConfig::*Member>
void milliseconds_property(ConfigClass& config, const char* name) {
    config.def_property(
        name, [](const ClientConfig& c) { return (c.*Member).ms(); },
        [](ClientConfig& c, std::int64_t ms) { c.*Member = milliseconds(ms); });
}

// A class of values that Python only reads.
template <class T>
class Values {
public:
    Values(py::module_& module, const char* name, const char* doc) : class_(module, name, doc) {}

    template <class Get>
    Values& with(const char* name, Get get) {
        class_.def_property_readonly(name, get);
        return *this;
    }
    Values& wire(const char* name, Wire T::*member) {
        return with(name, [member](const T& value) { return to_string(value.*member); });
    }
    Values& text(const char* name, std::string T::*member) {
        return with(name, [member](const T& value) -> const std::string& { return value.*member; });
    }
    Values& text_or_none(const char* name, std::string T::*member) {
        return with(name, [member](const T& value) { return bindings::text_or_none(value.*member); });
    }
    template <class N>
    Values& plain(const char* name, N T::*member) {
        return with(name, [member](const T& value) { return value.*member; });
    }

private:
    py::class_<T> class_;
};

void bind_shell_orders(py::module_& module) {
    Values<OpenWire>(module, "OpenWire", "Open this wire with these query parameters; None: leave out.")
        .wire("wire", &OpenWire::wire)
        .plain("attempt", &OpenWire::attempt)
        .text_or_none("session_id", &OpenWire::session_id)
        .text("client_id", &OpenWire::client_id)
        .with("cursor", [](const OpenWire& o) { return cursor_or_none(o.cursor); })
        .with("mode", [](const OpenWire& o) { return to_string(o.mode); });
    Values<CloseWire>(module, "CloseWire", "Close this connection; no report about it is expected any more.")
        .wire("wire", &CloseWire::wire)
        .plain("attempt", &CloseWire::attempt)
        .plain("code", &CloseWire::code)
        .text("reason", &CloseWire::reason);
    Values<SendText>(module, "SendText", "Send this text frame on the WebSocket of that attempt.")
        .plain("attempt", &SendText::attempt)
        .text("text", &SendText::text);
    Values<PostCommands>(module, "PostCommands", "POST this JSON array, then report by `post_answered`.")
        .plain("post_id", &PostCommands::post_id)
        .text_or_none("session_id", &PostCommands::session_id)
        .text("client_id", &PostCommands::client_id)
        .text("body", &PostCommands::body);
}

void bind_stream(py::module_& module) {
    Values<DeliverEntry>(module, "DeliverEntry", "The next entry; `json` is the message as it was received.")
        .wire("wire", &DeliverEntry::wire)
        .with("id", [](const DeliverEntry& o) { return format_cursor(o.id); })
        .text("type", &DeliverEntry::type)
        .text("json", &DeliverEntry::json);
    Values<TellGap>(module, "TellGap", "What lies between `after` and `before`, both exclusive, will not come.")
        .with("after", [](const TellGap& o) { return cursor_or_none(o.after); })
        .with("before", [](const TellGap& o) { return format_cursor(o.before); })
        .plain("lost", &TellGap::lost)
        .plain("at_most", &TellGap::at_most)
        .text("reason", &TellGap::reason);
    Values<CommandReply>(module, "CommandReply", "The answer to a command; `data` is JSON text.")
        .text("command_id", &CommandReply::command_id)
        .plain("ok", &CommandReply::ok)
        .text_or_none("data", &CommandReply::data)
        .text_or_none("error_code", &CommandReply::error_code)
        .text_or_none("error_message", &CommandReply::error_message);
    Values<OutcomeUnknown>(module, "OutcomeUnknown", "A command that was executed or not, and is not sent again.")
        .text("command_id", &OutcomeUnknown::command_id)
        .text("reason", &OutcomeUnknown::reason);
}

void bind_tidings(py::module_& module) {
    Values<WireChanged>(module, "WireChanged", "A wire's status changed.")
        .wire("wire", &WireChanged::wire)
        .with("status", [](const WireChanged& o) { return wire_status_name(o.status); })
        .text("reason", &WireChanged::reason);
    Values<FailedOver>(module, "FailedOver", "The stream goes on on another wire.")
        .with("from_wire", [](const FailedOver& o) { return to_string(o.from); })
        .with("to_wire", [](const FailedOver& o) { return to_string(o.to); });
    Values<SessionJoined>(module, "SessionJoined", "A session was joined; `fresh`: without the earlier subscriptions.")
        .text("session_id", &SessionJoined::session_id)
        .text_or_none("player_id", &SessionJoined::player_id)
        .text("epoch", &SessionJoined::epoch)
        .plain("fresh", &SessionJoined::fresh);
    Values<Stopped>(module, "Stopped", "Nothing further happens by itself.").text("reason", &Stopped::reason);
}

}  // namespace

Wire wire_of(std::string_view name) {
    if (name == to_string(Wire::websocket)) return Wire::websocket;
    if (name == to_string(Wire::sse)) return Wire::sse;
    throw py::value_error("a wire is 'websocket' or 'sse', not '" + std::string(name) + "'");
}

std::optional<Cursor> cursor_of(const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    auto cursor = parse_cursor(*text);
    if (!cursor) throw py::value_error("a cursor is '<epoch>-<seq>', not '" + *text + "'");
    return cursor;
}

py::object text_or_none(const std::string& text) {
    if (text.empty()) return py::none();
    return py::str(text);
}

py::object cursor_or_none(const std::optional<Cursor>& cursor) {
    if (!cursor) return py::none();
    return py::str(format_cursor(*cursor));
}

void bind_client_config(py::module_& module) {
    ConfigClass config(module, "ClientConfig", "What a DualClient is told once; the defaults are the product's.");
    config.def(py::init<>())
        .def_readwrite("client_id", &ClientConfig::client_id)
        .def_readwrite("session_id", &ClientConfig::session_id)
        .def_property(
            "cursor", [](const ClientConfig& c) { return cursor_or_none(c.cursor); },
            [](ClientConfig& c, const std::optional<std::string>& text) { c.cursor = cursor_of(text); })
        .def_property(
            "mode", [](const ClientConfig& c) { return to_string(c.mode); },
            [](ClientConfig& c, std::string_view name) { c.mode = mode_of(name); })
        .def_property("wires", wires_of, use_wires)
        .def_readwrite("first_command", &ClientConfig::first_command)
        .def_readwrite("first_attempt", &ClientConfig::first_attempt)
        .def_readwrite("jitter_seed", &ClientConfig::jitter_seed)
        .def_readwrite("fixed_jitter", &ClientConfig::fixed_jitter)
        .def_readwrite("held_entries_max", &ClientConfig::held_entries_max)
        .def_readwrite("held_bytes_max", &ClientConfig::held_bytes_max)
        .def_readwrite("ack_entries", &ClientConfig::ack_entries)
        .def_readwrite("report_delay", &ClientConfig::report_delay)
        .def_readwrite("command_window", &ClientConfig::command_window)
        .def_readwrite("commands_queued_max", &ClientConfig::commands_queued_max)
        .def_readwrite("post_commands_max", &ClientConfig::post_commands_max)
        .def_readwrite("command_retries_max", &ClientConfig::command_retries_max);
    milliseconds_property<&ClientConfig::connect_timeout>(config, "connect_timeout_ms");
    milliseconds_property<&ClientConfig::ack_interval>(config, "ack_interval_ms");
    milliseconds_property<&ClientConfig::backoff_max>(config, "backoff_max_ms");
}

void bind_client_outputs(py::module_& module) {
    bind_shell_orders(module);
    bind_stream(module);
    bind_tidings(module);
}

}  // namespace mythos::bindings
