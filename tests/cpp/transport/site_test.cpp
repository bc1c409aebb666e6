#include "transport/site.hpp"

#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>
#include <semaphore>

#include "transport/served_loop.hpp"

namespace mythos::transport {
namespace {

using stats::Counter;

class SiteTest : public testing::Test {
protected:
    static std::string error_code(const std::string& answer) {
        const auto body = nlohmann::json::parse(body_of(answer));
        EXPECT_TRUE(body.at("error").get<bool>());
        return body.at("details").at("error_code");
    }
    void expect_refused(const std::string& answer, int status, std::string_view code, Counter counter) {
        EXPECT_EQ(status_of(answer), status) << answer;
        EXPECT_EQ(error_code(answer), code);
        EXPECT_EQ(server.count(counter), 1u) << stats::name_of(counter);
    }

    ServedLoop server;
    TestClient client{server.port()};
};

TEST_F(SiteTest, AnswersProbesAndTheIndex) {
    EXPECT_EQ(body_of(client.get("/livez")), R"({"status":"alive"})");
    EXPECT_EQ(body_of(client.get("/readyz")), R"({"status":"ready"})");
    EXPECT_NE(body_of(client.get("/")).find("/api/publish"), std::string::npos);
}

TEST_F(SiteTest, TheMonitorIsAskedElsewhereAndTheLoopDoesNotWait) {
    struct Asked {
        MonitorRequest request;
        std::function<void(MonitorAnswer)> answer;
    };
    std::promise<Asked> asked;
    std::atomic<bool> takes = true;
    ServedLoop told({}, {}, nullptr, [&](MonitorRequest request, std::function<void(MonitorAnswer)> answer) {
        if (takes.exchange(false)) return asked.set_value({std::move(request), std::move(answer)}), true;
        return false;
    });
    TestClient asking(told.port()), other(told.port());
    asking.send(
        "GET /monitoring/connections/c%2D1?window=1m HTTP/1.1\r\nHost: localhost\r\nAccept: a/b\r\n"
        "Accept: c/d\r\nAccept-Encoding: gzip\r\n\r\n");
    const auto [request, answer] = asked.get_future().get();
    EXPECT_EQ(request.route, Route::monitored_connection);
    EXPECT_EQ(request.parameter, "c-1");
    EXPECT_EQ(request.query, "window=1m");
    EXPECT_EQ(request.accept, "a/b, c/d");
    EXPECT_EQ(request.accept_encoding, "gzip");
    EXPECT_EQ(status_of(other.get("/livez")), 200);
    const std::string refused = other.get("/metrics");
    EXPECT_EQ(status_of(refused), 503) << refused;
    EXPECT_NE(refused.find("\r\nRetry-After: 1\r\n"), std::string::npos);
    EXPECT_EQ(error_code(refused), "overloaded");
    EXPECT_EQ(told.count(Counter::http_unavailable), 1u);
    HttpResponse response;
    response.status = 207;
    response.content_type = "text/x";
    response.body = "told\n";
    std::thread([&] { answer(response); }).join();
    const std::string answered = asking.read_until("\r\n\r\ntold\n");
    EXPECT_EQ(status_of(answered), 207);
    EXPECT_NE(answered.find("\r\nContent-Type: text/x\r\n"), std::string::npos);
}

TEST_F(SiteTest, TheMonitorsErrorsBecomeErrorBodies) {
    ServedLoop told({}, {}, nullptr,
                    [](const MonitorRequest& request, const std::function<void(MonitorAnswer)>& answer) {
                        answer(Error{request.query, "Why."});
                        return true;
                    });
    TestClient asking(told.port());
    for (const auto& [code, status] : {std::pair("bad_request", 400), {"not_found", 404}, {"server_fault", 500}}) {
        const std::string refused = asking.get(std::string("/metrics?") + code);
        EXPECT_EQ(status_of(refused), status) << refused;
        EXPECT_EQ(error_code(refused), code);
    }
    EXPECT_EQ(told.count(Counter::http_bad_request), 1u);
    EXPECT_EQ(told.count(Counter::http_not_found), 1u);
    EXPECT_EQ(told.count(Counter::http_server_fault), 1u);
}

TEST_F(SiteTest, WithoutAMonitorItsRoutesAreNone) {
    expect_refused(client.get("/metrics"), 404, "not_found", Counter::http_not_found);
    EXPECT_EQ(status_of(client.get("/monitoring/performance")), 404);
}

TEST_F(SiteTest, PublishesAndAnswersQueries) {
    const auto published = client.post("/api/publish", R"({"channel":"room","type":"t","data":{"n":1}})");
    EXPECT_EQ(status_of(published), 200) << published;
    const auto history = nlohmann::json::parse(body_of(client.get("/api/history/room?limit=5")));
    EXPECT_EQ(history.at("entries").size(), 1u);
    EXPECT_EQ(status_of(client.get("/api/channels")), 200);
    EXPECT_EQ(status_of(client.get("/api/presence/room")), 200);
    EXPECT_EQ(status_of(client.get("/api/connections/stats")), 200);
    EXPECT_EQ(status_of(client.post("/api/connections/p1/session", "{}")), 200);
    EXPECT_EQ(status_of(client.get("/api/connections/p1")), 200);
}

TEST_F(SiteTest, TellsUnknownRoutesAndMethods) {
    expect_refused(client.get("/nothing"), 404, "not_found", Counter::http_not_found);
    const std::string answer = client.get("/api/publish");
    expect_refused(answer, 405, "method_not_allowed", Counter::http_method);
    EXPECT_NE(answer.find("Allow: POST, OPTIONS\r\n"), std::string::npos);
}

TEST_F(SiteTest, APostNeedsJson) {
    const std::string_view head = "POST /api/publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n";
    expect_refused(client.ask(std::string(head) + "Content-Type: application/jsonx\r\n\r\n"), 415,
                   "unsupported_media_type", Counter::http_media_type);
}

TEST_F(SiteTest, HoldsTheHostRule) {
    expect_refused(client.ask("GET /api/channels HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 421, "host_not_allowed",
                   Counter::http_host);
    expect_refused(client.ask("GET /sse/p1 HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 421, "host_not_allowed",
                   Counter::rejected_host);
    EXPECT_EQ(status_of(client.ask("GET /livez HTTP/1.1\r\n\r\n")), 400) << "HTTP/1.1 needs a Host";
    EXPECT_EQ(status_of(client.ask("GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n")), 400);
    EXPECT_EQ(status_of(client.ask("GET http://localhost/livez HTTP/1.1\r\nHost: evil.example\r\n\r\n")), 200);
    EXPECT_EQ(status_of(client.ask("GET http://evil.example/livez HTTP/1.1\r\nHost: localhost\r\n\r\n")), 421);
    EXPECT_EQ(status_of(client.ask("GET // HTTP/1.1\r\nHost: localhost\r\n\r\n")), 404);
}

TEST_F(SiteTest, HoldsTheOriginRule) {
    const std::string_view evil = "Origin: http://evil.example\r\n";
    expect_refused(client.post("/api/publish", "", evil), 403, "origin_not_allowed", Counter::http_origin);
    expect_refused(client.upgrade("/ws/p1", evil), 403, "origin_not_allowed", Counter::rejected_origin);
    EXPECT_EQ(status_of(client.get("/livez", evil)), 200) << "a page cannot read it";
    EXPECT_EQ(client.get("/livez", evil).find("Access-Control"), std::string::npos);
}

TEST_F(SiteTest, RefusesUpgradesThatAreNone) {
    const std::string answer = client.get("/ws/p1");
    expect_refused(answer, 426, "bad_upgrade", Counter::rejected_bad_upgrade);
    EXPECT_NE(answer.find("Sec-WebSocket-Version: 13\r\n"), std::string::npos);
}

TEST_F(SiteTest, RefusesNamesAndCursorsThatCannotBe) {
    expect_refused(client.get("/sse/a%20b"), 400, "bad_name", Counter::rejected_bad_name);
    expect_refused(client.upgrade("/ws/p1?cursor=yesterday"), 400, "bad_cursor", Counter::rejected_bad_cursor);
    expect_refused(client.get("/sse/p1?mode=both"), 400, "bad_request", Counter::rejected_bad_request);
}

TEST_F(SiteTest, RefusesQuestionsThatCannotBe) {
    const std::pair<const char*, const char*> faults[] = {
        {"/api/history/room?limit=many", "bad_request"}, {"/api/history/room?limit=0", "bad_request"},
        {"/api/history/room?limit=-1", "bad_request"},   {"/api/history/room?before=x", "bad_cursor"},
        {"/api/history/room?limit=%", "bad_request"},    {"/api/presence/%0a", "bad_channel"},
        {"/api/connections/a%20b", "bad_name"}};
    for (const auto& [path, code] : faults) {
        const std::string answer = client.get(path);
        EXPECT_EQ(status_of(answer), 400) << path;
        EXPECT_EQ(error_code(answer), code) << path;
    }
    EXPECT_EQ(server.count(Counter::http_bad_request), std::size(faults));
    EXPECT_EQ(status_of(client.post("/api/commands", "{}")), 400) << "no session is named";
}

TEST_F(SiteTest, AnswersAPreflight) {
    const std::string answer =
        client.ask("OPTIONS /api/publish HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n\r\n");
    EXPECT_EQ(status_of(answer), 204);
    EXPECT_NE(answer.find("Access-Control-Allow-Origin: http://localhost\r\n"), std::string::npos);
}

TEST_F(SiteTest, CountsWhatIsNoRequest) {
    TestClient other(server.port());
    expect_refused(other.ask("hello\r\n\r\n"), 400, "bad_request", Counter::http_bad_request);
}

// An application that lets newcomers in, in its own time.
class AuthenticatingSiteTest : public SiteTest {
protected:
    static HubLoopSettings settings() {
        HubLoopSettings settings;
        settings.site.application_authenticates = true;
        return settings;
    }
    // The newest question, as soon as it is there.
    hub::HandlerCall question() {
        for (;;) {
            asked.acquire();
            auto calls = server.handlers().take(1);
            if (!calls.empty()) return *calls.front();
        }
    }
    void answer(const hub::HandlerCall& call, std::string data) {
        server.handlers().answer({{.ticket = call.ticket, .data = std::move(data)}});
    }

    AuthenticatingSiteTest() {
        server.handlers().on_calls([this] { asked.release(); });
    }
    ~AuthenticatingSiteTest() override {
        server.handlers().on_calls([] {});
    }

    std::counting_semaphore<1'000> asked{0};
    ServedLoop server{settings()};
    TestClient client{server.port()};
};

TEST_F(AuthenticatingSiteTest, ThePlayerIsWhomTheApplicationNames) {
    client.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer abc\r\n\r\n");
    const auto call = question();
    EXPECT_EQ(call.type, "mythos.authenticate");
    EXPECT_EQ(nlohmann::json::parse(call.data)["token"], "abc");
    TestClient other(server.port());
    EXPECT_EQ(status_of(other.get("/livez")), 200) << "the loop does not wait";
    answer(call, R"("ann")");
    EXPECT_NE(client.read_until("\n\n").find(R"("player_id":"ann")"), std::string::npos);
}

TEST_F(AuthenticatingSiteTest, AWebSocketWaitsToo) {
    TestClient socket(server.port());
    socket.send(
        "GET /ws/ann HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    answer(question(), R"("ann")");
    EXPECT_NE(socket.read_until("\r\n\r\n").find("101 "), std::string::npos);
    EXPECT_NE(socket.frame().find(R"("player_id":"ann")"), std::string::npos);
}

TEST_F(AuthenticatingSiteTest, ARefusalHasItsStatus) {
    const auto refused = [&](hub::HandlerAnswer::Kind kind, const char* code) {
        client.send("GET /sse/ann HTTP/1.1\r\nHost: localhost\r\n\r\n");
        server.handlers().answer({{.ticket = question().ticket, .kind = kind, .error = {code, "No."}}});
        return client.read_until("}");
    };
    using Kind = hub::HandlerAnswer::Kind;
    EXPECT_EQ(status_of(refused(Kind::failed, "unauthorised")), 401);
    EXPECT_EQ(server.count(Counter::rejected_unauthorised), 1u);
}

TEST_F(AuthenticatingSiteTest, APostOfCommandsIsForThePlayersOwnSession) {
    TestClient stream(server.port());
    stream.send("GET /sse/ann HTTP/1.1\r\nHost: localhost\r\n\r\n");
    answer(question(), R"("ann")");
    const std::string welcome = stream.read_until("\n\n");
    const auto at = welcome.find(R"("session_id":")") + 14;
    const std::string session = welcome.substr(at, welcome.find('"', at) - at);
    const auto post_as = [&](const char* caller) {
        client.send_post("/api/commands?session_id=" + session, R"({"id":"c-1","type":"ping"})");
        answer(question(), caller);
        return client.read_answer();
    };
    EXPECT_EQ(error_code(post_as(R"("bob")")), "foreign_session");
    EXPECT_EQ(status_of(post_as(R"("ann")")), 200);
}

TEST_F(AuthenticatingSiteTest, TheApplicationsRoutesAreForTheApplication) {
    const auto ask_as = [&](const char* caller) {
        client.send_post("/api/publish", R"({"everyone":true,"type":"t"})");
        answer(question(), caller);
        return client.read_answer();
    };
    const std::string refused = ask_as(R"("ann")");
    EXPECT_EQ(status_of(refused), 403);
    EXPECT_EQ(error_code(refused), "forbidden");
    EXPECT_EQ(server.count(Counter::http_unauthorised), 1u);
    EXPECT_EQ(status_of(ask_as(R"({"application":true})")), 200);
    client.send("GET /sse/ann HTTP/1.1\r\nHost: localhost\r\n\r\n");
    answer(question(), R"({"application":true})");
    EXPECT_EQ(error_code(client.read_answer()), "forbidden") << "it is no player";
}

TEST_F(AuthenticatingSiteTest, WhoHasGoneIsNotLetIn) {
    client.send("GET /sse/ann HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto call = question();
    client.hang_up_with_reset();
    TestClient other(server.port());
    EXPECT_EQ(status_of(other.get("/livez")), 200) << "the reset was read before this was";
    answer(call, R"("ann")");
    EXPECT_EQ(status_of(other.get("/livez")), 200);
    EXPECT_EQ(server.count(Counter::opened_sse), 0u);
}

TEST_F(AuthenticatingSiteTest, BadNamesAreNotAskedAbout) {
    const std::string answer = client.get("/sse/a%20b");
    EXPECT_EQ(status_of(answer), 400);
    EXPECT_EQ(error_code(answer), "bad_name");
    EXPECT_EQ(server.handlers().unanswered(), 0u);
}

TEST(CrowdedSite, TooManyWhoWaitAreToldToComeLater) {
    HubLoopSettings settings;
    settings.site.application_authenticates = true;
    hub::Settings hub;
    hub.handler_calls_max = 0;
    ServedLoop server(settings, hub);
    TestClient client(server.port());
    const std::string answer = client.get("/sse/ann");
    EXPECT_EQ(status_of(answer), 503);
    EXPECT_NE(answer.find("Retry-After: 1\r\n"), std::string::npos);
}

}  // namespace
}  // namespace mythos::transport
