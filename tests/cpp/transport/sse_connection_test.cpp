#include "transport/sse_connection.hpp"
#include "base/limits.hpp"

#include <gtest/gtest.h>

#include "transport/served_loop.hpp"

namespace mythos::transport {
namespace {

constexpr std::string_view kGet = "GET /sse/p1 HTTP/1.1\r\nHost: localhost\r\n\r\n";

class SseConnectionTest : public testing::Test {
protected:
    ServedLoop server;
    TestClient client{server.port()};
};

TEST_F(SseConnectionTest, AnswersWithAHeadThatNoProxyBuffersAndAWelcome) {
    client.send("GET /sse/p1 HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n\r\n");
    const std::string head = client.read_until("\r\n\r\n");
    EXPECT_EQ(status_of(head), 200);
    for (const char* header : {"Content-Type: text/event-stream\r\n", "Cache-Control: no-cache, no-transform\r\n",
                               "X-Accel-Buffering: no\r\n", "Connection: close\r\n", "Vary: Origin\r\n",
                               "Access-Control-Allow-Origin: http://localhost\r\n"}) {
        EXPECT_NE(head.find(header), std::string::npos) << header;
    }
    EXPECT_EQ(head.find("Content-Length"), std::string::npos);
    EXPECT_NE(client.read_until("\n\n").find("mythos.welcome"), std::string::npos);
}

TEST_F(SseConnectionTest, CarriesWhatIsPublished) {
    client.send(kGet);
    client.read_until("\n\n");
    TestClient publisher(server.port());
    publisher.post("/api/publish", R"({"player":"p1","type":"t","data":{"n":7}})");
    EXPECT_NE(client.read_until("\n\n").find(R"("data":{"n":7})"), std::string::npos);
}

TEST_F(SseConnectionTest, DropsAPeerThatTalksOn) {
    client.send(kGet);
    client.read_until("\n\n");
    client.send(std::string(kStreamInputBytesMax / 2, 'x'));
    TestClient publisher(server.port());
    publisher.post("/api/publish", R"({"player":"p1","type":"t","data":{"n":7}})");
    client.read_until("\n\n");
    client.send(std::string(kStreamInputBytesMax, 'x'));
    EXPECT_EQ(client.read_all().find("data:"), std::string::npos) << "it ends";
}

TEST_F(SseConnectionTest, ARefusedOneIsAnsweredInHttp) {
    hub::Settings hub;
    hub.connections_max = 0;
    ServedLoop full({}, hub);
    TestClient refused(full.port());
    const std::string answer = refused.ask(kGet);
    EXPECT_EQ(status_of(answer), 503);
    EXPECT_NE(answer.find("Retry-After: "), std::string::npos);
    EXPECT_NE(body_of(answer).find("connection_limit"), std::string::npos);
}

}  // namespace
}  // namespace mythos::transport
