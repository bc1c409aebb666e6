// A question about single connections, put to every loop: each answers by itself, a bounded piece a turn.
//
// Thread-safety: an Inquiry is immutable once it is asked; `answer` is called once on each loop's thread, or never if
// the node ends before.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "hub/black_box.hpp"
#include "hub/outlet.hpp"

namespace mythos::hub {

// One connection, as its loop sees it.
struct ConnectionFacts {
    ConnectionKey key = 0;
    std::uint32_t loop = 0;
    protocol::Wire wire = protocol::Wire::websocket;
    bool standby = false;
    bool blocked = false;     // its socket takes no more
    std::uint8_t causes = 0;  // why it is not healthy (survey_shard.hpp)
    Duration age{};
    Duration rtt{};  // of the last ping, or as the kernel has it; 0: not known
    Duration
        unacknowledged{};  // age of the oldest entry that the client has not acknowledged; 0: none, or it never does
    std::uint64_t lag_entries = 0, lag_bytes = 0;  // owed and not handed to the socket yet
    std::uint64_t sent_bytes = 0;

    // Only where one connection is asked for.
    struct Detail {
        std::string player_id, session_id, connection_id, client_id;
        BlackBox events;
    };
    std::shared_ptr<const Detail> detail;
};

struct Inquiry {
    std::vector<ConnectionKey> keys;     // of these alone; empty: of all
    std::string connection_id;           // of this one alone, with its detail; empty: of all
    std::optional<protocol::Wire> wire;  // of this wire alone
    std::function<void(std::vector<ConnectionFacts>)> answer;
};

}  // namespace mythos::hub
