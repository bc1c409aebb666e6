#include "transport/echo.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "protocol/ws_deflate.hpp"
#include "protocol/ws_frame.hpp"
#include "transport/acceptor.hpp"
#include "transport/client.hpp"

namespace mythos::transport {
namespace {

using protocol::WsOpcode;

class EchoTest : public testing::Test {
protected:
    EchoTest() {
        auto listener = listen_tcp({});
        port = local_port(*listener);
        Acceptor::begin(
            loop, std::move(*listener), [this](Socket socket) { http.open(std::move(socket)); }, [] {});
        thread = std::thread([this] {
            while (!stopped) {
                loop.run_round(loop.now() + seconds(60));
                loop.bury();
            }
        });
    }
    ~EchoTest() override {
        loop.post([this] { stopped = true; });
        thread.join();
    }

    static std::string masked(WsOpcode opcode, std::string_view payload, bool rsv1 = false) {
        std::string frame;
        protocol::append_masked_ws_frame(frame, opcode, payload, {9, 8, 7, 6}, rsv1);
        return frame;
    }

    SystemClock clock;
    EventLoop loop{clock};
    EchoApplication echo{loop};
    HttpConnections http{loop, echo, {}};
    bool stopped = false;
    std::uint16_t port = 0;
    std::thread thread;
};

TEST_F(EchoTest, SendsTextAndBinaryBackOnEveryPath) {
    TestClient client(port);
    const std::string answer = client.upgrade("/any/path?x=1");
    EXPECT_EQ(status_of(answer), 101);
    EXPECT_NE(answer.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos);
    client.send(masked(WsOpcode::text, "hello") + masked(WsOpcode::binary, std::string("\0\x01", 2)) +
                masked(WsOpcode::ping, "p"));
    EXPECT_EQ(client.frame(), "\x81hello");
    EXPECT_EQ(client.frame(), std::string("\x82\0\x01", 3));
    EXPECT_EQ(client.frame(), "\x8ap");
}

TEST_F(EchoTest, EchoesTheCloseAndHangsUp) {
    TestClient client(port);
    client.upgrade("/");
    client.send(masked(WsOpcode::close, "\x03\xe8"));
    EXPECT_EQ(client.frame(), "\x88\x03\xe8");
    EXPECT_EQ(client.read_all(), "");
}

TEST_F(EchoTest, ClosesOnAProtocolError) {
    TestClient client(port);
    client.upgrade("/");
    client.send(std::string("\x83\x80\0\0\0\0", 6));
    EXPECT_TRUE(client.frame().starts_with("\x88\x03\xea"));
}

TEST_F(EchoTest, HoldsBackWhileNobodyReads) {
    TestClient client(port);
    client.upgrade("/");
    const std::string message(1 << 20, 'm');
    const std::string frame = masked(WsOpcode::binary, message);
    std::thread writer([&] {
        for (int i = 0; i < 32; ++i) client.send(frame);
    });
    for (int i = 0; i < 32; ++i) ASSERT_EQ(client.frame().substr(1), message);
    writer.join();
}

TEST_F(EchoTest, SpeaksDeflate) {
    TestClient client(port);
    const std::string answer = client.upgrade("/", "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    EXPECT_NE(answer.find("permessage-deflate"), std::string::npos);
    std::string deflated;
    protocol::deflate_message("hello hello hello", deflated);
    client.send(masked(WsOpcode::text, deflated, true));
    const std::string frame = client.frame();
    EXPECT_EQ(frame.front(), '\xc1');
    std::string inflated;
    protocol::WsInflater inflater;
    EXPECT_EQ(inflater.inflate(frame.substr(1), inflated, {}), protocol::WsInflateStatus::ok);
    EXPECT_EQ(inflated, "hello hello hello");
}

TEST_F(EchoTest, RefusesWhatIsNoUpgrade) {
    TestClient client(port);
    EXPECT_EQ(status_of(client.get("/")), 400);
    EXPECT_EQ(status_of(client.get("/", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n")),
              426);
}

}  // namespace
}  // namespace mythos::transport
