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
    const auto result = check(Health::healthy);
    EXPECT_EQ(result.status, Health::healthy);
    EXPECT_NEAR(json::parse(result.details)["health_percentage"].get<double>(), 98.667, 0.001);
    EXPECT_EQ(json::parse(result.details)["unhealthy_connections"], 2);
    counts = {100, 94};
    EXPECT_EQ(check(Health::healthy).status, Health::degraded);
    counts = {100, 79};
    EXPECT_EQ(check(Health::healthy).status, Health::unhealthy);
    counts = {};
    EXPECT_EQ(check(Health::healthy).status, Health::healthy) << "nobody is no fault";
    EXPECT_EQ(json::parse(check(Health::healthy).details)["health_percentage"], 100);
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
    EXPECT_EQ(json::parse(check(Health::healthy).details),
              json({{"avg_response_time_ms", 45.2}, {"requests_per_second", 125.5}}));
    figures.average_ms = 600;
    EXPECT_EQ(check(Health::healthy).status, Health::degraded);
    figures.average_ms = 2'500;
    EXPECT_EQ(check(Health::healthy).status, Health::unhealthy);
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
