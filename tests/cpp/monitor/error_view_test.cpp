#include "monitor/error_view.hpp"

#include <nlohmann/json.hpp>

#include "hub/hub_fixture.hpp"
#include "monitor/asked.hpp"

namespace mythos::monitor {
namespace {

using hub::test::HubTest;
using nlohmann::json;
using stats::Counter;
using transport::Route;

class ErrorViewTest : public HubTest {
protected:
    void SetUp() override {
        start();
        statistics_.emplace(*node_, clock.mono());
        answers_.emplace(node_->errors());
        add_error_view(*answers_, *statistics_, node_->errors(), clock);
    }

    void fail(Counter fault, int times = 1, std::string_view player = {}) {
        for (int i = 0; i < times; ++i) loop().errors().record(fault, {.player_id = player});
    }

    json told(const char* query = "") {
        statistics_->tick(clock.mono());
        return json::parse(asked(*answers_, {Route::errors, {}, query})->body);
    }

    std::optional<Statistics> statistics_;
    std::optional<Answers> answers_;
};

TEST_F(ErrorViewTest, HasTheGuidesFields) {
    fail(Counter::closed_websocket_heartbeat_missed, 15);
    fail(Counter::rejected_unauthorised, 5, "test_player_2");
    const json all = told();
    EXPECT_EQ(all["total_errors_last_hour"], 20);
    EXPECT_DOUBLE_EQ(all["error_rate_per_minute"], 20.0 / 60);
    EXPECT_EQ(all["error_breakdown"], json({{"connection_error_medium", 15}, {"authentication_error_high", 5}}));
    ASSERT_EQ(all["recent_errors"].size(), kRecentErrors);
    const json newest = all["recent_errors"][0];
    EXPECT_EQ(newest["type"], "authentication_error");
    EXPECT_EQ(newest["severity"], "high");
    EXPECT_EQ(newest["player_id"], "test_player_2");
    EXPECT_DOUBLE_EQ(newest["timestamp"], static_cast<double>(clock.wall().ns) / 1e9);
    EXPECT_EQ(newest["fingerprint"], "authentication_error/unauthorised");
    EXPECT_EQ(all["recent_errors"][9]["player_id"], nullptr) << "nobody knows";
}

// The buffer holds a thousand; the counts are not those of the buffer.
TEST_F(ErrorViewTest, CountsAreExactOverEachWindowWhateverIsKept) {
    fail(Counter::http_not_found, 2'500);
    told();
    for (int minute = 0; minute < 10; ++minute) {
        clock.advance(seconds(60));
        told();
    }
    fail(Counter::http_not_found, 3);
    const json all = told("window=1m");
    EXPECT_EQ(all["windows"]["1m"]["total_errors"], 3);
    EXPECT_EQ(all["windows"]["5m"]["total_errors"], 3);
    EXPECT_EQ(all["windows"]["1h"]["total_errors"], 2'503);
    EXPECT_EQ(all["windows"]["24h"]["total_errors"], 2'503);
    EXPECT_EQ(all["lifetime_total_errors"], 2'503);
    EXPECT_EQ(all["lifetime_error_breakdown"]["validation_error_low"], 2'503);
    EXPECT_EQ(all["window_total_errors"], 3);
    EXPECT_EQ(all["total_errors_last_hour"], 2'503) << "whatever the window";
    EXPECT_EQ(all["recent_errors_let_go"], 1'503);
    EXPECT_EQ(all["fingerprints"][0]["count"], 2'503);
    EXPECT_EQ(all["fingerprints"][0]["fingerprint"], "validation_error/not_found");
}

TEST_F(ErrorViewTest, AnApplicationsOwnAreCountedWithTheRest) {
    node_->errors().record_own(stats::ErrorType::system, stats::Severity::critical,
                               {.player_id = "ann", .code = "shop_down", .text = "the shop is down"}, R"({"shop":7})");
    fail(Counter::operation_faults);
    const json all = told("limit=1");
    EXPECT_EQ(all["error_breakdown"]["system_error_critical"], 2);
    EXPECT_EQ(all["recent_errors"].size(), 1u);
    EXPECT_EQ(told()["recent_errors"][1]["details"]["shop"], 7);
}

TEST_F(ErrorViewTest, ARefusedConnectionIsOneErrorWithItsNames) {
    settings.connections_max = 1;
    node_->reload(settings);
    ws({.player = "ann"});
    open(protocol::Wire::sse, {.player = "bob"});
    turn();
    const json all = told();
    ASSERT_EQ(all["recent_errors"].size(), 1u);
    EXPECT_EQ(all["recent_errors"][0]["player_id"], "bob");
    EXPECT_EQ(all["recent_errors"][0]["error_code"], "connection_limit");
    EXPECT_EQ(all["recent_errors"][0]["message"], "SSE connection failed: the server has all the connections it may");
    EXPECT_EQ(all["recent_errors"][0]["details"]["connection_type"], "sse");
    EXPECT_EQ(all["total_errors_last_hour"], 1);
    EXPECT_EQ(count(Counter::rejected_connection_limit), 1u);
}

TEST_F(ErrorViewTest, RefusesWhatIsNoNumberAndNoWindow) {
    for (const char* query : {"limit=0", "limit=x", "limit=-1", "window=2m"})
        EXPECT_EQ(asked(*answers_, {Route::errors, {}, query}).error().code, "bad_request") << query;
}

}  // namespace
}  // namespace mythos::monitor
