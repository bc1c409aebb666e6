#include "transport/stream_connection.hpp"

#include <gtest/gtest.h>

#include "base/manual_clock.hpp"
#include "transport/served_loop.hpp"

namespace mythos::transport {
namespace {

constexpr std::string_view kGet = "GET /sse/p1 HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST(StreamConnection, AHangUpIsNoticedOnEitherWire) {
    ServedLoop server;
    {
        TestClient ws(server.port()), sse(server.port()), early(server.port());
        ws.upgrade("/ws/p1");
        ws.frame();
        sse.send(kGet);
        sse.read_until("\n\n");
        ws.hang_up_with_reset();
        early.send(kGet);
        early.hang_up_with_reset();
    }
    TestClient probe(server.port());
    while (body_of(probe.get("/api/connections/p1")).find("\"wire\"") != std::string::npos) std::this_thread::yield();
    EXPECT_EQ(server.count(stats::Counter::closed_websocket_peer_gone), 1u);
    EXPECT_GE(server.count(stats::Counter::closed_sse_peer_gone), 1u);
}

TEST(StreamConnection, ASlowReaderGetsEverythingInTheEnd) {
    ServedLoop server;
    TestClient sse(server.port()), publisher(server.port());
    sse.send(kGet);
    sse.read_until("\n\n");
    const std::string text(100'000, 'x');
    for (int n = 0; n < 200; ++n) {
        publisher.post("/api/publish", R"({"player":"p1","type":"t","data":{"n":)" + std::to_string(n) +
                                           R"(,"text":")" + text + "\"}}");
    }
    for (int n = 0; n < 200; ++n) {
        EXPECT_NE(sse.read_until("\n\n").find("{\"n\":" + std::to_string(n) + ","), std::string::npos);
    }
}

TEST(StreamConnection, ARefusalInHttpsWords) {
    hub::Refusal refusal;
    refusal.error_code = "player_limit";
    refusal.message = "Too many.";
    refusal.retry_after_s = 5;
    const HttpResponse answer = refusal_response(refusal, 429, {{"Vary", "Origin"}}, WallTime{});
    EXPECT_EQ(answer.status, 429);
    EXPECT_TRUE(answer.close);
    EXPECT_EQ(answer.headers, (HttpHeaders{{"Vary", "Origin"}, {"Retry-After", "5"}}));
    EXPECT_NE(answer.body.find("player_limit"), std::string::npos);
    EXPECT_EQ(refusal_response(refusal, 204, {}, WallTime{}).body, "");
}

}  // namespace
}  // namespace mythos::transport
