#include "stats/edges.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

namespace mythos::stats {

Edges::Edges(std::vector<std::uint64_t> upper) : size_(upper.size()) {
    assert(upper.size() <= kMax);
    assert(upper.empty() || upper.back() <= kValueMax);
    for (std::size_t i = 1; i < upper.size(); ++i)
        assert(upper[i - 1] < upper[i] && bucket_of(upper[i - 1]) != bucket_of(upper[i]));
    upper_.fill(std::numeric_limits<std::uint64_t>::max());
    std::copy(upper.begin(), upper.end(), upper_.begin());
    for (std::size_t bucket = 0; bucket <= kBuckets; ++bucket)
        first_[bucket] =
            static_cast<std::uint8_t>(std::lower_bound(upper.begin(), upper.end(), lowest_of(bucket)) - upper.begin());
}

const Edges& Edges::durations() {
    constexpr std::uint64_t us = 1'000, ms = 1'000'000, s = 1'000'000'000;
    static const Edges edges({100 * us, 250 * us, 500 * us, 1 * ms,   2'500 * us, 5 * ms,  10 * ms,
                              25 * ms,  50 * ms,  100 * ms, 250 * ms, 500 * ms,   1 * s,   2 * s,
                              5 * s,    10 * s,   30 * s,   60 * s,   300 * s,    900 * s, 3'600 * s});
    return edges;
}

const Edges& Edges::lifetimes() {
    constexpr std::uint64_t s = 1'000'000, h = 3'600 * s;
    static const Edges edges({1 * s, 5 * s, 10 * s, 30 * s, 60 * s, 300 * s, 900 * s, 1'800 * s, 1 * h, 2 * h, 4 * h,
                              12 * h, 24 * h, 168 * h});
    return edges;
}

}  // namespace mythos::stats
