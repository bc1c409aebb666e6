// The JSON of mythos.v1: control messages that the server sends, and commands
// that it receives. Pure functions on text; any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "protocol/wire.hpp"

namespace mythos::protocol {

struct Welcome {
    std::string session_id;
    std::string client_id;
    std::string connection_id;
    std::string player_id;
    Wire wire = Wire::websocket;
    std::string mode;  // "mirror", or "standby" or "active" would be for later; what was granted
    std::string epoch;
    std::string cursor;  // the stream begins after it
    std::string head;
    std::optional<bool> recovered;  // null: no cursor given, or a standby
    std::uint64_t replayed = 0;     // entries about to be sent again
    std::int64_t heartbeat_ms = 0;
    std::int64_t resume_window_s = 0;
};

struct Gap {
    std::optional<std::string> after;  // exclusive; null for a foreign epoch or a cursor from the future
    std::string before;                // exclusive
    std::optional<std::uint64_t> lost;
    std::optional<std::uint64_t> at_most;
    std::string reason;  // retention, session_expired, foreign_epoch, future_cursor
};

std::string welcome_json(const Welcome& welcome);
std::string gap_json(const Gap& gap);
std::string promoted_json(std::string_view cursor);
std::string heartbeat_json(std::string_view cursor, std::string_view head, WallTime ts);
std::string draining_json(std::int64_t reconnect_after_ms, std::string_view reason);
std::string closed_json(CloseCode code, std::string_view reason);

// A reply to a command. `command_id` is null for input that had none to read.
// `data` is JSON text, empty for none.
std::string reply_ok_json(const std::optional<std::string>& command_id, std::string_view data);
void append_reply_ok(std::string& out, const std::optional<std::string_view>& command_id, std::string_view data);
std::string reply_error_json(const std::optional<std::string>& command_id, const Error& error, bool retryable);

// One command as a client sent it.
struct Command {
    std::string id;            // empty: fire-and-forget
    std::uint64_t number = 0;  // the number that the id ends in
    std::string type;
    std::string data;               // the JSON text of `data` as sent, less white space; "{}" if absent
    std::uint64_t fingerprint = 0;  // of type and data, to tell a repeat from a conflict
};

// Reads one command. Errors: `bad_json` (not JSON, not UTF-8, nested too deep) and
// `bad_command` (not an object, no `type`, an id that is not text ending in a number).
// A command whose id could be read says so in `id_of_bad`.
Result<Command> parse_command(std::string_view text, std::optional<std::string>* id_of_bad = nullptr);

// One or several: an object, or an array of objects, each read by itself.
// The outer error is `bad_json`; at most `limit` elements, beyond it `too_big`.
struct ParsedCommand {
    std::optional<std::string> id;  // as far as it could be read
    Result<Command> command;
};
Result<std::vector<ParsedCommand>> parse_commands(std::string_view body, std::size_t limit);

// One message that an application or a player asks to have delivered.
struct Publish {
    enum class To : std::uint8_t { channel, player, everyone } to = To::channel;
    std::string name;  // channel or player
    std::string type;
    std::string data;  // JSON text, without line breaks
    std::string key;
};

// Reads the object of `publish`. Errors: `bad_command` (which member, what it must be)
// and `reserved_type` for types beginning `mythos.` or `presence.`.
Result<Publish> parse_publish(std::string_view object_text);

// The body of POST /api/publish: one object, or {"messages":[…]} of at most `limit`.
// The error's message names the index of the bad element, which `bad_index` is set to.
struct PublishBody {
    std::vector<Publish> messages;
    bool batch = false;
};
Result<PublishBody> parse_publish_body(std::string_view body, std::size_t limit,
                                       std::optional<std::size_t>* bad_index = nullptr);

// A channel name: 1 to 256 bytes of UTF-8 without control characters.
bool is_valid_channel(std::string_view name);
Error bad_channel();  // what to answer to one that is not

}  // namespace mythos::protocol
