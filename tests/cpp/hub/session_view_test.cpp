#include "hub/session_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "hub/entries.hpp"

namespace mythos::hub {
namespace {

using test::MadeEntry;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<Seq> owed(const SessionView& view, Seq after, Seq up_to) {
    std::vector<Seq> out;
    OwedRange range(view, after, up_to);
    while (const Seq seq = range.next()) out.push_back(seq);
    return out;
}

TEST(IntervalTest, BothEndsAreExclusive) {
    const Interval interval{1, 10, 20, 0, 0};
    EXPECT_FALSE(interval.owes(10));
    EXPECT_TRUE(interval.owes(11));
    EXPECT_TRUE(interval.owes(19));
    EXPECT_FALSE(interval.owes(20));
    EXPECT_FALSE(interval.open());
}

TEST(IntervalTest, ForgettingKeepsTheSum) {
    Intervals intervals;
    intervals.list = {{1, 1, 5, 0, 3}, {1, 8, 12, 4, 6}, {1, 15, kStillOpen, 6, 0}};
    intervals.forget_below(5);
    EXPECT_EQ(intervals.list.size(), 2u);
    EXPECT_EQ(intervals.forgotten_owed, 3u);
    EXPECT_EQ(intervals.forgotten_to, 5u);
    intervals.forget_below(100);
    EXPECT_EQ(intervals.list.size(), 1u) << "an open one is never forgotten";
    EXPECT_EQ(intervals.forgotten_owed, 5u);
    EXPECT_NE(intervals.find_open(1), nullptr);
    EXPECT_EQ(intervals.find_open(2), nullptr);
}

TEST(SessionViewTest, OwedIsDecidedByTheIntervalAtEachPosition) {
    Index index(0, 1'000);
    SessionView view;
    open_sub(view, index, {5, 2, kStillOpen, 1, 0});
    std::uint64_t n = 0;
    for (const Seq seq : {1u, 2u, 3u, 6u}) index.add(MadeEntry(seq, 5, ++n), 1);
    close_sub(view, 5, 7, 4);
    index.add(MadeEntry(8, 5, ++n), 1);
    open_sub(view, index, {5, 9, kStillOpen, 5, 0});
    index.add(MadeEntry(10, 5, ++n), 1);
    EXPECT_THAT(owed(view, 0, 100), ElementsAre(3, 6, 10));
    EXPECT_THAT(owed(view, 3, 9), ElementsAre(6));
    EXPECT_THAT(owed(view, 6, 9), IsEmpty());
    EXPECT_EQ(view.subs.size(), 2u);
    drop_view(view, index);
    EXPECT_TRUE(index.find(5)->route.empty());
}

// Many targets, overlapping in time, against the plain definition.
TEST(SessionViewTest, RangesAndCountsAgreeWithTheDefinition) {
    std::mt19937 random(7);
    for (int round = 0; round < 50; ++round) {
        Index index(0, 100'000);
        SessionView view;
        std::vector<std::uint64_t> ordinals(12, 0);
        std::vector<Seq> expected;
        for (Seq seq = 1; seq <= 400; ++seq) {
            const TargetId target = 2 + random() % 10;
            const bool open = std::any_of(view.subs.begin(), view.subs.end(), [&](const Sub& s) {
                return s.interval.target == target && s.interval.open();
            });
            switch (random() % 8) {
                case 0:
                    if (!open) open_sub(view, index, {target, seq, kStillOpen, ordinals[target], 0});
                    break;
                case 1:
                    close_sub(view, target, seq, ordinals[target]);
                    break;
                default:
                    index.add(MadeEntry(seq, target, ++ordinals[target]), 1);
                    if (open) expected.push_back(seq);
            }
            if (random() % 64 == 0) trim_view(view, index, 0);
        }
        ASSERT_EQ(owed(view, 0, 400), expected);
        for (const Seq from : {Seq{0}, Seq{17}, Seq{200}, Seq{399}}) {
            const auto begin = std::upper_bound(expected.begin(), expected.end(), from);
            const auto end = std::upper_bound(expected.begin(), expected.end(), from + 60);
            ASSERT_EQ(owed(view, from, from + 60), std::vector<Seq>(begin, end));
            ASSERT_EQ(view.owed_up_to(from), static_cast<std::uint64_t>(begin - expected.begin()));
        }
        trim_view(view, index, 200);
        ASSERT_EQ(view.owed_up_to(400), expected.size()) << "a forgotten interval is still counted";
        end_view(view, 401);
        EXPECT_TRUE(std::none_of(view.subs.begin(), view.subs.end(), [](const Sub& s) { return s.interval.open(); }));
        for (TargetId target = 2; target < 12; ++target) {
            const Topic* topic = index.find(target);
            EXPECT_TRUE(topic == nullptr || topic->route.empty());
        }
        ASSERT_EQ(view.owed_up_to(500), expected.size());
    }
}

TEST(SessionViewTest, BelowAForgottenIntervalNothingIsCounted) {
    Index index(0, 1'000);
    SessionView view;
    open_sub(view, index, {5, 1, 10, 0, 3});
    trim_view(view, index, 10);
    EXPECT_EQ(view.owed_up_to(9), std::nullopt);
    EXPECT_EQ(view.owed_up_to(10), 3u);
    EXPECT_TRUE(view.subs.empty());
}

TEST(SessionViewTest, RoutesStayRightWhenSubscriptionsComeAndGo) {
    Index index(0, 1'000);
    SessionView a, b;
    for (TargetId target : {2u, 3u, 4u}) {
        open_sub(a, index, {target, 1, kStillOpen, 0, 0});
        open_sub(b, index, {target, 1, kStillOpen, 0, 0});
    }
    close_sub(a, 2, 5, 0);
    trim_view(a, index, 5);
    for (const SessionView* view : {&a, &b}) {
        for (std::size_t i = 0; i < view->subs.size(); ++i) {
            const Sub& sub = view->subs[i];
            ASSERT_LT(sub.slot, sub.topic->route.size());
            EXPECT_EQ(sub.topic->route[sub.slot].view, view);
            EXPECT_EQ(sub.topic->route[sub.slot].sub, i);
        }
    }
    EXPECT_EQ(index.find(2)->route.size(), 1u);
}

}  // namespace
}  // namespace mythos::hub
