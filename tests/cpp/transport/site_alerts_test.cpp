// Questions to the application's alert engine, which answers in its own words.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <semaphore>

#include "transport/client.hpp"
#include "transport/served_loop.hpp"

namespace mythos::transport {
namespace {

using nlohmann::json;
using stats::Counter;

class SiteAlertsTest : public testing::Test {
protected:
    SiteAlertsTest() {
        server.handlers().on_calls([this] { asked.release(); });
    }
    ~SiteAlertsTest() override {
        server.handlers().on_calls([] {});
    }
    hub::HandlerCall question() {
        for (;;) {
            asked.acquire();
            auto calls = server.handlers().take(1);
            if (!calls.empty()) return *calls.front();
        }
    }

    std::counting_semaphore<1'000> asked{0};
    ServedLoop server;
    TestClient client{server.port()};
};

TEST_F(SiteAlertsTest, WithoutAnEngineThereIsNothing) {
    const std::string answer = client.get("/api/v2/alerts");
    EXPECT_EQ(status_of(answer), 404);
    EXPECT_EQ(json::parse(body_of(answer))["details"]["error_code"], "not_found");
}

TEST_F(SiteAlertsTest, TheEngineIsAskedAndAnswersWithItsStatus) {
    server.handlers().set_questions({"mythos.alerts"});
    client.send("DELETE /api/v2/silence/abc?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto call = question();
    EXPECT_EQ(call.type, "mythos.alerts");
    const json expected{{"method", "DELETE"},
                        {"route", "/api/v2/silence/{silence_id}"},
                        {"parameter", "abc"},
                        {"query", "x=1"},
                        {"body", ""}};
    EXPECT_EQ(json::parse(call.data), expected);
    server.handlers().answer({{.ticket = call.ticket, .data = R"({"status":404,"body":"no such silence"})"}});
    const std::string answer = client.read_answer();
    EXPECT_EQ(status_of(answer), 404);
    EXPECT_NE(answer.find("\r\n\r\n\"no such silence\""), std::string::npos);
}

TEST_F(SiteAlertsTest, AnEngineThatFailsIsAFaultOfTheApplication) {
    server.handlers().set_questions({"mythos.alerts"});
    client.send_post("/api/v2/silences", "{}");
    const auto call = question();
    server.handlers().answer(
        {{.ticket = call.ticket, .kind = hub::HandlerAnswer::Kind::failed, .error = {"handler_failed", "it failed"}}});
    EXPECT_EQ(status_of(client.read_answer()), 500);
    EXPECT_EQ(server.count(Counter::http_handler_failed), 1u);
}

}  // namespace
}  // namespace mythos::transport
