// The client's view of the two wires: in order, and each other's other.
#pragma once

#include <array>
#include <cstddef>

#include "protocol/wire.hpp"

namespace mythos::protocol {

inline constexpr std::array<Wire, 2> kClientWires{Wire::websocket, Wire::sse};

constexpr Wire other_wire(Wire wire) { return wire == Wire::websocket ? Wire::sse : Wire::websocket; }

}  // namespace mythos::protocol
