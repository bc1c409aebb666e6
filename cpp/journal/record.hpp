// What a journal stores: one message or one control record, complete in itself.
//
// A Record names its target, session and player by their public names, so that
// a durable journal can store it and a restarted process can read it back. The
// in-process handles (target numbers, counts) are given to the Entry that the
// record becomes, see entry.hpp.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "base/ids.hpp"

namespace mythos::journal {

enum class Kind : std::uint8_t {
    message,         // delivered to whom the target names
    session_opened,  // control entries: never delivered, they change what is owed from here on
    session_ended,
    subscribed,
    unsubscribed,
};

enum class TargetKind : std::uint8_t {
    none,      // control entries that concern no channel
    everyone,  // every living session
    player,    // the living session of a player
    channel,   // the sessions subscribed to a channel
    presence,  // those of them that asked for joins and leaves
};

struct Target {
    TargetKind kind = TargetKind::none;
    std::string name;  // player or channel; empty for everyone and none
    friend bool operator==(const Target&, const Target&) = default;
};

// The `head` of a session_ended record where a newer session took its place.
inline constexpr const char* kReplaced = "replaced";

struct Record {
    Kind kind = Kind::message;
    Target target;
    // Message: the JSON members after `id` and before `ts`, without the leading
    // comma, e.g. `"type":"chat.said","channel":"room:tavern"`; `data` is the JSON
    // of the member of that name. Control: `head` is the reason, `data` the player.
    std::string head;
    std::string data;
    std::string key;         // conflation key; empty for none
    std::string session_id;  // control entries: whose
    WallTime ts;
    // Idempotency, committed with the entry: who sent it (`<session>/<client>` of a
    // command, or a publisher's Idempotency-Key), the command's number, a hash of
    // its body, and how many entries it made in all (set on its last one).
    std::string origin;
    std::string command_id;
    std::uint64_t command_number = 0;
    std::uint64_t fingerprint = 0;
    std::uint32_t origin_count = 0;
};

}  // namespace mythos::journal
