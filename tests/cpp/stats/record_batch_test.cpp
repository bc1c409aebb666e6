#include "stats/record_batch.hpp"

#include <gtest/gtest.h>

namespace mythos::stats {
namespace {

constexpr MonoTime at(std::int64_t ms) { return MonoTime{} + milliseconds(ms); }

std::uint64_t recorded(const HistogramShard& shard, std::int64_t ms) {
    return shard.count(bucket_of(static_cast<std::uint64_t>(milliseconds(ms).ns)));
}

TEST(RecordBatchTest, WhatIsTheSameIsOneRecordOfItsWeight) {
    HistogramShard shard;
    RecordBatch batch(shard);
    batch.set_now(at(50));
    for (int i = 0; i < 1'000; ++i) batch.add(at(10));
    EXPECT_EQ(shard.sum(), 0u) << "not yet";
    batch.settle();
    EXPECT_EQ(recorded(shard, 40), 1'000u);
    batch.settle();
    EXPECT_EQ(recorded(shard, 40), 1'000u) << "once";
}

TEST(RecordBatchTest, AnotherBeginningOrAnotherEndIsAnotherRecord) {
    HistogramShard shard;
    RecordBatch batch(shard);
    batch.set_now(at(50));
    batch.add(at(10));
    batch.add(at(20));
    batch.add(at(20));
    batch.set_now(at(60));
    batch.add(at(20));
    batch.settle();
    EXPECT_EQ(recorded(shard, 40), 1u + 1u);
    EXPECT_EQ(recorded(shard, 30), 2u);
    EXPECT_EQ(shard.sum(), static_cast<std::uint64_t>(milliseconds(2 * 40 + 2 * 30).ns));
}

TEST(RecordBatchTest, TellsHowManyWereRecorded) {
    HistogramShard shard;
    RecordBatch batch(shard);
    batch.set_now(at(50));
    batch.add(at(10));
    batch.add(at(10), 999);
    EXPECT_EQ(batch.take_recorded(), 0u) << "not yet";
    batch.set_now(at(60));
    batch.add(at(20));
    batch.settle();
    EXPECT_EQ(recorded(shard, 40), 1'000u + 1u);
    EXPECT_EQ(batch.take_recorded(), 1'001u);
    EXPECT_EQ(batch.take_recorded(), 0u) << "once";
}

}  // namespace
}  // namespace mythos::stats
