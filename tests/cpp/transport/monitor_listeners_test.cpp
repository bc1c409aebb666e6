#include "transport/monitor_listeners.hpp"

#include <gtest/gtest.h>

#include "transport/served_loop.hpp"

namespace mythos::transport {
namespace {

constexpr const char* kRequest = "GET /monitoring/stream HTTP/1.1\r\nHost: localhost\r\n\r\n";

class MonitorListenersTest : public testing::Test {
protected:
    void tell(const std::string& block) { server.loop().tell_listeners(std::make_shared<const std::string>(block)); }

    ServedLoop server;
};

TEST_F(MonitorListenersTest, EachListenerIsToldEachBlock) {
    TestClient one(server.port()), two(server.port());
    for (TestClient* client : {&one, &two}) {
        client->send(kRequest);
        EXPECT_NE(client->read_until("\r\n\r\n").find("\r\nContent-Type: text/event-stream\r\n"), std::string::npos);
    }
    tell("data: 1\n\n");
    tell("data: 2\n\n");
    for (TestClient* client : {&one, &two}) client->read_until("data: 2\n\n");
    EXPECT_TRUE(server.loop().has_listeners());
}

TEST_F(MonitorListenersTest, BeyondSoManyTheNextIsRefused) {
    std::vector<std::unique_ptr<TestClient>> clients;
    for (std::size_t i = 0; i < MonitorListeners::kMax; ++i) {
        clients.push_back(std::make_unique<TestClient>(server.port()));
        clients.back()->send(kRequest);
        clients.back()->read_until("\r\n\r\n");
    }
    TestClient next(server.port());
    EXPECT_EQ(status_of(next.get("/monitoring/stream")), 503);
    EXPECT_EQ(server.count(stats::Counter::http_unavailable), 1u);
}

TEST_F(MonitorListenersTest, WhoDoesNotKeepUpIsDroppedAndCounted) {
    TestClient slow(server.port());
    slow.send(kRequest);
    slow.read_until("\r\n\r\n");
    const auto big = std::make_shared<const std::string>(std::size_t{1} << 20, 'x');
    while (server.count(stats::Counter::listeners_dropped) == 0) {
        server.loop().tell_listeners(big);
        std::this_thread::yield();
    }
    while (server.loop().has_listeners()) std::this_thread::yield();
    EXPECT_EQ(server.count(stats::Counter::listeners_dropped), 1u);
}

TEST_F(MonitorListenersTest, DrainingEndsTheStream) {
    TestClient client(server.port());
    client.send(kRequest);
    client.read_until("\r\n\r\n");
    tell("data: last\n\n");
    server.loop().drain(Duration{}, "over");
    EXPECT_NE(client.read_all().find("data: last\n\n"), std::string::npos);
}

}  // namespace
}  // namespace mythos::transport
