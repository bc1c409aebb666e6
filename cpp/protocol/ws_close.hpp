// The payload of a close frame: a code and a reason (RFC 6455 5.5.1, 7.4).
//
// Stateless; any thread may call anything.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mythos::protocol {

// Codes that this floor itself produces; the application's own (4001…) are the hub's.
enum WsCloseCode : std::uint16_t {
    kWsNormal = 1000,
    kWsGoingAway = 1001,
    kWsProtocolError = 1002,
    kWsUnsupportedData = 1003,
    kWsNoStatus = 1005,  // told to the application for an empty close frame; never on the wire
    kWsAbnormal = 1006,  // told to the application for a lost connection; never on the wire
    kWsInvalidPayload = 1007,
    kWsPolicyViolation = 1008,
    kWsMessageTooBig = 1009,
    kWsServerFault = 1011,
    kWsTryLater = 1013,
};

constexpr std::size_t kWsCloseReasonBytesMax = 123;

// 1000-1003, 1007-1014 and 3000-4999; 1004, 1005, 1006, 1015 and all others never travel.
bool ws_close_code_may_travel(std::uint16_t code);

// The payload of a close frame. The reason is cut to 123 bytes at a code point's
// boundary. A code that may not travel gives an empty payload (which the peer reads as 1005).
std::string encode_ws_close(std::uint16_t code, std::string_view reason);

// Appends a whole server close frame.
void append_ws_close_frame(std::string& out, std::uint16_t code, std::string_view reason);

struct WsCloseStatus {
    std::uint16_t code = kWsNoStatus;
    std::string_view reason;    // a view into the payload
    std::uint16_t failure = 0;  // not 0: the payload is malformed, and this is the code to fail with (1002, 1007)
};

WsCloseStatus parse_ws_close(std::string_view payload);

}  // namespace mythos::protocol
