#include "monitor/transitions.hpp"

#include <gtest/gtest.h>

#include "base/manual_clock.hpp"

namespace mythos::monitor {
namespace {

TEST(TransitionsTest, TellsThoseOfTheHourTheOldestFirst) {
    ManualClock clock;
    Transitions transitions;
    transitions.note({clock.wall(), "health", "database", "healthy", "unhealthy"});
    clock.advance(seconds(3'000));
    transitions.note({clock.wall(), "alert", "Lag", "inactive", "firing", "ab12", {{"loop", "loop-0"}}});
    const auto both = transitions.json(clock.wall());
    ASSERT_EQ(both.size(), 2u);
    EXPECT_EQ(both[0]["name"], "database");
    EXPECT_FALSE(both[0].contains("labels") || both[0].contains("fingerprint"));
    EXPECT_EQ(both[1]["at"], iso8601(clock.wall()));
    EXPECT_EQ(both[1]["kind"], "alert");
    EXPECT_EQ(both[1]["from"], "inactive");
    EXPECT_EQ(both[1]["labels"]["loop"], "loop-0");
    clock.advance(seconds(600));
    EXPECT_EQ(transitions.json(clock.wall()).size(), 2u);
    clock.advance(milliseconds(1));
    EXPECT_EQ(transitions.json(clock.wall()).size(), 1u);
}

TEST(TransitionsTest, OfTooManyTheOldestAreLetGo) {
    ManualClock clock;
    Transitions transitions;
    for (std::size_t i = 0; i < Transitions::kMax + 3; ++i)
        transitions.note({clock.wall(), "health", std::to_string(i), "healthy", "degraded"});
    const auto kept = transitions.json(clock.wall());
    ASSERT_EQ(kept.size(), Transitions::kMax);
    EXPECT_EQ(kept.front()["name"], "3");
}

}  // namespace
}  // namespace mythos::monitor
