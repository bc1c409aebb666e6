// The upper bounds (`le`) by which a histogram is told to Prometheus, counted exactly: an edge such as 0.5 s falls
// inside a log-linear bucket, and whether a delivery took 0.5 s or longer is not to be guessed from that.
//
// Immutable once made; any thread may read it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "stats/buckets.hpp"

namespace mythos::stats {

class Edges {
public:
    static constexpr std::size_t kMax = 31;

    // `upper`: inclusive, ascending, at most kMax of them, within the range, no two in one bucket.
    explicit Edges(std::vector<std::uint64_t> upper);

    // 100 us to an hour, in nanoseconds, the alerts' 0.5 s and 2 s among them.
    static const Edges& durations();
    // A second to a week, in microseconds.
    static const Edges& lifetimes();

    // The lowest edge that is not below the value, which lies in this bucket; size() where it is above all edges.
    std::size_t of(std::size_t bucket, std::uint64_t value) const {
        const std::size_t edge = first_[bucket];
        return edge + (value > upper_[edge]);
    }

    std::size_t size() const { return size_; }
    std::span<const std::uint64_t> upper() const { return {upper_.data(), size_}; }

private:
    std::size_t size_;
    std::array<std::uint64_t, kMax + 1> upper_;     // none is above the last
    std::array<std::uint8_t, kBuckets + 1> first_;  // of each bucket: the first edge at or above its lowest value
};

}  // namespace mythos::stats
