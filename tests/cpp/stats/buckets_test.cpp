#include "stats/buckets.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace mythos::stats {
namespace {

TEST(BucketsTest, FollowOneAnotherWithoutAHole) {
    EXPECT_EQ(lowest_of(0), 0u);
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
        ASSERT_EQ(bucket_of(lowest_of(bucket)), bucket);
        ASSERT_EQ(bucket_of(highest_of(bucket)), bucket);
        ASSERT_EQ(highest_of(bucket) + 1, lowest_of(bucket + 1));
    }
    EXPECT_EQ(highest_of(kBuckets - 1), kValueMax);
}

TEST(BucketsTest, AreSixtyFourToAPowerOfTwo) {
    for (int power = 7; power < 44; ++power) {
        const std::uint64_t from = std::uint64_t{1} << power;
        ASSERT_EQ(bucket_of(2 * from - 1) + 1 - bucket_of(from), 64u);
    }
}

TEST(BucketsTest, StandForTheirValuesWithinTheBound) {
    double worst = 0;
    for (std::size_t bucket = 1; bucket < kBuckets; ++bucket) {
        for (const std::uint64_t value : {lowest_of(bucket), highest_of(bucket)}) {
            const double off = std::abs(value_of(bucket) - static_cast<double>(value)) / static_cast<double>(value);
            worst = std::max(worst, off);
        }
    }
    EXPECT_LT(worst, kErrorBound);
    EXPECT_GT(worst, kErrorBound * 0.999) << "the bound is not said higher than it is";
    EXPECT_LT(kErrorBound, 0.0078);
}

TEST(BucketsTest, HoldSmallValuesExactly) {
    for (std::uint64_t value = 0; value < 128; ++value)
        ASSERT_EQ(value_of(bucket_of(value)), static_cast<double>(value));
}

TEST(BucketsTest, AreOneForAllThatIsBeyondTheRange) {
    EXPECT_EQ(bucket_of(kValueMax), kBuckets - 1);
    EXPECT_EQ(bucket_of(kValueMax + 1), kBuckets);
    EXPECT_EQ(bucket_of(~std::uint64_t{0}), kBuckets);
}

}  // namespace
}  // namespace mythos::stats
