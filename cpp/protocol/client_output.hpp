// What a dual client asks its shell to do and tells its application.
//
// Values only; the shell owns what it takes. `attempt` numbers the connections of
// a client over both wires, so that a late report about an older connection is
// recognised and ignored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/ids.hpp"
#include "protocol/client_config.hpp"
#include "protocol/client_wires.hpp"

namespace mythos::protocol {

// Shell: open this wire with these query parameters (empty or nullopt: leave out).
struct OpenWire {
    Wire wire;
    std::uint64_t attempt;
    std::string session_id;
    std::string client_id;
    std::optional<Cursor> cursor;
    Mode mode;
};

// Shell: close this connection; no report about it is expected any more.
// `code` is the WebSocket close code (an SSE stream is just closed).
struct CloseWire {
    Wire wire;
    std::uint64_t attempt;
    int code;
    std::string reason;
};

// Shell: send this text frame on the WebSocket of that attempt.
struct SendText {
    std::uint64_t attempt;
    std::string text;
};

// Shell: POST /api/commands?session_id=…&client_id=… with this body (a JSON array),
// then report by `post_answered`. A post that fails is not repeated by the shell.
struct PostCommands {
    std::uint64_t post_id;
    std::string session_id;
    std::string client_id;
    std::string body;
};

// Application: the next entry of the stream; `json` is the message as received.
struct DeliverEntry {
    Wire wire;
    Cursor id;
    std::string type;
    std::string json;
};

// Application: entries between `after` and `before` (both exclusive) will not come.
// `lost` is how many of them were owed, null where nobody knows; `at_most` the
// positions between. `after` is null where the old positions mean nothing any more.
struct TellGap {
    std::optional<Cursor> after;
    Cursor before;
    std::optional<std::uint64_t> lost;
    std::optional<std::uint64_t> at_most;
    std::string reason;
};

// Application: the server's answer to a command. `data` and `error_message` are
// empty where the server gave none; `data` is JSON text.
struct CommandReply {
    std::string command_id;
    bool ok;
    std::string data;
    std::string error_code;
    std::string error_message;
};

// Application: the command may or may not have been executed and is not sent again.
struct OutcomeUnknown {
    std::string command_id;
    std::string reason;  // session_changed, epoch_changed, session_replaced, session_expired, stale_id, stopped
};

enum class WireStatus : std::uint8_t {
    closed,      // waiting to reconnect
    connecting,  // opened, no welcome yet
    live,        // carries the stream
    standby,     // welcomed, carries heartbeats only
    unhealthy,   // welcomed, but a heartbeat was missed
    barred,      // will not come back by itself (4003, 204)
    refused,     // needs new credentials (4002, 401)
    off,         // not used, or the client is stopped
};

constexpr std::string_view wire_status_name(WireStatus status) {
    constexpr std::string_view kNames[] = {"closed",    "connecting", "live",    "standby",
                                           "unhealthy", "barred",     "refused", "off"};
    return kNames[static_cast<std::size_t>(status)];
}

// Application: a wire's status changed.
struct WireChanged {
    Wire wire;
    WireStatus status;
    std::string reason;
};

// Application: the stream goes on on another wire.
struct FailedOver {
    Wire from;
    Wire to;
};

// Application: a session was joined. `fresh` after another one or another epoch:
// its subscriptions are gone, subscribe again.
struct SessionJoined {
    std::string session_id;
    std::string player_id;
    std::string epoch;
    bool fresh;
};

// Application: nothing further happens by itself. `reason` is session_replaced,
// displaced or stopped.
struct Stopped {
    std::string reason;
};

using Output = std::variant<OpenWire, CloseWire, SendText, PostCommands, DeliverEntry, TellGap, CommandReply,
                            OutcomeUnknown, WireChanged, FailedOver, SessionJoined, Stopped>;
using Outputs = std::deque<Output>;

}  // namespace mythos::protocol
