#include "transport/hub_loop.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <vector>

#include "transport/served_loop.hpp"

namespace mythos::transport {
namespace {

void wait_until_empty(const HubLoop& loop) {
    while (!loop.is_empty()) std::this_thread::yield();
}

TEST(HubLoop, ADrainEndsBothWiresAndAnswersProbesToTheEnd) {
    ServedLoop server;
    TestClient ws(server.port()), sse(server.port()), idle(server.port());
    idle.get("/livez");
    ws.upgrade("/ws/p1");
    EXPECT_NE(ws.frame().find("mythos.welcome"), std::string::npos);
    sse.send("GET /sse/p1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    sse.read_until("mythos.welcome");

    server.loop().drain(milliseconds(1), "test");
    EXPECT_NE(ws.frame().find("mythos.draining"), std::string::npos);
    EXPECT_TRUE(ws.frame().starts_with("\x88\x03\xe9")) << "1001";
    const std::string last = sse.read_all();
    EXPECT_NE(last.find("mythos.draining"), std::string::npos);
    EXPECT_NE(last.find("mythos.closed"), std::string::npos);
    EXPECT_EQ(idle.read_all(), "");
    ws.hang_up_with_reset();
    sse.hang_up_with_reset();
    wait_until_empty(server.loop());
    {
        TestClient silent(server.port());  // whoever only connects does not hold it
        wait_until_empty(server.loop());
    }
    TestClient late(server.port());
    EXPECT_NE(late.get("/livez").find(" 200 "), std::string::npos);
    EXPECT_EQ(late.read_all(), "") << "one answer a connection";
}

// Time that cannot be told a number of times: what a turn lets escape, whatever its cause.
class FaultyClock final : public Clock {
public:
    MonoTime mono() const override { return real_.mono(); }
    WallTime wall() const override {
        if (faults.load() == 0) return real_.wall();
        --faults;
        throw std::runtime_error("no time");
    }

    mutable std::atomic<int> faults{0};

private:
    SystemClock real_;
};

TEST(HubLoop, AFaultInATurnEndsNeitherTheLoopNorItsConnections) {
    FaultyClock clock;
    ServedLoop server({}, {}, &clock);
    TestClient ws(server.port());
    ws.upgrade("/ws/p1");
    EXPECT_NE(ws.frame().find("mythos.welcome"), std::string::npos);
    clock.faults = 3;
    while (clock.faults > 0) {
        server.loop().wake();
        std::this_thread::yield();
    }
    TestClient other(server.port());
    EXPECT_EQ(status_of(other.post("/api/publish", R"({"player":"p1","type":"test.n","data":{}})")), 200);
    EXPECT_NE(ws.frame().find("test.n"), std::string::npos);
}

TEST(HubLoop, ItsLastTurnTellsEverybodyWhoIsLeft) {
    auto server = std::make_unique<ServedLoop>();
    TestClient ws(server->port()), sse(server->port());
    ws.upgrade("/ws/p1");
    ws.frame();
    sse.send("GET /sse/p1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    sse.read_until("mythos.welcome");
    server.reset();
    EXPECT_TRUE(ws.frame().starts_with("\x88\x03\xe9")) << "1001";
    EXPECT_NE(sse.read_all().find("mythos.closed"), std::string::npos);
}

TEST(HubLoop, CloseAllClosesWithoutADelay) {
    ServedLoop server;
    TestClient ws(server.port()), sse(server.port());
    ws.upgrade("/ws/p1");
    ws.frame();
    sse.send("GET /sse/p1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    sse.read_until("mythos.welcome");
    server.loop().close_all();
    EXPECT_TRUE(ws.frame().starts_with("\x88\x03\xe9")) << "1001";
    EXPECT_NE(sse.read_all().find("mythos.closed"), std::string::npos);
}

// The TCP_USER_TIMEOUT of this process's sockets on that local port: the listener and what it accepted.
std::vector<int> user_timeouts_ms(std::uint16_t port) {
    std::vector<int> found;
    for (int descriptor = 3; descriptor < 256; ++descriptor) {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
        if (address.sin_family != AF_INET || ntohs(address.sin_port) != port) continue;
        int timeout_ms = -1;
        size = sizeof timeout_ms;
        getsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, &size);
        found.push_back(timeout_ms);
    }
    return found;
}

TEST(HubLoop, ANewUserTimeoutHoldsForThoseWhoCome) {
    HubLoopSettings settings;
    ServedLoop server;  // whose listener has none
    TestClient before(server.port());
    before.upgrade("/ws/p1");
    before.frame();
    settings.user_timeout = seconds(4);
    server.loop().set_settings(settings);
    const auto are = [&](std::vector<int> wanted) {
        auto found = user_timeouts_ms(server.port());
        std::sort(found.begin(), found.end());
        return found == wanted;
    };
    while (!are({0, 4'000})) std::this_thread::yield();
    TestClient after(server.port());
    after.upgrade("/ws/p2");
    after.frame();
    EXPECT_TRUE(are({0, 4'000, 4'000}));
}

TEST(HubLoop, NewSettingsHoldFromTheNextRequestOn) {
    ServedLoop server;
    TestClient client(server.port());
    const std::string_view origin = "Origin: https://game.example\r\n";
    EXPECT_EQ(status_of(client.post("/api/publish", "{}", origin)), 403);
    HubLoopSettings settings;
    settings.site.policy.origins = {"https://game.example"};
    server.loop().set_settings(settings);
    // A request that is on its way may still meet the old ones.
    int status = 0;
    for (int tries = 0; tries < 100 && status != 200; ++tries) {
        TestClient again(server.port());
        status = status_of(again.post("/api/publish", R"({"everyone":true,"type":"t","data":{}})", origin));
    }
    EXPECT_EQ(status, 200);
}

}  // namespace
}  // namespace mythos::transport
