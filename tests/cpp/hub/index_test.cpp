#include "hub/index.hpp"

#include <gtest/gtest.h>

#include "hub/entries.hpp"

namespace mythos::hub {
namespace {

using test::MadeEntry;

constexpr TargetId kRoom = 7;

TEST(IndexTest, EntriesOfATargetAreCountedUpToAnyPosition) {
    Index index(0, 1'000);
    std::uint64_t ordinal = 0;
    for (const Seq seq : {3u, 5u, 9u}) index.add(MadeEntry(seq, kRoom, ++ordinal), 1);
    const Topic& room = *index.find(kRoom);
    const std::uint64_t expected[] = {0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3};
    for (Seq seq = 0; seq <= 10; ++seq) EXPECT_EQ(room.count_up_to(seq), expected[seq]) << seq;
    EXPECT_EQ(room.last(), 9u);
    EXPECT_EQ(room.total(), 3u);
    EXPECT_EQ(index.find(8), nullptr);
}

TEST(IndexTest, ATopicThatIsNewOnThisLoopCountsFromItsFirstEntrysNumber) {
    Index index(100, 1'000);
    index.add(MadeEntry(101, kRoom, 41), 1);
    EXPECT_EQ(index.find(kRoom)->count_up_to(101), 41u);
    EXPECT_EQ(index.find(kRoom)->count_up_to(100), 40u);
    EXPECT_EQ(index.find(kRoom)->count_up_to(99), std::nullopt) << "before this loop's time";
}

TEST(IndexTest, PositionsBeyondTheMemoryAreForgottenButCounted) {
    Index index(0, 10);
    for (Seq seq = 1; seq <= 100; ++seq) index.add(MadeEntry(seq, kRoom, seq), seq);
    const Topic& room = *index.find(kRoom);
    EXPECT_EQ(room.total(), 100u);
    EXPECT_EQ(room.count_up_to(95), 95u);
    EXPECT_EQ(room.count_up_to(50), std::nullopt);
    EXPECT_LE(room.end() - room.begin(), 12);
}

TEST(IndexTest, WhatIsRetainedIsNeverForgotten) {
    Index index(0, 10);
    for (Seq seq = 1; seq <= 100; ++seq) index.add(MadeEntry(seq, kRoom, seq), 30);
    EXPECT_EQ(*index.find(kRoom)->begin(), 30u);
}

TEST(IndexTest, KeysAreLinkedToTheNextOfTheirTarget) {
    Index index(0, 1'000);
    index.link(MadeEntry(1, kRoom, 1, "k"));
    index.link(MadeEntry(2, 8, 1, "k"));
    index.link(MadeEntry(3, kRoom, 2, "other"));
    index.link(MadeEntry(4, kRoom, 3, "k"));
    index.link(MadeEntry(5, kRoom, 4));
    EXPECT_EQ(index.later_of_same_key(1), 4u);
    EXPECT_EQ(index.later_of_same_key(2), 0u);
    EXPECT_EQ(index.later_of_same_key(4), 0u);
    index.forget_keys_below(4);
    EXPECT_EQ(index.later_of_same_key(1), 0u);
    index.link(MadeEntry(6, kRoom, 5, "other"));
    index.link(MadeEntry(7, kRoom, 6, "k"));
    EXPECT_EQ(index.later_of_same_key(4), 7u);
    EXPECT_EQ(index.later_of_same_key(3), 0u);
    index.unlink_all();
    EXPECT_EQ(index.later_of_same_key(4), 0u);
}

TEST(IndexTest, ATopicThatFellSilentForgetsItsPositionsTooButNotItsCount) {
    Index index(0, 10);
    for (Seq seq = 1; seq <= 5; ++seq) index.add(MadeEntry(seq, kRoom, seq), 1);
    index.drop_below(4);
    EXPECT_EQ(*index.find(kRoom)->begin(), 4u) << "retained";
    index.drop_below(90);
    const Topic& room = *index.find(kRoom);
    EXPECT_TRUE(room.empty());
    EXPECT_EQ(room.total(), 5u);
    EXPECT_EQ(room.count_up_to(100), 5u);
    EXPECT_EQ(room.count_up_to(4), std::nullopt);
    index.add(MadeEntry(101, kRoom, 6), 90);
    EXPECT_EQ(room.count_up_to(101), 6u);
    EXPECT_EQ(room.count_up_to(100), 5u);
}

TEST(IndexTest, AForgottenTargetGoesWhenNoIntervalNeedsItAnyMore) {
    Index index(0, 1'000);
    Topic& room = index.topic(kRoom);
    ++room.refs;
    index.forget(kRoom);
    EXPECT_NE(index.find(kRoom), nullptr);
    index.release(room);
    EXPECT_EQ(index.find(kRoom), nullptr);
    index.topic(kRoom);
    index.forget(kRoom);
    EXPECT_EQ(index.find(kRoom), nullptr);
    index.forget(kRoom);
}

}  // namespace
}  // namespace mythos::hub
