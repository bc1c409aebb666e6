// What one client saw and was told, as its shell took it down; the oracle's other source.
//
// Plain data in the order of time. Everything here was seen from outside: raw messages
// of each connection, and what the client told its application.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace mythos::sim {

// `<epoch>-<seq>`, read by the simulator's own code.
struct Position {
    std::string epoch;
    std::uint64_t seq = 0;
    friend bool operator==(const Position&, const Position&) = default;
};
std::optional<Position> read_position(std::string_view text);
std::string show(const Position& position);
std::string show(const std::optional<Position>& position);

struct GapSeen {
    std::optional<Position> after;
    Position before;
    std::optional<std::uint64_t> lost;
    std::optional<std::uint64_t> at_most;
    std::string reason;
};

// One message of one connection.
struct WireEvent {
    enum class Kind : std::uint8_t { welcome, entry, gap, promoted, heartbeat, reply, draining, closed, unknown };
    Kind kind = Kind::unknown;
    Position at;  // entry: id; welcome, promoted, heartbeat: cursor; gap: before; reply: data.id
    std::optional<GapSeen> gap;
    std::optional<bool> recovered;     // welcome
    bool standby = false;              // welcome
    std::string session;               // welcome
    std::string epoch;                 // welcome
    std::optional<Position> sse_id;    // the id: of the block, on SSE
    std::uint64_t head_at_write = 0;   // committed head of the server when the message's first byte was written
    bool held_up = false;              // a write on this connection had fallen short by then
    std::uint64_t first_retained = 0;  // by the journal when the client received it; 0: its process is dead
    std::optional<Position> applied;   // by the client, before this message
};

struct WireTranscript {
    bool websocket = true;
    bool standby_asked = false;
    std::string session_asked;
    std::optional<Position> cursor_asked;
    int life = 0;             // of the server process
    bool broken_off = false;  // the last message may be missing its end
    std::vector<WireEvent> events;
};

// What the client told its application.
struct Joined {
    std::string session;
    std::string epoch;
    bool fresh = false;
};
struct Began {  // the first welcome of a client without a cursor, or the cursor that it was given
    Position at;
};
struct Applied {
    Position at;
};
struct ToldGap {
    GapSeen gap;
    bool other_wire_covers = false;  // another wire that the client held for alive began at or below its position
};
struct Ended {
    std::string reason;
};
using ClientEvent = std::variant<Joined, Began, Applied, ToldGap, Ended>;

struct CommandTranscript {
    enum class Kind : std::uint8_t { publish, subscribe, unsubscribe, other };
    Kind kind = Kind::other;
    std::string id;
    std::string marker;   // publish: unique in the run
    std::string channel;  // subscribe, unsubscribe
    std::string session;  // the client's when it was asked
    struct Outcome {
        enum class Kind : std::uint8_t { ok, refused, unknown } kind = Kind::unknown;
        std::string data;   // JSON of an ok reply
        std::string code;   // of a refusal, or why it is unknown
        std::string epoch;  // the client's when it was told
        std::string session;
    };
    std::vector<Outcome> outcomes;
};

struct ClientTranscript {
    std::string name;  // player/tab, for people
    std::string player;
    std::string client_id;
    bool anonymous = false;
    bool bad_cursor = false;  // deliberately started with a cursor that was never its own
    std::vector<ClientEvent> events;
    std::vector<WireTranscript> wires;
    std::vector<CommandTranscript> commands;
    // As things stood at the end of the run.
    bool ended = false;      // stopped, by itself or by its user
    bool connected = false;  // at least one wire carries the stream
    bool barred = false;     // told on a wire to stay away
    bool has_room = false;   // all programs of this player together never exceed its limit
    bool shut_out = false;   // the player has all the connections that the server lets it have
    std::optional<Position> applied;
};

// What a publisher asked for by POST /api/publish and what it was answered.
struct PublishTranscript {
    std::vector<std::string> markers;  // one a message, in order
    bool keyed = false;                // sent again with the same Idempotency-Key until answered
    struct Answer {
        int status = 0;  // 0: none came
        std::vector<std::string> ids;
        std::string body;
    };
    std::vector<Answer> answers;
};

}  // namespace mythos::sim
