#include "base/manual_clock.hpp"

#include <gtest/gtest.h>

namespace mythos {
namespace {

TEST(ManualClockTest, StandsStillUntilItIsMoved) {
    ManualClock clock({1'000});
    EXPECT_EQ(clock.mono(), clock.mono());
    EXPECT_EQ(clock.wall().ns, 1'000);
    clock.advance(nanoseconds(5));
    EXPECT_EQ(clock.mono().ns, 5);
    EXPECT_EQ(clock.wall().ns, 1'005);
}

TEST(ManualClockTest, TheWallAloneMayStepBack) {
    ManualClock clock({1'000});
    clock.step_wall(nanoseconds(-300));
    EXPECT_EQ(clock.wall().ns, 700);
    EXPECT_EQ(clock.mono().ns, 0);
}

}  // namespace
}  // namespace mythos
