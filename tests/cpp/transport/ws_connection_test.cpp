#include "transport/ws_connection.hpp"

#include <gtest/gtest.h>

#include "protocol/ws_frame.hpp"
#include "transport/served_loop.hpp"

namespace mythos::transport {
namespace {

using protocol::WsOpcode;

std::string masked(WsOpcode opcode, std::string_view payload) {
    std::string frame;
    protocol::append_masked_ws_frame(frame, opcode, payload, {9, 8, 7, 6});
    return frame;
}

class WsConnectionTest : public testing::Test {
protected:
    ServedLoop server;
    TestClient client{server.port()};
};

TEST_F(WsConnectionTest, UpgradesAndWelcomes) {
    const std::string answer = client.upgrade("/ws/p1", "Sec-WebSocket-Protocol: other, mythos.v1, bearer, secret\r\n");
    EXPECT_EQ(status_of(answer), 101);
    EXPECT_NE(answer.find("Sec-WebSocket-Protocol: mythos.v1\r\n"), std::string::npos);
    EXPECT_EQ(answer.find("secret"), std::string::npos);
    EXPECT_NE(client.frame().find("mythos.welcome"), std::string::npos);
}

TEST_F(WsConnectionTest, WhatFollowsTheRequestAtOnceIsNotLost) {
    client.send(
        "GET /ws/p1 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
        masked(WsOpcode::text, R"({"id":"c-1","type":"ping","data":{}})") + masked(WsOpcode::ping, "beat"));
    client.read_until("\r\n\r\n");
    EXPECT_NE(client.frame().find("mythos.welcome"), std::string::npos);
    const std::string one = client.frame(), other = client.frame();
    EXPECT_NE((one + other).find("c-1"), std::string::npos);
    EXPECT_NE((one + other)
                  .find("\x8a"
                        "beat"),
              std::string::npos);
}

TEST_F(WsConnectionTest, EchoesThePeersCloseAndHangsUp) {
    client.upgrade("/ws/p1");
    client.frame();
    client.send(masked(WsOpcode::close, "\x03\xe8"));
    client.shut_down_writing();
    EXPECT_TRUE(client.frame().starts_with("\x88\x03\xe8"));
    EXPECT_EQ(client.read_all(), "");
    while (server.count(stats::Counter::closed_websocket_normal) != 1) std::this_thread::yield();
}

TEST_F(WsConnectionTest, ClosesWithTheRightCode) {
    const std::pair<std::string, std::string> faults[] = {
        {masked(WsOpcode::binary, "x"), "\x88\x03\xeb"},
        {masked(WsOpcode::text, "\xff"), "\x88\x03\xef"},
        {masked(WsOpcode::text, std::string((1 << 20) + 1, 'x')), "\x88\x03\xf1"},
        {std::string("\x81\x01x"), "\x88\x03\xea"}};
    for (const auto& [bytes, close] : faults) {
        TestClient faulty(server.port());
        faulty.upgrade("/ws/p1");
        faulty.frame();
        faulty.send(bytes);
        EXPECT_EQ(faulty.frame().substr(0, 3), close);
        EXPECT_EQ(faulty.read_all(), "");
    }
}

TEST_F(WsConnectionTest, ARefusedOneIsUpgradedAndClosed) {
    client.post("/api/connections/p1/session", "{}");
    const std::string session = body_of(client.post("/api/connections/p1/session", "{}"));
    EXPECT_NE(session.find("session_id"), std::string::npos);
    hub::Settings hub;
    hub.connections_max = 0;
    ServedLoop full({}, hub);
    TestClient refused(full.port());
    EXPECT_EQ(status_of(refused.upgrade("/ws/p1")), 101);
    EXPECT_TRUE(refused.frame().starts_with("\x88\x03\xf5")) << "1013";
    EXPECT_EQ(refused.read_all(), "");
}

TEST_F(WsConnectionTest, AgreesToDeflateOnlyWhereItIsOffered) {
    TestClient offering(server.port());
    EXPECT_NE(offering.upgrade("/ws/p1", "Sec-WebSocket-Extensions: permessage-deflate\r\n").find("permessage-deflate"),
              std::string::npos);
    EXPECT_EQ(client.upgrade("/ws/p1").find("Sec-WebSocket-Extensions"), std::string::npos);
}

}  // namespace
}  // namespace mythos::transport
