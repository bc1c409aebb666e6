#include "protocol/vector_player.hpp"

#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

namespace mythos::protocol {
namespace {

using Json = nlohmann::json;

Wire wire_of(const Json& name) {
    if (name == "websocket") return Wire::websocket;
    if (name == "sse") return Wire::sse;
    throw std::invalid_argument("no such wire: " + name.dump());
}

Duration ms_of(const Json& value) { return milliseconds(value.get<std::int64_t>()); }

const std::map<std::string, std::size_t ClientConfig::*> kBounds{
    {"held_entries_max", &ClientConfig::held_entries_max},
    {"held_bytes_max", &ClientConfig::held_bytes_max},
    {"ack_entries", &ClientConfig::ack_entries},
    {"command_window", &ClientConfig::command_window},
    {"commands_queued_max", &ClientConfig::commands_queued_max},
    {"post_commands_max", &ClientConfig::post_commands_max},
};

ClientConfig config_of(const Json& json, const ClientFaults& faults) {
    static const std::set<std::string> kOthers{"client_id",     "session_id", "cursor",
                                               "mode",          "wires",      "connect_timeout_ms",
                                               "first_command", "jitter",     "command_retries_max"};
    ClientConfig c;
    c.faults = faults;
    for (const auto& [name, value] : json.items()) {
        const auto bound = kBounds.find(name);
        if (bound != kBounds.end()) c.*bound->second = value;
        if (bound == kBounds.end() && kOthers.count(name) == 0) throw std::invalid_argument("no such option: " + name);
    }
    c.client_id = json.value("client_id", "");
    c.session_id = json.value("session_id", "");
    if (json.contains("cursor")) c.cursor = parse_cursor(json.at("cursor").get<std::string>());
    if (json.value("mode", "") == "standby") c.mode = Mode::standby;
    c.first_command = json.value("first_command", c.first_command);
    c.fixed_jitter = json.value("jitter", 0.5);
    c.connect_timeout = milliseconds(json.value("connect_timeout_ms", c.connect_timeout.ms()));
    c.command_retries_max = json.value("command_retries_max", c.command_retries_max);
    if (json.contains("wires")) {
        c.use_wire = {false, false};
        for (const Json& wire : json.at("wires")) c.use_wire[index_of(wire_of(wire))] = true;
    }
    return c;
}

std::string text_of(const Json& object, const char* json_member) {
    if (object.contains("text")) return object.at("text");
    return object.contains(json_member) ? object.at(json_member).dump() : std::string();
}

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }
Json or_null(const std::optional<Cursor>& cursor) { return cursor ? Json(format_cursor(*cursor)) : Json(); }
Json or_null(const std::optional<std::uint64_t>& n) { return n ? Json(*n) : Json(); }
Json parsed(const std::string& text) { return text.empty() ? Json() : Json::parse(text); }
Json named(Wire wire) { return std::string(to_string(wire)); }

struct Canonical {
    Json operator()(const OpenWire& o) const {
        return {{"open",
                 {{"wire", named(o.wire)},
                  {"attempt", o.attempt},
                  {"session_id", or_null(o.session_id)},
                  {"client_id", o.client_id},
                  {"cursor", or_null(o.cursor)},
                  {"mode", std::string(to_string(o.mode))}}}};
    }
    Json operator()(const CloseWire& o) const {
        return {{"close", {{"wire", named(o.wire)}, {"attempt", o.attempt}, {"code", o.code}, {"reason", o.reason}}}};
    }
    Json operator()(const SendText& o) const {
        return {{"send", {{"attempt", o.attempt}, {"message", parsed(o.text)}}}};
    }
    Json operator()(const PostCommands& o) const {
        return {{"post",
                 {{"post_id", o.post_id},
                  {"session_id", o.session_id},
                  {"client_id", o.client_id},
                  {"body", parsed(o.body)}}}};
    }
    Json operator()(const DeliverEntry& o) const {
        return {
            {"entry",
             {{"wire", named(o.wire)}, {"id", format_cursor(o.id)}, {"type", o.type}, {"message", parsed(o.json)}}}};
    }
    Json operator()(const TellGap& o) const {
        return {{"gap",
                 {{"after", or_null(o.after)},
                  {"before", format_cursor(o.before)},
                  {"lost", or_null(o.lost)},
                  {"at_most", or_null(o.at_most)},
                  {"reason", o.reason}}}};
    }
    Json operator()(const CommandReply& o) const {
        return {{"reply",
                 {{"command_id", o.command_id},
                  {"ok", o.ok},
                  {"data", parsed(o.data)},
                  {"error_code", or_null(o.error_code)}}}};
    }
    Json operator()(const OutcomeUnknown& o) const {
        return {{"outcome_unknown", {{"command_id", o.command_id}, {"reason", o.reason}}}};
    }
    Json operator()(const WireChanged& o) const {
        return {{"wire",
                 {{"wire", named(o.wire)}, {"status", std::string(wire_status_name(o.status))}, {"reason", o.reason}}}};
    }
    Json operator()(const FailedOver& o) const {
        return {{"failed_over", {{"from", named(o.from)}, {"to", named(o.to)}}}};
    }
    Json operator()(const SessionJoined& o) const {
        return {{"session",
                 {{"session_id", o.session_id},
                  {"player_id", or_null(o.player_id)},
                  {"epoch", o.epoch},
                  {"fresh", o.fresh}}}};
    }
    Json operator()(const Stopped& o) const { return {{"stopped", {{"reason", o.reason}}}}; }
};

std::optional<Duration> retry_after_of(const Json& json) {
    if (!json.contains("retry_after_ms")) return std::nullopt;
    return ms_of(json.at("retry_after_ms"));
}

}  // namespace

