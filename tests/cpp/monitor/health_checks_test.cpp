#include "monitor/health_checks.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace mythos::monitor {
namespace {

using nlohmann::json;
using observe::Health;

TEST(HealthChecksTest, ConnectionsAreJudgedByTheHealthyShare) {
    ConnectionCounts counts{150, 148};
    const auto check = connections_check([&] { return counts; });
    EXPECT_EQ(check(Health::healthy).status, Health::healthy);
    EXPECT_NEAR(counts.health_percent(), 98.667, 0.001);
    counts = {100, 94};
    EXPECT_EQ(check(Health::healthy).status, Health::degraded);
    counts = {100, 79};
    EXPECT_EQ(check(Health::healthy).status, Health::unhealthy);
    counts = {};
    EXPECT_EQ(check(Health::healthy).status, Health::healthy) << "nobody is no fault";
    EXPECT_EQ(counts.health_percent(), 100);
}

TEST(HealthChecksTest, MemoryIsOfTheProcessOrItsGroup) {
    const json details = json::parse(memory_check()(Health::healthy).details);
    EXPECT_GT(details["total_mb"], 0);
    EXPECT_GT(details["process_mb"], 0);
    EXPECT_GT(details["usage_percentage"], 0);
}

TEST(HealthChecksTest, PerformanceIsJudgedByTheResponseTime) {
    RequestFigures figures{45.2, 125.5};
    const auto check = performance_check([&] { return figures; });
    EXPECT_EQ(check(Health::healthy).status, Health::healthy);
    figures.average_ms = 600;
    EXPECT_EQ(check(Health::healthy).status, Health::degraded);
    figures.average_ms = 2'500;
    EXPECT_EQ(check(Health::healthy).status, Health::unhealthy);
}

TEST(HealthChecksTest, WithoutAStoreTheDatabaseIsWellAndSaysSo) {
    const auto result = database_check({})(Health::healthy);
    EXPECT_EQ(result.status, Health::healthy);
    EXPECT_EQ(json::parse(result.details),
              json({{"enabled", false}, {"response_time_ms", 0}, {"connection_count", 0}}));
    const auto kept = database_check([] { return store::StoreProbe{}; })(Health::healthy);
    EXPECT_EQ(json::parse(kept.details)["enabled"], true);
}

TEST(HealthChecksTest, OneLoopThatOwesASignIsEnough) {
    std::vector<LoopSign> signs(3);
    const auto check = loops_check([&] { return signs; });
    EXPECT_EQ(check(Health::healthy).status, Health::healthy);
    signs[1].lag = milliseconds(300);
    EXPECT_EQ(check(Health::healthy).status, Health::degraded);
    signs[1] = {kLoopStuckAfter, {}};
    const auto result = check(Health::healthy);
    EXPECT_EQ(result.status, Health::unhealthy);
    EXPECT_EQ(json::parse(result.details), json({{"loops", 3}, {"stuck", 1}, {"lag_ms", 5000.0}}));
}

}  // namespace
}  // namespace mythos::monitor
