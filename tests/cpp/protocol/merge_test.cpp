#include "protocol/merge.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mythos::protocol {
namespace {

constexpr Wire kA = Wire::websocket;
constexpr Wire kB = Wire::sse;

class MergeTest : public testing::Test {
protected:
    void entry(Wire wire, Seq seq) { merge_.entry(wire, {{"e1", seq}, "said"}, "{\"n\":" + std::to_string(seq) + "}"); }
    void gap(Wire wire, Seq after, Seq before, std::uint64_t lost) {
        merge_.gap(wire, {Cursor{"e1", after}, {"e1", before}, lost, before - after - 1, "retention"});
    }
    void attach(Wire wire, Seq base) { merge_.attach(wire, {"e1", base}, Merge::By::welcome); }

    // What came out since the last call: 7 for an entry, -7 for a gap before 7.
    std::vector<std::int64_t> told() {
        std::vector<std::int64_t> all;
        for (const Output& output : std::exchange(outputs_, {})) {
            if (const auto* e = std::get_if<DeliverEntry>(&output)) all.push_back(static_cast<std::int64_t>(e->id.seq));
            if (const auto* g = std::get_if<TellGap>(&output)) all.push_back(-static_cast<std::int64_t>(g->before.seq));
        }
        return all;
    }

    void SetUp() override {
        config_.held_entries_max = 3;
        merge_.set_epoch("e1");
    }

    using Told = std::vector<std::int64_t>;
    ClientConfig config_;
    Outputs outputs_;
    Merge merge_{config_, outputs_};
};

TEST_F(MergeTest, GivesTheApplicationTheBytesAsTheyCame) {
    attach(kA, 1);
    const std::string bytes = "{ \"type\":\"said\", \"id\":\"e1-2\",\"data\":{\"big\":12345678901234567890123}}";
    merge_.entry(kA, {{"e1", 2}, "said"}, bytes);
    ASSERT_EQ(outputs_.size(), 1u);
    EXPECT_EQ(std::get<DeliverEntry>(outputs_[0]).json, bytes);
}

TEST_F(MergeTest, HoldsAWireThatBeginsFurtherOn) {
    attach(kA, 100);
    attach(kB, 200);
    EXPECT_TRUE(merge_.covers(kA));
    EXPECT_FALSE(merge_.covers(kB));
    entry(kB, 201);
    EXPECT_EQ(told(), Told{});
    EXPECT_EQ(merge_.held_entries(kB), 1u);
    entry(kA, 200);
    EXPECT_EQ(told(), (Told{200, 201}));
    EXPECT_TRUE(merge_.covers(kB));
}

TEST_F(MergeTest, AHeldPositionTakesOnePlaceHoweverOftenItMoves) {
    attach(kA, 100);
    attach(kB, 200);
    for (Seq seq = 201; seq < 300; ++seq) merge_.complete_up_to(kB, {"e1", seq});
    EXPECT_EQ(merge_.held_entries(kB), 1u);
    merge_.complete_up_to(kA, {"e1", 200});
    EXPECT_EQ(merge_.applied()->seq, 299u);
}

TEST_F(MergeTest, DropsAHoldBeyondItsBoundAsAWhole) {
    attach(kA, 100);
    attach(kB, 200);
    for (Seq seq = 201; seq <= 204; ++seq) entry(kB, seq);
    EXPECT_EQ(merge_.place(kB), Place::overflowed);
    EXPECT_EQ(merge_.held_entries(kB), 0u);
    entry(kA, 203);
    EXPECT_EQ(told(), Told{203});
    EXPECT_FALSE(merge_.covers(kB));
    EXPECT_EQ(merge_.counters().holds_dropped, 1u);
}

TEST_F(MergeTest, DrainingStopsAtAHeldGapThatTheOtherWireCovers) {
    attach(kA, 100);
    attach(kB, 110);
    entry(kB, 111);
    gap(kB, 111, 120, 5);
    entry(kB, 120);
    entry(kA, 110);
    EXPECT_EQ(told(), (Told{110, 111}));
    EXPECT_FALSE(merge_.covers(kB));
    entry(kA, 119);
    EXPECT_EQ(told(), (Told{119, 120}));
}

TEST_F(MergeTest, TellsAHeldGapWhenItsWireIsTheOnlyOneLeft) {
    attach(kA, 100);
    attach(kB, 110);
    gap(kB, 110, 120, 5);
    merge_.detach(kA);
    EXPECT_EQ(told(), Told{});
    merge_.attach(kB, {"e1", 100}, Merge::By::promoted);
    EXPECT_EQ(merge_.held_entries(kB), 0u);
    gap(kB, 100, 120, 9);
    EXPECT_EQ(told(), Told{-120});
    EXPECT_EQ(merge_.counters().lost, 9u);
}

TEST_F(MergeTest, ANewEpochDetachesBothWires) {
    attach(kA, 100);
    attach(kB, 100);
    merge_.set_epoch("e2");
    EXPECT_EQ(merge_.place(kA), Place::none);
    EXPECT_FALSE(merge_.applied_seq());
    EXPECT_EQ(merge_.applied()->epoch, "e1");
    entry(kA, 101);
    EXPECT_EQ(told(), Told{});
    merge_.attach(kA, {"e1", 100}, Merge::By::welcome);
    EXPECT_EQ(merge_.place(kA), Place::awaiting_gap);
    merge_.gap(kA, {std::nullopt, {"e2", 5}, std::nullopt, std::nullopt, "foreign_epoch"});
    EXPECT_EQ(told(), Told{-5});
    EXPECT_EQ(merge_.applied_seq(), 4u);
}

TEST_F(MergeTest, StartsWhereItIsToldOnlyOnce) {
    merge_.start_at({"e9", 1});
    EXPECT_FALSE(merge_.applied());
    merge_.start_at({"e1", 7});
    merge_.start_at({"e1", 9});
    EXPECT_EQ(merge_.applied_seq(), 7u);
}

}  // namespace
}  // namespace mythos::protocol
