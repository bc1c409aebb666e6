#include "stats/edges.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace mythos::stats {
namespace {

std::size_t expected(const Edges& edges, std::uint64_t value) {
    const auto upper = edges.upper();
    return static_cast<std::size_t>(std::lower_bound(upper.begin(), upper.end(), value) - upper.begin());
}

TEST(EdgesTest, AreInclusiveAndExactToTheUnit) {
    const Edges& edges = Edges::durations();
    for (const std::uint64_t edge : edges.upper())
        for (const std::uint64_t value : {edge - 1, edge, edge + 1})
            ASSERT_EQ(edges.of(bucket_of(value), value), expected(edges, value)) << value;
}

TEST(EdgesTest, AreRightInEveryBucket) {
    const Edges& edges = Edges::durations();
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
        for (const std::uint64_t value : {lowest_of(bucket), highest_of(bucket)})
            ASSERT_EQ(edges.of(bucket, value), expected(edges, value)) << value;
    EXPECT_EQ(edges.of(kBuckets, kValueMax + 1), edges.size());
}

TEST(EdgesTest, HaveTheAlertsThresholdsAmongThem) {
    const auto upper = Edges::durations().upper();
    EXPECT_TRUE(std::ranges::binary_search(upper, 500'000'000u));
    EXPECT_TRUE(std::ranges::binary_search(upper, 2'000'000'000u));
}

TEST(EdgesTest, MayBeNone) {
    const Edges none({});
    EXPECT_EQ(none.size(), 0u);
    EXPECT_EQ(none.of(bucket_of(5), 5), 0u);
}

TEST(EdgesDeathTest, TwoInOneBucketCannotBeToldApart) {
    EXPECT_DEATH(Edges({1'000'000, 1'000'001}), "bucket_of");
    EXPECT_DEATH(Edges({2, 1}), "upper");
}

}  // namespace
}  // namespace mythos::stats
