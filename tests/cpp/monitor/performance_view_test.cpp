#include "monitor/performance_view.hpp"

#include <nlohmann/json.hpp>

#include "hub/hub_fixture.hpp"

namespace mythos::monitor {
namespace {

using hub::test::Peer;
using nlohmann::json;
using stats::Window;

class PerformanceViewTest : public hub::test::HubTest {
protected:
    json told(const Statistics& statistics, Window window = Window::five_minutes) {
        return json::parse(performance_json(*node_, statistics, window, clock.wall()));
    }
};

void expect_numbers(const json& value, const std::string& path) {
    if (value.is_object()) {
        for (const auto& [name, inner] : value.items()) expect_numbers(inner, path + "/" + name);
    } else {
        EXPECT_TRUE(value.is_number() || value.is_string()) << path;
    }
}

TEST_F(PerformanceViewTest, OfNothingThereAreZerosAndAHundredPerCent) {
    start();
    const Statistics statistics(*node_, now());
    const json nothing = told(statistics);
    expect_numbers(nothing, "");
    EXPECT_EQ(nothing["message_delivery"]["total_messages_sent"], 0);
    EXPECT_EQ(nothing["message_delivery"]["delivery_success_rate"], 100);
    EXPECT_EQ(nothing["message_delivery"]["p95_delivery_time_ms"], 0);
    EXPECT_EQ(nothing["system_performance"]["requests_per_second"], 0);
    EXPECT_EQ(nothing["windows"].size(), 4u);
}

TEST_F(PerformanceViewTest, KnownTrafficInExactNumbersThatAddUp) {
    retention.entries = 4;
    settings.slow_reader = hub::SlowReader::gap;
    start(2);
    Statistics statistics(*node_, now());
    Peer& slow = ws({.player = "p1"});
    sse({.player = "p2", .loop = 1});
    subscribe(slow, "room");
    slow.room = 0;
    for (int i = 0; i < 16; ++i) say("room");
    drain_socket(slow);
    loop().latencies()[stats::Latency::request].record(milliseconds(4), 20);
    clock.advance(seconds(2));
    statistics.tick(now());
    const json after = told(statistics, Window::minute);
    EXPECT_EQ(after["window"], "1m");
    EXPECT_EQ(after["window_seconds"], 2);
    const json& established = after["connection_establishment"];
    EXPECT_EQ(established["lifetime_websocket_connections"], 1);
    EXPECT_EQ(established["lifetime_total_connections"], 2);
    const json& delivery = after["message_delivery"];
    EXPECT_EQ(delivery["total_messages_sent"], 16);
    EXPECT_GT(delivery["failed_deliveries"], 0);
    EXPECT_EQ(delivery["successful_deliveries"].get<int>() + delivery["failed_deliveries"].get<int>(), 16);
    EXPECT_EQ(delivery["delivery_success_rate"], 100 * delivery["successful_deliveries"].get<double>() / 16);
    EXPECT_EQ(delivery["append_to_socket"]["count"], delivery["successful_deliveries"]);
    EXPECT_EQ(delivery["lifetime_messages_sent"], 16);
    const json& system = after["system_performance"];
    EXPECT_EQ(system["avg_response_time_ms"], 4);
    EXPECT_EQ(system["requests_per_second"], 10);
    EXPECT_EQ(system["active_connections"], 2);
    EXPECT_GT(system["memory_usage_mb"], 1);
    EXPECT_GT(system["memory_usage_percent"], 0);

    clock.advance(seconds(120));
    statistics.tick(now());
    const json later = told(statistics, Window::minute);
    EXPECT_EQ(later["message_delivery"]["total_messages_sent"], 0);
    EXPECT_EQ(later["message_delivery"]["lifetime_messages_sent"], 16);
    EXPECT_EQ(later["windows"]["5m"]["message_delivery"]["total_messages_sent"], 16);
    EXPECT_EQ(later["windows"]["1m"]["message_delivery"]["total_messages_sent"], 0);
}

}  // namespace
}  // namespace mythos::monitor
