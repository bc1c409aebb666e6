#include "monitor/timing_json.hpp"

#include <gtest/gtest.h>

#include "stats/histogram_windows.hpp"

namespace mythos::monitor {
namespace {

TEST(TimingJsonTest, SaysMillisecondsAndZeroOfNothing) {
    const auto shard = std::make_shared<stats::HistogramShard>();
    stats::HistogramWindows windows({}, {shard});
    shard->record(milliseconds(2), 3);
    shard->record(milliseconds(10));
    windows.tick(MonoTime{} + seconds(2));
    const Json told = timing_json(windows.read(stats::Window::minute));
    EXPECT_EQ(told["count"], 4);
    EXPECT_EQ(told["rate_per_second"], 2);
    EXPECT_EQ(told["avg_ms"], 4);
    EXPECT_EQ(told["max_ms"], 10);
    EXPECT_NEAR(told["p50_ms"].get<double>(), 2, 2 * stats::kErrorBound);
    Json out;
    put_timing(out, "delivery_time", windows.read(stats::Window::minute));
    EXPECT_EQ(out["avg_delivery_time_ms"], 4);
    EXPECT_EQ(out["max_delivery_time_ms"], 10);
    EXPECT_EQ(out.size(), 7u);
    const Json nothing = timing_json(stats::Distribution());
    for (const auto& [name, value] : nothing.items()) EXPECT_EQ(value, 0) << name;
}

}  // namespace
}  // namespace mythos::monitor
