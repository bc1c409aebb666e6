// What was recorded by a histogram in all or in a window of time: a snapshot, which asks nothing of any thread.
//
// Counts and the mean are exact. A percentile is that of the nearest rank, off by at most kErrorBound (0.776 %), exact
// below 128. The maximum is exact; only where a record met a tick within the same nanoseconds it may be off as a
// percentile is. Values beyond kValueMax are counted, are said to be kValueMax, and `overflow` says how many they are:
// where it is not 0, mean, maximum and the percentiles that fall among them are lower bounds.
//
// May be merged with one of another thread or node over the same window: counts and rates add.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stats/buckets.hpp"

namespace mythos::stats {

class Distribution {
public:
    // What a window is told by. Values have the unit in which they were recorded; all are 0 where nothing was.
    struct Summary {
        std::uint64_t count = 0, overflow = 0;
        double seconds = 0, rate = 0, mean = 0;
        double p50 = 0, p90 = 0, p95 = 0, p99 = 0, p99_9 = 0, max = 0;
    };

    Distribution() : Distribution(std::vector<std::uint64_t>(kBuckets + 1), 0, 0) {}
    // `counts`: one for each bucket, and one for what is beyond the range. `seconds`: the time in which they came; 0
    // where that is not known, and then there is no rate.
    Distribution(std::vector<std::uint64_t> counts, std::uint64_t sum, std::uint64_t max, double seconds = 0);

    std::uint64_t count() const { return count_; }
    std::uint64_t overflow() const { return counts_.back(); }
    std::uint64_t sum() const { return sum_; }
    std::uint64_t max() const { return max_; }
    double mean() const;
    // The time that is covered, and the values a second in it. Merged: the longest time, the sum of the rates.
    double seconds() const { return seconds_; }
    double rate() const { return rate_; }

    // The smallest recorded value that at least `percent` of all do not exceed. `percent` is taken to six decimals,
    // from 0 (the smallest value) to 100 (the maximum); below, and what is no number, is 0, above is 100. 0 where
    // nothing was recorded.
    double percentile(double percent) const;
    Summary summary() const;

    // One for each bucket, without the one beyond the range.
    std::span<const std::uint64_t> counts() const { return {counts_.data(), kBuckets}; }

    void merge(const Distribution& other);

private:
    std::vector<double> values_at(std::span<const double> percents) const;  // ascending

    std::vector<std::uint64_t> counts_;
    std::uint64_t count_;
    std::uint64_t sum_;
    std::uint64_t max_;
    double seconds_;
    double rate_;
};

}  // namespace mythos::stats
