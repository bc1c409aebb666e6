#include "protocol/ws_frame.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mythos::protocol {
namespace {

using namespace std::string_literals;

constexpr WsMaskKey kKey{0x37, 0xFA, 0x21, 0x3D};

TEST(WsFrame, EncodesTheExamplesOfRfc6455Section5_7) {
    std::string out;
    append_ws_frame(out, WsOpcode::text, "Hello");
    EXPECT_EQ(out, "\x81\x05Hello");
    out.clear();
    append_masked_ws_frame(out, WsOpcode::text, "Hello", kKey);
    EXPECT_EQ(out, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    out.clear();
    append_ws_frame(out, WsOpcode::text, "Hel", false, false);
    append_ws_frame(out, WsOpcode::continuation, "lo");
    EXPECT_EQ(out, "\x01\x03Hel\x80\x02lo");
    out.clear();
    append_ws_frame(out, WsOpcode::ping, "Hello");
    append_masked_ws_frame(out, WsOpcode::pong, "Hello", kKey);
    EXPECT_EQ(out, "\x89\x05Hello\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    EXPECT_EQ(encode_ws_header({WsOpcode::binary, true, false, 256, {}}).view(), "\x82\x7e\x01\x00"s);
    EXPECT_EQ(encode_ws_header({WsOpcode::binary, true, false, 65536, {}}).view(), "\x82\x7f\0\0\0\0\0\x01\0\0"s);
}

TEST(WsFrame, MarksACompressedMessage) {
    std::string out;
    append_ws_frame(out, WsOpcode::text, "\xf2\x48\xcd\xc9\xc9\x07\x00"s, true);
    EXPECT_EQ(out, "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"s);  // RFC 7692 7.2.3.1
}

TEST(WsFrame, HeadersComeBackForEveryLengthsForm) {
    for (std::uint64_t length : {0ull, 1ull, 125ull, 126ull, 127ull, 65535ull, 65536ull, 1ull << 32, ~0ull >> 1}) {
        for (bool masked : {false, true}) {
            for (bool rsv1 : {false, true}) {
                const WsFrameHeader header{WsOpcode::binary, !rsv1, rsv1, length,
                                           masked ? std::optional(kKey) : std::nullopt};
                const WsHeaderBytes bytes = encode_ws_header(header);
                const WsParsedHeader parsed = parse_ws_header(bytes.view());
                EXPECT_EQ(parsed.error, WsHeaderError::none);
                EXPECT_EQ(parsed.size, bytes.size);
                EXPECT_EQ(parsed.header.payload_bytes, length);
                EXPECT_EQ(parsed.header.mask, header.mask);
                EXPECT_EQ(parsed.header.rsv1, rsv1);
                EXPECT_EQ(parsed.header.fin, !rsv1);
                EXPECT_EQ(parsed.header.opcode, WsOpcode::binary);
                for (std::size_t size = 0; size < bytes.size; ++size) {
                    EXPECT_EQ(parse_ws_header(bytes.view().substr(0, size)).size, 0) << "needs more than " << size;
                }
            }
        }
    }
}

TEST(WsFrame, RefusesWhatNoHeaderMaySay) {
    struct Row {
        std::string bytes;
        WsHeaderError error;
    };
    const Row rows[] = {
        {"\xA1", WsHeaderError::reserved_bits},
        {"\x91", WsHeaderError::reserved_bits},
        {"\x83", WsHeaderError::bad_opcode},
        {"\x87", WsHeaderError::bad_opcode},
        {"\x8B", WsHeaderError::bad_opcode},
        {"\x8F", WsHeaderError::bad_opcode},
        {"\x09", WsHeaderError::bad_control},
        {"\x08", WsHeaderError::bad_control},
        {"\x89\x7E", WsHeaderError::bad_control},  // at once, not when the long length is there
        {"\x88\x7F", WsHeaderError::bad_control},
        {"\x82\x7E\x00\x7D"s, WsHeaderError::bad_length},  // 125 in two bytes
        {"\x82\x7F\0\0\0\0\0\0\xFF\xFF"s, WsHeaderError::bad_length},
        {"\x82\x7F\x80\0\0\0\0\x01\0\0"s, WsHeaderError::bad_length},
        {"\x82\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s, WsHeaderError::bad_length},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(parse_ws_header(row.bytes).error, row.error) << ::testing::PrintToString(row.bytes);
        EXPECT_EQ(parse_ws_header(row.bytes).size, 0);
    }
}

TEST(WsFrame, MasksLikeTheDefinitionAtEveryLengthOffsetAndAlignment) {
    for (std::size_t length = 0; length < 40; ++length) {
        for (std::uint64_t offset = 0; offset < 9; ++offset) {
            std::string plain(length + 1, '\0');
            for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<char>(i * 37);
            std::string masked = plain;
            apply_ws_mask(std::span(masked).subspan(1), kKey, offset);
            EXPECT_EQ(masked[0], plain[0]);
            for (std::size_t i = 0; i < length; ++i) {
                const auto expected =
                    static_cast<char>(static_cast<std::uint8_t>(plain[i + 1]) ^ kKey[(i + offset) % 4]);
                ASSERT_EQ(masked[i + 1], expected) << length << " " << offset << " " << i;
            }
        }
    }
}

}  // namespace
}  // namespace mythos::protocol
