// The connections that ended last, each with its black box: who asks what happened asks afterwards.
//
// Thread-safety: any thread; a mutex, which no delivery waits for: connections that end take it, and who asks.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "hub/black_box.hpp"
#include "protocol/wire.hpp"
#include "stats/close_reason.hpp"

namespace mythos::hub {

struct ClosedConnection {
    std::string connection_id, client_id, player_id, session_id;
    protocol::Wire wire = protocol::Wire::websocket;
    WallTime closed_at{};
    Duration lasted{};          // by the clock that nobody sets
    std::uint16_t code = 1006;  // as a close frame has it; 1006: the socket ended without one
    stats::CloseReason why = stats::CloseReason::peer_gone;
    std::string reason;  // for people
    bool abnormal = false;
    std::uint64_t sent_bytes = 0;
    BlackBox events;
};

class ClosedConnections {
public:
    static constexpr std::size_t kMax = 4'096;  // at most 600 bytes each

    void add(ClosedConnection closed);
    // Null: unknown, or too long ago.
    std::shared_ptr<const ClosedConnection> find(const std::string& connection_id) const;

private:
    mutable std::mutex mutex_;
    std::deque<std::shared_ptr<const ClosedConnection>> newest_last_;
};

}  // namespace mythos::hub
