#include "hub/survey_shard.hpp"

#include <gtest/gtest.h>

namespace mythos::hub {
namespace {

TEST(SurveyShardTest, IsReadAsItWasSetAndAddsUp) {
    SurveySums sums;
    sums.healthy = {3, 1};
    sums.unhealthy = {0, 2};
    sums.causes = {1, 2, 1};
    sums.ages = {1, 2, 3, 0};
    sums.queued_messages = 7;
    sums.queued_bytes = 900;
    sums.blocked = 1;
    SurveyShard shard;
    EXPECT_EQ(shard.read().total(), 0u);
    shard.set(sums);
    SurveySums twice = shard.read();
    twice.add(sums);
    EXPECT_EQ(twice.total(0), 6u);
    EXPECT_EQ(twice.total(1), 6u);
    EXPECT_EQ(twice.total(), 12u);
    EXPECT_EQ(twice.causes, (std::array<std::uint64_t, 3>{2, 4, 2}));
    EXPECT_EQ(twice.ages, (std::array<std::uint64_t, 4>{2, 4, 6, 0}));
    EXPECT_EQ(twice.queued_messages, 14u);
    EXPECT_EQ(twice.queued_bytes, 1'800u);
    EXPECT_EQ(twice.blocked, 2u);
}

TEST(SurveyShardTest, OfNoConnectionsAllAreHealthy) {
    EXPECT_EQ(health_percent(0, 0), 100);
    EXPECT_EQ(health_percent(3, 1), 75);
    EXPECT_EQ(health_percent(0, 2), 0);
}

}  // namespace
}  // namespace mythos::hub
