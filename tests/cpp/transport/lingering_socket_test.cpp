#include "transport/lingering_socket.hpp"
#include "base/limits.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/manual_clock.hpp"
#include "transport/client.hpp"

namespace mythos::transport {
namespace {

struct Giver final : Watcher {
    using Watcher::Watcher;
    void ready(std::uint32_t) override {}
    Socket give() { return std::move(socket_); }
};

class LingeringSocketTest : public testing::Test {
protected:
    void linger(std::string unsent) {
        auto listener = listen_tcp({});
        client = std::make_unique<TestClient>(local_port(*listener));
        Socket accepted(accept4(listener->descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        auto owned = std::make_unique<Giver>(loop, std::move(accepted));
        Giver& giver = *owned;
        ASSERT_TRUE(loop.adopt(std::move(owned)));
        Socket socket = giver.give();
        loop.retire(giver);
        LingeringSocket::begin(loop, std::move(socket), std::move(unsent));
    }
    void round() {
        loop.run_round(clock.mono());
        loop.bury();
    }

    ManualClock clock;
    EventLoop loop{clock};
    std::unique_ptr<TestClient> client;
};

TEST_F(LingeringSocketTest, SendsTheLastBytesAndWaitsForThePeer) {
    linger("farewell");
    client->send("still talking");
    round();
    EXPECT_EQ(client->read_all(), "farewell");
    EXPECT_EQ(loop.watchers(), 1u) << "closing now would reset what the peer has not read";
    client->hang_up_with_reset();
    round();
    EXPECT_EQ(loop.watchers(), 0u);
}

TEST_F(LingeringSocketTest, ThePeersHangUpEndsIt) {
    linger("");
    client->shut_down_writing();
    round();
    EXPECT_EQ(loop.watchers(), 0u);
}

TEST_F(LingeringSocketTest, APeerThatStaysIsLeftAfterAWhile) {
    linger("");
    clock.advance(kLingerBound);
    round();
    EXPECT_EQ(loop.watchers(), 0u);
}

}  // namespace
}  // namespace mythos::transport
