#include "stats/latencies.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

namespace mythos::stats {
namespace {

TEST(LatenciesTest, EachHasANameOfItsOwnInTheFormOfTheMetricsEndpoint) {
    const std::regex form(R"re(mythos_[a-z_]+_seconds(\{[a-z_]+="[a-z0-9_]+"\})?)re");
    std::set<std::string> names;
    for (std::size_t i = 0; i < kLatencies; ++i) {
        const std::string name(name_of(static_cast<Latency>(i)));
        EXPECT_TRUE(std::regex_match(name, form)) << name;
        EXPECT_TRUE(help_of(static_cast<Latency>(i)).ends_with('.')) << name;
        names.insert(name);
    }
    EXPECT_EQ(names.size(), kLatencies);
    EXPECT_EQ(name_of(Latency::delivery), "mythos_message_delivery_seconds");
}

TEST(LatenciesTest, EachIsRecordedForItself) {
    LatencyShards shards;
    shards[Latency::delivery].record(microseconds(3), 2);
    EXPECT_EQ(shards.share(Latency::delivery)->sum(), 6'000u);
    EXPECT_EQ(shards.share(Latency::acknowledgement)->sum(), 0u);
}

}  // namespace
}  // namespace mythos::stats
