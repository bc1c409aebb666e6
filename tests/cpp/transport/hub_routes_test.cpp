#include "transport/hub_routes.hpp"

#include <gtest/gtest.h>

#include "base/manual_clock.hpp"
#include "hub/node.hpp"
#include "journal/memory.hpp"

namespace mythos::transport {
namespace {

class HubRoutesTest : public testing::Test {
protected:
    HubRoutesTest() { node.start(); }

    // The status of the hub's answer, or the code of an error before it.
    std::string ask(std::string_view method, std::string_view target, std::string body = "",
                    std::optional<std::string_view> key = std::nullopt) {
        HttpRequest request;
        request.method = method;
        request.target = target;
        request.body = std::move(body);
        if (key) request.headers.emplace_back("Idempotency-Key", *key);
        std::string said;
        RouteMatch match = match_route(request.method, request.path());
        const auto asked = ask_hub(core, std::move(match), std::move(request), {}, clock.mono(),
                                   [&](hub::Answer answer) { said = std::to_string(answer.status); });
        if (!asked) return asked.error().code;
        core.turn(clock);
        return said;
    }

    ManualClock clock;
    journal::MemoryJournal journal{"test00", journal::Retention{}};
    hub::Node node{journal, clock, hub::Settings{}, 1};
    hub::LoopCore core{node, 0};
};

TEST_F(HubRoutesTest, EveryRouteIsAnswered) {
    EXPECT_EQ(ask("POST", "/api/publish", R"({"channel":"room","type":"t","data":{}})"), "200");
    EXPECT_EQ(ask("POST", "/api/connections/p1/session", "{}"), "200");
    EXPECT_EQ(ask("GET", "/api/connections/p1"), "200");
    EXPECT_EQ(ask("GET", "/api/connections/stats"), "200");
    EXPECT_EQ(ask("GET", "/api/channels"), "200");
    EXPECT_EQ(ask("GET", "/api/presence/room"), "200");
    EXPECT_EQ(ask("GET", "/api/history/room?limit=1&before=test00-5"), "200");
    EXPECT_EQ(ask("POST", "/api/disconnect", R"({"player":"nobody"})"), "200");
    EXPECT_EQ(ask("POST", "/api/commands?session_id=s-never", R"({"type":"ping"})"), "410");
}

TEST_F(HubRoutesTest, FaultsAreToldBeforeTheHubIsAsked) {
    EXPECT_EQ(ask("GET", "/api/connections/a%20b"), "bad_name");
    EXPECT_EQ(ask("POST", "/api/connections/a%20b/session"), "bad_name");
    EXPECT_EQ(ask("POST", "/api/connections/p1/session", "{bad"), "bad_json");
    EXPECT_EQ(ask("POST", "/api/connections/p1/session", "\xff"), "bad_json");
    EXPECT_EQ(ask("POST", "/api/connections/p1/session"), "200");
    EXPECT_EQ(ask("GET", "/api/presence/%0A"), "bad_channel");
    EXPECT_EQ(ask("GET", "/api/presence/%ff"), "bad_channel");
    EXPECT_EQ(ask("GET", "/api/history/%ed%a0%80"), "bad_channel");
    EXPECT_EQ(ask("GET", "/api/history/room?limit=x"), "bad_request");
    EXPECT_EQ(ask("GET", "/api/history/room?limit=0"), "bad_request");
    EXPECT_EQ(ask("GET", "/api/history/room?limit=99999999999"), "bad_request");
    EXPECT_EQ(ask("GET", "/api/history/room?before=x"), "bad_cursor");
    EXPECT_EQ(ask("GET", "/api/channels?a=%"), "bad_request");
    EXPECT_EQ(ask("POST", "/api/commands"), "bad_name");
    EXPECT_EQ(ask("POST", "/api/commands?session_id=a%20b"), "bad_name");
    EXPECT_EQ(ask("POST", "/api/commands?session_id=s-1&client_id=%3C"), "bad_name");
}

TEST_F(HubRoutesTest, AnIdempotencyKeyIsVisibleAscii) {
    const auto publish = [&](std::string_view key) {
        return ask("POST", "/api/publish", R"({"channel":"room","type":"t","data":{}})", key);
    };
    EXPECT_EQ(publish("order-17"), "200");
    EXPECT_EQ(publish(std::string(255, '~')), "200");
    for (const std::string_view bad : {"", "\xff", "a b", "a\x7f", "\t"})
        EXPECT_EQ(publish(bad), "bad_idempotency_key") << bad;
    EXPECT_EQ(publish(std::string(256, 'x')), "bad_idempotency_key");
}

}  // namespace
}  // namespace mythos::transport
