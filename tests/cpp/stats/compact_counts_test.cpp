#include "stats/compact_counts.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace mythos::stats {
namespace {

std::map<std::size_t, std::uint64_t> all_of(const CompactCounts& counts) {
    std::map<std::size_t, std::uint64_t> all;
    counts.each([&](std::size_t index, std::uint64_t n) { all[index] = n; });
    return all;
}

CompactCounts packed(const std::map<std::size_t, std::uint64_t>& all) {
    CompactCounts counts;
    for (const auto& [index, n] : all) counts.append(index, n);
    return counts;
}

TEST(CompactCountsTest, GivesBackWhatWasAppended) {
    const std::map<std::size_t, std::uint64_t> all = {{0, 1},        {1, 127},      {2, 128},
                                                      {130, 16'383}, {131, 16'384}, {40'000, ~std::uint64_t{0}}};
    EXPECT_EQ(all_of(packed(all)), all);
    EXPECT_TRUE(all_of({}).empty());
}

TEST(CompactCountsTest, TakesTwoBytesForASmallCountNearTheLast) {
    CompactCounts counts;
    for (std::size_t i = 0; i < 500; ++i) counts.append(5 * i, 100);
    counts.shrink();
    EXPECT_EQ(counts.memory_bytes(), 1'000u);
}

TEST(CompactCountsTest, MergesAsAMapWould) {
    for (std::uint32_t seed = 1; seed <= 200; ++seed) {
        std::mt19937 random(seed);
        std::map<std::size_t, std::uint64_t> sum;
        CompactCounts merged;
        for (int part = 0; part < 5; ++part) {
            std::map<std::size_t, std::uint64_t> one;
            for (auto n = random() % 40; n > 0; --n) one[random() % 100] = 1 + random() % (1 << random() % 30);
            for (const auto& [index, n] : one) sum[index] += n;
            merged.merge(packed(one));
        }
        ASSERT_EQ(all_of(merged), sum) << "seed " << seed;
    }
}

TEST(CompactCountsTest, CountsThatCancelOutAreGone) {
    CompactCounts counts = packed({{3, 1}, {4, 2}});
    counts.merge(packed({{4, ~std::uint64_t{0} - 1}}));
    EXPECT_EQ(all_of(counts), (std::map<std::size_t, std::uint64_t>{{3, 1}}));
}

}  // namespace
}  // namespace mythos::stats
