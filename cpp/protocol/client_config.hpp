// What a dual client is told once, at its construction.
//
// Durations are monotonic lengths; sizes are bytes of JSON. The defaults are the
// product's; each stands with its reason.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "protocol/wire.hpp"

namespace mythos::protocol {

// Deliberate breaks of one rule each, for tests and the simulator only: they show
// that an oracle notices. All off in production.
struct ClientFaults {
    bool ignore_base = false;              // apply from a wire that begins above the applied cursor
    bool no_dedup = false;                 // deliver what is at or below the applied cursor
    bool gap_not_told = false;             // step over a gap in silence
    bool gap_told_though_covered = false;  // tell a gap that the other wire would still have brought
    bool gap_keeps_base = false;           // leave a wire's base where it was before its gap
    bool heartbeat_ignores_base = false;   // let any wire's heartbeat move the applied cursor
    bool ignore_promoted_marker = false;   // go on from the old base after a rewind
    bool no_promote = false;               // never ask for a rewind or a promotion
    // Ask for the stream from the wrong place, and believe that it goes on from the right one:
    bool promote_from_seen = false;        // promote from the last id received instead of the last applied
    bool connect_from_seen = false;        // reconnect from the last id received instead of the last applied
    bool connect_without_cursor = false;   // reconnect as if nothing had been applied
    bool keep_other_epoch = false;         // keep a wire of another epoch and apply its entries
    bool drop_held = false;                // forget what a held wire has brought
    bool ack_ahead = false;                // acknowledge the last id received
    bool forget_on_wire_death = false;     // drop the commands that a dead wire carried
    bool new_id_on_resend = false;         // send a command again under a new id
    bool resend_into_new_session = false;  // carry unanswered commands over into a new session or epoch
};

struct ClientConfig {
    std::string client_id;            // random, made once by the program
    std::string session_id;           // empty: join the player's living session or open one
    std::optional<Cursor> cursor;     // the last id applied in an earlier run
    std::uint64_t first_command = 1;  // above every number used under this client_id
    std::uint64_t first_attempt = 1;  // the same for its tries to connect; a clock's milliseconds will do
    Mode mode = Mode::mirror;
    std::array<bool, 2> use_wire{true, true};  // by index_of(Wire)

    Duration connect_timeout = seconds(5);  // open to welcome; then the attempt is given up
    Duration heartbeat = seconds(15);       // until a welcome names the server's

    // Percent of heartbeat_ms without any byte. The server jitters its heartbeat by
    // up to a tenth; 125 leaves as much again for the network, and 200 notices a
    // dead peer within two heartbeats.
    int missed_percent = 125;
    int dead_percent = 200;

    // Reconnecting. The first attempt after a welcomed connection is nearly at once
    // (spread over fast_retry); the n-th failure in a row waits between half and all
    // of min(backoff_max, backoff_first * 2^(n-1)).
    Duration fast_retry = milliseconds(20);
    Duration backoff_first = milliseconds(100);
    Duration backoff_max = seconds(10);
    Duration stable_after = seconds(1);  // a connection that lived so long forgets earlier failures
    std::uint64_t jitter_seed = 1;
    std::optional<double> fixed_jitter;  // in [0,1): takes the generator's place in test vectors

    // In standby mode the second wire waits this long for the first one's welcome,
    // so that the preferred wire becomes the active one.
    Duration second_wire_delay = milliseconds(300);

    // What one wire may hold that begins above the applied cursor. Beyond it the
    // hold is dropped and the wire is rewound by `promote`.
    std::size_t held_entries_max = 8'192;
    std::size_t held_bytes_max = 4u << 20;

    Duration ack_interval = milliseconds(200);
    std::size_t ack_entries = 64;
    bool report_delay = false;  // tell the server, once a heartbeat, how late entries came

    // A promotion whose marker does not come is asked for again, then the wire is
    // closed and reconnected from the client's cursor, which rewinds it as well.
    Duration promote_retry = seconds(1);
    int promote_attempts_max = 3;

    // 128 outstanding is the server's limit; as a window of numbers it also keeps
    // every unanswered one among the 256 outcomes that the server remembers.
    std::size_t command_window = 128;
    std::size_t commands_queued_max = 1'024;
    std::size_t post_commands_max = 32;
    std::size_t post_bytes_max = 64u << 10;
    Duration post_timeout = seconds(30);
    Duration command_backoff_first = milliseconds(100);
    Duration command_backoff_max = seconds(5);
    int command_retries_max = 8;  // of answers marked retryable, per command

    ClientFaults faults;
};

// Standby is granted only to clients with a client_id.
inline ClientConfig as_granted(ClientConfig config) {
    if (config.client_id.empty()) config.mode = Mode::mirror;
    return config;
}

}  // namespace mythos::protocol
