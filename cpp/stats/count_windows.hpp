// Any number of counts that only grow, told for windows of time: the numbers behind counters, errors and histograms.
//
// Not thread-safe. Memory: 40 bytes for each count, and the slots, 2 to 4 bytes for each count that changed in them.
#pragma once

#include <span>
#include <vector>

#include "stats/compact_counts.hpp"
#include "stats/window_rings.hpp"

namespace mythos::stats {

class CountWindows {
public:
    // `totals` at `start`: what was counted before is in no window.
    CountWindows(MonoTime start, std::span<const std::uint64_t> totals);

    // `totals` as they are at `now`, modulo 2^64: they may wrap once between two ticks. `max`: the highest value behind
    // them since the last tick, for those that have one.
    void tick(MonoTime now, std::span<const std::uint64_t> totals, std::uint64_t max = 0);

    // As of the last tick.
    std::span<const std::uint64_t> counts(Window window) const { return sums_[index_of(window)]; }
    std::uint64_t max(Window window) const;
    double seconds(Window window) const { return rings_.seconds(window); }
    // A second, over the time that the window covers; 0 while that is none.
    double rate(Window window, std::size_t index) const;
    // The totals of the last tick.
    std::span<const std::uint64_t> seen() const { return seen_; }
    MonoTime now() const { return rings_.now(); }

    std::size_t memory_bytes() const;

private:
    struct Change {
        CompactCounts counts;
        std::uint64_t max = 0;
        void merge(const Change& other) {
            counts.merge(other.counts);
            max = std::max(max, other.max);
        }
        void shrink() { counts.shrink(); }
    };

    std::vector<std::uint64_t> seen_;
    std::array<std::vector<std::uint64_t>, kWindows.size()> sums_;
    WindowRings<Change> rings_;
};

}  // namespace mythos::stats
