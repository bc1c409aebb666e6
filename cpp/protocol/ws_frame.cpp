#include "protocol/ws_frame.hpp"

#include <cassert>
#include <cstring>

namespace mythos::protocol {
namespace {

constexpr std::uint8_t kFin = 0x80;
constexpr std::uint8_t kRsv1 = 0x40;
constexpr std::uint8_t kRsv2And3 = 0x30;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kLength16 = 126;
constexpr std::uint8_t kLength64 = 127;

void put_big_endian(WsHeaderBytes& out, std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
        out.bytes[out.size++] = static_cast<char>(value >> shift);
    }
}

std::uint64_t get_big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
    return value;
}

bool is_known(std::uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

WsHeaderError check_first_byte(std::uint8_t first) {
    if ((first & kRsv2And3) != 0) return WsHeaderError::reserved_bits;
    if (!is_known(first & 0x0F)) return WsHeaderError::bad_opcode;
    if (is_control(static_cast<WsOpcode>(first & 0x0F)) && (first & kFin) == 0) return WsHeaderError::bad_control;
    return WsHeaderError::none;
}

bool is_shortest_form(std::uint8_t length7, std::uint64_t length) {
    if (length7 == kLength16) return length > 125;
    if (length7 == kLength64) return length > 0xFFFF && length >> 63 == 0;
    return true;
}

}  // namespace

WsHeaderBytes encode_ws_header(const WsFrameHeader& header) {
    assert(!is_control(header.opcode) || (header.fin && header.payload_bytes <= kWsControlPayloadBytesMax));
    WsHeaderBytes out;
    const auto opcode = static_cast<std::uint8_t>(header.opcode);
    put_big_endian(out, (header.fin ? kFin : 0u) | (header.rsv1 ? kRsv1 : 0u) | opcode, 1);
    const std::uint8_t mask_bit = header.mask ? kMasked : 0;
    if (header.payload_bytes < kLength16) {
        put_big_endian(out, mask_bit | header.payload_bytes, 1);
    } else if (header.payload_bytes <= 0xFFFF) {
        put_big_endian(out, mask_bit | kLength16, 1);
        put_big_endian(out, header.payload_bytes, 2);
    } else {
        put_big_endian(out, mask_bit | kLength64, 1);
        put_big_endian(out, header.payload_bytes, 8);
    }
    if (header.mask) {
        std::memcpy(out.bytes.data() + out.size, header.mask->data(), header.mask->size());
        out.size += static_cast<std::uint8_t>(header.mask->size());
    }
    return out;
}

void append_ws_frame(std::string& out, WsOpcode opcode, std::string_view payload, bool rsv1, bool fin) {
    const WsHeaderBytes header = encode_ws_header({opcode, fin, rsv1, payload.size(), std::nullopt});
    out.reserve(out.size() + header.size + payload.size());
    out.append(header.view()).append(payload);
}

void append_masked_ws_frame(std::string& out, WsOpcode opcode, std::string_view payload, WsMaskKey key, bool rsv1,
                            bool fin) {
    const WsHeaderBytes header = encode_ws_header({opcode, fin, rsv1, payload.size(), key});
    out.append(header.view()).append(payload);
    apply_ws_mask(std::span(out).last(payload.size()), key);
}

void apply_ws_mask(std::span<char> payload, WsMaskKey key, std::uint64_t offset) {
    std::array<std::uint8_t, 8> turned;
    for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = key[(offset + i) & 3];
    std::uint64_t pattern;
    std::memcpy(&pattern, turned.data(), sizeof pattern);

    char* at = payload.data();
    std::size_t left = payload.size();
    for (; left >= sizeof pattern; at += sizeof pattern, left -= sizeof pattern) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof word);
        word ^= pattern;
        std::memcpy(at, &word, sizeof word);
    }
    for (std::size_t i = 0; i < left; ++i) at[i] = static_cast<char>(static_cast<std::uint8_t>(at[i]) ^ turned[i]);
}

WsParsedHeader parse_ws_header(std::string_view bytes) {
    WsParsedHeader parsed;
    if (bytes.empty()) return parsed;
    const auto first = static_cast<std::uint8_t>(bytes[0]);
    parsed.error = check_first_byte(first);
    if (parsed.error != WsHeaderError::none || bytes.size() < 2) return parsed;

    WsFrameHeader& header = parsed.header;
    header.fin = (first & kFin) != 0;
    header.rsv1 = (first & kRsv1) != 0;
    header.opcode = static_cast<WsOpcode>(first & 0x0F);
    const auto second = static_cast<std::uint8_t>(bytes[1]);
    const std::uint8_t length7 = second & 0x7F;
    if (is_control(header.opcode) && length7 > kWsControlPayloadBytesMax) {
        parsed.error = WsHeaderError::bad_control;
        return parsed;
    }
    const std::size_t length_bytes = length7 == kLength16 ? 2 : length7 == kLength64 ? 8 : 0;
    if (bytes.size() < 2 + length_bytes) return parsed;
    header.payload_bytes = length_bytes == 0 ? length7 : get_big_endian(bytes.substr(2, length_bytes));
    if (!is_shortest_form(length7, header.payload_bytes)) {
        parsed.error = WsHeaderError::bad_length;
        return parsed;
    }
    std::size_t size = 2 + length_bytes;
    if ((second & kMasked) != 0) {
        if (bytes.size() < size + 4) return parsed;
        std::memcpy(header.mask.emplace().data(), bytes.data() + size, 4);
        size += 4;
    }
    parsed.size = static_cast<std::uint8_t>(size);
    return parsed;
}

}  // namespace mythos::protocol
