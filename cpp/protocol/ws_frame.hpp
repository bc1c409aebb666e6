// One WebSocket frame: header to bytes, bytes to header, masking (RFC 6455 5.2, 5.3).
//
// Sans-I/O and stateless: any thread may call anything. Lengths are in bytes.
// What a sequence of frames means (fragments, control frames, limits) is
// ws_message.hpp's; close codes are ws_close.hpp's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mythos::protocol {

enum class WsOpcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

constexpr bool is_control(WsOpcode opcode) { return (static_cast<std::uint8_t>(opcode) & 0x8) != 0; }

// The four key bytes in wire order.
using WsMaskKey = std::array<std::uint8_t, 4>;

constexpr std::size_t kWsHeaderBytesMax = 14;
constexpr std::size_t kWsControlPayloadBytesMax = 125;

struct WsFrameHeader {
    WsOpcode opcode = WsOpcode::text;
    bool fin = true;
    bool rsv1 = false;  // with permessage-deflate: the message is compressed
    std::uint64_t payload_bytes = 0;
    std::optional<WsMaskKey> mask;  // clients mask, servers do not
};

// A header ready for a gather write, without allocation.
struct WsHeaderBytes {
    std::array<char, kWsHeaderBytesMax> bytes;
    std::uint8_t size = 0;
    std::string_view view() const { return {bytes.data(), size}; }
};

WsHeaderBytes encode_ws_header(const WsFrameHeader& header);

// Appends a whole server frame; `rsv1` marks `payload` as deflated.
void append_ws_frame(std::string& out, WsOpcode opcode, std::string_view payload, bool rsv1 = false, bool fin = true);

// Appends a whole client frame. `key` must be fresh and unpredictable for each frame (RFC 6455 10.3).
void append_masked_ws_frame(std::string& out, WsOpcode opcode, std::string_view payload, WsMaskKey key,
                            bool rsv1 = false, bool fin = true);

// XORs `payload` in place with the key; its own inverse. `offset` is the
// position of payload[0] in the frame's payload, for a payload that comes in pieces.
void apply_ws_mask(std::span<char> payload, WsMaskKey key, std::uint64_t offset = 0);

enum class WsHeaderError : std::uint8_t { none, reserved_bits, bad_opcode, bad_control, bad_length };

struct WsParsedHeader {
    WsHeaderError error = WsHeaderError::none;
    std::uint8_t size = 0;  // bytes of the header; 0: more bytes are needed (or an error was met)
    WsFrameHeader header;
};

// Reads a header at the front of `bytes`. An error is reported as soon as the
// bytes at hand show it: RSV2 or RSV3, which no extension of ours uses; an unknown opcode; a control frame
// that is fragmented or longer than 125 bytes (5.5); a length with the top bit set or not in its
// shortest form (5.2: "MUST").
WsParsedHeader parse_ws_header(std::string_view bytes);

}  // namespace mythos::protocol
