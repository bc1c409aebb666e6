// Why a connection ended: one name, wherever it is told, and the counter of it. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "stats/counters.hpp"

namespace mythos::stats {

enum class CloseReason : std::uint8_t {
#define MYTHOS_CLOSE_REASON(reason) reason,
#include "stats/close_reasons.def"
#undef MYTHOS_CLOSE_REASON
};

inline constexpr std::array kCloseReasons{
#define MYTHOS_CLOSE_REASON(reason) std::string_view(#reason),
#include "stats/close_reasons.def"
#undef MYTHOS_CLOSE_REASON
};

constexpr std::string_view name_of(CloseReason reason) { return kCloseReasons[static_cast<std::size_t>(reason)]; }

// Of a connection of this wire (0: WebSocket, 1: SSE).
constexpr Counter closed(CloseReason reason, std::size_t wire) {
    const Counter first = wire == 0 ? Counter::closed_websocket_normal : Counter::closed_sse_normal;
    return static_cast<Counter>(static_cast<std::size_t>(first) + static_cast<std::size_t>(reason));
}

}  // namespace mythos::stats
