#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace mythos {
namespace {

TEST(ClockTest, DurationsAreNanosecondsUnderneath) {
    EXPECT_EQ(milliseconds(3), microseconds(3'000));
    EXPECT_EQ(seconds(2), nanoseconds(2'000'000'000));
    EXPECT_EQ(seconds(2).ms(), 2'000);
    EXPECT_DOUBLE_EQ(milliseconds(1'500).seconds(), 1.5);
    EXPECT_EQ(seconds(3) - seconds(5), seconds(-2));
    EXPECT_EQ(seconds(3) * 4 / 6, seconds(2));
    EXPECT_LT(seconds(-1), seconds(0));
    EXPECT_EQ(MonoTime{5} + nanoseconds(3) - nanoseconds(1), MonoTime{7});
    EXPECT_EQ(MonoTime{5} - MonoTime{7}, nanoseconds(-2));
}

TEST(ClockTest, Iso8601InUtcWithMicroseconds) {
    EXPECT_EQ(iso8601({0}), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(iso8601({1'764'000'000'123'456'789}), "2025-11-24T16:00:00.123456Z");
    EXPECT_EQ(iso8601({951'782'399'999'999'999}), "2000-02-28T23:59:59.999999Z");
    EXPECT_EQ(iso8601({951'782'400'000'000'000}), "2000-02-29T00:00:00.000000Z");
    EXPECT_EQ(iso8601({-1'500'000}), "1969-12-31T23:59:59.998500Z");
}

TEST(ClockTest, TheSystemClockGoesForward) {
    const SystemClock clock;
    const MonoTime first = clock.mono();
    EXPECT_GE(clock.mono(), first);
    EXPECT_GT(clock.wall().epoch_seconds(), 1.7e9);
}

}  // namespace
}  // namespace mythos
