#include "monitor/health_views.hpp"

#include <nlohmann/json.hpp>

#include "hub/hub_fixture.hpp"

namespace mythos::monitor {
namespace {

using hub::test::Peer;
using nlohmann::json;

class HealthViewsTest : public hub::test::HubTest {
protected:
    json health(const Statistics& statistics, stats::Window window = stats::Window::five_minutes) {
        return json::parse(connection_health_json(*node_, statistics, window, clock.wall()));
    }
};

TEST_F(HealthViewsTest, OfNoConnectionsAllAreHealthy) {
    start();
    const Statistics statistics(*node_, now());
    const json told = health(statistics);
    EXPECT_EQ(told["overall_health"]["total_connections"], 0);
    EXPECT_EQ(told["overall_health"]["health_percentage"], 100);
    EXPECT_EQ(told["connection_type_health"]["sse"]["health_percentage"], 100);
    EXPECT_EQ(told["health_trends"]["last_hour_health_percentage"], 100);
    EXPECT_EQ(told["health_trends"]["last_24_hours_health_percentage"], 100);
}

TEST_F(HealthViewsTest, SaysWhoIsHealthyByWireCauseAgeAndTime) {
    settings.heartbeat_jitter = 0;
    settings.slow_reader = hub::SlowReader::gap;
    start(2);
    Statistics statistics(*node_, now());
    ws({.player = "p1"});
    ws({.player = "p2"});
    Peer& slow = sse({.player = "p3", .loop = 1});
    sse({.player = "p4", .loop = 1});
    slow.room = 0;
    for (int i = 0; i < 5; ++i) publish({{"player", "p3"}, {"type", "t"}, {"data", std::string(300'000, 'x')}});
    advance(seconds(1));
    statistics.tick(now());
    json told = health(statistics);
    EXPECT_EQ(told["overall_health"], json::parse(R"({"total_connections":4,"healthy_connections":3,
        "unhealthy_connections":1,"health_percentage":75.0})"));
    EXPECT_EQ(told["connection_type_health"]["websocket"],
              json::parse(R"({"total":2,"healthy":2,"unhealthy":0,"health_percentage":100.0})"));
    EXPECT_EQ(told["connection_type_health"]["sse"],
              json::parse(R"({"total":2,"healthy":1,"unhealthy":1,"health_percentage":50.0})"));
    EXPECT_EQ(told["unhealthy_by_cause"], json::parse(R"({"heartbeat_missed":0,"unacknowledged":0,"lagging":1})"));
    EXPECT_EQ(told["connection_age_distribution"]["0-5_minutes"], 4);

    // A second with all healthy, and from here on three with one of four not so.
    clock.advance(seconds(3));
    statistics.tick(now());
    told = health(statistics);
    EXPECT_DOUBLE_EQ(told["health_trends"]["last_hour_health_percentage"].get<double>(), (100.0 + 3 * 75) / 4);
    EXPECT_EQ(told["windows"]["1m"]["lowest"], 75);
    EXPECT_EQ(told["window"], "5m");
    EXPECT_EQ(told["health_trends"]["window_lowest_health_percentage"], 75);
    for (int i = 0; i < 400; ++i) {
        advance(seconds(1));
        statistics.tick(now());
    }
    told = health(statistics);
    EXPECT_EQ(told["connection_age_distribution"]["5-30_minutes"], 4);
    EXPECT_EQ(told["connection_age_distribution"]["0-5_minutes"], 0);
    const double of_window = told["health_trends"]["window_health_percentage"];
    EXPECT_EQ(of_window, told["windows"]["5m"]["health_percentage"]);
    EXPECT_LT(of_window, 100) << "the first second is long ago";
    const json day = health(statistics, stats::Window::day);
    EXPECT_EQ(day["window"], "24h");
    EXPECT_EQ(day["health_trends"]["window_health_percentage"],
              day["health_trends"]["last_24_hours_health_percentage"]);
    EXPECT_NE(day["health_trends"]["window_health_percentage"], of_window);
}

TEST_F(HealthViewsTest, PlayersAreCountedByTheirWires) {
    start();
    ws({.player = "p1"});
    sse({.player = "p1"});
    ws({.player = "p2"});
    ws({.player = "p2"});
    sse({.player = "p3"});
    const json told = json::parse(dual_connections_json(*node_, clock.wall()));
    EXPECT_EQ(told["connection_distribution"],
              json::parse(R"({"total_players":3,"websocket_only_players":1,"sse_only_players":1,
                              "dual_connection_players":1})"));
    EXPECT_EQ(told["connections"], json::parse(R"({"total":5,"websocket":3,"sse":2})"));
    EXPECT_EQ(told["sessions"], 3);
}

}  // namespace
}  // namespace mythos::monitor
