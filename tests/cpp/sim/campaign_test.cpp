// Whole runs: a seed replays, some of CI's seeds keep every promise, deliberate faults are caught.
#include "sim/campaign.hpp"

#include <gtest/gtest.h>

namespace mythos::sim {
namespace {

TEST(CampaignTest, ASeedReplaysToTheLastStep) {
    for (const std::uint64_t seed : {3u, 20u, 116u}) {
        const auto first = run_seed(seed);
        const auto again = run_seed(seed);
        EXPECT_EQ(first.steps, again.steps) << seed;
        EXPECT_EQ(first.applied, again.applied) << seed;
        EXPECT_EQ(first.appended, again.appended) << seed;
        EXPECT_EQ(first.findings, again.findings) << seed;
    }
}

TEST(CampaignTest, TheFirstSeedsKeepEveryPromise) {
    Totals totals;
    for (std::uint64_t seed = kCiFirstSeed; seed < kCiFirstSeed + 40; ++seed) {
        const auto run = run_seed(seed);
        for (const auto& finding : run.findings) ADD_FAILURE() << "seed " << seed << ": " << finding;
        totals.add(run);
    }
    EXPECT_GT(totals.faults.faulted_sessions, 100u);
    EXPECT_GT(totals.applied, 10'000u);
    EXPECT_GT(totals.gaps, 0u);
    EXPECT_GT(totals.restarts, 0u);
}

TEST(CampaignTest, ThereAreEnoughDeliberateFaultsAndTheirNamesDiffer) {
    EXPECT_GE(mutations().size(), 12u);
    for (const auto& m : mutations()) EXPECT_EQ(find_mutation(m.name)->name, m.name);
    EXPECT_FALSE(find_mutation("no such fault"));
}

TEST(CampaignTest, SomeDeliberateFaultsAreCaughtByTheFirstSeeds) {
    for (const char* name : {"route_by_todays_subscriptions", "forget_reply", "skip_gap", "standby_gets_entries",
                             "client_ignore_base", "client_no_dedup"}) {
        const auto caught = catch_mutation(*find_mutation(name), kCiFirstSeed, 40);
        EXPECT_TRUE(caught) << name;
    }
}

}  // namespace
}  // namespace mythos::sim