VectorPlayer::VectorPlayer(const Json& config, const ClientFaults& faults) : client_(config_of(config, faults)) {}

Json VectorPlayer::play(const Json& step) {
    Json played = step;
    now_ = MonoTime{} + ms_of(step.at("at_ms"));
    input(step, played);
    played["expect"] = Json::array();
    for (const Output& output : std::exchange(client_.outputs(), {})) {
        played["expect"].push_back(std::visit(Canonical{}, output));
    }
    const auto deadline = client_.next_deadline();
    played["deadline_ms"] = deadline ? Json(static_cast<double>(deadline->ns) / 1e6) : Json();
    return played;
}

void VectorPlayer::input(const Json& step, Json& played) {
    if (step.contains("start")) return client_.start(now_);
    if (step.contains("stop")) return client_.stop(now_);
    if (step.contains("tick")) return client_.tick(now_);
    if (step.contains("credentials_renewed")) return client_.credentials_renewed(now_);
    if (step.contains("statistics")) return client_.set_statistics(step.at("statistics").dump());
    if (step.contains("opened")) {
        const Json& in = step.at("opened");
        return client_.wire_opened(now_, wire_of(in.at("wire")), in.at("attempt"));
    }
    if (step.contains("message")) {
        const Json& in = step.at("message");
        return client_.message(now_, wire_of(in.at("wire")), in.at("attempt"), text_of(in, "json"));
    }
    if (step.contains("closed")) {
        const Json& in = step.at("closed");
        const CloseInfo info{in.value("code", 0), in.value("http_status", 0), in.value("reason", ""),
                             retry_after_of(in)};
        return client_.wire_closed(now_, wire_of(in.at("wire")), in.at("attempt"), info);
    }
    if (step.contains("answered")) {
        const Json& in = step.at("answered");
        return client_.post_answered(now_, in.at("post_id"), in.at("status"), text_of(in, "body"), retry_after_of(in));
    }
    if (step.contains("command")) {
        const Json& in = step.at("command");
        const auto id = client_.send_command(now_, in.at("type").get<std::string>(), text_of(in, "data"));
        played["result"] = id ? Json{{"id", *id}} : Json{{"error", id.error().code}};
        return;
    }
    throw std::invalid_argument("a step without input: " + step.dump());
}

Json VectorPlayer::end() const {
    const MergeCounters& c = client_.merge_counters();
    return {{"applied", or_null(client_.applied())},
            {"delivered", c.delivered},
            {"duplicates", c.duplicates},
            {"gaps_told", c.gaps_told},
            {"lost", c.lost},
            {"other_epoch", c.other_epoch},
            {"without_place", c.without_place},
            {"holds_dropped", c.holds_dropped},
            {"malformed", client_.malformed()},
            {"unknown_types", client_.unknown_types()},
            {"commands_open", client_.commands_open()}};
}

}  // namespace mythos::protocol
