#include "protocol/ws_close.hpp"

#include "protocol/utf8.hpp"
#include "protocol/ws_frame.hpp"

namespace mythos::protocol {

bool ws_close_code_may_travel(std::uint16_t code) {
    if (code >= 3000) return code <= 4999;
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

std::string encode_ws_close(std::uint16_t code, std::string_view reason) {
    if (!ws_close_code_may_travel(code)) return {};
    std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    payload += utf8_prefix(reason, kWsCloseReasonBytesMax);
    return payload;
}

void append_ws_close_frame(std::string& out, std::uint16_t code, std::string_view reason) {
    append_ws_frame(out, WsOpcode::close, encode_ws_close(code, reason));
}

WsCloseStatus parse_ws_close(std::string_view payload) {
    WsCloseStatus status;
    if (payload.empty()) return status;
    if (payload.size() == 1) {
        status.failure = kWsProtocolError;
        return status;
    }
    status.code =
        static_cast<std::uint16_t>(static_cast<std::uint8_t>(payload[0]) << 8 | static_cast<std::uint8_t>(payload[1]));
    status.reason = payload.substr(2);
    if (!ws_close_code_may_travel(status.code))
        status.failure = kWsProtocolError;
    else if (!is_utf8(status.reason))
        status.failure = kWsInvalidPayload;
    return status;
}

}  // namespace mythos::protocol
