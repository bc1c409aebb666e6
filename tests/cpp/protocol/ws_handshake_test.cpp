#include "protocol/ws_handshake.hpp"

#include <gtest/gtest.h>

namespace mythos::protocol {
namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";

WsUpgradeHeaders good() { return {"GET", "websocket", "keep-alive, Upgrade", "13", kKey}; }

std::string refusal(const WsUpgradeHeaders& headers) {
    const Result<void> result = check_ws_upgrade(headers);
    return result ? "" : result.error().code;
}

TEST(WsHandshake, AnswersTheKeyOfRfc6455Section1_3) {
    EXPECT_EQ(ws_accept(kKey), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(ws_accept(" dGhlIHNhbXBsZSBub25jZQ== "), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WsHandshake, AcceptsAnUpgrade) {
    EXPECT_EQ(refusal(good()), "");
    WsUpgradeHeaders headers = good();
    headers.upgrade = "h2c, WebSocket";
    headers.connection = "upgrade";
    headers.version = " 13 ";
    EXPECT_EQ(refusal(headers), "");
}

TEST(WsHandshake, RefusesWhatIsNoUpgrade) {
    WsUpgradeHeaders headers = good();
    headers.upgrade = "websockets";
    EXPECT_EQ(refusal(headers), "not_an_upgrade");
    headers = good();
    headers.connection = "keep-alive, xupgrade";
    EXPECT_EQ(refusal(headers), "not_an_upgrade");
    headers = good();
    headers.method = "POST";
    EXPECT_EQ(refusal(headers), "bad_method");
    for (std::string_view version : {"", "8", "14", "13, 8", "1 3"}) {
        headers = good();
        headers.version = version;
        EXPECT_EQ(refusal(headers), "bad_version") << version;
    }
    for (std::string_view key : {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ==A",
                                 "dGhlIHNhbXBsZSBub25jZSE=", "dGhlIHNhbXBsZSBub25j!Q=="}) {
        headers = good();
        headers.key = key;
        EXPECT_EQ(refusal(headers), "bad_key") << key;
    }
}

TEST(WsHandshake, ClientChecksTheAnswer) {
    std::array<std::uint8_t, 16> random;
    for (std::size_t i = 0; i < random.size(); ++i) random[i] = static_cast<std::uint8_t>(i * 16);
    const std::string key = make_ws_key(random);
    EXPECT_EQ(key, "ABAgMEBQYHCAkKCwwNDg8A==");
    EXPECT_TRUE(is_valid_ws_key(key));
    EXPECT_TRUE(check_ws_answer(key, "WebSocket", "Upgrade", ws_accept(key)).ok());
    EXPECT_EQ(check_ws_answer(key, "WebSocket", "Upgrade", ws_accept(kKey)).error().code, "bad_accept");
    EXPECT_EQ(check_ws_answer(key, "", "Upgrade", ws_accept(key)).error().code, "not_an_upgrade");
    EXPECT_EQ(check_ws_answer(key, "websocket", "close", ws_accept(key)).error().code, "not_an_upgrade");
}

TEST(WsHandshake, ChoosesTheSubprotocolAndFindsTheToken) {
    const WsSubprotocols read = read_ws_subprotocols("mythos.v1, bearer ,aaa.bbb-_.ccc");
    EXPECT_TRUE(read.mythos_v1);
    EXPECT_EQ(read.bearer, "aaa.bbb-_.ccc");
    EXPECT_EQ(read.offered, (std::vector<std::string_view>{"mythos.v1", "bearer", "aaa.bbb-_.ccc"}));
}

TEST(WsHandshake, SubprotocolsMayBeMissingOrStrange) {
    EXPECT_FALSE(read_ws_subprotocols("").mythos_v1);
    EXPECT_FALSE(read_ws_subprotocols("mythos.v2").mythos_v1);
    EXPECT_FALSE(read_ws_subprotocols("bearer").bearer);
    EXPECT_FALSE(read_ws_subprotocols("mythos.v1").bearer);
    EXPECT_FALSE(read_ws_subprotocols("mythos.v1, xbearer, abc").bearer);
    EXPECT_EQ(read_ws_subprotocols("bearer, first, bearer, second").bearer, "first");
    const WsSubprotocols read = read_ws_subprotocols(" , bearer,, abc, mythos.v1,");
    EXPECT_TRUE(read.mythos_v1);
    EXPECT_EQ(read.bearer, "abc");
}

}  // namespace
}  // namespace mythos::protocol
