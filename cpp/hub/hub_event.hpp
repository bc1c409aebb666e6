// What the sequencer decided that somebody beside the loops wants to know: sessions that open and end, and messages
// that were chosen to be told one by one. Plain data, handed out after the decision, outside of the sequencer's mutex.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "journal/record.hpp"

namespace mythos::hub {

struct HubEvent {
    enum class Kind : std::uint8_t {
        session_opened,
        session_ended,   // `reason`: `expired`, or `replaced` by a newer session
        message_chosen,  // by `Settings::message_sample`
    };
    Kind kind = Kind::session_opened;
    WallTime at;

    // Of a session.
    std::string player_id, session_id;
    std::string_view reason;      // a literal
    Duration lasted;              // since it was opened
    std::size_t connections = 0;  // that it had when it ended

    // Of a message.
    std::string message_id, message_type;
    journal::Target target;
    std::size_t message_bytes = 0;  // of its JSON, which is the same on both wires
    double sample_rate = 0;
    std::string trace_id;  // of the request that published it; empty: none was named
};

using OnHubEvent = std::function<void(const HubEvent&)>;

}  // namespace mythos::hub
