#include "observe/health.hpp"

#include <gtest/gtest.h>

#include "base/manual_clock.hpp"

namespace mythos::observe {
namespace {

class HealthTest : public testing::Test {
protected:
    void add(const char* name, bool critical = true) {
        ASSERT_TRUE(board_.add({.name = name, .critical = critical}, clock_.mono()));
    }
    void report(const char* name, Health status) { board_.report(name, {status}, clock_.mono(), clock_.wall()); }
    // A result each interval.
    void report(const char* name, std::initializer_list<Health> results) {
        for (const Health result : results) {
            clock_.advance(seconds(10));
            report(name, result);
        }
    }
    ComponentHealth look(const char* name) { return *board_.report(clock_.mono()).find(name); }
    Health status(const char* name) { return look(name).status; }
    Health overall() { return board_.report(clock_.mono()).status; }

    static constexpr Health kUp = Health::healthy, kHalf = Health::degraded, kDown = Health::unhealthy;
    ManualClock clock_;
    HealthBoard board_;
};

TEST_F(HealthTest, TheFirstResultCountsAtOnce) {
    add("db");
    EXPECT_TRUE(look("db").pending);
    EXPECT_EQ(overall(), kHalf) << "nobody knows yet";
    EXPECT_FALSE(board_.report(clock_.mono()).started());
    report("db", kDown);
    EXPECT_EQ(status("db"), kDown);
    EXPECT_EQ(overall(), kDown);
    EXPECT_TRUE(board_.report(clock_.mono()).started());
}

TEST_F(HealthTest, ThreeFailuresDownTwoPassesUp) {
    add("db");
    report("db", {kUp, kDown, kDown});
    EXPECT_EQ(status("db"), kUp);
    report("db", {kUp, kDown, kDown});
    EXPECT_EQ(status("db"), kUp) << "not in a row";
    report("db", {kDown});
    EXPECT_EQ(status("db"), kDown);
    report("db", {kUp});
    EXPECT_EQ(status("db"), kDown);
    report("db", {kUp});
    EXPECT_EQ(status("db"), kUp);
}

TEST_F(HealthTest, ChangesNoFurtherThanAllOfARowSay) {
    add("db");
    report("db", {kUp, kDown, kHalf, kDown});
    EXPECT_EQ(status("db"), kHalf);
    report("db", {kDown, kDown, kDown});
    EXPECT_EQ(status("db"), kDown);
    report("db", {kUp, kHalf});
    EXPECT_EQ(status("db"), kHalf);
}

TEST_F(HealthTest, OneThatIsSilentTurnsStaleAndUnhealthy) {
    add("db");
    report("db", kUp);
    clock_.advance(seconds(13));
    EXPECT_FALSE(look("db").stale) << "the interval, its jitter and the timeout";
    EXPECT_EQ(look("db").age, seconds(13));
    clock_.advance(seconds(1));
    EXPECT_TRUE(look("db").stale);
    EXPECT_EQ(status("db"), kDown);
    report("db", kUp);
    EXPECT_FALSE(look("db").stale);
    EXPECT_EQ(status("db"), kDown) << "one pass";
    report("db", {kUp});
    EXPECT_EQ(status("db"), kUp);
}

TEST_F(HealthTest, OneThatNeverReportsIsNotPendingForEver) {
    add("db");
    clock_.advance(seconds(14));
    EXPECT_FALSE(look("db").pending);
    EXPECT_EQ(status("db"), kDown);
    EXPECT_EQ(look("db").checked_at, std::nullopt);
}

TEST_F(HealthTest, WhatIsNotCriticalDegradesAtMost) {
    add("db");
    add("ads", false);
    report("db", kUp);
    report("ads", kDown);
    EXPECT_EQ(overall(), kHalf);
    report("db", kHalf);
    EXPECT_EQ(overall(), kHalf);
    add("game");
    report("game", kDown);
    EXPECT_EQ(overall(), kDown);
}

TEST_F(HealthTest, ALongerIntervalCountsAtOnce) {
    add("db");
    report("db", kUp);
    clock_.advance(seconds(20));
    EXPECT_TRUE(look("db").stale);
    board_.set_interval("db", seconds(60));
    EXPECT_FALSE(look("db").stale);
}

TEST_F(HealthTest, NamesAreBoundedInFormAndNumber) {
    for (const char* bad : {"", "a b", "a\"b", "ä"})
        EXPECT_EQ(board_.add({.name = bad}, clock_.mono()).error().code, "bad_name") << bad;
    EXPECT_EQ(board_.add({.name = std::string(65, 'a')}, clock_.mono()).error().code, "bad_name");
    add("db");
    EXPECT_EQ(board_.add({.name = "db"}, clock_.mono()).error().code, "exists");
    for (std::size_t i = 1; i < kHealthComponentsMax; ++i) add(("c" + std::to_string(i)).c_str());
    EXPECT_EQ(board_.add({.name = "more"}, clock_.mono()).error().code, "limit");
    board_.remove("db");
    EXPECT_TRUE(board_.add({.name = "more"}, clock_.mono()));
    report("db", kDown);  // ended after it was removed
    EXPECT_EQ(board_.report(clock_.mono()).find("db"), nullptr);
}

TEST_F(HealthTest, ChecksAreTimed) {
    add("db");
    for (const int ms : {1, 3, 3'000}) board_.report("db", {kUp, milliseconds(ms)}, clock_.mono(), clock_.wall());
    const CheckDurations durations = look("db").durations;
    EXPECT_EQ(durations.counts[0], 1u) << "at most 1 ms";
    EXPECT_EQ(durations.counts[1], 1u);
    EXPECT_EQ(durations.counts.back(), 1u);
    EXPECT_DOUBLE_EQ(durations.sum_seconds, 3.004);
}

TEST_F(HealthTest, AThresholdIsLeftByAMargin) {
    EXPECT_EQ(judge(kMemoryThresholds, 79.9, kUp), kUp);
    EXPECT_EQ(judge(kMemoryThresholds, 80, kUp), kHalf);
    EXPECT_EQ(judge(kMemoryThresholds, 79, kHalf), kHalf);
    EXPECT_EQ(judge(kMemoryThresholds, 77.9, kHalf), kUp);
    EXPECT_EQ(judge(kMemoryThresholds, 90, kHalf), kDown);
    EXPECT_EQ(judge(kMemoryThresholds, 89, kDown), kDown);
    EXPECT_EQ(judge(kMemoryThresholds, 87, kDown), kHalf);
    EXPECT_EQ(judge(kMemoryThresholds, 10, kDown), kUp);
    EXPECT_EQ(judge(kConnectionThresholds, 95, kUp), kUp);
    EXPECT_EQ(judge(kConnectionThresholds, 94.9, kUp), kHalf);
    EXPECT_EQ(judge(kConnectionThresholds, 95.5, kHalf), kHalf);
    EXPECT_EQ(judge(kConnectionThresholds, 96, kHalf), kUp);
    EXPECT_EQ(judge(kConnectionThresholds, 79.9, kUp), kDown);
    EXPECT_EQ(judge(kConnectionThresholds, 80.5, kDown), kDown);
    EXPECT_EQ(judge(kConnectionThresholds, 100, kDown), kUp);
}

}  // namespace
}  // namespace mythos::observe
