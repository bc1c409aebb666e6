#include "server/server.hpp"

#include <gtest/gtest.h>

#include "transport/client.hpp"

namespace mythos::server {
namespace {

using transport::TestClient;

class ServerTest : public testing::Test {
protected:
    static std::unique_ptr<observe::Logging> quiet(const Clock& clock) {
        observe::LogSettings settings;
        settings.level = observe::Level::critical;
        return std::move(observe::Logging::open(settings, clock).value());
    }
    ServerTest() : logging(quiet(clock)) {
        settings.listen.port = 0;
        settings.loops = 2;
    }
    std::unique_ptr<Server> start() { return std::move(Server::start(settings, clock, *logging).value()); }

    SystemClock clock;
    std::unique_ptr<observe::Logging> logging;
    ServerSettings settings;
};

TEST_F(ServerTest, ServesOnSeveralLoopsWithOneJournal) {
    const auto server = start();
    EXPECT_EQ(server->loops(), 2u);
    std::vector<std::unique_ptr<TestClient>> streams;
    for (int i = 0; i < 8; ++i) {
        streams.push_back(std::make_unique<TestClient>(server->port()));
        streams.back()->send("GET /sse/p" + std::to_string(i) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        streams.back()->read_until("mythos.welcome");
        streams.back()->read_until("\n\n");
    }
    TestClient publisher(server->port());
    publisher.post("/api/publish", R"({"everyone":true,"type":"t","data":{"n":1}})");
    for (auto& stream : streams) EXPECT_NE(stream->read_until("\n\n").find(R"("data":{"n":1})"), std::string::npos);
}

TEST_F(ServerTest, TellsThatItsPortIsTaken) {
    const auto server = start();
    settings.listen.port = server->port();
    const auto second = Server::start(settings, clock, *logging);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "address_in_use");
}

TEST_F(ServerTest, DrainsAndSaysSo) {
    const auto server = start();
    EXPECT_FALSE(server->is_drained());
    TestClient ws(server->port());
    ws.upgrade("/ws/p1");
    ws.frame();
    server->drain(milliseconds(1), "test");
    EXPECT_NE(ws.frame().find("mythos.draining"), std::string::npos);
    ws.read_all();
    ws.hang_up_with_reset();
    while (!server->is_drained()) std::this_thread::yield();
}

TEST_F(ServerTest, ReloadsWhatItMay) {
    const auto server = start();
    settings.loop.site.policy.allowed_hosts = {"game.example"};
    server->reload(settings);
    TestClient client(server->port());
    // From the loop's next turn on: a request that is on its way may still meet the old ones.
    int status = 0;
    for (int tries = 0; tries < 100 && status != 200; ++tries) {
        status = transport::status_of(client.ask("GET /livez HTTP/1.1\r\nHost: game.example\r\n\r\n"));
    }
    EXPECT_EQ(status, 200);
}

}  // namespace
}  // namespace mythos::server
