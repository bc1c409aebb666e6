#include "hub/registry.hpp"

#include <gtest/gtest.h>

namespace mythos::hub {
namespace {

using journal::TargetKind;

TEST(TargetsTest, EveryoneIsTheFirstAndATargetKeepsItsNumber) {
    Targets targets;
    EXPECT_EQ(targets.of({TargetKind::everyone, {}}).id, journal::kEveryone);
    const TargetId room = targets.of({TargetKind::channel, "room"}).id;
    EXPECT_EQ(targets.of({TargetKind::channel, "room"}).id, room);
    EXPECT_NE(targets.of({TargetKind::player, "room"}).id, room);
    EXPECT_NE(targets.of({TargetKind::presence, "room"}).id, room);
    EXPECT_EQ(targets.find({TargetKind::channel, "other"}), nullptr);
    EXPECT_EQ(targets.at(room).target.name, "room");
    EXPECT_EQ(targets.size(), 4u);
}

TEST(TargetsTest, OnlyWhatNobodyNeedsIsDroppedAndItsNumberIsNeverUsedAgain) {
    Targets targets;
    auto& held = targets.of({TargetKind::channel, "held"});
    held.open_intervals = 1;
    auto& fresh = targets.of({TargetKind::channel, "fresh"});
    fresh.last_seq = 10;
    const TargetId old = targets.of({TargetKind::channel, "old"}).id;
    EXPECT_EQ(targets.drop_unused(10), (std::vector<TargetId>{old}));
    EXPECT_EQ(targets.find_by_id(old), nullptr);
    EXPECT_EQ(targets.find({TargetKind::channel, "old"}), nullptr);
    EXPECT_GT(targets.of({TargetKind::channel, "old"}).id, old);
    EXPECT_NE(targets.find_by_id(journal::kEveryone), nullptr);
    EXPECT_EQ(targets.drop_unused(11).size(), 2u) << "fresh, and old that came back";
}

TEST(ReplacedSessionsTest, BoundedInNumberAndTime) {
    ReplacedSessions replaced;
    replaced.add("a", {0}, 2);
    replaced.add("b", MonoTime{} + seconds(10), 2);
    replaced.add("c", MonoTime{} + seconds(20), 2);
    EXPECT_FALSE(replaced.contains("a"));
    EXPECT_TRUE(replaced.contains("b"));
    replaced.sweep(MonoTime{} + seconds(86'410));
    EXPECT_TRUE(replaced.contains("b")) << "a day";
    replaced.sweep(MonoTime{} + seconds(86'411));
    EXPECT_FALSE(replaced.contains("b"));
    EXPECT_TRUE(replaced.contains("c"));
}

}  // namespace
}  // namespace mythos::hub
