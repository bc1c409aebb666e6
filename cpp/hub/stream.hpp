// One connection as the loop that delivers to it sees it: a cursor on the journal,
// the unsent tail of at most one frame, and a small bounded queue of control messages.
//
// Not thread-safe: one loop's.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "hub/black_box.hpp"
#include "hub/client_state.hpp"
#include "hub/entrance.hpp"
#include "hub/mutants.hpp"
#include "hub/outlet.hpp"
#include "hub/session_view.hpp"
#include "protocol/wire.hpp"

namespace mythos::hub {

struct Stream {
    ConnectionKey key = 0;
    Outlet* outlet = nullptr;
    SessionView* view = nullptr;
    SessionHandle session = 0;
    std::shared_ptr<ClientState> client;

    Seq base = 0;    // the stream is complete from here on
    Seq cursor = 0;  // up to here it was handed to the socket; while `live`, up to the loop's position
    std::uint64_t owed_at_cursor = 0;
    Seq accounted = 0;  // up to here this stream has claimed its share of the client's account

    // Bits, and small numbers side by side: an idle connection is held to 2 KiB.
    protocol::Wire wire = protocol::Wire::websocket;
    bool welcomed : 1 = false;
    bool standby : 1 = false;
    bool deflate : 1 = false;
    bool live : 1 = false;         // nothing is owed beyond what was handed over
    bool queued : 1 = false;       // in the loop's list of streams to flush
    bool blocked : 1 = false;      // the socket takes no more; waiting for `writable`
    bool paused : 1 = false;       // reading from the peer is paused
    bool owed_known : 1 = false;   // `owed_at_cursor` is exact
    bool repositioned : 1 = true;  // the cursor was just set: a hole is told, not punished
    bool idle : 1 = false;         // closed for the idle timeout
    bool asked : 1 = false;        // closed because the application asked for it
    bool dropping : 1 = false;     // it is dropped at `end_at`
    bool finished : 1 = false;     // the outlet was told to finish or abort
    bool counted : 1 = false;      // in the loop's survey
    enum class Closing : std::uint8_t { no, after_stream, now, queued } closing = Closing::no;
    protocol::CloseCode close_code = protocol::CloseCode::normal;
    std::uint16_t echo_code = 0;  // a WebSocket peer closed first: answer with its own code
    std::uint8_t bad_commands = 0;
    std::uint8_t readings = 0;  // `history` and `presence` commands that wait for their answer
    std::uint8_t causes = 0;    // why it is not healthy, as it was found the last time (survey_shard.hpp)
    std::uint8_t age_bin = 0;
    std::uint32_t heartbeat_ms = 0;  // as its welcome said; a change of the option is for those that come later
    std::uint32_t tail_size = 0;
    std::uint32_t bad_since_s = 0;

    std::string control;  // bytes for this wire, in front of further entries
    // Replies that stand behind the entries up to a position, while the stream is owed some of these; null: none do.
    struct Behind {
        Seq seq = 0;
        std::string bytes;
    };
    std::unique_ptr<Behind> behind;
    const journal::Entry* tail = nullptr;  // holds a reference
    const char* tail_bytes = nullptr;      // of which `tail_size` are left

    std::unique_ptr<const std::string> close_reason;
    std::unique_ptr<Entrance> entrance;
    Stream* next_of_view = nullptr;

    // Life signs and deadlines; 0 for none.
    MonoTime heard;
    MonoTime next_beat;
    MonoTime pulse_at;
    MonoTime end_at;  // closed then, or dropped if that is under way

    std::uint64_t sent_bytes = 0;
    BlackBox events;  // from its welcome on

    Duration heartbeat() const { return milliseconds(heartbeat_ms); }
    bool wants_entries() const {
        return welcomed && (!standby || mutant(Mutant::standby_gets_entries)) &&
               (closing == Closing::no || closing == Closing::after_stream);
    }
};

// With what its table and malloc add, a block of 256.
static_assert(sizeof(Stream) <= 232);

}  // namespace mythos::hub
