// What the store is told: who came and who went, in small self-sufficient records. Plain data.
//
// A closing carries everything that is known of what it closes, so that its row is right also where the opening was
// dropped. Reasons are words with static storage: the names of stats/close_reason.hpp for connections; `replaced` and
// `expired` for sessions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "protocol/wire.hpp"

namespace mythos::store {

struct Event {
    enum class Kind : std::uint8_t { session_opened, session_closed, connection_opened, connection_closed };
    Kind kind = Kind::session_opened;
    protocol::Wire wire = protocol::Wire::websocket;
    std::uint16_t close_code = 0;
    std::string_view reason;
    WallTime created_at, closed_at;
    std::string player_id, session_id;
    std::string client_id, connection_id;  // of a connection only
    std::string remote;                    // the peer's address; at the opening only

    bool closes() const { return kind == Kind::session_closed || kind == Kind::connection_closed; }
};

// Reasons that no loop gives: for what was open when its server ended, or was found to have ended.
inline constexpr std::string_view kServerStopped = "server_stopped";
inline constexpr std::string_view kServerLost = "server_lost";

}  // namespace mythos::store
