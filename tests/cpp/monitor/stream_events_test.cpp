#include "monitor/stream_events.hpp"

#include <nlohmann/json.hpp>

#include "hub/hub_fixture.hpp"
#include "observe/error_tracker.hpp"

namespace mythos::monitor {
namespace {

using nlohmann::json;

class StreamEventsTest : public hub::test::HubTest {
protected:
    static json read(const std::string& block) {
        EXPECT_TRUE(block.starts_with("data: {") && block.ends_with("}\n\n")) << block;
        EXPECT_EQ(block.find('\n'), block.size() - 2);
        return json::parse(block.substr(6));
    }
};

TEST_F(StreamEventsTest, EachTellsWhatHappenedSinceTheOneBefore) {
    start();
    Statistics statistics(*node_, now());
    StreamEvents events(*node_, statistics);
    subscribe(ws({.player = "p1"}), "room");
    json first = read(events.next(clock.wall()));
    EXPECT_EQ(first["deliveries"]["successful"], 0);
    EXPECT_EQ(first["connections"]["opened"], 0) << "not known since when";
    EXPECT_EQ(first["health"]["total_connections"], 1);
    subscribe(sse({.player = "p1"}), "room");
    for (int i = 0; i < 6; ++i) say("room");
    for (int i = 0; i < 30; ++i) node_->errors().record(stats::Counter::log_drops, {});
    loop(0).latencies()[stats::Latency::request].record(milliseconds(3));
    clock.advance(seconds(2));
    statistics.tick(now());
    const json second = read(events.next(clock.wall()));
    EXPECT_EQ(second["seconds"], 2);
    EXPECT_EQ(second["connections"]["opened"], 1);
    EXPECT_EQ(second["connections"]["dual_connection_players"], 1);
    EXPECT_EQ(second["deliveries"]["successful"], 12) << "two clients";
    EXPECT_EQ(second["deliveries"]["per_second"], 6);
    EXPECT_EQ(second["deliveries"]["success_rate"], 100);
    EXPECT_EQ(second["errors"], json::parse(R"({"new":30,"total_errors_last_minute":30,"total_errors_last_hour":30,
        "error_rate_per_minute":0.5})"));
    EXPECT_NEAR(second["avg_response_time_ms"], 3, 0.001);
    EXPECT_EQ(second["requests_per_second"], 0.5);
    clock.advance(seconds(1));
    statistics.tick(now());
    EXPECT_EQ(read(events.next(clock.wall()))["deliveries"]["successful"], 0);
}

}  // namespace
}  // namespace mythos::monitor
