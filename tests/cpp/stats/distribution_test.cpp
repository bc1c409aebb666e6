#include "stats/distribution.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace mythos::stats {
namespace {

Distribution of(const std::vector<std::uint64_t>& values, double seconds = 0) {
    std::vector<std::uint64_t> counts(kBuckets + 1);
    std::uint64_t sum = 0, max = 0;
    for (const std::uint64_t value : values) {
        ++counts[bucket_of(value)];
        sum += std::min(value, kValueMax);
        max = std::max(max, std::min(value, kValueMax));
    }
    return {std::move(counts), sum, max, seconds};
}

TEST(DistributionTest, OfNothingIsNothing) {
    const Distribution none;
    EXPECT_EQ(none.count(), 0u);
    EXPECT_EQ(none.mean(), 0);
    EXPECT_EQ(none.percentile(50), 0);
    EXPECT_EQ(none.summary().max, 0);
    EXPECT_EQ(none.summary().rate, 0);
}

TEST(DistributionTest, APercentileIsTheNearestRank) {
    std::vector<std::uint64_t> twenty(20);
    for (std::uint64_t i = 0; i < 20; ++i) twenty[i] = i + 1;
    EXPECT_EQ(of(twenty).percentile(95), 19);
    EXPECT_EQ(of(twenty).percentile(95.1), 20);
    EXPECT_EQ(of({1, 2}).percentile(50), 1);
    EXPECT_EQ(of({1, 2}).percentile(0), 1);
    EXPECT_EQ(of({7}).percentile(0.001), 7);
    EXPECT_EQ(of({1, 2}).percentile(std::nan("")), 1);
    EXPECT_EQ(of({1, 2}).percentile(HUGE_VAL), 2);
}

TEST(DistributionTest, RanksAreWholeNumbers) {
    // 99.9 % of 1,000 is 999.0000000000001 in doubles.
    std::vector<std::uint64_t> counts(kBuckets + 1);
    counts[1] = 999;
    counts[100] = 1;
    EXPECT_EQ(Distribution(counts, 1'099, 100).percentile(99.9), 1);
    counts[1] = 999'000'000'000'000'000;
    counts[100] = 1'000'000'000'000'000;
    EXPECT_EQ(Distribution(counts, 0, 100).percentile(99.9), 1);
    EXPECT_EQ(Distribution(counts, 0, 100).percentile(99.900001), 100);
}

TEST(DistributionTest, NothingIsAboveTheMaximumWhichIsExact) {
    const Distribution one = of({1'000'001});
    EXPECT_EQ(one.percentile(50), 1'000'001);
    EXPECT_EQ(one.max(), 1'000'001u);
    const Distribution low = of({1'040'000, 1'040'001, 1'040'002});
    EXPECT_LE(low.percentile(10), 1'040'002);
}

TEST(DistributionTest, SaysWhatIsBeyondTheRange) {
    const Distribution some = of({5, kValueMax + 1, ~std::uint64_t{0}});
    EXPECT_EQ(some.overflow(), 2u);
    EXPECT_EQ(some.count(), 3u);
    EXPECT_EQ(some.percentile(30), 5);
    EXPECT_EQ(some.percentile(60), static_cast<double>(kValueMax));
    EXPECT_EQ(some.summary().overflow, 2u);
}

TEST(DistributionTest, TheSummaryIsWhatThePartsSay) {
    std::vector<std::uint64_t> values;
    for (std::uint64_t i = 1; i <= 10'000; ++i) values.push_back(i * i);
    const Distribution all = of(values, 20);
    const auto summary = all.summary();
    EXPECT_EQ(summary.count, 10'000u);
    EXPECT_EQ(summary.seconds, 20);
    EXPECT_EQ(summary.rate, 500);
    EXPECT_EQ(summary.mean, all.mean());
    EXPECT_EQ(summary.p50, all.percentile(50));
    EXPECT_EQ(summary.p90, all.percentile(90));
    EXPECT_EQ(summary.p95, all.percentile(95));
    EXPECT_EQ(summary.p99, all.percentile(99));
    EXPECT_EQ(summary.p99_9, all.percentile(99.9));
    EXPECT_EQ(summary.max, 100'000'000);
}

TEST(DistributionTest, MergedIsAsIfOneHadRecordedAll) {
    Distribution left = of({3, 70'000, 1'000'000'000}, 60), right = of({4, 4, kValueMax + 9}, 58.5);
    left.merge(right);
    const Distribution both = of({3, 70'000, 1'000'000'000, 4, 4, kValueMax + 9});
    EXPECT_TRUE(std::ranges::equal(left.counts(), both.counts()));
    EXPECT_EQ(left.count(), both.count());
    EXPECT_EQ(left.overflow(), both.overflow());
    EXPECT_EQ(left.sum(), both.sum());
    EXPECT_EQ(left.max(), both.max());
    EXPECT_EQ(left.percentile(50), both.percentile(50));
    EXPECT_EQ(left.seconds(), 60);
    EXPECT_DOUBLE_EQ(left.rate(), 3 / 60.0 + 3 / 58.5);
}

// Every percentile of random series is within the bound of the exact one.
TEST(DistributionTest, EveryPercentileIsWithinTheBound) {
    for (std::uint32_t seed = 1; seed <= 60; ++seed) {
        std::mt19937_64 random(seed);
        std::lognormal_distribution<double> spread(random() % 25 + 1.0, (random() % 40 + 1) / 10.0);
        std::vector<std::uint64_t> values(1 + random() % 3'000);
        for (auto& value : values)
            value = static_cast<std::uint64_t>(std::min(spread(random), static_cast<double>(kValueMax)));
        const Distribution distribution = of(values);
        std::ranges::sort(values);
        for (std::uint64_t tenth = 0; tenth <= 1'000; ++tenth) {
            const std::uint64_t rank = std::max<std::uint64_t>((tenth * values.size() + 999) / 1'000, 1);
            const auto exact = static_cast<double>(values[rank - 1]);
            const double told = distribution.percentile(static_cast<double>(tenth) / 10);
            ASSERT_LE(std::abs(told - exact), exact * kErrorBound) << "seed " << seed << ", p" << tenth / 10.0;
        }
    }
}

}  // namespace
}  // namespace mythos::stats
