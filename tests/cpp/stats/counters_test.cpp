#include "stats/counters.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <regex>
#include <set>
#include <string>
#include <thread>

namespace mythos::stats {
namespace {

TEST(CountersTest, EachHasANameOfItsOwnInTheFormOfTheMetricsEndpoint) {
    const std::regex form(R"re(mythos_[a-z_]+_total(\{[a-z_]+="[a-z0-9_]+"(,[a-z_]+="[a-z0-9_]+")?\})?)re");
    std::set<std::string> names;
    for (std::size_t i = 0; i < kCounters; ++i) {
        const std::string name(name_of(static_cast<Counter>(i)));
        EXPECT_TRUE(std::regex_match(name, form)) << name;
        names.insert(name);
    }
    EXPECT_EQ(names.size(), kCounters);
    EXPECT_EQ(name_of(Counter::opened_sse), R"(mythos_connections_opened_total{type="sse"})");
}

TEST(CountersTest, ARefusalCountsByItsReasonAndAsAFailureOfItsWire) {
    CounterShard shard;
    shard.add(Rejection::unauthorised, 1);
    EXPECT_EQ(shard.read(Counter::rejected_unauthorised), 1u);
    EXPECT_EQ(shard.read(Counter::failed_sse_unauthorised), 1u);
    EXPECT_EQ(shard.read(Counter::failed_websocket_unauthorised), 0u);
    EXPECT_EQ(failed(Rejection::draining, 0), Counter::failed_websocket_draining);
}

TEST(CountersTest, CountsOnlyUpwardsAndEachForItself) {
    CounterShard shard;
    EXPECT_EQ(shard.read(Counter::published), 0u);
    shard.add(Counter::published);
    shard.add(Counter::published, 41);
    EXPECT_EQ(shard.read(Counter::published), 42u);
    EXPECT_EQ(shard.read(Counter::replayed), 0u);
}

TEST(CountersTest, AnyThreadMayReadWhileItsOwnAdds) {
    CounterShard shard;
    std::thread writer([&] {
        for (int i = 0; i < 10'000; ++i) shard.add(Counter::published);
    });
    std::uint64_t last = 0;
    while (last < 10'000) {
        const std::uint64_t seen = shard.read(Counter::published);
        ASSERT_GE(seen, last);
        last = seen;
    }
    writer.join();
}

}  // namespace
}  // namespace mythos::stats
