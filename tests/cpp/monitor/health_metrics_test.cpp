#include "monitor/health_metrics.hpp"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include "base/manual_clock.hpp"

namespace mythos::monitor {
namespace {

using observe::Health;

TEST(HealthMetricsTest, EachComponentHasItsStatusAndHowLongItsChecksTook) {
    ManualClock clock;
    observe::HealthBoard board;
    for (const char* name : {"db", "memory"}) ASSERT_TRUE(board.add({.name = name}, clock.mono()));
    board.report("db", {Health::degraded, milliseconds(30)}, clock.mono(), clock.wall());
    board.report("db", {Health::degraded, seconds(3)}, clock.mono(), clock.wall());
    board.report("memory", {Health::healthy, microseconds(10)}, clock.mono(), clock.wall());
    std::vector<prometheus::MetricFamily> all;
    add_health_metrics(all, board.report(clock.mono()));
    const std::string text = prometheus::TextSerializer().Serialize(all);
    const auto has = [&](const char* line) { return text.find(line) != std::string::npos; };
    EXPECT_TRUE(has("mythos_health_status{component=\"db\"} 0.5\n")) << text;
    EXPECT_TRUE(has("mythos_health_status{component=\"memory\"} 1\n"));
    EXPECT_TRUE(has("mythos_health_check_duration_seconds_count{component=\"db\"} 2\n"));
    EXPECT_TRUE(has("mythos_health_check_duration_seconds_bucket{component=\"db\",le=\"0.05\"} 1\n"));
    EXPECT_TRUE(has("mythos_health_check_duration_seconds_bucket{component=\"db\",le=\"+Inf\"} 2\n"));
}

}  // namespace
}  // namespace mythos::monitor
