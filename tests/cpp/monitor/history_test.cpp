#include "monitor/history.hpp"

#include <nlohmann/json.hpp>
#include <numeric>

#include "hub/hub_fixture.hpp"
#include "observe/error_tracker.hpp"

namespace mythos::monitor {
namespace {

using nlohmann::json;

class HistoryTest : public hub::test::HubTest {
protected:
    void begin() {
        start();
        statistics = std::make_unique<Statistics>(*node_, now());
        history = std::make_unique<History>(*node_, *statistics, transitions, now());
    }
    void pass(Duration time) {
        clock.advance(time);
        statistics->tick(now());
        history->tick(now());
    }
    json told() const { return json::parse(history->json(clock.mono(), clock.wall())); }

    Transitions transitions;
    std::unique_ptr<Statistics> statistics;
    std::unique_ptr<History> history;
};

TEST_F(HistoryTest, EachStepTellsWhatHappenedInIt) {
    begin();
    EXPECT_EQ(told()["series"]["websocket"], json::array());
    subscribe(ws({.player = "p1"}), "room");
    subscribe(sse({.player = "p2"}), "room");
    for (int i = 0; i < 5; ++i) say("room");
    for (int i = 0; i < 2; ++i) node_->errors().record(stats::Counter::log_drops, {});
    pass(seconds(9));
    EXPECT_EQ(told()["series"]["websocket"], json::array()) << "the step is not over";
    pass(seconds(1));
    pass(seconds(10));
    const json all = told(), series = all["series"];
    EXPECT_EQ(all["step_s"], 10);
    EXPECT_NEAR(all["end"], clock.wall().epoch_seconds(), 1e-6);
    EXPECT_EQ(series["websocket"], json({1, 1}));
    EXPECT_EQ(series["sse"], json({1, 1}));
    EXPECT_EQ(series["opened_per_second"], json({0.2, 0}));
    EXPECT_EQ(series["published_per_second"], json({0.5, 0}));
    EXPECT_EQ(series["deliveries_per_second"], json({1, 0}));
    EXPECT_EQ(series["fan_out"], json({2, nullptr}));
    EXPECT_EQ(series["success_rate"], json({100, nullptr}));
    EXPECT_EQ(series["errors_per_minute"], json({12, 0}));
    EXPECT_EQ(series["p95_ms"][1], nullptr) << "of nothing there is no percentile";
    EXPECT_EQ(series["acknowledged_p95_ms"], json({nullptr, nullptr}));
    for (const auto& [name, column] : series.items()) EXPECT_EQ(column.size(), 2u) << name;
}

TEST_F(HistoryTest, TheHeatMapCountsEachDeliveryByItsTime) {
    begin();
    auto& delivery = loop(0).latencies()[stats::Latency::delivery];
    delivery.record(microseconds(1));
    delivery.record(milliseconds(3));
    delivery.record(milliseconds(3));
    delivery.record(seconds(20));
    delivery.record(seconds(3'600 * 6));
    pass(seconds(10));
    const json map = told()["heatmap"];
    const std::vector<double> bounds = map["bounds_ms"];
    const std::vector<int> counts = map["counts"][0];
    ASSERT_EQ(bounds.size(), History::kBounds);
    ASSERT_EQ(counts.size(), History::kBounds + 1);
    EXPECT_TRUE(std::is_sorted(bounds.begin(), bounds.end()));
    const auto slot = static_cast<std::size_t>(std::upper_bound(bounds.begin(), bounds.end(), 3.0) - bounds.begin());
    EXPECT_EQ(counts.front(), 1);
    EXPECT_EQ(counts[slot], 2);
    EXPECT_EQ(counts.back(), 2);
    EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0), 5);
}

TEST_F(HistoryTest, EachGroupOfErrorsHasItsTrend) {
    begin();
    const auto fail = [&](int times, const std::string& code) {
        for (int i = 0; i < times; ++i) node_->errors().record(stats::Counter::log_drops, {.code = code});
    };
    fail(2, "early");
    pass(seconds(10));
    fail(1, "early");
    fail(5, "late");
    pass(seconds(10));
    const json trends = told()["errors"];
    ASSERT_EQ(trends.size(), 2u) << trends;
    for (const auto& [fingerprint, counts] : trends.items())
        EXPECT_EQ(counts, fingerprint.ends_with("/late") ? json({0, 5}) : json({2, 1})) << fingerprint;
    for (std::size_t i = 0; i < 2 * History::kErrorTrends; ++i) fail(3, "code" + std::to_string(i));
    pass(seconds(10));
    EXPECT_EQ(told()["errors"].size(), History::kErrorTrends);
}

TEST_F(HistoryTest, TellsChangesOfTheLastHour) {
    begin();
    transitions.note({clock.wall(), "health", "database", "healthy", "unhealthy"});
    EXPECT_EQ(told()["events"][0]["to"], "unhealthy");
    clock.advance(seconds(4'000));
    EXPECT_EQ(told()["events"], json::array());
}

TEST_F(HistoryTest, WhatWasMissedIsUnknownAndNothingIsKeptForOverAnHour) {
    begin();
    pass(seconds(10));
    pass(seconds(35));
    EXPECT_EQ(told()["series"]["sessions"], json({0, nullptr, nullptr, 0}));
    EXPECT_EQ(told()["heatmap"]["counts"][1], nullptr);
    for (int i = 0; i < 400; ++i) pass(seconds(10));
    EXPECT_EQ(told()["series"]["sessions"].size(), History::kSteps);
    pass(seconds(86'400));
    const json sessions = told()["series"]["sessions"];
    EXPECT_EQ(sessions.size(), History::kSteps);
    EXPECT_EQ(std::count(sessions.begin(), sessions.end(), nullptr), History::kSteps - 1);
    clock.advance(seconds(4));
    EXPECT_NEAR(told()["end"], clock.wall().epoch_seconds() - 4, 1e-6);
}

}  // namespace
}  // namespace mythos::monitor
