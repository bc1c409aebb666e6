#include "stats/distribution.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numeric>

namespace mythos::stats {

namespace {

// The nearest rank, from 1, in whole numbers: as a product of doubles 99.9 % of 1,000 would be the 1,000th.
std::uint64_t rank_of(double percent, std::uint64_t count) {
    constexpr std::uint64_t whole = 100'000'000;
    const double within = percent > 0 ? std::min(percent, 100.0) : 0;  // also of what is no number
    const auto part = static_cast<std::uint64_t>(std::llround(within * 1e6));
    const auto rank = (static_cast<unsigned __int128>(part) * count + whole - 1) / whole;
    return std::max<std::uint64_t>(static_cast<std::uint64_t>(rank), 1);
}

}  // namespace

Distribution::Distribution(std::vector<std::uint64_t> counts, std::uint64_t sum, std::uint64_t max, double seconds)
    : counts_(std::move(counts)),
      count_(std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0})),
      sum_(sum),
      max_(max),
      seconds_(seconds),
      rate_(seconds > 0 ? static_cast<double>(count_) / seconds : 0) {
    assert(counts_.size() == kBuckets + 1);
}

double Distribution::mean() const { return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_); }

std::vector<double> Distribution::values_at(std::span<const double> percents) const {
    std::vector<double> values(percents.size());
    if (count_ == 0) return values;
    const auto highest = static_cast<double>(max_);
    std::uint64_t passed = 0;
    std::size_t bucket = 0;
    for (std::size_t i = 0; i < percents.size(); ++i) {
        const std::uint64_t rank = rank_of(percents[i], count_);
        while (passed + counts_[bucket] < rank) passed += counts_[bucket++];
        values[i] = rank == count_ || bucket == kBuckets ? highest : std::min(value_of(bucket), highest);
    }
    return values;
}

double Distribution::percentile(double percent) const { return values_at({{percent}}).front(); }

Distribution::Summary Distribution::summary() const {
    static constexpr std::array<double, 5> percents = {50, 90, 95, 99, 99.9};
    const auto at = values_at(percents);
    return {count_, overflow(), seconds_, rate_, mean(), at[0], at[1], at[2], at[3], at[4], static_cast<double>(max_)};
}

void Distribution::merge(const Distribution& other) {
    std::transform(counts_.begin(), counts_.end(), other.counts_.begin(), counts_.begin(), std::plus<>());
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
    seconds_ = std::max(seconds_, other.seconds_);
    rate_ += other.rate_;
}

}  // namespace mythos::stats
