// Gaps told on one wire while the other may fill them: each entry once, what is missing in the end.
#include "hub/open_gaps.hpp"

#include <gtest/gtest.h>

namespace mythos::hub::test {
namespace {

std::size_t take(OpenGaps& gaps, std::vector<Seq> positions) { return gaps.take(positions, positions.back()).size(); }

TEST(OpenGapsTest, WhatWasHandedOverIsTakenOnce) {
    OpenGaps gaps(10);
    EXPECT_EQ(take(gaps, {9, 10, 11, 20}), 2u) << "up to 10 it was counted before";
    EXPECT_EQ(take(gaps, {11, 15, 20, 21}), 2u);
    EXPECT_EQ(gaps.highest(), 21u);
}

TEST(OpenGapsTest, AGapMissesWhatNobodyBroughtOfWhatWasOwed) {
    OpenGaps gaps(10);
    gaps.tell({10, 20, 3, 8});
    EXPECT_EQ(take(gaps, {12, 20, 25}), 3u);
    EXPECT_EQ(gaps.settle(19), 0u);
    EXPECT_FALSE(gaps.empty()) << "it may still be filled";
    EXPECT_EQ(gaps.settle(20), 3u);
    EXPECT_TRUE(gaps.empty());
}

TEST(OpenGapsTest, GapsThatOverlapAreOne) {
    OpenGaps gaps(10);
    gaps.tell({10, 20, 0, 10});
    gaps.tell({30, 40, 20, 30});
    gaps.tell({15, 25, 5, 15});
    gaps.tell({12, 18, 2, 8});
    EXPECT_EQ(gaps.highest(), 40u);
    EXPECT_EQ(gaps.settle(25), 15u);
    EXPECT_FALSE(gaps.empty());
    EXPECT_EQ(gaps.settle(100), 10u);
}

TEST(OpenGapsTest, NotMoreIsRememberedThanItsBound) {
    OpenGaps gaps(0);
    std::vector<Seq> many(65'536);
    for (std::size_t i = 0; i < many.size(); ++i) many[i] = i + 1;
    gaps.take(many, many.size());
    EXPECT_FALSE(gaps.full());
    take(gaps, {100'000});
    EXPECT_TRUE(gaps.full());
}

}  // namespace
}  // namespace mythos::hub::test
