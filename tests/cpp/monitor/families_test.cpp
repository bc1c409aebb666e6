#include "monitor/families.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace mythos::monitor {
namespace {

TEST(FamiliesTest, SeriesOfOneFamilyStandTogether) {
    Families all;
    add_gauge(all, "a", "An a.", 1, {{"x", "1"}});
    add_gauge(all, "a", "An a.", 2, {{"x", "2"}});
    add_counter(all, "b_total", "A b.", 3);
    add_untyped(all, "c_total", "A c.", 4);
    add_gauge(all, "d", "A d.", std::optional<std::uint64_t>());
    add_gauge(all, "d", "A d.", std::optional<std::uint64_t>(5));
    ASSERT_EQ(all.size(), 4u);
    EXPECT_EQ(all[0].metric.size(), 2u);
    EXPECT_EQ(all[0].metric[1].label[0].value, "2");
    EXPECT_EQ(all[1].type, prometheus::MetricType::Counter);
    EXPECT_EQ(all[1].metric[0].counter.value, 3);
    EXPECT_EQ(all[2].metric[0].untyped.value, 4);
    EXPECT_EQ(all[3].metric[0].gauge.value, 5);
}

TEST(FamiliesTest, AHistogramIsCumulativeAndInItsUnit) {
    const stats::Edges edges({1'000, 2'000});
    const std::vector<std::uint64_t> counts{3, 0, 2};
    const auto told = histogram_of(edges, counts, 9'500, 1'000);
    ASSERT_EQ(told.bucket.size(), 3u);
    EXPECT_EQ(told.bucket[0].cumulative_count, 3u);
    EXPECT_EQ(told.bucket[1].upper_bound, 2);
    EXPECT_EQ(told.bucket[2].cumulative_count, 5u);
    EXPECT_EQ(told.bucket[2].upper_bound, std::numeric_limits<double>::infinity());
    EXPECT_EQ(told.sample_count, 5u);
    EXPECT_EQ(told.sample_sum, 9.5);
}

}  // namespace
}  // namespace mythos::monitor
