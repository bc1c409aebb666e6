#include "stats/histogram_shard.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace mythos::stats {
namespace {

TEST(HistogramShardTest, CountsByBucketAndByEdge) {
    HistogramShard shard;
    shard.record(100);
    shard.record(microseconds(100));
    shard.record(microseconds(100) + nanoseconds(1), 3);
    EXPECT_EQ(shard.count(bucket_of(100)), 1u);
    EXPECT_EQ(shard.count(bucket_of(100'000)), 4u);
    EXPECT_EQ(shard.edge_count(0), 2u);
    EXPECT_EQ(shard.edge_count(1), 3u);
    EXPECT_EQ(shard.sum(), 100u + 100'000 + 3 * 100'001);
}

TEST(HistogramShardTest, AWeightedRecordIsThatManyRecords) {
    HistogramShard one, many;
    one.record(12'345, 1'000);
    for (int i = 0; i < 1'000; ++i) many.record(12'345);
    EXPECT_EQ(one.count(bucket_of(12'345)), many.count(bucket_of(12'345)));
    EXPECT_EQ(one.sum(), many.sum());
    EXPECT_EQ(one.edge_count(0), many.edge_count(0));
}

TEST(HistogramShardTest, SaysWhatIsBeyondItsRange) {
    HistogramShard shard;
    shard.record(~std::uint64_t{0}, 2);
    EXPECT_EQ(shard.count(kBuckets), 2u);
    EXPECT_EQ(shard.sum(), 2 * kValueMax);
    EXPECT_EQ(shard.edge_count(shard.edges().size()), 2u);
    EXPECT_EQ(shard.end_turn(), kValueMax);
}

TEST(HistogramShardTest, ANegativeLengthIsNone) {
    HistogramShard shard;
    shard.record(nanoseconds(-5));
    EXPECT_EQ(shard.count(0), 1u);
    EXPECT_EQ(shard.sum(), 0u);
}

TEST(HistogramShardTest, ATurnHasItsOwnMaximum) {
    HistogramShard shard;
    EXPECT_EQ(shard.end_turn(), 0u);
    shard.record(900);
    shard.record(1'000);
    shard.record(5);
    EXPECT_EQ(shard.end_turn(), 1'000u);
    shard.record(7);
    EXPECT_EQ(shard.end_turn(), 7u);
    EXPECT_EQ(shard.end_turn(), 0u);
    EXPECT_EQ(shard.end_turn(), 0u) << "the cell of two turns ago is not this turn's";
}

TEST(HistogramShardTest, TurnsMayGoRoundTheirNumber) {
    HistogramShard shard;
    shard.record(900);
    for (std::uint64_t turn = 0; turn < (1u << 20) + 3; ++turn) {
        if (turn % 1'000 == 0) {
            shard.record(turn + 1);
            ASSERT_EQ(shard.end_turn(), std::max<std::uint64_t>(turn + 1, turn == 0 ? 900 : 0));
        } else {
            ASSERT_EQ(shard.end_turn(), 0u);
        }
    }
}

TEST(HistogramShardTest, AnyThreadMayReadWhileItsOwnRecords) {
    HistogramShard shard;
    constexpr std::uint64_t records = 200'000;
    std::thread writer([&] {
        for (std::uint64_t i = 0; i < records; ++i) shard.record(50);
    });
    std::uint64_t seen = 0, highest = 0;
    while (seen < records) {
        const std::uint64_t now = shard.count(50);
        ASSERT_GE(now, seen);
        seen = now;
        highest = std::max(highest, shard.end_turn());
    }
    writer.join();
    highest = std::max(highest, shard.end_turn());
    EXPECT_EQ(highest, 50u);
    EXPECT_EQ(shard.sum(), records * 50);
}

}  // namespace
}  // namespace mythos::stats
