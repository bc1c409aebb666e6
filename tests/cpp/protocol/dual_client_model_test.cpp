// Random runs of the dual client in the model world: what is owed arrives once, in order,
// or is told; every command runs at most once and ends in one outcome. Then each rule is
// broken on purpose, and the same runs must notice.
#include <gtest/gtest.h>

#include <string>

#include "protocol/client_model.hpp"
#include "protocol/named_faults.hpp"

namespace mythos::protocol::model {
namespace {

constexpr std::uint64_t kRuns = 20'000;
constexpr int kSteps = 120;

Mode mode_of(std::uint64_t seed) { return seed % 2 ? Mode::mirror : Mode::standby; }

TEST(DualClientModel, KeepsThePromiseInRandomRuns) {
    Totals totals;
    for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
        World world(seed, mode_of(seed), {});
        ASSERT_EQ(world.run(kSteps, totals), "") << "seed " << seed;
    }
    // The runs met what they are for.
    EXPECT_GT(totals.gaps, kRuns / 10);
    EXPECT_GT(totals.promotions, kRuns / 10);
    EXPECT_GT(totals.rewinds, kRuns / 100);
    EXPECT_GT(totals.restarts, kRuns / 100);
    EXPECT_GT(totals.expiries, kRuns / 100);
    EXPECT_GT(totals.holes, kRuns / 2);
    EXPECT_GT(totals.cuts, kRuns);
    EXPECT_GT(totals.unknown, kRuns / 100);
    EXPECT_GT(totals.overflows, 0u);
    RecordProperty("delivered", std::to_string(totals.delivered));
    RecordProperty("gaps", std::to_string(totals.gaps));
    RecordProperty("promotions", std::to_string(totals.promotions));
    RecordProperty("rewinds", std::to_string(totals.rewinds));
}

class BrokenRule : public testing::TestWithParam<NamedFault> {};

TEST_P(BrokenRule, IsNoticed) {
    ClientFaults faults;
    faults.*GetParam().fault = true;
    Totals totals;
    std::string violation;
    std::uint64_t seed = 0;
    while (violation.empty() && seed < kRuns) {
        ++seed;
        violation = World(seed, mode_of(seed), faults).run(kSteps, totals);
    }
    EXPECT_NE(violation, "") << "not noticed in " << kRuns << " runs";
    RecordProperty("first_seed", std::to_string(seed));
    RecordProperty("violation", violation);
}

INSTANTIATE_TEST_SUITE_P(DualClientModel, BrokenRule, testing::ValuesIn(kNamedFaults),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace mythos::protocol::model
