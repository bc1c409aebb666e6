#include "protocol/ws_close.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace mythos::protocol {
namespace {

using namespace std::string_literals;

TEST(WsClose, KnowsWhichCodesTravel) {
    const std::set<int> named{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014};
    for (int code = 0; code <= 0xFFFF; ++code) {
        const bool expected = named.count(code) != 0 || (code >= 3000 && code <= 4999);
        ASSERT_EQ(ws_close_code_may_travel(static_cast<std::uint16_t>(code)), expected) << code;
    }
}

TEST(WsClose, EncodesCodeAndReason) {
    EXPECT_EQ(encode_ws_close(1000, ""), "\x03\xE8"s);
    EXPECT_EQ(encode_ws_close(4001, "replaced"), "\x0F\xA1replaced"s);
    std::string frame;
    append_ws_close_frame(frame, 1001, "bye");
    EXPECT_EQ(frame,
              "\x88\x05\x03\xE9"
              "bye"s);
}

TEST(WsClose, NeverSendsAReservedCode) {
    for (std::uint16_t code : {0, 999, 1004, 1005, 1006, 1015, 2999, 5000}) EXPECT_EQ(encode_ws_close(code, "x"), "");
}

TEST(WsClose, CutsALongReasonBetweenCodePoints) {
    EXPECT_EQ(encode_ws_close(1000, std::string(200, 'x')).size(), 125u);
    std::string euros;
    for (int i = 0; i < 50; ++i) euros += "\xE2\x82\xAC";
    EXPECT_EQ(encode_ws_close(1000, "a" + euros).size(), 2u + 1 + 40 * 3);
    EXPECT_EQ(parse_ws_close(encode_ws_close(1000, "a" + euros)).failure, 0);
}

TEST(WsClose, ParsesWhatAPeerSays) {
    struct Row {
        std::string payload;
        std::uint16_t code;
        std::string reason;
        std::uint16_t failure;
    };
    const Row rows[] = {
        {"", kWsNoStatus, "", 0},
        {"\x03\xE8"s, 1000, "", 0},
        {"\x0F\xA1replaced"s, 4001, "replaced", 0},
        {"\x03"s, kWsNoStatus, "", 1002},
        {"\x03\xED"s, 1005, "", 1002},
        {"\x03\xEE"s, 1006, "", 1002},
        {"\x03\xF7"s, 1015, "", 1002},
        {"\x00\x00"s, 0, "", 1002},
        {"\xFF\xFF"s, 65535, "", 1002},
        {"\x03\xE8\xED\xA0\x80"s, 1000, "\xED\xA0\x80", 1007},
        {"\x03\xE8\xE2\x82"s, 1000, "\xE2\x82", 1007},
    };
    for (const Row& row : rows) {
        const WsCloseStatus status = parse_ws_close(row.payload);
        EXPECT_EQ(status.code, row.code) << ::testing::PrintToString(row.payload);
        EXPECT_EQ(status.reason, row.reason);
        EXPECT_EQ(status.failure, row.failure) << ::testing::PrintToString(row.payload);
    }
}

}  // namespace
}  // namespace mythos::protocol
