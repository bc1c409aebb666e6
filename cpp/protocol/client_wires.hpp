// The client's view of the two wires: by index, and each other's other.
#pragma once

#include <array>
#include <cstddef>

#include "protocol/wire.hpp"

namespace mythos::protocol {

inline constexpr std::array<Wire, 2> kClientWires{Wire::websocket, Wire::sse};

constexpr std::size_t index_of(Wire wire) { return wire == Wire::websocket ? 0 : 1; }
constexpr Wire other_wire(Wire wire) { return wire == Wire::websocket ? Wire::sse : Wire::websocket; }

}  // namespace mythos::protocol
