#include "hub/sampler.hpp"

#include <gtest/gtest.h>

#include <set>

namespace mythos::hub {
namespace {

// The places chosen among `count`, in batches of `batch`.
std::set<std::uint64_t> chosen(Sampler& sampler, std::uint64_t count, std::uint64_t batch) {
    std::set<std::uint64_t> places;
    for (std::uint64_t begin = 0; begin < count; begin += batch) {
        if (!sampler.reaches(batch)) continue;
        for (std::uint64_t place; (place = sampler.next(batch)) < batch;) places.insert(begin + place);
    }
    return places;
}

TEST(Sampler, ChoosesNothingAtRateZero) {
    Sampler sampler(1);
    EXPECT_TRUE(chosen(sampler, 1'000'000, 1'000).empty());
    sampler.set_rate(1);
    sampler.set_rate(0);
    EXPECT_FALSE(sampler.picks());
}

TEST(Sampler, ChoosesEveryOneAtRateOne) {
    Sampler sampler(1);
    sampler.set_rate(1);
    EXPECT_EQ(chosen(sampler, 1'000, 10).size(), 1'000u);
    EXPECT_TRUE(sampler.picks());
    EXPECT_TRUE(sampler.picks());
}

TEST(Sampler, ChoosesAboutAsManyAsTheRateSaysWhateverTheBatches) {
    constexpr std::uint64_t kCount = 1'000'000;
    std::set<std::uint64_t> before;
    for (const std::uint64_t batch : {1u, 16u, 1'000u}) {
        Sampler sampler(7);
        sampler.set_rate(0.01);
        const auto places = chosen(sampler, kCount, batch);
        // Ten standard deviations of a binomial distribution.
        EXPECT_NEAR(static_cast<double>(places.size()), 10'000, 1'000);
        if (!before.empty()) { EXPECT_EQ(places, before); }
        before = places;
    }
}

TEST(Sampler, OneByOneIsTheSame) {
    Sampler batches(3), singles(3);
    batches.set_rate(0.1);
    singles.set_rate(0.1);
    std::set<std::uint64_t> places;
    for (std::uint64_t i = 0; i < 10'000; ++i)
        if (singles.picks()) places.insert(i);
    EXPECT_EQ(places, chosen(batches, 10'000, 100));
}

}  // namespace
}  // namespace mythos::hub
