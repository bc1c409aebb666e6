// What the server sends to a client, read from one JSON message (docs/reference/protocol.md).
//
// Of an entry only `id`, `type` and `ts` are kept: its text goes to the application as it
// came. Members that are not known are ignored, so that the protocol can grow.
// Pure; any thread. Cost: one pass over the text, no document is built for an entry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"

namespace mythos::protocol {

struct EntryMessage {
    Cursor id;
    std::string type;
    std::optional<double> ts = std::nullopt;
};

struct WelcomeMessage {
    std::string session_id;
    std::string client_id;
    std::string connection_id;
    std::string player_id;
    std::string mode;  // as granted; "standby" carries heartbeats only, all others the stream
    std::string epoch;
    Cursor cursor;  // of another epoch until the gap that follows
    std::optional<bool> recovered;
    std::optional<Duration> heartbeat;
};

struct GapMessage {
    std::optional<Cursor> after;
    Cursor before;
    std::optional<std::uint64_t> lost;
    std::optional<std::uint64_t> at_most;
    std::string reason;
};

struct PromotedMessage {
    Cursor cursor;
};

struct ReplyMessage {
    std::optional<std::string> command_id;
    bool ok = false;
    std::string data;  // JSON text, empty for none
    std::string error_code;
    std::string error_message;
    bool retryable = false;
};

struct HeartbeatMessage {
    Cursor cursor;
    std::optional<Cursor> head = std::nullopt;
    std::optional<double> ts = std::nullopt;
};

struct DrainingMessage {
    Duration reconnect_after;
};

struct ClosedMessage {
    int code = 0;
    std::string reason;
};

// A `mythos.` type that this client does not know: ignored, counted.
struct UnknownMessage {};

// Not JSON, not an object, or without what its type must have: ignored, counted.
struct MalformedMessage {};

using ServerMessage = std::variant<EntryMessage, WelcomeMessage, GapMessage, PromotedMessage, ReplyMessage,
                                   HeartbeatMessage, DrainingMessage, ClosedMessage, UnknownMessage, MalformedMessage>;

ServerMessage parse_server_message(std::string_view json);

// The body that answers POST /api/commands: an array of `mythos.reply` messages.
// nullopt if it is not one; elements that cannot be read are left out.
std::optional<std::vector<ReplyMessage>> parse_replies(std::string_view body);

}  // namespace mythos::protocol
