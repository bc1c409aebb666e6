// The words that both ends of a connection use: wires, modes, close codes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mythos::protocol {

enum class Wire : std::uint8_t { websocket = 0, sse = 1 };

// Where arrays of two, one for each wire, have this one.
constexpr std::size_t index_of(Wire wire) { return static_cast<std::size_t>(wire); }

constexpr std::string_view to_string(Wire wire) { return wire == Wire::websocket ? "websocket" : "sse"; }

// How a client's second wire is used: both carry everything, or one waits.
enum class Mode : std::uint8_t { mirror, standby };

constexpr std::string_view to_string(Mode mode) { return mode == Mode::mirror ? "mirror" : "standby"; }

// WebSocket close codes (RFC 6455 section 7.4) and those of mythos.v1; on SSE
// they are the `code` of `mythos.closed`.
enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported = 1003,
    not_utf8 = 1007,
    policy = 1008,
    too_big = 1009,
    server_fault = 1011,
    overloaded = 1013,
    session_replaced = 4001,
    token_expired = 4002,
    displaced = 4003,
    heartbeat_missed = 4004,
    too_slow = 4005,
};

constexpr std::uint16_t number(CloseCode code) { return static_cast<std::uint16_t>(code); }

// Whether the client has been told not to come back by itself.
constexpr bool is_final(CloseCode code) { return code == CloseCode::session_replaced || code == CloseCode::displaced; }

}  // namespace mythos::protocol
